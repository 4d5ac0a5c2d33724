/* SPDX-License-Identifier: Apache-2.0 */
/* The http backend against servers that hang up, cut, delay, refuse, or are no server at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "cli/server/connect.h"
#include "cli/server/backend.h"
#include "scripted_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: *\r\n\r\n" body
#define HELLO                                                                                      \
    OK("version\tdatabase\tsettings\nString\tString\tString\n18.16.1\tdefault\ty max_threads x\n")
#define ONE          OK("1\nUInt8\n1\n\n\n")
#define UNKNOWN_HINT "the statement was sent: the server may have run it, or may run it still"

static struct scripted_server server;

static int open_backend(struct lc_backend **b, struct lc_error *err)
{
    const struct lc_connect to = {
        .url = server.url, .timeout_ms = 60000, .connect_timeout_ms = 60000};

    return lc_backend_open(b, &to, err);
}

/* Open a backend, and send it one statement, which gets `step`. Returns how often it was sent. */
static size_t send_one(struct scripted_step step, const struct lc_query *q, struct lc_answer *out,
                       struct lc_error *err, int *rc)
{
    const struct scripted_step steps[] = {{.answer = HELLO}, step};
    struct lc_backend *b;

    *err = LC_ERROR_INIT;
    scripted_start(&server, steps, 2);
    assert_int_equal(open_backend(&b, err), 0);
    *rc = lc_backend_query(b, q, out, err);
    lc_backend_free(b);
    return scripted_stop(&server) - 1;
}

static void test_opening_asks_for_version_database_and_settings(void **state)
{
    const struct scripted_step steps[] = {{.answer = HELLO}};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b, *clone;
    char where[64];

    (void)state;
    scripted_start(&server, steps, 1);
    assert_int_equal(open_backend(&b, &err), 0);
    snprintf(where, sizeof where, "http://127.0.0.1:%u/default", server.port);
    assert_string_equal(lc_backend_where(b), where);
    assert_string_equal(lc_backend_kind(b), "http");
    assert_string_equal(lc_backend_version(b), "18.16.1");
    assert_string_equal(lc_backend_database(b), "default");
    assert_true(lc_backend_has_setting(b, "max_threads"));
    assert_true(lc_backend_has_setting(b, "y"));
    assert_false(lc_backend_has_setting(b, "log_comment"));
    /* a clone asks nothing, and outlives what it was cloned from */
    assert_int_equal(lc_backend_clone(b, &clone, &err), 0);
    lc_backend_free(b);
    assert_true(lc_backend_has_setting(clone, "x"));
    assert_string_equal(lc_backend_version(clone), "18.16.1");
    lc_backend_free(clone);
    assert_int_equal(scripted_stop(&server), 1);
}

static void test_what_is_sent(void **state)
{
    static const struct lc_setting settings[] = {{"max_threads", "2 & 3"}, {"not_known", "1"}, {0}};
    const struct lc_query q = {.sql = "SELECT 1", .query_id = "a b", .settings = settings};
    struct lc_error err;
    struct lc_answer t = {0};
    int rc;

    (void)state;
    assert_int_equal(
        send_one((struct scripted_step){.answer = OK("1\nUInt8\n1\n")}, &q, &t, &err, &rc), 1);
    assert_int_equal(rc, 0);
    assert_non_null(strstr(server.last, "POST /?database=default"
                                        "&default_format=TabSeparatedWithNamesAndTypes"
                                        "&wait_end_of_query=1&query_id=a%20b"
                                        "&max_threads=2%20%26%203 HTTP/1.1\r\n"));
    assert_null(strstr(server.last, "not_known"));
    assert_null(strstr(server.last, "log_comment")); /* this server does not know it */
    assert_null(strstr(server.last, "Authorization"));
    assert_non_null(strstr(server.last, "\r\n\r\nSELECT 1"));
    assert_int_equal(t.rows, 1);
    lc_answer_release(&t);
}

/* What one answer makes of a statement. Other than the text, one is as good as the other. */
struct answer_case {
    const char *what, *answer;
    bool close, streamed;
    int code, server_code;
    const char *message; /* a part of it */
};

