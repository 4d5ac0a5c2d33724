/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of an ALTER are checked one by one, each on the columns as those before it leave them, as
 * the server does (tried on 26.7). Of a Nested column the members are columns: DROP, CLEAR and AFTER take
 * its own name for all of them, the other commands do not.
 */
#include "cli/column/alter_check.h"

#include "base/suggest.h"
#include "cli/column/column.h"
#include "cli/column/column_check.h"
#include "cli/column/declared_check.h"
#include "cli/column/names_check.h"
#include "cli/column/part_check.h"
#include "cli/column/role_check.h"
#include "cli/column/storage_check.h"
#include "cli/server/same_sql.h"
#include "cli/sql/expression.h"
#include "cli/sql/insert_target.h"
#include "cli/sql/mutation_command.h"
#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where a command is looked at. */
struct at {
    struct lc_backend *b;
    const struct lc_abilities *facts;
    const struct lc_stmt *stmt;
    const struct lc_table *t;      /* as the commands before it leave the table */
    const struct lc_table *before; /* as the whole statement finds it */
    size_t i;                      /* of the command */
    const struct lc_stmt_command *c;
    const struct lc_schema *s;
};

/* Of other engines system.columns need not list what a command may name. */
static bool is_engine_known(const struct lc_table *t)
{
    static const char *const engines[] = {"",    "Memory",  "Null",      "Buffer", "Distributed",
                                          "Log", "TinyLog", "StripeLog", NULL};

    for (size_t i = 0; engines[i]; i++)
        if (strcmp(t->engine, engines[i]) == 0)
            return true;
    return strstr(t->engine, "MergeTree") != NULL;
}

static int refuse_no_column(const struct lc_table *t, const char *name, const char *what,
                            struct lc_error *err)
{
    struct lc_suggest near = {0};

    for (size_t i = 0; i < t->n; i++)
        lc_suggest_offer(&near, name, t->v[i].name);
    lc_fail(err, LC_ERR_REFUSED, "%s: %s.%s has no column %s", what, t->database, t->name, name);
    if (near.best)
        lc_hint(err, "did you mean %s? Nothing was changed", near.best);
    else
        lc_hint(err, "is it spelled as in SHOW CREATE TABLE? Nothing was changed");
    return LC_ERR_REFUSED;
}

static int refuse_key(const struct at *a, const char *what, const char *hint, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "%s: a key of %s.%s, or its engine, is made of %s", what,
            a->t->database, a->t->name, a->c->column);
    lc_hint(err, "%s. Nothing was changed", hint);
    return LC_ERR_REFUSED;
}

static bool is_key(const struct at *a, const struct lc_table_column *c)
{
    return c && (c->role || (c->in_key && !a->t->rekeyed));
}

/* a, or n.a of a Nested column, malloc'ed; NULL: something else comes next, or there is no memory. */
static char *take_column(struct lc_walk *w)
{
    struct lc_buf name;
    bool whole;
    char *out;

    lc_buf_init(&name, 1 << 16);
    do {
        char *part = lc_walk_next(w) && lc_tok_is_name(&w->tok) ? lc_tok_name(&w->tok) : NULL;

        whole =
            part && (name.n == 0 || lc_buf_adds(&name, ".") == 0) && lc_buf_adds(&name, part) == 0;
        free(part);
    } while (whole && lc_walk_accept_symbol(w, '.'));
    out = whole ? lc_buf_detach(&name) : NULL;
    lc_buf_release(&name);
    return out;
}

/* The name behind AFTER at the end of ADD or MODIFY COLUMN, malloc'ed; NULL: there is none. */
static char *name_after(const struct lc_stmt_command *c)
{
    struct lc_walk w = lc_walk_slice(c->text), at = {0};
    char *name;

    while (lc_walk_next(&w))
        if (w.depth == 0 && lc_tok_is(&w.tok, "AFTER"))
            at = w;
    if (w.rc || !lc_tok_is(&at.tok, "AFTER"))
        return NULL;
    name = take_column(&at);
    if (name && lc_walk_at_end(&at))
        return name;
    free(name);
    return NULL;
}

