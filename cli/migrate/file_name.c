/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/file_name.h"

#include <string.h>
#include <strings.h>

enum { DATE_DIGITS = 8 }; /* a number that needs no name: 20260131, or a Unix time */

bool lc_version_parse(const char *p, size_t n, uint64_t *version)
{
    uint64_t v = 0;

    /* 18 digits are below 2^63: nothing below can overflow. */
    if (n == 0 || n > 18)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(p[i] - '0');
    }
    *version = v;
    return v != 0;
}

bool lc_variable_is_name(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool letter = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_';

        if (!letter && !(i > 0 && p[i] >= '0' && p[i] <= '9'))
            return false;
    }
    return n > 0;
}

bool lc_file_name_ends(const char *s, size_t n, const char *tail)
{
    size_t t = strlen(tail);

    return n >= t && memcmp(s + n - t, tail, t) == 0;
}

bool lc_file_name_parse(const char *file, struct lc_file_name *out)
{
    /* Taken off from the end: .sql, then .up or .down. The rest is digits, _ and the name. */
    size_t n = strlen(file) - strlen(".sql");
    size_t d = 0;

    *out = (struct lc_file_name){.digits = file};
    if (lc_file_name_ends(file, n, ".up")) {
        out->part = LC_FILE_UP;
        n -= strlen(".up");
    } else if (lc_file_name_ends(file, n, ".down")) {
        out->part = LC_FILE_DOWN;
        n -= strlen(".down");
    }
    while (d < n && file[d] >= '0' && file[d] <= '9')
        d++;
    out->digits_n = d;
    if (d == n && d >= DATE_DIGITS) {
        out->name = file;
        out->name_n = d;
        return lc_version_parse(file, d, &out->version);
    }
    if (d == n || (file[d] != '_' && file[d] != '-') || d + 1 >= n)
        return false;
    /* dbmate takes what follows the number: 0001-name.sql. In 2026-01-31.sql the year would be all of it. */
    if (file[d] == '-' && file[d + 1] >= '0' && file[d + 1] <= '9')
        return false;
    /* Names go into messages and the tracking table: no control characters. */
    for (size_t i = d; i < n; i++) {
        if ((unsigned char)file[i] < 0x20 || file[i] == 0x7f)
            return false;
    }
    out->name = file + d + 1;
    out->name_n = n - d - 1;
    return lc_version_parse(file, d, &out->version);
}

bool lc_file_name_is_way_back(const struct lc_file_name *name)
{
    /* Without case, while lc_file_name_parse takes .down alone: 0003_x.DOWN.sql comes here. */
    static const char *const ends[] = {".down",      ".downs",    ".undo", ".rollback", ".revert",
                                       ".downgrade", ".teardown", ".back", ".dn",       NULL};

    for (size_t i = 0; ends[i]; i++) {
        size_t n = strlen(ends[i]);

        if (name->name_n > n && strncasecmp(name->name + name->name_n - n, ends[i], n) == 0)
            return true;
    }
    return false;
}

bool lc_file_name_is_zero(const char *file)
{
    size_t n = strspn(file, "0");

    return n > 0 && (file[n] == '_' || strcmp(file + n, ".sql") == 0);
}
