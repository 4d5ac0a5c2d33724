/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads go to a host by one of two ways (lc_cluster_run): wrapped into clusterAllReplicas, from whose answer
 * the host's row is picked by its number; or by remote() in the statement's own FROM, on servers that lack the
 * first. A host that is away may give an empty answer rather than an error (skip_unavailable_shards): greet()
 * asks for a row that every host has, before anything depends on an empty answer.
 */
#include "cli/server/cluster.h"

#include "cli/server/server_error.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MAX_ARGS: of a statement of sql/. 279: the server has tried each address of a host. */
enum { MAX_ARGS = 16, MAX_SQL_BYTES = 8 << 20, ALL_CONNECTION_TRIES_FAILED = 279 };

bool lc_cluster_is_unreachable(const struct lc_error *err)
{
    switch (err->server_code) {
    case LC_SERVER_ATTEMPT_TO_READ_AFTER_EOF:
    case LC_SERVER_CANNOT_READ_ALL_DATA:
    case LC_SERVER_DNS_ERROR:
    case LC_SERVER_SOCKET_TIMEOUT:
    case LC_SERVER_NETWORK_ERROR:
    case ALL_CONNECTION_TRIES_FAILED:
        return true;
    default:
        return false;
    }
}

const char *lc_cluster_host_name(const struct lc_cluster *c, size_t i)
{
    return c->name ? c->v[i].name : "";
}

int lc_cluster_alone(struct lc_cluster *c, struct lc_backend *b, struct lc_error *err)
{
    *c = (struct lc_cluster){.b = b, .v = calloc(1, sizeof *c->v)};
    if (!c->v)
        return lc_no_memory(err);
    c->n = 1;
    return 0;
}

/* The clusters that there are, for the hint. */
static void hint_names(struct lc_backend *b, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf names;

    lc_buf_init(&names, 300);
    if (lc_query_read(b, lc_sql_cluster_names, NULL, &t, NULL) == 0) {
        for (size_t i = 0; i < t.rows; i++) {
            if (lc_buf_addf(&names, "%s%s", i ? ", " : "",
                            lc_answer_at(&t, i, LC_SQL_CLUSTER_NAMES_CLUSTER)->p))
                break;
        }
        lc_hint(err, t.rows ? "it knows: %s" : "it knows none%s",
                names.n ? lc_buf_str(&names) : "");
    }
    lc_buf_release(&names);
    lc_answer_release(&t);
}

/*
 * The hosts of the cluster c->name by system.clusters, in the order of shards and replicas,
 * which add_wrapped counts on. c->v is for lc_cluster_release also after a failure.
 */
static int read_hosts(struct lc_cluster *c, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"cluster", c->name}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(c->b, lc_sql_cluster_hosts, args, &t, err);

    if (rc == 0 && t.rows == 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "--cluster: %s knows no cluster %s",
                     lc_backend_where(c->b), c->name);
        hint_names(c->b, err);
    }
    if (rc == 0) {
        c->v = calloc(t.rows + 1, sizeof *c->v);
        if (!c->v)
            rc = lc_no_memory(err);
    }
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        struct lc_cluster_host *h = &c->v[c->n];
        const char *host = lc_answer_at(&t, i, LC_SQL_CLUSTER_HOSTS_HOST_NAME)->p;
        bool v6 = strchr(host, ':') != NULL;

        h->shard = (unsigned)lc_answer_u64(&t, i, LC_SQL_CLUSTER_HOSTS_SHARD_NUM, 0);
        h->user = strdup(lc_answer_at(&t, i, LC_SQL_CLUSTER_HOSTS_USER)->p);
        if (asprintf(&h->name, "%s%s%s:%" PRIu64, v6 ? "[" : "", host, v6 ? "]" : "",
                     lc_answer_u64(&t, i, LC_SQL_CLUSTER_HOSTS_PORT, 0)) < 0)
            h->name = NULL;
        c->n++;
        if (!h->user || !h->name)
            rc = lc_no_memory(err);
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * Is host i there? Away is what cannot be reached, or answers with no row; with allow_degraded
 * it is marked as down and 0 is returned. A failure of another kind, such as a refused user,
 * is an error.
 */
