/* SPDX-License-Identifier: Apache-2.0 */
/* Which table an INSERT writes to, and whether its rows name their columns. */
#ifndef LC_CLI_SQL_INSERT_TARGET_H
#define LC_CLI_SQL_INSERT_TARGET_H
#include "base/buf.h"
#include "cli/sql/walk.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Is it an INSERT into that table whose rows come by place: without a list of columns, and in no
 * format that names them? `current` is the database that it was sent in; NULL: not known, and then
 * taken for the table's. The statement need not be whole: a query log cuts long ones.
 */
bool lc_insert_is_positional(const char *sql, size_t n, const char *current, const char *database,
                             const char *table);

/* [INTO] [TABLE] [database.]name, which come next: malloc'ed, NULL where they are not there. */
void lc_insert_take_target(struct lc_walk *w, char **database, char **name);

/* Are its rows a query's, so that all of it is SQL? Else data may follow. */
bool lc_insert_is_select(struct lc_slice sql);

#endif
