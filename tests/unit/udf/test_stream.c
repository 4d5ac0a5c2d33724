/* SPDX-License-Identifier: Apache-2.0 */
/* The block formats: golden streams cut at every byte, malformed ones with message and position. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "udf_support.h"
#include "base/varint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGION   "prefix,region\nu1,us-east\nu2,eu-west\n,unknown\n"
#define MISSES   "prefix,region\nu1,us-east\n"
#define ENUM8    "Enum8('us-east'=1,'eu-west'=-2,'unknown'=3)"
#define RANGE    "from,to,tier\n0,9,low\n10,300,high\n"
#define BYTES(s) ((struct lc_slice){(const uint8_t *)(s), sizeof(s) - 1})

struct golden {
    const char *name, *rules, *type;
    enum lc_format format;
    bool chunk;
    struct lc_slice in, out;
};

/* "u1a", "u2b", "x" as one Native block of one column of `type` (its length and name). */
#define BLOCK(type)                                                                                \
    "\x01\x03\x02"                                                                                 \
    "a0" type
#define IN3       BLOCK("\x06String") "\x03u1a\x03u2b\x01x"
#define OUT(type) "\x01\x03\x06result" type
#define LC_HEAD                                                                                    \
    "\x01\0\0\0\0\0\0\0"                                                                           \
    "\0\x06\0\0\0\0\0\0"

