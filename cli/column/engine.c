/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines differ in what an ALTER may do, and a refusal of the server comes too late: a statement of the
 * same file may have been applied before. So each kind of engine is looked at before anything is sent,
 * and what a table passes its rows on to is looked at as well.
 */
#include "cli/column/engine.h"

#include "cli/column/column.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/create_parts.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * What an engine does with an ALTER of its table, as tried on 26.7. One that is not here is refused:
 * nobody knows what a run would leave half done.
 */
enum alters {
    TAKES_COLUMNS = 1, /* ADD, MODIFY and DROP COLUMN, its metadata alone */
    TAKES_RENAME = 2,
    TAKES_UPDATE = 4,
    TAKES_DELETE = 8,
    PASSES_ON = 16, /* its rows are another table's */
};

#define COPY    "copy its rows into a MergeTree table that has the column"
#define ANEW    "create it again with the column"
#define FED     "add the column to the table that its materialized view fills"
#define OUTSIDE "its rows are outside of this server: " COPY

static const struct {
    const char *engine;
    unsigned alters;
    const char *way;
} engines[] = {
    {"Memory", TAKES_COLUMNS | TAKES_RENAME | TAKES_UPDATE | TAKES_DELETE, COPY},
    {"Null", TAKES_COLUMNS, "add the column to the tables that its materialized views fill"},
    {"Buffer", TAKES_COLUMNS | PASSES_ON, NULL},
    {"Distributed", TAKES_COLUMNS | TAKES_RENAME | PASSES_ON, NULL},
    {"Alias", TAKES_COLUMNS | TAKES_RENAME | TAKES_UPDATE | TAKES_DELETE | PASSES_ON, NULL},
    {"Merge", TAKES_COLUMNS,
     "add the column to each of the tables it reads, then here by name and type alone, without a "
     "DEFAULT"},
    {"Log", 0, COPY},
    {"TinyLog", 0, COPY},
    {"StripeLog", 0, COPY},
    {"Join", TAKES_DELETE, ANEW ", or derive it where it is joined"},
    {"Set", 0, ANEW},
    {"EmbeddedRocksDB", TAKES_UPDATE | TAKES_DELETE, ANEW},
    {"KeeperMap", TAKES_UPDATE | TAKES_DELETE, ANEW},
    {"Redis", TAKES_UPDATE | TAKES_DELETE, ANEW},
    {"File", 0, COPY},
    {"GenerateRandom", 0, ANEW},
    {"FuzzJSON", 0, ANEW},
    {"FuzzQuery", 0, ANEW},
    {"Executable", 0, ANEW},
    {"ExecutablePool", 0, ANEW},
    {"TimeSeries", 0, "add the column to the table that it keeps its samples or tags in"},
    {"Dictionary", 0, "add the attribute to the dictionary"},
    {"View", 0, "put the column into its SELECT: CREATE OR REPLACE VIEW"},
    {"MaterializedView", 0,
     "add the column to the table it fills; ALTER TABLE … MODIFY QUERY names it in the view"},
    {"LiveView", 0, ANEW},
    {"WindowView", 0, ANEW},
    {"Kafka", 0, FED},
    {"RabbitMQ", 0, FED},
    {"NATS", 0, FED},
    {"FileLog", 0, FED},
    {"S3Queue", 0, FED},
    {"AzureQueue", 0, FED},
    {"URL", 0, OUTSIDE},
    {"S3", 0, OUTSIDE},
    {"GCS", 0, OUTSIDE},
    {"OSS", 0, OUTSIDE},
    {"COSN", 0, OUTSIDE},
    {"Azure", 0, OUTSIDE},
    {"AzureBlobStorage", 0, OUTSIDE},
    {"HDFS", 0, OUTSIDE},
    {"MySQL", 0, OUTSIDE},
    {"PostgreSQL", 0, OUTSIDE},
    {"MongoDB", 0, OUTSIDE},
    {"SQLite", 0, OUTSIDE},
    {"ODBC", 0, OUTSIDE},
    {"JDBC", 0, OUTSIDE},
};

/* One statement on trial. */
struct trial {
    const struct lc_engine_check *c;
    const struct lc_table *t;
    const char *way; /* what to do instead: the hint of a refusal */
    unsigned alters; /* enum alters */
    bool known;      /* the engine has an entry */
};

