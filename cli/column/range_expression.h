/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges, networks and buckets as a search that ClickHouse does itself, over the places where another rule begins to hold:
 *
 *   transform(roundDown(NUMBER, [cuts]), [cuts where a rule holds], ['its value', …], 'default')
 *
 * NUMBER is the key as a number that has the order of the keys. roundDown is a binary search, so a thousand ranges take
 * less than twice as long as three; of nested ifs the server computes every condition for every row, and a thousand take 130
 * times as long as here.
 *
 *   keys                  NUMBER
 *   numbers               2 v + f, v the floor in units of the bounds' last digit, f whether the key is above it
 *   floats                the float
 *   dates, times          days and whole seconds since 1970
 *   addresses             IPv4's 32 bits; where rules hold for other addresses, IPv6's 128 as a Decimal(76, 0), the only
 *                         type that wide which roundDown takes
 *   buckets               the share of the weights that xxh3(key) falls on, as the matcher has it
 *   NULL, NaN, no address what no rule's cuts take: the default
 */
#ifndef LC_CLI_COLUMN_RANGE_EXPRESSION_H
#define LC_CLI_COLUMN_RANGE_EXPRESSION_H

#include "base/buf.h"
#include "base/error.h"
#include "udf/rules/ruleset.h"

enum { LC_RANGE_CUT_BYTES = 48 };

/* From here on that rule holds, up to the next cut. */
struct lc_range_cut {
    char number[LC_RANGE_CUT_BYTES]; /* a literal; where the rules are wide, its digits */
    uint32_t rule;                   /* the default, or r->rules: none */
};

/* Are there rules of addresses that are not IPv4's? Their numbers are Decimal(76, 0). */
bool lc_range_is_wide(const struct lc_rules *r);

/*
 * The cuts of rules of ranges, networks or buckets, ascending, the first at or below every key that has a number. *cuts is to
 * be freed. 0; LC_ERR_NOMEM; LC_ERR_REFUSED where they are not written so: bounds of over 17 digits.
 */
int lc_range_cuts(const struct lc_rules *r, struct lc_range_cut **cuts, size_t *n,
                  struct lc_error *err);

/* Append NUMBER of the key, which is SQL and comes several times. 0 or LC_ERR_NOMEM. */
int lc_range_add_number(const struct lc_rules *r, const char *key_sql, struct lc_buf *out);

#endif
