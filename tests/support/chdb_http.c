/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chdb-http: the embedded engine behind a server's HTTP interface, for tests alone. It lets the
 * http backend, and other programs' clients, meet a modern engine without a server installed.
 *
 *   chdb-http --path DIR [--scripts DIR] [--functions GLOB] [--port N] [--user U --password P]
 *             [--tls-cert FILE --tls-key FILE [--tls-client-ca FILE]]
 *
 * It binds to 127.0.0.1, prints "port N" when it answers, and ends on SIGTERM with all data
 * written.
 *
 * What it does not do as a server does:
 * - Refused (48): a body that is compressed (Content-Encoding, decompress=1), compress=1, roles,
 *   client_protocol_version other than 0; by 516 an Authorization other than Basic. An answer is
 *   never compressed, whatever Accept-Encoding allows.
 * - A session is opened, and by session_check demanded (372), for its time alone: what a statement sets in it (SET,
 *   USE, a temporary table) does not hold for the next, and two requests of one session run side by side, of
 *   which a server refuses the second (373). It could be done: tried with 26.7, connections of one process have
 *   settings, databases, parameters and temporary tables of their own, which go when they are closed. A session
 *   would be a connection that is kept; what a request's own parameters set would be taken back by SET name =
 *   DEFAULT or the value before, and what a failed SELECT leaves for the next one by a SELECT that is thrown away.
 * - Without wait_end_of_query=1 an answer is sent as it comes, once it has 1 MiB (buffer_size), and an error then
 *   is behind its rows, tag and all. But only of a SELECT in TabSeparated…, CSV, JSONEachRow, Native or RowBinary,
 *   without totals and extremes: the engine makes a document of each block, and others cannot be put together.
 *   All else is whole before its first byte is sent. An answer that is sent as it comes has no Summary. The
 *   engine may say an error before blocks that it has made.
 * - The engine knows a query's id as its log_comment: KILL QUERY by query_id finds it by that, and
 *   not where the client has set a log_comment of its own; system.processes shows another query_id.
 * - The Summary has no total_rows_to_read, and result_rows only where a row of the answer's format is a
 *   line of its own (TabSeparated…, JSONEachRow). There is no progress.
 * - Nothing is logged in system.query_log, which the engine does not keep.
 */
#include "base/strings.h"
#include "cli/term/message.h"
#include "cli/term/options.h"
#include "client_cert.h"
#include "http_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BODY_MAX_BYTES = 1 << 30, CONNECTION_BYTES = 4 << 20, FILE_MAX_BYTES = 1 << 20 };
enum { CHUNK_MAX_BYTES = 1 << 20 };

static atomic_bool stop;

/* How it speaks TLS, where it does. */
struct tls {
    const char *cert, *key, *client_ca; /* files */
    char *cert_pem, *key_pem, *ca_pem;  /* what is in them; NULL: not given */
};

static struct tls tls;

/* A request while its body arrives. */
struct upload {
    struct lc_buf body;
    bool too_large;
};

static enum MHD_Result add_param(void *data, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct http_request *r = data;

    (void)kind;
    if (!*name)
        return MHD_YES;
    if (r->params_n == HTTP_PARAMS_MAX)
        return MHD_NO;
    if (strcmp(name, "user") == 0)
        r->user = value;
    if (strcmp(name, "password") == 0)
        r->password = value;
    r->params[r->params_n++] = (struct http_param){name, value ? value : ""};
    return MHD_YES;
}

static void header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && *value)
        MHD_add_response_header(r, name, value);
}

static ssize_t read_stream(void *data, uint64_t at, char *to, size_t max)
{
    ssize_t n = http_response_next(data, to, max);

    (void)at;
    if (n > 0)
        return n;
    return n ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
}

static void release_answer(void *data)
{
    http_response_release(data);
    free(data);
}

