/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes: series from samples, comparisons, budgets, exit codes, JSON there and back. */
#include "bench/result/interleave.h"
#include "bench/result/output.h"
#include "bench/result/result.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { MS = 1000000 };

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-9)

/* n good samples of base, base + 1 … ms in this phase and variant, 10 ms apart. */
static void make(struct lc_sample *s, size_t n, unsigned base, unsigned phase, unsigned variant)
{
    for (size_t i = 0; i < n; i++) {
        s[i] = (struct lc_sample){.at_ns = i * 10 * MS,
                                  .latency_ns = (base + i) * MS,
                                  .service_ns = (base + i) * MS,
                                  .rows_read = 100,
                                  .bytes_read = 800,
                                  .server_s = 0.002,
                                  .phase = (uint16_t)phase,
                                  .variant = (uint16_t)variant};
    }
}

static size_t add(struct lc_result *o, const char *name, unsigned base, size_t n)
{
    struct lc_sample samples[200];
    make(samples, n, base, 0, 0);
    struct lc_series *s = lc_result_add(o, name, "SELECT 1");
    assert_non_null(s);
    assert_int_equal(lc_series_take(s, samples, n, (struct lc_series_of){-1, -1, 1, 2, false}), 0);
    return o->n_series - 1;
}

static void test_series_takes_its_phase_and_variant(void **state)
{
    (void)state;
    struct lc_sample samples[30];
    struct lc_result o = {.scenario = "query"};
    make(samples, 10, 1, 0, 0);
    make(samples + 10, 10, 11, 1, 0);
    make(samples + 20, 10, 21, 1, 1);
    samples[15].failed = true;
    struct lc_series *s = lc_result_add(&o, "a", NULL);
    assert_int_equal(lc_series_take(s, samples, 30, (struct lc_series_of){1, 0, 2, 4, false}), 0);
    assert_int_equal(s->n, 9);
    assert_int_equal(s->errors, 1);
    assert_near(s->stats.min, 11);
    assert_near(s->stats.max, 20);
    assert_near(s->ms[0], 11);
    assert_near(s->at_ms[1], 10);
    assert_near(s->server_ms, 2);
    assert_near(s->rows_read, 100);
    /* two workers busy for 139 ms in all: each 69.5 ms for 9 runs */
    assert_near(s->qps, 9 / 0.0695);
    struct lc_series *open = lc_result_add(&o, "b", NULL);
    assert_int_equal(lc_series_take(open, samples, 30, (struct lc_series_of){-1, -1, 2, 4, true}),
                     0);
    assert_near(open->qps, 29.0 / 4);
    lc_result_release(&o);
}

/* Where the time of the slowest went; nothing is said of a server that says nothing. */
static void test_the_slowest_of_each(void **state)
{
    (void)state;
    struct lc_sample samples[20];
    struct lc_result o = {.scenario = "live"};
    struct lc_text_table r;
    struct lc_buf out;
    make(samples, 10, 1, 0, 0);
    make(samples + 10, 10, 1, 1, 0);
    samples[3].latency_ns = UINT64_C(107) * MS;
    samples[3].service_ns = UINT64_C(7) * MS;
    for (size_t i = 10; i < 20; i++) {
        samples[i].server_s = 0;
    }
    assert_int_equal(lc_series_take(lc_result_add(&o, "point/after ADD", NULL), samples, 20,
                                    (struct lc_series_of){0, -1, 1, 1, true}),
                     0);
    assert_int_equal(lc_series_take(lc_result_add(&o, "write/after ADD", NULL), samples, 20,
                                    (struct lc_series_of){1, -1, 1, 1, true}),
                     0);
    assert_non_null(lc_result_add(&o, "none", NULL));
    assert_near(o.series[0]->waited_ms[3], 100);
    assert_near(o.series[0]->waited_ms[4], 0);
    assert_near(o.series[0]->server_each_ms[3], 2);
    lc_result_slowest(&o, &r);
    lc_buf_init(&out, 1 << 16);
    assert_int_equal(lc_text_table_write(&r, LC_TEXT_TABLE_CSV, &out), 0);
    assert_string_equal(lc_buf_str(&out),
                        "the slowest of,due at s,ms,waited ms,server ms,the rest\n"
                        "point/after ADD,0.030,107,100,2.00,5.00\n"
                        "write/after ADD,0.090,10.0,0,–,–\n");
    lc_buf_release(&out);
    lc_text_table_release(&r);
    lc_result_release(&o);
}

