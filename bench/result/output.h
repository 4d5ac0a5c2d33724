/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every scenario does with its outcome: judge it by budgets, print it, export it, plot it, and
 * say by an exit code how it went. The options for that are alike everywhere.
 */
#ifndef LC_BENCH_RESULT_OUTPUT_H
#define LC_BENCH_RESULT_OUTPUT_H
#include "base/strings.h"
#include "bench/result/budget.h"
#include "bench/result/result.h"
#include "cli/term/options.h"

enum { LC_BUDGETS_MAX = 16 };

struct lc_output {
    struct lc_strings budget_texts;
    const char *export_json, *export_csv, *export_markdown;
    const char *report; /* a page of HTML (page.h) */
    const char *plot;   /* folder for pictures; NULL: none */
    double confidence_percent;
    double tolerance_percent; /* how much slower than its reference is no regression */
    struct lc_budget budgets[LC_BUDGETS_MAX];
    size_t n_budgets;
};

/* The defaults. */
#define LC_OUTPUT_INIT ((struct lc_output){.confidence_percent = 99.5})

/* Rows of a struct lc_option table, for the delivery d. */
#define LC_OUTPUT_OPTIONS(d)                                                                        \
    {"budget",                                                                                      \
     'b',                                                                                           \
     LC_OPT_LIST,                                                                                   \
     &(d)->budget_texts,                                                                            \
     "BUDGET",                                                                                      \
     "a limit: p99=100ms (any percentile), max=1s, mean=5ms, qps=1000, errors=0, "                  \
     "ratio=1.1 to the reference; may be repeated; exit code 4 if one is missed"},                  \
        {"export-json", 0,                                                                          \
         LC_OPT_STRING, &(d)->export_json,                                                          \
         "FILE",        "write all results with every raw time (bench/schema.json); - for stdout"}, \
        {"export-csv", 0, LC_OPT_STRING, &(d)->export_csv, "FILE", "write the table as CSV"},       \
        {"report",      0,                                                                          \
         LC_OPT_STRING, &(d)->report,                                                               \
         "FILE",        "write one self-contained HTML page: verdict, charts, table, machine"},     \
        {"export-markdown",     0,      LC_OPT_STRING,                                              \
         &(d)->export_markdown, "FILE", "write the report as Markdown"},                            \
    {                                                                                               \
        "plot", 0, LC_OPT_STRING, &(d)->plot, "DIR", "draw SVG charts into DIR, with gnuplot"       \
    }

/* Rows for scenarios that compare with a reference. */
#define LC_COMPARISON_OPTIONS(d)                                                                   \
    {"confidence",                                                                                 \
     0,                                                                                            \
     LC_OPT_DOUBLE,                                                                                \
     &(d)->confidence_percent,                                                                     \
     "PERCENT",                                                                                    \
     "confidence at which a difference counts as proven, by Welch's t-test (default: 99.5)"},      \
    {                                                                                              \
        "tolerance", 0, LC_OPT_DOUBLE, &(d)->tolerance_percent, "PERCENT",                         \
            "slowdown that is no regression; exit code 6 if proven slower by more (default: 0)"    \
    }

/*
 * Read the budgets, check the numbers, and whether what is to be written can be: all of it before a
 * long run. json: stdout is for JSON. 0, LC_ERR_USAGE, LC_ERR_IO.
 */
int lc_output_settle(struct lc_output *d, bool json, struct lc_error *err);

/*
 * Write the exports and the pictures, and print: JSON with `json`, else `text` (NULL: the outcome's
 * own), to stderr where an export goes to stdout. Each is tried. 0, or LC_ERR_IO with the first
 * thing that could not be written; further ones were said.
 */
int lc_output_hand_out(const struct lc_output *d, struct lc_result *o, bool json, const char *text,
                       struct lc_error *err);

/*
 * 1 where something failed that no budget of errors is for, or answers disagree; else 4 where a
 * budget was missed, else 6 where a regression is proven, else 0.
 */
int lc_output_exit_code(const struct lc_result *o);

#endif
