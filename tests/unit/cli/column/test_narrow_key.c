/* SPDX-License-Identifier: Apache-2.0 */
/* Narrow keys as text: which arguments are of that form, and which rules they fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/column/narrow_key.h"
#include "udf_support.h"

#include <string.h>

static void test_the_form_is_read(void **state)
{
    static const struct {
        const char *argument, *key; /* key NULL: another form */
        uint32_t bytes;
        bool end;
    } cases[] = {
        {"toLowCardinality(left(user_id, 2))", "user_id", 2, false},
        {"toLowCardinality(right(user_id, 12))", "user_id", 12, true},
        {" toLowCardinality( left( lower(ifNull(k, ')')) , 3 ) )", NULL, 0,
         false}, /* not from its start */
        {"toLowCardinality(left(lower(ifNull(k, ')')), 3))", "lower(ifNull(k, ')'))", 3, false},
        {"toLowCardinality(`left(k, 2)`)", "`left(k, 2)`", 0, false},
        {"toLowCardinality(k)", "k", 0, false},
        /* A cut that is the key's own: of another length, of another function, and more than a cut. */
        {"toLowCardinality(left(k, n))", "left(k, n)", 0, false},
        {"toLowCardinality(left(k, -2))", "left(k, -2)", 0, false},
        {"toLowCardinality(left(k, 0))", "left(k, 0)", 0, false},
        {"toLowCardinality(leftUTF8(k, 2))", "leftUTF8(k, 2)", 0, false},
        {"toLowCardinality(concat(left(k, 2), 'x'))", "concat(left(k, 2), 'x')", 0, false},
        {"left(k, 2)", NULL, 0, false},
        {"toLowCardinality(left(k, 2)) || 'x'", NULL, 0, false},
        {"'toLowCardinality(left(k, 2))'", NULL, 0, false},
        {"toLowCardinality(left(k, 2)", NULL, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_slice key = {NULL, 0};
        struct lc_narrow narrow;
        bool is = lc_narrow_read(cases[i].argument, &key, &narrow);

        if (is != (cases[i].key != NULL))
            fail_msg("%s: %d", cases[i].argument, is);
        if (!is)
            continue;
        assert_int_equal(key.n, strlen(cases[i].key));
        assert_memory_equal(key.p, cases[i].key, key.n);
        assert_int_equal(narrow.bytes, cases[i].bytes);
        assert_int_equal(narrow.end, cases[i].end);
    }
}

static void test_rules_fit_the_cut_or_are_refused(void **state)
{
    static const struct {
        const char *argument, *csv;
        bool fits;
    } cases[] = {
        {"toLowCardinality(left(k, 2))", "prefix,v\nu1,a\n,b\n", true},
        {"toLowCardinality(left(k, 1))", "prefix,v\nu1,a\n,b\n", false},
        {"toLowCardinality(left(k, 3))", "prefix,v\n漢,a\n", true}, /* bytes */
        {"toLowCardinality(left(k, 1))", "prefix,v\n漢,a\n", false},
        {"toLowCardinality(left(k, 1))", "prefix,v\n,a\n", true},
        {"toLowCardinality(left(k, 2))", "prefix:nocase,v\nU1,a\n", true},
        {"toLowCardinality(right(k, 2))", "prefix,v\nu1,a\n", false},
        {"toLowCardinality(right(k, 2))", "suffix,v\nu1,a\n", true},
        {"toLowCardinality(left(k, 2))", "suffix,v\nu1,a\n", false},
        /* A longer key than any must not become one of them. */
        {"toLowCardinality(left(k, 2))", "exact,v\nu1,a\n", false},
        {"toLowCardinality(left(k, 3))", "exact,v\nu1,a\n", true},
        {"toLowCardinality(k)", "exact,v\nu1,a\n", true},
        {"toLowCardinality(left(k, 9))", "bucket,v\n1,a\n", false},
        {"toLowCardinality(left(k, 9))", "from,to,v\n1,2,a\n", false},
        {"toLowCardinality(left(k, 9))", "domain,v\na.de,a\n", false},
        {"left(k, 1)", "prefix,v\nu1,a\n", true}, /* nobody's narrow form: what is meant is meant */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_rules *rules = support_rules(cases[i].csv);
        struct lc_error err = LC_ERROR_INIT;
        int rc = lc_narrow_fits(cases[i].argument, rules, "r.csv", &err);

        if ((rc == 0) != cases[i].fits)
            fail_msg("%s, %s: %d %s", cases[i].argument, cases[i].csv, rc, err.msg);
        assert_int_equal(rc, cases[i].fits ? 0 : LC_ERR_REFUSED);
        lc_rules_free(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_form_is_read),
                                       cmocka_unit_test(test_rules_fit_the_cut_or_are_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
