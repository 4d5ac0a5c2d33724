/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The http backend: which session a statement is sent in.
 *
 * A fenced statement (backend.h) demands a session that a request of this process opened a moment ago, and that
 * the server forgets after the lease. A process that is stopped in front of the send therefore sends too
 * late, and the server refuses.
 *
 *   no session ── a read passes: it opens one for what may follow (read_and_open)
 *       │
 *       └─ a fenced statement: open_session by a request of its own, then the statement, which demands it
 *            │
 *            ├─ 373, the session is locked: the request before is not finished; wait and send again
 *            ├─ 372, not found, and it is old: the statement came too late. LC_ERR_NOT_SENT
 *            ├─ 372, and it had served before: the server was restarted; open another, send again
 *            └─ 372, and it is new: this server keeps no sessions (no_sessions); send without
 *
 * After a statement that may leave something in its session (SET, USE), the session is not used again.
 */
#include "base/clock.h"
#include "cli/server/backend_impl.h"
#include "cli/server/http.h"
#include "cli/sql/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SESSION_NOT_FOUND = 372, SESSION_IS_LOCKED = 373 };
/* A session's age, in parts of its lease of a thousand; how long a locked one is waited for. */
enum { SESSION_SERVES = 250, SESSION_LATE = 500, LOCKED_MS = 1000 };

/*
 * Settle the database, and b->where. make_url takes the address from the latter, so it has no
 * secrets and always a path.
 */
static int describe(struct lc_backend *b, const struct lc_url *u, struct lc_error *err)
{
    if (!b->to.database) {
        b->to.database = strdup(u->database ? u->database : "default");
        if (!b->to.database)
            return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    }
    if (asprintf(&b->where, "%s://%s:%u/%s", u->tls ? "https" : "http", u->host, u->port,
                 b->to.database) < 0) {
        b->where = NULL;
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    }
    return 0;
}

static int http_open(struct lc_backend *b, struct lc_error *err)
{
    struct lc_url u = {0};
    struct lc_http *h = calloc(1, sizeof *h);
    int rc;

    b->state = h;
    if (!h)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    lc_buf_init(&h->body, LC_ANSWER_MAX_BYTES);
    rc = lc_url_parse(&u, b->to.url ? b->to.url : "", err);
    if (!rc && u.user && strchr(u.user, ':'))
        rc = lc_fail(err, LC_ERR_USAGE, "the URL's user contains a colon, which HTTP cannot send");
    if (!rc && u.password && !b->to.password) {
        b->to.password = u.password;
        u.password = NULL;
    }
    if (!rc)
        rc = describe(b, &u, err);
    if (!rc)
        rc = lc_http_open(h, &b->to, &u, err);
    lc_url_release(&u);
    return rc;
}

static void http_close(struct lc_backend *b)
{
    struct lc_http *h = b->state;

    if (!h)
        return;
    lc_http_close(h);
    free(h);
}

