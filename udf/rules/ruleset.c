/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening an arena that somebody else may have written. Once, at the start: the header by its hash, each
 * section by its place and size, each count by the size of its section. At each use: the offsets within a
 * section, which would take a pass over the file to check in advance. So a damaged file gives an error or an
 * empty slice, never a read outside of the arena.
 */
#include "udf/rules/ruleset.h"

#include "base/varint.h"
#include "udf/rules/hash.h"
#include "udf/rules/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char magic[8] = LC_RULES_MAGIC;

int lc_rules_attribute(const struct lc_rules *r, const char *name)
{
    for (uint32_t a = 0; a < r->attributes; a++)
        if (r->names[a].n == strlen(name) && memcmp(r->names[a].p, name, r->names[a].n) == 0)
            return (int)a;
    return -1;
}

struct lc_slice lc_rules_key(const struct lc_rules *r, uint32_t rule)
{
    uint32_t from, to;

    if (!r->key_off || rule >= r->rules)
        return (struct lc_slice){r->base, 0};
    from = r->key_off[rule];
    to = r->key_off[rule + 1];
    /* Offsets are not looked at when the arena is opened, but here at each use. */
    if (from > to || to > r->keys_bytes)
        return (struct lc_slice){r->base, 0};
    return (struct lc_slice){r->keys + from, to - from};
}

bool lc_rules_is_below(const struct lc_rules *r, uint32_t rule)
{
    return r->below_bits && rule < r->rules && r->below_bits[rule / 64] >> rule % 64 & 1;
}

struct lc_slice lc_rules_key_text(const struct lc_rules *r, uint32_t rule, struct lc_key_text *text)
{
    struct lc_slice key = lc_rules_key(r, rule);

    if (key.n > LC_MAX_KEY_BYTES)
        return (struct lc_slice){r->base, 0};
    return lc_form_written(r->form, key, lc_rules_is_below(r, rule), text->p);
}

struct lc_takes lc_rules_line(const struct lc_rules *r)
{
    return r->takes.order == LC_ORDER_UINT ? (struct lc_takes){LC_ORDER_NUMBER, 0} : r->takes;
}

bool lc_rules_span(const struct lc_rules *r, uint32_t rule, lc_point *first, lc_point *last)
{
    struct lc_takes line = lc_rules_line(r);

    if (rule >= r->rules || rule == r->default_rule || line.order == LC_ORDER_TEXT)
        return false;
    /*
     * Ranges of unsigned whole numbers have no points in the arena: they are made of the
     * bounds.
     */
    if (r->points) {
        *first = r->points[rule];
        *last = r->points[r->rules + rule];
    } else {
        *first = lc_point_of_number(&line, r->bounds[rule], 0);
        *last = lc_point_of_number(&line, r->bounds[r->rules + rule], 0);
    }
    return true;
}

uint32_t lc_rules_value_id(const struct lc_rules *r, uint32_t attribute, uint32_t rule)
{
    uint32_t id;

    if (attribute >= r->attributes || rule > r->rules)
        return LC_NONE;
    /* rules + 1 entries an attribute: the rule number `rules` is the miss. */
    id = r->value_of[(uint64_t)attribute * (r->rules + 1u) + rule];
    return id < r->attrs[attribute].values ? id : LC_NONE;
}

struct lc_slice lc_rules_value(const struct lc_rules *r, uint32_t attribute, uint32_t value_id)
{
    const struct lc_rules_attr *a = &r->attrs[attribute];
    uint32_t from, to;
    uint64_t n;
    int head;

    if (value_id >= a->values)
        return (struct lc_slice){r->base, 0};
    from = r->value_off[a->first_off + value_id];
    to = r->value_off[a->first_off + value_id + 1];
    if (from > to || to > r->values_bytes)
        return (struct lc_slice){r->base, 0};
    /*
     * A value's length is there twice, as the distance of two offsets and as the varint that
     * formats send. Where they differ the arena is damaged.
     */
    head = lc_varint_get(r->values + from, to - from, &n);
    if (head <= 0 || n != to - from - (uint32_t)head)
        return (struct lc_slice){r->base, 0};
    return (struct lc_slice){r->values + from + head, n};
}

