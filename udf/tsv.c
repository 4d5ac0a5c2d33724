/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. TabSeparated: a row a line, one column here; backslash escapes; \N for NULL.
 *   https://clickhouse.com/docs/interfaces/formats/TabSeparated
 */
#include "udf/tsv.h"

#include "base/hex.h"
#include "udf/key.h"

#include <string.h>

/* The byte that a backslash and `c` stand for, or -1. */
static int escaped_byte(uint8_t c)
{
    static const char from[] = "bfnrtave0\\'\"`/", to[] = "\b\f\n\r\t\a\v\033\0\\'\"`/";
    const char *at = c ? strchr(from, c) : NULL;

    return at ? to[at - from] : -1;
}

/*
 * Undo the escapes of a field of n bytes in place; its new length, or -1 with *bad, the offset of
 * the escape that is none.
 */
static int64_t unescape(uint8_t *p, size_t n, size_t *bad)
{
    uint8_t *slash = memchr(p, '\\', n);
    size_t from, to;

    if (!slash)
        return (int64_t)n;
    from = to = (size_t)(slash - p);
    while (from < n) {
        int byte;

        if (p[from] != '\\') {
            p[to++] = p[from++];
            continue;
        }
        *bad = from;
        if (from + 1 == n)
            return -1;
        if (p[from + 1] == 'x') {
            if (from + 3 >= n || lc_hex_digit(p[from + 2]) < 0 || lc_hex_digit(p[from + 3]) < 0)
                return -1;
            p[to++] = (uint8_t)(lc_hex_digit(p[from + 2]) << 4 | lc_hex_digit(p[from + 3]));
            from += 4;
            continue;
        }
        byte = escaped_byte(p[from + 1]);
        if (byte < 0)
            return -1;
        p[to++] = (uint8_t)byte;
        from += 2;
    }
    return (int64_t)to;
}

static int bad_value(const struct lc_stream *s, const uint8_t *p, size_t n, size_t i,
                     struct lc_error *err)
{
    char shown[80];

    return lc_codec_fail(s, 0, i, err, "'%s' is no %.200s", lc_printable(p, n, shown, sizeof shown),
                         s->declared ? s->declared_type : "UInt64, which a range set's key is");
}

/* A field of n bytes, its escapes undone, which lies still until the match. */
static int take_value(struct lc_stream *s, const uint8_t *p, size_t n, size_t i,
                      struct lc_error *err)
{
    uint8_t wire[LC_KEY_WIDTH_MAX] = {0};
    const struct lc_argument *arg = s->arg;

    s->batch.p[i] = p;
    s->batch.len[i] = n;
    if (arg->base == LC_ARG_STRING)
        return 0;
    if (arg->base == LC_ARG_FIXED_STRING)
        return n == arg->width ? lc_key_set(s, i, p) : bad_value(s, p, n, i, err);
    return lc_key_parse(arg, p, n, wire) || lc_key_set(s, i, wire) ? bad_value(s, p, n, i, err) : 0;
}

/* One line without its newline: into row i of the batch. */
static int take_line(struct lc_stream *s, uint8_t *p, size_t len, size_t i, struct lc_error *err)
{
    const uint8_t *tab = memchr(p, '\t', len);
    size_t bad = 0;
    int64_t n;

    if (tab)
        return lc_codec_fail(s, (size_t)(tab - p), i, err,
                             "a second column: expected the key alone");
    if (len == 2 && p[0] == '\\' && p[1] == 'N') {
        if (s->with_key)
            return lc_codec_fail(s, 0, i, err, "a dictionary's key cannot be NULL");
        if (!s->arg->nullable)
            return lc_codec_fail(s, 0, i, err, "a NULL, and --argument says %.200s",
                                 s->declared_type);
        lc_key_set_none(s, i);
        return 0;
    }
    n = unescape(p, len, &bad);
    if (n < 0)
        return lc_codec_fail(s, bad, i, err, "a backslash that begins no known escape");
    return take_value(s, p, (size_t)n, i, err);
}

/*
 * A line is looked at once, when its newline is there: unescape works in place, and would undo
 * escapes a second time.
 */
static int tsv_rows(struct lc_stream *s, struct lc_error *err)
{
    size_t want = s->rows_left < LC_BATCH ? (size_t)s->rows_left : LC_BATCH, n = 0;

    while (n < want) {
        uint8_t *p = s->in.p + s->at;
        uint8_t *newline = lc_left(s) ? memchr(p, '\n', lc_left(s)) : NULL;
        int rc;

        if (!newline)
            break;
        rc = take_line(s, p, (size_t)(newline - p), n, err);
        if (rc)
            return rc;
        s->at += (size_t)(newline + 1 - p);
        n++;
    }
    if (n == 0 && lc_left(s) > LC_MAX_STREAM_KEY)
        return lc_codec_fail(s, 0, 0, err, "a key of over 1 GiB");
    s->batch.n = n;
    return n ? lc_codec_match(s, err) : 0;
}

int lc_put_escaped(struct lc_buf *out, struct lc_slice v)
{
    static const char from[] = "\b\f\n\r\t\0\\", to[] = "bfnrt0\\";

    if (lc_buf_reserve(out, 2 * v.n))
        return LC_ERR_NOMEM;
    for (size_t i = 0; i < v.n; i++) {
        /* Seven bytes, a NUL among them. */
        const char *at = memchr(from, v.p[i], sizeof to - 1);

        if (at)
            out->p[out->n++] = '\\';
        out->p[out->n++] = at ? (uint8_t)to[at - from] : v.p[i];
    }
    return 0;
}

int lc_put_field(struct lc_stream *s, uint32_t value)
{
    const struct lc_column_type *res = s->result;
    char text[LC_SCALAR_TEXT_BYTES];
    struct lc_slice text_of;

    if (lc_column_type_is_null(res, value))
        return lc_buf_add(&s->out, "\\N", 2);
    if (res->base == LC_BASE_SCALAR)
        return lc_buf_add(&s->out, text, lc_column_type_text(res, value, text));
    if (value == 0 && res->width && res->base >= LC_BASE_UINT8)
        return lc_buf_add(&s->out, "0", 1);
    text_of = lc_rules_value(s->rules, res->attribute, value);
    /* The server takes no 007 for a number. */
    while (res->base >= LC_BASE_UINT8 && text_of.n > 1 && text_of.p[0] == '0')
        text_of = (struct lc_slice){text_of.p + 1, text_of.n - 1};
    return lc_put_escaped(&s->out, text_of);
}

static int tsv_put(struct lc_stream *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lc_put_field(s, s->value[i]) || lc_buf_add(&s->out, "\n", 1))
            return LC_ERR_NOMEM;
    return 0;
}

const struct lc_codec lc_codec_tsv = {.rows = tsv_rows, .put = tsv_put};
