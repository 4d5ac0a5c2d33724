#include "builtin.h"

#include "sqltext.h"

#include <stdlib.h>
#include <string.h>

/* Append bytes as a string literal; rules hold no NUL in keys, and one in a value ends it here. */
static int add_literal(struct lc_buf *out, struct lc_slice s)
{
    char *text = strndup(s.n > 0 ? (const char *)s.p : "", s.n);
    int rc = text == NULL ? LC_ERR_NOMEM : lc_sql_add_str(out, text);
    free(text);
    return rc;
}

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

int lc_builtin_multiif(const struct lc_rules *rules, uint32_t attribute, const char *key_sql,
                       struct lc_buf *out, struct lc_error *err)
{
    if (rules->kind != LC_KIND_PREFIX) {
        return lc_fail(err, LC_ERR_USAGE, "%s rules have no multiIf(startsWith(…)): prefix only",
                       lc_kind_name(rules->kind));
    }
    struct ranked *order = calloc(rules->rules + 1U, sizeof *order);
    if (order == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for %u rules", rules->rules);
    }
    for (uint32_t i = 0; i < rules->rules; i++) {
        order[i] = (struct ranked){i, lc_rules_key(rules, i).n};
    }
    qsort(order, rules->rules, sizeof *order, longest_first);
    struct lc_slice otherwise = {NULL, 0};
    unsigned branches = 0;
    int rc = lc_buf_adds(out, "multiIf(");
    for (uint32_t i = 0; rc == 0 && i < rules->rules; i++) {
        uint32_t rule = order[i].rule;
        struct lc_slice value =
            lc_rules_value(rules, attribute, lc_rules_value_id(rules, attribute, rule));
        if (order[i].n == 0) {
            otherwise = value; /* the empty prefix is the last of them: the default */
            continue;
        }
        rc = lc_buf_addf(out, "startsWith(%s, ", key_sql);
        rc = rc == 0 ? add_literal(out, lc_rules_key(rules, rule)) : rc;
        rc = rc == 0 ? lc_buf_adds(out, "), ") : rc;
        rc = rc == 0 ? add_literal(out, value) : rc;
        rc = rc == 0 ? lc_buf_adds(out, ", ") : rc;
        branches++;
    }
    /* multiIf wants a condition at least */
    if (rc == 0 && branches == 0) {
        rc = lc_buf_adds(out, "0, '', ");
    }
    rc = rc == 0 ? add_literal(out, otherwise) : rc;
    rc = rc == 0 ? lc_buf_adds(out, ")") : rc;
    free(order);
    return rc == 0 ? 0 : lc_fail(err, LC_ERR_NOMEM, "no memory for the expression");
}
