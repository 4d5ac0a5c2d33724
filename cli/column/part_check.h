/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indexes, projections and constraints of a table: they are made of its columns, and have names. What
 * the server has of them is read when a statement is about them; what pending statements add and drop is
 * in the table (lc_table_part).
 */
#ifndef LC_CLI_COLUMN_PART_CHECK_H
#define LC_CLI_COLUMN_PART_CHECK_H
#include "cli/column/table.h"

/*
 * May the column go (or, `renames`, get another name)? Not while an index, a projection, a constraint
 * or the table's TTL is made of it, unless a command of the ALTER drops that: the server minds only what
 * is left at its end. 0, also of a table whose parts are not known; LC_ERR_REFUSED; the failures of a query.
 */
int lc_part_check_column(struct lc_backend *b, const struct lc_table *t,
                         const struct lc_stmt *alter, const struct lc_table_column *column,
                         bool renames, struct lc_error *err);

/* ADD of a name that is there, DROP of one that is not: as above. */
int lc_part_check_name(struct lc_backend *b, const struct lc_table *t,
                       const struct lc_stmt_command *c, struct lc_error *err);

#endif
