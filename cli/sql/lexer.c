/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of a token decide its kind (kind_of), the kind decides how its end is found (end_of). An
 * end that is not there is an error at the place where the token began, since the rest of the text is then
 * within it.
 */
#include "cli/sql/lexer.h"

#include "base/hex.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* ASCII alone, whatever the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes over 0x7f are taken as part of a word, so that a name in any script stays whole. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool starts(const char *p, const char *end, const char *with)
{
    size_t n = strlen(with);

    return (size_t)(end - p) >= n && memcmp(p, with, n) == 0;
}

/*
 * The byte after the closing quote, or NULL. A backslash takes the next byte with it; a doubled
 * quote is one of the text.
 */
static const char *end_of_quoted(const char *p, const char *end, char quote)
{
    for (p++; p < end; p++) {
        if (*p == '\\') {
            p++;
        } else if (*p == quote) {
            if (p + 1 < end && p[1] == quote)
                p++;
            else
                return p + 1;
        }
    }
    return NULL;
}

/* They nest in ClickHouse: a comment ends where as many have been closed as were opened. */
static const char *end_of_block_comment(const char *p, const char *end)
{
    unsigned depth = 0;

    while (end - p >= 2) {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;
        } else if (p[0] == '*' && p[1] == '/') {
            p += 2;
            if (--depth == 0)
                return p;
        } else {
            p++;
        }
    }
    return NULL;
}

static const char *end_of_line(const char *p, const char *end)
{
    const char *nl = memchr(p, '\n', (size_t)(end - p));

    return nl ? nl : end;
}

/* The length of "$tag$" at p, 0 where there is none: a tag has word characters only. */
static size_t heredoc_tag(const char *p, const char *end)
{
    const char *q = p + 1;

    while (q < end && is_word(*q))
        q++;
    return q < end && *q == '$' ? (size_t)(q + 1 - p) : 0;
}

/*
 * Generous: 0x1F, 1e-5, 1_000 and 1.5 are one token each, and so is 1abc, which is the
 * server's to refuse. A sign belongs to it only in an exponent.
 */
static const char *end_of_number(const char *p, const char *end)
{
    while (p < end) {
        if (is_word(*p) || *p == '.')
            p++;
        else if ((*p == '+' || *p == '-') && (p[-1] == 'e' || p[-1] == 'E') && p + 1 < end &&
                 is_digit(p[1]))
            p++;
        else
            break;
    }
    return p;
}

#define TYPOGRAPHIC_STRING     "\xe2\x80\x98" /* U+2018, closed by U+2019 */
#define TYPOGRAPHIC_IDENTIFIER "\xe2\x80\x9c" /* U+201C, closed by U+201D */

/* No escapes in these. */
static const char *end_of_typographic(const char *p, const char *end, const char *closer)
{
    for (p += 3; end - p >= 3; p++) {
        if (memcmp(p, closer, 3) == 0)
            return p + 3;
    }
    return NULL;
}

/* The first bytes decide which kind of token it is. */
static enum lc_tok_kind kind_of(const char *p, const char *end)
{
    if (is_space(*p))
        return LC_TOK_SPACE;
    if (starts(p, end, "--") || starts(p, end, "# ") || starts(p, end, "#!") ||
        starts(p, end, "/*"))
        return LC_TOK_COMMENT;
    if (*p == '\'' || starts(p, end, TYPOGRAPHIC_STRING))
        return LC_TOK_STRING;
    if (*p == '`' || *p == '"' || starts(p, end, TYPOGRAPHIC_IDENTIFIER))
        return LC_TOK_QUOTED;
    if (*p == '$' && heredoc_tag(p, end))
        return LC_TOK_HEREDOC;
    if (is_digit(*p))
        return LC_TOK_NUMBER;
    return is_word(*p) ? LC_TOK_WORD : LC_TOK_SYMBOL;
}

static const char *end_of_space(const char *p, const char *end)
{
    while (p < end && is_space(*p))
        p++;
    return p;
}

/* A `$` within a word is part of it; at the beginning it may open a heredoc. */
static const char *end_of_word(const char *p, const char *end)
{
    while (p < end && (is_word(*p) || *p == '$'))
        p++;
    return p;
}

