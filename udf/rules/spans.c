/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of these sweep over spans in the order of their first points. any_overlap keeps the one that reaches
 * furthest: the next one overlaps it, or none before it. find_crossings keeps those that are open at the
 * present point on a stack, the innermost on top: two nest where the later one ends first, and cross where it
 * ends later.
 */
#include "udf/rules/spans.h"

#include "udf/rules/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * By first point; of those that begin together the longest first, so that what contains comes
 * before what it contains; then as they were read.
 */
static int by_place(const void *x, const void *y)
{
    const struct lc_span *a = x, *b = y;

    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->last != b->last)
        return a->last > b->last ? -1 : 1;
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

void lc_spans_sort(struct lc_span *v, uint32_t n)
{
    qsort(v, n, sizeof *v, by_place);
}

void lc_span_text(enum lc_kind kind, const struct lc_takes *takes, lc_point first, lc_point last,
                  char *out, size_t size)
{
    char from[LC_POINT_TEXT_BYTES], to[LC_POINT_TEXT_BYTES];

    if (kind == LC_KIND_CIDR && lc_network_text(first, last, from)) {
        snprintf(out, size, "%s", from);
        return;
    }
    lc_point_text(takes, first, from);
    lc_point_text(takes, last, to);
    if (!from[0])
        snprintf(out, size, "up to %s", to);
    else if (!to[0])
        snprintf(out, size, "%s and up", from);
    else
        snprintf(out, size, "%s to %s", from, to);
}

static void text_of(const struct lc_span *s, const struct lc_spans_at *at, char *out, size_t size)
{
    lc_span_text(at->kind, at->takes, s->first, s->last, out, size);
}

/* Does any span share a point with another? Of the spans before one, the one that reaches furthest is looked at. */
static bool any_overlap(const struct lc_span *v, uint32_t n)
{
    uint32_t furthest = 0;

    for (uint32_t i = 1; i < n; i++) {
        if (v[i].first <= v[furthest].last)
            return true;
        furthest = v[i].last > v[furthest].last ? i : furthest;
    }
    return false;
}

static int by_point(const void *x, const void *y)
{
    const lc_point *a = x, *b = y;

    return (*a > *b) - (*a < *b);
}

/*
 * How many pairs share a point: each span does with those that began before it and have not ended. `ends` has room
 * for n points.
 */
static uint64_t count_overlaps(const struct lc_span *v, uint32_t n, lc_point *ends)
{
    uint64_t overlaps = 0;
    uint32_t ended = 0;

    for (uint32_t i = 0; i < n; i++)
        ends[i] = v[i].last;
    qsort(ends, n, sizeof *ends, by_point);
    for (uint32_t i = 0; i < n; i++) {
        while (ends[ended] < v[i].first)
            ended++;
        overlaps += i - ended;
    }
    return overlaps;
}

/* The first pairs, as many as are kept. `open` has room for n spans: those that have not ended. */
static void find_overlaps(const struct lc_span *v, uint32_t n, const uint32_t *lines,
                          uint32_t *open, struct lc_pairs *pairs)
{
    uint32_t opened = 0;

    for (uint32_t i = 0; i < n && pairs->n < LC_PAIRS_KEPT; i++) {
        uint32_t left = 0;

        for (uint32_t k = 0; k < opened; k++) {
            if (v[open[k]].last < v[i].first)
                continue;
            open[left++] = open[k];
            lc_pairs_add(pairs,
                         (struct lc_pair){lines[v[i].rule], lines[v[open[k]].rule], i, open[k]});
        }
        opened = left;
        open[opened++] = i;
    }
}

static int refuse_overlaps(const struct lc_span *v, const struct lc_spans_at *at,
                           const struct lc_pairs *pairs, struct lc_error *err)
{
    const struct lc_pair *first = &pairs->v[0];
    char x[2 * LC_POINT_TEXT_BYTES + 8], y[2 * LC_POINT_TEXT_BYTES + 8], more[LC_PAIRS_TEXT];

    text_of(&v[first->rule], at, x, sizeof x);
    text_of(&v[first->other_rule], at, y, sizeof y);
    lc_fail_at(err, LC_ERR_INPUT, 0, first->line, "%s:%u: the range %s overlaps line %u (%s)%s",
               at->name, first->line, x, first->other_line, y,
               lc_pairs_more(pairs, "overlap", more));
    lc_hint(
        err,
        "bounds are inclusive: end one range before the next begins. If they are meant to nest, "
        "write from:narrowest in the header, or check and compile with --overlap narrowest");
    return LC_ERR_INPUT;
}

