#include "udf/rules/csv.h"

#include "udf/rules/build.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS (LC_MAX_ATTRIBUTES + 2)

enum { PIECE_BYTES = 1 << 16 };

/* The parse in progress. libcsv's callbacks cannot stop it, so the first error is latched here. */
struct reader {
    const char *name;
    struct lc_error *err;
    int rc; /* the first failure; the rest of the input is then ignored */
    struct lc_builder *builder;
    enum lc_kind kind;
    uint32_t keys;    /* columns before the attributes: 1, or 2 for a range */
    uint32_t columns; /* of the header; 0 until it is read */
    struct lc_slice headers[MAX_FIELDS];
    struct lc_buf text; /* the record so far: its fields one after the other */
    size_t field_off[MAX_FIELDS + 1];
    uint32_t fields;      /* of the record so far; may pass MAX_FIELDS */
    uint32_t line;        /* being fed, from 1 */
    uint32_t record_line; /* where the record began; 0: between records */
};

/* Latch an error at the record's line; column from 1, or 0 for the whole line. */
__attribute__((format(printf, 4, 5))) static int refuse(struct reader *r, uint32_t column,
                                                        const char *hint, const char *fmt, ...)
{
    char what[700], where[200] = "";
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (column && column <= r->columns) {
        char shown[120];
        struct lc_slice h = r->headers[column - 1];

        snprintf(where, sizeof where, " column %u (%s):", column,
                 lc_printable(h.p, h.n, shown, sizeof shown));
    } else if (column) {
        snprintf(where, sizeof where, " column %u:", column);
    }
    if (!r->rc) {
        r->rc = lc_fail_at(r->err, LC_ERR_INPUT, 0, r->record_line, "%s:%u:%s %s", r->name,
                           r->record_line, where, what);
        if (hint)
            lc_hint(r->err, "%s", hint);
    }
    return LC_ERR_INPUT;
}

/* Length of the valid UTF-8 at the start of s: s.n where all is valid (Unicode 15, table 3-7). */
static size_t utf8_valid(struct lc_slice s)
{
    size_t i = 0;

    while (i < s.n) {
        uint8_t c = s.p[i];
        uint8_t low = 0x80, high = 0xbf;
        size_t more;

        if (c < 0x80) {
            i++;
            continue;
        }
        if (c >= 0xc2 && c <= 0xdf) {
            more = 1;
        } else if (c >= 0xe0 && c <= 0xef) {
            more = 2;
            low = c == 0xe0 ? 0xa0 : 0x80;
            high = c == 0xed ? 0x9f : 0xbf;
        } else if (c >= 0xf0 && c <= 0xf4) {
            more = 3;
            low = c == 0xf0 ? 0x90 : 0x80;
            high = c == 0xf4 ? 0x8f : 0xbf;
        } else {
            return i;
        }
        for (size_t k = 1; k <= more; k++) {
            if (i + k >= s.n || s.p[i + k] < low || s.p[i + k] > high)
                return i;
            low = 0x80;
            high = 0xbf;
        }
        i += more + 1;
    }
    return i;
}

static struct lc_slice field(const struct reader *r, uint32_t i)
{
    const uint8_t *p = r->text.p ? r->text.p : (const uint8_t *)"";

    return (struct lc_slice){p + r->field_off[i], r->field_off[i + 1] - r->field_off[i]};
}

