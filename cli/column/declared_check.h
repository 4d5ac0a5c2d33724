/* SPDX-License-Identifier: Apache-2.0 */
/* Does the server take the types and codecs that a statement declares its columns with? */
#ifndef LC_CLI_COLUMN_DECLARED_CHECK_H
#define LC_CLI_COLUMN_DECLARED_CHECK_H
#include "cli/column/table.h"

/*
 * Of the columns of a CREATE TABLE, or of n commands of an ALTER that add or modify one (t has the types that they do
 * not give). The server reads a declaration as it would a table function's, and makes nothing. It is asked
 * only of codecs and of types with parameters. 0, also where this cannot be told: LC_ERR_REFUSED with what the
 * server says; the failures of a query.
 */
int lc_declared_check(struct lc_backend *b, const struct lc_table *t, const struct lc_stmt *stmt,
                      const struct lc_stmt_command *columns, size_t n, struct lc_error *err);

#endif
