/* SPDX-License-Identifier: Apache-2.0 */
/* livecol backfill: store a derived column for the rows that were there before it. */
#include "base/clock.h"
#include "base/format.h"
#include "base/hook.h"
#include "base/json.h"
#include "base/signals.h"
#include "cli/column/backfill.h"
#include "cli/column/backfill_disk.h"
#include "cli/column/estimate.h"
#include "cli/column/preflight.h"
#include "cli/commands/frame.h"
#include "cli/commands/metrics.h"
#include "cli/migrate/lock.h"
#include "cli/migrate/tracking.h"
#include "cli/migrate/verify_after.h"
#include "cli/server/mutation.h"
#include "cli/sql/name.h"
#include "cli/term/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often progress is shown: on a terminal, as lines, as objects of --json. */
enum { REDRAW_MS = 170, LINE_EVERY_MS = 10000, JSON_EVERY_MS = 1000, SHOWN_PARTITIONS = 5 };
enum { LABEL_BYTES = 800 }; /* three names and two dots */

/*
 * One run of the command. The steps are those of the frame, but the lock: it is taken only when
 * the plan has been printed and there is something to do.
 *
 *   look   find the column, and which parts do not store it
 *   act    try the DEFAULT and the throttles, print the plan, check the disk; then lock, look
 *          again, store, wait for replicas
 */
struct backfill {
    struct lc_frame_run r;
    char *database, *table, *column; /* as typed; database NULL: the connection's */
    struct lc_abilities facts;
    struct lc_cluster cluster; /* --cluster, or the server alone */
    struct lc_backfill_target target;
    struct lc_backfill_progress progress;
    struct lc_metrics metrics;
    const char *on_success, *on_failure, *metrics_file;
    bool cancel;
    uint64_t next_ms; /* when the next line of progress may be shown */
};

/*
 * An object that says what happened to which column. The caller adds to it and prints it.
 * Before the column is found the names are null.
 */
static struct lc_json *event(const struct backfill *f, const char *name)
{
    struct lc_json *o = lc_json_object();

    lc_json_set_str(o, "event", name);
    lc_json_set_str(o, "database", f->target.database);
    lc_json_set_str(o, "table", f->target.table);
    lc_json_set_str(o, "column", f->target.column);
    return o;
}

/* Print the object as a line, and free it. */
static void print_event(struct lc_json *o)
{
    lc_json_line(o, stdout);
    lc_json_free(o);
}

/* "database.table.column", fit for a terminal; into out. */
static const char *label(const struct backfill *f, char out[LABEL_BYTES])
{
    const struct lc_backfill_target *t = &f->target;

    snprintf(out, LABEL_BYTES, "%s.%s.%s", t->database, t->table, t->column);
    lc_message_plain(out);
    return out;
}

/* What the plan says, computed once for both ways of printing it. */
struct estimate {
    struct lc_estimate sample;
    struct lc_backfill_disk disk;
    char throttles[1024];
};

/* Mutations that run at the same time. */
static unsigned parallel(const struct backfill *f)
{
    return f->r.m.up.backfill.max_parallel ? f->r.m.up.backfill.max_parallel : 1;
}

/* Fill *e. A mutation is of some partitions, and computes their parts in parallel. */
static int make_estimate(const struct backfill *f, struct estimate *e, struct lc_error *err)
{
    const struct lc_backfill_target *t = &f->target;
    const struct lc_backfill_partition *sum = &t->left.sum;
    uint64_t batch = lc_backfill_batch_rows(f->r.m.up.backfill.batch_rows, sum->rows) * parallel(f);
    double rows = (double)(t->partitioned && batch < sum->rows ? batch : sum->rows);

    *e = (struct estimate){0};
    e->sample = lc_estimate_mutation(
        t->b, &(struct lc_estimated){
                  .database = t->database,
                  .table = t->table,
                  .type = t->type,
                  .expr = t->default_expr,
                  .parts = sum->rows ? (double)sum->parts * rows / (double)sum->rows : 1});
    lc_throttle_describe(&f->r.m.up.backfill.throttle, e->throttles, sizeof e->throttles);
    return lc_backfill_disk(t, &e->disk, err);
}

