/* SPDX-License-Identifier: Apache-2.0 */
/* What a send does next: of each answer, and of what is found out where an answer is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/migrate/send.h"
#include "cli/server/backend_impl.h"
#include "cli/server/server_error.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A server that answers each send by a list, and every question of livecol's by one failure. */
struct fake {
    int sends_code[4], server_code[4]; /* of the n-th send; 0: taken */
    unsigned sends;
    int questions_code;
};

static int answer(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                  struct lc_error *err)
{
    struct fake *f = b->state;
    unsigned n = f->sends;

    (void)out;
    if (!q->query_id) {
        lc_fail(err, f->questions_code, "the question failed");
        err->server_code = f->questions_code == LC_ERR_SERVER ? 497 : 0;
        return f->questions_code;
    }
    assert_true(n < 4);
    f->sends++;
    if (f->sends_code[n] == 0)
        return 0;
    lc_fail(err, f->sends_code[n], "send %u failed", n + 1);
    err->server_code = f->server_code[n];
    return f->sends_code[n];
}

static const struct lc_backend_ops ops = {.kind = "fake", .query = answer};

static void drop_event(void *ctx, enum lc_run_event_kind kind, const char *text,
                       const struct lc_mutation_progress *progress)
{
    (void)ctx, (void)kind, (void)text, (void)progress;
}

static int send_it(struct fake *f, const char *sql, struct lc_error *err)
{
    struct lc_backend b = {.ops = &ops,
                           .state = f,
                           .where = (char[]){"fake"},
                           .database = (char[]){"default"},
                           .version = (char[]){"26.7.1"}};
    struct lc_cluster cluster = {.b = &b, .n = 1};
    const struct lc_abilities facts = {0};
    const struct lc_up_options options = {0};
    const struct lc_submit s = {
        .b = &b, .cluster = &cluster, .facts = &facts, .options = &options, .event = drop_event};
    struct lc_migration_stmt text = {.p = (char *)(uintptr_t)sql, .n = strlen(sql)};
    struct lc_plan_stmt stmt = {.text = &text};
    struct lc_sending x = {.s = &s, .stmt = &stmt, .sent = {"id", 1}};
    int rc;

    *err = LC_ERROR_INIT;
    assert_int_equal(lc_stmt_parse(&stmt.parsed, sql, strlen(sql), err), 0);
    rc = lc_send(&x, err);
    lc_stmt_release(&stmt.parsed);
    return rc;
}

#define INSERT "INSERT INTO t (a) SELECT 1"

static void test_taken(void **state)
{
    struct fake f = {0};
    struct lc_error err;

    (void)state;
    assert_int_equal(send_it(&f, INSERT, &err), 0);
    assert_int_equal(f.sends, 1);
}

static void test_not_sent_is_sent_again(void **state)
{
    struct fake f = {.sends_code = {LC_ERR_NOT_SENT, LC_ERR_NOT_SENT}};
    struct lc_error err;

    (void)state;
    assert_int_equal(send_it(&f, INSERT, &err), 0);
    assert_int_equal(f.sends, 3);
}

static void test_what_failed_is_not(void **state)
{
    struct fake f = {.sends_code = {LC_ERR_SERVER}, .server_code = {LC_SERVER_SYNTAX_ERROR}};
    struct lc_error err;

    (void)state;
    assert_int_equal(send_it(&f, INSERT, &err), LC_ERR_SERVER);
    assert_int_equal(err.server_code, LC_SERVER_SYNTAX_ERROR);
    assert_int_equal(f.sends, 1);
}

static void test_refused_before_it_began_is_sent_again(void **state)
{
    struct fake f = {.sends_code = {LC_ERR_SERVER}, .server_code = {LC_SERVER_TOO_MANY_MUTATIONS}};
    struct lc_error err;

    (void)state;
    assert_int_equal(send_it(&f, "ALTER TABLE t UPDATE a = 1 WHERE 1", &err), 0);
    assert_int_equal(f.sends, 2);
}

/*
 * The answer is lost, and what became of it cannot be asked, whatever the reason. The failure of the
 * question is not the statement's: it is neither sent again nor taken for failed.
 */
static void test_lost_and_nobody_to_ask(void **state)
{
    const int codes[] = {LC_ERR_SERVER, LC_ERR_NOT_SENT, LC_ERR_UNKNOWN};
    const char *const sql[] = {INSERT, "CREATE TABLE t (a Int8) ENGINE = Memory",
                               "ALTER TABLE t UPDATE a = a + 1 WHERE 1"};
    size_t n = getenv("LIVECOL_LONG") ? 3 : 1; /* the others are asked for seconds */
    struct lc_error err;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct fake f = {.sends_code = {LC_ERR_UNKNOWN}, .questions_code = codes[i]};

            assert_int_equal(send_it(&f, sql[k], &err), LC_ERR_UNKNOWN);
            assert_int_equal(err.server_code, 0);
            assert_non_null(strstr(err.msg, "the question failed"));
            assert_int_equal(f.sends, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_not_sent_is_sent_again),
        cmocka_unit_test(test_what_failed_is_not),
        cmocka_unit_test(test_refused_before_it_began_is_sent_again),
        cmocka_unit_test(test_lost_and_nobody_to_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
