/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole file is written anew each time, and put in place by rename, so that a collector
 * never reads half of one. A failure at the start ends the run before it has changed anything;
 * later ones are a warning, once.
 */
#include "cli/commands/metrics.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/utf8.h"
#include "cli/term/message.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EVERY_MS = 5000, FILE_MAX_BYTES = 1 << 22 }; /* how often the file is written */

/*
 * Append name="text" to the labels in out. Text is escaped as the format asks (\, " and
 * newline); a byte that is no UTF-8 becomes U+FFFD. Text that does not fit is cut, and the
 * quote is closed all the same: an open one would make the collector drop the whole file.
 */
static void add_label(char *out, size_t size, const char *name, const char *text)
{
    size_t n = strlen(out), left = strlen(text);

    n += (size_t)snprintf(out + n, size - n, "%s%s=\"", n ? "," : "", name);
    while (left && n + 8 < size) { /* whole characters, and room for the quote */
        size_t bytes = lc_utf8_char(text, left);
        const char *put = text;
        size_t put_n = bytes;

        if (bytes == 0)
            put = "\xef\xbf\xbd", put_n = 3;
        else if (*text == '\n')
            put = "\\n", put_n = 2;
        else if (*text == '\\' || *text == '"')
            out[n++] = '\\';
        memcpy(out + n, put, put_n);
        n += put_n;
        text += bytes ? bytes : 1;
        left -= bytes ? bytes : 1;
    }
    snprintf(out + n, size - n, "\"");
}

/*
 * What is waited for, without its figures: "active parts 310 ≥ 300" becomes "active parts".
 * Each value of a label is a time series of its own in Prometheus, and figures would make one a
 * minute. A path, of --pause-file, is kept whole. why NULL: it does not wait.
 */
static void set_waiting(struct lc_metrics_task *t, const char *why)
{
    size_t n = 0;

    if (why) {
        n = *why == '/' ? strlen(why) : strcspn(why, "0123456789:≥");
        while (n && isspace((unsigned char)why[n - 1]))
            n--;
    }
    snprintf(t->waiting, sizeof t->waiting, "%.*s", (int)n, why ? why : "");
}

/* What is written; rc is of the first failure. */
struct page {
    struct lc_buf b;
    int rc;
};

