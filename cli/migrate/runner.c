/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: read, check everything, take the lock, read again, go.
 *
 *   prepare ─► take_lock ─► make the plan again ─► run_plan ─► executor, a migration at a time,
 *      │                    (another run may have                or several by turns (--jobs)
 *      │                     done part of it)
 *      └─ every statement of every pending migration is checked before the first one is sent. What a
 *         statement will do is noted, so that those behind it are checked against the table as it will
 *         be then
 */
#include "cli/migrate/runner.h"

#include "base/clock.h"
#include "cli/migrate/cluster_check.h"
#include "cli/migrate/conflict.h"
#include "cli/migrate/executor.h"
#include "cli/migrate/materialize.h"
#include "cli/migrate/rederive.h"
#include "cli/migrate/history.h"
#include "cli/migrate/stale.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_lock_wait(void *ctx, const struct lc_lock_info *h)
{
    char text[512];

    lc_executor_say(ctx, h->stale ? LC_RUN_WARNING : LC_RUN_LOCK_WAIT,
                    lc_lock_words(h, text, sizeof text));
}

/* Losing data, or breaking readers, is done on purpose only. Reverting is asked for as such. */
static int check_safe(const struct lc_executor *c, const struct lc_plan_migration *m, unsigned i,
                      struct lc_error *err)
{
    enum lc_stmt_class class = m->stmts[i].parsed.class;
    bool other = m->stmts[i].parsed.kind == LC_STMT_OTHER; /* DETACH; who may do what */

    if (c->run->down || c->run->o->allow_unsafe || m->m->allow_unsafe ||
        (class != LC_CLASS_DESTRUCTIVE && class != LC_CLASS_READERS))
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "unsafe: %s (%s)", lc_class_name(class),
            class == LC_CLASS_DESTRUCTIVE ? "what it removes cannot be brought back"
            : other                       ? "who reads or writes now may be refused afterwards"
                    : "expand, backfill, switch, then contract is the safe way");
    lc_hint(err, "livecol plan shows more; -- migrate:allow-unsafe REASON in the file runs it, or "
                 "--allow-unsafe");
    lc_executor_place_error(c, m, i, err);
    return LC_ERR_REFUSED;
}

/* A setting that the server does not have would be left out by the backend without a word. */
static int check_settings(struct lc_backend *b, const struct lc_sql_settings *settings,
                          struct lc_error *err)
{
    for (size_t i = 0; i < settings->n; i++) {
        if (lc_backend_has_setting(b, settings->v[2 * i]))
            continue;
        lc_fail(err, LC_ERR_REFUSED, "the server has no setting %s", settings->v[2 * i]);
        lc_hint(err, "is the name right, and does this version have it? Nothing was changed");
        return LC_ERR_REFUSED;
    }
    return 0;
}

/* Those of the run. */
static int check_own_settings(const struct lc_run *r, struct lc_error *err)
{
    struct lc_sql_settings all = {0};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->o->settings.n; i++) {
        rc = lc_sql_settings_read(&all, r->o->settings.v[i], strlen(r->o->settings.v[i]));
        if (rc == LC_ERR_INPUT)
            lc_fail(err, LC_ERR_USAGE, "--setting takes NAME=VALUE, not \"%s\"",
                    r->o->settings.v[i]);
        else if (rc)
            lc_no_memory(err);
    }
    if (rc == 0)
        rc = check_settings(r->b, &all, err);
    lc_sql_settings_release(&all);
    return rc == LC_ERR_INPUT ? LC_ERR_USAGE : rc;
}

/*
 * Has another run been at work since the tracking table was read? It takes the lock before, and
 * records each statement before it sends it: what the tables show of it, one of the two tells.
 */
static int others_at_work(struct lc_run *r, bool *are, struct lc_error *err)
{
    struct lc_tracking *t = &r->session.tracking;
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_lock_info holder;
    struct lc_answer a = {0};
    uint64_t seq = t->state.seq;
    int rc = lc_lock_look(r->b, t->database, t->table, are, &holder, err);

    if (rc || *are)
        return rc;
    if (t->exists) {
        rc = lc_tracking_load(t, err);
        *are = rc == 0 && t->state.seq != seq;
        return rc;
    }
    rc = lc_query_read(r->b, lc_sql_table_there, args, &a, err);
    *are = rc == 0 && lc_answer_u64(&a, 0, LC_SQL_TABLE_THERE_N, 0) > 0;
    lc_answer_release(&a);
    return rc;
}

/* What the tables refuse may be another run's work: then it is put off until the lock is held. */
static int check_tables(struct lc_run *r, const struct lc_plan_migration *m, unsigned k,
                        struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int rc, asked;

    if (r->look_again)
        return 0;
    r->defaults.schema.own_settings = m->stmts[k].text->settings.n || r->o->settings.n;
    r->defaults.schema.rederives = m->stmts[k].text->rederive;
    rc = lc_preflight_check_tables(&r->defaults, &m->stmts[k].parsed, lc_plan_may_be_done(m, k),
                                   &why);
    if (rc == LC_ERR_REFUSED && !r->o->dry_run) {
        asked = others_at_work(r, &r->look_again, err);
        if (asked)
            return asked;
    }
    return rc && !r->look_again ? lc_error_pass(err, &why) : 0;
}

