/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is an answer what its statement promises? What a server, or something between it and livecol,
 * answers is believed only after this: each statement of sql/ says which columns it answers, of
 * what kind, and in how many rows.
 */
#ifndef LC_CLI_SERVER_ANSWER_CHECK_H
#define LC_CLI_SERVER_ANSWER_CHECK_H
#include "base/buf.h"
#include "cli/server/answer.h"
#include "cli/sql/quote.h"

/*
 * 0, or LC_ERR_INPUT where t is not what the statement promises: number and names of the columns,
 * their types and the numbers in them, the number of rows (as promised, and as the server's own
 * summary counts them). Where it is good, every column of the statement's enum is there, and a cell
 * of a number is a number in range or NULL. A statement that promises nothing is not checked.
 *
 * A sealed answer has two columns more, made by the server of what it read: the number of rows, and
 * a hash of each row's cells, that number and the row's own number, each behind the last with a
 * newline between. A row that was lost, added, moved or changed is found out. Where the server
 * found nothing, a row of number 0 says so, and is taken away here: t->rows becomes 0. LC_ERR_NOMEM
 * too.
 */
int lc_answer_check(struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err);

/*
 * Make a SELECT that was put together in C around a migration's own text seal its rows, as cmake/embed_sql.cmake
 * does with those of sql/. Its columns have the names that `shape` promises, which needs no text. The answer is
 * for lc_answer_check, or lc_query_checked, with that shape. 0, or LC_ERR_NOMEM.
 */
int lc_answer_seal(struct lc_buf *sql, const struct lc_sql *shape);

/*
 * For such a SELECT whose answer is not sealed, since it decides on no change or is asked by way of other hosts:
 * `cols` columns, the last `numbers` of which hold integers that are not negative; one row where `one` is true,
 * else no two rows have the same cells before those. 0, LC_ERR_NOMEM or LC_ERR_UNKNOWN.
 */
int lc_answer_check_shape(const struct lc_answer *t, bool one, size_t cols, size_t numbers,
                          struct lc_error *err);

#endif
