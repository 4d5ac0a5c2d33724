/* SPDX-License-Identifier: Apache-2.0 */
/* What a column's expression calls, and what it reads: see column.h. */
#include "cli/column/column.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/fragment.h"
#include "cli/sql/lexer.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The last two are error numbers of the server. */
enum { SQL_MAX_BYTES = 1 << 20, UNKNOWN_IDENTIFIER = 47, UNKNOWN_FUNCTION = 46 };

static int take_text(char **to, struct lc_slice s)
{
    *to = strndup((const char *)s.p, s.n);
    return *to ? 0 : LC_ERR_NOMEM;
}

/* tuple(x), where the key of a dictionary has parts: x. */
static struct lc_slice inside_tuple(struct lc_slice s, bool *tuple)
{
    char *text = strndup((const char *)s.p, s.n);
    struct lc_expr_call *v = NULL;
    struct lc_slice inner = s;
    size_t n = 0;

    *tuple = false;
    if (text && lc_expr_calls(text, &v, &n, NULL) == 0 && n && v[0].at == 0 && v[0].n == s.n &&
        strcmp(v[0].name, "tuple") == 0 && v[0].args == 1) {
        *tuple = true;
        inner = (struct lc_slice){s.p + v[0].args_at, v[0].args_len};
    }
    lc_expr_free_calls(v, n);
    free(text);
    return inner;
}

/*
 * Is its answer the attribute of the key, nothing else? A value of its own for keys that the dictionary
 * lacks, or a list, is not what rules say.
 */
static bool gets_attribute(const struct lc_expr_call *call)
{
    static const char *const others[] = {"OrDefault", "OrNull",   "All",
                                         "Hierarchy", "Children", "Descendants"};
    bool gets = strncasecmp(call->name, "dictGet", 7) == 0 && call->args == 3;

    for (size_t i = 0; gets && i < sizeof others / sizeof *others; i++)
        gets = !strcasestr(call->name, others[i]);
    return gets;
}

/*
 * The call as column.h has it. argument stays NULL where no single text is what the rules are
 * asked about: several arguments, or a dictionary whose name or attribute is no constant. A
 * dictGet has three: dictionary, attribute, key.
 */
static int take_call(const char *expr, const struct lc_expr_call *from, struct lc_column_call *c)
{
    bool dictionary = lc_expr_asks_dictionary(from->name);
    struct lc_slice argument = {0};

    *c = (struct lc_column_call){.function = strdup(from->name), .at = from->at, .n = from->n};
    if (!c->function)
        return LC_ERR_NOMEM;
    c->version = lc_expr_version(c->function, &c->base_n);
    if (dictionary) {
        c->dictionary = lc_fragment_constant(lc_expr_argument(expr, from, 0));
        if (gets_attribute(from))
            c->attribute = lc_fragment_constant(lc_expr_argument(expr, from, 1));
        if (c->dictionary && c->attribute)
            argument = inside_tuple(lc_expr_argument(expr, from, 2), &c->tuple);
    } else if (from->args == 1) {
        argument = lc_expr_argument(expr, from, 0);
    }
    if (argument.n)
        c->bound = lc_expr_is_bound(expr, (size_t)((const char *)argument.p - expr), argument.n);
    return argument.n ? take_text(&c->argument, argument) : 0;
}

/*
 * Is it the server's own? *missing: it is nobody's. Names are compared in any case, since many
 * of the server's own functions are known so.
 */
static int look_up(struct lc_backend *b, const char *name, bool *own, bool *missing,
                   struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = lc_query_kept(b, lc_sql_function_origin, args, &t, &one);

    if (rc == LC_ERR_SERVER) /* an older server has no functions but its own */
        rc = lc_query_kept(b, lc_sql_function_any, args, &t, err);
    else if (rc)
        lc_error_pass(err, &one);
    *missing = rc == 0 && t.rows == 0;
    *own = rc == 0 && t.rows &&
           strcmp(lc_answer_at(&t, 0, LC_SQL_FUNCTION_ORIGIN_ORIGIN)->p, "System") == 0;
    lc_answer_release(&t);
    return rc;
}

/*
 * Every call is looked up by name in system.functions. Those of the server's own functions are
 * left out, but for dictGet and its kin: these answer from rules too.
 */
int lc_column_calls_of(struct lc_backend *b, const char *expr, struct lc_column_call **v, size_t *n,
                       struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_expr_call *all = NULL;
    size_t all_n = 0;
    int rc = lc_expr_calls(expr, &all, &all_n, &why);

    *n = 0;
    *v = calloc(all_n + 1, sizeof **v);
    if (rc == LC_ERR_INPUT)
        rc = lc_fail(err, LC_ERR_REFUSED, "%s cannot be read: %s", expr, why.msg);
    if (rc == 0 && !*v)
        rc = lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < all_n; i++) {
        bool own = false, missing = false;

        rc = look_up(b, all[i].name, &own, &missing, err);
        if (rc || (own && !lc_expr_asks_dictionary(all[i].name)))
            continue;
        if (take_call(expr, &all[i], &(*v)[(*n)++]))
            rc = lc_no_memory(err);
        (*v)[*n - 1].missing = missing;
    }
    lc_expr_free_calls(all, all_n);
    return rc;
}

