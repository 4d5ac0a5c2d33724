/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short questions about a piece of SQL that somebody gave or a table showed. All go by tokens,
 * so that blanks, comments and quotes make no difference.
 */
#include "cli/sql/fragment.h"

#include "cli/sql/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lc_fragment_is_blank(const char *text)
{
    struct lc_walk w = lc_walk_text(text);

    return lc_walk_at_end(&w);
}

bool lc_fragment_is_readable(const char *text)
{
    struct lc_walk w = lc_walk_text(text);

    while (lc_walk_next(&w))
        ;
    return w.rc == 0;
}

bool lc_fragment_is_whole(const char *text, size_t at, size_t n)
{
    struct lc_walk w = lc_walk_text(text);

    return lc_walk_next(&w) && w.tok.at == at && lc_fragment_is_blank(text + at + n);
}

char *lc_fragment_constant(struct lc_slice text)
{
    struct lc_walk w = lc_walk_slice(text);

    return text.n && lc_walk_next(&w) && w.tok.kind == LC_TOK_STRING && lc_walk_at_end(&w)
               ? lc_tok_name(&w.tok)
               : NULL;
}

bool lc_fragment_only_argument(const char *expr, size_t from, size_t *n)
{
    struct lc_walk w = lc_walk_text(expr + from);
    unsigned opened = 0; /* within the argument; its own '(' is before it */

    while (lc_walk_next(&w)) {
        if (opened == 0 && lc_tok_symbol(&w.tok, ')')) {
            *n = w.tok.at;
            return *n > 0;
        }
        if (opened == 0 && lc_tok_symbol(&w.tok, ','))
            return false;
        opened += lc_tok_opens(&w.tok);
        opened -= opened && lc_tok_closes(&w.tok);
    }
    return false;
}

bool lc_fragment_cast(struct lc_slice expr, struct lc_slice *x, char **type)
{
    struct lc_walk w = lc_walk_slice(expr);
    struct lc_tok cut = {0}; /* the last comma, or AS, between the parentheses */
    size_t from;
    bool closed = false;

    *type = NULL;
    if (!lc_walk_accept(&w, "CAST") || !lc_walk_accept_symbol(&w, '('))
        return false;
    from = w.tok.at + w.tok.n;
    while (!closed && lc_walk_next(&w)) {
        closed = w.depth == 0;
        if (w.depth == 1 && (lc_tok_symbol(&w.tok, ',') || lc_tok_is(&w.tok, "AS")))
            cut = w.tok;
    }
    if (!closed || !cut.n || !lc_walk_at_end(&w))
        return false;
    *x = (struct lc_slice){expr.p + from, cut.at - from};
    expr = (struct lc_slice){expr.p + cut.at + cut.n, w.tok.at - cut.at - cut.n};
    *type = lc_tok_symbol(&cut, ',') ? lc_fragment_constant(expr)
                                     : strndup((const char *)expr.p, expr.n);
    return *type != NULL;
}

/* A column may be declared `T NULL` or `T NOT NULL`; the server stores Nullable(T) or T. */
char *lc_fragment_declared_type(struct lc_slice type)
{
    const char *p = (const char *)type.p;
    struct lc_walk w = lc_walk_slice(type);
    struct lc_tok last = {0}, before = {0};
    char *out;

    while (lc_walk_next(&w)) {
        last = w.tok;
        before = w.before;
    }
    if (!lc_tok_is(&last, "NULL") || last.at == 0)
        return strndup(p, type.n);
    if (lc_tok_is(&before, "NOT"))
        return strndup(p, before.at);
    return asprintf(&out, "Nullable(%.*s)", (int)last.at, p) < 0 ? NULL : out;
}

bool lc_fragment_member(struct lc_slice part, char **name, struct lc_slice *type)
{
    struct lc_walk w = lc_walk_slice(part);

    *name = lc_walk_next(&w) ? lc_tok_name(&w.tok) : NULL;
    *type = lc_walk_rest(&w);
    return *name != NULL;
}
