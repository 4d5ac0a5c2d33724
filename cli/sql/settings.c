/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a list of settings into pairs of names and values, both as unquoted text. */
#include "cli/sql/settings.h"

#include "cli/sql/lexer.h"

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

/*
 * A value: one token, or a minus and a number. "" where it is neither. true and false become 1
 * and 0, the form that every version of the server reads.
 */
static char *read_value(struct lc_lexer *lex)
{
    struct lc_tok tok;
    char *number, *out;

    if (lc_lex_code(lex, &tok, NULL))
        return strdup("");
    if (lc_tok_is(&tok, "true") || lc_tok_is(&tok, "false"))
        return strdup(lc_tok_is(&tok, "true") ? "1" : "0");
    if (tok.kind == LC_TOK_STRING || tok.kind == LC_TOK_NUMBER || tok.kind == LC_TOK_WORD)
        return lc_tok_name(&tok);
    if (!lc_tok_symbol(&tok, '-') || lc_lex_code(lex, &tok, NULL) || tok.kind != LC_TOK_NUMBER)
        return strdup("");
    number = lc_tok_name(&tok);
    out = number ? malloc(strlen(number) + 2) : NULL;
    if (out) {
        out[0] = '-';
        strcpy(out + 1, number);
    }
    free(number);
    return out;
}

/* Is there no value? The lexer is a copy: nothing is taken. */
static bool ends_here(struct lc_lexer lex)
{
    struct lc_tok tok;

    return lc_lex_code(&lex, &tok, NULL) || tok.kind == LC_TOK_END || lc_tok_symbol(&tok, ',');
}

int lc_sql_settings_read(struct lc_sql_settings *s, const char *text, size_t n)
{
    struct lc_lexer lex = LC_LEXER(text, n);
    struct lc_tok name, tok;
    int rc;

    do {
        char *value;

        if (lc_lex_code(&lex, &name, NULL) ||
            (name.kind != LC_TOK_WORD && name.kind != LC_TOK_QUOTED) ||
            lc_lex_code(&lex, &tok, NULL) || !lc_tok_symbol(&tok, '=') || ends_here(lex))
            return LC_ERR_INPUT;
        value = read_value(&lex);
        rc = add(s, lc_tok_name(&name), value);
        if (rc)
            return rc;
        if (lc_lex_code(&lex, &tok, NULL))
            return LC_ERR_INPUT;
    } while (lc_tok_symbol(&tok, ','));
    return tok.kind == LC_TOK_END ? 0 : LC_ERR_INPUT;
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
