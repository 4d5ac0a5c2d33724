/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <string.h>

enum { WORD_MAX = 63 };

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, or swap two neighbours, each counts 1. */
static size_t distance(const char *a, size_t an, const char *b, size_t bn)
{
    /* Three rows of the table suffice: a swap looks two rows back. Row i is d[i % 3]. */
    size_t d[3][WORD_MAX + 1];

    for (size_t j = 0; j <= bn; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t *row = d[i % 3], *prev = d[(i - 1) % 3], *prev2 = d[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            row[j] = min2(min2(prev[j], row[j - 1]) + 1, prev[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min2(row[j], prev2[j - 2] + 1);
        }
    }
    return d[an % 3][bn];
}

void lc_suggest_offer(struct lc_suggest *n, const char *typed, const char *known)
{
    size_t tn = strlen(typed), kn = strlen(known), d;

    if (tn == 0 || tn > WORD_MAX || kn > WORD_MAX)
        return;
    d = distance(typed, tn, known, kn);
    /* A beginning of some length counts as near: "--migr" for "--migrations-dir". */
    if (tn >= 3 && tn < kn && memcmp(typed, known, tn) == 0)
        d = min2(d, 2);
    /* At most two edits, and few for a short word: "edit" is not near to "wait". */
    if (d <= min2(2, (kn + 1) / 3) && (!n->best || d < n->distance)) {
        n->best = known;
        n->distance = d;
    }
}
