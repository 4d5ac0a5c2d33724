/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/files.h"

#include "cli/sql/session_statement.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum part { PART_WHOLE, PART_UP, PART_DOWN };

enum { DATE_DIGITS = 8 }; /* a number that needs no name: 20260131, or a Unix time */

/* A file name taken apart. */
struct parsed_name {
    uint64_t version;
    const char *digits;
    size_t digits_n;
    const char *name;
    size_t name_n;
    enum part part;
};

int lc_problems_add(struct lc_problems *p, enum lc_problem_kind kind, const char *file,
                    uint64_t line, const char *fmt, ...)
{
    struct lc_problem one = {.kind = kind, .line = line};
    va_list ap;
    int rc;

    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 8;
        struct lc_problem *v = realloc(p->v, cap * sizeof *v);

        if (!v)
            return LC_ERR_NOMEM;
        p->v = v;
        p->cap = cap;
    }
    va_start(ap, fmt);
    rc = vasprintf(&one.text, fmt, ap);
    va_end(ap);
    if (rc < 0)
        return LC_ERR_NOMEM;
    one.file = strdup(file);
    if (!one.file) {
        free(one.text);
        return LC_ERR_NOMEM;
    }
    p->v[p->n++] = one;
    return 0;
}

void lc_problems_release(struct lc_problems *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->v[i].file);
        free(p->v[i].text);
    }
    free(p->v);
    *p = (struct lc_problems){0};
}

bool lc_version_parse(const char *p, size_t n, uint64_t *version)
{
    uint64_t v = 0;

    if (n == 0 || n > 18)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(p[i] - '0');
    }
    *version = v;
    return v != 0;
}

bool lc_variable_is_name(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool letter = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_';

        if (!letter && !(i > 0 && p[i] >= '0' && p[i] <= '9'))
            return false;
    }
    return n > 0;
}

static bool ends_with(const char *s, size_t n, const char *tail)
{
    size_t t = strlen(tail);

    return n >= t && memcmp(s + n - t, tail, t) == 0;
}

/* False where the name is not NNNN_name[.up|.down].sql. */
static bool parse_name(const char *file, struct parsed_name *out)
{
    size_t n = strlen(file) - strlen(".sql");
    size_t d = 0;

    *out = (struct parsed_name){.digits = file};
    if (ends_with(file, n, ".up")) {
        out->part = PART_UP;
        n -= strlen(".up");
    } else if (ends_with(file, n, ".down")) {
        out->part = PART_DOWN;
        n -= strlen(".down");
    }
    while (d < n && file[d] >= '0' && file[d] <= '9')
        d++;
    out->digits_n = d;
    if (d == n && d >= DATE_DIGITS) {
        out->name = file;
        out->name_n = d;
        return lc_version_parse(file, d, &out->version);
    }
    if (d == n || file[d] != '_' || d + 1 >= n)
        return false;
    for (size_t i = d; i < n; i++) {
        if ((unsigned char)file[i] < 0x20 || file[i] == 0x7f)
            return false;
    }
    out->name = file + d + 1;
    out->name_n = n - d - 1;
    return lc_version_parse(file, d, &out->version);
}

/* "0003_x.undo": what other tools call the way back would run as the way there. */
static bool is_way_back(const struct parsed_name *name)
{
    static const char *const ends[] = {".down", ".undo", ".rollback", ".revert", NULL};

    for (size_t i = 0; ends[i]; i++) {
        size_t n = strlen(ends[i]);

        if (name->name_n > n && strncasecmp(name->name + name->name_n - n, ends[i], n) == 0)
            return true;
    }
    return false;
}

/* 0000_name.sql: a number, and none that a version may have. */
static bool is_zero(const char *file)
{
    size_t n = strspn(file, "0");

    return n > 0 && (file[n] == '_' || strcmp(file + n, ".sql") == 0);
}

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

static int add_requires(struct lc_migration *m, const struct lc_piece *p, const char *path,
                        struct lc_problems *problems)
{
    uint64_t version, *v;
    char shown[64];

