/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is judged by its first bytes before it is parsed, so that a workbook or a UTF-16 file
 * gets a message that says what it is, rather than one about some byte of its first line.
 */
#include "udf/rules/encoding.h"

#include <string.h>

size_t lc_utf8_valid(struct lc_slice s)
{
    size_t i = 0;

    while (i < s.n) {
        uint8_t c = s.p[i];
        /*
         * What the next byte may be. It is less after four first bytes: E0 and F0 (longer than
         * needed), ED (surrogates) and F4 (past U+10FFFF).
         */
        uint8_t low = 0x80, high = 0xbf;
        size_t more;

        if (c < 0x80) {
            i++;
            continue;
        }
        if (c >= 0xc2 && c <= 0xdf) {
            more = 1;
        } else if (c >= 0xe0 && c <= 0xef) {
            more = 2;
            low = c == 0xe0 ? 0xa0 : 0x80;
            high = c == 0xed ? 0x9f : 0xbf;
        } else if (c >= 0xf0 && c <= 0xf4) {
            more = 3;
            low = c == 0xf0 ? 0x90 : 0x80;
            high = c == 0xf4 ? 0x8f : 0xbf;
        } else {
            return i;
        }
        for (size_t k = 1; k <= more; k++) {
            if (i + k >= s.n || s.p[i + k] < low || s.p[i + k] > high)
                return i;
            low = 0x80;
            high = 0xbf;
        }
        i += more + 1;
    }
    return i;
}

static bool begins(struct lc_slice s, const char *magic, size_t n)
{
    return s.n >= n && memcmp(s.p, magic, n) == 0;
}

/* Every second byte of the start is NUL: ASCII in UTF-16. Two characters at least. */
static bool every_second_is_nul(struct lc_slice s, size_t first)
{
    size_t n = s.n < 32 ? s.n : 32;

    if (n < 4)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((s.p[i] == 0) != (i % 2 == first))
            return false;
    return true;
}

const char *lc_encoding_foreign(struct lc_slice text, const char **hint)
{
    *hint = "save it as UTF-8; or: iconv -f UTF-16 -t UTF-8 FILE > NEW";
    if (begins(text, "\xff\xfe\0\0", 4) || begins(text, "\0\0\xfe\xff", 4)) {
        /* UTF-32 is asked first: its little-endian mark begins with the one of UTF-16. */
        *hint = "save it as UTF-8; or: iconv -f UTF-32 -t UTF-8 FILE > NEW";
        return "UTF-32";
    }
    if (begins(text, "\xff\xfe", 2) || begins(text, "\xfe\xff", 2))
        return "UTF-16";
    if (every_second_is_nul(text, 1)) {
        *hint = "save it as UTF-8; or: iconv -f UTF-16LE -t UTF-8 FILE > NEW";
        return "UTF-16 without a byte order mark";
    }
    if (every_second_is_nul(text, 0)) {
        *hint = "save it as UTF-8; or: iconv -f UTF-16BE -t UTF-8 FILE > NEW";
        return "UTF-16 without a byte order mark";
    }
    if (begins(text, "\x1f\x8b", 2)) {
        *hint = "gunzip it first";
        return "compressed by gzip";
    }
    if (begins(text, "\x28\xb5\x2f\xfd", 4)) {
        *hint = "unzstd it first";
        return "compressed by zstd";
    }
    if (begins(text, "PK\x03\x04", 4)) {
        *hint = "unzip it; a workbook (.xlsx, .ods) is saved as \"CSV UTF-8\"";
        return "a ZIP archive, as workbooks are";
    }
    return NULL;
}

bool lc_encoding_is_latin(struct lc_slice field, size_t at)
{
    return at < field.n && field.p[at] >= 0x80 && (at + 1 == field.n || field.p[at + 1] < 0x80) &&
           (at == 0 || field.p[at - 1] < 0x80);
}

/* Behind the line that begins at i, by a \n or a \r; text.n where it is the last. */
static size_t next_line(struct lc_slice text, size_t i)
{
    while (i < text.n && text.p[i] != '\n' && text.p[i] != '\r')
        i++;
    return i < text.n ? i + 1 : text.n;
}

char lc_encoding_delimiter(struct lc_slice text)
{
    size_t i = 0;
    bool quoted = false;

    /* Comments and empty lines; the \r of an empty line is passed by itself. */
    while (i < text.n && (text.p[i] == '#' || text.p[i] == '\n' || text.p[i] == '\r'))
        i = text.p[i] == '\r' ? i + 1 : next_line(text, i);
    for (; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ',' || c == ';' || c == '\t'))
            return (char)c;
        else if (!quoted && (c == '\n' || c == '\r'))
            return ',';
    }
    return ',';
}
