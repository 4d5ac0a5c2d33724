/* SPDX-License-Identifier: Apache-2.0 */
/* livecol inline: what its two halves, a column and a lost function, share. */
#ifndef LC_CLI_COMMANDS_INLINE_SHARED_H
#define LC_CLI_COMMANDS_INLINE_SHARED_H
#include "cli/column/replace_default.h"
#include "cli/commands/frame.h"

struct lc_inline_options {
    struct lc_frame_run r;
    struct lc_column column; /* the operand's, as it was before the lock */
    struct lc_replace_source source;
    const char *rescue; /* the function that is gone; NULL: an operand names the column */
    bool remove, force;
    const char
        *narrow; /* measured, always, never: the function stays, and its key is narrow or not */
};

/* Show the statement, and unless --dry-run send it. 0; as a query. */
int lc_inline_send(const struct lc_inline_options *o, const char *sql, struct lc_error *err);

#endif