    if (!lc_version_parse((const char *)p->arg.p, p->arg.n, &version))
        return lc_problems_add(problems, LC_PROBLEM_FILE, path, p->line,
                               "-- migrate:requires wants one version, not \"%s\"",
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

/* What looks right and does not do what it says. */
static int check_statement(const struct lc_migration_stmt *s, const char *path,
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
        return lc_problems_add(problems, LC_PROBLEM_FILE, path, s->line,
                               "EXECUTE AS without a statement has no effect here, since each "
                               "statement is sent by itself: write the statement behind the user");
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

/* The two sections of a file, by the line of their directives (0: none). */
struct sections {
    uint64_t up_line, down_line;
    bool down;      /* the one being read */
    uint64_t stray; /* line of a statement before -- migrate:up, in a file that has sections */
    uint64_t rederive_line;          /* of a -- migrate:rederive whose statement is still to come */
    struct lc_sql_settings settings; /* that hold now */
};

/* A directive that was read, and no statement after it, before something else comes. */
static int check_rederive(struct sections *s, const char *path, struct lc_problems *problems)
{
    uint64_t line = s->rederive_line;

    s->rederive_line = 0;
    return line ? lc_problems_add(problems, LC_PROBLEM_FILE, path, line,
                                  "-- migrate:rederive is before no statement")
                : 0;
}

static int take_settings(struct sections *s, struct lc_slice text, const char *path, uint64_t line,
                         struct lc_problems *problems)
{
    char shown[64];
    int rc = lc_sql_settings_read(&s->settings, (const char *)text.p, text.n);

    if (rc != LC_ERR_INPUT)
        return rc;
    return lc_problems_add(problems, LC_PROBLEM_FILE, path, line,
                           "settings are written name = value, with commas between, not \"%s\"",
                           lc_printable(text.p, text.n, shown, sizeof shown));
}

/* Names with commas or blanks between. */
static int take_vars(struct lc_migration *m, const struct lc_piece *p, const char *path,
                     struct lc_problems *problems)
{
    const char *at = (const char *)p->arg.p, *end = at + p->arg.n;

    while (at < end) {
        size_t n = 0;
        char **v;

        while (at + n < end && at[n] != ',' && at[n] != ' ' && at[n] != '\t')
            n++;
        if (n && !lc_variable_is_name(at, n))
            return lc_problems_add(problems, LC_PROBLEM_FILE, path, p->line,
                                   "-- migrate:vars wants names of letters, digits and _");
        v = n ? realloc(m->vars, (m->vars_n + 1) * sizeof *v) : NULL;
        if (n && !v)
            return LC_ERR_NOMEM;
        if (n) {
            m->vars = v;
            v[m->vars_n] = strndup(at, n);
            if (!v[m->vars_n++])
                return LC_ERR_NOMEM;
        }
        at += n ? n : 1;
    }
    return 0;
}

static int take_piece(struct lc_migration *m, const struct lc_migration_file *f, enum part part,
                      const struct lc_piece *p, struct sections *s, struct lc_problems *problems)
{
    struct lc_section_stmts *section = s->down || part == PART_DOWN ? &m->down : &m->up;
    struct lc_slice set;
    uint64_t *line;
    int rc;

    switch (p->kind) {
    case LC_PIECE_STATEMENT:
        if (lc_session_is_set((struct lc_slice){(const uint8_t *)f->text + p->at, p->n}, &set))
            return take_settings(s, set, f->path, p->line, problems);
        if (part == PART_WHOLE && !s->up_line && !s->down_line && !s->stray)
            s->stray = p->line;
        rc = add_stmt(section, f->text, p);
        if (rc == 0)
            rc = lc_sql_settings_copy(&section->v[section->n - 1].settings, &s->settings);
        if (rc == 0)
            section->v[section->n - 1].rederive = s->rederive_line != 0;
        s->rederive_line = 0;
        return rc;
    case LC_PIECE_REDERIVE:
        rc = check_rederive(s, f->path, problems);
        s->rederive_line = p->line;
        return rc;
    case LC_PIECE_REQUIRES:
        return add_requires(m, p, f->path, problems);
    case LC_PIECE_SETTINGS:
        return take_settings(s, p->arg, f->path, p->line, problems);
    case LC_PIECE_ALLOW:
        free(m->allow_unsafe);
        m->allow_unsafe = strndup((const char *)p->arg.p, p->arg.n);
        return m->allow_unsafe ? 0 : LC_ERR_NOMEM;
    case LC_PIECE_VARS:
        return take_vars(m, p, f->path, problems);
    case LC_PIECE_ENVSUB:
        m->envsub = true;
        return 0;
    case LC_PIECE_UP:
    case LC_PIECE_DOWN:
        rc = check_rederive(s, f->path, problems);
        if (rc)
            return rc;
        if (part != PART_WHOLE)
            return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, p->line,
                                   "a file of an .up.sql and .down.sql pair has no sections");
        line = p->kind == LC_PIECE_DOWN ? &s->down_line : &s->up_line;
        if (*line)
            return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, p->line,
                                   "a second section -- migrate:%s (the first is at line %" PRIu64
                                   ")",
                                   p->kind == LC_PIECE_DOWN ? "down" : "up", *line);
        *line = p->line;
        s->down = p->kind == LC_PIECE_DOWN;
        lc_sql_settings_release(&s->settings); /* a section's hold to its end */
        return 0;
    default:
        return 0;
    }
}

static int check_sections(struct lc_migration *m, const struct lc_migration_file *f, enum part part,
                          const struct sections *s, struct lc_problems *problems)
{
    if (part == PART_DOWN || s->down_line)
        m->has_down = true;
    if (s->stray && (s->up_line || s->down_line))
        return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, s->stray,
                               "a statement is before the first section: put %s above it",
                               m->marks & LC_MARKS_GOOSE         ? "-- +goose Up"
                               : m->marks & LC_MARKS_SQL_MIGRATE ? "-- +migrate Up"
                                                                 : "-- migrate:up");
    if (part != PART_DOWN && m->up.n == 0)
        return lc_problems_add(problems, LC_PROBLEM_NOTE, f->path, s->up_line,
                               "holds no statement to apply: there is nothing to do");
    return 0;
}

