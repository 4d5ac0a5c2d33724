/* SPDX-License-Identifier: Apache-2.0 */
/* SQL text made safely: no value leaves its quotes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/quote.h"

#include <string.h>

static const char *const hostile[] = {
    "plain", "",  "it's", "back`tick", "a\\",    "\\'; DROP TABLE t; --", "`; DROP", "line\nbreak",
    "\\`",   "'", "`",    "\\",        "{id:x}", "caf\xc3\xa9",
};

/* What the quoted text stands for, by the server's rules: a backslash takes
 * the next byte as it is. */
static void unquote(const char *quoted, char quote, char *out)
{
    size_t n = strlen(quoted);

    assert_true(n >= 2);
    assert_int_equal(quoted[0], quote);
    assert_int_equal(quoted[n - 1], quote);
    for (size_t i = 1; i < n - 1; i++) {
        if (quoted[i] == '\\')
            i++;
        else
            assert_int_not_equal(quoted[i], quote);
        assert_true(i < n - 1);
        *out++ = quoted[i];
    }
    *out = '\0';
}

static void test_quoting_of_hostile_text(void **state)
{
    char back[256];

    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct lc_buf b;

        lc_buf_init(&b, 1024);
        assert_int_equal(lc_sql_add_id(&b, hostile[i]), 0);
        unquote(lc_buf_str(&b), '`', back);
        assert_string_equal(back, hostile[i]);
        lc_buf_reset(&b);
        assert_int_equal(lc_sql_add_str(&b, hostile[i]), 0);
        unquote(lc_buf_str(&b), '\'', back);
        assert_string_equal(back, hostile[i]);
        lc_buf_release(&b);
    }
}

/* The argument lists of the statements below. */
static const char *const both[] = {"t", "v", NULL}, *const one[] = {"t", NULL};

static void test_format_of_both_placeholders(void **state)
{
    const struct lc_sql_arg args[] = {{"t", "a`b"}, {"v", "it's {id:t}"}, {0}};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_buf b;

    (void)state;
    lc_buf_init(&b, 1024);
    assert_int_equal(
        lc_sql_format(&b,
                      &(struct lc_sql){"x", "SELECT {str:v} FROM {id:t} WHERE {id:t} = {str:v}",
                                       both, NULL, 0, LC_SQL_ROWS_NONE, false},
                      args, &err),
        0);
    assert_string_equal(lc_buf_str(&b), "SELECT 'it\\'s {id:t}' FROM `a\\`b` WHERE `a\\`b` = "
                                        "'it\\'s {id:t}'");
    lc_buf_release(&b);
}

static void test_format_of_numbers(void **state)
{
    static const struct {
        const char *value;
        int rc;
    } cases[] = {{"0", 0},
                 {"-12", 0},
                 {"18446744073709551615", 0},
                 {"", LC_ERR_USAGE},
                 {"-", LC_ERR_USAGE},
                 {"1)", LC_ERR_USAGE},
                 {"--1", LC_ERR_USAGE},
                 {"1 2", LC_ERR_USAGE},
                 {"0x1", LC_ERR_USAGE},
                 {"1.5", LC_ERR_USAGE}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct lc_sql_arg args[] = {{"t", cases[i].value}, {0}};
        struct lc_error err = LC_ERROR_INIT;
        struct lc_buf b;

        lc_buf_init(&b, 1024);
        assert_int_equal(
            lc_sql_format(&b,
                          &(struct lc_sql){"x", "({num:t})", one, NULL, 0, LC_SQL_ROWS_NONE, false},
                          args, &err),
            cases[i].rc);
        if (cases[i].rc == 0)
            assert_memory_equal(lc_buf_str(&b) + 1, cases[i].value, strlen(cases[i].value));
        else
            assert_non_null(strstr(err.msg, "placeholder {num:t} takes an integer"));
        lc_buf_release(&b);
    }
}

static void test_format_of_bad_templates(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{id:nobody}", "placeholder {id:nobody} has no value"},
        {"{int:t}", "placeholder {int:t} is none of {id:x}, {str:x} and {num:x}"},
        {"{}", "placeholder {} is none of {id:x}, {str:x} and {num:x}"},
        {"SELECT {id:t", "a placeholder is not closed: {id:t"},
    };
    const struct lc_sql_arg args[] = {{"t", "x"}, {0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_buf b;

        lc_buf_init(&b, 1024);
        assert_int_equal(lc_sql_format(&b,
                                       &(struct lc_sql){"x", cases[i].text, one, NULL, 0,
                                                        LC_SQL_ROWS_NONE, false},
                                       args, &err),
                         LC_ERR_USAGE);
        assert_int_equal(err.code, LC_ERR_USAGE);
        assert_string_equal(err.msg, cases[i].message);
        lc_buf_release(&b);
    }
}

static void test_format_of_other_arguments(void **state)
{
    static const struct lc_sql sql = {"find", "{id:t}.{str:v}", both, NULL,
                                      0,      LC_SQL_ROWS_NONE, false};
    static const struct {
        struct lc_sql_arg args[4];
        const char *message;
    } cases[] = {
        {{{0}}, "statement find lacks its argument t"},
        {{{"t", "x"}, {0}}, "statement find lacks its argument v"},
        {{{"v", "x"}, {"t", NULL}, {0}}, "statement find lacks its argument t"},
        {{{"t", "x"}, {"v", "y"}, {"u", "z"}, {0}}, "statement find takes no argument u"},
        {{{"t", "x"}, {"v", "y"}, {"", "z"}, {0}}, "statement find takes no argument "},
        {{{"t", "x"}, {"v", "y"}, {"ta", "z"}, {0}}, "statement find takes no argument ta"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_buf b;

        lc_buf_init(&b, 1024);
        assert_int_equal(lc_sql_format(&b, &sql, cases[i].args, &err), LC_ERR_USAGE);
        assert_string_equal(err.msg, cases[i].message);
        assert_int_equal(b.n, 0);
        lc_buf_release(&b);
    }
}

static void test_format_past_the_maximum(void **state)
{
    const struct lc_sql_arg args[] = {{"t", "0123456789"}, {0}};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_buf b;

    (void)state;
    for (size_t max = 0; max < 20; max++) {
        lc_buf_init(&b, max);
        err = LC_ERROR_INIT;
        assert_int_equal(lc_sql_format(&b,
                                       &(struct lc_sql){"x", "DROP {id:t} x", one, NULL, 0,
                                                        LC_SQL_ROWS_NONE, false},
                                       args, &err),
                         max < 19 ? LC_ERR_NOMEM : 0);
        lc_buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quoting_of_hostile_text),
        cmocka_unit_test(test_format_of_both_placeholders),
        cmocka_unit_test(test_format_of_numbers),
        cmocka_unit_test(test_format_of_bad_templates),
        cmocka_unit_test(test_format_of_other_arguments),
        cmocka_unit_test(test_format_past_the_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
