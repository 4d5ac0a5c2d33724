/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a server answers: it is refused with a place, or every cell is inside of it; and where it
 * is what a statement promises, every promise holds. The first byte chooses the statement.
 */
#include "cli/server/answer_check.h"
#include "livecol_sql.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct lc_sql *const statements[] = {
    lc_sql_tracking_rows, lc_sql_table_there,   lc_sql_columns,         lc_sql_mutations,
    lc_sql_lock_columns,  lc_sql_backfill_left, lc_sql_mutation_merges, lc_sql_facts,
    lc_sql_check_part,    lc_sql_table_engine,  lc_sql_query_log,       lc_sql_lock_drop};

static void check_cells(const struct lc_answer *t, size_t size)
{
    size_t bytes = 0;

    for (size_t row = 0; row < t->rows; row++) {
        for (size_t col = 0; col < t->cols; col++) {
            const struct lc_cell *c = lc_answer_at(t, row, col);

            if (c->p[c->n] != '\0' || (c->is_null && c->n))
                abort();
            bytes += c->n;
        }
    }
    if (bytes > size || !lc_answer_at(t, t->rows, 0)->is_null ||
        !lc_answer_at(t, 0, t->cols)->is_null)
        abort();
}

static void check_promise(const struct lc_answer *t, const struct lc_sql *sql)
{
    if ((sql->rows == LC_SQL_ROWS_ONE && t->rows != 1) ||
        (sql->rows == LC_SQL_ROWS_AT_MOST_ONE && t->rows > 1))
        abort();
    for (size_t col = 0; col < sql->width; col++) {
        if (lc_answer_col(t, sql->columns[col].name) != (int)col)
            abort();
        for (size_t row = 0; row < t->rows; row++) {
            uint64_t a = lc_answer_u64(t, row, col, 1), b = lc_answer_u64(t, row, col, 2);

            if (sql->columns[col].kind == LC_SQL_UINT && a != b &&
                !lc_answer_at(t, row, col)->is_null)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_answer t = {0};
    const struct lc_sql *sql;
    char *text;

    if (size == 0)
        return 0;
    sql = statements[data[0] % (sizeof statements / sizeof *statements)];
    size--;
    /* A copy of the exact size, so that reading a byte too many is seen. */
    text = malloc(size ? size : 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data + 1, size);
    if (lc_answer_parse(&t, text, size, &err)) {
        if (err.code != LC_ERR_INPUT || err.byte > size || err.msg[0] == '\0' || t.cells)
            abort();
    } else {
        check_cells(&t, size);
        if (lc_answer_check(&t, sql, &err) == 0)
            check_promise(&t, sql);
        else if (err.code != LC_ERR_INPUT || err.msg[0] == '\0')
            abort();
        lc_answer_release(&t);
    }
    free(text);
    return 0;
}
