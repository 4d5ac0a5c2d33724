/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column/backfill.h"

#include "cli/server/retry.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/test_points.h"
#include "base/utf8.h"
#include "cli/column/backfill_disk.h"
#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/sql/mutation_command.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PAUSE_MS = 5,
    LAST_PAUSE_MS = 150,
    LOOK_SHARE = 20,        /* a look at the parts may take one part in so many of the time */
    FIRST_RATE_MS = 200,    /* before, a rate is a guess */
    SENDS_WITHOUT_GAIN = 5, /* a partition in which as many mutations in turn have stored nothing */
    BATCHES = 16,           /* mutations in all, about: see backfill.h */
    LEAST_BATCH_ROWS = 10000000,
    BATCH_MAX_BYTES = 64 << 10, /* of SQL: servers refuse more than max_query_size, 256 KiB */
    APPLIES_MAX = 10,           /* times that values of lightweight UPDATEs are applied in turn */
    DISK_EVERY_MS = 500,
    ABORTED = 236, /* a pause (merges stopped, a restart), not a failure */
    UNKNOWN_FUNCTION = 46,
    UNKNOWN_MS = 6000
};

/* How often a partition was sent without a part of it having become done. */
struct sent {
    char *id;
    uint64_t parts; /* that lacked the column when it was last sent */
    unsigned without_gain;
};

struct run {
    struct lc_backfill_target *t;
    const struct lc_backfill_options *o;
    const struct lc_backfill_hooks *hooks;
    const char *query_id;
    struct lc_backfill_progress *p;
    struct lc_throttle *throttle;
    struct lc_answer mutations; /* as of the last look at them */
    unsigned in_flight;         /* of ours */
    unsigned sends;
    uint64_t since_s; /* the server's time when this run began */
    uint64_t begun_ms, next_look_ms, wait_begun_ms;
    uint64_t unknown_since_ms; /* a function is unknown to the server; 0: none is */
    bool waits;
    struct sent *sent;
    size_t sent_n;
    size_t patched;   /* partitions with values to apply, when last sent */
    unsigned applies; /* sent in turn, without their becoming fewer */
    unsigned pause_ms;
    uint64_t parts_in_work, next_disk_ms;
    uint64_t largest_bytes; /* of the parts that were left when it began */
};

static void say(const struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct run *r, const char *fmt, ...)
{
    char text[1280];
    va_list ap;

    if (!r->hooks->say)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_utf8_cut(text);
    r->hooks->say(r->hooks->ctx, text);
}

static const char *id_of(const struct run *r, size_t row)
{
    return lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_MUTATION_ID)->p;
}

static struct lc_slice command_of(const struct run *r, size_t row)
{
    const struct lc_cell *command = lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_COMMAND);

    return (struct lc_slice){(const uint8_t *)command->p, command->n};
}

/* A mutation has a row for each of its commands. */
static bool is_ours(const struct run *r, size_t row)
{
    return !lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_IS_DONE, 1) &&
           lc_backfill_is_ours(command_of(r, row), r->t->column);
}

/* Of a mutation that does nothing else: one that does is somebody's, and never killed. */
static bool is_first_of_ours(const struct run *r, size_t row)
{
    if (!is_ours(r, row))
        return false;
    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (strcmp(id_of(r, i), id_of(r, row)) == 0 && (i < row || !is_ours(r, i)))
            return false;
    }
    return true;
}

