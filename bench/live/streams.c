/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer and the readers do, once, and what makes it a failure. */
#include "bench/live/streams.h"

#include "bench/live/keyed_reads.h"
#include "bench/live/parts.h"
#include "livecol_sql.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX_BYTES = 64 << 20, LIMIT_ROWS = 10 };

/*
 * Generated rows cover 90 days from 2026-01-01 00:00:05 in the server's time zone, of which the
 * westernmost is 12 hours behind UTC. New rows begin behind all of them, in whatever zone:
 * 2026-04-02 00:00:00 UTC.
 */
#define GENERATED_END_UTC_TS 1775001605U
#define WESTERNMOST_S        43200U
#define WRITE_FROM_TS        1775088000U
_Static_assert(WRITE_FROM_TS >= GENERATED_END_UTC_TS + WESTERNMOST_S, "no new row is among them");

/*
 * One INSERT of batch_rows rows, which follow from call->seq: no row of a run comes twice,
 * since the id holds the copy and the row's number. Rows count as there only once the
 * server has acknowledged them.
 */
static int write_batch(void *ctx, struct lc_call *call, struct lc_error *err)
{
    static const char *const types[] = {"view", "click", "signup", "purchase"};
    struct live_streams *s = ctx;
    struct lc_buf *b = &s->batch;
    lc_buf_reset(b);
    int rc = lc_buf_adds(b, "INSERT INTO " LC_LIVE_DATABASE "." LC_LIVE_TABLE
                            " (event_id, event_ts, event_type, user_id) VALUES ");
    for (uint64_t i = 0; rc == 0 && i < s->batch_rows; i++) {
        uint64_t n = call->seq * s->batch_rows + i;
        /*
         * Fibonacci hashing: the high bits of the product are spread evenly
         * over consecutive numbers.
         */
        uint64_t hash = n * 0x9E3779B97F4A7C15U;
        rc = lc_buf_addf(b, "%s('w%u_%" PRIu64 "', %u, '%s', 'u%u_%06u')", i > 0 ? ", " : "",
                         atomic_load(&s->copy), n, WRITE_FROM_TS + (unsigned)(call->seq % 2000000),
                         types[hash >> 62U], 1U + (unsigned)((hash >> 32U) % 9U),
                         (unsigned)((hash >> 8U) % 1000000U));
    }
    const char *sql = rc == 0 ? lc_buf_str(b) : NULL;
    if (sql == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a batch of %" PRIu64 " rows",
                       s->batch_rows);
    }
    /* No cancel: a batch cut short would leave the count of rows unknown. */
    struct lc_query q = {.sql = sql, .sql_n = b->n};
    rc = lc_backend_query(call->backend, &q, NULL, err);
    if (rc == 0) {
        call->rows = s->batch_rows;
        atomic_fetch_add(&s->rows_there, s->batch_rows);
    } else {
        atomic_fetch_add(&s->rows_unknown, s->batch_rows);
    }
    return rc;
}

/* Ten rows, and a region in each, or the read has failed. */
static int read_limit(void *ctx, struct lc_call *call, struct lc_error *err)
{
    struct live_streams *s = ctx;
    bool region = atomic_load(&s->has_region);
    struct lc_answer t = {0};
    int rc = live_ask(s, call, region ? s->read : s->read_before, NULL, &t, err);
    if (rc == 0 && (t.rows != LIMIT_ROWS || t.cols != 2)) {
        rc = lc_fail(err, LC_ERR_FOUND, "LIMIT %d answered %zu rows", LIMIT_ROWS, t.rows);
    }
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (lc_answer_at(&t, i, LC_SQL_LIVE_READ_REGION)->n == 0) {
            rc = lc_fail(err, LC_ERR_FOUND, "event %s was read with an empty %s",
                         lc_answer_at(&t, i, LC_SQL_LIVE_READ_EVENT_ID)->p,
                         region ? "region" : "user_id");
        }
    }
    lc_answer_release(&t);
    return rc;
}

/* The groups hold every row that was acknowledged before the read began, or the read has failed. */
static int read_group(void *ctx, struct lc_call *call, struct lc_error *err)
{
    struct live_streams *s = ctx;
    bool region = atomic_load(&s->has_region);
    /* Read before the query: rows acknowledged while it runs may or may not be in its answer. */
    uint64_t want = atomic_load(&s->rows_there);
    uint64_t got = 0;
    /*
     * A setting of ClickHouse that gives the query's threads a nice value; ""
     * where none was asked for.
     */
    const struct lc_setting settings[] = {{LIVE_NICE_SETTING, s->nice}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = live_ask(s, call, region ? s->group : s->group_before,
                      s->nice[0] != '\0' ? settings : NULL, &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        got += lc_answer_u64(&t, i, LC_SQL_LIVE_GROUP_EVENTS, 0);
        if (lc_answer_at(&t, i, LC_SQL_LIVE_GROUP_REGION)->n == 0) {
            rc = lc_fail(err, LC_ERR_FOUND, "GROUP BY answered an empty group");
        }
    }
    if (rc == 0 && got < want) {
        rc = lc_fail(err, LC_ERR_FOUND,
                     "GROUP BY found %" PRIu64 " rows where %" PRIu64 " had been acknowledged", got,
                     want);
    }
    lc_answer_release(&t);
    return rc;
}

int live_streams_init(struct live_streams *s, const struct lc_live_options *o, struct lc_error *err)
{
    /* In the order of enum lc_live_stream. */
    static int (*const ops[LC_LIVE_STREAMS])(void *, struct lc_call *, struct lc_error *) = {
        write_batch, read_limit, read_group, live_read_point, live_read_range};

    /* The texts are made once: making one for each read would be in its time. */
    *s = (struct live_streams){.batch_rows = o->batch_rows, .cancel = o->cancel, .rows = o->rows};
    if (o->nice > 0) {
        (void)snprintf(s->nice, sizeof s->nice, "%" PRIu64, o->nice);
    }
    lc_buf_init(&s->batch, BATCH_MAX_BYTES);
    s->read_before = live_sql(lc_sql_live_read_before, LC_LIVE_TABLE, NULL, NULL, err);
    s->read = live_sql(lc_sql_live_read, LC_LIVE_TABLE, NULL, NULL, err);
    s->group_before = live_sql(lc_sql_live_group_before, LC_LIVE_TABLE, NULL, NULL, err);
    s->group = live_sql(lc_sql_live_group, LC_LIVE_TABLE, NULL, NULL, err);
    if (s->read_before == NULL || s->read == NULL || s->group_before == NULL || s->group == NULL) {
        return LC_ERR_NOMEM;
    }
    for (unsigned i = 0; i < LC_LIVE_STREAMS; i++) {
        s->spec[i] = (struct lc_load_stream){.name = lc_live_stream_name(i),
                                             .workers = 1,
                                             .rate_per_s = lc_live_rate(o, i),
                                             .op = ops[i],
                                             .ctx = s};
    }
    return o->four_readers ? lc_rules_open(&s->rules, o->rules, err) : 0;
}

void live_streams_release(struct live_streams *s)
{
    free(s->read_before);
    free(s->read);
    free(s->group_before);
    free(s->group);
    lc_buf_release(&s->batch);
    lc_rules_free(s->rules);
}
