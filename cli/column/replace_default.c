/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The old expression and the new one are computed side by side for every distinct key of the table, and
 * a single key that differs refuses the change. Nothing is compared by the look of the text.
 */
#include "cli/column/replace_default.h"

#include "cli/column/narrow_key.h"
#include "cli/column/rule_expression.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/name.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"
#include "livecol_sql.h"
#include "udf/rules/open.h"
#include "udf/rules/ruleset.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * MAX_SQL_BYTES: a statement holds both expressions several times. COMPARE_WAIT_MS: every key
 * of a large table may take hours.
 */
enum { MAX_SQL_BYTES = 4 << 20, COMPARE_WAIT_MS = 24 * 3600 * 1000 };

/* The attribute that is named; else that of the column's name; else the only one. */
static int attribute_of(const struct lc_column *d, const struct lc_replace_source *source,
                        const struct lc_rules *rules, uint32_t *attribute, struct lc_error *err)
{
    const char *name = source->attribute ? source->attribute : d->column;
    int a = lc_rules_attribute(rules, name);

    if (a < 0 && !source->attribute && rules->attributes == 1)
        a = 0;
    if (a < 0) {
        lc_fail(err, LC_ERR_REFUSED, "%s has no attribute '%s'", source->rules, name);
        lc_hint(err, "--attribute names the one that the column holds");
        return LC_ERR_REFUSED;
    }
    *attribute = (uint32_t)a;
    return 0;
}

/* The type of what the function answers; where it is gone, the column's. malloc'ed; NULL: no memory. */
static char *answer_type(const struct lc_column *d, const struct lc_column_call *call)
{
    char *text = strndup(d->expr + call->at, call->n), *type = NULL;

    if (!text || lc_column_type_of_expr(d, text, &type, NULL))
        type = strdup(d->type);
    free(text);
    return type;
}

/* What a key without a rule gets: NULL, 0 or ''. */
static const char *miss_of(const char *type)
{
    return strstr(type, "Nullable(") ? "NULL" : lc_type_is_integer(type) ? "'0'" : NULL;
}

/*
 * Append the rules as an expression over key_sql. The call's argument may be cut: it must fit
 * these rules.
 */
static int from_rules(const struct lc_column *d, const struct lc_column_call *call,
                      const struct lc_replace_source *source, const char *key_sql,
                      struct lc_buf *out, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    uint32_t attribute = 0;
    int rc = lc_rules_open(&rules, source->rules, err);

    if (rc == 0)
        rc = attribute_of(d, source, rules, &attribute, err);
    if (rc == 0)
        rc = lc_narrow_fits(call->argument, rules, source->rules, err);
    if (rc == 0) {
        char *type = answer_type(d, call);

        rc = type ? lc_rule_expression(rules, attribute, type, key_sql, miss_of(type), out, err)
                  : lc_no_memory(err);
        free(type);
    }
    lc_rules_free(rules);
    return rc;
}

/*
 * dictGet('db.name', 'attribute', key); a key of several parts is a tuple. A dictionary that
 * was made without a database has none in its name.
 */
