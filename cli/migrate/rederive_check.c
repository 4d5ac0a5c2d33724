/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lc_rederive_check: before anything is changed. A mutation that fails is tried again for good
 * and blocks those queued after it, so all that could make it fail is looked for here: the
 * column's kind, NULLs, functions that a replica does not have or that the server refuses in a
 * mutation, the engine; and all that would make it leave rows as they are without an error: a
 * WHERE that finds nothing, parts that do not store the column. What the UPDATE computes is
 * then tried in a SELECT.
 */
#include "base/format.h"
#include "cli/column/column.h"
#include "cli/column/replace_default.h"
#include "cli/migrate/rederive.h"
#include "cli/migrate/rederive_update.h"
#include "cli/server/query.h"
#include "cli/server/replicas.h"
#include "cli/sql/expression.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SQL_BYTES = 4 << 20, SAMPLE_ROWS = 1000, COUNT_WAIT_MS = 5000 };

/* The next function of the text that the server has not built in; NULL at the end. */
static int next_foreign(const struct lc_preflight *d, struct lc_slice text, size_t *at, char **name,
                        bool *missing, struct lc_error *err)
{
    int rc = 0;

    *missing = false;
    while (rc == 0 && (*name = lc_expr_function(text, at))) {
        const struct lc_sql_arg args[] = {{"name", *name}, {NULL, NULL}};
        struct lc_answer t = {0};
        bool foreign;

        rc = lc_query_kept(d->b,
                           d->facts->function_origin ? lc_sql_function_origin : lc_sql_function_any,
                           args, &t, err);
        *missing = rc == 0 && t.rows == 0;
        foreign = rc == 0 &&
                  (*missing ||
                   strcmp(lc_answer_at(&t, 0, LC_SQL_FUNCTION_ORIGIN_ORIGIN)->p, "System") != 0);
        lc_answer_release(&t);
        if (foreign)
            return 0;
        free(*name);
    }
    *name = NULL;
    return rc;
}

/* By its words alone: a comment or string that holds them counts too. */
static bool has_text(struct lc_slice s, const char *text)
{
    return s.n && memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static int refuse_replicated(const struct lc_column *d, const char *function, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED,
            "%s.%s is replicated, and ClickHouse refuses functions like %s in ALTER ... UPDATE of "
            "replicated tables (46, ClickHouse issue 77750; dictionaries: 36)",
            d->database, d->table, function);
    lc_hint(err,
            "write a built-in expression instead of the function into the UPDATE, such as "
            "multiIf(startsWith(...)); or end the statement with SETTINGS "
            "allow_nondeterministic_mutations = 1, which skips the check that does not know such "
            "functions: safe if every replica has the same rules");
    return LC_ERR_REFUSED;
}

/* Append SELECT what the UPDATE computes, over some rows of that host. */
static int add_try_on(const struct lc_cluster *hosts, size_t i, const struct lc_column *t,
                      const struct lc_rederive_change *c, struct lc_buf *sql)
{
    return lc_buf_addf(sql, "SELECT ignore((%s\n), %s\n) AS livecol_u FROM ", c->where, c->tried) ||
                   lc_cluster_add_from(hosts, i, sql, t->database, t->table) ||
                   lc_buf_addf(sql, " LIMIT %d", SAMPLE_ROWS) || !lc_buf_str(sql)
               ? LC_ERR_NOMEM
               : 0;
}

/*
 * The same SELECT on each host that is up. A server's error there is what the mutation would
 * meet.
 */
static int try_on_hosts(const struct lc_cluster *hosts, const struct lc_column *t,
                        const struct lc_rederive_change *c, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < hosts->n; i++) {
        struct lc_error why = LC_ERROR_INIT;
        struct lc_answer rows = {0};
        struct lc_buf sql;

        if (hosts->v[i].down)
            continue;
        lc_buf_init(&sql, MAX_SQL_BYTES);
        rc = add_try_on(hosts, i, t, c, &sql)
                 ? lc_no_memory(&why)
                 : lc_cluster_run(hosts, i, lc_buf_str(&sql), &rows, &why);
        if (rc == LC_ERR_SERVER) {
            rc = lc_fail(err, LC_ERR_REFUSED,
                         "the UPDATE would fail for good on a replica of %s.%s: %s", t->database,
                         t->table, why.msg);
            lc_hint(err, "livecol config install, on that machine, and SYSTEM RELOAD FUNCTIONS (or "
                         "DICTIONARIES). Nothing was changed");
        } else if (rc) {
            lc_error_pass(err, &why);
        }
        lc_answer_release(&rows);
        lc_buf_release(&sql);
    }
    return rc;
}

