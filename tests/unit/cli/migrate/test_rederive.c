/* SPDX-License-Identifier: Apache-2.0 */
/* What -- migrate:rederive may be before, and what is refused before anything is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/connect.h"
#include "cli/column/preflight.h"
#include "cli/migrate/rederive.h"
#include "scripted_server.h"

#include <stdio.h>
#include <string.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: *\r\n\r\n" body
#define HELLO                                                                                      \
    OK("version\tdatabase\tsettings\nString\tString\tString\n26.7.2.1\tanalytics\tmax_threads\n")
#define REPLICATED OK("name\tengine\nString\tString\nt\tReplicatedMergeTree\n")
#define PLAIN      OK("name\tengine\nString\tString\nt\tMergeTree\n")
#define COLUMNS                                                                                    \
    OK("name\ttype\tdefault_kind\tdefault_expression\tin_key\n"                                    \
       "String\tString\tString\tString\tUInt8\n"                                                   \
       "k\tString\t\t\t0\nc\tString\tDEFAULT\tv2(k)\t0\n")
#define IN_KEY                                                                                     \
    OK("name\ttype\tdefault_kind\tdefault_expression\tin_key\n"                                    \
       "String\tString\tString\tString\tUInt8\n"                                                   \
       "k\tString\t\t\t0\nc\tString\tDEFAULT\tv2(k)\t1\n")
#define MATERIALIZED                                                                               \
    OK("name\ttype\tdefault_kind\tdefault_expression\tin_key\n"                                    \
       "String\tString\tString\tString\tUInt8\n"                                                   \
       "k\tString\t\t\t0\nc\tString\tMATERIALIZED\tv2(k)\t0\n")
#define CREATE                                                                                     \
    OK("create_table_query\nString\nCREATE TABLE analytics.t (k String, c String) ENGINE = MergeTree\n")
#define NO_VIEWS OK("database\tname\tengine\tcreate_table_query\nString\tString\tString\tString\n")
#define VIEW                                                                                       \
    OK("database\tname\tengine\tcreate_table_query\nString\tString\tString\tString\n"              \
       "analytics\tper_c\tMaterializedView\tCREATE MATERIALIZED VIEW analytics.per_c TO x AS "     \
       "SELECT c, count() FROM analytics.t GROUP BY c\n")
#define REPLICAS(n)                                                                                \
    OK("zookeeper_path\ttotal_replicas\tactive_replicas\nString\tUInt32\tUInt32\n"                 \
       "/t\t" n "\t" n "\n")
#define STEADY OK("name\nString\n")
#define STORED                                                                                     \
    OK("id\tpart_rows\tparts\tparts_lacking\trows_lacking\n"                                       \
       "String\tUInt64\tUInt64\tUInt64\tUInt64\nall\t3\t1\t0\t0\n")
#define LACKED                                                                                     \
    OK("id\tpart_rows\tparts\tparts_lacking\trows_lacking\n"                                       \
       "String\tUInt64\tUInt64\tUInt64\tUInt64\nall\t3\t1\t1\t3\n")
#define FOREIGN  OK("origin\nString\nExecutableUserDefined\n")
#define BUILT_IN OK("origin\nString\nSystem\n")
#define NONE     OK("origin\nString\n")
#define ROWS     OK("n\nUInt64\n3\n")
#define BROKEN                                                                                     \
    "HTTP/1.1 404 Not Found\r\nContent-Length: *\r\n\r\n"                                          \
    "Code: 46. DB::Exception: Function with name `v1` does not exist. (UNKNOWN_FUNCTION)"

#define UPDATE "ALTER TABLE t UPDATE c = v2(k) WHERE c = v1(k) AND c != v2(k)"

static struct scripted_server server;

/*
 * lc_rederive_check of a statement, against a server that answers so after its greeting. before: an
 * ALTER that is pending too, and comes first; NULL: none.
 */