static bool is_text(struct lc_slice s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static int check_attribute_names(struct reader *r)
{
    for (uint32_t i = 0; i < r->fields; i++)
        r->headers[i] = field(r, i);
    for (uint32_t i = r->keys; i < r->fields; i++) {
        if (r->headers[i].n == 0)
            return refuse(r, i + 1, "name every attribute in the first line",
                          "the header has no name");
        for (uint32_t k = r->keys; k < i; k++)
            if (r->headers[k].n == r->headers[i].n &&
                memcmp(r->headers[k].p, r->headers[i].p, r->headers[i].n) == 0)
                return refuse(r, i + 1, NULL, "the name stands twice in the header");
    }
    return 0;
}

static int take_header(struct reader *r)
{
    static const char expected[] =
        "the first line is prefix,NAME…  exact,NAME…  from,to,NAME…  or  bucket,NAME…";
    char shown[120];
    uint8_t *copy;
    int rc;

    r->keys = 1;
    if (is_text(field(r, 0), "prefix"))
        r->kind = LC_KIND_PREFIX;
    else if (is_text(field(r, 0), "exact"))
        r->kind = LC_KIND_EXACT;
    else if (is_text(field(r, 0), "bucket"))
        r->kind = LC_KIND_BUCKET;
    else if (is_text(field(r, 0), "from")) {
        r->kind = LC_KIND_RANGE;
        r->keys = 2;
        if (r->fields < 2 || !is_text(field(r, 1), "to"))
            return refuse(r, 2, expected, "a header that begins with 'from' goes on with 'to'");
    } else {
        struct lc_slice f = field(r, 0);

        if (f.n > 1 && f.p[0] == 0x1f && f.p[1] == 0x8b)
            return refuse(r, 1, "gunzip it first", "the file is compressed by gzip");
        if (f.n > 1 && ((f.p[0] == 0xff && f.p[1] == 0xfe) || (f.p[0] == 0xfe && f.p[1] == 0xff)))
            return refuse(r, 1, "save it as UTF-8", "the file is UTF-16");
        return refuse(r, 1, expected, "unknown kind '%s': expected prefix, exact, from or bucket",
                      lc_printable(f.p, f.n, shown, sizeof shown));
    }
    if (r->fields <= r->keys)
        return refuse(r, 0, expected, "the header names no attribute");
    if (r->fields - r->keys > LC_MAX_ATTRIBUTES)
        return refuse(r, 0, NULL, "%u attributes: at most %u", r->fields - r->keys,
                      LC_MAX_ATTRIBUTES);
    rc = check_attribute_names(r);
    if (rc)
        return rc;
    rc = lc_builder_new(&r->builder, r->kind, r->headers + r->keys, r->fields - r->keys);
    if (rc)
        return r->rc = lc_fail(r->err, rc,
                               rc == LC_ERR_NOMEM ? "%s: not enough memory"
                                                  : "%s: the system gives no random number",
                               r->name);
    /* The headers outlive this record: messages name them. */
    copy = malloc(r->text.n + 1);
    if (!copy)
        return r->rc = lc_fail(r->err, LC_ERR_NOMEM, "%s: not enough memory", r->name);
    memcpy(copy, r->text.p, r->text.n);
    for (uint32_t i = 0; i < r->fields; i++)
        r->headers[i].p = copy + r->field_off[i];
    r->columns = r->fields;
    return 0;
}

static int take_number(struct reader *r, uint32_t column, uint64_t *out)
{
    struct lc_slice s = field(r, column - 1);
    uint64_t v = 0;
    char shown[120];

    for (size_t i = 0; i < s.n; i++) {
        uint64_t digit = (uint64_t)s.p[i] - '0';

        if (digit > 9 || v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - digit)
            return refuse(r, column, NULL, "'%s' is not a whole number from 0 to 2^64 - 1",
                          lc_printable(s.p, s.n, shown, sizeof shown));
        v = v * 10 + digit;
    }
    if (s.n == 0)
        return refuse(r, column, NULL, "empty: expected a whole number from 0 to 2^64 - 1");
    *out = v;
    return 0;
}

static int check_fields(struct reader *r)
{
    if (r->fields != r->columns)
        return refuse(r, 0, "write a field that holds a comma or a quote as \"…\"",
                      "%u field%s, expected %u as in the header", r->fields,
                      r->fields == 1 ? "" : "s", r->columns);
    for (uint32_t i = 0; i < r->fields; i++) {
        struct lc_slice f = field(r, i);
        uint32_t max = i < r->keys ? LC_MAX_KEY_BYTES : LC_MAX_VALUE_BYTES;
        size_t valid = utf8_valid(f);

        if (f.n > max)
            return refuse(r, i + 1, NULL, "%zu bytes: a %s may have at most %u", f.n,
                          i < r->keys ? "key" : "value", max);
        if (valid < f.n)
            return refuse(r, i + 1, "save the file as UTF-8",
                          "not valid UTF-8 at byte %zu of the field (0x%02x)", valid, f.p[valid]);
        if (i < r->keys && memchr(f.p, 0, f.n))
            return refuse(r, i + 1, NULL, "a NUL byte in a key");
    }
    return 0;
}

static int take_rule(struct reader *r)
{
    struct lc_slice values[LC_MAX_ATTRIBUTES];
    struct lc_rule_in in = {.line = r->record_line, .values = values};
    struct lc_error why = LC_ERROR_INIT;
    int rc = check_fields(r);

    if (rc)
        return rc;
    for (uint32_t i = r->keys; i < r->columns; i++)
        values[i - r->keys] = field(r, i);
    if (r->kind == LC_KIND_RANGE || r->kind == LC_KIND_BUCKET) {
        rc = take_number(r, 1, &in.from);
        if (!rc && r->kind == LC_KIND_RANGE)
            rc = take_number(r, 2, &in.to);
        if (rc)
            return rc;
        if (r->kind == LC_KIND_RANGE && in.from > in.to)
            return refuse(r, 2, NULL, "the range ends (%llu) before it begins (%llu)",
                          (unsigned long long)in.to, (unsigned long long)in.from);
    } else {
        in.key = field(r, 0);
        if (r->kind == LC_KIND_EXACT && is_text(in.key, "*")) {
            in.is_default = true;
            in.key.n = 0;
        }
    }
    rc = lc_builder_add(r->builder, &in, &why);
    if (rc == LC_ERR_NOMEM)
        return r->rc = lc_fail(r->err, rc, "%s: not enough memory", r->name);
    if (rc)
        return refuse(r, 0, NULL, "%s", why.msg);
    return 0;
}

static void on_field(void *p, size_t n, void *arg)
{
    struct reader *r = arg;

    if (r->rc)
        return;
    if (r->record_line == 0)
        r->record_line = r->line;
    if (r->fields < MAX_FIELDS) {
        if (lc_buf_add(&r->text, p, n)) {
            refuse(r, r->fields + 1, NULL,
                   "the line is too long: a value may have at most %u bytes", LC_MAX_VALUE_BYTES);
            return;
        }
        r->field_off[r->fields + 1] = r->text.n;
    }
    if (++r->fields > MAX_FIELDS)
        refuse(r, 0, NULL, "more than %u fields", MAX_FIELDS);
}

static void on_record(int terminator, void *arg)
{
    struct reader *r = arg;

    (void)terminator;
    if (!r->rc) {
        if (r->columns == 0)
            take_header(r);
        else
            take_rule(r);
    }
    lc_buf_reset(&r->text);
    r->fields = 0;
    r->record_line = 0;
}

/* Nothing is white space to be trimmed: spaces are kept. */
static int is_no_space(unsigned char c)
{
    (void)c;
    return 0;
}

/*
 * Feed line by line, so that an error knows its line, counted through quoted newlines; a line that
 * does not end in pieces, so that what is too long is refused before all of it was read.
 */
static int feed(struct reader *r, struct csv_parser *csv, const uint8_t *p, size_t n)
{
    const uint8_t *start = p, *end = p + n;
    bool begins = true; /* a line */

    while (p < end && !r->rc) {
        size_t left = (size_t)(end - p);
        const uint8_t *newline = memchr(p, '\n', left < PIECE_BYTES ? left : PIECE_BYTES);
        size_t line = newline ? (size_t)(newline + 1 - p) : left;
        size_t piece = line < PIECE_BYTES ? line : PIECE_BYTES;
        bool blank = p[0] == '\n' || (p[0] == '\r' && piece <= 2);
        size_t took;

        r->line += begins;
        begins = piece == line;
        if (r->record_line == 0 && !blank)
            r->record_line = r->line;
        took = csv_parse(csv, p, piece, on_field, on_record, r);
        if (took < piece && !r->rc) {
            if (csv_error(csv) != CSV_EPARSE)
                return r->rc = lc_fail(r->err, LC_ERR_NOMEM, "%s: not enough memory", r->name);
            /* libcsv stops behind the byte it does not take. */
            refuse(r, r->fields + 1, "a quote inside a field is written twice, in a quoted field",
                   "a quote where none can be (line %u, byte %zu of the file)", r->line,
                   (size_t)(p - start) + took);
        }
        if (csv_get_buffer_size(csv) > 4u * LC_MAX_VALUE_BYTES && !r->rc)
            refuse(r, r->fields + 1, "look for a quote that is not closed",
                   "over %u bytes in one field: a value may have at most %u",
                   4u * LC_MAX_VALUE_BYTES, LC_MAX_VALUE_BYTES);
        p += piece;
    }
    return r->rc;
}

int lc_rules_parse_csv(struct lc_rules **out, const void *text, size_t n, const char *name,
                       struct lc_error *err)
{
    struct reader r = {.name = name, .err = err};
    struct csv_parser csv;
    const uint8_t *p = text;

    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI))
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);
    csv_set_space_func(&csv, is_no_space);
    lc_buf_init(&r.text, (size_t)MAX_FIELDS * LC_MAX_VALUE_BYTES);
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        n -= 3;
    }
    if (n == 0) {
        r.rc = lc_fail_at(err, LC_ERR_INPUT, 0, 1, "%s:1: the file is empty", name);
        lc_hint(err, "the first line names the kind and the attributes: prefix,region");
    }
    if (!feed(&r, &csv, p, n) && csv_fini(&csv, on_field, on_record, &r) && !r.rc)
        refuse(&r, r.fields + 1, "close the quote",
               "the quote that begins in this line never ends");
    if (!r.rc && r.columns == 0) {
        r.rc = lc_fail_at(err, LC_ERR_INPUT, 0, 1, "%s:1: no header, only blank lines", name);
        lc_hint(err, "the first line names the kind and the attributes: prefix,region");
    }
    if (!r.rc)
        r.rc = lc_builder_finish(r.builder, out, name, err);
    lc_builder_free(r.builder);
    if (r.columns)
        free((void *)(uintptr_t)r.headers[0].p);
    lc_buf_release(&r.text);
    csv_free(&csv);
    return r.rc;
}
