/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of a statement's tokens. It looks ahead as far as it likes, since all tokens are
 * in memory, and never past LC_TOK_END, which a peek gives again and again.
 */
#include "cli/sql/parser.h"

#include <stdlib.h>
#include <string.h>

bool lc_tok_is_any(const struct lc_tok *t, const char *const *words)
{
    for (; *words; words++) {
        if (lc_tok_is(t, *words))
            return true;
    }
    return false;
}

const struct lc_tok *lc_parser_peek(const struct lc_parser *p, size_t ahead)
{
    size_t i = p->at + ahead;

    return &p->t[i < p->n ? i : p->n - 1];
}

bool lc_parser_at_end(const struct lc_parser *p)
{
    return lc_parser_peek(p, 0)->kind == LC_TOK_END;
}

void lc_parser_skip(struct lc_parser *p)
{
    if (!lc_parser_at_end(p))
        p->at++;
}

bool lc_parser_goes_on(const struct lc_parser *p, size_t *before)
{
    bool moved = *before != p->at;

    *before = p->at;
    return moved && !lc_parser_at_end(p);
}

/* All or none: p moves only where the last word has come too. */
bool lc_parser_accept(struct lc_parser *p, const char *words)
{
    size_t ahead = 0;

    while (*words) {
        if (!lc_tok_takes(lc_parser_peek(p, ahead), &words))
            return false;
        ahead++;
    }
    p->at += ahead;
    return true;
}

bool lc_parser_accept_symbol(struct lc_parser *p, char symbol)
{
    if (!lc_tok_symbol(lc_parser_peek(p, 0), symbol))
        return false;
    p->at++;
    return true;
}

int lc_parser_no_memory(struct lc_parser *p)
{
    lc_fail(p->err, LC_ERR_NOMEM, "no memory to read a statement");
    return LC_ERR_NOMEM;
}

/* Replace *to, which is malloc'ed, by the token's name. On failure *to is as it was. */
static int set_name(struct lc_parser *p, char **to, const struct lc_tok *t)
{
    char *name = lc_tok_name(t);

    if (!name)
        return lc_parser_no_memory(p);
    free(*to);
    *to = name;
    return 0;
}

int lc_parser_object(struct lc_parser *p, char **database, char **name)
{
    int rc;

    if (!lc_tok_is_name(lc_parser_peek(p, 0)))
        return 0;
    if (lc_tok_symbol(lc_parser_peek(p, 1), '.') && lc_tok_is_name(lc_parser_peek(p, 2))) {
        rc = set_name(p, database, lc_parser_peek(p, 0));
        if (rc)
            return rc;
        p->at += 2;
    }
    rc = set_name(p, name, lc_parser_peek(p, 0));
    p->at++;
    return rc;
}

int lc_parser_column(struct lc_parser *p, char **name)
{
    struct lc_buf b;
    int rc = 0;

    if (!lc_tok_is_name(lc_parser_peek(p, 0)))
        return 0;
    lc_buf_init(&b, (size_t)1 << 20);
    for (size_t before = SIZE_MAX; lc_parser_goes_on(p, &before);) {
        char *part = lc_tok_name(lc_parser_peek(p, 0));

        rc = part && !lc_buf_adds(&b, part) ? 0 : LC_ERR_NOMEM;
        free(part);
        p->at++;
        if (rc || !lc_tok_symbol(lc_parser_peek(p, 0), '.') ||
            !lc_tok_is_name(lc_parser_peek(p, 1)))
            break;
        rc = lc_buf_adds(&b, ".");
        if (rc)
            break;
        p->at++;
    }
    free(*name);
    *name = rc ? NULL : lc_buf_detach(&b);
    lc_buf_release(&b);
    return *name ? 0 : lc_parser_no_memory(p);
}

struct lc_slice lc_parser_text_since(const struct lc_parser *p, size_t first)
{
    const struct lc_tok *a = &p->t[first], *z;

    if (p->at == first)
        return (struct lc_slice){NULL, 0};
    z = &p->t[p->at - 1];
    return (struct lc_slice){(const uint8_t *)a->p, (size_t)(z->p + z->n - a->p)};
}

bool lc_tok_track(const struct lc_tok *t, unsigned *depth)
{
    if (lc_tok_opens(t))
        (*depth)++;
    else if (lc_tok_closes(t)) {
        if (*depth == 0)
            return false;
        (*depth)--;
    }
    return true;
}

struct lc_stmt_command *lc_parser_new_command(struct lc_stmt *s)
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

struct lc_stmt_table *lc_parser_new_table(struct lc_stmt *s)
{
    struct lc_stmt_table *v = realloc(s->tables, (s->table_n + 1) * sizeof *v);

    if (!v)
        return NULL;
    s->tables = v;
    v += s->table_n;
    *v = (struct lc_stmt_table){strdup(""), strdup(""), strdup(""), strdup("")};
    s->table_n++; /* as in lc_parser_new_command */
    return v->database && v->name && v->to_database && v->to ? v : NULL;
}

void lc_parser_cluster(struct lc_parser *p, struct lc_stmt *s)
{
    if (lc_parser_accept(p, "ON CLUSTER")) {
        const struct lc_tok *name = lc_parser_peek(p, 0);

        s->on_cluster = true;
        s->cluster = (struct lc_slice){(const uint8_t *)name->p, name->n};
        lc_parser_skip(p);
    }
}
