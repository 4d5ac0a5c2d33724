/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules come in as drafts of a fixed size (draft.h); their bytes, points and values go to buffers next to
 * them. finish sorts and checks the drafts (check.h) and writes the arena (layout.h), which is opened by the
 * same code as a file (lc_rules_take): what the builder gets wrong is refused like a damaged file.
 */
#include "udf/rules/build.h"

#include "udf/rules/check.h"
#include "udf/rules/layout.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_SLACK 64u /* room that the layout needs behind the keys */

void lc_builder_options(struct lc_builder *b, unsigned options)
{
    b->options = options;
    b->form = lc_form_of(b->kind, options);
}

void lc_builder_seed(struct lc_builder *b, uint64_t seed)
{
    b->seed = seed;
    for (uint32_t a = 0; a < b->attributes; a++)
        b->values[a].seed = seed;
}

int lc_builder_new(struct lc_builder **out, enum lc_kind kind, const struct lc_slice *names,
                   uint32_t attributes)
{
    struct lc_builder *b = calloc(1, sizeof *b);

    if (!b)
        return LC_ERR_NOMEM;
    if (lc_seed_choose(&b->seed)) {
        free(b);
        return LC_ERR_IO;
    }
    b->kind = kind;
    b->takes.order = kind == LC_KIND_CIDR ? LC_ORDER_ADDRESS : LC_ORDER_TEXT;
    b->form = lc_form_of(kind, 0);
    lc_buf_init(&b->keys, UINT32_MAX - KEYS_SLACK);
    lc_buf_init(&b->drafts, (size_t)LC_MAX_RULES * sizeof(struct lc_draft));
    lc_buf_init(&b->points, (size_t)LC_MAX_RULES * 2 * sizeof(lc_point));
    lc_buf_init(&b->value_ids, (size_t)LC_MAX_RULES * LC_MAX_ATTRIBUTES * 4);
    b->names = calloc(attributes, sizeof *b->names);
    b->values = calloc(attributes, sizeof *b->values);
    /* Keys may all be empty: their buffer has memory all the same. */
    if (!b->names || !b->values || lc_buf_reserve(&b->keys, KEYS_SLACK))
        goto nomem;
    for (; b->attributes < attributes; b->attributes++) {
        uint32_t a = b->attributes;
        uint8_t *copy = malloc(names[a].n + 1);

        if (!copy || lc_interned_init(&b->values[a], b->seed)) {
            free(copy);
            lc_interned_release(&b->values[a]);
            goto nomem;
        }
        memcpy(copy, names[a].p, names[a].n);
        b->names[a] = (struct lc_slice){copy, names[a].n};
    }
    *out = b;
    return 0;
nomem:
    lc_builder_free(b);
    return LC_ERR_NOMEM;
}

void lc_builder_free(struct lc_builder *b)
{
    if (!b)
        return;
    for (uint32_t a = 0; a < b->attributes; a++) {
        free((void *)(uintptr_t)b->names[a].p);
        lc_interned_release(&b->values[a]);
    }
    free(b->names);
    free(b->values);
    lc_buf_release(&b->keys);
    lc_buf_release(&b->drafts);
    lc_buf_release(&b->value_ids);
    lc_buf_release(&b->points);
    free(b);
}

uint32_t lc_builder_repeats(const struct lc_builder *b, uint32_t *line)
{
    *line = b->repeats_line;
    return b->repeats;
}

/* The first eight bytes as a number that compares like them; zeros where the key is shorter. */
static uint64_t big_endian_start(struct lc_slice key)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 8; i++)
        v = v << 8 | (i < key.n ? key.p[i] : 0);
    return v;
}

/* Bring a key to its form, in `form`. False: there is none, or it is too long. */
static bool take_form(const struct lc_builder *b, struct lc_slice *key, uint8_t *form)
{
    /* lc_form_key loads whole words, past the end of the key. */
    uint8_t padded[LC_MAX_KEY_BYTES + LC_FORM_SLACK] = {0};
    size_t n = key->n;

    if (n > LC_MAX_KEY_BYTES)
        return false;
    if (n)
        memcpy(padded, key->p, n);
    *key = (struct lc_slice){form, lc_form_key(b->form, padded, n, LC_MAX_KEY_BYTES, form)};
    /* A name without an empty label is one byte longer in its form. */
    return b->form == LC_FORM_HOST ? n == 0 || (key->n > 0 && n < LC_MAX_KEY_BYTES) : true;
}