static int greet(struct lc_cluster *c, size_t i, const struct lc_cluster_wish *wish,
                 struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_cluster_read(c, i, lc_sql_host_greet, lc_sql_host_greet_remote, NULL, &t, &why);
    bool away =
        (rc == LC_ERR_SERVER && lc_cluster_is_unreachable(&why)) || (rc == 0 && t.rows == 0);

    lc_answer_release(&t);
    if (rc == 0 && !away)
        return 0;
    if (away && wish->allow_degraded) {
        char text[1400];

        c->v[i].down = true;
        snprintf(text, sizeof text,
                 "host %s of the cluster %s does not answer and is left out: nothing is checked "
                 "there, and what is changed reaches it when it is back",
                 c->v[i].name, c->name);
        wish->warn(wish->ctx, text);
        return 0;
    }
    if (away) {
        lc_fail(err, LC_ERR_REFUSED, "the cluster %s lacks a host: %s%s%s", c->name,
                *why.msg ? "" : "host ", *why.msg ? why.msg : c->v[i].name,
                *why.msg ? "" : " does not answer");
        lc_hint(err, "start it first, or skip it with --allow-degraded; nothing was changed");
        return LC_ERR_REFUSED;
    }
    lc_fail(err, rc == LC_ERR_SERVER ? LC_ERR_REFUSED : rc, "%s", why.msg);
    if (why.server_code == LC_SERVER_READONLY) {
        lc_hint(err, "this user may not ask other servers (readonly = 1): --cluster needs one who "
                     "may use table functions");
        return err && err->code ? err->code : rc;
    }
    lc_hint(err, "the hosts are asked as the user of the cluster's definition, %s%s", c->v[i].user,
            c->by_remote
                ? "; before 20.1, which brought clusterAllReplicas, livecol uses remote() without "
                  "a password: let that user log in without one from the servers' own addresses"
                : "");
    return err && err->code ? err->code : rc;
}

int lc_cluster_open(struct lc_cluster *c, struct lc_backend *b, const struct lc_abilities *facts,
                    const struct lc_cluster_wish *wish, struct lc_error *err)
{
    int rc;

    *c = (struct lc_cluster){.b = b, .name = strdup(wish->name), .by_remote = !facts->all_replicas};
    rc = c->name ? read_hosts(c, err) : lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < c->n; i++)
        rc = greet(c, i, wish, err);
    return rc;
}

/*
 * Append the statement so that it runs on host i. clusterAllReplicas counts each host as a
 * shard, from 1, in the order of shards and replicas. COLUMNS('') is all columns, whatever
 * they are called. The newline ends a comment that the statement may end with.
 */
static int add_wrapped(const struct lc_cluster *c, size_t i, struct lc_buf *out, const char *sql)
{
    return lc_buf_adds(out, "SELECT COLUMNS('') FROM clusterAllReplicas(") ||
                   lc_sql_add_str(out, c->name) || lc_buf_adds(out, ", view(") ||
                   lc_buf_adds(out, sql) || lc_buf_addf(out, "\n)) WHERE _shard_num = %zu", i + 1)
               ? LC_ERR_NOMEM
               : 0;
}

int lc_cluster_run(const struct lc_cluster *c, size_t i, const char *sql, struct lc_answer *out,
                   struct lc_error *err)
{
    /* Of an endless table no more is read than a sample needs. */
    static const struct lc_setting settings[] = {
        {"skip_unavailable_shards", "1"}, {"max_block_size", "1000"}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_query q = {.settings = settings};
    struct lc_buf wrapped;
    int rc = 0;

    if (!c->name)
        return lc_backend_run(c->b, sql, out, err);
    lc_buf_init(&wrapped, MAX_SQL_BYTES);
    if (c->by_remote ? lc_buf_adds(&wrapped, sql) : add_wrapped(c, i, &wrapped, sql))
        rc = lc_no_memory(&why);
    if (rc == 0) {
        q.sql = lc_buf_str(&wrapped);
        rc = q.sql ? lc_backend_query(c->b, &q, out, &why) : lc_no_memory(&why);
    }
    lc_buf_release(&wrapped);
    return lc_cluster_pass(c, i, rc, &why, err);
}

int lc_cluster_read(const struct lc_cluster *c, size_t i, const struct lc_sql *plain,
                    const struct lc_sql *remote, const struct lc_sql_arg *args,
                    struct lc_answer *out, struct lc_error *err)
{
    struct lc_sql_arg with_host[MAX_ARGS + 3];
    struct lc_error why = LC_ERROR_INIT;
    struct lc_buf sql;
    size_t n = 0;
    int rc;

