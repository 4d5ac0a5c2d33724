#include "match_naive.h"
#include "udf/rules/hash.h"

#include <string.h>

static uint32_t naive_bucket(const struct lc_rules *r, struct lc_slice key)
{
    uint64_t total = r->bounds[r->rules - 1], at;

    at = (uint64_t)(((unsigned __int128)lc_hash64(key.p, key.n) * total) >> 64);
    for (uint32_t i = 0; i < r->rules; i++)
        if (at < r->bounds[i])
            return i;
    return r->rules;
}

uint32_t lc_match_naive(const struct lc_rules *r, struct lc_slice key)
{
    uint32_t best = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    size_t best_n = 0;

    if (r->kind == LC_KIND_BUCKET)
        return naive_bucket(r, key);
    for (uint32_t i = 0; i < r->rules; i++) {
        struct lc_slice rule = lc_rules_key(r, i);

        if (i == r->default_rule || rule.n > key.n || memcmp(rule.p, key.p, rule.n) != 0)
            continue;
        if (r->kind == LC_KIND_EXACT && rule.n == key.n)
            return i;
        if (r->kind == LC_KIND_PREFIX && rule.n > best_n) {
            best = i;
            best_n = rule.n;
        }
    }
    return best;
}

uint32_t lc_match_naive_number(const struct lc_rules *r, uint64_t key)
{
    for (uint32_t i = 0; i < r->rules; i++)
        if (r->bounds[i] <= key && key <= r->bounds[r->rules + i])
            return i;
    return r->rules;
}
