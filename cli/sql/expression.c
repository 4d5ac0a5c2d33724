#include "cli/sql/expression.h"

#include "cli/sql/lexer.h"

char *lc_expr_function(struct lc_slice expr, size_t *at)
{
    struct lc_lexer lex = LC_LEXER((const char *)expr.p, expr.n);
    struct lc_tok tok, before = {0};

    lex.pos = *at;
    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        bool name = before.kind == LC_TOK_WORD || before.kind == LC_TOK_QUOTED;

        if (name && lc_tok_symbol(&tok, '(') && !lc_tok_is(&before, "IN") &&
            !lc_tok_is(&before, "AND") && !lc_tok_is(&before, "OR") && !lc_tok_is(&before, "NOT")) {
            *at = lex.pos;
            return lc_tok_name(&before);
        }
        before = tok;
    }
    *at = expr.n;
    return NULL;
}
