/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another tool has applied, by its own table: goose_db_version, schema_migrations of dbmate and of
 * golang-migrate, _migrations of clickhouse-migrations. Read only: the table stays as it is.
 */
#ifndef LC_CLI_MIGRATE_HISTORY_H
#define LC_CLI_MIGRATE_HISTORY_H
#include "cli/migrate/files.h"
#include "cli/migrate/plan.h"
#include "cli/server/backend.h"

struct lc_history {
    const char *tool;   /* "goose"; static text */
    char *database;     /* of its table; NULL: the backend's */
    char *table;        /* its name */
    uint64_t *versions; /* that are applied, ascending */
    size_t n;
};

/*
 * Find the one table of another tool in the backend's database (`table`: that one, TABLE or DATABASE.TABLE) and read it.
 * files: golang-migrate keeps the last version only, so all files up to it count as applied. 0;
 * LC_ERR_REFUSED where there is none, or several, or golang-migrate's is dirty, or a version's file is
 * not there; the failures of a query. Release it in any case.
 */
int lc_history_read(struct lc_history *h, struct lc_backend *b, const char *table,
                    const struct lc_migrations *files, struct lc_error *err);

/*
 * Before the first run, which has no tracking table: does a table of another tool in the backend's database say that
 * what the plan would apply is applied? LC_ERR_REFUSED then; 0; the failures of a query.
 */
int lc_history_refuse_again(struct lc_backend *b, const struct lc_tracking *t,
                            const struct lc_migrations *files, const struct lc_plan *plan,
                            struct lc_error *err);

/* Is this version among those that are applied? */
bool lc_history_has(const struct lc_history *h, uint64_t version);

void lc_history_release(struct lc_history *h);

#endif
