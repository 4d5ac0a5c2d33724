/* SPDX-License-Identifier: Apache-2.0 */
/* Rules files: what is taken, and for each thing that is not, the message and the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "match_naive.h"
#include "udf/rules/csv.h"
#include "udf/rules/match.h"
#include "udf_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *value_of(const struct lc_rules *r, const char *key, uint32_t attribute)
{
    static char text[256];
    uint32_t rule = lc_match_naive(r, (struct lc_slice){(const uint8_t *)key, strlen(key)});
    struct lc_slice v = lc_rules_value(r, attribute, lc_rules_value_id(r, attribute, rule));

    memcpy(text, v.p, v.n);
    text[v.n] = '\0';
    return text;
}

static void test_prefix_with_default(void **state)
{
    struct lc_rules *r = support_rules("prefix,region\nu1,us-east\nu2,eu-west\n,unknown\n");

    (void)state;
    assert_int_equal(r->kind, LC_KIND_PREFIX);
    assert_int_equal(r->rules, 3);
    assert_string_equal(value_of(r, "u1_001", 0), "us-east");
    assert_string_equal(value_of(r, "u2_001", 0), "eu-west");
    assert_string_equal(value_of(r, "u3_001", 0), "unknown");
    assert_string_equal(value_of(r, "", 0), "unknown");
    lc_rules_free(r);
}

static void test_several_attributes_and_exact_default(void **state)
{
    struct lc_rules *r =
        support_rules("exact,region,tier\nu1_001,us-east,gold\n*,none,free\nu2,eu-west,\n");

    (void)state;
    assert_int_equal(r->attributes, 2);
    assert_int_equal(lc_rules_attribute(r, "tier"), 1);
    assert_int_equal(lc_rules_attribute(r, "nope"), -1);
    assert_string_equal(value_of(r, "u1_001", 0), "us-east");
    assert_string_equal(value_of(r, "u1_001", 1), "gold");
    assert_string_equal(value_of(r, "u2", 1), "");
    assert_string_equal(value_of(r, "u1_0011", 1), "free");
    assert_string_equal(value_of(r, "*", 0), "none");
    lc_rules_free(r);
}

static void test_range_and_bucket(void **state)
{
    struct lc_rules *range =
        support_rules("from,to,issuer\n510000,559999,mc\n400000,499999,visa\n");
    struct lc_rules *bucket = support_rules("bucket,variant\n50,control\n50,treatment\n");

    (void)state;
    assert_int_equal(range->kind, LC_KIND_RANGE);
    assert_int_equal(lc_match_naive_number(range, 399999), 2);
    assert_int_equal(lc_match_naive_number(range, 400000), 0);
    assert_int_equal(lc_match_naive_number(range, 499999), 0);
    assert_int_equal(lc_match_naive_number(range, 559999), 1);
    assert_int_equal(bucket->kind, LC_KIND_BUCKET);
    lc_rules_free(range);
    lc_rules_free(bucket);
}

/* Fixed forever: a user once in a bucket stays there. The hashes are xxhsum -H3's. */
static void test_bucket_vectors(void **state)
{
    static const struct {
        const char *key, *variant;
    } vectors[] = {{"", "b"},       {"u1_001", "b"}, {"u1_002", "c"}, {"u2_001", "c"},
                   {"u1_003", "c"}, {"u3_001", "a"}, {"alice", "b"},  {"bob", "a"}};
    struct lc_rules *r = support_rules("bucket,variant\n10,a\n30,b\n60,c\n");

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_string_equal(value_of(r, vectors[i].key, 0), vectors[i].variant);
    lc_rules_free(r);
}

static void test_quoting_spaces_bom_blank_lines_crlf(void **state)
{
    struct lc_rules *r =
        support_rules("\xef\xbb\xbf\r\n\r\nprefix,\"the region\"\r\n\r\n"
                      "\"a,b\", spaced \r\n\"q\"\"q\",\"two\nlines\"\r\n\"\",dflt");

    (void)state;
    assert_int_equal(r->rules, 3);
    assert_int_equal(lc_rules_attribute(r, "the region"), 0);
    assert_string_equal(value_of(r, "a,b1", 0), " spaced ");
    assert_string_equal(value_of(r, "q\"q", 0), "two\nlines");
    assert_string_equal(value_of(r, "zz", 0), "dflt");
    assert_int_equal(r->lines[lc_match_naive(r, (struct lc_slice){(const uint8_t *)"q\"q", 3})], 6);
    lc_rules_free(r);
}

static void test_same_key_same_value_is_kept_once(void **state)
{
    struct lc_rules *r = support_rules("prefix,region\nu1,a\nu1,a\n");

    (void)state;
    assert_int_equal(r->rules, 1);
    assert_int_equal(r->lines[0], 2);
    lc_rules_free(r);
}

struct bad {
    const char *csv;
    uint64_t line;
    const char *message;
};

