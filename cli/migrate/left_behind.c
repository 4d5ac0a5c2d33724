/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that a failed statement has left are looked for before and after: the table's parts by
 * partition and block number, and its count of rows. What is newer than the note from before belongs to
 * the statement, or to another writer, which the part log tells apart where the server keeps one.
 */
#include "cli/migrate/left_behind.h"

#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/sql/sources.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool lc_left_is_possible(const struct lc_stmt *s)
{
    return s->class == LC_CLASS_INSERT || s->kind == LC_STMT_INSERT || s->kind == LC_STMT_UPDATE ||
           s->populate;
}

/* CREATE … AS SELECT, or a view with POPULATE: the object itself is left behind, too. */
static bool creates(const struct lc_stmt *s)
{
    return s->kind == LC_STMT_CREATE;
}

/* The table now. *dependents: how many views read from it. */
static int look_at_table(struct lc_backend *b, const struct lc_abilities *facts,
                         const struct lc_stmt *s, struct lc_left_before *now, uint64_t *dependents,
                         struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_stmt_database(s, lc_backend_database(b))},
                                      {"table", s->name},
                                      {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(b, facts->total_rows ? lc_sql_left_table : lc_sql_left_table_plain, args,
                           &t, err);

    *now = (struct lc_left_before){.known = rc == 0, .total_rows = -1};
    if (rc == 0 && t.rows) {
        now->there = true;
        now->total_rows = (int64_t)lc_answer_f64(&t, 0, LC_SQL_LEFT_TABLE_TOTAL_ROWS, -1);
        *dependents = lc_answer_u64(&t, 0, LC_SQL_LEFT_TABLE_DEPENDENTS, 0);
        rc = lc_query_read(b, lc_sql_left_parts, args, &now->parts, err);
    }
    lc_answer_release(&t);
    return rc;
}

int lc_left_note(struct lc_left_before *before, struct lc_backend *b,
                 const struct lc_abilities *facts, const struct lc_stmt *s, struct lc_error *err)
{
    uint64_t dependents = 0;

    *before = (struct lc_left_before){0};
    if (!*s->name)
        return 0;
    return look_at_table(b, facts, s, before, &dependents, err);
}

void lc_left_release(struct lc_left_before *before)
{
    lc_answer_release(&before->parts);
    *before = (struct lc_left_before){0};
}

/* The newest block of a partition; -1: it has none. */
static int64_t newest_block(const struct lc_answer *parts, const char *partition)
{
    int64_t newest = -1;

    for (size_t i = 0; i < parts->rows; i++) {
        int64_t block = (int64_t)lc_answer_f64(parts, i, LC_SQL_LEFT_PARTS_MAX_BLOCK, -1);

        if (strcmp(lc_answer_at(parts, i, LC_SQL_LEFT_PARTS_PARTITION_ID)->p, partition) == 0 &&
            block > newest)
            newest = block;
    }
    return newest;
}

static uint64_t all_rows(const struct lc_answer *parts)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < parts->rows; i++)
        rows += lc_answer_u64(parts, i, LC_SQL_LEFT_PARTS_ROWS, 0);
    return rows;
}

/*
 * Rows that were written since. *any: there are parts from since then. A block number above a
 * partition's newest is a new INSERT's, or that of a merge that took one in; since merges put
 * older rows into such parts, the growth of the whole table is the upper bound.
 */
static uint64_t newer_rows(const struct lc_left_before *before, const struct lc_left_before *now,
                           bool *any)
{
    uint64_t rows = 0, more;

    *any = false;
    for (size_t i = 0; i < now->parts.rows; i++) {
        const char *partition = lc_answer_at(&now->parts, i, LC_SQL_LEFT_PARTS_PARTITION_ID)->p;
        int64_t block = (int64_t)lc_answer_f64(&now->parts, i, LC_SQL_LEFT_PARTS_MAX_BLOCK, -1);

        if (block <= newest_block(&before->parts, partition))
            continue;
        *any = true;
        rows += lc_answer_u64(&now->parts, i, LC_SQL_LEFT_PARTS_ROWS, 0);
    }
    more = all_rows(&now->parts) - all_rows(&before->parts);
    return more < rows ? more : rows; /* fewer in all than before: more is huge */
}

/* Rows of the parts that it made of the table, by the server's log of parts. */
static int read_part_log(struct lc_backend *b, const struct lc_stmt *s, const struct lc_sent *sent,
                         uint64_t *rows, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_stmt_database(s, lc_backend_database(b))},
                                      {"table", s->name},
                                      {"id", sent->query_id},
                                      {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(b, lc_sql_left_part_log, args, &t, err);

    if (rc == 0)
        *rows = lc_answer_u64(&t, 0, LC_SQL_LEFT_PART_LOG_ROWS, 0);
    lc_answer_release(&t);
    return rc;
}

