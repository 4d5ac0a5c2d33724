/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_server.h"

#include "base/clock.h"
#include "base/signals.h"
#include "cli/server/answer_check.h"
#include "cli/server/backend_impl.h"
#include "livecol_sql.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFERS_MAX = 160, ROWS_MAX = 48, LITERAL_MAX = 64, SHAPE_MAX = 16 };
/* Refused statements after which a command is asked to stop, and after which it is said to hang. */
enum { PATIENCE = 200, HANGS = 20000 };
/* Bytes of the input that are no choice among others. */
enum { REFUSED = 240, MANY = 250, NO_VALUE = 254, LITERAL = 255 };

int __wrap_lc_answer_check(struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err);
int __wrap_lc_answer_check_shape(const struct lc_answer *t, bool one, size_t cols, size_t numbers_n,
                                 struct lc_error *err);
bool __wrap_lc_sleep_ms(unsigned ms, const atomic_bool *cancel);
uint64_t __wrap_lc_now_ms(void);
uint64_t __wrap_lc_now_ns(void);
uint64_t __wrap_lc_boottime_ms(void);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const uint8_t *input;
static size_t input_n, at;
static unsigned statements, after_end;
static atomic_ullong now_ms = 1000000;

static const char *offers[OFFERS_MAX] = {
    "",
    "t",
    "v",
    "k",
    "d",
    "default",
    "system",
    "String",
    "UInt8",
    "UInt64",
    "LowCardinality(String)",
    "Nullable(String)",
    "DateTime",
    "Array(String)",
    "Tuple(a UInt8)",
    "DEFAULT",
    "MATERIALIZED",
    "ALIAS",
    "EPHEMERAL",
    "region_v1(k)",
    "if(k = 1, 'a', 'b')",
    "dictGet('d', 'v', tuple(k))",
    "f(",
    "x -> f(x)",
    "MergeTree",
    "ReplicatedMergeTree",
    "Distributed",
    "Dictionary",
    "View",
    "MaterializedView",
    "Memory",
    "ReplicatedMergeTree('/t/{shard}', '{replica}') ORDER BY k",
    "CREATE TABLE d.t (k UInt8) ENGINE = Memory",
    "all",
    "202401",
    "20240101_1_1_0",
    "mutation_1.txt",
    "0000000001",
    "(MATERIALIZE COLUMN v)",
    "MATERIALIZE COLUMN v",
    "DROP COLUMN v",
    "(UPDATE v = f(k) WHERE 1)",
    "started",
    "stmt_started",
    "stmt_done",
    "stmt_stopped",
    "stmt_partial",
    "applied",
    "failed",
    "reverted",
    "baselined",
    "repaired",
    "up",
    "down",
    "0001",
    "make",
    "add",
    "26.7.3.1",
    "18.16.1",
    "schema_migrations",
    "schema_migrations_lock_1",
    "schema_migrations_lock_2",
    "'r1'",
    "r1",
    "livecol up",
    "Loaded",
    "NotLoaded",
    "executable_pool",
    "Native",
    "livecol-udf --rules r.rules",
    "ExecutableUserDefined",
    "SQLUserDefined",
    "1",
    "0",
    "2024-01-01 00:00:00",
    "localhost",
    "mutations.latest_fail_reason",
    "user_defined_functions.name",
    "user_defined_functions.argument_types",
    "query_log.query_id",
    "processes.Settings",
    "zookeeper.path",
    "replicas.zookeeper_path",
    "table_functions.clusterAllReplicas",
    "has_function.formatQuerySingleLine",
    "has_function.formatQuerySingleLineOrNull",
    "tables.engine_full",
    "disks.free_space",
    "tables.total_rows",
    "/clickhouse/t",
    "SELECT 1",
    "INSERT INTO t VALUES (1)",
    "\x1b[31m",
    "\xe2\x80\xae",
    "\xc2\x9b",
    "a\nb",
    "a\tb",
    "`"};
static size_t offers_n;

static const char *const numbers[] = {"0",
                                      "1",
                                      "2",
                                      "3",
                                      "10",
                                      "60",
                                      "8192",
                                      "1000000",
                                      "1700000000",
                                      "4294967295",
                                      "4294967296",
                                      "9223372036854775807",
                                      "18446744073709551615"};
static const char *const signed_numbers[] = {"-1", "-9223372036854775808", "0", "1", "60", "1062"};
static const char *const any_numbers[] = {"0.5",    "-0.5",   "1e300",
                                          "-1e300", "1e-300", "18446744073709551616"};

void fake_server_offer(const char *text)
{
    if (!offers_n)
        while (offers_n < OFFERS_MAX && offers[offers_n])
            offers_n++;
    if (offers_n == OFFERS_MAX)
        abort();
    offers[offers_n++] = text;
}

void fake_server_begin(const uint8_t *p, size_t n)
{
    input = p;
    input_n = n;
    at = 0;
    statements = after_end = 0;
    atomic_store((atomic_bool *)(uintptr_t)lc_stop_flag(), false);
}

unsigned fake_server_statements(void)
{
    return statements;
}

