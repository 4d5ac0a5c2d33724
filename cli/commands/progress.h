/* How far a mutation is, as one line for a person. */
#ifndef LC_PROGRESS_H
#define LC_PROGRESS_H

#include "cli/migrate/runner.h"

#include <stddef.h>

/*
 * "0001 region 2/2 mutation: 41 %, 2.1 M of 5.0 M rows, 1.2 M rows/s, 3 of 7 parts left, 2 s to go"
 * into out; what is not known is left out. e->progress must be set.
 */
void lc_progress_line(char *out, size_t size, const struct lc_run_event *e);

/* A count as people say it: 950, 12.3 k, 5.0 M, 1.2 G. */
const char *lc_short_count(char out[16], double n);

/* A time as people say it: "850 ms", "2.1 s", "3 min 20 s", "2 h 5 min". */
const char *lc_short_time(char out[24], uint64_t ms);

/* A time as a clock shows it, in whole seconds: "7s", "3m05s", "2h05m". */
const char *lc_clock_time(char out[24], uint64_t ms);

#endif
