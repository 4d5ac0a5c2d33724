#include "cli/sql/type_name.h"

#include <stdio.h>
#include <string.h>

const char *lc_type_plain(const char *type, char out[LC_TYPE_BYTES])
{
    static const char *const wraps[] = {"LowCardinality(", "Nullable("};

    snprintf(out, LC_TYPE_BYTES, "%s", type);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(wraps[i]);

        if (strncmp(out, wraps[i], n) == 0) {
            memmove(out, out + n, strlen(out + n) + 1);
            out[strlen(out) - 1] = '\0'; /* its ')' */
        }
    }
    return out;
}

bool lc_type_is_integer(const char *type)
{
    char plain[LC_TYPE_BYTES];

    lc_type_plain(type, plain);
    return strncmp(plain, "Int", 3) == 0 || strncmp(plain, "UInt", 4) == 0;
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

const char *lc_type_to_cast(const char *type, char out[LC_TYPE_BYTES])
{
    static const char wrap[] = "LowCardinality(";
    size_t n = sizeof wrap - 1;

    snprintf(out, LC_TYPE_BYTES, "%s", type);
    if (strncmp(out, wrap, n) == 0 && !strstr(out, "String")) {
        memmove(out, out + n, strlen(out + n) + 1);
        out[strlen(out) - 1] = '\0';
    }
    return out;
}
