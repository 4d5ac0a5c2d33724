/* SPDX-License-Identifier: Apache-2.0 */
/* The load of bench live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench/live/scenario.h"

/* A quarter of the reader's time is the most: what is wanted where that is less. */
static void test_the_rate_fits_the_read(void **state)
{
    (void)state;
    assert_float_equal(lc_live_fitting_rate(2, 50), 2, 0);
    assert_float_equal(lc_live_fitting_rate(2, 125), 2, 1e-9);
    assert_float_equal(lc_live_fitting_rate(2, 250), 1, 1e-9);
    assert_float_equal(lc_live_fitting_rate(2, 5000), 0.05, 1e-9);
    assert_float_equal(lc_live_fitting_rate(0.5, 250), 0.5, 0);
    assert_float_equal(lc_live_fitting_rate(2, 0), 2, 0); /* nothing was measured */
}

/* Point reads are waited for only where there are any. */
static void test_a_trial_is_long_enough(void **state)
{
    struct lc_live_options o = {.four_readers = true, .search_s = 2};

    (void)state;
    assert_false(lc_live_enough(&o, 1.9, 1000, 1000));
    assert_true(lc_live_enough(&o, 2, LC_LIVE_ENOUGH, LC_LIVE_ENOUGH));
    assert_false(lc_live_enough(&o, 2, LC_LIVE_ENOUGH - 1, LC_LIVE_ENOUGH));
    assert_false(lc_live_enough(&o, 2, LC_LIVE_ENOUGH, 0));
    assert_false(lc_live_enough(&o, 19.9, 0, 0));
    assert_true(lc_live_enough(&o, 20, 0, 0));
    o.four_readers = false;
    assert_true(lc_live_enough(&o, 2, LC_LIVE_ENOUGH, 0));
    assert_false(lc_live_enough(&o, 2, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_rate_fits_the_read),
                                       cmocka_unit_test(test_a_trial_is_long_enough)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
