/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking the lock, as a state machine over the tables <tracking>_lock_<n>:
 *
 *   look ── a live holder ──► wait, tell who, look again ── time is over ──► LC_ERR_LOCKED
 *    │
 *    └─ none, or a stale one with number n
 *         ▼
 *       create n + 1 ── somebody was quicker ──► look
 *         ▼
 *       look again ── a higher one, or another live one ──► drop ours, pause, look
 *         ▼
 *       drop those below, start to beat, fence the backend
 *
 * The fence is what makes a stopped holder harmless: before anything that may change something is
 * sent, the holder shows itself that its last beat is young, or asks the server whether it is still
 * the one.
 */
#include "cli/migrate/lock.h"

#include "base/clock.h"
#include "base/signals.h"
#include "base/test_points.h"
#include "cli/migrate/lock_store.h"
#include "cli/server/connect.h"
#include "cli/server/query.h"
#include "cli/server/retry.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BEATS_BEFORE_STALE = 12, /* one every 5 s */
    LOOKS_BEFORE_STALE = 60, /* see just_seen: 1 s */
    /* A taker that gives way leaves its higher table for a moment: look again before believing it.
     */
    CHECK_TRIES = 5,
    CHECK_PAUSE_MS = 100,
    FENCE_TRIES = 3, /* a beat may arrive too late to be young */
    TAKE_TRIES = 5   /* at least, before the time is up without a holder */
};

struct lc_lock {
    struct lc_lock_store store;
    const struct lc_tracking *of; /* the caller's */
    struct lc_backend *b;         /* its, fenced while the lock is held */
    struct lc_backend *own;       /* for what is done with the lock itself; under own_mutex */
    struct lc_backend *beat_b;    /* the heartbeat's own */
    struct lc_fence fence;
    pthread_mutex_t own_mutex;
    atomic_uint_least64_t beat_ms; /* when the last beat that arrived was sent, by BOOTTIME */
    atomic_uint_least64_t seen_ms; /* the last one behind which the lock was seen to be ours */
    atomic_uint_least64_t look_ms; /* when that look was begun */
    char *database, *table;        /* of the lock itself */
    char *tracking;
    uint64_t n;
    char run_id[64];
    pthread_t thread;
    bool beating;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop; /* under mutex */
};

/* The one that matters: the highest that is live, else the highest. NULL: none. */
static const struct lc_lock_info *holder_of(const struct lc_locks *all)
{
    const struct lc_lock_info *best = NULL;

    for (size_t i = 0; i < all->n; i++) {
        const struct lc_lock_info *l = &all->v[i];

        if (!best || (best->stale && !l->stale) || (best->stale == l->stale && l->n > best->n))
            best = l;
    }
    return best;
}

/* Two threads beat: the younger one counts. */
static void note_beat(struct lc_lock *lock, uint64_t sent_ms)
{
    uint_least64_t before = atomic_load(&lock->beat_ms);

    while (before < sent_ms && !atomic_compare_exchange_weak(&lock->beat_ms, &before, sent_ms))
        ;
}

static int beat(struct lc_lock *lock, struct lc_backend *b, struct lc_error *err)
{
    uint64_t sent_ms = lc_boottime_ms();
    int rc;
    const struct lc_sql_arg args[] = {{"database", lock->database},
                                      {"table", lock->table},
                                      {"run_id", lock->run_id},
                                      {NULL, NULL}};

    rc = lc_query_run(b, lc_sql_lock_beat, args, NULL, err);
    if (rc == 0)
        note_beat(lock, sent_ms);
    return rc;
}

/* A beat that fails is not told: the fence finds out what became of the lock. */
static void *beat_thread(void *arg)
{
    struct lc_lock *lock = arg;

    pthread_mutex_lock(&lock->mutex);
    while (!lock->stop) {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until = lc_time_later(until, lc_lock_stale_s() * 1000 / BEATS_BEFORE_STALE);
        while (!lock->stop && pthread_cond_timedwait(&lock->wake, &lock->mutex, &until) == 0)
            ;
        if (lock->stop)
            break;
        pthread_mutex_unlock(&lock->mutex);
        if (beat(lock, lock->beat_b, NULL) != 0)
            LC_TEST_POINT("a heartbeat has failed");
        pthread_mutex_lock(&lock->mutex);
    }
    pthread_mutex_unlock(&lock->mutex);
    return NULL;
}

