/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rounds of a backfill. Each one looks at the mutations, asks the throttle, and acts:
 *
 *   list mutations ── one fails ─────────────────────────────► LC_ERR_SERVER
 *        ▼
 *   throttle ── critical ─► kill ours, end ─────────────────► LC_ERR_CRITICAL
 *        │      wait ─────► kill ours, say why, next round
 *        ▼ go
 *   send the next batches (backfill_send.c) ── nothing is left ─► done
 *        ▼
 *   progress, disk ── no room for the next part ─► kill ours, wait for the parts in work, end
 *
 * The state of it all is in the table: a run that dies at any point is gone on with by the next.
 */
#include "cli/column/backfill.h"

#include "base/clock.h"
#include "base/format.h"
#include "base/utf8.h"
#include "cli/column/backfill_disk.h"
#include "cli/column/backfill_look.h"
#include "cli/column/backfill_send.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often the free space is asked for while something is written. */
enum { DISK_EVERY_MS = 500 };

/* The throttle says wait: tell it once, and count the time. `why` is the throttle's own text. */
static void begin_wait(struct lc_backfill_state *r, const char *why)
{
    if (!r->waits) {
        r->waits = true;
        r->wait_begun_ms = lc_now_ms();
        lc_backfill_say(r, "waiting: %s", why);
    }
    r->p->waiting = why;
}

static void end_wait(struct lc_backfill_state *r)
{
    if (!r->waits)
        return;
    r->p->waited_ms += lc_now_ms() - r->wait_begun_ms;
    r->waits = false;
    r->p->waiting = NULL;
    lc_backfill_say(r, "continuing after %" PRIu64 " ms of waiting in total", r->p->waited_ms);
}

/*
 * Pause, and say in which state all of it is. Returns `code`, or the failure of a query. Parts
 * that mutations have begun run to their end in the server, so the count may be behind.
 */
static int end_early(struct lc_backfill_state *r, int code, const char *why, struct lc_error *err)
{
    unsigned killed;
    int rc = lc_backfill_kill(r, &killed, err);

    if (rc == 0)
        rc = lc_backfill_look(r->t, err);
    if (rc)
        return rc;
    lc_backfill_count_done(r, 0);
    lc_fail(err, code, "%s: paused with %" PRIu64 " of %" PRIu64 " parts stored%s", why,
            r->p->parts_done, r->p->parts_total,
            killed && r->parts_in_work ? "; the server completes the part being written" : "");
    lc_hint(err, "run it again: it keeps what is stored and continues with the rest");
    return code;
}

/* Until the server is at no part of the table any more. */
static int wait_for_parts_in_work(struct lc_backfill_state *r, struct lc_error *err)
{
    for (;;) {
        uint64_t rows;
        int rc = lc_backfill_look_at_work(r, &rows, err);

        if (rc || r->parts_in_work == 0)
            return rc;
        lc_sleep_ms(LC_BACKFILL_LAST_PAUSE_MS, NULL);
    }
}

/* The disk has no room for a further part: pause, and see that what was written is whole. */
static int end_on_full_disk(struct lc_backfill_state *r, const char *why, struct lc_error *err)
{
    unsigned killed;
    int rc = lc_backfill_kill(r, &killed, err);

    lc_backfill_say(r, "%s", why);
    if (rc == 0)
        rc = wait_for_parts_in_work(r, err);
    if (rc == 0)
        rc = lc_backfill_check_written(r->t, r->since_s, err);
    if (rc == 0)
        rc = lc_backfill_list_mutations(r, err);
    if (rc)
        return rc;
    rc = end_early(r, LC_ERR_SERVER, why, err);
    if (err)
        err->hint[0] = '\0';
    lc_hint(
        err,
        "free some space, then run it again: it keeps what is stored and continues with the rest");
    return rc;
}

