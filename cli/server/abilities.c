#include "cli/server/abilities.h"

#include "cli/server/query.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *column;
    size_t at;
} known[] = {
    {"mutations.latest_fail_reason", offsetof(struct lc_facts, fail_reason)},
    {"merges.is_mutation", offsetof(struct lc_facts, merge_mutation)},
    {"functions.origin", offsetof(struct lc_facts, function_origin)},
    {"user_defined_functions.name", offsetof(struct lc_facts, udf_table)},
    {"query_log.query_id", offsetof(struct lc_facts, query_log)},
    {"processes.Settings", offsetof(struct lc_facts, comments)},
    {"zookeeper.path", offsetof(struct lc_facts, keeper)},
    {"replicas.zookeeper_path", offsetof(struct lc_facts, replicas)},
    {"table_functions.clusterAllReplicas", offsetof(struct lc_facts, all_replicas)},
    {"processes.query_kind", offsetof(struct lc_facts, query_kind)},
    {"tables.engine_full", offsetof(struct lc_facts, engine_full)},
    {"disks.free_space", offsetof(struct lc_facts, disks)},
};

int lc_facts_ask(struct lc_facts *f, struct lc_backend *b, struct lc_error *err)
{
    static const struct lc_sql_arg args[] = {{"name", "formatQuerySingleLine"}, {NULL, NULL}};
    struct lc_table t = {0};
    int rc = lc_query_read(b, lc_sql_facts, NULL, &t, err);

    *f = (struct lc_facts){0};
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcmp(lc_table_at(&t, i, 0)->p, known[k].column) == 0)
                *(bool *)((char *)f + known[k].at) = true;
        }
    }
    if (rc == 0)
        rc = lc_query_read(b, lc_sql_function_known, args, &t, err);
    if (rc == 0)
        f->format_query = lc_table_u64(&t, 0, 0, 0) > 0;
    lc_table_release(&t);
    return rc;
}
