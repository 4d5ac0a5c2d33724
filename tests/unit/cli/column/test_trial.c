/* SPDX-License-Identifier: Apache-2.0 */
/* An expression on trial on several hosts: what fails on some of them, and answers that do not fit the type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/column/trial.h"
#include "cli/server/connect.h"
#include "scripted_server.h"

#include <stdio.h>
#include <string.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: *\r\n\r\n" body
#define HELLO    OK("version\tdatabase\tsettings\nString\tString\tString\n26.7.2.1\td\tmax_threads\n")
#define SAMPLE(rows, nulls, changed, digest)                                                       \
    OK("n\tnulls\tempties\tchanged\tdifferent\tdigest\n"                                           \
       "UInt64\tUInt64\tUInt64\tUInt64\tUInt64\tUInt64\n" rows "\t" nulls "\t0\t" changed          \
       "\t3\t" digest "\n")
#define MADE_UP     SAMPLE("1000", "0", "0", "77")
#define OWN         SAMPLE("9", "0", "0", "5")
#define ROWS        OK("k\nString\nabc\n")
#define DIGEST(of)  OK("digest\nUInt64\n" of "\n")
#define ERROR(text) "HTTP/1.1 500 Internal Server Error\r\nContent-Length: *\r\n\r\n" text
#define FAILS       ERROR("Code: 302. DB::Exception: child ended (CHILD_WAS_NOT_EXITED_NORMALLY)")
#define NO_TEXT     ERROR("Code: 53. DB::Exception: no value of that type (TYPE_MISMATCH)")
#define IS_NULL                                                                                    \
    ERROR("Code: 349. DB::Exception: Cannot convert NULL value to non-Nullable type "              \
          "(CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN)")
enum { STEPS_MAX = 16 };

/* One trial: what the server answers, and what comes of it. */
struct trial_case {
    const char *name, *type;
    size_t hosts; /* 1: no cluster */
    const char *answers[STEPS_MAX];
    int rc;
    const char *error; /* a part of its message; NULL: none */
    const char *said;  /* a part of a warning; NULL: there is none */
};

static struct scripted_server server;
static char warned[2000];

static void say(void *ctx, bool warning, const char *text)
{
    (void)ctx;
    if (warning)
        snprintf(warned + strlen(warned), sizeof warned - strlen(warned), "%s\n", text);
}

static void run(const struct trial_case *c)
{
    struct scripted_step steps[STEPS_MAX + 1] = {{.answer = HELLO}};
    const struct lc_connect to = {
        .url = server.url, .database = "d", .timeout_ms = 60000, .connect_timeout_ms = 60000};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_cluster_host hosts[] = {{.name = (char *)"a:1", .user = (char *)"u"},
                                      {.name = (char *)"b:2", .user = (char *)"u"},
                                      {.name = (char *)"c:3", .user = (char *)"u"}};
    struct lc_cluster cluster = {
        .name = c->hosts > 1 ? (char *)"all" : NULL, .v = hosts, .n = c->hosts, .by_remote = true};
    struct lc_table_column k = {.name = (char *)"k",
                                .type = (char *)"String",
                                .kind = (char *)"",
                                .expr = (char *)"",
                                .stored = (char *)"k"};
    struct lc_stmt stmt = {.name = (char *)"t"};
    char *inputs[] = {(char *)"k"};
    struct lc_trial t = {
        .stmt = &stmt,
        .column.expr = "f_v1(k)",
        .column.database = "d",
        .column.table = "t",
        .column.column = "c",
        .column.t = {.database = (char *)"d", .name = (char *)"t", .there = true, .v = &k, .n = 1},
        .database = "d",
        .expr = (char *)"f_v1(k)",
        .type = (char *)c->type,
        .udf = (char *)"f_v1",
        .has_rows = true,
        .inputs = inputs,
        .inputs_n = 1,
        .made_up = (char *)"f_v1(k)"};
    struct lc_preflight d = {.cluster = &cluster, .say = say};
    size_t n = 0;
    int rc;

    warned[0] = '\0';
    for (; n < STEPS_MAX && c->answers[n]; n++)
        steps[1 + n].answer = c->answers[n];
    scripted_start(&server, steps, n + 1);
    assert_int_equal(lc_backend_open(&d.b, &to, &err), 0);
    cluster.b = t.column.b = d.b;
    if (c->hosts > 1) {
        lc_trial_name_inputs(&t);
        assert_int_equal(lc_trial_read_rows(&d, &t, &err), 0);
    }
    rc = lc_trial_evaluate(&d, &t, &err);
    lc_answer_release(&t.own.rows);
    lc_backend_free(d.b);
    if (scripted_stop(&server) != n + 1)
        fail_msg("%s: not as many queries as expected", c->name);
    if (rc != c->rc || (c->error ? !strstr(err.msg, c->error) : err.msg[0] != '\0'))
        fail_msg("%s: %d <%s>", c->name, rc, err.msg);
    if (c->said ? !strstr(warned, c->said) : warned[0] != '\0')
        fail_msg("%s: said <%s>", c->name, warned);
}

