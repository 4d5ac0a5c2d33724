/* SPDX-License-Identifier: Apache-2.0 */
/* livecol status, livecol validate */
#include "base/format.h"
#include "base/json.h"
#include "cli/commands/frame.h"
#include "cli/migrate/lock.h"
#include "cli/migrate/plan.h"
#include "cli/term/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Files and tracking, next to each other. */
struct view {
    const struct lc_session *s; /* its b NULL: no server is named, and the files alone are read */
    bool locked;
    struct lc_lock_info holder;
};

/* A host that is left out is told as a warning. No other event comes from opening a session. */
static void on_event(void *ctx, const struct lc_run_event *e)
{
    (void)ctx;
    if (e->kind == LC_RUN_WARNING)
        lc_warn("%s", e->text);
}

/*
 * Before the session is opened: nothing is changed, so a host that does not answer is left out
 * and does not end the command, whatever --allow-degraded says.
 */
static int read_degraded(struct lc_frame_run *r, struct lc_error *err)
{
    (void)err;
    r->m.up.allow_degraded = true;
    r->m.up.hooks.event = on_event;
    return 0;
}

/* The same; and without a server the files alone are read. */
static int read_files_or_all(struct lc_frame_run *r, struct lc_error *err)
{
    int rc = read_degraded(r, err);

    if (rc == 0 && !r->m.global.backend) {
        r->reach = LC_REACH_NOTHING;
        rc = lc_session_scan(&r->s, &r->m.up, err);
    }
    return rc;
}

/* Who holds the lock, into v->locked and v->holder. Without a server nobody does. */
static int look_at_lock(struct view *v, struct lc_error *err)
{
    const struct lc_tracking *t = &v->s->tracking;

    return v->s->b ? lc_lock_look(v->s->b, t->database, t->table, &v->locked, &v->holder, err) : 0;
}

/* One version, from its file, its rows, or both. */
struct line {
    const char *version, *name, *status, *at;
    char version_text[24]; /* where there is no file whose digits can be shown */
    uint64_t execution_ms; /* of the whole migration; 0 unless it is applied */
    char note[1280];       /* what to know of it, for a person; "" */
};

/*
 * Fill the line of a version. m: its file, or NULL where it is gone; t: what the tracking table
 * says of it, or NULL where no row does. At least one is given.
 *
 * What is shown is not t->status alone. The last row cannot tell a run that goes on from one
 * that has died, but the lock can:
 *
 *   in the table   the live holder's run   another run, or none
 *   running        running                 stopped
 *   unknown        running                 unknown; stopped where the statement was ended
 */
