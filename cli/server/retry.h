/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying again: one policy for all that asks a server, handed in as a struct.
 *
 *   struct lc_retry retry = {.not_sent = true, .lost = true, .tries = LC_RETRY_TRIES};
 *   do
 *       rc = ask(…, &why);
 *   while (lc_retry_again(&retry, rc, &why));
 *
 * Which failures are worth another try, how often or how long, and the pause between: 200 ms, doubled
 * up to 10 s, each stretched or shrunk at random by up to a quarter, so that many clients do not come
 * back at once. A server that lost its Keeper is given time, since that comes back by itself, and is
 * asked every second; all else is given a number of tries.
 */
#ifndef LC_CLI_SERVER_RETRY_H
#define LC_CLI_SERVER_RETRY_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lc_retry {
    bool not_sent;             /* no connection came about: nothing was sent */
    bool lost;                 /* the answer was lost: for what may run any number of times */
    bool transient;            /* lc_server_code_is_transient: the server did not begin it */
    unsigned tries;            /* of these, at most so many */
    unsigned keeper_ms;        /* lc_keeper_is_away: for so long; 0: not at all */
    const atomic_bool *cancel; /* no further try when true; NULL: never */
    /* Told before each pause: number of the next try, and how long the pause is. May be NULL. */
    void (*told)(void *ctx, const struct lc_error *why, unsigned attempt, unsigned pause_ms);
    void *ctx;
    /* Its own. */
    unsigned attempt;
    uint64_t begun_ms;
};

/* How often something is tried before it is given up. */
#define LC_RETRY_TRIES 6u

/* How long a server may be without its Keeper (or ZooKeeper). */
#define LC_KEEPER_PATIENCE_MS 60000u

/*
 * After a try that ended with rc and *why: true where the next one is due, the pause over. *why is then
 * empty again. False where it ended well, or is given up; *why is the failure then, and says that it
 * was stopped (LC_ERR_STOPPED in why->code) where *cancel ended the pause.
 */
bool lc_retry_again(struct lc_retry *r, int rc, struct lc_error *why);

#endif
