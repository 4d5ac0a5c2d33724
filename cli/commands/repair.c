/* SPDX-License-Identifier: Apache-2.0 */
/* livecol repair, baseline, reset, unlock: commands that write to the tracking table alone. */
#include "base/format.h"
#include "base/json.h"
#include "base/test_points.h"
#include "cli/commands/frame.h"
#include "cli/migrate/file_name.h"
#include "cli/migrate/history.h"
#include "cli/term/message.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What was done, and how many of it: a line, or with --json an object. */
static void tell(const struct lc_migrate *m, const char *event, size_t n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(const struct lc_migrate *m, const char *event, size_t n, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (m->global.json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "event", event);
        lc_json_set_int(o, "count", (int64_t)n);
        lc_json_set_str(o, "text", text);
        lc_json_line(o, stdout);
        lc_json_free(o);
    } else if (!m->global.quiet) {
        printf("%s\n", text);
    }
}

/*
 * The version that is meant: the one that is named, or the only one that has not ended. *out is
 * of s->tracking, valid until the table is read again. LC_ERR_USAGE where several have not
 * ended and none is named; LC_ERR_REFUSED where there is none.
 */
static int find_unfinished(const struct lc_session *s, const struct lc_migrate *m,
                           const struct lc_track_version **out, struct lc_error *err)
{
    uint64_t version = 0;

    *out = NULL;
    if (m->rest.n && !lc_version_parse(m->rest.v[0], strlen(m->rest.v[0]), &version))
        return lc_fail(err, LC_ERR_USAGE, "\"%s\" is not a version", m->rest.v[0]);
    for (size_t i = 0; i < s->tracking.state.n; i++) {
        const struct lc_track_version *v = &s->tracking.state.v[i];

        if (!lc_track_unfinished(v) || (version && v->version != version))
            continue;
        if (*out) {
            lc_fail(err, LC_ERR_USAGE, "versions %" PRIu64 " and %" PRIu64 " have both not ended",
                    (*out)->version, v->version);
            lc_hint(err, "name the one that is meant: livecol repair VERSION");
            return LC_ERR_USAGE;
        }
        *out = v;
    }
    if (*out)
        return 0;
    if (version)
        lc_fail(err, LC_ERR_REFUSED,
                "version %s has not failed, and no outcome of it is unknown: there is nothing to "
                "repair",
                m->rest.v[0]);
    else
        lc_fail(err, LC_ERR_REFUSED, "no migration is failed or open: there is nothing to repair");
    return LC_ERR_REFUSED;
}

/*
 * Ask, and append a row that says: statements 1 … n of v's run are done, and the next run
 * begins with n + 1. n is 0 for "none is done"; of a revert that means that the version is
 * applied as before. The hash of statement n is recorded, for the next run to compare with the
 * file.
 */
static int record_repair(struct lc_session *s, const struct lc_migrate *m,
                         const struct lc_track_version *v, unsigned n, struct lc_error *err)
{
    const struct lc_migration *file = lc_migrations_find(&s->files, v->version);
    const struct lc_section_stmts *stmts = file ? lc_migration_section(file, v->down) : NULL;
    struct lc_track_event e = {
        .kind = LC_TRACK_REPAIRED, .version = v->version, .down = v->down, .stmt = n};
    char question[256];
    int rc;

    if (!file)
        return lc_fail(err, LC_ERR_REFUSED, "%s has no file of version %" PRIu64, s->files.dir,
                       v->version);
    if (n > stmts->n)
        return lc_fail(err, LC_ERR_USAGE, "version %s has %zu statement%s, not %u",
                       file->version_text, stmts->n, LC_S(stmts->n), n);
    if (n)
        snprintf(question, sizeof question,
                 "Record that statements 1 to %u of %zu of version %s (%s) are done?", n, stmts->n,
                 file->version_text, v->down ? "down" : "up");
    else
        snprintf(question, sizeof question,
                 "Record that no statement of version %s (%s) has been done?", file->version_text,
                 v->down ? "down" : "up");
    rc = lc_migrate_ask(m, question, err);
    if (rc)
        return rc;
    e.name = file->name;
    e.stmts = (unsigned)stmts->n;
    e.file_sha256 = lc_migration_sha256(file, v->down);
    e.stmt_sha256 = n ? stmts->v[n - 1].sha256 : "";
    rc = lc_tracking_write(&s->tracking, &e, err);
    if (rc == 0 && n == 0)
        tell(m, "repaired", n, "repaired %s: none of its %zu statement%s counts as done%s",
             file->version_text, stmts->n, LC_S(stmts->n), e.down ? ", and it is applied" : "");
    else if (rc == 0)
        tell(
            m, "repaired", n,
            "repaired %s: statements 1 to %u of %zu count as done; livecol %s continues from there",
            file->version_text, n, stmts->n, e.down ? "down" : "up");
    return rc;
}

