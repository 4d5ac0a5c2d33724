/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A budget is read in three parts, NAME=NUMBER[UNIT], and judged on one figure of a series. Too
 * few runs for the figure are a verdict of their own: a p99 of twenty runs is their maximum,
 * and would pass or fail by chance.
 */
#include "bench/result/budget.h"

#include "base/format.h"
#include "base/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One message for every mistake: what can be written fits into the hint. */
static int bad(const char *text, struct lc_error *err)
{
    lc_fail(err, LC_ERR_USAGE, "cannot understand the budget '%s'", text);
    lc_hint(err, "write p99=100ms (any percentile; us, ms or s), max=1s, mean=5ms, qps=1000, "
                 "errors=0 or ratio=1.1");
    return LC_ERR_USAGE;
}

/* What is before the '='. Sets `of`, and `p` of a percentile. p100 is refused: that is "max". */
static bool parse_name(const char *name, size_t n, struct lc_budget *out)
{
    static const struct {
        const char *name;
        enum lc_budget_of of;
    } names[] = {{"max", LC_BUDGET_MAX},
                 {"mean", LC_BUDGET_MEAN},
                 {"qps", LC_BUDGET_QPS},
                 {"errors", LC_BUDGET_ERRORS},
                 {"ratio", LC_BUDGET_RATIO}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].name) == n && strncmp(names[i].name, name, n) == 0) {
            out->of = names[i].of;
            return true;
        }
    }
    char *end;
    if (n < 2 || name[0] != 'p' || name[1] < '0' || name[1] > '9') {
        return false;
    }
    out->of = LC_BUDGET_PERCENTILE;
    out->p = strtod(name + 1, &end) / 100;
    return end == name + n && out->p > 0 && out->p < 1;
}

/* The unit behind the number, as a factor to ms; times need one, the others take none. */
static bool parse_unit(const char *unit, enum lc_budget_of of, double *factor)
{
    bool time = of == LC_BUDGET_PERCENTILE || of == LC_BUDGET_MAX || of == LC_BUDGET_MEAN;
    *factor = strcmp(unit, "us") == 0 ? 1e-3 : strcmp(unit, "s") == 0 ? 1e3 : 1;
    return time ? strcmp(unit, "us") == 0 || strcmp(unit, "ms") == 0 || strcmp(unit, "s") == 0
                : unit[0] == '\0';
}

/*
 * The limit is kept in ms, so that nothing after this has a unit to mind; the
 * text is kept for messages.
 */
int lc_budget_parse(const char *text, struct lc_budget *out, struct lc_error *err)
{
    *out = (struct lc_budget){0};
    const char *equals = strchr(text, '=');
    if (equals == NULL || strlen(text) >= sizeof out->text ||
        !parse_name(text, (size_t)(equals - text), out)) {
        return bad(text, err);
    }
    const char *value = equals + 1;
    char *end;
    double factor;
    /* strtod alone would take a sign, blanks, "inf" and "nan". */
    if ((*value < '0' || *value > '9') && *value != '.') {
        return bad(text, err);
    }
    out->limit = strtod(value, &end);
    if (end == value || !parse_unit(end, out->of, &factor) || !isfinite(out->limit)) {
        return bad(text, err);
    }
    out->limit *= factor;
    (void)snprintf(out->text, sizeof out->text, "%s", text);
    return 0;
}

enum lc_verdict lc_budget_check(const struct lc_budget *budget, const struct lc_measured *m,
                                double *actual)
{
    /* Good runs that the figure takes; SIZE_MAX: it cannot be had. */
    size_t enough = 1;
    bool at_least = false;
    *actual = 0;
    switch (budget->of) {
    case LC_BUDGET_PERCENTILE:
        enough = lc_stats_enough(budget->p);
        *actual = lc_stats_percentile(m->sorted_ms, m->n, budget->p);
        break;
    case LC_BUDGET_MAX:
        *actual = lc_stats_percentile(m->sorted_ms, m->n, 1);
        break;
    case LC_BUDGET_MEAN:
        *actual = lc_stats_of(m->sorted_ms, m->n).mean;
        break;
    case LC_BUDGET_QPS:
        at_least = true;
        *actual = m->qps;
        break;
    case LC_BUDGET_ERRORS:
        enough = 0;
        *actual = (double)m->errors;
        break;
    case LC_BUDGET_RATIO:
    default:
        enough = m->ratio > 0 ? 1 : SIZE_MAX;
        *actual = m->ratio;
        break;
    }
    if (m->n < enough) {
        return LC_VERDICT_TOO_FEW;
    }
    bool met = at_least ? *actual >= budget->limit : *actual <= budget->limit;
    return met ? LC_VERDICT_MET : LC_VERDICT_MISSED;
}

const char *lc_budget_figure(const struct lc_budget *budget, double v, char *out, size_t size)
{
    switch (budget->of) {
    case LC_BUDGET_QPS:
        (void)snprintf(out, size, "%.0f a second", v);
        return out;
    case LC_BUDGET_ERRORS:
        (void)snprintf(out, size, "%.0f", v);
        return out;
    case LC_BUDGET_RATIO:
        (void)snprintf(out, size, "%.3f", v);
        return out;
    case LC_BUDGET_PERCENTILE:
    case LC_BUDGET_MAX:
    case LC_BUDGET_MEAN:
    default:
        return lc_format_ms(v, out, size);
    }
}
