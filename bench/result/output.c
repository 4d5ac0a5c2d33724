/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a result goes: files, pictures, stdout, stderr. Only one output can have stdout; what a
 * person reads goes to stderr then. A file that cannot be written is found before the run as
 * far as possible, and never keeps the other outputs from being written.
 */
#include "bench/result/output.h"

#include "bench/result/page.h"
#include "bench/result/plot.h"
#include "cli/term/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 1 << 26 };

static bool is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* Does an export go to stdout, so that the text cannot? */
static bool takes_stdout(const struct lc_output *d)
{
    return is_stdout(d->export_json) || is_stdout(d->export_csv) || is_stdout(d->export_markdown) ||
           is_stdout(d->report);
}

/* Now, rather than after a long run: can the file be written? */
static int check_file(const char *path, struct lc_error *err)
{
    struct stat st;
    char dir[4096];
    if (path == NULL || is_stdout(path)) {
        return 0;
    }
    const char *slash = strrchr(path, '/');
    (void)snprintf(dir, sizeof dir, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
                   slash == NULL ? "." : path);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return lc_fail(err, LC_ERR_IO, "cannot write %s: it is a folder", path);
    }
    /*
     * Files are put in place by rename, which takes the right to write the folder; a
     * device is written as it is.
     */
    if (access(dir, W_OK | X_OK) != 0 && !(stat(path, &st) == 0 && !S_ISREG(st.st_mode))) {
        return lc_fail(err, LC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

/* Everything that could fail only at the end of a long run. */
static int check_outputs(const struct lc_output *d, bool json, struct lc_error *err)
{
    if (json + is_stdout(d->export_json) + is_stdout(d->export_csv) +
            is_stdout(d->export_markdown) + is_stdout(d->report) >
        1) {
        return lc_fail(err, LC_ERR_USAGE, "only one output can go to standard output");
    }
    int rc = check_file(d->export_json, err);
    rc = rc == 0 ? check_file(d->export_csv, err) : rc;
    rc = rc == 0 ? check_file(d->export_markdown, err) : rc;
    rc = rc == 0 ? check_file(d->report, err) : rc;
    return rc == 0 && d->plot != NULL ? lc_plot_ready(d->plot, err) : rc;
}

int lc_output_settle(struct lc_output *d, bool json, struct lc_error *err)
{
    if (d->confidence_percent <= 0 || d->confidence_percent >= 100) {
        return lc_fail(err, LC_ERR_USAGE, "--confidence must lie between 0 and 100, not %g",
                       d->confidence_percent);
    }
    if (d->tolerance_percent < 0) {
        return lc_fail(err, LC_ERR_USAGE, "--tolerance must not be below 0");
    }
    if (d->budget_texts.n > LC_BUDGETS_MAX) {
        return lc_fail(err, LC_ERR_USAGE, "at most %d budgets", LC_BUDGETS_MAX);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < d->budget_texts.n; i++) {
        rc = lc_budget_parse(d->budget_texts.v[i], &d->budgets[i], err);
        d->n_budgets = i + 1;
    }
    return rc == 0 ? check_outputs(d, json, err) : rc;
}

/* To that file; NULL: to where messages go. */
static int save(const char *path, const void *p, size_t n, struct lc_error *err)
{
    if (path != NULL) {
        return lc_text_table_save(path, p, n, err);
    }
    (void)fwrite(p, 1, n, stderr);
    return 0;
}

/* One line, with a newline. j NULL: there was no memory for it. */
static int save_json(const char *path, const struct lc_json *j, struct lc_error *err)
{
    char *text = j != NULL ? lc_json_text(j) : NULL;
    if (text == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the JSON");
    }
    size_t n = strlen(text);
    text[n] = '\n'; /* in place of the NUL: the length is given */
    int rc = lc_text_table_save(path, text, n + 1, err);
    free(text);
    return rc;
}

/* The HTML page, made of the JSON alone, as it would be of an exported file. */
static int save_page(const char *path, const struct lc_json *j, struct lc_error *err)
{
    struct lc_buf b;
    lc_buf_init(&b, TEXT_MAX_BYTES);
    int rc =
        lc_page_write(j, &b) != 0 ? lc_no_memory(err) : lc_text_table_save(path, b.p, b.n, err);
    lc_buf_release(&b);
    return rc;
}

/* The raw table: plain numbers, empty where there is none. */
static int save_csv(const struct lc_result *o, const char *path, struct lc_error *err)
{
    struct lc_text_table r;
    struct lc_buf b;
    lc_buf_init(&b, TEXT_MAX_BYTES);
    lc_result_table(o, true, &r);
    int rc = lc_text_table_write(&r, LC_TEXT_TABLE_CSV, &b) != 0
                 ? lc_fail(err, LC_ERR_NOMEM, "no memory for the table")
                 : lc_text_table_save(path, b.p, b.n, err);
    lc_text_table_release(&r);
    lc_buf_release(&b);
    return rc;
}

/* What `write` makes of the result, text or Markdown. */
static int save_text(int (*write)(const struct lc_result *, struct lc_buf *),
                     const struct lc_result *o, const char *path, struct lc_error *err)
{
    struct lc_buf b;
    lc_buf_init(&b, TEXT_MAX_BYTES);
    int rc = write(o, &b) != 0 ? lc_fail(err, LC_ERR_NOMEM, "no memory for the report")
                               : save(path, b.p, b.n, err);
    lc_buf_release(&b);
    return rc;
}

/* The first failure is the one that is returned; the others are said at once. */
static int worst(int rc, int next, const struct lc_error *why, struct lc_error *err)
{
    if (next == 0) {
        return rc;
    }
    if (rc == 0) {
        *err = *why;
        return next;
    }
    lc_complain(why);
    return rc;
}

int lc_output_hand_out(const struct lc_output *d, struct lc_result *o, bool json, const char *text,
                       struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_error local = LC_ERROR_INIT;
    struct lc_json *j = NULL;
    int rc = 0;
    err = err != NULL ? err : &local;
    if (o->failed) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for all of the results");
    }
    /* The raw times first: all else can be made of them again. Each is tried, whatever failed. */
    if (json || d->export_json != NULL || d->report != NULL) {
        j = lc_result_json(o);
    }
    if (d->export_json != NULL) {
        rc = worst(rc, save_json(d->export_json, j, &why), &why, err);
    }
    if (d->report != NULL) {
        why = LC_ERROR_INIT;
        rc = worst(rc, save_page(d->report, j, &why), &why, err);
    }
    if (d->export_csv != NULL) {
        why = LC_ERROR_INIT;
        rc = worst(rc, save_csv(o, d->export_csv, &why), &why, err);
    }
    if (d->export_markdown != NULL) {
        why = LC_ERROR_INIT;
        rc = worst(rc, save_text(lc_result_markdown, o, d->export_markdown, &why), &why, err);
    }
    why = LC_ERROR_INIT;
    if (json) {
        rc = worst(rc, save_json("-", j, &why), &why, err);
    } else {
        /* What was asked for on stdout has it for itself. */
        const char *to = takes_stdout(d) ? NULL : "-";
        rc = worst(rc,
                   text != NULL ? save(to, text, strlen(text), &why)
                                : save_text(lc_result_text, o, to, &why),
                   &why, err);
    }
    if (d->plot != NULL) {
        why = LC_ERROR_INIT;
        rc = worst(rc, lc_plot_outcome(o, d->plot, &why), &why, err);
    }
    lc_json_free(j);
    return rc;
}

/* Were so many failures allowed by a budget? */
static bool errors_are_budgeted(const struct lc_result *o, size_t series)
{
    for (size_t i = 0; i < o->n_judgements; i++) {
        if (o->judgements[i].series == series && o->judgements[i].budget.of == LC_BUDGET_ERRORS) {
            return true;
        }
    }
    return false;
}

int lc_output_exit_code(const struct lc_result *o)
{
    enum { FAILED = 1, MISSED = 4, REGRESSED = 6 };
    for (size_t i = 0; i < o->n_series; i++) {
        if (o->series[i]->errors > 0 && !errors_are_budgeted(o, i)) {
            return FAILED;
        }
    }
    for (size_t i = 0; i < o->n_comparisons; i++) {
        if (!o->comparisons[i].answers_agree) {
            return FAILED;
        }
    }
    if (lc_result_missed(o)) {
        return MISSED;
    }
    return lc_result_regressed(o) ? REGRESSED : 0;
}
