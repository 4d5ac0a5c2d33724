/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A statement of sql/ goes out in three steps: its arguments are put in, it is sent, and sent again where that
 * does no harm (retry.h: what only reads also when its answer was lost), and its answer is compared with what
 * the statement promises.
 *
 * Answers about tables and functions are kept (lc_query_kept), since a run asks the same several times. They
 * hold as long as no connection of this process sends a statement that may change them: each such statement
 * counts `changes` up, before it is sent and after, and an answer with another count is forgotten.
 */
#include "cli/server/query.h"

#include "cli/server/backend_impl.h"
#include "cli/server/retry.h"
#include "base/signals.h"
#include "base/test_points.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 64 };

/*
 * An answer that is not as promised is released, so that nobody can read it. The statement may
 * have run: LC_ERR_UNKNOWN, which is asked again where it only reads.
 */
static int check(struct lc_backend *b, const struct lc_sql *statement, struct lc_answer *out,
                 struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;

    if (!out || lc_answer_check(out, statement, &why) == 0)
        return 0;
    lc_answer_release(out);
    return lc_fail(err, LC_ERR_UNKNOWN, "%s: the answer is not what was asked for: %.500s",
                   lc_backend_where(b), why.msg);
}

int lc_query_checked(struct lc_backend *b, const struct lc_query *q, const struct lc_sql *statement,
                     struct lc_answer *out, struct lc_error *err)
{
    int rc = lc_backend_query(b, q, out, err);

    return rc ? rc : check(b, statement, out, err);
}

int lc_query_count(struct lc_backend *b, struct lc_buf *sql, unsigned timeout_ms,
                   const atomic_bool *cancel, uint64_t *n, struct lc_error *err)
{
    static const struct lc_sql_column column = {"livecol_n", LC_SQL_UINT};
    static const struct lc_sql shape = {.name = "the count",
                                        .columns = &column,
                                        .width = 1,
                                        .rows = LC_SQL_ROWS_ONE,
                                        .sealed = true};
    struct lc_answer t = {0};
    int rc = lc_answer_seal(sql, &shape);
    const struct lc_query q = {
        .sql = lc_buf_str(sql), .sql_n = sql->n, .timeout_ms = timeout_ms, .cancel = cancel};

    rc = rc || !q.sql ? lc_no_memory(err) : lc_query_checked(b, &q, &shape, &t, err);
    if (rc == 0)
        *n = lc_answer_u64(&t, 0, 0, 0);
    lc_answer_release(&t);
    return rc;
}

static void asking_again(void *ctx, const struct lc_error *why, unsigned attempt, unsigned pause_ms)
{
    (void)ctx;
    (void)why;
    (void)attempt;
    (void)pause_ms;
    LC_TEST_POINT("asking again");
}

/*
 * Send what was made of the statement, up to LC_RETRY_TRIES times. `reads`: it may be sent
 * again also when its answer was lost; else only where nothing was sent.
 */
static int ask(struct lc_backend *b, const struct lc_sql *statement, struct lc_buf *sql,
               struct lc_answer *out, bool reads, struct lc_error *err)
{
    /* A DROP is at its end when it answers, so that the path in Keeper is free again. */
    static const struct lc_setting settings[] = {
        {"async_insert", "0"},
        {"database_atomic_wait_for_drop_and_detach_synchronously", "1"},
        {NULL, NULL}};
    struct lc_query q = {.settings = settings};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_retry retry = {.not_sent = true,
                             .lost = reads,
                             .tries = LC_RETRY_TRIES,
                             .cancel = lc_stop_flag(),
                             .told = asking_again};
    int rc;

    q.sql = lc_buf_str(sql);
    q.sql_n = sql->n;
    if (!q.sql)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
    do
        rc = lc_query_checked(b, &q, statement, out, &why);
    while (lc_retry_again(&retry, rc, &why));
    return rc ? lc_error_pass(err, &why) : 0;
}

static int run(struct lc_backend *b, const struct lc_sql *statement, const struct lc_sql_arg *args,
               struct lc_answer *out, bool reads, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, LC_SQL_MAX_BYTES);
    rc = lc_sql_format(&sql, statement, args, err);
    if (rc == 0)
        rc = ask(b, statement, &sql, out, reads, err);
    lc_buf_release(&sql);
    return rc;
}

/* 1: it was given before, and *out is a copy. 0, LC_ERR_NOMEM. */
static int take_kept(struct known_settings *known, const char *sql, struct lc_answer *out)
{
    int rc = 0;

    pthread_mutex_lock(&known->kept_mutex);
    if (known->kept_at != atomic_load(&known->changes))
        lc_kept_forget(known);
    for (size_t i = 0; rc == 0 && i < known->kept_n; i++) {
        if (strcmp(known->kept[i].sql, sql) == 0)
            rc = lc_answer_copy(out, &known->kept[i].answer) ? LC_ERR_NOMEM : 1;
    }
    pthread_mutex_unlock(&known->kept_mutex);
    return rc;
}

/* Keep it where nothing was sent since `at`. Without memory it is not kept. */
static void keep(struct known_settings *known, const char *sql, const struct lc_answer *answer,
                 unsigned at)
{
    struct kept_answer one = {NULL, {0}}, *more = NULL;

    pthread_mutex_lock(&known->kept_mutex);
    if (known->kept_at != at)
        lc_kept_forget(known);
    known->kept_at = at;
    if (known->kept_n < KEPT_MAX && at == atomic_load(&known->changes)) {
        one.sql = strdup(sql);
        more = realloc(known->kept, (known->kept_n + 1) * sizeof *more);
    }
    if (more)
        known->kept = more;
    if (more && one.sql && lc_answer_copy(&one.answer, answer) == 0)
        known->kept[known->kept_n++] = one;
    else
        free(one.sql);
    pthread_mutex_unlock(&known->kept_mutex);
}

int lc_query_kept(struct lc_backend *b, const struct lc_sql *statement,
                  const struct lc_sql_arg *args, struct lc_answer *out, struct lc_error *err)
{
    unsigned at = atomic_load(&b->known->changes);
    struct lc_buf sql;
    const char *text;
    int rc, kept = 0;

    lc_answer_release(out);
    lc_buf_init(&sql, LC_SQL_MAX_BYTES);
    rc = lc_sql_format(&sql, statement, args, err);
    text = rc == 0 ? lc_buf_str(&sql) : NULL;
    if (rc == 0)
        kept = text ? take_kept(b->known, text, out) : LC_ERR_NOMEM;
    if (rc == 0 && kept < 0)
        rc = lc_no_memory(err);
    if (rc == 0 && kept == 0)
        rc = ask(b, statement, &sql, out, true, err);
    if (rc == 0 && kept == 0)
        keep(b->known, text, out, at);
    lc_buf_release(&sql);
    return rc;
}

int lc_query_run_made(struct lc_backend *b, const struct lc_sql *statement, struct lc_buf *sql,
                      struct lc_error *err)
{
    return ask(b, statement, sql, NULL, false, err);
}

int lc_query_run(struct lc_backend *b, const struct lc_sql *statement,
                 const struct lc_sql_arg *args, struct lc_answer *out, struct lc_error *err)
{
    return run(b, statement, args, out, false, err);
}

int lc_query_read(struct lc_backend *b, const struct lc_sql *statement,
                  const struct lc_sql_arg *args, struct lc_answer *out, struct lc_error *err)
{
    return run(b, statement, args, out, true, err);
}
