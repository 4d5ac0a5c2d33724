/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/rederive.h"

#include "base/clock.h"
#include "base/test_points.h"
#include "cli/column/backfill_target.h"
#include "cli/column/column.h"
#include "cli/column/engine.h"
#include "cli/column/readers.h"
#include "cli/column/replace_default.h"
#include "cli/migrate/requirements.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/lexer.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_SQL_BYTES = 4 << 20,
    BATCHES = 16, /* mutations in all, about; see backfill.h */
    LEAST_BATCH_ROWS = 10000000,
    BATCH_MAX_BYTES = 64 << 10, /* of SQL: servers refuse more than max_query_size, 256 KiB */
    MAX_ROUNDS = 10,
    SAMPLE_ROWS = 1000,
    INSERT_PAUSE_MS = 100,
    TELL_EVERY_MS = 10000,
    COUNT_WAIT_MS = 24 * 3600 * 1000
};

/*
 * UPDATE column = value WHERE condition, taken apart; slices of the statement's text. Of MATERIALIZE
 * COLUMN the column alone: value and condition are made from what it is to hold.
 */
struct update {
    char *column;
    bool materialize;
    struct lc_slice value, where;
    struct lc_slice tail; /* SETTINGS …; n 0: none */
};

/* What is done to rows: the column's new value, those of its readers, and which rows. */
struct change {
    char *value, *where;
    char *assign;             /* "`c` = …, `reader` = …"; "": nothing is assigned */
    char *tried;              /* the values of all of them: "(…), …" */
    const char **materialize; /* columns, in order, NULL-ended */
};

struct rederive {
    const struct lc_submit *s;
    struct lc_submit sub; /* s, with the progress of the whole told */
    const struct lc_plan_stmt *stmt;
    const char *query_id;
    struct lc_column d;
    struct lc_readers readers;
    struct update u;
    struct change c;
    bool by_partition; /* the server knows UPDATE … IN PARTITION ID; else one takes the table */
    unsigned sent;
    uint64_t begun_ms, rows_total, rows_done, rows_in_work;
};

