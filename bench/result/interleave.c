/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contestants run by turns, one run of each in a round: whatever the machine does meanwhile, it does to
 * all of them alike. In an open loop each has a lane (a stream) with its own schedule; else they share
 * one. Before the measuring each statement is tried once, and each answer is reduced to a sum over its
 * rows, which must be the same for all that are compared.
 */
#include "bench/result/interleave.h"

#include "base/format.h"
#include "cli/server/connect.h"
#include "udf/rules/hash.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY_NS = 20000000 };

/* What is known of one contestant's answers; under the lock. */
struct answers {
    bool known;
    bool varies;
    uint64_t checksum;
    char *error; /* of the first run that failed */
};

/* What a stream runs by turns: all contestants, or in an open loop one. */
struct lane {
    struct arena *arena;
    size_t from, n;
};

/* Everything of one run of the trial; all threads see it. */
struct arena {
    const struct lc_interleave *trial;
    struct lc_backend **connections; /* workers × contestants; those of one place are shared */
    pthread_mutex_t lock;
    struct answers *answers;
    struct lane *lanes; /* at most a contestant each */
    size_t n_lanes;
};

/* A measured stretch: what ran, for how long, and how many were due and never begun. */
struct stretch {
    struct lc_load *load;
    double seconds;
    uint64_t left;
};

/* Dropped one by one: a server that does not know one of them still drops the others. */
static const struct {
    const char *name;
    const char *sql;
} caches[] = {
    {"mark cache", "SYSTEM DROP MARK CACHE"},
    {"uncompressed cache", "SYSTEM DROP UNCOMPRESSED CACHE"},
    {"query condition cache", "SYSTEM DROP QUERY CONDITION CACHE"},
    {"query cache", "SYSTEM DROP QUERY CACHE"},
    {"page cache", "SYSTEM DROP PAGE CACHE"},
    {"compiled expressions", "SYSTEM DROP COMPILED EXPRESSION CACHE"},
    {"primary index cache", "SYSTEM DROP PRIMARY INDEX CACHE"},
};

/*
 * What a server refuses, or does not know, is left as it is:
 * lc_interleave_caches has said which.
 */
static void drop_caches(struct lc_backend *b)
{
    for (size_t i = 0; i < sizeof caches / sizeof *caches; i++) {
        struct lc_error none = LC_ERROR_INIT;
        (void)lc_backend_run(b, caches[i].sql, NULL, &none);
    }
}

const char *lc_interleave_caches(struct lc_backend *b, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof caches / sizeof *caches; i++) {
        struct lc_error none = LC_ERROR_INIT;
        if (lc_backend_run(b, caches[i].sql, NULL, &none) == 0) {
            int n = snprintf(out + at, size - at, "%s%s", at > 0 ? ", " : "", caches[i].name);
            at += n > 0 && (size_t)n < size - at ? (size_t)n : 0;
        }
    }
    return out;
}

/* Rows are hashed with the lengths of their cells, then added up: any order gives the same sum. */
uint64_t lc_interleave_checksum(const struct lc_answer *t)
{
    uint64_t sum = t->rows * 0x9E3779B97F4A7C15U + t->cols;
    for (size_t row = 0; row < t->rows; row++) {
        uint64_t h = 0;
        for (size_t col = 0; col < t->cols; col++) {
            const struct lc_cell *c = lc_answer_at(t, row, col);
            uint64_t part[3] = {h, lc_hash64(c->p, c->n), c->is_null ? 1 : 0};
            h = lc_hash64(part, sizeof part);
        }
        sum += h;
    }
    return sum;
}

/*
 * Compare with the answer before: a statement whose answers vary cannot
 * be compared with another.
 */
static void note_answer(struct arena *a, size_t contestant, const struct lc_answer *t)
{
    uint64_t checksum = lc_interleave_checksum(t);
    struct answers *known = &a->answers[contestant];
    pthread_mutex_lock(&a->lock);
    known->varies = known->varies || (known->known && known->checksum != checksum);
    known->checksum = checksum;
    known->known = true;
    pthread_mutex_unlock(&a->lock);
}

/* Only the first: a thousand failures seldom have a second cause. */
static void note_error(struct arena *a, size_t contestant, const struct lc_error *err)
{
    struct answers *known = &a->answers[contestant];
    pthread_mutex_lock(&a->lock);
    if (known->error == NULL) {
        known->error = strdup(err->msg);
    }
    pthread_mutex_unlock(&a->lock);
}

