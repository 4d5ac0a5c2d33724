/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replicas of a table, as hosts: where no cluster was named, Keeper says what they are and how to
 * reach them. Each replica has written that there itself:
 *
 *   <table's node>/replicas/a/host     host: 10.0.0.7
 *                                      port: 9009         between servers, for parts
 *                                      tcp_port: 9000     for remote('10.0.0.7:9000', …)
 */
#ifndef LC_CLI_SERVER_REPLICAS_H
#define LC_CLI_SERVER_REPLICAS_H
#include "cli/server/cluster.h"

/*
 * The hosts of a Replicated table's replicas, each asked whether it is there: they are reached by
 * remote(), as the user `default` without a password. 0, with hosts->n 0 where the table has no
 * other replica or is not Replicated; LC_ERR_REFUSED where a replica is not known or does not
 * answer, with the reason; the failures of a query. Release it in any case.
 */
int lc_replicas_open(struct lc_cluster *hosts, struct lc_backend *b,
                     const struct lc_abilities *facts, const char *database, const char *table,
                     struct lc_error *err);

#endif
