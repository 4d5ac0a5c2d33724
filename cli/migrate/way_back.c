/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a comment says is a guess; what the statements behind it do is not. So a sentence is taken for a mark
 * only where they drop something, and where it is a mere word in it, only what the file itself has made.
 */
#include "cli/migrate/way_back.h"

#include "cli/sql/statement.h"
#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>

/* One comment, and the statements of its section: those from..at are above it, those at..to behind. */
struct place {
    const struct lc_split *script;
    const char *text;
    size_t from, at, to; /* of pieces */
    bool down, up;       /* in which section that is marked */
};

static bool is_section(const struct lc_piece *p)
{
    return p->kind == LC_PIECE_UP || p->kind == LC_PIECE_DOWN;
}

static struct place place_of(const struct lc_split *script, const char *text, size_t at)
{
    struct place p = {.script = script, .text = text};

    while (p.at < script->n && script->v[p.at].at + script->v[p.at].n <= at) {
        if (is_section(&script->v[p.at])) {
            p.down = script->v[p.at].kind == LC_PIECE_DOWN;
            p.up = !p.down;
            p.from = p.at;
        }
        p.at++;
    }
    for (p.to = p.at; p.to < script->n && !is_section(&script->v[p.to]); p.to++)
        ;
    return p;
}

static bool has_statement(const struct place *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (p->script->v[i].kind == LC_PIECE_STATEMENT)
            return true;
    }
    return false;
}

/* The next statement from *i on, read into *s, to be released. False: there is none, or it cannot be read. */
static bool read_next(const struct place *p, size_t *i, size_t to, struct lc_stmt *s)
{
    while (*i < to && p->script->v[*i].kind != LC_PIECE_STATEMENT)
        ++*i;
    if (*i == to)
        return false;
    *s = (struct lc_stmt){.object = ""};
    ++*i;
    return lc_stmt_parse(s, p->text + p->script->v[*i - 1].at, p->script->v[*i - 1].n, NULL) == 0;
}

static bool begins(struct lc_slice command, const char *words)
{
    struct lc_walk w = lc_walk_slice(command);

    return lc_walk_accept(&w, words);
}

static bool removes(const struct lc_stmt_command *c)
{
    return c->kind == LC_STMT_REMOVE_DEFAULT || c->kind == LC_STMT_ALTER_DELETE ||
           begins(c->text, "DROP");
}

static bool drops(const struct lc_stmt *s)
{
    bool all = s->kind == LC_STMT_ALTER && s->command_n > 0;

    for (size_t i = 0; all && i < s->command_n; i++)
        all = removes(&s->commands[i]) && s->commands[i].kind != LC_STMT_ALTER_DELETE;
    return all || s->kind == LC_STMT_DROP || s->kind == LC_STMT_DROP_DATABASE ||
           s->kind == LC_STMT_DROP_FUNCTION;
}

static bool is_same(const char *a, const char *a_name, const char *b, const char *b_name)
{
    return strcmp(a_name, b_name) == 0 && (!*a || !*b || strcmp(a, b) == 0);
}

/* Has the ALTER, or CREATE, added what the command drops? */
static bool adds(const struct lc_stmt *made, const struct lc_stmt_command *c)
{
    for (size_t i = 0; i < made->command_n; i++) {
        const struct lc_stmt_command *m = &made->commands[i];

        if (made->kind == LC_STMT_CREATE || c->kind != LC_STMT_DROP_COLUMN
                ? made->kind == LC_STMT_CREATE || begins(m->text, "ADD")
                : m->kind == LC_STMT_ADD_COLUMN && strcmp(m->column, c->column) == 0)
            return true;
    }
    return made->kind == LC_STMT_CREATE;
}