/* From 25.11 on: a tag, and the exception between marks, behind which the connection is closed. */
#define TAGGED_HEAD                                                                                \
    "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Tag: abcd\r\nTransfer-Encoding: chunked\r\n\r\n"
#define TAGGED                                                                                     \
    "\r\n__exception__\r\nabcd\r\nCode: 1. DB::Exception: x\n26 abcd\r\n__exception__\r\n"
#define TAGGED_CHUNK "49\r\n" TAGGED "\r\n"

static const struct answer_case answers[] = {
    {"hung up without an answer", NULL, true, false, LC_ERR_UNKNOWN, 0,
     "the answer was lost: Empty reply from server"},
    {"hung up in the head", "HTTP/1.1 200 OK\r\nContent-Le", true, false, LC_ERR_UNKNOWN, 0,
     "the answer was lost: "},
    {"hung up in the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1\nUInt8\n1\n", true,
     false, LC_ERR_UNKNOWN, 0,
     "the answer was lost: transfer closed with 90 bytes remaining to read"},
    {"hung up between chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n1\nUInt8\n1\n\r\n", true, false,
     LC_ERR_UNKNOWN, 0, "the answer was lost: "},
    {"ends inside a row, and says so", OK("1\nUInt8\n1"), false, false, LC_ERR_UNKNOWN, 0,
     "the answer is cut or garbled: the answer ends inside a row (byte 8)"},
    {"is no table", OK("hello"), false, false, LC_ERR_UNKNOWN, 0, "the answer is cut or garbled"},
    {"a proxy's 503", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: *\r\n\r\nno server",
     false, false, LC_ERR_UNKNOWN, 0, "status 503, not from ClickHouse: no server"},
    {"a proxy's 502, binary", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: *\r\n\r\n\x01\xff\n",
     false, false, LC_ERR_UNKNOWN, 0, "status 502, not from ClickHouse: \\x01\\xff\\x0a"},
    {"a 404 of something else", "HTTP/1.1 404 Not Found\r\nContent-Length: *\r\n\r\nnope", false,
     false, LC_ERR_SERVER, 0, "status 404: nope"},
    {"a redirect is not followed",
     "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", false,
     false, LC_ERR_SERVER, 0, "status 302: "},
    {"no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n", true, false, LC_ERR_UNKNOWN, 0,
     "the answer was lost: "},
    {"an old server's error",
     "HTTP/1.1 404 Not Found\r\nContent-Length: *\r\n\r\n"
     "Code: 60, e.displayText() = DB::Exception: Table default.x doesn't exist., e.what() = "
     "DB::Exception\n\n",
     false, false, LC_ERR_SERVER, 60,
     "Code: 60, e.displayText() = DB::Exception: Table default.x doesn't exist."},
    {"a new server's error",
     "HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: 241\r\nContent-Length: "
     "68\r\n\r\n"
     "Code: 241. DB::Exception: Memory (MEMORY_LIMIT_EXCEEDED) (version 1)",
     false, false, LC_ERR_SERVER, 241, "Code: 241. DB::Exception: Memory (MEMORY_LIMIT_EXCEEDED)"},
    {"a code in the head alone",
     "HTTP/1.1 500 Oops\r\nX-ClickHouse-Exception-Code: 999\r\nContent-Length: *\r\n\r\noops",
     false, false, LC_ERR_SERVER, 999, "oops"},
    {"an error behind the first rows",
     OK("1\nUInt8\n1\nCode: 395. DB::Exception: x (Y) (version 1)"), false, true, LC_ERR_SERVER,
     395, "Code: 395. DB::Exception: x (Y)"},
    {"the same of an old server",
     OK("1\nUInt8\n1\nCode: 395, e.displayText() = DB::Exception: x, e.what() = DB::Exception\n"),
     false, true, LC_ERR_SERVER, 395, "Code: 395, e.displayText() = DB::Exception: x"},
    {"the same without being asked to stream",
     OK("1\nUInt8\n1\nCode: 395. DB::Exception: x\ty (Y) (version)"), false, false, LC_ERR_SERVER,
     395, "Code: 395. DB::Exception: x y (Y) (version)"},
    {"a tagged error behind the first rows, made whole on the way",
     "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Tag: abcd\r\nContent-Length: *\r\n\r\n"
     "1\nUInt8\n1\n" TAGGED,
     false, false, LC_ERR_SERVER, 1, "Code: 1. DB::Exception: x"},
    {"the same in an answer that would be whole with it",
     "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Tag: abcd\r\nContent-Length: *\r\n\r\n"
     "1\nString\n1\n" TAGGED,
     false, false, LC_ERR_SERVER, 1, "Code: 1. DB::Exception: x"},
    {"a tagged error as the server sends it: no last chunk",
     TAGGED_HEAD "a\r\n1\nUInt8\n1\n\r\n" TAGGED_CHUNK, true, false, LC_ERR_SERVER, 1,
     "Code: 1. DB::Exception: x"},
    {"the same behind nothing", TAGGED_HEAD TAGGED_CHUNK, true, false, LC_ERR_SERVER, 1,
     "Code: 1. DB::Exception: x"},
    {"the same, cut in its text", TAGGED_HEAD "23\r\n\r\n__exception__\r\nabcd\r\nCode: 47. DB::",
     true, false, LC_ERR_SERVER, 47, "Code: 47. DB"},
    {"the same, cut in its number", TAGGED_HEAD "23\r\n\r\n__exception__\r\nabcd\r\nCode: 4", true,
     false, LC_ERR_UNKNOWN, 0, "the answer was lost: "},
    {"the same, cut in its mark", TAGGED_HEAD "23\r\n\r\n__exception__\r\nab", true, false,
     LC_ERR_UNKNOWN, 0, "the answer was lost: "},
    {"the same, made whole on the way",
     "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Tag: abcd\r\nContent-Length: *\r\n\r\n"
     "1\nString\n1\n\r\n",
     false, false, LC_ERR_UNKNOWN, 0, "the answer is cut where an error begins"},
    {"another answer's tag",
     "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Tag: efgh\r\nTransfer-Encoding: chunked\r\n\r\n" TAGGED_CHUNK,
     true, false, LC_ERR_UNKNOWN, 0, "the answer was lost: "},
    {"a mark without a tag, and no last chunk",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "a\r\n1\nUInt8\n1\n\r\n29\r\n__exception__\r\nCode: 1. DB::Exception: x\n\r\n",
     true, false, LC_ERR_SERVER, 1, "Code: 1. DB::Exception: x"},
    {"a mark without a tag in an answer that would be whole with it",
     OK("1\nString\n1\n__exception__\r\nCode: 1. DB::Exception: x\n"), false, false, LC_ERR_SERVER,
     1, "Code: 1. DB::Exception: x"},
    {"cut behind a row that reads as an error",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "23\r\n1\nString\nCode: 1. DB::Exception: x\n\r\n",
     true, false, LC_ERR_UNKNOWN, 0, "the answer was lost: "},
};