/* Takes the answer over. */
static enum MHD_Result send_answer(struct MHD_Connection *c, const struct http_server *server,
                                   struct http_response *answer)
{
    struct MHD_Response *r =
        answer->stream
            ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK_MAX_BYTES, read_stream,
                                                answer, release_answer)
            : MHD_create_response_from_buffer(answer->body.n, (void *)(uintptr_t)answer->body.p,
                                              MHD_RESPMEM_MUST_COPY);
    bool streams = r && answer->stream;
    enum MHD_Result sent = MHD_NO;
    char code[16] = "";

    if (r) {
        if (answer->exception_code)
            snprintf(code, sizeof code, "%d", answer->exception_code);
        header(r, "Content-Type", answer->content_type);
        header(r, "X-ClickHouse-Query-Id", answer->query_id);
        header(r, "X-ClickHouse-Format", answer->format);
        header(r, "X-ClickHouse-Timezone", server->timezone);
        header(r, "X-ClickHouse-Server-Display-Name", "chdb-http");
        header(r, "X-ClickHouse-Exception-Code", code);
        header(r, "X-ClickHouse-Exception-Tag", answer->tag);
        header(r, "X-ClickHouse-Summary", answer->summary);
        sent = MHD_queue_response(c, answer->status, r);
        MHD_destroy_response(r);
    }
    if (!streams)
        release_answer(answer);
    return sent;
}

static enum MHD_Result serve(struct MHD_Connection *c, const struct http_server *server,
                             const char *path, const char *method, const struct upload *upload)
{
    struct http_request request = {
        .is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0,
        .path = path,
        .user = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-ClickHouse-User"),
        .password = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-ClickHouse-Key"),
        .database = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-ClickHouse-Database"),
        .format = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-ClickHouse-Format"),
        .encoding = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Encoding"),
        .authorization = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization"),
        .body = {upload->body.p, upload->body.n},
    };
    struct http_response *answer = calloc(1, sizeof *answer);
    enum MHD_Result sent = MHD_NO;
    char *basic_password = NULL;
    char *basic_user = MHD_basic_auth_get_username_password(c, &basic_password);

    if (basic_user) {
        request.user = basic_user;
        request.password = basic_password;
    }
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_param, &request);
    if (answer) {
        http_serve(server, &request, answer);
        sent = send_answer(c, server, answer);
    }
    MHD_free(basic_user);
    MHD_free(basic_password);
    return sent;
}

/* With --tls-client-ca: the connection of a client without its certificate is closed. */
static bool client_allowed(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info;

    if (!tls.ca_pem)
        return true;
    info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info && client_cert_trusted(info->tls_session);
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_n, void **state)
{
    struct upload *upload = *state;

    (void)version;
    if (!upload) {
        upload = calloc(1, sizeof *upload);
        if (!upload)
            return MHD_NO;
        lc_buf_init(&upload->body, BODY_MAX_BYTES);
        *state = upload;
        return MHD_YES;
    }
    if (*piece_n) {
        upload->too_large |= lc_buf_add(&upload->body, piece, *piece_n) != 0;
        *piece_n = 0;
        return MHD_YES;
    }
    if (upload->too_large || !client_allowed(c))
        return MHD_NO;
    return serve(c, data, path, method, upload);
}

static void on_end(void *data, struct MHD_Connection *c, void **state,
                   enum MHD_RequestTerminationCode why)
{
    struct upload *upload = *state;

    (void)data, (void)c, (void)why;
    if (upload)
        lc_buf_release(&upload->body);
    free(upload);
    *state = NULL;
}

/* One value that the engine answers a question with, to be freed; NULL on failure. */
static char *ask(const char *sql, struct lc_error *err)
{
    struct lc_chdb_call call = {.sql = sql, .sql_n = strlen(sql), .format = "TabSeparatedRaw"};
    struct lc_chdb_answer answer;
    char *value = NULL;

    if (lc_chdb_run(&call, &answer, err))
        return NULL;
    value = strndup(answer.p, answer.n ? answer.n - 1 : 0);
    lc_chdb_release(&answer);
    return value;
}

/* A whole PEM file as a string, to be freed; NULL where there is none to read. */
static char *read_file(const char *path, struct lc_error *err)
{
    FILE *f = fopen(path, "re");
    char *text = f ? calloc(1, FILE_MAX_BYTES + 1) : NULL;

    if (!f || !text || fread(text, 1, FILE_MAX_BYTES, f) == 0) {
        lc_fail(err, LC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
        free(text);
        text = NULL;
    }
    if (f)
        fclose(f);
    return text;
}

static int read_tls(struct lc_error *err)
{
    if (!tls.cert)
        return 0;
    if (!tls.key)
        return lc_fail(err, LC_ERR_USAGE, "--tls-cert needs --tls-key");
    tls.cert_pem = read_file(tls.cert, err);
    tls.key_pem = read_file(tls.key, err);
    if (tls.client_ca)
        tls.ca_pem = read_file(tls.client_ca, err);
    return err->code;
}

static struct MHD_Daemon *listen_on(struct http_server *server, uint16_t port)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct MHD_OptionItem items[4] = {{MHD_OPTION_END, 0, NULL}};
    size_t n = 0;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (tls.cert_pem) {
        flags |= MHD_USE_TLS;
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, tls.cert_pem};
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, tls.key_pem};
        if (tls.ca_pem)
            items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, tls.ca_pem};
        items[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    }
    return MHD_start_daemon(flags, port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &at,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                            MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_ARRAY, items,
                            MHD_OPTION_END);
}

