/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table's columns: as the server has them, or as statements that are still to run will have made
 * them. What is checked before a run is checked against this, so that a migration is tried on what
 * those before it make.
 */
#ifndef LC_CLI_COLUMN_TABLE_H
#define LC_CLI_COLUMN_TABLE_H
#include "cli/server/backend.h"
#include "cli/sql/create_parts.h"
#include "cli/sql/statement.h"

#include <stdbool.h>

/* What statements say of a column's own TTL. */
enum lc_ttl_said { LC_TTL_UNSAID, LC_TTL_SET, LC_TTL_REMOVED };

/* What its table's engine makes of a column: the server changes little of such a one (alter_check.c). */
enum lc_engine_role { LC_ROLE_NONE, LC_ROLE_VERSION, LC_ROLE_SIGN, LC_ROLE_IS_DELETED };

struct lc_table_column {
    char *name;
    char *type;           /* "": a pending statement gives none */
    char *kind;           /* DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL; "" */
    char *expr;           /* "" where it has none */
    char *was_expr;       /* before the last pending change of it; "" */
    char *stored;         /* its name on the server; NULL: it is not there yet */
    bool was_changed;     /* a pending statement has changed its expression */
    bool is_filled;       /* a pending statement stores it in every part */
    enum lc_ttl_said ttl; /* by pending statements; unsaid: as it is on the server */
    bool is_cleared;      /* a pending statement takes it out of parts, and none stores it again */
    bool in_key;          /* of a key, or the engine's version or sign: no UPDATE may change it */
    enum lc_engine_role role;
    bool
        rewritten; /* a pending statement has changed its type or its expression, as it is written */
};

/* An index, a projection, a constraint or the TTL that a pending statement adds or drops, in order. */
struct lc_table_part {
    enum lc_create_part_kind kind;
    char *name; /* NULL: the table's TTL */
    char *text; /* what it is made of; "" of one that is dropped */
    bool dropped;
};

struct lc_table {
    char *database, *name;
    char *engine;  /* "" where it is not known */
    char *storage; /* what a pending CREATE says from the engine on; NULL: ask the server */
    bool there;    /* on the server */
    bool replicated;
    bool partless; /* it is there, and stores no parts of its own */
    bool pending;  /* not (only) what the server has */
    bool gone;     /* a pending statement has removed it: it is neither there nor pending */
    bool unclear;  /* a pending statement may have made it or removed it: nothing of it is known */
    bool hidden;   /* what a pending statement does to its columns is not known */
    bool unparted; /* its indexes, projections and constraints are not known */
    bool rekeyed;  /* a pending statement changes what its keys are made of: in_key may be wrong */
    struct lc_table_column *v;
    size_t n;
    struct lc_table_part *parts;
    size_t parts_n;
};

/* Read it (database NULL: the backend's). 0, also where there is none; the failures of a query. */
int lc_table_read(struct lc_table *t, struct lc_backend *b, const char *database, const char *name,
                  struct lc_error *err);

/* The same, for one of many tables: the engines of its whole database are asked for at once, and kept. */
int lc_table_read_of_many(struct lc_table *t, struct lc_backend *b, const char *database,
                          const char *name, struct lc_error *err);

/* One that is not there. 0 or LC_ERR_NOMEM. Release it in any case. */
int lc_table_start(struct lc_table *t, const char *database, const char *name,
                   struct lc_error *err);

/* The column of that name, or the first of a Nested column's: n.a of n. NULL where it has none. */
const struct lc_table_column *lc_table_column_or_member(const struct lc_table *t, const char *name);

/* What a command about a column says of the column's own TTL. */
enum lc_ttl_said lc_table_ttl_of(const struct lc_stmt_command *c);

/* What an ALTER or CREATE TABLE of it does to its columns. 0 or LC_ERR_NOMEM. */
int lc_table_apply(struct lc_table *t, const struct lc_stmt *s, struct lc_error *err);

int lc_table_copy(struct lc_table *to, const struct lc_table *from, struct lc_error *err);
void lc_table_release(struct lc_table *t);

/* The column of that name; NULL where it has none. */
const struct lc_table_column *lc_table_column(const struct lc_table *t, const char *name);

/* Append `database`.`name`. 0, LC_ERR_NOMEM. */
int lc_table_add_name(const struct lc_table *t, struct lc_buf *sql);

/*
 * Append what goes behind FROM to read its rows: its name, or a SELECT that computes the columns
 * that are not there yet, and EPHEMERAL ones. 0, LC_ERR_NOMEM.
 */
int lc_table_add_rows(const struct lc_table *t, struct lc_buf *sql);

/*
 * The same for a question about types alone: one row of empty values of the columns `names`, of
 * whatever kind these are. The table itself is not read: where one of its ALIAS columns is broken
 * the server refuses every SELECT from it. 0, LC_ERR_NOMEM.
 */
int lc_table_add_shape(const struct lc_table *t, char *const *names, size_t n, struct lc_buf *sql);

/* Append a value of that type, its default, as an expression. 0, LC_ERR_NOMEM. */
int lc_table_add_empty(const char *type, struct lc_buf *sql);

#endif