static bool is_plain_word(const char *s)
{
    return *s &&
           s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

/* The column's name as a shell takes it for lc_column_name_parse. */
static int add_name(struct lc_buf *out, const struct lc_backfill_target *t)
{
    const char *const names[] = {t->database, t->table, t->column};
    bool plain = is_plain_word(t->database) && is_plain_word(t->table) && is_plain_word(t->column);
    struct lc_buf quoted;
    int rc = 0;

    if (plain)
        return lc_buf_addf(out, "%s.%s.%s", t->database, t->table, t->column);
    lc_buf_init(&quoted, (size_t)1 << 16);
    for (size_t i = 0; rc == 0 && i < 3; i++)
        rc = (i && lc_buf_adds(&quoted, ".")) || lc_sql_add_id(&quoted, names[i]);
    rc = rc || lc_buf_adds(out, "'");
    for (size_t i = 0; rc == 0 && i < quoted.n; i++) {
        if (quoted.p[i] < ' ' || quoted.p[i] == 0x7f)
            rc = lc_buf_addf(out, "\\x%02x", quoted.p[i]);
        else
            rc = quoted.p[i] == '\'' ? lc_buf_adds(out, "'\\''") : lc_buf_add(out, &quoted.p[i], 1);
    }
    lc_buf_release(&quoted);
    return rc || lc_buf_adds(out, "'");
}

/* The error of a mutation that fails: ours, or one that is before ours. */
static int failing(const struct run *r, size_t row, struct lc_error *err)
{
    const struct lc_answer *m = &r->mutations;
    const struct lc_backfill_target *t = r->t;
    const struct lc_cell *reason = lc_answer_at(m, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);
    const char *id = id_of(r, row);
    const struct lc_sql_arg args[] = {
        {"database", t->database}, {"table", t->table}, {"id", id}, {NULL, NULL}};
    struct lc_error one = LC_ERROR_INIT;
    struct lc_buf way_out;

    lc_server_error(&one, reason->p, reason->n);
    if (err && err->code == 0)
        err->server_code = one.server_code;
    lc_fail(err, LC_ERR_SERVER, "mutation %s of %s.%s (%s) fails at part %s: %s", id, t->database,
            t->table, lc_answer_at(m, row, LC_SQL_MUTATIONS_COMMAND)->p,
            lc_answer_at(m, row, LC_SQL_MUTATIONS_LATEST_FAILED_PART)->p, one.msg);
    lc_buf_init(&way_out, sizeof one.hint);
    if (is_ours(r, row)) {
        if (add_name(&way_out, t) == 0 && lc_buf_str(&way_out))
            lc_hint(err,
                    "the server retries it, and it blocks the mutations behind it. Fix the "
                    "function and run again; or MODIFY COLUMN %s to a DEFAULT that works, which "
                    "heals it; or end it: livecol backfill %s --cancel",
                    t->column, lc_buf_str(&way_out));
    } else {
        if (lc_sql_format(&way_out, lc_sql_backfill_kill, args, NULL) == 0 && lc_buf_str(&way_out))
            lc_hint(
                err,
                "the mutation belongs to another column and blocks those queued after it: fix its cause, or run %s",
                lc_buf_str(&way_out));
    }
    lc_buf_release(&way_out);
    return LC_ERR_SERVER;
}

static bool is_failing(const struct run *r, size_t row)
{
    const struct lc_cell *reason =
        lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);

    /* A failure from before is history: its cause may have been fixed since. */
    return !lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_IS_DONE, 1) && reason->n &&
           (lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_FAIL_S, 0) > r->since_s ||
            lc_answer_u64(&r->mutations, row, LC_SQL_MUTATIONS_MADE_S, 0) > r->since_s) &&
           lc_server_error_code(reason->p, reason->n) != ABORTED;
}

static int list_mutations(struct run *r, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->table}, {NULL, NULL}};
    unsigned before = r->in_flight;
    int rc = lc_query_read(r->t->b, lc_sql_mutations, args, &r->mutations, err);

    r->in_flight = 0;
    for (size_t i = 0; rc == 0 && i < r->mutations.rows; i++)
        r->in_flight += is_first_of_ours(r, i);
    if (r->in_flight < before)
        r->next_look_ms = 0; /* one has ended: what is left has changed */
    return rc;
}

/* May it be over by itself in a moment? Then it is not told yet. */
static bool may_pass(struct run *r, size_t row)
{
    const struct lc_cell *reason =
        lc_answer_at(&r->mutations, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);

    if (lc_server_error_code(reason->p, reason->n) != LC_SERVER_UNKNOWN_FUNCTION)
        return false;
    if (r->unknown_since_ms == 0) {
        r->unknown_since_ms = lc_now_ms();
        say(r, "the server does not know a function, as one that starts: looking again for %d s",
            UNKNOWN_MS / 1000);
    }
    return lc_now_ms() - r->unknown_since_ms < UNKNOWN_MS;
}

static int look_for_failures(struct run *r, struct lc_error *err)
{
    bool passing = false;

    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (!is_failing(r, i))
            continue;
        if (!may_pass(r, i))
            return failing(r, i, err);
        passing = true;
    }
    if (!passing)
        r->unknown_since_ms = 0;
    return 0;
}

