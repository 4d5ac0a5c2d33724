/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In three steps: the places on the line of points (udf/rules/point.h) where another rule
 * begins to hold; each place as a literal (lc_range_cuts); SQL that computes the number of a
 * key (lc_range_add_number). The literal and the SQL belong together: a key at a cut must give
 * the cut's number, and numbers must be in the order of the points.
 */
#include "cli/column/range_expression.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points of values are biased by 2^127; IPv4's addresses are ::ffff:0:0/96 of IPv6's. */
#define BIAS       ((lc_point)1 << 127)
#define IPV4_FIRST ((lc_point)0xffff << 32)
#define IPV4_LAST  (IPV4_FIRST | UINT32_MAX)

/* Bounds in units of their last digit; keys may be twice as large before they count as beyond every bound. */
#define UNITS_MAX (INT64_C(1) << 58)

enum { DIGITS_MAX = 17 };

static const char too_many_digits[] =
    "the bounds have too many digits for an expression: 17 are the most";

/* Numbers: below every key, and what keys beyond the bounds become. */
#define NONE  "-9223372036854775808"
#define LEAST "-4611686018427387904"
#define MOST  "toInt64(4611686018427387904)"

/* The same of 128 bits; and of buckets, whose numbers are below the sum of the weights. */
#define WIDE_NONE "-1"
#define NO_BUCKET "18446744073709551615"

/* A place on the line where another rule begins to hold. */
struct place {
    lc_point at;
    uint32_t rule;
};

/* What holds between the ranges: the default, else r->rules, which stands for no rule. */
static uint32_t gap_of(const struct lc_rules *r)
{
    return r->default_rule == LC_NONE ? r->rules : r->default_rule;
}

/*
 * The places of ranges that have no segments: they are sorted and apart. To be freed; NULL: no
 * memory. A range adds two: its first point, and the one after its last. Where the next range
 * begins just there, it takes the place of that gap.
 */
static struct place *places_of_bounds(const struct lc_rules *r, size_t *n)
{
    struct place *v = aligned_alloc(16, (2 * (size_t)r->rules + 1) * sizeof *v);
    lc_point first, last;

    *n = 0;
    if (!v)
        return NULL;
    v[(*n)++] = (struct place){0, gap_of(r)};
    for (uint32_t i = 0; i < r->rules; i++) {
        if (!lc_rules_span(r, i, &first, &last))
            continue;
        if (v[*n - 1].at == first)
            --*n;
        v[(*n)++] = (struct place){first, i};
        v[(*n)++] = (struct place){last + 1, gap_of(r)};
    }
    return v;
}

/*
 * All places, ascending from point 0. To be freed; NULL: no memory. Segments
 * (udf/rules/segments.h) are such places already; they are copied, since keep_ipv4 changes
 * them.
 */
static struct place *all_places(const struct lc_rules *r, size_t *n)
{
    struct place *v;

    if (!r->starts)
        return places_of_bounds(r, n);
    v = aligned_alloc(16, (r->segments + 1u) * sizeof *v);
    *n = r->segments;
    for (uint32_t i = 0; v && i < r->segments; i++)
        v[i] = (struct place){r->starts[i], r->segment_rules[i]};
    return v;
}

/* Always LC_ERR_REFUSED. */
static int refuse(struct lc_error *err, const char *what)
{
    lc_fail(err, LC_ERR_REFUSED, "%s", what);
    lc_hint(err, "keep the function");
    return LC_ERR_REFUSED;
}

bool lc_range_is_wide(const struct lc_rules *r)
{
    lc_point first, last;

    for (uint32_t i = 0; r->takes.order == LC_ORDER_ADDRESS && i < r->rules; i++)
        if (lc_rules_span(r, i, &first, &last) && (first < IPV4_FIRST || last > IPV4_LAST))
            return true;
    return false;
}

/* Of addresses those of IPv4 alone: changes v and *n; the first place then begins at IPV4_FIRST or above. */
static void keep_ipv4(struct place *v, size_t *n)
{
    size_t kept = 0;

    for (size_t i = 0; i < *n; i++) {
        lc_point last = i + 1 < *n ? v[i + 1].at - 1 : LC_POINT_LAST;

        if (last < IPV4_FIRST || v[i].at > IPV4_LAST)
            continue;
        v[kept] = v[i];
        if (v[kept].at < IPV4_FIRST)
            v[kept].at = IPV4_FIRST;
        kept++;
    }
    *n = kept;
}

/* 128 bits in decimal digits. */
static void write_wide(lc_point at, char out[LC_RANGE_CUT_BYTES])
{
    char digits[LC_RANGE_CUT_BYTES];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + (int)(at % 10));
        at /= 10;
    } while (at);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = '\0';
}

