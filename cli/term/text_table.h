/*
 * Tables of figures, for a person (aligned text), a page (Markdown) or a program (CSV): one table,
 * three ways to write it.
 *
 *   phase     n  p50 ms  p99 ms        a header that holds the units, then a row each;
 *   before  500    0.81    1.93        the first column to the left, numbers to the right
 */
#ifndef LC_REPORT_H
#define LC_REPORT_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_REPORT_COLS = 24 };

struct lc_report {
    size_t cols;
    size_t n;     /* cells */
    char **cells; /* row after row; the header is the first row */
    bool failed;  /* there was no memory for a cell; writing it gives LC_ERR_NOMEM */
};

/* Start a table; headers are separated by '|': "phase|n|p50 ms". At most LC_REPORT_COLS. */
void lc_report_init(struct lc_report *r, const char *headers);

/* Free what it holds. */
void lc_report_release(struct lc_report *r);

/* The next cell, printf-formatted, left to right, row after row. */
void lc_report_cell(struct lc_report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The next cell: a number in three significant digits or more: 0.00123, 0.84, 12.3, 12345. */
void lc_report_number(struct lc_report *r, double v);

enum lc_report_form { LC_REPORT_TEXT, LC_REPORT_MARKDOWN, LC_REPORT_CSV };

/* Append the table to b. 0 or LC_ERR_NOMEM. */
int lc_report_write(const struct lc_report *r, enum lc_report_form form, struct lc_buf *b);

/* Write n bytes to a new file that takes the place of `path` when it is whole ("-": stdout). 0, or
 * LC_ERR_IO with the reason. */
int lc_report_save(const char *path, const void *p, size_t n, struct lc_error *err);

#endif
