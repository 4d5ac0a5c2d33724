/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions as text: what they call, which names they refer to, and how to change one of these
 * without touching the rest. All of it goes by tokens: a string or a comment that merely looks like
 * a call or a name counts for nothing.
 */
#ifndef LC_CLI_SQL_EXPRESSION_H
#define LC_CLI_SQL_EXPRESSION_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

/*
 * The next function that is called in the expression, from *at on (0 to begin with), as a
 * malloc'ed name; NULL at the end or without memory.
 */
char *lc_expr_function(struct lc_slice expr, size_t *at);

/*
 * One call. Places are bytes of the expression:
 *
 *   concat('x', region_v1( lower(code) ))      at ─► region_v1( lower(code) )    name_n: region_v1
 *               ├────────┤ ├─────────┤           args ─► lower(code)
 */
struct lc_expr_call {
    char *name;      /* unquoted */
    size_t at, n;    /* the whole call */
    size_t name_n;   /* of the name as written */
    size_t args_at;  /* behind its '(' */
    size_t args_len; /* up to its ')', blanks and comments at both ends left out */
    size_t args;     /* how many arguments: 0, 1, … */
};

/*
 * Every call, by place, the outer before the inner: *v is malloc'ed (lc_expr_free_calls). 0;
 * LC_ERR_INPUT where the text cannot be read or a parenthesis is not closed; LC_ERR_NOMEM.
 */
int lc_expr_calls(const char *expr, struct lc_expr_call **v, size_t *n, struct lc_error *err);
void lc_expr_free_calls(struct lc_expr_call *v, size_t n);

/* Does the server's function ask a dictionary: dictGet…, dictHas, dictIsIn? */
bool lc_expr_asks_dictionary(const char *function);

/* Argument i (from 0) of a call, as a slice of the expression; n 0: it has no such argument. */
struct lc_slice lc_expr_argument(const char *expr, const struct lc_expr_call *c, size_t i);

/*
 * Append the expression with every call of `from` made one of `to`, and every dictGet… that asks the
 * dictionary `from` ('from', 'db.from') asking `to`, in the same database. 0, LC_ERR_INPUT,
 * LC_ERR_NOMEM.
 */
int lc_expr_rename(const char *expr, const char *from, const char *to, struct lc_buf *out,
                   struct lc_error *err);

/*
 * The next place from `from` on where the expression refers to the column, whose name may have
 * dots: also by a path into it (column.a.b), of which the place is the column's own part. A function
 * of that name, a part of another name (x.column) and a lambda's parameter are no references. False:
 * there is none.
 */
bool lc_expr_find_column(const char *expr, const char *column, size_t from, size_t *at, size_t *n);

/*
 * Does the part of n bytes at `at` have a name that the expression makes around it: a lambda's
 * parameter (x -> f(x)), or an alias (k AS x, f(x))? Then it says nothing by itself.
 */
bool lc_expr_is_bound(const char *expr, size_t at, size_t n);

/* Append the expression with every reference to the column replaced by (by). 0 or LC_ERR_NOMEM. */
int lc_expr_replace_column(const char *expr, const char *column, const char *by,
                           struct lc_buf *out);

/*
 * The version that ends a function's name: 10 of "region_v10", with *base_n the bytes of "region".
 * 0 where it ends with none.
 */
uint64_t lc_expr_version(const char *function, size_t *base_n);

/*
 * Are they versions of one function: region_v1 and region_v2, or of rules with several attributes
 * region_v1_tier and region_v2_tier?
 */
bool lc_expr_same_family(const char *a, const char *b);

#endif
