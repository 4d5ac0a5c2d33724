/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions come in pairs: a value to its point, and a point to the text of a bound. Each
 * point function keeps the order of its values; that is all that the search relies on
 * (segments.h).
 */
#include "udf/rules/point.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BIAS ((lc_point)1 << 127)

/* Beyond every bound: a key that has more digits is set to it. */
#define BEYOND_DIGITS 37u

enum {
    DAY_SECONDS = 86400,
    TIME_BYTES = 19 /* 2024-02-29T12:00:00 */,
    ZONE_BYTES = 6 /* +02:00 */
};

const char *lc_order_name(const struct lc_takes *t)
{
    static const char *const names[] = {
        "a text",    "a whole number from 0 to 2^64 - 1", "a number", "a float", "a date", "a time",
        "an address"};

    return t->order == LC_ORDER_NUMBER && t->scale == 0 ? "a whole number" : names[t->order];
}

const char *lc_order_example(enum lc_order order)
{
    static const char *const examples[] = {
        "abc", "400000", "-12.50", "1.5e3", "2024-02-29", "2024-02-29T12:00:00Z", "10.1.2.3"};

    return examples[order];
}

/* 10^n, for n of 0 to 38: the most that 128 bits hold. */
static lc_int128 power(unsigned n)
{
    lc_int128 v = 1;

    while (n--)
        v *= 10;
    return v;
}

static lc_point biased(lc_int128 v)
{
    return (lc_point)v + BIAS;
}

/* ── Points of values ─────────────────────────────────────────────────────────────────────────── */

lc_point lc_point_of_number(const struct lc_takes *t, lc_int128 v, unsigned scale)
{
    lc_int128 most = power(BEYOND_DIGITS), unit;
    bool more = false;

    /* More digits than the bounds have: round down, and note whether anything was left. */
    if (scale > t->scale) {
        lc_int128 left;

        unit = power(scale - t->scale);
        left = v % unit;
        more = left != 0;
        v = v / unit - (left < 0);
    } else {
        /* As many or fewer. What would overflow is beyond every bound, and stays so. */
        unit = power(t->scale - scale);
        v = v > most / unit ? most : v < -(most / unit) ? -most : v * unit;
    }
    v = v > most ? most : v < -most ? -most : v;
    return biased(2 * v + more);
}

lc_int128 lc_point_number(lc_point p)
{
    lc_int128 v = (lc_int128)(p - BIAS);

    /* Half, rounded down: without the bit that says "above". */
    return v / 2 - (v % 2 < 0);
}

bool lc_point_of_float(double v, lc_point *out)
{
    uint64_t bits;

    if (v != v)
        return false;
    /* -0 and 0 are one point. */
    v = v == 0 ? 0 : v;
    memcpy(&bits, &v, sizeof bits);
    /*
     * As unsigned numbers the bits of positive doubles are in order, and those of negative ones
     * in reverse. So the latter are inverted, and the former are put above by the top bit.
     */
    *out = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
    return true;
}

lc_point lc_point_of_whole(int64_t v)
{
    return biased(v);
}

lc_point lc_point_of_time(int64_t seconds)
{
    return biased(2 * (lc_int128)seconds);
}

lc_point lc_point_of_ipv4(uint32_t address)
{
    return (lc_point)0xffff << 32 | address;
}

lc_point lc_point_of_ipv6(const uint8_t bytes[16])
{
    lc_point p = 0;

    for (unsigned i = 0; i < 16; i++)
        p = p << 8 | bytes[i];
    return p;
}

/* ── Addresses ────────────────────────────────────────────────────────────────────────────────── */

/* Four numbers up to 255 without zeros before them. */
static bool read_ipv4(const uint8_t *p, size_t n, uint32_t *out)
{
    uint32_t address = 0, octets = 0;
    size_t i = 0;

    for (;;) {
        uint32_t v = 0;
        size_t from = i;

        while (i < n && i - from < 4 && p[i] >= '0' && p[i] <= '9')
            v = v * 10 + (uint32_t)(p[i++] - '0');
        if (i == from || i - from > 3 || v > 255 || (p[from] == '0' && i - from > 1))
            return false;
        address = address << 8 | v;
        if (++octets == 4)
            break;
        if (i == n || p[i++] != '.')
            return false;
    }
    *out = address;
    return i == n;
}

