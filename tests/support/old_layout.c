/* SPDX-License-Identifier: Apache-2.0 */
#include "old_layout.h"

#include "udf/rules/hash.h"

#include <stdlib.h>
#include <string.h>

#define IPV4_FIRST ((lc_point)0xffff << 32)

/* ROOT, V4_LOWS and V4_RULES of the set's segments. */
static int put_tables(const struct lc_rules *r, unsigned bits, struct lc_buf *sections)
{
    struct lc_buf *root = &sections[LC_SEC_ROOT], *lows = &sections[LC_SEC_V4_LOWS];
    struct lc_buf *rules = &sections[LC_SEC_V4_RULES];
    unsigned shift = 32 - bits;
    uint32_t at = 0, n;
    int rc = 0;

    for (uint32_t block = 0; block < 1u << bits && !rc; block++) {
        lc_point first = IPV4_FIRST | block << shift, last = first + (1u << shift) - 1;

        while (at + 1 < r->segments && r->starts[at + 1] <= first)
            at++;
        n = (uint32_t)(rules->n / 4);
        rc = lc_buf_add(root, &n, 4);
        for (uint32_t i = at; i < r->segments && r->starts[i] <= last && !rc; i++) {
            uint16_t low = r->starts[i] > first ? (uint16_t)(r->starts[i] - first) : 0;

            rc = lc_buf_add(lows, &low, 2);
            rc = rc ? rc : lc_buf_add(rules, &r->segment_rules[i], 4);
        }
    }
    n = (uint32_t)(rules->n / 4);
    rc = rc ? rc : lc_buf_add(root, &n, 4);
    return rc ? rc : lc_buf_add(root, r->root, (LC_ROOT_BLOCKS + 1) * 4);
}

/* All that the two layouts have alike. */
static int copy_sections(const struct lc_rules *r, struct lc_buf *sections)
{
    int rc = 0;

    for (int s = 0; s < LC_SECTIONS && !rc; s++) {
        bool other = r->root && (s == LC_SEC_ROOT || s == LC_SEC_V4_BLOCKS ||
                                 s == LC_SEC_V4_TABLES || s == LC_SEC_V4_CELLS);

        if (!other)
            rc = lc_buf_add(&sections[s], r->base + r->head->section[s].off,
                            r->head->section[s].bytes);
    }
    return rc;
}

/* One arena of the sections, each at a multiple of 64. */
static uint8_t *join(const struct lc_rules *r, uint32_t layout, const struct lc_buf *sections,
                     size_t *size)
{
    struct lc_rules_header h = *r->head;
    size_t at = (sizeof h + 63) / 64 * 64, head;
    struct lc_hash128 content;
    uint8_t *p;

    h.layout = layout;
    for (int s = 0; s < LC_SECTIONS; s++) {
        h.section[s] = (struct lc_rules_section){at, sections[s].n};
        at += (sections[s].n + 63) / 64 * 64;
    }
    h.size = *size = at;
    head = lc_rules_header_bytes(&h);
    p = aligned_alloc(64, at);
    if (!p)
        return NULL;
    memset(p, 0, at);
    for (int s = 0; s < LC_SECTIONS; s++)
        if (sections[s].n)
            memcpy(p + h.section[s].off, sections[s].p, sections[s].n);
    content = lc_hash128(p + head, at - head);
    h.content[0] = content.low;
    h.content[1] = content.high;
    h.header_hash = lc_rules_header_hash(&h);
    memcpy(p, &h, head);
    return p;
}

uint8_t *lc_old_layout(const struct lc_rules *r, uint32_t layout, unsigned bits, size_t *size)
{
    struct lc_buf sections[LC_SECTIONS];
    uint8_t *p = NULL;

    for (int s = 0; s < LC_SECTIONS; s++)
        lc_buf_init(&sections[s], SIZE_MAX / 2);
    if (!copy_sections(r, sections) && (!r->root || !put_tables(r, bits, sections)))
        p = join(r, layout, sections, size);
    for (int s = 0; s < LC_SECTIONS; s++)
        lc_buf_release(&sections[s]);
    return p;
}
