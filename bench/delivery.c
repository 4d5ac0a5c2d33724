#include "delivery.h"

#include "plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 1 << 26 };

int lc_delivery_settle(struct lc_delivery *d, struct lc_error *err)
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
    return rc;
}

static int save_json(const char *path, const struct lc_json *j, struct lc_error *err)
{
    char *text = lc_json_text(j);
    if (text == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the JSON");
    }
    size_t n = strlen(text);
    text[n] = '\n'; /* in place of the NUL: the length is given */
    int rc = lc_report_save(path, text, n + 1, err);
    free(text);
    return rc;
}

static int save_csv(const struct lc_outcome *o, const char *path, struct lc_error *err)
{
    struct lc_report r;
    struct lc_buf b;
    lc_buf_init(&b, TEXT_MAX_BYTES);
    lc_outcome_table(o, true, &r);
    int rc = lc_report_write(&r, LC_REPORT_CSV, &b) != 0
                 ? lc_fail(err, LC_ERR_NOMEM, "no memory for the table")
                 : lc_report_save(path, b.p, b.n, err);
    lc_report_release(&r);
    lc_buf_release(&b);
    return rc;
}

static int save_text(int (*write)(const struct lc_outcome *, struct lc_buf *),
                     const struct lc_outcome *o, const char *path, struct lc_error *err)
{
    struct lc_buf b;
    lc_buf_init(&b, TEXT_MAX_BYTES);
    int rc = write(o, &b) != 0 ? lc_fail(err, LC_ERR_NOMEM, "no memory for the report")
                               : lc_report_save(path, b.p, b.n, err);
    lc_buf_release(&b);
    return rc;
}

int lc_delivery_hand_out(const struct lc_delivery *d, struct lc_outcome *o, bool json,
                         const char *text, struct lc_error *err)
{
    int rc = 0;
    if (o->failed) {
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for all of the results");
    }
    if (rc == 0 && !json) {
        rc = text != NULL ? lc_report_save("-", text, strlen(text), err)
                          : save_text(lc_outcome_text, o, "-", err);
    }
    if (rc == 0 && d->export_csv != NULL) {
        rc = save_csv(o, d->export_csv, err);
    }
    if (rc == 0 && d->export_markdown != NULL) {
        rc = save_text(lc_outcome_markdown, o, d->export_markdown, err);
    }
    if (rc == 0 && d->plot != NULL) {
        rc = lc_plot_outcome(o, d->plot, err);
    }
    if (rc == 0 && (json || d->export_json != NULL)) {
        struct lc_json *j = lc_outcome_json(o);
        rc = json ? save_json("-", j, err) : 0;
        rc = rc == 0 && d->export_json != NULL ? save_json(d->export_json, j, err) : rc;
        lc_json_free(j);
    }
    return rc;
}

int lc_delivery_exit_code(const struct lc_delivery *d, const struct lc_outcome *o)
{
    enum { FAILED = 1, MISSED = 4, REGRESSED = 6 };
    for (size_t i = 0; i < o->n_series; i++) {
        if (o->series[i]->errors > 0) {
            return FAILED;
        }
    }
    for (size_t i = 0; i < o->n_comparisons; i++) {
        if (!o->comparisons[i].answers_agree) {
            return FAILED;
        }
    }
    if (lc_outcome_missed(o)) {
        return MISSED;
    }
    return lc_outcome_regressed(o, d->tolerance_percent / 100) ? REGRESSED : 0;
}
