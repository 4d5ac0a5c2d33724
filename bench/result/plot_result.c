/* SPDX-License-Identifier: Apache-2.0 */
/* Which pictures an outcome makes. */
#include "bench/result/plot.h"
#include "cli/term/message.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How many points a curve has at most; PHASES: of a live run that repeats no backfill. */
enum { CURVE_POINTS = 300, TIMELINE_POINTS = 3000, SHADES_MAX = 256, PHASES = 4 };

/* x of a percentile curve: 1 / (1 - p), so that each further nine takes the same room. */
static size_t percentile_curve(const struct lc_series *s, double *x, double *y)
{
    double last = log10((double)s->n);
    size_t n = 0;
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        double nines = last * (double)i / (CURVE_POINTS - 1);
        double p = 1 - pow(10, -nines);
        /* That is 1 / (1 - p). */
        x[n] = pow(10, nines);
        y[n++] = lc_stats_percentile(s->sorted, s->n, p);
    }
    x[n] = (double)s->n; /* the slowest of all, above the last percentile that there are runs for */
    y[n++] = s->sorted[s->n - 1];
    return n;
}

/* Of bench live only LIMIT reads, which the budget is for; one run has no percentiles. */
static bool in_percentiles(const struct lc_result *o, const struct lc_series *s)
{
    return s->n > 1 && (strcmp(o->scenario, "live") != 0 || strncmp(s->name, "limit/", 6) == 0);
}

/* The line of a percentile's budget, where there is one; the strictest of several. */
static void add_budget(const struct lc_result *o, struct lc_picture *picture, char *name,
                       size_t size)
{
    for (size_t i = 0; i < o->n_judgements; i++) {
        const struct lc_budget *b = &o->judgements[i].budget;
        if (b->of == LC_BUDGET_PERCENTILE &&
            (picture->y_line_name == NULL || b->limit < picture->y_line)) {
            (void)snprintf(name, size, "budget %s", b->text);
            picture->y_line = b->limit;
            picture->y_line_name = name;
        }
    }
}

/* A curve a series, as many as there are colours. What is left out is said. */
static int draw_percentiles(const struct lc_result *o, const char *path, struct lc_error *err)
{
    struct lc_curve curves[LC_CURVES_MAX];
    double *points = calloc(2 * (CURVE_POINTS + 1) * LC_CURVES_MAX, sizeof *points);
    size_t n = 0;
    bool live = strcmp(o->scenario, "live") == 0;
    if (points == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a picture");
    }
    size_t wanted = 0;
    for (size_t i = 0; i < o->n_series; i++) {
        const struct lc_series *s = o->series[i];
        if (!in_percentiles(o, s) || ++wanted > LC_CURVES_MAX) {
            continue;
        }
        /* One block for all curves: x and y of curve n follow each other. */
        double *x = points + 2 * (CURVE_POINTS + 1) * n;
        double *y = x + CURVE_POINTS + 1;
        curves[n] = (struct lc_curve){.name = live ? s->name + 6 : s->name, .x = x, .y = y};
        curves[n].n = percentile_curve(s, x, y);
        n++;
    }
    struct lc_picture picture = {
        .title = live ? "Latency of LIMIT 10 reads, by percentile" : "Latency by percentile",
        .x_label = "percentile of runs",
        .y_label = "latency, ms",
        .log_x = true,
        .log_y = true,
        .x_tics = "('0' 1, '50 %%' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1000, '99.99 %%' 10000, "
                  "'99.999 %%' 100000)",
    };
    char line[64];
    add_budget(o, &picture, line, sizeof line);
    if (wanted > n) {
        lc_warn("%s shows the first %zu of %zu series", path, n, wanted);
    } else if (n == 0) {
        lc_warn("%s is not drawn: there are too few runs for it", path);
    }
    int rc = n > 0 ? lc_plot_draw(&picture, curves, n, path, err) : 0;
    free(points);
    return rc;
}

