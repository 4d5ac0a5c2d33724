/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/build.h"

#include "base/varint.h"
#include "udf/rules/hash.h"
#include "udf/rules/index.h"
#include "udf/rules/spans.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_ALIGN 64u
#define COPY_SLACK    64u /* zero bytes behind VALUES and KEYS: a short copy or load may run over */

/* A rule while it is built: 48 bytes, sorted as a whole. */
struct draft {
    uint64_t order; /* first 8 key bytes, big-endian: most comparisons end here; range: from */
    uint64_t
        to; /* range: upper bound; cidr, span: index of its points; bucket: weight; domain: 1 below the name only */
    uint32_t key_off, key_n;
    uint32_t line;
    uint32_t values; /* index of this rule's first value id in value_ids */
};

/* The distinct values of one attribute, by an open-addressing table of ids. */
struct interned {
    struct lc_buf bytes; /* values one after the other */
    struct lc_buf off;   /* u32[count + 1] */
    uint32_t count;      /* id 0 is the miss */
    uint32_t *table;     /* id, 0 = empty */
    uint32_t table_size; /* a power of two */
    uint64_t seed;
};

struct lc_builder {
    enum lc_kind kind;
    unsigned options;
    enum lc_form form;
    uint32_t attributes, rules, max_key_bytes;
    uint32_t twins; /* domain rules that are last, and not in the index */
    uint64_t seed;
    uint32_t default_line; /* of an exact set's default; 0: none yet */
    struct lc_slice *names;
    struct lc_buf keys, drafts, value_ids;
    struct lc_buf points;  /* cidr, span: the first and the last of each rule as it came in */
    struct lc_takes takes; /* cidr, span */
    struct interned *values;
};

static int intern_init(struct interned *in, uint64_t seed)
{
    uint32_t zero = 0;

    in->seed = seed;
    lc_buf_init(&in->bytes, UINT32_MAX);
    lc_buf_init(&in->off, (size_t)UINT32_MAX);
    in->count = 1;
    in->table_size = 64;
    in->table = calloc(in->table_size, sizeof *in->table);
    if (!in->table || lc_buf_add(&in->off, &zero, 4) || lc_buf_add(&in->off, &zero, 4))
        return LC_ERR_NOMEM;
    return 0;
}

static struct lc_slice intern_get(const struct interned *in, uint32_t id)
{
    const uint32_t *off = (const uint32_t *)(const void *)in->off.p;

    return (struct lc_slice){in->bytes.p ? in->bytes.p + off[id] : NULL, off[id + 1] - off[id]};
}

static int intern_grow(struct interned *in)
{
    uint32_t size = in->table_size * 2;
    uint32_t *table = calloc(size, sizeof *table);

    if (!table)
        return LC_ERR_NOMEM;
    for (uint32_t id = 1; id < in->count; id++) {
        struct lc_slice v = intern_get(in, id);
        uint32_t at = (uint32_t)lc_hash64_seeded(v.p, v.n, in->seed) & (size - 1);

        while (table[at])
            at = (at + 1) & (size - 1);
        table[at] = id;
    }
    free(in->table);
    in->table = table;
    in->table_size = size;
    return 0;
}

