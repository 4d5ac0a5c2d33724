/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One migration, statement by statement. What is recorded, and when:
 *
 *   started                       noted: written together with the row that follows
 *   for each statement
 *     check again what a function's arrival had put off
 *     stmt_started ── written before anything is sent, with the query id
 *     send, wait for its mutations, look whether the columns are what was asked for
 *     stmt_done                   noted
 *     or failed, stmt_stopped, stmt_partial; nothing where its outcome is open
 *   applied, or reverted          noted
 *
 * A noted row goes out with the next one in a single INSERT, and the events that depend on it are told
 * then. So a person is never told of something that the tracking table does not hold, and a run that
 * is killed leaves at most a stmt_started that the next run settles.
 */
#include "cli/migrate/executor.h"

#include "base/clock.h"
#include "base/test_points.h"
#include "cli/column/backfill_target.h"
#include "cli/column/column_check.h"
#include "cli/migrate/cluster_check.h"
#include "cli/migrate/rederive.h"
#include "cli/migrate/variables.h"
#include "cli/migrate/verify_after.h"
#include "cli/server/connect.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_SLACK_S = 60 }; /* this machine's clock may run otherwise than the server's */

/*
 * Tell c->now as an event of that kind. With --jobs several executors tell: one at a time. What
 * is about a single event is cleared; what the events of a statement share stays.
 */
static void emit(struct lc_executor *c, enum lc_run_event_kind kind)
{
    c->now.kind = kind;
    pthread_mutex_lock(&c->run->telling);
    if (c->run->o->hooks.event)
        c->run->o->hooks.event(c->run->o->hooks.ctx, &c->now);
    pthread_mutex_unlock(&c->run->telling);
    c->now.text = NULL;
    c->now.progress = NULL;
    c->now.error = NULL;
}

/* As emit, once the noted rows are written. */
static void emit_later(struct lc_executor *c, enum lc_run_event_kind kind)
{
    c->now.kind = kind;
    c->later[c->later_n++] = c->now;
}

/* The event's row is there. */
static void tell_recorded(struct lc_executor *c, const struct lc_run_event *e)
{
    const struct lc_run_event now = c->now;

    if (e->kind == LC_RUN_MIGRATION_DONE)
        c->run->report->applied++;
    if (e->kind == LC_RUN_MIGRATION_DONE)
        LC_TEST_POINT("migration recorded");
    else if (e->kind == LC_RUN_STMT_DONE)
        LC_TEST_POINT("statement recorded as done");
    else
        LC_TEST_POINT("migration started");
    c->now = *e;
    emit(c, e->kind);
    c->now = now;
}

/*
 * Write the noted rows, then tell what they say. rc: of what came before; where it is an error
 * nothing is written or told.
 */
static int write_rows(struct lc_executor *c, int rc, struct lc_error *err)
{
    unsigned n = c->later_n;

    if (rc == 0)
        rc = lc_tracking_flush(&c->run->session.tracking, err);
    c->later_n = 0;
    for (unsigned i = 0; rc == 0 && i < n; i++)
        tell_recorded(c, &c->later[i]);
    return rc;
}

int lc_executor_flush(struct lc_executor *c, struct lc_error *err)
{
    return write_rows(c, 0, err);
}

/* With the next row, or at once where more than a few have gathered. */
static int note_row(struct lc_executor *c, const struct lc_track_event *e,
                    enum lc_run_event_kind kind, struct lc_error *err)
{
    int rc = c->later_n > LC_EXECUTOR_LATER_MAX - 3 ? lc_executor_flush(c, err) : 0;

    if (rc == 0)
        rc = lc_tracking_note(&c->run->session.tracking, e, err);
    if (rc == 0)
        emit_later(c, kind);
    return rc;
}

void lc_executor_say(struct lc_executor *c, enum lc_run_event_kind kind, const char *text)
{
    c->now.text = text;
    emit(c, kind);
}

