/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes SQL text only; a migration sends it. One dictionary holds keys of all lengths. The
 * expression asks it once for each length that keys have, from the longest; a miss goes on to
 * the next shorter one, and the last miss gives the attribute's DEFAULT.
 */
#include "cli/column/rule_dictionary.h"

#include "cli/column/rule_expression.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"
#include "udf/column_type.h"

#include <stdio.h>
#include <string.h>

/*
 * An INSERT ends with the row that passes INSERT_BYTES. Names of up to NAME_BYTES are never cut
 * by the buffers below.
 */
enum { INSERT_BYTES = 100 << 10, TYPE_BYTES = LC_TYPE_BYTES + 16, NAME_BYTES = 200 };

/* The lengths of prefixes, in bytes: set[n]. */
struct lengths {
    bool set[LC_MAX_KEY_BYTES + 1];
    /* the number of lengths; the shortest one in bytes */
    uint32_t n, shortest;
};

/* The lengths of all keys but the default's. */
static void find_lengths(const struct lc_rules *rules, struct lengths *l)
{
    *l = (struct lengths){0};
    for (uint32_t i = 0; i < rules->rules; i++) {
        size_t n = lc_rules_key(rules, i).n;

        if (i == rules->default_rule || n > LC_MAX_KEY_BYTES || l->set[n])
            continue;
        l->set[n] = true;
        if (l->n++ == 0 || n < l->shortest)
            l->shortest = (uint32_t)n;
    }
}

/* The attribute's type: a dictionary has no LowCardinality. Nullable stays. Into out. */
static const char *attribute_type(const char *type, char out[TYPE_BYTES])
{
    char plain[LC_TYPE_BYTES];
    const char *name = lc_type_plain(type, plain);

    snprintf(out, TYPE_BYTES, strstr(type, "Nullable(") ? "Nullable(%s)" : "%s", name);
    return out;
}

int lc_rule_dictionary_check(const struct lc_rule_dictionary *d, struct lc_error *err)
{
    char type[TYPE_BYTES], plain[LC_TYPE_BYTES];
    const char *of = lc_type_plain(attribute_type(d->type, type), plain);
    struct lc_column_type typed = {0};
    struct lengths l;

    if ((d->rules->kind != LC_KIND_PREFIX && d->rules->kind != LC_KIND_EXACT) ||
        d->rules->form != LC_FORM_PLAIN) {
        lc_fail(err, LC_ERR_REFUSED, "%s rules cannot be in a dictionary over a table",
                lc_kind_name_with(d->rules->kind, d->rules->options));
        lc_hint(err, lc_rule_expression_is_written(d->rules)
                         ? "--as sql writes them as an expression"
                         : "use the function");
        return LC_ERR_REFUSED;
    }
    if (strcmp(of, "String") != 0 && !lc_type_is_integer(of))
        return lc_fail(err, LC_ERR_REFUSED,
                       "a dictionary of rules gives String or an integer, and not %s", d->type);
    if (strlen(d->name) > NAME_BYTES || strlen(d->database) > NAME_BYTES ||
        d->rules->names[d->attribute].n > NAME_BYTES)
        return lc_fail(err, LC_ERR_REFUSED, "a name of over %d bytes", NAME_BYTES);
    /* A value that does not fit would be cut in silence. */
    if (lc_column_type_init(&typed, d->rules, d->attribute, type, "the rules", err))
        return LC_ERR_REFUSED;
    lc_column_type_release(&typed);
    find_lengths(d->rules, &l);
    if (d->rules->kind == LC_KIND_PREFIX && l.n > LC_EXPRESSION_MAX_LENGTHS) {
        lc_fail(err, LC_ERR_REFUSED,
                "the keys of the %u rules have %u lengths: a dictionary is queried once for each, "
                "and %u are the most",
                d->rules->rules, l.n, LC_EXPRESSION_MAX_LENGTHS);
        lc_hint(err, "use the function");
        return LC_ERR_REFUSED;
    }
    return 0;
}

