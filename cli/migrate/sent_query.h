/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A statement that was sent, and what the server's own log says of it.
 */
#ifndef LC_CLI_MIGRATE_SENT_QUERY_H
#define LC_CLI_MIGRATE_SENT_QUERY_H
#include "cli/server/abilities.h"
#include "cli/server/backend.h"
#include "cli/sql/statement.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_sent {
    const char *query_id;
    uint64_t since_s; /* the server's time from before it was sent */
};

/* The same, with what is needed to look for what became of it. */
struct lc_sent_stmt {
    struct lc_backend *b;
    const struct lc_abilities *facts;
    const struct lc_stmt *stmt;
    const struct lc_sent *sent;
};

/* Rows of one query in system.query_log: its beginning is not looked at. */
struct lc_query_logged {
    bool finished;
    bool failed;
    bool before_start; /* it failed before it began: it has done nothing */
    uint64_t written;  /* rows that it had written when it failed */
};

/*
 * Ask system.query_log, until it says something or wait_ms have passed; the server writes that log
 * every 7.5 s unless told otherwise. *failure is filled where it failed (may be NULL). 0 or the failures
 * of a query.
 */
int lc_sent_query_logged(struct lc_backend *b, const struct lc_sent *sent, unsigned wait_ms,
                         struct lc_query_logged *out, struct lc_error *failure,
                         struct lc_error *err);

/* Long enough for the server to write its log. */
#define LC_QUERY_LOG_WAIT_MS 9000u

#endif
