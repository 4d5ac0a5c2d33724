/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule set, ready to match: one relocatable arena, read in place.
 *
 * The same bytes serve as the memory form and as the compiled file, so that a pool of processes
 * shares one mapping. All offsets count from the start of the arena; numbers are little-endian.
 *
 *   ┌────────────────────────────┐ 0
 *   │ struct lc_rules_header     │ magic, layout, kind, counts, hashes, section table
 *   ├────────────────────────────┤ each section begins at a multiple of 64
 *   │ NAMES      attribute names │ per attribute: u32 length, bytes
 *   │ KEYS       bytes of keys   │ rule i: KEYS[KEY_OFF[i] .. KEY_OFF[i + 1])
 *   │ KEY_OFF    u32[rules + 1]  │
 *   │ LINES      u32[rules]      │ line of the CSV that the rule came from
 *   │ VALUE_OF   u32[attrs][rules + 1] │ value id of each rule; the last is the miss
 *   │ ATTRS      lc_rules_attr[attrs]  │ where each attribute's values are
 *   │ VALUE_OFF  u32[]           │ value v: VALUES[off[v] .. off[v + 1]), as varint length + bytes
 *   │ VALUES     bytes           │ 64 zero bytes at the end, so that a short copy may run over
 *   │ NUMBERS    u64[]           │ the same values as numbers, where all of an attribute's are
 *   ├────────────────────────────┤ by kind:
 *   │ TRIE       u32[]           │ prefix, suffix, domain: by first byte (256), by first two (65,536), then nodes:
 *   │                            │ see "Trie" below
 *   │ STEPS      lc_rules_step[] │ the same: the order in which a node's lengths are searched
 *   │ TABLES     lc_rules_table[]│ the same: one hash table a length; exact: one
 *   │ BUCKETS    lc_rules_bucket[] │ four entries a cache line
 *   │ BOUNDS     u64[2][rules]   │ range: lower bounds, then upper; bucket: sums of weights
 *   │                            │ cidr, span: points, u128[2][rules]; ROOT, STARTS … of segments.h
 *   │                            │ and ipv4.h in the sections of other kinds
 *   │            u64[], then     │ domain: a bit a rule, set where it takes only what is below its
 *   │            lc_rules_below[]│ name; then those rules, ascending. Nothing where there are none
 *   └────────────────────────────┘
 *
 * KEYS has keys in the form in which they are compared (form.h): of suffix and domain rules backwards.
 *
 * Rules are numbered from 0 in the order of their keys' form, lower bounds (range), or lines (bucket). Last, and
 * not in the index, are an exact set's default, and domain rules whose name has a rule for what is below it, too. The number `rules` itself is the miss. Value id 0 of each attribute is the miss
 * too, kept apart from an explicit empty value.
 */
#ifndef LC_UDF_RULES_RULESET_H
#define LC_UDF_RULES_RULESET_H
#include "base/buf.h"
#include "base/error.h"
#include "udf/rules/form.h"
#include "udf/rules/kind.h"
#include "udf/rules/point.h"
#include "udf/rules/seed.h"

#include <stdbool.h>
#include <sys/stat.h>

#define LC_RULES_MAGIC     "LCRULES\n"
#define LC_MAX_KEY_BYTES   4096u
#define LC_MAX_VALUE_BYTES 65535u
#define LC_MAX_RULES       10000000u
#define LC_MAX_ATTRIBUTES  64u
#define LC_RULES_LAYOUT    3u /* as it is written */
#define LC_RULES_LOWS      2u /* is still read: addresses of IPv4 have other tables, see ipv4.h */
#define LC_RULES_UNSEEDED  1u /* as 2, but the header ends before its seed, which is 0 */
#define LC_ROOT_BLOCKS     65536u /* of IPv6: segments.h */
#define LC_V4_BITS_MIN     16u
#define LC_V4_BITS_MAX     22u
#define LC_CELL_ALIGN      16u /* where cells of IPv4 may begin */
#define LC_CELLS_SLACK     80u /* readable from there on, so that the last lies before it */
#define LC_NONE            UINT32_MAX

#define LC_RULES_OPTIONS_SHIFT 8 /* in the header's kind */

