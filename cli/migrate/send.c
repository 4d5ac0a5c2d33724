/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement is sent up to LC_RETRY_TRIES times. Each try ends in an outcome:
 *
 *   TAKEN      it has taken effect; of ON CLUSTER, on every host
 *   FAILED     the server said why; sent again only where the error is a passing one, and where
 *              nothing of the statement is there
 *   NO_EFFECT  its answer was lost, and no effect was found: sent again
 *   NOT_KNOWN  nobody can tell: never sent again
 *
 * After one lost answer the later ones are doubted too: "already exists" may mean that the first try
 * has worked. The same query id is used for every try, so that the server itself refuses a second one
 * while the first still runs.
 */
#include "cli/migrate/send.h"

#include "base/test_points.h"
#include "cli/server/ddl_task.h"
#include "cli/server/retry.h"
#include "cli/server/server_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { /* The client waits longer than the server's own limit, whose error says more. */
       BEYOND_SERVER_LIMIT_MS = 30000,
       STATEMENT_WAIT_MS = 3600000
};

/* What a send came to. */
enum outcome {
    TAKEN,     /* it has taken effect, here and wherever else it is to */
    NO_EFFECT, /* its answer was lost, and it has had no effect */
    FAILED,    /* the error says why */
    NOT_KNOWN  /* the error says why: it is the last word */
};

bool lc_send_owns_setting(const char *name)
{
    static const char *const own[] = {"mutations_sync", "async_insert"};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(own[i], name) == 0)
            return true;
    }
    return false;
}

/* The settings of a statement, later ones winning: livecol's, the run's, the file's, the limits. */
struct settings {
    struct lc_setting *v;
    size_t n;
    char statement_s[16], ddl_s[16];
};

static void set(struct settings *s, const char *name, const char *value)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->v[i].name, name) == 0) {
            s->v[i].value = value;
            return;
        }
    }
    s->v[s->n++] = (struct lc_setting){name, value};
}

/* The server's own limits, where it knows them; mutations are waited for by looking, not by it. */
static void set_limits(struct settings *s, const struct lc_up_options *o, bool on_cluster)
{
    if (o->statement_timeout_ms) {
        snprintf(s->statement_s, 16, "%u", (o->statement_timeout_ms + 999) / 1000);
        set(s, "max_execution_time", s->statement_s);
    }
    /* What the hosts have not done by then is followed in Keeper, where a
     * signal can end the wait. */
    if (on_cluster && !o->ddl_timeout_ms)
        set(s, "distributed_ddl_task_timeout", "5");
    if (o->ddl_timeout_ms) {
        snprintf(s->ddl_s, 16, "%u", (o->ddl_timeout_ms + 999) / 1000);
        set(s, "distributed_ddl_task_timeout", s->ddl_s);
        set(s, "lock_acquire_timeout", s->ddl_s);
    }
}

/* `run` keeps the names of the run's settings, which are given as one text. */
static int make_settings(struct settings *s, struct lc_sql_settings *run,
                         const struct lc_up_options *o, const struct lc_plan_stmt *stmt)
{
    const struct lc_sql_settings *lists[] = {run, &stmt->text->settings};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < o->settings.n; i++)
        rc = lc_sql_settings_read(run, o->settings.v[i], strlen(o->settings.v[i]));
    s->v = rc ? NULL : calloc(run->n + stmt->text->settings.n + 6, sizeof *s->v);
    if (!s->v)
        return LC_ERR_NOMEM;
    set(s, "mutations_sync", "0");
    set(s, "async_insert", "0");
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < lists[k]->n; i++) {
            const char *name = lists[k]->v[2 * i];

            if (!lc_send_owns_setting(name))
                set(s, name, lists[k]->v[2 * i + 1]);
        }
    }
    set_limits(s, o, stmt->parsed.on_cluster);
    return 0;
}

