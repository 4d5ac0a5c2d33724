/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. Native blocks, one column in, one column ("result") out:
 *
 *   varint columns │ varint rows │ per column: name, type (varint length, bytes), data
 *
 *   String, numbers          the values, as in RowBinary
 *   FixedString(N)           N bytes a value
 *   Nullable(T)              a byte a row (1: NULL), then T's data, NULLs among it
 *   LowCardinality(T)        u64 1 │ u64 flags │ u64 keys │ keys as T │ u64 rows │ indexes
 *                            flags: 0x200 has keys, 0x400 a dictionary of its own,
 *                            low byte n: an index is 1 << n bytes
 *                            Only the keys are matched, once each.
 *
 *   https://clickhouse.com/docs/interfaces/formats/Native; ClickHouse's
 *   SerializationLowCardinality.cpp for the flags
 */
#include "udf/native.h"

#include "udf/decode.h"
#include "base/varint.h"
#include "udf/dictionary_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LC_VERSION     1u
#define FLAG_GLOBAL    0x100u
#define FLAG_KEYS      0x200u
#define FLAG_OWN       0x400u
#define MAX_NAME_BYTES 65536u
#define COLUMN_NAME    "result" /* the server takes result columns by name: see return_name */

/* A varint at offset *at of the input: 1, 0 (more bytes), or LC_ERR_INPUT. */
static int head_varint(struct lc_stream *s, size_t *at, uint64_t *v, struct lc_error *err)
{
    int n = lc_varint_get(s->in.p + s->at + *at, lc_left(s) - *at, v);

    if (n < 0)
        return lc_codec_fail(s, *at, 0, err, "a number that does not end within 10 bytes (varint)");
    *at += (size_t)n;
    return n > 0;
}

/* A name (varint length, bytes) at offset *at. As head_varint. */
static int head_name(struct lc_stream *s, size_t *at, struct lc_slice *name, struct lc_error *err)
{
    size_t start = *at;
    uint64_t n;
    int rc = head_varint(s, at, &n, err);

    if (rc <= 0)
        return rc;
    if (n > MAX_NAME_BYTES)
        return lc_codec_fail(s, start, 0, err, "a name or type of %llu bytes in a Native header",
                             (unsigned long long)n);
    if (n > lc_left(s) - *at)
        return 0;
    *name = (struct lc_slice){s->in.p + s->at + *at, n};
    *at += n;
    return 1;
}

/* Is the header's type the one declared? Of DateTime('UTC') the server writes DateTime alone. */
static bool is_declared(const struct lc_argument *header, const struct lc_argument *declared)
{
    struct lc_argument zoned = *header;

    if (header->base == LC_ARG_DATETIME && !header->zone)
        zoned.zone = declared->zone;
    return lc_argument_same(&zoned, declared);
}

