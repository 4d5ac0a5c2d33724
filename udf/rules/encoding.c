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

/*
 * ASCII in characters of `width` bytes, of which all but byte `at` are NUL. Two characters at least; 16 are
 * looked at.
 */
static bool is_wide(struct lc_slice s, size_t width, size_t at)
{
    size_t n = s.n < 16 * width ? s.n / width * width : 16 * width;

    for (size_t i = 0; i < n; i++)
        if ((s.p[i] == 0) != (i % width != at))
            return false;
    return n >= 2 * width;
}

/* UTF-16 and UTF-32, by their mark or by the NUL bytes of ASCII; NULL: neither. */
static const char *wide_encoding(struct lc_slice text, const char **hint)
{
    static const struct {
        size_t width, at; /* as in is_wide */
        const char *what, *hint;
    } wide[] = {
        {2, 0, "UTF-16 without a byte order mark",
         "save it as UTF-8; or: iconv -f UTF-16LE -t UTF-8 FILE > NEW"},
        {2, 1, "UTF-16 without a byte order mark",
         "save it as UTF-8; or: iconv -f UTF-16BE -t UTF-8 FILE > NEW"},
        {4, 0, "UTF-32 without a byte order mark",
         "save it as UTF-8; or: iconv -f UTF-32LE -t UTF-8 FILE > NEW"},
        {4, 3, "UTF-32 without a byte order mark",
         "save it as UTF-8; or: iconv -f UTF-32BE -t UTF-8 FILE > NEW"},
    };

    /* UTF-32 is asked first: its little-endian mark begins with the one of UTF-16. */
    if (begins(text, "\xff\xfe\0\0", 4) || begins(text, "\0\0\xfe\xff", 4)) {
        *hint = "save it as UTF-8; or: iconv -f UTF-32 -t UTF-8 FILE > NEW";
        return "UTF-32";
    }
    if (begins(text, "\xff\xfe", 2) || begins(text, "\xfe\xff", 2)) {
        *hint = "save it as UTF-8; or: iconv -f UTF-16 -t UTF-8 FILE > NEW";
        return "UTF-16";
    }
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (is_wide(text, wide[i].width, wide[i].at)) {
            *hint = wide[i].hint;
            return wide[i].what;
        }
    return NULL;
}

const char *lc_encoding_foreign(struct lc_slice text, const char **hint)
{
    static const char workbook[] = "open it in a spreadsheet, and save it as \"CSV UTF-8\"";
    static const struct {
        const char *magic;
        size_t n;
        const char *what, *hint;
    } known[] = {
        {"\x1f\x8b", 2, "compressed by gzip", "gunzip it first"},
        {"\x28\xb5\x2f\xfd", 4, "compressed by zstd", "unzstd it first"},
        {"\xfd"
         "7zXZ",
         5, "compressed by xz", "unxz it first"},
        {"BZh91AY&SY", 10, "compressed by bzip2", "bunzip2 it first"},
        {"PK\x03\x04", 4, "a ZIP archive, as workbooks are",
         "unzip it; a workbook (.xlsx, .ods) is saved as \"CSV UTF-8\""},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "an old workbook (.xls)", workbook},
        {"%PDF-", 5, "a PDF", "rules are a CSV file"},
        {"PAR1\x15", 5, "in Parquet", "clickhouse-local writes it as CSVWithNames"},
        {"SQLite format 3", 15, "an SQLite database", "sqlite3 -csv -header writes a query as CSV"},
        {"<!DOCTYPE", 9, "a web page", "look at what was downloaded"},
        {"<!doctype", 9, "a web page", "look at what was downloaded"},
        {"<html", 5, "a web page", "look at what was downloaded"},
        {"<?xml", 5, "XML", "rules are a CSV file"},
        {"{\"", 2, "JSON", "rules are a CSV file; clickhouse-local or jq writes JSON as CSV"},
        {"[{", 2, "JSON", "rules are a CSV file; clickhouse-local or jq writes JSON as CSV"},
    };
    const char *what = wide_encoding(text, hint);

    for (size_t i = 0; i < sizeof known / sizeof known[0] && !what; i++)
        if (begins(text, known[i].magic, known[i].n)) {
            *hint = known[i].hint;
            what = known[i].what;
        }
    return what;
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
