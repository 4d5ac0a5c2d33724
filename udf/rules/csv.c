#include "udf/rules/csv.h"

#include "udf/rules/build.h"
#include "udf/rules/encoding.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_FIELDS (LC_MAX_ATTRIBUTES + 2)

enum { PIECE_BYTES = 1 << 16 };

/* The parse in progress. libcsv's callbacks cannot stop it, so the first error is latched here. */
struct reader {
    const char *name;
    struct lc_error *err;
    int rc; /* the first failure; the rest of the input is then ignored */
    const struct lc_csv_options *options;
    struct lc_csv_notes notes;
    char delimiter;
    struct lc_builder *builder;
    const struct lc_kind_about *kind;
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

/* "prefix, exact, from or bucket": the words that a header may begin with. */
static const char *all_kinds(char *out, size_t size)
{
    size_t n, at = 0;
    const struct lc_kind_about *k = lc_kinds(&n);

    for (size_t i = 0; i < n && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s",
                               i == 0       ? ""
                               : i + 1 == n ? " or "
                                            : ", ",
                               k[i].columns[0]);
    return out;
}

/* What a person may have meant by a word that begins no header; NULL: no idea. */
static const char *meant(struct lc_slice word)
{
    size_t n;
    const struct lc_kind_about *k = lc_kinds(&n);
    size_t a = 0, z = word.n;

    while (a < z && (word.p[a] == ' ' || word.p[a] == '\t'))
        a++;
    while (z > a && (word.p[z - 1] == ' ' || word.p[z - 1] == '\t'))
        z--;
    for (size_t i = 0; i < n; i++)
        if (strlen(k[i].columns[0]) == z - a &&
            strncasecmp(k[i].columns[0], (const char *)word.p + a, z - a) == 0)
            return k[i].columns[0];
    return NULL;
}

static int unknown_kind(struct reader *r, struct lc_slice word)
{
    char shown[120], kinds[200], hint[300];
    const char *near = meant(word);

    if (near)
        snprintf(hint, sizeof hint, "write it as '%s': in lower case, without blanks", near);
    else
        snprintf(hint, sizeof hint,
                 "the first line names the kind, then the attributes: prefix,region; in a file of "
                 "another form: livecol rules import --help");
    return refuse(r, 1, hint, "unknown kind '%s': expected %s",
                  lc_printable(word.p, word.n, shown, sizeof shown),
                  all_kinds(kinds, sizeof kinds));
}

/* The options behind a kind, ":nocase": their mask. */
static int take_options(struct reader *r, struct lc_slice rest, unsigned *mask)
{
    char shown[120];

    *mask = 0;
    while (rest.n) {
        struct lc_slice word = {rest.p + 1, 0};
        unsigned option;

        while (word.n + 1 < rest.n && word.p[word.n] != ':')
            word.n++;
        option = lc_kind_option_of_word(word);
        if (!option)
            return refuse(r, 1, "the one option is nocase: prefix:nocase",
                          "unknown option '%s' of a kind",
                          lc_printable(word.p, word.n, shown, sizeof shown));
        if (!(r->kind->options & option))
            return refuse(r, 1, "leave it out", "%s rules take no option '%s'", r->kind->name,
                          lc_printable(word.p, word.n, shown, sizeof shown));
        *mask |= option;
        rest.p += 1 + word.n;
        rest.n -= 1 + word.n;
    }
    return 0;
}

/* Kind, options and the number of columns that are no attributes, by the first fields. */
static int take_kind(struct reader *r, unsigned *options)
{
    struct lc_slice first = field(r, 0), word = {first.p, 0};
    char hint[200];

    while (word.n < first.n && word.p[word.n] != ':')
        word.n++;
    r->kind = lc_kind_of_word(word);
    if (!r->kind)
        return unknown_kind(r, first);
    if (take_options(r, (struct lc_slice){first.p + word.n, first.n - word.n}, options))
        return LC_ERR_INPUT;
    snprintf(hint, sizeof hint, "the first line of %s rules is like %s", r->kind->name,
             r->kind->example);
    for (r->keys = 1; r->keys < LC_MAX_KEY_COLUMNS && r->kind->columns[r->keys]; r->keys++)
        if (r->fields <= r->keys || !is_text(field(r, r->keys), r->kind->columns[r->keys]))
            return refuse(r, r->keys + 1, hint, "a header that begins with '%s' goes on with '%s'",
                          r->kind->columns[0], r->kind->columns[r->keys]);
    if (r->fields <= r->keys)
        return refuse(r, 0, hint, "the header names no attribute");
    return 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Count the fields of this record that begin or end with a blank. */
static void note_blanks(struct reader *r)
{
    for (uint32_t i = 0; i < r->fields && i < MAX_FIELDS; i++) {
        struct lc_slice f = field(r, i);

        if (f.n == 0 || !(is_blank(f.p[0]) || is_blank(f.p[f.n - 1])))
            continue;
        if (r->notes.blanks++ == 0)
            r->notes.blanks_line = r->record_line;
    }
}

static int take_header(struct reader *r)
{
    unsigned options = 0;
    uint8_t *copy;
    int rc = take_kind(r, &options);

    if (rc)
        return rc;
    note_blanks(r);
    if (r->fields - r->keys > LC_MAX_ATTRIBUTES)
        return refuse(r, 0, NULL, "%u attributes: at most %u", r->fields - r->keys,
                      LC_MAX_ATTRIBUTES);
    rc = check_attribute_names(r);
    if (rc)
        return rc;
    rc = lc_builder_new(&r->builder, r->kind->kind, r->headers + r->keys, r->fields - r->keys);
    if (rc)
        return r->rc = lc_fail(r->err, rc,
                               rc == LC_ERR_NOMEM ? "%s: not enough memory"
                                                  : "%s: the system gives no random number",
                               r->name);
    lc_builder_options(r->builder, options);
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
        return refuse(r, 0,
                      r->delimiter == ','
                          ? "write a field that holds a comma or a quote as \"…\""
                          : "write a field that holds a delimiter or a quote as \"…\"",
                      "%u field%s, expected %u as in the header", r->fields,
                      r->fields == 1 ? "" : "s", r->columns);
    note_blanks(r);
    for (uint32_t i = 0; i < r->fields; i++) {
        struct lc_slice f = field(r, i);
        uint32_t max = i < r->keys ? LC_MAX_KEY_BYTES : LC_MAX_VALUE_BYTES;
        size_t valid = lc_utf8_valid(f);

        if (f.n > max)
            return refuse(r, i + 1, NULL, "%zu bytes: a %s may have at most %u", f.n,
                          i < r->keys ? "key" : "value", max);
        if (valid < f.n && lc_encoding_is_latin(f, valid))
            return refuse(
                r, i + 1, "save the file as UTF-8; or: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW",
                "not valid UTF-8 at byte %zu of the field (0x%02x): it looks like Latin-1 "
                "or Windows-1252",
                valid, f.p[valid]);
        if (valid < f.n)
            return refuse(r, i + 1, "save the file as UTF-8",
                          "not valid UTF-8 at byte %zu of the field (0x%02x)", valid, f.p[valid]);
        if (i < r->keys && memchr(f.p, 0, f.n))
            return refuse(r, i + 1, NULL, "a NUL byte in a key");
    }
    return 0;
}

/* 10.0.0.0/8, 2001:db8::/32: digits, dots, colons, a slash and up to three digits. */
static bool looks_like_network(struct lc_slice key)
{
    size_t slash = 0, marks = 0;

    while (slash < key.n && key.p[slash] != '/') {
        uint8_t c = key.p[slash++];

        marks += c == '.' || c == ':';
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
              c == '.' || c == ':'))
            return false;
    }
    if (marks == 0 || slash + 1 >= key.n || key.n - slash > 4)
        return false;
    for (size_t i = slash + 1; i < key.n; i++)
        if (key.p[i] < '0' || key.p[i] > '9')
            return false;
    return true;
}