/* Without an entry r->known stays false, and r->way a general one. */
static void look_up(struct trial *r)
{
    r->way = "derive it in a MergeTree table, where it can be stored";
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strcmp(r->t->engine, engines[i].engine) == 0) {
            r->known = true;
            r->alters = engines[i].alters;
            r->way = engines[i].way;
        }
}

static int refuse(const struct trial *r, const char *what, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "%s.%s is of the engine %s, which %s", r->t->database, r->t->name,
            r->t->engine, what);
    lc_hint(err, "%s. Nothing was changed", r->way);
    return LC_ERR_REFUSED;
}

int lc_engine_behind(struct lc_backend *b, const struct lc_abilities *facts,
                     const struct lc_table *t, char **database, char **table, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->name}, {NULL, NULL}};
    struct lc_answer a = {0};
    const char *engine = t->storage; /* of one that the run makes */
    int rc = 0;

    *database = *table = NULL;
    if (!engine && facts->engine_full)
        rc = lc_query_read(b, lc_sql_table_engine_full, args, &a, err);
    if (rc == 0 && a.rows == 1)
        engine = lc_answer_at(&a, 0, LC_SQL_TABLE_ENGINE_FULL_ENGINE_FULL)->p;
    if (rc == 0 && engine) {
        size_t first = strcmp(t->engine, "Distributed") == 0; /* behind its cluster */

        *database = lc_engine_argument(engine, first);
        *table = *database ? lc_engine_argument(engine, first + 1) : NULL;
    }
    lc_answer_release(&a);
    return rc;
}

/* Does the table behind have the column, by then? One that is not here is another host's. */
static int check_behind(struct trial *r, const char *column, struct lc_error *err)
{
    struct lc_table *behind = NULL;
    char *database, *table, way[600];
    int rc = lc_engine_behind(r->c->b, r->c->facts, r->t, &database, &table, err);

    if (rc == 0 && table)
        rc = lc_schema_table(r->c->schema, *database ? database : r->t->database, table, &behind,
                             err);
    if (rc == 0 && behind && (behind->there || behind->pending) &&
        !lc_table_column(behind, column)) {
        char what[400];

        snprintf(what, sizeof what, "passes rows on to %.100s.%.100s, and that has no column %.60s",
                 behind->database, behind->name, column);
        snprintf(
            way, sizeof way,
            "add it there first: livecol new NAME --table %.100s.%.100s --column %.60s … --over "
            "%.60s.%.60s writes both",
            behind->database, behind->name, column, r->t->database, r->t->name);
        r->way = way;
        rc = refuse(r, what, err);
    }
    free(database);
    free(table);
    return rc;
}

/* The way of a table that passes rows on: the one behind. */
static int refuse_passing(struct trial *r, const char *what, struct lc_error *err)
{
    char *database, *table, way[400];
    int rc = lc_engine_behind(r->c->b, r->c->facts, r->t, &database, &table, err);

    snprintf(way, sizeof way,
             "run it on the table that it passes rows to%s%.100s%s%.100s; livecol new --over "
             "%.60s.%.60s",
             table ? ", " : "", table ? database : "", table ? "." : "", table ? table : "",
             r->t->database, r->t->name);
    r->way = way;
    rc = rc ? rc : refuse(r, what, err);
    free(database);
    free(table);
    return rc;
}

/* Refuse, with the way that the engine's entry has, or the table that its rows go to. */
static int refuse_way(struct trial *r, const char *what, struct lc_error *err)
{
    return r->alters & PASSES_ON ? refuse_passing(r, what, err) : refuse(r, what, err);
}

/* Is it a stored column whose value a function or dictionary gives? */
static int is_derived(const struct trial *r, const struct lc_stmt_command *c, bool *derived,
                      struct lc_error *err)
{
    struct lc_column_call *calls = NULL;
    size_t n = 0;
    char *kind = strndup((const char *)c->default_kind.p, c->default_kind.n);
    char *expr = strndup((const char *)c->default_expr.p, c->default_expr.n);
    int rc = kind && expr ? 0 : LC_ERR_NOMEM;

