/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine lives once a process, on one path. An anchor connection keeps it running; each statement has a
 * connection of its own, so that a failed one leaves nothing to the next. The first user starts it, the last
 * one stops it (users, under engine_lock).
 *
 * The engine has no timeout and no cancel. A thread watches the statements instead (chdb_watch.h) and ends
 * one by KILL QUERY, over one more connection, by the id that is its log_comment.
 */
#include "cli/server/chdb.h"

#include "cli/server/backend_impl.h"
#include "cli/server/chdb_lib.h"
#include "cli/server/chdb_watch.h"
#include "cli/server/data_path.h"
#include "cli/server/server_error.h"
#include "cli/sql/insert_data.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Classes of chdb_classify_query_n. */
enum { ANALYSIS_READ_ONLY = 0, ANALYSIS_UNKNOWN = 4 };

enum { TEXT_MAX_BYTES = 1 << 20, ARGS_MAX = 8 };

static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;
/*
 * Under engine_lock. `lib` stays loaded when the engine ends: a library with threads is not
 * unloaded.
 */
static size_t users;
static void **anchor; /* keeps the engine alive between statements */
static char engine_path[PATH_MAX];
static const struct lc_chdb_lib *lib;

/* A connection with these options; NULL where the engine refuses it. */
static void **connect_with(const char *const *options, size_t n)
{
    char *argv[ARGS_MAX + 1] = {(char *)"livecol"};

    for (size_t i = 0; i < n && i < ARGS_MAX; i++)
        argv[i + 1] = (char *)options[i];
    return lib->connect((int)n + 1, argv);
}

/*
 * Has another process the data path open? The engine holds a lock on PATH/status and writes
 * its pid there. pid becomes " (pid N)", for a message, or "" where the file does not say.
 */
static bool path_locked(const char *path, char *pid, size_t size)
{
    char file[PATH_MAX + 8], text[64];
    bool locked;
    ssize_t n;
    int fd;

    pid[0] = '\0';
    snprintf(file, sizeof file, "%s/status", path);
    fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO has no writer */
    if (fd < 0)
        return false;
    locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n > 5 && memcmp(text, "PID: ", 5) == 0) {
        text[n] = '\0';
        snprintf(pid, size, " (pid %.*s)", (int)strspn(text + 5, "0123456789"), text + 5);
    }
    return locked;
}

static int fail_locked(const char *path, const char *pid, struct lc_error *err)
{
    lc_fail(err, LC_ERR_LOCKED, "another process%s has %s open", pid, path);
    lc_hint(err, "the embedded engine serves one process at a time: wait for it, or end it");
    return LC_ERR_LOCKED;
}

/* Called by the watch, which is started after the engine. */
static void kill_statement(const char *id);

/*
 * The engine is made from a client that takes stdin, where it is no terminal, for the rows of every INSERT:
 * `livecol up <file`, a loop over a list, or a pipe that is left open. It gets an empty one.
 */
static int hide_stdin(struct lc_error *err)
{
    int fd, rc = 0;

    if (isatty(STDIN_FILENO))
        return 0;
    fd = open("/dev/null", O_RDONLY);
    if (fd < 0 || (fd != STDIN_FILENO && dup2(fd, STDIN_FILENO) < 0))
        rc = lc_fail(err, LC_ERR_IO, "/dev/null cannot be opened: %m");
    if (fd > STDIN_FILENO)
        close(fd);
    return rc;
}

/*
 * Start the engine by opening the anchor. Why it does not start it writes to stderr; no text
 * is given back, so the lock is looked at before, and again after a failure. mutations_sync=0:
 * mutations are waited for by looking. implicit_select=0: `1` is no statement, as on a server.
 */