static const struct golden golden[] = {
    {"tsv", REGION, "String", LC_FORMAT_TSV, false, BYTES("u1_001\nu2\n\nu3_001\n"),
     BYTES("us-east\neu-west\nunknown\nunknown\n")},
    {"tsv nothing", REGION, "String", LC_FORMAT_TSV, false, BYTES(""), BYTES("")},
    {"tsv escapes", "exact,v\n\"a\tb\",one\n\"c\nd\",two\n\"e\\f\",three\n\"\b\f\r'\",four\n",
     "String", LC_FORMAT_TSV, false,
     BYTES("a\\tb\nc\\nd\ne\\\\f\n\\b\\f\\r\\'\n\\x61\\x09b\nA\\0\n"),
     BYTES("one\ntwo\nthree\nfour\none\n\n")},
    {"tsv values escaped", "prefix,v\na,\"t\tn\nb\\\"\n", "String", LC_FORMAT_TSV, false,
     BYTES("a\n"), BYTES("t\\tn\\nb\\\\\n")},
    {"tsv null in and out", MISSES, "Nullable(String)", LC_FORMAT_TSV, false,
     BYTES("u1\n\\N\nu9\n"), BYTES("us-east\n\\N\n\\N\n")},
    {"tsv null is the default", REGION, "String", LC_FORMAT_TSV, false, BYTES("\\N\n"),
     BYTES("unknown\n")},
    {"tsv chunks", REGION, "String", LC_FORMAT_TSV, true, BYTES("2\nu1\nu2\n1\nzz\n"),
     BYTES("us-east\neu-west\nunknown\n")},
    {"tsv range", RANGE, "String", LC_FORMAT_TSV, false, BYTES("0\n10\n301\n"),
     BYTES("low\nhigh\n\n")},
    {"tsv uint", "prefix,n\na,7\nb,300\n", "UInt16", LC_FORMAT_TSV, false, BYTES("a\nb\nc\n"),
     BYTES("7\n300\n0\n")},
    {"rowbinary", REGION, "String", LC_FORMAT_ROWBINARY, false, BYTES("\x03u1x\0\x02u2"),
     BYTES("\x07us-east\x07unknown\x07"
           "eu-west")},
    {"rowbinary low cardinality", REGION, "LowCardinality(String)", LC_FORMAT_ROWBINARY, false,
     BYTES("\x03u1x\0"), BYTES("\x07us-east\x07unknown")},
    {"rowbinary nullable", MISSES, "Nullable(String)", LC_FORMAT_ROWBINARY, false,
     BYTES("\x02u1\x01x"), BYTES("\0\x07us-east\x01")},
    {"rowbinary enum8", REGION, ENUM8, LC_FORMAT_ROWBINARY, false, BYTES("\x02u1\x02u2\x01x"),
     BYTES("\x01\xfe\x03")},
    {"rowbinary enum16", REGION, "Enum16('us-east'=1000,'eu-west'=-2,'unknown'=3)",
     LC_FORMAT_ROWBINARY, true, BYTES("3\n\x02u1\x02u2\x01x"), BYTES("\xe8\x03\xfe\xff\x03\0")},
    {"rowbinary range", RANGE, "String", LC_FORMAT_ROWBINARY, false,
     BYTES("\x09\0\0\0\0\0\0\0"
           "\0\x01\0\0\0\0\0\0"),
     BYTES("\x03low\x04high")},
    {"native string", REGION, "String", LC_FORMAT_NATIVE, false, BYTES(IN3),
     BYTES(OUT("\x06String") "\x07us-east\x07"
                             "eu-west\x07unknown")},
    {"native two blocks with chunk headers", REGION, "String", LC_FORMAT_NATIVE, true,
     BYTES("3\n" IN3 "3\n" IN3),
     BYTES(OUT("\x06String") "\x07us-east\x07"
                             "eu-west\x07unknown" OUT("\x06String") "\x07us-east\x07"
                                                                    "eu-west\x07unknown")},
    {"native nullable", MISSES, "Nullable(String)", LC_FORMAT_NATIVE, false, BYTES(IN3),
     BYTES(OUT("\x10Nullable(String)") "\0\x01\x01\x07us-east\0\0")},
    {"native low cardinality", REGION, "LowCardinality(String)", LC_FORMAT_NATIVE, false,
     BYTES(IN3),
     BYTES(OUT("\x16LowCardinality(String)") LC_HEAD "\x04\0\0\0\0\0\0\0\0\x07us-east\x07"
                                                     "eu-west\x07unknown"
                                                     "\x03\0\0\0\0\0\0\0\x01\x02\x03")},
    {"native enum8", REGION, ENUM8, LC_FORMAT_NATIVE, false, BYTES(IN3),
     BYTES(OUT("\x2b" ENUM8) "\x01\xfe\x03")},
    {"native uint32", "prefix,n\nu1,7\n,70000\n", "UInt32", LC_FORMAT_NATIVE, false, BYTES(IN3),
     BYTES(OUT("\x06UInt32") "\x07\0\0\0\x70\x11\x01\0\x70\x11\x01\0")},
    {"tsv nullable int8", "prefix,n\na,-128\nb,\n", "Nullable(Int8)", LC_FORMAT_TSV, false,
     BYTES("a\nb\nc\n"), BYTES("-128\n\\N\n\\N\n")},
    {"tsv decimal", "prefix,n\na,-.5\n,12.3400\n", "Decimal(4,2)", LC_FORMAT_TSV, false,
     BYTES("a\nb\n"), BYTES("-0.50\n12.34\n")},
    {"tsv time of a zone", "prefix,n\na,1970-01-01T02:00:00+01:59\n", "DateTime", LC_FORMAT_TSV,
     false, BYTES("a\nb\n"), BYTES("0000000060\n0000000000\n")},
    {"tsv time in UTC, date, bool", "prefix,n\na,4294967295\n", "DateTime('UTC')", LC_FORMAT_TSV,
     false, BYTES("a\nb\n"), BYTES("2106-02-07 06:28:15\n1970-01-01 00:00:00\n")},
    {"tsv bool", "prefix,n\na,1\n,false\n", "Bool", LC_FORMAT_TSV, false, BYTES("a\nb\n"),
     BYTES("true\nfalse\n")},
    {"rowbinary nullable int16", "prefix,n\nu1,-2\nu2,\n", "Nullable(Int16)", LC_FORMAT_ROWBINARY,
     false, BYTES("\x02u1\x02u2\x01x"), BYTES("\0\xfe\xff\x01\x01")},
    {"rowbinary wide decimal", "prefix,n\nu1,-1\n", "Decimal(20,0)", LC_FORMAT_ROWBINARY, false,
     BYTES("\x02u1\x01x"),
     BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {"rowbinary date", "prefix,n\nu1,2149-06-06\n", "Date", LC_FORMAT_ROWBINARY, false,
     BYTES("\x02u1\x01x"), BYTES("\xff\xff\0\0")},
    {"native nullable float32", "prefix,n\nu1,-0.0\nu2,\n,1.5\n", "Nullable(Float32)",
     LC_FORMAT_NATIVE, false, BYTES(IN3),
     BYTES(OUT("\x11Nullable(Float32)") "\0\x01\0"
                                        "\0\0\0\x80"
                                        "\0\0\0\0"
                                        "\0\0\xc0\x3f")},
    {"native int64", "prefix,n\nu1,-9223372036854775808\nu2,-1\n", "Int64", LC_FORMAT_NATIVE, false,
     BYTES(IN3),
     BYTES(OUT("\x05Int64") "\0\0\0\0\0\0\0\x80\xff\xff\xff\xff\xff\xff\xff\xff"
                            "\0\0\0\0\0\0\0\0")},
    {"native uint64", "prefix,n\nu1,18446744073709551615\n", "UInt64", LC_FORMAT_NATIVE, false,
     BYTES(IN3),
     BYTES(OUT("\x06UInt64") "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {"native fixed string in", REGION, ENUM8, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x0e"
                 "FixedString(4)") "u1\0\0u2bbxxxx"),
     BYTES(OUT("\x2b" ENUM8) "\x01\xfe\x03")},
    {"native nullable in", REGION, ENUM8, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x10Nullable(String)") "\0\x01\0\x02u1\0\x02u2"),
     BYTES(OUT("\x2b" ENUM8) "\x01\x03\xfe")},
    {"native uint8 in", RANGE, "String", LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x05UInt8") "\0\x0a\xff"), BYTES(OUT("\x06String") "\x03low\x04high\x04high")},
    {"native uint16 in", RANGE, "String", LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x06UInt16") "\0\0\x2c\x01\x2d\x01"),
     BYTES(OUT("\x06String") "\x03low\x04high\0")},
    {"native nullable uint64 in: NULL is in no range", RANGE, "String", LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x10Nullable(UInt64)") "\0\x01\0"
                                         "\x01\0\0\0\0\0\0\0"
                                         "\0\0\0\0\0\0\0\0"
                                         "\x0b\0\0\0\0\0\0\0"),
     BYTES(OUT("\x06String") "\x03low\0\x04high")},
    {"native low cardinality in", REGION, ENUM8, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x16LowCardinality(String)") LC_HEAD "\x03\0\0\0\0\0\0\0\0\x02u1\x02u2"
                                                       "\x03\0\0\0\0\0\0\0\x02\x01\0"),
     BYTES(OUT("\x2b" ENUM8) "\xfe\x01\x03")},
};

