/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partitions go into the next mutation, in the order that is asked for: those that no mutation
 * in flight covers, until the batch has enough rows or its text is long enough. A partition that was
 * sent SENDS_WITHOUT_GAIN times without one part of it becoming done ends the run: something else keeps
 * it from being stored, and sending more would never end.
 */
#include "cli/column/backfill_send.h"

#include "base/format.h"
#include "base/test_points.h"
#include "cli/column/backfill_look.h"
#include "cli/server/query.h"
#include "cli/server/retry.h"
#include "cli/sql/mutation_command.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SENDS_WITHOUT_GAIN = 5, /* a partition in which as many mutations in turn have stored nothing */
    BATCH_MAX_BYTES = 64 << 10, /* of SQL: servers refuse more than max_query_size, 256 KiB */
    APPLIES_MAX = 10            /* times that values of lightweight UPDATEs are applied in turn */
};

/* Does an unfinished mutation, ours or somebody else's, store the column in this partition? */
static bool in_flight(const struct lc_backfill_state *r, const char *partition)
{
    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (!lc_answer_u64(&r->mutations, i, LC_SQL_MUTATIONS_IS_DONE, 1) &&
            lc_backfill_covers(lc_backfill_command_of(r, i), r->t->column, partition))
            return true;
    }
    return false;
}

/* Partition number i in the order asked for. */
static const struct lc_backfill_partition *in_order(const struct lc_backfill_state *r, size_t i)
{
    const struct lc_backfill_left *left = &r->t->left;

    return &left->v[r->o->oldest_first ? i : left->n - 1 - i];
}

/* Note that it is sent; an error where it was sent too often in vain. */
static int note_sent(struct lc_backfill_state *r, const struct lc_backfill_partition *p,
                     struct lc_error *err)
{
    struct lc_backfill_sent *s = NULL, *grown;

    for (size_t i = 0; i < r->sent_n && !s; i++) {
        if (strcmp(r->sent[i].id, p->id) == 0)
            s = &r->sent[i];
    }
    if (!s) {
        grown = realloc(r->sent, (r->sent_n + 1) * sizeof *grown);
        if (!grown)
            return lc_fail(err, LC_ERR_NOMEM, "no memory for a backfill");
        r->sent = grown;
        s = &grown[r->sent_n];
        /* As if a part more had been left before: the first send counts as a gain. */
        *s = (struct lc_backfill_sent){.id = strdup(p->id), .parts = p->parts + 1};
        if (!s->id)
            return lc_fail(err, LC_ERR_NOMEM, "no memory for a backfill");
        r->sent_n++;
    }
    s->without_gain = p->parts < s->parts ? 0 : s->without_gain + 1;
    s->parts = p->parts;
    if (s->without_gain < SENDS_WITHOUT_GAIN)
        return 0;
    lc_fail(err, LC_ERR_SERVER,
            "%" PRIu64 " part%s of partition %s still lack%s %s after %d mutations", p->parts,
            LC_S(p->parts), p->text, p->parts == 1 ? "s" : "", r->t->column, SENDS_WITHOUT_GAIN);
    lc_hint(err,
            "a TTL of the column, stopped merges (SYSTEM STOP MERGES), or someone who kills the "
            "mutations may be the cause");
    return LC_ERR_SERVER;
}

/*
 * One try. mutations_sync = 0: the server answers as soon as the mutation is queued. Each try
 * has an id of its own, since the server refuses an id that is still running.
 */
static int send_once(struct lc_backfill_state *r, const char *sql, struct lc_error *err)
{
    const struct lc_setting settings[] = {{"mutations_sync", "0"}, {NULL, NULL}};
    char id[160];
    struct lc_query q = {.sql = sql, .settings = settings};

    r->sends++;
    if (r->query_id) {
        snprintf(id, sizeof id, "%s-%u", r->query_id, r->sends);
        q.query_id = id;
    }
    return lc_backend_query(r->t->b, &q, NULL, err);
}

static void trying_again(void *ctx, const struct lc_error *why, unsigned attempt, unsigned pause_ms)
{
    lc_backfill_say(ctx, "%s; try %u of %u in %u ms", why->msg, attempt, LC_RETRY_TRIES, pause_ms);
}

/*
 * Send it, again where that helps. A lost answer needs no settling: a mutation that is there twice
 * stores nothing twice.
 */
static int send(struct lc_backfill_state *r, const char *sql, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_retry retry = {.not_sent = true,
                             .lost = true,
                             .transient = true,
                             .tries = LC_RETRY_TRIES,
                             .cancel = r->o->cancel,
                             .told = trying_again,
                             .ctx = r};
    int rc;

    do
        rc = send_once(r, sql, &why);
    while (lc_retry_again(&retry, rc, &why));
    return rc ? lc_error_pass(err, &why) : 0;
}

/* Append one command of the ALTER. partition NULL: the table has none, so the whole column. */
static int add_command(const struct lc_backfill_state *r, struct lc_buf *sql, const char *partition,
                       struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"partition", partition}, {"column", r->t->column}, {NULL, NULL}};

    return partition ? lc_sql_format(sql, lc_sql_backfill_partition, args, err)
                     : lc_sql_format(sql, lc_sql_backfill_whole, args + 1, err);
}

