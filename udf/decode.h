/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from the binary formats into the batch: what Native and RowBinary share. */
#ifndef LC_UDF_DECODE_H
#define LC_UDF_DECODE_H

#include "udf/codec.h"

/*
 * Decode up to `want` values of s->arg at s->at, as Native and RowBinary have them, into s->batch,
 * and use them up. nulls: a byte a value, 1 where it is NULL; may be NULL itself. How many, 0 where
 * the next is not whole yet, or LC_ERR_INPUT.
 */
int lc_decode_keys(struct lc_stream *s, size_t want, const uint8_t *nulls, struct lc_error *err);

/*
 * Read a String's length `byte` bytes past s->at, in row s->row + row: the bytes that it takes, 0
 * where more are needed, or LC_ERR_INPUT.
 */
int lc_decode_length(const struct lc_stream *s, size_t byte, size_t row, uint64_t *len,
                     struct lc_error *err);

#endif
