/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people ask of a derived column: the default statements of bench query.
 */
#ifndef LC_BENCH_MEASURE_COLUMN_QUERIES_H
#define LC_BENCH_MEASURE_COLUMN_QUERIES_H
#include "cli/server/backend.h"

enum { LC_COLUMN_QUERIES = 5 };

struct lc_column_queries {
    const char *names[LC_COLUMN_QUERIES]; /* static text */
    char *sql[LC_COLUMN_QUERIES];         /* malloc'ed */
    uint64_t rows;                        /* in the table */
};

/*
 * Make them for "database.table.column": a point read by the primary key, LIMIT 10, GROUP BY the
 * column, a filter on it, one whole row. The key and the value are those of a row in the table's
 * middle. 0; LC_ERR_USAGE where the name has not three parts; LC_ERR_FOUND where there is no such
 * column, or no row; or the failure of a query. To be released in every case.
 */
int lc_column_queries_make(struct lc_column_queries *q, struct lc_backend *b, const char *name,
                           struct lc_error *err);
void lc_column_queries_release(struct lc_column_queries *q);

#endif
