/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a column what a statement says it is? `ADD COLUMN IF NOT EXISTS` over a column of another type
 * or default succeeds in silence, so both are compared afterwards with system.columns.
 */
#ifndef LC_CLI_COLUMN_COLUMN_CHECK_H
#define LC_CLI_COLUMN_COLUMN_CHECK_H
#include "cli/column/table.h"
#include "cli/server/abilities.h"
#include "cli/server/cluster.h"
#include "cli/sql/statement.h"

#include <stdatomic.h>

/* Does the column have the command's type now? False where it is not there. 0,
 * a query's failures. */
int lc_column_has_type(struct lc_backend *b, const struct lc_stmt *s,
                       const struct lc_stmt_command *c, bool *same, struct lc_error *err);

/*
 * Before it is sent: is the column that is there what command i, ADD COLUMN IF NOT EXISTS, says it is?
 * 0, also where this cannot be told; LC_ERR_REFUSED with what is and what should be; the failures of
 * a query.
 */
int lc_column_check_kept(struct lc_backend *b, const struct lc_abilities *facts,
                         const struct lc_stmt *s, size_t i, const struct lc_table_column *is,
                         struct lc_error *err);

struct lc_column_hooks {
    void (*unsure)(void *ctx, const char *text);  /* what this server cannot compare */
    void (*lagging)(void *ctx, const char *text); /* a host that does not have it yet: once each */
    void *ctx;
    const atomic_bool *cancel;
    bool
        any_kept; /* another column that IF NOT EXISTS has kept is told, as `unsure`, and is no failure */
};

/*
 * Compare every column that the ALTER adds or modifies, on each host that has the table; a host
 * that does not answer, or is behind for up to a minute, is waited for. 0; LC_ERR_SERVER with what
 * is and what should be; LC_ERR_STOPPED; the failures of a query.
 */
int lc_column_check(const struct lc_cluster *c, const struct lc_abilities *facts,
                    const struct lc_stmt *s, const struct lc_column_hooks *hooks,
                    struct lc_error *err);

#endif
