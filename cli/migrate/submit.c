/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A statement, and the mutations that it makes. There are two ways:
 *
 *   a lone MATERIALIZE COLUMN    a backfill: partition by partition, paused by load. It keeps no state
 *                                outside of the table, so nothing has to be settled after a crash
 *   everything else              the table's mutations are noted, the statement is sent (send.c), and
 *                                the mutations that were not there before are waited for
 *
 * While a run waits for mutations it gives its turn away, so that other migrations of it may go on.
 */
#include "cli/migrate/submit.h"

#include "base/test_points.h"
#include "cli/column/backfill_disk.h"
#include "cli/migrate/send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell_progress(void *ctx, const struct lc_mutation_progress *p)
{
    const struct lc_submit *s = ctx;

    s->event(s->ctx, LC_RUN_MUTATION, NULL, p);
}

/* Note the table's mutations, where the statement may make one. */
static int watch(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                 struct lc_mutation_watch *w, struct lc_error *err)
{
    *w = (struct lc_mutation_watch){0};
    if (!stmt->parsed.mutates || !*stmt->parsed.name)
        return 0;
    return lc_mutation_watch(w, s->cluster, s->facts,
                             lc_stmt_database(&stmt->parsed, lc_backend_database(s->b)),
                             stmt->parsed.name, err);
}

static void away(const struct lc_submit *s, bool is_away)
{
    if (s->away)
        s->away(s->ctx, is_away);
}

static int wait_for_mutations(const struct lc_submit *s, struct lc_mutation_watch *w,
                              struct lc_error *err)
{
    const struct lc_mutation_hooks hooks = {tell_progress, (void *)(uintptr_t)s,
                                            s->options->cancel};
    int rc;

    if (!w->b)
        return 0;
    away(s, true);
    rc = lc_mutation_wait(w, &hooks, err);
    away(s, false);
    if (rc == 0 && !s->cluster->name && w->replicas > 1)
        lc_submit_tell(
            s, LC_RUN_WARNING,
            "%s.%s has %" PRIu64 " replicas, %" PRIu64
            " of them active, and only this server's was checked: --cluster NAME waits for each",
            w->database, w->table, w->replicas, w->active);
    return rc;
}

/*
 * A lone MATERIALIZE COLUMN is a backfill: done partition by partition, and what is left of it is
 * read from the table, so that nothing of an earlier send has to be settled. *is_one false: another
 * statement, or one that cannot be supervised here; *target is to be released in any case.
 */
static int as_backfill(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                       struct lc_backfill_target *target, bool *is_one, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    *target = (struct lc_backfill_target){0};
    *is_one = false;
    if (!lc_backfill_is_lone(&stmt->parsed))
        return 0;
    rc = lc_backfill_find(target, s->b, s->facts,
                          lc_stmt_database(&stmt->parsed, lc_backend_database(s->b)),
                          stmt->parsed.name, stmt->parsed.commands[0].column, &why);
    /* A MATERIALIZED column is computed anew everywhere, which what is left cannot tell. */
    *is_one = rc == 0 && strcmp(target->default_kind, "DEFAULT") == 0;
    if (rc && rc != LC_ERR_REFUSED)
        lc_error_pass(err, &why);
    return rc == LC_ERR_REFUSED ? 0 : rc; /* sent as it is: the server says what is wrong with it */
}

static void tell_backfill(void *ctx, const struct lc_backfill_progress *p)
{
    const struct lc_submit *s = ctx;
    const struct lc_mutation_progress progress = {
        .parts_total = p->parts_total,
        .parts_to_do = p->parts_total - p->parts_done,
        .rows_done = p->rows_done,
        .rows_total = p->rows_total,
        .fraction = p->rows_total ? (double)p->rows_done / (double)p->rows_total : 1,
        .elapsed_ms = p->elapsed_ms,
        .rows_per_s = p->rows_per_s,
        .left_ms = p->left_ms,
        .waiting = p->waiting};

    s->event(s->ctx, LC_RUN_MUTATION, NULL, &progress);
}

