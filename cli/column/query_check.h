/* SPDX-License-Identifier: Apache-2.0 */
/* Does a statement's query read columns, or call functions, that are not there by then? */
#ifndef LC_CLI_COLUMN_QUERY_CHECK_H
#define LC_CLI_COLUMN_QUERY_CHECK_H
#include "cli/column/schema.h"
#include "cli/server/abilities.h"

/*
 * Of a SELECT, INSERT … SELECT, CREATE … AS SELECT. The server is asked where a word of the query is no
 * column of its tables; it runs nothing for that (DESCRIBE). 0, also where this cannot be told: settings of
 * the migration's own, table functions, tables that are not known; LC_ERR_REFUSED with what is missing;
 * the failures of a query.
 */
int lc_query_check(struct lc_schema *s, const struct lc_abilities *facts, struct lc_slice statement,
                   struct lc_error *err);

#endif
