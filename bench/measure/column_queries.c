/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queries that people ask of a derived column, made for a table
 * that is not known in advance:
 *
 *   columns of the table, and which are in its key ─► a row from its middle ─► five texts
 *
 * A point read needs a key that is there, and the filter a value that is there: both come from
 * the sample row, so that a query does the work that it would do for a user.
 */
#include "bench/measure/column_queries.h"

#include "cli/server/query.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_MAX_BYTES = 1 << 20 };

/* The three parts of the name, and what the table is made of. */
struct target {
    char *database, *table, *column;
    struct lc_answer columns; /* name, type, is_in_primary_key */
    struct lc_answer sample;  /* one row: the key columns in their order, then the column */
};

/*
 * "database.table.column" into its parts; a dot in the name of a database or table cannot be
 * given. What was set is freed by the caller, also after a failure.
 */
static int split(struct target *t, const char *name, struct lc_error *err)
{
    const char *dot = strchr(name, '.');
    const char *second = dot != NULL ? strchr(dot + 1, '.') : NULL;
    if (second == NULL || dot == name || second == dot + 1 || second[1] == '\0') {
        lc_fail(err, LC_ERR_USAGE, "'%s' is no column", name);
        lc_hint(err, "write database.table.column");
        return LC_ERR_USAGE;
    }
    t->database = strndup(name, (size_t)(dot - name));
    t->table = strndup(dot + 1, (size_t)(second - dot - 1));
    t->column = strdup(second + 1);
    return t->database != NULL && t->table != NULL && t->column != NULL
               ? 0
               : lc_fail(err, LC_ERR_NOMEM, "no memory");
}

/*
 * Run one of sql/'s statements about the table; its answer has the columns
 * that the statement promises.
 */
static int ask(struct lc_backend *b, const struct target *t, const struct lc_sql *statement,
               struct lc_answer *out, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_buf sql;
    lc_buf_init(&sql, SQL_MAX_BYTES);
    int rc = lc_sql_format(&sql, statement, args, err);
    struct lc_query q = {.sql = lc_buf_str(&sql)};
    rc = rc == 0 && !q.sql ? lc_fail(err, LC_ERR_NOMEM, "no memory for a statement") : rc;
    rc = rc == 0 ? lc_query_checked(b, &q, statement, out, err) : rc;
    lc_buf_release(&sql);
    return rc;
}

static bool in_key(const struct target *t, size_t row)
{
    return lc_answer_u64(&t->columns, row, LC_SQL_BENCH_COLUMNS_IS_IN_PRIMARY_KEY, 0) != 0;
}

static int add_table(struct lc_buf *sql, const struct target *t)
{
    int rc = lc_buf_adds(sql, " FROM ");
    rc = rc == 0 ? lc_sql_add_id(sql, t->database) : rc;
    rc = rc == 0 ? lc_buf_adds(sql, ".") : rc;
    return rc == 0 ? lc_sql_add_id(sql, t->table) : rc;
}

/* Take the key's columns and the column from a row in the table's middle. */
static int take_sample(struct lc_backend *b, struct target *t, uint64_t rows, struct lc_error *err)
{
    struct lc_buf sql;
    lc_buf_init(&sql, SQL_MAX_BYTES);
    int rc = lc_buf_adds(&sql, "SELECT ");
    for (size_t i = 0; rc == 0 && i < t->columns.rows; i++) {
        if (in_key(t, i)) {
            rc = lc_sql_add_id(&sql, lc_answer_at(&t->columns, i, LC_SQL_BENCH_COLUMNS_NAME)->p);
            rc = rc == 0 ? lc_buf_adds(&sql, ", ") : rc;
        }
    }
    rc = rc == 0 ? lc_sql_add_id(&sql, t->column) : rc;
    rc = rc == 0 ? add_table(&sql, t) : rc;
    /*
     * From the middle, so that a read for this key does not find its row at
     * the table's very beginning.
     */
    rc = rc == 0 ? lc_buf_addf(&sql, " LIMIT %" PRIu64 ", 1", rows / 2) : rc;
    rc = rc == 0 ? lc_backend_run(b, lc_buf_str(&sql), &t->sample, err) : rc;
    lc_buf_release(&sql);
    if (rc == 0 && t->sample.rows != 1) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s has no rows to read", t->database, t->table);
    }
    return rc;
}

/* `name` = CAST('value' AS type): right for every type, on every server. */
static int add_equals(struct lc_buf *sql, const char *name, const char *type,
                      const struct lc_cell *value)
{
    int rc = lc_sql_add_id(sql, name);
    /* "= NULL" is never true in SQL. */
    if (value->is_null) {
        return rc == 0 ? lc_buf_adds(sql, " IS NULL") : rc;
    }
    rc = rc == 0 ? lc_buf_adds(sql, " = CAST(") : rc;
    rc = rc == 0 ? lc_sql_add_str(sql, value->p) : rc;
    rc = rc == 0 ? lc_buf_adds(sql, " AS ") : rc;
    rc = rc == 0 ? lc_buf_adds(sql, type) : rc;
    return rc == 0 ? lc_buf_adds(sql, ")") : rc;
}