static const struct bad bad[] = {
    {"", 1, "rules.csv:1: the file is empty"},
    {"\xef\xbb\xbf", 1, "rules.csv:1: the file is empty"},
    {"\n\r\n\n", 1, "rules.csv:1: no header, only blank lines"},
    {"prefix\n", 1, "rules.csv:1: the header names no attribute"},
    {"prefix,region\n", 0, "rules.csv: no rule in it"},
    {"user,region\nu1,a\n", 1,
     "rules.csv:1: column 1: unknown kind 'user': expected prefix, exact, from, bucket, "
     "suffix, domain or cidr"},
    {"Prefix,region\nu1,a\n", 1,
     "rules.csv:1: column 1: unknown kind 'Prefix': expected prefix, exact, from, bucket, "
     "suffix, domain or cidr"},
    {"from,region\n1,a\n", 1,
     "rules.csv:1: column 2: a header that begins with 'from' continues with 'to'"},
    {"prefix,\nu1,a\n", 1, "rules.csv:1: column 2: the header has no name"},
    {"prefix,a,a\nu1,a,b\n", 1, "rules.csv:1: column 3: the header has this name twice"},
    {"prefix,region\nu1\n", 2, "rules.csv:2: 1 field, expected 2 as in the header"},
    {"prefix,region\n\nu1,a,b\n", 3, "rules.csv:3: 3 fields, expected 2 as in the header"},
    {"prefix,region\nu1,\"a\nb\nc\"\nu2\n", 5, "rules.csv:5: 1 field, expected 2 as in the header"},
    {"prefix,region\nu1,a\nu2,\"b\n", 3,
     "rules.csv:3: column 2 (region): the quote that begins in this line never ends"},
    {"prefix,region\nu1,a\"b\n", 2,
     "rules.csv:2: column 2 (region): a quote where none is allowed (line 2, byte 18 of the file)"},
    {"prefix,region\nu1,a\nu2,b\nu1,c\n", 4,
     "rules.csv:4: the key 'u1' is already in line 2, with another value: region is 'a' there and "
     "'c' here"},
    {"exact,region\n*,a\nu1,b\n*,c\n", 4,
     "rules.csv:4: a second default (the first is in line 2), with another value: region is 'a' there and 'c' here"},
    {"prefix,region\nu\xff\xff,a\n", 2,
     "rules.csv:2: column 1 (prefix): not valid UTF-8 at byte 1 of the field (0xff)"},
    {"prefix,region\ncaf\xe9,a\n", 2,
     "rules.csv:2: column 1 (prefix): not valid UTF-8 at byte 3 of the field (0xe9): it looks like "
     "Latin-1 or Windows-1252"},
    {"prefix:upper,region\nu1,a\n", 1, "rules.csv:1: column 1: unknown option 'upper' of a kind"},
    {"prefix:,region\nu1,a\n", 1, "rules.csv:1: column 1: unknown option '' of a kind"},
    {"bucket:nocase:x,region\n1,a\n", 1, "rules.csv:1: column 1: unknown option 'x' of a kind"},
    {"domain,c\n.,a\n", 2, "rules.csv:2: column 1 (domain): no name is left of the rule"},
    {"domain,c\n*.,a\n", 2, "rules.csv:2: column 1 (domain): no name is left of the rule"},
    {"domain,c\n!,a\n", 2, "rules.csv:2: column 1 (domain): no name is left of the rule"},
    {"domain,c\na.com,a\n..,a\n", 3, "rules.csv:3: column 1 (domain): '.' has an empty label"},
    {"domain,c\na..b,a\n", 2, "rules.csv:2: column 1 (domain): 'a..b' has an empty label"},
    {"domain,c\na.b..,a\n", 2, "rules.csv:2: column 1 (domain): 'a.b.' has an empty label"},
    {"domain,c\n*..b,a\n", 2, "rules.csv:2: column 1 (domain): '.b' has an empty label"},
    {"domain,c\n*b.com,a\n", 2,
     "rules.csv:2: column 1 (domain): '*b.com': * is only valid at the start: *.example.com, "
     "!example.com"},
    {"domain,c\na.*.com,a\n", 2,
     "rules.csv:2: column 1 (domain): 'a.*.com': * is only valid at the start: *.example.com, "
     "!example.com"},
    {"domain,c\n!*.com,a\n", 2,
     "rules.csv:2: column 1 (domain): '*.com': * is only valid at the start: *.example.com, "
     "!example.com"},
    {"domain,c\n!!com,a\n", 2,
     "rules.csv:2: column 1 (domain): '!com': ! is only valid at the start: *.example.com, "
     "!example.com"},
    {"domain,c\nme@a.com,a\n", 2,
     "rules.csv:2: column 1 (domain): 'me@a.com' is not a host name: it has a @"},
    {"domain,c\nhttp://a.com,a\n", 2,
     "rules.csv:2: column 1 (domain): 'http://a.com' is not a host name: it has a /"},
    {"domain,c\nExample.com,a\nb.com,b\nexample.COM.,c\n", 4,
     "rules.csv:4: the key 'example.com' is already in line 2, with another value (case is "
     "ignored): c is 'a' there and 'c' here"},
    {"domain,c\n.b.com,a\n*.B.com,c\n", 3,
     "rules.csv:3: the key '*.b.com' is already in line 2, with another value (case is ignored): c "
     "is 'a' there and 'c' here"},
    {"domain,c\n,a\n*,c\n", 3,
     "rules.csv:3: the key '*' is already in line 2, with another value (case is ignored): c is 'a' "
     "there and 'c' here"},
    {"suffix,c\nabc,a\nabc,b\n", 3,
     "rules.csv:3: the key 'abc' is already in line 2, with another value: c is 'a' there and 'b' "
     "here"},
    /* Of several attributes the one that differs; a value that cannot be printed, and a long one. */
    {"exact,x,y\nk,a,\x01\nk,a,12345678901234567890123456789012345678901234567890123456789012345678901"
     "234567890\n",
     3,
     "rules.csv:3: the key 'k' is already in line 2, with another value: y is '\\x01' there and "
     "'1234567890123456789012345678901234567890123456789012345678901234567890123456...' here"},
    {"exact:nocase,c\nAb,a\naB,b\n", 3,
     "rules.csv:3: the key 'ab' is already in line 2, with another value (case is ignored): c is 'a' "
     "there and 'b' here"},
    {"Suffix ,c\na,b\n", 1,
     "rules.csv:1: column 1: unknown kind 'Suffix ': expected prefix, exact, from, bucket, "
     "suffix, domain or cidr"},
    {"from:nocase,to,region\n1,2,a\n", 1,
     "rules.csv:1: column 1: range rules take no option 'nocase'"},
    {"# a note\n\n#\n", 1, "rules.csv:1: no header, only blank lines and comments"},
    {"# a note\nprefix,region\n# another\nu1,a,b\n", 4,
     "rules.csv:4: 3 fields, expected 2 as in the header"},
    {"\xff\xfep\0", 1, "rules.csv:1: column 1: the file is UTF-16"},
    {"\x1f\x8b\x08", 1, "rules.csv:1: column 1: the file is compressed by gzip"},
    {"PK\x03\x04", 1, "rules.csv:1: column 1: the file is a ZIP archive, as workbooks are"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 1,
     "rules.csv:1: column 1: the file is an old workbook (.xls)"},
    {"\xfd\x37zXZ", 1, "rules.csv:1: column 1: the file is compressed by xz"},
    {"BZh91AY&SY", 1, "rules.csv:1: column 1: the file is compressed by bzip2"},
    {"PAR1\x15\x04", 1, "rules.csv:1: column 1: the file is in Parquet"},
    {"<!DOCTYPE html>\n", 1, "rules.csv:1: column 1: the file is a web page"},
    {"{\"prefix\":\"u1\"}\n", 1, "rules.csv:1: column 1: the file is JSON"},
    {"exact,c\nz,1\na,1\na,2\nz,2\nb,1\na,3\nz,1\n", 4,
     "rules.csv:4: the key 'a' is already in line 3, with another value: c is '1' there and '2' here; "
     "2 more such keys: lines 5 and 2, 7 and 3"},
    {"domain,c\na.com,1\n*.a.com,2\nA.com.,3\n.a.com,2\n*.A.com,4\n", 4,
     "rules.csv:4: the key 'a.com' is already in line 2, with another value (case is ignored): c is '1' there "
     "and '3' here; 1 more such key: lines 6 and 3"},
    {"prefix|region\nu1|a\n", 1,
     "rules.csv:1: column 1: unknown kind 'prefix|region': expected prefix, exact, from, bucket, "
     "suffix, domain or cidr"},
    {"prefix;region\nu1;a;b\n", 2, "rules.csv:2: 3 fields, expected 2 as in the header"},
    {"prefix\tregion\nu1,a\n", 2, "rules.csv:2: 1 field, expected 2 as in the header"},
    {"prefix,region\nu1,\xc0\x80\n", 2,
     "rules.csv:2: column 2 (region): not valid UTF-8 at byte 0 of the field (0xc0)"},
    {"prefix,region\nu1,\xed\xa0\x80\n", 2,
     "rules.csv:2: column 2 (region): not valid UTF-8 at byte 0 of the field (0xed)"},
    {"from,to,issuer\n1,x,a\n", 2, "rules.csv:2: column 2 (to): 'x' is not a bound"},
    {"from,to,issuer\n1,1234567890123456789012345678901234567,a\n", 2,
     "rules.csv:2: column 2 (to): '1234567890123456789012345678901234567' is too large for a bound"},
    {"from,to,issuer\n9,1,a\n", 2,
     "rules.csv:2: column 2 (to): the range ends (1) before it begins (9)"},
    {"from,to,issuer\n1,5,a\n10,20,c\n5,9,b\n", 4,
     "rules.csv:4: the range 5 to 9 overlaps line 2 (1 to 5)"},
    {"bucket,v\n-1,a\n", 2,
     "rules.csv:2: column 1 (bucket): '-1' is not a whole number from 0 to 2^64 - 1"},
    {"bucket,v\n0,a\n0,b\n", 2, "rules.csv:2: all weights are 0: no bucket could ever be chosen"},
    {"bucket,v\n18446744073709551615,a\n1,b\n", 3,
     "rules.csv:3: the weights add up to more than 2^64 - 1"},
};

