/* SPDX-License-Identifier: Apache-2.0 */
/* livecol up, livecol down */
#include "base/turns.h"
#include "cli/commands/frame.h"
#include "cli/commands/metrics.h"
#include "cli/commands/teller.h"
#include "cli/migrate/session.h"
#include "cli/server/connect.h"
#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/server/url.h"
#include "cli/term/message.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Make the database that the URL names, by a connection to the one that every server has: a
 * connection to a database that is not there is refused.
 */
static int create_database(const struct lc_migrate *m, struct lc_error *err)
{
    struct lc_global to = m->global;
    struct lc_url url = {0};
    struct lc_backend *b = NULL;
    int rc = to.connect.url ? lc_url_parse(&url, to.connect.url, err) : 0;

    to.connect.database = "default";
    if (rc == 0 && url.database)
        rc = lc_connection_open(&to, &b, err);
    if (rc == 0 && b) {
        const struct lc_sql_arg args[] = {{"database", url.database}, {NULL, NULL}};

        rc = lc_query_read(b, lc_sql_create_database, args, NULL, err);
        if (rc == 0)
            lc_say("created the database %s", url.database);
    }
    lc_backend_free(b);
    lc_url_release(&url);
    return rc;
}

/*
 * Can the files be read? Asked before the embedded engine is opened, so that a run without
 * files leaves no new database in the folder.
 */
static int check_files(const struct lc_migrate *m, struct lc_error *err)
{
    struct lc_session s = {0};
    int rc = lc_session_scan(&s, &m->up, err);

    lc_session_end(&s);
    return rc;
}

/*
 * Open *b, as lc_connection_open. A run that applies may make what is not there: the embedded
 * engine's folder (not its parents), which is said, and with `create` the URL's database.
 */
static int connect_to_apply(const struct lc_migrate *m, bool create, struct lc_backend **b,
                            struct lc_error *err)
{
    struct lc_global to = m->global;
    struct lc_error one = LC_ERROR_INIT;
    bool fresh = to.connect.embedded && to.connect.path && access(to.connect.path, F_OK) != 0;
    int rc = fresh ? check_files(m, err) : 0;

    if (rc)
        return rc;
    to.connect.make_path = true;
    rc = lc_connection_open(&to, b, &one);
    if (rc == 0 && fresh)
        lc_say("made %s, a new database", to.connect.path);
    if (rc == 0 || !create || one.server_code != LC_SERVER_UNKNOWN_DATABASE)
        return rc ? lc_error_pass(err, &one) : 0;
    lc_backend_free(*b);
    *b = NULL;
    rc = create_database(m, err);
    return rc ? rc : lc_connection_open(&m->global, b, err);
}

/* What is told, and written for Prometheus. */
struct listener {
    struct lc_teller teller;
    struct lc_metrics *metrics; /* NULL: of a command without */
};

/* One event, for both who listen; the runner calls this for one event at a time. */
static void on_event(void *ctx, const struct lc_run_event *e)
{
    struct listener *l = ctx;

    if (l->metrics)
        lc_metrics_event(l->metrics, e);
    lc_teller_event(&l->teller, e);
}

/* What verifying found in columns that were filled in: LC_ERR_FOUND or LC_ERR_STOPPED, 0 where all is well. */
static int judge(const struct lc_up_report *report, struct lc_error *err)
{
    int rc = 0;

    if (report->wrong) {
        rc = lc_fail(err, LC_ERR_FOUND,
                     "applied; but of %u columns that were filled in, rows differ from what the "
                     "DEFAULT says, or parts lack it",
                     report->wrong);
        lc_hint(err, "livecol verify shows them; --no-verify does not look");
    } else if (report->unverified) {
        rc = lc_fail(err, LC_ERR_STOPPED,
                     "stopped: the migration is applied, and what it has stored is not verified");
        lc_hint(err, "livecol verify DATABASE.TABLE.COLUMN looks at it; up does not look again");
    }
    return rc;
}

/*
 * Apply or revert, and tell it. The hooks point to the stack, so they are taken out of m again.
 * What verifying found comes last: the migrations are applied and stay so, and the exit code
 * says that a person should look.
 */
