/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each section grows in a buffer of its own, since nobody knows its size before it is complete. The last
 * step copies them into one arena and hashes it.
 *
 *   names ─▶ rules' values ─▶ lines ─▶ what the kind is searched by ─▶ join
 *                                      │ keys   KEYS, KEY_OFF, then an index of them (index.h)
 *                                      │ spans  BOUNDS as points, then segments (segments.h)
 *                                      │ else   BOUNDS: a range's ends, a bucket's sums of weights
 */
#include "udf/rules/layout.h"

#include "base/varint.h"
#include "udf/rules/hash.h"
#include "udf/rules/index.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_ALIGN 64u /* a cache line */

/* Zero bytes behind VALUES and KEYS: the matcher loads and copies whole words, past the last byte. */
#define COPY_SLACK 64u

/* The sections so far, and the drafts that go into them. */
struct layout {
    const struct lc_builder *b;
    const struct lc_draft *d;
    struct lc_buf sec[LC_SECTIONS];
};

static int add_u32(struct lc_buf *b, uint32_t v)
{
    return lc_buf_add(b, &v, sizeof v);
}

static int add_slack(struct lc_buf *b)
{
    return lc_buf_add(b, (const uint8_t[COPY_SLACK]){0}, COPY_SLACK);
}

static enum lc_index index_of(const struct lc_builder *b)
{
    return lc_kind_about(b->kind)->index;
}

/* A decimal number of 1 to 20 digits that fits 64 bits. */
static bool as_number(struct lc_slice s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0 || s.n > 20)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        uint64_t digit = (uint64_t)s.p[i] - '0';

        if (digit > 9 || v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - digit)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

/*
 * One attribute's values: VALUE_OFF, VALUES, ATTRS, and NUMBERS as long as each value is a number. The
 * first that is none takes back what NUMBERS got of this attribute.
 */
static int put_attribute(struct layout *l, const struct lc_interned *in)
{
    struct lc_buf *off = &l->sec[LC_SEC_VALUE_OFF], *bytes = &l->sec[LC_SEC_VALUES];
    struct lc_buf *numbers = &l->sec[LC_SEC_NUMBERS];
    struct lc_rules_attr attr = {.values = in->count,
                                 .first_off = (uint32_t)(off->n / 4),
                                 .first_number = LC_NONE,
                                 .not_number = LC_NONE};
    size_t numbers_before = numbers->n;

    for (uint32_t id = 0; id < in->count; id++) {
        struct lc_slice v = lc_interned_get(in, id);
        uint8_t head[LC_VARINT_MAX];
        size_t head_n = lc_varint_put(head, v.n);
        uint64_t number = 0;

        if (id && attr.not_number == LC_NONE && !as_number(v, &number))
            attr.not_number = id;
        if (add_u32(off, (uint32_t)bytes->n) || lc_buf_add(bytes, head, head_n) ||
            lc_buf_add(bytes, v.p, v.n) ||
            (attr.not_number == LC_NONE && lc_buf_add(numbers, &number, 8)))
            return LC_ERR_NOMEM;
    }
    if (attr.not_number == LC_NONE)
        attr.first_number = (uint32_t)(numbers_before / 8);
    else
        numbers->n = numbers_before;
    if (add_u32(off, (uint32_t)bytes->n))
        return LC_ERR_NOMEM;
    return lc_buf_add(&l->sec[LC_SEC_ATTRS], &attr, sizeof attr);
}

/* What sets of every kind have: the attributes with their values, and of each rule its values and line. */
static int put_attributes(struct layout *l)
{
    const struct lc_builder *b = l->b;
    const uint32_t *ids = (const uint32_t *)(const void *)b->value_ids.p;
    struct lc_buf *names = &l->sec[LC_SEC_NAMES], *value_of = &l->sec[LC_SEC_VALUE_OF];
    int rc = 0;

    for (uint32_t a = 0; a < b->attributes && !rc; a++)
        rc = put_attribute(l, &b->values[a]);
    for (uint32_t a = 0; a < b->attributes && !rc; a++) {
        rc = add_u32(names, (uint32_t)b->names[a].n);
        rc = rc ? rc : lc_buf_add(names, b->names[a].p, b->names[a].n);
        for (uint32_t i = 0; i < b->rules && !rc; i++)
            rc = add_u32(value_of, ids[l->d[i].values + a]);
        rc = rc ? rc : add_u32(value_of, 0); /* of the miss */
    }
    for (uint32_t i = 0; i < b->rules && !rc; i++)
        rc = add_u32(&l->sec[LC_SEC_LINES], l->d[i].line);
    return rc ? rc : add_slack(&l->sec[LC_SEC_VALUES]);
}

