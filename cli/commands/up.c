/* SPDX-License-Identifier: Apache-2.0 */
/* livecol up, livecol down */
#include "base/turns.h"
#include "cli/commands/metrics.h"
#include "cli/commands/shared.h"
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

/* Make the database that the URL names, by a connection to the one that every server has. */
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

/* Can the files be read? A run without them leaves no new database behind. */
static int check_files(const struct lc_migrate *m, struct lc_error *err)
{
    struct lc_session s = {0};
    int rc = lc_session_scan(&s, &m->up, err);

    lc_session_end(&s);
    return rc;
}

/* As lc_connection_open, for a run that applies: the embedded engine's folder is made where it is not there (not its
 * parents), which is said, and the URL's database where that is asked for. */
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

static void on_event(void *ctx, const struct lc_run_event *e)
{
    struct listener *l = ctx;

    if (l->metrics)
        lc_metrics_event(l->metrics, e);
    lc_teller_event(&l->teller, e);
}

static int run(struct lc_migrate *m, bool down, bool create, struct lc_metrics *metrics,
               struct lc_error *err)
{
    struct lc_backend *b = NULL;
    struct listener listener = {.metrics = metrics};
    struct lc_up_report report = {0};
    int rc = down ? lc_connection_open(&m->global, &b, err) : connect_to_apply(m, create, &b, err);

    if (rc) {
        lc_backend_free(b);
        return rc;
    }
    lc_teller_init(&listener.teller, m);
    m->up.hooks = (struct lc_run_hooks){on_event, &listener};
    rc = down ? lc_runner_down(b, &m->up, &report, err) : lc_runner_up(b, &m->up, &report, err);
    m->up.hooks = (struct lc_run_hooks){NULL, NULL};
    lc_backend_free(b);
    if (rc == 0 || report.applied)
        lc_teller_done(&listener.teller, &report, down);
    if (rc == 0 && report.wrong) {
        rc = lc_fail(err, LC_ERR_FOUND,
                     "applied; but of %u columns that were filled in, rows differ from what the "
                     "DEFAULT says, or parts lack it",
                     report.wrong);
        lc_hint(err, "livecol verify shows them; --no-verify does not look");
    } else if (rc == 0 && report.unverified) {
        rc = lc_fail(err, LC_ERR_STOPPED,
                     "stopped: the migration is applied, and what it has stored is not verified");
        lc_hint(err, "livecol verify DATABASE.TABLE.COLUMN looks at it; up does not look again");
    }
    return rc;
}

int lc_cmd_up(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "up",
        .synopsis = "[OPTIONS]",
        .about =
            "Apply the migrations that are pending, in their order. Everything is checked "
            "first: files, what was applied before, and that each function which a DEFAULT "
            "calls answers. A run that failed goes on at the statement where it stopped. What a "
            "MATERIALIZE COLUMN has stored is then compared with the column's DEFAULT: exit 8 "
            "where rows differ.",
        .connects = true,
        .examples = "livecol up\nlivecol up --to 0007 --rules config/region.csv\n"
                    "livecol up --dry-run --json\n"
                    "livecol up --jobs 4",
    };
    struct lc_migrate m = {0};
    struct lc_metrics metrics = {0};
    const char *metrics_file = NULL;
    uint64_t jobs = 1;
    bool create = false;
    const struct lc_option own[] = {
        {"no-verify", 0, LC_OPT_FLAG, &m.up.no_verify, NULL,
         "do not compare what was filled in with what the DEFAULT says"},
        {"jobs", 'j', LC_OPT_COUNT, &jobs, "N",
         "up to N migrations at once: one may begin while earlier ones wait for a backfill, if it "
         "is about other tables and does not require them (default: 1)"},
        {"create-database", 0, LC_OPT_FLAG, &create, NULL,
         "create the URL's database first, where it is not there"},
        {"metrics-file", 0, LC_OPT_STRING, &metrics_file, "FILE",
         "write figures for Prometheus there, by rename: for node_exporter's textfile collector"},
        {0},
    };
    struct lc_error err = LC_ERROR_INIT;
    int rc = lc_migrate_parse(&m, cmd,
                              LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK |
                                  LC_MIGRATE_RANGE | LC_MIGRATE_RUN | LC_MIGRATE_CHECKS |
                                  LC_MIGRATE_BACKFILL,
                              own, argc, argv, &err);

    if (rc == 0)
        rc = lc_migrate_operands(&m, 0, 0, "", &err);
    if (rc == 0 && (jobs == 0 || jobs > LC_TURNS_MAX))
        rc = lc_fail(&err, LC_ERR_USAGE, "--jobs takes 1 to %u", LC_TURNS_MAX);
    m.up.jobs = (unsigned)jobs;
    if (rc == 0 && m.up.dry_run)
        rc = lc_plan_show(&m, false, &err);
    else if (rc == 0)
        rc = lc_metrics_open(&metrics, metrics_file, "up", &err);
    if (rc == 0 && !m.up.dry_run)
        rc = run(&m, false, create, &metrics, &err);
    lc_metrics_close(&metrics, rc, &err);
    return lc_migrate_finish(&m, rc, m.up.dry_run, &err);
}

