/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is every file applied, as it is, and nothing else recorded? One hash of the table's last rows tells, where reading
 * the rows takes several times as long: what a run asks first that most often has nothing to do.
 */
#ifndef LC_CLI_MIGRATE_TRACKING_DIGEST_H
#define LC_CLI_MIGRATE_TRACKING_DIGEST_H
#include "cli/migrate/files.h"
#include "cli/server/backend.h"

/*
 * *are: the table, of the engine MergeTree, says of each file, and of no other version, that it is applied with this
 * file's hash. False: that is not so, or could not be found out; the rows say more. 0; LC_ERR_STOPPED, LC_ERR_NOMEM.
 */
int lc_tracking_all_applied(struct lc_backend *b, const char *database, const char *table,
                            const struct lc_migrations *files, bool *are, struct lc_error *err);

#endif
