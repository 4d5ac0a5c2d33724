/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inline: free a column from the function that its DEFAULT calls, by a built-in expression that
 * answers alike, or by none. Once every part stores the column, nothing but INSERTs needs it.
 *
 * Where the function is gone already, every other ALTER of the table fails, and so do INSERTs
 * without the column; several such columns must be freed in ONE ALTER.
 */
#ifndef LC_CLI_COLUMN_REPLACE_DEFAULT_H
#define LC_CLI_COLUMN_REPLACE_DEFAULT_H
#include "cli/column/column.h"

/* What takes the place of the function: one of them, or neither to remove the expression. */
struct lc_replace_source {
    const char *rules;      /* a rules file */
    const char *dictionary; /* "name" or "database.name" */
    const char *attribute;  /* of either; NULL: the column's name, or the only one of the rules */
};

/*
 * Write the column's expression with what answers alike in the place of the function's call; the
 * rest of it stays. Fills d->calls. 0; LC_ERR_REFUSED where the rules are too many or of a kind that
 * cannot be written so, the attribute is unknown, or there is not one call of one argument;
 * LC_ERR_INPUT and LC_ERR_IO of a rules file; the failures of a query.
 */
int lc_replace_expression(struct lc_column *d, const struct lc_replace_source *source,
                          struct lc_buf *out, struct lc_error *err);

/* Rows in parts that do not store the column. 0 or the failures of a query. */
int lc_replace_lacking(const struct lc_column *d, uint64_t *rows, struct lc_error *err);

/*
 * Compare the expression with the column's own, over every distinct key of the table. 0 and *keys;
 * LC_ERR_REFUSED with a key for which they differ; LC_ERR_STOPPED; the failures of a
 * query.
 */
int lc_replace_compare(const struct lc_column *d, const char *expr, const atomic_bool *cancel,
                       uint64_t *keys, struct lc_error *err);

/* One column of an ALTER: its new expression, or NULL where it is to have none. */
struct lc_replace_change {
    const char *column;
    const char *type; /* written in front of an expression; NULL: it is left out */
    const char *kind; /* as it is: DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL */
    const char *expr;
};

/* Append one ALTER that does them all. 0, LC_ERR_NOMEM. */
int lc_replace_alter(struct lc_buf *sql, const char *database, const char *table,
                     const struct lc_replace_change *changes, size_t n);

/* Does the expression call the function? */
bool lc_replace_calls(const char *expr, const char *function);

#endif