int lc_cmd_down(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "down",
        .synopsis = "[OPTIONS]",
        .about = "Revert migrations, the newest first: one, or --steps N, or all above --to "
                 "VERSION (0: all). A migration without a down section is refused before anything "
                 "is changed.",
        .connects = true,
        .examples = "livecol down --yes\nlivecol down --to 0003",
    };
    struct lc_migrate m = {0};
    struct lc_error err = LC_ERROR_INIT;
    char question[128];
    int rc = lc_migrate_parse(&m, cmd,
                              LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK |
                                  LC_MIGRATE_RANGE | LC_MIGRATE_RUN | LC_MIGRATE_ASK,
                              NULL, argc, argv, &err);

    if (rc == 0)
        rc = lc_migrate_operands(&m, 0, 0, "", &err);
    if (rc == 0 && !m.up.dry_run) {
        if (m.up.to_given)
            snprintf(question, sizeof question, "Revert every migration above version %s?", m.to);
        else if (m.up.steps > 1)
            snprintf(question, sizeof question, "Revert the last %u migrations?", m.up.steps);
        else
            snprintf(question, sizeof question, "Revert the last migration?");
        rc = lc_migrate_ask(&m, question, &err);
    }
    if (rc == 0)
        rc = run(&m, true, false, NULL, &err);
    return lc_migrate_finish(&m, rc, m.up.dry_run, &err);
}

/* Which version was reverted; the rest is told as ever. */
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

static int redo(struct lc_migrate *m, struct lc_error *err)
{
    struct reverted r = {0};
    struct lc_up_report report = {0};
    struct lc_backend *b = NULL;
    int rc = lc_connection_open(&m->global, &b, err);

    lc_teller_init(&r.teller, m);
    m->up.hooks = (struct lc_run_hooks){note_reverted, &r};
    m->up.steps = 1;
    if (rc == 0)
        rc = lc_runner_down(b, &m->up, &report, err);
    if (rc == 0 && report.applied == 0)
        rc = lc_fail(err, LC_ERR_REFUSED, "nothing is applied: there is nothing to do again");
    m->up.steps = 0;
    m->up.only = r.version;
    if (rc == 0)
        rc = lc_runner_up(b, &m->up, &report, err);
    m->up.hooks = (struct lc_run_hooks){NULL, NULL};
    lc_backend_free(b);
    if (rc == 0)
        lc_teller_done(&r.teller, &report, false);
    return rc;
}

int lc_cmd_redo(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "redo",
        .synopsis = "[OPTIONS]",
        .about = "Revert the migration that was applied last, and apply it again: for one that is "
                 "being written.",
        .connects = true,
        .examples = "livecol redo --yes",
    };
    struct lc_migrate m = {0};
    struct lc_error err = LC_ERROR_INIT;
    int rc = lc_migrate_parse(&m, cmd,
                              LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK |
                                  LC_MIGRATE_RUN | LC_MIGRATE_CHECKS | LC_MIGRATE_ASK,
                              NULL, argc, argv, &err);

    if (rc == 0)
        rc = lc_migrate_operands(&m, 0, 0, "", &err);
    if (rc == 0 && m.up.dry_run)
        rc = lc_fail(&err, LC_ERR_USAGE, "redo has no --dry-run: down and up have");
    if (rc == 0)
        rc = lc_migrate_ask(&m, "Revert the last migration, and apply it again?", &err);
    if (rc == 0)
        rc = redo(&m, &err);
    return lc_migrate_finish(&m, rc, false, &err);
}
