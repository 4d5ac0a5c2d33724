/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which migrations are applied. Private to cli/migrate/file*.c. */
#ifndef LC_CLI_MIGRATE_FILE_ORDER_H
#define LC_CLI_MIGRATE_FILE_ORDER_H
#include "cli/migrate/migration.h"

/*
 * Sort by version, except that what a migration requires comes before it. Numbers left out, halves of
 * pairs without the other, and needs that cannot be met become problems. 0 or LC_ERR_NOMEM.
 */
int lc_files_order(struct lc_migrations *all);

#endif
