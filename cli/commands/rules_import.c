/* SPDX-License-Identifier: Apache-2.0 */
/* livecol rules import: a rules file, to be reviewed and kept, out of a file of another form. */
#include "base/files.h"
#include "base/strings.h"
#include "cli/commands/networks.h"
#include "cli/commands/rules.h"
#include "cli/term/message.h"
#include "cli/term/options.h"
#include "udf/rules/csv.h"
#include "udf/rules/point.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The file is read record by record; each becomes lines of `out`, in memory. Then `out` is
 * loaded as any rules file is, and printed only if it can be loaded. `lines` maps a line of
 * `out` to the line of the file, so that a message names the place where a person can change
 * something.
 *
 *   FILE ── take ──► out ── check_spans, drop_pieces ──► check_result ──► stdout
 */
#define FILE_MAX_BYTES ((size_t)1 << 31)

/* What is asked for. */
struct wanted {
    const char *kind, *key, *start, *end, *split, *strip, *prepend, *fallback;
    const char *empty_end; /* what an empty bound is: "open" or "same"; NULL: an error */
    struct lc_strings values;
    struct lc_rules_reading reading;
    bool no_header, skip_empty, narrowest;
};

/* A column of the rules: where it is in the file, and its name in the rules. */
struct column {
    uint32_t at; /* from 0 */
    const char *name;
};

struct import {
    struct lc_records records; /* first: what takes a record is given it */
    const struct wanted *w;
    const struct lc_kind_about *kind; /* NULL: cidr, which this program may not know */
    uint32_t keys;                    /* columns before the values: 1 or 2 */
    struct column key[LC_MAX_KEY_COLUMNS], value[LC_MAX_ATTRIBUTES];
    bool networks; /* start and end become networks */
    bool settled;  /* the columns are found */
    bool by_name;  /* one of them at least by its name: so the first record is a header */
    /* Lines that begin with #, and have as many fields as the others: how many, and where the first is. */
    uint32_t comments, comment_line, comment_fields;
    uint32_t
        star_line; /* where a key of the file is *, which is the default of the rules; 0: nowhere */
    struct lc_buf out;
    struct lc_buf lines;  /* uint32_t: of the file, by record of `out` */
    struct lc_buf spans;  /* struct lc_span: what becomes networks */
    struct lc_buf pieces; /* struct lc_network_piece: the networks, as they are in `out` */
};

#define refuse(im, ...) lc_records_refuse(&(im)->records, __VA_ARGS__)

/* Latch LC_ERR_NOMEM in the reading, which then ends. */
static int no_memory(struct import *im)
{
    return im->records.rc = lc_no_memory(im->records.err);
}

/* A column's number, from 1; 0 where the text is none. */
static uint32_t column_number(const char *text, size_t n)
{
    uint32_t v = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9' || v > LC_RECORD_MAX_FIELDS)
            return 0;
        v = v * 10 + (uint32_t)(text[i] - '0');
    }
    return v;
}

/* Is the text a number, a date, an address or a network, as keys are? No column is called so. */
static bool looks_like_data(struct lc_slice f)
{
    char fixed[LC_POINT_TEXT_BYTES];
    lc_point first, last;
    bool digit = false;

    if (!lc_network_read(f, &first, &last, fixed) || fixed[0])
        return true;

    for (size_t i = 0; i < f.n; i++) {
        bool is_digit = f.p[i] >= '0' && f.p[i] <= '9';

        if (!is_digit && !strchr("+-.: TZ", f.p[i]))
            return false;
        digit = digit || is_digit;
    }
    return digit;
}

/* The names of the header, for a hint. */
static const char *list_columns(const struct import *im, char *out, size_t size)
{
    bool data = false;
    size_t at = 0;

    out[0] = '\0';
    for (uint32_t i = 0; i < im->records.fields && at + 40 < size; i++) {
        struct lc_slice f = lc_records_field(&im->records, i);
        char shown[80];

        at += (size_t)snprintf(out + at, size - at, "%s%.60s", i ? ", " : "",
                               lc_printable(f.p, f.n, shown, sizeof shown));
        data = data || looks_like_data(f);
    }
    if (data && at + 60 < size)
        snprintf(out + at, size - at, "; --no-header, where the first line is data");
    return out;
}

