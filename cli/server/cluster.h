/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts that a run is about: the server that is connected to alone, or all of a cluster that
 * its system.clusters names.
 *
 * Every host is reached by SQL through the connected server, as the cluster's own user:
 *
 *   clusterAllReplicas(cluster, view(SELECT …)) WHERE _shard_num = k     where the server has it
 *   SELECT … FROM remote('host:port', system.x, 'user')                  on older ones
 *
 * so no port is ever guessed, and no password is written into a statement.
 */
#ifndef LC_CLI_SERVER_CLUSTER_H
#define LC_CLI_SERVER_CLUSTER_H
#include "cli/server/abilities.h"
#include "cli/server/backend.h"
#include "cli/sql/quote.h"

#include <stdbool.h>

struct lc_cluster_host {
    char *name; /* "host:port", as system.clusters says it */
    char *user; /* the cluster's, for it */
    unsigned shard;
    bool down; /* it gave no answer when the cluster was opened, and is left out */
};

struct lc_cluster {
    struct lc_backend *b; /* the caller's */
    char *name;           /* NULL: the connected server alone */
    struct lc_cluster_host *v;
    size_t n;       /* 1 where it is alone */
    bool by_remote; /* hosts are reached by remote(): the server has no clusterAllReplicas */
    bool replicas;  /* of one table, as Keeper has them: see replicas.h */
};

/* The connected server alone: every read is its own. 0 or LC_ERR_NOMEM. */
int lc_cluster_alone(struct lc_cluster *c, struct lc_backend *b, struct lc_error *err);

/* Which cluster to open, and what to do about a host that does not answer. */
struct lc_cluster_wish {
    const char *name;
    bool allow_degraded; /* leave the host out and warn, rather than refuse */
    void (*warn)(void *ctx, const char *text);
    void *ctx;
};

/*
 * The hosts of that cluster, each asked whether it answers. 0; LC_ERR_REFUSED where the server knows
 * no such cluster, or a host does not answer (with allow_degraded it is marked as down); the failures
 * of a query. Release it in any case.
 */
int lc_cluster_open(struct lc_cluster *c, struct lc_backend *b, const struct lc_abilities *facts,
                    const struct lc_cluster_wish *wish, struct lc_error *err);

/*
 * Read from host i. `plain` is a statement of sql/ as one server takes it, `remote` the same that
 * reads from remote({str:host}, …, {str:user}); args serve both. As lc_query_read; a failure's
 * message names the host.
 */
int lc_cluster_read(const struct lc_cluster *c, size_t i, const struct lc_sql *plain,
                    const struct lc_sql *remote, const struct lc_sql_arg *args,
                    struct lc_answer *out, struct lc_error *err);

/*
 * Run a SELECT on host i, whose FROM clauses were made by lc_cluster_add_from for that host. As
 * lc_backend_run.
 */
int lc_cluster_run(const struct lc_cluster *c, size_t i, const char *sql, struct lc_answer *out,
                   struct lc_error *err);

/*
 * The node in Keeper of a table on host i: *path, "" where it is not Replicated, NULL where there
 * is no such table. It is in *rows, which the caller releases. 0 or the failures of a query.
 */
int lc_cluster_keeper_path(const struct lc_cluster *c, size_t i, const char *database,
                           const char *table, struct lc_answer *rows, const char **path,
                           struct lc_error *err);

/* Append what is behind FROM so that the table is host i's. 0 or LC_ERR_NOMEM. */
int lc_cluster_add_from(const struct lc_cluster *c, size_t i, struct lc_buf *b,
                        const char *database, const char *table);

/*
 * What names each host's replica of a table that all of them have: "{replica}", or where shards
 * share those names "{shard}-{replica}". 0; LC_ERR_REFUSED where the hosts' macros do not tell them
 * apart; the failures of a query.
 */
int lc_cluster_replica_name(const struct lc_cluster *c, const char **macros, struct lc_error *err);

/*
 * Pass on a failure of host i as lc_error_pass does, the host's name before it where the cluster
 * has one. Returns rc, the failure's code; 0 passes nothing on.
 */
int lc_cluster_pass(const struct lc_cluster *c, size_t i, int rc, const struct lc_error *why,
                    struct lc_error *err);

/* Does this failure say that a host, not the statement, is at fault? */
bool lc_cluster_is_unreachable(const struct lc_error *err);

/* The name of host i for a message; "" where it is alone. */
const char *lc_cluster_host_name(const struct lc_cluster *c, size_t i);

void lc_cluster_release(struct lc_cluster *c);

#endif
