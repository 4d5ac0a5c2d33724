/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. IPv4 addresses of rules over points: two loads a key, of the block's entry and of one cache line.
 *
 *   BLOCKS   u32[2^bits]   an entry for each of an address's first 16 to 22 bits
 *   TABLES   u32[]         entries of parts of blocks that have many segments
 *   CELLS    bytes         where segments begin, and their rules
 *
 *   entry    ┌──────────────────────────┬──────┐
 *            │ rule                     │    0 │  it holds for all of these addresses
 *            │ cell: bytes of CELLS / 16│ 1-10 │  of that many segments, and one
 *            │ table: index of TABLES   │11-14 │  for the next 1, 2, 4 or 8 bits
 *            └──────────────────────────┴──────┘  28 and 4 bits
 *
 *   cell     u32 rule[k + 1]  u16 low[k]    where each segment but the first begins, ascending: the address's bits
 *                                           that choose no block. A cell crosses no cache line: 11 segments fill one
 *
 * BLOCKS is for the second-level cache: a block has eight segments on average, at most. So of a key's two lines
 * one comes from there.
 *
 * Layouts 1 and 2 have other tables, in three lines: a block's first segment (ROOT), starts, and rules. A search by
 * halves of the block's starts finds the segment. They are read, and no longer written.
 *
 *   ROOT       u32[2^bits + 1]   index of the block's first segment
 *   V4_LOWS    u16[]             the low bits of where each begins; a block's first one begins at 0
 *   V4_RULES   u32[]
 */
#ifndef LC_UDF_RULES_IPV4_H
#define LC_UDF_RULES_IPV4_H
#include "udf/rules/batch.h"
#include "udf/rules/ruleset.h"

/* The segments of a whole line, in order: n first points, the first of them 0, and n rules. */
struct lc_line {
    const lc_point *starts;
    const uint32_t *rules;
    size_t n;
};

/* BLOCKS, TABLES and CELLS of the line's IPv4 part into empty buffers of the caller: 0 or LC_ERR_NOMEM. */
int lc_ipv4_build(const struct lc_line *line, struct lc_buf *blocks, struct lc_buf *tables,
                  struct lc_buf *cells);

/*
 * The rules of a batch's points by their low 32 bits, whatever the others are. 0, or LC_ERR_INPUT where the arena is
 * corrupt.
 */
int lc_ipv4_match(const struct lc_rules *r, const struct lc_batch *batch, uint32_t *rule);

#endif
