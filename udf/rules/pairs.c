/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/pairs.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Is x written before y? */
static int is_before(const struct lc_pair *x, const struct lc_pair *y)
{
    return x->line != y->line ? x->line < y->line : x->other_line < y->other_line;
}

void lc_pairs_add(struct lc_pairs *p, struct lc_pair pair)
{
    uint32_t at = p->kept;

    if (pair.other_line > pair.line)
        pair = (struct lc_pair){pair.other_line, pair.line, pair.other_rule, pair.rule};
    p->n++;
    for (uint32_t i = 0; i < p->kept; i++)
        if (p->v[i].line == pair.line && p->v[i].other_line == pair.other_line)
            return;
    while (at && is_before(&pair, &p->v[at - 1]))
        at--;
    p->cut = p->cut || p->kept == LC_PAIRS_KEPT;
    if (at == LC_PAIRS_KEPT)
        return;
    p->kept += p->kept < LC_PAIRS_KEPT;
    memmove(p->v + at + 1, p->v + at, (p->kept - at - 1) * sizeof *p->v);
    p->v[at] = pair;
}

const char *lc_pairs_more(const struct lc_pairs *p, const char *what, char out[LC_PAIRS_TEXT])
{
    enum { LAST_ROOM = 40 }; /* of one more pair, and of the mark that there are others */
    size_t used;
    uint32_t i = 1;

    out[0] = '\0';
    if (p->n < 2)
        return out;
    used = (size_t)snprintf(out, LC_PAIRS_TEXT, "; %s%" PRIu64 " more %s%s%s",
                            p->cut && p->n == p->kept ? "at least " : "", p->n - 1, what,
                            p->n == 2 ? "" : "s", p->kept == 1 ? " in these lines" : ": lines ");
    for (; i < p->kept && used + LAST_ROOM < LC_PAIRS_TEXT; i++)
        used += (size_t)snprintf(out + used, LC_PAIRS_TEXT - used, "%s%u and %u", i > 1 ? ", " : "",
                                 p->v[i].line, p->v[i].other_line);
    if (i < p->kept || p->cut)
        snprintf(out + used, LC_PAIRS_TEXT - used, ", …");
    return out;
}
