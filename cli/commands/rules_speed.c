/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of keys are made, and only the matching of them is timed. They are made of the rules
 * themselves, so nearly every search ends in a hit; keys that miss are not measured.
 */
#include "cli/commands/rules_speed.h"

#include "base/clock.h"
#include "base/error.h"
#include "udf/rules/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 100000, ROOM = LC_MAX_KEY_BYTES + 64 };

/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/*
 * Make key i of the batch, of a rule chosen at random: its own text, or a point of its range or
 * network. Buckets take any key: 16 hex digits. `room` has ROOM bytes, for text.
 */
static void put_key(const struct lc_rules *r, uint64_t *seed, struct lc_batch *b, size_t i,
                    uint8_t *room)
{
    uint32_t rule = (uint32_t)(next_random(seed) % r->rules);
    struct lc_key_text text;
    struct lc_slice key;

    b->p[i] = room;
    if (lc_kind_has_keys(r->kind)) {
        key = lc_rules_key_text(r, rule, &text);
        b->len[i] = key.n;
        if (key.n)
            memcpy(room, key.p, key.n);
    } else if (r->points) {
        lc_point first = r->points[rule], width = r->points[r->rules + rule] - first;

        b->point[i] = first + (width ? next_random(seed) % width : 0);
    } else if (r->kind == LC_KIND_RANGE) {
        uint64_t from = r->bounds[rule], to = r->bounds[r->rules + rule];

        b->number[i] = to > from ? from + next_random(seed) % (to - from) : from;
    } else {
        b->len[i] = (size_t)snprintf((char *)room, ROOM, "%016" PRIx64, next_random(seed));
    }
}

int lc_rules_measure(const struct lc_rules *r, struct lc_rules_speed *speed)
{
    const struct lc_clock *clock = lc_clock_system();
    struct lc_batch *b = malloc(sizeof *b);
    uint8_t *rooms = calloc(LC_BATCH, ROOM);
    uint32_t rule[LC_BATCH];
    uint64_t seed = 1, taken = 0; /* a fixed seed: the same keys in each run */
    int rc = b && rooms ? 0 : LC_ERR_NOMEM;

    *speed = (struct lc_rules_speed){0};
    /* put_key knows no keys of other kinds. */
    if (!lc_kind_has_keys(r->kind) && r->kind != LC_KIND_RANGE && r->kind != LC_KIND_BUCKET &&
        !r->points)
        rc = LC_ERR_USAGE;
    while (!rc && speed->keys < KEYS) {
        uint64_t start;

        b->n = KEYS - speed->keys < LC_BATCH ? KEYS - speed->keys : LC_BATCH;
        for (size_t i = 0; i < b->n; i++)
            put_key(r, &seed, b, i, rooms + i * ROOM);
        start = lc_clock_now(clock);
        rc = lc_match(r, b, rule);
        taken += lc_clock_now(clock) - start;
        speed->keys += (uint32_t)b->n;
    }
    speed->ns_per_key = speed->keys ? (double)taken / speed->keys : 0;
    free(rooms);
    free(b);
    return rc;
}
