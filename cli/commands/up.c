/* livecol up, livecol down */
#include "base/turns.h"
#include "cli/commands/shared.h"
#include "cli/server/connect.h"
#include "cli/term/message.h"

#include <stdio.h>

static int run(struct lc_migrate *m, bool down, struct lc_error *err)
{
    struct lc_backend *b = NULL;
    struct lc_teller teller;
    struct lc_up_report report = {0};
    int rc = lc_connection_open(&m->global, &b, err);

    if (rc)
        return rc;
    lc_teller_init(&teller, m);
    m->up.hooks = (struct lc_run_hooks){lc_teller_event, &teller};
    rc = down ? lc_runner_down(b, &m->up, &report, err) : lc_runner_up(b, &m->up, &report, err);
    m->up.hooks = (struct lc_run_hooks){NULL, NULL};
    lc_backend_free(b);
    if (rc == 0 || report.applied)
        lc_teller_done(&teller, &report, down);
    if (rc == 0 && report.wrong) {
        rc = lc_fail(err, LC_ERR_FOUND,
                     "applied; but of %u columns that were filled in, rows differ from what the "
                     "DEFAULT says, or parts lack it",
                     report.wrong);
        lc_hint(err, "livecol verify shows them; --no-verify does not look");
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
    uint64_t jobs = 1;
    const struct lc_option own[] = {
        {"no-verify", 0, LC_OPT_FLAG, &m.up.no_verify, NULL,
         "do not compare what was filled in with what the DEFAULT says"},
        {"jobs", 'j', LC_OPT_COUNT, &jobs, "N",
         "up to N migrations at once: one may begin while earlier ones wait for a backfill, if it "
         "is about other tables and does not require them (default: 1)"},
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
    if (rc == 0)
        rc = m.up.dry_run ? lc_plan_show(&m, &err) : run(&m, false, &err);
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
        rc = run(&m, true, &err);
    return lc_migrate_finish(&m, rc, m.up.dry_run, &err);
}
