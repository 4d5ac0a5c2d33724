/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE … */
#include "cli/sql/parser.h"

#include <string.h>

/* Up to a comma or the closing parenthesis, both at depth 0. */
static void skip_element(struct lc_parser *p)
{
    size_t before = SIZE_MAX;
    unsigned depth = 0;

    for (; lc_parser_goes_on(p, &before); p->at++) {
        if ((depth == 0 && lc_tok_symbol(lc_parser_peek(p, 0), ',')) ||
            !lc_tok_track(lc_parser_peek(p, 0), &depth))
            return;
    }
}

/* One column of CREATE TABLE t (…), as a command of kind LC_STMT_ADD_COLUMN. */
static int take_created(struct lc_parser *p, struct lc_stmt *s)
{
    struct lc_stmt_command *c = lc_parser_new_command(s);
    size_t first = p->at;
    int rc = c ? lc_parser_column(p, &c->column) : lc_parser_no_memory(p);

    if (rc)
        return rc;
    c->kind = LC_STMT_ADD_COLUMN;
    c->conditional = s->conditional;
    lc_parser_column_rest(p, c);
    skip_element(p); /* CODEC, TTL, … */
    c->text = lc_parser_text_since(p, first);
    return 0;
}

/* The columns; indexes and the like are passed over, and so is a bracket that closes nothing. */
static int take_columns(struct lc_parser *p, struct lc_stmt *s)
{
    static const char *const not_column[] = {"INDEX",   "CONSTRAINT", "PROJECTION",
                                             "PRIMARY", "FOREIGN",    NULL};
    size_t before = SIZE_MAX;
    int rc = 0;

    if (!lc_parser_accept_symbol(p, '('))
        return 0;
    while (rc == 0 && lc_parser_goes_on(p, &before) && !lc_tok_symbol(lc_parser_peek(p, 0), ')')) {
        if (lc_tok_is_name(lc_parser_peek(p, 0)) &&
            !lc_tok_is_any(lc_parser_peek(p, 0), not_column))
            rc = take_created(p, s);
        else
            skip_element(p);
        if (!lc_parser_accept_symbol(p, ',') && !lc_tok_symbol(lc_parser_peek(p, 0), ')'))
            lc_parser_skip(p);
    }
    lc_parser_accept_symbol(p, ')');
    return rc;
}

/* CREATE TABLE … AS SELECT fills the table: as an INSERT, it is never sent twice. */
static bool fills_itself(struct lc_parser *p)
{
    size_t before = SIZE_MAX;

    for (; lc_parser_goes_on(p, &before); p->at++) {
        if (!lc_tok_is(lc_parser_peek(p, 0), "AS"))
            continue;
        if (lc_tok_is(lc_parser_peek(p, 1), "SELECT") || lc_tok_is(lc_parser_peek(p, 1), "WITH") ||
            (lc_tok_symbol(lc_parser_peek(p, 1), '(') &&
             (lc_tok_is(lc_parser_peek(p, 2), "SELECT") ||
              lc_tok_is(lc_parser_peek(p, 2), "WITH"))))
            return true;
    }
    return false;
}

/* POPULATE, before AS SELECT; a column of that name is none. */
static bool populates(const struct lc_parser *p)
{
    for (size_t i = p->at; i + 1 < p->n && !lc_tok_is(&p->t[i], "AS"); i++) {
        const struct lc_tok *before = i > p->at ? &p->t[i - 1] : NULL;

        if (lc_tok_is(&p->t[i], "POPULATE") &&
            (lc_tok_is(&p->t[i + 1], "AS") || lc_tok_is(&p->t[i + 1], "COMMENT")) &&
            !(before && (lc_tok_is(before, "BY") || lc_tok_symbol(before, ',') ||
                         lc_tok_symbol(before, '.') || lc_tok_symbol(before, '('))))
            return true;
    }
    return false;
}

/* A materialized view without TO has the rows itself. The view's name and what goes with it come next. */
static bool keeps_rows(const struct lc_parser *p, const struct lc_stmt *s)
{
    unsigned depth = 0;

    if (strcmp(s->object, "materialized view") != 0)
        return false;
    for (size_t i = p->at + 1; i < p->n && !lc_tok_is(&p->t[i], "AS"); i++) {
        if (depth == 0 && lc_tok_is(&p->t[i], "TO") && !lc_tok_symbol(&p->t[i - 1], '.'))
            return false;
        (void)lc_tok_track(&p->t[i], &depth);
    }
    return true;
}

