/* SPDX-License-Identifier: Apache-2.0 */
/* How far a mutation is, as a person reads it. */
#include "base/format.h"
#include "cli/commands/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void check_count(double n, const char *want)
{
    char text[16];

    assert_string_equal(lc_short_count(text, n), want);
}

static void test_counts(void **state)
{
    (void)state;
    check_count(0, "0");
    check_count(999, "999");
    check_count(1000, "1.0 k");
    check_count(12345, "12 k");
    check_count(999999, "1.0 M");
    check_count(5e6, "5.0 M");
    check_count(2.5e12, "2500 G");
}

static void check_time(uint64_t ms, const char *want)
{
    char text[24];

    assert_string_equal(lc_short_time(text, ms), want);
}

static void test_times(void **state)
{
    (void)state;
    check_time(0, "0 ms");
    check_time(999, "999 ms");
    check_time(1000, "1.0 s");
    check_time(9960, "10 s");
    check_time(59999, "1 min 0 s");
    check_time(200000, "3 min 20 s");
    check_time(7500000, "2 h 5 min");
}

static void test_line_leaves_out_what_is_not_known(void **state)
{
    const struct lc_mutation_progress begun = {.parts_total = 4, .parts_to_do = 4};
    const struct lc_mutation_progress later = {.parts_total = 4,
                                               .parts_to_do = 2,
                                               .rows_done = 2100000,
                                               .rows_total = 5000000,
                                               .fraction = 0.42,
                                               .elapsed_ms = 2000,
                                               .rows_per_s = 1050000,
                                               .left_ms = 2762};
    const struct lc_mutation_progress one = {
        .parts_total = 1, .parts_to_do = 1, .rows_done = 1, .rows_total = 1, .fraction = 1};
    struct lc_run_event e = {.kind = LC_RUN_MUTATION,
                             .version_text = "0001",
                             .name = "region",
                             .stmt = 2,
                             .stmts = 2,
                             .class = LC_CLASS_MUTATION,
                             .progress = &begun};
    char line[200], cut[20];

    (void)state;
    lc_progress_line(line, sizeof line, &e);
    assert_string_equal(line, "0001 region 2/2 mutation: 0 %, 4 of 4 parts left");
    e.progress = &later;
    lc_progress_line(line, sizeof line, &e);
    assert_string_equal(line, "0001 region 2/2 mutation: 42 %, 2.1 M of 5.0 M rows, 1.1 M rows/s, "
                              "2 of 4 parts left, 2.8 s to go");
    e.progress = &one;
    lc_progress_line(line, sizeof line, &e);
    assert_string_equal(line, "0001 region 2/2 mutation: 100 %, 1 of 1 row, 1 of 1 part left");
    e.progress = &later;
    lc_progress_line(cut, sizeof cut, &e);
    assert_int_equal(strlen(cut), sizeof cut - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_line_leaves_out_what_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
