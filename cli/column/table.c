/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column that a pending statement adds is not there to be selected. Its expression takes its place,
 * in a SELECT around the table, and a column that is derived from it in a SELECT around that one:
 *
 *   (SELECT f(b) AS c, a, b FROM (SELECT g(a) AS b, a FROM t))        levels: b 1, c 2
 */
#include "cli/column/table.h"

#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "base/strings.h"
#include "cli/sql/fragment.h"
#include "cli/sql/create_parts.h"
#include "cli/sql/mutation_command.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"
#include "cli/sql/walk.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SQL_MAX_BYTES = 1 << 20 };

static void release_column(struct lc_table_column *c)
{
    free(c->name);
    free(c->type);
    free(c->kind);
    free(c->expr);
    free(c->was_expr);
    free(c->stored);
}

/*
 * The new last column; its texts are "", but `stored` is NULL. NULL: no memory. Invalidates
 * pointers to other columns.
 */
static struct lc_table_column *new_column(struct lc_table *t, const char *name, size_t name_n)
{
    struct lc_table_column *v = realloc(t->v, (t->n + 1) * sizeof *v);

    if (!v)
        return NULL;
    t->v = v;
    v += t->n++;
    *v = (struct lc_table_column){0};
    return lc_text_set_n(&v->name, name, name_n) || lc_text_set(&v->type, "") ||
                   lc_text_set(&v->kind, "") || lc_text_set(&v->expr, "") ||
                   lc_text_set(&v->was_expr, "")
               ? NULL
               : v;
}

static struct lc_table_column *find(const struct lc_table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->v[i].name, name) == 0)
            return &t->v[i];
    return NULL;
}

/*
 * Sets the engine and what its name tells. Shared… are the replicated engines of ClickHouse
 * Cloud.
 */
static int take_engine(struct lc_table *t, const char *engine, size_t n)
{
    if (n > 2 && (*engine == '`' || *engine == '"')) { /* the formatter quotes `Null` */
        engine++;
        n -= 2;
    }
    if (lc_text_set_n(&t->engine, engine, n))
        return LC_ERR_NOMEM;
    t->replicated =
        strncmp(t->engine, "Replicated", 10) == 0 || strncmp(t->engine, "Shared", 6) == 0;
    t->partless = !strstr(t->engine, "MergeTree");
    return 0;
}

/* Asks for this table alone; t->there says whether the server has it. */
static int read_engine(struct lc_table *t, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->name}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = lc_query_read(b, lc_sql_table_engine, args, &a, err);

    t->there = rc == 0 && a.rows > 0;
    if (t->there) {
        const struct lc_cell *engine = lc_answer_at(&a, 0, LC_SQL_TABLE_ENGINE_ENGINE);

        if (take_engine(t, engine->p, engine->n))
            rc = lc_no_memory(err);
    }
    lc_answer_release(&a);
    return rc;
}

/*
 * The same out of the answer for the whole database, which is kept: one query serves many
 * tables.
 */
static int find_engine(struct lc_table *t, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = lc_query_kept(b, lc_sql_table_engines, args, &a, err);

    for (size_t i = 0; rc == 0 && i < a.rows && !t->there; i++) {
        const struct lc_cell *engine = lc_answer_at(&a, i, LC_SQL_TABLE_ENGINES_ENGINE);

        t->there = strcmp(lc_answer_at(&a, i, LC_SQL_TABLE_ENGINES_NAME)->p, t->name) == 0;
        if (t->there && take_engine(t, engine->p, engine->n))
            rc = lc_no_memory(err);
    }
    lc_answer_release(&a);
    return rc;
}

/* `stored` keeps the server's name even if a pending RENAME changes `name`. */
static int read_columns(struct lc_table *t, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->name}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = lc_query_read(b, lc_sql_columns, args, &a, err);

    for (size_t i = 0; rc == 0 && i < a.rows; i++) {
        const struct lc_cell *name = lc_answer_at(&a, i, LC_SQL_COLUMNS_NAME);
        struct lc_table_column *c = new_column(t, name->p, name->n);

        if (!c || lc_text_set(&c->type, lc_answer_at(&a, i, LC_SQL_COLUMNS_TYPE)->p) ||
            lc_text_set(&c->kind, lc_answer_at(&a, i, LC_SQL_COLUMNS_DEFAULT_KIND)->p) ||
            lc_text_set(&c->expr, lc_answer_at(&a, i, LC_SQL_COLUMNS_DEFAULT_EXPRESSION)->p) ||
            lc_text_set(&c->stored, name->p))
            rc = lc_no_memory(err);
        else
            c->in_key = lc_answer_u64(&a, i, LC_SQL_COLUMNS_IN_KEY, 0) != 0;
    }
    lc_answer_release(&a);
    return rc;
}

