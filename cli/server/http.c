/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One libcurl handle a connection, kept alive between requests.
 *
 * libcurl sends a request again by itself when a connection that it had kept dies before the first
 * byte of the answer, whatever the method. A server may have run the statement by then. So all but
 * statements that read go over a connection that was used a moment ago, which no server closes yet, or
 * over a fresh one; and where libcurl begins a second time, on_before_request stops it.
 *
 *   make_url ─▶ connect ─▶ on_before_request ─▶ send ─▶ on_header … on_body …
 *                          the fence, the last moment     │
 *                                                         ▼
 *               transport_error │ status_error │ take_answer: an exception may be at the body's end,
 *                                                with the connection broken off behind it (ended_by_error)
 *
 * What matters in each failure is whether the statement can have reached the server: LC_ERR_NOT_SENT and
 * LC_ERR_SERVER say it was not run, LC_ERR_UNKNOWN that nobody can tell.
 */
#include "cli/server/http.h"

#include "base/clock.h"
#include "base/test_points.h"
#include "cli/server/backend_impl.h"
#include "cli/server/server_error.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { URL_MAX_BYTES = 1 << 20 };

/* Servers keep a connection that nobody uses for three seconds at the least. */
enum { KEPT_MS = 1000 };

_Static_assert(LC_HTTP_ERROR_BYTES >= CURL_ERROR_SIZE, "libcurl's message has room");

/* Fewer bytes taken than came makes libcurl end the request: the buffer has its maximum. */
static size_t on_body(char *p, size_t size, size_t n, void *data)
{
    struct lc_http *h = data;

    if (lc_buf_add(&h->body, p, size * n)) {
        h->too_large = true;
        return 0;
    }
    return size * n;
}

/* Copy the value of "name: value\r\n" where the line has that name. */
static void take_header(char *out, size_t size, const char *name, const char *line, size_t n)
{
    size_t name_n = strlen(name);

    if (n <= name_n || line[name_n] != ':' || strncasecmp(line, name, name_n) != 0)
        return;
    line += name_n + 1;
    n -= name_n + 1;
    while (n && (*line == ' ' || *line == '\t')) {
        line++;
        n--;
    }
    while (n && (unsigned char)line[n - 1] <= ' ')
        n--;
    snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), line);
}

/*
 * One header line. The empty line, which comes last, is how a head that was cut is told from a
 * whole one.
 */
static size_t on_header(char *p, size_t size, size_t n, void *data)
{
    struct lc_http *h = data;

    h->head_done = size * n <= 2; /* the empty line */
    take_header(h->exception_code, sizeof h->exception_code, "X-ClickHouse-Exception-Code", p,
                size * n);
    take_header(h->exception_tag, sizeof h->exception_tag, "X-ClickHouse-Exception-Tag", p,
                size * n);
    take_header(h->summary, sizeof h->summary, "X-ClickHouse-Summary", p, size * n);
    return size * n;
}

/* libcurl calls it about once a second and on traffic; other than 0 ends the request. */
static int on_progress(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct lc_http *h = data;

    (void)a, (void)b, (void)c, (void)d;
    return h->cancel && atomic_load(h->cancel) ? 1 : 0;
}

