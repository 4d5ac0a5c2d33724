/*
 * A rule set as an expression that ClickHouse computes itself, for comparison: what a person would
 * write by hand if there were no function.
 */
#ifndef LC_BUILTIN_H
#define LC_BUILTIN_H

#include "buf.h"
#include "error.h"
#include "rules.h"

/*
 * Append multiIf(startsWith(KEY, 'longest'), 'value', …, 'miss') for a prefix rule set, longest key
 * first, so that it answers what the longest match answers. key_sql is SQL, taken as it is:
 * "user_id". 0, LC_ERR_NOMEM, or LC_ERR_USAGE for another kind.
 */
int lc_builtin_multiif(const struct lc_rules *rules, uint32_t attribute, const char *key_sql,
                       struct lc_buf *out, struct lc_error *err);

#endif
