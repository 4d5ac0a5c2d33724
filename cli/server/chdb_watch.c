/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread looks at all running statements every TICK_MS. One that is cancelled or late is killed, and again
 * every KILL_AGAIN_MS until it ends: a KILL may come before the engine knows the statement, and hit nothing.
 * Statements are on a list of their callers' own structs, so that adding one allocates nothing. A statement
 * that ends waits for the lock, and so for a KILL under way, before its struct goes.
 */
#include "cli/server/chdb_watch.h"

#include "base/clock.h"

#include <pthread.h>
#include <stddef.h>

enum { TICK_MS = 20, KILL_AGAIN_MS = 500 };

/*
 * lock guards `running`, the list `all` and each struct on it. `wake` goes by CLOCK_MONOTONIC,
 * so that a clock that is set back delays nobody; it is signalled at the end alone.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static pthread_t thread;
static bool running;
static struct lc_watched *all;
static void (*kill_by_id)(const char *id);

static struct timespec now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

static bool reached(struct timespec t, struct timespec due)
{
    return t.tv_sec > due.tv_sec || (t.tv_sec == due.tv_sec && t.tv_nsec >= due.tv_nsec);
}

/* Kill the statement where it is due, for the first time or again. The first reason is kept. */
static void look_at(struct lc_watched *w, struct timespec t)
{
    if (w->why == LC_WATCH_NOT_KILLED) {
        if (w->cancel && atomic_load(w->cancel))
            w->why = LC_WATCH_CANCELLED;
        else if (w->due.tv_sec && reached(t, w->due))
            w->why = LC_WATCH_LATE;
        else
            return;
    } else if (!reached(t, lc_time_later(w->killed_at, KILL_AGAIN_MS))) {
        return;
    }
    w->killed_at = t;
    kill_by_id(w->id);
}

static void *watch(void *unused)
{
    (void)unused;
    /* Held also during a KILL: see the head of this file. */
    pthread_mutex_lock(&lock);
    while (running) {
        struct timespec t = now();
        struct timespec next = lc_time_later(t, TICK_MS);

        for (struct lc_watched *w = all; w; w = w->next)
            look_at(w, t);
        pthread_cond_timedwait(&wake, &lock, &next);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

int lc_watch_start(void (*kill)(const char *id), struct lc_error *err)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&wake, &attr);
    pthread_condattr_destroy(&attr);
    kill_by_id = kill;
    running = true;
    if (pthread_create(&thread, NULL, watch, NULL) == 0)
        return 0;
    running = false;
    pthread_cond_destroy(&wake);
    return lc_fail(err, LC_ERR_NOMEM, "cannot start a thread");
}

void lc_watch_stop(void)
{
    pthread_mutex_lock(&lock);
    running = false;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&wake);
}

void lc_watch_add(struct lc_watched *w, const char *id, unsigned timeout_ms,
                  const atomic_bool *cancel)
{
    *w = (struct lc_watched){.id = id, .cancel = cancel};
    if (timeout_ms)
        w->due = lc_time_later(now(), timeout_ms);
    pthread_mutex_lock(&lock);
    w->next = all;
    all = w;
    pthread_mutex_unlock(&lock);
}

void lc_watch_remove(struct lc_watched *w)
{
    struct lc_watched **at;

    pthread_mutex_lock(&lock);
    for (at = &all; *at && *at != w; at = &(*at)->next)
        continue;
    if (*at)
        *at = w->next;
    pthread_mutex_unlock(&lock);
}
