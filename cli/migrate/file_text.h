/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of one migration file: read, hashed, split, and its statements taken into the migration.
 * Private to cli/migrate/file*.c and variables.c.
 */
#ifndef LC_CLI_MIGRATE_FILE_TEXT_H
#define LC_CLI_MIGRATE_FILE_TEXT_H
#include "cli/migrate/file_name.h"
#include "cli/migrate/migration.h"

/*
 * Read f->path into f, and its statements into m, of which f is that part. A file that cannot be read,
 * and what is wrong in its text, become problems. 0 or LC_ERR_NOMEM.
 */
int lc_file_load(struct lc_migration *m, struct lc_migration_file *f, enum lc_file_part part,
                 struct lc_problems *problems);

/*
 * What looks right and does not do what it says, since livecol sends each statement by itself, so that there is
 * no session for it to act on, becomes a problem. 0 or LC_ERR_NOMEM.
 */
int lc_file_check_statement(const struct lc_migration_stmt *s, const char *path,
                            struct lc_problems *problems);

#endif