static int intern(struct interned *in, struct lc_slice v, uint32_t *id)
{
    uint32_t at, end;

    if (in->count * 2 > in->table_size && intern_grow(in))
        return LC_ERR_NOMEM;
    at = (uint32_t)lc_hash64_seeded(v.p, v.n, in->seed) & (in->table_size - 1);
    for (; in->table[at]; at = (at + 1) & (in->table_size - 1)) {
        struct lc_slice have = intern_get(in, in->table[at]);

        if (have.n == v.n && (v.n == 0 || memcmp(have.p, v.p, v.n) == 0)) {
            *id = in->table[at];
            return 0;
        }
    }
    if (lc_buf_add(&in->bytes, v.p, v.n))
        return LC_ERR_NOMEM;
    end = (uint32_t)in->bytes.n;
    if (lc_buf_add(&in->off, &end, 4))
        return LC_ERR_NOMEM;
    *id = in->table[at] = in->count++;
    return 0;
}

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
    lc_buf_init(&b->keys, UINT32_MAX - COPY_SLACK);
    lc_buf_init(&b->drafts, (size_t)LC_MAX_RULES * sizeof(struct draft));
    lc_buf_init(&b->points, (size_t)LC_MAX_RULES * 2 * sizeof(lc_point));
    lc_buf_init(&b->value_ids, (size_t)LC_MAX_RULES * LC_MAX_ATTRIBUTES * 4);
    b->names = calloc(attributes, sizeof *b->names);
    b->values = calloc(attributes, sizeof *b->values);
    /* Keys may all be empty: their buffer has memory all the same. */
    if (!b->names || !b->values || lc_buf_reserve(&b->keys, COPY_SLACK))
        goto nomem;
    for (; b->attributes < attributes; b->attributes++) {
        uint32_t a = b->attributes;
        uint8_t *copy = malloc(names[a].n + 1);

        if (!copy || intern_init(&b->values[a], b->seed)) {
            free(copy);
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
        lc_buf_release(&b->values[a].bytes);
        lc_buf_release(&b->values[a].off);
        free(b->values[a].table);
    }
    free(b->names);
    free(b->values);
    lc_buf_release(&b->keys);
    lc_buf_release(&b->drafts);
    lc_buf_release(&b->value_ids);
    lc_buf_release(&b->points);
    free(b);
}

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
static int keep_bounds(struct lc_builder *b, const struct lc_rule_in *rule, struct draft *d,
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

static int keep_points(struct lc_builder *b, const struct lc_rule_in *rule, struct draft *d)
{
    d->to = b->points.n / (2 * sizeof rule->first);
    return lc_buf_add(&b->points, &rule->first, sizeof rule->first) ||
                   lc_buf_add(&b->points, &rule->last, sizeof rule->last)
               ? LC_ERR_NOMEM
               : 0;
}

int lc_builder_add(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_error *err)
{
    struct draft d = {.line = rule->line, .values = (uint32_t)(b->value_ids.n / 4)};
    int rc;

    if (b->rules == LC_MAX_RULES)
        return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line, "more than %u rules", LC_MAX_RULES);
    if (!lc_kind_has_keys(b->kind)) {
        d.order = b->kind == LC_KIND_RANGE ? rule->from : b->rules;
        d.to = b->kind == LC_KIND_RANGE ? rule->to : rule->from;
        rc = b->kind == LC_KIND_RANGE  ? keep_bounds(b, rule, &d, err)
             : b->kind == LC_KIND_CIDR ? keep_points(b, rule, &d)
                                       : 0;
        if (rc)
            return rc;
    } else {
        struct lc_slice key = rule->key;
        uint8_t form[LC_MAX_KEY_BYTES + LC_FORM_SLACK];

        if (b->form != LC_FORM_PLAIN && !take_form(b, &key, form))
            return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line,
                              "the key is longer than %u bytes, or has an empty label",
                              LC_MAX_KEY_BYTES);
        if (key.n > b->keys.max - b->keys.n)
            return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line,
                              "the keys of all rules together are over 4 GiB");
        d.key_off = (uint32_t)b->keys.n;
        d.key_n = (uint32_t)key.n;
        d.order = big_endian_start(key);
        d.to = rule->below;
        if (lc_buf_add(&b->keys, key.p, key.n))
            return LC_ERR_NOMEM;
        if (d.key_n > b->max_key_bytes)
            b->max_key_bytes = d.key_n;
    }
    if (rule->is_default) {
        if (b->default_line)
            return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line,
                              "a second default (the first is in line %u)", b->default_line);
        b->default_line = rule->line;
        d.order = UINT64_MAX; /* sorted last: see compare_keys */
        d.key_n = LC_NONE;
    }
    for (uint32_t a = 0; a < b->attributes; a++) {
        uint32_t id;

        if (intern(&b->values[a], rule->values[a], &id) || lc_buf_add(&b->value_ids, &id, 4))
            return LC_ERR_NOMEM;
    }
    if (lc_buf_add(&b->drafts, &d, sizeof d))
        return LC_ERR_NOMEM;
    b->rules++;
    return 0;
}

