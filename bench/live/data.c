/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of a live run, and how a fresh copy takes the table's place.
 *
 *   live_make    database, an empty table, the five named rows
 *   live_fill    generated rows; then the snapshot, which shares the parts of the table
 *   swap in      events ─► events_livecol_done;  snapshot's parts ─► a new events
 *   swap out     drop that events;  events_livecol_done ─► events
 *
 * Parts are immutable, so that a copy made of hard links costs no time and no space, and stays
 * as it was while the table it came from is changed.
 */
#include "bench/live/data.h"

#include "bench/live/parts.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GENERATE_ROWS: rows of one INSERT, so that a person can interrupt between two of them. */
enum { SQL_MAX_BYTES = 1 << 20, GENERATE_ROWS = 1000000 };

/* Is it a table that a run of this benchmark makes? Others in the database are never touched. */
static bool ours(const char *name)
{
    return strcmp(name, LC_LIVE_TABLE) == 0 || strcmp(name, LIVE_SNAPSHOT) == 0 ||
           strcmp(name, LIVE_DONE) == 0 ||
           strncmp(name, LIVE_TRACKING, sizeof LIVE_TRACKING - 1) == 0;
}

/* Drop the tables of that name pattern; with `look`, only find whether there is one. */
static int sweep(struct lc_backend *b, bool look, char *found, size_t found_size, size_t *others,
                 struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = live_run(b, lc_sql_live_tables, "", NULL, NULL, &t, err);
    *others = 0;
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const char *name = lc_answer_at(&t, i, LC_SQL_LIVE_TABLES_NAME)->p;
        if (!ours(name)) {
            (*others)++;
        } else if (!look) {
            rc = live_run(b, lc_sql_live_drop_table, name, NULL, NULL, NULL, err);
        } else if (found[0] == '\0') {
            (void)snprintf(found, found_size, "%s", name);
        }
    }
    lc_answer_release(&t);
    return rc;
}

/* Refuse to run where tables of these names are there, or drop them where that was asked for. */
static int make_room(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err)
{
    char found[200] = "";
    size_t others;
    int rc = sweep(b, !o->drop_existing, found, sizeof found, &others, err);
    if (rc == 0 && found[0] != '\0') {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s already holds a table %s.%s: nothing was changed",
                     lc_backend_where(b), LC_LIVE_DATABASE, found);
        lc_hint(err, "use another server or data path, or drop the table with --drop-existing");
    }
    return rc;
}

int lc_live_clean(const struct lc_live *live, struct lc_backend *b, struct lc_error *err)
{
    char none[1] = "";
    size_t others = 0;
    int rc = live->made_tables ? sweep(b, false, none, sizeof none, &others, err) : 0;
    if (rc == 0 && live->made_database && others == 0) {
        rc = live_run(b, lc_sql_live_drop_database, "", NULL, NULL, NULL, err);
    }
    return rc;
}

/* An empty table like the benchmark's, partitioned or not, under that name. */
static int create(struct lc_backend *b, const struct lc_live_options *o, const char *table,
                  struct lc_error *err)
{
    return live_run(b,
                    o->partitioned ? lc_sql_live_create_table_by_month : lc_sql_live_create_table,
                    table, NULL, NULL, NULL, err);
}

/*
 * Rows 0 … rows - 1, made by the server from their numbers: the same rows in every run, so that
 * figures compare and a read can know what it must find.
 */
