#include "cli/sql/statement.h"

#include "cli/sql/lexer.h"

#include <stdlib.h>
#include <string.h>

/* The statement's code tokens, and where the reader stands; the last token is LC_TOK_END. */
struct parser {
    const struct lc_tok *t;
    size_t n, at;
    struct lc_error *err;
};

/* Words that end a column's type or its default expression, at depth 0. */
static const char *const property_words[] = {
    "DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL", "COMMENT", "CODEC",   "STATISTICS",
    "TTL",     "FIRST",        "AFTER", "SETTINGS",  "PRIMARY", "COLLATE", NULL};

static bool is_any(const struct lc_tok *t, const char *const *words)
{
    for (; *words; words++) {
        if (lc_tok_is(t, *words))
            return true;
    }
    return false;
}

static const struct lc_tok *peek(const struct parser *p, size_t ahead)
{
    size_t i = p->at + ahead;

    return &p->t[i < p->n ? i : p->n - 1];
}

static bool at_end(const struct parser *p)
{
    return peek(p, 0)->kind == LC_TOK_END;
}

static void skip(struct parser *p)
{
    if (!at_end(p))
        p->at++;
}

/*
 * Every loop of this parser asks it, so that none can turn without end: is there something left,
 * and has the last round read something? *before is SIZE_MAX at first.
 */
static bool goes_on(const struct parser *p, size_t *before)
{
    bool moved = *before != p->at;

    *before = p->at;
    return moved && !at_end(p);
}

/* Pass over the words, given as "IF NOT EXISTS", where all of them come next. */
static bool accept(struct parser *p, const char *words)
{
    size_t ahead = 0;

    while (*words) {
        const struct lc_tok *t = peek(p, ahead);
        size_t n = strcspn(words, " ");
        char word[32];

        if (n >= sizeof word)
            return false;
        memcpy(word, words, n);
        word[n] = '\0';
        if (!lc_tok_is(t, word))
            return false;
        ahead++;
        words += n;
        words += *words == ' ';
    }
    p->at += ahead;
    return true;
}

static bool accept_symbol(struct parser *p, char symbol)
{
    if (!lc_tok_symbol(peek(p, 0), symbol))
        return false;
    p->at++;
    return true;
}

static int no_memory(struct parser *p)
{
    lc_fail(p->err, LC_ERR_NOMEM, "no memory to read a statement");
    return LC_ERR_NOMEM;
}

static bool is_name(const struct lc_tok *t)
{
    return t->kind == LC_TOK_WORD || t->kind == LC_TOK_QUOTED;
}

/* Replace *to by the token's name. */
static int set_name(struct parser *p, char **to, const struct lc_tok *t)
{
    char *name = lc_tok_name(t);

    if (!name)
        return no_memory(p);
    free(*to);
    *to = name;
    return 0;
}

/* [database.]name; leaves both as they are where no name comes next. */
static int take_object(struct parser *p, char **database, char **name)
{
    int rc;

    if (!is_name(peek(p, 0)))
        return 0;
    if (lc_tok_symbol(peek(p, 1), '.') && is_name(peek(p, 2))) {
        rc = set_name(p, database, peek(p, 0));
        if (rc)
            return rc;
        p->at += 2;
    }
    rc = set_name(p, name, peek(p, 0));
    p->at++;
    return rc;
}

/* A column's name, nested ones (a.b) whole. */
static int take_column(struct parser *p, char **name)
{
    struct lc_buf b;
    int rc = 0;

    if (!is_name(peek(p, 0)))
        return 0;
    lc_buf_init(&b, (size_t)1 << 20);
    for (size_t before = SIZE_MAX; goes_on(p, &before);) {
        char *part = lc_tok_name(peek(p, 0));

        rc = part && !lc_buf_adds(&b, part) ? 0 : LC_ERR_NOMEM;
        free(part);
        p->at++;
        if (rc || !lc_tok_symbol(peek(p, 0), '.') || !is_name(peek(p, 1)))
            break;
        rc = lc_buf_adds(&b, ".");
        if (rc)
            break;
        p->at++;
    }
    free(*name);
    *name = rc ? NULL : lc_buf_detach(&b);
    lc_buf_release(&b);
    return *name ? 0 : no_memory(p);
}

