#include "cli/migrate/submit.h"

#include "cli/server/retry.h"
#include "cli/server/server_error.h"
#include "base/clock.h"
#include "base/test_points.h"
#include "cli/column/backfill_disk.h"
#include "cli/migrate/left_behind.h"
#include "cli/server/ddl_task.h"
#include "cli/server/keeper.h"
#include "cli/server/query.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { /* The client waits longer than the server's own limit, whose error says more. */
       BEYOND_SERVER_LIMIT_MS = 30000,
       STATEMENT_WAIT_MS = 3600000,
       RUNNING_PAUSE_MS = 200
};

static void tell(const struct lc_submit *s, enum lc_run_event_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(const struct lc_submit *s, enum lc_run_event_kind kind, const char *fmt, ...)
{
    va_list ap;
    char text[1536];

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    s->event(s->ctx, kind, text, NULL);
}

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
        tell(s, LC_RUN_WARNING,
             "%s.%s has %" PRIu64 " replicas, %" PRIu64 " of them active, and only this server's "
             "was looked at: --cluster NAME waits for each",
             w->database, w->table, w->replicas, w->active);
    return rc;
}

/* Until the server does not show it as running any more. */
static int wait_while_running(const struct lc_submit *s, const char *query_id, struct lc_error *err)
{
    bool told = false;

    for (;;) {
        bool running;
        int rc = lc_in_doubt_running(s->b, s->facts, query_id, &running, err);

        if (rc || !running)
            return rc;
        if (!told)
            tell(s, LC_RUN_UNKNOWN, "the statement still runs in the server as %s: waiting",
                 query_id);
        told = true;
        if (lc_sleep_ms(RUNNING_PAUSE_MS, s->options->cancel)) {
            lc_fail(err, LC_ERR_STOPPED, "stopped; the statement goes on in the server as %s",
                    query_id);
            lc_hint(err, "run the same again to wait for its end");
            return LC_ERR_STOPPED;
        }
    }
}

static int refuse_unsure(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                         struct lc_error *err)
{
    return lc_fail(err, LC_ERR_UNKNOWN,
                   "the statement was sent, no end of it is known, and %s.%s has had a mutation "
                   "since then that may be it, as the server writes it: it is never sent twice",
                   lc_stmt_database(&stmt->parsed, lc_backend_database(s->b)), stmt->parsed.name);
}

