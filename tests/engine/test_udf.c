/* SPDX-License-Identifier: Apache-2.0 */
/* livecol-udf inside the engine: every format, type and way to run it, odd keys, threads, kills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/connect.h"
#include "cli/server/backend.h"
#include "base/buf.h"
#include "scratch.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What region.csv says, in the engine's own words: the oracle of these tests. */
#define ORACLE(key)                                                                                \
    "multiIf(startsWith(" key ", 'u1'), 'us-east', startsWith(" key ", 'u2'), 'eu-west', "         \
    "'unknown')"
#define ENUM8 "Enum8('us-east'=1,'eu-west'=2,'unknown'=3)"

static char folder[SCRATCH_PATH_BYTES];
static struct lc_backend *engine;

static const char *const types[] = {"String",
                                    "LowCardinality(String)",
                                    "Nullable(String)",
                                    "LowCardinality(Nullable(String))",
                                    ENUM8,
                                    "Enum16('us-east'=1,'eu-west'=2,'unknown'=3)"};
static const char *const formats[] = {"Native", "RowBinary", "TabSeparated"};
static const char *const ways[] = {"executable_pool", "executable"};

static void copy_file(const char *from, const char *to, mode_t mode)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char block[65536];
    size_t n;

    assert_non_null(in);
    assert_non_null(out);
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        assert_int_equal(fwrite(block, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, mode), 0);
}

