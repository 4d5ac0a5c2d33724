/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule becomes a branch, "CONDITION, 'value'". The longest key comes first, because multiIf
 * takes the first condition that holds. The server computes every condition for every row, so
 * the time grows with the number of rules: rule_expression.c writes a form whose time does not.
 */
#include "cli/column/multiif.h"

#include "cli/sql/quote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The bytes as a string literal. The pointer of an empty slice may be NULL. */
static int add_literal(struct lc_buf *out, struct lc_slice s)
{
    return lc_sql_add_bytes(out, s.n > 0 ? (const void *)s.p : "", s.n);
}

/* A rule and the bytes of its key: 0 where the order of the rules is all that counts. */
struct ranked {
    uint32_t rule;
    size_t n;
};

/* Longest first; among equals the order of the rules. */
static int longest_first(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->n != y->n) {
        return x->n > y->n ? -1 : 1;
    }
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* "CONDITION, 'value', " of one rule. */
static int add_branch(const struct lc_rules *rules, uint32_t attribute, uint32_t rule,
                      const char *key_sql, struct lc_buf *out)
{
    struct lc_slice value =
        lc_rules_value(rules, attribute, lc_rules_value_id(rules, attribute, rule));
    /*
     * With nocase the rules keep their keys in lower case, so the column's value is lowered
     * too.
     */
    const char *open = rules->options & LC_OPTION_NOCASE ? "lower(" : "";
    const char *close = *open ? ")" : "";
    struct lc_key_text text;
    int rc;

    if (rules->kind == LC_KIND_RANGE)
        rc = lc_buf_addf(out, "%s BETWEEN %" PRIu64 " AND %" PRIu64 ", ", key_sql,
                         rules->bounds[rule], rules->bounds[rules->rules + rule]);
    else if (rules->kind == LC_KIND_EXACT)
        rc = lc_buf_addf(out, "%s%s%s = ", open, key_sql, close) ||
             add_literal(out, lc_rules_key_text(rules, rule, &text)) || lc_buf_adds(out, ", ");
    else
        rc = lc_buf_addf(out, "%s(%s%s%s, ",
                         rules->kind == LC_KIND_SUFFIX ? "endsWith" : "startsWith", open, key_sql,
                         close) ||
             add_literal(out, lc_rules_key_text(rules, rule, &text)) || lc_buf_adds(out, "), ");
    return rc || add_literal(out, value) || lc_buf_adds(out, ", ") ? LC_ERR_NOMEM : 0;
}

/* The rules in the order in which they are tried; to be freed. */
static struct ranked *rank(const struct lc_rules *rules)
{
    struct ranked *order = calloc(rules->rules + 1U, sizeof *order);

    for (uint32_t i = 0; order != NULL && i < rules->rules; i++)
        order[i] = (struct ranked){i, rules->kind == LC_KIND_EXACT ? 0 : lc_rules_key(rules, i).n};
    if (order != NULL)
        qsort(order, rules->rules, sizeof *order, longest_first);
    return order;
}

int lc_multiif_multiif(const struct lc_rules *rules, uint32_t attribute, const char *key_sql,
                       const char *miss_sql, struct lc_buf *out, struct lc_error *err)
{
    struct ranked *order;
    unsigned branches = 0;
    int rc;

    if (rules->kind == LC_KIND_BUCKET || rules->kind == LC_KIND_DOMAIN ||
        rules->kind == LC_KIND_CIDR || rules->kind == LC_KIND_SPAN)
        return lc_fail(err, LC_ERR_USAGE, "%s rules cannot be written as multiIf",
                       lc_kind_name(rules->kind));
    order = rank(rules);
    if (order == NULL)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for %u rules", rules->rules);
    rc = lc_buf_adds(out, "multiIf(");
    for (uint32_t i = 0; rc == 0 && i < rules->rules; i++) {
        if (order[i].rule == rules->default_rule)
            continue;
        rc = add_branch(rules, attribute, order[i].rule, key_sql, out);
        branches++;
    }
    /* multiIf wants a condition at least */
    if (rc == 0 && branches == 0)
        rc = lc_buf_adds(out, "0, '', ");
    if (rc == 0 && rules->default_rule < rules->rules)
        rc = add_literal(out,
                         lc_rules_value(rules, attribute,
                                        lc_rules_value_id(rules, attribute, rules->default_rule)));
    else if (rc == 0)
        rc = lc_buf_adds(out, miss_sql != NULL ? miss_sql : "''");
    rc = rc == 0 ? lc_buf_adds(out, ")") : rc;
    free(order);
    return rc == 0 ? 0 : lc_fail(err, LC_ERR_NOMEM, "no memory for the expression");
}
