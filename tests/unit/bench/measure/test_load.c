/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator on a clock of its own: due times, phases, pauses, failures, counts. */
#include "bench/measure/load.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MS = 1000000 };

/* A clock that moves only when somebody sleeps or works; for one worker. */
struct fake {
    atomic_uint_least64_t now;
};

static uint64_t fake_now(void *ctx)
{
    struct fake *f = ctx;
    return atomic_load(&f->now);
}

static void fake_sleep(void *ctx, uint64_t until_ns, const atomic_bool *stop)
{
    struct fake *f = ctx;
    if (!atomic_load(stop) && atomic_load(&f->now) < until_ns) {
        atomic_store(&f->now, until_ns);
    }
}

struct script {
    struct fake *clock;
    unsigned stall_at; /* this call takes stall_ms, the others work_ms */
    unsigned stall_ms;
    unsigned work_ms;
    unsigned fail_every; /* 0: none fails */
};

static int play(void *ctx, struct lc_call *call, struct lc_error *err)
{
    const struct script *s = ctx;
    unsigned ms = call->seq == s->stall_at ? s->stall_ms : s->work_ms;
    atomic_fetch_add(&s->clock->now, (uint64_t)ms * MS);
    call->rows = 10;
    call->variant = call->seq % 2;
    if (s->fail_every > 0 && call->seq % s->fail_every == 0) {
        return lc_fail(err, LC_ERR_SERVER, "number %u failed", (unsigned)call->seq);
    }
    return 0;
}

static struct lc_load *run_to_end(const struct lc_load_stream *stream, const struct lc_clock *clock)
{
    struct lc_load_spec spec = {.streams = stream, .n_streams = 1, .clock = clock};
    struct lc_load *load = NULL;
    struct lc_error err = LC_ERROR_INIT;
    assert_int_equal(lc_load_start(&load, &spec, &err), 0);
    lc_load_run(load, 2);
    while (!lc_load_over(load)) {
        lc_clock_system()->sleep_until(NULL, lc_clock_now(lc_clock_system()) + MS, NULL);
    }
    lc_load_stop(load);
    return load;
}

/* At 100 a second a stall of 50 ms makes the next ones late too: 41, 32, 23,
 * 14, 5, then 1 again. */
static void test_open_loop_counts_from_the_due_time(void **state)
{
    (void)state;
    struct fake fake = {.now = 7000 * (uint64_t)MS};
    struct lc_clock clock = {fake_now, fake_sleep, &fake};
    struct script script = {.clock = &fake, .stall_at = 2, .stall_ms = 50, .work_ms = 1};
    struct lc_load_stream stream = {
        .name = "read", .workers = 1, .rate_per_s = 100, .calls = 10, .op = play, .ctx = &script};
    struct lc_load *load = run_to_end(&stream, &clock);
    size_t n;
    const struct lc_sample *s = lc_load_samples(load, 0, &n);
    assert_int_equal(n, 10);
    const unsigned want[] = {1, 1, 50, 41, 32, 23, 14, 5, 1, 1};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(s[i].seq, i);
        assert_int_equal(s[i].at_ns, i * 10 * MS);
        assert_int_equal(s[i].latency_ns, (uint64_t)want[i] * MS);
        assert_int_equal(s[i].service_ns, (i == 2 ? 50 : 1) * (uint64_t)MS);
        assert_int_equal(s[i].phase, 2);
        assert_int_equal(s[i].variant, i % 2);
        assert_int_equal(s[i].rows, 10);
        assert_false(s[i].failed);
    }
    lc_load_free(load);
}

/* The phase changes in the middle of a stall: what was due before that belongs to the old one. */
struct turning {
    struct fake *clock;
    struct lc_load *load;
};

static int turn(void *ctx, struct lc_call *call, struct lc_error *err)
{
    (void)err;
    struct turning *t = ctx;
    if (call->seq == 2) {
        atomic_fetch_add(&t->clock->now, 25 * MS);
        lc_load_run(t->load, 5);
        atomic_fetch_add(&t->clock->now, 25 * MS);
    }
    return 0;
}

static void test_a_sample_belongs_to_the_phase_in_which_it_was_due(void **state)
{
    (void)state;
    struct fake fake = {.now = 0};
    struct lc_clock clock = {fake_now, fake_sleep, &fake};
    struct turning turning = {.clock = &fake};
    struct lc_load_stream stream = {
        .name = "read", .workers = 1, .rate_per_s = 100, .calls = 8, .op = turn, .ctx = &turning};
    struct lc_load_spec spec = {.streams = &stream, .n_streams = 1, .clock = &clock};
    struct lc_error err = LC_ERROR_INIT;
    assert_int_equal(lc_load_start(&turning.load, &spec, &err), 0);
    lc_load_run(turning.load, 4);
    while (!lc_load_over(turning.load)) {
        lc_clock_system()->sleep_until(NULL, lc_clock_now(lc_clock_system()) + MS, NULL);
    }
    lc_load_stop(turning.load);
    size_t n;
    const struct lc_sample *s = lc_load_samples(turning.load, 0, &n);
    assert_int_equal(n, 8);
    for (size_t i = 0; i < n; i++) {
        /* number 2 began at 20 ms, the phase changed at 45 ms, it ended at 70 ms */
        assert_int_equal(s[i].phase, s[i].at_ns <= 40 * (uint64_t)MS ? 4 : 5);
    }
    assert_int_equal(lc_load_count(turning.load, 0, 4), 5);
    assert_int_equal(lc_load_count(turning.load, 0, 5), 3);
    lc_load_free(turning.load);
}

