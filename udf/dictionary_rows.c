/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. Rows for a dictionary: the key, then the attributes.
 *
 *   TabSeparated, RowBinary   key, values │ key, values │ …                 row by row
 *   Native                    header │ key column │ attribute column │ …    when the block is whole
 *
 * An exported prefix set (export.c) has four more columns behind its key: id, parent_id, keys, values.
 */
#include "udf/dictionary_rows.h"

#include "base/varint.h"
#include "udf/rowbinary.h"
#include "udf/tsv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SLICE(s) ((struct lc_slice){(const uint8_t *)(s), sizeof(s) - 1})

static int put_number(struct lc_buf *out, uint64_t v, unsigned width)
{
    return lc_buf_add(out, &v, width);
}

static int put_varint(struct lc_buf *out, uint64_t v)
{
    uint8_t head[LC_VARINT_MAX];

    return lc_buf_add(out, head, lc_varint_put(head, v));
}

/* Are there the columns of regexp_tree? */
static bool has_regexps(const struct lc_stream *s)
{
    return s->regexps.on;
}

static struct lc_slice attribute_name(const struct lc_stream *s, unsigned a)
{
    return s->rules->names[s->results[a].attribute];
}

/* The value id of a rule for attribute a; LC_ERR_INPUT where the arena is damaged. */
static int value_of(const struct lc_stream *s, unsigned a, uint32_t rule, uint32_t *id)
{
    *id = rule;
    return lc_column_type_values(&s->results[a], id, 1);
}

/* Row i's key in the bytes of the binary formats. */
static int put_key(struct lc_stream *s, size_t i)
{
    const struct lc_batch *b = &s->batch;

    if (lc_kind_takes_numbers(s->rules->kind))
        return put_number(&s->out, b->number[i], s->arg->width);
    if (s->arg->width) /* FixedString: its padding is not in the length */
        return lc_buf_add(&s->out, b->p[i], s->arg->width);
    return lc_put_slice(&s->out, (struct lc_slice){b->p[i], b->len[i]});
}

int lc_dictionary_rows_begin(struct lc_stream *s, struct lc_slice name, struct lc_slice type)
{
    unsigned columns = 1 + s->n_results + (has_regexps(s) ? 4 : 0);

    lc_buf_reset(&s->later);
    return put_varint(&s->out, columns) || put_varint(&s->out, s->native.rows) ||
                   lc_put_slice(&s->out, name) || lc_put_slice(&s->out, type)
               ? LC_ERR_NOMEM
               : 0;
}

static int native_put(struct lc_stream *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (put_key(s, i))
            return LC_ERR_NOMEM;
    return lc_buf_add(&s->later, s->value, n * 4);
}

/* 'name', as an element of an array in TabSeparated. */
static int put_quoted(struct lc_buf *out, struct lc_slice v)
{
    int rc = lc_buf_adds(out, "'");

    for (size_t i = 0; i < v.n && !rc; i++)
        rc = v.p[i] == '\'' ? lc_buf_adds(out, "\\'")
                            : lc_put_escaped(out, (struct lc_slice){v.p + i, 1});
    return rc || lc_buf_adds(out, "'") ? LC_ERR_NOMEM : 0;
}

/* An array of all attributes' names (values false) or of the rule's values. */
static int put_array(struct lc_stream *s, uint32_t rule, bool text, bool values)
{
    int rc = text ? lc_buf_adds(&s->out, "[") : put_varint(&s->out, s->n_results);

    for (unsigned a = 0; a < s->n_results && !rc; a++) {
        struct lc_slice v = attribute_name(s, a);
        uint32_t id;

        if (values) {
            rc = value_of(s, a, rule, &id);
            if (rc)
                break;
            v = lc_rules_value(s->rules, s->results[a].attribute, id);
        }
        if (text)
            rc = (a && lc_buf_adds(&s->out, ",")) || put_quoted(&s->out, v) ? LC_ERR_NOMEM : 0;
        else
            rc = lc_put_slice(&s->out, v);
    }
    return rc || !text ? rc : lc_buf_adds(&s->out, "]");
}

/* id, parent_id, keys, values of the row whose id is this. */
static int put_regexp_fields(struct lc_stream *s, uint64_t id, uint32_t rule, bool text)
{
    int rc = text ? lc_buf_addf(&s->out, "\t%" PRIu64 "\t0\t", id)
                  : (put_number(&s->out, id, 8) || put_number(&s->out, 0, 8) ? LC_ERR_NOMEM : 0);

    rc = rc ? rc : put_array(s, rule, text, false);
    rc = rc || !text ? rc : lc_buf_adds(&s->out, "\t");
    return rc ? rc : put_array(s, rule, text, true);
}

