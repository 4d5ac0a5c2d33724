/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer passes these checks in this order, and is used only when all hold:
 *
 *   rows that came = rows that the server says it sent      (check_said)
 *   columns by number                                       two more where the statement is sealed
 *   the seal: rows_n, row_sha256 in the last two columns    (take_seal)
 *   each column by name, type and the form of its cells; a key's cells differ
 *   rows by number: one, at most one
 *
 * A row's hash covers its cells and rows_n, a newline after each, and its number: so a cell that
 * changed, a row that is missing, and rows in another order are all found. An empty sealed answer
 * is one row numbered 0.
 */
#include "cli/server/answer_check.h"

#include "base/buf.h"
#include "base/sha256.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of one row. */
#define SEALED_MAX_BYTES ((size_t)64 << 20)
/* Of a statement that is made here. */
#define SQL_MAX_BYTES ((size_t)64 << 20)

/* Step over `prefix` where the text begins with it. */
static bool skip(const char **text, const char *prefix)
{
    size_t n = strlen(prefix);

    if (strncmp(*text, prefix, n) != 0)
        return false;
    *text += n;
    return true;
}

static bool is_integer_type(const char *type, bool is_signed)
{
    if (skip(&type, "UInt") || (is_signed && skip(&type, "Int")))
        return *type >= '1' && *type <= '9';
    return false;
}

/* Is that the name of a type whose text is of that kind? */
static bool is_type_of(const char *type, enum lc_sql_kind kind)
{
    skip(&type, "LowCardinality(");
    skip(&type, "Nullable(");
    switch (kind) {
    case LC_SQL_TEXT:
    case LC_SQL_KEY:
        return skip(&type, "String") || skip(&type, "FixedString(") || skip(&type, "Enum");
    case LC_SQL_UINT:
    case LC_SQL_INT:
        /* the sign is looked at in the cells: system tables count in Int64 too */
        return is_integer_type(type, true);
    case LC_SQL_NUMBER:
        return is_integer_type(type, true) || skip(&type, "Float") || skip(&type, "Decimal");
    }
    return false;
}

/*
 * Is the cell's text of that kind, all of it? A NULL is, of any kind. NUMBER must be finite:
 * NaN and inf would pass every comparison with a limit.
 */
static bool is_cell_of(const struct lc_cell *c, enum lc_sql_kind kind)
{
    const char *digits = c->p;
    char *end;

    if (kind == LC_SQL_TEXT || kind == LC_SQL_KEY || c->is_null)
        return true;
    errno = 0;
    if (kind == LC_SQL_NUMBER) {
        double v = strtod(c->p, &end);

        return c->n > 0 && *c->p > ' ' && end == c->p + c->n && isfinite(v);
    }
    if (kind == LC_SQL_INT)
        skip(&digits, "-");
    if (*digits < '0' || *digits > '9')
        return false;
    if (kind == LC_SQL_INT)
        strtoll(c->p, &end, 10);
    else
        strtoull(c->p, &end, 10);
    return errno == 0 && end == c->p + c->n;
}

/* The cells of one row that are its key. */
struct key {
    const struct lc_cell *cells;
    size_t n;
};

/* NULL and the empty text differ. */
static int compare_keys(const void *a, const void *b)
{
    const struct key *one = a, *other = b;
    int order = 0;

    for (size_t i = 0; order == 0 && i < one->n; i++) {
        const struct lc_cell *x = &one->cells[i], *y = &other->cells[i];

        order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
        if (order == 0)
            order = (x->n > y->n) - (x->n < y->n);
        if (order == 0)
            order = (int)x->is_null - (int)y->is_null;
    }
    return order;
}

/*
 * No two rows have the same cells from `col` on, n of them. Sorted, so that an answer of many rows is checked
 * in n log n. *twice is the cell of one that is there twice, else NULL. 0 or LC_ERR_NOMEM.
 */
static int find_twice(const struct lc_answer *t, size_t col, size_t n, const struct lc_cell **twice,
                      struct lc_error *err)
{
    struct key *sorted = calloc(t->rows + 1, sizeof *sorted);