/* The type in a header that is not the last one's: what comes from here on. */
static int take_type(struct lc_stream *s, size_t at, struct lc_slice text, struct lc_error *err)
{
    struct lc_argument arg = {0};
    struct lc_error why = LC_ERROR_INIT;
    char shown[200];
    const char *type;
    int rc;

    lc_buf_reset(&s->native.type);
    if (lc_buf_add(&s->native.type, text.p, text.n))
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory for a type");
    type = lc_buf_str(&s->native.type);
    rc = type ? lc_argument_parse(&arg, type, &why) : LC_ERR_NOMEM;
    if (!rc && s->declared && !is_declared(&arg, s->declared)) {
        rc = LC_ERR_INPUT;
        lc_fail(&why, rc, "the key column is %s, and --argument says %.200s",
                lc_printable(text.p, text.n, shown, sizeof shown), s->declared_type);
        lc_hint(&why, "use the same type in the function's XML and in its command");
    }
    if (!rc && !s->declared)
        rc = lc_argument_fits(&arg, type, s->rules->kind, &s->rules->takes, LC_FORMAT_NATIVE, &why);
    /* Its rows hold the key as it came: see dictionary_rows.c. */
    if (!rc && s->with_key &&
        (arg.low_cardinality || arg.nullable ||
         (lc_kind_takes_numbers(s->rules->kind)
              ? arg.base != LC_ARG_UINT
              : arg.base != LC_ARG_STRING && arg.base != LC_ARG_FIXED_STRING))) {
        rc = LC_ERR_INPUT;
        lc_fail(&why, rc,
                "a dictionary's key is String or FixedString, of ranges UInt8 to UInt64, not %s",
                lc_printable(text.p, text.n, shown, sizeof shown));
    }
    if (rc == LC_ERR_NOMEM) {
        lc_fail(err, rc, "not enough memory for a type");
    } else if (rc) {
        rc = lc_codec_fail(s, at, 0, err, "%s", why.msg);
        lc_hint(err, "%s", why.hint);
    }
    if (rc || s->declared) {
        lc_argument_release(&arg);
    } else {
        lc_argument_release(&s->own);
        s->own = arg;
    }
    if (rc)
        lc_buf_reset(&s->native.type);
    return rc;
}

/* Take the type, at offset `at`. Most blocks have that of the block before. */
static int check_type(struct lc_stream *s, size_t at, struct lc_slice type, struct lc_error *err)
{
    const struct lc_buf *last = &s->native.type;

    if (last->n && last->n == type.n && memcmp(last->p, type.p, type.n) == 0)
        return 0;
    if (memchr(type.p, 0, type.n))
        return lc_codec_fail(s, at, 0, err, "a type with a NUL in it");
    return take_type(s, at, type, err);
}

static int put_u64(struct lc_stream *s, uint64_t v)
{
    return lc_buf_add(&s->out, &v, sizeof v);
}

static int put_name(struct lc_stream *s, const char *name)
{
    uint8_t head[LC_VARINT_MAX];
    size_t n = strlen(name);

    return lc_buf_add(&s->out, head, lc_varint_put(head, n)) || lc_buf_add(&s->out, name, n)
               ? LC_ERR_NOMEM
               : 0;
}

/* The first part of a LowCardinality column: up to the keys. */
static int put_dictionary_head(struct lc_stream *s, uint64_t keys)
{
    uint64_t index = keys <= 1u << 8 ? 0 : keys <= 1u << 16 ? 1 : 2;

    return put_u64(s, LC_VERSION) || put_u64(s, FLAG_KEYS | FLAG_OWN | index) || put_u64(s, keys)
               ? LC_ERR_NOMEM
               : 0;
}

/* The whole dictionary of the attribute, then the number of indexes; the
 * indexes follow a row each. */
static int put_whole_dictionary(struct lc_stream *s)
{
    uint32_t n = s->rules->attrs[s->result->attribute].values;

    if (put_dictionary_head(s, n))
        return LC_ERR_NOMEM;
    for (uint32_t id = 0; id < n; id++)
        if (lc_put_strings(s, &id, 1))
            return LC_ERR_NOMEM;
    return put_u64(s, s->native.rows);
}

/* What is before a block's rows in the answer; with LC_EMIT_INDEX8 the dictionary, too. */
static int put_header(struct lc_stream *s)
{
    uint8_t head[1 + LC_VARINT_MAX] = {1};
    size_t n = 1 + lc_varint_put(head + 1, s->native.rows);

    if (lc_buf_add(&s->out, head, n) || put_name(s, COLUMN_NAME) || put_name(s, s->result->type))
        return LC_ERR_NOMEM;
    lc_buf_reset(&s->later);
    return s->emit == LC_EMIT_INDEX8 && s->native.rows ? put_whole_dictionary(s) : 0;
}

/*
 * Nothing is used up before the header is whole: `at` is how far it has been read past s->at,
 * and the next call begins again.
 */