static void tell_notice(void *ctx, const char *text)
{
    const struct lc_submit *s = ctx;

    s->event(s->ctx, LC_RUN_RETRY, text, NULL);
}

static int run_backfill(const struct lc_submit *s, struct lc_backfill_target *target,
                        const char *query_id, struct lc_error *err)
{
    const struct lc_backfill_hooks hooks = {tell_backfill, tell_notice, (void *)(uintptr_t)s};
    struct lc_backfill_options o = s->options->backfill;
    struct lc_backfill_progress progress;
    struct lc_backfill_disk disk;
    int rc = lc_backfill_disk(target, &disk, err);

    if (rc == 0)
        rc = lc_backfill_check_disk(target, &disk, err);
    if (rc)
        return rc;
    o.cancel = s->options->cancel;
    away(s, true);
    rc = lc_backfill_run(target, &o, &hooks, query_id, &progress, err);
    away(s, false);
    return rc;
}

/*
 * What failed may be there all the same: on one host of several, later than it was waited for, or
 * made by hand since. Whether the columns are the ones that were asked for is looked at afterwards,
 * on every host.
 */
static bool only_adds_columns(const struct lc_stmt *s)
{
    bool only = s->kind == LC_STMT_ALTER && s->command_n > 0;

    for (size_t i = 0; only && i < s->command_n; i++) /* IF NOT EXISTS may be sent again */
        only = s->commands[i].kind == LC_STMT_ADD_COLUMN && !s->commands[i].conditional;
    return only;
}

#define AFTER "-after-"

int lc_submit_begin(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                    struct lc_mutation_watch *w, char after[LC_SUBMIT_AFTER_SIZE],
                    struct lc_error *err)
{
    size_t n = strlen(AFTER);
    int rc = watch(s, stmt, w, err);

    *after = '\0';
    if (rc || !w->b)
        return rc;
    memcpy(after, AFTER, n);
    if (!*lc_mutation_newest(w, after + n, LC_SUBMIT_AFTER_SIZE - n))
        *after = '\0';
    return 0;
}

/* The newest mutations from before it; "": its id does not say. */
static const char *newest_before(const char *query_id)
{
    const char *after = strstr(query_id, AFTER);

    return after ? after + strlen(AFTER) : "";
}

/* From here on a failure may leave something of it behind. */
static void begin(const struct lc_submit *s)
{
    if (s->begun)
        *s->begun = true;
}

/*
 * What was found of it is told, and its mutations are waited for: also of one that is sent again, whose
 * second send makes none.
 */
static int settled(const struct lc_submit *s, struct lc_mutation_watch *w, enum lc_in_doubt effect,
                   bool failed, bool *done, struct lc_error *err)
{
    *done = effect == LC_IN_DOUBT_DONE;
    if (*done || effect == LC_IN_DOUBT_HARMLESS)
        begin(s);
    if (*done)
        lc_submit_tell(s, LC_RUN_UNKNOWN, "the statement that was sent before has taken effect");
    else if (!failed && effect == LC_IN_DOUBT_HARMLESS)
        lc_submit_tell(s, LC_RUN_UNKNOWN,
                       "the statement that was sent before may have taken effect: sending it "
                       "again, which changes nothing then");
    else if (!failed)
        lc_submit_tell(s, LC_RUN_UNKNOWN,
                       "the statement that was sent before has had no effect: sending it");
    return *done || effect == LC_IN_DOUBT_HARMLESS ? wait_for_mutations(s, w, err) : 0;
}

