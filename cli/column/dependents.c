/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column/dependents.h"

#include "cli/server/query.h"
#include "cli/sql/lexer.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_MAX = 5, QUERIES_DEEP = 8 };

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

/* NOLINTNEXTLINE(misc-no-recursion): at most QUERIES_DEEP queries within queries. */
static bool depends(const char *expr, const char *name, unsigned deep)
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
        if (tok.kind != LC_TOK_WORD && tok.kind != LC_TOK_QUOTED && tok.kind != LC_TOK_STRING) {
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
                                                             : depends(text, name, deep + 1)));
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

bool lc_depends(const char *expr, const char *name)
{
    return depends(expr, name, 0);
}

/* Views that ask it, and tables with a CONSTRAINT, a TTL or an index that does. */
static int find_queries(struct lc_backend *b, const char *name, struct lc_buf *out, size_t *n,
                        struct lc_error *err)
{
    struct lc_answer t = {0};
    bool columns = *n > 0; /* those stand in what makes their tables, too */
    int rc = columns ? 0 : lc_query_read(b, lc_sql_create_queries, NULL, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (!lc_depends(lc_answer_at(&t, i, LC_SQL_CREATE_QUERIES_CREATE_TABLE_QUERY)->p, name))
            continue;
        if ((*n)++ < SHOWN_MAX &&
            lc_buf_addf(out, "%s%s.%s", *n > 1 ? ", " : "",
                        lc_answer_at(&t, i, LC_SQL_CREATE_QUERIES_DATABASE)->p,
                        lc_answer_at(&t, i, LC_SQL_CREATE_QUERIES_NAME)->p))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    }
    lc_answer_release(&t);
    return rc;
}

int lc_dependents_find(struct lc_backend *b, const char *name, struct lc_buf *out, size_t *n,
                       struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_query_read(b, lc_sql_default_columns, NULL, &t, err);

    *n = 0;
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (!lc_depends(lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_DEFAULT_EXPRESSION)->p, name))
            continue;
        if ((*n)++ < SHOWN_MAX &&
            lc_buf_addf(out, "%s%s.%s.%s", *n > 1 ? ", " : "",
                        lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p,
                        lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_TABLE)->p,
                        lc_answer_at(&t, i, LC_SQL_DEFAULT_COLUMNS_NAME)->p))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    }
    if (rc == 0 && *n > SHOWN_MAX && lc_buf_addf(out, " and %zu more", *n - SHOWN_MAX))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    lc_answer_release(&t);
    return rc ? rc : find_queries(b, name, out, n, err);
}
