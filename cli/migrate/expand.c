/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass from the left. A value is appended and never looked at again, so that a value that holds "${" stays as
 * it is. goose expands line by line and knows no SQL: a $ in a string or in a comment counts as any other.
 */
#include "cli/migrate/expand.h"

#include "cli/migrate/file_name.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text that is being read, and where; `envsub`: its $ are goose's now. */
struct reading {
    const struct lc_expand *e;
    struct lc_buf *out;
    const char *p, *end;
    uint64_t line;
    bool envsub;
};

const char *lc_expand_environment(const char *prefix, const char *name, size_t n)
{
    char *key;
    const char *value;

    if (asprintf(&key, "%s%.*s", prefix, (int)n, name) < 0)
        return NULL;
    value = getenv(key);
    free(key);
    return value;
}

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

const char *lc_variable_value(const struct lc_strings *given, const char *name, size_t n)
{
    const char *value = given_value(given, name, n);

    return value ? value : lc_expand_environment("LIVECOL_VAR_", name, n);
}

bool lc_expand_is_declared(const struct lc_migration *m, const char *name, size_t n)
{
    for (size_t i = 0; i < m->vars_n; i++) {
        if (strlen(m->vars[i]) == n && memcmp(m->vars[i], name, n) == 0)
            return true;
    }
    return false;
}

static int problem(const struct reading *r, const char *what, const char *p, size_t n)
{
    char shown[64];

    return lc_problems_add(r->e->problems, LC_PROBLEM_FILE, r->e->path, r->line, "%s %s",
                           lc_printable(p, n, shown, sizeof shown), what);
}

/* Without a value, and without a word for that. */
static int no_value(const struct reading *r, const char *name, size_t n, struct lc_slice why)
{
    if (!lc_expand_is_declared(r->e->m, name, n))
        return lc_problems_add(r->e->problems, LC_PROBLEM_FILE, r->e->path, r->line,
                               "the variable %.*s is not set in the environment, where ENVSUB "
                               "takes it from%s%.*s",
                               (int)n, name, why.n ? ": " : "", (int)why.n, (const char *)why.p);
    return lc_problems_add(r->e->problems, LC_PROBLEM_FILE, r->e->path, r->line,
                           "the variable %.*s has no value: --var %.*s=VALUE gives it one, or "
                           "LIVECOL_VAR_%.*s in the environment",
                           (int)n, name, (int)n, name, (int)n, name);
}

/* A name that is not declared: of the environment with ENVSUB, else nobody's. */
static int undeclared(const struct reading *r, const char *p, size_t n, size_t name_n)
{
    char shown[64];

    lc_printable(p, n, shown, sizeof shown);
    if (!lc_variable_is_name(p, name_n))
        return lc_problems_add(r->e->problems, LC_PROBLEM_FILE, r->e->path, r->line,
                               "${%s} is not a variable: names have letters, digits and _", shown);
    return lc_problems_add(r->e->problems, LC_PROBLEM_FILE, r->e->path, r->line,
                           "${%s} is not a variable of this file: declare it, -- migrate:vars "
                           "%.*s",
                           shown, (int)name_n, p);
}

/* The bytes at p, up to end, that are a name. */
static size_t name_length(const char *p, const char *end)
{
    size_t n = 0;

    while (p + n < end &&
           (p[n] == '_' || isalpha((unsigned char)p[n]) || (n > 0 && isdigit((unsigned char)p[n]))))
        n++;
    return n;
}

/* The value of a name; NULL: none. A declared one is given, or LIVECOL_VAR_name. */
static const char *value_of(const struct reading *r, const char *name, size_t n)
{
    const char *value = NULL;

    if (lc_expand_is_declared(r->e->m, name, n))
        value = lc_variable_value(r->e->given, name, n);
    return value || !r->envsub ? value : lc_expand_environment("", name, n);
}

/* How many bytes of an operator begin p: ":-" for both, "-" and "?" for goose. 0: it is none. */
static size_t operator_of(const struct reading *r, const char *p, size_t n)
{
    if (n >= 2 && memcmp(p, ":-", 2) == 0)
        return 2;
    return r->envsub && n >= 1 && (*p == '-' || *p == '?') ? 1 : 0;
}