/* The callbacks of the parts, as events. */
void lc_executor_say_default(void *ctx, bool warning, const char *text)
{
    lc_executor_say(ctx, warning ? LC_RUN_WARNING : LC_RUN_CHECKED, text);
}

static void on_unsure(void *ctx, const char *text)
{
    lc_executor_say(ctx, LC_RUN_WARNING, text);
}

static void on_lagging(void *ctx, const char *text)
{
    lc_executor_say(ctx, LC_RUN_RETRY, text);
}

static void on_send(void *ctx, enum lc_run_event_kind kind, const char *text,
                    const struct lc_mutation_progress *progress)
{
    struct lc_executor *c = ctx;

    c->now.progress = progress;
    lc_executor_say(c, kind, text);
}

/* Give the turn away while it waits, and take it again. */
static void on_away(void *ctx, bool away)
{
    struct lc_executor *c = ctx;

    if (away)
        lc_turns_leave(c->jobs, c->job);
    else
        lc_turns_enter(c->jobs, c->job);
}

int lc_executor_open(struct lc_executor *c, struct lc_run *run, bool own_connection,
                     struct lc_error *err)
{
    int rc = 0;

    *c = (struct lc_executor){.run = run, .b = run->b};
    if (own_connection) {
        rc = lc_backend_clone(run->b, &c->own, err);
        c->b = c->own;
    }
    return rc;
}

void lc_executor_close(struct lc_executor *c)
{
    lc_backend_free(c->own);
    c->own = NULL;
}

static bool stop_asked(const struct lc_executor *c)
{
    return c->run->o->cancel && atomic_load(c->run->o->cancel);
}

/* *err is why the run ends here. What was done before is recorded all the same. */
static int end_here(struct lc_executor *c, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;

    if (lc_executor_flush(c, &why))
        lc_executor_say(c, LC_RUN_WARNING, why.msg);
    return err->code;
}

static int stopped(struct lc_error *err)
{
    lc_fail(err, LC_ERR_STOPPED, "stopped between two statements");
    lc_hint(err, "run it again: it continues with the next statement");
    return LC_ERR_STOPPED;
}

void lc_executor_place_error(const struct lc_executor *c, const struct lc_plan_migration *m,
                             unsigned i, struct lc_error *err)
{
    if (!err || !err->code)
        return;
    lc_error_prefix(err,
                    "%s:%" PRIu64 ": statement %u of %u: ", lc_migration_path(m->m, c->run->down),
                    m->stmts[i].text->line, i + 1, m->stmt_n);
    if (err->code == LC_ERR_UNKNOWN) {
        err->hint[0] = '\0';
        lc_hint(
            err,
            "look at what it did, then record it: livecol repair %s --done %u if it took effect, "
            "--redo %u to send it again",
            m->m->version_text, i + 1, i + 1);
    } else if (err->code == LC_ERR_SERVER) {
        lc_hint(err,
                "fix it (you may edit this statement and those after it) and run livecol %s again: "
                "it continues here",
                c->run->down ? "down" : "up");
    }
}

/*
 * A row about the migration; the caller adds what is about a statement. Texts are the
 * migration's.
 */
static struct lc_track_event track_event(const struct lc_executor *c,
                                         const struct lc_plan_migration *m,
                                         enum lc_track_event_kind kind)
{
    return (struct lc_track_event){.kind = kind,
                                   .version = m->m->version,
                                   .name = m->m->name,
                                   .down = c->run->down,
                                   .stmts = m->stmt_n,
                                   .file_sha256 = lc_migration_sha256(m->m, c->run->down)};
}

/*
 * The server's time from before a statement. What a task of the cluster is told apart by is asked; of the
 * others those from before are known by themselves, and an earlier time does.
 */