static void tell(const struct rederive *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(const struct rederive *r, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->s->event(r->s->ctx, LC_RUN_REDERIVE, text, NULL);
}

static struct lc_slice between(const char *text, size_t from, size_t to)
{
    while (from < to && (text[from] == ' ' || text[from] == '\n' || text[from] == '\t'))
        from++;
    return (struct lc_slice){(const uint8_t *)text + from, from < to ? to - from : 0};
}

static bool add_slice(struct lc_buf *b, struct lc_slice s)
{
    return lc_buf_add(b, s.p, s.n) != 0;
}

/* Where the words of the command stand, outside of parentheses. */
struct places {
    size_t value, where, condition, settings;
    bool partition, second;
};

static int find_places(const struct lc_stmt_command *c, struct update *u, struct places *at,
                       struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER((const char *)c->text.p, c->text.n);
    struct lc_tok tok, before = {0};
    unsigned depth = 0, n = 0;
    int rc = 0;

    *at = (struct places){.settings = c->text.n};
    while ((rc = lc_lex_code(&lex, &tok, err)) == 0 && tok.kind != LC_TOK_END) {
        n++;
        if (n == 2) {
            u->column = lc_tok_name(&tok);
            if (!u->column)
                return lc_no_memory(err);
        } else if (n == 4) {
            at->value = tok.at;
        }
        if (lc_tok_symbol(&tok, '(') || lc_tok_symbol(&tok, '['))
            depth++;
        if (depth == 0) {
            at->second = at->second || lc_tok_symbol(&tok, ',');
            if (lc_tok_is(&tok, "PARTITION") && lc_tok_is(&before, "IN"))
                at->partition = true;
            if (lc_tok_is(&tok, "WHERE") && !at->where && n > 4) { /* behind c = value */
                at->where = tok.at;
                at->condition = tok.at + tok.n;
            }
            if (lc_tok_is(&tok, "SETTINGS") && at->where) {
                at->settings = tok.at;
                break;
            }
        }
        if ((lc_tok_symbol(&tok, ')') || lc_tok_symbol(&tok, ']')) && depth)
            depth--;
        before = tok;
    }
    return rc;
}

/* What follows the command: `) SETTINGS …` of the server's own form, or ` SETTINGS …`. */
static struct lc_slice tail_of(const struct lc_plan_stmt *stmt, const struct lc_stmt_command *c,
                               const struct places *at)
{
    const char *text = stmt->formatted ? stmt->formatted : stmt->text->p;
    size_t n = stmt->formatted ? strlen(stmt->formatted) : stmt->text->n;
    size_t end = (size_t)((const char *)c->text.p - text) + at->settings;

    while (end < n && (text[end] == ')' || text[end] == ' ' || text[end] == '\n'))
        end++;
    return between(text, end, n);
}

static int read_update(const struct lc_plan_stmt *stmt, struct update *u, struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    const struct lc_stmt_command *c = s->commands;
    struct places at = {0};
    int rc = 0;

    *u = (struct update){0};
    if (s->kind == LC_STMT_ALTER && lc_backfill_is_lone(s)) {
        u->column = strdup(c->column);
        u->materialize = true;
        return u->column ? 0 : lc_no_memory(err);
    }
    if (s->kind == LC_STMT_ALTER && s->command_n == 1 && c->kind == LC_STMT_ALTER_UPDATE &&
        !s->on_cluster)
        rc = find_places(c, u, &at, err);
    if (rc)
        return rc;
    if (!at.where || !at.value || at.partition || at.second) {
        lc_fail(err, LC_ERR_INPUT,
                "-- migrate:rederive is before another statement than "
                "ALTER TABLE t UPDATE column = new(key) WHERE column = old(key) "
                "AND column != new(key)");
        lc_hint(err, "one column, with a WHERE, without IN PARTITION and ON CLUSTER: livecol goes "
                     "through the partitions by itself. livecol new NAME --rederive writes it");
        return LC_ERR_INPUT;
    }
    u->value = between((const char *)c->text.p, at.value, at.where);
    u->where = between((const char *)c->text.p, at.condition, at.settings);
    u->tail = tail_of(stmt, c, &at);
    return 0;
}

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

static bool has_text(struct lc_slice s, const char *text)
{
    return s.n && memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static int refuse_replicated(const struct lc_column *d, const char *function, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED,
            "%s.%s is replicated, and ClickHouse refuses functions like %s in ALTER ... UPDATE of "
            "replicated tables (46, ClickHouse issue 77750)",
            d->database, d->table, function);
    lc_hint(err, "write a built-in expression instead of the function into the UPDATE, such as "
                 "multiIf(startsWith(...)); or end the statement with SETTINGS "
                 "allow_nondeterministic_mutations = 1, which leaves out the check that does not "
                 "know such functions: right where every replica has the same rules");
    return LC_ERR_REFUSED;
}

/*
 * A replica that lacks the function fails the mutation again and again, and the run would never see
 * it: with --cluster every host has been asked.
 */
static int check_replicas(const struct lc_preflight *d, const struct lc_column *t,
                          const char *function, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    uint64_t total = 0;
    int rc;

    if (d->cluster && d->cluster->name)
        return 0;
    rc = lc_query_read(t->b, lc_sql_table_replicas, args, &a, &why);
    if (rc == 0 && a.rows)
        total = lc_answer_u64(&a, 0, LC_SQL_TABLE_REPLICAS_TOTAL, 0);
    lc_answer_release(&a);
    if (rc && rc != LC_ERR_SERVER)
        return lc_error_pass(err, &why);
    if (total == 1 || d->allow_unsafe)
        return 0;
    lc_fail(err, LC_ERR_REFUSED,
            "%s.%s is replicated (replicas: %" PRIu64
            "), and whether each replica has the function "
            "%s is not known: one that lacks it fails the mutation for good",
            t->database, t->table, total, function);
    lc_hint(err, "--cluster NAME asks every host; --allow-unsafe goes on without. Nothing was "
                 "changed");
    return LC_ERR_REFUSED;
}

/* May the functions stand in an UPDATE of this table? *later: the run creates one of them first. */
static int check_functions(const struct lc_preflight *d, const struct lc_column *t,
                           const struct update *u, const char *expr, bool *later,
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
        if (rc == 0 && t->replicated && !missing)
            rc = check_replicas(d, t, name, err);
        free(name);
        if (rc)
            return rc;
    }
    return rc;
}