/* A new session's id, by chance; "" where there is no chance to be had. */
static void name_session(struct lc_http *h)
{
    uint64_t random[2];

    h->session[0] = '\0';
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return;
    snprintf(h->session, sizeof h->session, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
    h->session_ms = lc_boottime_ms();
}

static bool wants_session(const struct lc_backend *b)
{
    return b->fence && b->fence->lease_s && !atomic_load(&b->known->no_sessions);
}

/* How old is it, in parts of its lease of a thousand? */
static uint64_t session_age(const struct lc_backend *b)
{
    const struct lc_http *h = b->state;

    return (lc_boottime_ms() - h->session_ms) / b->fence->lease_s;
}

/*
 * The op `session`: a fresh id where the one at hand is too old to serve, for the fence's own
 * question to open.
 */
static char *http_session(struct lc_backend *b)
{
    struct lc_http *h = b->state;

    if (!wants_session(b) || (h->session[0] && session_age(b) < SESSION_SERVES))
        return NULL;
    name_session(h);
    return h->session[0] ? h->session : NULL;
}

/* Ask by a request of its own. Without a session the statement goes out all the same. */
static int open_session(struct lc_backend *b, const struct lc_query *q, struct lc_error *err)
{
    const struct lc_query hello = {
        .sql = "SELECT 1", .timeout_ms = b->to.connect_timeout_ms, .cancel = q->cancel};
    struct lc_http *h = b->state;
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    name_session(h);
    if (!h->session[0])
        return 0;
    h->opens = true;
    rc = lc_http_request(b, &hello, NULL, &why);
    h->opens = false;
    if (rc == 0)
        return 0;
    h->session[0] = '\0';
    if (rc == LC_ERR_SERVER) {
        atomic_store(&b->known->no_sessions, true);
        return 0;
    }
    if (rc == LC_ERR_UNKNOWN)
        rc = why.code = LC_ERR_NOT_SENT; /* not the statement */
    if (err && err->code == 0)
        *err = why;
    return rc;
}

/* What only reads opens the session for what may come after it. */
static int read_and_open(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                         struct lc_error *err)
{
    struct lc_http *h = b->state;
    struct lc_error one = LC_ERROR_INIT;
    int rc;

    name_session(h);
    h->opens = h->session[0] != '\0';
    rc = lc_http_request(b, q, out, &one);
    h->opens = false;
    if (rc)
        h->session[0] = '\0'; /* it may not be open, or be busy */
    if (rc == LC_ERR_SERVER) {
        one = LC_ERROR_INIT;
        rc = lc_http_request(b, q, out, &one);
        if (rc == 0)
            atomic_store(&b->known->no_sessions, true);
    }
    return rc ? lc_error_pass(err, &one) : 0;
}

/* The server still ends the request before, whose answer is here: nothing was run. */
static int request_unlocked(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                            struct lc_error *err)
{
    struct lc_http *h = b->state;

    for (unsigned pause_ms = 1;; pause_ms *= 2) {
        struct lc_error one = LC_ERROR_INIT;
        int rc = lc_http_request(b, q, out, &one);

        if (rc == LC_ERR_SERVER && h->session[0] && one.server_code == SESSION_IS_LOCKED) {
            if (pause_ms < LOCKED_MS && !lc_sleep_ms(pause_ms, q->cancel))
                continue;
            rc = one.code = LC_ERR_NOT_SENT;
        }
        if (rc)
            lc_error_pass(err, &one);
        return rc;
    }
}

/*
 * The server has refused the statement since it does not know the session. Was it late? Else it has
 * lost one that had served before (*used), as a restart makes it; or it does not keep sessions.
 */
static int settle_session(struct lc_backend *b, const struct lc_query *q, bool *used,
                          struct lc_answer *out, struct lc_error *err)
{
    struct lc_http *h = b->state;
    int rc;

    if (session_age(b) >= SESSION_LATE)
        return lc_fail(
            err, LC_ERR_NOT_SENT,
            "%s: the server refused a late statement: this process was stopped for too long "
            "before it",
            b->where);
    if (*used) {
        *used = false;
        rc = open_session(b, q, err);
        return rc ? rc : request_unlocked(b, q, out, err);
    }
    atomic_store(&b->known->no_sessions, true);
    h->session[0] = '\0';
    return lc_http_request(b, q, out, err);
}

/* Does it leave nothing in its session, as SET, USE and temporary tables would? By its first words. */
static bool leaves_nothing(const struct lc_query *q)
{
    static const char *const words[] = {"CREATE", "ALTER", "INSERT", "DROP", "RENAME", NULL};
    struct lc_walk w = lc_walk(q->sql, lc_query_bytes(q));
    bool known = false;

    if (!lc_walk_next(&w))
        return false;
    for (size_t i = 0; words[i]; i++)
        known = known || lc_tok_is(&w.tok, words[i]);
    /* CREATE OR REPLACE TEMPORARY TABLE */
    for (int i = 0; known && i < 3 && lc_walk_next(&w); i++)
        known = !lc_tok_is(&w.tok, "TEMPORARY");
    return known;
}

static int http_query(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                      struct lc_error *err)
{
    const struct lc_fence *fence = lc_query_fence(b, q);
    struct lc_http *h = b->state;
    struct lc_error one = LC_ERROR_INIT;
    bool used = fence && h->session[0];
    int rc = 0;

    if (!fence && wants_session(b) && !h->session[0])
        return read_and_open(b, q, out, err);
    if (fence && wants_session(b) && !used)
        rc = open_session(b, q, &one);
    if (rc == 0)
        rc = request_unlocked(b, q, out, &one);
    while (rc == LC_ERR_SERVER && fence && h->session[0] && one.server_code == SESSION_NOT_FOUND) {
        one = LC_ERROR_INIT;
        rc = settle_session(b, q, &used, out, &one);
    }
    if (rc || (q->changes && !leaves_nothing(q)))
        h->session[0] = '\0';
    if (rc)
        lc_error_pass(err, &one);
    return rc;
}

const struct lc_backend_ops lc_backend_http = {
    .kind = "http",
    .open = http_open,
    .close = http_close,
    .query = http_query,
    .session = http_session,
};