static int boot(const struct lc_connect *to, const char *path, struct lc_error *err)
{
    struct lc_buf b[4];
    const char *options[2 + 4] = {"--mutations_sync=0", "--implicit_select=0"};
    char pid[32];
    int rc = 0;

    for (size_t i = 0; i < 4; i++)
        lc_buf_init(&b[i], 2 * PATH_MAX);
    if (path_locked(path, pid, sizeof pid))
        return fail_locked(path, pid, err);
    rc = hide_stdin(err);
    if (rc)
        return rc;
    if (lc_buf_addf(&b[0], "--path=%s", path) ||
        lc_buf_addf(&b[1], "--user_scripts_path=%s%s", to->scripts ? to->scripts : path,
                    to->scripts ? "" : "/user_scripts") ||
        lc_buf_addf(&b[2], "--user_defined_executable_functions_config=%s%s",
                    to->functions ? to->functions : path, to->functions ? "" : "/*_function.xml") ||
        lc_buf_addf(&b[3], "--os_threads_nice_value_merge_mutate=%u", to->merge_nice))
        rc = LC_ERR_NOMEM;
    for (size_t i = 0; i < 4 && !rc; i++) {
        options[2 + i] = lc_buf_str(&b[i]);
        if (!options[2 + i])
            rc = LC_ERR_NOMEM;
    }
    if (rc)
        lc_fail(err, rc, "a path is too long for the embedded engine");
    else
        anchor = connect_with(options, 6);
    for (size_t i = 0; i < 4; i++)
        lc_buf_release(&b[i]);
    if (rc || anchor)
        return rc;
    if (path_locked(path, pid, sizeof pid))
        return fail_locked(path, pid, err);
    return lc_fail(err, LC_ERR_IO, "the embedded engine does not start on %s", path);
}

/* engine_lock is held. One user more, who starts the engine where it does not run. */
static int start_locked(const struct lc_connect *to, struct lc_error *err)
{
    char path[PATH_MAX];
    int rc;

    if (!to->path || !*to->path)
        return lc_fail(err, LC_ERR_USAGE, "the embedded engine needs a data path");
    /* A path that is wrong is refused without the library, and none is made without it. */
    rc = to->make_path ? 0 : lc_data_path(to, path, err);
    if (!rc)
        rc = lc_chdb_lib_load(to->libchdb, &lib, err);
    if (!rc && to->make_path)
        rc = lc_data_path(to, path, err);
    if (rc)
        return rc;
    if (users && strcmp(path, engine_path) != 0)
        return lc_fail(err, LC_ERR_USAGE,
                       "this process has %s open: the engine opens only one path", engine_path);
    if (users++)
        return 0;
    rc = boot(to, path, err);
    if (!rc) {
        memcpy(engine_path, path, sizeof path);
        rc = lc_watch_start(kill_statement, err);
        if (rc)
            lib->close_conn(anchor);
    }
    if (rc) {
        users = 0;
        anchor = NULL;
    }
    return rc;
}

int lc_chdb_start(const struct lc_connect *to, struct lc_error *err)
{
    int rc;

    pthread_mutex_lock(&engine_lock);
    rc = start_locked(to, err);
    pthread_mutex_unlock(&engine_lock);
    return rc;
}

void lc_chdb_stop(void)
{
    pthread_mutex_lock(&engine_lock);
    if (users && --users == 0) {
        lc_watch_stop();
        lib->close_conn(anchor);
        anchor = NULL;
    }
    pthread_mutex_unlock(&engine_lock);
}

/* A connection for one statement: its path is the engine's, its log_comment the id. */
static void **connect_for(const char *id, struct lc_error *err)
{
    struct lc_buf path, comment;
    const char *options[4] = {"--mutations_sync=0", "--implicit_select=0"};
    void **conn = NULL;

    lc_buf_init(&path, 2 * PATH_MAX);
    lc_buf_init(&comment, TEXT_MAX_BYTES);
    if (lc_buf_addf(&path, "--path=%s", engine_path) == 0 &&
        lc_buf_addf(&comment, "--log_comment=%s", id) == 0) {
        options[2] = lc_buf_str(&path);
        options[3] = lc_buf_str(&comment);
        if (options[2] && options[3])
            conn = connect_with(options, 4);
    }
    lc_buf_release(&path);
    lc_buf_release(&comment);
    if (!conn)
        lc_fail(err, LC_ERR_IO, "the embedded engine opens no further connection");
    return conn;
}

/*
 * Run a statement of our own that answers nothing. conn is what a connection (void **) points
 * to.
 */
static int run_plain(void *conn, struct lc_buf *sql, struct lc_error *err)
{
    const char *format = "Null";
    void *result = lib->query_n(conn, (const char *)sql->p, sql->n, format, strlen(format));
    const char *text = result ? lib->result_error(result) : "the embedded engine gave no answer";
    int rc = text ? lc_server_error(err, text, strlen(text)) : 0;

    if (result)
        lib->destroy_query_result(result);
    return rc;
}

