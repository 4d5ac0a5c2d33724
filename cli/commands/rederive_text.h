/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of a migration that re-derives a column. In each direction:
 *
 *   ALTER TABLE buffer MODIFY COLUMN c DEFAULT region_v2(k); rows that come through a table over it
 *   ALTER TABLE t MODIFY COLUMN c DEFAULT region_v2(k);      new rows
 *   -- migrate:rederive
 *   ALTER TABLE t UPDATE c = region_v2(k)                    old ones, but not values that
 *       WHERE c = region_v1(k) AND c != region_v2(k);        an INSERT gave
 */
#ifndef LC_CLI_COMMANDS_REDERIVE_TEXT_H
#define LC_CLI_COMMANDS_REDERIVE_TEXT_H
#include "cli/column/column.h"

/* A column and the expression that it gets. cluster: the statement is ON CLUSTER; NULL: it is not. */
struct lc_rederive_default {
    const char *database, *table, *cluster;
    const char *column, *type, *kind, *expr; /* type NULL: it is not written */
};

/* Append the statement, and an empty line. 0, LC_ERR_NOMEM. */
int lc_rederive_text_default(struct lc_buf *b, const struct lc_rederive_default *to);

/*
 * Append the statement that changes the rows which hold what `from` gives and `to` does not; from NULL:
 * all that differ from `to`. 0, else nonzero.
 */
int lc_rederive_text_rows(struct lc_buf *b, const struct lc_column *d, const char *from,
                          const char *to);

#endif
