/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as a person writes them: "a = 1, b = 'x'". */
#ifndef LC_CLI_SQL_SETTINGS_H
#define LC_CLI_SQL_SETTINGS_H
#include "base/error.h"

#include <stddef.h>

/* Names and values in pairs: v[0] = v[1], v[2] = v[3], …; malloc'ed. */
struct lc_sql_settings {
    char **v;
    size_t n; /* pairs */
};

/*
 * Append what n bytes of text say: name = value, with commas between; a value is a number, a string, a
 * word, true and false, a map, or ${a variable}, kept as it is written. name = DEFAULT takes back what was
 * said of it before. 0; LC_ERR_INPUT where the text is something else; LC_ERR_NOMEM.
 */
int lc_sql_settings_read(struct lc_sql_settings *s, const char *text, size_t n);

/* The same of what follows SET, where a name alone means name = 1. */
int lc_sql_settings_read_set(struct lc_sql_settings *s, const char *text, size_t n);

/* Append the pairs of `from`. 0 or LC_ERR_NOMEM. */
int lc_sql_settings_copy(struct lc_sql_settings *s, const struct lc_sql_settings *from);

void lc_sql_settings_release(struct lc_sql_settings *s);

#endif
