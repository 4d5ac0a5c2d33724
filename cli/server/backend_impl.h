/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two backends share, and what each of them gives: private to cli/backend*.c.
 */
#ifndef LC_CLI_SERVER_BACKEND_IMPL_H
#define LC_CLI_SERVER_BACKEND_IMPL_H
#include "cli/server/backend.h"

#include <pthread.h>

/* An answer larger than this is refused. */
#define LC_ANSWER_MAX_BYTES ((size_t)1 << 30)

/* An answer that is kept: see lc_query_kept. */
struct kept_answer {
    char *sql;
    struct lc_answer answer;
};

/* What is known of the server, shared by a backend and its clones. */
struct known_settings {
    atomic_int users;
    atomic_bool no_sessions; /* it does not keep HTTP sessions */
    char *text;              /* the names of system.settings */
    const char **names;      /* the same one by one, in byte order */
    size_t names_n;
    atomic_uint
        changes; /* statements that may change something, when they begin and when they end */
    pthread_mutex_t kept_mutex;
    struct kept_answer *kept; /* given when `changes` was kept_at; under kept_mutex */
    size_t kept_n;
    unsigned kept_at;
};

struct lc_backend_ops {
    const char *kind;
    /*
     * The id of a session that what is sent next wants opened; NULL: it has one, or wants none. Made
     * "" it was not opened. The op may be NULL.
     */
    char *(*session)(struct lc_backend *b);
    /* Start; on success b->where is set, and b->state is whatever the backend needs. */
    int (*open)(struct lc_backend *b, struct lc_error *err);
    /* End; also after an open that failed. */
    void (*close)(struct lc_backend *b);
    /* lc_backend_query, with out released and empty. Settings: lc_backend_has_setting decides. */
    int (*query)(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                 struct lc_error *err);
};

struct lc_backend {
    const struct lc_backend_ops *ops;
    struct lc_connect to; /* copies; none of the strings is the caller's */
    void *state;
    char *where;
    char *database;
    char *version;
    struct known_settings *known;
    const struct lc_fence *fence; /* NULL: nobody is asked */
    const char *used_session;     /* lc_backend_use_session's; NULL: none */
    unsigned used_lease_s;
};

extern const struct lc_backend_ops lc_backend_http;
extern const struct lc_backend_ops lc_backend_embedded;

/* The fence that this statement has to pass; NULL: none. */
const struct lc_fence *lc_query_fence(const struct lc_backend *b, const struct lc_query *q);

/* Forget the answers that are kept; under kept_mutex, or when nobody else is there. */
void lc_kept_forget(struct known_settings *known);

/* The statement's bytes. */
size_t lc_query_bytes(const struct lc_query *q);

/* True where the statement reads alone by its first word: sending it twice does no harm. */
bool lc_query_only_reads(const struct lc_query *q);

#endif
