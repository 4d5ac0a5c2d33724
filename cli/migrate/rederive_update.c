/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/rederive_update.h"

#include "cli/sql/lexer.h"
#include "cli/sql/quote.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SQL_BYTES = 4 << 20 };

static bool add_slice(struct lc_buf *b, struct lc_slice s)
{
    return lc_buf_add(b, s.p, s.n) != 0;
}

static struct lc_slice between(const char *text, size_t from, size_t to)
{
    while (from < to && (text[from] == ' ' || text[from] == '\n' || text[from] == '\t'))
        from++;
    return (struct lc_slice){(const uint8_t *)text + from, from < to ? to - from : 0};
}

/* Where the words of the command stand, outside of parentheses. */
struct places {
    size_t value, where, condition, settings;
    bool partition, second;
};

static int find_places(const struct lc_stmt_command *c, struct lc_rederive_update *u,
                       struct places *at, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER((const char *)c->text.p, c->text.n);
    struct lc_tok tok, before = {0};
    unsigned depth = 0, n = 0;
    int rc = 0;

    *at = (struct places){.settings = c->text.n};
    while ((rc = lc_lex_code(&lex, &tok, err)) == 0 && tok.kind != LC_TOK_END) {
        n++;
        if (n == 2) {
            u->column = lc_tok_name(&tok);
            if (!u->column)
                return lc_no_memory(err);
        } else if (n == 4) {
            at->value = tok.at;
        }
        if (lc_tok_symbol(&tok, '(') || lc_tok_symbol(&tok, '['))
            depth++;
        if (depth == 0) {
            at->second = at->second || lc_tok_symbol(&tok, ',');
            if (lc_tok_is(&tok, "PARTITION") && lc_tok_is(&before, "IN"))
                at->partition = true;
            if (lc_tok_is(&tok, "WHERE") && !at->where && n > 4) { /* behind c = value */
                at->where = tok.at;
                at->condition = tok.at + tok.n;
            }
            if (lc_tok_is(&tok, "SETTINGS") && at->where) {
                at->settings = tok.at;
                break;
            }
        }
        if ((lc_tok_symbol(&tok, ')') || lc_tok_symbol(&tok, ']')) && depth)
            depth--;
        before = tok;
    }
    return rc;
}

/* What follows the command: `) SETTINGS …` of the server's own form, or ` SETTINGS …`. */
static struct lc_slice tail_of(const struct lc_plan_stmt *stmt, const struct lc_stmt_command *c,
                               const struct places *at)
{
    const char *text = stmt->formatted ? stmt->formatted : stmt->text->p;
    size_t n = stmt->formatted ? strlen(stmt->formatted) : stmt->text->n;
    size_t end = (size_t)((const char *)c->text.p - text) + at->settings;

    while (end < n && (text[end] == ')' || text[end] == ' ' || text[end] == '\n'))
        end++;
    return between(text, end, n);
}

int lc_rederive_read(const struct lc_plan_stmt *stmt, struct lc_rederive_update *u,
                     struct lc_error *err)
{
    const struct lc_stmt *s = &stmt->parsed;
    const struct lc_stmt_command *c = s->commands;
    struct places at = {0};
    int rc = 0;

    *u = (struct lc_rederive_update){0};
    if (s->kind == LC_STMT_ALTER && lc_backfill_is_lone(s)) {
        u->column = strdup(c->column);
        u->materialize = true;
        return u->column ? 0 : lc_no_memory(err);
    }
    if (s->kind == LC_STMT_ALTER && s->command_n == 1 && c->kind == LC_STMT_ALTER_UPDATE &&
        !s->on_cluster)
        rc = find_places(c, u, &at, err);
    if (rc)
        return rc;
    if (!at.where || !at.value || at.partition || at.second) {
        lc_fail(err, LC_ERR_INPUT,
                "-- migrate:rederive is before another statement than "
                "ALTER TABLE t UPDATE column = new(key) WHERE column = old(key) "
                "AND column != new(key)");
        lc_hint(err, "one column, with a WHERE, without IN PARTITION and ON CLUSTER: livecol goes "
                     "through the partitions by itself. livecol new NAME --rederive writes it");
        return LC_ERR_INPUT;
    }
    u->value = between((const char *)c->text.p, at.value, at.where);
    u->where = between((const char *)c->text.p, at.condition, at.settings);
    u->tail = tail_of(stmt, c, &at);
    return 0;
}

int lc_rederive_make(const struct lc_column *d, const struct lc_readers *readers,
                     const struct lc_rederive_update *u, struct lc_rederive_change *c,
                     struct lc_error *err)
{
    struct lc_buf assign, where, tried;
    int rc;

    *c = (struct lc_rederive_change){0};
    lc_buf_init(&assign, MAX_SQL_BYTES);
    lc_buf_init(&where, MAX_SQL_BYTES);
    lc_buf_init(&tried, MAX_SQL_BYTES);
    c->value = u->materialize ? strdup(d->expr) : strndup((const char *)u->value.p, u->value.n);
    rc = !c->value ||
         (u->materialize ? lc_column_add_differs(d, d->expr, &where) : add_slice(&where, u->where));
    if (rc == 0 && !u->materialize)
        rc = lc_sql_add_id(&assign, d->column) || lc_buf_addf(&assign, " = %s\n", c->value);
    if (rc == 0)
        rc = lc_buf_addf(&tried, "(%s\n)", c->value);
    if (rc == 0)
        rc = lc_readers_assign(readers, d, c->value, &assign, &tried, &c->materialize, err);
    if (rc == 0 && u->materialize && assign.n) /* the first comma */
        memmove(assign.p, assign.p + 2, assign.n -= 2);
    c->where = rc ? NULL : lc_buf_detach(&where);
    c->assign = rc ? NULL : lc_buf_detach(&assign);
    c->tried = rc ? NULL : lc_buf_detach(&tried);
    lc_buf_release(&where);
    lc_buf_release(&assign);
    lc_buf_release(&tried);
    return c->where && c->assign && c->tried ? 0 : lc_no_memory(err);
}

void lc_rederive_release(struct lc_rederive_change *c)
{
    free(c->value);
    free(c->where);
    free(c->assign);
    free(c->tried);
    free(c->materialize);
}
