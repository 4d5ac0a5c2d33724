/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Narrow keys: a function is given what its rules look at, and no more.
 *
 *   region_v1(user_id)                               every key goes through the pipe
 *   region_v1(toLowCardinality(left(user_id, 2)))    each different cut key of a block, once
 *
 * A server runs a function on the dictionary of a LowCardinality argument alone. Where a block has few
 * different cut keys, the pipe is nearly empty; where they stay different, the dictionary is a loss.
 *
 * `left` counts bytes, as rules do. Rules of the longest key N answer alike for the first N bytes of a
 * key and for all of it (suffix rules: the last N, `right`); rules of a longer key do not. So a DEFAULT of this form fits one length of
 * rules: whoever puts another function in, or compares with a rules file, asks lc_narrow_fits first.
 */
#ifndef LC_CLI_COLUMN_NARROW_KEY_H
#define LC_CLI_COLUMN_NARROW_KEY_H
#include "cli/column/column.h"
#include "udf/rules/ruleset.h"

/* What rules look at: the first `bytes` of a key, or with `end` the last; bytes 0: all of it. */
struct lc_narrow {
    uint32_t bytes;
    bool end;
};

/*
 * What may be cut off for these rules. 0; LC_ERR_REFUSED with the reason, where a key that is cut or
 * put into a dictionary gains nothing, or nothing is known of the kind.
 */
int lc_narrow_of(const struct lc_rules *rules, struct lc_narrow *narrow, struct lc_error *err);

/* An argument of this form, taken apart: *key is a part of it. False: it is of another form. */
bool lc_narrow_read(const char *argument, struct lc_slice *key, struct lc_narrow *narrow);

/*
 * Does the argument keep what the rules look at? 0, also where it is of another form;
 * LC_ERR_REFUSED, naming the rules by `path`.
 */
int lc_narrow_fits(const char *argument, const struct lc_rules *rules, const char *path,
                   struct lc_error *err);

/*
 * Append the expression with the argument of its one call in the narrow form; narrow NULL: in no
 * such form. One that is narrow already is taken apart first. *d holds the expression (d->expr) and
 * its calls (lc_column_read_calls). 0; LC_ERR_REFUSED where there is not one call of a function with
 * one argument; the failures of a query.
 */
int lc_narrow_expression(const struct lc_column *d, const struct lc_narrow *narrow,
                         struct lc_buf *out, struct lc_error *err);

/* Both forms over the same rows: the shortest of several times each, by turns. */
struct lc_narrow_times {
    uint64_t rows;     /* 0: the table has none, and nothing was timed */
    uint64_t whole_ns; /* of the expression d->expr */
    uint64_t narrow_ns;
    double distinct; /* different cut keys in 8,192 rows, of which a function gets one call */
};

/*
 * Time them, over up to a million of the table's rows. 0; LC_ERR_REFUSED where the server takes one of
 * them and not the other; LC_ERR_STOPPED; the failures of a query.
 */
int lc_narrow_measure(const struct lc_column *d, const char *narrow_expr, const atomic_bool *cancel,
                      struct lc_narrow_times *times, struct lc_error *err);

/* Is the narrow form proven to be the faster one, by more than such times vary? */
bool lc_narrow_pays(const struct lc_narrow_times *times);

#endif