/* Bounds as text, a NUL between them: what they are is known when all have been read. */
static int keep_bounds(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_draft *d,
                       struct lc_error *err)
{
    size_t n = rule->bounds[0].n + 1 + rule->bounds[1].n;

    if (n > b->keys.max - b->keys.n)
        return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line,
                          "the bounds of all rules together are over 4 GiB");
    d->key_off = (uint32_t)b->keys.n;
    d->key_n = (uint32_t)n;
    return lc_buf_add(&b->keys, rule->bounds[0].p, rule->bounds[0].n) ||
                   lc_buf_add(&b->keys, "", 1) ||
                   lc_buf_add(&b->keys, rule->bounds[1].p, rule->bounds[1].n)
               ? LC_ERR_NOMEM
               : 0;
}

/* `to` becomes the number of the pair in b->points. */
static int keep_points(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_draft *d)
{
    d->to = b->points.n / (2 * sizeof rule->first);
    return lc_buf_add(&b->points, &rule->first, sizeof rule->first) ||
                   lc_buf_add(&b->points, &rule->last, sizeof rule->last)
               ? LC_ERR_NOMEM
               : 0;
}

/* What a draft has instead of a key: bounds, points or a weight. */
static int keep_keyless(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_draft *d,
                        struct lc_error *err)
{
    if (b->kind == LC_KIND_RANGE) {
        d->order = rule->from;
        d->to = rule->to;
        return keep_bounds(b, rule, d, err);
    }
    d->order = b->rules;
    if (b->kind == LC_KIND_CIDR)
        return keep_points(b, rule, d);
    d->to = rule->from;
    return 0;
}

static int keep_key(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_draft *d,
                    struct lc_error *err)
{
    struct lc_slice key = rule->key;
    uint8_t form[LC_MAX_KEY_BYTES + LC_FORM_SLACK];

    if (b->form != LC_FORM_PLAIN && !take_form(b, &key, form))
        return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line,
                          "the key is longer than %u bytes, or has an empty label",
                          LC_MAX_KEY_BYTES);
    if (key.n > b->keys.max - b->keys.n)
        return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line,
                          "the keys of all rules together are over 4 GiB");
    d->key_off = (uint32_t)b->keys.n;
    d->key_n = (uint32_t)key.n;
    d->order = big_endian_start(key);
    d->to = rule->below;
    if (d->key_n > b->max_key_bytes)
        b->max_key_bytes = d->key_n;
    return lc_buf_add(&b->keys, key.p, key.n);
}

/* Ids go to value_ids one after the other, an id an attribute: the draft knows the first. */
static int keep_values(struct lc_builder *b, const struct lc_rule_in *rule)
{
    for (uint32_t a = 0; a < b->attributes; a++) {
        uint32_t id;

        if (lc_interned_add(&b->values[a], rule->values[a], &id) ||
            lc_buf_add(&b->value_ids, &id, sizeof id))
            return LC_ERR_NOMEM;
    }
    return 0;
}

/* A default that is there before: kept once with the same values, refused with others, as any key. */
static int second_default(struct lc_builder *b, const struct lc_draft *d, struct lc_error *err)
{
    const struct lc_draft first = {.line = b->default_line, .values = b->default_values};
    char difference[300];

    if (lc_draft_same_values(b, &first, d)) {
        lc_draft_repeat(b, d);
        return 0;
    }
    lc_draft_difference(b, &first, d, difference, sizeof difference);
    lc_fail_at(err, LC_ERR_INPUT, 0, d->line,
               "a second default (the first is in line %u), with another value: %s", first.line,
               difference);
    lc_hint(err, "keep one of the two lines");
    return LC_ERR_INPUT;
}

int lc_builder_add(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_error *err)
{
    struct lc_draft d = {.line = rule->line, .values = (uint32_t)(b->value_ids.n / 4)};
    int rc;

    if (b->rules == LC_MAX_RULES)
        return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line, "more than %u rules", LC_MAX_RULES);
    rc = lc_kind_has_keys(b->kind) ? keep_key(b, rule, &d, err) : keep_keyless(b, rule, &d, err);
    if (rc)
        return rc;
    if (keep_values(b, rule))
        return LC_ERR_NOMEM;
    if (rule->is_default) {
        if (b->default_line)
            return second_default(b, &d, err);
        b->default_line = rule->line;
        b->default_values = d.values;
        d.order = UINT64_MAX; /* sorted last: see lc_draft_compare */
        d.key_n = LC_NONE;
    }
    if (lc_buf_add(&b->drafts, &d, sizeof d))
        return LC_ERR_NOMEM;
    b->rules++;
    return 0;
}