static int from_dictionary(const struct lc_column *d, const struct lc_replace_source *source,
                           const char *key_sql, struct lc_buf *out, struct lc_error *err)
{
    const char *attribute = source->attribute ? source->attribute : d->column;
    char *database = NULL, *name = NULL, *full = NULL;
    struct lc_answer t = {0};
    int rc = lc_table_name_parse(source->dictionary, &database, &name, err);

    if (rc == 0) {
        const struct lc_sql_arg args[] = {
            {"database", database ? database : lc_backend_database(d->b)},
            {"name", name},
            {"attribute", attribute},
            {NULL, NULL}};

        rc = lc_query_read(d->b, lc_sql_dictionary, args, &t, err);
    }
    if (rc == 0 && t.rows == 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "there is no dictionary %s", source->dictionary);
        lc_hint(err, "SELECT database, name FROM system.dictionaries lists those that there are");
    } else if (rc == 0 && !lc_answer_u64(&t, 0, LC_SQL_DICTIONARY_HAS_IT, 0)) {
        rc = lc_fail(err, LC_ERR_REFUSED, "the dictionary %s has no attribute '%s', but %s",
                     source->dictionary, attribute,
                     lc_answer_at(&t, 0, LC_SQL_DICTIONARY_ATTRIBUTES)->p);
        lc_hint(err, "--attribute names the one that the column holds");
    } else if (rc == 0) {
        const char *in = lc_answer_at(&t, 0, LC_SQL_DICTIONARY_DATABASE)->p;
        bool tuple = lc_answer_u64(&t, 0, LC_SQL_DICTIONARY_COMPLEX, 0) != 0;

        if (asprintf(&full, "%s%s%s", in, *in ? "." : "",
                     lc_answer_at(&t, 0, LC_SQL_DICTIONARY_NAME)->p) < 0)
            full = NULL;
        rc = !full || lc_buf_adds(out, "dictGet(") || lc_sql_add_str(out, full) ||
             lc_buf_adds(out, ", ") || lc_sql_add_str(out, attribute) ||
             lc_buf_addf(out, tuple ? ", tuple(%s))" : ", %s)", key_sql);
        if (rc)
            rc = lc_no_memory(err);
    }
    free(full);
    free(database);
    free(name);
    lc_answer_release(&t);
    return rc;
}

/*
 * The key, where it is given in the narrow form, which only a function gains by. malloc'ed;
 * NULL: no memory.
 */
static char *key_of(const char *argument)
{
    struct lc_slice key = {(const uint8_t *)argument, strlen(argument)};
    struct lc_narrow narrow;

    lc_narrow_read(argument, &key, &narrow);
    return strndup((const char *)key.p, key.n);
}

/*
 * A function is given the text of a key that is none; rules of numbers take numbers. Where the
 * rules cannot be opened the key stays as it is: from_rules says why.
 */
static int add_key(const struct lc_column *d, const struct lc_replace_source *source,
                   const char *argument, struct lc_buf *sql, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    char *type = NULL;
    bool as_text;
    int rc = lc_column_type_of_expr(d, argument, &type, err);

    if (rc)
        return rc;
    as_text = source->rules && !strstr(type, "String") &&
              lc_rules_open(&rules, source->rules, NULL) == 0 &&
              rules->takes.order == LC_ORDER_TEXT;
    lc_rules_free(rules);
    free(type);
    return lc_buf_addf(sql, as_text ? "toString(%s)" : "%s", argument) || !lc_buf_str(sql)
               ? lc_no_memory(err)
               : 0;
}

/* The column's expression with `by` in the place of the call, wherever it is made. */
static int put_in(const struct lc_column *d, const char *by, struct lc_buf *out)
{
    size_t done = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < d->calls_n; i++) {
        rc = lc_buf_add(out, d->expr + done, d->calls[i].at - done) || lc_buf_adds(out, by);
        done = d->calls[i].at + d->calls[i].n;
    }
    return rc || lc_buf_adds(out, d->expr + done);
}

int lc_replace_expression(struct lc_column *d, const struct lc_replace_source *source,
                          struct lc_buf *out, struct lc_error *err)
{
    const struct lc_column_call *call = NULL;
    struct lc_error why = LC_ERROR_INIT;
    struct lc_buf key, by;
    char *text = NULL;
    int rc = lc_column_read_calls(d, &why);

    lc_buf_init(&key, 1 << 16);
    lc_buf_init(&by, MAX_SQL_BYTES);
    if (rc == 0)
        rc = lc_column_one_call(d, &call, &why);
    /* The hint of lc_column_one_call is for other commands: this one has its own way out. */
    if (rc == LC_ERR_REFUSED) {
        why.hint[0] = '\0';
        lc_hint(&why, "write the expression yourself: ALTER TABLE ... MODIFY COLUMN ... DEFAULT "
                      "...; or --remove it");
    }
    if (rc)
        lc_error_pass(err, &why);
    if (rc == 0 && !(text = key_of(call->argument)))
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = add_key(d, source, text, &key, err);
    free(text);
    if (rc == 0)
        rc = source->rules ? from_rules(d, call, source, lc_buf_str(&key), &by, err)
                           : from_dictionary(d, source, lc_buf_str(&key), &by, err);
    if (rc == 0 && (!lc_buf_str(&by) || put_in(d, lc_buf_str(&by), out)))
        rc = lc_no_memory(err);
    lc_buf_release(&key);
    lc_buf_release(&by);
    return rc;
}

