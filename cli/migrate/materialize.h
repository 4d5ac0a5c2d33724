/* SPDX-License-Identifier: Apache-2.0 */
/* MATERIALIZE COLUMN wants a column that has something to compute: asked before anything is changed. */
#ifndef LC_CLI_MIGRATE_MATERIALIZE_H
#define LC_CLI_MIGRATE_MATERIALIZE_H
#include "cli/migrate/plan.h"

/*
 * Will the columns that statement i (from 0) of the plan's migration m materializes have a DEFAULT or
 * MATERIALIZED expression by then, by the statements before it, else on the server? 0;
 * LC_ERR_REFUSED where one certainly will not; the failures of a query.
 */
int lc_materialize_check(const struct lc_plan *plan, const struct lc_plan_migration *m, unsigned i,
                         struct lc_backend *b, struct lc_error *err);

#endif