/*
 * The version and is_deleted of a ReplacingMergeTree, the sign and version of a CollapsingMergeTree. The
 * server refuses an UPDATE of version and sign as it does of a key, and counts them among none.
 */
static void mark_merge_columns(struct lc_table *t, const char *create)
{
    bool replacing = strstr(t->engine, "Replacing") != NULL;
    char *names[2];
    size_t n = lc_create_engine_names(create, t->engine, names, 2);

    for (size_t i = 0; i < n; i++) {
        struct lc_table_column *c = find(t, names[i]);

        if (c) {
            c->role = replacing ? (i ? LC_ROLE_IS_DELETED : LC_ROLE_VERSION)
                                : (i ? LC_ROLE_VERSION : LC_ROLE_SIGN);
            c->in_key = c->in_key || c->role != LC_ROLE_IS_DELETED;
        }
        free(names[i]);
    }
}

/* Only these engines have such columns. */
static bool has_merge_columns(const struct lc_table *t)
{
    return strstr(t->engine, "ReplacingMergeTree") || strstr(t->engine, "CollapsingMergeTree");
}

/* Their names are nowhere but in the CREATE. */
static int read_merge_columns(struct lc_table *t, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->name}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = 0;

    if (!has_merge_columns(t))
        return 0;
    rc = lc_query_read(b, lc_sql_create_query, args, &a, err);
    if (rc == 0 && a.rows)
        mark_merge_columns(t, lc_answer_at(&a, 0, LC_SQL_CREATE_QUERY_CREATE_TABLE_QUERY)->p);
    lc_answer_release(&a);
    return rc;
}

int lc_table_start(struct lc_table *t, const char *database, const char *name, struct lc_error *err)
{
    *t = (struct lc_table){0};
    if (lc_text_set(&t->database, database) || lc_text_set(&t->name, name) ||
        lc_text_set(&t->engine, ""))
        return lc_no_memory(err);
    return 0;
}

/* An empty table; database NULL: the backend's. */
static int start(struct lc_table *t, const struct lc_backend *b, const char *database,
                 const char *name, struct lc_error *err)
{
    return lc_table_start(t, database ? database : lc_backend_database(b), name, err);
}

int lc_table_read(struct lc_table *t, struct lc_backend *b, const char *database, const char *name,
                  struct lc_error *err)
{
    int rc = start(t, b, database, name, err);

    if (rc == 0)
        rc = read_engine(t, b, err);
    if (rc == 0 && t->there)
        rc = read_columns(t, b, err);
    return rc || !t->there ? rc : read_merge_columns(t, b, err);
}

int lc_table_read_of_many(struct lc_table *t, struct lc_backend *b, const char *database,
                          const char *name, struct lc_error *err)
{
    int rc = start(t, b, database, name, err);

    if (rc == 0)
        rc = find_engine(t, b, err);
    if (rc == 0 && t->there)
        rc = read_columns(t, b, err);
    return rc || !t->there ? rc : read_merge_columns(t, b, err);
}

const struct lc_table_column *lc_table_column(const struct lc_table *t, const char *name)
{
    return find(t, name);
}

/* Is it the column, or a member of the Nested column, of that name? */
static bool is_or_of(const struct lc_table_column *c, const char *name)
{
    size_t n = strlen(name);

    return strncmp(c->name, name, n) == 0 && (c->name[n] == '\0' || c->name[n] == '.');
}

const struct lc_table_column *lc_table_column_or_member(const struct lc_table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (is_or_of(&t->v[i], name))
            return &t->v[i];
    return NULL;
}

/*
 * n Nested(a T, b U) is n.a Array(T), n.b Array(U). The type reads like a call, and its members
 * like arguments.
 */
