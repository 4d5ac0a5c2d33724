/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking table's rows. What was applied is decided by them alone; the answer is sealed
 * (cli/server/answer_check.h), so that one that lost rows on its way is an error.
 */
#ifndef LC_CLI_MIGRATE_TRACKING_ROWS_H
#define LC_CLI_MIGRATE_TRACKING_ROWS_H
#include "base/error.h"
#include "cli/server/backend.h"

/*
 * Read all rows of the table by seq into *rows (lc_sql_tracking_rows), which the caller releases. 0;
 * LC_ERR_REFUSED for a statement's number that no file has; the failures of a query.
 */
int lc_tracking_rows_read(struct lc_backend *b, const char *database, const char *table,
                          struct lc_answer *rows, struct lc_error *err);

#endif
