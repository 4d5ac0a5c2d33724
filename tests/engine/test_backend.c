/* SPDX-License-Identifier: Apache-2.0 */
/* The two backends against the same engine: in this process, and behind HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/connect.h"
#include "cli/server/backend.h"
#include "chdb_server.h"
#include "tls_cert.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Against hanging only. */
enum { HANGS_MS = 300000 };

/* What the cases run on: one after the other, the embedded engine and the same over HTTP. */
static char *folder;
static char path[256];
static struct chdb_server server;
static struct lc_connect to;
static struct lc_backend *b;
static struct lc_error err;
static struct lc_answer t;

static void open_it(void)
{
    err = LC_ERROR_INIT;
    assert_int_equal(lc_backend_open(&b, &to, &err), 0);
}

static int start_embedded(void **state)
{
    (void)state;
    folder = scratch_new();
    snprintf(path, sizeof path, "%s/data", folder);
    to = (struct lc_connect){
        .embedded = true, .path = path, .make_path = true, .timeout_ms = HANGS_MS};
    open_it();
    return 0;
}

static int stop_embedded(void **state)
{
    (void)state;
    lc_backend_free(b);
    lc_answer_release(&t);
    scratch_remove(folder);
    return 0;
}

static int start_http(void **state)
{
    static const char *const more[] = {"--user", "me", "--password", "open sesame", NULL};
    static char url[128];

    (void)state;
    folder = scratch_new();
    snprintf(path, sizeof path, "%s/data", folder);
    chdb_server_start(&server, path, more);
    snprintf(url, sizeof url, "http://me@127.0.0.1:%u/default", server.port);
    to = (struct lc_connect){.url = url, .password = "open sesame", .timeout_ms = HANGS_MS};
    open_it();
    return 0;
}

static int stop_http(void **state)
{
    (void)state;
    lc_backend_free(b);
    lc_answer_release(&t);
    chdb_server_stop(&server);
    scratch_remove(folder);
    return 0;
}

static int run(const char *sql)
{
    err = LC_ERROR_INIT;
    return lc_backend_run(b, sql, &t, &err);
}

static void must(const char *sql)
{
    int rc = run(sql);

    if (rc)
        print_message("%s: %s\n", sql, err.msg);
    assert_int_equal(rc, 0);
}

static const char *first(void)
{
    assert_true(t.rows > 0);
    return lc_answer_at(&t, 0, 0)->p;
}

static void test_what_it_says_of_itself(void **state)
{
    (void)state;
    assert_string_equal(lc_backend_kind(b), to.embedded ? "embedded" : "http");
    assert_string_equal(lc_backend_database(b), "default");
    assert_true(strtoul(lc_backend_version(b), NULL, 10) >= 24);
    assert_non_null(strstr(lc_backend_where(b), to.embedded ? path : "127.0.0.1"));
    assert_null(strstr(lc_backend_where(b), "sesame"));
}

static void test_every_byte_comes_back(void **state)
{
    const struct lc_cell *c;

    (void)state;
    must("SELECT arrayStringConcat(arrayMap(x -> char(x), range(256))) AS all, '' AS empty, NULL "
         "AS nothing, "
         "'a\\tb' AS `odd\\n\\`name`");
    assert_int_equal(t.rows, 1);
    assert_int_equal(t.cols, 4);
    c = lc_answer_at(&t, 0, 0);
    assert_int_equal(c->n, 256);
    for (int i = 0; i < 256; i++)
        assert_int_equal((unsigned char)c->p[i], i);
    assert_int_equal(lc_answer_at(&t, 0, 1)->n, 0);
    assert_false(lc_answer_at(&t, 0, 1)->is_null);
    assert_true(lc_answer_at(&t, 0, 2)->is_null);
    assert_int_equal(lc_answer_col(&t, "odd\n`name"), 3);
    assert_true(t.elapsed_s > 0);
}

static void test_large_answers(void **state)
{
    (void)state;
    must("SELECT number FROM numbers(300000)");
    assert_int_equal(t.rows, 300000);
    assert_int_equal(lc_answer_u64(&t, 299999, 0, 0), 299999);
    assert_true(t.rows_read >= 300000);
    must("SELECT repeat(repeat('x', 1000), 5000)");
    assert_int_equal(lc_answer_at(&t, 0, 0)->n, 5000000);
}

static void test_ddl_answers_nothing(void **state)
{
    (void)state;
    must("CREATE DATABASE IF NOT EXISTS a");
    assert_int_equal(t.rows, 0);
    assert_int_equal(t.cols, 0);
    must("CREATE TABLE IF NOT EXISTS a.t (s String) ENGINE = MergeTree ORDER BY s");
    must("TRUNCATE TABLE a.t");
}

