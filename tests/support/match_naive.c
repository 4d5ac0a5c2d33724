/* SPDX-License-Identifier: Apache-2.0 */
#include "match_naive.h"
#include "udf/rules/hash.h"

#include <stdlib.h>
#include <string.h>

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool same(const uint8_t *x, const uint8_t *y, size_t n, bool nocase)
{
    if (!nocase)
        return n == 0 || memcmp(x, y, n) == 0;
    for (size_t i = 0; i < n; i++)
        if (lower(x[i]) != lower(y[i]))
            return false;
    return true;
}

static uint32_t naive_bucket(const struct lc_rules *r, struct lc_slice key)
{
    uint64_t total = r->bounds[r->rules - 1], at;
    uint8_t *copy = malloc(key.n + 1);

    if (!copy)
        abort();
    for (size_t i = 0; i < key.n; i++)
        copy[i] = r->options & LC_OPTION_NOCASE ? lower(key.p[i]) : key.p[i];
    at = (uint64_t)(((unsigned __int128)lc_hash64(copy, key.n) * total) >> 64);
    free(copy);
    for (uint32_t i = 0; i < r->rules; i++)
        if (at < r->bounds[i])
            return i;
    return r->rules;
}

/* The host of a key: after its last @, without one dot at the end; n is 0 where a label is empty. */
static struct lc_slice naive_host(struct lc_slice key)
{
    struct lc_slice host = key;

    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] == '@')
            host = (struct lc_slice){key.p + i + 1, key.n - i - 1};
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '.' && (i == 0 || i + 1 == host.n || host.p[i + 1] == '.'))
            host.n = 0;
    return host;
}

/*
 * Label by label from the right. 0: the rule does not take the host; else the more, the longer the rule, and
 * of one name the rule for what is below it.
 */
static size_t naive_domain(struct lc_slice rule, struct lc_slice host)
{
    bool below = rule.n > 2 && rule.p[0] == '*' && rule.p[1] == '.';

    if (below) {
        rule.p += 2;
        rule.n -= 2;
    }
    if (host.n < rule.n || !same(host.p + host.n - rule.n, rule.p, rule.n, true))
        return 0;
    if (host.n == rule.n)
        return below ? 0 : 2 * rule.n;
    return host.p[host.n - rule.n - 1] == '.' ? 2 * rule.n + below : 0;
}

/* How well a rule fits: 0, not at all; the best fit wins. */
static size_t naive_fit(const struct lc_rules *r, struct lc_slice rule, struct lc_slice key)
{
    bool nocase = r->options & LC_OPTION_NOCASE;

    if (r->kind == LC_KIND_DOMAIN)
        return naive_domain(rule, naive_host(key));
    if (rule.n > key.n)
        return 0;
    if (r->kind == LC_KIND_SUFFIX)
        return same(key.p + key.n - rule.n, rule.p, rule.n, nocase) ? rule.n : 0;
    if (!same(key.p, rule.p, rule.n, nocase))
        return 0;
    return r->kind == LC_KIND_PREFIX ? rule.n : rule.n == key.n ? rule.n + 1 : 0;
}

uint32_t lc_match_naive(const struct lc_rules *r, struct lc_slice key)
{
    uint32_t best = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    size_t best_fit = 0;

    if (r->kind == LC_KIND_BUCKET)
        return naive_bucket(r, key);
    for (uint32_t i = 0; i < r->rules; i++) {
        struct lc_key_text text;
        size_t fit;

        if (i == r->default_rule)
            continue;
        fit = naive_fit(r, lc_rules_key_text(r, i, &text), key);
        if (fit > best_fit) {
            best = i;
            best_fit = fit;
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

uint32_t lc_match_naive_point(const struct lc_rules *r, lc_point key)
{
    uint32_t best = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    lc_point width = 0;
    bool any = false;

    for (uint32_t i = 0; i < r->rules; i++) {
        lc_point first = r->points[i], last = r->points[r->rules + i];

        if (i == r->default_rule || key < first || key > last || (any && last - first >= width))
            continue;
        best = i;
        width = last - first;
        any = true;
    }
    return best;
}