/* Find a column by the name of n bytes, else by number: *at from 0. */
static int find_column(struct import *im, const char *name, size_t n, uint32_t *at)
{
    uint32_t number = column_number(name, n), found = 0;
    char columns[360];

    for (uint32_t i = 0; i < im->records.fields && !im->w->no_header; i++) {
        struct lc_slice f = lc_records_field(&im->records, i);

        if (f.n != n || memcmp(f.p, name, n) != 0)
            continue;
        if (found++)
            return refuse(im, i + 1, "name it by its number", "two columns are named '%.*s'",
                          (int)n, name);
        *at = i;
    }
    im->by_name = im->by_name || (found && number - 1 != *at);
    if (found && number && number <= im->records.fields && number - 1 != *at)
        return refuse(im, *at + 1,
                      "rename the column in the file; --no-header, where the first line is data",
                      "'%.*s' is the name of this column, and the number of another", (int)n, name);
    if (found)
        return 0;
    if (number == 0 || number > im->records.fields) {
        return refuse(im, 0,
                      im->w->no_header ? "columns are counted from 1"
                                       : list_columns(im, columns, sizeof columns),
                      "no column '%.*s' among %u", (int)n, name, im->records.fields);
    }
    *at = number - 1;
    return 0;
}

/* "COLUMN" or "COLUMN=NAME": the name in the rules is the column's own where none is given. */
static int find_value(struct import *im, const char *text, struct column *c)
{
    const char *equals = strrchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    struct lc_slice name;

    if (find_column(im, text, n, &c->at))
        return LC_ERR_INPUT;
    if (equals) {
        c->name = equals + 1;
        return 0;
    }
    name = lc_records_field(&im->records, c->at);
    if (im->w->no_header)
        return refuse(im, c->at + 1, "--value-column 2=country",
                      "without a header the rules' column needs a name");
    c->name = strndup((const char *)name.p, name.n);
    return c->name ? 0 : no_memory(im);
}

/*
 * Is the first record a header? One that is data would be lost, and so would a header that begins with #, whose
 * place the first row of data would take.
 */
static int check_header(struct import *im, const char *const key[])
{
    for (uint32_t i = 0; i < im->keys; i++) {
        struct lc_slice f = lc_records_field(&im->records, im->key[i].at);
        char shown[80];

        /* What is asked for by that name is a name, however it looks. */
        if (column_number(key[i], strlen(key[i])) == im->key[i].at + 1 && looks_like_data(f))
            return refuse(im, im->key[i].at + 1, "--no-header reads it as data",
                          "the first line is data: '%s' is not the name of a column",
                          lc_printable(f.p, f.n, shown, sizeof shown));
    }
    if (im->comments && !im->by_name && im->comment_fields == im->records.fields)
        return refuse(
            im, 0,
            "remove the # where that line is the header; --no-header, where this one is data",
            "is it the header? Line %u looks like one, but begins with #, as a comment does",
            im->comment_line);
    return 0;
}

/*
 * Find the columns in the first record, by name or number.
 */
static int settle_columns(struct import *im)
{
    const struct wanted *w = im->w;
    const char *key[LC_MAX_KEY_COLUMNS] = {w->key, NULL};

    if (lc_records_is_excel(&im->records))
        return refuse(im, 1, LC_RECORDS_EXCEL_HINT, "'sep=' is not the name of a column");
    im->keys = 1;
    if (w->start) {
        key[0] = w->start;
        key[1] = w->end;
        im->keys = 2;
    }
    for (uint32_t i = 0; i < im->keys; i++)
        if (find_column(im, key[i], strlen(key[i]), &im->key[i].at))
            return LC_ERR_INPUT;
    for (size_t i = 0; i < w->values.n; i++)
        if (find_value(im, w->values.v[i], &im->value[i]))
            return LC_ERR_INPUT;
    if (!w->no_header && check_header(im, key))
        return LC_ERR_INPUT;
    im->settled = true;
    return 0;
}

/* A field of the result: quoted where it must be, and where a comment would begin. */
static int add_field(struct lc_buf *b, struct lc_slice f, bool first)
{
    bool quoted =
        (first && (f.n == 0 || f.p[0] == '#')) || (f.n && (f.p[0] == ' ' || f.p[f.n - 1] == ' '));
    int rc = first ? 0 : lc_buf_adds(b, ",");

    for (size_t i = 0; i < f.n; i++)
        quoted = quoted || f.p[i] == '"' || f.p[i] == ',' || f.p[i] == ';' || f.p[i] == '\t' ||
                 f.p[i] == '\n' || f.p[i] == '\r';
    if (!quoted)
        return rc || (f.n && lc_buf_add(b, f.p, f.n));
    rc = rc || lc_buf_adds(b, "\"");
    for (size_t i = 0; i < f.n && !rc; i++)
        rc = lc_buf_add(b, &f.p[i], 1) || (f.p[i] == '"' && lc_buf_adds(b, "\""));
    return rc || lc_buf_adds(b, "\"");
}

