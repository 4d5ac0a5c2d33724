/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/file_text.h"

#include "cli/migrate/way_back.h"
#include "cli/sql/session_statement.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * One file being read. Directives act on what follows them:
 *
 *   -- migrate:settings a = 1       every statement behind it, to the end of the section
 *   SET b = 2                       the same, in SQL
 *   -- migrate:rederive             the next statement alone
 *   -- migrate:down                 a new section: no settings hold any more
 */
struct reader {
    struct lc_migration *m;
    const struct lc_migration_file *f;
    enum lc_file_part part;
    struct lc_problems *problems;
    uint64_t up_line, down_line; /* of the sections' last directives; 0: none */
    bool down;                   /* the section that is being read */
    uint64_t stray;         /* line of a statement before -- migrate:up, in a file with sections */
    uint64_t rederive_line; /* of a -- migrate:rederive whose statement is still to come */
    struct lc_sql_settings settings; /* that hold now */
    bool envsub;                     /* goose's ENVSUB is on */
};

/*
 * f->text becomes the file's bytes and a NUL; of a file that is cut meanwhile what is left.
 * f->text is the migration's even after an error. LC_ERR_IO leaves errno for the message.
 */
static int read_all(int fd, size_t size, struct lc_migration_file *f)
{
    f->text = malloc(size + 1);
    if (!f->text)
        return LC_ERR_NOMEM;
    while (f->n < size) {
        ssize_t got = read(fd, f->text + f->n, size - f->n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return LC_ERR_IO;
        if (got == 0)
            break;
        f->n += (size_t)got;
    }
    f->text[f->n] = '\0';
    return 0;
}

/* Read f->path. What keeps it from being read is a problem of that file. */
static int read_file(struct lc_migration_file *f, struct lc_problems *problems)
{
    struct stat st;
    int fd = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO has no writer */
    int rc;

    if (fd < 0)
        return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, 0, "cannot be opened: %s",
                               strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        rc = lc_problems_add(problems, LC_PROBLEM_FILE, f->path, 0, "is not a regular file");
    } else if ((uint64_t)st.st_size > LC_MAX_MIGRATION_BYTES) {
        rc = lc_problems_add(problems, LC_PROBLEM_FILE, f->path, 0,
                             "has %" PRIu64 " bytes; %zu are the limit", (uint64_t)st.st_size,
                             LC_MAX_MIGRATION_BYTES);
    } else {
        rc = read_all(fd, (size_t)st.st_size, f);
        if (rc == LC_ERR_IO)
            rc = lc_problems_add(problems, LC_PROBLEM_FILE, f->path, 0, "cannot be read: %s",
                                 strerror(errno));
    }
    close(fd);
    if (rc == 0)
        rc = lc_sha256_hex(f->text, f->n, f->sha256);
    return rc;
}

/* A statement at the end of the section: a slice of text, which must not move, and its hash. */
static int add_stmt(struct lc_section_stmts *section, const char *text, const struct lc_piece *p)
{
    struct lc_migration_stmt *v = realloc(section->v, (section->n + 1) * sizeof *v);

    if (!v)
        return LC_ERR_NOMEM;
    section->v = v;
    v[section->n] =
        (struct lc_migration_stmt){.p = text + p->at, .n = p->n, .line = p->line, .byte = p->at};
    return lc_sha256_hex(text + p->at, p->n, v[section->n++].sha256);
}

static int add_requires(struct reader *r, const struct lc_piece *p)
{
    struct lc_migration *m = r->m;
    uint64_t version, *v;
    char shown[64];

    if (!lc_version_parse((const char *)p->arg.p, p->arg.n, &version))
        return lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, p->line,
                               "-- migrate:requires takes one version, not \"%s\"",
                               lc_printable(p->arg.p, p->arg.n, shown, sizeof shown));
    v = realloc(m->requires, (m->requires_n + 1) * sizeof *v);
    if (!v)
        return LC_ERR_NOMEM;
    m->requires = v;
    v[m->requires_n++] = version;
    return 0;
}

