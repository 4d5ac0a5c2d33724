/* SPDX-License-Identifier: Apache-2.0 */
/* ALTER TABLE and its commands. */
#include "cli/sql/parser.h"

/* Words that end a column's type or its default expression, at depth 0. */
static const char *const property_words[] = {
    "DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL", "COMMENT", "CODEC",   "STATISTICS",
    "TTL",     "FIRST",        "AFTER", "SETTINGS",  "PRIMARY", "COLLATE", NULL};

/* Up to one of the property words, a comma or the closing parenthesis, all at depth 0. */
static struct lc_slice take_until_property(struct lc_parser *p)
{
    size_t first = p->at, before = SIZE_MAX;
    unsigned depth = 0;

    for (; lc_parser_goes_on(p, &before); p->at++) {
        const struct lc_tok *t = lc_parser_peek(p, 0);

        if (depth == 0 &&
            (lc_tok_symbol(t, ',') || (p->at != first && lc_tok_is_any(t, property_words))))
            break;
        if (!lc_tok_track(t, &depth))
            break;
    }
    return lc_parser_text_since(p, first);
}

/* The four kinds of an expression of a column, of which it has one at most. */
static bool starts_default(const struct lc_tok *t)
{
    return lc_tok_is(t, "DEFAULT") || lc_tok_is(t, "MATERIALIZED") || lc_tok_is(t, "ALIAS") ||
           lc_tok_is(t, "EPHEMERAL");
}

void lc_parser_column_rest(struct lc_parser *p, struct lc_stmt_command *c)
{
    lc_parser_accept(p, "TYPE");
    if (!lc_parser_at_end(p) && !lc_tok_is_any(lc_parser_peek(p, 0), property_words) &&
        !lc_tok_symbol(lc_parser_peek(p, 0), ',') && !lc_tok_symbol(lc_parser_peek(p, 0), ')'))
        c->type = take_until_property(p);
    if (starts_default(lc_parser_peek(p, 0))) {
        const struct lc_tok *t = lc_parser_peek(p, 0);

        c->default_kind = (struct lc_slice){(const uint8_t *)t->p, t->n};
        p->at++;
        if (!lc_tok_is_any(lc_parser_peek(p, 0), property_words))
            c->default_expr = take_until_property(p);
    }
}

/* Is a command of an ALTER beginning here? A column of that name, in UPDATE delete = 1, is none. */
static bool begins_command(const struct lc_parser *p, size_t ahead)
{
    static const char *const words[] = {
        "ADD",     "DROP",  "CLEAR",  "MODIFY", "RENAME",  "COMMENT", "MATERIALIZE", "UPDATE",
        "DELETE",  "ALTER", "ATTACH", "DETACH", "MOVE",    "FREEZE",  "UNFREEZE",    "FETCH",
        "REPLACE", "RESET", "REMOVE", "APPLY",  "REWRITE", "EXECUTE", "FORGET",      NULL};

    return lc_tok_is_any(lc_parser_peek(p, ahead), words) &&
           !lc_tok_symbol(lc_parser_peek(p, ahead + 1), '=');
}

/* Pass over the rest of a command: to its closing parenthesis, to `, COMMAND`, or to the end. */
static void skip_command(struct lc_parser *p)
{
    size_t before = SIZE_MAX;
    unsigned depth = 0;

    for (; lc_parser_goes_on(p, &before); p->at++) {
        const struct lc_tok *t = lc_parser_peek(p, 0);

        if (depth == 0 && lc_tok_symbol(t, ',')) {
            size_t next = lc_tok_symbol(lc_parser_peek(p, 1), '(') ? 2 : 1;

            if (begins_command(p, next))
                return;
        }
        if (!lc_tok_track(t, &depth))
            return;
    }
}

/* Kind and class are set together, so that none keeps those of a guess before. */
static void set_command(struct lc_stmt_command *c, enum lc_stmt_kind kind, enum lc_stmt_class class)
{
    c->kind = kind;
    c->class = class;
}

/*
 * After ADD: a column, or an index, projection, constraint, which are metadata until
 * materialized.
 */
static int command_add(struct lc_parser *p, struct lc_stmt_command *c)
{
    int rc;

    if (!lc_parser_accept(p, "COLUMN")) {
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
        return 0;
    }
    set_command(c, LC_STMT_ADD_COLUMN, LC_CLASS_METADATA);
    c->conditional = lc_parser_accept(p, "IF NOT EXISTS");
    rc = lc_parser_column(p, &c->column);
    if (rc == 0)
        lc_parser_column_rest(p, c);
    return rc;
}