/* `database`.`name`, with what is appended to the dictionary's name: "" or "_rules". */
static int add_name(const struct lc_rule_dictionary *d, const char *suffix, struct lc_buf *out)
{
    char name[300];

    snprintf(name, sizeof name, "%s%s", d->name, suffix);
    return lc_sql_add_name(out, d->database) || lc_buf_adds(out, ".") || lc_sql_add_name(out, name);
}

/*
 * The attribute's name in backticks: the table's column and the dictionary's attribute share
 * it.
 */
static int add_attribute(const struct lc_rule_dictionary *d, struct lc_buf *out)
{
    struct lc_slice name = d->rules->names[d->attribute];
    char text[300];

    snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
    return lc_sql_add_id(out, text);
}

static int add_literal(struct lc_buf *out, struct lc_slice s)
{
    return lc_sql_add_bytes(out, s.n ? (const void *)s.p : "", s.n);
}

/* Digits, and a minus sign at most: no plus sign, blank or point. */
static bool is_number(struct lc_slice v)
{
    size_t sign = v.n > 1 && v.p[0] == '-';

    for (size_t i = sign; i < v.n; i++)
        if (v.p[i] < '0' || v.p[i] > '9')
            return false;
    return v.n > 0;
}

/*
 * Numbers are written as they are: 007 is 7 to a server too. What is none is for the server to
 * refuse. Value id 0 is what a key without a rule gets.
 */
static int add_value(const struct lc_rule_dictionary *d, uint32_t rule, struct lc_buf *out)
{
    const struct lc_rules *r = d->rules;
    uint32_t id = lc_rules_value_id(r, d->attribute, rule);

    bool empty = lc_rules_value(r, d->attribute, id).n == 0;

    if (strstr(d->type, "Nullable(") && (id == 0 || (empty && lc_type_is_integer(d->type))))
        return lc_buf_adds(out, "NULL");
    if (id == 0 && lc_type_is_integer(d->type))
        return lc_buf_adds(out, "0");
    if (lc_type_is_integer(d->type) && is_number(lc_rules_value(r, d->attribute, id)))
        return lc_buf_add(out, lc_rules_value(r, d->attribute, id).p,
                          lc_rules_value(r, d->attribute, id).n);
    return add_literal(out, lc_rules_value(r, d->attribute, id));
}

/* The rules as rows; the dictionary reads the whole table when it is loaded. */
static int add_table(const struct lc_rule_dictionary *d, struct lc_buf *out)
{
    char type[TYPE_BYTES];

    return lc_buf_adds(out, "CREATE TABLE ") || add_name(d, "_rules", out) ||
           lc_buf_adds(out, " (`key` String, ") || add_attribute(d, out) ||
           lc_buf_addf(out, " %s) ENGINE = MergeTree ORDER BY `key`;\n",
                       attribute_type(d->type, type));
}

/* Every rule but the default, in as many INSERTs as it takes. */
static int add_rows(const struct lc_rule_dictionary *d, struct lc_buf *out)
{
    size_t from = 0;
    bool open = false;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < d->rules->rules; i++) {
        if (i == d->rules->default_rule)
            continue;
        if (open && out->n - from > INSERT_BYTES) {
            rc = lc_buf_adds(out, ";\n");
            open = false;
        }
        if (rc == 0 && !open) {
            from = out->n;
            rc = lc_buf_adds(out, "INSERT INTO ") || add_name(d, "_rules", out) ||
                 lc_buf_adds(out, " (`key`, ") || add_attribute(d, out) ||
                 lc_buf_adds(out, ") VALUES\n");
        }
        rc = rc || lc_buf_adds(out, open ? ",\n(" : "(") ||
             add_literal(out, lc_rules_key(d->rules, i)) || lc_buf_adds(out, ", ") ||
             add_value(d, i, out) || lc_buf_adds(out, ")");
        open = true;
    }
    return rc || (open && lc_buf_adds(out, ";\n"));
}

/* The default of the rules, or the miss, is what the attribute is where no key is. */
static uint32_t default_of(const struct lc_rules *r)
{
    return r->default_rule < r->rules ? r->default_rule : r->rules;
}

