/* Which known word did a person mean? For "did you mean ...?". */
#ifndef LC_NEAREST_H
#define LC_NEAREST_H
#include <stddef.h>

/* The best so far; zero it, offer every known word, read `best` (NULL: none is near). */
struct lc_nearest {
    const char *best;
    size_t distance;
};

/* Compare `known` with what was typed; both up to 63 bytes, longer ones are never near. */
void lc_nearest_offer(struct lc_nearest *n, const char *typed, const char *known);

#endif
