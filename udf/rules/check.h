/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules against each other: sorted as the arena keeps them, and refused where they contradict.
 *
 *   kind            order                      refused
 *   prefix, exact,  by key                     one key with two values
 *   suffix, domain
 *   range, span     by first point             one span with two values; spans that overlap
 *   cidr            by first point             one network with two values
 *   bucket          as written                 weights that are all 0, or add up to more than 2^64 - 1
 *
 * A key that is there twice with the same values is kept once.
 */
#ifndef LC_UDF_RULES_CHECK_H
#define LC_UDF_RULES_CHECK_H
#include "udf/rules/draft.h"

/*
 * Sort the drafts and check them; b->rules goes down where some are dropped. Of domain rules, those
 * whose name also has a rule for what is below it come last, b->twins of them: the index has only the
 * rule below, which knows its twin.
 *
 * There is at least one rule. `name` is the file's, for messages. 0, LC_ERR_NOMEM, or LC_ERR_INPUT with
 * the line in err->row.
 */
int lc_check_drafts(struct lc_builder *b, const char *name, struct lc_error *err);

#endif
