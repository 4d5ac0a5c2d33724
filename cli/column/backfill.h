/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backfill supervisor: stores a derived column for the rows that were there before it, so that
 * nobody notices.
 *
 *            ┌─────────────── load below the limits ───────────────┐
 *            ▼                                                     │
 *   look → submit MATERIALIZE COLUMN … IN PARTITION ID → wait ─ load reached → KILL MUTATION → pause
 *    │       ▲                                           │
 *    │       └──────────── the partition is stored ──────┘
 *    ▼
 *   done: no part lacks the column
 *
 * One mutation takes partitions until it has enough rows, and not only one: outside of Replicated
 * tables a mutation makes a new version of every part of the table (hard links, where it changes
 * nothing), whatever partition it names. With a hundred small partitions a mutation each would be a
 * hundred times all parts (26.7, seen in system.parts).
 *
 * A pause is KILL MUTATION: parts in work run to their end and keep the column, the others are not
 * begun. Going on is to submit again: parts that have the column cost nothing. Merges are never
 * stopped, and nothing is kept outside of the table, so this may be killed at any moment.
 */
#ifndef LC_CLI_COLUMN_BACKFILL_H
#define LC_CLI_COLUMN_BACKFILL_H
#include "cli/column/backfill_options.h"
#include "cli/column/backfill_target.h"

/*
 * Store the column in every part of the target, which lc_backfill_find has filled. Unfinished
 * mutations of an earlier run are taken over. query_id (may be NULL) begins the ids of what is
 * sent. *p is the last progress, in any case. 0, or:
 *   LC_ERR_SERVER    a mutation of the table fails; with the reason, the part, and the ways out
 *   LC_ERR_CRITICAL  the critical load was reached; paused
 *   LC_ERR_STOPPED   *cancel became true; paused
 *   the failures of a query, and of lc_throttle_open
 */
int lc_backfill_run(struct lc_backfill_target *t, const struct lc_backfill_options *o,
                    const struct lc_backfill_hooks *hooks, const char *query_id,
                    struct lc_backfill_progress *p, struct lc_error *err);

/* Kill every unfinished mutation that materializes the column. *killed says how many. */
int lc_backfill_cancel(struct lc_backfill_target *t, unsigned *killed, struct lc_error *err);

/*
 * "backfill analytics.events.region  14/52 parts  31.0%  12.4 M rows/s  3m05s, ETA 6m50s
 * throttled: active parts 310 ≥ 300" on one line, into out.
 */
void lc_backfill_line(char *out, size_t size, const struct lc_backfill_target *t,
                      const struct lc_backfill_progress *p);

#endif
