/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a match takes, measured on the rules' own keys.
 */
#ifndef LC_CLI_COMMANDS_RULES_SPEED_H
#define LC_CLI_COMMANDS_RULES_SPEED_H
#include "udf/rules/ruleset.h"

struct lc_rules_speed {
    double ns_per_key;
    uint32_t keys; /* how many were matched */
};

/*
 * Match 100,000 keys, each that of a rule chosen at random (of buckets, made up), by this one thread. 0; LC_ERR_NOMEM;
 * LC_ERR_INPUT where the arena is corrupt; LC_ERR_USAGE: of that kind no keys are made.
 */
int lc_rules_measure(const struct lc_rules *r, struct lc_rules_speed *speed);

#endif
