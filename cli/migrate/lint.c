/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each look is about one statement: who inserts without a column list, which tables are over the
 * target, what a function costs, how long a fill takes. A finding is told once a plan, though several
 * statements may show it.
 */
#include "cli/migrate/lint.h"

#include "base/format.h"
#include "base/utf8.h"
#include "cli/column/column.h"
#include "cli/column/estimate.h"
#include "cli/migrate/cluster_check.h"
#include "cli/server/query.h"
#include "cli/sql/insert_target.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NONDETERMINISTIC "allow_nondeterministic_mutations"

enum { GOOD_TIMEOUT_MS = 60000 };

enum { LOGGED_MAX = 1000 }; /* the LIMIT of logged_inserts */

/* A read of fewer rows is not timed, and one that takes less is not reported: neither matters to a reader. */
enum { READ_COST_ROWS = 200000, READ_COST_NS = 10 * 1000 * 1000 };

static void say(const struct lc_lint *h, bool hazard, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct lc_lint *h, bool hazard, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_utf8_cut(text);
    h->say(h->ctx, hazard, text);
}

/*
 * Was this said before, in this plan? Notes it. False, and said again, where there is no list
 * (each statement by itself), where it is full, or where there is no memory: repeating is
 * harmless.
 */
static bool said_before(const struct lc_lint *h, const char *what, const char *database,
                        const char *name)
{
    char *key;

    if (!h->said)
        return false;
    if (asprintf(&key, "%s %s.%s", what, database, name) < 0)
        return false;
    for (size_t i = 0; i < h->said->n; i++) {
        if (strcmp(h->said->v[i], key) == 0) {
            free(key);
            return true;
        }
    }
    if (h->said->n == LC_LINT_SAID_MAX)
        free(key);
    else
        h->said->v[h->said->n++] = key;
    return false;
}

void lc_lint_forget(struct lc_lint_said *said)
{
    for (size_t i = 0; i < said->n; i++)
        free(said->v[i]);
    said->n = 0;
}

/*
 * INSERTs of the last week that break by a new column: `VALUES` and `SELECT` without a list of
 * columns are matched by position. The log is searched for the table's name, and texts that differ
 * by strings and numbers alone are one; which of them are meant, and are positional, is read here. Most
 * frequent first, and that one is shown.
 */
static int look_at_inserts(const struct lc_lint *h, const struct lc_stmt *s, struct lc_error *err)
{
    const char *database = lc_stmt_database(s, lc_backend_database(h->b));
    const struct lc_sql_arg args[] = {{"table", s->name}, {NULL, NULL}};
    bool known = h->facts->current_database;
    struct lc_answer t = {0};
    uint64_t found = 0;
    size_t first = 0;
    char shown[160];
    int rc;

    if (said_before(h, "inserts", database, s->name))
        return 0;
    if (!h->facts->query_log) {
        say(h, true,
            "INSERTs without a column list will fail once the column exists; whether there are "
            "any is unknown: this server keeps no query_log");
        return 0;
    }
    rc = lc_query_read(h->b, known ? lc_sql_logged_inserts : lc_sql_logged_inserts_plain, args, &t,
                       err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const struct lc_cell *q = lc_answer_at(&t, i, LC_SQL_LOGGED_INSERTS_QUERY);

        if (!lc_insert_is_positional(
                q->p, q->n,
                known ? lc_answer_at(&t, i, LC_SQL_LOGGED_INSERTS_IN_DATABASE)->p : NULL, database,
                s->name))
            continue;
        if (found == 0)
            first = i;
        found += lc_answer_u64(&t, i, LC_SQL_LOGGED_INSERTS_N, 0);
    }
    if (rc == 0 && found)
        say(h, true,
            "%s%" PRIu64 " INSERT(s) of the last 7 days name no columns and will fail: %.100s",
            t.rows < LOGGED_MAX ? "" : "at least ", found,
            lc_printable(lc_answer_at(&t, first, LC_SQL_LOGGED_INSERTS_QUERY)->p,
                         lc_answer_at(&t, first, LC_SQL_LOGGED_INSERTS_QUERY)->n, shown,
                         sizeof shown));
    else if (rc == 0 && t.rows < LOGGED_MAX)
        say(h, false, "no INSERT without a column list in the query_log of the last 7 days");
    else if (rc == 0)
        say(h, true,
            "INSERTs without a column list will fail once the column exists; the %d most frequent "
            "forms of the last 7 days are none, and there are more",
            LOGGED_MAX);
    lc_answer_release(&t);
    return rc;
}

