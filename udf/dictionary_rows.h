/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of key and attributes, in place of a codec's put and finish: what a dictionary takes.
 *
 * begin: a Native block of s->native.rows rows begins, whose key column has this name and type.
 * put: the n keys of s->batch, whose rules are in s->value. finish: the block is whole.
 * Each: 0, LC_ERR_NOMEM, or LC_ERR_INPUT (a damaged arena).
 */
#ifndef LC_UDF_DICTIONARY_ROWS_H
#define LC_UDF_DICTIONARY_ROWS_H
#include "udf/codec.h"

int lc_dictionary_rows_begin(struct lc_stream *s, struct lc_slice name, struct lc_slice type);
int lc_dictionary_rows_put(struct lc_stream *s, size_t n);
int lc_dictionary_rows_finish(struct lc_stream *s);

#endif
