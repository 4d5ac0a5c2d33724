/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drafts are compared by their eight-byte `order` first, which is in the draft itself: most
 * comparisons never touch the keys. draft.h has what each field means for each kind.
 */
#include "udf/rules/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lc_draft *lc_drafts(const struct lc_builder *b)
{
    return (struct lc_draft *)(void *)b->drafts.p;
}

int lc_draft_compare(const void *x, const void *y, void *keys)
{
    const struct lc_draft *a = x, *b = y;
    uint32_t n;
    int c;

    /* The default comes last. */
    if ((a->key_n == LC_NONE) != (b->key_n == LC_NONE))
        return a->key_n == LC_NONE ? 1 : -1;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    n = a->key_n < b->key_n ? a->key_n : b->key_n;
    /* Equal orders are equal first eight bytes: longer keys go on by the rest. */
    c = n > 8 && a->key_n != LC_NONE
            ? memcmp((const uint8_t *)keys + a->key_off, (const uint8_t *)keys + b->key_off, n)
            : 0;
    if (c)
        return c;
    /*
     * A key comes before those that it begins: the index is built with a stack of such
     * (index.c).
     */
    if (a->key_n != b->key_n)
        return a->key_n < b->key_n ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

bool lc_draft_same_values(const struct lc_builder *b, const struct lc_draft *x,
                          const struct lc_draft *y)
{
    const uint32_t *ids = (const uint32_t *)(const void *)b->value_ids.p;

    return memcmp(ids + x->values, ids + y->values, b->attributes * 4) == 0;
}

void lc_draft_repeat(struct lc_builder *b, const struct lc_draft *d)
{
    if (b->repeats++ == 0 || d->line < b->repeats_line)
        b->repeats_line = d->line;
}

void lc_draft_difference(const struct lc_builder *b, const struct lc_draft *there,
                         const struct lc_draft *here, char *out, size_t size)
{
    const uint32_t *ids = (const uint32_t *)(const void *)b->value_ids.p;
    char name[80], one[80], other[80];
    struct lc_slice x, y;
    uint32_t a = 0;

    while (a + 1 < b->attributes && ids[there->values + a] == ids[here->values + a])
        a++;
    x = lc_interned_get(&b->values[a], ids[there->values + a]);
    y = lc_interned_get(&b->values[a], ids[here->values + a]);
    snprintf(out, size, "%s is '%s' there and '%s' here",
             lc_printable(b->names[a].p, b->names[a].n, name, sizeof name),
             lc_printable(x.p, x.n, one, sizeof one), lc_printable(y.p, y.n, other, sizeof other));
}

bool lc_draft_same_key(const struct lc_builder *b, const struct lc_draft *x,
                       const struct lc_draft *y)
{
    return x->key_n == y->key_n && x->order == y->order &&
           (x->key_n <= 8 || x->key_n == LC_NONE ||
            memcmp(b->keys.p + x->key_off, b->keys.p + y->key_off, x->key_n) == 0);
}

struct lc_span *lc_drafts_spans(const struct lc_builder *b, uint32_t *n)
{
    const struct lc_draft *d = lc_drafts(b);
    const lc_point *points = (const lc_point *)(const void *)b->points.p;
    /* One more than needed: for 0 bytes NULL might come back, which means no memory here. */
    struct lc_span *v = aligned_alloc(16, (b->rules + 1u) * sizeof *v);

    *n = 0;
    for (uint32_t i = 0; v && i < b->rules; i++)
        if (d[i].key_n != LC_NONE)
            v[(*n)++] = (struct lc_span){points[2 * d[i].to], points[2 * d[i].to + 1], i};
    return v;
}
