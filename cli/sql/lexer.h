/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClickHouse SQL as tokens: bytes in, slices out, nothing decoded.
 *
 *   text = token token token …        every byte belongs to exactly one token
 *
 * Knows what may hide a `;`: '…' with \' and '', identifiers in `…` and "…" with \ and doubling,
 * comments (--, "# ", #!, nested C style), heredocs $tag$…$tag$, and the typographic quotes that
 * newer servers take as quotes. Follows src/Parsers/Lexer.cpp of ClickHouse.
 */
#ifndef LC_CLI_SQL_LEXER_H
#define LC_CLI_SQL_LEXER_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

enum lc_tok_kind {
    LC_TOK_END,     /* n is 0 */
    LC_TOK_SPACE,   /* blanks and newlines; a BOM at the beginning of the text */
    LC_TOK_COMMENT, /* a line comment without its newline, or a whole block comment */
    LC_TOK_WORD,    /* keyword or bare identifier */
    LC_TOK_QUOTED,  /* `…` or "…" */
    LC_TOK_STRING,  /* '…' */
    LC_TOK_HEREDOC, /* $tag$…$tag$ */
    LC_TOK_NUMBER,
    LC_TOK_SYMBOL /* one byte of anything else; `;` among them */
};

struct lc_tok {
    enum lc_tok_kind kind;
    const char *p;
    size_t n;
    size_t at;     /* byte offset in the text, from 0 */
    uint64_t line; /* of its first byte, from 1 */
};

/* Where a lexer is in its text; init by LC_LEXER, copied freely (a copy looks ahead). */
struct lc_lexer {
    const char *text;
    size_t n;
    size_t pos;
    uint64_t line;
};

#define LC_LEXER(text_, n_) ((struct lc_lexer){.text = (text_), .n = (n_), .pos = 0, .line = 1})

/*
 * The next token, LC_TOK_END at the end. 0, or LC_ERR_INPUT for a string, identifier, comment or
 * heredoc that does not end: err says what, with byte and row of where it began.
 */
int lc_lex_next(struct lc_lexer *lex, struct lc_tok *tok, struct lc_error *err);

/* lc_lex_next that passes over spaces and comments. */
int lc_lex_code(struct lc_lexer *lex, struct lc_tok *tok, struct lc_error *err);

/* True where the token is the bare word (ASCII, any case). */
bool lc_tok_is(const struct lc_tok *tok, const char *word);

/* True where the token is the first of *words ("IF NOT EXISTS"), which then begin with the next one. */
bool lc_tok_takes(const struct lc_tok *tok, const char **words);

/* True where the token is that one symbol. */
bool lc_tok_symbol(const struct lc_tok *tok, char symbol);

/* True for ( [ { and for ) ] }. */
bool lc_tok_opens(const struct lc_tok *tok);
bool lc_tok_closes(const struct lc_tok *tok);

/* True for a WORD or a QUOTED token; with this name, its quotes and escapes resolved (case counts). */
bool lc_tok_is_name(const struct lc_tok *tok);
bool lc_tok_is_named(const struct lc_tok *tok, const char *name);

/*
 * The name that a WORD or QUOTED token stands for, its escapes resolved, as a malloc'ed string;
 * for a STRING token its value. NULL: no memory.
 */
char *lc_tok_name(const struct lc_tok *tok);

/*
 * True where two texts have the same tokens, spaces and comments aside: words that are keywords
 * or function names are compared as written, a quoted identifier equals the bare one.
 */
bool lc_lex_same(const char *a, size_t an, const char *b, size_t bn);

#endif
