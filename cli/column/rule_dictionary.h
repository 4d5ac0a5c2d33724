/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as a table, and a dictionary over it: for sets that one expression does not hold.
 *
 *   CREATE TABLE db.region_v1_rules (key String, region String) …    the rules but the default
 *   INSERT INTO db.region_v1_rules … VALUES (…), …;                   as many as they need
 *   CREATE DICTIONARY db.region_v1 … COMPLEX_KEY_HASHED, LIFETIME(0)  the default is the attribute's
 *
 *   exact   dictGet('db.region_v1', 'region', tuple(KEY))
 *   prefix  dictGetOrDefault('db.region_v1', 'region', tuple(left(KEY, 3)),     the longest first
 *             dictGet('db.region_v1', 'region', tuple(left(KEY, 2))))
 *
 * One dictionary serves all lengths: a key that is left(KEY, 3) is a prefix of KEY, however long it is.
 * A DEFAULT that reads a dictionary keeps it alive: the server refuses to drop it, and its table (630).
 */
#ifndef LC_CLI_COLUMN_RULE_DICTIONARY_H
#define LC_CLI_COLUMN_RULE_DICTIONARY_H
#include "base/buf.h"
#include "base/error.h"
#include "udf/rules/ruleset.h"

/* Texts are the caller's. */
struct lc_rule_dictionary {
    const char *database, *name; /* of the dictionary; its table is NAME_rules */
    const struct lc_rules *rules;
    uint32_t attribute;
    const char *type; /* of the column: String, an integer; LowCardinality or Nullable of these */
    bool converts;    /* the key is no string: toString(key) is looked up */
};

/*
 * Can it be written? 0; LC_ERR_REFUSED with the reason: ranges and buckets, a type that no attribute
 * has, too many lengths.
 */
int lc_rule_dictionary_check(const struct lc_rule_dictionary *d, struct lc_error *err);

/* Append CREATE TABLE, INSERTs of at most 100 KB, CREATE DICTIONARY; each ends with ";\n". 0, LC_ERR_NOMEM. */
int lc_rule_dictionary_create(const struct lc_rule_dictionary *d, struct lc_buf *out);

/* Append DROP DICTIONARY and DROP TABLE, each ends with ";\n". 0, LC_ERR_NOMEM. */
int lc_rule_dictionary_drop(const struct lc_rule_dictionary *d, struct lc_buf *out);

/* Append what a key gives. key_sql is SQL, and comes once a length. 0, LC_ERR_NOMEM. */
int lc_rule_dictionary_expression(const struct lc_rule_dictionary *d, const char *key_sql,
                                  struct lc_buf *out);

#endif
