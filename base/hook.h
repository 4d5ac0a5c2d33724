/* SPDX-License-Identifier: Apache-2.0 */
/* A command of the operator's that is run when something long has ended: --on-success,
 * --on-failure. */
#ifndef LC_BASE_HOOK_H
#define LC_BASE_HOOK_H
#include "base/error.h"

/* One fact for the command, as an environment variable: {"LIVECOL_TABLE", "events"}. */
struct lc_hook_fact {
    const char *name;
    const char *value;
};

/*
 * Run the command by /bin/sh -c, with the facts (ending with name NULL) in its environment, and
 * wait for it. Its stdout goes to our stderr, since ours is data. NULL runs nothing. 0; LC_ERR_IO
 * where it cannot be run, or ends with another status than 0: the message says which.
 */
int lc_hook_run(const char *command, const struct lc_hook_fact *facts, struct lc_error *err);

#endif