static void test_bad_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_rules *r = NULL;

        assert_int_equal(lc_rules_parse_csv(&r, bad[i].csv, strlen(bad[i].csv), "rules.csv", &err),
                         LC_ERR_INPUT);
        assert_null(r);
        assert_string_equal(err.msg, bad[i].message);
        assert_int_equal(err.row, bad[i].line);
    }
}

static struct lc_rules *parse(const char *text, size_t n, struct lc_csv_options options)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    if (lc_rules_parse_csv_with(&r, text, n, "rules.csv", &options, &err))
        fail_msg("%s", err.msg);
    return r;
}

static void test_suffixes(void **state)
{
    struct lc_rules *r =
        support_rules("suffix,type\n.tar.gz,archive\n.gz,packed\n,other\nGZ,big\n");
    struct lc_rules *n = support_rules("suffix:nocase,type\n.Tar.gz,archive\n.gz,packed\n");

    (void)state;
    assert_string_equal(value_of(r, "a.tar.gz", 0), "archive");
    assert_string_equal(value_of(r, "tar.gz", 0), "packed");
    assert_string_equal(value_of(r, ".gz", 0), "packed");
    assert_string_equal(value_of(r, "gz", 0), "other");
    assert_string_equal(value_of(r, "a.GZ", 0), "big");
    assert_string_equal(value_of(r, "", 0), "other");
    assert_string_equal(value_of(n, "a.TAR.GZ", 0), "archive");
    assert_string_equal(value_of(n, "gz", 0), "");
    lc_rules_free(r);
    lc_rules_free(n);
}

