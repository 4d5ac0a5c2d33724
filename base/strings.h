/* SPDX-License-Identifier: Apache-2.0 */
/* Texts: a list of them, in order, whose memory its user owns; and one that is replaced. */
#ifndef LC_BASE_STRINGS_H
#define LC_BASE_STRINGS_H
#include <stddef.h>

struct lc_strings {
    const char **v;
    size_t n;
};

/*
 * Put a copy of the text in the place of *to, which is freed; NULL is "". The text may be part of *to.
 * 0, or LC_ERR_NOMEM with *to as it was.
 */
int lc_text_set(char **to, const char *text);

/* The same of n bytes, up to the first NUL; p may be NULL where n is 0. */
int lc_text_set_n(char **to, const void *p, size_t n);

#endif
