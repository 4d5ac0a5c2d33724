/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three forms, chosen by write_rules:
 *
 *   lookups   kinds with keys: one transform per key length, the next shorter one as its default
 *   nested    a few ranges of unsigned numbers: if() in if()
 *   search    all other ranges, networks and buckets: roundDown over the cuts, then one transform
 *
 * Values are written as texts. Those of a number's, a date's or Bool's type are cast once,
 * around the whole expression, and an empty text then stands for NULL.
 */
#include "cli/column/rule_expression.h"

#include "cli/column/range_expression.h"
#include "cli/sql/type_name.h"
#include "cli/sql/quote.h"
#include "udf/column_type.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Ranges that are written as nested ifs: so many, or with a bound above that. */
#define NESTED_MAX   4u
#define SEARCHED_MAX (UINT64_C(1) << 57)

/* What is written, and with what. */
struct writer {
    const struct lc_rules *rules;
    uint32_t attribute;
    const char *key, *miss;
    struct lc_buf *out;
    const struct lc_column_type *typed; /* NULL: values are texts, as in the rules */
};

/* Rules of one length, rules->rules entries in all, sorted by length, the longest first. */
struct ranked {
    uint32_t rule;
    size_t n;
};

/* The bytes as a string literal. The pointer of an empty slice may be NULL. */
static int add_literal(struct lc_buf *out, struct lc_slice s)
{
    return lc_sql_add_bytes(out, s.n > 0 ? (const void *)s.p : "", s.n);
}

/* The rule's value as a literal. */
static int add_value(const struct writer *w, uint32_t rule)
{
    const struct lc_rules *r = w->rules;
    uint32_t id = lc_rules_value_id(r, w->attribute, rule);
    char text[LC_SCALAR_TEXT_BYTES];

    /* '' is NULL: see lc_rule_expression. */
    if (w->typed && id != LC_NONE)
        return lc_column_type_is_null(w->typed, id)
                   ? lc_buf_adds(w->out, "''")
                   : lc_sql_add_bytes(w->out, text, lc_column_type_text(w->typed, id, text));
    return add_literal(w->out,
                       lc_rules_value(r, w->attribute, lc_rules_value_id(r, w->attribute, rule)));
}

/* What holds where no rule does: the default's value, or the miss. */
static int add_rest(const struct writer *w)
{
    return w->rules->default_rule < w->rules->rules ? add_value(w, w->rules->default_rule)
                                                    : lc_buf_adds(w->out, w->miss);
}

static int longest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* All rules but the default, the longest key first; to be freed. NULL: no memory. */
static struct ranked *rank(const struct lc_rules *rules, uint32_t *n)
{
    struct ranked *order = calloc(rules->rules + 1u, sizeof *order);

    *n = 0;
    for (uint32_t i = 0; order && i < rules->rules; i++)
        if (i != rules->default_rule)
            order[(*n)++] =
                (struct ranked){i, rules->kind == LC_KIND_EXACT ? 0 : lc_rules_key(rules, i).n};
    if (order)
        qsort(order, *n, sizeof *order, longest_first);
    return order;
}

/* "['key', …], ['value', …], " of n rules. */
static int add_arrays(const struct writer *w, const struct ranked *order, uint32_t n)
{
    int rc = lc_buf_adds(w->out, "[");

    for (uint32_t i = 0; i < n && !rc; i++) {
        struct lc_key_text text;

        rc = (i && lc_buf_adds(w->out, ", ")) ||
             add_literal(w->out, lc_rules_key_text(w->rules, order[i].rule, &text));
    }
    rc = rc || lc_buf_adds(w->out, "], [");
    for (uint32_t i = 0; i < n && !rc; i++)
        rc = (i && lc_buf_adds(w->out, ", ")) || add_value(w, order[i].rule);
    return rc || lc_buf_adds(w->out, "], ") ? LC_ERR_NOMEM : 0;
}

