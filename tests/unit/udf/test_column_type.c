/* SPDX-License-Identifier: Apache-2.0 */
/* Result types: what their text may be, which values fit, and what is said of those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "udf_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGION   "prefix,region\nu1,us-east\nu2,eu-west\n,unknown\n"
#define MISSES   "prefix,region\nu1,us-east\n"
#define BYTES(s) ((struct lc_slice){(const uint8_t *)(s), sizeof(s) - 1})

struct type_case {
    const char *rules, *type, *message;
    uint64_t line;
};

static const struct type_case types[] = {
    {REGION, "Strin", "unknown result type 'Strin'", 0},
    {REGION, "String)", "unknown result type 'String)'", 0},
    {REGION, "Nullable(String", "unknown result type 'Nullable(String'", 0},
    {REGION, "Nullable(LowCardinality(String))",
     "unknown result type 'Nullable(LowCardinality(String))'", 0},
    {REGION, "Enum8('us-east'=1,'eu-west'=2)",
     "rules.csv:4: column 2 (region): the value 'unknown' is not one of Enum8('us-east'=1,'eu-west'=2)",
     4},
    {REGION, "Enum8('us-east'=128)", "Enum8 goes from -128 to 127, not 128: 'Enum8('us-east'=128)'",
     0},
    {MISSES, "Enum8('us-east'=1)",
     "rules.csv: the rules have no default, and the type has no name '' for keys that match no "
     "rule",
     0},
    {"prefix,n\na,1\nb,x\n", "UInt8",
     "rules.csv:3: column 2 (n): the value 'x' is not a whole number for UInt8", 3},
    {"prefix,n\na,1\nb,256\n", "UInt8",
     "rules.csv:3: column 2 (n): the value '256' is too large for UInt8", 3},
    {"prefix,n\na,65536\n", "UInt16",
     "rules.csv:2: column 2 (n): the value '65536' is too large for UInt16", 2},
    {"prefix,n\na,18446744073709551616\n", "UInt64",
     "rules.csv:2: column 2 (n): the value '18446744073709551616' is too large for UInt64", 2},
};

static const struct {
    const char *type, *good, *bad;
} scalars[] = {
    {"Int8", "-128 127 -0 007", "-129 128 +1 1.0 1e2 0x1"},
    {"Int16", "-32768 32767", "-32769 32768"},
    {"Int32", "-2147483648 2147483647", "-2147483649 2147483648"},
    {"Int64", "-9223372036854775808 9223372036854775807",
     "-9223372036854775809 9223372036854775808 18446744073709551616 -18446744073709551616"},
    {"Nullable(UInt64)", "0 18446744073709551615", "-1 18446744073709551616 -"},
    {"Float32", "3.4028235e38 -3.4028235e38 1e-45 nan -inf .5 5. 1E3",
     "3.5e38 1e-46 1e39 -1e400 0x10 1e 1e+ infinity . - 1.2.3 NaN(1)"},
    {"Float64", "1e308 -1.7976931348623157e308 5e-324 0e999 -0.0", "1.8e308 1e-324 1e99999 --1 +1"},
    {"Decimal(4,2)", "99.99 -99.99 0.1 .5 5. 1.5000 000099.99 -0",
     "100 99.999 1.005 1e1 nan inf 1_5 -100.00 . - +1"},
    {"Decimal(38,0)",
     "99999999999999999999999999999999999999 -99999999999999999999999999999999999999",
     "100000000000000000000000000000000000000 0.1"},
    {"Decimal(38,38)", "0.99999999999999999999999999999999999999 0",
     "1 0.999999999999999999999999999999999999999"},
    {"Decimal64(3)", "999999999999999.999", "1000000000000000"},
    {"Date", "1970-01-01 2149-06-06 2024-02-29 2000-02-29",
     "1969-12-31 2149-06-07 2023-02-29 1900-02-29 2100-02-29 2024-13-01 2024-00-01 2024-01-00 "
     "2024-1-1 20240101 0"},
    {"DateTime",
     "0 4294967295 1970-01-01T00:00:00Z 1969-12-31T23:00:00-01:00 2024-02-29T12:00:00+23:59",
     "-1 4294967296 1969-12-31T23:59:59Z 2106-02-07T06:28:16Z 2024-02-29T12:00:00 "
     "2024-02-29T24:00:00Z 2024-02-29T12:60:00Z 2024-02-29T12:00:60Z 2024-02-29T12:00:00+2 "
     "2024-02-29T12:00:00.5Z 2024-02-29"},
    {"DateTime('UTC')", "2024-02-29T12:00:00 0", "2024-02-30T12:00:00 1969-12-31T23:59:59"},
    {"Bool", "true false 1 0", "TRUE yes 2 on"},
};

/* Each word as the only value of rules: is it taken? The error has the place and the type. */
static void try_scalar(const char *type, const char *words, bool good)
{
    char copy[400], *at = copy, *word;

    snprintf(copy, sizeof copy, "%s", words);
    while ((word = strsep(&at, " "))) {
        char text[200];
        struct lc_rules *rules;
        struct lc_error err = LC_ERROR_INIT;
        struct lc_column_type res;
        int rc;

        snprintf(text, sizeof text, "prefix,n\na,%s\n", word);
        rules = support_rules(text);
        rc = lc_column_type_init(&res, rules, 0, type, "r.csv", &err);
        if ((rc == 0) != good)
            fail_msg("%s as %s: %d %s", word, type, rc, err.msg);
        if (rc) {
            assert_int_equal(rc, LC_ERR_INPUT);
            assert_int_equal(err.row, 2);
            assert_memory_equal(err.msg, "r.csv:2: column 2 (n): the value '", 34);
            assert_non_null(strstr(err.msg, type));
            assert_true(err.hint[0] != 0);
        }
        lc_column_type_release(&res);
        lc_rules_free(rules);
    }
}