static void test_answers_that_are_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const struct answer_case *c = &answers[i];
        const struct lc_query q = {.sql = "SELECT 1", .streamed = c->streamed};
        struct lc_answer t = {0};
        struct lc_error err;
        int rc;

        print_message("%s\n", c->what);
        send_one((struct scripted_step){.answer = c->answer, .close = c->close}, &q, &t, &err, &rc);
        assert_int_equal(rc, c->code);
        assert_int_equal(err.code, c->code);
        assert_int_equal(err.server_code, c->server_code);
        assert_non_null(strstr(err.msg, c->message));
        assert_int_equal(t.rows, 0);
        assert_null(t.cells);
    }
}

/* Rows with text that looks like the end of an answer that failed, and has not. */
static void test_rows_that_look_like_an_error(void **state)
{
    static const char *const heads[] = {"", "X-ClickHouse-Exception-Tag: abcd\r\n"};
    static const char *const rows[] = {
        "Code: 1. DB::Exception: x\n", "__exception__\nCode: 1. DB::Exception: x\n",
        "\\r\\n__exception__\\r\\nabcd\\r\\nCode: 1. DB::Exception: x\\n26 abcd\n",
        "abcd\n__exception__\n"};
    const struct lc_query q = {.sql = "SELECT 1"};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct lc_answer t = {0};
        struct lc_error err;
        char answer[512];
        int rc;

        snprintf(answer, sizeof answer,
                 "HTTP/1.1 200 OK\r\n%sContent-Length: *\r\n\r\n1\nString\n%s", heads[i % 2],
                 rows[i / 2]);
        send_one((struct scripted_step){.answer = answer}, &q, &t, &err, &rc);
        assert_int_equal(rc, 0);
        assert_int_equal(t.rows, 1 + (strchr(rows[i / 2], '\n')[1] != '\0'));
        lc_answer_release(&t);
    }
}

