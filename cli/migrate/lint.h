/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person should know before a statement runs: what it costs, and whom it may break.
 *
 * Nothing here changes anything, and nothing here is a refusal: see preflight.h for what is.
 */
#ifndef LC_CLI_MIGRATE_LINT_H
#define LC_CLI_MIGRATE_LINT_H
#include "cli/column/schema.h"
#include "cli/migrate/plan.h"
#include "cli/server/abilities.h"
#include "cli/server/cluster.h"
#include "cli/sql/statement.h"

/* What one plan has said already: the same is not asked and said for each of its statements. */
enum { LC_LINT_SAID_MAX = 1024 };
struct lc_lint_said {
    char *v[LC_LINT_SAID_MAX];
    size_t n;
};
void lc_lint_forget(struct lc_lint_said *said);

struct lc_lint {
    const struct lc_cluster *cluster;
    struct lc_backend *b; /* the same as its */
    const struct lc_abilities *facts;
    const struct lc_plan *plan;
    struct lc_schema
        *schema; /* the tables as the statement that is looked at will have made them */
    struct lc_lint_said *said; /* NULL: each statement by itself */
    /* One finding, a line without its newline. `hazard` false: it is a cost or a remark. */
    void (*say)(void *ctx, bool hazard, const char *text);
    void *ctx;
};

/* Look at one statement of the plan. 0 or the failures of a query. */
int lc_lint_look(const struct lc_lint *h, const struct lc_plan_stmt *stmt, struct lc_error *err);

#endif
