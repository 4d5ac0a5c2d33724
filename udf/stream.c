/* Hot. */
#include "udf/codec.h"

#include "base/varint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE                                                                                  \
    ((size_t)1                                                                                     \
     << 20) /* room offered for a read: as much as an enlarged pipe holds                \ */
#define KEEP_BYTES ((size_t)32 << 20) /* buffers above this are given back after the block */

int lc_format_from_name(const char *name)
{
    static const struct {
        const char *name;
        enum lc_format format;
    } formats[] = {{"Native", LC_FORMAT_NATIVE},
                   {"RowBinary", LC_FORMAT_ROWBINARY},
                   {"TabSeparated", LC_FORMAT_TSV},
                   {"TSV", LC_FORMAT_TSV}};

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(name, formats[i].name) == 0)
            return (int)formats[i].format;
    return -1;
}

static enum lc_emit choose_emit(const struct lc_result *res, enum lc_format format)
{
    if (format == LC_FORMAT_TSV)
        return LC_EMIT_TEXT;
    if (res->width)
        return LC_EMIT_FIXED;
    if (format == LC_FORMAT_ROWBINARY)
        return res->nullable ? LC_EMIT_NULLABLE : LC_EMIT_STRING;
    if (res->low_cardinality && res->rules->attrs[res->attribute].values <= 256)
        return LC_EMIT_INDEX8;
    return res->low_cardinality || res->nullable ? LC_EMIT_LATER : LC_EMIT_STRING;
}

