/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ON CLUSTER statements, followed to their end on every host.
 *
 * The server hands such a statement to the hosts by a queue in Keeper and waits for them, but only
 * for so long (distributed_ddl_task_timeout), and then answers with error 159, which names the
 * task:
 *
 *   /clickhouse/task_queue/ddl/query-0000000012            its value says for which hosts it is
 *   /clickhouse/task_queue/ddl/query-0000000012/finished   a child a host: its status, "0" is good
 */
#ifndef LC_CLI_SERVER_DDL_TASK_H
#define LC_CLI_SERVER_DDL_TASK_H
#include "cli/server/cluster.h"

#include <stdatomic.h>

struct lc_ddl_hooks {
    void (*waiting)(void *ctx, const char *text); /* for which hosts; each time it changes */
    void *ctx;
    const atomic_bool *cancel; /* may be NULL */
};

/* The node of a task that the message names, malloc'ed; NULL: it names none, or no memory. */
char *lc_ddl_task_named(const char *msg);

/*
 * The newest task of this statement that was made at or after since_s (Keeper's time), malloc'ed;
 * NULL: none is known. 0 or the failures of a query.
 */
int lc_ddl_task_find(struct lc_backend *b, const char *sql, size_t n, uint64_t since_s, char **task,
                     struct lc_error *err);

/*
 * Wait until every host of the task has done it, those aside that the cluster has as down. 0;
 * LC_ERR_SERVER with the first host on which it failed; LC_ERR_STOPPED; the failures of a query.
 */
int lc_ddl_task_follow(const struct lc_cluster *c, const char *task,
                       const struct lc_ddl_hooks *hooks, struct lc_error *err);

#endif