static void write_file(const char *name, const char *text)
{
    char path[SCRATCH_PATH_BYTES + 64];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

/* livecol-udf that tries what is not possible in a sandbox. */
static const char *hooks(void)
{
    static char path[SCRATCH_PATH_BYTES];

    snprintf(path, sizeof path, "%s/tests/support/livecol-udf-hooks", getenv("LIVECOL_BUILD"));
    return path;
}

/* False in a build with sanitizers alone. */
static bool has_sandbox(void)
{
    char command[2 * SCRATCH_PATH_BYTES];

    snprintf(command, sizeof command,
             "'%s' --sandbox --check --rules '%s/config/region.csv' 2>&1 | grep -q 'this build has "
             "none'",
             hooks(), getenv("LIVECOL_SOURCE"));
    return system(command) != 0;
}

static void add_function_of(struct lc_buf *xml, const char *program, const char *name,
                            const char *way, const char *format, const char *type,
                            const char *rules, const char *argument, const char *options)
{
    lc_buf_addf(xml,
                "<function><type>%s</type><name>%s</name>"
                "<command>%s --rules %s --format %s --argument %s --type %s%s</command>"
                "<execute_direct>1</execute_direct><argument><type>%s</type><name>k</name>"
                "</argument><return_type>%s</return_type><return_name>result</return_name>"
                "<format>%s</format><send_chunk_header>%d</send_chunk_header>"
                "<deterministic>1</deterministic><pool_size>4</pool_size>"
                "<command_read_timeout>300000</command_read_timeout>"
                "<command_write_timeout>300000</command_write_timeout>"
                "<max_command_execution_time>300</max_command_execution_time>"
                "<stderr_reaction>log_last</stderr_reaction>"
                "<check_exit_code>1</check_exit_code></function>\n",
                way, name, program, rules, format, argument, type, options, argument, type, format,
                strstr(options, "--chunk-header") != NULL);
}

static void add_function(struct lc_buf *xml, const char *name, const char *way, const char *format,
                         const char *type, const char *rules, const char *argument,
                         const char *options)
{
    add_function_of(xml, "livecol-udf", name, way, format, type, rules, argument, options);
}

static void add_functions(struct lc_buf *xml)
{
    char name[80];

    for (size_t w = 0; w < 2; w++)
        for (size_t f = 0; f < 3; f++)
            for (size_t t = 0; t < 6; t++) {
                snprintf(name, sizeof name, "f_%zu_%zu_%zu", w, f, t);
                add_function(xml, name, ways[w], formats[f], types[t], "region_v1.csv", "String",
                             t % 2 ? "" : " --chunk-header");
            }
    add_function(xml, "misses", ways[0], "Native", "Nullable(String)", "misses.csv", "String", "");
    add_function(xml, "misses_lc", ways[0], "Native", "LowCardinality(Nullable(String))",
                 "misses.csv", "String", "");
    add_function(xml, "arg_lc", ways[0], "Native", "String", "region_v1.csv",
                 "LowCardinality(String)", "");
    add_function(xml, "arg_null", ways[0], "Native", "String", "region_v1.csv", "Nullable(String)",
                 "");
    add_function(xml, "arg_lcnull", ways[0], "Native", "String", "region_v1.csv",
                 "LowCardinality(Nullable(String))", "");
    add_function(xml, "arg_fixed", ways[0], "Native", "String", "region_v1.csv", "FixedString(8)",
                 "");
    add_function(xml, "range8", ways[0], "Native", "String", "range.csv", "UInt8", "");
    add_function(xml, "range32", ways[0], "Native", "String", "range.csv", "UInt32", "");
    add_function(xml, "range64", ways[0], "Native", "UInt16", "numbers.csv", "UInt64", "");
    add_function(xml, "range_row", ways[0], "RowBinary", "String", "range.csv", "UInt64", "");
    add_function(xml, "range_tsv", ways[0], "TabSeparated", "String", "range.csv", "UInt64", "");
    add_function(xml, "exact_tier", ways[0], "Native", "LowCardinality(String)", "exact.csv",
                 "String", " --attribute tier");
    add_function(xml, "bad_enum", ways[0], "Native", "Enum8('us-east'=1)", "region_v1.csv",
                 "String", "");
    if (has_sandbox()) {
        add_function_of(xml, "livecol-udf-hooks", "sandboxed", ways[0], "Native", "String",
                        "region_v1.csv", "String", " --sandbox");
        add_function_of(xml, "livecol-udf-hooks", "sandboxed_once", ways[1], "Native", "String",
                        "region_v1.csv", "String", "");
        add_function_of(xml, "livecol-udf-hooks", "free", ways[0], "Native", "String",
                        "region_v1.csv", "String", " --no-sandbox");
    }
    add_function(xml, "bad_rules", ways[0], "Native", "String", "bad.csv", "String", "");
}

static int open_engine(void **state)
{
    struct lc_connect to = {.embedded = true, .path = folder};
    struct lc_error err = LC_ERROR_INIT;
    char path[SCRATCH_PATH_BYTES + 64], source[SCRATCH_PATH_BYTES + 64];
    struct lc_buf xml;

    (void)state;
    if (!scratch_folder(folder))
        return -1;
    snprintf(path, sizeof path, "%s/user_scripts", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/user_scripts/livecol-udf", folder);
    copy_file(getenv("LIVECOL_UDF"), path, 0755);
    snprintf(path, sizeof path, "%s/user_scripts/livecol-udf-hooks", folder);
    copy_file(hooks(), path, 0755);
    assert_int_equal(setenv("LIVECOL_TEST_ATTEMPTS", "1", 1), 0);
    snprintf(path, sizeof path, "%s/user_scripts/region_v1.csv", folder);
    snprintf(source, sizeof source, "%s/config/region.csv", getenv("LIVECOL_SOURCE"));
    copy_file(source, path, 0644);
    snprintf(path, sizeof path, "%s/livecol_function.xml", folder);
    snprintf(source, sizeof source, "%s/config/livecol_function.xml", getenv("LIVECOL_SOURCE"));
    copy_file(source, path, 0644);
    write_file("user_scripts/misses.csv", "prefix,region\nu1,us-east\n");
    write_file("user_scripts/range.csv", "from,to,v\n0,9,low\n10,99,mid\n1000,2000,big\n");
    write_file("user_scripts/numbers.csv", "from,to,v\n0,9,1\n10,99,60000\n");
    write_file("user_scripts/exact.csv", "exact,region,tier\nu1,a,gold\n*,b,free\n");
    write_file("user_scripts/bad.csv", "prefix,region\nu1\n");
    lc_buf_init(&xml, 1 << 20);
    lc_buf_adds(&xml, "<functions>\n");
    add_functions(&xml);
    lc_buf_adds(&xml, "</functions>\n");
    write_file("test_function.xml", lc_buf_str(&xml));
    lc_buf_release(&xml);
    if (lc_backend_open(&engine, &to, &err))
        fail_msg("%s (%s)", err.msg, err.hint);
    return 0;
}

static int close_engine(void **state)
{
    char command[SCRATCH_PATH_BYTES + 64];

    (void)state;
    lc_backend_free(engine);
    snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
    return system(command);
}

/* The first cell of a query's answer, as text. */
static const char *ask(struct lc_backend *b, const char *sql)
{
    static _Thread_local char answer[8192];
    struct lc_answer t = {0};
    struct lc_error err = LC_ERROR_INIT;

    if (lc_backend_run(b, sql, &t, &err))
        fail_msg("%s: %s", sql, err.msg);
    assert_true(t.rows == 1 && t.cols >= 1);
    snprintf(answer, sizeof answer, "%s", lc_answer_at(&t, 0, 0)->p);
    lc_answer_release(&t);
    return answer;
}

/* Rows of `from` for which the function `f` over `k` and the oracle differ, NULLs counted. */
static void expect_equal(const char *f, const char *from)
{
    struct lc_buf sql;

    lc_buf_init(&sql, 1 << 16);
    lc_buf_addf(&sql, "SELECT countIf(ifNull(toString(%s(k)), 'NULL') != " ORACLE("k") ") FROM %s",
                f, from);
    if (strcmp(ask(engine, lc_buf_str(&sql)), "0") != 0)
        fail_msg("%s differs from the oracle over %s", f, from);
    lc_buf_release(&sql);
}

static void test_every_format_type_and_way(void **state)
{
    char name[80];

    (void)state;
    for (size_t w = 0; w < 2; w++)
        for (size_t f = 0; f < 3; f++)
            for (size_t t = 0; t < 6; t++) {
                snprintf(name, sizeof name, "f_%zu_%zu_%zu", w, f, t);
                expect_equal(name,
                             "(SELECT concat('u', toString(number)) AS k FROM numbers(1000))");
            }
}

/* Byte keys that no text format could carry unescaped; lengths around each varint size. */
static void test_odd_keys(void **state)
{
    static const char *const sources[] = {
        "(SELECT concat('u1', char(number)) AS k FROM numbers(256))",
        "(SELECT concat(char(number), 'u1') AS k FROM numbers(256))",
        "(SELECT char(intDiv(number, 256), number % 256) AS k FROM numbers(65536))",
        "(SELECT 'u2' AS k FROM numbers(1) WHERE rand() >= 0)",
        "(SELECT concat('u2', repeat(char(255), number)) AS k FROM numbers(300))",
        "(SELECT arrayJoin(['', 'u', concat('u1', repeat('x', 125)), concat('u1', repeat('x', "
        "126)), "
        "concat('u2', repeat('y', 16382)), concat('u2', repeat('y', 100000))]) AS k)"};

    (void)state;
    for (size_t f = 0; f < 3; f++)
        for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
            char name[80];

            snprintf(name, sizeof name, "f_0_%zu_%d", f, (int)(i % 6));
            expect_equal(name, sources[i]);
        }
}

static void test_a_block_of_200000_rows(void **state)
{
    (void)state;
    for (size_t f = 0; f < 3; f++) {
        char name[80];

        snprintf(name, sizeof name, "f_0_%zu_1", f);
        expect_equal(name, "(SELECT concat('u', toString(number)) AS k FROM numbers(200000) "
                           "SETTINGS max_block_size = 200000)");
        snprintf(name, sizeof name, "f_1_%zu_4", f);
        expect_equal(name, "(SELECT concat('u', toString(number)) AS k FROM numbers(200000) "
                           "SETTINGS max_block_size = 200000)");
    }
}

static void test_argument_types(void **state)
{
    (void)state;
    assert_string_equal(
        ask(engine, "SELECT groupArray(arg_lc(toLowCardinality(concat('u', toString(number))))) "
                    "FROM numbers(4)"),
        "['unknown','us-east','eu-west','unknown']");
    assert_string_equal(
        ask(engine,
            "SELECT groupArray(arg_null(if(number = 1, NULL, concat('u', toString(number)))))"
            " FROM numbers(3)"),
        "['unknown','unknown','eu-west']");
    assert_string_equal(ask(engine, "SELECT groupArray(arg_lcnull(if(number = 1, NULL, concat('u', "
                                    "toString(number))))) FROM numbers(3)"),
                        "['unknown','unknown','eu-west']");
    assert_string_equal(
        ask(engine, "SELECT groupArray(arg_fixed(toFixedString(concat('u', toString(number)), 8))) "
                    "FROM numbers(3)"),
        "['unknown','us-east','eu-west']");
    assert_string_equal(ask(engine, "SELECT groupArray(range8(number * 9)) FROM numbers(3)"),
                        "['low','low','mid']");
    assert_string_equal(ask(engine, "SELECT groupArray(range32(number * 700)) FROM numbers(3)"),
                        "['low','','big']");
    assert_string_equal(ask(engine, "SELECT groupArray(range64(number * 50)) FROM numbers(3)"),
                        "[1,60000,0]");
    assert_string_equal(ask(engine,
                            "SELECT groupArray((range_row(number * 50), range_tsv(number * 50)"
                            ")) FROM numbers(3)"),
                        "[('low','low'),('mid','mid'),('','')]");
    assert_string_equal(ask(engine,
                            "SELECT groupArray(exact_tier(concat('u', toString(number)))) FROM "
                            "numbers(3)"),
                        "['free','gold','free']");
}

static void test_misses_are_null_where_the_type_is_nullable(void **state)
{
    (void)state;
    assert_string_equal(ask(engine,
                            "SELECT groupArray(ifNull(misses(concat('u', toString(number))), "
                            "'NULL')) FROM numbers(3)"),
                        "['NULL','us-east','NULL']");
    assert_string_equal(ask(engine, "SELECT groupArray(ifNull(misses_lc(concat('u', "
                                    "toString(number))), 'NULL')) FROM numbers(3)"),
                        "['NULL','us-east','NULL']");
}

static void test_bad_rules_are_an_error_with_file_and_line(void **state)
{
    static const char *const broken[] = {"bad_enum", "bad_rules"};
    static const char *const messages[] = {"is not one of Enum8", "bad.csv:2: 1 field, expected 2"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lc_error err = LC_ERROR_INIT;
        char sql[200];

        snprintf(sql, sizeof sql,
                 "SELECT sum(length(toString(%s(toString(number))))) FROM numbers(9)", broken[i]);
        assert_int_equal(lc_backend_run(engine, sql, NULL, &err), LC_ERR_SERVER);
        if (!strstr(err.msg, messages[i]))
            fail_msg("%s: no '%s' in: %s", broken[i], messages[i], err.msg);
    }
}

/* In the engine: all that is tried inside is refused, and the answers are right; outside it works. */
static void test_the_sandbox(void **state)
{
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    if (!has_sandbox())
        skip();
    expect_equal("sandboxed", "(SELECT concat('u', toString(number)) AS k FROM numbers(100000))");
    expect_equal("sandboxed_once", "(SELECT concat('u', toString(number)) AS k FROM numbers(100))");
    assert_int_equal(lc_backend_run(engine, "SELECT free('u1')", NULL, &err), LC_ERR_SERVER);
    if (!strstr(err.msg, "open open-to-write"))
        fail_msg("no open outside of a sandbox: %s", err.msg);
}

/* The shipped XML: its function answers; its type option and its return type are the same. */
static void test_the_shipped_function(void **state)
{
    char command[600];

    (void)state;
    expect_equal("region_v1", "(SELECT concat('u', toString(number)) AS k FROM numbers(100000))");
    assert_string_equal(ask(engine, "SELECT toTypeName(region_v1('u1_001'))"),
                        "LowCardinality(String)");
    snprintf(
        command, sizeof command,
        "xmllint --noout '%s/config/livecol_function.xml' && "
        "xmllint --xpath 'string(//command)' '%s/config/livecol_function.xml' | grep -qF -- "
        "\"--type $(xmllint --xpath 'string(//return_type)' '%s/config/livecol_function.xml')\"",
        getenv("LIVECOL_SOURCE"), getenv("LIVECOL_SOURCE"), getenv("LIVECOL_SOURCE"));
    assert_int_equal(system(command), 0);
}

static void *query_many(void *failed)
{
    struct lc_backend *own;
    struct lc_error err = LC_ERROR_INIT;

    if (lc_backend_clone(engine, &own, &err))
        return failed;
    for (int i = 0; i < 5; i++) {
        struct lc_answer t = {0};
        int rc = lc_backend_run(own,
                                "SELECT countIf(region_v1(k) != " ORACLE(
                                    "k") "), count() FROM (SELECT "
                                         "concat('u', toString(number)) AS k FROM numbers(100000))",
                                &t, &err);

        if (rc || lc_answer_u64(&t, 0, 0, 1) != 0 || lc_answer_u64(&t, 0, 1, 0) != 100000)
            *(int *)failed = 1;
        lc_answer_release(&t);
    }
    lc_backend_free(own);
    return NULL;
}

static void test_four_threads_at_once(void **state)
{
    pthread_t threads[4];
    int failed[4] = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, query_many, &failed[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *no_connection;

        pthread_join(threads[i], &no_connection);
        assert_null(no_connection);
        assert_int_equal(failed[i], 0);
    }
}

/* Processes of the pool: children of this process whose program is livecol-udf. */
static int kill_pool(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *e;
    int killed = 0;

    assert_non_null(proc);
    while ((e = readdir(proc))) {
        char path[300], name[64] = "";
        int parent = 0;
        FILE *f;

        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        f = e->d_name[0] >= '0' && e->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (!f)
            continue;
        if (fscanf(f, "%*d (%63[^)]) %*c %d", name, &parent) == 2 && parent == getpid() &&
            strcmp(name, "livecol-udf") == 0 && kill(atoi(e->d_name), SIGKILL) == 0)
            killed++;
        fclose(f);
    }
    closedir(proc);
    return killed;
}

struct endless {
    struct lc_error err;
    atomic_bool cancel, ended;
};

static void *endless_query(void *arg)
{
    struct endless *e = arg;
    const struct lc_query q = {
        .sql = "SELECT sum(length(region_v1(concat('u', toString(number))))) FROM system.numbers",
        .cancel = &e->cancel};
    struct lc_backend *own;

    if (!lc_backend_clone(engine, &own, &e->err)) {
        (void)lc_backend_query(own, &q, NULL, &e->err);
        lc_backend_free(own);
    }
    atomic_store(&e->ended, true);
    return NULL;
}

/* Killed in mid-query: that query fails and says so, the next ones are right. */
static void test_a_killed_process_fails_its_query_alone(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        const struct timespec pause = {0, 20000000};
        struct endless e = {.err = LC_ERROR_INIT};
        pthread_t thread;
        int killed = 0;

        assert_int_equal(pthread_create(&thread, NULL, endless_query, &e), 0);
        /* Again until it has ended: those that were killed may all have been idle. */
        for (int look = 0; look < 15000 && !atomic_load(&e.ended); look++) {
            nanosleep(&pause, NULL);
            if (strtol(ask(engine, "SELECT count() FROM system.processes WHERE query LIKE "
                                   "'%FROM system.numbers' AND read_rows > 0"),
                       NULL, 10) > 0)
                killed += kill_pool();
        }
        atomic_store(&e.cancel, true);
        pthread_join(thread, NULL);
        if (killed == 0 || e.err.code != LC_ERR_SERVER || e.err.server_code == 0)
            fail_msg("%d processes were killed in its query, which ended with %d: %s", killed,
                     e.err.code, e.err.msg);
        for (int i = 0; i < 6; i++)
            expect_equal("region_v1",
                         "(SELECT concat('u', toString(number)) AS k FROM numbers(100000))");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_type_and_way),
        cmocka_unit_test(test_odd_keys),
        cmocka_unit_test(test_a_block_of_200000_rows),
        cmocka_unit_test(test_argument_types),
        cmocka_unit_test(test_misses_are_null_where_the_type_is_nullable),
        cmocka_unit_test(test_bad_rules_are_an_error_with_file_and_line),
        cmocka_unit_test(test_the_sandbox),
        cmocka_unit_test(test_the_shipped_function),
        cmocka_unit_test(test_four_threads_at_once),
        cmocka_unit_test(test_a_killed_process_fails_its_query_alone),
    };

    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
