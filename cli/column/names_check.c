/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most expressions name nothing but columns, and cost no query. A name that is none may be a lambda's
 * parameter, an alias, a type, a word of the language: that is the server's to say.
 */
#include "cli/column/names_check.h"

#include "cli/column/column.h"
#include "cli/server/same_sql.h"
#include "cli/server/server_error.h"
#include "cli/sql/fragment.h"
#include "cli/sql/quote.h"
#include "cli/sql/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an expression has, by its words. */
struct words {
    bool unclear; /* a query, or a name of the server's own (_part): not to be asked about */
    bool other;   /* a name that is no column's */
    bool calls;   /* a function, or INTERVAL */
};

static struct words read_words(const struct lc_table *t, const char *expr)
{
    struct lc_walk w = lc_walk_text(expr);
    struct words words = {false, false, false};

    while (!words.unclear && lc_walk_next(&w)) {
        bool other;
        struct lc_tok next = lc_walk_peek(&w);
        char *name;

        if (!lc_tok_is_name(&w.tok) || lc_tok_symbol(&w.before, '.'))
            continue;
        if (lc_tok_symbol(&next, '(') || lc_tok_is(&w.tok, "INTERVAL")) {
            words.calls = true;
            continue;
        }
        name = lc_tok_name(&w.tok);
        other = name && !lc_table_column_or_member(t, name);
        words.unclear = lc_tok_is(&w.tok, "SELECT") || (other && *name == '_');
        words.other = words.other || other;
        free(name);
    }
    words.unclear = words.unclear || w.rc;
    return words;
}

/* Errors that the expression has whatever the values are. */
static bool is_refused(int code, bool made)
{
    return code == LC_SERVER_UNKNOWN_IDENTIFIER ||
           (!made && (code == LC_SERVER_UNKNOWN_FUNCTION || code == LC_SERVER_WRONG_ARGUMENTS ||
                      code == LC_SERVER_ILLEGAL_TYPE));
}

static int refuse(const struct lc_table *t, const char *expr, struct lc_error *why,
                  struct lc_error *err)
{
    char *scope = strstr(why->msg, " In scope "); /* of the question, not of the statement */

    if (why->server_code == LC_SERVER_UNKNOWN_IDENTIFIER) {
        lc_fail(err, LC_ERR_REFUSED, "%s reads what %s.%s does not have: %s", expr, t->database,
                t->name, why->msg);
        lc_hint(err,
                "do its columns have the names that SHOW CREATE TABLE shows? Nothing was changed");
        return LC_ERR_REFUSED;
    }
    if (scope)
        *scope = '\0';
    lc_fail(err, LC_ERR_REFUSED, "the server cannot compute %s over %s.%s: %s", expr, t->database,
            t->name, why->msg);
    lc_hint(err, "a SELECT of it shows the same. Nothing was changed");
    return LC_ERR_REFUSED;
}

/* *type: what it gives, to be freed; NULL: not asked, or not known. */
static int check(struct lc_backend *b, const struct lc_table *t, const char *expr, bool made,
                 bool always, char **type, struct lc_error *err)
{
    /* It borrows the table, and is not released. */
    const struct lc_column d = {.b = b, .database = t->database, .table = t->name, .t = *t};
    struct lc_error why = LC_ERROR_INIT;
    struct words words = read_words(t, expr);
    int rc;

    *type = NULL;
    expr += strspn(expr, " \t\r\n");
    if (!(t->there || t->pending) || t->unclear || t->hidden || words.unclear ||
        !(always || words.other || (words.calls && !made)))
        return 0;
    rc = lc_column_type_of_expr(&d, expr, type, &why);
    if (rc == LC_ERR_SERVER && is_refused(why.server_code, made))
        return refuse(t, expr, &why, err);
    return rc == 0 || rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
}

int lc_names_check(struct lc_backend *b, const struct lc_table *t, const char *expr, bool made,
                   struct lc_error *err)
{
    char *type;
    int rc = check(b, t, expr, made, false, &type, err);

    free(type);
    return rc;
}

int lc_names_check_ttl(struct lc_backend *b, const struct lc_table *t, const char *expr, bool made,
                       struct lc_error *err)
{
    static const char *const no_date[] = {"String", "UInt", "Int", "Float", "Array", "UUID"};
    char *type;
    int rc = check(b, t, expr, made, true, &type, err);

    expr += strspn(expr, " \t\r\n");
    for (size_t i = 0; rc == 0 && type && i < sizeof no_date / sizeof *no_date; i++) {
        if (strncmp(type, no_date[i], strlen(no_date[i])) != 0)
            continue;
        rc = lc_fail(err, LC_ERR_REFUSED, "TTL %s is %s, and no date or time", expr, type);
        lc_hint(err, "Nothing was changed");
    }
    free(type);
    return rc;
}

int lc_names_check_column_ttl(struct lc_backend *b, const struct lc_table *t,
                              struct lc_slice declaration, bool made, struct lc_error *err)
{
    static const char *const ends[] = {"COMMENT", "AFTER", "FIRST", "SETTINGS", NULL};
    struct lc_walk w = lc_walk_slice(declaration);
    struct lc_slice ttl = {0};
    char *text;
    int rc;

