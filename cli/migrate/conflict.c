/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By words alone, and on the safe side: a statement that is not fully understood conflicts with
 * everything.
 */
#include "cli/migrate/conflict.h"

#include "cli/sql/references.h"

#include <string.h>

static struct lc_slice text_of(const struct lc_plan_stmt *s)
{
    return (struct lc_slice){(const uint8_t *)s->text->p, s->text->n};
}

/* An ALTER or CREATE TABLE that names all it touches. */
static bool is_simple(const struct lc_plan_stmt *s)
{
    const struct lc_stmt *p = &s->parsed;

    if (s->text->rederive || !*p->name || lc_references_unnamed(text_of(s)))
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

/*
 * Is a table of a's statements named in those of b? The database is not compared: the same name
 * in two databases counts as one table.
 */
static bool meet(const struct lc_plan_migration *a, const struct lc_plan_migration *b)
{
    for (unsigned i = a->first; i < a->stmt_n; i++) {
        for (unsigned k = b->first; k < b->stmt_n; k++) {
            if (lc_references_name(text_of(&b->stmts[k]), a->stmts[i].parsed.name))
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
