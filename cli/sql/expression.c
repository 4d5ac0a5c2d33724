/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions are looked at as a list of code tokens, each with its place, and changed by copying the text
 * between the places. There is no tree: which names are bound (x -> …, … AS x) and where a call ends follows
 * from brackets and neighbours.
 */
#include "cli/sql/expression.h"

#include "cli/sql/lexer.h"
#include "cli/sql/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int no_memory(struct lc_error *err)
{
    return lc_fail(err, LC_ERR_NOMEM, "no memory for an expression");
}

/* Words that a parenthesis may follow without a call. */
static bool is_operator(const struct lc_tok *t)
{
    static const char *const words[] = {"IN",   "AND",  "OR",   "NOT",      "BETWEEN",  "LIKE",
                                        "WHEN", "THEN", "ELSE", "CASE",     "ILIKE",    "IS",
                                        "AS",   "FROM", "DIV",  "INTERVAL", "DISTINCT", "lambda"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lc_tok_is(t, words[i]))
            return true;
    return false;
}

char *lc_expr_function(struct lc_slice expr, size_t *at)
{
    struct lc_lexer lex = LC_LEXER((const char *)expr.p, expr.n);
    struct lc_tok tok, before = {0};

    lex.pos = *at;
    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (lc_tok_is_name(&before) && lc_tok_symbol(&tok, '(') && !is_operator(&before)) {
            *at = lex.pos;
            return lc_tok_name(&before);
        }
        before = tok;
    }
    *at = expr.n;
    return NULL;
}

/* An expression's tokens without spaces and comments; the last is LC_TOK_END. */
struct tokens {
    struct lc_tok *v;
    size_t n;
};

/* t->v is the caller's to free, also after a failure; its tokens point into expr. */
static int read_tokens(const char *expr, struct tokens *t, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(expr, strlen(expr));
    size_t cap = 0;

    *t = (struct tokens){0};
    for (;;) {
        int rc;

        if (t->n == cap) {
            size_t more = cap ? cap * 2 : 64;
            struct lc_tok *v = realloc(t->v, more * sizeof *v);

            if (!v)
                return no_memory(err);
            t->v = v;
            cap = more;
        }
        rc = lc_lex_code(&lex, &t->v[t->n], err);
        if (rc)
            return rc;
        if (t->v[t->n++].kind == LC_TOK_END)
            return 0;
    }
}

/* The token that closes what token `open` opens; t->n where none does. */
static size_t closing(const struct tokens *t, size_t open)
{
    size_t depth = 0;

    for (size_t i = open; i < t->n; i++) {
        depth += lc_tok_opens(&t->v[i]);
        if (lc_tok_closes(&t->v[i]) && --depth == 0)
            return i;
    }
    return t->n;
}

/*
 * Fill *c for the call whose name is token `name`; its '(' is the next token. The arguments
 * are counted by the commas at the depth of the call.
 */
static int take_call(const struct tokens *t, size_t name, struct lc_expr_call *c,
                     struct lc_error *err)
{
    size_t open = name + 1, close = closing(t, open), depth = 0;
    const struct lc_tok *first, *last;

    if (close == t->n)
        return lc_fail(err, LC_ERR_INPUT, "a parenthesis is not closed");
    first = &t->v[open + 1];
    last = &t->v[close - 1];
    *c = (struct lc_expr_call){.name = lc_tok_name(&t->v[name]),
                               .at = t->v[name].at,
                               .n = t->v[close].at + 1 - t->v[name].at,
                               .name_n = t->v[name].n,
                               .args_at = first->at,
                               .args_len = close > open + 1 ? last->at + last->n - first->at : 0,
                               .args = close > open + 1};
    for (size_t i = open + 1; i < close; i++) {
        depth += lc_tok_opens(&t->v[i]);
        depth -= lc_tok_closes(&t->v[i]);
        c->args += depth == 0 && lc_tok_symbol(&t->v[i], ',');
    }
    return c->name ? 0 : no_memory(err);
}

