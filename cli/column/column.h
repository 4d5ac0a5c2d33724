/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE derived column: its table, its expression as the server has it, the calls of functions in it,
 * and what it reads. Whatever checks, fills in, compares, re-derives or inlines a column begins with
 * this, and reads no DEFAULT of its own.
 *
 *   DEFAULT concat(region_v1(lower(code)), '!')     expr
 *                  ├───────────────────┤            a call: region_v1, version 1, argument lower(code)
 *                                  ├──┤             an input, as the server resolves the name
 *
 * What reads the column in its turn is in dependants.h.
 */
#ifndef LC_CLI_COLUMN_COLUMN_H
#define LC_CLI_COLUMN_COLUMN_H
#include "cli/column/table.h"
#include "cli/server/backend.h"

#include <stdatomic.h>
#include <stdbool.h>

/* A call of a function that is not the server's own, or of one that asks a dictionary. */
struct lc_column_call {
    char *function;
    size_t base_n;    /* bytes of its name without the version: 6 of region_v10 */
    uint64_t version; /* 0: its name has none */
    char *argument;   /* the text of what it is asked about; NULL: it has none, or several */
    bool missing;     /* the server does not know the function */
    bool bound;       /* the argument has a name that the expression makes: x -> f(x) */
    bool tuple;       /* dictGet…(dictionary, attribute, tuple(argument)) */
    char *dictionary; /* that is asked; NULL: none, or it has no constant name */
    char *attribute;  /* dictGet and dictGet<Type>: what is answered; else NULL */
    size_t at, n;     /* its place in the expression */
};

struct lc_column {
    struct lc_backend *b;         /* the caller's */
    const char *database, *table; /* of t */
    const char *column, *type;    /* of t */
    const char *kind, *expr;      /* of t: DEFAULT, MATERIALIZED, …; "" where it has none */
    bool replicated;
    bool partless; /* the table is there, and stores no parts of its own */
    struct lc_table t;
    char *name;                   /* the memory of `column` */
    struct lc_column_call *calls; /* as of lc_column_read_calls, by place */
    size_t calls_n;
};

/*
 * Find it (database NULL: the backend's). 0; LC_ERR_REFUSED where there is no such table or column,
 * or the engine stores no parts of its own; the failures of a query. Release it in any case.
 */
int lc_column_find(struct lc_column *d, struct lc_backend *b, const char *database,
                   const char *table, const char *column, struct lc_error *err);

/*
 * The same of a table that is known already, as pending statements make it: it is copied. A table
 * that is not there yet is no reason to refuse.
 */
int lc_column_find_in(struct lc_column *d, struct lc_backend *b, const struct lc_table *table,
                      const char *column, struct lc_error *err);

void lc_column_release(struct lc_column *d);

/* Fill d->calls. 0; LC_ERR_REFUSED where the expression cannot be read; the failures of a query. */
int lc_column_read_calls(struct lc_column *d, struct lc_error *err);

/*
 * Of an expression over the table's columns: its calls, malloc'ed (lc_column_free_calls). As
 * lc_column_read_calls.
 */
int lc_column_calls_of(struct lc_backend *b, const char *expr, struct lc_column_call **v, size_t *n,
                       struct lc_error *err);
void lc_column_free_calls(struct lc_column_call *v, size_t n);

/*
 * The one call that rules can be about, in d->calls: the only one, or several of one function with
 * one argument. LC_ERR_REFUSED where there is none, they differ, or it has no single argument.
 */
int lc_column_one_call(const struct lc_column *d, const struct lc_column_call **call,
                       struct lc_error *err);

/* Is the expression this call and nothing more? */
bool lc_column_is_call(const char *expr, const struct lc_column_call *call);

/* The columns of the table that an expression names, by its words alone. As lc_column_inputs. */
int lc_column_mentions(const struct lc_table *t, const char *expr, char ***names, size_t *n,
                       struct lc_error *err);

