/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backfill is of: a column of a table, and which of the table's parts lack it.
 *
 * What is left is read from the table itself (system.parts_columns, in one look), never
 * from a file of our own, so that a backfill can be gone on with after any crash, and from
 * anywhere.
 */
#ifndef LC_CLI_COLUMN_BACKFILL_TARGET_H
#define LC_CLI_COLUMN_BACKFILL_TARGET_H
#include "cli/column/column.h"
#include "cli/server/abilities.h"
#include "cli/server/backend.h"
#include "cli/sql/statement.h"

#include <stdbool.h>
#include <stdint.h>

/* The parts of one partition that lack the column. */
struct lc_backfill_partition {
    char *id;   /* partition_id, "all" where the table has no partitions */
    char *text; /* as the table says it: "202601", "('eu',3)" */
    uint64_t parts, rows, bytes;
    uint64_t largest_bytes, largest_rows; /* of one part */
    uint64_t granules;                    /* calls of the function */
    uint64_t compact_bytes;               /* of parts that are rewritten whole */
};

/* Several of them; their sum, under the same names. */
struct lc_backfill_left {
    struct lc_backfill_partition *v; /* by id */
    size_t n;
    struct lc_backfill_partition sum; /* id and text NULL; largest_*: the largest of all */
};

struct lc_backfill_target {
    struct lc_backend *b;
    const struct lc_abilities *facts;
    struct lc_column d;
    const char *database, *table, *column; /* of d, like those of the next line */
    const char *type, *default_kind, *default_expr;
    bool partitioned;
    bool replicated;
    struct lc_backfill_left left;     /* as of the last look */
    uint64_t table_rows, table_parts; /* as of the last look */
    uint64_t patches; /* parts that hold values of lightweight UPDATEs, as of the last look */
    uint64_t look_ms; /* how long that look took */
};

/*
 * Find the column (database NULL: the backend's), and look. 0; LC_ERR_REFUSED where there is no
 * such table or column, it has no DEFAULT, it is in a key, the engine stores no parts, or the
 * server has no MATERIALIZE COLUMN; the failures of a query. Release it in any case.
 */
int lc_backfill_find(struct lc_backfill_target *t, struct lc_backend *b,
                     const struct lc_abilities *facts, const char *database, const char *table,
                     const char *column, struct lc_error *err);

/* Look again at what is left. 0 or the failures of a query. */
int lc_backfill_look(struct lc_backfill_target *t, struct lc_error *err);

/*
 * Is it still what lc_backfill_find found? 0; LC_ERR_SERVER where the table or the column is gone,
 * or cannot be filled in any more; the failures of a query.
 */
int lc_backfill_still_there(const struct lc_backfill_target *t, struct lc_error *err);

/*
 * Is this statement an ALTER whose one command is MATERIALIZE COLUMN of a whole column, so that it
 * can be done partition by partition? (Not with IN PARTITION, SETTINGS or ON CLUSTER.)
 */
bool lc_backfill_is_lone(const struct lc_stmt *s);

/*
 * Does this command of system.mutations materialize that column? Whole, or a partition of it.
 */
bool lc_backfill_is_ours(struct lc_slice command, const char *column);

/* Does it so for this partition, given by its id? */
bool lc_backfill_covers(struct lc_slice command, const char *column, const char *partition);

void lc_backfill_release(struct lc_backfill_target *t);

#endif
