/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts to values and back. A function that reads returns NULL or a reason, worded so that it
 * fits between the value and the type, as in "'300' is too large for UInt8". Some callers choose
 * a hint by the words of a reason (column_type.c, csv.c): change them together.
 *
 * Values on the wire are little-endian, which is how this machine has them: they are copied.
 */
#include "udf/rules/scalar.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    DAY_SECONDS = 86400,
    FLOAT_TEXT_MAX = 1100, /* the longest exact decimal text of a double has 1,077 bytes */
    DATE_DAYS_MAX = UINT16_MAX
};

/* ── Numbers ──────────────────────────────────────────────────────────────────────────────────── */

/*
 * A text with anything but digits is no number, however long it is: so this is looked at first,
 * and only then whether the number fits.
 */
const char *lc_scalar_whole(struct lc_slice text, bool *negative, uint64_t *magnitude)
{
    size_t i = text.n && text.p[0] == '-';
    uint64_t v = 0;

    *negative = i == 1;
    if (i == text.n)
        return text.n ? "is not a whole number for" : "is empty, which is not a value of";
    for (size_t k = i; k < text.n; k++)
        if (text.p[k] < '0' || text.p[k] > '9')
            return "is not a whole number for";
    for (; i < text.n; i++) {
        uint64_t digit = (uint64_t)text.p[i] - '0';

        if (v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - digit)
            return *negative ? "is too small for" : "is too large for";
        v = v * 10 + digit;
    }
    *negative = *negative && v;
    *magnitude = v;
    return NULL;
}

/*
 * *out is in two's complement. `most` is the greatest value; of a signed type the least is one
 * further from 0.
 */
static const char *read_whole(const struct lc_scalar *t, struct lc_slice text, uint64_t *out)
{
    uint64_t most = t->base == LC_SCALAR_UINT ? UINT64_MAX >> (64 - 8 * t->width)
                                              : (UINT64_C(1) << (8 * t->width - 1)) - 1;
    uint64_t magnitude;
    bool negative;
    const char *why = lc_scalar_whole(text, &negative, &magnitude);

    if (why)
        return why;
    if (negative && (t->base == LC_SCALAR_UINT || magnitude > most + 1))
        return "is too small for";
    if (!negative && magnitude > most)
        return "is too large for";
    *out = negative ? 0 - magnitude : magnitude;
    return NULL;
}

unsigned lc_scalar_fraction(struct lc_slice text)
{
    const uint8_t *point = text.n ? memchr(text.p, '.', text.n) : NULL;
    size_t n = point ? (size_t)(text.p + text.n - point) - 1 : 0;

    while (n && point[n] == '0')
        n--;
    return (unsigned)n;
}

