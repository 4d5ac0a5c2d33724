/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* True where fd has something to read before the server is told to stop. */
static bool readable(const struct scripted_server *s, int fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
                            {.fd = s->stop_pipe[0], .events = POLLIN}};

    return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

/* The bytes of a request of which the head has arrived: 0 while it has not. */
static size_t request_bytes(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "\r\nContent-Length:");

    if (!end)
        return 0;
    return (size_t)(end + 4 - text) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

/* Read one request. False: the client hung up, or it is time to stop. */
static bool read_request(const struct scripted_server *s, int fd, char *text)
{
    size_t at = 0;

    text[0] = '\0';
    for (;;) {
        size_t want = request_bytes(text);
        ssize_t n;

        if (want && at >= want)
            return true;
        if (at == SCRIPTED_REQUEST_MAX - 1 || !readable(s, fd))
            return false;
        n = read(fd, text + at, SCRIPTED_REQUEST_MAX - 1 - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
        text[at] = '\0';
    }
}

/* The step that this request gets. */
static struct scripted_step next_step(struct scripted_server *s, const char *request)
{
    struct scripted_step step = {.close = true};

    pthread_mutex_lock(&s->lock);
    if (s->requests < s->steps_n)
        step = s->steps[s->requests];
    s->requests++;
    memcpy(s->last, request, strlen(request) + 1);
    pthread_mutex_unlock(&s->lock);
    return step;
}

/*
 * Append a row and its seal, as the server makes one for a sealed statement: see answer_check.h.
 * `row` is a line of cells without escapes but \n, a newline in one, and \N for NULL.
 */
static void add_sealed(struct lc_buf *out, const char *row, size_t n, size_t rows, size_t number)
{
    char hash[LC_SHA256_HEX];
    struct lc_buf text;
    bool null = false;

    lc_buf_init(&text, SCRIPTED_REQUEST_MAX);
    for (size_t i = 0; i < n; i++) {
        bool escape = row[i] == '\\' && i + 1 < n;

        null = escape && (i == 0 || row[i - 1] == '\t') && row[i + 1] == 'N';
        escape = escape && row[i + 1] == 'n';
        if (!null)
            lc_buf_add(&text, escape || row[i] == '\t' ? "\n" : row + i, 1);
        i += null || escape;
    }
    lc_buf_addf(&text, "\n%zu\n%zu", rows, number);
    assert_int_equal(lc_sha256_hex(text.p, text.n, hash), 0);
    assert_int_equal(lc_buf_addf(out, "%.*s\t%zu\t%s\n", (int)n, row, rows, hash), 0);
    lc_buf_release(&text);
}

/* The body with its seal. One that has no two lines of names and types goes as it is. */
static void seal(const char *body, struct lc_buf *out)
{
    const char *types = strchr(body, '\n');
    const char *rows = types ? strchr(types + 1, '\n') : NULL;
    size_t n = 0, number = 0;

    if (!rows) {
        lc_buf_adds(out, body);
        return;
    }
    for (const char *p = rows + 1; *p; p++)
        n += *p == '\n';
    lc_buf_addf(out, "%.*s\trows_n\trow_sha256\n%.*s\tUInt64\tString\n", (int)(types - body), body,
                (int)(rows - types - 1), types + 1);
    for (const char *p = rows + 1, *end; (end = strchr(p, '\n')); p = end + 1)
        add_sealed(out, p, (size_t)(end - p), n, ++number);
    if (n == 0) { /* the row that says that there is none */
        struct lc_buf none;

        lc_buf_init(&none, SCRIPTED_REQUEST_MAX);
        for (const char *p = body; p < types; p++)
            if (*p == '\t')
                lc_buf_adds(&none, "\t");
        add_sealed(out, none.p ? (const char *)none.p : "", none.n, 0, 0);
        lc_buf_release(&none);
    }
}

/*
 * Send the answer, with the number of its body's bytes for the star, and sealed where the request
 * asks for that and the script has not done it. False: the client is gone.
 */
static bool send_answer(int fd, const char *request, const char *answer)
{
    static const char star[] = "Content-Length: *";
    const char *at = strstr(answer, star);
    const char *body = strstr(answer, "\r\n\r\n");
    struct lc_buf out, sealed;
    bool sent;

    lc_buf_init(&out, (size_t)1 << 20);
    lc_buf_init(&sealed, (size_t)1 << 20);
    if (at && body) {
        if (strstr(request, "row_sha256") && strstr(answer, " 200 ") && !strstr(body, "row_sha256"))
            seal(body + 4, &sealed);
        else
            lc_buf_adds(&sealed, body + 4);
        lc_buf_addf(&out, "%.*s%zu%.*s", (int)(at - answer + (int)sizeof star - 2), answer,
                    sealed.n, (int)(body + 4 - at - (int)sizeof star + 1), at + sizeof star - 1);
        lc_buf_add(&out, sealed.p, sealed.n);
    } else {
        lc_buf_adds(&out, answer);
    }
    sent = send(fd, out.p, out.n, MSG_NOSIGNAL) >= 0;
    lc_buf_release(&out);
    lc_buf_release(&sealed);
    return sent;
}

struct connection {
    struct scripted_server *server;
    int fd;
    char request[SCRIPTED_REQUEST_MAX];
};

static void *serve_connection(void *data)
{
    struct connection *c = data;
    bool open = true;

    while (open && read_request(c->server, c->fd, c->request)) {
        struct scripted_step step = next_step(c->server, c->request);

        if (step.asked)
            atomic_store(step.asked, true);
        if (step.hold)
            (void)readable(c->server, c->fd);
        open = !step.hold && !(step.answer && !send_answer(c->fd, c->request, step.answer)) &&
               !step.close;
    }
    close(c->fd);
    free(c);
    return NULL;
}

static void *accept_all(void *data)
{
    struct scripted_server *s = data;

    while (s->connections_n < SCRIPTED_CONNECTIONS_MAX && readable(s, s->listener)) {
        struct connection *c = malloc(sizeof *c);

        if (!c)
            break;
        c->server = s;
        c->fd = accept(s->listener, NULL, NULL);
        if (c->fd < 0 ||
            pthread_create(&s->connections[s->connections_n], NULL, serve_connection, c)) {
            free(c);
            break;
        }
        s->connections_n++;
    }
    return NULL;
}

void scripted_start(struct scripted_server *s, const struct scripted_step *steps, size_t n)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;

    *s = (struct scripted_server){.steps = steps, .steps_n = n};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &size), 0);
    s->port = ntohs(at.sin_port);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u/", s->port);
    assert_int_equal(pipe(s->stop_pipe), 0);
    assert_int_equal(pthread_mutex_init(&s->lock, NULL), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
}

size_t scripted_stop(struct scripted_server *s)
{
    assert_int_equal(write(s->stop_pipe[1], "x", 1), 1);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    for (size_t i = 0; i < s->connections_n; i++)
        assert_int_equal(pthread_join(s->connections[i], NULL), 0);
    pthread_mutex_destroy(&s->lock);
    close(s->listener);
    close(s->stop_pipe[0]);
    close(s->stop_pipe[1]);
    return s->requests;
}