int lc_stream_new_rows(struct lc_stream **out, const struct lc_result *results, unsigned n,
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

int lc_stream_new(struct lc_stream **out, const struct lc_result *result, enum lc_format format,
                  bool chunk_header)
{
    struct lc_stream *s = calloc(1, sizeof *s);

    if (!s)
        return LC_ERR_NOMEM;
    s->result = result;
    s->rules = result->rules;
    s->codec = format == LC_FORMAT_NATIVE      ? &lc_codec_native
               : format == LC_FORMAT_ROWBINARY ? &lc_codec_rowbinary
                                               : &lc_codec_tsv;
    s->chunk_header = chunk_header;
    s->emit = choose_emit(result, format);
    s->chunk_rows = UINT64_MAX;
    lc_buf_init(&s->in, LC_MAX_STREAM_KEY * 2 + READ_SIZE);
    lc_buf_init(&s->out, SIZE_MAX / 2);
    lc_buf_init(&s->later, SIZE_MAX / 2);
    lc_buf_init(&s->local, SIZE_MAX / 2);
    lc_buf_init(&s->native.dict, SIZE_MAX / 2);
    lc_buf_init(&s->native.nulls, SIZE_MAX / 2);
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
    free(s);
}

int lc_stream_fail(const struct lc_stream *s, size_t byte, uint64_t rows, struct lc_error *err,
                   const char *fmt, ...)
{
    /* The keys of a dictionary are no rows. */
    uint64_t row = s->row + (s->native.at == LC_NATIVE_DICT ? 0 : rows);
    uint64_t at = s->passed + s->at + byte;
    char what[600];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return lc_fail_at(err, LC_ERR_INPUT, at, row, "%s (byte %llu, row %llu of the input)", what,
                      (unsigned long long)at, (unsigned long long)row);
}

int lc_stream_match(struct lc_stream *s, struct lc_error *err)
{
    if (lc_match(s->rules, &s->batch, s->value)) {
        lc_fail(err, LC_ERR_INPUT, "the compiled rules are damaged");
        lc_hint(err, "livecol rules check FILE says more; compile them again");
        return LC_ERR_INPUT;
    }
    return (int)s->batch.n;
}

int lc_decode_strings(struct lc_stream *s, size_t want, struct lc_error *err)
{
    const uint8_t *p = s->in.p + s->at, *end = s->in.p + s->in.n;
    struct lc_batch *b = &s->batch;
    size_t n = 0;

    while (n < want && p < end) {
        uint64_t len = *p;
        int head = 1;

        if (__builtin_expect(len >= 0x80, 0)) {
            head = lc_varint_get(p, (size_t)(end - p), &len);
            s->at = (size_t)(p - s->in.p);
            if (head < 0)
                return lc_stream_fail(s, 0, n, err,
                                      "a length that does not end within 10 bytes (varint)");
            if (head == 0)
                break;
            if (len > LC_MAX_STREAM_KEY)
                return lc_stream_fail(s, 0, n, err, "a key of %llu bytes: at most 1 GiB",
                                      (unsigned long long)len);
        }
        if (len > (size_t)(end - p) - (size_t)head)
            break;
        p += head;
        b->p[n] = p;
        b->len[n] = len;
        n++;
        p += len;
    }
    s->at = (size_t)(p - s->in.p);
    b->n = n;
    return (int)n;
}

int lc_decode_numbers(struct lc_stream *s, size_t want, unsigned width)
{
    struct lc_batch *b = &s->batch;
    size_t n = lc_left(s) / width;
    const uint8_t *p = s->in.p + s->at;

    if (n > want)
        n = want;
    for (size_t i = 0; i < n; i++) {
        uint64_t v;

        memcpy(&v, p + i * width, sizeof v); /* LC_SLACK bytes are readable behind the input */
        b->number[i] = width == 8 ? v : v & ((UINT64_C(1) << (8 * width)) - 1);
    }
    s->at += n * width;
    b->n = n;
    return (int)n;
}

/* A value of more than 16 bytes; leaves room for `after` short ones. */
static __attribute__((noinline)) int put_long_string(struct lc_stream *s, struct lc_slice v,
                                                     size_t after)
{
    if (lc_buf_reserve(&s->out, v.n + 16 * after))
        return LC_ERR_NOMEM;
    memcpy(s->out.p + s->out.n, v.p, v.n);
    s->out.n += v.n;
    return 0;
}

/*
 * Most values are short: they are copied as 16 bytes whatever their length, and the next overwrites
 * the rest, so that a row costs no branch that data decides (bench udf, String).
 */
int lc_put_strings(struct lc_stream *s, const uint32_t *value, size_t n)
{
    if (lc_buf_reserve(&s->out, 16 * (n + 1)))
        return LC_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        struct lc_slice v = lc_result_encoded(s->result, value[i]);
        int rc;

        if (__builtin_expect(v.n <= 16, 1)) {
            if (__builtin_expect(v.n == 0, 0))
                return LC_ERR_INPUT; /* a damaged arena: the shortest value has its length byte */
            memcpy(s->out.p + s->out.n, v.p, 16);
            s->out.n += v.n;
            continue;
        }
        rc = put_long_string(s, v, n - i);
        if (rc)
            return rc;
    }
    return 0;
}

int lc_put_slice(struct lc_buf *out, struct lc_slice v)
{
    if (lc_buf_reserve(out, v.n + LC_VARINT_MAX))
        return LC_ERR_NOMEM;
    out->n += lc_varint_put(out->p + out->n, v.n);
    if (v.n)
        memcpy(out->p + out->n, v.p, v.n);
    out->n += v.n;
    return 0;
}

int lc_put_fixed(struct lc_stream *s, size_t n)
{
    const uint64_t *code = s->result->code;
    unsigned width = s->result->width;
    uint8_t *to;

    if (lc_buf_reserve(&s->out, n * width + 8))
        return LC_ERR_NOMEM;
    to = s->out.p + s->out.n;
    switch (width) {
    case 1:
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)code[s->value[i]];
        break;
    case 2:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 2, &code[s->value[i]], 2);
        break;
    case 4:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 4, &code[s->value[i]], 4);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 8, &code[s->value[i]], 8);
    }
    s->out.n += n * width;
    return 0;
}

