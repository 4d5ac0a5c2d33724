/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan is made in two steps. lc_plan_make chooses the migrations from files and tracking rows
 * alone: no query is sent, so it is made twice, before and under the lock. lc_plan_parse then reads the
 * statements, where it can in the server's own form (formatQuery): comments, quotes and the order of
 * clauses are settled by the server, and the parser meets one way of writing. Statements are formatted
 * in batches, and what was parsed before the lock is reused for those that have not changed.
 */
#include "cli/migrate/plan.h"

#include "cli/server/server_error.h"
#include "cli/column/column_check.h"
#include "cli/migrate/requirements.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Of SQL in one question. A server reads max_query_size, 256 KiB unless told otherwise, and a
 * text whose quotes and backslashes are escaped may be twice as long. The separator is that of
 * lc_sql_format_queries: a statement that holds it is asked for alone.
 */
enum { FORMAT_MAX_BYTES = 100000, FORMAT_MAX_STMTS = 1000, FORMAT_SEPARATOR = 0x1f };

/*
 * Is s the statement with that hash? Also where a checkout has given the file other line ends.
 * A filled statement's p is not the file's text, which its hash is of: there only the hash
 * counts.
 */
static bool is_statement(const struct lc_migration_stmt *s, const char *sha256)
{
    return strcmp(s->sha256, sha256) == 0 ||
           (!s->filled && lc_text_matches(s->p, s->n, sha256).line_ends);
}

/* Statements that are done, or whose outcome is open, must be what they were. */
static int check_done_statements(const struct lc_migration *m, const struct lc_track_version *v,
                                 struct lc_problems *out)
{
    const struct lc_section_stmts *s = lc_migration_section(m, v->down);
    const char *path = lc_migration_path(m, v->down);

    for (unsigned i = 0; i < v->done; i++) {
        if (i >= s->n)
            return lc_problems_add(out, LC_PROBLEM_EDITED, path, 0,
                                   "had at least %u statements when it failed, and has %zu now",
                                   v->done, s->n);
        if (v->done_sha256[i][0] && !is_statement(&s->v[i], v->done_sha256[i]))
            return lc_problems_add(
                out, LC_PROBLEM_EDITED, path, s->v[i].line,
                "statement %u is done, and was edited since: it was %s, and is now %s; you may "
                "edit what follows it, but not the statement itself",
                i + 1, v->done_sha256[i], s->v[i].sha256);
    }
    if (v->status == LC_TRACK_UNKNOWN && v->open > 0 && !v->partial &&
        (v->open > s->n || !is_statement(&s->v[v->open - 1], v->open_sha256)))
        return lc_problems_add(
            out, LC_PROBLEM_EDITED, path, 0,
            "statement %u was sent, its outcome is not known, and it was edited since: restore "
            "it, or record its outcome with livecol repair",
            v->open);
    return 0;
}

/*
 * A revert was tried, and nothing of it is done: its section may be edited, as that of a migration
 * that failed, where all that was applied is what it was.
 */
static bool is_down_edited(const struct lc_migration *m, const struct lc_track_version *v)
{
    if (m->pair || !v->down || v->up_n == 0 || v->up_n != m->up.n)
        return false;
    for (unsigned i = 0; i < v->up_n; i++) {
        if (!is_statement(&m->up.v[i], v->up_sha256[i]))
            return false;
    }
    return true;
}

/*
 * What has run of a version against its file: of an applied one the whole file, of an
 * unfinished one the statements that are done. 0 or LC_ERR_NOMEM; what differs becomes a
 * problem. Other line ends are counted and are none.
 */
