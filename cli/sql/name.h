/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tables and columns, as a person types them. */
#ifndef LC_CLI_SQL_NAME_H
#define LC_CLI_SQL_NAME_H
#include "base/error.h"

/*
 * Take a table's name as a person writes it ("t", "db.t", "`odd.db`.t").
 * *database is NULL where none is named. Both are malloc'ed. 0, LC_ERR_USAGE, LC_ERR_NOMEM.
 */
int lc_table_name_parse(const char *text, char **database, char **table, struct lc_error *err);

/*
 * Take "table.column" or "database.table.column", names in backticks where they hold dots, apart
 * into malloc'ed names; the database may be missing. 0, LC_ERR_USAGE, LC_ERR_NOMEM.
 */
int lc_column_name_parse(const char *text, char **database, char **table, char **column,
                         struct lc_error *err);

#endif
