/* SPDX-License-Identifier: Apache-2.0 */
/* What servers write when something fails, old ones and new ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/server_error.h"

#include <string.h>

static void test_texts_of_old_and_new_servers(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } cases[] = {
        {"Code: 60. DB::Exception: Unknown table x. (UNKNOWN_TABLE) (version 26.7.2.1 (official "
         "build))\n",
         60, "Code: 60. DB::Exception: Unknown table x. (UNKNOWN_TABLE)"},
        {"Code: 60, e.displayText() = DB::Exception: Table default.x doesn't exist., e.what() = "
         "DB::Exception\n",
         60, "Code: 60, e.displayText() = DB::Exception: Table default.x doesn't exist."},
        {"Code: 1000, e.displayText() = Timeout: , e.what() = DB::NetException", 1000,
         "Code: 1000, e.displayText() = Timeout:"},
        {"Code: 33. DB::Exception: Cannot read: (at row 1)\n: While executing X. (Y) (version 1)",
         33, "Code: 33. DB::Exception: Cannot read: (at row 1) : While executing X. (Y)"},
        {"Code: 75. DB::Exception: Cannot write into pipe: , errno: 32. (A) (version 26.7.2.1)", 75,
         "Code: 75. DB::Exception: Cannot write into pipe: , errno: 32. (A); the function's "
         "program ended before it had read its rows, and its own message is lost: run it by hand"},
        {"something else", 0, "something else"},
        {"Code: x", 0, "Code: x"},
        {"Code: 39", 0, "Code: 39"},
        {"Code: 39 bottles", 0, "Code: 39 bottles"},
        {"", 0, "the server gave an error and no text"},
        {"\n\n", 0, "the server gave an error and no text"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;

        assert_int_equal(lc_server_error(&err, cases[i].text, strlen(cases[i].text)),
                         LC_ERR_SERVER);
        assert_int_equal(err.code, LC_ERR_SERVER);
        assert_int_equal(err.server_code, cases[i].code);
        assert_string_equal(err.msg, cases[i].message);
    }
}

static void test_long_list_of_expectations_is_cut(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    char text[4096] = "Code: 62. DB::Exception: Syntax error: failed at position 1 (SELEC): SELEC "
                      "1. Expected one of: ";
    char again[1024];

    (void)state;
    for (int i = 0; i < 200; i++)
        strcat(text, "some token, ");
    strcat(text, "EXECUTE AS. (SYNTAX_ERROR) (version 26.7.2.1)");
    lc_server_error(&err, text, strlen(text));
    assert_true(strlen(err.msg) < 300);
    assert_non_null(strstr(err.msg, "... (SYNTAX_ERROR)"));
    /* what was cut once is not cut further */
    memcpy(again, err.msg, sizeof again);
    err = LC_ERROR_INIT;
    lc_server_error(&err, again, strlen(again));
    assert_string_equal(err.msg, again);
}

static void test_first_failure_stays(void **state)
{
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    lc_server_error(&err, "Code: 60. a", 11);
    lc_server_error(&err, "Code: 61. b", 11);
    assert_int_equal(err.server_code, 60);
    assert_string_equal(err.msg, "Code: 60. a");
    assert_int_equal(lc_server_error(NULL, "Code: 61. b", 11), LC_ERR_SERVER);
}

/* What a server from 25.11 on writes behind its rows when it fails; the tag is abcd. */
#define TAGGED(text, bytes) "\r\n__exception__\r\nabcd\r\n" text bytes " abcd\r\n__exception__\r\n"

