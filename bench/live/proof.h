/* SPDX-License-Identifier: Apache-2.0 */
/* What must be so afterwards, looked at. */
#ifndef LC_BENCH_LIVE_PROOF_H
#define LC_BENCH_LIVE_PROOF_H
#include "bench/live/parts.h"

/* note one proof. */
void live_prove(struct lc_live *live, bool ok, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Prove the table as it is now: rows, named rows, drift, parts. suffix: "" or " (copy 3)". */
int live_prove_table(struct lc_live *live, struct lc_backend *b, uint64_t rows_want,
                     const char *suffix, struct lc_error *err);

/* GROUP BY of the function next to that of the built-in expression, by turns. */
int live_compare(struct lc_live *live, struct lc_backend *b, struct lc_error *err);

#endif
