#include "runner.h"

#include "cluster_check.h"
#include "column_check.h"
#include "defaults.h"
#include "livecol_sql.h"
#include "plan.h"
#include "query.h"
#include "rederive.h"
#include "send.h"
#include "session.h"
#include "test_points.h"
#include "verify_after.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    struct lc_backend *b;
    const struct lc_up_options *o;
    bool down;
    struct lc_up_report *report;
    struct lc_session session;
    struct lc_facts facts;
    struct lc_defaults defaults;
    struct lc_plan plan;
    struct lc_send send;
    struct lc_run_event now; /* what the current event is about */
};

static void emit(struct run *r, enum lc_run_event_kind kind)
{
    r->now.kind = kind;
    if (r->o->hooks.event)
        r->o->hooks.event(r->o->hooks.ctx, &r->now);
    r->now.text = NULL;
    r->now.progress = NULL;
    r->now.error = NULL;
}

static void emit_text(struct run *r, enum lc_run_event_kind kind, const char *text)
{
    r->now.text = text;
    emit(r, kind);
}

/* The callbacks of the parts, as events. */
static void on_default(void *ctx, bool warning, const char *text)
{
    emit_text(ctx, warning ? LC_RUN_WARNING : LC_RUN_CHECKED, text);
}

static void on_unsure(void *ctx, const char *text)
{
    emit_text(ctx, LC_RUN_WARNING, text);
}

static void on_lagging(void *ctx, const char *text)
{
    emit_text(ctx, LC_RUN_RETRY, text);
}

static void on_send(void *ctx, enum lc_run_event_kind kind, const char *text,
                    const struct lc_run_progress *progress)
{
    struct run *r = ctx;

    r->now.progress = progress;
    emit_text(r, kind, text);
}

static void on_lock_wait(void *ctx, const struct lc_lock_info *h)
{
    char text[512];

    snprintf(text, sizeof text,
             "waiting for livecol %s on %s, pid %s, which holds the lock since %s UTC", h->command,
             h->host, h->pid, h->since);
    emit_text(ctx, LC_RUN_LOCK_WAIT, text);
}

static bool stop_asked(const struct run *r)
{
    return r->o->cancel && atomic_load(r->o->cancel);
}

static int stopped(struct lc_error *err)
{
    lc_fail(err, LC_ERR_STOPPED, "stopped between two statements");
    lc_hint(err, "run it again: it goes on with the next statement");
    return LC_ERR_STOPPED;
}

/* Put "file:line: statement i of n: " before what is said, and a hint behind it. */
static void place_error(const struct run *r, const struct lc_plan_migration *m, unsigned i,
                        struct lc_error *err)
{
    char msg[sizeof err->msg];

    if (!err || !err->code)
        return;
    snprintf(msg, sizeof msg,
             "%s:%" PRIu64 ": statement %u of %u: ", lc_migration_path(m->m, r->down),
             m->stmts[i].text->line, i + 1, m->stmt_n);
    strncat(msg, err->msg, sizeof msg - strlen(msg) - 1);
    snprintf(err->msg, sizeof err->msg, "%s", msg);
    if (err->code == LC_ERR_UNKNOWN) {
        err->hint[0] = '\0';
        lc_hint(err,
                "look at what it did, then record it: livecol repair %s --done %u where it was "
                "done, --redo %u where it is to be sent again",
                m->m->version_text, i + 1, i + 1);
    } else if (err->code == LC_ERR_SERVER) {
        lc_hint(err,
                "mend it (this statement and those behind it may be edited) and run livecol "
                "%s again: it goes on here",
                r->down ? "down" : "up");
    }
}

static struct lc_track_event track_event(const struct run *r, const struct lc_plan_migration *m,
                                         enum lc_track_event_kind kind)
{
    return (struct lc_track_event){.kind = kind,
                                   .version = m->m->version,
                                   .name = m->m->name,
                                   .down = r->down,
                                   .stmts = m->stmt_n,
                                   .file_sha256 = lc_migration_sha256(m->m, r->down)};
}

static int server_now(struct lc_backend *b, uint64_t *now_s, struct lc_error *err)
{
    struct lc_table t = {0};
    int rc = lc_query_read(b, lc_sql_server_now, NULL, &t, err);

    *now_s = rc == 0 ? lc_table_u64(&t, 0, 0, 0) : 0;
    lc_table_release(&t);
    return rc;
}

/* The statement that an earlier run left open: sent or failed, and not settled since. */
static bool left_open(const struct run *r, const struct lc_plan_migration *m, unsigned i,
                      struct lc_send_before *before)
{
    const struct lc_track_version *v = lc_tracking_find(&r->session.tracking, m->m->version);

