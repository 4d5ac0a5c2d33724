/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types are taken apart by their names, as the server writes them. A simple type has its values
 * in a table; Array, Tuple and Map are built of the values of their elements, as SQL, since a
 * text of such a value would need quotes within quotes.
 */
#include "cli/column/edge_values.h"

#include "cli/sql/quote.h"
#include "udf/argument.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * DEPTH_MAX: types within types, deeper ones are not known; VALUES_MAX: of one type, the rest
 * is left out (of an Enum with very many labels); NESTED_MAX: elements that an Array, Tuple or
 * Map is made with.
 */
enum { DEPTH_MAX = 4, VALUES_MAX = 2000, NESTED_MAX = 40, TEXT_MAX_BYTES = 1 << 20 };

static const char null_text[] = "NULL";

/* Append a copy of the n bytes, which may have zeros among them. */
static int add(struct lc_edge_values *e, const void *p, size_t n)
{
    struct lc_slice *v;
    uint8_t *copy;

    if (e->n >= VALUES_MAX)
        return 0;
    v = realloc(e->v, (e->n + 1) * sizeof *v);
    if (!v)
        return LC_ERR_NOMEM;
    e->v = v;
    copy = malloc(n + 1);
    if (!copy)
        return LC_ERR_NOMEM;
    if (n)
        memcpy(copy, p, n);
    copy[n] = 0;
    e->v[e->n++] = (struct lc_slice){copy, n};
    return 0;
}

static int add_text(struct lc_edge_values *e, const char *text)
{
    return add(e, text, strlen(text));
}

/* NULL is a slice whose p is NULL, which an empty text's is not. */
static int add_null(struct lc_edge_values *e)
{
    int rc = add_text(e, "");

    if (rc == 0) {
        free((void *)(uintptr_t)e->v[e->n - 1].p);
        e->v[e->n - 1] = (struct lc_slice){NULL, 0};
    }
    return rc;
}

