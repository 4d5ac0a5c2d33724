/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chart is made in three steps: collect the curves and the budget, settle the axes so that all of it
 * fits, write SVG and, at places in percent, its words. The same figures go along as JSON for the script
 * that shows a value under the pointer; without the script the chart is whole.
 */
#include "bench/result/page_chart.h"

#include "base/format.h"
#include "base/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * SIDE: of the picture, in its own units. CURVES_MAX, POINTS_MAX, CURVE_POINTS: what a chart
 * shows at most. NAME_ROOM: a phase that is narrower has its name in the legend.
 */
enum {
    SIDE = 1000,
    COLORS = 8,
    CURVES_MAX = 8,
    POINTS_MAX = 1200,
    CURVE_POINTS = 200,
    NAME_ROOM = SIDE / 20
};

/* Values from `from` to `to`, which is larger; a logarithmic one is above 0. */
struct axis {
    double from, to;
    bool log;
    const char *name;
};

/* One series as it is drawn. */
struct curve {
    const char *name;
    size_t name_n;
    double *x, *y; /* n of each; owned */
    size_t n;
};

struct chart {
    struct curve curves[CURVES_MAX];
    size_t n;
    struct axis x, y;
    double budget; /* 0: none */
    char budget_text[48];
    char budget_of[80]; /* "limit, write": the streams that it is for; "": all */
};

/* As in page.c: "" and 0 where there is no such member. */
static const char *str(const struct lc_json *v, const char *key)
{
    return lc_json_str(lc_json_get(v, key), "");
}

static double num(const struct lc_json *v, const char *key)
{
    return lc_json_num(lc_json_get(v, key), 0);
}

/* Where the value is, 0 … SIDE. */
static double place(const struct axis *a, double v)
{
    double share =
        a->log ? log(v / a->from) / log(a->to / a->from) : (v - a->from) / (a->to - a->from);
    return SIDE * (share < 0 ? 0 : share > 1 ? 1 : share);
}

static void release(struct chart *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->curves[i].x);
        free(c->curves[i].y);
    }
}

/* Of a change of a live table: which streams are held to it. */
static void take_streams(struct chart *c, const struct lc_json *result)
{
    static const char *const streams[] = {"limit", "point", "range", "write", "group by"};
    const struct lc_json *budgets = lc_json_get(result, "budgets");
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        size_t n = strlen(streams[i]);
        bool held = false;
        for (size_t k = 0; k < lc_json_size(budgets); k++) {
            const char *series = str(lc_json_at(budgets, k), "series");
            held = held || (strncmp(series, streams[i], n) == 0 && series[n] == '/');
        }
        if (held) {
            size_t at = strlen(c->budget_of);
            (void)snprintf(c->budget_of + at, sizeof c->budget_of - at, "%s%s", at ? ", " : "",
                           streams[i]);
        }
    }
}

/* The strictest budget on a percentile, or on the maximum: its line. */
static void take_budget(struct chart *c, const struct lc_json *result)
{
    const struct lc_json *budgets = lc_json_get(result, "budgets");
    for (size_t i = 0; i < lc_json_size(budgets); i++) {
        const char *text = str(lc_json_at(budgets, i), "budget");
        const char *equals = strchr(text, '=');
        char *unit = NULL;
        if ((text[0] != 'p' && strncmp(text, "max=", 4) != 0) || equals == NULL) {
            continue;
        }
        double v = strtod(equals + 1, &unit);
        v *= strcmp(unit, "s") == 0 ? 1000 : strcmp(unit, "us") == 0 ? 0.001 : 1;
        if (v > 0 && (c->budget <= 0 || v < c->budget)) {
            c->budget = v;
            (void)snprintf(c->budget_text, sizeof c->budget_text, "%s", text);
        }
    }
    take_streams(c, result);
}