/* A statement that writes goes out once, even where a kept connection dies under it. */
static void test_writes_are_never_sent_twice(void **state)
{
    static const char *const writes[] = {
        "INSERT INTO t VALUES (1)", "ALTER TABLE t ADD COLUMN c UInt8", "selectx",
        "/* SELECT */ INSERT INTO t VALUES (1)", "WITH 1 AS x INSERT INTO t SELECT x"};

    (void)state;
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        const struct lc_query q = {.sql = writes[i]};
        struct lc_error err;
        int rc;

        assert_int_equal(send_one((struct scripted_step){.close = true}, &q, NULL, &err, &rc), 1);
        assert_int_equal(rc, LC_ERR_UNKNOWN);
        assert_string_equal(err.hint, UNKNOWN_HINT);
    }
}

static void test_too_late(void **state)
{
    const struct lc_query q = {.sql = "INSERT INTO t VALUES (1)", .timeout_ms = 300};
    struct lc_error err;
    int rc;

    (void)state;
    assert_int_equal(send_one((struct scripted_step){.hold = true}, &q, NULL, &err, &rc), 1);
    assert_int_equal(rc, LC_ERR_UNKNOWN);
    assert_non_null(strstr(err.msg, "no answer within 0.3 s"));
    assert_string_equal(err.hint, UNKNOWN_HINT);
}

/* The error is there, and the connection stays open: something on the way holds it. */
static void test_too_late_behind_an_error(void **state)
{
    const struct lc_query q = {.sql = "INSERT INTO t VALUES (1)", .timeout_ms = 300};
    struct lc_error err;
    int rc;

    (void)state;
    assert_int_equal(
        send_one((struct scripted_step){.answer = TAGGED_HEAD TAGGED_CHUNK}, &q, NULL, &err, &rc),
        1);
    assert_int_equal(rc, LC_ERR_SERVER);
    assert_int_equal(err.server_code, 1);
    assert_string_equal(err.msg, "Code: 1. DB::Exception: x");
}

static void test_told_to_stop(void **state)
{
    static atomic_bool cancel;
    const struct lc_query q = {.sql = "SELECT 1", .cancel = &cancel};
    struct lc_answer t = {0};
    struct lc_error err;
    int rc;

    (void)state;
    assert_int_equal(
        send_one((struct scripted_step){.asked = &cancel, .hold = true}, &q, &t, &err, &rc), 1);
    assert_int_equal(rc, LC_ERR_STOPPED);
    /* told before: nothing is sent */
    assert_int_equal(send_one((struct scripted_step){.answer = ONE}, &q, &t, &err, &rc), 0);
    assert_int_equal(rc, LC_ERR_STOPPED);
    assert_string_equal(err.msg, "stopped before the statement was sent");
}

static void test_nobody_there(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_connect to = {.url = server.url};
    struct lc_backend *b;

    (void)state;
    scripted_start(&server, NULL, 0);
    scripted_stop(&server); /* its port is free now */
    assert_int_equal(lc_backend_open(&b, &to, &err), LC_ERR_NOT_SENT);
    assert_null(b);
    assert_non_null(strstr(err.msg, "onnect"));
    assert_string_equal(err.hint, "is the server running, and is this its address and HTTP port?");
    err = LC_ERROR_INIT;
    to.url = "http://no-such-host.invalid/";
    assert_int_equal(lc_backend_open(&b, &to, &err), LC_ERR_NOT_SENT);
    assert_non_null(strstr(err.msg, "resolve host"));
    err = LC_ERROR_INIT;
    to.url = "no url";
    assert_int_equal(lc_backend_open(&b, &to, &err), LC_ERR_USAGE);
    assert_null(b);
}

