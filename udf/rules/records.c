/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcsv gives fields and ends of records to callbacks, and says nothing of lines. So the text is fed line by
 * line, and the line that is fed is the place of whatever a callback finds. Three states:
 *
 *   between records   record_line is 0: a # begins a comment, an empty line is nothing
 *   in a record       record_line is where it began, also behind newlines within quotes
 *   failed            rc is set: the callbacks do nothing, and feeding ends with the piece
 */
#include "udf/rules/records.h"

#include "udf/rules/encoding.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PIECE_BYTES = 1 << 16, RECORD_BYTES = 1 << 26 };

int lc_records_refuse(struct lc_records *r, uint32_t column, const char *hint, const char *fmt, ...)
{
    const struct lc_records_origin *o = r->how.origin;
    char what[700], where[200] = "", shown[120];
    struct lc_slice h = {0}; /* the column's name */
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (column && column <= (o ? o->columns : r->columns)) {
        h = o ? o->column_name[column - 1] : r->headers[column - 1];
        column = o ? o->column[column - 1] : column;
    }
    if (h.n)
        snprintf(where, sizeof where, " column %u (%s):", column,
                 lc_printable(h.p, h.n, shown, sizeof shown));
    else if (column)
        snprintf(where, sizeof where, " column %u:", column);
    if (!r->rc) {
        r->rc = lc_fail_at(r->err, LC_ERR_INPUT, 0, r->record_line, "%s:%u:%s %s", r->name,
                           r->record_line, where, what);
        if (hint)
            lc_hint(r->err, "%s", hint);
    }
    return LC_ERR_INPUT;
}

struct lc_slice lc_records_field(const struct lc_records *r, uint32_t i)
{
    const uint8_t *p = r->text.p ? r->text.p : (const uint8_t *)"";
    const size_t *off = (const size_t *)(const void *)r->off.p;

    return (struct lc_slice){p + off[i], off[i + 1] - off[i]};
}

bool lc_records_is_excel(const struct lc_records *r)
{
    struct lc_slice first = lc_records_field(r, 0);

    return first.n == 4 && strncasecmp((const char *)first.p, "sep=", 4) == 0 &&
           (r->fields == 1 || (r->fields == 2 && lc_records_field(r, 1).n == 0));
}

int lc_records_check_utf8(struct lc_records *r, uint32_t i)
{
    struct lc_slice f = lc_records_field(r, i);
    size_t valid = lc_utf8_valid(f);

    if (valid == f.n)
        return 0;
    if (lc_encoding_is_latin(f, valid))
        return lc_records_refuse(
            r, i + 1, "save the file as UTF-8; or: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW",
            "not valid UTF-8 at byte %zu of the field (0x%02x): it looks like Latin-1 or "
            "Windows-1252",
            valid, f.p[valid]);
    return lc_records_refuse(r, i + 1, "save the file as UTF-8",
                             "not valid UTF-8 at byte %zu of the field (0x%02x)", valid,
                             f.p[valid]);
}

static void no_memory(struct lc_records *r)
{
    if (!r->rc)
        r->rc = lc_fail(r->err, LC_ERR_NOMEM, "%s: not enough memory", r->name);
}

/*
 * libcsv's callbacks return nothing, so an error is kept in rc, and all later calls do nothing.
 */
static void on_field(void *p, size_t n, void *arg)
{
    struct lc_records *r = arg;

    if (r->rc)
        return;
    if (r->record_line == 0)
        r->record_line = r->line;
    if (r->fields == r->how.max_fields) {
        lc_records_refuse(r, 0, NULL, "more than %u fields", r->how.max_fields);
        return;
    }
    if (n > r->text.max - r->text.n) {
        lc_records_refuse(r, r->fields + 1, NULL, "the line is too long");
        return;
    }
    if (lc_buf_add(&r->text, p, n) || lc_buf_add(&r->off, &r->text.n, sizeof r->text.n))
        no_memory(r);
    r->fields++;
}

/* Begin a record. */
static int begin(struct lc_records *r)
{
    static const size_t zero = 0;

    lc_buf_reset(&r->text);
    lc_buf_reset(&r->off);
    r->fields = 0;
    r->record_line = 0;
    return lc_buf_add(&r->off, &zero, sizeof zero);
}

/* The header outlives its record: messages name its columns. */
static void keep_header(struct lc_records *r)
{
    uint8_t *copy = malloc(r->text.n + 1);

    r->headers = calloc(r->fields + 1u, sizeof *r->headers);
    if (!copy || !r->headers) {
        free(copy);
        no_memory(r);
        return;
    }
    if (r->text.n)
        memcpy(copy, r->text.p, r->text.n);
    for (uint32_t i = 0; i < r->fields; i++) {
        r->headers[i] = lc_records_field(r, i);
        r->headers[i].p = copy + (r->headers[i].p - lc_records_field(r, 0).p);
        r->headers[i].n = r->how.no_header ? 0 : r->headers[i].n;
    }
    r->columns = r->fields;
}

static void on_record(int terminator, void *arg)
{
    struct lc_records *r = arg;

    (void)terminator;
    if (r->how.origin && r->records < r->how.origin->lines)
        r->record_line = r->how.origin->line[r->records];
    if (!r->rc)
        r->how.take(r);
    r->records++;
    if (!r->rc && r->columns == 0)
        keep_header(r);
    if (begin(r))
        no_memory(r);
}

