/* SPDX-License-Identifier: Apache-2.0 */
/* Where the data of an INSERT begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/insert_data.h"

#include <string.h>

static void test_where_data_begin(void **state)
{
    static const struct {
        const char *sql, *head, *format, *data; /* head NULL: no inline data of a format */
    } cases[] = {
        {"INSERT INTO t FORMAT TSV\na\tb\n", "INSERT INTO t ", "TSV", "a\tb\n"},
        {"insert into t (a, b) format JSONEachRow {\"a\": 1}", "insert into t (a, b) ",
         "JSONEachRow", "{\"a\": 1}"},
        {"INSERT INTO t FORMAT TSV\r\na\n", "INSERT INTO t ", "TSV", "a\n"},
        {"INSERT INTO t FORMAT TSV \n\nx", "INSERT INTO t ", "TSV", "\nx"},
        {"INSERT INTO t FORMAT CSV\n1;\n\nUSE b", "INSERT INTO t ", "CSV", "1;\n\nUSE b"},
        {"INSERT INTO t FORMAT TSV", "INSERT INTO t ", "TSV", ""},
        {"INSERT INTO t SETTINGS async_insert = 0 FORMAT TSV\nx",
         "INSERT INTO t SETTINGS async_insert = 0 ", "TSV", "x"},
        {"-- c\nINSERT INTO `FORMAT` (`VALUES`) FORMAT Values (1)",
         "-- c\nINSERT INTO `FORMAT` (`VALUES`) ", "Values", "(1)"},
        {"INSERT INTO t (format, select) FORMAT TSV\nx", "INSERT INTO t (format, select) ", "TSV",
         "x"},
        {"INSERT INTO t VALUES ('FORMAT TSV')", NULL, NULL, NULL},
        {"INSERT INTO t SELECT 1 FORMAT TSV", NULL, NULL, NULL},
        {"INSERT INTO t WITH 1 AS x SELECT x FORMAT TSV", NULL, NULL, NULL},
        {"INSERT INTO t FROM INFILE 'x' FORMAT TSV", NULL, NULL, NULL},
        {"INSERT INTO t; SELECT 1 FORMAT TSV", NULL, NULL, NULL},
        {"SELECT 1 FORMAT TSV", NULL, NULL, NULL},
        {"INSERT INTO t FORMAT", NULL, NULL, NULL},
        {"INSERT INTO t FORMAT 'x'", NULL, NULL, NULL},
        {"INSERT INTO t 'unfinished", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *sql = cases[i].sql;
        struct lc_insert_data d = {0};
        bool found = lc_insert_data_find(sql, strlen(sql), &d);

        assert_int_equal(found, cases[i].head != NULL);
        if (!found)
            continue;
        assert_int_equal(d.head.n, strlen(cases[i].head));
        assert_memory_equal(d.head.p, cases[i].head, d.head.n);
        assert_int_equal(d.format.n, strlen(cases[i].format));
        assert_memory_equal(d.format.p, cases[i].format, d.format.n);
        assert_int_equal(d.data.n, strlen(cases[i].data));
        assert_memory_equal(d.data.p, cases[i].data, d.data.n);
    }
}

static void test_binary_data(void **state)
{
    static const char sql[] = "INSERT INTO t FORMAT RowBinary \x03\0'\n";
    struct lc_insert_data d = {0};

    (void)state;
    assert_true(lc_insert_data_find(sql, sizeof sql - 1, &d));
    assert_int_equal(d.data.n, 4);
    assert_memory_equal(d.data.p, "\x03\0'\n", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_data_begin),
        cmocka_unit_test(test_binary_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
