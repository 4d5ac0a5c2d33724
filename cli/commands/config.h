/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that make a server ready: what it reads, printed or put in place. */
#ifndef LC_CLI_COMMANDS_CONFIG_H
#define LC_CLI_COMMANDS_CONFIG_H
#include "cli/commands/commands.h"

lc_command_fn lc_cmd_config_function, lc_cmd_config_dictionary, lc_cmd_config_all,
    lc_cmd_config_install, lc_cmd_config_show, lc_cmd_config_uninstall;

#endif
