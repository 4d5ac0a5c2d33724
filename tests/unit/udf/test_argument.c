/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes in: every type of argument, plain, Nullable and LowCardinality, in every format, cut at
 * every byte; what is refused, and how; every format gives the same key for the same value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/varint.h"
#include "udf_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(s) ((struct lc_slice){(const uint8_t *)(s), sizeof(s) - 1})
#define VALUES   3

/* Three values of a type, as an engine (26.7) sends them, and what rules get of them. */
struct values {
    const char *type;
    bool no_low_cardinality; /* the server has none of it */
    struct lc_slice wire[VALUES];
    const char *tsv[VALUES];
    const char *text[VALUES];   /* for prefix, exact and bucket rules; NULL: refused */
    const char *number[VALUES]; /* for ranges; NULL: refused; "-": in no range */
};

#define NO_TEXT                                                                                    \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }
#define NO_NUMBER                                                                                  \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

static const struct values all[] = {
    {"String",
     false,
     {BYTES("\x01"
            "a"),
      BYTES("\0"),
      BYTES("\x03"
            "b\\N")},
     {"a", "", "b\\\\N"},
     {"a", "", "b\\N"},
     NO_NUMBER},
    {"FixedString(4)",
     false,
     {BYTES("ab\0\0"), BYTES("\0\0\0\0"), BYTES("a\0cd")},
     {"ab\\0\\0", "\\0\\0\\0\\0", "a\\0cd"},
     {"ab", "", NULL},
     NO_NUMBER},
    {"UInt8",
     false,
     {BYTES("\1"), BYTES("\0"), BYTES("\xff")},
     {"1", "0", "255"},
     {"1", "0", "255"},
     {"1", "0", "255"}},
    {"UInt16",
     false,
     {BYTES("\1\0"), BYTES("\0\1"), BYTES("\xff\xff")},
     {"1", "256", "65535"},
     {"1", "256", "65535"},
     {"1", "256", "65535"}},
    {"UInt32",
     false,
     {BYTES("\1\0\0\0"), BYTES("\0\0\1\0"), BYTES("\xff\xff\xff\xff")},
     {"1", "65536", "4294967295"},
     {"1", "65536", "4294967295"},
     {"1", "65536", "4294967295"}},
    {"UInt64",
     false,
     {BYTES("\1\0\0\0\0\0\0\0"), BYTES("\0\0\0\0\0\0\0\0"),
      BYTES("\xff\xff\xff\xff\xff\xff\xff\xff")},
     {"1", "0", "18446744073709551615"},
     {"1", "0", "18446744073709551615"},
     {"1", "0", "18446744073709551615"}},
    {"Int8",
     false,
     {BYTES("\xff"), BYTES("\x80"), BYTES("\x7f")},
     {"-1", "-128", "127"},
     {"-1", "-128", "127"},
     {"-", "-", "127"}},
    {"Int16",
     false,
     {BYTES("\xff\xff"), BYTES("\0\x80"), BYTES("\xff\x7f")},
     {"-1", "-32768", "32767"},
     {"-1", "-32768", "32767"},
     {"-", "-", "32767"}},
    {"Int32",
     false,
     {BYTES("\xff\xff\xff\xff"), BYTES("\0\0\0\x80"), BYTES("\x64\0\0\0")},
     {"-1", "-2147483648", "100"},
     {"-1", "-2147483648", "100"},
     {"-", "-", "100"}},
    {"Int64",
     false,
     {BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), BYTES("\0\0\0\0\0\0\0\x80"),
      BYTES("\x64\0\0\0\0\0\0\0")},
     {"-1", "-9223372036854775808", "100"},
     {"-1", "-9223372036854775808", "100"},
     {"-", "-", "100"}},
    {"Bool",
     false,
     {BYTES("\1"), BYTES("\0"), BYTES("\1")},
     {"true", "false", "true"},
     {"true", "false", "true"},
     {"1", "0", "1"}},
    {"Enum8('a'=1,'b c'=-2,''=0)",
     true,
     {BYTES("\1"), BYTES("\xfe"), BYTES("\0")},
     {"a", "b c", ""},
     {"a", "b c", ""},
     {"1", "-", "0"}},
    {"Enum16( 'x' = 300 , 'it''s' = 2, 'n\\nl'=3)",
     true,
     {BYTES("\x2c\x01"), BYTES("\2\0"), BYTES("\3\0")},
     {"x", "it\\'s", "n\\nl"},
     {"x", "it's", NULL},
     {"300", "2", "3"}},
    {"Date",
     false,
     {BYTES("\x29\x4d"), BYTES("\0\0"), BYTES("\xff\xff")},
     {"2024-01-31", "1970-01-01", "2149-06-06"},
     {"2024-01-31", "1970-01-01", "2149-06-06"},
     {"19753", "0", "65535"}},
    {"Date32",
     false,
     {BYTES("\x29\x4d\0\0"), BYTES("\x21\x9c\xff\xff"), BYTES("\xd1\xd6\x01\0")},
     {"2024-01-31", "1900-01-01", "2299-12-31"},
     {"2024-01-31", "1900-01-01", "2299-12-31"},
     {"19753", "-", "120529"}},
    {"DateTime",
     false,
     {BYTES("\x70\x3e\xba\x65"), BYTES("\0\0\0\0"), BYTES("\xff\xff\xff\xff")},
     {NULL, NULL, NULL},
     NO_TEXT,
     {"1706704496", "0", "4294967295"}},
    {"DateTime('UTC')",
     false,
     {BYTES("\x70\x3e\xba\x65"), BYTES("\0\0\0\0"), BYTES("\xff\xff\xff\xff")},
     {"2024-01-31 12:34:56", "1970-01-01 00:00:00", "2106-02-07 06:28:15"},
     {"2024-01-31 12:34:56", "1970-01-01 00:00:00", "2106-02-07 06:28:15"},
     {"1706704496", "0", "4294967295"}},
    {"DateTime64(3, 'Europe/Berlin')",
     true,
     {BYTES("\x95\xe8\x83\x5f\x8d\x01\0\0"), BYTES("\x0c\xfe\xff\xff\xff\xff\xff\xff"),
      BYTES("\0\0\0\0\0\0\0\0")},
     {NULL, NULL, NULL},
     NO_TEXT,
     {"1706704496", "-", "0"}},
    {"DateTime64(3,'UTC')",
     true,
     {BYTES("\x95\xe8\x83\x5f\x8d\x01\0\0"), BYTES("\x0c\xfe\xff\xff\xff\xff\xff\xff"),
      BYTES("\0\0\0\0\0\0\0\0")},
     {"2024-01-31 12:34:56.789", "1969-12-31 23:59:59.500", "1970-01-01 00:00:00.000"},
     {"2024-01-31 12:34:56.789", "1969-12-31 23:59:59.500", "1970-01-01 00:00:00.000"},
     {"1706704496", "-", "0"}},
    {"DateTime64(0,'Etc/UTC')",
     true,
     {BYTES("\x70\x3e\xba\x65\0\0\0\0"), BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"),
      BYTES("\0\0\0\0\0\0\0\0")},
     {"2024-01-31 12:34:56", "1969-12-31 23:59:59", "1970-01-01 00:00:00"},
     {"2024-01-31 12:34:56", "1969-12-31 23:59:59", "1970-01-01 00:00:00"},
     {"1706704496", "-", "0"}},
    {"DateTime64(9,'UTC')",
     true,
     {BYTES("\x40\x8f\xab\x83\xb2\x6e\xaf\x17"), BYTES("\x00\x9b\x32\xe2\xff\xff\xff\xff"),
      BYTES("\0\0\0\0\0\0\0\0")},
     {"2024-01-31 12:34:56.789000000", "1969-12-31 23:59:59.500000000",
      "1970-01-01 00:00:00.000000000"},
     {"2024-01-31 12:34:56.789000000", "1969-12-31 23:59:59.500000000",
      "1970-01-01 00:00:00.000000000"},
     {"1706704496", "-", "0"}},
    {"UUID",
     false,
     {BYTES("\x77\x66\x55\x44\x33\x22\x11\x00\xff\xee\xdd\xcc\xbb\xaa\x99\x88"),
      BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), BYTES("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0")},
     {"00112233-4455-6677-8899-aabbccddeeff", "00000000-0000-0000-0000-000000000000",
      "00000000-0000-0001-0000-000000000002"},
     {"00112233-4455-6677-8899-aabbccddeeff", "00000000-0000-0000-0000-000000000000",
      "00000000-0000-0001-0000-000000000002"},
     NO_NUMBER},
    {"IPv4",
     false,
     {BYTES("\4\3\2\1"), BYTES("\0\0\0\0"), BYTES("\xff\xff\xff\xff")},
     {"1.2.3.4", "0.0.0.0", "255.255.255.255"},
     {"1.2.3.4", "0.0.0.0", "255.255.255.255"},
     {"16909060", "0", "4294967295"}},
    {"IPv6",
     false,
     {BYTES("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\xff"),
      BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), BYTES("\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4")},
     {"2001:db8::ff", "::", "::ffff:1.2.3.4"},
     {"2001:db8::ff", "::", "::ffff:1.2.3.4"},
     NO_NUMBER},
};

