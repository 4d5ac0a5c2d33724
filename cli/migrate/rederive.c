/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds of counting and updating, until a count finds no row left:
 *
 *   wait for INSERTs that began before the DEFAULT changed ─► wait for mutations ─► count by partition
 *                                                                   ▲                     │
 *                                                                   └── UPDATE a batch ◄──┤ some
 *                                                                                         ▼ none
 *                                                                        tell what kept a given value
 *
 * A batch is as many partitions as a statement holds, and as a stop should have to wait for. Rows that
 * keep coming (a writer that has not the new DEFAULT) end it with an error after some rounds.
 */
#include "cli/migrate/rederive.h"

#include "base/clock.h"
#include "base/format.h"
#include "base/test_points.h"
#include "cli/column/backfill_options.h"
#include "cli/column/column.h"
#include "cli/column/engine.h"
#include "cli/column/readers.h"
#include "cli/migrate/rederive_update.h"
#include "cli/migrate/requirements.h"
#include "cli/server/query.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SQL_BYTES = 4 << 20,
    BATCH_MAX_BYTES = 64 << 10, /* of SQL: servers refuse more than max_query_size, 256 KiB */
    MAX_ROUNDS = 10,
    INSERT_PAUSE_MS = 100,
    TELL_EVERY_MS = 10000,
    COUNT_WAIT_MS = 24 * 3600 * 1000
};

