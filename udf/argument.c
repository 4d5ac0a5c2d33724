/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type that the server sends keys in, and how a key of it becomes what the rules match: bytes, a number
 * or a point (key.h). A type is refused here, when the program starts, where some of its values would have no
 * such form; the hint says which type to declare in its place.
 */
#include "udf/argument.h"

#include "udf/column_type.h"
#include "udf/rules/match.h"
#include "udf/type_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX_BYTES = 1 << 24, SCALE_MAX = 9, DEFAULT_SCALE = 3 };

/* Types of one word, and what a value of them is. The longer of two that begin alike comes first. */
static const struct {
    const char *word;
    enum lc_argument_base base;
    unsigned width;
} plain[] = {
    {"String", LC_ARG_STRING, 0}, {"UInt8", LC_ARG_UINT, 1},    {"UInt16", LC_ARG_UINT, 2},
    {"UInt32", LC_ARG_UINT, 4},   {"UInt64", LC_ARG_UINT, 8},   {"Int8", LC_ARG_INT, 1},
    {"Int16", LC_ARG_INT, 2},     {"Int32", LC_ARG_INT, 4},     {"Int64", LC_ARG_INT, 8},
    {"Bool", LC_ARG_BOOL, 1},     {"Date32", LC_ARG_DATE32, 4}, {"Date", LC_ARG_DATE, 2},
    {"UUID", LC_ARG_UUID, 16},    {"IPv4", LC_ARG_IPV4, 4},     {"IPv6", LC_ARG_IPV6, 16},
};

/* Types that a column may have and a program is not given, and the way to write them. */
static const struct {
    const char *begins, *why, *way;
} others[] = {
    {"Int128", "integers go up to 64 bits", "declare String, and call it with toString(key)"},
    {"Int256", "integers go up to 64 bits", "declare String, and call it with toString(key)"},
    {"UInt128", "integers go up to 64 bits", "declare String, and call it with toString(key)"},
    {"UInt256", "integers go up to 64 bits", "declare String, and call it with toString(key)"},
    {"BFloat16", "a fraction is not a key",
     "declare Int64, and call it with toInt64(floor(key)); or String, with toString(key)"},
    {"Decimal", "a Decimal may have up to 38 digits", "Decimal(P,S) with P of 1 to 38"},
    {"Array", "rules take one value", "declare the type of its elements, and call it with key[1]"},
    {"Map", "rules take one value", "declare the type of its values, and call it with key['name']"},
    {"Tuple", "rules take one value", "declare the type of an element, and call it with key.1"},
    {"Nested", "rules take one value",
     "declare the type of a member, and call it with key.name[1]"},
    {"JSON", "rules take one value", "declare String, and call it with toString(key.path)"},
    {"Nullable(LowCardinality", "the server has no such type", "LowCardinality(Nullable(...))"},
    {"Nullable(Nullable", "the server has no such type", "Nullable once"},
};

/*
 * Say why a type is not taken: by the first entry of `others` that it begins with, else as
 * unknown. Its wrappers are skipped, so that Nullable(Array(…)) is refused as an Array; unless
 * the entry is the wrapper itself, as Nullable(Nullable. Returns LC_ERR_USAGE.
 */
static int refuse(const char *type, struct lc_error *err)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *inner = type;
        static const char *const wraps[] = {"LowCardinality(", "Nullable("};

        for (size_t w = 0; w < 2; w++)
            if (strncmp(type, others[i].begins, strlen(others[i].begins)) != 0 &&
                strncmp(inner, wraps[w], strlen(wraps[w])) == 0)
                inner += strlen(wraps[w]);
        if (strncmp(inner, others[i].begins, strlen(others[i].begins)) != 0)
            continue;
        lc_fail(err, LC_ERR_USAGE, "the argument type %.200s is not supported: %s", type,
                others[i].why);
        lc_hint(err, "%s", others[i].way);
        return LC_ERR_USAGE;
    }
    lc_fail(err, LC_ERR_USAGE, "unknown argument type '%.200s'", type);
    lc_hint(err,
            "one of String, FixedString(N), UInt8 to UInt64, Int8 to Int64, Bool, "
            "Enum8('a'=1,'b'=2), Enum16(...), Date, Date32, DateTime('UTC'), "
            "DateTime64(3,'UTC'), UUID, IPv4, IPv6, Nullable(...) of them, LowCardinality(...)");
    return LC_ERR_USAGE;
}

