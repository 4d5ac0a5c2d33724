/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door to xxHash (https://xxhash.com, XXH3 as of 0.8.0: its values are fixed forever).
 */
#ifndef LC_UDF_RULES_HASH_H
#define LC_UDF_RULES_HASH_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* XXH3-64 of n bytes, seed 0. */
static inline uint64_t lc_hash64(const void *p, size_t n)
{
    return XXH3_64bits(p, n);
}

/* XXH3-64 of n bytes with a seed; with seed 0 as lc_hash64. */
static inline uint64_t lc_hash64_seeded(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

struct lc_hash128 {
    uint64_t low, high;
};

/* XXH3-128 of n bytes, seed 0. */
static inline struct lc_hash128 lc_hash128(const void *p, size_t n)
{
    XXH128_hash_t h = XXH3_128bits(p, n);

    return (struct lc_hash128){h.low64, h.high64};
}

#endif
