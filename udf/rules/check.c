/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/check.h"

#include "udf/rules/check_spans.h"
#include "udf/rules/pairs.h"

#include <stdlib.h>
#include <string.h>

/* Same key, and for a domain both for the name or both for what is below it. */
static bool same_rule(const struct lc_builder *b, const struct lc_draft *x,
                      const struct lc_draft *y)
{
    return x->to == y->to && lc_draft_same_key(b, x, y);
}

/* `d` is what the pairs' numbers are of. */
static int refuse_pairs(const struct lc_builder *b, const struct lc_draft *d,
                        const struct lc_pairs *pairs, const char *name, struct lc_error *err)
{
    const struct lc_pair *p = &pairs->v[0];
    const struct lc_draft *first = &d[p->other_rule], *second = &d[p->rule];
    uint8_t text[LC_MAX_KEY_BYTES + 2];
    struct lc_slice key = {b->keys.p + second->key_off, second->key_n};
    char shown[200], difference[300], more[LC_PAIRS_TEXT];

    key = lc_form_written(b->form, key, second->to != 0, text);
    lc_draft_difference(b, first, second, difference, sizeof difference);
    lc_fail_at(err, LC_ERR_INPUT, 0, second->line,
               "%s:%u: the key '%s' is already in line %u, with another value%s: %s%s", name,
               second->line, lc_printable(key.p, key.n, shown, sizeof shown), first->line,
               b->form == LC_FORM_PLAIN || b->form == LC_FORM_BACK ? "" : " (case is ignored)",
               difference, lc_pairs_more(pairs, "such key", more));
    lc_hint(err, "keep one of the two lines");
    return LC_ERR_INPUT;
}

/* Drop keys that are there twice, refuse those with other values. */
static int check_keys(struct lc_builder *b, const char *name, struct lc_error *err)
{
    struct lc_draft *d = lc_drafts(b);
    struct lc_pairs pairs = {0};
    uint32_t kept = 0, first = 0; /* of equal keys */

    for (uint32_t i = 0; i < b->rules; i++) {
        if (i == 0 || !same_rule(b, &d[first], &d[i]))
            first = i;
        else if (!lc_draft_same_values(b, &d[first], &d[i]))
            lc_pairs_add(&pairs, (struct lc_pair){d[i].line, d[first].line, i, first});
    }
    if (pairs.n)
        return refuse_pairs(b, d, &pairs, name, err);
    for (uint32_t i = 0; i < b->rules; i++) {
        if (kept && same_rule(b, &d[kept - 1], &d[i]))
            lc_draft_repeat(b, &d[i]);
        else
            d[kept++] = d[i];
    }
    b->rules = kept;
    return 0;
}

/*
 * Put the domain rules last whose name also has a rule for what is below it. The two have one key and
 * are neighbours here, the rule for the name first. 0 or LC_ERR_NOMEM.
 *
 *   a.com   b.com, *.b.com   c.com      ─▶      a.com   *.b.com   c.com │ b.com
 */
static int part_twins(struct lc_builder *b)
{
    struct lc_draft *d = lc_drafts(b);
    struct lc_draft *twins = malloc((b->rules / 2 + 1) * sizeof *twins);
    uint32_t kept = 0;

    if (!twins)
        return LC_ERR_NOMEM;
    for (uint32_t i = 0; i < b->rules; i++) {
        if (i + 1 < b->rules && lc_draft_same_key(b, &d[i], &d[i + 1]))
            twins[b->twins++] = d[i];
        else
            d[kept++] = d[i];
    }
    memcpy(d + kept, twins, b->twins * sizeof *twins);
    free(twins);
    return 0;
}

/* The sum has to fit 64 bits: the matcher multiplies it by a hash (match.c). */
static int check_weights(const struct lc_builder *b, const char *name, struct lc_error *err)
{
    const struct lc_draft *d = lc_drafts(b);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < b->rules; i++) {
        if (d[i].to > UINT64_MAX - sum)
            return lc_fail_at(err, LC_ERR_INPUT, 0, d[i].line,
                              "%s:%u: the weights add up to more than 2^64 - 1", name, d[i].line);
        sum += d[i].to;
    }
    if (sum == 0)
        return lc_fail_at(err, LC_ERR_INPUT, 0, d[0].line,
                          "%s:%u: all weights are 0: no bucket could ever be chosen", name,
                          d[0].line);
    return 0;
}

int lc_check_drafts(struct lc_builder *b, const char *name, struct lc_error *err)
{
    struct lc_draft *d = lc_drafts(b);
    int rc;

    switch (b->kind) {
    case LC_KIND_BUCKET:
        return check_weights(b, name, err);
    case LC_KIND_RANGE:
    case LC_KIND_CIDR:
    case LC_KIND_SPAN:
        return lc_check_spans(b, name, err);
    case LC_KIND_PREFIX:
    case LC_KIND_EXACT:
    case LC_KIND_SUFFIX:
    case LC_KIND_DOMAIN:
        qsort_r(d, b->rules, sizeof *d, lc_draft_compare, b->keys.p);
        rc = check_keys(b, name, err);
        return rc || b->kind != LC_KIND_DOMAIN ? rc : part_twins(b);
    }
    return LC_ERR_USAGE;
}
