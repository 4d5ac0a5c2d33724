/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of IPv4: networks close together and far apart, in this layout and in older ones, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "match_naive.h"
#include "old_layout.h"
#include "udf_support.h"
#include "udf/rules/csv.h"
#include "udf/rules/match.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_FIRST ((lc_point)0xffff << 32)

enum { RULE, CELL_MOST = 10, TABLES, KINDS = 16 };

/* Random networks, `among` of them in one network of 2^host addresses, some elsewhere, IPv6 too. */
static struct lc_rules *networks(uint64_t *seed, unsigned host, unsigned among)
{
    uint32_t near = (uint32_t)support_random(seed) & ~(uint32_t)((UINT64_C(1) << host) - 1);
    struct lc_buf csv;
    struct lc_rules *r;

    lc_buf_init(&csv, 1 << 22);
    lc_buf_adds(&csv, "cidr,v\n");
    for (unsigned i = 0; i < among + 5; i++) {
        unsigned bits = (unsigned)(support_random(seed) % (host > 8 ? 9 : host + 1));
        uint32_t host_bits = (1u << bits) - 1;
        uint32_t first = (uint32_t)support_random(seed) & ~host_bits;
        char text[LC_POINT_TEXT_BYTES];

        if (i < among)
            first = near | (first & (uint32_t)((UINT64_C(1) << host) - 1));
        assert_true(lc_network_text(IPV4_FIRST | first, IPV4_FIRST | first | host_bits, text));
        lc_buf_addf(&csv, "%s,v\n", text);
    }
    lc_buf_adds(&csv, "2001:db8::/32,v\n::ffff:0:0:0/96,v\n");
    if (support_random(seed) % 2)
        lc_buf_adds(&csv, ",v\n");
    r = support_rules(lc_buf_str(&csv));
    lc_buf_release(&csv);
    return r;
}

/* The ends of networks, what is next to them, the ends of IPv4, and some of IPv6; or IPv4 alone. */
static void make_keys(const struct lc_rules *r, uint64_t *seed, bool ipv4, struct lc_batch *b)
{
    b->n = LC_BATCH - support_random(seed) % 9;
    for (size_t i = 0; i < b->n; i++) {
        uint32_t rule = (uint32_t)(support_random(seed) % r->rules);
        lc_point end = r->points[support_random(seed) % 2 ? rule : r->rules + rule];

        b->point[i] = end + support_random(seed) % 3 - 1;
        if (i % 8 == 0)
            b->point[i] = IPV4_FIRST | (uint32_t)support_random(seed);
        if (i % 64 == 1)
            b->point[i] = IPV4_FIRST | (i & 64 ? UINT32_MAX : 0);
        if (i % 64 == 2)
            b->point[i] = end ^ (lc_point)1 << (support_random(seed) % 128);
        if (ipv4 && !lc_point_is_ipv4(b->point[i]))
            b->point[i] = IPV4_FIRST | (uint32_t)b->point[i];
    }
}

static void compare(const struct lc_rules *r, uint64_t *seed)
{
    static struct lc_batch b;

    for (int round = 0; round < 4; round++) {
        uint32_t got[LC_BATCH];

        make_keys(r, seed, round % 2, &b);
        assert_int_equal(lc_match(r, &b, got), 0);
        for (size_t i = 0; i < b.n; i++)
            if (got[i] != lc_match_naive_point(r, b.point[i]))
                fail_msg("layout %u, point %016" PRIx64 "%016" PRIx64 ": rule %u, not %u",
                         r->head->layout, (uint64_t)(b.point[i] >> 64), (uint64_t)b.point[i],
                         got[i], lc_match_naive_point(r, b.point[i]));
    }
}

/* The same in an older layout, whose blocks are of any size that it may have. */
static void compare_old(const struct lc_rules *r, uint64_t *seed)
{
    uint32_t layout = support_random(seed) % 2 ? LC_RULES_LOWS : LC_RULES_UNSEEDED;
    unsigned bits = LC_V4_BITS_MIN + (unsigned)(support_random(seed) % 3);
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *old = NULL;
    size_t n = 0;
    uint8_t *p = lc_old_layout(r, layout, bits, &n);

    assert_non_null(p);
    assert_int_equal(lc_rules_take(&old, p, n, true, "old", &err), 0);
    assert_int_equal(lc_rules_check_content(old, "old", &err), 0);
    assert_null(old->v4_cells);
    assert_int_equal(32 - old->v4_shift, bits);
    compare(old, seed);
    lc_rules_free(old);
}

static void count_kinds(const struct lc_rules *r, uint64_t seen[KINDS])
{
    for (size_t i = 0; i < (size_t)1 << (32 - r->v4_shift); i++)
        seen[r->v4_blocks[i] % KINDS]++;
    for (size_t i = 0; i < r->v4_table_count; i++)
        seen[r->v4_tables[i] % KINDS]++;
}

/* Up to 400 networks in 1 to 65,536 addresses and more: every kind of entry is met. */
static void test_networks_agree_with_the_plain_matcher(void **state)
{
    uint64_t seed = support_seed("ipv4"), seen[KINDS] = {0};
    unsigned sets = support_long() ? 3000 : 60;

    (void)state;
    for (unsigned set = 0; set < sets; set++) {
        unsigned host = set % 20, most = set % 3 ? 24 : 400;
        struct lc_rules *r =
            networks(&seed, host, 1 + (unsigned)(support_random(&seed) % most) + most / 2);

        count_kinds(r, seen);
        compare(r, &seed);
        if (set % 4 == 0)
            compare_old(r, &seed);
        lc_rules_free(r);
    }
    for (unsigned kind = RULE; kind < KINDS - 1; kind++)
        assert_true(seen[kind] > 0);
    assert_int_equal(seen[KINDS - 1], 0);
}

