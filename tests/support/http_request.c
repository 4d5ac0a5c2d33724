/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "cli/server/server_error.h"
#include "cli/sql/insert_data.h"
#include "cli/sql/walk.h"
#include "chdb_stream.h"
#include "http_request.h"
#include "http_status.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum { TEXT_MAX_BYTES = 1 << 30, FORMAT_MAX_BYTES = 64, BUFFER_BYTES = 1 << 20 };

/* What is taken out of the query string, sorted by what it is for. */
struct wanted {
    const char *query, *database, *format, *query_id, *log_comment;
    struct lc_setting settings[HTTP_PARAMS_MAX + 1];
    const char *param_names[HTTP_PARAMS_MAX];
    const char *param_values[HTTP_PARAMS_MAX];
    size_t settings_n, params_n;
    const char *session, *session_check;
    unsigned session_s;
    bool whole;          /* nothing is sent before the statement's end */
    size_t buffer_bytes; /* else: before so many bytes of the answer are there */
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

/* Statements in work, by query id. */
static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;
static struct http_running *running;

static bool begin(struct http_running *r, const char *id)
{
    bool free_id = true;

    pthread_mutex_lock(&running_lock);
    for (const struct http_running *other = running; other; other = other->next)
        free_id = free_id && strcmp(other->id, id) != 0;
    if (free_id) {
        *r = (struct http_running){id, running};
        running = r;
    }
    pthread_mutex_unlock(&running_lock);
    return free_id;
}

static void end(struct http_running *r)
{
    struct http_running **at = &running;

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
    static const char *const without_effect[] = {"user", "password", "stacktrace", "quota_key"};
    static const char *const refused[] = {"compress", "decompress", "role",
                                          "client_protocol_version"};

    for (size_t i = 0; i < sizeof without_effect / sizeof without_effect[0]; i++)
        if (strcmp(name, without_effect[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(name, refused[i]) == 0)
            return strcmp(value, "0") == 0 || !*value;
    if (strcmp(name, "wait_end_of_query") == 0)
        w->whole = strcmp(value, "1") == 0;
    else if (strcmp(name, "buffer_size") == 0)
        w->buffer_bytes = (size_t)strtoull(value, NULL, 10);
    else if (strcmp(name, "query") == 0)
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

static void make_tag(char tag[HTTP_TAG_BYTES + 1])
{
    unsigned char r[HTTP_TAG_BYTES];

    if (getrandom(r, sizeof r, 0) != sizeof r)
        abort();
    for (size_t i = 0; i < sizeof r; i++)
        tag[i] = (char)('a' + r[i] % 26);
}

/* Formats of which answers can be put together, and how many lines each has before its first row. */
static const struct format {
    const char *name;
    unsigned head;
    bool lines; /* a row is a line of its own */
} formats[] = {{"TabSeparated", 0, true},
               {"TSV", 0, true},
               {"TabSeparatedWithNames", 1, true},
               {"TSVWithNames", 1, true},
               {"TabSeparatedWithNamesAndTypes", 2, true},
               {"TSVWithNamesAndTypes", 2, true},
               {"JSONEachRow", 0, true},
               {"TabSeparatedRaw", 0, false},
               {"TSVRaw", 0, false},
               {"CSV", 0, false},
               {"Native", 0, false},
               {"RowBinary", 0, false}};

/* NULL: another one. */
static const struct format *format_of(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(name, formats[i].name) == 0)
            return &formats[i];
    return NULL;
}

/* A member that says how many rows are in the answer, where its format has a line a row; else "". */
static void result_rows(const struct http_response *out, char *text, size_t size)
{
    const struct format *format = format_of(out->format);
    uint64_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < out->answer.n; i++)
        n += out->answer.p[i] == '\n';
    if (format && format->lines && n >= format->head)
        snprintf(text, size, "\"result_rows\":\"%llu\",", (unsigned long long)(n - format->head));
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

/* The rest of an answer whose first bytes are in `text` of the response. */
struct http_stream {
    struct chdb_stream *blocks; /* NULL: there are no more */
    const char *version;        /* the server's */
    struct lc_buf head;         /* of the format: each block has it */
    unsigned head_lines;
    size_t sent; /* bytes of text */
    bool failed;
};

/* Behind the first rows there is no other place: src/Server/HTTP/HTTP1/HTTP1ServerResponse.cpp. */
static int add_exception(struct http_response *out, const struct lc_error *err, const char *version)
{
    struct lc_buf text;
    int rc;

    lc_buf_init(&text, TEXT_MAX_BYTES);
    rc = lc_buf_addf(&text, "%s (version %s)\n", err->msg, version) ||
         lc_buf_addf(&out->text, "\r\n__exception__\r\n%s\r\n", out->tag) ||
         lc_buf_add(&out->text, text.p, text.n) ||
         lc_buf_addf(&out->text, "%zu %s\r\n__exception__\r\n", text.n, out->tag);
    lc_buf_release(&text);
    return rc;
}

/* A block behind those before it: the format's head comes once. */
static int add_block(struct http_response *out, const struct lc_chdb_answer *block)
{
    struct http_stream *s = out->stream;
    size_t head = 0;

    for (unsigned lines = 0; lines < s->head_lines && head < block->n; head++)
        lines += block->p[head] == '\n';
    if (!s->head.n && head)
        return lc_buf_add(&s->head, block->p, head) || lc_buf_add(&out->text, block->p, block->n);
    if (head != s->head.n || (head && memcmp(block->p, s->head.p, head) != 0))
        abort(); /* two heads: this is no answer of one statement */
    return lc_buf_add(&out->text, block->p + head, block->n - head);
}

/* Fetch one more block. False: there are no more. */
static bool fetch(struct http_response *out, struct lc_error *err)
{
    struct http_stream *s = out->stream;
    struct lc_chdb_answer block = {0};
    bool more;

    if (!s->blocks)
        return false;
    more = chdb_stream_next(s->blocks, &block, err) == 0 && block.n;
    if (more && add_block(out, &block))
        more = lc_fail(err, LC_ERR_NOMEM, "Code: 241. DB::Exception: the answer is too large") == 0;
    out->answer.rows_read += block.rows_read;
    out->answer.bytes_read += block.bytes_read;
    lc_chdb_release(&block);
    if (!more) {
        chdb_stream_close(s->blocks);
        s->blocks = NULL;
    }
    return more;
}

static void stream_free(struct http_stream *s)
{
    if (!s)
        return;
    chdb_stream_close(s->blocks);
    lc_buf_release(&s->head);
    free(s);
}

ssize_t http_response_next(struct http_response *r, char *to, size_t max)
{
    struct http_stream *s = r->stream;
    struct lc_error err = LC_ERROR_INIT;
    size_t n;

    if (s->sent == r->text.n) {
        lc_buf_reset(&r->text);
        s->sent = 0;
        if (!s->failed && !fetch(r, &err) && err.code) {
            s->failed = true;
            if (add_exception(r, &err, s->version))
                return -1;
        }
    }
    n = r->text.n - s->sent < max ? r->text.n - s->sent : max;
    if (n == 0)
        return s->failed ? -1 : 0;
    memcpy(to, r->text.p + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

/* What begins as a query, reads, and has rows alone: neither totals nor extremes. */
static bool can_stream(const struct wanted *w, const char *sql, size_t n, const char *format)
{
    struct lc_walk walk = lc_walk(sql, n);
    bool first = true;

    if (w->whole || !format_of(format))
        return false;
    for (size_t i = 0; i < w->settings_n; i++)
        if (strcmp(w->settings[i].name, "extremes") == 0)
            return false;
    for (; lc_walk_next(&walk); first = false)
        if ((first && !lc_tok_is(&walk.tok, "SELECT") && !lc_tok_is(&walk.tok, "WITH")) ||
            lc_tok_is(&walk.tok, "TOTALS") || lc_tok_is(&walk.tok, "extremes"))
            return false;
    return lc_chdb_class_of(sql, n) == LC_CHDB_READS;
}

/*
 * The answer as it comes. What fails, or ends, before buffer_bytes are there is answered whole, since nothing is
 * sent before.
 */
static int run_streamed(const struct http_server *server, const struct wanted *w,
                        const struct lc_chdb_call *call, struct http_response *out,
                        struct lc_error *err)
{
    struct http_stream *s = calloc(1, sizeof *s);
    const struct format *format = format_of(out->format);
    uint64_t begun = lc_now_ns();
    bool more = true;

    if (!s)
        return lc_fail(err, LC_ERR_NOMEM, "Code: 241. DB::Exception: no memory");
    s->version = server->version;
    s->head_lines = format ? format->head : 0;
    lc_buf_init(&s->head, TEXT_MAX_BYTES);
    out->stream = s;
    if (chdb_stream_open(&s->blocks, call, err) == 0)
        while (more && out->text.n <= w->buffer_bytes)
            more = fetch(out, err);
    if (!more || err->code) {
        stream_free(s);
        out->stream = NULL;
    }
    if (err->code)
        return err->code;
    out->answer.p = (const char *)out->text.p;
    out->answer.n = out->text.n;
    out->answer.elapsed_s = (double)(lc_now_ns() - begun) / 1e9;
    return 0;
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

    if (!own_format(sql, n, out->format))
        snprintf(out->format, sizeof out->format, "%s", w->format);
    if (can_stream(w, sql, n, out->format) ? run_streamed(server, w, &call, out, &err)
                                           : lc_chdb_run(&call, &out->answer, &err)) {
        out->format[0] = '\0';
        answer_error(server, out, err.server_code ? err.server_code : 1000, err.msg);
        return;
    }
    out->status = 200;
    out->content_type = content_type(out->format);
    out->body = (struct lc_slice){(const uint8_t *)out->answer.p, out->answer.n};
    if (!out->stream)
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
    struct lc_buf sql;

    lc_buf_init(&sql, TEXT_MAX_BYTES);
    if ((w->query && lc_buf_adds(&sql, w->query)) ||
        (w->query && *w->query && request->body.n && lc_buf_adds(&sql, "\n")) ||
        lc_buf_add(&sql, request->body.p, request->body.n) || name_killed(&sql) ||
        !lc_buf_str(&sql)) {
        answer_plain(out, 413, "the statement is too large\n");
    } else if (is_empty((const char *)sql.p, sql.n)) {
        answer_error(server, out, 62, "Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)");
    } else if (!begin(&out->running, out->query_id)) {
        answer_error(server, out, 216,
                     "Code: 216. DB::Exception: A query of this id is already running. "
                     "(QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)");
    } else {
        if (!request->is_get || !refuse_write(server, (const char *)sql.p, sql.n, out))
            run(server, w, (const char *)sql.p, sql.n, out);
        if (!out->stream)
            end(&out->running);
    }
    lc_buf_release(&sql);
}

void http_serve(const struct http_server *server, const struct http_request *request,
                struct http_response *out)
{
    struct wanted w = {
        .database = request->database, .format = request->format, .buffer_bytes = BUFFER_BYTES};
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
    make_tag(out->tag);
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
    if (r->stream)
        end(&r->running);
    stream_free(r->stream);
    lc_chdb_release(&r->answer);
    lc_buf_release(&r->text);
}
