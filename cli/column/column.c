/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model itself: how a column is found, and the conditions that compare what it stores with
 * what an expression gives. Which calls and inputs an expression has is in column_inputs.c.
 */
#include "cli/column/column.h"

#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/type_name.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX_BYTES = 1 << 20 }; /* of SQL, on either side of a comparison */

/*
 * Point at what t says of the column: no text is copied, so d->t must live as long. 0, or
 * LC_ERR_REFUSED; the fields are set in that case too, as far as they are known.
 */
static int take_column(struct lc_column *d, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(&d->t, d->name);

    d->database = d->t.database;
    d->table = d->t.name;
    d->column = d->name;
    d->replicated = d->t.replicated;
    d->partless = d->t.partless;
    if (!d->t.there && !d->t.pending) {
        lc_fail(err, LC_ERR_REFUSED, "there is no table %s.%s", d->database, d->table);
        lc_hint(err, "SHOW TABLES lists the tables");
        return LC_ERR_REFUSED;
    }
    d->type = c ? c->type : "";
    d->kind = c ? c->kind : "";
    d->expr = c ? c->expr : "";
    if (d->partless) {
        lc_fail(err, LC_ERR_REFUSED, "%s.%s (%s) stores no parts of its own", d->database, d->table,
                d->t.engine);
        lc_hint(err, "name the table that stores the rows, a MergeTree");
        return LC_ERR_REFUSED;
    }
    if (c)
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "%s.%s has no column %s", d->database, d->table, d->column);
    lc_hint(err, "add it first, by a migration: livecol new");
    return LC_ERR_REFUSED;
}

int lc_column_find(struct lc_column *d, struct lc_backend *b, const char *database,
                   const char *table, const char *column, struct lc_error *err)
{
    int rc;

    *d = (struct lc_column){.b = b, .name = strdup(column)};
    if (!d->name)
        return lc_no_memory(err);
    rc = lc_table_read(&d->t, b, database, table, err);
    return rc ? rc : take_column(d, err);
}

int lc_column_find_in(struct lc_column *d, struct lc_backend *b, const struct lc_table *table,
                      const char *column, struct lc_error *err)
{
    int rc;

    *d = (struct lc_column){.b = b, .name = strdup(column)};
    if (!d->name)
        return lc_no_memory(err);
    rc = lc_table_copy(&d->t, table, err);
    return rc ? rc : take_column(d, err);
}

void lc_column_release(struct lc_column *d)
{
    lc_column_free_calls(d->calls, d->calls_n);
    lc_table_release(&d->t);
    free(d->name);
    *d = (struct lc_column){0};
}

const char *lc_column_type_to_say(const struct lc_column *d)
{
    const struct lc_table_column *c = lc_table_column(&d->t, d->column);

    return c && c->role == LC_ROLE_IS_DELETED ? d->type : NULL;
}

const char *lc_column_type_of(const struct lc_column *d, const char *column)
{
    const struct lc_table_column *c = lc_table_column(&d->t, column);

    return c ? c->type : NULL;
}

/*
 * What a column stores is not what its expression answers: the server casts it to the column's
 * type. So whoever compares casts as well, or 1 and '1' would differ.
 */
int lc_column_add_expected(const struct lc_column *d, const char *expr, struct lc_buf *sql)
{
    char type[LC_TYPE_BYTES];

    /* The newline ends a comment that the expression may end with. */
    return lc_buf_adds(sql, "CAST((") || lc_buf_adds(sql, expr) || lc_buf_adds(sql, "\n), ") ||
                   lc_sql_add_str(sql, strlen(d->type) < LC_TYPE_BYTES
                                           ? lc_type_to_cast(d->type, type)
                                           : d->type) ||
                   lc_buf_adds(sql, ")")
               ? LC_ERR_NOMEM
               : 0;
}

/* A type whose values may hold a NULL inside, or in which NULL is one value of many. */
static bool is_compound(const char *type)
{
    static const char *const words[] = {"Tuple(", "Map(", "Variant(", "Dynamic",   "JSON",
                                        "Point",  "Ring", "Polygon",  "LineString"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(type, words[i]))
            return true;
    return false;
}

