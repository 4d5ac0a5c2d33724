/* SPDX-License-Identifier: Apache-2.0 */
/* Reads by key and by time. */
#ifndef LC_BENCH_LIVE_KEYED_READS_H
#define LC_BENCH_LIVE_KEYED_READS_H
#include "bench/live/parts.h"

/* a row by its key, and ten minutes of events; each must answer what was generated. */
int live_read_point(void *ctx, struct lc_call *call, struct lc_error *err);

int live_read_range(void *ctx, struct lc_call *call, struct lc_error *err);

#endif