static int check_version(const struct lc_migration *m, const struct lc_track_version *v,
                         unsigned *line_ends, struct lc_problems *out)
{
    if (lc_track_applied(v) && v->file_sha256[0] && strcmp(v->file_sha256, m->file.sha256) != 0 &&
        m->file.text && lc_text_matches(m->file.text, m->file.n, v->file_sha256).line_ends) {
        ++*line_ends;
        return 0;
    }
    if (lc_track_applied(v) && is_down_edited(m, v))
        return 0;
    if (lc_track_applied(v)) {
        if (v->file_sha256[0] && strcmp(v->file_sha256, m->file.sha256) != 0 &&
            strcmp(v->name, m->name) != 0)
            return lc_problems_add(
                out, LC_PROBLEM_EDITED, lc_migration_path(m, false), 0,
                "is a different migration than the one that was applied as version %s: %s. If "
                "two projects share a database, give each its own --migrations-table",
                m->version_text, v->name);
        if (v->file_sha256[0] && strcmp(v->file_sha256, m->file.sha256) != 0)
            return lc_problems_add(out, LC_PROBLEM_EDITED, lc_migration_path(m, false), 0,
                                   "was edited after it was applied: applied with SHA-256 %s, is "
                                   "now %s",
                                   v->file_sha256, m->file.sha256);
        return 0;
    }
    if (!lc_track_unfinished(v))
        return 0;
    return check_done_statements(m, v, out);
}

static int note_half(const struct lc_migration *m, const struct lc_track_version *v,
                     struct lc_problems *out)
{
    const char *path = lc_migration_path(m, true);

    if (v->done == 0 && v->open)
        return lc_problems_add(out, LC_PROBLEM_HALF, path, 0,
                               "is half reverted: statement %u of %u of its down section was sent, "
                               "and part of what it does may be done",
                               v->open, v->stmts);
    return lc_problems_add(out, LC_PROBLEM_HALF, path, 0,
                           "is half reverted: %u of %u statements of its down section are done",
                           v->done, v->stmts);
}

/*
 * v is applied, and its file is gone: a pending file with its very text is the same migration with another
 * number, which would run twice. One that does nothing does nothing twice.
 */
static int check_renumbered(const struct lc_migrations *files, const struct lc_tracking *t,
                            const struct lc_track_version *v, struct lc_problems *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && v->file_sha256[0] && i < files->n; i++) {
        const struct lc_migration *m = &files->v[i];
        const struct lc_track_version *its = lc_tracking_find(t, m->version);
        struct lc_text_match match;

        if (m->up.n == 0 || !m->file.text || lc_track_applied(its) || lc_track_unfinished(its))
            continue;
        match = lc_text_matches(m->file.text, m->file.n, v->file_sha256);
        if (match.same || match.line_ends)
            rc = lc_problems_add(out, LC_PROBLEM_RENUMBERED, lc_migration_path(m, false), 0,
                                 "is pending, and has the text of version %" PRIu64
                                 " (%s), which is applied and whose file is gone: it would run "
                                 "a second time",
                                 v->version, v->name);
    }
    return rc;
}

int lc_plan_problems(const struct lc_migrations *files, const struct lc_tracking *t,
                     struct lc_problems *out)
{
    unsigned line_ends = 0;
    const struct lc_migration *last = NULL; /* in the order of the files */
    int rc = 0;

    for (size_t i = 0; i < files->n; i++) {
        const struct lc_migration *m = &files->v[i];

        if (lc_track_applied(lc_tracking_find(t, m->version)))
            last = m;
    }
    for (size_t i = 0; rc == 0 && i < files->n; i++) {
        const struct lc_migration *m = &files->v[i];
        const struct lc_track_version *v = lc_tracking_find(t, m->version);

        if (v)
            rc = check_version(m, v, &line_ends, out);
        if (rc == 0 && !lc_track_applied(v) && !lc_track_unfinished(v) && last && m < last)
            rc = lc_problems_add(out, LC_PROBLEM_OUT_OF_ORDER, lc_migration_path(m, false), 0,
                                 "is pending, and version %s, which comes after it, is applied",
                                 last->version_text);
        if (rc == 0 && lc_track_unfinished(v) && v->down && !lc_track_applied(v))
            rc = note_half(m, v, out);
    }
    for (size_t i = 0; rc == 0 && i < t->state.n; i++) {
        const struct lc_track_version *v = &t->state.v[i];

        if (v->status == LC_TRACK_PENDING || lc_migrations_find(files, v->version))
            continue;
        rc = lc_problems_add(
            out, LC_PROBLEM_GONE, files->dir, 0,
            "has no file of version %" PRIu64 " (%s), which is %s", v->version, v->name,
            lc_track_status_name(lc_track_applied(v) ? LC_TRACK_APPLIED : v->status));
        if (rc == 0 && lc_track_applied(v))
            rc = check_renumbered(files, t, v, out);
    }
    if (rc == 0 && line_ends)
        rc = lc_problems_add(
            out, LC_PROBLEM_NOTE, files->dir, 0,
            "has %u file%s with other line endings than when %s applied: the text is the same",
            line_ends, line_ends == 1 ? "" : "s", line_ends == 1 ? "it was" : "they were");
    return rc;
}

