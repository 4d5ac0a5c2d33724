/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what is written can be read, odd text and odd numbers too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/secret.h"
#include "base/json.h"
#include "cli/term/message.h"
#include "scratch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_text(struct lc_json *v, const char *want)
{
    char *text = lc_json_text(v);

    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

static void test_objects_and_arrays(void **state)
{
    struct lc_json *o = lc_json_object(), *a = lc_json_array();

    (void)state;
    lc_json_add_int(a, INT64_MIN);
    lc_json_add_double(a, 0.1);
    lc_json_add_str(a, "x");
    lc_json_add_str(a, NULL);
    lc_json_add(a, lc_json_object());
    lc_json_set_str(o, "z", "last first");
    lc_json_set_int(o, "n", 42);
    lc_json_set_bool(o, "yes", true);
    lc_json_set_double(o, "nan", NAN);
    lc_json_set_double(o, "half", 0.5);
    lc_json_set(o, "a", a);
    lc_json_set_str(o, "n", "replaced");
    assert_text(o,
                "{\"z\":\"last first\",\"n\":\"replaced\",\"yes\":true,\"nan\":null,\"half\":0.5,"
                "\"a\":[-9223372036854775808,0.1,\"x\",null,{}]}");
    lc_json_free(o);
    lc_json_free(NULL);
}

static void test_odd_text(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a\"b\\c\n\t\x01", "[\"a\\\"b\\\\c\\n\\t\\u0001\"]"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
         "[\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"]"},
        {"\xff|\xc3|\xc0\xaf|\xed\xa0\x80|\xe2\x82",
         "[\"\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|"
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\"]"},
        {"the password is open sesame", "[\"the password is ***\"]"},
        {"", "[\"\"]"},
    };

    (void)state;
    lc_secret_add("open sesame");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_json *a = lc_json_array();

        lc_json_add_str(a, cases[i].text);
        assert_text(a, cases[i].want);
        lc_json_free(a);
    }
}

static void test_written_and_read(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    struct lc_json *o = lc_json_object(), *back = NULL;
    struct lc_error err = LC_ERROR_INIT;
    FILE *f = fdopen(scratch_file(path), "w");

    (void)state;
    assert_non_null(f);
    lc_json_set_str(o, "name", "x");
    lc_json_set_double(o, "ms", 1.25);
    lc_json_set(o, "list", lc_json_array());
    assert_int_equal(lc_json_pretty(o, f), 0);
    fclose(f);
    lc_json_free(o);
    assert_int_equal(lc_json_load(path, &back, &err), 0);
    assert_int_equal(lc_json_size(back), 3);
    assert_string_equal(lc_json_key(back, 0), "name");
    assert_string_equal(lc_json_key(back, 2), "list");
    assert_null(lc_json_key(back, 3));
    assert_string_equal(lc_json_str(lc_json_get(back, "name"), "-"), "x");
    assert_string_equal(lc_json_str(lc_json_get(back, "ms"), "-"), "-");
    assert_string_equal(lc_json_str(lc_json_get(back, "none"), "-"), "-");
    assert_true(lc_json_num(lc_json_get(back, "ms"), 0) == 1.25);
    assert_true(lc_json_num(lc_json_get(back, "name"), 7) == 7);
    assert_int_equal(lc_json_size(lc_json_get(back, "list")), 0);
    assert_null(lc_json_at(lc_json_get(back, "list"), 0));
    assert_null(lc_json_at(back, 0));
    lc_json_free(back);
    unlink(path);
}

static void test_bad_files(void **state)
{
    static const struct {
        const char *text, *message;
        uint64_t row;
    } cases[] = {
        {"nothing", "invalid token", 0},
        {"{\"a\": 1,\n \"b\"}", "':' expected", 1},
        {"[1] x", "end of file expected", 0},
    };
    char path[SCRATCH_PATH_BYTES];
    int fd = scratch_file(path);
    struct lc_error err = LC_ERROR_INIT;
    struct lc_json *v;

    (void)state;
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].text);

        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, cases[i].text, n, 0), (ssize_t)n);
        err = LC_ERROR_INIT;
        assert_int_equal(lc_json_load(path, &v, &err), LC_ERR_INPUT);
        assert_null(v);
        assert_non_null(strstr(err.msg, path));
        assert_non_null(strstr(err.msg, cases[i].message));
        assert_int_equal(err.row, cases[i].row);
    }
    close(fd);
    unlink(path);
    err = LC_ERROR_INIT;
    assert_int_equal(lc_json_load(path, &v, &err), LC_ERR_IO);
    assert_non_null(strstr(err.msg, "No such file"));
}

/* A device that is always full. */
static void test_a_line_that_cannot_be_written(void **state)
{
    struct lc_json *o = lc_json_object();
    FILE *f = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(f);
    assert_int_equal(lc_json_line(o, f), LC_ERR_IO);
    assert_int_equal(lc_json_line(NULL, f), LC_ERR_NOMEM);
    fclose(f);
    lc_json_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_and_arrays),
        cmocka_unit_test(test_odd_text),
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_a_line_that_cannot_be_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