/* Keys in byte order, so that a prefix is before what it begins; an exact
 * set's default last. */
static int compare_keys(const void *x, const void *y, void *keys)
{
    const struct draft *a = x, *b = y;
    uint32_t n;
    int c;

    if ((a->key_n == LC_NONE) != (b->key_n == LC_NONE))
        return a->key_n == LC_NONE ? 1 : -1;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    n = a->key_n < b->key_n ? a->key_n : b->key_n;
    c = n > 8 && a->key_n != LC_NONE
            ? memcmp((const uint8_t *)keys + a->key_off, (const uint8_t *)keys + b->key_off, n)
            : 0;
    if (c)
        return c;
    if (a->key_n != b->key_n)
        return a->key_n < b->key_n ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static int compare_from(const void *x, const void *y, void *unused)
{
    const struct draft *a = x, *b = y;

    (void)unused;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static bool same_values(const struct lc_builder *b, const struct draft *x, const struct draft *y)
{
    const uint32_t *ids = (const uint32_t *)(const void *)b->value_ids.p;

    return memcmp(ids + x->values, ids + y->values, b->attributes * 4) == 0;
}

static bool same_bytes(const struct lc_builder *b, const struct draft *x, const struct draft *y)
{
    return x->key_n == y->key_n && x->order == y->order &&
           (x->key_n <= 8 || x->key_n == LC_NONE ||
            memcmp(b->keys.p + x->key_off, b->keys.p + y->key_off, x->key_n) == 0);
}

static bool same_key(const struct lc_builder *b, const struct draft *x, const struct draft *y)
{
    return x->to == y->to && same_bytes(b, x, y);
}

static int refuse_second(const struct lc_builder *b, const struct draft *first,
                         const struct draft *second, const char *name, struct lc_error *err)
{
    uint8_t text[LC_MAX_KEY_BYTES + 2];
    struct lc_slice key = {b->keys.p + second->key_off, second->key_n};
    char shown[200];

    key = lc_form_written(b->form, key, second->to != 0, text);
    lc_fail_at(err, LC_ERR_INPUT, 0, second->line,
               "%s:%u: the key '%s' is already in line %u, with another value%s", name,
               second->line, lc_printable(key.p, key.n, shown, sizeof shown), first->line,
               b->form == LC_FORM_PLAIN || b->form == LC_FORM_BACK ? "" : " (case is ignored)");
    lc_hint(err, "keep one of the two lines");
    return LC_ERR_INPUT;
}

/* Drop keys that are there twice, refuse those with other values. */
static int check_keys(struct lc_builder *b, struct draft *d, const char *name, struct lc_error *err)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < b->rules; i++) {
        if (kept == 0 || !same_key(b, &d[kept - 1], &d[i])) {
            d[kept++] = d[i];
            continue;
        }
        if (!same_values(b, &d[kept - 1], &d[i]))
            return refuse_second(b, &d[kept - 1], &d[i], name, err);
    }
    b->rules = kept;
    return 0;
}

/*
 * Domain rules whose name has a rule for what is below it, too, are put last: the index has that, and it
 * knows of them. 0 or LC_ERR_NOMEM.
 */
static int part_twins(struct lc_builder *b, struct draft *d)
{
    struct draft *twins = malloc((b->rules / 2 + 1) * sizeof *twins);
    uint32_t kept = 0;

    if (!twins)
        return LC_ERR_NOMEM;
    for (uint32_t i = 0; i < b->rules; i++) {
        if (i + 1 < b->rules && same_bytes(b, &d[i], &d[i + 1]))
            twins[b->twins++] = d[i];
        else
            d[kept++] = d[i];
    }
    memcpy(d + kept, twins, b->twins * sizeof *twins);
    free(twins);
    return 0;
}

