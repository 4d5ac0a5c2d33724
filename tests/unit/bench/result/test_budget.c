/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets as people write them, and how they are judged. */
#include "bench/result/budget.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_parse_good(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum lc_budget_of of;
        double p, limit;
    } cases[] = {
        {"p99=100ms", LC_BUDGET_PERCENTILE, 0.99, 100},
        {"p99.9=2s", LC_BUDGET_PERCENTILE, 0.999, 2000},
        {"p50=500us", LC_BUDGET_PERCENTILE, 0.5, 0.5},
        {"max=1.5s", LC_BUDGET_MAX, 0, 1500},
        {"mean=5ms", LC_BUDGET_MEAN, 0, 5},
        {"qps=1000", LC_BUDGET_QPS, 0, 1000},
        {"errors=0", LC_BUDGET_ERRORS, 0, 0},
        {"ratio=1.1", LC_BUDGET_RATIO, 0, 1.1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_budget b;
        struct lc_error err = LC_ERROR_INIT;
        assert_int_equal(lc_budget_parse(cases[i].text, &b, &err), 0);
        assert_int_equal(b.of, cases[i].of);
        assert_true(fabs(b.p - cases[i].p) < 1e-12);
        assert_true(fabs(b.limit - cases[i].limit) < 1e-9);
        assert_string_equal(b.text, cases[i].text);
    }
}

static void test_parse_bad(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "p99",
                                        "p99=",
                                        "p99=100",
                                        "p99=fast",
                                        "p99=-1ms",
                                        "p0=1ms",
                                        "p100=1ms",
                                        "p=1ms",
                                        "q99=1ms",
                                        "p99=1h",
                                        "p99=1ms ",
                                        "qps=10ms",
                                        "errors=",
                                        "ratio=inf",
                                        "max=1",
                                        "p9x=1ms",
                                        "p-5=1ms",
                                        "mean=1e999ms",
                                        "p99==1ms",
                                        "p99=1000000000000000000000000000000000000000000ms"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_budget b;
        struct lc_error err = LC_ERROR_INIT;
        assert_int_equal(lc_budget_parse(cases[i], &b, &err), LC_ERR_USAGE);
        assert_non_null(strstr(err.msg, cases[i]));
        assert_non_null(strstr(err.hint, "p99=100ms"));
    }
}

static enum lc_verdict judge(const char *text, const struct lc_measured *m, double *actual)
{
    struct lc_budget b;
    struct lc_error err = LC_ERROR_INIT;
    assert_int_equal(lc_budget_parse(text, &b, &err), 0);
    return lc_budget_check(&b, m, actual);
}

static void test_judge(void **state)
{
    (void)state;
    double ms[100];
    double actual;
    for (int i = 0; i < 100; i++) {
        ms[i] = i + 1;
    }
    struct lc_measured m = {.sorted_ms = ms, .n = 100, .errors = 2, .qps = 10, .ratio = 1.05};
    assert_int_equal(judge("p99=99ms", &m, &actual), LC_VERDICT_MET);
    assert_true(actual == 99);
    assert_int_equal(judge("p99=98.9ms", &m, &actual), LC_VERDICT_MISSED);
    assert_int_equal(judge("p50=50ms", &m, &actual), LC_VERDICT_MET);
    assert_int_equal(judge("p99.9=1s", &m, &actual), LC_VERDICT_TOO_FEW);
    assert_int_equal(judge("max=99ms", &m, &actual), LC_VERDICT_MISSED);
    assert_true(actual == 100);
    assert_int_equal(judge("mean=50.5ms", &m, &actual), LC_VERDICT_MET);
    assert_int_equal(judge("qps=10", &m, &actual), LC_VERDICT_MET);
    assert_int_equal(judge("qps=11", &m, &actual), LC_VERDICT_MISSED);
    assert_int_equal(judge("errors=2", &m, &actual), LC_VERDICT_MET);
    assert_int_equal(judge("errors=1", &m, &actual), LC_VERDICT_MISSED);
    assert_int_equal(judge("ratio=1.1", &m, &actual), LC_VERDICT_MET);
    assert_int_equal(judge("ratio=1.0", &m, &actual), LC_VERDICT_MISSED);
}

static void test_judge_too_few(void **state)
{
    (void)state;
    double ms[99] = {0};
    double actual;
    struct lc_measured m = {.sorted_ms = ms, .n = 99};
    assert_int_equal(judge("p99=1ms", &m, &actual), LC_VERDICT_TOO_FEW);
    assert_int_equal(judge("p95=1ms", &m, &actual), LC_VERDICT_MET);
    assert_int_equal(judge("ratio=2", &m, &actual), LC_VERDICT_TOO_FEW);
    m.n = 0;
    assert_int_equal(judge("max=1ms", &m, &actual), LC_VERDICT_TOO_FEW);
    assert_int_equal(judge("errors=0", &m, &actual), LC_VERDICT_MET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_good),
        cmocka_unit_test(test_parse_bad),
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_judge_too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
