/* SPDX-License-Identifier: Apache-2.0 */
/* How long an expression takes over a table's own rows, by a timed sample. */
#ifndef LC_CLI_COLUMN_ESTIMATE_H
#define LC_CLI_COLUMN_ESTIMATE_H
#include "cli/server/backend.h"

/* A column that a mutation stores. */
struct lc_estimated {
    const char *database, *table, *type, *expr;
    double parts; /* that one mutation rewrites; at most so many threads compute it */
};

struct lc_estimate {
    double rows_per_s;      /* on as many threads as the mutation has; 0: not known */
    double part_rows_per_s; /* of one part, which is computed on one thread; 0: not known */
    double bytes_per_row;   /* mean size of the values before compression; 0: not known */
};

/*
 * What a mutation does: compute the values on as many threads as it will have, bring them to the column's
 * type, and write them. Reading the table from a cold disk, and the server's other work, come on top.
 */
struct lc_estimate lc_estimate_mutation(struct lc_backend *b, const struct lc_estimated *what);

/*
 * How long so many rows take, of which the largest part has `largest`, with the server's wait before it begins; 0: not known. In ms.
 */
double lc_estimate_ms(const struct lc_estimate *e, double rows, double largest);

/*
 * Nanoseconds a row that a reader pays for the expression while no part stores it, on one thread, by a
 * sample; 0 where it cannot be measured.
 */
double lc_estimate_read_ns(struct lc_backend *b, const char *database, const char *table,
                           const char *expr);

#endif
