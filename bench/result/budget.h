/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budgets: what a measurement must keep to, as a person writes it, and whether it did.
 *
 *   p99=100ms   p50=2ms   max=1s   mean=500us    at most so long; any percentile
 *   qps=1000                                     at least so many a second
 *   errors=0                                     at most so many
 *   ratio=1.1                                    at most so many times the reference's mean
 */
#ifndef LC_BENCH_RESULT_BUDGET_H
#define LC_BENCH_RESULT_BUDGET_H
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum lc_budget_of {
    LC_BUDGET_PERCENTILE,
    LC_BUDGET_MAX,
    LC_BUDGET_MEAN,
    LC_BUDGET_QPS,
    LC_BUDGET_ERRORS,
    LC_BUDGET_RATIO
};

struct lc_budget {
    enum lc_budget_of of;
    double p;      /* 0 … 1, for a percentile */
    double limit;  /* ms for times */
    char text[48]; /* as written: "p99=100ms" */
};

/* What there is to be judged. */
struct lc_measured {
    const double *sorted_ms; /* of the good samples */
    size_t n;
    uint64_t errors;
    double qps;
    double ratio; /* to the reference; 0: there was none */
};

enum lc_verdict {
    LC_VERDICT_MET,
    LC_VERDICT_MISSED,
    LC_VERDICT_TOO_FEW /* too few samples for that percentile, or nothing to compare with */
};

/* Read one budget. 0, or LC_ERR_USAGE with what was expected. */
int lc_budget_parse(const char *text, struct lc_budget *out, struct lc_error *err);

/* Judge; *actual gets the figure that was compared (0 where there was none). */
enum lc_verdict lc_budget_check(const struct lc_budget *budget, const struct lc_measured *m,
                                double *actual);

/* The figure with the budget's unit: "12.3 ms", "950 a second", into out; returns out. */
const char *lc_budget_figure(const struct lc_budget *budget, double v, char *out, size_t size);

#endif
