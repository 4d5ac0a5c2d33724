#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 5, 0))) static int
fail_v(struct lc_error *err, int code, uint64_t byte, uint64_t row, const char *fmt, va_list ap)
{
    if (err && err->code == 0) {
        err->code = code;
        err->byte = byte;
        err->row = row;
        vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    }
    return code;
}

int lc_fail(struct lc_error *err, int code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fail_v(err, code, 0, 0, fmt, ap);
    va_end(ap);
    return code;
}

int lc_no_memory(struct lc_error *err)
{
    return lc_fail(err, LC_ERR_NOMEM, "not enough memory");
}

int lc_error_pass(struct lc_error *err, const struct lc_error *from)
{
    if (err && err->code == 0)
        *err = *from;
    return from->code;
}

int lc_fail_at(struct lc_error *err, int code, uint64_t byte, uint64_t row, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fail_v(err, code, byte, row, fmt, ap);
    va_end(ap);
    return code;
}

void lc_hint(struct lc_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err || err->hint[0])
        return;
    va_start(ap, fmt);
    vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

/* Bytes of the character at s that may be printed as it is; 0: none. */
static size_t printable(const uint8_t *s, size_t n)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f && s[0] != '\\';
    if (n > 1 && s[0] == 0xc2 && s[1] < 0xa0)
        return 0; /* a control character of Latin-1 */
    if (n > 2 && s[0] == 0xe2 &&
        ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
         (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)))
        return 0; /* U+202A to U+202E, U+2066 to U+2069: they turn the text around */
    return lc_utf8_char((const char *)s, n);
}

const char *lc_printable(const void *p, size_t n, char *out, size_t size)
{
    const uint8_t *s = p;
    size_t at = 0;

    if (size == 0)
        return out;
    for (size_t i = 0, taken; i < n; i += taken) {
        size_t plain = printable(s + i, n - i);
        size_t need = plain ? plain : 4;
        size_t left = size - at - 1;

        taken = plain ? plain : 1;
        if (left < need + (i + taken < n ? 3 : 0)) {
            snprintf(out + at, size - at, "...");
            return out;
        }
        if (plain)
            memcpy(out + at, s + i, plain);
        else
            snprintf(out + at, size - at, "\\x%02x", s[i]);
        at += need;
    }
    out[at] = '\0';
    return out;
}