/* `byte` is where in the file what is wrong was found. Returns LC_ERR_INPUT. */
static int refuse(struct lc_error *err, const char *name, uint64_t byte, const char *what)
{
    lc_fail_at(err, LC_ERR_INPUT, byte, 0, "%s: %s (byte %llu)", name, what,
               (unsigned long long)byte);
    lc_hint(err, "compile it again: livecol rules compile RULES.csv -o FILE");
    return LC_ERR_INPUT;
}

size_t lc_rules_header_bytes(const struct lc_rules_header *h)
{
    return h->layout == LC_RULES_UNSEEDED ? offsetof(struct lc_rules_header, seed) : sizeof *h;
}

uint64_t lc_rules_header_hash(const struct lc_rules_header *h)
{
    struct lc_rules_header copy = *h;

    copy.header_hash = 0;
    return lc_hash64(&copy, lc_rules_header_bytes(h));
}

/* The parts of the header's kind. */
static uint32_t kind_of(const struct lc_rules_header *h)
{
    return h->kind & 0xff;
}

static unsigned options_of(const struct lc_rules_header *h)
{
    return h->kind >> LC_RULES_OPTIONS_SHIFT;
}

/*
 * Each step relies on those before: the magic says that it is a header, the byte order how to
 * read the layout, the layout how long the header is, and so what its hash is of. No count and
 * no offset is used before the hash fits; and then within bounds only, since anybody can make a
 * hash fit.
 */
static int check_header(const struct lc_rules_header *h, size_t size, const char *name,
                        struct lc_error *err)
{
    if (size < sizeof *h)
        return refuse(err, name, size, "a compiled rule set that ends inside its header");
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return refuse(err, name, 0, "not a compiled rule set");
    if (h->endian != 0x01020304)
        return refuse(err, name, offsetof(struct lc_rules_header, endian),
                      "compiled on a machine with another byte order");
    if (h->layout < LC_RULES_UNSEEDED || h->layout > LC_RULES_LAYOUT) {
        lc_fail_at(err, LC_ERR_INPUT, offsetof(struct lc_rules_header, layout), 0,
                   "%s: layout %u, this program reads layouts %u to %u", name, h->layout,
                   LC_RULES_UNSEEDED, LC_RULES_LAYOUT);
        lc_hint(err, h->layout > LC_RULES_LAYOUT
                         ? "it was compiled by a newer livecol: upgrade livecol-udf, or compile it "
                           "again with this version"
                         : "it was compiled by an older livecol: compile it again");
        return LC_ERR_INPUT;
    }
    if (lc_rules_header_hash(h) != h->header_hash)
        return refuse(err, name, offsetof(struct lc_rules_header, header_hash),
                      "the header is damaged: its hash does not match");
    if (h->size != size) {
        lc_fail_at(err, LC_ERR_INPUT, size, 0, "%s: %zu bytes, its header says %llu", name, size,
                   (unsigned long long)h->size);
        lc_hint(err, "the file was cut or added to: copy it again, or compile it again");
        return LC_ERR_INPUT;
    }
    if (!lc_kind_about(kind_of(h)) || (options_of(h) & ~lc_kind_about(kind_of(h))->options) ||
        h->attributes < 1 || h->attributes > LC_MAX_ATTRIBUTES || h->rules < 1 ||
        h->rules > LC_MAX_RULES || (h->default_rule != LC_NONE && h->default_rule >= h->rules))
        return refuse(err, name, offsetof(struct lc_rules_header, kind),
                      "the header's counts are out of bounds");
    for (int s = 0; s < LC_SECTIONS; s++)
        if (h->section[s].off > size || h->section[s].bytes > size - h->section[s].off ||
            h->section[s].off % 64)
            return refuse(err, name,
                          offsetof(struct lc_rules_header, section) +
                              (uint64_t)s * sizeof h->section[0],
                          "a section lies outside the file");
    return 0;
}

/* A section must have room for this many bytes. */
static bool has(const struct lc_rules *r, enum lc_section s, uint64_t bytes)
{
    return r->head->section[s].bytes >= bytes;
}

static const void *section(const struct lc_rules *r, enum lc_section s)
{
    return r->base + r->head->section[s].off;
}