/* $tag$ … $tag$: no escapes, and a heredoc of another tag within is text. */
static const char *end_of_heredoc(const char *p, const char *end)
{
    size_t tag = heredoc_tag(p, end);
    const char *q = memmem(p + tag, (size_t)(end - p) - tag, p, tag);

    return q ? q + tag : NULL;
}

/* The byte after the token of that kind that begins at p; NULL: it does not end. */
static const char *end_of(enum lc_tok_kind kind, const char *p, const char *end)
{
    switch (kind) {
    case LC_TOK_SPACE:
        return end_of_space(p, end);
    case LC_TOK_COMMENT:
        return *p == '/' ? end_of_block_comment(p, end) : end_of_line(p, end);
    case LC_TOK_STRING:
        return *p == '\'' ? end_of_quoted(p, end, '\'')
                          : end_of_typographic(p, end, "\xe2\x80\x99");
    case LC_TOK_QUOTED:
        return *p == '`' || *p == '"' ? end_of_quoted(p, end, *p)
                                      : end_of_typographic(p, end, "\xe2\x80\x9d");
    case LC_TOK_HEREDOC:
        return end_of_heredoc(p, end);
    case LC_TOK_NUMBER:
        return end_of_number(p + 1, end);
    case LC_TOK_WORD:
        return end_of_word(p, end);
    case LC_TOK_SYMBOL:
    case LC_TOK_END:
        break;
    }
    return p + 1;
}

/* Only these four kinds have a closer that may be missing. */
static int unterminated(const struct lc_tok *tok, struct lc_error *err)
{
    const char *what = "a string", *closer = "a closing U+2019 quote";

    if (tok->kind == LC_TOK_COMMENT) {
        what = "a comment";
        closer = "a closing */ for each /*";
    } else if (tok->kind == LC_TOK_HEREDOC) {
        what = "a heredoc";
        closer = "its closing $tag$";
    } else if (tok->kind == LC_TOK_QUOTED) {
        what = "a quoted identifier";
        closer = *tok->p == '`'   ? "a closing `"
                 : *tok->p == '"' ? "a closing \""
                                  : "a closing U+201D quote";
    } else if (*tok->p == '\'') {
        closer = "a closing '";
    }
    return lc_fail_at(err, LC_ERR_INPUT, tok->at, tok->line - 1,
                      "%s does not end: it begins at line %llu, byte %zu, and needs %s", what,
                      (unsigned long long)tok->line, tok->at, closer);
}

int lc_lex_next(struct lc_lexer *lex, struct lc_tok *tok, struct lc_error *err)
{
    const char *p = lex->text + lex->pos;
    const char *end = lex->text + lex->n;
    const char *q;

    *tok = (struct lc_tok){.p = p, .at = lex->pos, .line = lex->line};
    if (lex->pos >= lex->n)
        return 0;
    /* A byte order mark, as some editors write it: space, so that the first word is one. */
    if (lex->pos == 0 && starts(p, end, "\xef\xbb\xbf")) {
        tok->kind = LC_TOK_SPACE;
        q = p + 3;
    } else {
        tok->kind = kind_of(p, end);
        q = end_of(tok->kind, p, end);
        if (!q)
            return unterminated(tok, err);
    }
    tok->n = (size_t)(q - p);
    lex->pos += tok->n;
    for (const char *nl = p; (nl = memchr(nl, '\n', (size_t)(q - nl))); nl++)
        lex->line++;
    return 0;
}

int lc_lex_code(struct lc_lexer *lex, struct lc_tok *tok, struct lc_error *err)
{
    int rc;

    do {
        rc = lc_lex_next(lex, tok, err);
    } while (rc == 0 && (tok->kind == LC_TOK_SPACE || tok->kind == LC_TOK_COMMENT));
    return rc;
}

bool lc_tok_is(const struct lc_tok *tok, const char *word)
{
    return tok->kind == LC_TOK_WORD && strlen(word) == tok->n &&
           strncasecmp(tok->p, word, tok->n) == 0;
}

bool lc_tok_takes(const struct lc_tok *tok, const char **words)
{
    size_t n = strcspn(*words, " ");

    if (tok->kind != LC_TOK_WORD || tok->n != n || strncasecmp(tok->p, *words, n) != 0)
        return false;
    *words += n + ((*words)[n] == ' ');
    return true;
}