static int send_once(const struct lc_sending *x, struct lc_error *err)
{
    const struct lc_up_options *o = x->s->options;
    struct settings settings = {0};
    struct lc_sql_settings run = {0};
    struct lc_query q = {.sql_n = x->stmt->text->n,
                         .query_id = x->sent.query_id,
                         .changes = true,
                         .timeout_ms = o->statement_timeout_ms
                                           ? o->statement_timeout_ms + BEYOND_SERVER_LIMIT_MS
                                           : STATEMENT_WAIT_MS};
    char *sql = strndup(x->stmt->text->p, x->stmt->text->n);
    int rc = sql ? make_settings(&settings, &run, o, x->stmt) : LC_ERR_NOMEM;

    q.sql = sql;
    q.settings = settings.v;
    rc = rc ? lc_no_memory(err) : lc_backend_query(x->s->b, &q, NULL, err);
    free(sql);
    free(settings.v);
    lc_sql_settings_release(&run);
    return rc;
}

static void tell_waiting(void *ctx, const char *text)
{
    const struct lc_submit *s = ctx;

    lc_submit_tell(s, LC_RUN_RETRY, "%s", text);
}

/* To its end on every host, whatever the server that was asked still waits for. */
static int follow(const struct lc_submit *s, const char *task, struct lc_error *err)
{
    const struct lc_ddl_hooks hooks = {tell_waiting, (void *)(uintptr_t)s, s->options->cancel};

    return lc_ddl_task_follow(s->cluster, task, &hooks, err);
}

/* Does the error say that it goes on by itself? *task: of ON CLUSTER, to be followed; the caller frees it. */
static bool goes_on(const struct lc_sending *x, const struct lc_error *why, char **task)
{
    *task = NULL;
    if (why->server_code == LC_SERVER_UNFINISHED) {
        /* What a Replicated table's other replicas still have to do is waited for afterwards. */
        lc_submit_tell(x->s, LC_RUN_RETRY, "not done yet on every replica: %s", why->msg);
        return true;
    }
    if (why->server_code == LC_SERVER_TIMEOUT_EXCEEDED && x->stmt->parsed.on_cluster)
        *task = lc_ddl_task_named(why->msg);
    return *task != NULL;
}

/* It has taken effect here; of ON CLUSTER the other hosts are followed where its task is found. */
static int find_task(const struct lc_sending *x, char **task, struct lc_error *err)
{
    *task = NULL;
    if (!x->stmt->parsed.on_cluster || !x->s->facts->keeper)
        return 0;
    return lc_ddl_task_find(x->s->b, x->stmt->text->p, x->stmt->text->n, x->sent.since_s, task,
                            err);
}

/* It has taken effect, where the server was asked; *task, which is freed, is followed to its end. */
static enum outcome taken(const struct lc_sending *x, char *task, struct lc_error *why)
{
    struct lc_error following = LC_ERROR_INIT;
    int rc = task ? follow(x->s, task, &following) : 0;

    free(task);
    if (rc)
        *why = following;
    return rc ? NOT_KNOWN : TAKEN;
}

static bool is_transient(int rc, const struct lc_error *why)
{
    return rc == LC_ERR_NOT_SENT ||
           (rc == LC_ERR_SERVER && lc_server_code_is_transient(why->server_code));
}

/* Without Keeper nobody knows what became of a statement. */
static bool is_lost(int rc, const struct lc_error *why)
{
    return rc == LC_ERR_UNKNOWN ||
           (rc == LC_ERR_SERVER && lc_keeper_is_away(why) && !is_transient(rc, why));
}

static int look(struct lc_sending *x, enum lc_in_doubt *effect, struct lc_error *err)
{
    const struct lc_sent_stmt sent = {x->s->b, x->s->facts, &x->stmt->parsed, &x->sent};
    int rc = lc_settle_wait(x->s, x->sent.query_id, err);

    if (rc == 0)
        rc = lc_in_doubt_look(&sent, true, x->watch.b ? &x->watch : NULL, effect, err);
    /* The failure of a question is none of the statement, which may have had its effect. */
    if (rc && err->code != LC_ERR_STOPPED) {
        lc_error_prefix(
            err, "the answer of the statement was lost, and its outcome cannot be checked: ");
        err->code = LC_ERR_UNKNOWN;
        err->server_code = 0;
    }
    return rc;
}

