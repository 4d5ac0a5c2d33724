/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a change on a cluster: does the statement reach every host that has the table, and which
 * Distributed and Buffer tables over it are left without its new column?
 */
#ifndef LC_CLI_MIGRATE_CLUSTER_CHECK_H
#define LC_CLI_MIGRATE_CLUSTER_CHECK_H
#include "cli/migrate/plan.h"
#include "cli/server/cluster.h"
#include "cli/sql/statement.h"

/*
 * An ALTER without ON CLUSTER changes the server that is asked, and the replicas of its table. 0;
 * LC_ERR_REFUSED with a host that has the table and is not reached; the failures of a query.
 */
int lc_cluster_check_reach(const struct lc_cluster *c, const struct lc_abilities *facts,
                           const struct lc_stmt *s, struct lc_error *err);

/* A table over the target, on a host. */
struct lc_answer_over {
    const char *host; /* "" where there is no cluster */
    const char *database, *name, *engine;
    const char *column; /* NULL: it has every new column, or gets them by the plan; or is a view */
    bool bare;          /* it has column, or gets it, but without the DEFAULT that the target has */
    bool stale; /* it has the column's old DEFAULT, and keeps it where the target gets a new one */
};

/*
 * Call `found` for each view, Buffer and Distributed table that reads or writes the table which the
 * ALTER changes; the same table on several hosts is told once. plan may be NULL. 0 or the failures
 * of a query.
 */
int lc_tables_over(const struct lc_cluster *c, const struct lc_stmt *s, const struct lc_plan *plan,
                   void (*found)(void *ctx, const struct lc_answer_over *t), void *ctx,
                   struct lc_error *err);

/*
 * What is wrong with the tables over the target of an ADD COLUMN or MODIFY COLUMN; code 0: nothing.
 *
 *   bare    a Buffer or Distributed table has the column, or gets it, without the DEFAULT of the
 *           one below: INSERTs through it that leave the column out would store an empty value,
 *           which the table below takes as given (18.16; Buffer in 26.7 too)
 *   stale   the same of a new DEFAULT: INSERTs through it go on storing what the old one gives
 *   lacks   such tables get no such column: they go on, but who reads through them does not see it
 */
struct lc_over {
    struct lc_error bare, stale, lacks;
};

/* 0 or the failures of a query. plan may be NULL. */
int lc_over_look(const struct lc_cluster *c, const struct lc_stmt *s, const struct lc_plan *plan,
                 struct lc_over *o, struct lc_error *err);

/* LC_ERR_REFUSED where up refuses that: a bare or stale one, and with strict one that lacks it; else 0. */
int lc_over_refuse(const struct lc_over *o, bool strict, bool allow_unsafe, struct lc_error *err);

#endif