/* Enough networks for more blocks than the fewest: each has a handful of single addresses, 14,000 apart. */
static void test_many_networks_have_more_blocks(void **state)
{
    enum { MANY = 300000, APART = 14000 };
    static struct lc_batch b = {.n = LC_BATCH};
    uint64_t seed = support_seed("blocks");
    uint32_t got[LC_BATCH];
    struct lc_buf csv;
    struct lc_rules *r;

    (void)state;
    lc_buf_init(&csv, 1 << 25);
    lc_buf_adds(&csv, "cidr,v\n");
    for (uint32_t i = 0; i < MANY; i++) {
        lc_point p = IPV4_FIRST | i * APART;
        char text[LC_POINT_TEXT_BYTES];

        assert_true(lc_network_text(p, p, text));
        lc_buf_addf(&csv, "%s,%u\n", text, i % 7);
    }
    r = support_rules(lc_buf_str(&csv));
    lc_buf_release(&csv);
    assert_int_equal(32 - r->v4_shift, LC_V4_BITS_MIN + 1);
    assert_int_equal(r->v4_table_count, 0);
    for (size_t i = 0; i < b.n; i++)
        b.point[i] = IPV4_FIRST | (uint32_t)(support_random(&seed) % MANY * APART + i % 2);
    assert_int_equal(lc_match(r, &b, got), 0);
    for (size_t i = 0; i < b.n; i++)
        assert_int_equal(got[i], i % 2 ? r->rules : (uint32_t)b.point[i] / APART);
    lc_rules_free(r);
}

/* One network of 13 others, at 10.0.0.0: a table, in a block of its own. */
static struct lc_rules *dense(void)
{
    struct lc_buf csv;
    struct lc_rules *r;

    lc_buf_init(&csv, 1 << 12);
    lc_buf_adds(&csv, "cidr,v\n");
    for (unsigned i = 0; i < 13; i++)
        lc_buf_addf(&csv, "10.0.0.%u,%u\n", i * 2, i);
    r = support_rules(lc_buf_str(&csv));
    lc_buf_release(&csv);
    return r;
}

/* A file that is written by somebody else: what leads outside, or to a table without end, is an error. */
static void test_entries_that_lead_outside_are_refused(void **state)
{
    struct lc_rules *r = dense();
    uint32_t block = 10u << 24 >> r->v4_shift, *blocks = (uint32_t *)(uintptr_t)r->v4_blocks;
    uint32_t *tables = (uint32_t *)(uintptr_t)r->v4_tables, good = blocks[block];
    uint32_t last = r->v4_last_cell, none = r->v4_table_count, table = good & ~15u, got[LC_BATCH];
    struct lc_batch b = {.n = 2, .point = {IPV4_FIRST, IPV4_FIRST | 10u << 24}};
    const struct {
        uint32_t block, table;
        int rc;
    } cases[] = {
        {good, tables[good >> 4], 0},
        {15, 0, LC_ERR_INPUT},              /* of no kind */
        {(last + 16) | 3, 0, LC_ERR_INPUT}, /* cells end before */
        {0xfffffff0u | CELL_MOST, 0, LC_ERR_INPUT},
        {last | CELL_MOST, 0, 0},                          /* what is behind the last cell */
        {none << 4 | TABLES, 0, LC_ERR_INPUT},             /* tables end before */
        {(none - 1) << 4 | (TABLES + 3), 0, LC_ERR_INPUT}, /* and in the middle */
        {0xfffffff0u | TABLES, 0, LC_ERR_INPUT},
        {table | TABLES, table | TABLES, LC_ERR_INPUT}, /* itself, until no bit is left */
        {table | TABLES, 15, LC_ERR_INPUT},
        {table | TABLES, (last + 16) | 1, LC_ERR_INPUT},
        {table | TABLES, r->rules << 4, 0},
        {r->rules << 4, 0, 0},
        {(r->rules + 1) << 4, 0, LC_ERR_INPUT}, /* no such rule */
    };

    (void)state;
    assert_true(good % 16 >= TABLES && table >> 4 == 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        blocks[block] = cases[i].block;
        tables[0] = cases[i].table;
        assert_int_equal(lc_match(r, &b, got), cases[i].rc);
        assert_true(cases[i].rc || got[1] <= r->rules);
    }
    lc_rules_free(r);
}

/* Sections that no good file has: tables of another number of blocks, no room behind the cells. */
static void test_sections_that_do_not_fit_are_refused(void **state)
{
    static const struct {
        enum lc_section section;
        uint64_t bytes;
    } cases[] = {{LC_SEC_ROOT, LC_ROOT_BLOCKS * 4},
                 {LC_SEC_V4_BLOCKS, (4u << LC_V4_BITS_MIN) - 4},
                 {LC_SEC_V4_BLOCKS, 0},
                 {LC_SEC_V4_CELLS, 79},
                 {LC_SEC_STARTS, 0},
                 {LC_SEC_SEGMENT_RULES, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_rules *r = dense(), *other = NULL;
        struct lc_rules_header *h = (struct lc_rules_header *)(uintptr_t)r->head;

        h->section[cases[i].section].bytes = cases[i].bytes;
        h->header_hash = lc_rules_header_hash(h);
        assert_int_equal(lc_rules_take(&other, h, r->size, false, "f", &err), LC_ERR_INPUT);
        assert_non_null(strstr(err.msg, "the sections do not fit the header's counts"));
        lc_rules_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks_agree_with_the_plain_matcher),
        cmocka_unit_test(test_many_networks_have_more_blocks),
        cmocka_unit_test(test_entries_that_lead_outside_are_refused),
        cmocka_unit_test(test_sections_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
