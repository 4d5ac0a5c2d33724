#include "cli/server/keeper.h"

#include "cli/server/server_error.h"
#include "base/clock.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <string.h>

enum { PAUSE_MS = 250 };

bool lc_keeper_is_away(const struct lc_error *err)
{
    if (err->server_code == LC_SERVER_NO_ZOOKEEPER ||
        err->server_code == LC_SERVER_TABLE_IS_READ_ONLY)
        return true;
    return err->server_code == LC_SERVER_KEEPER_EXCEPTION && !strstr(err->msg, "No node") &&
           !strstr(err->msg, "Node exists");
}

int lc_keeper_children_now(struct lc_backend *b, const char *path, struct lc_answer *out,
                           struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"path", path}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
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
    uint64_t end = lc_now_ms() + LC_KEEPER_PATIENCE_MS;

    for (;;) {
        struct lc_error why = LC_ERROR_INIT;
        int rc = lc_keeper_children_now(b, path, out, &why);

        if (rc == 0)
            return 0;
        if (rc != LC_ERR_SERVER || !lc_keeper_is_away(&why) || lc_now_ms() >= end) {
            lc_error_pass(err, &why);
            return rc;
        }
        if (lc_sleep_ms(PAUSE_MS, cancel))
            return lc_fail(err, LC_ERR_STOPPED, "stopped while Keeper was away");
    }
}
