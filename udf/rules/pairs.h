/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs of rules that contradict each other. A message says the first pair in words and the others by their lines,
 * so that a person can repair a file at once, and not a pair at a time.
 */
#ifndef LC_UDF_RULES_PAIRS_H
#define LC_UDF_RULES_PAIRS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_PAIRS_KEPT = 64, LC_PAIRS_TEXT = 400 };

/* Two rules, by their lines and by a number that the caller gives them: the one that is written later first. */
struct lc_pair {
    uint32_t line, other_line;
    uint32_t rule, other_rule;
};

/* Starts as zeroes. */
struct lc_pairs {
    struct lc_pair v[LC_PAIRS_KEPT]; /* by line, those with the least; of two lines one */
    uint32_t kept;
    bool cut;   /* there were more */
    uint64_t n; /* all of them */
};

/* Add a pair, in whatever order its rules are. */
void lc_pairs_add(struct lc_pairs *p, struct lc_pair pair);

/* "; 3 more overlaps: lines 4 and 3, 6 and 5, …", or "" where there is one pair alone. `what` takes an s. */
const char *lc_pairs_more(const struct lc_pairs *p, const char *what, char out[LC_PAIRS_TEXT]);

#endif
