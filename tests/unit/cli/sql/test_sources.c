/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables a statement's queries read, and whether an INSERT's rows are a query's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/insert_target.h"
#include "cli/sql/sources.h"

#include <string.h>

static struct lc_slice slice(const char *text)
{
    return (struct lc_slice){(const uint8_t *)text, strlen(text)};
}

static int take(void *ctx, const char *database, const char *name)
{
    return lc_buf_addf(ctx, "%s.%s ", database, name);
}

static void test_sources_are_handed_over(void **state)
{
    static const char *const cases[][2] = {
        {"SELECT a FROM t", ".t "},
        {"SELECT a FROM `a b`.t AS x LEFT JOIN u USING k", "a b.t .u "},
        {"CREATE VIEW v AS SELECT * FROM (SELECT k FROM t) WHERE k IN (SELECT k FROM u)", ".t .u "},
        {"SELECT EXTRACT(DAY FROM d), trim(BOTH ' ' FROM s), a IS NOT DISTINCT FROM b FROM t",
         ".t "},
        {"WITH x AS (SELECT 1 AS k) SELECT k FROM x JOIN t USING k", ".t "},
        {"WITH x (k) AS (SELECT 1) SELECT k FROM x", ""},
        {"SELECT a FROM t ARRAY JOIN arr LEFT ARRAY JOIN other", ".t "},
        {"SELECT number FROM numbers(10), merge('x', 'y')", ""},
        {"SELECT 1 /* FROM t */ WHERE 'FROM u' != ''", ""},
        {"SELECT x.FROM FROM t", ".t "},
        {"SELECT a FROM t JOIN 'unfinished", ".t "},
        {"ALTER TABLE t UPDATE a = 1 WHERE 1", ""},
        {"SELECT k FROM {table:Identifier}", ""},
        {"SELECT k FROM", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_buf b;

        lc_buf_init(&b, 4096);
        assert_int_equal(lc_sources(slice(cases[i][0]), take, &b), 0);
        if (strcmp(lc_buf_str(&b), cases[i][1]) != 0)
            fail_msg("%s: %s", cases[i][0], lc_buf_str(&b));
        lc_buf_release(&b);
    }
}

static int stop(void *ctx, const char *database, const char *name)
{
    (void)database;
    (void)name;
    ++*(int *)ctx;
    return 7;
}

static void test_taking_may_end_it(void **state)
{
    int n = 0;

    (void)state;
    assert_int_equal(lc_sources(slice("SELECT 1 FROM a JOIN b"), stop, &n), 7);
    assert_int_equal(n, 1);
}

static void test_inserts_of_a_query(void **state)
{
    (void)state;
    assert_true(lc_insert_is_select(slice("INSERT INTO t SELECT 1")));
    assert_true(lc_insert_is_select(slice("INSERT INTO TABLE a.t (k, n.x) WITH 1 AS x SELECT x")));
    assert_true(lc_insert_is_select(slice("INSERT INTO t (SELECT 1)")));
    assert_true(lc_insert_is_select(slice("INSERT INTO t (k) (SELECT 1)")));
    assert_false(lc_insert_is_select(slice("INSERT INTO t VALUES ('SELECT a FROM b')")));
    assert_false(lc_insert_is_select(slice("INSERT INTO t FORMAT CSV\nSELECT,FROM")));
    assert_false(lc_insert_is_select(slice("SELECT 1")));
}

static void test_the_query_of_a_statement(void **state)
{
    static const char *const cases[][2] = {
        {"SELECT a FROM b", "SELECT a FROM b"},
        {"INSERT INTO t (`select`, k) SELECT 1", "SELECT 1"},
        {"INSERT INTO t (k) WITH 1 AS x SELECT x", "WITH 1 AS x SELECT x"},
        {"CREATE VIEW v AS SELECT a AS with FROM b", "SELECT a AS with FROM b"},
        {"CREATE TABLE t (a UInt8 DEFAULT (SELECT 1)) ENGINE = Log AS SELECT 2", "SELECT 2"},
        {"CREATE VIEW v AS (SELECT 1) UNION ALL (SELECT 2)", "(SELECT 1) UNION ALL (SELECT 2)"},
        {"CREATE TABLE t (a UInt8) ENGINE = Log", NULL},
        {"CREATE TABLE t AS other", NULL},
        {"INSERT INTO t VALUES (1)", NULL},
        {"ALTER TABLE t DELETE WHERE a IN (SELECT 1)", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_slice query;
        bool found = lc_sources_query(slice(cases[i][0]), &query);

        if (found != (cases[i][1] != NULL) ||
            (found &&
             (query.n != strlen(cases[i][1]) || memcmp(query.p, cases[i][1], query.n) != 0)))
            fail_msg("%s", cases[i][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources_are_handed_over),
        cmocka_unit_test(test_taking_may_end_it),
        cmocka_unit_test(test_inserts_of_a_query),
        cmocka_unit_test(test_the_query_of_a_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