/* All series "stream/…" as one curve; where there are too many points, the slowest of each few. */
static size_t timeline_curve(const struct lc_result *o, const char *stream, double *x, double *y)
{
    size_t all = 0;
    size_t name_n = strlen(stream);
    for (size_t i = 0; i < o->n_series; i++) {
        bool of =
            strncmp(o->series[i]->name, stream, name_n) == 0 && o->series[i]->name[name_n] == '/';
        all += of ? o->series[i]->n : 0;
    }
    size_t step = all / TIMELINE_POINTS + 1;
    size_t n = 0;
    for (size_t i = 0; i < o->n_series; i++) {
        const struct lc_series *s = o->series[i];
        if (strncmp(s->name, stream, name_n) != 0 || s->name[name_n] != '/') {
            continue;
        }
        for (size_t k = 0; k < s->n && n < TIMELINE_POINTS; k += step) {
            size_t slowest = k;
            for (size_t m = k; m < s->n && m < k + step; m++) {
                slowest = s->ms[m] > s->ms[slowest] ? m : slowest;
            }
            x[n] = s->at_ms[slowest] / 1000;
            y[n++] = s->ms[slowest];
        }
    }
    return n;
}

/* The streams of bench live as dots, over shades for the phases. */
static int draw_timeline(const struct lc_result *o, const char *path, struct lc_error *err)
{
    static const struct {
        const char *stream, *name;
    } streams[] = {{"limit", "LIMIT 10 reads"},
                   {"write", "writes"},
                   {"group by", "GROUP BY reads"},
                   {"point", "point reads"},
                   {"range", "range reads"}};
    enum { STREAMS = sizeof streams / sizeof *streams };
    struct lc_curve curves[STREAMS];
    struct lc_shade shades[SHADES_MAX];
    double *points = calloc(2 * TIMELINE_POINTS * STREAMS, sizeof *points);
    size_t n = 0;
    size_t n_shades = 0;
    if (points == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a picture");
    }
    for (size_t i = 0; i < STREAMS; i++) {
        double *x = points + 2 * TIMELINE_POINTS * i;
        double *y = x + TIMELINE_POINTS;
        size_t k = timeline_curve(o, streams[i].stream, x, y);
        if (k > 0) {
            curves[n++] =
                (struct lc_curve){.name = streams[i].name, .x = x, .y = y, .n = k, .points = true};
        }
    }
    for (size_t i = 0; i < o->n_stretches && n_shades < SHADES_MAX; i++) {
        /*
         * More stretches than phases: a backfill was repeated. One name for the table's own
         * backfill and those of copies, so that they have one shade and one key.
         */
        bool again = o->n_stretches > PHASES && strcmp(o->stretches[i].name, "backfill") == 0;
        shades[n_shades++] = (struct lc_shade){.name = again ? "backfill, and again of fresh copies"
                                                             : o->stretches[i].name,
                                               .from = o->stretches[i].from_ms / 1000,
                                               .to = o->stretches[i].to_ms / 1000};
    }
    struct lc_picture picture = {
        .title = "Reads and writes while a column is added and filled in",
        .x_label = "time, s",
        .y_label = "latency, ms",
        .log_y = true,
        .shades = shades,
        .n_shades = n_shades,
    };
    char line[64];
    add_budget(o, &picture, line, sizeof line);
    int rc = n > 0 ? lc_plot_draw(&picture, curves, n, path, err) : 0;
    free(points);
    return rc;
}

int lc_plot_outcome(const struct lc_result *o, const char *dir, struct lc_error *err)
{
    char path[4096];
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return lc_fail(err, LC_ERR_IO, "cannot make the folder %s: %s", dir, strerror(errno));
    }
    (void)snprintf(path, sizeof path, "%s/percentiles.svg", dir);
    int rc = draw_percentiles(o, path, err);
    if (rc == 0 && strcmp(o->scenario, "live") == 0) {
        (void)snprintf(path, sizeof path, "%s/timeline.svg", dir);
        rc = draw_timeline(o, path, err);
    }
    return rc;
}
