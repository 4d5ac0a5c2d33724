/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By the first words alone. Each statement of a migration goes in a request of its own: what
 * one does to its session is gone when the next one comes.
 */
#include "cli/sql/session_statement.h"

#include "cli/sql/parser.h"
#include "cli/sql/walk.h"

bool lc_session_is_set(struct lc_slice sql, struct lc_slice *assignments)
{
    struct lc_walk w = lc_walk_slice(sql);

    if (!lc_walk_accept(&w, "SET") || !lc_walk_next(&w) || !lc_tok_is_name(&w.tok))
        return false;
    *assignments = (struct lc_slice){(const uint8_t *)w.tok.p, sql.n - w.tok.at};
    return lc_walk_at_end(&w) || lc_walk_accept_symbol(&w, '=') || lc_walk_accept_symbol(&w, ',');
}

/*
 * w is at CREATE: does POPULATE come among the words before the view's SELECT, as a word and
 * not as a name? A name follows BY, VIEW, EXISTS, TO, a dot or a comma; the word comes right
 * before AS or COMMENT. *word is set where it does.
 */
static bool populates(struct lc_walk w, struct lc_tok *word)
{
    static const char *const before_names[] = {"BY", "VIEW", "EXISTS", "TO", NULL};
    bool view = false;

    while (lc_walk_next(&w)) {
        struct lc_tok next = lc_walk_peek(&w);

        if (w.depth > 0)
            continue;
        if (lc_tok_is(&w.tok, "AS"))
            return false;
        view = view || lc_tok_is(&w.tok, "MATERIALIZED");
        if (view && lc_tok_is(&w.tok, "POPULATE") &&
            (lc_tok_is(&next, "AS") || lc_tok_is(&next, "COMMENT")) &&
            !lc_tok_is_any(&w.before, before_names) && !lc_tok_symbol(&w.before, '.') &&
            !lc_tok_symbol(&w.before, ',')) {
            *word = w.tok;
            return true;
        }
    }
    return false;
}

/*
 * w is a copy in this and the functions below: what they read leaves the caller's walk where
 * it is.
 */
static bool creates_temporary(struct lc_walk w)
{
    (void)lc_walk_accept(&w, "OR REPLACE");
    return lc_walk_accept(&w, "TEMPORARY");
}

/* w is behind the first word: DROP TEMPORARY TABLE, and not of a table that is called so. */
static bool is_about_temporary(const struct lc_tok *word, struct lc_walk w)
{
    static const char *const words[] = {"DROP", "TRUNCATE", "ALTER", "DETACH", "ATTACH", NULL};

    return lc_tok_is_any(word, words) &&
           (lc_walk_accept(&w, "TEMPORARY TABLE") || lc_walk_accept(&w, "TEMPORARY VIEW"));
}

/* SET DEFAULT ROLE … TO is kept by the server; any other SET is the session's. */
static bool sets_session(struct lc_walk w)
{
    return !lc_walk_accept(&w, "DEFAULT");
}

/* EXECUTE AS user, and no statement: that of the session's later ones. */
static bool only_changes_user(struct lc_walk w)
{
    size_t n = 0;

    while (lc_walk_next(&w))
        n++;
    return n <= 2;
}

/* *word is the statement's first, at which w is, and becomes the one that is meant. */
static enum lc_session_loss loss_of(struct lc_walk w, struct lc_tok *word)
{
    static const char *const transaction[] = {"BEGIN", "COMMIT", "ROLLBACK", NULL};

    if (lc_tok_is(word, "USE"))
        return LC_SESSION_LOSES_USE;
    if (lc_tok_is(word, "SET"))
        return sets_session(w) ? LC_SESSION_LOSES_SET : LC_SESSION_LOSES_NOTHING;
    if (lc_tok_is_any(word, transaction) ||
        (lc_tok_is(word, "START") && lc_walk_accept(&w, "TRANSACTION")))
        return LC_SESSION_LOSES_TRANSACTION;
    if (lc_tok_is(word, "EXECUTE"))
        return only_changes_user(w) ? LC_SESSION_LOSES_USER : LC_SESSION_LOSES_NOTHING;
    if (is_about_temporary(word, w))
        return LC_SESSION_LOSES_TABLE;
    if (!lc_tok_is(word, "CREATE"))
        return LC_SESSION_LOSES_NOTHING;
    if (creates_temporary(w))
        return LC_SESSION_LOSES_TABLE;
    return populates(w, word) ? LC_SESSION_LOSES_ROWS : LC_SESSION_LOSES_NOTHING;
}

enum lc_session_loss lc_session_loss_of(struct lc_slice sql, struct lc_slice *word, uint64_t *line)
{
    struct lc_walk w = lc_walk_slice(sql);
    struct lc_tok tok;
    enum lc_session_loss loss;

    if (!lc_walk_next(&w))
        return LC_SESSION_LOSES_NOTHING;
    tok = w.tok;
    loss = loss_of(w, &tok);
    *word = (struct lc_slice){(const uint8_t *)tok.p, tok.n};
    *line = tok.line;
    return loss;
}
