/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stats.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Ascending, for qsort. A difference of the two would lose its sign as an int. */
static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void lc_stats_sort(double *v, size_t n)
{
    if (n > 1) {
        qsort(v, n, sizeof *v, compare);
    }
}

/* Welford's update: a plain sum of squares loses the variance of large, close values. */
struct lc_stats lc_stats_of(const double *v, size_t n)
{
    struct lc_stats s = {0};
    double m2 = 0;
    for (size_t i = 0; i < n; i++) {
        double step = v[i] - s.mean;
        s.mean += step / (double)(i + 1);
        m2 += step * (v[i] - s.mean);
        s.sum += v[i];
        s.min = i == 0 || v[i] < s.min ? v[i] : s.min;
        s.max = i == 0 || v[i] > s.max ? v[i] : s.max;
    }
    s.n = n;
    s.sd = n > 1 ? sqrt(m2 / (double)(n - 1)) : 0;
    return s;
}

double lc_stats_percentile(const double *sorted, size_t n, double p)
{
    if (n == 0) {
        return 0;
    }
    /* 0.99 is a little more than 99/100 as a double: without the slack p99 of
     * 100 were the 100th. */
    double rank = ceil(p * (double)n - 1e-9 * (double)n);
    if (rank < 1) {
        return sorted[0];
    }
    return rank >= (double)n ? sorted[n - 1] : sorted[(size_t)rank - 1];
}

size_t lc_stats_enough(double p)
{
    if (p >= 1) {
        return 1; /* the greatest of what there is */
    }
    /*
     * The smallest n of which one sample lies above p: 100 for p99, 1,000 for p99.9. The slack
     * is for 1 - 0.9, which is a little less than 0.1 as a double.
     */
    return (size_t)ceil(1 / (1 - p) - 1e-6);
}

double lc_stats_median(double *v, size_t n)
{
    if (n == 0) {
        return 0;
    }
    lc_stats_sort(v, n);
    return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/*
 * The continued fraction of the incomplete beta function (DLMF 8.17.22), evaluated by the modified
 * Lentz algorithm; it converges fast for x < (a + 1) / (a + b + 2).
 */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + even * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = 1 + even / c;
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + odd * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = 1 + odd / c;
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        if (fabs(c * d - 1) < 1e-15) {
            break;
        }
    }
    return f;
}

/* I_x(a, b), the regularized incomplete beta function. */
static double beta_regularized(double a, double b, double x)
{
    if (x <= 0 || x >= 1) {
        return x <= 0 ? 0 : 1;
    }
    /* x^a (1-x)^b / B(a, b), by logarithms: the gamma function itself overflows above 171. */
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) {
        return front * beta_fraction(a, b, x) / a;
    }
    /* I_x(a, b) = 1 - I_{1-x}(b, a): the side on which the fraction converges fast. */
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* P(|T| > t) of Student's t with df degrees of freedom, as an incomplete beta function. */
double lc_stats_t_two_sided(double t, double df)
{
    return beta_regularized(df / 2, 0.5, df / (df + t * t));
}

/* The t that |T| exceeds with probability p, by bisection: p falls as t grows. */
static double t_critical(double p, double df)
{
    double low = 0;
    double high = 1;
    while (lc_stats_t_two_sided(high, df) > p && high < 1e12) {
        high *= 2;
    }
    for (int i = 0; i < 100; i++) {
        double mid = (low + high) / 2;
        if (lc_stats_t_two_sided(mid, df) > p) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return (low + high) / 2;
}

struct lc_welch lc_stats_welch(const struct lc_stats *a, const struct lc_stats *b,
                               double confidence)
{
    struct lc_welch w = {.difference = b->mean - a->mean, .p = 1};
    if (a->n < 2 || b->n < 2) {
        return w;
    }
    /*
     * The variance of each mean. Unlike Student's test, Welch's does not
     * assume that both are alike.
     */
    double va = a->sd * a->sd / (double)a->n;
    double vb = b->sd * b->sd / (double)b->n;
    if (va + vb <= 0) { /* neither varies: they are alike, or they are not */
        w.decided = true;
        w.proven = w.difference != 0;
        w.df = (double)(a->n + b->n - 2);
        w.t = w.proven ? copysign(DBL_MAX, w.difference) : 0;
        w.p = w.proven ? 0 : 1;
        w.low = w.high = w.difference;
        return w;
    }
    double error = sqrt(va + vb);
    w.decided = true;
    w.t = w.difference / error;
    /* Welch and Satterthwaite's approximation; it need not be a whole number. */
    w.df = (va + vb) * (va + vb) / (va * va / (double)(a->n - 1) + vb * vb / (double)(b->n - 1));
    w.p = lc_stats_t_two_sided(w.t, w.df);
    double reach = t_critical(1 - confidence, w.df) * error;
    w.low = w.difference - reach;
    w.high = w.difference + reach;
    w.proven = w.p < 1 - confidence;
    return w;
}

struct lc_power_fit lc_stats_fit_power(const double *x, const double *y, size_t n)
{
    struct lc_power_fit fit = {0};
    double mx = 0;
    double my = 0;
    for (size_t i = 0; i < n; i++) {
        mx += log(x[i]) / (double)n;
        my += log(y[i]) / (double)n;
    }
    /* A line through (log x, log y) by least squares: its slope is the exponent. */
    double sxx = 0;
    double sxy = 0;
    double syy = 0;
    for (size_t i = 0; i < n; i++) {
        double dx = log(x[i]) - mx;
        double dy = log(y[i]) - my;
        sxx += dx * dx;
        sxy += dx * dy;
        syy += dy * dy;
    }
    if (sxx <= 0) {
        return fit;
    }
    fit.exponent = sxy / sxx;
    fit.factor = exp(my - fit.exponent * mx);
    fit.r2 = syy > 0 ? sxy * sxy / (sxx * syy) : 1;
    return fit;
}
