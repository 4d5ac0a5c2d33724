/* SPDX-License-Identifier: Apache-2.0 */
/* What a CREATE TABLE is made of: does the server have its types, its engine, and what its keys name? */
#ifndef LC_CLI_COLUMN_CREATE_CHECK_H
#define LC_CLI_COLUMN_CREATE_CHECK_H
#include "cli/column/table.h"

/*
 * Of one with an engine: what storage_check.h and declared_check.h say; and of one with a list of columns and a
 * MergeTree its keys, TTL, indexes, constraints and the engine's arguments. functions: the run makes some;
 * own_settings: it is sent with settings of the migration's. 0, also where this cannot be told;
 * LC_ERR_REFUSED with what is missing; the failures of a query.
 */
int lc_create_check(struct lc_backend *b, const struct lc_stmt *stmt, bool functions,
                    bool own_settings, struct lc_error *err);

#endif
