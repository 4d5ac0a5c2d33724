/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left is one query over system.parts_columns, grouped by partition: a part without a row for
 * the column lacks it. Parts of an older format store all columns in one file (compact); their size is
 * counted apart, because a mutation writes them whole.
 */
#include "cli/column/backfill_target.h"

#include "base/clock.h"
#include "cli/server/query.h"
#include "cli/sql/mutation_command.h"
#include "livecol_sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct lc_error *err, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct lc_error *err, const char *hint, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_fail(err, LC_ERR_REFUSED, "%s", text);
    if (*hint)
        lc_hint(err, "%s", hint);
    return LC_ERR_REFUSED;
}

/* Without a partition key there is one partition, "all", and IN PARTITION ID is left out. */
static int find_partition_key(struct lc_backfill_target *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = lc_query_read(t->b, lc_sql_backfill_table, args, &a, err);

    t->partitioned =
        rc == 0 && a.rows && lc_answer_at(&a, 0, LC_SQL_BACKFILL_TABLE_PARTITION_KEY)->n > 0;
    lc_answer_release(&a);
    return rc;
}

/*
 * Can a mutation fill it in? LC_ERR_REFUSED for a column of a key, and for one without an
 * expression that is stored: an ALIAS is computed at each read, and an EPHEMERAL column has no
 * values.
 */
static int check_column(const struct lc_backfill_target *t, struct lc_error *err)
{
    if (lc_table_column(&t->d.t, t->column)->in_key)
        return refuse(err,
                      "a key column is stored with every row from the beginning, and cannot be "
                      "filled in afterwards",
                      "%s is part of a key (ORDER BY, PARTITION BY, SAMPLE BY), or the version or "
                      "sign, of %s.%s",
                      t->column, t->database, t->table);
    if (strcmp(t->default_kind, "DEFAULT") == 0 || strcmp(t->default_kind, "MATERIALIZED") == 0)
        return lc_column_check_materialize(&t->d, err);
    return refuse(err, "a backfill stores what a DEFAULT or MATERIALIZED expression computes",
                  "%s of %s.%s has %s%s", t->column, t->database, t->table,
                  *t->default_kind ? "the kind " : "no DEFAULT", t->default_kind);
}

/* The column and its table: t->d, and what points at it. */
static int find(struct lc_backfill_target *t, const char *database, const char *table,
                const char *column, struct lc_error *err)
{
    int rc = lc_column_find(&t->d, t->b, database, table, column, err);

    if (rc)
        return rc;
    t->database = t->d.database;
    t->table = t->d.table;
    t->column = t->d.column;
    t->type = t->d.type;
    t->default_kind = t->d.kind;
    t->default_expr = t->d.expr;
    t->replicated = t->d.replicated;
    rc = find_partition_key(t, err);
    return rc ? rc : check_column(t, err);
}

/*
 * What a server must have is asked of its system tables, not of its version: without
 * latest_fail_reason a mutation that fails could not be told from one that works.
 */
int lc_backfill_find(struct lc_backfill_target *t, struct lc_backend *b,
                     const struct lc_abilities *facts, const char *database, const char *table,
                     const char *column, struct lc_error *err)
{
    int rc;

    *t = (struct lc_backfill_target){.b = b, .facts = facts};
    if (!facts->fail_reason || !facts->merge_mutation)
        return refuse(
            err,
            "on such a server, a migration stores it with ALTER TABLE … UPDATE column = column "
            "WHERE 1",
            "this server (%s) cannot be supervised: no MATERIALIZE COLUMN, or no "
            "system.mutations.latest_fail_reason",
            lc_backend_version(b));
    rc = find(t, database, table, column, err);
    return rc ? rc : lc_backfill_look(t, err);
}

int lc_backfill_still_there(const struct lc_backfill_target *t, struct lc_error *err)
{
    struct lc_backfill_target now = {.b = t->b};
    struct lc_error why = LC_ERROR_INIT;
    int rc = find(&now, t->database, t->table, t->column, &why);

    lc_column_release(&now.d);
    if (rc == LC_ERR_REFUSED) {
        rc = lc_fail(err, LC_ERR_SERVER, "somebody changed the table meanwhile: %s", why.msg);
        lc_hint(
            err,
            "what is stored is kept; run it again with the current name of the table or column");
    } else if (rc) {
        lc_error_pass(err, &why);
    }
    return rc;
}

/* Free the partitions and their sum. */
static void forget_left(struct lc_backfill_left *left)
{
    for (size_t i = 0; i < left->n; i++) {
        free(left->v[i].id);
        free(left->v[i].text);
    }
    free(left->v);
    *left = (struct lc_backfill_left){0};
}

