/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server on a free port of 127.0.0.1 that answers as a script says, byte for byte: for what no
 * sound server does. It knows no HTTP beyond where a request ends.
 */
#ifndef SCRIPTED_SERVER_H
#define SCRIPTED_SERVER_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { SCRIPTED_REQUEST_MAX = 65536, SCRIPTED_CONNECTIONS_MAX = 64 };

/* What one request gets. */
struct scripted_step {
    const char *answer; /* bytes to send, "Content-Length: *" counted out and the rows sealed where
                           the request asks for that; NULL: none */
    atomic_bool *asked; /* becomes true when the request has come; NULL: nobody wants to know */
    bool hold;          /* answers nothing, until the client hangs up */
    bool close;         /* hang up behind it; else the connection is kept for the next request */
};

struct scripted_server {
    unsigned port;
    char url[64];
    char last[SCRIPTED_REQUEST_MAX]; /* the last whole request, a string; read it after the stop */
    /* private */
    int listener, stop_pipe[2];
    pthread_t thread, connections[SCRIPTED_CONNECTIONS_MAX];
    size_t connections_n;
    pthread_mutex_t lock; /* guards what is below, and `last` */
    const struct scripted_step *steps;
    size_t steps_n, requests;
};

/* Start; request n gets steps[n], those past the end are hung up on. The test fails on error. */
void scripted_start(struct scripted_server *s, const struct scripted_step *steps, size_t n);

/* End it; returns how many whole requests have come. */
size_t scripted_stop(struct scripted_server *s);

#endif
