/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sql/mutation_command.h"

#include "cli/sql/lexer.h"
#include "cli/sql/parser.h"

#include <stdlib.h>
#include <string.h>

static struct lc_lexer lexer_of(struct lc_slice command)
{
    return LC_LEXER((const char *)command.p, command.n);
}

static bool accept(struct lc_lexer *lex, const char *word)
{
    struct lc_lexer ahead = *lex;
    struct lc_tok tok;

    if (lc_lex_code(&ahead, &tok, NULL) || !lc_tok_is(&tok, word))
        return false;
    *lex = ahead;
    return true;
}

static void accept_parenthesis(struct lc_lexer *lex)
{
    struct lc_lexer ahead = *lex;
    struct lc_tok tok;

    if (lc_lex_code(&ahead, &tok, NULL) == 0 && lc_tok_symbol(&tok, '('))
        *lex = ahead;
}

/* --- MATERIALIZE COLUMN -------------------------------------------------------------------------- */

bool lc_materialize_command_read(struct lc_slice command, struct lc_materialize_command *out)
{
    struct lc_lexer lex = lexer_of(command);
    struct lc_tok tok;

    *out = (struct lc_materialize_command){0};
    accept_parenthesis(&lex);
    if (!accept(&lex, "MATERIALIZE") || !accept(&lex, "COLUMN") || lc_lex_code(&lex, &tok, NULL) ||
        !lc_tok_is_name(&tok))
        return false;
    out->column = lc_tok_name(&tok);
    if (!out->column)
        return false;
    out->in_partition = accept(&lex, "IN");
    if (out->in_partition && accept(&lex, "PARTITION") && accept(&lex, "ID") &&
        lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind == LC_TOK_STRING)
        out->partition_id = lc_tok_name(&tok);
    return true;
}

void lc_materialize_command_release(struct lc_materialize_command *m)
{
    free(m->column);
    free(m->partition_id);
    *m = (struct lc_materialize_command){0};
}

/* --- UPDATE -------------------------------------------------------------------------------------- */

/* Where in the command the reader is. */
enum place {
    PLACE_HEAD,   /* before UPDATE, or between it and a lightweight one's SET */
    PLACE_COLUMN, /* a column's name comes, then = */
    PLACE_VALUE,
    PLACE_CONDITION
};

struct reader {
    struct lc_slice text;
    struct lc_update_command *out;
    enum place place;
    unsigned depth;       /* of brackets that are open */
    struct lc_tok before; /* the token before */
    struct lc_buf column; /* the name that is being read, its parts with dots between */
    size_t value, condition;
};

static struct lc_slice between(struct lc_slice text, size_t from, size_t to)
{
    while (from < to && (text.p[from] == ' ' || text.p[from] == '\n' || text.p[from] == '\t'))
        from++;
    return (struct lc_slice){text.p + from, from < to ? to - from : 0};
}

static void expect_column(struct reader *r)
{
    r->place = PLACE_COLUMN;
    lc_buf_reset(&r->column);
}

/* A part of a column's name, or the = behind it. */
static int take_column(struct reader *r, const struct lc_tok *tok, struct lc_error *err)
{
    struct lc_update_command *u = r->out;
    char *part = NULL;
    int rc = 0;

    if (!lc_tok_symbol(tok, '=')) {
        part = lc_tok_is_name(tok) ? lc_tok_name(tok) : NULL;
        if (part || lc_tok_symbol(tok, '.'))
            rc = lc_buf_adds(&r->column, part ? part : ".");
        free(part);
        return rc ? lc_no_memory(err) : 0;
    }
    r->place = PLACE_VALUE;
    if (!r->value)
        r->value = tok->at + tok->n;
    if (u->n == LC_UPDATE_COLUMNS_MAX)
        return 0;
    u->columns[u->n] = strndup(r->column.n ? (const char *)r->column.p : "", r->column.n);
    if (!u->columns[u->n])
        return lc_no_memory(err);
    u->n++;
    return 0;
}

/* A token outside of brackets. True where the rest is of no matter. */
static bool take_word(struct reader *r, const struct lc_tok *tok)
{
    struct lc_update_command *u = r->out;

    if (r->place == PLACE_HEAD && lc_tok_is(tok, "UPDATE")) {
        expect_column(r);
    } else if (r->place == PLACE_VALUE && lc_tok_symbol(tok, ',')) {
        expect_column(r);
        u->several = true;
    } else if (r->place == PLACE_VALUE && lc_tok_is(tok, "PARTITION") &&
               lc_tok_is(&r->before, "IN")) {
        u->in_partition = true;
    } else if (r->place == PLACE_VALUE && lc_tok_is(tok, "WHERE") &&
               !lc_tok_symbol(&r->before, '=')) {
        r->place = PLACE_CONDITION;
        r->condition = tok->at + tok->n;
        u->value = between(r->text, r->value, tok->at);
    } else if (r->place == PLACE_CONDITION && lc_tok_is(tok, "SETTINGS")) {
        u->end = tok->at;
        return true;
    }
    return false;
}

/* Behind UPDATE t: is this the SET of a lightweight one, and no column of that name? */
static bool is_set(const struct reader *r, const struct lc_tok *tok, struct lc_lexer ahead)
{
    struct lc_tok next;

    return r->place == PLACE_COLUMN && r->column.n && !r->value && lc_tok_is(tok, "SET") &&
           !lc_tok_symbol(&r->before, '.') && lc_lex_code(&ahead, &next, NULL) == 0 &&
           !lc_tok_symbol(&next, '=');
}

int lc_update_command_read(struct lc_slice command, struct lc_update_command *out,
                           struct lc_error *err)
{
    struct lc_lexer lex = lexer_of(command);
    struct reader r = {.text = command, .out = out};
    struct lc_tok tok;
    int rc;

    *out = (struct lc_update_command){.end = command.n};
    lc_buf_init(&r.column, (size_t)1 << 20);
    while ((rc = lc_lex_code(&lex, &tok, err)) == 0 && tok.kind != LC_TOK_END) {
        bool inside = r.depth > 0;

        (void)lc_tok_track(&tok, &r.depth);
        if (is_set(&r, &tok, lex))
            expect_column(&r);
        else if (r.place == PLACE_COLUMN)
            rc = take_column(&r, &tok, err);
        else if (!inside && take_word(&r, &tok))
            break;
        if (rc)
            break;
        r.before = tok;
    }
    if (r.condition)
        out->where = between(command, r.condition, out->end);
    lc_buf_release(&r.column);
    return rc;
}

void lc_update_command_release(struct lc_update_command *u)
{
    for (size_t i = 0; i < u->n; i++)
        free(u->columns[i]);
    *u = (struct lc_update_command){0};
}

bool lc_command_applies_patches(struct lc_slice command)
{
    struct lc_lexer lex = lexer_of(command);

    accept_parenthesis(&lex);
    return accept(&lex, "APPLY") && accept(&lex, "PATCHES");
}