/* " WHERE key = … AND …"; nothing where the table has no key. */
static int add_key(struct lc_buf *sql, const struct target *t)
{
    int rc = 0;
    size_t at = 0;
    for (size_t i = 0; rc == 0 && i < t->columns.rows; i++) {
        if (in_key(t, i)) {
            rc = lc_buf_adds(sql, at == 0 ? " WHERE " : " AND ");
            rc = rc == 0
                     ? add_equals(sql, lc_answer_at(&t->columns, i, LC_SQL_BENCH_COLUMNS_NAME)->p,
                                  lc_answer_at(&t->columns, i, LC_SQL_BENCH_COLUMNS_TYPE)->p,
                                  lc_answer_at(&t->sample, 0, at))
                     : rc;
            at++;
        }
    }
    return rc;
}

static const char *const names[LC_COLUMN_QUERIES] = {"point", "limit 10", "group by", "filter",
                                                     "whole row"};

/* The text of query number `which`, in the order of `names`; `type` is the column's. */
static int add_query(struct lc_buf *sql, const struct target *t, size_t which, const char *type)
{
    int rc = lc_buf_adds(sql, which == 3 ? "SELECT count()" : "SELECT ");
    for (size_t i = 0; rc == 0 && which == 4 && i < t->columns.rows; i++) {
        rc = i > 0 ? lc_buf_adds(sql, ", ") : 0;
        rc = rc == 0
                 ? lc_sql_add_id(sql, lc_answer_at(&t->columns, i, LC_SQL_BENCH_COLUMNS_NAME)->p)
                 : rc;
    }
    rc = rc == 0 && which < 3 ? lc_sql_add_id(sql, t->column) : rc;
    rc = rc == 0 && which == 2 ? lc_buf_adds(sql, ", count()") : rc;
    rc = rc == 0 ? add_table(sql, t) : rc;
    switch (which) {
    case 0:
    case 4:
        rc = rc == 0 ? add_key(sql, t) : rc;
        return rc == 0 ? lc_buf_adds(sql, " LIMIT 1") : rc;
    case 1:
        return rc == 0 ? lc_buf_adds(sql, " LIMIT 10") : rc;
    case 2:
        rc = rc == 0 ? lc_buf_adds(sql, " GROUP BY ") : rc;
        return rc == 0 ? lc_sql_add_id(sql, t->column) : rc;
    default:
        rc = rc == 0 ? lc_buf_adds(sql, " WHERE ") : rc;
        return rc == 0 ? add_equals(sql, t->column, type,
                                    lc_answer_at(&t->sample, 0, t->sample.cols - 1))
                       : rc;
    }
}

int lc_column_queries_make(struct lc_column_queries *q, struct lc_backend *b, const char *name,
                           struct lc_error *err)
{
    struct target t = {0};
    struct lc_answer count = {0};
    const char *type = NULL;
    *q = (struct lc_column_queries){0};
    int rc = split(&t, name, err);
    rc = rc == 0 ? ask(b, &t, lc_sql_bench_columns, &t.columns, err) : rc;
    for (size_t i = 0; rc == 0 && i < t.columns.rows; i++) {
        if (strcmp(lc_answer_at(&t.columns, i, LC_SQL_BENCH_COLUMNS_NAME)->p, t.column) == 0) {
            type = lc_answer_at(&t.columns, i, LC_SQL_BENCH_COLUMNS_TYPE)->p;
        }
    }
    if (rc == 0 && type == NULL) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s has no column %s in a table %s.%s",
                     lc_backend_where(b), t.column, t.database, t.table);
    }
    rc = rc == 0 ? ask(b, &t, lc_sql_bench_rows, &count, err) : rc;
    q->rows = rc == 0 && count.rows == 1 ? lc_answer_u64(&count, 0, LC_SQL_BENCH_ROWS_N, 0) : 0;
    rc = rc == 0 ? take_sample(b, &t, q->rows, err) : rc;
    for (size_t i = 0; rc == 0 && i < LC_COLUMN_QUERIES; i++) {
        struct lc_buf sql;
        lc_buf_init(&sql, SQL_MAX_BYTES);
        q->names[i] = names[i];
        rc = add_query(&sql, &t, i, type);
        q->sql[i] = rc == 0 ? lc_buf_detach(&sql) : NULL;
        lc_buf_release(&sql);
        if (rc == 0 && q->sql[i] == NULL) {
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
        }
    }
    free(t.database);
    free(t.table);
    free(t.column);
    lc_answer_release(&t.columns);
    lc_answer_release(&t.sample);
    lc_answer_release(&count);
    return rc;
}

void lc_column_queries_release(struct lc_column_queries *q)
{
    for (size_t i = 0; i < LC_COLUMN_QUERIES; i++) {
        free(q->sql[i]);
    }
    *q = (struct lc_column_queries){0};
}
