/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that a person gives livecol try: a file whose first line may name columns, and the INSERT. */
#ifndef LC_CLI_COMMANDS_TRY_ROWS_H
#define LC_CLI_COMMANDS_TRY_ROWS_H
#include "base/buf.h"
#include "base/error.h"
#include "cli/server/answer.h"

struct lc_try_rows {
    const char *file;                /* as the person wrote it */
    const char *path;                /* absolute */
    const char *database, *table;    /* where they go */
    const struct lc_answer *columns; /* of lc_sql_columns */
};

/*
 * Append the INSERT … SELECT FROM file(). Of .csv and .tsv the header is compared with the table first:
 * semicolons, tabs and bars between fields are taken as they are. 0; LC_ERR_INPUT with the file, the
 * line and what to do (no header, no such column, UTF-16, a byte order mark); LC_ERR_IO, LC_ERR_NOMEM.
 */
int lc_try_rows_insert(const struct lc_try_rows *r, struct lc_buf *sql, struct lc_error *err);

#endif
