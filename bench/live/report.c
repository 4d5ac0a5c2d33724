/* SPDX-License-Identifier: Apache-2.0 */
/* What bench live says at its end. */
#include "base/format.h"
#include "bench/live/parts.h"
#include "bench/live/run.h"
#include "cli/term/text_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * n, p50, p99 and maximum of a stream in a phase, four cells. A percentile that takes more
 * samples than there are is a dash.
 */
static void stream_cells(struct lc_text_table *r, const struct lc_live *live,
                         enum lc_live_stream stream, enum lc_live_phase phase)
{
    size_t n;
    double *ms = lc_live_ms(live, stream, phase, &n);
    lc_text_table_cell(r, "%zu", n);
    static const double ps[] = {0.5, 0.99, 1};
    for (size_t i = 0; i < sizeof ps / sizeof *ps; i++) {
        if (n < lc_stats_enough(ps[i])) {
            lc_text_table_cell(r, "–");
        } else {
            lc_text_table_number(r, lc_stats_percentile(ms, n, ps[i]));
        }
    }
    free(ms);
}

/* A line each: five streams side by side are too wide. */
static int streams_table(const struct lc_live *live, struct lc_buf *out)
{
    struct lc_text_table r;
    lc_text_table_init(&r, "phase|s|what|n|p50|p99|max");
    for (unsigned p = 0; p < LC_LIVE_PHASES; p++) {
        for (unsigned s = 0; lc_live_phase_seconds(live, p) > 0 && s < LC_LIVE_STREAMS; s++) {
            lc_text_table_cell(&r, "%s", lc_live_phase_name(p));
            lc_text_table_cell(&r, "%.1f", lc_live_phase_seconds(live, p));
            lc_text_table_cell(&r, "%s", lc_live_stream_name(s));
            stream_cells(&r, live, s, p);
        }
    }
    int rc = lc_text_table_write(&r, LC_TEXT_TABLE_TEXT, out);
    lc_text_table_release(&r);
    return rc;
}

/* What the load was, and how it was found. */
static int rate_lines(const struct lc_live *live, struct lc_buf *out)
{
    const struct lc_live_options *o = &live->options;
    double by = live->rate_used;
    int rc = 0;
    if (live->rate_found > 0) {
        rc = lc_buf_addf(
            out,
            "highest    %.0f point, %.0f LIMIT, %.0f range reads a second, before the change: "
            "p99 %.1f ms of %.0f; half of it is the load\n",
            o->point_rate * live->rate_found, o->limit_rate * live->rate_found,
            o->range_rate * live->rate_found, live->found_p99_ms, o->hold_ms);
    }
    if (rc == 0 && o->four_readers) {
        rc = lc_buf_addf(out,
                         "load       %.0f point, %.0f LIMIT, %.0f range, %.1f GROUP BY reads, %.0f "
                         "batches of %" PRIu64
                         " rows a second; async_insert %s; GROUP BY reads at nice %" PRIu64 "\n\n",
                         o->point_rate * by, o->limit_rate * by, o->range_rate * by, o->group_rate,
                         o->write_rate, o->batch_rows,
                         live->async_insert[0] != '\0' ? live->async_insert : "not known",
                         live->nice_known ? o->nice : 0);
    }
    return rc;
}

/* With three streams a line for each phase; with five a line for each phase and stream. */
static int phases_table(const struct lc_live *live, struct lc_buf *out)
{
    if (live->options.four_readers) {
        return streams_table(live, out);
    }

    struct lc_text_table r;
    lc_text_table_init(&r,
                       "phase|s|LIMIT n|p50|p99|max|write n|p50|p99|max|GROUP BY n|p50|p99|max");
    for (unsigned p = 0; p < LC_LIVE_PHASES; p++) {
        if (lc_live_phase_seconds(live, p) <= 0) {
            continue; /* not reached */
        }
        lc_text_table_cell(&r, "%s", lc_live_phase_name(p));
        lc_text_table_cell(&r, "%.1f", lc_live_phase_seconds(live, p));
        stream_cells(&r, live, LC_LIVE_LIMIT, p);
        stream_cells(&r, live, LC_LIVE_WRITE, p);
        stream_cells(&r, live, LC_LIVE_GROUP, p);
    }
    int rc = lc_text_table_write(&r, LC_TEXT_TABLE_TEXT, out);
    lc_text_table_release(&r);
    return rc;
}

