/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clock next to the embedded engine's statements: when one is late, or is told to stop, it is
 * killed by its log_comment, again and again until it ends.
 */
#ifndef LC_CLI_SERVER_CHDB_WATCH_H
#define LC_CLI_SERVER_CHDB_WATCH_H
#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

enum lc_watch_why { LC_WATCH_NOT_KILLED, LC_WATCH_LATE, LC_WATCH_CANCELLED };

/* A statement in work: the caller's storage, from watch_add to watch_remove. */
struct lc_watched {
    const char *id;
    const atomic_bool *cancel; /* NULL: never */
    struct timespec due;       /* CLOCK_MONOTONIC; tv_sec 0: never */
    enum lc_watch_why why;     /* read after lc_watch_remove */
    struct timespec killed_at;
    struct lc_watched *next;
};

/* Start the thread; kill(id) is called from it. 0 or LC_ERR_NOMEM. */
int lc_watch_start(void (*kill)(const char *id), struct lc_error *err);

/* End the thread. Nothing may be watched. */
void lc_watch_stop(void);

/* Watch a statement; timeout_ms 0: for its cancel flag alone. */
void lc_watch_add(struct lc_watched *w, const char *id, unsigned timeout_ms,
                  const atomic_bool *cancel);

/* It has ended; afterwards w->why says whether it was killed. */
void lc_watch_remove(struct lc_watched *w);

#endif
