/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics against samples whose results are published. */
#include "base/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define assert_near(a, b, slack) assert_true(fabs((a) - (b)) <= (slack))

/* https://en.wikipedia.org/wiki/Percentile, "The nearest-rank method" */
static void test_percentile_nearest_rank(void **state)
{
    (void)state;
    const double five[] = {15, 20, 35, 40, 50};
    assert_near(lc_stats_percentile(five, 5, 0.05), 15, 0);
    assert_near(lc_stats_percentile(five, 5, 0.30), 20, 0);
    assert_near(lc_stats_percentile(five, 5, 0.40), 20, 0);
    assert_near(lc_stats_percentile(five, 5, 0.50), 35, 0);
    assert_near(lc_stats_percentile(five, 5, 1.00), 50, 0);
    const double ten[] = {3, 6, 7, 8, 8, 10, 13, 15, 16, 20};
    assert_near(lc_stats_percentile(ten, 10, 0.25), 7, 0);
    assert_near(lc_stats_percentile(ten, 10, 0.50), 8, 0);
    assert_near(lc_stats_percentile(ten, 10, 0.75), 15, 0);
    assert_near(lc_stats_percentile(ten, 10, 0), 3, 0);
}

/* 0.99 and its like are no exact doubles: the rank must not slip by one. */
static void test_percentile_of_round_counts(void **state)
{
    (void)state;
    double v[1000];
    for (int i = 0; i < 1000; i++) {
        v[i] = i + 1;
    }
    assert_near(lc_stats_percentile(v, 100, 0.99), 99, 0);
    assert_near(lc_stats_percentile(v, 1000, 0.999), 999, 0);
    assert_near(lc_stats_percentile(v, 1000, 0.95), 950, 0);
    assert_near(lc_stats_percentile(v, 200, 0.99), 198, 0);
    assert_near(lc_stats_percentile(v, 1, 0.99), 1, 0);
    assert_near(lc_stats_percentile(v, 0, 0.5), 0, 0);
}

static void test_enough_samples(void **state)
{
    (void)state;
    assert_int_equal(lc_stats_enough(0.5), 2);
    assert_int_equal(lc_stats_enough(0.9), 10);
    assert_int_equal(lc_stats_enough(0.95), 20);
    assert_int_equal(lc_stats_enough(0.99), 100);
    assert_int_equal(lc_stats_enough(0.999), 1000);
    assert_int_equal(lc_stats_enough(1), 1);
}

/* NIST StRD, NumAcc4: 1,001 values, certified mean 10000000.2 and standard deviation 0.1 */
static void test_moments_of_large_close_values(void **state)
{
    (void)state;
    double v[1001];
    v[0] = 10000000.2;
    for (int i = 1; i < 1001; i++) {
        v[i] = i % 2 != 0 ? 10000000.1 : 10000000.3;
    }
    struct lc_stats s = lc_stats_of(v, 1001);
    assert_int_equal(s.n, 1001);
    assert_near(s.mean, 10000000.2, 1e-7);
    assert_near(s.sd, 0.1, 1e-8);
    assert_near(s.min, 10000000.1, 1e-9);
    assert_near(s.max, 10000000.3, 1e-9);
    struct lc_stats none = lc_stats_of(v, 0);
    assert_int_equal(none.n, 0);
    assert_near(none.sd, 0, 0);
}

static void test_median(void **state)
{
    (void)state;
    double odd[] = {9, 1, 5};
    double even[] = {4, 1, 3, 2};
    assert_near(lc_stats_median(odd, 3), 5, 0);
    assert_near(lc_stats_median(even, 4), 2.5, 0);
    assert_near(lc_stats_median(even, 0), 0, 0);
}

/* Student's sleep data, as t.test(extra ~ group, data = sleep) of R prints it: t = -1.8608,
 * df = 17.776, p-value = 0.07939, 95 percent confidence interval -3.3654832 0.2054832 */
