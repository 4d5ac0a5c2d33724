/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can the table's engine do what a statement asks of it?
 *
 * Engines differ in what they do with ALTERs. Memory, Null, Buffer and Merge take ADD COLUMN, and fail the
 * MATERIALIZE COLUMN behind it: the column stays, and its rows read the empty value. Log and its kin take
 * neither. So statements are judged by engine, all of a run's before the first is sent.
 *
 *   *MergeTree                  all: it stores parts, which can be filled in
 *   Buffer, Distributed         ADD COLUMN with its DEFAULT, where the table behind has the column
 *   any other                   no derived column: there is nowhere to store it
 */
#ifndef LC_CLI_COLUMN_ENGINE_H
#define LC_CLI_COLUMN_ENGINE_H
#include "cli/column/schema.h"
#include "cli/server/abilities.h"

struct lc_engine_check {
    struct lc_backend *b;
    const struct lc_abilities *facts;
    struct lc_schema *schema; /* the tables as the run will have made them */
    bool allow_unsafe; /* what the engine takes, although rows will read empty values, is said */
    void (*say)(void *ctx, bool warning, const char *text);
    void *ctx;
};

/*
 * Judge an ALTER, an UPDATE or a DELETE FROM; any other statement is fine. A table that is neither there nor
 * made by the run is not judged; of an engine that is not known an ALTER of columns or rows is refused. 0;
 * LC_ERR_REFUSED with the engine's name and the way; the failures of a query.
 */
int lc_engine_check(const struct lc_engine_check *c, const struct lc_stmt *stmt,
                    struct lc_error *err);

/*
 * The table that a Buffer or Distributed one passes its rows on to, by its engine's text: malloc'ed names,
 * *database "" where it is the connection's. NULL: not told (another engine, or an older server). 0 or the
 * failures of a query.
 */
int lc_engine_behind(struct lc_backend *b, const struct lc_abilities *facts,
                     const struct lc_table *t, char **database, char **table, struct lc_error *err);

#endif
