/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement says of how a table is stored, against what the server has: engines, what each takes, settings of
 * MergeTree, types of indexes. Asked from its own lists, once a run; a server without such a list is not asked,
 * and then nothing is claimed.
 */
#ifndef LC_CLI_COLUMN_STORAGE_CHECK_H
#define LC_CLI_COLUMN_STORAGE_CHECK_H
#include "cli/column/table.h"

/*
 * A CREATE with an engine: is there such an engine, does it take the clauses and as many arguments, are the
 * settings known, may the columns be in a key? t: the table as it makes it. 0, also where this cannot be told;
 * LC_ERR_REFUSED; the failures of a query.
 */
int lc_storage_check(struct lc_backend *b, const struct lc_stmt *stmt, const struct lc_table *t,
                     struct lc_error *err);

/* MODIFY SETTING and RESET SETTING of a MergeTree: as above. Other commands are none of its business. */
int lc_storage_check_settings(struct lc_backend *b, const struct lc_table *t,
                              struct lc_slice command, struct lc_error *err);

/* "expr TYPE minmax GRANULARITY 4", of an index: as above. */
int lc_storage_check_index(struct lc_backend *b, struct lc_slice index, struct lc_error *err);

#endif
