/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t lc_utf8_char(const char *text, size_t have)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n;

    if (have == 0)
        return 0;
    n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n > have)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if (s[0] > 0xf4 || (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

uint32_t lc_utf8_number(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    uint32_t v = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        v = v << 6 | (p[i] & 0x3fu);
    return v;
}

size_t lc_utf8_shown(const char *s, size_t n)
{
    /* Categories Cc, Cf, Zl, Zp of Unicode 15, as ranges. */
    static const uint32_t hidden[][2] = {
        {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x600, 0x605},
        {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},
        {0x8e2, 0x8e2},     {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd},
        {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
        {0xe0000, 0xe0fff}};
    size_t bytes = lc_utf8_char(s, n);
    uint32_t v = bytes ? lc_utf8_number(s, bytes) : 0;

    if (bytes == 1 && v >= 0x20 && v < 0x7f)
        return 1;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (v >= hidden[i][0] && v <= hidden[i][1])
            return 0;
    return bytes;
}
