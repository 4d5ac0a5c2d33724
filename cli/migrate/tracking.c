/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the tracking table. A wrong answer here would run a migration twice, so nothing is believed
 * that is not shown: the table must have our columns, an answer must be whole (its query is
 * sealed), a Replicated table must have caught up with the other hosts, and of a cluster each host is
 * asked whether it has a table of its own that this one does not know.
 */
#include "cli/migrate/tracking.h"

#include "cli/server/retry.h"
#include "cli/server/server_error.h"
#include "base/clock.h"
#include "base/signals.h"
#include "cli/migrate/tracking_digest.h"
#include "cli/migrate/tracking_rows.h"
#include "cli/server/query.h"
#include "cli/sql/name.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The columns by which the table is known as ours; later layouts may have more. */
static const char *const our_columns[][2] = {
    {"layout", "UInt16"},      {"seq", "UInt64"},          {"run_id", "String"},
    {"version", "UInt64"},     {"name", "String"},         {"direction", "String"},
    {"event", "String"},       {"stmt", "UInt32"},         {"stmts", "UInt32"},
    {"file_sha256", "String"}, {"stmt_sha256", "String"},  {"query_id", "String"},
    {"at", "DateTime"},        {"execution_ms", "UInt64"}, {"error_code", "Int32"},
    {"error", "String"},       {"host", "String"},         {"pid", "UInt32"},
    {"tool_version", "String"}};
enum { OUR_COLUMNS = sizeof our_columns / sizeof *our_columns };

/* Tools whose table has the same name, told by a column that only theirs has. */
static const char *const other_tools[][2] = {{"dirty", "golang-migrate"},
                                             {"version_id", "goose"},
                                             {"ts", "dbmate"},
                                             {"installed_rank", "Flyway"},
                                             {"md5sum", "a checksum-keeping migration tool"}};
enum { OTHER_TOOLS = sizeof other_tools / sizeof *other_tools };

void lc_tracking_release(struct lc_tracking *t)
{
    lc_track_state_release(&t->state);
    lc_tracking_forget_noted(t);
    free(t->noted);
    free(t->database);
    free(t->table);
    *t = (struct lc_tracking){0};
}

/*
 * Row i of the answer as an event; its texts are the answer's, not copied. An event that is not
 * known was written by a newer livecol: what follows from it nobody here can say, so the table
 * is refused as a whole.
 */
static int row_of(const struct lc_answer *rows, size_t i, struct lc_track_row *r,
                  struct lc_error *err)
{
    const char *event = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_EVENT)->p;
    enum lc_track_event_kind kind;

    if (!lc_track_event_named(event, &kind)) {
        lc_fail(err, LC_ERR_REFUSED,
                "the tracking table holds an event of a newer livecol: \"%.40s\" (written by %s)",
                event, lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_TOOL_VERSION)->p);
        lc_hint(err, "use that version of livecol");
        return LC_ERR_REFUSED;
    }
    r->e = (struct lc_track_event){
        .kind = kind,
        .version = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_VERSION, 0),
        .name = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_NAME)->p,
        .down = strcmp(lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_DIRECTION)->p, "down") == 0,
        .stmt = (unsigned)lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_STMT, 0),
        .stmts = (unsigned)lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_STMTS, 0),
        .file_sha256 = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_FILE_SHA256)->p,
        .stmt_sha256 = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_STMT_SHA256)->p,
        .query_id = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_QUERY_ID)->p,
        .execution_ms = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_EXECUTION_MS, 0),
        .error_code =
            (int)strtol(lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_ERROR_CODE)->p, NULL, 10),
        .error = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_ERROR)->p,
    };
    r->run_id = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_RUN_ID)->p;
    r->host = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_HOST)->p;
    r->at = lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_AT_UTC)->p;
    r->at_s = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_AT_S, 0);
    r->layout = (unsigned)lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_LAYOUT, 0);
    return 0;
}

/*
 * Until the connected host has every row that another one has written. A replica applies the
 * table's log from Keeper late; without SYSTEM SYNC REPLICA a version that another host's run
 * has applied would show as pending here. One that cannot catch up is an error: its rows are
 * not used.
 */
