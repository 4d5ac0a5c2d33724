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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_rate_fits_the_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
