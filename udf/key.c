/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. Three parts: a value's text, for rules of texts; a value into the batch, for all rules;
 * and a text of TabSeparated back into the bytes that the binary formats have, so that the
 * second part serves all formats. The texts are those of the server's toString(): rules answer
 * the same for a column and for toString(column).
 *
 * put_* write at `to`, which has room for LC_KEY_TEXT_BYTES, and return the end of the text; no
 * NUL is part of it. parse_* write a little-endian value to `wire`, which has room for
 * LC_KEY_WIDTH_MAX bytes, and return 0 or LC_ERR_INPUT.
 */
#include "udf/key.h"

#include "base/hex.h"

#include <arpa/inet.h>
#include <string.h>

enum { SECONDS_A_DAY = 86400, YEAR_MAX = 9999 };

/* Days and seconds from 1970 of 0000-01-01 and of 9999-12-31 23:59:59: the server shows no others. */
#define DAYS_MIN    INT64_C(-719528)
#define DAYS_MAX    INT64_C(2932896)
#define SECONDS_MIN (DAYS_MIN * SECONDS_A_DAY)
#define SECONDS_MAX ((DAYS_MAX + 1) * SECONDS_A_DAY - 1)

/* Ticks a second, by scale. */
static const int64_t powers[] = {1,      10,      100,      1000,      10000,
                                 100000, 1000000, 10000000, 100000000, 1000000000};

/* A little-endian number of 1, 2, 4 or 8 bytes: one load of eight and a mask. */
static uint64_t load_unsigned(const uint8_t *p, unsigned width)
{
    uint64_t v;

    memcpy(&v, p, sizeof v); /* LC_SLACK bytes are readable behind */
    return width == 8 ? v : v & ((UINT64_C(1) << (8 * width)) - 1);
}

/* The same with a sign: up until the sign is the top bit, and down again with it. */
static int64_t load_signed(const uint8_t *p, unsigned width)
{
    unsigned shift = 64 - 8 * width;

    return (int64_t)(load_unsigned(p, width) << shift) >> shift;
}

/* Rounds down, below 0 too: a time before 1970 is in the second that began before it. b > 0. */
static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* ── Text ─────────────────────────────────────────────────────────────────────────────────────── */

static char *put_unsigned(char *to, uint64_t v)
{
    char digits[20];
    size_t n = 0;

    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        *to++ = digits[--n];
    return to;
}

/* Exactly `width` digits, zeroes first. */
static char *put_digits(char *to, uint64_t v, unsigned width)
{
    for (unsigned i = width; i--; v /= 10)
        to[i] = (char)('0' + v % 10);
    return to + width;
}

/*
 * Days since 1970 as 2024-01-31. Howard Hinnant, chrono-Compatible Low-Level Date Algorithms:
 * years begin in March, so that the leap day is the last of a year. An era is 400 years,
 * 146,097 days; 719,468 days go from 0000-03-01 to 1970-01-01.
 */
static char *put_date(char *to, int64_t days)
{
    int64_t z, era, day_of_era, year_of_era, day_of_year, month;

    days = days < DAYS_MIN ? DAYS_MIN : days > DAYS_MAX ? DAYS_MAX : days;
    z = days + 719468;
    era = divide_down(z, 146097);
    day_of_era = z - era * 146097;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153;
    to = put_digits(to, (uint64_t)(year_of_era + era * 400 + (month >= 10)), 4);
    *to++ = '-';
    to = put_digits(to, (uint64_t)(month < 10 ? month + 3 : month - 9), 2);
    *to++ = '-';
    return put_digits(to, (uint64_t)(day_of_year - (153 * month + 2) / 5 + 1), 2);
}

/*
 * Ticks of 10^-scale seconds since 1970, in UTC. Like a date, a time that the server does not
 * show becomes the nearest one that it does, down to the last tick.
 */
static char *put_time(char *to, int64_t ticks, unsigned scale)
{
    int64_t second = divide_down(ticks, powers[scale]);
    int64_t left = ticks % powers[scale], of_day; /* no product: it may not fit 64 bits */
    int64_t fraction = left < 0 ? left + powers[scale] : left;

    if (second < SECONDS_MIN || second > SECONDS_MAX) {
        fraction = second < SECONDS_MIN ? 0 : powers[scale] - 1;
        second = second < SECONDS_MIN ? SECONDS_MIN : SECONDS_MAX;
    }
    to = put_date(to, divide_down(second, SECONDS_A_DAY));
    of_day = second - divide_down(second, SECONDS_A_DAY) * SECONDS_A_DAY;
    *to++ = ' ';
    to = put_digits(to, (uint64_t)of_day / 3600, 2);
    *to++ = ':';
    to = put_digits(to, (uint64_t)of_day / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, (uint64_t)of_day % 60, 2);
    if (scale == 0)
        return to;
    *to++ = '.';
    return put_digits(to, (uint64_t)fraction, scale);
}

