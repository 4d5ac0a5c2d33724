/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule set as an expression that ClickHouse computes itself: no program, no pipe. For a SQL
 * function (CREATE FUNCTION region_v1 AS (k) -> …), or in place of a function.
 *
 *   prefix  transform(substring(KEY, 1, 3), ['+49', …], ['DE', …],  one lookup a length,
 *             transform(substring(KEY, 1, 2), ['+1', …], ['US', …],         the longest first
 *               'default'))
 *   exact   transform(KEY, ['a', …], ['x', …], 'default')
 *   suffix  as prefix, with right(KEY, n)
 *   nocase  lower(KEY) in the place of KEY: A-Z alone, as the rules have it
 *   range, cidr, bucket   transform(roundDown(KEY as a number, [cuts]), …): range_expression.h; of up to four ranges of unsigned
 *           numbers if(KEY < 100, if(KEY >= 10 AND KEY <= 19, 'a', miss), …)
 *
 * `transform` is a hash table, so a length costs the same for one rule and for a thousand: 100 rules
 * of three lengths take 0.06 of the time of a multiIf(startsWith(…)), 1,000 rules 1.5 times that of
 * 100 (bench udf).
 */
#ifndef LC_CLI_COLUMN_RULE_EXPRESSION_H
#define LC_CLI_COLUMN_RULE_EXPRESSION_H

#include "base/buf.h"
#include "base/error.h"
#include "udf/rules/ruleset.h"

/* Prefix rules of more lengths than this would cost more than a function: a lookup each. */
#define LC_EXPRESSION_MAX_LENGTHS 8u

/* What a server takes as one statement by default (max_query_size) is 262,144 bytes. */
#define LC_EXPRESSION_MAX_BYTES 200000u

/*
 * Append the expression. key_sql is SQL, taken as it is ("user_id"), and comes once a length; so is
 * miss_sql (NULL: ''), which is where no rule holds. Values are strings, as in the rules; where
 * `type` (NULL: none) is a number's, a date's or Bool's they are cast to it, an empty one to NULL,
 * and miss_sql is not looked at. 0; LC_ERR_NOMEM; LC_ERR_INPUT, where a value does not fit the type;
 * LC_ERR_REFUSED, with what to do, where the rules cannot be written so: domains, too many lengths, too many bytes.
 */
int lc_rule_expression(const struct lc_rules *rules, uint32_t attribute, const char *type,
                       const char *key_sql, const char *miss_sql, struct lc_buf *out,
                       struct lc_error *err);

/* Is it a kind that can be written so at all? */
bool lc_rule_expression_is_written(const struct lc_rules *rules);

/* A SQL function that answers by the rules. Texts are the caller's. */
struct lc_rule_function {
    const char *name;    /* region_v1 */
    const char *cluster; /* ON CLUSTER; NULL: none */
    const struct lc_rules *rules;
    uint32_t attribute;
    const char *type; /* of the result: "LowCardinality(String)", "UInt16", … */
};

/*
 * Append "CREATE FUNCTION region_v1 AS (k) -> …;", with a CAST where the type is no String. Rules of texts
 * look up toString(k), whatever the key is: that is what a program would be given. A server
 * stores a DEFAULT that calls it as the expression itself. 0, or as lc_rule_expression.
 */
int lc_rule_function(const struct lc_rule_function *f, struct lc_buf *out, struct lc_error *err);

#endif
