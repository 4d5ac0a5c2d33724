/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A statement ON CLUSTER is a node in Keeper, and each host's end of it is a child:
 *
 *   /clickhouse/task_queue/ddl/query-0000000012             value: lines "query: …", "hosts: ['a:9000',…]"
 *                              └ finished/a:9000            value: 0, or a code and the error's text
 *
 * Names of hosts are escaped as %2E in both, so they are compared unescaped.
 */
#include "cli/server/ddl_task.h"

#include "base/clock.h"
#include "cli/server/keeper.h"
#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/sql/lexer.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DDL_QUEUE "/clickhouse/task_queue/ddl"
enum { PAUSE_MS = 100, NAME_BYTES = 300 };

/*
 * The path that the message has between spaces, cut after the number: what follows differs
 * from version to version.
 */
char *lc_ddl_task_named(const char *msg)
{
    const char *query = strstr(msg, "/query-");
    const char *begin = query, *end = query ? query + strlen("/query-") : NULL;

    if (!query)
        return NULL;
    while (begin > msg && begin[-1] != ' ')
        begin--;
    end += strspn(end, "0123456789");
    return *begin == '/' ? strndup(begin, (size_t)(end - begin)) : NULL;
}

/* The line of a task's value that begins with this key; NULL: none. */
static const char *line_of(const char *value, const char *key, size_t *n)
{
    const char *at = strstr(value, key);

    if (!at)
        return NULL;
    at += strlen(key);
    *n = strcspn(at, "\n");
    return at;
}

/* "127%2E0%2E0%2E1:9000" is 127.0.0.1:9000. */
static void unescape(char *out, size_t size, const char *p, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n && at + 1 < size; i++) {
        char hex[3] = "";

        if (p[i] == '%' && i + 2 < n) {
            memcpy(hex, p + i + 1, 2);
            out[at++] = (char)strtol(hex, NULL, 16);
            i += 2;
        } else {
            out[at++] = p[i];
        }
    }
    out[at] = '\0';
}

/*
 * The statement that a task is of, malloc'ed; NULL: no memory. In the queue's values
 * backslashes are doubled and newlines are \n, as in TabSeparated.
 */
static char *plain_query(const char *p, size_t n)
{
    char *out = malloc(n + 1);
    size_t at = 0;

    for (size_t i = 0; out && i < n; i++) {
        if (p[i] == '\\' && i + 1 < n) {
            i++;
            out[at++] = p[i] == 'n' ? '\n' : p[i] == 't' ? '\t' : p[i];
        } else {
            out[at++] = p[i];
        }
    }
    if (out)
        out[at] = '\0';
    return out;
}

int lc_ddl_task_find(struct lc_backend *b, const char *sql, size_t n, uint64_t since_s, char **task,
                     struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_keeper_children(b, DDL_QUEUE, NULL, &t, err);

    *task = NULL;
    /* From the end: names grow by number, so the newest comes first. */
    for (size_t i = t.rows; rc == 0 && i-- > 0 && !*task;) {
        size_t query_n;
        const char *query =
            line_of(lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_VALUE)->p, "\nquery: ", &query_n);
        char *plain = query ? plain_query(query, query_n) : NULL;

        if (plain && lc_answer_u64(&t, i, LC_SQL_KEEPER_CHILDREN_MADE_S, 0) >= since_s &&
            lc_lex_same(plain, strlen(plain), sql, n) &&
            asprintf(task, DDL_QUEUE "/%s", lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_NAME)->p) <
                0) {
            *task = NULL;
            rc = lc_no_memory(err);
        }
        free(plain);
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * The list of hosts of a task, malloc'ed, as the server writes it: ['a:9000','b:9000']. NULL:
 * the task is gone, since the server removes old ones; "": its value has no such line.
 */
