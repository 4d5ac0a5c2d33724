/* SPDX-License-Identifier: Apache-2.0 */
/* Trying again: which failures, how often, for how long, and what ends it. */
#include "cli/server/retry.h"

#include "base/clock.h"
#include "cli/server/server_error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct told {
    unsigned times, attempt;
    char why[64];
};

static void told(void *ctx, const struct lc_error *why, unsigned attempt, unsigned pause_ms)
{
    struct told *t = ctx;

    t->times++;
    t->attempt = attempt;
    snprintf(t->why, sizeof t->why, "%.60s", why->msg);
    assert_in_range(pause_ms, 0, 12500);
}

/* One try that failed with rc: is there another? */
static bool once(struct lc_retry *r, int rc, int server_code)
{
    struct lc_error why = LC_ERROR_INIT;
    bool again;

    lc_fail(&why, rc, "failed");
    why.server_code = server_code;
    again = lc_retry_again(r, rc, &why);
    assert_int_equal(why.code, again ? 0 : rc);
    return again;
}

static void test_only_failures_that_are_named(void **state)
{
    struct lc_retry write = {.not_sent = true, .tries = 9},
                    read = {.not_sent = true, .lost = true, .tries = 9}, none = {.tries = 9},
                    transient = {.transient = true, .tries = 9}, keeper = {.keeper_ms = 60000};

    (void)state;
    assert_true(once(&write, LC_ERR_NOT_SENT, 0));
    assert_false(once(&write, LC_ERR_UNKNOWN, 0));
    assert_true(once(&read, LC_ERR_UNKNOWN, 0));
    assert_false(once(&read, LC_ERR_SERVER, LC_SERVER_TOO_MANY_MUTATIONS));
    assert_false(once(&none, LC_ERR_NOT_SENT, 0));
    assert_true(once(&transient, LC_ERR_SERVER, LC_SERVER_TOO_MANY_MUTATIONS));
    assert_false(once(&transient, LC_ERR_SERVER, LC_SERVER_SYNTAX_ERROR));
    assert_false(once(&transient, LC_ERR_SERVER, LC_SERVER_NO_ZOOKEEPER));
    assert_true(once(&keeper, LC_ERR_SERVER, LC_SERVER_NO_ZOOKEEPER));
    assert_false(once(&keeper, LC_ERR_NOT_SENT, 0));
    assert_false(once(&keeper, LC_ERR_NOMEM, 0));
}

static void test_so_many_tries_and_no_more(void **state)
{
    struct told t = {0};
    struct lc_retry r = {.not_sent = true, .tries = 3, .told = told, .ctx = &t};

    (void)state;
    assert_true(once(&r, LC_ERR_NOT_SENT, 0));
    assert_true(once(&r, LC_ERR_NOT_SENT, 0));
    assert_false(once(&r, LC_ERR_NOT_SENT, 0));
    assert_int_equal(t.times, 2);
    assert_int_equal(t.attempt, 3);
    assert_string_equal(t.why, "failed");
}

static void test_a_good_end_is_no_try_more(void **state)
{
    struct lc_retry r = {.not_sent = true, .lost = true, .tries = 9};
    struct lc_error why = LC_ERROR_INIT;

    (void)state;
    assert_false(lc_retry_again(&r, 0, &why));
    assert_int_equal(why.code, 0);
}

/* Patience may end in any pause, which is cut to it: the last try comes at its end. */
static void test_patience_ends(void **state)
{
    struct lc_retry r = {.keeper_ms = 300, .tries = 1};
    uint64_t begun = lc_now_ms();
    unsigned tries = 1;

    (void)state;
    while (once(&r, LC_ERR_SERVER, LC_SERVER_NO_ZOOKEEPER))
        tries++;
    assert_true(lc_now_ms() - begun >= 300);
    assert_true(tries >= 2);
}

static void test_cancelled_says_so(void **state)
{
    atomic_bool cancel = true;
    struct lc_retry r = {.not_sent = true, .tries = 9, .cancel = &cancel};
    struct lc_error why = LC_ERROR_INIT;

    (void)state;
    lc_fail(&why, LC_ERR_NOT_SENT, "nobody there");
    assert_false(lc_retry_again(&r, LC_ERR_NOT_SENT, &why));
    assert_int_equal(why.code, LC_ERR_STOPPED);
    assert_non_null(strstr(why.msg, "nobody there"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_failures_that_are_named),
        cmocka_unit_test(test_so_many_tries_and_no_more),
        cmocka_unit_test(test_a_good_end_is_no_try_more),
        cmocka_unit_test(test_patience_ends),
        cmocka_unit_test(test_cancelled_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
