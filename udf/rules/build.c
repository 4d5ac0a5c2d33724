#include "udf/rules/build.h"

#include "base/varint.h"
#include "udf/rules/hash.h"
#include "udf/rules/index.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_ALIGN 64u
#define COPY_SLACK    64u /* zero bytes behind VALUES and KEYS: a short copy or load may run over */

/* A rule while it is built: 48 bytes, sorted as a whole. */
struct draft {
    uint64_t order; /* first 8 key bytes, big-endian: most comparisons end here; range: from */
    uint64_t to;    /* range: upper bound; bucket: weight; domain: 1 below the name only */
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
    b->form = lc_form_of(kind, 0);
    lc_buf_init(&b->keys, UINT32_MAX - COPY_SLACK);
    lc_buf_init(&b->drafts, (size_t)LC_MAX_RULES * sizeof(struct draft));
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

int lc_builder_add(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_error *err)
{
    struct draft d = {.line = rule->line, .values = (uint32_t)(b->value_ids.n / 4)};

    if (b->rules == LC_MAX_RULES)
        return lc_fail_at(err, LC_ERR_INPUT, 0, rule->line, "more than %u rules", LC_MAX_RULES);
    if (!lc_kind_has_keys(b->kind)) {
        d.order = b->kind == LC_KIND_RANGE ? rule->from : b->rules;
        d.to = b->kind == LC_KIND_RANGE ? rule->to : rule->from;
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
    for (uint32_t i = 1; i < b->rules; i++) {
        if (d[i].order > d[i - 1].to)
            continue;
        lc_fail_at(err, LC_ERR_INPUT, 0, d[i].line,
                   "%s:%u: the range %llu to %llu overlaps line %u (%llu to %llu)", name, d[i].line,
                   (unsigned long long)d[i].order, (unsigned long long)d[i].to, d[i - 1].line,
                   (unsigned long long)d[i - 1].order, (unsigned long long)d[i - 1].to);
        lc_hint(err, "bounds are inclusive: end one range before the next begins");
        return LC_ERR_INPUT;
    }
    return 0;
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
