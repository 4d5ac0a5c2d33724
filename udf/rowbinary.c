/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. RowBinary: a String as varint length and bytes, a number as its little-endian bytes; a
 * Nullable value behind a byte that is 1 for NULL. LowCardinality does not show.
 *   https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
#include "udf/rowbinary.h"

#include "udf/decode.h"
#include "udf/key.h"

/* One value behind its null byte into row i: the bytes of both, 0 (more bytes), or LC_ERR_INPUT. */
static int take_nullable(struct lc_stream *s, size_t i, struct lc_error *err)
{
    const uint8_t *p = s->in.p + s->at;
    uint64_t len = s->arg->width;
    int head = 0;

    if (lc_left(s) == 0)
        return 0;
    if (*p > 1)
        return lc_codec_fail(s, 0, i, err, "a null byte of %u: expected 0 or 1", *p);
    if (*p == 1) {
        lc_key_set_none(s, i);
        return 1;
    }
    if (s->arg->base == LC_ARG_STRING) {
        head = lc_left(s) > 1 ? lc_decode_length(s, 1, i, &len, err) : 0;
        if (head <= 0)
            return head;
    }
    if (len > lc_left(s) - 1 - (size_t)head)
        return 0;
    p += 1 + head;
    s->batch.p[i] = p;
    s->batch.len[i] = len;
    if (s->arg->base != LC_ARG_STRING && lc_key_set(s, i, p))
        return lc_codec_fail(s, 1, i, err, "a number that the Enum has no label for");
    return 1 + head + (int)len;
}

static int take_nullables(struct lc_stream *s, size_t want, struct lc_error *err)
{
    size_t n = 0;

    while (n < want) {
        int used = take_nullable(s, n, err);

        if (used < 0)
            return used;
        if (used == 0)
            break;
        s->at += (size_t)used;
        n++;
    }
    s->batch.n = n;
    return (int)n;
}

/* The format does not name types: they are the argument's. LowCardinality does not show in it. */
static int rowbinary_rows(struct lc_stream *s, struct lc_error *err)
{
    size_t want = s->rows_left < LC_BATCH ? (size_t)s->rows_left : LC_BATCH;
    int n = s->arg->nullable ? take_nullables(s, want, err) : lc_decode_keys(s, want, NULL, err);

    return n > 0 ? lc_codec_match(s, err) : n;
}

int lc_put_binary(struct lc_stream *s, uint32_t value)
{
    const struct lc_column_type *res = s->result;
    const uint8_t is_null = lc_column_type_is_null(res, value);

    if (res->nullable && lc_buf_add(&s->out, &is_null, 1))
        return LC_ERR_NOMEM;
    if (is_null)
        return 0;
    return res->width ? lc_put_fixed(s, &value, 1) : lc_put_strings(s, &value, 1);
}

static int rowbinary_put(struct lc_stream *s, size_t n)
{
    int rc = 0;

    if (s->emit == LC_EMIT_FIXED)
        return lc_put_fixed(s, s->value, n);
    if (s->emit == LC_EMIT_STRING)
        return lc_put_strings(s, s->value, n);
    for (size_t i = 0; i < n && !rc; i++)
        rc = lc_put_binary(s, s->value[i]);
    return rc;
}

const struct lc_codec lc_codec_rowbinary = {.rows = rowbinary_rows, .put = rowbinary_put};
