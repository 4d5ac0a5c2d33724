/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reads a column: the columns that are derived from it, one from the other, and the table's
 * skip indexes, projections, constraints and TTLs, and materialized views over the table.
 *
 *   country   region_v1(ip)          ◄── the column
 *      ▲
 *   continent continent_v1(country)  ◄── level 1: stored with what country was when it was written
 *      ▲
 *   world     upper(continent)       ◄── level 2
 *
 * Where the column is updated, indexes and projections are made anew by the server; what was
 * stored by an INSERT is not.
 */
#ifndef LC_CLI_COLUMN_READERS_H
#define LC_CLI_COLUMN_READERS_H
#include "cli/column/column.h"

enum lc_reader_kind {
    LC_READER_DEFAULT,      /* a column, stored: a value that was given is kept */
    LC_READER_MATERIALIZED, /* a column, stored: always what it computes */
    LC_READER_ALIAS,        /* a column, computed whenever it is read */
    LC_READER_INDEX,
    LC_READER_PROJECTION,
    LC_READER_CONSTRAINT,
    LC_READER_TTL,
    LC_READER_VIEW /* materialized: it has taken what the column held then */
};

struct lc_reader {
    enum lc_reader_kind kind;
    char *name;       /* of the column, index, …; database.name of a view */
    const char *type; /* of a column: the table's */
    const char *expr; /* of a column: the table's; else "" */
    char **inputs;    /* of a column: the columns that it reads */
    size_t inputs_n;
    unsigned level; /* 1: it reads the column itself */
    bool in_key;    /* it cannot be updated */
    bool lost;      /* nobody can compute it again: it reads an EPHEMERAL column, or the clock */
    const struct lc_table_column *expiring; /* a MATERIALIZED one: what it reads, next to the column
                                             * itself, and a TTL resets; else NULL */
};

struct lc_readers {
    struct lc_reader *v; /* columns first, each behind those that it reads */
    size_t n;
};

/* Find them; the column's table must outlive *r. 0 or the failures of a query. Release in any case. */
int lc_readers_find(struct lc_readers *r, const struct lc_column *d, struct lc_error *err);
void lc_readers_release(struct lc_readers *r);

/* "column", "skip index", … */
const char *lc_reader_what(enum lc_reader_kind kind);

/* Is it a column that stores what it has read, or a view that has? An update leaves it stale. */
bool lc_reader_stores(const struct lc_reader *r);

/* Is it a stored column that no UPDATE can bring along? It keeps what it has. */
bool lc_reader_keeps(const struct lc_reader *r);

/*
 * What goes along with UPDATE column = value, so that every stored column that is derived from it
 * has, in the same mutation, what it would have been derived from the new value: append
 * ", `continent` = if(…), …" to `assign`, and the names of MATERIALIZED columns that have to be
 * materialized behind it to *materialize (NULL-ended, malloc'ed; the strings are the readers'). A
 * DEFAULT column whose value is not what it was derived to keeps it. Append ", " and each value to
 * `tried`: what a SELECT is to evaluate beforehand. 0 or LC_ERR_NOMEM.
 */
int lc_readers_assign(const struct lc_readers *r, const struct lc_column *d, const char *value,
                      struct lc_buf *assign, struct lc_buf *tried, const char ***materialize,
                      struct lc_error *err);

#endif
