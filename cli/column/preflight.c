/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For each expression of a statement, in this order; the first that refuses ends it:
 *
 *   the functions exist, on every host ─► fit their programs ─► what the expression reads is found ─►
 *   merges keep it right ─► made-up rows and the table's own ─► the edges of every type ─►
 *   a key that is cut ─► --rules
 *
 * A function or dictionary that the run itself makes first is not there yet. Its expression is put off,
 * and tried right before its statement is sent.
 */
#include "cli/column/preflight.h"

#include "cli/column/engine.h"
#include "cli/column/function_fit.h"
#include "cli/column/names_check.h"
#include "cli/column/schema_check.h"
#include "cli/column/trial.h"
#include "cli/column/trial_merges.h"
#include "cli/column/trial_rules.h"
#include "cli/server/query.h"
#include "cli/server/replicas.h"
#include "cli/sql/expression.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SQL_BYTES = 1 << 20 };

/* The connected server itself, rather than a host of the cluster by its name there. */
#define NO_HOST SIZE_MAX

/* The origin of executable functions in system.functions. */
#define EXECUTABLE "ExecutableUserDefined"

/* Nothing is claimed of what it is about. */
static int doubt(struct lc_preflight *d, const struct lc_stmt *s, struct lc_error *err)
{
    if (s->kind == LC_STMT_DROP || s->kind == LC_STMT_RENAME || s->kind == LC_STMT_DROP_DATABASE ||
        s->kind == LC_STMT_CREATE_DATABASE)
        d->schema.unclear = true;
    if ((s->kind != LC_STMT_ALTER && s->kind != LC_STMT_CREATE) || !*s->name)
        return 0;
    return lc_schema_doubt(&d->schema, lc_stmt_database(s, lc_backend_database(d->b)), s->name,
                           err);
}

int lc_preflight_note(struct lc_preflight *d, const struct lc_stmt *s, bool may_be_done,
                      struct lc_error *err)
{
    int rc;

    d->schema.b = d->b;
    rc = lc_schema_note(&d->schema, s, err);
    return rc || !may_be_done ? rc : doubt(d, s, err);
}

int lc_preflight_leave(struct lc_preflight *d, const char *database, const char *table,
                       struct lc_error *err)
{
    d->schema.b = d->b;
    return lc_schema_doubt(&d->schema, database, table, err);
}

void lc_preflight_release(struct lc_preflight *d)
{
    lc_schema_release(&d->schema);
    /* A cluster that the caller named is the caller's to release; `alone` is released here. */
    if (d->cluster == &d->alone)
        d->cluster = NULL;
    lc_cluster_release(&d->alone);
}

bool lc_preflight_makes(const struct lc_preflight *d, const char *name)
{
    return lc_schema_makes(&d->schema, name);
}

/*
 * Always LC_ERR_REFUSED. host is an index of d->cluster, or NO_HOST. The hint says where this
 * backend looks for functions.
 */
static int refuse_missing(const struct lc_preflight *d, const struct lc_trial *t, const char *name,
                          size_t host, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED,
            "the function %s, which the DEFAULT of %s.%s.%s calls, is not registered on %s%s", name,
            t->database, t->stmt->name, t->c->column, host == NO_HOST ? "" : "host ",
            host == NO_HOST ? lc_backend_where(d->b) : lc_cluster_host_name(d->cluster, host));
    if (strcmp(lc_backend_kind(d->b), "embedded") == 0)
        lc_hint(err, "put its XML where --functions GLOB looks (PATH/*_function.xml by default), "
                     "its program and rules into --scripts DIR (PATH/user_scripts)");
    else
        lc_hint(
            err,
            "livecol config install, on that machine, puts its XML, program and rules where the "
            "server looks for them; then: SYSTEM RELOAD FUNCTIONS");
    return LC_ERR_REFUSED;
}

/* A function written by hand may declare other types than its program reads. */
static int check_fit(const struct lc_preflight *d, const char *name, size_t host,
                     struct lc_error *err)
{
    struct lc_function_fit_note note;
    int rc = lc_function_fit_check(d->cluster, host, name, &note, err);

