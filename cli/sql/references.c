/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sql/references.h"

#include "cli/sql/lexer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { QUERIES_DEEP = 8 };

static struct lc_lexer lexer_of(struct lc_slice sql)
{
    return LC_LEXER((const char *)sql.p, sql.n);
}

static bool is_name(const struct lc_tok *tok)
{
    return tok->kind == LC_TOK_WORD || tok->kind == LC_TOK_QUOTED || tok->kind == LC_TOK_STRING;
}

/* --- calls --------------------------------------------------------------------------------------- */

/* The name, bare or behind a database's. */
static bool names_dictionary(const char *text, const char *name)
{
    const char *dot = strrchr(text, '.');

    return strcmp(text, name) == 0 || (dot && strcmp(dot + 1, name) == 0);
}

/* Is the text behind this word a query of its own, or a part of one, in a dictionary's SOURCE? */
static bool holds_query(const char *word)
{
    return strcasecmp(word, "QUERY") == 0 || strcasecmp(word, "INVALIDATE_QUERY") == 0 ||
           strcasecmp(word, "WHERE") == 0;
}

/*
 * A name before '(' is a call. A dictionary is asked where some call's name begins with dict and the
 * dictionary's name occurs anywhere in the expression: rather one reader too many than one too few.
 *
 * NOLINTNEXTLINE(misc-no-recursion): at most QUERIES_DEEP queries within queries.
 */
static bool references(const char *expr, const char *name, unsigned deep)
{
    struct lc_lexer lex = LC_LEXER(expr, strlen(expr));
    struct lc_tok tok, next;
    bool asks = false, named = false, calls = false, query = false;

    for (;;) {
        struct lc_lexer ahead;
        char *text;

        if (lc_lex_code(&lex, &tok, NULL))
            return strstr(expr, name) != NULL;
        if (tok.kind == LC_TOK_END)
            return calls || (asks && named);
        if (!is_name(&tok)) {
            query = false;
            continue;
        }
        text = lc_tok_name(&tok);
        if (!text)
            return true; /* no memory: rather one too many */
        ahead = lex;
        if (tok.kind == LC_TOK_STRING) {
            named = named || names_dictionary(text, name);
            calls = calls || (query && (deep == QUERIES_DEEP ? strstr(text, name) != NULL
                                                             : references(text, name, deep + 1)));
        } else if (lc_lex_code(&ahead, &next, NULL) == 0 && lc_tok_symbol(&next, '(')) {
            calls = calls || strcmp(text, name) == 0;
            asks = asks || strncasecmp(text, "dict", 4) == 0;
        } else {
            named = named || names_dictionary(text, name);
        }
        query = tok.kind == LC_TOK_WORD && holds_query(text);
        free(text);
    }
}

bool lc_references_callable(const char *expr, const char *name)
{
    return references(expr, name, 0);
}

/* --- names --------------------------------------------------------------------------------------- */

bool lc_references_name(struct lc_slice sql, const char *name)
{
    struct lc_lexer lex = lexer_of(sql);
    struct lc_tok tok;

    for (;;) {
        char *word;
        bool same;

        if (lc_lex_code(&lex, &tok, NULL) || tok.kind == LC_TOK_HEREDOC)
            return true;
        if (tok.kind == LC_TOK_END)
            return false;
        if (!is_name(&tok))
            continue;
        word = lc_tok_name(&tok);
        /* A string may hold more than the name: 'database.table'. */
        same = !word ||
               (tok.kind == LC_TOK_STRING ? strstr(word, name) != NULL : strcmp(word, name) == 0);
        free(word);
        if (same)
            return true;
    }
}

bool lc_references_unnamed(struct lc_slice sql)
{
    struct lc_lexer lex = lexer_of(sql);
    struct lc_tok tok, after;

    for (;;) {
        struct lc_lexer ahead;

        if (lc_lex_code(&lex, &tok, NULL))
            return true;
        if (tok.kind == LC_TOK_END)
            return false;
        if (lc_tok_is(&tok, "SELECT") || lc_tok_is(&tok, "MERGE"))
            return true;
        if (!lc_tok_is(&tok, "IN"))
            continue;
        ahead = lex; /* IN (…) is a list or a query, which has its SELECT; IN t is a table */
        if (lc_lex_code(&ahead, &after, NULL) ||
            (!lc_tok_symbol(&after, '(') && !lc_tok_is(&after, "PARTITION")))
            return true;
    }
}

/* --- tables and columns -------------------------------------------------------------------------- */

/* A name before the table's that is another database's; '' is the server's default one. */
static bool is_elsewhere(const struct lc_tok *tok, const char *database)
{
    char *name = is_name(tok) ? lc_tok_name(tok) : NULL;
    bool elsewhere = name && *name && strcmp(name, database) != 0;

    free(name);
    return elsewhere;
}

bool lc_references_table(struct lc_slice sql, const char *database, const char *table, bool engine)
{
    struct lc_lexer lex = lexer_of(sql);
    struct lc_tok tok, before = {0}, first = {0}; /* first, before, tok */
    bool found = false;

    while (!found && lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        char *name = is_name(&tok) ? lc_tok_name(&tok) : NULL;
        bool second = lc_tok_symbol(&before, ',');

        if (name && strcmp(name, table) == 0)
            found = engine ? second && !is_elsewhere(&first, database)
                           : !(lc_tok_symbol(&before, '.') && is_elsewhere(&first, database));
        free(name);
        first = before;
        before = tok;
    }
    return found;
}

bool lc_references_columns(struct lc_slice sql, const char *table,
                           bool (*is_one)(const void *ctx, const char *column), const void *ctx)
{
    struct lc_lexer lex = lexer_of(sql);
    struct lc_tok tok, before = {0};
    bool named = false, column = false, query = false;

    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        query = query || (lc_tok_is(&tok, "SELECT") || lc_tok_is(&tok, "WITH"));
        if (query && (tok.kind == LC_TOK_WORD || tok.kind == LC_TOK_QUOTED)) {
            char *name = lc_tok_name(&tok);

            named = named || (name && strcmp(name, table) == 0);
            column = column || (name && is_one(ctx, name));
            free(name);
        }
        /* Behind these a * is no multiplication. */
        if (query && lc_tok_symbol(&tok, '*') &&
            (lc_tok_is(&before, "SELECT") || lc_tok_symbol(&before, ',') ||
             lc_tok_symbol(&before, '.')))
            column = true;
        before = tok;
    }
    return named && column;
}
