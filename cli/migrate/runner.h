/*
 * The migration runner: takes the files of a directory, in their order, to the server.
 *
 *   scan files → read tracking → check (edited, missing, functions answer) → lock → for each file:
 *     started → for each statement: stmt_started → send → wait for its mutations → stmt_done
 *             → applied                              (or failed: the next run resumes there)
 *
 * With jobs, a later migration may begin while earlier ones wait for a backfill, where conflict.h
 * allows it. Nothing is changed before every check has passed. A run that ends early, by an error,
 * a signal or SIGKILL, leaves rows from which the next one goes on at the statement where it
 * stopped.
 */
#ifndef LC_RUNNER_H
#define LC_RUNNER_H

#include "cli/server/backend.h"
#include "cli/column/backfill.h"
#include "base/error.h"
#include "cli/term/options.h"
#include "cli/sql/statement.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum lc_run_event_kind {
    LC_RUN_LOCK_WAIT,        /* somebody else holds the lock: text says who, where, since when */
    LC_RUN_CHECKED,          /* a function answered its sample: text says which, and how */
    LC_RUN_WARNING,          /* text: what a person should know before or while it runs */
    LC_RUN_MIGRATION_START,  /* version, name, stmts, down */
    LC_RUN_STMT_START,       /* about to be sent: also stmt, class, sql */
    LC_RUN_MUTATION,         /* waiting for the statement's mutations: also progress */
    LC_RUN_RETRY,            /* the statement is sent again: text says why and when */
    LC_RUN_UNKNOWN,          /* its answer was lost: text says what is done about it */
    LC_RUN_REDERIVE,         /* text: what a re-derivation waits for, and what it has left to do */
    LC_RUN_STMT_DONE,        /* also ms: from send until its mutations had finished */
    LC_RUN_MIGRATION_DONE,   /* ms: of the whole file */
    LC_RUN_MIGRATION_FAILED, /* error */
    LC_RUN_WOULD_REVERT      /* a dry run of down would revert it */
};

/* How far the mutations of a statement are. */
struct lc_run_progress {
    uint64_t parts_total; /* to do when the wait began */
    uint64_t parts_to_do;
    uint64_t rows_done;  /* of the parts in work and those finished; an estimate */
    uint64_t rows_total; /* in the table's active parts when the wait began */
    double fraction;     /* 0 … 1, within parts too */
    uint64_t elapsed_ms;
    double rows_per_s;   /* 0: not known yet */
    uint64_t left_ms;    /* estimate; 0: not known yet */
    const char *waiting; /* what a backfill waits for; NULL: it does not */
};

/* One thing that happened. Text and slices are valid during the call only. */
struct lc_run_event {
    enum lc_run_event_kind kind;
    uint64_t version;         /* 0 where the event is about no migration */
    const char *version_text; /* the digits of the file name: "0001" */
    const char *name;         /* "add_region_to_events" */
    bool down;
    unsigned stmt; /* from 1; 0 where the event is about no statement */
    unsigned stmts;
    enum lc_stmt_class class;
    struct lc_slice sql;
    const struct lc_stmt *parsed; /* what the statement is; NULL where stmt is 0 */
    const struct lc_run_progress *progress;
    const char *text;
    const struct lc_error *error;
    uint64_t ms;
};

/* Called for one event at a time, with jobs from threads of the runner's: it waits until it
 * returns. */
struct lc_run_hooks {
    void (*event)(void *ctx, const struct lc_run_event *e); /* NULL: nobody listens */
    void *ctx;
};

/* What to do, and how. All zeroes: everything pending in ./migrations, with the checks on. */
struct lc_up_options {
    const char *migrations_dir; /* NULL: "migrations" */
    const char *table;   /* tracking table, "name" or "database.name"; NULL: schema_migrations */
    const char *cluster; /* check, wait for and lock on all hosts of it; NULL: the server alone */
    uint64_t to;         /* up: the last version to apply; down: the one that stays */
    bool to_given;       /* false: up applies all, down reverts `steps` */
    unsigned steps;      /* at most so many migrations; 0: all (down without `to`: 1) */
    bool dry_run;        /* check everything, change nothing */
    bool strict;         /* a gap or an applied version without its file is refused */
    bool allow_missing;  /* apply a version below one that is applied; accept gaps */
    bool allow_unsafe;   /* run what is destructive or breaks readers */
    bool allow_degraded; /* leave out hosts of the cluster that do not answer */
    bool no_verify;      /* do not look at what a MATERIALIZE COLUMN has stored */
    struct lc_strings rules; /* "FILE" or "function=FILE": compare the answers with these rules */
    unsigned jobs; /* up: so many migrations at once, where all but one wait for a backfill; 0: 1 */
    unsigned lock_timeout_ms;            /* how long to wait for the lock; 0: 60,000 */
    unsigned statement_timeout_ms;       /* the server's limit for one statement; 0: its own */
    unsigned ddl_timeout_ms;             /* the server's limits for waiting in DDL; 0: its own */
    struct lc_backfill_options backfill; /* how a lone MATERIALIZE COLUMN is done */
    const atomic_bool *cancel;           /* stop at the next safe point when true; NULL: never */
    struct lc_run_hooks hooks;
};

struct lc_up_report {
    unsigned applied; /* migrations done by this run (down: reverted) */
    unsigned skipped; /* already applied before */
    unsigned pending; /* still to do afterwards, because of to, steps or a dry run */
    unsigned planned; /* what this run was to do */
    unsigned amiss;   /* columns that were filled in, with rows that differ or parts that lack it */
    uint64_t ms;
};

/*
 * Apply what is pending. 0 with *report filled, also when there was nothing to do; else what was
 * done until then is in *report, and:
 *   LC_ERR_REFUSED  before any change: an applied file was edited, a function is missing or answers
 *                   wrongly, the tracking table is another tool's, a statement is unsafe
 *   LC_ERR_INPUT    a file or its name is not what it should be
 *   LC_ERR_SERVER   a statement failed; recorded, the next run resumes there
 *   LC_ERR_LOCKED   the lock is held by somebody else
 *   LC_ERR_UNKNOWN  a statement that must not be sent twice lost its answer
 *   LC_ERR_STOPPED  *cancel became true; resumable
 */
int lc_runner_up(struct lc_backend *b, const struct lc_up_options *options,
                 struct lc_up_report *report, struct lc_error *err);

/* Revert, newest first, down to but without version `to`, or `steps` of them. As lc_runner_up. */
int lc_runner_down(struct lc_backend *b, const struct lc_up_options *options,
                   struct lc_up_report *report, struct lc_error *err);

#endif