int lc_replace_lacking(const struct lc_column *d, uint64_t *rows, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", d->database}, {"table", d->table}, {"column", d->column}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(d->b, lc_sql_verify_parts, args, &t, err);

    *rows = 0;
    for (size_t i = 0; rc == 0 && i < t.rows; i++)
        *rows += lc_answer_u64(&t, i, LC_SQL_VERIFY_PARTS_ROWS_LACKING, 0);
    lc_answer_release(&t);
    return rc;
}

/*
 * Append the condition that the old and the new answer for a key differ, as the column would
 * store them.
 */
static int add_differs(const struct lc_column *d, const char *expr, struct lc_buf *sql)
{
    struct lc_buf was, will_be;
    int rc;

    lc_buf_init(&was, MAX_SQL_BYTES);
    lc_buf_init(&will_be, MAX_SQL_BYTES);
    rc = lc_column_add_expected(d, d->expr, &was) || lc_column_add_expected(d, expr, &will_be) ||
         !lc_buf_str(&was) || !lc_buf_str(&will_be) ||
         lc_column_add_unlike(d, lc_buf_str(&will_be), lc_buf_str(&was), sql);
    lc_buf_release(&was);
    lc_buf_release(&will_be);
    return rc;
}

/* FROM (SELECT the columns that either reads … GROUP BY them): each key once. */
static int add_keys(const struct lc_column *d, char *const *names, size_t n, struct lc_buf *sql)
{
    int rc = lc_buf_adds(sql, " FROM (SELECT ");

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = (i && lc_buf_adds(sql, ", ")) || lc_sql_add_id(sql, names[i]);
    rc = rc || lc_buf_adds(sql, n ? " FROM " : "1 FROM ") || lc_column_add_table(d, sql) ||
         lc_buf_adds(sql, n ? " GROUP BY " : " LIMIT 1");
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = (i && lc_buf_adds(sql, ", ")) || lc_sql_add_id(sql, names[i]);
    return rc || lc_buf_adds(sql, ")");
}

/* Into *t, which is released first. shape: what is promised, sealed; NULL: nothing. */
static int ask(const struct lc_column *d, struct lc_buf *sql, const atomic_bool *cancel,
               const struct lc_sql *shape, struct lc_answer *t, struct lc_error *err)
{
    /* Keys that do not fit into a gigabyte go by way of the disk. */
    static const struct lc_setting settings[] = {
        {"max_bytes_before_external_group_by", "1000000000"}, {NULL, NULL}};
    int rc = shape ? lc_answer_seal(sql, shape) : 0;
    struct lc_query q = {.sql = lc_buf_str(sql),
                         .sql_n = sql->n,
                         .settings = settings,
                         .timeout_ms = COMPARE_WAIT_MS,
                         .cancel = cancel};

    if (rc || !q.sql)
        return lc_no_memory(err);
    return shape ? lc_query_checked(d->b, &q, shape, t, err) : lc_backend_query(d->b, &q, t, err);
}

/*
 * *t: one row of the key, what the column's expression gives and what the new one gives, as
 * text.
 */
static void refuse_differing(const struct lc_column *d, uint64_t differ, uint64_t keys,
                             const struct lc_answer *t, struct lc_error *err)
{
    char shown[3][80] = {"", "", ""};

    for (size_t i = 0; i < 3 && t->rows; i++)
        lc_printable(lc_answer_at(t, 0, i)->p, lc_answer_at(t, 0, i)->n, shown[i], sizeof shown[i]);
    lc_fail(err, LC_ERR_REFUSED,
            "%" PRIu64 " of %" PRIu64
            " keys of %s.%s get another value: for '%s' it is '%s', and %s "
            "says '%s'",
            differ, keys, d->database, d->table, shown[0], shown[1], d->expr, shown[2]);
    lc_hint(err, "these are not the function's rules: give those that it uses");
}