/* "transform(substring(k, 1, 3), ": of rules of n bytes. Old servers (18.16) have no left and right. */
static int add_asked(const struct writer *w, size_t n)
{
    const char *open = w->rules->options & LC_OPTION_NOCASE ? "lower(" : "";
    const char *close = *open ? ")" : "";

    if (w->rules->kind == LC_KIND_EXACT)
        return lc_buf_addf(w->out, "transform(%s%s%s, ", open, w->key, close);
    if (w->rules->kind == LC_KIND_SUFFIX)
        return lc_buf_addf(w->out, "transform(right(%s%s%s, %zu), ", open, w->key, close, n);
    return lc_buf_addf(w->out, "transform(substring(%s%s%s, 1, %zu), ", open, w->key, close, n);
}

/* A transform for each length, each in the default of the one before. */
static int add_lookups(const struct writer *w, const struct ranked *order, uint32_t n)
{
    uint32_t lookups = 0;
    int rc = 0;

    for (uint32_t from = 0, to; from < n && !rc; from = to) {
        for (to = from; to < n && order[to].n == order[from].n; to++)
            ;
        rc = add_asked(w, order[from].n);
        rc = rc || add_arrays(w, order + from, to - from);
        lookups++;
    }
    rc = rc || add_rest(w);
    for (; lookups && !rc; lookups--)
        rc = lc_buf_adds(w->out, ")");
    return rc ? LC_ERR_NOMEM : 0;
}

/*
 * The innermost if: the key may still lie in a gap. Rules of this kind have no default, hence
 * the miss.
 */
static int add_range(const struct writer *w, uint32_t rule)
{
    uint64_t from = w->rules->bounds[rule], to = w->rules->bounds[w->rules->rules + rule];

    return lc_buf_addf(w->out, "if(%s >= %" PRIu64 " AND %s <= %" PRIu64 ", ", w->key, from, w->key,
                       to) ||
           add_value(w, rule) || lc_buf_addf(w->out, ", %s)", w->miss);
}

/*
 * Rules from … to - 1, which are sorted and apart: halved until one is left. Recursion as deep as
 * log2 of the rules: at most 24.
 */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int add_ranges(const struct writer *w, uint32_t from, uint32_t to)
{
    uint32_t middle = from + (to - from) / 2;

    if (to - from == 1)
        return add_range(w, from);
    return lc_buf_addf(w->out, "if(%s < %" PRIu64 ", ", w->key, w->rules->bounds[middle]) ||
           add_ranges(w, from, middle) || lc_buf_adds(w->out, ", ") || add_ranges(w, middle, to) ||
           lc_buf_adds(w->out, ")");
}

/*
 * Of so few every condition is computed sooner than the search begins; so are ranges of numbers for which that has no
 * type.
 */
static bool is_nested(const struct lc_rules *r)
{
    return r->kind == LC_KIND_RANGE &&
           (r->rules <= NESTED_MAX || r->bounds[2 * (size_t)r->rules - 1] > SEARCHED_MAX);
}

/* Does a rule other than the default hold from this cut on? */
static bool has_rule(const struct lc_rules *r, const struct lc_range_cut *cut)
{
    return cut->rule < r->rules && cut->rule != r->default_rule;
}

/* "[1, 5]": all cuts, or those where a rule holds. Wide ones as texts that are cast, for which there is no literal. */
static int add_cuts(const struct writer *w, const struct lc_range_cut *cuts, size_t n, bool all)
{
    bool wide = lc_range_is_wide(w->rules), any = false;
    const char *quote = wide ? "'" : "";
    int rc = lc_buf_adds(w->out, wide ? "CAST([" : "[");

    for (size_t i = 0; i < n && !rc; i++) {
        if (!all && !has_rule(w->rules, &cuts[i]))
            continue;
        rc = lc_buf_addf(w->out, "%s%s%s%s", any ? ", " : "", quote, cuts[i].number, quote);
        any = true;
    }
    return rc || lc_buf_adds(w->out, wide ? "], 'Array(Decimal(76, 0))')" : "]");
}

