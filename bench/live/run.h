/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main job under load: a derived column is added to a live table and filled in, while a writer,
 * a LIMIT reader and a GROUP BY reader go on (with four_readers a point and a range reader too),
 * each on its own connection; then the proof that nothing broke.
 *
 *   phase      before ─► after ADD ─► backfill ─► after
 *   readers    user_id   region: computed …        … and stored
 *              ▲         ▲            ▲            ▲
 *              load      ADD COLUMN   MATERIALIZE  the migration has been applied
 *              begins    is sent      is sent
 *
 * With add_apart, ADD COLUMN itself is a phase of its own, between the first two: on a server whose
 * ADD COLUMN waits for running SELECTs, and stalls those behind it, that is reported by itself and
 * is not held to the budget.
 *
 * The migration runs through lc_runner_up; its hooks move the phases on. Each phase is held until
 * it has lasted long enough and has enough LIMIT samples (with four readers, of point reads and
 * writes too). A backfill cannot be held: where it is
 * too quick, it is repeated on fresh copies of the table, which get its name meanwhile, and the
 * samples are put together.
 */
#ifndef LC_BENCH_LIVE_RUN_H
#define LC_BENCH_LIVE_RUN_H
#include "bench/live/scenario.h"

/*
 * Run it. The connection is used for the migration and cloned for the streams. 0 with *live filled
 * and every proof good; LC_ERR_FOUND where a proof failed (see proofs); LC_ERR_STOPPED (cancelled);
 * LC_ERR_REFUSED (tables that it did not make are in the way: nothing changed); or the failure of
 * a statement. *live is to be released in every case, and holds what there was until then.
 */
int lc_live_run(struct lc_live *live, struct lc_backend *b, const struct lc_live_options *options,
                struct lc_error *err);

void lc_live_release(struct lc_live *live);

/*
 * The same as an outcome, which lc_result_begin has begun: a series for each stream and phase,
 * "limit/backfill", the phases as stretches, figures and proofs as facts. 0 or LC_ERR_NOMEM.
 */
int lc_live_outcome(const struct lc_live *live, struct lc_result *o);

/* Append the summary for a person. 0 or LC_ERR_NOMEM. */
int lc_live_summary(const struct lc_live *live, struct lc_buf *out);

#endif
