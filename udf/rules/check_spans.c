/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spans are sorted and checked apart from the drafts, which they name by index; at the end
 * the drafts are put into the order of the spans that are left.
 */
#include "udf/rules/check_spans.h"

#include "udf/rules/pairs.h"

#include <stdlib.h>
#include <string.h>

static int refuse_pairs(const struct lc_builder *b, const struct lc_span *v,
                        const struct lc_pairs *pairs, const struct lc_spans_at *at,
                        struct lc_error *err)
{
    const struct lc_draft *d = lc_drafts(b);
    const struct lc_pair *p = &pairs->v[0];
    char text[200], difference[300], more[LC_PAIRS_TEXT];

    lc_span_text(at->kind, at->takes, v[p->rule].first, v[p->rule].last, text, sizeof text);
    lc_draft_difference(b, &d[v[p->other_rule].rule], &d[v[p->rule].rule], difference,
                        sizeof difference);
    lc_fail_at(
        err, LC_ERR_INPUT, 0, p->line, "%s:%u: %s is already in line %u, with another value: %s%s",
        at->name, p->line, text, p->other_line, difference,
        lc_pairs_more(pairs, at->kind == LC_KIND_CIDR ? "such network" : "such range", more));
    lc_hint(err, "keep one of the two lines");
    return LC_ERR_INPUT;
}

static bool same_span(const struct lc_span *x, const struct lc_span *y)
{
    return x->first == y->first && x->last == y->last;
}

/*
 * Drop spans that are there twice, refuse those with other values. Equal ones are neighbours,
 * the one that was read first before the others. *n becomes how many are left.
 */
static int drop_twice(struct lc_builder *b, struct lc_span *v, uint32_t *n,
                      const struct lc_spans_at *at, struct lc_error *err)
{
    const struct lc_draft *d = lc_drafts(b);
    struct lc_pairs pairs = {0};
    uint32_t kept = 0, first = 0; /* of equal spans */

    for (uint32_t i = 0; i < *n; i++) {
        if (i == 0 || !same_span(&v[first], &v[i]))
            first = i;
        else if (!lc_draft_same_values(b, &d[v[first].rule], &d[v[i].rule]))
            lc_pairs_add(&pairs,
                         (struct lc_pair){d[v[i].rule].line, d[v[first].rule].line, i, first});
    }
    if (pairs.n)
        return refuse_pairs(b, v, &pairs, at, err);
    for (uint32_t i = 0; i < *n; i++) {
        if (kept && same_span(&v[kept - 1], &v[i]))
            lc_draft_repeat(b, &d[v[i].rule]);
        else
            v[kept++] = v[i];
    }
    *n = kept;
    return 0;
}

/*
 * Put the drafts into the order of the spans, the default last. Those whose span was dropped are
 * left out; b->rules becomes how many remain.
 */
static int put_in_order(struct lc_builder *b, const struct lc_span *v, uint32_t n)
{
    struct lc_draft *d = lc_drafts(b), *sorted = malloc((n + 1u) * sizeof *sorted);

    if (!sorted)
        return LC_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = d[v[i].rule];
    for (uint32_t i = 0; i < b->rules && b->default_line; i++)
        if (d[i].key_n == LC_NONE)
            sorted[n] = d[i];
    b->rules = n + (b->default_line != 0);
    memcpy(d, sorted, b->rules * sizeof *d);
    free(sorted);
    return 0;
}

/* lc_drafts_spans of ranges of unsigned whole numbers, which have no points of their own. */
static struct lc_span *number_spans(const struct lc_builder *b, const struct lc_takes *takes,
                                    uint32_t *n)
{
    const struct lc_draft *d = lc_drafts(b);
    struct lc_span *v = aligned_alloc(16, (b->rules + 1u) * sizeof *v);

    *n = b->rules;
    for (uint32_t i = 0; v && i < b->rules; i++)
        v[i] = (struct lc_span){lc_point_of_number(takes, d[i].order, 0),
                                lc_point_of_number(takes, d[i].to, 0), i};
    return v;
}

int lc_check_spans(struct lc_builder *b, const char *name, struct lc_error *err)
{
    const struct lc_draft *d = lc_drafts(b);
    const struct lc_takes numbers = {LC_ORDER_NUMBER, 0};
    bool plain = b->kind == LC_KIND_RANGE;
    uint32_t n, *lines = malloc((b->rules + 1u) * sizeof *lines);
    struct lc_span *v = plain ? number_spans(b, &numbers, &n) : lc_drafts_spans(b, &n);
    const struct lc_spans_at at = {name, b->kind, plain ? &numbers : &b->takes, lines};
    int rc = v && lines ? 0 : LC_ERR_NOMEM;

    for (uint32_t i = 0; i < b->rules && !rc; i++)
        lines[i] = d[i].line;
    if (!rc) {
        lc_spans_sort(v, n);
        rc = drop_twice(b, v, &n, &at, err);
    }
    /* Networks need no check: two of them nest or have nothing in common. */
    if (!rc && b->kind != LC_KIND_CIDR)
        rc = b->options & LC_OPTION_NARROWEST ? lc_spans_nest(v, n, &at, err)
                                              : lc_spans_apart(v, n, &at, err);
    rc = rc ? rc : put_in_order(b, v, n);
    free(v);
    free(lines);
    return rc == LC_ERR_NOMEM
               ? lc_fail(err, rc, "%s: not enough memory for %u rules", name, b->rules)
               : rc;
}