/* The text without its NUL; it is not copied. */
static struct lc_slice slice(const char *text)
{
    return (struct lc_slice){(const uint8_t *)text, strlen(text)};
}

/*
 * One line of the result, with the keys given and the values of the record at hand, or with
 * is_default those of --default. Its line in the file is noted.
 */
static int add_line(struct import *im, const struct lc_slice *key, uint32_t keys, bool is_default)
{
    int rc = lc_buf_add(&im->lines, &im->records.record_line, sizeof im->records.record_line);

    for (uint32_t i = 0; i < keys && !rc; i++)
        rc = add_field(&im->out, key[i], i == 0);
    for (size_t i = 0; i < im->w->values.n && !rc; i++)
        rc = add_field(&im->out,
                       is_default ? slice(im->w->fallback)
                                  : lc_records_field(&im->records, im->value[i].at),
                       false);
    return rc || lc_buf_adds(&im->out, "\n") ? no_memory(im) : 0;
}

/* The header of the result, and its default. */
static int add_head(struct import *im)
{
    struct lc_slice none[LC_MAX_KEY_COLUMNS] = {{(const uint8_t *)"", 0}, {(const uint8_t *)"", 0}};
    bool hash = im->kind && im->kind->index == LC_INDEX_HASH;
    const char *range = im->w->narrowest ? "from:narrowest,to" : "from,to";
    int rc = lc_buf_add(&im->lines, &im->records.record_line, sizeof im->records.record_line);

    rc = rc || lc_buf_adds(&im->out, strcmp(im->w->kind, "range") == 0 ? range : im->w->kind);
    for (size_t i = 0; i < im->w->values.n && !rc; i++)
        rc = add_field(&im->out, slice(im->value[i].name), false);
    if (rc || lc_buf_adds(&im->out, "\n"))
        return no_memory(im);
    if (!im->w->fallback)
        return 0;
    if (hash)
        none[0] = slice("*");
    return add_line(im, none, im->keys == 2 && !im->networks ? 2 : 1, true);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Is the key * the default of such rules? */
static bool star_is_default(const struct import *im)
{
    return im->kind && (im->kind->kind == LC_KIND_EXACT || im->kind->kind == LC_KIND_DOMAIN);
}

/*
 * One key of a cell: without what is stripped; with what is put before it. Blanks are no part
 * of one of several keys, nor are those that are at its ends once it is stripped; a cell that is one key is a field as any other, of which --trim has
 * taken the blanks already.
 */
static int add_key(struct import *im, struct lc_slice part)
{
    size_t start = im->w->prepend ? strlen(im->w->prepend) : 0;
    struct lc_buf key;
    int rc;

    lc_buf_init(&key, (size_t)1 << 20);
    rc = start ? lc_buf_adds(&key, im->w->prepend) : 0;
    for (size_t i = 0; i < part.n && !rc; i++) {
        if (im->w->strip && part.p[i] && strchr(im->w->strip, part.p[i]))
            continue;
        if (!im->w->split || key.n > start || !is_blank(part.p[i]))
            rc = lc_buf_add(&key, &part.p[i], 1);
    }
    while (im->w->split && key.n > start && is_blank(key.p[key.n - 1]))
        key.n--;
    if (rc)
        rc = no_memory(im);
    else if (key.n == start)
        rc = im->w->skip_empty ? 0
                               : refuse(im, im->key[0].at + 1,
                                        "--skip-empty skips such rows; --default sets a default",
                                        "the key is empty");
    else
        rc = add_line(im, &(struct lc_slice){key.p, key.n}, 1, false);
    if (!rc && key.n == 1 && key.p[0] == '*' && star_is_default(im) && im->star_line == 0)
        im->star_line = im->records.record_line;
    lc_buf_release(&key);
    return rc;
}

/* Every key of a cell. */
static int add_keys(struct import *im)
{
    struct lc_slice cell = lc_records_field(&im->records, im->key[0].at);
    size_t from = 0;
    int rc = 0;

    for (size_t i = 0; i <= cell.n && !rc; i++) {
        if (i < cell.n && (!im->w->split || cell.p[i] == 0 || !strchr(im->w->split, cell.p[i])))
            continue;
        rc = add_key(im, (struct lc_slice){cell.p + from, i - from});
        from = i + 1;
    }
    return rc;
}

/*
 * Append the next network of a range, and note which bytes of `out` it is: drop_pieces may take
 * it out again. *from becomes the address after it; *more: it is not the last.
 */
static int add_network(struct import *im, const struct lc_span *span, struct lc_address *from,
                       bool *more)
{
    struct lc_network_piece piece = {.first = from->bits,
                                     .width = span->to.bits - span->from.bits,
                                     .is_v6 = from->is_v6,
                                     .at = im->out.n,
                                     .line = span->line};
    char text[LC_NETWORK_BYTES];

    *more = lc_network_next(from, &span->to, text);
    piece.last = *more ? from->bits - 1 : span->to.bits;
    if (add_line(im, &(struct lc_slice){(const uint8_t *)text, strlen(text)}, 1, false))
        return LC_ERR_NOMEM;
    piece.n = im->out.n - piece.at;
    return lc_buf_add(&im->pieces, &piece, sizeof piece) ? no_memory(im) : 0;
}

/* A row without bounds. */
static int take_empty(struct import *im)
{
    return im->w->skip_empty ? 0
                             : refuse(im, im->key[0].at + 1, "--skip-empty skips such rows",
                                      "both ends of the range are empty");
}

/* A range of two bounds. What an empty one means the file does not say. */
static int add_range(struct import *im)
{
    struct lc_slice bounds[2];
    uint32_t empty;

    for (uint32_t i = 0; i < 2; i++)
        bounds[i] = lc_records_field(&im->records, im->key[i].at);
    if (bounds[0].n && bounds[1].n)
        return add_line(im, bounds, 2, false);
    empty = bounds[0].n ? 1 : 0;
    if (bounds[0].n == 0 && bounds[1].n == 0)
        return take_empty(im);
    if (!im->w->empty_end)
        return refuse(
            im, im->key[empty].at + 1,
            "--empty-end same: the range is only the other bound, as with BINs; --empty-end "
            "open: there is no bound on that side",
            "the %s of the range is empty", empty ? "end" : "start");
    if (strcmp(im->w->empty_end, "same") == 0)
        bounds[empty] = bounds[1 - empty];
    return add_line(im, bounds, 2, false);
}

/* A range of two addresses: as many networks as it needs. */
static int add_networks(struct import *im)
{
    struct lc_address at[2];
    struct lc_span span;
    char shown[80];
    bool more = true;
    int rc = 0;

    if (lc_records_field(&im->records, im->key[0].at).n == 0 &&
        lc_records_field(&im->records, im->key[1].at).n == 0)
        return take_empty(im);
    for (uint32_t i = 0; i < 2; i++) {
        struct lc_slice f = lc_records_field(&im->records, im->key[i].at);

        if (!lc_address_read(f, &at[i]))
            return refuse(im, im->key[i].at + 1, "10.0.0.1, 2001:db8::1, or the number of one",
                          "'%s' is not an address", lc_printable(f.p, f.n, shown, sizeof shown));
    }
    /* Files of IPv6 by numbers begin with :: to the address before IPv4's, 0 to 281470681743359. */
    if (at[0].is_number && at[1].is_number)
        at[0].is_v6 = at[1].is_v6;
    if (at[0].is_v6 != at[1].is_v6)
        return refuse(im, im->key[1].at + 1, NULL, "one address is IPv4, the other IPv6");
    if (at[0].bits > at[1].bits)
        return refuse(im, im->key[1].at + 1, NULL, "the last address is before the first");
    span = (struct lc_span){at[0], at[1], im->records.record_line};
    if (lc_buf_add(&im->spans, &span, sizeof span))
        return no_memory(im);
    while (more && rc == 0)
        rc = add_network(im, &span, &at[0], &more);
    return rc;
}

/*
 * Leave out what a narrower range has become, too: the rest of `out` and `lines` moves up. The
 * order of the pieces is that of `out`.
 */
static int drop_pieces(struct import *im)
{
    struct lc_network_piece *pieces = (struct lc_network_piece *)(void *)im->pieces.p;
    size_t n = im->pieces.n / sizeof *pieces, to = n ? pieces[0].at : 0;
    uint32_t *lines = (uint32_t *)(void *)im->lines.p, line = 1;

    if (lc_network_pieces_drop(pieces, n))
        return no_memory(im);
    /* The header's line and that of the default, which are before the pieces, stay. */
    line += im->w->fallback != NULL;
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].dropped)
            continue;
        memmove(im->out.p + to, im->out.p + pieces[i].at, pieces[i].n);
        to += pieces[i].n;
        lines[line++] = pieces[i].line;
    }
    if (n) {
        im->out.n = to;
        im->lines.n = line * sizeof *lines;
    }
    return 0;
}