static void load(const struct golden *g, struct lc_rules **rules, struct lc_column_type *res)
{
    struct lc_error err = LC_ERROR_INIT;

    *rules = support_rules(g->rules);
    if (lc_column_type_init(res, *rules, 0, g->type, "rules.csv", &err))
        fail_msg("%s: %s", g->name, err.msg);
}

static void test_golden_streams_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct golden *g = &golden[i];
        struct lc_rules *rules;
        struct lc_column_type res;

        load(g, &rules, &res);
        for (size_t piece = 1; piece <= g->in.n + 1; piece++) {
            struct lc_error err = LC_ERROR_INIT;
            struct lc_buf out;

            lc_buf_init(&out, 1 << 20);
            if (support_stream(&res, g->format, g->chunk, g->in, piece, &out, &err))
                fail_msg("%s in pieces of %zu: %s", g->name, piece, err.msg);
            if (out.n != g->out.n || (out.n && memcmp(out.p, g->out.p, out.n) != 0))
                fail_msg("%s in pieces of %zu: %zu bytes out, not as expected", g->name, piece,
                         out.n);
            lc_buf_release(&out);
        }
        lc_column_type_release(&res);
        lc_rules_free(rules);
    }
}

/* A stream that ends anywhere but behind a whole row or block is an error, and says so. */
static void test_golden_streams_that_end_early(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct golden *g = &golden[i];
        struct lc_rules *rules;
        struct lc_column_type res;

        load(g, &rules, &res);
        for (size_t n = 0; n < g->in.n; n++) {
            struct lc_error err = LC_ERROR_INIT;
            struct lc_buf out;
            int rc;

            lc_buf_init(&out, 1 << 20);
            rc = support_stream(&res, g->format, g->chunk, (struct lc_slice){g->in.p, n}, n + 1,
                                &out, &err);
            /* Whatever came out is a beginning of the right answer. */
            assert_true(out.n <= g->out.n);
            assert_true(out.n == 0 || memcmp(out.p, g->out.p, out.n) == 0);
            if (rc) {
                assert_int_equal(rc, LC_ERR_INPUT);
                assert_int_equal(err.byte, n);
                assert_non_null(strstr(err.msg, "the input ends"));
            } else if (g->format == LC_FORMAT_NATIVE) {
                /* only behind a whole block */
                assert_true(n == 0 || out.n == g->out.n / 2);
            }
            lc_buf_release(&out);
        }
        lc_column_type_release(&res);
        lc_rules_free(rules);
    }
}