int lc_submit_settle(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                     const struct lc_submit_before *before, bool *done, struct lc_error *err)
{
    const struct lc_sent sent = {before->query_id, before->at_s};
    const struct lc_sent_stmt sent_stmt = {s->b, s->facts, &stmt->parsed, &sent};
    struct lc_backfill_target target;
    bool is_backfill;
    struct lc_mutation_watch w;
    enum lc_in_doubt effect = LC_IN_DOUBT_NONE;
    int rc;

    *done = false;
    if (before->partial)
        return lc_fail(err, LC_ERR_UNKNOWN, "%s", before->partial);
    if (before->unlooked && lc_left_is_possible(&stmt->parsed)) {
        struct lc_error why = LC_ERROR_INIT;

        lc_fail(&why, LC_ERR_SERVER, "%s", before->unlooked);
        rc = lc_settle_failure(s, stmt, &(struct lc_left_before){0}, &sent, &why);
        return rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
    }
    if (before->failed && !stmt->parsed.mutates && !only_adds_columns(&stmt->parsed))
        return 0; /* it failed, and the server is not at it any more */
    rc = as_backfill(s, stmt, &target, &is_backfill, err);
    lc_backfill_release(&target);
    if (rc || is_backfill)
        return rc;
    rc = lc_settle_wait(s, before->query_id, err);
    if (rc)
        return rc;
    rc = watch(s, stmt, &w, err);
    if (rc == 0 && w.b)
        rc = lc_mutation_after(&w, newest_before(before->query_id), err);
    if (rc == 0)
        rc = lc_in_doubt_look(&sent_stmt, !before->failed, &w, &effect, err);
    /* What failed, and of which nothing can be seen, is sent again. */
    if (rc == 0 && !(before->failed && effect == LC_IN_DOUBT_UNKNOWN))
        rc = lc_settle_verdict(s, stmt, effect, err);
    if (rc == LC_ERR_SERVER && effect == LC_IN_DOUBT_FAILED)
        rc = lc_settle_failure(s, stmt, &(struct lc_left_before){0}, &sent, err);
    if (rc == 0)
        rc = settled(s, &w, effect, before->failed, done, err);
    lc_mutation_release(&w);
    return rc;
}

/* What it did partition by partition here, the other replicas do too. */
static int supervise(const struct lc_submit *s, struct lc_backfill_target *target,
                     const char *query_id, struct lc_mutation_watch *w, struct lc_error *err)
{
    int rc;

    begin(s);
    rc = run_backfill(s, target, query_id, err);
    return rc ? rc : wait_for_mutations(s, w, err);
}

int lc_submit_run(const struct lc_submit *s, const struct lc_plan_stmt *stmt, const char *query_id,
                  uint64_t since_s, struct lc_mutation_watch *w, struct lc_error *err)
{
    struct lc_sending x = {.s = s, .stmt = stmt, .sent = {query_id, since_s}, .watch = *w};
    struct lc_backfill_target target;
    struct lc_error local = LC_ERROR_INIT;
    bool is_backfill;
    int rc;

    if (!err)
        err = &local;
    *w = (struct lc_mutation_watch){0};
    rc = as_backfill(s, stmt, &target, &is_backfill, err);
    if (rc == 0 && is_backfill)
        rc = supervise(s, &target, query_id, &x.watch, err);
    lc_backfill_release(&target);
    if (rc || is_backfill) {
        lc_mutation_release(&x.watch);
        return rc;
    }
    x.watch.before_send = true;
    if (rc == 0 && lc_left_is_possible(&stmt->parsed))
        rc = lc_left_note(&x.before, s->b, s->facts, &stmt->parsed, err);
    LC_TEST_POINT("before the send");
    if (rc == 0) {
        rc = lc_send(&x, err);
        LC_TEST_POINT("after the answer");
        if (rc == LC_ERR_SERVER)
            rc = lc_settle_failure(s, stmt, &x.before, &x.sent, err);
    }
    lc_left_release(&x.before);
    if (rc == 0) {
        begin(s);
        rc = wait_for_mutations(s, &x.watch, err);
    }
    lc_mutation_release(&x.watch);
    return rc;
}