/* The server goes away while a connection is open: the next statement knows
 * that it was not sent. */
static void test_gone_between_two_statements(void **state)
{
    const struct scripted_step steps[] = {{.answer = HELLO}};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b;

    (void)state;
    scripted_start(&server, steps, 1);
    assert_int_equal(open_backend(&b, &err), 0);
    scripted_stop(&server);
    assert_int_equal(lc_backend_run(b, "INSERT INTO t VALUES (1)", NULL, &err), LC_ERR_NOT_SENT);
    lc_backend_free(b);
}

static void test_something_else_answers(void **state)
{
    const struct scripted_step other = {.answer = OK("a\nString\nhello\nyou\n\n")};
    const struct scripted_step lost = {.close = true};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b;

    (void)state;
    scripted_start(&server, &other, 1);
    assert_int_equal(open_backend(&b, &err), LC_ERR_SERVER);
    assert_null(b);
    assert_non_null(strstr(err.msg, "does not answer as ClickHouse does"));
    scripted_stop(&server);
    /* a lost answer to the first question leaves nothing in doubt */
    err = LC_ERROR_INIT;
    scripted_start(&server, &lost, 1);
    assert_int_equal(open_backend(&b, &err), LC_ERR_NOT_SENT);
    assert_int_equal(err.code, LC_ERR_NOT_SENT);
    scripted_stop(&server);
}

