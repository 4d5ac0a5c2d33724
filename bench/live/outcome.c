/* SPDX-License-Identifier: Apache-2.0 */
/* bench live in the shape that all benchmarks have. */
#include "bench/live/parts.h"
#include "bench/live/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A series for each phase of the stream, "limit/backfill". A phase that was
 * never reached has no runs.
 */
static int add_stream(const struct lc_live *live, enum lc_live_stream stream, struct lc_result *o)
{
    size_t n;
    const struct lc_sample *samples = lc_load_samples(live->load, stream, &n);
    int rc = 0;
    for (unsigned p = 0; rc == 0 && p < LC_LIVE_PHASES; p++) {
        char name[LC_RESULT_NAME_BYTES];
        if (!lc_live_phase_counts(p) && !live->options.add_apart) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s/%s", lc_live_stream_name(stream),
                       lc_live_phase_name(p));
        const struct lc_series_of of = {.phase = (int)p,
                                        .variant = LC_SERIES_ALL,
                                        .workers = 1,
                                        .seconds = lc_live_phase_seconds(live, p),
                                        .open = lc_live_rate(&live->options, stream) > 0};
        struct lc_series *s = lc_result_add(o, name, NULL);
        rc = s == NULL ? LC_ERR_NOMEM : lc_series_take(s, samples, n, of);
        /*
         * Errors are kept by stream, not by phase: the stream's first one is
         * shown for all its phases.
         */
        const char *error = rc == 0 && s->errors > 0 ? lc_load_error(live->load, stream, 0) : NULL;
        if (error != NULL) {
            s->error = strdup(error);
        }
    }
    return rc;
}

/* What has no place in series and comparisons. Times below 0 were not reached. */
static struct lc_json *facts(const struct lc_live *live)
{
    struct lc_json *j = lc_json_object();
    const struct lc_live_options *o = &live->options;
    lc_json_set_int(j, "rows_generated", (int64_t)o->rows);
    lc_json_set_bool(j, "partitioned", o->partitioned);
    lc_json_set_int(j, "batch_rows", (int64_t)o->batch_rows);
    lc_json_set_double(j, "write_rate", o->write_rate);
    lc_json_set_double(j, "limit_rate", o->limit_rate);
    lc_json_set_double(j, "group_rate", o->group_rate);
    lc_json_set_double(j, "group_before_ms", live->group_ms);
    if (o->four_readers) {
        lc_json_set_double(j, "point_rate", o->point_rate);
        lc_json_set_double(j, "range_rate", o->range_rate);
    }
    if (live->rate_found > 0) {
        lc_json_set_double(j, "hold_p99_ms", o->hold_ms);
        lc_json_set_double(j, "rate_found", live->rate_found);
        lc_json_set_double(j, "rate_found_p99_ms", live->found_p99_ms);
    }
    lc_json_set_double(j, "rate_used", live->rate_used);
    lc_json_set_str(j, "async_insert", live->async_insert);
    lc_json_set_int(j, "group_by_nice", live->nice_known ? (int64_t)o->nice : 0);
    lc_json_set_double(j, "add_column_ms", live->add_ms);
    lc_json_set_double(j, "backfill_ms", live->backfill_ms);
    lc_json_set_int(j, "backfill_rows", (int64_t)live->backfill_rows);
    lc_json_set_int(j, "backfills_repeated", live->repeats);
    lc_json_set_str(j, "function", live->function_sql);
    lc_json_set_str(j, "builtin", live->builtin_sql);
    lc_json_set_double(j, "group_by_function_ms", live->function_ms);
    lc_json_set_double(j, "group_by_builtin_ms", live->builtin_ms);
    lc_json_set_double(j, "bytes_per_row_before", live->bytes_per_row[0]);
    lc_json_set_double(j, "bytes_per_row_after", live->bytes_per_row[1]);
    lc_json_set_double(j, "ms_in_all", live->ms_in_all);
    struct lc_json *proofs = lc_json_array();
    for (size_t i = 0; i < live->n_proofs; i++) {
        struct lc_json *p = lc_json_object();
        lc_json_set_str(p, "what", live->proofs[i].what);
        lc_json_set_str(p, "detail", live->proofs[i].detail);
        lc_json_set_bool(p, "ok", live->proofs[i].ok);
        lc_json_add(proofs, p);
    }
    lc_json_set(j, "proofs", proofs);
    return j;
}

int lc_live_outcome(const struct lc_live *live, struct lc_result *o)
{
    /*
     * LIMIT reads first: they are what the budget is for. Streams of four readers come last, so
     * that a run without them takes the first three.
     */
    static const enum lc_live_stream order[LC_LIVE_STREAMS] = {
        LC_LIVE_LIMIT, LC_LIVE_WRITE, LC_LIVE_GROUP, LC_LIVE_POINT, LC_LIVE_RANGE};
    int rc = 0;
    for (size_t s = 0; rc == 0 && s < lc_live_streams(&live->options); s++) {
        rc = add_stream(live, order[s], o);
    }
    for (size_t i = 0; i < live->n_segments; i++) {
        const struct lc_live_segment *s = &live->segments[i];
        lc_result_stretch(o, lc_live_phase_name(s->phase), (double)s->from_ns / 1e6,
                          (double)s->to_ns / 1e6);
    }
    (void)snprintf(o->how, sizeof o->how,
                   "open loop: %.4g batches of %" PRIu64 " rows, %.4g LIMIT, %.4g GROUP BY reads a "
                   "second%s",
                   live->options.write_rate, live->options.batch_rows,
                   lc_live_rate(&live->options, LC_LIVE_LIMIT) *
                       (live->rate_used > 0 && lc_live_scales(LC_LIVE_LIMIT) ? live->rate_used : 1),
                   live->options.group_rate,
                   live->options.four_readers ? ", and point and range reads" : "");
    o->rows = live->backfill_rows;
    o->partial = live->partial;
    o->facts = facts(live);
    return rc != 0 || o->failed ? LC_ERR_NOMEM : 0;
}
