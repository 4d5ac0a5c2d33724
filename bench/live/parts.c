/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/live/parts.h"

#include "cli/server/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_MAX_BYTES = 1 << 20 };

char *live_sql(const struct lc_sql *statement, const char *table, const char *name,
               const char *value, struct lc_error *err)
{
    struct lc_buf b;
    lc_buf_init(&b, SQL_MAX_BYTES);
    /*
     * Values by name, ended by a NULL name: database, table and one of the caller's, those
     * that the statement takes.
     */
    struct lc_sql_arg args[4] = {{NULL, NULL}};
    size_t n = 0;
    if (name != NULL) {
        args[n++] = (struct lc_sql_arg){name, value};
    }
    for (const char *const *arg = statement->args; *arg; arg++) {
        if (strcmp(*arg, "database") == 0) {
            args[n++] = (struct lc_sql_arg){"database", LC_LIVE_DATABASE};
        } else if (strcmp(*arg, "table") == 0) {
            args[n++] = (struct lc_sql_arg){"table", table};
        }
    }
    char *text = NULL;
    if (lc_sql_format(&b, statement, args, err) == 0) {
        text = lc_buf_detach(&b);
        if (text == NULL) {
            lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
        }
    }
    lc_buf_release(&b);
    return text;
}

int live_run(struct lc_backend *b, const struct lc_sql *statement, const char *table,
             const char *name, const char *value, struct lc_answer *out, struct lc_error *err)
{
    char *sql = live_sql(statement, table, name, value, err);
    if (sql == NULL) {
        return err != NULL ? err->code : LC_ERR_NOMEM;
    }
    struct lc_query q = {.sql = sql};
    int rc = lc_query_checked(b, &q, statement, out, err);
    free(sql);
    return rc;
}

int live_number(struct lc_backend *b, const struct lc_sql *statement, const char *table,
                uint64_t *out, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = live_run(b, statement, table, NULL, NULL, &t, err);
    if (rc == 0 && (t.rows != 1 || t.cols < 1)) {
        rc = lc_fail(err, LC_ERR_INPUT, "expected one number, and the server answered %zu rows",
                     t.rows);
    }
    *out = rc == 0 ? lc_answer_u64(&t, 0, 0, 0) : 0;
    lc_answer_release(&t);
    return rc;
}

void live_line(const struct lc_live_options *o, bool passing, const char *fmt, ...)
{
    if (o->line == NULL) {
        return;
    }
    char text[240];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    o->line(o->ctx, text, passing);
}

int live_ask(const struct live_streams *s, struct lc_call *call, const char *sql,
             const struct lc_setting *settings, struct lc_answer *t, struct lc_error *err)
{
    struct lc_query q = {.sql = sql, .settings = settings, .cancel = s->cancel};
    /*
     * Not lc_query_checked, whose own work would be in the time: the reads check
     * their answers themselves.
     */
    int rc = lc_backend_query(call->backend, &q, t, err);
    call->rows = t->rows;
    call->server_s = t->elapsed_s;
    call->rows_read = t->rows_read;
    call->bytes_read = t->bytes_read;
    return rc;
}
