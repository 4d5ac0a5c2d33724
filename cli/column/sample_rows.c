/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows are read once, on the connected server, and sent to each host as arrays within the query:
 * hosts are compared on the same values even where they do not store the same rows. Rows with a NULL
 * are left out.
 */
#include "cli/column/sample_rows.h"

#include "cli/server/answer_check.h"

/*
 * Reads the first ROWS_READ rows, keeps up to ROWS_KEPT different ones, and sends as many as
 * fit TEXT_MAX_BYTES of literals: a server takes a statement of 256 KiB (max_query_size).
 */
enum { ROWS_READ = 100000, ROWS_KEPT = 1000, TEXT_MAX_BYTES = 150 << 10, MAX_SQL_BYTES = 1 << 20 };

/* What the expression calls column i. */
static const char *alias_of(const struct lc_sample_rows *o, size_t i)
{
    return *o->columns[i].alias ? o->columns[i].alias : o->columns[i].name;
}

/* The columns by their names in the table, or by what the expression calls them. */
static int add_names(const struct lc_sample_rows *o, bool aliases, struct lc_buf *sql)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < o->n; i++)
        rc = (i && lc_buf_adds(sql, ", ")) ||
             lc_sql_add_id(sql, aliases ? alias_of(o, i) : o->columns[i].name);
    return rc;
}

/*
 * Is the row without a NULL, and is there room for it? Then its size is added to *bytes. A row
 * that does not fit is skipped; a shorter one after it may still fit.
 */
static bool take_row(const struct lc_sample_rows *o, size_t row, size_t *bytes)
{
    size_t more = 0;

    for (size_t i = 0; i < o->n; i++) {
        const struct lc_cell *c = lc_answer_at(&o->rows, row, i);

        if (c->is_null)
            return false;
        more += lc_sql_bytes_size(c->p, c->n) + 2;
    }
    if (*bytes + more > TEXT_MAX_BYTES)
        return false;
    *bytes += more;
    return true;
}

int lc_sample_rows_read(struct lc_sample_rows *o, struct lc_backend *b, const char *database,
                        const char *table, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    if (o->n == 0)
        return 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT DISTINCT ") || add_names(o, false, &sql) ||
         lc_buf_adds(&sql, " FROM (SELECT ") || add_names(o, false, &sql) ||
         lc_buf_adds(&sql, " FROM ") || lc_sql_add_id(&sql, database) || lc_buf_adds(&sql, ".") ||
         lc_sql_add_id(&sql, table) ||
         lc_buf_addf(&sql, " LIMIT %d) LIMIT %d", ROWS_READ, ROWS_KEPT);
    rc = rc || !lc_buf_str(&sql) ? lc_no_memory(err)
                                 : lc_backend_run(b, lc_buf_str(&sql), &o->rows, err);
    lc_buf_release(&sql);
    return rc;
}

/*
 * The column's values as a list, the row's own taken by its number. Elements are texts, so one
 * CAST does for every type.
 */
static int add_column(const struct lc_sample_rows *o, size_t column, const size_t *rows, size_t n,
                      struct lc_buf *sql)
{
    int rc = lc_buf_adds(sql, ", CAST(arrayElement([");

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct lc_cell *c = lc_answer_at(&o->rows, rows[i], column);

        rc = (i && lc_buf_adds(sql, ", ")) || lc_sql_add_bytes(sql, c->p, c->n);
    }
    return rc || lc_buf_adds(sql, "], livecol_n + 1), ") ||
           lc_sql_add_str(sql, o->columns[column].type) || lc_buf_adds(sql, ") AS ") ||
           lc_sql_add_id(sql, alias_of(o, column));
}

int lc_sample_rows_digest(const struct lc_sample_rows *o, const struct lc_cluster *c, size_t host,
                          const char *expr, uint64_t *digest, struct lc_error *err)
{
    /* which rows are sent; the same for each host, whatever it stores */
    size_t rows[ROWS_KEPT], n = 0, bytes = 0;
    struct lc_answer out = {0};
    struct lc_buf sql;
    int rc;

    *digest = 0;
    for (size_t i = 0; i < o->rows.rows && n < ROWS_KEPT; i++) {
        if (take_row(o, i, &bytes))
            rows[n++] = i;
    }
    if (o->n == 0 || n == 0)
        return 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    /*
     * Rows, and next to the FROM that names the host: see make_sample in trial.c. The sum does
     * not depend on the order of rows.
     */
    rc = lc_buf_addf(&sql,
                     "SELECT sum(cityHash64(livecol_n, ifNull(a, 'NULL'))) AS digest FROM "
                     "(SELECT livecol_n, toString(livecol_x) AS a FROM "
                     "(SELECT arrayJoin(range(%zu)) AS livecol_n",
                     n);
    for (size_t i = 0; rc == 0 && i < o->n; i++)
        rc = add_column(o, i, rows, n, &sql);
    rc = rc || lc_buf_adds(&sql, expr ? ", (" : ", toString(tuple(") ||
         (expr ? lc_buf_adds(&sql, expr) : add_names(o, true, &sql)) ||
         lc_buf_adds(&sql, expr ? "\n) AS livecol_x FROM " : ")) AS livecol_x FROM ") ||
         lc_cluster_add_from(c, host, &sql, "system", "one") || lc_buf_adds(&sql, "))");
    rc = rc || !lc_buf_str(&sql) ? lc_no_memory(err)
                                 : lc_cluster_run(c, host, lc_buf_str(&sql), &out, err);
    if (rc == 0)
        rc = lc_answer_check_shape(&out, true, 1, 1, err);
    if (rc == 0)
        *digest = lc_answer_u64(&out, 0, 0, 0);
    lc_answer_release(&out);
    lc_buf_release(&sql);
    return rc;
}