/* The last moment: the connection is there, and no byte of the statement has left. */
static int on_before_request(void *data, char *to, char *from, int to_port, int from_port)
{
    struct lc_http *h = data;

    (void)to, (void)from, (void)to_port, (void)from_port;
    h->sent_before = h->begun++ > 0 && !h->reads;
    if (h->sent_before)
        return CURL_PREREQFUNC_ABORT;
    h->fenced_off = h->fence && !h->fence->fresh(h->fence->ctx);
    if (h->fence && h->changes)
        LC_TEST_GATE("before the first byte");
    return h->fenced_off ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* What stays the same for every statement of this backend. */
static int set_up(struct lc_http *h, const struct lc_connect *to, const struct lc_url *u)
{
    CURL *c = h->curl;
    bool bad = false;

    h->headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=UTF-8");
    if (h->headers) {
        struct curl_slist *more = curl_slist_append(h->headers, "Expect:");

        bad = !more;
        h->headers = more ? more : h->headers;
    }
    bad |= !h->headers;
    bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, h->headers) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") != 0;
    bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_POST, 1L) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 1L) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)to->connect_timeout_ms) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->curl_error) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, h) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, h) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, h) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_before_request) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_PREREQDATA, h) != 0;
    bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "livecol") != 0;
    if (u->user || to->password) {
        bad |= curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) != 0;
        bad |= curl_easy_setopt(c, CURLOPT_USERNAME, u->user ? u->user : "default") != 0;
        bad |= curl_easy_setopt(c, CURLOPT_PASSWORD, to->password ? to->password : "") != 0;
    }
    /* An empty name is libcurl's way to say no proxy, whatever the environment has. */
    if (lc_url_is_loopback(u))
        bad |= curl_easy_setopt(c, CURLOPT_PROXY, "") != 0;
    if (u->tls) {
        bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != 0;
        if (to->ca_cert)
            bad |= curl_easy_setopt(c, CURLOPT_CAINFO, to->ca_cert) != 0;
        if (to->cert)
            bad |= curl_easy_setopt(c, CURLOPT_SSLCERT, to->cert) != 0;
        if (to->key)
            bad |= curl_easy_setopt(c, CURLOPT_SSLKEY, to->key) != 0;
    }
    return bad ? LC_ERR_NOMEM : 0;
}

int lc_http_open(struct lc_http *h, const struct lc_connect *to, const struct lc_url *u,
                 struct lc_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, init_curl);
    h->curl = curl_easy_init();
    if (!h->curl || set_up(h, to, u))
        return lc_fail(err, LC_ERR_NOMEM, "libcurl does not start");
    return 0;
}

void lc_http_close(struct lc_http *h)
{
    curl_easy_cleanup(h->curl);
    curl_slist_free_all(h->headers);
    lc_buf_release(&h->body);
}

/* Append name=value, percent-encoded, after the ? or after an &. */
static int add_param(struct lc_buf *url, CURL *c, const char *name, const char *value)
{
    char *n = curl_easy_escape(c, name, 0);
    char *v = curl_easy_escape(c, value, 0);
    bool first = url->n && url->p[url->n - 1] == '?';
    int rc = !n || !v || lc_buf_addf(url, "%s%s=%s", first ? "" : "&", n, v) ? LC_ERR_NOMEM : 0;

    curl_free(n);
    curl_free(v);
    return rc;
}

/* The session that lc_fence.lease_s is about: opened by a request that reads, demanded then. */
static int add_session(struct lc_backend *b, const struct lc_query *q, struct lc_buf *url)
{
    struct lc_http *h = b->state;
    bool opens = h->opens, demands = !opens && h->session[0] && lc_query_fence(b, q);
    const char *id = opens || demands ? h->session : b->used_session;
    char lease[16];

    if (!id)
        return 0;
    snprintf(lease, sizeof lease, "%u", opens || demands ? b->fence->lease_s : b->used_lease_s);
    return add_param(url, h->curl, "session_id", id) ||
           add_param(url, h->curl, "session_timeout", lease) ||
           (demands && add_param(url, h->curl, "session_check", "1"));
}

/* The request's address: all but the statement goes there. */
static int make_url(struct lc_backend *b, const struct lc_query *q, bool wants_table,
                    struct lc_buf *url)
{
    CURL *c = ((struct lc_http *)b->state)->curl;
    /* b->where is scheme://host:port/database */
    const char *slash = strchr(strstr(b->where, "://") + 3, '/');
    int rc;

    rc = lc_buf_add(url, b->where, (size_t)(slash - b->where)) || lc_buf_adds(url, "/?") ||
         add_param(url, c, "database", b->to.database) ||
         (wants_table && add_param(url, c, "default_format", "TabSeparatedWithNamesAndTypes")) ||
         (!q->streamed && add_param(url, c, "wait_end_of_query", "1")) || add_session(b, q, url);
    if (!rc && q->query_id) {
        rc = add_param(url, c, "query_id", q->query_id);
        if (!rc && lc_backend_has_setting(b, "log_comment"))
            rc = add_param(url, c, "log_comment", q->query_id);
    }
    for (const struct lc_setting *s = q->settings; !rc && s && s->name; s++)
        if (lc_backend_has_setting(b, s->name))
            rc = add_param(url, c, s->name, s->value);
    return rc;
}

