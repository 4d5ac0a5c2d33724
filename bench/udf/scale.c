/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick contestants again at growing sizes of the table, and what that tells: seconds ~
 * rows^exponent, fitted in logarithms. An exponent of 1 is a cost that grows with the rows;
 * below it there is a fixed part.
 */
#include "bench/udf/scale.h"

#include "base/format.h"
#include "base/stats.h"
#include "bench/result/plot.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LABEL_BYTES = 100 };

/* For nftw: a folder comes after all that is in it. */
static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

int lc_scale_run(const struct lc_comparison *how, struct lc_scale *out, size_t *n,
                 struct lc_error *err)
{
    static const uint64_t sizes[LC_SCALE_SIZES] = {1000000,  2000000,  5000000,   10000000,
                                                   20000000, 50000000, 100000000, 200000000};
    int rc = 0;
    *n = 0;
    for (size_t i = 0; rc == 0 && i < LC_SCALE_SIZES && sizes[i] <= how->rows; i++) {
        char folder[1100];
        char version[64];
        struct lc_comparison one = *how;
        (void)snprintf(folder, sizeof folder, "%s/scale-%zu", how->path, i);
        one.path = folder;
        one.rows = sizes[i];
        one.quick = true;
        out[*n].rows = sizes[i];
        rc = lc_comparison_run(&one, out[*n].entries, &out[*n].n, version, sizeof version, err);
        /* At once, or the largest tables would be on the disk together. */
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        *n += rc == 0;
    }
    return rc;
}

/* "GROUP BY, 3 rules: Native String": what tells an entry from all others. */
static const char *label_of(const struct lc_entry *e, char *out)
{
    if (e->rules > 0) {
        char rules[40];
        (void)snprintf(out, LABEL_BYTES, "%s, %s rules: %s", e->what,
                       lc_format_integer(e->rules, rules, sizeof rules), e->name);
    } else {
        (void)snprintf(out, LABEL_BYTES, "%s: %s", e->what, e->name);
    }
    return out;
}

/* The same contestant at another size. */
static bool same(const struct lc_entry *a, const struct lc_entry *b)
{
    return a->rules == b->rules && strcmp(a->what, b->what) == 0 && strcmp(a->name, b->name) == 0;
}

/* The entry at each size: x rows and y seconds, those of sizes where it ran on all rows. */
static size_t points_of(const struct lc_scale *scale, size_t n, const struct lc_entry *of,
                        double *x, double *y)
{
    size_t points = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < scale[i].n; k++) {
            const struct lc_entry *e = &scale[i].entries[k];
            if (same(e, of) && e->rows == scale[i].rows) {
                x[points] = (double)e->rows;
                y[points++] = e->seconds;
            }
        }
    }
    return points;
}

void lc_scale_table(const struct lc_scale *scale, size_t n, struct lc_text_table *r)
{
    char headers[300] = "expression";
    for (size_t i = 0; i < n; i++) {
        char rows[40];
        size_t at = strlen(headers);
        (void)snprintf(headers + at, sizeof headers - at, "|s, %s rows",
                       lc_format_count((double)scale[i].rows, rows, sizeof rows));
    }
    size_t end = strlen(headers);
    (void)snprintf(headers + end, sizeof headers - end, "|exponent|R²");
    lc_text_table_init(r, headers);
    for (size_t k = 0; n > 0 && k < scale[0].n; k++) {
        double x[LC_SCALE_SIZES];
        double y[LC_SCALE_SIZES];
        char label[LABEL_BYTES];
        /* Only what ran at every size, on all rows. */
        if (points_of(scale, n, &scale[0].entries[k], x, y) != n) {
            continue;
        }
        struct lc_power_fit fit = lc_stats_fit_power(x, y, n);
        lc_text_table_cell(r, "%s", label_of(&scale[0].entries[k], label));
        for (size_t i = 0; i < n; i++) {
            lc_text_table_number(r, y[i]);
        }
        /* Through two points there is always a line. */
        lc_text_table_cell(r, n > 2 ? "%.2f" : "–", fit.exponent);
        lc_text_table_cell(r, n > 2 ? "%.3f" : "–", fit.r2);
    }
}

/* GROUP BY of this expression for each number of rules: x rules, y M rows/s. */
static size_t by_rules(const struct lc_entry *entries, size_t n, const char *name, double *x,
                       double *y)
{
    size_t points = 0;
    for (size_t i = 0; i < n; i++) {
        const struct lc_entry *e = &entries[i];
        if (e->rules > 0 && strcmp(e->what, "GROUP BY") == 0 && strcmp(e->name, name) == 0) {
            x[points] = e->rules;
            y[points++] = (double)e->rows / e->seconds / 1e6;
        }
    }
    return points;
}