static int catch_up(struct lc_tracking *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_retry retry = {.keeper_ms = LC_KEEPER_PATIENCE_MS, .cancel = lc_stop_flag()};
    struct lc_query q = {.timeout_ms = LC_KEEPER_PATIENCE_MS};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, (size_t)1 << 16);
    rc = lc_sql_format(&sql, lc_sql_sync_replica, args, err);
    q.sql = rc == 0 ? lc_buf_str(&sql) : NULL;
    if (!q.sql) {
        lc_buf_release(&sql);
        return rc ? rc : lc_no_memory(err);
    }
    do
        rc = lc_backend_query(t->b, &q, NULL, &why);
    while (lc_retry_again(&retry, rc, &why));
    lc_buf_release(&sql);
    if (rc == 0 || why.code == LC_ERR_STOPPED)
        return rc ? lc_error_pass(err, &why) : 0;
    lc_fail(err, LC_ERR_SERVER, "the tracking table %s.%s on %s lacks what other hosts wrote: %s",
            t->database, t->table, lc_backend_where(t->b), why.msg);
    lc_hint(err, lc_keeper_is_away(&why)
                     ? "Keeper (or ZooKeeper) does not answer this server: bring it back, then "
                       "run it again; nothing was changed"
                     : "start the host that wrote it, or connect to another: what was done is "
                       "not known here");
    return LC_ERR_SERVER;
}

/* The same row, sent twice? One seq may also be of two runs, whose rows both count. */
static bool is_repeated(const struct lc_answer *rows, size_t i)
{
    uint64_t seq = lc_answer_u64(rows, i, LC_SQL_TRACKING_ROWS_SEQ, 0);

    /* Rows come in the order of seq: the same seq is next to it. */
    for (size_t k = i; k-- > 0 && lc_answer_u64(rows, k, LC_SQL_TRACKING_ROWS_SEQ, 0) == seq;) {
        if (strcmp(lc_answer_at(rows, k, LC_SQL_TRACKING_ROWS_RUN_ID)->p,
                   lc_answer_at(rows, i, LC_SQL_TRACKING_ROWS_RUN_ID)->p) == 0)
            return true;
    }
    return false;
}

int lc_tracking_load(struct lc_tracking *t, struct lc_error *err)
{
    struct lc_answer rows = {0};
    int rc;

    lc_track_state_release(&t->state);
    if (!t->exists)
        return 0;
    rc = t->replicated ? catch_up(t, err) : 0;
    if (rc == 0)
        rc = lc_tracking_rows_read(t->b, t->database, t->table, &rows, err);
    for (size_t i = 0; rc == 0 && i < rows.rows; i++) {
        struct lc_track_row r;

        if (is_repeated(&rows, i))
            continue;
        t->state.seq = lc_answer_u64(&rows, i, LC_SQL_TRACKING_ROWS_SEQ, 0);
        rc = row_of(&rows, i, &r, err);
        if (rc == 0 && lc_track_state_fold(&t->state, &r))
            rc = lc_no_memory(err);
    }
    lc_answer_release(&rows);
    return rc;
}

/* The table is there: is it ours? Row 0 is about none of its columns. */
static int check_columns(const struct lc_tracking *t, const struct lc_answer *columns,
                         struct lc_error *err)
{
    struct lc_buf names;
    const char *tool = NULL;
    size_t ours = 0;

    for (size_t i = 1; i < columns->rows; i++) {
        const char *name = lc_answer_at(columns, i, LC_SQL_TRACKING_COLUMNS_NAME)->p,
                   *type = lc_answer_at(columns, i, LC_SQL_TRACKING_COLUMNS_TYPE)->p;

        for (size_t k = 0; k < OUR_COLUMNS; k++)
            ours += strcmp(our_columns[k][0], name) == 0 && strcmp(our_columns[k][1], type) == 0;
        for (size_t k = 0; k < OTHER_TOOLS; k++) {
            if (strcmp(other_tools[k][0], name) == 0)
                tool = other_tools[k][1];
        }
    }
    if (ours == OUR_COLUMNS)
        return 0;
    lc_buf_init(&names, 300);
    for (size_t i = 1; i < columns->rows; i++) {
        char shown[64];
        const struct lc_cell *c = lc_answer_at(columns, i, LC_SQL_TRACKING_COLUMNS_NAME);

        if (lc_buf_addf(&names, "%s%s", i > 1 ? ", " : "",
                        lc_printable(c->p, c->n, shown, sizeof shown))) {
            lc_buf_adds(&names, ", ...");
            break;
        }
    }
    lc_fail(err, LC_ERR_REFUSED, "the table %s.%s belongs to another tool%s%s: its columns are %s",
            t->database, t->table, tool ? ", apparently " : "", tool ? tool : "",
            names.n ? lc_buf_str(&names) : "");
    lc_hint(err, "keep livecol's own rows elsewhere: --migrations-table livecol_migrations");
    lc_buf_release(&names);
    return LC_ERR_REFUSED;
}

