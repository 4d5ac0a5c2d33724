/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an expression answer for every value that its columns may hold, not only for those they hold?
 *
 * The edges of each input column's type (edge_values.h) go through the whole expression, on every host:
 * one column at a time, the others at their first value. What fails there would fail an INSERT one
 * day (70: -1 for UInt64, 349: NULL for String, 407 …). And a key that the server changes on its way
 * into the function's argument type is no key: a fraction that is cut, a negative number that comes out
 * as 2^64 - n, an array that becomes its text.
 */
#ifndef LC_CLI_COLUMN_DOMAIN_H
#define LC_CLI_COLUMN_DOMAIN_H
#include "cli/server/cluster.h"

enum { LC_DOMAIN_COLUMNS = 16 };

struct lc_domain {
    const struct lc_cluster *cluster;
    bool types_known; /* system.user_defined_functions says what a function takes */
    const char *expr; /* the whole expression */
    struct {
        const char *name, *type; /* what it reads */
    } columns[LC_DOMAIN_COLUMNS];
    size_t n;
    void (*say)(void *ctx, bool warning, const char *text);
    void *ctx;
};

/*
 * 0, also where no values of the types can be made, which is said; LC_ERR_REFUSED with the value
 * and, as the hint, an expression or an argument type for which all of them pass; the failures of a
 * query that are none of the expression's.
 */
int lc_domain_check(const struct lc_domain *d, struct lc_error *err);

#endif