/* Types whose edges are known by their names alone; the longer of two that begin alike comes first. */
static const struct {
    const char *type;
    const char *texts[9];
} simple[] = {
    {"UInt8", {"0", "1", "255"}},
    {"UInt16", {"0", "1", "65535"}},
    {"UInt32", {"0", "1", "4294967295"}},
    {"UInt64", {"0", "1", "18446744073709551615"}},
    {"UInt128", {"0", "1", "340282366920938463463374607431768211455"}},
    {"UInt256",
     {"0", "1", "115792089237316195423570985008687907853269984665640564039457584007913129639935"}},
    {"Int8", {"0", "-1", "1", "127", "-128"}},
    {"Int16", {"0", "-1", "1", "32767", "-32768"}},
    {"Int32", {"0", "-1", "1", "2147483647", "-2147483648"}},
    {"Int64", {"0", "-1", "1", "9223372036854775807", "-9223372036854775808"}},
    {"Int128",
     {"0", "-1", "1", "170141183460469231731687303715884105727",
      "-170141183460469231731687303715884105728"}},
    {"Int256",
     {"0", "-1", "1",
      "57896044618658097711785492504343953926634992332820282019728792003956564819967",
      "-57896044618658097711785492504343953926634992332820282019728792003956564819968"}},
    {"Float32", {"0", "1.5", "-1", "3.4e38", "-3.4e38", "inf", "-inf", "nan"}},
    {"Float64", {"0", "1.5", "-1", "1.7e308", "-1.7e308", "inf", "-inf", "nan"}},
    {"BFloat16", {"0", "1.5", "-1", "3e38", "-3e38", "inf", "-inf", "nan"}},
    {"Bool", {"false", "true"}},
    {"Date", {"1970-01-01", "2024-01-31", "2149-06-06"}},
    {"Date32", {"1970-01-01", "1969-12-31", "1900-01-01", "2299-12-31"}},
    {"Time", {"00:00:00", "00:00:01", "-00:00:01", "999:59:59", "-999:59:59"}},
    {"UUID", {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}},
    {"IPv4", {"0.0.0.0", "10.1.2.3", "255.255.255.255"}},
    {"IPv6", {"::", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
};

/* '', the bytes 0x00 and 0xFF, a letter, and 0xFF over the whole width; 0: of no fixed one. */
static int add_strings(struct lc_edge_values *e, size_t width)
{
    char full[64];

    memset(full, 0xff, sizeof full);
    return add(e, "", 0) || add(e, "\0", 1) || add(e, full, 1) || add(e, "a", 1) ||
                   add(e, full, width && width < sizeof full ? width : sizeof full)
               ? LC_ERR_NOMEM
               : 0;
}

/* The ends of the calendar, a day inside, so that they are values in every time zone. */
static int add_times(struct lc_edge_values *e, bool fine, long scale)
{
    if (!fine)
        return add_text(e, "1970-01-02 00:00:00") || add_text(e, "2106-02-06 00:00:00")
                   ? LC_ERR_NOMEM
                   : 0;
    return add_text(e, "1970-01-02 00:00:00") ||
                   add_text(e, scale ? "2024-01-31 12:34:56.5" : "2024-01-31 12:34:56") ||
                   add_text(e, "1969-12-30 23:59:59") || add_text(e, "1900-01-02 00:00:00") ||
                   add_text(e, scale > 8 ? "2262-04-10 00:00:00" : "2299-12-30 00:00:00")
               ? LC_ERR_NOMEM
               : 0;
}

/* Decimal(P, S): 0, the least and greatest, one unit of the last place. */
static int add_decimals(struct lc_edge_values *e, const char *type)
{
    long digits = 0, scale = 0;
    char text[100], *at = text;

    if (sscanf(type, "Decimal(%ld , %ld)", &digits, &scale) != 2 || digits < 1 || digits > 76 ||
        scale < 0 || scale > digits)
        return 0;
    for (long i = 0; i < digits - scale; i++)
        *at++ = '9';
    if (at == text)
        *at++ = '0';
    if (scale)
        *at++ = '.';
    for (long i = 0; i < scale; i++)
        *at++ = '9';
    *at = '\0';
    if (add_text(e, "0") || add_text(e, text))
        return LC_ERR_NOMEM;
    memmove(text + 1, text, strlen(text) + 1);
    text[0] = '-';
    if (add_text(e, text) || (digits > scale && (add_text(e, "-1") || add_text(e, "1"))))
        return LC_ERR_NOMEM;
    if (scale == 0)
        return 0;
    snprintf(text, sizeof text, "0.%0*d", (int)scale, 1);
    return add_text(e, text);
}

/* Each label of an Enum. A type that cannot be parsed has none, and so is not known. */
static int add_labels(struct lc_edge_values *e, const char *type)
{
    struct lc_argument arg;
    int rc = lc_argument_parse(&arg, type, NULL);

    for (size_t i = 0; rc == 0 && i < arg.n_labels; i++)
        rc = add(e, arg.labels[i].name.p, arg.labels[i].name.n);
    lc_argument_release(&arg);
    return rc == LC_ERR_NOMEM ? rc : 0;
}

/* The next part of "a, b(c, d), 'e,'" from *at on, which is moved behind its comma; NULL: no more. */
static char *next_part(const char **at)
{
    const char *start = *at, *p;
    unsigned depth = 0;
    char quote = 0;

    while (*start == ' ')
        start++;
    if (!*start)
        return NULL;
    for (p = start; *p && (quote || depth || *p != ','); p++) {
        if (quote) {
            if (*p == '\\' && p[1])
                p++;
            else if (*p == quote)
                quote = 0;
        } else if (*p == '\'' || *p == '`') {
            quote = *p;
        } else {
            depth += *p == '(';
            depth -= *p == ')' && depth;
        }
    }
    *at = *p ? p + 1 : p;
    return strndup(start, (size_t)(p - start));
}

/* What is between the parentheses of "Word(…)", malloc'ed; NULL where it is no such type. */
static char *inside(const char *type, const char *word)
{
    size_t n = strlen(word), all = strlen(type);

    if (strncmp(type, word, n) != 0 || type[n] != '(' || type[all - 1] != ')')
        return NULL;
    return strndup(type + n + 1, all - n - 2);
}

/* A value as SQL: an expression as it is, a text in quotes. */
static int add_sql(struct lc_buf *b, struct lc_slice v, bool is_sql)
{
    if (!v.p)
        return lc_buf_adds(b, null_text);
    return is_sql ? lc_buf_add(b, v.p, v.n) : lc_sql_add_bytes(b, v.p, v.n);
}

static int make(struct lc_edge_values *e, const char *type, unsigned depth);

/* [] and [value] for each of the elements'. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int add_arrays(struct lc_edge_values *e, const char *of, unsigned depth)
{
    struct lc_edge_values inner = {.known = true};
    struct lc_buf text;
    int rc = make(&inner, of, depth + 1);

    e->is_sql = true;
    lc_buf_init(&text, TEXT_MAX_BYTES);
    rc = rc ? rc : add_text(e, "[]");
    for (size_t i = 0; rc == 0 && i < inner.n && i < NESTED_MAX; i++) {
        lc_buf_reset(&text);
        rc = lc_buf_adds(&text, "[") || add_sql(&text, inner.v[i], inner.is_sql) ||
                     lc_buf_adds(&text, "]")
                 ? LC_ERR_NOMEM
                 : add(e, text.p, text.n);
    }
    lc_buf_release(&text);
    lc_edge_values_release(&inner);
    return rc;
}

/*
 * Parts of a Tuple whose values are made; those after them are left out, so the CAST fails and the
 * type counts as unknown.
 */
enum { PARTS_MAX = 16 };

/* The edges of each part of a Tuple, or of a Map's key and value. */
struct parts {
    struct lc_edge_values v[PARTS_MAX];
    size_t n, most; /* most: values of the part that has the most */
    bool known;     /* every part has values */
};

static void parts_release(struct parts *p)
{
    for (size_t i = 0; i < p->n; i++)
        lc_edge_values_release(&p->v[i]);
}

/* The types of a Tuple's or a Map's parts, without the elements' names. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int read_parts(struct parts *p, const char *list, unsigned depth)
{
    const char *at = list;
    char *part;
    int rc = 0;

    *p = (struct parts){.known = true};
    while (rc == 0 && p->n < PARTS_MAX && (part = next_part(&at))) {
        /* "name Type" or "Type": a type holds a blank only behind a parenthesis. */
        char *blank = strchr(part, ' '), *open = strchr(part, '(');
        const char *type = blank && (!open || blank < open) ? blank + 1 : part;

        p->v[p->n].known = true;
        rc = make(&p->v[p->n], type, depth + 1);
        p->known = p->known && p->v[p->n].n > 0;
        p->most = p->v[p->n].n > p->most ? p->v[p->n].n : p->most;
        p->n++;
        free(part);
    }
    return rc;
}

