/* SPDX-License-Identifier: Apache-2.0 */
/* Which migrations may go on next to each other: what their words say, and
 * nothing that is guessed. */
#ifndef LC_CLI_MIGRATE_CONFLICT_H
#define LC_CLI_MIGRATE_CONFLICT_H
#include "cli/migrate/plan.h"

/*
 * May `later` run while `earlier` waits for a backfill? Only where
 *   - every statement left of both is an ALTER TABLE or a CREATE TABLE that is read in full, and
 *     reads no other tables (SELECT, IN table, Merge), which a view may hide,
 *   - no name of a table of the one is a word, or a string, in the other, in whatever database,
 *   - `later` does not require `earlier`.
 * What a server knows and the words do not (a dictionary over the other's table) is to be said by
 * "-- migrate:requires".
 */
bool lc_conflict_allowed(const struct lc_plan_migration *earlier,
                         const struct lc_plan_migration *later);

#endif
