/* SPDX-License-Identifier: Apache-2.0 */
/* Time: the monotonic clock, waiting, and a clock that a test can replace by one of its own. */
#ifndef LC_BASE_CLOCK_H
#define LC_BASE_CLOCK_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct lc_clock {
    /* Nanoseconds since some fixed moment; never goes back; any thread may ask. */
    uint64_t (*now_ns)(void *ctx);
    /*
     * Return at the moment `until_ns`, or a little after it, at once where it has passed, and not
     * more than 50 ms after *stop (may be NULL) became true.
     */
    void (*sleep_until)(void *ctx, uint64_t until_ns, const atomic_bool *stop);
    void *ctx;
};

/* The machine's monotonic clock. */
const struct lc_clock *lc_clock_system(void);

static inline uint64_t lc_clock_now(const struct lc_clock *c)
{
    return c->now_ns(c->ctx);
}

/* Sleep, in steps, until ms have passed or *cancel (may be NULL) is true; true where it is. */
bool lc_sleep_ms(unsigned ms, const atomic_bool *cancel);

/* Milliseconds, nanoseconds, of a clock that only goes forward. */
uint64_t lc_now_ms(void);

uint64_t lc_now_ns(void);

/* The moment ms after t, of the same clock. */
struct timespec lc_time_later(struct timespec t, unsigned ms);

/* Milliseconds of CLOCK_BOOTTIME, which goes on while the machine sleeps. */
uint64_t lc_boottime_ms(void);

/*
 * How long to wait before try number `attempt` (from 1): 200 ms, doubled each time up to 10 s, each
 * stretched or shrunk at random by up to a quarter, so that many runners do not come back at once.
 */
unsigned lc_backoff_ms(unsigned attempt);

#endif
