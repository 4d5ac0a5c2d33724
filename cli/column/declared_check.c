/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   DESCRIBE TABLE null('`a` Decimal(9, 2) CODEC(ZSTD(3)), …')
 *
 * has the server check types and codecs as CREATE and ALTER do (tried on 26.7), under the settings of the
 * connection. A statement that may bring other settings is not asked about.
 */
#include "cli/column/declared_check.h"

#include "cli/server/server_error.h"
#include "cli/sql/quote.h"
#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SQL_MAX_BYTES = 1 << 20 };

/* Types that need no question: nothing in them can be wrong. */
static bool is_plain(struct lc_slice type)
{
    static const char *const words[] = {
        "String", "UInt8", "UInt16", "UInt32",  "UInt64",  "Int8",     "Int16", "Int32",
        "Int64",  "Date",  "Date32", "Float32", "Float64", "DateTime", "UUID",  "Bool"};
    static const char *const around[] = {"Nullable", "Array", "LowCardinality"};
    struct lc_walk w = lc_walk_slice(type);
    bool plain = false;

    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        struct lc_walk inner = w;

        if (lc_walk_accept(&inner, around[i]) && lc_walk_accept_symbol(&inner, '(')) {
            w = inner;
            if (i == 2 && !lc_walk_accept(&inner, "String"))
                return false; /* of other types it may be suspicious */
            break;
        }
    }
    lc_walk_next(&w);
    for (size_t i = 0; !plain && i < sizeof words / sizeof *words; i++)
        plain = w.tok.n == strlen(words[i]) && memcmp(w.tok.p, words[i], w.tok.n) == 0;
    (void)lc_walk_accept_symbol(&w, ')');
    return plain && lc_walk_at_end(&w);
}

/* "CODEC(…)" of a declaration; n 0: it has none. */
static struct lc_slice codec_of(struct lc_slice declaration)
{
    struct lc_walk w = lc_walk_slice(declaration);
    struct lc_slice codec = {0};

    while (lc_walk_next(&w)) {
        struct lc_tok next = lc_walk_peek(&w);

        if (w.depth == 0 && lc_tok_is(&w.tok, "CODEC") && lc_tok_symbol(&next, '('))
            codec.p = (const uint8_t *)w.tok.p;
        if (codec.p && w.depth == 0 && lc_tok_symbol(&w.tok, ')')) {
            codec.n = (size_t)((const uint8_t *)w.tok.p + w.tok.n - codec.p);
            return codec;
        }
    }
    return codec;
}

/* Settings that allow more may be the statement's own. */
static bool may_allow_more(struct lc_slice statement)
{
    struct lc_walk w = lc_walk_slice(statement);

    while (lc_walk_next(&w)) {
        if (w.tok.kind == LC_TOK_WORD && ((w.tok.n > 6 && strncasecmp(w.tok.p, "allow_", 6) == 0) ||
                                          (w.tok.n > 7 && strncasecmp(w.tok.p, "enable_", 7) == 0)))
            return true;
    }
    return w.rc != 0;
}

/* "`a` Decimal(9, 2) CODEC(ZSTD(3))", where there is something to ask. */
static int add_column(const struct lc_table *t, const struct lc_stmt_command *c,
                      struct lc_buf *columns)
{
    const struct lc_table_column *has = lc_table_column(t, c->column);
    struct lc_slice codec = codec_of(c->text), type = c->type;

    if (!type.n && codec.n && has && !has->rewritten)
        type = (struct lc_slice){(const uint8_t *)has->type, strlen(has->type)};
    if (c->conditional && (c->kind == LC_STMT_ADD_COLUMN) == (has != NULL))
        return 0; /* passed over */
    if (!type.n || (!codec.n && is_plain(type)))
        return 0;
    return (columns->n && lc_buf_adds(columns, ", ")) || lc_sql_add_id(columns, c->column) ||
                   lc_buf_adds(columns, " ") || lc_buf_add(columns, type.p, type.n) ||
                   (codec.n && (lc_buf_adds(columns, " ") || lc_buf_add(columns, codec.p, codec.n)))
               ? LC_ERR_NOMEM
               : 0;
}

/* Errors that are about a type or a codec, and about nothing else that such a question has. */
static bool is_about_declaration(int code)
{
    static const int codes[] = {36, 42, 43, 44, 50, 63, 69, 223, 432, 433, 455};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i] == code)
            return true;
    }
    return false;
}

static int ask(struct lc_backend *b, const char *columns, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, SQL_MAX_BYTES);
    rc = lc_buf_adds(&sql, "DESCRIBE TABLE null(") || lc_sql_add_str(&sql, columns) ||
                 lc_buf_adds(&sql, ")") || !lc_buf_str(&sql)
             ? lc_no_memory(&why)
             : lc_backend_run(b, lc_buf_str(&sql), &a, &why);
    lc_buf_release(&sql);
    lc_answer_release(&a);
    if (rc == LC_ERR_SERVER && is_about_declaration(why.server_code)) {
        lc_fail(err, LC_ERR_REFUSED, "the server does not take %.300s: %s", columns, why.msg);
        lc_hint(err, "Nothing was changed");
        return LC_ERR_REFUSED;
    }
    return rc == 0 || rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
}

int lc_declared_check(struct lc_backend *b, const struct lc_table *t, const struct lc_stmt *stmt,
                      const struct lc_stmt_command *columns, size_t n, struct lc_error *err)
{
    struct lc_buf text;
    int rc = 0;

    if (may_allow_more(stmt->text))
        return 0;
    lc_buf_init(&text, SQL_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = add_column(t, &columns[i], &text) ? lc_no_memory(err) : 0;
    if (rc == 0 && text.n)
        rc = lc_buf_str(&text) ? ask(b, lc_buf_str(&text), err) : lc_no_memory(err);
    lc_buf_release(&text);
    return rc;
}
