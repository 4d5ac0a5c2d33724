/* SPDX-License-Identifier: Apache-2.0 */
/* Reads that know their key: what was generated is known, so that each answer can be checked. */
#include "bench/live/keyed_reads.h"

#include "bench/live/parts.h"
#include "livecol_sql.h"
#include "udf/rules/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* As in lc_sql_live_generate: row n is floor(n * SPAN_S / rows) seconds behind the first. */
enum { SPAN_S = 7776000, RANGE_S = 600, SQL_MAX_BYTES = 1 << 16 };

/* A number for each read, spread evenly; the same in every run. */
static uint64_t draw(uint64_t seq, uint64_t below)
{
    uint64_t x = (seq + 1) * 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 29U)) * 0xBF58476D1CE4E5B9U;
    return (x ^ (x >> 32U)) % below;
}

/* Run a statement with two values and the table's name, and note in *call what it cost. */
static int ask_with(struct live_streams *s, struct lc_call *call, const struct lc_sql *statement,
                    const struct lc_sql_arg more[2], struct lc_answer *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", LC_LIVE_DATABASE}, {"table", LC_LIVE_TABLE}, more[0], more[1], {NULL, NULL}};
    struct lc_buf sql;
    lc_buf_init(&sql, SQL_MAX_BYTES);
    int rc = lc_sql_format(&sql, statement, args, err);
    if (rc == 0 && lc_buf_str(&sql) == NULL) {
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
    }
    rc = rc == 0 ? live_ask(s, call, lc_buf_str(&sql), NULL, t, err) : rc;
    lc_buf_release(&sql);
    return rc;
}

/* Is that region what the rules say of the key? By the matcher in this process. */
static int check_region(const struct live_streams *s, const struct lc_cell *key,
                        const struct lc_cell *region, struct lc_error *err)
{
    /* The matcher may read sixteen bytes from a key's start, whatever its length. */
    uint8_t padded[64 + 16] = {0};
    struct lc_batch batch = {.n = 1};
    uint32_t rule;
    if (key->n > sizeof padded - 16) {
        return lc_fail(err, LC_ERR_FOUND, "a key of %zu bytes was never written", key->n);
    }
    memcpy(padded, key->p, key->n);
    batch.p[0] = padded;
    batch.len[0] = key->n;
    int rc = lc_match(s->rules, &batch, &rule);
    if (rc != 0) {
        return lc_fail(err, rc, "the rules are damaged");
    }
    struct lc_slice want = lc_rules_value(s->rules, 0, lc_rules_value_id(s->rules, 0, rule));
    if (want.n != region->n || memcmp(want.p, region->p, want.n) != 0) {
        return lc_fail(err, LC_ERR_FOUND, "a point read gave %s the region '%s', not '%.*s'",
                       key->p, region->p, (int)want.n, (const char *)want.p);
    }
    return 0;
}

/* One row, with its region as the rules say, or the read has failed. */
int live_read_point(void *ctx, struct lc_call *call, struct lc_error *err)
{
    struct live_streams *s = ctx;
    bool region = atomic_load(&s->has_region);
    uint64_t n = draw(call->seq, s->rows);
    char at[24];
    char id[32];
    struct lc_answer t = {0};
    (void)snprintf(at, sizeof at, "%" PRIu64, n * SPAN_S / s->rows);
    (void)snprintf(id, sizeof id, "g%" PRIu64, n);
    /*
     * Before the column is there the statement answers '' as the region, so
     * that both have one shape.
     */
    int rc = ask_with(s, call, region ? lc_sql_live_point : lc_sql_live_point_before,
                      (const struct lc_sql_arg[2]){{"at", at}, {"id", id}}, &t, err);
    if (rc == 0 && (t.rows != 1 || t.cols != 2)) {
        rc = lc_fail(err, LC_ERR_FOUND, "a point read of %s answered %zu rows", id, t.rows);
    }
    if (rc == 0 && region) {
        rc = check_region(s, lc_answer_at(&t, 0, LC_SQL_LIVE_POINT_BEFORE_USER_ID),
                          lc_answer_at(&t, 0, LC_SQL_LIVE_POINT_BEFORE_REGION), err);
    }
    lc_answer_release(&t);
    return rc;
}

/* The number of the first row at or behind that second. */
static uint64_t first_row(const struct live_streams *s, uint64_t second)
{
    return (second * s->rows + SPAN_S - 1) / SPAN_S;
}

/* As many events as were generated for those ten minutes, or the read has failed. */
int live_read_range(void *ctx, struct lc_call *call, struct lc_error *err)
{
    struct live_streams *s = ctx;
    uint64_t second = draw(call->seq, SPAN_S - RANGE_S);
    uint64_t want = first_row(s, second + RANGE_S) - first_row(s, second);
    uint64_t got = 0;
    char from[24];
    char to[24];
    struct lc_answer t = {0};
    (void)snprintf(from, sizeof from, "%" PRIu64, second);
    (void)snprintf(to, sizeof to, "%" PRIu64, second + RANGE_S);
    int rc = ask_with(s, call,
                      atomic_load(&s->has_region) ? lc_sql_live_range : lc_sql_live_range_before,
                      (const struct lc_sql_arg[2]){{"from", from}, {"to", to}}, &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        got += lc_answer_u64(&t, i, LC_SQL_LIVE_RANGE_BEFORE_EVENTS, 0);
    }
    if (rc == 0 && got != want) {
        rc = lc_fail(err, LC_ERR_FOUND,
                     "a range read found %" PRIu64 " rows where there are %" PRIu64, got, want);
    }
    lc_answer_release(&t);
    return rc;
}