struct rederive {
    const struct lc_submit *s;
    struct lc_submit sub; /* s, with the progress of the whole told */
    const struct lc_plan_stmt *stmt;
    const char *query_id;
    struct lc_column d;
    struct lc_readers readers;
    struct lc_rederive_update u;
    struct lc_rederive_change c;
    bool by_partition; /* the server knows UPDATE … IN PARTITION ID; else one takes the table */
    unsigned sent;     /* UPDATEs so far: the end of each one's query id */
    /* When it began; then old rows: found so far, re-derived, and of the batch that runs. */
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

static int stopped(struct lc_error *err)
{
    lc_fail(err, LC_ERR_STOPPED, "stopped; rows that are not re-derived yet hold the old value");
    lc_hint(err, "run up again: it continues with them");
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

/*
 * What an earlier run had sent comes to its end first; so does what would hold ours back. Each
 * mutation that is there is waited for as if this run had made it: a failure of one ends the
 * run.
 */
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

/* Columns of a count. */
enum { N_ID, N_LEFT, N_ROWS, N_WIDTH };

static const struct lc_sql_column count_columns[] = {
    {"id", LC_SQL_KEY}, {"n", LC_SQL_UINT}, {"part_rows", LC_SQL_UINT}};
static const struct lc_sql count_shape = {.name = "the rows left",
                                          .columns = count_columns,
                                          .width = N_WIDTH,
                                          .rows = LC_SQL_ROWS_ANY,
                                          .sealed = true};

static int ask(const struct rederive *r, struct lc_buf *sql, struct lc_answer *out,
               struct lc_error *err)
{
    int rc = lc_answer_seal(sql, &count_shape);
    struct lc_query q = {.sql = lc_buf_str(sql),
                         .sql_n = sql->n,
                         .timeout_ms = COUNT_WAIT_MS,
                         .cancel = r->s->options->cancel};

    return rc || !q.sql ? lc_no_memory(err) : lc_query_checked(r->s->b, &q, &count_shape, out, err);
}

/*
 * Rows that the WHERE takes, by partition: its id, those rows, all its rows. The id is the name
 * of a part up to the first underscore. The newest partition, by id, comes first.
 */
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

    /* All rows, not only the old ones: a mutation rewrites a part that holds one of them. */
    for (size_t i = 0; i < left->rows; i++)
        all += lc_answer_u64(left, i, N_ROWS, 0);
    most = lc_backfill_batch_rows(0, all);
    r->rows_in_work = 0;
    *behind = left->rows;
    if (!r->by_partition) {
        r->rows_in_work = r->rows_total - r->rows_done;
        rc = rc || add_commands(r, NULL, sql, &some);
    }
    for (size_t i = first; rc == 0 && r->by_partition && i < left->rows; i++) {
        /* At least one partition, however large. */
        if (i > first && (rows >= most || sql->n >= BATCH_MAX_BYTES)) {
            *behind = i;
            break;
        }
        rows += lc_answer_u64(left, i, N_ROWS, 0);
        r->rows_in_work += lc_answer_u64(left, i, N_LEFT, 0);
        rc = add_commands(r, lc_answer_at(left, i, N_ID)->p, sql, &some);
    }
    return rc || lc_buf_adds(sql, " ") || lc_buf_add(sql, r->u.tail.p, r->u.tail.n);
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

/*
 * Send one batch, from partition `first` on, and wait for its mutation. *behind: the partition
 * to go on with. `after` is not needed: no run settles an UPDATE of an earlier one, the count
 * finds what it has left.
 */
static int update(struct rederive *r, const struct lc_answer *left, size_t first, size_t *behind,
                  struct lc_error *err)
{
    struct lc_migration_stmt text = {0};
    struct lc_plan_stmt stmt = {.text = &text};
    struct lc_answer now = {0};
    struct lc_mutation_watch w = {0};
    struct lc_buf sql;
    char id[192], after[LC_SUBMIT_AFTER_SIZE];
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
        rc = lc_submit_begin(&r->sub, &stmt, &w, after, err);
    if (rc == 0)
        rc = lc_submit_run(&r->sub, &stmt, id, lc_answer_u64(&now, 0, LC_SQL_SERVER_NOW_NOW_S, 0),
                           &w, err);
    lc_mutation_release(&w);
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
    struct lc_buf sql;
    uint64_t given = 0;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT countIf(") || lc_column_add_differs(&r->d, r->c.value, &sql) ||
         lc_buf_adds(&sql, ") AS livecol_n FROM ") || lc_column_add_table(&r->d, &sql);
    rc = rc ? lc_no_memory(err)
            : lc_query_count(r->s->b, &sql, COUNT_WAIT_MS, r->s->options->cancel, &given, err);
    if (rc == 0)
        tell(r,
             "%s.%s.%s is re-derived: no row is left to change; %" PRIu64
             " hold a value of their own, and keep it",
             r->d.database, r->d.table, r->d.column, given);
    lc_buf_release(&sql);
    return rc;
}

static int keeps_coming(const struct rederive *r, uint64_t rows, struct lc_error *err)
{
    lc_fail(err, LC_ERR_FOUND,
            "after %d rounds, %" PRIu64 " rows of %s.%s still hold the old value of %s: they keep "
            "coming",
            MAX_ROUNDS, rows, r->d.database, r->d.table, r->d.column);
    lc_hint(err,
            "a writer gives old values itself, or through a Buffer table that has the old DEFAULT: "
            "find it, then run up again");
    return LC_ERR_FOUND;
}

static int rounds(struct rederive *r, struct lc_error *err)
{
    int rc = wait_for_inserts(r, err);

    if (rc == 0)
        rc = wait_for_mutations(r, err);
    /* Each round counts anew: rows may have come in with the old value while the last one ran. */
    for (unsigned round = 1; rc == 0; round++) {
        struct lc_answer left = {0};
        uint64_t total;

        rc = count(r, &left, &total, err);
        if (rc == 0 && total && round > MAX_ROUNDS)
            rc = keeps_coming(r, total, err);
        if (rc == 0 && total)
            tell(r, "%" PRIu64 " row%s in %zu partition%s hold%s the old value", total, LC_S(total),
                 left.rows, LC_S(left.rows), total == 1 ? "s" : "");
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
    int rc = lc_rederive_read(stmt, &r.u, err);

    r.sub.event = tell_whole;
    r.sub.away = s->away ? tell_away : NULL;
    r.sub.ctx = &r;
    if (rc == 0)
        rc = lc_column_find(&r.d, s->b, lc_stmt_database(p, lc_backend_database(s->b)), p->name,
                            r.u.column, err);
    if (rc == 0)
        rc = lc_readers_find(&r.readers, &r.d, err);
    if (rc == 0)
        rc = lc_rederive_make(&r.d, &r.readers, &r.u, &r.c, err);
    if (rc == 0)
        rc = lc_abilities_update_in_partition(s->facts, s->b, &r.by_partition, err);
    if (rc == 0)
        rc = rounds(&r, err);
    lc_rederive_release(&r.c);
    lc_readers_release(&r.readers);
    free(r.u.column);
    lc_column_release(&r.d);
    return rc;
}

char *lc_rederive_column(const struct lc_plan_stmt *stmt)
{
    struct lc_rederive_update u;

    lc_rederive_read(stmt, &u, NULL);
    return u.column;
}
