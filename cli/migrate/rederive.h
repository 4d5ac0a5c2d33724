/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-derive: rows that hold what an old function answered come to hold what a new one answers,
 * without a moment in which a reader sees neither.
 *
 *   ALTER TABLE t MODIFY COLUMN c DEFAULT f_new(k);              from here on, INSERTs store f_new
 *   -- migrate:rederive
 *   ALTER TABLE t UPDATE c = f_new(k) WHERE c = f_old(k) AND c != f_new(k);
 *
 * The second statement is run so:
 *
 *   wait for the INSERTs that run when it begins: those that began before the DEFAULT was changed
 *        │                                         may still store f_old
 *        ▼
 *   count the rows that the WHERE takes, by partition ── none ──► done
 *        ▼
 *   the UPDATE, IN PARTITION ID, for as many partitions as a mutation takes; wait for it; again
 *
 * Columns that are derived from c, and columns derived from those, are assigned in the same UPDATE
 * (readers.h), so that a row is old or new as a whole.
 *
 * Rows whose value is not f_old's are not touched: values that were given stay, unless they happen
 * to be what f_old answers. Everything here may be done again, so a run that was killed begins
 * anew.
 *
 * Of a MATERIALIZED column the second statement is ALTER TABLE t MATERIALIZE COLUMN c: it has no
 * values that were given, and the rows are those that differ from its expression.
 */
#ifndef LC_CLI_MIGRATE_REDERIVE_H
#define LC_CLI_MIGRATE_REDERIVE_H
#include "cli/column/preflight.h"
#include "cli/migrate/submit.h"

/*
 * May the statement be run so, and would it work? Looked at before anything is changed. 0;
 * LC_ERR_INPUT where it is not one UPDATE with a WHERE, or has a partition of its own;
 * LC_ERR_REFUSED where a function is missing or does not answer, where the WHERE looks for a
 * function that the DEFAULT does not call, where what reads the column cannot be brought along
 * (unless d->allow_unsafe), or where the server refuses functions in the UPDATE of a replicated
 * table; the failures of a query.
 */
int lc_rederive_check(struct lc_preflight *d, const struct lc_plan_stmt *stmt,
                      struct lc_error *err);

/*
 * Run it, to its end. query_id begins the ids of what is sent. 0; LC_ERR_FOUND where rows keep
 * coming that the WHERE takes; LC_ERR_STOPPED; else as lc_submit_run.
 */
int lc_rederive_run(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                    const char *query_id, struct lc_error *err);

/* The column that the statement re-derives, malloc'ed; NULL where it is no such statement. */
char *lc_rederive_column(const struct lc_plan_stmt *stmt);

#endif
