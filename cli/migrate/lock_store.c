/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock is a table: its name carries its number, its columns' DEFAULTs say who holds it, so that number
 * and holder appear in one step, and its rows are the heartbeats. With a Replicated tracking table the
 * table's path in Keeper is the lock: of any number of hosts exactly one can create it.
 */
#include "cli/migrate/lock_store.h"

#include "cli/server/server_error.h"
#include "base/signals.h"
#include "base/test_points.h"
#include "cli/server/keeper.h"
#include "cli/server/query.h"
#include "cli/server/retry.h"
#include "cli/sql/fragment.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Livecol's own tables lie in Keeper under /livecol/<cluster>/<database>.<table>. */
#define OUR_ROOT "/livecol/"

unsigned lc_lock_stale_s(void)
{
    return LC_TEST_NUMBER("LIVECOL_TEST_STALE_S", LC_LOCK_STALE_S);
}

/* Did it fail since somebody else has removed the table meanwhile? */
static bool was_gone(int rc, const struct lc_error *err)
{
    return rc == LC_ERR_SERVER && (err->server_code == LC_SERVER_UNKNOWN_TABLE ||
                                   err->server_code == LC_SERVER_TABLE_IS_DROPPED);
}

char *lc_lock_table(const struct lc_lock_store *s, uint64_t n)
{
    char *name;

    return asprintf(&name, "%s_lock_%" PRIu64, s->tracking, n) < 0 ? NULL : name;
}

int lc_lock_store_open(struct lc_lock_store *s, struct lc_backend *b, const char *database,
                       const char *tracking, bool replicated, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {"table", tracking}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc;

    *s = (struct lc_lock_store){.b = b, .database = database, .tracking = tracking};
    if (!replicated)
        return 0;
    rc = lc_query_read(b, lc_sql_table_keeper_path, args, &t, err);
    if (rc == 0 && t.rows) {
        const char *path = lc_answer_at(&t, 0, LC_SQL_TABLE_KEEPER_PATH_ZOOKEEPER_PATH)->p;

        if (asprintf(&s->root, "%s-locks", path) < 0) {
            s->root = NULL;
            rc = lc_no_memory(err);
        }
        /*
         * A path of livecol's own making names the cluster, by which a lock's table on another
         * host can be dropped. Of any other path the cluster is not known.
         */
        if (strncmp(path, OUR_ROOT, strlen(OUR_ROOT)) == 0) {
            path += strlen(OUR_ROOT);
            s->cluster = strndup(path, strcspn(path, "/"));
            if (!s->cluster)
                rc = lc_no_memory(err);
        }
    }
    lc_answer_release(&t);
    return rc;
}

void lc_lock_store_release(struct lc_lock_store *s)
{
    free(s->root);
    free(s->cluster);
    *s = (struct lc_lock_store){0};
}

/* The n of "<tracking>_lock_<n>", 0 where the name is none. */
static uint64_t number_of(const char *table, const char *tracking)
{
    size_t n = strlen(tracking);
    uint64_t v = 0;

    if (strncmp(table, tracking, n) != 0 || strncmp(table + n, "_lock_", 6) != 0)
        return 0;
    for (table += n + 6; *table; table++) {
        /* A name that goes on after the digits is no lock's; nor is a number near 2^64. */
        if (*table < '0' || *table > '9' || v > UINT64_MAX / 100)
            return 0;
        v = v * 10 + (uint64_t)(*table - '0');
    }
    return v;
}

/*
 * The runs of this process: those of the locks that it has made, until it ends. The embedded
 * engine's data path belongs to one process, so that a lock of any other run is of one that has
 * ended (table_age). Under own_runs_mutex: two threads of one process may take locks.
 */
static pthread_mutex_t own_runs_mutex = PTHREAD_MUTEX_INITIALIZER;
static char **own_runs;
static size_t own_runs_n;