    *derived = false;
    if (rc == 0 && (strcasecmp(kind, "DEFAULT") == 0 || strcasecmp(kind, "MATERIALIZED") == 0)) {
        struct lc_error why = LC_ERROR_INIT;

        rc = lc_column_calls_of(r->c->b, expr, &calls, &n, &why);
        *derived = rc == 0 && n > 0;
        lc_column_free_calls(calls, n);
        if (rc == LC_ERR_REFUSED) /* it cannot be read: the preflight says so */
            rc = 0;
        else if (rc)
            lc_error_pass(err, &why);
    }
    free(kind);
    free(expr);
    return rc;
}

/* A derived column in an engine without parts. */
static int check_derived(struct trial *r, const char *column, struct lc_error *err)
{
    if (r->alters & PASSES_ON)
        return check_behind(r, column, err);
    if (r->c->allow_unsafe && (r->alters & TAKES_COLUMNS || !r->known)) {
        char text[500];

        snprintf(
            text, sizeof text,
            "%.100s.%.100s is of the engine %.60s: existing rows read the empty value of %.100s",
            r->t->database, r->t->name, r->t->engine, column);
        if (r->c->say)
            r->c->say(r->c->ctx, true, text);
        return 0;
    }
    return refuse(
        r,
        "stores no parts: existing rows would read the column's empty value, and nothing can "
        "fill it in",
        err);
}

/* What an engine must take for a command; 0: livecol leaves it to the server. */
static unsigned needs(enum lc_stmt_kind kind)
{
    switch (kind) {
    case LC_STMT_ADD_COLUMN:
    case LC_STMT_MODIFY_COLUMN:
    case LC_STMT_DROP_COLUMN:
    case LC_STMT_REMOVE_DEFAULT:
        return TAKES_COLUMNS;
    case LC_STMT_RENAME_COLUMN:
        return TAKES_RENAME;
    case LC_STMT_ALTER_UPDATE:
        return TAKES_UPDATE;
    case LC_STMT_ALTER_DELETE:
        return TAKES_DELETE;
    default:
        return 0;
    }
}

/* The end of "which …", for what the engine does not take. */
static const char *lacks(unsigned need)
{
    return need == TAKES_UPDATE   ? "has no UPDATE"
           : need == TAKES_DELETE ? "has no DELETE"
           : need == TAKES_RENAME ? "takes no RENAME COLUMN"
                                  : "accepts no ALTER of its columns";
}

/* An engine that is not in the table: refused, unless the user says otherwise. */
static int check_unknown(struct trial *r, struct lc_error *err)
{
    if (r->c->allow_unsafe)
        return 0;
    r->way = "--allow-unsafe sends it anyway";
    return refuse(r, "is unknown to livecol, which cannot predict whether it accepts this", err);
}

/*
 * One command of an ALTER, in this order: what needs parts is refused; a derived column is
 * judged by what its rows would read; any other command by whether the engine takes it.
 */
static int check_command(struct trial *r, const struct lc_stmt_command *c, struct lc_error *err)
{
    unsigned need = needs(c->kind);
    bool derived = false;
    int rc = 0;

    if (c->kind == LC_STMT_MATERIALIZE_COLUMN || c->kind == LC_STMT_MATERIALIZE ||
        c->kind == LC_STMT_CLEAR_COLUMN)
        return refuse_way(r, "stores no parts: MATERIALIZE and CLEAR would fail", err);
    if (!need)
        return 0;
    if (c->default_expr.n && (!r->known || r->alters & need))
        rc = is_derived(r, c, &derived, err);
    if (rc || (derived && (r->known || r->c->allow_unsafe)))
        return rc ? rc : check_derived(r, c->column, err);
    if (!r->known)
        return check_unknown(r, err);
    return r->alters & need ? 0 : refuse_way(r, lacks(need), err);
}

/* The ALIAS column that the expression names; NULL: none. */
static const char *reads_alias(const struct lc_table *t, const char *expr)
{
    size_t at, n;

    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->v[i].kind, "ALIAS") == 0 &&
            lc_expr_find_column(expr, t->v[i].name, 0, &at, &n))
            return t->v[i].name;
    return NULL;
}

