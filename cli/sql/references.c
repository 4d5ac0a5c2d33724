/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk over the tokens for each question. A wrong "no" lets a change break a reader that
 * nobody was told of; a wrong "yes" costs a look. So most questions say yes where they are in
 * doubt: the header says which, and which also do for a text that does not lex.
 */
#include "cli/sql/references.h"

#include "cli/sql/parser.h"
#include "cli/sql/sources.h"
#include "cli/sql/walk.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { QUERIES_DEEP = 8 };

/* Strings too: dictGet('regions', …) and Distributed('c', 'db', 't') name things by them. */
static bool is_name(const struct lc_tok *tok)
{
    return tok->kind == LC_TOK_WORD || tok->kind == LC_TOK_QUOTED || tok->kind == LC_TOK_STRING;
}

/* --- calls --------------------------------------------------------------------------------------- */

/* The name, bare or after a database's. */
static bool names_dictionary(const char *text, const char *name)
{
    const char *dot = strrchr(text, '.');

    return strcmp(text, name) == 0 || (dot && strcmp(dot + 1, name) == 0);
}

/* Is the text after this word a query of its own, or a part of one, in a dictionary's SOURCE? */
static bool holds_query(const char *word)
{
    return strcasecmp(word, "QUERY") == 0 || strcasecmp(word, "INVALIDATE_QUERY") == 0 ||
           strcasecmp(word, "WHERE") == 0;
}

/*
 * A name before '(' is a call. A dictionary is asked where some call's name begins with dict and the
 * dictionary's name occurs anywhere in the expression: rather one reader too many than one too few.
 */
/* NOLINTNEXTLINE(misc-no-recursion): at most QUERIES_DEEP queries within queries. */
static bool references(const char *expr, const char *name, unsigned deep)
{
    struct lc_walk w = lc_walk_text(expr);
    /* query: the word before was QUERY or one like it, so that a string here is SQL of its own. */
    bool asks = false, named = false, calls = false, query = false;

    while (lc_walk_next(&w)) {
        struct lc_tok next = lc_walk_peek(&w);
        char *text;

        if (!is_name(&w.tok)) {
            query = false;
            continue;
        }
        text = lc_tok_name(&w.tok);
        if (!text)
            return true; /* no memory: rather one too many */
        if (w.tok.kind == LC_TOK_STRING) {
            named = named || names_dictionary(text, name);
            calls = calls || (query && (deep == QUERIES_DEEP ? strstr(text, name) != NULL
                                                             : references(text, name, deep + 1)));
        } else if (lc_tok_symbol(&next, '(')) {
            calls = calls || strcmp(text, name) == 0;
            asks = asks || strncasecmp(text, "dict", 4) == 0;
        } else {
            named = named || names_dictionary(text, name);
        }
        query = w.tok.kind == LC_TOK_WORD && holds_query(text);
        free(text);
    }
    return w.rc ? strstr(expr, name) != NULL : calls || (asks && named);
}

bool lc_references_callable(const char *expr, const char *name)
{
    return references(expr, name, 0);
}

/* --- names --------------------------------------------------------------------------------------- */

bool lc_references_name(struct lc_slice sql, const char *name)
{
    struct lc_walk w = lc_walk_slice(sql);

    while (lc_walk_next(&w)) {
        char *word;
        bool same;

        if (w.tok.kind == LC_TOK_HEREDOC)
            return true;
        if (!is_name(&w.tok))
            continue;
        word = lc_tok_name(&w.tok);
        /* A string may hold more than the name: 'database.table'. */
        same = !word ||
               (w.tok.kind == LC_TOK_STRING ? strstr(word, name) != NULL : strcmp(word, name) == 0);
        free(word);
        if (same)
            return true;
    }
    return w.rc != 0;
}

bool lc_references_unnamed(struct lc_slice sql)
{
    struct lc_walk w = lc_walk_slice(sql);

    while (lc_walk_next(&w)) {
        struct lc_tok after;

        if (lc_tok_is(&w.tok, "SELECT") || lc_tok_is(&w.tok, "MERGE"))
            return true;
        if (!lc_tok_is(&w.tok, "IN"))
            continue;
        after = lc_walk_peek(
            &w); /* IN (…) is a list or a query, which has its SELECT; IN t is a table */
        if (!lc_tok_symbol(&after, '(') && !lc_tok_is(&after, "PARTITION"))
            return true;
    }
    return w.rc != 0;
}

/* --- tables and columns -------------------------------------------------------------------------- */