static int run(struct lc_frame_run *r, bool down, struct lc_metrics *metrics, struct lc_error *err)
{
    struct lc_migrate *m = &r->m;
    struct listener listener = {.metrics = metrics};
    struct lc_up_report report = {0};
    int rc;

    lc_teller_init(&listener.teller, m);
    m->up.hooks = (struct lc_run_hooks){on_event, &listener};
    rc = down ? lc_runner_down(r->b, &m->up, &report, err)
              : lc_runner_up(r->b, &m->up, &report, err);
    m->up.hooks = (struct lc_run_hooks){NULL, NULL};
    if (rc == 0 || report.applied)
        lc_teller_done(&listener.teller, &report, down);
    return rc ? rc : judge(&report, err);
}

/* What up's own options say. */
struct up {
    struct lc_metrics metrics;
    const char *metrics_file;
    uint64_t jobs; /* as typed: 1 to LC_TURNS_MAX */
    bool create;   /* --create-database */
};

/*
 * Check --jobs, and begin the metrics, whose file must be writable before anything is changed.
 * A dry run is what plan shows, over an opened session: so the frame opens one.
 */
static int check_up(struct lc_frame_run *r, struct lc_error *err)
{
    struct up *u = r->ctx;

    if (u->jobs == 0 || u->jobs > LC_TURNS_MAX)
        return lc_fail(err, LC_ERR_USAGE, "--jobs takes 1 to %u", LC_TURNS_MAX);
    r->m.up.jobs = (unsigned)u->jobs;
    if (!r->m.up.dry_run)
        return lc_metrics_open(&u->metrics, u->metrics_file, "up", err);
    r->reach = LC_REACH_TRACKING;
    r->files = LC_FILES_READ;
    r->failure = LC_FAILURE_READS;
    return 0;
}

/*
 * The connection is made here and not by the frame: only a run that applies may make a
 * database.
 */
static int up(struct lc_frame_run *r, struct lc_error *err)
{
    struct up *u = r->ctx;
    int rc;

    if (r->m.up.dry_run)
        return lc_plan_show(&r->m, &r->s, false, err);
    rc = connect_to_apply(&r->m, u->create, &r->b, err);
    return rc ? rc : run(r, false, &u->metrics, err);
}

static void end_metrics(struct lc_frame_run *r, int rc, struct lc_error *err)
{
    struct up *u = r->ctx;

    lc_metrics_close(&u->metrics, rc, err);
}

