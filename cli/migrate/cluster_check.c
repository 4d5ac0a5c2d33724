/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two questions, both answered host by host. Does an ALTER without ON CLUSTER reach every host that has
 * the table? It does where all of them are replicas of one path in Keeper. And which Buffer and
 * Distributed tables over the target would lack the new column? They are found by the text of their
 * CREATE, and those that a later statement of the plan alters are left out.
 */
#include "cli/migrate/cluster_check.h"

#include "cli/column/column.h"
#include "cli/server/query.h"
#include "cli/sql/references.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Without ON CLUSTER an ALTER changes the connected host's table and, by Keeper, its replicas.
 * Every other host that has a table of that name must have such a replica.
 */
int lc_cluster_check_reach(const struct lc_cluster *c, const struct lc_abilities *facts,
                           const struct lc_stmt *s, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_stmt_database(s, lc_backend_database(c->b))},
                                      {"table", s->name},
                                      {NULL, NULL}};
    struct lc_answer here = {0}, there = {0};
    const char *path;
    int rc;

    if (!c->name || !facts->replicas || s->kind != LC_STMT_ALTER || s->on_cluster || !*s->name)
        return 0;
    rc = lc_query_read(c->b, lc_sql_table_keeper_path, args, &here, err);
    path = rc == 0 && here.rows ? lc_answer_at(&here, 0, LC_SQL_TABLE_KEEPER_PATH_ZOOKEEPER_PATH)->p
                                : "";
    for (size_t i = 0; rc == 0 && i < c->n; i++) {
        const char *its;

        if (c->v[i].down)
            continue;
        rc = lc_cluster_keeper_path(c, i, lc_stmt_database(s, lc_backend_database(c->b)), s->name,
                                    &there, &its, err);
        /* No such table there: nothing that the ALTER would miss. */
        if (rc || !its)
            continue;
        /* A replica of the same table gets the ALTER by Keeper. */
        if (*path && strcmp(its, path) == 0)
            continue;
        if (!*path && c->n == 1)
            continue;
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "the statement has no ON CLUSTER, and host %s has a table %s.%s that is not a "
                     "replica of the one it changes",
                     c->v[i].name, lc_stmt_database(s, lc_backend_database(c->b)), s->name);
        lc_hint(err, "write ALTER TABLE %s.%s ON CLUSTER %s …",
                lc_stmt_database(s, lc_backend_database(c->b)), s->name, c->name);
    }
    lc_answer_release(&here);
    lc_answer_release(&there);
    return rc;
}

/* Does the engine pass rows on to another table, with a list of columns of its own? */
static bool is_over(const char *engine)
{
    return strcmp(engine, "Buffer") == 0 || strcmp(engine, "Distributed") == 0;
}

/* Is the table of this CREATE over that one: by its engine, or by its query? */
static bool speaks_of(const struct lc_cell *create, const char *engine, const char *here,
                      const char *database, const char *table)
{
    struct lc_slice text = {(const uint8_t *)create->p, create->n};

    return is_over(engine) ? lc_references_engine(text, database, table)
                           : lc_references_table(text, here, database, table);
}

/* Tables over the one that a statement alters, looked for on each host. */
struct over_search {
    const struct lc_cluster *c;
    const struct lc_stmt *s;
    const char *database; /* the statement's table's */
    const struct lc_plan *plan;
    void (*found)(void *ctx, const struct lc_answer_over *t);
    void *ctx;
    struct lc_answer *hosts; /* the tables of each that was looked at */
};

/*
 * Does a statement of the plan, before or after this one, add the column to that table, or (kind) modify
 * it? *expr: its DEFAULT there, n 0: none. A statement that makes the table anew, or drops it, counts.
 */