/* Does it call anything that a replica may lack? */
static int calls_foreign(const struct lc_column *t, const char *text, bool *calls,
                         struct lc_error *err)
{
    struct lc_column_call *v = NULL;
    size_t n = 0;
    int rc = lc_column_calls_of(t->b, text, &v, &n, err);

    *calls = *calls || n > 0;
    lc_column_free_calls(v, n);
    return rc;
}

/*
 * A replica that lacks the function fails the mutation again and again, and the run would never see
 * it. (Where a statement of the run has changed the DEFAULT, the preflight has asked each of them.)
 */
static int check_replicas(const struct lc_preflight *d, const struct lc_column *t,
                          const struct lc_rederive_change *c, struct lc_error *err)
{
    const struct lc_cluster *hosts = d->cluster;
    struct lc_cluster replicas = {0};
    bool asks = false;
    int rc;

    if (!t->replicated || !t->t.there || t->t.pending)
        return 0;
    rc = calls_foreign(t, c->assign, &asks, err);
    if (rc == 0)
        rc = calls_foreign(t, c->where, &asks, err);
    if (rc || !asks)
        return rc;
    if (!(hosts && hosts->name)) {
        /*
         * Without --cluster the replicas are looked for, which may be refused: --allow-unsafe
         * goes on without asking them.
         */
        if (d->allow_unsafe)
            return 0;
        rc = lc_replicas_open(&replicas, t->b, d->facts, t->database, t->table, err);
        hosts = &replicas;
    }
    if (rc == 0)
        rc = try_on_hosts(hosts, t, c, err);
    lc_cluster_release(&replicas);
    return rc;
}

/* Newer servers refuse dictGet… there, too. */
static int check_dictionaries(const struct lc_column *t, const struct lc_rederive_update *u,
                              const char *expr, struct lc_error *err)
{
    struct lc_column_call *v = NULL;
    size_t n = 0;
    int rc = 0;

    if (!t->replicated || u->materialize || has_text(u->tail, "allow_nondeterministic_mutations") ||
        !lc_backend_has_setting(t->b, "allow_nondeterministic_mutations"))
        return 0;
    rc = lc_column_calls_of(t->b, expr, &v, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (v[i].dictionary)
            rc = refuse_replicated(t, v[i].function, err);
    lc_column_free_calls(v, n);
    return rc;
}

/* May an UPDATE of this table call the functions? *later: the run creates one of them first. */
static int check_functions(const struct lc_preflight *d, const struct lc_column *t,
                           const struct lc_rederive_update *u, const char *expr, bool *later,
                           struct lc_error *err)
{
    struct lc_slice text = {(const uint8_t *)expr, strlen(expr)};
    size_t at = 0;
    char *name;
    bool missing;
    int rc;

    while ((rc = next_foreign(d, text, &at, &name, &missing, err)) == 0 && name) {
        *later = *later || (missing && lc_preflight_makes(d, name));
        if (t->replicated && !missing && !u->materialize &&
            !has_text(u->tail, "allow_nondeterministic_mutations"))
            rc = refuse_replicated(t, name, err);
        free(name);
        if (rc)
            return rc;
    }
    return rc;
}

/* What answers differently each time equals nothing that a row holds. */
static int check_steady(const struct lc_column *t, const struct lc_rederive_change *c,
                        struct lc_error *err)
{
    char *unsteady = NULL;
    int rc = lc_column_unsteady(t, c->where, &unsteady, err);

    if (rc == 0 && unsteady) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%s.%s.%s cannot be re-derived: %s gives a different answer each time",
                     t->database, t->table, t->column, unsteady);
        lc_hint(err, "no row is known to hold what the old rules gave. Nothing was changed");
    }
    free(unsteady);
    return rc;
}