/* The axes hold all points, y also the budget; y ends at a 1, 2 or 5. */
static void settle_axes(struct chart *c)
{
    double low = 1e300, high = 0;
    c->x.from = 1e300;
    c->x.to = -1e300;
    for (size_t i = 0; i < c->n; i++) {
        for (size_t k = 0; k < c->curves[i].n; k++) {
            double x = c->curves[i].x[k], y = c->curves[i].y[k];
            c->x.from = x < c->x.from ? x : c->x.from;
            c->x.to = x > c->x.to ? x : c->x.to;
            low = y > 0 && y < low ? y : low;
            high = y > high ? y : high;
        }
    }
    high = c->budget > high ? c->budget : high;
    c->x.from = c->x.from > 0 ? 0 : c->x.from;
    c->x.to = c->x.to > c->x.from ? c->x.to : c->x.from + 1;
    low = low < 1e300 ? low : 0.1;
    high = high > low ? high : low * 10;
    c->y = (struct axis){.log = true, .name = "ms"};
    /* The largest 1, 2 or 5 times a power of ten that is not above the lowest point. */
    c->y.from = pow(10, floor(log10(low)));
    for (double step = low / c->y.from; step >= 5; step = 0)
        c->y.from *= 5;
    for (double step = low / c->y.from; step >= 2; step = 0)
        c->y.from *= 2;
    c->y.to = high * 1.15;
}

/*
 * The horizontal grid: as path data, or as the words next to it. Each power of ten, and where
 * there are few of them 2 and 5 as well.
 */
static void y_ticks(struct lc_html *h, const struct axis *y, bool words)
{
    bool dense = y->to / y->from <= 1000;
    char text[40];
    for (double decade = pow(10, floor(log10(y->from))); decade <= y->to; decade *= 10) {
        static const double steps[] = {1, 2, 5};
        for (size_t k = 0; k < (dense ? 3U : 1U); k++) {
            double v = decade * steps[k];
            if (v < y->from * 0.999 || v > y->to) {
                continue;
            }
            double at = SIDE - place(y, v);
            if (words) {
                lc_html_put(h, "<span class=\"y\" style=\"top:%.2f%%\">%s</span>\n", at / 10,
                            lc_format_number(v, text, sizeof text));
            } else {
                lc_html_put(h, "M0 %.1fh%d", at, SIDE);
            }
        }
    }
}

/* A step of 1, 2, 5 or 10 times a power of ten, of which about `ticks` fit into the span. */
static double nice_step(double span, double ticks)
{
    double raw = span / ticks, decade = pow(10, floor(log10(raw)));
    return decade * (raw / decade > 5 ? 10 : raw / decade > 2 ? 5 : raw / decade > 1 ? 2 : 1);
}

/*
 * Words are HTML, not SVG: the picture is stretched to the page, and text in
 * it would be stretched, too.
 */
static void time_words(struct lc_html *h, const struct axis *x)
{
    double step = nice_step(x->to - x->from, 6);
    for (double v = ceil(x->from / step) * step; v <= x->to; v += step)
        lc_html_put(h, "<span class=\"x\" style=\"left:%.2f%%\">%.6g</span>\n", place(x, v) / 10,
                    v);
}

/*
 * The axis counts nines: 0 is the fastest run, 1 is p90, 2 is p99. Marks beyond
 * the last run are left out.
 */
static void percentile_words(struct lc_html *h, const struct axis *x)
{
    static const struct {
        double nines;
        const char *name;
    } marks[] = {{0, "0"},      {0.30103, "50 %"}, {1, "90 %"},    {2, "99 %"},
                 {3, "99.9 %"}, {4, "99.99 %"},    {5, "99.999 %"}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (marks[i].nines <= x->to)
            lc_html_put(h, "<span class=\"x%s\" style=\"left:%.2f%%\">%s</span>\n",
                        marks[i].nines > x->to * 0.97 ? " end" : "", place(x, marks[i].nines) / 10,
                        marks[i].name);
    }
}

/* The first phase of the same name: a phase that is repeated comes more than once. */
static size_t first_of_name(const struct lc_json *phases, size_t at)
{
    size_t first = 0;
    while (strcmp(str(lc_json_at(phases, first), "name"), str(lc_json_at(phases, at), "name")) != 0)
        first++;
    return first;
}

