/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An INSERT that names no columns gives its values by place: a column that is added breaks it.
 * The texts come from a query log; one that cannot be read is not taken for such an INSERT.
 */
#include "cli/sql/insert_target.h"

#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>

/*
 * Formats whose columns have no names, or that want all of them (Avro): tried on 26.7, an INSERT by them without
 * a list of columns fails once there is one more.
 */
static bool is_positional_format(const struct lc_tok *name)
{
    static const char *const formats[] = {"Values",
                                          "TabSeparated",
                                          "TSV",
                                          "TabSeparatedRaw",
                                          "TSVRaw",
                                          "CSV",
                                          "RowBinary",
                                          "JSONCompactEachRow",
                                          "JSONCompactStringsEachRow",
                                          "JSONAsString",
                                          "JSONAsObject",
                                          "RowBinaryWithDefaults",
                                          "CustomSeparatedIgnoreSpaces",
                                          "Raw",
                                          "CustomSeparated",
                                          "Regexp",
                                          "MsgPack",
                                          "Avro",
                                          "MySQLDump",
                                          "Npy",
                                          "Buffers",
                                          "LineAsString",
                                          "RawBLOB",
                                          NULL};

    for (size_t i = 0; formats[i]; i++) {
        if (lc_tok_is(name, formats[i]))
            return true;
    }
    return false;
}

/* After the table's name: do the rows come by place? */
static bool comes_by_place(struct lc_walk *w)
{
    if (lc_walk_accept_symbol(w, '(')) /* (SELECT …) is no list of columns, and (*) one of all */
        return lc_walk_accept(w, "SELECT") || lc_walk_accept(w, "WITH") ||
               lc_walk_accept_symbol(w, '*');
    while (lc_walk_next(w)) {
        if (lc_tok_is(&w->tok, "FORMAT"))
            return lc_walk_next(w) && is_positional_format(&w->tok);
        if (lc_tok_is(&w->tok, "VALUES") || lc_tok_is(&w->tok, "SELECT") ||
            lc_tok_is(&w->tok, "WITH"))
            return true;
    }
    return false;
}

/*
 * Go on to INSERT, the first word or the one after WITH 1 AS x. A SELECT that comes first at
 * depth 0 makes it a query.
 */
static bool goes_to_insert(struct lc_walk *w)
{
    if (lc_walk_accept(w, "INSERT"))
        return true;
    if (!lc_walk_accept(w, "WITH"))
        return false;
    while (lc_walk_next(w)) {
        if (w->depth == 0 && (lc_tok_is(&w->tok, "INSERT") || lc_tok_is(&w->tok, "SELECT")))
            return lc_tok_is(&w->tok, "INSERT");
    }
    return false;
}

void lc_insert_take_target(struct lc_walk *w, char **database, char **name)
{
    *database = *name = NULL;
    (void)lc_walk_accept(w, "INTO");
    (void)lc_walk_accept(w, "TABLE");
    do {
        struct lc_tok next = lc_walk_peek(w);

        if (!lc_tok_is_name(&next))
            break;
        (void)lc_walk_next(w);
        free(*database);
        *database = *name;
        *name = lc_tok_name(&w->tok);
    } while (lc_walk_accept_symbol(w, '.'));
}

bool lc_insert_is_positional(const char *sql, size_t n, const char *current, const char *database,
                             const char *table)
{
    struct lc_walk w = lc_walk(sql, n);
    char *name = NULL, *in = NULL;
    bool ours;

    if (!goes_to_insert(&w))
        return false;
    lc_insert_take_target(&w, &in, &name);
    ours = name && strcmp(name, table) == 0 &&
           (in ? strcmp(in, database) == 0 : !current || strcmp(current, database) == 0);
    free(name);
    free(in);
    return ours && comes_by_place(&w);
}

bool lc_insert_is_select(struct lc_slice sql)
{
    struct lc_walk w = lc_walk_slice(sql);
    char *name = NULL, *in = NULL;

    if (!goes_to_insert(&w))
        return false;
    lc_insert_take_target(&w, &in, &name);
    free(name);
    free(in);
    if (lc_walk_accept_symbol(&w, '(')) {
        if (lc_walk_accept(&w, "SELECT") || lc_walk_accept(&w, "WITH"))
            return true;
        while (lc_walk_next(&w) && !(w.depth == 0 && lc_tok_symbol(&w.tok, ')')))
            ;
        (void)lc_walk_accept_symbol(&w, '(');
    }
    return lc_walk_accept(&w, "SELECT") || lc_walk_accept(&w, "WITH");
}