/* One bound: its text is the next of the rule's. */
static int read_bound(const struct lc_builder *b, const struct lc_draft *d, struct lc_slice text,
                      unsigned column, lc_point *out, const char *name, struct lc_error *err)
{
    const char *why = lc_point_read(&b->takes, text, b->options & LC_OPTION_UTC, out);
    char shown[200];

    if (!why)
        return 0;
    return lc_fail_at(err, LC_ERR_INPUT, 0, d->line, "%s:%u: column %u (%s): '%s' %s %s", name,
                      d->line, column, column == 1 ? "from" : "to",
                      lc_printable(text.p, text.n, shown, sizeof shown), why,
                      b->takes.order == LC_ORDER_NUMBER
                          ? "a bound: 36 digits at most, as many after the point as any bound has"
                          : lc_order_name(&b->takes));
}

/* A draft's bounds as points; an open end of addresses is where its family ends. */
static int read_points(const struct lc_builder *b, const struct lc_draft *d, lc_point point[2],
                       const char *name, struct lc_error *err)
{
    /* keep_bounds put the NUL there, and no bound has one of its own (csv.c). */
    const uint8_t *p = b->keys.p + d->key_off, *nul = memchr(p, 0, d->key_n);
    struct lc_slice from = {p, (size_t)(nul - p)}, to = {nul + 1, d->key_n - from.n - 1};
    bool addresses = b->takes.order == LC_ORDER_ADDRESS;
    int rc = 0;

    point[0] = 0;
    point[1] = LC_POINT_LAST;
    if (from.n)
        rc = read_bound(b, d, from, 1, &point[0], name, err);
    if (to.n && !rc)
        rc = read_bound(b, d, to, 2, &point[1], name, err);
    if (rc)
        return rc;
    if (addresses && !from.n && lc_point_is_ipv4(point[1]))
        point[0] = lc_point_of_ipv4(0);
    if (addresses && !to.n && lc_point_is_ipv4(point[0]))
        point[1] = lc_point_of_ipv4(UINT32_MAX);
    if (addresses && lc_point_is_ipv4(point[0]) != lc_point_is_ipv4(point[1]))
        return lc_fail_at(
            err, LC_ERR_INPUT, 0, d->line,
            "%s:%u: column 2 (to): one bound is an IPv4 address, and the other is not", name,
            d->line);
    if (point[0] > point[1])
        return lc_fail_at(err, LC_ERR_INPUT, 0, d->line,
                          "%s:%u: column 2 (to): the range ends (%.*s) before it begins (%.*s)",
                          name, d->line, (int)to.n, (const char *)to.p, (int)from.n,
                          (const char *)from.p);
    return 0;
}

int lc_builder_points(struct lc_builder *b, const struct lc_takes *takes, const char *name,
                      struct lc_error *err)
{
    struct lc_draft *d = lc_drafts(b);

    b->kind = LC_KIND_SPAN;
    b->takes = *takes;
    for (uint32_t i = 0; i < b->rules; i++) {
        lc_point point[2] = {0};
        int rc = d[i].key_n == LC_NONE ? 0 : read_points(b, &d[i], point, name, err);

        if (rc)
            return rc;
        d[i].to = i;
        if (lc_buf_add(&b->points, point, sizeof point))
            return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);
    }
    return 0;
}

int lc_builder_finish(struct lc_builder *b, struct lc_rules **out, const char *name,
                      struct lc_error *err)
{
    void *base = NULL;
    size_t size = 0;
    int rc;

    if (b->rules == 0) {
        lc_fail(err, LC_ERR_INPUT, "%s: no rule in it", name);
        lc_hint(err,
                "each line after the header is a rule: its key, then a value for each attribute");
        return LC_ERR_INPUT;
    }
    /* What is wrong with the rules has its message already; too little memory gets one below. */
    rc = lc_check_drafts(b, name, err);
    if (rc && rc != LC_ERR_NOMEM)
        return rc;
    if (rc || lc_layout_arena(b, &base, &size))
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory for %u rules", name, b->rules);
    return lc_rules_take(out, base, size, true, name, err);
}
