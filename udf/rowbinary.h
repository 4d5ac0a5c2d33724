/* SPDX-License-Identifier: Apache-2.0 */
/* RowBinary: the codec, and what dictionaries put out in it. */
#ifndef LC_UDF_ROWBINARY_H
#define LC_UDF_ROWBINARY_H
#include "udf/codec.h"

extern const struct lc_codec lc_codec_rowbinary;

/* Encode one value of s->result. 0, LC_ERR_NOMEM, or LC_ERR_INPUT (a damaged arena). */
int lc_put_binary(struct lc_stream *s, uint32_t value);

#endif