/* From the token `first` to the one before where the parser stands. */
static struct lc_slice text_since(const struct parser *p, size_t first)
{
    const struct lc_tok *a = &p->t[first], *z;

    if (p->at == first)
        return (struct lc_slice){NULL, 0};
    z = &p->t[p->at - 1];
    return (struct lc_slice){(const uint8_t *)a->p, (size_t)(z->p + z->n - a->p)};
}

/* Keep count of parentheses; false where a closing one leaves the element that is being read. */
static bool track(const struct lc_tok *t, unsigned *depth)
{
    if (lc_tok_symbol(t, '(') || lc_tok_symbol(t, '[') || lc_tok_symbol(t, '{'))
        (*depth)++;
    else if (lc_tok_symbol(t, ')') || lc_tok_symbol(t, ']') || lc_tok_symbol(t, '}')) {
        if (*depth == 0)
            return false;
        (*depth)--;
    }
    return true;
}

/* Up to one of the property words, a comma or the closing parenthesis, all at depth 0. */
static struct lc_slice take_until_property(struct parser *p)
{
    size_t first = p->at, before = SIZE_MAX;
    unsigned depth = 0;

    for (; goes_on(p, &before); p->at++) {
        const struct lc_tok *t = peek(p, 0);

        if (depth == 0 && (lc_tok_symbol(t, ',') || (p->at != first && is_any(t, property_words))))
            break;
        if (!track(t, &depth))
            break;
    }
    return text_since(p, first);
}

static bool starts_default(const struct lc_tok *t)
{
    return lc_tok_is(t, "DEFAULT") || lc_tok_is(t, "MATERIALIZED") || lc_tok_is(t, "ALIAS") ||
           lc_tok_is(t, "EPHEMERAL");
}

/* What follows a column's name: [type] [DEFAULT expr] … */
static void take_column_rest(struct parser *p, struct lc_stmt_command *c)
{
    accept(p, "TYPE");
    if (!at_end(p) && !is_any(peek(p, 0), property_words) && !lc_tok_symbol(peek(p, 0), ',') &&
        !lc_tok_symbol(peek(p, 0), ')'))
        c->type = take_until_property(p);
    if (starts_default(peek(p, 0))) {
        const struct lc_tok *t = peek(p, 0);

        c->default_kind = (struct lc_slice){(const uint8_t *)t->p, t->n};
        p->at++;
        if (!is_any(peek(p, 0), property_words))
            c->default_expr = take_until_property(p);
    }
}

/* Is a command of an ALTER beginning here? A column of that name, in UPDATE delete = 1, is none. */
static bool begins_command(const struct parser *p, size_t ahead)
{
    static const char *const words[] = {
        "ADD",     "DROP",  "CLEAR",  "MODIFY", "RENAME",  "COMMENT", "MATERIALIZE", "UPDATE",
        "DELETE",  "ALTER", "ATTACH", "DETACH", "MOVE",    "FREEZE",  "UNFREEZE",    "FETCH",
        "REPLACE", "RESET", "REMOVE", "APPLY",  "REWRITE", NULL};

    return is_any(peek(p, ahead), words) && !lc_tok_symbol(peek(p, ahead + 1), '=');
}

/* Pass over the rest of a command: to its closing parenthesis, to `, COMMAND`, or to the end. */
static void skip_command(struct parser *p)
{
    size_t before = SIZE_MAX;
    unsigned depth = 0;

    for (; goes_on(p, &before); p->at++) {
        const struct lc_tok *t = peek(p, 0);

        if (depth == 0 && lc_tok_symbol(t, ',')) {
            size_t next = lc_tok_symbol(peek(p, 1), '(') ? 2 : 1;

            if (begins_command(p, next))
                return;
        }
        if (!track(t, &depth))
            return;
    }
}

