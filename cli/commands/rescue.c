/* SPDX-License-Identifier: Apache-2.0 */
/* livecol inline --rescue: the function is gone, and whatever depends on it is stuck. */
#include "cli/commands/rescue.h"

#include "base/format.h"
#include "cli/server/server_error.h"
#include "cli/server/query.h"
#include "cli/sql/quote.h"
#include "cli/term/message.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A table whose DEFAULT calls a function that is gone takes no ALTER that leaves one such
 * column: the server resolves all DEFAULTs of the table. So all broken columns of a table
 * change in one ALTER, also those that depend on another lost function. There are two passes
 * over the same code: the first looks only, so that a refusal comes before anything is changed;
 * the second sends.
 */
struct rescue {
    const struct lc_inline_options *o;
    struct lc_backend *b; /* the run's */
    struct lc_answer all; /* every column whose expression calls something, by table */
    bool look_only;       /* the first pass: is any of it refused? */
    bool by_hand;         /* the last refusal: there are rules, and no expression for that column */
    unsigned columns, tables, failed, views; /* freed; freed; left as they are; that call it */
};

/* Does the server have a function of that name, of whatever origin? */
static int known(struct rescue *r, const char *function, bool *is, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", function}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(r->b, lc_sql_function_any, args, &t, err);

    *is = rc == 0 && t.rows > 0;
    lc_answer_release(&t);
    return rc;
}

/*
 * Append a SELECT of the expression over one row of empty values. From the table itself the
 * server would read its ALIAS columns too, which may be broken. The names that the expression
 * mentions become columns of the subquery; livecol_one is there so that it has at least one.
 */
static int make_trial(struct rescue *r, size_t row, struct lc_buf *sql, struct lc_error *err)
{
    const char *expr = lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_DEFAULT_EXPRESSION)->p;
    struct lc_column d = {.b = r->b};
    char **names = NULL;
    size_t n = 0;
    int rc =
        lc_table_read(&d.t, r->b, lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p,
                      lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_TABLE)->p, err);

    if (rc == 0)
        rc = lc_column_mentions(&d.t, expr, &names, &n, err);
    if (rc == 0) {
        rc = lc_buf_adds(sql, "SELECT (") || lc_buf_adds(sql, expr) ||
             lc_buf_adds(sql, "\n) FROM (SELECT 1 AS livecol_one");
        for (size_t i = 0; rc == 0 && i < n; i++)
            rc = lc_buf_adds(sql, ", defaultValueOfTypeName(") ||
                 lc_sql_add_str(sql, lc_column_type_of(&d, names[i])) ||
                 lc_buf_adds(sql, ") AS ") || lc_sql_add_id(sql, names[i]);
        rc = rc || lc_buf_adds(sql, ")") || !lc_buf_str(sql)
                 ? lc_fail(err, LC_ERR_NOMEM, "no memory for an expression")
                 : 0;
    }
    lc_column_free_names(names, n);
    lc_column_release(&d);
    return rc;
}

/*
 * Does the column depend on the function, or on another one that is not there? The ALTER would fail
 * by any of them. Whether one is missing the server says, who knows what is a function and what is
 * not.
 */
static int is_broken(struct rescue *r, size_t row, bool *broken, struct lc_error *err)
{
    const char *expr = lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_DEFAULT_EXPRESSION)->p;
    struct lc_error one = LC_ERROR_INIT;
    struct lc_buf sql;
    int rc;

    *broken = lc_replace_calls(expr, r->o->rescue);
    if (*broken)
        return 0;
    lc_buf_init(&sql, (size_t)1 << 20);
    rc = make_trial(r, row, &sql, &one);
    if (rc == 0)
        rc = lc_backend_run(r->b, lc_buf_str(&sql), NULL, &one);
    *broken = rc == LC_ERR_SERVER && one.server_code == LC_SERVER_UNKNOWN_FUNCTION;
    if (rc && rc != LC_ERR_SERVER)
        lc_error_pass(err, &one);
    lc_buf_release(&sql);
    return rc == LC_ERR_SERVER ? 0 : rc;
}

/*
 * Refuse where the function is there: a comparison is then possible, and inline without
 * --rescue makes one.
 */
static int check_gone(struct rescue *r, struct lc_error *err)
{
    bool is;
    int rc = known(r, r->o->rescue, &is, err);

    if (rc == 0 && is && !r->o->force) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s is registered on %s: there is nothing to rescue",
                     r->o->rescue, lc_backend_where(r->b));
        lc_hint(
            err,
            "livecol inline DATABASE.TABLE.COLUMN compares before it replaces; --force continues "
            "here, for a function that exists but fails");
    }
    return rc;
}

/* Rows that the function alone could tell become empty: only where that is wanted. */
static int check_stored(struct rescue *r, const struct lc_column *d, const char *expr,
                        struct lc_error *err)
{
    bool stored = strcmp(d->kind, "DEFAULT") == 0 || strcmp(d->kind, "MATERIALIZED") == 0;
    uint64_t lacking = 0;
    int rc = stored ? lc_replace_lacking(d, &lacking, err) : 0;