/* BOUNDS as points, and the segments that the rules cut the line into. */
static int put_spans(struct layout *l)
{
    const struct lc_builder *b = l->b;
    const lc_point *points = (const lc_point *)(const void *)b->points.p;
    const struct lc_segments_out out = {&l->sec[LC_SEC_STARTS],    &l->sec[LC_SEC_SEGMENT_RULES],
                                        &l->sec[LC_SEC_ROOT],      &l->sec[LC_SEC_V4_BLOCKS],
                                        &l->sec[LC_SEC_V4_TABLES], &l->sec[LC_SEC_V4_CELLS]};
    uint32_t gap = b->default_line ? b->rules - 1 : b->rules, n;
    struct lc_span *v = lc_drafts_spans(b, &n);
    int rc = v ? 0 : LC_ERR_NOMEM;

    for (unsigned end = 0; end < 2; end++)
        for (uint32_t i = 0; i < b->rules && !rc; i++)
            rc = lc_buf_add(&l->sec[LC_SEC_BOUNDS], &points[2 * l->d[i].to + end], sizeof *points);
    if (!rc)
        rc = lc_segments_build(v, n, gap, b->takes.order == LC_ORDER_ADDRESS, &out);
    free(v);
    return rc;
}

/* BOUNDS of ranges: lower ends, then upper ends; of buckets: sums of weights, then weights. */
static int put_bounds(struct layout *l)
{
    struct lc_buf *bounds = &l->sec[LC_SEC_BOUNDS];
    uint64_t sum = 0;
    int rc = 0;

    for (uint32_t i = 0; i < l->b->rules && !rc; i++) {
        sum += l->d[i].to;
        rc = lc_buf_add(bounds, l->b->kind == LC_KIND_RANGE ? &l->d[i].order : &sum, 8);
    }
    for (uint32_t i = 0; i < l->b->rules && !rc; i++)
        rc = lc_buf_add(bounds, &l->d[i].to, 8);
    return rc;
}

/* The index of the keys: all but twins and an exact set's default, which are last. */
static int index_keys(struct layout *l)
{
    const struct lc_builder *b = l->b;
    struct lc_index_in in = {
        .keys = l->sec[LC_SEC_KEYS].p,
        .key_off = (const uint32_t *)(const void *)l->sec[LC_SEC_KEY_OFF].p,
        .rules = b->rules - b->twins - (b->default_line != 0),
        .miss = b->rules,
        .seed = lc_seed_from(b->seed),
    };
    struct lc_index_out out = {&l->sec[LC_SEC_TRIE], &l->sec[LC_SEC_STEPS], &l->sec[LC_SEC_TABLES],
                               &l->sec[LC_SEC_BUCKETS]};

    return index_of(b) == LC_INDEX_TRIE ? lc_index_prefix(&in, &out) : lc_index_exact(&in, &out);
}