static int add_nested(struct lc_table *t, const char *name, struct lc_slice type)
{
    struct lc_expr_call *calls = NULL;
    struct lc_buf text;
    size_t n = 0;
    int rc = 0;

    char *whole = strndup((const char *)type.p, type.n);

    if (!whole || lc_expr_calls(whole, &calls, &n, NULL) || n == 0)
        rc = LC_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < calls[0].args; i++) {
        struct lc_slice part = lc_expr_argument(whole, &calls[0], i);
        struct lc_slice is = {0};
        struct lc_table_column *c = NULL;
        char *member;

        lc_buf_init(&text, 1 << 16);
        if (lc_fragment_member(part, &member, &is) &&
            lc_buf_addf(&text, "%s.%s", name, member) == 0)
            c = new_column(t, (const char *)text.p, text.n);
        lc_buf_reset(&text);
        rc = !c ||
                     lc_buf_addf(&text, "Array(%.*s)", (int)(is.n ? is.n - 1 : 0),
                                 (const char *)is.p + 1) ||
                     lc_text_set_n(&c->type, text.p, text.n)
                 ? LC_ERR_NOMEM
                 : 0;
        lc_buf_release(&text);
        free(member);
    }
    lc_expr_free_calls(calls, n);
    free(whole);
    return rc;
}

/*
 * The kind in capitals, and the expression; the old one is kept. An empty slice removes the
 * default.
 */
static int take_default(struct lc_table_column *c, const struct lc_stmt_command *from)
{
    int rc = lc_text_set(&c->was_expr, c->expr) ||
             lc_text_set_n(&c->kind, from->default_kind.p, from->default_kind.n) ||
             lc_text_set_n(&c->expr, from->default_expr.p, from->default_expr.n);

    for (char *p = rc ? NULL : c->kind; p && *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    c->was_changed = true;
    c->rewritten = true;
    return rc;
}

/* Is the token within the command's expression, where TTL is a column's name? */
static bool is_in_expression(const struct lc_tok *t, const struct lc_stmt_command *c)
{
    const char *from = (const char *)c->default_expr.p;

    return c->default_expr.n && t->p >= from && t->p < from + c->default_expr.n;
}

/* A column may have the name TTL. */
enum lc_ttl_said lc_table_ttl_of(const struct lc_stmt_command *c)
{
    struct lc_walk w = lc_walk_slice(c->text);

    while (lc_walk_next(&w)) {
        if (w.depth || !lc_tok_is(&w.tok, "TTL") || is_in_expression(&w.tok, c) ||
            w.before.kind == LC_TOK_END || lc_tok_is(&w.before, "COLUMN") ||
            lc_tok_is(&w.before, "EXISTS") || lc_tok_is(&w.before, "AFTER"))
            continue;
        return lc_tok_is(&w.before, "REMOVE") ? LC_TTL_REMOVED : LC_TTL_SET;
    }
    return LC_TTL_UNSAID;
}

static void take_ttl(struct lc_table_column *c, const struct lc_stmt_command *from)
{
    enum lc_ttl_said said = lc_table_ttl_of(from);

    c->ttl = said == LC_TTL_UNSAID ? c->ttl : said;
}

/*
 * One that is there stays as it is: the server skips the command (IF NOT EXISTS), or refuses
 * it.
 */
static int add_column(struct lc_table *t, const struct lc_stmt_command *from)
{
    struct lc_table_column *c;

    if (lc_table_column_or_member(t, from->column))
        return 0;
    if (from->type.n > 7 && strncasecmp((const char *)from->type.p, "Nested(", 7) == 0)
        return add_nested(t, from->column, from->type);
    c = new_column(t, from->column, strlen(from->column));
    if (!c || lc_text_set_n(&c->type, from->type.p, from->type.n))
        return LC_ERR_NOMEM;
    take_ttl(c, from);
    return from->default_kind.n ? take_default(c, from) : 0;
}

/* Type or default, where the command does not give it, stays. */
static int modify_column(struct lc_table *t, const struct lc_stmt_command *from)
{
    struct lc_table_column *c = find(t, from->column);

    if (!c)
        return 0;
    c->rewritten = true;
    take_ttl(c, from);
    if (from->type.n && lc_text_set_n(&c->type, from->type.p, from->type.n))
        return LC_ERR_NOMEM;
    return from->default_kind.n ? take_default(c, from) : 0;
}

/* Of REMOVE only the words for an expression, and TTL, count: no CODEC or COMMENT is known here. */
static int remove_default(struct lc_table *t, const struct lc_stmt_command *from)
{
    const struct lc_stmt_command none = {0};
    struct lc_table_column *c = find(t, from->column);

    if (c)
        take_ttl(c, from);
    return c && from->removes_default ? take_default(c, &none) : 0;
}

/* Append the expression with another name for the column. */
static int rename_in(const char *expr, const char *from, const char *to, struct lc_buf *out)
{
    size_t done = 0, at, n;

    while (lc_expr_find_column(expr, from, done, &at, &n)) {
        if (lc_buf_add(out, expr + done, at - done) || lc_sql_add_name(out, to))
            return LC_ERR_NOMEM;
        done = at + n;
    }
    return lc_buf_adds(out, expr + done);
}

/* The server writes the new name into the other columns' expressions. */
static int rename_column(struct lc_table *t, const struct lc_stmt_command *from)
{
    struct lc_table_column *c = find(t, from->column);
    struct lc_buf expr;
    int rc = c ? lc_text_set(&c->name, from->renamed_to) : 0;

    lc_buf_init(&expr, SQL_MAX_BYTES);
    for (size_t i = 0; rc == 0 && c && i < t->n; i++) {
        lc_buf_reset(&expr);
        t->v[i].rewritten = t->v[i].rewritten || *t->v[i].expr;
        rc = rename_in(t->v[i].expr, from->column, from->renamed_to, &expr) ||
             lc_text_set_n(&t->v[i].expr, expr.p, expr.n);
    }
    for (size_t i = 0; rc == 0 && c && i < t->parts_n; i++) {
        lc_buf_reset(&expr);
        rc = rename_in(t->parts[i].text, from->column, from->renamed_to, &expr) ||
             lc_text_set_n(&t->parts[i].text, expr.p, expr.n);
    }
    lc_buf_release(&expr);
    return rc ? LC_ERR_NOMEM : 0;
}

/* Of a Nested column all its members. */
static void drop_column(struct lc_table *t, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->n; i++)
        if (is_or_of(&t->v[i], name))
            release_column(&t->v[i]);
        else
            t->v[kept++] = t->v[i];
    t->n = kept;
}