    if (rc == 0 && note.text[0])
        lc_trial_say(d, true, "%s", note.text);
    return rc;
}

/* On every host that is up. Servers before 26.2 cannot be asked: that is a warning. */
static int check_fits(const struct lc_preflight *d, const char *name, struct lc_error *err)
{
    int rc = 0;

    if (!d->facts->udf_types) {
        lc_trial_say(
            d, true,
            "whether the XML of %s fits its program (format, argument, return type) is not known: "
            "this server cannot be asked (26.2 and later can)",
            name);
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < d->cluster->n; i++)
        if (!d->cluster->v[i].down)
            rc = check_fit(d, name, i, err);
    return rc;
}

/*
 * Every host must know it: one that does not cannot load the table's DEFAULT. Without a
 * cluster's name there is only the connected server, which find_functions has asked.
 */
static int find_on_hosts(const struct lc_preflight *d, const struct lc_trial *t, const char *name,
                         struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
    int rc = 0;

    for (size_t i = 0; rc == 0 && d->cluster->name && i < d->cluster->n; i++) {
        struct lc_answer found = {0};

        if (d->cluster->v[i].down)
            continue;
        rc = lc_cluster_read(d->cluster, i, lc_sql_function_known, lc_sql_host_function_known, args,
                             &found, err);
        if (rc == 0 && lc_answer_u64(&found, 0, LC_SQL_FUNCTION_KNOWN_N, 0) == 0)
            rc = refuse_missing(d, t, name, i, err);
        lc_answer_release(&found);
    }
    return rc;
}

/*
 * Which functions are called: is each there, and is one not the server's own? *wait: one of
 * them is made by this run first. t->udf gets the first that is not the server's own, or that
 * asks a dictionary: without it there is nothing to try.
 */
static int find_functions(struct lc_preflight *d, struct lc_trial *t, bool now, bool *wait,
                          struct lc_error *err)
{
    struct lc_slice expr = {(const uint8_t *)t->expr, strlen(t->expr)};
    size_t at = 0;
    char *name;
    int rc = 0;

    *wait = false;
    while (rc == 0 && (name = lc_expr_function(expr, &at))) {
        const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
        struct lc_answer found = {0};
        bool foreign, executable;

        rc = lc_query_kept(d->b,
                           d->facts->function_origin ? lc_sql_function_origin : lc_sql_function_any,
                           args, &found, err);
        if (rc == 0 && found.rows == 0) {
            if (!now && lc_preflight_makes(d, name))
                *wait = true;
            else
                rc = refuse_missing(d, t, name, NO_HOST, err);
        }
        foreign =
            rc == 0 && !*wait &&
            (strcmp(lc_answer_at(&found, 0, LC_SQL_FUNCTION_ORIGIN_ORIGIN)->p, "System") != 0 ||
             lc_expr_asks_dictionary(name));
        executable = foreign && strcmp(lc_answer_at(&found, 0, LC_SQL_FUNCTION_ORIGIN_ORIGIN)->p,
                                       EXECUTABLE) == 0;
        lc_answer_release(&found);
        if (foreign && !lc_expr_asks_dictionary(name))
            rc = find_on_hosts(d, t, name, err);
        if (rc == 0 && executable)
            rc = check_fits(d, name, err);
        if (foreign && !t->udf)
            t->udf = name;
        else
            free(name);
    }
    return rc;
}

