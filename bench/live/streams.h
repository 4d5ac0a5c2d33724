/* SPDX-License-Identifier: Apache-2.0 */
/* The readers and the writer of a live run. */
#ifndef LC_BENCH_LIVE_STREAMS_H
#define LC_BENCH_LIVE_STREAMS_H
#include "bench/live/parts.h"

int live_streams_init(struct live_streams *s, const struct lc_live_options *o,
                      struct lc_error *err);

void live_streams_release(struct live_streams *s);

#endif