/* Views, Buffer and Distributed tables over the target. */
static void say_over(void *ctx, const struct lc_answer_over *t)
{
    const struct lc_lint *h = ctx;
    /* Buffer and Distributed have a list of columns of their own; a view has a query. */
    bool passes_on = strcmp(t->engine, "Buffer") == 0 || strcmp(t->engine, "Distributed") == 0;

    if (t->stale)
        say(h, true,
            "%s.%s (%s%s%s) is over this table, with the old DEFAULT of %s: INSERTs through it go on "
            "storing what that gives",
            t->database, t->name, t->engine, *t->host ? ", on " : "", t->host, t->column);
    else if (t->column)
        say(h, true, "%s.%s (%s%s%s) is over this table: it needs the column too, %s", t->database,
            t->name, t->engine, *t->host ? ", on " : "", t->host,
            t->bare ? "and its DEFAULT: else it stores empty values" : "with its DEFAULT");
    else if (!passes_on)
        say(h, false, "%s.%s (%s) reads or writes this table: it does not change by itself",
            t->database, t->name, t->engine);
}

/* Cores and queries at this moment, each at least 1. */
static int look_at_load(const struct lc_lint *h, uint64_t *threads, uint64_t *queries,
                        struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_query_read(h->b, lc_sql_threads, NULL, &t, err);

    *threads = 1;
    *queries = 1;
    if (rc == 0 && t.rows == 1) {
        *queries = lc_answer_u64(&t, 0, LC_SQL_THREADS_QUERIES, 1);
        *threads = lc_answer_u64(&t, 0, LC_SQL_THREADS_THREADS, 1);
    }
    if (*threads == 0)
        *threads = 1;
    if (*queries == 0)
        *queries = 1;
    lc_answer_release(&t);
    return rc;
}

/*
 * What the server's configuration of an executable function says of its cost. Each thread of a
 * query takes a process from the pool for a block, and waits where none is free. No row: the
 * function is not an executable one.
 */
static int look_at_udf(const struct lc_lint *h, const char *name, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
    struct lc_answer t = {0};
    uint64_t threads, queries, pool, read_ms, write_ms;
    int rc = lc_query_read(h->b, lc_sql_udf_definition, args, &t, err);

    if (rc || t.rows == 0)
        goto done;
    rc = look_at_load(h, &threads, &queries, err);
    if (rc)
        goto done;
    pool = lc_answer_u64(&t, 0, LC_SQL_UDF_DEFINITION_POOL_SIZE, 0);
    if (strcmp(lc_answer_at(&t, 0, LC_SQL_UDF_DEFINITION_TYPE)->p, "executable_pool") != 0)
        say(h, true, "%s is not an executable_pool: the server starts a process for each block",
            name);
    else if (pool < threads * queries)
        say(h, true,
            "%s has a pool of %" PRIu64 ", below %" PRIu64 " threads × %" PRIu64
            " queries: callers wait, INSERTs among them",
            name, pool, threads, queries);
    /* The shorter one ends the call. */
    read_ms = lc_answer_u64(&t, 0, LC_SQL_UDF_DEFINITION_COMMAND_READ_TIMEOUT, GOOD_TIMEOUT_MS);
    write_ms = lc_answer_u64(&t, 0, LC_SQL_UDF_DEFINITION_COMMAND_WRITE_TIMEOUT, GOOD_TIMEOUT_MS);
    if (read_ms < GOOD_TIMEOUT_MS || write_ms < GOOD_TIMEOUT_MS)
        say(h, true,
            "%s gives up after %" PRIu64 " ms (command_%s_timeout): a busy machine fails queries; "
            "60000 is safer",
            name, read_ms <= write_ms ? read_ms : write_ms, read_ms <= write_ms ? "read" : "write");
    if (lc_answer_u64(&t, 0, LC_SQL_UDF_DEFINITION_DETERMINISTIC, 1) == 0)
        say(h, true, "%s is not marked as deterministic: the query cache refuses such queries",
            name);
done:
    lc_answer_release(&t);
    return rc;
}

