/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of a backfill: what it knows of a server that has come to a stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "cli/column/load_probe.h"
#include "cli/server/connect.h"
#include "scripted_server.h"

#include <math.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: *\r\n\r\n" body
#define HELLO    OK("version\tdatabase\tsettings\nString\tString\tString\n26.7.2.1\td\tmax_threads\n")
#define ONE      OK("n\nUInt64\n1\n")
/* The greeting, the one that the start asks, and those that count. */
enum { ANSWERED = 2 + LC_PROBE_LEAST_RUNS, WAIT_MS = 120000 };

/* A run that does not end is no reading yet, and must not leave those before it as they are. */
static void test_a_run_that_hangs_is_felt(void **state)
{
    static struct scripted_server server;
    static struct scripted_step steps[ANSWERED + 1];
    static atomic_bool hangs;
    const struct lc_connect to = {
        .url = server.url, .database = "d", .timeout_ms = 600000, .connect_timeout_ms = 60000};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b;
    struct lc_probe *probe;
    double before = 0, now = 0;
    unsigned runs = 0;
    uint64_t end = lc_now_ms() + WAIT_MS;

    (void)state;
    steps[0].answer = HELLO;
    for (size_t i = 1; i < ANSWERED; i++)
        steps[i].answer = ONE;
    steps[ANSWERED] = (struct scripted_step){.hold = true, .asked = &hangs};
    scripted_start(&server, steps, ANSWERED + 1);
    assert_int_equal(lc_backend_open(&b, &to, &err), 0);
    assert_int_equal(lc_probe_start(&probe, b, "SELECT 1 AS n", &err), 0);
    while (!atomic_load(&hangs) && lc_now_ms() < end)
        lc_sleep_ms(1, NULL);
    assert_true(atomic_load(&hangs));
    assert_true(lc_probe_p99(probe, &before, &runs));
    assert_int_equal(runs, LC_PROBE_LEAST_RUNS);
    assert_int_equal(lc_probe_failed(probe), 0);
    /* It goes on, so what is felt comes to be more than any reading. */
    for (now = before; now <= before + 1 && lc_now_ms() < end; lc_sleep_ms(1, NULL))
        assert_true(lc_probe_p99(probe, &now, &runs));
    assert_true(now > before + 1);
    assert_true(now < INFINITY);
    assert_int_equal(runs, LC_PROBE_LEAST_RUNS);
    lc_probe_free(probe);
    lc_backend_free(b);
    (void)scripted_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_run_that_hangs_is_felt)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
