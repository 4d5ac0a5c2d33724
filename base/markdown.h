/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Markdown as GitHub, GitLab and others read it: text that stays text, and blocks of code.
 *
 * Names come from tables and files, so that any byte may be in them. What could be markup is written
 * as a numeric entity, which is never markup, in a table's cell either. @ # $ and :word: mean
 * something to those hosts after entities are read (mentions, issues, formulas, pictures): an empty
 * comment breaks them. What lc_utf8_shown does not let through becomes \xNN; secrets become ***.
 *   https://github.github.com/gfm/
 */
#ifndef LC_BASE_MARKDOWN_H
#define LC_BASE_MARKDOWN_H
#include "base/buf.h"

/*
 * Append n bytes as text in a line: not at its beginning, where "1." or "-" would begin a list.
 * Line breaks and tabs become blanks. 0 or LC_ERR_NOMEM.
 */
int lc_markdown_text(struct lc_buf *out, const char *p, size_t n);

/*
 * Append n bytes as a block of code in that language ("sql"), in a fence that is longer than any in
 * it. Line breaks and tabs stay. 0 or LC_ERR_NOMEM.
 */
int lc_markdown_code(struct lc_buf *out, const char *language, const char *p, size_t n);

#endif