/*
 * By the table alone, for servers without logs. Nothing is left where no part is newer and no
 * view reads from the table: a view's target may hold rows that the table itself never got. What an
 * UPDATE writes goes to no view.
 * Tables that are not of the MergeTree family have no parts, and are judged by their count of
 * rows.
 */
static struct lc_left_found judge_table(const struct lc_stmt *s,
                                        const struct lc_left_before *before,
                                        const struct lc_left_before *now, uint64_t dependents)
{
    struct lc_left_found found = {LC_LEFT_UNKNOWN, 0};
    bool any = false, merge_tree = before->parts.rows > 0 || now->parts.rows > 0;

    if (!now->there || (creates(s) && before->known && before->there)) {
        found.what = LC_LEFT_NOTHING;
        return found;
    }
    if (!before->known)
        return found;
    found.rows = newer_rows(before, now, &any);
    if (!any && !merge_tree && now->total_rows > before->total_rows && before->total_rows >= 0) {
        found.rows = (uint64_t)(now->total_rows - before->total_rows);
        any = true;
    }
    if (any || creates(s))
        found.what = LC_LEFT_ROWS; /* what was created is there, however much of it was filled */
    else if ((dependents == 0 || s->kind == LC_STMT_UPDATE) && (now->total_rows >= 0 || merge_tree))
        found.what = LC_LEFT_NOTHING;
    return found;
}

/*
 * Was it refused before its first row? Its query is described, which runs nothing: where that fails in the very
 * words, those of the question's scope among them, the INSERT cannot have begun. A host that is read from
 * may say the same in the middle of it, and is left out.
 */
static bool is_refused_query(const struct lc_sent_stmt *s, const struct lc_error *failure)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    struct lc_slice query;
    struct lc_buf sql;
    int rc = LC_ERR_NOMEM, code = failure->server_code;

    if ((code != LC_SERVER_UNKNOWN_FUNCTION && code != LC_SERVER_UNKNOWN_IDENTIFIER &&
         code != LC_SERVER_WRONG_ARGUMENTS && code != LC_SERVER_ILLEGAL_TYPE) ||
        s->stmt->kind != LC_STMT_INSERT || !lc_sources_query(s->stmt->text, &query) ||
        strstr(failure->msg, "Received from"))
        return false;
    lc_buf_init(&sql, query.n + 64);
    if (lc_buf_adds(&sql, "DESCRIBE (") == 0 && lc_buf_add(&sql, query.p, query.n) == 0 &&
        lc_buf_adds(&sql, "\n)") == 0 && lc_buf_str(&sql))
        rc = lc_backend_run(s->b, lc_buf_str(&sql), &a, &why);
    lc_buf_release(&sql);
    lc_answer_release(&a);
    return rc == LC_ERR_SERVER && why.server_code == code && strcmp(why.msg, failure->msg) == 0;
}

int lc_left_look(const struct lc_sent_stmt *s, const struct lc_left_before *before,
                 const struct lc_error *failure, struct lc_left_found *found, struct lc_error *err)
{
    const int server_code = failure->server_code;
    struct lc_left_before now = {0};
    struct lc_query_logged log = {0};
    struct lc_left_found in_table;
    uint64_t dependents = 0, parts = 0;
    int rc = 0;

    *found = (struct lc_left_found){LC_LEFT_UNKNOWN, 0};
    if (server_code != LC_SERVER_SYNTAX_ERROR && s->facts->query_log)
        rc = lc_sent_query_logged(s->b, s->sent, LC_QUERY_LOG_WAIT_MS, &log, NULL, err);
    if (server_code == LC_SERVER_SYNTAX_ERROR || log.before_start)
        found->what = LC_LEFT_NOTHING;
    if (rc || found->what == LC_LEFT_NOTHING || !*s->stmt->name)
        return rc;
    /*
     * Where the table shows that nothing is left, that is the last word. Else the logs may say how
     * many rows there are: the part log counts those of this query alone.
     */
    rc = look_at_table(s->b, s->facts, s->stmt, &now, &dependents, err);
    in_table = judge_table(s->stmt, before, &now, dependents);
    lc_left_release(&now);
    if (rc == 0 && before->known && in_table.what == LC_LEFT_UNKNOWN && s->facts->udf_types &&
        !s->facts->query_log && is_refused_query(s, failure))
        in_table.what = LC_LEFT_NOTHING;
    if (rc == 0 && in_table.what != LC_LEFT_NOTHING && s->facts->part_log && log.failed)
        rc = read_part_log(s->b, s->stmt, s->sent, &parts, err);
    if (rc)
        return rc;
    *found = in_table;
    if (found->what != LC_LEFT_NOTHING && (parts || log.written)) {
        found->what = LC_LEFT_ROWS;
        found->rows = parts ? parts : found->rows ? found->rows : log.written;
    }
    return 0;
}
