/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building what the matcher searches: TRIE, STEPS, TABLES and BUCKETS of an arena
 * (ruleset.h), as drawn in match.h.
 */
#ifndef LC_UDF_RULES_INDEX_H
#define LC_UDF_RULES_INDEX_H
#include "base/buf.h"
#include "base/error.h"
#include "udf/rules/seed.h"

/*
 * A node of the trie is a table where the rules that go on from it share at most a few bytes more (or
 * there is one, and that many are left of it), and the table has at most so many entries for each
 * different byte; else its rules are searched by length. Tables take a key of 100,000 rules from 62 to
 * 21 ns (bench match), those of lone rules a key of 100 rules like u1_0 and u1_00 from 20 to 10 (bench
 * udf); the limits keep them under 128 bytes a rule, and a long common start from costing a load a byte.
 */
#define LC_TABLE_SPAN   32u
#define LC_TABLE_SHARED 3u
#define LC_TABLE_LONE   3u

/*
 * Entries a bucket of four, on average. At 2 one bucket in twenty overflows into the next; at 2.3
 * (less memory) one in twelve, and a search meets a mispredicted branch as often.
 */
#define LC_ENTRIES_A_BUCKET 2u

struct lc_index_in {
    const uint8_t *keys; /* rule i: keys[key_off[i] .. key_off[i + 1]), in byte order, distinct */
    const uint32_t *key_off;
    uint32_t rules; /* that are matched by key: without an exact set's default */
    uint32_t miss;  /* the number that means "no rule" */
    struct lc_seed seed;
};

/* Where the sections go: empty buffers, owned by the caller. */
struct lc_index_out {
    struct lc_buf *trie, *steps, *tables, *buckets;
};

/* Index the rules of a prefix / an exact set. 0 or LC_ERR_NOMEM. */
int lc_index_prefix(const struct lc_index_in *in, const struct lc_index_out *out);
int lc_index_exact(const struct lc_index_in *in, const struct lc_index_out *out);

#endif
