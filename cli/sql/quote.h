/*
 * SQL text made safely: the two placeholders of sql/, and the two quotings behind them.
 *
 *   {id:x}   a backtick-quoted identifier      {str:x}   a single-quoted string
 *
 * A statement of sql/ has no other way to take a value in, so a hostile name cannot leave its
 * quotes. Escapes: https://clickhouse.com/docs/sql-reference/syntax
 */
#ifndef LC_CLI_SQL_QUOTE_H
#define LC_CLI_SQL_QUOTE_H
#include "base/buf.h"
#include "base/error.h"

/* A value for the placeholders named `name`. */
struct lc_sql_arg {
    const char *name;
    const char *value;
};

/* Append `value` as an identifier in backticks / as a string in single quotes. 0, LC_ERR_NOMEM. */
int lc_sql_add_id(struct lc_buf *b, const char *value);
int lc_sql_add_str(struct lc_buf *b, const char *value);
/* n bytes, any of them, as a string. 0, LC_ERR_NOMEM. */
int lc_sql_add_bytes(struct lc_buf *b, const void *p, size_t n);

/* How many bytes lc_sql_add_bytes would append. */
size_t lc_sql_bytes_size(const void *p, size_t n);

/*
 * Append the template with every placeholder replaced; args end with name NULL. 0, LC_ERR_NOMEM,
 * or LC_ERR_USAGE where a placeholder has no argument or is none of the two kinds.
 */
int lc_sql_format(struct lc_buf *b, const char *template_sql, const struct lc_sql_arg *args,
                  struct lc_error *err);

#endif