static void test_ends_of_each_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        try_scalar(scalars[i].type, scalars[i].good, true);
        try_scalar(scalars[i].type, scalars[i].bad, false);
    }
}

static void test_types_that_there_are_not(void **state)
{
    static const char *const unknown[] = {"Int128",
                                          "Decimal(39,1)",
                                          "Decimal(0,0)",
                                          "Decimal(4,5)",
                                          "Decimal(4,-1)",
                                          "Decimal256(2)",
                                          "Decimal",
                                          "DateTime64(3)",
                                          "Date32",
                                          "Nullable(Int8",
                                          "LowCardinality(Int8)",
                                          "Nullable(Enum8('a'=1))",
                                          "DateTime(UTC)",
                                          "Int8)",
                                          "BFloat16",
                                          "Nullable(Nullable(Int8))"};
    struct lc_rules *rules = support_rules("prefix,n\na,1\n");

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_column_type res;

        if (lc_column_type_init(&res, rules, 0, unknown[i], "r.csv", &err) != LC_ERR_USAGE)
            fail_msg("%s: %s", unknown[i], err.msg);
    }
    lc_rules_free(rules);
}

static void test_values_that_do_not_fit_their_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct lc_rules *rules = support_rules(types[i].rules);
        struct lc_error err = LC_ERROR_INIT;
        struct lc_column_type res;

        assert_true(lc_column_type_init(&res, rules, 0, types[i].type, "rules.csv", &err) < 0);
        assert_string_equal(err.msg, types[i].message);
        assert_int_equal(err.row, types[i].line);
        lc_rules_free(rules);
    }
}

static void test_enum_names_with_escapes(void **state)
{
    struct lc_rules *rules = support_rules("prefix,v\na,it's\nb,x\\y\n,\n");
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column_type res;
    struct lc_buf out;

    (void)state;
    assert_int_equal(
        lc_column_type_init(&res, rules, 0, "Enum8( 'it''s' = 5, 'x\\\\y'=-1 ,''=0)", "r", &err),
        0);
    lc_buf_init(&out, 100);
    assert_int_equal(support_stream(&res, LC_FORMAT_ROWBINARY, false,
                                    BYTES("\x01"
                                          "a\x01"
                                          "b\0"),
                                    9, &out, &err),
                     0);
    assert_memory_equal(out.p, "\x05\xff\0", 3);
    lc_buf_release(&out);
    lc_column_type_release(&res);
    lc_rules_free(rules);
}

