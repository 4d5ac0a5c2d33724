/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A field is looked at once, by its form alone. What the form cannot tell (is 1-Mar a code or a day?) is told by the
 * other fields of the column, when all are counted.
 */
#include "udf/rules/rewritten.h"

#include <string.h>

enum {
    KEPT_DIGITS = 15,      /* a spreadsheet keeps that many digits of a number */
    SHORTENED_DIGITS = 11, /* a number of more digits is shown as 4.91E+11 */
    ZEROS_LENGTH_MIN = 4
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* How many digits are at *s; they are taken from it. */
static size_t take_digits(struct lc_slice *s)
{
    size_t n = 0;

    while (n < s->n && is_digit(s->p[n]))
        n++;
    s->p += n;
    s->n -= n;
    return n;
}

/* Take the character from *s, if it begins with it. */
static bool take(struct lc_slice *s, char c)
{
    if (s->n == 0 || s->p[0] != (uint8_t)c)
        return false;
    s->p++;
    s->n--;
    return true;
}

static bool is_text(struct lc_slice s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static void note(struct lc_rewritten_found *found, struct lc_slice field, uint32_t line)
{
    size_t n = field.n < LC_REWRITTEN_SHOWN - 1 ? field.n : LC_REWRITTEN_SHOWN - 1;

    if (found->fields++)
        return;
    found->line = line;
    memcpy(found->example, field.p, n);
    found->example[n] = '\0';
}

/* 4.91E+11: one digit before the point, and an exponent with a sign and two digits. */
struct shortened {
    size_t digits;
    int exponent;
    bool is_capital; /* E, of a spreadsheet; e, of R and other programs */
};

static bool is_shortened(struct lc_slice s, struct shortened *out)
{
    size_t behind = 0;

    *out = (struct shortened){0};
    (void)take(&s, '-');
    if (take_digits(&s) != 1)
        return false;
    if (take(&s, '.') && (behind = take_digits(&s)) == 0)
        return false;
    out->is_capital = take(&s, 'E');
    if ((!out->is_capital && !take(&s, 'e')) || s.n < 3 || s.n > 4 ||
        (s.p[0] != '+' && s.p[0] != '-'))
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        out->exponent = out->exponent * 10 + (s.p[i] - '0');
    }
    out->exponent = s.p[0] == '-' ? -out->exponent : out->exponent;
    out->digits = 1 + behind;
    return true;
}

/* May a value be one that was shortened? Numbers that are written so by themselves are small, or have more digits. */
static bool is_short_value(const struct shortened *s)
{
    return s->is_capital && s->exponent >= SHORTENED_DIGITS && s->digits <= 6;
}

bool lc_rewritten_is_shortened(struct lc_slice field)
{
    struct shortened s;

    return is_shortened(field, &s);
}

bool lc_rewritten_is_error(struct lc_slice field)
{
    /* Of Excel in English, German, French and Spanish, of LibreOffice, of Google Sheets. */
    static const char *const errors[] = {
        "#N/A",    "#REF!",  "#NAME?",  "#VALUE!",   "#DIV/0!",       "#NUM!",    "#NULL!",
        "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#GETTING_DATA", "#ERROR!",  "#NV",
        "#BEZUG!", "#WERT!", "#ZAHL!",  "#NOM?",     "#VALEUR!",      "#NOMBRE!", "#\xc2\xa1REF!",
    };
    size_t hashes = 0;

    if (field.n == 0 || (field.p[0] != '#' && field.p[0] != 'E')) /* nearly every field */
        return false;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (is_text(field, errors[i]))
            return true;
    if (field.n == 7 && memcmp(field.p, "Err:5", 5) == 0 && is_digit(field.p[5]) &&
        is_digit(field.p[6]))
        return true;
    /* A column that is too narrow for its numbers. */
    while (hashes < field.n && field.p[hashes] == '#')
        hashes++;
    return hashes == field.n && hashes >= 5;
}

/* Take a month from *s, as spreadsheets in English and German write it. */
static bool take_month(struct lc_slice *s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDecMrzMaiOktDez";

    for (size_t i = 0; i < sizeof months / 3 && s->n >= 3; i++) {
        if (memcmp(s->p, months + 3 * i, 3) != 0)
            continue;
        s->p += 3;
        s->n -= 3;
        return true;
    }
    return false;
}

/* 1-Mar, Mar-01 and 01. Mrz, which spreadsheets make of 3-1, MAR1 and 1.3. */
static bool is_date(struct lc_slice s)
{
    size_t day = take_digits(&s);

    if (day)
        return day <= 2 && (take(&s, '-') || (take(&s, '.') && take(&s, ' '))) && take_month(&s) &&
               s.n == 0;
    return take_month(&s) && take(&s, '-') && take_digits(&s) == 2 && s.n == 0;
}

/*
 * '01234 and '+49: the apostrophe says "text" where it is typed into a spreadsheet; programs that export for one
 * write it, too.
 */
static bool is_apostrophe(struct lc_slice s)
{
    size_t digits = 0;

    if (!take(&s, '\''))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        digits += is_digit(s.p[i]);
        if (!is_digit(s.p[i]) && !(s.p[i] && strchr("+-=@. ()/", s.p[i])))
            return false;
    }
    return digits > 0;
}

