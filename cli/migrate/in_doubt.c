/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three witnesses, asked in this order:
 *
 *   the schema       is the object, the column, the mutation there? It answers for most DDL
 *   the query log    only where the schema says nothing: it is written late, up to 9 s are waited
 *   neither          LC_IN_DOUBT_UNKNOWN; a guess would either lose a change or make it twice
 *
 * A statement that gives the same when it is applied twice (CREATE OR REPLACE, a read) needs no
 * witness: LC_IN_DOUBT_HARMLESS.
 */
#include "cli/migrate/in_doubt.h"

#include "cli/server/query.h"
#include "cli/sql/walk.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Of a query whose one column is n. */
static int count(struct lc_backend *b, const struct lc_sql *sql, const struct lc_sql_arg *args,
                 bool *some, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_query_read(b, sql, args, &t, err);

    *some = rc == 0 && lc_answer_u64(&t, 0, LC_SQL_RUNNING_COMMENT_N, 0) > 0;
    lc_answer_release(&t);
    return rc;
}

int lc_in_doubt_running(struct lc_backend *b, const struct lc_abilities *facts,
                        const char *query_id, bool *running, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"id", query_id}, {NULL, NULL}};

    return count(b, facts->comments ? lc_sql_running_comment : lc_sql_running_id, args, running,
                 err);
}

static bool has_column(const struct lc_answer *columns, const char *name)
{
    for (size_t i = 0; i < columns->rows; i++) {
        if (strcmp(lc_answer_at(columns, i, LC_SQL_COLUMNS_NAME)->p, name) == 0)
            return true;
    }
    return false;
}

bool lc_in_doubt_may_send(enum lc_in_doubt effect)
{
    return effect == LC_IN_DOUBT_NONE || effect == LC_IN_DOUBT_HARMLESS;
}

static enum lc_in_doubt done_if(bool done)
{
    return done ? LC_IN_DOUBT_DONE : LC_IN_DOUBT_NONE;
}

/* What it is to be found by in system.mutations: MODIFY TTL makes a mutation of another name. */
static struct lc_slice mutation_of(const struct lc_stmt_command *c, bool *is_own)
{
    static const char materialize[] = "MATERIALIZE TTL";
    struct lc_walk w = lc_walk_slice(c->text);

    *is_own = !lc_walk_accept(&w, "MODIFY TTL");
    return *is_own ? c->text : (struct lc_slice){(const uint8_t *)materialize, strlen(materialize)};
}

/*
 * One command of an ALTER. What the columns show is certain; a mutation of it is looked for all the
 * same, so that it is waited for.
 */
static int command_effect(const struct lc_stmt *s, size_t i, const struct lc_answer *columns,
                          struct lc_mutation_watch *watch, uint64_t since_s,
                          enum lc_in_doubt *effect, struct lc_error *err)
{
    const struct lc_stmt_command *c = &s->commands[i];
    const char *name = lc_stmt_column_after(s, i);
    enum lc_mutation_trace trace = LC_MUTATION_NONE;
    bool is_own;
    struct lc_slice text = mutation_of(c, &is_own);
    int rc = watch && watch->b && c->kind != LC_STMT_ADD_COLUMN
                 ? lc_mutation_find(watch, text, since_s, &trace, err)
                 : 0;