static int native_begin(struct lc_stream *s, struct lc_error *err)
{
    struct lc_slice name, type;
    struct lc_native *b = &s->native;
    uint64_t columns;
    size_t at = 0;
    int rc = head_varint(s, &at, &columns, err);

    if (rc > 0 && columns != 1)
        return lc_codec_fail(s, 0, 0, err, "a block of %llu columns: expected the key alone",
                             (unsigned long long)columns);
    if (rc > 0)
        rc = head_varint(s, &at, &b->rows, err);
    if (rc > 0 && s->chunk_rows != UINT64_MAX && s->chunk_rows != b->rows)
        return lc_codec_fail(s, 1, 0, err, "a block of %llu rows after a chunk header of %llu",
                             (unsigned long long)b->rows, (unsigned long long)s->chunk_rows);
    if (rc > 0 && b->rows == UINT64_MAX)
        return lc_codec_fail(s, 1, 0, err, "a block of 2^64 - 1 rows");
    if (rc > 0)
        rc = head_name(s, &at, &name, err);
    if (rc > 0)
        rc = head_name(s, &at, &type, err);
    if (rc <= 0)
        return rc;
    rc = check_type(s, at - type.n, type, err);
    if (rc)
        return rc;
    s->at += at;
    s->rows_left = b->rows;
    b->at = s->arg->low_cardinality ? LC_NATIVE_DICT_HEAD
            : s->arg->nullable      ? LC_NATIVE_NULLS
                                    : LC_NATIVE_ROWS;
    lc_buf_reset(&b->nulls);
    lc_buf_reset(&b->dict);
    b->null_row = 0;
    if (s->with_key ? lc_dictionary_rows_begin(s, name, type) : put_header(s))
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory for the answer");
    return 1;
}

static int take_nulls(struct lc_stream *s)
{
    struct lc_native *b = &s->native;
    size_t n = lc_left(s);

    if (n > b->rows - b->nulls.n)
        n = (size_t)(b->rows - b->nulls.n);
    if (lc_buf_add(&b->nulls, s->in.p + s->at, n))
        return LC_ERR_NOMEM;
    s->at += n;
    if (b->nulls.n == b->rows)
        b->at = LC_NATIVE_ROWS;
    return b->at == LC_NATIVE_ROWS;
}

/* Little-endian u64 at offset `at` of what is left; the caller knows it is there. */
static uint64_t get_u64(const struct lc_stream *s, size_t at)
{
    uint64_t v;

    memcpy(&v, s->in.p + s->at + at, sizeof v);
    return v;
}

static int take_dictionary_head(struct lc_stream *s, struct lc_error *err)
{
    struct lc_native *b = &s->native;
    uint64_t flags;

    if (lc_left(s) < 24)
        return 0;
    if (get_u64(s, 0) != LC_VERSION)
        return lc_codec_fail(s, 0, 0, err, "LowCardinality version %llu: expected 1",
                             (unsigned long long)get_u64(s, 0));
    flags = get_u64(s, 8);
    if ((flags & FLAG_GLOBAL) || !(flags & FLAG_KEYS) || (flags & 0xff) > 3)
        return lc_codec_fail(s, 8, 0, err,
                             "LowCardinality flags 0x%llx: expected keys in the block itself",
                             (unsigned long long)flags);
    b->index_width = 1u << (flags & 0xff);
    b->dict_keys = get_u64(s, 16);
    if (b->dict_keys > UINT32_MAX)
        return lc_codec_fail(s, 16, 0, err, "a dictionary of %llu keys",
                             (unsigned long long)b->dict_keys);
    s->at += 24;
    b->at = LC_NATIVE_DICT;
    return 1;
}

