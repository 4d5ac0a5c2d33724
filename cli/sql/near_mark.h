/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a line of a comment look like the mark of a section, of whatever tool?
 *
 * Taken for a comment, a mark that is not read would let the way back run as part of the way there. So a
 * line counts as one by its words alone, whatever is between them:
 *
 *   -- == DOWN ==   # --- !Downs   -- [undo]   -- Down Migration   -- rollback script:   -- //@UNDO text
 *
 * and a sentence in which such a word occurs does not: "-- what goes down must come up".
 */
#ifndef LC_CLI_SQL_NEAR_MARK_H
#define LC_CLI_SQL_NEAR_MARK_H
#include "base/buf.h"

enum lc_near_kind {
    LC_NEAR_NONE,
    LC_NEAR_BARE, /* by its words alone: "-- Down" */
    LC_NEAR_TOOL  /* it names a tool, or has the sign of one: "-- goose Down", "-- @UNDO" */
};

/* Of one line, with or without the signs that make it a comment. */
enum lc_near_kind lc_near_mark(struct lc_slice line);

#endif
