/*
 * The two ways in which livecol asks the server something for itself: by a template of sql/ with
 * its values, and again where the connection failed, since asking twice does no harm.
 */
#ifndef LC_QUERY_H
#define LC_QUERY_H

#include "cli/server/backend.h"
#include "cli/sql/quote.h"

/*
 * Format the template and run it, once. `out` may be NULL. As lc_backend_query. A connection that
 * never came about is tried again for some seconds: nothing was sent.
 */
int lc_query_run(struct lc_backend *b, const char *template_sql, const struct lc_sql_arg *args,
                 struct lc_table *out, struct lc_error *err);

/*
 * As lc_query_run, for a statement that may be run any number of times: a lost answer is asked for
 * again too.
 */
int lc_query_read(struct lc_backend *b, const char *template_sql, const struct lc_sql_arg *args,
                  struct lc_table *out, struct lc_error *err);

/* Sleep, in steps, until ms have passed or *cancel (may be NULL) is true; true where it is. */
bool lc_sleep_ms(unsigned ms, const atomic_bool *cancel);

/* Milliseconds, nanoseconds, of a clock that only goes forward. */
uint64_t lc_now_ms(void);
uint64_t lc_now_ns(void);

/*
 * How long to wait before try number `attempt` (from 1): 200 ms, doubled each time up to 10 s, each
 * stretched or shrunk at random by up to a quarter, so that many runners do not come back at once.
 */
unsigned lc_backoff_ms(unsigned attempt);

/* How often something is tried before it is given up. */
#define LC_QUERY_TRIES 6u

#endif