static struct lc_backend *connection(const struct arena *a, unsigned worker, size_t contestant)
{
    return a->connections[worker * a->trial->n + contestant];
}

/*
 * The operation of a lane's stream: the next contestant by its number in the round. The answer
 * is read whole within the time, and reduced to a checksum after it.
 */
static int run_one(void *ctx, struct lc_call *call, struct lc_error *err)
{
    const struct lane *lane = ctx;
    struct arena *a = lane->arena;
    size_t i = lane->from + call->seq % lane->n;
    struct lc_backend *b = connection(a, call->worker, i);
    struct lc_query q = {.sql = a->trial->contestants[i].sql, .cancel = a->trial->cancel};
    struct lc_answer t = {0};
    if (a->trial->cold) {
        drop_caches(b);
        lc_call_restart(call);
    }
    call->variant = (unsigned)i;
    int rc = lc_backend_query(b, &q, &t, err);
    lc_call_end(call);
    if (rc == 0) {
        call->rows = t.rows;
        call->server_s = t.elapsed_s;
        call->rows_read = t.rows_read;
        call->bytes_read = t.bytes_read;
        note_answer(a, i, &t);
    } else if (rc != LC_ERR_STOPPED) {
        note_error(a, i, err);
    }
    lc_answer_release(&t);
    return rc;
}

