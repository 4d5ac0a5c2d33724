/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words are read once, then changed in place, in this order:
 *
 *   read_words              tokens without quotes and comments
 *   name_functions          each called name becomes the server's own; SQL functions are written out, at
 *                           most EXPANSIONS_MAX times, so that one that calls itself ends
 *   name_strings            strings that are words of the language: a unit, an aggregate function, a type
 *   unqualify               the given database goes where a table's or a dictionary's name can be
 *   drop_idle_parentheses   again and again, until none goes
 *
 * What is left over in doubt is marked (expanded, unknown), and a difference then proves nothing.
 */
#include "cli/sql/canonical.h"

#include "cli/sql/string_word.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Functions in functions in functions: more is taken for one that calls itself. */
enum { EXPANSIONS_MAX = 200, WORDS_MAX = 50000, DEPTH_MAX = 256 };

/*
 * Words before a parenthesis that groups or lists, and calls nothing: `a IN (1, 2)` has no
 * function IN. In any case, since these are the parser's own words.
 */
static const char *const not_functions[] = {
    "IN",        "AND",    "OR",      "NOT",   "WHERE",  "PREWHERE", "HAVING", "SELECT",
    "BY",        "ON",     "USING",   "AS",    "THEN",   "ELSE",     "WHEN",   "CASE",
    "LIKE",      "ILIKE",  "BETWEEN", "IS",    "FROM",   "JOIN",     "UPDATE", "DELETE",
    "LIMIT",     "OFFSET", "WITH",    "UNION", "EXCEPT", "DISTINCT", "GLOBAL", "DIV",
    "INTERSECT", "ALL",    "VALUES",  "TTL",   "SET",    NULL};
/* Words that end what is before them, and begin something new. */
static const char *const clauses[] = {
    "FROM",   "WHERE", "PREWHERE", "GROUP", "HAVING", "ORDER", "SETTINGS",  "LIMIT", "UNION",
    "SELECT", "AS",    "ON",       "BY",    "USING",  "WITH",  "INTERSECT", NULL};

static bool is_word(const struct lc_word *w, const char *text)
{
    return w->kind == LC_TOK_WORD && strcasecmp(w->text, text) == 0;
}

static bool is_symbol(const struct lc_word *w, char symbol)
{
    return w->kind == LC_TOK_SYMBOL && *w->text == symbol;
}

static bool is_name(const struct lc_word *w)
{
    return w->kind == LC_TOK_WORD || w->kind == LC_TOK_QUOTED;
}

static bool is_any(const struct lc_word *w, const char *const *words)
{
    for (; *words; words++) {
        if (is_word(w, *words))
            return true;
    }
    return false;
}

/* --- the list of words ------------------------------------------------------------------------- */

static void release_words(struct lc_word *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(v[i].text);
}

void lc_canonical_release(struct lc_canonical *c)
{
    release_words(c->v, c->n);
    free(c->v);
    *c = (struct lc_canonical){0};
}

/* Append a word; text is taken, NULL means that there was no memory for it. */
static int add(struct lc_canonical *c, enum lc_tok_kind kind, char *text)
{
    if (!text || c->n >= WORDS_MAX) {
        free(text);
        return LC_ERR_NOMEM;
    }
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 64;
        struct lc_word *v = realloc(c->v, cap * sizeof *v);

        if (!v) {
            free(text);
            return LC_ERR_NOMEM;
        }
        c->v = v;
        c->cap = cap;
    }
    c->v[c->n++] = (struct lc_word){.kind = kind, .text = text};
    return 0;
}

/* v may not be within c->v, which add() may move. */
static int add_copies(struct lc_canonical *c, const struct lc_word *v, size_t n)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = add(c, v[i].kind, strdup(v[i].text));
    return rc;
}

static int add_symbol(struct lc_canonical *c, const char *symbol)
{
    return add(c, LC_TOK_SYMBOL, strdup(symbol));
}

/*
 * Append the text's code tokens, names and strings by their value. 0, LC_ERR_NOMEM (no
 * message; the caller gives it), or LC_ERR_INPUT where a token does not end.
 */
static int read_words(struct lc_canonical *c, const char *sql, size_t n, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(sql, n);
    struct lc_tok tok;
    int rc;

    do {
        rc = lc_lex_code(&lex, &tok, err);
        if (rc == 0 && tok.kind != LC_TOK_END)
            rc = add(c, tok.kind, lc_tok_name(&tok));
    } while (rc == 0 && tok.kind != LC_TOK_END);
    return rc;
}