    if (rc || expr || (stored && lacking == 0) || strcmp(d->kind, "EPHEMERAL") == 0)
        return rc;
    if (r->o->force && r->look_only)
        return 0;
    if (r->o->force) {
        lc_warn("%s.%s.%s now reads as empty in rows that do not store it", d->database, d->table,
                d->column);
        return 0;
    }
    if (stored)
        lc_fail(err, LC_ERR_REFUSED,
                "%" PRIu64 " row%s of %s.%s %s not store %s, and would read as empty without %s",
                lacking, LC_S(lacking), d->database, d->table, lacking == 1 ? "does" : "do",
                d->column, r->o->rescue);
    else
        lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s (%s) is stored nowhere, and would read as empty",
                d->database, d->table, d->column, d->kind);
    lc_hint(
        err,
        "--rules FILE replaces the function by a built-in expression; --force leaves them empty");
    return LC_ERR_REFUSED;
}

/*
 * What one column becomes: *expr is malloc'ed, or NULL where it is to have no expression.
 * r->by_hand tells the caller that the rules do not fit this column, and the others can be
 * freed.
 */
static int settle_column(struct rescue *r, size_t row, char **expr, struct lc_error *err)
{
    const char *database = lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p;
    const char *table = lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_TABLE)->p;
    const char *column = lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_NAME)->p;
    bool ours = lc_replace_calls(
        lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_DEFAULT_EXPRESSION)->p, r->o->rescue);
    struct lc_column d = {0};
    struct lc_buf text;
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_column_find(&d, r->b, database, table, column, &why);

    *expr = NULL;
    lc_buf_init(&text, (size_t)1 << 20);
    if (rc == LC_ERR_REFUSED && !d.partless) { /* dropped meanwhile */
        lc_column_release(&d);
        return 0;
    }
    /* A Buffer or Distributed table writes what its own DEFAULT says, or an empty value. */
    if (rc == LC_ERR_REFUSED)
        rc = 0;
    if (rc)
        lc_error_pass(err, &why);
    if (rc == 0 && r->o->source.rules && ours) {
        rc = lc_replace_expression(&d, &r->o->source, &text, err);
        r->by_hand = rc == LC_ERR_REFUSED;
        if (rc == 0 && !(*expr = lc_buf_detach(&text)))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory for an expression");
    }
    if (rc == 0 && !d.partless)
        rc = check_stored(r, &d, *expr, err);
    if (rc == 0 && !ours && !r->look_only)
        lc_say("%s.%s.%s depends on another function that is not there, and is freed too", database,
               table, column);
    lc_buf_release(&text);
    lc_column_release(&d);
    return rc;
}

