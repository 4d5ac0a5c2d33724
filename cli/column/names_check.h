/* SPDX-License-Identifier: Apache-2.0 */
/* Does an expression read or call what is not there? The server is asked, without a row. */
#ifndef LC_CLI_COLUMN_NAMES_CHECK_H
#define LC_CLI_COLUMN_NAMES_CHECK_H
#include "cli/column/table.h"

/*
 * 0, also where this cannot be told: of a table whose columns are not known, of a query within the
 * expression, of one that the server refuses for another reason. made: the run makes functions, which the
 * server does not know yet. LC_ERR_REFUSED with the name that is missing, or the call that cannot be; the failures
 * of a query.
 */
int lc_names_check(struct lc_backend *b, const struct lc_table *t, const char *expr, bool made,
                   struct lc_error *err);

/* The same of a TTL, which is a date or a time. */
int lc_names_check_ttl(struct lc_backend *b, const struct lc_table *t, const char *expr, bool made,
                       struct lc_error *err);

/* Of a column's declaration, where it has a TTL. */
int lc_names_check_column_ttl(struct lc_backend *b, const struct lc_table *t,
                              struct lc_slice declaration, bool made, struct lc_error *err);

/*
 * Does the server know the type, and (column not NULL) does it turn the column's values into it? As above: 0
 * also where this cannot be told.
 */
int lc_type_check(struct lc_backend *b, const struct lc_table *t,
                  const struct lc_table_column *column, struct lc_slice type, struct lc_error *err);

/* The same of a new column's type (n 0: none). The server is asked only of one that is of no common family. */
int lc_type_check_family(struct lc_backend *b, struct lc_slice type, struct lc_error *err);

#endif
