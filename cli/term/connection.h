/* SPDX-License-Identifier: Apache-2.0 */
/* The connection options as they were typed, and what they and the environment amount to. */
#ifndef LC_CLI_TERM_CONNECTION_H
#define LC_CLI_TERM_CONNECTION_H
#include "base/error.h"
#include "cli/server/backend.h"

#include <stdbool.h>

/* What an option amounts to, and where that comes from. */
struct lc_option_use {
    const char *name;  /* without -- */
    const char *value; /* as it was given; NULL: it was not */
    const char *from;  /* "command line", or the name in the environment; NULL: its default holds */
    const char *help;
};

/* What every command understands; lc_options_parse fills it. */
struct lc_global {
    bool json, quiet, no_color, help, verbose;
    const struct lc_option_use *uses; /* of each option that takes a value; they live until exit */
    size_t uses_n;
    struct lc_connect connect; /* from the options and the environment; url holds no password */
    const char *backend;       /* "http", "embedded", or NULL: neither was named */
};

/* Each NULL or 0 where it was not given. */
struct lc_connect_options {
    const char *url, *backend, *path, *scripts, *functions, *ca_cert, *cert, *key;
    double connect_timeout_s, timeout_s;
};

/*
 * Fill global->backend and global->connect from the options, CLICKHOUSE_URL, CLICKHOUSE_PASSWORD
 * and CLICKHOUSE_PASSWORD_FILE, and make every secret known to lc_secret_redact. 0, LC_ERR_USAGE,
 * LC_ERR_IO (the password file cannot be read), LC_ERR_NOMEM. That no backend is named at all is
 * no error here: lc_connection_open says so, when one is needed.
 */
int lc_connection_settle(struct lc_global *global, const struct lc_connect_options *given,
                         struct lc_error *err);

/*
 * Take over a malloc'ed string that options point to: it lives until exit, and is reachable until
 * then. Gives it back; NULL where s is, or where there is no memory (s is freed).
 */
const char *lc_keep(char *s);

/* Open the backend that options and environment name; LC_ERR_USAGE with a hint
 * if they name none. */
int lc_connection_open(const struct lc_global *global, struct lc_backend **out,
                       struct lc_error *err);

/*
 * Open a second server next to it, with the same options; its password is that of
 * CLICKHOUSE_REFERENCE_PASSWORD or CLICKHOUSE_REFERENCE_PASSWORD_FILE. As lc_connection_open.
 */
int lc_connection_reference(const struct lc_global *global, const char *url,
                            struct lc_backend **out, struct lc_error *err);

#endif
