/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TabSeparatedWithNamesAndTypes, parsed in place: one copy of the text is made, and cells are unescaped into it.
 * An escape is longer than the byte that it means, so one pass reads and writes the same memory.
 * Every row has as many cells as the first, or the answer is refused: a part of an answer is never taken for
 * the whole.
 */
#include "cli/server/answer.h"

#include "base/hex.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the parser is: `in` reads the copy, `out` writes the unescaped bytes behind it. */
struct reader {
    char *base, *in, *end, *out;
    size_t row;
    struct lc_error *err;
};

/* The byte that \c stands for, or -1 where the server leaves the backslash in the text. */
static int unescape(char c)
{
    switch (c) {
    case 'a':
        return '\a';
    case 'b':
        return '\b';
    case 'e':
        return 0x1b;
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'v':
        return '\v';
    case '0':
        return '\0';
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '/':
        return c;
    default:
        return -1;
    }
}

/* One escape sequence at r->in, which is a backslash. */
static int read_escape(struct reader *r)
{
    size_t left = (size_t)(r->end - r->in);
    int byte;

    if (left < 2)
        return lc_fail_at(r->err, LC_ERR_INPUT, (uint64_t)(r->in - r->base), r->row,
                          "the answer ends inside an escape");
    if (r->in[1] == 'x' && left >= 4 && lc_hex_digit(r->in[2]) >= 0 &&
        lc_hex_digit(r->in[3]) >= 0) {
        *r->out++ = (char)(lc_hex_digit(r->in[2]) * 16 + lc_hex_digit(r->in[3]));
        r->in += 4;
        return 0;
    }
    byte = unescape(r->in[1]);
    if (byte < 0) {
        *r->out++ = '\\';
        *r->out++ = r->in[1];
    } else {
        *r->out++ = (char)byte;
    }
    r->in += 2;
    return 0;
}

/*
 * Read one cell up to its tab or newline, which is consumed and returned in *delimiter. The text
 * never grows, so that it is unescaped in place, and the NUL falls on the delimiter or before it.
 */
static int read_cell(struct reader *r, struct lc_cell *cell, char *delimiter)
{
    const char *start = r->in;

    cell->p = r->out = r->in;
    while (r->in < r->end && *r->in != '\t' && *r->in != '\n') {
        if (*r->in == '\\') {
            int rc = read_escape(r);

            if (rc)
                return rc;
        } else {
            *r->out++ = *r->in++;
        }
    }
    if (r->in == r->end)
        return lc_fail_at(r->err, LC_ERR_INPUT, (uint64_t)(r->in - r->base), r->row,
                          "the answer ends inside a row");
    /* `out` has written over the text: "\N" is the one cell that reads the same before and after */
    cell->is_null = r->in - start == 2 && start[0] == '\\' && start[1] == 'N';
    if (cell->is_null)
        r->out = r->in - 2;
    *delimiter = *r->in++;
    *r->out = '\0';
    cell->n = (size_t)(r->out - cell->p);
    return 0;
}

/* One line of exactly cols cells. Names and types are lines like the rows. */
static int read_row(struct reader *r, struct lc_cell *cells, size_t cols)
{
    char delimiter = '\t';

    for (size_t i = 0; i < cols; i++) {
        int rc;

        if (delimiter == '\n')
            return lc_fail_at(r->err, LC_ERR_INPUT, (uint64_t)(r->in - r->base), r->row,
                              "a row of the answer has %zu cells, not %zu", i, cols);
        rc = read_cell(r, &cells[i], &delimiter);
        if (rc)
            return rc;
    }
    if (delimiter != '\n')
        return lc_fail_at(r->err, LC_ERR_INPUT, (uint64_t)(r->in - r->base), r->row,
                          "a row of the answer has more than %zu cells", cols);
    r->row++;
    return 0;
}

/*
 * How often the byte occurs. In this format a tab or a newline is never data: those are
 * escaped.
 */
static size_t count(const char *p, size_t n, char c)
{
    const char *end = p + n;
    size_t found = 0;

    while (p < end && (p = memchr(p, c, (size_t)(end - p))) != NULL) {
        found++;
        p++;
    }
    return found;
}

/*
 * Take memory for names, types and cells. Each line has as many delimiters as there are columns, so
 * that nothing is allocated for an answer that cannot be one, however many tabs it has.
 */