static int time_before(struct lc_executor *c, const struct lc_stmt *s, uint64_t *now_s,
                       struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc;

    if (!s->on_cluster) {
        rc = lc_tracking_now(&c->run->session.tracking, now_s, err);
        *now_s -= *now_s > CLOCK_SLACK_S ? CLOCK_SLACK_S : 0;
        return rc;
    }
    rc = lc_query_read(c->b, lc_sql_server_now, NULL, &t, err);
    *now_s = rc == 0 ? lc_answer_u64(&t, 0, LC_SQL_SERVER_NOW_NOW_S, 0) : 0;
    lc_answer_release(&t);
    return rc;
}

/* The statement that an earlier run left open: sent or failed, and not settled since. */
static bool left_open(const struct lc_executor *c, const struct lc_plan_migration *m, unsigned i,
                      struct lc_submit_before *before)
{
    const struct lc_track_version *v = lc_tracking_find(&c->run->session.tracking, m->m->version);

    if (!v || v->down != c->run->down || v->open != i + 1 || !v->query_id ||
        (v->status != LC_TRACK_UNKNOWN && v->status != LC_TRACK_FAILED))
        return false;
    *before = (struct lc_submit_before){
        .query_id = v->query_id,
        .at_s = v->open_at_s,
        .failed = v->status == LC_TRACK_FAILED,
        .unlooked = v->status == LC_TRACK_FAILED && v->unlooked ? v->error : NULL,
        .partial = v->partial ? v->error : NULL};
    return true;
}

static void tell_other(struct lc_executor *c, const struct lc_plan_migration *m, unsigned i)
{
    char text[128];

    snprintf(text, sizeof text, "%s: statement %u of %u is not recognised, and is run as it is",
             m->m->version_text, i + 1, m->stmt_n);
    lc_executor_say(c, LC_RUN_CHECKED, text);
}

/* Tell that statement i begins, once. */
static void announce(struct lc_executor *c, const struct lc_plan_migration *m, unsigned i)
{
    if (c->announced)
        return;
    c->announced = true;
    emit(c, LC_RUN_STMT_START);
    if (m->stmts[i].parsed.kind == LC_STMT_OTHER)
        tell_other(c, m, i);
}

/* Send it, unless an earlier run's send turns out to have taken effect. */
static int send_statement(struct lc_executor *c, const struct lc_plan_migration *m, unsigned i,
                          struct lc_error *err)
{
    const struct lc_plan_stmt *stmt = &m->stmts[i];
    struct lc_track_event e = track_event(c, m, LC_TRACK_STMT_STARTED);
    struct lc_submit_before before;
    char query_id[128], kept_id[128], kept_error[sizeof err->msg];
    bool done = false;
    char after[LC_SUBMIT_AFTER_SIZE] = "";
    struct lc_mutation_watch w = {0};
    uint64_t now_s = 0;
    int rc = 0;

    /* What an earlier run has done of a re-derivation shows in the rows themselves. */
    if (!stmt->text->rederive && left_open(c, m, i, &before)) {
        /* Copied first: they belong to the history, which the flush folds anew. */
        snprintf(kept_id, sizeof kept_id, "%s", before.query_id);
        before.query_id = kept_id;
        if (before.partial || before.unlooked)
            snprintf(kept_error, sizeof kept_error, "%s",
                     before.partial ? before.partial : before.unlooked);
        before.partial = before.partial ? kept_error : NULL;
        before.unlooked = before.unlooked ? kept_error : NULL;
        rc = lc_executor_flush(c, err);
        if (rc)
            return rc;
        announce(c, m, i);
        rc = lc_submit_settle(&c->send, stmt, &before, &done, err);
        if (rc || done)
            return rc;
    }
    e.stmt = i + 1;
    e.stmt_sha256 = stmt->text->sha256;
    e.query_id = query_id;
    rc = time_before(c, &stmt->parsed, &now_s, err);
    if (rc == 0 && !stmt->text->rederive)
        rc = lc_submit_begin(&c->send, stmt, &w, after, err);
    snprintf(query_id, sizeof query_id, "livecol-%s-%s-%u%s%s", c->run->session.tracking.run_id,
             m->m->version_text, i + 1, c->run->down ? "-down" : "", after);
    if (rc == 0)
        rc = lc_tracking_note(&c->run->session.tracking, &e, err);
    rc = write_rows(c, rc, err);
    LC_TEST_POINT("statement recorded as started");
    if (rc == 0)
        announce(c, m, i);
    if (rc == 0)
        rc = stmt->text->rederive ? lc_rederive_run(&c->send, stmt, query_id, err)
                                  : lc_submit_run(&c->send, stmt, query_id, now_s, &w, err);
    lc_mutation_release(&w);
    return rc;
}

