/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables in one text of a migration.
 *
 *   -- migrate:vars a          ${a}    ${a:-otherwise}
 *   -- +goose ENVSUB ON        ${A}  $A  ${A:-otherwise}  ${A-otherwise}  ${A?message}  $$ and \$ for a $
 *
 * ENVSUB holds from its line to ENVSUB OFF, also within a statement, as in goose. What goose reads and this does
 * not (a part of a value, a variable in another's default) is a problem of the file, and so is what neither
 * reads: nothing that looks like a variable is sent as it is.
 */
#ifndef LC_CLI_MIGRATE_EXPAND_H
#define LC_CLI_MIGRATE_EXPAND_H
#include "base/buf.h"
#include "base/strings.h"
#include "cli/migrate/migration.h"

#include <stdbool.h>

/* Whose variables, their values as "name=value", and where problems are noted, of which file. */
struct lc_expand {
    const struct lc_migration *m;
    const struct lc_strings *given;
    struct lc_problems *problems;
    const char *path;
};

/* The value of prefix + name in the environment, which owns it; NULL: not set, or no memory. */
const char *lc_expand_environment(const char *prefix, const char *name, size_t n);

/* The value that is given, "name=value", or LIVECOL_VAR_name of the environment; NULL: neither is. */
const char *lc_variable_value(const struct lc_strings *given, const char *name, size_t n);

/* Does the file declare it by -- migrate:vars? */
bool lc_expand_is_declared(const struct lc_migration *m, const char *name, size_t n);

/*
 * Append n bytes of p, of which line is the first one's, with their variables replaced; `envsub`: does ENVSUB hold
 * at their beginning? 0 or LC_ERR_NOMEM. What cannot be replaced is a problem, and out is then of no use.
 */
int lc_expand_text(struct lc_buf *out, const struct lc_expand *e, const char *p, size_t n,
                   uint64_t line, bool envsub);

#endif
