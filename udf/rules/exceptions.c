/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wildcard takes a name where it is one of the names above it: a.b.c is below b.c and c. Those are
 * looked up one after the other, so a name costs as many searches as it has labels.
 */
#include "udf/rules/exceptions.h"

#include "udf/rules/ruleset.h"
#include "udf/rules/seed.h"

#include <string.h>

int lc_exceptions_init(struct lc_exceptions *e)
{
    uint64_t seed = 0;

    *e = (struct lc_exceptions){0};
    lc_buf_init(&e->lines, SIZE_MAX / 2);
    /* Both are made, so that both can be asked and released. */
    return lc_seed_choose(&seed) | lc_interned_init(&e->wildcards, seed) |
                   lc_interned_init(&e->names, seed)
               ? LC_ERR_NOMEM
               : 0;
}

void lc_exceptions_release(struct lc_exceptions *e)
{
    lc_interned_release(&e->wildcards);
    lc_interned_release(&e->names);
    lc_buf_release(&e->lines);
}

/* A-Z as a-z, into `out`, which has room for a key. */
static struct lc_slice folded(struct lc_slice name, uint8_t *out)
{
    for (size_t i = 0; i < name.n; i++)
        out[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i];
    return (struct lc_slice){out, name.n};
}

int lc_exceptions_wildcard(struct lc_exceptions *e, struct lc_slice name)
{
    uint8_t text[LC_MAX_KEY_BYTES];
    uint32_t id;

    return lc_interned_add(&e->wildcards, folded(name, text), &id);
}

int lc_exceptions_add(struct lc_exceptions *e, struct lc_slice name, uint32_t line)
{
    uint8_t text[LC_MAX_KEY_BYTES];
    uint32_t id, before = e->names.count;

    if (lc_interned_add(&e->names, folded(name, text), &id))
        return LC_ERR_NOMEM;
    return id == before ? lc_buf_add(&e->lines, &line, sizeof line) : 0;
}

static bool is_taken(const struct lc_exceptions *e, struct lc_slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '.' &&
            lc_interned_find(&e->wildcards, (struct lc_slice){name.p + i + 1, name.n - i - 1}))
            return true;
    return false;
}

uint32_t lc_exceptions_alone(const struct lc_exceptions *e, uint32_t *line)
{
    const uint32_t *lines = (const uint32_t *)(const void *)e->lines.p;
    uint32_t alone = 0;

    for (uint32_t id = 1; id < e->names.count; id++)
        if (!is_taken(e, lc_interned_get(&e->names, id)) && alone++ == 0)
            *line = lines[id - 1];
    return alone;
}
