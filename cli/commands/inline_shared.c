/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/inline_shared.h"

#include "base/json.h"
#include "cli/term/message.h"

#include <stdio.h>

int lc_inline_send(const struct lc_inline_options *o, struct lc_backend *b, const char *sql,
                   struct lc_error *err)
{
    if (o->m.global.json) {
        struct lc_json *j = lc_json_object();

        lc_json_set_str(j, "event", o->m.up.dry_run ? "would_send" : "send");
        lc_json_set_str(j, "sql", sql);
        lc_json_line(j, stdout);
        lc_json_free(j);
    } else {
        printf("%s\n", sql);
    }
    return o->m.up.dry_run ? 0 : lc_backend_run(b, sql, NULL, err);
}

static void on_lock_wait(void *ctx, const struct lc_lock_info *h)
{
    (void)ctx;
    lc_say("waiting for livecol %s on %s, pid %s, which holds the lock since %s UTC", h->command,
           h->host, h->pid, h->since);
}

int lc_inline_lock(const struct lc_inline_options *o, struct lc_backend *b, struct lc_session *s,
                   struct lc_error *err)
{
    int rc;

    *s = (struct lc_session){0};
    if (o->m.up.dry_run)
        return 0;
    rc = lc_session_open(s, b, &o->m.up, false, err);
    return rc ? rc : lc_session_lock(s, "inline", &o->m.up, on_lock_wait, NULL, err);
}
