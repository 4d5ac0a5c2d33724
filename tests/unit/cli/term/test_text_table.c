/* SPDX-License-Identifier: Apache-2.0 */
/* Tables in their three forms, and numbers as people read them. */
#include "base/format.h"
#include "cli/term/text_table.h"
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

static void fill(struct lc_text_table *r)
{
    lc_text_table_init(r, "phase|n|p99 ms");
    lc_text_table_cell(r, "before");
    lc_text_table_cell(r, "%d", 500);
    lc_text_table_number(r, 1.9);
    lc_text_table_cell(r, "région, \"x|y\"");
    lc_text_table_cell(r, "7");
    lc_text_table_number(r, 123.4);
}

static void expect(enum lc_text_table_form form, const char *want)
{
    struct lc_text_table r;
    struct lc_buf b;
    fill(&r);
    lc_buf_init(&b, 1 << 20);
    assert_int_equal(lc_text_table_write(&r, form, &b), 0);
    assert_string_equal(lc_buf_str(&b), want);
    lc_buf_release(&b);
    lc_text_table_release(&r);
}

static void test_text_is_aligned(void **state)
{
    (void)state;
    expect(LC_TEXT_TABLE_TEXT, "phase            n  p99 ms\n"
                               "before         500    1.90\n"
                               "région, \"x|y\"    7     123\n");
}

static void test_markdown_escapes_bars(void **state)
{
    (void)state;
    expect(LC_TEXT_TABLE_MARKDOWN, "| phase | n | p99 ms |\n"
                                   "| --- | ---: | ---: |\n"
                                   "| before | 500 | 1.90 |\n"
                                   "| région, \"x\\|y\" | 7 | 123 |\n");
}

static void test_csv_quotes(void **state)
{
    (void)state;
    expect(LC_TEXT_TABLE_CSV, "phase,n,p99 ms\nbefore,500,1.90\n\"région, \"\"x|y\"\"\",7,123\n");
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *number, *count, *ms, *bytes;
    } cases[] = {
        {0, "0", "0", "0 ms", "0 B"},
        {0.001234, "0.00123", "0.0", "0.00123 ms", "0 B"},
        {0.8449, "0.84", "0.8", "0.84 ms", "1 B"},
        {12.34, "12.3", "12.3", "12.3 ms", "12 B"},
        {99.97, "100", "100.0", "100 ms", "100 B"},
        {950, "950", "950", "950 ms", "950 B"},
        {12345, "12345", "12.3 k", "12.3 s", "12.1 KiB"},
        {125000, "125000", "125 k", "2 m 05 s", "122 KiB"},
        {5e6, "5000000", "5.0 M", "83 m 20 s", "4.8 MiB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        assert_string_equal(lc_format_number(cases[i].v, out, sizeof out), cases[i].number);
        assert_string_equal(lc_format_count(cases[i].v, out, sizeof out), cases[i].count);
        assert_string_equal(lc_format_ms(cases[i].v, out, sizeof out), cases[i].ms);
        assert_string_equal(lc_format_bytes(cases[i].v, out, sizeof out), cases[i].bytes);
    }
}

static void test_integers(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(lc_format_integer(0, out, sizeof out), "0");
    assert_string_equal(lc_format_integer(999, out, sizeof out), "999");
    assert_string_equal(lc_format_integer(1000, out, sizeof out), "1,000");
    assert_string_equal(lc_format_integer(5000005, out, sizeof out), "5,000,005");
    assert_string_equal(lc_format_integer(UINT64_MAX, out, sizeof out),
                        "18,446,744,073,709,551,615");
}

static void test_save_replaces_and_complains(void **state)
{
    (void)state;
    char dir[SCRATCH_PATH_BYTES];
    assert_non_null(scratch_folder(dir));
    char path[SCRATCH_PATH_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/out.json", dir);
    struct lc_error err = LC_ERROR_INIT;
    assert_int_equal(lc_text_table_save(path, "first, longer", 13, &err), 0);
    assert_int_equal(lc_text_table_save(path, "second", 6, &err), 0);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char got[32] = "";
    assert_int_equal(fread(got, 1, sizeof got - 1, f), 6);
    assert_string_equal(got, "second");
    (void)fclose(f);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* no draft is left */
    assert_int_equal(lc_text_table_save(path, "x", 1, &err), LC_ERR_IO);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.msg, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_aligned), cmocka_unit_test(test_markdown_escapes_bars),
        cmocka_unit_test(test_csv_quotes),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_integers),        cmocka_unit_test(test_save_replaces_and_complains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