/* The shade of a phase goes with its name: those that come again have the same. */
static unsigned phase_shade(const struct lc_json *phases, size_t at)
{
    unsigned shade = 0;
    for (size_t i = 0; i < first_of_name(phases, at); i++)
        shade += first_of_name(phases, i) == i;
    return shade % 3;
}

/*
 * The stretches of time as shades over the whole height; their title
 * is shown under the pointer.
 */
static void phase_rects(struct lc_html *h, const struct chart *c, const struct lc_json *phases)
{
    for (size_t i = 0; i < lc_json_size(phases); i++) {
        const struct lc_json *p = lc_json_at(phases, i);
        double from = place(&c->x, num(p, "from_ms") / 1000),
               to = place(&c->x, num(p, "to_ms") / 1000);
        lc_html_put(
            h, "<rect class=\"phase%u\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%d\"><title>",
            phase_shade(phases, i), from, to - from, SIDE);
        lc_html_text(h, str(p, "name"));
        lc_html_put(h, "</title></rect>\n");
    }
}

/* Names of the stretches that are wide enough. */
static void phase_words(struct lc_html *h, const struct chart *c, const struct lc_json *phases)
{
    for (size_t i = 0; i < lc_json_size(phases); i++) {
        const struct lc_json *p = lc_json_at(phases, i);
        double from = place(&c->x, num(p, "from_ms") / 1000),
               to = place(&c->x, num(p, "to_ms") / 1000);
        if (to - from < NAME_ROOM) /* no room for its name: see unnamed_phases */
            continue;
        lc_html_put(h, "<span class=\"phase\" style=\"left:%.2f%%;width:%.2f%%\">", from / 10,
                    (to - from) / 10);
        lc_html_text(h, str(p, "name"));
        lc_html_put(h, "</span>\n");
    }
}

/* Shades that no stretch of has room for its name: in the legend, each once. */
static void unnamed_phases(struct lc_html *h, const struct chart *c, const struct lc_json *phases)
{
    for (size_t i = 0; i < lc_json_size(phases); i++) {
        const char *name = str(lc_json_at(phases, i), "name");
        bool named = false;
        for (size_t k = 0; k < lc_json_size(phases); k++) {
            const struct lc_json *p = lc_json_at(phases, k);
            double from = place(&c->x, num(p, "from_ms") / 1000);
            bool wide = place(&c->x, num(p, "to_ms") / 1000) - from >= NAME_ROOM;
            named = named || (strcmp(str(p, "name"), name) == 0 && (wide || k < i));
        }
        if (!named) {
            lc_html_put(h, "<span class=\"shade%u\">", phase_shade(phases, i));
            lc_html_text(h, name);
            lc_html_put(h, "</span>");
        }
    }
}

/*
 * Dots are lines of next to no length with round ends: unlike circles they keep their shape
 * when the picture is stretched.
 */
static void draw_curve(struct lc_html *h, const struct chart *c, size_t i, bool dots)
{
    const struct curve *v = &c->curves[i];
    lc_html_put(h, "<path class=\"%s c%zu\" d=\"", dots ? "dots" : "line", i % COLORS);
    for (size_t k = 0; k < v->n; k++) {
        lc_html_put(h, "%s%.1f %.1f%s", dots || k == 0 ? "M" : "L", place(&c->x, v->x[k]),
                    SIDE - place(&c->y, v->y[k]), dots ? "h.01" : "");
    }
    lc_html_put(h, "\"/>\n");
}

static struct lc_json *axis_json(const struct axis *a)
{
    struct lc_json *j = lc_json_object();
    lc_json_set_str(j, "name", a->name);
    lc_json_set_double(j, "from", a->from);
    lc_json_set_double(j, "to", a->to);
    lc_json_set_bool(j, "log", a->log);
    return j;
}

