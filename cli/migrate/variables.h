/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of migration files: ${name} where the file says `-- migrate:vars name`, or, as goose has
 * it, `-- +goose ENVSUB ON`. Hashes are of the text as it is in the file.
 */
#ifndef LC_CLI_MIGRATE_VARIABLES_H
#define LC_CLI_MIGRATE_VARIABLES_H
#include "base/strings.h"
#include "cli/migrate/files.h"

/* The value that is given, "name=value", or LIVECOL_VAR_name of the environment; NULL: neither is. */
const char *lc_variable_value(const struct lc_strings *given, const char *name, size_t n);

/*
 * Fill the statements in: from `given` ("name=value"), else from the environment, LIVECOL_VAR_name;
 * with ENVSUB from the environment's NAME. ${name:-otherwise} gives what is there if it is not set. A
 * name that has no value, or that the file does not declare, is a problem of that file. 0 or LC_ERR_NOMEM.
 */
int lc_variables_fill(struct lc_migrations *m, const struct lc_strings *given);

/* "a=1 b=x" for the record, of those that m uses and that are in `given` or the environment, but not
 * in `secret` (names); malloc'ed, "" where there are none, NULL: no memory. */
char *lc_variables_used(const struct lc_migration *m, const struct lc_strings *given,
                        const struct lc_strings *secret);

#endif