/* What answers differently each time equals nothing that a row holds. */
static int check_steady(const struct lc_column *t, const struct change *c, struct lc_error *err)
{
    char *unsteady = NULL;
    int rc = lc_column_unsteady(t, c->where, &unsteady, err);

    if (rc == 0 && unsteady) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%s.%s.%s cannot be re-derived: %s answers differently each time it is asked",
                     t->database, t->table, t->column, unsteady);
        lc_hint(err, "no row is known to hold what the old rules gave. Nothing was changed");
    }
    free(unsteady);
    return rc;
}

/* A key column cannot be updated; a MATERIALIZED one is computed anew by MATERIALIZE COLUMN. */
static int check_column(const struct lc_column *t, const struct update *u, const struct change *c,
                        struct lc_error *err)
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
                "%s.%s.%s is no MATERIALIZED column: MATERIALIZE COLUMN keeps what it holds",
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

static bool calls(const char *expr, const char *function)
{
    return expr && lc_replace_calls(expr, function);
}

/*
 * The WHERE names the function whose answers the column holds: of a DEFAULT that this run changes,
 * one that it called before. Else no row would be found, and all would stay as they are.
 */
static int check_from(const struct lc_preflight *d, const struct lc_column *t,
                      const struct change *c, struct lc_error *err)
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
static int check_nulls(const struct lc_column *t, const struct update *u, struct lc_error *err)
{
    static const char *const asks[] = {
        "isNull", "isNotNull", "IS NULL",           "IS NOT NULL",     "ifNull",
        "<=>",    "coalesce",  "isNotDistinctFrom", "IS NOT DISTINCT", "assumeNotNull"};

    if (!strstr(t->type, "Nullable(") || u->materialize)
        return 0;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (has_text(u->where, asks[i]))
            return 0;
    lc_fail(err, LC_ERR_REFUSED,
            "%s.%s.%s is %s, and the WHERE of the UPDATE says nothing of NULL: rows would keep "
            "what they have",
            t->database, t->table, t->column, t->type);
    lc_hint(err,
            "livecol new NAME --rederive ... --type '%s' writes a WHERE in which NULL is a "
            "value",
            t->type);
    return LC_ERR_REFUSED;
}

/* The text of a slice, or what it is made of for MATERIALIZE COLUMN. */
static int make_change(const struct lc_column *d, const struct lc_readers *readers,
                       const struct update *u, struct change *c, struct lc_error *err)
{
    struct lc_buf assign, where, tried;
    int rc;

    *c = (struct change){0};
    lc_buf_init(&assign, MAX_SQL_BYTES);
    lc_buf_init(&where, MAX_SQL_BYTES);
    lc_buf_init(&tried, MAX_SQL_BYTES);
    c->value = u->materialize ? strdup(d->expr) : strndup((const char *)u->value.p, u->value.n);
    rc = !c->value ||
         (u->materialize ? lc_column_add_differs(d, d->expr, &where) : add_slice(&where, u->where));
    if (rc == 0 && !u->materialize)
        rc = lc_sql_add_id(&assign, d->column) || lc_buf_addf(&assign, " = %s\n", c->value);
    if (rc == 0)
        rc = lc_buf_addf(&tried, "(%s\n)", c->value);
    if (rc == 0)
        rc = lc_readers_assign(readers, d, c->value, &assign, &tried, &c->materialize, err);
    if (rc == 0 && u->materialize && assign.n) /* the first comma */
        memmove(assign.p, assign.p + 2, assign.n -= 2);
    c->where = rc ? NULL : lc_buf_detach(&where);
    c->assign = rc ? NULL : lc_buf_detach(&assign);
    c->tried = rc ? NULL : lc_buf_detach(&tried);
    lc_buf_release(&where);
    lc_buf_release(&assign);
    lc_buf_release(&tried);
    return c->where && c->assign && c->tried ? 0 : lc_no_memory(err);
}