/* A connection of its own: a beat must not wait for a statement that runs for hours. */
static int start_beating(struct lc_lock *lock, struct lc_error *err)
{
    int rc = lc_backend_clone(lock->own, &lock->beat_b, err);

    if (rc)
        return rc;
    if (pthread_create(&lock->thread, NULL, beat_thread, lock) != 0)
        return lc_fail(err, LC_ERR_NOMEM, "the lock's heartbeat thread does not start");
    lock->beating = true;
    return 0;
}

/* Is our table there with our name, and who else is? Of others it matters whether they live. */
static int standing(struct lc_lock *lock, bool *ours, bool *highest, bool *others,
                    bool *others_live, struct lc_error *err)
{
    struct lc_locks all = {0};
    int rc = lc_lock_holders(&lock->store, &all, err);

    *others = rc == 0 && (all.n != 1 || all.v[0].n != lock->n);
    if (*others) {
        free(all.v);
        rc = lc_lock_read(&lock->store, &all, err);
    }
    *ours = *others_live = false;
    *highest = true;
    for (size_t i = 0; rc == 0 && i < all.n; i++) {
        const struct lc_lock_info *l = &all.v[i];

        if (l->n == lock->n) {
            *ours = strcmp(l->run_id, lock->run_id) == 0;
        } else {
            *highest = *highest && l->n < lock->n;
            *others_live = *others_live || !l->stale;
        }
    }
    free(all.v);
    return rc;
}

/*
 * Stale locks that this one has taken over. A holder that wakes up finds its table gone, or a
 * higher one.
 */
static int drop_lower(struct lc_lock *lock, struct lc_error *err)
{
    struct lc_locks all;
    int rc = lc_lock_read(&lock->store, &all, err);

    for (size_t i = 0; rc == 0 && i < all.n; i++) {
        if (all.v[i].n < lock->n)
            rc = lc_lock_drop(&lock->store, all.v[i].n, err);
    }
    free(all.v);
    return rc;
}

/* One try at number n. 0: it is ours; 1: somebody was quicker; a negative code. */
static int try_number(struct lc_lock *lock, uint64_t n, const char *command, struct lc_error *err)
{
    bool ours = false, highest = false, others = false, others_live = false;
    uint64_t made_ms, begun_ms, now_s;
    int rc;

    lock->n = n;
    free(lock->table);
    lock->table = lc_lock_table(&lock->store, n);
    if (!lock->table)
        return lc_no_memory(err);
    made_ms = lc_boottime_ms();
    rc = lc_tracking_now(lock->of, &now_s, err);
    if (rc == 0)
        rc = lc_lock_create(&lock->store, n, lock->run_id, command, now_s, err);
    if (rc)
        return rc;
    begun_ms = lc_boottime_ms();
    rc = standing(lock, &ours, &highest, &others, &others_live, err);
    if (rc)
        return rc;
    if (ours && highest && !others_live) {
        note_beat(lock, made_ms);
        atomic_store(&lock->seen_ms, made_ms);
        atomic_store(&lock->look_ms, begun_ms);
        return others ? drop_lower(lock, err) : 0;
    }
    if (ours)
        rc = lc_lock_drop(&lock->store, lock->n, err);
    return rc ? rc : 1;
}

static int refuse(const struct lc_lock_info *h, const char *database, const char *tracking,
                  struct lc_error *err)
{
    lc_fail(err, LC_ERR_LOCKED,
            "locked by livecol %s on %s, pid %s, since %s UTC; its last heartbeat was %" PRIu64
            " s ago",
            h->command, h->host, h->pid, h->since, h->beat_age_s);
    lc_hint(err,
            "wait longer with --lock-timeout, or, if that process no longer exists: livecol unlock "
            "--force (%s.%s_lock_%" PRIu64 ")",
            database, tracking, h->n);
    return LC_ERR_LOCKED;
}

