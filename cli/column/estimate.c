/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column/estimate.h"

#include "base/clock.h"
#include "cli/server/query.h"
#include "cli/sql/quote.h"

/* Blocks and threads as a mutation has them, in which a call costs what it will cost then. */
#define AS_A_MUTATION " SETTINGS max_block_size = 8192, max_threads = 1"

enum { SAMPLE_ROWS = 100000, MAX_SQL_BYTES = 1 << 20 };

double lc_estimate_rate(struct lc_backend *b, const char *database, const char *table,
                        const char *expr, double *bytes_per_row)
{
    struct lc_buf sql;
    struct lc_answer t = {0};
    uint64_t begun;
    double rate = 0;

    if (bytes_per_row)
        *bytes_per_row = 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    if (lc_buf_addf(&sql,
                    "SELECT count() AS n, sum(%s) AS bytes FROM (SELECT (%s\n) AS livecol_x FROM ",
                    bytes_per_row ? "byteSize(livecol_x)" : "ignore(livecol_x)", expr) ||
        lc_sql_add_id(&sql, database) || lc_buf_adds(&sql, ".") || lc_sql_add_id(&sql, table) ||
        lc_buf_addf(&sql, " LIMIT %d)" AS_A_MUTATION, SAMPLE_ROWS) || !lc_buf_str(&sql))
        goto done;
    begun = lc_now_ms();
    if (lc_backend_run(b, lc_buf_str(&sql), &t, NULL) == 0 && t.rows == 1) {
        uint64_t ms = lc_now_ms() - begun;
        double rows = lc_answer_f64(&t, 0, 0, 0);

        rate = rows * 1000 / (double)(ms ? ms : 1);
        if (bytes_per_row && rows > 0)
            *bytes_per_row = lc_answer_f64(&t, 0, 1, 0) / rows;
    }
done:
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rate;
}
