/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server/server_error.h"
#include "cli/sql/insert_data.h"
#include "cli/sql/walk.h"
#include "http_request.h"
#include "http_status.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum { TEXT_MAX_BYTES = 1 << 30, FORMAT_MAX_BYTES = 64 };

/* What is taken out of the query string, sorted by what it is for. */
struct wanted {
    const char *query, *database, *format, *query_id, *log_comment;
    struct lc_setting settings[HTTP_PARAMS_MAX + 1];
    const char *param_names[HTTP_PARAMS_MAX];
    const char *param_values[HTTP_PARAMS_MAX];
    size_t settings_n, params_n;
    const char *session, *session_check;
    unsigned session_s;
};

/* A session that was opened: its id, and until when it is kept. Nothing is kept in it. */
enum { SESSIONS = 256, SESSION_S = 60 };
static struct {
    char id[64];
    time_t until;
} sessions[SESSIONS];
static pthread_mutex_t sessions_lock = PTHREAD_MUTEX_INITIALIZER;

static time_t boottime_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec;
}

/* Open it, or keep it for longer. False where it is to be there, and is not. */
static bool use_session(const struct wanted *w)
{
    time_t now = boottime_s(), until = now + (w->session_s ? w->session_s : SESSION_S);
    size_t place = 0;
    bool there = false;

    if (!w->session)
        return true;
    pthread_mutex_lock(&sessions_lock);
    for (size_t i = 0; i < SESSIONS && !there; i++) {
        there = sessions[i].until >= now && strcmp(sessions[i].id, w->session) == 0;
        if (there || sessions[i].until < sessions[place].until)
            place = i;
    }
    if (there || !w->session_check) {
        snprintf(sessions[place].id, sizeof sessions[place].id, "%s", w->session);
        sessions[place].until = until;
    }
    pthread_mutex_unlock(&sessions_lock);
    return there || !w->session_check;
}

/* Statements in work, by query id: a server refuses a second one of the same id. */
struct running {
    const char *id;
    struct running *next;
};

static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;
static struct running *running;

static bool begin(struct running *r, const char *id)
{
    bool free_id = true;

    pthread_mutex_lock(&running_lock);
    for (const struct running *other = running; other; other = other->next)
        free_id = free_id && strcmp(other->id, id) != 0;
    if (free_id) {
        *r = (struct running){id, running};
        running = r;
    }
    pthread_mutex_unlock(&running_lock);
    return free_id;
}

static void end(struct running *r)
{
    struct running **at = &running;

    pthread_mutex_lock(&running_lock);
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    pthread_mutex_unlock(&running_lock);
}

/* Answer with an error as the server writes it: "Code: 60. DB::Exception: ... (version ...)". */
static void answer_error(const struct http_server *server, struct http_response *out, int code,
                         const char *text)
{
    out->status = http_status_of(code);
    out->exception_code = code;
    out->content_type = "text/plain; charset=UTF-8";
    lc_buf_reset(&out->text);
    if (lc_buf_addf(&out->text, "%s (version %s)\n", text, server->version) == 0)
        out->body = (struct lc_slice){out->text.p, out->text.n};
}

static void answer_plain(struct http_response *out, unsigned status, const char *text)
{
    out->status = status;
    out->content_type = "text/plain; charset=UTF-8";
    if (lc_buf_adds(&out->text, text) == 0)
        out->body = (struct lc_slice){out->text.p, out->text.n};
}

static bool let_in(const struct http_server *server, const struct http_request *request)
{
    const char *user = request->user && *request->user ? request->user : "default";
    const char *password = request->password ? request->password : "";

    return strcmp(user, server->user) == 0 && strcmp(password, server->password) == 0;
}

/* Sort one parameter. False where this server does not do what it asks for. */
static bool sort_param(struct wanted *w, const char *name, const char *value)
{
    static const char *const without_effect[] = {"wait_end_of_query", "buffer_size", "user",
                                                 "password",          "stacktrace",  "quota_key"};
    static const char *const refused[] = {"compress", "decompress", "role",
                                          "client_protocol_version"};

    for (size_t i = 0; i < sizeof without_effect / sizeof without_effect[0]; i++)
        if (strcmp(name, without_effect[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(name, refused[i]) == 0)
            return strcmp(value, "0") == 0 || !*value;
    if (strcmp(name, "query") == 0)
        w->query = value;
    else if (strcmp(name, "database") == 0)
        w->database = value;
    else if (strcmp(name, "session_id") == 0)
        w->session = value;
    else if (strcmp(name, "session_check") == 0)
        w->session_check = strcmp(value, "1") == 0 ? value : NULL;
    else if (strcmp(name, "session_timeout") == 0)
        w->session_s = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "default_format") == 0)
        w->format = value;
    else if (strcmp(name, "query_id") == 0)
        w->query_id = *value ? value : NULL;
    else if (strcmp(name, "log_comment") == 0)
        w->log_comment = value;
    else if (strncmp(name, "param_", 6) == 0) {
        w->param_names[w->params_n] = name + 6;
        w->param_values[w->params_n++] = value;
    } else {
        w->settings[w->settings_n++] = (struct lc_setting){name, value};
    }
    return true;
}

