/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about a piece of SQL that is no statement: an expression as typed, a constant, the type of
 * a column's declaration. Blanks and comments never count. What cannot be read is none of what is
 * asked for: false, or NULL.
 */
#ifndef LC_CLI_SQL_FRAGMENT_H
#define LC_CLI_SQL_FRAGMENT_H
#include "base/buf.h"

#include <stdbool.h>

/* Nothing but blanks and comments? */
bool lc_fragment_is_blank(const char *text);

/* Can it be read to its end: every string, comment and quoted name ends? */
bool lc_fragment_is_readable(const char *text);

/* Is the part of n bytes at `at` all that the text holds? */
bool lc_fragment_is_whole(const char *text, size_t at, size_t n);

/* A string constant's value, malloc'ed; NULL where the text is something else, or without memory. */
char *lc_fragment_constant(struct lc_slice text);

/*
 * The one argument of a call, of which `from` is the byte behind its '(': its bytes up to the ')',
 * blanks included. False: there is none, or several.
 */
bool lc_fragment_only_argument(const char *expr, size_t from, size_t *n);

/*
 * "CAST(x, 'T')", "CAST(x AS T)": the bytes of x, blanks included, and the type, malloc'ed. False where
 * the text is anything else, or without memory.
 */
bool lc_fragment_cast(struct lc_slice expr, struct lc_slice *x, char **type);

/*
 * The type that a column's declaration gives: "T NULL" is Nullable(T), "T NOT NULL" is T. malloc'ed;
 * NULL without memory.
 */
char *lc_fragment_declared_type(struct lc_slice type);

/*
 * "a UInt8" of Nested(a UInt8, …): the member's name, malloc'ed, and its type, which may begin with a
 * blank. False where it cannot be read, or without memory.
 */
bool lc_fragment_member(struct lc_slice part, char **name, struct lc_slice *type);

#endif
