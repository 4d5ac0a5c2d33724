/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/inline_shared.h"

#include "base/json.h"
#include <stdio.h>

int lc_inline_send(const struct lc_inline_options *o, const char *sql, struct lc_error *err)
{
    /* Printed before it is sent: where the server refuses it, the output shows what it refused. */
    if (o->r.m.global.json) {
        struct lc_json *j = lc_json_object();

        lc_json_set_str(j, "event", o->r.m.up.dry_run ? "would_send" : "send");
        lc_json_set_str(j, "sql", sql);
        lc_json_line(j, stdout);
        lc_json_free(j);
    } else {
        printf("%s\n", sql);
    }
    return o->r.m.up.dry_run ? 0 : lc_backend_run(o->r.b, sql, NULL, err);
}