static void release_change(struct change *c)
{
    free(c->value);
    free(c->where);
    free(c->assign);
    free(c->tried);
    free(c->materialize);
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
                      const struct change *c, struct lc_error *err)
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
        lc_hint(err, "fill it again by hand afterwards; --allow-unsafe goes on and leaves it as it "
                     "is. Nothing was changed");
    } else if (rc == 0 && n && d->say) {
        char text[800];

        snprintf(text, sizeof text, "%.600s: derived from %s, and not brought along",
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
                 "%s (%.500s) is derived from %s and brought along, in the same "
                 "mutation",
                 v->name, v->expr, t->column);
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
    uint64_t lacking = 0;
    int rc = 0;

    if (t->t.there && !(c && (c->is_filled || (c->stored && strcmp(c->stored, c->name) != 0))))
        rc = lc_replace_lacking(t, &lacking, err);
    if (rc || !lacking || d->allow_unsafe)
        return rc;
    lc_fail(err, LC_ERR_REFUSED,
            "%" PRIu64 " rows of %s.%s are in parts that do not store %s: they would read as the "
            "new rules say at once, and be stored by none of it",
            lacking, t->database, t->table, t->column);
    lc_hint(err,
            "livecol backfill %s.%s.%s first, or MATERIALIZE COLUMN in a migration before this "
            "one; --allow-unsafe goes on. Nothing was changed",
            t->database, t->table, t->column);
    return LC_ERR_REFUSED;
}

/* The UPDATE that goes along with a MATERIALIZE COLUMN, too. */
static int check_engine(struct lc_preflight *d, const struct lc_column *t, const struct change *c,
                        struct lc_error *err)
{
    const struct lc_stmt update = {
        .kind = LC_STMT_UPDATE, .database = t->t.database, .name = t->t.name};
    const struct lc_engine_check check = {.b = d->b,
                                          .facts = d->facts,
                                          .schema = &d->schema,
                                          .allow_unsafe = d->allow_unsafe,
                                          .say = d->say,
                                          .ctx = d->ctx};

    return *c->assign ? lc_engine_check(&check, &update, err) : 0;
}

static int check_found(struct lc_preflight *d, const struct lc_column *t, const struct update *u,
                       struct lc_error *err)
{
    struct lc_readers readers = {0};
    struct change c = {0};
    bool later = false;
    int rc = lc_readers_find(&readers, t, err);

    if (rc == 0)
        rc = make_change(t, &readers, u, &c, err);
    if (rc == 0)
        rc = check_column(t, u, &c, err);
    if (rc == 0)
        rc = check_nulls(t, u, err);
    if (rc == 0)
        rc = check_from(d, t, &c, err);
    if (rc == 0)
        rc = check_functions(d, t, u, c.assign, &later, err);
    if (rc == 0)
        rc = check_functions(d, t, u, c.where, &later, err);
    if (rc == 0)
        rc = check_engine(d, t, &c, err);
    if (rc == 0)
        rc = check_stored(d, t, err);
    if (rc == 0)
        rc = check_readers(d, t, &readers, err);
    if (rc == 0 && !later)
        rc = try_change(d, t, &c, err);
    if (rc == 0)
        say_readers(d, t, &readers);
    release_change(&c);
    lc_readers_release(&readers);
    return rc;
}

