/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which way of answering by rules is the cheapest for a table? Each one is timed, by turns, over a copy
 * of some of the table's rows:
 *
 *   SELECT       computing the expression over the copy
 *   INSERT       the copy's rows into a table whose column has the expression as its DEFAULT
 *   MATERIALIZE  the same column added to a table that holds them, and stored
 *
 * The user's table is read, and nothing else. All that is made has a name that begins with
 * livecol_advise_, and is dropped at the end, whatever the end is. Where no copy can be made, SELECT is
 * timed over the table itself, and the rest is not.
 *
 * A way whose migration `plan` would refuse (preflight.h) is not measured, and never the best.
 */
#ifndef LC_CLI_COLUMN_ADVISE_H
#define LC_CLI_COLUMN_ADVISE_H
#include "cli/column/column.h"
#include "udf/rules/ruleset.h"

enum lc_advise_way { LC_ADVISE_WHOLE, LC_ADVISE_NARROW, LC_ADVISE_SQL, LC_ADVISE_DICTIONARY };
enum { LC_ADVISE_WAYS = 4, LC_ADVISE_WHY = 500 };

struct lc_advise_request {
    struct lc_backend *b;
    const char *database, *table; /* database NULL: the backend's */
    const char *key;              /* SQL */
    const struct lc_rules *rules;
    const char *rules_path;
    uint32_t attribute;
    const char *column;   /* that is to be added: the table does not have it */
    const char *type;     /* of the column */
    const char *function; /* that the server may have */
    uint64_t rows;        /* to copy at most; 0: a million */
    unsigned rounds;      /* 0: 5 */
    const atomic_bool *cancel;
    void (*warn)(void *ctx, const char *text); /* what could not be dropped */
    void *ctx;
};

/* Nanoseconds for the rows; 0: not measured. */
struct lc_advise_cost {
    uint64_t select_ns, insert_ns, materialize_ns;
};

struct lc_advise_result {
    uint64_t rows;              /* that were copied, or else read */
    bool copied;                /* else no copy could be made */
    bool function_there;        /* the server has a function of that name */
    bool converts;              /* the key is no text: sql and dictionary look up toString(key) */
    struct lc_advise_cost none; /* the same without any expression */
    struct {
        char *expr;              /* NULL: there is none */
        char why[LC_ADVISE_WHY]; /* it was not measured, or not in full: why; "" */
        struct lc_advise_cost cost;
        bool whole; /* all three were measured, and it answers as the others do */
    } way[LC_ADVISE_WAYS];
    int best;                     /* enum lc_advise_way; -1: none was measured in full */
    char best_why[LC_ADVISE_WHY]; /* and why that one */
};

/*
 * Measure. 0, also where some ways could not be; LC_ERR_REFUSED where the table has no rows, cannot
 * be read so, or has the column; LC_ERR_STOPPED; the failures of a query that are about the table itself. Release *r in
 * any case.
 */
int lc_advise(const struct lc_advise_request *q, struct lc_advise_result *r, struct lc_error *err);

void lc_advise_release(struct lc_advise_result *r);

/* "whole", "narrow", "sql", "dictionary". */
const char *lc_advise_way_name(enum lc_advise_way way);

#endif
