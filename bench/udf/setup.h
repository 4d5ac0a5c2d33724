/* SPDX-License-Identifier: Apache-2.0 */
/* The rule sets, functions, dictionaries and table of a contest: see comparison.h. */
#ifndef LC_BENCH_UDF_SETUP_H
#define LC_BENCH_UDF_SETUP_H
#include "cli/server/backend.h"
#include "udf/rules/ruleset.h"

enum { LC_ROUNDS_MAX = 31 };

struct lc_comparison {
    const char *path;    /* an empty or missing folder for the engine's data */
    uint64_t rows;       /* of the table */
    unsigned rounds;     /* of which the median counts, ≤ LC_ROUNDS_MAX */
    bool materialize;    /* time MATERIALIZE COLUMN too */
    bool quick;          /* leave out what is slow: 100 rules built-in, dictionaries, Python */
    const char *libchdb; /* NULL: as lc_backend_open looks for it */
    void (*say)(const char *line); /* progress; NULL: none */
};

/* Rules: 3 as the example, or that many random prefixes of the keys' form, with ten values. */
struct lc_comparison_set {
    uint32_t rules;
    struct lc_rules *set;
};

#define LC_COMPARISON_SETS 6

struct lc_comparison_place {
    struct lc_backend *backend;
    struct lc_comparison_set sets[LC_COMPARISON_SETS];
    size_t parts; /* of the table */
};

/* Set it all up and connect. 0, or the failure; release what there is either way. */
int lc_comparison_prepare(const struct lc_comparison *how, struct lc_comparison_place *place,
                          struct lc_error *err);

/* Close and free. The folder is the caller's. */
void lc_comparison_release(struct lc_comparison_place *place);

/* The rule set of that many rules. */
struct lc_rules *lc_comparison_rules(const struct lc_comparison_place *place, uint32_t rules);

/* The Enum8 type of a rule set's values, "Enum8('r0'=1,…)", appended. */
int lc_comparison_enum(struct lc_buf *b, const struct lc_rules *rules);

#endif
