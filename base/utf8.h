/* UTF-8, looked at a character at a time (RFC 3629: no surrogates, nothing overlong). */
#ifndef LC_BASE_UTF8_H
#define LC_BASE_UTF8_H
#include <stddef.h>

/* Bytes of the character at s, of which n bytes are there; 0 where it is none. */
size_t lc_utf8_char(const char *s, size_t n);

#endif
