/* SPDX-License-Identifier: Apache-2.0 */
/* Answers against what a statement promises: each way of not keeping it, with its message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "cli/server/answer_check.h"

#include <stdio.h>
#include <string.h>

static const char *const no_args[] = {NULL};
static const struct lc_sql_column name_and_n[] = {
    {"name", LC_SQL_TEXT}, {"n", LC_SQL_UINT}, {NULL, LC_SQL_TEXT}};

/* "" where it is kept, else the message. */
static const char *check(const char *text, const struct lc_sql *sql, uint64_t rows_said)
{
    static struct lc_error err;
    struct lc_answer t = {0};
    int rc;

    err = LC_ERROR_INIT;
    assert_int_equal(lc_answer_parse(&t, text, strlen(text), &err), 0);
    t.rows_said = rows_said;
    rc = lc_answer_check(&t, sql, &err);
    lc_answer_release(&t);
    assert_int_equal(rc, rc ? LC_ERR_INPUT : 0);
    assert_int_equal(err.code, rc);
    return err.msg;
}

static void test_columns(void **state)
{
    static const struct lc_sql sql = {"find", "", no_args, name_and_n, 2, LC_SQL_ROWS_ANY, false};
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"name\tn\nString\tUInt64\n", ""},
        {"name\tn\nString\tUInt64\nx\t1\ny\t18446744073709551615\n", ""},
        {"name\tn\nLowCardinality(Nullable(String))\tNullable(UInt8)\n\\N\t\\N\n", ""},
        {"name\tn\nEnum8('a' = 1)\tInt64\na\t7\n", ""},
        {"name\nString\nx\n", "find has 1 columns, not 2"},
        {"name\tn\tm\nString\tUInt8\tUInt8\n", "find has 3 columns, not 2"},
        {"n\tname\nUInt8\tString\n", "column 1 of find is \"n\", not \"name\""},
        {"name\tm\nString\tUInt8\n", "column 2 of find is \"m\", not \"n\""},
        {"name\tn\\0\nString\tUInt8\n", "column 2 of find is \"n\\x00\", not \"n\""},
        {"name\tn\nUInt8\tUInt8\n", "column name of find is of the type \"UInt8\""},
        {"name\tn\nArray(String)\tUInt8\n", "column name of find is of the type \"Array(String)\""},
        {"name\tn\nString\tString\n", "column n of find is of the type \"String\""},
        {"name\tn\nString\tFloat64\n", "column n of find is of the type \"Float64\""},
        {"name\tn\nString\tUInt\n", "column n of find is of the type \"UInt\""},
        {"name\tn\nString\tUInt8\nx\t1\ny\t-1\n", "column n of find holds no number: \"-1\""},
        {"name\tn\nString\tUInt8\nx\t\n", "column n of find holds no number: \"\""},
        {"name\tn\nString\tUInt8\nx\t 1\n", "column n of find holds no number: \" 1\""},
        {"name\tn\nString\tUInt8\nx\t+1\n", "column n of find holds no number: \"+1\""},
        {"name\tn\nString\tUInt8\nx\t1x\n", "column n of find holds no number: \"1x\""},
        {"name\tn\nString\tUInt8\nx\t1\\0\n", "column n of find holds no number: \"1\\x00\""},
        {"name\tn\nString\tUInt8\nx\t18446744073709551616\n",
         "column n of find holds no number: \"18446744073709551616\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(check(cases[i].text, &sql, 0), cases[i].message);
}

static void test_keys(void **state)
{
    static const struct lc_sql_column of_key[] = {{"name", LC_SQL_KEY}};
    static const struct lc_sql keys = {"k", "", no_args, of_key, 1, LC_SQL_ROWS_ANY, false};

    (void)state;
    assert_string_equal(check("name\nString\n", &keys, 0), "");
    assert_string_equal(check("name\nString\nb\na\n\nab\na\\0\na\\0b\n", &keys, 0), "");
    assert_string_equal(check("name\nString\nb\na\nb\n", &keys, 0), "k has two rows of \"b\"");
    assert_string_equal(check("name\nString\na\\0\nb\na\\0\n", &keys, 0),
                        "k has two rows of \"a\\x00\"");
    assert_string_equal(check("name\nUInt8\n1\n", &keys, 0),
                        "column name of k is of the type \"UInt8\"");
}

