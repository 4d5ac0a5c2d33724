/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the text of a ClickHouse type: words, quoted names, integers; spaces between them are fine. */
#ifndef LC_UDF_TYPE_TEXT_H
#define LC_UDF_TYPE_TEXT_H
#include "base/buf.h"

#include <stdbool.h>

/* Where the reading is: `p` moves on, up to the NUL; `start` is kept for messages. */
struct lc_type_text {
    const char *p;
    const char *start;
};

/* Pass over white space. */
void lc_type_text_spaces(struct lc_type_text *c);

/* Take this word, behind any spaces. False, and nothing but spaces is taken, where it is not there. */
bool lc_type_text_take(struct lc_type_text *c, const char *word);

/*
 * Take a quoted name with both escapes ('' and \'), appended to out. False: no such name, or no
 * memory for it.
 */
bool lc_type_text_name(struct lc_type_text *c, struct lc_buf *out);

/* Take a whole number that a long holds. */
bool lc_type_text_integer(struct lc_type_text *c, long *out);

#endif