/* What a statement's words call that is not the server's own; what cannot be read calls nothing. */
static int calls_of(const struct lc_lint *h, struct lc_slice words, struct lc_column_call **v,
                    size_t *n, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    char *text = strndup((const char *)words.p, words.n);
    int rc = text ? lc_column_calls_of(h->b, text, v, n, &why) : lc_no_memory(&why);

    free(text);
    if (rc == LC_ERR_REFUSED)
        rc = 0;
    else if (rc)
        lc_error_pass(err, &why);
    return rc;
}

/*
 * The executable functions of an expression, each told once a plan. Missing ones are an error
 * of the preflight, not a remark of this one.
 */
static int look_at_functions(const struct lc_lint *h, struct lc_slice expr, struct lc_error *err)
{
    struct lc_column_call *v = NULL;
    size_t n = 0;
    int rc = h->facts->udf_table ? calls_of(h, expr, &v, &n, err) : 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        if (!v[i].missing && !said_before(h, "function", "", v[i].function))
            rc = look_at_udf(h, v[i].function, err);
    lc_column_free_calls(v, n);
    return rc;
}

/* The table that the statement is about, as it will be once the statement has run. */
static int table_of(const struct lc_lint *h, const struct lc_stmt *s, struct lc_table **t,
                    struct lc_error *err)
{
    return lc_schema_table(h->schema, lc_stmt_database(s, lc_backend_database(h->b)), s->name, t,
                           err);
}

/*
 * On a Replicated table each replica computes an UPDATE by itself, so the server refuses
 * functions that it does not know to be deterministic, executable ones among them. A text that
 * names the setting has been written by someone who knows.
 */
