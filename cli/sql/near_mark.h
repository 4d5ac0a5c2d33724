/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a line of a comment look like the mark of a section, of whatever tool?
 *
 * Taken for a comment, a mark that is not read would let the way back run as part of the way there. So a
 * line counts as one by its words alone, whatever is between them:
 *
 *   -- == DOWN ==   # --- !Downs   -- [undo]   -- Down Migration   -- rollback script:   -- //@UNDO text
 *
 * and a sentence in which such a word occurs does not: "-- what goes down must come up". What follows a
 * sentence decides (cli/migrate/way_back.h).
 */
#ifndef LC_CLI_SQL_NEAR_MARK_H
#define LC_CLI_SQL_NEAR_MARK_H
#include "base/buf.h"

#include <stdbool.h>

enum lc_near_kind {
    LC_NEAR_NONE,
    LC_NEAR_WORD, /* a sentence with a word for the way back: "-- drops it when rolled back" */
    LC_NEAR_HEAD, /* the same, and the line begins with it, or is short and ends so: "-- Down: drops it" */
    LC_NEAR_SIGN, /* of a tool that is not known: "-- mytool: down", "-- +mytool Down" */
    LC_NEAR_BARE, /* by its words alone: "-- Down" */
    LC_NEAR_TOOL  /* it names a tool, or has the sign of one: "-- goose Down", "-- @UNDO" */
};

/*
 * Of one line, with or without the signs that make it a comment. *up: it names no other section than that
 * of the way there.
 */
enum lc_near_kind lc_near_mark(struct lc_slice line, bool *up);

#endif