/* A name before the table's that is another database's; '' is the server's default one. */
static bool is_elsewhere(const struct lc_tok *tok, const char *database)
{
    char *name = is_name(tok) ? lc_tok_name(tok) : NULL;
    bool elsewhere = name && *name && strcmp(name, database) != 0;

    free(name);
    return elsewhere;
}

/*
 * The next argument of a call whose bracket is at `depth`, up to its comma (*more) or the call's end. One that
 * is computed has no text.
 */
static char *take_argument(struct lc_walk *w, unsigned depth, bool *more)
{
    struct lc_tok only = {0};
    size_t n = 0;

    *more = false;
    while (!*more && lc_walk_next(w) && w->depth > depth) {
        *more = w->depth == depth + 1 && lc_tok_symbol(&w->tok, ',');
        if (!*more && n++ == 0)
            only = w->tok;
    }
    return n == 1 && is_name(&only) ? lc_tok_name(&only) : NULL;
}

bool lc_references_engine(struct lc_slice create, const char *database, const char *table)
{
    struct lc_walk w = lc_walk_slice(create);
    bool distributed, more = true, ours;
    char *in, *name;

    while (lc_walk_next(&w) && !(w.depth == 0 && lc_tok_is(&w.tok, "ENGINE")))
        ;
    (void)lc_walk_accept_symbol(&w, '=');
    distributed = lc_walk_accept(&w, "Distributed");
    if ((!distributed && !lc_walk_accept(&w, "Buffer")) || !lc_walk_accept_symbol(&w, '('))
        return false;
    if (distributed)
        free(take_argument(&w, 0, &more)); /* the cluster */
    in = more ? take_argument(&w, 0, &more) : NULL;
    name = more ? take_argument(&w, 0, &more) : NULL;
    ours = name && strcmp(name, table) == 0 && (!in || !*in || strcmp(in, database) == 0);
    free(in);
    free(name);
    return ours;
}

static bool matches(const char *expression, const char *text)
{
    regex_t re;
    bool is;

    if (!expression || regcomp(&re, expression, REG_EXTENDED | REG_NOSUB))
        return true;
    is = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return is;
}

/* w is at the bracket of merge(, the function's or the engine's: [database or REGEXP('…'),] '…' */
static bool is_merged(struct lc_walk w, const char *here, const char *database, const char *table)
{
    unsigned depth = w.depth;
    bool more, ours, regexp = lc_walk_accept(&w, "REGEXP") && lc_walk_accept_symbol(&w, '(');
    char *in = take_argument(&w, regexp ? depth + 1 : depth, &more), *name;

    if (regexp)
        more = lc_walk_accept_symbol(&w, ',');
    if (!more) { /* the tables of the database that it is in */
        ours = !regexp && strcmp(here, database) == 0 && matches(in, table);
        free(in);
        return ours;
    }
    name = take_argument(&w, depth, &more);
    ours = (regexp ? matches(in, database) : !in || !*in || strcmp(in, database) == 0) &&
           matches(name, table);
    free(in);
    free(name);
    return ours;
}

/* Words that end a FROM's list of tables. */
static bool ends_list(const struct lc_tok *tok)
{
    static const char *const words[] = {
        "WHERE", "PREWHERE",  "GROUP",    "ORDER",  "HAVING", "LIMIT",  "UNION",   "EXCEPT", "ON",
        "USING", "INTERSECT", "SETTINGS", "WINDOW", "ARRAY",  "SELECT", "QUALIFY", NULL};

    return lc_tok_is_any(tok, words);
}

enum { LISTS_DEEP = 32 };

/* Does a table's name come next: behind FROM, JOIN, IN, TO, or a comma of FROM's list? */
static bool comes_table(const struct lc_walk *w, bool *lists)
{
    bool *list = w->depth < LISTS_DEEP ? &lists[w->depth] : NULL;

    if (lc_tok_opens(&w->tok) && w->depth + 1 < LISTS_DEEP)
        lists[w->depth + 1] = false;
    if (list && lc_tok_is(&w->tok, "FROM"))
        *list = true;
    else if (list && ends_list(&w->tok))
        *list = false;
    return lc_tok_is(&w->tok, "FROM") || lc_tok_is(&w->tok, "IN") || lc_tok_is(&w->tok, "TO") ||
           lc_tok_is(&w->tok, "INTO") || lc_tok_is(&w->tok, "TABLE") ||
           (lc_tok_is(&w->tok, "JOIN") && !lc_tok_is(&w->before, "ARRAY")) ||
           (list && *list && lc_tok_symbol(&w->tok, ','));
}