bool lc_tok_symbol(const struct lc_tok *tok, char symbol)
{
    return tok->kind == LC_TOK_SYMBOL && *tok->p == symbol;
}

bool lc_tok_opens(const struct lc_tok *tok)
{
    return lc_tok_symbol(tok, '(') || lc_tok_symbol(tok, '[') || lc_tok_symbol(tok, '{');
}

bool lc_tok_closes(const struct lc_tok *tok)
{
    return lc_tok_symbol(tok, ')') || lc_tok_symbol(tok, ']') || lc_tok_symbol(tok, '}');
}

/* Escapes: https://clickhouse.com/docs/sql-reference/syntax#string */
static char unescape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'a':
        return '\a';
    case 'e':
        return '\x1b';
    case 'v':
        return '\v';
    case '0':
        return '\0';
    default:
        return c;
    }
}

/*
 * The value is never longer than the token, since each escape has more bytes than what it
 * means.
 */
char *lc_tok_name(const struct lc_tok *tok)
{
    char *out = malloc(tok->n + 1);
    char *o = out;
    const char *p = tok->p, *end = tok->p + tok->n;
    char quote = *p;

    if (!out)
        return NULL;
    if (tok->kind != LC_TOK_QUOTED && tok->kind != LC_TOK_STRING) {
        memcpy(out, p, tok->n);
        out[tok->n] = '\0';
        return out;
    }
    if (quote == '\xe2') { /* typographic: three bytes a quote, no escapes */
        memcpy(out, p + 3, tok->n - 6);
        out[tok->n - 6] = '\0';
        return out;
    }
    for (p++, end--; p < end; p++) {
        if (*p == '\\' && p + 1 < end) {
            p++;
            if (*p == 'x' && end - p > 2 && lc_hex_digit(p[1]) >= 0 && lc_hex_digit(p[2]) >= 0) {
                *o++ = (char)(lc_hex_digit(p[1]) * 16 + lc_hex_digit(p[2]));
                p += 2;
            } else if (*p != 'N') { /* \N is nothing */
                char c = unescape(*p);

                /* 'Hello 100\%' is kept as it is, for LIKE and regular expressions. */
                if (!iscntrl((unsigned char)c) && !strchr("\\`\"'/", c))
                    *o++ = '\\';
                *o++ = c;
            }
        } else {
            *o++ = *p;
            if (*p == quote)
                p++; /* doubled */
        }
    }
    *o = '\0';
    return out;
}

bool lc_tok_is_name(const struct lc_tok *tok)
{
    return tok->kind == LC_TOK_WORD || tok->kind == LC_TOK_QUOTED;
}

bool lc_tok_is_named(const struct lc_tok *tok, const char *name)
{
    char *text = lc_tok_is_name(tok) ? lc_tok_name(tok) : NULL;
    bool same = text && strcmp(text, name) == 0;

    free(text);
    return same;
}

/*
 * Tokens are the same by their bytes; names and strings also by their value: `a` and a, 'x'
 * and '\x78'. A heredoc and a string of one value are not taken for the same.
 */
static bool same_token(const struct lc_tok *a, const struct lc_tok *b)
{
    char *an, *bn;
    bool same;

    if (a->kind == b->kind && a->n == b->n && memcmp(a->p, b->p, a->n) == 0)
        return true;
    if (!(lc_tok_is_name(a) && lc_tok_is_name(b)) &&
        !(a->kind == LC_TOK_STRING && b->kind == LC_TOK_STRING))
        return false;
    an = lc_tok_name(a);
    bn = lc_tok_name(b);
    same = an && bn && strcmp(an, bn) == 0;
    free(an);
    free(bn);
    return same;
}

bool lc_lex_same(const char *a, size_t an, const char *b, size_t bn)
{
    struct lc_lexer la = LC_LEXER(a, an), lb = LC_LEXER(b, bn);
    struct lc_tok ta, tb;

    do {
        if (lc_lex_code(&la, &ta, NULL) || lc_lex_code(&lb, &tb, NULL))
            return false;
        if (ta.kind != tb.kind && !(lc_tok_is_name(&ta) && lc_tok_is_name(&tb)))
            return false;
        if (ta.kind != LC_TOK_END && !same_token(&ta, &tb))
            return false;
    } while (ta.kind != LC_TOK_END);
    return true;
}