static int check_after(const char *before, const char *sql, const struct scripted_step *answers,
                       size_t n, struct lc_error *err)
{
    struct scripted_step steps[24] = {{.answer = HELLO}};
    const struct lc_connect to = {.url = server.url,
                                  .database = "analytics",
                                  .timeout_ms = 60000,
                                  .connect_timeout_ms = 60000};
    const struct lc_abilities facts = {
        .function_origin = true, .replicas = true, .format_query = true};
    struct lc_migration_stmt text = {.p = sql, .n = strlen(sql), .rederive = true};
    struct lc_plan_stmt stmt = {.text = &text};
    struct lc_preflight d = {.facts = &facts};
    struct lc_stmt first;
    struct lc_backend *b;
    int rc;

    *err = LC_ERROR_INIT;
    for (size_t i = 0; i < n; i++)
        steps[1 + i] = answers[i];
    scripted_start(&server, steps, n + 1);
    assert_int_equal(lc_backend_open(&b, &to, err), 0);
    d.b = b;
    if (before) {
        assert_int_equal(lc_stmt_parse(&first, before, strlen(before), err), 0);
        assert_int_equal(lc_preflight_note(&d, &first, false, err), 0);
        lc_stmt_release(&first);
    }
    assert_int_equal(lc_stmt_parse(&stmt.parsed, sql, strlen(sql), err), 0);
    rc = lc_rederive_check(&d, &stmt, err);
    lc_preflight_release(&d);
    lc_stmt_release(&stmt.parsed);
    lc_backend_free(b);
    assert_int_equal(scripted_stop(&server), n + 1);
    return rc;
}

static int check(const char *sql, const struct scripted_step *answers, size_t n,
                 struct lc_error *err)
{
    return check_after(NULL, sql, answers, n, err);
}

static void test_only_one_update_of_one_column(void **state)
{
    static const char *const wrong[] = {
        "ALTER TABLE t DELETE WHERE c = 1",
        "ALTER TABLE t UPDATE c = v2(k) IN PARTITION ID 'x' WHERE 1",
        "ALTER TABLE t UPDATE c = v2(k), d = 1 WHERE 1",
        "ALTER TABLE t UPDATE c = v2(k) WHERE 1, UPDATE d = 1 WHERE 1",
        "ALTER TABLE t ON CLUSTER x UPDATE c = v2(k) WHERE 1",
        "ALTER TABLE t MODIFY COLUMN c DEFAULT v2(k)",
        "UPDATE t SET c = v2(k) WHERE 1",
        "SELECT 1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct lc_error err;

        assert_int_equal(check(wrong[i], NULL, 0, &err), LC_ERR_INPUT);
        assert_non_null(strstr(err.msg, "-- migrate:rederive precedes a statement other"));
    }
}

/* The table, what reads its column, and whether the two functions of the WHERE are steady. */
#define BEGIN(engine, views)                                                                       \
    {.answer = engine}, {.answer = COLUMNS}, {.answer = CREATE}, {.answer = views},                \
        {.answer = STEADY},                                                                        \
    {                                                                                              \
        .answer = STEADY                                                                           \
    }
#define N(v) (sizeof(v) / sizeof *(v))

static void test_a_function_in_a_replicated_table_is_refused(void **state)
{
    const struct scripted_step answers[] = {BEGIN(REPLICATED, NO_VIEWS), {.answer = FOREIGN}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(UPDATE, answers, N(answers), &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "analytics.t is replicated"));
    assert_non_null(strstr(err.msg, "functions like v2"));
    assert_non_null(strstr(err.hint, "allow_nondeterministic_mutations = 1"));
}

static void test_a_function_in_the_where_alone_is_refused_too(void **state)
{
    const struct scripted_step answers[] = {
        {.answer = REPLICATED}, {.answer = COLUMNS},  {.answer = CREATE}, {.answer = NO_VIEWS},
        {.answer = STEADY},     {.answer = BUILT_IN}, {.answer = FOREIGN}};
    struct lc_error err;

    (void)state;
    assert_int_equal(
        check("ALTER TABLE t UPDATE c = upper(k) WHERE c = v1(k)", answers, N(answers), &err),
        LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "functions like v1"));
}

#define WITH_SETTING UPDATE " SETTINGS allow_nondeterministic_mutations = 1"

