/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression is computed over rows of the table, as many as a LIMIT gives, first few, then more. What the
 * further rows take is their own cost: the way to the server, the start of a query and of the function's processes
 * are in both times.
 */
#include "cli/column/estimate.h"

#include "base/clock.h"
#include "cli/server/query.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <string.h>

enum {
    BLOCK_ROWS = 8192, /* of a mutation: a call costs what it will cost then */
    MAX_SAMPLE_ROWS = 1 << 21,
    MAX_STEPS = 4,
    MAX_SQL_BYTES = 1 << 20,
};

/* The further rows have to take that long: many times what two equal queries differ by. */
#define ENOUGH_NS 150e6

/*
 * Compressing and hashing what is written, on one thread; measured with strings of 45 bytes and LZ4, see
 * bench/README.md. An index of a dictionary has one or two bytes.
 */
#define WRITE_NS_PER_BYTE 2.0
#define INDEX_BYTES       2.0

/* A server looks for mutations to begin once a second: half of it, on average. */
#define WAIT_MS 500.0

/* An expression over some rows of a table. */
struct sample {
    const struct lc_estimated *what;
    bool with_bytes; /* old servers have no byteSize */
    bool as_mutation;
    unsigned threads;
};

/* What a query of it took, and over how many rows. */
struct timed {
    double rows, bytes, ns;
};

/* The columns of its one row. */
enum sampled { SAMPLED_ROWS, SAMPLED_BYTES };

static int add_sample(struct lc_buf *sql, const struct sample *s, double rows)
{
    const struct lc_estimated *w = s->what;

    if (lc_buf_addf(sql, "SELECT count() AS n, sum(%s(livecol_x)) AS bytes FROM (SELECT %s(%s\n)",
                    s->with_bytes ? "byteSize" : "ignore", s->as_mutation ? "CAST(" : "",
                    w->expr) ||
        (s->as_mutation &&
         (lc_buf_adds(sql, ", ") || lc_sql_add_str(sql, w->type) || lc_buf_adds(sql, ")"))) ||
        lc_buf_adds(sql, " AS livecol_x FROM ") || lc_sql_add_id(sql, w->database) ||
        lc_buf_adds(sql, ".") || lc_sql_add_id(sql, w->table) ||
        lc_buf_addf(sql, " LIMIT %.0f) SETTINGS max_threads = %u", rows, s->threads))
        return LC_ERR_NOMEM;
    return s->as_mutation ? lc_buf_addf(sql, ", max_block_size = %d", BLOCK_ROWS) : 0;
}

/* Time the sample over that many rows. False where the server does not answer. */
static bool time_sample(struct lc_backend *b, const struct sample *s, double rows,
                        struct timed *out)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    uint64_t begun;
    bool good = false;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    if (add_sample(&sql, s, rows) == 0 && lc_buf_str(&sql)) {
        begun = lc_now_ns();
        good = lc_backend_run(b, lc_buf_str(&sql), &t, NULL) == 0 && t.rows == 1;
        out->ns = (double)(lc_now_ns() - begun);
    }
    if (good) {
        out->rows = lc_answer_f64(&t, 0, SAMPLED_ROWS, 0);
        out->bytes = lc_answer_f64(&t, 0, SAMPLED_BYTES, 0);
    }
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return good;
}

/*
 * The cost of a row: the slope between a few rows and many. False where it cannot be measured. *last is the
 * largest sample.
 */
static bool slope(struct lc_backend *b, const struct sample *s, struct timed *last, double *row_ns)
{
    double rows = BLOCK_ROWS;
    struct timed first;

    /* Twice: once to start what has to be started. */
    for (int i = 0; i < 2; i++)
        if (!time_sample(b, s, rows, &first))
            return false;
    if (first.rows <= 0)
        return false;
    *last = first;
    *row_ns = first.ns / first.rows;
    for (int i = 0; i < MAX_STEPS && last->rows >= rows && rows < MAX_SAMPLE_ROWS; i++) {
        double more = ENOUGH_NS * 1.25 / *row_ns;

        more = more < rows * 2 ? rows * 2 : more;
        rows = more > MAX_SAMPLE_ROWS ? MAX_SAMPLE_ROWS : more;
        if (!time_sample(b, s, rows, last))
            return false;
        if (last->rows > first.rows && last->ns > first.ns)
            *row_ns = (last->ns - first.ns) / (last->rows - first.rows);
        if (last->ns - first.ns >= ENOUGH_NS)
            break;
    }
    return true;
}

/* How many threads a query has on the server; at least 1. */
static double threads_of(struct lc_backend *b)
{
    struct lc_answer t = {0};
    double n = 1;

    if (lc_query_kept(b, lc_sql_threads, NULL, &t, NULL) == 0 && t.rows == 1)
        n = lc_answer_f64(&t, 0, LC_SQL_THREADS_THREADS, 1);
    lc_answer_release(&t);
    return n < 1 ? 1 : n;
}

/* The rate on s->threads; 0: not known. *last is the largest sample. */
static double rate_of(struct lc_backend *b, const struct sample *s, struct timed *last)
{
    double row_ns, written;

    if (!slope(b, s, last, &row_ns))
        return 0;
    written = strncmp(s->what->type, "LowCardinality(", 15) == 0 ? INDEX_BYTES
              : s->with_bytes                                    ? last->bytes / last->rows
                                                                 : 0;
    return 1e9 / (row_ns + written * WRITE_NS_PER_BYTE / s->threads);
}

struct lc_estimate lc_estimate_mutation(struct lc_backend *b, const struct lc_estimated *what)
{
    double threads = threads_of(b);
    struct sample s = {.what = what, .with_bytes = true, .as_mutation = true, .threads = 1};
    struct lc_estimate out = {0};
    struct timed last;

    out.part_rows_per_s = rate_of(b, &s, &last);
    if (out.part_rows_per_s > 0) {
        out.bytes_per_row = last.bytes / last.rows;
    } else {
        s.with_bytes = false;
        out.part_rows_per_s = rate_of(b, &s, &last);
    }
    out.rows_per_s = out.part_rows_per_s;
    s.threads = (unsigned)(what->parts < threads ? what->parts : threads);
    if (s.threads > 1 && out.part_rows_per_s > 0)
        out.rows_per_s = rate_of(b, &s, &last);
    return out;
}

double lc_estimate_ms(const struct lc_estimate *e, double rows, double largest)
{
    double all, part;

    if (e->rows_per_s <= 0 || e->part_rows_per_s <= 0)
        return 0;
    all = rows * 1000 / e->rows_per_s;
    part = largest * 1000 / e->part_rows_per_s;
    return (all > part ? all : part) + WAIT_MS;
}

double lc_estimate_read_ns(struct lc_backend *b, const char *database, const char *table,
                           const char *expr)
{
    const struct lc_estimated what = {.database = database, .table = table, .expr = expr};
    const struct sample s = {.what = &what, .threads = 1};
    struct timed last;
    double row_ns = 0;

    return slope(b, &s, &last, &row_ns) ? row_ns : 0;
}
