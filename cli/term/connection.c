/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address comes from --url, else from CLICKHOUSE_URL. A password in CLICKHOUSE_PASSWORD, or in the
 * file that CLICKHOUSE_PASSWORD_FILE names, goes before the URL's. A password is hidden from every
 * message before it is used, in each form in which a server or a proxy could give it back.
 */
#include "cli/term/connection.h"

#include "base/buf.h"
#include "base/secret.h"
#include "base/signals.h"
#include "cli/server/connect.h"
#include "cli/server/url.h"
#include "cli/term/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORD_MAX_BYTES = 4096, TIMEOUT_MAX_S = 1000000 };

const char *lc_keep(char *s)
{
    /* Static, so that a leak checker finds every string reachable at exit. */
    static char **kept;
    static size_t n;
    char **more = s ? realloc(kept, (n + 1) * sizeof *kept) : NULL;

    if (!more) {
        free(s);
        return NULL;
    }
    kept = more;
    kept[n++] = s;
    return s;
}

/* An environment variable; one that is set but empty counts as not set. */
static const char *env(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/*
 * The one line of the file that the variable names, without its newline. A line break may be
 * \r\n. One byte more than the most is read: that tells a file that is too long.
 */
static int read_password_file(const char *variable, const char *path, const char **out,
                              struct lc_error *err)
{
    char password[PASSWORD_MAX_BYTES + 1];
    FILE *f = fopen(path, "re");
    size_t n;

    if (!f)
        return lc_fail(err, LC_ERR_IO, "cannot open %s %s: %s", variable, path, strerror(errno));
    n = fread(password, 1, sizeof password, f);
    if (ferror(f)) {
        lc_fail(err, LC_ERR_IO, "cannot read %s %s: %s", variable, path, strerror(errno));
        fclose(f);
        return LC_ERR_IO;
    }
    fclose(f);
    if (n && n <= PASSWORD_MAX_BYTES && password[n - 1] == '\n')
        n--;
    if (n && n <= PASSWORD_MAX_BYTES && password[n - 1] == '\r')
        n--;
    if (n > PASSWORD_MAX_BYTES || memchr(password, '\n', n) || memchr(password, '\0', n))
        return lc_fail(err, LC_ERR_USAGE, "%s %s does not hold one line of up to %d bytes",
                       variable, path, PASSWORD_MAX_BYTES);
    password[n] = '\0';
    *out = lc_keep(strdup(password));
    return *out ? 0 : lc_fail(err, LC_ERR_NOMEM, "no memory for a password");
}

/* The password of the environment: from one variable, or from the file that the other names. */
static int env_password(const char *variable, const char *file_variable, const char **out,
                        struct lc_error *err)
{
    const char *plain = env(variable);
    const char *file = env(file_variable);

    if (plain && file) {
        lc_fail(err, LC_ERR_USAGE, "%s and %s are both set", variable, file_variable);
        lc_hint(err, "unset one of them");
        return LC_ERR_USAGE;
    }
    *out = plain;
    return file ? read_password_file(file_variable, file, out, err) : 0;
}

/*
 * Take the URL, and from the environment's one its password. The connection gets the URL
 * without it, so that no later message can show it. `typed`: it comes from the command line,
 * where a password is refused.
 */
static int settle_url(struct lc_connect *c, const char *text, bool typed, struct lc_error *err)
{
    struct lc_url u;
    int rc = lc_url_parse(&u, text, err);

    if (rc)
        return rc;
    if (typed && u.password) {
        rc = lc_fail(
            err, LC_ERR_USAGE,
            "the URL on the command line contains a password, which every user of this machine "
            "can see");
        lc_hint(err, "put it into CLICKHOUSE_PASSWORD, into the file that CLICKHOUSE_PASSWORD_FILE "
                     "names, or the whole URL into CLICKHOUSE_URL");
        goto done;
    }
    if (u.password) {
        lc_secret_add(u.password);
        c->password = lc_keep(u.password);
        u.password = NULL;
        if (!c->password)
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a URL");
    }
    c->url = lc_keep(lc_url_text(&u));
    if (!c->url)
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a URL");
done:
    lc_url_release(&u);
    return rc;
}

/* Other ways in which a server or a proxy may give a password back. */
static void hide(const struct lc_url *u, const char *password)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    /* A URL's user is percent-encoded when it is written: the password takes that place. */
    struct lc_url as_user = {.host = (char *)"h", .user = (char *)(uintptr_t)password};
    char *text = lc_url_text(&as_user), *end = text ? strrchr(text, '@') : NULL;
    struct lc_buf basic, encoded;

    lc_secret_add(password);
    if (end) { /* percent-encoded */
        *end = '\0';
        lc_secret_add(strstr(text, "://") + 3);
    }
    free(text);
    lc_buf_init(&basic, (size_t)1 << 20);
    lc_buf_init(&encoded, (size_t)1 << 21);
    if (lc_buf_addf(&basic, "%s:%s", u->user ? u->user : "default", password) == 0) {
        for (size_t i = 0; i < basic.n; i += 3) { /* as the header Authorization has it */
            unsigned v = (unsigned)basic.p[i] << 16;

            v |= i + 1 < basic.n ? (unsigned)basic.p[i + 1] << 8 : 0;
            v |= i + 2 < basic.n ? basic.p[i + 2] : 0;
            for (unsigned k = 0; k < 4 && i + k <= basic.n; k++)
                lc_buf_add(&encoded, &digits[v >> (18 - 6 * k) & 63], 1);
        }
        lc_secret_add(lc_buf_str(&encoded));
        explicit_bzero(basic.p, basic.n);
    }
    lc_buf_release(&basic);
    lc_buf_release(&encoded);
}

