/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that a run is about, as they will be when its next statement runs: read from the server
 * when first asked for, and changed by each statement that is noted. Nothing is sent but reads.
 */
#ifndef LC_CLI_COLUMN_SCHEMA_H
#define LC_CLI_COLUMN_SCHEMA_H
#include "cli/column/table.h"

struct lc_schema {
    struct lc_backend *b; /* the caller's */
    struct lc_table **v;
    size_t n;
    char **functions; /* that a noted statement creates; "database.name" of a dictionary */
    size_t functions_n;
};

/*
 * The table as it will be: *t is the schema's, valid until it is released. A table that is not there
 * (yet) is found with there and pending false. 0 or the failures of a query.
 */
int lc_schema_table(struct lc_schema *s, const char *database, const char *name,
                    struct lc_table **t, struct lc_error *err);

/* Note what the statement will do. 0 or the failures of a query. */
int lc_schema_note(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err);

/* Was a CREATE of this function noted? */
bool lc_schema_makes(const struct lc_schema *s, const char *function);

/* The same of a dictionary: "database.name", or "name" in the backend's database. */
bool lc_schema_makes_dictionary(const struct lc_schema *s, const char *dictionary);

void lc_schema_release(struct lc_schema *s);

#endif
