/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   lc_mutation_watch   note the ids on each host, and in Keeper
 *          │            the caller sends its ALTER
 *   lc_mutation_wait    look ─▶ all done? ─▶ tell, pause (5 ms, doubled up to 500 ms) ─▶ look …
 *
 * A look asks Keeper first and the hosts afterwards: a mutation that Keeper had by then must be on each
 * replica, shown as done. Asked the other way round, one that was made in between would be missed. A host or a
 * Keeper that does not answer counts as undone, and the wait goes on.
 *
 * A mutation of before is not waited for, unless lc_mutation_find has taken it for an earlier send of the
 * same statement (make_ours).
 */
#include "cli/server/mutation.h"

#include "base/format.h"
#include "base/clock.h"
#include "base/signals.h"
#include "cli/server/keeper.h"
#include "cli/server/query.h"
#include "cli/server/same_sql.h"
#include "cli/server/server_error.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PAUSE_MS = 5,
    LAST_PAUSE_MS = 500,
    STANDSTILL_MS = 60000,
    TELL_FROM_MS = 200,  /* what is shorter shows no progress, and is not asked for it */
    FINISHED_KEPT = 100, /* finished_mutations_to_keep, unless the table says otherwise */
    ABORTED = 236 /* a pause (merges stopped, a restart), not a failure: the server goes on */
};

/*
 * All mutations of the table that the host shows, done ones too, as columns of
 * lc_sql_mutations. Older servers give no reason of a failure; the column is empty then.
 */
static int list(const struct lc_mutation_watch *w, size_t host, struct lc_answer *t,
                struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", w->database}, {"table", w->table}, {NULL, NULL}};

    return lc_cluster_read(w->cluster, host,
                           w->facts->fail_reason ? lc_sql_mutations : lc_sql_mutations_plain,
                           lc_sql_host_mutations, args, t, err);
}

/* What was there of that id before, or NULL. */
static struct lc_mutation_seen *seen(const struct lc_mutation_watch *w, size_t host, const char *id)
{
    for (size_t i = 0; i < w->before_n; i++) {
        if (w->before[i].host == host && strcmp(w->before[i].id, id) == 0)
            return &w->before[i];
    }
    return NULL;
}

/* How many rows the table has, for the progress. Asked once, and only when progress is shown. */
static int count_rows(struct lc_mutation_watch *w, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", w->database}, {"table", w->table}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(w->b, lc_sql_table_rows, args, &t, err);

    w->rows_counted = rc == 0;
    if (rc == 0)
        w->rows_total = lc_answer_u64(&t, 0, LC_SQL_TABLE_ROWS_TABLE_ROWS, 0);
    lc_answer_release(&t);
    return rc;
}

/* Note the mutations that the host shows before the send, and when each had failed last. */
static int note_host(struct lc_mutation_watch *w, size_t host, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_mutation_seen *more;
    int rc = list(w, host, &t, err);

    more = rc == 0 ? realloc(w->before, (w->before_n + t.rows + 1) * sizeof *more) : NULL;
    if (more)
        w->before = more;
    else if (rc == 0)
        rc = lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        w->before[w->before_n] = (struct lc_mutation_seen){
            .host = host,
            .id = strdup(lc_answer_at(&t, i, LC_SQL_MUTATIONS_MUTATION_ID)->p),
            .fail_s = lc_answer_u64(&t, i, LC_SQL_MUTATIONS_FAIL_S, 0)};
        if (!w->before[w->before_n].id)
            rc = lc_no_memory(err);
        else
            w->before_n++;
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * Note the mutations that Keeper has under the table's path. Replicas of one shard have one
 * path, which is asked once: *shard is its index in w->shards.
 */
static int note_shard(struct lc_mutation_watch *w, const char *path, size_t *shard,
                      struct lc_error *err)
{
    struct lc_mutation_shard *s;
    struct lc_answer t = {0};
    char *node;
    int rc;

    if (asprintf(&node, "%s/mutations", path) < 0)
        return lc_no_memory(err);
    for (*shard = 0; *shard < w->shards_n; ++*shard) {
        if (strcmp(w->shards[*shard].path, node) == 0) {
            free(node);
            return 0;
        }
    }
    s = &w->shards[w->shards_n++];
    s->path = node;
    rc = lc_keeper_children(w->b, node, lc_stop_flag(), &t, err);
    s->before = rc == 0 ? calloc(t.rows + 1, sizeof *s->before) : NULL;
    if (rc == 0 && !s->before)
        rc = lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        s->before[s->before_n] = strdup(lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_NAME)->p);
        if (!s->before[s->before_n])
            rc = lc_no_memory(err);
        else
            s->before_n++;
    }
    lc_answer_release(&t);
    return rc;
}

