/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

size_t lc_utf8_char(const char *text, size_t have)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n;

    if (have == 0)
        return 0;
    /*
     * The length by the first byte. 0x80–0xbf only continue a character; 0xc0
     * and 0xc1 would be overlong.
     */
    n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n > have)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    /*
     * By lead byte: beyond U+10FFFF, overlong, a surrogate, overlong,
     * beyond U+10FFFF (RFC 3629).
     */
    if (s[0] > 0xf4 || (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

uint32_t lc_utf8_number(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    /* The lead byte of n bytes has n ones and a zero before its own bits. */
    uint32_t v = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        v = v << 6 | (p[i] & 0x3fu);
    return v;
}

size_t lc_utf8_shown(const char *s, size_t n)
{
    /*
     * Categories Cc, Cf, Zl, Zp of Unicode 15, and what its property Default_Ignorable_Code_Point
     * names (fillers, variation selectors), as ranges; noncharacters; the blank of Braille.
     */
    static const uint32_t hidden[][2] = {
        {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
        {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
        {0x890, 0x891},     {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
        {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
        {0x2800, 0x2800},   {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},
        {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};
    size_t bytes = lc_utf8_char(s, n);
    uint32_t v = bytes ? lc_utf8_number(s, bytes) : 0;

    if (bytes == 1 && v >= 0x20 && v < 0x7f)
        return 1;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (v >= hidden[i][0] && v <= hidden[i][1])
            return 0;
    /* The last two code points of every plane are noncharacters. */
    return (v & 0xfffe) == 0xfffe ? 0 : bytes;
}

void lc_utf8_cut(char *s)
{
    size_t n = strlen(s), back = 0;

    /*
     * Step back over continuation bytes to the lead byte, then ask how many bytes it
     * announces.
     */
    while (back < 3 && back < n && ((unsigned char)s[n - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back < n) {
        unsigned char c = (unsigned char)s[n - 1 - back];
        size_t whole = c < 0xc2 || c > 0xf4 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

        if (back + 1 < whole)
            s[n - 1 - back] = '\0';
    }
}

size_t lc_utf8_columns(const char *s, size_t n)
{
    /* East Asian Width W and F of Unicode 15, as ranges; what lies between small ones is rare. */
    static const uint32_t wide[][2] = {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x2e80, 0x303e},
                                       {0x3041, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                                       {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
                                       {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    size_t columns = 0;

    for (size_t i = 0, bytes; i < n; i += bytes) {
        uint32_t v;

        bytes = lc_utf8_char(s + i, n - i);
        v = bytes ? lc_utf8_number(s + i, bytes) : 0;
        bytes = bytes ? bytes : 1;
        columns++;
        for (size_t k = 0; k < sizeof wide / sizeof *wide; k++)
            columns += v >= wide[k][0] && v <= wide[k][1];
    }
    return columns;
}
