/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comments that mark a section to whoever wrote them, and are not read as marks: the way back would run as part
 * of the way there.
 *
 *   kind of the line   it counts
 *   TOOL               always
 *   BARE               where a statement follows it in its section
 *   SIGN               the same, and a statement is above it
 *   HEAD               the same, and all that follows drops something: "-- Down: drops it", DROP TABLE t
 *   WORD               the same, and what is dropped was made above: "-- drops it when rolled back". Not where
 *                      the file swaps tables, or fills others from it: then it is a table for the time being
 *
 * In a section that is marked as the way back the words for it are at home, and so is "-- Up" in the other.
 */
#ifndef LC_CLI_MIGRATE_WAY_BACK_H
#define LC_CLI_MIGRATE_WAY_BACK_H
#include "cli/sql/split.h"

/*
 * The line to be refused: the first of a tool, else the first that counts. NULL: there is none. `text` is the
 * file's; `whole`: it is no half of a pair, in which only a tool's mark is out of place.
 */
const struct lc_near_mark *lc_way_back_find(const struct lc_split *script, const char *text,
                                            bool whole);

#endif