static void test_the_setting_lets_it_pass(void **state)
{
    const struct scripted_step answers[] = {BEGIN(REPLICATED, NO_VIEWS), {.answer = FOREIGN},
                                            {.answer = FOREIGN},         {.answer = REPLICAS("1")},
                                            {.answer = STORED},          {.answer = ROWS}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(WITH_SETTING, answers, N(answers), &err), 0);
    assert_non_null(strstr(server.last, "countIf(c = v1(k) AND c != v2(k)"));
    assert_non_null(strstr(server.last, "ignore((v2(k)"));
    assert_null(strstr(server.last, "allow_nondeterministic_mutations"));
}

static void test_other_replicas_must_be_known_to_have_the_function(void **state)
{
    const struct scripted_step answers[] = {BEGIN(REPLICATED, NO_VIEWS),
                                            {.answer = FOREIGN},
                                            {.answer = FOREIGN},
                                            {.answer = REPLICAS("3")}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(WITH_SETTING, answers, N(answers), &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "replicas: 3), and whether each replica has what the statement "
                                    "calls is not known: this server shows no nodes of Keeper"));
    assert_non_null(strstr(err.hint, "--cluster NAME asks each host"));
}

static void test_builtin_expressions_pass(void **state)
{
    const struct scripted_step answers[] = {
        {.answer = REPLICATED}, {.answer = COLUMNS}, {.answer = CREATE}, {.answer = NO_VIEWS},
        {.answer = BUILT_IN},   {.answer = STORED},  {.answer = ROWS}};
    struct lc_error err;

    (void)state;
    assert_int_equal(
        check("ALTER TABLE t UPDATE c = upper(k) WHERE c = 'x'", answers, N(answers), &err), 0);
}

static void test_a_where_that_fails_is_refused(void **state)
{
    const struct scripted_step answers[] = {BEGIN(PLAIN, NO_VIEWS),
                                            {.answer = FOREIGN},
                                            {.answer = NONE},
                                            {.answer = STORED},
                                            {.answer = BROKEN}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(UPDATE, answers, N(answers), &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "Function with name `v1` does not exist"));
}

static void test_keys_and_materialized_columns_are_refused(void **state)
{
    const struct scripted_step key[] = {
        {.answer = PLAIN}, {.answer = IN_KEY}, {.answer = CREATE}, {.answer = NO_VIEWS}};
    const struct scripted_step kind[] = {
        {.answer = PLAIN}, {.answer = MATERIALIZED}, {.answer = CREATE}, {.answer = NO_VIEWS}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(UPDATE, key, N(key), &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "c is part of a key"));
    assert_int_equal(check(UPDATE, kind, N(kind), &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "analytics.t.c is MATERIALIZED"));
}

/* A clock gives a value that no row holds. */
static void test_an_unsteady_condition_is_refused(void **state)
{
    const struct scripted_step answers[] = {{.answer = PLAIN},
                                            {.answer = COLUMNS},
                                            {.answer = CREATE},
                                            {.answer = NO_VIEWS},
                                            {.answer = OK("name\nString\nnow\n")}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check("ALTER TABLE t UPDATE c = v2(k) WHERE c != toString(now())", answers,
                           N(answers), &err),
                     LC_ERR_REFUSED);
    assert_non_null(
        strstr(err.msg, "analytics.t.c cannot be re-derived: toString gives a different answer"));
}

static void test_a_column_that_parts_lack_is_refused(void **state)
{
    const struct scripted_step answers[] = {
        BEGIN(PLAIN, NO_VIEWS), {.answer = FOREIGN}, {.answer = FOREIGN}, {.answer = LACKED}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(UPDATE, answers, N(answers), &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "3 rows of analytics.t are in parts that do not store c"));
    assert_non_null(strstr(err.hint, "livecol backfill analytics.t.c first"));
}