static void test_welch_sleep_data(void **state)
{
    (void)state;
    const double one[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    const double two[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct lc_stats a = lc_stats_of(two, 10);
    struct lc_stats b = lc_stats_of(one, 10);
    struct lc_welch w = lc_stats_welch(&a, &b, 0.95);
    assert_true(w.decided);
    assert_near(w.t, -1.8608, 5e-5);
    assert_near(w.df, 17.776, 5e-4);
    assert_near(w.p, 0.07939, 5e-6);
    assert_near(w.low, -3.3654832, 5e-8);
    assert_near(w.high, 0.2054832, 5e-8);
    assert_false(w.proven);
    assert_true(lc_stats_welch(&a, &b, 0.90).proven);
}

static void test_welch_undecided(void **state)
{
    (void)state;
    const double same[] = {2, 2, 2};
    struct lc_stats a = lc_stats_of(same, 3);
    struct lc_stats one = lc_stats_of(same, 1);
    assert_false(lc_stats_welch(&a, &one, 0.95).decided);
    assert_false(lc_stats_welch(&a, &one, 0.95).proven);
}

/* Where neither side varies there is no chance to speak of: alike, or not. */
static void test_welch_without_variance(void **state)
{
    (void)state;
    const double two[] = {2, 2, 2};
    const double three[] = {3, 3, 3};
    struct lc_stats a = lc_stats_of(two, 3);
    struct lc_stats b = lc_stats_of(three, 3);
    struct lc_welch alike = lc_stats_welch(&a, &a, 0.95);
    struct lc_welch apart = lc_stats_welch(&a, &b, 0.95);
    assert_true(alike.decided);
    assert_false(alike.proven);
    assert_true(alike.p == 1);
    assert_true(apart.decided);
    assert_true(apart.proven);
    assert_true(apart.p == 0);
    assert_true(apart.low == 1);
}

/* Closed forms for 1 and 2 degrees of freedom; critical values of the usual t table. */
static void test_student_distribution(void **state)
{
    (void)state;
    for (double t = 0.25; t < 100; t *= 2) {
        assert_near(lc_stats_t_two_sided(t, 1), 1 - 2 / acos(-1) * atan(t), 1e-12);
        assert_near(lc_stats_t_two_sided(t, 2), 1 - t / sqrt(2 + t * t), 1e-12);
        assert_near(lc_stats_t_two_sided(-t, 2), lc_stats_t_two_sided(t, 2), 0);
    }
    assert_near(lc_stats_t_two_sided(2.228, 10), 0.05, 1e-4);
    assert_near(lc_stats_t_two_sided(2.750, 30), 0.01, 1e-4);
    assert_near(lc_stats_t_two_sided(3.390, 100), 0.001, 5e-6);
    assert_near(lc_stats_t_two_sided(1.959964, 1e7), 0.05, 1e-6);
    assert_near(lc_stats_t_two_sided(0, 5), 1, 0);
}

static void test_power_fit(void **state)
{
    (void)state;
    double x[6];
    double y[6];
    for (int i = 0; i < 6; i++) {
        x[i] = pow(10, i);
        y[i] = 3 * pow(x[i], 1.5);
    }
    struct lc_power_fit fit = lc_stats_fit_power(x, y, 6);
    assert_near(fit.exponent, 1.5, 1e-12);
    assert_near(fit.factor, 3, 1e-9);
    assert_near(fit.r2, 1, 1e-12);
    assert_near(lc_stats_fit_power(x, y, 1).r2, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentile_nearest_rank),
        cmocka_unit_test(test_percentile_of_round_counts),
        cmocka_unit_test(test_enough_samples),
        cmocka_unit_test(test_moments_of_large_close_values),
        cmocka_unit_test(test_median),
        cmocka_unit_test(test_welch_sleep_data),
        cmocka_unit_test(test_welch_undecided),
        cmocka_unit_test(test_welch_without_variance),
        cmocka_unit_test(test_student_distribution),
        cmocka_unit_test(test_power_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
