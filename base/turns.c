/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mutex guards all of the struct; one condition is signalled at each change, and whoever waits looks again
 * whether it is its time. The turn itself is a flag (taken), not a lock, since one thread gives it to another:
 * run_all takes it for a task that it begins.
 *
 * Tasks that come back from waiting (returning) go before tasks that have not begun: what is open is finished
 * before more is opened.
 */
#include "base/turns.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * The states of turns.h: waiting to begin, has the turn, between leave
 * and enter, thread is over.
 */
enum state { NOT_BEGUN, TURN, AWAY, ENDED };

/* A task. All but `jobs` and `thread` change under the mutex. */
struct job {
    struct lc_turns *jobs;
    enum state state;
    bool overtaken;
    bool joinable;
    pthread_t thread;
};

struct lc_turns {
    const struct lc_turns_hooks *hooks;
    size_t n;
    unsigned most, open; /* open: begun and not ended */
    unsigned returning;  /* wait for the turn in lc_turns_enter: they go before those not begun */
    bool taken;          /* the turn */
    int rc;              /* of the first one that failed */
    struct lc_error error;
    struct job *v;
    pthread_mutex_t mutex; /* all of this */
    pthread_cond_t changed;
};

/* The number by which hooks know the task. */
static size_t index_of(const struct job *j)
{
    return (size_t)(j - j->jobs->v);
}

/* With the mutex. */
static void note_failure(struct lc_turns *jobs, size_t i, int rc, const struct lc_error *why)
{
    if (jobs->rc == 0) {
        jobs->rc = rc;
        jobs->error = *why;
    } else if (jobs->hooks->failed_too) {
        jobs->hooks->failed_too(jobs->hooks->ctx, i, why);
    }
}

/*
 * The thread of one task. It starts with the turn, and gives it up when the task returns,
 * whatever the task left and entered in between.
 */
static void *job_thread(void *ctx)
{
    struct job *j = ctx;
    struct lc_turns *jobs = j->jobs;
    struct lc_error err = LC_ERROR_INIT;
    int rc = jobs->hooks->run(jobs->hooks->ctx, jobs, index_of(j), &err);

    pthread_mutex_lock(&jobs->mutex);
    if (rc)
        note_failure(jobs, index_of(j), rc, &err);
    j->state = ENDED;
    jobs->taken = false;
    jobs->open--;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

void lc_turns_leave(struct lc_turns *jobs, size_t i)
{
    if (!jobs)
        return;
    pthread_mutex_lock(&jobs->mutex);
    jobs->v[i].state = AWAY;
    jobs->taken = false;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->mutex);
}

void lc_turns_enter(struct lc_turns *jobs, size_t i)
{
    if (!jobs)
        return;
    pthread_mutex_lock(&jobs->mutex);
    jobs->returning++;
    while (jobs->taken)
        pthread_cond_wait(&jobs->changed, &jobs->mutex);
    jobs->returning--;
    jobs->taken = true;
    jobs->v[i].state = TURN;
    pthread_mutex_unlock(&jobs->mutex);
}

/*
 * Not begun, and every earlier task that has not ended lets it go next to itself. A later one
 * is never asked: it was begun on the condition that it may pair with this one.
 */
static bool may_begin(const struct lc_turns *jobs, size_t i)
{
    if (jobs->v[i].state != NOT_BEGUN)
        return false;
    for (size_t e = 0; e < i; e++) {
        if (jobs->v[e].state != ENDED && !jobs->hooks->may_pair(jobs->hooks->ctx, e, i))
            return false;
    }
    return true;
}

/* The first that may begin; n where none may now. With the mutex. */
static size_t next(const struct lc_turns *jobs)
{
    if (jobs->taken || jobs->returning || jobs->rc || jobs->open >= jobs->most)
        return jobs->n;
    for (size_t i = 0; i < jobs->n; i++) {
        if (may_begin(jobs, i))
            return i;
    }
    return jobs->n;
}

/* Tell those before i that they are overtaken. With the mutex, and the turn. */
static int overtake(struct lc_turns *jobs, size_t i, struct lc_error *err)
{
    for (size_t e = 0; e < i; e++) {
        struct job *j = &jobs->v[e];
        int rc;

        if (j->state != NOT_BEGUN || j->overtaken)
            continue;
        j->overtaken = true;
        rc = jobs->hooks->overtaken ? jobs->hooks->overtaken(jobs->hooks->ctx, e, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

/* Begin task i, giving it the turn. With the mutex. */
static void begin(struct lc_turns *jobs, size_t i)
{
    struct lc_error err = LC_ERROR_INIT;
    struct job *j = &jobs->v[i];
    int rc;

    jobs->taken = true;
    rc = overtake(jobs, i, &err);
    if (rc == 0 && pthread_create(&j->thread, NULL, job_thread, j) != 0)
        rc = lc_fail(&err, LC_ERR_IO, "no thread for a migration");
    if (rc) {
        jobs->taken = false;
        note_failure(jobs, i, rc, &err);
        return;
    }
    j->joinable = true;
    j->state = TURN;
    jobs->open++;
}

/*
 * The thread of the caller begins tasks one at a time, and sleeps while none may
 * begin. It is done when none may begin and none is open: after a failure, tasks
 * that have not begun stay so.
 */
static void run_all(struct lc_turns *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    for (;;) {
        size_t i = next(jobs);

        if (i < jobs->n)
            begin(jobs, i);
        else if (jobs->open)
            pthread_cond_wait(&jobs->changed, &jobs->mutex);
        else
            break;
    }
    pthread_mutex_unlock(&jobs->mutex);
    for (size_t i = 0; i < jobs->n; i++) {
        if (jobs->v[i].joinable)
            pthread_join(jobs->v[i].thread, NULL);
    }
}

int lc_turns_run(size_t n, unsigned most, const struct lc_turns_hooks *hooks, struct lc_error *err)
{
    struct lc_turns jobs = {.hooks = hooks, .n = n, .most = most ? most : 1};

    /* One more than needed, so that n = 0 is not mistaken for a lack of memory. */
    jobs.v = calloc(n + 1, sizeof *jobs.v);
    if (!jobs.v)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for %zu tasks", n);
    for (size_t i = 0; i < n; i++)
        jobs.v[i].jobs = &jobs;
    pthread_mutex_init(&jobs.mutex, NULL);
    pthread_cond_init(&jobs.changed, NULL);
    run_all(&jobs);
    pthread_cond_destroy(&jobs.changed);
    pthread_mutex_destroy(&jobs.mutex);
    free(jobs.v);
    if (jobs.rc)
        lc_error_pass(err, &jobs.error);
    return jobs.rc;
}
