/* SPDX-License-Identifier: Apache-2.0 */
/* Tried on 26.7: DROP COLUMN is refused for each kind, RENAME COLUMN for a projection alone. */
#include "cli/column/part_check.h"

#include "cli/server/query.h"
#include "cli/sql/create_parts.h"
#include "cli/sql/expression.h"
#include "cli/sql/walk.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {[LC_CREATE_INDEX] = "index",
                                    [LC_CREATE_PROJECTION] = "projection",
                                    [LC_CREATE_CONSTRAINT] = "constraint",
                                    [LC_CREATE_TABLE_TTL] = "TTL"};

/* What is looked for in each part: a name of that kind, or a column. */
struct look {
    const struct lc_table *t;
    const struct lc_stmt *alter; /* what it drops counts as gone; NULL: only what is pending */
    const char *column;          /* as the server knows it; NULL: a name is looked for */
    const char *pending_column;  /* as a pending part knows it */
    bool renames;
    enum lc_create_part_kind kind;
    const char *name;
    bool found;
    enum lc_create_part_kind found_kind;
    char found_name[128];
};

static bool same_part(enum lc_create_part_kind a, const char *a_name, enum lc_create_part_kind b,
                      const char *b_name)
{
    return a == b && strcmp(a_name ? a_name : "", b_name ? b_name : "") == 0;
}

/* Does a pending statement, or a command of the ALTER at hand, drop it? */
static bool is_dropped(const struct look *l, enum lc_create_part_kind kind, const char *name)
{
    bool dropped = false;

    for (size_t i = 0; i < l->t->parts_n; i++)
        if (same_part(l->t->parts[i].kind, l->t->parts[i].name, kind, name))
            dropped = l->t->parts[i].dropped;
    for (size_t i = 0; l->alter && i < l->alter->command_n; i++) {
        struct lc_part_command c;

        if (lc_part_command_read(l->alter->commands[i].text, &c)) {
            dropped = dropped || ((c.drops || c.kind == LC_CREATE_TABLE_TTL) &&
                                  same_part(c.kind, c.name, kind, name));
            lc_part_command_release(&c);
        }
    }
    return dropped;
}

static void note(struct look *l, enum lc_create_part_kind kind, const char *name)
{
    l->found = true;
    l->found_kind = kind;
    snprintf(l->found_name, sizeof l->found_name, "%s", name ? name : "");
}

static int look_at(struct look *l, enum lc_create_part_kind kind, const char *name,
                   struct lc_slice text, const char *column)
{
    size_t at, n;
    char *copy;

    if (l->found || kind == LC_CREATE_COLUMN_TTL || is_dropped(l, kind, name) ||
        (l->renames && kind != LC_CREATE_PROJECTION))
        return 0;
    if (!column) {
        if (same_part(kind, name, l->kind, l->name))
            note(l, kind, name);
        return 0;
    }
    copy = strndup((const char *)text.p, text.n);
    if (!copy)
        return LC_ERR_NOMEM;
    if (lc_expr_find_column(copy, column, 0, &at, &n))
        note(l, kind, name);
    free(copy);
    return 0;
}

/* One of the server's; a pending statement that adds or drops one of that name takes its place. */
static int take(void *ctx, const struct lc_create_part *part)
{
    struct look *l = ctx;

    for (size_t i = 0; i < l->t->parts_n; i++)
        if (same_part(l->t->parts[i].kind, l->t->parts[i].name, part->kind, part->name))
            return 0;

    return look_at(l, part->kind, part->name, part->text, l->column);
}

/* The server's parts, then those that pending statements add. */
static int look_for(struct look *l, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", l->t->database}, {"table", l->t->name}, {NULL, NULL}};
    struct lc_answer a = {0};
    bool reads = l->t->there && (l->column || l->name);
    int rc = reads ? lc_query_read(b, lc_sql_create_query, args, &a, err) : 0;

    if (rc == 0 && reads && a.rows &&
        lc_create_parts(lc_answer_at(&a, 0, LC_SQL_CREATE_QUERY_CREATE_TABLE_QUERY)->p, take, l))
        rc = lc_no_memory(err);
    lc_answer_release(&a);
    for (size_t i = 0; rc == 0 && i < l->t->parts_n; i++) {
        const struct lc_table_part *p = &l->t->parts[i];
        const struct lc_slice text = {(const uint8_t *)p->text, strlen(p->text)};

        if (!p->dropped && look_at(l, p->kind, p->name, text, l->pending_column))
            rc = lc_no_memory(err);
    }
    return rc;
}

int lc_part_check_column(struct lc_backend *b, const struct lc_table *t,
                         const struct lc_stmt *alter, const struct lc_table_column *column,
                         bool renames, struct lc_error *err)
{
    struct look l = {.t = t,
                     .alter = alter,
                     .column = column->stored,
                     .pending_column = column->name,
                     .renames = renames};
    int rc = t->unparted ? 0 : look_for(&l, b, err);

    if (rc || !l.found)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s COLUMN: the %s %s%sof %s.%s is made of %s",
            renames ? "RENAME" : "DROP", words[l.found_kind], l.found_name,
            *l.found_name ? " " : "", t->database, t->name, column->name);
    lc_hint(err, "drop it in the same ALTER, or before. Nothing was changed");
    return LC_ERR_REFUSED;
}

int lc_part_check_name(struct lc_backend *b, const struct lc_table *t,
                       const struct lc_stmt_command *c, struct lc_error *err)
{
    struct lc_part_command command;
    struct look l = {.t = t};
    int rc = 0;

    if (t->unparted || !strstr(t->engine, "MergeTree") || !lc_part_command_read(c->text, &command))
        return 0;
    l.kind = command.kind;
    l.name = command.name;
    if (command.name && !command.conditional)
        rc = look_for(&l, b, err);
    if (rc == 0 && command.name && !command.conditional && l.found == !command.drops) {
        lc_fail(err, LC_ERR_REFUSED, "%s.%s has %s %s %s", t->database, t->name,
                command.drops ? "no" : "the", words[command.kind], command.name);
        lc_hint(err, "IF %sEXISTS passes over it. Nothing was changed",
                command.drops ? "" : "NOT ");
        rc = LC_ERR_REFUSED;
    }
    lc_part_command_release(&command);
    return rc;
}