static int check_after(const struct at *a, const char *what, struct lc_error *err)
{
    char *name = name_after(a->c);
    int rc = name && !lc_table_column_or_member(a->t, name)
                 ? refuse_no_column(a->t, name, what, err)
                 : 0;

    free(name);
    return rc;
}

static int check_add(const struct at *a, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column_or_member(a->t, a->c->column);
    int rc = c ? 0 : lc_type_check_family(a->b, a->c->type, err);

    if (!c)
        return rc ? rc : check_after(a, "ADD COLUMN … AFTER", err);
    if (a->c->conditional)
        return strcmp(c->name, a->c->column) == 0 && !a->s->any_kept
                   ? lc_column_check_kept(a->b, a->facts, a->stmt, a->i, c, err)
                   : 0;
    lc_fail(err, LC_ERR_REFUSED, "ADD COLUMN: %s.%s has the column %s already%s%s", a->t->database,
            a->t->name, c->name, *c->type ? ", of type " : "", c->type);
    lc_hint(err, "IF NOT EXISTS passes over one that is as it says; MODIFY COLUMN changes it. "
                 "Nothing was changed");
    return LC_ERR_REFUSED;
}

/* Does another command of the ALTER, before or behind this one, give the column another expression? */
static bool is_modified(const struct at *a, const char *column)
{
    for (size_t k = 0; k < a->stmt->command_n; k++) {
        const struct lc_stmt_command *c = &a->stmt->commands[k];

        if ((c->kind == LC_STMT_MODIFY_COLUMN || c->kind == LC_STMT_REMOVE_DEFAULT) &&
            strcmp(c->column, column) == 0)
            return true;
    }
    return false;
}

/*
 * A column whose expression reads the one that is dropped, and that is not dropped before it. One that
 * the same ALTER modifies is left to the server: versions differ.
 */
static const char *reader_of(const struct at *a)
{
    for (size_t i = 0; i < a->t->n; i++) {
        const struct lc_table_column *c = &a->t->v[i];
        size_t at, n;

        if (*c->expr && strcmp(c->name, a->c->column) != 0 && !is_modified(a, c->name) &&
            lc_table_column(a->before, c->name) &&
            lc_expr_find_column(c->expr, a->c->column, 0, &at, &n))
            return c->name;
    }
    return NULL;
}

/* Does the command give the column another type than it has before the ALTER? */
static int changes_type(const struct at *a, const struct lc_stmt_command *c, bool *changes,
                        struct lc_error *err)
{
    const struct lc_table_column *before = lc_table_column(a->before, c->column);
    struct lc_error why = LC_ERROR_INIT;
    char *name = NULL;
    int rc = 0;

    *changes =
        before && c->type.n && *before->type && !before->rewritten && before->stored &&
        (strlen(before->type) != c->type.n || memcmp(before->type, c->type.p, c->type.n) != 0);
    if (*changes)
        rc = lc_type_name(a->b, c->type, &name, &why);
    *changes = *changes && name && strcmp(name, before->type) != 0;
    free(name);
    return rc == 0 || rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
}

static bool updates(const struct lc_stmt_command *c, const char *column)
{
    struct lc_update_command u = {0};
    struct lc_error ignored = LC_ERROR_INIT;
    bool does = false;

    if (c->kind == LC_STMT_ALTER_UPDATE && lc_update_command_read(c->text, &u, &ignored) == 0)
        for (size_t i = 0; i < u.n; i++)
            does = does || strcmp(u.columns[i], column) == 0;
    lc_update_command_release(&u);
    return does;
}

/*
 * DROP or CLEAR of a column that a command before it, of the same ALTER, rewrites, clears or renames: newer
 * servers do the one and meet the other, or wait for it in vain (tried on 26.7).
 */
