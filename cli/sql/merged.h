/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What merges make of a column: where rows of one key become one row, whose value does the column keep?
 *
 *   ENGINE = SummingMergeTree ORDER BY (id, toYYYYMM(d))
 *
 *       id   KEY      every row that is merged has the same
 *       d    FIRST    that of the first row, for it is within the key
 *       s    FIRST    a String is not added up
 *       n    COMPUTED the sum
 *
 * As tried on 26.7. An engine that keeps whole rows (MergeTree, Replacing, Collapsing) has FIRST for all
 * of them: they are of one row. A TTL with GROUP BY computes what its SET names.
 */
#ifndef LC_CLI_SQL_MERGED_H
#define LC_CLI_SQL_MERGED_H

#include <stdbool.h>

enum lc_merged {
    LC_MERGED_KEY,
    LC_MERGED_FIRST,
    LC_MERGED_LAST,
    LC_MERGED_COMPUTED, /* of several rows: a sum, a maximum, the last that is not NULL */
    LC_MERGED_ADDED     /* the same, and equal values do not give that value: a sum */
};

/*
 * The storage is what a CREATE TABLE says from its engine's name on: "SummingMergeTree(n) ORDER BY k";
 * the type is the column's, as the server shows it.
 */
enum lc_merged lc_merged_column(const char *storage, const char *column, const char *type);

/* Where the storage begins in a CREATE TABLE; NULL: it has no ENGINE. */
const char *lc_merged_storage(const char *create);

/* Can merges of it make a row of several? False for a MergeTree without a TTL … GROUP BY, and the like. */
bool lc_merged_makes_rows(const char *storage);

#endif