/* ${…} whose text between the braces is [p, p + n). */
static int expand_braces(const struct reading *r, const char *p, size_t n)
{
    size_t name_n = name_length(p, p + n), op_n;
    struct lc_slice word;
    const char *value;
    bool empty_counts;

    op_n = operator_of(r, p + name_n, n - name_n);
    word = (struct lc_slice){(const uint8_t *)p + name_n + op_n, n - name_n - op_n};
    if (!r->envsub && !lc_expand_is_declared(r->e->m, p, name_n))
        return undeclared(r, p, n, name_n && (name_n == n || op_n) ? name_n : n);
    if (!name_n || (!op_n && word.n))
        return problem(r, "is not read: ${NAME} and ${NAME:-otherwise} are", p - 2, n + 3);
    if (op_n && memchr(word.p, '$', word.n) &&
        (r->envsub || memmem(word.p, word.n, "${", 2) != NULL))
        return problem(r, "has a variable within another: that is not read", p - 2, n + 3);
    value = value_of(r, p, name_n);
    /* In goose as in the shell, :- is for an empty one, too; --var NAME= gives one on purpose. */
    empty_counts = !(r->envsub && op_n == 2) || lc_expand_is_declared(r->e->m, p, name_n);
    if (value && (*value || empty_counts))
        return lc_buf_adds(r->out, value);
    if (op_n && p[name_n] != '?')
        return lc_buf_add(r->out, word.p, word.n);
    return no_value(r, p, name_n, word);
}

/* $NAME, with ENVSUB alone; r->p is at the $, and goes behind the name. */
static int expand_bare(struct reading *r)
{
    const char *name = r->p + 1;
    size_t n = name_length(name, r->end);
    const char *value = value_of(r, name, n);

    r->p = name + n;
    if (!n) /* goose refuses it, too */
        return problem(r, "is no variable, and ENVSUB is on: $$ is a $", name - 1, 2);
    return value ? lc_buf_adds(r->out, value) : no_value(r, name, n, (struct lc_slice){NULL, 0});
}

/* Is the $ at r->p one that ENVSUB leaves alone: the last one of a line, or "$("? */
static bool is_plain(const struct reading *r)
{
    const char *next = r->p + 1;

    return next == r->end || *next == '\n' || *next == '\r' || *next == '(';
}

/* At \\, \$ or $$ of ENVSUB: append what it stands for. False: there is none of them. */
static bool take_escape(struct reading *r, int *rc)
{
    if (!r->envsub || r->end - r->p < 2)
        return false;
    if (r->p[0] == '\\' && r->p[1] == '\\')
        *rc = lc_buf_add(r->out, r->p, 2);
    else if ((r->p[0] == '\\' || r->p[0] == '$') && r->p[1] == '$')
        *rc = lc_buf_adds(r->out, "$");
    else
        return false;
    r->p += 2;
    return true;
}

/* r->p is at a $ that may begin a variable. */
static int expand_one(struct reading *r)
{
    const char *open = r->p, *close;

    if (r->end - open < 2 || open[1] != '{')
        return expand_bare(r);
    close = memchr(open, '}', (size_t)(r->end - open));
    r->p = close ? close + 1 : open + 2;
    if (!close)
        return problem(r, "has no }", open, (size_t)(r->end - open));
    return expand_braces(r, open + 2, (size_t)(close - open - 2));
}

/* A line begins at r->p: is it goose's ENVSUB? The mark stays, as the comment that it is. */
static void begin_line(struct reading *r)
{
    const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));

    (void)lc_split_is_envsub(r->p, (size_t)((nl ? nl : r->end) - r->p), &r->envsub);
}

int lc_expand_text(struct lc_buf *out, const struct lc_expand *e, const char *p, size_t n,
                   uint64_t line, bool envsub)
{
    struct reading r = {e, out, p, p + n, line, envsub};
    int rc = 0;

    while (rc == 0 && r.p < r.end) {
        bool braces = r.end - r.p >= 2 && r.p[1] == '{';

        if (take_escape(&r, &rc))
            continue;
        if (*r.p == '$' && (r.envsub ? !is_plain(&r) : braces && (e->m->vars_n || !e->m->envsub))) {
            rc = expand_one(&r);
            continue;
        }
        rc = lc_buf_add(out, r.p, 1);
        if (*r.p++ == '\n') {
            r.line++;
            begin_line(&r);
        }
    }
    return rc;
}
