/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a backfill has to wait: the load of the server, measured about once a second, against
 * limits.
 *
 *   parts=300            active parts of the table
 *   mutations=5          unfinished mutations of the server, the backfill's own aside
 *   merges=8             merges that run, mutations aside
 *   queries=100          queries that run, this one aside
 *   replica_queue=1000   entries in the table's replication queue
 *   replica_delay=10     seconds by which the replica is behind ("10s" is understood too)
 *   p99=50ms             of a probe query, over its last 200 runs; 20 a second
 *
 * A value that reaches its limit makes the backfill wait (--max-load), or ends it
 * (--critical-load). A query whose first value is above 0, and a file that exists, make it wait
 * too. It waits while something cannot be measured, and says so.
 */
#ifndef LC_CLI_COLUMN_THROTTLE_H
#define LC_CLI_COLUMN_THROTTLE_H
#include "cli/server/backend.h"

#include <stdbool.h>

enum lc_metric {
    LC_METRIC_PARTS,
    LC_METRIC_MUTATIONS,
    LC_METRIC_MERGES,
    LC_METRIC_QUERIES,
    LC_METRIC_REPLICA_QUEUE,
    LC_METRIC_REPLICA_DELAY,
    LC_METRIC_P99,
    LC_METRICS
};

/* Limits; zeroed: none. */
struct lc_load_limits {
    bool given[LC_METRICS];
    double at[LC_METRICS]; /* counts, seconds, or for p99 milliseconds */
};

struct lc_throttle_options {
    struct lc_load_limits max, critical;
    const char *query; /* NULL: none; only its first row is asked for, and 5 s are given to it */
    const char *pause_file; /* NULL: none */
    const char *probe;      /* what p99 is of; NULL: ten values of the column */
};

struct lc_throttle;

enum lc_throttle_verdict { LC_THROTTLE_GO, LC_THROTTLE_WAIT, LC_THROTTLE_CRITICAL };

/*
 * Read "parts=300,p99=50ms" into *limits, whose other limits stay. 0, or LC_ERR_USAGE with what is
 * wrong and what there is.
 */
int lc_load_parse(struct lc_load_limits *limits, const char *text, struct lc_error *err);

/*
 * May this be a pause file (NULL: none)? 0, or LC_ERR_USAGE where its folder cannot be looked into:
 * one that can never be there, or be seen, would not stop the backfill that is to be paused.
 */
int lc_pause_file_check(const char *path, struct lc_error *err);

/* The settings as one line, "max load: active parts 300, probe p99 50 ms"; "none" where there are
 * none. */
void lc_throttle_describe(const struct lc_throttle_options *o, char *out, size_t size);

/* Ask the throttle query once, where there is one: 0, LC_ERR_USAGE, the failures of a query. */
int lc_throttle_try(const struct lc_throttle_options *o, struct lc_backend *b,
                    struct lc_error *err);

/*
 * Begin, for a column of a table; the options and names are the caller's and live on. Tries each
 * measure once, so that a wrong throttle query fails here: 0 and *out, or LC_ERR_USAGE, the
 * failures of a query.
 */
int lc_throttle_open(struct lc_throttle **out, struct lc_backend *b,
                     const struct lc_throttle_options *o, const char *database, const char *table,
                     const char *column, struct lc_error *err);

/*
 * Look, at most once a second: in between, the last verdict holds. own_mutations is how many
 * unfinished mutations are the backfill's. *why, NULL where it goes, names what it waits for,
 * "active parts 310 ≥ 300"; it lives until the next look. A measure that fails is a reason to wait.
 */
enum lc_throttle_verdict lc_throttle_look(struct lc_throttle *t, unsigned own_mutations,
                                          const char **why);

/* End; NULL is fine. */
void lc_throttle_free(struct lc_throttle *t);

#endif