/* Does a statement, or a part of one, come behind it? */
static bool has_code_behind(const struct lc_split *script, size_t at)
{
    for (size_t i = script->n; i-- > 0;) {
        const struct lc_piece *p = &script->v[i];

        if (p->kind == LC_PIECE_STATEMENT)
            return p->at + p->n > at;
    }
    return false;
}

/*
 * A comment that was to mark a section, and is none: its statements would run with the others. Where
 * all of them are comments too ("-- Rollback:", "-- DROP TABLE t") it does no harm.
 */
static int check_near_mark(const struct lc_split *script, const char *path, enum part part,
                           struct lc_problems *problems)
{
    const struct lc_near_mark *near = &script->near;

    if (!near->line || (near->bare && (part != PART_WHOLE || !has_code_behind(script, near->at))))
        return 0;
    return lc_problems_add(
        problems, LC_PROBLEM_FILE, path, near->line,
        "\"%s\" looks like the mark of a section, and is none: what follows would "
        "be run with what is above it; write -- migrate:up or -- migrate:down, "
        "at the beginning of a line",
        near->text);
}

static bool has_utf16_bom(const struct lc_migration_file *f)
{
    const unsigned char *p = (const unsigned char *)f->text;

    return f->n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff));
}

/* Read one file and take its statements into m. */
static int load_text(struct lc_migration *m, struct lc_migration_file *f, enum part part,
                     struct lc_problems *problems)
{
    struct lc_split script = {0};
    struct sections s = {0};
    struct lc_error err = LC_ERROR_INIT;
    int rc = read_file(f, problems);

