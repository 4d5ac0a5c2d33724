/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text made safely: the statements of sql/, their three placeholders, and the two quotings behind
 * them.
 *
 *   {id:x}   a backtick-quoted identifier      {str:x}   a single-quoted string
 *   {num:x}  an integer: digits, with a minus before them or not; another value is refused
 *
 * A statement of sql/ has no other way to take a value in, so a hostile name cannot leave its
 * quotes. Escapes: https://clickhouse.com/docs/sql-reference/syntax
 */
#ifndef LC_CLI_SQL_QUOTE_H
#define LC_CLI_SQL_QUOTE_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What the cells of a column are. */
enum lc_sql_kind {
    LC_SQL_TEXT,   /* a string or an enum */
    LC_SQL_KEY,    /* as that, another one in each row */
    LC_SQL_UINT,   /* an integer that is not negative, or NULL */
    LC_SQL_INT,    /* an integer, or NULL */
    LC_SQL_NUMBER, /* any number, or NULL */
};

/* How many rows a statement answers. */
enum lc_sql_rows {
    LC_SQL_ROWS_NONE, /* it answers nothing that is looked at */
    LC_SQL_ROWS_ANY,
    LC_SQL_ROWS_ONE,
    LC_SQL_ROWS_AT_MOST_ONE,
    LC_SQL_ROWS_UNKNOWN, /* and its columns differ between servers */
};

struct lc_sql_column {
    const char *name;
    enum lc_sql_kind kind;
};

/* A statement of sql/, with what it takes and what it promises; cmake/embed_sql.cmake makes it. */
struct lc_sql {
    const char *name;
    const char *text;
    const char *const *args;             /* ends with NULL */
    const struct lc_sql_column *columns; /* `width` of them */
    size_t width;
    enum lc_sql_rows rows;
    bool sealed; /* rows_n and row_sha256 come behind the columns: cli/server/answer_check.h */
};

/* A value for the placeholders named `name`. */
struct lc_sql_arg {
    const char *name;
    const char *value;
};

/* Append `value` as an identifier in backticks / as a string in single quotes. 0, LC_ERR_NOMEM. */
int lc_sql_add_id(struct lc_buf *b, const char *value);
int lc_sql_add_str(struct lc_buf *b, const char *value);
/* As a person would write it: bare where it may be, else in backticks. 0, LC_ERR_NOMEM. */
int lc_sql_add_name(struct lc_buf *b, const char *name);
/* n bytes, any of them, as a string. 0, LC_ERR_NOMEM. */
int lc_sql_add_bytes(struct lc_buf *b, const void *p, size_t n);

/* How many bytes lc_sql_add_bytes would append. */
size_t lc_sql_bytes_size(const void *p, size_t n);

/*
 * Append the statement with every placeholder replaced; args end with name NULL, or are NULL where
 * it takes none. 0, LC_ERR_NOMEM, or LC_ERR_USAGE where an argument is missing or is none of the
 * statement's, a placeholder is none of the three kinds, or the value of {num:x} is no integer.
 */
int lc_sql_format(struct lc_buf *b, const struct lc_sql *sql, const struct lc_sql_arg *args,
                  struct lc_error *err);

#endif