static void make_line(struct line *l, const struct view *v, const struct lc_migration *m,
                      const struct lc_track_version *t)
{
    enum lc_track_status status = t ? t->status : LC_TRACK_PENDING;
    bool under_way =
        t && v->locked && !v->holder.stale && t->run_id && strcmp(t->run_id, v->holder.run_id) == 0;

    *l = (struct line){.status = lc_track_status_name(status), .at = t ? t->at : ""};
    snprintf(l->version_text, sizeof l->version_text, "%" PRIu64, m ? m->version : t->version);
    l->version = m ? m->version_text : l->version_text;
    l->name = m ? m->name : t->name;
    if (t && status == LC_TRACK_APPLIED)
        l->execution_ms = t->execution_ms;
    if (status == LC_TRACK_PENDING)
        l->at = "";
    if (status == LC_TRACK_UNKNOWN && under_way)
        l->status = lc_track_status_name(LC_TRACK_RUNNING);
    if ((status == LC_TRACK_RUNNING || (status == LC_TRACK_UNKNOWN && t->stopped)) && !under_way)
        l->status = "stopped";
    if (lc_track_applied(t)) /* also where a revert failed, or stopped, before it did anything */
        l->status = t->baselined ? "baselined" : lc_track_status_name(LC_TRACK_APPLIED);
    if (!m && status != LC_TRACK_PENDING)
        snprintf(l->note, sizeof l->note, "its file is gone");
    /* Line ends that an editor or git has changed are no edit. */
    else if (m && status == LC_TRACK_APPLIED && t->file_sha256[0] &&
             strcmp(t->file_sha256, m->file.sha256) != 0 &&
             !(m->file.text && lc_text_matches(m->file.text, m->file.n, t->file_sha256).line_ends))
        snprintf(l->note, sizeof l->note, "its file was edited since");
    else if (status == LC_TRACK_FAILED && t->open)
        snprintf(l->note, sizeof l->note, "%sstatement %u of %u: %s", t->down ? "down, " : "",
                 t->open, t->stmts, t->error);
    else if (status == LC_TRACK_FAILED)
        snprintf(l->note, sizeof l->note, "repaired: %u of %u statements are done", t->done,
                 t->stmts);
    else if (status == LC_TRACK_UNKNOWN && under_way)
        snprintf(l->note, sizeof l->note, "%sstatement %u of %u is under way",
                 t->down ? "down, " : "", t->open, t->stmts);
    else if (status == LC_TRACK_UNKNOWN && t->partial)
        snprintf(l->note, sizeof l->note, "%sstatement %u of %u: %s", t->down ? "down, " : "",
                 t->open, t->stmts, t->error);
    else if (status == LC_TRACK_UNKNOWN && t->stopped)
        snprintf(l->note, sizeof l->note,
                 "%sstatement %u of %u was stopped in the middle: the next run continues it",
                 t->down ? "down, " : "", t->open, t->stmts);
    else if (status == LC_TRACK_UNKNOWN)
        snprintf(l->note, sizeof l->note,
                 "%sstatement %u of %u was sent by %s, and no end of it is recorded: the "
                 "next run finds out",
                 t->down ? "down, " : "", t->open, t->stmts, t->host);
    else if (status == LC_TRACK_RUNNING)
        snprintf(l->note, sizeof l->note, "%s%u of %u statements are done", t->down ? "down, " : "",
                 t->done, t->stmts);
}

/*
 * One version as a line, or with --json as an object. A name comes from a file, and may hold
 * what steers a terminal.
 */
static void print_line(const struct line *l, bool json)
{
    char ms[24] = "", name[200];

    if (json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "version", l->version);
        lc_json_set_str(o, "name", l->name);
        lc_json_set_str(o, "status", l->status);
        lc_json_set_str(o, "at", *l->at ? l->at : NULL);
        lc_json_set_int(o, "ms", (int64_t)l->execution_ms);
        lc_json_set_str(o, "note", *l->note ? l->note : NULL);
        lc_json_line(o, stdout);
        lc_json_free(o);
        return;
    }
    if (l->execution_ms)
        lc_short_time(ms, l->execution_ms);
    printf("%-8s  %-9s  %-19s  %8s  %s%s%s\n", l->version, l->status, l->at, ms,
           lc_printable(l->name, strlen(l->name), name, sizeof name), *l->note ? ": " : "",
           l->note);
}

/* Whose form the files are in, as far as they show it: "livecol, goose". */
static const char *forms(const struct lc_migrations *m, char out[64])
{
    static const struct {
        unsigned mark;
        const char *name;
    } names[] = {{LC_MARKS_GOOSE, "goose"},
                 {LC_MARKS_SQL_MIGRATE, "sql-migrate"},
                 {LC_MARKS_DBMATE, "dbmate"}};
    unsigned marks = 0;
    bool plain = false, pairs = false;

    out[0] = '\0';
    for (size_t i = 0; i < m->n; i++) {
        marks |= m->v[i].marks;
        pairs = pairs || m->v[i].pair;
        plain = plain || (m->v[i].marks == LC_MARKS_LIVECOL && !m->v[i].pair);
    }
    if (plain)
        strcat(out, "livecol, ");
    if (pairs)
        strcat(out, "pairs, ");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (marks & names[i].mark) {
            strcat(out, names[i].name);
            strcat(out, ", ");
        }
    }
    if (*out)
        out[strlen(out) - 2] = '\0';
    else
        strcpy(out, "plain SQL");
    return out;
}

