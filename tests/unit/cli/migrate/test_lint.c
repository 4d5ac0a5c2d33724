/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan looks for: INSERTs without columns, functions that an expression calls. */
#include "cli/sql/expression.h"
#include "cli/migrate/lint.h"
#include "cli/sql/insert_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool positional(const char *sql)
{
    return lc_insert_is_positional(sql, strlen(sql), "analytics", "analytics", "events");
}

static void test_insert_without_columns(void **state)
{
    (void)state;
    assert_true(positional("INSERT INTO events VALUES (1)"));
    assert_true(positional("insert into analytics.events format TSV"));
    assert_true(positional("/* x */ INSERT INTO TABLE `analytics`.`events` SELECT 1"));
    assert_true(positional("INSERT INTO events (SELECT 1)"));
    assert_false(positional("INSERT INTO events (a, b) VALUES (1, 2)"));
    assert_false(positional("INSERT INTO analytics.events (a) FORMAT CSV\n'"));
    assert_false(positional("INSERT INTO other VALUES (1)"));
    assert_false(positional("INSERT INTO other.events VALUES (1)"));
    assert_false(lc_insert_is_positional("INSERT INTO events VALUES (1)", 29, "other", "analytics",
                                         "events"));
    assert_true(
        lc_insert_is_positional("INSERT INTO events VALUES (1)", 29, NULL, "analytics", "events"));
    assert_false(positional("INSERT INTO events FORMAT JSONEachRow {}"));
    assert_false(positional("INSERT INTO events SETTINGS async_insert = 1 FORMAT Parquet"));
    assert_true(positional("INSERT INTO events SETTINGS async_insert = 1 FORMAT CSV"));
    assert_true(positional("INSERT INTO events (*) VALUES (1)"));
    assert_true(positional("INSERT INTO events (* EXCEPT (a)) SELECT 1"));
    assert_true(positional("INSERT INTO events (WITH 1 AS x SELECT x)"));
    assert_true(positional("WITH (SELECT 1) AS x INSERT INTO analytics.events SELECT x"));
    assert_false(positional("WITH 1 AS x INSERT INTO events (a) SELECT x"));
    assert_false(positional("WITH 1 AS x SELECT x FROM events"));
    assert_true(positional("INSERT INTO events FORMAT RowBinaryWithDefaults"));
    assert_true(positional("INSERT INTO events FROM INFILE 'a.csv' FORMAT csv"));
    assert_false(positional("INSERT INTO events FORMAT TSVWithNames"));
    assert_false(positional("INSERT INTO events FORMAT JSONColumns"));
    assert_false(positional("INSERT INTO events FORMAT JSONCompactColumns"));
    assert_false(positional("INSERT INTO events FORMAT Template"));
    assert_true(positional("INSERT INTO events FORMAT Avro"));
    assert_true(positional("INSERT INTO events FORMAT Buffers"));
    assert_false(positional("INSERT INTO FUNCTION remote('h', analytics.events) VALUES (1)"));
    assert_false(positional("INSERT INTO events.other VALUES (1)"));
    assert_false(positional("INSERT INTO events"));
    assert_false(positional("SELECT 'INSERT INTO events VALUES'"));
    assert_false(positional("INSERT INTO 'events"));
    assert_false(positional(""));
}

static void check_functions(const char *expr, const char *const *want)
{
    struct lc_slice text = {(const uint8_t *)expr, strlen(expr)};
    size_t at = 0;
    char *name;

    while ((name = lc_expr_function(text, &at))) {
        assert_non_null(*want);
        assert_string_equal(name, *want);
        free(name);
        want++;
    }
    assert_null(*want);
}

static void test_functions_of_an_expression(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const one[] = {"region_v1", NULL};
    static const char *const nested[] = {"upper", "f g", "concat", NULL};

    (void)state;
    check_functions("user_id", none);
    check_functions("'f(x)' || user_id", none);
    check_functions("a IN (1, 2) AND (b) OR NOT (c)", none);
    check_functions("region_v1 (user_id)", one);
    check_functions("upper(`f g`(x)) || concat(a, 'b(')", nested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insert_without_columns),
        cmocka_unit_test(test_functions_of_an_expression),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
