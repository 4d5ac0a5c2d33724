/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about pieces of SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/fragment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lc_slice slice(const char *text)
{
    return (struct lc_slice){(const uint8_t *)text, strlen(text)};
}

static void test_blank_and_readable(void **state)
{
    (void)state;
    assert_true(lc_fragment_is_blank(" /* x */ -- y"));
    assert_false(lc_fragment_is_blank("''"));
    assert_true(lc_fragment_is_readable("f('x')"));
    assert_false(lc_fragment_is_readable("f('x)"));
    assert_true(lc_fragment_is_whole(" f(x) -- y", 1, 4));
    assert_false(lc_fragment_is_whole("f(x) || y", 0, 4));
    assert_false(lc_fragment_is_whole("y || f(x)", 5, 4));
}

static void check_text(char *got, const char *want)
{
    assert_non_null(got);
    assert_string_equal(got, want);
    free(got);
}

static void test_constants_and_types(void **state)
{
    char *name;
    struct lc_slice type;

    (void)state;
    check_text(lc_fragment_constant(slice(" 'a\\'b' ")), "a'b");
    assert_null(lc_fragment_constant(slice("'a' || 'b'")));
    assert_null(lc_fragment_constant(slice("a")));
    assert_null(lc_fragment_constant(slice("")));
    check_text(lc_fragment_declared_type(slice("UInt8 NULL")), "Nullable(UInt8 )");
    check_text(lc_fragment_declared_type(slice("UInt8")), "UInt8");
    assert_true(lc_fragment_member(slice("`a b` Array(UInt8)"), &name, &type));
    check_text(name, "a b");
    assert_int_equal(type.n, strlen(" Array(UInt8)"));
}

static void test_only_argument(void **state)
{
    size_t n;

    (void)state;
    assert_true(lc_fragment_only_argument("f(g(a, b)) + 1", 2, &n));
    assert_int_equal(n, 7);
    assert_false(lc_fragment_only_argument("f(a, b)", 2, &n));
    assert_false(lc_fragment_only_argument("f()", 2, &n));
    assert_false(lc_fragment_only_argument("f(a", 2, &n));
}

static void test_casts(void **state)
{
    static const struct {
        const char *expr, *x, *type; /* x NULL: it is none */
    } casts[] = {
        {"CAST(n, 'Decimal(9, 2)')", "n", "Decimal(9, 2)"},
        {"cast ( if(a, b, c) , 'Enum8(\\'a, b\\' = 1)' ) -- z", " if(a, b, c) ",
         "Enum8('a, b' = 1)"},
        {"CAST(n AS Decimal(9, 2))", "n ", " Decimal(9, 2)"},
        {"CAST(CAST(n, 'UInt8'), 'String')", "CAST(n, 'UInt8')", "String"},
        {"CAST(n AS m, 'UInt8')", "n AS m", "UInt8"},
        {"CAST(n, t)", NULL, NULL},
        {"CAST(n)", NULL, NULL},
        {"CAST(n, 'UInt8') + 1", NULL, NULL},
        {"CAST(n, 'UInt8'", NULL, NULL},
        {"CAST(n, 'UInt8", NULL, NULL},
        {"f(n, 'UInt8')", NULL, NULL},
        {"CAST", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof casts / sizeof *casts; i++) {
        struct lc_slice x;
        char *type;

        assert_int_equal(lc_fragment_cast(slice(casts[i].expr), &x, &type), casts[i].x != NULL);
        if (!casts[i].x)
            continue;
        assert_int_equal(x.n, strlen(casts[i].x));
        assert_memory_equal(x.p, casts[i].x, x.n);
        check_text(type, casts[i].type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blank_and_readable),
        cmocka_unit_test(test_constants_and_types),
        cmocka_unit_test(test_only_argument),
        cmocka_unit_test(test_casts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
