/* SPDX-License-Identifier: Apache-2.0 */
/* XML that is written: escapes, what it cannot hold, comments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/xml.h"

#include <string.h>

static void test_document(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_buf out;
    struct lc_xml x;

    (void)state;
    lc_buf_init(&out, 10000);
    lc_xml_init(&x, &out, &err);
    lc_xml_comment(&x, "one --two---\n\nthree-");
    lc_xml_open(&x, "a");
    lc_xml_text(&x, "b", "<x>&amp;]]>'\"\t\n\xc3\xa9\xf0\x9f\x98\x80");
    lc_xml_gap(&x);
    lc_xml_number(&x, "n", UINT64_MAX);
    lc_xml_comment(&x, "<&>\nline");
    lc_xml_close(&x, "a");
    assert_int_equal(x.rc, 0);
    assert_string_equal(lc_buf_str(&out), "<!-- one - -two- - -\n\n     three- -->\n"
                                          "<a>\n"
                                          "    <b>&lt;x&gt;&amp;amp;]]&gt;'\"\t\n\xc3\xa9"
                                          "\xf0\x9f\x98\x80</b>\n"
                                          "\n"
                                          "    <n>18446744073709551615</n>\n"
                                          "    <!-- <&>\n         line -->\n"
                                          "</a>\n");
    lc_buf_release(&out);
}

static void test_what_xml_cannot_hold(void **state)
{
    static const char *const texts[] = {
        "\x01",         "a\rb",         "\x1f",         "\x80",     "\xc3",
        "\xed\xa0\x80", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xc0\x80", "\xf5\x80\x80\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_buf out;
        struct lc_xml x;

        lc_buf_init(&out, 10000);
        lc_xml_init(&x, &out, &err);
        if (i % 2)
            lc_xml_text(&x, "b", texts[i]);
        else
            lc_xml_comment(&x, texts[i]);
        lc_xml_text(&x, "c", "later");
        assert_int_equal(x.rc, LC_ERR_INPUT);
        assert_int_equal(err.code, LC_ERR_INPUT);
        assert_non_null(strstr(err.msg, "contains control bytes or invalid UTF-8"));
        assert_null(strstr(lc_buf_str(&out), "later"));
        lc_buf_release(&out);
    }
}

static void test_no_memory(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_buf out;
    struct lc_xml x;

    (void)state;
    lc_buf_init(&out, 8);
    lc_xml_init(&x, &out, &err);
    lc_xml_text(&x, "name", "a text that does not fit");
    assert_int_equal(x.rc, LC_ERR_NOMEM);
    lc_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_what_xml_cannot_hold),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
