/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures: curves drawn by gnuplot as SVG, in colours that colour-blind people can tell apart
 * (Okabe and Ito's), each curve with its own mark and dash besides.
 */
#ifndef LC_BENCH_RESULT_PLOT_H
#define LC_BENCH_RESULT_PLOT_H
#include "base/error.h"
#include "bench/result/result.h"

#include <stdbool.h>
#include <stddef.h>

enum { LC_CURVES_MAX = 8 };

struct lc_curve {
    const char *name;
    const double *x, *y; /* n points; those not above 0 on a logarithmic axis are left out */
    size_t n;
    bool points; /* marks alone, no line */
};

/* A stretch of the x axis with a name, shaded. */
struct lc_shade {
    const char *name;
    double from, to;
};

struct lc_picture {
    const char *title, *x_label, *y_label; /* with their units */
    bool log_x, log_y;
    const char *x_tics; /* gnuplot's: ("50 %" 2, "90 %" 10); NULL: its own choice */
    const struct lc_shade *shades;
    size_t n_shades;
    double y_line;           /* a line across, 0: none … */
    const char *y_line_name; /* … and what it is: "budget 100 ms" */
};

/*
 * Draw at most LC_CURVES_MAX curves into the SVG file at `path`. 0; LC_ERR_IO where gnuplot is not
 * there, fails, or writes nothing; LC_ERR_USAGE for too many curves; LC_ERR_NOMEM.
 */
int lc_plot_draw(const struct lc_picture *picture, const struct lc_curve *curves, size_t n,
                 const char *path, struct lc_error *err);

/* Will pictures be possible: makes the folder, looks whether it can be written and gnuplot is
 * there. 0, LC_ERR_IO. */
int lc_plot_ready(const char *dir, struct lc_error *err);

/*
 * The pictures of an outcome, into the folder `dir` (made where it is not there):
 * percentiles.svg of its series, and for scenario "live" timeline.svg with its phases. What is left
 * out, because there are too many series or too few runs, is said. As above.
 */
int lc_plot_outcome(const struct lc_result *o, const char *dir, struct lc_error *err);

#endif