static int no_memory(struct lc_error *err)
{
    return lc_fail(err, LC_ERR_NOMEM, "not enough memory for the argument's type");
}

static int by_number(const void *a, const void *b)
{
    const struct lc_argument_label *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* Any total order will do for bsearch: a shorter name first, so that memcmp has one length. */
static int by_name(const void *a, const void *b)
{
    const struct lc_argument_label *x = a, *y = b;

    if (x->name.n != y->name.n)
        return x->name.n < y->name.n ? -1 : 1;
    return x->name.n ? memcmp(x->name.p, y->name.p, x->name.n) : 0;
}

/* All labels are there: their names lie still now. Sort them; none comes twice. */
static int settle_labels(struct lc_argument *arg, const char *type, struct lc_error *err)
{
    size_t at = 0, bytes = arg->n_labels * sizeof *arg->labels;

    /* Matching loads eight bytes at a time: what is behind the last name may be read. */
    arg->by_name = malloc(bytes);
    if (!arg->by_name || lc_buf_reserve(&arg->names, 64))
        return no_memory(err);
    memset(arg->names.p + arg->names.n, 0, 64);
    for (size_t i = 0; i < arg->n_labels; i++) {
        arg->labels[i].name.p = arg->names.p + at;
        at += arg->labels[i].name.n;
    }
    memcpy(arg->by_name, arg->labels, bytes);
    qsort(arg->labels, arg->n_labels, sizeof *arg->labels, by_number);
    qsort(arg->by_name, arg->n_labels, sizeof *arg->by_name, by_name);
    for (size_t i = 1; i < arg->n_labels; i++)
        if (by_number(&arg->labels[i - 1], &arg->labels[i]) == 0 ||
            by_name(&arg->by_name[i - 1], &arg->by_name[i]) == 0)
            return lc_fail(err, LC_ERR_USAGE, "an Enum with a number or a name twice: %.200s",
                           type);
    return 0;
}

/*
 * `room` counts the labels that there is memory for. A label has only the length of its name
 * yet: the names are in a buffer that moves as it grows (settle_labels).
 */
static int add_label(struct lc_argument *arg, size_t *room, struct lc_argument_label l,
                     struct lc_error *err)
{
    if (arg->n_labels == *room) {
        struct lc_argument_label *more;

        *room = *room ? *room * 2 : 16;
        more = realloc(arg->labels, *room * sizeof *more);
        if (!more)
            return no_memory(err);
        arg->labels = more;
    }
    arg->labels[arg->n_labels++] = l;
    return 0;
}

/* The list of an Enum's labels, behind its opening parenthesis. */
static int take_labels(struct lc_argument *arg, struct lc_type_text *c, struct lc_error *err)
{
    /* An Enum8 is stored as an Int8, an Enum16 as an Int16. */
    long low = arg->width == 1 ? -128 : -32768, high = arg->width == 1 ? 127 : 32767;
    size_t room = 0;

    lc_buf_init(&arg->names, NAMES_MAX_BYTES);
    do {
        struct lc_argument_label l = {0};
        size_t at = arg->names.n;
        int rc;

        if (!lc_type_text_name(c, &arg->names) || !lc_type_text_take(c, "=") ||
            !lc_type_text_integer(c, &l.number)) {
            lc_fail(err, LC_ERR_USAGE, "an Enum's labels are 'name'=number, which '%.200s' is not",
                    c->start);
            lc_hint(err, "as SHOW CREATE TABLE has them: Enum8('a'=1,'b'=2)");
            return LC_ERR_USAGE;
        }
        if (l.number < low || l.number > high)
            return lc_fail(err, LC_ERR_USAGE, "Enum%u goes from %ld to %ld, not %ld: '%.200s'",
                           arg->width * 8, low, high, l.number, c->start);
        l.name.n = arg->names.n - at;
        rc = add_label(arg, &room, l, err);
        if (rc)
            return rc;
    } while (lc_type_text_take(c, ","));
    return settle_labels(arg, c->start, err);
}

/*
 * A quoted zone, into arg->zone, which lc_argument_release frees. Whether the server knows such
 * a zone is not checked: only UTC makes a difference here.
 */
static int take_zone(struct lc_argument *arg, struct lc_type_text *c, struct lc_error *err)
{
    struct lc_buf zone;
    int rc = 0;

    lc_buf_init(&zone, 1024);
    if (!lc_type_text_name(c, &zone))
        rc = refuse(c->start, err);
    if (!rc) {
        arg->zone = lc_buf_detach(&zone);
        rc = arg->zone ? 0 : no_memory(err);
    }
    lc_buf_release(&zone);
    return rc;
}

/* DateTime, DateTime('UTC'), DateTime64(3), DateTime64(3, 'UTC'); the word is taken. */
static int take_time(struct lc_argument *arg, struct lc_type_text *c, struct lc_error *err)
{
    long scale = DEFAULT_SCALE;
    int rc = 0;

    /* DateTime64 alone is DateTime64(3), as in the server. */
    if (!lc_type_text_take(c, "(")) {
        arg->scale = arg->base == LC_ARG_DATETIME64 ? DEFAULT_SCALE : 0;
        return 0;
    }
    if (arg->base == LC_ARG_DATETIME64) {
        if (!lc_type_text_integer(c, &scale) || scale < 0 || scale > SCALE_MAX)
            return refuse(c->start, err);
        arg->scale = (unsigned)scale;
        if (lc_type_text_take(c, ","))
            rc = take_zone(arg, c, err);
    } else {
        rc = take_zone(arg, c, err);
    }
    return rc || lc_type_text_take(c, ")") ? rc : refuse(c->start, err);
}

/*
 * Float32, Float64, Decimal(P,S). The parser of result types reads them, so that both know the
 * same spellings, Decimal64(S) among them. c moves only where the type is one of these.
 */
static bool take_fraction(struct lc_argument *arg, struct lc_type_text *c)
{
    struct lc_type_text at = *c;
    struct lc_scalar scalar;

    if (!lc_scalar_type_read(&scalar, &at) ||
        (scalar.base != LC_SCALAR_FLOAT && scalar.base != LC_SCALAR_DECIMAL))
        return false;
    *c = at;
    arg->base = scalar.base == LC_SCALAR_FLOAT ? LC_ARG_FLOAT : LC_ARG_DECIMAL;
    arg->width = scalar.width;
    arg->precision = scalar.precision;
    arg->scale = scalar.scale;
    return true;
}

/*
 * The type within any wrappers: base, width, and what else it has. Of two words that are taken
 * together the last character tells which it was. 0, LC_ERR_USAGE or LC_ERR_NOMEM.
 */
static int take_base(struct lc_argument *arg, struct lc_type_text *c, struct lc_error *err)
{
    long width;
    int rc;

    if (lc_type_text_take(c, "FixedString")) {
        arg->base = LC_ARG_FIXED_STRING;
        if (!lc_type_text_take(c, "(") || !lc_type_text_integer(c, &width) ||
            !lc_type_text_take(c, ")") || width <= 0 || width > (long)LC_ARGUMENT_MAX_WIDTH)
            return refuse(c->start, err);
        arg->width = (unsigned)width;
        return 0;
    }
    if (lc_type_text_take(c, "Enum8") || lc_type_text_take(c, "Enum16")) {
        arg->base = LC_ARG_ENUM;
        arg->width = c->p[-1] == '8' ? 1 : 2;
        if (!lc_type_text_take(c, "("))
            return refuse(c->start, err);
        rc = take_labels(arg, c, err);
        return rc || lc_type_text_take(c, ")") ? rc : refuse(c->start, err);
    }
    if (lc_type_text_take(c, "DateTime64") || lc_type_text_take(c, "DateTime")) {
        arg->base = c->p[-1] == '4' ? LC_ARG_DATETIME64 : LC_ARG_DATETIME;
        arg->width = arg->base == LC_ARG_DATETIME64 ? 8 : 4;
        return take_time(arg, c, err);
    }
    if (take_fraction(arg, c))
        return 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (lc_type_text_take(c, plain[i].word)) {
            arg->base = plain[i].base;
            arg->width = plain[i].width;
            return 0;
        }
    return refuse(c->start, err);
}

/*
 * SimpleAggregateFunction(anyLast, T) has the values of T, and the server names it so in a header where
 * T is what is declared. Past the function, whose own parameters are in parentheses.
 */
static int take_aggregate(struct lc_type_text *c, unsigned *closing, struct lc_error *err)
{
    unsigned open = 0;

    if (!lc_type_text_take(c, "SimpleAggregateFunction"))
        return 0;
    if (!lc_type_text_take(c, "("))
        return refuse(c->start, err);
    while (*c->p && (open || *c->p != ',')) {
        open += *c->p == '(';
        if (*c->p == ')' && open-- == 0)
            return refuse(c->start, err);
        c->p++;
    }
    ++*closing;
    return lc_type_text_take(c, ",") ? 0 : refuse(c->start, err);
}

int lc_argument_parse(struct lc_argument *arg, const char *type, struct lc_error *err)
{
    struct lc_type_text c = {type, type};
    unsigned closing = 0;
    int rc = 0;

    *arg = (struct lc_argument){0};
    rc = take_aggregate(&c, &closing, err);
    if (!rc && lc_type_text_take(&c, "LowCardinality")) {
        arg->low_cardinality = true;
        rc = lc_type_text_take(&c, "(") ? 0 : refuse(type, err);
        closing++;
    }
    if (!rc && lc_type_text_take(&c, "Nullable")) {
        arg->nullable = true;
        rc = lc_type_text_take(&c, "(") ? 0 : refuse(type, err);
        closing++;
    }
    rc = rc ? rc : take_base(arg, &c, err);
    for (; !rc && closing; closing--)
        rc = lc_type_text_take(&c, ")") ? 0 : refuse(type, err);
    lc_type_text_spaces(&c);
    if (!rc && *c.p)
        rc = refuse(type, err);
    if (!rc && arg->low_cardinality &&
        (arg->base == LC_ARG_ENUM || arg->base == LC_ARG_DATETIME64)) {
        rc = lc_fail(err, LC_ERR_USAGE, "the server has no LowCardinality of that: %.200s", type);
        lc_hint(err, "declare it without LowCardinality");
    }
    return rc;
}

void lc_argument_release(struct lc_argument *arg)
{
    free(arg->zone);
    free(arg->labels);
    free(arg->by_name);
    lc_buf_release(&arg->names);
    *arg = (struct lc_argument){0};
}

/* Labels are sorted by number, so the order in which a type's text has them does not count. */
static bool same_labels(const struct lc_argument *a, const struct lc_argument *b)
{
    if (a->n_labels != b->n_labels)
        return false;
    for (size_t i = 0; i < a->n_labels; i++)
        if (by_number(&a->labels[i], &b->labels[i]) != 0 ||
            by_name(&a->labels[i], &b->labels[i]) != 0)
            return false;
    return true;
}

/*
 * Of a Decimal the precision may differ: the width, which follows from it, says how many bytes
 * a value has.
 */
bool lc_argument_same(const struct lc_argument *a, const struct lc_argument *b)
{
    return a->base == b->base && a->low_cardinality == b->low_cardinality &&
           a->nullable == b->nullable && a->width == b->width && a->scale == b->scale &&
           (a->base == LC_ARG_DECIMAL || a->precision == b->precision) && !a->zone == !b->zone &&
           (!a->zone || strcmp(a->zone, b->zone) == 0) && same_labels(a, b);
}

bool lc_argument_is_utc(const struct lc_argument *arg)
{
    return arg->zone && (strcmp(arg->zone, "UTC") == 0 || strcmp(arg->zone, "Etc/UTC") == 0);
}

static bool is_time(const struct lc_argument *arg)
{
    return arg->base == LC_ARG_DATETIME || arg->base == LC_ARG_DATETIME64;
}

/* Has it a number that is a range's key? */
static bool is_number(enum lc_argument_base base)
{
    return base != LC_ARG_STRING && base != LC_ARG_FIXED_STRING && base != LC_ARG_UUID &&
           base != LC_ARG_IPV6;
}

/* May rules with such keys be given it, times and zones aside? */
static bool has_order(const struct lc_argument *arg, const struct lc_takes *takes)
{
    enum lc_argument_base b = arg->base;

    switch (takes->order) {
    case LC_ORDER_UINT:
        return is_number(b) && b != LC_ARG_FLOAT && b != LC_ARG_DECIMAL;
    case LC_ORDER_NUMBER:
        /*
         * Dates, times, Enums, Bool and IPv4 are whole numbers: bounds with a fraction refuse
         * them.
         */
        return b == LC_ARG_UINT || b == LC_ARG_INT || b == LC_ARG_DECIMAL ||
               (takes->scale == 0 && is_number(b) && b != LC_ARG_FLOAT);
    case LC_ORDER_FLOAT:
        /*
         * A double holds integers of 32 bits exactly. Wider ones would be rounded, past a bound
         * even.
         */
        return b == LC_ARG_FLOAT || ((b == LC_ARG_UINT || b == LC_ARG_INT) && arg->width <= 4);
    case LC_ORDER_DATE:
        /* A time has a day only in a zone that is known. */
        return b == LC_ARG_DATE || b == LC_ARG_DATE32 || (is_time(arg) && lc_argument_is_utc(arg));
    case LC_ORDER_TIME:
        return is_time(arg);
    case LC_ORDER_ADDRESS:
        /* A UInt32 is an IPv4 address, as IPv4StringToNum() gives it. */
        return b == LC_ARG_IPV4 || b == LC_ARG_IPV6 || b == LC_ARG_STRING ||
               b == LC_ARG_FIXED_STRING || (b == LC_ARG_UINT && arg->width == 4);
    default:
        return b != LC_ARG_FLOAT && b != LC_ARG_DECIMAL;
    }
}

/*
 * What to declare instead, by what the rules take. A fraction where they take whole numbers, and a
 * float where they take decimals, have hints of their own.
 */
static void hint_order(const struct lc_argument *arg, const struct lc_takes *takes,
                       struct lc_error *err)
{
    static const char *const hints[LC_ORDERS] = {
        [LC_ORDER_TEXT] = "declare Int64, and call it with toInt64(floor(key)); or String, with "
                          "toString(key)",
        [LC_ORDER_UINT] =
            "declare the function's argument as UInt64, or as the type of its key: an "
            "integer, Enum, Date, DateTime or IPv4",
        [LC_ORDER_NUMBER] = "declare Int64, or Decimal(P,S) with as many digits as the key has",
        [LC_ORDER_FLOAT] = "declare Float64, and call it with toFloat64(key)",
        [LC_ORDER_DATE] = "declare Date, and call it with toDate(key)",
        [LC_ORDER_TIME] = "declare DateTime or DateTime64(P)",
        [LC_ORDER_ADDRESS] = "declare IPv4, IPv6, UInt32 or String",
    };

    if (takes->order == LC_ORDER_UINT && (arg->base == LC_ARG_FLOAT || arg->base == LC_ARG_DECIMAL))
        lc_hint(err, "%s", hints[LC_ORDER_TEXT]);
    else if (takes->order == LC_ORDER_NUMBER && arg->base == LC_ARG_FLOAT)
        lc_hint(err,
                "1.005 as a float is not 1.005: declare Decimal(P,S), or write from:float in the "
                "rules' header");
    else
        lc_hint(err, "%s", hints[takes->order]);
}

int lc_argument_fits(const struct lc_argument *arg, const char *type, enum lc_kind kind,
                     const struct lc_takes *takes, enum lc_format format, struct lc_error *err)
{
    bool texts = takes->order == LC_ORDER_TEXT;

    if (!has_order(arg, takes)) {
        if (texts || (takes->order == LC_ORDER_UINT &&
                      (arg->base == LC_ARG_FLOAT || arg->base == LC_ARG_DECIMAL)))
            lc_fail(err, LC_ERR_USAGE,
                    "the argument type %.200s is not supported: a fraction is not a key", type);
        else if (takes->order == LC_ORDER_UINT)
            lc_fail(err, LC_ERR_USAGE, "%s rules take numbers, and the argument is %.200s",
                    lc_kind_name(kind), type);
        else
            lc_fail(err, LC_ERR_USAGE,
                    "the key of these %s rules is %s, and the argument is %.200s",
                    lc_kind_name(kind), lc_order_name(takes), type);
        hint_order(arg, takes, err);
        return LC_ERR_USAGE;
    }
    /*
     * From here on: times of a zone that is not UTC. Their number is the same in every zone,
     * and will do; their text is not.
     */
    if (!is_time(arg) || lc_argument_is_utc(arg))
        return 0;
    if (texts) {
        lc_fail(err, LC_ERR_USAGE,
                "the text of %.200s depends on a time zone, which livecol-udf does not know", type);
        lc_hint(err, "declare %s, or String and call it with toString(key)",
                arg->base == LC_ARG_DATETIME ? "DateTime('UTC')" : "DateTime64(P,'UTC')");
        return LC_ERR_USAGE;
    }
    if (format == LC_FORMAT_TSV) {
        lc_fail(err, LC_ERR_USAGE,
                "TabSeparated carries %.200s as a text, which depends on a time zone that "
                "livecol-udf does not know",
                type);
        lc_hint(err, "use Native or RowBinary, or declare it with 'UTC'");
        return LC_ERR_USAGE;
    }
    return 0;
}

/* The least and the greatest bound that is not open. False: there is none. */
static bool ends_of(const struct lc_rules *r, lc_point *least, lc_point *most)
{
    bool any = false;

    for (uint32_t i = 0; i < r->rules; i++) {
        lc_point end[2];

        if (!lc_rules_span(r, i, &end[0], &end[1]))
            continue;
        for (unsigned k = 0; k < 2; k++) {
            if (end[k] == 0 || end[k] == LC_POINT_LAST)
                continue;
            *least = !any || end[k] < *least ? end[k] : *least;
            *most = !any || end[k] > *most ? end[k] : *most;
            any = true;
        }
    }
    return any;
}

/* Has every bound from least to most at most so many digits, those behind the point among them? */
static bool fit_digits(lc_point least, lc_point most, unsigned digits)
{
    lc_int128 end = 1;

    while (digits--)
        end *= 10;
    return lc_point_number(least) > -end && lc_point_number(most) < end;
}

void lc_argument_usual(const struct lc_rules *r, char *out, size_t size)
{
    const struct lc_takes *t = &r->takes;
    lc_point least = lc_point_of_number(t, 0, t->scale), most = least;
    const lc_point zero = least;
    bool any = ends_of(r, &least, &most);

    switch (t->order) {
    case LC_ORDER_UINT:
        snprintf(out, size, "UInt64");
        return;
    case LC_ORDER_NUMBER:
        if (t->scale)
            /* 18 digits are the most of 8 bytes, 38 of 16. */
            snprintf(out, size, "Decimal(%u,%u)",
                     t->scale < 18 && fit_digits(least, most, 18) ? 18 : LC_DECIMAL_DIGITS_MAX,
                     t->scale);
        else
            snprintf(out, size, "%s",
                     !any || (least >= zero && most <= lc_point_of_number(t, UINT64_MAX, 0))
                         ? "UInt64"
                     : least >= lc_point_of_number(t, INT64_MIN, 0) &&
                             most <= lc_point_of_number(t, INT64_MAX, 0)
                         ? "Int64"
                         : "Decimal(38,0)");
        return;
    case LC_ORDER_FLOAT:
        snprintf(out, size, "Float64");
        return;
    case LC_ORDER_DATE:
        snprintf(out, size, "%s",
                 any && (least < lc_point_of_whole(0) || most > lc_point_of_whole(UINT16_MAX))
                     ? "Date32"
                     : "Date");
        return;
    case LC_ORDER_TIME:
        snprintf(out, size, "%s",
                 any && (least < lc_point_of_time(0) || most > lc_point_of_time(UINT32_MAX))
                     ? "DateTime64(3,'UTC')"
                     : "DateTime('UTC')");
        return;
    default:
        snprintf(out, size, "String");
    }
}

const struct lc_argument_label *lc_argument_label(const struct lc_argument *arg, long number)
{
    const struct lc_argument_label wanted = {.number = number};

    return bsearch(&wanted, arg->labels, arg->n_labels, sizeof *arg->labels, by_number);
}

const struct lc_argument_label *lc_argument_named(const struct lc_argument *arg,
                                                  struct lc_slice name)
{
    const struct lc_argument_label wanted = {.name = name};

    return bsearch(&wanted, arg->by_name, arg->n_labels, sizeof *arg->by_name, by_name);
}
