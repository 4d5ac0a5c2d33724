/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for dictionaries: golden streams cut at every byte, malformed ones, whole rule sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "match_naive.h"
#include "udf_support.h"
#include "base/varint.h"
#include "udf/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGION   "prefix,region\nu1,us-east\nu2,eu-west\n,unknown\n"
#define TWO      "prefix,region,tier\nu1,us-east,7\nu2,eu-west,300\n"
#define RANGE    "from,to,tier\n0,9,low\n10,300,high\n"
#define ENUM8    "Enum8('us-east'=1,'eu-west'=-2,'unknown'=3)"
#define BYTES(s) ((struct lc_slice){(const uint8_t *)(s), sizeof(s) - 1})
#define MOST     2

struct golden {
    const char *name, *rules;
    const char *type[MOST]; /* of the first attributes; NULL: no more */
    enum lc_format format;
    bool chunk;
    struct lc_slice in, out;
};

#define NATIVE(columns, type)                                                                      \
    columns "\x03\x07"                                                                             \
            "user_id" type
#define IN3        NATIVE("\x01", "\x06String") "\x03u1a\x03u2b\x01x"
#define OUT3(cols) NATIVE(cols, "\x06String") "\x03u1a\x03u2b\x01x"

static const struct golden golden[] = {
    {"tsv",
     REGION,
     {"String"},
     LC_FORMAT_TSV,
     false,
     BYTES("u1_001\nu2\n\nu3_001\n"),
     BYTES("u1_001\tus-east\nu2\teu-west\n\tunknown\nu3_001\tunknown\n")},
    {"tsv nothing", REGION, {"String"}, LC_FORMAT_TSV, false, BYTES(""), BYTES("")},
    {"tsv two attributes, misses",
     TWO,
     {"String", "UInt16"},
     LC_FORMAT_TSV,
     false,
     BYTES("u1\nu2\nx\n"),
     BYTES("u1\tus-east\t7\nu2\teu-west\t300\nx\t\t0\n")},
    {"tsv nullable",
     TWO,
     {"Nullable(String)", "Nullable(String)"},
     LC_FORMAT_TSV,
     false,
     BYTES("u1\nx\n"),
     BYTES("u1\tus-east\t7\nx\t\\N\t\\N\n")},
    {"tsv keys escaped again",
     REGION,
     {"String"},
     LC_FORMAT_TSV,
     false,
     BYTES("\\x75\\x31\\t\nu2\\\\\\n\n"),
     BYTES("u1\\t\tus-east\nu2\\\\\\n\teu-west\n")},
    {"tsv values escaped",
     "prefix,v\na,\"t\tn\nb\\\"\n",
     {"String"},
     LC_FORMAT_TSV,
     false,
     BYTES("a\n"),
     BYTES("a\tt\\tn\\nb\\\\\n")},
    {"tsv chunks",
     REGION,
     {"String"},
     LC_FORMAT_TSV,
     true,
     BYTES("2\nu1\nu2\n1\nzz\n"),
     BYTES("u1\tus-east\nu2\teu-west\nzz\tunknown\n")},
    {"tsv range",
     RANGE,
     {"String"},
     LC_FORMAT_TSV,
     false,
     BYTES("0\n10\n18446744073709551615\n"),
     BYTES("0\tlow\n10\thigh\n18446744073709551615\t\n")},
    {"rowbinary",
     REGION,
     {"String"},
     LC_FORMAT_ROWBINARY,
     false,
     BYTES("\x03u1x\0\x02u2"),
     BYTES("\x03u1x\x07us-east\0\x07unknown\x02u2\x07"
           "eu-west")},
    {"rowbinary two attributes",
     TWO,
     {"Nullable(String)", "UInt16"},
     LC_FORMAT_ROWBINARY,
     false,
     BYTES("\x02u2\x01x"),
     BYTES("\x02u2\0\x07"
           "eu-west\x2c\x01\x01x\x01\0\0")},
    {"rowbinary enum8, chunks",
     REGION,
     {ENUM8},
     LC_FORMAT_ROWBINARY,
     true,
     BYTES("1\n\x02u1"
           "2\n\x02u2\x01x"),
     BYTES("\x02u1\x01\x02u2\xfe\x01x\x03")},
    {"rowbinary range",
     RANGE,
     {"String"},
     LC_FORMAT_ROWBINARY,
     false,
     BYTES("\x09\0\0\0\0\0\0\0"
           "\0\x01\0\0\0\0\0\0"),
     BYTES("\x09\0\0\0\0\0\0\0\x03low"
           "\0\x01\0\0\0\0\0\0\x04high")},
    {"native",
     REGION,
     {"String"},
     LC_FORMAT_NATIVE,
     false,
     BYTES(IN3),
     BYTES(OUT3("\x02") "\x06region\x06String\x07us-east\x07"
                        "eu-west\x07unknown")},
    {"native two blocks with chunk headers",
     REGION,
     {ENUM8},
     LC_FORMAT_NATIVE,
     true,
     BYTES("3\n" IN3 "3\n" IN3),
     BYTES(OUT3("\x02") "\x06region\x2b" ENUM8 "\x01\xfe\x03" OUT3("\x02") "\x06region\x2b" ENUM8
                                                                           "\x01\xfe\x03")},
    {"native two attributes, misses",
     TWO,
     {"Nullable(String)", "UInt16"},
     LC_FORMAT_NATIVE,
     false,
     BYTES(IN3),
     BYTES(OUT3("\x03") "\x06region\x10Nullable(String)\0\0\x01\x07us-east\x07"
                        "eu-west\0\x04tier\x06UInt16\x07\0\x2c\x01\0\0")},
    {"native fixed string",
     REGION,
     {ENUM8},
     LC_FORMAT_NATIVE,
     false,
     BYTES(NATIVE("\x01", "\x0e"
                          "FixedString(4)") "u1\0\0u2bbxxxx"),
     BYTES(NATIVE("\x02", "\x0e"
                          "FixedString(4)") "u1\0\0u2bbxxxx\x06region\x2b" ENUM8 "\x01\xfe\x03")},
    {"native uint16",
     RANGE,
     {"String"},
     LC_FORMAT_NATIVE,
     false,
     BYTES(NATIVE("\x01", "\x06UInt16") "\0\0\x2c\x01\x2d\x01"),
     BYTES(NATIVE("\x02", "\x06UInt16") "\0\0\x2c\x01\x2d\x01\x04tier\x06String\x03low\x04high\0")},
};