static int make_cells(struct lc_answer *t, size_t n, size_t lines, struct lc_error *err)
{
    size_t tabs = count(t->text, n, '\t');
    size_t cells = tabs + lines;

    if (cells > LC_ANSWER_MAX_CELLS)
        return lc_fail(err, LC_ERR_INPUT, "the answer has more than %zu cells",
                       LC_ANSWER_MAX_CELLS);
    /* by delimiters, not by rows × cols: a row that is too short ends the parse, whatever cols is;
     * names and types take no more than that twice */
    t->names = calloc(cells + 2 * t->cols, sizeof *t->names);
    if (!t->names)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for an answer of %zu rows", lines - 2);
    t->types = t->names + t->cols;
    t->cells = t->types + t->cols;
    return 0;
}

static int parse(struct lc_answer *t, size_t n, struct lc_error *err)
{
    struct reader r = {.base = t->text, .in = t->text, .end = t->text + n, .err = err};
    const char *eol = memchr(t->text, '\n', n);
    size_t lines = count(t->text, n, '\n');
    int rc;

    if (lines < 2)
        return lc_fail_at(err, LC_ERR_INPUT, n, lines, "the answer has no names and types");
    t->cols = count(t->text, (size_t)(eol - t->text), '\t') + 1;
    rc = make_cells(t, n, lines, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < lines; i++) {
        rc = read_row(&r, t->names + i * t->cols, t->cols);
        if (rc)
            return rc;
    }
    if (r.in != r.end)
        return lc_fail_at(err, LC_ERR_INPUT, (uint64_t)(r.in - r.base), r.row,
                          "the answer ends inside a row");
    t->rows = lines - 2;
    return 0;
}

int lc_answer_parse(struct lc_answer *t, const char *text, size_t n, struct lc_error *err)
{
    int rc;

    *t = (struct lc_answer){0};
    if (n == 0)
        return 0;
    t->text = malloc(n + 1);
    if (!t->text)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for an answer of %zu bytes", n);
    memcpy(t->text, text, n);
    t->text[n] = '\0';
    t->text_n = n;
    rc = parse(t, n, err);
    if (rc)
        lc_answer_release(t);
    return rc;
}

int lc_answer_copy(struct lc_answer *to, const struct lc_answer *from)
{
    size_t cells = from->cols * (2 + from->rows);

    *to = *from;
    to->names = cells ? malloc(cells * sizeof *to->names) : NULL;
    to->text = from->text ? malloc(from->text_n + 1) : NULL;
    if ((cells && !to->names) || (from->text && !to->text)) {
        lc_answer_release(to);
        return LC_ERR_NOMEM;
    }
    if (from->text)
        memcpy(to->text, from->text, from->text_n + 1);
    for (size_t i = 0; i < cells; i++) {
        const char *p = from->names[i].p;

        to->names[i] = from->names[i];
        if (p >= from->text && p <= from->text + from->text_n)
            to->names[i].p = to->text + (p - from->text);
    }
    to->types = to->names ? to->names + to->cols : NULL;
    to->cells = to->types ? to->types + to->cols : NULL;
    return 0;
}

void lc_answer_release(struct lc_answer *t)
{
    free(t->names); /* one allocation with types and cells */
    free(t->text);
    *t = (struct lc_answer){0};
}

const struct lc_cell *lc_answer_at(const struct lc_answer *t, size_t row, size_t col)
{
    static const struct lc_cell none = {.p = "", .is_null = true};

    return row < t->rows && col < t->cols ? &t->cells[row * t->cols + col] : &none;
}

int lc_answer_col(const struct lc_answer *t, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < t->cols; i++)
        if (t->names[i].n == n && memcmp(t->names[i].p, name, n) == 0)
            return (int)i;
    return -1;
}

uint64_t lc_answer_u64(const struct lc_answer *t, size_t row, size_t col, uint64_t otherwise)
{
    const struct lc_cell *c = lc_answer_at(t, row, col);
    unsigned long long v;
    char *end;

    if (c->n == 0 || c->p[0] < '0' || c->p[0] > '9')
        return otherwise;
    errno = 0;
    v = strtoull(c->p, &end, 10);
    return errno || end != c->p + c->n ? otherwise : v;
}

double lc_answer_f64(const struct lc_answer *t, size_t row, size_t col, double otherwise)
{
    const struct lc_cell *c = lc_answer_at(t, row, col);
    char *end;
    double v;

    if (c->n == 0)
        return otherwise;
    v = strtod(c->p, &end);
    return end != c->p + c->n ? otherwise : v;
}
