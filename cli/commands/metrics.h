/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run does, as a file of Prometheus text for node_exporter's textfile collector: put in place
 * whole, by rename, at its start, every few seconds, and at its end, however it ends.
 *   https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * A file that cannot be written fails at the start, before anything is changed; later it is warned
 * of once, and the run goes on.
 */
#ifndef LC_CLI_COMMANDS_METRICS_H
#define LC_CLI_COMMANDS_METRICS_H
#include "base/error.h"
#include "cli/column/backfill.h"
#include "cli/migrate/event.h"

enum { LC_METRICS_TASKS_MAX = 256 };

/* A backfill, or a statement of a migration; its labels are ready to be written. */
struct lc_metrics_task {
    char labels[1024];
    uint64_t version; /* 0: a backfill */
    unsigned stmt;
    uint64_t parts_done, parts_total, rows_done, rows_total;
    double rows_per_s;
    uint64_t left_ms;  /* 0: not known */
    char waiting[128]; /* what for, without its figures; "": it does not */
};

struct lc_metrics {
    const char *path, *command; /* path NULL: nothing is written */
    struct lc_metrics_task *tasks;
    size_t n;
    uint64_t errors, applied;
    int64_t started_s;
    uint64_t next_ms; /* when it is written again */
    bool ended, warned;
    int exit_code;
};

/* Begin; path (may be NULL) and command live on. 0, LC_ERR_IO, LC_ERR_NOMEM. */
int lc_metrics_open(struct lc_metrics *m, const char *path, const char *command,
                    struct lc_error *err);

/* How far the backfill of that column is. */
void lc_metrics_backfill(struct lc_metrics *m, const struct lc_backfill_target *t,
                         const struct lc_backfill_progress *p);

/* Something that happened in a run of migrations. */
void lc_metrics_event(struct lc_metrics *m, const struct lc_run_event *e);

/* The end, with that failure, or none; frees it. Nothing where it was not opened. */
void lc_metrics_close(struct lc_metrics *m, int rc, const struct lc_error *err);

#endif
