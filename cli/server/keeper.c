/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system.zookeeper answers for one node at a time, by its path. A node that is not there is an
 * error of the server's, which is told from Keeper being away by its text alone: both may have
 * the code 999.
 */
#include "cli/server/keeper.h"

#include "cli/server/retry.h"
#include "cli/server/server_error.h"
#include "base/clock.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <string.h>

int lc_keeper_children_now(struct lc_backend *b, const char *path, struct lc_answer *out,
                           struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"path", path}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    /* Into `why` first: a "No node" that is no failure must not leave a trace in err. */
    int rc = lc_query_read(b, lc_sql_keeper_children, args, out, &why);

    if (rc == LC_ERR_SERVER && why.server_code == LC_SERVER_KEEPER_EXCEPTION &&
        strstr(why.msg, "No node")) {
        lc_answer_release(out);
        return 0;
    }
    if (rc)
        lc_error_pass(err, &why);
    return rc;
}

int lc_keeper_children(struct lc_backend *b, const char *path, const atomic_bool *cancel,
                       struct lc_answer *out, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_retry retry = {.keeper_ms = LC_KEEPER_PATIENCE_MS, .cancel = cancel};
    int rc;

    do
        rc = lc_keeper_children_now(b, path, out, &why);
    while (lc_retry_again(&retry, rc, &why));
    return rc ? lc_error_pass(err, &why) : 0;
}
