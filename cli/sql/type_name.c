/* SPDX-License-Identifier: Apache-2.0 */
/* Types are compared and taken apart as text, in the form in which the server shows them. */
#include "cli/sql/type_name.h"

#include <string.h>

/* "wrap(inner)" becomes inner, in out; another type, and one that is too long, is given back. */
static const char *unwrap(const char *type, const char *wrap, char out[LC_TYPE_BYTES])
{
    size_t n = strlen(type), wrap_n = strlen(wrap);

    if (n <= wrap_n || n - wrap_n > LC_TYPE_BYTES || strncmp(type, wrap, wrap_n) != 0 ||
        type[n - 1] != ')')
        return type;
    memmove(out, type + wrap_n, n - wrap_n - 1);
    out[n - wrap_n - 1] = '\0';
    return out;
}

/* LowCardinality is always the outer one: LowCardinality(Nullable(T)). */
const char *lc_type_plain(const char *type, char out[LC_TYPE_BYTES])
{
    return unwrap(unwrap(type, "LowCardinality(", out), "Nullable(", out);
}

/* The function may have parameters of its own: SimpleAggregateFunction(f(1, 2), T). */
const char *lc_type_of_values(const char *type, char out[LC_TYPE_BYTES])
{
    const char *inner = unwrap(type, "SimpleAggregateFunction(", out);
    unsigned open = 0;

    if (inner == type)
        return type;
    for (const char *c = inner; *c; c++) {
        open += *c == '(';
        open -= *c == ')' && open;
        if (*c == ',' && !open)
            return memmove(out, c + 1 + strspn(c + 1, " "), strlen(c + 1 + strspn(c + 1, " ")) + 1);
    }
    return type;
}

bool lc_type_is_integer(const char *type)
{
    char plain[LC_TYPE_BYTES];

    type = lc_type_plain(type, plain);
    return strncmp(type, "Int", 3) == 0 || strncmp(type, "UInt", 4) == 0;
}

bool lc_type_holds_floats(const char *type)
{
    static const char *const words[] = {"Float", "Point", "Ring", "Polygon", "LineString"};
    char quote = '\0';

    for (const char *c = type; *c; c++) {
        if (quote) { /* a label of an Enum */
            if (*c == '\\' && c[1])
                c++;
            else if (*c == quote)
                quote = '\0';
            continue;
        }
        if (*c == '\'')
            quote = *c;
        for (size_t i = 0; !quote && i < sizeof words / sizeof *words; i++)
            if (strncmp(c, words[i], strlen(words[i])) == 0)
                return true;
    }
    return false;
}

/*
 * LowCardinality of anything but String needs a setting of the server: without it CAST is
 * refused.
 */
const char *lc_type_to_cast(const char *type, char out[LC_TYPE_BYTES])
{
    return strstr(type, "String") ? type : unwrap(type, "LowCardinality(", out);
}