/* Has it filled meanwhile? See backfill_disk.h. done: nothing is left to write. */
static int look_at_disk(struct lc_backfill_state *r, bool done, struct lc_error *err)
{
    struct lc_backfill_disk disk;
    struct lc_error full = LC_ERROR_INIT;
    uint64_t now = lc_now_ms();
    int rc;

    if ((r->sends == 0 && r->in_flight == 0) || (!done && now < r->next_disk_ms))
        return 0;
    r->next_disk_ms = now + DISK_EVERY_MS;
    rc = lc_backfill_disk(r->t, &disk, err);
    if (rc || !*disk.name)
        return rc;
    if (done)
        return disk.free_bytes > r->largest_bytes
                   ? 0
                   : lc_backfill_check_written(r->t, r->since_s, err);
    return lc_backfill_check_disk(r->t, &disk, &full) == 0 ? 0 : end_on_full_disk(r, full.msg, err);
}

/* One round: what the load allows, with what is in flight. */
static int step(struct lc_backfill_state *r, bool *done, struct lc_error *err)
{
    const char *why = NULL;
    unsigned killed;
    char critical[320];
    int rc = lc_backfill_list_mutations(r, err);

    *done = false;
    if (rc == 0)
        rc = lc_backfill_check_mutations(r, err);
    if (rc)
        return rc;
    switch (lc_throttle_look(r->throttle, r->in_flight, &why)) {
    case LC_THROTTLE_CRITICAL:
        snprintf(critical, sizeof critical, "critical load, %s", why);
        return end_early(r, LC_ERR_CRITICAL, critical, err);
    case LC_THROTTLE_WAIT:
        /* There is no pause of a mutation: killing it keeps the parts that are done. */
        begin_wait(r, why);
        rc = lc_backfill_kill(r, &killed, err);
        for (size_t i = 0; killed && i < r->sent_n; i++)
            r->sent[i].without_gain = 0; /* it was not given the time */
        break;
    case LC_THROTTLE_GO:
        end_wait(r);
        rc = lc_backfill_go_on(r, done, err);
        break;
    }
    if (rc == 0)
        rc = lc_backfill_look_when_due(r, err);
    if (rc == 0)
        rc = lc_backfill_update_progress(r, err);
    return rc ? rc : look_at_disk(r, *done, err);
}

/*
 * Rounds until nothing is left, or an error. The pause between two of them is short after
 * something was sent, so that a small table is done at once, and doubles up to the last while
 * the server works. A signal is looked at between two rounds.
 */
static int work(struct lc_backfill_state *r, struct lc_error *err)
{
    bool done = false;

    for (;;) {
        int rc;

        if (r->o->cancel && atomic_load(r->o->cancel)) {
            rc = lc_backfill_list_mutations(r, err);
            return rc ? rc : end_early(r, LC_ERR_STOPPED, "stopped", err);
        }
        rc = step(r, &done, err);
        if (rc || done)
            return rc;
        lc_sleep_ms(r->pause_ms, r->o->cancel);
        r->pause_ms = r->pause_ms * 2 < LC_BACKFILL_LAST_PAUSE_MS ? r->pause_ms * 2
                                                                  : LC_BACKFILL_LAST_PAUSE_MS;
    }
}

/*
 * What has to be known before the first round: the server's clock, which dates the mutations
 * and parts of this run; the mutations that an earlier run left; the load that there is.
 */
static int begin(struct lc_backfill_state *r, struct lc_error *err)
{
    struct lc_answer a = {0};
    int rc = lc_query_read(r->t->b, lc_sql_server_now, NULL, &a, err);

    r->since_s = rc == 0 ? lc_answer_u64(&a, 0, LC_SQL_SERVER_NOW_NOW_S, 0) : 0;
    lc_answer_release(&a);
    if (rc == 0)
        rc = lc_backfill_list_mutations(r, err);
    if (rc == 0 && r->in_flight)
        lc_backfill_say(r, "taking over %u mutation(s) of an earlier run", r->in_flight);
    if (rc == 0)
        rc = lc_throttle_open(&r->throttle, r->t->b, &r->o->throttle, r->t->database, r->t->table,
                              r->t->column, err);
    return rc;
}