static int put_text_key(struct lc_stream *s, size_t i)
{
    const struct lc_batch *b = &s->batch;

    return lc_kind_takes_numbers(s->rules->kind)
               ? lc_buf_addf(&s->out, "%" PRIu64, b->number[i])
               : lc_put_escaped(&s->out, (struct lc_slice){b->p[i], b->len[i]});
}

/* The formats that go row by row. */
static int put_row(struct lc_stream *s, size_t i, bool text)
{
    int rc = text ? put_text_key(s, i) : put_key(s, i);

    if (!rc && has_regexps(s))
        rc = put_regexp_fields(s, s->regexps.next + i + 1u, s->value[i], text);
    for (unsigned a = 0; a < s->n_results && !rc; a++) {
        uint32_t id;

        s->result = &s->results[a];
        rc = value_of(s, a, s->value[i], &id);
        if (!rc && text)
            rc = lc_buf_adds(&s->out, "\t") || lc_put_field(s, id) ? LC_ERR_NOMEM : 0;
        else if (!rc)
            rc = lc_put_binary(s, id);
    }
    return rc || !text ? rc : lc_buf_adds(&s->out, "\n");
}

int lc_dictionary_rows_put(struct lc_stream *s, size_t n)
{
    bool text = s->format == LC_FORMAT_TSV;
    int rc = 0;

    if (s->format == LC_FORMAT_NATIVE)
        return native_put(s, n);
    for (size_t i = 0; i < n && !rc; i++)
        rc = put_row(s, i, text);
    return rc;
}

static int put_column_head(struct lc_stream *s, struct lc_slice name, struct lc_slice type)
{
    return lc_put_slice(&s->out, name) || lc_put_slice(&s->out, type) ? LC_ERR_NOMEM : 0;
}

/* The column of attribute a, from the block's rules. */
static int put_attribute(struct lc_stream *s, unsigned a, const uint32_t *rules, size_t rows)
{
    const struct lc_column_type *res = s->result = &s->results[a];
    struct lc_slice type = {(const uint8_t *)res->type, strlen(res->type)};
    int rc = put_column_head(s, attribute_name(s, a), type);

    /* A Nullable column begins with the null bytes of all rows. */
    for (size_t i = 0; i < rows && res->nullable && !rc; i++) {
        uint32_t id = 0;
        uint8_t is_null;

        rc = value_of(s, a, rules[i], &id);
        is_null = lc_column_type_is_null(res, id);
        rc = rc ? rc : lc_buf_add(&s->out, &is_null, 1);
    }
    for (size_t at = 0; at < rows && !rc; at += LC_BATCH) {
        size_t n = rows - at < LC_BATCH ? rows - at : LC_BATCH;

        memcpy(s->value, rules + at, n * 4);
        rc = lc_column_type_values(res, s->value, n);
        if (!rc)
            rc = res->width ? lc_put_fixed(s, s->value, n) : lc_put_strings(s, s->value, n);
    }
    return rc;
}

/* keys or values: the ends of all rows' arrays, then their elements. */
static int put_array_column(struct lc_stream *s, const uint32_t *rules, size_t rows, bool values)
{
    int rc = put_column_head(s, values ? SLICE("values") : SLICE("keys"), SLICE("Array(String)"));

    for (size_t i = 0; i < rows && !rc; i++)
        rc = put_number(&s->out, (i + 1) * s->n_results, 8);
    for (size_t i = 0; i < rows && !rc; i++)
        for (unsigned a = 0; a < s->n_results && !rc; a++) {
            struct lc_slice v = attribute_name(s, a);
            uint32_t id;

            if (values && value_of(s, a, rules[i], &id))
                return LC_ERR_INPUT;
            if (values)
                v = lc_rules_value(s->rules, s->results[a].attribute, id);
            rc = lc_put_slice(&s->out, v);
        }
    return rc;
}

static int put_regexp_columns(struct lc_stream *s, const uint32_t *rules, size_t rows)
{
    int rc = put_column_head(s, SLICE("id"), SLICE("UInt64"));

    for (size_t i = 0; i < rows && !rc; i++)
        rc = put_number(&s->out, s->regexps.first + i + 1u, 8);
    rc = rc ? rc : put_column_head(s, SLICE("parent_id"), SLICE("UInt64"));
    for (size_t i = 0; i < rows && !rc; i++)
        rc = put_number(&s->out, 0, 8);
    rc = rc ? rc : put_array_column(s, rules, rows, false);
    return rc ? rc : put_array_column(s, rules, rows, true);
}

int lc_dictionary_rows_finish(struct lc_stream *s)
{
    const uint32_t *rules = (const uint32_t *)(const void *)s->later.p;
    size_t rows = s->later.n / 4;
    int rc = 0;

    if (s->format != LC_FORMAT_NATIVE)
        return 0;
    if (has_regexps(s))
        rc = put_regexp_columns(s, rules, rows);
    for (unsigned a = 0; a < s->n_results && !rc; a++)
        rc = put_attribute(s, a, rules, rows);
    return rc;
}