static int check_rewritten(const struct at *a, const char *what, struct lc_error *err)
{
    for (size_t k = 0; a->facts->udf_types && k < a->i; k++) {
        const struct lc_stmt_command *c = &a->stmt->commands[k];
        bool is = strcmp(c->column, a->c->column) == 0, both = false;
        int rc = 0;

        if (c->kind == LC_STMT_MODIFY_COLUMN && is)
            rc = changes_type(a, c, &both, err);
        else if (c->kind == LC_STMT_CLEAR_COLUMN || c->kind == LC_STMT_MATERIALIZE_COLUMN)
            both = is;
        else if (c->kind == LC_STMT_RENAME_COLUMN) /* one that this ALTER adds is stored nowhere */
            both = strcmp(c->renamed_to, a->c->column) == 0 &&
                   (a->c->kind == LC_STMT_CLEAR_COLUMN || lc_table_column(a->before, c->column));
        else
            both = a->c->kind == LC_STMT_DROP_COLUMN && updates(c, a->c->column);
        if (rc)
            return rc;
        if (!both)
            continue;
        lc_fail(err, LC_ERR_REFUSED,
                "%s: the same ALTER changes %s before, and the server does not do both", what,
                a->c->column);
        lc_hint(err, "write two statements. Nothing was changed");
        return LC_ERR_REFUSED;
    }
    return 0;
}

static int check_drop(const struct at *a, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(a->t, a->c->column);
    const char *what = a->c->kind == LC_STMT_DROP_COLUMN ? "DROP COLUMN" : "CLEAR COLUMN";
    int rc = check_rewritten(a, what, err);
    const char *reader = c && a->c->kind == LC_STMT_DROP_COLUMN ? reader_of(a) : NULL;

    if (rc)
        return rc;
    if (is_key(a, c))
        return refuse_key(a, what,
                          "a new table without it, filled by INSERT … SELECT, can take this one's "
                          "place",
                          err);
    if (!reader)
        return c && a->facts->udf_types && a->c->kind == LC_STMT_DROP_COLUMN
                   ? lc_part_check_column(a->b, a->t, a->stmt, c, false, err)
                   : 0;
    lc_fail(err, LC_ERR_REFUSED, "DROP COLUMN: %s of %s.%s is computed from %s", reader,
            a->t->database, a->t->name, c->name);
    lc_hint(err,
            "free it first, in an ALTER before: MODIFY COLUMN %s REMOVE …, or another expression",
            reader);
    return LC_ERR_REFUSED;
}

static int check_rename(const struct at *a, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(a->t, a->c->column);

    if (is_key(a, c))
        return refuse_key(a, "RENAME COLUMN", "an ALIAS column gives it a second name", err);
    for (size_t k = 0; c && a->facts->udf_types && k < a->i; k++)
        if (a->stmt->commands[k].kind == LC_STMT_RENAME_COLUMN &&
            strcmp(a->stmt->commands[k].renamed_to, c->name) == 0 &&
            !lc_table_column(a->before, c->name)) {
            lc_fail(err, LC_ERR_REFUSED, "RENAME COLUMN: the same ALTER renames another to %s",
                    c->name);
            lc_hint(err, "the server takes no two renames of one column in an ALTER: write two. "
                         "Nothing was changed");
            return LC_ERR_REFUSED;
        }
    if (!c || !lc_table_column_or_member(a->t, a->c->renamed_to))
        return c && a->facts->udf_types ? lc_part_check_column(a->b, a->t, a->stmt, c, true, err)
                                        : 0;
    lc_fail(err, LC_ERR_REFUSED, "RENAME COLUMN: %s.%s has a column %s already", a->t->database,
            a->t->name, a->c->renamed_to);
    lc_hint(err, "Nothing was changed");
    return LC_ERR_REFUSED;
}

