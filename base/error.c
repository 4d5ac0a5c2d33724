/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages pass through lc_secret_format, so that a password never reaches a terminal, a log or
 * the tracking table by way of an error. The first failure wins: what fails while a caller
 * cleans up says less about the cause than the failure that made it clean up.
 */
#include "base/error.h"

#include "base/secret.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Shared by lc_fail and lc_fail_at. Returns code whether or not *err takes it. */
__attribute__((format(printf, 5, 0))) static int
fail_v(struct lc_error *err, int code, uint64_t byte, uint64_t row, const char *fmt, va_list ap)
{
    if (err && err->code == 0) {
        err->code = code;
        err->byte = byte;
        err->row = row;
        lc_secret_format(err->msg, sizeof err->msg, fmt, ap);
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

int lc_error_reason(int rc, struct lc_error *err)
{
    if (rc && err->code == 0)
        return rc == LC_ERR_NOMEM ? lc_no_memory(err)
                                  : lc_fail(err, rc, "it failed, and nothing says why");
    return rc;
}

void lc_error_prefix(struct lc_error *err, const char *fmt, ...)
{
    char text[sizeof err->msg];
    size_t n, room;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    /*
     * The message moves right by n bytes, its NUL included; what leaves the
     * array on the right is lost.
     */
    n = strlen(text);
    room = sizeof err->msg - 1 - n;
    memmove(err->msg + n, err->msg, room);
    err->msg[sizeof err->msg - 1] = '\0';
    memcpy(err->msg, text, n);
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
    lc_secret_format(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

const char *lc_printable(const void *p, size_t n, char *out, size_t size)
{
    const uint8_t *s = p;
    size_t at = 0;

    if (size == 0)
        return out;
    for (size_t i = 0, taken; i < n; i += taken) {
        /*
         * One of three: a secret (any length, shown as three stars), a whole character that may
         * be shown, or a byte that is written as four characters. A backslash is escaped, so
         * that \x41 in the output always means a byte and never the text.
         */
        size_t secret = lc_secret_at((const char *)s + i, n - i);
        size_t plain = s[i] == '\\' ? 0 : lc_utf8_shown((const char *)s + i, n - i);
        size_t need = secret ? 3 : plain ? plain : 4;
        size_t left = size - at - 1;

        taken = secret ? secret : plain ? plain : 1;
        /*
         * Room for "..." is kept as long as something follows, so that a cut is always
         * visible.
         */
        if (left < need + (i + taken < n ? 3 : 0)) {
            snprintf(out + at, size - at, "...");
            return out;
        }
        if (secret)
            memcpy(out + at, "***", 3);
        else if (plain)
            memcpy(out + at, s + i, plain);
        else
            snprintf(out + at, size - at, "\\x%02x", s[i]);
        at += need;
    }
    out[at] = '\0';
    return out;
}