int lc_replace_compare(const struct lc_column *d, const char *expr, const atomic_bool *cancel,
                       uint64_t *keys, struct lc_error *err)
{
    enum { KEYS, DIFFER, WIDTH }; /* of the first SELECT below */
    static const struct lc_sql_column columns[] = {{"livecol_keys", LC_SQL_UINT},
                                                   {"livecol_differ", LC_SQL_UINT}};
    static const struct lc_sql counted = {.name = "the comparison",
                                          .columns = columns,
                                          .width = WIDTH,
                                          .rows = LC_SQL_ROWS_ONE,
                                          .sealed = true};
    char **names = NULL, *both = NULL;
    size_t n = 0;
    struct lc_answer t = {0};
    struct lc_buf sql;
    uint64_t differ = 0;
    int rc;

    *keys = 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    if (asprintf(&both, "%s\n, %s", d->expr, expr) < 0)
        both = NULL;
    rc = both ? lc_column_check_stored_key(d, d->expr, "be compared", err) : lc_no_memory(err);
    if (rc == 0)
        rc = lc_column_inputs(d, both, &names, &n, err);
    if (rc == 0) {
        /* First the counts; one of the keys is fetched only where there is something to show. */
        rc = lc_buf_adds(&sql, "SELECT count() AS livecol_keys, countIf(") ||
             add_differs(d, expr, &sql) || lc_buf_adds(&sql, ") AS livecol_differ") ||
             add_keys(d, names, n, &sql);
        rc = rc ? lc_no_memory(err) : ask(d, &sql, cancel, &counted, &t, err);
    }
    if (rc == 0) {
        *keys = lc_answer_u64(&t, 0, KEYS, 0);
        differ = lc_answer_u64(&t, 0, DIFFER, 0);
    }
    if (rc == 0 && differ) {
        lc_buf_reset(&sql);
        /* Expressions that read no column have one key: the empty one. */
        rc = lc_buf_adds(&sql, "SELECT toString(") ||
             (n ? lc_sql_add_id(&sql, names[0]) : lc_buf_adds(&sql, "''")) ||
             lc_buf_adds(&sql, "), toString(") || lc_column_add_expected(d, expr, &sql) ||
             lc_buf_adds(&sql, "), toString(") || lc_column_add_expected(d, d->expr, &sql) ||
             lc_buf_adds(&sql, ")") || add_keys(d, names, n, &sql) ||
             lc_buf_adds(&sql, " WHERE ") || add_differs(d, expr, &sql) ||
             lc_buf_adds(&sql, " LIMIT 1");
        rc = rc ? lc_no_memory(err) : ask(d, &sql, cancel, NULL, &t, err);
        if (rc == 0) {
            refuse_differing(d, differ, *keys, &t, err);
            rc = LC_ERR_REFUSED;
        }
    }
    lc_column_free_names(names, n);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    free(both);
    return rc;
}

int lc_replace_alter(struct lc_buf *sql, const char *database, const char *table,
                     const struct lc_replace_change *changes, size_t n)
{
    int rc = lc_buf_adds(sql, "ALTER TABLE ") || lc_sql_add_id(sql, database) ||
             lc_buf_adds(sql, ".") || lc_sql_add_id(sql, table);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct lc_replace_change *c = &changes[i];

        rc = lc_buf_adds(sql, i ? ", MODIFY COLUMN " : " MODIFY COLUMN ") ||
             lc_sql_add_id(sql, c->column) ||
             (c->expr && c->type && lc_buf_addf(sql, " %s", c->type)) ||
             (c->expr ? lc_buf_addf(sql, " %s %s", c->kind, c->expr)
                      : lc_buf_addf(sql, " REMOVE %s", c->kind));
    }
    return rc ? LC_ERR_NOMEM : 0;
}

bool lc_replace_calls(const char *expr, const char *function)
{
    struct lc_slice text = {(const uint8_t *)expr, strlen(expr)};
    size_t at = 0;
    char *name;
    bool calls = false;

    while (!calls && (name = lc_expr_function(text, &at))) {
        calls = strcmp(name, function) == 0;
        free(name);
    }
    return calls;
}
