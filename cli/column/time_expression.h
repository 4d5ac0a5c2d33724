/* SPDX-License-Identifier: Apache-2.0 */
/* How long a server takes to compute an expression over a table's own rows. Nothing is written. */
#ifndef LC_CLI_COLUMN_TIME_EXPRESSION_H
#define LC_CLI_COLUMN_TIME_EXPRESSION_H
#include "cli/column/column.h"

/* What is timed. Zeroed fields take their defaults. */
struct lc_time_request {
    uint64_t rows;       /* the first so many; 0: a million */
    unsigned block_rows; /* rows a block at most; 0: the server's own (about 65,000) */
    unsigned threads;    /* 0: 1, so that the time is the work */
    const atomic_bool *cancel;
};

/*
 * The rows of the table that such a request reads: *rows. 0 or the failures of a query.
 */
int lc_time_rows(const struct lc_column *d, const struct lc_time_request *q, uint64_t *rows,
                 struct lc_error *err);

/*
 * Compute the expression (NULL: none, to know what reading alone takes) over the rows, once: *ns, as
 * seen from here. 0, LC_ERR_STOPPED, the failures of a query.
 */
int lc_time_once(const struct lc_column *d, const char *expr, const struct lc_time_request *q,
                 uint64_t *ns, struct lc_error *err);

/*
 * Compute n expressions `rounds` times, by turns: best[i] is the shortest time of exprs[i], in ns. 0
 * or as lc_time_once.
 */
int lc_time_by_turns(const struct lc_column *d, const char *const *exprs, size_t n, unsigned rounds,
                     const struct lc_time_request *q, uint64_t *best, struct lc_error *err);

#endif