static bool is_planned(const struct lc_cluster *c, const struct lc_plan *plan, const char *database,
                       const char *table, const char *column, enum lc_stmt_kind kind,
                       struct lc_slice *expr)
{
    *expr = (struct lc_slice){(const uint8_t *)" ", 1}; /* some */
    for (size_t i = 0; plan && i < plan->n; i++) {
        for (unsigned k = 0; k < plan->v[i].stmt_n; k++) {
            const struct lc_stmt *s = &plan->v[i].stmts[k].parsed;

            if (strcmp(s->name, table) != 0 ||
                strcmp(lc_stmt_database(s, lc_backend_database(c->b)), database) != 0)
                continue;
            /* Dropped and created anew, it is what the new statement says. */
            if (s->kind == LC_STMT_CREATE || s->kind == LC_STMT_DROP)
                return true;
            for (size_t n = 0; n < s->command_n; n++) {
                if (s->commands[n].kind == kind && strcmp(s->commands[n].column, column) == 0) {
                    *expr = s->commands[n].default_expr;
                    return true;
                }
            }
        }
    }
    return false;
}

/* The DEFAULT of a column in an answer about a table's columns; NULL: it has no such column. */
static const struct lc_cell *default_in(const struct lc_answer *columns, const char *column)
{
    for (size_t i = 0; i < columns->rows; i++)
        if (strcmp(lc_answer_at(columns, i, LC_SQL_COLUMNS_NAME)->p, column) == 0)
            return lc_answer_at(columns, i, LC_SQL_COLUMNS_DEFAULT_EXPRESSION);
    return NULL;
}

static bool same_bytes(struct lc_slice a, struct lc_slice b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static struct lc_slice slice_of(const struct lc_cell *cell)
{
    return (struct lc_slice){(const uint8_t *)cell->p, cell->n};
}

/* A column that is added: does the table over it lack the column, or have it without a DEFAULT? */
static void look_at_added(const struct over_search *o, const struct lc_answer *its,
                          const struct lc_stmt_command *added, struct lc_answer_over *over)
{
    const struct lc_cell *has = default_in(its, added->column);
    struct lc_slice planned;
    bool without = has && has->n == 0, gets = has;

    if (!has) {
        gets = is_planned(o->c, o->plan, over->database, over->name, added->column,
                          LC_STMT_ADD_COLUMN, &planned);
        without = gets && planned.n == 0;
    }
    over->bare = gets && without && added->default_expr.n;
    if (!gets || over->bare)
        over->column = added->column;
}

/* *calls: it asks a function or dictionary that `was` asks, and `next` does not any more. */
static int calls_replaced(struct lc_backend *b, const char *has, const char *was,
                          struct lc_slice next, bool *calls, struct lc_error *err)
{
    char *text = strndup((const char *)next.p, next.n);
    struct lc_column_call *v = NULL;
    struct lc_error ignored = LC_ERROR_INIT;
    size_t n = 0;
    int rc = text ? lc_column_calls_of(b, has, &v, &n, &ignored) : lc_no_memory(err);

    *calls = false;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const char *name = v[i].dictionary ? v[i].dictionary : v[i].function;

        *calls =
            *calls || (lc_references_callable(was, name) && !lc_references_callable(text, name));
    }
    lc_column_free_calls(v, n);
    free(text);
    if (rc == LC_ERR_REFUSED) /* what cannot be read is not claimed to call it */
        rc = 0;
    else if (rc)
        lc_error_pass(err, &ignored);
    return rc;
}

/*
 * A column that gets a new DEFAULT: does the table over it go on with the one of before, or with the function
 * that this one replaces? Any other DEFAULT, and one that the plan modifies too, is its owner's.
 */