/* A key column cannot be updated; a MATERIALIZED one is computed anew by MATERIALIZE COLUMN. */
static int check_column(const struct lc_column *t, const struct lc_rederive_update *u,
                        const struct lc_rederive_change *c, struct lc_error *err)
{
    const struct lc_table_column *known = lc_table_column(&t->t, t->column);

    if (known && known->in_key) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s is part of a key (ORDER BY, PARTITION BY, SAMPLE BY), or the version or sign, "
                "of %s.%s, and cannot be updated",
                t->column, t->database, t->table);
        lc_hint(err, "new rules for it are a new column");
        return LC_ERR_REFUSED;
    }
    if (u->materialize && strcmp(t->kind, "MATERIALIZED") != 0) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s.%s.%s is not a MATERIALIZED column: MATERIALIZE COLUMN keeps what it holds",
                t->database, t->table, t->column);
        lc_hint(err, "livecol new NAME --rederive writes the UPDATE for it");
        return LC_ERR_REFUSED;
    }
    if (!u->materialize && *t->kind && strcmp(t->kind, "DEFAULT") != 0) {
        lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s is %s, and cannot be updated", t->database, t->table,
                t->column, t->kind);
        lc_hint(err, "a MATERIALIZED column holds no values that were given: MODIFY COLUMN ... "
                     "MATERIALIZED new(key), then MATERIALIZE COLUMN");
        return LC_ERR_REFUSED;
    }
    return check_steady(t, c, err);
}

/* Does the WHERE look for what another function gave? Then other values stay as they are. */
static int looks_for_another(const struct lc_preflight *d, const struct lc_rederive_change *c,
                             bool *looks, struct lc_error *err)
{
    struct lc_slice where = {(const uint8_t *)c->where, strlen(c->where)};
    size_t at = 0;
    char *name = NULL;
    bool missing;
    int rc = 0;

    *looks = false;
    while ((rc = next_foreign(d, where, &at, &name, &missing, err)) == 0 && name) {
        *looks = *looks || !lc_replace_calls(c->value, name);
        free(name);
    }
    return rc;
}

/* Append a condition: does the column hold what a TTL leaves, its DEFAULT or its type's? */
static int add_is_reset(const struct lc_table_column *key, struct lc_buf *sql)
{
    const struct lc_column as = {.column = key->name, .type = key->type};
    struct lc_buf left;
    int rc;

    lc_buf_init(&left, MAX_SQL_BYTES);
    rc = *key->expr ? lc_buf_adds(&left, key->expr) : lc_table_add_empty(key->type, &left);
    rc = rc || !lc_buf_str(&left) || lc_buf_adds(sql, "NOT (") ||
         lc_column_add_differs(&as, lc_buf_str(&left), sql) || lc_buf_adds(sql, ")");
    lc_buf_release(&left);
    return rc ? LC_ERR_NOMEM : 0;
}

/* Rows that the change takes and whose key is what a TTL leaves; at least one where that is not known. */
static uint64_t count_reset(const struct lc_preflight *d, const struct lc_column *t,
                            const struct lc_table_column *key, const struct lc_rederive_change *c)
{
    struct lc_buf sql;
    uint64_t rows;
    bool known;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    known = lc_buf_adds(&sql, "SELECT count() AS livecol_n FROM ") == 0 &&
            lc_column_add_rows(t, &sql) == 0 &&
            lc_buf_addf(&sql, " WHERE (%s\n) AND ", c->where) == 0 &&
            add_is_reset(key, &sql) == 0 &&
            lc_query_count(d->b, &sql, COUNT_WAIT_MS, NULL, &rows, NULL) == 0;
    lc_buf_release(&sql);
    return known ? rows : 1;
}

/* Would rows be overwritten in which a TTL has reset the key? Refused, or with allow_unsafe said. */
static int check_reset(const struct lc_preflight *d, const struct lc_column *t, const char *column,
                       const struct lc_table_column *key, const struct lc_rederive_change *c,
                       struct lc_error *err)
{
    char text[600];

    if (!d->allow_unsafe && count_reset(d, t, key, c)) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s.%s.%s is derived from %s, which a TTL resets: what such rows hold cannot be "
                "derived again, and this would overwrite it",
                t->database, t->table, column, key->name);
        lc_hint(err, "--allow-unsafe overwrites it with the answer for the value that is left. "
                     "Nothing was changed");
        return LC_ERR_REFUSED;
    }
    snprintf(
        text, sizeof text,
        "a TTL resets %.200s: in rows where it has, %.200s gets the answer for the value that is "
        "left",
        key->name, column);
    if (d->say)
        d->say(d->ctx, true, text);
    return 0;
}