/* Called by the watching thread. Whether it hit is seen by the statement's end. */
static void kill_statement(const char *id)
{
    const struct lc_sql_arg args[] = {{"id", id}, {0}};
    void **conn = connect_for("livecol-kill", NULL);
    struct lc_buf sql;

    lc_buf_init(&sql, TEXT_MAX_BYTES);
    if (conn && lc_sql_format(&sql, lc_sql_kill_query, args, NULL) == 0)
        (void)run_plain(*conn, &sql, NULL);
    lc_buf_release(&sql);
    if (conn)
        lib->close_conn(conn);
}

static bool plain_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    return n && !name[n];
}

/* "SET a = '1', b = '2'": one statement, since each costs as much as a small query. */
static int add_settings(struct lc_buf *sql, const struct lc_setting *s, struct lc_error *err)
{
    for (bool first = true; s && s->name; s++, first = false) {
        if (!plain_name(s->name))
            return lc_fail(err, LC_ERR_USAGE, "\"%s\" is not the name of a setting", s->name);
        if (lc_buf_addf(sql, "%s%s = ", first ? "SET " : ", ", s->name) ||
            lc_sql_add_str(sql, s->value))
            return lc_fail(err, LC_ERR_NOMEM, "the value of %s is too long", s->name);
    }
    return 0;
}

/* USE and SET: what a server takes from the URL of a request. */
static int prepare(void *conn, const struct lc_chdb_call *call, struct lc_error *err)
{
    struct lc_buf sql;
    int rc = 0;

    lc_buf_init(&sql, TEXT_MAX_BYTES);
    if (call->database && strcmp(call->database, "default") != 0) {
        rc = lc_buf_adds(&sql, "USE ") || lc_sql_add_id(&sql, call->database)
                 ? lc_fail(err, LC_ERR_NOMEM, "a database name is too long")
                 : run_plain(conn, &sql, err);
    }
    lc_buf_reset(&sql);
    if (rc == 0)
        rc = add_settings(&sql, call->settings, err);
    if (rc == 0 && sql.n)
        rc = run_plain(conn, &sql, err);
    lc_buf_release(&sql);
    return rc;
}

/*
 * The engine runs all statements of a text, a server only one: refuse what a server refuses,
 * with the same code. A text without `;` cannot hold two, and is not parsed for this.
 */
static int refuse_several(void *conn, const char *sql, size_t n, struct lc_error *err)
{
    struct lc_chdb_analysis a = {.struct_bytes = sizeof a};
    const char *text = "Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed): "
                       "several statements in one text. (SYNTAX_ERROR)";

    if (!memchr(sql, ';', n) || lib->classify_query_n(conn, sql, n, NULL, 0, &a) != 0 ||
        a.statements <= 1)
        return 0;
    return lc_server_error(err, text, strlen(text));
}

/* An INSERT with inline data: the data goes in apart, so that no byte of it is taken for SQL. */
static void *insert(void *conn, const struct lc_chdb_call *call, const struct lc_insert_data *d,
                    struct lc_error *err)
{
    void *stream = lib->stream_insert_with_params_n(
        conn, (const char *)d->head.p, d->head.n, (const char *)d->format.p, d->format.n,
        call->param_names, NULL, call->param_values, NULL, call->params);
    const char *text = stream ? lib->stream_insert_error(stream) : "no answer";
    void *result = NULL;

    if (!text) {
        /* What fails here is said by the end of the stream. */
        if (d->data.n)
            (void)lib->stream_append(stream, d->data.p, d->data.n);
        result = lib->stream_done(stream);
        if (!result)
            lc_fail(err, LC_ERR_SERVER, "the embedded engine gave no answer");
    } else {
        lc_server_error(err, text, strlen(text));
    }
    if (stream)
        lib->destroy_insert_stream(stream);
    return result;
}

/* The statement itself, on a connection that is ready. NULL: *err says why. */
static void *execute(void *conn, const struct lc_chdb_call *call, struct lc_error *err)
{
    struct lc_insert_data d;
    void *result;

    if (lc_insert_data_find(call->sql, call->sql_n, &d)) {
        result = insert(conn, call, &d, err);
    } else {
        if (refuse_several(conn, call->sql, call->sql_n, err))
            return NULL;
        result = lib->query_with_params_n(conn, call->sql, call->sql_n, call->format,
                                          strlen(call->format), call->param_names, NULL,
                                          call->param_values, NULL, call->params);
        if (!result)
            lc_fail(err, LC_ERR_SERVER, "the embedded engine gave no answer");
    }
    if (result && lib->result_error(result)) {
        const char *text = lib->result_error(result);

        lc_server_error(err, text, strlen(text));
        lib->destroy_query_result(result);
        result = NULL;
    }
    return result;
}

