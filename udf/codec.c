/* SPDX-License-Identifier: Apache-2.0 */
/* Hot. What the codecs share: decoding keys into the batch, encoding values, errors with their place. */
#include "udf/codec.h"

#include "base/varint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int lc_codec_fail(const struct lc_stream *s, size_t byte, uint64_t rows, struct lc_error *err,
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

/* The rule of a key that no rule takes: the default, where there is one. */
static __attribute__((noinline)) void give_default(struct lc_stream *s)
{
    const struct lc_rules *r = s->rules;
    uint32_t rule = r->default_rule == LC_NONE ? r->rules : r->default_rule;

    for (size_t i = 0; i < s->batch.n; i++)
        if (s->no_rule[i])
            s->value[i] = rule;
    memset(s->no_rule, 0, sizeof s->no_rule);
    s->any_no_rule = false;
}

/* Texts that are addresses; what is none is in no network. */
static void read_addresses(struct lc_stream *s)
{
    struct lc_batch *b = &s->batch;

    for (size_t i = 0; i < b->n; i++)
        if (!s->no_rule[i] &&
            !lc_point_of_address((struct lc_slice){b->p[i], b->len[i]}, &b->point[i])) {
            b->point[i] = 0;
            s->no_rule[i] = true;
            s->any_no_rule = true;
        }
}

int lc_codec_match(struct lc_stream *s, struct lc_error *err)
{
    /* Addresses are the only points that may come as texts. */
    if (s->rules->takes.order == LC_ORDER_ADDRESS &&
        (s->arg->base == LC_ARG_STRING || s->arg->base == LC_ARG_FIXED_STRING))
        read_addresses(s);
    if (lc_match(s->rules, &s->batch, s->value)) {
        lc_fail(err, LC_ERR_INPUT, "the compiled rules are damaged");
        lc_hint(err, "livecol rules check FILE shows more; compile them again");
        return LC_ERR_INPUT;
    }
    if (__builtin_expect(s->any_no_rule, 0))
        give_default(s);
    return (int)s->batch.n;
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
 * the rest, so that a row costs no branch that data decides (bench udf, String). From slots of one size
 * a row takes 2.7 ns less than from where the rules have them.
 */
int lc_put_strings(struct lc_stream *s, const uint32_t *value, size_t n)
{
    const struct lc_column_type result = *s->result; /* a copy: what is written may alias *s */
    uint8_t *to;

    if (lc_buf_reserve(&s->out, 16 * (n + 1)))
        return LC_ERR_NOMEM;
    to = s->out.p + s->out.n;
    for (size_t i = 0; result.slots && i < n; i++) {
        memcpy(to, result.slots + value[i] * (size_t)16, 16);
        to += result.slot_bytes[value[i]];
    }
    for (size_t i = 0; !result.slots && i < n; i++) {
        struct lc_slice v = lc_column_type_encoded(&result, value[i]);
        int rc;

        if (__builtin_expect(v.n <= 16, 1)) {
            if (__builtin_expect(v.n == 0, 0))
                return LC_ERR_INPUT; /* a damaged arena: the shortest value has its length byte */
            memcpy(to, v.p, 16);
            to += v.n;
            continue;
        }
        s->out.n = (size_t)(to - s->out.p);
        rc = put_long_string(s, v, n - i);
        if (rc)
            return rc;
        to = s->out.p + s->out.n;
    }
    s->out.n = (size_t)(to - s->out.p);
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

/*
 * The first `width` bytes of a code are the value: numbers are little-endian here and on the
 * wire.
 */
int lc_put_fixed(struct lc_stream *s, const uint32_t *value, size_t n)
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
            to[i] = (uint8_t)code[value[i]];
        break;
    case 2:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 2, &code[value[i]], 2);
        break;
    case 4:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 4, &code[value[i]], 4);
        break;
    case 8:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 8, &code[value[i]], 8);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 16, s->result->wide + (size_t)value[i] * 16, 16);
    }
    s->out.n += n * width;
    return 0;
}
