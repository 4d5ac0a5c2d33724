/* SPDX-License-Identifier: Apache-2.0 */
/* The tracking table opened under the lock: what commands that write to it begin and end with. */
#ifndef LC_CLI_MIGRATE_SESSION_H
#define LC_CLI_MIGRATE_SESSION_H
#include "cli/migrate/files.h"
#include "cli/migrate/lock.h"
#include "cli/migrate/run_options.h"
#include "cli/migrate/tracking.h"
#include "cli/server/cluster.h"

struct lc_session {
    struct lc_backend *b;      /* the caller's */
    struct lc_cluster cluster; /* what the run is about: o->cluster, or the server alone */
    struct lc_migrations files;
    struct lc_tracking tracking;
    struct lc_lock *lock;
};

/* What lc_session_open reads. */
enum lc_session_reads {
    LC_SESSION_TABLE, /* the tracking table */
    LC_SESSION_FILES, /* the files, too */
    LC_SESSION_RUN /* as that, of the table as little as a run without work needs: lc_tracking_open_for */
};

/*
 * Open the cluster, read the files and the tracking table. Problems of the files are
 * not looked at: lc_migrations_check does. 0, LC_ERR_IO, LC_ERR_REFUSED (another tool's table; no
 * such cluster, or a host of it that is down), the failures of a query. Hosts that are
 * left out are told to o->hooks. End it in any case.
 */
int lc_session_open(struct lc_session *s, struct lc_backend *b, const struct lc_up_options *o,
                    enum lc_session_reads reads, struct lc_error *err);

/* The files alone, of a session that is not opened. As lc_session_open. */
int lc_session_scan(struct lc_session *s, const struct lc_up_options *o, struct lc_error *err);

/*
 * Take the lock for this command, creating the tracking table where it is missing, and read the
 * table again. `waiting` (may be NULL) is told of each holder that is waited for.
 */
int lc_session_lock(struct lc_session *s, const char *command, const struct lc_up_options *o,
                    void (*waiting)(void *ctx, const struct lc_lock_info *holder), void *ctx,
                    struct lc_error *err);

void lc_session_end(struct lc_session *s);

#endif
