/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns' default expressions call a function, or ask a dictionary, of that name. */
#ifndef LC_CLI_COLUMN_DEPENDENTS_H
#define LC_CLI_COLUMN_DEPENDENTS_H
#include "cli/server/backend.h"

/*
 * Append "database.table.column, …" of those that do, the first few, to `out`; where there is none,
 * "database.table, …" of views, and of tables with a constraint, a TTL or an index that does. *n:
 * how many. 0, the failures of a query, LC_ERR_NOMEM.
 */
int lc_dependents_find(struct lc_backend *b, const char *name, struct lc_buf *out, size_t *n,
                       struct lc_error *err);

#endif
