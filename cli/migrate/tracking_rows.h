/*
 * The tracking table's rows, as the server read them, or an error: never fewer of them, and none
 * that was changed on its way. What was applied is decided by them alone, so that a proxy that cuts
 * an answer at a line must not make livecol apply a migration again.
 */
#ifndef LC_CLI_MIGRATE_TRACKING_ROWS_H
#define LC_CLI_MIGRATE_TRACKING_ROWS_H
#include "base/error.h"
#include "cli/server/backend.h"

/*
 * Read all rows of the table by seq into *rows (lc_sql_tracking_rows), which the caller releases;
 * rows->rows is 0 for an empty table. 0; LC_ERR_SERVER where the answer does not agree with itself,
 * asked for several times; LC_ERR_REFUSED for a statement's number that no file has; the failures of
 * a query.
 */
int lc_tracking_rows_read(struct lc_backend *b, const char *database, const char *table,
                          struct lc_answer *rows, struct lc_error *err);

/* Do the rows agree with their own count and hashes? 0, LC_ERR_INPUT or LC_ERR_NOMEM. */
int lc_tracking_rows_check(const struct lc_answer *rows, struct lc_error *err);

#endif
