/* SPDX-License-Identifier: Apache-2.0 */
/* What merges make of a column, by what a CREATE TABLE says; the engine itself is asked in engine.column_limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/merged.h"

static void test_a_column_of_an_engine(void **state)
{
    static const struct {
        const char *storage, *column, *type;
        enum lc_merged merged;
    } cases[] = {
        /* the key: whole elements of it are the same in all rows, what is within one is not */
        {"SummingMergeTree ORDER BY (id, toYYYYMM(d)) SETTINGS x = 1", "id", "UInt8",
         LC_MERGED_KEY},
        {"SummingMergeTree ORDER BY (id, toYYYYMM(d))", "d", "Date", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY (id, k % 3)", "k", "UInt8", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY id", "id", "UInt8", LC_MERGED_KEY},
        {"SummingMergeTree ORDER BY `a b` PRIMARY KEY `a b`", "a b", "UInt8", LC_MERGED_KEY},
        {"SummingMergeTree ORDER BY id % 3", "id", "UInt8", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY f(id)", "id", "UInt8", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY tuple(id, k)", "k", "UInt8", LC_MERGED_KEY},
        {"SummingMergeTree PARTITION BY p % 2 ORDER BY id", "p", "UInt8", LC_MERGED_FIRST},
        /* what is added up */
        {"SummingMergeTree ORDER BY id", "n", "Nullable(Decimal(9, 2))", LC_MERGED_ADDED},
        {"SummingMergeTree ORDER BY id", "n", "LowCardinality(UInt8)", LC_MERGED_ADDED},
        {"SummingMergeTree ORDER BY id", "n", "Bool", LC_MERGED_ADDED},
        {"SummingMergeTree ORDER BY id", "n", "Date", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY id", "n", "Enum8('a' = 1)", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY id", "n", "String", LC_MERGED_FIRST},
        {"SummingMergeTree((a, n)) ORDER BY id", "n", "UInt8", LC_MERGED_ADDED},
        {"SummingMergeTree(a) ORDER BY id", "n", "UInt8", LC_MERGED_FIRST},
        {"ReplicatedSummingMergeTree('/p', 'r') ORDER BY id", "n", "UInt8", LC_MERGED_ADDED},
        {"ReplicatedSummingMergeTree('/p', 'r', (a)) ORDER BY id", "n", "UInt8", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY id", "nMap.k", "Array(UInt8)", LC_MERGED_ADDED},
        {"SummingMergeTree ORDER BY id", "n.k", "Array(UInt8)", LC_MERGED_FIRST},
        {"SummingMergeTree ORDER BY id", "n", "SimpleAggregateFunction(max, UInt8)",
         LC_MERGED_COMPUTED},
        /* what is aggregated */
        {"AggregatingMergeTree ORDER BY id", "n", "UInt8", LC_MERGED_FIRST},
        {"AggregatingMergeTree ORDER BY id", "n", "AggregateFunction(uniq, UInt8)",
         LC_MERGED_ADDED},
        {"AggregatingMergeTree ORDER BY id", "n", "SimpleAggregateFunction(sum, UInt64)",
         LC_MERGED_ADDED},
        {"AggregatingMergeTree ORDER BY id", "n", "SimpleAggregateFunction(any, String)",
         LC_MERGED_FIRST},
        {"AggregatingMergeTree ORDER BY id", "n", "SimpleAggregateFunction(anyLast, String)",
         LC_MERGED_LAST},
        {"AggregatingMergeTree ORDER BY id", "n",
         "SimpleAggregateFunction(anyLast, LowCardinality(Nullable(String)))", LC_MERGED_COMPUTED},
        {"AggregatingMergeTree ORDER BY id", "n",
         "SimpleAggregateFunction(anyLast_respect_nulls, Nullable(String))", LC_MERGED_LAST},
        /* the last value that is not NULL */
        {"CoalescingMergeTree ORDER BY id", "k", "String", LC_MERGED_LAST},
        {"CoalescingMergeTree ORDER BY id", "k", "Nullable(String)", LC_MERGED_COMPUTED},
        {"CoalescingMergeTree ORDER BY id", "k", "Dynamic", LC_MERGED_COMPUTED},
        {"CoalescingMergeTree(a) ORDER BY id", "k", "Nullable(String)", LC_MERGED_FIRST},
        {"GraphiteMergeTree('x') ORDER BY (Path, Time)", "Time", "DateTime", LC_MERGED_COMPUTED},
        {"GraphiteMergeTree('x') ORDER BY (Path, Time)", "Path", "String", LC_MERGED_KEY},
        {"GraphiteMergeTree('x') ORDER BY (Path, Time)", "tag", "String", LC_MERGED_LAST},
        /* rows stay whole, but for a TTL that computes */
        {"ReplacingMergeTree(n) ORDER BY id", "n", "UInt8", LC_MERGED_FIRST},
        {"MergeTree ORDER BY id TTL d + 1 GROUP BY id SET n = sum(n), m = max(m) SETTINGS a = 1",
         "m", "UInt8", LC_MERGED_ADDED},
        {"MergeTree ORDER BY id TTL d + 1 GROUP BY id SET n = sum(m) SETTINGS m = 1", "m", "UInt8",
         LC_MERGED_FIRST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum lc_merged got = lc_merged_column(cases[i].storage, cases[i].column, cases[i].type);

        if (got != cases[i].merged)
            fail_msg("%s, %s %s: %d", cases[i].storage, cases[i].column, cases[i].type, (int)got);
    }
}

static void test_rows_are_made_by_some_engines(void **state)
{
    (void)state;
    assert_true(lc_merged_makes_rows("SharedSummingMergeTree('/p', 'r') ORDER BY id"));
    assert_true(lc_merged_makes_rows("CoalescingMergeTree ORDER BY id"));
    assert_true(lc_merged_makes_rows("MergeTree ORDER BY id TTL d + 1 GROUP BY id SET n = sum(n)"));
    assert_false(lc_merged_makes_rows("MergeTree ORDER BY id TTL d + 1 DELETE"));
    assert_false(lc_merged_makes_rows("VersionedCollapsingMergeTree(s, v) ORDER BY id"));
}

static void test_the_storage_of_a_create(void **state)
{
    (void)state;
    assert_string_equal(
        lc_merged_storage("CREATE TABLE d.t (`ENGINE` String DEFAULT 'ENGINE = x', n UInt8) "
                          "ENGINE = SummingMergeTree ORDER BY n"),
        "SummingMergeTree ORDER BY n");
    assert_null(lc_merged_storage("CREATE TABLE d.t AS d.s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_column_of_an_engine),
        cmocka_unit_test(test_rows_are_made_by_some_engines),
        cmocka_unit_test(test_the_storage_of_a_create),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
