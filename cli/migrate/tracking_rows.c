#include "cli/migrate/tracking_rows.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/signals.h"
#include "cli/migrate/files.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <string.h>

enum { ROW_MAX_BYTES = 64 << 20, TRIES = 3 };

/* The hash of a row's cells, each with a newline behind it, as the statement makes it. */
static int hash_row(const struct lc_answer *rows, size_t row, struct lc_buf *text,
                    char out[LC_SHA256_HEX])
{
    int rc = 0;

    lc_buf_reset(text);
    for (size_t i = 0; rc == 0 && i < LC_SQL_TRACKING_ROWS_ROW_SHA256; i++) {
        const struct lc_cell *c = lc_answer_at(rows, row, i);

        rc = lc_buf_add(text, c->p, c->n) || lc_buf_adds(text, "\n") ? LC_ERR_NOMEM : 0;
    }
    return rc ? rc : lc_sha256_hex(text->p, text->n, out);
}

int lc_tracking_rows_check(const struct lc_answer *rows, struct lc_error *err)
{
    uint64_t n = lc_answer_u64(rows, 0, LC_SQL_TRACKING_ROWS_ROWS_N, 0);
    struct lc_buf text;
    int rc = 0;

    if (rows->rows != (n ? n : 1))
        return lc_fail(err, LC_ERR_INPUT, "%zu rows came of %" PRIu64, rows->rows, n);
    lc_buf_init(&text, ROW_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < rows->rows; i++) {
        const struct lc_cell *said = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_ROW_SHA256);
        char hash[LC_SHA256_HEX];

        if (hash_row(rows, i, &text, hash))
            rc = lc_no_memory(err);
        else if (lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_ROWS_N, 0) != n ||
                 strcmp(said->p, hash) != 0)
            rc = lc_fail_at(err, LC_ERR_INPUT, 0, i, "row %zu is not as the server read it", i + 1);
    }
    lc_buf_release(&text);
    return rc;
}

/* Numbers by which memory is taken. */
static int check_numbers(const struct lc_answer *rows, struct lc_error *err)
{
    for (size_t i = 0; i < rows->rows; i++) {
        uint64_t stmt = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_STMT, 0);
        uint64_t stmts = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_STMTS, 0);

        if (stmt > LC_MAX_MIGRATION_STMTS || stmts > LC_MAX_MIGRATION_STMTS)
            return lc_fail(err, LC_ERR_REFUSED,
                           "the tracking table's row %s speaks of statement %" PRIu64 " of %" PRIu64
                           ": no migration has more than %u",
                           lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_SEQ)->p, stmt, stmts,
                           LC_MAX_MIGRATION_STMTS);
    }
    return 0;
}

int lc_tracking_rows_read(struct lc_backend *b, const char *database, const char *table,
                          struct lc_answer *rows, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {"table", table}, {NULL, NULL}};
    struct lc_error why;
    int rc;

    for (unsigned attempt = 1;; attempt++) {
        why = LC_ERROR_INIT;
        rc = lc_query_read(b, lc_sql_tracking_rows, args, rows, err);
        if (rc)
            return rc;
        rc = lc_tracking_rows_check(rows, &why);
        if (rc != LC_ERR_INPUT || attempt == TRIES ||
            lc_sleep_ms(lc_backoff_ms(attempt), lc_stop_flag()))
            break;
    }
    if (rc == LC_ERR_INPUT) {
        lc_fail(err, LC_ERR_SERVER, "what %s answers of the tracking table %s.%s is garbled: %s",
                lc_backend_where(b), database, table, why.msg);
        lc_hint(err, "something between livecol and the server changes its answers: without the "
                     "history nothing can be decided");
        return LC_ERR_SERVER;
    }
    if (rc)
        return lc_fail(err, rc, "%s", why.msg);
    if (lc_answer_u64(rows, 0, LC_SQL_TRACKING_ROWS_ROWS_N, 0) == 0)
        rows->rows = 0; /* of an empty table one row tells so */
    return check_numbers(rows, err);
}
