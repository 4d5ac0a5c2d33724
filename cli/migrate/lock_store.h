/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the locks of a tracking table lie, and the few things that are done with them there.
 *
 *   tracking table on one server   the table <tracking>_lock_<n> of that server; 57 when taken
 *   tracking table Replicated      the same table, its path in Keeper <tracking's>-locks/<n>, its
 *                                  replica always named "lock": of any number of hosts one succeeds
 *                                  (253, 122 when taken). Who holds it, since when, and its last
 *                                  beat are read from Keeper, so that the holder's host may be
 * gone.
 */
#ifndef LC_CLI_MIGRATE_LOCK_STORE_H
#define LC_CLI_MIGRATE_LOCK_STORE_H
#include "cli/server/backend.h"

#include <stdbool.h>
#include <stdint.h>

/* After how long without a beat a lock is stale. */
#define LC_LOCK_STALE_S 60u
unsigned lc_lock_stale_s(void); /* the same, or what a test says */

/* Who holds a lock. */
struct lc_lock_info {
    uint64_t n; /* of the table <tracking>_lock_<n> */
    char run_id[64];
    char host[256];
    char pid[24];
    char command[64];
    char since[32];      /* UTC */
    uint64_t made_s;     /* the same, in the server's time; 0: made by an older livecol */
    uint64_t beat_age_s; /* since its last beat, or since it was made */
    bool stale;
    bool gone; /* stale, since its process has ended: see lc_lock_read */
};

struct lc_lock_store {
    struct lc_backend *b;            /* the caller's */
    const char *database, *tracking; /* the caller's */
    char *root;                      /* in Keeper; NULL: one server's locks */
    char *cluster;                   /* whose hosts may hold the lock's table; NULL: not known */
};

/* All locks that are there. */
struct lc_locks {
    struct lc_lock_info *v; /* to be freed */
    size_t n;
};

/*
 * Find out where they lie. replicated: the tracking table may be one of several replicas. 0 or the
 * failures of a query. Release it in any case.
 */
int lc_lock_store_open(struct lc_lock_store *s, struct lc_backend *b, const char *database,
                       const char *tracking, bool replicated, struct lc_error *err);

void lc_lock_store_release(struct lc_lock_store *s);

/* The name of table n, malloc'ed; NULL: no memory. */
char *lc_lock_table(const struct lc_lock_store *s, uint64_t n);

/* Who holds which. 0 or the failures of a query. */
int lc_lock_holders(const struct lc_lock_store *s, struct lc_locks *all, struct lc_error *err);

/*
 * The same with each one's last beat. The embedded engine's data path belongs to one process at a time,
 * and this one has it open: a lock there that this process has not made is of one that has ended.
 */
int lc_lock_read(const struct lc_lock_store *s, struct lc_locks *all, struct lc_error *err);

/* Create number n; now_s is the server's time. 0, also where the answer was lost; 1 where somebody was quicker; negative. */
int lc_lock_create(const struct lc_lock_store *s, uint64_t n, const char *run_id,
                   const char *command, uint64_t now_s, struct lc_error *err);

/* Drop number n, on whichever host it is; not being there is good. 0 or the failures of a query. */
int lc_lock_drop(const struct lc_lock_store *s, uint64_t n, struct lc_error *err);

#endif
