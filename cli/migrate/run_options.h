/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is to do, and what it has done. */
#ifndef LC_CLI_MIGRATE_RUN_OPTIONS_H
#define LC_CLI_MIGRATE_RUN_OPTIONS_H
#include "base/strings.h"
#include "cli/column/backfill.h"
#include "cli/migrate/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What to do, and how. All zeroes: everything pending in ./migrations, with the checks on. */
struct lc_up_options {
    const char *format;         /* lc_migrations_force; NULL: found from the files */
    const char *migrations_dir; /* NULL: "migrations" */
    const char *table;   /* tracking table, "name" or "database.name"; NULL: schema_migrations */
    const char *cluster; /* check, wait for and lock on all hosts of it; NULL: the server alone */
    uint64_t to;         /* up: the last version to apply; down: the one that stays */
    uint64_t only;       /* up: this version alone, out of order or not; 0: all that are pending */
    bool to_given;       /* false: up applies all, down reverts `steps` */
    unsigned steps;      /* at most so many migrations; 0: all (down without `to`: 1) */
    bool dry_run;        /* check everything, change nothing */
    bool strict;         /* a gap or an applied version without its file is refused */
    bool allow_missing;  /* apply a version below one that is applied */
    bool allow_unsafe;   /* run what is destructive or breaks readers */
    bool keep_columns;   /* ADD COLUMN IF NOT EXISTS may keep another column */
    bool allow_degraded; /* leave out hosts of the cluster that do not answer */
    bool no_verify;      /* do not look at what a MATERIALIZE COLUMN has stored */
    struct lc_strings settings;    /* "name=value": sent with every statement of a migration */
    struct lc_strings vars;        /* "name=value": see variables.h */
    struct lc_strings secret_vars; /* names whose values are not recorded */
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
    unsigned wrong;   /* columns that were filled in, with rows that differ or parts that lack it */
    unsigned unverified; /* migrations applied, whose columns a stop kept from being looked at */
    uint64_t ms;
};

#endif
