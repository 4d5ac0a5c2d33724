/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/notes.h"

#include <string.h>

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/*
 * Characters that nobody sees at the end of a field, as spreadsheets, web pages and files put together leave
 * them: no-break and wide blanks, byte order marks, of no width, of direction. No --trim takes them away.
 */
static bool has_hard_blank(struct lc_slice f)
{
    static const char *const unseen[] = {
        "\xc2\xa0",     "\xe2\x80\xaf", "\xe3\x80\x80", "\xef\xbb\xbf", "\xe2\x80\x8b",
        "\xe2\x81\xa0", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xac",
    };

    for (size_t i = 0; f.n >= 2 && i < sizeof unseen / sizeof unseen[0]; i++) {
        size_t n = strlen(unseen[i]);

        if (f.n >= n &&
            (memcmp(f.p, unseen[i], n) == 0 || memcmp(f.p + f.n - n, unseen[i], n) == 0))
            return true;
    }
    return false;
}

void lc_notes_blanks(struct lc_csv_notes *notes, const struct lc_records *records)
{
    for (uint32_t i = 0; i < records->fields; i++) {
        struct lc_slice f = lc_records_field(records, i);

        if (has_hard_blank(f) && notes->hard_blanks++ == 0)
            notes->hard_blanks_line = records->record_line;
        if (f.n == 0 || !(is_blank(f.p[0]) || is_blank(f.p[f.n - 1])))
            continue;
        if (notes->blanks++ == 0)
            notes->blanks_line = records->record_line;
    }
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool lc_looks_like_network(struct lc_slice key)
{
    const uint8_t *colon = key.n ? memchr(key.p, ':', key.n) : NULL;
    size_t slash = 0, marks = 0;
    unsigned octet = 0;

    for (; slash < key.n && key.p[slash] != '/'; slash++) {
        uint8_t c = key.p[slash];
        bool is_mark = c == '.' || c == ':';

        marks += is_mark;
        octet = is_mark ? 0 : octet * 10 + (unsigned)(c - '0');
        if (colon ? !is_mark && !is_hex(c) : !is_mark && (c < '0' || c > '9' || octet > UINT8_MAX))
            return false;
    }
    if (marks == 0 || slash + 1 >= key.n || key.n - slash > 4)
        return false;
    for (size_t i = slash + 1; i < key.n; i++)
        if (key.p[i] < '0' || key.p[i] > '9')
            return false;
    return true;
}

/*
 * A key with a * at an end is a pattern of other programs: +49*, *.jpg. A * alone is noted as such; of exact rules it
 * is the default, which has no key here.
 */
static void note_star(struct lc_csv_notes *notes, struct lc_slice key, uint32_t line)
{
    uint32_t *count = key.n == 1 ? &notes->stars : &notes->patterns;
    uint32_t *first = key.n == 1 ? &notes->stars_line : &notes->patterns_line;

    if (key.n && (key.p[0] == '*' || key.p[key.n - 1] == '*') && (*count)++ == 0)
        *first = line;
}

void lc_notes_text(struct lc_csv_notes *notes, struct lc_slice key, uint32_t line)
{
    note_star(notes, key, line);
    if (lc_looks_like_network(key) && notes->networks++ == 0)
        notes->networks_line = line;
}

static bool is_host_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.' || c >= 0x80;
}

void lc_notes_host(struct lc_csv_notes *notes, struct lc_slice name, uint32_t line)
{
    while (name.n && is_blank(name.p[name.n - 1]))
        name.n--;
    while (name.n && is_blank(*name.p)) {
        name.p++;
        name.n--;
    }
    while (name.n && is_host_byte(*name.p)) {
        name.p++;
        name.n--;
    }
    if (name.n == 0 || notes->no_hosts++)
        return;
    notes->no_hosts_line = line;
    notes->no_host_byte = *name.p;
}
