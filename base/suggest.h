/* SPDX-License-Identifier: Apache-2.0 */
/* Which known word did a person mean? For "did you mean ...?". */
#ifndef LC_BASE_SUGGEST_H
#define LC_BASE_SUGGEST_H
#include <stddef.h>

/* The best so far; zero it, offer every known word, read `best` (NULL: none is near). */
struct lc_suggest {
    const char *best;
    size_t distance;
};

/* Compare `known` with what was typed; both up to 63 bytes, longer ones are never near. */
void lc_suggest_offer(struct lc_suggest *n, const char *typed, const char *known);

#endif