/* Words that follow move down: an index past `at` is stale afterwards. */
static void remove_words(struct lc_canonical *c, size_t at, size_t n)
{
    release_words(c->v + at, n);
    memmove(c->v + at, c->v + at + n, (c->n - at - n) * sizeof *c->v);
    c->n -= n;
}

/* The closing parenthesis of the opening one at `at`; c->n: there is none. */
static size_t closing(const struct lc_canonical *c, size_t at)
{
    size_t depth = 0;

    for (size_t i = at; i < c->n; i++) {
        if (is_symbol(&c->v[i], '(') || is_symbol(&c->v[i], '['))
            depth++;
        else if ((is_symbol(&c->v[i], ')') || is_symbol(&c->v[i], ']')) && --depth == 0)
            return i;
    }
    return c->n;
}

/*
 * Is the parenthesis at `at` a call's? One after `)` or `]` is: the second pair of a
 * parametric function, quantile(0.5)(x), or the call of a lambda.
 */
static bool calls(const struct lc_canonical *c, size_t at)
{
    return at > 0 && ((is_name(&c->v[at - 1]) && !is_any(&c->v[at - 1], not_functions)) ||
                      is_symbol(&c->v[at - 1], ')') || is_symbol(&c->v[at - 1], ']'));
}

/* The next comma at the depth of `at`, or `end`. */
static size_t next_comma(const struct lc_canonical *c, size_t at, size_t end)
{
    for (; at < end && !is_symbol(&c->v[at], ','); at++) {
        if (is_symbol(&c->v[at], '(') || is_symbol(&c->v[at], '['))
            at = closing(c, at);
    }
    return at < end ? at : end;
}

/* --- functions --------------------------------------------------------------------------------- */

/* A definition's parameters are words [first, last), commas among them; its body begins at `body`. */
static bool find_parameters(const struct lc_canonical *d, size_t *first, size_t *last, size_t *body)
{
    size_t i = 0;

    while (i < d->n && !is_word(&d->v[i], "AS"))
        i++;
    *first = i + 1;
    while (i + 1 < d->n && !(is_symbol(&d->v[i], '-') && is_symbol(&d->v[i + 1], '>')))
        i++;
    *last = i;
    *body = i + 2;
    if (*first < *last && is_symbol(&d->v[*first], '(')) {
        ++*first;
        --*last;
    }
    return *body < d->n && *first <= *last;
}

/* Which parameter is that name? SIZE_MAX: none. */
static size_t parameter(const struct lc_canonical *d, size_t first, size_t last, const char *name)
{
    size_t n = 0;

    for (size_t i = first; i < last; i++) {
        if (is_symbol(&d->v[i], ','))
            n++;
        else if (strcmp(d->v[i].text, name) == 0)
            return n;
    }
    return SIZE_MAX;
}

/* Append argument k of the call whose parentheses are at [open, close], in parentheses. */
static int add_argument(struct lc_canonical *out, const struct lc_canonical *c, size_t open,
                        size_t close, size_t k)
{
    size_t from = open + 1, to = next_comma(c, from, close);
    int rc;

    for (; k > 0; k--) {
        from = to < close ? to + 1 : close;
        to = next_comma(c, from, close);
    }
    rc = add_symbol(out, "(");
    if (rc == 0)
        rc = add_copies(out, c->v + from, to - from);
    return rc ? rc : add_symbol(out, ")");
}

/*
 * Replace the call of the name at `at` by the definition's body, as the server does when it
 * stores an expression. Body and arguments go in parentheses, since either may hold an
 * operator that binds less than what is around; idle ones are dropped later. *done false: the
 * definition or the call is not of the form that is known, and c is as it was.
 */
static int expand(struct lc_canonical *c, size_t at, const char *definition, bool *done,
                  struct lc_error *err)
{
    struct lc_canonical d = {0}, out = {.expanded = true, .unknown = c->unknown};
    size_t first = 0, last = 0, body = 0, close = closing(c, at + 1);
    int rc = read_words(&d, definition, strlen(definition), err);

