/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rules file, record by record, into a builder.
 *
 *   header ─▶ take_kind, take_options, take_names ─▶ the builder begins
 *   line   ─▶ check_fields ─▶ take_key[kind] ─▶ lc_builder_add
 *   end    ─▶ settle_ranges ─▶ lc_builder_finish
 *
 * A range's bound has no type until the whole file is read: 10 is an unsigned number, and a fraction of a
 * later line makes all of them decimals. So a bound is read twice: here, to refuse what is no bound at all
 * and to learn the order and the scale of all; and by settle_ranges as a point of that order. Files of
 * unsigned whole numbers alone, the usual ones, skip the second time.
 */
#include "udf/rules/csv.h"

#include "udf/rules/build.h"
#include "udf/rules/exceptions.h"
#include "udf/rules/records.h"
#include "udf/rules/rewritten.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_FIELDS (LC_MAX_ATTRIBUTES + LC_MAX_KEY_COLUMNS)

/* A rules file while it is read. */
struct reader {
    struct lc_records records; /* first: what takes a record is given it */
    struct lc_csv_notes notes;
    struct lc_builder *builder;
    const struct lc_kind_about *kind;
    uint32_t keys;  /* columns before the attributes: 1, or 2 for a range */
    bool narrowest; /* asked for: as from:narrowest */
    unsigned kind_options;
    enum lc_order order; /* of the bounds of ranges; LC_ORDER_TEXT: there was none so far */
    uint32_t order_line; /* where the first was */
    unsigned scale;      /* the most digits of a bound behind its point */
    bool plain;          /* all bounds are unsigned whole numbers */
    struct lc_exceptions *exceptions;      /* of domains; NULL: nobody asks for notes */
    struct lc_rewritten_column *rewritten; /* MAX_FIELDS; NULL: nobody asks for notes */
};

#define refuse(r, ...) lc_records_refuse(&(r)->records, __VA_ARGS__)

static struct lc_slice field(const struct reader *r, uint32_t i)
{
    return lc_records_field(&r->records, i);
}

