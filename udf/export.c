/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules go through the same stream as keys do, a batch at a time, with two differences: nothing is decoded
 * or matched, and the order is the one that the layout of the dictionary wants. regexp_tree takes the first
 * expression that matches, so the longest prefix goes first.
 */
#include "udf/export.h"

#include "udf/dictionary_rows.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_ROWS 8192u /* a multiple of LC_BATCH */

struct lc_export {
    struct lc_stream *stream; /* puts the rows out, as if these keys had come in */
    struct lc_slice key;      /* the key column's name */
    bool native;
    uint32_t *order; /* the rules that go out: `rows` of them */
    uint32_t rows;
    uint32_t at;        /* into order: the next to go out */
    struct lc_buf text; /* the regular expressions of a batch */
};

/* The rules that are put out, the longest key first: a counting sort, stable. */
static int sort_by_length(struct lc_export *w)
{
    const struct lc_rules *r = w->stream->rules;
    uint32_t *count = calloc(LC_MAX_KEY_BYTES + 2u, sizeof *count);

    w->order = malloc((r->rules + 1u) * sizeof *w->order);
    if (!count || !w->order) {
        free(count);
        return LC_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < r->rules; i++) {
        size_t n = lc_rules_key(r, i).n;

        count[n < LC_MAX_KEY_BYTES ? LC_MAX_KEY_BYTES - n + 1 : 1]++;
    }
    for (uint32_t n = 1; n <= LC_MAX_KEY_BYTES + 1; n++)
        count[n] += count[n - 1];
    for (uint32_t i = 0; i < r->rules; i++) {
        size_t n = lc_rules_key(r, i).n;

        w->order[count[n < LC_MAX_KEY_BYTES ? LC_MAX_KEY_BYTES - n : 0]++] = i;
    }
    w->rows = r->rules;
    free(count);
    return 0;
}

/* Those with a key, in their own order. */
static int leave_out_default(struct lc_export *w)
{
    const struct lc_rules *r = w->stream->rules;

    w->order = malloc((r->rules + 1u) * sizeof *w->order);
    if (!w->order)
        return LC_ERR_NOMEM;
    for (uint32_t i = 0; i < r->rules; i++)
        if (i != r->default_rule)
            w->order[w->rows++] = i;
    return 0;
}

/* Would regexp_tree put what a group matched into this value? */
static bool refers_to_group(struct lc_slice v)
{
    for (size_t i = 0; i + 1 < v.n; i++)
        if ((v.p[i] == '\\' || v.p[i] == '$') && v.p[i + 1] >= '0' && v.p[i + 1] <= '9')
            return true;
    return false;
}

int lc_export_check_values(const struct lc_rules *r, unsigned attribute, const char *name,
                           struct lc_error *err)
{
    char shown[200];

    for (uint32_t i = 0; i < r->rules; i++) {
        uint32_t id = lc_rules_value_id(r, attribute, i);
        struct lc_slice v = lc_rules_value(r, attribute, id == LC_NONE ? 0 : id);

        if (!refers_to_group(v))
            continue;
        lc_fail_at(err, LC_ERR_INPUT, 0, r->lines[i],
                   "%s:%u: the value '%s': regexp_tree reads a \\ or $ before a digit as a group",
                   name, r->lines[i], lc_printable(v.p, v.n, shown, sizeof shown));
        lc_hint(err, "use a layout that asks key by key (--emit rows)");
        return LC_ERR_INPUT;
    }
    return 0;
}

int lc_export_new(struct lc_export **out, const struct lc_column_type *results, unsigned n,
                  enum lc_format format, const char *key, const char *name, struct lc_error *err)
{
    const struct lc_rules *r = results->rules;
    struct lc_export *w;
    int rc = 0;