/* Where the host's replica of the table lies in Keeper. */
static int note_path(struct lc_mutation_watch *w, size_t host, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", w->database}, {"table", w->table}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_cluster_read(w->cluster, host, lc_sql_table_keeper_path,
                             lc_sql_host_table_keeper_path, args, &t, err);

    if (rc == 0 && t.rows) {
        w->replicas = lc_answer_u64(&t, 0, LC_SQL_TABLE_KEEPER_PATH_TOTAL_REPLICAS, 0);
        w->active = lc_answer_u64(&t, 0, LC_SQL_TABLE_KEEPER_PATH_ACTIVE_REPLICAS, 0);
        rc = note_shard(w, lc_answer_at(&t, 0, LC_SQL_TABLE_KEEPER_PATH_ZOOKEEPER_PATH)->p,
                        &w->shard_of[host], err);
    }
    lc_answer_release(&t);
    return rc;
}

int lc_mutation_watch(struct lc_mutation_watch *w, const struct lc_cluster *cluster,
                      const struct lc_abilities *facts, const char *database, const char *table,
                      struct lc_error *err)
{
    int rc = 0;

    *w = (struct lc_mutation_watch){.b = cluster->b,
                                    .cluster = cluster,
                                    .facts = facts,
                                    .database = database,
                                    .table = table,
                                    .shards = calloc(cluster->n, sizeof *w->shards),
                                    .shard_of = calloc(cluster->n, sizeof *w->shard_of),
                                    .begun_ms = lc_now_ms()};
    if (!w->shards || !w->shard_of)
        return lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < cluster->n; i++) {
        w->shard_of[i] = SIZE_MAX;
        if (cluster->v[i].down)
            continue;
        rc = note_host(w, i, err);
        if (rc == 0 && facts->keeper && facts->replicas)
            rc = note_path(w, i, err);
    }
    return rc;
}

/*
 * From now on it is waited for like one that was not there before. In the list from Keeper its
 * name is emptied, so that missing() asks for it on every replica.
 */
static void make_ours(struct lc_mutation_watch *w, size_t host, const char *id)
{
    struct lc_mutation_seen *before = seen(w, host, id);

    if (before)
        before->ours = true;
    if (w->shard_of[host] < w->shards_n) {
        struct lc_mutation_shard *s = &w->shards[w->shard_of[host]];

        for (size_t i = 0; i < s->before_n; i++) {
            if (strcmp(s->before[i], id) == 0)
                s->before[i][0] = '\0';
        }
    }
}

/* "mutation_12.txt" and "0000000012" are number 12. */
static uint64_t number_of(const char *id)
{
    return strtoull(id + strcspn(id, "0123456789"), NULL, 10);
}

const char *lc_mutation_newest(const struct lc_mutation_watch *w, char *out, size_t size)
{
    size_t at = 0;

    for (size_t host = 0; host < w->cluster->n; host++) {
        uint64_t newest = 0;
        int n;

        for (size_t i = 0; i < w->before_n; i++) {
            if (w->before[i].host == host && number_of(w->before[i].id) > newest)
                newest = number_of(w->before[i].id);
        }
        n = snprintf(out + at, size - at, "%s%" PRIu64, host ? "," : "", newest);
        if (n < 0 || (size_t)n >= size - at) {
            *out = '\0';
            return out;
        }
        at += (size_t)n;
    }
    return out;
}

int lc_mutation_after(struct lc_mutation_watch *w, const char *newest, struct lc_error *err)
{
    size_t hosts = 1;

    for (const char *p = newest; *p; p++)
        hosts += *p == ',';
    if (!*newest || hosts != w->cluster->n)
        return 0;
    free(w->after);
    w->after = calloc(hosts, sizeof *w->after);
    if (!w->after)
        return lc_no_memory(err);
    for (size_t i = 0; i < hosts; i++) {
        w->after[i] = strtoull(newest, NULL, 10);
        newest += strcspn(newest, ",");
        newest += *newest == ',';
    }
    return 0;
}

/*
 * Was it there before the statement was sent? By its time, which has whole seconds; by its
 * number, where one was noted before the send; by the list, where that was made before the
 * send.
 */