/*
 * Is this problem a reason to refuse such a run? What has run must be what it was, up or down.
 * Order and half reverted versions do not matter to `down`, which goes by what was applied; a
 * file that is gone matters only with --strict (choose_down refuses one that it needs).
 */
static bool stands_in_the_way(const struct lc_problem *p, const struct lc_up_options *o, bool down)
{
    switch (p->kind) {
    case LC_PROBLEM_EDITED:
        return true;
    case LC_PROBLEM_GONE:
        return o->strict;
    case LC_PROBLEM_OUT_OF_ORDER:
        return !down && !o->allow_missing && !o->only;
    case LC_PROBLEM_HALF:
    case LC_PROBLEM_RENUMBERED:
        return !down;
    default:
        return false;
    }
}

/* The hint that goes with a problem of that kind. */
static const char *advice(enum lc_problem_kind kind)
{
    switch (kind) {
    case LC_PROBLEM_EDITED:
        return "an applied file must not change: restore it, and write your change into a new "
               "migration";
    case LC_PROBLEM_GONE:
        return "restore the file, or run without --strict";
    case LC_PROBLEM_RENUMBERED:
        return "give it its old number; or livecol baseline VERSION records it as applied; where it is "
               "to run again, change its text, if only a comment";
    case LC_PROBLEM_OUT_OF_ORDER:
        return "give it a higher number, or apply it out of order with --allow-missing";
    case LC_PROBLEM_HALF:
        return "livecol down continues it; livecol repair records what was done by hand";
    default:
        return "";
    }
}

/* LC_ERR_REFUSED with the first problem that is in the way; a note is kept for the run to tell. */
static int check_problems(struct lc_plan *plan, const struct lc_migrations *files,
                          const struct lc_tracking *t, const struct lc_up_options *o, bool down,
                          struct lc_error *err)
{
    struct lc_problems all = {0};
    int rc = lc_plan_problems(files, t, &all);

    if (rc)
        lc_fail(err, rc, "no memory for the plan");
    for (size_t i = 0; rc == 0 && i < all.n; i++) {
        const struct lc_problem *p = &all.v[i];

        if (p->kind == LC_PROBLEM_NOTE)
            snprintf(plan->note, sizeof plan->note, "%s %s", p->file, p->text);
        if (!stands_in_the_way(p, o, down))
            continue;
        if (p->line)
            rc = lc_fail(err, LC_ERR_REFUSED, "%s:%" PRIu64 ": %s", p->file, p->line, p->text);
        else
            rc = lc_fail(err, LC_ERR_REFUSED, "%s %s", p->file, p->text);
        lc_hint(err, "%s", advice(p->kind));
    }
    lc_problems_release(&all);
    return rc;
}

/*
 * Put a migration at the end of the plan. before: what the tracking table says of it, or NULL.
 * An unfinished run of the same direction goes on after its last statement that is done; a
 * change of direction begins with the first.
 */