/* A rule for each of the three keys: A, B, C; D for all others, or '' with ranges. */
static struct lc_rules *make_rules(const struct values *v, bool range)
{
    struct lc_buf csv;
    struct lc_rules *rules;

    lc_buf_init(&csv, 4096);
    lc_buf_adds(&csv, range ? "from,to,v\n" : "exact,v\n*,D\n");
    for (int i = 0; i < VALUES; i++) {
        const char *key = range ? v->number[i] : v->text[i];

        for (int k = 0; k < i && key; k++)
            if (range ? v->number[k] && strcmp(v->number[k], key) == 0
                      : v->text[k] && strcmp(v->text[k], key) == 0)
                key = NULL;
        if (key && range && *key != '-')
            lc_buf_addf(&csv, "%s,%s,%c\n", key, key, 'A' + i);
        else if (key && !range)
            lc_buf_addf(&csv, "\"%s\",%c\n", key, 'A' + i);
    }
    lc_buf_adds(&csv, range ? "5000000000,5000000001,E\n" : "never,E\n");
    rules = support_rules(lc_buf_str(&csv));
    lc_buf_release(&csv);
    return rules;
}

/* What value i gives: the letter of the first that is the same. -1: NULL. */
static char answer(const struct values *v, bool range, int i)
{
    const char *key = i < 0 ? NULL : range ? v->number[i] : v->text[i];

    if (!key || (range && *key == '-'))
        return range ? 0 : 'D';
    for (int k = 0; k < VALUES; k++) {
        const char *other = range ? v->number[k] : v->text[k];

        if (other && strcmp(other, key) == 0)
            return (char)('A' + k);
    }
    return 0;
}