static uint8_t next(void)
{
    return at < input_n ? input[at++] : 0;
}

/* Append a cell as TabSeparated has it. */
static void add_cell(struct lc_buf *b, const void *p, size_t n)
{
    const uint8_t *bytes = p;
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        rc = rc || (bytes[i] < ' ' || bytes[i] == '\\' ? lc_buf_addf(b, "\\x%02x", bytes[i])
                                                       : lc_buf_add(b, &bytes[i], 1));
    if (rc)
        abort();
}

static void add_text(struct lc_buf *b, const char *text)
{
    add_cell(b, text, strlen(text));
}

static void add_raw(struct lc_buf *b, const char *text)
{
    if (lc_buf_adds(b, text))
        abort();
}

static void add_number(struct lc_buf *b, enum lc_sql_kind kind, uint8_t choice)
{
    if (kind == LC_SQL_NUMBER && choice >= 128)
        add_raw(b, any_numbers[choice % (sizeof any_numbers / sizeof *any_numbers)]);
    else if (kind == LC_SQL_INT && choice >= 128)
        add_raw(b, signed_numbers[choice % (sizeof signed_numbers / sizeof *signed_numbers)]);
    else
        add_raw(b, numbers[choice % (sizeof numbers / sizeof *numbers)]);
}

/* A cell of that kind; of a key another one in each row. */
static void add_any(struct lc_buf *b, enum lc_sql_kind kind, size_t row)
{
    uint8_t choice = next();
    char behind[32] = "";

    if (kind == LC_SQL_KEY) {
        add_text(b, offers[choice % offers_n]);
        if (row)
            snprintf(behind, sizeof behind, "_%zu", row);
        add_raw(b, behind);
    } else if (choice == NO_VALUE) {
        add_raw(b, "\\N");
    } else if (kind != LC_SQL_TEXT) {
        add_number(b, kind, choice);
    } else if (choice == LITERAL) {
        size_t n = next() % LITERAL_MAX;

        n = n < input_n - at ? n : input_n - at;
        add_cell(b, input + at, n);
        at += n;
    } else {
        add_text(b, offers[choice % offers_n]);
    }
}

static size_t choose_rows(enum lc_sql_rows rows)
{
    uint8_t choice = rows == LC_SQL_ROWS_ONE ? 1 : next();

    if (rows == LC_SQL_ROWS_ONE || rows == LC_SQL_ROWS_AT_MOST_ONE)
        return choice & 1;
    return choice >= MANY ? ROWS_MAX : choice % 6;
}

static const char *type_of(enum lc_sql_kind kind)
{
    if (kind == LC_SQL_UINT || kind == LC_SQL_INT)
        return kind == LC_SQL_UINT ? "UInt64" : "Int64";
    return kind == LC_SQL_NUMBER ? "Float64" : "String";
}

/* The table of our own, which must be as it is in each column. */
static const char *const tracking[][2] = {
    {"", ""},
    {"layout", "UInt16"},
    {"seq", "UInt64"},
    {"run_id", "String"},
    {"version", "UInt64"},
    {"name", "String"},
    {"direction", "String"},
    {"event", "String"},
    {"stmt", "UInt32"},
    {"stmts", "UInt32"},
    {"file_sha256", "String"},
    {"stmt_sha256", "String"},
    {"query_id", "String"},
    {"at", "DateTime"},
    {"execution_ms", "UInt64"},
    {"error_code", "Int32"},
    {"error", "String"},
    {"host", "String"},
    {"pid", "UInt32"},
    {"tool_version", "String"},
};

static void add_tracking(struct lc_buf *b)
{
    for (size_t i = 0; i < sizeof tracking / sizeof *tracking; i++) {
        add_raw(b, tracking[i][0]);
        add_raw(b, "\t");
        add_raw(b, tracking[i][1]);
        add_raw(b, "\tMergeTree\t1700000000\n");
    }
}

static void add_answer(struct lc_buf *b, const struct lc_sql_column *columns, size_t cols,
                       size_t rows)
{
    for (size_t row = 0; row < rows; row++)
        for (size_t col = 0; col < cols; col++) {
            add_any(b, columns[col].kind, row);
            add_raw(b, col + 1 == cols ? "\n" : "\t");
        }
}

static void add_head(struct lc_buf *b, const struct lc_sql_column *columns, size_t cols)
{
    for (size_t col = 0; col < cols; col++) {
        add_text(b, columns[col].name);
        add_raw(b, col + 1 == cols ? "\n" : "\t");
    }
    for (size_t col = 0; col < cols; col++) {
        add_raw(b, type_of(columns[col].kind));
        add_raw(b, col + 1 == cols ? "\n" : "\t");
    }
}

static int parse(struct lc_answer *t, struct lc_buf *b)
{
    lc_answer_release(t);
    if (lc_answer_parse(t, (const char *)b->p, b->n, NULL))
        abort();
    lc_buf_release(b);
    return 0;
}

