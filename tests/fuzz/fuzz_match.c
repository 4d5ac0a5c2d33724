/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Match against the oracle: the input is read as lines; the first half are rules, all are keys.
 * The first byte chooses the kind, its options and the seed. A line that is no domain is no rule.
 */
#include "match_naive.h"
#include "udf/rules/build.h"
#include "udf/rules/match.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LINES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct {
    enum lc_kind kind;
    unsigned options;
} kinds[] = {{LC_KIND_EXACT, 0},
             {LC_KIND_PREFIX, 0},
             {LC_KIND_SUFFIX, 0},
             {LC_KIND_DOMAIN, 0},
             {LC_KIND_EXACT, LC_OPTION_NOCASE},
             {LC_KIND_PREFIX, LC_OPTION_NOCASE},
             {LC_KIND_SUFFIX, LC_OPTION_NOCASE},
             {LC_KIND_BUCKET, LC_OPTION_NOCASE}};

/* Add the lines as rules; of one value, so that keys which are the same without case do not conflict. */
static void add_rules(struct lc_builder *b, enum lc_kind kind, const struct lc_slice *lines,
                      size_t n)
{
    struct lc_slice value = {(const uint8_t *)"v", 1};

    for (size_t i = 0; i < n; i++) {
        struct lc_rule_in in = {
            .line = (uint32_t)i, .key = lines[i], .values = &value, .from = i + 1};
        struct lc_error err = LC_ERROR_INIT;

        if (kind == LC_KIND_DOMAIN && in.key.n > 2 && memcmp(in.key.p, "*.", 2) == 0) {
            in.below = true;
            in.key.p += 2;
            in.key.n -= 2;
        }
        /* As rules files refuse it; the oracle reads the rule as it is written, and *.a.com as what is below a.com. */
        if (kind == LC_KIND_DOMAIN && memchr(in.key.p, '*', in.key.n))
            continue;
        if (lc_builder_add(b, &in, &err) && kind != LC_KIND_DOMAIN)
            abort();
    }
}

static size_t split(const uint8_t *p, size_t n, struct lc_slice *lines)
{
    size_t count = 0, start = 0;

    for (size_t i = 0; i <= n && count < MAX_LINES; i++)
        if (i == n || p[i] == '\n') {
            lines[count++] = (struct lc_slice){p + start, i - start};
            start = i + 1;
        }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct lc_slice lines[MAX_LINES], name = {(const uint8_t *)"v", 1};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_builder *b;
    struct lc_rules *r = NULL;
    struct lc_batch batch = {0};
    uint32_t rule[LC_BATCH];
    enum lc_kind kind;
    uint8_t *copy;
    size_t count;

    if (n < 2 || n > LC_MAX_KEY_BYTES)
        return 0;
    copy = calloc(1, n + 64);
    kind = kinds[data[0] % 8].kind;
    if (!copy || lc_builder_new(&b, kind, &name, 1))
        abort();
    lc_builder_options(b, kinds[data[0] % 8].options);
    lc_builder_seed(b, data[0] >> 3);
    memcpy(copy, data + 1, n - 1);
    count = split(copy, n - 1, lines);
    add_rules(b, kind, lines, (count + 1) / 2);
    if (lc_builder_finish(b, &r, "f", &err)) {
        if (kind != LC_KIND_DOMAIN)
            abort();
        lc_builder_free(b);
        free(copy);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        batch.p[i] = lines[i].p;
        batch.len[i] = lines[i].n;
    }
    batch.n = count;
    if (lc_match(r, &batch, rule))
        abort();
    for (size_t i = 0; i < count; i++)
        if (rule[i] != lc_match_naive(r, lines[i]))
            abort();
    lc_rules_free(r);
    lc_builder_free(b);
    free(copy);
    return 0;
}