static int check_ranges(struct lc_builder *b, const struct draft *d, const char *name,
                        struct lc_error *err)
{
    const struct lc_takes line = {LC_ORDER_NUMBER, 0};
    uint32_t *lines = malloc(b->rules * sizeof *lines);
    struct lc_span *v = aligned_alloc(16, b->rules * sizeof *v);
    const struct lc_spans_at at = {name, LC_KIND_RANGE, &line, lines};
    int rc = lines && v ? 0 : lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);

    for (uint32_t i = 0; i < b->rules && !rc; i++) {
        lines[i] = d[i].line;
        v[i] = (struct lc_span){lc_point_of_number(&line, d[i].order, 0),
                                lc_point_of_number(&line, d[i].to, 0), i};
    }
    rc = rc ? rc : lc_spans_apart(v, b->rules, &at, err);
    free(lines);
    free(v);
    return rc;
}

/* One bound: its text is the next of the rule's. */
static int read_bound(const struct lc_builder *b, const struct draft *d, struct lc_slice text,
                      unsigned column, lc_point *out, const char *name, struct lc_error *err)
{
    const char *why = lc_point_read(&b->takes, text, b->options & LC_OPTION_UTC, out);
    char shown[200];

    if (!why)
        return 0;
    return lc_fail_at(err, LC_ERR_INPUT, 0, d->line, "%s:%u: column %u (%s): '%s' %s %s", name,
                      d->line, column, column == 1 ? "from" : "to",
                      lc_printable(text.p, text.n, shown, sizeof shown), why,
                      b->takes.order == LC_ORDER_NUMBER ? "a bound: 36 digits at most, as many "
                                                          "behind the point as any bound has"
                                                        : lc_order_name(&b->takes));
}

/* A draft's bounds as points; an open end of addresses is where its family ends. */
static int read_points(const struct lc_builder *b, const struct draft *d, lc_point point[2],
                       const char *name, struct lc_error *err)
{
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
    struct draft *d = (struct draft *)(void *)b->drafts.p;

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

/* The spans of the drafts but the default, in their order; to be freed. rule: the draft. */
static struct lc_span *list_spans(const struct lc_builder *b, const struct draft *d, uint32_t *n)
{
    const lc_point *points = (const lc_point *)(const void *)b->points.p;
    struct lc_span *v = aligned_alloc(16, (b->rules + 1u) * sizeof *v);

    *n = 0;
    for (uint32_t i = 0; v && i < b->rules; i++)
        if (d[i].key_n != LC_NONE)
            v[(*n)++] = (struct lc_span){points[2 * d[i].to], points[2 * d[i].to + 1], i};
    return v;
}

/* Drop spans that are there twice, refuse those with other values. */
static int drop_twice(const struct lc_builder *b, const struct draft *d, struct lc_span *v,
                      uint32_t *n, const struct lc_spans_at *at, struct lc_error *err)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < *n; i++) {
        char text[200];

        if (kept == 0 || v[kept - 1].first != v[i].first || v[kept - 1].last != v[i].last) {
            v[kept++] = v[i];
            continue;
        }
        if (same_values(b, &d[v[kept - 1].rule], &d[v[i].rule]))
            continue;
        lc_span_text(b->kind, &b->takes, v[i].first, v[i].last, text, sizeof text);
        lc_fail_at(err, LC_ERR_INPUT, 0, d[v[i].rule].line,
                   "%s:%u: %s is already in line %u, with another value", at->name,
                   d[v[i].rule].line, text, d[v[kept - 1].rule].line);
        lc_hint(err, "keep one of the two lines");
        return LC_ERR_INPUT;
    }
    *n = kept;
    return 0;
}

