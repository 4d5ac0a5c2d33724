/* SPDX-License-Identifier: Apache-2.0 */
/* livecol wait: until the server answers. */
#include "base/clock.h"
#include "base/signals.h"
#include "cli/commands/frame.h"
#include "cli/server/connect.h"
#include "cli/server/server_error.h"
#include "cli/term/message.h"

enum { LIMIT_S = 60, PAUSE_MS = 250 }; /* the default of --limit; between two tries */

/* May it answer later? Not where it has answered, or where nothing was asked. */
static bool may_come(int rc)
{
    return rc == LC_ERR_NOT_SENT || rc == LC_ERR_UNKNOWN;
}

/*
 * Connect again and again until the server answers or limit_s has passed. A failure that
 * waiting does not change, such as a wrong password, ends it at once. Each try has an error of
 * its own, since *err would keep the first one.
 */
static int wait_for(const struct lc_global *global, double limit_s, struct lc_error *err)
{
    uint64_t end = lc_now_ms() + (uint64_t)(limit_s * 1000);
    bool told = false;

    for (;;) {
        struct lc_error one = LC_ERROR_INIT;
        struct lc_backend *b = NULL;
        int rc = lc_connection_open(global, &b, &one);

        lc_backend_free(b);
        /* A database that is not there is an answer: up --create-database makes it. */
        if (rc == 0 || one.server_code == LC_SERVER_UNKNOWN_DATABASE)
            return 0;
        if (!may_come(rc) || lc_now_ms() >= end)
            return lc_error_pass(err, &one);
        if (!told)
            lc_say("waiting: %s", one.msg);
        told = true;
        if (lc_sleep_ms(PAUSE_MS, lc_stop_flag()))
            return lc_fail(err, LC_ERR_STOPPED, "stopped while waiting: %s", one.msg);
    }
}

static int wait(struct lc_frame_run *r, struct lc_error *err)
{
    const double *limit_s = r->ctx;

    return wait_for(&r->m.global, *limit_s, err);
}

int lc_cmd_wait(int argc, const char **argv)
{
    double limit_s = LIMIT_S;
    struct lc_frame_run r = {.ctx = &limit_s};
    const struct lc_option options[] = {
        {"limit", 0, LC_OPT_ABOVE, &limit_s, "SECONDS", "give up after this long (default: 60)"},
        {0}};
    const struct lc_frame c = {
        .command =
            {.name = "wait",
             .synopsis = "[OPTIONS]",
             .about =
                 "Wait until the server answers, for a container that starts at the same time. "
                 "Exits with 1 if it does not answer in time, and at once, with the server's "
                 "error, if it answers with one.",
             .connects = true,
             .examples = "livecol wait --limit 30 && livecol up"},
        .more = options,
        .operands = "",
        .failure = LC_FAILURE_READS,
        .act = wait,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
