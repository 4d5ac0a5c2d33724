/* SPDX-License-Identifier: Apache-2.0 */
/* livecol rules: what its commands share. */
#ifndef LC_CLI_COMMANDS_RULES_H
#define LC_CLI_COMMANDS_RULES_H
#include "base/buf.h"
#include "base/json.h"
#include "cli/commands/commands.h"
#include "cli/commands/frame.h"
#include "udf/rules/csv.h"

lc_command_fn lc_cmd_rules_check, lc_cmd_rules_compile, lc_cmd_rules_import, lc_cmd_rules_match,
    lc_cmd_rules_diff;

/* How a command reads a CSV: its options, and what they say. */
struct lc_rules_reading {
    const char *delimiter; /* as it is typed; NULL: the header tells */
    const char *overlap;   /* as it is typed; NULL: refuse */
    bool trim;
};

#define LC_RULES_READING(r)                                                                        \
    {"delimiter",                                                                                  \
     0,                                                                                            \
     LC_OPT_STRING,                                                                                \
     &(r).delimiter,                                                                               \
     "CHAR",                                                                                       \
     "the character that separates fields of a CSV file, or tab (default: comma, semicolon "       \
     "or tab, as the header shows)"},                                                              \
        {"trim", 0, LC_OPT_FLAG, &(r).trim, NULL, "remove blanks around unquoted fields"},         \
    {                                                                                              \
        "overlap", 0, LC_OPT_STRING, &(r).overlap, "WAY",                                          \
            "overlapping ranges: refuse (default), or narrowest: the narrowest range wins, as "    \
            "with from:narrowest in the header"                                                    \
    }

/* 0, or LC_ERR_USAGE. */
int lc_rules_reading(const struct lc_rules_reading *r, struct lc_csv_options *out,
                     struct lc_error *err);

/* LC_ERR_USAGE where there are fewer than `least` operands or more than `most`. */
int lc_rules_operands(const struct lc_strings *operands, size_t least, size_t most,
                      const char *command, const char *wanted, struct lc_error *err);

/* Warn of what is odd in a CSV that can be loaded. */
void lc_rules_warn(const struct lc_csv_notes *n, const char *path);

/* The same as a list: [{"warning":"blanks","count":2,"line":3}]. */
struct lc_json *lc_rules_warnings(const struct lc_csv_notes *n);

/* Append what a rule matches ("u1", "(default)", "5-9"), and its values ("us-east,gold"). */
void lc_rules_add_key(struct lc_buf *b, const struct lc_rules *r, uint32_t rule);
void lc_rules_add_values(struct lc_buf *b, const struct lc_rules *r, uint32_t rule);
/* As members of an object: "rule", a key as it is; each attribute with its value, returning o. */
void lc_rules_set_key(struct lc_json *o, const struct lc_rules *r, uint32_t rule);
struct lc_json *lc_rules_values(struct lc_json *o, const struct lc_rules *r, uint32_t rule);

#endif