/* 1,000 and 1,234.50: one to three digits, then groups of three; or the narrow blanks of French between them. */
static bool is_grouped(struct lc_slice s)
{
    static const char *const marks[] = {",", "\xc2\xa0", "\xe2\x80\xaf"};
    size_t first, groups = 0;

    (void)take(&s, '-');
    first = take_digits(&s);
    if (first == 0 || first > 3)
        return false;
    for (size_t m = 0; m < sizeof marks / sizeof marks[0] && groups == 0; m++) {
        size_t n = strlen(marks[m]);

        while (s.n >= n + 3 && memcmp(s.p, marks[m], n) == 0) {
            s.p += n;
            s.n -= n;
            if (take_digits(&s) != 3)
                return false;
            groups++;
        }
    }
    return groups && (s.n == 0 || (take(&s, '.') && take_digits(&s) && s.n == 0));
}

/* UTF-8 that was read as Windows-1252 and saved as UTF-8 again (Ã¼, Â°, â€“), or U+FFFD for what could not be read. */
static bool is_recoded(struct lc_slice s)
{
    for (size_t i = 0; i + 2 < s.n; i++) {
        const uint8_t *p = s.p + i;

        if (p[0] < 0xc3)
            continue;
        if (memcmp(p, "\xef\xbf\xbd", 3) == 0)
            return true;
        if (i + 3 < s.n && memcmp(p, "\xc3\x83\xc2", 3) == 0)
            return true;
        if (i + 3 < s.n && memcmp(p, "\xc3\x82\xc2", 3) == 0 && p[3] >= 0xa0)
            return true;
        if (i + 4 < s.n && memcmp(p, "\xc3\xa2\xe2\x82\xac", 5) == 0)
            return true;
    }
    return false;
}

/* Digits alone, n of them. */
static void look_at_digits(struct lc_rewritten_column *c, struct lc_slice field, uint32_t line)
{
    size_t n = field.n, zeros = 0;

    c->numbers++;
    note(&c->by_length[n < LC_REWRITTEN_DIGITS ? n : 0], field, line);
    if (field.p[0] == '0') {
        c->zeros_first++;
        c->zeros_shortest =
            c->zeros_first == 1 || n < c->zeros_shortest ? (uint32_t)n : c->zeros_shortest;
    }
    if (n <= KEPT_DIGITS)
        return;
    while (field.p[n - 1 - zeros] == '0' && zeros < n - KEPT_DIGITS)
        zeros++;
    c->long_numbers++;
    c->long_digits += (uint32_t)(n - KEPT_DIGITS);
    c->ends_in_digit += field.p[KEPT_DIGITS - 1] != '0';
    if (zeros == n - KEPT_DIGITS)
        note(&c->found[LC_REWRITTEN_ROUNDED], field, line);
}

/* A number, with or without a sign and a fraction. */
static bool look_at_number(struct lc_rewritten_column *c, struct lc_slice field, uint32_t line)
{
    struct lc_slice s = field;
    bool negative = take(&s, '-');
    size_t before = take_digits(&s);

    if (before && s.n == 0 && !negative) {
        look_at_digits(c, field, line);
        return true;
    }
    if (before == 0 || (s.n && (!take(&s, '.') || take_digits(&s) == 0 || s.n)))
        return false;
    c->numbers++;
    if (field.n > 2 && memcmp(field.p + field.n - 2, ".0", 2) == 0) {
        c->long_points += before >= ZEROS_LENGTH_MIN;
        note(&c->found[LC_REWRITTEN_POINTS], field, line);
    } else {
        c->fractions += memchr(field.p, '.', field.n) != NULL;
    }
    return true;
}

