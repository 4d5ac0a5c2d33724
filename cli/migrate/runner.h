/* SPDX-License-Identifier: Apache-2.0 */
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
#ifndef LC_CLI_MIGRATE_RUNNER_H
#define LC_CLI_MIGRATE_RUNNER_H
#include "cli/migrate/run_options.h"
#include "cli/server/backend.h"

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
