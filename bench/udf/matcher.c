/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/udf/matcher.h"

#include "base/clock.h"
#include "base/signals.h"
#include "base/stats.h"
#include "udf/rules/build.h"
#include "udf/rules/hash.h"
#include "udf/rules/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ROOM  32 /* bytes a key has in the arrays: its length ≤ 24, and readable slack */
#define WARM_KEYS 4096

/* A set of keys, and a second copy for the comparator's memcmp. */
struct keys {
    size_t n;
    uint8_t *bytes, *copy; /* n × KEY_ROOM */
    uint8_t *len;
};

/* One line of the table: a rule set, and whether its keys fit into the cache. */
struct setting {
    enum lc_kind kind;
    unsigned options;
    uint32_t rules;
    unsigned shortest, longest; /* bytes of a rule's key */
    bool cold;
    double goal;
};

/* Suffixes and domains are the same texts as prefixes, so that their figures compare. */
static const struct setting settings[] = {
    {LC_KIND_PREFIX, 0, 3, 2, 2, false, 1.5},
    {LC_KIND_PREFIX, 0, 3, 1, 12, false, 1.3},
    {LC_KIND_PREFIX, 0, 100, 1, 12, false, 0},
    {LC_KIND_PREFIX, 0, 1000, 1, 12, false, 0},
    {LC_KIND_PREFIX, 0, 10000, 1, 12, false, 0},
    {LC_KIND_PREFIX, 0, 100000, 1, 12, false, 2.2},
    {LC_KIND_PREFIX, 0, 100000, 1, 12, true, 4},
    {LC_KIND_PREFIX, 0, 1000000, 1, 12, false, 3.5},
    {LC_KIND_PREFIX, 0, 1000000, 1, 12, true, 8},
    {LC_KIND_PREFIX, LC_OPTION_NOCASE, 1000, 1, 12, false, 0},
    {LC_KIND_PREFIX, LC_OPTION_NOCASE, 1000000, 1, 12, false, 0},
    {LC_KIND_PREFIX, LC_OPTION_NOCASE, 1000000, 1, 12, true, 0},
    {LC_KIND_SUFFIX, 0, 1000, 1, 12, false, 0},
    {LC_KIND_SUFFIX, 0, 100000, 1, 12, false, 0},
    {LC_KIND_SUFFIX, 0, 100000, 1, 12, true, 0},
    {LC_KIND_SUFFIX, 0, 1000000, 1, 12, false, 0},
    {LC_KIND_SUFFIX, 0, 1000000, 1, 12, true, 0},
    {LC_KIND_SUFFIX, LC_OPTION_NOCASE, 1000, 1, 12, false, 0},
    {LC_KIND_SUFFIX, LC_OPTION_NOCASE, 1000000, 1, 12, false, 0},
    {LC_KIND_SUFFIX, LC_OPTION_NOCASE, 1000000, 1, 12, true, 0},
    {LC_KIND_DOMAIN, 0, 1000, 1, 12, false, 0},
    {LC_KIND_DOMAIN, 0, 100000, 1, 12, false, 0},
    {LC_KIND_DOMAIN, 0, 100000, 1, 12, true, 0},
    {LC_KIND_DOMAIN, 0, 1000000, 1, 12, false, 0},
    {LC_KIND_DOMAIN, 0, 1000000, 1, 12, true, 0},
    {LC_KIND_EXACT, 0, 1000, 4, 12, false, 0},
    {LC_KIND_EXACT, 0, 1000000, 4, 12, true, 0},
    {LC_KIND_EXACT, LC_OPTION_NOCASE, 1000000, 4, 12, true, 0},
    {LC_KIND_RANGE, 0, 1000, 0, 0, false, 0},
    {LC_KIND_RANGE, 0, 1000000, 0, 0, true, 0},
    {LC_KIND_CIDR, 0, 1000, 0, 0, false, 0},
    {LC_KIND_CIDR, 0, 100000, 0, 0, false, 0},
    {LC_KIND_CIDR, 0, 100000, 0, 0, true, 0},
    {LC_KIND_CIDR, 0, 400000, 0, 0, false, 0},
    {LC_KIND_CIDR, 0, 1000000, 0, 0, false, 0},
    {LC_KIND_CIDR, 0, 1000000, 0, 0, true, 0},
    {LC_KIND_BUCKET, 0, 10, 0, 0, false, 0},
};

/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* shortest … longest letters and digits into out; returns how many. Advances *seed. */
static size_t random_text(uint64_t *seed, uint8_t *out, unsigned shortest, unsigned longest)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t n = shortest + next_random(seed) % (longest - shortest + 1);

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)alphabet[next_random(seed) % 36];
    return n;
}

