/*
 * Hot. What building an index and searching it must agree on: a key's word and its first slot.
 */
#ifndef LC_PROBE_H
#define LC_PROBE_H

#include "hash.h"

#include <string.h>

/* Eight bytes from p, as a little-endian number; all eight must be readable. */
static inline uint64_t lc_load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

/*
 * The word of a key of n bytes: up to eight, the bytes themselves, zero-padded, so that comparing
 * words compares keys; above, the XXH3-64. Eight bytes from p must be readable.
 */
static inline uint64_t lc_word(const uint8_t *p, size_t n)
{
    if (n > 8)
        return lc_hash64(p, n);
    return n == 0 ? 0 : lc_load64(p) & (UINT64_MAX >> (64 - 8 * n));
}

/*
 * The slot where a word's search begins. The word is folded with XXH3's own 64×64→128 multiply
 * (for a word of key bytes that is the whole hash: half the cost of XXH3 over 8 bytes, and rules,
 * which alone fill the table, are not hostile), then scaled to the table.
 */
static inline uint64_t lc_first_slot(uint64_t word, uint32_t slots)
{
    unsigned __int128 m = (unsigned __int128)word * 0x9E3779B185EBCA87u;
    uint64_t h = (uint64_t)m ^ (uint64_t)(m >> 64);

    return ((h >> 32) * slots) >> 32;
}

#endif
