/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and references in expressions: found by tokens, changed without touching the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/expression.h"

#include <stdio.h>
#include <string.h>

/* Every call as "name/arguments[arguments' text]", one behind the other. */
static void calls_of(const char *expr, char *out, size_t size)
{
    struct lc_expr_call *v;
    struct lc_error err = LC_ERROR_INIT;
    size_t n, at = 0;

    assert_int_equal(lc_expr_calls(expr, &v, &n, &err), 0);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        assert_true(at < size);
        at += (size_t)snprintf(out + at, size - at, "%s%s/%zu[%.*s]", i ? " " : "", v[i].name,
                               v[i].args, (int)v[i].args_len, expr + v[i].args_at);
    }
    lc_expr_free_calls(v, n);
}

static void test_calls_with_their_arguments(void **state)
{
    static const char *const cases[][2] = {
        {"region_v1(user_id)", "region_v1/1[user_id]"},
        {"region_v1( /* the (key) */ lower(code) )", "region_v1/1[lower(code)] lower/1[code]"},
        {"concat('f(x)', f(a), \"g\"(b, [1, 2]))",
         "concat/3['f(x)', f(a), \"g\"(b, [1, 2])] f/1[a] g/2[b, [1, 2]]"},
        {"now()", "now/0[]"},
        {"f (k) -- g(k)", "f/1[k]"},
        {"k IN ('a', 'b') AND (f(k) = 'x')", "f/1[k]"},
        {"CASE WHEN (a) THEN (b) ELSE (c) END", ""},
        {"f(k[1], (a, b), g(c))", "f/3[k[1], (a, b), g(c)] g/1[c]"},
    };
    char got[400];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        calls_of(cases[i][0], got, sizeof got);
        assert_string_equal(got, cases[i][1]);
    }
}

static void test_an_argument_by_its_number(void **state)
{
    const char *expr = "dictGet('d.n', 'a, b', tuple(lower(k), 2))";
    struct lc_expr_call *v;
    struct lc_slice a;
    size_t n;

    (void)state;
    assert_int_equal(lc_expr_calls(expr, &v, &n, NULL), 0);
    a = lc_expr_argument(expr, &v[0], 1);
    assert_int_equal(a.n, strlen("'a, b'"));
    a = lc_expr_argument(expr, &v[0], 2);
    assert_memory_equal(a.p, "tuple(lower(k), 2)", a.n);
    assert_int_equal(a.n, strlen("tuple(lower(k), 2)"));
    assert_int_equal(lc_expr_argument(expr, &v[0], 3).n, 0);
    lc_expr_free_calls(v, n);
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
    static const char *const wrong[] = {"f(k", "f('k)", "f(g(k)", "f(`k)"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_expr_call *v;
        size_t n;

        assert_int_equal(lc_expr_calls(wrong[i], &v, &n, &err), LC_ERR_INPUT);
        assert_int_equal(err.code, LC_ERR_INPUT);
        assert_null(v);
    }
}

static void test_a_function_is_renamed_where_it_is_called(void **state)
{
    static const char *const cases[][2] = {
        {"region_v1(lower(code))", "region_v2(lower(code))"},
        {"concat(region_v1(a), 'region_v1(x)', `region_v1`(b))",
         "concat(region_v2(a), 'region_v1(x)', region_v2(b))"},
        {"region_v10(region_v1)", "region_v10(region_v1)"},
        {"region_v1(region_v1) /* region_v1(k) */", "region_v2(region_v1) /* region_v1(k) */"},
        {"dictGetString('region_v1', 'region_v1', tuple(k))",
         "dictGetString('region_v2', 'region_v1', tuple(k))"},
        {"upper(dictGet('d.region_v1', 'a', dictGet('region_v10', 'b', 'region_v1')))",
         "upper(dictGet('d.region_v2', 'a', dictGet('region_v10', 'b', 'region_v1')))"},
        {"dictHas(concat('region_v1'), k)", "dictHas(concat('region_v1'), k)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_buf b;

        lc_buf_init(&b, 1000);
        assert_int_equal(lc_expr_rename(cases[i][0], "region_v1", "region_v2", &b, NULL), 0);
        assert_string_equal(lc_buf_str(&b), cases[i][1]);
        lc_buf_release(&b);
    }
}

static void test_references_are_replaced(void **state)
{
    static const char *const cases[][3] = {
        {"country", "f(country)", "f((X))"},
        {"country", "concat(`country`, \"country\", 'country')", "concat((X), (X), 'country')"},
        {"country", "country(country)", "country((X))"},
        {"country", "t.country + country.a", "t.country + (X).a"},
        {"country", "arrayMap(country -> upper(country), [country])",
         "arrayMap(country -> upper(country), [(X)])"},
        {"country", "arrayMap((x, country) -> x = country, a, b) = country",
         "arrayMap((x, country) -> x = country, a, b) = (X)"},
        {"n.k", "f(n.k[1], n.v, `n.k`)", "f((X)[1], n.v, (X))"},
        {"n", "f(n.k, n)", "f((X).k, (X))"},
        {"country", "Country || country_v1(a) -- country\n",
         "Country || country_v1(a) -- country\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_buf b;

        lc_buf_init(&b, 1000);
        assert_int_equal(lc_expr_replace_column(cases[i][1], cases[i][0], "X", &b), 0);
        assert_string_equal(lc_buf_str(&b), cases[i][2]);
        lc_buf_release(&b);
    }
}

static void test_versions_of_one_function(void **state)
{
    (void)state;
    assert_true(lc_expr_same_family("region_v1", "region_v20"));
    assert_true(lc_expr_same_family("region_v1_tier", "region_v2_tier"));
    assert_false(lc_expr_same_family("region_v1", "region_v2_tier"));
    assert_false(lc_expr_same_family("region_v1_tier", "region_v2_kind"));
    assert_false(lc_expr_same_family("region_tier", "region_tier"));
    assert_false(lc_expr_same_family("a_v1_tier", "b_v2_tier"));
}

static void test_versions_end_a_name(void **state)
{
    static const struct {
        const char *name;
        uint64_t version;
        size_t base_n;
    } cases[] = {{"region_v1", 1, 6}, {"region_v10", 10, 6}, {"region", 0, 6},
                 {"v1", 0, 2},        {"_v1", 0, 3},         {"a_v1_v2", 2, 4},
                 {"a_v", 0, 3},       {"av1", 0, 3},         {"geo_2_v03", 3, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t base_n;

        assert_int_equal(lc_expr_version(cases[i].name, &base_n), cases[i].version);
        assert_int_equal(base_n, cases[i].base_n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_with_their_arguments),
        cmocka_unit_test(test_an_argument_by_its_number),
        cmocka_unit_test(test_what_cannot_be_read_is_an_error),
        cmocka_unit_test(test_a_function_is_renamed_where_it_is_called),
        cmocka_unit_test(test_references_are_replaced),
        cmocka_unit_test(test_versions_end_a_name),
        cmocka_unit_test(test_versions_of_one_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