/* The same in a closed loop shows one slow call only: the stall hides itself. */
static void test_closed_loop_counts_from_the_start(void **state)
{
    (void)state;
    struct fake fake = {.now = 0};
    struct lc_clock clock = {fake_now, fake_sleep, &fake};
    struct script script = {.clock = &fake, .stall_at = 2, .stall_ms = 50, .work_ms = 1};
    struct lc_load_stream stream = {
        .name = "read", .workers = 1, .calls = 5, .op = play, .ctx = &script};
    struct lc_load *load = run_to_end(&stream, &clock);
    size_t n;
    const struct lc_sample *s = lc_load_samples(load, 0, &n);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(s[i].latency_ns, (i == 2 ? 50 : 1) * (uint64_t)MS);
    }
    double *ms = lc_samples_ms(s, n, 2, &n);
    assert_int_equal(n, 5);
    assert_true(ms[2] == 50.0);
    free(ms);
    s = lc_load_samples(load, 0, &n);
    assert_null(lc_samples_ms(s, n, 1, &n));
    assert_int_equal(n, 0);
    lc_load_free(load);
}

static void test_failures_are_counted_and_their_text_kept(void **state)
{
    (void)state;
    struct fake fake = {.now = 0};
    struct lc_clock clock = {fake_now, fake_sleep, &fake};
    struct script script = {.clock = &fake, .stall_at = 1000, .work_ms = 1, .fail_every = 2};
    struct lc_load_stream stream = {
        .name = "write", .workers = 1, .calls = 20, .op = play, .ctx = &script};
    struct lc_load *load = run_to_end(&stream, &clock);
    size_t n;
    const struct lc_sample *s = lc_load_samples(load, 0, &n);
    assert_int_equal(n, 20);
    assert_int_equal(lc_load_failed(load, 0), 10);
    assert_int_equal(lc_load_count(load, 0, 2), 10);
    assert_true(s[0].failed);
    assert_false(s[1].failed);
    assert_string_equal(lc_load_error(load, 0, 0), "number 0 failed");
    assert_string_equal(lc_load_error(load, 0, 4), "number 8 failed");
    assert_null(lc_load_error(load, 0, 5));
    double *ms = lc_samples_ms(s, n, -1, &n);
    assert_int_equal(n, 10);
    free(ms);
    lc_load_free(load);
}

struct counter {
    atomic_uint calls;
    atomic_uint inside;
    atomic_bool twice; /* a number came twice */
    atomic_bool seen[100000];
};

static int count(void *ctx, struct lc_call *call, struct lc_error *err)
{
    (void)err;
    struct counter *c = ctx;
    atomic_fetch_add(&c->inside, 1);
    atomic_fetch_add(&c->calls, 1);
    if (call->seq < 100000 && atomic_exchange(&c->seen[call->seq], true)) {
        atomic_store(&c->twice, true);
    }
    atomic_fetch_sub(&c->inside, 1);
    return 0;
}

static void wait_for(struct lc_load *load, unsigned phase, uint64_t n)
{
    while (lc_load_count(load, 0, phase) < n) {
        lc_clock_system()->sleep_until(NULL, lc_clock_now(lc_clock_system()) + MS, NULL);
    }
}

/* Four workers on the real clock: nothing runs before run, none is in flight while paused. */
static void test_workers_pause_and_go_on(void **state)
{
    (void)state;
    struct counter *c = calloc(1, sizeof *c);
    assert_non_null(c);
    struct lc_load_stream stream = {
        .name = "count", .workers = 4, .rate_per_s = 20000, .op = count, .ctx = c};
    struct lc_load_spec spec = {.streams = &stream, .n_streams = 1};
    struct lc_load *load = NULL;
    struct lc_error err = LC_ERROR_INIT;
    assert_int_equal(lc_load_start(&load, &spec, &err), 0);
    assert_int_equal(atomic_load(&c->calls), 0);
    lc_load_run(load, 0);
    wait_for(load, 0, 50);
    lc_load_run(load, 1);
    wait_for(load, 1, 50);
    lc_load_pause(load);
    unsigned before = atomic_load(&c->calls);
    assert_int_equal(atomic_load(&c->inside), 0);
    lc_clock_system()->sleep_until(NULL, lc_clock_now(lc_clock_system()) + 20 * MS, NULL);
    lc_load_pause(load); /* while it is paused nothing becomes due */
    assert_int_equal(atomic_load(&c->calls), before);
    uint64_t phase1 = lc_load_count(load, 0, 1);
    lc_load_run(load, 3);
    wait_for(load, 3, 50);
    lc_load_stop(load);
    assert_int_equal(lc_load_count(load, 0, 1), phase1);
    size_t n;
    const struct lc_sample *s = lc_load_samples(load, 0, &n);
    assert_int_equal(n, atomic_load(&c->calls));
    for (size_t i = 1; i < n; i++) {
        assert_true(s[i].at_ns >= s[i - 1].at_ns);
    }
    assert_false(atomic_load(&c->twice));
    lc_load_free(load);
    free(c);
}