/*
 * At most: compact parts are rewritten whole, of the others only the column's values are
 * written, the rest is hard-linked.
 */
static double bytes_to_write(const struct lc_backfill_partition *sum, const struct estimate *e)
{
    return (double)sum->compact_bytes + (double)sum->rows * e->sample.bytes_per_row;
}

/* Partition i, from 0, in the order in which they are done; left.v has them by id. */
static const struct lc_backfill_partition *in_order(const struct backfill *f, size_t i)
{
    const struct lc_backfill_left *left = &f->target.left;

    return &left->v[f->r.m.up.backfill.oldest_first ? i : left->n - 1 - i];
}

/* How many partitions there are to do, and the first of them. */
static void print_partitions(const struct backfill *f)
{
    const struct lc_backfill_left *left = &f->target.left;
    char rows[16], text[256];

    if (!f->target.partitioned) {
        printf("  partitions    none: one mutation\n");
        return;
    }
    printf("  partitions    %zu, the %s first:", left->n,
           f->r.m.up.backfill.oldest_first ? "oldest" : "newest");
    for (size_t i = 0; i < left->n && i < SHOWN_PARTITIONS; i++) {
        snprintf(text, sizeof text, "%s", in_order(f, i)->text);
        lc_message_plain(text);
        printf("%s %s (%" PRIu64 " part%s, %s row%s)", i ? "," : "", text, in_order(f, i)->parts,
               LC_S(in_order(f, i)->parts), lc_short_count(rows, (double)in_order(f, i)->rows),
               LC_S(in_order(f, i)->rows));
    }
    printf("%s\n", left->n > SHOWN_PARTITIONS ? ", …" : "");
}

/*
 * What is to be done, before it is done: also what cannot be stopped once begun. A pause takes
 * effect between parts, so the largest one says how long it takes at most.
 */
static void print_plan(const struct backfill *f, const struct estimate *e)
{
    const struct lc_backfill_target *t = &f->target;
    const struct lc_backfill_partition *sum = &t->left.sum;
    const double ms = lc_estimate_ms(&e->sample, (double)sum->rows, (double)sum->largest_rows);
    char a[16], b[16], time[24], name[LABEL_BYTES];

    printf("backfill %s: %s %s %s\n", label(f, name), t->type, t->default_kind, t->default_expr);
    printf("  parts         %" PRIu64 " of %" PRIu64 " lack it\n", sum->parts, t->table_parts);
    printf("  rows          %s of %s\n", lc_short_count(a, (double)sum->rows),
           lc_short_count(b, (double)t->table_rows));
    print_partitions(f);
    printf("  to write      at most %s (before compression)\n",
           lc_short_bytes(a, bytes_to_write(sum, e)));
    printf("  calls         %" PRIu64 " of up to 8192 rows\n", sum->granules);
    if (*e->disk.name)
        printf("  disk          %s has %s free; the largest part has %s\n", e->disk.name,
               lc_short_bytes(a, (double)e->disk.free_bytes),
               lc_short_bytes(b, (double)sum->largest_bytes));
    if (ms > 0) {
        printf(
            "  time          about %s if the server does nothing else, by a sample, %u at a time\n",
            lc_short_time(time, lc_double_to_u64(ms)), parallel(f));
        printf("  not paused    a part once started: the largest, %s rows, about %s\n",
               lc_short_count(a, (double)sum->largest_rows),
               lc_short_time(time, lc_double_to_u64((double)sum->largest_rows * 1000 /
                                                    e->sample.part_rows_per_s)));
    } else {
        printf("  not paused    a part once started: the largest has %s rows\n",
               lc_short_count(a, (double)sum->largest_rows));
    }
    printf("  throttles     %s\n", e->throttles);
    fflush(stdout);
}