static int look_at_modified(const struct over_search *o, size_t host, const struct lc_answer *its,
                            const struct lc_stmt_command *modified, struct lc_answer_over *over,
                            struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", o->database}, {"table", o->s->name}, {NULL, NULL}};
    const struct lc_cell *has = default_in(its, modified->column), *was;
    struct lc_answer below = {0};
    struct lc_slice planned;
    int rc;

    if (!modified->default_expr.n || is_planned(o->c, o->plan, over->database, over->name,
                                                modified->column, LC_STMT_MODIFY_COLUMN, &planned))
        return 0;
    if (!has) { /* the run adds it, with the DEFAULT that this statement replaces below? */
        over->stale = is_planned(o->c, o->plan, over->database, over->name, modified->column,
                                 LC_STMT_ADD_COLUMN, &planned) &&
                      planned.n > 1 && !same_bytes(planned, modified->default_expr);
        if (over->stale)
            over->column = modified->column;
        return 0;
    }
    rc = has->n
             ? lc_cluster_read(o->c, host, lc_sql_columns, lc_sql_host_columns, args, &below, err)
             : 0;
    was = rc == 0 ? default_in(&below, modified->column) : NULL;
    over->stale = was && was->n && same_bytes(slice_of(was), slice_of(has)) &&
                  !same_bytes(slice_of(was), modified->default_expr);
    if (was && was->n && !over->stale)
        rc = calls_replaced(o->c->b, has->p, was->p, modified->default_expr, &over->stale, err);
    if (over->stale)
        over->column = modified->column;
    lc_answer_release(&below);
    return rc;
}

/*
 * over->column: the first column of the ALTER that the table over it has not, and does not get, or
 * (over->bare, over->stale) that it has without the DEFAULT which the ALTER gives; NULL: none.
 */
static int find_lacking(const struct over_search *o, size_t host, struct lc_answer_over *over,
                        struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", over->database}, {"table", over->name}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_cluster_read(o->c, host, lc_sql_columns, lc_sql_host_columns, args, &t, err);

    for (size_t i = 0; rc == 0 && i < o->s->command_n && !over->column; i++) {
        const struct lc_stmt_command *c = &o->s->commands[i];

        if (c->kind == LC_STMT_ADD_COLUMN)
            look_at_added(o, &t, c, over);
        else if (c->kind == LC_STMT_MODIFY_COLUMN)
            rc = look_at_modified(o, host, &t, c, over, err);
    }
    lc_answer_release(&t);
    return rc;
}

/* Was it told for a host before? */
static bool is_told(const struct lc_answer *hosts, size_t n, const char *database, const char *name)
{
    for (size_t h = 0; h < n; h++) {
        for (size_t i = 0; i < hosts[h].rows; i++) {
            if (strcmp(lc_answer_at(&hosts[h], i, 0)->p, database) == 0 &&
                strcmp(lc_answer_at(&hosts[h], i, 1)->p, name) == 0)
                return true;
        }
    }
    return false;
}

/*
 * Tell each table of that host that is over the altered one, once for all hosts. Its answer
 * stays in o->hosts until the search ends: is_told looks at those of earlier hosts.
 */
static int look_at_host(const struct over_search *o, size_t host, struct lc_error *err)
{
    struct lc_answer *t = &o->hosts[host];
    int rc = o->c->name ? lc_cluster_read(o->c, host, lc_sql_all_tables, lc_sql_host_all_tables,
                                          NULL, t, err)
                        : lc_query_kept(o->c->b, lc_sql_all_tables, NULL, t, err);

    for (size_t i = 0; rc == 0 && i < t->rows; i++) {
        struct lc_answer_over over = {.host = lc_cluster_host_name(o->c, host),
                                      .database = lc_answer_at(t, i, LC_SQL_ALL_TABLES_DATABASE)->p,
                                      .name = lc_answer_at(t, i, LC_SQL_ALL_TABLES_NAME)->p,
                                      .engine = lc_answer_at(t, i, LC_SQL_ALL_TABLES_ENGINE)->p};

        if ((strcmp(over.name, o->s->name) == 0 && strcmp(over.database, o->database) == 0) ||
            !speaks_of(lc_answer_at(t, i, LC_SQL_ALL_TABLES_CREATE_TABLE_QUERY), over.engine,
                       over.database, o->database, o->s->name) ||
            is_told(o->hosts, host, over.database, over.name))
            continue;
        if (is_over(over.engine))
            rc = find_lacking(o, host, &over, err);
        if (rc == 0)
            o->found(o->ctx, &over);
    }
    return rc;
}

