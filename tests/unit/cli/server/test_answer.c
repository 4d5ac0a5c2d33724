/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in TabSeparatedWithNamesAndTypes: every byte back, and every damage with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/answer.h"

#include <stdlib.h>
#include <string.h>

static void assert_cell(const struct lc_cell *c, const char *bytes, size_t n)
{
    assert_false(c->is_null);
    assert_int_equal(c->n, n);
    assert_memory_equal(c->p, bytes, n);
    assert_int_equal(c->p[n], '\0');
}

static void test_cells_of_every_kind(void **state)
{
    static const char text[] = "a\tb\\tc\nString\tNullable(String)\n"
                               "\\N\t\\\\N\n"
                               "x\\0y\t\\a\\b\\e\\f\\n\\r\\t\\v\\'\\\"\\`\\/\\\\\n"
                               "\t\\x41\\xfF\\xg1\n"
                               "\\q\t\\Nx\n";
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};

    (void)state;
    assert_int_equal(lc_answer_parse(&t, text, sizeof text - 1, &err), 0);
    assert_int_equal(t.rows, 4);
    assert_int_equal(t.cols, 2);
    assert_cell(&t.names[1], "b\tc", 3);
    assert_cell(&t.types[1], "Nullable(String)", 16);
    assert_true(lc_answer_at(&t, 0, 0)->is_null);
    assert_int_equal(lc_answer_at(&t, 0, 0)->n, 0);
    assert_cell(lc_answer_at(&t, 0, 1), "\\N", 2);
    assert_cell(lc_answer_at(&t, 1, 0), "x\0y", 3);
    assert_cell(lc_answer_at(&t, 1, 1), "\a\b\x1b\f\n\r\t\v'\"`/\\", 13);
    assert_cell(lc_answer_at(&t, 2, 0), "", 0);
    assert_cell(lc_answer_at(&t, 2, 1), "A\xff\\xg1", 6);
    assert_cell(lc_answer_at(&t, 3, 0), "\\q", 2);
    assert_cell(lc_answer_at(&t, 3, 1), "\\Nx", 3);
    assert_int_equal(lc_answer_col(&t, "a"), 0);
    assert_int_equal(lc_answer_col(&t, "b\tc"), 1);
    assert_int_equal(lc_answer_col(&t, "b"), -1);
    lc_answer_release(&t);
    assert_null(t.cells);
}

static void test_every_byte_there_and_back(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};
    struct lc_buf b;
    uint8_t want[256];

    (void)state;
    lc_buf_init(&b, 4096);
    lc_buf_adds(&b, "s\nString\n");
    for (unsigned c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;

        want[c] = byte;
        if (c == '\t')
            lc_buf_adds(&b, "\\t");
        else if (c == '\n')
            lc_buf_adds(&b, "\\n");
        else if (c == '\\')
            lc_buf_adds(&b, "\\\\");
        else
            lc_buf_add(&b, &byte, 1);
    }
    lc_buf_adds(&b, "\n");
    assert_int_equal(lc_answer_parse(&t, (const char *)b.p, b.n, &err), 0);
    assert_cell(lc_answer_at(&t, 0, 0), (const char *)want, sizeof want);
    lc_answer_release(&t);
    lc_buf_release(&b);
}

static void test_empty_answers(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};

    (void)state;
    assert_int_equal(lc_answer_parse(&t, "", 0, &err), 0);
    assert_int_equal(t.rows, 0);
    assert_int_equal(t.cols, 0);
    assert_int_equal(lc_answer_col(&t, "a"), -1);
    assert_int_equal(lc_answer_parse(&t, "a\nString\n", 9, &err), 0);
    assert_int_equal(t.rows, 0);
    assert_int_equal(t.cols, 1);
    lc_answer_release(&t);
    assert_int_equal(lc_answer_parse(&t, "a\nString\n\n\n", 11, &err), 0);
    assert_int_equal(t.rows, 2);
    assert_cell(lc_answer_at(&t, 1, 0), "", 0);
    lc_answer_release(&t);
}

