#include "cli/migrate/rederive.h"

#include "base/clock.h"
#include "base/test_points.h"
#include "cli/column/column.h"
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
    MAX_SQL_BYTES = 1 << 20,
    MAX_ROUNDS = 10,
    SAMPLE_ROWS = 1000,
    INSERT_PAUSE_MS = 100,
    TELL_EVERY_MS = 10000,
    COUNT_WAIT_MS = 24 * 3600 * 1000
};

/* UPDATE column = value [, …] WHERE condition, taken apart; slices of the statement's text. */
struct update {
    char *column;
    struct lc_slice assign, value, where;
    struct lc_slice tail; /* SETTINGS …; n 0: none */
};

struct rederive {
    const struct lc_submit *s;
    const struct lc_plan_stmt *stmt;
    const char *query_id;
    struct lc_column d;
    struct update u;
    bool by_partition; /* the server knows UPDATE … IN PARTITION ID; else one takes the table */
    unsigned sent;
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
    size_t assign, value, where, condition, settings;
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
            at->assign = tok.at;
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
    u->assign = between((const char *)c->text.p, at.assign, at.where);
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

        rc = lc_query_read(d->b,
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

/* May the functions stand in an UPDATE of this table? *later: the run creates one of them first. */
static int check_functions(const struct lc_preflight *d, const struct lc_column *t,
                           const struct update *u, struct lc_slice text, bool *later,
                           struct lc_error *err)
{
    size_t at = 0;
    char *name;
    bool missing;
    int rc;

    while ((rc = next_foreign(d, text, &at, &name, &missing, err)) == 0 && name) {
        *later = *later || (missing && lc_preflight_makes(d, name));
        if (t->replicated && !missing && !has_text(u->tail, "allow_nondeterministic_mutations"))
            rc = refuse_replicated(t, name, err);
        free(name);
        if (rc)
            return rc;
    }
    return rc;
}

/* A key column cannot be updated; a MATERIALIZED one is computed anew by MATERIALIZE COLUMN. */
static int check_column(const struct lc_column *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", t->database}, {"table", t->table}, {"column", t->column}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = lc_query_read(t->b, lc_sql_backfill_column, args, &a, err);

    if (rc == 0 && lc_answer_u64(&a, 0, LC_SQL_BACKFILL_COLUMN_IN_KEY, 0)) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%s is part of a key (ORDER BY, PARTITION BY, SAMPLE BY) of %s.%s, and cannot "
                     "be updated",
                     t->column, t->database, t->table);
        lc_hint(err, "new rules for it are a new column");
    } else if (rc == 0 && *t->kind && strcmp(t->kind, "DEFAULT") != 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s is %s, and cannot be updated", t->database,
                     t->table, t->column, t->kind);
        lc_hint(err, "a MATERIALIZED column holds no values that were given: MODIFY COLUMN ... "
                     "MATERIALIZED new(key), then MATERIALIZE COLUMN");
    }
    lc_answer_release(&a);
    return rc;
}