static void print_plan_json(const struct backfill *f, const struct estimate *e)
{
    const struct lc_backfill_target *t = &f->target;
    const struct lc_backfill_partition *sum = &t->left.sum;
    const double ms = lc_estimate_ms(&e->sample, (double)sum->rows, (double)sum->largest_rows);
    struct lc_json *o = event(f, "plan"), *list = lc_json_array();

    lc_json_set_str(o, "type", t->type);
    lc_json_set_str(o, "default", t->default_expr);
    lc_json_set_int(o, "parts", (int64_t)sum->parts);
    lc_json_set_int(o, "parts_of_table", (int64_t)t->table_parts);
    lc_json_set_int(o, "rows", (int64_t)sum->rows);
    lc_json_set_int(o, "rows_of_table", (int64_t)t->table_rows);
    lc_json_set_int(o, "calls", (int64_t)sum->granules);
    lc_json_set_double(o, "bytes_to_write_at_most", bytes_to_write(sum, e));
    lc_json_set_int(o, "largest_part_bytes", (int64_t)sum->largest_bytes);
    lc_json_set_int(o, "largest_part_rows", (int64_t)sum->largest_rows);
    if (*e->disk.name) {
        lc_json_set_str(o, "disk", e->disk.name);
        lc_json_set_int(o, "free_bytes", (int64_t)e->disk.free_bytes);
    }
    if (ms > 0)
        lc_json_set_double(o, "seconds", ms / 1000);
    lc_json_set_str(o, "throttles", e->throttles);
    for (size_t i = 0; t->partitioned && i < t->left.n; i++) {
        struct lc_json *p = lc_json_object();

        lc_json_set_str(p, "partition", in_order(f, i)->text);
        lc_json_set_int(p, "parts", (int64_t)in_order(f, i)->parts);
        lc_json_set_int(p, "rows", (int64_t)in_order(f, i)->rows);
        lc_json_add(list, p);
    }
    lc_json_set(o, "partitions", list);
    print_event(o);
}

static void say_checked(void *ctx, bool warning, const char *text)
{
    (void)ctx;
    if (warning)
        lc_warn("%s", text);
    else
        lc_say("%s", text);
}

/*
 * Before anything is sent: does the expression answer over rows? A mutation whose function
 * fails is retried by the server without end, and blocks those queued after it.
 */
static int check_default(struct backfill *f, struct lc_error *err)
{
    const struct lc_backfill_target *t = &f->target;
    struct lc_preflight d = {.cluster = &f->cluster,
                             .b = t->b,
                             .facts = &f->facts,
                             .rules = f->r.m.up.rules,
                             .allow_unsafe = f->r.m.up.allow_unsafe,
                             .say = say_checked};
    const struct lc_preflight_column c = {t->database, t->table,        t->column,
                                          t->type,     t->default_kind, t->default_expr};
    int rc = lc_preflight_check_column(&d, &c, err);

    lc_preflight_release(&d);
    return rc;
}

static void tell_progress_json(struct backfill *f, const struct lc_backfill_progress *p)
{
    struct lc_json *o = event(f, "progress");

    lc_json_set_int(o, "parts_done", (int64_t)p->parts_done);
    lc_json_set_int(o, "parts_total", (int64_t)p->parts_total);
    lc_json_set_int(o, "rows_done", (int64_t)p->rows_done);
    lc_json_set_int(o, "rows_total", (int64_t)p->rows_total);
    lc_json_set_double(o, "rows_per_second", p->rows_per_s);
    lc_json_set_int(o, "elapsed_ms", (int64_t)p->elapsed_ms);
    lc_json_set_int(o, "left_ms", (int64_t)p->left_ms);
    if (p->waiting)
        lc_json_set_str(o, "waiting", p->waiting);
    print_event(o);
}

/*
 * With --quiet the exit code says that all went well. What --dry-run and --json are asked for
 * is printed all the same.
 */
static bool is_silent(const struct backfill *f)
{
    return f->r.m.global.quiet && !f->r.m.global.json && !f->r.m.up.dry_run;
}