/* Rows of the input: values 0, NULL (where it may be), 1, 2. */
static int row_of(bool nullable, int row)
{
    static const int with_null[] = {0, -1, 1, 2};

    return nullable ? with_null[row] : row;
}

static int rows_of(bool nullable)
{
    return nullable ? VALUES + 1 : VALUES;
}

static void add_name(struct lc_buf *b, const char *text)
{
    uint8_t head[LC_VARINT_MAX];

    lc_buf_add(b, head, lc_varint_put(head, strlen(text)));
    lc_buf_adds(b, text);
}

static void add_u64(struct lc_buf *b, uint64_t v)
{
    lc_buf_add(b, &v, sizeof v);
}

/* Something of the type that is where a NULL is: not looked at. */
static void add_filler(struct lc_buf *b, const struct values *v)
{
    for (size_t n = 0; n < (strcmp(v->type, "String") ? v->wire[0].n : 1); n++)
        lc_buf_add(b, "\0", 1);
}

static void add_native(struct lc_buf *b, const struct values *v, const char *type, bool nullable,
                       bool low_cardinality)
{
    int rows = rows_of(nullable);
    uint8_t head[] = {1, (uint8_t)rows};

    lc_buf_add(b, head, 2);
    add_name(b, "k");
    add_name(b, type);
    for (int i = 0; i < rows && nullable && !low_cardinality; i++)
        lc_buf_add(b, row_of(nullable, i) < 0 ? "\1" : "\0", 1);
    if (low_cardinality) {
        add_u64(b, 1);
        add_u64(b, 0x600);
        add_u64(b, VALUES + 1);
        add_filler(b, v);
        for (int i = 0; i < VALUES; i++)
            lc_buf_add(b, v->wire[i].p, v->wire[i].n);
        add_u64(b, (uint64_t)rows);
    }
    for (int i = 0; i < rows; i++) {
        int at = row_of(nullable, i);
        uint8_t index = (uint8_t)(at + 1);

        if (low_cardinality)
            lc_buf_add(b, &index, 1);
        else if (at < 0)
            add_filler(b, v);
        else
            lc_buf_add(b, v->wire[at].p, v->wire[at].n);
    }
}

