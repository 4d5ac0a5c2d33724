/* SPDX-License-Identifier: Apache-2.0 */
/* How far a mutation is, as one line for a person. */
#ifndef LC_CLI_COMMANDS_PROGRESS_H
#define LC_CLI_COMMANDS_PROGRESS_H
#include "cli/migrate/runner.h"

#include <stddef.h>

/*
 * "0001 region 2/2 mutation: 41 %, 2.1 M of 5.0 M rows, 1.2 M rows/s, 3 of 7 parts left, 2 s to go"
 * into out; what is not known is left out. e->progress must be set.
 */
void lc_progress_line(char *out, size_t size, const struct lc_run_event *e);

#endif