/* One ALTER that modifies a column and renames it: newer servers take neither order of the two. */
static int check_only_change(const struct at *a, struct lc_error *err)
{
    const char *name = a->c->column;

    for (size_t k = 0; a->facts->udf_types && k < a->stmt->command_n; k++) {
        const struct lc_stmt_command *c = &a->stmt->commands[k];

        if (c->kind != LC_STMT_RENAME_COLUMN ||
            !(strcmp(c->column, name) == 0 ||
              (strcmp(c->renamed_to, name) == 0 &&
               (lc_table_column(a->before, c->column) || !a->c->conditional))))
            continue;
        lc_fail(
            err, LC_ERR_REFUSED,
            "MODIFY COLUMN: the same ALTER renames %s to %s, and the server does one of the two",
            c->column, c->renamed_to);
        lc_hint(err, "write two statements. Nothing was changed");
        return LC_ERR_REFUSED;
    }
    return 0;
}

/* Of these types a key takes no other: they are stored otherwise, or sorted otherwise. */
static bool is_plain_type(const char *type, size_t n)
{
    static const char *const types[] = {"String",  "UInt8",  "UInt16",  "UInt32",  "UInt64", "Int8",
                                        "Int16",   "Int32",  "Int64",   "UInt128", "Int128", "UUID",
                                        "UInt256", "Int256", "Float32", "Float64"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i]) == n && strncmp(types[i], type, n) == 0)
            return true;
    return false;
}

static int check_modify(const struct at *a, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(a->t, a->c->column);
    int rc = c && c->role ? lc_role_check(a->facts, a->t, c, a->c, err) : 0;

    if (rc)
        return rc;
    if (is_key(a, c) && !c->role && !c->rewritten && is_plain_type(c->type, strlen(c->type)) &&
        is_plain_type((const char *)a->c->type.p, a->c->type.n) &&
        (strlen(c->type) != a->c->type.n || memcmp(c->type, a->c->type.p, a->c->type.n) != 0))
        return refuse_key(a, "MODIFY COLUMN to another type",
                          "a new table with that type, filled by INSERT … SELECT, can take this "
                          "one's place",
                          err);
    rc = lc_type_check(a->b, a->t, c, a->c->type, err);
    if (rc == 0)
        rc = check_after(a, "MODIFY COLUMN … AFTER", err);
    return rc ? rc : check_only_change(a, err);
}

/* What REMOVE finds. Newer servers look at the table from before the ALTER, which may give an expression. */
static const char *kind_before(const struct at *a, const struct lc_table_column *c)
{
    const struct lc_table_column *was = lc_table_column(a->before, c->name);
    bool given = a->facts->udf_types && (was ? !*was->kind : !c->stored);

    return given ? "" : c->kind;
}

/* MODIFY COLUMN c REMOVE DEFAULT: it must have just that. */
static int check_remove(const struct at *a, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(a->t, a->c->column);
    struct lc_walk w = lc_walk_slice(a->c->text);
    struct lc_tok what = {0};
    const char *kind = "";
    int rc = c && c->role ? lc_role_check(a->facts, a->t, c, a->c, err) : 0;

    if (rc)
        return rc;
    while (lc_walk_next(&w))
        if (lc_tok_is(&w.before, "REMOVE"))
            what = w.tok;
    if (c)
        kind = kind_before(a, c);
    if (!c || !a->c->removes_default || what.kind != LC_TOK_WORD || lc_tok_is(&what, kind))
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "MODIFY COLUMN … REMOVE %.*s: the column %s of %s.%s has %s",
            (int)what.n, what.p, c->name, a->t->database, a->t->name,
            *kind ? kind : "no expression");
    lc_hint(err, "Nothing was changed");
    return LC_ERR_REFUSED;
}

/* What an UPDATE assigns. A name that begins with _ may be the server's own. */
static int check_assigned(const struct at *a, const char *name, const char *what,
                          struct lc_error *err)
{
    return *name == '_' || lc_table_column_or_member(a->t, name)
               ? 0
               : refuse_no_column(a->t, name, what, err);
}

