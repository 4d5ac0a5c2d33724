/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server would refuse of a statement, and the tables already tell: a table, database or column
 * that is not there, or is there already; a column that others read, or a key is made of. The tables are
 * those of a run (schema.h), with what its earlier statements will have made of them.
 *
 * Only what is known is refused. Behind a statement whose effect on the tables is not (one that is not
 * recognised, PARALLEL WITH, DETACH, ON CLUSTER of another server, a database of tables from elsewhere)
 * nothing is said any more, and behind CREATE TABLE … AS SELECT nothing of that table's columns.
 */
#ifndef LC_CLI_COLUMN_SCHEMA_CHECK_H
#define LC_CLI_COLUMN_SCHEMA_CHECK_H
#include "cli/column/schema.h"
#include "cli/server/abilities.h"

/*
 * Look at the statement, which is about to be noted. sent: an earlier run has sent it, so that it may be
 * its own effect that is there; then nothing is asked but whether an ALTER has its table. 0; LC_ERR_REFUSED
 * with what is in the way; the failures of a query.
 */
int lc_schema_check(struct lc_schema *s, const struct lc_abilities *facts,
                    const struct lc_stmt *stmt, bool sent, struct lc_error *err);

#endif
