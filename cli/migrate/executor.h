/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One migration's course, statement by statement, and what the courses of a run share.
 *
 * With --jobs several are open at once. All they share is touched by the one that has the turn
 * (base/turns.h); while a course waits for a backfill it has given its turn away and uses nothing but its
 * own connection. Events are told one at a time.
 */
#ifndef LC_CLI_MIGRATE_EXECUTOR_H
#define LC_CLI_MIGRATE_EXECUTOR_H
#include "base/turns.h"
#include "cli/column/preflight.h"
#include "cli/migrate/plan.h"
#include "cli/migrate/run_options.h"
#include "cli/migrate/session.h"
#include "cli/migrate/submit.h"

#include <pthread.h>

/* A migration's last statement and its end, and the next one's start; more is written first. */
enum { LC_EXECUTOR_LATER_MAX = 8 };

/* Shared. */
struct lc_run {
    struct lc_backend *b;
    const struct lc_up_options *o;
    bool down;
    struct lc_up_report *report;
    struct lc_session session;
    struct lc_abilities facts;
    struct lc_preflight defaults;
    struct lc_plan plan;
    bool look_again; /* what the tables refuse may be another run's work: under the lock it shows */
    pthread_mutex_t telling; /* an event is being told */
};

struct lc_executor {
    struct lc_run *run;
    struct lc_backend *b, *own; /* own: to be freed; NULL where b is the run's */
    struct lc_cluster cluster;  /* the run's, asked through b */
    struct lc_submit send;
    struct lc_run_event now; /* what the current event is about */
    /* What is told once the rows that say it are written: see lc_executor_flush. */
    struct lc_run_event later[LC_EXECUTOR_LATER_MAX];
    unsigned later_n;
    bool announced;        /* that the current statement begins */
    bool begun;            /* something that the current statement does may be done */
    struct lc_turns *jobs; /* NULL: alone */
    size_t job;
};

/*
 * Begin a course on the run's connection, or on one of its own. 0; LC_ERR_NOMEM and the failures of
 * connecting. It must not move until lc_executor_close, which is due in any case.
 */
int lc_executor_open(struct lc_executor *c, struct lc_run *run, bool own_connection,
                     struct lc_error *err);
void lc_executor_close(struct lc_executor *c);

/* Events from here on are about m; NULL: about no migration. */
void lc_executor_about(struct lc_executor *c, const struct lc_plan_migration *m);
void lc_executor_say(struct lc_executor *c, enum lc_run_event_kind kind, const char *text);
/* lc_preflight' callback; ctx is a course. */
void lc_executor_say_default(void *ctx, bool warning, const char *text);

/* Put "file:line: statement i of n: " before an error (i from 0), and a hint behind it. */
void lc_executor_place_error(const struct lc_executor *c, const struct lc_plan_migration *m,
                             unsigned i, struct lc_error *err);

/*
 * Buffer and Distributed tables over the one that gets a column. Where they lack it nothing breaks,
 * but who reads or writes through them does not see it: refused before the run with strict, else
 * said after the statement. Where they have it without its DEFAULT, rows written through them would
 * be wrong: refused unless allow_unsafe. So is a new DEFAULT that they do not get, up or down.
 */
int lc_executor_check_over(struct lc_executor *c, const struct lc_stmt *s, bool before,
                           struct lc_error *err);

/* Record that the migration has begun, for one that is about to be overtaken. */
int lc_executor_record_overtaken(struct lc_executor *c, const struct lc_plan_migration *m,
                                 struct lc_error *err);

/*
 * Write the rows that are noted, and tell what they say. A row that says that something is done is
 * written with the row that says what is sent next, in one INSERT; who has nothing to send next, or
 * waits before it, calls this. As lc_tracking_flush.
 */
int lc_executor_flush(struct lc_executor *c, struct lc_error *err);

/*
 * Apply (down: revert) it, from its first open statement on. Its last rows may be noted only, where
 * it is 0. As lc_runner_up.
 */
int lc_executor_run(struct lc_executor *c, const struct lc_plan_migration *m, struct lc_error *err);

#endif
