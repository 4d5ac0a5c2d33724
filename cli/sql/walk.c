/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk is a small value without memory of its own. Looking ahead copies it, reads on in the
 * copy, and takes the copy over only where what was wanted has come.
 */
#include "cli/sql/walk.h"

#include <string.h>

struct lc_walk lc_walk(const char *text, size_t n)
{
    return (struct lc_walk){.lex = LC_LEXER(text, n)};
}

struct lc_walk lc_walk_text(const char *text)
{
    return lc_walk(text, strlen(text));
}

struct lc_walk lc_walk_slice(struct lc_slice text)
{
    return lc_walk((const char *)text.p, text.n);
}

bool lc_walk_next(struct lc_walk *w)
{
    if (w->rc)
        return false;
    w->before = w->tok;
    w->rc = lc_lex_code(&w->lex, &w->tok, NULL);
    /* A string, a name or a comment that does not end: the lexer stays in front of it. */
    if (w->rc)
        w->tok = (struct lc_tok){.kind = LC_TOK_END, .p = w->lex.text + w->lex.pos};
    /* One that closes what nothing opened does not count. */
    if (lc_tok_closes(&w->tok) && w->open)
        w->open--;
    w->depth = w->open;
    w->open += lc_tok_opens(&w->tok);
    return w->tok.kind != LC_TOK_END;
}

struct lc_tok lc_walk_peek(const struct lc_walk *w)
{
    struct lc_walk ahead = *w;

    return lc_walk_next(&ahead) ? ahead.tok : (struct lc_tok){.kind = LC_TOK_END};
}

bool lc_walk_accept(struct lc_walk *w, const char *words)
{
    struct lc_walk ahead = *w;

    while (*words) {
        if (!lc_walk_next(&ahead) || !lc_tok_takes(&ahead.tok, &words))
            return false;
    }
    *w = ahead;
    return true;
}

bool lc_walk_accept_symbol(struct lc_walk *w, char symbol)
{
    struct lc_walk ahead = *w;

    if (!lc_walk_next(&ahead) || !lc_tok_symbol(&ahead.tok, symbol))
        return false;
    *w = ahead;
    return true;
}

bool lc_walk_at_end(const struct lc_walk *w)
{
    struct lc_walk ahead = *w;

    return !lc_walk_next(&ahead) && ahead.rc == 0;
}

struct lc_slice lc_walk_rest(const struct lc_walk *w)
{
    return (struct lc_slice){(const uint8_t *)w->lex.text + w->lex.pos, w->lex.n - w->lex.pos};
}

void lc_walk_skip_to(struct lc_walk *w, size_t at)
{
    w->lex.pos = at < w->lex.n ? at : w->lex.n;
}

int lc_walk_error(const struct lc_walk *w, struct lc_error *err)
{
    struct lc_lexer again = w->lex; /* a lexer stays in front of what does not end */
    struct lc_tok tok;

    return w->rc ? lc_lex_code(&again, &tok, err) : 0;
}

struct lc_slice lc_walk_take_until(struct lc_walk *w, const char *const *ends)
{
    struct lc_slice expr = lc_walk_rest(w);
    unsigned depth = w->depth;

    while (lc_walk_next(w)) {
        bool end = w->depth == depth && lc_tok_symbol(&w->tok, ',');

        for (size_t i = 0; w->depth == depth && ends[i] && !end; i++)
            end = lc_tok_is(&w->tok, ends[i]);
        if (end) {
            expr.n = (size_t)((const uint8_t *)w->tok.p - expr.p);
            break;
        }
    }
    return expr;
}
