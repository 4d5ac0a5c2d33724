/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain matcher: looks at every rule. The oracle that lc_match is tested against.
 */
#ifndef LC_MATCH_NAIVE_H
#define LC_MATCH_NAIVE_H
#include "udf/rules/ruleset.h"

/* The rule that holds for a byte key (all kinds but range), or r->rules. */
uint32_t lc_match_naive(const struct lc_rules *r, struct lc_slice key);

/* The rule that holds for a point (cidr, span): the narrowest that has it, else the default, or r->rules. */
uint32_t lc_match_naive_point(const struct lc_rules *r, lc_point key);

/* The rule that holds for a number (range), or r->rules. */
uint32_t lc_match_naive_number(const struct lc_rules *r, uint64_t key);

#endif