static int note_own_run(const char *run_id)
{
    char **v;
    int rc = LC_ERR_NOMEM;

    pthread_mutex_lock(&own_runs_mutex);
    v = realloc(own_runs, (own_runs_n + 1) * sizeof *v);
    if (v) {
        own_runs = v;
        v[own_runs_n] = strdup(run_id);
        if (v[own_runs_n]) {
            own_runs_n++;
            rc = 0;
        }
    }
    pthread_mutex_unlock(&own_runs_mutex);
    return rc;
}

static bool is_own_run(const char *run_id)
{
    bool own = false;

    pthread_mutex_lock(&own_runs_mutex);
    for (size_t i = 0; !own && i < own_runs_n; i++)
        own = strcmp(own_runs[i], run_id) == 0;
    pthread_mutex_unlock(&own_runs_mutex);
    return own;
}

/* A DEFAULT that is a string literal, as text. */
static void unquote(char *to, size_t size, const char *p, size_t n)
{
    char *value = lc_fragment_constant((struct lc_slice){(const uint8_t *)p, n});

    snprintf(to, size, "%s", value ? value : "");
    free(value);
}

/*
 * The entry of number n, added at the end where there is none; NULL: no memory. Valid until the
 * next one is added.
 */
static struct lc_lock_info *info_of(struct lc_locks *all, uint64_t n)
{
    struct lc_lock_info *v;

    for (size_t i = 0; i < all->n; i++) {
        if (all->v[i].n == n)
            return &all->v[i];
    }
    v = realloc(all->v, (all->n + 1) * sizeof *v);
    if (!v)
        return NULL;
    all->v = v;
    v += all->n++;
    *v = (struct lc_lock_info){.n = n};
    return v;
}

/*
 * When the lock was made, in seconds, as its table's DEFAULT says. system.tables does not know
 * it in every kind of database: it says 1970 in libchdb's own.
 */
static void take_made(struct lc_lock_info *info, const char *p, size_t n)
{
    char text[24];
    time_t made;
    struct tm utc;

    unquote(text, sizeof text, p, n);
    info->made_s = strtoull(text, NULL, 10);
    made = (time_t)info->made_s;
    if (info->made_s && gmtime_r(&made, &utc))
        strftime(info->since, sizeof info->since, "%Y-%m-%d %H:%M:%S", &utc);
}

/* A column of the lock's table, whose DEFAULT says something of its holder. */
static void take_field(struct lc_lock_info *info, const char *column, const char *p, size_t n)
{
    if (strcmp(column, "run_id") == 0)
        unquote(info->run_id, sizeof info->run_id, p, n);
    else if (strcmp(column, "host") == 0)
        unquote(info->host, sizeof info->host, p, n);
    else if (strcmp(column, "pid") == 0)
        unquote(info->pid, sizeof info->pid, p, n);
    else if (strcmp(column, "command") == 0)
        unquote(info->command, sizeof info->command, p, n);
    else if (strcmp(column, "made") == 0)
        take_made(info, p, n);
}

/*
 * Both are seconds by the server's clock: clocks of the machines that run livecol do not
 * matter.
 */
static void set_age(struct lc_lock_info *info, uint64_t last_s, uint64_t now_s)
{
    info->beat_age_s = now_s > last_s ? now_s - last_s : 0;
    info->stale = info->beat_age_s >= lc_lock_stale_s();
}

/*
 * Of one server: who holds which. One question for all locks, without their beats: a column of
 * a lock's table is a row here, and its DEFAULT says a thing about the holder.
 */
static int table_holders(const struct lc_lock_store *s, struct lc_locks *all, struct lc_error *err)
{
    char *prefix = NULL;
    struct lc_answer t = {0};
    int rc;

    if (asprintf(&prefix, "%s_lock_", s->tracking) < 0)
        return lc_no_memory(err);
    rc = lc_query_read(
        s->b, lc_sql_lock_columns,
        (const struct lc_sql_arg[]){{"database", s->database}, {"prefix", prefix}, {NULL, NULL}},
        &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        uint64_t n = number_of(lc_answer_at(&t, i, LC_SQL_LOCK_COLUMNS_TABLE)->p, s->tracking);
        const char *column = lc_answer_at(&t, i, LC_SQL_LOCK_COLUMNS_NAME)->p;
        const struct lc_cell *value = lc_answer_at(&t, i, LC_SQL_LOCK_COLUMNS_DEFAULT_EXPRESSION);
        struct lc_lock_info *info = n ? info_of(all, n) : NULL;

        if (n && !info)
            rc = lc_no_memory(err);
        if (!info)
            continue;
        take_field(info, column, value->p, value->n);
    }
    lc_answer_release(&t);
    free(prefix);
    return rc;
}