    if (rc || !f->text)
        return rc;
    if (has_utf16_bom(f))
        return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, 0,
                               "is UTF-16: save it as UTF-8");
    rc = lc_split_split(&script, f->text, f->n, &err);
    if (rc == LC_ERR_INPUT)
        return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, err.row + 1, "%s", err.msg);
    m->marks |= script.marks;
    if (rc == 0)
        rc = check_near_mark(&script, f->path, part, problems);
    if (rc == 0 && script.n > LC_MAX_MIGRATION_STMTS) {
        lc_split_release(&script);
        return lc_problems_add(problems, LC_PROBLEM_FILE, f->path, 0, "has more than %u statements",
                               LC_MAX_MIGRATION_STMTS);
    }
    for (size_t i = 0; rc == 0 && i < script.n; i++)
        rc = take_piece(m, f, part, &script.v[i], &s, problems);
    if (rc == 0)
        rc = check_rederive(&s, f->path, problems);
    if (rc == 0)
        rc = check_sections(m, f, part, &s, problems);
    for (size_t i = 0; rc == 0 && part != PART_DOWN && i < m->up.n; i++)
        rc = check_statement(&m->up.v[i], f->path, problems);
    for (size_t i = 0; rc == 0 && part != PART_UP && i < m->down.n; i++)
        rc = check_statement(&m->down.v[i], f->path, problems);
    lc_sql_settings_release(&s.settings);
    lc_split_release(&script);
    return rc;
}

/* What is wrong with what it holds is of no matter once it is applied. */
static int load_file(struct lc_migration *m, struct lc_migration_file *f, enum part part,
                     struct lc_problems *problems)
{
    size_t before = problems->n;
    int rc = load_text(m, f, part, problems);

    for (size_t i = before; i < problems->n; i++)
        problems->v[i].version = m->version;
    return rc;
}

static struct lc_migration *find_version(struct lc_migrations *all, uint64_t version)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->v[i].version == version)
            return &all->v[i];
    }
    return NULL;
}

static struct lc_migration *add_migration(struct lc_migrations *all, const struct parsed_name *name)
{
    struct lc_migration *v = realloc(all->v, (all->n + 1) * sizeof *v);
    struct lc_migration *m;

    if (!v)
        return NULL;
    all->v = v;
    m = &v[all->n];
    *m = (struct lc_migration){.version = name->version, .pair = name->part != PART_WHOLE};
    m->version_text = strndup(name->digits, name->digits_n);
    m->name = strndup(name->name, name->name_n);
    all->n++;
    return m->version_text && m->name ? m : NULL;
}

static bool same_name(const struct lc_migration *m, const struct parsed_name *name)
{
    return strlen(m->name) == name->name_n && memcmp(m->name, name->name, name->name_n) == 0;
}

/* Put one *.sql file of the directory where it belongs. */
static int take_file(struct lc_migrations *all, const char *file)
{
    struct parsed_name name;
    struct lc_migration *m;
    struct lc_migration_file *f;
    char *path;
    int rc;

    if (asprintf(&path, "%s/%s", all->dir, file) < 0)
        return LC_ERR_NOMEM;
    if (!parse_name(file, &name)) {
        char shown[256];

        rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE,
                             lc_printable(path, strlen(path), shown, sizeof shown), 0, "%s",
                             is_zero(file) ? "has the version 0: versions are numbers from 1"
                                           : "is no name of a migration: NNNN_name.sql is, or "
                                             "NNNN_name.up.sql with NNNN_name.down.sql");
        goto done;
    }
    m = find_version(all, name.version);
    if (m) {
        bool other_half = m->pair && name.part != PART_WHOLE && same_name(m, &name) &&
                          !(name.part == PART_UP ? m->file.path : m->down_file.path);

        if (!other_half) {
            const char *first = lc_migration_path(m, false);

            rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, path, 0, "has the version of %s",
                                 first);
            goto done;
        }
    } else {
        m = add_migration(all, &name);
        rc = LC_ERR_NOMEM;
        if (!m)
            goto done;
    }
    f = name.part == PART_DOWN ? &m->down_file : &m->file;
    f->path = path;
    rc = load_file(m, f, name.part, &all->problems);
    if (rc == 0 && is_way_back(&name)) {
        rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, path, 0,
                             "is the way back by its name, and would be applied: "
                             "NNNN_name.down.sql next to NNNN_name.up.sql is read as one");
        if (rc == 0)
            all->problems.v[all->problems.n - 1].version = name.version;
    }
    return rc;
