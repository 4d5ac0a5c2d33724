/* SPDX-License-Identifier: Apache-2.0 */
/* Hot, from "Matching" on. */
#include "udf/rules/ipv4.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define unlikely(x) __builtin_expect(!!(x), 0)

#define IPV4_FIRST ((lc_point)0xffff << 32)

/* The lowest bits of an entry are its kind: a rule, a cell of so many lows, or a table. */
enum {
    KIND_BITS = 4,
    ENTRY_BITS = 28, /* the others */
    KIND_RULE = 0,
    LOWS_MOST = 10,
    KIND_TABLE = LOWS_MOST + 1,
    LINE_BYTES = 64,
    SEGMENTS_A_BLOCK = 8
};

_Static_assert(LC_CELL_ALIGN == 1 << KIND_BITS, "the entry of a cell is its offset, and its kind");

/* By an entry's kind from KIND_TABLE on: the bits of an address that choose an entry of the table. */
static const uint8_t table_bits[] = {1, 2, 4, 8};

enum { TABLE_SIZES = sizeof table_bits };

/* ── Building ─────────────────────────────────────────────────────────────────────────────────── */

/* Addresses that have an entry: those whose lowest `left` bits differ. Their segments are n from `at`. */
struct part {
    uint32_t first;
    unsigned left;
    size_t at, n;
};

/* A table whose entries are not made yet: `at` of TABLES, of a part's addresses. */
struct pending {
    struct part part;
    uint32_t at, block; /* the first address of the block it is in */
    unsigned bits;
};