/* Everything that comes before a statement is sent, and may still refuse it. */
static int before_statement(struct lc_executor *c, const struct lc_plan_stmt *stmt,
                            struct lc_error *err)
{
    int rc = 0;

    if (stop_asked(c)) {
        stopped(err);
        return end_here(c, err);
    }
    c->run->defaults.ctx = c;
    if (c->run->defaults.deferred)
        rc = lc_executor_flush(c, err);
    if (rc == 0 && c->run->defaults.deferred)
        rc = lc_preflight_check(&c->run->defaults, &stmt->parsed, true, err);
    return rc;
}

/* Has the statement's table an unfinished mutation, which may be its? Where it cannot be asked: it may. */
static bool may_mutate_on(const struct lc_executor *c, const struct lc_plan_stmt *stmt)
{
    const char *database = lc_stmt_database(&stmt->parsed, lc_backend_database(c->b));
    struct lc_answer t = {0};
    bool has = lc_query_read(c->b,
                             c->run->facts.fail_reason ? lc_sql_mutations_unfinished
                                                       : lc_sql_mutations_unfinished_plain,
                             NULL, &t, NULL) != 0;

    for (size_t i = 0; !has && i < t.rows; i++)
        has = strcmp(lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_TABLE)->p,
                     stmt->parsed.name) == 0 &&
              strcmp(lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_DATABASE)->p, database) == 0;
    lc_answer_release(&t);
    return has;
}

/* Stopped, is it of those that the next run simply goes on with, and is the server done with it? */
static bool has_ended(const struct lc_executor *c, const struct lc_plan_stmt *stmt)
{
    return (stmt->text->rederive || lc_backfill_is_lone(&stmt->parsed)) && !may_mutate_on(c, stmt);
}

/*
 * It failed: may something of it be done all the same, now or later? One host of several has done it, or
 * one table of several; what an ALTER with a mutation says of columns comes first; or its mutation goes on.
 */
static bool may_be_begun(const struct lc_executor *c, const struct lc_plan_stmt *stmt)
{
    const struct lc_stmt *s = &stmt->parsed;

    return c->begun || stmt->text->rederive || s->on_cluster || s->unclear || s->table_n > 1 ||
           (s->mutates && (s->command_n > 1 || may_mutate_on(c, stmt)));
}

/*
 * Record that it failed, or was stopped and has ended. A lost answer, and a stop of what the server
 * goes on with, leave it open: the next run settles it.
 */
static void record_failure(struct lc_executor *c, const struct lc_plan_migration *m, unsigned i,
                           const struct lc_error *err)
{
    struct lc_track_event e = track_event(c, m, LC_TRACK_EVENT_FAILED);
    const struct lc_track_version *v = lc_tracking_find(&c->run->session.tracking, m->m->version);

    if (!err || !v || v->open != i + 1)
        return;
    if (err->code == LC_ERR_STOPPED && has_ended(c, &m->stmts[i]))
        e.kind = LC_TRACK_STMT_STOPPED;
    else if (err->code == LC_ERR_UNKNOWN && err->server_code)
        e.kind = LC_TRACK_STMT_PARTIAL;
    else if (err->code != LC_ERR_SERVER && err->code != LC_ERR_NOT_SENT &&
             err->code != LC_ERR_FOUND)
        return;
    e.stmt = i + 1;
    e.stmt_sha256 = m->stmts[i].text->sha256;
    e.error_code = err->server_code;
    e.error = err->msg;
    if (e.kind == LC_TRACK_EVENT_FAILED && may_be_begun(c, &m->stmts[i]))
        e.query_id = v->query_id; /* the server has it, or may have */
    lc_tracking_write(&c->run->session.tracking, &e, NULL);
}

