/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of parts and of mutations: how near, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/commands/doctor_limits.h"

static void check(struct lc_limits l, uint64_t warn_at, uint64_t fail_at, const char *text)
{
    char got[LC_LIMITS_BYTES];

    lc_limits_text(got, "slow down", "fail", &l);
    assert_string_equal(got, text);
    if (warn_at)
        assert_int_equal(lc_limits_level(warn_at - 1, &l), LC_LEVEL_OK);
    if (warn_at < fail_at)
        assert_int_equal(lc_limits_level(warn_at, &l), LC_LEVEL_WARN);
    if (fail_at != LC_LIMIT_NEVER)
        assert_int_equal(lc_limits_level(fail_at, &l), LC_LEVEL_FAIL);
    if (fail_at && fail_at != LC_LIMIT_NEVER)
        assert_int_equal(lc_limits_level(fail_at - 1, &l),
                         warn_at < fail_at ? LC_LEVEL_WARN : LC_LEVEL_OK);
}

static void test_parts(void **state)
{
    (void)state;
    check(lc_limits_of_parts(1000, 3000), 500, 1000, "slow down at 1000, fail at 3000");
    check(lc_limits_of_parts(3, 5), 2, 3, "slow down at 3, fail at 5");
    check(lc_limits_of_parts(3000, 1000), 500, 1000, "fail at 1000");
    /* No part at all is one too many. */
    check(lc_limits_of_parts(1000, 0), 0, 0, "fail at 0");
    check(lc_limits_of_parts(0, 3000), 0, 0, "slow down at 0, fail at 3000");
}

static void test_mutations(void **state)
{
    const struct lc_limits off = lc_limits_of_mutations(0, 0);
    char text[LC_LIMITS_BYTES];

    (void)state;
    check(lc_limits_of_mutations(500, 1000), 250, 500, "slow down at 500, fail at 1000");
    /* A failure that is off does not hide the slow-down. */
    check(lc_limits_of_mutations(500, 0), 250, 500, "slow down at 500, never fail");
    check(lc_limits_of_mutations(0, 1000), 500, 1000, "fail at 1000");
    check(lc_limits_of_mutations(2000, 1000), 500, 1000, "fail at 1000");
    lc_limits_text(text, "slow down", "fail", &off);
    assert_string_equal(text, "never slow down");
    assert_int_equal(lc_limits_level(1000000, &off), LC_LEVEL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_mutations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