const char *lc_parser_object_kind(struct lc_parser *p, enum lc_stmt_kind *kind, bool create)
{
    *kind = create ? LC_STMT_CREATE : LC_STMT_DROP;
    if (lc_parser_accept(p, "TEMPORARY"))
        return NULL; /* lives for one request */
    if (lc_parser_accept(p, "TABLE"))
        return "table";
    if (lc_parser_accept(p, "MATERIALIZED VIEW"))
        return "materialized view";
    if (lc_parser_accept(p, "LIVE VIEW") || lc_parser_accept(p, "WINDOW VIEW") ||
        lc_parser_accept(p, "VIEW"))
        return "view";
    if (lc_parser_accept(p, "DICTIONARY"))
        return "dictionary";
    if (lc_parser_accept(p, "DATABASE")) {
        *kind = create ? LC_STMT_CREATE_DATABASE : LC_STMT_DROP_DATABASE;
        return "database";
    }
    if (lc_parser_accept(p, "FUNCTION")) {
        *kind = create ? LC_STMT_CREATE_FUNCTION : LC_STMT_DROP_FUNCTION;
        return "function";
    }
    return NULL;
}

/* ENGINE = Name, after the columns. */
static void take_engine(const struct lc_parser *p, struct lc_stmt *s)
{
    for (size_t i = p->at; i + 1 < p->n; i++) {
        const struct lc_tok *t = &p->t[i + 1];

        if (!lc_tok_is(&p->t[i], "ENGINE"))
            continue;
        if (lc_tok_symbol(t, '=') && i + 2 < p->n)
            t = &p->t[i + 2];
        if (lc_tok_is_name(t)) {
            const struct lc_tok *last = &p->t[p->n - 1];

            s->engine = (struct lc_slice){(const uint8_t *)t->p, t->n};
            s->storage = (struct lc_slice){s->engine.p, (size_t)(last->p + last->n - t->p)};
        }
        return;
    }
}

/* [CLONE] AS [database.]table, in the place of the columns. A query or a table function is none. */
static int take_like(struct lc_parser *p, struct lc_stmt *s)
{
    static const char *const query[] = {"SELECT", "WITH", "FROM", "EXPLAIN", NULL};
    size_t name = 1;

    lc_parser_accept(p, "CLONE");
    if (!lc_tok_is(lc_parser_peek(p, 0), "AS") || !lc_tok_is_name(lc_parser_peek(p, 1)) ||
        lc_tok_is_any(lc_parser_peek(p, 1), query))
        return 0;
    if (lc_tok_symbol(lc_parser_peek(p, 2), '.'))
        name = 3;
    if (lc_tok_symbol(lc_parser_peek(p, name + 1), '('))
        return 0;
    p->at++;
    return lc_parser_object(p, &s->like_database, &s->like);
}

/*
 * CREATE, ATTACH and REPLACE come here, with s->replaces set already for the last. Only a
 * table's columns and engine are read; of other objects the name is enough.
 */
int lc_parser_create(struct lc_parser *p, struct lc_stmt *s)
{
    bool table;
    int rc;

    s->replaces = s->replaces || lc_parser_accept(p, "OR REPLACE");
    s->object = lc_parser_object_kind(p, &s->kind, true);
    if (!s->object) {
        s->kind = LC_STMT_OTHER;
        s->object = "";
        return 0;
    }
    table = strcmp(s->object, "table") == 0;
    s->class =
        s->replaces && (table || keeps_rows(p, s)) ? LC_CLASS_DESTRUCTIVE : LC_CLASS_METADATA;
    s->conditional = lc_parser_accept(p, "IF NOT EXISTS");
    rc = lc_parser_object(p, &s->database, &s->name);
    lc_parser_cluster(p, s);
    if (rc == 0 && s->kind == LC_STMT_CREATE_DATABASE)
        take_engine(p, s);
    if (rc || s->kind != LC_STMT_CREATE)
        return rc;
    if (strcmp(s->object, "materialized view") == 0)
        s->populate = populates(p);
    if (!table)
        return 0;
    if (lc_parser_accept(p, "UUID"))
        lc_parser_skip(p);
    lc_parser_cluster(p, s);
    rc = take_like(p, s);
    if (rc == 0)
        rc = take_columns(p, s);
    if (rc == 0)
        take_engine(p, s);
    if (rc == 0 && fills_itself(p) && !s->replaces)
        s->class = LC_CLASS_INSERT;
    return rc;
}
