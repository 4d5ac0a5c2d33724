/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capacity doubles from 256 bytes, so that n bytes added one by one are copied O(n) times
 * in all, and ends exactly at the buffer's maximum. No function leaves a buffer half changed:
 * memory comes first, and p, n and cap are touched only when nothing can fail any more.
 */
#include "base/buf.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lc_buf_init(struct lc_buf *b, size_t max_bytes)
{
    *b = (struct lc_buf){.max = max_bytes};
}

void lc_buf_release(struct lc_buf *b)
{
    free(b->p);
    /* The caller owns the block from here, and frees it by free(). */
    lc_buf_init(b, b->max);
}

void lc_buf_reset(struct lc_buf *b)
{
    b->n = 0;
}

int lc_buf_reserve(struct lc_buf *b, size_t more)
{
    size_t cap = b->cap;
    uint8_t *p;

    /* Both differences are safe: n ≤ cap ≤ max. Adding to n instead could overflow. */
    if (more <= b->cap - b->n)
        return 0;
    if (more > b->max - b->n)
        return LC_ERR_NOMEM;
    if (cap == 0)
        cap = 256;
    while (cap - b->n < more)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
        cap = b->max;
    /* Only a smaller block was asked for: where even that fails, the larger one is still good. */
    p = realloc(b->p, cap);
    if (!p)
        return LC_ERR_NOMEM;
    b->p = p;
    b->cap = cap;
    return 0;
}

void lc_buf_shrink(struct lc_buf *b, size_t cap_bytes)
{
    size_t cap = cap_bytes > b->n ? cap_bytes : b->n;
    uint8_t *p;

    if (cap >= b->cap)
        return;
    if (cap == 0) {
        lc_buf_release(b);
        return;
    }
    p = realloc(b->p, cap);
    if (p) {
        b->p = p;
        b->cap = cap;
    }
}

int lc_buf_add(struct lc_buf *b, const void *p, size_t n)
{
    if (lc_buf_reserve(b, n))
        return LC_ERR_NOMEM;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

int lc_buf_adds(struct lc_buf *b, const char *s)
{
    return lc_buf_add(b, s, strlen(s));
}

int lc_buf_addf(struct lc_buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    /*
     * Measure, reserve, write. vsnprintf ends with a NUL, which needs a
     * byte but is not counted in n.
     */
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || lc_buf_reserve(b, (size_t)n + 1))
        return LC_ERR_NOMEM;
    va_start(ap, fmt);
    vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return 0;
}

const char *lc_buf_str(struct lc_buf *b)
{
    if (lc_buf_reserve(b, 1))
        return NULL;
    b->p[b->n] = '\0';
    return (const char *)b->p;
}

char *lc_buf_detach(struct lc_buf *b)
{
    char *s;

    if (!lc_buf_str(b))
        return NULL;
    s = (char *)b->p;
    lc_buf_init(b, b->max);
    return s;
}