static int no_effect(const struct lc_migration_stmt *s, const char *path, struct lc_slice word,
                     const char *why, struct lc_problems *problems)
{
    return lc_problems_add(problems, LC_PROBLEM_FILE, path, s->line,
                           "%.*s has no effect here, since each statement is sent by itself%s",
                           (int)word.n, (const char *)word.p, why);
}

int lc_file_check_statement(const struct lc_migration_stmt *s, const char *path,
                            struct lc_problems *problems)
{
    const struct lc_slice sql = {(const uint8_t *)s->p, s->n};
    struct lc_slice word;
    uint64_t line;

    switch (lc_session_loss_of(sql, &word, &line)) {
    case LC_SESSION_LOSES_SET:
        return no_effect(s, path, word, ": what it sets is the session's", problems);
    case LC_SESSION_LOSES_USE:
        return no_effect(s, path, word, ": name the database with the table", problems);
    case LC_SESSION_LOSES_TRANSACTION:
        return no_effect(s, path, word, ", in no transaction: leave it out", problems);
    case LC_SESSION_LOSES_USER:
        return lc_problems_add(
            problems, LC_PROBLEM_FILE, path, s->line,
            "EXECUTE AS without a statement has no effect here, since each statement is sent by "
            "itself: write the statement after the user");
    case LC_SESSION_LOSES_TABLE:
        return lc_problems_add(problems, LC_PROBLEM_FILE, path, s->line,
                               "a temporary table is gone at the next statement, since each is "
                               "sent by itself: create a table, and drop it at the end");
    case LC_SESSION_LOSES_ROWS:
        return lc_problems_add(
            problems, LC_PROBLEM_FILE, path, s->line + line - 1,
            "POPULATE loses the rows that are inserted while it runs: create the view "
            "without it, then fill it by INSERT INTO ... SELECT ... WHERE, bounded to the "
            "rows from before");
    case LC_SESSION_LOSES_NOTHING:
        break;
    }
    return 0;
}

/* A directive that was read, and no statement after it, before something else comes. */
static int check_rederive(struct reader *r)
{
    uint64_t line = r->rederive_line;

    r->rederive_line = 0;
    return line ? lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, line,
                                  "-- migrate:rederive has no statement after it")
                : 0;
}

/* Settings, of a SET or of the directive, add up until the section ends. */
static int take_settings(struct reader *r, struct lc_slice text, uint64_t line, bool by_set)
{
    char shown[64];
    int rc = (by_set ? lc_sql_settings_read_set
                     : lc_sql_settings_read)(&r->settings, (const char *)text.p, text.n);

    if (rc != LC_ERR_INPUT)
        return rc;
    return lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, line,
                           "settings are written name = value, with commas between, not \"%s\"",
                           lc_printable(text.p, text.n, shown, sizeof shown));
}

static int add_var(struct lc_migration *m, const char *name, size_t n)
{
    char **v = realloc(m->vars, (m->vars_n + 1) * sizeof *v);

    if (!v)
        return LC_ERR_NOMEM;
    m->vars = v;
    v[m->vars_n] = strndup(name, n);
    return v[m->vars_n++] ? 0 : LC_ERR_NOMEM;
}

/* Names with commas or blanks between. */
static int take_vars(struct reader *r, const struct lc_piece *p)
{
    const char *at = (const char *)p->arg.p, *end = at + p->arg.n;
    int rc = 0;

    while (rc == 0 && at < end) {
        size_t n = 0;

        while (at + n < end && at[n] != ',' && at[n] != ' ' && at[n] != '\t')
            n++;
        if (n && !lc_variable_is_name(at, n))
            return lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, p->line,
                                   "-- migrate:vars takes names of letters, digits and _");
        if (n)
            rc = add_var(r->m, at, n);
        at += n ? n : 1;
    }
    return rc;
}

/* ENVSUB may be switched within a statement, which is the lines' affair: see expand.h. */
static void follow_envsub(struct reader *r, const char *p, size_t n)
{
    for (const char *end = p + n, *nl; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL;) {
        p = nl + 1;
        nl = memchr(p, '\n', (size_t)(end - p));
        (void)lc_split_is_envsub(p, (size_t)((nl ? nl : end) - p), &r->envsub);
        r->m->envsub = r->m->envsub || r->envsub;
    }
}

