/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression is computed over rows of the table, as many as a LIMIT gives. The time is
 * taken here, so the query's way to the server and back is in it, as is the reading of the
 * rows.
 */
#include "cli/column/estimate.h"

#include "base/clock.h"
#include "cli/sql/quote.h"

/* Blocks and threads as a mutation has them, in which a call costs what it will cost then. */
#define AS_A_MUTATION " SETTINGS max_block_size = 8192, max_threads = 1"
#define AS_A_READER   " SETTINGS max_threads = 1"

enum { SAMPLE_ROWS = 100000, MAX_SQL_BYTES = 1 << 20 };

/* An expression over some rows of a table. */
struct sample {
    const char *database, *table, *expr;
    const char *sum;      /* what is summed of its values */
    const char *settings; /* AS_A_… */
};

/* The columns of its one row. */
enum sampled { SAMPLED_ROWS, SAMPLED_SUM };

/* Time the sample; *ns of it. False where the server does not answer. */
static bool time_sample(struct lc_backend *b, const struct sample *s, struct lc_answer *t,
                        double *ns)
{
    struct lc_buf sql;
    uint64_t begun;
    bool good = false;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    if (lc_buf_addf(&sql,
                    "SELECT count() AS n, sum(%s) AS bytes FROM (SELECT (%s\n) AS livecol_x FROM ",
                    s->sum, s->expr) == 0 &&
        lc_sql_add_id(&sql, s->database) == 0 && lc_buf_adds(&sql, ".") == 0 &&
        lc_sql_add_id(&sql, s->table) == 0 &&
        lc_buf_addf(&sql, " LIMIT %d)%s", SAMPLE_ROWS, s->settings) == 0 && lc_buf_str(&sql)) {
        begun = lc_now_ns();
        good = lc_backend_run(b, lc_buf_str(&sql), t, NULL) == 0 && t->rows == 1;
        *ns = (double)(lc_now_ns() - begun);
    }
    lc_buf_release(&sql);
    return good;
}

double lc_estimate_rate(struct lc_backend *b, const char *database, const char *table,
                        const char *expr, double *bytes_per_row)
{
    const struct sample sample = {
        .database = database,
        .table = table,
        .expr = expr,
        .sum = bytes_per_row ? "byteSize(livecol_x)" : "ignore(livecol_x)",
        .settings = AS_A_MUTATION,
    };
    struct lc_answer t = {0};
    double ns = 0, rate = 0;

    if (bytes_per_row)
        *bytes_per_row = 0;
    if (time_sample(b, &sample, &t, &ns)) {
        double rows = lc_answer_f64(&t, 0, SAMPLED_ROWS, 0);

        rate = rows * 1e9 / (ns > 1 ? ns : 1);
        if (bytes_per_row && rows > 0)
            *bytes_per_row = lc_answer_f64(&t, 0, SAMPLED_SUM, 0) / rows;
    }
    lc_answer_release(&t);
    return rate;
}

double lc_estimate_read_ns(struct lc_backend *b, const char *database, const char *table,
                           const char *expr)
{
    const struct sample sample = {
        .database = database,
        .table = table,
        .expr = expr,
        .sum = "ignore(livecol_x)",
        .settings = AS_A_READER,
    };
    struct lc_answer t = {0};
    double ns = 0, per_row = 0;
    bool timed = true;

    /* Twice: once to start what has to be started. */
    for (int i = 0; timed && i < 2; i++)
        timed = time_sample(b, &sample, &t, &ns);
    if (timed && lc_answer_f64(&t, 0, SAMPLED_ROWS, 0) > 0)
        per_row = ns / lc_answer_f64(&t, 0, SAMPLED_ROWS, 0);
    lc_answer_release(&t);
    return per_row;
}
