/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for people. Each function writes into the caller's room and returns it, so that
 * calls can be arguments of one printf; text that does not fit is cut. A limit such as
 * 99.95 or 9.95 is where the rounded text would get one digit more: with 100 as the limit,
 * 99.97 would print as "100.0".
 */
#include "base/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *lc_format_number(double v, char *out, size_t size)
{
    double a = fabs(v);
    /*
     * About three digits: 123, 12.3, 1.23; below a tenth three
     * decimals, below a hundredth five.
     */
    int decimals = 0;
    if (a > 0 && a < 99.95) {
        decimals = a >= 9.995 ? 1 : a >= 0.0995 ? 2 : a >= 0.00995 ? 3 : 5;
    }
    (void)snprintf(out, size, "%.*f", decimals, v);
    return out;
}

const char *lc_format_integer(uint64_t v, char *out, size_t size)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, v);
    size_t at = 0;
    /* A step writes two bytes at most, a comma and a digit, and the NUL needs one. */
    for (int i = 0; i < n && at + 2 < size; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    if (size > 0) {
        out[at < size ? at : size - 1] = '\0';
    }
    return out;
}

const char *lc_format_count(double v, char *out, size_t size)
{
    static const struct {
        double from;
        const char *prefix;
        /* Largest first: the first one that the value reaches is its unit. */
    } steps[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (fabs(v) >= steps[i].from) {
            double scaled = v / steps[i].from;
            (void)snprintf(out, size, "%.*f %s", scaled < 99.95 ? 1 : 0, scaled, steps[i].prefix);
            return out;
        }
    }
    (void)snprintf(out, size, "%.*f", v == floor(v) || fabs(v) >= 100 ? 0 : 1, v);
    return out;
}

const char *lc_format_ms(double ms, char *out, size_t size)
{
    char number[40];
    if (ms < 1000) {
        (void)snprintf(out, size, "%s ms", lc_format_number(ms, number, sizeof number));
    } else if (ms < 100000) {
        (void)snprintf(out, size, "%.1f s", ms / 1000);
    } else {
        unsigned long long s = lc_double_to_u64(ms / 1000 + 0.5);
        (void)snprintf(out, size, "%llu m %02llu s", s / 60, s % 60);
    }
    return out;
}

const char *lc_format_bytes(double bytes, char *out, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;
    while (bytes >= 1024 && u + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        u++;
    }
    (void)snprintf(out, size, "%.*f %s", u == 0 || bytes >= 100 ? 0 : 1, bytes, units[u]);
    return out;
}

const char *lc_short_count(char out[16], double n)
{
    static const char units[] = " kMG";
    int unit = 0;

    while (n >= 999.5 && unit < 3) {
        n /= 1000;
        unit++;
    }
    if (unit == 0)
        snprintf(out, 16, "%.0f", n);
    else
        snprintf(out, 16, "%.*f %c", n < 9.95 ? 1 : 0, n, units[unit]);
    return out;
}

const char *lc_short_bytes(char out[16], double n)
{
    size_t len = strlen(lc_short_count(out, n));

    if (len + 3 <= 16)
        memcpy(out + len, n < 999.5 ? " B" : "B", n < 999.5 ? 3 : 2);
    return out;
}

const char *lc_short_time(char out[24], uint64_t ms)
{
    uint64_t s = (ms + 500) / 1000;

    if (ms < 1000)
        snprintf(out, 24, "%" PRIu64 " ms", ms);
    else if (ms < 9950)
        snprintf(out, 24, "%.1f s", (double)ms / 1000);
    else if (s < 60)
        snprintf(out, 24, "%" PRIu64 " s", s);
    else if (s < 3600)
        snprintf(out, 24, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else
        /* The remainder keeps the text within its 24 bytes for every uint64_t. */
        snprintf(out, 24, "%" PRIu64 " h %" PRIu64 " min", s / 3600 % 10000, s % 3600 / 60);
    return out;
}

const char *lc_clock_time(char out[24], uint64_t ms)
{
    uint64_t s = (ms + 500) / 1000;

    if (s < 60)
        snprintf(out, 24, "%" PRIu64 "s", s);
    else if (s < 3600)
        snprintf(out, 24, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
    else
        snprintf(out, 24, "%" PRIu64 "h%02" PRIu64 "m", s / 3600 % 100000, s % 3600 / 60);
    return out;
}

uint64_t lc_double_to_u64(double v)
{
    /* 2^64: the least that does not fit. NaN is not above 0. */
    return v >= 18446744073709551616.0 ? UINT64_MAX : v > 0 ? (uint64_t)v : 0;
}
