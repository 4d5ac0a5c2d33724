/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown that is written: text that could be markup, blocks of code with fences in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/markdown.h"
#include "base/secret.h"

#include <string.h>

static void expect_text(const char *given, size_t n, const char *wanted)
{
    struct lc_buf out;

    lc_buf_init(&out, 10000);
    assert_int_equal(lc_markdown_text(&out, given, n), 0);
    assert_string_equal(lc_buf_str(&out), wanted);
    lc_buf_release(&out);
}

static void expect_code(const char *given, size_t n, const char *wanted)
{
    struct lc_buf out;

    lc_buf_init(&out, 10000);
    assert_int_equal(lc_markdown_code(&out, "sql", given, n), 0);
    assert_string_equal(lc_buf_str(&out), wanted);
    lc_buf_release(&out);
}

static void test_text_that_could_be_markup(void **state)
{
    static const char *const cases[][2] = {
        {"region_v1(user_id) answers: 1000 rows", "region_v1(user_id) answers: 1000 rows"},
        {"_a_ _ b_", "&#95;a&#95; &#95; b&#95;"},
        {"a|b`c`*d*[e](f)<i>&amp;\\~~g~~",
         "a&#124;b&#96;c&#96;&#42;d&#42;&#91;e&#93;(f)&#60;i&#62;&#38;amp;&#92;&#126;&#126;g&#126;"
         "&#126;"},
        {"@you #12 $x$", "@<!-- -->you #<!-- -->12 $<!-- -->x$<!-- -->"},
        {"a:x:b, a: b, t.sql:3: c, ::", "a:<!-- -->x:b, a: b, t.sql:<!-- -->3: c, ::"},
        {"a\nb\tc\r", "a b c "},
        {"\xc3\xa9 \xe2\x80\xae \x1b[m \xff", "\xc3\xa9 &#92;xE2&#92;x80&#92;xAE &#92;x1B&#91;m "
                                              "&#92;xFF"},
        {"pass example-secret!", "pass &#42;&#42;&#42;!"},
    };

    (void)state;
    lc_secret_add("example-secret");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_text(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    expect_text("a\0b", 3, "a&#92;x00b");
    expect_text("", 0, "");
}

static void test_code_with_fences_in_it(void **state)
{
    (void)state;
    expect_code("SELECT a", 8, "```sql\nSELECT a\n```\n");
    expect_code("a\r\n\tb\n", 6, "```sql\na\n\tb\n```\n");
    expect_code("SELECT `a``b`", 13, "```sql\nSELECT `a``b`\n```\n");
    expect_code("'```\n````'", 10, "`````sql\n'```\n````'\n`````\n");
    expect_code("a\rb\x1b", 4, "```sql\na\\x0Db\\x1B\n```\n");
    expect_code("IDENTIFIED BY 'example-secret'", 30, "```sql\nIDENTIFIED BY '***'\n```\n");
    expect_code("", 0, "```sql\n```\n");
}

static void test_no_memory(void **state)
{
    struct lc_buf out;

    (void)state;
    lc_buf_init(&out, 8);
    assert_int_equal(lc_markdown_text(&out, "a|||", 4), LC_ERR_NOMEM);
    lc_buf_release(&out);
    lc_buf_init(&out, 8);
    assert_int_equal(lc_markdown_code(&out, "sql", "abc", 3), LC_ERR_NOMEM);
    lc_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_that_could_be_markup),
        cmocka_unit_test(test_code_with_fences_in_it),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