static void test_inline_data_of_any_bytes(void **state)
{
    static const char binary[] = "INSERT INTO a.t FORMAT RowBinary\n\x05"
                                 "a\0\n\n;";
    const struct lc_query q = {.sql = binary, .sql_n = sizeof binary - 1};

    (void)state;
    test_ddl_answers_nothing(state);
    assert_int_equal(lc_backend_query(b, &q, NULL, &err), 0);
    must("SELECT hex(s) FROM a.t");
    assert_int_equal(t.rows, 1);
    assert_string_equal(first(), "61000A0A3B");
    must("TRUNCATE TABLE a.t");
    /* a blank line, and text that looks like a statement, are data */
    must("INSERT INTO a.t FORMAT TSV\nx\n\nDROP TABLE a.t;\n");
    must("INSERT INTO a.t VALUES ('v;'), ('w')");
    must("INSERT INTO a.t (s) FORMAT JSONEachRow {\"s\": \"j\"}\n\n{\"s\": \"k\"}");
    must("SELECT arrayStringConcat(arraySort(groupArray(s)), '|') FROM a.t");
    assert_string_equal(first(), "|DROP TABLE a.t;|j|k|v;|w|x");
}

static void test_errors_carry_code_and_text(void **state)
{
    static const struct {
        const char *sql;
        int code;
        const char *text;
    } cases[] = {
        {"SELEC 1", 62, "(SYNTAX_ERROR)"},
        {"SELECT 1; SELECT 2", 62, "Multi-statements are not allowed"},
        {"INSERT INTO a.t VALUES ('x'); SELECT 2", 62, "Multi-statements are not allowed"},
        {"1 + 2", 62, "(SYNTAX_ERROR)"},
        {"SELECT 1 FROM a.nope", 60, "(UNKNOWN_TABLE)"},
        {"SELECT 1 FROM nope.t", 81, "(UNKNOWN_DATABASE)"},
        {"SELECT nope()", 46, "(UNKNOWN_FUNCTION)"},
        {"SELECT x FROM a.t", 47, "(UNKNOWN_IDENTIFIER)"},
        {"CREATE TABLE a.t (s String) ENGINE = MergeTree ORDER BY s", 57, "(TABLE_ALREADY_EXISTS)"},
        {"INSERT INTO a.t FORMAT JSONEachRow {\"s\": ", 0, ""},
        {"SELECT 1 SETTINGS nope = 1", 115, "(UNKNOWN_SETTING)"},
    };

    (void)state;
    test_ddl_answers_nothing(state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(run(cases[i].sql), LC_ERR_SERVER);
        assert_int_equal(err.code, LC_ERR_SERVER);
        if (cases[i].code)
            assert_int_equal(err.server_code, cases[i].code);
        assert_non_null(strstr(err.msg, cases[i].text));
        assert_null(strchr(err.msg, '\n'));
        assert_int_equal(t.cols, 0);
    }
    must("SELECT count() FROM a.t");
    assert_string_equal(first(), "0");
}

/* What a failed statement made before it failed must not show up in the next answer. */
static void test_a_clean_answer_after_an_error_in_mid_result(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        /* 10 MB before it fails: a server that is asked to stream has sent the most of them. */
        const struct lc_query streamed = {
            .sql = "SELECT repeat('x', 100), throwIf(number = 100000) FROM numbers(200000) "
                   "SETTINGS max_block_size = 1000, max_threads = 1",
            .streamed = i % 2 == 0};

        err = LC_ERROR_INIT;
        assert_int_equal(lc_backend_query(b, &streamed, &t, &err), LC_ERR_SERVER);
        assert_int_equal(err.server_code, 395);
        must("SELECT 42");
        assert_int_equal(t.rows, 1);
        assert_string_equal(first(), "42");
    }
}

/* SET, USE and temporary tables end with their statement, as over HTTP. */
static void test_nothing_is_left_behind(void **state)
{
    (void)state;
    test_ddl_answers_nothing(state);
    must("SET max_threads = 3");
    must("SELECT getSetting('max_threads') = 3");
    assert_string_equal(first(), "0");
    must("USE a");
    must("SELECT currentDatabase()");
    assert_string_equal(first(), "default");
    (void)run("CREATE TEMPORARY TABLE temp (x UInt8)");
    assert_int_equal(run("SELECT x FROM temp"), LC_ERR_SERVER);
}

