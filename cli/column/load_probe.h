/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query that is asked twenty times a second on a connection of its own, as a reader of the table
 * would, so that a backfill feels what readers feel.
 */
#ifndef LC_CLI_COLUMN_LOAD_PROBE_H
#define LC_CLI_COLUMN_LOAD_PROBE_H
#include "cli/server/backend.h"

#include <stdbool.h>

#define LC_PROBE_RUNS           200u /* the latest runs are kept */
#define LC_PROBE_LEAST_RUNS     100u /* a 99th percentile of fewer is a guess */
#define LC_PROBE_PAUSE_MS       50u
#define LC_PROBE_FIRST_PAUSE_MS 5u /* until there are enough: a backfill waits for them */

struct lc_probe;

/*
 * Ask once, then begin. The text is copied. 0 and *out; the failures of the query; LC_ERR_NOMEM,
 * LC_ERR_IO (no thread).
 */
int lc_probe_start(struct lc_probe **out, struct lc_backend *b, const char *sql,
                   struct lc_error *err);

/*
 * The 99th percentile, by nearest rank, of the latest runs, in milliseconds; a failed run counts as
 * slower than any other. A run that goes on for longer than that already is what readers feel now: then
 * its time until now. False, with *runs, while there are too few runs.
 */
bool lc_probe_p99(struct lc_probe *p, double *ms, unsigned *runs);

/* How many of the kept runs failed. */
unsigned lc_probe_failed(struct lc_probe *p);

/* Stop and free; NULL is fine. */
void lc_probe_free(struct lc_probe *p);

#endif