/*
 * Called a few times a second. The metrics are told each time, and limit themselves. Of a run
 * that is not on a terminal the first line comes after LINE_EVERY_MS: a short backfill then
 * prints none.
 */
static void on_progress(void *ctx, const struct lc_backfill_progress *p)
{
    struct backfill *f = ctx;
    uint64_t now = lc_now_ms();
    bool terminal = lc_message_is_terminal() && !f->r.m.global.json;
    char line[512];

    lc_metrics_backfill(&f->metrics, &f->target, p);
    if (now < f->next_ms || (f->r.m.global.quiet && !f->r.m.global.json))
        return;
    if (f->next_ms == 0 && !terminal && !f->r.m.global.json) {
        f->next_ms = now + LINE_EVERY_MS; /* what is over by then needs no line */
        return;
    }
    f->next_ms = now + (f->r.m.global.json ? JSON_EVERY_MS : terminal ? REDRAW_MS : LINE_EVERY_MS);
    if (f->r.m.global.json) {
        tell_progress_json(f, p);
        return;
    }
    lc_backfill_line(line, sizeof line, &f->target, p);
    if (terminal) {
        lc_message_plain(line);
        lc_message_redraw(line);
    } else {
        lc_say("%s", line);
    }
}

/* A line of talk; the progress line on the terminal makes room for it. */
static void on_say(void *ctx, const char *text)
{
    struct backfill *f = ctx;

    lc_message_erase();
    if (f->r.m.global.json) {
        struct lc_json *o = event(f, "notice");

        lc_json_set_str(o, "text", text);
        print_event(o);
    } else {
        lc_say("%s", text);
    }
}

static void print_done(struct backfill *f)
{
    const struct lc_backfill_progress *p = &f->progress;
    char rows[16], time[24], waited[24], name[LABEL_BYTES];

    lc_message_erase();
    if (f->r.m.global.json) {
        struct lc_json *o = event(f, "done");

        lc_json_set_int(o, "parts", (int64_t)p->parts_done);
        lc_json_set_int(o, "rows", (int64_t)p->rows_total);
        lc_json_set_int(o, "elapsed_ms", (int64_t)p->elapsed_ms);
        lc_json_set_int(o, "waited_ms", (int64_t)p->waited_ms);
        print_event(o);
        return;
    }
    if (is_silent(f))
        return;
    printf("%s: stored for %s row%s in %" PRIu64 " part%s in %s", label(f, name),
           lc_short_count(rows, (double)p->rows_total), LC_S(p->rows_total), p->parts_done,
           LC_S(p->parts_done), lc_short_time(time, p->elapsed_ms));
    if (p->waited_ms)
        printf(", %s of it throttled", lc_short_time(waited, p->waited_ms));
    printf("\n");
}

static void print_nothing(const struct backfill *f)
{
    char name[LABEL_BYTES];
    const struct lc_backfill_target *t = &f->target;

    if (f->r.m.global.json)
        print_event(event(f, "nothing"));
    else if (!is_silent(f))
        printf("%s: stored in all %" PRIu64 " part%s, nothing to do\n", label(f, name),
               t->table_parts, LC_S(t->table_parts));
}

/* Progress of the wait for other replicas: as a line of talk, now and then. */
static void tell_replicas(void *ctx, const struct lc_mutation_progress *p)
{
    struct backfill *f = ctx;
    uint64_t now = lc_now_ms();

    if (!p->waiting || now < f->next_ms)
        return;
    f->next_ms = now + LINE_EVERY_MS;
    lc_say("stored here; waiting: %s", p->waiting);
}

/*
 * Store the column here; with --cluster then wait until the table's other replicas have done
 * the same mutations. The watch begins before the first mutation is sent: what it sees then is
 * not waited for.
 */