/* A connection for each worker to each place; contestants of one lane and place share it. */
static int connect(struct arena *a, struct lc_error *err)
{
    const struct lc_interleave *t = a->trial;
    a->connections = calloc(t->workers * t->n, sizeof(struct lc_backend *));
    if (a->connections == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for %u connections", t->workers);
    }
    for (unsigned w = 0; w < t->workers; w++) {
        for (size_t i = 0; i < t->n; i++) {
            struct lc_backend **own = &a->connections[w * t->n + i];
            for (size_t k = 0; k < i && *own == NULL && a->n_lanes == 1; k++) {
                if (t->contestants[k].backend == t->contestants[i].backend) {
                    *own = connection(a, w, k);
                }
            }
            int rc = *own == NULL ? lc_backend_clone(t->contestants[i].backend, own, err) : 0;
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

/* Connections that contestants share are closed once. */
static void disconnect(struct arena *a)
{
    size_t n = a->connections != NULL ? a->trial->workers * a->trial->n : 0;
    for (size_t i = 0; i < n; i++) {
        struct lc_backend *b = a->connections[i];
        for (size_t k = i; k < n && b != NULL; k++) {
            if (a->connections[k] == b) {
                a->connections[k] = NULL;
            }
        }
        lc_backend_free(b);
    }
    free(a->connections);
}

/* One lane for all, or one for each where they have schedules of their own. */
static int make_lanes(struct arena *a, struct lc_error *err)
{
    const struct lc_interleave *t = a->trial;
    a->n_lanes = t->rate_per_s > 0 ? t->n : 1;
    a->lanes = calloc(a->n_lanes, sizeof *a->lanes);
    if (a->lanes == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for %zu statements", t->n);
    }
    for (size_t i = 0; i < a->n_lanes; i++) {
        a->lanes[i] = (struct lane){.arena = a, .from = i, .n = t->n / a->n_lanes};
    }
    return 0;
}

/* Runs that have ended, good or failed, of all lanes. */
static uint64_t count(const struct arena *a, struct lc_load *load)
{
    uint64_t n = 0;
    for (size_t i = 0; i < a->n_lanes; i++) {
        n += lc_load_count(load, i, 0) + lc_load_failed(load, i);
    }
    return n;
}

/* What a person sees meanwhile: "4.0 of 60 s, 812 runs", "812 of 1000 runs, 4.0 s". */
static void tell(const struct arena *a, struct lc_load *load, uint64_t calls, double seconds,
                 double passed, bool warm_up)
{
    const struct lc_interleave *t = a->trial;
    const char *what = warm_up ? "warm-up: " : "";
    uint64_t failed = 0;
    uint64_t n = count(a, load);
    char text[160];
    if (t->line == NULL) {
        return;
    }
    for (size_t i = 0; i < a->n_lanes; i++) {
        failed += lc_load_failed(load, i);
    }
    if (seconds > 0 && passed > seconds) {
        (void)snprintf(text, sizeof text,
                       "%.1f s, %" PRIu64 " runs, %" PRIu64
                       " failed; the time is over, and %" PRIu64 " that were due are not done",
                       passed, n, failed, lc_load_left(load));
    } else if (seconds > 0) {
        (void)snprintf(text, sizeof text, "%.1f of %.4g s, %" PRIu64 " runs, %" PRIu64 " failed",
                       passed, seconds, n, failed);
    } else {
        double left = n > 0 ? passed / (double)n * (double)(calls - n) : 0;
        (void)snprintf(text, sizeof text,
                       "%s%" PRIu64 " of %" PRIu64 " runs, %" PRIu64 " failed, %.1f s, ETA %.0f s",
                       what, n, calls, failed, passed, left);
    }
    t->line(t->ctx, text, true);
}

/*
 * Until all runs are done, the person stops it, or the time is over: then what was due until there
 * is still done, for as long again at most.
 */
static void wait_for_end(const struct arena *a, struct stretch *s, uint64_t calls, double seconds,
                         bool warm_up)
{
    const struct lc_interleave *t = a->trial;
    const struct lc_clock *clock = lc_clock_system();
    uint64_t from = lc_clock_now(clock);
    double passed = 0;
    bool over = false;
    while (!lc_load_over(s->load) && (t->cancel == NULL || !atomic_load(t->cancel)) &&
           (!over || (lc_load_left(s->load) > 0 && passed < 2 * seconds))) {
        clock->sleep_until(clock->ctx, lc_clock_now(clock) + LOOK_EVERY_NS, t->cancel);
        passed = (double)(lc_clock_now(clock) - from) / 1e9;
        if (!over && seconds > 0 && passed >= seconds) {
            lc_load_settle(s->load);
            over = true;
        }
        tell(a, s->load, calls, seconds, passed, warm_up);
    }
    bool cancelled = t->cancel != NULL && atomic_load(t->cancel);
    s->left = over && !cancelled ? lc_load_left(s->load) : 0;
    lc_load_stop(s->load);
    s->seconds = passed;
}

/* From the start until the last one ended, and no less than its schedule takes. */
static double span(const struct arena *a, const struct stretch *s, uint64_t from_ns, uint64_t calls,
                   double seconds)
{
    double planned = seconds > 0                ? seconds
                     : a->trial->rate_per_s > 0 ? (double)calls / a->trial->rate_per_s
                                                : 0;
    double last = 0;
    for (size_t i = 0; i < a->n_lanes; i++) {
        size_t n;
        const struct lc_sample *samples = lc_load_samples(s->load, i, &n);
        for (size_t k = 0; k < n; k++) {
            double end = (double)(samples[k].at_ns + samples[k].latency_ns) / 1e9;
            last = end > last ? end : last;
        }
    }
    last -= (double)from_ns / 1e9;
    return last > planned ? last : planned;
}

/* calls: of all together; 0: until `seconds` have passed. */
static int play(struct arena *a, uint64_t calls, double seconds, bool warm_up, struct stretch *s,
                struct lc_error *err)
{
    const struct lc_interleave *t = a->trial;
    struct lc_load_stream *streams = calloc(a->n_lanes, sizeof *streams);
    double lanes = (double)a->n_lanes;
    if (streams == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for %zu statements", t->n);
    }
    for (size_t i = 0; i < a->n_lanes; i++) {
        /*
         * Lane i is due i / n of an interval later than the first, so that
         * statements do not start together.
         */
        streams[i] = (struct lc_load_stream){.name = "trial",
                                             .workers = t->workers,
                                             .rate_per_s = t->rate_per_s / lanes,
                                             .after = (double)i / lanes,
                                             .calls = calls / a->n_lanes,
                                             .op = run_one,
                                             .ctx = &a->lanes[i]};
    }
    const struct lc_load_spec spec = {
        .streams = streams, .n_streams = a->n_lanes, .cancel = t->cancel};
    int rc = lc_load_start(&s->load, &spec, err);
    if (rc == 0) {
        uint64_t from_ns = lc_load_elapsed_ns(s->load);
        lc_load_run(s->load, 0);
        wait_for_end(a, s, calls, seconds, warm_up);
        if (t->cancel == NULL || !atomic_load(t->cancel)) {
            s->seconds = span(a, s, from_ns, calls, seconds);
        }
    }
    free(streams);
    return rc;
}

/* A statement that cannot run at all is an error with the server's words, not
 * a thousand failures. */
static int try_each(struct arena *a, struct lc_error *err)
{
    const struct lc_interleave *t = a->trial;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->n; i++) {
        /* By the first worker's connection: it is the one that runs the contestant later, too. */
        struct lc_query q = {.sql = t->contestants[i].sql, .cancel = t->cancel};
        struct lc_answer answer = {0};
        rc = lc_backend_query(connection(a, 0, i), &q, &answer, err);
        lc_answer_release(&answer);
    }
    return rc;
}

/* Those that were due, and not begun for as long again, are failures: the rate was not held. */
static int note_left(struct lc_series *s, const struct lc_interleave *t, const struct stretch *done,
                     size_t n_samples)
{
    double due = t->rate_per_s / (double)t->n * t->seconds;
    uint64_t missing = (double)n_samples < due ? lc_double_to_u64(due - (double)n_samples) : 0;
    char text[160];
    if (done->left == 0 || missing == 0) {
        return 0;
    }
    (void)snprintf(
        text, sizeof text,
        "%" PRIu64
        " of %.0f that were due were not started in twice the time: the rate is not held",
        missing, due);
    s->errors += missing;
    char *before = s->error;
    if (asprintf(&s->error, "%s%s%s", text, before != NULL ? "; " : "",
                 before != NULL ? before : "") < 0) {
        s->error = NULL;
    }
    free(before);
    return s->error != NULL ? 0 : LC_ERR_NOMEM;
}

/*
 * From samples to series, one a contestant, and then the comparisons. Errors move
 * from the arena to the series.
 */
static int settle(struct arena *a, const struct stretch *done, struct lc_result *o,
                  struct lc_error *err)
{
    const struct lc_interleave *t = a->trial;
    size_t first = o->n_series;
    for (size_t i = 0; i < t->n; i++) {
        const struct lc_contestant *c = &t->contestants[i];
        struct lc_series *s = lc_result_add(o, c->name, c->sql);
        const struct lc_series_of of = {.phase = LC_SERIES_ALL,
                                        .variant = (int)i,
                                        .workers = t->workers,
                                        .seconds = done->seconds,
                                        .open = t->rate_per_s > 0};
        size_t n;
        const struct lc_sample *samples = lc_load_samples(done->load, a->n_lanes > 1 ? i : 0, &n);
        if (s == NULL || lc_series_take(s, samples, n, of) != 0) {
            return lc_fail(err, LC_ERR_NOMEM, "no memory for the results");
        }
        s->reference = c->reference;
        s->answer = a->answers[i].checksum;
        s->answer_known = a->answers[i].known;
        s->answer_varies = a->answers[i].varies;
        s->error = a->answers[i].error;
        a->answers[i].error = NULL;
        if (t->rate_per_s > 0 && note_left(s, t, done, n) != 0) {
            return lc_fail(err, LC_ERR_NOMEM, "no memory for the results");
        }
    }
    for (size_t i = 0; i < t->n; i++) {
        if (t->contestants[i].against >= 0) {
            lc_result_compare(o, first + i, first + (size_t)t->contestants[i].against);
        }
    }
    return 0;
}

int lc_interleave_run(const struct lc_interleave *trial, struct lc_result *o, struct lc_error *err)
{
    struct arena a = {.trial = trial, .answers = calloc(trial->n, sizeof(struct answers))};
    struct stretch warm = {0};
    struct stretch done = {0};
    /* The steps in their order; each is skipped after a failure, and all are undone below. */
    int rc = a.answers != NULL ? make_lanes(&a, err) : lc_fail(err, LC_ERR_NOMEM, "no memory");
    pthread_mutex_init(&a.lock, NULL);
    rc = rc == 0 ? connect(&a, err) : rc;
    rc = rc == 0 ? try_each(&a, err) : rc;
    if (rc == 0 && trial->warm_up > 0) {
        rc = play(&a, trial->warm_up * trial->n, 0, true, &warm, err);
        lc_load_free(warm.load);
    }
    if (rc == 0) {
        bool by_time = trial->runs == 0;
        rc = play(&a, trial->runs * trial->n, by_time ? trial->seconds : 0, false, &done, err);
    }
    if (done.load != NULL) {
        int later = settle(&a, &done, o, err);
        rc = rc == 0 ? later : rc;
        lc_load_free(done.load);
    }
    if (rc == 0 && trial->cancel != NULL && atomic_load(trial->cancel)) {
        o->partial = true;
        rc = lc_fail(err, LC_ERR_STOPPED, "interrupted");
    }
    disconnect(&a);
    pthread_mutex_destroy(&a.lock);
    for (size_t i = 0; a.answers != NULL && i < trial->n; i++) {
        free(a.answers[i].error);
    }
    free(a.lanes);
    free(a.answers);
    return rc;
}