int lc_rederive_check(struct lc_preflight *d, const struct lc_plan_stmt *stmt, struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    struct lc_error why = LC_ERROR_INIT;
    struct lc_column t = {0};
    struct lc_table *table = NULL;
    struct update u;
    int rc = read_update(stmt, &u, err);

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

static int stopped(struct lc_error *err)
{
    lc_fail(err, LC_ERR_STOPPED, "stopped; rows that are not re-derived yet hold the old value");
    lc_hint(err, "run up again: it goes on with them");
    return LC_ERR_STOPPED;
}

static bool is_row(const struct lc_answer *t, const char *query_id)
{
    for (size_t i = 0; i < t->rows; i++) {
        if (strcmp(lc_answer_at(t, i, LC_SQL_INSERTS_RUNNING_QUERY_ID)->p, query_id) == 0)
            return true;
    }
    return false;
}

/* The first of the old INSERTs that still runs; NULL where none does. */
static const char *still_running(const struct lc_answer *old, const struct lc_answer *now,
                                 unsigned *running, uint64_t *elapsed_s)
{
    const char *text = NULL;

    *running = 0;
    for (size_t i = 0; i < now->rows; i++) {
        if (!is_row(old, lc_answer_at(now, i, LC_SQL_INSERTS_RUNNING_QUERY_ID)->p))
            continue;
        if (++*running == 1) {
            text = lc_answer_at(now, i, LC_SQL_INSERTS_RUNNING_TEXT)->p;
            *elapsed_s = lc_answer_u64(now, i, LC_SQL_INSERTS_RUNNING_ELAPSED_S, 0);
        }
    }
    return text;
}

/*
 * INSERTs that began before the DEFAULT was changed compute the old one to their end. Which table a
 * running INSERT reaches, by views and Buffers, the server does not say: all are waited for.
 */
static int wait_for_inserts(const struct rederive *r, struct lc_error *err)
{
    struct lc_answer old = {0}, now = {0};
    const struct lc_sql *inserts =
        r->s->facts->query_kind ? lc_sql_inserts_running : lc_sql_inserts_running_plain;
    uint64_t told_ms = 0;
    int rc = lc_query_read(r->s->b, inserts, NULL, &old, err);

    while (rc == 0 && old.rows) {
        unsigned running;
        uint64_t elapsed_s = 0;
        const char *text;

        rc = lc_query_read(r->s->b, inserts, NULL, &now, err);
        text = rc == 0 ? still_running(&old, &now, &running, &elapsed_s) : NULL;
        if (!text)
            break;
        if (told_ms == 0 || lc_now_ms() - told_ms >= TELL_EVERY_MS) {
            char shown[200];

            tell(r,
                 "waiting for %u INSERT%s that began before the DEFAULT was changed: %s (%" PRIu64
                 " s)",
                 running, running == 1 ? "" : "s",
                 lc_printable(text, strlen(text), shown, sizeof shown), elapsed_s);
            told_ms = lc_now_ms();
        }
        if (lc_sleep_ms(INSERT_PAUSE_MS, r->s->options->cancel))
            rc = stopped(err);
    }
    lc_answer_release(&old);
    lc_answer_release(&now);
    return rc;
}

/* What an earlier run had sent comes to its end first; so does what would hold ours back. */
static int wait_for_mutations(const struct rederive *r, struct lc_error *err)
{
    const struct lc_mutation_hooks hooks = {.cancel = r->s->options->cancel};
    struct lc_mutation_watch w;
    int rc = lc_mutation_watch(&w, r->s->cluster, r->s->facts, r->d.database, r->d.table, err);

    for (size_t i = 0; rc == 0 && i < w.before_n; i++)
        w.before[i].ours = true;
    if (rc == 0)
        rc = lc_mutation_wait(&w, &hooks, err);
    lc_mutation_release(&w);
    return rc;
}

static int ask(const struct rederive *r, struct lc_buf *sql, struct lc_answer *out,
               struct lc_error *err)
{
    struct lc_query q = {.sql = lc_buf_str(sql),
                         .sql_n = sql->n,
                         .timeout_ms = COUNT_WAIT_MS,
                         .cancel = r->s->options->cancel};

    return q.sql ? lc_backend_query(r->s->b, &q, out, err) : lc_no_memory(err);
}

/* Columns of a count. */
enum { N_ID, N_LEFT, N_ROWS };

/* Rows that the WHERE takes, by partition: its id, those rows, all its rows. */
static int count(const struct rederive *r, struct lc_answer *out, uint64_t *total,
                 struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    *total = 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT substring(livecol_part, 1, position(livecol_part, '_') - 1) AS "
                           "id, sum(livecol_n) AS n, sum(livecol_all) AS part_rows FROM (SELECT "
                           "_part AS livecol_part, count() AS livecol_all, countIf(") ||
         lc_buf_addf(&sql, "%s\n) AS livecol_n FROM ", r->c.where) ||
         lc_column_add_table(&r->d, &sql) ||
         lc_buf_adds(&sql, " GROUP BY _part) GROUP BY id HAVING n > 0 ORDER BY id DESC");
    rc = rc ? lc_no_memory(err) : ask(r, &sql, out, err);
    if (rc == 0)
        rc = lc_answer_check_shape(out, false, N_ROWS + 1, 2, err);
    for (size_t i = 0; rc == 0 && i < out->rows; i++)
        *total += lc_answer_u64(out, i, N_LEFT, 0);
    lc_buf_release(&sql);
    return rc;
}

static int add_partition(const char *partition, struct lc_buf *sql)
{
    return partition && (lc_buf_adds(sql, " IN PARTITION ID ") || lc_sql_add_str(sql, partition));
}