/* Network i of n, of a random length in its part of the IPv4 addresses: all are apart. */
static void put_network(struct lc_rule_in *in, uint32_t i, uint32_t n, uint64_t *seed)
{
    uint32_t part = UINT32_MAX / n, host = 1;

    while (host * 2 <= part / 2)
        host *= 2;
    /* Networks of up to nine sizes next to each other, as a routing table has them. */
    host >>= next_random(seed) % 9;
    host -= host > 0;
    in->first = lc_point_of_ipv4(i * part & ~host);
    if (i && in->first < lc_point_of_ipv4(i * part))
        in->first += host + 1u;
    in->last = in->first | host;
}

/* Random rules; a key that comes twice has the same value, and is kept once. */
static int make_rules(const struct setting *s, uint64_t *seed, struct lc_rules **out,
                      struct lc_error *err)
{
    struct lc_slice name = {(const uint8_t *)"v", 1}, value;
    struct lc_builder *b;
    uint8_t key[KEY_ROOM], text[16];
    int rc = lc_builder_new(&b, s->kind, &name, 1);

    if (rc)
        return lc_fail(err, rc, "not enough memory for %u rules", s->rules);
    lc_builder_options(b, s->options);
    for (uint32_t i = 0; i < s->rules && !rc; i++) {
        struct lc_rule_in in = {.line = i + 2, .values = &value, .from = (uint64_t)i * 1000};
        size_t n = random_text(seed, key, s->shortest, s->longest);

        in.to = in.from + 799;
        in.key = (struct lc_slice){key, n};
        value = (struct lc_slice){text, (size_t)snprintf((char *)text, sizeof text, "v%u",
                                                         n ? (unsigned)key[0] % 50 : 0)};
        if (s->kind == LC_KIND_BUCKET)
            in.from = 1;
        if (s->kind == LC_KIND_CIDR)
            put_network(&in, i, s->rules, seed);
        rc = lc_builder_add(b, &in, err);
    }
    if (!rc)
        rc = lc_builder_finish(b, out, "random rules", err);
    lc_builder_free(b);
    return rc;
}

/* free(NULL) is fine, so that a set that was made by half may be freed. */
static void free_keys(struct keys *k)
{
    free(k->bytes);
    free(k->copy);
    free(k->len);
}

/* A key of a rule, with something before or behind it as its kind has it; without a rule, any. */
static size_t put_key(enum lc_kind kind, struct lc_slice rule, uint64_t *seed, uint8_t *p)
{
    bool behind = kind == LC_KIND_SUFFIX || kind == LC_KIND_DOMAIN;
    size_t n = 0;

    if (rule.n && !behind)
        memcpy(p, rule.p, rule.n);
    n = behind ? 0 : rule.n;
    if (rule.n == 0 || kind != LC_KIND_EXACT)
        n += random_text(seed, p + n, 4, kind == LC_KIND_DOMAIN ? 11 : 12);
    if (rule.n && kind == LC_KIND_DOMAIN)
        p[n++] = '.';
    if (rule.n && behind) {
        memcpy(p + n, rule.p, rule.n);
        n += rule.n;
    }
    return n;
}

/* Half of the keys begin with a rule, half are random; numbers fall on and between the ranges. */
static int make_keys(const struct lc_rules *r, uint64_t *seed, size_t n, struct keys *k,
                     struct lc_error *err)
{
    k->n = n;
    k->bytes = calloc(n, KEY_ROOM);
    k->copy = malloc(n * KEY_ROOM);
    k->len = malloc(n);
    if (!k->bytes || !k->copy || !k->len) {
        free_keys(k);
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory for %zu keys", n);
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t *p = k->bytes + i * KEY_ROOM;
        size_t len = 0;

        if (r->kind == LC_KIND_RANGE || r->kind == LC_KIND_CIDR) {
            /*
             * The upper half of the random bits is an IPv4 address; ranges begin at multiples
             * of 1,000 and leave gaps of 200.
             */
            uint64_t v = r->kind == LC_KIND_CIDR ? next_random(seed) >> 32
                                                 : next_random(seed) % ((uint64_t)r->rules * 1000);

            memcpy(p, &v, sizeof v);
            len = sizeof v;
        } else {
            struct lc_slice rule = {p, 0};
            struct lc_key_text text;

            if (lc_kind_has_keys(r->kind) && next_random(seed) % 2)
                rule = lc_rules_key_text(r, (uint32_t)(next_random(seed) % r->rules), &text);
            len = put_key(r->kind, rule, seed, p);
        }
        k->len[i] = (uint8_t)len;
    }
    memcpy(k->copy, k->bytes, n * KEY_ROOM);
    return 0;
}

/* Match `total` keys or some more, over the set again and again; returns ns a key, and adds up how
 * many were matched, and how many a rule took. */
