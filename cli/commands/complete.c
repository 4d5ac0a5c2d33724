/* SPDX-License-Identifier: Apache-2.0 */
/* livecol complete: names on the server that begin with a word, for the shell's completion. */
#include "cli/commands/shared.h"
#include "cli/server/connect.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <string.h>

static int print_names(struct lc_backend *b, const char *kind, const char *prefix,
                       struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"prefix", prefix}, {NULL, NULL}};
    bool tables = strcmp(kind, "table") == 0;
    struct lc_answer names = {0};
    int rc = lc_query_read(b, tables ? lc_sql_complete_tables : lc_sql_complete_columns, args,
                           &names, err);

    for (size_t i = 0; rc == 0 && i < names.rows; i++)
        printf("%s\n", lc_answer_at(&names, i, 0)->p);
    lc_answer_release(&names);
    return rc;
}

int lc_cmd_complete(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "complete",
        .synopsis = "[OPTIONS] table|column WORD",
        .about = "Print the names on the server that begin with WORD: for the shell's completion.",
        .connects = true,
    };
    struct lc_global global;
    struct lc_strings rest;
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b = NULL;
    int rc = lc_options_parse(&cmd, argc, argv, &global, &rest, &err);

    if (rc == 0 &&
        (rest.n != 2 || ((strcmp(rest.v[0], "table") != 0 && strcmp(rest.v[0], "column") != 0))))
        rc = lc_fail(&err, LC_ERR_USAGE, "complete takes table or column, and a word");
    if (rc == 0)
        rc = lc_connection_open(&global, &b, &err);
    if (rc == 0)
        rc = print_names(b, rest.v[0], rest.v[1], &err);
    lc_backend_free(b);
    return lc_migrate_end(rc, &err);
}