bool lc_point_of_address(struct lc_slice text, lc_point *out)
{
    char copy[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    uint32_t ipv4;

    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    if (read_ipv4(text.p, text.n, &ipv4)) {
        *out = lc_point_of_ipv4(ipv4);
        return true;
    }
    if (!memchr(text.p, ':', text.n) || memchr(text.p, 0, text.n))
        return false;
    /* ::ffff:10.1.2.3 becomes the point that 10.1.2.3 has. */
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (inet_pton(AF_INET6, copy, bytes) != 1)
        return false;
    *out = lc_point_of_ipv6(bytes);
    return true;
}

/* The text of an address, with a NUL; as_ipv4: of its last four bytes. */
static void put_address(lc_point p, bool as_ipv4, char out[LC_POINT_TEXT_BYTES])
{
    uint8_t bytes[16];

    for (unsigned i = 16; i-- > 0; p >>= 8)
        bytes[i] = (uint8_t)p;
    inet_ntop(as_ipv4 ? AF_INET : AF_INET6, as_ipv4 ? bytes + 12 : bytes, out, LC_POINT_TEXT_BYTES);
}

/* An address and a length. */
static void put_network(lc_point p, bool as_ipv4, unsigned bits, char out[LC_POINT_TEXT_BYTES])
{
    put_address(p, as_ipv4, out);
    snprintf(out + strlen(out), LC_POINT_TEXT_BYTES - strlen(out), "/%u", bits);
}

/* The bits of a network's length, behind its slash: digits, no zero before them. */
static bool read_bits(struct lc_slice s, unsigned most, unsigned *bits)
{
    *bits = 0;
    if (s.n == 0 || s.n > 3 || (s.p[0] == '0' && s.n > 1))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *bits = *bits * 10 + (unsigned)(s.p[i] - '0');
    }
    return *bits <= most;
}

/* A mask in place of a length, 255.255.0.0: its bits. Ones, then zeroes. */
static bool read_mask(struct lc_slice s, unsigned *bits)
{
    uint32_t mask, host;

    if (!read_ipv4(s.p, s.n, &mask))
        return false;
    host = ~mask;
    *bits = 32 - (unsigned)__builtin_popcount(host);
    return (host & (host + 1)) == 0;
}

/* The reason, in words that follow the text. */
static const char *why_no_address(struct lc_slice s)
{
    for (size_t i = 0; i + 1 < s.n; i++)
        if (s.p[i] == '0' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9' &&
            (i == 0 || s.p[i - 1] == '.') && !memchr(s.p, ':', s.n))
            return "has an octet that begins with 0, which some read as octal";
    return "is not an address";
}

const char *lc_network_read(struct lc_slice text, lc_point *first, lc_point *last,
                            char fixed[LC_POINT_TEXT_BYTES])
{
    const uint8_t *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
    struct lc_slice address = {text.p, slash ? (size_t)(slash - text.p) : text.n}, length = {0};
    bool written_ipv4 = address.n && !memchr(address.p, ':', address.n);
    unsigned most = written_ipv4 ? 32 : 128, bits = most;
    lc_point host;

    fixed[0] = '\0';
    if (!lc_point_of_address(address, first))
        return why_no_address(address);
    if (slash) {
        length = (struct lc_slice){slash + 1, text.n - address.n - 1};
        if (written_ipv4 && length.n > 3 && read_mask(length, &bits)) {
            host = bits == most ? 0 : ~(lc_point)0 >> (128 - (most - bits));
            put_network(*first & ~host, written_ipv4, bits, fixed);
            return "has a mask in place of a length";
        }
        if (!read_bits(length, most, &bits))
            return written_ipv4 ? "has no length from 0 to 32 after its slash"
                                : "has no length from 0 to 128 after its slash";
    }
    /*
     * The bits that are left to hosts. A shift by 128 has no meaning, so no bits are a case of
     * its own.
     */
    host = bits == most ? 0 : ~(lc_point)0 >> (128 - (most - bits));
    *last = *first | host;
    /* The network was probably meant: `fixed` is the text without these bits. */
    if (*first & host) {
        put_network(*first & ~host, written_ipv4, bits, fixed);
        return "has bits set after its length";
    }
    return NULL;
}

