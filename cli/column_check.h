/*
 * Is a column what a statement says it is? `ADD COLUMN IF NOT EXISTS` over a column of another type
 * or default succeeds in silence, so both are compared afterwards with system.columns.
 */
#ifndef LC_COLUMN_CHECK_H
#define LC_COLUMN_CHECK_H

#include "backend.h"
#include "facts.h"
#include "stmt.h"

/* Does the column have the command's type now? False where it is not there. 0, a query's failures.
 */
int lc_column_has_type(struct lc_backend *b, const struct lc_stmt *s,
                       const struct lc_stmt_command *c, bool *same, struct lc_error *err);

/*
 * Compare every column that the ALTER adds or modifies. 0; LC_ERR_SERVER with what is and what
 * should be; the failures of a query. `unsure` is called with what could not be compared, since the
 * server cannot say how it writes it.
 */
int lc_column_check(struct lc_backend *b, const struct lc_facts *facts, const struct lc_stmt *s,
                    void (*unsure)(void *ctx, const char *text), void *ctx, struct lc_error *err);

#endif
