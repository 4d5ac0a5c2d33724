/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load: threads that do operations over and over, each on a connection of its own, and note how
 * long every one took.
 *
 *   stream    what is done (an operation), by how many workers, and when
 *   closed    rate 0: a worker starts the next operation when the last one has ended
 *   open      rate r: operation k is due at start + k / r, whoever of the workers is free takes it,
 *             and its latency counts from when it was *due*, so that a stall cannot hide itself
 *   phase     a small number that the owner sets; a sample belongs to the phase in which it was
 * begun
 *
 * The load can be paused between phases: what was due by then is done first, however late, so that
 * no end of a phase can hide a stall either; then nothing is in flight. Samples are kept whole, in
 * memory, until the load is freed.
 */
#ifndef LC_BENCH_MEASURE_LOAD_H
#define LC_BENCH_MEASURE_LOAD_H
#include "base/clock.h"
#include "base/error.h"
#include "cli/server/backend.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_LOAD_PHASES = 8, LC_LOAD_STREAMS = 128, LC_LOAD_ERRORS_KEPT = 5 };

/* One operation under way: what it is given, and what it may say of itself. */
struct lc_call {
    struct lc_backend *backend; /* the worker's own; NULL where the load has none */
    unsigned worker;            /* from 0, within the stream */
    uint64_t seq;               /* from 0, within the stream; no number comes twice */
    unsigned phase;             /* in which it was due */
    unsigned variant;           /* set by the operation: which of several statements it was */
    uint64_t rows;              /* set by the operation: rows written, or answered */
    double server_s;            /* set by the operation: the server's own time, 0: not known */
    uint64_t rows_read;         /* set by the operation: what the server read for it */
    uint64_t bytes_read;
    const struct lc_clock *clock; /* from here on the load's own */
    uint64_t due_ns, begin_ns, end_ns;
};

struct lc_load_stream {
    const char *name;
    unsigned workers;  /* at least 1 */
    double rate_per_s; /* of all workers together; 0: closed */
    double after;      /* open: so many of its intervals behind the other streams, 0 … 1 */
    uint64_t calls;    /* end after so many operations; 0: until stopped */
    /* Do it once. 0, or a negative code with *err: a sample that failed. Runs on worker threads. */
    int (*op)(void *ctx, struct lc_call *call, struct lc_error *err);
    void *ctx;
};

/* For the operation itself: its time begins only now (what came before was preparation), or has
 * ended already (what comes now is bookkeeping). A restart has no place in an open loop. */
void lc_call_restart(struct lc_call *call);
void lc_call_end(struct lc_call *call);

struct lc_sample {
    uint64_t at_ns;      /* when it was due, since the load was started */
    uint64_t latency_ns; /* from then until its end */
    uint64_t service_ns; /* from its real start until its end */
    uint64_t seq;
    uint64_t rows;
    uint64_t rows_read;
    uint64_t bytes_read;
    double server_s;
    uint16_t phase;
    uint16_t variant;
    bool failed;
};

struct lc_load_spec {
    const struct lc_load_stream *streams; /* copied; what ctx points to is used until the stop */
    size_t n_streams;                     /* at most LC_LOAD_STREAMS */
    struct lc_backend *backend;           /* cloned for every worker; NULL: operations need none */
    const struct lc_clock *clock;         /* NULL: the system's */
    const atomic_bool *cancel;            /* every worker ends when it becomes true; NULL: never */
};

struct lc_load;

/* Connect and start the workers, paused, in phase 0. 0 and *out, or the failure to connect or to
 * start; nothing is left running then. */
int lc_load_start(struct lc_load **out, const struct lc_load_spec *spec, struct lc_error *err);

/* Let them run, in this phase; an open stream counts its due times from now on. Phases may be
 * changed while it runs. phase < LC_LOAD_PHASES. */
void lc_load_run(struct lc_load *load, unsigned phase);

/* Start nothing more that is due only later than now. */
void lc_load_settle(struct lc_load *load);

/* After lc_load_settle: how many were due and have not ended; where cancelled, only what is under
 * way. */
uint64_t lc_load_left(struct lc_load *load);

/* Settle, and return when nothing is left. */
void lc_load_pause(struct lc_load *load);

/* Time since the load was started: what samples count from. */
uint64_t lc_load_elapsed_ns(const struct lc_load *load);

/* Good samples that stream has in the phase until now; any thread. */
uint64_t lc_load_count(const struct lc_load *load, size_t stream, unsigned phase);

/* Operations of the stream that failed until now; any thread. */
uint64_t lc_load_failed(const struct lc_load *load, size_t stream);

/* True when every worker has ended: all calls done, or cancelled. */
bool lc_load_over(struct lc_load *load);

/* End the workers and wait for them, without what is due and not begun. Idempotent. Afterwards the
 * samples are complete. */
void lc_load_stop(struct lc_load *load);

/*
 * After lc_load_stop: the stream's samples in the order in which they were due, *n of them, owned
 * by the load; NULL with *n = 0 where there are none.
 */
const struct lc_sample *lc_load_samples(struct lc_load *load, size_t stream, size_t *n);

/* After lc_load_stop: the text of failure i (the first LC_LOAD_ERRORS_KEPT are kept), or NULL. */
const char *lc_load_error(const struct lc_load *load, size_t stream, size_t i);

/* Stop it if it runs, close its connections, free. NULL is fine. */
void lc_load_free(struct lc_load *load);

/* The latencies in ms of the good samples of a phase (phase < 0: of all), newly allocated: *n of
 * them. NULL with *n = 0 where there are none or no memory. The caller frees. */
double *lc_samples_ms(const struct lc_sample *samples, size_t n_samples, int phase, size_t *n);

#endif
