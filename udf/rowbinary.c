/*
 * Hot. RowBinary: a String as varint length and bytes, a number as its little-endian bytes; a
 * Nullable value behind a byte that is 1 for NULL. LowCardinality does not show.
 *   https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
#include "codec.h"

/* The format does not name types: a range set's key is UInt64, any other's is String. */
static int rowbinary_rows(struct lc_stream *s, struct lc_error *err)
{
    size_t want = s->rows_left < LC_BATCH ? (size_t)s->rows_left : LC_BATCH;
    int n = lc_kind_takes_numbers(s->rules->kind) ? lc_decode_numbers(s, want, 8)
                                                  : lc_decode_strings(s, want, err);

    return n > 0 ? lc_stream_match(s, err) : n;
}

static int rowbinary_put(struct lc_stream *s, size_t n)
{
    if (s->emit == LC_EMIT_FIXED)
        return lc_put_fixed(s, n);
    if (s->emit == LC_EMIT_STRING)
        return lc_put_strings(s, s->value, n);
    for (size_t i = 0; i < n; i++) {
        const uint8_t is_null = s->value[i] == 0;

        if (lc_buf_add(&s->out, &is_null, 1))
            return LC_ERR_NOMEM;
        if (!is_null && lc_put_strings(s, &s->value[i], 1))
            return LC_ERR_NOMEM;
    }
    return 0;
}

const struct lc_codec lc_codec_rowbinary = {.rows = rowbinary_rows, .put = rowbinary_put};
