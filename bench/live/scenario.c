/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/live/scenario.h"

struct lc_live_options lc_live_defaults(void)
{
    return (struct lc_live_options){
        .rows = 5000000,
        .phase_s = 5,
        .samples = 200,
        .write_rate = 5,
        .batch_rows = 1000,
        .limit_rate = 50,
        .group_rate = 2,
        .repeat_s = 60,
        .search_s = 4,
    };
}

struct lc_live_options lc_live_long(void)
{
    struct lc_live_options o = lc_live_defaults();
    o.rows = 20000000;
    o.phase_s = 15;
    o.write_rate = 20;
    o.limit_rate = 20;
    o.group_rate = 0.5;
    o.repeat_s = 300;
    o.four_readers = true;
    o.point_rate = 20;
    o.range_rate = 5;
    o.hold_ms = 50;
    o.nice = 10;
    return o;
}

bool lc_live_enough(const struct lc_live_options *o, double seconds, size_t limit_reads,
                    size_t point_reads)
{
    return (seconds >= o->search_s && limit_reads >= LC_LIVE_ENOUGH &&
            (!o->four_readers || point_reads >= LC_LIVE_ENOUGH)) ||
           seconds >= 5 * o->search_s + 10;
}

unsigned lc_live_streams(const struct lc_live_options *o)
{
    /* The streams of four_readers are the last ones of the enum. */
    return o->four_readers ? LC_LIVE_STREAMS : LC_LIVE_POINT;
}

double lc_live_rate(const struct lc_live_options *o, enum lc_live_stream stream)
{
    /* In the order of enum lc_live_stream. */
    const double rates[LC_LIVE_STREAMS] = {o->write_rate, o->limit_rate, o->group_rate,
                                           o->point_rate, o->range_rate};
    return rates[stream];
}

double lc_live_fitting_rate(double wanted, double read_ms)
{
    const double busy = 0.25; /* until the column is stored a read takes several times as long */
    double most = read_ms > 0 ? busy * 1000 / read_ms : wanted;
    return wanted > most ? most : wanted;
}

bool lc_live_scales(enum lc_live_stream stream)
{
    return stream == LC_LIVE_LIMIT || stream == LC_LIVE_POINT || stream == LC_LIVE_RANGE;
}

const char *lc_live_phase_name(enum lc_live_phase phase)
{
    static const char *const names[LC_LIVE_PHASES] = {"before", "ADD COLUMN", "after ADD",
                                                      "backfill", "after"};
    return names[phase];
}

const char *lc_live_stream_name(enum lc_live_stream stream)
{
    static const char *const names[LC_LIVE_STREAMS] = {"write", "limit", "group by", "point",
                                                       "range"};
    return names[stream];
}

bool lc_live_phase_counts(enum lc_live_phase phase)
{
    return phase != LC_LIVE_ADDING;
}

double lc_live_phase_seconds(const struct lc_live *live, enum lc_live_phase phase)
{
    uint64_t ns = 0;
    for (size_t i = 0; i < live->n_segments; i++) {
        const struct lc_live_segment *s = &live->segments[i];
        if (s->phase == phase) {
            /* A segment that goes on lasts until now. */
            ns += (s->to_ns > 0 ? s->to_ns : lc_load_elapsed_ns(live->load)) - s->from_ns;
        }
    }
    return (double)ns / 1e9;
}

double *lc_live_ms(const struct lc_live *live, enum lc_live_stream stream, enum lc_live_phase phase,
                   size_t *n)
{
    size_t all;
    *n = 0;
    if (live->load == NULL) {
        return NULL;
    }
    const struct lc_sample *s = lc_load_samples(live->load, stream, &all);
    double *ms = lc_samples_ms(s, all, (int)phase, n);
    lc_stats_sort(ms, *n);
    return ms;
}
