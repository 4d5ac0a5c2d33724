/* The connection options as they were typed, and what they and the environment amount to. */
#ifndef LC_GLOBAL_H
#define LC_GLOBAL_H

#include "cli/term/options.h"

/* Each NULL or 0 where it was not given. */
struct lc_connect_options {
    const char *url, *backend, *path, *scripts, *functions, *ca_cert, *cert, *key;
    double connect_timeout_s, timeout_s;
};

/*
 * Fill global->backend and global->connect from the options, CLICKHOUSE_URL, CLICKHOUSE_PASSWORD
 * and CLICKHOUSE_PASSWORD_FILE, and make every secret known to lc_talk_redact. 0, LC_ERR_USAGE,
 * LC_ERR_IO (the password file cannot be read), LC_ERR_NOMEM. That no backend is named at all is
 * no error here: lc_global_open says so, when one is needed.
 */
int lc_global_settle(struct lc_global *global, const struct lc_connect_options *given,
                     struct lc_error *err);

/*
 * Take over a malloc'ed string that options point to: it lives until exit, and is reachable until
 * then. Gives it back; NULL where s is, or where there is no memory (s is freed).
 */
const char *lc_keep(char *s);

#endif
