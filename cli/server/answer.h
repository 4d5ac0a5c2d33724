/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer of the server, held as text: names, types, and rows × columns cells.
 *
 * Filled from the TabSeparatedWithNamesAndTypes format, which carries any byte exactly (a name with
 * a newline, a key that is not UTF-8) and which every server knows. Cells are slices into one
 * buffer that the table owns; each is followed by a NUL that is not counted.
 *   https://clickhouse.com/docs/interfaces/formats/TabSeparatedWithNamesAndTypes
 */
#ifndef LC_CLI_SERVER_ANSWER_H
#define LC_CLI_SERVER_ANSWER_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

struct lc_cell {
    const char *p; /* NUL-terminated; "" for NULL */
    size_t n;      /* bytes, without the NUL */
    bool is_null;
};

struct lc_answer {
    size_t rows;
    size_t cols;
    struct lc_cell *names; /* cols */
    struct lc_cell *types; /* cols */
    struct lc_cell *cells; /* rows × cols, row after row */
    char *text;            /* the bytes behind all of them */
    size_t text_n;
    double elapsed_s;   /* the server's own time; 0 where it does not say */
    uint64_t rows_read; /* what the server read for it; 0 where it does not say */
    uint64_t bytes_read;
    uint64_t rows_said; /* how many rows the server says it has sent; 0 where it does not say */
};

/* More than this is no answer to anything livecol asks: their cells alone would take 400 MB. */
#define LC_ANSWER_MAX_CELLS ((size_t)1 << 24)

/*
 * Take n bytes of text in that format; what t held before is not freed. No bytes give a table of no
 * columns, as statements answer that give no rows; an empty table of a SELECT has names and types.
 * 0, LC_ERR_NOMEM, or LC_ERR_INPUT with byte and row (names and types are rows 0 and 1), also for
 * more than LC_ANSWER_MAX_CELLS; after an error the table is empty.
 */
int lc_answer_parse(struct lc_answer *t, const char *text, size_t n, struct lc_error *err);

/* Copy it; what `to` held before is not freed. 0 or LC_ERR_NOMEM, with an empty table. */
int lc_answer_copy(struct lc_answer *to, const struct lc_answer *from);

/* Free what it holds and zero it. A zeroed table may be released. */
void lc_answer_release(struct lc_answer *t);

/*
 * The cell at (row, col), a NULL where there is none: whatever a server answers, nothing outside of
 * the table is read. Valid until the table is released.
 */
const struct lc_cell *lc_answer_at(const struct lc_answer *t, size_t row, size_t col);

/* Column number of a name, or -1. */
int lc_answer_col(const struct lc_answer *t, const char *name);

/* A cell as a number; `otherwise` where it is not there, NULL, empty or not a number. */
uint64_t lc_answer_u64(const struct lc_answer *t, size_t row, size_t col, uint64_t otherwise);
double lc_answer_f64(const struct lc_answer *t, size_t row, size_t col, double otherwise);

#endif