/* KILL MUTATION for each of ours; one that has ended meanwhile is as good. */
static int kill_ours(struct run *r, unsigned *killed, struct lc_error *err)
{
    int rc = 0;

    *killed = 0;
    for (size_t i = 0; rc == 0 && i < r->mutations.rows; i++) {
        const struct lc_sql_arg args[] = {{"database", r->t->database},
                                          {"table", r->t->table},
                                          {"id", id_of(r, i)},
                                          {NULL, NULL}};

        if (!is_first_of_ours(r, i))
            continue;
        rc = lc_query_read(r->t->b, lc_sql_backfill_kill, args, NULL, err);
        *killed += rc == 0;
    }
    return rc;
}

/* As often as it is cheap: a table may have very many parts and columns. */
static int look_when_due(struct run *r, struct lc_error *err)
{
    uint64_t now = lc_now_ms();
    int rc;

    if (now < r->next_look_ms)
        return 0;
    rc = lc_backfill_look(r->t, err);
    r->next_look_ms = lc_now_ms() + r->t->look_ms * LOOK_SHARE + LAST_PAUSE_MS;
    return rc;
}

/* Rows that mutations have read of the parts in work, and how many these are. */
static int look_at_work(struct run *r, uint64_t *rows, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->table}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = lc_query_read(r->t->b, lc_sql_backfill_merges, args, &a, err);

    *rows = rc == 0 ? lc_answer_u64(&a, 0, LC_SQL_BACKFILL_MERGES_ROWS, 0) : 0;
    r->parts_in_work = rc == 0 ? lc_answer_u64(&a, 0, LC_SQL_BACKFILL_MERGES_PARTS, 0) : 0;
    lc_answer_release(&a);
    return rc;
}

/* What is done never shrinks, though a look may be older than what it is compared with. */
static void count_done(struct run *r, uint64_t in_work)
{
    const struct lc_backfill_partition *left = &r->t->left.sum;
    struct lc_backfill_progress *p = r->p;
    uint64_t rows;

    if (p->parts_done + left->parts > p->parts_total)
        p->parts_total = p->parts_done + left->parts;
    p->parts_done = p->parts_total - left->parts;
    if (left->rows > p->rows_total)
        p->rows_total = left->rows;
    rows = p->rows_total - left->rows + (in_work < left->rows ? in_work : left->rows);
    if (rows > p->rows_done)
        p->rows_done = rows;
}

static int update_progress(struct run *r, struct lc_error *err)
{
    struct lc_backfill_progress *p = r->p;
    uint64_t in_work = 0, active_ms, now = lc_now_ms();
    int rc = r->in_flight ? look_at_work(r, &in_work, err) : 0;

    if (rc)
        return rc;
    count_done(r, in_work);
    if (r->waits) {
        p->waited_ms += now - r->wait_begun_ms;
        r->wait_begun_ms = now;
    }
    p->elapsed_ms = now - r->begun_ms;
    active_ms = p->elapsed_ms - p->waited_ms;
    if (active_ms >= FIRST_RATE_MS && p->rows_done) {
        p->rows_per_s = (double)p->rows_done * 1000 / (double)active_ms;
        p->left_ms =
            lc_double_to_u64((double)(p->rows_total - p->rows_done) * 1000 / p->rows_per_s);
    }
    if (r->hooks->progress)
        r->hooks->progress(r->hooks->ctx, p);
    return 0;
}

static bool in_flight(const struct run *r, const char *partition)
{
    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (!lc_answer_u64(&r->mutations, i, LC_SQL_MUTATIONS_IS_DONE, 1) &&
            lc_backfill_covers(command_of(r, i), r->t->column, partition))
            return true;
    }
    return false;
}

/* Partition number i in the order asked for. */
static const struct lc_backfill_partition *in_order(const struct run *r, size_t i)
{
    const struct lc_backfill_left *left = &r->t->left;

    return &left->v[r->o->oldest_first ? i : left->n - 1 - i];
}

static uint64_t batch_rows(const struct run *r)
{
    uint64_t rows = r->p->rows_total / BATCHES;

    if (r->o->batch_rows)
        return r->o->batch_rows;
    return rows > LEAST_BATCH_ROWS ? rows : LEAST_BATCH_ROWS;
}