static int add_search(const struct writer *w, struct lc_error *err)
{
    const struct lc_rules *r = w->rules;
    struct lc_range_cut *cuts;
    size_t n = 0;
    bool any = false;
    int rc = lc_range_cuts(r, &cuts, &n, err);

    if (rc)
        return rc;
    rc = lc_buf_adds(w->out, "transform(roundDown(") || lc_range_add_number(r, w->key, w->out) ||
         lc_buf_adds(w->out, ", ") || add_cuts(w, cuts, n, true) || lc_buf_adds(w->out, "), ") ||
         add_cuts(w, cuts, n, false) || lc_buf_adds(w->out, ", [");
    for (size_t i = 0; i < n && !rc; i++) {
        if (!has_rule(r, &cuts[i]))
            continue;
        rc = (any && lc_buf_adds(w->out, ", ")) || add_value(w, cuts[i].rule);
        any = true;
    }
    rc = rc || lc_buf_adds(w->out, "], ") || add_rest(w) || lc_buf_adds(w->out, ")")
             ? lc_no_memory(err)
             : 0;
    free(cuts);
    return rc;
}

/* Different lengths among entries that are sorted by length. */
static uint32_t count_lengths(const struct ranked *order, uint32_t n)
{
    uint32_t lengths = n > 0;

    for (uint32_t i = 1; i < n; i++)
        lengths += order[i].n != order[i - 1].n;
    return lengths;
}

/* What to do where an expression is not worth it. */
static const char *instead(const struct lc_rules *rules)
{
    bool looked_up = rules->kind == LC_KIND_PREFIX || rules->kind == LC_KIND_EXACT;

    return looked_up && rules->form == LC_FORM_PLAIN
               ? "keep the function, or use a dictionary: livecol new … --as dictionary makes one"
               : "keep the function";
}

/* Can it be written so, and is it worth it? */
static int check(const struct lc_rules *rules, const struct ranked *order, uint32_t n,
                 struct lc_error *err)
{
    uint32_t lengths = count_lengths(order, n);

    if (lengths <= LC_EXPRESSION_MAX_LENGTHS)
        return 0;
    lc_fail(err, LC_ERR_REFUSED,
            "the keys of the %u rules have %u lengths: an expression looks up each one, and %u are "
            "the most",
            rules->rules, lengths, LC_EXPRESSION_MAX_LENGTHS);
    lc_hint(err, "%s", instead(rules));
    return LC_ERR_REFUSED;
}

/* Of a kind that is not written here the wrong expression would be made. */
bool lc_rule_expression_is_written(const struct lc_rules *rules)
{
    switch (rules->kind) {
    case LC_KIND_PREFIX:
    case LC_KIND_EXACT:
    case LC_KIND_RANGE:
    case LC_KIND_SUFFIX:
    case LC_KIND_CIDR:
    case LC_KIND_SPAN:
    case LC_KIND_BUCKET:
        return true;
    case LC_KIND_DOMAIN:
    default:
        return false;
    }
}

/* The expression without its CAST. */
static int write_rules(const struct writer *w, struct lc_error *err)
{
    const struct lc_rules *rules = w->rules;
    struct ranked *order;
    uint32_t n;
    int rc;

    if (!lc_kind_has_keys(rules->kind) && !is_nested(rules))
        return add_search(w, err);
    order = rank(rules, &n);
    if (!order)
        return lc_no_memory(err);
    rc = check(rules, order, n, err);
    if (rc == 0 &&
        (rules->kind == LC_KIND_RANGE ? add_ranges(w, 0, rules->rules) : add_lookups(w, order, n)))
        rc = lc_no_memory(err);
    free(order);
    return rc;
}

/* The values' type, where it is one that is cast to; else *typed keeps its base of a String. */
static int open_type(struct lc_column_type *typed, const struct lc_rules *rules, uint32_t attribute,
                     const char *type, struct lc_error *err)
{
    struct lc_scalar scalar;
    bool nullable;

    if (!type || !lc_scalar_type_parse(&scalar, &nullable, type))
        return 0;
    return lc_column_type_init(typed, rules, attribute, type, "the rules", err);
}