/* What repair's own options say; of done and redo one is given, and the other is 0. */
struct repair {
    uint64_t done, redo;   /* numbers of statements, from 1 */
    uint64_t version, seq; /* what it is about, and the last row of that when it was looked at */
};

/*
 * Before anything is connected: one of --done and --redo, each in the range of a statement's
 * number.
 */
static int check_repair(struct lc_frame_run *r, struct lc_error *err)
{
    const struct repair *o = r->ctx;

    if ((o->done == 0) != (o->redo == 0) && o->done <= UINT32_MAX && o->redo <= UINT32_MAX)
        return 0;
    lc_fail(err, LC_ERR_USAGE, "give one of --done N and --redo N, N from 1");
    lc_hint(err, "livecol status shows which statement is meant");
    return LC_ERR_USAGE;
}

/*
 * A run that holds the lock, even one that is stopped, may still send what it has recorded, and
 * end without another row: nobody can say yet what became of it.
 */
static int refuse_running(struct lc_frame_run *r, struct lc_error *err)
{
    const struct lc_tracking *t = &r->s.tracking;
    struct lc_lock_info h;
    bool held = false;
    int rc = lc_lock_look(r->s.b, t->database, t->table, &held, &h, err);

    if (rc || !held || strcmp(h.command, "repair") == 0)
        return rc;
    lc_fail(
        err, LC_ERR_LOCKED,
        "livecol %s on %s, pid %s, holds the lock since %s UTC: the outcome of its statement is "
        "unknown until it has ended",
        h.command, h.host, h.pid, h.since);
    lc_hint(err,
            "if it is dead, livecol up takes over after %u s, and livecol unlock --force at once; "
            "then look at what it did",
            lc_lock_stale_s());
    return LC_ERR_LOCKED;
}

/*
 * What the person speaks of, before the lock is taken: o->version and o->seq say in which state
 * it was. repair() compares them under the lock.
 */
static int look_for_unfinished(struct lc_frame_run *r, struct lc_error *err)
{
    struct repair *o = r->ctx;
    const struct lc_track_version *v;
    int rc = find_unfinished(&r->s, &r->m, &v, err);

    if (rc == 0) {
        o->version = v->version;
        o->seq = v->seq;
        rc = refuse_running(r, err);
    }
    LC_TEST_POINT("repair has looked");
    return rc;
}

/*
 * What a person says was found out before the lock was taken. Where another run has gone on
 * with it since, or another person has said something, it is about what was: a redo could send
 * an INSERT twice.
 */
static int repair(struct lc_frame_run *r, struct lc_error *err)
{
    const struct repair *o = r->ctx;
    const struct lc_track_version *v;
    int rc = find_unfinished(&r->s, &r->m, &v, err);

    if (rc == 0 && (v->version != o->version || v->seq != o->seq)) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "version %" PRIu64 " has changed since this repair began: %s continued it",
                     v->version, v->host && *v->host ? v->host : "another run");
        lc_hint(err,
                "livecol status shows its present state: check what it did, then run repair again");
    }
    return rc ? rc
              : record_repair(&r->s, &r->m, v, (unsigned)(o->done ? o->done : o->redo - 1), err);
}