/* A MATERIALIZED column over an ALIAS one: 26.7 fails every UPDATE of such a table (47). */
static int refuse_alias(const struct lc_engine_check *c, const struct lc_table *t,
                        const char *column, const char *alias, bool adds, struct lc_error *err)
{
    char text[600];

    snprintf(
        text, sizeof text,
        "%.100s of %.100s.%.100s is MATERIALIZED and reads %.100s, an ALIAS column: the server "
        "fails every UPDATE and DELETE FROM of %s table (47, seen on 26.7)",
        column, t->database, t->name, alias, adds ? "such a" : "that");
    if (c->allow_unsafe) {
        if (c->say)
            c->say(c->ctx, true, text);
        return 0;
    }
    lc_fail(err, LC_ERR_REFUSED, "%s", text);
    if (adds)
        lc_hint(err, "write the expression of the ALIAS instead of its name; or use a DEFAULT");
    else
        lc_hint(err,
                "MODIFY COLUMN %s first, with the expression of the ALIAS instead of its name. "
                "Nothing was changed",
                column);
    return LC_ERR_REFUSED;
}

/* Before an UPDATE or DELETE: has the table a MATERIALIZED column over an ALIAS one already? */
static int check_update(const struct lc_engine_check *c, const struct lc_table *t,
                        struct lc_error *err)
{
    for (size_t i = 0; i < t->n; i++) {
        const char *alias =
            strcmp(t->v[i].kind, "MATERIALIZED") == 0 ? reads_alias(t, t->v[i].expr) : NULL;

        if (alias)
            return refuse_alias(c, t, t->v[i].name, alias, false, err);
    }
    return 0;
}

/* Does this command make one? `t` is the table as the whole ALTER leaves it. */
static int check_materialized(const struct lc_engine_check *c, const struct lc_table *t,
                              const struct lc_stmt_command *m, struct lc_error *err)
{
    char *expr;
    const char *alias;

    if (m->default_kind.n != strlen("MATERIALIZED") ||
        strncasecmp((const char *)m->default_kind.p, "MATERIALIZED", m->default_kind.n) != 0)
        return 0;
    expr = strndup((const char *)m->default_expr.p, m->default_expr.n);
    if (!expr)
        return lc_no_memory(err);
    alias = reads_alias(t, expr);
    free(expr);
    return alias ? refuse_alias(c, t, m->column, alias, true, err) : 0;
}

/* A MergeTree takes everything, but for what is known to break its UPDATEs later. */
static int check_parts(const struct lc_engine_check *c, const struct lc_table *t,
                       const struct lc_stmt *stmt, struct lc_error *err)
{
    struct lc_table after = {0}; /* an ALIAS may be of the same ALTER */
    int rc = stmt->kind == LC_STMT_ALTER ? 0 : check_update(c, t, err);

    if (rc == 0)
        rc = lc_table_copy(&after, t, err);
    if (rc == 0)
        rc = lc_table_apply(&after, stmt, err);
    for (size_t i = 0; rc == 0 && i < stmt->command_n; i++)
        rc = stmt->commands[i].kind == LC_STMT_ALTER_UPDATE
                 ? check_update(c, t, err)
                 : check_materialized(c, &after, &stmt->commands[i], err);
    lc_table_release(&after);
    return rc;
}

int lc_engine_check(const struct lc_engine_check *c, const struct lc_stmt *stmt,
                    struct lc_error *err)
{
    struct trial r = {.c = c};
    struct lc_table *t;
    int rc;

    if ((stmt->kind != LC_STMT_ALTER && stmt->kind != LC_STMT_UPDATE &&
         stmt->kind != LC_STMT_DELETE) ||
        !*stmt->name)
        return 0;
    rc = lc_schema_table(c->schema, lc_stmt_database(stmt, lc_backend_database(c->b)), stmt->name,
                         &t, err);
    if (rc || !(t->there || t->pending) || !*t->engine)
        return rc;
    if (strstr(t->engine, "MergeTree"))
        return check_parts(c, t, stmt, err);
    r.t = t;
    look_up(&r);
    for (size_t i = 0; rc == 0 && i < stmt->command_n; i++)
        rc = check_command(&r, &stmt->commands[i], err);
    return rc;
}
