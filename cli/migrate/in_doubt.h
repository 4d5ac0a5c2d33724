/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a statement whose answer was lost: is it still running, what does the server's log
 * say, and is its effect there?
 */
#ifndef LC_CLI_MIGRATE_IN_DOUBT_H
#define LC_CLI_MIGRATE_IN_DOUBT_H
#include "cli/migrate/sent_query.h"
#include "cli/server/abilities.h"
#include "cli/server/backend.h"
#include "cli/server/mutation.h"
#include "cli/sql/statement.h"

enum lc_in_doubt {
    LC_IN_DOUBT_DONE,     /* it has taken effect: not to be sent again */
    LC_IN_DOUBT_NONE,     /* it has not */
    LC_IN_DOUBT_HARMLESS, /* it may have: sending it again changes nothing */
    LC_IN_DOUBT_FAILED,   /* the server's log says with which error */
    LC_IN_DOUBT_UNSURE,   /* a mutation was made since that may be it: never to be sent again */
    LC_IN_DOUBT_UNKNOWN   /* nobody can tell */
};

/* May it be sent again, as far as its effect goes? */
bool lc_in_doubt_may_send(enum lc_in_doubt effect);

/* Is it in system.processes? 0 and *running; the failures of a query. */
int lc_in_doubt_running(struct lc_backend *b, const struct lc_abilities *facts,
                        const char *query_id, bool *running, struct lc_error *err);

/*
 * Look for the effect of the statement; in_log: the server's log may say of it too. A
 * mutation of it that is found, or may be it, is taken into *watch (may be NULL), so that it will be
 * waited for. With LC_IN_DOUBT_FAILED *err holds the error of the log. 0, or the failures of a query.
 */
int lc_in_doubt_look(const struct lc_sent_stmt *s, bool in_log, struct lc_mutation_watch *watch,
                     enum lc_in_doubt *effect, struct lc_error *err);

#endif