static void test_settings_go_where_they_are_known(void **state)
{
    static const struct lc_setting settings[] = {
        {"max_threads", "3"}, {"no_such_setting", "1"}, {0}};
    static const struct lc_setting bad[] = {{"max_threads", "many"}, {0}};
    struct lc_query q = {.sql = "SELECT getSetting('max_threads'), getSetting('log_comment')",
                         .query_id = "it's an \"id\" of 1",
                         .settings = settings};

    (void)state;
    assert_true(lc_backend_has_setting(b, "max_threads"));
    assert_true(lc_backend_has_setting(b, "mutations_sync"));
    assert_false(lc_backend_has_setting(b, "no_such_setting"));
    assert_false(lc_backend_has_setting(b, ""));
    assert_int_equal(lc_backend_query(b, &q, &t, &err), 0);
    assert_string_equal(first(), "3");
    assert_string_equal(lc_answer_at(&t, 0, 1)->p, "it's an \"id\" of 1");
    q.settings = bad;
    assert_int_equal(lc_backend_query(b, &q, &t, &err), LC_ERR_SERVER);
    assert_true(err.server_code > 0);
    must("SELECT getSetting('max_threads') = 3");
    assert_string_equal(first(), "0");
}

static void test_too_late_is_unknown(void **state)
{
    static const char *const endless[] = {
        "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
        "SELECT sleepEachRow(1) FROM numbers(30) SETTINGS max_block_size = 1",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct lc_query q = {.sql = endless[i], .timeout_ms = 200};

        err = LC_ERROR_INIT;
        assert_int_equal(lc_backend_query(b, &q, &t, &err), LC_ERR_UNKNOWN);
        assert_non_null(strstr(err.msg, "no answer within 0.2 s"));
        must("SELECT 1");
    }
    if (!to.embedded)
        must("KILL QUERY WHERE query LIKE '%numbers(1%' SYNC");
}

/* What cancels a query: a connection of its own sees it run before. */
struct canceller {
    struct lc_backend *b;
    atomic_bool cancel;
    bool seen;
};

static void *cancel_once_it_runs(void *data)
{
    struct canceller *c = data;
    const struct timespec pause = {0, 10000000};
    struct lc_error e = LC_ERROR_INIT;

    for (int look = 0; look < HANGS_MS / 10 && !c->seen; look++) {
        struct lc_answer answer = {0};
        int rc = lc_backend_run(c->b,
                                "SELECT count() FROM system.processes WHERE query LIKE "
                                "'%numbers(1000000000000)%' AND query NOT LIKE '%processes%'",
                                &answer, &e);

        c->seen = rc == 0 && lc_answer_u64(&answer, 0, 0, 0) > 0;
        lc_answer_release(&answer);
        nanosleep(&pause, NULL);
    }
    atomic_store(&c->cancel, true);
    return NULL;
}

static void test_told_to_stop(void **state)
{
    struct canceller c = {0};
    const struct lc_query q = {
        .sql = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
        .cancel = &c.cancel};
    pthread_t thread;

    (void)state;
    assert_int_equal(lc_backend_clone(b, &c.b, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, cancel_once_it_runs, &c), 0);
    assert_int_equal(lc_backend_query(b, &q, &t, &err), LC_ERR_STOPPED);
    pthread_join(thread, NULL);
    lc_backend_free(c.b);
    if (!c.seen)
        fail_msg("waited %d s for the query to run: no process list showed it", HANGS_MS / 1000);
    must("SELECT 1");
    if (!to.embedded)
        must("KILL QUERY WHERE query LIKE '%numbers(1%' SYNC");
}

/* Rows into one table and out of another, by one thread. */
struct worker {
    struct lc_backend *b;
    unsigned number;
    bool failed;
};

static void *work(void *data)
{
    struct worker *w = data;

    for (int i = 0; i < 20 && !w->failed; i++) {
        struct lc_answer answer = {0};
        struct lc_error e = LC_ERROR_INIT;
        char sql[128], want[16];

        snprintf(sql, sizeof sql, "INSERT INTO a.t VALUES ('%u-%d')", w->number, i);
        w->failed = lc_backend_run(w->b, sql, NULL, &e) != 0;
        snprintf(sql, sizeof sql, "SELECT count() FROM a.t WHERE startsWith(s, '%u-')", w->number);
        w->failed = w->failed || lc_backend_run(w->b, sql, &answer, &e) != 0;
        snprintf(want, sizeof want, "%d", i + 1);
        w->failed = w->failed || strcmp(lc_answer_at(&answer, 0, 0)->p, want) != 0;
        lc_answer_release(&answer);
    }
    return NULL;
}

