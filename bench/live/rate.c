/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The highest rate that the table holds before the change: the rates of the readers that want
 * little (point, LIMIT, range) are doubled until the slower of LIMIT and point reads misses the p99
 * asked for, or they fall behind, then the gap is halved (as ratios) a few times. The writer and
 * the GROUP BY reader, which wants the whole table, keep their own rates. The run itself then has
 * half of what was found.
 */
#include "bench/live/rate.h"

#include "bench/live/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * DOUBLINGS: up to
 * 128 times the rates given. HALVINGS: down to 1/32. REFINEMENTS: steps that narrow the gap
 * between the highest that holds and the lowest that does not.
 */
enum { DOUBLINGS = 7, HALVINGS = 5, REFINEMENTS = 3, LOOK_EVERY_NS = 50000000, GROUP_READS = 3 };

#define KEPT_UP 0.9 /* of the operations that were due; fewer: the load is not held */

/* The rates of a trial: those of the readers that scale, times `by`. */
static void set_rates(const struct lc_live *live, struct live_streams *s, double by)
{
    for (unsigned i = 0; i < lc_live_streams(&live->options); i++) {
        double rate = lc_live_rate(&live->options, i);
        s->spec[i].rate_per_s = lc_live_scales(i) ? rate * by : rate;
    }
}

static bool enough(const struct lc_live *live, const struct lc_load *load)
{
    /* Without four_readers the load has no such stream. */
    size_t point = live->options.four_readers ? lc_load_count(load, LC_LIVE_POINT, 0) : 0;
    return lc_live_enough(&live->options, (double)lc_load_elapsed_ns(load) / 1e9,
                          lc_load_count(load, LC_LIVE_LIMIT, 0), point);
}

/* INFINITY where there are too few of them, or they fell behind what was due. */
static double p99(struct lc_load *load, double due, enum lc_live_stream stream)
{
    size_t all;
    size_t n;
    const struct lc_sample *samples = lc_load_samples(load, stream, &all);
    double *ms = lc_samples_ms(samples, all, 0, &n);
    lc_stats_sort(ms, n);
    double at = n >= LC_LIVE_ENOUGH && (double)n >= KEPT_UP * due ? lc_stats_percentile(ms, n, 0.99)
                                                                  : INFINITY;
    free(ms);
    return at;
}

/* Run that load for a while; *ms: the worse p99, INFINITY where there were too few reads. */
static int try_rate(struct lc_live *live, struct lc_backend *b, struct live_streams *s, double by,
                    double *ms, struct lc_error *err)
{
    const struct lc_clock *clock = lc_clock_system();
    struct lc_load *load = NULL;
    const struct lc_load_spec spec = {.streams = s->spec,
                                      .n_streams = lc_live_streams(&live->options),
                                      .backend = b,
                                      .cancel = live->options.cancel};
    set_rates(live, s, by);
    atomic_fetch_add(&s->copy, 1); /* event ids of their own */
    int rc = lc_load_start(&load, &spec, err);
    if (rc != 0) {
        return rc;
    }
    lc_load_run(load, 0);
    while (!enough(live, load) && !lc_load_over(load)) {
        clock->sleep_until(clock->ctx, lc_clock_now(clock) + LOOK_EVERY_NS, live->options.cancel);
    }
    double seconds = (double)lc_load_elapsed_ns(load) / 1e9;
    lc_load_stop(load);
    for (unsigned i = 0; rc == 0 && i < spec.n_streams; i++) {
        if (lc_load_failed(load, i) > 0) {
            rc = lc_fail(err, LC_ERR_FOUND, "a %s failed before the change: %s",
                         lc_live_stream_name(i), lc_load_error(load, i, 0));
        }
    }
    double limit = p99(load, s->spec[LC_LIVE_LIMIT].rate_per_s * seconds, LC_LIVE_LIMIT);
    double point = live->options.four_readers
                       ? p99(load, s->spec[LC_LIVE_POINT].rate_per_s * seconds, LC_LIVE_POINT)
                       : 0;
    *ms = limit > point ? limit : point;
    lc_load_free(load);
    if (rc == 0 && live->options.cancel != NULL && atomic_load(live->options.cancel)) {
        rc = lc_fail(err, LC_ERR_STOPPED, "interrupted");
    }
    if (rc == 0 && isinf(*ms)) {
        live_line(&live->options, false, "at %.3g times the rates: the readers fall behind", by);
    } else if (rc == 0) {
        live_line(&live->options, false, "at %.3g times the rates: p99 %.1f ms, %s %.3g", by, *ms,
                  *ms <= live->options.hold_ms ? "holds" : "does not hold", live->options.hold_ms);
    }
    return rc;
}