/* What is written is what was read, whatever form it is kept in. */
static void test_keys_as_they_are_written(void **state)
{
    static const char *const texts[] = {
        "domain,c\n*,0\n*.example.com,1\nexample.com,2\n*.ck,3\nwww.ck,4\nb.a,5\nx.b.a,6\n",
        "suffix,c\nabc,1\nabcabc,2\n\xc3\xa9,3\n", "prefix,c\nabc,1\nabcabc,2\n"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lc_rules *r = support_rules(texts[i]);
        const char *line = texts[i];

        for (uint32_t at = 2; at < 2 + r->rules; at++) {
            uint32_t rule = 0;
            struct lc_key_text text;
            struct lc_slice key;

            line = strchr(line, '\n') + 1;
            while (r->lines[rule] != at)
                rule++;
            key = lc_rules_key_text(r, rule, &text);
            assert_int_equal(key.n, strcspn(line, ","));
            assert_memory_equal(key.p, line, key.n);
        }
        lc_rules_free(r);
    }
}

static void test_domains(void **state)
{
    static const struct {
        const char *key, *value;
    } keys[] = {
        {"example.com", "company"},
        {"EXAMPLE.Com.", "company"},
        {"a.b.example.com", "company"},
        {"notexample.com", "other"},
        {"example.com.evil.org", "other"},
        {"bob@example.com", "company"},
        {"bob@evil.org@mail.example.com", "company"},
        {"example.com@evil.org", "other"},
        {"example.com:443", "other"},
        {"http://example.com", "other"},
        {"http://a.example.com", "company"}, /* a label as any other: nothing is cut off */
        {"example.com/", "other"},
        {"example.com..", "other"},
        {"a..example.com", "other"},
        {".example.com", "other"},
        {" example.com", "other"},
        {"x example.com", "other"},
        {"com", "other"},
        {"", "other"},
        {".", "other"},
        {"@", "other"},
        {"*", "other"},
        {"ck", "other"},
        {"a.ck", "wild"},
        {"b.a.ck", "wild"},
        {"www.ck", "exception"},
        {"a.www.ck", "exception"},
        {"only.org", "itself"},
        {"a.only.org", "below"},
        {"*.only.org", "below"},
        {"xonly.org", "other"},
        {"dot.org", "other"},
        {"a.dot.org", "dotted"},
        {"m\xc3\xbcnchen.de", "munich"},
        {"M\xc3\x9cNCHEN.de", "other"}, /* ASCII alone has no case */
    };
    struct lc_rules *r = support_rules(
        "domain,c\n*,other\nExample.COM,company\n*.ck,wild\n!www.ck,exception\nonly.org,itself\n"
        "*.only.org,below\n.dot.org.,dotted\nm\xc3\xbcnchen.de,munich\n");

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        uint8_t padded[64] = {0};
        struct lc_batch batch = {.n = 1, .p = {padded}, .len = {strlen(keys[i].key)}};
        uint32_t rule[LC_BATCH];
        struct lc_slice got;

        memcpy(padded, keys[i].key, batch.len[0]);
        assert_int_equal(lc_match(r, &batch, rule), 0);
        got = lc_rules_value(r, 0, lc_rules_value_id(r, 0, rule[0]));
        if (got.n != strlen(keys[i].value) || memcmp(got.p, keys[i].value, got.n) != 0)
            fail_msg("'%s' gives '%.*s', not '%s'", keys[i].key, (int)got.n, (const char *)got.p,
                     keys[i].value);
        assert_string_equal(value_of(r, keys[i].key, 0), keys[i].value);
    }
    lc_rules_free(r);
}