done:
    free(path);
    return rc;
}

static int is_sql(const struct dirent *e)
{
    return e->d_name[0] != '.' && ends_with(e->d_name, strlen(e->d_name), ".sql");
}

static int by_version(const void *a, const void *b)
{
    const struct lc_migration *x = a, *y = b;

    return x->version < y->version ? -1 : x->version > y->version;
}

/* Numbers that count up from the first must not leave one out; time stamps may. */
#define COUNTED_DIGITS 7

static int check_gaps(struct lc_migrations *all)
{
    for (size_t i = 1; i < all->n; i++) {
        const struct lc_migration *a = &all->v[i - 1], *b = &all->v[i];
        int rc;

        if (strlen(b->version_text) > COUNTED_DIGITS || b->version == a->version + 1)
            continue;
        rc = lc_problems_add(&all->problems, LC_PROBLEM_GAP, lc_migration_path(b, false), 0,
                             "follows version %s: %" PRIu64 " is missing", a->version_text,
                             a->version + 1);
        if (rc)
            return rc;
    }
    return 0;
}

static int check_halves(struct lc_migrations *all)
{
    for (size_t i = 0; i < all->n; i++) {
        int rc = 0;

        if (!all->v[i].file.path)
            rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, all->v[i].down_file.path, 0,
                                 "has no .up.sql next to it");
        if (rc)
            return rc;
    }
    return 0;
}

/* A problem of that file that was just noted is the version's. */
static void mark_version(struct lc_problems *p, const char *path, uint64_t version)
{
    if (p->n && !p->v[p->n - 1].version && p->v[p->n - 1].kind == LC_PROBLEM_FILE &&
        strcmp(p->v[p->n - 1].file, path) == 0)
        p->v[p->n - 1].version = version;
}

/* Where the walk by need is: a migration, and which of its needs is next. */
struct walk {
    size_t i, need;
};

/* The next need of w that is to be placed first; all->n: none is left. */
static int next_need(struct lc_migrations *all, struct walk *w, const char *state, size_t *out)
{
    const struct lc_migration *m = &all->v[w->i];
    const char *path = lc_migration_path(m, false);
    int rc = 0;

    *out = all->n;
    while (rc == 0 && *out == all->n && w->need < m->requires_n) {
        uint64_t version = m->requires[w->need++];
        struct lc_migration *need = find_version(all, version);
        size_t at = need ? (size_t)(need - all->v) : 0;

        if (!need)
            rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, path, 0,
                                 "requires version %" PRIu64 ", which is not in %s", version,
                                 all->dir);
        else if (state[at] == 1)
            rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, path, 0,
                                 "requires version %s, which in turn requires it",
                                 need->version_text);
        else if (state[at] == 0)
            *out = at;
        mark_version(&all->problems, path, m->version);
    }
    return rc;
}

/*
 * Depth first by need, on a stack of its own, since a chain is as long as there are files: state 1
 * is on the way, 2 is placed.
 */
static int place(struct lc_migrations *all, size_t i, char *state, struct walk *stack,
                 size_t *order, size_t *placed)
{
    size_t depth = 0;

    stack[depth++] = (struct walk){.i = i};
    state[i] = 1;
    while (depth) {
        struct walk *w = &stack[depth - 1];
        size_t need;
        int rc = next_need(all, w, state, &need);

        if (rc)
            return rc;
        if (need < all->n) {
            stack[depth++] = (struct walk){.i = need};
            state[need] = 1;
            continue;
        }
        state[w->i] = 2;
        order[(*placed)++] = w->i;
        depth--;
    }
    return 0;
}