const char *lc_scalar_decimal(struct lc_slice text, unsigned precision, unsigned scale,
                              lc_int128 *out)
{
    size_t i = text.n && text.p[0] == '-';
    bool negative = i == 1, point = false;
    unsigned behind = 0, digits = 0, seen = 0;
    lc_int128 v = 0;

    if (text.n == 0)
        return "is empty, which is not a value of";
    for (; i < text.n; i++) {
        unsigned digit = (unsigned)text.p[i] - '0';

        if (text.p[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (digit > 9)
            return "is not a decimal number (digits and one point) for";
        seen++;
        /* Past the scale: zeros change nothing, and nothing is rounded. */
        if (point && behind == scale) {
            if (digit)
                return "has more digits after the point than";
            continue;
        }
        behind += point;
        /* Zeros in front are no digits of the number. */
        digits += digits || digit;
        /*
         * The digits that the number has once it is multiplied by 10^scale. This is checked at
         * each digit, so that v stays within 38 of them and does not overflow.
         */
        if (digits + (scale - behind) > precision && digits)
            return negative ? "is too small for" : "is too large for";
        v = v * 10 + (lc_int128)digit;
    }
    if (!seen)
        return "is not a decimal number (digits and one point) for";
    for (; behind < scale; behind++)
        v *= 10;
    *out = negative ? -v : v;
    return NULL;
}

/* Digits with a point and an exponent, or a name; refuses what else strtod takes (hex, blanks). */
static bool is_float(const char *p)
{
    size_t before, behind = 0;

    p += *p == '-';
    if (strcasecmp(p, "nan") == 0 || strcasecmp(p, "inf") == 0)
        return true;
    before = strspn(p, "0123456789");
    p += before;
    if (*p == '.') {
        behind = strspn(p + 1, "0123456789");
        p += 1 + behind;
    }
    if (before + behind == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '-' || p[1] == '+' ? 2 : 1;
        if (!strspn(p, "0123456789"))
            return false;
        p += strspn(p, "0123456789");
    }
    return *p == '\0';
}

/* Has a digit other than 0 before its exponent? */
static bool is_not_zero(const char *p)
{
    size_t n = strcspn(p, "eE"), at = strcspn(p, "123456789");

    return at < n;
}

const char *lc_scalar_float(struct lc_slice text, bool single, double *out)
{
    char copy[FLOAT_TEXT_MAX + 1];

    if (text.n == 0)
        return "is empty, which is not a value of";
    if (text.n > FLOAT_TEXT_MAX || memchr(text.p, 0, text.n))
        return "is not a number for";
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (!is_float(copy))
        return "is not a number for";
    /*
     * nan by name: the sign of one is not the same on every machine. A Float32 by strtof: by
     * way of a double it would be rounded twice.
     */
    *out = strcasestr(copy, "nan") ? (double)NAN
           : single                ? (double)strtof(copy, NULL)
                                   : strtod(copy, NULL);
    if (isinf(*out) && !strcasestr(copy, "inf"))
        return *out > 0 ? "is too large for" : "is too small for";
    if (*out == 0 && is_not_zero(copy))
        return "is nearer to 0 than any value of";
    return NULL;
}

/* ── The calendar ─────────────────────────────────────────────────────────────────────────────── */

/* Rounds down, below 0 too. b > 0. */
static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Exactly n digits; n is small enough for 64 bits. */
static bool take_digits(const uint8_t *p, size_t n, int64_t *v)
{
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *v = *v * 10 + (p[i] - '0');
    }
    return true;
}

/* By the Gregorian calendar, in all years. month is 1 to 12. */
static int64_t days_of_month(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/*
 * Ten bytes. Howard Hinnant, chrono-Compatible Low-Level Date Algorithms: years begin in March,
 * so that the leap day is the last of a year, and (153 m + 2) / 5 is the day on which the m-th
 * month from March begins. An era is 400 years, 146,097 days; 719,468 days go from 0000-03-01
 * to 1970-01-01.
 */
static const char *take_date(const uint8_t *p, int64_t *days)
{
    int64_t year, month, day, y, era, year_of_era, day_of_year;

    if (p[4] != '-' || p[7] != '-' || !take_digits(p, 4, &year) || !take_digits(p + 5, 2, &month) ||
        !take_digits(p + 8, 2, &day))
        return "is not written as 2024-02-29, which is";
    if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return "is not a day of the calendar for";
    y = year - (month <= 2);
    era = divide_down(y, 400);
    year_of_era = y - era * 400;
    day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    *days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
            719468;
    return NULL;
}

const char *lc_scalar_date(struct lc_slice text, int64_t *days)
{
    if (text.n == 0)
        return "is empty, which is not a value of";
    return text.n == 10 ? take_date(text.p, days) : "is not written as 2024-02-29, which is";
}

/* take_date the other way. Four digits for the year: callers ask for 0000 to 9999 alone. */
void lc_scalar_put_date(int64_t days, char out[11])
{
    int64_t z = days + 719468, era = divide_down(z, 146097), day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    unsigned year = (unsigned)(year_of_era + era * 400 + (month >= 10)) % 10000;
    char text[40];

    snprintf(text, sizeof text, "%04u-%02u-%02u", year,
             (unsigned)(month < 10 ? month + 3 : month - 9),
             (unsigned)(day_of_year - (153 * month + 2) / 5 + 1));
    memcpy(out, text, 11);
}

/* What is behind the seconds: nothing, Z, or an offset; its seconds from UTC. */
static const char *take_zone(struct lc_slice rest, bool utc, int64_t *offset)
{
    int64_t hours, minutes;

    *offset = 0;
    if (rest.n == 0)
        return utc ? NULL : "names no time zone: write it with a Z, or give the zone 'UTC' to";
    if (rest.n == 1 && rest.p[0] == 'Z')
        return NULL;
    if (rest.n != 6 || (rest.p[0] != '+' && rest.p[0] != '-') || rest.p[3] != ':' ||
        !take_digits(rest.p + 1, 2, &hours) || !take_digits(rest.p + 4, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return "has text after its seconds that is not a zone (Z, +02:00) for";
    *offset = (hours * 60 + minutes) * (rest.p[0] == '-' ? -60 : 60);
    return NULL;
}

const char *lc_scalar_time(struct lc_slice text, bool utc, int64_t *seconds)
{
    static const char form[] = "is not written as 2024-02-29 12:00:00, which is";
    int64_t days, hour, minute, second, offset;
    uint64_t number;
    bool negative;
    const char *why;

    if (text.n == 0)
        return "is empty, which is not a value of";
    /*
     * Without a colon: seconds since 1970. A quarter of what 64 bits hold is far past any year
     * with four digits, and leaves room to calculate with it.
     */
    if (!memchr(text.p, ':', text.n)) {
        if (lc_scalar_whole(text, &negative, &number))
            return form;
        if (number > INT64_MAX / 4)
            return negative ? "is too small for" : "is too large for";
        *seconds = negative ? -(int64_t)number : (int64_t)number;
        return NULL;
    }
    if (text.n < 19 || (text.p[10] != ' ' && text.p[10] != 'T') || text.p[13] != ':' ||
        text.p[16] != ':' || !take_digits(text.p + 11, 2, &hour) ||
        !take_digits(text.p + 14, 2, &minute) || !take_digits(text.p + 17, 2, &second))
        return form;
    why = take_date(text.p, &days);
    if (why)
        return why;
    if (hour > 23 || minute > 59 || second > 59)
        return "is not a time of day for";
    why = take_zone((struct lc_slice){text.p + 19, text.n - 19}, utc, &offset);
    if (!why)
        *seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset;
    return why;
}

/* ── Values on the wire ───────────────────────────────────────────────────────────────────────── */

static const char *read_float(const struct lc_scalar *t, struct lc_slice text, uint8_t *wire)
{
    double v;
    const char *why = lc_scalar_float(text, t->width == 4, &v);
    float single;

    if (why)
        return why;
    single = (float)v;
    if (t->width == 4)
        memcpy(wire, &single, sizeof single);
    else
        memcpy(wire, &v, sizeof v);
    return NULL;
}

static const char *read_date(struct lc_slice text, uint64_t *out)
{
    int64_t days = 0;
    const char *why = lc_scalar_date(text, &days);

    if (why)
        return why;
    if (days < 0)
        return "is before 1970-01-01, the first day of";
    if (days > DATE_DAYS_MAX)
        return "is after 2149-06-06, the last day of";
    *out = (uint64_t)days;
    return NULL;
}

static const char *read_time(const struct lc_scalar *t, struct lc_slice text, uint64_t *out)
{
    int64_t seconds = 0;
    const char *why = lc_scalar_time(text, t->utc, &seconds);

    if (why)
        return why;
    if (seconds < 0)
        return "is before 1970-01-01 00:00:00 UTC, the first second of";
    if (seconds > UINT32_MAX)
        return "is after 2106-02-07 06:28:15 UTC, the last second of";
    *out = (uint64_t)seconds;
    return NULL;
}

static const char *read_bool(struct lc_slice text, uint64_t *out)
{
    static const char *const words[] = {"false", "true", "0", "1"};

    for (unsigned i = 0; i < 4; i++)
        if (text.n == strlen(words[i]) && memcmp(text.p, words[i], text.n) == 0) {
            /* The odd ones are true. */
            *out = i & 1;
            return NULL;
        }
    return text.n ? "is not true or false, which is" : "is empty, which is not a value of";
}

const char *lc_scalar_read(const struct lc_scalar *type, struct lc_slice text, uint8_t wire[16])
{
    lc_int128 decimal = 0;
    uint64_t v = 0;
    const char *why = NULL;

    memset(wire, 0, 16);
    switch (type->base) {
    case LC_SCALAR_UINT:
    case LC_SCALAR_INT:
        why = read_whole(type, text, &v);
        break;
    case LC_SCALAR_FLOAT:
        return read_float(type, text, wire);
    case LC_SCALAR_DECIMAL:
        why = lc_scalar_decimal(text, type->precision, type->scale, &decimal);
        memcpy(wire, &decimal, type->width);
        return why;
    case LC_SCALAR_DATE:
        why = read_date(text, &v);
        break;
    case LC_SCALAR_DATETIME:
        why = read_time(type, text, &v);
        break;
    case LC_SCALAR_BOOL:
        why = read_bool(text, &v);
        break;
    }
    memcpy(wire, &v, type->width);
    return why;
}

/* Told apart by their bits: 0.0 from -0.0. */
static uint64_t bits_of(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* The shortest text that strtod reads as the same value. */
static size_t write_float(const struct lc_scalar *t, const uint8_t *wire, char *out)
{
    int n = 0, least = t->width == 4 ? 6 : 15;
    float single;
    double v;

    memcpy(&v, wire, sizeof v);
    memcpy(&single, wire, sizeof single);
    if (t->width == 4)
        v = (double)single;
    if (isnan(v))
        return (size_t)snprintf(out, LC_SCALAR_TEXT_BYTES, "nan");
    if (isinf(v))
        return (size_t)snprintf(out, LC_SCALAR_TEXT_BYTES, v > 0 ? "inf" : "-inf");
    /*
     * %g leaves out zeros at the end, so beginning at 6 (15) digits gives short texts too, but
     * of the values next to 0, which have fewer. 9 (17) digits are enough for any value.
     */
    if (fabs(v) < (t->width == 4 ? (double)FLT_MIN : DBL_MIN))
        least = 1;
    for (int digits = least; digits <= 17; digits++) {
        double back;

        n = snprintf(out, LC_SCALAR_TEXT_BYTES, "%.*g", digits, v);
        back = t->width == 4 ? (double)strtof(out, NULL) : strtod(out, NULL);
        if (bits_of(back) == bits_of(v))
            break;
    }
    return (size_t)n;
}

/*
 * The digits are made from the last one on, and put out from the first. At least scale + 1 of
 * them, so that a digit is before the point.
 */
static size_t write_decimal(const struct lc_scalar *t, const uint8_t *wire, char *out)
{
    unsigned shift = 128 - 8 * t->width, n = 0;
    char digits[LC_DECIMAL_DIGITS_MAX + 2];
    lc_int128 v = 0;
    lc_uint128 rest;
    char *to = out;

    memcpy(&v, wire, t->width);
    /* The sign of `width` bytes becomes that of 16. */
    v = (lc_int128)((lc_uint128)v << shift) >> shift;
    /* Unsigned: the least value has no positive one. */
    rest = v < 0 ? -(lc_uint128)v : (lc_uint128)v;
    do {
        digits[n++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest || n <= t->scale);
    if (v < 0)
        *to++ = '-';
    while (n) {
        if (n == t->scale)
            *to++ = '.';
        *to++ = digits[--n];
    }
    return (size_t)(to - out);
}

static size_t write_time(const struct lc_scalar *t, uint64_t seconds, char *out)
{
    unsigned of_day = (unsigned)(seconds % DAY_SECONDS);
    char date[11];

    /* Ten digits: the server takes fewer for a year. */
    if (!t->utc)
        return (size_t)snprintf(out, LC_SCALAR_TEXT_BYTES, "%010" PRIu64, seconds);
    lc_scalar_put_date((int64_t)(seconds / DAY_SECONDS), date);
    return (size_t)snprintf(out, LC_SCALAR_TEXT_BYTES, "%s %02u:%02u:%02u", date, of_day / 3600,
                            of_day / 60 % 60, of_day % 60);
}

size_t lc_scalar_write(const struct lc_scalar *type, const uint8_t wire[16],
                       char out[LC_SCALAR_TEXT_BYTES])
{
    unsigned shift = 64 - 8 * (type->width < 8 ? type->width : 8);
    uint64_t v;
    int64_t s;

    memcpy(&v, wire, sizeof v);
    /* The number of `width` bytes: v without a sign, s with it. */
    v = v << shift >> shift;
    s = (int64_t)(v << shift) >> shift;
    switch (type->base) {
    case LC_SCALAR_FLOAT:
        return write_float(type, wire, out);
    case LC_SCALAR_DECIMAL:
        return write_decimal(type, wire, out);
    case LC_SCALAR_DATE:
        lc_scalar_put_date((int64_t)v, out);
        return 10;
    case LC_SCALAR_DATETIME:
        return write_time(type, v, out);
    case LC_SCALAR_BOOL:
        return (size_t)snprintf(out, LC_SCALAR_TEXT_BYTES, v ? "true" : "false");
    case LC_SCALAR_INT:
        return (size_t)snprintf(out, LC_SCALAR_TEXT_BYTES, "%" PRId64, s);
    case LC_SCALAR_UINT:
        break;
    }
    return (size_t)snprintf(out, LC_SCALAR_TEXT_BYTES, "%" PRIu64, v);
}
