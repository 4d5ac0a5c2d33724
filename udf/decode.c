/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. One loop for each way in which values are laid out: Strings, each with its length; the
 * plain numbers of ranges, straight into the batch; all others by way of lc_key_set. A loop
 * takes the values that are whole, and leaves s->at at the first byte of the next.
 */
#include "udf/decode.h"

#include "base/varint.h"
#include "udf/key.h"

#include <string.h>

int lc_decode_length(const struct lc_stream *s, size_t byte, size_t row, uint64_t *len,
                     struct lc_error *err)
{
    int head = lc_varint_get(s->in.p + s->at + byte, lc_left(s) - byte, len);

    if (head < 0)
        return lc_codec_fail(s, byte, row, err,
                             "a length that does not end within 10 bytes (varint)");
    /* Refused by its length, before anyone waits for its bytes. */
    if (head > 0 && *len > LC_MAX_STREAM_KEY)
        return lc_codec_fail(s, byte, row, err, "a key of %llu bytes: at most 1 GiB",
                             (unsigned long long)*len);
    return head;
}

/* Keys are not copied: the batch points into the input, which lies still until the match. */
static int decode_strings(struct lc_stream *s, size_t want, struct lc_error *err)
{
    const uint8_t *p = s->in.p + s->at, *end = s->in.p + s->in.n;
    struct lc_batch *b = &s->batch;
    size_t n = 0;

    while (n < want && p < end) {
        uint64_t len = *p;
        int head = 1;

        /* A length of one byte is the usual one. Of others the error counts from s->at. */
        if (__builtin_expect(len >= 0x80, 0)) {
            s->at = (size_t)(p - s->in.p);
            head = lc_decode_length(s, 0, n, &len, err);
            if (head < 0)
                return head;
            if (head == 0)
                break;
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

/* UInts of 1, 2, 4 or 8 bytes, for ranges of unsigned whole numbers. */
static int decode_numbers(struct lc_stream *s, size_t want, unsigned width)
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

/* Values of a type that is neither a string nor a range's plain number. */
static int decode_values(struct lc_stream *s, size_t want, const uint8_t *nulls,
                         struct lc_error *err)
{
    unsigned width = s->arg->width;
    const uint8_t *p = s->in.p + s->at;
    size_t n = lc_left(s) / width;

    if (n > want)
        n = want;
    for (size_t i = 0; i < n; i++) {
        if (nulls && nulls[i])
            lc_key_set_none(s, i); /* what comes in its place means nothing, and is not looked at */
        else if (lc_key_set(s, i, p + i * width))
            return lc_codec_fail(s, i * width, i, err, "a number that the Enum has no label for");
    }
    s->at += n * width;
    s->batch.n = n;
    return (int)n;
}

int lc_decode_keys(struct lc_stream *s, size_t want, const uint8_t *nulls, struct lc_error *err)
{
    const struct lc_argument *arg = s->arg;
    int n;

    if (arg->base == LC_ARG_STRING)
        n = decode_strings(s, want, err);
    else if (arg->base == LC_ARG_UINT && lc_kind_takes_numbers(s->rules->kind))
        n = decode_numbers(s, want, arg->width);
    else
        return decode_values(s, want, nulls, err);
    /*
     * The two fast loops do not look at the null bytes: what they made of a NULL is replaced
     * here.
     */
    for (int i = 0; nulls && i < n; i++)
        if (nulls[i])
            lc_key_set_none(s, (size_t)i);
    return n;
}