/* A server that says a lock's table is there and shows none would keep a run waiting for good. */
static int refuse_unclear(const struct lc_lock *lock, unsigned tries, struct lc_error *err)
{
    lc_fail(err, LC_ERR_LOCKED,
            "the lock of %s.%s is neither free nor shown as held: %u tries to take it failed",
            lock->database, lock->tracking, tries);
    lc_hint(err,
            "the server's answers about the tables %s_lock_N do not agree: does something between "
            "it and livecol change them?",
            lock->tracking);
    return LC_ERR_LOCKED;
}

const char *lc_lock_words(const struct lc_lock_info *h, char *out, size_t size)
{
    if (!h->stale)
        snprintf(out, size,
                 "waiting for livecol %s on %s, pid %s, which holds the lock since %s UTC",
                 h->command, h->host, h->pid, h->since);
    else if (h->gone)
        snprintf(
            out, size,
            "took over the lock of livecol %s on %s, pid %s, since %s UTC: that process has ended, "
            "or it would have the data path open",
            h->command, h->host, h->pid, h->since);
    else
        snprintf(
            out, size,
            "took over the lock of livecol %s on %s, pid %s, since %s UTC: its last heartbeat was "
            "%" PRIu64 " s ago",
            h->command, h->host, h->pid, h->since, h->beat_age_s);
    return out;
}

/* Try until it is ours or the time is up. */
static int take(struct lc_lock *lock, const char *command, const struct lc_lock_wait *wait,
                struct lc_error *err)
{
    uint64_t end = lc_now_ms() + wait->timeout_ms;
    char told[sizeof((struct lc_lock_info *)0)->run_id] = "";

    for (unsigned attempt = 1;; attempt++) {
        struct lc_locks all;
        struct lc_lock_info holder = {0};
        const struct lc_lock_info *h;
        unsigned pause;
        int rc = lc_lock_read(&lock->store, &all, err);

        if (rc)
            return rc;
        h = holder_of(&all);
        if (h)
            holder = *h;
        free(all.v);
        if (!h || holder.stale) {
            rc = try_number(lock, h ? holder.n + 1 : 1, command, err);
            if (rc == 0 && h && wait->waiting)
                wait->waiting(wait->ctx, &holder);
            if (rc <= 0)
                return rc;
        } else if (strcmp(told, holder.run_id) != 0) {
            snprintf(told, sizeof told, "%s", holder.run_id);
            if (wait->waiting && wait->timeout_ms > 0)
                wait->waiting(wait->ctx, &holder);
        }
        pause = lc_backoff_ms(attempt > 3 ? 3 : attempt) / 2;
        if (lc_now_ms() + pause > end && h && !holder.stale)
            return refuse(&holder, lock->database, lock->tracking, err);
        if (lc_now_ms() + pause > end && attempt >= TAKE_TRIES)
            return refuse_unclear(lock, attempt, err);
        if (lc_sleep_ms(pause, wait->cancel))
            return lc_fail(err, LC_ERR_STOPPED, "stopped while waiting for the lock");
    }
}

/* Free the struct; the table stays. */
static void release(struct lc_lock *lock)
{
    if (lock->beating) {
        pthread_mutex_lock(&lock->mutex);
        lock->stop = true;
        pthread_cond_signal(&lock->wake);
        pthread_mutex_unlock(&lock->mutex);
        pthread_join(lock->thread, NULL);
    }
    pthread_cond_destroy(&lock->wake);
    pthread_mutex_destroy(&lock->mutex);
    pthread_mutex_destroy(&lock->own_mutex);
    lc_backend_free(lock->beat_b);
    lc_lock_store_release(&lock->store);
    lc_backend_free(lock->own);
    free(lock->database);
    free(lock->table);
    free(lock->tracking);
    free(lock);
}

static struct lc_lock *new_lock(const struct lc_tracking *of)
{
    struct lc_lock *lock = calloc(1, sizeof *lock);
    pthread_condattr_t attr;