/*
 * The columns of the table that an expression reads, as the server resolves its names (members of
 * Nested, paths into a Tuple or JSON, ALIAS columns), each once, in the table's order: malloc'ed
 * names in *names (lc_column_free_names). Where the server cannot say (a function is missing), those
 * that it names. 0, LC_ERR_NOMEM, the failures of a query.
 */
int lc_column_inputs(const struct lc_column *d, const char *expr, char ***names, size_t *n,
                     struct lc_error *err);
void lc_column_free_names(char **names, size_t n);

/*
 * reads[i] becomes true, for i < d->t.n, where column i of the table is one of the names, or is read by
 * one of them that stores nothing (ALIAS, EPHEMERAL). 0, LC_ERR_NOMEM, the failures of a query.
 */
int lc_column_mark_reads(const struct lc_column *d, char *const *names, size_t n, bool *reads,
                         struct lc_error *err);

/*
 * Does an expression read an EPHEMERAL column, which no row stores? As lc_column_expiring.
 */
int lc_column_ephemeral(const struct lc_column *d, const char *expr,
                        const struct lc_table_column **column, struct lc_error *err);

/*
 * Can MATERIALIZE COLUMN store it? 0; LC_ERR_REFUSED where its expression reads an EPHEMERAL column: such a
 * mutation fails again and again (16, tried on 26.7). The failures of a query.
 */
int lc_column_check_materialize(const struct lc_column *d, struct lc_error *err);

/*
 * The same of what is `done` to it by comparing or computing its expression over rows: "be re-derived".
 */
int lc_column_check_stored_key(const struct lc_column *d, const char *expr, const char *done,
                               struct lc_error *err);

/*
 * Does an expression read a column that has a TTL of its own? When it expires the column's value is
 * reset, and what was derived from it can be derived no more. *column: the first such column, of
 * the table's memory; NULL: none, also where the server cannot resolve the expression. 0 or the
 * failures of a query.
 */
int lc_column_expiring(const struct lc_column *d, const char *expr,
                       const struct lc_table_column **column, struct lc_error *err);

/*
 * Has the column a TTL of its own? When it expires the server resets it to its expression. 0 or the failures of
 * a query.
 */
int lc_column_has_ttl(const struct lc_column *d, bool *has, struct lc_error *err);

/*
 * The type of an expression over the table's columns, as the server says it, malloc'ed in *type. 0;
 * LC_ERR_SERVER where it refuses the expression; the failures of a query.
 */
int lc_column_type_of_expr(const struct lc_column *d, const char *expr, char **type,
                           struct lc_error *err);

/*
 * The type that a MODIFY COLUMN of its expression has to write: the server takes none without it of an
 * is_deleted. NULL: it may be left out.
 */
const char *lc_column_type_to_say(const struct lc_column *d);

/* The type of a column of the table; NULL where it has none of that name. */
const char *lc_column_type_of(const struct lc_column *d, const char *column);

/*
 * Append a condition: does the column's stored value differ from the expression's, as the column
 * would store it? As lc_column_add_unlike. The expression is SQL, and is put in as it is. 0,
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

/* Append what goes behind FROM to read its rows: see lc_table_add_rows. 0, LC_ERR_NOMEM. */
int lc_column_add_rows(const struct lc_column *d, struct lc_buf *sql);

/*
 * The first function of the expression that gives another answer each time it is asked (now, rand),
 * malloc'ed in *name, NULL where there is none or the server does not say. Functions that are
 * registered on the server by its operator count as steady: see "Functions carry their version" in
 * docs/design.md. 0 or the failures of a query.
 */
int lc_column_unsteady(const struct lc_column *d, const char *expr, char **name,
                       struct lc_error *err);

/*
 * Does it give the same answer each time? 0; LC_ERR_REFUSED: "EXPR cannot be `done`: now answers
 * differently each time it is asked"; the failures of a query.
 */
int lc_column_check_steady(const struct lc_column *d, const char *expr, const char *done,
                           struct lc_error *err);

#endif
