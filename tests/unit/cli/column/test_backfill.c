/* SPDX-License-Identifier: Apache-2.0 */
/* What a backfill reads and says: limits, names, statements, its line of progress. */
#include "cli/sql/name.h"
#include "base/format.h"
#include "cli/column/backfill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_limits(void **state)
{
    struct lc_load_limits l = {0};
    struct lc_throttle_options o = {0};
    char text[400];

    (void)state;
    assert_int_equal(lc_load_parse(&l,
                                   "parts=300,mutations=5,merges=8,queries=100,replica_queue=1000,"
                                   "replica_delay=10s,p99=50ms",
                                   NULL),
                     0);
    for (size_t i = 0; i < LC_METRICS; i++)
        assert_true(l.given[i]);
    assert_true(l.at[LC_METRIC_PARTS] == 300 && l.at[LC_METRIC_P99] == 50 &&
                l.at[LC_METRIC_REPLICA_DELAY] == 10);
    o.max = l;
    lc_throttle_describe(&o, text, sizeof text);
    assert_string_equal(text, "max load: active parts 300, other mutations 5, running merges 8, "
                              "running queries 100, replica queue 1000, replica delay 10 s, probe "
                              "p99 50 ms");

    /* What is not named stays; without a unit it is the same. */
    l = (struct lc_load_limits){0};
    assert_int_equal(lc_load_parse(&l, "p99=12.5", NULL), 0);
    assert_int_equal(lc_load_parse(&l, "replica_delay=3", NULL), 0);
    assert_true(l.at[LC_METRIC_P99] == 12.5 && l.at[LC_METRIC_REPLICA_DELAY] == 3);
    assert_false(l.given[LC_METRIC_PARTS]);
    o = (struct lc_throttle_options){.critical = l, .query = "SELECT 0", .pause_file = "/hold"};
    lc_throttle_describe(&o, text, sizeof text);
    assert_string_equal(text, "critical load: replica delay 3 s, probe p99 12.5 ms; throttle "
                              "query: SELECT 0; pause file: /hold");
    o = (struct lc_throttle_options){0};
    lc_throttle_describe(&o, text, sizeof text);
    assert_string_equal(text, "none");
}

static void test_bad_limits(void **state)
{
    static const struct {
        const char *text, *says, *hints;
    } cases[] = {
        {"", "\"\" is not a limit", "metric=value"},
        {"parts", "\"parts\" is not a limit", "metric=value"},
        {"parts=", "\"parts=\" is not a limit", "metric=value"},
        {"parts=-1", "\"parts=-1\" is not a limit", "metric=value"},
        {"parts=1x", "\"parts=1x\" is not a limit", "metric=value"},
        {"parts=nan", "\"parts=nan\" is not a limit", "metric=value"},
        {"parts=inf", "\"parts=inf\" is not a limit", "metric=value"},
        {"p99=50s", "\"p99=50s\" is not a limit", "milliseconds"},
        {"replica_delay=5ms", "\"replica_delay=5ms\" is not a limit", "seconds"},
        {"parts=1,", "\"\" is not a limit", "metric=value"},
        {"parts=1,,merges=2", "\"\" is not a limit", "metric=value"},
        {"part=300", "\"part=300\" is not a limit", "did you mean parts?"},
        {"querys=3", "\"querys=3\" is not a limit", "did you mean queries?"},
        {"parts = 3", "\"parts = 3\" is not a limit", "metric=value"},
        {"x\ny=3", "is not a limit", "metric=value"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_load_limits l = {0};
        struct lc_error err = LC_ERROR_INIT;

        assert_int_equal(lc_load_parse(&l, cases[i].text, &err), LC_ERR_USAGE);
        if (!strstr(err.msg, cases[i].says) || !strstr(err.hint, cases[i].hints) ||
            strchr(err.msg, '\n'))
            fail_msg("%s: %s (%s)", cases[i].text, err.msg, err.hint);
    }
}

static void check_name(const char *text, const char *database, const char *table,
                       const char *column)
{
    char *d, *t, *c;

    assert_int_equal(lc_column_name_parse(text, &d, &t, &c, NULL), 0);
    if (database)
        assert_string_equal(d, database);
    else
        assert_null(d);
    assert_string_equal(t, table);
    assert_string_equal(c, column);
    free(d);
    free(t);
    free(c);
}

static void test_names(void **state)
{
    static const char *const bad[] = {"",     "t",     "t.",     ".c",       "a.b.c.d", "t c",
                                      "t. c", "'t'.c", "t.c; x", "`t`.`c`x", "`t.c",    "t..c"};

    (void)state;
    check_name("t.c", NULL, "t", "c");
    check_name("analytics.events.region", "analytics", "events", "region");
    check_name("`a.b`.`t``x`.\"c d\"", "a.b", "t`x", "c d");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct lc_error err = LC_ERROR_INIT;
        char *d, *t, *c;

        if (lc_column_name_parse(bad[i], &d, &t, &c, &err) != LC_ERR_USAGE || d || t || c)
            fail_msg("%s is a name", bad[i]);
        assert_true(err.msg[0] != '\0');
    }
}

