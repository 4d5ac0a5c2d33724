/* SPDX-License-Identifier: Apache-2.0 */
/* A column after its statement: what is the same in another writing, what cannot be compared, what is late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/column/column_check.h"
#include "cli/server/connect.h"
#include "scripted_server.h"

#include <stdio.h>
#include <string.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: *\r\n\r\n" body
#define HELLO    OK("version\tdatabase\tsettings\nString\tString\tString\n18.16.1\td\tmax_threads\n")
#define COLUMNS(rows)                                                                              \
    OK("name\ttype\tdefault_kind\tdefault_expression\tin_key\n"                                    \
       "String\tString\tString\tString\tUInt8\n" rows)
/* Texts without a backslash: the server's hash is of what they stand for. */
#define COLUMN(name, type, expr) name "\t" type "\tDEFAULT\t" expr "\t0\n"
#define K                        "k\tString\t\t\t1\n"
#define REFUSED                                                                                    \
    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: *\r\n\r\nCode: 46, e.displayText() = "  \
    "DB::Exception: Unknown function toTypeName, e.what() = DB::Exception"
#define N(v) (sizeof(v) / sizeof *(v))

static struct scripted_server server;
static char heard[2000];

static void on_unsure(void *ctx, const char *text)
{
    (void)ctx;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "unsure: %s\n", text);
}

static void on_lagging(void *ctx, const char *text)
{
    (void)ctx;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "lagging: %s\n", text);
}

/* lc_column_check of the statement, with a server of few abilities that answers so. */
static int check(const char *sql, bool cluster, const struct scripted_step *answers, size_t n,
                 struct lc_error *err)
{
    static const struct lc_column_hooks hooks = {.unsure = on_unsure, .lagging = on_lagging};
    struct scripted_step steps[8] = {{.answer = HELLO}};
    const struct lc_connect to = {
        .url = server.url, .database = "d", .timeout_ms = 60000, .connect_timeout_ms = 60000};
    const struct lc_abilities facts = {0};
    struct lc_cluster_host host = {.name = (char *)"a:1", .user = (char *)"u"};
    struct lc_cluster c = {
        .name = cluster ? (char *)"all" : NULL, .v = &host, .n = 1, .by_remote = true};
    struct lc_stmt s;
    int rc;

    *err = LC_ERROR_INIT;
    heard[0] = '\0';
    for (size_t i = 0; i < n; i++)
        steps[1 + i] = answers[i];
    scripted_start(&server, steps, n + 1);
    assert_int_equal(lc_stmt_parse(&s, sql, strlen(sql), err), 0);
    assert_int_equal(lc_backend_open(&c.b, &to, err), 0);
    rc = lc_column_check(&c, &facts, &s, &hooks, err);
    lc_backend_free(c.b);
    lc_stmt_release(&s);
    if (scripted_stop(&server) != n + 1)
        fail_msg("%s: not as many questions as expected; the last: %s", sql, server.last);
    return rc;
}

