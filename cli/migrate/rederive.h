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
 *   in each partition that has some: the UPDATE, IN PARTITION ID; wait for its mutation; again
 *
 * Rows whose value is not f_old's are not touched: values that were given stay, unless they happen
 * to be what f_old answers. Everything here may be done again, so a run that was killed begins
 * anew.
 */
#ifndef LC_CLI_MIGRATE_REDERIVE_H
#define LC_CLI_MIGRATE_REDERIVE_H
#include "cli/column/preflight.h"
#include "cli/migrate/submit.h"

/*
 * May the statement be run so, and would it work? Looked at before anything is changed. 0;
 * LC_ERR_INPUT where it is not one UPDATE with a WHERE, or has a partition of its own;
 * LC_ERR_REFUSED where a function is missing or does not answer, or where the server refuses
 * functions in the UPDATE of a replicated table; the failures of a query.
 */
int lc_rederive_check(const struct lc_preflight *d, const struct lc_plan_stmt *stmt,
                      struct lc_error *err);

/*
 * Run it, to its end. query_id begins the ids of what is sent. 0; LC_ERR_FOUND where rows keep
 * coming that the WHERE takes; LC_ERR_STOPPED; else as lc_submit_run.
 */
int lc_rederive_run(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                    const char *query_id, struct lc_error *err);

#endif
