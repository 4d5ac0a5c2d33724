/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result type takes each distinct value once, when the rules load, and turns it into what goes over the
 * wire. A row then costs a look at an array by value id:
 *
 *   value id ─▶ code[id]        Enum, numbers, dates, Bool: up to 8 bytes
 *            ─▶ wide[16 * id]   Decimal of more than 18 digits
 *            ─▶ slots[16 * id]  String, where all values are short
 *            ─▶ VALUES          String, as it is in the arena
 *
 * Id 0, the miss, is the type's default, or NULL where the type is Nullable.
 */
#include "udf/column_type.h"

#include "udf/type_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad_type(const char *type, struct lc_error *err)
{
    lc_fail(err, LC_ERR_USAGE, "unknown result type '%.200s'", type);
    lc_hint(err,
            "one of String, LowCardinality(String), Nullable(String), "
            "LowCardinality(Nullable(String)), Enum8('a'=1,'b'=2), Enum16(...), UInt8 to UInt64, "
            "Int8 to Int64, Float32, Float64, Decimal(P,S) of up to 38 digits, Date, DateTime, "
            "DateTime('UTC'), Bool, and Nullable(...) of a number, date or Bool");
    return LC_ERR_USAGE;
}

/*
 * The value id whose text is this, or LC_NONE. A linear search: it runs once for each label of
 * an Enum, when the rules load.
 */
static uint32_t find_value(const struct lc_column_type *res, struct lc_slice text)
{
    uint32_t n = res->rules->attrs[res->attribute].values;

    for (uint32_t id = 1; id < n; id++) {
        struct lc_slice v = lc_rules_value(res->rules, res->attribute, id);

        if (v.n == text.n && (v.n == 0 || memcmp(v.p, text.p, v.n) == 0))
            return id;
    }
    return LC_NONE;
}

/* Could a key that is not NULL meet no rule at all? */
static bool can_miss(const struct lc_rules *r)
{
    return r->kind != LC_KIND_BUCKET && r->default_rule == LC_NONE;
}

/* Columns of the rules file before its attributes. */
static uint32_t key_columns(const struct lc_rules *r)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)r->kind);
    uint32_t n = 1;

    while (k && n < LC_MAX_KEY_COLUMNS && k->columns[n])
        n++;
    return n;
}

/* "file:line: column N (attribute): …" of the first rule that has this value. */
static int bad_value(const struct lc_column_type *res, uint32_t value_id, const char *name,
                     const char *why, struct lc_error *err)
{
    const struct lc_rules *r = res->rules;
    struct lc_slice v = lc_rules_value(r, res->attribute, value_id), n = r->names[res->attribute];
    uint32_t rule = 0;
    char shown[200], attribute[120];

    while (rule < r->rules && lc_rules_value_id(r, res->attribute, rule) != value_id)
        rule++;
    lc_fail_at(err, LC_ERR_INPUT, 0, rule < r->rules ? r->lines[rule] : 0,
               "%s:%u: column %u (%s): the value '%s' %s %.100s", name,
               rule < r->rules ? r->lines[rule] : 0, res->attribute + key_columns(r) + 1,
               lc_printable(n.p, n.n, attribute, sizeof attribute),
               lc_printable(v.p, v.n, shown, sizeof shown), why, res->type);
    return LC_ERR_INPUT;
}

/* The code of a value that no label has named yet; real codes have 16 bits. */
#define UNSET UINT64_MAX

/* Every value must have a name in the Enum, the miss too where it can be. */
static int check_enum(struct lc_column_type *res, const char *name, bool has_empty,
                      struct lc_error *err)
{
    uint32_t n = res->rules->attrs[res->attribute].values;

    for (uint32_t id = 1; id < n; id++)
        if (res->own_code[id] == UNSET) {
            bad_value(res, id, name, "is not one of", err);
            lc_hint(err, "add it to the Enum, or correct the rule");
            return LC_ERR_INPUT;
        }
    if (!has_empty && can_miss(res->rules)) {
        lc_fail(err, LC_ERR_INPUT,
                "%s: the rules have no default, and the type has no name '' for keys that match no "
                "rule",
                name);
        lc_hint(err, "add a default rule, or ''=0 to the Enum");
        return LC_ERR_INPUT;
    }
    res->no_miss = !has_empty && res->rules->default_rule == LC_NONE;
    return 0;
}