/*
 * How old is its last beat? Without one, the age of the lock itself. *gone where the table has
 * been dropped meanwhile, by a holder that ended: no error, the lock is simply not there.
 */
static int table_age(const struct lc_lock_store *s, struct lc_lock_info *info, bool *gone,
                     struct lc_error *err)
{
    char *table = lc_lock_table(s, info->n);
    struct lc_answer t = {0};
    struct lc_error beat_err = LC_ERROR_INIT;
    const struct lc_sql_arg args[] = {
        {"run_id", info->run_id}, {"database", s->database}, {"table", table}, {NULL, NULL}};
    uint64_t last, now;
    int rc;

    *gone = false;
    if (!table)
        return lc_no_memory(err);
    rc = lc_query_read(s->b, lc_sql_lock_made, args + 1, &t, err);
    if (rc || t.rows == 0) {
        *gone = rc == 0;
        goto done;
    }
    last = info->made_s ? info->made_s : lc_answer_u64(&t, 0, LC_SQL_LOCK_MADE_MADE_S, 0);
    now = lc_answer_u64(&t, 0, LC_SQL_LOCK_MADE_NOW_S, 0);
    if (info->made_s == 0)
        snprintf(info->since, sizeof info->since, "%s",
                 lc_answer_at(&t, 0, LC_SQL_LOCK_MADE_MADE_UTC)->p);
    rc = lc_query_read(s->b, lc_sql_lock_beats, args, &t, &beat_err);
    if (was_gone(rc, &beat_err)) {
        *gone = true;
        rc = 0;
        goto done;
    }
    if (rc) {
        lc_error_pass(err, &beat_err);
        goto done;
    }
    if (lc_answer_u64(&t, 0, LC_SQL_LOCK_BEATS_BEAT_S, 0) > last)
        last = lc_answer_u64(&t, 0, LC_SQL_LOCK_BEATS_BEAT_S, 0);
    set_age(info, last, now);
    info->gone = strcmp(lc_backend_kind(s->b), "embedded") == 0 && !is_own_run(info->run_id);
    info->stale = info->stale || info->gone;
done:
    lc_answer_release(&t);
    free(table);
    return rc;
}

/*
 * The node "columns" of a Replicated table, a line a column:
 *     `run_id` String<TAB>DEFAULT<TAB>\'abc\'
 * where the expression is escaped as in TabSeparated.
 */
static int take_columns(struct lc_lock_info *info, const struct lc_cell *value)
{
    const char *line = value->p;

    while (line && *line) {
        const char *end = line + strcspn(line, "\n");
        const char *mark = memmem(line, (size_t)(end - line), "\tDEFAULT\t", 9);
        const char *tick = *line == '`' ? strchr(line + 1, '`') : NULL;
        char name[16];

        if (mark && tick && tick < mark) {
            char *expr = malloc((size_t)(end - mark));
            size_t n = 0;

            if (!expr)
                return LC_ERR_NOMEM;
            for (const char *p = mark + 9; p < end; p++) {
                if (*p == '\\' && p + 1 < end)
                    p++; /* what is escaped here is a quote or a backslash */
                expr[n++] = *p;
            }
            snprintf(name, sizeof name, "%.*s", (int)(tick - line - 1), line + 1);
            take_field(info, name, expr, n);
            free(expr);
        }
        line = *end ? end + 1 : NULL;
    }
    return 0;
}

