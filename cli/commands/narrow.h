/* SPDX-License-Identifier: Apache-2.0 */
/* --narrow: what new, new --rederive and inline share. */
#ifndef LC_CLI_COMMANDS_NARROW_H
#define LC_CLI_COMMANDS_NARROW_H
#include "cli/column/column.h"
#include "udf/rules/ruleset.h"

#define LC_NARROW_WHEN_HELP                                                                        \
    "pass the function only the part of the key that its rules look at, "                          \
    "f(toLowCardinality(left(key, N))). measured: if that is faster over the table's rows; "       \
    "always: without timing; never: the whole key. Needs --rules, those of the function"

/* measured, always or never? NULL is fine. 0, LC_ERR_USAGE. */
int lc_narrow_check_when(const char *when, struct lc_error *err);

/*
 * Append the expression that the column is to have: d->expr, of which d->calls are known, with its key
 * narrow or whole. rules: of the function that it calls; may be NULL with "never". A narrow form that
 * is written is proven: equal for every distinct key of the table, where the function is there; what
 * could not be measured or proven is said. *narrow: which it is. 0; LC_ERR_REFUSED where the rules
 * have no such form, it was to be measured and cannot be, or a key answers otherwise; LC_ERR_STOPPED;
 * the failures of a query.
 */
int lc_narrow_choose(const struct lc_column *d, const struct lc_rules *rules, const char *when,
                     struct lc_buf *out, bool *narrow, struct lc_error *err);

#endif
