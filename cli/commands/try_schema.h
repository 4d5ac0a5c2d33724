/* SPDX-License-Identifier: Apache-2.0 */
/* The schema that a person gives livecol try: which table it makes, and whether the engine in this process can. */
#ifndef LC_CLI_COMMANDS_TRY_SCHEMA_H
#define LC_CLI_COMMANDS_TRY_SCHEMA_H
#include "base/error.h"

#include <stdbool.h>

struct lc_try_schema {
    char *table,
        *database; /* of the first CREATE TABLE; the database is "default" where it names none */
    bool makes_database; /* a CREATE DATABASE comes before it */
};

/*
 * Read the file up to its first CREATE TABLE. 0 and *out, to be released, also after a failure.
 * LC_ERR_REFUSED, with what to write instead: it makes no table, or one that needs a cluster or a
 * Keeper, which that engine has not; its line breaks are written as \n. LC_ERR_INPUT, LC_ERR_IO,
 * LC_ERR_NOMEM.
 */
int lc_try_schema_read(const char *file, struct lc_try_schema *out, struct lc_error *err);

/* Free what it holds. A zeroed one may be released. */
void lc_try_schema_release(struct lc_try_schema *s);

#endif
