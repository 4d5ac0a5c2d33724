/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FROM is a query's where its own parentheses hold a SELECT before it: EXTRACT(DAY FROM d), trim(x FROM y)
 * and "IS DISTINCT FROM" read no table.
 */
#include "cli/sql/sources.h"

#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>

/* Deeper queries are left out. */
enum { DEEPEST = 32 };

/* x AS (…), x AS MATERIALIZED (…), x (a, b) AS (…): such a name may be a query's own. */
bool lc_sources_makes(struct lc_slice sql, const char *name)
{
    struct lc_walk w = lc_walk_slice(sql);

    while (lc_walk_next(&w)) {
        struct lc_walk ahead = w;

        if (!lc_tok_is_named(&w.tok, name))
            continue;
        if (lc_walk_accept_symbol(&ahead, '('))
            return true;
        if (lc_walk_accept(&ahead, "AS") &&
            (lc_walk_accept_symbol(&ahead, '(') || lc_walk_accept(&ahead, "MATERIALIZED") ||
             lc_walk_accept(&ahead, "NOT")))
            return true;
    }
    return false;
}

/* The name that comes next: *database may stay NULL; *name NULL: there is none, or it is no table's. */
static int take_name(struct lc_walk *w, char **database, char **name)
{
    struct lc_tok next = lc_walk_peek(w);

    *database = *name = NULL;
    if (!lc_tok_is_name(&next) || lc_tok_is(&next, "SELECT") || lc_tok_is(&next, "VALUES"))
        return 0;
    lc_walk_next(w);
    *name = lc_tok_name(&w->tok);
    if (*name && lc_walk_accept_symbol(w, '.')) {
        *database = *name;
        *name = lc_walk_next(w) && lc_tok_is_name(&w->tok) ? lc_tok_name(&w->tok) : NULL;
        if (!*name)
            return w->tok.kind == LC_TOK_END || !lc_tok_is_name(&w->tok) ? 0 : LC_ERR_NOMEM;
    }
    next = lc_walk_peek(w);
    if (*name && (lc_tok_symbol(&next, '(') || lc_tok_symbol(&next, '.'))) {
        free(*name);
        *name = NULL;
        return 0;
    }
    return *name ? 0 : LC_ERR_NOMEM;
}

int lc_sources(struct lc_slice sql, int (*take)(void *ctx, const char *database, const char *name),
               void *ctx)
{
    struct lc_walk w = lc_walk_slice(sql);
    bool selects[DEEPEST] = {false};
    int rc = 0;

    while (rc == 0 && lc_walk_next(&w)) {
        char *database, *name;

        if (lc_tok_opens(&w.tok) && w.depth + 1 < DEEPEST)
            selects[w.depth + 1] = false;
        if (w.depth >= DEEPEST)
            continue;
        if (lc_tok_is(&w.tok, "SELECT"))
            selects[w.depth] = true;
        if (!selects[w.depth] || lc_tok_symbol(&w.before, '.') ||
            !((lc_tok_is(&w.tok, "FROM") && !lc_tok_is(&w.before, "DISTINCT")) ||
              (lc_tok_is(&w.tok, "JOIN") && !lc_tok_is(&w.before, "ARRAY"))))
            continue;
        rc = take_name(&w, &database, &name);
        if (rc == 0 && name && (database || !lc_sources_makes(sql, name)))
            rc = take(ctx, database ? database : "", name);
        free(database);
        free(name);
    }
    return rc;
}

bool lc_sources_query(struct lc_slice statement, struct lc_slice *query)
{
    struct lc_walk w = lc_walk_slice(statement);
    bool inserts = lc_walk_accept(&w, "INSERT INTO"), creates = lc_walk_accept(&w, "CREATE");

    *query = statement;
    if (!inserts && !creates)
        return lc_walk_accept(&w, "SELECT") || lc_walk_accept(&w, "WITH");
    while (lc_walk_next(&w)) {
        struct lc_walk ahead = w;
        bool begins = w.depth == 0 && (lc_tok_is(&w.tok, "SELECT") || lc_tok_is(&w.tok, "WITH"));

        if (creates && w.depth == 0 && lc_tok_is(&w.before, "AS") && lc_tok_symbol(&w.tok, '('))
            begins = lc_walk_accept(&ahead, "SELECT") || lc_walk_accept(&ahead, "WITH");
        if (!begins || (creates && !lc_tok_is(&w.before, "AS")))
            continue;
        query->n -= (size_t)((const uint8_t *)w.tok.p - query->p);
        query->p = (const uint8_t *)w.tok.p;
        return true;
    }
    return false;
}