static int take_prefix(struct reader *r, struct lc_rule_in *in)
{
    in->key = field(r, 0);
    if (looks_like_network(in->key) && r->notes.networks++ == 0)
        r->notes.networks_line = r->record_line;
    return 0;
}

static int take_exact(struct reader *r, struct lc_rule_in *in)
{
    in->key = field(r, 0);
    if (is_text(in->key, "*")) {
        in->is_default = true;
        in->key.n = 0;
    }
    return 0;
}

static int take_range(struct reader *r, struct lc_rule_in *in)
{
    if (take_number(r, 1, &in->from) || take_number(r, 2, &in->to))
        return LC_ERR_INPUT;
    if (in->from > in->to)
        return refuse(r, 2, NULL, "the range ends (%llu) before it begins (%llu)",
                      (unsigned long long)in->to, (unsigned long long)in->from);
    return 0;
}

static int take_bucket(struct reader *r, struct lc_rule_in *in)
{
    return take_number(r, 1, &in->from);
}

static int take_suffix(struct reader *r, struct lc_rule_in *in)
{
    in->key = field(r, 0);
    return 0;
}

/* The name of a domain rule, without its marks: no empty label, nothing that a host has not. */
static int check_name(struct reader *r, struct lc_slice name)
{
    static const char hint[] =
        "a rule is a name (example.com), what is below one (*.example.com), an exception to that "
        "(!www.example.com), or * for the default";
    char shown[120];

    lc_printable(name.p, name.n, shown, sizeof shown);
    if (name.n == 0)
        return refuse(r, 1, hint, "no name is left of the rule");
    if (name.n >= LC_MAX_KEY_BYTES)
        return refuse(r, 1, NULL, "a name of %zu bytes: at most %u", name.n, LC_MAX_KEY_BYTES - 1);
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '.' && (i == 0 || i + 1 == name.n || name.p[i + 1] == '.'))
            return refuse(r, 1, hint, "'%s' has an empty label", shown);
        if (name.p[i] == '*' || name.p[i] == '!')
            return refuse(r, 1, hint, "'%s': %c is only read in front: *.example.com, !example.com",
                          shown, name.p[i]);
        if (name.p[i] == '@' || name.p[i] == '/')
            return refuse(r, 1,
                          name.p[i] == '@'
                              ? "write what is after the @"
                              : "write the host alone; of keys that are URLs it is cut "
                                "out by --key \"domain(url)\"",
                          "'%s' is no host name: it has a %c", shown, name.p[i]);
    }
    return 0;
}