static int add(struct lc_plan *plan, const struct lc_migration *m,
               const struct lc_track_version *before, struct lc_error *err)
{
    struct lc_plan_migration *v = realloc(plan->v, (plan->n + 1) * sizeof *v);
    const struct lc_section_stmts *s = lc_migration_section(m, plan->down);

    if (!v)
        return lc_no_memory(err);
    plan->v = v;
    v += plan->n++;
    *v = (struct lc_plan_migration){.m = m, .stmt_n = (unsigned)s->n};
    if (lc_track_unfinished(before) && before->down == plan->down) {
        v->first = before->done < s->n ? before->done : (unsigned)s->n;
        v->open = before->open;
        v->failed = before->status == LC_TRACK_FAILED;
    }
    v->stmts = calloc(s->n + 1, sizeof *v->stmts);
    if (!v->stmts) {
        v->stmt_n = 0;
        return lc_no_memory(err);
    }
    for (size_t i = 0; i < s->n; i++) {
        v->stmts[i].text = &s->v[i];
        v->stmts[i].parsed = (struct lc_stmt){.object = ""};
    }
    return 0;
}

static bool in_plan(const struct lc_plan *plan, uint64_t version)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->v[i].m->version == version)
            return true;
    }
    return false;
}

/* What a migration needs is applied before, or by this very run. */
static int check_needs(const struct lc_plan *plan, const struct lc_tracking *t,
                       const struct lc_migration *m, struct lc_error *err)
{
    for (size_t i = 0; i < m->requires_n; i++) {
        uint64_t need = m->requires[i];

        if (lc_track_applied(lc_tracking_find(t, need)) || in_plan(plan, need))
            continue;
        lc_fail(err, LC_ERR_REFUSED,
                "%s requires version %" PRIu64 ", which is neither applied nor part of this run",
                lc_migration_path(m, false), need);
        lc_hint(err, "leave out --to and --steps, or set them so that they include it");
        return LC_ERR_REFUSED;
    }
    return 0;
}

/* Nothing that stays applied may need what is reverted. */
static int check_needed(const struct lc_plan *plan, const struct lc_migrations *files,
                        const struct lc_tracking *t, struct lc_error *err)
{
    for (size_t i = 0; i < files->n; i++) {
        const struct lc_migration *m = &files->v[i];

        if (!lc_track_applied(lc_tracking_find(t, m->version)) || in_plan(plan, m->version))
            continue;
        for (size_t k = 0; k < m->requires_n; k++) {
            if (!in_plan(plan, m->requires[k]))
                continue;
            lc_fail(err, LC_ERR_REFUSED,
                    "version %" PRIu64
                    " cannot be reverted while %s, which requires it, is applied",
                    m->requires[k], lc_migration_path(m, false));
            lc_hint(err, "revert that one first");
            return LC_ERR_REFUSED;
        }
    }
    return 0;
}

/*
 * All pending migrations in the order of the files, within --only, --to and --steps. A need is
 * checked as each is added: files are in the order of needs, so what it requires is applied or
 * in the plan already.
 */
static int choose_up(struct lc_plan *plan, const struct lc_migrations *files,
                     const struct lc_tracking *t, const struct lc_up_options *o,
                     struct lc_error *err)
{
    for (size_t i = 0; i < files->n; i++) {
        const struct lc_migration *m = &files->v[i];
        const struct lc_track_version *v = lc_tracking_find(t, m->version);
        int rc;

        if (lc_track_applied(v)) {
            plan->skipped++;
        } else if ((o->only && m->version != o->only) || (o->to_given && m->version > o->to) ||
                   (o->steps && plan->n >= o->steps)) {
            plan->left++;
        } else {
            rc = check_needs(plan, t, m, err);
            if (rc == 0)
                rc = add(plan, m, v, err);
            if (rc)
                return rc;
        }
    }
    return 0;
}

/*
 * qsort: what is being reverted comes first, then what was applied last, in whatever order that
 * was: the tracking table's, not that of the numbers.
 */