static void test_connections_side_by_side(void **state)
{
    struct worker workers[4];
    pthread_t threads[4];

    (void)state;
    test_ddl_answers_nothing(state);
    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (struct worker){.number = i};
        assert_int_equal(lc_backend_clone(b, &workers[i].b, &err), 0);
        assert_string_equal(lc_backend_version(workers[i].b), lc_backend_version(b));
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(workers[i].failed);
        lc_backend_free(workers[i].b);
    }
    must("SELECT count(), uniqExact(s) FROM a.t");
    assert_string_equal(first(), "80");
    assert_string_equal(lc_answer_at(&t, 0, 1)->p, "80");
}

static void test_another_database(void **state)
{
    struct lc_connect other = to;
    struct lc_backend *in_a;

    (void)state;
    test_ddl_answers_nothing(state);
    other.database = "a";
    assert_int_equal(lc_backend_open(&in_a, &other, &err), 0);
    assert_string_equal(lc_backend_database(in_a), "a");
    assert_int_equal(lc_backend_run(in_a, "SELECT count() FROM t", &t, &err), 0);
    lc_backend_free(in_a);
    other.database = "no`such";
    assert_int_equal(lc_backend_open(&in_a, &other, &err), LC_ERR_SERVER);
    assert_int_equal(err.server_code, 81);
    assert_null(in_a);
}

static void test_data_outlives_the_connection(void **state)
{
    (void)state;
    test_ddl_answers_nothing(state);
    must("INSERT INTO a.t VALUES ('kept')");
    lc_backend_free(b);
    b = NULL;
    if (!to.embedded) {
        static char url[128];
        static const char *const more[] = {"--user", "me", "--password", "open sesame", NULL};

        chdb_server_stop(&server);
        chdb_server_start(&server, path, more);
        snprintf(url, sizeof url, "http://me@127.0.0.1:%u/default", server.port);
        to.url = url;
    }
    open_it();
    must("SELECT s FROM a.t");
    assert_string_equal(first(), "kept");
}

/* ---- one of them alone ---- */

static void test_embedded_one_path_a_process(void **state)
{
    struct lc_connect other = to;
    struct lc_backend *second;
    char other_path[300];

    (void)state;
    snprintf(other_path, sizeof other_path, "%s/other", folder);
    other.path = other_path;
    assert_int_equal(lc_backend_open(&second, &other, &err), LC_ERR_USAGE);
    assert_non_null(strstr(err.msg, "the engine opens only one path"));
    assert_null(second);
    must("SELECT 1");
}

static void test_embedded_path_that_another_process_has_open(void **state)
{
    struct lc_connect other = to;
    struct chdb_server holder;
    struct lc_backend *second;
    char pid[32];

    (void)state;
    lc_backend_free(b);
    b = NULL;
    chdb_server_start(&holder, path, NULL);
    assert_int_equal(lc_backend_open(&second, &other, &err), LC_ERR_LOCKED);
    assert_null(second);
    snprintf(pid, sizeof pid, "(pid %d)", (int)holder.pid);
    assert_non_null(strstr(err.msg, pid));
    assert_non_null(strstr(err.msg, path));
    /* its owner's death sets the path free */
    chdb_server_kill(&holder);
    open_it();
    must("SELECT 1");
}

static void test_http_wrong_password(void **state)
{
    struct lc_connect other = to;
    struct lc_backend *second;

    (void)state;
    other.password = "close sesame";
    assert_int_equal(lc_backend_open(&second, &other, &err), LC_ERR_SERVER);
    assert_int_equal(err.server_code, 516);
    assert_null(strstr(err.msg, "sesame"));
    assert_null(second);
}

static void test_http_server_dies(void **state)
{
    static const char *const more[] = {"--user", "me", "--password", "open sesame", NULL};
    static char url[128];

    (void)state;
    chdb_server_kill(&server);
    assert_int_equal(run("INSERT INTO a.t VALUES ('x')"), LC_ERR_NOT_SENT);
    assert_int_equal(run("SELECT 1"), LC_ERR_NOT_SENT);
    chdb_server_start(&server, path, more);
    snprintf(url, sizeof url, "http://me@127.0.0.1:%u/default", server.port);
    lc_backend_free(b);
    to.url = url;
    open_it();
    must("SELECT 1");
}

/* ---- TLS ---- */

static char cert[300], key[300], other_cert[300], other_key[300];

static int start_tls(void **state)
{
    const char *const more[] = {"--tls-cert",      cert, "--tls-key", key,
                                "--tls-client-ca", cert, NULL};

    (void)state;
    folder = scratch_new();
    snprintf(path, sizeof path, "%s/data", folder);
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    snprintf(other_cert, sizeof other_cert, "%s/other-cert.pem", folder);
    snprintf(other_key, sizeof other_key, "%s/other-key.pem", folder);
    tls_cert_make(cert, key);
    tls_cert_make(other_cert, other_key);
    chdb_server_start(&server, path, more);
    return 0;
}