/* What the script shows of a point. */
static struct lc_json *data(const struct chart *c, const char *kind, const struct lc_json *phases)
{
    struct lc_json *j = lc_json_object(), *series = lc_json_array(), *list = lc_json_array();
    lc_json_set_str(j, "kind", kind);
    lc_json_set(j, "x", axis_json(&c->x));
    lc_json_set(j, "y", axis_json(&c->y));
    for (size_t i = 0; i < c->n; i++) {
        struct lc_json *one = lc_json_object(), *x = lc_json_array(), *y = lc_json_array();
        lc_json_set_bytes(one, "name", c->curves[i].name, c->curves[i].name_n);
        for (size_t k = 0; k < c->curves[i].n; k++) {
            lc_json_add_double(x, c->curves[i].x[k]);
            lc_json_add_double(y, c->curves[i].y[k]);
        }
        lc_json_set(one, "x", x);
        lc_json_set(one, "y", y);
        lc_json_add(series, one);
    }
    for (size_t i = 0; i < lc_json_size(phases); i++) {
        const struct lc_json *p = lc_json_at(phases, i);
        struct lc_json *one = lc_json_object();
        lc_json_set_str(one, "name", str(p, "name"));
        lc_json_set_double(one, "from", num(p, "from_ms") / 1000);
        lc_json_set_double(one, "to", num(p, "to_ms") / 1000);
        lc_json_add(list, one);
    }
    lc_json_set(j, "series", series);
    lc_json_set(j, "phases", list);
    return j;
}

/* One figure: legend, picture, words, and its data for the script. */
static void draw(struct lc_html *h, struct chart *c, const char *title, bool dots,
                 const struct lc_json *phases)
{
    lc_html_put(
        h,
        "<figure class=\"chart\" id=\"%s\" tabindex=\"0\" role=\"group\" aria-label=\"%s. Left "
        "and right go from point to point, up and down to the next series.\">\n"
        "<figcaption>%s<button type=\"button\">Copy points</button></figcaption>\n"
        "<div class=\"legend\">",
        dots ? "timeline" : "percentiles", title, title);
    for (size_t i = 0; i < c->n; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%.*s", (int)c->curves[i].name_n, c->curves[i].name);
        lc_html_put(h, "<span class=\"c%zu\">", i % COLORS);
        lc_html_text(h, name);
        lc_html_put(h, "</span>");
    }
    if (c->budget > 0) {
        lc_html_put(h, "<span class=\"budget\">budget ");
        lc_html_text(h, c->budget_text);
        lc_html_put(h, "%s%s</span>", *c->budget_of ? ", of " : "", c->budget_of);
    }
    unnamed_phases(h, c, phases);
    lc_html_put(h,
                "</div>\n<div class=\"plot\">\n<svg viewBox=\"0 0 %d %d\" "
                "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s\">\n",
                SIDE, SIDE, title);
    phase_rects(h, c, phases);
    lc_html_put(h, "<path class=\"grid\" d=\"");
    y_ticks(h, &c->y, false);
    lc_html_put(h, "\"/>\n");
    for (size_t i = 0; i < c->n; i++)
        draw_curve(h, c, i, dots);
    if (c->budget > 0)
        lc_html_put(h, "<path class=\"budget\" d=\"M0 %.1fh%d\"/>\n",
                    SIDE - place(&c->y, c->budget), SIDE);
    lc_html_put(h, "</svg>\n");
    y_ticks(h, &c->y, true);
    if (dots)
        time_words(h, &c->x);
    else
        percentile_words(h, &c->x);
    phase_words(h, c, phases);
    lc_html_put(h,
                "<i class=\"mark\"></i><output class=\"tip\"></output>\n</div>\n<p class=\"axis "
                "soft\">%s; latency in ms, logarithmic</p>\n<script "
                "type=\"application/json\">",
                dots ? "seconds since the load began" : "percentile of runs");
    lc_html_json(h, data(c, dots ? "time" : "percentile", phases));
    lc_html_put(h, "</script>\n</figure>\n");
}

/* The part of a name that tells whose time line it is: "limit" of "limit/before" where there are phases. */
static size_t stream_bytes(const char *name, bool phased)
{
    return phased ? strcspn(name, "/") : strlen(name);
}

