/*
 * The two ways in which livecol asks the server something for itself: by a template of sql/ with
 * its values, and again where the connection failed, since asking twice does no harm.
 */
#ifndef LC_CLI_SERVER_QUERY_H
#define LC_CLI_SERVER_QUERY_H
#include "cli/server/backend.h"
#include "cli/sql/quote.h"

/*
 * Format the template and run it, once. `out` may be NULL. As lc_backend_query. A connection that
 * never came about is tried again for some seconds: nothing was sent.
 */
int lc_query_run(struct lc_backend *b, const char *template_sql, const struct lc_sql_arg *args,
                 struct lc_answer *out, struct lc_error *err);

/*
 * As lc_query_run, for a statement that may be run any number of times: a lost answer is asked for
 * again too.
 */
int lc_query_read(struct lc_backend *b, const char *template_sql, const struct lc_sql_arg *args,
                  struct lc_answer *out, struct lc_error *err);

/* How often something is tried before it is given up. */
#define LC_QUERY_TRIES 6u

#endif