/* The commands for one partition (NULL: the whole table), behind those of others. */
static int add_commands(const struct rederive *r, const char *partition, struct lc_buf *sql,
                        bool *some)
{
    int rc = 0;

    if (*r->c.assign) {
        rc = lc_buf_addf(sql, "%s UPDATE %s", *some ? "," : "", r->c.assign) ||
             add_partition(partition, sql) || lc_buf_addf(sql, " WHERE %s\n", r->c.where);
        *some = true;
    }
    if (r->u.materialize) {
        rc = rc || lc_buf_addf(sql, "%s MATERIALIZE COLUMN ", *some ? "," : "") ||
             lc_sql_add_id(sql, r->d.column) || add_partition(partition, sql);
        *some = true;
    }
    for (const char *const *c = r->c.materialize; rc == 0 && *c; c++)
        rc = lc_buf_adds(sql, ", MATERIALIZE COLUMN ") || lc_sql_add_id(sql, *c) ||
             add_partition(partition, sql);
    return rc;
}

/*
 * One mutation for the partitions from `first` on: as many as a statement holds, and as a stop
 * should have to wait for. *behind is the next one that is left.
 */
static int make_update(struct rederive *r, const struct lc_answer *left, size_t first,
                       size_t *behind, struct lc_buf *sql)
{
    uint64_t rows = 0, all = 0, most;
    bool some = false;
    int rc = lc_buf_adds(sql, "ALTER TABLE ") || lc_column_add_table(&r->d, sql);

    for (size_t i = 0; i < left->rows; i++)
        all += lc_answer_u64(left, i, N_ROWS, 0);
    most = all / BATCHES > LEAST_BATCH_ROWS ? all / BATCHES : LEAST_BATCH_ROWS;
    r->rows_in_work = 0;
    *behind = left->rows;
    if (!r->by_partition) {
        r->rows_in_work = r->rows_total - r->rows_done;
        rc = rc || add_commands(r, NULL, sql, &some);
    }
    for (size_t i = first; rc == 0 && r->by_partition && i < left->rows; i++) {
        if (i > first && (rows >= most || sql->n >= BATCH_MAX_BYTES)) {
            *behind = i;
            break;
        }
        rows += lc_answer_u64(left, i, N_ROWS, 0);
        r->rows_in_work += lc_answer_u64(left, i, N_LEFT, 0);
        rc = add_commands(r, lc_answer_at(left, i, N_ID)->p, sql, &some);
    }
    return rc || lc_buf_adds(sql, " ") || add_slice(sql, r->u.tail);
}

/* The progress of a mutation, as part of the whole. */
static void tell_whole(void *ctx, enum lc_run_event_kind kind, const char *text,
                       const struct lc_mutation_progress *p)
{
    const struct rederive *r = ctx;
    struct lc_mutation_progress whole;
    double done;

    if (!p) {
        r->s->event(r->s->ctx, kind, text, NULL);
        return;
    }
    whole = *p;
    done = (double)r->rows_done + p->fraction * (double)r->rows_in_work;
    whole.rows_total = r->rows_total;
    whole.rows_done = (uint64_t)done;
    whole.fraction = r->rows_total ? done / (double)r->rows_total : 1;
    whole.elapsed_ms = lc_now_ms() - r->begun_ms;
    whole.rows_per_s = whole.elapsed_ms ? done * 1000 / (double)whole.elapsed_ms : 0;
    whole.left_ms = whole.rows_per_s > 0
                        ? (uint64_t)(((double)r->rows_total - done) * 1000 / whole.rows_per_s)
                        : 0;
    r->s->event(r->s->ctx, kind, text, &whole);
}

static void tell_away(void *ctx, bool away)
{
    const struct rederive *r = ctx;

    r->s->away(r->s->ctx, away);
}