/* "N\n" before a block. 1 when it was there, 0: more bytes, or LC_ERR_INPUT. */
static int take_chunk_header(struct lc_stream *s, struct lc_error *err)
{
    const uint8_t *p = s->in.p + s->at;
    size_t n = lc_left(s), i = 0;
    uint64_t rows = 0;

    for (; i < n && p[i] != '\n'; i++) {
        if (p[i] < '0' || p[i] > '9' || i == 19)
            return lc_stream_fail(s, i, 0, err,
                                  "a chunk header that is not a number of rows and a newline");
        rows = rows * 10 + (uint64_t)(p[i] - '0');
    }
    if (i == n)
        return 0;
    if (i == 0)
        return lc_stream_fail(s, 0, 0, err, "a chunk header without a number");
    s->at += i + 1;
    s->chunk_rows = rows;
    return 1;
}

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

static int end_block(struct lc_stream *s)
{
    int rc = s->with_key ? lc_rows_finish(s) : s->codec->finish ? s->codec->finish(s) : 0;

    s->in_block = false;
    s->chunk_rows = UINT64_MAX;
    s->ready = s->out.n;
    return rc;
}

/* Work on the bytes that are there. 0 when more are needed. */
static int work(struct lc_stream *s, struct lc_error *err)
{
    for (;;) {
        int n;

        if (!s->in_block) {
            if (lc_left(s) == 0)
                return 0;
            n = begin_block(s, err);
            if (n <= 0)
                return n;
        }
        while (s->rows_left) {
            n = s->codec->rows(s, err);
            if (n <= 0)
                return n;
            s->row += (uint64_t)n;
            if (s->rows_left != UINT64_MAX)
                s->rows_left -= (uint64_t)n;
            n = s->with_key                                        ? lc_rows_put(s, (size_t)n)
                : lc_result_values(s->result, s->value, (size_t)n) ? LC_ERR_INPUT
                                                                   : s->codec->put(s, (size_t)n);
            if (n)
                return lc_fail(err, n,
                               n == LC_ERR_NOMEM ? "not enough memory for the answer"
                                                 : "the compiled rules are damaged");
        }
        n = end_block(s);
        if (n)
            return lc_fail(err, n,
                           n == LC_ERR_NOMEM ? "not enough memory for the answer"
                                             : "the compiled rules are damaged");
    }
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
        if (s->in.cap > KEEP_BYTES && left < READ_SIZE)
            lc_buf_shrink(&s->in, READ_SIZE * 2 + LC_SLACK);
    }
    if (lc_buf_reserve(&s->in, READ_SIZE + LC_SLACK))
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory for a key of over %zu bytes", s->in.n);
    *p = s->in.p + s->in.n;
    *n = s->in.cap - s->in.n - LC_SLACK;
    return 0;
}

int lc_stream_feed(struct lc_stream *s, size_t n, struct lc_error *err)
{
    int rc;

    s->in.n += n;
    rc = work(s, err);
    if (!rc && s->in_block && s->rows_left == UINT64_MAX)
        s->ready = s->out.n;
    return rc;
}

int lc_stream_end(struct lc_stream *s, struct lc_error *err)
{
    bool rows_known = s->rows_left != UINT64_MAX;

    if (lc_left(s) == 0 && s->chunk_rows == UINT64_MAX && !(s->in_block && rows_known))
        return 0;
    if (s->in_block && rows_known)
        return lc_stream_fail(s, lc_left(s), 0, err,
                              "the input ends with %llu rows of a block to come",
                              (unsigned long long)s->rows_left);
    return lc_stream_fail(s, lc_left(s), 0, err,
                          s->in_block ? "the input ends inside a row"
                                      : "the input ends inside a block's header");
}

struct lc_slice lc_stream_ready(const struct lc_stream *s)
{
    return (struct lc_slice){s->out.p, s->ready};
}

void lc_stream_written(struct lc_stream *s)
{
    if (s->out.n > s->ready)
        memmove(s->out.p, s->out.p + s->ready, s->out.n - s->ready);
    s->out.n -= s->ready;
    s->ready = 0;
    if (s->out.cap > KEEP_BYTES && s->out.n == 0)
        lc_buf_shrink(&s->out, 0);
}