/* The attributes' results of a case; how many. */
static unsigned load(const struct golden *g, struct lc_rules **rules, struct lc_column_type *res)
{
    struct lc_error err = LC_ERROR_INIT;
    unsigned n = 0;

    *rules = support_rules(g->rules);
    for (; n < MOST && g->type[n]; n++)
        if (lc_column_type_init(&res[n], *rules, n, g->type[n], "rules.csv", &err))
            fail_msg("%s: %s", g->name ? g->name : "?", err.msg);
    return n;
}

static void unload(struct lc_rules *rules, struct lc_column_type *res, unsigned n)
{
    while (n)
        lc_column_type_release(&res[--n]);
    lc_rules_free(rules);
}

static void test_golden_streams_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct golden *g = &golden[i];
        struct lc_rules *rules;
        struct lc_column_type res[MOST];
        unsigned n = load(g, &rules, res);

        for (size_t piece = 1; piece <= g->in.n + 1; piece++) {
            struct lc_error err = LC_ERROR_INIT;
            struct lc_buf out;

            lc_buf_init(&out, 1 << 20);
            if (support_rows(res, n, g->format, g->chunk, g->in, piece, &out, &err))
                fail_msg("%s in pieces of %zu: %s", g->name, piece, err.msg);
            if (out.n != g->out.n || (out.n && memcmp(out.p, g->out.p, out.n) != 0))
                fail_msg("%s in pieces of %zu: %zu bytes out, not as expected", g->name, piece,
                         out.n);
            lc_buf_release(&out);
        }
        unload(rules, res, n);
    }
}