/* Note that it is sent; an error where it was sent too often in vain. */
static int note_sent(struct run *r, const struct lc_backfill_partition *p, struct lc_error *err)
{
    struct sent *s = NULL, *grown;

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
        *s = (struct sent){.id = strdup(p->id), .parts = p->parts + 1};
        if (!s->id)
            return lc_fail(err, LC_ERR_NOMEM, "no memory for a backfill");
        r->sent_n++;
    }
    s->without_gain = p->parts < s->parts ? 0 : s->without_gain + 1;
    s->parts = p->parts;
    if (s->without_gain < SENDS_WITHOUT_GAIN)
        return 0;
    lc_fail(err, LC_ERR_SERVER,
            "%" PRIu64 " part(s) of partition %s still lack %s after %d mutations", p->parts,
            p->text, r->t->column, SENDS_WITHOUT_GAIN);
    lc_hint(err, "a TTL of the column, merges that are stopped (SYSTEM STOP MERGES), or somebody "
                 "who kills the mutations keep it from being stored");
    return LC_ERR_SERVER;
}

static int send_once(struct run *r, const char *sql, struct lc_error *err)
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
    say(ctx, "%s; try %u of %u in %u ms", why->msg, attempt, LC_RETRY_TRIES, pause_ms);
}

/*
 * Send it, again where that helps. A lost answer needs no settling: a mutation that is there twice
 * stores nothing twice.
 */
static int send(struct run *r, const char *sql, struct lc_error *err)
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

static int add_command(const struct run *r, struct lc_buf *sql, const char *partition,
                       struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"partition", partition}, {"column", r->t->column}, {NULL, NULL}};

    return partition ? lc_sql_format(sql, lc_sql_backfill_partition, args, err)
                     : lc_sql_format(sql, lc_sql_backfill_whole, args + 1, err);
}

/* The next partitions that are not being worked on, as one ALTER. *n: how many; 0: none is left. */
static int make_batch(struct run *r, struct lc_buf *sql, size_t *n, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", r->t->database}, {"table", r->t->table}, {NULL, NULL}};
    uint64_t rows = 0, enough = batch_rows(r);
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

static bool patches_in_flight(const struct run *r)
{
    for (size_t i = 0; i < r->mutations.rows; i++) {
        if (!lc_answer_u64(&r->mutations, i, LC_SQL_MUTATIONS_IS_DONE, 1) &&
            lc_command_applies_patches(command_of(r, i)))
            return true;
    }
    return false;
}

/* Apply them in these partitions, by their ids. */
static int send_apply(struct run *r, const struct lc_answer *ids, struct lc_error *err)
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
    say(r,
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
    r->pause_ms = FIRST_PAUSE_MS;
    return rc;
}

/*
 * Values that a lightweight UPDATE has given to rows of parts that lack the column stand in parts
 * of their own ("patch-…"). MATERIALIZE COLUMN does not look there, and what it computes hides them
 * (26.7): they have to be applied before. *busy: that is being done.
 */
static int apply_patches(struct run *r, bool *busy, struct lc_error *err)
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
static int submit(struct run *r, bool *sent, struct lc_error *err)
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
    r->pause_ms = FIRST_PAUSE_MS;
    return rc ? rc : list_mutations(r, err);
}

