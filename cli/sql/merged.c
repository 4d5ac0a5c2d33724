/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clauses of a storage are told apart by their words outside of all parentheses. Nothing is
 * allocated: each question walks the text anew.
 */
#include "cli/sql/merged.h"

#include "cli/sql/type_name.h"
#include "cli/sql/walk.h"

#include <string.h>

const char *lc_merged_storage(const char *create)
{
    struct lc_walk w = lc_walk_text(create);

    while (lc_walk_next(&w))
        if (w.depth == 0 && lc_tok_is(&w.tok, "ENGINE")) {
            (void)lc_walk_accept_symbol(&w, '=');
            return lc_walk_next(&w) ? w.tok.p : NULL;
        }
    return NULL;
}

/* The engine's name, without what says where it is replicated: "Summing" of a MergeTree. */
static bool is_engine(const char *storage, const char *kind)
{
    size_t n = strlen(kind);

    if (strncmp(storage, "Replicated", 10) == 0)
        storage += 10;
    else if (strncmp(storage, "Shared", 6) == 0)
        storage += 6;
    return strncmp(storage, kind, n) == 0 && strncmp(storage + n, "MergeTree", 9) == 0;
}

/* Past the words that begin a clause, outside of all parentheses. False: it has no such clause. */
static bool find_clause(struct lc_walk *w, const char *words)
{
    do
        if (w->depth == 0 && lc_walk_accept(w, words))
            return true;
    while (lc_walk_next(w));
    return false;
}

/* Does the token begin the next clause? */
static bool begins_clause(const struct lc_tok *tok)
{
    static const char *const words[] = {"ORDER", "PARTITION", "PRIMARY", "SAMPLE",
                                        "TTL",   "SETTINGS",  "COMMENT", "AS"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lc_tok_is(tok, words[i]))
            return true;
    return tok->kind == LC_TOK_END;
}

/* Is the name a whole element, k of "k" or of "(k, f(d))"? */
static bool is_element(const struct lc_walk *w)
{
    struct lc_tok next = lc_walk_peek(w);

    if (w->depth == 0)
        return lc_tok_is(&w->before, "BY") && begins_clause(&next);
    return w->depth == 1 && (lc_tok_symbol(&w->before, '(') || lc_tok_symbol(&w->before, ',')) &&
           (lc_tok_symbol(&next, ',') || lc_tok_symbol(&next, ')'));
}

/* Does the clause name the column? *whole: as an element of its own. */
static bool names(const char *storage, const char *clause, const char *column, bool *whole)
{
    struct lc_walk w = lc_walk_text(storage);
    bool found = false, in_call = false;

    *whole = false;
    if (!find_clause(&w, clause))
        return false;
    while (lc_walk_next(&w) && !(w.depth == 0 && begins_clause(&w.tok))) {
        if (w.depth == 0 && lc_tok_symbol(&w.tok, '(')) /* f(d) has no elements */
            in_call = lc_tok_is_name(&w.before) && !lc_tok_is(&w.before, "BY") &&
                      !lc_tok_is(&w.before, "tuple");
        if (!lc_tok_is_named(&w.tok, column))
            continue;
        found = true;
        *whole = *whole || (is_element(&w) && !(w.depth == 1 && in_call));
    }
    return found;
}

/* Has the engine a list of columns, (a, b) of SummingMergeTree((a, b)), and is it one of them? */
static bool has_list(const char *storage, const char *column, bool *listed)
{
    struct lc_walk w = lc_walk_text(storage);
    bool any = false;

    *listed = false;
    if (!lc_walk_next(&w) || !lc_walk_accept_symbol(&w, '('))
        return false;
    while (lc_walk_next(&w) && w.depth > 0) {
        if (w.tok.kind == LC_TOK_STRING || !lc_tok_is_name(&w.tok))
            continue;
        any = true;
        *listed = *listed || lc_tok_is_named(&w.tok, column);
    }
    return any;
}

/* TTL d + 1 GROUP BY k SET n = sum(n), m = max(m): is the column among those that are set? */
static bool is_set_by_ttl(const char *storage, const char *column)
{
    struct lc_walk w = lc_walk_text(storage);

    if (!find_clause(&w, "TTL") || !find_clause(&w, "GROUP BY") || !find_clause(&w, "SET"))
        return false;
    while (lc_walk_next(&w) && !lc_tok_is(&w.tok, "SETTINGS")) {
        struct lc_tok next = lc_walk_peek(&w);

        if (w.depth == 0 && lc_tok_symbol(&next, '=') && lc_tok_is_named(&w.tok, column))
            return true;
    }
    return false;
}

static bool groups_by_ttl(const char *storage)
{
    struct lc_walk w = lc_walk_text(storage);

    return find_clause(&w, "TTL") && find_clause(&w, "GROUP BY");
}

