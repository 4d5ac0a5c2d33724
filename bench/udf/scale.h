/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the cost of bench udf's expressions grows: with the rows (the same contest on tables of
 * several sizes, and a power fitted to it) and with the rules; as a table and as pictures.
 */
#ifndef LC_BENCH_UDF_SCALE_H
#define LC_BENCH_UDF_SCALE_H
#include "bench/udf/comparison.h"
#include "cli/term/text_table.h"

enum { LC_SCALE_SIZES = 8 };

/* A contest at one size of the table. */
struct lc_scale {
    uint64_t rows;
    size_t n;
    struct lc_entry entries[LC_ENTRIES];
};

/*
 * Run the quick contest with 1 M, 2 M, 5 M, 10 M … rows, up to how->rows, in folders below
 * how->path, each removed afterwards. 0 with *n sizes, at most LC_SCALE_SIZES; or as
 * lc_comparison_run, with the sizes that were whole until then.
 */
int lc_scale_run(const struct lc_comparison *how, struct lc_scale *out, size_t *n,
                 struct lc_error *err);

/* A row for each expression: its seconds at each size, and the exponent of the fitted power, by
 * which the cost grows (1: with the rows). The report is to be released. */
void lc_scale_table(const struct lc_scale *scale, size_t n, struct lc_text_table *r);

/*
 * Draw into the folder `dir` (made where it is not there): rules.svg, rows a second against the
 * number of rules, of entries; rows.svg, seconds against rows, of scale (n_scale 0: not drawn).
 * 0 or the failures of lc_plot_draw.
 */
int lc_scale_plot(const struct lc_entry *entries, size_t n, const struct lc_scale *scale,
                  size_t n_scale, const char *dir, struct lc_error *err);

#endif