/* Holder and age of the lock at root/<n>. *gone where it has been dropped meanwhile. */
static int keeper_lock(const struct lc_lock_store *s, struct lc_lock_info *info, bool *gone,
                       struct lc_error *err)
{
    char *path = NULL, *replica = NULL;
    struct lc_answer t = {0};
    uint64_t last = 0, now = 0;
    int rc = 0;

    *gone = true;
    if (asprintf(&path, "%s/%" PRIu64, s->root, info->n) < 0)
        path = NULL;
    if (asprintf(&replica, "%s/%" PRIu64 "/replicas/lock", s->root, info->n) < 0)
        replica = NULL;
    if (!path || !replica)
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = lc_keeper_children(s->b, path, lc_stop_flag(), &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (strcmp(lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_NAME)->p, "columns") != 0)
            continue;
        *gone = false;
        last = lc_answer_u64(&t, i, LC_SQL_KEEPER_CHILDREN_MADE_S, 0);
        now = lc_answer_u64(&t, i, LC_SQL_KEEPER_CHILDREN_NOW_S, 0);
        snprintf(info->since, sizeof info->since, "%s",
                 lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_MADE_UTC)->p);
        if (take_columns(info, lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_VALUE)))
            rc = lc_no_memory(err);
    }
    /* Each beat is an INSERT, which moves the replica's pointer into its log. */
    if (rc == 0 && !*gone)
        rc = lc_keeper_children(s->b, replica, lc_stop_flag(), &t, err);
    for (size_t i = 0; rc == 0 && !*gone && i < t.rows; i++) {
        uint64_t changed = lc_answer_u64(&t, i, LC_SQL_KEEPER_CHILDREN_CHANGED_S, 0);

        if (strcmp(lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_NAME)->p, "log_pointer") == 0 &&
            changed > last)
            last = changed;
    }
    set_age(info, last, now);
    lc_answer_release(&t);
    free(path);
    free(replica);
    return rc;
}

/* Keeper's locks: a child of root for each number, with its holder and its age. */
static int keeper_read(const struct lc_lock_store *s, struct lc_locks *all, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_keeper_children(s->b, s->root, lc_stop_flag(), &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        uint64_t n = lc_answer_u64(&t, i, LC_SQL_KEEPER_CHILDREN_NAME, 0);
        struct lc_lock_info *info = n ? info_of(all, n) : NULL;
        bool gone;

        if (n && !info)
            rc = lc_no_memory(err);
        if (rc || !info)
            continue;
        rc = keeper_lock(s, info, &gone, err);
        if (gone)
            all->n--; /* info_of has just put it at the end */
    }
    lc_answer_release(&t);
    return rc;
}

/* A list that could not be read in full is not given to anybody. */
static int ended(int rc, struct lc_locks *all)
{
    if (rc) {
        free(all->v);
        *all = (struct lc_locks){0};
    }
    return rc;
}

int lc_lock_holders(const struct lc_lock_store *s, struct lc_locks *all, struct lc_error *err)
{
    *all = (struct lc_locks){0};
    return ended(s->root ? keeper_read(s, all, err) : table_holders(s, all, err), all);
}

int lc_lock_read(const struct lc_lock_store *s, struct lc_locks *all, struct lc_error *err)
{
    int rc;

    *all = (struct lc_locks){0};
    if (s->root)
        return ended(keeper_read(s, all, err), all);
    rc = table_holders(s, all, err);
    for (size_t i = 0; rc == 0 && i < all->n;) {
        bool gone;

        rc = table_age(s, &all->v[i], &gone, err);
        if (gone) /* the order of the locks means nothing */
            all->v[i] = all->v[--all->n];
        else
            i++;
    }
    return ended(rc, all);
}

/*
 * Did somebody else have the number first? On one server the table exists (57). In Keeper the
 * replica "lock" exists (253), or the table there has other DEFAULTS (122), which name its
 * holder; a race for the same node is a Keeper exception (999) that is not one of Keeper being
 * away.
 */
