/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the backfill sends: batches of partitions, and what has to be done before them. Private to
 * cli/column/backfill*.c.
 */
#ifndef LC_CLI_COLUMN_BACKFILL_SEND_H
#define LC_CLI_COLUMN_BACKFILL_SEND_H
#include "cli/column/backfill_state.h"

/*
 * Send mutations until so many are in flight as may be. *done: nothing lacks the column, and nothing of
 * ours runs. 0; LC_ERR_SERVER where a partition was sent too often in vain, or the column has changed;
 * the failures of a query.
 */
int lc_backfill_go_on(struct lc_backfill_state *r, bool *done, struct lc_error *err);

#endif
