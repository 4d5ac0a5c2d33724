/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement does, as far as its words tell: the command, the table, the columns, and how
 * much it changes. Nothing here runs anything, and no statement is ever rewritten from it.
 *
 * A statement that is not recognised is LC_CLASS_OTHER: it is run as it is, and said so.
 */
#ifndef LC_CLI_SQL_STATEMENT_H
#define LC_CLI_SQL_STATEMENT_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

/* How much a statement changes, from harmless to harmful; an ALTER is what its worst command is. */
enum lc_stmt_class {
    LC_CLASS_READ,        /* changes nothing */
    LC_CLASS_METADATA,    /* metadata only: milliseconds, whatever the size of the table */
    LC_CLASS_MUTATION,    /* rewrites parts in the background */
    LC_CLASS_INSERT,      /* adds rows: never sent twice */
    LC_CLASS_OTHER,       /* not recognised: run as it is */
    LC_CLASS_READERS,     /* breaks those who read or write by the old name or type */
    LC_CLASS_KEY,         /* rewrites a key or a type */
    LC_CLASS_DESTRUCTIVE, /* loses data */
};

/* What a statement, or one command of an ALTER, is. */
enum lc_stmt_kind {
    LC_STMT_OTHER,
    LC_STMT_READ, /* SELECT and its kin */
    LC_STMT_INSERT,
    LC_STMT_CREATE, /* TABLE, VIEW, DICTIONARY: see object */
    LC_STMT_CREATE_DATABASE,
    LC_STMT_CREATE_FUNCTION,
    LC_STMT_DROP, /* TABLE, VIEW, DICTIONARY */
    LC_STMT_DROP_DATABASE,
    LC_STMT_DROP_FUNCTION,
    LC_STMT_TRUNCATE,
    LC_STMT_RENAME, /* RENAME TABLE, EXCHANGE */
    LC_STMT_ALTER,  /* its commands say what */
    LC_STMT_DELETE, /* DELETE FROM, lightweight */
    LC_STMT_UPDATE, /* UPDATE t SET, lightweight */
    LC_STMT_OPTIMIZE,
    LC_STMT_ADD_COLUMN, /* from here on: commands of an ALTER */
    LC_STMT_DROP_COLUMN,
    LC_STMT_CLEAR_COLUMN,
    LC_STMT_MODIFY_COLUMN,
    LC_STMT_REMOVE_DEFAULT, /* MODIFY COLUMN c REMOVE DEFAULT (or another property) */
    LC_STMT_RENAME_COLUMN,
    LC_STMT_COMMENT_COLUMN,
    LC_STMT_MATERIALIZE_COLUMN,
    LC_STMT_ALTER_UPDATE,
    LC_STMT_ALTER_DELETE,
    LC_STMT_MATERIALIZE, /* INDEX, PROJECTION, STATISTICS, TTL: a mutation */
    LC_STMT_METADATA,    /* another command that touches metadata alone */
    LC_STMT_MODIFY_KEY,  /* MODIFY ORDER BY, SAMPLE BY */
    LC_STMT_DROP_PART,   /* DROP or REPLACE PARTITION and their kin */
    LC_STMT_ALTER_OTHER
};

/* One command of an ALTER, or one column of a CREATE TABLE. Slices point into the statement. */
struct lc_stmt_command {
    enum lc_stmt_kind kind;
    enum lc_stmt_class class;
    char *column;                 /* unquoted; "" where the command names none */
    char *renamed_to;             /* RENAME COLUMN: the new name; else "" */
    bool conditional;             /* IF EXISTS or IF NOT EXISTS */
    bool removes_default;         /* MODIFY COLUMN c REMOVE DEFAULT, MATERIALIZED, ALIAS … */
    bool restricted;              /* MATERIALIZE COLUMN with IN PARTITION or SETTINGS */
    struct lc_slice type;         /* as written; n 0: the command gives none */
    struct lc_slice default_kind; /* DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL; n 0: none */
    struct lc_slice default_expr; /* n 0: none */
    struct lc_slice text;         /* the whole command */
};

/* A table that a statement names; where RENAME puts it, or EXCHANGE takes from. "" where it is not said. */
struct lc_stmt_table {
    char *database, *name, *to_database, *to; /* unquoted */
};

struct lc_stmt {
    enum lc_stmt_kind kind;
    enum lc_stmt_class class;
    char *database;   /* unquoted; "" where the statement does not say */
    char *name;       /* of the table, database, function it is about; "" where it has none */
    char *renamed_db; /* RENAME TABLE: where to; else "" */
    char *renamed_to;
    bool conditional; /* IF EXISTS or IF NOT EXISTS */
    bool replaces;    /* CREATE OR REPLACE, REPLACE */
    bool needs_own;   /* REPLACE: what it replaces must be there */
    bool on_cluster;
    struct lc_slice cluster;      /* its name as written; n 0: there is none, or it is not told */
    bool populate;                /* CREATE MATERIALIZED VIEW … POPULATE */
    bool mutates;                 /* the server rewrites parts for it: wait for the mutation */
    bool exchanges;               /* EXCHANGE */
    bool unclear;                 /* it may make, rename or remove tables that are not told here */
    struct lc_stmt_table *tables; /* RENAME, EXCHANGE, DROP: all of them, in order; else none */
    size_t table_n;
    char *like_database, *like; /* CREATE TABLE … AS table: which; else "" */
    struct lc_slice
        engine; /* CREATE TABLE, DATABASE: its engine's name, as written; n 0: not given */
    struct lc_slice storage; /* CREATE TABLE: from that name to the end */
    const char *object;   /* "table", "view", "materialized view", "dictionary", …; static text */
    struct lc_slice text; /* the whole statement */
    struct lc_stmt_command *commands; /* ALTER: its commands; CREATE TABLE: its columns */
    size_t command_n;
};

/*
 * Read one statement of n bytes. The slices in *out point into sql, which must live on. 0 (also
 * for a statement that is not recognised), or LC_ERR_NOMEM; LC_ERR_INPUT where the lexer refuses
 * it.
 */
int lc_stmt_parse(struct lc_stmt *out, const char *sql, size_t n, struct lc_error *err);

/* Free what it holds and zero it. A zeroed struct may be released. */
void lc_stmt_release(struct lc_stmt *s);

/*
 * What the column of the i-th command is called at the end of the ALTER, whose later commands may
 * rename it: NULL where they drop it. The commands run in the order in which they are written.
 */
const char *lc_stmt_column_after(const struct lc_stmt *s, size_t i);

/* The database that the statement is about: the one it names, or `otherwise`. */
const char *lc_stmt_database(const struct lc_stmt *s, const char *otherwise);

/* For a person: "metadata only", "mutation", "destructive" … */
const char *lc_class_name(enum lc_stmt_class class);

#endif