    switch (c->kind) {
    case LC_STMT_ADD_COLUMN:
        *effect = name ? done_if(has_column(columns, name)) : LC_IN_DOUBT_UNKNOWN;
        return rc;
    case LC_STMT_DROP_COLUMN:
        *effect = done_if(!has_column(columns, c->column));
        return rc;
    case LC_STMT_RENAME_COLUMN:
        *effect = done_if(!has_column(columns, c->column) && has_column(columns, c->renamed_to));
        return rc;
    case LC_STMT_MODIFY_COLUMN:
    case LC_STMT_COMMENT_COLUMN:
        *effect = trace == LC_MUTATION_FOUND ? LC_IN_DOUBT_DONE : LC_IN_DOUBT_HARMLESS;
        return rc;
    case LC_STMT_REMOVE_DEFAULT:
    case LC_STMT_METADATA:
    case LC_STMT_MODIFY_KEY:
        *effect = c->conditional ? LC_IN_DOUBT_HARMLESS : LC_IN_DOUBT_UNKNOWN;
        return rc;
    case LC_STMT_CLEAR_COLUMN:
    case LC_STMT_MATERIALIZE_COLUMN:
    case LC_STMT_MATERIALIZE:
    case LC_STMT_ALTER_UPDATE:
    case LC_STMT_ALTER_DELETE:
        *effect = !is_own                       ? LC_IN_DOUBT_HARMLESS
                  : trace == LC_MUTATION_UNSURE ? LC_IN_DOUBT_UNSURE
                                                : done_if(trace == LC_MUTATION_FOUND);
        return rc;
    default:
        *effect = trace == LC_MUTATION_FOUND    ? LC_IN_DOUBT_DONE
                  : trace == LC_MUTATION_UNSURE ? LC_IN_DOUBT_UNSURE
                                                : LC_IN_DOUBT_UNKNOWN;
        return rc;
    }
}

/* What two commands of one ALTER say together: a harmless one says what the other one does. */
static enum lc_in_doubt together(enum lc_in_doubt a, enum lc_in_doubt b)
{
    if (a == b || b == LC_IN_DOUBT_HARMLESS)
        return a;
    if (a == LC_IN_DOUBT_HARMLESS)
        return b;
    return a == LC_IN_DOUBT_UNSURE || b == LC_IN_DOUBT_UNSURE ? LC_IN_DOUBT_UNSURE
                                                              : LC_IN_DOUBT_UNKNOWN;
}

/*
 * All commands agree, or nobody can tell. A mutation that may be one of theirs outweighs what the
 * other commands show: the ALTER is not sent again.
 */
static int alter_effect(struct lc_backend *b, const struct lc_stmt *s,
                        struct lc_mutation_watch *watch, uint64_t since_s, enum lc_in_doubt *effect,
                        struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_stmt_database(s, lc_backend_database(b))},
                                      {"table", s->name},
                                      {NULL, NULL}};
    struct lc_answer columns = {0};
    int rc = lc_query_read(b, lc_sql_columns, args, &columns, err);

    *effect = LC_IN_DOUBT_UNKNOWN;
    for (size_t i = 0; rc == 0 && i < s->command_n; i++) {
        enum lc_in_doubt one;

        rc = command_effect(s, i, &columns, watch, since_s, &one, err);
        *effect = i == 0 ? one : together(*effect, one);
    }
    lc_answer_release(&columns);
    return rc;
}

/* Is the object that the statement is about there? A view or a dictionary is a table, too. */
static int there(struct lc_backend *b, const struct lc_stmt *s, bool *is, struct lc_error *err)
{
    const struct lc_sql_arg database[] = {{"database", s->name}, {NULL, NULL}};
    const struct lc_sql_arg function[] = {{"name", s->name}, {NULL, NULL}};
    const struct lc_sql_arg table[] = {{"database", lc_stmt_database(s, lc_backend_database(b))},
                                       {"table", s->name},
                                       {NULL, NULL}};

    switch (s->kind) {
    case LC_STMT_CREATE_DATABASE:
    case LC_STMT_DROP_DATABASE:
        return count(b, lc_sql_database_there, database, is, err);
    case LC_STMT_CREATE_FUNCTION:
    case LC_STMT_DROP_FUNCTION:
        return count(b, lc_sql_function_known, function, is, err);
    default:
        return count(b, lc_sql_table_there, table, is, err);
    }
}

/* One of the two names is there, or nobody can tell: another table may have either name. */
static int rename_effect(struct lc_backend *b, const struct lc_stmt *s, enum lc_in_doubt *effect,
                         struct lc_error *err)
{
    const struct lc_sql_arg to[] = {
        {"database", *s->renamed_db ? s->renamed_db : lc_backend_database(b)},
        {"table", s->renamed_to},
        {NULL, NULL}};
    bool old_there, new_there;
    int rc;

