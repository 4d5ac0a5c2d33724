/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings that are words of the language: the type of a CAST, the unit of a dateDiff, the aggregate
 * function of an arrayReduce. The server takes several spellings of each, and keeps the one that it was
 * given.
 */
#ifndef LC_CLI_SQL_STRING_WORD_H
#define LC_CLI_SQL_STRING_WORD_H
#include <stdbool.h>
#include <stddef.h>

enum lc_string_role {
    LC_STRING_VALUE, /* of any other string: each byte counts */
    LC_STRING_TYPE,
    LC_STRING_UNIT, /* of time */
    LC_STRING_AGGREGATE
};

/* What a string is as the argument of that number (from 0; `last`: none follows) of the function. */
enum lc_string_role lc_string_role(const char *function, size_t argument, bool last);

/* The unit's own name: "day" of "DD" and "Day". Static; NULL: it is none that is known. */
const char *lc_string_unit(const char *text);

#endif
