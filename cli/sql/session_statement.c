/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sql/session_statement.h"

#include "cli/sql/lexer.h"
#include "cli/sql/parser.h"

static struct lc_lexer lexer_of(struct lc_slice sql)
{
    return LC_LEXER((const char *)sql.p, sql.n);
}

bool lc_session_is_set(struct lc_slice sql, struct lc_slice *assignments)
{
    struct lc_lexer lex = lexer_of(sql);
    struct lc_tok tok, name;

    if (lc_lex_code(&lex, &tok, NULL) || !lc_tok_is(&tok, "SET"))
        return false;
    if (lc_lex_code(&lex, &name, NULL) || lc_lex_code(&lex, &tok, NULL))
        return false;
    *assignments = (struct lc_slice){(const uint8_t *)name.p, sql.n - name.at};
    return lc_tok_symbol(&tok, '=');
}

/*
 * Behind CREATE: the words that a view is created with, up to its SELECT. Is POPULATE one of them, and
 * no name? A name is behind VIEW, EXISTS, TO, a dot or a comma; the word is right before AS.
 */
static bool populates(struct lc_lexer lex, struct lc_tok *word)
{
    static const char *const before_names[] = {"BY", "VIEW", "EXISTS", "TO", NULL};
    struct lc_tok tok, before = {0}, next;
    unsigned depth = 0;
    bool view = false;

    for (; lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END; before = tok) {
        struct lc_lexer ahead = lex;

        if (lc_tok_symbol(&tok, '('))
            depth++;
        else if (lc_tok_symbol(&tok, ')') && depth > 0)
            depth--;
        if (depth > 0)
            continue;
        if (lc_tok_is(&tok, "AS"))
            return false;
        view = view || lc_tok_is(&tok, "MATERIALIZED");
        if (!view || !lc_tok_is(&tok, "POPULATE") || lc_lex_code(&ahead, &next, NULL))
            continue;
        if ((lc_tok_is(&next, "AS") || lc_tok_is(&next, "COMMENT")) &&
            !lc_tok_is_any(&before, before_names) && !lc_tok_symbol(&before, '.') &&
            !lc_tok_symbol(&before, ',')) {
            *word = tok;
            return true;
        }
    }
    return false;
}

static bool creates_temporary(struct lc_lexer lex)
{
    struct lc_tok tok;

    for (int i = 0; i < 3; i++) {
        if (lc_lex_code(&lex, &tok, NULL))
            return false;
        if (lc_tok_is(&tok, "TEMPORARY"))
            return true;
        if (!lc_tok_is(&tok, "OR") && !lc_tok_is(&tok, "REPLACE"))
            return false;
    }
    return false;
}

/* SET DEFAULT ROLE … TO is kept by the server; any other SET is the session's. */
static bool sets_session(struct lc_lexer lex)
{
    struct lc_tok tok;

    return lc_lex_code(&lex, &tok, NULL) != 0 || !lc_tok_is(&tok, "DEFAULT");
}

static bool next_is(struct lc_lexer lex, const char *word)
{
    struct lc_tok tok;

    return lc_lex_code(&lex, &tok, NULL) == 0 && lc_tok_is(&tok, word);
}

/* EXECUTE AS user, and no statement: that of the session's later ones. */
static bool only_changes_user(struct lc_lexer lex)
{
    struct lc_tok tok;
    size_t n = 0;

    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END)
        n++;
    return n <= 2;
}

/* *word is the statement's first, and becomes the one that is meant; lex is behind it. */
static enum lc_session_loss loss_of(struct lc_lexer lex, struct lc_tok *word)
{
    static const char *const transaction[] = {"BEGIN", "COMMIT", "ROLLBACK", NULL};

    if (lc_tok_is(word, "USE"))
        return LC_SESSION_LOSES_USE;
    if (lc_tok_is(word, "SET"))
        return sets_session(lex) ? LC_SESSION_LOSES_SET : LC_SESSION_LOSES_NOTHING;
    if (lc_tok_is_any(word, transaction) ||
        (lc_tok_is(word, "START") && next_is(lex, "TRANSACTION")))
        return LC_SESSION_LOSES_TRANSACTION;
    if (lc_tok_is(word, "EXECUTE"))
        return only_changes_user(lex) ? LC_SESSION_LOSES_USER : LC_SESSION_LOSES_NOTHING;
    if (!lc_tok_is(word, "CREATE"))
        return LC_SESSION_LOSES_NOTHING;
    if (creates_temporary(lex))
        return LC_SESSION_LOSES_TABLE;
    return populates(lex, word) ? LC_SESSION_LOSES_ROWS : LC_SESSION_LOSES_NOTHING;
}

enum lc_session_loss lc_session_loss_of(struct lc_slice sql, struct lc_slice *word, uint64_t *line)
{
    struct lc_lexer lex = lexer_of(sql);
    struct lc_tok tok;
    enum lc_session_loss loss;

    if (lc_lex_code(&lex, &tok, NULL))
        return LC_SESSION_LOSES_NOTHING;
    loss = loss_of(lex, &tok);
    *word = (struct lc_slice){(const uint8_t *)tok.p, tok.n};
    *line = tok.line;
    return loss;
}
