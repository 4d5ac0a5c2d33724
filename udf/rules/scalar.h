/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values written as text in a rules file: whole and decimal numbers, floats, dates, times, addresses.
 *
 * Answers (udf/column_type.h) and bounds of ranges are read here, so that one text means one value in
 * both. Nothing is rounded, cut or guessed: what does not fit is refused, with why.
 *
 *   whole      -5  007  0                   no + sign, no exponent, no space
 *   decimal    -1.50  .5  3                 digits behind the point up to the scale; zeros may be more
 *   float      1.5  -1e3  nan  inf  -inf    the nearest value; too large or too small is refused
 *   date       2024-02-29                   a day of the calendar, years 0000 to 9999
 *   time       2024-02-29 12:00:00          UTC, where the type says 'UTC'
 *              2024-02-29T12:00:00Z         UTC; an offset as +02:00 in its place
 *              1709208000                   seconds since 1970
 *   address    10.1.2.3  2001:db8::1
 */
#ifndef LC_UDF_RULES_SCALAR_H
#define LC_UDF_RULES_SCALAR_H
#include "base/buf.h"

#include <stdbool.h>

__extension__ typedef __int128 lc_int128;
__extension__ typedef unsigned __int128 lc_uint128;

/* The most digits of a Decimal: 16 bytes hold them. */
#define LC_DECIMAL_DIGITS_MAX 38u

enum lc_scalar_base {
    LC_SCALAR_UINT,
    LC_SCALAR_INT,
    LC_SCALAR_FLOAT,
    LC_SCALAR_DECIMAL,
    LC_SCALAR_DATE,
    LC_SCALAR_DATETIME,
    LC_SCALAR_BOOL
};

/* A ClickHouse type of fixed width. */
struct lc_scalar {
    enum lc_scalar_base base;
    unsigned width;     /* bytes in Native and RowBinary */
    unsigned precision; /* Decimal: digits in all */
    unsigned scale;     /* Decimal: digits behind the point */
    bool utc;           /* DateTime: its zone is UTC, by name */
};

/* Room for any value's text. */
#define LC_SCALAR_TEXT_BYTES 64

/*
 * Read a value's text into `wire`, as it goes over the wire, little-endian, zeros behind it. NULL; or
 * why not, to be put between the value and the type: "is too large for". wire is then undefined.
 */
const char *lc_scalar_read(const struct lc_scalar *type, struct lc_slice text, uint8_t wire[16]);

/*
 * The value as the server reads it in TabSeparated, into `out`: its length. A time of a zone that is
 * not UTC is written as seconds since 1970.
 */
size_t lc_scalar_write(const struct lc_scalar *type, const uint8_t wire[16],
                       char out[LC_SCALAR_TEXT_BYTES]);

/* ── The parts, for bounds of ranges: each NULL, or why not, as above ─────────────────────────── */

/* Digits, a minus sign before them: below 0 by *negative (never of 0) and the rest by *magnitude. */
const char *lc_scalar_whole(struct lc_slice text, bool *negative, uint64_t *magnitude);

/* The number times 10^scale; it has at most `precision` digits in all. */
const char *lc_scalar_decimal(struct lc_slice text, unsigned precision, unsigned scale,
                              lc_int128 *out);

/* Digits behind the point, zeros at the end not counted; for a text that is a decimal number. */
unsigned lc_scalar_fraction(struct lc_slice text);

const char *lc_scalar_float(struct lc_slice text, bool single, double *out);

/* Days since 1970, also below 0. */
const char *lc_scalar_date(struct lc_slice text, int64_t *days);

/* Seconds since 1970, also below 0. utc: a time that names no zone is UTC; else it is refused. */
const char *lc_scalar_time(struct lc_slice text, bool utc, int64_t *seconds);

/* Days since 1970 → "2024-02-29", ten bytes and a NUL, years 0000 to 9999. */
void lc_scalar_put_date(int64_t days, char out[11]);

#endif
