/* SPDX-License-Identifier: Apache-2.0 */
/* What statements need of the server, and whether it has it. */
#ifndef LC_CLI_MIGRATE_REQUIREMENTS_H
#define LC_CLI_MIGRATE_REQUIREMENTS_H
#include "cli/server/abilities.h"
#include "cli/sql/statement.h"

/*
 * Add to *lacks (a set of bits, for lc_abilities_lack_names) what the statement needs and the server
 * does not have. Asked in the way that cannot mislead: the server is given such a command for a
 * table that is not there, and says whether it knows the syntax. Servers with a formatter know all
 * of it and are not asked. 0 or the failures of a query.
 */
int lc_abilities_lacking(const struct lc_abilities *f, struct lc_backend *b,
                         const struct lc_stmt *s, unsigned *lacks, struct lc_error *err);

/* Does the server know UPDATE … IN PARTITION ID? 0 or the failures of a query. */
int lc_abilities_update_in_partition(const struct lc_abilities *f, struct lc_backend *b,
                                     bool *knows, struct lc_error *err);

/* Their names, ", " between them, in a text of `size` bytes; returns out. */
const char *lc_abilities_lack_names(unsigned lacks, char *out, size_t size);

#endif
