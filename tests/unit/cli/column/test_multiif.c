/* SPDX-License-Identifier: Apache-2.0 */
/* A rule set as multiIf: longest first, the default last, every value quoted. */
#include "udf/rules/open.h"
#include "cli/column/multiif.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char *miss;

static int builtin_of(const char *csv, struct lc_buf *out, struct lc_error *err)
{
    char path[SCRATCH_PATH_BYTES];
    int fd = scratch_file(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, csv, strlen(csv)), strlen(csv));
    close(fd);
    struct lc_rules *rules = NULL;
    int rc = lc_rules_open(&rules, path, err);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rc, 0);
    rc = lc_multiif_multiif(rules, 0, "user_id", miss, out, err);
    lc_rules_free(rules);
    return rc;
}

static void expect(const char *csv, const char *want)
{
    struct lc_buf out;
    struct lc_error err = LC_ERROR_INIT;
    lc_buf_init(&out, 1 << 20);
    assert_int_equal(builtin_of(csv, &out, &err), 0);
    assert_string_equal(lc_buf_str(&out), want);
    lc_buf_release(&out);
}

static void test_longest_first_default_last(void **state)
{
    (void)state;
    expect("prefix,region\nu1,us-east\nu2,eu-west\n,unknown\nu12,ap\n",
           "multiIf(startsWith(user_id, 'u12'), 'ap', startsWith(user_id, 'u1'), 'us-east', "
           "startsWith(user_id, 'u2'), 'eu-west', 'unknown')");
}

static void test_no_default_is_empty(void **state)
{
    (void)state;
    expect("prefix,region\nu1,a\n", "multiIf(startsWith(user_id, 'u1'), 'a', '')");
}

static void test_default_alone(void **state)
{
    (void)state;
    expect("prefix,region\n,all\n", "multiIf(0, '', 'all')");
}

static void test_quotes_do_not_get_out(void **state)
{
    (void)state;
    expect("prefix,region\nu'\\,it's\n", "multiIf(startsWith(user_id, 'u\\'\\\\'), 'it\\'s', '')");
}

static void test_exact_and_range(void **state)
{
    (void)state;
    expect("exact,tier\nb,it's\na,x\n*,other\n",
           "multiIf(user_id = 'a', 'x', user_id = 'b', 'it\\'s', 'other')");
    expect(
        "from,to,issuer\n5,9,mc\n0,4,visa\n18446744073709551615,18446744073709551615,last\n",
        "multiIf(user_id BETWEEN 0 AND 4, 'visa', user_id BETWEEN 5 AND 9, 'mc', user_id BETWEEN "
        "18446744073709551615 AND 18446744073709551615, 'last', '')");
}

static void test_miss_as_the_caller_says(void **state)
{
    (void)state;
    miss = "NULL";
    expect("prefix,region\nu1,a\n", "multiIf(startsWith(user_id, 'u1'), 'a', NULL)");
    expect("prefix,region\nu1,a\n,b\n", "multiIf(startsWith(user_id, 'u1'), 'a', 'b')");
    miss = NULL;
}

static void test_buckets_are_refused(void **state)
{
    (void)state;
    struct lc_buf out;
    struct lc_error err = LC_ERROR_INIT;
    lc_buf_init(&out, 1 << 20);
    assert_int_equal(builtin_of("bucket,variant\n50,a\n50,b\n", &out, &err), LC_ERR_USAGE);
    assert_non_null(strstr(err.msg, "bucket"));
    lc_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longest_first_default_last),
        cmocka_unit_test(test_no_default_is_empty),
        cmocka_unit_test(test_default_alone),
        cmocka_unit_test(test_quotes_do_not_get_out),
        cmocka_unit_test(test_exact_and_range),
        cmocka_unit_test(test_miss_as_the_caller_says),
        cmocka_unit_test(test_buckets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
