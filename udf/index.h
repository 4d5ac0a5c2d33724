/*
 * Building what the matcher searches: DIRECT, NODES, LENGTHS, TABLES and SLOTS of an arena
 * (rules.h), as drawn in match.h.
 */
#ifndef LC_INDEX_H
#define LC_INDEX_H

#include "buf.h"
#include "error.h"

/* Top bit of a DIRECT entry: the rest is the number of a node. */
#define LC_DIRECT_NODE 0x80000000u

/* Slots per 16 entries of a hash table: a load of 0.57, where a probe reads 1.6 slots on a miss. */
#define LC_SLOTS_PER_16 28u

struct lc_index_in {
    const uint8_t *keys; /* rule i: keys[key_off[i] .. key_off[i + 1]), in byte order, distinct */
    const uint32_t *key_off;
    uint32_t rules; /* that are matched by key: without an exact set's default */
    uint32_t miss;  /* the number that means "no rule" */
};

/* Where the sections go: empty buffers, owned by the caller. */
struct lc_index_out {
    struct lc_buf *direct, *nodes, *lengths, *tables, *slots;
};

/* Index the rules of a prefix / an exact set. 0 or LC_ERR_NOMEM. */
int lc_index_prefix(const struct lc_index_in *in, const struct lc_index_out *out);
int lc_index_exact(const struct lc_index_in *in, const struct lc_index_out *out);

#endif