int lc_column_type_takes_null(const struct lc_column_type *res, const char *name,
                              struct lc_error *err)
{
    if (!res->no_miss)
        return 0;
    lc_fail(err, LC_ERR_INPUT,
            "%s: a NULL key is in no bucket, and %.200s has no name '' to answer it with", name,
            res->type);
    lc_hint(err, "add ''=0 to the Enum, or declare the argument without Nullable");
    return LC_ERR_INPUT;
}

/*
 * Give each value the number of its label; c is after the opening parenthesis. Codes are two's
 * complement of 16 bits, of which an Enum8 writes the lower 8. The label '' is what a miss
 * gives.
 */
static int init_enum(struct lc_column_type *res, struct lc_type_text *c, const char *name,
                     struct lc_error *err)
{
    long low = res->base == LC_BASE_ENUM8 ? -128 : -32768;
    long high = res->base == LC_BASE_ENUM8 ? 127 : 32767;
    uint32_t n = res->rules->attrs[res->attribute].values;
    bool has_empty = false;
    struct lc_buf text;
    int rc = 0;

    /* As many numbers as 16 bits have, and the miss. */
    if (n > 65537)
        return lc_fail(err, LC_ERR_INPUT, "%s: %u different values: an Enum has at most 65,536",
                       name, n - 1);
    res->code = res->own_code = malloc(n * sizeof *res->own_code);
    if (!res->own_code)
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);
    for (uint32_t id = 0; id < n; id++)
        res->own_code[id] = id ? UNSET : 0;
    lc_buf_init(&text, 1 << 20);
    do {
        long number;
        uint32_t id;

        lc_buf_reset(&text);
        if (!lc_type_text_name(c, &text) || !lc_type_text_take(c, "=") ||
            !lc_type_text_integer(c, &number)) {
            rc = bad_type(c->start, err);
            break;
        }
        if (number < low || number > high) {
            rc = lc_fail(err, LC_ERR_USAGE, "%s goes from %ld to %ld, not %ld: '%.200s'",
                         res->base == LC_BASE_ENUM8 ? "Enum8" : "Enum16", low, high, number,
                         c->start);
            break;
        }
        id = find_value(res, (struct lc_slice){text.p, text.n});
        if (id != LC_NONE)
            res->own_code[id] = (uint64_t)number & 0xffff;
        if (text.n == 0) {
            res->own_code[0] = (uint64_t)number & 0xffff;
            has_empty = true;
        }
    } while (lc_type_text_take(c, ","));
    if (!rc && !lc_type_text_take(c, ")"))
        rc = bad_type(c->start, err);
    lc_buf_release(&text);
    return rc ? rc : check_enum(res, name, has_empty, err);
}

/*
 * UInt8 to UInt64 that are not Nullable. The arena has the numbers already (NUMBERS), so `code`
 * points there and own_code stays NULL.
 */
static int init_uint(struct lc_column_type *res, const char *name, struct lc_error *err)
{
    const struct lc_rules_attr *a = &res->rules->attrs[res->attribute];
    const struct lc_scalar type = {LC_SCALAR_UINT, res->width, 0, 0, false};
    uint64_t max = UINT64_MAX >> (64 - 8 * res->width);
    uint8_t wire[16];
    const char *why;

    if (a->first_number == LC_NONE) {
        why =
            lc_scalar_read(&type, lc_rules_value(res->rules, res->attribute, a->not_number), wire);
        /* No reason: -0, which the arena's numbers have not. */
        return bad_value(res, a->not_number, name, why ? why : "is not a whole number for", err);
    }
    res->code = res->rules->numbers + a->first_number;
    for (uint32_t id = 1; id < a->values && max != UINT64_MAX; id++)
        if (res->code[id] > max)
            return bad_value(res, id, name, "is too large for", err);
    return 0;
}