/* Does the later statement, or its part `i`, take back what the earlier one has made? */
static bool takes_back(const struct lc_stmt *s, size_t i, const struct lc_stmt *made)
{
    bool same = is_same(s->database, s->name, made->database, made->name);

    switch (s->kind) {
    case LC_STMT_DROP:
        return made->kind == LC_STMT_CREATE &&
               is_same(s->tables[i].database, s->tables[i].name, made->database, made->name);
    case LC_STMT_DROP_DATABASE:
        return made->kind == LC_STMT_CREATE_DATABASE && strcmp(s->name, made->name) == 0;
    case LC_STMT_DROP_FUNCTION:
        return made->kind == LC_STMT_CREATE_FUNCTION && strcmp(s->name, made->name) == 0;
    case LC_STMT_ALTER:
        return same && removes(&s->commands[i]) &&
               (made->kind == LC_STMT_ALTER || made->kind == LC_STMT_CREATE) &&
               adds(made, &s->commands[i]);
    case LC_STMT_TRUNCATE:
    case LC_STMT_DELETE:
        return same && (made->kind == LC_STMT_INSERT || made->kind == LC_STMT_CREATE);
    default:
        return false;
    }
}

static bool is_made_above(const struct place *p, const struct lc_stmt *s)
{
    size_t parts = s->kind == LC_STMT_DROP    ? s->table_n
                   : s->kind == LC_STMT_ALTER ? s->command_n
                                              : 1;

    for (size_t part = 0; part < parts; part++) {
        bool made = false;
        struct lc_stmt above;

        for (size_t i = p->from; !made && read_next(p, &i, p->at, &above);) {
            made = takes_back(s, part, &above);
            lc_stmt_release(&above);
        }
        if (!made)
            return false;
    }
    return parts > 0;
}

/* Does a statement behind it drop or empty the table? */
static bool is_emptied(const struct place *p, const char *database, const char *name)
{
    bool emptied = false;
    struct lc_stmt s;

    for (size_t i = p->at; !emptied && read_next(p, &i, p->to, &s); lc_stmt_release(&s)) {
        emptied = is_same(s.database, s.name, database, name);
        for (size_t t = 0; t < s.table_n; t++)
            emptied = emptied || is_same(s.tables[t].database, s.tables[t].name, database, name);
    }
    return emptied;
}

/* Does a statement above it move tables, or put rows where nothing behind it takes them away? */
static bool is_lasting_above(const struct place *p)
{
    bool lasting = false;
    struct lc_stmt s;

    for (size_t i = p->from; !lasting && read_next(p, &i, p->at, &s); lc_stmt_release(&s))
        lasting = s.kind == LC_STMT_RENAME ||
                  (s.kind == LC_STMT_INSERT && !is_emptied(p, s.database, s.name));
    return lasting;
}

/* Does each statement behind it take something away: made above, or (any) whatever it drops? */
static bool is_taken_back(const struct place *p, bool any)
{
    bool all = any || !is_lasting_above(p);
    struct lc_stmt s;

    for (size_t i = p->at; all && has_statement(p, i, p->to);) {
        all = read_next(p, &i, p->to, &s);
        if (!all)
            break;
        all = (any && drops(&s)) || is_made_above(p, &s);
        lc_stmt_release(&s);
    }
    return all;
}

static bool counts(const struct lc_split *script, const char *text, const struct lc_near_mark *near)
{
    struct place p = place_of(script, text, near->at);

    if ((near->up ? p.up : p.down) || !has_statement(&p, p.at, p.to))
        return false;
    if (near->kind == LC_NEAR_BARE)
        return true;
    return has_statement(&p, p.from, p.at) &&
           (near->kind == LC_NEAR_SIGN || is_taken_back(&p, near->kind == LC_NEAR_HEAD));
}

const struct lc_near_mark *lc_way_back_find(const struct lc_split *script, const char *text,
                                            bool whole)
{
    const struct lc_near_mark *first = NULL;

    for (size_t i = 0; i < script->near_n; i++) {
        if (script->near[i].kind == LC_NEAR_TOOL)
            return &script->near[i];
    }
    for (size_t i = 0; whole && !first && i < script->near_n; i++) {
        if (counts(script, text, &script->near[i]))
            first = &script->near[i];
    }
    return first;
}
