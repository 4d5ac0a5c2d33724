/* livecol rules: what its commands share. */
#ifndef LC_CLI_COMMANDS_RULES_H
#define LC_CLI_COMMANDS_RULES_H
#include "base/buf.h"
#include "base/json.h"
#include "cli/commands/commands.h"
#include "udf/rules/ruleset.h"

lc_command_fn lc_cmd_rules_check, lc_cmd_rules_compile, lc_cmd_rules_match, lc_cmd_rules_diff;

/* Complain, and give the exit code. */
int lc_rules_fail(const struct lc_error *err);

/* Append what a rule matches ("u1", "(default)", "5-9"), and its values ("us-east,gold"). */
void lc_rules_add_key(struct lc_buf *b, const struct lc_rules *r, uint32_t rule);
void lc_rules_add_values(struct lc_buf *b, const struct lc_rules *r, uint32_t rule);
/* As members of an object: "rule", a key as it is; each attribute with its value, returning o. */
void lc_rules_set_key(struct lc_json *o, const struct lc_rules *r, uint32_t rule);
struct lc_json *lc_rules_values(struct lc_json *o, const struct lc_rules *r, uint32_t rule);

#endif