    *twice = NULL;
    if (!sorted)
        return lc_no_memory(err);
    for (size_t i = 0; i < t->rows; i++)
        sorted[i] = (struct key){lc_answer_at(t, i, col), n};
    qsort(sorted, t->rows, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < t->rows; i++)
        if (compare_keys(&sorted[i - 1], &sorted[i]) == 0)
            *twice = sorted[i].cells;
    free(sorted);
    return 0;
}

static int check_key(const struct lc_answer *t, size_t col, const struct lc_sql *sql,
                     struct lc_error *err)
{
    const struct lc_cell *twice;
    char shown[64];
    int rc = find_twice(t, col, 1, &twice, err);

    if (twice)
        rc = lc_fail(err, LC_ERR_INPUT, "%s has two rows of \"%s\"", sql->name,
                     lc_printable(twice->p, twice->n, shown, sizeof shown));
    return rc;
}

static int check_column(const struct lc_answer *t, size_t col, const struct lc_sql *sql,
                        struct lc_error *err)
{
    const struct lc_sql_column *want = &sql->columns[col];
    const struct lc_cell *name = &t->names[col], *type = &t->types[col];
    char shown[64];

    if (name->n != strlen(want->name) || memcmp(name->p, want->name, name->n) != 0)
        return lc_fail(err, LC_ERR_INPUT, "column %zu of %s is \"%s\", not \"%s\"", col + 1,
                       sql->name, lc_printable(name->p, name->n, shown, sizeof shown), want->name);
    if (!is_type_of(type->p, want->kind))
        return lc_fail(err, LC_ERR_INPUT, "column %s of %s is of the type \"%s\"", want->name,
                       sql->name, lc_printable(type->p, type->n, shown, sizeof shown));
    for (size_t i = 0; i < t->rows; i++) {
        const struct lc_cell *c = lc_answer_at(t, i, col);

        if (!is_cell_of(c, want->kind))
            return lc_fail_at(err, LC_ERR_INPUT, 0, i, "column %s of %s holds no number: \"%s\"",
                              want->name, sql->name, lc_printable(c->p, c->n, shown, sizeof shown));
    }
    return want->kind == LC_SQL_KEY ? check_key(t, col, sql, err) : 0;
}

static int check_rows(const struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err)
{
    if (sql->rows == LC_SQL_ROWS_ONE && t->rows != 1)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu rows, not one", sql->name, t->rows);
    if (sql->rows == LC_SQL_ROWS_AT_MOST_ONE && t->rows > 1)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu rows, not one at most", sql->name, t->rows);
    return 0;
}

/* The hash of a row as the server makes it. */
static int hash_row(const struct lc_answer *t, size_t row, size_t width, uint64_t number,
                    struct lc_buf *text, char out[LC_SHA256_HEX])
{
    int rc = 0;

    lc_buf_reset(text);
    for (size_t i = 0; rc == 0 && i <= width; i++) {
        const struct lc_cell *c = lc_answer_at(t, row, i);

        rc = lc_buf_add(text, c->p, c->n) || lc_buf_adds(text, "\n") ? LC_ERR_NOMEM : 0;
    }
    if (rc == 0)
        rc = lc_buf_addf(text, "%llu", (unsigned long long)number);
    return rc ? rc : lc_sha256_hex(text->p, text->n, out);
}

/* By length too: a name may hold a NUL. */
static bool is_named(const struct lc_cell *name, const char *want)
{
    return name->n == strlen(want) && memcmp(name->p, want, name->n) == 0;
}

/* Does a sealed answer agree with its own count and hashes? The row of an empty one goes. */
static int take_seal(struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err)
{
    size_t rows_n = sql->width, sha256 = rows_n + 1;
    uint64_t n = lc_answer_u64(t, 0, rows_n, UINT64_MAX);
    struct lc_buf text;
    int rc = 0;

    if (!is_named(&t->names[rows_n], "rows_n") || !is_named(&t->names[sha256], "row_sha256"))
        return lc_fail(err, LC_ERR_INPUT, "%s has no seal", sql->name);
    if (t->rows != (n ? n : 1))
        return lc_fail(err, LC_ERR_INPUT, "of %s came %zu rows of %llu", sql->name, t->rows,
                       (unsigned long long)n);
    lc_buf_init(&text, SEALED_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < t->rows; i++) {
        const struct lc_cell *said = lc_answer_at(t, i, sha256);
        char hash[LC_SHA256_HEX];

        if (hash_row(t, i, sql->width, n ? i + 1 : 0, &text, hash))
            rc = lc_no_memory(err);
        else if (strcmp(said->p, hash) != 0)
            rc = lc_fail_at(err, LC_ERR_INPUT, 0, i, "row %zu of %s is not as the server read it",
                            i + 1, sql->name);
    }
    lc_buf_release(&text);
    if (rc == 0 && n == 0)
        t->rows = 0;
    return rc;
}