int lc_expr_calls(const char *expr, struct lc_expr_call **v, size_t *n, struct lc_error *err)
{
    struct tokens t;
    int rc = read_tokens(expr, &t, err);

    /* No more calls than tokens: one allocation is enough. */
    *v = rc ? NULL : calloc(t.n, sizeof **v);
    *n = 0;
    if (rc == 0 && !*v)
        rc = no_memory(err);
    for (size_t i = 0; rc == 0 && i + 1 < t.n; i++) {
        if (lc_tok_is_name(&t.v[i]) && lc_tok_symbol(&t.v[i + 1], '(') && !is_operator(&t.v[i]))
            rc = take_call(&t, i, &(*v)[(*n)++], err);
    }
    free(t.v);
    if (rc) {
        lc_expr_free_calls(*v, *n);
        *v = NULL;
        *n = 0;
    }
    return rc;
}

void lc_expr_free_calls(struct lc_expr_call *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(v[i].name);
    free(v);
}

struct lc_slice lc_expr_argument(const char *expr, const struct lc_expr_call *c, size_t i)
{
    struct lc_lexer lex = LC_LEXER(expr + c->args_at, c->args_len);
    struct lc_slice out = {NULL, 0};
    struct lc_tok tok;
    size_t depth = 0, at = 0;

    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (depth == 0 && lc_tok_symbol(&tok, ',')) {
            if (at++ == i)
                break;
            continue;
        }
        depth += lc_tok_opens(&tok);
        depth -= lc_tok_closes(&tok) && depth;
        if (at != i)
            continue;
        if (!out.p)
            out.p = (const uint8_t *)tok.p;
        out.n = (size_t)((const uint8_t *)tok.p + tok.n - out.p);
    }
    return out;
}

bool lc_expr_asks_dictionary(const char *function)
{
    return strncasecmp(function, "dict", 4) == 0;
}

/* The text without its database: "v1" of "db.v1". */
static const char *bare(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

/*
 * The dictionary that a call of dictGet… asks, as a constant: its bare name equals `from`, or the
 * whole of it does. *at and *n: the constant's place.
 */
static bool asks_dictionary(const char *expr, const struct lc_expr_call *c, const char *from,
                            size_t *at, size_t *n, char **name)
{
    struct lc_slice first = lc_expr_argument(expr, c, 0);
    struct lc_lexer lex = LC_LEXER((const char *)first.p, first.n);
    struct lc_tok tok, end;

    *name = NULL;
    if (!lc_expr_asks_dictionary(c->name) || !first.n || lc_lex_code(&lex, &tok, NULL) ||
        tok.kind != LC_TOK_STRING || lc_lex_code(&lex, &end, NULL) || end.kind != LC_TOK_END)
        return false;
    *at = (size_t)((const char *)first.p - expr) + tok.at;
    *n = tok.n;
    *name = lc_tok_name(&tok);
    return *name && (strcmp(*name, from) == 0 || strcmp(bare(*name), from) == 0);
}

/* The constant that takes its place: in the same database, unless `to` names one. */
static int add_dictionary(struct lc_buf *out, const char *was, const char *to)
{
    size_t database = strchr(to, '.') ? 0 : (size_t)(bare(was) - was);
    char *name;
    int rc;

    if (asprintf(&name, "%.*s%s", (int)database, was, to) < 0)
        return LC_ERR_NOMEM;
    rc = lc_sql_add_str(out, name);
    free(name);
    return rc;
}

int lc_expr_rename(const char *expr, const char *from, const char *to, struct lc_buf *out,
                   struct lc_error *err)
{
    struct lc_expr_call *v;
    size_t n, done = 0;
    int rc = lc_expr_calls(expr, &v, &n, err);

    if (rc)
        return rc;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        /*
         * Calls come by place, and what changes is the name or an argument before any inner
         * call: so the text is copied from left to right, and `done` never goes back.
         */
        size_t at = v[i].at, len = v[i].name_n;
        char *dictionary = NULL;

        if (strcmp(v[i].name, from) == 0)
            rc = lc_buf_add(out, expr + done, at - done) || lc_sql_add_name(out, to);
        else if (asks_dictionary(expr, &v[i], from, &at, &len, &dictionary))
            rc = lc_buf_add(out, expr + done, at - done) || add_dictionary(out, dictionary, to);
        else
            len = 0;
        if (len)
            done = at + len;
        free(dictionary);
    }
    rc = rc || lc_buf_adds(out, expr + done) ? no_memory(err) : 0;
    lc_expr_free_calls(v, n);
    return rc;
}