enum lc_section {
    LC_SEC_NAMES,
    LC_SEC_KEYS,
    LC_SEC_KEY_OFF,
    LC_SEC_LINES,
    LC_SEC_VALUE_OF,
    LC_SEC_ATTRS,
    LC_SEC_VALUE_OFF,
    LC_SEC_VALUES,
    LC_SEC_NUMBERS,
    LC_SEC_TRIE,
    LC_SEC_STEPS,
    LC_SEC_TABLES,
    LC_SEC_BUCKETS,
    LC_SEC_BOUNDS,
    LC_SECTIONS,
    /* What is searched by segments has these in the place of others: segments.h. */
    LC_SEC_ROOT = LC_SEC_TRIE,
    LC_SEC_SEGMENT_RULES = LC_SEC_STEPS,
    LC_SEC_STARTS = LC_SEC_BUCKETS,
    /* And of IPv4, ipv4.h: */
    LC_SEC_V4_BLOCKS = LC_SEC_TABLES,
    LC_SEC_V4_TABLES = LC_SEC_KEY_OFF,
    LC_SEC_V4_CELLS = LC_SEC_KEYS,
    /* in layouts 1 and 2, which have the blocks of IPv4 at the start of ROOT: */
    LC_SEC_V4_LOWS = LC_SEC_TABLES,
    LC_SEC_V4_RULES = LC_SEC_KEYS
};

struct lc_rules_section {
    uint64_t off, bytes;
};

struct lc_rules_header {
    char magic[8];   /* LC_RULES_MAGIC */
    uint32_t layout; /* LC_RULES_LAYOUT, LC_RULES_LOWS or LC_RULES_UNSEEDED */
    uint32_t endian; /* 0x01020304 as written */
    uint32_t
        kind; /* enum lc_kind; options from bit 8 on, so that a program without them refuses it */
    uint32_t attributes;
    uint32_t rules;
    uint32_t default_rule;  /* the rule that takes what no other does, or LC_NONE */
    uint32_t max_key_bytes; /* of all rules */
    uint32_t takes;         /* cidr, span: enum lc_order, and the scale from bit 8 on; else 0 */
    uint64_t size;          /* of the whole arena */
    uint64_t content[2];    /* XXH3-128 (low, high) of all that follows this header */
    uint64_t header_hash;   /* XXH3-64 of this header, this field taken as 0 */
    struct lc_rules_section section[LC_SECTIONS];
    uint64_t
        seed; /* of the hash tables: chosen at random when they are made; 0 where there are none */
};

struct lc_rules_attr {
    uint32_t values;    /* distinct values, the miss (id 0) among them */
    uint32_t first_off; /* index into VALUE_OFF of this attribute's first of values + 1 offsets */
    uint32_t first_number; /* index into NUMBERS, or LC_NONE where not all are decimal numbers */
    uint32_t not_number;   /* value id of the first that is not one, or LC_NONE */
};

/*
 * Trie. An entry is the number of the rule that holds; or, with the top bit set, the offset in TRIE
 * of a node, since some rule is longer:
 *
 *   table node    best │ low + (n << 16) │ n entries, for the next byte being low … low + n - 1
 *   search node   best │ 0               │ first step (index into STEPS)
 *
 * best is the rule that holds where the node leads no further.
 */
#define LC_TRIE_NODE 0x80000000u
#define LC_TRIE_ROOT (256u + 65536u) /* entries before the first node */
#define LC_TRIE_HEAD 2u              /* words of a node before its entries or step */

/* A binary search over lengths, unrolled: look in a table, go on by hit or miss. */
struct lc_rules_step {
    uint32_t table;   /* index into TABLES */
    uint32_t on_hit;  /* index into STEPS: among longer ones; LC_NONE: the search is over */
    uint32_t on_miss; /* among shorter ones */
};

struct lc_rules_table {
    uint64_t first; /* index into BUCKETS */
    uint32_t buckets;
    uint32_t key_bytes; /* length of all keys in it; exact: 0 */
};

/*
 * Four entries of a hash table. A word is the key itself, zero-padded, where keys are of 8 bytes or
 * fewer; else a hash of it, to be confirmed against the key's bytes in KEYS.
 */
struct lc_rules_bucket {
    uint64_t word[4];
    uint32_t
        best[4]; /* the longest rule that is a prefix of this key; top bit of best[3]: see below */
    uint32_t at[4]; /* where the key's bytes are in KEYS; LC_NONE: no entry */
};

/* In best[3]: the bucket was full when it was wanted again, and the search goes on in the next. */
#define LC_BUCKET_OVERFLOW 0x80000000u

/* A domain rule for what is below its name: what holds for the name itself. */
struct lc_rules_below {
    uint32_t rule, itself;
};

/*
 * A prefix or suffix set of a few short rules, which are compared one by one: rule i by the bits of masks. n is 0 where there
 * are more or longer rules, or where two bytes decide.
 */
enum { LC_FEW = 6, LC_FEW_BYTES = 16 };

struct lc_few {
    uint32_t n;
    uint64_t low[LC_FEW], high[LC_FEW], mask_low[LC_FEW], mask_high[LC_FEW];
    size_t bytes[LC_FEW];
};

/*
 * An open rule set. Matching reads it only, so any number of threads may share it; lc_rules_look is
 * for one of them.
 */
