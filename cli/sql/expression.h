/* Expressions as text: what they call. */
#ifndef LC_CLI_SQL_EXPRESSION_H
#define LC_CLI_SQL_EXPRESSION_H
#include "base/buf.h"

/*
 * The next function that is called in the expression, from *at on (0 to begin with), as a
 * malloc'ed name; NULL at the end or without memory.
 */
char *lc_expr_function(struct lc_slice expr, size_t *at);

#endif