static void test_other_numbers(void **state)
{
    static const struct lc_sql_column of_int[] = {{"n", LC_SQL_INT}};
    static const struct lc_sql_column of_number[] = {{"n", LC_SQL_NUMBER}};
    static const struct lc_sql integer = {"i", "", no_args, of_int, 1, LC_SQL_ROWS_ANY, false};
    static const struct lc_sql number = {"f", "", no_args, of_number, 1, LC_SQL_ROWS_ANY, false};

    (void)state;
    assert_string_equal(check("n\nInt64\n-9223372036854775808\n7\n\\N\n", &integer, 0), "");
    assert_string_equal(check("n\nInt64\n9223372036854775808\n", &integer, 0),
                        "column n of i holds no number: \"9223372036854775808\"");
    assert_string_equal(check("n\nInt64\n--1\n", &integer, 0),
                        "column n of i holds no number: \"--1\"");
    assert_string_equal(check("n\nInt64\n1.5\n", &integer, 0),
                        "column n of i holds no number: \"1.5\"");
    assert_string_equal(check("n\nFloat64\n-1.5\n1e3\n7\n\\N\n", &number, 0), "");
    assert_string_equal(check("n\nFloat64\nnan\n", &number, 0),
                        "column n of f holds no number: \"nan\"");
    assert_string_equal(check("n\nFloat64\n1e999\n", &number, 0),
                        "column n of f holds no number: \"1e999\"");
    assert_string_equal(check("n\nFloat64\n\n", &number, 0), "column n of f holds no number: \"\"");
    assert_string_equal(check("n\nString\n1\n", &number, 0),
                        "column n of f is of the type \"String\"");
}

static void test_rows(void **state)
{
    static const char head[] = "name\tn\nString\tUInt8\n";
    static const struct {
        enum lc_sql_rows rows;
        size_t n;
        uint64_t said;
        const char *message;
    } cases[] = {
        {LC_SQL_ROWS_ANY, 0, 0, ""},
        {LC_SQL_ROWS_ANY, 3, 3, ""},
        {LC_SQL_ROWS_ANY, 3, 0, ""}, /* a server that does not count says nothing, or 0 */
        {LC_SQL_ROWS_ANY, 2, 3, "find has 2 rows, where the server counts 3"},
        {LC_SQL_ROWS_ANY, 0, 3, "find has 0 rows, where the server counts 3"},
        {LC_SQL_ROWS_ANY, 4, 3, "find has 4 rows, where the server counts 3"},
        {LC_SQL_ROWS_ONE, 1, 0, ""},
        {LC_SQL_ROWS_ONE, 0, 0, "find has 0 rows, not one"},
        {LC_SQL_ROWS_ONE, 2, 0, "find has 2 rows, not one"},
        {LC_SQL_ROWS_AT_MOST_ONE, 0, 0, ""},
        {LC_SQL_ROWS_AT_MOST_ONE, 1, 1, ""},
        {LC_SQL_ROWS_AT_MOST_ONE, 2, 0, "find has 2 rows, not one at most"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct lc_sql sql = {"find", "", no_args, name_and_n, 2, cases[i].rows, false};
        char text[128];

        strcpy(text, head);
        for (size_t row = 0; row < cases[i].n; row++)
            strcat(text, "x\t1\n");
        assert_string_equal(check(text, &sql, cases[i].said), cases[i].message);
    }
}

static const struct lc_sql sealed = {"find", "", no_args, name_and_n, 2, LC_SQL_ROWS_ANY, true};

/* A sealed answer of n rows that says it has `said`, as a server makes it; 0 rows: the one that says so. */
static size_t make_sealed(char *out, size_t size, unsigned n, unsigned said)
{
    size_t at = (size_t)snprintf(out, size,
                                 "name\tn\trows_n\trow_sha256\n"
                                 "String\tNullable(UInt8)\tUInt64\tString\n");

    for (unsigned row = 0; row < (n ? n : 1); row++) {
        char cells[64], hash[LC_SHA256_HEX];
        const char *number = row % 2 ? "" : "7";
        int cells_n =
            snprintf(cells, sizeof cells, "k%u\n%s\n%u\n%u", row, number, said, n ? row + 1 : 0);

        assert_int_equal(lc_sha256_hex(cells, (size_t)cells_n, hash), 0);
        at += (size_t)snprintf(out + at, size - at, "k%u\t%s\t%u\t%s\n", row,
                               row % 2 ? "\\N" : number, said, hash);
    }
    assert_true(at < size);
    return at;
}

/* LC_ERR_INPUT where the answer, cut into a table, is refused at whatever place. */
static int check_sealed(const char *text, size_t bytes, size_t *rows)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = lc_answer_parse(&t, text, bytes, &err);

    if (rc == 0)
        rc = lc_answer_check(&t, &sealed, &err);
    *rows = t.rows;
    lc_answer_release(&t);
    return rc;
}

