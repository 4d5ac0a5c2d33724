/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/type_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void lc_type_text_spaces(struct lc_type_text *c)
{
    while (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r')
        c->p++;
}

bool lc_type_text_take(struct lc_type_text *c, const char *word)
{
    size_t n = strlen(word);

    lc_type_text_spaces(c);
    if (strncmp(c->p, word, n) != 0)
        return false;
    c->p += n;
    return true;
}

bool lc_type_text_name(struct lc_type_text *c, struct lc_buf *out)
{
    if (!lc_type_text_take(c, "'"))
        return false;
    for (; *c->p; c->p++) {
        char byte = *c->p;

        if (byte == '\'' && c->p[1] != '\'') {
            c->p++;
            return true;
        }
        if (byte == '\'')
            c->p++;
        if (byte == '\\') {
            static const char from[] = "bfnrt0'\\", to[] = "\b\f\n\r\t\0'\\";
            const char *at = c->p[1] ? strchr(from, c->p[1]) : NULL;

            if (!at)
                return false;
            byte = to[at - from];
            c->p++;
        }
        if (lc_buf_add(out, &byte, 1))
            return false;
    }
    return false;
}

bool lc_type_text_integer(struct lc_type_text *c, long *out)
{
    char *end;

    lc_type_text_spaces(c);
    errno = 0;
    *out = strtol(c->p, &end, 10);
    if (end == c->p || errno)
        return false;
    c->p = end;
    return true;
}
