/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sql/mutation_command.h"

#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>

/* --- MATERIALIZE COLUMN -------------------------------------------------------------------------- */

bool lc_materialize_command_read(struct lc_slice command, struct lc_materialize_command *out)
{
    struct lc_walk w = lc_walk_slice(command);

    *out = (struct lc_materialize_command){0};
    (void)lc_walk_accept_symbol(&w, '(');
    if (!lc_walk_accept(&w, "MATERIALIZE COLUMN") || !lc_walk_next(&w) || !lc_tok_is_name(&w.tok))
        return false;
    out->column = lc_tok_name(&w.tok);
    if (!out->column)
        return false;
    out->in_partition = lc_walk_accept(&w, "IN");
    if (lc_walk_accept(&w, "PARTITION ID") && lc_walk_next(&w) && w.tok.kind == LC_TOK_STRING)
        out->partition_id = lc_tok_name(&w.tok);
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

/*
 * How far an UPDATE is read. value and condition are bytes of the text; 0: not reached, since
 * neither can begin a command.
 */
struct reader {
    struct lc_slice text;
    struct lc_update_command *out;
    enum place place;
    struct lc_walk w;
    struct lc_buf column; /* the name that is being read, its parts with dots between */
    size_t value, condition;
};

static struct lc_slice between(struct lc_slice text, size_t from, size_t to)
{
    while (from < to && (text.p[from] == ' ' || text.p[from] == '\n' || text.p[from] == '\t'))
        from++;
    return (struct lc_slice){text.p + from, from < to ? to - from : 0};
}

/* A column's name may have several parts (a.b), which are collected anew. */
static void expect_column(struct reader *r)
{
    r->place = PLACE_COLUMN;
    lc_buf_reset(&r->column);
}

/* A part of a column's name, or the = after it. */
static int take_column(struct reader *r, struct lc_error *err)
{
    const struct lc_tok *tok = &r->w.tok;
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
    /* Only the first column's value is handed out: see lc_update_command. */
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
static bool take_word(struct reader *r)
{
    const struct lc_tok *tok = &r->w.tok;
    struct lc_update_command *u = r->out;

    if (r->place == PLACE_HEAD && lc_tok_is(tok, "UPDATE")) {
        expect_column(r);
    } else if (r->place == PLACE_VALUE && lc_tok_symbol(tok, ',')) {
        expect_column(r);
        u->several = true;
    } else if (r->place == PLACE_VALUE && lc_tok_is(tok, "PARTITION") &&
               lc_tok_is(&r->w.before, "IN")) {
        u->in_partition = true;
    } else if (r->place == PLACE_VALUE && lc_tok_is(tok, "WHERE") &&
               !lc_tok_symbol(&r->w.before, '=')) {
        r->place = PLACE_CONDITION;
        r->condition = tok->at + tok->n;
        u->value = between(r->text, r->value, tok->at);
    } else if (r->place == PLACE_CONDITION && lc_tok_is(tok, "SETTINGS")) {
        u->end = tok->at;
        return true;
    }
    return false;
}

/* After UPDATE t: is this the SET of a lightweight one, and no column of that name? */
static bool is_set(const struct reader *r)
{
    struct lc_tok next = lc_walk_peek(&r->w);

    return r->place == PLACE_COLUMN && r->column.n && !r->value && lc_tok_is(&r->w.tok, "SET") &&
           !lc_tok_symbol(&r->w.before, '.') && next.kind != LC_TOK_END &&
           !lc_tok_symbol(&next, '=');
}

int lc_update_command_read(struct lc_slice command, struct lc_update_command *out,
                           struct lc_error *err)
{
    struct reader r = {.text = command, .out = out, .w = lc_walk_slice(command)};
    int rc = 0;

    *out = (struct lc_update_command){.end = command.n};
    lc_buf_init(&r.column, (size_t)1 << 20);
    while (rc == 0 && lc_walk_next(&r.w)) {
        /* UPDATE t SET …: what was read as a column so far was the table. */
        if (is_set(&r))
            expect_column(&r);
        else if (r.place == PLACE_COLUMN)
            rc = take_column(&r, err);
        else if (r.w.depth == 0 && take_word(&r))
            break;
    }
    if (r.condition)
        out->where = between(command, r.condition, out->end);
    lc_buf_release(&r.column);
    return rc ? rc : lc_walk_error(&r.w, err);
}

void lc_update_command_release(struct lc_update_command *u)
{
    for (size_t i = 0; i < u->n; i++)
        free(u->columns[i]);
    *u = (struct lc_update_command){0};
}

bool lc_command_applies_patches(struct lc_slice command)
{
    struct lc_walk w = lc_walk_slice(command);

    (void)lc_walk_accept_symbol(&w, '(');
    return lc_walk_accept(&w, "APPLY PATCHES");
}