static int by_applied(const void *a, const void *b)
{
    const struct lc_track_version *const *x = a, *const *y = b;
    uint64_t p = lc_track_unfinished(*x) && !lc_track_applied(*x) ? UINT64_MAX : (*x)->applied_seq;
    uint64_t q = lc_track_unfinished(*y) && !lc_track_applied(*y) ? UINT64_MAX : (*y)->applied_seq;

    if (p != q)
        return p > q ? -1 : 1;
    return (*x)->version > (*y)->version ? -1 : (*x)->version < (*y)->version;
}

static int refuse_gone(const struct lc_migrations *files, const struct lc_track_version *v,
                       struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED,
            "version %" PRIu64
            " (%s) is applied, and %s has no file of it that says how to revert it",
            v->version, v->name, files->dir);
    lc_hint(
        err,
        "restore the file, or name its folder with -d; --to VERSION reverts what is above that, "
        "and skips versions without a file");
    return LC_ERR_REFUSED;
}

static int refuse_no_down(const struct lc_migration *m, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "%s cannot be reverted: %s", lc_migration_path(m, false),
            m->has_down ? "its down section contains no statement" : "it has no down section");
    lc_hint(err,
            "write a new migration that changes it back, or stop above it: livecol down --to %s",
            m->version_text);
    return LC_ERR_REFUSED;
}

/*
 * Versions to revert, in that order. Without --to and --steps it is one. An applied version
 * without a file is an error, unless --to is given: then it is left as it is.
 */
static int choose_down(struct lc_plan *plan, const struct lc_migrations *files,
                       const struct lc_tracking *t, const struct lc_up_options *o,
                       struct lc_error *err)
{
    unsigned steps = o->steps ? o->steps : o->to_given ? UINT32_MAX : 1;
    const struct lc_track_version **order =
        calloc(t->state.n + 1, sizeof(struct lc_track_version *));
    size_t n = 0;
    int rc = order ? 0 : lc_no_memory(err);

    for (size_t i = 0; rc == 0 && i < t->state.n; i++) {
        if (lc_track_applied(&t->state.v[i]) || lc_track_unfinished(&t->state.v[i]))
            order[n++] = &t->state.v[i];
    }
    if (rc == 0 && n)
        qsort(order, n, sizeof(struct lc_track_version *), by_applied);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct lc_track_version *v = order[i];
        const struct lc_migration *m = lc_migrations_find(files, v->version);

        if ((o->to_given && (v->version <= o->to || !m)) || plan->n >= steps)
            plan->left++;
        else if (!m)
            rc = refuse_gone(files, v, err);
        else if (m->down.n == 0)
            rc = refuse_no_down(m, err);
        else
            rc = add(plan, m, v, err);
    }
    free(order);
    return rc ? rc : check_needed(plan, files, t, err);
}

/* Whose files a run reads: what an applied file holds is of no matter any more. */
struct readers {
    const struct lc_plan *plan;
    const struct lc_tracking *t;
    const struct lc_up_options *o;
};

static bool is_read(const void *ctx, const struct lc_problem *p)
{
    const struct readers *r = ctx;
    uint64_t version = p->version;

    if (r->plan->down)
        return p->section != LC_PROBLEM_OF_UP && in_plan(r->plan, version);
    return p->section != LC_PROBLEM_OF_DOWN && !lc_track_applied(lc_tracking_find(r->t, version)) &&
           !(r->o->to_given && version > r->o->to) && (!r->o->only || version == r->o->only);
}

int lc_plan_make(struct lc_plan *plan, const struct lc_migrations *files,
                 const struct lc_tracking *t, const struct lc_up_options *o, bool down,
                 struct lc_error *err)
{
    const struct readers readers = {plan, t, o};
    int rc;