static bool is_older(const struct lc_mutation_watch *w, size_t host, const struct lc_answer *t,
                     size_t row, uint64_t since_s)
{
    const char *id = lc_answer_at(t, row, LC_SQL_MUTATIONS_MUTATION_ID)->p;

    return lc_answer_u64(t, row, LC_SQL_MUTATIONS_MADE_S, 0) < since_s ||
           (w->after && number_of(id) <= w->after[host]) || (w->before_send && seen(w, host, id));
}

/*
 * Look for the command among one host's newer mutations. The server forgets finished ones
 * above FINISHED_KEPT: a list of at least so many, all of them newer, may have lost the one
 * that is looked for, and NONE becomes UNSURE.
 */
static int find_on_host(struct lc_mutation_watch *w, size_t host, struct lc_slice command,
                        uint64_t since_s, enum lc_mutation_trace *trace, struct lc_error *err)
{
    struct lc_answer t = {0};
    size_t newer = 0;
    int rc = list(w, host, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const struct lc_cell *stored = lc_answer_at(&t, i, LC_SQL_MUTATIONS_COMMAND);
        enum lc_sameness same;

        if (is_older(w, host, &t, i, since_s))
            continue;
        newer++;
        rc = lc_same_command(w->b, w->facts, w->database, command,
                             (struct lc_slice){(const uint8_t *)stored->p, stored->n}, &same, err);
        if (rc || same == LC_DIFFERENT)
            continue;
        make_ours(w, host, lc_answer_at(&t, i, LC_SQL_MUTATIONS_MUTATION_ID)->p);
        if (same == LC_SAME)
            *trace = LC_MUTATION_FOUND;
        else if (*trace == LC_MUTATION_NONE)
            *trace = LC_MUTATION_UNSURE;
    }
    if (rc == 0 && *trace == LC_MUTATION_NONE && newer == t.rows && newer >= FINISHED_KEPT)
        *trace = LC_MUTATION_UNSURE;
    lc_answer_release(&t);
    return rc;
}

int lc_mutation_find(struct lc_mutation_watch *w, struct lc_slice command, uint64_t since_s,
                     enum lc_mutation_trace *trace, struct lc_error *err)
{
    int rc = 0;

    *trace = LC_MUTATION_NONE;
    for (size_t host = 0; rc == 0 && host < w->cluster->n; host++) {
        if (!w->cluster->v[host].down)
            rc = find_on_host(w, host, command, since_s, trace, err);
    }
    return rc;
}

/* The error of a mutation that fails, with the ways out. */
static int failed(const struct lc_mutation_watch *w, const struct lc_answer *t, size_t row,
                  struct lc_error *err)
{
    const struct lc_cell *reason = lc_answer_at(t, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);
    const char *id = lc_answer_at(t, row, LC_SQL_MUTATIONS_MUTATION_ID)->p;
    struct lc_error one = LC_ERROR_INIT;

    lc_server_error(&one, reason->p, reason->n);
    if (err && err->code == 0)
        err->server_code = one.server_code;
    lc_fail(err, LC_ERR_SERVER, "mutation %s of %s.%s fails at part %s: %s", id, w->database,
            w->table, lc_answer_at(t, row, LC_SQL_MUTATIONS_LATEST_FAILED_PART)->p, one.msg);
    lc_hint(err,
            "the server retries it forever, and it blocks later mutations of the table: fix the "
            "cause and run the same again, which waits for it; or end it by KILL MUTATION WHERE "
            "database = '%s' AND table = '%s' AND mutation_id = '%s'",
            w->database, w->table, id);
    return LC_ERR_SERVER;
}

/* A failure from before is history: its cause may have been fixed since. */
static bool is_failing(const struct lc_answer *t, size_t row, const struct lc_mutation_seen *before)
{
    const struct lc_cell *reason = lc_answer_at(t, row, LC_SQL_MUTATIONS_LATEST_FAIL_REASON);

    return reason->n &&
           (!before || lc_answer_u64(t, row, LC_SQL_MUTATIONS_FAIL_S, 0) > before->fail_s) &&
           lc_server_error_code(reason->p, reason->n) != ABORTED;
}

