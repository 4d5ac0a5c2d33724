/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds where the SQL of an INSERT ends and its data begins. Data is bytes of a format, and
 * may look like anything: nothing past the format's name is lexed.
 */
#include "cli/sql/insert_data.h"

#include "cli/sql/lexer.h"

/* Data begin on the format's line, or on the next one where nothing else is on it. */
static struct lc_slice data_after(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\f' || *p == '\v'))
        p++;
    if (p < end && *p == '\r')
        p++;
    if (p < end && *p == '\n')
        p++;
    return (struct lc_slice){(const uint8_t *)p, (size_t)(end - p)};
}

/* Words that say, outside of brackets, that the rows come from somewhere else. */
static bool other_source(const struct lc_tok *tok)
{
    static const char *const words[] = {"SELECT", "VALUES", "WITH", "WATCH", "INFILE"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (lc_tok_is(tok, words[i]))
            return true;
    return false;
}

bool lc_insert_data_find(const char *sql, size_t n, struct lc_insert_data *out)
{
    struct lc_lexer lex = LC_LEXER(sql, n);
    struct lc_tok tok, name;
    unsigned depth = 0;

    if (lc_lex_code(&lex, &tok, NULL) || !lc_tok_is(&tok, "INSERT"))
        return false;
    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (lc_tok_symbol(&tok, '('))
            depth++;
        else if (lc_tok_symbol(&tok, ')'))
            depth -= depth ? 1 : 0;
        /* A column may be called format or values: within the list of columns no word counts. */
        if (depth)
            continue;
        if (other_source(&tok) || lc_tok_symbol(&tok, ';'))
            return false;
        if (!lc_tok_is(&tok, "FORMAT"))
            continue;
        if (lc_lex_code(&lex, &name, NULL) || name.kind != LC_TOK_WORD)
            return false;
        *out = (struct lc_insert_data){
            .head = {(const uint8_t *)sql, (size_t)(tok.p - sql)},
            .format = {(const uint8_t *)name.p, name.n},
            .data = data_after(name.p + name.n, sql + n),
        };
        return true;
    }
    return false;
}