static void put(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Append to the page, as printf; nothing after a failure. */
static void put(struct page *p, const char *fmt, ...)
{
    char text[2048]; /* a name, labels, and a value */
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (p->rc == 0)
        p->rc = lc_buf_adds(&p->b, text);
}

/* HELP and TYPE of a metric. The format wants them once, before the metric's first sample. */
static void add_header(struct page *b, const char *name, const char *help)
{
    put(b, "# HELP livecol_%s %s\n# TYPE livecol_%s gauge\n", name, help, name);
}

/* A metric with one sample: the run's own. */
static void add_run(struct page *b, const struct lc_metrics *m, const char *name, int64_t value,
                    const char *help)
{
    add_header(b, name, help);
    put(b, "livecol_%s{command=\"%s\"} %" PRId64 "\n", name, m->command, value);
}

/* The metrics that each task has a sample of. */
enum figure { PARTS_DONE, PARTS_TOTAL, ROWS_DONE, ROWS_TOTAL, ROWS_PER_S, LEFT_S, FIGURES };

static const struct {
    const char *name, *help;
} figures[FIGURES] = {
    [PARTS_DONE] = {"parts_done", "Parts rewritten so far."},
    [PARTS_TOTAL] = {"parts", "Parts to rewrite in total, including those done."},
    [ROWS_DONE] = {"rows_done", "Rows rewritten so far, including those in unfinished parts."},
    [ROWS_TOTAL] = {"rows", "Rows to rewrite in total, including those done."},
    [ROWS_PER_S] = {"rows_per_second", "Rows a second while it does not wait."},
    [LEFT_S] = {"eta_seconds", "Estimated seconds until the end."},
};

/*
 * The value of a task's figure. False where it is not known: no sample is better than a 0,
 * which would be drawn as a fall.
 */
static bool figure(const struct lc_metrics_task *t, enum figure which, double *out)
{
    switch (which) {
    case PARTS_DONE:
        *out = (double)t->parts_done;
        return true;
    case PARTS_TOTAL:
        *out = (double)t->parts_total;
        return true;
    case ROWS_DONE:
        *out = (double)t->rows_done;
        return true;
    case ROWS_TOTAL:
        *out = (double)t->rows_total;
        return true;
    case ROWS_PER_S:
        *out = t->rows_per_s;
        return t->rows_per_s > 0;
    case LEFT_S:
        *out = (double)t->left_ms / 1000;
        return t->left_ms > 0 || t->parts_done == t->parts_total;
    case FIGURES:
        break;
    }
    return false;
}

/*
 * All samples of one metric together, as the format demands: so the outer loop is over metrics,
 * and the inner one over tasks.
 */
static void add_tasks(struct page *b, const struct lc_metrics *m)
{
    for (enum figure which = 0; which < FIGURES; which++) {
        bool headed = false;
        double value;

        for (size_t i = 0; i < m->n; i++) {
            if (!figure(&m->tasks[i], which, &value))
                continue;
            if (!headed)
                add_header(b, figures[which].name, figures[which].help);
            headed = true;
            put(b, "livecol_%s{%s} %.15g\n", figures[which].name, m->tasks[i].labels, value);
        }
    }
    if (m->n)
        add_header(b, "waiting", "1 while it waits, with the reason; 0 while it does not.");
    for (size_t i = 0; i < m->n; i++) {
        char labels[sizeof m->tasks[i].labels + 300];

        snprintf(labels, sizeof labels, "%s", m->tasks[i].labels);
        add_label(labels, sizeof labels, "reason", m->tasks[i].waiting);
        put(b, "livecol_waiting{%s} %d\n", labels, *m->tasks[i].waiting != '\0');
    }
}

/*
 * Make the whole file, and put it in place by rename. Sets when it is due again, also after a
 * failure. 0; LC_ERR_IO; LC_ERR_NOMEM.
 */
static int write_now(struct lc_metrics *m, struct lc_error *err)
{
    struct page b = {0};
    int rc;

    lc_buf_init(&b.b, FILE_MAX_BYTES);
    add_run(&b, m, "running", !m->ended, "1 while the run is active.");
    add_run(&b, m, "start_time_seconds", m->started_s, "When the run started, Unix time.");
    add_run(&b, m, "update_time_seconds", (int64_t)time(NULL),
            "When this file was written, Unix time; every few seconds while the run is active.");
    if (m->ended)
        add_run(&b, m, "exit_code", m->exit_code,
                "The run's exit code; present once it has ended.");
    add_run(&b, m, "errors", (int64_t)m->errors,
            "Statements that were sent again, and the failure that ended the run.");
    if (strcmp(m->command, "up") == 0)
        add_run(&b, m, "migrations_applied", (int64_t)m->applied, "Migrations that it applied.");
    add_tasks(&b, m);
    rc = b.rc ? lc_no_memory(err) : lc_file_write(m->path, b.b.p, b.b.n, 0644, err);
    lc_buf_release(&b.b);
    m->next_ms = lc_now_ms() + EVERY_MS;
    return rc;
}

/* In mid-run: the change of a live table does not end because of a figure. */
static void write_on(struct lc_metrics *m)
{
    struct lc_error one = LC_ERROR_INIT;

    if (write_now(m, &one) && !m->warned) {
        m->warned = true;
        lc_warn("--metrics-file: %s", one.msg);
    }
}

int lc_metrics_open(struct lc_metrics *m, const char *path, const char *command,
                    struct lc_error *err)
{
    *m = (struct lc_metrics){.path = path, .command = command, .started_s = (int64_t)time(NULL)};
    if (!path)
        return 0;
    m->tasks = calloc(LC_METRICS_TASKS_MAX, sizeof *m->tasks);
    if (!m->tasks) {
        m->path = NULL;
        return lc_no_memory(err);
    }
    if (write_now(m, err) == 0)
        return 0;
    lc_error_prefix(err, "--metrics-file: ");
    free(m->tasks);
    m->tasks = NULL;
    m->path = NULL;
    return err->code;
}

/*
 * The task of a statement, made where it is new: its labels are then "". A run of more than
 * there are places forgets the oldest. A backfill is version 0, statement 0. The pointer is
 * valid until the next call.
 */
static struct lc_metrics_task *task(struct lc_metrics *m, uint64_t version, unsigned stmt)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->tasks[i].version == version && m->tasks[i].stmt == stmt)
            return &m->tasks[i];
    }
    if (m->n == LC_METRICS_TASKS_MAX)
        memmove(m->tasks, m->tasks + 1, --m->n * sizeof *m->tasks);
    m->tasks[m->n] = (struct lc_metrics_task){.version = version, .stmt = stmt};
    return &m->tasks[m->n++];
}