/* rules.svg. Expressions run on different numbers of rows, so it shows throughput, not time. */
static int plot_rules(const struct lc_entry *entries, size_t n, const char *path,
                      struct lc_error *err)
{
    /* What has one point only is drawn too: it is a peer at that number of rules. */
    static const char *const names[] = {"Native String",
                                        "multiIf",
                                        "hashed dictionary, each length",
                                        "regexp_tree dictionary",
                                        "Python, TabSeparated by lines",
                                        "TabSeparated String",
                                        "RowBinary String"};
    enum { NAMES = sizeof names / sizeof *names };
    struct lc_curve curves[NAMES];
    double x[NAMES][LC_ENTRIES];
    double y[NAMES][LC_ENTRIES];
    size_t drawn = 0;
    for (size_t i = 0; i < NAMES; i++) {
        size_t points = by_rules(entries, n, names[i], x[i], y[i]);
        if (points > 0) {
            curves[drawn++] =
                (struct lc_curve){.name = names[i], .x = x[i], .y = y[i], .n = points};
        }
    }
    struct lc_picture picture = {
        .title = "Throughput against the number of rules: GROUP BY f(user_id)",
        .x_label = "prefix rules",
        .y_label = "million rows a second",
        .log_x = true,
        .log_y = true,
        .x_tics = "('3' 3, '10' 10, '100' 100, '1,000' 1000, '10,000' 10000, '100,000' 100000, "
                  "'1,000,000' 1000000)",
    };
    return drawn > 0 ? lc_plot_draw(&picture, curves, drawn, path, err) : 0;
}

/* rows.svg. Fewer than three points make no trend. */
static int plot_rows(const struct lc_scale *scale, size_t n, const char *path, struct lc_error *err)
{
    static const struct lc_entry shown[] = {
        {.what = "GROUP BY", .rules = 3, .name = "Native String"},
        {.what = "GROUP BY", .rules = 3, .name = "multiIf"},
        {.what = "GROUP BY", .rules = 3, .name = "TabSeparated String"},
        {.what = "MATERIALIZE", .rules = 3, .name = "Native LowCardinality"},
        {.what = "MATERIALIZE", .rules = 3, .name = "multiIf"},
    };
    enum { SHOWN = sizeof shown / sizeof *shown };
    struct lc_curve curves[SHOWN];
    double x[SHOWN][LC_SCALE_SIZES];
    double y[SHOWN][LC_SCALE_SIZES];
    char names[SHOWN][LABEL_BYTES + 20];
    size_t drawn = 0;
    for (size_t i = 0; i < SHOWN; i++) {
        char label[LABEL_BYTES];
        size_t points = points_of(scale, n, &shown[i], x[i], y[i]);
        if (points < 3) {
            continue;
        }
        struct lc_power_fit fit = lc_stats_fit_power(x[i], y[i], points);
        (void)snprintf(names[i], sizeof names[i], "%s, rows^%.2f", label_of(&shown[i], label),
                       fit.exponent);
        curves[drawn++] = (struct lc_curve){.name = names[i], .x = x[i], .y = y[i], .n = points};
    }
    struct lc_picture picture = {
        .title = "Cost against rows",
        .x_label = "rows",
        .y_label = "seconds",
        .log_x = true,
        .log_y = true,
        .x_tics = "('1 M' 1e6, '2 M' 2e6, '5 M' 5e6, '10 M' 1e7, '20 M' 2e7, '50 M' 5e7, "
                  "'100 M' 1e8, '200 M' 2e8)",
    };
    return drawn > 0 ? lc_plot_draw(&picture, curves, drawn, path, err) : 0;
}

int lc_scale_plot(const struct lc_entry *entries, size_t n, const struct lc_scale *scale,
                  size_t n_scale, const char *dir, struct lc_error *err)
{
    char path[4096];
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return lc_fail(err, LC_ERR_IO, "cannot make the folder %s: %s", dir, strerror(errno));
    }
    (void)snprintf(path, sizeof path, "%s/rules.svg", dir);
    int rc = plot_rules(entries, n, path, err);
    (void)snprintf(path, sizeof path, "%s/rows.svg", dir);
    return rc == 0 && n_scale > 0 ? plot_rows(scale, n_scale, path, err) : rc;
}