int lc_rule_expression(const struct lc_rules *rules, uint32_t attribute, const char *type,
                       const char *key_sql, const char *miss_sql, struct lc_buf *out,
                       struct lc_error *err)
{
    struct writer w = {rules, attribute, key_sql, miss_sql ? miss_sql : "''", out, NULL};
    struct lc_column_type typed = {0};
    char miss[LC_SCALAR_TEXT_BYTES + 2] = "''";
    size_t before = out->n, n;
    int rc;

    if (!lc_rule_expression_is_written(rules)) {
        lc_fail(err, LC_ERR_REFUSED, "%s rules cannot be written as an expression",
                lc_kind_name(rules->kind));
        lc_hint(err, rules->kind == LC_KIND_DOMAIN
                         ? "the server has no function that compares names label by label: use the "
                           "function"
                         : "use the function");
        return LC_ERR_REFUSED;
    }
    rc = open_type(&typed, rules, attribute, type, err);
    if (rc == 0 && typed.base == LC_BASE_SCALAR) {
        w.typed = &typed;
        /* Value id 0 is what a key without a rule gets: the type's own empty value, in quotes. */
        if (!typed.nullable) {
            n = lc_column_type_text(&typed, 0, miss + 1);
            memcpy(miss + 1 + n, "'", 2);
        }
        w.miss = miss;
        rc = lc_buf_adds(out, typed.nullable ? "CAST(nullIf(" : "CAST(") ? lc_no_memory(err) : 0;
    }
    rc = rc ? rc : write_rules(&w, err);
    if (rc == 0 && w.typed &&
        (lc_buf_adds(out, typed.nullable ? ", ''), " : ", ") || lc_sql_add_str(out, type) ||
         lc_buf_adds(out, ")")))
        rc = lc_no_memory(err);
    lc_column_type_release(&typed);
    /* The rest of the statement needs room under max_query_size, too. */
    if (rc == 0 && out->n - before > LC_EXPRESSION_MAX_BYTES) {
        lc_fail(
            err, LC_ERR_REFUSED,
            "the %u rules make an expression of %zu bytes: a server accepts no statement of over "
            "256 KiB (max_query_size)",
            rules->rules, out->n - before);
        lc_hint(err, "%s", instead(rules));
        return LC_ERR_REFUSED;
    }
    return rc;
}

/* The type's own empty value, where no rule holds. */
static const char *miss_of(const char *type)
{
    if (strstr(type, "Nullable("))
        return "NULL";
    return lc_type_is_integer(type) ? "'0'" : "''";
}

int lc_rule_function(const struct lc_rule_function *f, struct lc_buf *out, struct lc_error *err)
{
    struct lc_scalar scalar;
    bool nullable;
    /* Texts, and what the expression itself casts: all but UInt. */
    bool text = strcmp(f->type, "String") == 0 || strcmp(f->type, "LowCardinality(String)") == 0 ||
                (lc_scalar_type_parse(&scalar, &nullable, f->type) &&
                 (nullable || scalar.base != LC_SCALAR_UINT));
    bool text_key;
    int rc;

    if (lc_buf_adds(out, "CREATE FUNCTION ") || lc_sql_add_name(out, f->name) ||
        (f->cluster && (lc_buf_adds(out, " ON CLUSTER ") || lc_sql_add_name(out, f->cluster))) ||
        lc_buf_adds(out, " AS (k) -> ") || (!text && lc_buf_adds(out, "CAST(")))
        return lc_no_memory(err);
    /*
     * A String is given back as it is; a number, or a FixedString with its zero bytes, is no text. Buckets have a
     * toString of their own.
     */
    text_key = f->rules->takes.order == LC_ORDER_TEXT && f->rules->kind != LC_KIND_BUCKET;
    rc = lc_rule_expression(f->rules, f->attribute, f->type, text_key ? "toString(k)" : "k",
                            miss_of(f->type), out, err);
    if (rc == 0 && ((!text && (lc_buf_adds(out, ", ") || lc_sql_add_str(out, f->type) ||
                               lc_buf_adds(out, ")"))) ||
                    lc_buf_adds(out, ";\n")))
        rc = lc_no_memory(err);
    return rc;
}
