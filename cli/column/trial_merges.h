/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stored column on trial: would merges of its table make it wrong? Private to cli/column/preflight.c.
 *
 * A merge of a SummingMergeTree, Aggregating, Coalescing or GraphiteMergeTree, or a TTL with GROUP BY,
 * makes one row of several. What is derived is right afterwards where the column and all that it reads
 * are then of one row, or where what it reads is the same in all of them (cli/sql/merged.h).
 */
#ifndef LC_CLI_COLUMN_TRIAL_MERGES_H
#define LC_CLI_COLUMN_TRIAL_MERGES_H
#include "cli/column/trial_state.h"

/*
 * 0, also where the column was derived before, or d->allow_unsafe: then it is said. LC_ERR_REFUSED with
 * the column that merges change, and a way out; the failures of a query.
 */
int lc_trial_merges(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

#endif