static int look_at_replicated_update(const struct lc_lint *h, const struct lc_plan_stmt *stmt,
                                     const struct lc_stmt_command *c, struct lc_error *err)
{
    const char *text = stmt->formatted ? stmt->formatted : stmt->text->p;
    size_t text_n = stmt->formatted ? strlen(stmt->formatted) : stmt->text->n;
    struct lc_column_call *v = NULL;
    struct lc_table *t = NULL;
    bool calls = false;
    size_t n = 0;
    int rc;

    /* A server without the setting has no such check, and whoever sets it knows of it. */
    if (!lc_backend_has_setting(h->b, NONDETERMINISTIC) ||
        memmem(text, text_n, NONDETERMINISTIC, strlen(NONDETERMINISTIC)))
        return 0;
    rc = table_of(h, &stmt->parsed, &t, err);
    if (rc == 0 && t->replicated)
        rc = calls_of(h, c->text, &v, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        calls = calls || !v[i].missing;
    if (rc == 0 && calls)
        say(h, true,
            "UPDATE with an executable function or a dictionary on a Replicated table fails (46, 36) "
            "unless it ends with SETTINGS " NONDETERMINISTIC " = 1; one replica that lacks the "
            "function blocks it for good");
    lc_column_free_calls(v, n);
    return rc;
}

/* How long the MATERIALIZE COLUMN of the statement takes, over so many parts and rows, in ms; 0: not known. */
static int time_of(const struct lc_lint *h, const struct lc_stmt *s, double parts, double rows,
                   double largest, double *ms, struct lc_error *err)
{
    struct lc_table *t = NULL;
    int rc = table_of(h, s, &t, err);

    *ms = 0;
    for (size_t i = 0; rc == 0 && i < s->command_n && *ms == 0; i++) {
        const struct lc_table_column *c = lc_table_column(t, s->commands[i].column);

        if (s->commands[i].kind == LC_STMT_MATERIALIZE_COLUMN && c && *c->expr) {
            const struct lc_estimated what = {.database = t->database,
                                              .table = t->name,
                                              .type = c->type,
                                              .expr = c->expr,
                                              .parts = parts};
            struct lc_estimate e = lc_estimate_mutation(h->b, &what);

            *ms = lc_estimate_ms(&e, rows, largest);
        }
    }
    return rc;
}

/*
 * How much a mutation rewrites, how long its expression takes, and whether the disk has room.
 * Parts are written anew one by one, the old one staying until the new one is whole: free space
 * must hold the largest. 0 or the failures of a query.
 */
static int say_cost(const struct lc_lint *h, const struct lc_stmt *s, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_stmt_database(s, lc_backend_database(h->b))},
                                      {"table", s->name},
                                      {NULL, NULL}};
    struct lc_answer t = {0}, disk = {0};
    char rows_text[16], bytes_text[16], largest_text[16], free_text[16], time_text[24];
    double rows, bytes, parts, largest, ms = 0, free_bytes = 0;
    int rc = lc_query_read(h->b, lc_sql_table_rows, args, &t, err);

    if (rc)
        return rc;
    rows = lc_answer_f64(&t, 0, LC_SQL_TABLE_ROWS_TABLE_ROWS, 0);
    bytes = lc_answer_f64(&t, 0, LC_SQL_TABLE_ROWS_BYTES, 0);
    parts = lc_answer_f64(&t, 0, LC_SQL_TABLE_ROWS_PARTS, 0);
    largest = lc_answer_f64(&t, 0, LC_SQL_TABLE_ROWS_LARGEST, 0);
    if (h->facts->disks)
        rc = lc_query_read(h->b, lc_sql_free_disk, NULL, &disk, err);
    if (rc == 0 && disk.rows)
        free_bytes = lc_answer_f64(&disk, 0, LC_SQL_FREE_DISK_FREE, 0);
    if (rc == 0 && rows > 0)
        rc = time_of(h, s, parts, rows, bytes > 0 ? rows * largest / bytes : rows, &ms, err);
    if (rc == 0) {
        say(h, false,
            "rewrites up to %s row%s, %s, %" PRIu64 " part%s; the largest part has %s%s%s",
            lc_short_count(rows_text, rows), LC_S(rows), lc_short_bytes(bytes_text, bytes),
            lc_answer_u64(&t, 0, LC_SQL_TABLE_ROWS_PARTS, 0),
            LC_S(lc_answer_u64(&t, 0, LC_SQL_TABLE_ROWS_PARTS, 0)),
            lc_short_bytes(largest_text, largest), free_bytes > 0 ? ", free disk space " : "",
            free_bytes > 0 ? lc_short_bytes(free_text, free_bytes) : "");
        if (ms > 0)
            say(h, false, "about %s if the server does nothing else, by a sample of its rows",
                lc_short_time(time_text, lc_double_to_u64(ms)));
        if (free_bytes > 0 && free_bytes < largest)
            say(h, true,
                "the largest part does not fit into the free disk: the mutation will fail");
    }
    lc_answer_release(&t);
    lc_answer_release(&disk);
    return rc;
}

/*
 * Until a part stores the column, every read computes it: what readers meet who use it too
 * early. In ns of one core; told only where all rows together take READ_COST_NS.
 */
static int say_read_cost(const struct lc_lint *h, const struct lc_stmt *s,
                         const struct lc_stmt_command *c, struct lc_error *err)
{
    const char *database = lc_stmt_database(s, lc_backend_database(h->b));
    const struct lc_sql_arg args[] = {{"database", database}, {"table", s->name}, {NULL, NULL}};
    char *expr = strndup((const char *)c->default_expr.p, c->default_expr.n);
    char rows_text[16], time_text[24];
    struct lc_answer t = {0};
    double rows = 0, ns = 0;
    int rc = expr ? lc_query_read(h->b, lc_sql_table_rows, args, &t, err) : lc_no_memory(err);

    if (rc == 0)
        rows = lc_answer_f64(&t, 0, LC_SQL_TABLE_ROWS_TABLE_ROWS, 0);
    if (rc == 0 && rows >= READ_COST_ROWS)
        ns = lc_estimate_read_ns(h->b, database, s->name, expr);
    if (ns * rows >= READ_COST_NS)
        say(h, false,
            "until it is stored, reading it computes it: %s of one core for all %s rows (%.0f ns a row, "
            "by a sample). Fill it in before readers use it",
            lc_short_time(time_text, lc_double_to_u64(ns * rows / 1e6)),
            lc_short_count(rows_text, rows), ns);
    free(expr);
    lc_answer_release(&t);
    return rc;
}