/* Of ranges that overlap in part the networks would compete, and the wider range could win. */
static int check_spans(struct import *im)
{
    struct lc_span *spans = (struct lc_span *)(void *)im->spans.p, two[2];
    char from[2][LC_NETWORK_BYTES], to[2][LC_NETWORK_BYTES];

    if (!lc_spans_cross(spans, im->spans.n / sizeof *spans, two))
        return 0;
    for (size_t i = 0; i < 2; i++) {
        lc_address_write(&two[i].from, from[i]);
        lc_address_write(&two[i].to, to[i]);
    }
    im->records.record_line = two[1].line;
    return refuse(
        im, im->key[0].at + 1,
        "networks cannot express which range is narrower: use --kind range --overlap narrowest "
        "for such a file",
        "the range %s to %s (column %u) overlaps line %u (%s to %s, columns %u and %u), and "
        "neither contains the other",
        from[1], to[1], im->key[1].at + 1, two[0].line, from[0], to[0], im->key[0].at + 1,
        im->key[1].at + 1);
}

/*
 * Take a record: called by the reader, which is the first member of the import. The first
 * record settles the columns, and is data itself with --no-header.
 */
static void take(struct lc_records *records)
{
    struct import *im = (struct import *)records;
    bool is_header = !im->settled && !im->w->no_header;

    for (uint32_t i = 0; i < records->fields; i++)
        if (lc_records_check_utf8(records, i))
            return;
    if (!im->settled && (settle_columns(im) || add_head(im)))
        return;
    if (is_header)
        return;
    if (records->columns && records->fields != records->columns) {
        refuse(im, 0, "write a field that holds a delimiter or a quote as \"…\"",
               "%u field%s, expected %u as in the first line", records->fields,
               records->fields == 1 ? "" : "s", records->columns);
        return;
    }
    if (im->networks) {
        (void)add_networks(im);
    } else if (im->keys == 2) {
        (void)add_range(im);
    } else {
        (void)add_keys(im);
    }
}

