/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks before a run have, and who is told: see preflight.h. */
#ifndef LC_CLI_COLUMN_PREFLIGHT_STATE_H
#define LC_CLI_COLUMN_PREFLIGHT_STATE_H
#include "base/strings.h"
#include "cli/column/column.h"
#include "cli/column/schema.h"
#include "cli/server/abilities.h"
#include "cli/server/cluster.h"
#include "cli/sql/statement.h"
#include <stdbool.h>

struct lc_preflight {
    const struct lc_cluster *cluster; /* each host of it is tried; NULL: b alone */
    struct lc_cluster alone;
    struct lc_backend *b; /* the same as its */
    const struct lc_abilities *facts;
    struct lc_strings rules; /* "FILE" or "function=FILE" */
    bool allow_unsafe;       /* an answer that is always empty is said, not refused */
    bool keep_columns;       /* ADD COLUMN IF NOT EXISTS may keep another column */
    bool in_use;             /* with it: said as a remark, since the column is there already */
    void (*say)(void *ctx, bool warning, const char *text);
    void *ctx;
    struct lc_schema schema; /* what earlier statements of the run will have made by then */
    bool deferred;           /* something could not be tried yet, since this run makes it first */
};

#endif
