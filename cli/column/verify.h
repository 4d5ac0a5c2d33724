/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verify: does every row hold what the column's expression says, and does every part store it?
 *
 * Only the column and what the expression reads are read. A sample is whole granules (8,192 rows),
 * chosen at random for each run; the others are not read at all.
 *
 * What differs is not always wrong: a row whose value was given in its INSERT keeps it, and nothing
 * in a table tells such a value from one that is out of date.
 */
#ifndef LC_CLI_COLUMN_VERIFY_H
#define LC_CLI_COLUMN_VERIFY_H
#include "cli/column/column.h"

#include <stdatomic.h>
#include <stdint.h>

/* All zeroes: against the column's own expression, a sample sized to about ten seconds. */
struct lc_verify_options {
    const char *against;       /* SQL over the table's columns; NULL: the column's expression */
    double sample;             /* 0 < sample ≤ 1: of the rows; 0: sized by budget_ms */
    bool full;                 /* all rows */
    unsigned budget_ms;        /* 0: 10,000 */
    const atomic_bool *cancel; /* NULL: never */
};

struct lc_verify_partition {
    char *id; /* partition_id; "all" where the table has no partitions */
    uint64_t rows, checked, differ;
    uint64_t parts, parts_lacking, rows_lacking; /* lacking: the part does not store the column */
};

struct lc_verify {
    struct lc_verify_partition *v; /* by id */
    size_t n;
    struct lc_verify_partition sum; /* id NULL */
    double share;                   /* of the rows that were looked at; 1: all */
    const char *against;            /* the expression; the caller's, or the column's */
    struct lc_answer examples;      /* the first rows that differ: its columns are below */
    char **key_names;
    size_t keys_n;
};

#define LC_VERIFY_EXAMPLES 10

/* The columns of the examples: the partition's id, keys_n keys from there on, and two values. */
enum { LC_VERIFY_PARTITION, LC_VERIFY_KEYS };
static inline size_t lc_verify_stored(const struct lc_verify *v)
{
    return LC_VERIFY_KEYS + v->keys_n;
}
static inline size_t lc_verify_computed(const struct lc_verify *v)
{
    return LC_VERIFY_KEYS + v->keys_n + 1;
}

/*
 * Verify. 0 with *out filled, whatever was found; LC_ERR_REFUSED where there is nothing to compare
 * with: no expression, or one that answers differently each time; LC_ERR_STOPPED; the failures of a
 * query. Release *out in any case.
 */
int lc_verify(struct lc_verify *out, const struct lc_column *d, const struct lc_verify_options *o,
              struct lc_error *err);

/* Is everything right? No row differs, and every part stores the column. */
bool lc_verify_is_clean(const struct lc_verify *v);

void lc_verify_release(struct lc_verify *v);

/*
 * What was found, as one line: "131072 of 20000000 rows, a sample: 0 differ from
 * region_v1(user_id); every part stores it".
 */
void lc_verify_line(char *out, size_t size, const struct lc_verify *v);

/* An example as one line: "user_id 'u1_001', stored 'x', computed 'us-east', partition 202601". */
void lc_verify_example(char *out, size_t size, const struct lc_verify *v, size_t i);

#endif
