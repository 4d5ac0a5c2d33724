/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address of a server, taken apart and put together again:
 *
 *   http(s)://user:password@host:port/database
 *
 * Host and port are kept as written; user, password and database are percent-encoded in a URL
 * and plain here. Errors do not show the text, which may hold a password.
 */
#include "cli/server/url.h"

#include "base/hex.h"
#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * Longer is no address that a person gave; it also bounds what lc_url_text makes, at 3 bytes a
 * byte.
 */
enum { URL_MAX_BYTES = 8192 };

/* n bytes at p, percent-decoded, into a new string. A %00 would end the string early: refused. */
static int decode(char **out, const char *p, size_t n, const char *what, struct lc_error *err)
{
    char *s = malloc(n + 1);
    size_t at = 0;

    if (!s)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a URL");
    for (size_t i = 0; i < n; i++) {
        int high, low;

        if (p[i] != '%') {
            s[at++] = p[i];
            continue;
        }
        high = i + 2 < n ? lc_hex_digit(p[i + 1]) : -1;
        low = i + 2 < n ? lc_hex_digit(p[i + 2]) : -1;
        if (high < 0 || low < 0 || high * 16 + low == 0) {
            free(s);
            return lc_fail(err, LC_ERR_USAGE,
                           "the URL's %s holds a %% without two hexadecimal digits of a byte",
                           what);
        }
        s[at++] = (char)(high * 16 + low);
        i += 2;
    }
    s[at] = '\0';
    *out = s;
    return 0;
}

/* user[:password], before the @. An empty user is left NULL; an empty password is "" and given. */
static int parse_userinfo(struct lc_url *u, const char *p, size_t n, struct lc_error *err)
{
    const char *colon = memchr(p, ':', n);
    size_t user_n = colon ? (size_t)(colon - p) : n;
    int rc = 0;

    if (user_n)
        rc = decode(&u->user, p, user_n, "user", err);
    if (!rc && colon)
        rc = decode(&u->password, colon + 1, n - user_n - 1, "password", err);
    return rc;
}

/* Digits alone. The loop stops before `port` can overflow. */
static int parse_port(struct lc_url *u, const char *p, size_t n, struct lc_error *err)
{
    unsigned port = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9' || port > 65535)
            return lc_fail(err, LC_ERR_USAGE, "the URL's port is not a number from 1 to 65535");
        port = port * 10 + (unsigned)(p[i] - '0');
    }
    if (port == 0 || port > 65535)
        return lc_fail(err, LC_ERR_USAGE, "the URL's port is not a number from 1 to 65535");
    u->port = port;
    return 0;
}

/*
 * host[:port], without a port that of ClickHouse's HTTP interface. An IPv6 address keeps its
 * brackets, so that its colons are not taken for the port's.
 */
static int parse_host_port(struct lc_url *u, const char *p, size_t n, struct lc_error *err)
{
    const char *bracket = n && p[0] == '[' ? memchr(p, ']', n) : NULL;
    const char *colon;
    size_t host_n;

    if (bracket)
        colon = bracket + 1 < p + n ? bracket + 1 : NULL;
    else
        colon = memchr(p, ':', n);
    if (bracket && colon && *colon != ':')
        return lc_fail(err, LC_ERR_USAGE, "the URL has text between its host and its port");
    host_n = colon ? (size_t)(colon - p) : n;
    if (host_n == 0)
        return lc_fail(err, LC_ERR_USAGE, "the URL names no host");
    for (size_t i = 0; i < host_n; i++)
        if ((unsigned char)p[i] <= ' ' || p[i] == 0x7f || strchr("%\\\"<>^`{|}", p[i]))
            return lc_fail(err, LC_ERR_USAGE,
                           "the URL's host contains a byte that no host name has");
    u->host = strndup(p, host_n);
    if (!u->host)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a URL");
    if (colon)
        return parse_port(u, colon + 1, n - host_n - 1, err);
    u->port = u->tls ? 8443 : 8123;
    return 0;
}

/* The path is the database's name and nothing else; an empty one leaves u->database NULL. */
static int parse_database(struct lc_url *u, const char *p, struct lc_error *err)
{
    size_t n = strcspn(p, "/?#");

    if (p[n])
        return lc_fail(err, LC_ERR_USAGE,
                       "the URL continues after its database: a \"%c\" in a name is written %%%02X",
                       p[n], (unsigned)p[n]);
    return n ? decode(&u->database, p, n, "database", err) : 0;
}

