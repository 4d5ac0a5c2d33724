/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled-file loader. The hash in the header is made right first, or nothing would get past
 * it; then whatever opens is matched, and put out whole, and must stay within its bounds.
 */
#include "udf/export.h"
#include "udf/rules/hash.h"
#include "within.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void use(const struct lc_rules *r)
{
    static const char keys[4][72] = {"", "u", "bob@mail.Example.com.",
                                     "a long key that is matched by its beginning"};
    struct lc_batch b = {.n = 4};
    uint32_t rule[LC_BATCH];

    for (size_t i = 0; i < b.n; i++) {
        b.p[i] = (const uint8_t *)keys[i];
        b.len[i] = strlen(keys[i]);
        b.number[i] = i * 100;
    }
    if (lc_match(r, &b, rule))
        return;
    within_values(r, rule, b.n);
    within_keys(r);
}

/* All of it, as a dictionary that is loaded whole, in each format. */
static void put_out(const struct lc_rules *r)
{
    static const enum lc_format formats[] = {LC_FORMAT_NATIVE, LC_FORMAT_ROWBINARY, LC_FORMAT_TSV};

    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_column_type res;
        struct lc_export *w;
        struct lc_slice bytes;

        if (lc_column_type_init(&res, r, 0, f ? "String" : "Nullable(String)", "f", &err))
            return;
        if (lc_export_new(&w, &res, 1, formats[f], "key", "f", &err) == 0)
            while (lc_export_next(w, &bytes, &err) > 0)
                ;
        lc_export_free(w);
        lc_column_type_release(&res);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    uint8_t *copy = aligned_alloc(64, (n + 64) / 64 * 64);

    if (!copy)
        return 0;
    memcpy(copy, data, n);
    if (n >= sizeof(struct lc_rules_header)) {
        struct lc_rules_header *h = (struct lc_rules_header *)(void *)copy;

        h->size = n;
        h->header_hash = lc_rules_header_hash(h);
    }
    if (!lc_rules_take(&r, copy, n, true, "f", &err)) {
        use(r);
        if (r->rules < 100000)
            put_out(r);
        lc_rules_free(r);
    }
    return 0;
}
