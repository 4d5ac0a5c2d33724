/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's log of queries, for a statement whose answer was lost or whose error does not
 * say enough. The server writes its log late, so it is read again and again until a row says how
 * the query ended, or the time is up.
 */
#include "cli/migrate/sent_query.h"

#include "base/clock.h"
#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>

enum { PAUSE_MS = 250 };
/* Types of system.query_log. */
enum { QUERY_FINISH = 2, EXCEPTION_BEFORE_START = 3, EXCEPTION_WHILE_PROCESSING = 4 };

/*
 * One row of the log. A failure before the start has done nothing; one while processing may
 * have written blocks, and `written` says how many rows.
 */
static void take(const struct lc_answer *t, size_t i, struct lc_query_logged *out,
                 struct lc_error *failure)
{
    const struct lc_cell *exception = lc_answer_at(t, i, LC_SQL_QUERY_LOG_EXCEPTION);
    uint64_t type = lc_answer_u64(t, i, LC_SQL_QUERY_LOG_TYPE, 0);

    if (type == QUERY_FINISH)
        out->finished = true;
    if (type != EXCEPTION_BEFORE_START && type != EXCEPTION_WHILE_PROCESSING)
        return;
    out->failed = true;
    out->before_start = type == EXCEPTION_BEFORE_START;
    out->written = lc_answer_u64(t, i, LC_SQL_QUERY_LOG_WRITTEN, 0);
    if (failure)
        lc_server_error(failure, exception->p, exception->n);
}

int lc_sent_query_logged(struct lc_backend *b, const struct lc_sent *sent, unsigned wait_ms,
                         struct lc_query_logged *out, struct lc_error *failure,
                         struct lc_error *err)
{
    char since[24];
    const struct lc_sql_arg args[] = {{"id", sent->query_id}, {"since_s", since}, {NULL, NULL}};
    uint64_t end = lc_now_ms() + wait_ms;

    *out = (struct lc_query_logged){0};
    snprintf(since, sizeof since, "%" PRIu64, sent->since_s);
    lc_query_read(b, lc_sql_flush_logs, NULL, NULL, NULL); /* a help where it is allowed */
    for (;;) {
        struct lc_answer t = {0};
        int rc = lc_query_read(b, lc_sql_query_log, args, &t, err);

        for (size_t i = 0; rc == 0 && i < t.rows; i++)
            take(&t, i, out, failure);
        lc_answer_release(&t);
        if (rc || out->finished || out->failed || lc_now_ms() >= end)
            return rc;
        lc_sleep_ms(PAUSE_MS, NULL);
    }
}
