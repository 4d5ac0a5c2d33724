/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/rederive_text.h"

#include "cli/sql/expression.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"

#include <stdlib.h>
#include <string.h>

/* Is the whole expression one call? What cannot be read is none. */
static bool is_one_call(const char *expr)
{
    struct lc_expr_call *v = NULL;
    size_t n = 0;
    bool one =
        lc_expr_calls(expr, &v, &n, NULL) == 0 && n && v[0].at == 0 && v[0].n == strlen(expr);

    lc_expr_free_calls(v, n);
    return one;
}

/* In a comparison: in parentheses unless it is one call. */
static int add_operand(struct lc_buf *b, const char *expr)
{
    return lc_buf_addf(b, is_one_call(expr) ? "%s" : "(%s)", expr);
}

/*
 * Do `=` and `!=` say of column and expression what is wanted? Not where a value may be NULL or
 * NaN, or holds such, nor where the expression has another type than the column: then the value
 * as the column would store it is compared.
 */
static bool compares_plainly(const struct lc_column *d, const char *expr)
{
    char *type = NULL, a[LC_TYPE_BYTES], b[LC_TYPE_BYTES];
    static const char *const others[] = {"Nullable(", "Float",   "Tuple(", "Map(",
                                         "Variant(",  "Dynamic", "JSON",   "Array("};
    bool plain = strlen(d->type) < LC_TYPE_BYTES;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        plain = plain && !strstr(d->type, others[i]);
    /* Where the function is not there yet, it is taken to give what the column holds. */
    if (plain && lc_column_type_of_expr(d, expr, &type, NULL) == 0)
        plain = strlen(type) < LC_TYPE_BYTES &&
                strcmp(lc_type_plain(d->type, a), lc_type_plain(type, b)) == 0;
    free(type);
    return plain;
}

/* Rows that hold what `from` says, and not what `to` does; from NULL: that differ from `to`. */
static int add_where(struct lc_buf *b, const struct lc_column *d, const char *from, const char *to)
{
    int rc = lc_buf_adds(b, "\n    WHERE ");

    if (compares_plainly(d, to) && (!from || compares_plainly(d, from))) {
        if (from)
            rc = rc || lc_sql_add_name(b, d->column) || lc_buf_adds(b, " = ") ||
                 add_operand(b, from) || lc_buf_adds(b, " AND ");
        return rc || lc_sql_add_name(b, d->column) || lc_buf_adds(b, " != ") || add_operand(b, to);
    }
    /* NULL and NaN are values like others: nothing equals them, in SQL. */
    if (from)
        rc = rc || lc_buf_adds(b, "NOT (") || lc_column_add_differs(d, from, b) ||
             lc_buf_adds(b, ")\n      AND ");
    return rc || lc_column_add_differs(d, to, b);
}

/*
 * What the server takes for nondeterministic in an UPDATE: functions that are not its own,
 * dictGet….
 */
static bool needs_setting(const struct lc_column *d)
{
    return d->replicated && d->calls_n &&
           lc_backend_has_setting(d->b, "allow_nondeterministic_mutations");
}

static int add_alter(struct lc_buf *b, const char *database, const char *table, const char *cluster)
{
    return lc_buf_adds(b, "ALTER TABLE ") || lc_sql_add_name(b, database) || lc_buf_adds(b, ".") ||
           lc_sql_add_name(b, table) ||
           (cluster && (lc_buf_adds(b, " ON CLUSTER ") || lc_sql_add_name(b, cluster)));
}

/*
 * A MATERIALIZED column holds no given values, and is computed again as a whole. The server refuses
 * functions of rules in the UPDATE of a Replicated table, unless a setting allows them. The mark makes
 * livecol run it partition by partition, until no row is left.
 */
int lc_rederive_text_rows(struct lc_buf *b, const struct lc_column *d, const char *from,
                          const char *to)
{
    int rc = lc_buf_adds(b, "-- migrate:rederive\n") || add_alter(b, d->database, d->table, NULL);

    if (strcmp(d->kind, "MATERIALIZED") == 0)
        return rc || lc_buf_adds(b, " MATERIALIZE COLUMN ") || lc_sql_add_name(b, d->column) ||
               lc_buf_adds(b, ";\n");
    return rc || lc_buf_adds(b, "\n    UPDATE ") || lc_sql_add_name(b, d->column) ||
           lc_buf_addf(b, " = %s", to) || add_where(b, d, from, to) ||
           (needs_setting(d) &&
            lc_buf_adds(b, "\n    SETTINGS allow_nondeterministic_mutations = 1")) ||
           lc_buf_adds(b, ";\n");
}

int lc_rederive_text_default(struct lc_buf *b, const struct lc_rederive_default *to)
{
    return add_alter(b, to->database, to->table, to->cluster) ||
                   lc_buf_adds(b, " MODIFY COLUMN ") || lc_sql_add_name(b, to->column) ||
                   (to->type && lc_buf_addf(b, " %s", to->type)) ||
                   lc_buf_addf(b, " %s %s;\n\n", to->kind, to->expr)
               ? LC_ERR_NOMEM
               : 0;
}