static int order_by_need(struct lc_migrations *all)
{
    char *state = calloc(all->n + 1, 1);
    size_t *order = calloc(all->n + 1, sizeof *order);
    struct walk *stack = calloc(all->n + 1, sizeof *stack);
    struct lc_migration *v = calloc(all->n + 1, sizeof *v);
    size_t placed = 0;
    int rc = state && order && stack && v ? 0 : LC_ERR_NOMEM;

    for (size_t i = 0; rc == 0 && i < all->n; i++) {
        if (state[i] == 0)
            rc = place(all, i, state, stack, order, &placed);
    }
    if (rc == 0) {
        for (size_t i = 0; i < all->n; i++)
            v[i] = all->v[order[i]];
        free(all->v);
        all->v = v;
        v = NULL;
    }
    free(state);
    free(order);
    free(stack);
    free(v);
    return rc;
}

int lc_migrations_scan(struct lc_migrations *out, const char *dir, struct lc_error *err)
{
    struct dirent **entries = NULL;
    int n, rc = 0;

    *out = (struct lc_migrations){0};
    out->dir = strdup(dir ? dir : "migrations");
    if (!out->dir)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the migrations");
    n = scandir(out->dir, &entries, is_sql, alphasort);
    if (n < 0) {
        rc = lc_fail(err, LC_ERR_IO, "cannot read the migrations directory %s: %s", out->dir,
                     strerror(errno));
        lc_hint(err, "name it with --migrations-dir, or begin one with: livecol new NAME");
        lc_migrations_release(out);
        return rc;
    }
    for (int i = 0; i < n; i++) {
        if (rc == 0)
            rc = take_file(out, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (rc == 0 && out->n)
        qsort(out->v, out->n, sizeof *out->v, by_version);
    if (rc == 0)
        rc = check_gaps(out);
    if (rc == 0)
        rc = check_halves(out);
    if (rc == 0)
        rc = order_by_need(out);
    if (rc) {
        lc_migrations_release(out);
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the migrations");
    }
    return 0;
}

bool lc_migrations_none(const void *ctx, uint64_t version)
{
    (void)ctx;
    (void)version;
    return false;
}

int lc_migrations_check(const struct lc_migrations *m, bool strict,
                        bool (*runs)(const void *ctx, uint64_t version), const void *ctx,
                        struct lc_error *err)
{
    const struct lc_problem *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < m->problems.n; i++) {
        const struct lc_problem *p = &m->problems.v[i];

        if (p->kind == LC_PROBLEM_NOTE || (p->kind == LC_PROBLEM_GAP && !strict) ||
            (p->version && runs && !runs(ctx, p->version)))
            continue;
        if (!first)
            first = p;
        n++;
    }
    if (!first)
        return 0;
    if (first->line)
        lc_fail_at(err, LC_ERR_INPUT, 0, first->line - 1, "%s:%" PRIu64 ": %s", first->file,
                   first->line, first->text);
    else
        lc_fail(err, LC_ERR_INPUT, "%s: %s", first->file, first->text);
    if (n > 1)
        lc_hint(err, "there are %zu more problems: livecol validate lists them", n - 1);
    else if (first->kind == LC_PROBLEM_GAP)
        lc_hint(err, "add the missing file, or run without --strict");
    return LC_ERR_INPUT;
}

/* The text with \n, or with \r\n, as its line ends; NULL: no memory. */
static char *with_line_ends(const char *p, size_t n, bool crlf, size_t *out_n)
{
    char *out = malloc(2 * n + 1), *o = out;

    for (size_t i = 0; out && i < n; i++) {
        if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
            continue;
        if (p[i] == '\n' && crlf)
            *o++ = '\r';
        *o++ = p[i];
    }
    *out_n = out ? (size_t)(o - out) : 0;
    return out;
}

struct lc_text_match lc_text_matches(const char *p, size_t n, const char *sha256)
{
    struct lc_text_match m = {false, false};
    char hash[LC_SHA256_HEX];

    m.same = lc_sha256_hex(p, n, hash) == 0 && strcmp(hash, sha256) == 0;
    for (int crlf = 0; crlf < 2 && !m.same && !m.line_ends; crlf++) {
        size_t other_n;
        char *other = with_line_ends(p, n, crlf, &other_n);

        m.line_ends =
            other && lc_sha256_hex(other, other_n, hash) == 0 && strcmp(hash, sha256) == 0;
        free(other);
    }
    return m;
}

const struct lc_migration *lc_migrations_find(const struct lc_migrations *m, uint64_t version)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->v[i].version == version)
            return &m->v[i];
    }
    return NULL;
}

