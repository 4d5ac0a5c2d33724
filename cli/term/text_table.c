/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells are texts in one array, row after row: cell i is in column i % cols. A cell that finds
 * no memory sets `failed`, so that callers check once, when the table is written.
 */
#include "cli/term/text_table.h"

#include "base/files.h"
#include "base/format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Takes over text (malloc'ed); NULL: there was no memory for it. */
static void add_cell(struct lc_text_table *r, char *text)
{
    char **more = text != NULL ? realloc(r->cells, (r->n + 1) * sizeof *more) : NULL;
    if (more == NULL) {
        free(text);
        r->failed = true;
        return;
    }
    r->cells = more;
    r->cells[r->n++] = text;
}

void lc_text_table_init(struct lc_text_table *r, const char *headers)
{
    *r = (struct lc_text_table){0};
    while (r->cols < LC_TEXT_TABLE_COLS) {
        size_t n = strcspn(headers, "|");
        add_cell(r, strndup(headers, n));
        r->cols++;
        if (headers[n] == '\0') {
            break;
        }
        headers += n + 1;
    }
}

void lc_text_table_release(struct lc_text_table *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->cells[i]);
    }
    free(r->cells);
    *r = (struct lc_text_table){0};
}

void lc_text_table_cell(struct lc_text_table *r, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    add_cell(r, n < 0 ? NULL : text);
}

void lc_text_table_number(struct lc_text_table *r, double v)
{
    char text[40];
    add_cell(r, strdup(lc_format_number(v, text, sizeof text)));
}

/* Characters on a terminal: UTF-8's continuation bytes take no place of their own. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++) {
        n += ((unsigned char)*s & 0xC0U) != 0x80U;
    }
    return n;
}

static int pad(struct lc_buf *b, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = lc_buf_adds(b, " ");
    }
    return rc;
}

/*
 * Aligned, two blanks between columns: the first to the left, all others to the right, as
 * numbers are.
 */
static int write_text(const struct lc_text_table *r, size_t rows, struct lc_buf *b)
{
    /* in characters: the widest cell of each column, its header included */
    size_t widths[LC_TEXT_TABLE_COLS] = {0};
    for (size_t i = 0; i < rows * r->cols; i++) {
        size_t w = width_of(r->cells[i]);
        widths[i % r->cols] = w > widths[i % r->cols] ? w : widths[i % r->cols];
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows * r->cols; i++) {
        size_t col = i % r->cols;
        size_t room = widths[col] - width_of(r->cells[i]);
        if (col == 0) {
            rc = lc_buf_adds(b, r->cells[i]);
            /* A single column needs no blanks at the end of its lines. */
            if (rc == 0 && r->cols > 1) {
                rc = pad(b, room);
            }
        } else {
            rc = pad(b, room + 2);
            rc = rc == 0 ? lc_buf_adds(b, r->cells[i]) : rc;
        }
        if (rc == 0 && col + 1 == r->cols) {
            rc = lc_buf_adds(b, "\n");
        }
    }
    return rc;
}

/* A line of dashes after the header aligns columns as text does; a | within a cell is escaped. */
static int write_markdown(const struct lc_text_table *r, size_t rows, struct lc_buf *b)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows * r->cols; i++) {
        rc = lc_buf_adds(b, "| ");
        for (const char *c = r->cells[i]; rc == 0 && *c != '\0'; c++) {
            rc = *c == '|' ? lc_buf_adds(b, "\\|") : lc_buf_add(b, c, 1);
        }
        rc = rc == 0 ? lc_buf_adds(b, (i + 1) % r->cols == 0 ? " |\n" : " ") : rc;
        if (i + 1 == r->cols) {
            for (size_t c = 0; rc == 0 && c < r->cols; c++) {
                rc = lc_buf_adds(b, c == 0 ? "| --- |" : " ---: |");
            }
            rc = rc == 0 ? lc_buf_adds(b, "\n") : rc;
        }
    }
    return rc;
}

/* RFC 4180: quoted where it must be, quotes doubled. */
static int write_csv(const struct lc_text_table *r, size_t rows, struct lc_buf *b)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows * r->cols; i++) {
        const char *text = r->cells[i];
        bool quoted = strpbrk(text, ",\"\r\n") != NULL;
        rc = quoted ? lc_buf_adds(b, "\"") : 0;
        for (const char *c = text; rc == 0 && *c != '\0'; c++) {
            rc = *c == '"' ? lc_buf_adds(b, "\"\"") : lc_buf_add(b, c, 1);
        }
        rc = rc == 0 && quoted ? lc_buf_adds(b, "\"") : rc;
        rc = rc == 0 ? lc_buf_adds(b, (i + 1) % r->cols == 0 ? "\n" : ",") : rc;
    }
    return rc;
}

int lc_text_table_write(const struct lc_text_table *r, enum lc_text_table_form form,
                        struct lc_buf *b)
{
    if (r->failed) {
        return LC_ERR_NOMEM;
    }
    /* A last row that is not whole is left out. */
    size_t rows = r->cols > 0 ? r->n / r->cols : 0;
    switch (form) {
    case LC_TEXT_TABLE_MARKDOWN:
        return write_markdown(r, rows, b);
    case LC_TEXT_TABLE_CSV:
        return write_csv(r, rows, b);
    case LC_TEXT_TABLE_TEXT:
    default:
        return write_text(r, rows, b);
    }
}

int lc_text_table_save(const char *path, const void *p, size_t n, struct lc_error *err)
{
    if (strcmp(path, "-") != 0) {
        return lc_file_write(path, p, n, 0644, err);
    }
    if (fwrite(p, 1, n, stdout) != n || fflush(stdout) != 0) {
        return lc_fail(err, LC_ERR_IO, "cannot write to standard output: %s", strerror(errno));
    }
    return 0;
}