    if (!v || v->down != r->down || v->open != i + 1 || !v->query_id ||
        (v->status != LC_TRACK_UNKNOWN && v->status != LC_TRACK_FAILED))
        return false;
    *before = (struct lc_send_before){
        .query_id = v->query_id, .at_s = v->open_at_s, .failed = v->status == LC_TRACK_FAILED};
    return true;
}

/* Send it, unless an earlier run's send turns out to have taken effect. */
static int send_statement(struct run *r, const struct lc_plan_migration *m, unsigned i,
                          struct lc_error *err)
{
    const struct lc_plan_stmt *stmt = &m->stmts[i];
    struct lc_track_event e = track_event(r, m, LC_TRACK_STMT_STARTED);
    struct lc_send_before before;
    char query_id[128], kept_id[128];
    bool done = false;
    uint64_t now_s = 0;
    int rc = 0;

    /* What an earlier run has done of a re-derivation shows in the rows themselves. */
    if (!stmt->text->rederive && left_open(r, m, i, &before)) {
        snprintf(kept_id, sizeof kept_id, "%s", before.query_id);
        before.query_id = kept_id;
        rc = lc_send_settle(&r->send, stmt, &before, &done, err);
        if (rc || done)
            return rc;
    }
    snprintf(query_id, sizeof query_id, "livecol-%s-%s-%u%s", r->session.tracking.run_id,
             m->m->version_text, i + 1, r->down ? "-down" : "");
    e.stmt = i + 1;
    e.stmt_sha256 = stmt->text->sha256;
    e.query_id = query_id;
    rc = server_now(r->b, &now_s, err);
    if (rc == 0)
        rc = lc_tracking_write(&r->session.tracking, &e, err);
    LC_TEST_POINT("statement recorded as started");
    if (rc == 0 && stmt->text->rederive)
        return lc_rederive_run(&r->send, stmt, query_id, err);
    return rc ? rc : lc_send_run(&r->send, stmt, query_id, now_s, err);
}

/* Everything that comes before a statement is sent, and may still refuse it. */
static int before_statement(struct run *r, const struct lc_plan_stmt *stmt, struct lc_error *err)
{
    int rc;

    if (stop_asked(r))
        return stopped(err);
    rc = lc_lock_check(r->session.lock, err);
    if (rc == 0 && r->defaults.deferred)
        rc = lc_defaults_check(&r->defaults, &stmt->parsed, true, err);
    return rc;
}

/* Record that it failed. A lost answer and a stop leave it open: the next run settles it. */
static void record_failure(struct run *r, const struct lc_plan_migration *m, unsigned i,
                           const struct lc_error *err)
{
    struct lc_track_event e = track_event(r, m, LC_TRACK_EVENT_FAILED);
    const struct lc_track_version *v = lc_tracking_find(&r->session.tracking, m->m->version);

    if (!err ||
        (err->code != LC_ERR_SERVER && err->code != LC_ERR_NOT_SENT && err->code != LC_ERR_FOUND) ||
        !v || v->open != i + 1)
        return;
    e.stmt = i + 1;
    e.stmt_sha256 = m->stmts[i].text->sha256;
    e.error_code = err->server_code;
    e.error = err->msg;
    lc_tracking_write(&r->session.tracking, &e, NULL);
}

/* The first table over the target that is left without a column. */
static void note_lacking(void *ctx, const struct lc_table_over *t)
{
    struct lc_error *lacks = ctx;

    if (!t->column || lacks->code)
        return;
    lc_fail(lacks, LC_ERR_REFUSED,
            "%s.%s (%s%s%s) is over this table, and no statement adds the column %s to it",
            t->database, t->name, t->engine, *t->host ? ", on " : "", t->host, t->column);
    lc_hint(lacks, "add to the migration: ALTER TABLE %s.%s ADD COLUMN %s …", t->database, t->name,
            t->column);
}

/*
 * Nothing breaks by it, but who reads or writes through it does not see the column: refused before
 * the run with strict, else said after the statement.
 */
static int check_over(struct run *r, const struct lc_stmt *s, bool before, struct lc_error *err)
{
    struct lc_error lacks = LC_ERROR_INIT;
    bool adds = false;
    int rc;

    for (size_t i = 0; s->kind == LC_STMT_ALTER && i < s->command_n; i++)
        adds = adds || s->commands[i].kind == LC_STMT_ADD_COLUMN;
    if (!adds || r->down)
        return 0;
    rc = lc_tables_over(&r->session.cluster, s, &r->plan, note_lacking, &lacks, err);
    if (rc || !lacks.code)
        return rc;
    if (!before) {
        emit_text(r, LC_RUN_WARNING, lacks.msg);
    } else if (r->o->strict) {
        if (err && err->code == 0)
            *err = lacks;
        return LC_ERR_REFUSED;
    }
    return 0;
}

