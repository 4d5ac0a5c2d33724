/* SPDX-License-Identifier: Apache-2.0 */
/* livecol inline: what its two halves, a column and a lost function, share. */
#ifndef LC_CLI_COMMANDS_INLINE_SHARED_H
#define LC_CLI_COMMANDS_INLINE_SHARED_H
#include "cli/column/replace_default.h"
#include "cli/commands/shared.h"
#include "cli/migrate/session.h"

struct lc_inline_options {
    struct lc_migrate m;
    struct lc_replace_source source;
    const char *rescue; /* the function that is gone; NULL: an operand names the column */
    bool remove, force;
    const char
        *narrow; /* measured, always, never: the function stays, and its key is narrow or not */
};

/* Unless --dry-run: take the lock, before what is looked at. End the session in any case. */
int lc_inline_lock(const struct lc_inline_options *o, struct lc_backend *b, struct lc_session *s,
                   struct lc_error *err);

/* Show the statement, and unless --dry-run send it. 0; as a query. */
int lc_inline_send(const struct lc_inline_options *o, struct lc_backend *b, const char *sql,
                   struct lc_error *err);

#endif