/* The greeting has the right columns, and what is in them is not what ClickHouse says. */
static void test_greetings_that_are_none(void **state)
{
#define GREETING(cells) OK("version\tdatabase\tsettings\nString\tString\tString\n" cells "\n")
    const struct scripted_step greetings[] = {
        {.answer = GREETING("18.16.1\tother\tmax_threads")},
        {.answer = GREETING("18.16.1\t\tmax_threads")},
        {.answer = GREETING("18.16.1\tdefault\\0\tmax_threads")},
        {.answer = GREETING("max_threads\tdefault\t18.16.1 (x)")},
        {.answer = GREETING("default\tdefault\tmax_threads")},
        {.answer = GREETING("18\tdefault\tmax_threads")},
        {.answer = GREETING("18.16.1\tdefault\tmax_threads'")},
        {.answer = GREETING("18.16.1\tdefault\tmax_threads\\nx")},
        {.answer = GREETING("18.16.1\tdefault\t")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_backend *b;

        scripted_start(&server, &greetings[i], 1);
        assert_int_not_equal(open_backend(&b, &err), 0);
        assert_null(b);
        assert_non_null(strstr(err.msg, "as ClickHouse does"));
        scripted_stop(&server);
    }
}

static void test_user_and_password_are_sent_and_not_shown(void **state)
{
    const struct scripted_step denied = {
        .answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: *\r\n\r\n"
                  "Code: 516. DB::Exception: no (AUTHENTICATION_FAILED) (v 1)"};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b;
    char url[64];
    struct lc_connect to = {.url = url, .password = "pa:ss"};

    (void)state;
    scripted_start(&server, &denied, 1);
    snprintf(url, sizeof url, "http://m%%40e@127.0.0.1:%u/x", server.port);
    assert_int_equal(lc_backend_open(&b, &to, &err), LC_ERR_SERVER);
    assert_int_equal(err.server_code, 516);
    assert_null(strstr(err.msg, "pa:ss"));
    assert_non_null(strstr(server.last, "\r\nAuthorization: Basic bUBlOnBhOnNz\r\n"));
    assert_null(strstr(server.last, "pa:ss"));
    scripted_stop(&server);
    snprintf(url, sizeof url, "http://a%%3Ab@127.0.0.1:1/x");
    err = LC_ERROR_INIT;
    assert_int_equal(lc_backend_open(&b, &to, &err), LC_ERR_USAGE);
    assert_string_equal(err.msg, "the URL's user contains a colon, which HTTP cannot send");
}

static void test_statistics_from_the_summary(void **state)
{
    const struct lc_query q = {.sql = "SELECT 1"};
    struct lc_answer t = {0};
    struct lc_error err;
    int rc;

    (void)state;
    send_one(
        (struct scripted_step){.answer =
                                   "HTTP/1.1 200 OK\r\nX-ClickHouse-Summary: {\"read_rows\":\"12\","
                                   "\"read_bytes\":\"345\",\"elapsed_ns\":\"2500000\"}\r\n"
                                   "Content-Length: *\r\n\r\n1\nUInt8\n1\n"},
        &q, &t, &err, &rc);
    assert_int_equal(rc, 0);
    assert_int_equal(t.rows_read, 12);
    assert_int_equal(t.bytes_read, 345);
    assert_true(t.elapsed_s > 0.00249 && t.elapsed_s < 0.00251);
    lc_answer_release(&t);
}

/* A proxy that loses rows leaves the server's own count, where there is one. */
static void test_rows_against_the_summary(void **state)
{
    static const struct {
        const char *said;
        int rc;
    } cases[] = {{"2", 0}, {"0", 0}, {"1", LC_ERR_UNKNOWN}, {"3", LC_ERR_UNKNOWN}};
    const struct lc_query q = {.sql = "SELECT 1"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_answer t = {0};
        struct lc_error err;
        char answer[256];
        int rc;

        snprintf(answer, sizeof answer,
                 "HTTP/1.1 200 OK\r\nX-ClickHouse-Summary: {\"result_rows\":\"%s\"}\r\n"
                 "Content-Length: *\r\n\r\n1\nUInt8\n1\n1\n",
                 cases[i].said);
        send_one((struct scripted_step){.answer = answer}, &q, &t, &err, &rc);
        assert_int_equal(rc, cases[i].rc);
        lc_answer_release(&t);
    }
}

/* An empty table has names and types: an empty body is no answer to what reads. */
static void test_empty_body(void **state)
{
    static const struct {
        const char *sql;
        int rc;
    } cases[] = {{"SELECT 1", LC_ERR_UNKNOWN},
                 {" select(1)", LC_ERR_UNKNOWN},
                 {"SHOW TABLES", LC_ERR_UNKNOWN},
                 {"DROP TABLE t", 0},
                 {"SELECTED", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct lc_query q = {.sql = cases[i].sql};
        struct lc_answer t = {0};
        struct lc_error err;
        int rc;

        send_one((struct scripted_step){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
                 &q, &t, &err, &rc);
        assert_int_equal(rc, cases[i].rc);
        assert_int_equal(t.cols, 0);
        lc_answer_release(&t);
    }
}

/* Asks nobody, so that it opens no session. */
static int pass(void *ctx, char *session, struct lc_error *err)
{
    const int *rc = ctx;

    if (session)
        *session = '\0';
    return *rc ? lc_fail(err, *rc, "fenced off") : 0;
}

static bool fresh(void *ctx)
{
    (void)ctx;
    return true;
}

/* Stopped for more than half of a lease of one second, after the last look. */
static bool fresh_then_stopped(void *ctx)
{
    uint64_t until = lc_now_ms() + 501;

    (void)ctx;
    while (lc_now_ms() < until)
        lc_sleep_ms(50, NULL);
    return true;
}

static bool not_fresh(void *ctx)
{
    (void)ctx;
    return false;
}

#define NO_SESSION                                                                                 \
    "HTTP/1.1 404 Not Found\r\nContent-Length: *\r\n\r\n"                                          \
    "Code: 372. DB::Exception: Session not found. (SESSION_NOT_FOUND)\n"

/* Send an INSERT through a fence; the server gets `requests` of it, the answers of steps. */
static void fenced(const struct lc_fence *fence, const struct scripted_step *steps, size_t n,
                   int wanted, size_t requests, bool twice)
{
    struct scripted_step all[8] = {{.answer = HELLO}};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b, *clone;

    memcpy(all + 1, steps, n * sizeof *steps);
    scripted_start(&server, all, n + 1);
    assert_int_equal(open_backend(&b, &err), 0);
    lc_backend_set_fence(b, fence);
    assert_int_equal(lc_backend_clone(b, &clone, &err), 0);
    assert_int_equal(lc_backend_run(clone, "INSERT INTO t VALUES (1)", NULL, &err), wanted);
    assert_int_equal(err.code, wanted);
    if (twice)
        assert_int_equal(lc_backend_run(b, "INSERT INTO t VALUES (2)", NULL, &err), 0);
    lc_backend_free(clone);
    lc_backend_free(b);
    assert_int_equal(scripted_stop(&server) - 1, requests);
}

static void test_what_changes_something_passes_the_fence(void **state)
{
    const struct scripted_step ones[] = {{.answer = ONE}, {.answer = ONE}};
    int rc = LC_ERR_LOCKED;
    struct lc_fence fence = {pass, fresh, 0, &rc};
    const struct lc_query q = {.sql = "SELECT f()", .changes = true};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b;

    (void)state;
    fenced(&fence, ones, 0, LC_ERR_LOCKED, 0, false);
    rc = 0;
    fenced(&fence, ones, 1, 0, 1, false);
    fence.fresh = not_fresh;
    fenced(&fence, ones, 0, LC_ERR_NOT_SENT, 0, false);
    /* what reads does not ask, unless it is said to change something */
    rc = LC_ERR_LOCKED;
    scripted_start(&server, (const struct scripted_step[]){{.answer = HELLO}, ones[0]}, 2);
    assert_int_equal(open_backend(&b, &err), 0);
    lc_backend_set_fence(b, &fence);
    assert_int_equal(lc_backend_run(b, "SELECT 1", NULL, &err), 0);
    assert_int_equal(lc_backend_query(b, &q, NULL, &err), LC_ERR_LOCKED);
    lc_backend_set_fence(b, NULL);
    lc_backend_free(b);
    assert_int_equal(scripted_stop(&server), 2);
}

static void test_a_lease_is_a_session(void **state)
{
    const struct scripted_step ones[] = {{.answer = ONE}, {.answer = ONE}};
    const struct scripted_step none[] = {
        {.answer = ONE}, {.answer = NO_SESSION}, {.answer = ONE}, {.answer = ONE}};
    const struct scripted_step refused[] = {
        {.answer = NO_SESSION}, {.answer = ONE}, {.answer = ONE}};
    const struct scripted_step late[] = {{.answer = ONE}, {.answer = NO_SESSION}};
    const struct scripted_step lost[] = {{.close = true}};
    int rc = 0;
    const struct lc_fence fence = {pass, fresh, 7, &rc},
                          short_one = {pass, fresh_then_stopped, 1, &rc};

    (void)state;
    fenced(&fence, ones, 2, 0, 2, false);
    assert_non_null(strstr(server.last, "session_timeout=7&session_check=1"));
    assert_non_null(strstr(server.last, "session_id="));
    /* no server keeps the session, or none can be opened: found out once, then without */
    fenced(&fence, none, 4, 0, 4, true);
    assert_null(strstr(server.last, "session_"));
    fenced(&fence, refused, 3, 0, 3, true);
    /* refused since it came late: nothing was done */
    fenced(&short_one, late, 2, LC_ERR_NOT_SENT, 2, false);
    /* the answer that was lost is not the statement's */
    fenced(&fence, lost, 1, LC_ERR_NOT_SENT, 1, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening_asks_for_version_database_and_settings),
        cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_rows_that_look_like_an_error),
        cmocka_unit_test(test_writes_are_never_sent_twice),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_too_late_behind_an_error),
        cmocka_unit_test(test_told_to_stop),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_gone_between_two_statements),
        cmocka_unit_test(test_something_else_answers),
        cmocka_unit_test(test_greetings_that_are_none),
        cmocka_unit_test(test_user_and_password_are_sent_and_not_shown),
        cmocka_unit_test(test_statistics_from_the_summary),
        cmocka_unit_test(test_rows_against_the_summary),
        cmocka_unit_test(test_empty_body),
        cmocka_unit_test(test_what_changes_something_passes_the_fence),
        cmocka_unit_test(test_a_lease_is_a_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
