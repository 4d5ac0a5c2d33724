/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher against the plain one: random and hostile rule sets and keys, every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "udf/rules/match.h"
#include "match_naive.h"
#include "udf_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KEY 8192

static struct lc_rules *finish(struct lc_builder *b)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    if (lc_builder_finish(b, &r, "random", &err))
        fail_msg("%s", err.msg);
    lc_builder_free(b);
    return r;
}

/* A key from a small alphabet, so that prefixes are shared; sometimes all bytes, sometimes long. */
static size_t random_key(uint64_t *seed, uint8_t *key, size_t longest)
{
    uint64_t shape = support_random(seed);
    size_t n = support_random(seed) % (longest + 1);
    unsigned alphabet = shape % 4 == 0 ? 256 : shape % 4 == 1 ? 2 : 4;

    for (size_t i = 0; i < n; i++)
        key[i] = (uint8_t)(alphabet == 256 ? support_random(seed)
                                           : 'a' + support_random(seed) % alphabet);
    if (shape % 16 == 5 && n > 2) /* a long common start */
        memset(key, 'a', n - 1 - support_random(seed) % 2);
    return n;
}

/* Names of labels: of few letters, of both cases, or of any bytes but those that a rule may not have. */
static size_t random_name(uint64_t *seed, uint8_t *name, size_t longest)
{
    static const uint8_t few[] = "aAbB.c...";
    bool any = support_random(seed) % 4 == 0;
    size_t n = 0;

    for (size_t i = support_random(seed) % (longest + 1); i > 0; i--) {
        uint8_t c = any ? (uint8_t)support_random(seed) : few[support_random(seed) % 9];

        if (c == '@' || c == '*' || c == '!' || c == '/' ||
            (c == '.' && (n == 0 || name[n - 1] == '.')))
            c = 'd';
        name[n++] = c;
    }
    if (n && name[n - 1] == '.')
        name[n - 1] = 'x';
    return n;
}

/* The value of a rule: its key in small letters, and a mark, so that a second of the same key is no conflict. */
static struct lc_slice own_value(const struct lc_rule_in *in, uint8_t *out)
{
    size_t n = 0;