/* Whatever came out is a beginning of the right answer, and of Native only whole blocks. */
static void test_golden_streams_that_end_early(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct golden *g = &golden[i];
        struct lc_rules *rules;
        struct lc_column_type res[MOST];
        unsigned n = load(g, &rules, res);

        for (size_t cut = 0; cut < g->in.n; cut++) {
            struct lc_error err = LC_ERROR_INIT;
            struct lc_buf out;
            int rc;

            lc_buf_init(&out, 1 << 20);
            rc = support_rows(res, n, g->format, g->chunk, (struct lc_slice){g->in.p, cut}, cut + 1,
                              &out, &err);
            assert_true(out.n < g->out.n);
            assert_true(out.n == 0 || memcmp(out.p, g->out.p, out.n) == 0);
            if (rc) {
                assert_int_equal(rc, LC_ERR_INPUT);
                assert_int_equal(err.byte, cut);
                assert_non_null(strstr(err.msg, "the input ends"));
            }
            if (g->format == LC_FORMAT_NATIVE)
                assert_true(out.n == 0 || out.n == g->out.n / 2);
            lc_buf_release(&out);
        }
        unload(rules, res, n);
    }
}

struct bad {
    enum lc_format format;
    struct lc_slice in;
    uint64_t byte, row;
    const char *message;
};

static const struct bad bad[] = {
    {LC_FORMAT_TSV, BYTES("u1\n\\N\n"), 3, 1,
     "a dictionary's key cannot be NULL (byte 3, row 1 of the input)"},
    {LC_FORMAT_TSV, BYTES("u1\tx\n"), 2, 0,
     "a second column: expected the key alone (byte 2, row 0 of the input)"},
    {LC_FORMAT_NATIVE, BYTES(NATIVE("\x01", "\x10Nullable(String)") "\0\0\0\0\0\0"), 11, 0,
     "a dictionary's key is String or FixedString, of ranges UInt8 to UInt64, not Nullable(String) (byte 11, row 0 of the input)"},
    {LC_FORMAT_NATIVE, BYTES(NATIVE("\x01", "\x16LowCardinality(String)")), 11, 0,
     "a dictionary's key is String or FixedString, of ranges UInt8 to UInt64, not LowCardinality(String) (byte 11, row 0 of the input)"},
    {LC_FORMAT_NATIVE, BYTES(NATIVE("\x02", "\x06String")), 0, 0,
     "a block of 2 columns: expected the key alone (byte 0, row 0 of the input)"},
    {LC_FORMAT_NATIVE, BYTES(NATIVE("\x01", "\x06String") "\x03u1a"), 21, 1,
     "the input ends with 2 rows of a block to come (byte 21, row 1 of the input)"},
    {LC_FORMAT_ROWBINARY, BYTES("\x02u1\x05u2"), 6, 1,
     "the input ends inside a row (byte 6, row 1 of the input)"},
};

static void test_malformed_input(void **state)
{
    const struct golden g = {.name = "two", .rules = TWO, .type = {"String", "UInt16"}};
    struct lc_rules *rules;
    struct lc_column_type res[MOST];
    unsigned n = load(&g, &rules, res);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct bad *b = &bad[i];

        for (size_t piece = b->in.n; piece; piece = piece > 1 ? 1 : 0) {
            struct lc_error err = LC_ERROR_INIT;
            struct lc_buf out;

            lc_buf_init(&out, 1 << 20);
            assert_int_equal(support_rows(res, n, b->format, false, b->in, piece, &out, &err),
                             LC_ERR_INPUT);
            assert_string_equal(err.msg, b->message);
            assert_int_equal(err.byte, b->byte);
            assert_int_equal(err.row, b->row);
            lc_buf_release(&out);
        }
    }
    unload(rules, res, n);
}

