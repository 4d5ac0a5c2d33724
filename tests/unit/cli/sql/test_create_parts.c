/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a table's CREATE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "cli/sql/create_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take(void *ctx, const struct lc_create_part *part)
{
    static const char *const kinds[] = {[LC_CREATE_INDEX] = "index",
                                        [LC_CREATE_PROJECTION] = "projection",
                                        [LC_CREATE_CONSTRAINT] = "constraint",
                                        [LC_CREATE_COLUMN_TTL] = "column ttl",
                                        [LC_CREATE_TABLE_TTL] = "table ttl"};
    char *out = ctx;
    size_t n = strlen(out);

    snprintf(out + n, 600 - n, "%s %s:%.*s;", kinds[part->kind], part->name ? part->name : "-",
             (int)part->text.n, (const char *)part->text.p);
    return 0;
}

static void test_parts(void **state)
{
    char out[600] = "";

    (void)state;
    assert_int_equal(
        lc_create_parts("CREATE TABLE d.t (`a` UInt8 DEFAULT f(1, 2), b DateTime TTL b + 1, "
                        "INDEX i a TYPE set(3), PROJECTION p (SELECT a), CONSTRAINT c CHECK a) "
                        "ENGINE = MergeTree ORDER BY a TTL b + 2 SETTINGS x = 1",
                        take, out),
        0);
    assert_string_equal(out, "column ttl b: b + 1;index i: a TYPE set(3);projection p: (SELECT a);"
                             "constraint c: CHECK a;table ttl -: b + 2 SETTINGS x = 1;");
}

static int refuse(void *ctx, const struct lc_create_part *part)
{
    (void)part;
    return ++*(int *)ctx == 2 ? LC_ERR_NOMEM : 0;
}

static void test_parts_end_where_one_fails(void **state)
{
    int n = 0;

    (void)state;
    assert_int_equal(
        lc_create_parts("CREATE TABLE t (INDEX a x, INDEX b x, INDEX c x)", refuse, &n),
        LC_ERR_NOMEM);
    assert_int_equal(n, 2);
}

static void test_engine(void **state)
{
    const char *const sql = "CREATE TABLE t (v UInt8) ENGINE = "
                            "ReplicatedReplacingMergeTree('/p', '{replica}', v, gone) ORDER BY v";
    char *names[2], *argument;

    (void)state;
    assert_int_equal(lc_create_engine_names(sql, "ReplicatedReplacingMergeTree", names, 2), 2);
    assert_string_equal(names[0], "v");
    assert_string_equal(names[1], "gone");
    free(names[0]);
    free(names[1]);
    assert_int_equal(lc_create_engine_names("ENGINE = MergeTree ORDER BY v", "MergeTree", names, 2),
                     0);
    argument = lc_engine_argument("Distributed('c', 'd', `t`, f(a, b))", 2);
    assert_string_equal(argument, "t");
    free(argument);
    assert_null(lc_engine_argument("Distributed('c', f(d, 'x'))", 2));
    assert_null(lc_engine_argument("Log", 0));
}

static void test_commands_that_add_and_drop(void **state)
{
    static const struct {
        const char *text, *name, *rest;
        enum lc_create_part_kind kind;
        bool drops, conditional;
    } cases[] = {
        {"ADD INDEX i a TYPE minmax", "i", " a TYPE minmax", LC_CREATE_INDEX, false, false},
        {"ADD INDEX IF NOT EXISTS `i` a", "i", " a", LC_CREATE_INDEX, false, true},
        {"DROP PROJECTION IF EXISTS p", "p", "", LC_CREATE_PROJECTION, true, true},
        {"ADD CONSTRAINT c CHECK a", "c", " CHECK a", LC_CREATE_CONSTRAINT, false, false},
        {"MODIFY TTL d + 1", NULL, " d + 1", LC_CREATE_TABLE_TTL, false, false},
        {"REMOVE TTL", NULL, "", LC_CREATE_TABLE_TTL, true, false}};
    struct lc_part_command c;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(lc_part_command_read(
            (struct lc_slice){(const uint8_t *)cases[i].text, strlen(cases[i].text)}, &c));
        assert_int_equal(c.kind, cases[i].kind);
        assert_int_equal(c.drops, cases[i].drops);
        assert_int_equal(c.conditional, cases[i].conditional);
        assert_int_equal(c.text.n, strlen(cases[i].rest));
        if (cases[i].name)
            assert_string_equal(c.name, cases[i].name);
        else
            assert_null(c.name);
        lc_part_command_release(&c);
    }
    assert_false(lc_part_command_read((struct lc_slice){(const uint8_t *)"DROP COLUMN c", 13}, &c));
    assert_false(lc_part_command_read((struct lc_slice){(const uint8_t *)"ADD INDEX", 9}, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_parts_end_where_one_fails),
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_commands_that_add_and_drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
