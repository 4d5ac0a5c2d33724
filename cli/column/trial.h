/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One expression on trial, before a statement makes it a column's DEFAULT: evaluated over made-up rows,
 * the table's own, and every value that its columns may hold. Private to
 * cli/column/preflight.c, which finds out what is to be tried.
 *
 * An int is 0; LC_ERR_REFUSED, with the reason and a way out in err; or a query's failure.
 */
#ifndef LC_CLI_COLUMN_TRIAL_H
#define LC_CLI_COLUMN_TRIAL_H
#include "cli/column/trial_state.h"

/* The name of input i among made-up columns: no alias of a SELECT is found by a path with dots. */
const char *lc_trial_input(const struct lc_trial *t, size_t i, char out[32]);

/* For a cluster: the columns and the rows that every host is asked about. */
void lc_trial_name_inputs(struct lc_trial *t);
int lc_trial_read_rows(const struct lc_preflight *d, struct lc_trial *t, struct lc_error *err);

/* Over made-up rows and the table's own, on every host, which must agree. */
int lc_trial_evaluate(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

/* Every value that its columns may hold, not only those that they hold today. */
int lc_trial_domain(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

#endif