void lc_rewritten_look(struct lc_rewritten_column *c, enum lc_column_of of, struct lc_slice field,
                       uint32_t line)
{
    struct shortened s;

    if (field.n == 0)
        return;
    c->filled++;
    if (look_at_number(c, field, line) || of == LC_COLUMN_NUMBERS)
        return;
    if (is_shortened(field, &s)) {
        if (of != LC_COLUMN_VALUES || is_short_value(&s))
            note(&c->found[LC_REWRITTEN_SHORTENED], field, line);
    } else if (is_date(field)) {
        note(&c->found[LC_REWRITTEN_DATES], field, line);
    } else if (is_grouped(field)) {
        note(&c->found[LC_REWRITTEN_GROUPED], field, line);
    } else if (lc_rewritten_is_error(field)) {
        note(&c->found[LC_REWRITTEN_ERRORS], field, line);
    } else if (of != LC_COLUMN_VALUES && is_apostrophe(field)) {
        note(&c->found[LC_REWRITTEN_APOSTROPHES], field, line);
    } else if (is_recoded(field)) {
        note(&c->found[LC_REWRITTEN_RECODED], field, line);
    }
}

/*
 * The keys of digits that are shorter than the rest, where the rest has zeros in front. A key that is shorter and
 * has such a zero is shorter by itself.
 */
static void settle_zeros(const struct lc_rewritten_column *c, struct lc_rewritten_found *out)
{
    struct lc_rewritten_found shorter = {0};
    uint32_t longest = LC_REWRITTEN_DIGITS - 1, least;

    while (longest && c->by_length[longest].fields == 0)
        longest--;
    if (longest < ZEROS_LENGTH_MIN || c->zeros_first == 0 || c->zeros_shortest != longest ||
        c->by_length[0].fields)
        return;
    least = longest - 3;
    for (uint32_t n = longest - 1; n >= 1; n--) {
        const struct lc_rewritten_found *f = &c->by_length[n];

        if (f->fields == 0)
            continue;
        if (n < least)
            return;
        if (shorter.fields == 0 || f->line < shorter.line) {
            uint32_t before = shorter.fields;

            shorter = *f;
            shorter.fields += before;
        } else {
            shorter.fields += f->fields;
        }
    }
    if (c->by_length[longest].fields + shorter.fields == c->filled &&
        shorter.fields * 3 <= c->filled)
        *out = shorter;
}

static bool holds(const struct lc_rewritten_column *c, enum lc_column_of of, unsigned kind)
{
    const struct lc_rewritten_found *f = &c->found[kind];

    if (f->fields == 0)
        return false;
    switch ((enum lc_rewritten_kind)kind) {
    case LC_REWRITTEN_SHORTENED:
        return of != LC_COLUMN_VALUES || c->fractions == 0;
    case LC_REWRITTEN_ROUNDED: /* one in 10,000, if it is an accident */
        return f->fields == c->long_numbers && c->long_digits >= 4 &&
               c->ends_in_digit * 2 >= c->long_numbers;
    case LC_REWRITTEN_DATES:
        return f->fields * 2 < c->filled;
    case LC_REWRITTEN_GROUPED:
        return f->fields + c->numbers == c->filled;
    case LC_REWRITTEN_POINTS:
        return of == LC_COLUMN_CODES && f->fields == c->filled && f->fields >= 3 && c->long_points;
    default:
        return true;
    }
}

void lc_rewritten_settle(const struct lc_rewritten_column *c, enum lc_column_of of,
                         struct lc_rewritten_found out[LC_REWRITTEN_KINDS])
{
    struct lc_rewritten_found zeros = {0};

    if (of == LC_COLUMN_CODES)
        settle_zeros(c, &zeros);
    for (unsigned k = 0; k < LC_REWRITTEN_KINDS; k++) {
        const struct lc_rewritten_found *f = k == LC_REWRITTEN_ZEROS ? &zeros : &c->found[k];
        uint32_t before = out[k].fields;

        if (f->fields == 0 || (k != LC_REWRITTEN_ZEROS && !holds(c, of, k)))
            continue;
        if (before == 0 || f->line < out[k].line)
            out[k] = *f;
        out[k].fields = before + f->fields;
    }
}
