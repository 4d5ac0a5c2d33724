/* SPDX-License-Identifier: Apache-2.0 */
/* livecol complete: names on the server that begin with a word, for the shell's completion. */
#include "cli/commands/frame.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <string.h>

/*
 * Print the names that begin with prefix, one a line; kind is "table" or "column". Both queries
 * give one column, at most 500 names, and leave out those that a shell would have to quote.
 */
static int print_names(struct lc_backend *b, const char *kind, const char *prefix,
                       struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"prefix", prefix}, {NULL, NULL}};
    bool tables = strcmp(kind, "table") == 0;
    struct lc_answer names = {0};
    int rc = lc_query_read(b, tables ? lc_sql_complete_tables : lc_sql_complete_columns, args,
                           &names, err);

    for (size_t i = 0; rc == 0 && i < names.rows; i++)
        printf("%s\n", lc_answer_at(&names, i, LC_SQL_COMPLETE_TABLES_FULL)->p);
    lc_answer_release(&names);
    return rc;
}

/*
 * The words come from the completion script. The second is what is typed so far, and may be
 * empty.
 */
static int check_words(struct lc_frame_run *r, struct lc_error *err)
{
    const struct lc_strings *words = &r->m.rest;

    if (words->n == 2 && (strcmp(words->v[0], "table") == 0 || strcmp(words->v[0], "column") == 0))
        return 0;
    return lc_fail(err, LC_ERR_USAGE, "complete takes table or column, and a word");
}

static int complete(struct lc_frame_run *r, struct lc_error *err)
{
    return print_names(r->b, r->m.rest.v[0], r->m.rest.v[1], err);
}

int lc_cmd_complete(int argc, const char **argv)
{
    struct lc_frame_run r = {0};
    const struct lc_frame c = {
        .command = {.name = "complete",
                    .synopsis = "[OPTIONS] table|column WORD",
                    .about = "Print the names on the server that begin with WORD: for the shell's "
                             "completion.",
                    .connects = true},
        .most = SIZE_MAX,
        .operands = "",
        .reach = LC_REACH_SERVER,
        .failure = LC_FAILURE_READS,
        .check = check_words,
        .act = complete,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
