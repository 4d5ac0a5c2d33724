/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a list of settings into pairs of names and values, both as unquoted text. */
#include "cli/sql/settings.h"

#include "cli/sql/lexer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Append a pair; both are taken, also on failure. NULL means that there was no memory for it. */
static int add(struct lc_sql_settings *s, char *name, char *value)
{
    char **v = name && value ? realloc(s->v, (s->n + 1) * 2 * sizeof *v) : NULL;

    if (!v) {
        free(name);
        free(value);
        return LC_ERR_NOMEM;
    }
    s->v = v;
    v[2 * s->n] = name;
    v[2 * s->n + 1] = value;
    s->n++;
    return 0;
}

/* Take back what was said of it before. */
static void drop(struct lc_sql_settings *s, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->v[2 * i], name) == 0) {
            free(s->v[2 * i]);
            free(s->v[2 * i + 1]);
            continue;
        }
        s->v[2 * kept] = s->v[2 * i];
        s->v[2 * kept + 1] = s->v[2 * i + 1];
        kept++;
    }
    s->n = kept;
}

/* ${name}, which is replaced later; NULL: none comes next. A default in it may hold anything but }. */
static char *read_variable(struct lc_lexer *lex)
{
    size_t at = lex->pos;
    const char *end;

    while (at < lex->n && (lex->text[at] == ' ' || lex->text[at] == '\t'))
        at++;
    if (lex->n - at < 2 || memcmp(lex->text + at, "${", 2) != 0)
        return NULL;
    end = memchr(lex->text + at, '}', lex->n - at);
    if (!end)
        return NULL;
    lex->pos = (size_t)(end + 1 - lex->text);
    return strndup(lex->text + at, lex->pos - at);
}

/*
 * 1e3 and 0x10 as SQL has them become 1000 and 16: what goes with a request is read as digits. Others
 * stay as they are written.
 */
static char *read_number(const struct lc_tok *tok, const char *sign)
{
    char digits[64], *end, *out;
    double v;

    if (tok->n >= sizeof digits)
        return strdup("");
    memcpy(digits, tok->p, tok->n);
    digits[tok->n] = '\0';
    v = strtod(digits, &end);
    if (!*end && v < 1e15 && v == (double)(int64_t)v && strpbrk(digits, "eExX"))
        snprintf(digits, sizeof digits, "%" PRId64, (int64_t)v);
    return asprintf(&out, "%s%s", sign, digits) < 0 ? NULL : out;
}

/* {'a': 'b'}, the only value that is more than a token; lex is behind its {. "" where it does not end. */
static char *read_map(struct lc_lexer *lex, const struct lc_tok *open)
{
    struct lc_tok tok;
    unsigned depth = 1;

    while (depth && !lc_lex_code(lex, &tok, NULL) && tok.kind != LC_TOK_END) {
        depth += lc_tok_symbol(&tok, '{');
        depth -= lc_tok_symbol(&tok, '}');
    }
    return depth ? strdup("") : strndup(open->p, (size_t)(lex->text + lex->pos - open->p));
}

/*
 * A value: a variable, one token, a minus and a number, or a map. "" where it is none. true and false
 * become 1 and 0, the form that every version of the server reads.
 */
static char *read_value(struct lc_lexer *lex)
{
    struct lc_tok tok;
    char *out = read_variable(lex);

    if (out)
        return out;
    if (lc_lex_code(lex, &tok, NULL))
        return strdup("");
    if (lc_tok_is(&tok, "true") || lc_tok_is(&tok, "false"))
        return strdup(lc_tok_is(&tok, "true") ? "1" : "0");
    if (tok.kind == LC_TOK_STRING || tok.kind == LC_TOK_WORD)
        return lc_tok_name(&tok);
    if (tok.kind == LC_TOK_NUMBER)
        return read_number(&tok, "");
    if (lc_tok_symbol(&tok, '{'))
        return read_map(lex, &tok);
    if (!lc_tok_symbol(&tok, '-') || lc_lex_code(lex, &tok, NULL) || tok.kind != LC_TOK_NUMBER)
        return strdup("");
    return read_number(&tok, "-");
}

/* Does DEFAULT come next, which ends what an earlier SET began? It is taken then. */
static bool takes_default(struct lc_lexer *lex)
{
    struct lc_lexer ahead = *lex;
    struct lc_tok tok;

    if (lc_lex_code(&ahead, &tok, NULL) || !lc_tok_is(&tok, "DEFAULT"))
        return false;
    *lex = ahead;
    return true;
}

/* One name = value. 0, LC_ERR_INPUT, LC_ERR_NOMEM. */
static int read_one(struct lc_sql_settings *s, struct lc_lexer *lex, char *name)
{
    if (!name)
        return LC_ERR_NOMEM;
    if (!takes_default(lex))
        return add(s, name, read_value(lex));
    drop(s, name);
    free(name);
    return 0;
}

/* Is there no value? The lexer is a copy: nothing is taken. */
static bool ends_here(struct lc_lexer lex)
{
    struct lc_tok tok;

    return lc_lex_code(&lex, &tok, NULL) || tok.kind == LC_TOK_END || lc_tok_symbol(&tok, ',');
}

/* A list of them. `bare`: a name alone is one, too, and means 1. */
static int read_list(struct lc_sql_settings *s, const char *text, size_t n, bool bare)
{
    struct lc_lexer lex = LC_LEXER(text, n);
    struct lc_tok name, tok;
    int rc = 0;

    do {
        if (lc_lex_code(&lex, &name, NULL) ||
            (name.kind != LC_TOK_WORD && name.kind != LC_TOK_QUOTED))
            return LC_ERR_INPUT;
        if (bare && ends_here(lex))
            rc = add(s, lc_tok_name(&name), strdup("1"));
        else if (lc_lex_code(&lex, &tok, NULL) || !lc_tok_symbol(&tok, '=') || ends_here(lex))
            return LC_ERR_INPUT;
        else
            rc = read_one(s, &lex, lc_tok_name(&name));
        if (rc)
            return rc;
        if (lc_lex_code(&lex, &tok, NULL))
            return LC_ERR_INPUT;
    } while (lc_tok_symbol(&tok, ','));
    return tok.kind == LC_TOK_END ? 0 : LC_ERR_INPUT;
}

int lc_sql_settings_read(struct lc_sql_settings *s, const char *text, size_t n)
{
    return read_list(s, text, n, false);
}

int lc_sql_settings_read_set(struct lc_sql_settings *s, const char *text, size_t n)
{
    return read_list(s, text, n, true);
}

int lc_sql_settings_copy(struct lc_sql_settings *s, const struct lc_sql_settings *from)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < from->n; i++)
        rc = add(s, strdup(from->v[2 * i]), strdup(from->v[2 * i + 1]));
    return rc;
}

void lc_sql_settings_release(struct lc_sql_settings *s)
{
    for (size_t i = 0; i < 2 * s->n; i++)
        free(s->v[i]);
    free(s->v);
    *s = (struct lc_sql_settings){0};
}
