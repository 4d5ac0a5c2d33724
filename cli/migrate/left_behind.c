#include "cli/migrate/left_behind.h"

#include "base/clock.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The server writes its logs every 7.5 s unless told otherwise. */
enum { LOG_WAIT_MS = 9000, LOG_PAUSE_MS = 250 };
enum { EXCEPTION_BEFORE_START = 3, EXCEPTION_WHILE_PROCESSING = 4 }; /* of system.query_log */
enum { SYNTAX_ERROR = 62 };

bool lc_left_is_possible(const struct lc_stmt *s)
{
    return s->class == LC_CLASS_INSERT || s->kind == LC_STMT_INSERT || s->kind == LC_STMT_UPDATE ||
           s->populate;
}

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

/* Rows that were written since. *any: there are parts from since then; merges put older rows in them. */
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

/* What the server's log of queries says; *type 0: nothing. */
static int read_log(struct lc_backend *b, const struct lc_left_query *query, int *type,
                    uint64_t *written, struct lc_error *err)
{
    char since[24];
    const struct lc_sql_arg args[] = {{"id", query->query_id}, {"since_s", since}, {NULL, NULL}};
    uint64_t end = lc_now_ms() + LOG_WAIT_MS;

    *type = 0;
    snprintf(since, sizeof since, "%" PRIu64, query->since_s);
    lc_query_read(b, lc_sql_flush_logs, NULL, NULL, NULL); /* a help where it is allowed */
    for (;;) {
        struct lc_answer t = {0};
        int rc = lc_query_read(b, lc_sql_left_logged, args, &t, err);

        if (rc == 0 && t.rows) {
            *type = (int)lc_answer_u64(&t, 0, LC_SQL_LEFT_LOGGED_TYPE, 0);
            *written = lc_answer_u64(&t, 0, LC_SQL_LEFT_LOGGED_WRITTEN, 0);
        }
        lc_answer_release(&t);
        if (rc || *type || lc_now_ms() >= end)
            return rc;
        lc_sleep_ms(LOG_PAUSE_MS, NULL);
    }
}

/* Rows of the parts that it made of the table, by the server's log of parts. */
static int read_part_log(struct lc_backend *b, const struct lc_stmt *s,
                         const struct lc_left_query *query, uint64_t *rows, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_stmt_database(s, lc_backend_database(b))},
                                      {"table", s->name},
                                      {"id", query->query_id},
                                      {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(b, lc_sql_left_part_log, args, &t, err);

    if (rc == 0)
        *rows = lc_answer_u64(&t, 0, 0, 0);
    lc_answer_release(&t);
    return rc;
}

/* By the table alone, for servers without logs. */
static void judge_table(const struct lc_stmt *s, const struct lc_left_before *before,
                        const struct lc_left_before *now, uint64_t dependents, enum lc_left *left,
                        uint64_t *rows)
{
    bool any = false, merge_tree = before->parts.rows > 0 || now->parts.rows > 0;

    *left = LC_LEFT_UNKNOWN;
    *rows = 0;
    if (!now->there || (creates(s) && before->known && before->there)) {
        *left = LC_LEFT_NOTHING;
        return;
    }
    if (!before->known)
        return;
    *rows = newer_rows(before, now, &any);
    if (!any && !merge_tree && now->total_rows > before->total_rows && before->total_rows >= 0) {
        *rows = (uint64_t)(now->total_rows - before->total_rows);
        any = true;
    }
    if (any || creates(s))
        *left = LC_LEFT_ROWS; /* what was created is there, however much of it was filled */
    else if (dependents == 0 && (now->total_rows >= 0 || merge_tree))
        *left = LC_LEFT_NOTHING;
}

int lc_left_look(struct lc_backend *b, const struct lc_abilities *facts, const struct lc_stmt *s,
                 const struct lc_left_before *before, const struct lc_left_query *query,
                 enum lc_left *left, uint64_t *rows, struct lc_error *err)
{
    struct lc_left_before now = {0};
    uint64_t dependents = 0, written = 0, logged = 0;
    int type = 0, rc = 0;

    *rows = 0;
    *left = query->server_code == SYNTAX_ERROR ? LC_LEFT_NOTHING : LC_LEFT_UNKNOWN;
    if (*left == LC_LEFT_NOTHING)
        return 0;
    if (facts->query_log)
        rc = read_log(b, query, &type, &written, err);
    if (rc == 0 && type == EXCEPTION_BEFORE_START) {
        *left = LC_LEFT_NOTHING;
        return 0;
    }
    if (rc || !*s->name)
        return rc;
    rc = look_at_table(b, facts, s, &now, &dependents, err);
    if (rc == 0)
        judge_table(s, before, &now, dependents, left, rows);
    if (rc == 0 && *left != LC_LEFT_NOTHING && facts->part_log && type)
        rc = read_part_log(b, s, query, &logged, err);
    if (rc == 0 && *left != LC_LEFT_NOTHING && (logged || written)) {
        *left = LC_LEFT_ROWS;
        *rows = logged ? logged : *rows ? *rows : written;
    }
    lc_left_release(&now);
    return rc;
}