/* The twin of domain rule d[i], which is for what is below its name; LC_NONE: it has none. */
static uint32_t twin_of(const struct layout *l, uint32_t i)
{
    const struct lc_builder *b = l->b;
    const struct lc_draft *d = l->d;
    uint32_t from = b->rules - b->twins, to = b->rules;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        struct lc_draft as_twin = d[i];
        int c;

        as_twin.to = d[middle].to;
        as_twin.line = d[middle].line;
        c = lc_draft_compare(&d[middle], &as_twin, b->keys.p);
        if (c == 0)
            return middle;
        if (c < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return LC_NONE;
}

/* Is the key of x the start of the key of y? */
static bool is_start_of(const struct lc_builder *b, const struct lc_draft *x,
                        const struct lc_draft *y)
{
    return x->key_n <= y->key_n &&
           memcmp(b->keys.p + x->key_off, b->keys.p + y->key_off, x->key_n) == 0;
}

/*
 * BOUNDS of a domain set: which rules are only for what is below their name (a bit a rule), and of each
 * of these what holds for the name itself: the rule of that name, else the longest rule whose key begins
 * it. Keys are in order, so the rules that begin the present one are a stack: a.com., a.com.b., …
 */
static int put_below(struct layout *l)
{
    const struct lc_builder *b = l->b;
    const struct lc_draft *d = l->d;
    struct lc_buf *out = &l->sec[LC_SEC_BOUNDS];
    uint32_t indexed = b->rules - b->twins, depth = 0;
    size_t bits = ((size_t)b->rules + 63) / 64 * 8;
    uint32_t *stack = malloc((LC_MAX_KEY_BYTES + 2) * sizeof *stack);
    bool any = false;
    int rc = stack && !lc_buf_reserve(out, bits) ? 0 : LC_ERR_NOMEM;

    for (uint32_t i = 0; i < indexed; i++)
        any |= d[i].to != 0;
    if (any && !rc) {
        memset(out->p, 0, bits);
        out->n = bits;
    }
    for (uint32_t i = 0; i < indexed && any && !rc; i++) {
        struct lc_rules_below below = {.rule = i};

        while (depth && !is_start_of(b, &d[stack[depth - 1]], &d[i]))
            depth--;
        if (d[i].to) {
            below.itself = twin_of(l, i);
            if (below.itself == LC_NONE)
                below.itself = depth ? stack[depth - 1] : b->rules;
            out->p[i / 8] |= (uint8_t)(1u << i % 8);
            rc = lc_buf_add(out, &below, sizeof below);
        }
        stack[depth++] = i;
    }
    free(stack);
    return rc;
}

/* KEYS and KEY_OFF; a default has an empty key. */
static int put_key_bytes(struct layout *l)
{
    struct lc_buf *keys = &l->sec[LC_SEC_KEYS], *off = &l->sec[LC_SEC_KEY_OFF];

    for (uint32_t i = 0; i < l->b->rules; i++) {
        const struct lc_draft *d = &l->d[i];

        if (add_u32(off, (uint32_t)keys->n) ||
            lc_buf_add(keys, l->b->keys.p + d->key_off, d->key_n == LC_NONE ? 0 : d->key_n))
            return LC_ERR_NOMEM;
    }
    return add_u32(off, (uint32_t)keys->n) ? LC_ERR_NOMEM : add_slack(keys);
}

static int put_keys(struct layout *l)
{
    int rc = put_key_bytes(l);

    rc = rc ? rc : index_keys(l);
    return rc || l->b->kind != LC_KIND_DOMAIN ? rc : put_below(l);
}

/* The rule that takes what no other does, or LC_NONE. */
static uint32_t default_of(const struct layout *l)
{
    const struct lc_builder *b = l->b;

    if (b->default_line && (index_of(b) == LC_INDEX_SEGMENTS || lc_kind_has_keys(b->kind)))
        return b->rules - 1;
    if (index_of(b) == LC_INDEX_TRIE && l->d[0].key_n == 0)
        return 0; /* the empty key begins every key, and is the first in order */
    return LC_NONE;
}

/* Join the sections into one arena, with the header and its hashes. */
static int join(struct layout *l, void **base, size_t *size)
{
    const struct lc_builder *b = l->b;
    struct lc_rules_header h = {.magic = LC_RULES_MAGIC,
                                .layout = LC_RULES_LAYOUT,
                                .endian = 0x01020304,
                                .kind = (uint32_t)b->kind | b->options << LC_RULES_OPTIONS_SHIFT,
                                .attributes = b->attributes,
                                .rules = b->rules,
                                .default_rule = default_of(l),
                                .max_key_bytes = b->max_key_bytes,
                                .takes = (uint32_t)b->takes.order | b->takes.scale << 8,
                                .seed = lc_kind_has_keys(b->kind) ? b->seed : 0};
    uint64_t at = (sizeof h + SECTION_ALIGN - 1) / SECTION_ALIGN * SECTION_ALIGN;
    struct lc_hash128 content;
    uint8_t *p;

    for (int s = 0; s < LC_SECTIONS; s++) {
        h.section[s] = (struct lc_rules_section){at, l->sec[s].n};
        at += (l->sec[s].n + SECTION_ALIGN - 1) / SECTION_ALIGN * SECTION_ALIGN;
    }
    h.size = at;
    p = aligned_alloc(SECTION_ALIGN, at);
    if (!p)
        return LC_ERR_NOMEM;
    memset(p, 0, at);
    for (int s = 0; s < LC_SECTIONS; s++) {
        if (l->sec[s].n)
            memcpy(p + h.section[s].off, l->sec[s].p, l->sec[s].n);
        lc_buf_release(&l->sec[s]);
    }
    content = lc_hash128(p + sizeof h, at - sizeof h);
    h.content[0] = content.low;
    h.content[1] = content.high;
    h.header_hash = lc_rules_header_hash(&h);
    memcpy(p, &h, sizeof h);
    *base = p;
    *size = at;
    return 0;
}

int lc_layout_arena(const struct lc_builder *b, void **base, size_t *size)
{
    struct layout l = {.b = b, .d = lc_drafts(b)};
    int rc;

    *base = NULL;
    for (int s = 0; s < LC_SECTIONS; s++)
        lc_buf_init(&l.sec[s], SIZE_MAX / 2);
    /* Values are addressed by 32 bits. */
    lc_buf_init(&l.sec[LC_SEC_VALUES], UINT32_MAX);
    rc = put_attributes(&l);
    if (!rc)
        rc = index_of(b) == LC_INDEX_SEGMENTS ? put_spans(&l)
             : lc_kind_has_keys(b->kind)      ? put_keys(&l)
                                              : put_bounds(&l);
    if (!rc)
        rc = join(&l, base, size);
    for (int s = 0; s < LC_SECTIONS; s++)
        lc_buf_release(&l.sec[s]);
    return rc;
}
