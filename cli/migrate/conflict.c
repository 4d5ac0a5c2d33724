/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/conflict.h"

#include "cli/sql/lexer.h"

#include <stdlib.h>
#include <string.h>

/*
 * Does it read rows or columns of tables that it need not name: by a view in a SELECT or behind IN,
 * by Merge? True also where it cannot be told.
 */
static bool reads_others(const struct lc_plan_stmt *s)
{
    struct lc_lexer lex = LC_LEXER(s->text->p, s->text->n);
    struct lc_tok tok, after;

    for (;;) {
        struct lc_lexer ahead;

        if (lc_lex_code(&lex, &tok, NULL))
            return true;
        if (tok.kind == LC_TOK_END)
            return false;
        if (lc_tok_is(&tok, "SELECT") || lc_tok_is(&tok, "MERGE"))
            return true;
        if (!lc_tok_is(&tok, "IN"))
            continue;
        ahead = lex;
        if (lc_lex_code(&ahead, &after, NULL) ||
            (!lc_tok_symbol(&after, '(') && !lc_tok_is(&after, "PARTITION")))
            return true;
    }
}

static bool is_simple(const struct lc_plan_stmt *s)
{
    const struct lc_stmt *p = &s->parsed;

    if (s->text->rederive || !*p->name || reads_others(s))
        return false;
    if (p->kind == LC_STMT_CREATE)
        return strcmp(p->object, "table") == 0 && !p->replaces;
    if (p->kind != LC_STMT_ALTER)
        return false;
    for (size_t i = 0; i < p->command_n; i++) {
        if (p->commands[i].kind == LC_STMT_ALTER_OTHER)
            return false;
    }
    return true;
}

static bool all_simple(const struct lc_plan_migration *m)
{
    for (unsigned i = m->first; i < m->stmt_n; i++) {
        if (!is_simple(&m->stmts[i]))
            return false;
    }
    return true;
}

/* True also where it cannot be told. */
static bool mentions(const struct lc_plan_stmt *s, const char *name)
{
    struct lc_lexer lex = LC_LEXER(s->text->p, s->text->n);
    struct lc_tok tok;

    for (;;) {
        char *word;
        bool same;

        if (lc_lex_code(&lex, &tok, NULL) || tok.kind == LC_TOK_HEREDOC)
            return true;
        if (tok.kind == LC_TOK_END)
            return false;
        if (tok.kind != LC_TOK_WORD && tok.kind != LC_TOK_QUOTED && tok.kind != LC_TOK_STRING)
            continue;
        word = lc_tok_name(&tok);
        /* A string may hold more than the name: 'database.table'. */
        same = !word ||
               (tok.kind == LC_TOK_STRING ? strstr(word, name) != NULL : strcmp(word, name) == 0);
        free(word);
        if (same)
            return true;
    }
}

/* Is a table of a's statements named in those of b? */
static bool meet(const struct lc_plan_migration *a, const struct lc_plan_migration *b)
{
    for (unsigned i = a->first; i < a->stmt_n; i++) {
        for (unsigned k = b->first; k < b->stmt_n; k++) {
            if (mentions(&b->stmts[k], a->stmts[i].parsed.name))
                return true;
        }
    }
    return false;
}

static bool requires(const struct lc_plan_migration *m, const struct lc_plan_migration *other)
{
    for (size_t i = 0; i < m->m->requires_n; i++) {
        if (m->m->requires[i] == other->m->version)
            return true;
    }
    return false;
}

bool lc_conflict_allowed(const struct lc_plan_migration *earlier,
                         const struct lc_plan_migration *later)
{
    return all_simple(earlier) && all_simple(later) && !requires(later, earlier) &&
           !meet(earlier, later) && !meet(later, earlier);
}