/* Say what is waited for, the first thing of a look alone. */
static void set_waiting(struct lc_mutation_watch *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void set_waiting(struct lc_mutation_watch *w, const char *fmt, ...)
{
    va_list ap;

    if (w->waiting[0])
        return;
    va_start(ap, fmt);
    vsnprintf(w->waiting, sizeof w->waiting, fmt, ap);
    va_end(ap);
}

/* Was it in Keeper before the send, and is it not ours? */
static bool was_before(const struct lc_mutation_shard *s, const char *id)
{
    for (size_t i = 0; i < s->before_n; i++) {
        if (strcmp(s->before[i], id) == 0)
            return true;
    }
    return false;
}

/*
 * How many mutations that Keeper has are not on the host yet: a replica that was just started
 * shows nothing for a while, and would pass for done.
 */
static unsigned missing(struct lc_mutation_watch *w, size_t host, const struct lc_answer *shown,
                        const struct lc_answer *expected)
{
    const struct lc_mutation_shard *s = &w->shards[w->shard_of[host]];
    unsigned n = 0;

    for (size_t i = 0; i < expected->rows; i++) {
        const char *id = lc_answer_at(expected, i, LC_SQL_KEEPER_CHILDREN_NAME)->p;
        bool there = was_before(s, id);

        for (size_t k = 0; !there && k < shown->rows; k++)
            there = strcmp(lc_answer_at(shown, k, LC_SQL_MUTATIONS_MUTATION_ID)->p, id) == 0;
        if (there)
            continue;
        n++;
        set_waiting(w, "%s%s does not show mutation %s yet", w->cluster->name ? "host " : "",
                    w->cluster->name ? lc_cluster_host_name(w->cluster, host) : "the server", id);
    }
    return n;
}

/* One look at a host: how many of ours are undone there, and how many parts they have left. */
static int look_at_host(struct lc_mutation_watch *w, size_t host, const struct lc_answer *expected,
                        unsigned *undone, uint64_t *parts, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = list(w, host, &t, &why);

    if (rc == LC_ERR_SERVER && w->cluster->name && lc_cluster_is_unreachable(&why)) {
        ++*undone;
        set_waiting(w, "host %s does not answer", lc_cluster_host_name(w->cluster, host));
        return 0;
    }
    if (rc)
        lc_error_pass(err, &why);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const struct lc_mutation_seen *before =
            seen(w, host, lc_answer_at(&t, i, LC_SQL_MUTATIONS_MUTATION_ID)->p);

        if ((before && !before->ours) || lc_answer_u64(&t, i, LC_SQL_MUTATIONS_IS_DONE, 1))
            continue;
        ++*undone;
        *parts += lc_answer_u64(&t, i, LC_SQL_MUTATIONS_PARTS_TO_DO, 0);
        if (is_failing(&t, i, before))
            rc = failed(w, &t, i, err);
    }
    if (rc == 0 && expected)
        *undone += missing(w, host, &t, expected);
    lc_answer_release(&t);
    return rc;
}

/* The mutations that Keeper has; none, and the wait goes on, while it is away. */
static int look_at_keeper(struct lc_mutation_watch *w, struct lc_answer *expected, unsigned *undone,
                          struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < w->shards_n; i++) {
        struct lc_error why = LC_ERROR_INIT;

        rc = lc_keeper_children_now(w->b, w->shards[i].path, &expected[i], &why);
        if (rc == LC_ERR_SERVER && lc_keeper_is_away(&why)) {
            ++*undone;
            set_waiting(w, "Keeper does not answer");
            rc = 0;
        } else if (rc) {
            lc_error_pass(err, &why);
        }
    }
    return rc;
}

/* A server that says of no mutation that it fails: at least that nothing moves is said. */
static void note_standstill(struct lc_mutation_watch *w, uint64_t parts)
{
    uint64_t now = lc_now_ms();

    if (parts != w->last_parts || w->moved_ms == 0) {
        w->last_parts = parts;
        w->moved_ms = now;
    }
    if (!w->facts->fail_reason && parts > 0 && now - w->moved_ms > STANDSTILL_MS)
        set_waiting(w,
                    "no part was done for %" PRIu64
                    " s: one may be large, or may fail, which this server does not report; livecol "
                    "doctor asks the function or dictionary",
                    (now - w->moved_ms) / 1000);
}

/* One look at all. Keeper first: what it has by then must be on the hosts afterwards. */
static int look(struct lc_mutation_watch *w, unsigned *undone, uint64_t *parts,
                struct lc_error *err)
{
    struct lc_answer *expected = calloc(w->cluster->n, sizeof *expected);
    int rc = expected ? 0 : lc_no_memory(err);