/* A line that begins with # is skipped, as in rules; one that looks like a row is counted. */
static void skip_comment(struct lc_records *records, struct lc_slice line)
{
    struct import *im = (struct import *)records;
    uint32_t fields = 1;

    if (line.n < 2 || is_blank(line.p[1]) || line.p[1] == '#')
        return;
    for (size_t i = 0; i < line.n; i++)
        fields += line.p[i] == (uint8_t)records->delimiter;
    if (fields < 2 || (records->columns && fields != records->columns))
        return;
    im->comment_fields = fields;
    if (im->comments++ == 0)
        im->comment_line = records->line;
}

/* Load what was made: what is no rule is named by the line and column of the file. */
static int check_result(const struct import *im, struct lc_error *err)
{
    struct lc_csv_notes notes = {0};
    struct lc_slice names[LC_MAX_KEY_COLUMNS + LC_MAX_ATTRIBUTES];
    uint32_t columns[LC_MAX_KEY_COLUMNS + LC_MAX_ATTRIBUTES], n = 0;
    uint32_t keys = im->networks ? 1 : im->keys;
    const struct lc_records_origin origin = {
        .line = (const uint32_t *)(const void *)im->lines.p,
        .lines = (uint32_t)(im->lines.n / sizeof(uint32_t)),
        .column = columns,
        .column_name = names,
        .columns = keys + (uint32_t)im->w->values.n,
    };
    const struct lc_csv_options how = {.delimiter = ',', .origin = &origin, .notes = &notes};
    struct lc_rules *r = NULL;
    int rc;

    for (uint32_t i = 0; i < keys; i++)
        columns[n++] = im->key[i].at + 1;
    for (size_t i = 0; i < im->w->values.n; i++)
        columns[n++] = im->value[i].at + 1;
    for (uint32_t i = 0; i < n; i++)
        names[i] = im->records.headers && columns[i] <= im->records.columns
                       ? im->records.headers[columns[i] - 1]
                       : slice("");
    rc = lc_rules_parse_csv_with(&r, im->out.p, im->out.n, im->records.name, &how, err);
    lc_rules_free(r);
    if (!rc) {
        notes.doubtful = im->comments;
        notes.doubtful_line = im->comment_line;
        lc_rules_warn(&notes, im->records.name);
        if (im->star_line)
            lc_warn("%s:%u: the key * becomes the default of the rules", im->records.name,
                    im->star_line);
    }
    return rc;
}