/* Of MergeTree alone: an UPDATE moves no row, and stores nothing that is not stored. */
static int check_updated(const struct at *a, const char *name, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(a->t, name);
    bool computed = c && (strcmp(c->kind, "ALIAS") == 0 || strcmp(c->kind, "MATERIALIZED") == 0);

    if (!c || !strstr(a->t->engine, "MergeTree") || (!computed && !(c->in_key && is_key(a, c))))
        return check_assigned(a, name, "UPDATE", err);
    lc_fail(err, LC_ERR_REFUSED, "UPDATE: %s of %s.%s is %s", name, a->t->database, a->t->name,
            computed ? c->kind : "part of a key, or of its engine");
    lc_hint(err, "%s. Nothing was changed",
            computed ? "UPDATE what it is computed from"
                     : "INSERT the rows anew, and DELETE those that are there");
    return LC_ERR_REFUSED;
}

/* Then what a call is cannot be asked. Of older servers the other errors were not tried. */
static bool makes_functions(const struct at *a)
{
    return a->s->functions_n > 0 || a->s->rederives || !a->facts->udf_types;
}

static int check_expression(const struct at *a, struct lc_slice expr, struct lc_error *err)
{
    char *text = expr.n ? strndup((const char *)expr.p, expr.n) : NULL;
    int rc = text ? lc_names_check(a->b, a->t, text, makes_functions(a), err) : 0;

    free(text);
    return rc;
}

static int check_update(const struct at *a, struct lc_slice text, struct lc_error *err)
{
    struct lc_update_command u = {0};
    struct lc_error ignored = LC_ERROR_INIT;
    int rc = 0;

    if (lc_update_command_read(text, &u, &ignored) == 0) {
        for (size_t i = 0; rc == 0 && i < u.n; i++)
            rc = check_updated(a, u.columns[i], err);
        if (rc == 0)
            rc = check_expression(a, u.value, err);
        if (rc == 0)
            rc = check_expression(a, u.where, err);
    }
    lc_update_command_release(&u);
    return rc;
}

/* DELETE … WHERE condition, up to SETTINGS. */
static int check_delete(const struct at *a, struct lc_slice text, struct lc_error *err)
{
    struct lc_walk w = lc_walk_slice(text);
    struct lc_slice where = {0};

    while (lc_walk_next(&w)) {
        if (w.depth == 0 && !where.p && lc_tok_is(&w.tok, "WHERE"))
            where = lc_walk_rest(&w);
        if (w.depth == 0 && where.p && lc_tok_is(&w.tok, "SETTINGS"))
            where.n = (size_t)((const uint8_t *)w.tok.p - where.p);
    }
    return w.rc ? 0 : check_expression(a, where, err);
}

/* Commands around an expression over the columns: what comes before it, and what ends it. */
static const struct around {
    const char *words;
    bool named; /* [IF NOT EXISTS] name is between */
    enum around_what { OTHERWISE, A_TTL, A_CONSTRAINT } what;
    const char *ends[8];
} around[] = {
    {"ADD INDEX", true, OTHERWISE, {"TYPE", NULL}},
    {"ADD CONSTRAINT", true, A_CONSTRAINT, {NULL}},
    {"MODIFY TTL", false, A_TTL, {"DELETE", "TO", "WHERE", "GROUP", "SET", "RECOMPRESS", NULL}},
    {"MODIFY ORDER BY", false, OTHERWISE, {"SETTINGS", NULL}},
    {"MODIFY SAMPLE BY", false, OTHERWISE, {"SETTINGS", NULL}},
};

/* Does a command behind this one add a column? A constraint may name it, an index and a TTL may not. */
static bool adds_behind(const struct at *a)
{
    for (size_t k = a->i + 1; k < a->stmt->command_n; k++)
        if (a->stmt->commands[k].kind == LC_STMT_ADD_COLUMN)
            return true;
    return false;
}

/* The server looks for a constraint's columns, and not for its functions. */
static int check_around_text(const struct at *a, struct lc_slice expr, enum around_what what,
                             struct lc_error *err)
{
    char *text = expr.n ? strndup((const char *)expr.p, expr.n) : NULL;
    bool made = makes_functions(a) || what == A_CONSTRAINT;
    bool ttl = what == A_TTL && a->facts->udf_types;
    int rc = !text ? 0
             : ttl ? lc_names_check_ttl(a->b, a->t, text, made, err)
                   : lc_names_check(a->b, a->t, text, made, err);

