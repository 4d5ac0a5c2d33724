/* SPDX-License-Identifier: Apache-2.0 */
/* The secret in the hash tables of a rule set. */
#ifndef LC_UDF_RULES_SEED_H
#define LC_UDF_RULES_SEED_H
#include <stdint.h>

/*
 * What the hashes of a set's tables are mixed with. Whoever writes rules and does not know the seed
 * cannot choose keys that meet in one bucket. Bucket rules have none: their answers are a promise.
 */
struct lc_seed {
    uint64_t low, high;  /* for words of 9 to 16 bytes */
    uint64_t multiplier; /* odd; from a word to its bucket */
    uint64_t hash;       /* for XXH3 */
};

/* The parts of a seed. Of 0: constants, as files of layout 1 have them. */
struct lc_seed lc_seed_from(uint64_t seed);

/* A number that nobody can foresee, and not 0. 0 or LC_ERR_IO. */
int lc_seed_choose(uint64_t *seed);

#endif