/*
 * Write the file when it is due, and at once when the task has begun or ceased to wait: an
 * alert should not come five seconds late.
 */
static void update(struct lc_metrics *m, struct lc_metrics_task *t, const char *waiting)
{
    bool waited = *t->waiting;

    set_waiting(t, waiting);
    if (lc_now_ms() >= m->next_ms || waited != (*t->waiting != '\0'))
        write_on(m);
}

void lc_metrics_backfill(struct lc_metrics *m, const struct lc_backfill_target *t,
                         const struct lc_backfill_progress *p)
{
    struct lc_metrics_task *to;

    if (!m->path)
        return;
    to = task(m, 0, 0);
    if (!*to->labels) {
        add_label(to->labels, sizeof to->labels, "command", m->command);
        add_label(to->labels, sizeof to->labels, "database", t->database);
        add_label(to->labels, sizeof to->labels, "table", t->table);
        add_label(to->labels, sizeof to->labels, "column", t->column);
    }
    to->parts_done = p->parts_done;
    to->parts_total = p->parts_total;
    to->rows_done = p->rows_done;
    to->rows_total = p->rows_total;
    to->rows_per_s = p->rows_per_s;
    to->left_ms = p->left_ms;
    update(m, to, p->waiting);
}

/*
 * Progress of a statement's mutations. parts_to_do may be above parts_total, since INSERTs add
 * parts.
 */
static void take_progress(struct lc_metrics *m, const struct lc_run_event *e)
{
    const struct lc_mutation_progress *p = e->progress;
    struct lc_metrics_task *to = task(m, e->version, e->stmt);
    char number[16];

    if (!*to->labels) {
        snprintf(number, sizeof number, "%u", e->stmt);
        add_label(to->labels, sizeof to->labels, "command", m->command);
        add_label(to->labels, sizeof to->labels, "version", e->version_text);
        add_label(to->labels, sizeof to->labels, "name", e->name);
        add_label(to->labels, sizeof to->labels, "statement", number);
    }
    to->parts_total = p->parts_total;
    to->parts_done = p->parts_total > p->parts_to_do ? p->parts_total - p->parts_to_do : 0;
    to->rows_done = p->rows_done;
    to->rows_total = p->rows_total;
    to->rows_per_s = p->rows_per_s;
    to->left_ms = p->left_ms;
    update(m, to, p->waiting);
}

/* A statement is done: its task stays in the file, with everything done and nothing left. */
static void take_end(struct lc_metrics *m, const struct lc_run_event *e)
{
    for (size_t i = 0; i < m->n; i++) {
        struct lc_metrics_task *t = &m->tasks[i];

        if (t->version != e->version || t->stmt != e->stmt)
            continue;
        t->parts_done = t->parts_total;
        t->rows_done = t->rows_total;
        t->left_ms = 0;
        *t->waiting = '\0';
    }
}

void lc_metrics_event(struct lc_metrics *m, const struct lc_run_event *e)
{
    if (!m->path)
        return;
    switch (e->kind) {
    case LC_RUN_MUTATION:
        take_progress(m, e);
        return;
    case LC_RUN_STMT_DONE:
        take_end(m, e);
        break;
    case LC_RUN_MIGRATION_DONE:
        m->applied++;
        break;
    case LC_RUN_RETRY:
        m->errors++;
        break;
    default:
        break;
    }
    if (lc_now_ms() >= m->next_ms)
        write_on(m);
}

void lc_metrics_close(struct lc_metrics *m, int rc, const struct lc_error *err)
{
    if (!m->path)
        return;
    m->ended = true;
    m->exit_code = rc ? lc_exit_code(err) : 0;
    m->errors += rc != 0 && rc != LC_ERR_STOPPED;
    for (size_t i = 0; i < m->n; i++) {
        *m->tasks[i].waiting = '\0';
        if (rc == 0)
            m->tasks[i].left_ms = 0;
    }
    write_on(m);
    free(m->tasks);
    m->tasks = NULL;
    m->path = NULL;
}
