/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement sent until it is known what came of it.
 *
 *               ┌── taken ──────────────────────────────────────────────► end
 *   send ──► answer ── goes on by itself (ON CLUSTER, replicas) ── followed ► end
 *    ▲          ├── failed before it began (517, 692, 242; not sent) ──┐
 *    │          ├── failed ───────────────────────────────────────► end│
 *    │          └── lost ──► looked for ── has had an effect ─────► end│
 *    │                           ├── cannot be told: 7 ───────────► end│
 *    │                           └── has had none ─────────────────────┤
 *    └──────────────────── pause, if a try is left ────────────────────┘
 */
#ifndef LC_CLI_MIGRATE_SEND_H
#define LC_CLI_MIGRATE_SEND_H
#include "cli/migrate/settle.h"

struct lc_sending {
    const struct lc_submit *s;
    const struct lc_plan_stmt *stmt;
    struct lc_sent sent;
    struct lc_mutation_watch watch; /* noted before it is sent; b NULL: it makes no mutation */
    struct lc_left_before before;   /* noted before it is sent, where it may leave rows behind */
    bool lost;                      /* an answer of it was lost */
};

/*
 * 0: it has taken effect, on every host of ON CLUSTER; its mutations may still run. LC_ERR_SERVER: it
 * failed; LC_ERR_UNKNOWN: nobody knows, or part of it is done; LC_ERR_NOT_SENT; LC_ERR_STOPPED; the
 * failures of a query.
 */
int lc_send(struct lc_sending *x, struct lc_error *err);

/* What livecol says itself: whatever a file or a run sets of these would change what it relies on. */
bool lc_send_owns_setting(const char *name);

#endif
