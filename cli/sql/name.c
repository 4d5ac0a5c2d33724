/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as a person gives them on the command line. A part of a table's name that has no
 * quotes goes up to the next dot, whatever bytes it has; a column's name is read as SQL, part
 * by part.
 */
#include "cli/sql/name.h"

#include "cli/sql/lexer.h"

#include <stdlib.h>
#include <string.h>

/*
 * A name in quotes, or NULL in *name where the text does not begin with one. *rest is the text
 * after it. *name is the caller's.
 */
static int quoted_part(const char *text, char **name, const char **rest, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(text, strlen(text));
    struct lc_tok tok;

    *name = NULL;
    *rest = text;
    if (*text != '`' && *text != '"')
        return 0;
    if (lc_lex_next(&lex, &tok, err))
        return LC_ERR_USAGE;
    *name = lc_tok_name(&tok);
    *rest = text + lex.pos;
    return *name ? 0 : lc_no_memory(err);
}

static int bad_name(const char *text, struct lc_error *err)
{
    char shown[128];

    lc_fail(err, LC_ERR_USAGE, "\"%s\" is not a table name",
            lc_printable(text, strlen(text), shown, sizeof shown));
    lc_hint(err, "write TABLE or DATABASE.TABLE, with odd names in backticks");
    return LC_ERR_USAGE;
}

int lc_table_name_parse(const char *text, char **database, char **table, struct lc_error *err)
{
    const char *rest;
    int rc;

    *database = *table = NULL;
    rc = quoted_part(text, table, &rest, err);
    if (rc)
        goto done;
    if (!*table) {
        size_t n = strcspn(text, ".");

        *table = strndup(text, n);
        rest = text + n;
        if (!*table) {
            rc = lc_no_memory(err);
            goto done;
        }
    }
    /*
     * What was read as the table is the database. From here to the end is the table's name:
     * without quotes it may have further dots.
     */
    if (*rest == '.') {
        *database = *table;
        rc = quoted_part(rest + 1, table, &rest, err);
        if (rc == 0 && !*table) {
            *table = strdup(rest);
            rest = "";
            if (!*table)
                rc = lc_no_memory(err);
        }
    }
    if (rc == 0 && (*rest || !**table || (*database && !**database)))
        rc = bad_name(text, err);
done:
    if (rc) {
        free(*database);
        free(*table);
        *database = *table = NULL;
    }
    return rc;
}

int lc_column_name_parse(const char *text, char **database, char **table, char **column,
                         struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(text, strlen(text));
    struct lc_tok tok;
    char *names[3] = {NULL, NULL, NULL};
    size_t n = 0;
    bool good = true;

    *database = *table = *column = NULL;
    for (;;) {
        /* lc_lex_next, not lc_lex_code: a space between the parts is an error here. */
        if (n == 3 || lc_lex_next(&lex, &tok, NULL) ||
            (tok.kind != LC_TOK_WORD && tok.kind != LC_TOK_QUOTED)) {
            good = false;
            break;
        }
        names[n] = lc_tok_name(&tok);
        if (!names[n++] || lc_lex_next(&lex, &tok, NULL)) {
            good = false;
            break;
        }
        if (tok.kind == LC_TOK_END)
            break;
        if (!lc_tok_symbol(&tok, '.')) {
            good = false;
            break;
        }
    }
    if (good && n >= 2) {
        *database = n == 3 ? names[0] : NULL;
        *table = names[n - 2];
        *column = names[n - 1];
        return 0;
    }
    for (size_t i = 0; i < 3; i++)
        free(names[i]);
    lc_fail(err, LC_ERR_USAGE, "\"%.200s\" names no column", text);
    lc_hint(err, "DATABASE.TABLE.COLUMN, or TABLE.COLUMN in the connection's database; a name with "
                 "a dot or a blank goes in backticks");
    return LC_ERR_USAGE;
}
