/* SPDX-License-Identifier: Apache-2.0 */
/* What a text of SQL refers to: functions, dictionaries, tables, columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/references.h"

#include <string.h>

static void test_expressions(void **state)
{
    static const struct {
        const char *expr;
        bool depends;
    } cases[] = {
        {"region_v1(user_id)", true},
        {"if(a = '', 'x', `region_v1` (user_id))", true},
        {"region_v10(user_id)", false},
        {"REGION_V1(user_id)", false}, /* such names are told apart by case */
        {"concat('region_v1', user_id)", false},
        {"region_v1", false}, /* a column */
        {"concat(region_v1, '(x)')", false},
        {"upper(x) /* region_v1(y) */", false},
        {"dictGetString('region_v1', 'region', tuple(user_id))", true},
        {"dictGet('analytics.region_v1', 'region', tuple(user_id))", true},
        {"dictGetOrDefault(`region_v1`, 'region', tuple(user_id), '')", true},
        {"dictHas('region_v1', tuple(user_id))", true},
        {"dictGet('region_v2', 'region', tuple(user_id))", false},
        {"dictGet('other', 'region_v1x', tuple(user_id))", false},
        {"SOURCE(CLICKHOUSE(QUERY 'SELECT region_v1(\\'a\\') AS k'))", true},
        {"SOURCE(CLICKHOUSE(TABLE 't' WHERE 'region_v1(k) = 1'))", true},
        {"SOURCE(CLICKHOUSE(QUERY 'SELECT region_v2(k)' TABLE 'region_v1(k)'))", false},
        {"'region_v1", true}, /* cannot be read */
        {"'region_v2", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (lc_references_callable(cases[i].expr, "region_v1") != cases[i].depends)
            fail_msg("%s: expected %d", cases[i].expr, cases[i].depends);
}

static struct lc_slice slice(const char *text)
{
    return (struct lc_slice){(const uint8_t *)text, strlen(text)};
}

static void test_names(void **state)
{
    (void)state;
    assert_true(lc_references_name(slice("ALTER TABLE t ADD COLUMN a UInt8"), "t"));
    assert_true(lc_references_name(slice("SELECT joinGet('d.t', 'a', 1)"), "t"));
    assert_true(lc_references_name(slice("SELECT 'unfinished"), "t"));
    assert_true(lc_references_name(slice("SELECT $x$ t $x$"), "u"));
    assert_false(lc_references_name(slice("ALTER TABLE `t2` /* t */ DROP COLUMN b"), "t"));
}

static void test_unnamed_tables(void **state)
{
    (void)state;
    assert_true(lc_references_unnamed(slice("CREATE VIEW v AS SELECT 1")));
    assert_true(lc_references_unnamed(slice("ALTER TABLE t DELETE WHERE a IN u")));
    assert_true(lc_references_unnamed(slice("CREATE TABLE m (a UInt8) ENGINE = Merge('d', 't')")));
    assert_true(lc_references_unnamed(slice("ALTER TABLE t DELETE WHERE a = 'x")));
    assert_false(lc_references_unnamed(slice("ALTER TABLE t DELETE WHERE a IN (1, 2)")));
    assert_false(lc_references_unnamed(slice("ALTER TABLE t MATERIALIZE COLUMN a IN PARTITION 1")));
}

static void test_tables(void **state)
{
    (void)state;
    assert_true(lc_references_table(slice("SELECT * FROM d.t"), "d", "t", false));
    assert_true(lc_references_table(slice("SELECT * FROM t"), "d", "t", false));
    assert_false(lc_references_table(slice("SELECT * FROM e.t"), "d", "t", false));
    assert_true(lc_references_table(slice("Distributed('c', 'd', 't')"), "d", "t", true));
    assert_true(lc_references_table(slice("Distributed('c', '', 't')"), "d", "t", true));
    assert_false(lc_references_table(slice("Distributed('c', 'e', 't')"), "d", "t", true));
}

static bool is_a(const void *ctx, const char *column)
{
    return strcmp(column, ctx) == 0;
}

static void test_columns(void **state)
{
    static const struct {
        const char *sql;
        bool reads;
    } cases[] = {
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT a FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT * FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT b, t.* FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT b * 2 FROM t", false},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT DISTINCT * FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT DISTINCT ON (b) * FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT * EXCEPT b FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT b, cityHash64(*) FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT COLUMNS('x') FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT t.COLUMNS('x') FROM t", true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT count(*), (b) * (c), columns FROM t", false},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT a FROM u", false},
        {"CREATE MATERIALIZED VIEW v (a UInt8) AS SELECT b FROM t", false},
        {"CREATE MATERIALIZED VIEW e.v TO e.w AS SELECT a FROM d.t", true},
        {"CREATE MATERIALIZED VIEW d.v TO d.w AS SELECT a FROM e.t", false},
        {"CREATE MATERIALIZED VIEW d.v TO d.w AS SELECT t.a FROM e.t", false},
        {"CREATE MATERIALIZED VIEW d.v TO d.w AS SELECT t.a FROM e.t AS t", false},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT t.a FROM e.t AS x INNER JOIN d.t USING (a)",
         true},
        {"CREATE MATERIALIZED VIEW v TO w AS SELECT t.a FROM e.u AS u, t", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (lc_references_columns(slice(cases[i].sql), "d", "t", is_a, "a") != cases[i].reads)
            fail_msg("%s: expected %d", cases[i].sql, cases[i].reads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_unnamed_tables), cmocka_unit_test(test_tables),
        cmocka_unit_test(test_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