int lc_cmd_repair(int argc, const char **argv)
{
    struct repair o = {0};
    struct lc_frame_run r = {.ctx = &o};
    const struct lc_option more[] = {
        {"done", 0, LC_OPT_UINT, &o.done, "N", "statements 1 to N are done"},
        {"redo", 0, LC_OPT_COUNT, &o.redo, "N", "send statement N again in the next run"},
        {0}};
    const struct lc_frame c = {
        .command =
            {.name = "repair",
             .synopsis = "[VERSION] --done N | --redo N",
             .about = "Record what you found out or fixed by hand about a migration that failed or "
                      "whose outcome is unknown. The tables themselves are not touched.",
             .connects = true,
             .examples = "livecol repair 0007 --done 2\nlivecol repair --redo 3 --yes"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK | LC_MIGRATE_ASK,
        .more = more,
        .most = 1,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .files = LC_FILES_SOUND,
        .lock = "repair",
        .check = check_repair,
        .look = look_for_unfinished,
        .act = repair,
    };

    return lc_frame_command(&c, &r, argc, argv);
}

/* What baseline's own options say. */
struct baseline {
    bool from_history;
    const char *table;         /* the history's; NULL: found by its name */
    uint64_t upto;             /* the VERSION that is named; 0 with --from-history */
    struct lc_history history; /* filled by choose_baseline; lc_cmd_baseline frees it */
};

/* A VERSION or --from-history, not both. --history-table implies the latter. */
static int check_baseline(struct lc_frame_run *r, struct lc_error *err)
{
    struct baseline *o = r->ctx;
    bool named = r->m.rest.n == 1;

    o->from_history = o->from_history || o->table;
    if (named == o->from_history)
        return lc_migrate_operands(&r->m, !o->from_history, !o->from_history, "a VERSION", err);
    if (named && !lc_version_parse(r->m.rest.v[0], strlen(r->m.rest.v[0]), &o->upto))
        return lc_fail(err, LC_ERR_USAGE, "\"%s\" is not a version", r->m.rest.v[0]);
    return 0;
}

/*
 * Read the other tool's table, or look for the version's file. Before the lock, as nothing is
 * changed.
 */
static int choose_baseline(struct lc_frame_run *r, struct lc_error *err)
{
    struct baseline *o = r->ctx;

    if (o->from_history)
        return lc_history_read(&o->history, r->s.b, o->table, &r->s.files, err);
    if (!lc_migrations_find(&r->s.files, o->upto))
        return lc_fail(err, LC_ERR_USAGE, "there is no version %s in %s", r->m.rest.v[0],
                       r->s.files.dir);
    return 0;
}

/*
 * Note one migration as applied, unless it is; *marked or *skipped counts it. lc_tracking_flush
 * writes the row, with the others. One that is unfinished is refused, since it may be half
 * applied.
 */
static int mark(struct lc_session *s, const struct lc_migration *m, unsigned *marked,
                unsigned *skipped, struct lc_error *err)
{
    const struct lc_track_version *v = lc_tracking_find(&s->tracking, m->version);
    const struct lc_track_event e = {.kind = LC_TRACK_BASELINED,
                                     .version = m->version,
                                     .name = m->name,
                                     .stmts = (unsigned)m->up.n,
                                     .file_sha256 = m->file.sha256};

    if (lc_track_applied(v)) {
        ++*skipped;
        return 0;
    }
    if (lc_track_unfinished(v)) {
        lc_fail(err, LC_ERR_REFUSED, "version %s is %s: it cannot be marked as applied",
                m->version_text, lc_track_status_name(v->status));
        lc_hint(err, "livecol repair %s records what was done of it", m->version_text);
        return LC_ERR_REFUSED;
    }
    ++*marked;
    return lc_tracking_note(&s->tracking, &e, err);
}

/*
 * All files up to the version, or those that the other tool has applied, are marked. Nothing of
 * them is run.
 */
static int baseline(struct lc_frame_run *r, struct lc_error *err)
{
    const struct baseline *o = r->ctx;
    unsigned marked = 0, skipped = 0;
    int rc = 0;

    if (o->from_history)
        lc_say("%s%s%s of %s: %zu migration%s applied",
               o->history.database ? o->history.database : "", o->history.database ? "." : "",
               o->history.table, o->history.tool, o->history.n,
               o->history.n == 1 ? " is" : "s are");
    for (size_t i = 0; rc == 0 && i < r->s.files.n; i++) {
        const struct lc_migration *m = &r->s.files.v[i];

        if (o->from_history ? lc_history_has(&o->history, m->version) : m->version <= o->upto)
            rc = mark(&r->s, m, &marked, &skipped, err);
    }
    if (rc == 0)
        rc = lc_tracking_flush(&r->s.tracking, err);
    if (rc == 0)
        tell(&r->m, "baselined", marked, "baselined %u, skipped %u", marked, skipped);
    return rc;
}

int lc_cmd_baseline(int argc, const char **argv)
{
    struct baseline o = {0};
    struct lc_frame_run r = {.ctx = &o};
    const struct lc_option more[] = {
        {"from-history", 0, LC_OPT_FLAG, &o.from_history, NULL,
         "the versions that the table of goose, dbmate, golang-migrate or clickhouse-migrations "
         "lists as applied; that table is only read"},
        {"history-table", 0, LC_OPT_STRING, &o.table, "NAME",
         "that table, as TABLE or DATABASE.TABLE, if it is not the usual one or there are several"},
        {0}};
    const struct lc_frame c = {
        .command =
            {.name = "baseline",
             .synopsis = "VERSION | --from-history",
             .about =
                 "Mark the migrations up to VERSION, or those that another tool has applied, as "
                 "applied without running them: for a database that is older than its "
                 "migrations.",
             .connects = true,
             .examples = "livecol baseline 0012\n"
                         "livecol baseline --from-history --migrations-table livecol_migrations"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK,
        .more = more,
        .most = SIZE_MAX,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .files = LC_FILES_SOUND,
        .lock = "baseline",
        .check = check_baseline,
        .look = choose_baseline,
        .act = baseline,
    };
    int code = lc_frame_command(&c, &r, argc, argv);

    lc_history_release(&o.history);
    return code;
}

/*
 * Without a table there is nothing to ask, to lock or to drop. The lock is taken here and not
 * by the frame, which would create the table in order to hold it. The count is taken again
 * under the lock: another run may have added rows while the person was thinking.
 */
static int reset(struct lc_frame_run *r, struct lc_error *err)
{
    struct lc_session *s = &r->s;
    size_t n = s->tracking.state.n;
    char question[512];
    int rc = 0;

    if (s->tracking.exists) {
        snprintf(question, sizeof question, "Forget %zu migration%s in %s.%s?", n,
                 n == 1 ? "" : "s", s->tracking.database, s->tracking.table);
        rc = lc_migrate_ask(&r->m, question, err);
        if (rc == 0)
            rc = lc_session_lock(s, "reset", &r->m.up, NULL, NULL, err);
        n = s->tracking.state.n;
        if (rc == 0)
            rc = lc_tracking_drop(&s->tracking, err);
    }
    if (rc == 0)
        tell(&r->m, "forgot", n, "forgot %zu migration%s of %s.%s", n, n == 1 ? "" : "s",
             s->tracking.database, s->tracking.table);
    return rc;
}

int lc_cmd_reset(int argc, const char **argv)
{
    struct lc_frame_run r = {0};
    const struct lc_frame c = {
        .command =
            {.name = "reset",
             .synopsis = "[OPTIONS]",
             .about =
                 "Forget what was applied: drop the tracking table. For development; the tables "
                 "that the migrations created stay.",
             .connects = true,
             .examples = "livecol reset --yes"},
        .which = LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK | LC_MIGRATE_ASK,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .act = reset,
    };

    return lc_frame_command(&c, &r, argc, argv);
}

/*
 * Remove a lock whose holder is dead, or with --force any. The holder of a lock that is taken
 * away sends nothing more than what passes its fence in the next second: see
 * cli/migrate/lock.h.
 */
static int unlock(struct lc_frame_run *r, struct lc_error *err)
{
    const struct lc_tracking *t = &r->s.tracking;
    const bool *force = r->ctx;
    struct lc_lock_info h;
    unsigned removed = 0;
    bool held = false;
    int rc = lc_lock_look(r->s.b, t->database, t->table, &held, &h, err);

    if (rc)
        return rc;
    if (!held) {
        tell(&r->m, "unlocked", 0, "not locked");
        return 0;
    }
    if (!h.stale && !*force) {
        lc_fail(err, LC_ERR_LOCKED,
                "livecol %s on %s, pid %s, holds the lock since %s UTC; its last heartbeat was "
                "%" PRIu64 " s ago",
                h.command, h.host, h.pid, h.since, h.beat_age_s);
        lc_hint(err, "--force takes the lock away from it; after a second it sends nothing more");
        return LC_ERR_LOCKED;
    }
    rc = lc_lock_break(r->s.b, t->database, t->table, &removed, err);
    if (rc == 0)
        tell(&r->m, "unlocked", 1, "removed the lock of livecol %s on %s, pid %s", h.command,
             h.host, h.pid);
    return rc;
}

int lc_cmd_unlock(int argc, const char **argv)
{
    bool force = false;
    struct lc_frame_run r = {.ctx = &force};
    const struct lc_option more[] = {
        {"force", 0, LC_OPT_FLAG, &force, NULL, "also if its holder is alive"}, {0}};
    const struct lc_frame c = {
        .command =
            {.name = "unlock",
             .synopsis = "[--force]",
             .about =
                 "Remove a lock that a run left behind. The next run takes over a lock without a "
                 "heartbeat for 60 s by itself.",
             .connects = true,
             .examples = "livecol unlock --force"},
        .which = LC_MIGRATE_TRACKING,
        .more = more,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .act = unlock,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