/* A key of a block of the format, as it comes in and, first, as it goes out. */
static void add_key(struct lc_buf *to, enum lc_format format, const char *key)
{
    uint8_t head[LC_VARINT_MAX];

    if (format != LC_FORMAT_TSV)
        lc_buf_add(to, head, lc_varint_put(head, strlen(key)));
    lc_buf_adds(to, key);
}

/* Keys of many lengths, in pieces of a random size, against the plain matcher. */
static void test_rows_agree_with_the_oracle(void **state)
{
    static const enum lc_format formats[] = {LC_FORMAT_ROWBINARY, LC_FORMAT_TSV};
    uint64_t seed = support_seed("rows");
    struct lc_rules *rules = support_rules(REGION "u1_0,ap\nu1_05,sa\nu3333,\n");
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column_type res;

    (void)state;
    assert_int_equal(lc_column_type_init(&res, rules, 0, "String", "r", &err), 0);
    for (unsigned round = 0; round < (support_long() ? 400u : 8u); round++) {
        enum lc_format format = formats[round % 2];
        struct lc_buf in, out, want;

        lc_buf_init(&in, 1 << 24);
        lc_buf_init(&out, 1 << 24);
        lc_buf_init(&want, 1 << 24);
        for (uint64_t i = 0, rows = support_random(&seed) % 2000; i < rows; i++) {
            char key[64];
            struct lc_slice k = {(const uint8_t *)key, 0}, v;
            uint32_t rule;

            k.n = (size_t)snprintf(
                key, sizeof key, "u%llu_%0*llu", (unsigned long long)support_random(&seed) % 4000,
                (int)(support_random(&seed) % 40), (unsigned long long)support_random(&seed) % 100);
            add_key(&in, format, key);
            add_key(&want, format, key);
            rule = lc_match_naive(rules, k);
            v = lc_rules_value(rules, 0, lc_rules_value_id(rules, 0, rule));
            if (format == LC_FORMAT_TSV) {
                lc_buf_adds(&in, "\n");
                lc_buf_addf(&want, "\t%.*s\n", (int)v.n, (const char *)v.p);
            } else {
                uint8_t length = (uint8_t)v.n;

                lc_buf_add(&want, &length, 1);
                lc_buf_add(&want, v.p, v.n);
            }
        }
        if (support_rows(&res, 1, format, false, (struct lc_slice){in.p, in.n},
                         1 + support_random(&seed) % 5000, &out, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(out.n, want.n);
        assert_true(out.n == 0 || memcmp(out.p, want.p, out.n) == 0);
        lc_buf_release(&in);
        lc_buf_release(&out);
        lc_buf_release(&want);
    }
    lc_column_type_release(&res);
    lc_rules_free(rules);
}

/* Once warm, no memory is allocated: not per row, not per block. */
static void test_no_allocation_once_warm(void **state)
{
    static const enum lc_format formats[] = {LC_FORMAT_NATIVE, LC_FORMAT_ROWBINARY, LC_FORMAT_TSV};
    const struct golden g = {.name = "two", .rules = TWO, .type = {"Nullable(String)", "UInt16"}};
    struct lc_rules *rules;
    struct lc_column_type res[MOST];
    unsigned n = load(&g, &rules, res);

    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_stream *s;
        struct lc_buf in;
        size_t warm = 0;

        lc_buf_init(&in, 1 << 24);
        if (formats[f] == LC_FORMAT_NATIVE)
            lc_buf_adds(&in, "\x01\x80\x40\x01k\x06String"); /* 8,192 rows */
        for (unsigned i = 0; i < 8192; i++) {
            char key[32];

            snprintf(key, sizeof key, "u%u_%u", i % 4, i);
            add_key(&in, formats[f], key);
            if (formats[f] == LC_FORMAT_TSV)
                lc_buf_adds(&in, "\n");
        }
        assert_int_equal(lc_stream_new_rows(&s, res, n, formats[f], false), 0);
        for (unsigned block = 0; block < 20; block++) {
            size_t room;
            uint8_t *p;

            assert_int_equal(lc_stream_space(s, &p, &room, &err), 0);
            assert_true(room >= in.n);
            memcpy(p, in.p, in.n);
            assert_int_equal(lc_stream_feed(s, in.n, &err), 0);
            assert_true(lc_stream_ready(s).n > in.n);
            lc_stream_written(s);
            if (block == 4)
                warm = support_allocations();
        }
        assert_int_equal(support_allocations(), warm);
        assert_int_equal(lc_stream_end(s, &err), 0);
        lc_stream_free(s);
        lc_buf_release(&in);
    }
    unload(rules, res, n);
}

/* All of lc_export_next, together; `blocks` of them. */
static int whole(const struct golden *g, struct lc_buf *out, unsigned *blocks, struct lc_error *err)
{
    struct lc_rules *rules;
    struct lc_column_type res[MOST];
    unsigned n = load(g, &rules, res);
    struct lc_export *w;
    struct lc_slice bytes;
    int rc = lc_export_new(&w, res, n, g->format, "user_id", "rules.csv", err);

    *blocks = 0;
    while (rc == 0 && (rc = lc_export_next(w, &bytes, err)) > 0) {
        assert_int_equal(lc_buf_add(out, bytes.p, bytes.n), 0);
        (*blocks)++;
        rc = 0;
    }
    lc_export_free(w);
    unload(rules, res, n);
    return rc;
}

#define EXACT "exact,region,tier\nu2,eu-west,300\nu1,us-east,7\n*,unknown,1\n"

static const struct golden wholes[] = {
    {.name = "exact: the default has no key",
     .rules = EXACT,
     .type = {"String", "UInt16"},
     .format = LC_FORMAT_TSV,
     .out = BYTES("u1\tus-east\t7\nu2\teu-west\t300\n")},
    {.name = "exact rowbinary",
     .rules = EXACT,
     .type = {"String", "UInt16"},
     .format = LC_FORMAT_ROWBINARY,
     .out = BYTES("\x02u1\x07us-east\x07\0\x02u2\x07"
                  "eu-west\x2c\x01")},
    {.name = "exact native",
     .rules = EXACT,
     .type = {"Nullable(String)"},
     .format = LC_FORMAT_NATIVE,
     .out = BYTES("\x02\x02\x07user_id\x06String\x02u1\x02u2\x06region\x10Nullable(String)\0\0"
                  "\x07us-east\x07"
                  "eu-west")},
    {.name = "only a default",
     .rules = "exact,v\n*,x\n",
     .type = {"String"},
     .format = LC_FORMAT_NATIVE,
     .out = BYTES("")},
    {.name = "prefixes, the longest first",
     .rules = "prefix,region,tier\n,unknown,1\nu1,us-east,7\nu1_0.5,it's,9\nu2,\"a\nb\\x\",300\n",
     .type = {"String", "UInt16"},
     .format = LC_FORMAT_TSV,
     .out = BYTES("^u1_0\\\\.5\t1\t0\t['region','tier']\t['it\\'s','9']\tit's\t9\n"
                  "^u1\t2\t0\t['region','tier']\t['us-east','7']\tus-east\t7\n"
                  "^u2\t3\t0\t['region','tier']\t['a\\nb\\\\x','300']\ta\\nb\\\\x\t300\n"
                  "^\t4\t0\t['region','tier']\t['unknown','1']\tunknown\t1\n")},
    {.name = "prefixes rowbinary",
     .rules = "prefix,v\nu-1,x\n",
     .type = {"String"},
     .format = LC_FORMAT_ROWBINARY,
     .out = BYTES("\x05^u\\-1\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01v\x01\x01x\x01x")},
    {.name = "prefixes native",
     .rules = "prefix,v\nu,x\n,y\n",
     .type = {"String"},
     .format = LC_FORMAT_NATIVE,
     .out = BYTES("\x06\x02\x07user_id\x06String\x02^u\x01^"
                  "\x02id\x06UInt64\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0"
                  "\x09parent_id\x06UInt64\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                  "\x04keys\x0d"
                  "Array(String)\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01v\x01v"
                  "\x06values\x0d"
                  "Array(String)\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01x\x01y"
                  "\x01v\x06String\x01x\x01y")},
};

static void test_whole_rule_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        const struct golden *g = &wholes[i];
        struct lc_error err = LC_ERROR_INIT;
        struct lc_buf out;
        unsigned blocks;

        lc_buf_init(&out, 1 << 20);
        if (whole(g, &out, &blocks, &err))
            fail_msg("%s: %s", g->name, err.msg);
        if (out.n != g->out.n || (out.n && memcmp(out.p, g->out.p, out.n) != 0))
            fail_msg("%s: %zu bytes, not as expected: %.*s", g->name, out.n, (int)out.n,
                     (const char *)out.p);
        lc_buf_release(&out);
    }
}