static void say_safe_way(const struct lc_lint *h, const struct lc_stmt *s)
{
    if (s->class == LC_CLASS_READERS && s->kind == LC_STMT_OTHER)
        say(h, true, "who reads or writes now may be refused afterwards");
    else if (s->class == LC_CLASS_READERS)
        say(h, true,
            "the safe way: add the new column or table, fill it in, move readers and writers "
            "over, then remove the old one");
    else if (s->class == LC_CLASS_DESTRUCTIVE)
        say(h, true, "what it removes cannot be brought back");
    else if (s->class == LC_CLASS_OTHER)
        say(h, false, "not recognised: it is run as it is, and never sent twice");
}

/* kind in capitals; the statement may have it in any case. */
static bool is_kind(const struct lc_stmt_command *c, const char *kind)
{
    return c->default_kind.n == strlen(kind) &&
           strncasecmp((const char *)c->default_kind.p, kind, c->default_kind.n) == 0;
}

/* Servers that know no DEFAULT in a row of names and values, as most clients send it. */
static void say_omitted_fields(const struct lc_lint *h, const struct lc_stmt *s)
{
    if (said_before(h, "omitted", lc_stmt_database(s, lc_backend_database(h->b)), s->name))
        return;
    if (!lc_backend_has_setting(h->b, "input_format_defaults_for_omitted_fields"))
        say(h, true,
            "INSERT ... FORMAT JSONEachRow without a column list stores the empty value instead of "
            "the DEFAULT on this server: name the columns%s",
            lc_backend_has_setting(h->b, "insert_sample_with_metadata")
                ? ", or set insert_sample_with_metadata = 1"
                : "");
}

int lc_lint_look(const struct lc_lint *h, const struct lc_plan_stmt *stmt, struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    bool adds = false, any = false, defaults = false;
    int rc = 0;

    /* The statement as a whole, then each command, then what is said once for all of them. */
    say_safe_way(h, s);
    if (s->kind != LC_STMT_ALTER || !*s->name)
        return 0;
    for (size_t i = 0; rc == 0 && i < s->command_n; i++) {
        const struct lc_stmt_command *c = &s->commands[i];

        /* What no INSERT gives a value, no list of columns has to name. */
        adds = adds || (c->kind == LC_STMT_ADD_COLUMN && !is_kind(c, "MATERIALIZED") &&
                        !is_kind(c, "ALIAS"));
        any = any || c->kind == LC_STMT_ADD_COLUMN;
        defaults =
            defaults || ((c->kind == LC_STMT_ADD_COLUMN || c->kind == LC_STMT_MODIFY_COLUMN) &&
                         is_kind(c, "DEFAULT"));
        if (c->default_expr.n)
            rc = look_at_functions(h, c->default_expr, err);
        if (rc == 0 && c->kind == LC_STMT_ALTER_UPDATE)
            rc = look_at_replicated_update(h, stmt, c, err);
        if (rc == 0 && c->kind == LC_STMT_ADD_COLUMN &&
            (is_kind(c, "DEFAULT") || is_kind(c, "MATERIALIZED")))
            rc = say_read_cost(h, s, c, err);
    }
    if (rc == 0 && adds)
        rc = look_at_inserts(h, s, err);
    if (rc == 0 && defaults)
        say_omitted_fields(h, s);
    if (rc == 0 && any)
        rc = lc_tables_over(h->cluster, s, h->plan, say_over, (void *)(uintptr_t)h, err);
    if (rc == 0 && s->mutates && s->class != LC_CLASS_METADATA)
        rc = say_cost(h, s, err);
    return rc;
}
