/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that are chosen to meet in one bucket of an unseeded table do not, in one with a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "udf/rules/build.h"
#include "udf/rules/csv.h"
#include "udf/rules/index.h"
#include "udf/rules/match.h"
#include "udf/rules/probe.h"
#include "match_naive.h"
#include "udf_support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES   1000u
#define BUCKETS (RULES / LC_ENTRIES_A_BUCKET + 1)
#define SEEDS   20u

/* Buckets in a row that a search may have to look at: with a seed, and if all rules were in one. */
#define SHORT_CHAIN 32u
#define LONG_CHAIN  (RULES / 4 - 10)

struct crafted {
    enum lc_kind kind;
    uint32_t n; /* bytes a key */
    uint8_t keys[RULES][40];
};

static uint64_t unseeded_bucket(const struct crafted *c, const uint8_t *key)
{
    struct lc_seed seed = lc_seed_from(0);
    uint64_t word = c->kind == LC_KIND_EXACT ? lc_hash64(key, c->n) : lc_word(key, c->n, &seed);

    return lc_first_bucket(word, BUCKETS, &seed);
}

/* Distinct keys of one bucket. Of 16 bytes: of one word, since one factor of its product is 0. */
static void craft(struct crafted *c)
{
    uint64_t random = 1;

    for (uint32_t i = 0; i < RULES; i++) {
        uint8_t *key = c->keys[i];

        memset(key, 'k', sizeof c->keys[i]);
        if (c->kind == LC_KIND_PREFIX && c->n == 16) {
            uint64_t low = lc_seed_from(0).low, high = i;

            memcpy(key, &low, 8);
            memcpy(key + 8, &high, 8);
            continue;
        }
        do {
            uint64_t bits = support_random(&random);

            for (uint32_t at = 2; at < 6; at++)
                key[at] = (uint8_t)(bits >> (at * 8));
        } while (unseeded_bucket(c, key) != 7);
    }
}

static struct lc_rules *build(const struct crafted *c, uint64_t seed, bool random)
{
    struct lc_slice name = {(const uint8_t *)"v", 1}, value;
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    struct lc_builder *b;

    assert_int_equal(lc_builder_new(&b, c->kind, &name, 1), 0);
    if (!random)
        lc_builder_seed(b, seed);
    for (uint32_t i = 0; i < RULES; i++) {
        struct lc_rule_in in = {.line = i + 2, .key = {c->keys[i], c->n}, .values = &value};

        value = in.key;
        assert_int_equal(lc_builder_add(b, &in, &err), 0);
    }
    assert_int_equal(lc_builder_finish(b, &r, "crafted", &err), 0);
    lc_builder_free(b);
    return r;
}

/* The longest row of buckets that a search goes through. */
static uint32_t longest_chain(const struct lc_rules *r)
{
    uint32_t longest = 1, now = 1;

    for (uint64_t i = 0; i < 2 * r->bucket_count; i++) { /* twice: a row may go over the end */
        now = r->buckets[i % r->bucket_count].best[3] & LC_BUCKET_OVERFLOW ? now + 1 : 1;
        longest = now > longest ? now : longest;
    }
    return longest;
}

/* Every key, and one next to it, as the oracle has it. */
static void check_answers(const struct lc_rules *r, const struct crafted *c)
{
    for (uint32_t i = 0; i < RULES; i += 97) {
        uint8_t other[40];
        struct lc_batch batch = {.n = 2, .p = {c->keys[i], other}, .len = {c->n, c->n}};
        uint32_t got[LC_BATCH];

        memcpy(other, c->keys[i], sizeof other);
        other[3] ^= 1;
        assert_int_equal(lc_match(r, &batch, got), 0);
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(got[k], lc_match_naive(r, (struct lc_slice){batch.p[k], c->n}));
        assert_true(got[0] < r->rules);
    }
}

static void test_crafted_rules_are_spread_by_the_seed(void **state)
{
    static struct crafted sets[] = {
        {.kind = LC_KIND_PREFIX, .n = 8},  {.kind = LC_KIND_PREFIX, .n = 9},
        {.kind = LC_KIND_PREFIX, .n = 12}, {.kind = LC_KIND_PREFIX, .n = 16},
        {.kind = LC_KIND_PREFIX, .n = 30}, {.kind = LC_KIND_EXACT, .n = 6},
        {.kind = LC_KIND_EXACT, .n = 12},  {.kind = LC_KIND_EXACT, .n = 30}};

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct lc_rules *r;
        uint64_t seed = 1;

        craft(&sets[i]);
        r = build(&sets[i], 0, false);
        assert_in_range(longest_chain(r), LONG_CHAIN, BUCKETS);
        check_answers(r, &sets[i]);
        lc_rules_free(r);
        for (uint32_t k = 0; k < SEEDS; k++) {
            r = build(&sets[i], support_random(&seed), k == 0);
            assert_in_range(longest_chain(r), 1, SHORT_CHAIN);
            check_answers(r, &sets[i]);
            lc_rules_free(r);
        }
    }
}

