/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. A state machine over the bytes that come in. All that it needs to go on is in the
 * struct, so a feed may end in the middle of a header, a row or a number.
 *
 *             begin_block               end_block
 *   between ──────────────▶ in_block ──────────────▶ between
 *             chunk header,   │  ▲      codec->finish; `ready`
 *             codec->begin    └──┘      moves to the end of `out`
 *                       codec->rows, put:
 *                       a batch a time, until rows_left is 0
 *
 * RowBinary and TabSeparated without chunk headers have no blocks. Their first byte begins one
 * that never ends (rows_left is UINT64_MAX), and each feed makes ready what it encoded.
 */
#include "udf/stream.h"

#include "udf/dictionary_rows.h"
#include "udf/native.h"
#include "udf/rowbinary.h"
#include "udf/tsv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Room offered for a read, where nobody says otherwise: as much as an enlarged pipe holds. */
#define READ_BYTES ((size_t)1 << 20)
/* Buffers above this are given back after the block. */
#define KEEP_BYTES ((size_t)32 << 20)

/*
 * What goes out for each row, decided once. A Native column that begins with something that
 * only its last row settles (null bytes, a block's own dictionary) is kept until then. Up to
 * 256 values the whole dictionary goes ahead instead: then an index is one byte, and rows go
 * out as they come.
 */
static enum lc_emit choose_emit(const struct lc_column_type *res, enum lc_format format)
{
    if (format == LC_FORMAT_TSV)
        return LC_EMIT_TEXT;
    if (res->width && !res->nullable)
        return LC_EMIT_FIXED;
    if (format == LC_FORMAT_ROWBINARY)
        return res->nullable ? LC_EMIT_NULLABLE : LC_EMIT_STRING;
    if (res->low_cardinality && res->rules->attrs[res->attribute].values <= 256)
        return LC_EMIT_INDEX8;
    return res->low_cardinality || res->nullable ? LC_EMIT_LATER : LC_EMIT_STRING;
}

int lc_stream_new_rows(struct lc_stream **out, const struct lc_column_type *results, unsigned n,
                       enum lc_format format, bool chunk_header)
{
    int rc = lc_stream_new(out, results, format, chunk_header);

    if (rc == 0) {
        (*out)->results = results;
        (*out)->n_results = n;
        (*out)->with_key = true;
    }
    return rc;
}

/*
 * What comes where nobody says it, in Native until the first header: UInt64 for ranges, else String. Of
 * other bounds than unsigned ones and addresses the command line says it (main.c).
 */
static void take_for_granted(struct lc_stream *s)
{
    bool number =
        s->rules->takes.order != LC_ORDER_TEXT && s->rules->takes.order != LC_ORDER_ADDRESS;

    s->own = (struct lc_argument){.base = number ? LC_ARG_UINT : LC_ARG_STRING,
                                  .width = number ? 8 : 0,
                                  /* A NULL shows in TabSeparated, declared or not. */
                                  .nullable = s->format == LC_FORMAT_TSV};
    s->arg = &s->own;
}

int lc_stream_expect(struct lc_stream *s, const struct lc_argument *arg, const char *type,
                     struct lc_error *err)
{
    int rc = lc_argument_fits(arg, type, s->rules->kind, &s->rules->takes, s->format, err);

    if (rc)
        return rc;
    s->arg = s->declared = arg;
    s->declared_type = type;
    return 0;
}

int lc_stream_new(struct lc_stream **out, const struct lc_column_type *result,
                  enum lc_format format, bool chunk_header)
{
    struct lc_stream *s = calloc(1, sizeof *s);

