/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder, in three steps: each *.sql file is known by its name and joined to the other half
 * of its pair; its text is read and split (file_text.c); the whole is put in order
 * (file_order.c). What is wrong on the way is a problem in the list and does not end the scan,
 * so that `livecol validate` shows all of it. lc_migrations_check makes an error of the first
 * problem that concerns a run.
 */
#include "cli/migrate/files.h"

#include "base/format.h"
#include "cli/migrate/file_order.h"
#include "cli/migrate/file_text.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* lc_migrations_find, for one that is to be changed. */
static struct lc_migration *find_version(struct lc_migrations *all, uint64_t version)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->v[i].version == version)
            return &all->v[i];
    }
    return NULL;
}

/*
 * A migration of that name, without its file; valid until the next one is added. NULL: no
 * memory. It is counted before its texts are known to be there, so that lc_migrations_release
 * frees what is.
 */
static struct lc_migration *add_migration(struct lc_migrations *all,
                                          const struct lc_file_name *name)
{
    struct lc_migration *v = realloc(all->v, (all->n + 1) * sizeof *v);
    struct lc_migration *m;

    if (!v)
        return NULL;
    all->v = v;
    m = &v[all->n];
    *m = (struct lc_migration){.version = name->version, .pair = name->part != LC_FILE_WHOLE};
    m->version_text = strndup(name->digits, name->digits_n);
    m->name = strndup(name->name, name->name_n);
    all->n++;
    return m->version_text && m->name ? m : NULL;
}

/* 0001_a.up.sql and 0001_b.down.sql share a number, and are no pair. */
static bool same_name(const struct lc_migration *m, const struct lc_file_name *name)
{
    return strlen(m->name) == name->name_n && memcmp(m->name, name->name, name->name_n) == 0;
}

/*
 * Is the file the other half of the migration: .up.sql and .down.sql, or a file without sections and its .down.sql? Each
 * is there once.
 */
static bool is_other_half(const struct lc_migration *m, const struct lc_file_name *name)
{
    if (!same_name(m, name))
        return false;
    if (name->part == LC_FILE_DOWN)
        return m->file.path && !m->down_file.path && (m->pair || !m->marks);
    return m->pair && !m->file.path;
}

/* It is read as the way there, though its name says that it is the way back. */
static int check_way_back(struct lc_migrations *all, const char *path,
                          const struct lc_file_name *name)
{
    int rc = 0;

    if (!lc_file_name_is_way_back(name))
        return 0;
    rc = lc_problems_add(
        &all->problems, LC_PROBLEM_FILE, path, 0,
        "is a down migration by its name, but would be applied: NNNN_name.down.sql next to "
        "NNNN_name.up.sql is read as one");
    if (rc == 0)
        all->problems.v[all->problems.n - 1].version = name->version;
    return rc;
}

/*
 * Put one *.sql file of the directory where it belongs. 0 or LC_ERR_NOMEM: a name that is none,
 * or a version that is taken, is a problem, and the file is not read.
 */
