/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The column that comes in: the ClickHouse type of a function's argument, as its XML declares it.
 *
 * RowBinary and TabSeparated carry no types, so a program that is told nothing would have to guess
 * how many bytes a value has. --argument tells it; in Native the header is compared with it.
 *
 * What a rule set is given of a value is what the server itself would make of it:
 *
 *   rules of texts          its text, as toString(k) has it
 *   range                   its number, as toUInt64(k) has it: a Date counts days, a DateTime
 *                           seconds since 1970, an Enum is its number. No range takes a negative
 *                           one: it gets the default.
 *   ranges of other bounds  the value itself, compared exactly: of numbers integers and Decimals (of whole
 *                           ones all that have a number), of floats floats and integers up to 32 bits,
 *                           of dates Date, Date32 and times in UTC, of times DateTime and DateTime64
 *   addresses, networks     IPv4, IPv6, UInt32, and text; a text that is no address is in none
 *   NULL                    the default, or the miss where there is none
 *
 *   base                      bytes in Native, RowBinary     text                   number
 *   String                    varint length, bytes           itself                 refused
 *   FixedString(N)            N                              without NULs at its end  refused
 *   UInt8 … UInt64, Int…      1, 2, 4, 8, little-endian      decimal                itself
 *   Float32, Float64          4, 8                           refused                refused
 *   Decimal(P,S), P ≤ 38      4, 8, 16                       refused                refused
 *   Bool                      1                              true, false            1, 0
 *   Enum8, Enum16             1, 2                           the label              its number
 *   Date, Date32              2 (days), 4 (days, signed)     2024-01-31             days
 *   DateTime                  4 (seconds)                    only of 'UTC'          seconds
 *   DateTime64(P)             8 (10^-P seconds, signed)      only of 'UTC'          whole seconds
 *   UUID                      two u64, each little-endian    8-4-4-4-12 hex digits  refused
 *   IPv4                      4                              1.2.3.4                itself
 *   IPv6                      16, as in the network          2001:db8::1            refused
 *
 * The text of a time of another zone depends on that zone's rules, which this program does not know.
 *   https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
#ifndef LC_UDF_ARGUMENT_H
#define LC_UDF_ARGUMENT_H
#include "base/buf.h"
#include "base/error.h"
#include "udf/format.h"
#include "udf/rules/ruleset.h"

#include <stdbool.h>

enum lc_argument_base {
    LC_ARG_STRING,
    LC_ARG_FIXED_STRING,
    LC_ARG_UINT,
    LC_ARG_INT,
    LC_ARG_FLOAT,
    LC_ARG_DECIMAL,
    LC_ARG_BOOL,
    LC_ARG_ENUM,
    LC_ARG_DATE,
    LC_ARG_DATE32,
    LC_ARG_DATETIME,
    LC_ARG_DATETIME64,
    LC_ARG_UUID,
    LC_ARG_IPV4,
    LC_ARG_IPV6
};

/* A label of an Enum. Of its name 16 bytes may be read, whatever its length. */
struct lc_argument_label {
    long number;
    struct lc_slice name;
};

struct lc_argument {
    enum lc_argument_base base;
    bool low_cardinality, nullable;
    unsigned width;                    /* bytes of a value in Native and RowBinary; 0: a String */
    unsigned scale;                    /* DateTime64, Decimal: digits behind the point */
    unsigned precision;                /* Decimal: digits in all */
    char *zone;                        /* DateTime, DateTime64; NULL: the server's */
    struct lc_argument_label *labels;  /* Enum: by number */
    struct lc_argument_label *by_name; /* the same, by name */
    size_t n_labels;
    struct lc_buf names; /* their bytes */
};

/* The longest a FixedString may be, as in the server. */
#define LC_ARGUMENT_MAX_WIDTH 0xFFFFFFu

/*
 * Read a type's text, in any spacing. 0; LC_ERR_USAGE with what is wrong and, as the hint, a way to
 * write it; LC_ERR_NOMEM. release *arg in any case.
 */
int lc_argument_parse(struct lc_argument *arg, const char *type, struct lc_error *err);

/* Free what it holds. A zeroed struct may be released. */
void lc_argument_release(struct lc_argument *arg);

/* Is it the same type? Enums: the same labels and numbers. */
bool lc_argument_same(const struct lc_argument *a, const struct lc_argument *b);

/*
 * Can rules that take such keys be given it? 0; LC_ERR_USAGE with why not and a way to write it. `type`
 * is its text, and `kind` the rules', for the message.
 */
int lc_argument_fits(const struct lc_argument *arg, const char *type, enum lc_kind kind,
                     const struct lc_takes *takes, enum lc_format format, struct lc_error *err);

/*
 * The type that keys of these rules have where nobody says it: String, UInt64 for ranges of unsigned
 * whole numbers. Of other ranges what their bounds ask for: Int64, Decimal(18,2), Float64, Date …
 */
void lc_argument_usual(const struct lc_rules *r, char *out, size_t size);

/* The label of an Enum that has this number, or this name; NULL where there is none. */
const struct lc_argument_label *lc_argument_label(const struct lc_argument *arg, long number);
const struct lc_argument_label *lc_argument_named(const struct lc_argument *arg,
                                                  struct lc_slice name);

/* Is its time zone UTC, by name? */
bool lc_argument_is_utc(const struct lc_argument *arg);

#endif