static int run_everywhere(struct backfill *f, const char *query_id, struct lc_error *err)
{
    const struct lc_backfill_hooks hooks = {on_progress, on_say, f};
    const struct lc_mutation_hooks replicas = {tell_replicas, f, lc_stop_flag()};
    struct lc_mutation_watch w;
    int rc =
        lc_mutation_watch(&w, &f->cluster, &f->facts, f->target.database, f->target.table, err);

    if (rc == 0)
        rc = lc_backfill_run(&f->target, &f->r.m.up.backfill, &hooks, query_id, &f->progress, err);
    lc_message_erase();
    if (rc == 0 && f->cluster.name)
        rc = lc_mutation_wait(&w, &replicas, err);
    lc_mutation_release(&w);
    return rc;
}

/*
 * Take the lock that every writing command takes, and store the column. What is left is read
 * again under the lock: another run may have stored some of it since the plan. The tracking
 * table is only opened for the lock's place and the run's id; nothing is recorded in it, since
 * the parts say what is done.
 */
static int run_locked(struct backfill *f, struct lc_error *err)
{
    const struct lc_lock_wait wait = {.timeout_ms = f->r.m.up.lock_timeout_ms
                                                        ? f->r.m.up.lock_timeout_ms
                                                        : LC_LOCK_STALE_S * 1000,
                                      .cancel = lc_stop_flag(),
                                      .waiting = lc_frame_on_wait};
    struct lc_tracking tracking = {0};
    struct lc_lock *lock = NULL;
    char query_id[128];
    int rc = lc_tracking_open(&tracking, f->target.b, f->r.m.up.table, err);

    if (rc == 0)
        rc = lc_lock_take(&lock, &tracking, "backfill", &wait, err);
    if (rc == 0)
        rc = lc_backfill_look(&f->target, err);
    if (rc == 0) {
        snprintf(query_id, sizeof query_id, "livecol-%s-backfill", tracking.run_id);
        rc = run_everywhere(f, query_id, err);
    }
    lc_lock_free(lock);
    lc_tracking_release(&tracking);
    return rc;
}

/*
 * Run the operator's command, if any, with the facts of the run in its environment. A failure
 * of it is a warning: what was stored is stored.
 */
static void run_hook(struct backfill *f, int rc, const struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    char rows[24], parts[24], seconds[24], code[12];
    const struct lc_hook_fact facts[] = {{"LIVECOL_DATABASE", f->target.database},
                                         {"LIVECOL_TABLE", f->target.table},
                                         {"LIVECOL_COLUMN", f->target.column},
                                         {"LIVECOL_ROWS", rows},
                                         {"LIVECOL_PARTS", parts},
                                         {"LIVECOL_SECONDS", seconds},
                                         {"LIVECOL_EXIT_CODE", code},
                                         {"LIVECOL_ERROR", err->code ? err->msg : ""},
                                         {NULL, NULL}};

    snprintf(rows, sizeof rows, "%" PRIu64, f->progress.rows_done);
    snprintf(parts, sizeof parts, "%" PRIu64, f->progress.parts_done);
    snprintf(seconds, sizeof seconds, "%.1f", (double)f->progress.elapsed_ms / 1000);
    snprintf(code, sizeof code, "%d", lc_exit_code(err));
    fflush(stdout); /* the hook may take its time */
    if (lc_hook_run(rc ? f->on_failure : f->on_success, facts, &one))
        lc_warn("%s: %s", rc ? "--on-failure" : "--on-success", one.msg);
}

/* A line about what was stored. With --json it is a notice. */
static void say_verified(void *ctx, bool warning, const char *text)
{
    struct backfill *f = ctx;

    if (f->r.m.global.json)
        on_say(f, text);
    else if (warning)
        lc_warn("%s", text);
    else
        lc_say("%s", text);
}

/*
 * Parts that stored the column before, and columns that are derived from it, may hold what an earlier
 * expression gave, or earlier keys: looked for as `up` does, over a sample. It is told, and no failure: the
 * backfill has done its work, and values that were given differ rightly.
 */
static void verify_stored(struct backfill *f)
{
    const struct lc_backfill_target *t = &f->target;

    if (!f->r.m.up.no_verify && !lc_stop_asked())
        lc_verify_after_column(t->b, t->database, t->table, t->column, lc_stop_flag(), say_verified,
                               f);
}

