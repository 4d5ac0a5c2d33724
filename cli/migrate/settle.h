/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a statement that was sent: the questions that a run asks of one of its own sends and
 * of one that an earlier run has left behind.
 */
#ifndef LC_CLI_MIGRATE_SETTLE_H
#define LC_CLI_MIGRATE_SETTLE_H
#include "cli/migrate/in_doubt.h"
#include "cli/migrate/left_behind.h"
#include "cli/migrate/plan.h"
#include "cli/migrate/run_options.h"

/* What a send needs, the same for all statements of a run. */
struct lc_submit {
    struct lc_backend *b;
    const struct lc_cluster *cluster;
    const struct lc_abilities *facts;
    const struct lc_up_options *options;
    void (*event)(void *ctx, enum lc_run_event_kind kind, const char *text,
                  const struct lc_mutation_progress *progress);
    /* Around a wait for mutations, in which other statements may go on; NULL: none may. */
    void (*away)(void *ctx, bool away);
    void *ctx;
    bool *begun; /* becomes true once something that the statement does may be done */
};

/* Hand a line of text to the run's event hook. */
void lc_submit_tell(const struct lc_submit *s, enum lc_run_event_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Wait until the server does not run it any more, however it ends. 0; LC_ERR_STOPPED; the failures of a
 * query.
 */
int lc_settle_wait(const struct lc_submit *s, const char *query_id, struct lc_error *err);

/*
 * May a run go on, after lc_in_doubt_look? 0 with LC_IN_DOUBT_DONE, and where it may be sent again. LC_ERR_SERVER
 * with LC_IN_DOUBT_FAILED, whose error *err holds already. Else LC_ERR_UNKNOWN.
 */
int lc_settle_verdict(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                      enum lc_in_doubt effect, struct lc_error *err);

/*
 * *err holds the error of a statement that failed. Where something of it is there all the same, it
 * becomes LC_ERR_UNKNOWN: never to be sent again by itself. Gives its code.
 */
int lc_settle_failure(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                      const struct lc_left_before *before, const struct lc_sent *sent,
                      struct lc_error *err);

#endif