static void test_exit_codes(void **state)
{
    (void)state;
    struct lc_result o = {.scenario = "query", .confidence = 0.995};
    struct lc_budget met;
    struct lc_budget missed;
    assert_int_equal(lc_budget_parse("p50=1s", &met, NULL), 0);
    assert_int_equal(lc_budget_parse("p50=1ms", &missed, NULL), 0);
    size_t slow = add(&o, "slow", 100, 50);
    size_t quick = add(&o, "quick", 10, 50);
    lc_result_judge(&o, &met, slow, 0);
    assert_int_equal(lc_output_exit_code(&o), 0);
    lc_result_compare(&o, quick, slow);
    assert_true(o.comparisons[0].welch.proven);
    assert_int_equal(lc_output_exit_code(&o), 0); /* faster is no regression */
    lc_result_compare(&o, slow, quick);
    assert_int_equal(lc_output_exit_code(&o), 6);
    o.comparisons[1].regressed = false; /* within the tolerance */
    assert_int_equal(lc_output_exit_code(&o), 0);
    o.comparisons[1].regressed = true;
    lc_result_judge(&o, &missed, slow, 0);
    assert_int_equal(lc_output_exit_code(&o), 4);
    o.series[quick]->errors = 1;
    assert_int_equal(lc_output_exit_code(&o), 1);
    lc_result_release(&o);
}

/* Proven slower by 1 to 3 ms of 10: more than 5 %, not more than 20 %. */
static void test_tolerance_is_what_must_be_proven(void **state)
{
    (void)state;
    struct lc_welch w = {.difference = 2, .low = 1, .high = 3, .proven = true, .decided = true};
    assert_true(lc_is_regression(&w, 10, 0));
    assert_true(lc_is_regression(&w, 10, 0.05));
    assert_false(lc_is_regression(&w, 10, 0.15)); /* the mean is beyond, the proof is not */
    assert_string_equal(lc_result_verdict(&w, true), "slower, proven");
    assert_string_equal(lc_result_verdict(&w, false), "slower, within the tolerance");
    w.proven = false;
    assert_false(lc_is_regression(&w, 10, 0));
}

static void test_a_budget_of_errors_decides(void **state)
{
    (void)state;
    struct lc_result o = {.scenario = "query", .confidence = 0.995};
    struct lc_budget few;
    struct lc_budget none;
    assert_int_equal(lc_budget_parse("errors=5", &few, NULL), 0);
    assert_int_equal(lc_budget_parse("errors=0", &none, NULL), 0);
    size_t a = add(&o, "a", 10, 20);
    o.series[a]->errors = 3;
    assert_int_equal(lc_output_exit_code(&o), 1);
    lc_result_judge(&o, &few, a, 0);
    assert_int_equal(lc_output_exit_code(&o), 0);
    lc_result_judge(&o, &none, a, 0);
    assert_int_equal(lc_output_exit_code(&o), 4);
    lc_result_release(&o);
}

static void test_answers_that_disagree_fail(void **state)
{
    (void)state;
    struct lc_result o = {.scenario = "query", .confidence = 0.995};
    size_t a = add(&o, "a", 10, 20);
    size_t b = add(&o, "b", 10, 20);
    o.series[a]->answer_known = true;
    o.series[a]->answer = 1;
    lc_result_compare(&o, a, b);
    assert_true(o.comparisons[0].answers_agree); /* nothing is known of b's */
    o.series[b]->answer_known = true;
    o.series[b]->answer = 2;
    lc_result_compare(&o, a, b);
    assert_false(o.comparisons[1].answers_agree);
    assert_int_equal(lc_output_exit_code(&o), 1);
    o.series[b]->answer = 1;
    lc_result_compare(&o, a, b);
    assert_true(o.comparisons[2].answers_agree);
    o.series[b]->answer_varies = true;
    lc_result_compare(&o, a, b);
    assert_false(o.comparisons[3].answers_agree);
    lc_result_release(&o);
}

