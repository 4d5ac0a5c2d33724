/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements of a CREATE TABLE are told apart by commas at depth 1 and by their first word. Only
 * what may hold an expression is handed over: an index, a projection, a constraint, a TTL.
 */
#include "cli/sql/create_parts.h"

#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>

/* Whom the parts are handed to. */
struct reader {
    int (*take)(void *ctx, const struct lc_create_part *part);
    void *ctx;
};

/* After a column's name: past its TTL, outside of parentheses. False: it has none. */
static bool find_ttl(struct lc_walk *w)
{
    while (lc_walk_next(w))
        if (w->depth == 0 && lc_tok_is(&w->tok, "TTL"))
            return true;
    return false;
}

/* One element between the commas of CREATE TABLE (…). */
static int take_element(const struct reader *r, const char *text, size_t n)
{
    static const char *const words[] = {[LC_CREATE_INDEX] = "INDEX",
                                        [LC_CREATE_PROJECTION] = "PROJECTION",
                                        [LC_CREATE_CONSTRAINT] = "CONSTRAINT"};
    struct lc_create_part part = {.kind = LC_CREATE_COLUMN_TTL};
    struct lc_walk w = lc_walk(text, n);
    struct lc_tok name;
    int rc;

    if (!lc_walk_next(&w))
        return 0;
    name = w.tok;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (lc_tok_is(&name, words[i]))
            part.kind = (enum lc_create_part_kind)i;
    /* A column is of interest only with a TTL; the others have their name after the first word. */
    if (part.kind == LC_CREATE_COLUMN_TTL ? !find_ttl(&w) : !lc_walk_next(&w))
        return 0;
    part.name = lc_tok_name(part.kind == LC_CREATE_COLUMN_TTL ? &name : &w.tok);
    part.text = lc_walk_rest(&w);
    rc = part.name ? r->take(r->ctx, &part) : LC_ERR_NOMEM;
    free(part.name);
    return rc;
}

/* After the elements: the table's own TTL, if any. */
static int take_rest(const struct reader *r, struct lc_walk *w)
{
    struct lc_create_part part = {.kind = LC_CREATE_TABLE_TTL};

    if (!find_ttl(w))
        return 0;
    part.text = lc_walk_rest(w);
    return r->take(r->ctx, &part);
}

int lc_create_parts(const char *sql, int (*take)(void *ctx, const struct lc_create_part *part),
                    void *ctx)
{
    const struct reader r = {take, ctx};
    struct lc_walk w = lc_walk_text(sql);
    const char *from = NULL; /* where the element begins */
    int rc = 0;

    while (rc == 0 && lc_walk_next(&w)) {
        bool ends = w.depth == 0 && lc_tok_symbol(&w.tok, ')');

        if (from && (ends || (w.depth == 1 && lc_tok_symbol(&w.tok, ','))))
            rc = take_element(&r, from, (size_t)(w.tok.p - from));
        else if (w.depth > 0 || !lc_tok_symbol(&w.tok, '('))
            continue;
        from = (const char *)lc_walk_rest(&w).p;
        if (ends)
            return rc ? rc : take_rest(&r, &w);
    }
    return rc;
}

bool lc_part_command_read(struct lc_slice command, struct lc_part_command *out)
{
    static const struct {
        const char *words;
        enum lc_create_part_kind kind;
        bool drops, named;
    } verbs[] = {{"ADD INDEX", LC_CREATE_INDEX, false, true},
                 {"ADD PROJECTION", LC_CREATE_PROJECTION, false, true},
                 {"ADD CONSTRAINT", LC_CREATE_CONSTRAINT, false, true},
                 {"DROP INDEX", LC_CREATE_INDEX, true, true},
                 {"DROP PROJECTION", LC_CREATE_PROJECTION, true, true},
                 {"DROP CONSTRAINT", LC_CREATE_CONSTRAINT, true, true},
                 {"MODIFY TTL", LC_CREATE_TABLE_TTL, false, false},
                 {"REMOVE TTL", LC_CREATE_TABLE_TTL, true, false}};
    struct lc_walk w = lc_walk_slice(command);

    *out = (struct lc_part_command){0};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!lc_walk_accept(&w, verbs[i].words))
            continue;
        out->kind = verbs[i].kind;
        out->drops = verbs[i].drops;
        out->conditional = lc_walk_accept(&w, "IF NOT EXISTS") || lc_walk_accept(&w, "IF EXISTS");
        if (verbs[i].named)
            out->name = lc_walk_next(&w) ? lc_tok_name(&w.tok) : NULL;
        out->text = lc_walk_rest(&w);
        return out->name || !verbs[i].named;
    }
    return false;
}

void lc_part_command_release(struct lc_part_command *c)
{
    free(c->name);
    *c = (struct lc_part_command){0};
}

size_t lc_create_engine_names(const char *sql, const char *engine, char **names, size_t most)
{
    struct lc_walk w = lc_walk_text(sql);
    size_t n = 0;

    while (lc_walk_next(&w) && !lc_tok_is(&w.tok, engine))
        ;
    if (!lc_walk_accept_symbol(&w, '('))
        return 0;
    while (n < most && lc_walk_next(&w) && !lc_tok_symbol(&w.tok, ')')) {
        if (!lc_tok_is_name(&w.tok))
            continue;
        names[n] = lc_tok_name(&w.tok);
        if (!names[n])
            break;
        n++;
    }
    return n;
}

/*
 * Depth 1 is within the engine's own parentheses: an argument such as cityHash64(a, b) has
 * commas that do not count.
 */
char *lc_engine_argument(const char *engine, size_t i)
{
    struct lc_walk w = lc_walk_text(engine);
    size_t at = 0;

    while (lc_walk_next(&w) && !lc_tok_symbol(&w.tok, '('))
        ;
    while (lc_walk_next(&w) && w.depth > 0) {
        if (w.depth == 1 && lc_tok_symbol(&w.tok, ','))
            at++;
        else if (at == i)
            return lc_tok_name(&w.tok);
    }
    return NULL;
}
