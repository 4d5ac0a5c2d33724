/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a statement changes values: which columns are derived from them and keep what they hold,
 * and how many rows change at once. Nothing here is a refusal.
 */
#ifndef LC_CLI_MIGRATE_STALE_H
#define LC_CLI_MIGRATE_STALE_H
#include "cli/column/preflight.h"
#include "cli/migrate/plan.h"

/*
 * Look at an UPDATE, and at a MODIFY COLUMN of a DEFAULT; each finding is told to `say`, a line
 * without its newline. The statement has been noted in d->schema. What -- migrate:rederive does is
 * said by lc_rederive_check. 0 or the failures of a query.
 */
int lc_stale_look(struct lc_preflight *d, const struct lc_plan *plan,
                  const struct lc_plan_stmt *stmt,
                  void (*say)(void *ctx, bool hazard, const char *text), void *ctx,
                  struct lc_error *err);

#endif