/* An engine without replicas, by its name. */
static bool is_plain(const char *engine)
{
    return strncmp(engine, "Replicated", 10) != 0 && strncmp(engine, "Shared", 6) != 0;
}

/* Is the table there, and ours? Without it nothing counts as applied: the answer is sealed. */
static int look(struct lc_tracking *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_answer columns = {0};
    const char *engine;
    int rc = lc_query_read(t->b, lc_sql_tracking_columns, args, &columns, err);

    /*
     * The statement answers with one empty row before the columns, so that the server's time is
     * known even where there is no table.
     */
    t->exists = rc == 0 && columns.rows > 1;
    t->replicated = false;
    if (rc == 0) {
        t->clock_s = lc_answer_u64(&columns, 0, LC_SQL_TRACKING_COLUMNS_NOW_S, 0);
        t->clock_ms = lc_boottime_ms();
    }
    if (t->exists)
        rc = check_columns(t, &columns, err);
    engine = lc_answer_at(&columns, 0, LC_SQL_TRACKING_COLUMNS_ENGINE)->p;
    if (rc == 0 && t->exists && !is_plain(engine)) {
        rc = lc_query_read(t->b, lc_sql_table_keeper_path, args, &columns, err);
        /* Not every engine of such a name has a row in system.replicas to sync. */
        t->replicated = rc == 0 && columns.rows > 0;
    }
    lc_answer_release(&columns);
    return rc;
}

int lc_tracking_now(const struct lc_tracking *t, uint64_t *now_s, struct lc_error *err)
{
    struct lc_answer now = {0};
    int rc = 0;

    *now_s = t->clock_s + (lc_boottime_ms() - t->clock_ms) / 1000;
    /*
     * Not asked yet. For a table that was opened look() has done it: no statement needs a query
     * for it.
     */
    if (t->clock_s == 0) {
        rc = lc_query_read(t->b, lc_sql_server_now, NULL, &now, err);
        *now_s = rc == 0 ? lc_answer_u64(&now, 0, LC_SQL_SERVER_NOW_NOW_S, 0) : 0;
        lc_answer_release(&now);
    }
    return rc;
}

/*
 * 32 hex digits. A row is known by run id and seq, so two runs must not share one: where the
 * kernel gives no random bytes, by time and process.
 */
static void make_run_id(char out[33])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[16];

    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw) {
        uint64_t parts[2] = {lc_now_ms(), (uint64_t)getpid()};

        memcpy(raw, parts, sizeof raw);
    }
    for (size_t i = 0; i < sizeof raw; i++) {
        out[2 * i] = digits[raw[i] >> 4];
        out[2 * i + 1] = digits[raw[i] & 15];
    }
    out[32] = '\0';
}

/* *t for that table, of which nothing is known yet. */
static int name_table(struct lc_tracking *t, struct lc_backend *b, const char *table,
                      struct lc_error *err)
{
    int rc;

    *t = (struct lc_tracking){.b = b};
    make_run_id(t->run_id);
    rc = lc_table_name_parse(table ? table : LC_TRACKING_TABLE, &t->database, &t->table, err);
    if (rc == LC_ERR_USAGE)
        lc_error_prefix(err, "--migrations-table: ");
    if (rc == 0 && !t->database) {
        t->database = strdup(lc_backend_database(b));
        if (!t->database)
            rc = lc_no_memory(err);
    }
    return rc;
}

static int look_and_load(struct lc_tracking *t, struct lc_error *err)
{
    int rc = look(t, err);

    return rc ? rc : lc_tracking_load(t, err);
}

int lc_tracking_open(struct lc_tracking *t, struct lc_backend *b, const char *table,
                     struct lc_error *err)
{
    int rc = name_table(t, b, table, err);

    return rc ? rc : look_and_load(t, err);
}

