/* SPDX-License-Identifier: Apache-2.0 */
/* Which mutations were there before a statement: of each host, as a text that its id can hold. */
#include "cli/server/mutation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char one[] = "mutation_12.txt", two[] = "mutation_9.txt", three[] = "0000000007";

static struct lc_mutation_seen seen[] = {
    {.host = 0, .id = one}, {.host = 0, .id = two}, {.host = 2, .id = three}};

static void test_newest_of_each_host(void **state)
{
    struct lc_cluster cluster = {.n = 3};
    struct lc_mutation_watch w = {.cluster = &cluster, .before = seen, .before_n = 3};
    char out[16], small[6];

    (void)state;
    assert_string_equal(lc_mutation_newest(&w, out, sizeof out), "12,0,7");
    assert_string_equal(lc_mutation_newest(&w, small, sizeof small),
                        ""); /* a part would say less */
    cluster.n = 1;
    assert_string_equal(lc_mutation_newest(&w, out, sizeof out), "12");
}

static void test_after_is_of_as_many_hosts(void **state)
{
    struct lc_cluster cluster = {.n = 3};
    struct lc_mutation_watch w = {.cluster = &cluster};
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_int_equal(lc_mutation_after(&w, "", &err), 0);
    assert_null(w.after);
    assert_int_equal(lc_mutation_after(&w, "12", &err), 0);
    assert_null(w.after);
    assert_int_equal(lc_mutation_after(&w, "12,0,7", &err), 0);
    assert_int_equal(w.after[0], 12);
    assert_int_equal(w.after[1], 0);
    assert_int_equal(w.after[2], 7);
    lc_mutation_release(&w);
    assert_null(w.after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_newest_of_each_host),
                                       cmocka_unit_test(test_after_is_of_as_many_hosts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