static void set_command(struct lc_stmt_command *c, enum lc_stmt_kind kind, enum lc_stmt_class class)
{
    c->kind = kind;
    c->class = class;
}

static int command_add(struct parser *p, struct lc_stmt_command *c)
{
    int rc;

    if (!accept(p, "COLUMN")) {
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
        return 0;
    }
    set_command(c, LC_STMT_ADD_COLUMN, LC_CLASS_METADATA);
    c->conditional = accept(p, "IF NOT EXISTS");
    rc = take_column(p, &c->column);
    if (rc == 0)
        take_column_rest(p, c);
    return rc;
}

/* DROP and CLEAR: a column's data is lost; an index or projection can be made again. */
static int command_drop(struct parser *p, struct lc_stmt_command *c, bool clear)
{
    if (accept(p, "COLUMN")) {
        set_command(c, clear ? LC_STMT_CLEAR_COLUMN : LC_STMT_DROP_COLUMN, LC_CLASS_DESTRUCTIVE);
        c->conditional = accept(p, "IF EXISTS");
        return take_column(p, &c->column);
    }
    if (accept(p, "PARTITION") || accept(p, "PART") || accept(p, "DETACHED"))
        set_command(c, LC_STMT_DROP_PART, LC_CLASS_DESTRUCTIVE);
    else if (accept(p, "CONSTRAINT"))
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
    else if (accept(p, "INDEX") || accept(p, "PROJECTION") || accept(p, "STATISTICS"))
        set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_MUTATION);
    return 0;
}

static int command_modify_column(struct parser *p, struct lc_stmt_command *c)
{
    static const char *const not_type[] = {"REMOVE", "MODIFY", "RESET", NULL};
    int rc;

    set_command(c, LC_STMT_MODIFY_COLUMN, LC_CLASS_METADATA);
    c->conditional = accept(p, "IF EXISTS");
    rc = take_column(p, &c->column);
    if (rc)
        return rc;
    if (is_any(peek(p, 0), not_type)) {
        c->kind = LC_STMT_REMOVE_DEFAULT;
        return 0;
    }
    take_column_rest(p, c);
    if (lc_tok_is(peek(p, 0), "TTL"))
        c->class = LC_CLASS_DESTRUCTIVE; /* of values that expire */
    else if (c->type.n)
        c->class = LC_CLASS_READERS; /* unless the type stays: who knows the table can tell */
    return 0;
}

static int command_modify(struct parser *p, struct lc_stmt_command *c)
{
    if (accept(p, "COLUMN"))
        return command_modify_column(p, c);
    if (accept(p, "ORDER BY") || accept(p, "SAMPLE BY"))
        set_command(c, LC_STMT_MODIFY_KEY, LC_CLASS_KEY);
    else if (accept(p, "TTL")) /* what it lets expire is gone */
        set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_DESTRUCTIVE);
    else
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
    return 0;
}

static int command_rename(struct parser *p, struct lc_stmt_command *c)
{
    int rc;

    if (!accept(p, "COLUMN"))
        return 0;
    set_command(c, LC_STMT_RENAME_COLUMN, LC_CLASS_READERS);
    c->conditional = accept(p, "IF EXISTS");
    rc = take_column(p, &c->column);
    if (rc == 0 && accept(p, "TO"))
        rc = take_column(p, &c->renamed_to);
    return rc;
}

static int command_materialize(struct parser *p, struct lc_stmt_command *c)
{
    set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_MUTATION);
    if (!accept(p, "COLUMN"))
        return 0;
    c->kind = LC_STMT_MATERIALIZE_COLUMN;
    return take_column(p, &c->column);
}

