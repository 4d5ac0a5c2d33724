/* SPDX-License-Identifier: Apache-2.0 */
/* The highest rate that the machine serves before the change. */
#ifndef LC_BENCH_LIVE_RATE_H
#define LC_BENCH_LIVE_RATE_H
#include "bench/live/parts.h"

/* what hold_ms says, and the streams' rates set by it. */
int live_find_rate(struct lc_live *live, struct lc_backend *b, struct live_streams *s,
                   struct lc_error *err);

/*
 * How long a GROUP BY read takes now, before the change; where options.group_fits, no more of them a second
 * than fit, in the options and the streams, and said.
 */
int live_fit_group_rate(struct lc_live *live, struct lc_backend *b, struct live_streams *s,
                        struct lc_error *err);

#endif