    *plan = (struct lc_plan){.down = down};
    if (o->to_given && (o->to || !down) && !lc_migrations_find(files, o->to))
        return lc_fail(err, LC_ERR_USAGE, "there is no version %" PRIu64 " in %s", o->to,
                       files->dir);
    /*
     * First the folder itself, then the content of the files that this run reads. Which ones
     * `down` reads is known only after they are chosen, so it checks them last.
     */
    rc = lc_migrations_check(files, o->strict && !down, lc_migrations_none, NULL, err);
    if (rc == 0 && !down)
        rc = lc_migrations_check(files, false, is_read, &readers, err);
    if (rc == 0)
        rc = check_problems(plan, files, t, o, down, err);
    if (rc == 0)
        rc = down ? choose_down(plan, files, t, o, err) : choose_up(plan, files, t, o, err);
    if (rc == 0 && down)
        rc = lc_migrations_check(files, false, is_read, &readers, err);
    return rc;
}

/* The server's own form of a statement, NULL where it does not know it. */
static int format(struct lc_backend *b, const struct lc_migration_stmt *text, char **out,
                  struct lc_error *err)
{
    char *sql = strndup(text->p, text->n);
    const struct lc_sql_arg args[] = {{"sql", sql}, {NULL, NULL}};
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc;

    *out = NULL;
    if (!sql)
        return lc_no_memory(err);
    if (text->n > FORMAT_MAX_BYTES) {
        free(sql);
        return 0; /* with its quotes escaped it may be longer than the server reads */
    }
    rc = lc_query_read(b, lc_sql_format_query, args, &t, &one);
    if (rc == 0 && t.rows == 1) {
        *out = strdup(lc_answer_at(&t, 0, LC_SQL_FORMAT_QUERY_SQL)->p);
        rc = *out ? 0 : lc_no_memory(err);
    } else if (rc == LC_ERR_SERVER && one.server_code == LC_SERVER_SYNTAX_ERROR) {
        char *scope = strstr(one.msg, ": In scope "); /* of the question, not of the statement */

        if (scope)
            *scope = '\0';
        rc = lc_fail(err, LC_ERR_REFUSED, "%s", one.msg);
        lc_hint(err, "the server cannot read it: fix it; nothing was changed");
    } else if (rc == LC_ERR_SERVER) {
        rc = 0; /* what the formatter does not know is run as it is */
    } else if (rc) {
        lc_error_pass(err, &one);
    }
    lc_answer_release(&t);
    free(sql);
    return rc;
}

/* The data of an INSERT says nothing of what it is, and may be large. */
static bool worth_formatting(const struct lc_stmt *s)
{
    return s->kind != LC_STMT_INSERT;
}

/*
 * MODIFY COLUMN with the type that the column has already changes metadata alone. The parser
 * cannot know it and takes it for one that breaks readers; the server is asked. An ALTER is
 * then, again, what its worst command is, by the order of enum lc_stmt_class.
 */
static int refine(struct lc_stmt *s, struct lc_backend *b, struct lc_error *err)
{
    enum lc_stmt_class worst = LC_CLASS_METADATA;

    if (s->kind != LC_STMT_ALTER)
        return 0;
    for (size_t i = 0; i < s->command_n; i++) {
        struct lc_stmt_command *c = &s->commands[i];
        bool same = false;

        if (c->kind == LC_STMT_MODIFY_COLUMN && c->type.n) {
            int rc = lc_column_has_type(b, s, c, &same, err);

            if (rc)
                return rc;
            if (same && c->class == LC_CLASS_READERS)
                c->class = LC_CLASS_METADATA;
        }
        if (c->class > worst)
            worst = c->class;
    }
    s->class = worst;
    return 0;
}

/* Those that go together in one question. */
struct batch {
    struct lc_plan_stmt **v;
    size_t n;
    struct lc_buf texts;
};