/*
 * False: it is beyond what is counted with. The lowest place of all becomes LEAST, which is
 * above NONE: so a key without a number is in no range.
 */
static bool write_number(const struct lc_rules *r, bool wide, lc_point at,
                         char out[LC_RANGE_CUT_BYTES])
{
    lc_int128 v = (lc_int128)(at - BIAS);
    enum lc_order order = r->takes.order;

    if (wide) {
        write_wide(at, out);
        return true;
    }
    if (order == LC_ORDER_ADDRESS) {
        snprintf(out, LC_RANGE_CUT_BYTES, "%" PRIu32, (uint32_t)at);
        return true;
    }
    if (at == 0) {
        snprintf(out, LC_RANGE_CUT_BYTES, "%s", order == LC_ORDER_FLOAT ? "-inf" : LEAST);
        return true;
    }
    if (order == LC_ORDER_FLOAT) {
        char text[LC_POINT_TEXT_BYTES];

        lc_point_text(&r->takes, at, text);
        snprintf(out, LC_RANGE_CUT_BYTES, "%.31s", text);
        return true;
    }
    if (order == LC_ORDER_TIME)
        v = (v >> 1) + (v & 1); /* what is behind a second begins with the next */
    if (v > 2 * UNITS_MAX || v < -2 * UNITS_MAX)
        return false;
    snprintf(out, LC_RANGE_CUT_BYTES, "%" PRId64, (int64_t)v);
    return true;
}

/* Where each bucket begins among the numbers of add_bucket; those of weight 0 have none. */
static int bucket_cuts(const struct lc_rules *r, struct lc_range_cut **cuts, size_t *n,
                       struct lc_error *err)
{
    struct lc_range_cut *v = calloc(r->rules + 1u, sizeof *v);
    uint64_t at = 0;

    *n = 0;
    if (!v)
        return lc_no_memory(err);
    for (uint32_t i = 0; i < r->rules; i++) {
        if (r->bounds[r->rules + i]) {
            v[*n].rule = i;
            snprintf(v[(*n)++].number, LC_RANGE_CUT_BYTES, "%" PRIu64, at);
        }
        at = r->bounds[i];
    }
    v[(*n)++] = (struct lc_range_cut){.number = NO_BUCKET, .rule = r->rules};
    *cuts = v;
    return 0;
}

/* The cuts of all kinds but buckets. */
static int point_cuts(const struct lc_rules *r, struct lc_range_cut **cuts, size_t *n,
                      struct lc_error *err)
{
    bool wide = lc_range_is_wide(r);
    size_t places_n = 0;
    struct place *places = all_places(r, &places_n);
    struct lc_range_cut *v = places ? calloc(places_n + 2, sizeof *v) : NULL;
    lc_point beyond = 0; /* the first point that no float has */
    int rc = v ? 0 : lc_no_memory(err);

    *n = 0;
    if (!rc && r->takes.order == LC_ORDER_NUMBER && r->takes.scale > DIGITS_MAX)
        rc = refuse(err, too_many_digits);
    lc_point_of_float((double)__builtin_inf(), &beyond);
    if (!rc && r->takes.order == LC_ORDER_ADDRESS && !wide)
        keep_ipv4(places, &places_n);
    if (!rc) { /* what has no number */
        v[0].rule = gap_of(r);
        snprintf(v[(*n)++].number, LC_RANGE_CUT_BYTES, "%s", wide ? WIDE_NONE : NONE);
    }
    if (!rc && r->takes.order == LC_ORDER_FLOAT)
        *n = 0; /* NaN is in no order with the others, and comes out as it is */
    for (size_t i = 0; i < places_n && !rc; i++) {
        struct lc_range_cut cut = {.rule = places[i].rule};

        if (r->takes.order == LC_ORDER_FLOAT && places[i].at > beyond)
            break;
        if (!write_number(r, wide, places[i].at, cut.number))
            rc = refuse(err, too_many_digits);
        else if (*n && strcmp(v[*n - 1].number, cut.number) == 0)
            v[*n - 1] = cut; /* no key is between the two */
        else
            v[(*n)++] = cut;
    }
    free(places);
    if (rc)
        free(v);
    else
        *cuts = v;
    return rc;
}

int lc_range_cuts(const struct lc_rules *r, struct lc_range_cut **cuts, size_t *n,
                  struct lc_error *err)
{
    return r->kind == LC_KIND_BUCKET ? bucket_cuts(r, cuts, n, err) : point_cuts(r, cuts, n, err);
}

/*
 * 2 v + f of a number: in three parts, so that neither the key in units nor the key as a Decimal can overflow. What is
 * compared as a float is far beyond any bound, where its digits do not count.
 */
