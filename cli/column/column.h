/*
 * A column of a table that stores its rows, its expression, and what that expression reads: what
 * the commands that compare stored values with computed ones begin with.
 */
#ifndef LC_CLI_COLUMN_COLUMN_H
#define LC_CLI_COLUMN_COLUMN_H
#include "cli/server/backend.h"

#include <stdatomic.h>
#include <stdbool.h>

struct lc_column {
    struct lc_backend *b; /* the caller's */
    char *database, *table, *column;
    char *type;
    char *kind, *expr; /* DEFAULT, MATERIALIZED, …; "" where it has none */
    bool replicated;
    bool partless;            /* the table is there, and stores no parts of its own */
    struct lc_answer columns; /* of lc_sql_columns */
};

/*
 * Find it (database NULL: the backend's). 0; LC_ERR_REFUSED where there is no such table or column,
 * or the engine stores no parts of its own; the failures of a query. Release it in any case.
 */
int lc_column_find(struct lc_column *d, struct lc_backend *b, const char *database,
                   const char *table, const char *column, struct lc_error *err);

void lc_column_release(struct lc_column *d);

/*
 * The columns of the table that an expression names, each once, in order: malloc'ed names in *names
 * (free by lc_column_free_names). 0 or LC_ERR_NOMEM.
 */
int lc_column_inputs(const struct lc_column *d, const char *expr, char ***names, size_t *n,
                     struct lc_error *err);
void lc_column_free_names(char **names, size_t n);

/*
 * Where the expression is f(column) and nothing more: both names, malloc'ed, and the column's type
 * (borrowed from d). False where it is something else.
 */
bool lc_column_call(const struct lc_column *d, const char *expr, char **function, char **key,
                    const char **key_type);

/* The type of a column of the table; NULL where it has none of that name. */
const char *lc_column_type_of(const struct lc_column *d, const char *column);

/*
 * Append a condition: does the column's stored value differ from the expression's, as the column
 * would store it? As lc_column_add_unlike. The expression is SQL, and is put in as it stands. 0,
 * LC_ERR_NOMEM.
 */
int lc_column_add_differs(const struct lc_column *d, const char *expr, struct lc_buf *sql);

/*
 * Append a condition: do two expressions of the column's type give other values? NULL equals NULL,
 * also inside of a value, and NaN equals NaN. 0, LC_ERR_NOMEM.
 */
int lc_column_add_unlike(const struct lc_column *d, const char *a, const char *b,
                         struct lc_buf *sql);

/* Append the expression as the column would store it: CAST((expr), 'Type'). 0, LC_ERR_NOMEM. */
int lc_column_add_expected(const struct lc_column *d, const char *expr, struct lc_buf *sql);

/* Append `database`.`table`. 0, LC_ERR_NOMEM. */
int lc_column_add_table(const struct lc_column *d, struct lc_buf *sql);

/*
 * The first function of the expression that gives another answer each time it is asked (now, rand),
 * malloc'ed in *name, NULL where there is none or the server does not say. Functions that are
 * registered on the server by its operator count as steady: see "Functions carry their version" in
 * docs/design.md. 0 or the failures of a query.
 */
int lc_column_unsteady(const struct lc_column *d, const char *expr, char **name,
                       struct lc_error *err);

#endif