bool lc_network_text(lc_point first, lc_point last, char out[LC_POINT_TEXT_BYTES])
{
    lc_point host = first ^ last;
    bool ipv4 = lc_point_is_ipv4(first) && lc_point_is_ipv4(last);
    unsigned bits = ipv4 ? 32 : 128;

    /* Hosts are a run of ones up to the lowest bit, and the first address has none of them. */
    if ((host & (host + 1)) != 0 || (first & host) != 0 || last < first)
        return false;
    for (; host; host >>= 1)
        bits--;
    put_network(first, ipv4, bits, out);
    return true;
}

/* ── Bounds as text ───────────────────────────────────────────────────────────────────────────── */

/* Digits, at most one point, a minus sign before them. */
static bool is_decimal(struct lc_slice s)
{
    size_t i = s.n && s.p[0] == '-', digits = 0, points = 0;

    for (; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9')
            digits++;
        else if (s.p[i] != '.' || ++points > 1)
            return false;
    }
    return digits > 0;
}

enum lc_order lc_order_of(struct lc_slice text, unsigned *scale, bool *negative)
{
    lc_point ignored;
    int64_t days;

    *scale = 0;
    *negative = false;
    if (is_decimal(text)) {
        *scale = lc_scalar_fraction(text);
        *negative = text.p[0] == '-';
        return LC_ORDER_NUMBER;
    }
    if (lc_point_of_address(text, &ignored))
        return LC_ORDER_ADDRESS;
    if (text.n >= 10 && text.p[4] == '-' && text.p[7] == '-' &&
        (lc_scalar_date((struct lc_slice){text.p, 10}, &days) == NULL ||
         (text.p[0] >= '0' && text.p[0] <= '9')))
        /* By form alone: 2024-02-30 is a date, which is then refused as one. */
        return text.n == 10 ? LC_ORDER_DATE : LC_ORDER_TIME;
    return LC_ORDER_TEXT;
}

const char *lc_point_read(const struct lc_takes *t, struct lc_slice text, bool utc, lc_point *out)
{
    lc_int128 number = 0;
    int64_t v = 0;
    double real = 0;
    const char *why = NULL;

    switch (t->order) {
    case LC_ORDER_FLOAT:
        why = lc_scalar_float(text, false, &real);
        return why ? why : lc_point_of_float(real, out) ? NULL : "is in no range of";
    case LC_ORDER_DATE:
        why = lc_scalar_date(text, &v);
        *out = lc_point_of_whole(v);
        return why;
    case LC_ORDER_TIME:
        why = lc_scalar_time(text, utc, &v);
        *out = lc_point_of_time(v);
        return why;
    case LC_ORDER_ADDRESS:
        return lc_point_of_address(text, out) ? NULL : why_no_address(text);
    default:
        why = lc_scalar_decimal(text, LC_POINT_DIGITS_MAX, t->scale, &number);
        *out = lc_point_of_number(t, number, t->scale);
        return why;
    }
}

/*
 * A decimal number of any number of digits, before the point and behind it: those that the bounds
 * do not have only say whether the number is above its floor.
 */
static bool number_of_key(const struct lc_takes *t, struct lc_slice text, lc_point *out)
{
    const lc_int128 most = power(BEYOND_DIGITS);
    bool negative = text.n && text.p[0] == '-', point = false, more = false;
    unsigned behind = 0;
    lc_int128 v = 0;

    if (!is_decimal(text))
        return false;
    for (size_t i = negative; i < text.n; i++) {
        if (text.p[i] == '.') {
            point = true;
        } else if (point && behind == t->scale) {
            more = more || text.p[i] != '0';
        } else {
            v = v >= most / 10 ? most : v * 10 + (text.p[i] - '0');
            behind += point;
        }
    }
    for (; behind < t->scale; behind++)
        v = v >= most / 10 ? most : v * 10;
    if (negative)
        v = -v - more; /* rounded down */
    *out = biased(2 * (v < -most ? -most : v) + more);
    return true;
}

