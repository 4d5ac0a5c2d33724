/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which stored columns an expression depends on in the end, through those that store nothing, and which of
 * them lose their values: see column.h. A TTL is nowhere but in the text of the table's CREATE.
 */
#include "cli/column/column.h"
#include "cli/server/query.h"
#include "cli/sql/create_parts.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>

static bool stores_nothing(const struct lc_table_column *c)
{
    return strcmp(c->kind, "ALIAS") == 0 || strcmp(c->kind, "EPHEMERAL") == 0;
}

static void mark(const struct lc_table *t, char *const *names, size_t n, bool *reads)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < t->n; k++)
            reads[k] = reads[k] || strcmp(t->v[k].name, names[i]) == 0;
}

int lc_column_mark_reads(const struct lc_column *d, char *const *names, size_t n, bool *reads,
                         struct lc_error *err)
{
    bool *done = calloc(d->t.n + 1, sizeof *done), more = true;
    int rc = done ? 0 : lc_no_memory(err);

    mark(&d->t, names, n, reads);
    while (rc == 0 && more) {
        more = false;
        for (size_t i = 0; rc == 0 && i < d->t.n; i++) {
            const struct lc_table_column *c = &d->t.v[i];
            char **inner = NULL;
            size_t inner_n = 0;

            if (!reads[i] || done[i] || !stores_nothing(c) || !*c->expr)
                continue;
            more = done[i] = true;
            rc = lc_column_inputs(d, c->expr, &inner, &inner_n, err);
            mark(&d->t, inner, inner_n, reads);
            lc_column_free_names(inner, inner_n);
        }
    }
    free(done);
    return rc;
}

/* The columns that have a TTL on the server. */
struct expiring {
    const struct lc_table *t;
    bool *v; /* by column of t */
};

static int take_part(void *ctx, const struct lc_create_part *part)
{
    const struct expiring *e = ctx;

    for (size_t i = 0; part->kind == LC_CREATE_COLUMN_TTL && i < e->t->n; i++)
        if (e->t->v[i].stored && strcmp(e->t->v[i].stored, part->name) == 0)
            e->v[i] = true;
    return 0;
}

static int read_ttls(const struct lc_column *d, bool *v, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", d->t.database}, {"table", d->t.name}, {NULL, NULL}};
    struct expiring e = {&d->t, v};
    struct lc_answer a = {0};
    int rc = d->t.there ? lc_query_kept(d->b, lc_sql_create_query, args, &a, err) : 0;

    if (rc == 0 && a.rows &&
        lc_create_parts(lc_answer_at(&a, 0, LC_SQL_CREATE_QUERY_CREATE_TABLE_QUERY)->p, take_part,
                        &e))
        rc = lc_no_memory(err);
    lc_answer_release(&a);
    return rc;
}

/* The first column that `wanted` marks and the expression reads. */
static int first_read(const struct lc_column *d, const char *expr, const bool *wanted,
                      const struct lc_table_column **column, struct lc_error *err)
{
    bool *reads = calloc(d->t.n + 1, sizeof *reads);
    char **names = NULL;
    size_t n = 0;
    int rc = reads ? 0 : lc_no_memory(err);

    /* What the expression reads is asked of the server, only where it matters. */
    if (rc == 0 && memchr(wanted, true, d->t.n + 1))
        rc = lc_column_inputs(d, expr, &names, &n, err);
    if (rc == 0 && n)
        rc = lc_column_mark_reads(d, names, n, reads, err);
    for (size_t i = 0; rc == 0 && i < d->t.n && !*column; i++)
        if (reads[i] && wanted[i])
            *column = &d->t.v[i];
    lc_column_free_names(names, n);
    free(reads);
    return rc;
}

int lc_column_ephemeral(const struct lc_column *d, const char *expr,
                        const struct lc_table_column **column, struct lc_error *err)
{
    bool *wanted = calloc(d->t.n + 1, sizeof *wanted);
    int rc;

    *column = NULL;
    for (size_t i = 0; wanted && i < d->t.n; i++)
        wanted[i] = strcmp(d->t.v[i].kind, "EPHEMERAL") == 0;
    rc = wanted ? first_read(d, expr, wanted, column, err) : lc_no_memory(err);
    free(wanted);
    return rc;
}

int lc_column_check_materialize(const struct lc_column *d, struct lc_error *err)
{
    const struct lc_table_column *key;
    int rc = lc_column_ephemeral(d, d->expr, &key, err);

    if (rc || !key)
        return rc;
    lc_fail(
        err, LC_ERR_REFUSED,
        "MATERIALIZE COLUMN %s of %s.%s would fail for good: %s reads %s, which is EPHEMERAL, and "
        "stored by no row",
        d->column, d->database, d->table, d->expr, key->name);
    if (strcmp(d->kind, "DEFAULT") == 0)
        lc_hint(err,
                "ALTER TABLE %s.%s UPDATE %s = %s WHERE 1 stores what rows that are older than the "
                "column read as",
                d->database, d->table, d->column, d->column);
    else
        lc_hint(err, "merges store it in time; reads compute it until then");
    return LC_ERR_REFUSED;
}

int lc_column_check_stored_key(const struct lc_column *d, const char *expr, const char *done,
                               struct lc_error *err)
{
    const struct lc_table_column *key;
    int rc = lc_column_ephemeral(d, expr, &key, err);

    if (rc || !key)
        return rc;
    lc_fail(err, LC_ERR_REFUSED,
            "%s.%s.%s cannot %s: it reads %s, which is EPHEMERAL, and stored by no row",
            d->database, d->table, d->column, done, key->name);
    lc_hint(err, "MODIFY COLUMN alone changes it for new rows. Nothing was changed");
    return LC_ERR_REFUSED;
}

/* By column of the table: has it a TTL, as pending statements leave it? malloc'ed; NULL: err says why. */
static bool *find_ttls(const struct lc_column *d, struct lc_error *err)
{
    bool *v = calloc(d->t.n + 1, sizeof *v);

    if (!v)
        lc_no_memory(err);
    if (!v || read_ttls(d, v, err)) {
        free(v);
        return NULL;
    }
    for (size_t i = 0; i < d->t.n; i++)
        if (d->t.v[i].ttl != LC_TTL_UNSAID)
            v[i] = d->t.v[i].ttl == LC_TTL_SET;
    return v;
}

int lc_column_expiring(const struct lc_column *d, const char *expr,
                       const struct lc_table_column **column, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    bool *wanted = find_ttls(d, &why);
    int rc;

    *column = NULL;
    rc = wanted ? first_read(d, expr, wanted, column, &why) : why.code;
    free(wanted);
    return rc ? lc_error_pass(err, &why) : 0;
}

int lc_column_has_ttl(const struct lc_column *d, bool *has, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    bool *v = find_ttls(d, &why);

    *has = false;
    for (size_t i = 0; v && i < d->t.n; i++)
        *has = *has || (v[i] && strcmp(d->t.v[i].name, d->column) == 0);
    free(v);
    return why.code ? lc_error_pass(err, &why) : 0;
}
