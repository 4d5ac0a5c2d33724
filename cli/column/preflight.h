/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a change: do the functions that a DEFAULT calls exist, and do they answer?
 *
 * A DEFAULT that calls a function makes the function a live dependency of the table: where it is
 * missing or fails, every INSERT without the column fails, every ALTER, and merges. So each such
 * expression is evaluated over rows first: over made-up ones, and over some of the table's own.
 * With a cluster every host is asked, and their answers to the made-up rows are compared.
 * (Over constants the server would fold the call on the host that was asked, which proves nothing.)
 */
#ifndef LC_CLI_COLUMN_PREFLIGHT_H
#define LC_CLI_COLUMN_PREFLIGHT_H
#include "cli/column/preflight_state.h"

/*
 * Try every DEFAULT, MATERIALIZED or ALIAS expression of an ALTER or CREATE TABLE. With `now` the
 * statement is about to be sent: nothing that it needs may be missing any more. 0; LC_ERR_REFUSED
 * with what to do; the failures of a query.
 */
int lc_preflight_check(struct lc_preflight *d, const struct lc_stmt *stmt, bool now,
                       struct lc_error *err);

/* A column that is there, by its names, and what it is. */
struct lc_preflight_column {
    const char *database, *table, *column; /* unquoted */
    const char *type, *kind, *expr;        /* as the server has them */
};

/*
 * The same for such a column: its expression is tried as an ALTER to the same one would be. As
 * lc_preflight_check; LC_ERR_INPUT where the expression cannot be read.
 */
int lc_preflight_check_column(struct lc_preflight *d, const struct lc_preflight_column *c,
                              struct lc_error *err);

/* Before that: do the tables let the statement be run at all? As lc_schema_check. */
int lc_preflight_check_tables(struct lc_preflight *d, const struct lc_stmt *stmt, bool sent,
                              struct lc_error *err);

/*
 * Does the engine of its table take the statement at all? Over the tables as they will be by then. As
 * lc_engine_check.
 */
int lc_preflight_engine(struct lc_preflight *d, const struct lc_stmt *stmt, struct lc_error *err);

/*
 * Note what the statement will do, for the checks of those after it. may_be_done: an earlier run has sent it,
 * and nothing is known of what it has done and will do. 0 or a query's failures.
 */
int lc_preflight_note(struct lc_preflight *d, const struct lc_stmt *stmt, bool may_be_done,
                      struct lc_error *err);

/* Nothing is claimed of this table: livecol makes it by itself. 0 or a query's failures. */
int lc_preflight_leave(struct lc_preflight *d, const char *database, const char *table,
                       struct lc_error *err);

/* Was a CREATE of this function noted? */
bool lc_preflight_makes(const struct lc_preflight *d, const char *function);

/* Free what was noted. */
void lc_preflight_release(struct lc_preflight *d);

#endif
