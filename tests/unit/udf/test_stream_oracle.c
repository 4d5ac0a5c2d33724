/* SPDX-License-Identifier: Apache-2.0 */
/* Random rules and keys through every format, in pieces of a random size, against the plain matcher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/varint.h"
#include "match_naive.h"
#include "udf_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A rule set of random keys over a small alphabet, some bytes that
 * TabSeparated escapes among it. */
static struct lc_rules *random_rules(uint64_t *seed, enum lc_kind kind, unsigned options)
{
    static const char alphabet[] = "ab\t\n\\\"\x01"
                                   "@Ab.";
    struct lc_slice name = {(const uint8_t *)"v", 1}, value;
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    struct lc_builder *b;

    assert_int_equal(lc_builder_new(&b, kind, &name, 1), 0);
    lc_builder_options(b, options);
    for (uint32_t i = 0; i < 400; i++) {
        struct lc_rule_in in = {.line = i + 2, .values = &value, .from = 1 + i % 7};
        uint8_t key[12];

        in.key = (struct lc_slice){key, support_random(seed) % 10};
        for (size_t k = 0; k < in.key.n; k++)
            key[k] = (uint8_t)alphabet[support_random(seed) % (kind == LC_KIND_DOMAIN ? 11 : 10)];
        /* So that a key that comes twice is no conflict. */
        value = options || kind == LC_KIND_DOMAIN
                    ? (struct lc_slice){(const uint8_t *)"seven\t\n", 7}
                    : in.key;
        in.below = kind == LC_KIND_DOMAIN && i % 3 == 0 && in.key.n;
        /* What is no name of a host is no domain. */
        if (lc_builder_add(b, &in, &err))
            assert_int_equal(kind, LC_KIND_DOMAIN);
    }
    assert_int_equal(lc_builder_finish(b, &r, "random", &err), 0);
    lc_builder_free(b);
    return r;
}

static void add_key(struct lc_buf *in, enum lc_format format, struct lc_slice key)
{
    uint8_t head[LC_VARINT_MAX];

    if (format != LC_FORMAT_TSV) {
        lc_buf_add(in, head, lc_varint_put(head, key.n));
        lc_buf_add(in, key.p, key.n);
        return;
    }
    for (size_t i = 0; i < key.n; i++)
        lc_buf_addf(in, "\\x%02x", key.p[i]);
    lc_buf_adds(in, "\n");
}

/* What the oracle gives for a key, as the format writes a String. */
static void add_answer(struct lc_buf *out, enum lc_format format, const struct lc_rules *r,
                       struct lc_slice key)
{
    uint32_t rule = lc_match_naive(r, key);
    struct lc_slice v = lc_rules_value(r, 0, lc_rules_value_id(r, 0, rule));
    uint8_t head[LC_VARINT_MAX];

    if (format != LC_FORMAT_TSV) {
        lc_buf_add(out, head, lc_varint_put(head, v.n));
        lc_buf_add(out, v.p, v.n);
        return;
    }
    for (size_t i = 0; i < v.n; i++) {
        const char *escape = v.p[i] == '\t' ? "\\t" : v.p[i] == '\n' ? "\\n" : "\\\\";

        if (v.p[i] == '\t' || v.p[i] == '\n' || v.p[i] == '\\')
            lc_buf_adds(out, escape);
        else
            lc_buf_add(out, &v.p[i], 1);
    }
    lc_buf_adds(out, "\n");
}

/* Every kind of byte keys through every format, in pieces of a random size, against the oracle. */
static void test_every_format_agrees_with_the_oracle(void **state)
{
    static const struct {
        enum lc_kind kind;
        unsigned options;
    } kinds[] = {{LC_KIND_PREFIX, 0},
                 {LC_KIND_EXACT, 0},
                 {LC_KIND_BUCKET, 0},
                 {LC_KIND_SUFFIX, 0},
                 {LC_KIND_DOMAIN, 0},
                 {LC_KIND_PREFIX, LC_OPTION_NOCASE},
                 {LC_KIND_EXACT, LC_OPTION_NOCASE},
                 {LC_KIND_SUFFIX, LC_OPTION_NOCASE},
                 {LC_KIND_BUCKET, LC_OPTION_NOCASE}};
    static const enum lc_format formats[] = {LC_FORMAT_NATIVE, LC_FORMAT_ROWBINARY, LC_FORMAT_TSV};
    uint64_t seed = support_seed("formats");

    (void)state;
    for (unsigned round = 0; round < (support_long() ? 2700u : 54u); round++) {
        enum lc_format format = formats[round % 3];
        struct lc_rules *r =
            random_rules(&seed, kinds[round / 3 % 9].kind, kinds[round / 3 % 9].options);
        struct lc_error err = LC_ERROR_INIT;
        struct lc_buf in, out, want;
        struct lc_column_type res;
        uint8_t head[LC_VARINT_MAX];
        unsigned rows = 1 + (unsigned)(support_random(&seed) % 1500);

        lc_buf_init(&in, 1 << 24);
        lc_buf_init(&out, 1 << 24);
        lc_buf_init(&want, 1 << 24);
        if (format == LC_FORMAT_NATIVE) {
            size_t n = lc_varint_put(head, rows);

            lc_buf_adds(&in, "\x01");
            lc_buf_add(&in, head, n);
            lc_buf_adds(&in, "\x01k\x06String");
            lc_buf_adds(&want, "\x01");
            lc_buf_add(&want, head, n);
            lc_buf_adds(&want, "\x06result\x06String");
        }
        for (unsigned i = 0; i < rows; i++) {
            struct lc_key_text text;
            struct lc_slice rule =
                lc_rules_key_text(r, (uint32_t)(support_random(&seed) % r->rules), &text);
            uint8_t key[32];
            size_t before = support_random(&seed) % 3 * 2, n = before + rule.n;

            memcpy(key, "x.y.", before);
            memcpy(key + before, rule.p, rule.n);
            for (size_t more = support_random(&seed) % 4; more; more--)
                key[n++] = (uint8_t)support_random(&seed);
            add_key(&in, format, (struct lc_slice){key, n});
            add_answer(&want, format, r, (struct lc_slice){key, n});
        }
        assert_int_equal(lc_column_type_init(&res, r, 0, "String", "r", &err), 0);
        if (support_stream(&res, format, false, (struct lc_slice){in.p, in.n},
                           1 + support_random(&seed) % 5000, &out, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(out.n, want.n);
        assert_memory_equal(out.p, want.p, want.n);
        lc_column_type_release(&res);
        lc_rules_free(r);
        lc_buf_release(&in);
        lc_buf_release(&out);
        lc_buf_release(&want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_agrees_with_the_oracle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