/* Distinct keys that nobody has chosen. */
static void scatter(struct crafted *c)
{
    for (uint32_t i = 0; i < RULES; i++) {
        uint32_t bits = i * 2654435761u; /* odd: no two are alike */

        memset(c->keys[i], 'k', sizeof c->keys[i]);
        memcpy(c->keys[i] + 2, &bits, sizeof bits);
    }
}

/* Buckets that the searches for all these keys go through: each to the first that has not run over. */
static uint64_t looks(const struct lc_rules *r, const struct crafted *keys)
{
    uint64_t sum = 0;

    assert_int_equal(r->table_count, 1);
    for (uint32_t i = 0; i < RULES; i++) {
        const uint8_t *key = keys->keys[i];
        uint64_t word = keys->kind == LC_KIND_EXACT ? lc_hash64_seeded(key, keys->n, r->seed.hash)
                                                    : lc_word(key, keys->n, &r->seed);
        uint64_t at = lc_first_bucket(word, r->tables->buckets, &r->seed);

        for (sum++; r->buckets[at].best[3] & LC_BUCKET_OVERFLOW; sum++)
            at = at + 1 == r->tables->buckets ? 0 : at + 1;
    }
    return sum;
}

/* The same of rules with many seeds, or with none. */
static uint64_t looks_with(const struct crafted *rules, const struct crafted *keys, bool seeded)
{
    uint64_t seed = 1, sum = 0;

    for (uint32_t k = 0; k < (seeded ? SEEDS : 1); k++) {
        struct lc_rules *r = build(rules, seeded ? support_random(&seed) : 0, false);

        sum += looks(r, keys);
        lc_rules_free(r);
    }
    return seeded ? sum / SEEDS : sum;
}

/* Where there is a seed, keys and rules that meet without one cost no more than others: counted, not timed. */
static void test_crafted_keys_cost_what_others_do(void **state)
{
    static const struct {
        enum lc_kind kind;
        uint32_t n;
    } sets[] = {{LC_KIND_PREFIX, 8},  {LC_KIND_PREFIX, 12}, {LC_KIND_PREFIX, 16},
                {LC_KIND_PREFIX, 30}, {LC_KIND_EXACT, 12},  {LC_KIND_EXACT, 30}};
    static struct crafted bad, plain;

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        uint64_t usual;

        bad.kind = plain.kind = sets[i].kind;
        bad.n = plain.n = sets[i].n;
        craft(&bad);
        scatter(&plain);
        usual = looks_with(&plain, &plain, true);
        print_message("kind %d, %u bytes: %" PRIu64 " buckets for %u keys; crafted %" PRIu64
                      ", without a seed %" PRIu64 "\n",
                      (int)sets[i].kind, sets[i].n, usual, RULES, looks_with(&bad, &bad, true),
                      looks_with(&bad, &bad, false));
        assert_in_range(usual, RULES, 4 * RULES);
        assert_in_range(looks_with(&bad, &bad, true), RULES, usual + usual / 4);
        assert_in_range(looks_with(&plain, &bad, true), RULES, usual + usual / 4);
        assert_in_range(looks_with(&bad, &plain, true), RULES, usual + usual / 4);
        /* the same count without one, so that it can fail */
        assert_true(looks_with(&bad, &bad, false) > 20 * usual);
    }
}

/* Rules of which few bytes are left where they part are in tables, and cannot be made to meet. */
static void test_short_rules_are_hardly_hashed(void **state)
{
    static struct crafted set = {.kind = LC_KIND_PREFIX, .n = 6};
    struct lc_rules *r;

    (void)state;
    craft(&set);
    r = build(&set, 0, false);
    assert_in_range(longest_chain(r), 1, LONG_CHAIN * 2 / 3);
    check_answers(r, &set);
    lc_rules_free(r);
}

static uint64_t seed_of(const char *csv)
{
    struct lc_rules *r = support_rules(csv);
    uint64_t seed = r->head->seed;

    assert_int_equal(r->head->layout, LC_RULES_LAYOUT);
    lc_rules_free(r);
    return seed;
}

static void test_a_seed_is_chosen_each_time(void **state)
{
    (void)state;
    assert_int_not_equal(seed_of("prefix,v\na,1\n"), 0);
    assert_int_not_equal(seed_of("prefix,v\na,1\n"), seed_of("prefix,v\na,1\n"));
    assert_int_not_equal(seed_of("exact,v\na,1\n"), seed_of("exact,v\na,1\n"));
    assert_int_equal(seed_of("from,to,v\n1,2,x\n"), 0);
    assert_int_equal(seed_of("bucket,v\n1,x\n"), 0);
}

