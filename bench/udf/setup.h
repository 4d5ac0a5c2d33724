/* The rule sets, functions, dictionaries and table of a contest: see comparison.h. */
#ifndef LC_CONTEST_SETUP_H
#define LC_CONTEST_SETUP_H
#include "cli/server/backend.h"
#include "udf/rules/ruleset.h"

enum { LC_ROUNDS_MAX = 31 };

struct lc_contest {
    const char *path;    /* an empty or missing folder for the engine's data */
    uint64_t rows;       /* of the table */
    unsigned rounds;     /* of which the median counts, ≤ LC_ROUNDS_MAX */
    bool materialize;    /* time MATERIALIZE COLUMN too */
    bool quick;          /* leave out what is slow: 100 rules built-in, dictionaries, Python */
    const char *libchdb; /* NULL: as lc_backend_open looks for it */
    void (*say)(const char *line); /* progress; NULL: none */
};

/* Rules: 3 as the example, or that many random prefixes of the keys' form, with ten values. */
struct lc_contest_set {
    uint32_t rules;
    struct lc_rules *set;
};

#define LC_CONTEST_SETS 6

struct lc_contest_place {
    struct lc_backend *backend;
    struct lc_contest_set sets[LC_CONTEST_SETS];
    size_t parts; /* of the table */
};

/* Set it all up and connect. 0, or the failure; release what there is either way. */
int lc_contest_prepare(const struct lc_contest *how, struct lc_contest_place *place,
                       struct lc_error *err);

/* Close and free. The folder is the caller's. */
void lc_contest_release(struct lc_contest_place *place);

/* The rule set of that many rules. */
struct lc_rules *lc_contest_rules(const struct lc_contest_place *place, uint32_t rules);

/* The Enum8 type of a rule set's values, "Enum8('r0'=1,…)", appended. */
int lc_contest_enum(struct lc_buf *b, const struct lc_rules *rules);

#endif
