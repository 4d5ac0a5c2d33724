/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distinct values of one attribute while rules are read. Each value is stored once and has an id.
 *
 *   id   0        1      2     …  count - 1
 *        ┌────────┬──────┬─────┬───┐
 *        │ (miss) │ "EU" │ ""  │ … │    bytes: all values in a row; off[id] is where one begins
 *        └────────┴──────┴─────┴───┘
 *
 * Id 0 is the miss. An explicit empty value has an id of its own.
 */
#ifndef LC_UDF_RULES_INTERNED_H
#define LC_UDF_RULES_INTERNED_H
#include "base/buf.h"
#include "base/error.h"

struct lc_interned {
    struct lc_buf bytes; /* at most 4 GiB */
    struct lc_buf off;   /* u32[count + 1] */
    uint32_t count;      /* the miss included */
    uint32_t *table;     /* open addressing: a hash's slot has an id; 0 is an empty slot */
    uint32_t table_size; /* a power of two, at least twice the ids */
    uint64_t seed;       /* of the hash; set before the first value */
};

/* Start with the miss alone. 0 or LC_ERR_NOMEM; release it in either case. */
int lc_interned_init(struct lc_interned *in, uint64_t seed);
void lc_interned_release(struct lc_interned *in);

/* The id of a value, which is copied if it is new. 0; LC_ERR_NOMEM, also past 4 GiB of values. */
int lc_interned_add(struct lc_interned *in, struct lc_slice v, uint32_t *id);

/* The id of a value, or 0 where it has none. */
uint32_t lc_interned_find(const struct lc_interned *in, struct lc_slice v);

/* The value with this id, id < count. Valid until the next value is added. */
struct lc_slice lc_interned_get(const struct lc_interned *in, uint32_t id);

#endif