/* 'database.table', or 'database', 'table' as two arguments. */
static bool is_argument(const struct lc_walk *w, const struct lc_tok *first, const char *text,
                        const char *database, const char *table)
{
    size_t n = strlen(database);

    if (strcmp(text, table) == 0)
        return lc_tok_symbol(&w->before, ',') && is_name(first) && !is_elsewhere(first, database);
    return strncmp(text, database, n) == 0 && text[n] == '.' && strcmp(text + n + 1, table) == 0;
}

bool lc_references_table(struct lc_slice sql, const char *here, const char *database,
                         const char *table)
{
    struct lc_walk w = lc_walk_slice(sql);
    struct lc_tok first = {0}; /* first, w.before, w.tok */
    bool found = false, lists[LISTS_DEEP] = {false}, comes = false;

    for (; !found && lc_walk_next(&w); first = w.before) {
        char *name = is_name(&w.tok) ? lc_tok_name(&w.tok) : NULL;
        struct lc_tok next = lc_walk_peek(&w);
        struct lc_walk inner = w;

        if (name && w.tok.kind == LC_TOK_STRING)
            found = is_argument(&w, &first, name, database, table);
        else if (name && strcasecmp(name, "merge") == 0 && lc_walk_accept_symbol(&inner, '('))
            found = is_merged(inner, here, database, table);
        else if (name && strcmp(name, table) == 0 && lc_tok_symbol(&w.before, '.'))
            found = is_name(&first) && !is_elsewhere(&first, database);
        else if (name && strcmp(name, table) == 0)
            found = comes && strcmp(here, database) == 0 && !lc_tok_symbol(&next, '.') &&
                    !lc_tok_symbol(&next, '(') && !lc_sources_makes(sql, name);
        comes = comes_table(&w, lists);
        free(name);
    }
    return found;
}

/*
 * The server stores a view's query with the tables' databases, and column prefixes (t.a) without: a
 * bare name is the table only where no other database's table of that name is read.
 */
struct named {
    bool here, elsewhere, bare;
};

/* One occurrence of the table's name: w->tok, behind first and w->before. */
static void note_table(struct named *named, const struct lc_walk *w, const struct lc_tok *first,
                       const char *database)
{
    struct lc_tok next = lc_walk_peek(w);

    if (!lc_tok_symbol(&w->before, '.'))
        named->bare = named->bare || !(lc_tok_symbol(&next, '.') || lc_tok_is(&w->before, "AS"));
    else if (is_elsewhere(first, database))
        named->elsewhere = true;
    else
        named->here = true;
}

/*
 * Does w->tok stand for columns that it does not name: *, and no multiplication; COLUMNS('regexp')? That of
 * count(*) reads none.
 */
static bool names_many(const struct lc_walk *w, const struct lc_tok *first)
{
    static const char *const before[] = {"SELECT", "DISTINCT", "ALL"};
    static const char *const after[] = {"FROM", "EXCEPT", "REPLACE", "APPLY"};
    struct lc_tok next = lc_walk_peek(w);

    if (lc_tok_is(&w->tok, "COLUMNS"))
        return lc_tok_symbol(&next, '(');
    if (!lc_tok_symbol(&w->tok, '*') ||
        (lc_tok_symbol(&w->before, '(') && lc_tok_is(first, "count")))
        return false;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (lc_tok_is(&w->before, before[i]))
            return true;
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        if (lc_tok_is(&next, after[i]))
            return true;
    return lc_tok_symbol(&w->before, ',') || lc_tok_symbol(&w->before, '.') ||
           lc_tok_symbol(&next, ',') || lc_tok_symbol(&next, ')') || next.kind == LC_TOK_END;
}

/* Words before SELECT or WITH do not count: in CREATE VIEW v TO t they name what is written to. */
bool lc_references_columns(struct lc_slice sql, const char *database, const char *table,
                           bool (*is_one)(const void *ctx, const char *column), const void *ctx)
{
    struct lc_walk w = lc_walk_slice(sql);
    struct lc_tok first = {0}; /* first, w.before, w.tok */
    struct named named = {0};
    bool column = false, query = false;

    for (; lc_walk_next(&w); first = w.before) {
        query = query || lc_tok_is(&w.tok, "SELECT") || lc_tok_is(&w.tok, "WITH");
        if (query && lc_tok_is_name(&w.tok)) {
            char *name = lc_tok_name(&w.tok);

            if (name && strcmp(name, table) == 0)
                note_table(&named, &w, &first, database);
            column = column || (name && is_one(ctx, name));
            free(name);
        }
        column = column || (query && names_many(&w, &first));
    }
    return column && (named.here || (named.bare && !named.elsewhere));
}
