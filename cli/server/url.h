/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address of a server:
 *
 *   http[s]://[user[:password]@]host[:port][/[database]]
 *
 * user, password and database are percent-decoded; host may be an IPv6 address in brackets. Default
 * ports: 8123, and 8443 with https. Nothing may follow the database: settings are not taken here.
 *   https://www.rfc-editor.org/rfc/rfc3986
 */
#ifndef LC_CLI_SERVER_URL_H
#define LC_CLI_SERVER_URL_H
#include "base/error.h"

#include <stdbool.h>

struct lc_url {
    bool tls;
    unsigned port;
    char *host;     /* as given, with its brackets */
    char *user;     /* NULL: none given */
    char *password; /* NULL: none given */
    char *database; /* NULL: none given */
};

/*
 * Take an URL apart. 0; LC_ERR_USAGE with what is wrong (the message never shows the password);
 * LC_ERR_NOMEM. After an error *u is empty. Free with lc_url_release.
 */
int lc_url_parse(struct lc_url *u, const char *text, struct lc_error *err);

void lc_url_release(struct lc_url *u);

/*
 * The URL as text without its password: for messages, and as an address to parse again. Malloc'ed;
 * NULL: no memory.
 */
char *lc_url_text(const struct lc_url *u);

/* Is it this machine, by its name? What is sent there passes no network, and no proxy. */
bool lc_url_is_loopback(const struct lc_url *u);

/*
 * The proxy that libcurl takes for it from the environment (http_proxy, https_proxy, HTTPS_PROXY,
 * all_proxy, ALL_PROXY; not for hosts of no_proxy, NO_PROXY). NULL: none. Not to be freed.
 */
const char *lc_url_proxy(const struct lc_url *u);

#endif