/* Each MATERIALIZED column that the server computes along. */
static int check_expiring_readers(const struct lc_preflight *d, const struct lc_column *t,
                                  const struct lc_readers *r, const struct lc_rederive_change *c,
                                  struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->n; i++)
        if (r->v[i].expiring && !lc_reader_keeps(&r->v[i]))
            rc = check_reset(d, t, r->v[i].name, r->v[i].expiring, c, err);
    return rc;
}

/*
 * Rows whose key a TTL has reset hold what it was derived to before. A change of all that differs would
 * overwrite that with the answer for no key.
 */
static int check_expiring(const struct lc_preflight *d, const struct lc_column *t,
                          const struct lc_rederive_update *u, const struct lc_rederive_change *c,
                          struct lc_error *err)
{
    const struct lc_table_column *key;
    bool another = false;
    char text[600];
    int rc = lc_column_expiring(t, c->value, &key, err);

    if (rc == 0 && key && !u->materialize)
        rc = looks_for_another(d, c, &another, err);
    if (rc || !key)
        return rc;
    if (!another)
        return check_reset(d, t, t->column, key, c, err);
    snprintf(text, sizeof text,
             "a TTL resets %.200s: in rows where it has, %.200s keeps what it holds", key->name,
             t->column);
    if (d->say)
        d->say(d->ctx, true, text);
    return 0;
}

static bool calls(const char *expr, const char *function)
{
    return expr && lc_replace_calls(expr, function);
}

/*
 * The WHERE names the function whose answers the column holds: of a DEFAULT that this run changes,
 * one that it called before. Else no row would be found, and all would stay as they are.
 */
static int check_from(const struct lc_preflight *d, const struct lc_column *t,
                      const struct lc_rederive_change *c, struct lc_error *err)
{
    const struct lc_table_column *known = lc_table_column(&t->t, t->column);
    struct lc_slice where = {(const uint8_t *)c->where, strlen(c->where)};
    size_t at = 0;
    char *name = NULL;
    bool missing, unknown = false, already = true;
    int rc = 0;

    if (!known || !known->was_changed || !*known->was_expr)
        return 0;
    while ((rc = next_foreign(d, where, &at, &name, &missing, err)) == 0 && name) {
        if (calls(c->value, name))
            already = already && calls(known->was_expr, name); /* changed by an earlier run */
        else if (!calls(known->was_expr, name) && !unknown) {
            unknown = true;
            lc_fail(err, LC_ERR_REFUSED,
                    "the WHERE of the UPDATE looks for what %s answers, and the DEFAULT of "
                    "%s.%s.%s does not call it: %s",
                    name, t->database, t->table, t->column, known->was_expr);
            lc_hint(err, "livecol new NAME --rederive takes the function from the DEFAULT; nothing "
                         "was changed");
        }
        free(name);
    }
    if (rc || !unknown)
        return rc;
    if (!already)
        return LC_ERR_REFUSED;
    if (err)
        *err = LC_ERROR_INIT;
    return 0;
}

/* In a Nullable column nothing equals NULL, and nothing differs from it: the WHERE must ask. */
static int check_nulls(const struct lc_column *t, const struct lc_rederive_update *u,
                       struct lc_error *err)
{
    static const char *const asks[] = {
        "isNull", "isNotNull", "IS NULL",           "IS NOT NULL",     "ifNull",
        "<=>",    "coalesce",  "isNotDistinctFrom", "IS NOT DISTINCT", "assumeNotNull"};

    if (!strstr(t->type, "Nullable(") || u->materialize)
        return 0;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (has_text(u->where, asks[i]))
            return 0;
    lc_fail(
        err, LC_ERR_REFUSED,
        "%s.%s.%s is %s, and the WHERE of the UPDATE does not handle NULL: rows would keep what "
        "they have",
        t->database, t->table, t->column, t->type);
    lc_hint(err,
            "livecol new NAME --rederive ... --type '%s' writes a WHERE in which NULL is a "
            "value",
            t->type);
    return LC_ERR_REFUSED;
}

/* Every column that can be read, for a SELECT of some rows: the server reads those that it needs. */
static int add_all_names(const struct lc_column *t, struct lc_buf *sql)
{
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < t->t.n; i++)
        if (strcmp(t->t.v[i].kind, "EPHEMERAL") != 0)
            rc = (n++ && lc_buf_adds(sql, ", ")) || lc_sql_add_id(sql, t->t.v[i].name);
    return rc;
}