static void test_damaged_answers(void **state)
{
    static const struct {
        const char *text;
        uint64_t byte, row;
        const char *message;
    } cases[] = {
        {"a", 1, 0, "the answer has no names and types"},
        {"a\n", 2, 1, "the answer has no names and types"},
        {"a\nString", 8, 1, "the answer has no names and types"},
        {"a\tb\nString\n", 11, 1, "a row of the answer has 1 cells, not 2"},
        {"a\nString\nx\ty\n", 11, 2, "a row of the answer has more than 1 cells"},
        {"a\tb\nS\tS\nx\ty\nx\n", 14, 3, "a row of the answer has 1 cells, not 2"},
        {"a\nString\nx", 9, 2, "the answer ends inside a row"},
        {"a\nString\nx\\", 9, 2, "the answer ends inside a row"},
        {"a\nString\nCode: 1. DB::Exception: x\ty", 9, 2, "the answer ends inside a row"},
        {"a\nString\nx\\\n", 12, 2, "the answer ends inside a row"},
        {"a\nString\nx\\\n\\", 12, 2, "the answer ends inside an escape"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_answer t = {0};

        assert_int_equal(lc_answer_parse(&t, cases[i].text, strlen(cases[i].text), &err),
                         LC_ERR_INPUT);
        assert_string_equal(err.msg, cases[i].message);
        assert_int_equal(err.row, cases[i].row);
        assert_int_equal(err.byte, cases[i].byte);
        assert_null(t.cells);
        assert_null(t.text);
    }
}

/* A cut answer is either refused or, cut behind a newline, a shorter one.
 * Never more than was sent. */
static void test_cut_at_every_byte(void **state)
{
    static const char text[] = "a\tb\nUInt8\tString\n1\tx\\ty\n2\t\\N\n";

    (void)state;
    for (size_t n = 1; n < sizeof text; n++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_answer t = {0};
        char *exact = malloc(n); /* so that a sanitizer sees a step too far */

        assert_non_null(exact);
        memcpy(exact, text, n);
        if (lc_answer_parse(&t, exact, n, &err) == 0) {
            assert_int_equal(text[n - 1], '\n');
            assert_true(t.rows <= 2);
            lc_answer_release(&t);
        } else {
            assert_int_equal(err.code, LC_ERR_INPUT);
        }
        free(exact);
    }
}

/* Whatever row and column are asked for, nothing outside of the table is read. */
static void test_cells_out_of_range(void **state)
{
    static const size_t far[] = {1, 2, 3, 1000, SIZE_MAX / 2, SIZE_MAX};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};

    (void)state;
    assert_true(lc_answer_at(&t, 0, 0)->is_null); /* a table of nothing */
    assert_int_equal(lc_answer_parse(&t, "a\nUInt8\n7\n", 10, &err), 0);
    assert_int_equal(lc_answer_u64(&t, 0, 0, 9), 7);
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        const struct lc_cell *row = lc_answer_at(&t, far[i], 0), *col = lc_answer_at(&t, 0, far[i]);

        assert_true(row->is_null && row->n == 0 && *row->p == '\0');
        assert_true(col->is_null && col->n == 0 && *col->p == '\0');
        assert_int_equal(lc_answer_u64(&t, far[i], far[i], 9), 9);
        assert_true(lc_answer_f64(&t, 0, far[i], 9) == 9.0);
    }
    lc_answer_release(&t);
}

/* What nobody asked for is refused before memory is taken for its cells. */
static void test_too_many_cells(void **state)
{
    static const char bombs[] = {'\t', '\n'};
    size_t n = LC_ANSWER_MAX_CELLS + 1;
    char *text = malloc(n);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof bombs; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_answer t = {0};

        memset(text, bombs[i], n);
        text[n - 1] = text[n - 2] = '\n';
        assert_int_equal(lc_answer_parse(&t, text, n, &err), LC_ERR_INPUT);
        assert_string_equal(err.msg, "the answer has more than 16777216 cells");
        assert_null(t.cells);
    }
    free(text);
}

static void test_numbers(void **state)
{
    static const char text[] =
        "n\nString\n42\n18446744073709551615\n18446744073709551616\n-1\n1.5\n\\N\n\n 7\n7x\nnan\n";
    static const uint64_t want_u64[] = {42, UINT64_MAX, 9, 9, 9, 9, 9, 9, 9, 9};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};

    (void)state;
    assert_int_equal(lc_answer_parse(&t, text, sizeof text - 1, &err), 0);
    assert_int_equal(t.rows, sizeof want_u64 / sizeof want_u64[0]);
    for (size_t i = 0; i < t.rows; i++)
        assert_true(lc_answer_u64(&t, i, 0, 9) == want_u64[i]);
    assert_true(lc_answer_f64(&t, 3, 0, 9) == -1.0);
    assert_true(lc_answer_f64(&t, 4, 0, 9) == 1.5);
    assert_true(lc_answer_f64(&t, 5, 0, 9) == 9.0);
    assert_true(lc_answer_f64(&t, 8, 0, 9) == 9.0);
    lc_answer_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_of_every_kind),
        cmocka_unit_test(test_every_byte_there_and_back),
        cmocka_unit_test(test_empty_answers),
        cmocka_unit_test(test_damaged_answers),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_cells_out_of_range),
        cmocka_unit_test(test_too_many_cells),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
