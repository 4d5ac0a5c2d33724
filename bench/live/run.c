/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phases are moved by the migration's own events:
 *
 *   BEFORE, held ─► lc_runner_up: ADD COLUMN is sent    ─► ADDED (with add_apart ADDING until its answer)
 *                                 MATERIALIZE is sent   ─► BACKFILL
 *                                 the migration is done ─► AFTER, held ─► the proofs
 *                                                                             ▼
 *                                      a backfill that was too short is repeated on copies of the table
 *
 * A phase is held within the event's callback: the migration waits for the measurement.
 */
#include "bench/live/run.h"

#include "base/format.h"
#include "bench/live/data.h"
#include "bench/live/parts.h"
#include "bench/live/proof.h"
#include "bench/live/rate.h"
#include "bench/live/streams.h"
#include "cli/migrate/runner.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often a held phase looks whether it is full. */
enum { LOOK_EVERY_NS = 20000000 };

/* A run under way. */
struct run {
    struct lc_live *live;
    struct lc_backend *b;
    struct live_streams streams;
    unsigned copy; /* 0: the table itself */
};

static bool cancelled(const struct lc_live *live)
{
    return live->options.cancel != NULL && atomic_load(live->options.cancel);
}

/* End the segment that is open, if one is: to_ns is 0 as long as it goes on. */
static void segment_end(struct lc_live *live)
{
    if (live->n_segments > 0 && live->segments[live->n_segments - 1].to_ns == 0) {
        live->segments[live->n_segments - 1].to_ns = lc_load_elapsed_ns(live->load);
    }
}

/* From now on what the streams do belongs to this phase. */
static void phase_begin(struct run *r, enum lc_live_phase phase)
{
    struct lc_live *live = r->live;
    segment_end(live);
    lc_load_run(live->load, phase);
    /*
     * Beyond the room for segments samples still count for their phase;
     * only its seconds are short.
     */
    if (live->n_segments < LC_LIVE_SEGMENTS) {
        live->segments[live->n_segments++] = (struct lc_live_segment){
            .phase = phase, .from_ns = lc_load_elapsed_ns(live->load), .to_ns = 0};
    }
}

/*
 * End the phase: what was due is done first, then nothing is in flight
 * until the next phase_begin.
 */
static void pause_load(struct run *r)
{
    segment_end(r->live);
    lc_load_pause(r->live->load); /* with what was due until now */
}

/* One that failed counts here: it is reported, and must not hold the phase forever. */
static bool has_samples(const struct lc_live *live, enum lc_live_stream s, enum lc_live_phase phase)
{
    return lc_load_count(live->load, s, phase) + lc_load_failed(live->load, s) >=
           live->options.samples;
}

/* Has the phase lasted, with the samples that the budget is judged on? */
static bool phase_full(const struct lc_live *live, enum lc_live_phase phase)
{
    return has_samples(live, LC_LIVE_LIMIT, phase) &&
           (!live->options.four_readers ||
            (has_samples(live, LC_LIVE_POINT, phase) && has_samples(live, LC_LIVE_WRITE, phase))) &&
           lc_live_phase_seconds(live, phase) >= live->options.phase_s;
}

/* Wait until the phase has lasted and has its samples, or the person wants to stop. */
static void phase_hold(struct run *r, enum lc_live_phase phase)
{
    const struct lc_clock *clock = lc_clock_system();
    while (!phase_full(r->live, phase) && !cancelled(r->live) && !lc_load_over(r->live->load)) {
        live_line(&r->live->options, true,
                  "phase %-10s %4.1f s  %" PRIu64 " LIMIT reads, %" PRIu64
                  " GROUP BY reads, %" PRIu64 " batches written",
                  lc_live_phase_name(phase), lc_live_phase_seconds(r->live, phase),
                  lc_load_count(r->live->load, LC_LIVE_LIMIT, phase),
                  lc_load_count(r->live->load, LC_LIVE_GROUP, phase),
                  lc_load_count(r->live->load, LC_LIVE_WRITE, phase));
        clock->sleep_until(clock->ctx, lc_clock_now(clock) + LOOK_EVERY_NS,
                           r->live->options.cancel);
    }
}