int lc_spans_apart(const struct lc_span *v, uint32_t n, const struct lc_spans_at *at,
                   struct lc_error *err)
{
    struct lc_pairs pairs = {0};
    lc_point *ends;
    uint32_t *open;
    int rc = LC_ERR_NOMEM;

    if (!any_overlap(v, n))
        return 0;
    ends = aligned_alloc(sizeof *ends, n * sizeof *ends);
    open = malloc(n * sizeof *open);
    if (ends && open) {
        find_overlaps(v, n, at->lines, open, &pairs);
        pairs.n = count_overlaps(v, n, ends);
        pairs.cut = pairs.n > pairs.kept;
        rc = refuse_overlaps(v, at, &pairs, err);
    }
    free(ends);
    free(open);
    return rc;
}

/* Add a pair of spans by their places. */
static void add_pair(struct lc_pairs *pairs, const struct lc_span *v, const struct lc_spans_at *at,
                     uint32_t a, uint32_t b)
{
    lc_pairs_add(pairs, (struct lc_pair){at->lines[v[a].rule], at->lines[v[b].rule], a, b});
}

/*
 * Add those of which one begins before the other and ends within it; the later one is then passed over. `stack` has
 * room for n.
 */
static void find_crossings(const struct lc_span *v, uint32_t n, const struct lc_spans_at *at,
                           uint32_t *stack, struct lc_pairs *pairs)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < n; i++) {
        while (depth && v[stack[depth - 1]].last < v[i].first)
            depth--;
        /* v[i] begins within the innermost open span and ends after it. */
        if (depth && v[i].last > v[stack[depth - 1]].last)
            add_pair(pairs, v, at, i, stack[depth - 1]);
        else
            stack[depth++] = i;
    }
}

/* One without a beginning and one without an end that cross: neither has a width. */
static int find_open_crossing(const struct lc_span *v, uint32_t n, uint32_t *a, uint32_t *b)
{
    uint32_t up = UINT32_MAX, down = UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        bool no_start = v[i].first == 0, no_end = v[i].last == LC_POINT_LAST;

        /*
         * The one without a beginning that reaches furthest up, the one without an end that
         * reaches furthest down: if any two of them meet, these do.
         */
        if (no_start && !no_end && (up == UINT32_MAX || v[i].last > v[up].last))
            up = i;
        if (no_end && !no_start && (down == UINT32_MAX || v[i].first < v[down].first))
            down = i;
    }
    *a = down;
    *b = up;
    return up != UINT32_MAX && down != UINT32_MAX && v[up].last >= v[down].first;
}

/* Floats have no width that means anything to a person, so of these only what is within is narrower. */
static int find_clashes(const struct lc_span *v, uint32_t n, const struct lc_spans_at *at,
                        struct lc_pairs *pairs)
{
    uint32_t *stack, a, b;

    if (at->takes->order == LC_ORDER_FLOAT) {
        stack = malloc((n + 1u) * sizeof *stack);
        if (!stack)
            return LC_ERR_NOMEM;
        find_crossings(v, n, at, stack, pairs);
        free(stack);
        return 0;
    }
    if (at->kind == LC_KIND_SPAN && at->takes->order != LC_ORDER_ADDRESS &&
        find_open_crossing(v, n, &a, &b))
        add_pair(pairs, v, at, a, b);
    return lc_segments_clashes(v, n, at->lines, pairs);
}

int lc_spans_nest(const struct lc_span *v, uint32_t n, const struct lc_spans_at *at,
                  struct lc_error *err)
{
    struct lc_pairs pairs = {0};
    const struct lc_pair *first = &pairs.v[0];
    int rc = find_clashes(v, n, at, &pairs);
    char x[2 * LC_POINT_TEXT_BYTES + 8], y[2 * LC_POINT_TEXT_BYTES + 8], more[LC_PAIRS_TEXT];

    if (rc || pairs.n == 0)
        return rc;
    /* Two spans clash at several points, so they were added several times. */
    pairs.n = pairs.kept;
    text_of(&v[first->rule], at, x, sizeof x);
    text_of(&v[first->other_rule], at, y, sizeof y);
    lc_fail_at(err, LC_ERR_INPUT, 0, first->line,
               "%s:%u: the range %s overlaps line %u (%s), and neither is the narrower one%s",
               at->name, first->line, x, first->other_line, y,
               lc_pairs_more(&pairs, "such overlap", more));
    lc_hint(
        err,
        "end one before the other begins, or write a rule of its own for the part that both cover");
    return LC_ERR_INPUT;
}
