/* SPDX-License-Identifier: Apache-2.0 */
/* What the connected server can do, asked for once, so that nothing is sent that it refuses. */
#ifndef LC_CLI_SERVER_ABILITIES_H
#define LC_CLI_SERVER_ABILITIES_H
#include "cli/server/backend.h"
#include "cli/sql/statement.h"

#include <stdbool.h>

struct lc_abilities {
    bool fail_reason;      /* system.mutations has latest_fail_reason */
    bool merge_mutation;   /* system.merges has is_mutation */
    bool function_origin;  /* system.functions has origin */
    bool udf_table;        /* system.user_defined_functions */
    bool udf_types;        /* it has the types of arguments, and formats */
    bool query_log;        /* system.query_log, made by the server once it has logged something */
    bool current_database; /* system.query_log has current_database */
    bool part_log;         /* system.part_log has query_id */
    bool total_rows;       /* system.tables has total_rows */
    bool comments;     /* system.processes shows settings by name: log_comment can be looked for */
    bool query_kind;   /* system.processes has query_kind */
    bool engine_full;  /* system.tables has engine_full */
    bool disks;        /* system.disks has free_space */
    bool keeper;       /* system.zookeeper: the server has a Keeper or ZooKeeper */
    bool replicas;     /* system.replicas */
    bool all_replicas; /* clusterAllReplicas, and view() in it */
    bool format_query; /* formatQuerySingleLine */
    bool format_or_null; /* formatQuerySingleLineOrNull, which takes many at once */
};

/* Ask. 0 or the failures of a query. */
int lc_abilities_ask(struct lc_abilities *f, struct lc_backend *b, struct lc_error *err);

#endif
