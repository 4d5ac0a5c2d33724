/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer that knows the most it may hold.
 *
 *   p ──► [ bytes in use: n ][ room: cap - n ]        cap ≤ max, always
 *
 * The maximum is given at init, so that no input can make a process eat the machine. Memory is kept
 * by lc_buf_reset and given back by lc_buf_release. A zeroed struct may be released.
 */
#ifndef LC_BASE_BUF_H
#define LC_BASE_BUF_H
#include <stddef.h>
#include <stdint.h>

/* Bytes that somebody else owns: valid as long as the owner says. p may be NULL when n is 0. */
struct lc_slice {
    const uint8_t *p;
    size_t n;
};

struct lc_buf {
    uint8_t *p;
    size_t n;   /* bytes in use */
    size_t cap; /* bytes allocated */
    size_t max; /* bytes it may ever hold */
};

/* Start an empty buffer that may hold up to max_bytes; allocates nothing yet. */
void lc_buf_init(struct lc_buf *b, size_t max_bytes);

/* Free the memory; the buffer is as after lc_buf_init. */
void lc_buf_release(struct lc_buf *b);

/* Empty it, keep the memory. */
void lc_buf_reset(struct lc_buf *b);

/* Make room for `more` bytes after those in use. 0, or LC_ERR_NOMEM with the buffer unchanged. */
int lc_buf_reserve(struct lc_buf *b, size_t more);

/* Give memory back: the capacity becomes the bytes in use or cap_bytes, whichever is more. */
void lc_buf_shrink(struct lc_buf *b, size_t cap_bytes);

/* Append n bytes of p. 0, or LC_ERR_NOMEM with the buffer unchanged. */
int lc_buf_add(struct lc_buf *b, const void *p, size_t n);

/* Append a C string, without its NUL. 0 or LC_ERR_NOMEM. */
int lc_buf_adds(struct lc_buf *b, const char *s);

/* Append printf-formatted text. 0 or LC_ERR_NOMEM. */
int lc_buf_addf(struct lc_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The buffer's bytes as a C string: a NUL is kept behind the bytes in use and is not counted.
 * NULL where there is no memory for it. Valid until the buffer changes.
 */
const char *lc_buf_str(struct lc_buf *b);

/* Give the bytes away as a malloc'ed, NUL-terminated string (NULL: no memory); leaves it empty. */
char *lc_buf_detach(struct lc_buf *b);

#endif