/* Ask of all of them; one that the formatter does not take is asked for alone, for its error. */
static int format_batch(struct batch *all, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"texts", lc_buf_str(&all->texts)}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = all->n < 2 ? 0 : lc_query_read(b, lc_sql_format_queries, args, &t, &why);

    /* Where it fails they are asked for one by one. */
    if (rc == LC_ERR_NOMEM || rc == LC_ERR_STOPPED)
        lc_error_pass(err, &why);
    for (size_t i = 0; rc == 0 && t.rows == all->n && i < all->n; i++) {
        const struct lc_cell *sql = lc_answer_at(&t, i, LC_SQL_FORMAT_QUERIES_SQL);
        struct lc_plan_stmt *s = all->v[i];

        /* NULL: the formatter does not know it. That one, or one out of its place, is left out. */
        if (sql->is_null || lc_answer_u64(&t, i, LC_SQL_FORMAT_QUERIES_I, 0) != i + 1)
            continue;
        free(s->formatted);
        s->formatted = strdup(sql->p);
        s->asked = s->formatted != NULL;
        if (!s->asked)
            rc = lc_no_memory(err);
    }
    lc_answer_release(&t);
    lc_buf_reset(&all->texts);
    all->n = 0;
    return rc == LC_ERR_NOMEM || rc == LC_ERR_STOPPED ? rc : 0;
}

/*
 * Put a statement into the batch, sending the batch first where it is full. Left out are
 * INSERTs, what is too long or holds the separator, and what the parser cannot lex:
 * lc_plan_stmt_parse asks for them alone, where it needs to.
 */
static int add_to_batch(struct batch *all, struct lc_plan_stmt *s, struct lc_backend *b,
                        struct lc_error *err)
{
    struct lc_stmt parsed = {.object = ""};
    bool fits = !s->asked && s->text->n < FORMAT_MAX_BYTES &&
                !memchr(s->text->p, FORMAT_SEPARATOR, s->text->n) &&
                !memchr(s->text->p, '\0', s->text->n) &&
                lc_stmt_parse(&parsed, s->text->p, s->text->n, NULL) == 0 &&
                worth_formatting(&parsed);
    int rc = 0;

    lc_stmt_release(&parsed);
    if (!fits)
        return 0;
    if (all->n == FORMAT_MAX_STMTS || all->texts.n + s->text->n > FORMAT_MAX_BYTES)
        rc = format_batch(all, b, err);
    if (rc == 0 && ((all->n && lc_buf_adds(&all->texts, (const char[]){FORMAT_SEPARATOR, '\0'})) ||
                    lc_buf_add(&all->texts, s->text->p, s->text->n)))
        rc = lc_no_memory(err);
    if (rc == 0)
        all->v[all->n++] = s;
    return rc;
}

static int format_all(struct lc_plan *plan, struct lc_backend *b, struct lc_error *err)
{
    struct batch all = {.v = calloc(FORMAT_MAX_STMTS, sizeof(struct lc_plan_stmt *))};
    int rc = all.v ? 0 : lc_no_memory(err);

    lc_buf_init(&all.texts, 2 * FORMAT_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < plan->n; i++) {
        for (unsigned k = plan->v[i].first; rc == 0 && k < plan->v[i].stmt_n; k++)
            rc = add_to_batch(&all, &plan->v[i].stmts[k], b, err);
    }
    if (rc == 0)
        rc = format_batch(&all, b, err);
    lc_buf_release(&all.texts);
    free(all.v);
    return rc;
}

void lc_plan_reuse(struct lc_plan *plan, struct lc_plan *before)
{
    size_t at = 0;

    for (size_t i = 0; i < plan->n; i++) {
        struct lc_plan_migration *to = &plan->v[i], *from = NULL;

        /*
         * Both plans are in one order, so the search goes on where the last one ended: a
         * migration that another run has done meanwhile costs one lap, all others a step.
         */
        for (size_t tries = 0; tries < before->n && !from; tries++, at++) {
            at %= before->n;
            from = before->v[at].m == to->m ? &before->v[at] : NULL;
        }
        for (unsigned s = 0; from && s < to->stmt_n && s < from->stmt_n; s++) {
            /* Moved, not copied: `before` is released next, and must not free them. */
            to->stmts[s].asked = from->stmts[s].asked;
            to->stmts[s].formatted = from->stmts[s].formatted;
            from->stmts[s].asked = false;
            from->stmts[s].formatted = NULL;
        }
    }
}

