/* SPDX-License-Identifier: Apache-2.0 */
/* What a run tells while it goes on. */
#ifndef LC_CLI_MIGRATE_EVENT_H
#define LC_CLI_MIGRATE_EVENT_H
#include "base/error.h"
#include "cli/server/mutation.h"
#include "cli/sql/settings.h"
#include "cli/sql/statement.h"

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
    const struct lc_sql_settings *settings; /* that go with it; NULL where stmt is 0 */
    const struct lc_stmt *parsed;           /* what the statement is; NULL where stmt is 0 */
    const struct lc_mutation_progress *progress;
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

#endif