static int generate(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err)
{
    char rows[24];
    char from[24];
    char count[24];
    const struct lc_sql_arg args[] = {{"database", LC_LIVE_DATABASE},
                                      {"table", LC_LIVE_TABLE},
                                      {"rows", rows},
                                      {"from", from},
                                      {"count", count},
                                      {NULL, NULL}};
    struct lc_buf sql;
    int rc = 0;
    lc_buf_init(&sql, SQL_MAX_BYTES);
    (void)snprintf(rows, sizeof rows, "%" PRIu64, o->rows);
    for (uint64_t at = 0; rc == 0 && at < o->rows; at += GENERATE_ROWS) {
        uint64_t n = o->rows - at < GENERATE_ROWS ? o->rows - at : GENERATE_ROWS;
        if (o->cancel != NULL && atomic_load(o->cancel)) {
            rc = lc_fail(err, LC_ERR_STOPPED, "interrupted while rows were generated");
            break;
        }
        live_line(o, true, "generating %" PRIu64 " rows: %.0f %%", o->rows,
                  100.0 * (double)at / (double)o->rows);
        (void)snprintf(from, sizeof from, "%" PRIu64, at);
        (void)snprintf(count, sizeof count, "%" PRIu64, n);
        lc_buf_reset(&sql);
        rc = lc_sql_format(&sql, lc_sql_live_generate, args, err);
        rc = rc == 0 ? lc_backend_run(b, lc_buf_str(&sql), NULL, err) : rc;
    }
    lc_buf_release(&sql);
    return rc;
}

/* All partitions of one table into another of the same structure: hard links, no copying. */
static int attach_all(struct lc_backend *b, const char *from, const char *to, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = live_run(b, lc_sql_live_partitions, from, NULL, NULL, &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const struct lc_sql_arg args[] = {
            {"database", LC_LIVE_DATABASE},
            {"table", to},
            {"partition", lc_answer_at(&t, i, LC_SQL_LIVE_PARTITIONS_PARTITION_ID)->p},
            {"from", from},
            {NULL, NULL}};
        struct lc_buf sql;
        lc_buf_init(&sql, SQL_MAX_BYTES);
        rc = lc_sql_format(&sql, lc_sql_live_attach, args, err);
        rc = rc == 0 ? lc_backend_run(b, lc_buf_str(&sql), NULL, err) : rc;
        lc_buf_release(&sql);
    }
    lc_answer_release(&t);
    return rc;
}

int live_make(struct lc_live *live, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_live_options *o = &live->options;
    uint64_t there = 0;
    int rc = make_room(b, o, err);
    rc = rc == 0 ? live_number(b, lc_sql_live_database_exists, "", &there, err) : rc;
    rc = rc == 0 ? live_run(b, lc_sql_live_create_database, "", NULL, NULL, NULL, err) : rc;
    /*
     * What was there before is not dropped at the end; tables were found not
     * to be there by make_room.
     */
    live->made_database = rc == 0 && there == 0;
    live->made_tables = rc == 0;
    rc = rc == 0 ? create(b, o, LC_LIVE_TABLE, err) : rc;
    return rc == 0 ? live_run(b, lc_sql_live_seed, LC_LIVE_TABLE, NULL, NULL, NULL, err) : rc;
}

int live_fill(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err)
{
    int rc = generate(b, o, err);
    rc = rc == 0 ? create(b, o, LIVE_SNAPSHOT, err) : rc;
    rc = rc == 0 ? attach_all(b, LC_LIVE_TABLE, LIVE_SNAPSHOT, err) : rc;
    return rc;
}

int live_swap_in(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err)
{
    int rc = live_run(b, lc_sql_live_rename, LC_LIVE_TABLE, "to", LIVE_DONE, NULL, err);
    rc = rc == 0 ? create(b, o, LC_LIVE_TABLE, err) : rc;
    rc = rc == 0 ? attach_all(b, LIVE_SNAPSHOT, LC_LIVE_TABLE, err) : rc;
    return rc;
}

int live_swap_out(struct lc_backend *b, struct lc_error *err)
{
    int rc = live_run(b, lc_sql_live_drop_table, LC_LIVE_TABLE, NULL, NULL, NULL, err);
    return rc == 0 ? live_run(b, lc_sql_live_rename, LIVE_DONE, "to", LC_LIVE_TABLE, NULL, err)
                   : rc;
}
