/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two forms of the same thing: lc_rederive_read takes the statement apart into slices of its
 * own text, lc_rederive_make writes new texts from them. The check runs `where` and `tried` in
 * SELECTs; the run puts `assign` and `where` into an UPDATE a batch of partitions. Both use the
 * same texts, so that what was tried is what is sent. A piece that a person wrote is followed
 * by a newline, since it may end with a -- comment.
 */
#include "cli/migrate/rederive_update.h"

#include "cli/sql/mutation_command.h"
#include "cli/sql/quote.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SQL_BYTES = 4 << 20 };

static bool add_slice(struct lc_buf *b, struct lc_slice s)
{
    return lc_buf_add(b, s.p, s.n) != 0;
}

/* text[from, to) without the blanks at its beginning; n 0 where nothing is left. */
static struct lc_slice between(const char *text, size_t from, size_t to)
{
    while (from < to && (text[from] == ' ' || text[from] == '\n' || text[from] == '\t'))
        from++;
    return (struct lc_slice){(const uint8_t *)text + from, from < to ? to - from : 0};
}

/*
 * What follows the command: `) SETTINGS …` of the server's own form, or ` SETTINGS …`.
 * settings: where that begins, in bytes of the command's text. The command is a slice of the
 * formatted statement where there is one, else of the file's text.
 */
static struct lc_slice tail_of(const struct lc_plan_stmt *stmt, const struct lc_stmt_command *c,
                               size_t settings)
{
    const char *text = stmt->formatted ? stmt->formatted : stmt->text->p;
    size_t n = stmt->formatted ? strlen(stmt->formatted) : stmt->text->n;
    size_t end = (size_t)((const char *)c->text.p - text) + settings;

    while (end < n && (text[end] == ')' || text[end] == ' ' || text[end] == '\n'))
        end++;
    return between(text, end, n);
}

static int refuse(struct lc_error *err)
{
    lc_fail(err, LC_ERR_INPUT,
            "-- migrate:rederive precedes a statement other than ALTER TABLE t UPDATE column = "
            "new(key) WHERE column = old(key) AND column != new(key)");
    lc_hint(err, "one column, with a WHERE, without IN PARTITION and ON CLUSTER: livecol goes "
                 "through the partitions by itself. livecol new NAME --rederive writes it");
    return LC_ERR_INPUT;
}

int lc_rederive_read(const struct lc_plan_stmt *stmt, struct lc_rederive_update *u,
                     struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    const struct lc_stmt_command *c = s->commands;
    struct lc_update_command update = {0};
    int rc = 0;

    *u = (struct lc_rederive_update){0};
    /* MATERIALIZE COLUMN: value and condition are the column's own expression. */
    if (s->kind == LC_STMT_ALTER && lc_backfill_is_lone(s)) {
        u->column = strdup(c->column);
        u->materialize = true;
        return u->column ? 0 : lc_no_memory(err);
    }
    if (s->kind == LC_STMT_ALTER && s->command_n == 1 && c->kind == LC_STMT_ALTER_UPDATE &&
        !s->on_cluster)
        rc = lc_update_command_read(c->text, &update, err);
    if (rc == 0 && (update.n != 1 || !update.where.n || !update.value.n || update.in_partition ||
                    update.several)) {
        rc = refuse(err);
    } else if (rc == 0) {
        u->column = update.columns[0];
        update.n = 0; /* its name is the caller's now */
        u->value = update.value;
        u->where = update.where;
        u->tail = tail_of(stmt, c, update.end);
    }
    lc_update_command_release(&update);
    return rc;
}

int lc_rederive_make(const struct lc_column *d, const struct lc_readers *readers,
                     const struct lc_rederive_update *u, struct lc_rederive_change *c,
                     struct lc_error *err)
{
    struct lc_buf assign, where, tried;
    int rc;

    *c = (struct lc_rederive_change){0};
    lc_buf_init(&assign, MAX_SQL_BYTES);
    lc_buf_init(&where, MAX_SQL_BYTES);
    lc_buf_init(&tried, MAX_SQL_BYTES);
    c->value = u->materialize ? strdup(d->expr) : strndup((const char *)u->value.p, u->value.n);
    rc = !c->value ||
         (u->materialize ? lc_column_add_differs(d, d->expr, &where) : add_slice(&where, u->where));
    /* A MATERIALIZED column is not assigned: the mutation computes it. Only its readers are. */
    if (rc == 0 && !u->materialize)
        rc = lc_sql_add_id(&assign, d->column) || lc_buf_addf(&assign, " = %s\n", c->value);
    /* lc_readers_assign adds ", …" for each reader after what is there. */
    if (rc == 0)
        rc = lc_buf_addf(&tried, "(%s\n)", c->value);
    if (rc == 0)
        rc = lc_readers_assign(readers, d, c->value, &assign, &tried, &c->materialize, err);
    if (rc == 0 && u->materialize && assign.n) /* the first comma */
        memmove(assign.p, assign.p + 2, assign.n -= 2);
    c->where = rc ? NULL : lc_buf_detach(&where);
    c->assign = rc ? NULL : lc_buf_detach(&assign);
    c->tried = rc ? NULL : lc_buf_detach(&tried);
    lc_buf_release(&where);
    lc_buf_release(&assign);
    lc_buf_release(&tried);
    return c->where && c->assign && c->tried ? 0 : lc_no_memory(err);
}

void lc_rederive_release(struct lc_rederive_change *c)
{
    free(c->value);
    free(c->where);
    free(c->assign);
    free(c->tried);
    free(c->materialize);
}