/* Fill the free places. *done: nothing lacks the column, and nothing of ours runs. */
static int go_on(struct run *r, bool *done, struct lc_error *err)
{
    unsigned most = r->o->max_parallel ? r->o->max_parallel : 1;
    int rc = 0;

    *done = false;
    while (rc == 0 && r->in_flight < most) {
        bool sent, busy = false;

        r->next_look_ms = 0; /* what is sent is decided by how the table is now */
        rc = look_when_due(r, err);
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

static void begin_wait(struct run *r, const char *why)
{
    if (!r->waits) {
        r->waits = true;
        r->wait_begun_ms = lc_now_ms();
        say(r, "waiting: %s", why);
    }
    r->p->waiting = why;
}

static void end_wait(struct run *r)
{
    if (!r->waits)
        return;
    r->p->waited_ms += lc_now_ms() - r->wait_begun_ms;
    r->waits = false;
    r->p->waiting = NULL;
    say(r, "going on after %" PRIu64 " ms of waiting in all", r->p->waited_ms);
}

/* Pause, and say in which state all of it is. */
static int end_early(struct run *r, int code, const char *why, struct lc_error *err)
{
    unsigned killed;
    int rc = kill_ours(r, &killed, err);

    if (rc == 0)
        rc = lc_backfill_look(r->t, err);
    if (rc)
        return rc;
    count_done(r, 0);
    lc_fail(err, code, "%s: paused with %" PRIu64 " of %" PRIu64 " parts stored%s", why,
            r->p->parts_done, r->p->parts_total,
            killed && r->parts_in_work ? "; the server completes the part in work" : "");
    lc_hint(err, "run it again: what is stored is kept, and it goes on with the rest");
    return code;
}

/* Until the server is at no part of the table any more. */
static int wait_for_parts_in_work(struct run *r, struct lc_error *err)
{
    for (;;) {
        uint64_t rows;
        int rc = look_at_work(r, &rows, err);

        if (rc || r->parts_in_work == 0)
            return rc;
        lc_sleep_ms(LAST_PAUSE_MS, NULL);
    }
}

/* The disk has no room for a further part: pause, and see that what was written is whole. */
static int end_on_full_disk(struct run *r, const char *why, struct lc_error *err)
{
    unsigned killed;
    int rc = kill_ours(r, &killed, err);

    say(r, "%s", why);
    if (rc == 0)
        rc = wait_for_parts_in_work(r, err);
    if (rc == 0)
        rc = lc_backfill_check_written(r->t, r->since_s, err);
    if (rc == 0)
        rc = list_mutations(r, err);
    if (rc)
        return rc;
    rc = end_early(r, LC_ERR_SERVER, why, err);
    if (err)
        err->hint[0] = '\0';
    lc_hint(err, "make room, then run it again: what is stored is kept, and it goes on with the "
                 "rest");
    return rc;
}

/* Has it filled meanwhile? See backfill_disk.h. done: nothing is left to write. */
static int look_at_disk(struct run *r, bool done, struct lc_error *err)
{
    struct lc_backfill_disk disk;
    struct lc_error full = LC_ERROR_INIT;
    uint64_t now = lc_now_ms();
    int rc;

    if ((r->sends == 0 && r->in_flight == 0) || (!done && now < r->next_disk_ms))
        return 0;
    r->next_disk_ms = now + DISK_EVERY_MS;
    rc = lc_backfill_disk(r->t, &disk, err);
    if (rc || !*disk.name)
        return rc;
    if (done)
        return disk.free_bytes > r->largest_bytes
                   ? 0
                   : lc_backfill_check_written(r->t, r->since_s, err);
    return lc_backfill_check_disk(r->t, &disk, &full) == 0 ? 0 : end_on_full_disk(r, full.msg, err);
}

/* One round: what the load allows, with what is in flight. */
static int step(struct run *r, bool *done, struct lc_error *err)
{
    const char *why = NULL;
    unsigned killed;
    char critical[320];
    int rc = list_mutations(r, err);

    *done = false;
    if (rc == 0)
        rc = look_for_failures(r, err);
    if (rc)
        return rc;
    switch (lc_throttle_look(r->throttle, r->in_flight, &why)) {
    case LC_THROTTLE_CRITICAL:
        snprintf(critical, sizeof critical, "critical load, %s", why);
        return end_early(r, LC_ERR_CRITICAL, critical, err);
    case LC_THROTTLE_WAIT:
        begin_wait(r, why);
        rc = kill_ours(r, &killed, err);
        for (size_t i = 0; killed && i < r->sent_n; i++)
            r->sent[i].without_gain = 0; /* it was not given the time */
        break;
    case LC_THROTTLE_GO:
        end_wait(r);
        rc = go_on(r, done, err);
        break;
    }
    if (rc == 0)
        rc = look_when_due(r, err);
    if (rc == 0)
        rc = update_progress(r, err);
    return rc ? rc : look_at_disk(r, *done, err);
}

static int work(struct run *r, struct lc_error *err)
{
    bool done = false;

    for (;;) {
        int rc;

        if (r->o->cancel && atomic_load(r->o->cancel)) {
            rc = list_mutations(r, err);
            return rc ? rc : end_early(r, LC_ERR_STOPPED, "stopped", err);
        }
        rc = step(r, &done, err);
        if (rc || done)
            return rc;
        lc_sleep_ms(r->pause_ms, r->o->cancel);
        r->pause_ms = r->pause_ms * 2 < LAST_PAUSE_MS ? r->pause_ms * 2 : LAST_PAUSE_MS;
    }
}

static int begin(struct run *r, struct lc_error *err)
{
    struct lc_answer a = {0};
    int rc = lc_query_read(r->t->b, lc_sql_server_now, NULL, &a, err);

    r->since_s = rc == 0 ? lc_answer_u64(&a, 0, LC_SQL_SERVER_NOW_NOW_S, 0) : 0;
    lc_answer_release(&a);
    if (rc == 0)
        rc = list_mutations(r, err);
    if (rc == 0 && r->in_flight)
        say(r, "taking over %u mutation(s) of an earlier run", r->in_flight);
    if (rc == 0)
        rc = lc_throttle_open(&r->throttle, r->t->b, &r->o->throttle, r->t->database, r->t->table,
                              r->t->column, err);
    return rc;
}

/* Asked to stop, and the server cannot be told. */
static int stopped_without_answer(struct lc_error *err)
{
    struct lc_error why = *err;

    *err = LC_ERROR_INIT;
    lc_fail(err, LC_ERR_STOPPED, "stopped, but the server's mutation could not be ended: %.800s",
            why.msg);
    lc_hint(err, "once the server answers, run it again to go on, or with --cancel to end it");
    return LC_ERR_STOPPED;
}

int lc_backfill_run(struct lc_backfill_target *t, const struct lc_backfill_options *o,
                    const struct lc_backfill_hooks *hooks, const char *query_id,
                    struct lc_backfill_progress *p, struct lc_error *err)
{
    static const struct lc_backfill_hooks deaf = {0};
    struct lc_error local = LC_ERROR_INIT;
    struct run r = {.t = t,
                    .o = o,
                    .hooks = hooks ? hooks : &deaf,
                    .query_id = query_id,
                    .p = p,
                    .begun_ms = lc_now_ms(),
                    .largest_bytes = t->left.sum.largest_bytes,
                    .pause_ms = FIRST_PAUSE_MS};
    int rc;

    *p = (struct lc_backfill_progress){.parts_total = t->left.sum.parts,
                                       .rows_total = t->left.sum.rows};
    if (!err)
        err = &local;
    rc = begin(&r, err);
    if (rc == 0)
        rc = work(&r, err);
    if ((rc == LC_ERR_NOT_SENT || rc == LC_ERR_UNKNOWN) && o->cancel && atomic_load(o->cancel))
        rc = stopped_without_answer(err);
    p->elapsed_ms = lc_now_ms() - r.begun_ms;
    p->waiting = NULL;
    lc_throttle_free(r.throttle);
    lc_answer_release(&r.mutations);
    for (size_t i = 0; i < r.sent_n; i++)
        free(r.sent[i].id);
    free(r.sent);
    return rc;
}

int lc_backfill_cancel(struct lc_backfill_target *t, unsigned *killed, struct lc_error *err)
{
    static const struct lc_backfill_hooks deaf = {0};
    struct run r = {.t = t, .hooks = &deaf};
    int rc = list_mutations(&r, err);

    *killed = 0;
    if (rc == 0)
        rc = kill_ours(&r, killed, err);
    lc_answer_release(&r.mutations);
    return rc;
}

void lc_backfill_line(char *out, size_t size, const struct lc_backfill_target *t,
                      const struct lc_backfill_progress *p)
{
    char rate[16], elapsed[24], left[24];
    double share = p->rows_total ? (double)p->rows_done / (double)p->rows_total : 1;
    int n = snprintf(out, size, "backfill %s.%s.%s  %" PRIu64 "/%" PRIu64 " parts  %.1f%%",
                     t->database, t->table, t->column, p->parts_done, p->parts_total, share * 100);

    if (n >= 0 && (size_t)n < size && p->rows_per_s > 0)
        n +=
            snprintf(out + n, size - (size_t)n, "  %s rows/s", lc_short_count(rate, p->rows_per_s));
    if (n >= 0 && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, "  %s", lc_clock_time(elapsed, p->elapsed_ms));
    if (n >= 0 && (size_t)n < size && p->left_ms)
        n += snprintf(out + n, size - (size_t)n, ", ETA %s", lc_clock_time(left, p->left_ms));
    if (n >= 0 && (size_t)n < size && p->waiting)
        snprintf(out + n, size - (size_t)n, "  throttled: %s", p->waiting);
    lc_utf8_cut(out);
}
