/* SPDX-License-Identifier: Apache-2.0 */
/* What both fuzz targets of arenas ask of a set: answers and keys are within it. */
#ifndef LC_FUZZ_WITHIN_H
#define LC_FUZZ_WITHIN_H
#include "udf/rules/match.h"

#include <stdlib.h>

/* The values of n matched rules, of every attribute, lie within the arena, or the target aborts. */
static inline void within_values(const struct lc_rules *r, const uint32_t *rule, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t a = 0; a < r->attributes; a++) {
            uint32_t id = lc_rules_value_id(r, a, rule[i]);
            struct lc_slice v = lc_rules_value(r, a, id);

            if (v.n && (v.p < r->base || v.p + v.n > r->base + r->size))
                abort();
        }
}

/* The first keys are written out; a sanitizer says what is read beyond the arena. */
static inline void within_keys(const struct lc_rules *r)
{
    for (uint32_t i = 0; i < r->rules && i < 100; i++) {
        struct lc_key_text text;

        (void)lc_rules_key_text(r, i, &text);
    }
}

#endif
