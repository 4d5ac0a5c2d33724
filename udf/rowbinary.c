/*
 * Hot. RowBinary: a String as varint length and bytes, a number as its little-endian bytes; a
 * Nullable value behind a byte that is 1 for NULL. LowCardinality does not show.
 *   https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
#include "udf/rowbinary.h"

/* The format does not name types: a range set's key is UInt64, any other's is String. */
static int rowbinary_rows(struct lc_stream *s, struct lc_error *err)
{
    size_t want = s->rows_left < LC_BATCH ? (size_t)s->rows_left : LC_BATCH;
    int n = lc_kind_takes_numbers(s->rules->kind) ? lc_decode_numbers(s, want, 8)
                                                  : lc_decode_strings(s, want, err);

    return n > 0 ? lc_codec_match(s, err) : n;
}

int lc_put_binary(struct lc_stream *s, uint32_t value)
{
    const uint8_t is_null = value == 0;
    const struct lc_column_type *res = s->result;

    if (res->width)
        return lc_buf_add(&s->out, &res->code[value], res->width);
    if (res->nullable && lc_buf_add(&s->out, &is_null, 1))
        return LC_ERR_NOMEM;
    return res->nullable && is_null ? 0 : lc_put_strings(s, &value, 1);
}

static int rowbinary_put(struct lc_stream *s, size_t n)
{
    int rc = 0;

    if (s->emit == LC_EMIT_FIXED)
        return lc_put_fixed(s, n);
    if (s->emit == LC_EMIT_STRING)
        return lc_put_strings(s, s->value, n);
    for (size_t i = 0; i < n && !rc; i++)
        rc = lc_put_binary(s, s->value[i]);
    return rc;
}

const struct lc_codec lc_codec_rowbinary = {.rows = rowbinary_rows, .put = rowbinary_put};