/*
 * COMPLEX_KEY_HASHED takes String keys, which are looked up as tuples. LIFETIME(0): the server
 * does not reload it, since rules under a published name never change.
 */
static int add_dictionary(const struct lc_rule_dictionary *d, struct lc_buf *out)
{
    char type[TYPE_BYTES], table[300];

    snprintf(table, sizeof table, "%s_rules", d->name);
    return lc_buf_adds(out, "CREATE DICTIONARY ") || add_name(d, "", out) ||
           lc_buf_adds(out, " (`key` String, ") || add_attribute(d, out) ||
           lc_buf_addf(out, " %s DEFAULT ", attribute_type(d->type, type)) ||
           add_value(d, default_of(d->rules), out) ||
           lc_buf_adds(out, ")\nPRIMARY KEY `key` SOURCE(CLICKHOUSE(DB ") ||
           lc_sql_add_str(out, d->database) || lc_buf_adds(out, " TABLE ") ||
           lc_sql_add_str(out, table) ||
           lc_buf_adds(out, "))\nLAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0);\n");
}

int lc_rule_dictionary_create(const struct lc_rule_dictionary *d, struct lc_buf *out)
{
    return add_table(d, out) || add_rows(d, out) || add_dictionary(d, out) ? LC_ERR_NOMEM : 0;
}

int lc_rule_dictionary_drop(const struct lc_rule_dictionary *d, struct lc_buf *out)
{
    return lc_buf_adds(out, "DROP DICTIONARY IF EXISTS ") || add_name(d, "", out) ||
                   lc_buf_adds(out, ";\nDROP TABLE IF EXISTS ") || add_name(d, "_rules", out) ||
                   lc_buf_adds(out, ";\n")
               ? LC_ERR_NOMEM
               : 0;
}

/*
 * "dictGet('db.name', 'attribute', tuple(" The last lookup is dictGet: a miss gives the
 * attribute's DEFAULT. The others are dictGetOrDefault, with the next lookup as the default.
 */
static int add_get(const struct lc_rule_dictionary *d, bool last, struct lc_buf *out)
{
    char full[600], text[300];
    struct lc_slice name = d->rules->names[d->attribute];

    snprintf(full, sizeof full, "%s.%s", d->database, d->name);
    snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
    return lc_buf_adds(out, last ? "dictGet(" : "dictGetOrDefault(") || lc_sql_add_str(out, full) ||
           lc_buf_adds(out, ", ") || lc_sql_add_str(out, text) || lc_buf_adds(out, ", tuple(");
}

static int add_key(const struct lc_rule_dictionary *d, const char *key_sql, struct lc_buf *out)
{
    return d->converts ? lc_buf_addf(out, "toString(%s)", key_sql) : lc_buf_adds(out, key_sql);
}

int lc_rule_dictionary_expression(const struct lc_rule_dictionary *d, const char *key_sql,
                                  struct lc_buf *out)
{
    struct lengths l;
    int rc = 0;

    find_lengths(d->rules, &l);
    if (d->rules->kind == LC_KIND_EXACT || l.n == 0) /* a default alone: no key is there */
        return add_get(d, true, out) || add_key(d, key_sql, out) || lc_buf_adds(out, "))")
                   ? LC_ERR_NOMEM
                   : 0;
    /* The longest first; each but the last takes the next as its default. */
    for (uint32_t n = LC_MAX_KEY_BYTES + 1; rc == 0 && n-- > 0;) {
        if (!l.set[n])
            continue;
        rc = add_get(d, n == l.shortest, out) || lc_buf_adds(out, "left(") ||
             add_key(d, key_sql, out) || lc_buf_addf(out, ", %u))", n) ||
             (n != l.shortest && lc_buf_adds(out, ", "));
    }
    for (uint32_t i = 0; rc == 0 && i < l.n; i++)
        rc = lc_buf_adds(out, ")");
    return rc ? LC_ERR_NOMEM : 0;
}