void lc_column_free_calls(struct lc_column_call *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(v[i].function);
        free(v[i].argument);
        free(v[i].dictionary);
        free(v[i].attribute);
    }
    free(v);
}

int lc_column_read_calls(struct lc_column *d, struct lc_error *err)
{
    lc_column_free_calls(d->calls, d->calls_n);
    d->calls = NULL;
    d->calls_n = 0;
    return lc_column_calls_of(d->b, d->expr, &d->calls, &d->calls_n, err);
}

/* The same tokens, blanks and comments aside; two that are NULL are the same. */
static bool same_text(const char *a, const char *b)
{
    return a && b ? lc_lex_same(a, strlen(a), b, strlen(b)) : a == b;
}

/*
 * One function with one argument may be called several times: one answer then goes into each
 * place. With two functions, or two arguments, no answer of the rules alone tells what the
 * column stores.
 */
int lc_column_one_call(const struct lc_column *d, const struct lc_column_call **call,
                       struct lc_error *err)
{
    *call = d->calls_n ? &d->calls[0] : NULL;
    for (size_t i = 1; i < d->calls_n; i++) {
        if (strcmp(d->calls[i].function, d->calls[0].function) == 0 &&
            same_text(d->calls[i].argument, d->calls[0].argument))
            continue;
        lc_fail(err, LC_ERR_REFUSED, "%s of %s.%s.%s makes several calls: %s(%s) and %s(%s)",
                d->expr, d->database, d->table, d->column, d->calls[0].function,
                d->calls[0].argument ? d->calls[0].argument : "", d->calls[i].function,
                d->calls[i].argument ? d->calls[i].argument : "");
        lc_hint(
            err,
            "rules give the answer of one function for one key, so no count over one of them is "
            "right for the whole. livecol verify %s.%s.%s --against 'EXPRESSION' compares with "
            "an expression of functions that are on the server",
            d->database, d->table, d->column);
        return LC_ERR_REFUSED;
    }
    if (*call && (*call)->argument && !(*call)->bound)
        return 0;
    if (*call && (*call)->bound)
        lc_fail(err, LC_ERR_REFUSED,
                "%s of %s.%s.%s calls %s with a name that the expression itself defines (%s): the "
                "rules cannot be applied to it alone",
                d->expr, d->database, d->table, d->column, (*call)->function, (*call)->argument);
    else if (*call)
        lc_fail(err, LC_ERR_REFUSED, "%s of %s.%s.%s calls %s with no single argument", d->expr,
                d->database, d->table, d->column, (*call)->function);
    else
        lc_fail(err, LC_ERR_REFUSED, "%s of %s.%s.%s calls no function of rules",
                *d->expr ? d->expr : "the (missing) DEFAULT", d->database, d->table, d->column);
    return LC_ERR_REFUSED;
}

bool lc_column_is_call(const char *expr, const struct lc_column_call *call)
{
    return lc_fragment_is_whole(expr, call->at, call->n);
}

void lc_column_free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* Those that the expression mentions; with `all`, whatever it says. */
static int name_columns(const struct lc_table *t, const char *expr, bool all, char ***names,
                        size_t *n, struct lc_error *err)
{
    char **v = calloc(t->n + 1, sizeof *v);

    *names = v;
    *n = 0;
    for (size_t i = 0; v && i < t->n; i++) {
        size_t at, len;

        if (!all && !lc_expr_find_column(expr, t->v[i].name, 0, &at, &len))
            continue;
        v[*n] = strdup(t->v[i].name);
        if (!v[(*n)++])
            return lc_no_memory(err);
    }
    return v ? 0 : lc_no_memory(err);
}

int lc_column_mentions(const struct lc_table *t, const char *expr, char ***names, size_t *n,
                       struct lc_error *err)
{
    return name_columns(t, expr, false, names, n, err);
}

/* Append (SELECT names FROM the table). */
static int add_names(const struct lc_column *d, char *const *names, size_t n, struct lc_buf *sql)
{
    int rc = lc_buf_adds(sql, n ? "(SELECT " : "(SELECT 1 AS livecol_one");

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = (i && lc_buf_adds(sql, ", ")) || lc_sql_add_id(sql, names[i]);
    return rc || lc_buf_adds(sql, " FROM ") || lc_table_add_rows(&d->t, sql) ||
           lc_buf_adds(sql, ")");
}

/*
 * SELECT the expression FROM the columns LIMIT 0: the server resolves names and types, and
 * reads nothing. by_type: from empty values of the columns' types; else from the table. t may
 * be NULL: only whether it succeeds counts.
 */