int lc_executor_check_over(struct lc_executor *c, const struct lc_stmt *s, bool before,
                           struct lc_error *err)
{
    struct lc_over o;
    int rc;

    rc = lc_over_look(&c->run->session.cluster, s, &c->run->plan, &o, err);
    if (c->run->down) /* a column that comes back by the way down is as it was */
        o.bare = o.lacks = LC_ERROR_INIT;
    if (rc == 0 && before)
        rc = lc_over_refuse(&o, c->run->o->strict, c->run->o->allow_unsafe, err);
    if (rc == 0 && !before && o.lacks.code)
        lc_executor_say(c, LC_RUN_WARNING, o.lacks.msg);
    return rc;
}

static int run_statement(struct lc_executor *c, const struct lc_plan_migration *m, unsigned i,
                         struct lc_error *err)
{
    const struct lc_plan_stmt *stmt = &m->stmts[i];
    struct lc_track_event e = track_event(c, m, LC_TRACK_STMT_DONE);
    uint64_t begun = lc_now_ms();
    int rc;

    c->announced = c->begun = false;
    c->now.stmt = i + 1;
    c->now.class = stmt->parsed.class;
    c->now.parsed = &stmt->parsed;
    c->now.settings = &stmt->text->settings;
    c->now.sql = (struct lc_slice){(const uint8_t *)stmt->text->p, stmt->text->n};
    rc = before_statement(c, stmt, err);
    if (rc == 0) {
        begun = lc_now_ms();
        rc = send_statement(c, m, i, err);
        if (rc == 0)
            rc = lc_column_check(&c->run->session.cluster, &c->run->facts, &stmt->parsed,
                                 &(struct lc_column_hooks){on_unsure, on_lagging, c,
                                                           c->run->o->cancel,
                                                           c->run->o->keep_columns},
                                 err);
        if (rc == 0)
            rc = lc_executor_check_over(c, &stmt->parsed, false, err);
        if (rc)
            record_failure(c, m, i, err);
    }
    if (rc) {
        lc_executor_place_error(c, m, i, err);
        return rc;
    }
    e.stmt = i + 1;
    e.stmt_sha256 = stmt->text->sha256;
    e.execution_ms = c->now.ms = lc_now_ms() - begun;
    LC_TEST_POINT("statement done, not recorded");
    return note_row(c, &e, LC_RUN_STMT_DONE, err);
}

void lc_executor_about(struct lc_executor *c, const struct lc_plan_migration *m)
{
    c->now = (struct lc_run_event){0};
    if (!m)
        return;
    c->now = (struct lc_run_event){.version = m->m->version,
                                   .version_text = m->m->version_text,
                                   .name = m->m->name,
                                   .down = c->run->down,
                                   .stmts = m->stmt_n};
}

/* What is done of it was done with the values of then: with others the rest may be about something else. */
static void tell_other_values(struct lc_executor *c, const struct lc_plan_migration *m,
                              const char *vars)
{
    const struct lc_track_version *v =
        lc_track_state_find(&c->run->session.tracking.state, m->m->version);
    char text[1024];

    if (c->run->down || !v || !v->vars || !*v->vars || strcmp(v->vars, vars) == 0 ||
        !(m->first || (m->open && !m->failed)))
        return;
    snprintf(text, sizeof text,
             "%s %s continues with other values of its variables: %s before, %s now",
             m->m->version_text, m->m->name, v->vars, *vars ? vars : "none");
    lc_executor_say(c, LC_RUN_WARNING, text);
}

