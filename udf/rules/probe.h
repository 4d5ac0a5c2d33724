/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. What building an index and searching it must agree on: a key's word and its first slot.
 */
#ifndef LC_UDF_RULES_PROBE_H
#define LC_UDF_RULES_PROBE_H
#include "udf/rules/hash.h"
#include "udf/rules/seed.h"

#include <string.h>

/* Eight bytes from p, as a little-endian number; all eight must be readable. */
static inline uint64_t lc_load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

/* By length, 0 to 16: which bits of the key's first and second eight bytes belong to it. */
extern const uint64_t lc_mask_low[17], lc_mask_high[17];

/* XXH3's 64×64→128 multiply, folded: https://github.com/Cyan4973/xxHash/blob/dev/doc */
static inline uint64_t lc_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;

    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Out of line, so that the short keys' loop keeps its registers. */
static __attribute__((noinline, unused)) uint64_t lc_word_long(const uint8_t *p, size_t n,
                                                               uint64_t seed)
{
    return lc_hash64_seeded(p, n, seed);
}

/*
 * The word of a key of n bytes: up to eight, the bytes themselves, zero-padded, so that comparing
 * words compares keys; up to 16, a fold of both halves; above, the XXH3-64. Sixteen bytes from p
 * must be readable. No branch depends on n up to 16: the lengths of a batch's keys are mixed.
 */
static inline uint64_t lc_word(const uint8_t *p, size_t n, const struct lc_seed *seed)
{
    uint64_t low, high, both, wide;

    if (__builtin_expect(n > 16, 0))
        return lc_word_long(p, n, seed->hash);
    low = lc_load64(p) & lc_mask_low[n];
    high = lc_load64(p + 8) & lc_mask_high[n];
    both = lc_fold(low ^ seed->low, high ^ seed->high);
    wide = 0 - (uint64_t)(n > 8);
    return low ^
           ((low ^ both) & wide); /* as n <= 8 ? low : both, of which a compiler makes a branch */
}

/*
 * The bucket where a word's search begins. Half the cost of XXH3 over the eight bytes. Rules alone
 * fill the table, so no key makes a search longer; and rules that meet in one bucket cannot be
 * chosen by who does not know the multiplier.
 */
static inline uint64_t lc_first_bucket(uint64_t word, uint32_t buckets, const struct lc_seed *seed)
{
    return ((lc_fold(word, seed->multiplier) >> 32) * buckets) >> 32;
}

#endif