/* Under the lock: nobody else changes the tables now. */
static int check_tables_again(struct lc_run *r, struct lc_executor *c, struct lc_error *err)
{
    struct lc_preflight d = {.b = r->b, .cluster = &r->session.cluster, .facts = &r->facts};
    int rc = lc_preflight_leave(&d, r->session.tracking.database, r->session.tracking.table, err);

    for (size_t i = 0; rc == 0 && i < r->plan.n; i++) {
        const struct lc_plan_migration *m = &r->plan.v[i];

        for (unsigned k = m->first; rc == 0 && k < m->stmt_n; k++) {
            const struct lc_stmt *s = &m->stmts[k].parsed;
            bool may_be_done = lc_plan_may_be_done(m, k);

            d.schema.own_settings = m->stmts[k].text->settings.n || r->o->settings.n;
            d.schema.rederives = m->stmts[k].text->rederive;
            rc = lc_preflight_check_tables(&d, s, may_be_done, err);
            if (rc)
                lc_executor_place_error(c, m, k, err);
            else
                rc = lc_preflight_note(&d, s, may_be_done, err);
        }
    }
    lc_preflight_release(&d);
    return rc;
}

/*
 * Look at every statement before the first is sent. The order matters: lc_preflight_note takes
 * the statement's effect into the schema that the checks of the next ones see, so it comes
 * after the statement's own checks; lc_stale_look wants the statement noted.
 */
static int check_statements(struct lc_run *r, struct lc_executor *c, struct lc_error *err)
{
    const struct lc_tracking *t = &r->session.tracking;

    if (r->plan.n && lc_preflight_leave(&r->defaults, t->database, t->table, err))
        return err->code;
    for (size_t i = 0; i < r->plan.n; i++) {
        const struct lc_plan_migration *m = &r->plan.v[i];

        lc_executor_about(c, m);
        for (unsigned k = m->first; k < m->stmt_n; k++) {
            const struct lc_stmt *s = &m->stmts[k].parsed;
            int rc = check_safe(c, m, k, err);

            if (rc)
                return rc;
            rc = lc_cluster_check_reach(&r->session.cluster, &r->facts, s, err);
            if (rc == 0)
                rc = check_settings(r->b, &m->stmts[k].text->settings, err);
            if (rc == 0)
                rc = check_tables(r, m, k, err);
            if (rc == 0)
                rc = lc_preflight_check(&r->defaults, s, false, err);
            if (rc == 0)
                rc = lc_materialize_check(&r->plan, m, k, r->b, err);
            if (rc == 0 && m->stmts[k].text->rederive)
                rc = lc_rederive_check(&r->defaults, &m->stmts[k], err);
            if (rc == 0)
                rc = lc_executor_check_over(c, s, true, err);
            if (rc == 0)
                rc = lc_preflight_note(&r->defaults, s, lc_plan_may_be_done(m, k), err);
            if (rc == 0)
                rc = lc_stale_look(&r->defaults, &r->plan, &m->stmts[k], lc_executor_say_default, c,
                                   err);
            if (rc) {
                lc_executor_place_error(c, m, k, err);
                return rc;
            }
        }
    }
    lc_executor_about(c, NULL);
    return 0;
}

/* From what the session has read last. Slices and pointers of the old plan are void. */
static int make_plan(struct lc_run *r, struct lc_error *err)
{
    lc_plan_release(&r->plan);
    return lc_plan_make(&r->plan, &r->session.files, &r->session.tracking, r->o, r->down, err);
}

/* All that is done without the lock. It changes nothing, so it is the whole of a dry run. */
static int prepare(struct lc_run *r, struct lc_executor *c, struct lc_error *err)
{
    int rc =
        lc_session_open(&r->session, r->b, r->o, r->down ? LC_SESSION_FILES : LC_SESSION_RUN, err);

    if (rc == 0)
        rc = make_plan(r, err);
    if (rc == 0 && !r->down && !r->o->allow_unsafe)
        rc = lc_history_refuse_again(r->b, &r->session.tracking, &r->session.files, &r->plan, err);
    if (rc == 0 && *r->plan.note)
        lc_executor_say(c, LC_RUN_CHECKED, r->plan.note);
    if (rc == 0 && r->plan.n)
        rc = lc_abilities_ask(&r->facts, r->b, err);
    if (rc == 0)
        rc = lc_throttle_try(&r->o->backfill.throttle, r->b, err);
    if (rc == 0)
        rc = lc_plan_parse(&r->plan, r->b, &r->facts, err);
    if (rc == 0)
        rc = check_own_settings(r, err);
    return rc ? rc : check_statements(r, c, err);
}