/* The WHERE over some rows, and all that is assigned: each function answers. */
static int try_change(const struct lc_preflight *d, const struct lc_column *t,
                      const struct lc_rederive_change *c, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc =
        lc_buf_addf(&sql, "SELECT countIf(%s\n) AS livecol_n, sum(ignore(%s\n)) AS livecol_u FROM ",
                    c->where, c->tried) ||
        lc_buf_adds(&sql, "(SELECT ") || add_all_names(t, &sql) || lc_buf_adds(&sql, " FROM ") ||
        lc_column_add_rows(t, &sql) || lc_buf_addf(&sql, " LIMIT %d)", SAMPLE_ROWS) ||
        !lc_buf_str(&sql);
    rc = rc ? lc_no_memory(&why) : lc_backend_run(d->b, lc_buf_str(&sql), NULL, &why);
    if (rc == LC_ERR_SERVER) {
        rc = lc_fail(
            err, LC_ERR_REFUSED,
            "the WHERE of the UPDATE, or a value that it assigns, does not answer on %s: %s",
            lc_backend_where(d->b), why.msg);
        lc_hint(err, "fix it, or the functions that it calls: nothing was changed");
    } else if (rc) {
        lc_error_pass(err, &why);
    }
    lc_buf_release(&sql);
    return rc;
}

/* A key cannot be updated, and what a view has taken cannot be taken back: named, and unsafe. */
static int check_readers(const struct lc_preflight *d, const struct lc_column *t,
                         const struct lc_readers *r, struct lc_error *err)
{
    struct lc_buf names;
    size_t n = 0;
    int rc = 0;

    lc_buf_init(&names, 1 << 16);
    for (size_t i = 0; rc == 0 && i < r->n; i++) {
        const struct lc_reader *v = &r->v[i];

        if (v->kind != LC_READER_VIEW && !lc_reader_keeps(v))
            continue;
        rc = lc_buf_addf(&names, "%sthe %s %s", n++ ? ", " : "",
                         v->in_key ? "key column" : lc_reader_what(v->kind), v->name);
    }
    if (rc == 0 && n && !d->allow_unsafe) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%.600s %s derived from %s.%s.%s, and keep%s what the old rules gave",
                     lc_buf_str(&names), n == 1 ? "is" : "are", t->database, t->table, t->column,
                     n == 1 ? "s" : "");
        lc_hint(
            err,
            "fill it again by hand afterwards; --allow-unsafe continues and leaves it unchanged. "
            "Nothing was changed");
    } else if (rc == 0 && n && d->say) {
        char text[800];

        snprintf(text, sizeof text, "%.600s: derived from %s, and not updated with it",
                 lc_buf_str(&names), t->column);
        d->say(d->ctx, true, text);
    }
    lc_buf_release(&names);
    return rc;
}

static void say_readers(const struct lc_preflight *d, const struct lc_column *t,
                        const struct lc_readers *r)
{
    for (size_t i = 0; d->say && i < r->n; i++) {
        const struct lc_reader *v = &r->v[i];
        char text[800];

        if (v->kind == LC_READER_TTL || v->kind == LC_READER_CONSTRAINT) {
            snprintf(text, sizeof text,
                     "the %s %s reads %s, or what is derived from it: look at "
                     "what it does with the new values",
                     lc_reader_what(v->kind), v->name, t->column);
            d->say(d->ctx, true, text);
        }
        if (lc_reader_keeps(v) ||
            (v->kind != LC_READER_DEFAULT && v->kind != LC_READER_MATERIALIZED))
            continue;
        snprintf(text, sizeof text,
                 "%s (%.500s) is derived from %s and updated in the same mutation", v->name,
                 v->expr, t->column);
        d->say(d->ctx, false, text);
    }
}

/*
 * Rows of parts that do not store the column read as the new DEFAULT says at once: what was derived
 * from their old values cannot be told any more, and the column is stored nowhere afterwards.
 */
