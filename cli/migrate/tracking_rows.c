/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/tracking_rows.h"

#include "cli/migrate/files.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>

/*
 * Numbers by which memory is taken: a row that anyone may have written must not make livecol
 * allocate as much as it says. A migration has no more statements than files.c lets in.
 */
static int check_numbers(const struct lc_answer *rows, struct lc_error *err)
{
    for (size_t i = 0; i < rows->rows; i++) {
        uint64_t stmt = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_STMT, 0);
        uint64_t stmts = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_STMTS, 0);

        if (stmt > LC_MAX_MIGRATION_STMTS || stmts > LC_MAX_MIGRATION_STMTS)
            return lc_fail(err, LC_ERR_REFUSED,
                           "the tracking table's row %s speaks of statement %" PRIu64 " of %" PRIu64
                           ": no migration has more than %u",
                           lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_SEQ)->p, stmt, stmts,
                           LC_MAX_MIGRATION_STMTS);
    }
    return 0;
}

int lc_tracking_rows_read(struct lc_backend *b, const char *database, const char *table,
                          struct lc_answer *rows, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {"table", table}, {NULL, NULL}};
    int rc = lc_query_read(b, lc_sql_tracking_rows, args, rows, err);

    return rc ? rc : check_numbers(rows, err);
}
