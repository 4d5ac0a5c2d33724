/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to tests/support/chdb-http, free of any HTTP library: what a client asks in, status,
 * headers and body out. Follows what a ClickHouse server does:
 *   https://clickhouse.com/docs/interfaces/http
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H
#include "base/buf.h"
#include "cli/server/chdb.h"

#include <stdbool.h>
#include <sys/types.h>

enum { HTTP_PARAMS_MAX = 128 };

struct http_param {
    const char *name, *value;
};

struct http_request {
    bool is_get;
    const char *path;                          /* without the query string */
    struct http_param params[HTTP_PARAMS_MAX]; /* of the query string, decoded */
    size_t params_n;
    const char *user, *password; /* from whichever place names them; NULL: none given */
    const char *database;        /* X-ClickHouse-Database; NULL: not given */
    const char *format;          /* X-ClickHouse-Format; NULL: not given */
    const char *encoding;        /* Content-Encoding; NULL: not given */
    const char *authorization;   /* Authorization, whole; NULL: not given */
    struct lc_slice body;
};

enum { HTTP_TAG_BYTES = 16 };

/* A statement in work: a server refuses a second one of the same id. */
struct http_running {
    const char *id;
    struct http_running *next;
};

struct http_response {
    unsigned status;
    int exception_code; /* 0: none */
    char query_id[128];
    char tag[HTTP_TAG_BYTES +
             1];     /* of an exception behind the first rows; "": no statement was asked for */
    char format[64]; /* of the body; "" for an error */
    const char *content_type;
    char summary[512];
    struct lc_slice body; /* in `text` or in `answer` */
    struct lc_buf text;
    struct lc_chdb_answer answer;
    struct http_stream *stream; /* NULL: the body is all; else http_response_next gives it */
    struct http_running running;
};

/* Whom the server lets in, and what stops its statements. */
struct http_server {
    const char *user, *password;
    const char *version, *timezone;
    const atomic_bool *stop;
};

/* Serve one request; *out is filled, to be given to http_response_release. */
void http_serve(const struct http_server *server, const struct http_request *request,
                struct http_response *out);

/*
 * The next bytes of a body that is a stream, max at the most: how many there are; 0: that was all; -1: an error is
 * behind them, and the connection is to be closed so that the body does not look whole.
 */
ssize_t http_response_next(struct http_response *r, char *to, size_t max);

void http_response_release(struct http_response *r);

#endif