/* The state of files that are applied, as they are. */
static int note_applied(struct lc_tracking *t, const struct lc_migrations *files)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < files->n; i++) {
        const struct lc_track_row r = {.e = {.kind = LC_TRACK_EVENT_APPLIED,
                                             .version = files->v[i].version,
                                             .name = files->v[i].name,
                                             .file_sha256 = files->v[i].file.sha256},
                                       .layout = LC_TRACK_LAYOUT};

        rc = lc_track_state_fold(&t->state, &r);
    }
    return rc;
}

int lc_tracking_open_for(struct lc_tracking *t, struct lc_backend *b, const char *table,
                         const struct lc_migrations *files, struct lc_error *err)
{
    bool applied = false;
    int rc = name_table(t, b, table, err);

    if (rc == 0 && files->n)
        rc = lc_tracking_all_applied(b, t->database, t->table, files, &applied, err);
    if (rc || !applied)
        return rc ? rc : look_and_load(t, err);
    t->exists = true;
    return note_applied(t, files) ? lc_no_memory(err) : 0;
}

/*
 * One table for all hosts, its history the same on each: a Replicated table at one path in
 * Keeper, made ON CLUSTER. 0 also where hosts did not answer in time: lc_tracking_create looks
 * whether this one has it.
 */
static int create_on_cluster(struct lc_tracking *t, struct lc_error *err)
{
    /* A host that is down does not keep the others waiting; this one's is looked for afterwards. */
    static const struct lc_setting settings[] = {{"distributed_ddl_task_timeout", "10"},
                                                 {NULL, NULL}};
    const struct lc_cluster *c = t->cluster;
    struct lc_query q = {.settings = settings};
    struct lc_error why = LC_ERROR_INIT;
    const char *replica;
    char *path = NULL;
    struct lc_buf sql;
    int rc = lc_cluster_replica_name(c, &replica, err);

    if (rc)
        return rc;
    /* The path is /livecol/<cluster>/<database>.<table>: / divides it, and {} is a macro there. */
    if (strpbrk(t->database, "/{}") || strpbrk(t->table, "/{}") || strpbrk(c->name, "/{}"))
        return lc_fail(err, LC_ERR_USAGE,
                       "the names %s, %s and %s are used in Keeper, and must not hold / { or }",
                       c->name, t->database, t->table);
    lc_buf_init(&sql, (size_t)1 << 16);
    if (asprintf(&path, "/livecol/%s/%s.%s", c->name, t->database, t->table) < 0) {
        path = NULL;
        rc = lc_no_memory(err);
    }
    if (rc == 0)
        rc = lc_sql_format(&sql, lc_sql_tracking_create_cluster,
                           (const struct lc_sql_arg[]){{"database", t->database},
                                                       {"table", t->table},
                                                       {"cluster", c->name},
                                                       {"path", path},
                                                       {"replica", replica},
                                                       {NULL, NULL}},
                           err);
    q.sql = rc == 0 ? lc_buf_str(&sql) : NULL;
    if (q.sql)
        rc = lc_backend_query(t->b, &q, NULL, &why);
    if (rc == LC_ERR_SERVER && why.server_code == LC_SERVER_TIMEOUT_EXCEEDED)
        rc = 0;
    else if (rc && q.sql)
        lc_error_pass(err, &why);
    free(path);
    lc_buf_release(&sql);
    return rc;
}

/* It may be sent again: IF NOT EXISTS. */
static int create_when_keeper_answers(struct lc_tracking *t, struct lc_error *err)
{
    struct lc_retry retry = {.keeper_ms = LC_KEEPER_PATIENCE_MS, .cancel = lc_stop_flag()};
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    do
        rc = create_on_cluster(t, &why);
    while (lc_retry_again(&retry, rc, &why));
    return rc ? lc_error_pass(err, &why) : 0;
}

static int refuse_own(const struct lc_tracking *t, const char *host, struct lc_error *err)
{
    lc_fail(
        err, LC_ERR_REFUSED,
        "the tracking table %s.%s of host %s belongs to that server only: runs on other hosts of "
        "the cluster %s would not see it, and apply again what it says was applied",
        t->database, t->table, host, t->cluster->name);
    lc_hint(err,
            "use another table for the cluster, --migrations-table NAME, and record in it what was "
            "applied: livecol baseline VERSION");
    return LC_ERR_REFUSED;
}