    while (!ttl.n && lc_walk_next(&w)) {
        if (w.depth == 0 && lc_tok_is(&w.tok, "TTL") && w.before.kind != LC_TOK_END &&
            !lc_tok_is(&w.before, "COLUMN") && !lc_tok_is(&w.before, "REMOVE"))
            ttl = lc_walk_take_until(&w, ends);
    }
    text = ttl.n ? strndup((const char *)ttl.p, ttl.n) : NULL;
    rc = text ? lc_names_check_ttl(b, t, text, made, err) : 0;
    free(text);
    return rc;
}

/* Types that every server knows, and turns into each other where the values allow it. */
static bool is_simple(struct lc_slice type)
{
    static const char *const words[] = {"String",  "UInt8",    "UInt16",        "UInt32", "UInt64",
                                        "Int8",    "Int16",    "Int32",         "Int64",  "Float32",
                                        "Float64", "Nullable", "LowCardinality"};
    struct lc_walk w = lc_walk_slice(type);

    while (lc_walk_next(&w)) {
        bool known = w.tok.kind != LC_TOK_WORD;

        for (size_t i = 0; !known && i < sizeof words / sizeof *words; i++)
            known = w.tok.n == strlen(words[i]) && memcmp(w.tok.p, words[i], w.tok.n) == 0;
        if (!known)
            return false;
    }
    return w.rc == 0;
}

/* What the server says of a cast of the column to the type. */
static int ask_cast(struct lc_backend *b, const struct lc_table *t,
                    const struct lc_table_column *column, const char *type, struct lc_error *why)
{
    const struct lc_column d = {.b = b, .database = t->database, .table = t->name, .t = *t};
    struct lc_buf sql;
    char *answer = NULL;
    int rc;

    lc_buf_init(&sql, 1 << 20);
    rc = lc_buf_adds(&sql, "CAST(") || lc_sql_add_id(&sql, column->name) ||
                 lc_buf_adds(&sql, ", ") || lc_sql_add_str(&sql, type) || lc_buf_adds(&sql, ")") ||
                 !lc_buf_str(&sql)
             ? lc_no_memory(why)
             : lc_column_type_of_expr(&d, lc_buf_str(&sql), &answer, why);
    free(answer);
    lc_buf_release(&sql);
    return rc;
}

int lc_type_check(struct lc_backend *b, const struct lc_table *t,
                  const struct lc_table_column *column, struct lc_slice type, struct lc_error *err)
{
    bool cast = column && *column->type && column->stored && !column->rewritten;
    struct lc_error why = LC_ERROR_INIT;
    char *plain, *name = NULL;
    int rc;

    if (!type.n || is_simple(type))
        return 0;
    plain = lc_fragment_declared_type(type);
    rc = plain ? lc_type_name(b, type, &name, &why) : lc_no_memory(&why);
    if (rc == LC_ERR_SERVER && why.server_code == LC_SERVER_UNKNOWN_TYPE) {
        lc_fail(err, LC_ERR_REFUSED, "the server has no type %s", plain);
        lc_hint(err, "is it spelled as in system.data_type_families? Nothing was changed");
    } else if (rc == 0 && cast) {
        rc = ask_cast(b, t, column, plain, &why);
        if (rc == LC_ERR_SERVER && why.server_code == LC_SERVER_TYPE_MISMATCH) {
            lc_fail(err, LC_ERR_REFUSED,
                    "the server does not turn %s of %s.%s, which is %s, into %s", column->name,
                    t->database, t->name, column->type, plain);
            lc_hint(err, "a new column of that type, filled in from this one, can take its place. "
                         "Nothing was changed");
        }
    }
    free(plain);
    free(name);
    if (err && err->code == LC_ERR_REFUSED)
        return LC_ERR_REFUSED;
    return rc == 0 || rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
}

int lc_type_check_family(struct lc_backend *b, struct lc_slice type, struct lc_error *err)
{
    static const char *const families[] = {"String",
                                           "FixedString",
                                           "UInt8",
                                           "UInt16",
                                           "UInt32",
                                           "UInt64",
                                           "UInt128",
                                           "UInt256",
                                           "Int8",
                                           "Int16",
                                           "Int32",
                                           "Int64",
                                           "Int128",
                                           "Int256",
                                           "Float32",
                                           "Float64",
                                           "Decimal",
                                           "Decimal32",
                                           "Decimal64",
                                           "Decimal128",
                                           "Decimal256",
                                           "Bool",
                                           "Date",
                                           "Date32",
                                           "DateTime",
                                           "DateTime64",
                                           "UUID",
                                           "IPv4",
                                           "IPv6",
                                           "Enum",
                                           "Enum8",
                                           "Enum16",
                                           "Array",
                                           "Tuple",
                                           "Map",
                                           "Nullable",
                                           "Nested",
                                           "JSON",
                                           "Dynamic",
                                           "Variant",
                                           "LowCardinality",
                                           "NOT",
                                           "NULL",
                                           "AggregateFunction",
                                           "SimpleAggregateFunction"};
    const struct lc_table none = {0};
    struct lc_walk w = lc_walk_slice(type);
    bool common = true;

    while (common && lc_walk_next(&w)) {
        common = w.tok.kind != LC_TOK_WORD;
        for (size_t i = 0; !common && i < sizeof families / sizeof *families; i++)
            common = w.tok.n == strlen(families[i]) && memcmp(w.tok.p, families[i], w.tok.n) == 0;
    }
    return common ? 0 : lc_type_check(b, &none, NULL, type, err);
}