    if (in->below)
        out[n++] = '*';
    for (size_t i = 0; i < in->key.n; i++) {
        uint8_t c = in->key.p[i];

        out[n++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
    return (struct lc_slice){out, n};
}

/* Rules with value = key, so that a duplicate key is no conflict. */
static struct lc_rules *random_rules(uint64_t *seed, enum lc_kind kind, unsigned options,
                                     unsigned count, size_t longest)
{
    struct lc_slice name = {(const uint8_t *)"v", 1}, value;
    struct lc_builder *b;
    uint8_t *key = malloc(MAX_KEY), *own = malloc(MAX_KEY + 1);

    assert_int_equal(lc_builder_new(&b, kind, &name, 1), 0);
    lc_builder_options(b, options);
    lc_builder_seed(b, support_random(seed));
    for (unsigned i = 0; i < count; i++) {
        struct lc_rule_in in = {.line = i + 2, .values = &value};
        struct lc_error err = LC_ERROR_INIT;

        in.key = (struct lc_slice){key, kind == LC_KIND_DOMAIN ? random_name(seed, key, longest)
                                                               : random_key(seed, key, longest)};
        in.below = kind == LC_KIND_DOMAIN && in.key.n && support_random(seed) % 3 == 0;
        value = options || kind == LC_KIND_DOMAIN ? own_value(&in, own) : in.key;
        in.is_default = kind == LC_KIND_EXACT && i == count / 2 && count % 2;
        if (in.is_default)
            in.key.n = 0;
        assert_int_equal(lc_builder_add(b, &in, &err), 0);
    }
    free(key);
    free(own);
    return finish(b);
}

/* Change a rule's key as written into a host near it: other labels in front, dots, an address, other case. */
static size_t probe_host(uint64_t *seed, uint8_t *key, size_t n)
{
    static const char *const before[] = {"www.", "x", ".", "a.b.", "me@", "a@b@", "@", "A."};
    const char *more = before[support_random(seed) % 8];
    size_t more_n = strlen(more);

    if (n > 2 && key[0] == '*' && key[1] == '.') {
        n -= 2;
        memmove(key, key + 2, n);
    }
    if (support_random(seed) % 2) {
        memmove(key + more_n, key, n);
        memcpy(key, more, more_n);
        n += more_n;
    }
    for (uint64_t dots = support_random(seed) % 8; dots >= 6; dots--)
        key[n++] = '.';
    if (n && support_random(seed) % 4 == 0)
        key[support_random(seed) % n] ^= 32;
    return n;
}

/* A key next to a rule: equal, shorter, one byte past, one byte changed; or any. */
static size_t probe_key(uint64_t *seed, const struct lc_rules *r, uint8_t *key, size_t longest)
{
    struct lc_key_text text;
    struct lc_slice rule = lc_rules_key_text(r, (uint32_t)(support_random(seed) % r->rules), &text);
    size_t n = rule.n;

    memcpy(key, rule.p, n);
    if (r->kind == LC_KIND_DOMAIN && support_random(seed) % 8)
        return probe_host(seed, key, n);
    if (r->kind == LC_KIND_SUFFIX && support_random(seed) % 2) {
        size_t more = support_random(seed) % 20;

        memmove(key + more, key, n);
        random_key(seed, key, more);
        return n + more;
    }
    if (n && r->options && support_random(seed) % 2)
        key[support_random(seed) % n] ^= 32;
    switch (support_random(seed) % 6) {
    case 0:
        return n;
    case 1:
        return n ? n - 1 : 0;
    case 2:
        key[n] = (uint8_t)support_random(seed);
        return n + 1;
    case 3:
        if (n)
            key[support_random(seed) % n] ^= 1;
        return n;
    case 4:
        return n + random_key(seed, key + n, 20);
    default:
        return random_key(seed, key, longest + 3);
    }
}

static void compare_bytes(uint64_t *seed, const struct lc_rules *r, size_t longest, unsigned rounds)
{
    static uint8_t keys[LC_BATCH][MAX_KEY + 64];
    static struct lc_batch batch;
    static uint32_t got[LC_BATCH];

    for (unsigned round = 0; round < rounds; round++) {
        batch.n = 1 + support_random(seed) % (longest > 100 ? 8 : LC_BATCH);
        for (size_t i = 0; i < batch.n; i++) {
            batch.len[i] = probe_key(seed, r, keys[i], longest);
            batch.p[i] = keys[i];
        }
        assert_int_equal(lc_match(r, &batch, got), 0);
        for (size_t i = 0; i < batch.n; i++) {
            uint32_t want = lc_match_naive(r, (struct lc_slice){keys[i], batch.len[i]});

            if (got[i] != want)
                fail_msg("key %zu of %zu bytes: rule %u, the oracle says %u", i, batch.len[i],
                         got[i], want);
        }
    }
}

static void differential_of(const char *name, enum lc_kind kind, unsigned options)
{
    uint64_t seed = support_seed(name);
    unsigned sets = support_long() ? 3000 : 60;

    for (unsigned set = 0; set < sets; set++) {
        static const size_t lengths[] = {1, 2, 3, 8, 12, 16, 17, 40};
        static const unsigned counts[] = {1, 3, 5, 6, 7, 17, 300};
        size_t longest = lengths[support_random(&seed) % 8];
        struct lc_rules *r =
            random_rules(&seed, kind, options, counts[support_random(&seed) % 7], longest);

        compare_bytes(&seed, r, longest, 4);
        lc_rules_free(r);
    }
}

static void differential(const char *name, enum lc_kind kind)
{
    differential_of(name, kind, 0);
}

static void test_suffix_agrees_with_oracle(void **state)
{
    (void)state;
    differential("suffix", LC_KIND_SUFFIX);
}

static void test_domain_agrees_with_oracle(void **state)
{
    (void)state;
    differential("domain", LC_KIND_DOMAIN);
}

static void test_nocase_agrees_with_oracle(void **state)
{
    (void)state;
    differential_of("prefix:nocase", LC_KIND_PREFIX, LC_OPTION_NOCASE);
    differential_of("exact:nocase", LC_KIND_EXACT, LC_OPTION_NOCASE);
    differential_of("suffix:nocase", LC_KIND_SUFFIX, LC_OPTION_NOCASE);
    differential_of("domain:nocase", LC_KIND_DOMAIN, LC_OPTION_NOCASE);
}

static void test_prefix_agrees_with_oracle(void **state)
{
    (void)state;
    differential("prefix", LC_KIND_PREFIX);
}

static void test_exact_agrees_with_oracle(void **state)
{
    (void)state;
    differential("exact", LC_KIND_EXACT);
}

static void test_prefix_of_4096_bytes(void **state)
{
    static const struct {
        enum lc_kind kind;
        unsigned options;
    } kinds[] = {{LC_KIND_PREFIX, 0},
                 {LC_KIND_SUFFIX, 0},
                 {LC_KIND_DOMAIN, 0},
                 {LC_KIND_PREFIX, LC_OPTION_NOCASE},
                 {LC_KIND_SUFFIX, LC_OPTION_NOCASE}};
    uint64_t seed = support_seed("long prefixes");

    (void)state;
    for (unsigned set = 0; set < (support_long() ? 200u : 10u); set++) {
        struct lc_rules *r = random_rules(&seed, kinds[set % 5].kind, kinds[set % 5].options, 60,
                                          LC_MAX_KEY_BYTES - 1);

        compare_bytes(&seed, r, LC_MAX_KEY_BYTES - 1, 10);
        lc_rules_free(r);
    }
}

/* Every length from 0 to 64 is a rule, each a prefix of the next: the deepest search. */
static void test_a_chain_of_prefixes(void **state)
{
    struct lc_slice name = {(const uint8_t *)"v", 1}, value;
    struct lc_builder *b;
    uint8_t key[80];
    struct lc_batch batch = {.n = 70};
    uint32_t got[LC_BATCH];
    struct lc_rules *r;

    (void)state;
    memset(key, 'x', sizeof key);
    assert_int_equal(lc_builder_new(&b, LC_KIND_PREFIX, &name, 1), 0);
    for (unsigned n = 0; n <= 64; n++) {
        struct lc_rule_in in = {.line = n + 2, .key = {key, n}, .values = &value};
        struct lc_error err = LC_ERROR_INIT;

        value = in.key;
        assert_int_equal(lc_builder_add(b, &in, &err), 0);
    }
    r = finish(b);
    for (size_t i = 0; i < batch.n; i++) {
        batch.p[i] = key;
        batch.len[i] = i;
    }
    assert_int_equal(lc_match(r, &batch, got), 0);
    for (size_t i = 0; i < batch.n; i++)
        assert_int_equal(got[i], i < 64 ? i : 64);
    lc_rules_free(r);
}

static struct lc_rules *random_numbers(uint64_t *seed, enum lc_kind kind, unsigned count)
{
    struct lc_slice name = {(const uint8_t *)"v", 1}, value = {(const uint8_t *)"x", 1};
    struct lc_builder *b;
    uint64_t at = support_random(seed) % 3;

    assert_int_equal(lc_builder_new(&b, kind, &name, 1), 0);
    for (unsigned i = 0; i < count; i++) {
        struct lc_rule_in in = {.line = i + 2, .values = &value};
        struct lc_error err = LC_ERROR_INIT;

        in.from = kind == LC_KIND_RANGE ? at : 1 + support_random(seed) % 100;
        in.to = at + support_random(seed) % 5;
        at = in.to + 1 + support_random(seed) % 3;
        assert_int_equal(lc_builder_add(b, &in, &err), 0);
    }
    return finish(b);
}

static void test_range_agrees_with_oracle(void **state)
{
    uint64_t seed = support_seed("range");
    static struct lc_batch batch;
    uint32_t got[LC_BATCH];

    (void)state;
    for (unsigned set = 0; set < 200; set++) {
        struct lc_rules *r =
            random_numbers(&seed, LC_KIND_RANGE, 1 + (unsigned)(support_random(&seed) % 100));

        batch.n = LC_BATCH;
        for (size_t i = 0; i < batch.n; i++)
            batch.number[i] = i == 0   ? UINT64_MAX
                              : i == 1 ? UINT64_MAX - 1
                                       : support_random(&seed) % (uint64_t)(r->rules * 6 + 3);
        assert_int_equal(lc_match(r, &batch, got), 0);
        for (size_t i = 0; i < batch.n; i++)
            assert_int_equal(got[i], lc_match_naive_number(r, batch.number[i]));
        lc_rules_free(r);
    }
}

static void test_range_up_to_the_last_number(void **state)
{
    struct lc_rules *r =
        support_rules("from,to,v\n0,0,a\n18446744073709551615,18446744073709551615,z\n");
    struct lc_batch batch = {.n = 4, .number = {0, 1, UINT64_MAX - 1, UINT64_MAX}};
    uint32_t got[LC_BATCH];

    (void)state;
    assert_int_equal(lc_match(r, &batch, got), 0);
    assert_int_equal(got[0], 0);
    assert_int_equal(got[1], 2);
    assert_int_equal(got[2], 2);
    assert_int_equal(got[3], 1);
    lc_rules_free(r);
}

static void test_bucket_agrees_with_oracle_and_weights(void **state)
{
    uint64_t seed = support_seed("bucket");
    struct lc_rules *r = random_numbers(&seed, LC_KIND_BUCKET, 5);
    static uint8_t keys[LC_BATCH][64];
    static struct lc_batch batch;
    uint32_t got[LC_BATCH];
    unsigned hits[5] = {0}, total = 0;

    (void)state;
    for (unsigned round = 0; round < 100; round++) {
        batch.n = LC_BATCH;
        for (size_t i = 0; i < batch.n; i++) {
            batch.p[i] = keys[i];
            batch.len[i] = (size_t)sprintf((char *)keys[i], "user %u %zu", round, i);
        }
        assert_int_equal(lc_match(r, &batch, got), 0);
        for (size_t i = 0; i < batch.n; i++) {
            assert_int_equal(got[i], lc_match_naive(r, (struct lc_slice){keys[i], batch.len[i]}));
            hits[got[i]]++;
            total++;
        }
    }
    /* 51,200 keys: a share is within 0.02 of its weight but once in 10^18 runs. */
    for (unsigned i = 0; i < 5; i++) {
        double weight = (double)r->bounds[r->rules + i] / (double)r->bounds[r->rules - 1];

        assert_true((double)hits[i] / total > weight - 0.02);
        assert_true((double)hits[i] / total < weight + 0.02);
    }
    lc_rules_free(r);
}

/* Ten million rules, under LIVECOL_LONG: each key finds its own rule, and its neighbour finds it
 * too. */
static void test_ten_million_rules(void **state)
{
    struct lc_slice name = {(const uint8_t *)"v", 1}, value = {(const uint8_t *)"x", 1};
    struct lc_builder *b;
    struct lc_rules *r;
    static uint8_t keys[LC_BATCH][64];
    static struct lc_batch batch;
    uint32_t got[LC_BATCH];
    unsigned count = support_long() ? LC_MAX_RULES : 20000;

    (void)state;
    assert_int_equal(lc_builder_new(&b, LC_KIND_PREFIX, &name, 1), 0);
    for (unsigned i = 0; i < count; i++) {
        char text[32];
        int n = sprintf(text, "%08u", i);
        struct lc_rule_in in = {
            .line = i + 2, .key = {(const uint8_t *)text, (size_t)n}, .values = &value};
        struct lc_error err = LC_ERROR_INIT;

        assert_int_equal(lc_builder_add(b, &in, &err), 0);
    }
    r = finish(b);
    assert_int_equal(r->rules, count);
    for (unsigned i = 0; i < count; i += LC_BATCH) {
        batch.n = count - i < LC_BATCH ? count - i : LC_BATCH;
        for (size_t k = 0; k < batch.n; k++) {
            batch.p[k] = keys[k];
            batch.len[k] =
                (size_t)sprintf((char *)keys[k], k % 2 ? "%08u" : "%08ux", i + (unsigned)k);
        }
        assert_int_equal(lc_match(r, &batch, got), 0);
        for (size_t k = 0; k < batch.n; k++)
            if (got[k] != i + k)
                fail_msg("rule %zu: got %u", i + k, got[k]);
    }
    lc_rules_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefix_agrees_with_oracle),
        cmocka_unit_test(test_exact_agrees_with_oracle),
        cmocka_unit_test(test_suffix_agrees_with_oracle),
        cmocka_unit_test(test_domain_agrees_with_oracle),
        cmocka_unit_test(test_nocase_agrees_with_oracle),
        cmocka_unit_test(test_prefix_of_4096_bytes),
        cmocka_unit_test(test_a_chain_of_prefixes),
        cmocka_unit_test(test_range_agrees_with_oracle),
        cmocka_unit_test(test_range_up_to_the_last_number),
        cmocka_unit_test(test_bucket_agrees_with_oracle_and_weights),
        cmocka_unit_test(test_ten_million_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