static int add_doubled(const struct lc_rules *r, const char *k, struct lc_buf *out)
{
    /*
     * Digits after the point in the bounds. lc_range_cuts has refused more than DIGITS_MAX, so
     * 10^scale fits.
     */
    unsigned scale = r->takes.order == LC_ORDER_NUMBER ? r->takes.scale : 0;
    int64_t unit = 1;
    int rc;

    for (unsigned i = 0; i < scale && unit <= UNITS_MAX / 10; i++)
        unit *= 10;
    /* The whole part, then the digits after the point, then whether anything is left over. */
    rc = lc_buf_addf(out,
                     "multiIf(toFloat64(%s) > %" PRId64 ", %s, toFloat64(%s) >= -%" PRId64
                     ", assumeNotNull(toInt64(floor(%s)) * %" PRId64,
                     k, 2 * UNITS_MAX / unit, MOST, k, 2 * UNITS_MAX / unit, k, 2 * unit);
    if (!rc && scale)
        rc = lc_buf_addf(out, " + 2 * toInt64((floor(%s, %u) - floor(%s)) * %" PRId64 ")", k, scale,
                         k, unit);
    return rc || lc_buf_addf(out, " + (%s != floor(%s, %u))), toFloat64(%s) < 0, %s, %s)", k, k,
                             scale, k, LEAST, NONE);
}

/* The 128 bits of whatever the key is; a FixedString without its zero bytes, as toString has it. */
static int add_bits(const char *k, struct lc_buf *out)
{
    return lc_buf_addf(out,
                       "toUInt128(accurateCastOrNull(if(position(toTypeName(%s), 'String') > 0, "
                       "toString(%s), %s), 'IPv6'))",
                       k, k, k);
}

/* Of rules for IPv6, too. A UInt32 is an address of IPv4, which is ::ffff:0:0 and more. */
static int add_wide_address(const char *k, struct lc_buf *out)
{
    return lc_buf_addf(out,
                       "ifNull(toDecimal256(if(position(toTypeName(%s), 'UInt32') > 0, "
                       "toUInt128OrNull(toString(%s)) + 281470681743360, ",
                       k, k) ||
           add_bits(k, out) || lc_buf_adds(out, "), 0), toDecimal256(" WIDE_NONE ", 0))");
}

/* IPv4's number. */
static int add_address(const char *k, struct lc_buf *out)
{
    struct lc_buf a; /* as IPv6's number; twice in the text, and computed once */
    const char *address;
    int rc;

    lc_buf_init(&a, (size_t)1 << 20);
    rc = add_bits(k, &a);
    address = rc ? NULL : lc_buf_str(&a);
    rc = address ? lc_buf_addf(out,
                               "ifNull(if(position(toTypeName(%s), 'UInt32') > 0, "
                               "toInt64OrNull(toString(%s)), if(bitShiftRight(%s, 32) = 65535, "
                               "toInt64(bitAnd(%s, 4294967295)), NULL)), %s)",
                               k, k, address, address, NONE)
                 : LC_ERR_NOMEM;
    lc_buf_release(&a);
    return rc;
}

/* The hash's share of the sum of the weights: see bucket in udf/rules/match.c. */
static int add_bucket(const struct lc_rules *r, const char *k, struct lc_buf *out)
{
    bool nocase = r->options & LC_OPTION_NOCASE;

    return lc_buf_addf(out,
                       "ifNull(toUInt64(bitShiftRight(toUInt128(xxh3(%stoString(%s)%s)) * "
                       "toUInt128(%" PRIu64 "), 64)), " NO_BUCKET ")",
                       nocase ? "lower(" : "", k, nocase ? ")" : "", r->bounds[r->rules - 1]);
}

int lc_range_add_number(const struct lc_rules *r, const char *key_sql, struct lc_buf *out)
{
    int rc;

    if (r->kind == LC_KIND_BUCKET)
        return add_bucket(r, key_sql, out) ? LC_ERR_NOMEM : 0;
    switch (r->takes.order) {
    case LC_ORDER_FLOAT:
        rc = lc_buf_addf(out, "ifNull(toFloat64(%s), nan)", key_sql);
        break;
    case LC_ORDER_DATE:
        rc = lc_buf_addf(out, "ifNull(toInt64(toDate32(%s)), %s)", key_sql, NONE);
        break;
    case LC_ORDER_TIME: /* it rounds down, and is the same of DateTime and DateTime64 */
        rc = lc_buf_addf(out,
                         "ifNull(dateDiff('second', toDateTime64('1970-01-01 00:00:00', 0, "
                         "'UTC'), %s), %s)",
                         key_sql, NONE);
        break;
    case LC_ORDER_ADDRESS:
        rc = lc_range_is_wide(r) ? add_wide_address(key_sql, out) : add_address(key_sql, out);
        break;
    default:
        rc = add_doubled(r, key_sql, out);
    }
    return rc ? LC_ERR_NOMEM : 0;
}
