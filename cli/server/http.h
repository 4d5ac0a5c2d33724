/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests over HTTP: a statement out, an answer or an error back. Private to the http backend
 * (backend_http.c), which decides what is sent and in which session; this decides how.
 */
#ifndef LC_CLI_SERVER_HTTP_H
#define LC_CLI_SERVER_HTTP_H
#include "cli/server/backend.h"
#include "cli/server/connect.h"
#include "cli/server/url.h"

enum { LC_HTTP_HEADER_BYTES = 256, LC_HTTP_ERROR_BYTES = 256 };

/* A connection: the state of an http backend. Zero it, init body, then lc_http_open. */
struct lc_http {
    void *curl; /* CURL, of libcurl */
    struct curl_slist *headers;
    char curl_error[LC_HTTP_ERROR_BYTES];
    /* of the answer in work */
    struct lc_buf body;
    bool too_large;
    bool head_done; /* all headers came: libcurl takes a head that was cut for an empty answer */
    char exception_code[LC_HTTP_HEADER_BYTES];
    char exception_tag[LC_HTTP_HEADER_BYTES];
    char summary[4 * LC_HTTP_HEADER_BYTES];
    const atomic_bool *cancel;
    const struct lc_fence *fence; /* NULL: none */
    bool fenced_off;
    bool reads;          /* the statement in work may be sent twice */
    unsigned begun;      /* how often it was begun to be sent */
    bool sent_before;    /* and was not allowed to be, a second time */
    uint64_t used_ms;    /* when the connection was used last; 0: there is none */
    bool changes;        /* the caller's own statement, of which nothing is known */
    char session[40];    /* of the lease; "": none */
    uint64_t session_ms; /* since before it was opened, by BOOTTIME */
    bool opens;          /* the request in work is to open it */
};

/* Set up libcurl. 0 or LC_ERR_NOMEM. Close it in any case. */
int lc_http_open(struct lc_http *h, const struct lc_connect *to, const struct lc_url *u,
                 struct lc_error *err);
void lc_http_close(struct lc_http *h);

/*
 * One request and its answer, over the lc_http that is b->state. *out as of lc_backend_query; NULL: no
 * table is asked for. In a session where h->session has one and the query is fenced, or h->opens.
 *
 * 0; LC_ERR_NOT_SENT: no byte left this machine; LC_ERR_SERVER: the server refused it, with its code;
 * LC_ERR_UNKNOWN: it was sent, and no whole answer came; LC_ERR_STOPPED; LC_ERR_NOMEM.
 */
int lc_http_request(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                    struct lc_error *err);

#endif