    if (!lock)
        return NULL;
    lock->b = of->b;
    lock->of = of;
    lock->database = strdup(of->database);
    lock->tracking = strdup(of->table);
    snprintf(lock->run_id, sizeof lock->run_id, "%s", of->run_id);
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_mutex_init(&lock->own_mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&lock->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (lock->database && lock->tracking)
        return lock;
    release(lock);
    return NULL;
}

/* Who holds which, asked for in a session that it opens where one is wanted. */
static int look(struct lc_lock *lock, char *session, struct lc_locks *all, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    bool wanted = session && *session;
    int rc;

    if (wanted)
        lc_backend_use_session(lock->own, session, lock->fence.lease_s);
    rc = lc_lock_holders(&lock->store, all, &why);
    lc_backend_use_session(lock->own, NULL, 0);
    if (rc == LC_ERR_SERVER && wanted) {
        *session = '\0';
        why = LC_ERROR_INIT;
        rc = lc_lock_holders(&lock->store, all, &why);
    }
    return rc ? lc_error_pass(err, &why) : 0;
}

/* Is it still ours, and the highest? 0, LC_ERR_LOCKED, the failures of a query. */
static int check(struct lc_lock *lock, char *session, struct lc_error *err)
{
    bool ours = false, highest = true;

    for (int i = 0; i < CHECK_TRIES; i++) {
        struct lc_locks all = {0};
        uint64_t begun_ms = lc_boottime_ms();
        int rc = look(lock, session, &all, err);

        ours = false;
        highest = true;
        for (size_t k = 0; rc == 0 && k < all.n; k++) {
            if (all.v[k].n == lock->n)
                ours = strcmp(all.v[k].run_id, lock->run_id) == 0;
            highest = highest && all.v[k].n <= lock->n;
        }
        free(all.v);
        if (rc == 0 && ours && highest)
            atomic_store(&lock->look_ms, begun_ms);
        if (rc || (ours && highest))
            return rc;
        if (!ours)
            break;
        lc_sleep_ms(CHECK_PAUSE_MS, NULL);
    }
    lc_fail(err, LC_ERR_LOCKED, "the lock %s.%s was %s while this run held it", lock->database,
            lock->table, ours ? "taken over" : "removed");
    lc_hint(err, "this run has sent nothing more; run it again once the other has ended");
    return LC_ERR_LOCKED;
}

/* Half of the time after which another run may take over is left for the send. */
static bool young(uint64_t beat_ms)
{
    return lc_boottime_ms() - beat_ms < (uint64_t)lc_lock_stale_s() * 1000 / 2;
}

/* Was it looked at a moment ago? It is another's only where a person has broken it since. */
static bool just_seen(const struct lc_lock *lock)
{
    return young(atomic_load(&lock->seen_ms)) &&
           lc_boottime_ms() - atomic_load(&lock->look_ms) <
               (uint64_t)lc_lock_stale_s() * 1000 / LOOKS_BEFORE_STALE;
}

/* Without Keeper a Replicated table takes no beat, for a while. */
static int beat_patiently(struct lc_lock *lock, struct lc_error *err)
{
    struct lc_retry retry = {.keeper_ms = lock->store.root ? LC_KEEPER_PATIENCE_MS : 0,
                             .cancel = lc_stop_flag()};
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    do
        rc = beat(lock, lock->own, &why);
    while (lc_retry_again(&retry, rc, &why));
    return rc ? lc_error_pass(err, &why) : 0;
}

/*
 * The order is what makes it right. A taker creates its table before it looks whether the holder
 * beats, and the holder looks for a higher table after its beat has arrived: of the two, at least
 * one sees the other. Until that beat is half as old as a stale one, no third can have come.
 */
static int pass_locked(struct lc_lock *lock, char *session, struct lc_error *err)
{
    int rc = 0;

    if (just_seen(lock)) {
        if (session)
            *session = '\0';
        return 0;
    }

    for (int i = 0; i < FENCE_TRIES; i++) {
        struct lc_error silent = LC_ERROR_INIT;
        bool failed = !young(atomic_load(&lock->beat_ms)) && beat_patiently(lock, &silent) != 0;
        uint64_t beat_ms = atomic_load(&lock->beat_ms);

        rc = check(lock, session, err);
        if (rc == 0 && failed)
            rc = lc_fail(err, LC_ERR_NOT_SENT, "the heartbeat of the lock %s.%s fails: %s",
                         lock->database, lock->table, silent.msg);
        if (rc == 0)
            atomic_store(&lock->seen_ms, beat_ms);
        if (rc || young(beat_ms))
            return rc;
    }
    return lc_fail(err, LC_ERR_NOT_SENT, "the heartbeats of the lock %s.%s take too long",
                   lock->database, lock->table);
}

int lc_lock_pass(struct lc_lock *lock, char *session, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    pthread_mutex_lock(&lock->own_mutex);
    rc = pass_locked(lock, session, &why);
    pthread_mutex_unlock(&lock->own_mutex);
    /* Whatever became of our own questions, the caller's statement was not sent. */
    if (rc == LC_ERR_SERVER || rc == LC_ERR_UNKNOWN)
        rc = why.code = LC_ERR_NOT_SENT;
    if (rc)
        lc_error_pass(err, &why);
    return rc;
}

static int on_pass(void *ctx, char *session, struct lc_error *err)
{
    return lc_lock_pass(ctx, session, err);
}

/* A beat that has arrived since says nothing: another run may have taken over before it. */
static bool on_fresh(void *ctx)
{
    struct lc_lock *lock = ctx;

    return young(atomic_load(&lock->seen_ms));
}

void lc_lock_free(struct lc_lock *lock)
{
    if (!lock)
        return;
    if (lock->fence.ctx)
        lc_backend_set_fence(lock->b, NULL);
    /* Only what is still ours is dropped: after a take-over the name may be another's. */
    if (lc_lock_pass(lock, NULL, NULL) == 0)
        lc_lock_drop(&lock->store, lock->n, NULL);
    release(lock);
}

int lc_lock_take(struct lc_lock **out, const struct lc_tracking *of, const char *command,
                 const struct lc_lock_wait *wait, struct lc_error *err)
{
    struct lc_lock *lock = new_lock(of);
    int rc;

    *out = NULL;
    if (!lock)
        return lc_no_memory(err);
    rc = lc_backend_clone(of->b, &lock->own, err);
    if (rc == 0)
        rc = lc_lock_store_open(&lock->store, lock->own, lock->database, lock->tracking,
                                of->replicated, err);
    if (rc == 0)
        rc = take(lock, command, wait, err);
    if (rc) {
        release(lock);
        return rc;
    }
    LC_TEST_POINT("lock taken"); /* for a while its table's own age is its first beat */
    rc = start_beating(lock, err);
    if (rc) {
        lc_lock_free(lock);
        return rc;
    }
    lock->fence = (struct lc_fence){on_pass, on_fresh, (lc_lock_stale_s() + 3) / 4, lock};
    lc_backend_set_fence(of->b, &lock->fence);
    *out = lock;
    return 0;
}

int lc_lock_look(struct lc_backend *b, const char *database, const char *table, bool *held,
                 struct lc_lock_info *holder, struct lc_error *err)
{
    struct lc_lock_store store;
    struct lc_locks all = {0};
    const struct lc_lock_info *h;
    int rc = lc_lock_store_open(&store, b, database, table, true, err);

    *held = false;
    *holder = (struct lc_lock_info){0};
    if (rc == 0)
        rc = lc_lock_read(&store, &all, err);
    lc_lock_store_release(&store);
    if (rc)
        return rc;
    h = holder_of(&all);
    *held = h != NULL;
    if (h)
        *holder = *h;
    free(all.v);
    return 0;
}

int lc_lock_break(struct lc_backend *b, const char *database, const char *table, unsigned *removed,
                  struct lc_error *err)
{
    struct lc_lock_store store;
    struct lc_locks all = {0};
    int rc = lc_lock_store_open(&store, b, database, table, true, err);

    *removed = 0;
    if (rc == 0)
        rc = lc_lock_read(&store, &all, err);
    for (size_t i = 0; rc == 0 && i < all.n; i++) {
        rc = lc_lock_drop(&store, all.v[i].n, err);
        *removed += rc == 0;
    }
    free(all.v);
    lc_lock_store_release(&store);
    return rc;
}
