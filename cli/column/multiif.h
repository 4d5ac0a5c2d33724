/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule set as an expression that ClickHouse computes itself: what a person would write by hand if
 * there were no function. For comparison with one, and to take its place.
 */
#ifndef LC_CLI_COLUMN_MULTIIF_H
#define LC_CLI_COLUMN_MULTIIF_H
#include "base/buf.h"
#include "base/error.h"
#include "udf/rules/ruleset.h"

/*
 * Append a multiIf that answers what the rules answer:
 *
 *   prefix  multiIf(startsWith(KEY, 'longest'), 'value', …, 'default'), longest key first
 *   exact   multiIf(KEY = 'key', 'value', …, 'default')
 *   range   multiIf(KEY BETWEEN from AND to, 'value', …)
 *
 * key_sql is SQL, taken as it is: "user_id"; so is miss_sql (NULL: ''), which is where no rule
 * holds. 0, LC_ERR_NOMEM, or LC_ERR_USAGE for buckets, domains, networks and ranges of points.
 */
int lc_multiif_multiif(const struct lc_rules *rules, uint32_t attribute, const char *key_sql,
                       const char *miss_sql, struct lc_buf *out, struct lc_error *err);

#endif