/* Counts and sizes are added; largest_* is the largest of all. */
static void add_up(struct lc_backfill_partition *sum, const struct lc_backfill_partition *p)
{
    sum->parts += p->parts;
    sum->rows += p->rows;
    sum->bytes += p->bytes;
    sum->granules += p->granules;
    sum->compact_bytes += p->compact_bytes;
    if (p->largest_bytes > sum->largest_bytes)
        sum->largest_bytes = p->largest_bytes;
    if (p->largest_rows > sum->largest_rows)
        sum->largest_rows = p->largest_rows;
}

/* The answer's rows as partitions, in the query's order: by id. `left` is empty before. */
static int take_left(struct lc_backfill_left *left, const struct lc_answer *a, struct lc_error *err)
{
    left->v = calloc(a->rows + 1, sizeof *left->v);
    if (!left->v)
        return lc_no_memory(err);
    for (size_t i = 0; i < a->rows; i++) {
        struct lc_backfill_partition *p = &left->v[i];

        *p = (struct lc_backfill_partition){
            .id = strdup(lc_answer_at(a, i, LC_SQL_BACKFILL_LEFT_ID)->p),
            .text = strdup(lc_answer_at(a, i, LC_SQL_BACKFILL_LEFT_PARTITION_TEXT)->p),
            .parts = lc_answer_u64(a, i, LC_SQL_BACKFILL_LEFT_PARTS, 0),
            .rows = lc_answer_u64(a, i, LC_SQL_BACKFILL_LEFT_ALL_ROWS, 0),
            .bytes = lc_answer_u64(a, i, LC_SQL_BACKFILL_LEFT_BYTES, 0),
            .largest_bytes = lc_answer_u64(a, i, LC_SQL_BACKFILL_LEFT_LARGEST_BYTES, 0),
            .largest_rows = lc_answer_u64(a, i, LC_SQL_BACKFILL_LEFT_LARGEST_ROWS, 0),
            .granules = lc_answer_u64(a, i, LC_SQL_BACKFILL_LEFT_GRANULES, 0),
            .compact_bytes = lc_answer_u64(a, i, LC_SQL_BACKFILL_LEFT_COMPACT_BYTES, 0),
        };
        left->n++;
        if (!p->id || !p->text)
            return lc_no_memory(err);
        add_up(&left->sum, p);
    }
    return 0;
}

/*
 * t->left keeps the last good look where a query fails. look_ms is the time of both queries: it
 * decides how often a look is affordable (backfill_look.c).
 */
int lc_backfill_look(struct lc_backfill_target *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"column", t->column}, {"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_answer a = {0};
    uint64_t begun = lc_now_ms();
    int rc = lc_query_read(t->b, lc_sql_table_rows, args + 1, &a, err);

    if (rc == 0) {
        t->table_rows = lc_answer_u64(&a, 0, LC_SQL_TABLE_ROWS_TABLE_ROWS, 0);
        t->table_parts = lc_answer_u64(&a, 0, LC_SQL_TABLE_ROWS_PARTS, 0);
        t->patches = lc_answer_u64(&a, 0, LC_SQL_TABLE_ROWS_PATCHES, 0);
        lc_answer_release(&a);
        rc = lc_query_read(t->b, lc_sql_backfill_left, args, &a, err);
    }
    if (rc == 0) {
        forget_left(&t->left);
        rc = take_left(&t->left, &a, err);
    }
    lc_answer_release(&a);
    t->look_ms = lc_now_ms() - begun;
    return rc;
}

bool lc_backfill_is_lone(const struct lc_stmt *s)
{
    return s->kind == LC_STMT_ALTER && s->command_n == 1 && !s->on_cluster &&
           s->commands[0].kind == LC_STMT_MATERIALIZE_COLUMN && !s->commands[0].restricted;
}

bool lc_backfill_is_ours(struct lc_slice command, const char *column)
{
    struct lc_materialize_command m;
    bool ours = lc_materialize_command_read(command, &m) && strcmp(m.column, column) == 0;

    lc_materialize_command_release(&m);
    return ours;
}

/*
 * IN PARTITION without ID names no id, so such a command covers nothing here: it may be stored
 * twice.
 */
bool lc_backfill_covers(struct lc_slice command, const char *column, const char *partition)
{
    struct lc_materialize_command m;
    bool covers = lc_materialize_command_read(command, &m) && strcmp(m.column, column) == 0 &&
                  (!m.in_partition || (m.partition_id && strcmp(m.partition_id, partition) == 0));

    lc_materialize_command_release(&m);
    return covers;
}

void lc_backfill_release(struct lc_backfill_target *t)
{
    forget_left(&t->left);
    lc_column_release(&t->d);
    *t = (struct lc_backfill_target){0};
}
