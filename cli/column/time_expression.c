/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement computes the expression over the first rows of the table and gives one number
 * back, so that fetching the answer costs the same for any expression. What is compared is
 * timed by turns, and the shortest time of each counts: other load on the server only adds to a
 * time.
 */
#include "cli/column/time_expression.h"

#include "base/clock.h"
#include "cli/server/query.h"

#include <inttypes.h>
#include <stdio.h>

/* DEFAULT_ROWS: where the request gives none. WAIT_MS: a statement that takes longer fails. */
enum { SQL_BYTES = 1 << 20, DEFAULT_ROWS = 1000000, WAIT_MS = 3600 * 1000 };

static uint64_t wanted_rows(const struct lc_time_request *q)
{
    return q->rows ? q->rows : DEFAULT_ROWS;
}

/*
 * With settings that make the time the work of the expression: few threads, and no answer from
 * the cache.
 */
static int ask(const struct lc_column *d, struct lc_buf *sql, const struct lc_time_request *q,
               struct lc_answer *t, struct lc_error *err)
{
    char threads[16], block[16];
    const struct lc_setting settings[] = {
        {"max_threads", threads},
        {"use_query_cache", "0"},
        /* Without block_rows this entry ends the list. */
        {q->block_rows ? "max_block_size" : NULL, q->block_rows ? block : NULL},
        {NULL, NULL}};
    const struct lc_query query = {
        .sql = lc_buf_str(sql), .settings = settings, .timeout_ms = WAIT_MS, .cancel = q->cancel};

    snprintf(threads, sizeof threads, "%u", q->threads ? q->threads : 1);
    snprintf(block, sizeof block, "%u", q->block_rows);
    return query.sql ? lc_backend_query(d->b, &query, t, err) : lc_no_memory(err);
}

/*
 * Append (SELECT what the expression reads FROM the table LIMIT …). For an expr of NULL, or one
 * that reads no column, each row is a 1.
 */
static int add_rows(const struct lc_column *d, const char *expr, const struct lc_time_request *q,
                    struct lc_buf *sql, struct lc_error *err)
{
    char **names = NULL;
    size_t n = 0;
    int rc = expr ? lc_column_inputs(d, expr, &names, &n, err) : 0;

    if (rc == 0 && lc_buf_adds(sql, n ? "(SELECT " : "(SELECT 1 AS livecol_one"))
        rc = lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if ((i && lc_buf_adds(sql, ", ")) || lc_sql_add_id(sql, names[i]))
            rc = lc_no_memory(err);
    if (rc == 0 && (lc_buf_adds(sql, " FROM ") || lc_column_add_rows(d, sql) ||
                    lc_buf_addf(sql, " LIMIT %" PRIu64 ")", wanted_rows(q))))
        rc = lc_no_memory(err);
    lc_column_free_names(names, n);
    return rc;
}

int lc_time_rows(const struct lc_column *d, const struct lc_time_request *q, uint64_t *rows,
                 struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    *rows = 0;
    lc_buf_init(&sql, SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT count() AS n FROM ") ? lc_no_memory(err) : 0;
    if (rc == 0)
        rc = add_rows(d, NULL, q, &sql, err);
    if (rc == 0)
        rc = ask(d, &sql, q, &t, err);
    if (rc == 0)
        rc = lc_answer_check_shape(&t, true, 1, 1, err);
    if (rc == 0)
        *rows = lc_answer_u64(&t, 0, 0, 0);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

int lc_time_once(const struct lc_column *d, const char *expr, const struct lc_time_request *q,
                 uint64_t *ns, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    uint64_t from;
    int rc;

    lc_buf_init(&sql, SQL_BYTES);
    /* ignore() computes what it is given, and answers 0. */
    rc = lc_buf_addf(&sql, "SELECT sum(ignore(%s\n)) AS n FROM ", expr ? expr : "livecol_one")
             ? lc_no_memory(err)
             : 0;
    if (rc == 0)
        rc = add_rows(d, expr, q, &sql, err);
    /* The time to make the statement does not count. */
    from = lc_now_ns();
    if (rc == 0)
        rc = ask(d, &sql, q, &t, err);
    *ns = lc_now_ns() - from;
    if (rc == 0)
        rc = lc_answer_check_shape(&t, true, 1, 1, err);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

int lc_time_by_turns(const struct lc_column *d, const char *const *exprs, size_t n, unsigned rounds,
                     const struct lc_time_request *q, uint64_t *best, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        best[i] = UINT64_MAX;
    for (unsigned round = 0; rc == 0 && round < rounds; round++)
        for (size_t i = 0; rc == 0 && i < n; i++) {
            uint64_t ns = 0;

            rc = lc_time_once(d, exprs[i], q, &ns, err);
            if (ns < best[i])
                best[i] = ns;
        }
    return rc;
}
