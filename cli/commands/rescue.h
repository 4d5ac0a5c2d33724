/* SPDX-License-Identifier: Apache-2.0 */
/* livecol inline --rescue. */
#ifndef LC_CLI_COMMANDS_RESCUE_H
#define LC_CLI_COMMANDS_RESCUE_H
#include "cli/commands/inline_shared.h"

/* The function is gone, and what depends on it is stuck. 0; LC_ERR_REFUSED; the failures of a query. */
int lc_inline_rescue(const struct lc_inline_options *o, struct lc_error *err);

#endif
