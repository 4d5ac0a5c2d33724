/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement names the columns of system tables, and the functions, that livecol would like
 * to use; each name that comes back sets one field.
 */
#include "cli/server/abilities.h"

#include "cli/server/query.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the statement `facts` calls it (table.column, or has_function.name), and the byte of
 * the bool that it sets in struct lc_abilities.
 */
static const struct {
    const char *column;
    size_t at;
} known[] = {
    {"mutations.latest_fail_reason", offsetof(struct lc_abilities, fail_reason)},
    {"merges.is_mutation", offsetof(struct lc_abilities, merge_mutation)},
    {"functions.origin", offsetof(struct lc_abilities, function_origin)},
    {"user_defined_functions.name", offsetof(struct lc_abilities, udf_table)},
    {"user_defined_functions.argument_types", offsetof(struct lc_abilities, udf_types)},
    {"query_log.query_id", offsetof(struct lc_abilities, query_log)},
    {"query_log.current_database", offsetof(struct lc_abilities, current_database)},
    {"part_log.query_id", offsetof(struct lc_abilities, part_log)},
    {"tables.total_rows", offsetof(struct lc_abilities, total_rows)},
    {"processes.Settings", offsetof(struct lc_abilities, comments)},
    {"zookeeper.path", offsetof(struct lc_abilities, keeper)},
    {"replicas.zookeeper_path", offsetof(struct lc_abilities, replicas)},
    {"table_functions.clusterAllReplicas", offsetof(struct lc_abilities, all_replicas)},
    {"has_function.formatQuerySingleLine", offsetof(struct lc_abilities, format_query)},
    {"has_function.formatQuerySingleLineOrNull", offsetof(struct lc_abilities, format_or_null)},
    {"processes.query_kind", offsetof(struct lc_abilities, query_kind)},
    {"tables.engine_full", offsetof(struct lc_abilities, engine_full)},
    {"disks.free_space", offsetof(struct lc_abilities, disks)},
};

int lc_abilities_ask(struct lc_abilities *f, struct lc_backend *b, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_query_read(b, lc_sql_facts, NULL, &t, err);

    /* What the server does not name it does not have: all start as false, also after a failure. */
    *f = (struct lc_abilities){0};
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcmp(lc_answer_at(&t, i, LC_SQL_FACTS_KNOWN)->p, known[k].column) == 0)
                *(bool *)((char *)f + known[k].at) = true;
        }
    }
    lc_answer_release(&t);
    return rc;
}
