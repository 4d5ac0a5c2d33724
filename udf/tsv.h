/* SPDX-License-Identifier: Apache-2.0 */
/* TabSeparated: the codec, and what dictionaries put out in it. */
#ifndef LC_UDF_TSV_H
#define LC_UDF_TSV_H
#include "udf/codec.h"

extern const struct lc_codec lc_codec_tsv;

/* Encode one value of s->result as a field. 0, LC_ERR_NOMEM. */
int lc_put_field(struct lc_stream *s, uint32_t value);

/* Append bytes as a field. 0, LC_ERR_NOMEM. */
int lc_put_escaped(struct lc_buf *out, struct lc_slice v);

#endif