/* The attributes' names, which stay in the arena. False: they do not fit the section. */
static bool take_names(struct lc_rules *r)
{
    const uint8_t *p = section(r, LC_SEC_NAMES);
    uint64_t left = r->head->section[LC_SEC_NAMES].bytes;

    for (uint32_t a = 0; a < r->attributes; a++) {
        uint32_t n;

        if (left < 4)
            return false;
        memcpy(&n, p, 4);
        if (n > left - 4)
            return false;
        r->names[a] = (struct lc_slice){p + 4, n};
        p += 4 + n;
        left -= 4 + n;
    }
    return true;
}

static bool take_values(struct lc_rules *r)
{
    if (!has(r, LC_SEC_VALUE_OF, (uint64_t)r->attributes * (r->rules + 1u) * 4) ||
        !has(r, LC_SEC_ATTRS, r->attributes * sizeof *r->attrs) || !has(r, LC_SEC_VALUES, 64))
        return false;
    r->value_of = section(r, LC_SEC_VALUE_OF);
    r->attrs = section(r, LC_SEC_ATTRS);
    r->value_off = section(r, LC_SEC_VALUE_OFF);
    r->values = section(r, LC_SEC_VALUES);
    r->numbers = section(r, LC_SEC_NUMBERS);
    /* The slack at the end is there to be read, but no value is in it. */
    r->values_bytes = r->head->section[LC_SEC_VALUES].bytes - 64;
    r->value_off_count = r->head->section[LC_SEC_VALUE_OFF].bytes / 4;
    r->number_count = r->head->section[LC_SEC_NUMBERS].bytes / 8;
    for (uint32_t a = 0; a < r->attributes; a++) {
        const struct lc_rules_attr *t = &r->attrs[a];

        /* values + 1 offsets: where the last value ends, too. */
        if (t->values < 1 || (uint64_t)t->first_off + t->values + 1 > r->value_off_count)
            return false;
        if (t->first_number != LC_NONE && (uint64_t)t->first_number + t->values > r->number_count)
            return false;
    }
    return true;
}

/*
 * The rules for what is below a name: a bit a rule, then the list. Its length is what is left
 * of the section. No section is fine: there are no such rules.
 */
static bool take_below(struct lc_rules *r)
{
    uint64_t bytes = r->head->section[LC_SEC_BOUNDS].bytes;
    uint64_t bits = ((uint64_t)r->rules + 63) / 64 * sizeof *r->below_bits;

    if (r->kind != LC_KIND_DOMAIN || bytes == 0)
        return true;
    if (bytes < bits || (bytes - bits) / sizeof *r->below > r->rules)
        return false;
    r->below_bits = section(r, LC_SEC_BOUNDS);
    r->below = (const struct lc_rules_below *)(const void *)((const uint8_t *)r->below_bits + bits);
    r->below_count = (uint32_t)((bytes - bits) / sizeof *r->below);
    return true;
}

/* How many bits choose one of so many blocks of IPv4: of 2^bits, within the bounds; 0: it is no such number. */
static unsigned block_bits(uint64_t blocks)
{
    for (unsigned bits = LC_V4_BITS_MIN; bits <= LC_V4_BITS_MAX; bits++)
        if (blocks == UINT64_C(1) << bits)
            return bits;
    return 0;
}

/*
 * Layouts 1 and 2: ROOT has no count of its blocks of IPv4. Its size tells, since those of IPv6, and one entry behind each,
 * are fixed. Each block has one segment at least.
 */
static bool take_lows(struct lc_rules *r)
{
    uint64_t words = r->head->section[LC_SEC_ROOT].bytes / 4, others = LC_ROOT_BLOCKS + 2;
    unsigned bits = words > others ? block_bits(words - others) : 0;

    if (!bits)
        return false;
    r->v4_shift = 32 - bits;
    r->v4_root = section(r, LC_SEC_ROOT);
    r->root = r->v4_root + (1u << bits) + 1;
    r->v4_lows = section(r, LC_SEC_V4_LOWS);
    r->v4_rules = section(r, LC_SEC_V4_RULES);
    r->v4_segments = (uint32_t)(r->head->section[LC_SEC_V4_RULES].bytes / 4);
    return r->v4_segments >= 1u << bits && has(r, LC_SEC_V4_LOWS, (uint64_t)r->v4_segments * 2);
}