    *undone = 0;
    *parts = 0;
    w->waiting[0] = '\0';
    if (rc == 0)
        rc = look_at_keeper(w, expected, undone, err);
    for (size_t i = 0; rc == 0 && i < w->cluster->n; i++) {
        size_t shard = w->shard_of[i];

        if (!w->cluster->v[i].down)
            rc = look_at_host(w, i, shard < w->shards_n ? &expected[shard] : NULL, undone, parts,
                              err);
    }
    for (size_t i = 0; expected && i < w->shards_n; i++)
        lc_answer_release(&expected[i]);
    free(expected);
    if (rc == 0)
        note_standstill(w, *parts);
    return rc;
}

/*
 * What the parts in work add to the parts that are done. *shares: the sum of each one's
 * progress, 0 … 1; *rows: rows read so far. Both 0 where the server does not tell merges from
 * mutations.
 */
static int look_within(const struct lc_mutation_watch *w, double *shares, uint64_t *rows,
                       struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", w->database}, {"table", w->table}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc;

    *shares = 0;
    *rows = 0;
    if (!w->facts->merge_mutation)
        return 0;
    rc = lc_query_read(w->b, lc_sql_mutation_merges, args, &t, err);
    if (rc == 0) {
        *shares = lc_answer_f64(&t, 0, LC_SQL_MUTATION_MERGES_PARTS, 0);
        *rows = lc_answer_u64(&t, 0, LC_SQL_MUTATION_MERGES_ROWS, 0);
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * Report the progress. parts_total is the most that any look has seen: mutations may be added
 * during the wait, and parts may be merged. Rows and the time left follow from the fraction of
 * parts, as if all parts were of one size.
 */
static int tell(struct lc_mutation_watch *w, const struct lc_mutation_hooks *hooks,
                uint64_t parts_to_do, struct lc_error *err)
{
    struct lc_mutation_progress p = {.parts_to_do = parts_to_do,
                                     .rows_total = w->rows_total,
                                     .waiting = w->waiting[0] ? w->waiting : NULL,
                                     .elapsed_ms = lc_now_ms() - w->begun_ms};
    double shares = 0;
    uint64_t rows = 0;
    int rc;

    if (!hooks->progress || p.elapsed_ms < TELL_FROM_MS)
        return 0;
    rc = w->rows_counted ? 0 : count_rows(w, err);
    p.rows_total = w->rows_total;
    if (rc == 0)
        rc = look_within(w, &shares, &rows, err);
    if (rc)
        return rc;
    if (parts_to_do > w->parts_total)
        w->parts_total = parts_to_do;
    p.parts_total = w->parts_total;
    if (shares > (double)parts_to_do)
        shares = (double)parts_to_do;
    if (p.parts_total)
        p.fraction = ((double)(p.parts_total - parts_to_do) + shares) / (double)p.parts_total;
    p.rows_done = lc_double_to_u64(p.fraction * (double)p.rows_total);
    if (p.elapsed_ms >= 200 && p.fraction > 0) {
        p.rows_per_s = (double)p.rows_done * 1000 / (double)p.elapsed_ms;
        p.left_ms = lc_double_to_u64((double)p.elapsed_ms * (1 - p.fraction) / p.fraction);
    }
    hooks->progress(hooks->ctx, &p);
    return 0;
}

int lc_mutation_wait(struct lc_mutation_watch *w, const struct lc_mutation_hooks *hooks,
                     struct lc_error *err)
{
    unsigned pause = FIRST_PAUSE_MS;

    w->begun_ms = lc_now_ms();
    for (;;) {
        unsigned undone;
        uint64_t parts;
        int rc = look(w, &undone, &parts, err);

        if (rc || undone == 0)
            return rc;
        rc = tell(w, hooks, parts, err);
        if (rc)
            return rc;
        if (lc_sleep_ms(pause, hooks->cancel)) {
            lc_fail(err, LC_ERR_STOPPED, "stopped; the mutation of %s.%s continues on the server",
                    w->database, w->table);
            lc_hint(err, "run the same again to wait for its end");
            return LC_ERR_STOPPED;
        }
        pause = pause * 2 < LAST_PAUSE_MS ? pause * 2 : LAST_PAUSE_MS;
    }
}

void lc_mutation_release(struct lc_mutation_watch *w)
{
    for (size_t i = 0; i < w->before_n; i++)
        free(w->before[i].id);
    free(w->before);
    for (size_t i = 0; i < w->shards_n; i++) {
        for (size_t k = 0; k < w->shards[i].before_n; k++)
            free(w->shards[i].before[k]);
        free(w->shards[i].before);
        free(w->shards[i].path);
    }
    free(w->shards);
    free(w->shard_of);
    free(w->after);
    *w = (struct lc_mutation_watch){0};
}