/* Does it read a dictionary that this run makes first? */
static int find_dictionaries(const struct lc_preflight *d, const struct lc_trial *t, bool *wait,
                             struct lc_error *err)
{
    struct lc_column_call *calls = NULL;
    size_t n = 0;
    int rc = lc_column_calls_of(d->b, t->expr, &calls, &n, err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        *wait = *wait || (calls[i].dictionary &&
                          lc_schema_makes_dictionary(&d->schema, calls[i].dictionary));
    lc_column_free_calls(calls, n);
    return rc;
}

/*
 * The column as the statement will have made it, in the table as those before it make that.
 * Works on a copy of the table: the schema itself changes only when the statement is noted.
 */
static int make_column(struct lc_preflight *d, struct lc_trial *t, bool now, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_table *known, table = {0};
    int rc;

    d->schema.b = d->b;
    if (now) /* it is about to be sent: what the server has is what there is */
        rc = lc_table_read(&table, d->b, lc_stmt_database(t->stmt, lc_backend_database(d->b)),
                           t->stmt->name, err);
    else
        rc = lc_schema_table(&d->schema, lc_stmt_database(t->stmt, lc_backend_database(d->b)),
                             t->stmt->name, &known, err);
    if (rc == 0 && !now)
        rc = lc_table_copy(&table, known, err);
    t->hidden = table.hidden && !table.there;
    t->no_table = !t->hidden && !table.there && table.n == 0 && t->stmt->kind == LC_STMT_ALTER;
    if (rc == 0)
        rc = lc_table_apply(&table, t->stmt, err);
    if (rc == 0)
        rc = lc_column_find_in(&t->column, d->b, &table, t->c->column, &why);
    /* One without parts of its own, or IF EXISTS of none: what the server says of it is enough. */
    if (rc == LC_ERR_REFUSED)
        rc = 0;
    else if (rc)
        lc_error_pass(err, &why);
    lc_table_release(&table);
    return rc;
}

/*
 * ADD COLUMN IF NOT EXISTS over one that is there: the statement's own words are tried. The
 * type is the statement's, else the column's; both texts are freed by check_command.
 */
static int take_expression(struct lc_trial *t, struct lc_error *err)
{
    const struct lc_stmt_command *c = t->c;

    t->database = t->column.database;
    t->expr = strndup((const char *)c->default_expr.p, c->default_expr.n);
    t->type = c->type.n ? strndup((const char *)c->type.p, c->type.n)
                        : strdup(t->column.type ? t->column.type : "");
    return t->expr && t->type ? 0 : lc_no_memory(err);
}

/*
 * What it reads, and the same over made-up columns. t->has_rows is false where the server has
 * no rows to read them from: no table yet, or an EPHEMERAL column, which no row stores.
 * t->made_up is the expression with each name that has dots replaced.
 */
static int find_inputs(struct lc_trial *t, struct lc_error *err)
{
    char *text = strdup(t->expr);
    int rc = text ? lc_column_inputs(&t->column, t->expr, &t->inputs, &t->inputs_n, err)
                  : lc_no_memory(err);

    t->has_rows = t->column.t.there;
    for (size_t i = 0; rc == 0 && i < t->inputs_n; i++) {
        char out[32];
        const char *name = lc_trial_input(t, i, out);
        struct lc_buf b;

        if (strcmp(lc_table_column(&t->column.t, t->inputs[i])->kind, "EPHEMERAL") == 0)
            t->has_rows = false;
        if (name == t->inputs[i])
            continue;
        lc_buf_init(&b, MAX_SQL_BYTES);
        rc = lc_expr_replace_column(text, t->inputs[i], name, &b) ? lc_no_memory(err) : 0;
        free(text);
        text = rc ? NULL : lc_buf_detach(&b);
        lc_buf_release(&b);
        if (!text)
            return lc_no_memory(err);
    }
    t->made_up = text;
    return rc;
}

/*
 * What a TTL resets, the column was derived from: said beforehand, and by the doctor as a remark. The
 * expression is the statement's, over the table as it leaves it.
 */
static int say_expiring(const struct lc_preflight *d, const struct lc_trial *t,
                        struct lc_error *err)
{
    const struct lc_slice kind = t->c->default_kind;
    const struct lc_table_column *key;
    int rc = lc_column_expiring(&t->column, t->expr, &key, err);

