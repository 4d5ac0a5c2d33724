/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What livecol rules check says of the sizes of rules: texts by their length, domains by their labels, networks and
 * ranges of addresses by their family, and networks by their length within it. The default has no size, and is
 * counted by itself.
 */
#ifndef LC_CLI_COMMANDS_RULES_SIZES_H
#define LC_CLI_COMMANDS_RULES_SIZES_H
#include "base/json.h"
#include "udf/rules/ruleset.h"

/* Print them, a line each, and the longest key. Nothing for kinds without sizes; without memory nothing either. */
void lc_rules_print_sizes(const struct lc_rules *r);

/* The same as by_length, longest_key_bytes, by_family and networks_by_length of an object. */
void lc_rules_set_sizes(struct lc_json *o, const struct lc_rules *r);

#endif