/* All times of the series; of more than there is room for, the slowest of each few. */
static int add_times(struct curve *v, const struct lc_json *s, size_t room, size_t step)
{
    const struct lc_json *at = lc_json_get(s, "at_ms"), *times = lc_json_get(s, "times_ms");
    size_t n = lc_json_size(times);
    /*
     * Each array is kept as soon as it has grown: release() frees what
     * is there after a failure.
     */
    double *x = realloc(v->x, (v->n + room) * sizeof *x), *y;
    v->x = x != NULL ? x : v->x;
    y = realloc(v->y, (v->n + room) * sizeof *y);
    v->y = y != NULL ? y : v->y;
    if (x == NULL || y == NULL)
        return LC_ERR_NOMEM;
    for (size_t k = 0; k < n; k += step) {
        size_t slowest = k;
        for (size_t m = k; m < n && m < k + step; m++) {
            if (lc_json_num(lc_json_at(times, m), 0) > lc_json_num(lc_json_at(times, slowest), 0))
                slowest = m;
        }
        v->x[v->n] = lc_json_num(lc_json_at(at, slowest), 0) / 1000;
        v->y[v->n] = lc_json_num(lc_json_at(times, slowest), 0);
        v->n += v->y[v->n] > 0;
    }
    return 0;
}

/*
 * Each run at the time it was due: a curve a stream where there are
 * phases, else a curve a series.
 */
static void timeline(struct lc_html *h, const struct lc_json *result)
{
    const struct lc_json *series = lc_json_get(result, "series"),
                         *phases = lc_json_get(result, "phases");
    bool phased = lc_json_size(phases) > 0;
    struct chart c = {.x.name = "seconds"};
    size_t all = 0;
    int rc = 0;
    for (size_t i = 0; i < lc_json_size(series); i++)
        all += lc_json_size(lc_json_get(lc_json_at(series, i), "times_ms"));
    for (size_t i = 0; rc == 0 && i < lc_json_size(series); i++) {
        const struct lc_json *s = lc_json_at(series, i);
        const char *name = str(s, "name");
        size_t n = stream_bytes(name, phased), k = 0, step = all / (2 * POINTS_MAX) + 1;
        while (k < c.n && (c.curves[k].name_n != n || memcmp(c.curves[k].name, name, n) != 0))
            k++;
        if (k == CURVES_MAX)
            break;
        c.curves[k].name = name;
        c.curves[k].name_n = n;
        c.n = k == c.n ? k + 1 : c.n;
        rc = add_times(&c.curves[k], s, lc_json_size(lc_json_get(s, "times_ms")) / step + 1, step);
    }
    h->rc = h->rc != 0 ? h->rc : rc;
    take_budget(&c, result);
    settle_axes(&c);
    if (all > 1)
        draw(h, &c, phased ? "Reads and writes over time" : "Runs over time", true, phases);
    release(&c);
}

/*
 * Points are spread evenly over the nines up to the last that n runs can tell: log10(n). The
 * last point is the slowest run.
 */
static int add_percentiles(struct curve *v, const struct lc_json *s)
{
    const struct lc_json *times = lc_json_get(s, "times_ms");
    size_t n = lc_json_size(times);
    double *sorted = calloc(n + 1, sizeof *sorted);
    v->x = calloc(CURVE_POINTS + 1, sizeof *v->x);
    v->y = calloc(CURVE_POINTS + 1, sizeof *v->y);
    if (sorted == NULL || v->x == NULL || v->y == NULL) {
        free(sorted);
        return LC_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++)
        sorted[i] = lc_json_num(lc_json_at(times, i), 0);
    lc_stats_sort(sorted, n);
    for (size_t i = 0; i <= CURVE_POINTS; i++) {
        double nines = log10((double)n) * (double)i / CURVE_POINTS;
        v->x[v->n] = nines;
        v->y[v->n++] =
            i == CURVE_POINTS ? sorted[n - 1] : lc_stats_percentile(sorted, n, 1 - pow(10, -nines));
    }
    free(sorted);
    return 0;
}

