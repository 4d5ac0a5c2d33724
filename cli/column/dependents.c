/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server does not say which objects call a function, so their texts are read: the DEFAULTs
 * in system.columns first, and where none of them has the name, the CREATE statements in
 * system.tables.
 */
#include "cli/column/dependents.h"

#include "cli/server/query.h"
#include "cli/sql/references.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 5 }; /* names in the list; *n counts all of them */

/* Views that ask it, and tables with a CONSTRAINT, a TTL or an index that does. */
static int find_queries(struct lc_backend *b, const char *name, struct lc_buf *out, size_t *n,
                        struct lc_error *err)
{
    struct lc_answer t = {0};
    bool columns = *n > 0; /* the CREATE of their tables has those, too */
    int rc = columns ? 0 : lc_query_read(b, lc_sql_create_queries, NULL, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (!lc_references_callable(
                lc_answer_at(&t, i, LC_SQL_CREATE_QUERIES_CREATE_TABLE_QUERY)->p, name))
            continue;
        if ((*n)++ < SHOWN_MAX &&
            lc_buf_addf(out, "%s%s.%s", *n > 1 ? ", " : "",
                        lc_answer_at(&t, i, LC_SQL_CREATE_QUERIES_DATABASE)->p,
                        lc_answer_at(&t, i, LC_SQL_CREATE_QUERIES_NAME)->p))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    }
    lc_answer_release(&t);
    return rc;
}

int lc_dependents_find(struct lc_backend *b, const char *name, struct lc_buf *out, size_t *n,
                       struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_query_read(b, lc_sql_default_columns, NULL, &t, err);

    *n = 0;
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (!lc_references_callable(
                lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_DEFAULT_EXPRESSION)->p, name))
            continue;
        if ((*n)++ < SHOWN_MAX &&
            lc_buf_addf(out, "%s%s.%s.%s", *n > 1 ? ", " : "",
                        lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p,
                        lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_TABLE)->p,
                        lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_NAME)->p))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    }
    if (rc == 0 && *n > SHOWN_MAX && lc_buf_addf(out, " and %zu more", *n - SHOWN_MAX))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    lc_answer_release(&t);
    return rc ? rc : find_queries(b, name, out, n, err);
}