static int take_dictionary(struct lc_stream *s, struct lc_error *err)
{
    struct lc_native *b = &s->native;

    while (b->dict.n / 4 < b->dict_keys) {
        static const uint8_t first_is_null[LC_BATCH] = {1};
        uint64_t left = b->dict_keys - b->dict.n / 4;
        int n = lc_decode_keys(s, left < LC_BATCH ? (size_t)left : LC_BATCH,
                               s->arg->nullable && b->dict.n == 0 ? first_is_null : NULL, err);

        if (n <= 0)
            return n;
        n = lc_codec_match(s, err);
        if (n < 0)
            return n;
        if (lc_buf_add(&b->dict, s->value, (size_t)n * 4))
            return lc_fail(err, LC_ERR_NOMEM, "not enough memory for a dictionary");
    }
    b->at = LC_NATIVE_INDEX_HEAD;
    return 1;
}

static int take_index_head(struct lc_stream *s, struct lc_error *err)
{
    if (lc_left(s) < 8)
        return 0;
    if (get_u64(s, 0) != s->native.rows)
        return lc_codec_fail(s, 0, 0, err, "%llu indexes for a block of %llu rows",
                             (unsigned long long)get_u64(s, 0), (unsigned long long)s->native.rows);
    s->at += 8;
    s->native.at = LC_NATIVE_ROWS;
    return 1;
}

/* Rows of a LowCardinality column: indexes into the dictionary that is matched already. */
static int take_indexes(struct lc_stream *s, struct lc_error *err)
{
    const struct lc_native *b = &s->native;
    const uint32_t *dict = (const uint32_t *)(const void *)b->dict.p;
    size_t n = lc_left(s) / b->index_width;

    if (n > LC_BATCH)
        n = LC_BATCH;
    if (n > s->rows_left)
        n = (size_t)s->rows_left;
    for (size_t i = 0; i < n; i++) {
        uint64_t index = get_u64(s, i * b->index_width); /* LC_SLACK bytes are readable behind */

        if (b->index_width < 8)
            index &= (UINT64_C(1) << (8 * b->index_width)) - 1;
        if (index >= b->dict_keys)
            return lc_codec_fail(s, i * b->index_width, i, err,
                                 "index %llu into a dictionary of %llu keys",
                                 (unsigned long long)index, (unsigned long long)b->dict_keys);
        s->value[i] = dict[index];
    }
    s->at += n * b->index_width;
    return (int)n;
}

static int take_keys(struct lc_stream *s, struct lc_error *err)
{
    struct lc_native *b = &s->native;
    size_t want = s->rows_left < LC_BATCH ? (size_t)s->rows_left : LC_BATCH;
    int n = lc_decode_keys(s, want, s->arg->nullable ? b->nulls.p + b->null_row : NULL, err);

    if (n <= 0)
        return n;
    b->null_row += (uint64_t)n;
    return lc_codec_match(s, err);
}

/*
 * What is before the rows, as far as its bytes are there, then a batch of rows:
 *
 *   plain             ROWS
 *   Nullable          NULLS ─▶ ROWS
 *   LowCardinality    DICT_HEAD ─▶ DICT ─▶ INDEX_HEAD ─▶ ROWS
 */
static int native_rows(struct lc_stream *s, struct lc_error *err)
{
    int rc = 1;

    if (s->native.at == LC_NATIVE_NULLS)
        rc = take_nulls(s);
    if (rc > 0 && s->native.at == LC_NATIVE_DICT_HEAD)
        rc = take_dictionary_head(s, err);
    if (rc > 0 && s->native.at == LC_NATIVE_DICT)
        rc = take_dictionary(s, err);
    if (rc > 0 && s->native.at == LC_NATIVE_INDEX_HEAD)
        rc = take_index_head(s, err);
    if (rc <= 0)
        return rc;
    return s->arg->low_cardinality ? take_indexes(s, err) : take_keys(s, err);
}

