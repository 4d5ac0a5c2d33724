/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text in one canonical form, so that two spellings of one thing compare as equal.
 *
 * A server does not keep a statement's text. It stores what it has parsed, with
 *   - its own names of functions            NOW() → now(), SUBSTR → substring
 *   - functions made of SQL written out     plus1(v) → v + 1
 *   - tables and dictionaries with their database   FROM o → FROM db.o, dictGet('d' → dictGet('db.d'
 *   - parentheses where its formatter wants them
 * It keeps strings as they are, words of the language among them: dateDiff('DAY', …), CAST(d, 'DATE').
 * The canonical form of either text is a list of words: names unquoted, functions by their own names
 * and written out, units and aggregate functions in strings by their own names, the given database left out where it qualifies a table, no parentheses that do
 * not change the meaning. Nothing that is made here is ever sent.
 *
 * Follows FunctionNameNormalizer, UserDefinedSQLFunctionVisitor and AddDefaultDatabaseVisitor of
 * ClickHouse, which an ALTER passes through. Texts are expected as formatQuery writes them.
 */
#ifndef LC_CLI_SQL_CANONICAL_H
#define LC_CLI_SQL_CANONICAL_H
#include "base/error.h"
#include "cli/sql/lexer.h"

#include <stdbool.h>

struct lc_word {
    enum lc_tok_kind kind;
    char *text; /* a name unquoted, a string its value, all else as written */
    bool
        is_type; /* a string that names a type, as it is written: only a server knows its own name */
};

struct lc_canonical {
    struct lc_word *v;
    size_t n, cap;
    bool expanded; /* a function made of SQL was written out: the server may know another one now */
    bool unknown;  /* it calls a function that the server does not list */
};

/* A function as the server knows it. */
struct lc_known_function {
    const char *canonical;  /* its own name; NULL: there is no such function */
    const char *definition; /* "CREATE FUNCTION f AS (x) -> …"; NULL: it is not made of SQL */
};

/* Who knows the functions: fills *out, valid until the next call. 0 or an error, which is passed on. */
struct lc_function_source {
    int (*look)(void *ctx, const char *name, struct lc_known_function *out, struct lc_error *err);
    void *ctx;
};

/*
 * Make the canonical form of n bytes: an expression behind SELECT, or a command of an ALTER, in
 * parentheses or without. 0, LC_ERR_NOMEM, LC_ERR_INPUT where it does not lex, or what the source
 * gives. Release it in any case.
 */
int lc_canonical_make(struct lc_canonical *c, const char *sql, size_t n, const char *database,
                      const struct lc_function_source *source, struct lc_error *err);

/* Where two of them begin to differ: an index that may be the end of either; SIZE_MAX: nowhere. */
size_t lc_canonical_mismatch(const struct lc_canonical *a, const struct lc_canonical *b);

/*
 * Does that mismatch prove that the two mean different things? Two literals do, two operators, two
 * columns, two commands; but a literal where the other has a call may be the call's value.
 */
bool lc_canonical_proves(const struct lc_canonical *a, const struct lc_canonical *b, size_t at);

/* Names that are followed by a parenthesis: calls `found` for each; the first failure ends it. */
int lc_canonical_functions(const char *sql, size_t n, int (*found)(void *ctx, const char *name),
                           void *ctx);

void lc_canonical_release(struct lc_canonical *c);

#endif
