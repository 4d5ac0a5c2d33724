/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One expression on trial, before a statement makes it a column's DEFAULT: evaluated over made-up rows,
 * the table's own, and every value that its columns may hold; and compared with rules. Private to
 * cli/column/preflight.c, which finds out what is to be tried.
 *
 * An int is 0; LC_ERR_REFUSED, with the reason and a way out in err; or a query's failure.
 */
#ifndef LC_CLI_COLUMN_TRIAL_H
#define LC_CLI_COLUMN_TRIAL_H
#include "cli/column/preflight_state.h"
#include "cli/column/sample_rows.h"

/* One expression on trial. */
struct lc_trial {
    const struct lc_stmt *stmt;
    const struct lc_stmt_command *c;
    struct lc_column column; /* as the statement will have made it */
    const char *database;    /* the column's */
    char *expr, *type;
    char *udf;     /* the first function that is not the server's own; NULL: none */
    bool no_table; /* neither the server has it, nor a statement before makes it */
    bool has_rows; /* that can be read: the table is there, and no input is EPHEMERAL */
    char **inputs; /* the columns that it reads */
    size_t inputs_n;
    char *made_up;             /* expr over made-up columns: livecol_in_2 for a name with dots */
    struct lc_sample_rows own; /* where a cluster is to be asked about them */
};

/* Tell d->say, where there is one. */
void lc_trial_say(const struct lc_preflight *d, bool warning, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The name of input i among made-up columns: no alias of a SELECT is found by a path with dots. */
const char *lc_trial_input(const struct lc_trial *t, size_t i, char out[32]);

/* For a cluster: the columns and the rows that every host is asked about. */
void lc_trial_name_inputs(struct lc_trial *t);
int lc_trial_read_rows(const struct lc_preflight *d, struct lc_trial *t, struct lc_error *err);

/* Over made-up rows and the table's own, on every host, which must agree. */
int lc_trial_evaluate(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

/* Every value that its columns may hold, not only those that they hold today. */
int lc_trial_domain(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

/* With the rules files that are named. */
int lc_trial_compare(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

/*
 * A key that is cut for the rules of one version may be too short for those of the next, and the
 * function cannot know. Without --rules the table's own rows are all that can show it.
 */
int lc_trial_cut(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err);

#endif