/* DROP and CLEAR: a column's data is lost; an index or projection can be made again. */
static int command_drop(struct lc_parser *p, struct lc_stmt_command *c, bool clear)
{
    if (lc_parser_accept(p, "COLUMN")) {
        set_command(c, clear ? LC_STMT_CLEAR_COLUMN : LC_STMT_DROP_COLUMN, LC_CLASS_DESTRUCTIVE);
        c->conditional = lc_parser_accept(p, "IF EXISTS");
        return lc_parser_column(p, &c->column);
    }
    if (lc_parser_accept(p, "PARTITION") || lc_parser_accept(p, "PART") ||
        lc_parser_accept(p, "DETACHED"))
        set_command(c, LC_STMT_DROP_PART, LC_CLASS_DESTRUCTIVE);
    else if (lc_parser_accept(p, "CONSTRAINT"))
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
    else if (lc_parser_accept(p, "INDEX") || lc_parser_accept(p, "PROJECTION") ||
             lc_parser_accept(p, "STATISTICS"))
        set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_MUTATION);
    return 0;
}

static int command_modify_column(struct lc_parser *p, struct lc_stmt_command *c)
{
    static const char *const not_type[] = {"REMOVE", "MODIFY", "RESET", NULL};
    int rc;

    set_command(c, LC_STMT_MODIFY_COLUMN, LC_CLASS_METADATA);
    c->conditional = lc_parser_accept(p, "IF EXISTS");
    rc = lc_parser_column(p, &c->column);
    if (rc)
        return rc;
    if (lc_tok_is_any(lc_parser_peek(p, 0), not_type)) {
        c->kind = LC_STMT_REMOVE_DEFAULT;
        c->removes_default = lc_parser_accept(p, "REMOVE") && starts_default(lc_parser_peek(p, 0));
        return 0;
    }
    lc_parser_column_rest(p, c);
    if (lc_tok_is(lc_parser_peek(p, 0), "TTL"))
        c->class = LC_CLASS_DESTRUCTIVE; /* of values that expire */
    else if (c->type.n)
        c->class = LC_CLASS_READERS; /* unless the type stays: who knows the table can tell */
    return 0;
}

/* After MODIFY. A new TTL may drop rows at the next merge, so it counts as losing data. */
static int command_modify(struct lc_parser *p, struct lc_stmt_command *c)
{
    if (lc_parser_accept(p, "COLUMN"))
        return command_modify_column(p, c);
    if (lc_parser_accept(p, "ORDER BY") || lc_parser_accept(p, "SAMPLE BY"))
        set_command(c, LC_STMT_MODIFY_KEY, LC_CLASS_KEY);
    else if (lc_parser_accept(p, "TTL")) /* what it lets expire is gone */
        set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_DESTRUCTIVE);
    else
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
    return 0;
}

static int command_rename(struct lc_parser *p, struct lc_stmt_command *c)
{
    int rc;

    if (!lc_parser_accept(p, "COLUMN"))
        return 0;
    set_command(c, LC_STMT_RENAME_COLUMN, LC_CLASS_READERS);
    c->conditional = lc_parser_accept(p, "IF EXISTS");
    rc = lc_parser_column(p, &c->column);
    if (rc == 0 && lc_parser_accept(p, "TO"))
        rc = lc_parser_column(p, &c->renamed_to);
    return rc;
}

static int command_materialize(struct lc_parser *p, struct lc_stmt_command *c)
{
    static const char *const restricting[] = {"PARTITION", "SETTINGS", NULL};

    set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_MUTATION);
    if (!lc_parser_accept(p, "COLUMN"))
        return 0;
    c->kind = LC_STMT_MATERIALIZE_COLUMN;
    /*
     * To the end of the statement: a later command's words count too, which errs towards
     * restricted.
     */
    for (size_t i = 1; !c->restricted && p->at + i < p->n; i++)
        c->restricted = lc_tok_is_any(lc_parser_peek(p, i), restricting);
    return lc_parser_column(p, &c->column);
}

/*
 * Read a command's own words, and set what it is. One that is not known stays
 * LC_STMT_ALTER_OTHER, with the class OTHER: it is run as it is.
 */