    if (!s)
        return LC_ERR_NOMEM;
    s->result = result;
    s->rules = result->rules;
    s->codec = format == LC_FORMAT_NATIVE      ? &lc_codec_native
               : format == LC_FORMAT_ROWBINARY ? &lc_codec_rowbinary
                                               : &lc_codec_tsv;
    s->format = format;
    s->chunk_header = chunk_header;
    s->emit = choose_emit(result, format);
    take_for_granted(s);
    s->chunk_rows = UINT64_MAX;
    s->read_bytes = READ_BYTES;
    lc_buf_init(&s->in, LC_MAX_STREAM_KEY * 2 + READ_BYTES);
    lc_buf_init(&s->out, SIZE_MAX / 2);
    lc_buf_init(&s->later, SIZE_MAX / 2);
    lc_buf_init(&s->local, SIZE_MAX / 2);
    lc_buf_init(&s->native.dict, SIZE_MAX / 2);
    lc_buf_init(&s->native.nulls, SIZE_MAX / 2);
    lc_buf_init(&s->native.type, SIZE_MAX / 2);
    *out = s;
    return 0;
}

void lc_stream_free(struct lc_stream *s)
{
    if (!s)
        return;
    lc_buf_release(&s->in);
    lc_buf_release(&s->out);
    lc_buf_release(&s->later);
    lc_buf_release(&s->local);
    lc_buf_release(&s->native.dict);
    lc_buf_release(&s->native.nulls);
    lc_buf_release(&s->native.type);
    lc_argument_release(&s->own);
    free(s);
}

/* "N\n" before a block. 1 when it was there, 0: more bytes, or LC_ERR_INPUT. */
static int take_chunk_header(struct lc_stream *s, struct lc_error *err)
{
    const uint8_t *p = s->in.p + s->at;
    size_t n = lc_left(s), i = 0;
    uint64_t rows = 0;

    for (; i < n && p[i] != '\n'; i++) {
        if (p[i] < '0' || p[i] > '9' || i == 19)
            return lc_codec_fail(s, i, 0, err,
                                 "a chunk header that is not a number of rows and a newline");
        rows = rows * 10 + (uint64_t)(p[i] - '0');
    }
    if (i == n)
        return 0;
    if (i == 0)
        return lc_codec_fail(s, 0, 0, err, "a chunk header without a number");
    s->at += i + 1;
    s->chunk_rows = rows;
    return 1;
}

/*
 * All that is before a block's first row. 1: rows follow; 0: more bytes are needed, and the
 * next call goes on, with a chunk header that was already taken in chunk_rows; negative: an
 * error.
 */
static int begin_block(struct lc_stream *s, struct lc_error *err)
{
    int rc = 1;

    if (s->chunk_header && s->chunk_rows == UINT64_MAX)
        rc = take_chunk_header(s, err);
    if (rc <= 0)
        return rc;
    s->rows_left = s->chunk_rows;
    rc = s->codec->begin ? s->codec->begin(s, err) : 1;
    if (rc > 0)
        s->in_block = true;
    return rc;
}

/* Put out what comes after the last row. From here on the block may be written. 0 or negative. */
static int end_block(struct lc_stream *s)
{
    int rc = s->with_key        ? lc_dictionary_rows_finish(s)
             : s->codec->finish ? s->codec->finish(s)
                                : 0;

    s->in_block = false;
    s->chunk_rows = UINT64_MAX;
    s->ready = s->out.n;
    return rc;
}

/* Is there an answer to each of the rows just decoded? Asked only of an Enum that has none to NULL. */
static __attribute__((noinline)) int find_miss(const struct lc_stream *s, size_t n,
                                               struct lc_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (s->value[i] == 0) {
            const uint64_t row = s->row + i;

            lc_fail_at(err, LC_ERR_INPUT, 0, row,
                       "a NULL key is in no bucket, and %.200s has no name '' to answer it with "
                       "(row %" PRIu64 " of the input)",
                       s->result->type, row);
            lc_hint(err, "add ''=0 to the Enum, or call it with ifNull(key, '')");
            return LC_ERR_INPUT;
        }
    return 0;
}

/*
 * Encode the n rows just decoded. A function's answer has one attribute: rule numbers become its
 * value ids here. The rows of a dictionary keep the rules' numbers, since each attribute has ids of
 * its own.
 */