/*
 * The error of a statement that the watch has killed. What it had done by then stays done, so
 * one that was late has an unknown outcome.
 */
static int killed(enum lc_watch_why why, unsigned timeout_ms, const struct lc_error *cause,
                  struct lc_error *err)
{
    if (why == LC_WATCH_CANCELLED)
        return lc_fail(err, LC_ERR_STOPPED, "the statement was stopped: %s", cause->msg);
    return lc_fail(err, LC_ERR_UNKNOWN, "no answer within %.3g s, the statement was stopped: %s",
                   timeout_ms / 1000.0, cause->msg);
}

/*
 * The answer takes over the result. Its bytes are the engine's memory, valid until
 * lc_chdb_release.
 */
static int take_answer(void *result, struct lc_chdb_answer *answer, struct lc_error *err)
{
    *answer = (struct lc_chdb_answer){
        .result = result,
        .p = lib->result_buffer(result),
        .n = lib->result_length(result),
        .elapsed_s = lib->result_elapsed(result),
        .rows_read = lib->result_storage_rows_read(result),
        .bytes_read = lib->result_storage_bytes_read(result),
        .rows_written = lib->result_rows_written(result),
        .bytes_written = lib->result_bytes_written(result),
    };
    if (!answer->p)
        answer->n = 0;
    if (answer->n <= LC_ANSWER_MAX_BYTES)
        return 0;
    lc_fail(err, LC_ERR_NOMEM, "the answer has %zu bytes, more than 1 GiB", answer->n);
    lc_chdb_release(answer);
    return LC_ERR_NOMEM;
}

int lc_chdb_run(const struct lc_chdb_call *call, struct lc_chdb_answer *answer,
                struct lc_error *err)
{
    static atomic_ulong counter;
    struct lc_error cause = LC_ERROR_INIT;
    struct lc_watched watched;
    char fresh_id[64];
    const char *id = call->id;
    void *result = NULL;
    void **conn;

    *answer = (struct lc_chdb_answer){0};
    if (!id) {
        snprintf(fresh_id, sizeof fresh_id, "livecol-%ld-%lu", (long)getpid(),
                 atomic_fetch_add(&counter, 1) + 1);
        id = fresh_id;
    }
    conn = connect_for(id, err);
    if (!conn)
        return LC_ERR_IO;
    lc_watch_add(&watched, id, call->timeout_ms, call->cancel);
    if (prepare(*conn, call, &cause) == 0)
        result = execute(*conn, call, &cause);
    lc_watch_remove(&watched);
    lib->close_conn(conn);
    /* A KILL that came too late: the statement has answered, and that counts. */
    if (result)
        return take_answer(result, answer, err);
    if (watched.why != LC_WATCH_NOT_KILLED)
        return killed(watched.why, call->timeout_ms, &cause, err);
    lc_error_pass(err, &cause);
    return cause.code;
}

void lc_chdb_release(struct lc_chdb_answer *answer)
{
    if (answer->result)
        lib->destroy_query_result(answer->result);
    *answer = (struct lc_chdb_answer){0};
}

void **lc_chdb_connect(const struct lc_chdb_call *call, struct lc_error *err)
{
    void **conn = connect_for(call->id, err);

    if (conn && (prepare(*conn, call, err) || refuse_several(*conn, call->sql, call->sql_n, err))) {
        lib->close_conn(conn);
        conn = NULL;
    }
    return conn;
}

void lc_chdb_close(void **conn)
{
    lib->close_conn(conn);
}

enum lc_chdb_class lc_chdb_class_of(const char *sql, size_t n)
{
    struct lc_chdb_analysis a = {.struct_bytes = sizeof a};
    void **conn = connect_for("livecol-classify", NULL);
    bool known = conn && lib->classify_query_n(*conn, sql, n, NULL, 0, &a) == 0 && a.statements;

    if (conn)
        lib->close_conn(conn);
    if (!known || a.class == ANALYSIS_UNKNOWN)
        return LC_CHDB_UNCLEAR;
    return a.class == ANALYSIS_READ_ONLY ? LC_CHDB_READS : LC_CHDB_WRITES;
}