int lc_tables_over(const struct lc_cluster *c, const struct lc_stmt *s, const struct lc_plan *plan,
                   void (*found)(void *ctx, const struct lc_answer_over *t), void *ctx,
                   struct lc_error *err)
{
    const struct over_search o = {.c = c,
                                  .s = s,
                                  .database = lc_stmt_database(s, lc_backend_database(c->b)),
                                  .plan = plan,
                                  .found = found,
                                  .ctx = ctx,
                                  .hosts = calloc(c->n + 1, sizeof *o.hosts)};
    int rc = 0;

    if (!o.hosts)
        return lc_fail(err, LC_ERR_NOMEM, "no memory to look for tables");
    for (size_t i = 0; rc == 0 && i < c->n; i++) {
        if (!c->v[i].down)
            rc = look_at_host(&o, i, err);
    }
    for (size_t i = 0; i < c->n; i++)
        lc_answer_release(&o.hosts[i]);
    free(o.hosts);
    return rc;
}

/* Is it a Buffer or Distributed table? Then *definition is its CREATE. */
static int find_over(const struct lc_cluster *c, const struct lc_stmt *s, struct lc_answer *all,
                     const struct lc_cell **definition, struct lc_error *err)
{
    int rc = lc_query_kept(c->b, lc_sql_all_tables, NULL, all, err);

    *definition = NULL;
    for (size_t i = 0; rc == 0 && i < all->rows; i++) {
        const char *engine = lc_answer_at(all, i, LC_SQL_ALL_TABLES_ENGINE)->p;

        if (strcmp(lc_answer_at(all, i, LC_SQL_ALL_TABLES_DATABASE)->p,
                   lc_stmt_database(s, lc_backend_database(c->b))) == 0 &&
            strcmp(lc_answer_at(all, i, LC_SQL_ALL_TABLES_NAME)->p, s->name) == 0 &&
            is_over(engine))
            *definition = lc_answer_at(all, i, LC_SQL_ALL_TABLES_CREATE_TABLE_QUERY);
    }
    return rc;
}

/*
 * Does the ALTER add a column without a DEFAULT to a Buffer or Distributed table, over one whose
 * column of that name has a DEFAULT? *column: which; NULL: none.
 */
static int is_bare(const struct lc_cluster *c, const struct lc_stmt *s, const char **column,
                   struct lc_error *err)
{
    struct lc_answer all = {0}, below = {0};
    const struct lc_cell *definition;
    int rc = find_over(c, s, &all, &definition, err);

    *column = NULL;
    for (size_t i = 0; rc == 0 && definition && i < s->command_n && !*column; i++) {
        const struct lc_stmt_command *added = &s->commands[i];
        const struct lc_sql_arg args[] = {{"column", added->column}, {NULL, NULL}};

        if (added->kind != LC_STMT_ADD_COLUMN || added->default_expr.n)
            continue;
        rc = lc_query_read(c->b, lc_sql_column_defaults, args, &below, err);
        for (size_t k = 0; rc == 0 && k < below.rows; k++) {
            const char *database = lc_answer_at(&below, k, LC_SQL_COLUMN_DEFAULTS_DATABASE)->p;
            const char *table = lc_answer_at(&below, k, LC_SQL_COLUMN_DEFAULTS_TABLE)->p;

            if (!(strcmp(table, s->name) == 0 &&
                  strcmp(database, lc_stmt_database(s, lc_backend_database(c->b))) == 0) &&
                speaks_of(definition, "Buffer", database, database, table))
                *column = added->column;
        }
    }
    lc_answer_release(&all);
    lc_answer_release(&below);
    return rc;
}

#define EMPTY_VALUES                                                                               \
    "without the DEFAULT that the column has below: INSERTs through it that leave %s out would "   \
    "store an empty value"

/*
 * The first table that does not get the column is the error's text and gives the hint; the
 * others are added to the text.
 */
