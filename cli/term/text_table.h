/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of figures, for a person (aligned text), a page (Markdown) or a program (CSV): one table,
 * three ways to write it.
 *
 *   phase     n  p50 ms  p99 ms        a header that holds the units, then a row each;
 *   before  500    0.81    1.93        the first column to the left, numbers to the right
 */
#ifndef LC_CLI_TERM_TEXT_TABLE_H
#define LC_CLI_TERM_TEXT_TABLE_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_TEXT_TABLE_COLS = 24 };

struct lc_text_table {
    size_t cols;
    size_t n;     /* cells */
    char **cells; /* row after row; the header is the first row */
    bool failed;  /* there was no memory for a cell; writing it gives LC_ERR_NOMEM */
};

/* Start a table; headers are separated by '|': "phase|n|p50 ms". At most LC_TEXT_TABLE_COLS. */
void lc_text_table_init(struct lc_text_table *r, const char *headers);

/* Free what it holds. */
void lc_text_table_release(struct lc_text_table *r);

/* The next cell, printf-formatted, left to right, row after row. */
void lc_text_table_cell(struct lc_text_table *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The next cell: a number in three significant digits or more: 0.00123, 0.84, 12.3, 12345. */
void lc_text_table_number(struct lc_text_table *r, double v);

enum lc_text_table_form { LC_TEXT_TABLE_TEXT, LC_TEXT_TABLE_MARKDOWN, LC_TEXT_TABLE_CSV };

/* Append the table to b. 0 or LC_ERR_NOMEM. */
int lc_text_table_write(const struct lc_text_table *r, enum lc_text_table_form form,
                        struct lc_buf *b);

/* Write n bytes to a new file that takes the place of `path` when it is whole ("-": stdout). 0, or
 * LC_ERR_IO with the reason. */
int lc_text_table_save(const char *path, const void *p, size_t n, struct lc_error *err);

#endif