/*
 * An empty folder to be in: libchdb's "default" database takes the name of a table that it does
 * not know for a file of the working directory.
 */
static int stand_in_empty_folder(const char *path, struct lc_error *err)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%s/user_files", path);
    if ((mkdir(folder, 0777) != 0 && errno != EEXIST) || chdir(folder) != 0)
        return lc_fail(err, LC_ERR_IO, "cannot use %s: %s", folder, strerror(errno));
    return 0;
}

static const char *absolute(const char *path)
{
    char cwd[PATH_MAX];
    char *out;

    if (!path || path[0] == '/' || !getcwd(cwd, sizeof cwd))
        return path;
    return asprintf(&out, "%s/%s", cwd, path) < 0 ? path : out;
}

/* Serve until SIGTERM or SIGINT, which all threads leave to this one. */
static int run(struct http_server *server, uint16_t port, const sigset_t *signals,
               struct lc_error *err)
{
    struct MHD_Daemon *daemon = listen_on(server, port);
    int sig;

    if (!daemon)
        return lc_fail(err, LC_ERR_IO, "cannot listen on 127.0.0.1:%u: %s", port, strerror(errno));
    printf("port %u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    sigwait(signals, &sig);
    atomic_store(&stop, true);
    MHD_stop_daemon(daemon);
    return 0;
}

int main(int argc, char **argv)
{
    struct lc_connect to = {.embedded = true};
    struct http_server server = {.user = "default", .password = "", .stop = &stop};
    char *version = NULL, *timezone = NULL;
    uint64_t port = 0;
    const struct lc_option options[] = {
        {"path", 0, LC_OPT_STRING, &to.path, "DIR", "the data folder"},
        {"scripts", 0, LC_OPT_STRING, &to.scripts, "DIR", "where function programs are"},
        {"functions", 0, LC_OPT_STRING, &to.functions, "GLOB", "the functions' XML files"},
        {"port", 0, LC_OPT_UINT, &port, "N", "port on 127.0.0.1 (default: 0, a free one)"},
        {"user", 0, LC_OPT_STRING, &server.user, "NAME", "who is let in (default: default)"},
        {"password", 0, LC_OPT_STRING, &server.password, "TEXT", "with this password"},
        {"tls-cert", 0, LC_OPT_STRING, &tls.cert, "FILE", "serve HTTPS with this certificate"},
        {"tls-key", 0, LC_OPT_STRING, &tls.key, "FILE", "and this private key"},
        {"tls-client-ca", 0, LC_OPT_STRING, &tls.client_ca, "FILE",
         "let in only clients with a certificate of this authority"},
        {0},
    };
    const struct lc_command command = {
        .name = "chdb-http",
        .synopsis = "--path DIR [OPTIONS]",
        .about = "The embedded engine behind a server's HTTP interface, for tests.",
        .options = options,
    };
    struct lc_error err = LC_ERROR_INIT;
    struct lc_strings rest;
    struct lc_global global;
    sigset_t signals;
    int rc = lc_options_parse(&command, argc, (const char **)argv, &global, &rest, &err);

    if (rc)
        goto done;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    to.path = absolute(to.path);
    to.scripts = absolute(to.scripts);
    to.functions = absolute(to.functions);
    if (read_tls(&err))
        goto done;
    to.make_path = true;
    if (lc_chdb_start(&to, &err))
        goto done;
    version = ask("SELECT version()", &err);
    timezone = ask("SELECT timezone()", &err);
    server.version = version;
    server.timezone = timezone;
    if (version && timezone && stand_in_empty_folder(to.path, &err) == 0)
        run(&server, (uint16_t)port, &signals, &err);
    lc_chdb_stop();
done:
    free(tls.cert_pem);
    free(tls.key_pem);
    free(tls.ca_pem);
    free(version);
    free(timezone);
    lc_complain(&err);
    return lc_exit_code(&err);
}
