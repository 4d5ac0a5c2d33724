/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of migration files, and the numbers and words that they and their texts use:
 *
 *   0007_add_region.up.sql         digits ─ _ ─ name ─ part ─ .sql
 *   20260131.sql                   digits alone, DATE_DIGITS of them or more
 */
#ifndef LC_CLI_MIGRATE_FILE_NAME_H
#define LC_CLI_MIGRATE_FILE_NAME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which part of a migration a file holds. */
enum lc_file_part { LC_FILE_WHOLE, LC_FILE_UP, LC_FILE_DOWN };

/* A file name taken apart; pointers into it, NOT NUL-terminated. */
struct lc_file_name {
    uint64_t version;
    const char *digits;
    size_t digits_n;
    const char *name; /* of digits alone: the digits */
    size_t name_n;
    enum lc_file_part part;
};

/* `file` ends with .sql. False where it is no name of a migration. */
bool lc_file_name_parse(const char *file, struct lc_file_name *out);

/* "0003_x.undo": what other tools call the way back would run as the way there. */
bool lc_file_name_is_way_back(const struct lc_file_name *name);

/* 0000_name.sql: a number, and none that a version may have. */
bool lc_file_name_is_zero(const char *file);

/* Does the text of n bytes end with it? */
bool lc_file_name_ends(const char *s, size_t n, const char *tail);

/* Digits to a version; false where it is none (empty, 0, over 18 digits, other characters). */
bool lc_version_parse(const char *p, size_t n, uint64_t *version);

/* Is it the name of a variable: letters, digits and _, no digit first? */
bool lc_variable_is_name(const char *p, size_t n);

#endif