struct bad {
    const char *rules;
    enum lc_format format;
    bool chunk;
    struct lc_slice in;
    uint64_t byte, row;
    const char *message;
};

#define VARINT11 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"

static const struct bad bad[] = {
    {REGION, LC_FORMAT_ROWBINARY, false, BYTES("\x02u1" VARINT11), 3, 1,
     "a length that does not end within 10 bytes (varint) (byte 3, row 1 of the input)"},
    {REGION, LC_FORMAT_ROWBINARY, false, BYTES("\x02u1\x05u2"), 6, 1,
     "the input ends inside a row (byte 6, row 1 of the input)"},
    {REGION, LC_FORMAT_ROWBINARY, false, BYTES("\x02u1\x80"), 4, 1,
     "the input ends inside a row (byte 4, row 1 of the input)"},
    {REGION, LC_FORMAT_ROWBINARY, false, BYTES("\x81\x80\x80\x80\x04"), 0, 0,
     "a key of 1073741825 bytes: at most 1 GiB (byte 0, row 0 of the input)"},
    {RANGE, LC_FORMAT_ROWBINARY, false, BYTES("\0\0\0"), 3, 0,
     "the input ends inside a row (byte 3, row 0 of the input)"},
    {REGION, LC_FORMAT_TSV, false, BYTES("u1\nu2"), 5, 1,
     "the input ends inside a row (byte 5, row 1 of the input)"},
    {REGION, LC_FORMAT_TSV, false, BYTES("u1\nab\\q\n"), 5, 1,
     "a backslash that begins no known escape (byte 5, row 1 of the input)"},
    {REGION, LC_FORMAT_TSV, false, BYTES("a\\x4\n"), 1, 0,
     "a backslash that begins no known escape (byte 1, row 0 of the input)"},
    {REGION, LC_FORMAT_TSV, false, BYTES("a\\\n"), 1, 0,
     "a backslash that begins no known escape (byte 1, row 0 of the input)"},
    {REGION, LC_FORMAT_TSV, false, BYTES("a\nb\tc\n"), 3, 1,
     "a second column: expected the key alone (byte 3, row 1 of the input)"},
    {RANGE, LC_FORMAT_TSV, false, BYTES("1\n2x\n"), 2, 1,
     "'2x' is no UInt64, which a range set's key is (byte 2, row 1 of the input)"},
    {RANGE, LC_FORMAT_TSV, false, BYTES("\n"), 0, 0,
     "'' is no UInt64, which a range set's key is (byte 0, row 0 of the input)"},
    {REGION, LC_FORMAT_TSV, true, BYTES("x\nu1\n"), 0, 0,
     "a chunk header that is not a number of rows and a newline (byte 0, row 0 of the input)"},
    {REGION, LC_FORMAT_TSV, true, BYTES("1\nu1\n\nu2\n"), 5, 1,
     "a chunk header without a number (byte 5, row 1 of the input)"},
    {REGION, LC_FORMAT_TSV, true, BYTES("3\nu1\n"), 5, 1,
     "the input ends with 2 rows of a block to come (byte 5, row 1 of the input)"},
    {REGION, LC_FORMAT_TSV, true, BYTES("3"), 1, 0,
     "the input ends inside a block's header (byte 1, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, true, BYTES("2\n" IN3), 3, 0,
     "a block of 3 rows after a chunk header of 2 (byte 3, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false,
     BYTES("\x02\x01\x01"
           "a"),
     0, 0, "a block of 2 columns: expected the key alone (byte 0, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false, BYTES(VARINT11), 0, 0,
     "a number that does not end within 10 bytes (varint) (byte 0, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false, BYTES("\x01" VARINT11), 1, 0,
     "a number that does not end within 10 bytes (varint) (byte 1, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x07"
                 "Float32")),
     6, 0,
     "the argument type Float32 is not supported: a fraction is not a key (byte 6, row 0 of the "
     "input)"},
    {REGION, LC_FORMAT_NATIVE, false, BYTES(BLOCK("\x05Int3\0")), 6, 0,
     "a type with a NUL in it (byte 6, row 0 of the input)"},
    {RANGE, LC_FORMAT_NATIVE, false, BYTES(BLOCK("\x06String")), 6, 0,
     "range rules take numbers, and the argument is String (byte 6, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false, BYTES("\x01\x01\xff\xff\xff\x7f"), 2, 0,
     "a name or type of 268435455 bytes in a Native header (byte 2, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false, BYTES(IN3 "\x01"), 23, 3,
     "the input ends inside a block's header (byte 23, row 3 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false, BYTES(BLOCK("\x06String") "\x03u1a\x03u2"), 19, 1,
     "the input ends with 2 rows of a block to come (byte 19, row 1 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x16LowCardinality(String)") "\x02\0\0\0\0\0\0\0"
                                               "\0\x06\0\0\0\0\0\0"
                                               "\0\0\0\0\0\0\0\0"),
     28, 0, "LowCardinality version 2: expected 1 (byte 28, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x16LowCardinality(String)") "\x01\0\0\0\0\0\0\0"
                                               "\0\x01\0\0\0\0\0\0"
                                               "\0\0\0\0\0\0\0\0"),
     36, 0,
     "LowCardinality flags 0x100: expected keys in the block itself (byte 36, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x16LowCardinality(String)") LC_HEAD "\x01\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0"),
     53, 0, "2 indexes for a block of 3 rows (byte 53, row 0 of the input)"},
    {REGION, LC_FORMAT_NATIVE, false,
     BYTES(BLOCK("\x16LowCardinality(String)") LC_HEAD "\x01\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0"
                                                       "\0\x01\0"),
     62, 1, "index 1 into a dictionary of 1 keys (byte 62, row 1 of the input)"},
};

