/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol bench match: the matcher alone, one thread, without formats, pipes or a server.
 *
 * Each rule set is matched over the same keys that the comparator hashes: "one XXH3 + memcmp per
 * key" is the least that any confirmed hash lookup must do. Both are run in turns, the median of
 * several rounds is taken, and the ratio of the two is the figure.
 *
 * Keys are random; half of them begin with a rule. "warm" keys fit the cache and are matched again
 * and again; "cold" keys are drawn from a set that does not fit, so that rules and keys come from
 * memory.
 */
#ifndef LC_BENCH_UDF_MATCHER_H
#define LC_BENCH_UDF_MATCHER_H
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_MATCH_ROUNDS_MAX = 31 };

struct lc_match_bench {
    uint64_t keys;      /* matched in a round; 0: 2,000,000 */
    unsigned rounds;    /* 0: 7 */
    uint64_t max_rules; /* the largest set; 0: 1,000,000 */
    uint64_t seed;      /* of rules and keys */
};

/* One line of the result. */
struct lc_match_figure {
    const char *kind;
    uint32_t rules;
    const char *lengths; /* of the rules' keys, "1-12" */
    bool cold;
    double ns;            /* a key, median */
    double comparator_ns; /* a key, median */
    double spread;        /* (largest - smallest) / median of the rounds */
    double hits;          /* share of keys that a rule took */
    double goal;          /* of ns / comparator_ns; 0: none is set */
    uint64_t keys;        /* of a round */
    unsigned rounds;
    double round_ns[LC_MATCH_ROUNDS_MAX]; /* a key, of each round, in their order */
    double comparator_round_ns[LC_MATCH_ROUNDS_MAX];
};

#define LC_MATCH_FIGURES  40
#define LC_MATCH_MIN_KEYS 1000u

/* Run it: up to LC_MATCH_FIGURES figures into out, *n of them. 0, LC_ERR_NOMEM, LC_ERR_STOPPED. */
int lc_bench_match(const struct lc_match_bench *how, struct lc_match_figure *out, size_t *n,
                   struct lc_error *err);

#endif