static int refuse_unknown(const struct lc_plan_stmt *stmt, struct lc_error *err)
{
    lc_fail(err, LC_ERR_UNKNOWN,
            "the statement was sent, its answer was lost, and its effect cannot be told: %s is "
            "never sent twice",
            stmt->parsed.kind == LC_STMT_INSERT ? "an INSERT" : "a statement of this kind");
    return LC_ERR_UNKNOWN;
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
    if (!lc_backfill_is_lone(&stmt->parsed, stmt->text->p, stmt->text->n))
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

/* How many rows it left, for a message. */
static void tell_rows(char out[96], enum lc_left left, uint64_t rows)
{
    if (left == LC_LEFT_ROWS && rows)
        snprintf(out, 96, "after it had inserted %" PRIu64 " rows", rows);
    else if (left == LC_LEFT_ROWS)
        snprintf(out, 96, "after part of it was done");
    else
        snprintf(out, 96, "and how many rows it has left cannot be told");
}

/*
 * *err holds the error of a statement that failed. Where something of it is there all the same, it
 * becomes LC_ERR_UNKNOWN: never to be sent again by itself. Gives its code.
 */
static int after_failure(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                         const struct lc_left_before *before, const char *query_id,
                         uint64_t since_s, struct lc_error *err)
{
    const struct lc_left_query query = {query_id, since_s, err->server_code};
    struct lc_error why = LC_ERROR_INIT;
    enum lc_left left = LC_LEFT_UNKNOWN;
    char rows_text[96];
    uint64_t rows = 0;

    if (!lc_left_is_possible(&stmt->parsed))
        return LC_ERR_SERVER;
    /* Where it cannot be asked it cannot be told. */
    if (lc_left_look(s->b, s->facts, &stmt->parsed, before, &query, &left, &rows, &why))
        left = LC_LEFT_UNKNOWN;
    if (left == LC_LEFT_NOTHING)
        return LC_ERR_SERVER;
    tell_rows(rows_text, left, rows);
    lc_error_prefix(err, "%s failed %s, which stay: it is never sent twice. ",
                    stmt->parsed.kind == LC_STMT_INSERT ? "the INSERT" : "the statement",
                    rows_text);
    return err->code = LC_ERR_UNKNOWN;
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

const char *lc_submit_after(char *out, size_t size, const struct lc_plan_stmt *stmt,
                            uint64_t newest)
{
    *out = '\0';
    if (stmt->parsed.mutates && *stmt->parsed.name)
        snprintf(out, size, AFTER "%" PRIu64, newest);
    return out;
}

/* The number of the newest mutation from before it; 0: its id does not say, or it is not one host's. */
static uint64_t newest_before(const struct lc_submit *s, const char *query_id)
{
    const char *after = s->cluster->n == 1 ? strstr(query_id, AFTER) : NULL;

    return after ? strtoull(after + strlen(AFTER), NULL, 10) : 0;
}

int lc_submit_settle(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                     const struct lc_submit_before *before, bool *done, struct lc_error *err)
{
    struct lc_backfill_target target;
    bool is_backfill;
    struct lc_mutation_watch w;
    enum lc_in_doubt effect = LC_IN_DOUBT_NONE;
    int rc;

    *done = false;
    if (before->partial)
        return lc_fail(err, LC_ERR_UNKNOWN, "%s", before->partial);
    if (before->failed && !stmt->parsed.mutates && !only_adds_columns(&stmt->parsed))
        return 0; /* it failed, and the server is not at it any more */
    rc = as_backfill(s, stmt, &target, &is_backfill, err);
    lc_backfill_release(&target);
    if (rc || is_backfill)
        return rc;
    rc = wait_while_running(s, before->query_id, err);
    if (rc)
        return rc;
    rc = watch(s, stmt, &w, err);
    w.after = newest_before(s, before->query_id);
    if (rc == 0)
        rc = lc_in_doubt_look(s->b, s->facts, &stmt->parsed,
                              before->failed ? NULL : before->query_id, before->at_s, &w, &effect,
                              err, err);
    if (rc == 0 && effect == LC_IN_DOUBT_FAILED)
        rc = after_failure(s, stmt, &(struct lc_left_before){0}, before->query_id, before->at_s,
                           err);
    if (rc == 0 && effect == LC_IN_DOUBT_UNSURE)
        rc = refuse_unsure(s, stmt, err);
    if (rc == 0 && effect == LC_IN_DOUBT_UNKNOWN && !before->failed)
        rc = refuse_unknown(stmt, err);
    if (rc == 0 && effect == LC_IN_DOUBT_DONE) {
        *done = true;
        tell(s, LC_RUN_UNKNOWN, "the statement that was sent before has taken effect");
        rc = wait_for_mutations(s, &w, err);
    } else if (rc == 0 && !before->failed) {
        tell(s, LC_RUN_UNKNOWN, "the statement that was sent before has had no effect: sending it");
    }
    lc_mutation_release(&w);
    return rc;
}

static bool may_retry(int rc, const struct lc_error *why)
{
    if (rc == LC_ERR_NOT_SENT)
        return true;
    return rc == LC_ERR_SERVER && lc_server_code_is_transient(why->server_code);
}

/* The answer was lost. *done: it has taken effect; else it is to be sent again. */
static int settle_lost(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                       const char *query_id, uint64_t since_s, struct lc_mutation_watch *w,
                       const struct lc_error *why, bool *done, struct lc_error *err)
{
    enum lc_in_doubt effect = LC_IN_DOUBT_UNKNOWN;
    int rc;

    *done = false;
    tell(s, LC_RUN_UNKNOWN, "the answer was lost (%s): looking for %s", why->msg, query_id);
    rc = wait_while_running(s, query_id, err);
    if (rc == 0)
        rc = lc_in_doubt_look(s->b, s->facts, &stmt->parsed, query_id, since_s, w->b ? w : NULL,
                              &effect, err, err);
    if (rc)
        return rc;
    switch (effect) {
    case LC_IN_DOUBT_DONE:
        *done = true;
        tell(s, LC_RUN_UNKNOWN, "it has taken effect");
        return 0;
    case LC_IN_DOUBT_NONE:
        tell(s, LC_RUN_UNKNOWN, "it has had no effect");
        return 0;
    case LC_IN_DOUBT_FAILED:
        return LC_ERR_SERVER;
    case LC_IN_DOUBT_UNSURE:
        return refuse_unsure(s, stmt, err);
    case LC_IN_DOUBT_UNKNOWN:
        break;
    }
    return refuse_unknown(stmt, err);
}

/* What livecol says itself: whatever a file or a run sets of these would change what it relies on. */
static bool is_own_setting(const char *name, size_t n)
{
    static const char *const own[] = {"mutations_sync", "async_insert"};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strlen(own[i]) == n && memcmp(own[i], name, n) == 0)
            return true;
    }
    return false;
}