/* Two 64-bit halves, each with its lowest byte first. */
static char *put_uuid(char *to, const uint8_t *wire)
{
    static const char hex[] = "0123456789abcdef";

    for (unsigned i = 0; i < 16; i++) {
        uint8_t byte = wire[i < 8 ? 7 - i : 23 - i];

        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = hex[byte >> 4];
        *to++ = hex[byte & 15];
    }
    return to;
}

/* The highest byte of the number is the first octet. */
static char *put_ipv4(char *to, uint64_t address)
{
    for (unsigned shift = 24;; shift -= 8) {
        to = put_unsigned(to, address >> shift & 255);
        if (shift == 0)
            return to;
        *to++ = '.';
    }
}

/* Sixteen bytes in network order. inet_ntop ends in a NUL, for which there is room. */
static char *put_ipv6(char *to, const uint8_t *wire)
{
    return inet_ntop(AF_INET6, wire, to, INET6_ADDRSTRLEN) ? to + strlen(to) : to;
}

static char *put_word(char *to, const char *word)
{
    size_t n = strlen(word);

    memcpy(to, word, n);
    return to + n;
}

static char *put_signed(char *to, int64_t v)
{
    if (v < 0)
        *to++ = '-';
    return put_unsigned(to, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* The text of a value that is no string and no Enum, into `to`; its end. */
static char *put_text(char *to, const struct lc_argument *arg, const uint8_t *wire)
{
    switch (arg->base) {
    case LC_ARG_INT:
        return put_signed(to, load_signed(wire, arg->width));
    case LC_ARG_BOOL:
        return put_word(to, *wire ? "true" : "false");
    case LC_ARG_DATE:
        return put_date(to, (int64_t)load_unsigned(wire, arg->width));
    case LC_ARG_DATE32:
        return put_date(to, load_signed(wire, arg->width));
    case LC_ARG_DATETIME:
        return put_time(to, (int64_t)load_unsigned(wire, arg->width), 0);
    case LC_ARG_DATETIME64:
        return put_time(to, load_signed(wire, arg->width), arg->scale);
    case LC_ARG_UUID:
        return put_uuid(to, wire);
    case LC_ARG_IPV4:
        return put_ipv4(to, load_unsigned(wire, arg->width));
    case LC_ARG_IPV6:
        return put_ipv6(to, wire);
    default:
        return put_unsigned(to, load_unsigned(wire, arg->width));
    }
}

/* ── Into the batch ───────────────────────────────────────────────────────────────────────────── */

/*
 * The match looks at this key like at any other, so it gets a harmless one. lc_codec_match then
 * puts the default, or the miss, in place of what was found.
 */
void lc_key_set_none(struct lc_stream *s, size_t i)
{
    s->no_rule[i] = true;
    s->any_no_rule = true;
    s->batch.p[i] = s->text[i];
    s->batch.len[i] = 0;
    s->batch.number[i] = 0;
    s->batch.point[i] = 0;
}

/* No range of unsigned numbers has a negative one. */
static void set_number(struct lc_stream *s, size_t i, int64_t v)
{
    if (v < 0)
        lc_key_set_none(s, i);
    else
        s->batch.number[i] = (uint64_t)v;
}

/* The text of an Enum's value is its label: the batch points into the argument. */
static int set_label(struct lc_stream *s, size_t i, int64_t number)
{
    const struct lc_argument_label *l = lc_argument_label(s->arg, (long)number);

    if (!l)
        return LC_ERR_INPUT;
    s->batch.p[i] = l->name.p;
    s->batch.len[i] = l->name.n;
    return 0;
}

/*
 * For LC_ORDER_UINT, ranges of unsigned whole numbers. What has no case of its own (UInt, Date,
 * DateTime, IPv4) is an unsigned number of arg->width bytes.
 */
static int set_range_key(struct lc_stream *s, size_t i, const uint8_t *wire)
{
    const struct lc_argument *arg = s->arg;

    switch (arg->base) {
    case LC_ARG_ENUM:
        if (!lc_argument_label(arg, (long)load_signed(wire, arg->width)))
            return LC_ERR_INPUT;
        set_number(s, i, load_signed(wire, arg->width));
        return 0;
    case LC_ARG_INT:
    case LC_ARG_DATE32:
        set_number(s, i, load_signed(wire, arg->width));
        return 0;
    case LC_ARG_DATETIME64:
        set_number(s, i, divide_down(load_signed(wire, arg->width), powers[arg->scale]));
        return 0;
    case LC_ARG_BOOL:
        s->batch.number[i] = *wire != 0;
        return 0;
    default:
        s->batch.number[i] = load_unsigned(wire, arg->width);
        return 0;
    }
}

/* For LC_ORDER_FLOAT. Integers have 32 bits at most (lc_argument_fits): a double holds them. */
static void set_float(struct lc_stream *s, size_t i, const uint8_t *wire)
{
    double v = 0;
    float single;

    memcpy(&single, wire, sizeof single);
    if (s->arg->base != LC_ARG_FLOAT)
        v = (double)(s->arg->base == LC_ARG_INT ? load_signed(wire, s->arg->width)
                                                : (int64_t)load_unsigned(wire, s->arg->width));
    else if (s->arg->width == 4)
        v = (double)single;
    else
        memcpy(&v, wire, sizeof v);
    if (!lc_point_of_float(v, &s->batch.point[i]))
        lc_key_set_none(s, i); /* NaN */
}

/* Of 4, 8 or 16 bytes. Sixteen are loaded in any case: LC_SLACK. */
static lc_int128 load_decimal(const uint8_t *wire, unsigned width)
{
    lc_int128 v;

    memcpy(&v, wire, sizeof v);
    return width == 16 ? v : load_signed(wire, width);
}

/* Whole seconds since 1970: the one that the time is in. */
static int64_t load_seconds(const struct lc_argument *arg, const uint8_t *wire)
{
    return arg->base == LC_ARG_DATETIME
               ? (int64_t)load_unsigned(wire, arg->width)
               : divide_down(load_signed(wire, arg->width), powers[arg->scale]);
}

/*
 * For LC_ORDER_NUMBER. A Decimal has its own scale, which may be more or less than the bounds
 * have: lc_point_of_number brings it to theirs.
 */
static int set_number_point(struct lc_stream *s, size_t i, const uint8_t *wire)
{
    const struct lc_argument *arg = s->arg;
    const struct lc_takes *takes = &s->rules->takes;
    lc_int128 v;

    switch (arg->base) {
    case LC_ARG_ENUM:
        if (!lc_argument_label(arg, (long)load_signed(wire, arg->width)))
            return LC_ERR_INPUT;
        v = load_signed(wire, arg->width);
        break;
    case LC_ARG_INT:
    case LC_ARG_DATE32:
        v = load_signed(wire, arg->width);
        break;
    case LC_ARG_DECIMAL:
        s->batch.point[i] = lc_point_of_number(takes, load_decimal(wire, arg->width), arg->scale);
        return 0;
    case LC_ARG_DATETIME64:
        v = load_seconds(arg, wire);
        break;
    case LC_ARG_BOOL:
        v = *wire != 0;
        break;
    default:
        v = load_unsigned(wire, arg->width);
    }
    s->batch.point[i] = lc_point_of_number(takes, v, 0);
    return 0;
}

/* For LC_ORDER_DATE. A time that comes here is of UTC (lc_argument_fits), so its day is known. */
static void set_date_point(struct lc_stream *s, size_t i, const uint8_t *wire)
{
    const struct lc_argument *arg = s->arg;
    int64_t days = arg->base == LC_ARG_DATE ? (int64_t)load_unsigned(wire, arg->width)
                   : arg->base == LC_ARG_DATE32
                       ? load_signed(wire, arg->width)
                       : divide_down(load_seconds(arg, wire), SECONDS_A_DAY);

    s->batch.point[i] = lc_point_of_whole(days);
}

/* For LC_ORDER_ADDRESS. A FixedString is a text: lc_codec_match reads it, as it does Strings. */
static void set_address(struct lc_stream *s, size_t i, const uint8_t *wire)
{
    size_t len = s->arg->width;

    if (s->arg->base == LC_ARG_IPV6) {
        s->batch.point[i] = lc_point_of_ipv6(wire);
    } else if (s->arg->base == LC_ARG_FIXED_STRING) {
        while (len && wire[len - 1] == 0)
            len--;
        s->batch.p[i] = wire;
        s->batch.len[i] = len;
    } else {
        s->batch.point[i] = lc_point_of_ipv4((uint32_t)load_unsigned(wire, 4));
    }
}

/* The point of a value: what lc_argument_fits lets through. */
static int set_point(struct lc_stream *s, size_t i, const uint8_t *wire)
{
    switch (s->rules->takes.order) {
    case LC_ORDER_FLOAT:
        set_float(s, i, wire);
        return 0;
    case LC_ORDER_DATE:
        set_date_point(s, i, wire);
        return 0;
    case LC_ORDER_TIME:
        s->batch.point[i] = lc_point_of_time(load_seconds(s->arg, wire));
        return 0;
    case LC_ORDER_ADDRESS:
        set_address(s, i, wire);
        return 0;
    default:
        return set_number_point(s, i, wire);
    }
}

int lc_key_set(struct lc_stream *s, size_t i, const uint8_t *wire)
{
    const struct lc_argument *arg = s->arg;
    char *text = (char *)s->text[i];
    size_t len = arg->width;

    /* Above LC_ORDER_UINT the rules are over points. */
    if (s->rules->takes.order > LC_ORDER_UINT)
        return set_point(s, i, wire);
    if (lc_kind_takes_numbers(s->rules->kind))
        return set_range_key(s, i, wire);
    if (arg->base == LC_ARG_ENUM)
        return set_label(s, i, load_signed(wire, arg->width));
    if (arg->base == LC_ARG_FIXED_STRING) {
        /* FixedString pads with NULs, which are not part of the key: as toString() has it. */
        while (len && wire[len - 1] == 0)
            len--;
        s->batch.p[i] = wire;
        s->batch.len[i] = len;
        return 0;
    }
    s->batch.p[i] = s->text[i];
    s->batch.len[i] = (size_t)(put_text(text, arg, wire) - text);
    return 0;
}

/* ── From text ────────────────────────────────────────────────────────────────────────────────── */

/* n digits into *v, which they must fit. */
static int take_digits(const uint8_t *p, size_t n, uint64_t *v)
{
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t digit = (uint64_t)p[i] - '0';

        if (digit > 9 || *v > UINT64_MAX / 10 || *v * 10 > UINT64_MAX - digit)
            return LC_ERR_INPUT;
        *v = *v * 10 + digit;
    }
    return n ? 0 : LC_ERR_INPUT;
}

static void store(uint8_t *wire, uint64_t v)
{
    memcpy(wire, &v, sizeof v);
}

static int parse_unsigned(const uint8_t *p, size_t n, unsigned width, uint8_t *wire)
{
    uint64_t v;

    if (take_digits(p, n, &v) || (width < 8 && v >> (8 * width)))
        return LC_ERR_INPUT;
    store(wire, v);
    return 0;
}

static int parse_signed(const uint8_t *p, size_t n, unsigned width, uint8_t *wire)
{
    bool negative = n && *p == '-';
    /* The largest magnitude: below 0 it is one more. */
    uint64_t limit = (UINT64_C(1) << (8 * width - 1)) - !negative, v;

    if (take_digits(p + negative, n - negative, &v) || v > limit)
        return LC_ERR_INPUT;
    store(wire, negative ? -v : v);
    return 0;
}

static int days_of_month(uint64_t year, uint64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* The first ten of n bytes, 2024-01-31, as days since 1970: put_date the other way. */
static int take_date(const uint8_t *p, size_t n, int64_t *days)
{
    uint64_t year, month, day;
    int64_t y, era, year_of_era, day_of_year;

    if (n < 10 || p[4] != '-' || p[7] != '-' || take_digits(p, 4, &year) ||
        take_digits(p + 5, 2, &month) || take_digits(p + 8, 2, &day) || month < 1 || month > 12 ||
        day < 1 || (int)day > days_of_month(year, month))
        return LC_ERR_INPUT;
    y = (int64_t)year - (month <= 2);
    era = divide_down(y, 400);
    year_of_era = y - era * 400;
    day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    *days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
            719468;
    return 0;
}

/*
 * 2024-01-31 12:34:56, and with a scale .789: as many digits as the scale, which is how the
 * server writes them. The time is UTC (lc_argument_fits refuses other zones in TabSeparated).
 */
static int parse_time(const uint8_t *p, size_t n, const struct lc_argument *arg, uint8_t *wire)
{
    uint64_t hour, minute, second, fraction = 0;
    int64_t days, v;

    if (n != (arg->scale ? 20 + arg->scale : 19) || take_date(p, n, &days) || p[10] != ' ' ||
        p[13] != ':' || p[16] != ':' || take_digits(p + 11, 2, &hour) ||
        take_digits(p + 14, 2, &minute) || take_digits(p + 17, 2, &second) || hour > 23 ||
        minute > 59 || second > 59)
        return LC_ERR_INPUT;
    if (arg->scale && (p[19] != '.' || take_digits(p + 20, arg->scale, &fraction)))
        return LC_ERR_INPUT;
    v = days * SECONDS_A_DAY + (int64_t)(hour * 3600 + minute * 60 + second);
    if (arg->base == LC_ARG_DATETIME && (v < 0 || v > UINT32_MAX))
        return LC_ERR_INPUT;
    if (__builtin_mul_overflow(v, powers[arg->scale], &v) ||
        __builtin_add_overflow(v, (int64_t)fraction, &v))
        return LC_ERR_INPUT;
    store(wire, (uint64_t)v);
    return 0;
}

static int parse_date(const uint8_t *p, size_t n, const struct lc_argument *arg, uint8_t *wire)
{
    int64_t days;

    if (n != 10 || take_date(p, n, &days) ||
        (arg->base == LC_ARG_DATE && (days < 0 || days > UINT16_MAX)))
        return LC_ERR_INPUT;
    store(wire, (uint64_t)days);
    return 0;
}

/* 8-4-4-4-12 hex digits of either case. Each half's bytes are turned round: see put_uuid. */
static int parse_uuid(const uint8_t *p, size_t n, uint8_t *wire)
{
    if (n != 36)
        return LC_ERR_INPUT;
    for (unsigned i = 0; i < 16; i++) {
        int high, low;

        if ((i == 4 || i == 6 || i == 8 || i == 10) && *p++ != '-')
            return LC_ERR_INPUT;
        high = lc_hex_digit(p[0]);
        low = lc_hex_digit(p[1]);
        if (high < 0 || low < 0)
            return LC_ERR_INPUT;
        wire[i < 8 ? 7 - i : 23 - i] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    return 0;
}

/* On the wire an IPv6 is in network order, and an IPv4 is a little-endian number. */
static int parse_address(const uint8_t *p, size_t n, int family, uint8_t *wire)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t bytes[16];

    if (n >= sizeof text || memchr(p, 0, n))
        return LC_ERR_INPUT;
    memcpy(text, p, n);
    text[n] = '\0';
    if (inet_pton(family, text, bytes) != 1)
        return LC_ERR_INPUT;
    if (family == AF_INET6)
        memcpy(wire, bytes, 16);
    for (unsigned i = 0; family == AF_INET && i < 4; i++)
        wire[i] = bytes[3 - i];
    return 0;
}

static int parse_bool(const uint8_t *p, size_t n, uint8_t *wire)
{
    *wire = n == 4 && memcmp(p, "true", 4) == 0;
    return *wire || (n == 5 && memcmp(p, "false", 5) == 0) ? 0 : LC_ERR_INPUT;
}

/* The text of a Float or Decimal, read as a rules file's values are. */
static int parse_fraction(const struct lc_argument *arg, const uint8_t *p, size_t n, uint8_t *wire)
{
    const struct lc_scalar type = {arg->base == LC_ARG_FLOAT ? LC_SCALAR_FLOAT : LC_SCALAR_DECIMAL,
                                   arg->width, arg->precision, arg->scale, false};

    return lc_scalar_read(&type, (struct lc_slice){p, n}, wire) ? LC_ERR_INPUT : 0;
}

int lc_key_parse(const struct lc_argument *arg, const uint8_t *p, size_t n, uint8_t *wire)
{
    const struct lc_argument_label *label;

    switch (arg->base) {
    case LC_ARG_INT:
        return parse_signed(p, n, arg->width, wire);
    case LC_ARG_FLOAT:
    case LC_ARG_DECIMAL:
        return parse_fraction(arg, p, n, wire);
    case LC_ARG_BOOL:
        return parse_bool(p, n, wire);
    case LC_ARG_ENUM:
        label = lc_argument_named(arg, (struct lc_slice){p, n});
        if (label)
            store(wire, (uint64_t)label->number);
        return label ? 0 : LC_ERR_INPUT;
    case LC_ARG_DATE:
    case LC_ARG_DATE32:
        return parse_date(p, n, arg, wire);
    case LC_ARG_DATETIME:
    case LC_ARG_DATETIME64:
        return parse_time(p, n, arg, wire);
    case LC_ARG_UUID:
        return parse_uuid(p, n, wire);
    case LC_ARG_IPV4:
        return parse_address(p, n, AF_INET, wire);
    case LC_ARG_IPV6:
        return parse_address(p, n, AF_INET6, wire);
    default:
        return parse_unsigned(p, n, arg->width, wire);
    }
}
