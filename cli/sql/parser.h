/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the statement parser (cli/sql/statement.h): the reader of its tokens, which all of them
 * use, and the statements that fill a file of their own. Private to cli/sql/statement*.c.
 *
 * An int is 0 or LC_ERR_NOMEM, in err too.
 */
#ifndef LC_CLI_SQL_PARSER_H
#define LC_CLI_SQL_PARSER_H
#include "cli/sql/lexer.h"
#include "cli/sql/statement.h"

/* The statement's code tokens, and the place of the next one; the last token is LC_TOK_END. */
struct lc_parser {
    const struct lc_tok *t;
    size_t n, at;
    struct lc_error *err;
};

int lc_parser_no_memory(struct lc_parser *p);

/* The token so many behind the next one; LC_TOK_END past the end. */
const struct lc_tok *lc_parser_peek(const struct lc_parser *p, size_t ahead);
bool lc_parser_at_end(const struct lc_parser *p);
void lc_parser_skip(struct lc_parser *p);

/*
 * Every loop of this parser asks it, so that none can turn without end: is there something left,
 * and has the last round read something? *before is SIZE_MAX at first.
 */
bool lc_parser_goes_on(const struct lc_parser *p, size_t *before);

/* Pass over the words, given as "IF NOT EXISTS", where all of them come next. */
bool lc_parser_accept(struct lc_parser *p, const char *words);
bool lc_parser_accept_symbol(struct lc_parser *p, char symbol);

/* Is it one of the words, of which the last is NULL? */
bool lc_tok_is_any(const struct lc_tok *t, const char *const *words);

/* Keep count of brackets; false where a closing one leaves the element that is being read. */
bool lc_tok_track(const struct lc_tok *t, unsigned *depth);

/* [database.]name; leaves both as they are where no name comes next. */
int lc_parser_object(struct lc_parser *p, char **database, char **name);

/* A column's name, nested ones (a.b) whole. */
int lc_parser_column(struct lc_parser *p, char **name);

/* From the token `first` to the one before the next. */
struct lc_slice lc_parser_text_since(const struct lc_parser *p, size_t first);

/* ON CLUSTER name, where it comes next. */
void lc_parser_cluster(struct lc_parser *p, struct lc_stmt *s);

/* Append an empty command; NULL: no memory. */
struct lc_stmt_command *lc_parser_new_command(struct lc_stmt *s);

/* Append a table without a name; NULL: no memory. */
struct lc_stmt_table *lc_parser_new_table(struct lc_stmt *s);

/* What follows a column's name: [type] [DEFAULT expr] … */
void lc_parser_column_rest(struct lc_parser *p, struct lc_stmt_command *c);

/* Which kind of object CREATE or DROP is about; NULL: none that is known here. */
const char *lc_parser_object_kind(struct lc_parser *p, enum lc_stmt_kind *kind, bool create);

/* Behind ALTER, CREATE. */
int lc_parser_alter(struct lc_parser *p, struct lc_stmt *s);
int lc_parser_create(struct lc_parser *p, struct lc_stmt *s);

#endif