static bool is_text(struct lc_slice s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* The attributes' names, into names[]. */
static int take_names(struct reader *r, struct lc_slice *names)
{
    for (uint32_t i = r->keys; i < r->records.fields; i++) {
        struct lc_slice name = names[i - r->keys] = field(r, i);

        if (name.n == 0)
            return refuse(r, i + 1, "name every attribute in the first line",
                          "the header has no name");
        if (lc_records_check_utf8(&r->records, i))
            return LC_ERR_INPUT;
        for (uint32_t k = 0; k < i - r->keys; k++)
            if (names[k].n == name.n && memcmp(names[k].p, name.p, name.n) == 0)
                return refuse(r, i + 1, NULL, "the header has this name twice");
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

/* prefix|region: the character that parts the fields; NUL where it is none. */
static char other_delimiter(struct lc_slice word)
{
    size_t n, i = 0;
    const struct lc_kind_about *k = lc_kinds(&n);

    while (i < word.n && word.p[i] >= 'a' && word.p[i] <= 'z')
        i++;
    if (i + 1 >= word.n || word.p[i] <= ' ' || word.p[i] > '~' || word.p[i] == ':')
        return 0;
    for (size_t a = 0; a < n; a++)
        if (strlen(k[a].columns[0]) == i && memcmp(word.p, k[a].columns[0], i) == 0)
            return (char)word.p[i];
    return 0;
}

/*
 * The header begins with no kind. The hint is for the likeliest cause: Excel's sep= line,
 * another delimiter, a word in upper case or with blanks; else how a header looks.
 */
static int unknown_kind(struct reader *r, struct lc_slice word)
{
    char shown[120], kinds[200], hint[300];
    const char *near = meant(word);

    if (lc_records_is_excel(&r->records))
        snprintf(hint, sizeof hint, "%s", LC_RECORDS_EXCEL_HINT);
    else if (other_delimiter(word))
        snprintf(hint, sizeof hint,
                 "its fields are separated by a character other than comma, semicolon and tab: "
                 "livecol rules compile --delimiter '%c' FILE -o NEW",
                 other_delimiter(word));
    else if (near)
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
            return refuse(
                r, 1,
                "the options are nocase, as in prefix:nocase; of ranges float, utc and narrowest: from:float",
                "unknown option '%s' of a kind", lc_printable(word.p, word.n, shown, sizeof shown));
        if (!(r->kind->options & option))
            return refuse(r, 1, "leave it out", "%s rules take no option '%s'", r->kind->name,
                          lc_printable(word.p, word.n, shown, sizeof shown));
        if (*mask & option)
            return refuse(r, 1, "leave one of them out", "the option '%s' is given twice",
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
        if (r->records.fields <= r->keys || !is_text(field(r, r->keys), r->kind->columns[r->keys]))
            return refuse(r, r->keys + 1, hint,
                          "a header that begins with '%s' continues with '%s'", r->kind->columns[0],
                          r->kind->columns[r->keys]);
    if (r->records.fields <= r->keys)
        return refuse(r, 0, hint, "the header names no attribute");
    return 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/*
 * The first record: the builder begins with what it says. --overlap narrowest (`narrowest`)
 * counts as if the header had the option.
 */
static int take_header(struct reader *r)
{
    struct lc_slice names[LC_MAX_ATTRIBUTES];
    unsigned options = 0;
    int rc = take_kind(r, &options);

    if (rc)
        return rc;
    lc_notes_blanks(&r->notes, &r->records);
    if (r->records.fields - r->keys > LC_MAX_ATTRIBUTES)
        return refuse(r, 0, NULL, "%u attributes: at most %u", r->records.fields - r->keys,
                      LC_MAX_ATTRIBUTES);
    rc = take_names(r, names);
    if (rc)
        return rc;
    rc = lc_builder_new(&r->builder, r->kind->kind, names, r->records.fields - r->keys);
    if (rc)
        return r->records.rc = lc_fail(r->records.err, rc,
                                       rc == LC_ERR_NOMEM ? "%s: not enough memory"
                                                          : "%s: the system gives no random number",
                                       r->records.name);
    if (r->narrowest && r->kind->kind == LC_KIND_RANGE)
        options |= LC_OPTION_NARROWEST;
    r->kind_options = options;
    lc_builder_options(r->builder, options);
    return 0;
}

/* What a key that has a form (a bound, a network, a weight) may need, as a hint: `otherwise` where it has no blank. */
static const char *form_hint(struct lc_slice s, const char *otherwise)
{
    return s.n && (is_blank(s.p[0]) || is_blank(s.p[s.n - 1]))
               ? "it begins or ends with a blank: --trim of rules check and rules compile removes it"
               : otherwise;
}

/* A bucket's weight; `column` counts from 1, as in messages. */
static int take_number(struct reader *r, uint32_t column, uint64_t *out)
{
    struct lc_slice s = field(r, column - 1);
    uint64_t v = 0;
    char shown[120];

    for (size_t i = 0; i < s.n; i++) {
        uint64_t digit = (uint64_t)s.p[i] - '0';

        if (digit > 9 || v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - digit)
            return refuse(r, column,
                          form_hint(s, "weights are whole numbers: 90 and 10, not 90% or 0.9"),
                          "'%s' is not a whole number from 0 to 2^64 - 1",
                          lc_printable(s.p, s.n, shown, sizeof shown));
        v = v * 10 + digit;
    }
    if (s.n == 0)
        return refuse(r, column, NULL, "empty: expected a whole number from 0 to 2^64 - 1");
    *out = v;
    return 0;
}

/* What a column holds, as far as it matters to what programs rewrite. */
static enum lc_column_of column_of(const struct reader *r, uint32_t column)
{
    if (column >= r->keys)
        return LC_COLUMN_VALUES;
    switch (r->kind->kind) {
    case LC_KIND_PREFIX:
    case LC_KIND_EXACT:
        return LC_COLUMN_CODES;
    case LC_KIND_SUFFIX:
    case LC_KIND_DOMAIN:
        return LC_COLUMN_TEXTS;
    default:
        return LC_COLUMN_NUMBERS;
    }
}

static void note_rewritten(struct reader *r)
{
    for (uint32_t i = 0; i < r->records.fields; i++)
        if (i >= r->keys || !is_text(field(r, i), "*"))
            lc_rewritten_look(&r->rewritten[i], column_of(r, i), field(r, i),
                              r->records.record_line);
}

/* Spreadsheets end with rows that have delimiters alone. Such a row is a rule for the empty key: often the default. */
static void note_nothing(struct reader *r)
{
    for (uint32_t i = 0; i < r->records.fields; i++)
        if (field(r, i).n)
            return;
    if (r->notes.nothing++ == 0)
        r->notes.nothing_line = r->records.record_line;
}

/*
 * What holds for every field, before any is looked at as a key: their number, lengths, UTF-8. A
 * NUL may be in a value but in no key: the builder keeps two bounds with a NUL between them.
 */
static int check_fields(struct reader *r)
{
    if (r->records.fields != r->records.columns)
        return refuse(r, 0,
                      r->records.delimiter == ','
                          ? "write a field that holds a comma or a quote as \"…\""
                          : "write a field that holds a delimiter or a quote as \"…\"",
                      "%u field%s, expected %u as in the header", r->records.fields,
                      r->records.fields == 1 ? "" : "s", r->records.columns);
    lc_notes_blanks(&r->notes, &r->records);
    note_nothing(r);
    for (uint32_t i = 0; i < r->records.fields; i++) {
        struct lc_slice f = field(r, i);
        uint32_t max = i < r->keys ? LC_MAX_KEY_BYTES : LC_MAX_VALUE_BYTES;

        if (f.n > max)
            return refuse(r, i + 1, NULL, "%zu bytes: a %s may have at most %u", f.n,
                          i < r->keys ? "key" : "value", max);
        if (lc_records_check_utf8(&r->records, i))
            return LC_ERR_INPUT;
        if (i < r->keys && memchr(f.p, 0, f.n))
            return refuse(r, i + 1, NULL, "a NUL byte in a key");
    }
    if (r->rewritten)
        note_rewritten(r);
    return 0;
}

/* What is noted of a key may be meant: it is good. */
static int take_start_or_end(struct reader *r, struct lc_rule_in *in)
{
    in->key = field(r, 0);
    lc_notes_text(&r->notes, in->key, r->records.record_line);
    return 0;
}

static int take_exact(struct reader *r, struct lc_rule_in *in)
{
    in->key = field(r, 0);
    if (is_text(in->key, "*")) {
        in->is_default = true;
        in->key.n = 0;
    }
    lc_notes_text(&r->notes, in->key, r->records.record_line);
    return 0;
}

/* Why a text is no bound, as a hint. */
static const char *bound_hint(struct lc_slice s)
{
    if (s.n && memchr(s.p, '/', s.n))
        return "networks are rules of their own kind: cidr,country; a date is written 2024-02-29";
    if (lc_rewritten_is_shortened(s) && !memchr(s.p, '-', s.n))
        return "a program has shortened a long number, and its other digits are lost: export the "
               "column as text. Where the bounds are floats, write from:float in the header";
    if (s.n && (memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n) || memchr(s.p, 'n', s.n)))
        return "where the bounds are floats, write from:float in the header";
    if (s.n && (memchr(s.p, ',', s.n) || memchr(s.p, ' ', s.n) || memchr(s.p, '_', s.n)))
        return "write numbers as digits alone, with a point before a fraction";
    return "a bound is like 400000, -12.50, 2024-02-29, 2024-02-29T12:00:00Z or 10.1.2.3; an empty "
           "one is open";
}

/* `why` is a reason of scalar.c or point.c, told apart by its words. */
static int refuse_bound(struct reader *r, uint32_t column, struct lc_slice s, const char *why)
{
    char shown[120];

    lc_printable(s.p, s.n, shown, sizeof shown);
    if (strstr(why, "names no time zone"))
        return refuse(
            r, column,
            "write 2024-02-29T12:00:00Z, or from:utc in the header where all times are UTC",
            "the time '%s' names no time zone", shown);
    if (strstr(why, "in no range"))
        return refuse(r, column, "an empty bound is open, and so are -inf and inf",
                      "'%s' is neither above nor below a number", shown);
    return refuse(r, column, form_hint(s, bound_hint(s)), "'%s' %s a bound", shown, why);
}

/* The order of all bounds is that of the first. */
static int settle_order(struct reader *r, uint32_t column, struct lc_slice s, enum lc_order order)
{
    const struct lc_takes now = {order, 1}, before = {r->order, 1};
    char shown[120];

    if (r->order == order)
        return 0;
    if (r->order == LC_ORDER_TEXT) {
        r->order = order;
        r->order_line = r->records.record_line;
        return 0;
    }
    return refuse(r, column, "all bounds of a file are of one kind",
                  "'%s' is %s, and in line %u there is %s",
                  lc_printable(s.p, s.n, shown, sizeof shown), lc_order_name(&now), r->order_line,
                  lc_order_name(&before));
}

/* Note what a bound is; where all so far are unsigned whole numbers it goes into *out, too. */
static int take_bound(struct reader *r, uint32_t column, uint64_t *out)
{
    struct lc_slice s = field(r, column - 1);
    bool is_float = r->kind_options & LC_OPTION_FLOAT, negative;
    unsigned scale;
    enum lc_order order = is_float ? LC_ORDER_FLOAT : lc_order_of(s, &scale, &negative);
    const struct lc_takes takes = {order, order == LC_ORDER_NUMBER ? scale : 0};
    lc_point point;
    const char *why;

    /* An open end: a file that has one is searched by points. */
    if (s.n == 0) {
        r->plain = false;
        return 0;
    }
    if (order == LC_ORDER_TEXT)
        return refuse_bound(r, column, s, "is not");
    /* The point itself is not kept: the scale of all bounds is not known yet. */
    why = lc_point_read(&takes, s, r->kind_options & LC_OPTION_UTC, &point);
    if (why)
        return refuse_bound(r, column, s, why);
    if (settle_order(r, column, s, order))
        return LC_ERR_INPUT;
    r->scale = takes.scale > r->scale ? takes.scale : r->scale;
    if (order != LC_ORDER_NUMBER || lc_scalar_whole(s, &negative, out) || s.p[0] == '-')
        r->plain = false;
    return 0;
}

static int take_range(struct reader *r, struct lc_rule_in *in)
{
    if (take_bound(r, 1, &in->from) || take_bound(r, 2, &in->to))
        return LC_ERR_INPUT;
    in->bounds[0] = field(r, 0);
    in->bounds[1] = field(r, 1);
    /* Open at both ends: the default. */
    in->is_default = in->bounds[0].n == 0 && in->bounds[1].n == 0;
    if (r->plain && in->from > in->to)
        return refuse(r, 2, NULL, "the range ends (%llu) before it begins (%llu)",
                      (unsigned long long)in->to, (unsigned long long)in->from);
    return 0;
}

/* All bounds are read. Those that are more than unsigned whole numbers are read again, as what they are. */
static int settle_ranges(struct reader *r)
{
    struct lc_takes takes = {r->order == LC_ORDER_TEXT ? LC_ORDER_NUMBER : r->order, r->scale};

    if (r->kind->kind != LC_KIND_RANGE || (r->plain && !r->kind_options))
        return 0;
    if (r->kind_options & LC_OPTION_FLOAT)
        takes = (struct lc_takes){LC_ORDER_FLOAT, 0};
    return lc_builder_points(r->builder, &takes, r->records.name, r->records.err);
}

static int take_cidr(struct reader *r, struct lc_rule_in *in)
{
    struct lc_slice s = field(r, 0);
    char fixed[LC_POINT_TEXT_BYTES], shown[120], hint[200];
    const char *why;

    in->is_default = s.n == 0;
    why = in->is_default ? NULL : lc_network_read(s, &in->first, &in->last, fixed);
    if (!why)
        return 0;
    if (fixed[0])
        snprintf(hint, sizeof hint, "write %s, or the address without a length", fixed);
    else
        snprintf(hint, sizeof hint,
                 "a network is like 10.0.0.0/8 or 2001:db8::/32; a single address is one too; an "
                 "empty one is the default");
    return refuse(r, 1, form_hint(s, hint), "'%s' %s", lc_printable(s.p, s.n, shown, sizeof shown),
                  why);
}

static int take_bucket(struct reader *r, struct lc_rule_in *in)
{
    return take_number(r, 1, &in->from);
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
            return refuse(r, 1, hint,
                          "'%s': %c is only valid at the start: *.example.com, !example.com", shown,
                          name.p[i]);
        if (name.p[i] == '@' || name.p[i] == '/')
            return refuse(
                r, 1,
                name.p[i] == '@' ? "write what is after the @"
                : lc_looks_like_network(name)
                    ? "networks are rules of their own kind: cidr,country"
                    : "write only the host; for keys that are URLs use --key \"domain(url)\"",
                "'%s' is not a host name: it has a %c", shown, name.p[i]);
    }
    return 0;
}

/* Keep a name that had a mark, for what is said of exceptions that are alone. */
static int note_mark(struct reader *r, const struct lc_rule_in *in)
{
    int rc = in->below ? lc_exceptions_wildcard(r->exceptions, in->key)
                       : lc_exceptions_add(r->exceptions, in->key, in->line);

    return rc ? r->records.rc =
                    lc_fail(r->records.err, rc, "%s: not enough memory", r->records.name)
              : 0;
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
    /* One dot at the end, as in a full name: example.com. */
    name.n -= name.n > 1 && name.p[name.n - 1] == '.';
    in->key = name;
    if (check_name(r, name))
        return LC_ERR_INPUT;
    lc_notes_host(&r->notes, name, r->records.record_line);
    return marks && r->exceptions ? note_mark(r, in) : 0;
}

/* How a line's key columns are read, by kind. */
static int (*const take_key[])(struct reader *r, struct lc_rule_in *in) = {
    [LC_KIND_PREFIX] = take_start_or_end, [LC_KIND_EXACT] = take_exact,
    [LC_KIND_RANGE] = take_range,         [LC_KIND_BUCKET] = take_bucket,
    [LC_KIND_SUFFIX] = take_start_or_end, [LC_KIND_DOMAIN] = take_domain,
    [LC_KIND_CIDR] = take_cidr,
};

static int take_rule(struct reader *r)
{
    struct lc_slice values[LC_MAX_ATTRIBUTES];
    struct lc_rule_in in = {.line = r->records.record_line, .values = values};
    struct lc_error why = LC_ERROR_INIT;
    int rc = check_fields(r);

    if (rc)
        return rc;
    for (uint32_t i = r->keys; i < r->records.columns; i++)
        values[i - r->keys] = field(r, i);
    rc = take_key[r->kind->kind](r, &in);
    if (rc)
        return rc;
    /* The builder does not know the file: its message gets name, line and column here. */
    rc = lc_builder_add(r->builder, &in, &why);
    if (rc == LC_ERR_NOMEM)
        return r->records.rc =
                   lc_fail(r->records.err, rc, "%s: not enough memory", r->records.name);
    if (rc)
        return refuse(r, 0, why.hint[0] ? why.hint : NULL, "%s", why.msg);
    return 0;
}

static void take(struct lc_records *records)
{
    struct reader *r = (struct reader *)records;

    if (records->columns == 0)
        take_header(r);
    else
        take_rule(r);
}

/*
 * A comment that has as many delimiters as the header, and no blank behind its #: a rule after all? #N/A,us-east is
 * one whose key a spreadsheet could not compute.
 */
static void note_comment(struct lc_records *records, struct lc_slice line)
{
    struct reader *r = (struct reader *)records;
    uint32_t fields = 1;
    size_t first = 0; /* bytes of the first field */

    r->notes.comments++;
    if (records->columns == 0 || line.n < 2 || is_blank(line.p[1]) || line.p[1] == '#')
        return;
    for (size_t i = 0; i < line.n; i++) {
        first += fields == 1 && line.p[i] != (uint8_t)records->delimiter;
        fields += line.p[i] == (uint8_t)records->delimiter;
    }
    if (fields != records->columns)
        return;
    if (r->rewritten && lc_rewritten_is_error((struct lc_slice){line.p, first}))
        lc_rewritten_look(&r->rewritten[0], LC_COLUMN_TEXTS, (struct lc_slice){line.p, first},
                          records->line);
    else if (r->notes.doubtful++ == 0)
        r->notes.doubtful_line = records->line;
}

static int refuse_first_line(const struct reader *r, const char *what, struct lc_error *err)
{
    lc_fail_at(err, LC_ERR_INPUT, 0, 1, "%s:1: %s", r->records.name, what);
    lc_hint(err, "the first line names the kind and the attributes: prefix,region");
    return LC_ERR_INPUT;
}

/* What notes need. Both are released by finish_notes, also after LC_ERR_NOMEM. */
static int start_notes(struct reader *r, struct lc_exceptions *exceptions)
{
    r->exceptions = exceptions;
    r->rewritten = calloc(MAX_FIELDS, sizeof *r->rewritten);
    return lc_exceptions_init(exceptions) || !r->rewritten ? LC_ERR_NOMEM : 0;
}

/* All lines are read: what is known of them only now. */
static void finish_notes(struct reader *r)
{
    r->notes.alone = lc_exceptions_alone(r->exceptions, &r->notes.alone_line);
    for (uint32_t i = 0; r->rewritten && r->kind && i < r->records.columns && i < MAX_FIELDS; i++)
        lc_rewritten_settle(&r->rewritten[i], column_of(r, i), r->notes.rewritten);
    lc_exceptions_release(r->exceptions);
    free(r->rewritten);
}

int lc_rules_parse_csv_with(struct lc_rules **out, const void *text, size_t n, const char *name,
                            const struct lc_csv_options *options, struct lc_error *err)
{
    struct lc_exceptions exceptions = {0};
    struct reader r = {.records = {.name = name,
                                   .err = err,
                                   .how = {.take = take,
                                           .comment = note_comment,
                                           .max_fields = MAX_FIELDS,
                                           .delimiter = options->delimiter,
                                           .trim = options->trim,
                                           .origin = options->origin}},
                       .narrowest = options->narrowest,
                       .plain = true};
    bool empty = n == 0 || (n == 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0);
    int rc = options->notes && start_notes(&r, &exceptions)
                 ? lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name)
                 : 0;

    if (!rc)
        rc = empty ? refuse_first_line(&r, "the file is empty", err)
                   : lc_records_read(&r.records, text, n);
    if (!rc && r.records.columns == 0)
        rc = refuse_first_line(&r,
                               r.notes.comments ? "no header, only blank lines and comments"
                                                : "no header, only blank lines",
                               err);
    rc = rc ? rc : settle_ranges(&r);
    if (!rc)
        rc = lc_builder_finish(r.builder, out, name, err);
    if (!rc)
        r.notes.repeats = lc_builder_repeats(r.builder, &r.notes.repeats_line);
    lc_builder_free(r.builder);
    lc_records_release(&r.records);
    if (options->notes) {
        finish_notes(&r);
        *options->notes = r.notes;
    }
    return rc;
}

int lc_rules_parse_csv(struct lc_rules **out, const void *text, size_t n, const char *name,
                       struct lc_error *err)
{
    static const struct lc_csv_options plain = {0};

    return lc_rules_parse_csv_with(out, text, n, name, &plain, err);
}
