/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a rule set: rules in, one arena out.
 *
 *   init → add … add → finish (or release)
 *
 * The builder copies what it is given. Rules are checked against each other in finish: a key given
 * twice with the same values is kept once, with other values it is an error that names both lines;
 * ranges that overlap are an error.
 *
 * The hash tables have a seed, chosen at random: two sets of the same rules differ in their bytes,
 * and answer alike.
 */
#ifndef LC_UDF_RULES_BUILD_H
#define LC_UDF_RULES_BUILD_H
#include "udf/rules/ruleset.h"

struct lc_builder;

/* One rule as it is read. Which fields count depends on the kind. */
struct lc_rule_in {
    uint32_t line;             /* of the rules file, from 1 */
    struct lc_slice key;       /* of kinds that have keys; its form is ≤ LC_MAX_KEY_BYTES */
    bool is_default;           /* exact: takes what no key does */
    bool below;                /* domain: takes what is below the name, not the name */
    uint64_t from, to;         /* range, inclusive; bucket: from is the weight */
    struct lc_slice bounds[2]; /* range: its bounds as they are written, for lc_builder_points */
    lc_point first, last;      /* cidr */
    const struct lc_slice *values; /* one an attribute, each ≤ LC_MAX_VALUE_BYTES */
};

/*
 * Start a rule set; `names` are the attributes (1 to LC_MAX_ATTRIBUTES, distinct). 0, LC_ERR_NOMEM;
 * LC_ERR_IO: the system gives no random number.
 */
int lc_builder_new(struct lc_builder **out, enum lc_kind kind, const struct lc_slice *names,
                   uint32_t attributes);

/* Take these options of the kind (mask of enum lc_kind_option), before the first rule. */
void lc_builder_options(struct lc_builder *b, unsigned options);

/* Take this seed, before the first rule, rather than a random one: what a test makes is the same again. */
void lc_builder_seed(struct lc_builder *b, uint64_t seed);

/*
 * Add a rule. 0, LC_ERR_NOMEM, or LC_ERR_INPUT (too many rules, keys together over 4 GiB, a key that is too long; a
 * domain's name has a label that is empty).
 */
int lc_builder_add(struct lc_builder *b, const struct lc_rule_in *rule, struct lc_error *err);

/*
 * Ranges that are more than unsigned whole numbers: read all bounds again, as points of this order. An
 * empty one is open; a rule with is_default has none. 0; LC_ERR_INPUT with file, line and column;
 * LC_ERR_NOMEM.
 */
int lc_builder_points(struct lc_builder *b, const struct lc_takes *takes, const char *name,
                      struct lc_error *err);

/*
 * Lay out the arena and open it as *out. `name` is the file's name for messages. 0, LC_ERR_NOMEM,
 * or LC_ERR_INPUT with the line in err->row. The builder is used up either way; free it.
 */
int lc_builder_finish(struct lc_builder *b, struct lc_rules **out, const char *name,
                      struct lc_error *err);

/* Rules that finish left out, since their key has these values already: how many, and *line of the first. */
uint32_t lc_builder_repeats(const struct lc_builder *b, uint32_t *line);

/* Free the builder; NULL is fine. */
void lc_builder_free(struct lc_builder *b);

#endif