    *out = NULL;
    if ((r->kind != LC_KIND_EXACT && r->kind != LC_KIND_PREFIX) || r->form != LC_FORM_PLAIN) {
        lc_fail(err, LC_ERR_USAGE, "%s: %s rules cannot be loaded whole", name,
                lc_kind_name_with(r->kind, r->options));
        lc_hint(err, "use a layout that asks key by key (--emit rows)");
        return LC_ERR_USAGE;
    }
    w = calloc(1, sizeof *w);
    if (!w || lc_stream_new_rows(&w->stream, results, n, format, false)) {
        free(w);
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    }
    w->key = (struct lc_slice){(const uint8_t *)key, strlen(key)};
    w->stream->regexps.on = r->kind == LC_KIND_PREFIX;
    w->native = format == LC_FORMAT_NATIVE;
    lc_buf_init(&w->text, SIZE_MAX / 2);
    for (unsigned a = 0; a < n && w->stream->regexps.on && !rc; a++)
        rc = lc_export_check_values(r, results[a].attribute, name, err);
    if (!rc && (w->stream->regexps.on ? sort_by_length(w) : leave_out_default(w)))
        rc = lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    if (rc)
        lc_export_free(w);
    else
        *out = w;
    return rc;
}

void lc_export_free(struct lc_export *w)
{
    if (!w)
        return;
    lc_stream_free(w->stream);
    lc_buf_release(&w->text);
    free(w->order);
    free(w);
}

/* "^" and the key, what means something in a regular expression behind a
 * backslash: as RE2 quotes. */
static int add_regexp(struct lc_buf *out, struct lc_slice key)
{
    if (lc_buf_reserve(out, 1 + 2 * key.n))
        return LC_ERR_NOMEM;
    out->p[out->n++] = '^';
    for (size_t i = 0; i < key.n; i++) {
        uint8_t c = key.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '_' || c >= 0x80;

        if (!plain)
            out->p[out->n++] = '\\';
        out->p[out->n++] = c;
    }
    return 0;
}

/* The next n rules into the stream's batch, as if they were keys that came in. */
static int take_rules(struct lc_export *w, size_t n)
{
    struct lc_stream *s = w->stream;
    struct lc_batch *b = &s->batch;

    lc_buf_reset(&w->text);
    b->n = n;
    for (size_t i = 0; i < n; i++) {
        struct lc_slice key = lc_rules_key(s->rules, w->order[w->at + i]);
        size_t start = w->text.n;

        s->value[i] = w->order[w->at + i];
        b->p[i] = key.p;
        b->len[i] = key.n;
        if (!s->regexps.on)
            continue;
        if (add_regexp(&w->text, key))
            return LC_ERR_NOMEM;
        b->len[i] = w->text.n - start;
    }
    /* Only now does the text lie still. */
    for (size_t i = 0, at = 0; s->regexps.on && i < n; at += b->len[i++])
        b->p[i] = w->text.p + at;
    return 0;
}

int lc_export_next(struct lc_export *w, struct lc_slice *bytes, struct lc_error *err)
{
    static const char string[] = "String";
    const struct lc_slice type = {(const uint8_t *)string, sizeof string - 1};
    struct lc_stream *s = w->stream;
    uint32_t rows = w->rows - w->at < BLOCK_ROWS ? w->rows - w->at : BLOCK_ROWS;
    int rc = 0;

    lc_stream_written(s);
    if (rows == 0)
        return 0;
    s->native.rows = rows;
    s->regexps.first = w->at;
    if (w->native)
        rc = lc_dictionary_rows_begin(s, w->key, type);
    for (uint32_t left = rows; !rc && left;) {
        uint32_t n = left < LC_BATCH ? left : LC_BATCH;

        s->regexps.next = w->at;
        rc = take_rules(w, n);
        rc = rc ? rc : lc_dictionary_rows_put(s, n);
        w->at += n;
        left -= n;
    }
    rc = rc ? rc : lc_dictionary_rows_finish(s);
    s->ready = s->out.n;
    *bytes = lc_stream_ready(s);
    if (rc)
        return lc_fail(err, rc,
                       rc == LC_ERR_NOMEM ? "not enough memory" : "the compiled rules are damaged");
    return 1;
}