/* What the statement promises. Who says hello is a server, or nothing would come of it. */
int __wrap_lc_answer_check(struct lc_answer *t, const struct lc_sql *sql, struct lc_error *err)
{
    struct lc_buf b;

    (void)err;
    if (sql->rows == LC_SQL_ROWS_NONE || sql->rows == LC_SQL_ROWS_UNKNOWN)
        return 0;
    lc_buf_init(&b, SIZE_MAX / 4);
    pthread_mutex_lock(&mutex);
    add_head(&b, sql->columns, sql->width);
    if (sql == lc_sql_hello)
        add_raw(&b, next() % 2 ? "18.16.1\td\tmax_threads log_comment\n"
                               : "26.7.3.1\td\tmax_threads log_comment mutations_sync\n");
    else if (sql == lc_sql_tracking_columns && next() % 8)
        add_tracking(&b);
    else
        add_answer(&b, sql->columns, sql->width, choose_rows(sql->rows));
    pthread_mutex_unlock(&mutex);
    return parse(t, &b);
}

int __wrap_lc_answer_check_shape(const struct lc_answer *t, bool one, size_t cols, size_t numbers_n,
                                 struct lc_error *err)
{
    struct lc_sql_column columns[SHAPE_MAX];
    struct lc_buf b;

    (void)err;
    if (cols > SHAPE_MAX)
        abort();
    lc_buf_init(&b, SIZE_MAX / 4);
    for (size_t i = 0; i < cols; i++)
        columns[i] = (struct lc_sql_column){"c", i + numbers_n < cols ? LC_SQL_TEXT : LC_SQL_UINT};
    pthread_mutex_lock(&mutex);
    add_head(&b, columns, cols);
    for (size_t rows = choose_rows(one ? LC_SQL_ROWS_ONE : LC_SQL_ROWS_ANY); rows; rows--)
        for (size_t col = 0; col < cols; col++) {
            if (columns[col].kind == LC_SQL_UINT)
                add_number(&b, LC_SQL_UINT, next()); /* no NULL */
            else
                add_any(&b, LC_SQL_TEXT, 0);
            add_raw(&b, col + 1 == cols ? "\n" : "\t");
        }
    pthread_mutex_unlock(&mutex);
    return parse((struct lc_answer *)(uintptr_t)t, &b);
}

/* A statement of no promise: up to three columns of any name. */
static int answer_any(struct lc_answer *out)
{
    struct lc_sql_column columns[3];
    size_t cols = (size_t)1 + next() % 3;
    struct lc_buf b;

    for (size_t i = 0; i < cols; i++)
        columns[i] = (struct lc_sql_column){offers[next() % offers_n], LC_SQL_TEXT};
    lc_buf_init(&b, SIZE_MAX / 4);
    add_head(&b, columns, cols);
    add_answer(&b, columns, cols, choose_rows(LC_SQL_ROWS_ANY));
    return parse(out, &b);
}

static int refuse(uint8_t choice, struct lc_error *err)
{
    static const int codes[] = {LC_ERR_SERVER, LC_ERR_UNKNOWN, LC_ERR_NOT_SENT};
    static const int server_codes[] = {60, 81, 46, 242, 341, 517, 692, 57, 497, 999, 236};
    int code = codes[choice % 3];

    lc_fail(err, code, "fake: %s", offers[choice % offers_n]);
    if (err && code == LC_ERR_SERVER)
        err->server_code = server_codes[choice % (sizeof server_codes / sizeof *server_codes)];
    return code;
}

/* Who goes on asking a server that refuses everything is asked to stop, and must. */
static void end_of_patience(void)
{
    if (++after_end > PATIENCE)
        atomic_store((atomic_bool *)(uintptr_t)lc_stop_flag(), true);
    if (after_end > HANGS)
        abort();
}

static int fake_query(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                      struct lc_error *err)
{
    uint8_t choice;
    int rc = 0;

    (void)b;
    (void)q;
    pthread_mutex_lock(&mutex);
    statements++;
    choice = next();
    if (at == input_n)
        end_of_patience();
    if (at == input_n || choice >= REFUSED)
        rc = refuse(at == input_n ? 0 : choice, err);
    else if (out)
        rc = answer_any(out);
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int fake_open(struct lc_backend *b, struct lc_error *err)
{
    b->where = strdup("fake");
    return b->where ? 0 : lc_no_memory(err);
}

static void fake_close(struct lc_backend *b)
{
    (void)b;
}

/* In place of cli/server/backend_http.c. */
const struct lc_backend_ops lc_backend_http = {
    .kind = "http", .open = fake_open, .close = fake_close, .query = fake_query};

const char *lc_backend_library(void)
{
    return "fake";
}

bool __wrap_lc_sleep_ms(unsigned ms, const atomic_bool *cancel)
{
    atomic_fetch_add(&now_ms, ms);
    return cancel && atomic_load(cancel);
}

uint64_t __wrap_lc_now_ms(void)
{
    return atomic_load(&now_ms);
}

uint64_t __wrap_lc_now_ns(void)
{
    return atomic_load(&now_ms) * 1000000;
}

uint64_t __wrap_lc_boottime_ms(void)
{
    return atomic_load(&now_ms);
}
