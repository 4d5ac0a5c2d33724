/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open stream has a schedule: operation i is due at start + i / rate, whether or not the one before
 * has come back. A worker takes the next number under the lock, sleeps until it is due, performs it, and
 * notes its latency from the due time, so that a stall shows in every operation that it has held up, and
 * not only in one. A closed stream is the same without a schedule: it is due when a worker is free.
 *
 * A pause moves the schedule: what was not yet due is put off, and what was due is still done.
 */
#include "bench/measure/load.h"

#include "base/format.h"
#include "cli/server/connect.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A thread and its connection. `samples` is the worker's alone until it has ended, so that a
 * sample needs no lock; gather() puts them together.
 */
struct worker {
    struct lc_load *load;
    struct stream_state *stream;
    unsigned number;
    struct lc_backend *backend;
    pthread_t thread;
    bool started;
    struct lc_sample *samples;
    size_t n;
    size_t cap;
};

/*
 * A stream at work. The schedule is a line through one point: number base_seq is due at
 * base_ns, each one after it 1 / rate later.
 */
struct stream_state {
    struct lc_load_stream spec;
    struct worker *workers;
    uint64_t next_seq;     /* under the lock */
    uint64_t base_ns;      /* under the lock: when number base_seq was or is due */
    uint64_t base_seq;     /* under the lock */
    unsigned alive;        /* under the lock: workers that have not ended */
    struct lc_sample *all; /* after the stop */
    size_t all_n;
    atomic_uint_least64_t good[LC_LOAD_PHASES];
    atomic_uint_least64_t failed;
    char *errors[LC_LOAD_ERRORS_KEPT]; /* under the lock */
};

/* From when on which phase was set; enough for phases that are set a few hundred times. */
struct phase_change {
    uint64_t from_ns;
    unsigned phase;
};

enum { PHASE_CHANGES = 1024 };

struct lc_load {
    const struct lc_clock *clock;
    const atomic_bool *cancel;
    uint64_t start_ns;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool halt;  /* paused or stopping: wakes who sleeps until an operation is due */
    bool stopping;     /* under the lock, as the rest */
    uint64_t until_ns; /* with halt: what is due later is not begun */
    unsigned in_flight;
    struct phase_change changes[PHASE_CHANGES]; /* the last one is overwritten when it is full */
    size_t n_changes;
    size_t n_streams;
    struct stream_state streams[LC_LOAD_STREAMS];
};

static bool cancelled(const struct lc_load *load)
{
    return load->cancel != NULL && atomic_load(load->cancel);
}

/* When the stream's next operation is due; 0 in a closed one. */
static uint64_t next_due(const struct stream_state *s)
{
    double k = (double)(s->next_seq - s->base_seq) + s->spec.after;
    return s->spec.rate_per_s > 0 ? s->base_ns + lc_double_to_u64(k * 1e9 / s->spec.rate_per_s) : 0;
}

/* True where a stream that has a number of calls has given them all away. */
static bool all_begun(const struct stream_state *s)
{
    return s->spec.calls > 0 && s->next_seq >= s->spec.calls;
}

/* Operations of the stream that are due by then, and not begun. */
static uint64_t backlog(const struct stream_state *s, uint64_t until_ns)
{
    uint64_t due = next_due(s);
    if (due == 0 || due > until_ns || all_begun(s)) {
        return 0;
    }
    uint64_t n = lc_double_to_u64((double)(until_ns - due) * s->spec.rate_per_s / 1e9) + 1;
    uint64_t most = s->spec.calls > 0 ? s->spec.calls - s->next_seq : UINT64_MAX;
    return n < most ? n : most;
}

/*
 * Take the next operation of the stream: true with its number and the time it is due, after which
 * it is in flight; false when the worker is to end.
 */
static bool take(struct stream_state *s, struct lc_load *load, uint64_t *seq, uint64_t *due_ns)
{
    bool ok = false;
    pthread_mutex_lock(&load->lock);
    while (atomic_load(&load->halt) && !load->stopping && backlog(s, load->until_ns) == 0) {
        pthread_cond_wait(&load->changed, &load->lock);
    }
    if (!load->stopping && !cancelled(load) && !all_begun(s)) {
        *due_ns = next_due(s);
        *seq = s->next_seq++;
        load->in_flight++;
        ok = true;
    }
    pthread_mutex_unlock(&load->lock);
    return ok;
}

/*
 * An operation that was taken has ended, in whatever way. Wakes who waits
 * for none to be in flight.
 */