static void test_exception_at_the_end(void **state)
{
    static const struct {
        const char *text, *tag, *found; /* found NULL: the answer is whole */
        bool only_marked;
    } cases[] = {
        {"", NULL, NULL, false},
        {"a\nString\nx\n", NULL, NULL, false},
        {"Code: 395. DB::Exception: x (Y)\n", NULL, "Code: 395. DB::Exception: x (Y)", false},
        {"a\nUInt8\n1\nCode: 395. DB::Exception: x (Y)\n", NULL, "Code: 395. DB::Exception: x (Y)",
         false},
        {"a\nUInt8\n1\nCode: 395, e.displayText() = DB::Exception: x, e.what() = DB::Exception",
         NULL, "Code: 395, e.displayText() = DB::Exception: x, e.what() = DB::Exception", false},
        {"1\nCode: 33. DB::Exception: x (at row 1)\n: While y. (Z)\n", NULL,
         "Code: 33. DB::Exception: x (at row 1)\n: While y. (Z)", false},
        {"1\nCode: 395\n", NULL, NULL, false},
        {"1\nthe Code: 395. DB::Exception: x\n", NULL, NULL, false},
        /* a row that reads as one: at its word, where asked to */
        {"a\nString\nCode: 395. DB::Exception: x (Y)\n", NULL, NULL, true},
        {"a\nString\n__exception__\nCode: 395. DB::Exception: x (Y)\n", NULL, NULL, true},
        {"a\nString\n__exception__\\r\\nCode: 395. DB::Exception: x (Y)\n", NULL, NULL, true},
        /* the mark without a tag */
        {"1\n__exception__\r\nCode: 395. DB::Exception: x\n", NULL, "Code: 395. DB::Exception: x",
         true},
        {"1\n__exception__\r\nCode: 33. DB::Exception: x\n: While y. (Z)\n", "",
         "Code: 33. DB::Exception: x\n: While y. (Z)", true},
        {"1\n__exception__\r\nCode: 33. DB::Exception: x\nCode: 1. DB::Exception: y\n", "",
         "Code: 33. DB::Exception: x\nCode: 1. DB::Exception: y", true},
        {"1\n__exception__\r\nCode: 39", NULL, NULL, true},
        /* with one */
        {"1\n" TAGGED("Code: 1. DB::Exception: x\n", "26"), "abcd", "Code: 1. DB::Exception: x\n",
         true},
        {TAGGED("Code: 1. DB::Exception: x\n", "26"), "abcd", "Code: 1. DB::Exception: x\n", true},
        {"1\n" TAGGED("Code: 1. DB::Exception: abcd\n: y\n", "33"), "abcd",
         "Code: 1. DB::Exception: abcd\n: y\n", true},
        {"1\n" TAGGED("Code: 1. DB::Exception: 2 abcd\r\n__exception__\r\n\n", "48"), "abcd",
         "Code: 1. DB::Exception: 2 abcd\r\n__exception__\r\n\n", true},
        {"1\n\r\n__exception__\r\nabcd\r\nCode: 1. DB::Exception: x", "abcd",
         "Code: 1. DB::Exception: x", true},
        {"1\n" TAGGED("Code: 1. DB::Exception: x\n", "26"), "efgh", NULL, false},
        {"1\n__exception__\r\nCode: 1. DB::Exception: x\n", "abcd", NULL, false},
        {"Code: 1. DB::Exception: data, not an error\n", "abcd", NULL, false},
        {"a\nString\n\\r\\n__exception__\\r\\nabcd\\r\\nCode: 1. DB::Exception: x\n", "abcd", NULL,
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_slice found = {0};
        bool at_end = lc_server_error_at_end(cases[i].text, strlen(cases[i].text), cases[i].tag,
                                             !cases[i].only_marked, &found);

        assert_int_equal(at_end, cases[i].found != NULL);
        if (cases[i].found) {
            assert_int_equal(found.n, strlen(cases[i].found));
            assert_memory_equal(found.p, cases[i].found, found.n);
        }
    }
}

/* Cut at every byte: no other code than its own comes out, and where it begins is seen. */
static void test_exception_that_is_cut(void **state)
{
    static const char rows[] = "1\nUInt8\n1\n";
    static const char text[] = "1\nUInt8\n1\n" TAGGED("Code: 395. DB::Exception: x\n", "28");
    const size_t rows_n = sizeof rows - 1, open_n = strlen("\r\n__exception__\r\nabcd\r\n");
    const size_t code_n = rows_n + open_n + strlen("Code: 395.");

    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        struct lc_slice found = {0};
        bool has = lc_server_error_at_end(text, n, "abcd", false, &found);
        int code = has ? lc_server_error_code((const char *)found.p, found.n) : 0;

        assert_int_equal(has, n >= rows_n + open_n);
        assert_int_equal(code, n >= code_n ? 395 : 0);
        if (has)
            continue;
        assert_int_equal(lc_server_error_begins_at_end(text, n, "abcd", true), n > rows_n + 1);
        assert_int_equal(lc_server_error_begins_at_end(text, n, "abcd", false), n > rows_n + 2);
        assert_int_equal(lc_server_error_begins_at_end(text, n, "efgh", true),
                         n > rows_n + 1 && n <= rows_n + open_n - strlen("abcd\r\n"));
        assert_false(lc_server_error_begins_at_end(text, n, NULL, true));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_of_old_and_new_servers),
        cmocka_unit_test(test_long_list_of_expectations_is_cut),
        cmocka_unit_test(test_first_failure_stays),
        cmocka_unit_test(test_exception_at_the_end),
        cmocka_unit_test(test_exception_that_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