static void test_the_header_tells_the_delimiter(void **state)
{
    static const char *const texts[] = {
        "prefix;region\nu1;a,b\n",     "prefix\tregion\nu1\ta,b\n",
        "\"prefix\";region\nu1;a,b\n", "# semicolons; here, and there\n\r\nprefix;region\nu1;a,b\n",
        "prefix,region\nu1,\"a,b\"\n", "\xef\xbb\xbfprefix;\"region\"\r\nu1;a,b\r\n",
    };
    struct lc_rules *r;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        r = support_rules(texts[i]);
        assert_int_equal(lc_rules_attribute(r, "region"), 0);
        assert_string_equal(value_of(r, "u1", 0), "a,b");
        lc_rules_free(r);
    }
    r = parse("prefix|region\nu1|a;b\n", 21, (struct lc_csv_options){.delimiter = '|'});
    assert_string_equal(value_of(r, "u1", 0), "a;b");
    lc_rules_free(r);
}

static void test_comments(void **state)
{
    static const char text[] =
        "# who: us\nprefix,region\n#1,us\nu1,\"a\n#b\"\n# x, y\n\"#2\",c\n#last";
    struct lc_csv_notes notes;
    struct lc_rules *r = parse(text, sizeof text - 1, (struct lc_csv_options){.notes = &notes});

    (void)state;
    assert_int_equal(r->rules, 2);
    assert_string_equal(value_of(r, "u1", 0), "a\n#b");
    assert_string_equal(value_of(r, "#2", 0), "c");
    assert_string_equal(value_of(r, "#1", 0), "");
    assert_int_equal(r->lines[lc_match_naive(r, (struct lc_slice){(const uint8_t *)"#2", 2})], 7);
    assert_int_equal(notes.comments, 4);
    assert_int_equal(notes.doubtful, 1);
    assert_int_equal(notes.doubtful_line, 3);
    lc_rules_free(r);
}

/* What nobody sees at an end of a field is noted; within a field, and what is seen, is not. */
static void test_marks_that_nobody_sees(void **state)
{
    static const char text[] =
        "prefix,v\n\xef\xbb\xbfu1,a\nu2,b\xe2\x80\x8b\nu3,\xc2\xa0\nu\xc2\xa0"
        "4,c\n"
        "u5,\xe2\x98\x8e\nu6,\xc2\xa9\n";
    struct lc_csv_notes notes;

    (void)state;
    lc_rules_free(parse(text, sizeof text - 1, (struct lc_csv_options){.notes = &notes}));
    assert_int_equal(notes.hard_blanks, 3);
    assert_int_equal(notes.hard_blanks_line, 2);
}