/* A bucket is a promise: these keys have been in these buckets since the first release. */
static void test_buckets_do_not_depend_on_a_seed(void **state)
{
    static const char *const keys[] = {"", "u1", "u1_001", "a key of some length", "zzz"};
    static const uint32_t bucket[] = {1, 6, 1, 1, 5};

    (void)state;
    for (int round = 0; round < 3; round++) {
        struct lc_rules *r =
            support_rules("bucket,v\n1,0\n1,1\n1,2\n1,3\n1,4\n1,5\n1,6\n1,7\n1,8\n1,9\n");

        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            uint8_t key[64] = {0};
            struct lc_batch batch = {.n = 1, .p = {key}, .len = {strlen(keys[i])}};
            uint32_t got[LC_BATCH];

            memcpy(key, keys[i], strlen(keys[i]));
            assert_int_equal(lc_match(r, &batch, got), 0);
            assert_int_equal(got[0], bucket[i]);
        }
        lc_rules_free(r);
    }
}

/* What layout 1 is to layout 2 of seed 0: its header ends 8 bytes earlier. */
static uint8_t *as_layout_1(const struct lc_rules *r)
{
    uint8_t *copy = aligned_alloc(64, r->size);
    struct lc_rules_header *h = (struct lc_rules_header *)(void *)copy;
    struct lc_hash128 content;

    assert_non_null(copy);
    memcpy(copy, r->base, r->size);
    assert_int_equal(h->seed, 0);
    h->layout = 1;
    assert_int_equal(lc_rules_header_bytes(h), 296);
    content = lc_hash128(copy + 296, r->size - 296);
    h->content[0] = content.low;
    h->content[1] = content.high;
    h->header_hash = 0;
    h->header_hash = lc_hash64(h, 296);
    return copy;
}

static void test_layout_1_is_read(void **state)
{
    static struct crafted sets[] = {{.kind = LC_KIND_PREFIX, .n = 8},
                                    {.kind = LC_KIND_PREFIX, .n = 16},
                                    {.kind = LC_KIND_EXACT, .n = 30}};

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct lc_rules *made, *r = NULL;
        struct lc_error err = LC_ERROR_INIT;

        craft(&sets[i]);
        made = build(&sets[i], 0, false);
        assert_int_equal(lc_rules_take(&r, as_layout_1(made), made->size, true, "f", &err), 0);
        assert_int_equal(lc_rules_check_content(r, "f", &err), 0);
        check_answers(r, &sets[i]);
        lc_rules_free(r);
        lc_rules_free(made);
    }
}

/* The hashes of layout 1, as numbers: what old files were made with. */
static void test_seed_0_hashes_as_layout_1_did(void **state)
{
    struct lc_seed seed = lc_seed_from(0);
    static const uint8_t key[32] = "0123456789abcdef0123456789abcde";

    (void)state;
    assert_int_equal(lc_word(key, 5, &seed), 0x3433323130);
    assert_true(lc_word(key, 12, &seed) == lc_fold(0x3736353433323130 ^ 0x1cad21f72c81017cu,
                                                   0x62613938 ^ 0xdb979083e96dd4deu));
    assert_true(lc_word(key, 20, &seed) == XXH3_64bits(key, 20));
    assert_int_equal(lc_first_bucket(0x3433323130, 1000, &seed),
                     (lc_fold(0x3433323130, 0x9E3779B185EBCA87u) >> 32) * 1000 >> 32);
}

/* Many different searches: finding one that was made before does not look at all of them. */
static void test_many_search_plans(void **state)
{
    struct lc_slice name = {(const uint8_t *)"v", 1}, value = {(const uint8_t *)"x", 1};
    struct lc_error err = LC_ERROR_INIT;
    static uint8_t key[128];
    struct lc_rules *r = NULL;
    struct lc_builder *b;
    uint32_t nodes = 0;

    (void)state;
    assert_int_equal(lc_builder_new(&b, LC_KIND_PREFIX, &name, 1), 0);
    memset(key, 'a', sizeof key);
    for (uint32_t i = 20; i < 120; i++)
        for (uint32_t k = i + 1; k < 120; k++, nodes++) {
            uint32_t lengths[] = {i, k};

            key[0] = (uint8_t)(nodes >> 8);
            key[1] = (uint8_t)nodes;
            for (size_t n = 0; n < 2; n++)
                assert_int_equal(lc_builder_add(b,
                                                &(struct lc_rule_in){.line = nodes,
                                                                     .key = {key, lengths[n]},
                                                                     .values = &value},
                                                &err),
                                 0);
        }
    assert_int_equal(lc_builder_finish(b, &r, "plans", &err), 0);
    lc_builder_free(b);
    /* A plan of two lengths has two steps, and each pair of lengths is there once. */
    assert_int_equal(r->step_count, 2 * nodes);
    lc_rules_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crafted_rules_are_spread_by_the_seed),
        cmocka_unit_test(test_crafted_keys_cost_what_others_do),
        cmocka_unit_test(test_short_rules_are_hardly_hashed),
        cmocka_unit_test(test_a_seed_is_chosen_each_time),
        cmocka_unit_test(test_buckets_do_not_depend_on_a_seed),
        cmocka_unit_test(test_layout_1_is_read),
        cmocka_unit_test(test_seed_0_hashes_as_layout_1_did),
        cmocka_unit_test(test_many_search_plans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