/* A name; *.name or .name: what is below it; !name: the name, next to a *.; * or nothing: the default. */
static int take_domain(struct reader *r, struct lc_rule_in *in)
{
    struct lc_slice name = field(r, 0);
    size_t marks = 0;

    in->key = (struct lc_slice){name.p, 0};
    if (name.n == 0 || is_text(name, "*"))
        return 0;
    if (name.p[0] == '!')
        marks = 1;
    else if (name.p[0] == '.')
        marks = 1;
    else if (name.n > 1 && name.p[0] == '*' && name.p[1] == '.')
        marks = 2;
    in->below = marks && name.p[0] != '!';
    name = (struct lc_slice){name.p + marks, name.n - marks};
    name.n -= name.n > 1 && name.p[name.n - 1] == '.';
    in->key = name;
    return check_name(r, name);
}

/* How a line's key columns are read, by kind. */
static int (*const take_key[])(struct reader *r, struct lc_rule_in *in) = {
    [LC_KIND_PREFIX] = take_prefix, [LC_KIND_EXACT] = take_exact,   [LC_KIND_RANGE] = take_range,
    [LC_KIND_BUCKET] = take_bucket, [LC_KIND_SUFFIX] = take_suffix, [LC_KIND_DOMAIN] = take_domain,
};

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
    rc = take_key[r->kind->kind](r, &in);
    if (rc)
        return rc;
    rc = lc_builder_add(r->builder, &in, &why);
    if (rc == LC_ERR_NOMEM)
        return r->rc = lc_fail(r->err, rc, "%s: not enough memory", r->name);
    if (rc)
        return refuse(r, 0, why.hint[0] ? why.hint : NULL, "%s", why.msg);
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

/* A comment that has as many delimiters as the header, and no blank behind its #: a rule after all? */
static void note_comment(struct reader *r, const uint8_t *p, size_t n)
{
    uint32_t fields = 1;

    r->notes.comments++;
    if (r->columns == 0 || n < 2 || is_blank(p[1]) || p[1] == '#')
        return;
    for (size_t i = 0; i < n; i++)
        fields += p[i] == (uint8_t)r->delimiter;
    if (fields == r->columns && r->notes.doubtful++ == 0)
        r->notes.doubtful_line = r->line;
}