/* The segment that a point is in, by index. */
static size_t find(const struct lc_line *line, lc_point p)
{
    size_t low = 0, high = line->n;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (line->starts[middle] <= p)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static struct part part_of(const struct lc_line *line, uint32_t first, unsigned left)
{
    uint32_t last = first | (uint32_t)((UINT64_C(1) << left) - 1);
    size_t at = find(line, IPV4_FIRST | first);

    return (struct part){first, left, at, find(line, IPV4_FIRST | last) - at + 1};
}

static unsigned choose_bits(const struct lc_line *line)
{
    size_t segments = part_of(line, 0, 32).n;
    unsigned bits = LC_V4_BITS_MIN;

    while (bits < LC_V4_BITS_MAX && ((size_t)SEGMENTS_A_BLOCK << bits) < segments)
        bits++;
    return bits;
}

/* Has each of 2^bits equal parts few enough segments for a cell? */
static bool all_fit(const struct lc_line *line, const struct part *p, unsigned bits)
{
    unsigned left = p->left - bits;

    for (uint32_t i = 0; i < 1u << bits; i++)
        if (part_of(line, p->first + (i << left), left).n > LOWS_MOST + 1)
            return false;
    return true;
}

/*
 * The table for a part that no cell can hold: the smallest whose parts all fit one; where there is none, the largest.
 * Two entries a segment are the most, so that the memory is linear. More than 11 segments have at least 4 bits.
 */
static unsigned choose_table(const struct lc_line *line, const struct part *p)
{
    unsigned chosen = 0;

    for (unsigned i = 0; i < TABLE_SIZES; i++) {
        unsigned bits = table_bits[i];

        if (bits > p->left || (size_t)1 << bits > 2 * p->n)
            break;
        chosen = i;
        if (all_fit(line, p, bits))
            break;
    }
    return chosen;
}

/* A cell for the part, which is in the block that begins at `block`: its entry into *entry. */
static int add_cell(const struct lc_line *line, const struct part *p, uint32_t block,
                    struct lc_buf *cells, uint32_t *entry)
{
    size_t bytes = 4 * p->n + 2 * (p->n - 1);
    size_t room = LINE_BYTES - cells->n % LINE_BYTES, skip = bytes > room ? room : 0;
    size_t padded = (bytes + LC_CELL_ALIGN - 1) / LC_CELL_ALIGN * LC_CELL_ALIGN;
    uint8_t *to;

    if (lc_buf_reserve(cells, skip + padded))
        return LC_ERR_NOMEM;
    memset(cells->p + cells->n, 0, skip + padded);
    to = cells->p + cells->n + skip;
    *entry = (uint32_t)(cells->n + skip) | (uint32_t)(p->n - 1);
    memcpy(to, line->rules + p->at, 4 * p->n);
    for (size_t i = 1; i < p->n; i++) {
        uint16_t low = (uint16_t)((uint32_t)line->starts[p->at + i] - block);

        memcpy(to + 4 * p->n + 2 * (i - 1), &low, sizeof low);
    }
    cells->n += skip + padded;
    return 0;
}

/* The entry of a part, into *entry; a table is noted as pending and filled later. */
static int make_entry(const struct lc_line *line, const struct part *p, uint32_t block,
                      struct lc_buf *tables, struct lc_buf *cells, struct lc_buf *pending,
                      uint32_t *entry)
{
    struct pending later = {.part = *p, .at = (uint32_t)(tables->n / 4), .block = block};
    unsigned size;

    if (p->n == 1) {
        *entry = line->rules[p->at] << KIND_BITS | KIND_RULE;
        return 0;
    }
    if (p->n <= LOWS_MOST + 1)
        return add_cell(line, p, block, cells, entry);
    size = choose_table(line, p);
    later.bits = table_bits[size];
    *entry = later.at << KIND_BITS | (KIND_TABLE + size);
    if (lc_buf_reserve(tables, (size_t)4 << later.bits))
        return LC_ERR_NOMEM;
    tables->n += (size_t)4 << later.bits;
    return lc_buf_add(pending, &later, sizeof later);
}

/* Fill the pending tables; each may add others. */
static int fill_tables(const struct lc_line *line, struct lc_buf *tables, struct lc_buf *cells,
                       struct lc_buf *pending)
{
    int rc = 0;

    while (pending->n && !rc) {
        struct pending t;

        pending->n -= sizeof t;
        memcpy(&t, pending->p + pending->n, sizeof t);
        for (uint32_t i = 0; i < 1u << t.bits && !rc; i++) {
            unsigned left = t.part.left - t.bits;
            struct part p = part_of(line, t.part.first + (i << left), left);
            uint32_t entry = 0;

            rc = make_entry(line, &p, t.block, tables, cells, pending, &entry);
            memcpy(tables->p + 4 * ((size_t)t.at + i), &entry, sizeof entry);
        }
    }
    return rc;
}

int lc_ipv4_build(const struct lc_line *line, struct lc_buf *blocks, struct lc_buf *tables,
                  struct lc_buf *cells)
{
    unsigned left = 32 - choose_bits(line);
    struct lc_buf pending;
    int rc = 0;

    lc_buf_init(&pending, SIZE_MAX / 2);
    lc_buf_init(tables, (size_t)4 << ENTRY_BITS);
    lc_buf_init(cells, (size_t)LC_CELL_ALIGN << ENTRY_BITS);
    for (uint64_t first = 0; first <= UINT32_MAX && !rc; first += UINT64_C(1) << left) {
        struct part p = part_of(line, (uint32_t)first, left);
        uint32_t entry;

        rc = make_entry(line, &p, p.first, tables, cells, &pending, &entry);
        rc = rc ? rc : lc_buf_add(blocks, &entry, sizeof entry);
        rc = rc ? rc : fill_tables(line, tables, cells, &pending);
    }
    lc_buf_release(&pending);
    return rc ? rc : lc_buf_add(cells, (const uint8_t[LC_CELLS_SLACK]){0}, LC_CELLS_SLACK);
}

/* ── Matching ─────────────────────────────────────────────────────────────────────────────────── */

static inline uint32_t kind_of(uint32_t entry)
{
    return entry & ((1u << KIND_BITS) - 1);
}

/* Where the cell of an entry is, in CELLS. */
static inline uint32_t cell_of(uint32_t entry)
{
    return entry & ~((1u << KIND_BITS) - 1);
}

/* How many of the n ascending numbers at p, at most LOWS_MOST, are at most `low`. 32 bytes from p are readable. */
static inline uint32_t count_below(const uint8_t *p, uint32_t n, uint16_t low)
{
#ifdef __SSE2__
    /* Without a loop over a number that no processor foresees. What is above has a difference, and so no 0. */
    const __m128i key = _mm_set1_epi16((short)low);
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i more = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
    __m128i above = _mm_packs_epi16(_mm_subs_epu16(first, key), _mm_subs_epu16(more, key));
    uint32_t is_below = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(above, _mm_setzero_si128()));

    return (uint32_t)__builtin_ctz(~is_below | 1u << n);
#else
    uint32_t count = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint16_t start;

        memcpy(&start, p + (size_t)2 * i, sizeof start);
        count += start <= low;
    }
    return count;
