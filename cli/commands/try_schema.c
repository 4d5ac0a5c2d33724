/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/try_schema.h"

#include "base/buf.h"
#include "base/files.h"
#include "cli/sql/split.h"
#include "cli/sql/statement.h"
#include "cli/sql/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 64 << 20 };

/*
 * Can the engine here make the table? It has no cluster and no Keeper. LC_ERR_REFUSED with what
 * to write instead.
 */
static int check_engine(const char *file, const struct lc_stmt *s, struct lc_error *err)
{
    static const char *const shared[] = {"Replicated", "Shared"};

    if (s->on_cluster) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s creates the table ON CLUSTER, and the engine here has none", file);
        lc_hint(err, "remove ON CLUSTER from a copy of the file, and try with that");
        return LC_ERR_REFUSED;
    }
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        size_t n = strlen(shared[i]);

        if (s->engine.n <= n || strncmp((const char *)s->engine.p, shared[i], n) != 0)
            continue;
        lc_fail(err, LC_ERR_REFUSED,
                "%s has ENGINE = %.*s, which needs a Keeper: the engine here has none", file,
                (int)s->engine.n, (const char *)s->engine.p);
        lc_hint(
            err,
            "write ENGINE = %.*s, without the path and the replica, in a copy of the file, and try with that",
            (int)(s->engine.n - n), (const char *)s->engine.p + n);
        return LC_ERR_REFUSED;
    }
    return 0;
}

/*
 * Is it the text as clients print it in the format TabSeparated, with \n for each line break? A
 * backslash outside of quotes is nothing that SQL has.
 */
static int check_escapes(const char *file, const struct lc_buf *text, struct lc_error *err)
{
    struct lc_walk w = lc_walk((const char *)text->p, text->n);

    while (lc_walk_next(&w))
        if (lc_tok_symbol(&w.tok, '\\')) {
            lc_fail(err, LC_ERR_REFUSED, "%s:%" PRIu64 ": line breaks are written as \\n", file,
                    w.tok.line);
            lc_hint(
                err,
                "FORMAT TSVRaw writes them as they are: clickhouse-client -q 'SHOW CREATE TABLE "
                "mytable FORMAT TSVRaw' > schema.sql");
            return LC_ERR_REFUSED;
        }
    return 0;
}

int lc_try_schema_read(const char *file, struct lc_try_schema *out, struct lc_error *err)
{
    struct lc_buf text;
    struct lc_split pieces = {0};
    int rc;

    lc_buf_init(&text, MAX_FILE_BYTES);
    rc = lc_file_read(file, &text, err);
    if (rc == 0)
        rc = check_escapes(file, &text, err);
    if (rc == 0)
        rc = lc_split_split(&pieces, (const char *)text.p, text.n, err);
    for (size_t i = 0; rc == 0 && !out->table && i < pieces.n; i++) {
        struct lc_stmt s = {0};

        if (pieces.v[i].kind != LC_PIECE_STATEMENT)
            continue;
        rc = lc_stmt_parse(&s, (const char *)text.p + pieces.v[i].at, pieces.v[i].n, err);
        if (rc == 0 && s.kind == LC_STMT_CREATE_DATABASE)
            out->makes_database = true;
        if (rc == 0 && s.kind == LC_STMT_CREATE && s.object && strcmp(s.object, "table") == 0) {
            out->database = strdup(lc_stmt_database(&s, "default"));
            out->table = strdup(s.name);
            rc = out->database && out->table ? check_engine(file, &s, err) : lc_no_memory(err);
        }
        lc_stmt_release(&s);
    }
    lc_split_release(&pieces);
    lc_buf_release(&text);
    if (rc == 0 && !out->table) {
        lc_fail(err, LC_ERR_REFUSED, "%s makes no table", file);
        lc_hint(err,
                "it must contain a CREATE TABLE, as SHOW CREATE TABLE … FORMAT TSVRaw prints it");
        return LC_ERR_REFUSED;
    }
    return rc;
}

void lc_try_schema_release(struct lc_try_schema *s)
{
    free(s->table);
    free(s->database);
    *s = (struct lc_try_schema){0};
}
