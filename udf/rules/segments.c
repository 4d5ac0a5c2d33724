/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot, from "Matching" on. Building is a sweep: at each cut, a point where a span begins or has
 * just ended, the narrowest span that is open holds until the next cut. Spans are closed late:
 * one that has ended stays in the heap until it comes to the top.
 */
#include "udf/rules/segments.h"

#include "udf/rules/ipv4.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define unlikely(x) __builtin_expect(!!(x), 0)

/* ── Building ─────────────────────────────────────────────────────────────────────────────────── */

/* The spans that are open where the line is being cut, the narrowest on top: a binary heap. */
struct open_spans {
    const struct lc_span *spans;
    uint32_t *v; /* indexes into spans */
    uint32_t n;
};

/* By width; of one width the one that begins later, as segments.h has it. */
static bool is_narrower(const struct lc_span *a, const struct lc_span *b)
{
    lc_point x = a->last - a->first, y = b->last - b->first;

    return x != y ? x < y : a->first > b->first;
}

static void push(struct open_spans *o, uint32_t span)
{
    uint32_t at = o->n++;

    while (at && is_narrower(&o->spans[span], &o->spans[o->v[(at - 1) / 2]])) {
        o->v[at] = o->v[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    o->v[at] = span;
}

static void pop(struct open_spans *o)
{
    uint32_t last = o->v[--o->n], at = 0;

    for (;;) {
        uint32_t child = at * 2 + 1;

        if (child >= o->n)
            break;
        if (child + 1 < o->n && is_narrower(&o->spans[o->v[child + 1]], &o->spans[o->v[child]]))
            child++;
        if (!is_narrower(&o->spans[o->v[child]], &o->spans[last]))
            break;
        o->v[at] = o->v[child];
        at = child;
    }
    o->v[at] = last;
}

/* Of the start and of the point behind each span, in order: where the line may be cut. */
static int by_point(const void *x, const void *y)
{
    lc_point a, b;

    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return (a > b) - (a < b);
}

static int add_segment(const struct lc_segments_out *out, lc_point start, uint32_t rule)
{
    const uint32_t *rules = (const uint32_t *)(const void *)out->rules->p;

    if (out->rules->n && rules[out->rules->n / 4 - 1] == rule)
        return 0; /* the one before goes on */
    return lc_buf_add(out->starts, &start, sizeof start) || lc_buf_add(out->rules, &rule, 4)
               ? LC_ERR_NOMEM
               : 0;
}

/* Where the line may be cut: 0, the start of each span, and what is behind its end. Sorted; to be freed. */
static lc_point *all_cuts(const struct lc_span *spans, uint32_t n, size_t *n_cuts)
{
    lc_point *cuts = aligned_alloc(16, (2 * (size_t)n + 1) * sizeof *cuts);

    *n_cuts = 0;
    if (!cuts)
        return NULL;
    cuts[(*n_cuts)++] = 0;
    for (uint32_t i = 0; i < n; i++) {
        cuts[(*n_cuts)++] = spans[i].first;
        if (spans[i].last != LC_POINT_LAST)
            cuts[(*n_cuts)++] = spans[i].last + 1;
    }
    qsort(cuts, *n_cuts, sizeof *cuts, by_point);
    return cuts;
}

/* Open the spans that begin at this cut, the first of them being *next; close those that end before. */
static void move_to(struct open_spans *o, lc_point cut, uint32_t *next, uint32_t n)
{
    while (*next < n && o->spans[*next].first == cut)
        push(o, (*next)++);
    while (o->n && o->spans[o->v[0]].last < cut)
        pop(o);
}

/*
 * ROOT: for each 16 first bits of IPv6 the segment that holds where they begin, and the last segment of all. So a
 * block's segments are those from its entry to the next one's, and that one, too.
 */
static int add_root(const struct lc_line *line, struct lc_buf *root)
{
    uint32_t at = 0;
    int rc = 0;

    for (uint32_t block = 0; block <= LC_ROOT_BLOCKS && !rc; block++) {
        lc_point first = (lc_point)block << 112;

        while (at + 1 < line->n && (block == LC_ROOT_BLOCKS || line->starts[at + 1] <= first))
            at++;
        rc = lc_buf_add(root, &at, sizeof at);
    }
    return rc;
}

static int add_tables(const struct lc_segments_out *out)
{
    struct lc_line line = {(const lc_point *)(const void *)out->starts->p,
                           (const uint32_t *)(const void *)out->rules->p, out->rules->n / 4};
    int rc = add_root(&line, out->root);

    return rc ? rc : lc_ipv4_build(&line, out->v4_blocks, out->v4_tables, out->v4_cells);
}

int lc_segments_build(const struct lc_span *spans, uint32_t n, uint32_t gap, bool addresses,
                      const struct lc_segments_out *out)
{
    struct open_spans o = {.spans = spans, .v = malloc((n + 1u) * sizeof *o.v)};
    size_t n_cuts = 0;
    lc_point *cuts = all_cuts(spans, n, &n_cuts);
    uint32_t next = 0;
    int rc = o.v && cuts ? 0 : LC_ERR_NOMEM;

    for (size_t i = 0; i < n_cuts && !rc; i++) {
        move_to(&o, cuts[i], &next, n);
        rc = add_segment(out, cuts[i], o.n ? spans[o.v[0]].rule : gap);
    }
    free(o.v);
    free(cuts);
    return rc || !addresses ? rc : add_tables(out);
}

/*
 * Is the second narrowest of the open spans as wide as the first? To look at it the first is taken
 * off the heap and put back; spans that turn out to have ended are closed.
 */
static bool clashes(struct open_spans *o, lc_point cut, uint32_t *a, uint32_t *b)
{
    uint32_t top;
    bool found;

    if (o->n < 2)
        return false;
    top = o->v[0];
    pop(o);
    while (o->n && o->spans[o->v[0]].last < cut)
        pop(o);
    found = o->n && o->spans[top].last - o->spans[top].first ==
                        o->spans[o->v[0]].last - o->spans[o->v[0]].first;
    if (found) {
        *a = top;
        *b = o->v[0];
    }
    push(o, top);
    return found;
}

int lc_segments_clashes(const struct lc_span *spans, uint32_t n, const uint32_t *lines,
                        struct lc_pairs *pairs)
{
    struct open_spans o = {.spans = spans, .v = malloc((n + 1u) * sizeof *o.v)};
    size_t n_cuts = 0;
    lc_point *cuts = all_cuts(spans, n, &n_cuts);
    uint32_t next = 0, a, b;
    int rc = o.v && cuts ? 0 : LC_ERR_NOMEM;

    for (size_t i = 0; i < n_cuts && !rc; i++) {
        move_to(&o, cuts[i], &next, n);
        if (clashes(&o, cuts[i], &a, &b))
            lc_pairs_add(pairs, (struct lc_pair){lines[spans[a].rule], lines[spans[b].rule], a, b});
    }
    free(o.v);
    free(cuts);
    return rc;
}

/* ── What rules are for ───────────────────────────────────────────────────────────────────────── */

static bool same_values(const struct lc_rules *r, uint32_t x, uint32_t y)
{
    for (uint32_t a = 0; a < r->attributes; a++)
        if (lc_rules_value_id(r, a, x) != lc_rules_value_id(r, a, y))
            return false;
    return true;
}

/* May a key have a point from first to last? Of times only whole seconds do, and of floats no NaN. */
static bool has_keys(const struct lc_takes *takes, lc_point first, lc_point last)
{
    lc_point least, most;

    if (takes->order == LC_ORDER_TIME)
        return first != last || (first & 1) == 0;
    if (takes->order != LC_ORDER_FLOAT)
        return true;
    lc_point_of_float(-(double)INFINITY, &least);
    lc_point_of_float((double)INFINITY, &most);
    return last >= least && first <= most;
}

/*
 * The rule that holds from this cut on, and the one that would without it; LC_NONE: two of one width would, which is
 * refused.
 */
static void first_two(struct open_spans *o, lc_point cut, uint32_t gap, uint32_t two[2])
{
    uint32_t top, a, b;

    two[0] = two[1] = gap;
    if (o->n == 0)
        return;
    top = o->v[0];
    pop(o);
    while (o->n && o->spans[o->v[0]].last < cut)
        pop(o);
    two[0] = o->spans[top].rule;
    two[1] = o->n ? o->spans[o->v[0]].rule : gap;
    if (clashes(o, cut, &a, &b))
        two[1] = LC_NONE;
    push(o, top);
}

/*
 * Sweep as lc_segments_build does, and note at each cut which rule holds and which would
 * without it. `use` and `instead` have an entry a rule; a rule that never holds keeps
 * LC_USE_NONE.
 */
static void note_use(const struct lc_rules *r, const struct lc_span *spans, uint32_t n,
                     const lc_point *cuts, size_t n_cuts, uint32_t *heap, enum lc_segments_use *use,
                     uint32_t *instead)
{
    struct open_spans o = {.spans = spans, .v = heap};
    const struct lc_takes line = lc_rules_line(r);
    uint32_t gap = r->default_rule == LC_NONE ? r->rules : r->default_rule, next = 0, two[2];

    for (size_t i = 0; i < n_cuts; i++) {
        lc_point last = i + 1 < n_cuts ? cuts[i + 1] - 1 : LC_POINT_LAST;

        move_to(&o, cuts[i], &next, n);
        /* Between two equal cuts is no point. */
        if ((i + 1 < n_cuts && cuts[i] == cuts[i + 1]) || !has_keys(&line, cuts[i], last))
            continue;
        first_two(&o, cuts[i], gap, two);
        if (two[0] == gap)
            continue;
        if (two[1] == LC_NONE || !same_values(r, two[0], two[1])) {
            use[two[0]] = LC_USE_FULL;
        } else if (use[two[0]] == LC_USE_NONE) {
            use[two[0]] = LC_USE_SAME;
            instead[two[0]] = two[1];
        }
    }
}

int lc_segments_use(const struct lc_rules *r, enum lc_segments_use *use, uint32_t *instead)
{
    struct lc_span *spans = aligned_alloc(16, (r->rules + 1u) * sizeof *spans);
    uint32_t *heap = malloc((r->rules + 1u) * sizeof *heap), n = 0;
    lc_point *cuts = NULL;
    size_t n_cuts = 0;
    int rc = LC_ERR_NOMEM;

    for (uint32_t i = 0; spans && i < r->rules; i++) {
        use[i] = i == r->default_rule ? LC_USE_FULL : LC_USE_NONE;
        spans[n].rule = i;
        n += lc_rules_span(r, i, &spans[n].first, &spans[n].last);
    }
    if (spans && heap)
        cuts = all_cuts(spans, n, &n_cuts);
    if (cuts) {
        note_use(r, spans, n, cuts, n_cuts, heap, use, instead);
        rc = 0;
    }
    free(spans);
    free(heap);
    free(cuts);
    return rc;
}

/* ── Matching ─────────────────────────────────────────────────────────────────────────────────── */

/*
 * Searches under way: the segment is one of the `left` from `base`. All are halved in step, and what is
 * found is added behind a mask: a branch that the data decide would cost more than all the rest.
 */
struct searches {
    size_t n;
    uint16_t key[LC_BATCH];
    uint32_t base[LC_BATCH], left[LC_BATCH];
};

/*
 * How many segments the longest search has left. Its rounds serve all: a search that is at its end
 * has 1 left, half of which is 0.
 */
static uint32_t longest(const struct searches *s)
{
    uint32_t most = 1;

    for (size_t i = 0; i < s->n; i++)
        most = s->left[i] > most ? s->left[i] : most;
    return most;
}

/*
 * Halve all searches in step. `left` is how many segments may hold; starts[base] is always one
 * that begins at the point or before.
 */
static void search_starts(const struct lc_rules *r, const struct lc_batch *b, struct searches *s,
                          uint32_t *rule)
{
    for (uint32_t most = longest(s); most > 1; most -= most / 2)
        for (size_t i = 0; i < s->n; i++) {
            uint32_t half = s->left[i] / 2;
            bool up = r->starts[s->base[i] + half] <= b->point[s->key[i]];

            s->base[i] += half & (0 - (uint32_t)up);
            s->left[i] -= half;
            __builtin_prefetch(&r->starts[s->base[i] + s->left[i] / 2]);
        }
    for (size_t i = 0; i < s->n; i++)
        __builtin_prefetch(&r->segment_rules[s->base[i]]);
    for (size_t i = 0; i < s->n; i++)
        rule[s->key[i]] = r->segment_rules[s->base[i]];
}

static bool any_ipv6(const struct lc_batch *b)
{
    uint64_t other = 0;

    for (size_t i = 0; i < b->n; i++)
        other |= (uint64_t)(b->point[i] >> 64) | ((uint64_t)b->point[i] >> 32 ^ 0xffff);
    return other != 0;
}

/* The keys of a batch that are not IPv4. No branch depends on a key. */
static void pick_ipv6(const struct lc_batch *b, struct searches *s)
{
    s->n = 0;
    for (size_t i = 0; i < b->n; i++) {
        s->key[s->n] = (uint16_t)i;
        s->n += !lc_point_is_ipv4(b->point[i]);
    }
}

/* Choose each key's part of STARTS, and prefetch it. LC_ERR_INPUT: a corrupt ROOT. */
static int aim(const struct lc_rules *r, const struct lc_batch *b, struct searches *s)
{
    for (size_t i = 0; i < s->n; i++)
        __builtin_prefetch(&r->root[b->point[s->key[i]] >> 112]);
    for (size_t i = 0; i < s->n; i++) {
        const uint32_t *block = &r->root[b->point[s->key[i]] >> 112];

        if (unlikely(block[0] > block[1] || block[1] >= r->segments))
            return LC_ERR_INPUT;
        s->base[i] = block[0];
        s->left[i] = block[1] - block[0] + 1;
        __builtin_prefetch(&r->starts[s->base[i] + s->left[i] / 2]);
    }
    return 0;
}

/* IPv4 keys by their tables, others by STARTS. In a batch of both, the tables are asked of all: that is simpler. */
static __attribute__((noinline)) int match_both(const struct lc_rules *r, const struct lc_batch *b,
                                                uint32_t *rule)
{
    struct searches s;

    pick_ipv6(b, &s);
    if (s.n < b->n && lc_ipv4_match(r, b, rule))
        return LC_ERR_INPUT;
    if (aim(r, b, &s))
        return LC_ERR_INPUT;
    search_starts(r, b, &s, rule);
    return 0;
}

int lc_segments_match(const struct lc_rules *r, const struct lc_batch *batch, uint32_t *rule)
{
    struct searches all;

    if (r->root)
        return any_ipv6(batch) ? match_both(r, batch, rule) : lc_ipv4_match(r, batch, rule);
    all.n = batch->n;
    for (size_t i = 0; i < batch->n; i++) {
        all.key[i] = (uint16_t)i;
        all.base[i] = 0;
        all.left[i] = r->segments;
    }
    search_starts(r, batch, &all, rule);
    return 0;
}