static int check_stored(const struct lc_preflight *d, const struct lc_column *t,
                        struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(&t->t, t->column);
    struct lc_column asked = *t; /* by the name that the server has for it today */
    uint64_t lacking = 0;
    int rc = 0;

    if (c && c->stored)
        asked.column = c->stored;
    if (t->t.there && !(c && (c->is_filled || c->is_cleared)))
        rc = lc_replace_lacking(&asked, &lacking, err);
    if (rc || !(lacking || (c && c->is_cleared)) || d->allow_unsafe)
        return rc;
    if (c && c->is_cleared)
        lc_fail(err, LC_ERR_REFUSED,
                "%s of %s.%s is cleared before this, and not stored again: its rows would "
                "immediately read as the new rules say, and nothing would store that",
                t->column, t->database, t->table);
    else
        lc_fail(err, LC_ERR_REFUSED,
                "%" PRIu64
                " row%s of %s.%s %s in parts that do not store %s: they would immediately read as "
                "the new rules say, and nothing would store that",
                lacking, LC_S(lacking), t->database, t->table, lacking == 1 ? "is" : "are",
                t->column);
    if (d->facts->format_query) /* servers with a formatter have MATERIALIZE COLUMN */
        lc_hint(err,
                "livecol backfill %s.%s.%s first, or MATERIALIZE COLUMN in a migration before this "
                "one; --allow-unsafe continues. Nothing was changed",
                t->database, t->table, t->column);
    else
        lc_hint(err,
                "ALTER TABLE %s.%s UPDATE %s = %s WHERE 1 first, in a migration before this one; "
                "--allow-unsafe continues. Nothing was changed",
                t->database, t->table, t->column, t->column);
    return LC_ERR_REFUSED;
}

/* The UPDATE that goes along with a MATERIALIZE COLUMN, too. */
static int check_engine(struct lc_preflight *d, const struct lc_column *t,
                        const struct lc_rederive_change *c, struct lc_error *err)
{
    const struct lc_stmt update = {
        .kind = LC_STMT_UPDATE, .database = t->t.database, .name = t->t.name};

    return *c->assign ? lc_preflight_engine(d, &update, err) : 0;
}

/*
 * All checks of a column that is there. `later`: a function is created by this run itself, so
 * that nothing can be tried yet; the preflight tries it when it is there.
 */
static int check_found(struct lc_preflight *d, const struct lc_column *t,
                       const struct lc_rederive_update *u, struct lc_error *err)
{
    struct lc_readers readers = {0};
    struct lc_rederive_change c = {0};
    bool later = false;
    int rc = lc_readers_find(&readers, t, err);

    if (rc == 0)
        rc = lc_rederive_make(t, &readers, u, &c, err);
    if (rc == 0)
        rc = check_column(t, u, &c, err);
    if (rc == 0)
        rc = lc_column_check_stored_key(t, c.value, "be re-derived", err);
    if (rc == 0)
        rc = check_nulls(t, u, err);
    if (rc == 0)
        rc = check_from(d, t, &c, err);
    if (rc == 0)
        rc = check_functions(d, t, u, c.assign, &later, err);
    if (rc == 0)
        rc = check_functions(d, t, u, c.where, &later, err);
    if (rc == 0)
        rc = check_dictionaries(t, u, c.assign, err);
    if (rc == 0)
        rc = check_dictionaries(t, u, c.where, err);
    if (rc == 0 && !later)
        rc = check_replicas(d, t, &c, err);
    if (rc == 0)
        rc = check_engine(d, t, &c, err);
    if (rc == 0)
        rc = check_stored(d, t, err);
    if (rc == 0)
        rc = check_readers(d, t, &readers, err);
    if (rc == 0 && !later)
        rc = check_expiring(d, t, u, &c, err);
    if (rc == 0 && !later)
        rc = check_expiring_readers(d, t, &readers, &c, err);
    if (rc == 0 && !later)
        rc = try_change(d, t, &c, err);
    if (rc == 0)
        say_readers(d, t, &readers);
    lc_rederive_release(&c);
    lc_readers_release(&readers);
    return rc;
}

int lc_rederive_check(struct lc_preflight *d, const struct lc_plan_stmt *stmt, struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    struct lc_error why = LC_ERROR_INIT;
    struct lc_column t = {0};
    struct lc_table *table = NULL;
    struct lc_rederive_update u;
    int rc = lc_rederive_read(stmt, &u, err);

    d->schema.b = d->b;
    if (rc == 0)
        rc = lc_schema_table(&d->schema, lc_stmt_database(s, lc_backend_database(d->b)), s->name,
                             &table, err);
    if (rc == 0) {
        rc = lc_column_find_in(&t, d->b, table, u.column, &why);
        if (rc == LC_ERR_REFUSED && !t.partless && table->n == 0)
            rc = 0; /* this run may make it first: the UPDATE itself will say */
        else if (rc)
            lc_error_pass(err, &why);
        else
            rc = check_found(d, &t, &u, err);
    }
    free(u.column);
    lc_column_release(&t);
    return rc;
}