/* The statement's text was parsed by the runner; a statement of several commands may do both. */
static bool adds_column(const struct lc_stmt *s)
{
    for (size_t i = 0; s != NULL && i < s->command_n; i++) {
        if (s->commands[i].kind == LC_STMT_ADD_COLUMN) {
            return true;
        }
    }
    return false;
}

/* MATERIALIZE COLUMN, or an UPDATE: whatever is a mutation and does not add the column. */
static bool fills_column(const struct lc_stmt *s)
{
    return s != NULL && s->mutates && !adds_column(s);
}

/* Copies have no phases of their own but the backfill, whose samples join those of the table. */
static void statement_begins(struct run *r, const struct lc_run_event *e)
{
    if (adds_column(e->parsed) && r->copy == 0) {
        phase_begin(r, r->live->options.add_apart ? LC_LIVE_ADDING : LC_LIVE_ADDED);
    } else if (fills_column(e->parsed)) {
        phase_begin(r, LC_LIVE_BACKFILL);
    }
}

static void statement_ended(struct run *r, const struct lc_run_event *e)
{
    struct lc_live *live = r->live;
    if (adds_column(e->parsed)) {
        /*
         * From here the readers ask for the column: the server computes
         * it where it is not stored.
         */
        atomic_store(&r->streams.has_region, true);
        if (r->copy == 0) {
            live->add_ms = (double)e->ms;
            if (live->options.add_apart) {
                phase_begin(r, LC_LIVE_ADDED);
            }
            phase_hold(r, LC_LIVE_ADDED);
        }
    } else if (fills_column(e->parsed)) {
        if (r->copy == 0) {
            live->backfill_ms = (double)e->ms;
            phase_begin(r, LC_LIVE_AFTER);
        } else {
            pause_load(r);
        }
    }
}

static void show_progress(struct run *r, const struct lc_mutation_progress *p)
{
    char rate[64] = "";
    char left[64] = "";
    if (p->rows_per_s > 0) {
        (void)snprintf(rate, sizeof rate, "  %.1f M rows/s", p->rows_per_s / 1e6);
    }
    if (p->left_ms > 0) {
        (void)snprintf(left, sizeof left, "  ETA %.1f s", (double)p->left_ms / 1000);
    }
    live_line(&r->live->options, true,
              "backfill %s.%s.region  %" PRIu64 "/%" PRIu64 " parts  %.1f%%%s%s", LC_LIVE_DATABASE,
              LC_LIVE_TABLE, p->parts_total - p->parts_to_do, p->parts_total, 100 * p->fraction,
              rate, left);
}

/*
 * Called by the runner, which goes on when this returns: to hold a phase
 * here holds the migration.
 */
static void on_event(void *ctx, const struct lc_run_event *e)
{
    struct run *r = ctx;
    switch (e->kind) {
    case LC_RUN_STMT_START:
        statement_begins(r, e);
        break;
    case LC_RUN_STMT_DONE:
        statement_ended(r, e);
        break;
    case LC_RUN_MUTATION:
        show_progress(r, e->progress);
        break;
    case LC_RUN_CHECKED:
    case LC_RUN_WARNING:
    case LC_RUN_RETRY:
    case LC_RUN_UNKNOWN:
    case LC_RUN_LOCK_WAIT:
        if (r->copy == 0) {
            live_line(&r->live->options, false, "%s", e->text);
        }
        break;
    case LC_RUN_MIGRATION_START:
    case LC_RUN_MIGRATION_DONE:
    case LC_RUN_MIGRATION_FAILED:
    default:
        break;
    }
}

/* The migration, as `livecol up` runs it; each copy has a tracking table of its own. */
static int migrate(struct run *r, struct lc_up_report *report, struct lc_error *err)
{
    char tracking[120];
    (void)snprintf(tracking, sizeof tracking, "%s.%s_%u", LC_LIVE_DATABASE, LIVE_TRACKING, r->copy);
    struct lc_up_options up = {.migrations_dir = r->live->options.migrations_dir,
                               .no_verify = true, /* the benchmark has a proof of its own */
                               .table = tracking,
                               .cancel = r->live->options.cancel,
                               .hooks = {on_event, r}};
    return lc_runner_up(r->b, &up, report, err);
}