/* Asked to stop, and the server cannot be told. */
static int stopped_without_answer(struct lc_error *err)
{
    struct lc_error why = *err;

    *err = LC_ERROR_INIT;
    lc_fail(err, LC_ERR_STOPPED, "stopped, but the server's mutation could not be ended: %.800s",
            why.msg);
    lc_hint(
        err,
        "once the server answers, run it again to continue, or with --cancel to end the mutation");
    return LC_ERR_STOPPED;
}

int lc_backfill_run(struct lc_backfill_target *t, const struct lc_backfill_options *o,
                    const struct lc_backfill_hooks *hooks, const char *query_id,
                    struct lc_backfill_progress *p, struct lc_error *err)
{
    static const struct lc_backfill_hooks deaf = {0};
    struct lc_error local = LC_ERROR_INIT;
    struct lc_backfill_state r = {.t = t,
                                  .o = o,
                                  .hooks = hooks ? hooks : &deaf,
                                  .query_id = query_id,
                                  .p = p,
                                  .begun_ms = lc_now_ms(),
                                  .largest_bytes = t->left.sum.largest_bytes,
                                  .pause_ms = LC_BACKFILL_FIRST_PAUSE_MS};
    int rc;

    *p = (struct lc_backfill_progress){.parts_total = t->left.sum.parts,
                                       .rows_total = t->left.sum.rows};
    if (!err)
        err = &local;
    rc = begin(&r, err);
    if (rc == 0)
        rc = work(&r, err);
    if ((rc == LC_ERR_NOT_SENT || rc == LC_ERR_UNKNOWN) && o->cancel && atomic_load(o->cancel))
        rc = stopped_without_answer(err);
    p->elapsed_ms = lc_now_ms() - r.begun_ms;
    p->waiting = NULL;
    lc_throttle_free(r.throttle);
    lc_answer_release(&r.mutations);
    for (size_t i = 0; i < r.sent_n; i++)
        free(r.sent[i].id);
    free(r.sent);
    return rc;
}

int lc_backfill_cancel(struct lc_backfill_target *t, unsigned *killed, struct lc_error *err)
{
    static const struct lc_backfill_hooks deaf = {0};
    struct lc_backfill_state r = {.t = t, .hooks = &deaf};
    int rc = lc_backfill_list_mutations(&r, err);

    *killed = 0;
    if (rc == 0)
        rc = lc_backfill_kill(&r, killed, err);
    lc_answer_release(&r.mutations);
    return rc;
}

void lc_backfill_line(char *out, size_t size, const struct lc_backfill_target *t,
                      const struct lc_backfill_progress *p)
{
    char rate[16], elapsed[24], left[24];
    double share = p->rows_total ? (double)p->rows_done / (double)p->rows_total : 1;
    int n = snprintf(out, size, "backfill %s.%s.%s  %" PRIu64 "/%" PRIu64 " part%s  %.1f%%",
                     t->database, t->table, t->column, p->parts_done, p->parts_total,
                     LC_S(p->parts_total), share * 100);

    if (n >= 0 && (size_t)n < size && p->rows_per_s > 0)
        n +=
            snprintf(out + n, size - (size_t)n, "  %s rows/s", lc_short_count(rate, p->rows_per_s));
    if (n >= 0 && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, "  %s", lc_clock_time(elapsed, p->elapsed_ms));
    if (n >= 0 && (size_t)n < size && p->left_ms)
        n += snprintf(out + n, size - (size_t)n, ", ETA %s", lc_clock_time(left, p->left_ms));
    if (n >= 0 && (size_t)n < size && p->waiting)
        snprintf(out + n, size - (size_t)n, "  throttled: %s", p->waiting);
    lc_utf8_cut(out);
}