static void test_sealed_rows(void **state)
{
    char text[4096];
    size_t rows;

    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        for (unsigned said = 0; said < 6; said++) {
            size_t bytes = make_sealed(text, sizeof text, n, said);

            assert_int_equal(check_sealed(text, bytes, &rows), n == said ? 0 : LC_ERR_INPUT);
            assert_true(n != said || rows == n);
        }
    }
}

/* Whatever bit of a cell is flipped, and at whichever line the answer ends. */
static void test_sealed_bits(void **state)
{
    char text[4096];
    size_t rows;

    (void)state;
    for (unsigned n = 0; n < 3; n++) {
        size_t bytes = make_sealed(text, sizeof text, n, n), first = 0;

        for (unsigned lines = 0; lines < 2; first++)
            lines += text[first] == '\n';
        for (size_t i = first; i < bytes - 1; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                text[i] = (char)(text[i] ^ (1 << bit));
                assert_int_equal(check_sealed(text, bytes, &rows), LC_ERR_INPUT);
                text[i] = (char)(text[i] ^ (1 << bit));
            }
        }
        for (size_t i = first - 1; i + 1 < bytes; i++)
            if (text[i] == '\n')
                assert_int_equal(check_sealed(text, i + 1, &rows), LC_ERR_INPUT);
    }
}

static void test_sealed_rows_that_moved(void **state)
{
    char text[4096], moved[4096];
    size_t bytes = make_sealed(text, sizeof text, 2, 2), rows, second, first = 0;

    (void)state;
    for (unsigned lines = 0; lines < 2; first++)
        lines += text[first] == '\n';
    second = (size_t)(strchr(text + first, '\n') + 1 - text);
    /* the second row, then the first */
    snprintf(moved, sizeof moved, "%.*s%s%.*s", (int)first, text, text + second,
             (int)(second - first), text + first);
    assert_int_equal(strlen(moved), bytes);
    assert_int_equal(check_sealed(moved, bytes, &rows), LC_ERR_INPUT);
    /* the first in place of both */
    bytes = (size_t)snprintf(moved, sizeof moved, "%.*s%.*s", (int)second, text,
                             (int)(second - first), text + first);
    assert_int_equal(check_sealed(moved, bytes, &rows), LC_ERR_INPUT);
}

static void test_sealed_without_seal(void **state)
{
    (void)state;
    assert_string_equal(check("name\tn\nString\tUInt8\n", &sealed, 0), "find has 2 columns, not 4");
    assert_string_equal(
        check("name\tn\trows_m\trow_sha256\nString\tUInt8\tUInt64\tString\n", &sealed, 0),
        "find has no seal");
}

static int check_shape(const char *text, bool one, size_t cols, size_t numbers)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc;

    assert_int_equal(lc_answer_parse(&t, text, strlen(text), &err), 0);
    rc = lc_answer_check_shape(&t, one, cols, numbers, &err);
    lc_answer_release(&t);
    return rc;
}