/* A key that is a time may have a fraction, which its point has not: 1709208000.250, 2024-02-29T12:00:00.250Z. */
static bool time_of_key(struct lc_slice text, bool utc, lc_point *out)
{
    static const struct lc_takes seconds = {LC_ORDER_NUMBER, 0}, time = {LC_ORDER_TIME, 0};
    uint8_t whole[TIME_BYTES + ZONE_BYTES];
    size_t zone = TIME_BYTES + 1;

    if (number_of_key(&seconds, text, out)) {
        *out &= ~(lc_point)1; /* the whole second */
        return true;
    }
    if (text.n <= TIME_BYTES + 1 || text.p[TIME_BYTES] != '.')
        return !lc_point_read(&time, text, utc, out);
    while (zone < text.n && text.p[zone] >= '0' && text.p[zone] <= '9')
        zone++;
    if (zone == TIME_BYTES + 1 || text.n - zone > ZONE_BYTES)
        return false;
    memcpy(whole, text.p, TIME_BYTES);
    memcpy(whole + TIME_BYTES, text.p + zone, text.n - zone);
    return !lc_point_read(&time, (struct lc_slice){whole, TIME_BYTES + text.n - zone}, utc, out);
}

bool lc_point_of_key(const struct lc_takes *t, struct lc_slice text, bool utc, lc_point *out)
{
    double real;

    switch (t->order) {
    case LC_ORDER_TEXT:
    case LC_ORDER_UINT:
        return false;
    case LC_ORDER_NUMBER:
        return number_of_key(t, text, out);
    case LC_ORDER_FLOAT:
        return !lc_scalar_float(text, false, &real) && lc_point_of_float(real, out);
    case LC_ORDER_TIME:
        return time_of_key(text, utc, out);
    default:
        return !lc_point_read(t, text, false, out);
    }
}

/* lc_scalar_write of a Decimal with the bounds' scale, and a NUL. */
static void put_number(const struct lc_takes *t, lc_int128 v, char *out)
{
    const struct lc_scalar type = {LC_SCALAR_DECIMAL, 16, LC_DECIMAL_DIGITS_MAX, t->scale, false};
    uint8_t wire[16];
    char text[LC_SCALAR_TEXT_BYTES];
    size_t n;

    memcpy(wire, &v, sizeof wire);
    n = lc_scalar_write(&type, wire, text);
    memcpy(out, text, n);
    out[n] = '\0';
}

/* lc_point_of_float the other way. */
static void put_float(lc_point p, char *out)
{
    const struct lc_scalar type = {LC_SCALAR_FLOAT, 8, 0, 0, false};
    uint64_t bits = (uint64_t)p;
    uint8_t wire[16] = {0};
    size_t n;

    bits = bits >> 63 ? bits ^ UINT64_C(1) << 63 : ~bits;
    memcpy(wire, &bits, sizeof bits);
    n = lc_scalar_write(&type, wire, out);
    out[n] = '\0';
}

static void put_time(int64_t seconds, char *out)
{
    int64_t day = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
    unsigned of_day = (unsigned)(seconds - day * DAY_SECONDS);
    char date[11];

    if (day < -719528 || day > 2932896) { /* no year of four digits */
        snprintf(out, LC_POINT_TEXT_BYTES, "%" PRId64, seconds);
        return;
    }
    lc_scalar_put_date(day, date);
    snprintf(out, LC_POINT_TEXT_BYTES, "%sT%02u:%02u:%02uZ", date, of_day / 3600, of_day / 60 % 60,
             of_day % 60);
}

void lc_point_text(const struct lc_takes *t, lc_point p, char out[LC_POINT_TEXT_BYTES])
{
    lc_int128 v = (lc_int128)(p - BIAS);
    lc_int128 half = lc_point_number(p);

    out[0] = '\0';
    /* Open ends; among addresses :: and ff…ff are addresses. */
    if (t->order != LC_ORDER_ADDRESS && (p == 0 || p == LC_POINT_LAST))
        return;
    switch (t->order) {
    case LC_ORDER_FLOAT:
        put_float(p, out);
        return;
    case LC_ORDER_DATE:
        if (v >= -719528 && v <= 2932896) /* else damaged: no bound is written so */
            lc_scalar_put_date((int64_t)v, out);
        return;
    case LC_ORDER_TIME:
        put_time((int64_t)half, out);
        return;
    case LC_ORDER_ADDRESS:
        put_address(p, lc_point_is_ipv4(p), out);
        return;
    default:
        put_number(t, half, out);
    }
}