static int stop_tls(void **state)
{
    (void)state;
    chdb_server_stop(&server);
    scratch_remove(folder);
    return 0;
}

static int open_tls(const struct lc_connect *with)
{
    int rc;

    err = LC_ERROR_INIT;
    rc = lc_backend_open(&b, with, &err);
    lc_backend_free(b);
    b = NULL;
    return rc;
}

static void test_tls_with_both_certificates(void **state)
{
    struct lc_connect with = {.url = server.url, .ca_cert = cert, .cert = cert, .key = key};

    (void)state;
    assert_int_equal(lc_backend_open(&b, &with, &err), 0);
    must("SELECT 'over TLS'");
    assert_string_equal(first(), "over TLS");
    assert_int_equal(strncmp(lc_backend_where(b), "https://", 8), 0);
    lc_backend_free(b);
    lc_answer_release(&t);
    b = NULL;
}

static void test_tls_that_is_not_trusted(void **state)
{
    char url[64];
    struct lc_connect with = {.url = server.url};

    (void)state;
    /* an authority that the system does not know */
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
    assert_non_null(strstr(err.msg, "certificate"));
    assert_non_null(strstr(err.hint, "--ca-cert FILE"));
    /* another one of the same name */
    with.ca_cert = other_cert;
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
    /* the right one, but the certificate is not for this name */
    with.ca_cert = cert;
    snprintf(url, sizeof url, "https://localhost:%u/", server.port);
    with.url = url;
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
    assert_non_null(strstr(err.msg, "localhost"));
    /* plain HTTP to the same port */
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", server.port);
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
}

static void test_tls_files_and_client_certificates(void **state)
{
    struct lc_connect with = {.url = server.url, .ca_cert = "/nowhere/ca.pem"};

    (void)state;
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
    assert_non_null(strstr(err.msg, "/nowhere/ca.pem"));
    with = (struct lc_connect){
        .url = server.url, .ca_cert = cert, .cert = "/nowhere/cert.pem", .key = key};
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
    assert_non_null(strstr(err.msg, "/nowhere/cert.pem"));
    /* the key of another certificate */
    with.cert = other_cert;
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
    /* none at all, or one that the server does not know: it hangs up */
    with = (struct lc_connect){.url = server.url, .ca_cert = cert};
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
    with = (struct lc_connect){
        .url = server.url, .ca_cert = cert, .cert = other_cert, .key = other_key};
    assert_int_equal(open_tls(&with), LC_ERR_NOT_SENT);
}

#define BOTH                                                                                       \
    cmocka_unit_test(test_what_it_says_of_itself), cmocka_unit_test(test_every_byte_comes_back),   \
        cmocka_unit_test(test_large_answers), cmocka_unit_test(test_ddl_answers_nothing),          \
        cmocka_unit_test(test_inline_data_of_any_bytes),                                           \
        cmocka_unit_test(test_errors_carry_code_and_text),                                         \
        cmocka_unit_test(test_a_clean_answer_after_an_error_in_mid_result),                        \
        cmocka_unit_test(test_nothing_is_left_behind),                                             \
        cmocka_unit_test(test_settings_go_where_they_are_known),                                   \
        cmocka_unit_test(test_too_late_is_unknown), cmocka_unit_test(test_told_to_stop),           \
        cmocka_unit_test(test_connections_side_by_side), cmocka_unit_test(test_another_database),  \
        cmocka_unit_test(test_data_outlives_the_connection)

int main(void)
{
    const struct CMUnitTest embedded[] = {
        BOTH,
        cmocka_unit_test(test_embedded_one_path_a_process),
        cmocka_unit_test(test_embedded_path_that_another_process_has_open),
    };
    const struct CMUnitTest http[] = {
        BOTH,
        cmocka_unit_test(test_http_wrong_password),
        cmocka_unit_test(test_http_server_dies),
    };
    const struct CMUnitTest tls[] = {
        cmocka_unit_test(test_tls_with_both_certificates),
        cmocka_unit_test(test_tls_that_is_not_trusted),
        cmocka_unit_test(test_tls_files_and_client_certificates),
    };
    int failed = cmocka_run_group_tests(tls, start_tls, stop_tls);

    failed += cmocka_run_group_tests(http, start_http, stop_http);

    return failed + cmocka_run_group_tests(embedded, start_embedded, stop_embedded);
}