/* The settings of a statement, later ones winning: livecol's, the run's, the file's, the limits. */
struct settings {
    struct lc_setting *v;
    size_t n;
    char statement_s[16], ddl_s[16];
};

static void set(struct settings *s, const char *name, const char *value)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->v[i].name, name) == 0) {
            s->v[i].value = value;
            return;
        }
    }
    s->v[s->n++] = (struct lc_setting){name, value};
}

/* The server's own limits, where it knows them; mutations are waited for by looking, not by it. */
static void set_limits(struct settings *s, const struct lc_up_options *o, bool on_cluster)
{
    if (o->statement_timeout_ms) {
        snprintf(s->statement_s, 16, "%u", (o->statement_timeout_ms + 999) / 1000);
        set(s, "max_execution_time", s->statement_s);
    }
    /* What the hosts have not done by then is followed in Keeper, where a
     * signal can end the wait. */
    if (on_cluster && !o->ddl_timeout_ms)
        set(s, "distributed_ddl_task_timeout", "5");
    if (o->ddl_timeout_ms) {
        snprintf(s->ddl_s, 16, "%u", (o->ddl_timeout_ms + 999) / 1000);
        set(s, "distributed_ddl_task_timeout", s->ddl_s);
        set(s, "lock_acquire_timeout", s->ddl_s);
    }
}

/* `run` keeps the names of the run's settings, which are given as one text. */
static int make_settings(struct settings *s, struct lc_sql_settings *run,
                         const struct lc_up_options *o, const struct lc_plan_stmt *stmt)
{
    const struct lc_sql_settings *lists[] = {run, &stmt->text->settings};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < o->settings.n; i++)
        rc = lc_sql_settings_read(run, o->settings.v[i], strlen(o->settings.v[i]));
    s->v = rc ? NULL : calloc(run->n + stmt->text->settings.n + 6, sizeof *s->v);
    if (!s->v)
        return LC_ERR_NOMEM;
    set(s, "mutations_sync", "0");
    set(s, "async_insert", "0");
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < lists[k]->n; i++) {
            const char *name = lists[k]->v[2 * i];

            if (!is_own_setting(name, strlen(name)))
                set(s, name, lists[k]->v[2 * i + 1]);
        }
    }
    set_limits(s, o, stmt->parsed.on_cluster);
    return 0;
}