/*
 * A statement with the settings that hold now, and with a -- migrate:rederive before it. A SET
 * is kept as settings.
 */
static int take_statement(struct reader *r, const struct lc_piece *p)
{
    const struct lc_slice sql = {(const uint8_t *)r->f->text + p->at, p->n};
    struct lc_section_stmts *section = r->down || r->part == LC_FILE_DOWN ? &r->m->down : &r->m->up;
    struct lc_slice set;
    int rc;

    if (lc_session_is_set(sql, &set)) /* taken along with the statements behind it, not sent */
        return take_settings(r, set, p->line, true);
    if (r->part == LC_FILE_WHOLE && !r->up_line && !r->down_line && !r->stray)
        r->stray = p->line;
    rc = add_stmt(section, r->f->text, p);
    if (rc == 0)
        rc = lc_sql_settings_copy(&section->v[section->n - 1].settings, &r->settings);
    if (rc)
        return rc;
    section->v[section->n - 1].rederive = r->rederive_line != 0;
    section->v[section->n - 1].envsub = r->envsub;
    follow_envsub(r, (const char *)sql.p, sql.n);
    r->rederive_line = 0;
    return rc;
}

/*
 * dbmate and sql-migrate take several pairs of sections in a file, up, down, up, down: those of a kind are one, in
 * the order of the file, also on the way back. Two of a kind in a row are a slip, and goose takes one pair.
 */
static bool is_second(const struct reader *r, bool down)
{
    if (!(down ? r->down_line : r->up_line))
        return false;
    return r->m->marks & LC_MARKS_GOOSE || r->down == down;
}

/* -- migrate:up, -- migrate:down */
static int begin_section(struct reader *r, const struct lc_piece *p)
{
    bool down = p->kind == LC_PIECE_DOWN;
    uint64_t *line = down ? &r->down_line : &r->up_line;
    int rc = check_rederive(r);

    if (rc)
        return rc;
    if (r->part != LC_FILE_WHOLE)
        return lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, p->line,
                               "a file of an .up.sql and .down.sql pair has no sections");
    if (is_second(r, down))
        return lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, p->line,
                               "a second section -- migrate:%s (the first is at line %" PRIu64 ")",
                               down ? "down" : "up", *line);
    *line = p->line;
    r->down = down;
    lc_sql_settings_release(&r->settings); /* a section's hold to its end */
    return 0;
}

static int take_piece(struct reader *r, const struct lc_piece *p)
{
    struct lc_migration *m = r->m;
    int rc;

    switch (p->kind) {
    case LC_PIECE_STATEMENT:
        return take_statement(r, p);
    case LC_PIECE_REDERIVE:
        rc = check_rederive(r);
        r->rederive_line = p->line;
        return rc;
    case LC_PIECE_REQUIRES:
        return add_requires(r, p);
    case LC_PIECE_SETTINGS:
        return take_settings(r, p->arg, p->line, false);
    case LC_PIECE_ALLOW:
        if (r->down || r->part == LC_FILE_DOWN)
            return 0; /* a way back is asked for as such, and says nothing of the way there */
        free(m->allow_unsafe);
        m->allow_unsafe = strndup((const char *)p->arg.p, p->arg.n);
        return m->allow_unsafe ? 0 : LC_ERR_NOMEM;
    case LC_PIECE_VARS:
        return take_vars(r, p);
    case LC_PIECE_ENVSUB:
        (void)lc_split_is_envsub(r->f->text + p->at, p->n, &r->envsub);
        m->envsub = m->envsub || r->envsub;
        return 0;
    case LC_PIECE_UP:
    case LC_PIECE_DOWN:
        return begin_section(r, p);
    default:
        return 0;
    }
}

/*
 * What can be told only at the end of the file. A statement before the first mark belongs to no
 * section: whether there are sections at all is known only then.
 */
