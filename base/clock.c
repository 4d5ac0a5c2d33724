/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/test_points.h"

#include <errno.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

/* The longest sleep without a look at the stop flag: a flag, unlike a signal, wakes nobody. */
enum { LOOK_EVERY_NS = 50000000 };

/* now_ns of lc_clock_system: CLOCK_MONOTONIC, which a change of the wall clock does not move. */
static uint64_t system_now(void *ctx)
{
    (void)ctx;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Sleeps to an absolute time, so that being woken late once does not shift what follows. */
static void system_sleep_until(void *ctx, uint64_t until_ns, const atomic_bool *stop)
{
    for (;;) {
        uint64_t now = system_now(ctx);
        if (now >= until_ns || (stop != NULL && atomic_load(stop))) {
            return;
        }
        uint64_t next = until_ns - now > LOOK_EVERY_NS ? now + LOOK_EVERY_NS : until_ns;
        struct timespec t = {.tv_sec = (time_t)(next / 1000000000U),
                             .tv_nsec = (long)(next % 1000000000U)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
            if (stop != NULL && atomic_load(stop)) {
                return;
            }
        }
    }
}

const struct lc_clock *lc_clock_system(void)
{
    static const struct lc_clock system_clock = {system_now, system_sleep_until, NULL};
    return &system_clock;
}

uint64_t lc_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct timespec lc_time_later(struct timespec t, unsigned ms)
{
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

uint64_t lc_boottime_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t lc_now_ms(void)
{
    return lc_now_ns() / 1000000;
}

bool lc_sleep_ms(unsigned ms, const atomic_bool *cancel)
{
    uint64_t end = lc_now_ms() + ms;

    for (;;) {
        uint64_t now = lc_now_ms();
        uint64_t step = now < end ? end - now : 0;
        struct timespec t;

        if (cancel && atomic_load(cancel))
            return true;
        if (step == 0)
            return false;
        if (step > 50)
            step = 50;
        t = (struct timespec){.tv_nsec = (long)step * 1000000};
        nanosleep(&t, NULL);
    }
}

unsigned lc_backoff_ms(unsigned attempt)
{
    /* Tests set their own first step, so that a retry does not take 200 ms. */
    unsigned ms = LC_TEST_NUMBER("LIVECOL_TEST_BACKOFF_MS", 200);
    uint32_t r = 0;

    while (attempt-- > 1 && ms < 10000)
        ms *= 2;
    if (ms > 10000)
        ms = 10000;
    if (getrandom(&r, sizeof r, 0) != sizeof r)
        r = (uint32_t)lc_now_ms() * 2654435761u;
    /*
     * Between 3/4 and 5/4 of the step. Without random bytes the clock is hashed instead: two
     * processes seldom ask in the same millisecond.
     */
    return ms * 3 / 4 + r % (ms / 2 + 1);
}