/* What all lines are about: the server, the tracking table, the form of the files, the lock. */
static void print_head(const struct view *v, bool json)
{
    char form[64];

    if (json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "server", lc_backend_where(v->s->b));
        lc_json_set_str(o, "server_version", lc_backend_version(v->s->b));
        lc_json_set_str(o, "tracking_database", v->s->tracking.database);
        lc_json_set_str(o, "tracking_table", v->s->tracking.table);
        lc_json_set_bool(o, "tracking_exists", v->s->tracking.exists);
        lc_json_set_str(o, "files", forms(&v->s->files, form));
        lc_json_set_str(o, "locked_by", v->locked ? v->holder.host : NULL);
        lc_json_line(o, stdout);
        lc_json_free(o);
        return;
    }
    printf("tracking table: %s.%s%s\n", v->s->tracking.database, v->s->tracking.table,
           v->s->tracking.exists ? "" : " (not there yet)");
    if (strcmp(forms(&v->s->files, form), "livecol") != 0 && strcmp(form, "plain SQL") != 0)
        printf("files: %s\n", form);
    if (v->locked)
        printf("locked: livecol %s on %s, pid %s, since %s UTC%s\n", v->holder.command,
               v->holder.host, v->holder.pid, v->holder.since,
               v->holder.stale ? " (stale: the next run takes it over)" : "");
    printf("%-8s  %-9s  %-19s  %8s  %s\n", "VERSION", "STATUS", "AT (UTC)", "TIME", "NAME");
}

/*
 * Is there something to do about it? Not about gaps and notes. Nor about what is in a file that
 * is applied: it is not run again.
 */
static bool is_open(const struct view *v, const struct lc_problem *p)
{
    return p->kind != LC_PROBLEM_GAP && p->kind != LC_PROBLEM_NOTE &&
           !(p->version && lc_track_applied(lc_tracking_find(&v->s->tracking, p->version)));
}

/*
 * Print all versions, unless silent: those of the files, then those whose file is gone. Returns
 * how many are not applied.
 */
static unsigned print_view(const struct view *v, bool json, bool silent)
{
    unsigned open = 0;
    struct line l;

    if (!silent)
        print_head(v, json);
    for (size_t i = 0; i < v->s->files.n; i++) {
        const struct lc_migration *m = &v->s->files.v[i];
        const struct lc_track_version *t = lc_tracking_find(&v->s->tracking, m->version);

        make_line(&l, v, m, t);
        if (!silent)
            print_line(&l, json);
        open += !lc_track_applied(t);
    }
    for (size_t i = 0; i < v->s->tracking.state.n; i++) {
        const struct lc_track_version *t = &v->s->tracking.state.v[i];

        if (t->status == LC_TRACK_PENDING || lc_migrations_find(&v->s->files, t->version))
            continue;
        make_line(&l, v, NULL, t);
        if (!silent)
            print_line(&l, json);
        open += !lc_track_applied(t);
    }
    return open;
}

/* What the command line asks of status and of validate. */
struct wanted {
    bool exit_code, strict;
};

static int status(struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;
    struct view v = {.s = &r->s};
    int rc = look_at_lock(&v, err);
    unsigned open;

    if (rc)
        return rc;
    /* --quiet alone still prints: who asks for a status wants one. */
    open = print_view(&v, r->m.global.json, r->m.global.quiet && w->exit_code);
    for (size_t i = 0; i < r->s.files.problems.n; i++) {
        const struct lc_problem *p = &r->s.files.problems.v[i];

        if (is_open(&v, p))
            lc_warn("%s: %s", p->file, p->text);
    }
    r->exit_code = w->exit_code && open ? LC_EXIT_FOUND : 0;
    return 0;
}