static double time_matcher(const struct lc_rules *r, const struct keys *k, uint64_t total,
                           uint64_t *matched, uint64_t *hits, int *rc)
{
    static struct lc_batch b;
    static uint32_t rule[LC_BATCH];
    const struct lc_clock *clock = lc_clock_system();
    uint64_t start = lc_clock_now(clock), done = 0;
    size_t at = 0;

    while (done < total && !*rc) {
        b.n = k->n - at < LC_BATCH ? k->n - at : LC_BATCH;
        for (size_t i = 0; i < b.n; i++) {
            const uint8_t *p = k->bytes + (at + i) * KEY_ROOM;

            b.p[i] = p;
            b.len[i] = k->len[at + i];
            /* All forms of the key at once: the matcher looks only at the one of its kind. */
            memcpy(&b.number[i], p, sizeof b.number[i]);
            b.point[i] = lc_point_of_ipv4((uint32_t)b.number[i]);
        }
        *rc = lc_match(r, &b, rule);
        for (size_t i = 0; i < b.n; i++)
            *hits += rule[i] != r->rules;
        done += b.n;
        at = at + b.n == k->n ? 0 : at + b.n;
    }
    *matched += done;
    return (double)(lc_clock_now(clock) - start) / (double)done;
}

/* Where the comparator's results go, so that the compiler cannot drop its work. */
static volatile uint64_t sink;

/* One XXH3 and one memcmp a key: ns a key. */
static double time_comparator(const struct keys *k, uint64_t total)
{
    uint64_t sum = 0;
    const struct lc_clock *clock = lc_clock_system();
    uint64_t start = lc_clock_now(clock), done = 0;
    size_t at = 0;

    while (done < total) {
        const uint8_t *p = k->bytes + at * KEY_ROOM, *q = k->copy + at * KEY_ROOM;
        size_t len = k->len[at];

        sum += lc_hash64(p, len) + (uint64_t)(memcmp(p, q, len) == 0);
        done++;
        at = at + 1 == k->n ? 0 : at + 1;
    }
    sink = sum;
    return (double)(lc_clock_now(clock) - start) / (double)done;
}

/*
 * Make the rules and keys, and time matcher and comparator by turns. *out is written
 * only where all rounds ran.
 */
static int run_setting(const struct lc_match_bench *how, const struct setting *s,
                       struct lc_match_figure *out, struct lc_error *err)
{
    /*
     * The same rules in every run; a warm and a cold setting share them, so that
     * their figures compare.
     */
    uint64_t seed = how->seed + s->rules * 31 + (uint64_t)s->kind, total = how->keys;
    unsigned rounds = how->rounds < LC_MATCH_ROUNDS_MAX ? how->rounds : LC_MATCH_ROUNDS_MAX;
    double ns[LC_MATCH_ROUNDS_MAX] = {0}, comparator[LC_MATCH_ROUNDS_MAX] = {0};
    uint64_t hits = 0, matched = 0;
    struct lc_rules *r = NULL;
    struct keys k = {0};
    int rc = make_rules(s, &seed, &r, err);

    if (!rc)
        rc = make_keys(r, &seed, s->cold ? total : WARM_KEYS, &k, err);
    if (rc) {
        lc_rules_free(r);
        return rc;
    }
    (void)time_matcher(r, &k, k.n, &matched, &hits, &rc); /* the pages are there before a round */
    hits = matched = 0;
    for (unsigned i = 0; i < rounds && !rc; i++) {
        ns[i] = time_matcher(r, &k, total, &matched, &hits, &rc);
        comparator[i] = time_comparator(&k, total);
        if (lc_stop_asked())
            rc = lc_fail(err, LC_ERR_STOPPED, "interrupted");
    }
    if (!rc) {
        static const char *const lengths[] = {"-", "2", "1-12", "4-12"};

        *out = (struct lc_match_figure){.kind = lc_kind_name_with(s->kind, s->options),
                                        .rules = r->rules,
                                        .lengths = lengths[s->longest == 0    ? 0
                                                           : s->longest == 2  ? 1
                                                           : s->shortest == 1 ? 2
                                                                              : 3],
                                        .cold = s->cold,
                                        .hits = (double)hits / (double)matched,
                                        .goal = s->goal};
        out->keys = total;
        out->rounds = rounds;
        memcpy(out->round_ns, ns, sizeof out->round_ns);
        memcpy(out->comparator_round_ns, comparator, sizeof out->comparator_round_ns);
        out->ns = lc_stats_median(ns, rounds);
        out->comparator_ns = lc_stats_median(comparator, rounds);
        out->spread = (ns[rounds - 1] - ns[0]) / out->ns; /* lc_stats_median has sorted them */
    }
    free_keys(&k);
    lc_rules_free(r);
    return rc;
}

int lc_bench_match(const struct lc_match_bench *how, struct lc_match_figure *out, size_t *n,
                   struct lc_error *err)
{
    struct lc_match_bench full = *how;
    int rc = 0;

    full.keys = how->keys ? how->keys : 2000000;
    full.rounds = how->rounds ? how->rounds : 7;
    full.max_rules = how->max_rules ? how->max_rules : 1000000;
    *n = 0;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && !rc; i++) {
        if (settings[i].rules > full.max_rules)
            continue;
        rc = run_setting(&full, &settings[i], &out[*n], err);
        if (!rc)
            (*n)++;
    }
    return rc;
}