    *done = rc == 0 && close < c->n && find_parameters(&d, &first, &last, &body);
    if (*done)
        rc = add_copies(&out, c->v, at);
    if (rc == 0 && *done)
        rc = add_symbol(&out, "(");
    for (size_t i = body; rc == 0 && *done && i < d.n; i++) {
        /* A parameter is a bare name: x, but not x(…) and not the x of t.x. */
        bool free_name = is_name(&d.v[i]) && !(i + 1 < d.n && is_symbol(&d.v[i + 1], '(')) &&
                         !is_symbol(&d.v[i - 1], '.');
        size_t k = free_name ? parameter(&d, first, last, d.v[i].text) : SIZE_MAX;

        rc = k == SIZE_MAX ? add_copies(&out, &d.v[i], 1) : add_argument(&out, c, at + 1, close, k);
    }
    if (rc == 0 && *done)
        rc = add_symbol(&out, ")");
    if (rc == 0 && *done)
        rc = add_copies(&out, c->v + close + 1, c->n - close - 1);
    lc_canonical_release(&d);
    if (rc == 0 && *done) {
        lc_canonical_release(c);
        *c = out;
    } else {
        lc_canonical_release(&out);
    }
    return rc;
}

/*
 * The second step at the head of this file. What is written out here may bring in calls, so
 * the walk goes on at the place of the call that went.
 */
static int name_functions(struct lc_canonical *c, const struct lc_function_source *source,
                          struct lc_error *err)
{
    unsigned expansions = 0;

    for (size_t i = 0; i + 1 < c->n; i++) {
        struct lc_known_function f = {0};
        bool done = false;
        char *name;
        int rc;

        if (!is_symbol(&c->v[i + 1], '(') || !is_name(&c->v[i]) || is_any(&c->v[i], not_functions))
            continue;
        rc = source->look(source->ctx, c->v[i].text, &f, err);
        if (rc)
            return rc;
        c->unknown = c->unknown || !f.canonical;
        if (f.definition) {
            rc = ++expansions > EXPANSIONS_MAX ? 0 : expand(c, i, f.definition, &done, err);
            c->unknown = c->unknown || !done;
            if (rc)
                return rc;
            i -= done; /* its body calls functions too */
        } else if (f.canonical) {
            name = strdup(f.canonical);
            if (!name)
                return LC_ERR_NOMEM;
            free(c->v[i].text);
            c->v[i].text = name;
        }
    }
    return 0;
}

/*
 * 'SUM' and 'sum', 'quantile(0.5)': what is before the parentheses becomes its own name. One that the
 * server does not list has combinators (sumIf), and small letters: no two names differ in their case
 * alone.
 */
static int name_aggregate(struct lc_word *w, const struct lc_function_source *source,
                          struct lc_error *err)
{
    size_t n = strcspn(w->text, "(");
    char *base = strndup(w->text, n), *text = NULL;
    struct lc_known_function f = {0};
    int rc = base ? source->look(source->ctx, base, &f, err) : LC_ERR_NOMEM;

    for (char *p = base; rc == 0 && !f.canonical && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (rc == 0 && asprintf(&text, "%s%s", f.canonical ? f.canonical : base, w->text + n) < 0)
        rc = LC_ERR_NOMEM;
    free(base);
    if (rc)
        return rc;
    free(w->text);
    w->text = text;
    return 0;
}

static int name_string(struct lc_word *w, enum lc_string_role role,
                       const struct lc_function_source *source, struct lc_error *err)
{
    const char *unit = role == LC_STRING_UNIT ? lc_string_unit(w->text) : NULL;
    char *text;

    w->is_type = role == LC_STRING_TYPE;
    if (role == LC_STRING_AGGREGATE)
        return name_aggregate(w, source, err);
    if (!unit)
        return 0;
    text = strdup(unit);
    if (!text)
        return LC_ERR_NOMEM;
    free(w->text);
    w->text = text;
    return 0;
}

/* Of each call the arguments that are one string. */
static int name_strings(struct lc_canonical *c, const struct lc_function_source *source,
                        struct lc_error *err)
{
    int rc = 0;