static int check_said(const struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err)
{
    if (t->rows_said && t->rows_said != t->rows)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu rows, where the server counts %llu",
                       sql->name, t->rows, (unsigned long long)t->rows_said);
    return 0;
}

int lc_answer_check(struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err)
{
    size_t width = sql->width + (sql->sealed ? 2 : 0);
    int rc;

    if (sql->rows == LC_SQL_ROWS_NONE)
        return 0;
    rc = check_said(t, sql, err);
    if (rc || sql->rows == LC_SQL_ROWS_UNKNOWN)
        return rc;
    if (t->cols != width)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu columns, not %zu", sql->name, t->cols, width);
    if (sql->sealed)
        rc = take_seal(t, sql, err);
    for (size_t i = 0; rc == 0 && i < sql->width; i++)
        rc = check_column(t, i, sql, err);
    return rc ? rc : check_rows(t, sql, err);
}

int lc_answer_seal(struct lc_buf *sql, const struct lc_sql *shape)
{
    struct lc_buf out;
    int rc;

    lc_buf_init(&out, SQL_MAX_BYTES);
    rc = lc_buf_adds(&out, "SELECT ");
    for (size_t i = 0; i < shape->width; i++)
        rc = rc || lc_buf_addf(&out, "sealed.%zu AS %s, ", i + 1, shape->columns[i].name);
    rc = rc || lc_buf_adds(&out, "rows_n, lower(hex(SHA256(concat(");
    for (size_t i = 0; i < shape->width; i++)
        rc = rc || lc_buf_addf(&out, "ifNull(toString(%s), ''), '\\n', ", shape->columns[i].name);
    rc = rc || lc_buf_adds(&out, "toString(rows_n), '\\n', toString(row_i))))) AS row_sha256 FROM "
                                 "(SELECT count() AS rows_n, groupArray(tuple(");
    for (size_t i = 0; i < shape->width; i++)
        rc = rc || lc_buf_addf(&out, "%s%s", i ? ", " : "", shape->columns[i].name);
    rc = rc || lc_buf_adds(&out, ")) AS sealed_rows FROM (\n") ||
         lc_buf_add(&out, sql->p, sql->n) ||
         lc_buf_adds(&out, "\n)) LEFT ARRAY JOIN sealed_rows AS sealed, "
                           "arrayEnumerate(sealed_rows) AS row_i ORDER BY row_i");
    lc_buf_release(sql);
    *sql = out;
    return rc ? LC_ERR_NOMEM : 0;
}

int lc_answer_check_shape(const struct lc_answer *t, bool one, size_t cols, size_t numbers,
                          struct lc_error *err)
{
    const struct lc_cell *twice;
    char shown[64];
    int rc = 0;

    if (t->cols != cols || (one && t->rows != 1))
        return lc_fail(err, LC_ERR_UNKNOWN,
                       "the answer is not what was asked for: it has %zu columns and %zu rows",
                       t->cols, t->rows);
    for (size_t row = 0; row < t->rows; row++) {
        for (size_t col = cols - numbers; col < cols; col++) {
            const struct lc_cell *c = lc_answer_at(t, row, col);

            if (c->is_null || !is_cell_of(c, LC_SQL_UINT))
                return lc_fail(err, LC_ERR_UNKNOWN,
                               "the answer is not what was asked for: \"%s\" is no number",
                               lc_printable(c->p, c->n, shown, sizeof shown));
        }
    }
    if (!one && cols > numbers) {
        rc = find_twice(t, 0, cols - numbers, &twice, err);
        if (twice)
            rc = lc_fail(err, LC_ERR_UNKNOWN,
                         "the answer is not what was asked for: it has two rows of \"%s\"",
                         lc_printable(twice->p, twice->n, shown, sizeof shown));
    }
    return rc;
}
