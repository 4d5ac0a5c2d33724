/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables a statement's queries read, by their names. */
#ifndef LC_CLI_SQL_SOURCES_H
#define LC_CLI_SQL_SOURCES_H
#include "base/buf.h"

#include <stdbool.h>

/*
 * Hand over each table or view that a query in the statement reads by its name, behind FROM and JOIN:
 * database "" where it gives none. Names that the statement itself makes (WITH x AS (…)), arrays and
 * table functions are left out, and so is what is not sure to be such a name. The names are valid during
 * the call. Ends where `take` gives other than 0, and returns that; else 0, also where the text cannot be
 * read to its end; LC_ERR_NOMEM.
 */
int lc_sources(struct lc_slice sql, int (*take)(void *ctx, const char *database, const char *name),
               void *ctx);

/* Is the name a query's own there: name AS (…)? */
bool lc_sources_makes(struct lc_slice sql, const char *name);

/*
 * The query of a SELECT, an INSERT … SELECT, a CREATE … AS SELECT: from its first word to the end. False: it
 * has none, or it cannot be found.
 */
bool lc_sources_query(struct lc_slice statement, struct lc_slice *query);

#endif