/* !name is noted where no *. rule takes it, whichever is written first and in whatever case. */
static void test_exceptions_that_are_alone(void **state)
{
    static const struct {
        const char *csv;
        uint32_t alone, line;
    } sets[] = {
        {"domain,c\n!www.ck,a\n*.CK,b\n", 0, 0},
        {"domain,c\n.ck.,b\n!A.B.www.Ck.,a\n", 0, 0},
        {"domain,c\n!www.ck,a\nck,b\n*,d\n", 1, 2},
        {"domain,c\n*.www.ck,b\n!www.ck,a\n", 1, 3},
        {"domain,c\n*.k,b\n!x.k,a\n!www.ck,a\n!ck,a\n!WWW.ck,a\n", 2, 4},
        {"exact,c\n!www.ck,a\n", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct lc_csv_notes notes;

        lc_rules_free(
            parse(sets[i].csv, strlen(sets[i].csv), (struct lc_csv_options){.notes = &notes}));
        assert_int_equal(notes.alone, sets[i].alone);
        assert_int_equal(notes.alone_line, sets[i].line);
    }
}

/* Lines that end in \r alone have numbers and comments, too; one within quotes ends none. */
static void test_lines_of_old_spreadsheets(void **state)
{
    static const char text[] = "# a, b\rprefix;region\r\r#u1;x\ru1;\"a\rb\"\ru2;c\r\nu3;d\r";
    static const char bad_text[] = "prefix,region\r# u2, x\ru1,a\r\ru1\r";
    struct lc_csv_notes notes;
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = parse(text, sizeof text - 1, (struct lc_csv_options){.notes = &notes});

    (void)state;
    assert_int_equal(r->rules, 3);
    assert_string_equal(value_of(r, "u1", 0), "a\rb");
    assert_string_equal(value_of(r, "u3", 0), "d");
    assert_int_equal(r->lines[0], 5);
    assert_int_equal(r->lines[1], 6);
    assert_int_equal(r->lines[2], 7);
    assert_int_equal(notes.comments, 2);
    assert_int_equal(notes.doubtful_line, 4);
    lc_rules_free(r);
    assert_int_equal(lc_rules_parse_csv(&r, bad_text, sizeof bad_text - 1, "r", &err),
                     LC_ERR_INPUT);
    assert_string_equal(err.msg, "r:5: 1 field, expected 2 as in the header");
}

/* A comment longer than what is fed at once is one comment. */
static void test_a_long_comment(void **state)
{
    size_t n = 200000;
    char *s = malloc(n + 64);
    struct lc_csv_notes notes;
    struct lc_rules *r;

    (void)state;
    assert_non_null(s);
    memset(s, ',', n);
    s[0] = '#';
    strcpy(s + n, "\nprefix,region\nu1,a\n");
    r = parse(s, strlen(s), (struct lc_csv_options){.notes = &notes, .delimiter = ','});
    assert_int_equal(notes.comments, 1);
    assert_int_equal(r->lines[0], 3);
    lc_rules_free(r);
    free(s);
}

static void test_blanks_are_noted_and_trimmed(void **state)
{
    static const char text[] = "prefix,region\nu1, us-east\nu2 ,\tx\nu3,\" kept \"\n";
    struct lc_csv_notes notes;
    struct lc_rules *r = parse(text, sizeof text - 1, (struct lc_csv_options){.notes = &notes});

    (void)state;
    assert_string_equal(value_of(r, "u1", 0), " us-east");
    assert_int_equal(notes.blanks, 4);
    assert_int_equal(notes.blanks_line, 2);
    lc_rules_free(r);
    r = parse(text, sizeof text - 1, (struct lc_csv_options){.notes = &notes, .trim = true});
    assert_string_equal(value_of(r, "u1", 0), "us-east");
    assert_string_equal(value_of(r, "u2", 0), "x");
    assert_string_equal(value_of(r, "u3", 0), " kept ");
    assert_int_equal(notes.blanks, 1);
    assert_int_equal(notes.blanks_line, 4);
    lc_rules_free(r);
}

/* Names that no host has are noted with what they have; a blank at an end is noted as a blank. */
static void test_domains_that_are_no_hosts(void **state)
{
    static const struct {
        const char *csv;
        uint32_t n, line, byte;
    } sets[] = {
        {"domain,c\nexample.com,a\n*._tcp.x-1.m\xc3\xbcn.de.,b\n!www.ck,c\n*,d\n", 0, 0, 0},
        {"domain,c\n example.com\t,a\n", 0, 0, 0},
        {"domain,c\na.com,x\nb.com:80,a\nc com,b\n", 2, 3, ':'},
        {"domain,c\n*.a b.com,x\n", 1, 2, ' '},
        {"domain,c\n!a\x01,x\n", 1, 2, 1},
        {"domain,c\na?b,x\nmailto:c,y\n", 2, 2, '?'},
        {"suffix,c\n:80,x\n", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct lc_csv_notes notes;

        lc_rules_free(
            parse(sets[i].csv, strlen(sets[i].csv), (struct lc_csv_options){.notes = &notes}));
        assert_int_equal(notes.no_hosts, sets[i].n);
        assert_int_equal(notes.no_hosts_line, sets[i].line);
        assert_int_equal(notes.no_host_byte, sets[i].byte);
    }
}

/* Rows of delimiters alone, as spreadsheets leave at the end; one with a value is none. */
static void test_rows_of_nothing_are_noted(void **state)
{
    static const struct {
        const char *csv;
        uint32_t n, line;
    } sets[] = {
        {"prefix;v\r\n1;a\r\n;\r\n;\r\n", 2, 3}, {"prefix,v\n,a\n\n1,\n", 0, 0},
        {"exact,v,w\nx,,\n,,\n", 1, 3},          {"from,to,v\n1,2,a\n,,\n", 1, 3},
        {"domain,v\n\"\",\"\"\n", 1, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct lc_csv_notes notes;

        lc_rules_free(
            parse(sets[i].csv, strlen(sets[i].csv), (struct lc_csv_options){.notes = &notes}));
        assert_int_equal(notes.nothing, sets[i].n);
        assert_int_equal(notes.nothing_line, sets[i].line);
    }
}

/* Rules that are there twice with the same values: after folding, trimming, reading. */
static void test_repeats_are_noted(void **state)
{
    static const struct {
        const char *csv;
        uint32_t n, line;
    } sets[] = {
        {"prefix,v\nu1,a\nU1,a\n", 0, 0},
        {"prefix:nocase,v\nu2,b\nu1,a\nU1,a\nu1,a\n", 2, 4},
        {"domain,v\na.com,x\nA.com.,x\n*.a.com,x\n.A.com,x\n", 2, 3},
        {"suffix,v\nb,x\na,x\nb,x\na,x\n", 2, 4},
        {"exact,v\nb ,x\nb,x\n", 1, 3},
        {"from,to,v\n5,9,x\n1,2,x\n5,9,x\n", 1, 4},
        {"from,to,v\n1.0,2,x\n1,2.00,x\n", 1, 3},
        {"cidr,v\n10.0.0.1,x\n10.0.0.1/32,x\n::ffff:10.0.0.1,x\n", 2, 3},
        {"bucket,v\n1,a\n1,a\n", 0, 0},
        {"exact,v\n*,x\na,x\n*,x\n", 1, 4},
        {"from,to,v\n,,x\n1,2,a\n,,x\n,,x\n", 2, 4},
        {"cidr,v\n,x\n,x\n::1,y\n", 1, 3},
        {"domain,v\n*,x\n,x\n", 1, 3},
        {"prefix,v\n,x\n,x\n", 1, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct lc_csv_notes notes;

        lc_rules_free(parse(sets[i].csv, strlen(sets[i].csv),
                            (struct lc_csv_options){.notes = &notes, .trim = true}));
        assert_int_equal(notes.repeats, sets[i].n);
        assert_int_equal(notes.repeats_line, sets[i].line);
    }
}

static void test_texts_that_look_like_networks(void **state)
{
    static const char text[] =
        ",c\n10.0.0.0/8,a\n2001:db8::/32,b\n/etc,c\na/8,d\n1.2/x,e\n"
        "1.2.3.4,f\n1.2/1234,g\n.5/,h\n10.1000/182,i\n256.1/8,j\na.b/8,k\n10.0/16,l\n";
    static const char *const kinds[] = {"prefix", "exact", "suffix", "prefix:nocase"};
    struct lc_csv_notes notes;

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char csv[200];

        snprintf(csv, sizeof csv, "%s%s", kinds[i], text);
        lc_rules_free(parse(csv, strlen(csv), (struct lc_csv_options){.notes = &notes}));
        assert_int_equal(notes.networks, 3);
        assert_int_equal(notes.networks_line, 2);
    }
}

/* A * at an end is a pattern elsewhere. Alone it is the default of exact rules, and one character of others. */
static void test_patterns_are_noted(void **state)
{
    static const struct {
        const char *csv;
        uint32_t patterns, line, stars;
    } sets[] = {
        {"prefix,v\n+1,a\n+49*,b\n+44*,c\n", 2, 3, 0},
        {"suffix,v\n*.jpg,a\n.png,b\n", 1, 2, 0},
        {"exact,v\n*,z\nu1*,a\n*.b,c\n", 2, 3, 0},
        {"prefix:nocase,v\n*,z\nu*1,a\n,d\n", 0, 0, 1},
        {"domain,v\n*.b.com,z\n*,d\n", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct lc_csv_notes notes;

        lc_rules_free(
            parse(sets[i].csv, strlen(sets[i].csv), (struct lc_csv_options){.notes = &notes}));
        assert_int_equal(notes.patterns, sets[i].patterns);
        assert_int_equal(notes.patterns_line, sets[i].line);
        assert_int_equal(notes.stars, sets[i].stars);
    }
}

/* ASCII of either byte order without a mark, from two characters on. */
static void test_wide_characters_are_named(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *what, *from;
    } files[] = {
        {"p\0r\0e\0f\0i\0x\0,", 14, "UTF-16", "UTF-16LE"},
        {"\0p\0r\0e\0f\0i\0x\0,", 14, "UTF-16", "UTF-16BE"},
        {"p\0\0\0r\0\0", 8, "UTF-32", "UTF-32LE"},
        {"\0\0\0p\0\0\0r", 8, "UTF-32", "UTF-32BE"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_rules *r = NULL;
        char msg[100], hint[100];

        snprintf(msg, sizeof msg, "r:1: column 1: the file is %s without a byte order mark",
                 files[i].what);
        snprintf(hint, sizeof hint, "save it as UTF-8; or: iconv -f %s -t UTF-8 FILE > NEW",
                 files[i].from);
        assert_int_equal(lc_rules_parse_csv(&r, files[i].text, files[i].n, "r", &err),
                         LC_ERR_INPUT);
        assert_string_equal(err.msg, msg);
        assert_string_equal(err.hint, hint);
    }
}

/* More pairs than a message holds: it says how many, and which are first in the file. */
static void test_many_pairs(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    char csv[20000] = "exact,c\n", *at = csv + strlen(csv);

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        at += sprintf(at, "k%u,%u\n", 999 - i, i < 500);
    for (unsigned i = 0; i < 300; i++)
        at += sprintf(at, "k%u,2\n", i);
    assert_int_equal(lc_rules_parse_csv(&r, csv, strlen(csv), "r", &err), LC_ERR_INPUT);
    assert_int_equal(err.row, 1002);
    assert_non_null(strstr(err.msg, "r:1002: the key 'k0' is already in line 1001"));
    assert_non_null(strstr(err.msg, "; 299 more such keys: lines 1003 and 1000, 1004 and 999, "));
    assert_string_equal(err.msg + strlen(err.msg) - strlen(", …"), ", …");

    /* Of ranges that may nest the pairs are not counted any further than they are kept. */
    err = LC_ERROR_INIT;
    at = csv + sprintf(csv, "from:narrowest,to,c\n");
    for (unsigned i = 0; i < 100; i++)
        at += sprintf(at, "%u,%u,x\n", i, i + 9);
    assert_int_equal(lc_rules_parse_csv(&r, csv, strlen(csv), "r", &err), LC_ERR_INPUT);
    assert_non_null(strstr(err.msg, "; at least 63 more such overlaps: lines 4 and 3, 5 and 4, "));
    assert_string_equal(err.msg + strlen(err.msg) - strlen(", …"), ", …");
}

static char *repeat(const char *before, char c, size_t n, const char *after)
{
    size_t a = strlen(before);
    char *s = malloc(a + n + strlen(after) + 1);

    assert_non_null(s);
    memcpy(s, before, a);
    memset(s + a, c, n);
    strcpy(s + a + n, after);
    return s;
}

static void test_lengths_at_their_limits(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    char *s = repeat("prefix,region\n", 'k', LC_MAX_KEY_BYTES, ",a\n");

    (void)state;
    assert_int_equal(lc_rules_parse_csv(&r, s, strlen(s), "r", &err), 0);
    lc_rules_free(r);
    free(s);
    s = repeat("prefix,region\n", 'k', LC_MAX_KEY_BYTES + 1, ",a\n");
    assert_int_equal(lc_rules_parse_csv(&r, s, strlen(s), "r", &err), LC_ERR_INPUT);
    assert_string_equal(err.msg, "r:2: column 1 (prefix): 4097 bytes: a key may have at most 4096");
    free(s);
    err = LC_ERROR_INIT;
    s = repeat("prefix,region\nu1,", 'v', LC_MAX_VALUE_BYTES, "\n");
    assert_int_equal(lc_rules_parse_csv(&r, s, strlen(s), "r", &err), 0);
    assert_int_equal(lc_rules_value(r, 0, 1).n, LC_MAX_VALUE_BYTES);
    lc_rules_free(r);
    free(s);
    s = repeat("prefix,region\nu1,", 'v', LC_MAX_VALUE_BYTES + 1, "\n");
    assert_int_equal(lc_rules_parse_csv(&r, s, strlen(s), "r", &err), LC_ERR_INPUT);
    assert_string_equal(err.msg,
                        "r:2: column 2 (region): 65536 bytes: a value may have at most 65535");
    free(s);
    /* A quote that never closes must not eat the machine. */
    err = LC_ERROR_INIT;
    s = repeat("prefix,region\nu1,\"", '\n', 2000000, "");
    assert_int_equal(lc_rules_parse_csv(&r, s, strlen(s), "r", &err), LC_ERR_INPUT);
    assert_int_equal(err.row, 2);
    assert_string_equal(err.hint, "look for a quote that is not closed");
    free(s);
}

static void test_nul_in_a_key(void **state)
{
    static const char text[] = "prefix,region\nu\0001,a\n";
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    (void)state;
    assert_int_equal(lc_rules_parse_csv(&r, text, sizeof text - 1, "r", &err), LC_ERR_INPUT);
    assert_string_equal(err.msg, "r:2: column 1 (prefix): a NUL byte in a key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefix_with_default),
        cmocka_unit_test(test_several_attributes_and_exact_default),
        cmocka_unit_test(test_range_and_bucket),
        cmocka_unit_test(test_bucket_vectors),
        cmocka_unit_test(test_quoting_spaces_bom_blank_lines_crlf),
        cmocka_unit_test(test_same_key_same_value_is_kept_once),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_suffixes),
        cmocka_unit_test(test_keys_as_they_are_written),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_the_header_tells_the_delimiter),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_marks_that_nobody_sees),
        cmocka_unit_test(test_exceptions_that_are_alone),
        cmocka_unit_test(test_lines_of_old_spreadsheets),
        cmocka_unit_test(test_a_long_comment),
        cmocka_unit_test(test_blanks_are_noted_and_trimmed),
        cmocka_unit_test(test_domains_that_are_no_hosts),
        cmocka_unit_test(test_rows_of_nothing_are_noted),
        cmocka_unit_test(test_repeats_are_noted),
        cmocka_unit_test(test_texts_that_look_like_networks),
        cmocka_unit_test(test_patterns_are_noted),
        cmocka_unit_test(test_wide_characters_are_named),
        cmocka_unit_test(test_many_pairs),
        cmocka_unit_test(test_lengths_at_their_limits),
        cmocka_unit_test(test_nul_in_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
