/* SPDX-License-Identifier: Apache-2.0 */
/* Types by their names, what is none among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/type_name.h"

#include <string.h>

static void test_an_aggregate_has_the_values_of_a_type(void **state)
{
    static const char *const cases[][2] = {
        {"SimpleAggregateFunction(max, Int32)", "Int32"},
        {"SimpleAggregateFunction(any, LowCardinality(Nullable(String)))",
         "LowCardinality(Nullable(String))"},
        {"SimpleAggregateFunction(f(1, g(2)), Decimal(9, 2))", "Decimal(9, 2)"},
        /* none, or cut: given back */
        {"AggregateFunction(uniq, UInt8)", "AggregateFunction(uniq, UInt8)"},
        {"SimpleAggregateFunction(any)", "SimpleAggregateFunction(any)"},
        {"SimpleAggregateFunction(any, UInt8", "SimpleAggregateFunction(any, UInt8"},
    };
    char out[LC_TYPE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(lc_type_of_values(cases[i][0], out), cases[i][1]);
}

static void test_wrappers_are_taken_off(void **state)
{
    static const char *const cases[][3] = {
        /* type, plain, to cast */
        {"String", "String", "String"},
        {"LowCardinality(String)", "String", "LowCardinality(String)"},
        {"LowCardinality(Nullable(String))", "String", "LowCardinality(Nullable(String))"},
        {"LowCardinality(UInt8)", "UInt8", "UInt8"},
        {"LowCardinality(Nullable(Date))", "Date", "Nullable(Date)"},
        {"Nullable(UInt8)", "UInt8", "Nullable(UInt8)"},
        /* cut, or none at all: given back */
        {"LowCardinality(", "LowCardinality(", "LowCardinality("},
        {"LowCardinality(UInt8", "LowCardinality(UInt8", "LowCardinality(UInt8"},
        {"LowCardinality(Nullable()", "Nullable(", "Nullable("},
        {"Nullable(", "Nullable(", "Nullable("},
        {"LowCardinality()", "", ""},
        {"", "", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* what lies next to it is not written to */
        struct {
            char before[8], out[LC_TYPE_BYTES], after[8];
        } room;

        memset(&room, 0x55, sizeof room);
        assert_string_equal(lc_type_plain(cases[i][0], room.out), cases[i][1]);
        assert_string_equal(lc_type_to_cast(cases[i][0], room.out), cases[i][2]);
        for (size_t k = 0; k < 8; k++) {
            assert_int_equal(room.before[k], 0x55);
            assert_int_equal(room.after[k], 0x55);
        }
    }
}

/* A type that is longer than the room for it is never cut: it would be another type. */
static void test_a_long_type_stays_whole(void **state)
{
    char type[3 * LC_TYPE_BYTES], out[LC_TYPE_BYTES];

    (void)state;
    for (size_t n = LC_TYPE_BYTES - 20; n < sizeof type - 20; n++) {
        memset(type, 'x', sizeof type);
        memcpy(type, "LowCardinality(", 15);
        type[n - 1] = ')';
        type[n] = '\0';
        if (n - 15 <= LC_TYPE_BYTES)
            assert_int_equal(strlen(lc_type_to_cast(type, out)), n - 16);
        else
            assert_ptr_equal(lc_type_to_cast(type, out), type);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    assert_true(lc_type_is_integer("LowCardinality(Nullable(UInt256))"));
    assert_true(lc_type_is_integer("Int8"));
    assert_false(lc_type_is_integer("LowCardinality("));
    assert_true(lc_type_holds_floats("Array(Tuple(a Float32))"));
    assert_false(lc_type_holds_floats("Enum8('Float32' = 1)"));
    assert_false(lc_type_holds_floats("Enum8('\\"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrappers_are_taken_off),
        cmocka_unit_test(test_an_aggregate_has_the_values_of_a_type),
        cmocka_unit_test(test_a_long_type_stays_whole),
        cmocka_unit_test(test_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
