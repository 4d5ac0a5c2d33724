/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV loader: any bytes load or are refused with a message; what loads is whole, and each of its keys, as
 * it is written and with something at either end, meets the rule that the plain matcher finds; so do the ends of its
 * ranges and networks, and what is next to them.
 */
#include "match_naive.h"
#include "udf/rules/csv.h"
#include "udf/rules/match.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { KEYS_MAX = 40 };

static void match_one(const struct lc_rules *r, const uint8_t *p, size_t n)
{
    static uint8_t room[LC_MAX_KEY_BYTES + 64];
    static struct lc_batch b;
    uint32_t rule[LC_BATCH];

    memcpy(room, p, n);
    b.n = 1;
    b.p[0] = room;
    b.len[0] = n;
    if (lc_match(r, &b, rule) || rule[0] != lc_match_naive(r, (struct lc_slice){room, n}))
        abort();
}

static void match_keys(const struct lc_rules *r)
{
    for (uint32_t i = 0; i < r->rules && i < KEYS_MAX; i++) {
        uint8_t key[LC_MAX_KEY_BYTES + 8];
        struct lc_key_text text;
        struct lc_slice written = lc_rules_key_text(r, i, &text);

        if (written.n > LC_MAX_KEY_BYTES + 2)
            abort();
        key[0] = 'w';
        key[1] = '.';
        if (written.n)
            memcpy(key + 2, written.p, written.n);
        key[written.n + 2] = '.';
        match_one(r, key + 2, written.n);
        match_one(r, key, written.n + 2);
        match_one(r, key + 2, written.n + 1);
    }
}

/* Ranges of unsigned numbers: four keys a rule, as numbers. */
static void match_numbers(const struct lc_rules *r, struct lc_batch *b)
{
    uint32_t rule[LC_BATCH];

    b->n = 0;
    for (uint32_t i = 0; i < r->rules && i < KEYS_MAX; i++)
        for (uint64_t k = 0; k < 4; k++)
            b->number[b->n++] = (k < 2 ? r->bounds[i] : r->bounds[r->rules + i]) + k % 3 - 1;
    if (lc_match(r, b, rule))
        abort();
    for (size_t i = 0; i < b->n; i++)
        if (rule[i] != lc_match_naive_number(r, b->number[i]))
            abort();
}

/* All other ranges, and networks: as points. */
static void match_points(const struct lc_rules *r, struct lc_batch *b)
{
    uint32_t rule[LC_BATCH];

    b->n = 0;
    for (uint32_t i = 0; i < r->rules && i < KEYS_MAX; i++)
        for (unsigned k = 0; k < 4; k++)
            b->point[b->n++] = (k < 2 ? r->points[i] : r->points[r->rules + i]) + k % 3 - 1;
    if (lc_match(r, b, rule))
        abort();
    for (size_t i = 0; i < b->n; i++)
        if (rule[i] != lc_match_naive_point(r, b->point[i]))
            abort();
}

static void match_bounds(const struct lc_rules *r)
{
    static const uint8_t room[64];
    static struct lc_batch b;

    for (size_t i = 0; i < LC_BATCH; i++)
        b.p[i] = room;
    if (r->points)
        match_points(r, &b);
    else if (r->kind == LC_KIND_RANGE)
        match_numbers(r, &b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct lc_csv_notes notes;
    const struct lc_csv_options options = {.trim = n % 4 == 3, .notes = n % 2 ? &notes : NULL};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    if (lc_rules_parse_csv_with(&r, data, n, "f", &options, &err)) {
        if (r || err.code == 0 || err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (r->rules == 0 || lc_rules_check_content(r, "f", &err))
        abort();
    for (uint32_t i = 0; i <= r->rules; i++)
        for (uint32_t a = 0; a < r->attributes; a++)
            if (lc_rules_value_id(r, a, i) == LC_NONE)
                abort();
    if (lc_kind_has_keys(r->kind))
        match_keys(r);
    else
        match_bounds(r);
    lc_rules_free(r);
    return 0;
}