static void test_malformed_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct bad *b = &bad[i];
        struct lc_rules *rules = support_rules(b->rules);
        struct lc_error ignored = LC_ERROR_INIT;
        struct lc_column_type res;

        assert_int_equal(lc_column_type_init(&res, rules, 0, "String", "rules.csv", &ignored), 0);
        for (size_t piece = b->in.n; piece; piece = piece > 1 ? 1 : 0) {
            struct lc_error err = LC_ERROR_INIT;
            struct lc_buf out;

            lc_buf_init(&out, 1 << 20);
            assert_int_equal(support_stream(&res, b->format, b->chunk, b->in, piece, &out, &err),
                             LC_ERR_INPUT);
            assert_string_equal(err.msg, b->message);
            assert_int_equal(err.byte, b->byte);
            assert_int_equal(err.row, b->row);
            lc_buf_release(&out);
        }
        lc_column_type_release(&res);
        lc_rules_free(rules);
    }
}

/* Native blocks of `rows` keys each, `blocks` of them. */
static void native_input(struct lc_buf *in, unsigned blocks, unsigned rows)
{
    for (unsigned b = 0; b < blocks; b++) {
        uint8_t head[LC_VARINT_MAX];

        lc_buf_add(in, "\x01", 1);
        lc_buf_add(in, head, lc_varint_put(head, rows));
        lc_buf_add(in, "\x01k\x06String", 9);
        for (unsigned i = 0; i < rows; i++) {
            char key[32];
            int n = sprintf(key, "%cu%u_%u", 0, (i + b) % 10, i);

            key[0] = (char)(n - 1);
            lc_buf_add(in, key, (size_t)n);
        }
    }
}

