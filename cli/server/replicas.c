/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   system.replicas ─▶ the table's path in Keeper, and how many replicas
 *   PATH/replicas ─▶ their names ─▶ PATH/replicas/NAME/host ─▶ host and tcp_port
 *   greet each by remote()
 *
 * A replica that cannot be asked is a refusal, not a failure: the caller may go on with
 * --allow-unsafe, which not_known() says with the reason.
 */
#include "cli/server/replicas.h"

#include "cli/server/keeper.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The value of `name: value`, a line of what a replica has written. False: there is no such
 * line, or its value is empty. The whole name is compared, so "port" is not found in
 * "tcp_port".
 */
static bool find_line(const char *text, const char *name, const char **value, size_t *n)
{
    size_t name_n = strlen(name);

    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, name_n) != 0 || strncmp(line + name_n, ": ", 2) != 0)
            continue;
        *value = line + name_n + 2;
        *n = strcspn(*value, "\n");
        return *n > 0;
    }
    return false;
}

/*
 * "host:port", malloc'ed, of what the replica has written; NULL where it names none, or
 * without memory. An IPv6 address goes in brackets.
 */
static char *address_of(const char *text)
{
    const char *host, *port;
    size_t host_n, port_n;
    char *out;
    bool v6;

    if (!find_line(text, "host", &host, &host_n) || !find_line(text, "tcp_port", &port, &port_n))
        return NULL;
    v6 = memchr(host, ':', host_n) && *host != '[';
    if (asprintf(&out, "%s%.*s%s:%.*s", v6 ? "[" : "", (int)host_n, host, v6 ? "]" : "",
                 (int)port_n, port) < 0)
        return NULL;
    return out;
}

/*
 * The value of the node `name` of a folder in Keeper; NULL: there is none. *value points into
 * *t, which the caller releases in any case.
 */
static int read_node(struct lc_backend *b, const char *path, const char *name, struct lc_answer *t,
                     const char **value, struct lc_error *err)
{
    int rc = lc_keeper_children_now(b, path, t, err);

    *value = NULL;
    for (size_t i = 0; rc == 0 && i < t->rows; i++)
        if (strcmp(lc_answer_at(t, i, LC_SQL_KEEPER_CHILDREN_NAME)->p, name) == 0)
            *value = lc_answer_at(t, i, LC_SQL_KEEPER_CHILDREN_VALUE)->p;
    return rc;
}

/*
 * Append the replica's host. It is counted also where it fails, so that lc_cluster_release
 * frees what it has.
 */
static int add_host(struct lc_cluster *c, const char *folder, const char *replica,
                    struct lc_error *err)
{
    struct lc_cluster_host *h = &c->v[c->n];
    struct lc_answer t = {0};
    const char *text = NULL;
    char *path;
    int rc;

    if (asprintf(&path, "%s/%s", folder, replica) < 0)
        return lc_no_memory(err);
    rc = read_node(c->b, path, "host", &t, &text, err);
    *h =
        (struct lc_cluster_host){.name = text ? address_of(text) : NULL, .user = strdup("default")};
    c->n++;
    if (rc == 0 && !h->user)
        rc = lc_no_memory(err);
    else if (rc == 0 && !h->name)
        rc = lc_fail(err, LC_ERR_REFUSED, "Keeper does not say how to reach the replica %s",
                     replica);
    lc_answer_release(&t);
    free(path);
    return rc;
}

/* All replicas of the table, this server's own among them, in the order of their names. */
static int read_hosts(struct lc_cluster *c, const char *table_path, struct lc_error *err)
{
    struct lc_answer t = {0};
    char *folder;
    int rc;

    if (asprintf(&folder, "%s/replicas", table_path) < 0)
        return lc_no_memory(err);
    rc = lc_keeper_children_now(c->b, folder, &t, err);
    if (rc == 0 && t.rows == 0)
        rc = lc_fail(err, LC_ERR_REFUSED, "Keeper has no replicas under %s", folder);
    c->v = rc ? NULL : calloc(t.rows, sizeof *c->v);
    if (rc == 0 && !c->v)
        rc = lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++)
        rc = add_host(c, folder, lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_NAME)->p, err);
    lc_answer_release(&t);
    free(folder);
    return rc;
}

/* Is it there, and does it let us in? What it answers is of no interest. */
static int greet(const struct lc_cluster *c, size_t i, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_cluster_read(c, i, lc_sql_host_greet, lc_sql_host_greet_remote, NULL, &t, err);

    lc_answer_release(&t);
    return rc;
}

/* A cluster that has the host, for the hint; "NAME" where none is known. */
static void name_cluster(struct lc_backend *b, const char *host, char *out, size_t size)
{
    const struct lc_sql_arg args[] = {{"host", host ? host : ""}, {NULL, NULL}};
    struct lc_answer t = {0};

    snprintf(out, size, "NAME");
    if (host && lc_query_read(b, lc_sql_clusters_of_host, args, &t, NULL) == 0 && t.rows)
        snprintf(out, size, "%s", lc_answer_at(&t, 0, LC_SQL_CLUSTERS_OF_HOST_CLUSTER)->p);
    lc_answer_release(&t);
}

/*
 * The refusal: how many replicas there are, why they could not be asked, and the ways on. The
 * host that was read last is taken to find a cluster for the hint.
 */
static int not_known(const struct lc_cluster *c, uint64_t total, const char *database,
                     const char *table, const struct lc_error *why, struct lc_error *err)
{
    char cluster[200];

    name_cluster(c->b, c->n ? c->v[c->n - 1].name : NULL, cluster, sizeof cluster);
    lc_fail(err, LC_ERR_REFUSED,
            "%s.%s is replicated (replicas: %" PRIu64
            "), and whether each replica has what the statement calls is not known: %.700s",
            database, table, total, why->msg);
    lc_hint(err,
            "--cluster %s asks each host as the user of that cluster's definition; without it they "
            "are asked by remote(), as default without a password. --allow-unsafe continues: a "
            "replica that lacks a function keeps failing. Nothing was changed",
            cluster);
    return LC_ERR_REFUSED;
}

int lc_replicas_open(struct lc_cluster *c, struct lc_backend *b, const struct lc_abilities *facts,
                     const char *database, const char *table, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {"table", table}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer t = {0};
    uint64_t total = 0;
    int rc;

    *c = (struct lc_cluster){.b = b, .by_remote = true, .replicas = true};
    if (!facts->replicas)
        return 0;
    rc = lc_query_read(b, lc_sql_table_keeper_path, args, &t, err);
    total =
        rc == 0 && t.rows ? lc_answer_u64(&t, 0, LC_SQL_TABLE_KEEPER_PATH_TOTAL_REPLICAS, 0) : 1;
    /* total 1: no other replica, or not Replicated; then c has no hosts. */
    if (rc == 0 && total != 1) {
        if (asprintf(&c->name, "the replicas of %s.%s", database, table) < 0)
            c->name = NULL;
        rc = !c->name ? lc_no_memory(&why)
             : facts->keeper
                 ? read_hosts(c, lc_answer_at(&t, 0, LC_SQL_TABLE_KEEPER_PATH_ZOOKEEPER_PATH)->p,
                              &why)
                 : lc_fail(&why, LC_ERR_REFUSED, "this server shows no nodes of Keeper");
        for (size_t i = 0; rc == 0 && i < c->n; i++)
            rc = greet(c, i, &why);
        if (rc == LC_ERR_SERVER || rc == LC_ERR_REFUSED)
            rc = not_known(c, total, database, table, &why, err);
        else if (rc)
            lc_error_pass(err, &why);
    }
    lc_answer_release(&t);
    return rc;
}