/* May it hold NULL at its top? */
static bool holds_null(const char *type)
{
    return strncmp(type, "Nullable(", 9) == 0 ||
           strncmp(type, "LowCardinality(Nullable(", 24) == 0 || strncmp(type, "Dynamic", 7) == 0 ||
           strncmp(type, "Variant(", 8) == 0;
}

/* What a SummingMergeTree without a list adds up. */
static bool is_number(const char *type)
{
    char plain[LC_TYPE_BYTES];

    type = lc_type_plain(type, plain);
    return lc_type_is_integer(type) || strncmp(type, "Float", 5) == 0 ||
           strncmp(type, "BFloat", 6) == 0 || strncmp(type, "Decimal", 7) == 0 ||
           strcmp(type, "Bool") == 0;
}

/* SimpleAggregateFunction(anyLast, String); an AggregateFunction has states. */
static enum lc_merged aggregated(const char *type)
{
    static const struct {
        const char *function;
        enum lc_merged merged, with_null;
    } steady[] = {
        {"any", LC_MERGED_FIRST, LC_MERGED_COMPUTED},
        {"anyLast", LC_MERGED_LAST, LC_MERGED_COMPUTED},
        {"any_respect_nulls", LC_MERGED_FIRST, LC_MERGED_FIRST},
        {"anyLast_respect_nulls", LC_MERGED_LAST, LC_MERGED_LAST},
        {"min", LC_MERGED_COMPUTED, LC_MERGED_COMPUTED},
        {"max", LC_MERGED_COMPUTED, LC_MERGED_COMPUTED},
        {"groupBitAnd", LC_MERGED_COMPUTED, LC_MERGED_COMPUTED},
        {"groupBitOr", LC_MERGED_COMPUTED, LC_MERGED_COMPUTED},
        {"groupUniqArrayArray", LC_MERGED_COMPUTED, LC_MERGED_COMPUTED},
    };
    const char *function = strchr(type, '(') + 1;
    size_t n = strcspn(function, ",(");

    if (*type != 'S')
        return LC_MERGED_ADDED;
    for (size_t i = 0; i < sizeof steady / sizeof *steady; i++)
        if (strlen(steady[i].function) == n && strncmp(function, steady[i].function, n) == 0) {
            const char *of = function + n + strspn(function + n, ", ");

            return holds_null(of) ? steady[i].with_null : steady[i].merged;
        }
    return LC_MERGED_ADDED;
}

static bool is_aggregated(const char *type)
{
    return strncmp(type, "SimpleAggregateFunction(", 24) == 0 ||
           strncmp(type, "AggregateFunction(", 18) == 0;
}

static enum lc_merged summed(const char *storage, const char *column, const char *type)
{
    const char *dot = strchr(column, '.');
    bool listed, list = has_list(storage, column, &listed);

    if (list ? listed : is_number(type))
        return LC_MERGED_ADDED;
    /* nMap.key, nMap.value: merged as maps are added up. */
    return !list && dot && dot - column > 3 && strncmp(dot - 3, "Map", 3) == 0 ? LC_MERGED_ADDED
                                                                               : LC_MERGED_FIRST;
}

static enum lc_merged coalesced(const char *storage, const char *column, const char *type)
{
    bool listed, list = has_list(storage, column, &listed);

    if (list && !listed)
        return LC_MERGED_FIRST;
    return holds_null(type) ? LC_MERGED_COMPUTED : LC_MERGED_LAST;
}

/* Does it make one row of several that have one key? */
static bool makes_one(const char *storage)
{
    return is_engine(storage, "Summing") || is_engine(storage, "Aggregating") ||
           is_engine(storage, "Coalescing");
}

enum lc_merged lc_merged_column(const char *storage, const char *column, const char *type)
{
    bool whole, ignored, in_key = names(storage, "ORDER BY", column, &whole);
    bool merges = makes_one(storage);

    if (is_set_by_ttl(storage, column))
        return LC_MERGED_ADDED;
    /* The time of a row that is rolled up is rounded, also as a part of the key; which columns hold
     * time and value is in the server's configuration. */
    if (is_engine(storage, "Graphite") && !strstr(type, "String"))
        return LC_MERGED_COMPUTED;
    if (merges && !in_key && is_aggregated(type))
        return aggregated(type);
    if (in_key)
        return whole ? LC_MERGED_KEY : LC_MERGED_FIRST;
    if (names(storage, "PARTITION BY", column, &ignored) || !merges)
        return is_engine(storage, "Graphite") ? LC_MERGED_LAST : LC_MERGED_FIRST;
    if (is_engine(storage, "Summing"))
        return summed(storage, column, type);
    return is_engine(storage, "Coalescing") ? coalesced(storage, column, type) : LC_MERGED_FIRST;
}

bool lc_merged_makes_rows(const char *storage)
{
    return makes_one(storage) || is_engine(storage, "Graphite") || groups_by_ttl(storage);
}