static int read_task(struct lc_backend *b, const char *task, char **hosts, struct lc_error *err)
{
    const char *name = strrchr(task, '/');
    char *queue = strndup(task, (size_t)(name - task));
    struct lc_answer t = {0};
    int rc = queue ? lc_keeper_children(b, queue, NULL, &t, err) : lc_no_memory(err);

    *hosts = NULL;
    for (size_t i = 0; rc == 0 && !*hosts && i < t.rows; i++) {
        size_t n;
        const char *line;

        if (strcmp(lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_NAME)->p, name + 1) != 0)
            continue;
        line = line_of(lc_answer_at(&t, i, LC_SQL_KEEPER_CHILDREN_VALUE)->p, "\nhosts: ", &n);
        *hosts = strndup(line ? line : "", line ? n : 0);
        if (!*hosts)
            rc = lc_no_memory(err);
    }
    lc_answer_release(&t);
    free(queue);
    return rc;
}

static bool is_down(const struct lc_cluster *c, const char *host)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->name && c->v[i].down && strcmp(c->v[i].name, host) == 0)
            return true;
    }
    return false;
}

/* A host's status is its code, then the error's text on the next lines. */
static int host_failed(const char *host, const char *status, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    const char *text = strchr(status, '\n');

    text = text ? text + 1 : status;
    lc_server_error(&one, text, strlen(text));
    if (err && err->code == 0)
        err->server_code = one.server_code ? one.server_code : atoi(status);
    lc_fail(err, LC_ERR_SERVER, "failed on host %s: %s", host, one.msg);
    lc_hint(err, "other hosts may have done it: fix that host, then run up again, with a statement "
                 "that may be repeated (IF NOT EXISTS)");
    return LC_ERR_SERVER;
}

/*
 * Write the hosts that have not done it into left, as many as fit, for a person; "" means that
 * all have. Hosts that are down are not waited for. LC_ERR_SERVER: one has failed.
 */
static int look(const struct lc_cluster *c, const char *hosts, const struct lc_answer *finished,
                char *left, size_t size, struct lc_error *err)
{
    size_t at = 0;

    left[0] = '\0';
    for (const char *p = strchr(hosts, '\''); p; p = strchr(p + 1, '\'')) {
        const char *end = strchr(p + 1, '\'');
        char host[NAME_BYTES];
        bool done = false;

        if (!end)
            break;
        unescape(host, sizeof host, p + 1, (size_t)(end - p - 1));
        for (size_t i = 0; i < finished->rows; i++) {
            const struct lc_cell *name = lc_answer_at(finished, i, LC_SQL_KEEPER_CHILDREN_NAME);
            char finisher[NAME_BYTES];

            unescape(finisher, sizeof finisher, name->p, name->n);
            if (strcmp(finisher, host) != 0)
                continue;
            done = true;
            if (atoi(lc_answer_at(finished, i, LC_SQL_KEEPER_CHILDREN_VALUE)->p) != 0)
                return host_failed(host, lc_answer_at(finished, i, LC_SQL_KEEPER_CHILDREN_VALUE)->p,
                                   err);
        }
        if (!done && !is_down(c, host) && at < size)
            at += (size_t)snprintf(left + at, size - at, "%s%s", at ? ", " : "", host);
        p = end;
    }
    return 0;
}

int lc_ddl_task_follow(const struct lc_cluster *c, const char *task,
                       const struct lc_ddl_hooks *hooks, struct lc_error *err)
{
    char *hosts = NULL, *node = NULL, left[512], told[512] = "", text[700];
    struct lc_answer finished = {0};
    int rc = read_task(c->b, task, &hosts, err);

    if (rc == 0 && asprintf(&node, "%s/finished", task) < 0) {
        node = NULL;
        rc = lc_no_memory(err);
    }
    while (rc == 0 && hosts) {
        rc = lc_keeper_children(c->b, node, hooks->cancel, &finished, err);
        if (rc == 0)
            rc = look(c, hosts, &finished, left, sizeof left, err);
        if (rc || !left[0])
            break;
        if (strcmp(told, left) != 0) {
            snprintf(told, sizeof told, "%s", left);
            snprintf(text, sizeof text, "the statement is not done yet on %s: waiting", left);
            hooks->waiting(hooks->ctx, text);
        }
        if (lc_sleep_ms(PAUSE_MS, hooks->cancel)) {
            rc = lc_fail(err, LC_ERR_STOPPED, "stopped; the statement still runs on %s", left);
            lc_hint(err, "run up again once it is done there");
        }
    }
    lc_answer_release(&finished);
    free(hosts);
    free(node);
    return rc;
}
