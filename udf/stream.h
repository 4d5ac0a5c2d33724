/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row's way: bytes of a block format in, bytes of a block format out.
 *
 *   lc_stream_space → (read into it) → lc_stream_feed → (write what is ready) → … → lc_stream_end
 *
 * Rows are decoded, matched and encoded as they arrive, a batch at a time; output becomes ready
 *   Native, or any format with chunk headers   when a block is whole;
 *   RowBinary and TabSeparated without them    after each feed, for every whole row in it.
 * Both buffers are kept and reused: nothing is allocated per row, nor per block once warm.
 *
 * On malformed input lc_stream_feed and lc_stream_end fail with the byte (from the start of the
 * stream) and the row (from 0), and the block that held it is never made ready.
 */
#ifndef LC_UDF_STREAM_H
#define LC_UDF_STREAM_H
#include "udf/argument.h"
#include "udf/column_type.h"
#include "udf/format.h"

struct lc_stream;

/*
 * Start a stream. `result` says what to answer and must outlive it. 0 or LC_ERR_NOMEM.
 */
int lc_stream_new(struct lc_stream **out, const struct lc_column_type *result,
                  enum lc_format format, bool chunk_header);

/*
 * Say what comes: the function's argument. Before the first feed; both must outlive the stream. Else
 * RowBinary and TabSeparated are taken to be of String, or for ranges of UInt64, and in Native each
 * block's header is believed. 0; LC_ERR_USAGE where rules of this kind, or the format, do not take it.
 */
int lc_stream_expect(struct lc_stream *s, const struct lc_argument *arg, const char *type,
                     struct lc_error *err);

/*
 * Start a stream that answers a dictionary: as many rows out as keys in, each the key itself and
 * then its value of each of the n `results`, in that order; in Native the columns have the key
 * column's own name and those of the attributes. Of no result the type is LowCardinality: a
 * dictionary has no such attribute. Else as lc_stream_new.
 */
int lc_stream_new_rows(struct lc_stream **out, const struct lc_column_type *results, unsigned n,
                       enum lc_format format, bool chunk_header);

/* Free it; NULL is fine. */
void lc_stream_free(struct lc_stream *s);

/* Offer room for that many bytes a read, at least 1, rather than 1 MiB: where inputs are small. */
void lc_stream_reads(struct lc_stream *s, size_t bytes);

/* Where to put the next bytes: *p has room for *n (1 MiB or more, or see lc_stream_reads). 0, or LC_ERR_NOMEM. */
int lc_stream_space(struct lc_stream *s, uint8_t **p, size_t *n, struct lc_error *err);

/* n bytes were put there: work on them. 0, LC_ERR_INPUT or LC_ERR_NOMEM; not to be fed after. */
int lc_stream_feed(struct lc_stream *s, size_t n, struct lc_error *err);

/* The input has ended. 0, or LC_ERR_INPUT where it ended inside a row or a block. */
int lc_stream_end(struct lc_stream *s, struct lc_error *err);

/* The bytes that are ready to be written, until the next call on s. */
struct lc_slice lc_stream_ready(const struct lc_stream *s);

/* They have been written: forget them. */
void lc_stream_written(struct lc_stream *s);

#endif