static void add_rowbinary(struct lc_buf *b, const struct values *v, bool nullable)
{
    for (int i = 0; i < rows_of(nullable); i++) {
        int at = row_of(nullable, i);

        if (nullable)
            lc_buf_add(b, at < 0 ? "\1" : "\0", 1);
        if (at >= 0)
            lc_buf_add(b, v->wire[at].p, v->wire[at].n);
    }
}

static void add_tsv(struct lc_buf *b, const struct values *v, bool nullable)
{
    for (int i = 0; i < rows_of(nullable); i++)
        lc_buf_addf(b, "%s\n", row_of(nullable, i) < 0 ? "\\N" : v->tsv[row_of(nullable, i)]);
}

static void add_answers(struct lc_buf *b, const struct values *v, enum lc_format format,
                        bool nullable, bool range)
{
    int rows = rows_of(nullable);
    uint8_t head[] = {1, (uint8_t)rows};

    if (format == LC_FORMAT_NATIVE) {
        lc_buf_add(b, head, 2);
        add_name(b, "result");
        add_name(b, "String");
    }
    for (int i = 0; i < rows; i++) {
        char letter[2] = {answer(v, range, row_of(nullable, i)), '\0'};

        if (format == LC_FORMAT_TSV)
            lc_buf_addf(b, "%s\n", letter);
        else
            add_name(b, letter);
    }
}

static void check_stream(const struct values *v, const char *type, enum lc_format format,
                         bool nullable, bool low_cardinality, bool range)
{
    struct lc_rules *rules = make_rules(v, range);
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column_type res;
    struct lc_buf in, want;

    lc_buf_init(&in, 1 << 16);
    lc_buf_init(&want, 1 << 16);
    assert_int_equal(lc_column_type_init(&res, rules, 0, "String", "r", &err), 0);
    if (format == LC_FORMAT_NATIVE)
        add_native(&in, v, type, nullable, low_cardinality);
    else if (format == LC_FORMAT_ROWBINARY)
        add_rowbinary(&in, v, nullable);
    else
        add_tsv(&in, v, nullable);
    add_answers(&want, v, format, nullable, range);
    for (size_t piece = 1; piece <= in.n; piece++) {
        struct lc_buf out;

        lc_buf_init(&out, 1 << 16);
        if (support_stream_of(&res, type, format, false, (struct lc_slice){in.p, in.n}, piece, &out,
                              &err))
            fail_msg("%s, format %d, range %d, in pieces of %zu: %s", type, (int)format, range,
                     piece, err.msg);
        if (out.n != want.n || memcmp(out.p, want.p, want.n) != 0)
            fail_msg("%s, format %d, range %d, in pieces of %zu: not as expected", type,
                     (int)format, range, piece);
        lc_buf_release(&out);
    }
    lc_column_type_release(&res);
    lc_rules_free(rules);
    lc_buf_release(&in);
    lc_buf_release(&want);
}

/* Each type, with each wrapping that the server has, in each format, for both sorts of rules. */
static void test_every_type_in_every_format(void **state)
{
    static const enum lc_format formats[] = {LC_FORMAT_NATIVE, LC_FORMAT_ROWBINARY, LC_FORMAT_TSV};
    static const char *const wraps[] = {"%s", "Nullable(%s)", "LowCardinality(%s)",
                                        "LowCardinality(Nullable(%s))"};
    unsigned checked = 0;

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (unsigned w = 0; w < 4; w++)
            for (unsigned f = 0; f < 3; f++)
                for (unsigned range = 0; range < 2; range++) {
                    const struct values *v = &all[i];
                    char type[200];

                    if ((w > 1 && v->no_low_cardinality) ||
                        (formats[f] == LC_FORMAT_TSV && !v->tsv[0]) ||
                        !(range ? v->number[0] : v->text[0]))
                        continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                    snprintf(type, sizeof type, wraps[w], v->type);
#pragma GCC diagnostic pop
                    check_stream(v, type, formats[f], w & 1, w > 1, range);
                    checked++;
                }
    assert_true(checked > 300);
}