const char *lc_migration_sha256(const struct lc_migration *m, bool down)
{
    return down && m->pair ? m->down_file.sha256 : m->file.sha256;
}

const struct lc_section_stmts *lc_migration_section(const struct lc_migration *m, bool down)
{
    return down ? &m->down : &m->up;
}

const char *lc_migration_path(const struct lc_migration *m, bool down)
{
    return (down && m->pair) || !m->file.path ? m->down_file.path : m->file.path;
}

/* Which marks a form may have; whether its sections are files. */
static const struct {
    const char *name;
    unsigned marks;
    bool pairs, plain;
} formats[] = {
    {"livecol", LC_MARKS_LIVECOL, true, true},
    {"goose", LC_MARKS_GOOSE, false, false},
    {"dbmate", LC_MARKS_LIVECOL | LC_MARKS_DBMATE, false, false},
    {"sql-migrate", LC_MARKS_SQL_MIGRATE, false, false},
    {"golang-migrate", 0, true, true},
    {"clickhouse-migrations", 0, false, true},
};

int lc_migrations_force(struct lc_migrations *m, const char *format, struct lc_error *err)
{
    size_t f = 0, n = sizeof formats / sizeof *formats;
    int rc = 0;

    while (f < n && strcmp(formats[f].name, format) != 0)
        f++;
    if (f == n)
        return lc_fail(err, LC_ERR_USAGE,
                       "--format takes livecol, goose, dbmate, sql-migrate, golang-migrate or "
                       "clickhouse-migrations, not \"%.40s\"",
                       format);
    for (size_t i = 0; rc == 0 && i < m->n; i++) {
        const struct lc_migration *one = &m->v[i];
        bool plain = one->marks == 0 && !one->pair;

        if ((one->marks & ~formats[f].marks) || (one->pair && !formats[f].pairs) ||
            (plain && !formats[f].plain))
            rc = lc_problems_add(&m->problems, LC_PROBLEM_FILE, lc_migration_path(one, false), 0,
                                 "is not in the form of %s, which --format says", format);
    }
    return rc ? lc_no_memory(err) : 0;
}

static void release_file(struct lc_migration_file *f)
{
    free(f->path);
    free(f->text);
}

static void release_section(struct lc_section_stmts *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->v[i].filled);
        lc_sql_settings_release(&s->v[i].settings);
    }
    free(s->v);
}

void lc_migrations_release(struct lc_migrations *m)
{
    for (size_t i = 0; i < m->n; i++) {
        struct lc_migration *one = &m->v[i];

        release_file(&one->file);
        release_file(&one->down_file);
        free(one->version_text);
        free(one->name);
        release_section(&one->up);
        release_section(&one->down);
        free(one->allow_unsafe);
        for (size_t k = 0; k < one->vars_n; k++)
            free(one->vars[k]);
        free(one->vars);
        free(one->requires);
    }
    free(m->v);
    free(m->dir);
    lc_problems_release(&m->problems);
    *m = (struct lc_migrations){0};
}