/* More than a block: every rule once, whatever the block it comes in. */
static void test_whole_set_of_many_blocks(void **state)
{
    struct golden g = {.name = "many", .type = {"String"}, .format = LC_FORMAT_TSV};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_buf csv, out, want;
    unsigned blocks;

    (void)state;
    lc_buf_init(&csv, 1 << 24);
    lc_buf_init(&out, 1 << 24);
    lc_buf_init(&want, 1 << 24);
    lc_buf_adds(&csv, "prefix,v\n");
    for (unsigned i = 0; i < 20000; i++) {
        lc_buf_addf(&csv, "k%05u,v%u\n", i, i);
        lc_buf_addf(&want, "^k%05u\t%u\t0\t['v']\t['v%u']\tv%u\n", i, i + 1, i, i);
    }
    g.rules = lc_buf_str(&csv);
    assert_int_equal(whole(&g, &out, &blocks, &err), 0);
    assert_int_equal(blocks, 3);
    assert_int_equal(out.n, want.n);
    assert_memory_equal(out.p, want.p, want.n);
    lc_buf_release(&csv);
    lc_buf_release(&out);
    lc_buf_release(&want);
}

static void test_rule_sets_that_cannot_be_whole(void **state)
{
    static const struct {
        const char *rules;
        int code;
        const char *message;
    } cases[] = {
        {RANGE, LC_ERR_USAGE, "rules.csv: range rules cannot be loaded whole"},
        {"bucket,v\n1,a\n", LC_ERR_USAGE, "rules.csv: bucket rules cannot be loaded whole"},
        {"prefix,v\na,ok\nb,x$1\n", LC_ERR_INPUT,
         "rules.csv:3: the value 'x$1': regexp_tree reads a \\ or $ before a digit as a group"},
        {"prefix,v\na,\\0\n", LC_ERR_INPUT,
         "rules.csv:2: the value '\\x5c0': regexp_tree reads a \\ or $ before a digit as a group"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct golden g = {.name = "bad", .rules = cases[i].rules, .type = {"String"}};
        struct lc_error err = LC_ERROR_INIT;
        struct lc_buf out;
        unsigned blocks;

        lc_buf_init(&out, 1 << 20);
        assert_int_equal(whole(&g, &out, &blocks, &err), cases[i].code);
        assert_string_equal(err.msg, cases[i].message);
        assert_int_equal(out.n, 0);
        lc_buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_streams_cut_at_every_byte),
        cmocka_unit_test(test_golden_streams_that_end_early),
        cmocka_unit_test(test_malformed_input),
        cmocka_unit_test(test_rows_agree_with_the_oracle),
        cmocka_unit_test(test_no_allocation_once_warm),
        cmocka_unit_test(test_whole_rule_sets),
        cmocka_unit_test(test_whole_set_of_many_blocks),
        cmocka_unit_test(test_rule_sets_that_cannot_be_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
