/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An UPDATE, or a MODIFY COLUMN of parts that do not store the column, changes values that other
 * columns were derived from. The server does not derive those again; each that goes stale is named,
 * with how many rows and with the way to bring it along.
 */
#include "cli/migrate/stale.h"

#include "base/format.h"
#include "base/utf8.h"
#include "cli/column/readers.h"
#include "cli/column/replace_default.h"
#include "cli/migrate/rederive.h"
#include "cli/server/query.h"
#include "cli/sql/mutation_command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_WAIT_MS = 5000, SQL_MAX_BYTES = 1 << 20 };

/* One statement that is looked at, and where findings go (lc_stale_look's arguments). */
struct look {
    struct lc_preflight *d;
    const struct lc_plan *plan;
    const struct lc_stmt *s;
    void (*say)(void *ctx, bool hazard, const char *text);
    void *ctx;
};

static void say(const struct look *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct look *l, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_utf8_cut(text);
    l->say(l->ctx, true, text);
}

/* An UPDATE that sets the reader too leaves nothing stale. */
static bool is_assigned(const struct lc_update_command *a, const char *column)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->columns[i], column) == 0)
            return true;
    return false;
}

/*
 * "4000 rows", by the UPDATE's own WHERE; or that it was not counted, since it took longer than
 * COUNT_WAIT_MS or the WHERE does not run yet. A remark is not worth an error.
 */
static void count_rows(const struct look *l, const struct lc_column *c,
                       const struct lc_update_command *a, char *out, size_t size)
{
    struct lc_buf sql;
    uint64_t rows;

    snprintf(out, size, "how many rows was not counted");
    lc_buf_init(&sql, SQL_MAX_BYTES);
    if (a->where.n && lc_buf_adds(&sql, "SELECT count() AS livecol_n FROM ") == 0 &&
        lc_column_add_rows(c, &sql) == 0 &&
        lc_buf_addf(&sql, " WHERE %.*s", (int)a->where.n, (const char *)a->where.p) == 0 &&
        lc_query_count(l->d->b, &sql, COUNT_WAIT_MS, NULL, &rows, NULL) == 0)
        snprintf(out, size, "%" PRIu64 " row%s", rows, LC_S(rows));
    lc_buf_release(&sql);
}

/*
 * What becomes of reader r when column c changes. a: the UPDATE; NULL: a new DEFAULT. A
 * MATERIALIZED column directly over an updated one is computed anew by the mutation itself; one
 * over that (level > 1) is not. ALIAS columns store nothing.
 */
static void say_reader(const struct look *l, const struct lc_column *c, const struct lc_reader *r,
                       const struct lc_update_command *a, const char *rows)
{
    const char *of = c->column;

    if (r->kind == LC_READER_VIEW)
        say(l, "the materialized view %s has taken what %s held, and keeps it (%s)", r->name, of,
            rows);
    else if (r->kind == LC_READER_TTL || r->kind == LC_READER_CONSTRAINT)
        say(l, "the %s %s reads %s: look at what it does with the new values",
            lc_reader_what(r->kind), r->name, of);
    else if (r->lost && lc_reader_stores(r) && !(a && is_assigned(a, r->name)))
        say(l,
            "%s (%s) is derived from %s: %s. It also reads an EPHEMERAL column or a clock, and nothing "
            "can compute it again",
            r->name, r->expr, of, rows);
    else if (r->expiring && r->level == 1 && a)
        say(l,
            "%s (%s) is computed again by the server: where a TTL has reset %s, from the value that is "
            "left",
            r->name, r->expr, r->expiring->name);
    else if (r->kind == LC_READER_MATERIALIZED && (r->level > 1 || !a))
        say(l,
            "%s (%s) is derived from %s and goes stale: %s. The server does not recompute it: "
            "MATERIALIZE COLUMN %s afterwards",
            r->name, r->expr, of, rows, r->name);
    else if (r->kind == LC_READER_DEFAULT && !(a && is_assigned(a, r->name)))
        say(l,
            "%s (%s) is derived from %s, keeps what it holds, and goes stale: %s. Assign it in the "
            "same UPDATE, or: livecol new NAME --rederive %s.%s.%s --recompute",
            r->name, r->expr, of, rows, c->database, c->table, r->name);
}

/*
 * Each column that the UPDATE assigns, and all that is derived from it. Rows are counted only
 * when there is a reader to tell of: it reads the table.
 */
static int look_at_update(const struct look *l, struct lc_slice text, struct lc_error *err)
{
    struct lc_update_command a;
    struct lc_table *table = NULL;
    int rc = lc_update_command_read(text, &a, err);

    if (rc == 0)
        rc = lc_schema_table(&l->d->schema, lc_stmt_database(l->s, lc_backend_database(l->d->b)),
                             l->s->name, &table, err);
    for (size_t i = 0; rc == 0 && i < a.n; i++) {
        struct lc_readers readers = {0};
        struct lc_column c = {0};
        char rows[64] = "";

        if (lc_column_find_in(&c, l->d->b, table, a.columns[i], NULL) == 0)
            rc = lc_readers_find(&readers, &c, err);
        for (size_t k = 0; rc == 0 && k < readers.n; k++) {
            /* One count is for all readers of the column. */
            if (!*rows && lc_reader_stores(&readers.v[k]))
                count_rows(l, &c, &a, rows, sizeof rows);
            say_reader(l, &c, &readers.v[k], &a, rows);
        }
        lc_readers_release(&readers);
        lc_column_release(&c);
    }
    lc_update_command_release(&a);
    return rc;
}

