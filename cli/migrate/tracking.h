/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking table: what has happened to each migration, as rows that are only ever appended.
 *
 *   started → (stmt_started → stmt_done)… → applied | reverted
 *                          ↘ failed ↗ (the next run goes on at the same statement)
 *   baselined: applied by somebody else    repaired: statements up to `stmt` count as done
 *
 * Rows are folded, in the order of seq, into one state a version. seq is max + 1, taken under the
 * lock; it also makes a write safe to send again: one row a run and seq counts. Where two runs have
 * written one seq, as only a livecol without the fence of lock.h could, both rows count, and what a
 * person has recorded (repaired) comes last.
 */
#ifndef LC_CLI_MIGRATE_TRACKING_H
#define LC_CLI_MIGRATE_TRACKING_H
#include "base/error.h"
#include "cli/migrate/tracking_state.h"
#include "cli/server/backend.h"
#include "cli/server/cluster.h"

#include <stdbool.h>
#include <stdint.h>

#define LC_TRACKING_TABLE "schema_migrations"

struct lc_tracking {
    struct lc_backend *b;             /* not owned */
    const struct lc_cluster *cluster; /* where lc_tracking_create makes it; the caller's, or NULL */
    char *database, *table;
    bool exists;
    bool replicated;   /* it has a replica on each host of a cluster, which reads
                      * catch up with first */
    uint64_t clock_s;  /* the server's time, as it has said it; 0: it has not */
    uint64_t clock_ms; /* when it was asked, by CLOCK_BOOTTIME */
    char run_id[33];
    struct lc_track_state state;
    struct lc_track_noted *noted; /* rows that are to be written with the next one */
    size_t noted_n;
};

/*
 * Look for the tracking table and read it; what is not there is not made. 0; LC_ERR_REFUSED where
 * the table is another tool's; LC_ERR_SERVER and the other failures of a query. Release it in any
 * case. The backend must outlive it.
 */
int lc_tracking_open(struct lc_tracking *t, struct lc_backend *b, const char *table,
                     struct lc_error *err);

/*
 * As lc_tracking_open, for a run that may have nothing to do. Where every file is applied as it is, and nothing else was
 * ever recorded, the state says so of each, and no more: no order, no times. lc_tracking_load reads the rest.
 */
int lc_tracking_open_for(struct lc_tracking *t, struct lc_backend *b, const char *table,
                         const struct lc_migrations *files, struct lc_error *err);

/*
 * With a cluster: is the table one on all hosts that have it? 0; LC_ERR_REFUSED where a host's is
 * its own, since a run elsewhere would apply again what that one applied; the failures of a query.
 */
int lc_tracking_check_hosts(const struct lc_tracking *t, struct lc_error *err);

/*
 * Create the table where it is missing: on the server, or with a cluster on each of its hosts, as
 * one Replicated table. As lc_tracking_open.
 */
int lc_tracking_create(struct lc_tracking *t, struct lc_error *err);

/* Read the rows again: what was known is forgotten. */
int lc_tracking_load(struct lc_tracking *t, struct lc_error *err);

/*
 * The server's time: what it said last and what has passed here since, at most a second behind. 0 or
 * the failures of a query, where it has not said it yet.
 */
int lc_tracking_now(const struct lc_tracking *t, uint64_t *now_s, struct lc_error *err);

/*
 * A row that is to be written soon: with the next row, in one INSERT, in this order, all or none. It
 * is no part of the state before it is written. For what would be followed by another row at once:
 * who waits for anything writes first. 0, LC_ERR_NOMEM.
 */
int lc_tracking_note(struct lc_tracking *t, const struct lc_track_event *e, struct lc_error *err);

/*
 * Write the noted rows, under the lock, and take them into the state. As lc_tracking_open; where it
 * fails they are dropped, and whether they are there shows when the table is read again.
 */
int lc_tracking_flush(struct lc_tracking *t, struct lc_error *err);

/* Drop the noted rows. */
void lc_tracking_forget_noted(struct lc_tracking *t);

/* Note a row and write all. */
int lc_tracking_write(struct lc_tracking *t, const struct lc_track_event *e, struct lc_error *err);

/* Drop the table and forget. */
int lc_tracking_drop(struct lc_tracking *t, struct lc_error *err);

/* The state of a version, or NULL where no row speaks of it. */
const struct lc_track_version *lc_tracking_find(const struct lc_tracking *t, uint64_t version);

void lc_tracking_release(struct lc_tracking *t);

#endif