/* The first call takes until it is told to end. */
static int stall(void *ctx, struct lc_call *call, struct lc_error *err)
{
    const atomic_bool *go_on = ctx;
    (void)err;
    while (call->seq == 0 && !atomic_load(go_on)) {
        lc_clock_system()->sleep_until(NULL, lc_clock_now(lc_clock_system()) + MS, NULL);
    }
    return 0;
}

/* Paused in the middle of a stall: what was due by then is done, and its wait is in its time. */
static void test_a_pause_leaves_nothing_out(void **state)
{
    (void)state;
    atomic_bool go_on = false;
    uint64_t in_all = 0;
    struct lc_load_stream streams[2] = {
        {.name = "a", .workers = 1, .rate_per_s = 1000, .op = stall, .ctx = &go_on},
        {.name = "b", .workers = 1, .rate_per_s = 1000, .op = stall, .ctx = &go_on}};
    streams[1].after = 0.5;
    struct lc_load_spec spec = {.streams = streams, .n_streams = 2};
    struct lc_load *load = NULL;
    struct lc_error err = LC_ERROR_INIT;
    size_t n;
    assert_int_equal(lc_load_start(&load, &spec, &err), 0);
    uint64_t from = lc_load_elapsed_ns(load);
    lc_load_run(load, 0);
    uint64_t running = lc_load_elapsed_ns(load);
    while (lc_load_elapsed_ns(load) < from + 10 * MS) {
        lc_clock_system()->sleep_until(NULL, lc_clock_now(lc_clock_system()) + MS, NULL);
    }
    uint64_t until = lc_load_elapsed_ns(load);
    lc_load_settle(load);
    uint64_t settled = lc_load_elapsed_ns(load);
    uint64_t left = lc_load_left(load);
    atomic_store(&go_on, true);
    lc_load_pause(load);
    assert_int_equal(lc_load_left(load), 0);
    lc_load_stop(load);
    for (size_t k = 0; k < 2; k++) {
        const struct lc_sample *s = lc_load_samples(load, k, &n);
        /* It began between `from` and `running`, and was settled between `until` and `settled`. */
        assert_true(n >= (until - running) / MS);
        assert_true(n <= (settled - from) / MS + 1);
        in_all += n;
        for (size_t i = 1; i < n; i++) {
            assert_int_equal(s[i].seq, i);
            assert_int_equal((s[i].at_ns - s[0].at_ns + MS / 2) / MS, i);
            assert_true(s[i].at_ns + s[i].latency_ns >= s[0].at_ns + s[0].latency_ns);
        }
    }
    assert_true(lc_load_samples(load, 1, &n)->at_ns >
                lc_load_samples(load, 0, &n)->at_ns); /* half an interval behind */
    assert_int_equal(left, in_all);                   /* none had ended when it was settled */
    lc_load_free(load);
}

static void test_cancel_ends_every_worker(void **state)
{
    (void)state;
    struct counter *c = calloc(1, sizeof *c);
    assert_non_null(c);
    atomic_bool cancel = false;
    struct lc_load_stream stream = {.name = "count", .workers = 3, .op = count, .ctx = c};
    struct lc_load_spec spec = {.streams = &stream, .n_streams = 1, .cancel = &cancel};
    struct lc_load *load = NULL;
    struct lc_error err = LC_ERROR_INIT;
    assert_int_equal(lc_load_start(&load, &spec, &err), 0);
    lc_load_run(load, 0);
    wait_for(load, 0, 10);
    assert_false(lc_load_over(load));
    atomic_store(&cancel, true);
    while (!lc_load_over(load)) {
        lc_clock_system()->sleep_until(NULL, lc_clock_now(lc_clock_system()) + MS, NULL);
    }
    lc_load_free(load);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_loop_counts_from_the_due_time),
        cmocka_unit_test(test_a_sample_belongs_to_the_phase_in_which_it_was_due),
        cmocka_unit_test(test_closed_loop_counts_from_the_start),
        cmocka_unit_test(test_failures_are_counted_and_their_text_kept),
        cmocka_unit_test(test_workers_pause_and_go_on),
        cmocka_unit_test(test_a_pause_leaves_nothing_out),
        cmocka_unit_test(test_cancel_ends_every_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
