/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP: the first asks long work to stop in a sound state, the second ends at
 * once.
 */
#ifndef LC_BASE_SIGNALS_H
#define LC_BASE_SIGNALS_H
#include <stdatomic.h>
#include <stdbool.h>

/* Install the handlers, and ignore SIGPIPE; idempotent. Again after libchdb, which sets its own. */
void lc_stop_init(void);

/* Of a command that changes nothing, from here on: SIGINT or SIGTERM ends it at once. */
void lc_stop_at_once(void);

/* The first signal writes this to stderr, since what is open may take long to end. Not copied. */
void lc_stop_notice(const char *text);

/* True once a signal has asked to stop; long work looks at it between steps. */
bool lc_stop_asked(void);

/* The flag itself, for struct lc_query.cancel. */
const atomic_bool *lc_stop_flag(void);

/* 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP, 0 while none has come. */
int lc_stop_exit_code(void);

#endif
