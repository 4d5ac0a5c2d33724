/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <stdlib.h>

const char *__wrap_lc_keep(char *s);

static char **kept;
static size_t kept_n;

const char *__wrap_lc_keep(char *s)
{
    char **more = s ? realloc(kept, (kept_n + 1) * sizeof *kept) : NULL;

    if (!more)
        abort();
    kept = more;
    kept[kept_n++] = s;
    return s;
}

void kept_free(void)
{
    for (size_t i = 0; i < kept_n; i++)
        free(kept[i]);
    free(kept);
    kept = NULL;
    kept_n = 0;
}
