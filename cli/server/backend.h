/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How livecol reaches SQL. Two ways, one interface:
 *
 *   http      a server over HTTP(S), named by an URL (libcurl)
 *   embedded  libchdb, the engine in this process, over a data path (loaded at run time)
 *
 * A struct lc_backend is one connection: one thread at a time may use it. A further thread takes
 * its own by lc_backend_clone. Statements run in the backend's database unless they name another.
 *
 * An embedded connection whose query failed in mid-result keeps the blocks made before and hands
 * them to the next query (seen with 26.7), so the embedded backend opens a new connection after
 * every error.
 */
#ifndef LC_CLI_SERVER_BACKEND_H
#define LC_CLI_SERVER_BACKEND_H
#include "base/error.h"
#include "cli/server/answer.h"

#include <stdatomic.h>

struct lc_backend;

struct lc_setting {
    const char *name;
    const char *value;
};

/* One statement and how to send it. Zeroed fields take their defaults. */
struct lc_query {
    const char *sql;      /* one statement; NUL-terminated */
    size_t sql_n;         /* its bytes; 0: strlen(sql) */
    const char *query_id; /* the id and log_comment to send it under; NULL: the server's choice */
    unsigned timeout_ms;  /* give up waiting after this long; 0: the connection's default */
    const struct lc_setting *settings; /* sent where the server knows them; ends with name NULL */
    bool changes;                      /* it may change something, although its text only reads */
    bool streamed;             /* do not ask the server to buffer the answer before it sends it */
    const atomic_bool *cancel; /* stop waiting when it becomes true; NULL: never */
};

/* Where to connect; strings are copied by lc_backend_open. */
struct lc_connect {
    const char *url;      /* http(s)://user@host:port/database; NULL with embedded */
    const char *password; /* NULL: none; never printed */
    const char *ca_cert;  /* PEM files; NULL: the system's authorities, no client certificate */
    const char *cert;
    const char *key;
    bool embedded;
    const char *path;      /* embedded: the data path */
    bool make_path;        /* embedded: make the data path where it is not there */
    const char *scripts;   /* embedded: user_scripts; NULL: PATH/user_scripts */
    const char *functions; /* embedded: glob of function XML; NULL: PATH/STAR_function.xml */
    unsigned merge_nice;   /* embedded: nice value of the threads of merges and mutations */
    const char *libchdb;   /* embedded: the library; NULL: LIVECOL_LIBCHDB or the install prefix */
    const char *database;  /* NULL: the URL's, or "default" */
    unsigned connect_timeout_ms; /* 0: 10,000 */
    unsigned timeout_ms;         /* a statement's default; 0: 300,000 */
    const atomic_bool *cancel;   /* ends opening early when it becomes true; NULL: nothing does */
};

/*
 * Who is asked before anything is sent that may change something: lc_backend_query is the one place
 * through which every statement goes, so nobody can forget to ask.
 *
 *   pass   may ask the server. 0; else what lc_backend_query gives back, with nothing sent.
 *          `session` is NULL, or the id of a session that what it asks is to open, by
 *          lc_backend_use_session; it becomes "" where nothing was asked, or the server refused it
 *   fresh  asks nobody: does what pass found still hold? The http backend asks it when the
 *          connection is made and the statement's first byte has not left. false: LC_ERR_NOT_SENT
 *   lease_s  and the server is not to run it when it arrives more than so many seconds after pass.
 *          Over HTTP that is a session with this time-out, opened by what is read before, by what
 *          pass asks, or by a request of its own, and demanded with the statement (session_check), so that one that comes too late is
 *          refused by the server itself (372), LC_ERR_NOT_SENT. It serves for a quarter of that time,
 *          and ends with a statement that says lc_query.changes and may leave traces in it. A server
 *          without sessions, or one behind a balancer that sends each request elsewhere, is found
 *          out, and goes without. 0: no lease
 *
 * Both may be called from several threads.
 */
struct lc_fence {
    int (*pass)(void *ctx, char *session, struct lc_error *err);
    bool (*fresh)(void *ctx);
    unsigned lease_s;
    void *ctx;
};

/*
 * What is sent from here on belongs to this HTTP session, which the first of it opens; NULL: to none.
 * The id is the caller's, and outlives its use. Nothing where there are no sessions.
 */
void lc_backend_use_session(struct lc_backend *b, const char *id, unsigned lease_s);

/*
 * From now on this fence is asked; NULL: none is. It must outlive the backend and the clones that
 * are made from here on, or be taken away first. Statements that only read, by their first word,
 * pass without asking, unless lc_query.changes says otherwise.
 */
void lc_backend_set_fence(struct lc_backend *b, const struct lc_fence *fence);

/*
 * Run one statement. With `out`, the answer is asked for as TabSeparatedWithNamesAndTypes and
 * parsed into it (released first; of no columns where the statement answers nothing); with NULL it
 * is dropped. 0, the fence's failure, LC_ERR_SERVER with server_code and text, LC_ERR_NOT_SENT,
 * LC_ERR_UNKNOWN (sent, and the answer lost, cut, too late, or empty for one that only reads),
 * LC_ERR_STOPPED (cancel became true),
 * LC_ERR_NOMEM. After any of them the backend may be used again.
 */
int lc_backend_query(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                     struct lc_error *err);

/* lc_backend_query of a plain statement with the defaults. */
int lc_backend_run(struct lc_backend *b, const char *sql, struct lc_answer *out,
                   struct lc_error *err);

/* What it is connected to, for a person: "http://host:8123/db" or "embedded /path"; no secrets. */
const char *lc_backend_where(const struct lc_backend *b);

/* The database that unqualified names mean. */
const char *lc_backend_database(const struct lc_backend *b);

/* "http" or "embedded". */
const char *lc_backend_kind(const struct lc_backend *b);

/* The engine's version() as text, asked for when the connection was opened. */
const char *lc_backend_version(const struct lc_backend *b);

/* True where the server knows the setting (asked once from system.settings, then remembered). */
bool lc_backend_has_setting(struct lc_backend *b, const char *name);

#endif