static void landed(struct lc_load *load)
{
    pthread_mutex_lock(&load->lock);
    load->in_flight--;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

/* Count a failure, and keep its text where it is among the first. */
static void keep_error(struct stream_state *s, struct lc_load *load, const struct lc_error *err)
{
    atomic_fetch_add(&s->failed, 1);
    pthread_mutex_lock(&load->lock);
    for (size_t i = 0; i < LC_LOAD_ERRORS_KEPT; i++) {
        if (s->errors[i] == NULL) {
            s->errors[i] = strdup(err->msg);
            break;
        }
    }
    pthread_mutex_unlock(&load->lock);
}

/*
 * Append to the worker's own samples. False: no memory, and the worker has to end, since its
 * figures would be wrong from here.
 */
static bool keep_sample(struct worker *w, const struct lc_sample *sample)
{
    if (w->n == w->cap) {
        size_t cap = w->cap == 0 ? 4096 : w->cap * 2;
        struct lc_sample *more = realloc(w->samples, cap * sizeof *more);
        if (more == NULL) {
            return false;
        }
        w->samples = more;
        w->cap = cap;
    }
    w->samples[w->n++] = *sample;
    return true;
}

void lc_call_restart(struct lc_call *call)
{
    call->begin_ns = lc_clock_now(call->clock);
    call->due_ns = call->begin_ns;
}

void lc_call_end(struct lc_call *call)
{
    if (call->end_ns == 0) {
        call->end_ns = lc_clock_now(call->clock);
    }
}

/* The phase at that moment: a late operation is the fault of the phase in which it was due. */
static unsigned phase_at(struct lc_load *load, uint64_t ns)
{
    unsigned phase = 0;
    pthread_mutex_lock(&load->lock);
    for (size_t i = load->n_changes; i > 0; i--) {
        phase = load->changes[i - 1].phase;
        if (load->changes[i - 1].from_ns <= ns) {
            break;
        }
    }
    pthread_mutex_unlock(&load->lock);
    return phase;
}

/* Was the load paused while the worker slept until this was due? */
static bool is_put_off(struct lc_load *load, uint64_t due_ns)
{
    pthread_mutex_lock(&load->lock);
    bool off = atomic_load(&load->halt) && due_ns > load->until_ns;
    pthread_mutex_unlock(&load->lock);
    return off;
}

/* Note what a call was like; false where there is no memory for it. */
static bool note(struct worker *w, const struct lc_call *call, uint64_t seq, bool failed)
{
    struct lc_load *load = w->load;
    struct stream_state *s = w->stream;
    struct lc_sample sample = {
        .at_ns = call->due_ns > load->start_ns ? call->due_ns - load->start_ns : 0,
        .latency_ns = call->end_ns - call->due_ns,
        .service_ns = call->end_ns - call->begin_ns,
        .seq = seq,
        .rows = call->rows,
        .rows_read = call->rows_read,
        .bytes_read = call->bytes_read,
        .server_s = call->server_s,
        .phase = (uint16_t)call->phase,
        .variant = (uint16_t)call->variant,
        .failed = failed,
    };
    if (keep_sample(w, &sample)) {
        return true;
    }
    struct lc_error err = LC_ERROR_INIT;
    lc_fail(&err, LC_ERR_NOMEM, "no memory for more samples of %s", s->spec.name);
    keep_error(s, load, &err);
    return false;
}

/* One operation, from due time to noted sample; false when the worker cannot go on. */
static bool perform(struct worker *w, uint64_t seq, uint64_t due_ns)
{
    struct lc_load *load = w->load;
    struct stream_state *s = w->stream;
    if (due_ns > 0) {
        load->clock->sleep_until(load->clock->ctx, due_ns, &load->halt);
    }
    uint64_t begin = lc_clock_now(load->clock);
    if (due_ns > begin || (due_ns > 0 && is_put_off(load, due_ns))) {
        return true; /* paused before it was due: not done, not counted */
    }
    if (due_ns == 0) {
        due_ns = begin;
    }
    struct lc_error err = LC_ERROR_INIT;
    struct lc_call call = {.backend = w->backend,
                           .worker = w->number,
                           .seq = seq,
                           .phase = phase_at(load, due_ns),
                           .clock = load->clock,
                           .due_ns = due_ns,
                           .begin_ns = begin};
    int rc = s->spec.op(s->spec.ctx, &call, &err);
    lc_call_end(&call);
    if (rc == LC_ERR_STOPPED) {
        return true; /* interrupted by the person: neither good nor bad */
    }
    if (rc != 0) {
        keep_error(s, load, &err);
    } else {
        atomic_fetch_add(&s->good[call.phase], 1);
    }
    return note(w, &call, seq, rc != 0);
}

/* A worker's life: take, perform, until there is nothing more to take. */
static void *work(void *arg)
{
    struct worker *w = arg;
    struct lc_load *load = w->load;
    uint64_t seq;
    uint64_t due_ns;
    bool go_on = true;
    while (go_on && take(w->stream, load, &seq, &due_ns)) {
        go_on = perform(w, seq, due_ns);
        landed(load);
    }
    pthread_mutex_lock(&load->lock);
    w->stream->alive--;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    return NULL;
}

/*
 * All connections before any thread: to connect takes time, and a failure is simple to undo.
 * What was opened is closed by lc_load_free.
 */
static int connect_workers(struct lc_load *load, const struct lc_load_spec *spec,
                           struct lc_error *err)
{
    for (size_t i = 0; i < load->n_streams; i++) {
        struct stream_state *s = &load->streams[i];
        s->workers = calloc(s->spec.workers, sizeof *s->workers);
        if (s->workers == NULL) {
            return lc_fail(err, LC_ERR_NOMEM, "no memory for %u workers", s->spec.workers);
        }
        for (unsigned k = 0; k < s->spec.workers; k++) {
            struct worker *w = &s->workers[k];
            w->load = load;
            w->stream = s;
            w->number = k;
            int rc = 0;
            if (spec->backend != NULL) {
                rc = lc_backend_clone(spec->backend, &w->backend, err);
            }
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

/*
 * Counted as alive before the thread begins, so that lc_load_over cannot see
 * a moment without workers.
 */
static int start_workers(struct lc_load *load, struct lc_error *err)
{
    for (size_t i = 0; i < load->n_streams; i++) {
        struct stream_state *s = &load->streams[i];
        for (unsigned k = 0; k < s->spec.workers; k++) {
            struct worker *w = &s->workers[k];
            pthread_mutex_lock(&load->lock);
            s->alive++;
            pthread_mutex_unlock(&load->lock);
            int rc = pthread_create(&w->thread, NULL, work, w);
            if (rc != 0) {
                pthread_mutex_lock(&load->lock);
                s->alive--;
                pthread_mutex_unlock(&load->lock);
                return lc_fail(err, LC_ERR_IO, "cannot start a thread: %s", strerror(rc));
            }
            w->started = true;
        }
    }
    return 0;
}

int lc_load_start(struct lc_load **out, const struct lc_load_spec *spec, struct lc_error *err)
{
    *out = NULL;
    if (spec->n_streams > LC_LOAD_STREAMS) {
        return lc_fail(err, LC_ERR_USAGE, "at most %d streams", LC_LOAD_STREAMS);
    }
    struct lc_load *load = calloc(1, sizeof *load);
    if (load == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory");
    }
    load->clock = spec->clock != NULL ? spec->clock : lc_clock_system();
    load->cancel = spec->cancel;
    load->start_ns = lc_clock_now(load->clock);
    atomic_store(&load->halt, true);
    pthread_mutex_init(&load->lock, NULL);
    pthread_cond_init(&load->changed, NULL);
    load->n_streams = spec->n_streams;
    for (size_t i = 0; i < spec->n_streams; i++) {
        load->streams[i].spec = spec->streams[i];
    }
    int rc = connect_workers(load, spec, err);
    if (rc == 0) {
        rc = start_workers(load, err);
    }
    if (rc != 0) {
        lc_load_free(load);
        return rc;
    }
    *out = load;
    return 0;
}

void lc_load_run(struct lc_load *load, unsigned phase)
{
    pthread_mutex_lock(&load->lock);
    uint64_t now = lc_clock_now(load->clock);
    size_t at = load->n_changes < PHASE_CHANGES ? load->n_changes++ : PHASE_CHANGES - 1;
    load->changes[at] = (struct phase_change){.from_ns = now, .phase = phase};
    if (atomic_load(&load->halt) && !load->stopping) {
        for (size_t i = 0; i < load->n_streams; i++) {
            /*
             * After a pause the schedule goes on from here with the next number;
             * numbers are never used twice.
             */
            load->streams[i].base_ns = now;
            load->streams[i].base_seq = load->streams[i].next_seq;
        }
        atomic_store(&load->halt, false);
        pthread_cond_broadcast(&load->changed);
    }
    pthread_mutex_unlock(&load->lock);
}

void lc_load_settle(struct lc_load *load)
{
    pthread_mutex_lock(&load->lock);
    if (!atomic_load(&load->halt)) { /* while it is paused nothing becomes due */
        load->until_ns = lc_clock_now(load->clock);
        atomic_store(&load->halt, true);
    }
    pthread_mutex_unlock(&load->lock);
}

/* Under the lock. */
static uint64_t left(const struct lc_load *load)
{
    uint64_t n = load->in_flight;
    for (size_t i = 0; i < load->n_streams && !cancelled(load); i++) {
        const struct stream_state *s = &load->streams[i];
        n += s->alive > 0 ? backlog(s, load->until_ns) : 0;
    }
    return n;
}

uint64_t lc_load_left(struct lc_load *load)
{
    pthread_mutex_lock(&load->lock);
    uint64_t n = left(load);
    pthread_mutex_unlock(&load->lock);
    return n;
}

void lc_load_pause(struct lc_load *load)
{
    lc_load_settle(load);
    pthread_mutex_lock(&load->lock);
    while (left(load) > 0) {
        pthread_cond_wait(&load->changed, &load->lock);
    }
    pthread_mutex_unlock(&load->lock);
}

uint64_t lc_load_elapsed_ns(const struct lc_load *load)
{
    return lc_clock_now(load->clock) - load->start_ns;
}

uint64_t lc_load_count(const struct lc_load *load, size_t stream, unsigned phase)
{
    return atomic_load(&load->streams[stream].good[phase]);
}

uint64_t lc_load_failed(const struct lc_load *load, size_t stream)
{
    return atomic_load(&load->streams[stream].failed);
}

bool lc_load_over(struct lc_load *load)
{
    pthread_mutex_lock(&load->lock);
    bool over = true;
    for (size_t i = 0; i < load->n_streams; i++) {
        over = over && load->streams[i].alive == 0;
    }
    pthread_mutex_unlock(&load->lock);
    return over;
}

/* By due time; the number decides between operations that were due at the same moment. */
static int by_time(const void *a, const void *b)
{
    const struct lc_sample *x = a;
    const struct lc_sample *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/*
 * All samples of a stream, in the order in which they were due. No memory: the stream
 * has none.
 */
static void gather(struct stream_state *s)
{
    size_t n = 0;
    for (unsigned k = 0; s->workers != NULL && k < s->spec.workers; k++) {
        n += s->workers[k].n;
    }
    s->all = n > 0 ? malloc(n * sizeof *s->all) : NULL;
    for (unsigned k = 0; s->all != NULL && k < s->spec.workers; k++) {
        const struct worker *w = &s->workers[k];
        if (w->n > 0) {
            memcpy(s->all + s->all_n, w->samples, w->n * sizeof *s->all);
            s->all_n += w->n;
        }
    }
    if (s->all != NULL && s->all_n > 1) {
        qsort(s->all, s->all_n, sizeof *s->all, by_time);
    }
}

void lc_load_stop(struct lc_load *load)
{
    pthread_mutex_lock(&load->lock);
    bool first = !load->stopping;
    load->stopping = true;
    atomic_store(&load->halt, true);
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    if (!first) {
        return;
    }
    for (size_t i = 0; i < load->n_streams; i++) {
        struct stream_state *s = &load->streams[i];
        for (unsigned k = 0; s->workers != NULL && k < s->spec.workers; k++) {
            if (s->workers[k].started) {
                pthread_join(s->workers[k].thread, NULL);
            }
        }
        gather(s);
    }
}

const struct lc_sample *lc_load_samples(struct lc_load *load, size_t stream, size_t *n)
{
    *n = load->streams[stream].all_n;
    return load->streams[stream].all;
}

const char *lc_load_error(const struct lc_load *load, size_t stream, size_t i)
{
    return i < LC_LOAD_ERRORS_KEPT ? load->streams[stream].errors[i] : NULL;
}

void lc_load_free(struct lc_load *load)
{
    if (load == NULL) {
        return;
    }
    lc_load_stop(load);
    for (size_t i = 0; i < load->n_streams; i++) {
        struct stream_state *s = &load->streams[i];
        for (unsigned k = 0; s->workers != NULL && k < s->spec.workers; k++) {
            lc_backend_free(s->workers[k].backend);
            free(s->workers[k].samples);
        }
        free(s->workers);
        free(s->all);
        for (size_t e = 0; e < LC_LOAD_ERRORS_KEPT; e++) {
            free(s->errors[e]);
        }
    }
    pthread_cond_destroy(&load->changed);
    pthread_mutex_destroy(&load->lock);
    free(load);
}

double *lc_samples_ms(const struct lc_sample *samples, size_t n_samples, int phase, size_t *n)
{
    *n = 0;
    double *ms = n_samples > 0 ? malloc(n_samples * sizeof *ms) : NULL;
    for (size_t i = 0; ms != NULL && i < n_samples; i++) {
        if (!samples[i].failed && (phase < 0 || samples[i].phase == phase)) {
            ms[(*n)++] = (double)samples[i].latency_ns / 1e6;
        }
    }
    if (*n == 0) {
        free(ms);
        ms = NULL;
    }
    return ms;
}