/* Would it run? A function that is missing is found out now, on five rows, not
 * after all of them. */
static int check_migrations(struct run *r, struct lc_error *err)
{
    struct lc_up_report report = {0};
    struct lc_up_options up = {.migrations_dir = r->live->options.migrations_dir,
                               .no_verify = true, /* the benchmark has a proof of its own */
                               .table = LC_LIVE_DATABASE "." LIVE_TRACKING "_check",
                               .dry_run = true,
                               .cancel = r->live->options.cancel};
    return lc_runner_up(r->b, &up, &report, err);
}

/* Columns, defaults and mutations of the table as text: what a second `up` must not change. */
static int table_state(struct lc_backend *b, struct lc_buf *out, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = live_run(b, lc_sql_live_state, LC_LIVE_TABLE, NULL, NULL, &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows * t.cols; i++) {
        rc = lc_buf_addf(out, "%s\n", t.cells[i].p);
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * A migration that was applied must be left alone by `livecol up`: same table, no new
 * mutation.
 */
static int prove_second_up(struct run *r, struct lc_error *err)
{
    struct lc_buf state[2];
    struct lc_up_report report = {0};
    lc_buf_init(&state[0], 1 << 20);
    lc_buf_init(&state[1], 1 << 20);
    int rc = table_state(r->b, &state[0], err);
    rc = rc == 0 ? migrate(r, &report, err) : rc;
    rc = rc == 0 ? table_state(r->b, &state[1], err) : rc;
    if (rc == 0) {
        bool same = state[0].n == state[1].n && memcmp(state[0].p, state[1].p, state[0].n) == 0;
        live_prove(r->live, same && report.applied == 0 && report.skipped > 0,
                   "a second up changes nothing", "applied %u, skipped %u", report.applied,
                   report.skipped);
    }
    lc_buf_release(&state[0]);
    lc_buf_release(&state[1]);
    return rc;
}

/* On disk, of all active parts; 0 where the table has no rows. */
static int bytes_per_row(struct run *r, double *out, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = live_run(r->b, lc_sql_live_parts, LC_LIVE_TABLE, NULL, NULL, &t, err);
    if (rc == 0 && t.rows == 1) {
        double rows = lc_answer_f64(&t, 0, LC_SQL_LIVE_PARTS_ALL_ROWS, 0);
        *out = rows > 0 ? lc_answer_f64(&t, 0, LC_SQL_LIVE_PARTS_ALL_BYTES, 0) / rows : 0;
    }
    lc_answer_release(&t);
    return rc;
}

/* The table itself: four phases, the migration in their midst, the proofs. */
static int run_table(struct run *r, struct lc_error *err)
{
    struct lc_live *live = r->live;
    struct lc_up_report report = {0};
    live->backfill_rows = atomic_load(&r->streams.rows_there);
    int rc = bytes_per_row(r, &live->bytes_per_row[0], err);
    if (rc != 0) {
        return rc;
    }
    phase_begin(r, LC_LIVE_BEFORE);
    phase_hold(r, LC_LIVE_BEFORE);
    rc = migrate(r, &report, err);
    /*
     * No statement filled a column: the folder holds other migrations
     * than this benchmark is about.
     */
    if (rc == 0 && live->backfill_ms < 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "the migrations of %s do not add and fill a column",
                     live->options.migrations_dir);
        lc_hint(err, "bench live needs one that adds region to %s.%s and materializes it",
                LC_LIVE_DATABASE, LC_LIVE_TABLE);
    }
    if (rc == 0) {
        phase_hold(r, LC_LIVE_AFTER);
    }
    pause_load(r);
    if (rc != 0) {
        return rc;
    }
    live_line(&live->options, true, "proving");
    rc = bytes_per_row(r, &live->bytes_per_row[1], err);
    rc = rc == 0 ? live_prove_table(live, r->b, atomic_load(&r->streams.rows_there), "", err) : rc;
    rc = rc == 0 ? prove_second_up(r, err) : rc;
    rc = rc == 0 ? live_compare(live, r->b, err) : rc;
    return rc;
}

/* One more backfill, of a fresh copy, for its samples. */
static int run_copy(struct run *r, struct lc_error *err)
{
    struct lc_live *live = r->live;
    struct lc_up_report report = {0};
    char suffix[40];
    r->copy = ++live->repeats;
    /*
     * The readers and the writer see a table as it was before the change, with rows of
     * its own.
     */
    atomic_store(&r->streams.copy, r->copy);
    atomic_store(&r->streams.has_region, false);
    atomic_store(&r->streams.rows_there, live->options.rows + LIVE_NAMED_ROWS);
    int rc = live_swap_in(r->b, &live->options, err);
    if (rc != 0) {
        return rc;
    }
    rc = migrate(r, &report, err);
    pause_load(r);
    if (rc == 0) {
        size_t before = live->n_proofs;
        size_t wrong = 0;
        (void)snprintf(suffix, sizeof suffix, ", copy %u", r->copy);
        rc = live_prove_table(live, r->b, atomic_load(&r->streams.rows_there), suffix, err);
        /* Good news of a copy is no news: keep only what failed. */
        for (size_t i = before; i < live->n_proofs;) {
            if (live->proofs[i].ok) {
                live->proofs[i] = live->proofs[--live->n_proofs];
            } else {
                wrong++;
                i++;
            }
        }
        live->copies_wrong += wrong > 0;
    }
    struct lc_error later = LC_ERROR_INIT;
    /* Also after a failure: with --keep a person expects the table under its own name. */
    int back = live_swap_out(r->b, rc == 0 ? err : &later);
    return rc == 0 ? back : rc;
}

/*
 * Repeat the backfill until the phase has its time and samples, or `repeat_s` is over. A
 * backfill of a small table ends before a p99 of the reads during it can be known.
 */
static int run_copies(struct run *r, struct lc_error *err)
{
    struct lc_live *live = r->live;
    uint64_t until =
        lc_clock_now(lc_clock_system()) + lc_double_to_u64(live->options.repeat_s * 1e9);
    int rc = 0;
    while (rc == 0 && !cancelled(live) && !phase_full(live, LC_LIVE_BACKFILL) &&
           live->n_segments < LC_LIVE_SEGMENTS && lc_clock_now(lc_clock_system()) < until) {
        live_line(&live->options, true,
                  "backfill again, on fresh copy %u: %.1f of %.1f s, %" PRIu64 " of %" PRIu64
                  " LIMIT reads",
                  live->repeats + 1, lc_live_phase_seconds(live, LC_LIVE_BACKFILL),
                  live->options.phase_s, lc_load_count(live->load, LC_LIVE_LIMIT, LC_LIVE_BACKFILL),
                  live->options.samples);
        rc = run_copy(r, err);
    }
    if (rc == 0 && live->repeats > 0) {
        live_prove(live, live->copies_wrong == 0, "the same of every fresh copy", "%u of %u",
                   live->repeats - live->copies_wrong, live->repeats);
    }
    return rc;
}

/*
 * Two proofs over the whole run: every operation was good, and every phase
 * was measured as asked for.
 */
static void prove_streams(struct lc_live *live)
{
    uint64_t failed = 0;
    uint64_t good = 0;
    const char *text = NULL;
    for (size_t s = 0; s < lc_live_streams(&live->options); s++) {
        failed += lc_load_failed(live->load, s);
        text = text == NULL ? lc_load_error(live->load, s, 0) : text;
        for (unsigned p = 0; p < LC_LIVE_PHASES; p++) {
            good += lc_load_count(live->load, s, p);
        }
    }
    live_prove(live, failed == 0, "no read or write failed",
               "%" PRIu64 " good, %" PRIu64 " failed%s%.80s", good, failed,
               text != NULL ? ": " : "", text != NULL ? text : "");
    bool full = true;
    double shortest = -1;
    uint64_t fewest = UINT64_MAX;
    for (unsigned p = 0; p < LC_LIVE_PHASES; p++) {
        if (!lc_live_phase_counts(p)) {
            continue;
        }
        double s = lc_live_phase_seconds(live, p);
        uint64_t n = lc_load_count(live->load, LC_LIVE_LIMIT, p);
        shortest = shortest < 0 || s < shortest ? s : shortest;
        fewest = n < fewest ? n : fewest;
        full = full && phase_full(live, p);
    }
    live_prove(live, full, "every phase has its time and samples",
               "shortest %.1f s, fewest %" PRIu64 " LIMIT reads", shortest, fewest);
}

/* What an INSERT waits for, and who gives way, depends on them. */
static int note_settings(struct lc_live *live, struct lc_backend *b, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = live_run(b, lc_sql_bench_setting, "", "name", LIVE_NICE_SETTING, &t, err);
    live->nice_known = rc == 0 && t.rows == 1;
    lc_answer_release(&t);
    rc = rc == 0 ? live_run(b, lc_sql_bench_setting, "", "name", "async_insert", &t, err) : rc;
    if (rc == 0 && t.rows == 1) {
        (void)snprintf(live->async_insert, sizeof live->async_insert, "%s",
                       lc_answer_at(&t, 0, LC_SQL_BENCH_SETTING_VALUE)->p);
    }
    lc_answer_release(&t);
    return rc;
}

int lc_live_run(struct lc_live *live, struct lc_backend *b, const struct lc_live_options *options,
                struct lc_error *err)
{
    uint64_t from = lc_clock_now(lc_clock_system());
    /* Times below 0 mean "not reached"; partial until the end is reached. */
    *live = (struct lc_live){
        .options = *options, .rate_used = 1, .add_ms = -1, .backfill_ms = -1, .partial = true};
    struct run r = {.live = live, .b = b};
    int rc = live_streams_init(&r.streams, options, err);
    rc = rc == 0 ? live_make(live, b, err) : rc;
    rc = rc == 0 ? check_migrations(&r, err) : rc;
    rc = rc == 0 ? live_fill(b, options, err) : rc;
    atomic_store(&r.streams.rows_there, options->rows + LIVE_NAMED_ROWS);
    rc = rc == 0 ? note_settings(live, b, err) : rc;
    rc = rc == 0 ? live_fit_group_rate(live, b, &r.streams, err) : rc;
    rc = rc == 0 && options->hold_ms > 0 ? live_find_rate(live, b, &r.streams, err) : rc;
    if (rc == 0) {
        struct lc_load_spec spec = {
            .streams = r.streams.spec,
            .n_streams = lc_live_streams(options),
            .backend = b,
            .cancel = options->cancel,
        };
        rc = lc_load_start(&live->load, &spec, err);
    }
    rc = rc == 0 ? run_table(&r, err) : rc;
    rc = rc == 0 ? run_copies(&r, err) : rc;
    if (live->load != NULL) {
        lc_load_stop(live->load);
        segment_end(live);
    }
    if (cancelled(live) && (rc == 0 || rc == LC_ERR_STOPPED)) {
        /*
         * A person's stop may have surfaced as any statement's error: this text says it
         * better.
         */
        *err = LC_ERROR_INIT;
        rc = lc_fail(err, LC_ERR_STOPPED,
                     "interrupted: the figures cover the time until then, and nothing is verified");
    } else if (rc == 0) {
        live->partial = false;
        prove_streams(live);
        for (size_t i = 0; i < live->n_proofs; i++) {
            if (!live->proofs[i].ok) {
                rc = lc_fail(err, LC_ERR_FOUND, "not proven: %s (%s)", live->proofs[i].what,
                             live->proofs[i].detail);
            }
        }
    }
    live->ms_in_all = (double)(lc_clock_now(lc_clock_system()) - from) / 1e6;
    live_streams_release(&r.streams);
    return rc;
}

void lc_live_release(struct lc_live *live)
{
    lc_load_free(live->load);
    live->load = NULL;
}