    if (!c->name)
        return lc_query_read(c->b, plain, args, out, err);
    /* The two further arguments are for remote(); a plain statement lists none of them. */
    for (; args && args[n].name && n < MAX_ARGS; n++)
        with_host[n] = args[n];
    with_host[n++] = (struct lc_sql_arg){"host", c->v[i].name};
    with_host[n++] = (struct lc_sql_arg){"user", c->v[i].user};
    with_host[n] = (struct lc_sql_arg){NULL, NULL};
    if (c->by_remote) {
        rc = lc_query_read(c->b, remote, with_host, out, &why);
        return lc_cluster_pass(c, i, rc, &why, err);
    }
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_sql_format(&sql, plain, args, err);
    if (rc == 0)
        rc =
            lc_buf_str(&sql) ? lc_cluster_run(c, i, lc_buf_str(&sql), out, err) : lc_no_memory(err);
    lc_buf_release(&sql);
    if (rc == 0 && lc_answer_check(out, plain, &why)) {
        rc = why.code = LC_ERR_UNKNOWN;
        return lc_cluster_pass(c, i, rc, &why, err);
    }
    return rc;
}

int lc_cluster_add_from(const struct lc_cluster *c, size_t i, struct lc_buf *b,
                        const char *database, const char *table)
{
    bool remote = c->by_remote;
    int rc = remote ? lc_buf_adds(b, "remote(") || lc_sql_add_str(b, c->v[i].name) ||
                          lc_buf_adds(b, ", ")
                    : 0;

    rc = rc || lc_sql_add_id(b, database) || lc_buf_adds(b, ".") || lc_sql_add_id(b, table);
    if (!rc && remote)
        rc = lc_buf_adds(b, ", ") || lc_sql_add_str(b, c->v[i].user) || lc_buf_adds(b, ")");
    return rc ? LC_ERR_NOMEM : 0;
}

/*
 * What host i's macros make of "{shard}-{replica}" (with_shard) or of "{replica}", to be
 * compared with other hosts'; "" where a macro is missing.
 */
static int read_macros(const struct lc_cluster *c, size_t i, bool with_shard, char out[512],
                       struct lc_error *err)
{
    struct lc_answer t = {0};
    const char *shard = "", *replica = "";
    int rc = lc_cluster_read(c, i, lc_sql_macros, lc_sql_host_macros, NULL, &t, err);

    for (size_t k = 0; rc == 0 && k < t.rows; k++) {
        if (strcmp(lc_answer_at(&t, k, LC_SQL_MACROS_MACRO)->p, "shard") == 0)
            shard = lc_answer_at(&t, k, LC_SQL_MACROS_SUBSTITUTION)->p;
        if (strcmp(lc_answer_at(&t, k, LC_SQL_MACROS_MACRO)->p, "replica") == 0)
            replica = lc_answer_at(&t, k, LC_SQL_MACROS_SUBSTITUTION)->p;
    }
    out[0] = '\0';
    if (*replica && (*shard || !with_shard))
        snprintf(out, 512, "%s-%s", with_shard ? shard : "", replica);
    lc_answer_release(&t);
    return rc;
}

/* Do the macros give every host a name of its own? */
static int are_distinct(const struct lc_cluster *c, bool with_shard, bool *distinct,
                        struct lc_error *err)
{
    char(*names)[512] = calloc(c->n, sizeof *names);
    int rc = names ? 0 : lc_no_memory(err);

    *distinct = rc == 0;
    for (size_t i = 0; rc == 0 && i < c->n; i++) {
        if (c->v[i].down)
            continue;
        rc = read_macros(c, i, with_shard, names[i], err);
        *distinct = *distinct && names[i][0];
        for (size_t k = 0; k < i; k++)
            *distinct = *distinct && strcmp(names[k], names[i]) != 0;
    }
    free(names);
    return rc;
}

int lc_cluster_keeper_path(const struct lc_cluster *c, size_t i, const char *database,
                           const char *table, struct lc_answer *rows, const char **path,
                           struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {"table", table}, {NULL, NULL}};
    int rc = lc_cluster_read(c, i, lc_sql_columns, lc_sql_host_columns, args, rows, err);

    *path = NULL;
    if (rc || rows->rows == 0)
        return rc;
    rc = lc_cluster_read(c, i, lc_sql_table_keeper_path, lc_sql_host_table_keeper_path, args, rows,
                         err);
    if (rc == 0)
        *path = rows->rows ? lc_answer_at(rows, 0, LC_SQL_TABLE_KEEPER_PATH_ZOOKEEPER_PATH)->p : "";
    return rc;
}

int lc_cluster_replica_name(const struct lc_cluster *c, const char **macros, struct lc_error *err)
{
    bool distinct = false;
    int rc = are_distinct(c, false, &distinct, err);

    *macros = "{replica}";
    if (rc == 0 && !distinct) {
        *macros = "{shard}-{replica}";
        rc = are_distinct(c, true, &distinct, err);
    }
    if (rc || distinct)
        return rc;
    lc_fail(err, LC_ERR_REFUSED,
            "the macros {shard} and {replica} do not distinguish the hosts of the cluster %s",
            c->name);
    lc_hint(err,
            "the tracking table has a replica on each host: give the config of each host <macros> "
            "with its own <replica>");
    return LC_ERR_REFUSED;
}

void lc_cluster_release(struct lc_cluster *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->v[i].name);
        free(c->v[i].user);
    }
    free(c->v);
    free(c->name);
    *c = (struct lc_cluster){0};
}

/* The first failure is kept: an err that has one already stays as it is. */
int lc_cluster_pass(const struct lc_cluster *c, size_t i, int rc, const struct lc_error *why,
                    struct lc_error *err)
{
    if (rc && err && err->code == 0) {
        *err = *why;
        if (c->name)
            snprintf(err->msg, sizeof err->msg, "host %s: %.900s", c->v[i].name, why->msg);
    }
    return rc;
}
