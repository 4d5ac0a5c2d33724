/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, looked at a character at a time (RFC 3629: no surrogates, nothing overlong). */
#ifndef LC_BASE_UTF8_H
#define LC_BASE_UTF8_H
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at s, of which n bytes are there; 0 where it is none. */
size_t lc_utf8_char(const char *s, size_t n);

/*
 * The same, and 0 too for what must not reach a terminal or a reader's eye as it is: control
 * characters (newline and tab among them), and those of Unicode that steer, hide or turn text
 * around: bidirectional controls, zero-width characters, line separators, tags.
 */
size_t lc_utf8_shown(const char *s, size_t n);

/*
 * Take away the beginning of a character that the end of s has cut. Of what was cut by its size
 * (snprintf), so that no half a character is shown.
 */
void lc_utf8_cut(char *s);

/* The columns of a terminal that the first n bytes take: wide characters (East Asian, emoji) have 2. */
size_t lc_utf8_columns(const char *s, size_t n);

/* The number of the character that takes these n bytes, as lc_utf8_char has counted them. */
uint32_t lc_utf8_number(const char *s, size_t n);

#endif
