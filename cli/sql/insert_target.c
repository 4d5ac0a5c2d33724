/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sql/insert_target.h"

#include "cli/sql/lexer.h"

#include <stdlib.h>
#include <string.h>

/* Formats whose columns have no names: an INSERT by them, without a list of columns, goes by place. */
static bool is_positional_format(const struct lc_tok *name)
{
    static const char *const formats[] = {"Values",
                                          "TabSeparated",
                                          "TSV",
                                          "TabSeparatedRaw",
                                          "TSVRaw",
                                          "CSV",
                                          "RowBinary",
                                          "JSONCompactEachRow",
                                          "JSONCompactStringsEachRow",
                                          "CustomSeparated",
                                          "Template",
                                          "Regexp",
                                          "MsgPack",
                                          "LineAsString",
                                          "RawBLOB",
                                          NULL};

    for (size_t i = 0; formats[i]; i++) {
        if (lc_tok_is(name, formats[i]))
            return true;
    }
    return false;
}

/* Behind the table's name: do the rows come by place? */
static bool comes_by_place(struct lc_lexer *lex, struct lc_tok tok)
{
    if (lc_tok_symbol(&tok, '(')) /* (SELECT …) is no list of columns */
        return lc_lex_code(lex, &tok, NULL) == 0 && lc_tok_is(&tok, "SELECT");
    do {
        if (lc_tok_is(&tok, "FORMAT"))
            return lc_lex_code(lex, &tok, NULL) == 0 && is_positional_format(&tok);
        if (lc_tok_is(&tok, "VALUES") || lc_tok_is(&tok, "SELECT") || lc_tok_is(&tok, "WITH"))
            return true;
    } while (lc_lex_code(lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END);
    return false;
}

bool lc_insert_is_positional(const char *sql, size_t n, const char *current, const char *database,
                             const char *table)
{
    struct lc_lexer lex = LC_LEXER(sql, n);
    struct lc_tok tok;
    char *name = NULL, *in = NULL;
    bool ours;

    if (lc_lex_code(&lex, &tok, NULL) || !lc_tok_is(&tok, "INSERT") ||
        lc_lex_code(&lex, &tok, NULL))
        return false;
    if (lc_tok_is(&tok, "INTO") && lc_lex_code(&lex, &tok, NULL))
        return false;
    if (lc_tok_is(&tok, "TABLE") && lc_lex_code(&lex, &tok, NULL))
        return false;
    while (tok.kind == LC_TOK_WORD || tok.kind == LC_TOK_QUOTED) { /* [database.]table */
        free(in);
        in = name;
        name = lc_tok_name(&tok);
        if (lc_lex_code(&lex, &tok, NULL) || !lc_tok_symbol(&tok, '.') ||
            lc_lex_code(&lex, &tok, NULL))
            break;
    }
    ours = name && strcmp(name, table) == 0 &&
           (in ? strcmp(in, database) == 0 : !current || strcmp(current, database) == 0);
    free(name);
    free(in);
    return ours && tok.kind != LC_TOK_END && comes_by_place(&lex, tok);
}