static int analyse_over(const struct lc_column *d, const char *expr, char *const *names, size_t n,
                        bool by_type, struct lc_answer *t, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, SQL_MAX_BYTES);
    rc = lc_buf_addf(&sql, "SELECT (%s\n) AS livecol_x FROM ", expr) ||
         (by_type ? lc_table_add_shape(&d->t, names, n, &sql) : add_names(d, names, n, &sql)) ||
         lc_buf_adds(&sql, " LIMIT 0") || !lc_buf_str(&sql);
    rc = rc ? lc_no_memory(err) : lc_backend_run(d->b, lc_buf_str(&sql), t, err);
    lc_buf_release(&sql);
    return rc;
}

/*
 * Ask the server about the expression over these columns alone, and no rows: over empty values of
 * their types; where it makes none of one of these, over the table.
 */
static int analyse(const struct lc_column *d, const char *expr, char *const *names, size_t n,
                   struct lc_answer *t, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT, again = LC_ERROR_INIT;
    int rc = analyse_over(d, expr, names, n, true, t, &why);

    if (rc == LC_ERR_SERVER && why.server_code != UNKNOWN_IDENTIFIER &&
        why.server_code != UNKNOWN_FUNCTION && d->t.there &&
        analyse_over(d, expr, names, n, false, t, &again) == 0)
        return 0;
    return rc ? lc_error_pass(err, &why) : 0;
}

/*
 * Does it do without name i? Then it is taken out of the list, and freed. Otherwise, and after
 * any failure, the list is as it was.
 */
static int drop_unread(const struct lc_column *d, const char *expr, char **names, size_t *n,
                       size_t i, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    char *name = names[i];
    int rc;

    memmove(&names[i], &names[i + 1], (*n - i - 1) * sizeof *names);
    rc = analyse(d, expr, names, --*n, NULL, &why);
    if (rc == 0) {
        free(name);
        return 0;
    }
    memmove(&names[i + 1], &names[i], (*n - i) * sizeof *names);
    names[i] = name;
    ++*n;
    if (rc == LC_ERR_SERVER)
        return 0;
    lc_error_pass(err, &why);
    return rc;
}

/*
 * Which columns the expression reads is found by trial, since only the server knows its rules
 * for names:
 *
 *   the columns that its words name ─► the server takes them ─┐
 *                 └─ unknown identifier ─► all columns ───────┴─► leave out one after the other; a
 *                                                                 column stays where it is missed
 */
int lc_column_inputs(const struct lc_column *d, const char *expr, char ***names, size_t *n,
                     struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int answer, rc = name_columns(&d->t, expr, false, names, n, err);

    if (rc)
        return rc;
    answer = analyse(d, expr, *names, *n, NULL, &why);
    if (answer == LC_ERR_SERVER && why.server_code == UNKNOWN_IDENTIFIER) {
        /* A name by a rule of the server's that its words do not show. */
        char **all;
        size_t all_n;

        why = LC_ERROR_INIT;
        rc = name_columns(&d->t, expr, true, &all, &all_n, err);
        answer = rc ? rc : analyse(d, expr, all, all_n, NULL, &why);
        if (answer == 0) {
            lc_column_free_names(*names, *n);
            *names = all;
            *n = all_n;
        } else {
            lc_column_free_names(all, all_n);
        }
    }
    if (rc == 0 && answer && answer != LC_ERR_SERVER) {
        lc_error_pass(err, &why);
        rc = answer;
    }
    /* Of one name that is enough for the server, that one is read. */
    for (size_t i = *n; rc == 0 && answer == 0 && *n > 1 && i-- > 0;)
        rc = drop_unread(d, expr, *names, n, i, err);
    return rc;
}

/*
 * The type of the one column that a SELECT of the expression answers, which comes with no rows
 * too.
 */
int lc_column_type_of_expr(const struct lc_column *d, const char *expr, char **type,
                           struct lc_error *err)
{
    char **names = NULL;
    size_t n = 0;
    struct lc_answer t = {0};
    int rc = lc_column_inputs(d, expr, &names, &n, err);

    *type = NULL;
    if (rc == 0)
        rc = analyse(d, expr, names, n, &t, err);
    /* Every type has a name that begins with a capital; what has none would be taken for an unknown one. */
    if (rc == 0 && (t.cols != 1 || strcmp(t.names[0].p, "livecol_x") != 0 || *t.types[0].p < 'A' ||
                    *t.types[0].p > 'Z'))
        rc = lc_fail(err, LC_ERR_UNKNOWN, "the answer is not what was asked for: it has no type");
    if (rc == 0 && !(*type = strdup(t.types[0].p)))
        rc = lc_no_memory(err);
    lc_answer_release(&t);
    lc_column_free_names(names, n);
    return rc;
}
