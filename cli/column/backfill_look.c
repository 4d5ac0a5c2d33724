/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is looked at, and how often: the mutations in every round, one cheap query; the parts in work
 * while a mutation of ours runs; the parts that lack the column only as often as a look costs less than
 * a twentieth of the time, since a table may have very many of them.
 */
#include "cli/column/backfill_look.h"

#include "base/clock.h"
#include "base/format.h"
#include "base/utf8.h"
#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    LOOK_SHARE = 20,     /* a look at the parts may take one part in so many of the time */
    FIRST_RATE_MS = 200, /* before, a rate is a guess */
    ABORTED = 236,       /* a pause (merges stopped, a restart), not a failure */
    UNKNOWN_MS = 6000    /* so long may a function be unknown, as one is that starts */
};

void lc_backfill_say(const struct lc_backfill_state *r, const char *fmt, ...)
{
    char text[1280];
    va_list ap;

    if (!r->hooks->say)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_utf8_cut(text);
    r->hooks->say(r->hooks->ctx, text);
}

/* The mutation's id in that row; valid until they are listed again. */
static const char *id_of(const struct lc_backfill_state *r, size_t row)
{
    return lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_MUTATION_ID)->p;
}

struct lc_slice lc_backfill_command_of(const struct lc_backfill_state *r, size_t row)
{
    const struct lc_cell *command = lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_COMMAND);

    return (struct lc_slice){(const uint8_t *)command->p, command->n};
}

/* A mutation has a row for each of its commands. */
static bool is_ours(const struct lc_backfill_state *r, size_t row)
{
    return !lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_IS_DONE, 1) &&
           lc_backfill_is_ours(lc_backfill_command_of(r, row), r->t->column);
}

/* Of a mutation that does nothing else: one that does is somebody's, and never killed. */
static bool is_first_of_ours(const struct lc_backfill_state *r, size_t row)
{
    if (!is_ours(r, row))
        return false;
    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (strcmp(id_of(r, i), id_of(r, row)) == 0 && (i < row || !is_ours(r, i)))
            return false;
    }
    return true;
}

/* Letters, digits and underscores alone: no shell and no SQL needs quotes around it. */
static bool is_plain_word(const char *s)
{
    return *s &&
           s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

/* The column's name as a shell takes it for lc_column_name_parse. */
static int add_name(struct lc_buf *out, const struct lc_backfill_target *t)
{
    const char *const names[] = {t->database, t->table, t->column};
    bool plain = is_plain_word(t->database) && is_plain_word(t->table) && is_plain_word(t->column);
    struct lc_buf quoted;
    int rc = 0;

    if (plain)
        return lc_buf_addf(out, "%s.%s.%s", t->database, t->table, t->column);
    lc_buf_init(&quoted, (size_t)1 << 16);
    for (size_t i = 0; rc == 0 && i < 3; i++)
        rc = (i && lc_buf_adds(&quoted, ".")) || lc_sql_add_id(&quoted, names[i]);
    rc = rc || lc_buf_adds(out, "'");
    for (size_t i = 0; rc == 0 && i < quoted.n; i++) {
        if (quoted.p[i] < ' ' || quoted.p[i] == 0x7f)
            rc = lc_buf_addf(out, "\\x%02x", quoted.p[i]);
        else
            rc = quoted.p[i] == '\'' ? lc_buf_adds(out, "'\\''") : lc_buf_add(out, &quoted.p[i], 1);
    }
    lc_buf_release(&quoted);
    return rc || lc_buf_adds(out, "'");
}

/* The error of a mutation that fails: ours, or one that is before ours. */
static int failing(const struct lc_backfill_state *r, size_t row, struct lc_error *err)
{
    const struct lc_answer *m = &r->mutations;
    const struct lc_backfill_target *t = r->t;
    const struct lc_cell *reason = lc_answer_at(m, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);
    const char *id = id_of(r, row);
    const struct lc_sql_arg args[] = {
        {"database", t->database}, {"table", t->table}, {"id", id}, {NULL, NULL}};
    struct lc_error one = LC_ERROR_INIT;
    struct lc_buf way_out;

    lc_server_error(&one, reason->p, reason->n);
    if (err && err->code == 0)
        err->server_code = one.server_code;
    lc_fail(err, LC_ERR_SERVER, "mutation %s of %s.%s (%s) fails at part %s: %s", id, t->database,
            t->table, lc_answer_at(m, row, LC_SQL_MUTATIONS_COMMAND)->p,
            lc_answer_at(m, row, LC_SQL_MUTATIONS_LATEST_FAILED_PART)->p, one.msg);
    lc_buf_init(&way_out, sizeof one.hint);
    if (is_ours(r, row)) {
        if (add_name(&way_out, t) == 0 && lc_buf_str(&way_out))
            lc_hint(
                err,
                "the server retries it, and it blocks the mutations queued after it. Fix the "
                "function and run again; or MODIFY COLUMN %s to a DEFAULT that works, which the "
                "mutation then uses; or end it: livecol backfill %s --cancel",
                t->column, lc_buf_str(&way_out));
    } else {
        if (lc_sql_format(&way_out, lc_sql_backfill_kill, args, NULL) == 0 && lc_buf_str(&way_out))
            lc_hint(
                err,
                "the mutation belongs to another column and blocks those queued after it: fix its cause, or run %s",
                lc_buf_str(&way_out));
    }
    lc_buf_release(&way_out);
    return LC_ERR_SERVER;
}

/*
 * Does the mutation in that row fail, in this run? A reason alone proves nothing: it may be of
 * a time before this run, or ABORTED, by which the server reports a pause.
 */
static bool is_failing(const struct lc_backfill_state *r, size_t row)
{
    const struct lc_cell *reason =
        lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);

    /* A failure from before is history: its cause may have been fixed since. */
    return !lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_IS_DONE, 1) && reason->n &&
           (lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_FAIL_S, 0) > r->since_s ||
            lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_MADE_S, 0) > r->since_s) &&
           lc_server_error_code(reason->p, reason->n) != ABORTED;
}