static int send_once(const struct lc_submit *s, const struct lc_plan_stmt *stmt, const char *sql,
                     const char *query_id, struct lc_error *err)
{
    const struct lc_up_options *o = s->options;
    struct settings settings = {0};
    struct lc_sql_settings run = {0};
    struct lc_query q = {.sql = sql,
                         .sql_n = stmt->text->n,
                         .query_id = query_id,
                         .changes = true,
                         .timeout_ms = o->statement_timeout_ms
                                           ? o->statement_timeout_ms + BEYOND_SERVER_LIMIT_MS
                                           : STATEMENT_WAIT_MS};
    int rc;

    rc = make_settings(&settings, &run, o, stmt);
    q.settings = settings.v;
    rc = rc ? lc_no_memory(err) : lc_backend_query(s->b, &q, NULL, err);
    free(settings.v);
    lc_sql_settings_release(&run);
    return rc;
}

static void tell_waiting(void *ctx, const char *text)
{
    const struct lc_submit *s = ctx;

    tell(s, LC_RUN_RETRY, "%s", text);
}

/* To its end on every host, whatever the server that was asked still waits for. */
static int follow(const struct lc_submit *s, const char *task, struct lc_error *err)
{
    const struct lc_ddl_hooks hooks = {tell_waiting, (void *)(uintptr_t)s, s->options->cancel};

    return lc_ddl_task_follow(s->cluster, task, &hooks, err);
}

/*
 * An answer that says: it goes on by itself. *ours false: it says something else. What a Replicated
 * table's other replicas still have to do is waited for afterwards, by looking at them.
 */
static int go_on(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                 const struct lc_error *why, bool *ours, struct lc_error *err)
{
    char *task;
    int rc = 0;

    *ours = true;
    if (why->server_code == LC_SERVER_UNFINISHED) {
        tell(s, LC_RUN_RETRY, "not done yet on every replica: %s", why->msg);
        return 0;
    }
    task = why->server_code == LC_SERVER_TIMEOUT_EXCEEDED && stmt->parsed.on_cluster
               ? lc_ddl_task_named(why->msg)
               : NULL;
    *ours = task != NULL;
    if (task)
        rc = follow(s, task, err);
    free(task);
    return rc;
}

/* It has taken effect here; of ON CLUSTER the other hosts are followed where its task is found. */
static int follow_found(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                        uint64_t since_s, struct lc_error *err)
{
    char *task = NULL;
    int rc = 0;

    if (stmt->parsed.on_cluster && s->facts->keeper)
        rc = lc_ddl_task_find(s->b, stmt->text->p, stmt->text->n, since_s, &task, err);
    if (rc == 0 && task)
        rc = follow(s, task, err);
    free(task);
    return rc;
}

/* Without Keeper nobody knows what became of a statement, and no try is the last one soon. */
static bool is_lost(int rc, const struct lc_error *why)
{
    return rc == LC_ERR_UNKNOWN ||
           (rc == LC_ERR_SERVER && lc_keeper_is_away(why) && !may_retry(rc, why));
}

static bool is_last_try(const struct lc_submit *s, const struct lc_error *why, unsigned attempt,
                        uint64_t begun_ms)
{
    if (why->code == LC_ERR_SERVER && s->facts->keeper && lc_keeper_is_away(why))
        return lc_now_ms() - begun_ms > LC_KEEPER_PATIENCE_MS;
    return attempt >= LC_RETRY_TRIES;
}

/* May it be sent again after this error? What adds rows only where it has left none. */
static bool may_send_again(const struct lc_submit *s, const struct lc_plan_stmt *stmt, int rc,
                           const struct lc_error *why, const struct lc_left_before *before,
                           const char *query_id, uint64_t since_s)
{
    struct lc_error copy = *why;

    if (!may_retry(rc, why))
        return false;
    return rc == LC_ERR_NOT_SENT ||
           after_failure(s, stmt, before, query_id, since_s, &copy) == LC_ERR_SERVER;
}

static int send_until_settled(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                              const char *sql, const char *query_id, uint64_t since_s,
                              struct lc_mutation_watch *w, const struct lc_left_before *before,
                              struct lc_error *err)
{
    uint64_t begun_ms = lc_now_ms();
    bool lost = false;