/*
 * A number of X-ClickHouse-Summary, a JSON object of strings: {"read_rows":"1",…}. name has
 * the key with its quotes and colon; 0: it is not there.
 */
static uint64_t summary_number(const char *summary, const char *name)
{
    const char *at = strstr(summary, name);

    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/*
 * libcurl gave no answer: was it before or after the statement left this machine? Our own
 * reasons to abort come first, since libcurl has one code for all of them; then the bytes that
 * were sent decide.
 */
static int transport_error(struct lc_backend *b, CURLcode code, unsigned timeout_ms,
                           struct lc_error *err)
{
    struct lc_http *h = b->state;
    const char *why = h->curl_error[0] ? h->curl_error : curl_easy_strerror(code);
    long sent_bytes = 0;

    if (h->too_large)
        return lc_fail(err, LC_ERR_NOMEM, "%s: the answer has more than 1 GiB", b->where);
    if (h->fenced_off)
        return lc_fail(err, LC_ERR_NOT_SENT,
                       "%s: nothing was sent: this process was stopped for too long before it",
                       b->where);
    curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &sent_bytes);
    if (h->sent_before) {
        why = "the connection was closed";
        sent_bytes = 1;
    } else if (code == CURLE_ABORTED_BY_CALLBACK) {
        lc_fail(err, LC_ERR_STOPPED, "%s: stopped while waiting for the answer", b->where);
        return LC_ERR_STOPPED;
    }
    if (sent_bytes == 0) {
        lc_fail(err, LC_ERR_NOT_SENT, "%s: %s", b->where, why);
        if (code == CURLE_PEER_FAILED_VERIFICATION)
            lc_hint(err, "--ca-cert FILE names the authority that signed the server's certificate");
        else
            lc_hint(err, "is the server running, and is this its address and HTTP port?");
        return LC_ERR_NOT_SENT;
    }
    if (code == CURLE_OPERATION_TIMEDOUT)
        lc_fail(err, LC_ERR_UNKNOWN, "%s: no answer within %.3g s", b->where, timeout_ms / 1000.0);
    else
        lc_fail(err, LC_ERR_UNKNOWN, "%s: the answer was lost: %s", b->where, why);
    lc_hint(err, "the statement was sent: the server may have run it, or may run it still");
    return LC_ERR_UNKNOWN;
}

/* An answer with an error status: the server's own, or that of something before it. */
static int status_error(struct lc_backend *b, long status, struct lc_error *err)
{
    struct lc_http *h = b->state;
    const char *text = (const char *)h->body.p;
    int code = lc_server_error_code(text ? text : "", h->body.n);
    char start[128];

    if (!code)
        code = atoi(h->exception_code);
    if (code) {
        bool first = err && err->code == 0;

        lc_server_error(err, text ? text : "", h->body.n);
        if (first)
            err->server_code = code;
        return LC_ERR_SERVER;
    }
    lc_printable(h->body.p, h->body.n, start, sizeof start);
    if (status >= 500) {
        lc_fail(err, LC_ERR_UNKNOWN, "%s: status %ld, not from ClickHouse: %s", b->where, status,
                start);
        lc_hint(err, "a proxy answered: the statement may have reached the server");
        return LC_ERR_UNKNOWN;
    }
    lc_fail(err, LC_ERR_SERVER, "%s: status %ld: %s", b->where, status, start);
    return LC_ERR_SERVER;
}

/*
 * No whole answer has come. A server that fails in mid-answer closes the connection on purpose, behind the error:
 * is it there? However the transfer has ended, unless by ourselves: marks are proof, and a whole number is
 * needed, so that what was cut does not become another error.
 */
static bool ended_by_error(const struct lc_http *h, CURLcode code, struct lc_slice *exception)
{
    const char *text = (const char *)h->body.p;
    bool by_us = code == CURLE_ABORTED_BY_CALLBACK || h->too_large || h->sent_before;
    long status = 0;

    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    return !by_us && h->head_done && status == 200 && text &&
           lc_server_error_at_end(text, h->body.n, h->exception_tag, false, exception) &&
           lc_server_error_code((const char *)exception->p, exception->n);
}