/* In a Nullable column nothing equals NULL, and nothing differs from it: the WHERE must ask. */
static int check_nulls(const struct lc_column *t, const struct update *u, struct lc_error *err)
{
    static const char *const asks[] = {
        "isNull", "isNotNull", "IS NULL",           "IS NOT NULL",     "ifNull",
        "<=>",    "coalesce",  "isNotDistinctFrom", "IS NOT DISTINCT", "assumeNotNull"};

    if (!strstr(t->type, "Nullable("))
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

/* The WHERE over some rows: both functions answer. */
static int try_condition(const struct lc_preflight *d, const struct lc_column *t,
                         const struct lc_slice *where, struct lc_error *err)
{
    char *text = strndup((const char *)where->p, where->n), **names = NULL;
    size_t n = 0;
    struct lc_buf sql;
    struct lc_error one = LC_ERROR_INIT;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = text ? lc_column_inputs(t, text, &names, &n, err) : lc_no_memory(err);
    if (rc == 0) {
        rc = lc_buf_adds(&sql, "SELECT count() AS n FROM (SELECT 1 AS livecol_one");
        for (size_t i = 0; rc == 0 && i < n; i++)
            rc = lc_buf_adds(&sql, ", ") || lc_sql_add_id(&sql, names[i]);
        rc = rc || lc_buf_adds(&sql, " FROM ") || lc_column_add_table(t, &sql) ||
             lc_buf_addf(&sql, " LIMIT %d) WHERE %s\n", SAMPLE_ROWS, text) || !lc_buf_str(&sql);
        rc = rc ? lc_no_memory(&one) : lc_backend_run(d->b, lc_buf_str(&sql), NULL, &one);
        if (rc == LC_ERR_SERVER) {
            rc = lc_fail(err, LC_ERR_REFUSED, "the WHERE of the UPDATE does not answer on %s: %s",
                         lc_backend_where(d->b), one.msg);
            lc_hint(err, "fix it, or the functions that it calls: nothing was changed");
        } else if (rc) {
            lc_error_pass(err, &one);
        }
    }
    lc_column_free_names(names, n);
    lc_buf_release(&sql);
    free(text);
    return rc;
}

int lc_rederive_check(const struct lc_preflight *d, const struct lc_plan_stmt *stmt,
                      struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    struct lc_error one = LC_ERROR_INIT;
    struct lc_column t = {0};
    struct update u;
    bool later = false;
    int rc = read_update(stmt, &u, err);

    if (rc)
        goto done;
    rc = lc_column_find(&t, d->b, lc_stmt_database(s, lc_backend_database(d->b)), s->name, u.column,
                        &one);
    if (rc == LC_ERR_REFUSED &&
        !t.partless) { /* this run may make it first: the UPDATE itself will say */
        rc = 0;
        goto done;
    }
    if (rc)
        lc_error_pass(err, &one);
    if (rc == 0)
        rc = check_column(&t, err);
    if (rc == 0)
        rc = check_nulls(&t, &u, err);
    if (rc == 0)
        rc = check_functions(d, &t, &u, u.value, &later, err);
    if (rc == 0)
        rc = check_functions(d, &t, &u, u.where, &later, err);
    if (rc == 0 && !later)
        rc = try_condition(d, &t, &u.where, err);
done:
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

/* Rows that the WHERE takes, by partition: id, rows. */
static int count(const struct rederive *r, struct lc_answer *out, uint64_t *total,
                 struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    *total = 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT substring(livecol_part, 1, position(livecol_part, '_') - 1) AS "
                           "id, sum(livecol_n) AS n FROM (SELECT _part AS livecol_part, count() AS "
                           "livecol_n FROM ") ||
         lc_column_add_table(&r->d, &sql) || lc_buf_adds(&sql, " WHERE ") ||
         add_slice(&sql, r->u.where) ||
         lc_buf_adds(&sql, "\nGROUP BY _part) GROUP BY id ORDER BY id DESC");
    rc = rc ? lc_no_memory(err) : ask(r, &sql, out, err);
    for (size_t i = 0; rc == 0 && i < out->rows; i++)
        *total += lc_answer_u64(out, i, 1, 0);
    lc_buf_release(&sql);
    return rc;
}

/* partition NULL: of the whole table. */
static int make_update(const struct rederive *r, const char *partition, struct lc_buf *sql)
{
    return lc_buf_adds(sql, "ALTER TABLE ") || lc_column_add_table(&r->d, sql) ||
           lc_buf_adds(sql, " UPDATE ") || add_slice(sql, r->u.assign) ||
           (partition &&
            (lc_buf_adds(sql, " IN PARTITION ID ") || lc_sql_add_str(sql, partition))) ||
           lc_buf_adds(sql, " WHERE ") || add_slice(sql, r->u.where) || lc_buf_adds(sql, " ") ||
           add_slice(sql, r->u.tail);
}

static int update(struct rederive *r, const char *partition, struct lc_error *err)
{
    struct lc_migration_stmt text = {0};
    struct lc_plan_stmt stmt = {.text = &text};
    struct lc_answer now = {0};
    struct lc_buf sql;
    char id[192];
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = make_update(r, partition, &sql) || !lc_buf_str(&sql) ? lc_no_memory(err) : 0;
    text.p = lc_buf_str(&sql);
    text.n = sql.n;
    snprintf(id, sizeof id, "%s-%u", r->query_id, ++r->sent);
    if (rc == 0)
        rc = lc_plan_stmt_parse(&stmt, r->s->b, r->s->facts, err);
    if (rc == 0)
        rc = lc_query_read(r->s->b, lc_sql_server_now, NULL, &now, err);
    if (rc == 0)
        rc =
            lc_submit_run(r->s, &stmt, id, lc_answer_u64(&now, 0, LC_SQL_SERVER_NOW_NOW_S, 0), err);
    LC_TEST_POINT("partition re-derived");
    lc_plan_stmt_release(&stmt);
    lc_answer_release(&now);
    lc_buf_release(&sql);
    return rc;
}

/* Rows that hold neither function's answer: values that were given. */
static int tell_given(const struct rederive *r, struct lc_error *err)
{
    char *value = strndup((const char *)r->u.value.p, r->u.value.n);
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = !value || lc_buf_adds(&sql, "SELECT countIf(") ||
         lc_column_add_differs(&r->d, value, &sql) || lc_buf_adds(&sql, ") AS n FROM ") ||
         lc_column_add_table(&r->d, &sql);
    rc = rc ? lc_no_memory(err) : ask(r, &sql, &t, err);
    if (rc == 0)
        tell(r,
             "%s.%s.%s is re-derived: no row is left to change; %" PRIu64
             " hold a value of their own, and keep it",
             r->d.database, r->d.table, r->d.column, lc_answer_u64(&t, 0, 0, 0));
    lc_answer_release(&t);
    lc_buf_release(&sql);
    free(value);
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
        for (size_t i = 0; rc == 0 && i < (r->by_partition ? left.rows : total > 0); i++) {
            if (r->s->options->cancel && atomic_load(r->s->options->cancel))
                rc = stopped(err);
            else
                rc = update(r, r->by_partition ? lc_answer_at(&left, i, 0)->p : NULL, err);
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
    struct rederive r = {.s = s, .stmt = stmt, .query_id = query_id};
    int rc = read_update(stmt, &r.u, err);

    if (rc == 0)
        rc = lc_column_find(&r.d, s->b, lc_stmt_database(p, lc_backend_database(s->b)), p->name,
                            r.u.column, err);
    if (rc == 0)
        rc = lc_abilities_update_in_partition(s->facts, s->b, &r.by_partition, err);
    if (rc == 0)
        rc = rounds(&r, err);
    free(r.u.column);
    lc_column_release(&r.d);
    return rc;
}