    for (size_t open = 1; rc == 0 && open < c->n; open++) {
        size_t close, from, to, k = 0;

        if (!is_symbol(&c->v[open], '(') || !calls(c, open) || !is_name(&c->v[open - 1]))
            continue;
        close = closing(c, open);
        for (from = open + 1; rc == 0 && from < close; from = to + 1, k++) {
            to = next_comma(c, from, close);
            if (to == from + 1 && c->v[from].kind == LC_TOK_STRING)
                rc = name_string(&c->v[from], lc_string_role(c->v[open - 1].text, k, to == close),
                                 source, err);
        }
    }
    return rc;
}

int lc_canonical_functions(const char *sql, size_t n, int (*found)(void *ctx, const char *name),
                           void *ctx)
{
    struct lc_canonical c = {0};
    int rc = read_words(&c, sql, n, NULL);

    for (size_t i = 0; rc == 0 && i + 1 < c.n; i++) {
        if (is_symbol(&c.v[i + 1], '(') && is_name(&c.v[i]) && !is_any(&c.v[i], not_functions))
            rc = found(ctx, c.v[i].text);
    }
    lc_canonical_release(&c);
    return rc;
}

/* --- names of tables and dictionaries ---------------------------------------------------------- */

/*
 * Does a table's name come at `at`? Only there does `db.x` mean a table of a database;
 * elsewhere it may be a column of a tuple or of a table called db. `from`: within the list of
 * a FROM, where a comma brings the next table.
 */
static bool is_table_place(const struct lc_canonical *c, size_t at, bool from)
{
    const struct lc_word *before = at > 0 ? &c->v[at - 1] : NULL;

    if (!before)
        return false;
    if (is_word(before, "FROM") || is_word(before, "IN"))
        return true;
    if (is_word(before, "JOIN"))
        return !(at > 1 && is_word(&c->v[at - 2], "ARRAY"));
    if (is_symbol(before, '(') && at > 1 && is_word(&c->v[at - 2], "IN"))
        return true;
    return from && is_symbol(before, ',');
}

/* The functions whose first argument names a dictionary, or a table of the engine Join. */
static bool names_dictionary(const struct lc_canonical *c, size_t at)
{
    return at > 1 && is_symbol(&c->v[at - 1], '(') && is_name(&c->v[at - 2]) &&
           (strncasecmp(c->v[at - 2].text, "dict", 4) == 0 ||
            strncasecmp(c->v[at - 2].text, "joinGet", 7) == 0);
}

/*
 * Leave the database out where it qualifies a table or a dictionary. from[depth] says whether
 * the innermost open parenthesis is within the list of a FROM: a subquery has a FROM of its
 * own.
 */
static void unqualify(struct lc_canonical *c, const char *database)
{
    bool from[DEPTH_MAX] = {false};
    size_t depth = 0, n = strlen(database);

    for (size_t i = 0; i < c->n; i++) {
        struct lc_word *w = &c->v[i];

        if (is_symbol(w, '(') && depth + 1 < DEPTH_MAX)
            from[++depth] = false;
        else if (is_symbol(w, ')') && depth > 0)
            depth--;
        else if (is_word(w, "FROM") || is_word(w, "JOIN"))
            from[depth] = true;
        else if (is_any(w, clauses) && !is_word(w, "AS"))
            from[depth] = false;
        if (names_dictionary(c, i) && w->kind == LC_TOK_STRING &&
            strncmp(w->text, database, n) == 0 && w->text[n] == '.')
            memmove(w->text, w->text + n + 1, strlen(w->text + n));
        if (i + 2 < c->n && is_name(w) && strcmp(w->text, database) == 0 &&
            is_symbol(&c->v[i + 1], '.') && is_name(&c->v[i + 2]) &&
            (is_table_place(c, i, from[depth]) || names_dictionary(c, i)))
            remove_words(c, i, 2);
    }
}

/* --- parentheses ------------------------------------------------------------------------------- */

/* Is the `=` at `at` the one of an assignment: in UPDATE a = …, b = … WHERE? */
static bool assigns(const struct lc_canonical *c, size_t at)
{
    size_t i = 0;

    if (c->n == 0 || !is_word(&c->v[0], "UPDATE"))
        return false;
    while (i < at && !is_word(&c->v[i], "WHERE")) {
        if (i == at - 2)
            return is_word(&c->v[i], "UPDATE") || is_symbol(&c->v[i], ',');
        if (is_symbol(&c->v[i], '(') || is_symbol(&c->v[i], '['))
            i = closing(c, i);
        i++;
    }
    return false;
}

/* No operator binds across this place: a new part begins at `at`. */
static bool begins(const struct lc_canonical *c, size_t at)
{
    const struct lc_word *before = at > 0 ? &c->v[at - 1] : NULL;

    if (!before)
        return true;
    if (is_symbol(before, '='))
        return at > 2 && assigns(c, at - 1);
    return is_symbol(before, '(') || is_symbol(before, ',') || is_symbol(before, '[') ||
           is_any(before, clauses);
}

/*
 * The same for the other side: the part that ends at `at` is whole. IN PARTITION ends the last
 * value of an UPDATE; any other IN is an operator.
 */
static bool ends(const struct lc_canonical *c, size_t at)
{
    const struct lc_word *after = at + 1 < c->n ? &c->v[at + 1] : NULL;

    return !after || is_symbol(after, ')') || is_symbol(after, ',') || is_symbol(after, ']') ||
           is_any(after, clauses) ||
           (is_word(after, "IN") && at + 2 < c->n && is_word(&c->v[at + 2], "PARTITION"));
}

/*
 * Are the parentheses at [open, close] without a meaning? Only if taking them away cannot
 * change how the text is parsed: they hold one name, one literal or one call, or another pair,
 * or nothing binds across either side. A list (a tuple), a query, and the arguments of a call
 * keep theirs, and so does what a dot follows.
 */
static bool is_idle(const struct lc_canonical *c, size_t open, size_t close)
{
    const struct lc_word *first = &c->v[open + 1];

    if (calls(c, open) || close == c->n || close == open + 1 || is_word(first, "SELECT") ||
        is_word(first, "WITH"))
        return false;
    if (close + 1 < c->n && is_symbol(&c->v[close + 1], '.'))
        return false;
    if (is_symbol(first, '(') && closing(c, open + 1) == close - 1)
        return true;
    if (next_comma(c, open + 1, close) != close)
        return false;
    if (close == open + 2)
        return true;
    if (is_symbol(&c->v[open + 2], '(') && calls(c, open + 2) && closing(c, open + 2) == close - 1)
        return true;
    return begins(c, open) && ends(c, close);
}

static void drop_idle_parentheses(struct lc_canonical *c)
{
    /* Each round may make an outer pair idle: ((a)) loses one pair a round. */
    bool again = true;

    /* A command as the server keeps it: (UPDATE a = 1, b = 2 WHERE c). */
    if (c->n > 2 && is_symbol(&c->v[0], '(') && c->v[1].kind == LC_TOK_WORD &&
        !is_symbol(&c->v[2], '(') && closing(c, 0) == c->n - 1) {
        remove_words(c, c->n - 1, 1);
        remove_words(c, 0, 1);
    }
    while (again) {
        again = false;
        for (size_t i = 0; i < c->n; i++) {
            size_t close;

            if (!is_symbol(&c->v[i], '('))
                continue;
            close = closing(c, i);
            if (close == c->n || !is_idle(c, i, close))
                continue;
            remove_words(c, close, 1);
            remove_words(c, i, 1);
            again = true;
        }
    }
}

int lc_canonical_make(struct lc_canonical *c, const char *sql, size_t n, const char *database,
                      const struct lc_function_source *source, struct lc_error *err)
{
    int rc;

    *c = (struct lc_canonical){0};
    rc = read_words(c, sql, n, err);
    if (rc == 0)
        rc = name_functions(c, source, err);
    if (rc == 0)
        rc = name_strings(c, source, err);
    if (rc == LC_ERR_NOMEM)
        return lc_no_memory(err);
    if (rc)
        return rc;
    unqualify(c, database);
    drop_idle_parentheses(c);
    return 0;
}

/* --- comparing --------------------------------------------------------------------------------- */

static bool same_word(const struct lc_word *a, const struct lc_word *b)
{
    return (a->kind == b->kind || (is_name(a) && is_name(b))) && strcmp(a->text, b->text) == 0;
}

size_t lc_canonical_mismatch(const struct lc_canonical *a, const struct lc_canonical *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n && same_word(&a->v[i], &b->v[i]))
        i++;
    return i == a->n && i == b->n ? SIZE_MAX : i;
}