/*
 * Feed line by line, so that an error knows its line, counted through quoted newlines; a line that
 * does not end in pieces, so that what is too long is refused before all of it was read.
 */
static int feed(struct reader *r, struct csv_parser *csv, const uint8_t *p, size_t n)
{
    const uint8_t *start = p, *end = p + n;
    bool begins = true;   /* a line */
    bool comment = false; /* the rest of this line is one */

    while (p < end && !r->rc) {
        size_t left = (size_t)(end - p);
        const uint8_t *newline = memchr(p, '\n', left < PIECE_BYTES ? left : PIECE_BYTES);
        size_t line = newline ? (size_t)(newline + 1 - p) : left;
        size_t piece = line < PIECE_BYTES ? line : PIECE_BYTES;
        bool blank = p[0] == '\n' || (p[0] == '\r' && piece <= 2);
        size_t took;

        r->line += begins;
        if (begins && r->record_line == 0 && p[0] == '#') {
            comment = true;
            note_comment(r, p, piece);
        }
        begins = piece == line;
        if (comment) {
            comment = !begins;
            p += piece;
            continue;
        }
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

/* No header was found: say why. */
static void refuse_headless(struct reader *r)
{
    r->rc = lc_fail_at(r->err, LC_ERR_INPUT, 0, 1, "%s:1: no header, only blank lines%s", r->name,
                       r->notes.comments ? " and comments" : "");
    lc_hint(r->err, "the first line names the kind and the attributes: prefix,region");
}

static void refuse_foreign(struct reader *r, const char *what, const char *hint)
{
    r->rc = lc_fail_at(r->err, LC_ERR_INPUT, 0, 1, "%s:1: column 1: the file is %s", r->name, what);
    lc_hint(r->err, "%s", hint);
}

int lc_rules_parse_csv_with(struct lc_rules **out, const void *text, size_t n, const char *name,
                            const struct lc_csv_options *options, struct lc_error *err)
{
    struct reader r = {.name = name, .err = err, .options = options};
    struct csv_parser csv;
    const uint8_t *p = text;
    const char *foreign, *hint;

    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI))
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);
    /* libcsv trims what is not quoted, where it is not told that nothing is a blank. */
    if (!options->trim)
        csv_set_space_func(&csv, is_no_space);
    lc_buf_init(&r.text, (size_t)MAX_FIELDS * LC_MAX_VALUE_BYTES);
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        n -= 3;
    }
    r.delimiter =
        options->delimiter ? options->delimiter : lc_encoding_delimiter((struct lc_slice){p, n});
    csv_set_delim(&csv, (unsigned char)r.delimiter);
    foreign = lc_encoding_foreign((struct lc_slice){p, n}, &hint);
    if (n == 0) {
        r.rc = lc_fail_at(err, LC_ERR_INPUT, 0, 1, "%s:1: the file is empty", name);
        lc_hint(err, "the first line names the kind and the attributes: prefix,region");
    } else if (foreign) {
        refuse_foreign(&r, foreign, hint);
    }
    if (!feed(&r, &csv, p, n) && csv_fini(&csv, on_field, on_record, &r) && !r.rc)
        refuse(&r, r.fields + 1, "close the quote",
               "the quote that begins in this line never ends");
    if (!r.rc && r.columns == 0)
        refuse_headless(&r);
    if (!r.rc)
        r.rc = lc_builder_finish(r.builder, out, name, err);
    lc_builder_free(r.builder);
    if (r.columns)
        free((void *)(uintptr_t)r.headers[0].p);
    lc_buf_release(&r.text);
    csv_free(&csv);
    if (options->notes)
        *options->notes = r.notes;
    return r.rc;
}

int lc_rules_parse_csv(struct lc_rules **out, const void *text, size_t n, const char *name,
                       struct lc_error *err)
{
    static const struct lc_csv_options plain = {0};

    return lc_rules_parse_csv_with(out, text, n, name, &plain, err);
}
