/* SPDX-License-Identifier: Apache-2.0 */
/* The replicas of a table, as Keeper has them: which hosts they are, and what cannot be known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/connect.h"
#include "cli/server/replicas.h"
#include "scripted_server.h"

#include <string.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: *\r\n\r\n" body
#define HELLO    OK("version\tdatabase\tsettings\nString\tString\tString\n26.7.2.1\td\tmax_threads\n")
#define TABLE(rows)                                                                                \
    OK("zookeeper_path\ttotal_replicas\tactive_replicas\nString\tUInt32\tUInt32\n" rows)
#define NODES(rows)                                                                                \
    OK("name\tvalue\tmade_s\tchanged_s\tnow_s\tmade_utc\n"                                         \
       "String\tString\tUInt32\tUInt32\tUInt32\tString\n" rows)
#define NODE(name, value) name "\t" value "\t1\t1\t2\t\n"
#define HOST(host, port)                                                                           \
    NODES(NODE("flags", "")                                                                        \
              NODE("host", "host: " host "\\nport: 9009\\ntcp_port: " port "\\ndatabase: d\\n"))
#define GREETS OK("version\tn\nString\tUInt64\n26.7.2.1\t1\n")
#define STRANGER                                                                                   \
    "HTTP/1.1 403 Forbidden\r\nContent-Length: *\r\n\r\n"                                          \
    "Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)"
#define CLUSTERS(rows) OK("cluster\nString\n" rows)
#define N(v)           (sizeof(v) / sizeof *(v))

static struct scripted_server server;

/* lc_replicas_open against a server that answers so after its greeting; its hosts' names in *names. */
static int open_replicas(const struct scripted_step *answers, size_t n, char names[256],
                         struct lc_error *err)
{
    struct scripted_step steps[16] = {{.answer = HELLO}};
    const struct lc_connect to = {
        .url = server.url, .database = "d", .timeout_ms = 60000, .connect_timeout_ms = 60000};
    const struct lc_abilities facts = {.replicas = true, .keeper = true};
    struct lc_cluster hosts;
    struct lc_backend *b;
    int rc;

    *err = LC_ERROR_INIT;
    names[0] = '\0';
    for (size_t i = 0; i < n; i++)
        steps[1 + i] = answers[i];
    scripted_start(&server, steps, n + 1);
    assert_int_equal(lc_backend_open(&b, &to, err), 0);
    rc = lc_replicas_open(&hosts, b, &facts, "d", "t", err);
    for (size_t i = 0; rc == 0 && i < hosts.n; i++) {
        strcat(names, hosts.v[i].name);
        strcat(names, " ");
    }
    lc_cluster_release(&hosts);
    lc_backend_free(b);
    assert_int_equal(scripted_stop(&server), n + 1);
    return rc;
}

static void test_no_replica_but_one_is_no_host(void **state)
{
    const struct scripted_step plain[] = {{.answer = TABLE("")}};
    const struct scripted_step alone[] = {{.answer = TABLE("/t\t1\t1\n")}};
    struct lc_error err;
    char names[256];

    (void)state;
    assert_int_equal(open_replicas(plain, N(plain), names, &err), 0);
    assert_string_equal(names, "");
    assert_int_equal(open_replicas(alone, N(alone), names, &err), 0);
    assert_string_equal(names, "");
}

static void test_each_replica_says_how_to_reach_it(void **state)
{
    const struct scripted_step answers[] = {{.answer = TABLE("/t\t2\t2\n")},
                                            {.answer = NODES(NODE("a", "") NODE("b", ""))},
                                            {.answer = HOST("ch-a.example", "9000")},
                                            {.answer = HOST("fd00::7", "19000")},
                                            {.answer = GREETS},
                                            {.answer = GREETS}};
    struct lc_error err;
    char names[256];

    (void)state;
    assert_int_equal(open_replicas(answers, N(answers), names, &err), 0);
    assert_string_equal(names, "ch-a.example:9000 [fd00::7]:19000 ");
    assert_non_null(strstr(server.last, "remote('[fd00::7]:19000', system.one, 'default')"));
}

static void test_one_that_does_not_answer_is_not_known(void **state)
{
    const struct scripted_step answers[] = {{.answer = TABLE("/t\t2\t2\n")},
                                            {.answer = NODES(NODE("a", "") NODE("b", ""))},
                                            {.answer = HOST("ch-a", "9000")},
                                            {.answer = HOST("ch-b", "9000")},
                                            {.answer = GREETS},
                                            {.answer = STRANGER},
                                            {.answer = CLUSTERS("both\n")}};
    struct lc_error err;
    char names[256];

    (void)state;
    assert_int_equal(open_replicas(answers, N(answers), names, &err), LC_ERR_REFUSED);
    assert_non_null(
        strstr(err.msg, "d.t is replicated (replicas: 2), and whether each replica has"));
    assert_non_null(strstr(err.msg, "host ch-b:9000: Code: 516"));
    assert_non_null(strstr(err.hint, "--cluster both asks each host"));
}

static void test_one_that_says_nothing_is_not_known(void **state)
{
    const struct scripted_step answers[] = {{.answer = TABLE("/t\t2\t1\n")},
                                            {.answer = NODES(NODE("a", "") NODE("b", ""))},
                                            {.answer = HOST("ch-a", "9000")},
                                            {.answer = NODES(NODE("queue", ""))}};
    const struct scripted_step none[] = {{.answer = TABLE("/t\t2\t1\n")}, {.answer = NODES("")}};
    struct lc_error err;
    char names[256];

    (void)state;
    assert_int_equal(open_replicas(answers, N(answers), names, &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "does not say how to reach the replica b"));
    assert_int_equal(open_replicas(none, N(none), names, &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "Keeper has no replicas under /t/replicas"));
    assert_non_null(strstr(err.hint, "--cluster NAME asks each host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_replica_but_one_is_no_host),
        cmocka_unit_test(test_each_replica_says_how_to_reach_it),
        cmocka_unit_test(test_one_that_does_not_answer_is_not_known),
        cmocka_unit_test(test_one_that_says_nothing_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