/* What an older server stores of a default whose type is another than the column's. */
static void test_the_same_within_a_cast(void **state)
{
    static const struct {
        const char *type, *expr; /* of the statement */
        const char *columns;     /* as the server has them */
        bool same;               /* else it cannot be compared */
    } cases[] = {
        {"Decimal(9, 2)", "n", COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(n, 'Decimal(9, 2)')")),
         true},
        {"Decimal(9, 2)", "n", COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(n, 'Decimal(9,2)')")),
         true},
        {"Enum8('a' = 1, 'b' = 2)", "k",
         COLUMNS(
             K COLUMN("c", "Enum8('a' = 1, 'b' = 2)", "CAST(k, 'Enum8(''a'' = 1, ''b'' = 2)')")),
         true},
        {"String", "n", COLUMNS(K COLUMN("c", "String", "CAST(n, 'String')")), true},
        {"Decimal(9, 2)", "CAST(n AS Decimal(9,2))",
         COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(n, 'Decimal(9, 2)')")), true},
        {"Decimal(9, 2)", "CAST(n, 'Decimal(9,2)')",
         COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(n, 'Decimal(9, 2)')")), true},
        {"Decimal(9, 2)", "CAST(n, 'Decimal(12,4)')",
         COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(CAST(n, 'Decimal(12,4)'), 'Decimal(9, 2)')")),
         true},
        /* Another type than the column's is no CAST that the server has put around it. */
        {"Decimal(9, 2)", "n", COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(n, 'Decimal(9, 1)')")),
         false},
        {"Decimal(9, 2)", "m", COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(n, 'Decimal(9, 2)')")),
         false},
        {"Decimal(9, 2)", "n",
         COLUMNS(K COLUMN("c", "Decimal(9, 2)", "CAST(n, 'Decimal(9, 2)') + 1")), false},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        const struct scripted_step answers[] = {{.answer = cases[i].columns}};
        struct lc_error err;
        char sql[300];

        snprintf(sql, sizeof sql, "ALTER TABLE d.t ADD COLUMN c %s DEFAULT %s", cases[i].type,
                 cases[i].expr);
        if (check(sql, false, answers, N(answers), &err) != 0)
            fail_msg("%s: %s", sql, err.msg);
        if (cases[i].same ? heard[0] != '\0'
                          : !strstr(heard, "unsure: the default of column c could not be compared"))
            fail_msg("%s: <%s>", sql, heard);
    }
}

#define ADD_TWO "ALTER TABLE d.t ADD COLUMN c String DEFAULT f(k), ADD COLUMN e String DEFAULT g(k)"
#define C       COLUMN("c", "String", "ff(k)")
#define E       COLUMN("e", "String", "gg(k)")
#define UNSURE(column, is, says)                                                                   \
    "unsure: the default of column " column " could not be compared on this server: it is " is     \
    ", and the statement says " says "\n"

/* A host that is late does not hide what cannot be compared, and each is said once. */
static void test_late_and_unsure_are_both_said(void **state)
{
    const struct scripted_step late_first[] = {
        {.answer = COLUMNS(K)}, {.answer = COLUMNS(K)}, {.answer = COLUMNS(K C E)}};
    const struct scripted_step unsure_first[] = {
        {.answer = COLUMNS(K C)}, {.answer = COLUMNS(K C)}, {.answer = COLUMNS(K C E)}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(ADD_TWO, true, late_first, N(late_first), &err), 0);
    assert_string_equal(
        heard,
        "lagging: waiting for host a:1: column d.t.c does not exist after the statement\n" UNSURE(
            "c", "ff(k)", "f(k)") UNSURE("e", "gg(k)", "g(k)"));
    assert_int_equal(check(ADD_TWO, true, unsure_first, N(unsure_first), &err), 0);
    assert_string_equal(
        heard,
        UNSURE("c", "ff(k)", "f(k)") "lagging: waiting for host a:1: column d.t.e does not exist "
                                     "after the statement\n" UNSURE("e", "gg(k)", "g(k)"));
}

/* What differs for good is the failure, whatever else could not be compared. */
static void test_unsure_and_different_are_both_said(void **state)
{
    const struct scripted_step answers[] = {
        {.answer = COLUMNS(K C "e\tString\tMATERIALIZED\tg(k)\t0\n")}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(ADD_TWO, false, answers, N(answers), &err), LC_ERR_SERVER);
    assert_string_equal(heard, UNSURE("c", "ff(k)", "f(k)"));
    assert_non_null(strstr(err.msg, "column d.t.e has the default MATERIALIZED g(k), and the "
                                    "statement says DEFAULT g(k)"));
}

/* The type is met before the default, and both may be what cannot be compared. */
static void test_a_type_that_cannot_be_compared(void **state)
{
    const struct scripted_step answers[] = {
        {.answer = COLUMNS(K COLUMN("c", "Decimal(9, 2)", "ff(k)"))}, {.answer = REFUSED}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check("ALTER TABLE d.t ADD COLUMN c DECIMAL(9, 2) DEFAULT f(k)", false,
                           answers, N(answers), &err),
                     0);
    assert_non_null(strstr(heard, "unsure: the type of column c"));
    assert_non_null(strstr(heard, UNSURE("c", "ff(k)", "f(k)")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_within_a_cast),
        cmocka_unit_test(test_late_and_unsure_are_both_said),
        cmocka_unit_test(test_unsure_and_different_are_both_said),
        cmocka_unit_test(test_a_type_that_cannot_be_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
