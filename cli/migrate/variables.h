/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of migration files: ${name} where the file says `-- migrate:vars name`, or, as goose has
 * it, `-- +goose ENVSUB ON`. Hashes are of the text as it is in the file.
 */
#ifndef LC_CLI_MIGRATE_VARIABLES_H
#define LC_CLI_MIGRATE_VARIABLES_H
#include "base/strings.h"
#include "cli/migrate/files.h"

/*
 * Fill the statements in: from `given` ("name=value"), else from the environment, LIVECOL_VAR_name;
 * with ENVSUB from the environment's NAME. ${name:-otherwise} gives what is there if it is not set. A
 * name that has no value, or that the file does not declare, is a problem of that file, and so are values that
 * make something else than one statement of a statement. 0 or LC_ERR_NOMEM.
 */
int lc_variables_fill(struct lc_migrations *m, const struct lc_strings *given);

/*
 * Is each name of --var and of --secret-var one that a file declares, or, of a secret one, that ENVSUB may take from
 * the environment? LC_ERR_USAGE where not: a value would go nowhere, and a secret be recorded.
 */
int lc_variables_check_names(const struct lc_migrations *m, const struct lc_strings *given,
                             const struct lc_strings *secret, struct lc_error *err);

/* "a=1 b=x" for the record, of those that m uses and that are in `given` or the environment, but not
 * in `secret` (names); malloc'ed, "" where there are none, NULL: no memory. */
char *lc_variables_used(const struct lc_migration *m, const struct lc_strings *given,
                        const struct lc_strings *secret);

#endif
