/* SPDX-License-Identifier: Apache-2.0 */
/* What a CREATE TABLE is made of: are its types known, and are the columns there that its keys name? */
#ifndef LC_CLI_COLUMN_CREATE_CHECK_H
#define LC_CLI_COLUMN_CREATE_CHECK_H
#include "cli/column/table.h"

/*
 * Of one with a list of columns and a MergeTree: types, keys, TTL, indexes, constraints and the engine's
 * arguments. The server is asked only where a name is no column, or a type of no common family. 0, also where
 * this cannot be told; LC_ERR_REFUSED with what is missing; the failures of a query.
 */
int lc_create_check(struct lc_backend *b, const struct lc_stmt *stmt, struct lc_error *err);

#endif
