/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows of a table would change by new rules: counted with both rule sets here, over the
 * table's distinct keys, before the new function is on the server.
 *
 *   DEFAULT concat('r-', region_v1(lower(code)))
 *                        ├────────────────────┤ per distinct lower(code): old answer, new answer
 *           ├─────────────────────────────────┤ per distinct answer: the value that is stored
 */
#ifndef LC_CLI_COLUMN_IMPACT_H
#define LC_CLI_COLUMN_IMPACT_H
#include "cli/column/column.h"
#include "udf/rules/ruleset.h"

/* One value that becomes another one. Slices are of the rule sets. */
struct lc_impact_change {
    struct lc_slice old, new;
    uint64_t rows, keys;
};

struct lc_impact {
    uint64_t rows;    /* of the table */
    uint64_t change;  /* hold what the old rules say, and the new rules say something else */
    uint64_t already; /* hold what the new rules say, and the old ones do not */
    uint64_t given;   /* hold what neither says: a value that was given, or that is out of date */
    struct lc_impact_change *v; /* the most rows first */
    size_t n;
};

struct lc_impact_rules {
    const struct lc_rules *old, *new;
    uint32_t old_attribute, new_attribute;
    const char *key; /* SQL over the table's columns: what the rules are asked about */
    /*
     * Where the column's expression calls the function for that key: the answers are put in its
     * place, and the server evaluates the whole for each of them. NULL: the answer is the value.
     */
    const struct lc_column_call *call;
};

/*
 * Count. The server evaluates the key and the column, the rule sets are asked here. Keys are fetched
 * in portions of about half a million, so that memory does not grow with the table. 0;
 * LC_ERR_REFUSED where no count would be right: the keys are none of the rules' kind; the answer
 * goes into a larger expression, and that reads other columns or the function is not there; keys
 * are NULL, and whether the function takes them is not known. LC_ERR_INPUT where a rule set is
 * corrupt; LC_ERR_STOPPED; the failures of a query. Release *out in any case; the rule sets must
 * outlive it.
 */
int lc_impact_count(struct lc_impact *out, const struct lc_column *d,
                    const struct lc_impact_rules *rules, const atomic_bool *cancel,
                    struct lc_error *err);

void lc_impact_release(struct lc_impact *i);

#endif