static bool is_literal(const struct lc_word *w)
{
    return w->kind == LC_TOK_NUMBER || w->kind == LC_TOK_STRING;
}

static bool is_operator(const struct lc_word *w)
{
    return w->kind == LC_TOK_SYMBOL && *w->text && strchr("+-*/%=<>!", *w->text);
}

/* A column's name, or a command's first word: nothing that a database could come before. */
static bool is_plain_name(const struct lc_canonical *c, size_t at)
{
    return is_name(&c->v[at]) && !is_table_place(c, at, true) &&
           (at == 0 || (!is_any(&c->v[at], not_functions) && !is_any(&c->v[at], clauses))) &&
           !(at > 0 && is_symbol(&c->v[at - 1], '.')) &&
           !(at + 1 < c->n && (is_symbol(&c->v[at + 1], '.') || is_symbol(&c->v[at + 1], '(')));
}

bool lc_canonical_proves(const struct lc_canonical *a, const struct lc_canonical *b, size_t at)
{
    if (at >= a->n || at >= b->n)
        return false;
    if (is_literal(&a->v[at]) && is_literal(&b->v[at]))
        /* 'db.d' and 'd' may be one dictionary. */
        return !names_dictionary(a, at);
    if (is_operator(&a->v[at]) && is_operator(&b->v[at]))
        return true;
    return is_plain_name(a, at) && is_plain_name(b, at);
}
