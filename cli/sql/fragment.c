/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sql/fragment.h"

#include "cli/sql/lexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lc_fragment_is_blank(const char *text)
{
    struct lc_lexer lex = LC_LEXER(text, strlen(text));
    struct lc_tok tok;

    return lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind == LC_TOK_END;
}

bool lc_fragment_is_readable(const char *text)
{
    struct lc_lexer lex = LC_LEXER(text, strlen(text));
    struct lc_tok tok;

    while (lc_lex_code(&lex, &tok, NULL) == 0)
        if (tok.kind == LC_TOK_END)
            return true;
    return false;
}

bool lc_fragment_is_whole(const char *text, size_t at, size_t n)
{
    struct lc_lexer lex = LC_LEXER(text, strlen(text));
    struct lc_tok tok;

    if (lc_lex_code(&lex, &tok, NULL) || tok.at != at)
        return false;
    return lc_fragment_is_blank(text + at + n);
}

char *lc_fragment_constant(struct lc_slice text)
{
    struct lc_lexer lex = LC_LEXER((const char *)text.p, text.n);
    struct lc_tok tok, end;

    if (!text.n || lc_lex_code(&lex, &tok, NULL) || tok.kind != LC_TOK_STRING ||
        lc_lex_code(&lex, &end, NULL) || end.kind != LC_TOK_END)
        return NULL;
    return lc_tok_name(&tok);
}

bool lc_fragment_only_argument(const char *expr, size_t from, size_t *n)
{
    struct lc_lexer lex = LC_LEXER(expr, strlen(expr));
    struct lc_tok tok;
    unsigned depth = 0;

    lex.pos = from;
    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (depth == 0 && lc_tok_symbol(&tok, ')')) {
            *n = tok.at - from;
            return *n > 0;
        }
        if (depth == 0 && lc_tok_symbol(&tok, ','))
            return false;
        depth += lc_tok_symbol(&tok, '(') || lc_tok_symbol(&tok, '[');
        depth -= depth && (lc_tok_symbol(&tok, ')') || lc_tok_symbol(&tok, ']'));
    }
    return false;
}

char *lc_fragment_declared_type(struct lc_slice type)
{
    const char *p = (const char *)type.p;
    struct lc_lexer lex = LC_LEXER(p, type.n);
    struct lc_tok tok, last = {0}, before = {0};
    char *out;

    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        before = last;
        last = tok;
    }
    if (!lc_tok_is(&last, "NULL") || last.at == 0)
        return strndup(p, type.n);
    if (lc_tok_is(&before, "NOT"))
        return strndup(p, before.at);
    return asprintf(&out, "Nullable(%.*s)", (int)last.at, p) < 0 ? NULL : out;
}

bool lc_fragment_member(struct lc_slice part, char **name, struct lc_slice *type)
{
    struct lc_lexer lex = LC_LEXER((const char *)part.p, part.n);
    struct lc_tok tok;

    *name = lc_lex_code(&lex, &tok, NULL) == 0 ? lc_tok_name(&tok) : NULL;
    if (!*name)
        return false;
    *type = (struct lc_slice){part.p + lex.pos, part.n - lex.pos};
    return true;
}