/*
 * Does the plan re-derive the column? Then its readers are brought along, and not told as
 * stale.
 */
static bool is_rederived(const struct look *l, const char *column)
{
    for (size_t i = 0; i < l->plan->n; i++) {
        for (unsigned k = l->plan->v[i].first; k < l->plan->v[i].stmt_n; k++) {
            const struct lc_plan_stmt *stmt = &l->plan->v[i].stmts[k];
            char *name = stmt->text->rederive && strcmp(stmt->parsed.name, l->s->name) == 0
                             ? lc_rederive_column(stmt)
                             : NULL;
            bool same = name && strcmp(name, column) == 0;

            free(name);
            if (same)
                return true;
        }
    }
    return false;
}

/*
 * A MODIFY COLUMN with a DEFAULT. Rows of parts that do not store the column are computed when
 * they are read: the new DEFAULT is theirs at once, while what was derived from their old
 * values is stored.
 */
static int look_at_modify(const struct look *l, const struct lc_stmt_command *c,
                          struct lc_error *err)
{
    const char *database = lc_stmt_database(l->s, lc_backend_database(l->d->b));
    struct lc_readers readers = {0};
    struct lc_column now = {0};
    uint64_t lacking = 0;
    char rows[64];
    int rc = 0;

    if (lc_column_find(&now, l->d->b, database, l->s->name, c->column, NULL) == 0 && *now.expr)
        rc = lc_replace_lacking(&now, &lacking, err);
    if (rc == 0 && lacking) {
        say(l,
            "%" PRIu64
            " row%s in parts that do not store %s: %s as the new DEFAULT says immediately, not "
            "when it is re-derived",
            lacking, lacking == 1 ? " is" : "s are", c->column,
            lacking == 1 ? "it reads" : "they read");
        if (!is_rederived(l, c->column))
            rc = lc_readers_find(&readers, &now, err);
    }
    snprintf(rows, sizeof rows, "%" PRIu64 " row%s", lacking, LC_S(lacking));
    for (size_t k = 0; rc == 0 && k < readers.n; k++)
        if (lc_reader_stores(&readers.v[k]))
            say_reader(l, &now, &readers.v[k], NULL, rows);
    lc_readers_release(&readers);
    lc_column_release(&now);
    return rc;
}

/* Does the reader read the column itself, or by way of columns that store nothing? */
static int reads_itself(const struct lc_column *c, const struct lc_reader *r, bool *reads,
                        struct lc_error *err)
{
    bool *v = calloc(c->t.n + 1, sizeof *v);
    int rc = v ? lc_column_mark_reads(c, r->inputs, r->inputs_n, v, err) : lc_no_memory(err);

    *reads = false;
    for (size_t i = 0; rc == 0 && i < c->t.n; i++)
        *reads = *reads || (v[i] && strcmp(c->t.v[i].name, c->column) == 0);
    free(v);
    return rc;
}

/* A MODIFY COLUMN that gives the column a TTL: what is derived from it cannot be derived again then. */
static int look_at_ttl(const struct look *l, const struct lc_stmt_command *c, struct lc_error *err)
{
    struct lc_readers readers = {0};
    struct lc_table *table = NULL;
    struct lc_column now = {0};
    int rc = lc_schema_table(&l->d->schema, lc_stmt_database(l->s, lc_backend_database(l->d->b)),
                             l->s->name, &table, err);

    if (rc == 0 && lc_column_find_in(&now, l->d->b, table, c->column, NULL) == 0)
        rc = lc_readers_find(&readers, &now, err);
    for (size_t k = 0; rc == 0 && k < readers.n; k++) {
        const struct lc_reader *r = &readers.v[k];
        bool reads = false;

        if (r->kind == LC_READER_DEFAULT || r->kind == LC_READER_MATERIALIZED)
            rc = reads_itself(&now, r, &reads, err);
        if (rc == 0 && reads)
            say(l,
                "%s (%s) is derived from %s: where the TTL resets that, it keeps what it holds, and "
                "new rules cannot derive it again",
                r->name, r->expr, c->column);
    }
    lc_readers_release(&readers);
    lc_column_release(&now);
    return rc;
}

int lc_stale_look(struct lc_preflight *d, const struct lc_plan *plan,
                  const struct lc_plan_stmt *stmt,
                  void (*say_line)(void *ctx, bool hazard, const char *text), void *ctx,
                  struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    const struct look l = {d, plan, s, say_line, ctx};
    int rc = 0;

    if (stmt->text->rederive || !*s->name)
        return 0;
    d->schema.b = d->b; /* lookups ask through it */
    if (s->kind == LC_STMT_UPDATE)
        return look_at_update(&l, (struct lc_slice){(const uint8_t *)stmt->text->p, stmt->text->n},
                              err);
    for (size_t i = 0; rc == 0 && s->kind == LC_STMT_ALTER && i < s->command_n; i++) {
        const struct lc_stmt_command *c = &s->commands[i];

        if (c->kind == LC_STMT_ALTER_UPDATE)
            rc = look_at_update(&l, c->text, err);
        else if (c->kind == LC_STMT_MODIFY_COLUMN && c->default_expr.n)
            rc = look_at_modify(&l, c, err);
        if (rc == 0 && c->kind == LC_STMT_MODIFY_COLUMN && lc_table_ttl_of(c) == LC_TTL_SET)
            rc = look_at_ttl(&l, c, err);
    }
    return rc;
}