/* What the change itself took: only what was reached. */
static int change_lines(const struct lc_live *live, struct lc_buf *out)
{
    char text[40];
    char rate[40];
    char rows[32];
    int rc = 0;
    if (live->add_ms >= 0) {
        rc = lc_buf_addf(out, "ADD COLUMN  %.0f ms\n", live->add_ms);
    }
    if (rc == 0 && live->backfill_ms >= 0) {
        double per_s =
            live->backfill_ms > 0 ? (double)live->backfill_rows / live->backfill_ms * 1000 : 0;
        rc = lc_buf_addf(out, "backfill    %s rows in %s, %s rows/s",
                         lc_format_integer(live->backfill_rows, rows, sizeof rows),
                         lc_format_ms(live->backfill_ms, text, sizeof text),
                         lc_format_count(per_s, rate, sizeof rate));
        if (rc == 0 && live->repeats > 0) {
            rc = lc_buf_addf(
                out, "; too quick for %.0f s and %" PRIu64 " reads, so repeated on %u fresh cop%s",
                live->options.phase_s, live->options.samples, live->repeats,
                live->repeats == 1 ? "y" : "ies");
        }
        rc = rc == 0 ? lc_buf_adds(out, "\n") : rc;
    }
    if (rc == 0 && live->builtin_ms > 0) {
        char builtin[40];
        rc = lc_buf_addf(out, "GROUP BY    %s %s, multiIf(startsWith(…)) %s: ratio %.2f\n",
                         live->function_sql, lc_format_ms(live->function_ms, text, sizeof text),
                         lc_format_ms(live->builtin_ms, builtin, sizeof builtin),
                         live->function_ms / live->builtin_ms);
    }
    if (rc == 0 && live->bytes_per_row[1] > 0 && live->bytes_per_row[0] > 0) {
        rc = lc_buf_addf(
            out, "storage     %.2f bytes a row before, %.2f after: %+.1f %% (goal: at most +5)\n",
            live->bytes_per_row[0], live->bytes_per_row[1],
            100 * (live->bytes_per_row[1] / live->bytes_per_row[0] - 1));
    }
    return rc;
}

/* They are in the proofs of a run that came to its end; said here, they are in any. */
static int failure_lines(const struct lc_live *live, struct lc_buf *out)
{
    int rc = 0;
    for (unsigned s = 0; rc == 0 && live->load != NULL && s < lc_live_streams(&live->options);
         s++) {
        uint64_t failed = lc_load_failed(live->load, s);
        const char *why = lc_load_error(live->load, s, 0);
        if (failed > 0) {
            rc =
                lc_buf_addf(out, "FAILED      %s: %" PRIu64 " failed%s%s\n", lc_live_stream_name(s),
                            failed, why != NULL ? ": " : "", why != NULL ? why : "");
        }
    }
    return rc;
}

/*
 * Load, latencies, failures, the change, proofs: in that order, each left out where
 * the run did not come so far.
 */
int lc_live_summary(const struct lc_live *live, struct lc_buf *out)
{
    int rc = live->load != NULL ? rate_lines(live, out) : 0;
    rc = rc == 0 && live->n_segments > 0
             ? lc_buf_adds(out, "Milliseconds from when an operation was due to its end\n")
             : rc;
    rc = rc == 0 && live->n_segments > 0 ? phases_table(live, out) : rc;
    rc = rc == 0 ? lc_buf_adds(out, "\n") : rc;
    rc = rc == 0 ? failure_lines(live, out) : rc;
    rc = rc == 0 ? change_lines(live, out) : rc;
    rc = rc == 0 && live->n_proofs > 0 ? lc_buf_adds(out, "\n") : rc;
    for (size_t i = 0; rc == 0 && i < live->n_proofs; i++) {
        const struct lc_live_proof *p = &live->proofs[i];
        rc = lc_buf_addf(out, "%s  %s: %s\n", p->ok ? "ok    " : "FAILED", p->what, p->detail);
    }
    return rc;
}