/* Make the answer that has arrived into a table; an exception at its end is an error. */
static int take_answer(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                       struct lc_error *err)
{
    struct lc_http *h = b->state;
    const char *text = h->body.p ? (const char *)h->body.p : "";
    struct lc_error parse_error = LC_ERROR_INIT;
    struct lc_slice exception;
    struct lc_answer t = {0};
    int rc = out ? lc_answer_parse(&t, text, h->body.n, &parse_error) : 0;

    if (lc_server_error_at_end(text, h->body.n, h->exception_tag, rc || q->streamed, &exception)) {
        lc_answer_release(&t);
        return lc_server_error(err, (const char *)exception.p, exception.n);
    }
    if (lc_server_error_begins_at_end(text, h->body.n, h->exception_tag, out != NULL)) {
        lc_answer_release(&t);
        return lc_fail(err, LC_ERR_UNKNOWN, "%s: the answer is cut where an error begins",
                       b->where);
    }
    if (rc == LC_ERR_INPUT)
        return lc_fail(err, LC_ERR_UNKNOWN, "%s: the answer is cut or garbled: %s (byte %llu)",
                       b->where, parse_error.msg, (unsigned long long)parse_error.byte);
    if (rc)
        return lc_fail(err, rc, "%s", parse_error.msg);
    if (out) {
        t.elapsed_s = (double)summary_number(h->summary, "\"elapsed_ns\":\"") / 1e9;
        t.rows_said = summary_number(h->summary, "\"result_rows\":\"");
        t.rows_read = summary_number(h->summary, "\"read_rows\":\"");
        t.bytes_read = summary_number(h->summary, "\"read_bytes\":\"");
        *out = t;
    }
    return 0;
}

/*
 * Was the connection used so lately that no server has closed it? By BOOTTIME, which also
 * counts while the machine is suspended.
 */
static bool is_in_use(const struct lc_http *h)
{
    return h->used_ms && lc_boottime_ms() - h->used_ms < KEPT_MS;
}

/* Forget the answer before, and note what the callbacks have to know of this statement. */
static void begin(struct lc_backend *b, const struct lc_query *q)
{
    struct lc_http *h = b->state;

    lc_buf_reset(&h->body);
    h->too_large = h->head_done = false;
    h->exception_code[0] = h->exception_tag[0] = h->summary[0] = h->curl_error[0] = '\0';
    h->cancel = q->cancel;
    h->fence = lc_query_fence(b, q);
    h->fenced_off = false;
    h->changes = q->changes;
    h->reads = lc_query_only_reads(q);
    h->begun = 0;
    h->sent_before = false;
}

int lc_http_request(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                    struct lc_error *err)
{
    struct lc_http *h = b->state;
    unsigned timeout_ms = q->timeout_ms ? q->timeout_ms : b->to.timeout_ms;
    struct lc_slice exception;
    struct lc_buf url;
    CURLcode code;
    long status = 0;
    int rc = 0;

    lc_buf_init(&url, URL_MAX_BYTES);
    if (make_url(b, q, out != NULL, &url) || !lc_buf_str(&url)) {
        rc = lc_fail(err, LC_ERR_NOMEM, "the settings of a statement are too long");
        goto done;
    }
    begin(b, q);
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(h->curl, CURLOPT_FRESH_CONNECT, h->reads || is_in_use(h) ? 0L : 1L);
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)lc_query_bytes(q));
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, q->sql);
    code = curl_easy_setopt(h->curl, CURLOPT_URL, lc_buf_str(&url));
    if (!code)
        code = curl_easy_perform(h->curl);
    h->used_ms = code ? 0 : lc_boottime_ms();
    /* libcurl takes a head without its end for an answer without a body. */
    if (!code && !h->head_done)
        code = CURLE_PARTIAL_FILE;
    if (code) {
        rc = ended_by_error(h, code, &exception)
                 ? lc_server_error(err, (const char *)exception.p, exception.n)
                 : transport_error(b, code, timeout_ms, err);
        goto done;
    }
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    rc = status == 200 ? take_answer(b, q, out, err) : status_error(b, status, err);
done:
    lc_buf_release(&h->body);
    lc_buf_release(&url);
    return rc;
}

const char *lc_backend_library(void)
{
    return curl_version();
}
