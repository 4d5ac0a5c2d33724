/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do two texts of SQL mean the same to the server: a statement's, and what system tables show of it?
 *
 * Both are written by the server's formatter, where it has one, and brought into one canonical form
 * (cli/sql/canonical.h) with the functions that the server lists.
 */
#ifndef LC_CLI_SERVER_SAME_SQL_H
#define LC_CLI_SERVER_SAME_SQL_H
#include "cli/server/abilities.h"
#include "cli/server/backend.h"

enum lc_sameness {
    LC_SAME,
    LC_DIFFERENT, /* they do not mean the same */
    LC_UNSURE     /* they may */
};

/*
 * Two default expressions of a table in `database`. They differ where their canonical forms do,
 * unless a function made of SQL is in them (it may be another one by now) or one that the server
 * does not list. 0, or the failures of a query.
 */
int lc_same_expression(struct lc_backend *b, const struct lc_abilities *facts, const char *database,
                       struct lc_slice x, struct lc_slice y, enum lc_sameness *same,
                       struct lc_error *err);

/*
 * The name that the server has for a type as a statement writes it (DECIMAL(9,2) is Decimal(9, 2)), malloc'ed:
 * what toTypeName(CAST([], 'Array(T)')) has between the parentheses, since an empty array needs no value of
 * T. NULL: it is not told. 0; LC_ERR_SERVER where the server refuses it, with its code; the failures of a query.
 */
int lc_type_name(struct lc_backend *b, struct lc_slice type, char **name, struct lc_error *err);

/*
 * Two commands of an ALTER of a table in `database`, of which the second is a mutation's. They
 * differ only where that is proven: by another command, another column, another literal.
 */
int lc_same_command(struct lc_backend *b, const struct lc_abilities *facts, const char *database,
                    struct lc_slice x, struct lc_slice y, enum lc_sameness *same,
                    struct lc_error *err);

#endif