/* Decimal(P,S), Decimal(P); Decimal32(S), Decimal64(S), Decimal128(S). The word is taken. */
static bool take_decimal(struct lc_scalar *t, struct lc_type_text *c)
{
    static const struct {
        const char *word;
        long precision;
    } named[] = {{"32", 9}, {"64", 18}, {"128", 38}};
    long precision = 0, scale = 0;

    for (size_t i = 0; i < 3 && !precision; i++)
        if (lc_type_text_take(c, named[i].word))
            precision = named[i].precision;
    if (!lc_type_text_take(c, "("))
        return false;
    if (precision) {
        if (!lc_type_text_integer(c, &scale))
            return false;
    } else if (!lc_type_text_integer(c, &precision) ||
               (lc_type_text_take(c, ",") && !lc_type_text_integer(c, &scale))) {
        return false;
    }
    if (!lc_type_text_take(c, ")") || precision < 1 || precision > (long)LC_DECIMAL_DIGITS_MAX ||
        scale < 0 || scale > precision)
        return false;
    *t = (struct lc_scalar){.base = LC_SCALAR_DECIMAL,
                            /* The server's Decimal32, Decimal64 and Decimal128. */
                            .width = precision <= 9    ? 4
                                     : precision <= 18 ? 8
                                                       : 16,
                            .precision = (unsigned)precision,
                            .scale = (unsigned)scale};
    return true;
}

/*
 * DateTime, DateTime('Europe/Berlin'). The word is taken. Any zone will do, since seconds since
 * 1970 are the same in all; but only in UTC may a time in the rules leave its zone out.
 */
static bool take_datetime(struct lc_scalar *t, struct lc_type_text *c)
{
    struct lc_buf zone;
    bool good;

    *t = (struct lc_scalar){.base = LC_SCALAR_DATETIME, .width = 4};
    if (!lc_type_text_take(c, "("))
        return true;
    lc_buf_init(&zone, 1024);
    good = lc_type_text_name(c, &zone) && lc_type_text_take(c, ")");
    t->utc = good && lc_buf_str(&zone) &&
             (strcmp(lc_buf_str(&zone), "UTC") == 0 || strcmp(lc_buf_str(&zone), "Etc/UTC") == 0);
    lc_buf_release(&zone);
    return good;
}

bool lc_scalar_type_read(struct lc_scalar *out, struct lc_type_text *c)
{
    /* The longer of two that begin alike comes first. */
    static const struct {
        const char *word;
        struct lc_scalar scalar;
    } plain[] = {{"UInt16", {LC_SCALAR_UINT, 2, 0, 0, false}},
                 {"UInt32", {LC_SCALAR_UINT, 4, 0, 0, false}},
                 {"UInt64", {LC_SCALAR_UINT, 8, 0, 0, false}},
                 {"UInt8", {LC_SCALAR_UINT, 1, 0, 0, false}},
                 {"Int16", {LC_SCALAR_INT, 2, 0, 0, false}},
                 {"Int32", {LC_SCALAR_INT, 4, 0, 0, false}},
                 {"Int64", {LC_SCALAR_INT, 8, 0, 0, false}},
                 {"Int8", {LC_SCALAR_INT, 1, 0, 0, false}},
                 {"Float32", {LC_SCALAR_FLOAT, 4, 0, 0, false}},
                 {"Float64", {LC_SCALAR_FLOAT, 8, 0, 0, false}},
                 {"Bool", {LC_SCALAR_BOOL, 1, 0, 0, false}}};
    struct lc_type_text before;

    lc_type_text_spaces(c);
    before = *c;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (lc_type_text_take(c, plain[i].word)) {
            *out = plain[i].scalar;
            return true;
        }
    if (lc_type_text_take(c, "Decimal") && take_decimal(out, c))
        return true;
    *c = before;
    if (lc_type_text_take(c, "DateTime") && take_datetime(out, c))
        return true;
    *c = before;
    if (lc_type_text_take(c, "Date")) {
        *out = (struct lc_scalar){.base = LC_SCALAR_DATE, .width = 2};
        return true;
    }
    return false;
}

