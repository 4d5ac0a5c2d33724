/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strings.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

int lc_text_set_n(char **to, const void *p, size_t n)
{
    /* Copied before the old text is freed: p may point into it. */
    char *text = strndup(n ? p : "", n);

    if (!text)
        return LC_ERR_NOMEM;
    free(*to);
    *to = text;
    return 0;
}

int lc_text_set(char **to, const char *text)
{
    return lc_text_set_n(to, text, text ? strlen(text) : 0);
}