static int put_rows(struct lc_stream *s, size_t n, struct lc_error *err)
{
    if (s->with_key)
        return lc_dictionary_rows_put(s, n);
    if (lc_column_type_values(s->result, s->value, n))
        return LC_ERR_INPUT;
    if (__builtin_expect(s->result->no_miss, 0) && find_miss(s, n, err))
        return LC_ERR_INPUT;
    return s->codec->put(s, n);
}

/* Work on the bytes that are there. 0 when more are needed. */
static int work(struct lc_stream *s, struct lc_error *err)
{
    for (;;) {
        uint64_t rows;
        int n;

        if (!s->in_block) {
            if (lc_left(s) == 0)
                return 0;
            n = begin_block(s, err);
            if (n <= 0)
                return n;
        }
        while (s->rows_left) {
            /* 0: the next row is not whole yet. */
            n = s->codec->rows(s, err);
            if (n <= 0)
                return n;
            rows = (uint64_t)n;
            n = put_rows(s, rows, err);
            if (n)
                return lc_fail(err, n,
                               n == LC_ERR_NOMEM ? "not enough memory for the answer"
                                                 : "the compiled rules are damaged");
            s->row += rows;
            if (s->rows_left != UINT64_MAX)
                s->rows_left -= rows;
        }
        n = end_block(s);
        if (n)
            return lc_fail(err, n,
                           n == LC_ERR_NOMEM ? "not enough memory for the answer"
                                             : "the compiled rules are damaged");
    }
}

void lc_stream_reads(struct lc_stream *s, size_t bytes)
{
    s->read_bytes = bytes < READ_BYTES ? bytes : READ_BYTES;
}

int lc_stream_space(struct lc_stream *s, uint8_t **p, size_t *n, struct lc_error *err)
{
    /* Move what is left to the front: no more than one row or header, but for a long key. */
    if (s->at) {
        size_t left = lc_left(s);

        memmove(s->in.p, s->in.p + s->at, left);
        s->passed += s->at;
        s->at = 0;
        s->in.n = left;
        if (s->in.cap > KEEP_BYTES && left < s->read_bytes)
            lc_buf_shrink(&s->in, s->read_bytes * 2 + LC_SLACK);
    }
    if (lc_buf_reserve(&s->in, s->read_bytes + LC_SLACK))
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory for a key of over %zu bytes", s->in.n);
    *p = s->in.p + s->in.n;
    /* Decoders may load up to LC_SLACK bytes past the input. */
    *n = s->in.cap - s->in.n - LC_SLACK;
    return 0;
}

int lc_stream_feed(struct lc_stream *s, size_t n, struct lc_error *err)
{
    int rc;

    s->in.n += n;
    rc = work(s, err);
    /* Without blocks: `out` holds whole rows alone. */
    if (!rc && s->in_block && s->rows_left == UINT64_MAX)
        s->ready = s->out.n;
    return rc;
}

int lc_stream_end(struct lc_stream *s, struct lc_error *err)
{
    bool rows_known = s->rows_left != UINT64_MAX;

    /*
     * Between blocks, or between the rows of a format without blocks. A chunk header alone is
     * not.
     */
    if (lc_left(s) == 0 && s->chunk_rows == UINT64_MAX && !(s->in_block && rows_known))
        return 0;
    if (s->in_block && rows_known)
        return lc_codec_fail(s, lc_left(s), 0, err,
                             "the input ends with %llu rows of a block to come",
                             (unsigned long long)s->rows_left);
    return lc_codec_fail(s, lc_left(s), 0, err,
                         s->in_block ? "the input ends inside a row"
                                     : "the input ends inside a block's header");
}

struct lc_slice lc_stream_ready(const struct lc_stream *s)
{
    return (struct lc_slice){s->out.p, s->ready};
}

void lc_stream_written(struct lc_stream *s)
{
    /* The block in work stays. */
    if (s->out.n > s->ready)
        memmove(s->out.p, s->out.p + s->ready, s->out.n - s->ready);
    s->out.n -= s->ready;
    s->ready = 0;
    if (s->out.cap > KEEP_BYTES && s->out.n == 0)
        lc_buf_shrink(&s->out, 0);
}
