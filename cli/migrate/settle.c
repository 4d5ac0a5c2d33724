/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on a statement whose outcome was open. The rule is the same everywhere: what cannot be
 * known is an error of its own (LC_ERR_UNKNOWN), and such a statement is never sent again by itself.
 */
#include "cli/migrate/settle.h"

#include "base/clock.h"
#include "base/format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { RUNNING_PAUSE_MS = 200 }; /* between two looks at system.processes */

void lc_submit_tell(const struct lc_submit *s, enum lc_run_event_kind kind, const char *fmt, ...)
{
    va_list ap;
    char text[1536];

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    s->event(s->ctx, kind, text, NULL);
}

int lc_settle_wait(const struct lc_submit *s, const char *query_id, struct lc_error *err)
{
    bool told = false;

    /*
     * No time limit: what the server runs may take hours, and nothing else may be sent before
     * it ends.
     */
    for (;;) {
        bool running;
        int rc = lc_in_doubt_running(s->b, s->facts, query_id, &running, err);

        if (rc || !running)
            return rc;
        if (!told)
            lc_submit_tell(s, LC_RUN_UNKNOWN,
                           "the statement still runs in the server as %s: waiting", query_id);
        told = true;
        if (lc_sleep_ms(RUNNING_PAUSE_MS, s->options->cancel)) {
            lc_fail(err, LC_ERR_STOPPED, "stopped; the statement continues on the server as %s",
                    query_id);
            lc_hint(err, "run the same again to wait for its end");
            return LC_ERR_STOPPED;
        }
    }
}

int lc_settle_verdict(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                      enum lc_in_doubt effect, struct lc_error *err)
{
    switch (effect) {
    case LC_IN_DOUBT_DONE:
    case LC_IN_DOUBT_NONE:
    case LC_IN_DOUBT_HARMLESS:
        return 0;
    case LC_IN_DOUBT_FAILED:
        return LC_ERR_SERVER;
    case LC_IN_DOUBT_UNSURE:
        return lc_fail(
            err, LC_ERR_UNKNOWN,
            "the statement was sent, its end is unknown, and %s.%s has had a mutation since then "
            "that may be it, as the server writes it: it is never sent twice",
            lc_stmt_database(&stmt->parsed, lc_backend_database(s->b)), stmt->parsed.name);
    case LC_IN_DOUBT_UNKNOWN:
        break;
    }
    return lc_fail(
        err, LC_ERR_UNKNOWN,
        "the statement was sent, its reply was lost, and its effect is unknown: %s is never sent "
        "twice",
        stmt->parsed.kind == LC_STMT_INSERT ? "an INSERT" : "a statement of this kind");
}

/* How many rows it left, for a message. */
static void tell_rows(char out[96], const struct lc_left_found *left)
{
    if (left->what == LC_LEFT_ROWS && left->rows)
        snprintf(out, 96, " after it had inserted %" PRIu64 " row%s, which stay%s", left->rows,
                 LC_S(left->rows), left->rows == 1 ? "s" : "");
    else if (left->what == LC_LEFT_ROWS)
        snprintf(out, 96, " after part of it was done, which stays");
    else
        snprintf(out, 96, ", and it is unknown whether it left rows");
}

int lc_settle_failure(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                      const struct lc_left_before *before, const struct lc_sent *sent,
                      struct lc_error *err)
{
    const struct lc_sent_stmt sent_stmt = {s->b, s->facts, &stmt->parsed, sent};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_left_found left;
    char rows_text[96];

    /* Only these write rows as they go, and can fail with half of it done. */
    if (!lc_left_is_possible(&stmt->parsed))
        return LC_ERR_SERVER;
    /* Where it cannot be asked it cannot be told. */
    lc_left_look(&sent_stmt, before, err, &left, &why);
    if (left.what == LC_LEFT_NOTHING)
        return LC_ERR_SERVER;
    tell_rows(rows_text, &left);
    lc_error_prefix(err, "%s failed%s: it is never sent twice. ",
                    stmt->parsed.kind == LC_STMT_INSERT ? "the INSERT" : "the statement",
                    rows_text);
    /* The server_code stays: the executor records it as stmt_partial by that. */
    return err->code = LC_ERR_UNKNOWN;
}