bool lc_scalar_type_parse(struct lc_scalar *out, bool *nullable, const char *type)
{
    struct lc_type_text c = {type, type};

    *nullable = lc_type_text_take(&c, "Nullable");
    if ((*nullable && !lc_type_text_take(&c, "(")) || !lc_scalar_type_read(out, &c) ||
        (*nullable && !lc_type_text_take(&c, ")")))
        return false;
    lc_type_text_spaces(&c);
    return *c.p == '\0';
}

/* Tells reasons apart by their words: change these together with scalar.c. */
static void hint_value(const struct lc_column_type *res, const char *why, struct lc_error *err)
{
    if (strstr(why, "is empty"))
        lc_hint(err, "write a value, or use the type Nullable(...): an empty cell is NULL then");
    else if (strstr(why, "zone"))
        lc_hint(err, "2024-02-29T12:00:00Z in the rules, or --type \"DateTime('UTC')\", or "
                     "seconds since 1970");
    else if (strstr(why, "digits after"))
        lc_hint(err,
                "use a Decimal with a greater scale, or round the value: livecol does not round");
    else if (res->scalar.base == LC_SCALAR_DECIMAL && strstr(why, "decimal number"))
        lc_hint(err, "digits, one point, and a minus sign before them: -1234.50");
    else
        lc_hint(err, "correct the rule, or use a type that holds the value");
}

/* Read the values once; an empty cell of a Nullable type is NULL. */
static int init_scalar(struct lc_column_type *res, const char *name, struct lc_error *err)
{
    uint32_t n = res->rules->attrs[res->attribute].values;

    res->base = LC_BASE_SCALAR;
    res->width = res->scalar.width;
    if (res->width <= 8)
        res->code = res->own_code = calloc(n, sizeof *res->own_code);
    else
        res->wide = calloc(n, 16);
    if (!res->own_code && !res->wide)
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);
    /* Id 0, the miss, keeps the zeros of calloc: 0, 1970-01-01, false. */
    for (uint32_t id = 1; id < n; id++) {
        struct lc_slice text = lc_rules_value(res->rules, res->attribute, id);
        uint8_t wire[16];
        const char *why;

        if (text.n == 0 && res->nullable) {
            res->null_id = id;
            continue;
        }
        why = lc_scalar_read(&res->scalar, text, wire);
        if (why) {
            bad_value(res, id, name, why, err);
            hint_value(res, why, err);
            return LC_ERR_INPUT;
        }
        if (res->wide)
            memcpy(res->wide + (size_t)id * 16, wire, 16);
        else
            memcpy(&res->own_code[id], wire, 8);
    }
    return 0;
}

/* The value's bytes as they go over the wire, zeros after them. */
static void wire_of(const struct lc_column_type *res, uint32_t value_id, uint8_t wire[16])
{
    memset(wire, 0, 16);
    if (res->wide)
        memcpy(wire, res->wide + (size_t)value_id * 16, 16);
    else
        memcpy(wire, &res->code[value_id], 8);
}

size_t lc_column_type_text(const struct lc_column_type *res, uint32_t value_id,
                           char out[LC_SCALAR_TEXT_BYTES])
{
    uint8_t wire[16];

    wire_of(res, value_id, wire);
    return lc_scalar_write(&res->scalar, wire, out);
}

/*
 * Read the type at c and fit the values to it. The order counts: a plain UInt is recognized
 * first, and one within Nullable is a scalar. 0 or an error; in both cases what it allocated is
 * freed by lc_column_type_release.
 */
static int init_type(struct lc_column_type *res, struct lc_type_text *c, const char *name,
                     struct lc_error *err)
{
    static const struct {
        const char *word;
        enum lc_base base;
        unsigned width;
    } uints[] = {{"UInt16", LC_BASE_UINT16, 2},
                 {"UInt32", LC_BASE_UINT32, 4},
                 {"UInt64", LC_BASE_UINT64, 8},
                 {"UInt8", LC_BASE_UINT8, 1}};
    unsigned closing = 0;