static const struct trial_case cases[] = {
    {"all alike",
     "String",
     3,
     {ROWS, MADE_UP, MADE_UP, MADE_UP, OWN, DIGEST("1"), DIGEST("1"), DIGEST("1")},
     0,
     NULL,
     NULL},
    {"the last one differs",
     "String",
     3,
     {ROWS, MADE_UP, MADE_UP, MADE_UP, OWN, DIGEST("1"), DIGEST("1"), DIGEST("2")},
     LC_ERR_REFUSED,
     "answers differently on host c:3 than on host a:1, for rows that the table has",
     NULL},
    /* A first host that fails is no reason not to ask the others. */
    {"the first one fails over rows that it can read",
     "String",
     3,
     {ROWS, MADE_UP, MADE_UP, MADE_UP, OWN, FAILS, DIGEST("1"), DIGEST("1"), DIGEST("1")},
     LC_ERR_REFUSED,
     "does not answer on all: host a:1: Code: 302",
     NULL},
    {"one in the middle fails over rows that it can read",
     "String",
     3,
     {ROWS, MADE_UP, MADE_UP, MADE_UP, OWN, DIGEST("1"), FAILS, DIGEST("1"), DIGEST("1")},
     LC_ERR_REFUSED,
     "does not answer on all: host b:2: Code: 302",
     NULL},
    {"the first one cannot read the rows, and the others differ",
     "String",
     3,
     {ROWS, MADE_UP, MADE_UP, MADE_UP, OWN, NO_TEXT, NO_TEXT, DIGEST("1"), DIGEST("2")},
     LC_ERR_REFUSED,
     "answers differently on host c:3 than on host b:2, for rows that the table has",
     "f_v1(k) is tried over made-up rows alone: host a:1: Code: 53"},
    {"one in the middle cannot read the rows",
     "String",
     3,
     {ROWS, MADE_UP, MADE_UP, MADE_UP, OWN, DIGEST("1"), NO_TEXT, NO_TEXT, DIGEST("1")},
     0,
     NULL,
     "f_v1(k) is tried over made-up rows alone: host b:2: Code: 53"},
    {"no host answers, though the server has",
     "String",
     2,
     {ROWS, MADE_UP, MADE_UP, OWN, FAILS, DIGEST("1"), FAILS, DIGEST("1")},
     0,
     NULL,
     "f_v1(k) is not compared between hosts over rows that the table has: host a:1: Code: 302"},

    /* NULLs are what is wrong, not the CAST that they fail. */
    {"NULLs of an integer",
     "Int32",
     1,
     {IS_NULL, SAMPLE("1000", "12", "0", "7"), OWN},
     LC_ERR_REFUSED,
     "f_v1(k) answers NULL for 12 of 1009 sample rows, which a column of type Int32 does not hold",
     NULL},
    {"NULLs of an Enum, of the table's own rows",
     "Enum8('a' = 1)",
     1,
     {MADE_UP, IS_NULL, SAMPLE("9", "2", "0", "7")},
     LC_ERR_REFUSED,
     "f_v1(k) answers NULL for 2 of 1009 sample rows",
     NULL},
    {"numbers that a Nullable type does not hold",
     "Nullable(UInt8)",
     1,
     {SAMPLE("1000", "0", "3", "7"), OWN},
     LC_ERR_REFUSED,
     "3 of 1009 answers of f_v1(k) do not fit the column's type Nullable(UInt8)",
     NULL},
};

static void test_what_comes_of_a_trial(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run(&cases[i]);
}

/* Only where an answer may change by the type is it compared before and after. */
static void test_types_whose_answers_are_compared(void **state)
{
    static const struct {
        const char *type, *cast;
    } types[] = {{"UInt8", "toString(CAST(livecol_x, 'UInt8'))"},
                 {"Enum8('a' = 1)", "toString(CAST(livecol_x, 'Enum8(\\'a\\' = 1)'))"},
                 {"Nullable(Int16)", "toString(CAST(livecol_x, 'Nullable(Int16)'))"},
                 {"Nullable(Enum16('a' = 1))", "CAST(livecol_x, 'Nullable(Enum16("},
                 {"LowCardinality(UInt32)", "toString(CAST(livecol_x, 'UInt32'))"},
                 {"LowCardinality(Nullable(Int8))", "toString(CAST(livecol_x, 'Nullable(Int8)'))"},
                 {"String", NULL},
                 {"Decimal(9, 2)", NULL},
                 {"LowCardinality(String)", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct trial_case c = {types[i].type, types[i].type, 1, {MADE_UP, OWN}, 0,
                                     NULL,          NULL};

        run(&c);
        if (types[i].cast ? !strstr(server.last, types[i].cast)
                          : strstr(server.last, "CAST(livecol_x") != NULL)
            fail_msg("%s: %s", types[i].type, server.last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_of_a_trial),
        cmocka_unit_test(test_types_whose_answers_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