static int command_words(struct parser *p, struct lc_stmt_command *c)
{
    set_command(c, LC_STMT_ALTER_OTHER, LC_CLASS_OTHER);
    if (accept(p, "ADD"))
        return command_add(p, c);
    if (accept(p, "DROP"))
        return command_drop(p, c, false);
    if (accept(p, "CLEAR"))
        return command_drop(p, c, true);
    if (accept(p, "ALTER COLUMN"))
        return command_modify_column(p, c);
    if (accept(p, "MODIFY"))
        return command_modify(p, c);
    if (accept(p, "RENAME"))
        return command_rename(p, c);
    if (accept(p, "MATERIALIZE"))
        return command_materialize(p, c);
    if (accept(p, "COMMENT COLUMN")) {
        set_command(c, LC_STMT_COMMENT_COLUMN, LC_CLASS_METADATA);
        c->conditional = accept(p, "IF EXISTS");
        return take_column(p, &c->column);
    }
    if (accept(p, "UPDATE"))
        set_command(c, LC_STMT_ALTER_UPDATE, LC_CLASS_MUTATION);
    else if (accept(p, "DELETE"))
        set_command(c, LC_STMT_ALTER_DELETE, LC_CLASS_DESTRUCTIVE);
    else if (accept(p, "APPLY") || accept(p, "REWRITE"))
        set_command(c, LC_STMT_MATERIALIZE, LC_CLASS_MUTATION);
    else if (accept(p, "RESET") || accept(p, "REMOVE"))
        set_command(c, LC_STMT_METADATA, LC_CLASS_METADATA);
    else if (accept(p, "DETACH") || accept(p, "REPLACE") || accept(p, "MOVE"))
        set_command(c, LC_STMT_DROP_PART, LC_CLASS_DESTRUCTIVE);
    return 0;
}

static struct lc_stmt_command *new_command(struct lc_stmt *s)
{
    struct lc_stmt_command *v = realloc(s->commands, (s->command_n + 1) * sizeof *v);

    if (!v)
        return NULL;
    s->commands = v;
    v += s->command_n;
    *v = (struct lc_stmt_command){.column = strdup(""), .renamed_to = strdup("")};
    s->command_n++; /* counted even where a strdup failed, so that release frees the other */
    return v->column && v->renamed_to ? v : NULL;
}

