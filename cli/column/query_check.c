/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that pending statements make or change is a query of its own in the question:
 *
 *   DESCRIBE (WITH t AS (SELECT … AS k, … AS v) SELECT k FROM t)
 *
 * which has the name before the server's table, as long as the query names it without its database.
 */
#include "cli/column/query_check.h"

#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/sql/quote.h"
#include "cli/sql/sources.h"
#include "cli/sql/walk.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SOURCES_MAX = 16, SQL_MAX_BYTES = 1 << 20 };

struct look {
    struct lc_schema *s;
    struct lc_slice query;
    const struct lc_table *v[SOURCES_MAX];
    size_t n;
    bool unclear; /* there is something that is not known here */
    struct lc_error *err;
};

/* Words of a query that are no names. */
static const char *const words[] = {
    "SELECT",    "DISTINCT",  "FROM",  "WHERE",   "PREWHERE", "GROUP",  "BY",        "HAVING",
    "ORDER",     "ASC",       "DESC",  "NULLS",   "FIRST",    "LAST",   "LIMIT",     "OFFSET",
    "WITH",      "AS",        "AND",   "OR",      "NOT",      "IN",     "GLOBAL",    "IS",
    "NULL",      "LIKE",      "ILIKE", "BETWEEN", "CASE",     "WHEN",   "THEN",      "ELSE",
    "END",       "JOIN",      "INNER", "LEFT",    "RIGHT",    "FULL",   "OUTER",     "CROSS",
    "ANY",       "ALL",       "SEMI",  "ANTI",    "ASOF",     "ON",     "USING",     "UNION",
    "EXCEPT",    "INTERSECT", "FINAL", "SAMPLE",  "ARRAY",    "TOTALS", "TRUE",      "FALSE",
    "INTERVAL",  "OVER",      "ROWS",  "RANGE",   "CURRENT",  "ROW",    "UNBOUNDED", "PRECEDING",
    "FOLLOWING", "PARTITION", "TIES",  "SECOND",  "MINUTE",   "HOUR",   "DAY",       "WEEK",
    "MONTH",     "QUARTER",   "YEAR",  NULL};

static bool is_word(const struct lc_tok *t)
{
    for (size_t i = 0; words[i]; i++)
        if (lc_tok_is(t, words[i]))
            return true;
    return false;
}

static int take_source(void *ctx, const char *database, const char *name)
{
    struct look *l = ctx;
    struct lc_table *t;
    int rc = lc_schema_table(l->s, database, name, &t, l->err);

    if (rc)
        return rc;
    if (l->n == SOURCES_MAX || t->unclear || t->hidden || !(t->there || t->pending) ||
        (t->pending && *database))
        l->unclear = true;
    else
        l->v[l->n++] = t;
    return 0;
}

/* FROM numbers(3), JOIN s3(…): what they give is not known, and a question may reach far. */
static bool has_table_function(struct lc_slice query)
{
    struct lc_walk w = lc_walk_slice(query);

    while (lc_walk_next(&w)) {
        struct lc_walk ahead = w;

        if ((lc_tok_is(&w.tok, "FROM") || lc_tok_is(&w.tok, "JOIN")) && lc_walk_next(&ahead) &&
            lc_tok_is_name(&ahead.tok) && lc_walk_accept_symbol(&ahead, '('))
            return true;
    }
    return false;
}

/* x AS name, or name AS (a query). */
static bool is_alias(struct lc_slice query, const char *name)
{
    struct lc_walk w = lc_walk_slice(query);

    while (lc_walk_next(&w)) {
        struct lc_tok next = lc_walk_peek(&w);

        if (lc_tok_is_named(&w.tok, name) && (lc_tok_is(&w.before, "AS") || lc_tok_is(&next, "AS")))
            return true;
    }
    return false;
}

static bool is_known_name(const struct look *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i]->name, name) == 0 || strcmp(l->v[i]->database, name) == 0 ||
            lc_table_column_or_member(l->v[i], name))
            return true;
    return is_alias(l->query, name);
}

/* In any case of its letters: whether that counts is the server's to say. */
static int is_function(const struct look *l, const char *name, bool *is)
{
    struct lc_answer a = {0};
    int rc = lc_query_kept(l->s->b, lc_sql_all_functions, NULL, &a, l->err);

    *is = false;
    for (size_t i = 0; rc == 0 && i < a.rows && !*is; i++)
        *is = strcasecmp(lc_answer_at(&a, i, LC_SQL_ALL_FUNCTIONS_NAME)->p, name) == 0;
    lc_answer_release(&a);
    return rc;
}