static int note_start(struct lc_executor *c, const struct lc_plan_migration *m,
                      struct lc_error *err)
{
    struct lc_track_event e = track_event(c, m, LC_TRACK_STARTED);
    char *vars = lc_variables_used(m->m, &c->run->o->vars, &c->run->o->secret_vars);
    int rc = vars ? 0 : lc_no_memory(err);

    if (rc == 0)
        tell_other_values(c, m, vars);
    e.error = vars; /* nothing has failed: the row's text says what the variables were */
    if (rc == 0)
        rc = lc_tracking_note(&c->run->session.tracking, &e, err);
    free(vars);
    return rc;
}

/* So that an overtaken one is there before the one that overtakes it. */
int lc_executor_record_overtaken(struct lc_executor *c, const struct lc_plan_migration *m,
                                 struct lc_error *err)
{
    int rc;

    lc_executor_about(c, m);
    rc = note_start(c, m, err);
    return write_rows(c, rc, err);
}

/* What is sent for this migration goes through the course's connection. */
static void bind(struct lc_executor *c)
{
    c->cluster = c->run->session.cluster;
    c->cluster.b = c->b;
    c->send = (struct lc_submit){.b = c->b,
                                 .cluster = &c->cluster,
                                 .facts = &c->run->facts,
                                 .options = c->run->o,
                                 .event = on_send,
                                 .away = on_away,
                                 .ctx = c,
                                 .begun = &c->begun};
}

/* Slow, and about nothing but what this migration has stored. */
static int verify(struct lc_executor *c, const struct lc_plan_migration *m, struct lc_error *err)
{
    unsigned wrong;
    int rc;

    if (c->run->down || c->run->o->no_verify || !lc_verify_after_wants(m))
        return 0;
    rc = lc_executor_flush(c, err);
    if (rc)
        return rc;
    /* Reads only, on this executor's own connection: other migrations may go on meanwhile. */
    on_away(c, true);
    wrong = lc_verify_after(c->b, m, c->run->o->cancel, lc_executor_say_default, c);
    on_away(c, false);
    c->run->report->wrong += wrong;
    c->run->report->unverified += stop_asked(c);
    return 0;
}

static int record_end(struct lc_executor *c, const struct lc_plan_migration *m, uint64_t ms,
                      struct lc_error *err)
{
    struct lc_track_event e =
        track_event(c, m, c->run->down ? LC_TRACK_REVERTED : LC_TRACK_EVENT_APPLIED);

    e.execution_ms = c->now.ms = ms;
    return note_row(c, &e, LC_RUN_MIGRATION_DONE, err);
}

int lc_executor_run(struct lc_executor *c, const struct lc_plan_migration *m, struct lc_error *err)
{
    uint64_t begun = lc_now_ms();
    int rc;

    bind(c);
    lc_executor_about(c, m);
    if (stop_asked(c)) {
        stopped(err);
        return end_here(c, err);
    }
    /* Written with the first stmt_started, or at once where there is no statement. */
    rc = note_start(c, m, err);
    if (rc == 0)
        emit_later(c, LC_RUN_MIGRATION_START);
    if (rc == 0 && m->stmt_n == 0)
        rc = lc_executor_flush(c, err);
    if (rc == 0 && m->stmt_n == 0)
        lc_executor_say(c, LC_RUN_CHECKED, "it contains no statement: there is nothing to do");
    for (unsigned i = m->first; rc == 0 && i < m->stmt_n; i++)
        rc = run_statement(c, m, i, err);
    lc_executor_about(c, m);
    if (rc == 0)
        rc = record_end(c, m, lc_now_ms() - begun, err);
    if (rc == 0)
        rc = verify(c, m, err);
    if (rc == 0 && c->jobs)
        rc = lc_executor_flush(c, err); /* the turn is another's next */
    if (rc) {
        end_here(c, err);
        c->now.error = err;
        emit(c, LC_RUN_MIGRATION_FAILED);
    }
    return rc;
}
