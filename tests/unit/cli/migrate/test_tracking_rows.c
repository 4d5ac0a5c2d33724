/* The tracking table's rows: each way in which an answer can lose or change some is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "cli/migrate/tracking_rows.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The answer of n rows that says it has `said`, as a server makes it. */
static size_t make(char *out, size_t size, unsigned n, unsigned said)
{
    size_t at = 0;

    for (size_t i = 0; i < LC_SQL_TRACKING_ROWS_WIDTH; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i ? "\t" : "",
                               lc_sql_tracking_rows->columns[i].name);
    for (size_t i = 0; i < LC_SQL_TRACKING_ROWS_WIDTH; i++)
        at += (size_t)snprintf(out + at, size - at, "%sString", i ? "\t" : "\n");
    for (unsigned row = 0; row < n; row++) {
        char cells[512], hash[LC_SHA256_HEX];
        int cells_n = snprintf(cells, sizeof cells,
                               "%u\n%u\nrun\n1\nfirst\nup\nstmt_done\n%u\n2\nf\ns\nq\n7\n"
                               "1970-01-01 00:00:07\n5\n-1\nerror\nhost\n42\n0.1\n",
                               said, row + 1, row);

        assert_int_equal(lc_sha256_hex(cells, (size_t)cells_n, hash), 0);
        for (int i = 0; i < cells_n; i++)
            if (cells[i] == '\n')
                cells[i] = '\t';
        at += (size_t)snprintf(out + at, size - at, "\n%s%s", cells, hash);
    }
    at += (size_t)snprintf(out + at, size - at, "\n");
    assert_true(at < size);
    return at;
}

static int check(const char *text, size_t n, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_answer_parse(&t, text, n, err);

    if (rc == 0)
        rc = lc_tracking_rows_check(&t, err);
    lc_answer_release(&t);
    return rc;
}

static void test_rows_as_they_were_read(void **state)
{
    char text[8192];

    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        struct lc_error err = LC_ERROR_INIT;
        size_t bytes = make(text, sizeof text, n ? n : 1, n);

        assert_int_equal(check(text, bytes, &err), 0);
    }
}

static void test_other_numbers_of_rows(void **state)
{
    char text[8192];

    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        for (unsigned said = 0; said < 6; said++) {
            struct lc_error err = LC_ERROR_INIT;
            size_t bytes = make(text, sizeof text, n, said);
            bool good = n == (said ? said : 1);

            assert_int_equal(check(text, bytes, &err), good ? 0 : LC_ERR_INPUT);
        }
    }
}

/* Whatever bit of a cell is flipped, and at whichever line the answer ends. */
static void test_every_bit(void **state)
{
    char text[8192];
    size_t bytes = make(text, sizeof text, 2, 2), first = 0;

    (void)state;
    for (unsigned lines = 0; lines < 2; first++)
        lines += text[first] == '\n';
    for (size_t i = first; i < bytes - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct lc_error err = LC_ERROR_INIT;

            text[i] = (char)(text[i] ^ (1 << bit));
            assert_int_equal(check(text, bytes, &err), LC_ERR_INPUT);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    }
    for (size_t i = first - 1; i < bytes; i++) {
        struct lc_error err = LC_ERROR_INIT;

        if (text[i] == '\n')
            assert_int_equal(check(text, i + 1, &err), i + 1 == bytes ? 0 : LC_ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_as_they_were_read),
        cmocka_unit_test(test_other_numbers_of_rows),
        cmocka_unit_test(test_every_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