/* The format that the statement itself names, the last FORMAT outside of brackets; false: none. */
static bool own_format(const char *sql, size_t n, char *out)
{
    struct lc_walk w = lc_walk(sql, n);
    bool found = false;

    while (lc_walk_next(&w)) {
        if (w.depth || !lc_tok_is(&w.before, "FORMAT") || w.tok.kind != LC_TOK_WORD ||
            w.tok.n >= FORMAT_MAX_BYTES)
            continue;
        snprintf(out, FORMAT_MAX_BYTES, "%.*s", (int)w.tok.n, w.tok.p);
        found = true;
    }
    return found;
}

static const char *content_type(const char *format)
{
    if (strncmp(format, "JSON", 4) == 0 && !strstr(format, "EachRow"))
        return "application/json; charset=UTF-8";
    if (strstr(format, "JSON"))
        return "application/x-ndjson; charset=UTF-8";
    if (strncmp(format, "CSV", 3) == 0)
        return "text/csv; charset=UTF-8; header=absent";
    if (strncmp(format, "TabSeparated", 12) == 0 || strncmp(format, "TSV", 3) == 0)
        return "text/tab-separated-values; charset=UTF-8";
    if (strcmp(format, "Native") == 0 || strncmp(format, "RowBinary", 9) == 0)
        return "application/octet-stream";
    return "text/plain; charset=UTF-8";
}

static void make_query_id(char *out, size_t size)
{
    unsigned char r[16] = {0};

    if (getrandom(r, sizeof r, 0) != sizeof r)
        abort(); /* ids that are alike would mislead a test */
    snprintf(out, size, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-8%01x%02x-%02x%02x%02x%02x%02x%02x",
             r[0], r[1], r[2], r[3], r[4], r[5], r[6] & 15, r[7], r[8] & 15, r[9], r[10], r[11],
             r[12], r[13], r[14], r[15]);
}

/* A member that says how many rows are in the answer, where its format has a line a row; else "". */
static void result_rows(const struct http_response *out, char *text, size_t size)
{
    static const struct {
        const char *format;
        uint64_t head; /* lines before the first row */
    } lines[] = {{"TabSeparated", 0},
                 {"TSV", 0},
                 {"TabSeparatedWithNames", 1},
                 {"TSVWithNames", 1},
                 {"TabSeparatedWithNamesAndTypes", 2},
                 {"TSVWithNamesAndTypes", 2},
                 {"JSONEachRow", 0}};
    uint64_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < out->answer.n; i++)
        n += out->answer.p[i] == '\n';
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strcasecmp(out->format, lines[i].format) == 0 && n >= lines[i].head)
            snprintf(text, size, "\"result_rows\":\"%llu\",",
                     (unsigned long long)(n - lines[i].head));
    }
}

/* Of what the engine does not say, no member. */
static void fill_summary(struct http_response *out)
{
    const struct lc_chdb_answer *a = &out->answer;
    char rows[64];

    result_rows(out, rows, sizeof rows);
    snprintf(out->summary, sizeof out->summary,
             "{\"read_rows\":\"%llu\",\"read_bytes\":\"%llu\",\"written_rows\":\"%llu\","
             "\"written_bytes\":\"%llu\",%s\"result_bytes\":\"%zu\",\"elapsed_ns\":\"%.0f\"}",
             (unsigned long long)a->rows_read, (unsigned long long)a->bytes_read,
             (unsigned long long)a->rows_written, (unsigned long long)a->bytes_written, rows, a->n,
             a->elapsed_s * 1e9);
}

static void run(const struct http_server *server, const struct wanted *w, const char *sql, size_t n,
                struct http_response *out)
{
    struct lc_chdb_call call = {
        .sql = sql,
        .sql_n = n,
        .format = w->format,
        .database = w->database,
        .id = w->log_comment ? w->log_comment : out->query_id,
        .settings = w->settings,
        .param_names = w->param_names,
        .param_values = w->param_values,
        .params = w->params_n,
        .cancel = server->stop,
    };
    struct lc_error err = LC_ERROR_INIT;

    if (lc_chdb_run(&call, &out->answer, &err)) {
        answer_error(server, out, err.server_code ? err.server_code : 1000, err.msg);
        return;
    }
    out->status = 200;
    if (!own_format(sql, n, out->format))
        snprintf(out->format, sizeof out->format, "%s", w->format);
    out->content_type = content_type(out->format);
    out->body = (struct lc_slice){(const uint8_t *)out->answer.p, out->answer.n};
    fill_summary(out);
}

