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
 */
#ifndef LC_CLI_MIGRATE_LOCK_H
#define LC_CLI_MIGRATE_LOCK_H
#include "base/error.h"
#include "cli/migrate/lock_store.h"
#include "cli/server/backend.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lc_lock;

/* How and for how long to wait. */
struct lc_lock_wait {
    unsigned timeout_ms; /* 0: do not wait */
    const atomic_bool *cancel;
    void (*waiting)(void *ctx, const struct lc_lock_info *holder); /* once a holder; may be NULL */
    void *ctx;
};

/*
 * Take the lock of the tracking table database.table. 0 and *out; LC_ERR_LOCKED with who, where and
 * since when; LC_ERR_STOPPED; the failures of a query. The backend must outlive the lock.
 */
int lc_lock_take(struct lc_lock **out, struct lc_backend *b, const char *database,
                 const char *table, const char *run_id, const char *command,
                 const struct lc_lock_wait *wait, struct lc_error *err);

/*
 * Is it still ours, and the highest? To be asked before each statement. 0, LC_ERR_LOCKED where it
 * was taken over or removed, the failures of a query.
 */
int lc_lock_check(struct lc_lock *lock, struct lc_error *err);

/* Stop the heartbeat, drop the table, free. NULL is fine. */
void lc_lock_free(struct lc_lock *lock);

/* The live or highest holder. 0 and *held; the failures of a query. */
int lc_lock_look(struct lc_backend *b, const char *database, const char *table, bool *held,
                 struct lc_lock_info *holder, struct lc_error *err);

/* Drop every lock table, live or not; *removed says how many. */
int lc_lock_break(struct lc_backend *b, const char *database, const char *table, unsigned *removed,
                  struct lc_error *err);

#endif