/* What comes before it may store the column in every part, in some, or take it out. */
static void test_what_a_statement_before_it_stores(void **state)
{
    enum outcome { FILLED, ASKED, CLEARED };
    static const struct {
        const char *before;
        enum outcome outcome;
    } cases[] = {
        {"ALTER TABLE t UPDATE c = c WHERE 1", FILLED},
        {"ALTER TABLE t UPDATE c = c WHERE (true) SETTINGS mutations_sync = 0", FILLED},
        {"ALTER TABLE t UPDATE k = k, c = c WHERE 1", FILLED},
        {"ALTER TABLE t MATERIALIZE COLUMN c", FILLED},
        {"ALTER TABLE t CLEAR COLUMN c, MATERIALIZE COLUMN c", FILLED},
        {"ALTER TABLE t UPDATE c = c WHERE k = 'x'", ASKED},
        {"ALTER TABLE t UPDATE c = c WHERE 1 AND k = 'x'", ASKED},
        {"ALTER TABLE t UPDATE c = c WHERE 0", ASKED},
        {"ALTER TABLE t UPDATE c = c WHERE 11", ASKED},
        {"ALTER TABLE t UPDATE c = c WHERE NOT 1", ASKED},
        {"ALTER TABLE t UPDATE c = c IN PARTITION 1 WHERE 1", ASKED},
        {"ALTER TABLE t UPDATE k = k WHERE 1", ASKED},
        {"ALTER TABLE t MATERIALIZE COLUMN c IN PARTITION 1", ASKED},
        {"ALTER TABLE t CLEAR COLUMN c", CLEARED},
        {"ALTER TABLE t CLEAR COLUMN c IN PARTITION 1", CLEARED},
        {"ALTER TABLE t UPDATE c = c WHERE 1, CLEAR COLUMN c IN PARTITION 1", CLEARED},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct scripted_step answers[] = {
            BEGIN(PLAIN, NO_VIEWS), {.answer = FOREIGN}, {.answer = FOREIGN}, {.answer = LACKED}};
        struct lc_error err;
        int rc;

        if (cases[i].outcome == FILLED)
            answers[N(answers) - 1].answer = ROWS;
        rc = check_after(cases[i].before, UPDATE, answers,
                         N(answers) - (cases[i].outcome == CLEARED), &err);
        if (rc != (cases[i].outcome == FILLED ? 0 : LC_ERR_REFUSED))
            fail_msg("%s: %d %s", cases[i].before, rc, err.msg);
        if (rc && !strstr(err.msg, cases[i].outcome == ASKED
                                       ? "3 rows of analytics.t are in parts that do not store c"
                                       : "c of analytics.t is cleared before this"))
            fail_msg("%s: %s", cases[i].before, err.msg);
    }
}

/* One that is renamed before is asked about by the name that it still has. */
static void test_a_renamed_column_that_parts_lack_is_refused(void **state)
{
    const struct scripted_step answers[] = {
        BEGIN(PLAIN, NO_VIEWS), {.answer = FOREIGN}, {.answer = FOREIGN}, {.answer = LACKED}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check_after("ALTER TABLE t RENAME COLUMN c TO e",
                                 "ALTER TABLE t UPDATE e = v2(k) WHERE e = v1(k) AND e != v2(k)",
                                 answers, N(answers), &err),
                     LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "3 rows of analytics.t are in parts that do not store e"));
    assert_non_null(strstr(server.last, "'c'"));
}

static void test_a_view_that_has_taken_the_old_value_is_named(void **state)
{
    const struct scripted_step answers[] = {
        BEGIN(PLAIN, VIEW), {.answer = FOREIGN}, {.answer = FOREIGN}, {.answer = STORED}};
    struct lc_error err;

    (void)state;
    assert_int_equal(check(UPDATE, answers, N(answers), &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "the materialized view analytics.per_c is derived from"));
    assert_non_null(strstr(err.hint, "--allow-unsafe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_one_update_of_one_column),
        cmocka_unit_test(test_a_function_in_a_replicated_table_is_refused),
        cmocka_unit_test(test_a_function_in_the_where_alone_is_refused_too),
        cmocka_unit_test(test_the_setting_lets_it_pass),
        cmocka_unit_test(test_other_replicas_must_be_known_to_have_the_function),
        cmocka_unit_test(test_builtin_expressions_pass),
        cmocka_unit_test(test_keys_and_materialized_columns_are_refused),
        cmocka_unit_test(test_a_where_that_fails_is_refused),
        cmocka_unit_test(test_an_unsteady_condition_is_refused),
        cmocka_unit_test(test_a_column_that_parts_lack_is_refused),
        cmocka_unit_test(test_what_a_statement_before_it_stores),
        cmocka_unit_test(test_a_renamed_column_that_parts_lack_is_refused),
        cmocka_unit_test(test_a_view_that_has_taken_the_old_value_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