static int take_command(struct parser *p, struct lc_stmt *s)
{
    struct lc_stmt_command *c = new_command(s);
    bool inside = accept_symbol(p, '(');
    size_t first = p->at;
    int rc;

    if (!c)
        return no_memory(p);
    rc = command_words(p, c);
    if (rc)
        return rc;
    skip_command(p);
    c->text = text_since(p, first);
    if (inside)
        accept_symbol(p, ')');
    if (c->class > s->class)
        s->class = c->class;
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

static void take_cluster(struct parser *p, struct lc_stmt *s)
{
    if (accept(p, "ON CLUSTER")) {
        s->on_cluster = true;
        skip(p);
    }
}

static int parse_alter(struct parser *p, struct lc_stmt *s)
{
    size_t before = SIZE_MAX;
    int rc;

    if (!accept(p, "TABLE"))
        return 0;
    s->kind = LC_STMT_ALTER;
    s->class = LC_CLASS_METADATA;
    s->object = "table";
    s->conditional = accept(p, "IF EXISTS");
    rc = take_object(p, &s->database, &s->name);
    take_cluster(p, s);
    while (rc == 0 && goes_on(p, &before)) {
        rc = take_command(p, s);
        if (!accept_symbol(p, ','))
            break;
    }
    return rc;
}

/* One column of CREATE TABLE t (…), as a command of kind LC_STMT_ADD_COLUMN. */
static int take_created(struct parser *p, struct lc_stmt *s)
{
    struct lc_stmt_command *c = new_command(s);
    size_t first = p->at;
    int rc = c ? take_column(p, &c->column) : no_memory(p);

    if (rc)
        return rc;
    c->kind = LC_STMT_ADD_COLUMN;
    c->conditional = s->conditional;
    take_column_rest(p, c);
    c->text = text_since(p, first);
    return 0;
}

/* Up to a comma or the closing parenthesis, both at depth 0. */
static void skip_element(struct parser *p)
{
    size_t before = SIZE_MAX;
    unsigned depth = 0;

    for (; goes_on(p, &before); p->at++) {
        if ((depth == 0 && lc_tok_symbol(peek(p, 0), ',')) || !track(peek(p, 0), &depth))
            return;
    }
}

/* The columns; indexes and the like are passed over, and so is a bracket that closes nothing. */
static int take_columns(struct parser *p, struct lc_stmt *s)
{
    static const char *const not_column[] = {"INDEX",   "CONSTRAINT", "PROJECTION",
                                             "PRIMARY", "FOREIGN",    NULL};
    size_t before = SIZE_MAX;
    int rc = 0;

    if (!accept_symbol(p, '('))
        return 0;
    while (rc == 0 && goes_on(p, &before) && !lc_tok_symbol(peek(p, 0), ')')) {
        if (is_name(peek(p, 0)) && !is_any(peek(p, 0), not_column))
            rc = take_created(p, s);
        skip_element(p);
        if (!accept_symbol(p, ',') && !lc_tok_symbol(peek(p, 0), ')'))
            skip(p);
    }
    accept_symbol(p, ')');
    return rc;
}

/* CREATE TABLE … AS SELECT fills the table: as an INSERT, it is never sent twice. */
static bool fills_itself(struct parser *p)
{
    size_t before = SIZE_MAX;

    for (; goes_on(p, &before); p->at++) {
        if (!lc_tok_is(peek(p, 0), "AS"))
            continue;
        if (lc_tok_is(peek(p, 1), "SELECT") || lc_tok_is(peek(p, 1), "WITH") ||
            (lc_tok_symbol(peek(p, 1), '(') &&
             (lc_tok_is(peek(p, 2), "SELECT") || lc_tok_is(peek(p, 2), "WITH"))))
            return true;
    }
    return false;
}

static bool mentions(const struct parser *p, const char *word)
{
    unsigned depth = 0;

    for (size_t i = p->at; i < p->n; i++) {
        if (lc_tok_symbol(&p->t[i], '('))
            depth++;
        else if (lc_tok_symbol(&p->t[i], ')') && depth > 0)
            depth--;
        if (lc_tok_is(&p->t[i], "AS"))
            return false;
        if (depth == 0 && lc_tok_is(&p->t[i], word))
            return true;
    }
    return false;
}

/* POPULATE, before AS SELECT; a column of that name is none. */
static bool populates(const struct parser *p)
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

/* Which kind of object CREATE or DROP is about; NULL: none that is known here. */
static const char *take_object_kind(struct parser *p, enum lc_stmt_kind *kind, bool create)
{
    *kind = create ? LC_STMT_CREATE : LC_STMT_DROP;
    if (accept(p, "TEMPORARY"))
        return NULL; /* lives for one request */
    if (accept(p, "TABLE"))
        return "table";
    if (accept(p, "MATERIALIZED VIEW"))
        return "materialized view";
    if (accept(p, "LIVE VIEW") || accept(p, "WINDOW VIEW") || accept(p, "VIEW"))
        return "view";
    if (accept(p, "DICTIONARY"))
        return "dictionary";
    if (accept(p, "DATABASE")) {
        *kind = create ? LC_STMT_CREATE_DATABASE : LC_STMT_DROP_DATABASE;
        return "database";
    }
    if (accept(p, "FUNCTION")) {
        *kind = create ? LC_STMT_CREATE_FUNCTION : LC_STMT_DROP_FUNCTION;
        return "function";
    }
    return NULL;
}

/* ENGINE = Name, behind the columns. */
static void take_engine(const struct parser *p, struct lc_stmt *s)
{
    for (size_t i = p->at; i + 1 < p->n; i++) {
        const struct lc_tok *t = &p->t[i + 1];

        if (!lc_tok_is(&p->t[i], "ENGINE"))
            continue;
        if (lc_tok_symbol(t, '=') && i + 2 < p->n)
            t = &p->t[i + 2];
        if (is_name(t))
            s->engine = (struct lc_slice){(const uint8_t *)t->p, t->n};
        return;
    }
}

static int parse_create(struct parser *p, struct lc_stmt *s)
{
    bool table;
    int rc;

    s->replaces = s->replaces || accept(p, "OR REPLACE");
    s->object = take_object_kind(p, &s->kind, true);
    if (!s->object) {
        s->kind = LC_STMT_OTHER;
        s->object = "";
        return 0;
    }
    table = strcmp(s->object, "table") == 0;
    s->class = s->replaces && table ? LC_CLASS_DESTRUCTIVE : LC_CLASS_METADATA;
    s->conditional = accept(p, "IF NOT EXISTS");
    rc = take_object(p, &s->database, &s->name);
    take_cluster(p, s);
    if (rc || s->kind != LC_STMT_CREATE)
        return rc;
    if (strcmp(s->object, "materialized view") == 0)
        s->populate = populates(p);
    if (!table)
        return 0;
    if (accept(p, "UUID"))
        skip(p);
    take_cluster(p, s);
    rc = take_columns(p, s);
    if (rc == 0)
        take_engine(p, s);
    if (rc == 0 && fills_itself(p) && !s->replaces)
        s->class = LC_CLASS_INSERT;
    return rc;
}

/* Who may do what: dropped, it is gone; changed, somebody reads less or more than before. */
static bool take_access(struct parser *p)
{
    return accept(p, "USER") || accept(p, "ROLE") || accept(p, "QUOTA") || accept(p, "PROFILE") ||
           accept(p, "SETTINGS PROFILE") || accept(p, "ROW POLICY") || accept(p, "POLICY") ||
           accept(p, "NAMED COLLECTION");
}

static int parse_drop(struct parser *p, struct lc_stmt *s)
{
    if (take_access(p)) {
        s->class = LC_CLASS_DESTRUCTIVE;
        return 0;
    }
    s->object = take_object_kind(p, &s->kind, false);
    if (!s->object) {
        s->kind = LC_STMT_OTHER;
        s->object = "";
        return 0;
    }
    s->class = LC_CLASS_DESTRUCTIVE;
    s->conditional = accept(p, "IF EXISTS");
    return take_object(p, &s->database, &s->name);
}

static int parse_rename(struct parser *p, struct lc_stmt *s)
{
    int rc;

    s->kind = LC_STMT_RENAME;
    s->class = LC_CLASS_READERS;
    if (!accept(p, "TABLE") && !accept(p, "DICTIONARY") && !accept(p, "DATABASE"))
        return 0;
    s->object = "table";
    s->conditional = accept(p, "IF EXISTS");
    rc = take_object(p, &s->database, &s->name);
    if (rc == 0 && accept(p, "TO"))
        rc = take_object(p, &s->renamed_db, &s->renamed_to);
    return rc;
}

/* INSERT INTO [TABLE] t, DELETE FROM t, UPDATE t, TRUNCATE TABLE t, OPTIMIZE TABLE t. */
static int parse_simple(struct parser *p, struct lc_stmt *s, enum lc_stmt_kind kind,
                        enum lc_stmt_class class)
{
    s->kind = kind;
    s->class = class;
    s->object = "table";
    if (kind == LC_STMT_INSERT) {
        accept(p, "INTO");
        if (lc_tok_is(peek(p, 0), "FUNCTION"))
            return 0;
    } else if (kind == LC_STMT_DELETE) {
        accept(p, "FROM");
    }
    accept(p, "TABLE");
    s->conditional = accept(p, "IF EXISTS");
    s->mutates = kind == LC_STMT_DELETE || kind == LC_STMT_UPDATE;
    return take_object(p, &s->database, &s->name);
}

static int parse(struct parser *p, struct lc_stmt *s)
{
    static const char *const reads[] = {"SELECT",   "WITH", "SHOW",    "EXISTS",
                                        "DESCRIBE", "DESC", "EXPLAIN", NULL};

    while (accept(p, "EXECUTE AS"))
        skip(p); /* the user */
    if (is_any(peek(p, 0), reads)) {
        s->kind = LC_STMT_READ;
        s->class = LC_CLASS_READ;
        return 0;
    }
    if (accept(p, "REVOKE") || accept(p, "ALTER ROW POLICY") || accept(p, "ALTER POLICY") ||
        accept(p, "CREATE ROW POLICY") || accept(p, "CREATE POLICY")) {
        s->class = LC_CLASS_READERS;
        return 0;
    }
    if (accept(p, "ALTER"))
        return parse_alter(p, s);
    if (accept(p, "CREATE") || accept(p, "ATTACH"))
        return parse_create(p, s);
    if (lc_tok_is(peek(p, 0), "REPLACE") && !lc_tok_symbol(peek(p, 1), '(')) {
        skip(p);
        s->replaces = true;
        return parse_create(p, s);
    }
    if (accept(p, "DETACH")) {
        s->class = LC_CLASS_READERS;
        return 0;
    }
    if (accept(p, "SYSTEM DROP REPLICA")) {
        s->class = LC_CLASS_DESTRUCTIVE;
        return 0;
    }
    if (accept(p, "DROP"))
        return parse_drop(p, s);
    if (accept(p, "RENAME"))
        return parse_rename(p, s);
    if (accept(p, "EXCHANGE")) {
        s->kind = LC_STMT_RENAME;
        s->class = LC_CLASS_READERS;
        return 0;
    }
    if (accept(p, "INSERT"))
        return parse_simple(p, s, LC_STMT_INSERT, LC_CLASS_INSERT);
    if (accept(p, "DELETE"))
        return parse_simple(p, s, LC_STMT_DELETE, LC_CLASS_DESTRUCTIVE);
    if (accept(p, "UPDATE"))
        return parse_simple(p, s, LC_STMT_UPDATE, LC_CLASS_MUTATION);
    if (accept(p, "TRUNCATE"))
        return parse_simple(p, s, LC_STMT_TRUNCATE, LC_CLASS_DESTRUCTIVE);
    if (accept(p, "OPTIMIZE"))
        return parse_simple(p, s, LC_STMT_OPTIMIZE,
                            mentions(p, "DEDUPLICATE") || mentions(p, "CLEANUP")
                                ? LC_CLASS_DESTRUCTIVE
                                : LC_CLASS_OTHER);
    return 0;
}

/* All code tokens, LC_TOK_END last; to be freed. */
static struct lc_tok *tokens(const char *sql, size_t n, size_t *out_n, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(sql, n);
    struct lc_tok *v = NULL;
    size_t cap = 0;

    *out_n = 0;
    do {
        if (*out_n == cap) {
            struct lc_tok *grown;

            cap = cap ? cap * 2 : 64;
            grown = realloc(v, cap * sizeof *v);
            if (!grown) {
                lc_fail(err, LC_ERR_NOMEM, "no memory to read a statement");
                free(v);
                return NULL;
            }
            v = grown;
        }
        if (lc_lex_code(&lex, &v[*out_n], err)) {
            free(v);
            return NULL;
        }
    } while (v[(*out_n)++].kind != LC_TOK_END);
    return v;
}

/* A statement of which nothing is known yet. */
static int start(struct lc_stmt *s, struct parser *p)
{
    *s = (struct lc_stmt){.class = LC_CLASS_OTHER, .object = ""};
    s->database = strdup("");
    s->name = strdup("");
    s->renamed_db = strdup("");
    s->renamed_to = strdup("");
    return s->database && s->name && s->renamed_db && s->renamed_to ? 0 : no_memory(p);
}

/* Make an end of the first PARALLEL WITH; what is behind it, n 0 where there is none. */
static struct parser cut(struct parser *p, struct lc_tok *t)
{
    struct parser rest = {.err = p->err};

    for (size_t i = 0; i + 2 < p->n; i++) {
        if (!lc_tok_is(&t[i], "PARALLEL") || !lc_tok_is(&t[i + 1], "WITH"))
            continue;
        rest.t = t + i + 2;
        rest.n = p->n - i - 2;
        t[i].kind = LC_TOK_END;
        p->n = i + 1;
        break;
    }
    return rest;
}

/* A PARALLEL WITH B is as bad as the worst of them. */
static int parse_all(struct parser p, struct lc_tok *t, struct lc_stmt *s)
{
    struct parser rest = cut(&p, t);
    int rc = parse(&p, s);

    while (rc == 0 && rest.n) {
        struct lc_stmt second;

        p = rest;
        rest = cut(&p, t + (p.t - t));
        rc = start(&second, &p);
        if (rc == 0)
            rc = parse(&p, &second);
        if (rc == 0 && second.class > s->class)
            s->class = second.class;
        lc_stmt_release(&second);
    }
    return rc;
}

/* How much of an INSERT is read: its data is not ClickHouse SQL. */
#define INSERT_HEAD_BYTES 4096

int lc_stmt_parse(struct lc_stmt *out, const char *sql, size_t n, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(sql, n);
    struct lc_tok first, *t = NULL;
    struct lc_error local = LC_ERROR_INIT;
    struct parser p = {.err = err};
    int rc;

    rc = start(out, &p);
    if (rc == 0)
        rc = lc_lex_code(&lex, &first, err);
    if (rc)
        goto done;
    if (lc_tok_is(&first, "INSERT")) {
        /* Only as far as it lexes: enough for the table's name. */
        size_t head = n < INSERT_HEAD_BYTES ? n : INSERT_HEAD_BYTES;

        while (head > 0 && !(t = tokens(sql, head, &p.n, &local))) {
            head = local.code == LC_ERR_INPUT ? (size_t)local.byte : 0;
            local = LC_ERROR_INIT;
        }
    } else {
        t = tokens(sql, n, &p.n, err);
    }
    if (!t) {
        rc = err && err->code ? err->code : lc_fail(err, LC_ERR_NOMEM, "no memory");
        goto done;
    }
    p.t = t;
    rc = lc_tok_is(&first, "INSERT") ? parse(&p, out) : parse_all(p, t, out);
done:
    free(t);
    if (rc)
        lc_stmt_release(out);
    return rc;
}

void lc_stmt_release(struct lc_stmt *s)
{
    for (size_t i = 0; i < s->command_n; i++) {
        free(s->commands[i].column);
        free(s->commands[i].renamed_to);
    }
    free(s->commands);
    free(s->database);
    free(s->name);
    free(s->renamed_db);
    free(s->renamed_to);
    *s = (struct lc_stmt){.object = ""};
}

const char *lc_stmt_column_after(const struct lc_stmt *s, size_t i)
{
    const char *name = s->commands[i].column;

    for (size_t k = i + 1; k < s->command_n; k++) {
        const struct lc_stmt_command *c = &s->commands[k];

        if (strcmp(c->column, name) != 0)
            continue;
        if (c->kind == LC_STMT_DROP_COLUMN)
            return NULL;
        if (c->kind == LC_STMT_RENAME_COLUMN)
            name = c->renamed_to;
    }
    return name;
}

const char *lc_stmt_database(const struct lc_stmt *s, const char *otherwise)
{
    return *s->database ? s->database : otherwise;
}

const char *lc_class_name(enum lc_stmt_class class)
{
    switch (class) {
    case LC_CLASS_READ:
        return "reads only";
    case LC_CLASS_METADATA:
        return "metadata only";
    case LC_CLASS_MUTATION:
        return "mutation";
    case LC_CLASS_INSERT:
        return "insert";
    case LC_CLASS_OTHER:
        return "other";
    case LC_CLASS_READERS:
        return "breaks readers";
    case LC_CLASS_KEY:
        return "key rewrite";
    case LC_CLASS_DESTRUCTIVE:
        return "destructive";
    }
    return "other";
}
