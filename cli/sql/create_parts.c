/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sql/create_parts.h"

#include "cli/sql/lexer.h"
#include "cli/sql/parser.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    int (*take)(void *ctx, const struct lc_create_part *part);
    void *ctx;
};

/* Behind a column's name: past its TTL, outside of parentheses. False: it has none. */
static bool find_ttl(struct lc_lexer *lex)
{
    struct lc_tok tok;
    unsigned depth = 0;

    for (;;) {
        if (lc_lex_code(lex, &tok, NULL) || tok.kind == LC_TOK_END)
            return false;
        if (depth == 0 && lc_tok_is(&tok, "TTL"))
            return true;
        depth += lc_tok_symbol(&tok, '(');
        depth -= lc_tok_symbol(&tok, ')') && depth;
    }
}

/* One element between the commas of CREATE TABLE (…). */
static int take_element(const struct reader *r, const char *text, size_t n)
{
    static const char *const words[] = {[LC_CREATE_INDEX] = "INDEX",
                                        [LC_CREATE_PROJECTION] = "PROJECTION",
                                        [LC_CREATE_CONSTRAINT] = "CONSTRAINT"};
    struct lc_create_part part = {.kind = LC_CREATE_COLUMN_TTL};
    struct lc_lexer lex = LC_LEXER(text, n);
    struct lc_tok name;
    int rc;

    if (lc_lex_code(&lex, &name, NULL))
        return 0;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (lc_tok_is(&name, words[i]))
            part.kind = (enum lc_create_part_kind)i;
    if (part.kind == LC_CREATE_COLUMN_TTL ? !find_ttl(&lex) : lc_lex_code(&lex, &name, NULL) != 0)
        return 0;
    part.name = lc_tok_name(&name);
    part.text = (struct lc_slice){(const uint8_t *)text + lex.pos, n - lex.pos};
    rc = part.name ? r->take(r->ctx, &part) : LC_ERR_NOMEM;
    free(part.name);
    return rc;
}

/* Behind the elements: the table's own TTL, if any. */
static int take_rest(const struct reader *r, struct lc_lexer *lex)
{
    struct lc_create_part part = {.kind = LC_CREATE_TABLE_TTL};
    struct lc_tok tok;

    while (lc_lex_code(lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (lc_tok_is(&tok, "TTL")) {
            part.text = (struct lc_slice){(const uint8_t *)lex->text + lex->pos, lex->n - lex->pos};
            return r->take(r->ctx, &part);
        }
    }
    return 0;
}

int lc_create_parts(const char *sql, int (*take)(void *ctx, const struct lc_create_part *part),
                    void *ctx)
{
    const struct reader r = {take, ctx};
    struct lc_lexer lex = LC_LEXER(sql, strlen(sql));
    struct lc_tok tok;
    size_t from = 0; /* where the element begins */
    unsigned depth = 0;
    int rc = 0;

    while (rc == 0 && lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        bool ends = lc_tok_symbol(&tok, ')');

        if (lc_tok_symbol(&tok, '(') && depth++ == 0)
            from = lex.pos;
        if (depth == 1 && (ends || lc_tok_symbol(&tok, ','))) {
            rc = take_element(&r, sql + from, tok.at - from);
            from = lex.pos;
        }
        if (ends && depth && --depth == 0)
            return rc ? rc : take_rest(&r, &lex);
    }
    return rc;
}

size_t lc_create_engine_names(const char *sql, const char *engine, char **names, size_t most)
{
    struct lc_lexer lex = LC_LEXER(sql, strlen(sql));
    struct lc_tok tok;
    bool inside = false;
    unsigned depth = 0;
    size_t n = 0;

    while (n < most && lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (!inside) {
            inside = lc_tok_is(&tok, engine);
            continue;
        }
        depth += lc_tok_symbol(&tok, '(');
        if (depth == 0 || lc_tok_symbol(&tok, ')'))
            break;
        if (!lc_tok_is_name(&tok))
            continue;
        names[n] = lc_tok_name(&tok);
        if (!names[n])
            break;
        n++;
    }
    return n;
}

char *lc_engine_argument(const char *engine, size_t i)
{
    struct lc_lexer lex = LC_LEXER(engine, strlen(engine));
    struct lc_tok tok = {0};
    unsigned depth = 0;
    size_t at = 0;

    while (!lc_tok_symbol(&tok, '('))
        if (lc_lex_code(&lex, &tok, NULL) || tok.kind == LC_TOK_END)
            return NULL;
    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        if (depth == 0 && lc_tok_symbol(&tok, ')'))
            return NULL;
        if (depth == 0 && lc_tok_symbol(&tok, ','))
            at++;
        else if (at == i)
            return lc_tok_name(&tok);
        depth += lc_tok_symbol(&tok, '(');
        depth -= depth && lc_tok_symbol(&tok, ')');
    }
    return NULL;
}