static int take_file(struct lc_migrations *all, const char *file)
{
    struct lc_file_name name;
    struct lc_migration *m;
    struct lc_migration_file *f;
    char *path;
    int rc;

    if (asprintf(&path, "%s/%s", all->dir, file) < 0)
        return LC_ERR_NOMEM;
    if (!lc_file_name_parse(file, &name)) {
        char shown[256];

        rc = lc_problems_add(
            &all->problems, LC_PROBLEM_FILE, lc_printable(path, strlen(path), shown, sizeof shown),
            0, "%s",
            lc_file_name_is_zero(file)
                ? "has the version 0: versions are numbers from 1"
                : "is not the name of a migration: use NNNN_name.sql, or NNNN_name.up.sql with "
                  "NNNN_name.down.sql");
        goto done;
    }
    m = find_version(all, name.version);
    if (m) {
        if (!is_other_half(m, &name)) {
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
    if (name.part == LC_FILE_WHOLE && m->pair) /* NNNN_name.sql, whose .down.sql has been read */
        name.part = LC_FILE_UP;
    m->pair = name.part != LC_FILE_WHOLE;
    f = name.part == LC_FILE_DOWN ? &m->down_file : &m->file;
    f->path = path; /* the migration's from here on, whatever comes */
    rc = lc_file_load(m, f, name.part, &all->problems);
    return rc ? rc : check_way_back(all, path, &name);
done:
    free(path);
    return rc;
}

/*
 * scandir's filter. Hidden files, such as an editor's, are left alone. 0001_a.SQL is a migration to who
 * wrote it, and so is a folder 0001_a, which may hold an up.sql: take_entry looks.
 */
static int is_candidate(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    if (e->d_name[0] == '.')
        return 0;
    return (n >= 4 && strcasecmp(e->d_name + n - 4, ".sql") == 0) ||
           (e->d_name[0] >= '0' && e->d_name[0] <= '9' && !strchr(e->d_name, '.'));
}

/* What only looks like a migration is a problem: left out in silence, it would be missed. */
static int take_entry(struct lc_migrations *all, const char *name)
{
    const char *what = "a migration's name ends in .sql, in small letters";
    char shown[256], *path;
    bool missed = true;
    int rc;

    if (lc_file_name_ends(name, strlen(name), ".sql"))
        return take_file(all, name);
    if (!strchr(name, '.')) {
        what = "migrations are files of one folder: NNNN_name.up.sql, not NNNN_name/up.sql";
        if (asprintf(&path, "%s/%s/up.sql", all->dir, name) < 0)
            return LC_ERR_NOMEM;
        missed = access(path, F_OK) == 0;
        free(path);
    }
    if (!missed)
        return 0;
    if (asprintf(&path, "%s/%s", all->dir, name) < 0)
        return LC_ERR_NOMEM;
    rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE,
                         lc_printable(path, strlen(path), shown, sizeof shown), 0, "%s", what);
    free(path);
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
    /*
     * By name, so that the same folder always gives the same list of problems. Versions are
     * sorted later: "10_a.sql" is before "9_b.sql" here.
     */
    n = scandir(out->dir, &entries, is_candidate, alphasort);
    if (n < 0) {
        rc = lc_fail(err, LC_ERR_IO, "cannot read the migrations directory %s: %s", out->dir,
                     strerror(errno));
        lc_hint(err, "name it with --migrations-dir, or create one with: livecol new NAME");
        lc_migrations_release(out);
        return rc;
    }
    for (int i = 0; i < n; i++) {
        if (rc == 0)
            rc = take_entry(out, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (rc == 0)
        rc = lc_files_order(out);
    if (rc) {
        lc_migrations_release(out);
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the migrations");
    }
    return 0;
}

bool lc_migrations_none(const void *ctx, const struct lc_problem *p)
{
    (void)ctx;
    (void)p;
    return false;
}

int lc_migrations_check(const struct lc_migrations *m, bool strict,
                        bool (*runs)(const void *ctx, const struct lc_problem *p), const void *ctx,
                        struct lc_error *err)
{
    const struct lc_problem *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < m->problems.n; i++) {
        const struct lc_problem *p = &m->problems.v[i];

        /* A problem with a version is about a file's content: of no matter where it is not run. */
        if (p->kind == LC_PROBLEM_NOTE || (p->kind == LC_PROBLEM_GAP && !strict) ||
            (p->version && runs && !runs(ctx, p)))
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
        lc_hint(err, "there %s %zu more problem%s: livecol validate lists %s",
                n == 2 ? "is" : "are", n - 1, LC_S(n - 1), n == 2 ? "it, too" : "them");
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
    /* Applied from a checkout with \n and read from one with \r\n, or the other way round. */
    for (int crlf = 0; crlf < 2 && !m.same && !m.line_ends; crlf++) {
        size_t other_n;
        char *other = with_line_ends(p, n, crlf, &other_n);

        m.line_ends =
            other && lc_sha256_hex(other, other_n, hash) == 0 && strcmp(hash, sha256) == 0;
        free(other);
    }
    return m;
}

/* Which marks a form may have; whether its sections are files. */
static const struct {
    const char *name;
    unsigned marks;    /* enum lc_split_marks: those that a file may have */
    bool pairs, plain; /* may be .up.sql and .down.sql; may have no mark at all */
} formats[] = {
    {"livecol", LC_MARKS_LIVECOL, true, true},
    {"goose", LC_MARKS_GOOSE, false, false},
    {"dbmate", LC_MARKS_LIVECOL | LC_MARKS_DBMATE, false, false},
    {"sql-migrate", LC_MARKS_SQL_MIGRATE, false, false},
    {"golang-migrate", 0, true, true},
    {"clickhouse-migrations", 0, true, true},
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
