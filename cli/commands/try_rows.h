/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that a person gives livecol try: a file whose first line may name columns, and the INSERT. */
#ifndef LC_CLI_COMMANDS_TRY_ROWS_H
#define LC_CLI_COMMANDS_TRY_ROWS_H
#include "base/buf.h"
#include "base/error.h"
#include "cli/server/answer.h"
#include "cli/server/backend.h"

struct lc_try_rows {
    const char *file;                /* as the person wrote it */
    const char *path;                /* absolute */
    const char *database, *table;    /* where they go */
    const struct lc_answer *columns; /* of lc_sql_columns */
    struct lc_backend *engine;       /* where the INSERT will run */
};

/*
 * Is it a file that lc_try_rows_insert takes, by its name? 0; LC_ERR_USAGE with the names that it takes;
 * LC_ERR_IO where it is no file.
 */
int lc_try_rows_check(const char *file, struct lc_error *err);

/*
 * Append the INSERT … SELECT FROM file(). The columns that the file has are compared with the table's
 * first; semicolons, tabs and bars between the fields of a .csv are taken as they are. Text is read as
 * the types of the table's columns: left to guess, the engine takes 01234 for a number. 0; LC_ERR_INPUT
 * with the file, the line and what to do (no header, no such column, UTF-16, a byte order mark);
 * LC_ERR_IO, LC_ERR_NOMEM; of a file without a header also what the engine says of it.
 */
int lc_try_rows_insert(const struct lc_try_rows *r, struct lc_buf *sql, struct lc_error *err);

#endif
