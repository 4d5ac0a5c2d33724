/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of livecol. Each parses its own arguments (argv[0] is its last word), prints data to
 * stdout and talk to stderr, and returns the program's exit code: see docs/design.md, "Exit codes".
 */
#ifndef LC_CLI_COMMANDS_COMMANDS_H
#define LC_CLI_COMMANDS_COMMANDS_H

typedef int lc_command_fn(int argc, const char **argv);

#endif