static int update(struct rederive *r, const struct lc_answer *left, size_t first, size_t *behind,
                  struct lc_error *err)
{
    struct lc_migration_stmt text = {0};
    struct lc_plan_stmt stmt = {.text = &text};
    struct lc_answer now = {0};
    struct lc_buf sql;
    char id[192];
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = make_update(r, left, first, behind, &sql) || !lc_buf_str(&sql) ? lc_no_memory(err) : 0;
    text.p = lc_buf_str(&sql);
    text.n = sql.n;
    snprintf(id, sizeof id, "%s-%u", r->query_id, ++r->sent);
    if (rc == 0)
        rc = lc_plan_stmt_parse(&stmt, r->s->b, r->s->facts, err);
    if (rc == 0)
        rc = lc_query_read(r->s->b, lc_sql_server_now, NULL, &now, err);
    if (rc == 0)
        rc = lc_submit_run(&r->sub, &stmt, id, lc_answer_u64(&now, 0, 0, 0), err);
    if (rc == 0)
        r->rows_done += r->rows_in_work;
    LC_TEST_POINT("partition re-derived");
    lc_plan_stmt_release(&stmt);
    lc_answer_release(&now);
    lc_buf_release(&sql);
    return rc;
}

/* Rows that hold neither function's answer: values that were given. */
static int tell_given(const struct rederive *r, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT countIf(") || lc_column_add_differs(&r->d, r->c.value, &sql) ||
         lc_buf_adds(&sql, ") AS livecol_n FROM ") || lc_column_add_table(&r->d, &sql);
    rc = rc ? lc_no_memory(err) : ask(r, &sql, &t, err);
    if (rc == 0)
        tell(r,
             "%s.%s.%s is re-derived: no row is left to change; %" PRIu64
             " hold a value of their own, and keep it",
             r->d.database, r->d.table, r->d.column, lc_answer_u64(&t, 0, 0, 0));
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

static int keeps_coming(const struct rederive *r, uint64_t rows, struct lc_error *err)
{
    lc_fail(err, LC_ERR_FOUND,
            "after %d rounds, %" PRIu64 " rows of %s.%s still hold the old value of %s: they keep "
            "coming",
            MAX_ROUNDS, rows, r->d.database, r->d.table, r->d.column);
    lc_hint(err, "a writer gives old values itself, or by a Buffer table that has the old DEFAULT: "
                 "find it, then run up again");
    return LC_ERR_FOUND;
}

static int rounds(struct rederive *r, struct lc_error *err)
{
    int rc = wait_for_inserts(r, err);

    if (rc == 0)
        rc = wait_for_mutations(r, err);
    for (unsigned round = 1; rc == 0; round++) {
        struct lc_answer left = {0};
        uint64_t total;

        rc = count(r, &left, &total, err);
        if (rc == 0 && total && round > MAX_ROUNDS)
            rc = keeps_coming(r, total, err);
        if (rc == 0 && total)
            tell(r, "%" PRIu64 " rows in %zu partition%s hold the old value", total, left.rows,
                 left.rows == 1 ? "" : "s");
        r->rows_total = r->rows_done + total;
        for (size_t i = 0; rc == 0 && i < left.rows;) {
            if (r->s->options->cancel && atomic_load(r->s->options->cancel))
                rc = stopped(err);
            else
                rc = update(r, &left, i, &i, err);
        }
        lc_answer_release(&left);
        if (rc == 0 && total == 0)
            return tell_given(r, err);
    }
    return rc;
}

int lc_rederive_run(const struct lc_submit *s, const struct lc_plan_stmt *stmt,
                    const char *query_id, struct lc_error *err)
{
    const struct lc_stmt *p = &stmt->parsed;
    struct rederive r = {
        .s = s, .sub = *s, .stmt = stmt, .query_id = query_id, .begun_ms = lc_now_ms()};
    int rc = read_update(stmt, &r.u, err);

    r.sub.event = tell_whole;
    r.sub.away = s->away ? tell_away : NULL;
    r.sub.ctx = &r;
    if (rc == 0)
        rc = lc_column_find(&r.d, s->b, lc_stmt_database(p, lc_backend_database(s->b)), p->name,
                            r.u.column, err);
    if (rc == 0)
        rc = lc_readers_find(&r.readers, &r.d, err);
    if (rc == 0)
        rc = make_change(&r.d, &r.readers, &r.u, &r.c, err);
    if (rc == 0)
        rc = lc_abilities_update_in_partition(s->facts, s->b, &r.by_partition, err);
    if (rc == 0)
        rc = rounds(&r, err);
    release_change(&r.c);
    lc_readers_release(&r.readers);
    free(r.u.column);
    lc_column_release(&r.d);
    return rc;
}

char *lc_rederive_column(const struct lc_plan_stmt *stmt)
{
    struct update u;

    read_update(stmt, &u, NULL);
    return u.column;
}