/* Who goes on with a backfill sends again what is killed here. */
static void warn_of_holder(const struct backfill *f)
{
    struct lc_tracking tracking = {0};
    struct lc_lock_info h;
    bool held = false;

    if (lc_tracking_open(&tracking, f->target.b, f->r.m.up.table, NULL) == 0 &&
        lc_lock_look(f->target.b, tracking.database, tracking.table, &held, &h, NULL) == 0 &&
        held && !h.stale)
        lc_warn("livecol %s on %s, pid %s, runs since %s UTC: if it fills in this column, it will "
                "send again what this command ends. End that run instead (Ctrl-C, SIGTERM)",
                h.command, h.host, h.pid, h.since);
    lc_tracking_release(&tracking);
}

/* Kill the column's unfinished mutations. No lock is taken: the run to be stopped has it. */
static int cancel(struct backfill *f, struct lc_error *err)
{
    char name[LABEL_BYTES];
    unsigned killed = 0;
    int rc;

    warn_of_holder(f);
    rc = lc_backfill_cancel(&f->target, &killed, err);
    if (rc == 0 && f->r.m.global.json) {
        struct lc_json *o = event(f, "cancelled");

        lc_json_set_int(o, "mutations", killed);
        print_event(o);
    } else if (rc == 0) {
        printf("%s: %u mutation%s ended; %" PRIu64 " of %" PRIu64 " part%s lack the column\n",
               label(f, name), killed, LC_S(killed), f->target.left.sum.parts,
               f->target.table_parts, LC_S(f->target.table_parts));
    }
    return rc;
}

/*
 * Everything is checked, and the plan is printed, before the lock is taken. A dry run ends
 * there.
 */
static int plan_and_run(struct backfill *f, struct lc_error *err)
{
    struct estimate e;
    int rc;

    if (f->target.left.n == 0) {
        print_nothing(f);
        return 0;
    }
    rc = check_default(f, err);
    if (rc == 0)
        rc = lc_throttle_try(&f->r.m.up.backfill.throttle, f->target.b, err);
    if (rc)
        return rc;
    rc = make_estimate(f, &e, err);
    if (rc)
        return rc;
    if (f->r.m.global.json)
        print_plan_json(f, &e);
    else if (!is_silent(f))
        print_plan(f, &e);
    rc = lc_backfill_check_disk(&f->target, &e.disk, err);
    if (rc || f->r.m.up.dry_run)
        return rc;
    rc = run_locked(f, err);
    if (rc)
        return rc;
    print_done(f);
    fflush(stdout);
    verify_stored(f);
    return 0;
}

static void on_left_out(void *ctx, const char *text)
{
    (void)ctx;
    lc_warn("%s", text);
}

/* The hosts that must have stored the column in the end: --cluster, or the server alone. */
static int open_cluster(struct backfill *f, struct lc_error *err)
{
    const struct lc_up_options *o = &f->r.m.up;

    if (!o->cluster)
        return lc_cluster_alone(&f->cluster, f->r.b, err);
    return lc_cluster_open(
        &f->cluster, f->r.b, &f->facts,
        &(struct lc_cluster_wish){o->cluster, o->allow_degraded, on_left_out, NULL}, err);
}

static void tell_failure_json(const struct backfill *f, const struct lc_error *err)
{
    struct lc_json *o = event(f, "failed");

    lc_json_set_int(o, "exit_code", lc_exit_code(err));
    lc_json_set_str(o, "error", err->msg);
    lc_json_set_str(o, "hint", err->hint);
    lc_json_set_int(o, "server_code", err->server_code);
    print_event(o);
}

/* The operand, and the metrics' file, which is written only by a run that may change something. */
static int check(struct lc_frame_run *r, struct lc_error *err)
{
    struct backfill *f = r->ctx;
    bool writes = !f->cancel && !r->m.up.dry_run;
    int rc = lc_column_name_parse(r->m.rest.v[0], &f->database, &f->table, &f->column, err);

    return rc ? rc : lc_metrics_open(&f->metrics, writes ? f->metrics_file : NULL, "backfill", err);
}