    *effect = LC_IN_DOUBT_UNKNOWN;
    if (!*s->renamed_to)
        return 0;
    rc = there(b, s, &old_there, err);
    if (rc == 0)
        rc = count(b, lc_sql_table_there, to, &new_there, err);
    if (rc == 0 && old_there != new_there)
        *effect = done_if(new_there);
    return rc;
}

/* What the schema says: DONE or NONE where the statement's object shows it, else UNKNOWN. */
static int schema_effect(struct lc_backend *b, const struct lc_stmt *s,
                         struct lc_mutation_watch *watch, uint64_t since_s,
                         enum lc_in_doubt *effect, struct lc_error *err)
{
    bool is = false;
    int rc;

    *effect = LC_IN_DOUBT_UNKNOWN;
    switch (s->kind) {
    case LC_STMT_ALTER:
        return *s->name ? alter_effect(b, s, watch, since_s, effect, err) : 0;
    case LC_STMT_CREATE:
    case LC_STMT_CREATE_DATABASE:
    case LC_STMT_CREATE_FUNCTION:
        if (s->replaces) {
            *effect = s->class == LC_CLASS_METADATA ? LC_IN_DOUBT_HARMLESS : LC_IN_DOUBT_UNKNOWN;
            return 0;
        }
        rc = there(b, s, &is, err);
        *effect = done_if(is);
        if (is && s->class == LC_CLASS_INSERT)
            *effect = LC_IN_DOUBT_UNKNOWN; /* created, but filled to the end? */
        return rc;
    case LC_STMT_DROP:
    case LC_STMT_DROP_DATABASE:
    case LC_STMT_DROP_FUNCTION:
        rc = there(b, s, &is, err);
        *effect = done_if(!is);
        return rc;
    case LC_STMT_RENAME:
        return rename_effect(b, s, effect, err);
    case LC_STMT_READ:
    case LC_STMT_OPTIMIZE:
        *effect = LC_IN_DOUBT_HARMLESS;
        return 0;
    default:
        return 0;
    }
}

/* What the server's log says of it; *effect stays as it is where it says nothing in wait_ms. */
static int log_effect(struct lc_backend *b, const struct lc_sent *sent, unsigned wait_ms,
                      enum lc_in_doubt *effect, struct lc_error *err)
{
    struct lc_query_logged logged;
    struct lc_error failure = LC_ERROR_INIT;
    int rc = lc_sent_query_logged(b, sent, wait_ms, &logged, &failure, err);

    if (rc == 0 && logged.failed) {
        *effect = LC_IN_DOUBT_FAILED;
        lc_error_pass(err, &failure);
    } else if (rc == 0 && logged.finished) {
        *effect = LC_IN_DOUBT_DONE;
    }
    return rc;
}

/* Applied twice, it is another thing than applied once. */
static bool adds_up(const struct lc_stmt *s)
{
    for (size_t i = 0; i < s->command_n; i++) {
        if (s->kind == LC_STMT_ALTER && s->commands[i].kind == LC_STMT_ALTER_UPDATE)
            return true;
    }
    return false;
}

int lc_in_doubt_look(const struct lc_sent_stmt *s, bool in_log, struct lc_mutation_watch *watch,
                     enum lc_in_doubt *effect, struct lc_error *err)
{
    int rc = schema_effect(s->b, s->stmt, watch, s->sent->since_s, effect, err);

    if (rc || !in_log || !s->facts->query_log)
        return rc;
    if (*effect == LC_IN_DOUBT_UNKNOWN || *effect == LC_IN_DOUBT_UNSURE)
        return log_effect(s->b, s->sent, LC_QUERY_LOG_WAIT_MS, effect, err);
    if (*effect == LC_IN_DOUBT_NONE && adds_up(s->stmt)) {
        rc = log_effect(s->b, s->sent, 0, effect, err);
        if (*effect == LC_IN_DOUBT_DONE)
            *effect = LC_IN_DOUBT_UNKNOWN; /* it was accepted, then forgotten or killed */
    }
    return rc;
}