/* Do the options say what a rule of that kind needs? */
static int settle_kind(struct import *im, struct lc_error *err)
{
    const struct wanted *w = im->w;
    size_t word = strcspn(w->kind, ":");
    bool range = strcmp(w->kind, "range") == 0, cidr = strcmp(w->kind, "cidr") == 0;

    im->kind = range ? lc_kind_about(LC_KIND_RANGE)
                     : lc_kind_of_word((struct lc_slice){(const uint8_t *)w->kind, word});
    if ((!im->kind && !cidr) || strcmp(w->kind, "from") == 0)
        return lc_fail(err, LC_ERR_USAGE,
                       "--kind is '%.60s': prefix, exact, suffix, domain, range, bucket, cidr",
                       w->kind);
    if (w->values.n == 0)
        return lc_fail(err, LC_ERR_USAGE, "--value-column is missing: what the rules give");
    if (w->values.n > LC_MAX_ATTRIBUTES)
        return lc_fail(err, LC_ERR_USAGE, "--value-column %zu times: at most %u", w->values.n,
                       LC_MAX_ATTRIBUTES);
    if (!w->start != !w->end)
        return lc_fail(err, LC_ERR_USAGE, "--start-column and --end-column go together");
    if (w->start && !range && !cidr)
        return lc_fail(err, LC_ERR_USAGE, "--start-column is for --kind range and cidr, not %.60s",
                       w->kind);
    if (!w->start == !w->key)
        return lc_fail(err, LC_ERR_USAGE,
                       w->key ? "--key-column and --start-column: one of the two"
                              : "--key-column is missing: what the rules match");
    if (range && !w->start)
        return lc_fail(err, LC_ERR_USAGE, "--kind range needs --start-column and --end-column");
    if (w->empty_end &&
        (!range || (strcmp(w->empty_end, "open") != 0 && strcmp(w->empty_end, "same") != 0)))
        return lc_fail(err, LC_ERR_USAGE, "--empty-end takes open or same, with --kind range");
    im->networks = cidr && w->start;
    if (w->fallback && im->kind && im->kind->kind == LC_KIND_BUCKET)
        return lc_fail(err, LC_ERR_USAGE,
                       "--default is for all kinds but bucket, where every key has one");
    return 0;
}

/*
 * Read, check, print; everything that the import holds is released. A value's name was
 * allocated where the command line gave none.
 */
static int run(struct import *im, const char *path, struct lc_error *err)
{
    struct lc_buf text;
    int rc;

    lc_buf_init(&text, FILE_MAX_BYTES);
    lc_buf_init(&im->out, FILE_MAX_BYTES);
    lc_buf_init(&im->lines, FILE_MAX_BYTES);
    lc_buf_init(&im->spans, FILE_MAX_BYTES);
    lc_buf_init(&im->pieces, 2 * FILE_MAX_BYTES);
    rc = lc_file_read(path, &text, err);
    if (!rc && text.n == 0)
        rc = lc_fail(err, LC_ERR_INPUT, "%s:1: the file is empty", path);
    rc = rc ? rc : lc_records_read(&im->records, text.p, text.n);
    if (!rc && !im->settled)
        rc = lc_fail(err, LC_ERR_INPUT, "%s: no line in it but comments", path);
    rc = rc ? rc : check_spans(im);
    rc = rc ? rc : drop_pieces(im);
    rc = rc ? rc : check_result(im, err);
    if (!rc && fwrite(im->out.p, 1, im->out.n, stdout) != im->out.n)
        rc = lc_fail(err, LC_ERR_IO, "cannot write to stdout");
    for (size_t i = 0; i < im->w->values.n; i++)
        if (im->value[i].name && !strchr(im->w->values.v[i], '='))
            free((void *)(uintptr_t)im->value[i].name);
    lc_records_release(&im->records);
    lc_buf_release(&im->spans);
    lc_buf_release(&im->pieces);
    lc_buf_release(&im->lines);
    lc_buf_release(&im->out);
    lc_buf_release(&text);
    return rc;
}

