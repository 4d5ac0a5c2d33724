/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ${NAME} and ${NAME:-otherwise} are found in the text of a statement and replaced once: a value that
 * holds "${" itself is not looked at again. The statement then points at the filled text, while its
 * hash stays that of the file, so that another value does not make the file an edited one.
 */
#include "cli/migrate/variables.h"

#include "base/buf.h"
#include "cli/migrate/file_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The value of a --var NAME=VALUE; NULL: not given. Not copied. name has n bytes, without a
 * NUL.
 */
static const char *given_value(const struct lc_strings *given, const char *name, size_t n)
{
    const char *value = NULL;

    for (size_t i = 0; i < given->n; i++) {
        if (strncmp(given->v[i], name, n) == 0 && given->v[i][n] == '=')
            value = given->v[i] + n + 1; /* the last one given */
    }
    return value;
}

/* The value of prefix + name in the environment, which owns it; NULL: not set, or no memory. */
static const char *environment_value(const char *prefix, const char *name, size_t n)
{
    char *key;
    const char *value;

    if (asprintf(&key, "%s%.*s", prefix, (int)n, name) < 0)
        return NULL;
    value = getenv(key);
    free(key);
    return value;
}

const char *lc_variable_value(const struct lc_strings *given, const char *name, size_t n)
{
    const char *value = given_value(given, name, n);

    return value ? value : environment_value("LIVECOL_VAR_", name, n);
}

/*
 * Only a name of -- migrate:vars is a variable: ${x} of a text that says nothing stays as it
 * is.
 */
static bool is_declared(const struct lc_migration *m, const char *name, size_t n)
{
    for (size_t i = 0; i < m->vars_n; i++) {
        if (strlen(m->vars[i]) == n && memcmp(m->vars[i], name, n) == 0)
            return true;
    }
    return false;
}

/* --var first, then LIVECOL_VAR_name; with goose's ENVSUB also `name` itself. NULL: no value. */
static const char *value_of(const struct lc_migration *m, const struct lc_strings *given,
                            const char *name, size_t n)
{
    const char *value = NULL;

    if (is_declared(m, name, n))
        value = lc_variable_value(given, name, n);
    return value || !m->envsub ? value : environment_value("", name, n);
}

/* Where what is wrong is noted, and of which file. */
struct notes {
    struct lc_problems *problems;
    const char *path;
};

/*
 * One ${…} whose text between the braces is [p, end): append its value to out. A name that is
 * none, or that has no value and no default, becomes a problem; 0 or LC_ERR_NOMEM.
 */
static int fill_one(struct lc_buf *out, const struct lc_migration *m,
                    const struct lc_strings *given, const char *p, const char *end, uint64_t line,
                    const struct notes *notes)
{
    size_t n = (size_t)(end - p), name_n = 0;
    const char *value;

    while (name_n < n && p[name_n] != ':')
        name_n++;
    if (!lc_variable_is_name(p, name_n) || (!is_declared(m, p, name_n) && !m->envsub))
        return lc_problems_add(
            notes->problems, LC_PROBLEM_FILE, notes->path, line,
            "${%.*s} is not a variable of this file: declare it, -- migrate:vars %.*s", (int)n, p,
            (int)name_n, p);
    value = value_of(m, given, p, name_n);
    if (value)
        return lc_buf_adds(out, value);
    if (n > name_n + 1 && p[name_n + 1] == '-')
        return lc_buf_add(out, p + name_n + 2, n - name_n - 2);
    return lc_problems_add(notes->problems, LC_PROBLEM_FILE, notes->path, line,
                           "the variable %.*s has no value: --var %.*s=VALUE gives it one, or "
                           "LIVECOL_VAR_%.*s in the environment",
                           (int)name_n, p, (int)name_n, p, (int)name_n, p);
}

/* Append n bytes of text with their variables replaced. */
static int fill_text(struct lc_buf *out, const struct lc_migration *m,
                     const struct lc_strings *given, const char *p, size_t n, uint64_t line,
                     const struct notes *notes)
{
    const char *end = p + n;
    int rc = 0;

    while (rc == 0 && p < end) {
        const char *close =
            p[0] == '$' && p + 1 < end && p[1] == '{' ? memchr(p, '}', (size_t)(end - p)) : NULL;

        if (close) {
            rc = fill_one(out, m, given, p + 2, close, line, notes);
            p = close + 1;
        } else {
            line += *p == '\n';
            rc = lc_buf_add(out, p++, 1);
        }
    }
    return rc;
}