static int native_put(struct lc_stream *s, size_t n)
{
    uint8_t *to;

    switch (s->emit) {
    case LC_EMIT_FIXED:
        return lc_put_fixed(s, s->value, n);
    case LC_EMIT_STRING:
        return lc_put_strings(s, s->value, n);
    case LC_EMIT_INDEX8:
        if (lc_buf_reserve(&s->out, n))
            return LC_ERR_NOMEM;
        to = s->out.p + s->out.n;
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)s->value[i];
        s->out.n += n;
        return 0;
    default:
        return lc_buf_add(&s->later, s->value, n * 4);
    }
}

static int finish_nullable(struct lc_stream *s, const uint32_t *value, size_t n)
{
    if (lc_buf_reserve(&s->out, n))
        return LC_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        s->out.p[s->out.n + i] = lc_column_type_is_null(s->result, value[i]);
    s->out.n += n;
    return s->result->width ? lc_put_fixed(s, value, n) : lc_put_strings(s, value, n);
}

/* A value's number in this block's own dictionary: good while its generation is the block's. */
struct local {
    uint32_t generation, index;
};

/* Number the values that this block has, in order of appearance; value[] becomes their indexes. */
static int number_values(struct lc_stream *s, uint32_t *value, size_t n, struct lc_buf *used)
{
    size_t bytes = s->rules->attrs[s->result->attribute].values * sizeof(struct local);
    struct local *local;

    if (s->local.n == 0) {
        if (lc_buf_reserve(&s->local, bytes))
            return LC_ERR_NOMEM;
        memset(s->local.p, 0, bytes);
        s->local.n = bytes;
    }
    local = (struct local *)(void *)s->local.p;
    if (++s->generation == 0) {
        memset(local, 0, bytes);
        s->generation = 1;
    }
    for (size_t i = 0; i < n; i++) {
        struct local *l = &local[value[i]];

        if (l->generation != s->generation) {
            *l = (struct local){s->generation, (uint32_t)(used->n / 4)};
            if (lc_buf_add(used, &value[i], 4))
                return LC_ERR_NOMEM;
        }
        value[i] = l->index;
    }
    return 0;
}

static int put_indexes(struct lc_stream *s, const uint32_t *index, size_t n, size_t keys)
{
    unsigned width = keys <= 1u << 8 ? 1 : keys <= 1u << 16 ? 2 : 4;
    uint8_t *to;

    if (put_u64(s, n) || lc_buf_reserve(&s->out, n * width))
        return LC_ERR_NOMEM;
    to = s->out.p + s->out.n;
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * width, &index[i], width);
    s->out.n += n * width;
    return 0;
}

/*
 * A LowCardinality column with a dictionary of the block's own values. A Nullable one begins with
 * the key that stands for NULL.
 */
static int finish_low_cardinality(struct lc_stream *s, uint32_t *value, size_t n)
{
    struct lc_buf *used = &s->native.dict; /* the block's argument is done with it */
    uint32_t miss = 0;
    int rc;

    lc_buf_reset(used);
    rc = lc_buf_add(&s->later, &miss, 4); /* one more value, so that the miss is numbered first */
    if (rc)
        return rc;
    value = (uint32_t *)(void *)s->later.p;
    memmove(value + 1, value, n * 4);
    value[0] = miss;
    rc = number_values(s, value, n + 1, used);
    if (!rc)
        rc = put_dictionary_head(s, used->n / 4);
    if (!rc)
        rc = lc_put_strings(s, (const uint32_t *)(const void *)used->p, used->n / 4);
    return rc ? rc : put_indexes(s, value + 1, n, used->n / 4);
}

static int native_finish(struct lc_stream *s)
{
    uint32_t *value = (uint32_t *)(void *)s->later.p;
    size_t n = s->later.n / 4;

    if (s->emit != LC_EMIT_LATER || n == 0)
        return 0;
    return s->result->low_cardinality ? finish_low_cardinality(s, value, n)
                                      : finish_nullable(s, value, n);
}

const struct lc_codec lc_codec_native = {
    .begin = native_begin, .rows = native_rows, .put = native_put, .finish = native_finish};
