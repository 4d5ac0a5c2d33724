/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text file is before it is parsed: its encoding, and the delimiter that its header tells.
 */
#ifndef LC_UDF_RULES_ENCODING_H
#define LC_UDF_RULES_ENCODING_H
#include "base/buf.h"

#include <stdbool.h>

/* Length of the valid UTF-8 at the start of s: s.n where all is valid (Unicode 15, table 3-7). */
size_t lc_utf8_valid(struct lc_slice s);

/*
 * Bytes that cannot be a CSV in UTF-8, named as what they are: "UTF-16", "compressed by gzip" …, and
 * in *hint what to do. NULL: no such thing is seen.
 */
const char *lc_encoding_foreign(struct lc_slice text, const char **hint);

/*
 * Does a field that is not valid UTF-8 from byte `at` read as Latin-1 or Windows-1252: a byte of 0x80
 * or more that no other such byte follows, as an accented letter in a word?
 */
bool lc_encoding_is_latin(struct lc_slice field, size_t at);

/*
 * The delimiter of a CSV: the comma, semicolon or tab that ends the first field of the first line which is
 * neither blank nor a comment; a comma where there is none.
 */
char lc_encoding_delimiter(struct lc_slice text);

#endif