/* GET may be sent again by anyone on the way, so it only reads. */
static bool refuse_write(const struct http_server *server, const char *sql, size_t n,
                         struct http_response *out)
{
    if (lc_chdb_class_of(sql, n) != LC_CHDB_WRITES)
        return false;
    answer_error(
        server, out, 164,
        "Code: 164. DB::Exception: Cannot execute query in readonly mode. For queries over "
        "HTTP, method GET implies readonly. You should use method POST for modifying "
        "queries. (READONLY)");
    return true;
}

/* Nothing but blanks and comments. */
static bool is_empty(const char *sql, size_t n)
{
    struct lc_walk w = lc_walk(sql, n);

    return lc_walk_at_end(&w);
}

/* KILL QUERY WHERE query_id = …: what the client calls so is the engine's log_comment. */
static int name_killed(struct lc_buf *sql)
{
    struct lc_walk w = lc_walk((const char *)sql->p, sql->n);
    struct lc_buf out;
    size_t done = 0;
    int rc = 0;

    if (!lc_walk_accept(&w, "KILL QUERY"))
        return 0;
    lc_buf_init(&out, TEXT_MAX_BYTES);
    while (rc == 0 && lc_walk_next(&w)) {
        if (!lc_tok_is(&w.tok, "query_id"))
            continue;
        rc = lc_buf_add(&out, sql->p + done, w.tok.at - done) ||
             lc_buf_adds(&out, "Settings['log_comment']");
        done = w.tok.at + w.tok.n;
    }
    rc = rc || lc_buf_add(&out, sql->p + done, sql->n - done);
    lc_buf_release(sql);
    *sql = out;
    return rc;
}

static void serve_query(const struct http_server *server, const struct http_request *request,
                        const struct wanted *w, struct http_response *out)
{
    struct running r;
    struct lc_buf sql;

    lc_buf_init(&sql, TEXT_MAX_BYTES);
    if ((w->query && lc_buf_adds(&sql, w->query)) ||
        (w->query && *w->query && request->body.n && lc_buf_adds(&sql, "\n")) ||
        lc_buf_add(&sql, request->body.p, request->body.n) || name_killed(&sql) ||
        !lc_buf_str(&sql)) {
        answer_plain(out, 413, "the statement is too large\n");
    } else if (is_empty((const char *)sql.p, sql.n)) {
        answer_error(server, out, 62, "Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)");
    } else if (!begin(&r, out->query_id)) {
        answer_error(server, out, 216,
                     "Code: 216. DB::Exception: A query of this id is already running. "
                     "(QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)");
    } else {
        if (!request->is_get || !refuse_write(server, (const char *)sql.p, sql.n, out))
            run(server, w, (const char *)sql.p, sql.n, out);
        end(&r);
    }
    lc_buf_release(&sql);
}

void http_serve(const struct http_server *server, const struct http_request *request,
                struct http_response *out)
{
    struct wanted w = {.database = request->database, .format = request->format};
    bool served =
        !request->encoding || !*request->encoding || strcasecmp(request->encoding, "identity") == 0;

    *out = (struct http_response){.content_type = "text/plain; charset=UTF-8"};
    lc_buf_init(&out->text, TEXT_MAX_BYTES);
    if (strcmp(request->path, "/ping") == 0) {
        answer_plain(out, 200, "Ok.\n");
        return;
    }
    if (strcmp(request->path, "/") != 0) {
        answer_plain(out, 404, "There is no handle here; use / or /ping\n");
        return;
    }
    for (size_t i = 0; i < request->params_n; i++)
        served = sort_param(&w, request->params[i].name, request->params[i].value) && served;
    if (!w.format)
        w.format = "TabSeparated";
    if (w.query_id)
        snprintf(out->query_id, sizeof out->query_id, "%s", w.query_id);
    else
        make_query_id(out->query_id, sizeof out->query_id);
    if (!w.query && request->body.n == 0 && request->is_get)
        answer_plain(out, 200, "Ok.\n");
    else if (request->authorization && strncasecmp(request->authorization, "Basic ", 6) != 0)
        answer_error(server, out, 516,
                     "Code: 516. DB::Exception: Invalid authentication: this HTTP Authorization "
                     "scheme is not supported. (AUTHENTICATION_FAILED)");
    else if (!let_in(server, request))
        answer_error(server, out, 516,
                     "Code: 516. DB::Exception: Authentication failed: password is incorrect, or "
                     "there is no user with such name. (AUTHENTICATION_FAILED)");
    else if (!served)
        answer_error(server, out, 48,
                     "Code: 48. DB::Exception: Roles, compression and protocol versions are not "
                     "served here. (NOT_IMPLEMENTED)");
    else if (!use_session(&w))
        answer_error(server, out, 372,
                     "Code: 372. DB::Exception: Session not found. (SESSION_NOT_FOUND)");
    else
        serve_query(server, request, &w, out);
}

void http_response_release(struct http_response *r)
{
    lc_chdb_release(&r->answer);
    lc_buf_release(&r->text);
}
