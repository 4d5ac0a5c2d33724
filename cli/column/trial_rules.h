/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An expression on trial, compared with rules. Private to cli/column/preflight.c.
 *
 * An int is 0; LC_ERR_REFUSED, with the reason and a way out in err; or a query's failure.
 */
#ifndef LC_CLI_COLUMN_TRIAL_RULES_H
#define LC_CLI_COLUMN_TRIAL_RULES_H
#include "cli/column/trial_state.h"

/* With the rules files that are named. */
int lc_trial_compare(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

/*
 * A key that is cut for the rules of one version may be too short for those of the next, and the
 * function cannot know. Without --rules the table's own rows are all that can show it.
 */
int lc_trial_cut(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

#endif
