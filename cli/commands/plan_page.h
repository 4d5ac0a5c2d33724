/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as a page in Markdown, a comment for the review of a change: a table of all statements,
 * then each with its text and what is to be known of it. Nothing is printed before all is known.
 */
#ifndef LC_CLI_COMMANDS_PLAN_PAGE_H
#define LC_CLI_COMMANDS_PLAN_PAGE_H
#include "base/buf.h"
#include "cli/migrate/plan.h"
#include "cli/server/backend.h"

struct lc_plan_page {
    struct lc_buf table, body;
    unsigned hazards, refusals;           /* of all statements */
    unsigned stmt_hazards, stmt_refusals; /* of this one */
    int rc;                               /* of the first failure; later calls do nothing */
};

void lc_plan_page_init(struct lc_plan_page *page);
void lc_plan_page_release(struct lc_plan_page *page);

/* A migration's heading, also of one without a statement. */
void lc_plan_page_migration(struct lc_plan_page *page, const struct lc_plan_migration *m);

/* Its statement i, from 0; then what is to be known: "note", "hazard", "refused"; then its end. */
void lc_plan_page_statement(struct lc_plan_page *page, const struct lc_plan_migration *m,
                            unsigned i);
void lc_plan_page_note(struct lc_plan_page *page, const char *kind, const char *text);
void lc_plan_page_end(struct lc_plan_page *page, const struct lc_plan_migration *m, unsigned i);

/* Print it to stdout. 0 or LC_ERR_NOMEM. */
int lc_plan_page_print(struct lc_plan_page *page, const struct lc_plan *plan,
                       const struct lc_backend *b, struct lc_error *err);

#endif
