/* SPDX-License-Identifier: Apache-2.0 */
/* Types by their names, as system.columns and toTypeName give them. */
#ifndef LC_CLI_SQL_TYPE_NAME_H
#define LC_CLI_SQL_TYPE_NAME_H
#include <stdbool.h>

enum { LC_TYPE_BYTES = 256 };

/*
 * The type without LowCardinality and Nullable around it: kept in out, or a part of what was given.
 * What is no type ("LowCardinality(") is given back as it is.
 */
const char *lc_type_plain(const char *type, char out[LC_TYPE_BYTES]);

/* The T whose values SimpleAggregateFunction(f, T) holds, as above; another type is given back. */
const char *lc_type_of_values(const char *type, char out[LC_TYPE_BYTES]);

/* Int8 to UInt256, also Nullable or LowCardinality. */
bool lc_type_is_integer(const char *type);

/* Is there a Float anywhere in it, or a type that is made of Floats? */
bool lc_type_holds_floats(const char *type);

/*
 * The type to CAST to in its place, kept as lc_type_plain does. LowCardinality of what is no string is
 * refused in a CAST unless a setting allows it, though a column may have it.
 */
const char *lc_type_to_cast(const char *type, char out[LC_TYPE_BYTES]);

#endif
