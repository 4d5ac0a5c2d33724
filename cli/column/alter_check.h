/* SPDX-License-Identifier: Apache-2.0 */
/* The same of one table's columns: see schema_check.h, which calls this. */
#ifndef LC_CLI_COLUMN_ALTER_CHECK_H
#define LC_CLI_COLUMN_ALTER_CHECK_H
#include "cli/column/schema.h"
#include "cli/server/abilities.h"

/*
 * The statement's columns against those of its table, which is there by then. 0, also where the columns are not known; LC_ERR_REFUSED with what is in the
 * way; the failures of a query.
 */
int lc_alter_check(const struct lc_schema *s, const struct lc_abilities *facts,
                   const struct lc_table *t, const struct lc_stmt *stmt, struct lc_error *err);

#endif
