/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over the code of a text, token by token: spaces and comments are passed over. This is how
 * rooms outside of cli/sql read an expression, a type, or a piece of a statement that no lc_stmt has.
 *
 *   struct lc_walk w = lc_walk_text(expr);
 *
 *   while (lc_walk_next(&w))
 *       if (w.depth == 0 && lc_tok_is(&w.tok, "TTL"))
 *           …
 *   if (w.rc)
 *       …                                  the text could not be read to its end
 *
 * Nothing is allocated. The text must outlive the walk; a copy of a walk goes on by itself.
 */
#ifndef LC_CLI_SQL_WALK_H
#define LC_CLI_SQL_WALK_H
#include "cli/sql/lexer.h"

struct lc_walk {
    struct lc_tok tok;    /* the present token; LC_TOK_END before the first and behind the last */
    struct lc_tok before; /* the one before it; LC_TOK_END where there is none */
    unsigned depth; /* of ( [ {: how many are open around tok. A bracket is not within itself */
    int rc;         /* 0; LC_ERR_INPUT: a token does not end, and the walk is over */
    struct lc_lexer lex; /* private */
    unsigned open;       /* private: brackets that are open behind tok */
};

/* Begin before the first token of n bytes, of a zero-terminated text, of a slice. */
struct lc_walk lc_walk(const char *text, size_t n);
struct lc_walk lc_walk_text(const char *text);
struct lc_walk lc_walk_slice(struct lc_slice text);

/* Go on to the next token. False at the end, and where the text cannot be read (rc says so). */
bool lc_walk_next(struct lc_walk *w);

/* The token behind tok, not gone on to; LC_TOK_END at the end and where it cannot be read. */
struct lc_tok lc_walk_peek(const struct lc_walk *w);

/*
 * Where the words, given as "MATERIALIZE COLUMN", or the symbol come next: go on to the last of them
 * and say true. Else stay.
 */
bool lc_walk_accept(struct lc_walk *w, const char *words);
bool lc_walk_accept_symbol(struct lc_walk *w, char symbol);

/* Is there no more code behind tok, and all of it can be read? */
bool lc_walk_at_end(const struct lc_walk *w);

/* The bytes behind tok, up to the end of the text. */
struct lc_slice lc_walk_rest(const struct lc_walk *w);

/*
 * Go on to the first of the words, or a comma, outside of further brackets, or to the end: the bytes in
 * front of it. The list ends with NULL.
 */
struct lc_slice lc_walk_take_until(struct lc_walk *w, const char *const *ends);

/*
 * Go on from byte `at` of the text, which begins a token: the brackets and lines between are not
 * counted.
 */
void lc_walk_skip_to(struct lc_walk *w, size_t at);

/* rc; where it is not 0 also the message in err: what does not end, and where it began. */
int lc_walk_error(const struct lc_walk *w, struct lc_error *err);

#endif
