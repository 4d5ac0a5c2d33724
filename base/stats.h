/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statistics behind every figure that livecol reports.
 *
 * Percentiles are by nearest rank (Hyndman and Fan's type 1): the p-th percentile of n values is
 * the ceil(p·n)-th smallest, so it is a value that was really measured and at least the fraction p
 * of all values is no greater. It needs enough values to be more than a guess: see
 * lc_stats_enough.
 *
 * Two means are compared by Welch's t-test, which supposes neither equal variances nor equal
 * counts. Hyndman, Fan: Sample Quantiles in Statistical Packages, 1996 Welch: The generalization of
 * Student's problem, 1947; https://dlmf.nist.gov/8.17 for its p-value
 *
 * No function here allocates, fails or has a state.
 */
#ifndef LC_BASE_STATS_H
#define LC_BASE_STATS_H
#include <stdbool.h>
#include <stddef.h>

struct lc_stats {
    size_t n;
    double mean;
    double sd; /* of the sample: divided by n - 1; 0 where n < 2 */
    double min;
    double max;
    double sum;
};

/* Sort ascending, in place: what the functions below call "sorted". */
void lc_stats_sort(double *v, size_t n);

/* Count, mean, standard deviation, extremes, in any order; all zero for n = 0. */
struct lc_stats lc_stats_of(const double *v, size_t n);

/* The p-th percentile, 0 ≤ p ≤ 1, of n sorted values; 0 for n = 0. */
double lc_stats_percentile(const double *sorted, size_t n, double p);

/* The fewest values from which the p-th percentile may be told: 1 / (1 - p), so 100 for p99. */
size_t lc_stats_enough(double p);

/* The middle of n values (the mean of the two middle ones), which it sorts; 0 for n = 0. */
double lc_stats_median(double *v, size_t n);

/* Outcome of a comparison of two means, b against a. */
struct lc_welch {
    double difference; /* mean(b) - mean(a) */
    double t;
    double df; /* Welch and Satterthwaite's degrees of freedom */
    double p;  /* two-sided: how likely such a difference is by chance alone */
    double low;
    double high;  /* the confidence interval of the difference */
    bool proven;  /* p < 1 - confidence */
    bool decided; /* false where a side has fewer than 2 values */
};

/* confidence: 0.995 for 99.5 %; must lie between 0 and 1. Where neither side varies, t is 0 or
 * ±DBL_MAX. */
struct lc_welch lc_stats_welch(const struct lc_stats *a, const struct lc_stats *b,
                               double confidence);

/* P(|T| ≥ |t|) for Student's t with df degrees of freedom, df > 0. */
double lc_stats_t_two_sided(double t, double df);

/* y ≈ factor · x^exponent by least squares of the logarithms. */
struct lc_power_fit {
    double exponent;
    double factor;
    double r2; /* 1: all on the line; 0 where there is no line (fewer than 2 different x) */
};

/* x and y: n values above 0. */
struct lc_power_fit lc_stats_fit_power(const double *x, const double *y, size_t n);

#endif
