/* SPDX-License-Identifier: Apache-2.0 */
/* livecol doctor: is all as it should be? Server, functions, DEFAULTs, lock,
 * migrations, mutations. */
#include "base/signals.h"
#include "cli/commands/doctor_server.h"
#include "cli/commands/frame.h"
#include "cli/migrate/plan.h"
#include "cli/term/message.h"

#include <stdio.h>
#include <string.h>

/*
 * Say who holds the lock. run_id becomes that of a holder that is alive, else "": a migration
 * of that run is not stuck but under way.
 */
static int look_at_lock(struct lc_doctor *d, char run_id[64], struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_lock_info h;
    bool held;
    int rc = lc_lock_look(d->s->b, d->s->tracking.database, d->s->tracking.table, &held, &h, &one);

    snprintf(run_id, 64, "%s", rc == 0 && held && !h.stale ? h.run_id : "");

    if (rc)
        return lc_doctor_end(d, "lock", rc, &one, err);
    if (!held)
        lc_doctor_say(d, LC_LEVEL_OK, "lock", NULL, "free");
    else
        lc_doctor_say(d, h.stale ? LC_LEVEL_WARN : LC_LEVEL_OK, "lock",
                      h.stale ? "the next run takes it over; livecol unlock removes it" : NULL,
                      "held by livecol %s on %s, pid %s, since %s UTC%s", h.command, h.host, h.pid,
                      h.since, h.stale ? ", without a heartbeat" : "");
    return 0;
}

/*
 * Say where a migration is that was begun and has not ended. What livecol up goes on with by
 * itself is a warning; what a person must fix first is a failure.
 */
static void say_unfinished(struct lc_doctor *d, const struct lc_migration *m,
                           const struct lc_track_version *v, bool under_way)
{
    unsigned at = v->open ? v->open : v->done + 1;
    bool goes_on = v->status == LC_TRACK_RUNNING || (v->status == LC_TRACK_UNKNOWN && v->stopped);

    if (under_way)
        lc_doctor_say(d, LC_LEVEL_OK, "migration", NULL, "%s %s is under way, at statement %u",
                      m->version_text, m->name, at);
    else
        lc_doctor_say(d, goes_on ? LC_LEVEL_WARN : LC_LEVEL_FAIL, "migration",
                      goes_on ? "livecol up continues there"
                              : "fix it and run livecol up again: it continues there",
                      "%s %s is %s at statement %u%s%s", m->version_text, m->name,
                      goes_on ? "stopped" : lc_track_status_name(v->status), at,
                      *v->error && !goes_on ? ": " : "", goes_on ? "" : v->error);
}

/*
 * The files against the tracking table: first what up would say of the files, then what is not
 * applied.
 */
static int look_at_migrations(struct lc_doctor *d, const char *run_id, struct lc_error *err)
{
    struct lc_problems problems = {0};
    size_t pending = 0;
    int rc = lc_plan_problems(&d->s->files, &d->s->tracking, &problems);

    if (rc)
        return lc_fail(err, rc, "no memory for the problems");
    for (size_t i = 0; i < problems.n; i++)
        /* up refuses the others; a file that is gone only with --strict */
        lc_doctor_say(d,
                      problems.v[i].kind == LC_PROBLEM_NOTE   ? LC_LEVEL_OK
                      : problems.v[i].kind == LC_PROBLEM_GONE ? LC_LEVEL_WARN
                                                              : LC_LEVEL_FAIL,
                      "files", NULL, "%s: %s", problems.v[i].file, problems.v[i].text);
    lc_problems_release(&problems);
    for (size_t i = 0; i < d->s->files.n; i++) {
        const struct lc_migration *m = &d->s->files.v[i];
        const struct lc_track_version *v = lc_tracking_find(&d->s->tracking, m->version);

        if (!v || v->status == LC_TRACK_PENDING)
            pending++;
        else if (!lc_track_applied(v))
            say_unfinished(d, m, v, *run_id && v->run_id && strcmp(v->run_id, run_id) == 0);
    }
    if (pending)
        lc_doctor_say(d, LC_LEVEL_WARN, "migration", "livecol plan shows what they would do",
                      "%zu pending", pending);
    else
        lc_doctor_say(d, LC_LEVEL_OK, "migration", NULL, "none pending");
    return 0;
}

/*
 * All looks, in the order of the output. Each says its findings by itself; one that fails here
 * means that nothing more can be asked, such as a lost connection.
 */
static int look(struct lc_doctor *d, struct lc_error *err)
{
    char run_id[64] = "";
    int rc = lc_abilities_ask(&d->facts, d->s->b, err);

    if (rc == 0)
        rc = lc_doctor_server(d, err);
    if (rc == 0)
        rc = lc_doctor_functions(d, err);
    if (rc == 0)
        rc = lc_doctor_defaults(d, err);
    if (rc == 0)
        rc = look_at_lock(d, run_id, err);
    if (rc == 0 && d->s->files.dir)
        rc = look_at_migrations(d, run_id, err);
    return rc ? rc : lc_doctor_mutations(d, err);
}

/*
 * Look at everything. Findings are the output and no error: fail makes the exit code 8, warn
 * does not.
 */
static int examine(struct lc_frame_run *r, struct lc_error *err)
{
    struct lc_doctor d = {.s = &r->s, .rules = r->m.up.rules, .json = r->m.global.json};
    int rc;

    lc_stop_at_once();
    rc = look(&d, err);
    if (rc == 0 && !d.json)
        printf("%u ok, %u warn, %u fail\n", d.count[LC_LEVEL_OK], d.count[LC_LEVEL_WARN],
               d.count[LC_LEVEL_FAIL]);
    r->exit_code = d.count[LC_LEVEL_FAIL] ? LC_EXIT_FOUND : 0;
    return rc;
}

int lc_cmd_doctor(int argc, const char **argv)
{
    struct lc_frame_run r = {0};
    const struct lc_option own[] = {
        {"rules", 0, LC_OPT_LIST, &r.m.up.rules, "[FUNCTION=]FILE",
         "compare the functions' answers with these rules; may be repeated"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "doctor",
             .synopsis = "[OPTIONS]",
             .about =
                 "Look for present and future problems: functions that did not load, do not "
                 "answer, or answer differently from their rules; DEFAULTs that depend on them; "
                 "time-outs, pools and limits that are too low; disks; a leftover lock, failed "
                 "migrations, mutations that make no progress. Prints one line for each check, "
                 "ok, warn or fail, with what to do. Exits with 8 if something fails.",
             .connects = true,
             .examples =
                 "livecol doctor\nlivecol doctor --rules region_v1=config/region.csv --json"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING,
        .more = own,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .files = LC_FILES_IF_THERE,
        .failure = LC_FAILURE_READS,
        .act = examine,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