static int parse(struct lc_url *u, const char *text, struct lc_error *err)
{
    const char *rest, *end, *at = NULL;
    int rc = 0;

    if (strlen(text) > URL_MAX_BYTES)
        return lc_fail(err, LC_ERR_USAGE, "the URL is longer than %d bytes", URL_MAX_BYTES);
    if (strncasecmp(text, "http://", 7) == 0) {
        rest = text + 7;
    } else if (strncasecmp(text, "https://", 8) == 0) {
        rest = text + 8;
        u->tls = true;
    } else {
        return lc_fail(err, LC_ERR_USAGE, "the URL does not begin with http:// or https://");
    }
    /* The last @ before the path: a password may hold one that was not encoded. */
    end = rest + strcspn(rest, "/?#");
    for (const char *s = rest; s < end; s++)
        if (*s == '@')
            at = s;
    if (at) {
        rc = parse_userinfo(u, rest, (size_t)(at - rest), err);
        rest = at + 1;
    }
    if (!rc)
        rc = parse_host_port(u, rest, (size_t)(end - rest), err);
    if (!rc && *end && *end != '/')
        rc = lc_fail(err, LC_ERR_USAGE, "the URL has a \"%c\" after its host", *end);
    if (!rc && *end)
        rc = parse_database(u, end + 1, err);
    return rc;
}

int lc_url_parse(struct lc_url *u, const char *text, struct lc_error *err)
{
    int rc;

    *u = (struct lc_url){0};
    rc = parse(u, text, err);
    if (rc) {
        lc_hint(err, "a URL reads http(s)://user@host:port/database");
        lc_url_release(u);
    }
    return rc;
}

void lc_url_release(struct lc_url *u)
{
    free(u->host);
    free(u->user);
    free(u->password);
    free(u->database);
    *u = (struct lc_url){0};
}

/* Append s with all but RFC 3986's unreserved characters encoded. */
static int add_encoded(struct lc_buf *b, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-._~", c));

        if (plain ? lc_buf_add(b, s, 1) : lc_buf_addf(b, "%%%02X", c))
            return LC_ERR_NOMEM;
    }
    return 0;
}

/* Without the password, so that it may be shown. */
char *lc_url_text(const struct lc_url *u)
{
    struct lc_buf b;
    char *text = NULL;

    lc_buf_init(&b, 4 * URL_MAX_BYTES);
    if (lc_buf_adds(&b, u->tls ? "https://" : "http://") ||
        (u->user && (add_encoded(&b, u->user) || lc_buf_adds(&b, "@"))) ||
        lc_buf_adds(&b, u->host) || lc_buf_addf(&b, ":%u", u->port) ||
        (u->database && (lc_buf_adds(&b, "/") || add_encoded(&b, u->database))))
        goto done;
    text = lc_buf_detach(&b);
done:
    lc_buf_release(&b);
    return text;
}

bool lc_url_is_loopback(const struct lc_url *u)
{
    /* 127.example.com is a name: an address has digits and dots alone */
    bool is_127 =
        strncmp(u->host, "127.", 4) == 0 && strspn(u->host, "0123456789.") == strlen(u->host);

    return is_127 || strcasecmp(u->host, "localhost") == 0 || strcmp(u->host, "[::1]") == 0;
}

/*
 * Is the host, or a domain that it is in, among the names of the list? They are separated by
 * commas or spaces, a dot before one means nothing, and "*" is all hosts: as curl reads
 * no_proxy.
 */
static bool is_listed(const char *list, const char *host)
{
    size_t host_n = strlen(host);

    for (const char *p = list; *p;) {
        size_t n;

        p += strspn(p, " ,");
        n = strcspn(p, " ,");
        if (n == 1 && *p == '*')
            return true;
        if (n && *p == '.') {
            p++;
            n--;
        }
        if (n && n <= host_n && strncasecmp(host + host_n - n, p, n) == 0 &&
            (n == host_n || host[host_n - n - 1] == '.'))
            return true;
        p += n;
    }
    return false;
}

const char *lc_url_proxy(const struct lc_url *u)
{
    /* HTTP_PROXY is not among them: a CGI program gets it from a request's header "Proxy:". */
    static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    static const char *const tls[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    const char *none = getenv("no_proxy") ? getenv("no_proxy") : getenv("NO_PROXY");

    if (lc_url_is_loopback(u) || (none && is_listed(none, u->host)))
        return NULL;
    for (const char *const *name = u->tls ? tls : plain; *name; name++) {
        const char *value = getenv(*name);

        if (value)
            return *value ? value : NULL;
    }
    return NULL;
}
