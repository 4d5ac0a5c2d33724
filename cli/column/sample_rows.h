/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an expression reads, of rows that a table has: asked of every host of a cluster, so that
 * hosts which agree on made-up rows, and not on these, are found before the change.
 */
#ifndef LC_CLI_COLUMN_SAMPLE_ROWS_H
#define LC_CLI_COLUMN_SAMPLE_ROWS_H
#include "cli/server/cluster.h"

enum { LC_SAMPLE_ROWS_COLUMNS = 16 };

struct lc_sample_rows {
    struct {
        const char *name, *type; /* the caller's */
        char alias[32];          /* what the expression calls it; "": its name */
    } columns[LC_SAMPLE_ROWS_COLUMNS];
    size_t n;              /* columns; 0: nothing is known of its rows */
    struct lc_answer rows; /* their values as text, different rows, none with a NULL */
};

/*
 * Read up to 1,000 different ones of the table's first 100,000 rows; columns and n are filled
 * before. 0 or the failures of a query. lc_answer_release frees the rows.
 */
int lc_sample_rows_read(struct lc_sample_rows *o, struct lc_backend *b, const char *database,
                        const char *table, struct lc_error *err);

/*
 * Evaluate the expression (NULL: their columns alone) over them on that host, as far as they fit
 * into a statement: *digest says which was answered how. 0 or the failures of a query, also where
 * a text is no value of its type.
 */
int lc_sample_rows_digest(const struct lc_sample_rows *o, const struct lc_cluster *c, size_t host,
                          const char *expr, uint64_t *digest, struct lc_error *err);

#endif