    free(text);
    return rc;
}

static int check_around(const struct at *a, struct lc_error *err)
{
    int rc = lc_part_check_name(a->b, a->t, a->c, err);

    if (rc == 0 && a->facts->udf_types)
        rc = lc_storage_check_settings(a->b, a->t, a->c->text, err);
    for (size_t i = 0; rc == 0 && i < sizeof around / sizeof *around; i++) {
        struct lc_walk w = lc_walk_slice(a->c->text);
        struct lc_slice expr;

        if (!lc_walk_accept(&w, around[i].words))
            continue;
        if (around[i].named) {
            lc_walk_accept(&w, "IF NOT EXISTS");
            if (!lc_walk_next(&w))
                return 0;
            if ((lc_walk_accept(&w, "CHECK") || lc_walk_accept(&w, "ASSUME")) && adds_behind(a))
                return 0;
        }
        if (i == 0 && a->facts->udf_types)
            rc = lc_storage_check_index(a->b, lc_walk_rest(&w), err);
        expr = lc_walk_take_until(&w, around[i].ends);
        return rc ? rc : check_around_text(a, expr, around[i].what, err);
    }
    return rc;
}

/* What MATERIALIZE would overwrite, or store wrong. */
static int look_at_stored(const struct at *a, const struct lc_table_column *c, struct lc_error *err)
{
    const struct lc_column d = {.b = a->b,
                                .database = a->t->database,
                                .table = a->t->name,
                                .column = c->name,
                                .type = c->type,
                                .kind = c->kind,
                                .expr = c->expr,
                                .t = *a->t};

    return lc_column_check_materialize(&d, err);
}

static int check_materialize(const struct at *a, struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(a->t, a->c->column);

    /* cli/migrate/materialize.h says it of the others */
    if (a->facts->udf_types && !*c->kind && !lc_table_column(a->before, c->name)) {
        lc_fail(err, LC_ERR_REFUSED,
                "MATERIALIZE COLUMN %s: the column will have no DEFAULT then, and no MATERIALIZED "
                "expression",
                c->name);
        lc_hint(err, "give it one, or leave the command out. Nothing was changed");
        return LC_ERR_REFUSED;
    }
    return look_at_stored(a, c, err);
}

/* What a command does with a column that it needs. */
static const struct {
    enum lc_stmt_kind kind;
    const char *words;
    bool whole; /* the name of a Nested column stands for all its members */
    int (*check)(const struct at *a, struct lc_error *err); /* NULL: that it is there is enough */
} needs[] = {
    {LC_STMT_DROP_COLUMN, "DROP COLUMN", true, check_drop},
    {LC_STMT_CLEAR_COLUMN, "CLEAR COLUMN", true, check_drop},
    {LC_STMT_MODIFY_COLUMN, "MODIFY COLUMN", false, check_modify},
    {LC_STMT_REMOVE_DEFAULT, "MODIFY COLUMN", false, check_remove},
    {LC_STMT_RENAME_COLUMN, "RENAME COLUMN", false, check_rename},
    {LC_STMT_COMMENT_COLUMN, "COMMENT COLUMN", false, NULL},
    {LC_STMT_MATERIALIZE_COLUMN, "MATERIALIZE COLUMN", false, check_materialize},
};

