/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the tracking table folded, in the order of seq, into what is known of each version.
 */
#ifndef LC_CLI_MIGRATE_TRACKING_STATE_H
#define LC_CLI_MIGRATE_TRACKING_STATE_H
#include "cli/migrate/files.h"

#include <stdbool.h>
#include <stdint.h>

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
    bool stopped; /* UNKNOWN: the statement was stopped, and can be sent again */
    bool
        unlooked; /* FAILED: by an older livecol, which has not looked whether anything is left of it */
    bool begun;     /* FAILED: something of the statement may be done, or still be done */
    bool partial;   /* UNKNOWN: it failed in its middle, and must not be; error says how */
    bool down;      /* the run that RUNNING, UNKNOWN or FAILED is about was a revert */
    unsigned done;  /* statements 1 … done are done */
    unsigned stmts; /* of the run */
    char (*done_sha256)[LC_SHA256_HEX]; /* of statements 1 … done; "" where it was not recorded */
    /* Of the statements that were applied, from when a revert of it begins; up_n 0: not recorded. */
    char (*up_sha256)[LC_SHA256_HEX];
    unsigned up_n;
    unsigned open; /* UNKNOWN: the statement that was sent; FAILED: the one that failed */
    char open_sha256[LC_SHA256_HEX];
    char *query_id;                  /* it was sent under this id */
    uint64_t open_at_s;              /* when, in seconds since 1970 by the server's clock */
    char file_sha256[LC_SHA256_HEX]; /* as it was applied, or is being applied */
    uint64_t seq;                    /* of the last row that speaks of it */
    uint64_t applied_seq;            /* of the row that says that it is applied; 0: none does */
    char *at;                        /* of the last row, in UTC: "2026-01-31 12:00:00" */
    char *run_id;                    /* of the last row */
    char *host;
    char *vars;            /* the values of its variables at its last start; NULL: none is known */
    uint64_t execution_ms; /* APPLIED: of the whole file */
    int error_code;
    char *error;
};

/* A row, whether it was just written or has been read. */
struct lc_track_row {
    struct lc_track_event e;
    const char *run_id, *host, *at;
    uint64_t at_s;
    unsigned layout; /* of who wrote it */
};

enum { LC_TRACK_LAYOUT = 2 };

struct lc_track_state {
    struct lc_track_version *v;
    size_t n;
    uint64_t seq; /* of the last row */
};

/* Take the row in, which is the one of state->seq. 0 or LC_ERR_NOMEM. */
int lc_track_state_fold(struct lc_track_state *state, const struct lc_track_row *r);

/* The state of a version, or NULL where no row speaks of it. */
const struct lc_track_version *lc_track_state_find(const struct lc_track_state *state,
                                                   uint64_t version);

/* Forget all. */
void lc_track_state_release(struct lc_track_state *state);

/* "started", "stmt_started", … */
const char *lc_track_event_name(enum lc_track_event_kind kind);

/* False: no event of that name is known. */
bool lc_track_event_named(const char *name, enum lc_track_event_kind *kind);

/* "pending", "running", "unknown", "failed", "applied". */
const char *lc_track_status_name(enum lc_track_status status);

/* Was a run of it begun, up or down, and not ended? False for NULL, a version without a row. */
bool lc_track_unfinished(const struct lc_track_version *v);

/* Is it applied: also where a revert of it has begun, and nothing of that is done? NULL: no. */
bool lc_track_applied(const struct lc_track_version *v);

#endif