/* The i-th of each part, between the brackets; a part with fewer begins anew. */
static int add_together(struct lc_edge_values *e, const struct parts *p, size_t i, bool map)
{
    struct lc_buf text;
    int rc;

    lc_buf_init(&text, TEXT_MAX_BYTES);
    rc = lc_buf_adds(&text, map ? "map(" : "tuple(");
    for (size_t k = 0; rc == 0 && k < p->n; k++)
        rc = (k && lc_buf_adds(&text, ", ")) ||
             add_sql(&text, p->v[k].v[i % p->v[k].n], p->v[k].is_sql);
    rc = rc || lc_buf_adds(&text, ")") ? LC_ERR_NOMEM : add(e, text.p, text.n);
    lc_buf_release(&text);
    return rc;
}

/*
 * Of a Tuple (1, 'a') and then (2, 'b'): parts go in step, not each with each, whose number
 * would grow by every part. A part without known values makes a Tuple unknown; of a Map, map()
 * is left.
 */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int add_parts(struct lc_edge_values *e, const char *list, bool map, unsigned depth)
{
    struct parts p;
    int rc = read_parts(&p, list, depth);

    e->is_sql = true;
    if (rc == 0 && map)
        rc = add_text(e, "map()");
    for (size_t i = 0; rc == 0 && p.known && p.n && i < p.most && i < NESTED_MAX; i++)
        rc = add_together(e, &p, i, map);
    if (!p.known)
        e->known = map;
    parts_release(&p);
    return rc;
}

