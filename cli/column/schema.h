/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that a run is about, as they will be when its next statement runs: read from the server
 * when first asked for, and changed by each statement that is noted. Nothing is sent but reads.
 */
#ifndef LC_CLI_COLUMN_SCHEMA_H
#define LC_CLI_COLUMN_SCHEMA_H
#include "cli/column/table.h"

/* A database that a noted statement makes or removes. */
struct lc_schema_database {
    char *name;
    bool there;
    bool anew; /* none of the tables that the server has in it are left */
};

struct lc_schema {
    struct lc_backend *b; /* the caller's */
    struct lc_table **v;
    size_t n;
    char **functions; /* that a noted statement creates; "database.name" of a dictionary */
    size_t functions_n;
    struct lc_schema_database *databases;
    size_t databases_n;
    bool
        own_settings; /* set by the caller: the statement at hand is sent with settings of its own */
    bool unsafe;      /* set by the caller: what loses data is allowed */
    bool rederives;   /* set by the caller: what its UPDATE calls is looked at elsewhere */
    bool any_kept;    /* set by the caller: ADD COLUMN IF NOT EXISTS may meet another column */
    bool unclear;     /* a noted statement may have made, renamed or removed any table */
};

/*
 * The table as it will be; database "": the backend's. *t is the schema's, valid until it is released. A table that is not there
 * (yet) is found with there and pending false. 0 or the failures of a query.
 */
int lc_schema_table(struct lc_schema *s, const char *database, const char *name,
                    struct lc_table **t, struct lc_error *err);

/* Note what the statement will do. 0 or the failures of a query. */
int lc_schema_note(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err);

/* From here on nothing is claimed of the table; the server is not asked. 0 or LC_ERR_NOMEM. */
int lc_schema_doubt(struct lc_schema *s, const char *database, const char *name,
                    struct lc_error *err);

/* Is the database ("": the backend's) there by then? 0 or the failures of a query. */
int lc_schema_has_database(struct lc_schema *s, const char *name, bool *there,
                           struct lc_error *err);

/*
 * Does the statement reach the connected server? It does without ON CLUSTER, and where this server is of
 * that cluster; false also where that cannot be told. 0 or the failures of a query.
 */
int lc_schema_reaches(const struct lc_schema *s, const struct lc_stmt *stmt, bool *reaches,
                      struct lc_error *err);

/* Was a CREATE of this function noted? */
bool lc_schema_makes(const struct lc_schema *s, const char *function);

/* The same of a dictionary: "database.name", or "name" in the backend's database. */
bool lc_schema_makes_dictionary(const struct lc_schema *s, const char *dictionary);

void lc_schema_release(struct lc_schema *s);

#endif