/* The rows are sorted by database and table: those of a table are neighbours. */
static bool same_table(const struct lc_answer *t, size_t a, size_t b)
{
    return strcmp(lc_answer_at(t, a, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p,
                  lc_answer_at(t, b, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p) == 0 &&
           strcmp(lc_answer_at(t, a, LC_SQL_DEFAULT_COLUMNS_TABLE)->p,
                  lc_answer_at(t, b, LC_SQL_DEFAULT_COLUMNS_TABLE)->p) == 0;
}

/* Say why a table stays as it is, and count it: the command then fails at its end. */
static void not_freed(struct rescue *r, size_t row, const char *why)
{
    lc_warn("%s.%s is not freed: %s",
            lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p,
            lc_answer_at(&r->all, row, LC_SQL_DEFAULT_COLUMNS_TABLE)->p, why);
    r->failed++;
}

/* The others are freed, too, where the server refuses one. */
static int send_one(struct rescue *r, size_t row, size_t columns, const char *sql,
                    struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    int rc = lc_inline_send(r->o, sql, &one);

    if (rc == 0) {
        r->columns += (unsigned)columns;
        r->tables++;
    } else if (rc == LC_ERR_SERVER) {
        not_freed(r, row, one.msg);
        rc = 0;
    } else {
        lc_error_pass(err, &one);
    }
    return rc;
}

/* All broken columns of the table that begins at `first`, in one ALTER. */
static int free_table(struct rescue *r, size_t first, size_t end, struct lc_error *err)
{
    struct lc_replace_change *changes = calloc(end - first, sizeof *changes);
    char **exprs = calloc(end - first, sizeof *exprs);
    struct lc_buf sql;
    size_t n = 0;
    int rc = changes && exprs ? 0 : lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");

    lc_buf_init(&sql, (size_t)1 << 24);
    for (size_t i = first; rc == 0 && i < end; i++) {
        const char *type;
        bool broken;

        rc = is_broken(r, i, &broken, err);
        if (rc || !broken)
            continue;
        rc = settle_column(r, i, &exprs[n], err);
        if (rc)
            break;
        /* The type of an is_deleted has to be written; that of other UInt8 does no harm. */
        type = lc_answer_at(&r->all, i, LC_SQL_DEFAULT_COLUMNS_TYPE)->p;
        changes[n] = (struct lc_replace_change){
            .column = lc_answer_at(&r->all, i, LC_SQL_DEFAULT_COLUMNS_NAME)->p,
            .type = strcmp(type, "UInt8") == 0 ? type : NULL,
            .kind = lc_answer_at(&r->all, i, LC_SQL_DEFAULT_COLUMNS_DEFAULT_KIND)->p,
            .expr = exprs[n]};
        n++;
    }
    if (rc == 0 &&
        (lc_replace_alter(&sql, lc_answer_at(&r->all, first, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p,
                          lc_answer_at(&r->all, first, LC_SQL_DEFAULT_COLUMNS_TABLE)->p, changes,
                          n) ||
         !lc_buf_str(&sql)))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
    if (rc == 0 && !r->look_only)
        rc = send_one(r, first, n, lc_buf_str(&sql), err);
    for (size_t i = 0; exprs && i < end - first; i++)
        free(exprs[i]);
    free(exprs);
    free(changes);
    lc_buf_release(&sql);
    return rc;
}

/*
 * Every table with a column that calls the lost function. Tables that only miss another
 * function are not touched: nobody asked for them.
 */
static int free_all(struct rescue *r, struct lc_error *err)
{
    int rc = 0;

    for (size_t first = 0, end; rc == 0 && first < r->all.rows; first = end) {
        struct lc_error one = LC_ERROR_INIT;
        bool ours = false;

        for (end = first; end < r->all.rows && same_table(&r->all, first, end); end++)
            ours = ours ||
                   lc_replace_calls(
                       lc_answer_at(&r->all, end, LC_SQL_DEFAULT_COLUMNS_DEFAULT_EXPRESSION)->p,
                       r->o->rescue);
        r->by_hand = false;
        if (ours)
            rc = free_table(r, first, end, &one);
        if (rc == LC_ERR_REFUSED && r->by_hand) { /* the others are freed all the same */
            if (!r->look_only)
                not_freed(r, first, one.msg);
            rc = 0;
        } else if (rc) {
            lc_error_pass(err, &one);
        }
    }
    return rc;
}

/* Views that call it cannot be altered so; INSERTs into what they read from fail. */
static int name_views(struct rescue *r, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_query_read(r->b, lc_sql_all_tables, NULL, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (!strstr(lc_answer_at(&t, i, LC_SQL_ALL_TABLES_ENGINE)->p, "View") ||
            !lc_replace_calls(lc_answer_at(&t, i, LC_SQL_ALL_TABLES_CREATE_TABLE_QUERY)->p,
                              r->o->rescue))
            continue;
        r->views++;
        lc_warn("%s.%s (%s) calls %s too, and cannot be freed: drop it, or change its query",
                lc_answer_at(&t, i, LC_SQL_ALL_TABLES_DATABASE)->p,
                lc_answer_at(&t, i, LC_SQL_ALL_TABLES_NAME)->p,
                lc_answer_at(&t, i, LC_SQL_ALL_TABLES_ENGINE)->p, r->o->rescue);
    }
    lc_answer_release(&t);
    return rc;
}

int lc_inline_rescue(const struct lc_inline_options *o, struct lc_error *err)
{
    struct rescue r = {.o = o, .b = o->r.b, .look_only = true};
    int rc = check_gone(&r, err);

    if (rc == 0)
        rc = lc_query_read(r.b, lc_sql_default_columns, NULL, &r.all, err);
    if (rc == 0)
        rc = free_all(&r, err);
    r.look_only = false;
    if (rc == 0)
        rc = free_all(&r, err);
    if (rc == 0)
        rc = name_views(&r, err);
    if (rc == 0)
        lc_say("%s %u column%s of %u table%s", o->r.m.up.dry_run ? "would free" : "freed",
               r.columns, r.columns == 1 ? "" : "s", r.tables, r.tables == 1 ? "" : "s");
    if (rc == 0 && r.failed) {
        rc = lc_fail(err, LC_ERR_SERVER, "%u table%s could not be freed of %s", r.failed,
                     r.failed == 1 ? "" : "s", o->rescue);
        lc_hint(
            err,
            "the reason is above. Change all its columns that call it in one ALTER by hand, with "
            "a MODIFY COLUMN for each; or run --rescue again without --rules, which leaves no "
            "DEFAULT");
    } else if (rc == 0 && r.tables + r.views == 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "nothing on %s depends on %s", lc_backend_where(r.b),
                     o->rescue);
        lc_hint(err, "is it written as in the DEFAULT? livecol doctor lists what depends on what");
    }
    lc_answer_release(&r.all);
    return rc;
}
