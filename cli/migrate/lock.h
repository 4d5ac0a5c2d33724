/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One writer at a time, on any server or cluster: the lock is a table (lock_store.h says where).
 *
 *   CREATE TABLE <tracking>_lock_<n>     without IF NOT EXISTS: exactly one of many succeeds
 *   heartbeat: a row every 5 s, in the server's time, from a thread with its own connection
 *   stale: no beat for 60 s; taken over by creating <n + 1>, whose holder drops those below
 *
 * The table's DEFAULTs say who holds it, so that its name and its holder appear in one step. After
 * creating its table, a taker looks again: where a higher one or another live one is there, it
 * gives way and tries once more, so two can never both go on.
 *
 * A holder may be stopped (SIGSTOP, a machine that sleeps) and go on after it was overtaken. So a
 * backend is fenced while its lock is held: see lc_lock_pass, and lc_fence in cli/server/backend.h.
 */
#ifndef LC_CLI_MIGRATE_LOCK_H
#define LC_CLI_MIGRATE_LOCK_H
#include "base/error.h"
#include "cli/migrate/lock_store.h"
#include "cli/migrate/tracking.h"
#include "cli/server/backend.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lc_lock;

/* How and for how long to wait. */
struct lc_lock_wait {
    unsigned timeout_ms; /* 0: do not wait */
    const atomic_bool *cancel;
    /*
     * Once a holder that is waited for; and, holder->stale, once of the one that was taken over. May be
     * NULL.
     */
    void (*waiting)(void *ctx, const struct lc_lock_info *holder);
    void *ctx;
};

/* What wait->waiting may say of it, in `size` bytes of out. Returns out. */
const char *lc_lock_words(const struct lc_lock_info *holder, char *out, size_t size);

/*
 * Take the lock of the tracking table. 0 and *out; LC_ERR_LOCKED with who, where and
 * since when; LC_ERR_STOPPED; the failures of a query. The backend must outlive the lock, and is fenced by it;
 * clones that are made while it is held must be freed before it.
 */
int lc_lock_take(struct lc_lock **out, const struct lc_tracking *of, const char *command,
                 const struct lc_lock_wait *wait, struct lc_error *err);

/*
 * The fence: is it still ours, and was the last beat sent less than half of the stale time ago, by
 * CLOCK_BOOTTIME, which goes on while this process is stopped? While the lock is held, the caller's
 * backend and its clones ask this before they send anything that may change something. Who has looked
 * less than a sixtieth of the stale time ago, a second, need not ask the server: nobody can have taken
 * over since. An old heartbeat is made good where nobody has. The look opens `session` (NULL, or
 * lc_fence's), or makes it "". 0; LC_ERR_LOCKED where somebody has, or has
 * removed the lock; LC_ERR_NOT_SENT where the server cannot be asked; LC_ERR_STOPPED, LC_ERR_NOMEM.
 */
int lc_lock_pass(struct lc_lock *lock, char *session, struct lc_error *err);

/* Take the fence away, drop the table where it is still ours, free. NULL is fine. */
void lc_lock_free(struct lc_lock *lock);

/* The live or highest holder. 0 and *held; the failures of a query. */
int lc_lock_look(struct lc_backend *b, const char *database, const char *table, bool *held,
                 struct lc_lock_info *holder, struct lc_error *err);

/* Drop every lock table, live or not; *removed says how many. */
int lc_lock_break(struct lc_backend *b, const char *database, const char *table, unsigned *removed,
                  struct lc_error *err);

#endif
