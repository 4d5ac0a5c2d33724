/* SPDX-License-Identifier: Apache-2.0 */
/* How fast an expression is over a table's own rows, by a timed sample. */
#ifndef LC_CLI_COLUMN_ESTIMATE_H
#define LC_CLI_COLUMN_ESTIMATE_H
#include "cli/server/backend.h"

/*
 * Rows a second of the expression over a sample of the table's rows; 0 where it cannot be measured.
 * bytes_per_row (may be NULL) becomes the mean size of its values before compression, 0 where that
 * is not known.
 */
double lc_estimate_rate(struct lc_backend *b, const char *database, const char *table,
                        const char *expr, double *bytes_per_row);

/*
 * Nanoseconds a row that a reader pays for the expression while no part stores it, on one thread, by a
 * sample; 0 where it cannot be measured.
 */
double lc_estimate_read_ns(struct lc_backend *b, const char *database, const char *table,
                           const char *expr);

#endif