/* The lexer knows no symbol of two bytes: an arrow is `-` and `>` without a space between. */
static bool is_arrow(const struct tokens *t, size_t i)
{
    return i + 1 < t->n && lc_tok_symbol(&t->v[i], '-') && lc_tok_symbol(&t->v[i + 1], '>') &&
           t->v[i].at + 1 == t->v[i + 1].at;
}

/* The first token of the parameters before an arrow: x -> or (x, y) ->. */
static size_t parameters(const struct tokens *t, size_t arrow)
{
    size_t i = arrow, depth = 0;

    if (i == 0 || !lc_tok_symbol(&t->v[i - 1], ')'))
        return i ? i - 1 : 0;
    while (i-- > 0) {
        depth += lc_tok_closes(&t->v[i]);
        if (lc_tok_opens(&t->v[i]) && --depth == 0)
            break;
    }
    return i;
}

/*
 * The token after the lambda's body: the comma or the bracket that ends it. A body takes all
 * that is to its right at its depth.
 */
static size_t end_of_lambda(const struct tokens *t, size_t arrow)
{
    size_t depth = 0, i = arrow + 2;

    for (; i + 1 < t->n; i++) {
        if (depth == 0 && (lc_tok_symbol(&t->v[i], ',') || lc_tok_closes(&t->v[i])))
            break;
        depth += lc_tok_opens(&t->v[i]);
        depth -= lc_tok_closes(&t->v[i]);
    }
    return i;
}

/* Is token i one of, or in the body of, a lambda whose parameter has that name? */
static bool is_parameter(const struct tokens *t, size_t i, const char *name)
{
    for (size_t arrow = 0; arrow < t->n; arrow++) {
        bool named = false;
        size_t first;

        if (!is_arrow(t, arrow))
            continue;
        first = parameters(t, arrow);
        for (size_t k = first; k < arrow; k++)
            named = named || lc_tok_is_named(&t->v[k], name);
        if (named && i >= first && i < end_of_lambda(t, arrow))
            return true;
    }
    return false;
}

/* How many tokens from i on are the column's name, dots between its parts; 0: they are not. */
static size_t names_column(const struct tokens *t, size_t i, const char *column)
{
    struct lc_buf path;
    size_t n = 0;

    lc_buf_init(&path, 1 << 16);
    for (size_t k = i; k < t->n && lc_tok_is_name(&t->v[k]); k += 2) {
        char *part = lc_tok_name(&t->v[k]);
        const char *text;
        bool added =
            part && (k == i || lc_buf_adds(&path, ".") == 0) && lc_buf_adds(&path, part) == 0;

        free(part);
        text = added ? lc_buf_str(&path) : NULL;
        if (text && strcmp(text, column) == 0)
            n = k + 1 - i;
        if (!text || !lc_tok_symbol(&t->v[k + 1], '.'))
            break;
    }
    lc_buf_release(&path);
    return n;
}

bool lc_expr_find_column(const char *expr, const char *column, size_t from, size_t *at, size_t *n)
{
    struct tokens t;
    bool found = false;

    if (read_tokens(expr, &t, NULL) == 0) {
        for (size_t i = 0; !found && i + 1 < t.n; i++) {
            size_t tokens = lc_tok_is_name(&t.v[i]) ? names_column(&t, i, column) : 0;
            const struct lc_tok *last = tokens ? &t.v[i + tokens - 1] : NULL;

            if (!last || t.v[i].at < from || lc_tok_symbol(&t.v[i + tokens], '(') ||
                (i && lc_tok_symbol(&t.v[i - 1], '.')) ||
                (tokens == 1 && is_parameter(&t, i, column)))
                continue;
            found = true;
            *at = t.v[i].at;
            *n = last->at + last->n - *at;
        }
    }
    free(t.v);
    return found;
}