/* From the command line alone; the import refers to w. */
static int settle(struct import *im, struct wanted *w, struct lc_csv_options *how,
                  struct lc_error *err)
{
    int rc = lc_rules_reading(&w->reading, how, err);

    *im = (struct import){.w = w};
    w->narrowest = !rc && how->narrowest;
    return rc ? rc : settle_kind(im, err);
}

static int import(struct lc_frame_run *r, struct lc_error *err)
{
    struct wanted *w = r->ctx;
    const char *path = r->m.rest.n ? r->m.rest.v[0] : NULL;
    struct lc_csv_options how;
    struct import im;
    int rc = lc_rules_operands(&r->m.rest, 1, 1, "rules import", "a FILE", err);

    rc = rc ? rc : settle(&im, w, &how, err);
    if (rc)
        return rc;
    im.records = (struct lc_records){.name = path,
                                     .err = err,
                                     .how = {.take = take,
                                             .comment = skip_comment,
                                             .max_fields = LC_RECORD_MAX_FIELDS,
                                             .delimiter = how.delimiter,
                                             .no_header = w->no_header,
                                             .trim = how.trim}};
    lc_output_is_data();
    return run(&im, path, err);
}

int lc_cmd_rules_import(int argc, const char **argv)
{
    struct wanted w = {.kind = "prefix"};
    struct lc_frame_run r = {.ctx = &w};
    const struct lc_option options[] = {
        {"kind", 0, LC_OPT_STRING, &w.kind, "KIND",
         "kind of rules: prefix (default), exact, suffix, domain, range, bucket, cidr; :nocase "
         "may follow"},
        {"key-column", 0, LC_OPT_STRING, &w.key, "COLUMN",
         "the column with the keys of the rules, by its name in the first line or by its number"},
        {"start-column", 0, LC_OPT_STRING, &w.start, "COLUMN",
         "with --end-column: the first and the last value of a range; for cidr, the addresses, "
         "which become networks"},
        {"end-column", 0, LC_OPT_STRING, &w.end, "COLUMN", "see --start-column"},
        {"empty-end", 0, LC_OPT_STRING, &w.empty_end, "open|same",
         "ranges: an empty bound means no bound (open) or the same as the other bound (default: "
         "it is an error)"},
        {"value-column", 0, LC_OPT_LIST, &w.values, "COLUMN[=NAME]",
         "the column with the values of the rules, and the attribute's name; may be repeated"},
        {"key-split", 0, LC_OPT_STRING, &w.split, "CHARS",
         "a cell holds several keys, separated by any of these characters"},
        {"key-strip", 0, LC_OPT_STRING, &w.strip, "CHARS", "remove these characters from keys"},
        {"key-prepend", 0, LC_OPT_STRING, &w.prepend, "TEXT", "put this text before each key"},
        {"default", 0, LC_OPT_STRING, &w.fallback, "VALUE",
         "add a rule for keys that match no other"},
        {"no-header", 0, LC_OPT_FLAG, &w.no_header, NULL, "the first line is data"},
        {"skip-empty", 0, LC_OPT_FLAG, &w.skip_empty, NULL, "skip rows whose key is empty"},
        LC_RULES_READING(w.reading),
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "rules import",
             .synopsis = "--key-column C --value-column C [OPTIONS] FILE",
             .about =
                 "Convert a delimited file of another form into a rules file and print it, for "
                 "you to review and to keep with the code. livecol first loads the result; if "
                 "that fails, it reports the line and column of FILE and prints nothing.",
             .examples =
                 "livecol rules import country-codes.csv --key-column Dial --key-split , \\\n"
                 "    --key-strip ' -' --key-prepend + --value-column ISO=country > phone.csv\n"
                 "livecol rules import bins.csv --kind range --start-column iin_start \\\n"
                 "    --end-column iin_end --value-column scheme > bin.csv"},
        .more = options,
        .most = SIZE_MAX,
        .act = import,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
