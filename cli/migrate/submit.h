/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement, to its end: sent, sent again where that does no harm, its answer settled where it
 * was lost, its mutations waited for.
 *
 *   not sent, 517, 692, 242      sent again, later each time, each try said
 *   answer lost                  looked for in system.processes and waited for; then its effect:
 *                                done → go on · none → sent again · cannot be told → LC_ERR_UNKNOWN
 */
#ifndef LC_CLI_MIGRATE_SUBMIT_H
#define LC_CLI_MIGRATE_SUBMIT_H
#include "cli/migrate/settle.h"

enum { LC_SUBMIT_AFTER_SIZE = 48 };

/* A statement that an earlier run had sent: under which id, when, and did it fail? */
struct lc_submit_before {
    const char *query_id;
    uint64_t at_s; /* server time */
    bool failed;   /* its error was recorded; false: nothing was */
    const char
        *unlooked; /* its error, where nobody has looked whether it has left anything; else NULL */
    const char *partial; /* it failed in its middle: what was recorded of that; NULL: it did not */
};

/*
 * Before the statement is recorded as started: note the mutations of its table in w, to be released, where it
 * may make one. after is what is put behind its id, so that the next run knows them too: "-after-12", or "".
 * 0 or the failures of a query.
 */
int lc_submit_begin(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                    struct lc_mutation_watch *w, char after[LC_SUBMIT_AFTER_SIZE],
                    struct lc_error *err);

/*
 * Settle what an earlier run sent. 0 with *done: it has taken effect, and its mutations have ended;
 * 0 without: it is to be sent. LC_ERR_UNKNOWN where nobody can tell; LC_ERR_SERVER where the
 * server's log says that it failed, or its mutation does; LC_ERR_STOPPED; a query's failures.
 */
int lc_submit_settle(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                     const struct lc_submit_before *before, bool *done, struct lc_error *err);

/*
 * Send it under query_id and wait for its mutations, those of w, which is used up. since_s is the server's time
 * from before, or an earlier one.
 * 0, or as lc_submit_settle; LC_ERR_UNKNOWN with a server_code where it failed, and part of what it
 * does is done, or may be (left_behind.h).
 */
int lc_submit_run(const struct lc_submit *s, const struct lc_plan_stmt *stmt, const char *query_id,
                  uint64_t since_s, struct lc_mutation_watch *w, struct lc_error *err);

#endif