static void note_lacking(struct lc_error *lacks, const struct lc_answer_over *t)
{
    char more[300];

    if (lacks->code) { /* all of them, as far as there is room */
        snprintf(more, sizeof more, "; nor to %s.%s (%s%s%s)", t->database, t->name, t->engine,
                 *t->host ? ", on " : "", t->host);
        if (strlen(lacks->msg) + strlen(more) < sizeof lacks->msg)
            strncat(lacks->msg, more, sizeof lacks->msg - strlen(lacks->msg) - 1);
        return;
    }
    lc_fail(lacks, LC_ERR_REFUSED,
            "%s.%s (%s%s%s) is over this table, and no statement adds the column %s to it",
            t->database, t->name, t->engine, *t->host ? ", on " : "", t->host, t->column);
    lc_hint(lacks, "add to the migration: ALTER TABLE %s.%s ADD COLUMN %s … DEFAULT …", t->database,
            t->name, t->column);
}

/*
 * lc_tables_over's callback: sort what it finds into what breaks nothing (lacks) and what would
 * store wrong rows (bare).
 */
static void note_over(void *ctx, const struct lc_answer_over *t)
{
    struct lc_over *o = ctx;

    if (!t->column)
        return;
    if (t->stale && !o->stale.code) {
        lc_fail(&o->stale, LC_ERR_REFUSED,
                "%s.%s (%s%s%s) is over this table, and its own DEFAULT of %s stays the old one: "
                "INSERTs through it would go on storing what that gives",
                t->database, t->name, t->engine, *t->host ? ", on " : "", t->host, t->column);
        lc_hint(
            &o->stale,
            "change it too, before this statement: ALTER TABLE %s.%s MODIFY COLUMN %s DEFAULT …, "
            "which livecol new --rederive … --over %s.%s writes; --allow-unsafe continues without it",
            t->database, t->name, t->column, t->database, t->name);
    } else if (!t->stale && !t->bare) {
        note_lacking(&o->lacks, t);
    } else if (t->bare && !o->bare.code) {
        lc_fail(&o->bare, LC_ERR_REFUSED,
                "%s.%s (%s%s%s) is over this table, and has, or gets, its column %s " EMPTY_VALUES,
                t->database, t->name, t->engine, *t->host ? ", on " : "", t->host, t->column,
                t->column);
        lc_hint(&o->bare, "give it the same DEFAULT; --allow-unsafe continues without it");
    }
}

int lc_over_look(const struct lc_cluster *c, const struct lc_stmt *s, const struct lc_plan *plan,
                 struct lc_over *o, struct lc_error *err)
{
    const char *bare = NULL;
    bool adds = false, modifies = false;
    int rc;

    *o = (struct lc_over){LC_ERROR_INIT, LC_ERROR_INIT, LC_ERROR_INIT};
    for (size_t i = 0; s->kind == LC_STMT_ALTER && i < s->command_n; i++) {
        adds = adds || s->commands[i].kind == LC_STMT_ADD_COLUMN;
        modifies = modifies ||
                   (s->commands[i].kind == LC_STMT_MODIFY_COLUMN && s->commands[i].default_expr.n);
    }
    if (!adds && !modifies)
        return 0;
    rc = lc_tables_over(c, s, plan, note_over, o, err);
    if (rc == 0 && adds)
        rc = is_bare(c, s, &bare, err);
    if (bare && !o->bare.code) {
        lc_fail(&o->bare, LC_ERR_REFUSED, "%s.%s gets its column %s " EMPTY_VALUES,
                lc_stmt_database(s, lc_backend_database(c->b)), s->name, bare, bare);
        lc_hint(&o->bare, "give it the same DEFAULT; --allow-unsafe continues without it");
    }
    return rc;
}

int lc_over_refuse(const struct lc_over *o, bool strict, bool allow_unsafe, struct lc_error *err)
{
    const struct lc_error *why = o->bare.code && !allow_unsafe    ? &o->bare
                                 : o->stale.code && !allow_unsafe ? &o->stale
                                 : o->lacks.code && strict        ? &o->lacks
                                                                  : NULL;

    if (why)
        lc_error_pass(err, why);
    return why ? LC_ERR_REFUSED : 0;
}