/* Try, and keep it where it holds. */
static int consider(struct lc_live *live, struct lc_backend *b, struct live_streams *s, double by,
                    bool *holds, struct lc_error *err)
{
    double ms = INFINITY;
    int rc = try_rate(live, b, s, by, &ms, err);
    *holds = rc == 0 && ms <= live->options.hold_ms;
    if (*holds && by > live->rate_found) {
        live->rate_found = by;
        live->found_p99_ms = ms;
    }
    return rc;
}

int live_fit_group_rate(struct lc_live *live, struct lc_backend *b, struct live_streams *s,
                        struct lc_error *err)
{
    double ms[GROUP_READS];
    double wanted = live->options.group_rate;
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < GROUP_READS; i++) {
        uint64_t from = lc_clock_now(lc_clock_system());
        const struct lc_query q = {.sql = s->group_before, .cancel = live->options.cancel};
        /* By its own time, not the server's: the reader waits for all of it. */
        rc = lc_backend_query(b, &q, NULL, err);
        ms[i] = (double)(lc_clock_now(lc_clock_system()) - from) / 1e6;
    }
    if (rc != 0) {
        return rc;
    }
    lc_stats_sort(ms, GROUP_READS);
    live->group_ms = ms[GROUP_READS / 2];
    if (!live->options.group_fits || wanted <= 0) {
        return 0;
    }
    live->options.group_rate = lc_live_fitting_rate(wanted, live->group_ms);
    s->spec[LC_LIVE_GROUP].rate_per_s = live->options.group_rate;
    if (live->options.group_rate < wanted) {
        live_line(
            &live->options, false,
            "a GROUP BY read takes %.0f ms before the change: %.2g of them a second, not %.3g "
            "(--group-rate sets another rate)",
            live->group_ms, live->options.group_rate, wanted);
    }
    return 0;
}

int live_find_rate(struct lc_live *live, struct lc_backend *b, struct live_streams *s,
                   struct lc_error *err)
{
    double by = 1;
    double above = 0; /* the lowest that does not hold */
    bool holds = true;
    int rc = consider(live, b, s, by, &holds, err);
    if (holds) {
        for (int i = 0; rc == 0 && holds && i < DOUBLINGS; i++) {
            by *= 2;
            rc = consider(live, b, s, by, &holds, err);
        }
    } else {
        for (int i = 0; rc == 0 && !holds && i < HALVINGS; i++) {
            above = by;
            by /= 2;
            rc = consider(live, b, s, by, &holds, err);
        }
    }
    if (rc != 0) {
        return rc;
    }
    if (live->rate_found <= 0) {
        rc = lc_fail(err, LC_ERR_FOUND, "p99 is above %.0f ms at %.3g times the rates already",
                     live->options.hold_ms, by);
        lc_hint(err, "fewer --rows, a quieter machine, or lower rates: --group-rate, --hold");
        return rc;
    }
    /* No upper end where every doubling held: then the highest that was tried is taken. */
    above = above > 0 ? above : holds ? 0 : by;
    for (int i = 0; rc == 0 && above > 0 && i < REFINEMENTS; i++) {
        /* The middle of a ratio, not of a difference: half way from 1 to 4 is 2. */
        by = sqrt(live->rate_found * above);
        rc = consider(live, b, s, by, &holds, err);
        above = holds ? above : by;
    }
    live->rate_used = live->rate_found / 2;
    set_rates(live, s, live->rate_used);
    /* The run itself writes as copy 0; each trial had event ids of its own. */
    atomic_store(&s->copy, 0);
    return rc;
}