/* The next partitions that are not being worked on, as one ALTER. *n: how many; 0: none is left. */
static int make_batch(struct lc_backfill_state *r, struct lc_buf *sql, size_t *n,
                      struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->table}, {NULL, NULL}};
    uint64_t rows = 0, enough = lc_backfill_batch_rows(r->o->batch_rows, r->p->rows_total);
    int rc = lc_sql_format(sql, lc_sql_backfill_alter, args, err);

    *n = 0;
    for (size_t i = 0; rc == 0 && i < r->t->left.n && rows < enough && sql->n < BATCH_MAX_BYTES;
         i++) {
        const struct lc_backfill_partition *p = in_order(r, i);

        if (in_flight(r, p->id))
            continue;
        rc = note_sent(r, p, err);
        if (rc == 0 && lc_buf_adds(sql, *n ? ", " : " "))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a backfill");
        if (rc == 0)
            rc = add_command(r, sql, r->t->partitioned ? p->id : NULL, err);
        rows += p->rows;
        ++*n;
    }
    return rc;
}

/* Is an APPLY PATCHES of this table unfinished? Then what parts hold is about to change. */
static bool patches_in_flight(const struct lc_backfill_state *r)
{
    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (!lc_answer_u64(&r->mutations, i, LC_SQL_MUTATIONS_IS_DONE, 1) &&
            lc_command_applies_patches(lc_backfill_command_of(r, i)))
            return true;
    }
    return false;
}

/* Apply them in these partitions, by their ids. */
static int send_apply(struct lc_backfill_state *r, const struct lc_answer *ids,
                      struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->table}, {NULL, NULL}};
    struct lc_buf sql;
    int rc;

    r->applies = r->patched && ids->rows >= r->patched ? r->applies + 1 : 0;
    r->patched = ids->rows;
    if (r->applies == APPLIES_MAX)
        return lc_fail(err, LC_ERR_SERVER,
                       "lightweight UPDATEs of %s keep coming: %d times applied, and partition %s "
                       "has new ones",
                       r->t->column, APPLIES_MAX,
                       lc_answer_at(ids, 0, LC_SQL_BACKFILL_PATCHED_ID)->p);
    lc_backfill_say(
        r,
        "applying the lightweight UPDATEs of %s in %zu partition(s) first, which MATERIALIZE "
        "COLUMN would overwrite",
        r->t->column, ids->rows);
    lc_buf_init(&sql, (size_t)64 << 20);
    rc = lc_sql_format(&sql, lc_sql_backfill_alter, args, err);
    for (size_t i = 0; rc == 0 && i < ids->rows && sql.n < BATCH_MAX_BYTES; i++) {
        const struct lc_sql_arg of[] = {
            {"partition", lc_answer_at(ids, i, LC_SQL_BACKFILL_PATCHED_ID)->p}, {NULL, NULL}};

        if (lc_buf_adds(&sql, i ? ", " : " "))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a backfill");
        if (rc == 0)
            rc = lc_sql_format(&sql, lc_sql_backfill_apply, of, err);
    }
    if (rc == 0 && !lc_buf_str(&sql))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a backfill");
    if (rc == 0)
        rc = send(r, lc_buf_str(&sql), err);
    lc_buf_release(&sql);
    r->pause_ms = LC_BACKFILL_FIRST_PAUSE_MS;
    return rc;
}

/*
 * Values that a lightweight UPDATE has given to rows of parts that lack the column are in parts
 * of their own ("patch-…"). MATERIALIZE COLUMN does not look there, and what it computes hides them
 * (26.7): they have to be applied before. *busy: that is being done.
 */
static int apply_patches(struct lc_backfill_state *r, bool *busy, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", r->t->database},
                                      {"table", r->t->table},
                                      {"column", r->t->column},
                                      {NULL, NULL}};
    struct lc_answer ids = {0};
    int rc;

    *busy = r->t->patches && patches_in_flight(r);
    if (!r->t->patches || *busy)
        return 0;
    rc = lc_query_read(r->t->b, lc_sql_backfill_patched, args, &ids, err);
    *busy = rc == 0 && ids.rows > 0;
    if (*busy)
        rc = send_apply(r, &ids, err);
    lc_answer_release(&ids);
    return rc;
}

/* Send the next batch. *sent false: there is none. */
static int submit(struct lc_backfill_state *r, bool *sent, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_buf sql;
    size_t n = 0;
    int rc;

    lc_buf_init(&sql, (size_t)64 << 20);
    rc = make_batch(r, &sql, &n, err);
    *sent = n > 0;
    if (rc == 0 && n && !lc_buf_str(&sql))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a backfill");
    LC_TEST_POINT("before partitions are sent");
    if (rc == 0 && n)
        rc = send(r, lc_buf_str(&sql), &why);
    if (rc == LC_ERR_SERVER && why.code)
        lc_backfill_still_there(r->t, err); /* says more than the server's refusal */
    lc_error_pass(err, &why);
    LC_TEST_POINT("partitions were sent");
    lc_buf_release(&sql);
    r->pause_ms = LC_BACKFILL_FIRST_PAUSE_MS;
    return rc ? rc : lc_backfill_list_mutations(r, err);
}

/* Fill the free places. *done: nothing lacks the column, and nothing of ours runs. */
int lc_backfill_go_on(struct lc_backfill_state *r, bool *done, struct lc_error *err)
{
    unsigned most = r->o->max_parallel ? r->o->max_parallel : 1;
    int rc = 0;

    *done = false;
    while (rc == 0 && r->in_flight < most) {
        bool sent, busy = false;

        r->next_look_ms = 0; /* what is sent is decided by how the table is now */
        rc = lc_backfill_look_when_due(r, err);
        if (rc == 0)
            rc = apply_patches(r, &busy, err);
        if (rc == 0 && busy)
            return 0;
        if (rc == 0)
            rc = submit(r, &sent, err);
        if (rc == 0 && !sent) {
            *done = r->t->left.n == 0 && r->in_flight == 0;
            return *done ? lc_backfill_still_there(r->t, err) : 0;
        }
        if (rc == 0 && r->in_flight == 0)
            return 0; /* so small that it is over already */
    }
    return rc;
}