/* Nothing is white space to be trimmed: spaces are kept. */
static int is_no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void feed_piece(struct lc_records *r, struct csv_parser *csv, const uint8_t *start,
                       const uint8_t *p, size_t piece)
{
    size_t took = csv_parse(csv, p, piece, on_field, on_record, r);

    if (took < piece && !r->rc) {
        if (csv_error(csv) != CSV_EPARSE) {
            no_memory(r);
            return;
        }
        /* libcsv stops behind the byte it does not take. */
        lc_records_refuse(r, r->fields + 1,
                          took >= 1 && p[took - 1] == '='
                              ? "=\"…\" is a formula, which only spreadsheets read: remove the = "
                                "before the quote"
                              : "a quote inside a field is written twice, in a quoted field",
                          "a quote where none is allowed (line %u, byte %zu of the file)", r->line,
                          (size_t)(p - start) + took);
    }
    /* libcsv has no limit of its own: a quote that is never closed would take the whole file. */
    if (csv_get_buffer_size(csv) > LC_RECORD_MAX_FIELD_BYTES && !r->rc)
        lc_records_refuse(r, r->fields + 1, "look for a quote that is not closed",
                          "over %u bytes in one field: a value may have at most %u",
                          LC_RECORD_MAX_FIELD_BYTES, LC_RECORD_MAX_FIELD_BYTES / 4);
}

/*
 * The bytes of the first line of the n at p: up to a newline, or to a \r that no newline follows, which old
 * spreadsheets write. One piece is looked at; n where no line ends in it.
 */
static size_t line_length(const uint8_t *p, size_t n)
{
    size_t seen = n < PIECE_BYTES ? n : PIECE_BYTES;
    const uint8_t *newline = memchr(p, '\n', seen);
    size_t line = newline ? (size_t)(newline + 1 - p) : n;
    const uint8_t *end = p + (newline ? line : seen), *lone = memchr(p, '\r', (size_t)(end - p));

    while (lone && lone + 1 < p + n && lone[1] == '\n')
        lone = memchr(lone + 1, '\r', (size_t)(end - lone - 1));
    return lone ? (size_t)(lone + 1 - p) : line;
}

/*
 * Feed line by line, so that an error knows its line, counted through quoted newlines; a line that
 * does not end in pieces, so that what is too long is refused before all of it was read.
 */
static void feed(struct lc_records *r, struct csv_parser *csv, const uint8_t *p, size_t n)
{
    const uint8_t *start = p, *end = p + n;
    bool begins = true;   /* a line */
    bool comment = false; /* the rest of this line is one */

    while (p < end && !r->rc) {
        size_t line = line_length(p, (size_t)(end - p));
        size_t piece = line < PIECE_BYTES ? line : PIECE_BYTES;
        bool blank = p[0] == '\n' || (p[0] == '\r' && piece <= 2);

        r->line += begins;
        if (begins && r->record_line == 0 && p[0] == '#') {
            comment = true;
            if (r->how.comment)
                r->how.comment(r, (struct lc_slice){p, piece});
        }
        begins = piece == line;
        if (comment) {
            comment = !begins;
        } else {
            if (r->record_line == 0 && !blank)
                r->record_line = r->line;
            feed_piece(r, csv, start, p, piece);
            /* Within quotes a \r alone ends no record, and no line. */
            begins = begins && (p[piece - 1] == '\n' || r->record_line == 0);
        }
        p += piece;
    }
}

static void refuse_foreign(struct lc_records *r, const char *what, const char *hint)
{
    r->rc = lc_fail_at(r->err, LC_ERR_INPUT, 0, 1, "%s:1: column 1: the file is %s", r->name, what);
    lc_hint(r->err, "%s", hint);
}

int lc_records_read(struct lc_records *r, const void *text, size_t n)
{
    struct csv_parser csv;
    const uint8_t *p = text;
    const char *foreign, *hint;

    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI))
        return r->rc = lc_fail(r->err, LC_ERR_NOMEM, "%s: not enough memory", r->name);
    /* libcsv trims what is not quoted, where it is not told that nothing is a blank. */
    if (!r->how.trim)
        csv_set_space_func(&csv, is_no_space);
    lc_buf_init(&r->text, RECORD_BYTES);
    lc_buf_init(&r->off, (LC_RECORD_MAX_FIELDS + 2) * sizeof(size_t));
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        n -= 3;
    }
    r->delimiter =
        r->how.delimiter ? r->how.delimiter : lc_encoding_delimiter((struct lc_slice){p, n});
    csv_set_delim(&csv, (unsigned char)r->delimiter);
    foreign = lc_encoding_foreign((struct lc_slice){p, n}, &hint);
    if (foreign)
        refuse_foreign(r, foreign, hint);
    if (begin(r))
        no_memory(r);
    feed(r, &csv, p, n);
    if (!r->rc && csv_fini(&csv, on_field, on_record, r) && !r->rc)
        lc_records_refuse(r, r->fields + 1, "close the quote",
                          "the quote that begins in this line never ends");
    csv_free(&csv);
    return r->rc;
}

void lc_records_release(struct lc_records *r)
{
    if (r->headers)
        free((void *)(uintptr_t)r->headers[0].p);
    free(r->headers);
    lc_buf_release(&r->text);
    lc_buf_release(&r->off);
}