/* "1" or "true", in parentheses or without: only of these it is known that every row is meant. */
static bool is_always(struct lc_slice where)
{
    struct lc_walk w = lc_walk_slice(where);
    size_t words = 0;
    bool always = true;

    while (always && lc_walk_next(&w)) {
        bool is_true = lc_tok_is(&w.tok, "true") ||
                       (w.tok.kind == LC_TOK_NUMBER && w.tok.n == 1 && *w.tok.p == '1');

        words += is_true;
        always = is_true || lc_tok_symbol(&w.tok, '(') || lc_tok_symbol(&w.tok, ')');
    }
    return always && words == 1 && w.rc == 0;
}

static void set_filled(struct lc_table *t, const char *name)
{
    struct lc_table_column *c = find(t, name);

    if (c) {
        c->is_filled = true;
        c->is_cleared = false;
    }
}

/*
 * MATERIALIZE COLUMN c; or UPDATE c = c WHERE 1, where the server has no such thing. One with
 * another condition, or of a partition, leaves parts as they are.
 */
static void fill_columns(struct lc_table *t, const struct lc_stmt_command *from)
{
    struct lc_materialize_command materialize = {0};
    struct lc_update_command update = {0};

    if (lc_materialize_command_read(from->text, &materialize)) {
        if (!materialize.in_partition)
            set_filled(t, from->column);
    } else if (lc_update_command_read(from->text, &update, NULL) == 0 && !update.in_partition &&
               is_always(update.where)) {
        for (size_t i = 0; i < update.n; i++)
            set_filled(t, update.columns[i]);
    }
    lc_materialize_command_release(&materialize);
    lc_update_command_release(&update);
}

/* CLEAR COLUMN, also of one partition: its parts lack the column afterwards. */
static void clear_column(struct lc_table *t, const char *name)
{
    struct lc_table_column *c = find(t, name);

    if (c) {
        c->is_filled = false;
        c->is_cleared = true;
    }
}