/* The answer was lost, or was an error ("already exists") that may only mean that it is done. */
static enum outcome look_for_it(struct lc_sending *x, bool answered, struct lc_error *why)
{
    enum lc_in_doubt effect = LC_IN_DOUBT_UNKNOWN;
    struct lc_error settled = LC_ERROR_INIT;
    char *task = NULL;

    lc_submit_tell(x->s, LC_RUN_UNKNOWN, "the answer was lost (%s): looking for %s", why->msg,
                   x->sent.query_id);
    if (look(x, &effect, &settled) || lc_settle_verdict(x->s, x->stmt, effect, &settled)) {
        *why = settled;
        return effect == LC_IN_DOUBT_FAILED ? FAILED : NOT_KNOWN;
    }
    if (lc_in_doubt_may_send(effect)) {
        lc_submit_tell(x->s, LC_RUN_UNKNOWN, "%s",
                       effect == LC_IN_DOUBT_NONE
                           ? "it has had no effect"
                           : "it may have had its effect: sending it again changes nothing");
        return answered ? FAILED : NO_EFFECT; /* the answer says what is wrong with it */
    }
    lc_submit_tell(x->s, LC_RUN_UNKNOWN, "it has taken effect");
    if (find_task(x, &task, &settled)) {
        *why = settled;
        return NOT_KNOWN;
    }
    return taken(x, task, why);
}

/* Send it once, and find out what came of it. *why: as the outcome says. */
static enum outcome send_and_look(struct lc_sending *x, struct lc_error *why)
{
    int rc = send_once(x, why);
    char *task;

    if (rc == 0)
        return TAKEN;
    if (rc == LC_ERR_SERVER && goes_on(x, why, &task))
        return taken(x, task, why);
    if (is_lost(rc, why)) {
        x->lost = true;
        return look_for_it(x, false, why);
    }
    if (rc == LC_ERR_SERVER && x->lost && !is_transient(rc, why))
        return look_for_it(x, why->server_code != LC_SERVER_QUERY_ID_RUNS, why);
    return FAILED;
}

/* May it be sent again after this? What adds rows only where it has left none. */
static bool may_send_again(const struct lc_sending *x, enum outcome outcome,
                           const struct lc_error *why)
{
    struct lc_error copy = *why;

    if (outcome == NO_EFFECT)
        return true;
    if (outcome != FAILED || !is_transient(why->code, why))
        return false;
    return why->code == LC_ERR_NOT_SENT ||
           lc_settle_failure(x->s, x->stmt, &x->before, &x->sent, &copy) == LC_ERR_SERVER;
}

static void tell_again(void *ctx, const struct lc_error *why, unsigned attempt, unsigned pause_ms)
{
    const struct lc_sending *x = ctx;

    if (lc_keeper_is_away(why))
        lc_submit_tell(x->s, LC_RUN_RETRY, "%s; trying again in %u ms", why->msg, pause_ms);
    else
        lc_submit_tell(x->s, LC_RUN_RETRY, "%s; try %u of %u in %u ms", why->msg, attempt,
                       LC_RETRY_TRIES, pause_ms);
    LC_TEST_POINT("before another try");
}

int lc_send(struct lc_sending *x, struct lc_error *err)
{
    struct lc_retry retry = {.not_sent = true,
                             .lost = true,
                             .transient = true,
                             .tries = LC_RETRY_TRIES,
                             .keeper_ms = LC_KEEPER_PATIENCE_MS,
                             .cancel = x->s->options->cancel,
                             .told = tell_again,
                             .ctx = x};
    struct lc_error why = LC_ERROR_INIT;
    enum outcome outcome;

    do
        outcome = send_and_look(x, &why);
    while (may_send_again(x, outcome, &why) && lc_retry_again(&retry, why.code, &why));
    if (outcome == TAKEN)
        return 0;
    if (outcome == NO_EFFECT && why.code != LC_ERR_STOPPED)
        why.code = LC_ERR_UNKNOWN; /* each answer was lost; its words say how */
    return lc_error_pass(err, &why);
}
