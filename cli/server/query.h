/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ways in which livecol asks the server something for itself: by a statement of sql/ with
 * its values, and again where the connection failed, since asking twice does no harm. What comes
 * back is what the statement promises, or an error.
 */
#ifndef LC_CLI_SERVER_QUERY_H
#define LC_CLI_SERVER_QUERY_H
#include "cli/server/answer_check.h"
#include "cli/server/backend.h"
#include "cli/sql/quote.h"

/* The most that a statement of livecol's own may have. */
#define LC_SQL_MAX_BYTES ((size_t)64 << 20)

/*
 * Format the statement and run it, once. `out` may be NULL. As lc_backend_query, and LC_ERR_UNKNOWN
 * where the answer is not what the statement promises. A connection that never came about is tried
 * again for some seconds: nothing was sent.
 */
int lc_query_run(struct lc_backend *b, const struct lc_sql *statement,
                 const struct lc_sql_arg *args, struct lc_answer *out, struct lc_error *err);

/*
 * As lc_query_run, for a statement that may be run any number of times: a lost or wrong answer is
 * asked for again too. One that stays wrong is LC_ERR_SERVER.
 */
int lc_query_read(struct lc_backend *b, const struct lc_sql *statement,
                  const struct lc_sql_arg *args, struct lc_answer *out, struct lc_error *err);

/*
 * As lc_query_read, for what a run asks of each of its statements. The answer may be one that was
 * given before, where neither this backend nor a clone has sent anything since that may change
 * something: what others change meanwhile may be missed, as it would be a moment later.
 */
int lc_query_kept(struct lc_backend *b, const struct lc_sql *statement,
                  const struct lc_sql_arg *args, struct lc_answer *out, struct lc_error *err);

/*
 * As lc_query_run, of text that the caller has made: the statement's own, and rows behind it. It
 * answers nothing.
 */
int lc_query_run_made(struct lc_backend *b, const struct lc_sql *statement, struct lc_buf *sql,
                      struct lc_error *err);

/*
 * Run text that was made from a statement of sql/, once, and check the answer. As lc_query_run; for
 * a caller with settings or connections of its own.
 */
int lc_query_checked(struct lc_backend *b, const struct lc_query *q, const struct lc_sql *statement,
                     struct lc_answer *out, struct lc_error *err);

/*
 * Ask for one number: *sql is a SELECT that was put together in C, whose one row has it as livecol_n. Its answer is sealed
 * (lc_answer_seal) and checked. timeout_ms and cancel as in lc_query. 0 and *n; LC_ERR_NOMEM; as lc_query_checked.
 */
int lc_query_count(struct lc_backend *b, struct lc_buf *sql, unsigned timeout_ms,
                   const atomic_bool *cancel, uint64_t *n, struct lc_error *err);

#endif