#endif
}

/* Keys whose entry is no rule. */
struct open {
    size_t n;
    uint16_t key[LC_BATCH];
    uint32_t entry[LC_BATCH];
};

/* Put the rules of those that have one now, and keep the others. */
static void settle(struct open *o, uint32_t *rule)
{
    size_t kept = 0;

    for (size_t k = 0; k < o->n; k++) {
        uint32_t entry = o->entry[k];

        rule[o->key[k]] = entry >> KIND_BITS;
        o->key[kept] = o->key[k];
        o->entry[kept] = entry;
        kept += kind_of(entry) != KIND_RULE;
    }
    o->n = kept;
}

/*
 * Go down the tables, in step, so that the misses overlap. `in` lists those of the open keys that are at one, and
 * `left` how many bits of their addresses are not used. A table takes at least one, so the rounds end.
 */
static __attribute__((noinline)) int
follow_tables(const struct lc_rules *r, const struct lc_batch *b, struct open *o, uint32_t *rule)
{
    uint16_t in[LC_BATCH];
    uint8_t left[LC_BATCH];
    size_t n = 0;

    for (size_t k = 0; k < o->n; k++) {
        in[n] = (uint16_t)k;
        left[n] = (uint8_t)r->v4_shift;
        n += kind_of(o->entry[k]) >= KIND_TABLE;
    }
    while (n) {
        size_t kept = 0;

        for (size_t i = 0; i < n; i++) {
            uint32_t *entry = &o->entry[in[i]], at = *entry >> KIND_BITS, bits;

            if (unlikely(kind_of(*entry) - KIND_TABLE >= TABLE_SIZES))
                return LC_ERR_INPUT;
            bits = table_bits[kind_of(*entry) - KIND_TABLE];
            if (unlikely(bits > left[i] || at + (1u << bits) > r->v4_table_count))
                return LC_ERR_INPUT;
            left[kept] = (uint8_t)(left[i] - bits);
            at += (uint32_t)b->point[o->key[in[i]]] >> left[kept] & ((1u << bits) - 1);
            *entry = r->v4_tables[at];
            in[kept] = in[i];
            kept += kind_of(*entry) >= KIND_TABLE;
        }
        n = kept;
    }
    settle(o, rule);
    for (size_t k = 0; k < o->n; k++)
        __builtin_prefetch(r->v4_cells + cell_of(o->entry[k]));
    return 0;
}

