#include "trial.h"

#include "hash.h"

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
};

struct arena {
    const struct lc_trial *trial;
    struct lc_backend **connections; /* workers × contestants; those of one place are shared */
    pthread_mutex_t lock;
    struct answers *answers;
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

static void drop_caches(struct lc_backend *b)
{
    for (size_t i = 0; i < sizeof caches / sizeof *caches; i++) {
        struct lc_error none = LC_ERROR_INIT;
        (void)lc_backend_run(b, caches[i].sql, NULL, &none);
    }
}

const char *lc_trial_caches(struct lc_backend *b, char *out, size_t size)
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
uint64_t lc_trial_checksum(const struct lc_table *t)
{
    uint64_t sum = t->rows * 0x9E3779B97F4A7C15U + t->cols;
    for (size_t row = 0; row < t->rows; row++) {
        uint64_t h = 0;
        for (size_t col = 0; col < t->cols; col++) {
            const struct lc_cell *c = lc_table_at(t, row, col);
            uint64_t part[3] = {h, lc_hash64(c->p, c->n), c->is_null ? 1 : 0};
            h = lc_hash64(part, sizeof part);
        }
        sum += h;
    }
    return sum;
}

static void note_answer(struct arena *a, size_t contestant, const struct lc_table *t)
{
    uint64_t checksum = lc_trial_checksum(t);
    struct answers *known = &a->answers[contestant];
    pthread_mutex_lock(&a->lock);
    known->varies = known->varies || (known->known && known->checksum != checksum);
    known->checksum = checksum;
    known->known = true;
    pthread_mutex_unlock(&a->lock);
}

static struct lc_backend *connection(const struct arena *a, unsigned worker, size_t contestant)
{
    return a->connections[worker * a->trial->n + contestant];
}

static int run_one(void *ctx, struct lc_call *call, struct lc_error *err)
{
    struct arena *a = ctx;
    size_t i = call->seq % a->trial->n;
    struct lc_backend *b = connection(a, call->worker, i);
    struct lc_query q = {.sql = a->trial->contestants[i].sql, .cancel = a->trial->cancel};
    struct lc_table t = {0};
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
    }
    lc_table_release(&t);
    return rc;
}

/* A connection for each worker to each place; contestants of one place share it. */
static int connect(struct arena *a, struct lc_error *err)
{
    const struct lc_trial *t = a->trial;
    a->connections = calloc(t->workers * t->n, sizeof(struct lc_backend *));
    if (a->connections == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for %u connections", t->workers);
    }
    for (unsigned w = 0; w < t->workers; w++) {
        for (size_t i = 0; i < t->n; i++) {
            struct lc_backend **own = &a->connections[w * t->n + i];
            for (size_t k = 0; k < i && *own == NULL; k++) {
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

/* Until all runs are done, the time is over, or the person stops it. */
static double wait_for_end(const struct lc_trial *t, struct lc_load *load, double seconds)
{
    const struct lc_clock *clock = lc_clock_system();
    uint64_t from = lc_clock_now(clock);
    double passed = 0;
    while (!lc_load_over(load) && (seconds <= 0 || passed < seconds)) {
        clock->sleep_until(clock->ctx, lc_clock_now(clock) + LOOK_EVERY_NS, t->cancel);
        if (t->cancel != NULL && atomic_load(t->cancel)) {
            break;
        }
        passed = (double)(lc_clock_now(clock) - from) / 1e9;
        if (t->line != NULL) {
            char text[120];
            (void)snprintf(text, sizeof text, "%.1f s, %" PRIu64 " runs, %" PRIu64 " failed",
                           passed, lc_load_count(load, 0, 0), lc_load_failed(load, 0));
            t->line(t->ctx, text, true);
        }
    }
    lc_load_stop(load);
    return (double)(lc_clock_now(clock) - from) / 1e9;
}

static int play(struct arena *a, uint64_t calls, double seconds, double *took, struct lc_load **out,
                struct lc_error *err)
{
    const struct lc_trial *t = a->trial;
    struct lc_stream stream = {.name = "trial",
                               .workers = t->workers,
                               .rate_per_s = t->rate_per_s,
                               .calls = calls,
                               .op = run_one,
                               .ctx = a};
    struct lc_load_spec spec = {.streams = &stream, .n_streams = 1, .cancel = t->cancel};
    int rc = lc_load_start(out, &spec, err);
    if (rc == 0) {
        lc_load_run(*out, 0);
        *took = wait_for_end(t, *out, seconds);
    }
    return rc;
}

/* A statement that cannot run at all is an error with the server's words, not a thousand failures.
 */
static int try_each(struct arena *a, struct lc_error *err)
{
    const struct lc_trial *t = a->trial;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->n; i++) {
        struct lc_query q = {.sql = t->contestants[i].sql, .cancel = t->cancel};
        rc = lc_backend_query(connection(a, 0, i), &q, NULL, err);
    }
    return rc;
}

static int settle(const struct arena *a, struct lc_load *load, double took, struct lc_outcome *o,
                  struct lc_error *err)
{
    const struct lc_trial *t = a->trial;
    size_t first = o->n_series;
    size_t n;
    const struct lc_sample *samples = lc_load_samples(load, 0, &n);
    for (size_t i = 0; i < t->n; i++) {
        const struct lc_contestant *c = &t->contestants[i];
        struct lc_series *s = lc_outcome_add(o, c->name, c->sql);
        if (s == NULL ||
            lc_series_take(s, samples, n, -1, (int)i, t->workers, took, t->rate_per_s > 0) != 0) {
            return lc_fail(err, LC_ERR_NOMEM, "no memory for the results");
        }
        s->reference = c->reference;
        s->answer = a->answers[i].checksum;
        s->answer_known = a->answers[i].known;
        s->answer_varies = a->answers[i].varies;
        const char *error = s->errors > 0 ? lc_load_error(load, 0, 0) : NULL;
        s->error = error != NULL ? strdup(error) : NULL;
    }
    for (size_t i = 0; i < t->n; i++) {
        if (t->contestants[i].against >= 0) {
            lc_outcome_compare(o, first + i, first + (size_t)t->contestants[i].against);
        }
    }
    return 0;
}

int lc_trial_run(const struct lc_trial *trial, struct lc_outcome *o, struct lc_error *err)
{
    struct arena a = {.trial = trial, .answers = calloc(trial->n, sizeof(struct answers))};
    struct lc_load *load = NULL;
    double took = 0;
    int rc = a.answers != NULL ? 0 : lc_fail(err, LC_ERR_NOMEM, "no memory");
    pthread_mutex_init(&a.lock, NULL);
    rc = rc == 0 ? connect(&a, err) : rc;
    rc = rc == 0 ? try_each(&a, err) : rc;
    if (rc == 0 && trial->warm_up > 0) {
        rc = play(&a, trial->warm_up * trial->n, 0, &took, &load, err);
        lc_load_free(load);
        load = NULL;
    }
    if (rc == 0) {
        bool by_time = trial->runs == 0;
        rc = play(&a, trial->runs * trial->n, by_time ? trial->seconds : 0, &took, &load, err);
    }
    if (load != NULL) {
        int later = settle(&a, load, took, o, err);
        rc = rc == 0 ? later : rc;
        lc_load_free(load);
    }
    if (rc == 0 && trial->cancel != NULL && atomic_load(trial->cancel)) {
        o->partial = true;
        rc = lc_fail(err, LC_ERR_STOPPED, "interrupted");
    }
    disconnect(&a);
    pthread_mutex_destroy(&a.lock);
    free(a.answers);
    return rc;
}