    for (unsigned attempt = 1;; attempt++) {
        struct lc_error why = LC_ERROR_INIT;
        unsigned pause_ms = lc_backoff_ms(attempt);
        bool done = false;
        int rc = send_once(s, stmt, sql, query_id, &why);

        if (rc == 0)
            return 0;
        if (rc == LC_ERR_SERVER) {
            bool ours;

            rc = go_on(s, stmt, &why, &ours, err);
            if (ours)
                return rc;
            rc = LC_ERR_SERVER;
        }
        /* Once an answer was lost, an error too ("already exists") may only
         * mean that it is done. */
        if (is_lost(rc, &why) || (rc == LC_ERR_SERVER && lost && !may_retry(rc, &why))) {
            struct lc_error settled = LC_ERROR_INIT;
            bool answered = rc == LC_ERR_SERVER && why.server_code != LC_SERVER_QUERY_ID_RUNS &&
                            !is_lost(rc, &why);

            lost = true;
            rc = settle_lost(s, stmt, query_id, since_s, w, &why, &done, &settled);
            if (done)
                return follow_found(s, stmt, since_s, err);
            if (rc == 0 && answered)
                rc = LC_ERR_SERVER; /* it has had no effect, and `why` says what is wrong with it */
            else if (rc == 0 && is_last_try(s, &why, attempt, begun_ms))
                rc = LC_ERR_UNKNOWN; /* each answer was lost; `why` says how */
            else if (rc)
                why = settled;
            if (rc == 0) {
                tell(s, LC_RUN_RETRY, "sending it again in %u ms", pause_ms);
                lc_sleep_ms(pause_ms, s->options->cancel);
                continue;
            }
        }
        if (!may_send_again(s, stmt, rc, &why, before, query_id, since_s) ||
            is_last_try(s, &why, attempt, begun_ms)) {
            lc_error_pass(err, &why);
            return rc;
        }
        tell(s, LC_RUN_RETRY, "%s; try %u of %u in %u ms", why.msg, attempt + 1, LC_RETRY_TRIES,
             pause_ms);
        LC_TEST_POINT("before another try");
        if (lc_sleep_ms(pause_ms, s->options->cancel))
            return lc_fail(err, LC_ERR_STOPPED, "stopped while trying again: %s", why.msg);
    }
}

int lc_submit_run(const struct lc_submit *s, const struct lc_plan_stmt *stmt, const char *query_id,
                  uint64_t since_s, struct lc_error *err)
{
    struct lc_backfill_target target;
    struct lc_mutation_watch w = {0};
    struct lc_left_before before = {0};
    struct lc_error local = LC_ERROR_INIT;
    bool is_backfill;
    char *sql;
    int rc;

    if (!err)
        err = &local;
    rc = as_backfill(s, stmt, &target, &is_backfill, err);

    if (rc == 0 && is_backfill) {
        /* What it did partition by partition here, the other replicas do too. */
        rc = watch(s, stmt, &w, err);
        if (rc == 0)
            rc = run_backfill(s, &target, query_id, err);
        if (rc == 0)
            rc = wait_for_mutations(s, &w, err);
        lc_mutation_release(&w);
    }
    lc_backfill_release(&target);
    if (rc || is_backfill)
        return rc;
    sql = strndup(stmt->text->p, stmt->text->n);
    if (!sql)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
    rc = watch(s, stmt, &w, err);
    w.before_send = true;
    if (rc == 0 && lc_left_is_possible(&stmt->parsed))
        rc = lc_left_note(&before, s->b, s->facts, &stmt->parsed, err);
    LC_TEST_POINT("before the send");
    if (rc == 0) {
        rc = send_until_settled(s, stmt, sql, query_id, since_s, &w, &before, err);
        LC_TEST_POINT("after the answer");
        if (rc == LC_ERR_SERVER)
            rc = after_failure(s, stmt, &before, query_id, since_s, err);
    }
    lc_left_release(&before);
    if (rc == 0)
        rc = wait_for_mutations(s, &w, err);
    lc_mutation_release(&w);
    free(sql);
    return rc;
}