static int check_sections(const struct reader *r)
{
    if (r->part == LC_FILE_DOWN || r->down_line)
        r->m->has_down = true;
    if (r->stray && (r->up_line || r->down_line))
        return lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, r->stray,
                               "a statement is before the first section: put %s above it",
                               r->m->marks & LC_MARKS_GOOSE         ? "-- +goose Up"
                               : r->m->marks & LC_MARKS_SQL_MIGRATE ? "-- +migrate Up"
                                                                    : "-- migrate:up");
    if (r->part != LC_FILE_DOWN && r->m->up.n == 0)
        return lc_problems_add(r->problems, LC_PROBLEM_NOTE, r->f->path, r->up_line,
                               "contains no statement to apply: there is nothing to do");
    return 0;
}

/* A comment that was to mark a section, and is none: its statements would run with the others. */
static int check_near_mark(const struct reader *r, const struct lc_split *script)
{
    const struct lc_near_mark *near =
        lc_way_back_find(script, r->f->text, r->part == LC_FILE_WHOLE);

    if (!near)
        return 0;
    return lc_problems_add(
        r->problems, LC_PROBLEM_FILE, r->f->path, near->line,
        "\"%s\" looks like the mark of a section but is not one: what follows would run with "
        "what is above it; write -- migrate:up or -- migrate:down, at the beginning of a line",
        near->text);
}

static bool has_utf16_bom(const struct lc_migration_file *f)
{
    const unsigned char *p = (const unsigned char *)f->text;

    return f->n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff));
}

/* What is wrong with a statement of the way back does not keep the way there from being run. */
static int check_statements(const struct reader *r, const struct lc_section_stmts *s,
                            enum lc_problem_section section)
{
    size_t before = r->problems->n;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->n; i++)
        rc = lc_file_check_statement(&s->v[i], r->f->path, r->problems);
    lc_problems_place(r->problems, before, r->m->version, section);
    return rc;
}

/* Take the pieces of the file's text into r->m. */
static int take_script(struct reader *r, const struct lc_split *script)
{
    int rc;

    r->m->marks |= script->marks;
    rc = check_near_mark(r, script);
    if (rc == 0 && script->n > LC_MAX_MIGRATION_STMTS)
        return lc_problems_add(r->problems, LC_PROBLEM_FILE, r->f->path, 0,
                               "has more than %u statements", LC_MAX_MIGRATION_STMTS);
    for (size_t i = 0; rc == 0 && i < script->n; i++)
        rc = take_piece(r, &script->v[i]);
    if (rc == 0)
        rc = check_rederive(r);
    if (rc == 0)
        rc = check_sections(r);
    if (rc == 0 && r->part != LC_FILE_DOWN)
        rc = check_statements(r, &r->m->up, LC_PROBLEM_OF_UP);
    if (rc == 0 && r->part != LC_FILE_UP)
        rc = check_statements(r, &r->m->down, LC_PROBLEM_OF_DOWN);
    return rc;
}

static int load_text(struct lc_migration *m, struct lc_migration_file *f, enum lc_file_part part,
                     struct lc_problems *problems)
{
    struct reader r = {.m = m, .f = f, .part = part, .problems = problems};
    struct lc_split script = {0};
    struct lc_error err = LC_ERROR_INIT;
    int rc = read_file(f, problems);

    /* A file that could not be read is a problem already. */
    if (rc || !f->text)
        return rc;
    if (has_utf16_bom(f))
        return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, 0,
                               "is UTF-16: save it as UTF-8");
    rc = lc_split_split(&script, f->text, f->n, &err);
    if (rc == LC_ERR_INPUT)
        return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, err.row + 1, "%s", err.msg);
    if (rc == 0)
        rc = take_script(&r, &script);
    lc_sql_settings_release(&r.settings);
    lc_split_release(&script);
    return rc;
}

/* What is wrong with what it holds is of no matter once it is applied: the version is noted. */
int lc_file_load(struct lc_migration *m, struct lc_migration_file *f, enum lc_file_part part,
                 struct lc_problems *problems)
{
    size_t before = problems->n;
    int rc = load_text(m, f, part, problems);

    lc_problems_place(problems, before, m->version,
                      part == LC_FILE_UP     ? LC_PROBLEM_OF_UP
                      : part == LC_FILE_DOWN ? LC_PROBLEM_OF_DOWN
                                             : LC_PROBLEM_OF_BOTH);
    return rc;
}
