/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A statement whose variables are replaced (expand.h) points at the filled text, while its hash stays that of the
 * file, so that another value does not make the file an edited one.
 */
#include "cli/migrate/variables.h"

#include "base/buf.h"
#include "base/suggest.h"
#include "cli/migrate/expand.h"
#include "cli/migrate/file_text.h"
#include "cli/sql/session_statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * With its values it is to be one statement still, and one that may be sent by itself: a value with a `;`, or that is
 * a SET or a USE, would get by the checks of the file. What is wrong is told without the value, which may be a
 * secret.
 */
static int check_filled(const struct lc_expand *e, const struct lc_migration_stmt *s)
{
    struct lc_split pieces;
    struct lc_error err = LC_ERROR_INIT;
    struct lc_slice sql = {(const uint8_t *)s->p, s->n}, set;
    size_t statements = 0;
    const char *why = "";
    int rc = lc_split_split(&pieces, s->p, s->n, &err);

    if (rc == LC_ERR_INPUT)
        return lc_problems_add(e->problems, LC_PROBLEM_FILE, e->path, s->line,
                               "with the values of its variables the statement cannot be read: %s",
                               err.msg);
    for (size_t i = 0; rc == 0 && i < pieces.n; i++) {
        statements += pieces.v[i].kind == LC_PIECE_STATEMENT;
        if (pieces.v[i].kind != LC_PIECE_STATEMENT && pieces.v[i].kind != LC_PIECE_SPACE)
            statements += 2; /* a `;` or a mark, whatever follows it */
    }
    lc_split_release(&pieces);
    if (rc)
        return rc;
    if (statements == 0)
        why = "nothing is left of the statement";
    else if (statements > 1)
        why = "this is more than one statement: a value holds a ; or the mark of a section";
    else if (lc_session_is_set(sql, &set))
        why = "this is a SET: write it in the file, with the variable as its value";
    return *why ? lc_problems_add(e->problems, LC_PROBLEM_FILE, e->path, s->line,
                                  "with the values of its variables %s", why)
                : lc_file_check_statement(s, e->path, e->problems);
}

/* Make s->filled and let s point to it. s->sha256 stays the file's. */
static int fill(const struct lc_expand *e, struct lc_migration_stmt *s)
{
    size_t before = e->problems->n;
    struct lc_buf out;
    int rc;

    lc_buf_init(&out, LC_MAX_MIGRATION_BYTES * 2);
    rc = lc_expand_text(&out, e, s->p, s->n, s->line, s->envsub);
    if (rc == 0) {
        s->n = out.n;
        s->filled = out.n ? lc_buf_detach(&out) : strdup("");
        s->p = s->filled;
        rc = s->filled ? 0 : LC_ERR_NOMEM;
    }
    lc_buf_release(&out);
    return rc || e->problems->n > before ? rc : check_filled(e, s);
}

static bool has_variable(const struct lc_migration *m, const char *p, size_t n)
{
    return m->envsub ? memchr(p, '$', n) != NULL : memmem(p, n, "${", 2) != NULL;
}

/* Nothing but one ${name}, as it can be written without quotes. */
static bool is_variable(const char *text)
{
    const char *close = strchr(text, '}');

    return strncmp(text, "${", 2) == 0 && close && !close[1];
}

/*
 * The values of the statement's settings. In a file without variables ${name} alone is a mistake, which
 * is noted: no setting has such a value.
 */
static int fill_settings(const struct lc_expand *e, struct lc_migration_stmt *s)
{
    const struct lc_migration *m = e->m;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->settings.n; i++) {
        char **value = &s->settings.v[2 * i + 1];
        struct lc_buf out;
        char *filled;

        if (m->vars_n || m->envsub ? !has_variable(m, *value, strlen(*value))
                                   : !is_variable(*value))
            continue;
        lc_buf_init(&out, LC_MAX_MIGRATION_BYTES);
        rc = lc_expand_text(&out, e, *value, strlen(*value), s->line, m->envsub);
        filled = rc ? NULL : out.n ? lc_buf_detach(&out) : strdup("");
        lc_buf_release(&out);
        if (rc || !filled)
            return rc ? rc : LC_ERR_NOMEM;
        free(*value);
        *value = filled;
    }
    return rc;
}

/* One section's statements. Without a word of it ${…} in a statement is what it is. */
static int fill_section(const struct lc_expand *e, struct lc_section_stmts *section)
{
    const struct lc_migration *m = e->m;
    int rc = 0;

    for (size_t j = 0; rc == 0 && j < section->n; j++) {
        struct lc_migration_stmt *s = &section->v[j];

        if ((m->vars_n || m->envsub) && has_variable(m, s->p, s->n))
            rc = fill(e, s);
        rc = rc ? rc : fill_settings(e, s);
    }
    return rc;
}

int lc_variables_fill(struct lc_migrations *all, const struct lc_strings *given)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < all->n; i++) {
        struct lc_migration *m = &all->v[i];
        struct lc_expand e = {m, given, &all->problems, lc_migration_path(m, false)};
        size_t before = all->problems.n;

        /*
         * A variable without a value matters only where the section is run: see
         * lc_migrations_check.
         */
        rc = fill_section(&e, &m->up);
        lc_problems_place(&all->problems, before, m->version, LC_PROBLEM_OF_UP);
        e.path = lc_migration_path(m, true);
        rc = rc ? rc : fill_section(&e, &m->down);
        lc_problems_place(&all->problems, before, m->version, LC_PROBLEM_OF_DOWN);
    }
    return rc;
}

/* What is the nearest of the declared names? */
static const char *nearest(const struct lc_migrations *all, const char *name)
{
    struct lc_suggest near = {0};

    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i].vars_n; k++)
            lc_suggest_offer(&near, name, all->v[i].vars[k]);
    return near.best;
}

/* `text` is NAME, or NAME=VALUE, of that option. */
static int check_name(const struct lc_migrations *all, const char *option, const char *text,
                      bool environment, struct lc_error *err)
{
    size_t n = strcspn(text, "=");
    char name[64];
    bool known = false, is_set = environment && lc_expand_environment("", text, n);

    for (size_t i = 0; !known && i < all->n; i++)
        known = lc_expand_is_declared(&all->v[i], text, n) || (is_set && all->v[i].envsub);
    if (known)
        return 0;
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    lc_fail(err, LC_ERR_USAGE, "--%s: no file of %s declares the variable %s", option, all->dir,
            name);
    if (nearest(all, name))
        lc_hint(err, "did you mean %s?", nearest(all, name));
    else
        lc_hint(err, "a file that says -- migrate:vars %s has it", name);
    return LC_ERR_USAGE;
}

int lc_variables_check_names(const struct lc_migrations *m, const struct lc_strings *given,
                             const struct lc_strings *secret, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < given->n; i++)
        rc = check_name(m, "var", given->v[i], false, err);
    for (size_t i = 0; rc == 0 && i < secret->n; i++)
        rc = check_name(m, "secret-var", secret->v[i], true, err);
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
        const char *value = lc_variable_value(given, m->vars[i], strlen(m->vars[i]));

        if (value)
            rc = lc_buf_addf(&out, "%s%s=%s", out.n ? " " : "", m->vars[i],
                             is_secret(secret, m->vars[i]) ? "(secret)" : value);
    }
    text = rc ? NULL : out.n ? lc_buf_detach(&out) : strdup("");
    lc_buf_release(&out);
    return text;
}