static void test_json_comes_back(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_BYTES];
    struct lc_error err = LC_ERROR_INIT;
    struct lc_result o;
    struct lc_result back;
    lc_result_begin(&o, "query", NULL);
    size_t a = add(&o, "a", 10, 120);
    o.series[a]->answer_known = true;
    o.series[a]->answer = 0xFEDCBA9876543210U;
    lc_result_end(&o);
    struct lc_json *j = lc_result_json(&o);
    char *text = lc_json_text(j);
    assert_non_null(text);
    int fd = scratch_file(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    assert_int_equal(lc_result_load(&back, path, &err), 0);
    assert_string_equal(back.scenario, "query");
    assert_string_equal(back.machine.cpu, o.machine.cpu);
    assert_int_equal(back.n_series, 1);
    assert_string_equal(back.series[0]->name, "a");
    assert_string_equal(back.series[0]->sql, "SELECT 1");
    assert_int_equal(back.series[0]->n, 120);
    for (size_t i = 0; i < 120; i++) {
        assert_near(back.series[0]->ms[i], o.series[0]->ms[i]);
        assert_near(back.series[0]->at_ms[i], o.series[0]->at_ms[i]);
    }
    assert_true(back.series[0]->answer == 0xFEDCBA9876543210U);
    assert_int_equal(unlink(path), 0);
    free(text);
    lc_json_free(j);
    lc_result_release(&o);
    lc_result_release(&back);
}

static void test_json_of_others_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"scenario\": \"query\"}", "not a result of livecol bench"},
        {"[1]", "not a result of livecol bench"},
        {"{\"format\": 9, \"scenario\": \"query\", \"machine\": {}, \"series\": []}", "newer"},
        {"{\"format\": 1, \"scenario\": \"query\", \"machine\": {}, \"series\": [{}]}", "no name"},
        {"{\"format\": 1, \"scenario\": \"query\", \"machine\": {}, \"series\":"
         " [{\"name\": \"a\", \"times_ms\": [1, \"x\"]}]}",
         "time 1 of a"},
        {"{", "line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[SCRATCH_PATH_BYTES];
        struct lc_error err = LC_ERROR_INIT;
        struct lc_result o;
        int fd = scratch_file(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, cases[i][0], strlen(cases[i][0])), strlen(cases[i][0]));
        assert_int_equal(close(fd), 0);
        assert_int_equal(lc_result_load(&o, path, &err), LC_ERR_INPUT);
        if (strstr(err.msg, cases[i][1]) == NULL) {
            fail_msg("case %zu: %s", i, err.msg);
        }
        lc_result_release(&o);
        assert_int_equal(unlink(path), 0);
    }
}

static uint64_t checksum(const char *text)
{
    struct lc_answer t = {0};
    struct lc_error err = LC_ERROR_INIT;
    assert_int_equal(lc_answer_parse(&t, text, strlen(text), &err), 0);
    uint64_t sum = lc_interleave_checksum(&t);
    lc_answer_release(&t);
    return sum;
}

static void test_checksum_minds_values_not_their_order(void **state)
{
    (void)state;
    uint64_t sum = checksum("a\tb\nString\tString\nx\ty\nz\tw\n");
    assert_true(sum == checksum("a\tb\nString\tString\nz\tw\nx\ty\n"));
    assert_true(sum != checksum("a\tb\nString\tString\ny\tx\nz\tw\n"));
    assert_true(sum != checksum("a\tb\nString\tString\nx\ty\n"));
    assert_true(sum != checksum("a\tb\nString\tString\nx\tw\nz\ty\n"));
    assert_true(checksum("a\nNullable(String)\n\\N\n") != checksum("a\nNullable(String)\n\n"));
    assert_true(checksum("a\tb\nString\tString\nxy\tz\n") !=
                checksum("a\tb\nString\tString\nx\tyz\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series_takes_its_phase_and_variant),
        cmocka_unit_test(test_the_slowest_of_each),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_tolerance_is_what_must_be_proven),
        cmocka_unit_test(test_a_budget_of_errors_decides),
        cmocka_unit_test(test_answers_that_disagree_fail),
        cmocka_unit_test(test_json_comes_back),
        cmocka_unit_test(test_json_of_others_is_refused),
        cmocka_unit_test(test_checksum_minds_values_not_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
