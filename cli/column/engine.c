#include "cli/column/engine.h"

#include "cli/column/column.h"
#include "cli/server/query.h"
#include "cli/sql/lexer.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What an engine does with an ALTER of its table; of those that are not here the server judges. */
enum alters {
    TAKES_COLUMNS = 1, /* ADD, MODIFY and DROP COLUMN, its metadata alone */
    TAKES_UPDATE = 2,
    TAKES_DELETE = 4,
    PASSES_ON = 8, /* its rows are another table's */
};

static const struct {
    const char *engine;
    unsigned alters;
    const char *way;
} engines[] = {
    {"Memory", TAKES_COLUMNS | TAKES_UPDATE | TAKES_DELETE,
     "copy its rows into a MergeTree table that has the column"},
    {"Null", TAKES_COLUMNS, "add the column to the tables that its materialized views fill"},
    {"Buffer", TAKES_COLUMNS | PASSES_ON, NULL},
    {"Distributed", TAKES_COLUMNS | PASSES_ON, NULL},
    {"Merge", TAKES_COLUMNS,
     "add the column to each of the tables it reads, then here by name and type alone, without a "
     "DEFAULT"},
    {"Log", 0, "copy its rows into a MergeTree table that has the column"},
    {"TinyLog", 0, "copy its rows into a MergeTree table that has the column"},
    {"StripeLog", 0, "copy its rows into a MergeTree table that has the column"},
    {"Join", TAKES_DELETE, "make it anew with the column, or derive it where it is joined"},
    {"Set", 0, "make it anew with the column"},
    {"EmbeddedRocksDB", TAKES_UPDATE | TAKES_DELETE, "make it anew with the column"},
    {"KeeperMap", TAKES_UPDATE | TAKES_DELETE, "make it anew with the column"},
    {"File", 0, "copy its rows into a MergeTree table that has the column"},
    {"GenerateRandom", 0, "make it anew with the column"},
    {"Dictionary", 0, "add the attribute to the dictionary"},
    {"View", 0, "put the column into its SELECT: CREATE OR REPLACE VIEW"},
    {"MaterializedView", 0,
     "add the column to the table it fills; ALTER TABLE … MODIFY QUERY names it in the view"},
    {"LiveView", 0, "make it anew with the column"},
    {"WindowView", 0, "make it anew with the column"},
    {"Kafka", 0, "add the column to the table that its materialized view fills"},
    {"RabbitMQ", 0, "add the column to the table that its materialized view fills"},
    {"NATS", 0, "add the column to the table that its materialized view fills"},
    {"FileLog", 0, "add the column to the table that its materialized view fills"},
    {"S3Queue", 0, "add the column to the table that its materialized view fills"},
    {"AzureQueue", 0, "add the column to the table that its materialized view fills"},
};

/* One statement on trial. */
struct trial {
    const struct lc_engine_check *c;
    const struct lc_table *t;
    const char *way;
    unsigned alters;
    bool known;
};

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

/* The name that the next argument is, up to its comma, malloc'ed; NULL: no such argument. */
static char *next_argument(struct lc_lexer *lex)
{
    struct lc_tok tok;
    unsigned depth = 0;
    char *name = NULL;

    while (lc_lex_code(lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (depth == 0 && (lc_tok_symbol(&tok, ',') || lc_tok_symbol(&tok, ')')))
            break;
        if (!name)
            name = lc_tok_name(&tok);
        depth += lc_tok_symbol(&tok, '(');
        depth -= depth && lc_tok_symbol(&tok, ')');
    }
    return name;
}

/* The table behind a Buffer or Distributed one, by the engine's text; NULL names: not told. */
static int ask_behind(const struct trial *r, char **database, char **table, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->name}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = 0;

    *database = *table = NULL;
    if (r->c->facts->engine_full)
        rc = lc_query_read(r->c->b, lc_sql_table_engine_full, args, &a, err);
    if (rc == 0 && a.rows == 1) {
        const char *text = lc_answer_at(&a, 0, 0)->p;
        struct lc_lexer lex = LC_LEXER(text, strlen(text));
        struct lc_tok tok;

        while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END &&
               !lc_tok_symbol(&tok, '('))
            ;
        if (strcmp(r->t->engine, "Distributed") == 0)
            free(next_argument(&lex)); /* the cluster */
        *database = next_argument(&lex);
        *table = *database ? next_argument(&lex) : NULL;
    }
    lc_answer_release(&a);
    return rc;
}

/* Does the table behind have the column, by then? One that is not here is another host's. */
static int check_behind(struct trial *r, const char *column, struct lc_error *err)
{
    struct lc_table *behind = NULL;
    char *database, *table, way[600];
    int rc = ask_behind(r, &database, &table, err);

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
    int rc = ask_behind(r, &database, &table, err);

    snprintf(way, sizeof way,
             "run it on the table behind%s%.100s%s%.100s; livecol new --over %.60s.%.60s",
             table ? ", " : "", table ? database : "", table ? "." : "", table ? table : "",
             r->t->database, r->t->name);
    r->way = way;
    rc = rc ? rc : refuse(r, what, err);
    free(database);
    free(table);
    return rc;
}

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
            "%.100s.%.100s is of the engine %.60s: rows that are there read the empty value of "
            "%.100s",
            r->t->database, r->t->name, r->t->engine, column);
        if (r->c->say)
            r->c->say(r->c->ctx, true, text);
        return 0;
    }
    return refuse(r,
                  "stores no parts: rows that are there would read the column's empty value, and "
                  "nothing can fill it in",
                  err);
}

static int check_command(struct trial *r, const struct lc_stmt_command *c, struct lc_error *err)
{
    bool derived = false;
    int rc = 0;

    switch (c->kind) {
    case LC_STMT_MATERIALIZE_COLUMN:
    case LC_STMT_MATERIALIZE:
    case LC_STMT_CLEAR_COLUMN:
        return refuse_way(r, "stores no parts: MATERIALIZE and CLEAR would fail", err);
    case LC_STMT_ALTER_UPDATE:
        return r->known && !(r->alters & TAKES_UPDATE) ? refuse_way(r, "has no UPDATE", err) : 0;
    case LC_STMT_ALTER_DELETE:
        return r->known && !(r->alters & TAKES_DELETE) ? refuse_way(r, "has no DELETE", err) : 0;
    case LC_STMT_ADD_COLUMN:
    case LC_STMT_MODIFY_COLUMN:
        if (r->known && !(r->alters & TAKES_COLUMNS))
            return refuse_way(r, "takes no ALTER of its columns", err);
        if (c->default_expr.n)
            rc = is_derived(r, c, &derived, err);
        return rc || !derived ? rc : check_derived(r, c->column, err);
    default:
        return 0;
    }
}

int lc_engine_check(const struct lc_engine_check *c, const struct lc_stmt *stmt,
                    struct lc_error *err)
{
    struct trial r = {.c = c};
    struct lc_table *t;
    int rc;

    if (stmt->kind != LC_STMT_ALTER || !*stmt->name)
        return 0;
    rc = lc_schema_table(c->schema, lc_stmt_database(stmt, lc_backend_database(c->b)), stmt->name,
                         &t, err);
    if (rc || !(t->there || t->pending) || !*t->engine || strstr(t->engine, "MergeTree"))
        return rc;
    r.t = t;
    look_up(&r);
    for (size_t i = 0; rc == 0 && i < stmt->command_n; i++)
        rc = check_command(&r, &stmt->commands[i], err);
    return rc;
}