/* Is there a name that is neither a column nor an alias, or a call of what is no function? */
static int find_unknown(const struct look *l, bool *unknown)
{
    struct lc_walk w = lc_walk_slice(l->query);
    int rc = 0;

    *unknown = false;
    while (rc == 0 && !*unknown && lc_walk_next(&w)) {
        struct lc_tok next = lc_walk_peek(&w);
        char *name;
        bool known;

        if (!lc_tok_is_name(&w.tok) || is_word(&w.tok))
            continue;
        name = lc_tok_name(&w.tok);
        if (!name)
            return lc_no_memory(l->err);
        if (lc_tok_symbol(&next, '('))
            rc = is_function(l, name, &known);
        else
            known = is_known_name(l, name);
        *unknown = rc == 0 && !known;
        free(name);
    }
    return rc;
}

static bool names_own_columns(struct lc_slice query)
{
    struct lc_walk w = lc_walk_slice(query);

    while (lc_walk_next(&w))
        if (lc_tok_is_name(&w.tok) && *w.tok.p == '_')
            return true;
    return false;
}

/* "`t` AS (SELECT …)": the table as it will be. */
static int add_pending(const struct lc_table *t, bool first, struct lc_buf *sql)
{
    char **names = calloc(t->n + 1, sizeof *names);
    int rc = names ? 0 : LC_ERR_NOMEM;

    for (size_t i = 0; rc == 0 && i < t->n; i++)
        names[i] = t->v[i].name;
    rc = rc || lc_buf_adds(sql, first ? "WITH " : ", ") || lc_sql_add_id(sql, t->name) ||
         lc_buf_adds(sql, " AS ") || lc_table_add_shape(t, names, t->n, sql);
    free(names);
    return rc ? LC_ERR_NOMEM : 0;
}

/* *whole false: the question cannot be put. */
static int add_question(const struct look *l, struct lc_buf *sql, bool *whole)
{
    struct lc_walk w = lc_walk_slice(l->query);
    struct lc_slice rest = l->query;
    size_t pending = 0;
    int rc = lc_buf_adds(sql, "DESCRIBE (");

    for (size_t i = 0; rc == 0 && i < l->n; i++) {
        bool again = false;

        for (size_t k = 0; k < i; k++)
            again = again || l->v[k] == l->v[i];
        if (l->v[i]->pending && !again)
            rc = add_pending(l->v[i], pending++ == 0, sql);
    }
    *whole = pending == 0 || !names_own_columns(rest);
    if (rc == 0 && pending && lc_walk_accept(&w, "WITH")) {
        struct lc_tok next = lc_walk_peek(&w);

        *whole = *whole && !lc_tok_is(&next, "RECURSIVE");
        rest = lc_walk_rest(&w);
        rc = lc_buf_adds(sql, ",");
    } else if (pending && !lc_walk_accept(&w, "SELECT")) {
        *whole = false; /* in parentheses */
    }
    return rc || lc_buf_adds(sql, "\n") || lc_buf_add(sql, rest.p, rest.n) ||
                   lc_buf_adds(sql, "\n)")
               ? LC_ERR_NOMEM
               : 0;
}

static int ask(const struct look *l, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    struct lc_buf sql;
    bool whole = false;
    int rc;

    lc_buf_init(&sql, SQL_MAX_BYTES);
    rc = add_question(l, &sql, &whole) || !lc_buf_str(&sql) ? lc_no_memory(&why) : 0;
    if (rc == 0 && whole)
        rc = lc_backend_run(l->s->b, lc_buf_str(&sql), &a, &why);
    lc_buf_release(&sql);
    lc_answer_release(&a);
    if (rc == LC_ERR_SERVER &&
        (why.server_code == LC_SERVER_UNKNOWN_IDENTIFIER ||
         (why.server_code == LC_SERVER_UNKNOWN_FUNCTION && l->s->functions_n == 0))) {
        lc_fail(err, LC_ERR_REFUSED, "the query names what is not there: %s", why.msg);
        lc_hint(err, "do its tables have the columns that SHOW CREATE TABLE shows? Nothing was "
                     "changed");
        return LC_ERR_REFUSED;
    }
    return rc == 0 || rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
}

int lc_query_check(struct lc_schema *s, const struct lc_abilities *facts, struct lc_slice statement,
                   struct lc_error *err)
{
    struct look l = {.s = s, .err = err};
    bool unknown = false;
    int rc;

    if (s->own_settings || !facts->udf_types || !lc_sources_query(statement, &l.query) ||
        has_table_function(l.query))
        return 0;
    rc = lc_sources(l.query, take_source, &l);
    if (rc == 0 && !l.unclear && l.n)
        rc = find_unknown(&l, &unknown);
    return rc || !unknown ? rc : ask(&l, err);
}
