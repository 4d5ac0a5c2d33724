/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column/backfill_options.h"

enum {
    BATCHES = 16, /* mutations in all, about: see backfill.h */
    LEAST_BATCH_ROWS = 10000000,
};

/*
 * Of a large table a batch is a sixteenth, since each mutation costs a new version of every part of the table (see
 * backfill.h); but never less than LEAST_BATCH_ROWS.
 */
uint64_t lc_backfill_batch_rows(uint64_t asked, uint64_t rows_total)
{
    uint64_t rows = rows_total / BATCHES;

    if (asked)
        return asked;
    return rows > LEAST_BATCH_ROWS ? rows : LEAST_BATCH_ROWS;
}
