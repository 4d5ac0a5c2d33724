/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points on a line: values of ordered types as 128-bit numbers that compare as the values do, so that
 * rules of ranges and of networks are searched alike, whatever their keys are.
 *
 *   form      written                 a point is
 *   NUMBER    -5, 12.50               2 v + f, biased: v the key's floor in units of 10^-scale, f whether
 *                                     it is above that. So 1.005 lies between 1.00 and 1.01, in neither
 *   FLOAT     -1.5e3, inf             the bits of a double, in order; -0 is 0. NaN is no point
 *   DATE      2024-02-29              days since 1970, biased
 *   TIME      2024-02-29T12:00:00Z    2 s, biased: whole seconds since 1970. A bound is a whole second, and the
 *                                     fractions of a second belong to it
 *   ADDRESS   10.1.2.3, 2001:db8::1   the address as a number; IPv4 as ::ffff:10.1.2.3
 *
 * "Biased": 2^127 is added, so that negative ones are below. Rules of unsigned whole numbers alone
 * (LC_ORDER_UINT) have no points: their keys are 64-bit numbers.
 */
#ifndef LC_UDF_RULES_POINT_H
#define LC_UDF_RULES_POINT_H
#include "udf/rules/scalar.h"

typedef lc_uint128 lc_point;

/* What keys rules take. Numbers are those of compiled files. */
enum lc_order {
    LC_ORDER_TEXT,
    LC_ORDER_UINT,
    LC_ORDER_NUMBER,
    LC_ORDER_FLOAT,
    LC_ORDER_DATE,
    LC_ORDER_TIME,
    LC_ORDER_ADDRESS,
    LC_ORDERS
};

struct lc_takes {
    enum lc_order order;
    unsigned scale; /* NUMBER: digits behind the point of its bounds */
};

/* Digits of a bound in all, those behind the point of any bound among them. */
#define LC_POINT_DIGITS_MAX 36u

#define LC_POINT_LAST (~(lc_point)0)

/* Room for any point's text, and a network's. */
#define LC_POINT_TEXT_BYTES 64

/* "a whole number", "a date": for messages. */
const char *lc_order_name(const struct lc_takes *t);

/* What bounds of the form look like, for hints. */
const char *lc_order_example(enum lc_order order);

/*
 * What a bound's text is: a NUMBER (*scale: its digits behind the point; *negative), DATE, TIME or
 * ADDRESS by its form alone; LC_ORDER_TEXT where it is none.
 */
enum lc_order lc_order_of(struct lc_slice text, unsigned *scale, bool *negative);

/* A bound's point; NULL, or why not, as lc_scalar_read. utc: a time without a zone is UTC. */
const char *lc_point_read(const struct lc_takes *t, struct lc_slice text, bool utc, lc_point *out);

/*
 * The point of a key's text, as toString(key) has it; of a time also its seconds since 1970, both with or
 * without a fraction; utc: as in lc_point_read. False where it is no such text, or NaN.
 */
bool lc_point_of_key(const struct lc_takes *t, struct lc_slice text, bool utc, lc_point *out);

/* Points of values. The number is v * 10^-scale. */
lc_point lc_point_of_number(const struct lc_takes *t, lc_int128 v, unsigned scale);
lc_int128 lc_point_number(lc_point p);           /* the v of a point of LC_ORDER_NUMBER */
bool lc_point_of_float(double v, lc_point *out); /* false: NaN */
lc_point lc_point_of_whole(int64_t v);           /* DATE: days */
lc_point lc_point_of_time(int64_t seconds);
lc_point lc_point_of_ipv4(uint32_t address);
lc_point lc_point_of_ipv6(const uint8_t bytes[16]);

/* Is it an address that is written as IPv4? */
static inline bool lc_point_is_ipv4(lc_point p)
{
    return p >> 32 == 0xffff;
}

/* An address, IPv4 or IPv6, without a port, a zone or brackets. False where the text is none. */
bool lc_point_of_address(struct lc_slice text, lc_point *out);

/*
 * A network, "10.0.0.0/8", or an address alone: its first and last address. NULL, or why not, in
 * words that follow the text; *fixed, where it is not empty, is then what was meant.
 */
const char *lc_network_read(struct lc_slice text, lc_point *first, lc_point *last,
                            char fixed[LC_POINT_TEXT_BYTES]);

/* A point as a bound is written; "" for an open end. */
void lc_point_text(const struct lc_takes *t, lc_point p, char out[LC_POINT_TEXT_BYTES]);

/* first … last as a network, where they are one: true. */
bool lc_network_text(lc_point first, lc_point last, char out[LC_POINT_TEXT_BYTES]);

#endif
