/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a connection asks one thing, the greeting: version, database and the names of all settings. It shows
 * that ClickHouse answers, and settings that the server does not have are never sent to it. Clones for other
 * threads share what it said (known_settings, counted by its users).
 */
#include "cli/server/connect.h"

#include "cli/server/answer_check.h"
#include "cli/server/backend_impl.h"
#include "cli/server/server_error.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 10000, TIMEOUT_MS = 300000 };

/*
 * The i-th string of a struct lc_connect; NULL: no more. Copying and freeing go by this one
 * list: a string that is missing here stays the caller's, and may be gone when it is used.
 */
static const char **connect_strings(struct lc_connect *c, size_t i)
{
    const char **all[] = {&c->url,  &c->password, &c->ca_cert,   &c->cert,    &c->key,
                          &c->path, &c->scripts,  &c->functions, &c->libchdb, &c->database};

    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

/* *to becomes a copy of *from; what could not be copied is NULL. 0 or LC_ERR_NOMEM. */
static int copy_connect(struct lc_connect *to, const struct lc_connect *from)
{
    const char **s;
    int rc = 0;

    *to = *from;
    for (size_t i = 0; (s = connect_strings(to, i)) != NULL; i++) {
        if (!*s)
            continue;
        *s = strdup(*s);
        if (!*s)
            rc = LC_ERR_NOMEM;
    }
    if (to->connect_timeout_ms == 0)
        to->connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (to->timeout_ms == 0)
        to->timeout_ms = TIMEOUT_MS;
    return rc;
}

/* The password is wiped, so that no later allocation finds it. */
static void release_connect(struct lc_connect *c)
{
    const char **s;

    for (size_t i = 0; (s = connect_strings(c, i)) != NULL; i++) {
        if (s == &c->password && *s)
            explicit_bzero((char *)*s, strlen(*s));
        free((char *)*s);
    }
}

/* One user less. The last one frees it, and then no other thread can be in it. */
static void drop_known(struct known_settings *known)
{
    if (!known || atomic_fetch_sub(&known->users, 1) > 1)
        return;
    lc_kept_forget(known);
    pthread_mutex_destroy(&known->kept_mutex);
    free(known->names);
    free(known->text);
    free(known);
}

/*
 * A backend that is started and has asked nothing yet: `known`, version and database are NULL.
 * Failing, *out is NULL.
 */
static int open_ops(struct lc_backend **out, const struct lc_connect *to, struct lc_error *err)
{
    struct lc_backend *b = calloc(1, sizeof *b);
    int rc;

    *out = NULL;
    if (!b)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    b->ops = to->embedded ? &lc_backend_embedded : &lc_backend_http;
    if (copy_connect(&b->to, to)) {
        release_connect(&b->to);
        free(b);
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    }
    rc = b->ops->open(b, err);
    if (rc) {
        lc_backend_free(b);
        return rc;
    }
    *out = b;
    return 0;
}

#define SETTING_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the settings: words of one text. */
static int note_settings(struct lc_backend *b, const char *text, struct lc_error *err)
{
    struct known_settings *known = calloc(1, sizeof *known);
    size_t words = 1;
    char *save = NULL;

    if (!known)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    atomic_init(&known->users, 1);
    pthread_mutex_init(&known->kept_mutex, NULL);
    b->known = known;
    for (const char *p = text; *p; p++)
        words += *p == ' ';
    known->text = strdup(text);
    known->names = calloc(words, sizeof *known->names);
    if (!known->text || !known->names)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    for (char *w = strtok_r(known->text, " ", &save); w; w = strtok_r(NULL, " ", &save))
        known->names[known->names_n++] = w;
    /* No server is without settings: to believe that would be to run without those that matter. */
    if (known->names_n == 0)
        return lc_fail(err, LC_ERR_UNKNOWN, "%s does not name its settings as ClickHouse does",
                       b->where);
    qsort(known->names, known->names_n, sizeof *known->names, compare_names);
    return 0;
}

/*
 * The greeting is not sealed: what it says must be what a ClickHouse would say. A version begins with a number and
 * a dot, the database is the one that was asked for, and the settings have names without blanks and quotes.
 */
static bool is_greeting(const struct lc_backend *b, const struct lc_answer *t)
{
    const struct lc_cell *version = lc_answer_at(t, 0, LC_SQL_HELLO_VERSION);
    const struct lc_cell *database = lc_answer_at(t, 0, LC_SQL_HELLO_DATABASE);
    const struct lc_cell *settings = lc_answer_at(t, 0, LC_SQL_HELLO_SETTINGS);
    size_t digits = strspn(version->p, "0123456789");

    return digits && version->p[digits] == '.' && strlen(version->p) == version->n &&
           strlen(database->p) == database->n &&
           (!b->to.database || strcmp(database->p, b->to.database) == 0) &&
           strspn(settings->p, SETTING_CHARACTERS " ") == settings->n;
}

/* Ask who answers: version, current database, and the settings that are known there. */
static int say_hello(struct lc_backend *b, struct lc_error *err)
{
    struct lc_query q = {
        .sql = lc_sql_hello->text, .timeout_ms = b->to.connect_timeout_ms, .cancel = b->to.cancel};
    struct lc_answer t = {0};
    int rc = lc_backend_query(b, &q, &t, err);

    if (!rc && (lc_answer_check(&t, lc_sql_hello, NULL) || !is_greeting(b, &t))) {
        rc = lc_fail(err, LC_ERR_SERVER, "%s does not answer as ClickHouse does", b->where);
        lc_hint(err, "is this the HTTP port (8123, or 8443 with https)?");
    }
    if (!rc) {
        b->version = strdup(lc_answer_at(&t, 0, LC_SQL_HELLO_VERSION)->p);
        b->database = strdup(lc_answer_at(&t, 0, LC_SQL_HELLO_DATABASE)->p);
        if (!b->version || !b->database)
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    }
    if (!rc)
        rc = note_settings(b, lc_answer_at(&t, 0, LC_SQL_HELLO_SETTINGS)->p, err);
    lc_answer_release(&t);
    return rc;
}

/* Who is not let in, and where to. */
static void hint_refused(struct lc_error *err)
{

    if (err->server_code == LC_SERVER_UNKNOWN_USER ||
        err->server_code == LC_SERVER_WRONG_PASSWORD ||
        err->server_code == LC_SERVER_AUTHENTICATION_FAILED)
        lc_hint(err, "the user is in the URL, the password in CLICKHOUSE_PASSWORD or in the file "
                     "that CLICKHOUSE_PASSWORD_FILE names");
    else if (err->server_code == LC_SERVER_UNKNOWN_DATABASE)
        lc_hint(
            err,
            "the database is the URL's last part: http://user@host:8123/DATABASE; SHOW DATABASES "
            "lists the databases, livecol up --create-database makes it");
}

int lc_backend_open(struct lc_backend **out, const struct lc_connect *to, struct lc_error *err)
{
    int rc = open_ops(out, to, err);

    if (!rc)
        rc = say_hello(*out, err);
    if (!rc)
        return 0;
    if (rc == LC_ERR_SERVER && err)
        hint_refused(err);
    /* Nothing that matters was sent: a lost answer leaves no doubt behind. */
    if (rc == LC_ERR_UNKNOWN) {
        rc = LC_ERR_NOT_SENT;
        if (err) {
            err->code = rc;
            err->hint[0] = '\0';
            lc_hint(err, "is this the HTTP port of ClickHouse (8123, or 8443 with https)?");
        }
    }
    lc_backend_free(*out);
    *out = NULL;
    return rc;
}

/*
 * A clone asks no greeting: it is the same server, and what is known of it is shared. A
 * session that `from` uses is not passed on, since a session takes one request at a time.
 */
int lc_backend_clone(struct lc_backend *from, struct lc_backend **out, struct lc_error *err)
{
    int rc = open_ops(out, &from->to, err);

    if (rc)
        return rc;
    atomic_fetch_add(&from->known->users, 1);
    (*out)->known = from->known;
    (*out)->fence = from->fence;
    (*out)->version = strdup(from->version);
    (*out)->database = strdup(from->database);
    if ((*out)->version && (*out)->database)
        return 0;
    lc_backend_free(*out);
    *out = NULL;
    return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
}

void lc_backend_free(struct lc_backend *b)
{
    if (!b)
        return;
    b->ops->close(b);
    release_connect(&b->to);
    drop_known(b->known);
    free(b->where);
    free(b->database);
    free(b->version);
    free(b);
}
