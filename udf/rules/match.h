/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching: keys in, rule numbers out, a batch at a time.
 *
 * Prefix sets, the longest rule wins:
 *
 *   key   u 7 _ 0 4 7 3 5 2
 *         ├─┘ │ │     │
 *         │   │ │     │      1. The trie. Its root is a table indexed by the first two bytes. An
 *         │   │ │     │         entry is a rule, which then holds, or a node: some rule is longer.
 *         │   │ │     │
 *         └─▶ table   │      2. Where many rules go on by different bytes, the node is a table
 *             │ │     │         indexed by the next byte: one load a byte.
 *             └─▶ search node, lengths 3 5 8
 *               │     │      3. Where few do, the rest is found by a binary search over the node's
 *           ├─────┘ 5?│         lengths. A hash table a length holds every rule of that length,
 *           ├─────────┘ 8?      and markers: the first 5 bytes of a rule of 8. A hit gives the best
 *                               rule so far and goes on with longer lengths, a miss with shorter.
 *
 * So a key costs one load where few rules are longer than two bytes, and at most log2(lengths) + 1
 * probes else, whatever the number of rules. Step 3 runs in rounds over the batch: each round
 * hashes and prefetches for all keys, then probes for all, so that the cache misses overlap. Every
 * hit is confirmed against the key's bytes: keys come from outside, and collisions can be made.
 *
 *   Waldvogel, Varghese, Turner, Plattner: Scalable High Speed IP Routing Lookups, SIGCOMM 1997
 *   (binary search on prefix lengths, markers with precomputed best match);
 *   Gupta, Lin, McKeown: Routing Lookups in Hardware, INFOCOM 1998 (the direct first table).
 *
 * A few short rules are not searched: each key is compared with each of them (struct lc_few).
 *
 * Suffix and domain sets are searched so, too, by the form of their keys (form.h): backwards. A domain rule for
 * what is below its name is an entry like others; a hit on it by the name itself gives what is noted for that.
 *
 * Exact sets: one hash table. Ranges: binary search in the sorted lower bounds. Buckets: the key's
 * XXH3-64 h falls on floor(h * weights / 2^64) of the weights in a row.
 *
 * The measured gain of each part is in bench/README.md; tests/support/match_naive.h is the plain form and the
 * oracle of the tests.
 */
#ifndef LC_UDF_RULES_MATCH_H
#define LC_UDF_RULES_MATCH_H
#include "udf/rules/batch.h"
#include "udf/rules/ruleset.h"

/*
 * Put the number of the rule that holds for each key into rule[0 .. batch->n); r->rules (the miss)
 * where none does. 0, or LC_ERR_INPUT where the arena is found to be corrupt (rule[] is then
 * undefined). Reads no memory outside the arena and the keys, whatever the arena holds.
 */
int lc_match(const struct lc_rules *r, const struct lc_batch *batch, uint32_t *rule);

/* What a key's text is to rules: see lc_batch_set_text. */
enum lc_key_is { LC_KEY_GOOD, LC_KEY_IN_NONE, LC_KEY_BAD };

/*
 * Make key i of the batch of its text, as the server's toString has it (a time as seconds since 1970).
 * Its bytes must lie still until the match, and be readable as those of a batch. LC_KEY_IN_NONE: no
 * rule but the default takes it (a negative number of unsigned ranges, NaN, a text that is no
 * address); LC_KEY_BAD: it is no such key.
 */
enum lc_key_is lc_batch_set_text(const struct lc_rules *r, struct lc_batch *b, size_t i,
                                 struct lc_slice key);

/*
 * Of a rule of a kind that is searched by a trie: the rule that would hold for its own key if it were not there; r->rules where
 * none would, or where the arena is corrupt.
 */
uint32_t lc_match_without(const struct lc_rules *r, uint32_t rule);

/*
 * True where one table decides everything: a prefix set in which no rule is longer than two bytes.
 * lc_match_direct then does for one key what lc_match does for a batch.
 */
static inline bool lc_match_is_direct(const struct lc_rules *r)
{
    return r->kind == LC_KIND_PREFIX && r->form == LC_FORM_PLAIN && r->trie_count == LC_TRIE_ROOT;
}

/* Index into TRIE of a key of n bytes; p[0..2) must be readable, and n is at least 1. */
static inline uint32_t lc_direct_at(const uint8_t *p, size_t n)
{
    uint32_t two = (uint32_t)p[0] << 8 | p[1];

    return n >= 2 ? 256 + two : p[0];
}

/* The rule of a key, n ≥ 1, in a set for which lc_match_is_direct; may be > r->rules if corrupt. */
static inline uint32_t lc_match_direct(const struct lc_rules *r, const uint8_t *p, size_t n)
{
    return r->trie[lc_direct_at(p, n)];
}

#endif