/* Of DateTime('UTC') a server's header says DateTime alone; what is declared holds. */
static void test_a_header_without_the_zone(void **state)
{
    struct lc_rules *rules = support_rules("prefix,v\n2024-01,A\n");
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column_type res;
    struct lc_buf out;

    (void)state;
    lc_buf_init(&out, 1000);
    assert_int_equal(lc_column_type_init(&res, rules, 0, "String", "r", &err), 0);
    assert_int_equal(support_stream_of(&res, "DateTime('UTC')", LC_FORMAT_NATIVE, false,
                                       BYTES("\1\1\1k\x08"
                                             "DateTime\x70\x3e\xba\x65"),
                                       99, &out, &err),
                     0);
    assert_memory_equal(out.p + out.n - 2, "\1A", 2);
    /* Where nothing is declared the zone is not known. */
    assert_int_equal(support_stream(&res, LC_FORMAT_NATIVE, false,
                                    BYTES("\1\1\1k\x08"
                                          "DateTime\x70\x3e\xba\x65"),
                                    99, &out, &err),
                     LC_ERR_INPUT);
    lc_buf_release(&out);
    lc_column_type_release(&res);
    lc_rules_free(rules);
}

/* Types, rules, format → what is said, and what to do. */
struct refused {
    const char *type;
    enum lc_kind kind;
    enum lc_format format;
    const char *message, *hint; /* a part of each */
};