/* ROOT is of IPv6 alone; the tables of IPv4 have their own sections. The sizes are checked by take_segments. */
static bool take_cells(struct lc_rules *r)
{
    const struct lc_rules_section *sections = r->head->section;
    unsigned bits = block_bits(sections[LC_SEC_V4_BLOCKS].bytes / 4);

    if (!bits || !has(r, LC_SEC_ROOT, (LC_ROOT_BLOCKS + 1) * 4) ||
        !has(r, LC_SEC_V4_CELLS, LC_CELLS_SLACK))
        return false;
    r->v4_shift = 32 - bits;
    r->root = section(r, LC_SEC_ROOT);
    r->v4_blocks = section(r, LC_SEC_V4_BLOCKS);
    r->v4_tables = section(r, LC_SEC_V4_TABLES);
    r->v4_table_count = (uint32_t)(sections[LC_SEC_V4_TABLES].bytes / 4);
    r->v4_cells = section(r, LC_SEC_V4_CELLS);
    r->v4_last_cell = (uint32_t)(sections[LC_SEC_V4_CELLS].bytes - LC_CELLS_SLACK);
    return true;
}

/* What is searched by points (segments.h). The tables are there for addresses alone. */
static bool take_segments(struct lc_rules *r)
{
    const struct lc_rules_section *sections = r->head->section;
    uint32_t order = r->head->takes & 0xff, scale = r->head->takes >> 8;

    if (order < LC_ORDER_NUMBER || order >= LC_ORDERS || scale > LC_POINT_DIGITS_MAX ||
        (r->kind == LC_KIND_CIDR && order != LC_ORDER_ADDRESS) ||
        !has(r, LC_SEC_BOUNDS, (uint64_t)r->rules * 32) ||
        sections[LC_SEC_SEGMENT_RULES].bytes / 4 > UINT32_MAX ||
        sections[LC_SEC_V4_TABLES].bytes / 4 > UINT32_MAX ||
        sections[LC_SEC_V4_CELLS].bytes > UINT32_MAX)
        return false;
    r->takes = (struct lc_takes){(enum lc_order)order, scale};
    r->points = section(r, LC_SEC_BOUNDS);
    r->starts = section(r, LC_SEC_STARTS);
    r->segment_rules = section(r, LC_SEC_SEGMENT_RULES);
    r->segments = (uint32_t)(sections[LC_SEC_SEGMENT_RULES].bytes / 4);
    if (!has(r, LC_SEC_STARTS, (uint64_t)r->segments * sizeof *r->starts))
        return false;
    if (order == LC_ORDER_ADDRESS &&
        !(r->head->layout <= LC_RULES_LOWS ? take_lows(r) : take_cells(r)))
        return false;
    /* A search wants a segment that begins at the point or before: the first begins at 0. */
    return r->segments && r->starts[0] == 0;
}

/* What keys are searched by, by the kind's entry in kind.c. False: a section does not fit. */
static bool take_index(struct lc_rules *r)
{
    bool prefix = lc_kind_about(r->kind)->index == LC_INDEX_TRIE;

    if (lc_kind_about(r->kind)->index == LC_INDEX_SEGMENTS)
        return take_segments(r);
    if (!lc_kind_has_keys(r->kind)) {
        r->takes.order = r->kind == LC_KIND_RANGE ? LC_ORDER_UINT : LC_ORDER_TEXT;
        r->bounds = section(r, LC_SEC_BOUNDS);
        /* Two numbers a rule. */
        return has(r, LC_SEC_BOUNDS, (uint64_t)r->rules * 16);
    }
    if (!has(r, LC_SEC_KEYS, 64) || !has(r, LC_SEC_KEY_OFF, ((uint64_t)r->rules + 1) * 4) ||
        !has(r, LC_SEC_TRIE, prefix ? LC_TRIE_ROOT * 4 : 0))
        return false;
    if (!take_below(r))
        return false;
    r->keys = section(r, LC_SEC_KEYS);
    r->keys_bytes = r->head->section[LC_SEC_KEYS].bytes - 64;
    r->key_off = section(r, LC_SEC_KEY_OFF);
    r->trie = section(r, LC_SEC_TRIE);
    r->steps = section(r, LC_SEC_STEPS);
    r->tables = section(r, LC_SEC_TABLES);
    r->buckets = section(r, LC_SEC_BUCKETS);
    r->trie_count = (uint32_t)(r->head->section[LC_SEC_TRIE].bytes / 4);
    r->step_count = (uint32_t)(r->head->section[LC_SEC_STEPS].bytes / sizeof *r->steps);
    r->table_count = (uint32_t)(r->head->section[LC_SEC_TABLES].bytes / sizeof *r->tables);
    r->bucket_count = r->head->section[LC_SEC_BUCKETS].bytes / sizeof *r->buckets;
    if (!prefix && r->table_count != 1)
        return false;
    /* Tables lie within BUCKETS and are not empty: so the matcher need not ask at each probe. */
    for (uint32_t t = 0; t < r->table_count; t++)
        if (r->tables[t].buckets == 0 || r->tables[t].first > r->bucket_count ||
            r->tables[t].buckets > r->bucket_count - r->tables[t].first ||
            r->tables[t].key_bytes > LC_MAX_KEY_BYTES)
            return false;
    return true;
}

