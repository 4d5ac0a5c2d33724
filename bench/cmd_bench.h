/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of livecol bench; see commands.h. */
#ifndef LC_BENCH_CMD_BENCH_H
#define LC_BENCH_CMD_BENCH_H
#include "cli/commands/commands.h"

lc_command_fn lc_cmd_bench_live;
lc_command_fn lc_cmd_bench_match;
lc_command_fn lc_cmd_bench_query;
lc_command_fn lc_cmd_bench_compare;
lc_command_fn lc_cmd_bench_udf;

#endif
