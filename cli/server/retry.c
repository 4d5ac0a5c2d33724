#include "cli/server/retry.h"

#include "base/clock.h"
#include "cli/server/server_error.h"

static bool helps(const struct lc_retry *r, int rc, const struct lc_error *why)
{
    if (rc == LC_ERR_NOT_SENT)
        return r->not_sent;
    if (rc == LC_ERR_UNKNOWN)
        return r->lost;
    return rc == LC_ERR_SERVER &&
           ((r->transient && lc_server_code_is_transient(why->server_code)) ||
            (r->keeper && lc_keeper_is_away(why)));
}

bool lc_retry_again(struct lc_retry *r, int rc, struct lc_error *why)
{
    uint64_t now = lc_now_ms();
    unsigned pause_ms;

    if (r->attempt++ == 0)
        r->begun_ms = now;
    if (rc == 0 || !helps(r, rc, why) || (r->tries && r->attempt >= r->tries) ||
        (!r->tries && now - r->begun_ms >= r->patience_ms))
        return false;
    pause_ms = lc_backoff_ms(r->attempt);
    if (!r->tries && pause_ms > r->patience_ms - (now - r->begun_ms))
        pause_ms = (unsigned)(r->patience_ms - (now - r->begun_ms));
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