/* A type without LowCardinality and Nullable around it. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int make_plain(struct lc_edge_values *e, const char *type, unsigned depth)
{
    static const char *const wholes[] = {"Array", "Tuple", "Map"};
    long width;

    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
        if (strcmp(type, simple[i].type) == 0) {
            for (const char *const *t = simple[i].texts; *t; t++)
                if (add_text(e, *t))
                    return LC_ERR_NOMEM;
            return 0;
        }
    if (strcmp(type, "String") == 0)
        return add_strings(e, 0);
    if (sscanf(type, "FixedString(%ld)", &width) == 1)
        return add_strings(e, width > 0 ? (size_t)width : 1);
    if (strncmp(type, "Time64(", 7) == 0)
        return make_plain(e, "Time", depth);
    if (strncmp(type, "DateTime64(", 11) == 0)
        return add_times(e, true, strtol(type + 11, NULL, 10));
    if (strncmp(type, "DateTime", 8) == 0)
        return add_times(e, false, 0);
    if (strncmp(type, "Decimal(", 8) == 0)
        return add_decimals(e, type);
    if (strncmp(type, "Enum", 4) == 0)
        return add_labels(e, type);
    if (strncmp(type, "JSON", 4) == 0)
        return add_text(e, "{}");
    if (strncmp(type, "Variant(", 8) == 0 || strncmp(type, "Dynamic", 7) == 0)
        return add_text(e, "1") || add_null(e) ? LC_ERR_NOMEM : 0;
    for (size_t i = 0; i < 3 && depth < DEPTH_MAX; i++) {
        char *list = inside(type, wholes[i]);
        int rc;

        if (!list)
            continue;
        rc = i == 0 ? add_arrays(e, list, depth) : add_parts(e, list, i == 2, depth);
        free(list);
        return rc;
    }
    return 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX types within types. */
static int make(struct lc_edge_values *e, const char *type, unsigned depth)
{
    char *plain = lc_edge_values_plain(type);
    int rc = plain ? make_plain(e, plain, depth) : LC_ERR_NOMEM;

    if (rc == 0 && e->n &&
        (strncmp(type, "Nullable(", 9) == 0 || strncmp(type, "LowCardinality(Nullable(", 24) == 0))
        rc = add_null(e);
    free(plain);
    e->known = e->known && e->n > 0;
    return rc;
}

int lc_edge_values_make(struct lc_edge_values *e, const char *type, struct lc_error *err)
{
    *e = (struct lc_edge_values){.known = true};
    return make(e, type, 0) ? lc_fail(err, LC_ERR_NOMEM, "no memory for a type's values") : 0;
}

void lc_edge_values_release(struct lc_edge_values *e)
{
    for (size_t i = 0; i < e->n; i++)
        free((void *)(uintptr_t)e->v[i].p);
    free(e->v);
    *e = (struct lc_edge_values){0};
}

char *lc_edge_values_plain(const char *type)
{
    static const char *const wraps[] = {"LowCardinality(", "Nullable("};
    char *plain = strdup(type);

    for (size_t i = 0; plain && i < 2; i++) {
        size_t n = strlen(wraps[i]);

        if (strncmp(plain, wraps[i], n) == 0) {
            memmove(plain, plain + n, strlen(plain + n) + 1);
            plain[strlen(plain) - 1] = '\0'; /* its ')' */
        }
    }
    return plain;
}

int lc_edge_values_add_array(const struct lc_edge_values *e, const char *type, struct lc_buf *sql)
{
    static const char low[] = "LowCardinality(";
    const size_t n = sizeof low - 1;
    bool strip = strncmp(type, low, n) == 0 && !strstr(type, "String");
    struct lc_buf array;
    int rc = lc_buf_adds(sql, "CAST([");

    for (size_t i = 0; rc == 0 && i < e->n; i++)
        rc = (i && lc_buf_adds(sql, ", ")) || add_sql(sql, e->v[i], e->is_sql);
    lc_buf_init(&array, TEXT_MAX_BYTES);
    rc = rc || lc_buf_adds(&array, "Array(") ||
         lc_buf_add(&array, strip ? type + n : type, strlen(type) - (strip ? n + 1 : 0)) ||
         lc_buf_adds(&array, ")") || !lc_buf_str(&array) || lc_buf_adds(sql, "], ") ||
         lc_sql_add_str(sql, lc_buf_str(&array)) || lc_buf_adds(sql, ")");
    lc_buf_release(&array);
    return rc ? LC_ERR_NOMEM : 0;
}