/* Take the lock; then look again, since another run may have done the work meanwhile. */
static int take_lock(struct lc_run *r, struct lc_executor *c, struct lc_error *err)
{
    int rc = lc_session_lock(&r->session, r->down ? "down" : "up", r->o, on_lock_wait, c, err);
    /* Kept for what the server's formatter has said: it is not asked again under the lock. */
    struct lc_plan before = r->plan;

    r->plan = (struct lc_plan){0};
    if (rc == 0)
        rc = make_plan(r, err);
    if (rc == 0)
        lc_plan_reuse(&r->plan, &before);
    lc_plan_release(&before);
    if (rc == 0)
        rc = lc_plan_parse(&r->plan, r->b, &r->facts, err);
    return rc || !r->look_again ? rc : check_tables_again(r, c, err);
}

/* Which migration may go next to which: see base/turns.h. */
struct together {
    struct lc_run *r;
    struct lc_executor *main;
};

static bool on_beside(void *ctx, size_t earlier, size_t later)
{
    const struct together *t = ctx;

    return lc_conflict_allowed(&t->r->plan.v[earlier], &t->r->plan.v[later]);
}

/* Then a run that ends early leaves no gap: what was overtaken shows as begun. */
static int on_overtaken(void *ctx, size_t i, struct lc_error *err)
{
    const struct together *t = ctx;

    return lc_executor_record_overtaken(t->main, &t->r->plan.v[i], err);
}

/* One migration, on a connection of its own, in a thread of base/turns.h. */
static int on_run(void *ctx, struct lc_turns *jobs, size_t i, struct lc_error *err)
{
    const struct together *t = ctx;
    struct lc_executor c;
    int rc = lc_executor_open(&c, t->r, true, err);

    c.jobs = jobs;
    c.job = i;
    if (rc == 0)
        rc = lc_executor_run(&c, &t->r->plan.v[i], err);
    lc_executor_close(&c);
    return rc;
}

/* Only the first failure is the run's result; each later one is told as a warning. */
static void on_failed_too(void *ctx, size_t i, const struct lc_error *err)
{
    const struct together *t = ctx;

    lc_executor_about(t->main, &t->r->plan.v[i]);
    lc_executor_say(t->main, LC_RUN_WARNING, err->msg);
}

static int run_plan(struct lc_run *r, struct lc_executor *main, struct lc_error *err)
{
    struct together t = {r, main};
    const struct lc_turns_hooks hooks = {on_beside, on_overtaken, on_run, on_failed_too, &t};
    int rc = 0;

    /* Reverting is never done side by side. */
    if (!r->down && r->o->jobs > 1)
        return lc_turns_run(r->plan.n, r->o->jobs, &hooks, err);
    for (size_t i = 0; rc == 0 && i < r->plan.n; i++)
        rc = lc_executor_run(main, &r->plan.v[i], err);
    return rc ? rc : lc_executor_flush(main, err);
}

static int run(struct lc_run *r, struct lc_executor *main, struct lc_error *err)
{
    int rc = prepare(r, main, err);

    if (rc == 0 && r->plan.n && !r->o->dry_run) {
        rc = take_lock(r, main, err);
        if (rc == 0)
            rc = run_plan(r, main, err);
    }
    for (size_t i = 0; rc == 0 && r->down && r->o->dry_run && i < r->plan.n; i++) {
        lc_executor_about(main, &r->plan.v[i]);
        lc_executor_say(main, LC_RUN_WOULD_REVERT, "");
    }
    r->report->skipped = r->plan.skipped;
    r->report->planned = (unsigned)r->plan.n;
    r->report->pending = r->plan.left + (unsigned)r->plan.n - r->report->applied;
    return rc;
}

static int run_all(struct lc_backend *b, const struct lc_up_options *o, bool down,
                   struct lc_up_report *report, struct lc_error *err)
{
    struct lc_run r = {.b = b, .o = o, .down = down, .report = report};
    struct lc_executor main;
    struct lc_error local = LC_ERROR_INIT;
    uint64_t begun = lc_now_ms();
    int rc;

    *report = (struct lc_up_report){0};
    if (!err)
        err = &local;
    pthread_mutex_init(&r.telling, NULL);
    rc = lc_executor_open(&main, &r, false, err);
    r.defaults = (struct lc_preflight){.cluster = &r.session.cluster,
                                       .b = b,
                                       .facts = &r.facts,
                                       .rules = o->rules,
                                       .allow_unsafe = o->allow_unsafe,
                                       .keep_columns = o->keep_columns,
                                       .say = lc_executor_say_default,
                                       .ctx = &main};
    if (rc == 0)
        rc = run(&r, &main, err);
    lc_executor_close(&main);
    lc_plan_release(&r.plan);
    lc_preflight_release(&r.defaults);
    lc_session_end(&r.session);
    pthread_mutex_destroy(&r.telling);
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
