/* SPDX-License-Identifier: Apache-2.0 */
/* As FunctionsConversion, JSONExtract, IntervalKind and arrayReduce of ClickHouse read them. */
#include "cli/sql/string_word.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define LAST SIZE_MAX

static const struct {
    const char *function;
    size_t argument;
    enum lc_string_role role;
} roles[] = {
    {"CAST", 1, LC_STRING_TYPE},
    {"_CAST", 1, LC_STRING_TYPE},
    {"accurateCast", 1, LC_STRING_TYPE},
    {"accurateCastOrNull", 1, LC_STRING_TYPE},
    {"accurateCastOrDefault", 1, LC_STRING_TYPE},
    {"reinterpret", 1, LC_STRING_TYPE},
    {"dynamicElement", 1, LC_STRING_TYPE},
    {"variantElement", 1, LC_STRING_TYPE},
    {"defaultValueOfTypeName", 0, LC_STRING_TYPE},
    {"JSONExtract", LAST, LC_STRING_TYPE},
    {"JSONExtractCaseInsensitive", LAST, LC_STRING_TYPE},
    {"JSONExtractKeysAndValues", LAST, LC_STRING_TYPE},
    {"JSONExtractKeysAndValuesCaseInsensitive", LAST, LC_STRING_TYPE},
    {"dateDiff", 0, LC_STRING_UNIT},
    {"timestampDiff", 0, LC_STRING_UNIT},
    {"age", 0, LC_STRING_UNIT},
    {"dateTrunc", 0, LC_STRING_UNIT},
    {"dateName", 0, LC_STRING_UNIT},
    {"arrayReduce", 0, LC_STRING_AGGREGATE},
    {"arrayReduceInRanges", 0, LC_STRING_AGGREGATE},
    {"initializeAggregation", 0, LC_STRING_AGGREGATE},
};

enum lc_string_role lc_string_role(const char *function, size_t argument, bool last)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcasecmp(roles[i].function, function) == 0 &&
            (roles[i].argument == LAST ? last && argument > 0 : argument == roles[i].argument))
            return roles[i].role;
    return LC_STRING_VALUE;
}

const char *lc_string_unit(const char *text)
{
    static const char *const units[][5] = {
        {"nanosecond", "nanoseconds", "ns"},
        {"microsecond", "microseconds", "us", "u"},
        {"millisecond", "milliseconds", "ms"},
        {"second", "seconds", "ss", "s"},
        {"minute", "minutes", "mi", "n"},
        {"hour", "hours", "hh", "h"},
        {"day", "days", "dd", "d"},
        {"week", "weeks", "ww", "wk"},
        {"month", "months", "mm", "m"},
        {"quarter", "quarters", "qq", "q"},
        {"year", "years", "yyyy", "yy"},
    };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t k = 0; k < 5 && units[i][k]; k++)
            if (strcasecmp(units[i][k], text) == 0)
                return units[i][0];
    return NULL;
}