/*
 * != gives NULL where a side is NULL, and NaN != NaN is true: neither is what "the value
 * differs" means.
 *
 *   type of the column             condition
 *   a Tuple, Map, Variant, …       NOT (a <=> b), which compares NULLs inside of a value
 *   with Nullable in it            a != b, or one of them is NULL and the other is not
 *   any other                      a != b
 *   with floats                    and their texts differ, which those of two NaN do not
 */
int lc_column_add_unlike(const struct lc_column *d, const char *a, const char *b,
                         struct lc_buf *sql)
{
    int rc;

    /* <=> is as old as the types that need it, and younger than old servers. */
    if (is_compound(d->type)) {
        rc = lc_buf_addf(sql, "NOT (%s <=> %s)", a, b);
        if (rc == 0 && lc_type_holds_floats(d->type)) /* NaN, which is no answer to <=> */
            rc = lc_buf_addf(sql, " AND toString(%s) != toString(%s)", a, b);
        return rc ? LC_ERR_NOMEM : 0;
    }
    rc = lc_buf_addf(sql,
                     strstr(d->type, "Nullable(")
                         ? "(ifNull(%s != %s, 0) OR isNull(%s) != isNull(%s))"
                         : "(%s != %s)",
                     a, b, a, b);
    if (rc == 0 && lc_type_holds_floats(d->type)) /* NaN is a value like others */
        rc = lc_buf_addf(sql, " AND ifNull(toString(%s) != toString(%s), 1)", a, b);
    return rc ? LC_ERR_NOMEM : 0;
}

/* a is the stored column, b the expression, cast to its type. */
int lc_column_add_differs(const struct lc_column *d, const char *expr, struct lc_buf *sql)
{
    struct lc_buf stored, expected;
    int rc;

    lc_buf_init(&stored, SIDE_MAX_BYTES);
    lc_buf_init(&expected, SIDE_MAX_BYTES);
    rc = lc_sql_add_id(&stored, d->column) || lc_column_add_expected(d, expr, &expected) ||
                 !lc_buf_str(&stored) || !lc_buf_str(&expected)
             ? LC_ERR_NOMEM
             : lc_column_add_unlike(d, lc_buf_str(&stored), lc_buf_str(&expected), sql);
    lc_buf_release(&stored);
    lc_buf_release(&expected);
    return rc;
}

int lc_column_add_table(const struct lc_column *d, struct lc_buf *sql)
{
    return lc_table_add_name(&d->t, sql);
}

int lc_column_add_rows(const struct lc_column *d, struct lc_buf *sql)
{
    return lc_table_add_rows(&d->t, sql);
}

/*
 * Each function is asked for by itself, and the backend may answer from what it keeps. Functions
 * that are not the server's own count as steady, and so does dictGet…: what they answer changes
 * with their rules, not by the moment.
 */
int lc_column_unsteady(const struct lc_column *d, const char *expr, char **name,
                       struct lc_error *err)
{
    struct lc_slice text = {(const uint8_t *)expr, strlen(expr)};
    char *function;
    size_t at = 0;
    int rc = 0;

    *name = NULL;
    while (rc == 0 && !*name && (function = lc_expr_function(text, &at))) {
        const struct lc_sql_arg args[] = {{"name", function}, {NULL, NULL}};
        struct lc_error one = LC_ERROR_INIT;
        struct lc_answer t = {0};

        rc = lc_query_kept(d->b, lc_sql_function_unsteady, args, &t, &one);
        if (rc == 0 && t.rows > 0)
            *name = function;
        else
            free(function);
        lc_answer_release(&t);
        if (rc == LC_ERR_SERVER)
            return 0; /* an older server, which does not say */
        if (rc)
            lc_error_pass(err, &one);
    }
    return rc;
}

int lc_column_check_steady(const struct lc_column *d, const char *expr, const char *done,
                           struct lc_error *err)
{
    char *name = NULL;
    int rc = lc_column_unsteady(d, expr, &name, err);

    if (rc == 0 && name)
        rc = lc_fail(err, LC_ERR_REFUSED, "%s cannot be %s: %s gives a different answer each time",
                     expr, done, name);
    free(name);
    return rc;
}