/* Others have it, and the connected server has not: what was applied is not known here. */
static int refuse_without(const struct lc_tracking *t, const char *host, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED,
            "host %s has the tracking table %s.%s, and %s, which is asked, has not: what was "
            "applied is not known here",
            host, t->database, t->table, lc_backend_where(t->b));
    lc_hint(err, "connect to that host; or create the table here as SHOW CREATE TABLE says there, "
                 "as a replica of it");
    return LC_ERR_REFUSED;
}

int lc_tracking_check_hosts(const struct lc_tracking *t, struct lc_error *err)
{
    struct lc_answer rows = {0};
    char *shared = NULL; /* the first host's */
    size_t first = 0;
    int rc = 0;

    if (t->cluster->name && t->exists && !t->replicated)
        return refuse_own(t, lc_backend_where(t->b), err);
    for (size_t i = 0; rc == 0 && t->cluster->name && i < t->cluster->n; i++) {
        const char *path = NULL;

        if (t->cluster->v[i].down)
            continue;
        rc = lc_cluster_keeper_path(t->cluster, i, t->database, t->table, &rows, &path, err);
        if (rc || !path)
            continue;
        /* NULL: no such table on that host. "": one that is not replicated. */
        if (!*path) {
            rc = refuse_own(t, t->cluster->v[i].name, err);
        } else if (!shared) {
            first = i;
            shared = strdup(path);
            rc = shared ? 0 : lc_no_memory(err);
        } else if (strcmp(path, shared) != 0) {
            rc = lc_fail(
                err, LC_ERR_REFUSED,
                "the tracking tables %s.%s of the hosts %s and %s are separate: each has its own "
                "history",
                t->database, t->table, t->cluster->v[first].name, t->cluster->v[i].name);
            lc_hint(err,
                    "use another table for the cluster, --migrations-table NAME, and record in it "
                    "what was applied: livecol baseline VERSION");
        }
    }
    if (rc == 0 && shared && !t->exists)
        rc = refuse_without(t, t->cluster->v[first].name, err);
    free(shared);
    lc_answer_release(&rows);
    return rc;
}

int lc_tracking_create(struct lc_tracking *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    bool everywhere = t->cluster && t->cluster->name;
    int rc;

    if (t->exists)
        return 0;
    rc = everywhere ? create_when_keeper_answers(t, err)
                    : lc_query_read(t->b, lc_sql_tracking_create, args, NULL, err);
    if (rc == LC_ERR_SERVER && everywhere && err && lc_keeper_is_away(err))
        lc_hint(err,
                "Keeper (or ZooKeeper) does not answer this server: bring it back, then run it "
                "again; nothing was changed");
    else if (rc == LC_ERR_SERVER)
        lc_hint(
            err,
            "the tracking table %s.%s could not be created: --migrations-table names another, in "
            "a database that exists and is writable",
            t->database, t->table);
    if (rc == 0)
        rc = look(t, err);
    if (rc == 0 && !t->exists)
        rc = lc_fail(err, LC_ERR_SERVER, "the table %s.%s was created, but does not exist",
                     t->database, t->table);
    return rc;
}

int lc_tracking_drop(struct lc_tracking *t, struct lc_error *err)
{
    const char *cluster = t->cluster && t->cluster->name ? t->cluster->name : "";
    const struct lc_sql_arg args[] = {
        {"cluster", cluster}, {"database", t->database}, {"table", t->table}, {NULL, NULL}};
    int rc;

    if (t->replicated && !*cluster) {
        lc_fail(err, LC_ERR_REFUSED, "the tracking table %s.%s has a replica on each host",
                t->database, t->table);
        lc_hint(err, "name that cluster with --cluster");
        return LC_ERR_REFUSED;
    }
    /* args + 1: tracking_drop has no cluster. */
    rc = t->replicated ? lc_query_read(t->b, lc_sql_drop_on_cluster, args, NULL, err)
                       : lc_query_read(t->b, lc_sql_tracking_drop, args + 1, NULL, err);
    if (rc == 0) {
        t->exists = false;
        lc_track_state_release(&t->state);
    }
    return rc;
}

const struct lc_track_version *lc_tracking_find(const struct lc_tracking *t, uint64_t version)
{
    return lc_track_state_find(&t->state, version);
}