/* A later part of the same kind and name takes the place of an earlier one. */
static int note_part(struct lc_table *t, enum lc_create_part_kind kind, const char *name,
                     struct lc_slice text, bool dropped)
{
    struct lc_table_part *v, *p = NULL;

    for (size_t i = 0; i < t->parts_n && !p; i++)
        if (t->parts[i].kind == kind &&
            strcmp(t->parts[i].name ? t->parts[i].name : "", name ? name : "") == 0)
            p = &t->parts[i];
    if (!p) {
        v = realloc(t->parts, (t->parts_n + 1) * sizeof *v);
        if (!v)
            return LC_ERR_NOMEM;
        t->parts = v;
        p = v + t->parts_n++;
        *p = (struct lc_table_part){.kind = kind};
        if (name && lc_text_set(&p->name, name))
            return LC_ERR_NOMEM;
    }
    p->dropped = dropped;
    return lc_text_set_n(&p->text, dropped ? NULL : text.p, dropped ? 0 : text.n);
}

static int apply_part(struct lc_table *t, const struct lc_stmt_command *from)
{
    struct lc_part_command c;
    int rc = 0;

    if (lc_part_command_read(from->text, &c))
        rc = note_part(t, c.kind, c.name, c.text, c.drops);
    lc_part_command_release(&c);
    return rc;
}

/* One of a CREATE TABLE. */
static int take_part(void *ctx, const struct lc_create_part *part)
{
    return part->kind == LC_CREATE_COLUMN_TTL
               ? 0
               : note_part(ctx, part->kind, part->name, part->text, false);
}

static int create_parts(struct lc_table *t, const struct lc_stmt *s)
{
    char *text = strndup((const char *)s->text.p, s->text.n);
    int rc = text ? lc_create_parts(text, take_part, t) : LC_ERR_NOMEM;

    free(text);
    return rc;
}

int lc_table_apply(struct lc_table *t, const struct lc_stmt *s, struct lc_error *err)
{
    int rc = 0;

    if (s->kind == LC_STMT_CREATE && !t->there && s->engine.n)
        rc = take_engine(t, (const char *)s->engine.p, s->engine.n) ||
             lc_text_set_n(&t->storage, s->storage.p, s->storage.n);
    if (rc == 0 && s->kind == LC_STMT_CREATE && !t->there && s->command_n)
        rc = create_parts(t, s);
    for (size_t i = 0; rc == 0 && i < s->command_n; i++) {
        const struct lc_stmt_command *c = &s->commands[i];

        /*
         * Set for commands that change no column, too: rows are then read through a SELECT, and
         * are the same.
         */
        t->pending = true;
        t->hidden = t->hidden || c->kind == LC_STMT_ALTER_OTHER;
        t->rekeyed = t->rekeyed || c->kind == LC_STMT_MODIFY_KEY;
        if (c->kind == LC_STMT_ADD_COLUMN)
            rc = add_column(t, c);
        else if (c->kind == LC_STMT_MODIFY_COLUMN)
            rc = modify_column(t, c);
        else if (c->kind == LC_STMT_REMOVE_DEFAULT)
            rc = remove_default(t, c);
        else if (c->kind == LC_STMT_RENAME_COLUMN)
            rc = rename_column(t, c);
        else if (c->kind == LC_STMT_DROP_COLUMN)
            drop_column(t, c->column);
        else if (c->kind == LC_STMT_MATERIALIZE_COLUMN || c->kind == LC_STMT_ALTER_UPDATE)
            fill_columns(t, c);
        else if (c->kind == LC_STMT_CLEAR_COLUMN)
            clear_column(t, c->column);
        else if (c->kind == LC_STMT_METADATA || c->kind == LC_STMT_MATERIALIZE ||
                 c->kind == LC_STMT_ALTER_OTHER)
            rc = apply_part(t, c);
    }
    if (rc == 0 && s->kind == LC_STMT_CREATE && t->storage && has_merge_columns(t))
        mark_merge_columns(t, t->storage);
    return rc ? lc_no_memory(err) : 0;
}