static void test_shape(void **state)
{
    static const char head[] = "id\tn\nString\tUInt8\n";

    (void)state;
    assert_int_equal(check_shape("id\tn\nString\tUInt8\nx\t1\n", true, 2, 1), 0);
    assert_int_equal(check_shape("id\tn\nString\tUInt8\nx\t1\ny\t2\n", false, 2, 1), 0);
    assert_int_equal(check_shape(head, false, 2, 1), 0);
    assert_int_equal(check_shape(head, true, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape("id\tn\nString\tUInt8\nx\t1\ny\t2\n", true, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape(head, false, 3, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape(head, false, 1, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape("", false, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape("id\tn\nString\tUInt8\nx\t-1\n", true, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape("id\tn\nString\tUInt8\nx\t\\N\n", true, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape("id\tn\nString\tUInt8\nx\t1\n", true, 2, 2), LC_ERR_UNKNOWN);
}

/* What is counted by a key has each key once; NULL is one of its own. */
static void test_shape_of_keys(void **state)
{
#define IDS "id\tn\nNullable(String)\tUInt8\n"
#define TWO "a\tb\tn\nString\tString\tUInt8\n"
    (void)state;
    assert_int_equal(check_shape(IDS "x\t1\nx\t2\n", false, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape(IDS "x\t1\ny\t1\nx\t1\n", false, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape(IDS "\\N\t1\n\\N\t1\n", false, 2, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape(IDS "\\N\t1\n\t1\nx\t1\nxy\t1\n", false, 2, 1), 0);
    assert_int_equal(check_shape(TWO "x\ty\t1\nx\tz\t1\nxy\t\t1\n", false, 3, 1), 0);
    assert_int_equal(check_shape(TWO "x\ty\t1\nx\tz\t1\nx\ty\t2\n", false, 3, 1), LC_ERR_UNKNOWN);
    assert_int_equal(check_shape("n\nUInt8\n1\n1\n", false, 1, 1), 0);
}

/* The text that is sent; what comes back is read by the tests above, and by those of the engine. */
static void test_seal(void **state)
{
    struct lc_buf sql;

    (void)state;
    lc_buf_init(&sql, 4096);
    assert_int_equal(lc_buf_adds(&sql, "SELECT a AS name, 1 AS n FROM t -- why"), 0);
    assert_int_equal(lc_answer_seal(&sql, &sealed), 0);
    assert_string_equal(
        lc_buf_str(&sql),
        "SELECT sealed.1 AS name, sealed.2 AS n, rows_n, "
        "lower(hex(SHA256(concat(ifNull(toString(name), ''), '\\n', ifNull(toString(n), ''), '\\n', "
        "toString(rows_n), '\\n', toString(row_i))))) AS row_sha256 FROM (SELECT count() AS rows_n, "
        "groupArray(tuple(name, n)) AS sealed_rows FROM (\nSELECT a AS name, 1 AS n FROM t -- why\n)) "
        "LEFT ARRAY JOIN sealed_rows AS sealed, arrayEnumerate(sealed_rows) AS row_i ORDER BY row_i");
    lc_buf_release(&sql);
}

static void test_what_promises_nothing(void **state)
{
    static const struct lc_sql none = {"drop", "", no_args, NULL, 0, LC_SQL_ROWS_NONE, false};
    static const struct lc_sql unknown = {"part", "", no_args, NULL, 0, LC_SQL_ROWS_UNKNOWN, false};

    (void)state;
    assert_string_equal(check("a\nString\nx\n", &none, 7), "");
    assert_string_equal(check("a\tb\nString\tArray(UInt8)\nx\ty\n", &unknown, 1), "");
    assert_string_equal(check("a\nString\nx\n", &unknown, 7),
                        "part has 1 rows, where the server counts 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_other_numbers),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_sealed_rows),
        cmocka_unit_test(test_sealed_bits),
        cmocka_unit_test(test_sealed_rows_that_moved),
        cmocka_unit_test(test_sealed_without_seal),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_shape_of_keys),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_what_promises_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