struct lc_rules {
    const struct lc_rules_header *head;
    const uint8_t *base;
    size_t size;
    bool mapped; /* mmap'ed from a file rather than malloc'ed */
    struct lc_seed seed;
    struct lc_few few;
    enum lc_kind kind;
    unsigned options; /* mask of enum lc_kind_option */
    enum lc_form form;
    size_t form_bytes; /* no more of a key's form counts */
    uint32_t rules, attributes, default_rule;
    const uint8_t *keys;
    const uint32_t *key_off, *lines, *value_of, *value_off, *trie;
    const uint8_t *values;
    const uint64_t *numbers, *bounds;
    const struct lc_rules_attr *attrs;
    const struct lc_rules_step *steps;
    const struct lc_rules_table *tables;
    const struct lc_rules_bucket *buckets;
    const uint64_t *below_bits; /* domain; NULL: no rule is only for what is below its name */
    const struct lc_rules_below *below;
    uint32_t below_count;
    struct lc_takes takes;                 /* what keys are */
    const lc_point *points;                /* cidr, span: first points, then last ones */
    const lc_point *starts;                /* of the segments: see segments.h */
    const uint32_t *segment_rules;         /* … */
    const uint32_t *root;                  /* of IPv6; NULL: no addresses */
    const uint32_t *v4_blocks, *v4_tables; /* see ipv4.h */
    const uint8_t *v4_cells;               /* NULL: layout 1 or 2 */
    const uint32_t *v4_root, *v4_rules;    /* of these alone */
    const uint16_t *v4_lows;
    uint32_t segments, v4_segments, v4_table_count;
    uint32_t v4_last_cell; /* where a cell may begin at the most: a byte of v4_cells */
    unsigned v4_shift;     /* from an address to its block */
    uint32_t trie_count, table_count, step_count;
    uint64_t bucket_count, keys_bytes, values_bytes, value_off_count, number_count;
    struct lc_slice names[LC_MAX_ATTRIBUTES];
    int fd;              /* of the mapped file; else -1 */
    struct stat seen;    /* that file as it was opened: see lc_rules_look */
    uint64_t content[2]; /* and its content's hash */
};

/*
 * Take an arena of `size` bytes at `base`, 64-byte aligned, checking header and bounds. With `own`
 * the rule set frees it (free), also on failure. `name` is for messages.
 */
int lc_rules_take(struct lc_rules **out, void *base, size_t size, bool own, const char *name,
                  struct lc_error *err);

/* Unmap or free. NULL is fine. */
void lc_rules_free(struct lc_rules *r);

/* The bytes of the header, by its layout: the content follows. */
size_t lc_rules_header_bytes(const struct lc_rules_header *h);

/* What header_hash must be. */
uint64_t lc_rules_header_hash(const struct lc_rules_header *h);

/* Compare the content with its hash: 0, or LC_ERR_INPUT. Reads the whole arena. */
int lc_rules_check_content(const struct lc_rules *r, const char *name, struct lc_error *err);

/* Index of the attribute of that name, or -1. */
int lc_rules_attribute(const struct lc_rules *r, const char *name);

/* Bytes of a rule's key in its form (form.h); empty for kinds without keys, or where the arena is corrupt. */
struct lc_slice lc_rules_key(const struct lc_rules *r, uint32_t rule);

/* Room for a key as it is written. */
struct lc_key_text {
    uint8_t p[LC_MAX_KEY_BYTES + 2];
};

/*
 * A rule's key as the rules file has it, except for the case where it does not count; in `text` or in the arena.
 * Empty as lc_rules_key's.
 */
struct lc_slice lc_rules_key_text(const struct lc_rules *r, uint32_t rule,
                                  struct lc_key_text *text);

/* Is it a domain rule for what is below its name only? */
bool lc_rules_is_below(const struct lc_rules *r, uint32_t rule);

/*
 * The points of a rule of ranges or networks, inclusive; of a range of unsigned numbers those of
 * LC_ORDER_NUMBER. False: it has none, as the default.
 */
bool lc_rules_span(const struct lc_rules *r, uint32_t rule, lc_point *first, lc_point *last);

/* What the keys of its points are: r->takes, but LC_ORDER_NUMBER for LC_ORDER_UINT. */
struct lc_takes lc_rules_line(const struct lc_rules *r);

/* The value id of a rule (or the miss) for an attribute; LC_NONE where the arena is corrupt. */
uint32_t lc_rules_value_id(const struct lc_rules *r, uint32_t attribute, uint32_t rule);

/* Text of a value; empty for id 0 (the miss) and where the arena is corrupt. */
struct lc_slice lc_rules_value(const struct lc_rules *r, uint32_t attribute, uint32_t value_id);

#endif