    for (size_t i = 0; i < sizeof uints / sizeof uints[0]; i++)
        if (lc_type_text_take(c, uints[i].word)) {
            res->base = uints[i].base;
            res->width = uints[i].width;
            return init_uint(res, name, err);
        }
    if (lc_type_text_take(c, "Enum8") || lc_type_text_take(c, "Enum16")) {
        res->base = c->p[-1] == '8' ? LC_BASE_ENUM8 : LC_BASE_ENUM16;
        res->width = res->base == LC_BASE_ENUM8 ? 1 : 2;
        return lc_type_text_take(c, "(") ? init_enum(res, c, name, err) : bad_type(c->start, err);
    }
    if (lc_type_text_take(c, "LowCardinality")) {
        if (!lc_type_text_take(c, "("))
            return bad_type(c->start, err);
        res->low_cardinality = true;
        closing++;
    }
    if (lc_type_text_take(c, "Nullable")) {
        if (!lc_type_text_take(c, "("))
            return bad_type(c->start, err);
        res->nullable = true;
        closing++;
    }
    if (lc_type_text_take(c, "String"))
        res->base = LC_BASE_STRING;
    else if (!res->low_cardinality && lc_scalar_type_read(&res->scalar, c))
        res->base = LC_BASE_SCALAR;
    else
        return bad_type(c->start, err);
    for (; closing; closing--)
        if (!lc_type_text_take(c, ")"))
            return bad_type(c->start, err);
    lc_type_text_spaces(c);
    if (*c->p)
        return bad_type(c->start, err);
    return res->base == LC_BASE_SCALAR ? init_scalar(res, name, err) : 0;
}

/* Copy short values side by side, so that a row costs two loads (bench udf). 0 or LC_ERR_NOMEM. */
static int make_slots(struct lc_column_type *res)
{
    uint32_t values = res->rules->attrs[res->attribute].values;
    uint8_t *slots, *bytes;

    if (values > LC_SLOT_VALUES)
        return 0;
    for (uint32_t id = 0; id < values; id++) {
        struct lc_slice v = lc_column_type_encoded(res, id);

        if (v.n == 0 || v.n > 16) /* 0: a damaged arena, which is said when it is met */
            return 0;
    }
    slots = malloc(values * (size_t)17);
    if (!slots)
        return LC_ERR_NOMEM;
    bytes = slots + values * (size_t)16;
    for (uint32_t id = 0; id < values; id++) {
        struct lc_slice v = lc_column_type_encoded(res, id);

        memcpy(slots + id * (size_t)16, v.p, 16); /* what is behind it may be read: ruleset.h */
        bytes[id] = (uint8_t)v.n;
    }
    res->slots = slots;
    res->slot_bytes = bytes;
    return 0;
}

int lc_column_type_init(struct lc_column_type *res, const struct lc_rules *rules,
                        uint32_t attribute, const char *type, const char *name,
                        struct lc_error *err)
{
    struct lc_type_text c = {type, type};
    int rc;

    *res = (struct lc_column_type){
        .rules = rules, .attribute = attribute, .type = strdup(type), .null_id = LC_NONE};
    if (!res->type)
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);
    rc = init_type(res, &c, name, err);
    if (!rc) {
        lc_type_text_spaces(&c);
        if (*c.p)
            rc = bad_type(type, err);
    }
    if (!rc && res->base == LC_BASE_STRING && make_slots(res))
        rc = lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", name);
    if (rc)
        lc_column_type_release(res);
    return rc;
}

void lc_column_type_release(struct lc_column_type *res)
{
    free(res->type);
    free(res->own_code);
    free(res->wide);
    free(res->slots);
    *res = (struct lc_column_type){0};
}

int lc_column_type_values(const struct lc_column_type *res, uint32_t *rule_to_value, size_t n)
{
    const struct lc_rules *r = res->rules;
    const uint32_t *value_of = r->value_of + (uint64_t)res->attribute * (r->rules + 1u);
    uint32_t highest = 0;

    /*
     * value_of has an entry for every rule number that lc_match gives, the miss among them.
     * Whether the ids are good is asked once, of the highest: no branch in the loop.
     */
    for (size_t i = 0; i < n; i++) {
        uint32_t id = value_of[rule_to_value[i]];

        highest = id > highest ? id : highest;
        rule_to_value[i] = id;
    }
    return highest < r->attrs[res->attribute].values ? 0 : LC_ERR_INPUT;
}