int lc_cmd_up(int argc, const char **argv)
{
    struct up u = {.jobs = 1};
    struct lc_frame_run r = {.ctx = &u};
    const struct lc_option own[] = {
        {"no-verify", 0, LC_OPT_FLAG, &r.m.up.no_verify, NULL,
         "do not compare the stored values with the DEFAULT"},
        {"jobs", 'j', LC_OPT_COUNT, &u.jobs, "N",
         "up to N migrations at once: one may start while earlier ones wait for a backfill, if "
         "it concerns other tables and does not require them (default: 1)"},
        {"create-database", 0, LC_OPT_FLAG, &u.create, NULL,
         "create the URL's database first if it does not exist"},
        {"metrics-file", 0, LC_OPT_STRING, &u.metrics_file, "FILE",
         "write metrics for Prometheus to FILE, by rename, for node_exporter's textfile collector"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "up",
             .synopsis = "[OPTIONS]",
             .about =
                 "Apply pending migrations in order. livecol checks everything first: the files, "
                 "what was applied before, and that each function that a DEFAULT calls answers. "
                 "After a failed run, the next one continues at the statement where it stopped. "
                 "livecol compares what a MATERIALIZE COLUMN has stored with the column's "
                 "DEFAULT, and exits with 8 if rows differ.",
             .connects = true,
             .examples = "livecol up\nlivecol up --to 0007 --rules config/region.csv\n"
                         "livecol up --dry-run --json\n"
                         "livecol up --jobs 4"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK | LC_MIGRATE_RANGE |
                 LC_MIGRATE_RUN | LC_MIGRATE_CHECKS | LC_MIGRATE_BACKFILL,
        .more = own,
        .operands = "",
        .failure = LC_FAILURE_WRITES,
        .check = check_up,
        .act = up,
        .finish = end_metrics,
    };

    return lc_frame_command(&c, &r, argc, argv);
}

static int ask_down(struct lc_frame_run *r, struct lc_error *err)
{
    const struct lc_migrate *m = &r->m;
    char question[128];

    if (m->up.dry_run) {
        r->failure = LC_FAILURE_READS;
        return 0;
    }
    if (m->up.to_given)
        snprintf(question, sizeof question, "Revert every migration above version %s?", m->to);
    else if (m->up.steps > 1)
        snprintf(question, sizeof question, "Revert the last %u migrations?", m->up.steps);
    else
        snprintf(question, sizeof question, "Revert the last migration?");
    return lc_migrate_ask(m, question, err);
}

static int down(struct lc_frame_run *r, struct lc_error *err)
{
    return run(r, true, NULL, err);
}

int lc_cmd_down(int argc, const char **argv)
{
    struct lc_frame_run r = {0};
    const struct lc_frame c = {
        .command =
            {.name = "down",
             .synopsis = "[OPTIONS]",
             .about =
                 "Revert migrations, newest first: one, or --steps N, or all above --to VERSION "
                 "(0: all). livecol refuses a migration without a down section before it changes "
                 "anything.",
             .connects = true,
             .examples = "livecol down --yes\nlivecol down --to 0003"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK | LC_MIGRATE_RANGE |
                 LC_MIGRATE_RUN | LC_MIGRATE_ASK,
        .operands = "",
        .reach = LC_REACH_SERVER,
        .failure = LC_FAILURE_WRITES,
        .check = ask_down,
        .act = down,
    };

    return lc_frame_command(&c, &r, argc, argv);
}

/* Which version was reverted; all events are told as usual. */
struct reverted {
    struct lc_teller teller;
    uint64_t version;
};

static void note_reverted(void *ctx, const struct lc_run_event *e)
{
    struct reverted *r = ctx;

    if (e->kind == LC_RUN_MIGRATION_DONE)
        r->version = e->version;
    lc_teller_event(&r->teller, e);
}

/*
 * --dry-run comes with LC_MIGRATE_RUN, and is refused: what up would do depends on what down
 * has done.
 */
static int ask_redo(struct lc_frame_run *r, struct lc_error *err)
{
    return r->m.up.dry_run
               ? lc_fail(err, LC_ERR_USAGE, "redo has no --dry-run: down and up have")
               : lc_migrate_ask(&r->m, "Revert the last migration, and apply it again?", err);
}

/*
 * Revert the last migration, and apply that one again: `only`, since others may be pending. The
 * lock is taken twice; another run may come between.
 */
static int redo(struct lc_frame_run *r, struct lc_error *err)
{
    struct lc_migrate *m = &r->m;
    struct reverted reverted = {0};
    struct lc_up_report report = {0};
    int rc;

    lc_teller_init(&reverted.teller, m);
    m->up.hooks = (struct lc_run_hooks){note_reverted, &reverted};
    m->up.steps = 1;
    rc = lc_runner_down(r->b, &m->up, &report, err);
    if (rc == 0 && report.applied == 0)
        rc = lc_fail(err, LC_ERR_REFUSED, "nothing is applied: there is nothing to redo");
    m->up.steps = 0;
    m->up.only = reverted.version;
    if (rc == 0)
        rc = lc_runner_up(r->b, &m->up, &report, err);
    m->up.hooks = (struct lc_run_hooks){NULL, NULL};
    if (rc == 0)
        lc_teller_done(&reverted.teller, &report, false);
    return rc ? rc : judge(&report, err);
}

int lc_cmd_redo(int argc, const char **argv)
{
    struct lc_frame_run r = {0};
    const struct lc_frame c = {
        .command =
            {.name = "redo",
             .synopsis = "[OPTIONS]",
             .about =
                 "Revert the migration that was applied last, and apply it again: for use while "
                 "you write a migration.",
             .connects = true,
             .examples = "livecol redo --yes"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK | LC_MIGRATE_RUN |
                 LC_MIGRATE_CHECKS | LC_MIGRATE_ASK,
        .operands = "",
        .reach = LC_REACH_SERVER,
        .failure = LC_FAILURE_WRITES,
        .check = ask_redo,
        .act = redo,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
