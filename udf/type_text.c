/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cursor over the text of a type. A function that returns false leaves no message: its caller
 * knows the whole type and names that.
 *
 * A word is taken where the text begins with it: `DateTime64` begins with `Date`, too. So
 * callers ask for the longer of two such words first.
 */
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

/*
 * The server writes a name's quote as \' or as ''; both are read. After false the cursor may be
 * inside the name and a part of it in `out`: the type is refused, and nobody reads on.
 */
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
            /* A NUL in the text is its end: strchr would find the NUL that ends `from`. */
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