/* Make s->filled and let s point to it. s->sha256 stays the file's. */
static int fill(const struct lc_migration *m, struct lc_migration_stmt *s,
                const struct lc_strings *given, const struct notes *notes)
{
    struct lc_buf out;
    int rc;

    lc_buf_init(&out, LC_MAX_MIGRATION_BYTES * 2);
    rc = fill_text(&out, m, given, s->p, s->n, s->line, notes);
    if (rc == 0) {
        s->n = out.n;
        s->filled = lc_buf_detach(&out);
        s->p = s->filled;
        rc = s->filled ? 0 : LC_ERR_NOMEM;
    }
    lc_buf_release(&out);
    return rc;
}

static bool has_variable(const char *p, size_t n)
{
    return memmem(p, n, "${", 2) != NULL;
}

/* Nothing but one ${name}, as it can be written without quotes. */
static bool is_variable(const char *text)
{
    const char *close = strchr(text, '}');

    return strncmp(text, "${", 2) == 0 && close && !close[1];
}

/*
 * The values of the statement's settings. In a file without variables ${name} alone is a mistake, which
 * fill_one notes: no setting has such a value.
 */
static int fill_settings(const struct lc_migration *m, struct lc_migration_stmt *s,
                         const struct lc_strings *given, const struct notes *notes)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->settings.n; i++) {
        char **value = &s->settings.v[2 * i + 1];
        struct lc_buf out;
        char *filled;

        if (m->vars_n || m->envsub ? !has_variable(*value, strlen(*value)) : !is_variable(*value))
            continue;
        lc_buf_init(&out, LC_MAX_MIGRATION_BYTES);
        rc = fill_text(&out, m, given, *value, strlen(*value), s->line, notes);
        filled = rc ? NULL : out.n ? lc_buf_detach(&out) : strdup("");
        lc_buf_release(&out);
        if (rc || !filled)
            return rc ? rc : LC_ERR_NOMEM;
        free(*value);
        *value = filled;
    }
    return rc;
}

int lc_variables_fill(struct lc_migrations *all, const struct lc_strings *given)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < all->n; i++) {
        struct lc_migration *m = &all->v[i];
        struct lc_section_stmts *sections[] = {&m->up, &m->down};
        size_t before = all->problems.n;

        /* Without a word of it ${…} in a statement is what it is. */
        for (size_t k = 0; k < 2; k++) {
            const struct notes notes = {&all->problems, lc_migration_path(m, k == 1)};

            for (size_t j = 0; rc == 0 && j < sections[k]->n; j++) {
                struct lc_migration_stmt *s = &sections[k]->v[j];

                if ((m->vars_n || m->envsub) && has_variable(s->p, s->n))
                    rc = fill(m, s, given, &notes);
                rc = rc ? rc : fill_settings(m, s, given, &notes);
            }
        }
        /*
         * A variable without a value matters only where the file is run: see
         * lc_migrations_check.
         */
        for (size_t k = before; k < all->problems.n; k++)
            all->problems.v[k].version = m->version;
    }
    return rc;
}

/* --secret-var NAME: its value is sent to the server, and written to no row. */
static bool is_secret(const struct lc_strings *secret, const char *name)
{
    for (size_t i = 0; i < secret->n; i++) {
        if (strcmp(secret->v[i], name) == 0)
            return true;
    }
    return false;
}

char *lc_variables_used(const struct lc_migration *m, const struct lc_strings *given,
                        const struct lc_strings *secret)
{
    struct lc_buf out;
    char *text;
    int rc = 0;

    lc_buf_init(&out, (size_t)1 << 20);
    for (size_t i = 0; rc == 0 && i < m->vars_n; i++) {
        const char *value = value_of(m, given, m->vars[i], strlen(m->vars[i]));

        if (value)
            rc = lc_buf_addf(&out, "%s%s=%s", out.n ? " " : "", m->vars[i],
                             is_secret(secret, m->vars[i]) ? "(secret)" : value);
    }
    text = rc ? NULL : out.n ? lc_buf_detach(&out) : strdup("");
    lc_buf_release(&out);
    return text;
}