static const struct refused refused[] = {
    {"Int128", LC_KIND_PREFIX, LC_FORMAT_NATIVE,
     "Int128 is not supported: integers go up to 64 bits", "toString(key)"},
    {"Nullable(UInt256)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "Nullable(UInt256) is not supported",
     "toString(key)"},
    {"LowCardinality(Nullable(Float64))", LC_KIND_RANGE, LC_FORMAT_NATIVE, "a fraction",
     "floor(key)"},
    {"Decimal(9,2)", LC_KIND_RANGE, LC_FORMAT_NATIVE, "a fraction", "floor(key)"},
    {"Array(String)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "rules take one value", "key[1]"},
    {"Map(String,String)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "rules take one value", "key['name']"},
    {"Nullable(LowCardinality(String))", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "no such type",
     "LowCardinality(Nullable"},
    {"LowCardinality(Enum8('a'=1))", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "no LowCardinality of that",
     "without"},
    {"LowCardinality(DateTime64(3,'UTC'))", LC_KIND_PREFIX, LC_FORMAT_NATIVE,
     "no LowCardinality of that", "without"},
    {"Strin", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type 'Strin'", "one of String"},
    {"String)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type", "one of String"},
    {"Nullable(String", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type", "one of String"},
    {"", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type ''", "one of String"},
    {"FixedString(0)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type", "one of String"},
    {"FixedString(99999999999999999999)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type",
     "one of String"},
    {"FixedString", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type", "one of String"},
    {"Enum('a','b')", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type", "Enum8('a'=1"},
    {"Enum8('a','b')", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "'name'=number", "SHOW CREATE TABLE"},
    {"Enum8('a'=128)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "Enum8 goes from -128 to 127, not 128",
     ""},
    {"Enum8('a'=1,'a'=2)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "a number or a name twice", ""},
    {"Enum8('a'=1,'b'=1)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "a number or a name twice", ""},
    {"SimpleAggregateFunction", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type", ""},
    {"SimpleAggregateFunction(any)", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "unknown argument type", ""},
    {"SimpleAggregateFunction(any, String", LC_KIND_PREFIX, LC_FORMAT_NATIVE,
     "unknown argument type", ""},
    {"DateTime64(10)", LC_KIND_RANGE, LC_FORMAT_NATIVE, "unknown argument type", ""},
    {"DateTime(UTC)", LC_KIND_RANGE, LC_FORMAT_NATIVE, "unknown argument type", ""},
    {"DateTime", LC_KIND_PREFIX, LC_FORMAT_NATIVE, "depends on a time zone", "DateTime('UTC')"},
    {"DateTime64(3,'Asia/Tokyo')", LC_KIND_EXACT, LC_FORMAT_ROWBINARY, "depends on a time zone",
     "'UTC'"},
    {"DateTime", LC_KIND_RANGE, LC_FORMAT_TSV, "TabSeparated carries DateTime as a text",
     "RowBinary"},
    {"String", LC_KIND_RANGE, LC_FORMAT_NATIVE,
     "range rules take numbers, and the argument is String", "UInt64"},
    {"UUID", LC_KIND_RANGE, LC_FORMAT_NATIVE, "range rules take numbers", "UInt64"},
    {"IPv6", LC_KIND_RANGE, LC_FORMAT_NATIVE, "range rules take numbers", "UInt64"},
    {"FixedString(4)", LC_KIND_RANGE, LC_FORMAT_NATIVE, "range rules take numbers", "UInt64"},
};

static void test_what_is_not_taken_says_why_and_the_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct refused *r = &refused[i];
        struct lc_error err = LC_ERROR_INIT;
        struct lc_argument arg;
        int rc = lc_argument_parse(&arg, r->type, &err);

        rc = rc ? rc
                : lc_argument_fits(&arg, r->type, r->kind,
                                   &(struct lc_takes){
                                       r->kind == LC_KIND_RANGE ? LC_ORDER_UINT : LC_ORDER_TEXT, 0},
                                   r->format, &err);
        if (rc != LC_ERR_USAGE || !strstr(err.msg, r->message) || !strstr(err.hint, r->hint))
            fail_msg("%s: %d, '%s' ('%s')", r->type, rc, err.msg, err.hint);
        lc_argument_release(&arg);
    }
}

static void test_the_same_type_in_another_spelling(void **state)
{
    static const char *const same[][2] = {
        {"Enum8('b c'=-2,'a'=1)", "Enum8('a' = 1, 'b c' = -2)"},
        {"LowCardinality(Nullable(String))", "LowCardinality( Nullable( String ) )"},
        {"DateTime64(3,'UTC')", "DateTime64(3, 'UTC')"},
        {"DateTime64", "DateTime64(3)"},
        {"String", "SimpleAggregateFunction(anyLast, String)"},
        {"LowCardinality(Nullable(String))",
         "SimpleAggregateFunction(any, LowCardinality(Nullable(String)))"},
        {"FixedString(4)", "SimpleAggregateFunction(f(1, (2)), FixedString(4))"},
        {"Enum8('it''s'=1)", "Enum8('it\\'s' = 1)"},
    };
    static const char *const other[][2] = {
        {"Enum8('a'=1)", "Enum8('a'=2)"},
        {"Enum8('a'=1)", "Enum16('a'=1)"},
        {"Enum8('a'=1)", "Enum8('a'=1,'b'=2)"},
        {"String", "Nullable(String)"},
        {"String", "LowCardinality(String)"},
        {"UInt8", "Int8"},
        {"Int32", "Date32"},
        {"DateTime", "DateTime('UTC')"},
        {"DateTime64(3)", "DateTime64(6)"},
        {"FixedString(3)", "FixedString(4)"},
        {"UInt8", "Bool"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same + sizeof other / sizeof *other; i++) {
        bool want = i < sizeof same / sizeof *same;
        const char *const *two = want ? same[i] : other[i - sizeof same / sizeof *same];
        struct lc_error err = LC_ERROR_INIT;
        struct lc_argument a, b;

        assert_int_equal(lc_argument_parse(&a, two[0], &err), 0);
        assert_int_equal(lc_argument_parse(&b, two[1], &err), 0);
        if (lc_argument_same(&a, &b) != want)
            fail_msg("%s and %s", two[0], two[1]);
        lc_argument_release(&a);
        lc_argument_release(&b);
    }
}

struct bad {
    const char *type;
    bool range;
    enum lc_format format;
    struct lc_slice in;
    uint64_t byte, row;
    const char *message;
};

#define HEADER(type) "\x01\x02\x01k" type

static const struct bad bad[] = {
    {"Nullable(String)", false, LC_FORMAT_ROWBINARY,
     BYTES("\0\x01"
           "a\2"),
     3, 1, "a null byte of 2: expected 0 or 1 (byte 3, row 1 of the input)"},
    {"Nullable(String)", false, LC_FORMAT_ROWBINARY,
     BYTES("\1\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), 2, 1,
     "a length that does not end within 10 bytes (varint) (byte 2, row 1 of the input)"},
    {"Nullable(Int32)", false, LC_FORMAT_ROWBINARY, BYTES("\1\0\1\2\3"), 5, 1,
     "the input ends inside a row (byte 5, row 1 of the input)"},
    {"Enum8('a'=1)", false, LC_FORMAT_ROWBINARY, BYTES("\1\2"), 1, 1,
     "a number that the Enum has no label for (byte 1, row 1 of the input)"},
    {"Nullable(Enum16('a'=1))", true, LC_FORMAT_ROWBINARY, BYTES("\1\0\2\0"), 2, 1,
     "a number that the Enum has no label for (byte 2, row 1 of the input)"},
    {"Enum8('a'=1)", false, LC_FORMAT_NATIVE,
     BYTES(HEADER("\x0e"
                  "Enum8('a' = 1)") "\1\2"),
     20, 1, "a number that the Enum has no label for (byte 20, row 1 of the input)"},
    {"Enum8('a'=1)", false, LC_FORMAT_NATIVE,
     BYTES(HEADER("\x0e"
                  "Enum8('a' = 2)") "\2\2"),
     5, 0,
     "the key column is Enum8('a' = 2), and --argument says Enum8('a'=1) (byte 5, row 0 of the input)"},
    {"Nullable(String)", false, LC_FORMAT_NATIVE, BYTES(HEADER("\6String") "\0\0"), 5, 0,
     "the key column is String, and --argument says Nullable(String) (byte 5, row 0 of the input)"},
    {"Int8", false, LC_FORMAT_TSV, BYTES("1\n128\n"), 2, 1,
     "'128' is no Int8 (byte 2, row 1 of the input)"},
    {"Int8", false, LC_FORMAT_TSV, BYTES("-\n"), 0, 0,
     "'-' is no Int8 (byte 0, row 0 of the input)"},
    {"Int64", false, LC_FORMAT_TSV, BYTES("-9223372036854775809\n"), 0, 0,
     "'-9223372036854775809' is no Int64 (byte 0, row 0 of the input)"},
    {"UInt16", true, LC_FORMAT_TSV, BYTES("65536\n"), 0, 0,
     "'65536' is no UInt16 (byte 0, row 0 of the input)"},
    {"String", false, LC_FORMAT_TSV, BYTES("a\n\\N\n"), 2, 1,
     "a NULL, and --argument says String (byte 2, row 1 of the input)"},
    {"Date", false, LC_FORMAT_TSV, BYTES("2023-02-29\n"), 0, 0,
     "'2023-02-29' is no Date (byte 0, row 0 of the input)"},
    {"Date", false, LC_FORMAT_TSV, BYTES("1969-12-31\n"), 0, 0,
     "'1969-12-31' is no Date (byte 0, row 0 of the input)"},
    {"Date32", false, LC_FORMAT_TSV, BYTES("2024-13-01\n"), 0, 0,
     "'2024-13-01' is no Date32 (byte 0, row 0 of the input)"},
    {"DateTime('UTC')", false, LC_FORMAT_TSV, BYTES("2024-01-31T00:00:00Z\n"), 0, 0,
     "'2024-01-31T00:00:00Z' is no DateTime('UTC') (byte 0, row 0 of the input)"},
    {"DateTime64(3,'UTC')", false, LC_FORMAT_TSV, BYTES("2024-01-31 00:00:00\n"), 0, 0,
     "'2024-01-31 00:00:00' is no DateTime64(3,'UTC') (byte 0, row 0 of the input)"},
    {"UUID", false, LC_FORMAT_TSV, BYTES("00112233-4455-6677-8899-aabbccddeefg\n"), 0, 0,
     "'00112233-4455-6677-8899-aabbccddeefg' is no UUID (byte 0, row 0 of the input)"},
    {"IPv4", false, LC_FORMAT_TSV, BYTES("1.2.3\n"), 0, 0,
     "'1.2.3' is no IPv4 (byte 0, row 0 of the input)"},
    {"IPv6", false, LC_FORMAT_TSV, BYTES("::x\n"), 0, 0,
     "'::x' is no IPv6 (byte 0, row 0 of the input)"},
    {"Bool", false, LC_FORMAT_TSV, BYTES("1\n"), 0, 0,
     "'1' is no Bool (byte 0, row 0 of the input)"},
    {"Enum8('a'=1)", false, LC_FORMAT_TSV, BYTES("b\n"), 0, 0,
     "'b' is no Enum8('a'=1) (byte 0, row 0 of the input)"},
    {"FixedString(2)", false, LC_FORMAT_TSV, BYTES("abc\n"), 0, 0,
     "'abc' is no FixedString(2) (byte 0, row 0 of the input)"},
};

static void test_malformed_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct bad *b = &bad[i];
        struct lc_rules *rules = support_rules(b->range ? "from,to,v\n0,9,A\n" : "prefix,v\na,A\n");
        struct lc_error ignored = LC_ERROR_INIT;
        struct lc_column_type res;

        assert_int_equal(lc_column_type_init(&res, rules, 0, "String", "r", &ignored), 0);
        for (size_t piece = b->in.n; piece; piece = piece > 1 ? 1 : 0) {
            struct lc_error err = LC_ERROR_INIT;
            struct lc_buf out;

            lc_buf_init(&out, 1 << 20);
            assert_int_equal(
                support_stream_of(&res, b->type, b->format, false, b->in, piece, &out, &err),
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

/* Days around each century, and ticks far outside of what the server shows: text → value → text. */
static void test_dates_go_both_ways(void **state)
{
    struct lc_rules *rules =
        support_rules("prefix,v\n,D\n0000-01-01,first\n9999-12-31,last\n2000-02-29,leap\n");
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column_type res;
    struct lc_buf out;

    (void)state;
    assert_int_equal(lc_column_type_init(&res, rules, 0, "String", "r", &err), 0);
    lc_buf_init(&out, 1000);
    assert_int_equal(support_stream_of(&res, "DateTime64(9,'UTC')", LC_FORMAT_ROWBINARY, false,
                                       BYTES("\0\0\0\0\0\0\0\x80"
                                             "\xff\xff\xff\xff\xff\xff\xff\x7f"),
                                       9, &out, &err),
                     0);
    assert_memory_equal(out.p, "\1D\1D", 4);
    lc_buf_reset(&out);
    assert_int_equal(support_stream_of(&res, "DateTime64(0,'UTC')", LC_FORMAT_ROWBINARY, false,
                                       BYTES("\0\0\0\0\0\0\0\x80"
                                             "\xff\xff\xff\xff\xff\xff\xff\x7f"),
                                       9, &out, &err),
                     0);
    assert_memory_equal(out.p, "\5first\4last", 11);
    lc_buf_reset(&out);
    assert_int_equal(support_stream_of(&res, "Date32", LC_FORMAT_ROWBINARY, false,
                                       BYTES("\0\0\0\x80"
                                             "\xff\xff\xff\x7f"
                                             "\x08\x2b\0\0"),
                                       4, &out, &err),
                     0);
    assert_memory_equal(out.p, "\5first\4last\4leap", 16);
    lc_buf_reset(&out);
    assert_int_equal(support_stream_of(&res, "Date32", LC_FORMAT_TSV, false,
                                       BYTES("0000-01-01\n9999-12-31\n2000-02-29\n1900-02-28\n"), 7,
                                       &out, &err),
                     0);
    assert_memory_equal(out.p, "first\nlast\nleap\nD\n", 18);
    lc_buf_release(&out);
    lc_column_type_release(&res);
    lc_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_in_every_format),
        cmocka_unit_test(test_a_header_without_the_zone),
        cmocka_unit_test(test_what_is_not_taken_says_why_and_the_way),
        cmocka_unit_test(test_the_same_type_in_another_spelling),
        cmocka_unit_test(test_malformed_values),
        cmocka_unit_test(test_dates_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
