/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/interned.h"

#include "udf/rules/hash.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_FIRST 64u /* slots to begin with; a power of two */

int lc_interned_init(struct lc_interned *in, uint64_t seed)
{
    uint32_t zero = 0;

    in->seed = seed;
    lc_buf_init(&in->bytes, UINT32_MAX);
    lc_buf_init(&in->off, (size_t)UINT32_MAX);
    in->count = 1;
    in->table_size = TABLE_FIRST;
    in->table = calloc(in->table_size, sizeof *in->table);
    /* The miss: from 0 to 0. */
    if (!in->table || lc_buf_add(&in->off, &zero, 4) || lc_buf_add(&in->off, &zero, 4))
        return LC_ERR_NOMEM;
    return 0;
}

void lc_interned_release(struct lc_interned *in)
{
    lc_buf_release(&in->bytes);
    lc_buf_release(&in->off);
    free(in->table);
    in->table = NULL;
}

struct lc_slice lc_interned_get(const struct lc_interned *in, uint32_t id)
{
    const uint32_t *off = (const uint32_t *)(const void *)in->off.p;

    return (struct lc_slice){in->bytes.p ? in->bytes.p + off[id] : NULL, off[id + 1] - off[id]};
}

/* Twice the slots, so that one in two at most is taken and a search is short. */
static int grow(struct lc_interned *in)
{
    uint32_t size = in->table_size * 2;
    uint32_t *table = calloc(size, sizeof *table);

    if (!table)
        return LC_ERR_NOMEM;
    for (uint32_t id = 1; id < in->count; id++) {
        struct lc_slice v = lc_interned_get(in, id);
        uint32_t at = (uint32_t)lc_hash64_seeded(v.p, v.n, in->seed) & (size - 1);

        /* No two ids have one value: the next empty slot is the right one. */
        while (table[at])
            at = (at + 1) & (size - 1);
        table[at] = id;
    }
    free(in->table);
    in->table = table;
    in->table_size = size;
    return 0;
}

/* The slot of a value: the one that has its id, or the empty one where it belongs. */
static uint32_t slot_of(const struct lc_interned *in, struct lc_slice v)
{
    uint32_t at = (uint32_t)lc_hash64_seeded(v.p, v.n, in->seed) & (in->table_size - 1);

    for (; in->table[at]; at = (at + 1) & (in->table_size - 1)) {
        struct lc_slice have = lc_interned_get(in, in->table[at]);

        if (have.n == v.n && (v.n == 0 || memcmp(have.p, v.p, v.n) == 0))
            break;
    }
    return at;
}

uint32_t lc_interned_find(const struct lc_interned *in, struct lc_slice v)
{
    return in->table[slot_of(in, v)];
}

int lc_interned_add(struct lc_interned *in, struct lc_slice v, uint32_t *id)
{
    uint32_t at, end;

    if (in->count * 2 > in->table_size && grow(in))
        return LC_ERR_NOMEM;
    at = slot_of(in, v);
    *id = in->table[at];
    if (*id)
        return 0;
    if (lc_buf_add(&in->bytes, v.p, v.n))
        return LC_ERR_NOMEM;
    /* Where it ends is where the next one will begin. */
    end = (uint32_t)in->bytes.n;
    if (lc_buf_add(&in->off, &end, 4))
        return LC_ERR_NOMEM;
    *id = in->table[at] = in->count++;
    return 0;
}