static int check_command(const struct at *a, struct lc_error *err)
{
    if (a->c->kind == LC_STMT_ADD_COLUMN)
        return check_add(a, err);
    if (a->c->kind == LC_STMT_ALTER_UPDATE)
        return check_update(a, a->c->text, err);
    if (a->c->kind == LC_STMT_ALTER_DELETE)
        return check_delete(a, a->c->text, err);
    if (!*a->c->column)
        return check_around(a, err);
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        const struct lc_table_column *c = lc_table_column(a->t, a->c->column),
                                     *member = lc_table_column_or_member(a->t, a->c->column);

        if (needs[i].kind != a->c->kind)
            continue;
        if (c || (member && needs[i].whole))
            return needs[i].check ? needs[i].check(a, err) : 0;
        /* Members that the run makes may be one column: flatten_nested = 0. Older servers differ. */
        if (a->c->conditional || (member && (!member->stored || !a->facts->function_origin)))
            return 0;
        return refuse_no_column(a->t, a->c->column, needs[i].words, err);
    }
    return 0;
}

/* The TTL of a column that is added or modified: the column itself may be in it. */
static int check_column_ttl(const struct at *a, struct lc_error *err)
{
    if (!a->facts->udf_types || a->c->conditional ||
        (a->c->kind != LC_STMT_ADD_COLUMN && a->c->kind != LC_STMT_MODIFY_COLUMN))
        return 0;
    return lc_names_check_column_ttl(a->b, a->t, a->c->text, makes_functions(a), err);
}

static int check_alter(struct at *a, struct lc_error *err)
{
    struct lc_table after = {0};
    int rc = lc_table_copy(&after, a->before, err);

    a->t = &after;
    for (a->i = 0; rc == 0 && a->i < a->stmt->command_n && !after.hidden; a->i++) {
        struct lc_stmt one = *a->stmt;

        a->c = &a->stmt->commands[a->i];
        rc = check_command(a, err);
        one.commands += a->i;
        one.command_n = 1;
        if (rc == 0)
            rc = lc_table_apply(&after, &one, err);
        if (rc == 0)
            rc = check_column_ttl(a, err);
    }
    if (rc == 0 && a->facts->udf_types && !a->s->own_settings)
        rc =
            lc_declared_check(a->b, a->before, a->stmt, a->stmt->commands, a->stmt->command_n, err);
    lc_table_release(&after);
    return rc;
}

/*
 * The columns that an INSERT lists; a list with anything but names in it (* EXCEPT, a query in parentheses)
 * says nothing. With `err` each is looked for, else the list is only read.
 */
static int walk_list(const struct at *a, struct lc_walk w, bool look, bool *readable,
                     struct lc_error *err)
{
    int rc = 0;

    *readable = false;
    do {
        char *name = take_column(&w);

        if (!name)
            return 0;
        if (look)
            rc = check_assigned(a, name, "INSERT", err);
        free(name);
        if (rc)
            return rc;
    } while (lc_walk_accept_symbol(&w, ','));
    *readable = lc_walk_accept_symbol(&w, ')');
    return rc;
}

static int check_insert(const struct at *a, struct lc_error *err)
{
    struct lc_walk w = lc_walk_slice(a->stmt->text);
    char *database, *name;
    bool readable;
    int rc = 0;

    if (!lc_walk_accept(&w, "INSERT INTO"))
        return 0;
    lc_insert_take_target(&w, &database, &name);
    free(database);
    free(name);
    if (!lc_walk_accept_symbol(&w, '('))
        return 0;
    walk_list(a, w, false, &readable, err);
    if (readable)
        rc = walk_list(a, w, true, &readable, err);
    return rc;
}

int lc_alter_check(const struct lc_schema *s, const struct lc_abilities *facts,
                   const struct lc_table *t, const struct lc_stmt *stmt, struct lc_error *err)
{
    struct at a = {.b = s->b, .s = s, .facts = facts, .stmt = stmt, .t = t, .before = t};

    if (t->unclear || t->hidden || !is_engine_known(t))
        return 0;
    if (stmt->kind == LC_STMT_ALTER)
        return check_alter(&a, err);
    if (stmt->kind == LC_STMT_INSERT)
        return check_insert(&a, err);
    if (stmt->kind == LC_STMT_DELETE)
        return check_delete(&a, stmt->text, err);
    return stmt->kind == LC_STMT_UPDATE ? check_update(&a, stmt->text, err) : 0;
}
