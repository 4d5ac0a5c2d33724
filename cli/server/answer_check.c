#include "cli/server/answer_check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static bool is_cell_of(const struct lc_cell *c, enum lc_sql_kind kind)
{
    const char *digits = c->p;
    char *end;

    if (kind == LC_SQL_TEXT || c->is_null)
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
    return 0;
}

static int check_rows(const struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err)
{
    if (t->rows_said && t->rows_said != t->rows)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu rows, where the server counts %llu",
                       sql->name, t->rows, (unsigned long long)t->rows_said);
    if (sql->rows == LC_SQL_ROWS_ONE && t->rows != 1)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu rows, not one", sql->name, t->rows);
    if (sql->rows == LC_SQL_ROWS_AT_MOST_ONE && t->rows > 1)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu rows, not one at most", sql->name, t->rows);
    return 0;
}

int lc_answer_check(const struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err)
{
    int rc;

    if (sql->rows == LC_SQL_ROWS_NONE)
        return 0;
    rc = check_rows(t, sql, err);
    if (rc || sql->rows == LC_SQL_ROWS_UNKNOWN)
        return rc;
    if (t->cols != sql->width)
        return lc_fail(err, LC_ERR_INPUT, "%s has %zu columns, not %zu", sql->name, t->cols,
                       sql->width);
    for (size_t i = 0; rc == 0 && i < t->cols; i++)
        rc = check_column(t, i, sql, err);
    return rc;
}
