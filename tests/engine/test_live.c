/* SPDX-License-Identifier: Apache-2.0 */
/* The main job under load, on small data: what is asserted is the data and the counts, no time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench/live/data.h"
#include "cli/server/connect.h"
#include "chdb_server.h"
#include "bench/live/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 20000, SAMPLES = 20 };

static char *folder;
static char path[256];
static char file[512];
static struct chdb_server server;
static bool serving;
static struct lc_connect to;
static struct lc_backend *b;
static struct lc_error err;
static struct lc_answer t;

static const char *from_source(const char *name)
{
    (void)snprintf(file, sizeof file, "%s/%s", getenv("LIVECOL_SOURCE"), name);
    return strdup(file);
}

/* The function region_v1 where the engine looks for it. */
static void place_function(void)
{
    char command[2048];
    folder = scratch_new();
    (void)snprintf(path, sizeof path, "%s/data", folder);
    (void)snprintf(
        command, sizeof command,
        "mkdir -p '%s/user_scripts' && cp \"$LIVECOL_UDF\" '%s/user_scripts/livecol-udf' "
        "&& cp \"$LIVECOL_SOURCE/config/region.csv\" '%s/user_scripts/region_v1.csv' "
        "&& cp \"$LIVECOL_SOURCE/config/livecol_function.xml\" '%s/'",
        path, path, path, path);
    assert_int_equal(system(command), 0);
}

static int start_embedded(void **state)
{
    (void)state;
    place_function();
    to =
        (struct lc_connect){.embedded = true, .path = path, .make_path = true, .timeout_ms = 60000};
    assert_int_equal(lc_backend_open(&b, &to, &err), 0);
    return 0;
}

static int start_without_function(void **state)
{
    (void)state;
    folder = scratch_new();
    (void)snprintf(path, sizeof path, "%s/data", folder);
    to =
        (struct lc_connect){.embedded = true, .path = path, .make_path = true, .timeout_ms = 60000};
    assert_int_equal(lc_backend_open(&b, &to, &err), 0);
    return 0;
}

