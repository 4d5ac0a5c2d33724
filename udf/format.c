/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/format.h"

#include <string.h>

int lc_format_from_name(const char *name)
{
    static const struct {
        const char *name;
        enum lc_format format;
    } formats[] = {{"Native", LC_FORMAT_NATIVE},
                   {"RowBinary", LC_FORMAT_ROWBINARY},
                   {"TabSeparated", LC_FORMAT_TSV},
                   {"TSV", LC_FORMAT_TSV}};

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(name, formats[i].name) == 0)
            return (int)formats[i].format;
    return -1;
}
