/*
 * The tracking table: what has happened to each migration, as rows that are only ever appended.
 *
 *   started → (stmt_started → stmt_done)… → applied | reverted
 *                          ↘ failed ↗ (the next run goes on at the same statement)
 *   baselined: applied by somebody else    repaired: statements up to `stmt` count as done
 *
 * Rows are folded, in the order of seq, into one state a version. seq is max + 1, taken under the
 * lock; it also makes a write safe to send again: one row a run and seq counts. Where two runs have
 * written one seq, as only a livecol without the fence of lock.h could, both rows count, and what a
 * person has recorded (repaired) comes last.
 */
#ifndef LC_CLI_MIGRATE_TRACKING_H
#define LC_CLI_MIGRATE_TRACKING_H
#include "base/error.h"
#include "cli/migrate/files.h"
#include "cli/server/backend.h"
#include "cli/server/cluster.h"

#include <stdbool.h>
#include <stdint.h>

#define LC_TRACKING_TABLE "schema_migrations"

enum lc_track_status {
    LC_TRACK_PENDING, /* never run, or reverted */
    LC_TRACK_RUNNING, /* begun, no end recorded, between two statements */
    LC_TRACK_UNKNOWN, /* a statement was sent, and nothing recorded since */
    LC_TRACK_FAILED,
    LC_TRACK_APPLIED
};

enum lc_track_event_kind {
    LC_TRACK_STARTED,
    LC_TRACK_STMT_STARTED,
    LC_TRACK_STMT_DONE,
    LC_TRACK_EVENT_APPLIED,
    LC_TRACK_EVENT_FAILED,
    LC_TRACK_REVERTED,
    LC_TRACK_BASELINED,
    LC_TRACK_REPAIRED,
    LC_TRACK_STMT_STOPPED, /* by a signal, where nothing of it goes on in the server */
    LC_TRACK_STMT_PARTIAL  /* it failed, and part of what it does is done, or may be */
};

/* A row to append. Text may be NULL for "". */
struct lc_track_event {
    enum lc_track_event_kind kind;
    uint64_t version;
    const char *name;
    bool down;
    unsigned stmt, stmts;
    const char *file_sha256, *stmt_sha256, *query_id;
    uint64_t execution_ms;
    int error_code;
    const char *error;
};

/* What is known of a version. */
struct lc_track_version {
    uint64_t version;
    char *name;
    enum lc_track_status status;
    bool baselined;
    bool stopped;   /* UNKNOWN: the statement was stopped, and can be sent again */
    bool partial;   /* UNKNOWN: it failed in its middle, and must not be; error says how */
    bool down;      /* the run that RUNNING, UNKNOWN or FAILED is about was a revert */
    unsigned done;  /* statements 1 … done are done */
    unsigned stmts; /* of the run */
    char (*done_sha256)[LC_SHA256_HEX]; /* of statements 1 … done; "" where it was not recorded */
    unsigned open; /* UNKNOWN: the statement that was sent; FAILED: the one that failed */
    char open_sha256[LC_SHA256_HEX];
    char *query_id;                  /* it was sent under this id */
    uint64_t open_at_s;              /* when, in seconds since 1970 by the server's clock */
    char file_sha256[LC_SHA256_HEX]; /* as it was applied, or is being applied */
    uint64_t applied_seq;            /* of the row that says that it is applied; 0: none does */
    char *at;                        /* of the last row, in UTC: "2026-01-31 12:00:00" */
    char *run_id;                    /* of the last row */
    char *host;
    uint64_t execution_ms; /* APPLIED: of the whole file */
    int error_code;
    char *error;
};

struct lc_tracking {
    struct lc_backend *b;             /* not owned */
    const struct lc_cluster *cluster; /* where lc_tracking_create makes it; the caller's, or NULL */
    char *database, *table;
    bool exists;
    bool replicated; /* it has a replica on each host of a cluster, which reads
                      * catch up with first */
    uint64_t seq;    /* of the last row */
    char run_id[33];
    struct lc_track_version *v;
    size_t n;
    struct lc_track_noted *noted; /* rows that are to be written with the next one */
    size_t noted_n;
};

/*
 * Look for the tracking table and read it; what is not there is not made. 0; LC_ERR_REFUSED where
 * the table is another tool's; LC_ERR_SERVER and the other failures of a query. Release it in any
 * case. The backend must outlive it.
 */
int lc_tracking_open(struct lc_tracking *t, struct lc_backend *b, const char *table,
                     struct lc_error *err);

/*
 * With a cluster: is the table one on all hosts that have it? 0; LC_ERR_REFUSED where a host's is
 * its own, since a run elsewhere would apply again what that one applied; the failures of a query.
 */
int lc_tracking_check_hosts(const struct lc_tracking *t, struct lc_error *err);

/*
 * Create the table where it is missing: on the server, or with a cluster on each of its hosts, as
 * one Replicated table. As lc_tracking_open.
 */
int lc_tracking_create(struct lc_tracking *t, struct lc_error *err);

/* Read the rows again: what was known is forgotten. */
int lc_tracking_load(struct lc_tracking *t, struct lc_error *err);

/*
 * A row that is to be written soon: with the next row, in one INSERT, in this order, all or none. It
 * is no part of the state before it is written. For what would be followed by another row at once:
 * who waits for anything writes first. 0, LC_ERR_NOMEM.
 */
int lc_tracking_note(struct lc_tracking *t, const struct lc_track_event *e, struct lc_error *err);

/*
 * Write the noted rows, under the lock, and take them into the state. As lc_tracking_open; where it
 * fails they are dropped, and whether they are there shows when the table is read again.
 */
int lc_tracking_flush(struct lc_tracking *t, struct lc_error *err);

/* Note a row and write all. */
int lc_tracking_write(struct lc_tracking *t, const struct lc_track_event *e, struct lc_error *err);

/* Drop the table and forget. */
int lc_tracking_drop(struct lc_tracking *t, struct lc_error *err);

/* The state of a version, or NULL where no row speaks of it. */
const struct lc_track_version *lc_tracking_find(const struct lc_tracking *t, uint64_t version);

void lc_tracking_release(struct lc_tracking *t);

/* "pending", "running", "unknown", "failed", "applied". */
const char *lc_track_status_name(enum lc_track_status status);

/* Was a run of it begun, up or down, and not ended? False for NULL, a version without a row. */
bool lc_track_unfinished(const struct lc_track_version *v);

/* Is it applied: also where a revert of it has begun, and nothing of that is done? NULL: no. */
bool lc_track_applied(const struct lc_track_version *v);

#endif
