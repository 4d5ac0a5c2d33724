/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. Rules over points (point.h) as segments: the line cut wherever another rule holds.
 *
 *   rules      ├──────────── A ────────────┤          of several that hold the narrowest wins
 *                    ├──── B ────┤  ├─ C ─┤
 *   segments   ├─ A ─┼──── B ────┼A─┼─ C ─┼A┼── miss ──►
 *   STARTS     ▲     ▲           ▲  ▲     ▲ ▲
 *
 * A key's segment is the last that begins at it or before: a binary search, in step for all keys of a
 * batch so that their cache misses overlap. The default, where there is one, fills the gaps.
 *
 * Addresses have tables in addition: those of IPv4 are in ipv4.h, and of IPv6 ROOT, indexed by the first 16 bits,
 * gives the part of STARTS to search.
 *
 *   ROOT       u32[65537]   the segment of each block's first address, and the last segment of all
 */
#ifndef LC_UDF_RULES_SEGMENTS_H
#define LC_UDF_RULES_SEGMENTS_H
#include "udf/rules/batch.h"
#include "udf/rules/pairs.h"
#include "udf/rules/ruleset.h"

/* A rule's points, first … last inclusive. */
struct lc_span {
    lc_point first, last;
    uint32_t rule;
};

/* Where the sections go: empty buffers, owned by the caller. */
struct lc_segments_out {
    struct lc_buf *starts, *rules, *root, *v4_blocks, *v4_tables, *v4_cells;
};

/*
 * Cut the line by n spans, sorted by their first points; `gap` is the rule where none holds. The tables
 * are made for addresses alone. Of two spans of one width that overlap, the one that begins later
 * wins: the caller has refused such. 0 or LC_ERR_NOMEM.
 */
int lc_segments_build(const struct lc_span *spans, uint32_t n, uint32_t gap, bool addresses,
                      const struct lc_segments_out *out);

/*
 * Add each two of the spans, sorted by their first points, that have one width and share a point where no narrower
 * one is. A pair's lines are `lines` by the spans' rules, its numbers those of the spans. 0 or LC_ERR_NOMEM.
 */
int lc_segments_clashes(const struct lc_span *spans, uint32_t n, const uint32_t *lines,
                        struct lc_pairs *pairs);

/* What a rule does next to the others. */
enum lc_segments_use {
    LC_USE_NONE, /* no key meets it: narrower rules hold wherever it does */
    LC_USE_SAME, /* every key that meets it gets the same values without it */
    LC_USE_FULL
};

/*
 * Of each rule of ranges or networks its use, and where that is LC_USE_SAME the rule that holds in its place; both of
 * r->rules entries. The default has full use: keys that have no point (NULL, NaN, a text that is no address) meet it.
 * 0 or LC_ERR_NOMEM.
 */
int lc_segments_use(const struct lc_rules *r, enum lc_segments_use *use, uint32_t *instead);

/* The rules of a batch's points. 0, or LC_ERR_INPUT where the arena is corrupt. */
int lc_segments_match(const struct lc_rules *r, const struct lc_batch *batch, uint32_t *rule);

#endif