/* Of bench live LIMIT reads, which the budget is for; else of each series that has runs enough. */
static void percentiles(struct lc_html *h, const struct lc_json *result)
{
    enum { ENOUGH = 20 };
    const struct lc_json *series = lc_json_get(result, "series");
    bool live = strcmp(str(result, "scenario"), "live") == 0;
    struct chart c = {.x.name = "nines"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < lc_json_size(series) && c.n < CURVES_MAX; i++) {
        const struct lc_json *s = lc_json_at(series, i);
        const char *name = str(s, "name");
        if (lc_json_size(lc_json_get(s, "times_ms")) < (live ? 2 : ENOUGH) ||
            (live && strncmp(name, "limit/", 6) != 0))
            continue;
        c.curves[c.n].name = live ? name + 6 : name;
        c.curves[c.n].name_n = strlen(c.curves[c.n].name);
        rc = add_percentiles(&c.curves[c.n++], s);
    }
    h->rc = h->rc != 0 ? h->rc : rc;
    if (c.n > 0 && rc == 0) {
        take_budget(&c, result);
        settle_axes(&c);
        draw(h, &c, live ? "Latency of LIMIT reads, by percentile" : "Latency by percentile", false,
             NULL);
    }
    release(&c);
}

/* One bar: `share` of the full width, with v in words next to it. */
static void bar(struct lc_html *h, const char *name, double share, double v, const char *shown)
{
    lc_html_put(h, "<div class=\"bar\"><span>");
    lc_html_text(h, name);
    lc_html_put(h, "</span><i style=\"width:%.1f%%\"></i><b data-v=\"%.15g\">%s</b></div>\n",
                100 * share, v, shown);
}

/* What a row costs: expressions are measured over as many rows as they can do in time. */
static double row_ns(const struct lc_json *entry)
{
    return num(entry, "rows") > 0 ? num(entry, "seconds") * 1e9 / num(entry, "rows") : 0;
}

/* Only bars of one statement and number of rules have one scale. */
static bool same_group(const struct lc_json *a, const struct lc_json *b)
{
    return strcmp(str(a, "what"), str(b, "what")) == 0 && num(a, "rules") == num(b, "rules");
}

/* bench udf: a group of bars, of one scale, for each statement and number of rules. */
static void entry_bars(struct lc_html *h, const struct lc_json *entries)
{
    size_t n = lc_json_size(entries);
    lc_html_put(h, "<section id=\"bars\">\n<h2>Nanoseconds a row, median of the runs</h2>\n");
    for (size_t i = 0; i < n; i++) {
        const struct lc_json *e = lc_json_at(entries, i);
        double most = 0;
        bool shown = false;
        char rules[40];
        for (size_t k = 0; k < n; k++) {
            const struct lc_json *other = lc_json_at(entries, k);
            shown = shown || (k < i && same_group(e, other));
            most = same_group(e, other) ? fmax(most, row_ns(other)) : most;
        }
        if (shown) {
            continue;
        }
        lc_html_put(h, "<h3>%s rules, ",
                    lc_format_integer(lc_double_to_u64(num(e, "rules")), rules, sizeof rules));
        lc_html_text(h, str(e, "what"));
        lc_html_put(h, "</h3>\n");
        for (size_t k = i; k < n; k++) {
            const struct lc_json *other = lc_json_at(entries, k);
            char text[40];
            if (same_group(e, other)) {
                bar(h, str(other, "expression"), most > 0 ? row_ns(other) / most : 0, row_ns(other),
                    lc_format_number(row_ns(other), text, sizeof text));
            }
        }
    }
    lc_html_put(h, "</section>\n");
}

void lc_page_charts(struct lc_html *h, const struct lc_json *result)
{
    const char *scenario = str(result, "scenario");
    if (strcmp(scenario, "udf") == 0) {
        entry_bars(h, lc_json_get(lc_json_get(result, "facts"), "entries"));
        return;
    }
    timeline(h, result);
    percentiles(h, result);
}
