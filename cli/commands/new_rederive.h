/* SPDX-License-Identifier: Apache-2.0 */
/* livecol new --rederive: the migration that changes which function a column's DEFAULT calls. */
#ifndef LC_CLI_COMMANDS_NEW_REDERIVE_H
#define LC_CLI_COMMANDS_NEW_REDERIVE_H
#include "cli/commands/shared.h"
#include "udf/rules/ruleset.h"

struct lc_new_rederive {
    const char *column; /* DB.TABLE.COLUMN or TABLE.COLUMN */
    const char *from;   /* the function whose answers it holds; NULL: the DEFAULT says */
    const char *to;     /* the function whose answers it is to hold; NULL with recompute */
    bool recompute;     /* no other function: rows that differ become what the DEFAULT says */
    const char *narrow; /* measured, always or never: see narrow.h; NULL: the key stays as it is */
    const struct lc_rules *rules; /* of the function `to`; NULL: not given */
    struct lc_strings over;       /* Buffer and Distributed tables over the column's */
    const char *cluster;          /* where their statements run; NULL: on the connected host */
};

/*
 * Append the file's text. The column is looked for on the server, as the pending migrations of
 * m->up.migrations_dir will have made it; its DEFAULT is kept but for the function's name. 0;
 * LC_ERR_REFUSED where there is no such column, or its DEFAULT does not call `from`, calls `to`
 * already, leaves open which function is meant, or where a table of `over` is none over the column's or has
 * no DEFAULT that calls `from`; where it cuts its key for the rules of `from` while `narrow`
 * does not say what is to become of that; the failures of reading files and of a query.
 */
int lc_new_rederive_text(const struct lc_migrate *m, const struct lc_new_rederive *w,
                         struct lc_buf *out, struct lc_error *err);

#endif