/* The keys whose block has one rule get it; the others are open, and their cells are prefetched. */
static int look_in_blocks(const struct lc_rules *r, const struct lc_batch *b, struct open *o,
                          uint32_t *rule)
{
    const uint32_t *const blocks = r->v4_blocks;
    const unsigned shift = r->v4_shift;
    uint32_t kinds = 0;

    o->n = 0;
    for (size_t i = 0; i < b->n; i++) {
        uint32_t entry = blocks[(uint32_t)b->point[i] >> shift];

        rule[i] = entry >> KIND_BITS;
        o->key[o->n] = (uint16_t)i;
        o->entry[o->n] = entry;
        o->n += kind_of(entry) != KIND_RULE;
    }
    for (size_t k = 0; k < o->n; k++) {
        uint32_t kind = kind_of(o->entry[k]);

        __builtin_prefetch(r->v4_cells + cell_of(o->entry[k]));
        kinds = kind > kinds ? kind : kinds;
    }
    return kinds < KIND_TABLE ? 0 : follow_tables(r, b, o, rule);
}

static int match_cells(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    const uint8_t *const cells = r->v4_cells;
    const uint16_t mask = (uint16_t)((1u << r->v4_shift) - 1);
    uint32_t last = 0;
    struct open o;

    if (unlikely(look_in_blocks(r, b, &o, rule)))
        return LC_ERR_INPUT;
    for (size_t k = 0; k < o.n; k++) /* one check a batch: no cell is read before it */
        last = cell_of(o.entry[k]) > last ? cell_of(o.entry[k]) : last;
    if (unlikely(last > r->v4_last_cell))
        return LC_ERR_INPUT;
    for (size_t k = 0; k < o.n; k++) {
        uint32_t lows = kind_of(o.entry[k]), at;
        const uint8_t *p = cells + cell_of(o.entry[k]);

        at = count_below(p + (size_t)4 * (lows + 1), lows, (uint16_t)b->point[o.key[k]] & mask);
        memcpy(&rule[o.key[k]], p + (size_t)4 * at, sizeof *rule);
    }
    return 0;
}

/*
 * Layouts 1 and 2. Blocks differ in how many segments they have, so only those searches go on that are not at their end.
 * What is found is added behind a mask: a branch that the data decide would cost more than all the rest.
 */
static void search_lows(const struct lc_rules *r, const struct lc_batch *b, uint32_t *base,
                        uint32_t *left)
{
    const uint16_t mask = (uint16_t)((1u << r->v4_shift) - 1);
    const uint16_t *const lows = r->v4_lows;
    uint16_t open[LC_BATCH];
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        open[n] = (uint16_t)i;
        n += left[i] > 1;
    }
    while (n) {
        size_t kept = 0;

        for (size_t k = 0; k < n; k++) {
            size_t i = open[k];
            uint32_t half = left[i] / 2;
            bool up = lows[base[i] + half] <= ((uint16_t)b->point[i] & mask);

            base[i] += half & (0 - (uint32_t)up);
            left[i] -= half;
            open[kept] = (uint16_t)i;
            kept += left[i] > 1;
        }
        n = kept;
    }
}

static int match_lows(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    uint32_t base[LC_BATCH], left[LC_BATCH];

    for (size_t i = 0; i < b->n; i++)
        __builtin_prefetch(&r->v4_root[(uint32_t)b->point[i] >> r->v4_shift]);
    for (size_t i = 0; i < b->n; i++) {
        const uint32_t *block = &r->v4_root[(uint32_t)b->point[i] >> r->v4_shift];

        if (unlikely(block[0] >= block[1] || block[1] > r->v4_segments))
            return LC_ERR_INPUT;
        base[i] = block[0];
        left[i] = block[1] - block[0];
        __builtin_prefetch(&r->v4_lows[base[i] + left[i] / 2]);
        __builtin_prefetch(&r->v4_rules[base[i] + left[i] / 2]);
    }
    search_lows(r, b, base, left);
    for (size_t i = 0; i < b->n; i++)
        rule[i] = r->v4_rules[base[i]];
    return 0;
}

int lc_ipv4_match(const struct lc_rules *r, const struct lc_batch *batch, uint32_t *rule)
{
    return r->v4_cells ? match_cells(r, batch, rule) : match_lows(r, batch, rule);
}
