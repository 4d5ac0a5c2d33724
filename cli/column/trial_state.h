/* SPDX-License-Identifier: Apache-2.0 */
/* What is on trial, shared by trial.c and trial_rules.c. Private to cli/column/preflight.c and these. */
#ifndef LC_CLI_COLUMN_TRIAL_STATE_H
#define LC_CLI_COLUMN_TRIAL_STATE_H
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
    bool hidden;   /* a statement before makes or changes it in a way that is not read */
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

#endif