static int start_http(void **state)
{
    (void)state;
    place_function();
    chdb_server_start(&server, path, NULL);
    serving = true;
    to = (struct lc_connect){.url = server.url, .timeout_ms = 60000};
    assert_int_equal(lc_backend_open(&b, &to, &err), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    lc_backend_free(b);
    b = NULL;
    lc_answer_release(&t);
    if (serving) {
        chdb_server_stop(&server);
        serving = false;
    }
    scratch_remove(folder);
    return 0;
}

static struct lc_live_options small(void)
{
    struct lc_live_options o = lc_live_defaults();
    o.rows = ROWS;
    o.phase_s = 0.4;
    o.samples = SAMPLES;
    o.limit_rate = 40;
    o.write_rate = 8;
    o.batch_rows = 100;
    o.group_rate = 4;
    o.repeat_s = 600; /* guards against hanging only */
    o.migrations_dir = from_source("migrations");
    o.rules = from_source("config/region.csv");
    return o;
}

static void forget(struct lc_live_options *o)
{
    free((char *)o->migrations_dir);
    free((char *)o->rules);
}

static void ask(const char *sql)
{
    err = LC_ERROR_INIT;
    if (lc_backend_run(b, sql, &t, &err) != 0) {
        fail_msg("%s: %s", sql, err.msg);
    }
}

static uint64_t number(const char *sql)
{
    ask(sql);
    assert_int_equal(t.rows, 1);
    return lc_answer_u64(&t, 0, 0, UINT64_MAX);
}

/* Rows that the writer put in until the table had its last write: those of copy 0. */
static uint64_t rows_written(const struct lc_live *live)
{
    size_t n;
    uint64_t rows = 0;
    const struct lc_sample *s = lc_load_samples(live->load, LC_LIVE_WRITE, &n);
    uint64_t until = UINT64_MAX;
    for (size_t i = 0; i < live->n_segments; i++) {
        if (live->segments[i].phase == LC_LIVE_AFTER) {
            until = live->segments[i].to_ns;
        }
    }
    for (size_t i = 0; i < n; i++) {
        assert_false(s[i].failed);
        rows += s[i].at_ns < until ? s[i].rows : 0;
    }
    return rows;
}

static void assert_proven(const struct lc_live *live)
{
    assert_true(live->n_proofs >= 8);
    for (size_t i = 0; i < live->n_proofs; i++) {
        if (!live->proofs[i].ok) {
            fail_msg("%s: %s", live->proofs[i].what, live->proofs[i].detail);
        }
    }
    assert_true(live->add_ms >= 0);
    assert_true(live->backfill_ms >= 0);
    assert_int_equal(live->backfill_rows, ROWS + 5);
    for (unsigned s = 0; s < LC_LIVE_STREAMS; s++) {
        assert_int_equal(lc_load_failed(live->load, s), 0);
    }
    for (unsigned p = 0; p < LC_LIVE_PHASES; p++) {
        if (!lc_live_phase_counts(p)) {
            continue;
        }
        assert_true(lc_load_count(live->load, LC_LIVE_LIMIT, p) >= SAMPLES);
        assert_true(lc_load_count(live->load, LC_LIVE_WRITE, p) >= 1);
        assert_true(lc_live_phase_seconds(live, p) >= 0.4);
    }
}

/* Asked of the table itself, past everything that bench live says of it. */
static void assert_table(const struct lc_live *live)
{
    static const char *const columns[] = {"event_id", "event_ts", "event_type", "user_id",
                                          "region"};
    static const char *const named[][3] = {{"e1", "u1_001", "us-east"},
                                           {"e2", "u1_002", "us-east"},
                                           {"e3", "u2_001", "eu-west"},
                                           {"e4", "u1_003", "us-east"},
                                           {"e5", "u3_001", "unknown"}};
    ask("SELECT * FROM analytics.events WHERE event_id LIKE 'e%' ORDER BY event_id");
    assert_int_equal(t.cols, 5);
    assert_int_equal(t.rows, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(lc_answer_col(&t, columns[i]) >= 0);
    }
    assert_string_equal(t.types[lc_answer_col(&t, "region")].p, "LowCardinality(String)");
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(lc_answer_at(&t, i, (size_t)lc_answer_col(&t, "event_id"))->p,
                            named[i][0]);
        assert_string_equal(lc_answer_at(&t, i, (size_t)lc_answer_col(&t, "user_id"))->p,
                            named[i][1]);
        assert_string_equal(lc_answer_at(&t, i, (size_t)lc_answer_col(&t, "region"))->p,
                            named[i][2]);
    }
    assert_int_equal(number("SELECT count() FROM analytics.events"), ROWS + 5 + rows_written(live));
    assert_int_equal(number("SELECT uniqExact(event_id) FROM analytics.events"),
                     ROWS + 5 + rows_written(live));
    assert_int_equal(number("SELECT countIf(region != multiIf(startsWith(user_id, 'u1'), 'us-east',"
                            " startsWith(user_id, 'u2'), 'eu-west', 'unknown'))"
                            " FROM analytics.events"),
                     0);
    assert_int_equal(number("SELECT count() FROM system.parts WHERE database = 'analytics' AND"
                            " table = 'events' AND active AND name NOT IN (SELECT name FROM"
                            " system.parts_columns WHERE database = 'analytics' AND"
                            " table = 'events' AND column = 'region')"),
                     0);
    assert_int_equal(number("SELECT count() FROM system.mutations WHERE NOT is_done"), 0);
}