int lc_table_copy(struct lc_table *to, const struct lc_table *from, struct lc_error *err)
{
    int rc;

    *to = *from;
    to->database = to->name = to->engine = to->storage = NULL;
    to->v = NULL;
    to->n = 0;
    to->parts = NULL;
    to->parts_n = 0;
    rc = lc_text_set(&to->database, from->database) || lc_text_set(&to->name, from->name) ||
         lc_text_set(&to->engine, from->engine) ||
         (from->storage && lc_text_set(&to->storage, from->storage));
    for (size_t i = 0; rc == 0 && i < from->n; i++) {
        const struct lc_table_column *f = &from->v[i];
        struct lc_table_column *c = new_column(to, f->name, strlen(f->name));

        rc = !c || lc_text_set(&c->type, f->type) || lc_text_set(&c->kind, f->kind) ||
             lc_text_set(&c->expr, f->expr) || lc_text_set(&c->was_expr, f->was_expr) ||
             (f->stored && lc_text_set(&c->stored, f->stored));
        if (rc == 0) {
            c->was_changed = f->was_changed;
            c->in_key = f->in_key;
            c->role = f->role;
            c->rewritten = f->rewritten;
            c->ttl = f->ttl;
            c->is_filled = f->is_filled;
            c->is_cleared = f->is_cleared;
        }
    }
    for (size_t i = 0; rc == 0 && i < from->parts_n; i++) {
        const struct lc_table_part *p = &from->parts[i];

        rc = note_part(to, p->kind, p->name,
                       (struct lc_slice){(const uint8_t *)p->text, strlen(p->text)}, p->dropped);
    }
    return rc ? lc_no_memory(err) : 0;
}

void lc_table_release(struct lc_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        release_column(&t->v[i]);
    for (size_t i = 0; i < t->parts_n; i++) {
        free(t->parts[i].name);
        free(t->parts[i].text);
    }
    free(t->parts);
    free(t->v);
    free(t->database);
    free(t->name);
    free(t->engine);
    free(t->storage);
    *t = (struct lc_table){0};
}

int lc_table_add_name(const struct lc_table *t, struct lc_buf *sql)
{
    return lc_sql_add_id(sql, t->database) || lc_buf_adds(sql, ".") || lc_sql_add_id(sql, t->name)
               ? LC_ERR_NOMEM
               : 0;
}

/*
 * CAST('[]', 'Array(T)')[1]: for an element that is not there the server gives the type's
 * default. So it works for types that no literal is known for.
 */
int lc_table_add_empty(const char *type, struct lc_buf *sql)
{
    char cast[LC_TYPE_BYTES];
    struct lc_buf array;
    int rc;

    lc_buf_init(&array, 1 << 16);
    rc = lc_buf_addf(&array, "Array(%s)",
                     strlen(type) < LC_TYPE_BYTES ? lc_type_to_cast(type, cast) : type) ||
         !lc_buf_str(&array) || lc_buf_adds(sql, "CAST('[]', ") ||
         lc_sql_add_str(sql, lc_buf_str(&array)) || lc_buf_adds(sql, ")[1]");
    lc_buf_release(&array);
    return rc ? LC_ERR_NOMEM : 0;
}

static bool is_ephemeral(const struct lc_table_column *c)
{
    return strcmp(c->kind, "EPHEMERAL") == 0;
}

/*
 * The column's value, of a row that the server has, under its name to be. An EPHEMERAL column has in
 * such a row what it computes, as for the server where a part lacks what is derived from it.
 */
static int add_value(const struct lc_table_column *c, struct lc_buf *sql)
{
    bool stored = c->stored && !is_ephemeral(c);
    char cast[LC_TYPE_BYTES];
    int rc;

    if (stored)
        rc = lc_sql_add_id(sql, c->stored);
    else if (*c->expr && *c->type)
        rc = lc_buf_addf(sql, "CAST((%s\n), ", c->expr) ||
             lc_sql_add_str(sql, strlen(c->type) < LC_TYPE_BYTES ? lc_type_to_cast(c->type, cast)
                                                                 : c->type) ||
             lc_buf_adds(sql, ")");
    else if (*c->expr)
        rc = lc_buf_addf(sql, "(%s\n)", c->expr);
    else
        rc = lc_table_add_empty(*c->type ? c->type : "String", sql);
    return rc || (stored && strcmp(c->stored, c->name) == 0
                      ? 0
                      : lc_buf_adds(sql, " AS ") || lc_sql_add_id(sql, c->name))
               ? LC_ERR_NOMEM
               : 0;
}

