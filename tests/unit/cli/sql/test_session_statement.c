/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that are about their session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/sql/session_statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lc_slice slice(const char *text)
{
    return (struct lc_slice){(const uint8_t *)text, strlen(text)};
}

static void test_set(void **state)
{
    struct lc_slice rest;

    (void)state;
    assert_true(lc_session_is_set(slice("SET a = 1, b = 2"), &rest));
    assert_int_equal(rest.n, strlen("a = 1, b = 2"));
    assert_memory_equal(rest.p, "a = 1, b = 2", rest.n);
    assert_true(lc_session_is_set(slice("SET a"), &rest));
    assert_true(lc_session_is_set(slice("SET a, b = 1"), &rest));
    assert_memory_equal(rest.p, "a, b = 1", rest.n);
    assert_false(lc_session_is_set(slice("SET ROLE admin"), &rest));
    assert_false(lc_session_is_set(slice("SET ROLE a, b"), &rest));
    assert_false(lc_session_is_set(slice("SET DEFAULT ROLE a TO u"), &rest));
    assert_false(lc_session_is_set(slice("SET 1"), &rest));
    assert_false(lc_session_is_set(slice("SELECT 1"), &rest));
}

static void test_losses(void **state)
{
    static const struct {
        const char *sql;
        enum lc_session_loss loss;
        const char *word;
        uint64_t line;
    } cases[] = {
        {"SET ROLE admin", LC_SESSION_LOSES_SET, "SET", 1},
        {"SET DEFAULT ROLE admin TO u", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"/* x\n*/ use d", LC_SESSION_LOSES_USE, "use", 2},
        {"BEGIN TRANSACTION", LC_SESSION_LOSES_TRANSACTION, "BEGIN", 1},
        {"rollback", LC_SESSION_LOSES_TRANSACTION, "rollback", 1},
        {"START TRANSACTION", LC_SESSION_LOSES_TRANSACTION, "START", 1},
        {"EXECUTE AS admin", LC_SESSION_LOSES_USER, "EXECUTE", 1},
        {"EXECUTE AS admin SELECT 1", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"CREATE OR REPLACE TEMPORARY TABLE t (a UInt8)", LC_SESSION_LOSES_TABLE, "CREATE", 1},
        {"CREATE TABLE temporary (a UInt8)", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"DROP TEMPORARY TABLE IF EXISTS t", LC_SESSION_LOSES_TABLE, "DROP", 1},
        {"\ntruncate temporary table t", LC_SESSION_LOSES_TABLE, "truncate", 2},
        {"ALTER TEMPORARY TABLE t ADD COLUMN a UInt8", LC_SESSION_LOSES_TABLE, "ALTER", 1},
        {"DROP TABLE temporary", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"TRUNCATE temporary", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"ALTER TABLE temporary ADD COLUMN a UInt8", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"CREATE MATERIALIZED VIEW v ENGINE = Log\nPOPULATE AS SELECT 1", LC_SESSION_LOSES_ROWS,
         "POPULATE", 2},
        {"CREATE MATERIALIZED VIEW populate AS SELECT 1", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"CREATE VIEW v AS SELECT 1", LC_SESSION_LOSES_NOTHING, NULL, 0},
        {"'", LC_SESSION_LOSES_NOTHING, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_slice word = {0};
        uint64_t line = 0;

        if (lc_session_loss_of(slice(cases[i].sql), &word, &line) != cases[i].loss)
            fail_msg("%s", cases[i].sql);
        if (!cases[i].word)
            continue;
        assert_int_equal(line, cases[i].line);
        assert_int_equal(word.n, strlen(cases[i].word));
        assert_memory_equal(word.p, cases[i].word, word.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_losses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