/*
 * A password is about to travel: hide it, and say where others could read it. Warnings only:
 * the operator knows whether the network can be trusted.
 */
static void take_care(const struct lc_connect *to)
{
    struct lc_url u;
    const char *proxy;

    if (!to->password || !to->url || lc_url_parse(&u, to->url, NULL) != 0)
        return;
    hide(&u, to->password);
    proxy = lc_url_proxy(&u);
    if (!u.tls && !lc_url_is_loopback(&u))
        lc_warn(
            "the password goes to %s unencrypted%s: anyone on the network path can read it; use "
            "https://",
            u.host, proxy ? ", and through a proxy (http_proxy)" : "");
    else if (proxy)
        lc_warn(
            "the connection to %s, with its password, goes through a proxy (https_proxy): it is "
            "encrypted up to the server as long as the certificate is the server's own",
            u.host);
    lc_url_release(&u);
}

/* Does the option's value come from the command line, and not from the environment? */
static bool is_typed(const struct lc_global *g, const char *option)
{
    for (size_t i = 0; i < g->uses_n; i++)
        if (strcmp(g->uses[i].name, option) == 0)
            return g->uses[i].from && strcmp(g->uses[i].from, "command line") == 0;
    return false;
}

/*
 * The command line goes before the environment: a typed --url before LIVECOL_BACKEND=embedded with its folder, a typed
 * --backend embedded before LIVECOL_URL. What comes from one place alone may contradict itself.
 */
static void prefer_typed(const struct lc_global *g, struct lc_connect_options *c)
{
    bool url = is_typed(g, "url"), backend = is_typed(g, "backend");

    if (!c->url || !c->backend || strcmp(c->backend, "embedded") != 0 || url == backend)
        return;
    if (backend) {
        c->url = NULL;
        return;
    }
    c->backend = NULL;
    c->path = is_typed(g, "path") ? c->path : NULL;
    c->scripts = is_typed(g, "scripts") ? c->scripts : NULL;
    c->functions = is_typed(g, "functions") ? c->functions : NULL;
}

/* No URL is no failure: lc_connection_open says so to a command that needs a server. */
static int settle_http(struct lc_global *g, const struct lc_connect_options *given,
                       struct lc_error *err)
{
    const char *url = given->url ? given->url : env("CLICKHOUSE_URL");
    const char *password;
    int rc;

    if (!url)
        return 0;
    rc = settle_url(&g->connect, url, is_typed(g, "url"), err);
    if (rc && !is_typed(g, "url"))
        lc_error_prefix(err, "%s: ", given->url ? "LIVECOL_URL" : "CLICKHOUSE_URL");
    if (!rc)
        rc = env_password("CLICKHOUSE_PASSWORD", "CLICKHOUSE_PASSWORD_FILE", &password, err);
    if (rc)
        return rc;
    if (password)
        g->connect.password = password;
    take_care(&g->connect);
    g->connect.ca_cert = given->ca_cert;
    g->connect.cert = given->cert;
    g->connect.key = given->key;
    if (given->key && !given->cert)
        return lc_fail(err, LC_ERR_USAGE, "--key is given without --cert");
    g->backend = "http";
    return 0;
}