static void tell_other(struct run *r, const struct lc_plan_migration *m, unsigned i)
{
    char text[128];

    snprintf(text, sizeof text, "%s: statement %u of %u is not recognised, and is run as it is",
             m->m->version_text, i + 1, m->stmt_n);
    emit_text(r, LC_RUN_CHECKED, text);
}

static int run_statement(struct run *r, const struct lc_plan_migration *m, unsigned i,
                         struct lc_error *err)
{
    const struct lc_plan_stmt *stmt = &m->stmts[i];
    struct lc_track_event e = track_event(r, m, LC_TRACK_STMT_DONE);
    uint64_t begun = lc_now_ms();
    int rc;

    r->now.stmt = i + 1;
    r->now.class = stmt->parsed.class;
    r->now.parsed = &stmt->parsed;
    r->now.sql = (struct lc_slice){(const uint8_t *)stmt->text->p, stmt->text->n};
    rc = before_statement(r, stmt, err);
    if (rc == 0) {
        emit(r, LC_RUN_STMT_START);
        if (stmt->parsed.kind == LC_STMT_OTHER)
            tell_other(r, m, i);
        begun = lc_now_ms();
        rc = send_statement(r, m, i, err);
        if (rc == 0)
            rc = lc_column_check(&r->session.cluster, &r->facts, &stmt->parsed,
                                 &(struct lc_column_hooks){on_unsure, on_lagging, r, r->o->cancel},
                                 err);
        if (rc == 0)
            rc = check_over(r, &stmt->parsed, false, err);
        if (rc)
            record_failure(r, m, i, err);
    }
    if (rc) {
        place_error(r, m, i, err);
        return rc;
    }
    e.stmt = i + 1;
    e.stmt_sha256 = stmt->text->sha256;
    e.execution_ms = r->now.ms = lc_now_ms() - begun;
    LC_TEST_POINT("statement done, not recorded");
    rc = lc_tracking_write(&r->session.tracking, &e, err);
    LC_TEST_POINT("statement recorded as done");
    if (rc == 0)
        emit(r, LC_RUN_STMT_DONE);
    return rc;
}

static void about(struct run *r, const struct lc_plan_migration *m)
{
    r->now = (struct lc_run_event){.version = m->m->version,
                                   .version_text = m->m->version_text,
                                   .name = m->m->name,
                                   .down = r->down,
                                   .stmts = m->stmt_n};
}

static int run_migration(struct run *r, const struct lc_plan_migration *m, struct lc_error *err)
{
    struct lc_track_event e = track_event(r, m, LC_TRACK_STARTED);
    uint64_t begun = lc_now_ms();
    int rc;

    about(r, m);
    if (stop_asked(r))
        return stopped(err);
    rc = lc_lock_check(r->session.lock, err);
    if (rc == 0)
        rc = lc_tracking_write(&r->session.tracking, &e, err);
    LC_TEST_POINT("migration started");
    if (rc == 0)
        emit(r, LC_RUN_MIGRATION_START);
    for (unsigned i = m->first; rc == 0 && i < m->stmt_n; i++)
        rc = run_statement(r, m, i, err);
    about(r, m);
    if (rc == 0) {
        e.kind = r->down ? LC_TRACK_REVERTED : LC_TRACK_EVENT_APPLIED;
        e.execution_ms = r->now.ms = lc_now_ms() - begun;
        rc = lc_tracking_write(&r->session.tracking, &e, err);
        LC_TEST_POINT("migration recorded");
    }
    if (rc == 0) {
        r->report->applied++;
        emit(r, LC_RUN_MIGRATION_DONE);
        if (!r->down && !r->o->no_verify)
            r->report->amiss += lc_verify_after(r->b, m, r->o->cancel, on_default, r);
    } else {
        r->now.error = err;
        emit(r, LC_RUN_MIGRATION_FAILED);
    }
    return rc;
}

/* Losing data, or breaking readers, is done on purpose only. Reverting is asked for as such. */
static int check_safe(const struct run *r, const struct lc_plan_migration *m, unsigned i,
                      struct lc_error *err)
{
    enum lc_stmt_class class = m->stmts[i].parsed.class;