/* Once warm, no memory is allocated: not per row, not per block. */
static void test_no_allocation_once_warm(void **state)
{
    static const char *const types[] = {"String", ENUM8, "LowCardinality(String)",
                                        "Nullable(String)", "LowCardinality(Nullable(String))"};
    struct lc_rules *rules = support_rules(REGION);

    (void)state;
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_column_type res;
        struct lc_stream *s;
        struct lc_buf in;
        size_t warm = 0;

        lc_buf_init(&in, 1 << 26);
        native_input(&in, 40, 8192);
        assert_int_equal(lc_column_type_init(&res, rules, 0, types[t], "r", &err), 0);
        assert_int_equal(lc_stream_new(&s, &res, LC_FORMAT_NATIVE, false), 0);
        for (size_t at = 0; at < in.n;) {
            size_t room, n = in.n - at < 65536 ? in.n - at : 65536;
            uint8_t *p;

            assert_int_equal(lc_stream_space(s, &p, &room, &err), 0);
            memcpy(p, in.p + at, n);
            at += n;
            assert_int_equal(lc_stream_feed(s, n, &err), 0);
            lc_stream_written(s);
            if (at >= in.n / 4 && !warm)
                warm = support_allocations();
        }
        assert_int_equal(support_allocations(), warm);
        assert_int_equal(lc_stream_end(s, &err), 0);
        lc_stream_free(s);
        lc_column_type_release(&res);
        lc_buf_release(&in);
    }
    lc_rules_free(rules);
}

/* Long keys: lengths around each size of a varint, of a rule and of the reads. */
static void test_keys_of_any_length(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 129, 4096, 4097, 16383, 16384, 2000000};
    struct lc_rules *rules = support_rules(REGION);
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column_type res;

    (void)state;
    assert_int_equal(lc_column_type_init(&res, rules, 0, ENUM8, "r", &err), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n = lengths[i];
        uint8_t head[LC_VARINT_MAX];
        struct lc_buf in, out;

        lc_buf_init(&in, 1 << 24);
        lc_buf_init(&out, 1 << 10);
        lc_buf_add(&in, head, lc_varint_put(head, n));
        for (size_t k = 0; k < n; k++)
            lc_buf_add(&in, k == 0 ? "u" : k == 1 ? "2" : "\xff", 1);
        assert_int_equal(support_stream(&res, LC_FORMAT_ROWBINARY, false,
                                        (struct lc_slice){in.p, in.n}, 70000, &out, &err),
                         0);
        assert_int_equal(out.n, 1);
        assert_int_equal(out.p[0], n >= 2 ? 0xfe : 3);
        lc_buf_release(&in);
        lc_buf_release(&out);
    }
    lc_column_type_release(&res);
    lc_rules_free(rules);
}

/* More than 256 values: LowCardinality with the block's own dictionary, wider indexes. */
static void test_low_cardinality_of_many_values(void **state)
{
    struct lc_buf csv, in, out;
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *rules;
    struct lc_column_type res;
    static const char head[] = "\x01\xac\x02\x06result\x16LowCardinality(String)\x01\0\0\0\0\0\0\0"
                               "\x01\x06\0\0\0\0\0\0\x2d\x01\0\0\0\0\0\0\0";
    const uint8_t *p;

    (void)state;
    lc_buf_init(&csv, 1 << 20);
    lc_buf_init(&in, 1 << 20);
    lc_buf_init(&out, 1 << 20);
    lc_buf_adds(&csv, "exact,v\n");
    lc_buf_adds(&in, "\x01\xac\x02\x01k\x06String");
    for (int i = 0; i < 300; i++) {
        lc_buf_addf(&csv, "k%03d,v%03d\n", i, i);
        lc_buf_addf(&in, "\x04k%03d", 299 - i);
    }
    rules = support_rules(lc_buf_str(&csv));
    assert_int_equal(lc_column_type_init(&res, rules, 0, "LowCardinality(String)", "r", &err), 0);
    assert_int_equal(support_stream(&res, LC_FORMAT_NATIVE, false, (struct lc_slice){in.p, in.n},
                                    in.n, &out, &err),
                     0);
    assert_true(out.n == sizeof head - 1 + 300 * 5 + 8 + 600);
    assert_memory_equal(out.p, head, sizeof head - 1);
    assert_memory_equal(out.p + sizeof head - 1, "\x04v299\x04v298", 10);
    p = out.p + sizeof head - 1 + 300 * 5;
    assert_memory_equal(p, "\x2c\x01\0\0\0\0\0\0\x01\0\x02\0\x03\0", 14);
    lc_column_type_release(&res);
    lc_rules_free(rules);
    lc_buf_release(&csv);
    lc_buf_release(&in);
    lc_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_streams_cut_at_every_byte),
        cmocka_unit_test(test_golden_streams_that_end_early),
        cmocka_unit_test(test_malformed_input),
        cmocka_unit_test(test_no_allocation_once_warm),
        cmocka_unit_test(test_keys_of_any_length),
        cmocka_unit_test(test_low_cardinality_of_many_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
