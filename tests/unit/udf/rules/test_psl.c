/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domain rules against the public suffix list's own test vectors (https://publicsuffix.org/list, in the public domain):
 * a host, and its registrable name by the rules that the vectors need. A rule gives how many labels the public suffix
 * has; an exception one less than it has itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "match_naive.h"
#include "udf/rules/match.h"
#include "udf_support.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RULES                                                                                      \
    "domain,labels\n*,1\ncom,1\nuk.com,2\nbiz,1\nac,1\n*.mm,2\njp,1\nac.jp,2\nkyoto.jp,2\n"        \
    "ide.kyoto.jp,3\n*.kobe.jp,3\n!city.kobe.jp,2\n*.ck,2\n!www.ck,1\nus,1\nak.us,2\n"             \
    "k12.ak.us,3\ncn,1\ncom.cn,2\n公司.cn,2\n中国,1\nxn--55qx5d.cn,2\nxn--fiqs8s,1\n"

static const struct {
    const char *host, *registrable; /* NULL: the host is a public suffix, or no host */
} vectors[] = {
    {"", NULL},
    {"COM", NULL},
    {"example.COM", "example.com"},
    {"WwW.example.COM", "example.com"},
    {".com", NULL},
    {".example", NULL},
    {".example.com", NULL},
    {".example.example", NULL},
    {"example", NULL},
    {"example.example", "example.example"},
    {"b.example.example", "example.example"},
    {"a.b.example.example", "example.example"},
    {"biz", NULL},
    {"domain.biz", "domain.biz"},
    {"b.domain.biz", "domain.biz"},
    {"a.b.domain.biz", "domain.biz"},
    {"com", NULL},
    {"example.com", "example.com"},
    {"b.example.com", "example.com"},
    {"a.b.example.com", "example.com"},
    {"uk.com", NULL},
    {"example.uk.com", "example.uk.com"},
    {"b.example.uk.com", "example.uk.com"},
    {"a.b.example.uk.com", "example.uk.com"},
    {"test.ac", "test.ac"},
    {"mm", NULL},
    {"c.mm", NULL},
    {"b.c.mm", "b.c.mm"},
    {"a.b.c.mm", "b.c.mm"},
    {"jp", NULL},
    {"test.jp", "test.jp"},
    {"www.test.jp", "test.jp"},
    {"ac.jp", NULL},
    {"test.ac.jp", "test.ac.jp"},
    {"www.test.ac.jp", "test.ac.jp"},
    {"kyoto.jp", NULL},
    {"test.kyoto.jp", "test.kyoto.jp"},
    {"ide.kyoto.jp", NULL},
    {"b.ide.kyoto.jp", "b.ide.kyoto.jp"},
    {"a.b.ide.kyoto.jp", "b.ide.kyoto.jp"},
    {"c.kobe.jp", NULL},
    {"b.c.kobe.jp", "b.c.kobe.jp"},
    {"a.b.c.kobe.jp", "b.c.kobe.jp"},
    {"city.kobe.jp", "city.kobe.jp"},
    {"www.city.kobe.jp", "city.kobe.jp"},
    {"ck", NULL},
    {"test.ck", NULL},
    {"b.test.ck", "b.test.ck"},
    {"a.b.test.ck", "b.test.ck"},
    {"www.ck", "www.ck"},
    {"www.www.ck", "www.ck"},
    {"us", NULL},
    {"test.us", "test.us"},
    {"www.test.us", "test.us"},
    {"ak.us", NULL},
    {"test.ak.us", "test.ak.us"},
    {"www.test.ak.us", "test.ak.us"},
    {"k12.ak.us", NULL},
    {"test.k12.ak.us", "test.k12.ak.us"},
    {"www.test.k12.ak.us", "test.k12.ak.us"},
    {"食狮.com.cn", "食狮.com.cn"},
    {"食狮.公司.cn", "食狮.公司.cn"},
    {"www.食狮.公司.cn", "食狮.公司.cn"},
    {"shishi.公司.cn", "shishi.公司.cn"},
    {"公司.cn", NULL},
    {"食狮.中国", "食狮.中国"},
    {"www.食狮.中国", "食狮.中国"},
    {"shishi.中国", "shishi.中国"},
    {"中国", NULL},
    {"xn--85x722f.com.cn", "xn--85x722f.com.cn"},
    {"xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"},
    {"www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"},
    {"shishi.xn--55qx5d.cn", "shishi.xn--55qx5d.cn"},
    {"xn--55qx5d.cn", NULL},
    {"xn--85x722f.xn--fiqs8s", "xn--85x722f.xn--fiqs8s"},
    {"www.xn--85x722f.xn--fiqs8s", "xn--85x722f.xn--fiqs8s"},
    {"shishi.xn--fiqs8s", "shishi.xn--fiqs8s"},
    {"xn--fiqs8s", NULL},
};

/* The last n labels of a host; NULL where it has no more than n - 1, or an empty one first. */
static const char *last_labels(const char *host, unsigned n)
{
    const char *p = host + strlen(host);

    if (*host == '.' || !*host)
        return NULL;
    for (; p > host; p--)
        if (p[-1] == '.' && --n == 0)
            return p;
    return n == 1 ? p : NULL;
}

static void test_the_lists_own_vectors(void **state)
{
    struct lc_rules *r = support_rules(RULES);

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t padded[128] = {0};
        struct lc_slice key = {padded, strlen(vectors[i].host)}, labels;
        struct lc_batch batch = {.n = 1, .p = {padded}, .len = {key.n}};
        uint32_t rule[LC_BATCH];
        const char *got, *want = vectors[i].registrable;

        memcpy(padded, vectors[i].host, key.n);
        assert_int_equal(lc_match(r, &batch, rule), 0);
        assert_int_equal(rule[0], lc_match_naive(r, key));
        labels = lc_rules_value(r, 0, lc_rules_value_id(r, 0, rule[0]));
        assert_int_equal(labels.n, 1);
        got = last_labels(vectors[i].host, (unsigned)(labels.p[0] - '0') + 1);
        if (!got != !want || (got && strcasecmp(got, want) != 0))
            fail_msg("%s: %s, not %s", vectors[i].host, got ? got : "none", want ? want : "none");
        /* What is no host takes the default alone. */
        if (vectors[i].host[0] == '.')
            assert_int_equal(rule[0], r->default_rule);
    }
    lc_rules_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_lists_own_vectors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
