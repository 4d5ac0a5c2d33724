/* SPDX-License-Identifier: Apache-2.0 */
/* What a backfill is to do, how far it is, and whom it tells: see backfill.h. */
#ifndef LC_CLI_COLUMN_BACKFILL_OPTIONS_H
#define LC_CLI_COLUMN_BACKFILL_OPTIONS_H
#include "cli/column/throttle.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lc_backfill_options {
    bool oldest_first;     /* partitions in the order of their ids; false: the newest first */
    unsigned max_parallel; /* mutations at a time; 0: 1 */
    uint64_t batch_rows;   /* a mutation takes partitions until it has so many rows; 0: a sixteenth
                              of all there are, 10 M at least */
    struct lc_throttle_options throttle;
    const atomic_bool *cancel; /* pause at the next safe point when true; NULL: never */
};

/* Rows that are enough for one mutation of a partitioned table, of so many in all; `asked`: batch_rows. */
uint64_t lc_backfill_batch_rows(uint64_t asked, uint64_t rows_total);

/* How far it is. */
struct lc_backfill_progress {
    uint64_t parts_done,
        parts_total;                /* total: those that lacked the column, and were found since */
    uint64_t rows_done, rows_total; /* within parts too */
    uint64_t elapsed_ms;
    uint64_t waited_ms;  /* of it, throttled */
    double rows_per_s;   /* while not throttled; 0: not known yet */
    uint64_t left_ms;    /* estimate, without further throttling; 0: not known yet */
    const char *waiting; /* what it waits for, "active parts 310 ≥ 300"; NULL: it does not */
};

struct lc_backfill_hooks {
    void (*progress)(void *ctx, const struct lc_backfill_progress *p); /* a few times a second */
    void (*say)(void *ctx, const char *text); /* a line: adopted, retried, throttled, goes on */
    void *ctx;
};

#endif
