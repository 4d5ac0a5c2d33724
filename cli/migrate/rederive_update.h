/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement behind -- migrate:rederive does to rows, taken from its text. Private to
 * cli/migrate/rederive*.c.
 */
#ifndef LC_CLI_MIGRATE_REDERIVE_UPDATE_H
#define LC_CLI_MIGRATE_REDERIVE_UPDATE_H
#include "cli/column/column.h"
#include "cli/column/readers.h"
#include "cli/migrate/plan.h"

/*
 * UPDATE column = value WHERE condition, taken apart; slices of the statement's text. Of MATERIALIZE
 * COLUMN the column alone: value and condition are made from what it is to hold.
 */
struct lc_rederive_update {
    char *column;
    bool materialize;
    struct lc_slice value, where;
    struct lc_slice tail; /* SETTINGS …; n 0: none */
};

/* What is done to rows: the column's new value, those of its readers, and which rows. */
struct lc_rederive_change {
    char *value, *where;
    char *assign;             /* "`c` = …, `reader` = …"; "": nothing is assigned */
    char *tried;              /* the values of all of them: "(…), …" */
    const char **materialize; /* columns, in order, NULL-ended */
};

/* Take the statement apart; u->column is malloc'ed. 0; LC_ERR_INPUT for another statement. */
int lc_rederive_read(const struct lc_plan_stmt *stmt, struct lc_rederive_update *u,
                     struct lc_error *err);

/* Make the texts for column d and those that are brought along. 0, LC_ERR_NOMEM; release it. */
int lc_rederive_make(const struct lc_column *d, const struct lc_readers *readers,
                     const struct lc_rederive_update *u, struct lc_rederive_change *c,
                     struct lc_error *err);
void lc_rederive_release(struct lc_rederive_change *c);

#endif
