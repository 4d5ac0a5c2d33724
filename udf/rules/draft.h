/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a builder holds while rules come in. Only the files that build a set include this:
 *
 *   build.c       takes rules in as drafts
 *   check.c       sorts the drafts and checks them against each other (check_spans.c: those of points)
 *   layout.c      writes the sorted drafts as an arena
 *
 * A draft has a fixed size, so that sorting moves no keys and no values. Its bytes are in `keys`, its
 * value ids in `value_ids`, its points in `points`, and it says where. A draft keeps its place in these
 * when it is sorted or dropped.
 *
 *            order                      to                            key_off, key_n
 *   prefix, exact, suffix   first 8 bytes of the key's form   0       the form (form.h)
 *   domain                  the same                          1: only what is below the name
 *   range                   from                              to      both bounds as text, a NUL between
 *   range as points (span)  from; no longer read              index   both bounds as text
 *   cidr                    its number                        index   nothing
 *   bucket                  its number                        weight  nothing
 *
 * "index": of the draft's pair in `points`. The default of a set has key_n = LC_NONE, and is last once
 * the drafts are sorted.
 */
#ifndef LC_UDF_RULES_DRAFT_H
#define LC_UDF_RULES_DRAFT_H
#include "udf/rules/interned.h"
#include "udf/rules/spans.h"

/* A rule while it is built. */
struct lc_draft {
    uint64_t order; /* most comparisons end here */
    uint64_t to;
    uint32_t key_off, key_n;
    uint32_t line;   /* of the rules file, from 1 */
    uint32_t values; /* index in value_ids of this rule's first value id */
};

struct lc_builder {
    enum lc_kind kind;
    unsigned options; /* mask of enum lc_kind_option */
    enum lc_form form;
    uint32_t attributes, rules, max_key_bytes;
    uint32_t twins; /* domain rules that are last, and not in the index: see lc_check_drafts */
    uint64_t seed;  /* of the hash tables */
    uint32_t default_line;   /* where the default is; 0: there is none */
    uint32_t default_values; /* as in its draft */
    uint32_t repeats,
        repeats_line; /* drafts that were dropped by lc_draft_repeat, and the first line of one */
    struct lc_slice *names;
    struct lc_interned *values; /* one an attribute */
    struct lc_buf keys;         /* bytes */
    struct lc_buf drafts;       /* struct lc_draft[rules] */
    struct lc_buf value_ids;    /* u32, `attributes` a rule */
    struct lc_buf points;       /* cidr, span: lc_point, the first and the last of each rule */
    struct lc_takes takes;      /* cidr, span: what the points are */
};

/* The drafts, b->rules of them. Valid until the next rule is added. */
struct lc_draft *lc_drafts(const struct lc_builder *b);

/*
 * For qsort_r with b->keys.p: keys in byte order, so that a prefix is before what it begins; of one key
 * the rule for the name itself first; then by line. The default is last.
 */
int lc_draft_compare(const void *x, const void *y, void *keys);

/* Do two drafts have the same key bytes (a domain's name and what is below it do)? The same values? */
bool lc_draft_same_key(const struct lc_builder *b, const struct lc_draft *x,
                       const struct lc_draft *y);
bool lc_draft_same_values(const struct lc_builder *b, const struct lc_draft *x,
                          const struct lc_draft *y);

/* Count a draft that is dropped, since one before it has its key and its values. */
void lc_draft_repeat(struct lc_builder *b, const struct lc_draft *d);

/* "region is 'a' there and 'c' here": the first attribute in which `there` and `here` differ, both values cut. */
void lc_draft_difference(const struct lc_builder *b, const struct lc_draft *there,
                         const struct lc_draft *here, char *out, size_t size);

/*
 * The spans of the drafts but the default, in their order; span.rule is the draft's index. *n gets how
 * many. The caller frees it; NULL: no memory.
 */
struct lc_span *lc_drafts_spans(const struct lc_builder *b, uint32_t *n);

#endif