static bool was_quicker(const struct lc_error *err)
{
    return err->server_code == LC_SERVER_TABLE_ALREADY_EXISTS ||
           err->server_code == LC_SERVER_INCOMPATIBLE_COLUMNS ||
           err->server_code == LC_SERVER_REPLICA_IS_ALREADY_EXIST ||
           (err->server_code == LC_SERVER_KEEPER_EXCEPTION && !lc_keeper_is_away(err));
}

int lc_lock_create(const struct lc_lock_store *s, uint64_t n, const char *run_id,
                   const char *command, uint64_t now_s, struct lc_error *err)
{
    char host[256] = "", pid[24], made[24], *table = lc_lock_table(s, n), *path = NULL;
    struct lc_error one = LC_ERROR_INIT;
    int rc = 0;

    gethostname(host, sizeof host - 1);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (asprintf(&path, "%s/%" PRIu64, s->root ? s->root : "", n) < 0)
        path = NULL;
    snprintf(made, sizeof made, "%" PRIu64, now_s);
    /* Before it is there: another thread that sees it knows it for this process's. */
    if (!table || !path || note_own_run(run_id))
        rc = lc_no_memory(&one);
    if (rc == 0)
        rc = lc_query_run(
            s->b, s->root ? lc_sql_lock_create_keeper : lc_sql_lock_create,
            (const struct lc_sql_arg[]){{"database", s->database},
                                        {"table", table},
                                        {"run_id", run_id},
                                        {"host", host},
                                        {"pid", pid},
                                        {"command", command},
                                        {s->root ? "path" : "made", s->root ? path : made},
                                        {NULL, NULL}},
            NULL, &one);
    free(table);
    free(path);
    /* An answer that was lost is settled by the look that follows: the table names its holder. */
    if (rc == 0 || rc == LC_ERR_UNKNOWN ||
        (rc == LC_ERR_SERVER && s->root && lc_keeper_is_away(&one)))
        return 0;
    if (rc == LC_ERR_SERVER && was_quicker(&one))
        return 1;
    lc_error_pass(err, &one);
    return rc;
}

/*
 * The host that has the table may be another, or be down: Keeper tells it when it is back. A
 * distributed DDL with the timeout 0 is queued for all hosts and waits for none.
 */
static int drop_elsewhere(const struct lc_lock_store *s, const char *table, struct lc_error *err)
{
    static const struct lc_setting at_once[] = {{"distributed_ddl_task_timeout", "0"},
                                                {NULL, NULL}};
    const struct lc_sql_arg args[] = {
        {"database", s->database}, {"table", table}, {"cluster", s->cluster}, {NULL, NULL}};
    struct lc_query q = {.settings = at_once};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, (size_t)1 << 16);
    rc = lc_sql_format(&sql, lc_sql_drop_on_cluster, args, err);
    if (rc == 0) {
        q.sql = lc_buf_str(&sql);
        rc = q.sql ? lc_backend_query(s->b, &q, NULL, err) : lc_no_memory(err);
    }
    lc_buf_release(&sql);
    return rc;
}

int lc_lock_drop(const struct lc_lock_store *s, uint64_t n, struct lc_error *err)
{
    char *table = lc_lock_table(s, n);
    const struct lc_sql_arg args[] = {{"database", s->database}, {"table", table}, {NULL, NULL}};
    struct lc_retry retry = {.keeper_ms = s->root ? LC_KEEPER_PATIENCE_MS : 0,
                             .cancel = lc_stop_flag()};
    struct lc_error one = LC_ERROR_INIT;
    int rc;

    if (!table)
        return lc_no_memory(err);
    do
        rc = lc_query_read(s->b, lc_sql_lock_drop, args, NULL, &one);
    while (lc_retry_again(&retry, rc, &one));
    if (was_gone(rc, &one)) {
        one = LC_ERROR_INIT;
        rc = s->root && s->cluster ? drop_elsewhere(s, table, &one) : 0;
    }
    free(table);
    if (rc)
        lc_error_pass(err, &one);
    return rc;
}
