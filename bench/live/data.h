/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a live run: made, filled, swapped for fresh copies. */
#ifndef LC_BENCH_LIVE_DATA_H
#define LC_BENCH_LIVE_DATA_H
#include "bench/live/parts.h"

/* what is in the way is refused or dropped; the table is made with its named rows. */
int live_make(struct lc_live *live, struct lc_backend *b, struct lc_error *err);

/* It gets the generated rows, and the snapshot is taken. */
int live_fill(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err);

/* A fresh copy of the seeded rows gets the table's name; the table waits as LIVE_DONE. */
int live_swap_in(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err);

/* The copy is dropped and the table gets its name back. */
int live_swap_out(struct lc_backend *b, struct lc_error *err);

/* Drop what a run has made: its tables, and the database where it was made by it. */
int lc_live_clean(const struct lc_live *live, struct lc_backend *b, struct lc_error *err);

#endif
