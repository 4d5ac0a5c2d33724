/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MODIFY COLUMN of a column that the table's engine works with. As tried on 26.7 (524 else):
 *
 *   version      integers become wider ones of their kind; nothing else becomes another type
 *   is_deleted   only UInt8, and a MODIFY has to say it
 *   sign         nothing but its comment
 */
#ifndef LC_CLI_COLUMN_ROLE_CHECK_H
#define LC_CLI_COLUMN_ROLE_CHECK_H
#include "cli/column/table.h"
#include "cli/server/abilities.h"

/*
 * May the command, a MODIFY COLUMN of c or a REMOVE of one of its properties, be run? 0, also where that is
 * not known: an older server, a type that is not recognised. LC_ERR_REFUSED with the way.
 */
int lc_role_check(const struct lc_abilities *facts, const struct lc_table *t,
                  const struct lc_table_column *c, const struct lc_stmt_command *command,
                  struct lc_error *err);

#endif