/*
 * Ask what the server can do, and which parts do not store the column. No lock is needed to
 * read.
 */
static int look(struct lc_frame_run *r, struct lc_error *err)
{
    struct backfill *f = r->ctx;
    int rc = lc_abilities_ask(&f->facts, r->b, err);

    if (rc == 0)
        rc = open_cluster(f, err);
    if (rc == 0)
        rc = lc_backfill_find(&f->target, r->b, &f->facts, f->database, f->table, f->column, err);
    return rc;
}

static int act(struct lc_frame_run *r, struct lc_error *err)
{
    struct backfill *f = r->ctx;

    return f->cancel ? cancel(f, err) : plan_and_run(f, err);
}

/* Tell everyone who waits for the end: the reader of --json, Prometheus, the operator's command. */
static void finish(struct lc_frame_run *r, int rc, struct lc_error *err)
{
    struct backfill *f = r->ctx;

    if (rc && r->m.global.json) {
        tell_failure_json(f, err);
        r->failure = LC_FAILURE_SHOWN;
    }
    if (f->progress.parts_total)
        lc_metrics_backfill(&f->metrics, &f->target, &f->progress);
    lc_metrics_close(&f->metrics, rc, err);
    if (!f->cancel && !r->m.up.dry_run)
        run_hook(f, rc, err);
    lc_backfill_release(&f->target);
    lc_cluster_release(&f->cluster);
    free(f->database);
    free(f->table);
    free(f->column);
}

int lc_cmd_backfill(int argc, const char **argv)
{
    struct backfill f = {.r.ctx = &f};
    const struct lc_option own[] = {
        {"cancel", 0, LC_OPT_FLAG, &f.cancel, NULL,
         "end the column's unfinished mutations, so that they do not block those queued after "
         "them"},
        {"on-success", 0, LC_OPT_STRING, &f.on_success, "CMD",
         "run this by the shell after success, with LIVECOL_* variables set"},
        {"on-failure", 0, LC_OPT_STRING, &f.on_failure, "CMD",
         "run this by the shell after a failure"},
        {"metrics-file", 0, LC_OPT_STRING, &f.metrics_file, "FILE",
         "write metrics for Prometheus to FILE, by rename, for node_exporter's textfile collector"},
        {"rules", 0, LC_OPT_LIST, &f.r.m.up.rules, "[FUNCTION=]FILE",
         "first compare the function's answers with these rules"},
        {"dry-run", 0, LC_OPT_FLAG, &f.r.m.up.dry_run, NULL, "print the plan, change nothing"},
        {"no-verify", 0, LC_OPT_FLAG, &f.r.m.up.no_verify, NULL,
         "do not compare a sample of the rows with the expression afterwards"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "backfill",
             .synopsis = "[OPTIONS] [DATABASE.]TABLE.COLUMN",
             .about =
                 "Store a derived column for rows that are older than it, partition by "
                 "partition, with MATERIALIZE COLUMN. livecol prints its plan first. While the "
                 "load is too high it waits: it KILLs the mutation (parts being written are "
                 "completed and kept) and submits it again later. You may interrupt or kill it "
                 "at any time: the next run continues with the parts that lack the column.",
             .connects = true,
             .examples = "livecol backfill analytics.events.region --dry-run\n"
                         "livecol backfill analytics.events.region \\\n"
                         "    --max-load parts=300,p99=50ms --order oldest\n"
                         "livecol backfill analytics.events.region --pause-file /tmp/hold \\\n"
                         "    --critical-load queries=500\n"
                         "livecol backfill analytics.events.region --cancel"},
        .which = LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK | LC_MIGRATE_BACKFILL,
        .more = own,
        .least = 1,
        .most = 1,
        .operands = "the column, as DATABASE.TABLE.COLUMN,",
        .reach = LC_REACH_SERVER,
        .check = check,
        .look = look,
        .act = act,
        .finish = finish,
    };

    return lc_frame_command(&c, &f.r, argc, argv);
}
