/* SPDX-License-Identifier: Apache-2.0 */
/* What a run looks at once a migration is applied: the columns that it has filled in. */
#ifndef LC_CLI_MIGRATE_VERIFY_AFTER_H
#define LC_CLI_MIGRATE_VERIFY_AFTER_H
#include "cli/migrate/plan.h"

/* Is there anything to verify? It takes time. */
bool lc_verify_after_wants(const struct lc_plan_migration *m);

/*
 * Verify every column that a MATERIALIZE COLUMN of the migration has stored, and those that it has
 * re-derived with what is derived from them, each over a sample sized to about ten seconds. Each is said in a line, as a warning where rows differ or parts lack it; what
 * cannot be verified is said too. Gives how many columns were wrong.
 */
unsigned lc_verify_after(struct lc_backend *b, const struct lc_plan_migration *m,
                         const atomic_bool *cancel,
                         void (*say)(void *ctx, bool warning, const char *text), void *ctx);

/*
 * The same of one column that was filled in, and of the stored columns that are derived from it.
 */
unsigned lc_verify_after_column(struct lc_backend *b, const char *database, const char *table,
                                const char *column, const atomic_bool *cancel,
                                void (*say)(void *ctx, bool warning, const char *text), void *ctx);

#endif