/*
 * Does an AS outside of the bytes [at, end) make the name? A type in CAST(x AS UInt8) looks
 * alike and counts too: to say "bound" wrongly only means that the part is not looked at on
 * its own.
 */
static bool is_alias(const struct tokens *t, const char *name, size_t at, size_t end)
{
    for (size_t i = 1; i < t->n; i++)
        if (lc_tok_is(&t->v[i - 1], "AS") && (t->v[i].at < at || t->v[i].at >= end) &&
            lc_tok_is_named(&t->v[i], name))
            return true;
    return false;
}

/* Is token i a parameter of a lambda that begins before byte `at`, and whose body it is in? */
static bool is_outer_parameter(const struct tokens *t, size_t i, const char *name, size_t at)
{
    for (size_t arrow = 0; arrow < t->n && t->v[arrow].at < at; arrow++) {
        bool named = false;

        if (!is_arrow(t, arrow) || i >= end_of_lambda(t, arrow))
            continue;
        for (size_t k = parameters(t, arrow); k < arrow; k++)
            named = named || lc_tok_is_named(&t->v[k], name);
        if (named)
            return true;
    }
    return false;
}

bool lc_expr_is_bound(const char *expr, size_t at, size_t n)
{
    struct tokens t;
    bool bound = false;

    if (read_tokens(expr, &t, NULL) == 0) {
        for (size_t i = 0; !bound && i + 1 < t.n; i++) {
            char *name;

            if (!lc_tok_is_name(&t.v[i]) || t.v[i].at < at || t.v[i].at >= at + n ||
                lc_tok_symbol(&t.v[i + 1], '(') || (i && lc_tok_symbol(&t.v[i - 1], '.')))
                continue;
            name = lc_tok_name(&t.v[i]);
            bound = name && (is_alias(&t, name, at, at + n) || is_outer_parameter(&t, i, name, at));
            free(name);
        }
    }
    free(t.v);
    return bound;
}

int lc_expr_replace_column(const char *expr, const char *column, const char *by, struct lc_buf *out)
{
    size_t done = 0, at, n;

    while (lc_expr_find_column(expr, column, done, &at, &n)) {
        if (lc_buf_add(out, expr + done, at - done) || lc_buf_adds(out, "(") ||
            lc_buf_adds(out, by) || lc_buf_adds(out, ")"))
            return LC_ERR_NOMEM;
        done = at + n;
    }
    return lc_buf_adds(out, expr + done) ? LC_ERR_NOMEM : 0;
}

uint64_t lc_expr_version(const char *function, size_t *base_n)
{
    size_t n = strlen(function), digits = 0;

    *base_n = n;
    while (digits < n && function[n - 1 - digits] >= '0' && function[n - 1 - digits] <= '9')
        digits++;
    /* 18 digits fit a uint64_t; the base has a byte at least. */
    if (digits == 0 || digits > 18 || n < digits + 3 || function[n - digits - 1] != 'v' ||
        function[n - digits - 2] != '_')
        return 0;
    *base_n = n - digits - 2;
    return strtoull(function + n - digits, NULL, 10);
}

/* "region" and "_tier" of region_v1_tier; of region_v1 the second is empty. False: no version in it. */
static bool split_version(const char *function, size_t *base_n, const char **rest)
{
    size_t n = strlen(function);

    *rest = function + n;
    if (lc_expr_version(function, base_n))
        return true;
    for (size_t at = n; at-- > 1;) {
        size_t digits;

        if (function[at] != '_' || function[at + 1] != 'v')
            continue;
        digits = strspn(function + at + 2, "0123456789");
        if (digits == 0 || digits > 18 || function[at + 2 + digits] != '_')
            continue;
        *base_n = at;
        *rest = function + at + 2 + digits;
        return true;
    }
    return false;
}

bool lc_expr_same_family(const char *a, const char *b)
{
    size_t x, y;
    const char *rest_a, *rest_b;

    return split_version(a, &x, &rest_a) && split_version(b, &y, &rest_b) && x == y &&
           memcmp(a, b, x) == 0 && strcmp(rest_a, rest_b) == 0;
}
