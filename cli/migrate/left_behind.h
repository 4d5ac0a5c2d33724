/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement that failed has left behind. The server takes back neither the blocks that an
 * INSERT had written before it failed, nor the table that CREATE … AS SELECT had made: such a
 * statement may not be sent again, unless it is certain that nothing of it is there.
 *
 *   query_log says that it failed before it began           nothing
 *   the object that it creates is not there, or was before   nothing
 *   no part of the table is newer than the statement,        nothing
 *     and no view reads from the table
 *   no part of the table is newer, and its query alone,      nothing
 *     asked for without a row, fails in the same words
 *   part_log, query_log or newer parts show rows             so many
 *   else                                                     nobody can tell
 */
#ifndef LC_CLI_MIGRATE_LEFT_BEHIND_H
#define LC_CLI_MIGRATE_LEFT_BEHIND_H
#include "cli/migrate/sent_query.h"
#include "cli/server/abilities.h"
#include "cli/server/backend.h"
#include "cli/sql/statement.h"

/* What is known of the statement's table. Zeroed: nothing, since an earlier run sent it. */
struct lc_left_before {
    bool known;
    bool there;             /* the table */
    struct lc_answer parts; /* its active parts */
    int64_t total_rows;     /* -1: its engine does not say */
};

enum lc_left {
    LC_LEFT_NOTHING,
    LC_LEFT_ROWS,
    LC_LEFT_UNKNOWN,
};

/* Is it a statement of that kind: an INSERT, a CREATE … AS SELECT or POPULATE, a lightweight UPDATE? */
bool lc_left_is_possible(const struct lc_stmt *s);

/* Note what is there, before it is sent. 0 or the failures of a query. Release it in any case. */
int lc_left_note(struct lc_left_before *before, struct lc_backend *b,
                 const struct lc_abilities *facts, const struct lc_stmt *s, struct lc_error *err);
void lc_left_release(struct lc_left_before *before);

struct lc_left_found {
    enum lc_left what;
    uint64_t rows; /* of the table, that are its own; 0: not known */
};

/*
 * Look, once it has failed with that error (server_code 0: not known). Where the failures of a query are
 * given, *found says LC_LEFT_UNKNOWN.
 */
int lc_left_look(const struct lc_sent_stmt *s, const struct lc_left_before *before,
                 const struct lc_error *failure, struct lc_left_found *found, struct lc_error *err);

#endif