static void run_and_check(bool partitioned)
{
    struct lc_live live;
    struct lc_live_options o = small();
    o.partitioned = partitioned;
    err = LC_ERROR_INIT;
    if (lc_live_run(&live, b, &o, &err) != 0) {
        fail_msg("%s", err.msg);
    }
    assert_false(live.partial);
    assert_proven(&live);
    assert_table(&live);
    assert_int_equal(number("SELECT count() > 1 FROM (SELECT DISTINCT partition_id FROM"
                            " system.parts WHERE database = 'analytics' AND table = 'events' AND"
                            " active)"),
                     partitioned ? 1 : 0);
    assert_int_equal(lc_live_clean(&live, b, &err), 0);
    assert_int_equal(number("SELECT count() FROM system.databases WHERE name = 'analytics'"), 0);
    lc_live_release(&live);
    forget(&o);
}

static void test_live_proves_the_change(void **state)
{
    (void)state;
    run_and_check(false);
}

static void test_live_partitioned(void **state)
{
    (void)state;
    run_and_check(true);
}

/* A table that was there before is nobody's to drop, nor is the database that holds it. */
static void test_live_refuses_a_table_in_the_way(void **state)
{
    (void)state;
    struct lc_live live;
    struct lc_live_options o = small();
    ask("CREATE DATABASE analytics");
    ask("CREATE TABLE analytics.events (mine String) ENGINE = MergeTree ORDER BY mine");
    ask("INSERT INTO analytics.events (mine) VALUES ('precious')");
    err = LC_ERROR_INIT;
    assert_int_equal(lc_live_run(&live, b, &o, &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "analytics.events"));
    assert_non_null(strstr(err.hint, "--drop-existing"));
    assert_int_equal(lc_live_clean(&live, b, &err), 0);
    lc_live_release(&live);
    ask("SELECT mine FROM analytics.events");
    assert_int_equal(t.rows, 1);
    assert_string_equal(lc_answer_at(&t, 0, 0)->p, "precious");
    ask("DROP DATABASE analytics");
    forget(&o);
}

/* Found out before a row is generated, and nothing is left behind. */
static void test_live_refuses_without_the_function(void **state)
{
    (void)state;
    struct lc_live live;
    struct lc_live_options o = small();
    err = LC_ERROR_INIT;
    assert_int_equal(lc_live_run(&live, b, &o, &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "region_v1"));
    assert_null(live.load);
    assert_int_equal(number("SELECT count() FROM analytics.events"), 5);
    assert_int_equal(lc_live_clean(&live, b, &err), 0);
    assert_int_equal(number("SELECT count() FROM system.databases WHERE name = 'analytics'"), 0);
    lc_live_release(&live);
    forget(&o);
}

/* Proven by other rules than those behind the function, the same data is wrong data. */
static void test_live_finds_wrong_data(void **state)
{
    (void)state;
    struct lc_live live;
    struct lc_live_options o = small();
    char other[300];
    (void)snprintf(other, sizeof other, "%s/other.csv", folder);
    FILE *f = fopen(other, "w");
    assert_non_null(f);
    assert_true(fputs("prefix,region\nu1,us-west\nu2,eu-west\n,unknown\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    free((char *)o.rules);
    o.rules = strdup(other);
    o.phase_s = 0.1;
    o.samples = 3;
    err = LC_ERROR_INIT;
    assert_int_equal(lc_live_run(&live, b, &o, &err), LC_ERR_FOUND);
    assert_non_null(strstr(err.msg, "every stored region"));
    assert_int_equal(lc_live_clean(&live, b, &err), 0);
    lc_live_release(&live);
    forget(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_live_proves_the_change, start_embedded, stop),
        cmocka_unit_test_setup_teardown(test_live_partitioned, start_embedded, stop),
        cmocka_unit_test_setup_teardown(test_live_refuses_a_table_in_the_way, start_embedded, stop),
        cmocka_unit_test_setup_teardown(test_live_refuses_without_the_function,
                                        start_without_function, stop),
        cmocka_unit_test_setup_teardown(test_live_finds_wrong_data, start_embedded, stop),
        cmocka_unit_test_setup_teardown(test_live_proves_the_change, start_http, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
