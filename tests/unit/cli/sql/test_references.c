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

/* Of a view in the database d, about d.t. */
static void test_tables(void **state)
{
    static const struct {
        const char *sql;
        bool is;
    } cases[] = {
        {"CREATE VIEW d.v AS SELECT * FROM d.t", true},
        {"CREATE VIEW d.v AS SELECT * FROM t", true},
        {"CREATE VIEW d.v AS SELECT * FROM e.t", false},
        {"CREATE VIEW d.v AS SELECT * FROM `d`.\"t\"", true},
        {"CREATE VIEW d.v AS SELECT * FROM d.u, t AS x", true},
        {"CREATE VIEW d.v AS SELECT * FROM d.u, e.t", false},
        {"CREATE VIEW d.v AS SELECT a, t FROM d.u ORDER BY a, t", false},
        {"CREATE VIEW d.v AS SELECT u.a FROM d.u INNER JOIN t USING (a)", true},
        {"CREATE VIEW d.v AS SELECT a FROM d.u AS t", false},
        {"CREATE VIEW d.v AS SELECT t.a FROM d.u AS t", false},
        {"CREATE VIEW d.v AS SELECT a AS t FROM d.u", false},
        {"CREATE VIEW d.v (`t` UInt8) AS SELECT a AS t FROM d.u", false},
        {"CREATE VIEW d.v AS SELECT 't' AS x FROM d.u", false},
        {"CREATE VIEW d.v AS SELECT a FROM d.u ARRAY JOIN x, t", false},
        {"CREATE VIEW d.v AS SELECT a FROM d.u WHERE a IN t", true},
        {"CREATE VIEW d.v AS SELECT a FROM d.u WHERE a IN (t)", false},
        {"CREATE VIEW d.v AS WITH t AS (SELECT 1) SELECT * FROM t", false},
        {"CREATE VIEW d.v AS WITH t AS (SELECT 1 FROM d.t) SELECT * FROM t", true},
        {"CREATE VIEW d.v AS SELECT a FROM remote('h', 'd', 't')", true},
        {"CREATE VIEW d.v AS SELECT a FROM remote('h', 'd.t')", true},
        {"CREATE VIEW d.v AS SELECT a FROM remote('h', 'e', 't')", false},
        {"CREATE VIEW d.v AS SELECT a FROM merge('d', '^t$')", true},
        {"CREATE VIEW d.v AS SELECT a FROM merge('d', '^tt')", false},
        {"CREATE VIEW d.v AS SELECT a FROM merge('e', '^t$')", false},
        {"CREATE VIEW d.v AS SELECT a FROM merge(REGEXP('^d'), '^t$')", true},
        {"CREATE VIEW d.v AS SELECT a FROM merge('^t$')", true},
        {"CREATE TABLE d.v (a UInt8, t UInt8) ENGINE = Merge('d', 't')", true},
        {"CREATE TABLE d.v (a UInt8, t UInt8) ENGINE = Merge('e', 't')", false},
        {"CREATE MATERIALIZED VIEW d.v TO d.t AS SELECT a FROM d.u", true},
        {"CREATE MATERIALIZED VIEW d.v TO e.t AS SELECT a, b AS t FROM d.u", false},
    };
    static const struct {
        const char *create;
        bool is;
    } engines[] = {
        {"CREATE TABLE x (a UInt8) ENGINE = Distributed('c', 'd', 't')", true},
        {"CREATE TABLE x (a UInt8) ENGINE = Distributed('c', '', 't', rand())", true},
        {"CREATE TABLE x (a UInt8) ENGINE = Distributed(c, d, t)", true},
        {"CREATE TABLE x (a UInt8) ENGINE = Distributed('c', 'e', 't')", false},
        {"CREATE TABLE x (a UInt8) ENGINE = Distributed('d', 't', 'u')", false},
        {"CREATE TABLE x (a UInt8) ENGINE = Buffer('d', 't', 1, 2)", true},
        {"CREATE TABLE x (a UInt8) ENGINE = Buffer(currentDatabase(), 't', 1, 2)", true},
        {"CREATE TABLE x (a Decimal(9, 2), t UInt8, d UInt8) ENGINE = Buffer('d', 'u', 1)", false},
        {"CREATE TABLE x (a UInt8 CODEC(ZSTD), t UInt8) ENGINE = Buffer('e', 't', 1)", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (lc_references_table(slice(cases[i].sql), "d", "d", "t") != cases[i].is)
            fail_msg("%s", cases[i].sql);
    }
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        if (lc_references_engine(slice(engines[i].create), "d", "t") != engines[i].is)
            fail_msg("%s", engines[i].create);
    }
    assert_false(lc_references_table(slice("SELECT * FROM t"), "e", "d", "t"));
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