static bool is_lone(const char *sql)
{
    struct lc_stmt s = {0};
    bool is;

    assert_int_equal(lc_stmt_parse(&s, sql, strlen(sql), NULL), 0);
    is = lc_backfill_is_lone(&s);
    lc_stmt_release(&s);
    return is;
}

static void test_lone_statements(void **state)
{
    (void)state;
    assert_true(is_lone("ALTER TABLE t MATERIALIZE COLUMN c"));
    assert_true(is_lone("alter table `a`.`t` /* x */ materialize column `c` -- PARTITION"));
    assert_true(is_lone("ALTER TABLE t MATERIALIZE COLUMN `PARTITION`"));
    assert_true(is_lone("ALTER TABLE `SETTINGS` MATERIALIZE COLUMN c"));
    assert_false(is_lone("ALTER TABLE t MATERIALIZE COLUMN c IN PARTITION 1"));
    assert_false(is_lone("ALTER TABLE t MATERIALIZE COLUMN c IN PARTITION ID 'x'"));
    assert_false(is_lone("ALTER TABLE t MATERIALIZE COLUMN c SETTINGS mutations_sync = 2"));
    assert_false(is_lone("ALTER TABLE t ON CLUSTER x MATERIALIZE COLUMN c"));
    assert_false(is_lone("ALTER TABLE t ADD COLUMN d UInt8, MATERIALIZE COLUMN c"));
    assert_false(is_lone("ALTER TABLE t MATERIALIZE COLUMN c, MATERIALIZE COLUMN d"));
    assert_false(is_lone("ALTER TABLE t MATERIALIZE INDEX c"));
    assert_false(is_lone("ALTER TABLE t UPDATE c = c WHERE 1"));
}

static bool is_ours(const char *command)
{
    return lc_backfill_is_ours((struct lc_slice){(const uint8_t *)command, strlen(command)},
                               "region");
}

static void test_commands_of_mutations(void **state)
{
    (void)state;
    assert_true(is_ours("MATERIALIZE COLUMN region"));
    assert_true(is_ours("(MATERIALIZE COLUMN region)"));
    assert_true(is_ours("(MATERIALIZE COLUMN `region` IN PARTITION ID '202601')"));
    assert_false(is_ours("(MATERIALIZE COLUMN region2)"));
    assert_false(is_ours("(MATERIALIZE COLUMN `region.x`)"));
    assert_false(is_ours("MATERIALIZE INDEX region"));
    assert_false(is_ours("UPDATE region = region WHERE 1"));
    assert_false(is_ours("(UPDATE x = 'MATERIALIZE COLUMN region' WHERE 1)"));
    assert_false(is_ours("MATERIALIZE COLUMN"));
    assert_false(is_ours("MATERIALIZE COLUMN 'region'"));
    assert_false(is_ours("'"));
    assert_false(is_ours(""));
}

static void test_line(void **state)
{
    const struct lc_backfill_target t = {
        .database = (char *)"analytics", .table = (char *)"events", .column = (char *)"region"};
    struct lc_backfill_progress p = {.parts_done = 14,
                                     .parts_total = 52,
                                     .rows_done = 310,
                                     .rows_total = 1000,
                                     .elapsed_ms = 185000,
                                     .left_ms = 410000,
                                     .rows_per_s = 12.4e6,
                                     .waiting = "active parts 310 ≥ 300"};
    char line[256], shorter[40];

    (void)state;
    lc_backfill_line(line, sizeof line, &t, &p);
    assert_string_equal(line, "backfill analytics.events.region  14/52 parts  31.0%  12 M rows/s  "
                              "3m05s, ETA 6m50s  throttled: active parts 310 ≥ 300");
    lc_backfill_line(shorter, sizeof shorter, &t, &p);
    assert_int_equal(strlen(shorter), sizeof shorter - 1);
    assert_memory_equal(line, shorter, sizeof shorter - 1);
    p = (struct lc_backfill_progress){.parts_total = 2, .rows_total = 10};
    lc_backfill_line(line, sizeof line, &t, &p);
    assert_string_equal(line, "backfill analytics.events.region  0/2 parts  0.0%  0s");
}

static void check_clock(uint64_t ms, const char *want)
{
    char text[24];

    assert_string_equal(lc_clock_time(text, ms), want);
}

static void test_clock_times(void **state)
{
    (void)state;
    check_clock(0, "0s");
    check_clock(59499, "59s");
    check_clock(59500, "1m00s");
    check_clock(185000, "3m05s");
    check_clock(3599499, "59m59s");
    check_clock(3600000, "1h00m");
    check_clock(360000000, "100h00m");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bad_limits),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_lone_statements),
        cmocka_unit_test(test_commands_of_mutations),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_clock_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
