/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readings are a ring of the last answers; a failed query counts as a slow one. The thread
 * never holds the mutex while it asks, so that a hung server does not hang the backfill's look.
 *
 * The pause is counted from the end of a run: a slow run is one reading, and no other run
 * starts while it lasts.
 */
#include "cli/column/load_probe.h"

#include "base/clock.h"
#include "cli/server/connect.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct lc_probe {
    struct lc_backend *b; /* its own */
    char *sql;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t mutex;    /* what follows */
    uint64_t begun_ns;        /* of the run that goes on; 0: none does */
    double ms[LC_PROBE_RUNS]; /* INFINITY: failed */
    unsigned runs;            /* ever; run i is at i % LC_PROBE_RUNS */
};

/* Take over a reading. Once LC_PROBE_RUNS are there it replaces the oldest. */
static void note(struct lc_probe *p, double ms)
{
    pthread_mutex_lock(&p->mutex);
    p->ms[p->runs % LC_PROBE_RUNS] = ms;
    p->runs++;
    p->begun_ns = 0;
    pthread_mutex_unlock(&p->mutex);
}

static void note_begin(struct lc_probe *p, uint64_t begun_ns)
{
    pthread_mutex_lock(&p->mutex);
    p->begun_ns = begun_ns;
    pthread_mutex_unlock(&p->mutex);
}

/* Run the query once and drop its answer. lc_probe_free ends it early: LC_ERR_STOPPED. */
static int ask(struct lc_probe *p, struct lc_error *err)
{
    const struct lc_query q = {.sql = p->sql, .cancel = &p->stop};

    return lc_backend_query(p->b, &q, NULL, err);
}

static void *probe_thread(void *ctx)
{
    struct lc_probe *p = ctx;

    while (!atomic_load(&p->stop)) {
        uint64_t begun = lc_now_ns();
        int rc;

        note_begin(p, begun);
        rc = ask(p, NULL);

        /* A run that lc_probe_free has ended is no reading. */
        if (rc != LC_ERR_STOPPED)
            note(p, rc ? INFINITY : (double)(lc_now_ns() - begun) / 1e6);
        /* No mutex: this thread alone changes p->runs. */
        lc_sleep_ms(p->runs < LC_PROBE_LEAST_RUNS ? LC_PROBE_FIRST_PAUSE_MS : LC_PROBE_PAUSE_MS,
                    &p->stop);
    }
    return NULL;
}

int lc_probe_start(struct lc_probe **out, struct lc_backend *b, const char *sql,
                   struct lc_error *err)
{
    struct lc_probe *p = calloc(1, sizeof *p);
    int rc = 0;

    *out = NULL;
    if (!p)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a probe");
    pthread_mutex_init(&p->mutex, NULL);
    p->sql = strdup(sql);
    if (!p->sql)
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a probe");
    if (rc == 0)
        rc = lc_backend_clone(b, &p->b, err);
    if (rc == 0)
        /* A query that is wrong fails here, and is not taken for a slow server later. */
        rc = ask(p, err);
    if (rc == 0 && pthread_create(&p->thread, NULL, probe_thread, p))
        rc = lc_fail(err, LC_ERR_IO, "cannot start a thread for the probe");
    p->started = rc == 0;
    if (rc)
        lc_probe_free(p);
    else
        *out = p;
    return rc;
}

/* Ascending; failed runs, which are INFINITY, come last. */
static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

bool lc_probe_p99(struct lc_probe *p, double *ms, unsigned *runs)
{
    double sorted[LC_PROBE_RUNS], now_ms;
    unsigned n;

    pthread_mutex_lock(&p->mutex);
    n = p->runs < LC_PROBE_RUNS ? p->runs : LC_PROBE_RUNS;
    memcpy(sorted, p->ms, n * sizeof *sorted);
    now_ms = p->begun_ns ? (double)(lc_now_ns() - p->begun_ns) / 1e6 : 0;
    pthread_mutex_unlock(&p->mutex);
    *runs = n;
    if (n < LC_PROBE_LEAST_RUNS)
        return false;
    qsort(sorted, n, sizeof *sorted, by_time);
    /* Nearest rank: number ceil(0.99 n), from 1. */
    *ms = sorted[(n * 99 + 99) / 100 - 1];
    if (now_ms > *ms)
        *ms = now_ms;
    return true;
}

unsigned lc_probe_failed(struct lc_probe *p)
{
    unsigned n, failed = 0;

    pthread_mutex_lock(&p->mutex);
    n = p->runs < LC_PROBE_RUNS ? p->runs : LC_PROBE_RUNS;
    for (unsigned i = 0; i < n; i++)
        failed += isinf(p->ms[i]) != 0;
    pthread_mutex_unlock(&p->mutex);
    return failed;
}

void lc_probe_free(struct lc_probe *p)
{
    if (!p)
        return;
    /* The flag ends a running query and a pause, so that the join waits for neither. */
    atomic_store(&p->stop, true);
    if (p->started)
        pthread_join(p->thread, NULL);
    lc_backend_free(p->b);
    pthread_mutex_destroy(&p->mutex);
    free(p->sql);
    free(p);
}