/* Put the drafts into the order of the spans, the default last. */
static int put_in_order(struct lc_builder *b, struct draft *d, const struct lc_span *v, uint32_t n)
{
    struct draft *sorted = malloc((n + 1u) * sizeof *sorted);

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

static int check_spans(struct lc_builder *b, struct draft *d, const char *name,
                       struct lc_error *err)
{
    uint32_t n, *lines = malloc((b->rules + 1u) * sizeof *lines);
    struct lc_span *v = list_spans(b, d, &n);
    const struct lc_spans_at at = {name, b->kind, &b->takes, lines};
    int rc = v && lines ? 0 : LC_ERR_NOMEM;

    for (uint32_t i = 0; i < b->rules && !rc; i++)
        lines[i] = d[i].line;
    if (!rc) {
        lc_spans_sort(v, n);
        rc = drop_twice(b, d, v, &n, &at, err);
    }
    if (!rc && b->kind == LC_KIND_SPAN)
        rc = b->options & LC_OPTION_NARROWEST ? lc_spans_nest(v, n, &at, err)
                                              : lc_spans_apart(v, n, &at, err);
    rc = rc ? rc : put_in_order(b, d, v, n);
    free(v);
    free(lines);
    return rc == LC_ERR_NOMEM
               ? lc_fail(err, rc, "%s: not enough memory for %u rules", name, b->rules)
               : rc;
}

/* Sections while they are laid out: each its own buffer until all sizes are known. */
struct layout {
    struct lc_buf sec[LC_SECTIONS];
};

static int add_u32(struct lc_buf *b, uint32_t v)
{
    return lc_buf_add(b, &v, sizeof v);
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

static int put_values(const struct lc_builder *b, struct layout *l)
{
    struct lc_buf *off = &l->sec[LC_SEC_VALUE_OFF], *bytes = &l->sec[LC_SEC_VALUES];

    for (uint32_t a = 0; a < b->attributes; a++) {
        const struct interned *in = &b->values[a];
        struct lc_rules_attr attr = {.values = in->count,
                                     .first_off = (uint32_t)(off->n / 4),
                                     .first_number = LC_NONE,
                                     .not_number = LC_NONE};
        size_t numbers_before = l->sec[LC_SEC_NUMBERS].n;

        for (uint32_t id = 0; id < in->count; id++) {
            struct lc_slice v = intern_get(in, id);
            uint8_t head[LC_VARINT_MAX];
            size_t head_n = lc_varint_put(head, v.n);
            uint64_t number = 0;

            if (id && attr.not_number == LC_NONE && !as_number(v, &number))
                attr.not_number = id;
            if (add_u32(off, (uint32_t)bytes->n) || lc_buf_add(bytes, head, head_n) ||
                lc_buf_add(bytes, v.p, v.n) ||
                (attr.not_number == LC_NONE && lc_buf_add(&l->sec[LC_SEC_NUMBERS], &number, 8)))
                return LC_ERR_NOMEM;
        }
        if (attr.not_number == LC_NONE)
            attr.first_number = (uint32_t)(numbers_before / 8);
        else
            l->sec[LC_SEC_NUMBERS].n = numbers_before;
        if (add_u32(off, (uint32_t)bytes->n) ||
            lc_buf_add(&l->sec[LC_SEC_ATTRS], &attr, sizeof attr))
            return LC_ERR_NOMEM;
    }
    return lc_buf_add(bytes, (const uint8_t[COPY_SLACK]){0}, COPY_SLACK);
}

/* BOUNDS, and the segments of the drafts, which are in order. */
static int put_spans(const struct lc_builder *b, const struct draft *d, struct layout *l)
{
    const lc_point *points = (const lc_point *)(const void *)b->points.p;
    const struct lc_segments_out out = {&l->sec[LC_SEC_STARTS], &l->sec[LC_SEC_SEGMENT_RULES],
                                        &l->sec[LC_SEC_ROOT], &l->sec[LC_SEC_V4_LOWS],
                                        &l->sec[LC_SEC_V4_RULES]};
    uint32_t gap = b->default_line ? b->rules - 1 : b->rules, n;
    struct lc_span *v = list_spans(b, d, &n);
    int rc = v ? 0 : LC_ERR_NOMEM;

    for (unsigned end = 0; end < 2; end++)
        for (uint32_t i = 0; i < b->rules && !rc; i++)
            rc = lc_buf_add(&l->sec[LC_SEC_BOUNDS], &points[2 * d[i].to + end], sizeof *points);
    if (!rc)
        rc = lc_segments_build(v, n, gap, b->takes.order == LC_ORDER_ADDRESS, &out);
    free(v);
    return rc;
}

static bool has_segments(const struct lc_builder *b)
{
    return lc_kind_about((uint32_t)b->kind)->index == LC_INDEX_SEGMENTS;
}

static int put_rules(const struct lc_builder *b, const struct draft *d, struct layout *l)
{
    const uint32_t *ids = (const uint32_t *)(const void *)b->value_ids.p;
    struct lc_buf *keys = &l->sec[LC_SEC_KEYS];
    uint64_t sum = 0;

    for (uint32_t a = 0; a < b->attributes; a++) {
        if (add_u32(&l->sec[LC_SEC_NAMES], (uint32_t)b->names[a].n) ||
            lc_buf_add(&l->sec[LC_SEC_NAMES], b->names[a].p, b->names[a].n))
            return LC_ERR_NOMEM;
        for (uint32_t i = 0; i < b->rules; i++)
            if (add_u32(&l->sec[LC_SEC_VALUE_OF], ids[d[i].values + a]))
                return LC_ERR_NOMEM;
        if (add_u32(&l->sec[LC_SEC_VALUE_OF], 0))
            return LC_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < b->rules; i++)
        if (add_u32(&l->sec[LC_SEC_LINES], d[i].line))
            return LC_ERR_NOMEM;
    if (has_segments(b))
        return put_spans(b, d, l);
    if (!lc_kind_has_keys(b->kind)) {
        struct lc_buf *bounds = &l->sec[LC_SEC_BOUNDS];

        for (uint32_t i = 0; i < b->rules; i++) {
            sum += d[i].to;
            if (lc_buf_add(bounds, b->kind == LC_KIND_RANGE ? &d[i].order : &sum, 8))
                return LC_ERR_NOMEM;
        }
        for (uint32_t i = 0; i < b->rules; i++)
            if (lc_buf_add(bounds, &d[i].to, 8))
                return LC_ERR_NOMEM;
        return 0;
    }
    for (uint32_t i = 0; i < b->rules; i++) {
        uint32_t n = d[i].key_n == LC_NONE ? 0 : d[i].key_n;

        if (add_u32(&l->sec[LC_SEC_KEY_OFF], (uint32_t)keys->n) ||
            lc_buf_add(keys, b->keys.p + d[i].key_off, n))
            return LC_ERR_NOMEM;
    }
    if (add_u32(&l->sec[LC_SEC_KEY_OFF], (uint32_t)keys->n))
        return LC_ERR_NOMEM;
    return lc_buf_add(keys, (const uint8_t[COPY_SLACK]){0}, COPY_SLACK);
}

/* Are its rules found by a hash? Ranges are not, and of buckets the hash is a promise. */
static bool has_tables(const struct lc_builder *b)
{
    return lc_kind_has_keys(b->kind);
}

static bool has_trie(const struct lc_builder *b)
{
    return lc_kind_about(b->kind)->index == LC_INDEX_TRIE;
}

/* The twin of domain rule d[i], which is for what is below its name; LC_NONE: it has none. */
static uint32_t twin_of(const struct lc_builder *b, const struct draft *d, uint32_t i)
{
    uint32_t from = b->rules - b->twins, to = b->rules;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        struct draft as_twin = d[i];
        int c;

        as_twin.to = d[middle].to;
        as_twin.line = d[middle].line;
        c = compare_keys(&d[middle], &as_twin, b->keys.p);
        if (c == 0)
            return middle;
        if (c < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return LC_NONE;
}

static bool is_start_of(const struct lc_builder *b, const struct draft *x, const struct draft *y)
{
    return x->key_n <= y->key_n &&
           memcmp(b->keys.p + x->key_off, b->keys.p + y->key_off, x->key_n) == 0;
}

/*
 * BOUNDS of a domain set: which rules are for what is below their name, and what holds for the name
 * itself: the rule of that name, else the longest one that begins it in its form.
 */
static int put_below(const struct lc_builder *b, const struct draft *d, struct lc_buf *out)
{
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
            below.itself = twin_of(b, d, i);
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

/* Join the sections into one arena, with the header and its hashes. */
static int join(const struct lc_builder *b, uint32_t default_rule, struct layout *l, void **base,
                size_t *size)
{
    struct lc_rules_header h = {.magic = LC_RULES_MAGIC,
                                .layout = LC_RULES_LAYOUT,
                                .endian = 0x01020304,
                                .kind = (uint32_t)b->kind | b->options << LC_RULES_OPTIONS_SHIFT,
                                .attributes = b->attributes,
                                .rules = b->rules,
                                .default_rule = default_rule,
                                .max_key_bytes = b->max_key_bytes,
                                .takes = (uint32_t)b->takes.order | b->takes.scale << 8,
                                .seed = has_tables(b) ? b->seed : 0};
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

static int index_keys(const struct lc_builder *b, struct layout *l)
{
    struct lc_index_in in = {
        .keys = l->sec[LC_SEC_KEYS].p,
        .key_off = (const uint32_t *)(const void *)l->sec[LC_SEC_KEY_OFF].p,
        .rules = b->rules - b->twins - (b->default_line != 0),
        .miss = b->rules,
        .seed = lc_seed_from(b->seed),
    };
    struct lc_index_out out = {&l->sec[LC_SEC_TRIE], &l->sec[LC_SEC_STEPS], &l->sec[LC_SEC_TABLES],
                               &l->sec[LC_SEC_BUCKETS]};

    return has_trie(b) ? lc_index_prefix(&in, &out) : lc_index_exact(&in, &out);
}

static int check_weights(const struct lc_builder *b, const struct draft *d, const char *name,
                         struct lc_error *err)
{
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

static int sort_and_check(struct lc_builder *b, struct draft *d, const char *name,
                          struct lc_error *err)
{
    int rc;

    switch (b->kind) {
    case LC_KIND_RANGE:
        qsort_r(d, b->rules, sizeof *d, compare_from, NULL);
        return check_ranges(b, d, name, err);
    case LC_KIND_BUCKET:
        return check_weights(b, d, name, err);
    case LC_KIND_CIDR:
    case LC_KIND_SPAN:
        return check_spans(b, d, name, err);
    case LC_KIND_PREFIX:
    case LC_KIND_EXACT:
    case LC_KIND_SUFFIX:
    case LC_KIND_DOMAIN:
        qsort_r(d, b->rules, sizeof *d, compare_keys, b->keys.p);
        rc = check_keys(b, d, name, err);
        return rc || b->kind != LC_KIND_DOMAIN ? rc : part_twins(b, d);
    }
    return LC_ERR_USAGE;
}

int lc_builder_finish(struct lc_builder *b, struct lc_rules **out, const char *name,
                      struct lc_error *err)
{
    struct draft *d = (struct draft *)(void *)b->drafts.p;
    uint32_t default_rule = LC_NONE;
    struct layout l;
    void *base = NULL;
    size_t size = 0;
    int rc;

    for (int s = 0; s < LC_SECTIONS; s++)
        lc_buf_init(&l.sec[s], SIZE_MAX / 2);
    /* The arena's value and offset sections are addressed by 32 bits. */
    lc_buf_init(&l.sec[LC_SEC_VALUES], UINT32_MAX);
    if (b->rules == 0) {
        lc_fail(err, LC_ERR_INPUT, "%s: no rule in it", name);
        lc_hint(err, "behind the header each line is a rule: the key, then a value an attribute");
        return LC_ERR_INPUT;
    }
    rc = sort_and_check(b, d, name, err);
    if (rc)
        return rc;
    rc = put_values(b, &l);
    if (!rc)
        rc = put_rules(b, d, &l);
    if (has_segments(b) && b->default_line)
        default_rule = b->rules - 1;
    if (!rc && has_tables(b)) {
        rc = index_keys(b, &l);
        if (!rc && b->kind == LC_KIND_DOMAIN)
            rc = put_below(b, d, &l.sec[LC_SEC_BOUNDS]);
        if (has_trie(b) && d[0].key_n == 0)
            default_rule = 0;
        if (b->default_line)
            default_rule = b->rules - 1;
    }
    if (!rc)
        rc = join(b, default_rule, &l, &base, &size);
    for (int s = 0; s < LC_SECTIONS; s++)
        lc_buf_release(&l.sec[s]);
    if (rc == LC_ERR_NOMEM)
        return lc_fail(err, rc, "%s: not enough memory for %u rules", name, b->rules);
    if (rc)
        return rc;
    return lc_rules_take(out, base, size, true, name, err);
}