static bool is_among(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Is it computed from others, since the server does not have it yet? */
static bool is_pending(const struct lc_table_column *c)
{
    return (!c->stored || is_ephemeral(c)) && *c->expr;
}

/*
 * How many SELECTs a pending column is away from the table: 0 where it is not pending, else one
 * more than those that it reads. (A name with dots is no alias that its own SELECT finds.)
 * Levels rise round by round; the bound on rounds ends a circle of expressions.
 */
static void find_levels(const struct lc_table *t, size_t *level, size_t *most)
{
    bool moved = true;

    *most = 0;
    for (size_t round = 0; moved && round <= t->n; round++) {
        moved = false;
        for (size_t i = 0; i < t->n; i++) {
            size_t at, n, to = is_pending(&t->v[i]);

            /* Columns that the server has are of level 0: they raise no other. */
            for (size_t k = 0; to && k < t->n; k++)
                if (k != i && level[k] >= to &&
                    lc_expr_find_column(t->v[i].expr, t->v[k].name, 0, &at, &n))
                    to = level[k] + 1;
            moved = moved || to != level[i];
            level[i] = to;
            *most = to > *most ? to : *most;
        }
    }
}

/* "(SELECT what is of this level, and the names of those below FROM ": the next one goes on. */
static int begin_level(const struct lc_table *t, const size_t *level, size_t at, struct lc_buf *sql)
{
    size_t added = 0;
    int rc = lc_buf_adds(sql, "(SELECT ");

    for (size_t i = 0; rc == 0 && i < t->n; i++) {
        const struct lc_table_column *c = &t->v[i];

        if (level[i] > at)
            continue;
        rc = (added++ && lc_buf_adds(sql, ", ")) ||
             (level[i] == at ? add_value(c, sql) : lc_sql_add_id(sql, c->name));
    }
    return rc || (added == 0 && lc_buf_adds(sql, "1 AS livecol_one")) || lc_buf_adds(sql, " FROM ");
}

/*
 * All levels, the highest outside. For a table that is not there it selects no rows, which is
 * enough to ask for types.
 */
static int add_levels(const struct lc_table *t, const size_t *level, size_t most,
                      struct lc_buf *sql)
{
    int rc = 0;

    for (size_t at = most + 1; rc == 0 && at-- > 0;)
        rc = begin_level(t, level, at, sql);
    if (rc == 0)
        rc = t->there ? lc_table_add_name(t, sql) : lc_buf_adds(sql, "system.one WHERE 0");
    for (size_t at = 0; rc == 0 && at <= most; at++)
        rc = lc_buf_adds(sql, ")");
    return rc;
}

/* (SELECT … FROM the table); of one that is not there no rows. */
static int add_select(const struct lc_table *t, struct lc_buf *sql)
{
    size_t *level = calloc(t->n + 1, sizeof *level), most = 0;
    int rc = LC_ERR_NOMEM;

    if (level) {
        find_levels(t, level, &most);
        rc = add_levels(t, level, most, sql) ? LC_ERR_NOMEM : 0;
    }
    free(level);
    return rc;
}

int lc_table_add_rows(const struct lc_table *t, struct lc_buf *sql)
{
    return t->pending || !t->there ? add_select(t, sql) : lc_table_add_name(t, sql);
}

int lc_table_add_shape(const struct lc_table *t, char *const *names, size_t n, struct lc_buf *sql)
{
    size_t added = 0;
    int rc = lc_buf_adds(sql, "(SELECT ");

    for (size_t i = 0; rc == 0 && i < t->n; i++) {
        const struct lc_table_column *c = &t->v[i];

        if (!is_among(names, n, c->name))
            continue;
        rc = (added++ && lc_buf_adds(sql, ", ")) ||
             lc_table_add_empty(*c->type ? c->type : "String", sql) || lc_buf_adds(sql, " AS ") ||
             lc_sql_add_id(sql, c->name);
    }
    return rc || (added == 0 && lc_buf_adds(sql, "1 AS livecol_one")) || lc_buf_adds(sql, ")")
               ? LC_ERR_NOMEM
               : 0;
}