/* The engine in this process: a folder instead of a server, and no password. */
static int settle_embedded(struct lc_global *g, const struct lc_connect_options *given,
                           struct lc_error *err)
{
    if (given->url)
        return lc_fail(err, LC_ERR_USAGE, "--url and --backend embedded exclude each other");
    if (!given->path) {
        lc_fail(err, LC_ERR_USAGE, "--backend embedded needs --path");
        lc_hint(err, "--path DIR names the folder that holds the data; livecol up makes a new one");
        return LC_ERR_USAGE;
    }
    g->connect.embedded = true;
    g->connect.path = given->path;
    g->connect.scripts = given->scripts;
    g->connect.functions = given->functions;
    g->backend = "embedded";
    return 0;
}

/* 0 is "not given", and stays 0: the backend's default. */
static int settle_seconds(unsigned *ms, double s, const char *name, struct lc_error *err)
{
    if (s < 0 || s > TIMEOUT_MAX_S || (s > 0 && s < 0.001))
        return lc_fail(err, LC_ERR_USAGE, "%s takes seconds from 0.001 to %d", name, TIMEOUT_MAX_S);
    *ms = (unsigned)(s * 1000);
    return 0;
}

int lc_connection_settle(struct lc_global *global, const struct lc_connect_options *options,
                         struct lc_error *err)
{
    struct lc_connect_options preferred = *options;
    const struct lc_connect_options *given = &preferred;
    bool embedded;
    int rc;

    prefer_typed(global, &preferred);
    embedded = given->backend && strcmp(given->backend, "embedded") == 0;
    if (given->backend && !embedded && strcmp(given->backend, "http") != 0)
        return lc_fail(err, LC_ERR_USAGE, "--backend is http or embedded, not %s", given->backend);
    /* An option that the other backend would ignore is refused. */
    if (!embedded && (given->path || given->scripts || given->functions))
        return lc_fail(err, LC_ERR_USAGE,
                       "--path, --scripts and --functions need --backend embedded");
    if (embedded && (given->ca_cert || given->cert || given->key))
        return lc_fail(err, LC_ERR_USAGE, "--ca-cert, --cert and --key need an https:// URL");
    rc = settle_seconds(&global->connect.connect_timeout_ms, given->connect_timeout_s,
                        "--connect-timeout", err);
    if (!rc)
        rc = settle_seconds(&global->connect.timeout_ms, given->timeout_s, "--timeout", err);
    if (!rc)
        rc = embedded ? settle_embedded(global, given, err) : settle_http(global, given, err);
    return rc;
}

static void say_who(const struct lc_backend *b)
{
    lc_say("%s: ClickHouse %s", lc_backend_where(b), lc_backend_version(b));
}

int lc_connection_open(const struct lc_global *global, struct lc_backend **out,
                       struct lc_error *err)
{
    struct lc_connect to = global->connect;
    int rc;

    if (!global->backend) {
        lc_fail(err, LC_ERR_USAGE, "no server is named");
        lc_hint(err, "set CLICKHOUSE_URL or give --url (http(s)://user@host:port/database), or use "
                     "the engine in this process: --backend embedded --path DIR");
        return LC_ERR_USAGE;
    }
    to.cancel = lc_stop_flag();
    rc = lc_backend_open(out, &to, err);
    if (rc == 0 && global->verbose)
        say_who(*out);
    return rc;
}

int lc_connection_reference(const struct lc_global *global, const char *url,
                            struct lc_backend **out, struct lc_error *err)
{
    struct lc_connect to = global->connect;
    int rc;

    to.embedded = false;
    to.password = NULL; /* whose it is does not go to another server */
    to.cancel = lc_stop_flag();
    rc = settle_url(&to, url, true, err);
    if (!rc)
        rc = env_password("CLICKHOUSE_REFERENCE_PASSWORD", "CLICKHOUSE_REFERENCE_PASSWORD_FILE",
                          &to.password, err);
    if (rc)
        return rc;
    if (to.password)
        take_care(&to);
    rc = lc_backend_open(out, &to, err);
    if (rc == LC_ERR_SERVER && !to.password)
        lc_hint(err, "the password of --reference-url is in CLICKHOUSE_REFERENCE_PASSWORD, or in "
                     "the file that CLICKHOUSE_REFERENCE_PASSWORD_FILE names");
    return rc;
}
