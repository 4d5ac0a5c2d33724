/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between the stream and its formats: what a codec is given and what it does.
 *
 *   in   [ used up │ at ──► not yet decoded │ end )  + LC_SLACK readable bytes behind `end`
 *   out  [ ready ──► of the block in work   )
 *
 * A codec's functions return 0 and do what they can with the bytes that are there; when more are
 * needed they leave `at` where it was. `rows` decodes up to LC_BATCH rows and matches them.
 */
#ifndef LC_UDF_CODEC_H
#define LC_UDF_CODEC_H
#include "udf/argument.h"
#include "udf/column_type.h"
#include "udf/format.h"
#include "udf/rules/match.h"

/* Bytes behind the input that may be read (and mean nothing): matching loads eight at a time. */
#define LC_SLACK 64

/* Bytes of the longest text of a value that is no string and no Enum, and what is read behind it. */
#define LC_KEY_TEXT_BYTES 64

/* Where a Native block is. */
enum lc_native_at {
    LC_NATIVE_NULLS,      /* the null map of a Nullable argument */
    LC_NATIVE_DICT_HEAD,  /* LowCardinality: version, flags, number of keys */
    LC_NATIVE_DICT,       /* the dictionary's keys */
    LC_NATIVE_INDEX_HEAD, /* the number of indexes */
    LC_NATIVE_ROWS        /* the keys, or the indexes */
};

struct lc_native {
    enum lc_native_at at;
    uint64_t rows;      /* of the block */
    uint64_t dict_keys; /* of the dictionary */
    unsigned index_width;
    struct lc_buf dict;  /* u32: the rule of each dictionary key */
    struct lc_buf nulls; /* the null map */
    uint64_t null_row;   /* the row of `nulls` that comes next */
    struct lc_buf type;  /* the type's text in the last header that was good */
};

/* How the values of a result are put out: chosen once, from type and format. */
enum lc_emit {
    LC_EMIT_TEXT,     /* TabSeparated */
    LC_EMIT_STRING,   /* varint length and bytes */
    LC_EMIT_NULLABLE, /* RowBinary: a null byte, then the value */
    LC_EMIT_FIXED,    /* width bytes */
    LC_EMIT_INDEX8,   /* Native LowCardinality, whole dictionary first, a byte a row */
    LC_EMIT_LATER     /* Native columns that begin with what only the last row settles */
};

/* An export of a prefix set: rows have the columns of regexp_tree too. */
struct lc_regexp_rows {
    bool on;
    uint32_t next;  /* rows put out before the batch: the next has the id next + 1 */
    uint32_t first; /* rows put out before the block */
};

struct lc_stream {
    const struct lc_column_type *result;  /* the one that is being put out */
    const struct lc_column_type *results; /* with_key: those of all attributes that go out */
    unsigned n_results;
    bool with_key; /* rows of key and attributes go out, rather than values: dictionary_rows.c */
    const struct lc_rules *rules;
    enum lc_format format;
    const struct lc_codec *codec;
    bool chunk_header, in_block;
    enum lc_emit emit;
    struct lc_buf in, out;
    size_t read_bytes;             /* room offered for a read */
    size_t at;                     /* bytes of `in` that are used up */
    size_t ready;                  /* bytes of `out` that may be written */
    uint64_t passed;               /* bytes of the stream before in.p[0] */
    uint64_t row;                  /* rows decoded since the start, for messages */
    uint64_t rows_left;            /* of the block; UINT64_MAX where the format does not say */
    uint64_t chunk_rows;           /* the chunk header's, to compare a block with */
    const struct lc_argument *arg; /* what comes: `declared`, or `own` */
    const struct lc_argument
        *declared;             /* NULL: Native headers say it, or `own` is taken for granted */
    const char *declared_type; /* its text */
    struct lc_argument own;
    struct lc_batch batch;
    bool no_rule[LC_BATCH]; /* keys of the batch that no rule but the default takes */
    bool any_no_rule;
    uint8_t text[LC_BATCH][LC_KEY_TEXT_BYTES]; /* the texts of keys that come as numbers */
    uint32_t value[LC_BATCH]; /* rule numbers, then value ids, of the rows just decoded */
    struct lc_buf later;      /* u32 value ids of a block in work, with LC_EMIT_LATER */
    struct lc_buf local;      /* Native LowCardinality: numbering of a block's own values */
    uint32_t generation;      /* of `local` */
    struct lc_native native;
    struct lc_regexp_rows regexps;
};

struct lc_codec {
    /* Read what is before a block's rows: 1 when it was there, 0: more bytes, or negative. */
    int (*begin)(struct lc_stream *s, struct lc_error *err);
    /* Decode and match rows into s->value: how many (0: more bytes), or negative. */
    int (*rows)(struct lc_stream *s, struct lc_error *err);
    /* Encode the n values of s->value. 0 or negative. */
    int (*put)(struct lc_stream *s, size_t n);
    /* The block's last row is encoded: finish it. 0 or negative. NULL: nothing to do. */
    int (*finish)(struct lc_stream *s);
};

/* Bytes that are there to be decoded. */
static inline size_t lc_left(const struct lc_stream *s)
{
    return s->in.n - s->at;
}

/* Fail at `byte` bytes past s->at, in row s->row + rows. */
int lc_codec_fail(const struct lc_stream *s, size_t byte, uint64_t rows, struct lc_error *err,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Match s->batch into s->value, and forget s->no_rule; its n, or LC_ERR_INPUT (a corrupt arena). */
int lc_codec_match(struct lc_stream *s, struct lc_error *err);

/* Encode n values as Strings / as fixed-width numbers. 0 or LC_ERR_NOMEM/INPUT. */
int lc_put_strings(struct lc_stream *s, const uint32_t *value, size_t n);
int lc_put_fixed(struct lc_stream *s, const uint32_t *value, size_t n);

/* Append bytes as a String (varint length, bytes). 0, LC_ERR_NOMEM. */
int lc_put_slice(struct lc_buf *out, struct lc_slice v);

#endif