int lc_cmd_status(int argc, const char **argv)
{
    struct wanted w = {0};
    struct lc_frame_run r = {.ctx = &w};
    const struct lc_option more[] = {
        {"exit-code", 0, LC_OPT_FLAG, &w.exit_code, NULL, "exit with 8 when something is pending"},
        {0}};
    const struct lc_frame c = {
        .command = {.name = "status",
                    .synopsis = "[OPTIONS]",
                    .about =
                        "Show each migration: applied, pending, failed at which statement and why.",
                    .connects = true,
                    .examples = "livecol status\nlivecol status --exit-code --quiet"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING,
        .more = more,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .files = LC_FILES_READ,
        .failure = LC_FAILURE_READS,
        .check = read_degraded,
        .act = status,
    };

    return lc_frame_command(&c, &r, argc, argv);
}

/* file:line: text, as a compiler says it, so that editors find the place. */
static void print_problem(const struct lc_problem *p, bool json)
{
    static const char *const kinds[] = {
        [LC_PROBLEM_FILE] = "file",
        [LC_PROBLEM_NOTE] = "note",
        [LC_PROBLEM_GAP] = "gap",
        [LC_PROBLEM_EDITED] = "edited",
        [LC_PROBLEM_GONE] = "gone",
        [LC_PROBLEM_RENUMBERED] = "renumbered",
        [LC_PROBLEM_OUT_OF_ORDER] = "out of order",
        [LC_PROBLEM_HALF] = "half reverted",
    };

    if (json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "kind", kinds[p->kind]);
        lc_json_set_str(o, "file", p->file);
        lc_json_set_int(o, "line", (int64_t)p->line);
        lc_json_set_str(o, "problem", p->text);
        lc_json_line(o, stdout);
        lc_json_free(o);
    } else if (p->line) {
        printf("%s:%" PRIu64 ": %s\n", p->file, p->line, p->text);
    } else {
        printf("%s: %s\n", p->file, p->text);
    }
}

/*
 * Print the problems of the files that are open, and the notes. Returns how many are no notes.
 * With `strict` a gap is a problem too.
 */
static size_t print_file_problems(const struct view *v, bool strict, bool json)
{
    size_t n = 0;

    for (size_t i = 0; i < v->s->files.problems.n; i++) {
        const struct lc_problem *p = &v->s->files.problems.v[i];
        bool open = is_open(v, p) || (strict && p->kind == LC_PROBLEM_GAP);

        n += open;
        if (open || p->kind == LC_PROBLEM_NOTE)
            print_problem(p, json);
    }
    return n;
}

/*
 * Print where the files and what is applied differ. Returns how many are no notes: a file that is gone is one
 * with `strict` alone, as for up.
 */
static size_t print_tracking_problems(const struct lc_problems *against, bool strict, bool json)
{
    size_t n = 0;

    for (size_t i = 0; i < against->n; i++) {
        n += against->v[i].kind != LC_PROBLEM_NOTE &&
             (strict || against->v[i].kind != LC_PROBLEM_GONE);
        print_problem(&against->v[i], json);
    }
    return n;
}

/*
 * Read the files, and compare them with the tracking table where there is a server. Problems
 * are the output of this command, so they set the exit code and are no error.
 */
static int validate(struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;
    const bool json = r->m.global.json;
    struct view v = {.s = &r->s};
    struct lc_problems against = {0};
    size_t n = 0;
    int rc = look_at_lock(&v, err);

    if (rc == 0 && r->s.b && lc_plan_problems(&r->s.files, &r->s.tracking, &against))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for the problems");
    if (rc == 0) {
        n = print_file_problems(&v, w->strict, json);
        n += print_tracking_problems(&against, w->strict, json);
        if (!json)
            printf("%zu migration%s, %zu problem%s%s\n", r->s.files.n, r->s.files.n == 1 ? "" : "s",
                   n, n == 1 ? "" : "s", r->s.b ? "" : " (files only: no server is named)");
    }
    lc_problems_release(&against);
    r->exit_code = n ? LC_EXIT_FOUND : 0;
    return rc;
}

int lc_cmd_validate(int argc, const char **argv)
{
    struct wanted w = {0};
    struct lc_frame_run r = {.ctx = &w};
    const struct lc_option more[] = {
        {"strict", 0, LC_OPT_FLAG, &w.strict, NULL,
         "missing numbers, and applied versions without a file, are problems too"},
        {0}};
    const struct lc_frame c = {
        .command =
            {.name = "validate",
             .synopsis = "[OPTIONS]",
             .about =
                 "Check the migration files: names, numbers, sections, unterminated SQL; and, if "
                 "a server is named, whether the applied migrations still match their files. "
                 "Exits with 8 if something is wrong.",
             .connects = true,
             .examples = "livecol validate -d migrations"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING,
        .more = more,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .files = LC_FILES_READ,
        .failure = LC_FAILURE_READS,
        .check = read_files_or_all,
        .act = validate,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
