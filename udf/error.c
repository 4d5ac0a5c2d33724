#include "error.h"

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

const char *lc_printable(const void *p, size_t n, char *out, size_t size)
{
    const uint8_t *s = p;
    size_t at = 0;

    if (size == 0)
        return out;
    for (size_t i = 0; i < n; i++) {
        int plain = s[i] >= 0x20 && s[i] < 0x7f && s[i] != '\\';
        size_t need = plain ? 1 : 4;
        size_t left = size - at - 1;

        if (left < need + (i + 1 < n ? 3 : 0)) {
            snprintf(out + at, size - at, "...");
            return out;
        }
        if (plain)
            out[at] = (char)s[i];
        else
            snprintf(out + at, size - at, "\\x%02x", s[i]);
        at += need;
    }
    out[at] = '\0';
    return out;
}
