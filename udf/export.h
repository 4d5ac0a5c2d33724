/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule set put out as the rows of a dictionary that is loaded whole: nothing comes in.
 *
 *   exact sets    key │ attributes                                          complex_key_hashed
 *   prefix sets   ^key │ id │ parent_id │ keys │ values │ attributes        regexp_tree
 *
 * The default of an exact set has no key and is left out: it is the null_value of each attribute.
 * Prefixes are put out as regular expressions, the longest first, with ids from 1 and no parents:
 * regexp_tree takes the first that matches. `keys` and `values` are Array(String): the attributes'
 * names and values again, since that is where this layout looks for them.
 *   https://clickhouse.com/docs/sql-reference/statements/create/dictionary/layouts/regexp-tree
 * Ranges and buckets have no such form.
 */
#ifndef LC_UDF_EXPORT_H
#define LC_UDF_EXPORT_H
#include "udf/stream.h"

struct lc_export;

/*
 * Start. `key` names the key column in Native; `name` is the rules file's name. The results, none
 * of LowCardinality, must outlive it. 0; LC_ERR_USAGE (a kind that has no such form); LC_ERR_INPUT
 * (a value that regexp_tree would take for a reference to a group: "\1", "$1"); LC_ERR_NOMEM.
 */
int lc_export_new(struct lc_export **out, const struct lc_column_type *results, unsigned n,
                  enum lc_format format, const char *key, const char *name, struct lc_error *err);

/*
 * Can regexp_tree give this attribute's values as they are? 0; LC_ERR_INPUT, with the line: one
 * would be taken for a reference to a group.
 */
int lc_export_check_values(const struct lc_rules *rules, unsigned attribute, const char *name,
                           struct lc_error *err);

/* Free it; NULL is fine. */
void lc_export_free(struct lc_export *w);

/*
 * The next bytes, valid until the next call. 1; 0 when all is put out; LC_ERR_INPUT (a damaged
 * arena), LC_ERR_NOMEM.
 */
int lc_export_next(struct lc_export *w, struct lc_slice *bytes, struct lc_error *err);

#endif