    if (rc || !key)
        return rc;
    if (strncasecmp((const char *)kind.p, "ALIAS", kind.n) == 0)
        lc_trial_say(
            d, !d->in_use,
            "a TTL resets %s: %s of such rows is then computed from the value that is left",
            key->name, t->c->column);
    else
        lc_trial_say(d, !d->in_use,
                     "a TTL resets %s, and %s.%s.%s, which is derived from it, then keeps what it "
                     "holds: new rules cannot derive such rows again, and verify counts them as "
                     "different",
                     key->name, t->database, t->stmt->name, t->c->column);
    return 0;
}

/* A TTL of its own: the server resets it to its expression, and fails where that reads other columns. */
static int say_own_ttl(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err)
{
    bool has;
    int rc = lc_column_has_ttl(&t->column, &has, err);

    if (rc == 0 && has && t->inputs_n)
        lc_trial_say(
            d, true,
            "%s.%s.%s has a TTL of its own, and reads %s: MATERIALIZE TTL, and each UPDATE of "
            "what the TTL reads, then fails for good (10, seen on 26.7)",
            t->database, t->stmt->name, t->c->column, t->inputs[0]);
    return rc;
}

/* Rows that are there have no value of an EPHEMERAL column to derive from. */
static int say_ephemeral(const struct lc_preflight *d, const struct lc_trial *t,
                         struct lc_error *err)
{
    const struct lc_slice kind = t->c->default_kind;
    const struct lc_table_column *key;
    int rc = lc_column_ephemeral(&t->column, t->expr, &key, err);

    if (rc == 0 && key &&
        (strncasecmp((const char *)kind.p, "DEFAULT", kind.n) == 0 ||
         strncasecmp((const char *)kind.p, "MATERIALIZED", kind.n) == 0))
        lc_trial_say(
            d, !d->in_use,
            "no row stores %s (EPHEMERAL): rows that are older than %s.%s.%s read as the answer "
            "for its default, and neither verify nor new rules can derive the column again",
            key->name, t->database, t->stmt->name, t->c->column);
    return rc;
}

/*
 * The checks from the inputs on, in the order drawn at the head of this file. The table's rows
 * are fetched only where a cluster's hosts are to get them.
 */
static int try_function(struct lc_preflight *d, struct lc_trial *t, struct lc_error *err)
{
    int rc = find_inputs(t, err);

    if (rc == 0)
        rc = lc_column_calls_of(d->b, t->expr, &t->column.calls, &t->column.calls_n, err);
    if (rc == 0)
        rc = lc_trial_merges(d, t, err);
    if (rc == 0)
        rc = say_expiring(d, t, err);
    if (rc == 0)
        rc = say_ephemeral(d, t, err);
    if (rc == 0)
        rc = say_own_ttl(d, t, err);
    if (rc == 0 && t->has_rows && d->cluster->name) {
        lc_trial_name_inputs(t);
        rc = lc_trial_read_rows(d, t, err);
    }
    if (rc == 0)
        rc = lc_trial_evaluate(d, t, err);
    if (rc == 0)
        rc = lc_trial_domain(d, t, err);
    if (rc == 0)
        rc = lc_trial_cut(d, t, err);
    return rc ? rc : lc_trial_compare(d, t, err);
}

/*
 * Where no cluster is named, the table's replicas are the hosts that are asked: one that lacks the
 * function would fail the ALTER, and each merge, for good, and this server would not say so.
 */
static int find_replicas(const struct lc_preflight *d, const struct lc_trial *t,
                         struct lc_cluster *replicas, struct lc_error *err)
{
    struct lc_column_call *calls = NULL;
    size_t n = 0;
    int rc;