static int command_words(struct lc_parser *p, struct lc_stmt_command *c)
{
    set_command(c, LC_STMT_ALTER_OTHER, LC_CLASS_OTHER);
    if (lc_parser_accept(p, "ADD"))
        return command_add(p, c);
    if (lc_parser_accept(p, "DROP"))
        return command_drop(p, c, false);
    if (lc_parser_accept(p, "CLEAR"))
        return command_drop(p, c, true);
    if (lc_parser_accept(p, "ALTER COLUMN"))
        return command_modify_column(p, c);
    if (lc_parser_accept(p, "MODIFY"))
        return command_modify(p, c);
    if (lc_parser_accept(p, "RENAME"))
        return command_rename(p, c);
    if (lc_parser_accept(p, "MATERIALIZE"))
        return command_materialize(p, c);
    if (lc_parser_accept(p, "COMMENT COLUMN")) {
        set_command(c, LC_STMT_COMMENT_COLUMN, LC_CLASS_METADATA);
        c->conditional = lc_parser_accept(p, "IF EXISTS");
        return lc_parser_column(p, &c->column);
    }
    if (lc_parser_accept(p, "UPDATE"))
        set_command(c, LC_STMT_ALTER_UPDATE, LC_CLASS_MUTATION);
    else if (lc_parser_accept(p, "DELETE"))
        set_command(c, LC_STMT_ALTER_DELETE, LC_CLASS_DESTRUCTIVE);
    else if (lc_parser_accept(p, "APPLY") || lc_parser_accept(p, "REWRITE"))
        set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_MUTATION);
    else if (lc_parser_accept(p, "RESET") || lc_parser_accept(p, "REMOVE"))
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
    else if (lc_parser_accept(p, "DETACH") || lc_parser_accept(p, "REPLACE") ||
             lc_parser_accept(p, "MOVE"))
        set_command(c, LC_STMT_DROP_PART, LC_CLASS_DESTRUCTIVE);
    else if (lc_parser_accept(p, "UNFREEZE") || lc_parser_accept(p, "EXECUTE"))
        set_command(c, LC_STMT_ALTER_OTHER, LC_CLASS_DESTRUCTIVE); /* backups; old snapshots */
    return 0;
}

/*
 * One command, in parentheses or without. The statement's class becomes the worst of its
 * commands', which is why enum lc_stmt_class goes from harmless to harmful.
 */
static int take_command(struct lc_parser *p, struct lc_stmt *s)
{
    struct lc_stmt_command *c = lc_parser_new_command(s);
    bool inside = lc_parser_accept_symbol(p, '(');
    size_t first = p->at;
    int rc;

    if (!c)
        return lc_parser_no_memory(p);
    rc = command_words(p, c);
    if (rc)
        return rc;
    skip_command(p);
    c->text = lc_parser_text_since(p, first);
    if (inside)
        lc_parser_accept_symbol(p, ')');
    if (c->class > s->class)
        s->class = c->class;
    /*
     * Commands that the server may carry out by a mutation; which of them do depends on the
     * table. A wait for one that makes none ends at once.
     */
    switch (c->kind) {
    case LC_STMT_DROP_COLUMN:
    case LC_STMT_CLEAR_COLUMN:
    case LC_STMT_MODIFY_COLUMN:
    case LC_STMT_RENAME_COLUMN:
    case LC_STMT_MATERIALIZE_COLUMN:
    case LC_STMT_MATERIALIZE:
    case LC_STMT_ALTER_UPDATE:
    case LC_STMT_ALTER_DELETE:
    case LC_STMT_ALTER_OTHER:
        s->mutates = true;
        break;
    default:
        break;
    }
    return 0;
}

int lc_parser_alter(struct lc_parser *p, struct lc_stmt *s)
{
    size_t before = SIZE_MAX;
    int rc;

    if (!lc_parser_accept(p, "TABLE"))
        return 0;
    s->kind = LC_STMT_ALTER;
    s->class = LC_CLASS_METADATA;
    s->object = "table";
    s->conditional = lc_parser_accept(p, "IF EXISTS");
    rc = lc_parser_object(p, &s->database, &s->name);
    lc_parser_cluster(p, s);
    while (rc == 0 && lc_parser_goes_on(p, &before)) {
        rc = take_command(p, s);
        if (!lc_parser_accept_symbol(p, ','))
            break;
    }
    return rc;
}
