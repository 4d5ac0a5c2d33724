/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ClickHouse keeps in ZooKeeper or Keeper, read through system.zookeeper.
 *
 * Keeper goes away for some seconds now and then (an election, a restart), which is no reason to
 * give up: reads wait for it.
 */
#ifndef LC_CLI_SERVER_KEEPER_H
#define LC_CLI_SERVER_KEEPER_H
#include "cli/server/backend.h"
#include "cli/server/retry.h"

/*
 * The children of a node, by name; none where there is no such node. 0; LC_ERR_SERVER, after
 * LC_KEEPER_PATIENCE_MS, where Keeper is away; LC_ERR_STOPPED where *cancel (may be NULL) became
 * true; the failures of a query.
 */
int lc_keeper_children(struct lc_backend *b, const char *path, const atomic_bool *cancel,
                       struct lc_answer *out, struct lc_error *err);

/* The same, once: Keeper being away is its failure. */
int lc_keeper_children_now(struct lc_backend *b, const char *path, struct lc_answer *out,
                           struct lc_error *err);

#endif