    if (d->cluster->name || d->allow_unsafe || !t->column.replicated || !t->column.t.there)
        return 0;
    rc = lc_column_calls_of(d->b, t->expr, &calls, &n, err);
    if (rc == 0 && n)
        rc = lc_replicas_open(replicas, d->b, d->facts, t->column.database, t->column.table, err);
    lc_column_free_calls(calls, n);
    return rc;
}

/* One expression of the statement. While it is checked d->cluster may be the table's replicas. */
static int check_command(struct lc_preflight *d, const struct lc_stmt *stmt,
                         const struct lc_stmt_command *c, bool now, struct lc_error *err)
{
    const struct lc_cluster *named = d->cluster;
    struct lc_cluster replicas = {0};
    struct lc_trial t = {.stmt = stmt, .c = c};
    bool wait = false;
    int rc = make_column(d, &t, now, err);

    if (rc == 0)
        rc = take_expression(&t, err);
    if (rc == 0)
        rc = find_replicas(d, &t, &replicas, err);
    if (rc == 0 && replicas.n)
        d->cluster = &replicas;
    if (rc == 0)
        rc = find_functions(d, &t, now, &wait, err);
    if (rc == 0 && !now)
        rc = find_dictionaries(d, &t, &wait, err);
    if (rc == 0 && (wait || (t.hidden && !now && t.udf))) {
        d->deferred = true;
        lc_trial_say(d, false, "%s is tried once this run has %s", t.expr,
                     wait ? "created its function or dictionary" : "made its table");
    } else if (rc == 0 && t.udf) {
        rc = try_function(d, &t, err);
    } else if (rc == 0 && !now) {
        rc = lc_names_check(d->b, &t.column.t, t.expr, true, err);
    }
    free(t.expr);
    free(t.type);
    free(t.udf);
    free(t.made_up);
    lc_column_free_names(t.inputs, t.inputs_n);
    lc_answer_release(&t.own.rows);
    lc_column_release(&t.column);
    d->cluster = named;
    lc_cluster_release(&replicas);
    return rc;
}

int lc_preflight_engine(struct lc_preflight *d, const struct lc_stmt *stmt, struct lc_error *err)
{
    const struct lc_engine_check check = {.b = d->b,
                                          .facts = d->facts,
                                          .schema = &d->schema,
                                          .allow_unsafe = d->allow_unsafe,
                                          .say = d->say,
                                          .ctx = d->ctx};

    d->schema.b = d->b;
    return lc_engine_check(&check, stmt, err);
}

/*
 * Every expression of the statement. Where the caller names no cluster, the connected server
 * counts as a cluster of one host.
 */
static int check_defaults(struct lc_preflight *d, const struct lc_stmt *stmt, bool now,
                          struct lc_error *err)
{
    int rc = 0;

    if (!d->cluster) {
        if (lc_cluster_alone(&d->alone, d->b, err))
            return LC_ERR_NOMEM;
        d->cluster = &d->alone;
    }
    for (size_t i = 0; rc == 0 && i < stmt->command_n; i++)
        if (stmt->commands[i].default_expr.n)
            rc = check_command(d, stmt, &stmt->commands[i], now, err);
    return rc;
}

int lc_preflight_check_tables(struct lc_preflight *d, const struct lc_stmt *stmt, bool sent,
                              struct lc_error *err)
{
    d->schema.b = d->b;
    d->schema.any_kept = d->keep_columns;
    d->schema.unsafe = d->allow_unsafe;
    return lc_schema_check(&d->schema, d->facts, stmt, sent, err);
}

int lc_preflight_check(struct lc_preflight *d, const struct lc_stmt *stmt, bool now,
                       struct lc_error *err)
{
    int rc = lc_preflight_engine(d, stmt, err);

    return rc ? rc : check_defaults(d, stmt, now, err);
}

int lc_preflight_check_column(struct lc_preflight *d, const struct lc_preflight_column *c,
                              struct lc_error *err)
{
    struct lc_stmt stmt = {0};
    struct lc_buf sql;
    int rc;

    /* Written as the ALTER that sets the column to what it is, and checked as any other. */
    lc_buf_init(&sql, (size_t)1 << 20);
    if (lc_buf_adds(&sql, "ALTER TABLE ") || lc_sql_add_id(&sql, c->database) ||
        lc_buf_adds(&sql, ".") || lc_sql_add_id(&sql, c->table) ||
        lc_buf_adds(&sql, " MODIFY COLUMN ") || lc_sql_add_id(&sql, c->column) ||
        lc_buf_addf(&sql, " %s %s %s", c->type, c->kind, c->expr))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a default");
    else
        rc = lc_stmt_parse(&stmt, (const char *)sql.p, sql.n, err);
    if (rc == 0)
        rc = check_defaults(d, &stmt, true, err);
    lc_stmt_release(&stmt);
    lc_buf_release(&sql);
    return rc;
}
