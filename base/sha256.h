/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of bytes, as the 64 hexadecimal digits that the tracking table holds. */
#ifndef LC_BASE_SHA256_H
#define LC_BASE_SHA256_H
#include <stddef.h>

#define LC_SHA256_HEX 65 /* with its NUL */

/* Hash n bytes of p (NULL only where n is 0). 0, or LC_ERR_NOMEM with out as "". */
int lc_sha256_hex(const void *p, size_t n, char out[LC_SHA256_HEX]);

#endif