#define ARMS "Enum8('a'=1,'b'=2)"

/* A NULL is in no bucket: an Enum without '' has no answer to it, in whatever form it comes. */
static void test_a_null_without_an_answer(void **state)
{
    static const struct {
        const char *rules, *type, *argument; /* argument NULL: what comes says it */
        enum lc_format format;
        struct lc_slice in;
        const char *row; /* of the refusal; NULL: it is answered */
    } cases[] = {
        {"bucket,v\n1,a\n1,b\n", ARMS, NULL, LC_FORMAT_TSV, BYTES("k\n"), NULL},
        {"bucket,v\n1,a\n1,b\n", ARMS, NULL, LC_FORMAT_TSV, BYTES("k\nl\n\\N\n"),
         "row 2 of the input"},
        {"bucket,v\n1,a\n1,b\n", ARMS, "Nullable(String)", LC_FORMAT_ROWBINARY, BYTES("\0\1k\1"),
         "row 1 of the input"},
        {"bucket,v\n1,a\n1,b\n", ARMS, NULL, LC_FORMAT_NATIVE,
         BYTES("\1\2\1k\x10Nullable(String)\0\1\1k\0"), "row 1 of the input"},
        {"bucket,v\n1,a\n1,b\n", ARMS, NULL, LC_FORMAT_NATIVE, BYTES("\1\1\1k\6String\1k"), NULL},
        {"bucket,v\n1,a\n1,b\n", "Enum8('a'=1,'b'=2,''=3)", "Nullable(String)", LC_FORMAT_ROWBINARY,
         BYTES("\0\1k\1"), NULL},
        {"bucket,v\n1,a\n1,b\n", "String", "Nullable(String)", LC_FORMAT_ROWBINARY,
         BYTES("\0\1k\1"), NULL},
        {"prefix,v\nk,a\n,b\n", ARMS, "Nullable(String)", LC_FORMAT_ROWBINARY, BYTES("\0\1k\1"),
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_rules *rules = support_rules(cases[i].rules);
        struct lc_error err = LC_ERROR_INIT, early = LC_ERROR_INIT;
        struct lc_column_type res;
        struct lc_buf out;
        int rc;

        lc_buf_init(&out, 1000);
        assert_int_equal(lc_column_type_init(&res, rules, 0, cases[i].type, "r.csv", &err), 0);
        rc = cases[i].argument
                 ? support_stream_of(&res, cases[i].argument, cases[i].format, false, cases[i].in,
                                     9, &out, &err)
                 : support_stream(&res, cases[i].format, false, cases[i].in, 9, &out, &err);
        assert_int_equal(rc, cases[i].row ? LC_ERR_INPUT : 0);
        if (cases[i].row) {
            assert_non_null(strstr(err.msg, "a NULL key is in no bucket, and " ARMS));
            assert_non_null(strstr(err.msg, cases[i].row));
            assert_non_null(strstr(err.hint, "''=0"));
        } else {
            assert_true(out.n > 0);
        }
        /* What may hold a NULL is refused before a row comes. */
        assert_int_equal(lc_column_type_takes_null(&res, "r.csv", &early),
                         strstr(cases[i].rules, "bucket") && strcmp(cases[i].type, ARMS) == 0
                             ? LC_ERR_INPUT
                             : 0);
        lc_buf_release(&out);
        lc_column_type_release(&res);
        lc_rules_free(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_that_do_not_fit_their_type),
        cmocka_unit_test(test_ends_of_each_type),
        cmocka_unit_test(test_types_that_there_are_not),
        cmocka_unit_test(test_enum_names_with_escapes),
        cmocka_unit_test(test_a_null_without_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
