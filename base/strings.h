/* SPDX-License-Identifier: Apache-2.0 */
/* A list of texts, in order; whose memory it is, its user says. */
#ifndef LC_BASE_STRINGS_H
#define LC_BASE_STRINGS_H
#include <stddef.h>

struct lc_strings {
    const char **v;
    size_t n;
};

#endif
