/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another tool has applied, by its own table: goose_db_version, schema_migrations of dbmate and of
 * golang-migrate, _migrations of clickhouse-migrations. Read only: the table stays as it is.
 */
#ifndef LC_CLI_MIGRATE_HISTORY_H
#define LC_CLI_MIGRATE_HISTORY_H
#include "cli/migrate/files.h"
#include "cli/server/backend.h"

struct lc_history {
    const char *tool;   /* "goose"; static text */
    char *table;        /* its name, in the backend's database */
    uint64_t *versions; /* that are applied, ascending */
    size_t n;
};

/*
 * Find the one table of another tool in the backend's database (`table`: that one) and read it.
 * files: golang-migrate keeps the last version only, so all files up to it count as applied. 0;
 * LC_ERR_REFUSED where there is none, or several, or golang-migrate's is dirty, or a version's file is
 * not there; the failures of a query. Release it in any case.
 */
int lc_history_read(struct lc_history *h, struct lc_backend *b, const char *table,
                    const struct lc_migrations *files, struct lc_error *err);

/* Is this version among those that are applied? */
bool lc_history_has(const struct lc_history *h, uint64_t version);

void lc_history_release(struct lc_history *h);

#endif
