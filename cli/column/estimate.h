/* SPDX-License-Identifier: Apache-2.0 */
/* How long an expression takes over a table's own rows, by a timed sample. */
#ifndef LC_CLI_COLUMN_ESTIMATE_H
#define LC_CLI_COLUMN_ESTIMATE_H
#include "cli/server/backend.h"

/* A column that a mutation stores. */
struct lc_estimated {
    const char *database, *table, *type, *expr;
    double parts; /* how many parts of the usual size the mutation can work on at a time, at most */
};

struct lc_estimate {
    double rows_per_s;    /* 0: not known */
    double bytes_per_row; /* mean size of the values before compression; 0: not known */
    unsigned threads;     /* that the rate is of; one part is computed on one */
};

/*
 * What a mutation does: compute the values on as many threads as it will have, bring them to the column's
 * type, and write them. Reading the table from a cold disk, and the server's other work, come on top.
 */
struct lc_estimate lc_estimate_mutation(struct lc_backend *b, const struct lc_estimated *what);

/*
 * Nanoseconds a row that a reader pays for the expression while no part stores it, on one thread, by a
 * sample; 0 where it cannot be measured.
 */
double lc_estimate_read_ns(struct lc_backend *b, const char *database, const char *table,
                           const char *expr);

#endif
