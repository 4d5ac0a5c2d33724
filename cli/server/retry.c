/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a failure: may it be tried again, how long is the pause, and who is told? Two limits,
 * by the kind of the failure: a time where Keeper is away, a number of tries for all else.
 */
#include "cli/server/retry.h"

#include "base/clock.h"
#include "cli/server/server_error.h"

/* Its return is noticed soon: a lock's beat may depend on it. */
enum { KEEPER_PAUSE_MS = 1000 };

/* Is the failure one of those that Keeper's return ends? */
static bool waits_for_keeper(const struct lc_retry *r, int rc, const struct lc_error *why)
{
    return rc == LC_ERR_SERVER && r->keeper_ms && lc_keeper_is_away(why);
}

/*
 * Is it a failure that the caller allows to be tried again? LC_ERR_UNKNOWN is dangerous for
 * all that is not a read: the statement may have run.
 */
static bool helps(const struct lc_retry *r, int rc, const struct lc_error *why)
{
    if (rc == LC_ERR_NOT_SENT)
        return r->not_sent;
    if (rc == LC_ERR_UNKNOWN)
        return r->lost;
    return rc == LC_ERR_SERVER && r->transient && lc_server_code_is_transient(why->server_code);
}

bool lc_retry_again(struct lc_retry *r, int rc, struct lc_error *why)
{
    bool keeper = waits_for_keeper(r, rc, why);
    uint64_t passed_ms;
    unsigned pause_ms;

    if (r->attempt++ == 0)
        r->begun_ms = lc_now_ms();
    passed_ms = lc_now_ms() - r->begun_ms;
    if (rc == 0 ||
        (keeper ? passed_ms >= r->keeper_ms : !helps(r, rc, why) || r->attempt >= r->tries))
        return false;
    pause_ms = lc_backoff_ms(r->attempt);
    if (keeper && pause_ms > KEEPER_PAUSE_MS)
        pause_ms = KEEPER_PAUSE_MS;
    if (keeper && pause_ms > r->keeper_ms - passed_ms)
        pause_ms = (unsigned)(r->keeper_ms - passed_ms);
    if (r->told)
        r->told(r->ctx, why, r->attempt + 1, pause_ms);
    if (lc_sleep_ms(pause_ms, r->cancel)) {
        struct lc_error stopped = LC_ERROR_INIT;

        lc_fail(&stopped, LC_ERR_STOPPED, "stopped while trying again: %.900s", why->msg);
        *why = stopped;
        return false;
    }
    *why = LC_ERROR_INIT;
    return true;
}
