/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/rules_sizes.h"

#include "udf/rules/point.h"

#include <stdio.h>
#include <stdlib.h>

enum { FAMILIES = 2, ADDRESS_BITS = 128, IPV4_BITS = 32 };

static const char *const family_names[FAMILIES] = {"IPv4", "IPv6"};

/* Rules of each size, without the default. */
struct sizes {
    bool texts, addresses; /* which of the following count; neither: a kind without sizes */
    uint32_t by_length[LC_MAX_KEY_BYTES + 1]; /* bytes; of a domain labels */
    uint32_t family[FAMILIES];
    uint32_t networks[FAMILIES][ADDRESS_BITS + 1];
    uint32_t
        longest; /* the rule with the longest key, of several the first in the file; LC_NONE: none */
    size_t longest_bytes;
};

/* How long a key is: a domain in labels, another in bytes. */
static size_t size_of(const struct lc_rules *r, struct lc_slice key)
{
    size_t labels = 0;

    if (r->kind != LC_KIND_DOMAIN)
        return key.n;
    for (size_t i = 0; i < key.n; i++)
        labels += key.p[i] == '.'; /* each label ends with one: see form.h */
    return labels;
}

static void count_text(struct sizes *s, const struct lc_rules *r, uint32_t rule)
{
    struct lc_key_text text;
    size_t bytes = lc_rules_key_text(r, rule, &text).n; /* as it is written: *.a.com, not a.com */

    if (s->longest == LC_NONE || bytes > s->longest_bytes ||
        (bytes == s->longest_bytes && r->lines[rule] < r->lines[s->longest])) {
        s->longest = rule;
        s->longest_bytes = bytes;
    }
    s->by_length[size_of(r, lc_rules_key(r, rule))]++;
}

static void count_address(struct sizes *s, const struct lc_rules *r, uint32_t rule)
{
    lc_point first, last;
    unsigned family, bits = ADDRESS_BITS;

    if (!lc_rules_span(r, rule, &first, &last))
        return;
    family = !(lc_point_is_ipv4(first) && lc_point_is_ipv4(last));
    s->family[family]++;
    for (lc_point host = first ^ last; host; host >>= 1)
        bits--;
    /* An IPv4 network is one of IPv6, 96 bits longer. */
    s->networks[family][family ? bits : bits - (ADDRESS_BITS - IPV4_BITS)]++;
}

/* To be freed; NULL: no memory. */
static struct sizes *count(const struct lc_rules *r)
{
    struct sizes *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->texts = lc_kind_has_keys(r->kind);
    s->longest = LC_NONE;
    s->addresses = r->takes.order == LC_ORDER_ADDRESS;
    for (uint32_t i = 0; i < r->rules; i++) {
        if (i == r->default_rule)
            continue;
        if (s->texts)
            count_text(s, r, i);
        else if (s->addresses)
            count_address(s, r, i);
    }
    return s;
}

/* " 1:2 3:4", of the sizes that there are. */
static void print_counts(const uint32_t *counts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (counts[i])
            printf(" %zu:%u", i, counts[i]);
}

static void print_families(const struct sizes *s, const struct lc_rules *r)
{
    printf("rules by family:");
    for (unsigned f = 0; f < FAMILIES; f++)
        if (s->family[f])
            printf(" %s:%u", family_names[f], s->family[f]);
    printf("%s\n", r->default_rule == LC_NONE ? "" : " default:1");
    for (unsigned f = 0; f < FAMILIES && r->kind == LC_KIND_CIDR; f++) {
        if (!s->family[f])
            continue;
        printf("%s networks by length:", family_names[f]);
        print_counts(s->networks[f], ADDRESS_BITS + 1);
        printf("\n");
    }
}

void lc_rules_print_sizes(const struct lc_rules *r)
{
    struct sizes *s = count(r);

    if (s && s->texts) {
        printf("rules by %s:", r->kind == LC_KIND_DOMAIN ? "labels" : "length");
        print_counts(s->by_length, LC_MAX_KEY_BYTES + 1);
        printf("%s\n", r->default_rule == LC_NONE ? "" : " default:1");
        if (s->longest != LC_NONE)
            printf("longest key: %zu byte%s (line %u)\n", s->longest_bytes,
                   s->longest_bytes == 1 ? "" : "s", r->lines[s->longest]);
    } else if (s && s->addresses) {
        print_families(s, r);
    }
    free(s);
}

/* {"1":2,"3":4} */
static struct lc_json *json_counts(const uint32_t *counts, size_t n)
{
    struct lc_json *o = lc_json_object();
    char size[24];

    for (size_t i = 0; i < n; i++) {
        if (!counts[i])
            continue;
        snprintf(size, sizeof size, "%zu", i);
        lc_json_set_int(o, size, counts[i]);
    }
    return o;
}

static void set_families(struct lc_json *o, const struct sizes *s, const struct lc_rules *r)
{
    struct lc_json *families = lc_json_object(), *networks = lc_json_object();

    for (unsigned f = 0; f < FAMILIES; f++) {
        if (!s->family[f])
            continue;
        lc_json_set_int(families, family_names[f], s->family[f]);
        lc_json_set(networks, family_names[f], json_counts(s->networks[f], ADDRESS_BITS + 1));
    }
    lc_json_set(o, "by_family", families);
    if (r->kind == LC_KIND_CIDR)
        lc_json_set(o, "networks_by_length", networks);
    else
        lc_json_free(networks);
}

void lc_rules_set_sizes(struct lc_json *o, const struct lc_rules *r)
{
    struct sizes *s = count(r);

    if (s && s->texts) {
        lc_json_set(o, "by_length", json_counts(s->by_length, LC_MAX_KEY_BYTES + 1));
        lc_json_set_int(o, "longest_key_bytes", (int64_t)s->longest_bytes);
    } else if (s && s->addresses) {
        set_families(o, s, r);
    }
    free(s);
}