int lc_plan_stmt_parse(struct lc_plan_stmt *s, struct lc_backend *b,
                       const struct lc_abilities *facts, struct lc_error *err)
{
    int rc;

    lc_stmt_release(&s->parsed);
    /*
     * The text is parsed first: it must lex, and an INSERT is told from the rest. Slices of
     * `parsed` point into `formatted` afterwards, where there is one.
     */
    rc = lc_stmt_parse(&s->parsed, s->text->p, s->text->n, err);
    if (rc == 0 && facts->format_query && worth_formatting(&s->parsed)) {
        if (!s->asked) {
            free(s->formatted);
            rc = format(b, s->text, &s->formatted, err);
            s->asked = rc == 0;
        }
        if (rc == 0 && s->formatted) {
            lc_stmt_release(&s->parsed);
            rc = lc_stmt_parse(&s->parsed, s->formatted, strlen(s->formatted), err);
        }
    }
    return rc ? rc : refine(&s->parsed, b, err);
}

/* Can this server run them at all? Everything it lacks is said at once. */
static int check_fit(const struct lc_plan *plan, struct lc_backend *b,
                     const struct lc_abilities *facts, struct lc_error *err)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct lc_plan_migration *m = &plan->v[i];
        unsigned lacks = 0;
        char names[200];

        for (unsigned k = m->first; k < m->stmt_n; k++) {
            int rc = lc_abilities_lacking(facts, b, &m->stmts[k].parsed, &lacks, err);

            if (rc)
                return rc;
        }
        if (!lacks)
            continue;
        lc_fail(err, LC_ERR_REFUSED, "%s cannot run on %s, which has %s",
                lc_migration_path(m->m, plan->down), lc_backend_where(b),
                lc_abilities_lack_names(lacks, names, sizeof names));
        lc_hint(err,
                "nothing was changed; migrations/dictionary does it with a dictionary, for such "
                "servers (-d migrations/dictionary; docs/dictionaries.md)");
        return LC_ERR_REFUSED;
    }
    return 0;
}

int lc_plan_parse(struct lc_plan *plan, struct lc_backend *b, const struct lc_abilities *facts,
                  struct lc_error *err)
{
    /* In batches where the server can say NULL for one that it does not know; else one by one. */
    int formatted = facts->format_query && facts->format_or_null ? format_all(plan, b, err) : 0;

    if (formatted)
        return formatted;
    for (size_t i = 0; i < plan->n; i++) {
        struct lc_plan_migration *m = &plan->v[i];

        for (unsigned k = m->first; k < m->stmt_n; k++) {
            struct lc_error one = LC_ERROR_INIT;
            int rc = lc_plan_stmt_parse(&m->stmts[k], b, facts, &one);

            if (rc) {
                lc_error_pass(err, &one);
                /*
                 * What is wrong with the statement gets its place; what is wrong with the
                 * server has none.
                 */
                if (rc == LC_ERR_REFUSED || rc == LC_ERR_INPUT)
                    snprintf(err->msg, sizeof err->msg,
                             "%s:%" PRIu64 ": statement %u of %u: %.800s",
                             lc_migration_path(m->m, plan->down), m->stmts[k].text->line, k + 1,
                             m->stmt_n, one.msg);
            }
            if (rc)
                return rc;
        }
    }
    return check_fit(plan, b, facts, err);
}

void lc_plan_stmt_release(struct lc_plan_stmt *s)
{
    free(s->formatted);
    lc_stmt_release(&s->parsed);
    s->formatted = NULL;
}

bool lc_plan_may_be_done(const struct lc_plan_migration *m, unsigned k)
{
    return m->open == k + 1 && (!m->failed || m->stmts[k].parsed.kind == LC_STMT_ALTER);
}

void lc_plan_release(struct lc_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        for (unsigned k = 0; k < plan->v[i].stmt_n; k++)
            lc_plan_stmt_release(&plan->v[i].stmts[k]);
        free(plan->v[i].stmts);
    }
    free(plan->v);
    *plan = (struct lc_plan){0};
}
