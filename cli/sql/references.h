/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text of SQL refers to by name, told by its tokens alone: a name in a comment never counts, and
 * one in a string only where the text is about it (dictGet('regions', …)).
 *
 * No schema is known here, so a bare name may be a column, an alias or a table. Each question says
 * which way it errs where the words leave that open, or where the text cannot be read.
 */
#ifndef LC_CLI_SQL_REFERENCES_H
#define LC_CLI_SQL_REFERENCES_H
#include "base/buf.h"

#include <stdbool.h>

/*
 * Does the expression call the function `name`, or ask the dictionary of that name (dictGet…,
 * dictHas, dictIsIn, by 'name' or 'database.name')? A query in a dictionary's SOURCE counts too. An
 * expression that cannot be read counts where the name occurs in it at all.
 */
bool lc_references_callable(const char *expr, const char *name);

/*
 * Is `name` a word of the statement, or within one of its strings? True also where it cannot be read,
 * and where it has a heredoc.
 */
bool lc_references_name(struct lc_slice sql, const char *name);

/*
 * May the statement read rows or columns of tables that it does not name: by a view in a SELECT or
 * behind IN, by Merge? True also where it cannot be read.
 */
bool lc_references_unnamed(struct lc_slice sql);

/*
 * Does the query of a view read the table, or does the view write to it? By "database.table" wherever it is;
 * by a bare name only where a table's is, and where `here`, the view's database, is the table's; by the
 * arguments of remote() and its kin, and of Merge, whose expression is tried as a POSIX one: what that cannot
 * read counts.
 */
bool lc_references_table(struct lc_slice sql, const char *here, const char *database,
                         const char *table);

/*
 * Is the table the one that the engine of this CREATE passes rows on to: Buffer(database, table, …),
 * Distributed(cluster, database, table, …)? A database that is '' or computed counts.
 */
bool lc_references_engine(struct lc_slice create, const char *database, const char *table);

/*
 * A query that names the table, and one of the columns that `is_one` knows, or all of them (*). Of a
 * table that is named without its database it is this one, unless the query reads another database's
 * table of that name.
 */
bool lc_references_columns(struct lc_slice sql, const char *database, const char *table,
                           bool (*is_one)(const void *ctx, const char *column), const void *ctx);

#endif
