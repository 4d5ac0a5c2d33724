/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that rewrite rows say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/mutation_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lc_slice slice(const char *text)
{
    return (struct lc_slice){(const uint8_t *)text, strlen(text)};
}

static void test_materialize(void **state)
{
    struct lc_materialize_command m;

    (void)state;
    assert_true(lc_materialize_command_read(slice("(MATERIALIZE COLUMN `a b`)"), &m));
    assert_string_equal(m.column, "a b");
    assert_false(m.in_partition);
    lc_materialize_command_release(&m);
    assert_true(
        lc_materialize_command_read(slice("materialize column a in partition id '202601'"), &m));
    assert_true(m.in_partition);
    assert_string_equal(m.partition_id, "202601");
    lc_materialize_command_release(&m);
    assert_true(lc_materialize_command_read(slice("MATERIALIZE COLUMN a IN PARTITION 1"), &m));
    assert_true(m.in_partition);
    assert_null(m.partition_id);
    lc_materialize_command_release(&m);
    assert_false(lc_materialize_command_read(slice("MATERIALIZE INDEX a"), &m));
    assert_false(lc_materialize_command_read(slice("UPDATE a = 1 WHERE 1"), &m));
}

/* "columns|value|where|what follows", and flags behind that: s several, p in a partition. */
static void check(const char *sql, const char *want)
{
    struct lc_update_command u;
    char got[400];
    int n = 0;

    assert_int_equal(lc_update_command_read(slice(sql), &u, NULL), 0);
    for (size_t i = 0; i < u.n; i++)
        n += snprintf(got + n, sizeof got - (size_t)n, "%s%s", i ? "," : "", u.columns[i]);
    snprintf(got + n, sizeof got - (size_t)n, "|%.*s|%.*s|%s|%s%s", (int)u.value.n,
             (const char *)u.value.p, (int)u.where.n, (const char *)u.where.p, sql + u.end,
             u.several ? "s" : "", u.in_partition ? "p" : "");
    assert_string_equal(got, want);
    lc_update_command_release(&u);
}

static void test_update(void **state)
{
    (void)state;
    check("UPDATE a = f(k) WHERE a != f(k)", "a|f(k) |a != f(k)||");
    check("UPDATE `a b` = g(x, 'WHERE'), c = 2 WHERE 1", "a b,c|g(x, 'WHERE'), c = 2 |1||s");
    check("update a = 1 in partition 1 where b = 2 settings mutations_sync = 2",
          "a|1 in partition 1 |b = 2 |settings mutations_sync = 2|p");
    check("UPDATE t SET a = 1, b = a IN (1, 2) WHERE c", "a,b|1, b = a IN (1, 2) |c||s");
    check("UPDATE set = 1 WHERE 1", "set|1 |1||");
    check("UPDATE n.a = 1 WHERE 1", "n.a|1 |1||");
    check("UPDATE a = (SELECT b FROM t WHERE c = 1) WHERE d",
          "a|(SELECT b FROM t WHERE c = 1) |d||");
    check("UPDATE a = 1", "a||||");
    check("DELETE WHERE a = 1", "||||");
}

static void test_update_that_cannot_be_read(void **state)
{
    struct lc_update_command u;
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_int_equal(lc_update_command_read(slice("UPDATE a = 'x"), &u, &err), LC_ERR_INPUT);
    assert_int_equal(err.byte, 11);
    lc_update_command_release(&u);
}

static void test_patches(void **state)
{
    (void)state;
    assert_true(lc_command_applies_patches(slice("(APPLY PATCHES)")));
    assert_true(lc_command_applies_patches(slice("apply patches in partition 1")));
    assert_false(lc_command_applies_patches(slice("APPLY DELETED MASK")));
    assert_false(lc_command_applies_patches(slice("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_materialize),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_update_that_cannot_be_read),
        cmocka_unit_test(test_patches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