    if (r->down || r->o->allow_unsafe ||
        (class != LC_CLASS_DESTRUCTIVE && class != LC_CLASS_READERS))
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "unsafe: %s (%s)", lc_class_name(class),
            class == LC_CLASS_READERS ? "expand, backfill, switch, then contract is the safe way"
                                      : "what it removes cannot be brought back");
    lc_hint(err, "livecol plan says more; --allow-unsafe runs it");
    place_error(r, m, i, err);
    return LC_ERR_REFUSED;
}

/* Look at every statement before the first is sent. */
static int check_statements(struct run *r, struct lc_error *err)
{
    for (size_t i = 0; i < r->plan.n; i++) {
        const struct lc_plan_migration *m = &r->plan.v[i];

        about(r, m);
        for (unsigned k = m->first; k < m->stmt_n; k++) {
            const struct lc_stmt *s = &m->stmts[k].parsed;
            int rc = check_safe(r, m, k, err);

            if (rc)
                return rc;
            rc = lc_cluster_check_reach(&r->session.cluster, &r->facts, s, err);
            if (rc == 0)
                rc = lc_defaults_check(&r->defaults, s, false, err);
            if (rc == 0 && m->stmts[k].text->rederive)
                rc = lc_rederive_check(&r->defaults, &m->stmts[k], err);
            if (rc == 0)
                rc = check_over(r, s, true, err);
            if (rc == 0 && lc_defaults_note(&r->defaults, s))
                rc = lc_fail(err, LC_ERR_NOMEM, "no memory for the plan");
            if (rc) {
                place_error(r, m, k, err);
                return rc;
            }
        }
    }
    r->now = (struct lc_run_event){0};
    return 0;
}

static int make_plan(struct run *r, struct lc_error *err)
{
    lc_plan_release(&r->plan);
    return lc_plan_make(&r->plan, &r->session.files, &r->session.tracking, r->o, r->down, err);
}

static int prepare(struct run *r, struct lc_error *err)
{
    int rc = lc_session_open(&r->session, r->b, r->o, true, err);

    if (rc == 0)
        rc = lc_migrations_check(&r->session.files, r->o->allow_missing, err);
    if (rc == 0)
        rc = lc_facts_ask(&r->facts, r->b, err);
    if (rc == 0)
        rc = make_plan(r, err);
    if (rc == 0)
        rc = lc_plan_parse(&r->plan, r->b, &r->facts, err);
    return rc ? rc : check_statements(r, err);
}

/* Take the lock; then look again, since another run may have done the work meanwhile. */
static int take_lock(struct run *r, struct lc_error *err)
{
    int rc = lc_session_lock(&r->session, r->down ? "down" : "up", r->o, on_lock_wait, r, err);

    if (rc == 0)
        rc = make_plan(r, err);
    return rc ? rc : lc_plan_parse(&r->plan, r->b, &r->facts, err);
}

static int run(struct run *r, struct lc_error *err)
{
    int rc = prepare(r, err);

    if (rc == 0 && r->plan.n && !r->o->dry_run) {
        rc = take_lock(r, err);
        for (size_t i = 0; rc == 0 && i < r->plan.n; i++)
            rc = run_migration(r, &r->plan.v[i], err);
    }
    r->report->skipped = r->plan.skipped;
    r->report->pending = r->plan.left + (unsigned)r->plan.n - r->report->applied;
    return rc;
}

static int run_all(struct lc_backend *b, const struct lc_up_options *o, bool down,
                   struct lc_up_report *report, struct lc_error *err)
{
    struct run r = {.b = b, .o = o, .down = down, .report = report};
    struct lc_error local = LC_ERROR_INIT;
    uint64_t begun = lc_now_ms();
    int rc;

    *report = (struct lc_up_report){0};
    r.defaults = (struct lc_defaults){.cluster = &r.session.cluster,
                                      .b = b,
                                      .facts = &r.facts,
                                      .rules = o->rules,
                                      .allow_unsafe = o->allow_unsafe,
                                      .say = on_default,
                                      .ctx = &r};
    r.send = (struct lc_send){.b = b,
                              .cluster = &r.session.cluster,
                              .facts = &r.facts,
                              .options = o,
                              .event = on_send,
                              .ctx = &r};
    rc = run(&r, err ? err : &local);
    lc_plan_release(&r.plan);
    lc_defaults_release(&r.defaults);
    lc_session_end(&r.session);
    report->ms = lc_now_ms() - begun;
    return rc;
}

int lc_runner_up(struct lc_backend *b, const struct lc_up_options *options,
                 struct lc_up_report *report, struct lc_error *err)
{
    return run_all(b, options, false, report, err);
}

int lc_runner_down(struct lc_backend *b, const struct lc_up_options *options,
                   struct lc_up_report *report, struct lc_error *err)
{
    return run_all(b, options, true, report, err);
}