/* Of a set of which the index was taken. A corrupt arena has no few rules, and is found by the search. */
static void take_few(struct lc_rules *r)
{
    bool by_bytes = r->kind == LC_KIND_PREFIX || r->kind == LC_KIND_SUFFIX;

    if (!by_bytes || r->rules > LC_FEW || r->trie_count == LC_TRIE_ROOT)
        return;
    for (uint32_t i = 0; i < r->rules; i++) {
        struct lc_slice key = lc_rules_key(r, i);
        uint64_t half[2] = {0};

        if (key.n > LC_FEW_BYTES || (key.n == 0 && r->default_rule != i))
            return;
        memcpy(half, key.p, key.n);
        r->few.low[i] = half[0];
        r->few.high[i] = half[1];
        r->few.mask_low[i] = lc_mask_low[key.n];
        r->few.mask_high[i] = lc_mask_high[key.n];
        r->few.bytes[i] = key.n;
    }
    r->few.n = r->rules;
}

int lc_rules_take(struct lc_rules **out, void *base, size_t size, bool own, const char *name,
                  struct lc_error *err)
{
    struct lc_rules *r = calloc(1, sizeof *r);
    int rc = r ? check_header(base, size, name, err)
               : lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);

    if (!rc) {
        r->fd = -1;
        r->head = base;
        r->base = base;
        r->size = size;
        r->kind = (enum lc_kind)kind_of(r->head);
        r->options = options_of(r->head);
        r->form = lc_form_of(r->kind, r->options);
        /* One byte more than the longest rule tells that a key is longer than it. */
        r->form_bytes = (r->head->max_key_bytes < LC_MAX_KEY_BYTES ? r->head->max_key_bytes
                                                                   : LC_MAX_KEY_BYTES) +
                        1;
        r->rules = r->head->rules;
        r->attributes = r->head->attributes;
        r->default_rule = r->head->default_rule;
        r->seed = lc_seed_from(r->head->layout == LC_RULES_UNSEEDED ? 0 : r->head->seed);
        if (!has(r, LC_SEC_LINES, (uint64_t)r->rules * 4) || !take_names(r) || !take_values(r) ||
            !take_index(r))
            rc = refuse(err, name, sizeof *r->head, "the sections do not fit the header's counts");
        else
            r->lines = section(r, LC_SEC_LINES);
    }
    if (!rc)
        take_few(r);
    if (rc) {
        if (own)
            free(base);
        free(r);
        return rc;
    }
    *out = r;
    return 0;
}

void lc_rules_free(struct lc_rules *r)
{
    if (!r)
        return;
    if (r->mapped)
        munmap((void *)(uintptr_t)r->base, r->size);
    else
        free((void *)(uintptr_t)r->base);
    if (r->fd >= 0)
        close(r->fd);
    free(r);
}

int lc_rules_check_content(const struct lc_rules *r, const char *name, struct lc_error *err)
{
    size_t head = lc_rules_header_bytes(r->head);
    struct lc_hash128 h = lc_hash128(r->base + head, r->size - head);

    if (h.low == r->head->content[0] && h.high == r->head->content[1])
        return 0;
    return refuse(err, name, head, "the content is damaged: its hash does not match");
}