/*
 * The answer replaces r->mutations: rows and commands of before are invalid. After a failure
 * none is listed and none counts as in flight.
 */
int lc_backfill_list_mutations(struct lc_backfill_state *r, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->table}, {NULL, NULL}};
    unsigned before = r->in_flight;
    int rc = lc_query_read(r->t->b, lc_sql_mutations, args, &r->mutations, err);

    r->in_flight = 0;
    for (size_t i = 0; rc == 0 && i < r->mutations.rows; i++)
        r->in_flight += is_first_of_ours(r, i);
    if (r->in_flight < before)
        r->next_look_ms = 0; /* one has ended: what is left has changed */
    return rc;
}

/* May it be over by itself in a moment? Then it is not told yet. */
static bool may_pass(struct lc_backfill_state *r, size_t row)
{
    const struct lc_cell *reason =
        lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);

    if (lc_server_error_code(reason->p, reason->n) != LC_SERVER_UNKNOWN_FUNCTION)
        return false;
    if (r->unknown_since_ms == 0) {
        r->unknown_since_ms = lc_now_ms();
        lc_backfill_say(
            r, "the server does not know a function, as while it starts: retrying for %d s",
            UNKNOWN_MS / 1000);
    }
    return lc_now_ms() - r->unknown_since_ms < UNKNOWN_MS;
}

int lc_backfill_check_mutations(struct lc_backfill_state *r, struct lc_error *err)
{
    bool passing = false;

    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (!is_failing(r, i))
            continue;
        if (!may_pass(r, i))
            return failing(r, i, err);
        passing = true;
    }
    if (!passing)
        r->unknown_since_ms = 0;
    return 0;
}

/* KILL MUTATION for each of ours; one that has ended meanwhile is as good. */
int lc_backfill_kill(struct lc_backfill_state *r, unsigned *killed, struct lc_error *err)
{
    int rc = 0;

    *killed = 0;
    for (size_t i = 0; rc == 0 && i < r->mutations.rows; i++) {
        const struct lc_sql_arg args[] = {{"database", r->t->database},
                                          {"table", r->t->table},
                                          {"id", id_of(r, i)},
                                          {NULL, NULL}};

        if (!is_first_of_ours(r, i))
            continue;
        rc = lc_query_read(r->t->b, lc_sql_backfill_kill, args, NULL, err);
        *killed += rc == 0;
    }
    return rc;
}

/* As often as it is cheap: a table may have very many parts and columns. */
int lc_backfill_look_when_due(struct lc_backfill_state *r, struct lc_error *err)
{
    uint64_t now = lc_now_ms();
    int rc;

    if (now < r->next_look_ms)
        return 0;
    rc = lc_backfill_look(r->t, err);
    r->next_look_ms = lc_now_ms() + r->t->look_ms * LOOK_SHARE + LC_BACKFILL_LAST_PAUSE_MS;
    return rc;
}

/* Rows that mutations have read of the parts in work, and how many these are. */
int lc_backfill_look_at_work(struct lc_backfill_state *r, uint64_t *rows, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->table}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = lc_query_read(r->t->b, lc_sql_backfill_merges, args, &a, err);

    *rows = rc == 0 ? lc_answer_u64(&a, 0, LC_SQL_BACKFILL_MERGES_ROWS, 0) : 0;
    r->parts_in_work = rc == 0 ? lc_answer_u64(&a, 0, LC_SQL_BACKFILL_MERGES_PARTS, 0) : 0;
    lc_answer_release(&a);
    return rc;
}

/*
 * What is done never shrinks, though a look may be older than what it is compared with. Parts
 * that are found later make the total grow instead. in_work: rows that mutations have read of
 * parts that still count as left.
 */
void lc_backfill_count_done(struct lc_backfill_state *r, uint64_t in_work)
{
    const struct lc_backfill_partition *left = &r->t->left.sum;
    struct lc_backfill_progress *p = r->p;
    uint64_t rows;

    if (p->parts_done + left->parts > p->parts_total)
        p->parts_total = p->parts_done + left->parts;
    p->parts_done = p->parts_total - left->parts;
    if (left->rows > p->rows_total)
        p->rows_total = left->rows;
    rows = p->rows_total - left->rows + (in_work < left->rows ? in_work : left->rows);
    if (rows > p->rows_done)
        p->rows_done = rows;
}

/*
 * The rate is rows done over the time that was not waited, so the estimate of what is left
 * does not grow while the throttle waits.
 */
int lc_backfill_update_progress(struct lc_backfill_state *r, struct lc_error *err)
{
    struct lc_backfill_progress *p = r->p;
    uint64_t in_work = 0, active_ms, now = lc_now_ms();
    int rc = r->in_flight ? lc_backfill_look_at_work(r, &in_work, err) : 0;

    if (rc)
        return rc;
    lc_backfill_count_done(r, in_work);
    if (r->waits) {
        p->waited_ms += now - r->wait_begun_ms;
        r->wait_begun_ms = now;
    }
    p->elapsed_ms = now - r->begun_ms;
    active_ms = p->elapsed_ms - p->waited_ms;
    if (active_ms >= FIRST_RATE_MS && p->rows_done) {
        p->rows_per_s = (double)p->rows_done * 1000 / (double)active_ms;
        p->left_ms =
            lc_double_to_u64((double)(p->rows_total - p->rows_done) * 1000 / p->rows_per_s);
    }
    if (r->hooks->progress)
        r->hooks->progress(r->hooks->ctx, p);
    return 0;
}
