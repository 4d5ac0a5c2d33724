/* SPDX-License-Identifier: Apache-2.0 */
/* A failure has a reason, whoever forgot to write it down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"

static void test_a_failure_has_a_reason(void **state)
{
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_int_equal(lc_error_reason(0, &err), 0);
    assert_int_equal(err.code, 0);
    assert_int_equal(lc_error_reason(LC_ERR_NOMEM, &err), LC_ERR_NOMEM);
    assert_int_equal(err.code, LC_ERR_NOMEM);
    assert_string_equal(err.msg, "not enough memory");
    err = LC_ERROR_INIT;
    assert_int_equal(lc_error_reason(LC_ERR_IO, &err), LC_ERR_IO);
    assert_int_equal(err.code, LC_ERR_IO);
    assert_string_equal(err.msg, "it failed, and nothing says why");
    /* the first reason stays */
    assert_int_equal(lc_error_reason(LC_ERR_NOMEM, &err), LC_ERR_NOMEM);
    assert_int_equal(err.code, LC_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failure_has_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
