/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's lists are exact: it looks names up in the same tables that it shows. A setting that it does not
 * list for MergeTree may be one of the query, which a CREATE takes too.
 */
#include "cli/column/storage_check.h"

#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/sql/parser.h"
#include "cli/sql/walk.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The answer to one of the lists; *there false: this server has none. */
static int ask(struct lc_backend *b, const struct lc_sql *list, struct lc_answer *a, bool *there,
               struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_query_kept(b, list, NULL, a, &why);

    *there = rc == 0 && a->rows > 0;
    return rc == 0 || rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
}

/* The row of that name (column 0), or a->rows. */
static size_t row_of(const struct lc_answer *a, const char *name)
{
    size_t i = 0;

    while (i < a->rows && strcmp(lc_answer_at(a, i, 0)->p, name) != 0)
        i++;
    return i;
}

static int refuse(struct lc_error *err, const char *hint)
{
    lc_hint(err, "%s. Nothing was changed", hint);
    return LC_ERR_REFUSED;
}

/* --- engines ------------------------------------------------------------------------------------- */

/* What a storage definition has besides its engine. */
struct clauses {
    bool keys, ordered, ttl; /* ordered: ORDER BY or PRIMARY KEY */
    size_t arguments;
};

static struct clauses read_clauses(struct lc_slice storage)
{
    static const char *const keys[] = {"PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY"};
    struct lc_walk w = lc_walk_slice(storage);
    struct clauses c = {false, false, false, 0};
    bool call;

    lc_walk_next(&w); /* the engine's name */
    call = lc_walk_accept_symbol(&w, '(');
    if (call && lc_walk_next(&w) && w.depth > 0)
        for (c.arguments = 1; w.depth > 0 && lc_walk_next(&w);)
            c.arguments += w.depth == 1 && lc_tok_symbol(&w.tok, ',');
    do {
        if (w.depth > 0)
            continue;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            if (!lc_walk_accept(&w, keys[i]))
                continue;
            c.keys = true;
            c.ordered = c.ordered || i == 1 || i == 2;
        }
        c.ttl = c.ttl || lc_tok_is(&w.tok, "TTL");
    } while (!lc_tok_is(&w.tok, "AS") && !lc_tok_is(&w.tok, "SETTINGS") && lc_walk_next(&w));
    return c;
}

static bool has_part(const struct lc_table *t, enum lc_create_part_kind kind)
{
    for (size_t i = 0; i < t->parts_n; i++) {
        if (t->parts[i].kind == kind)
            return true;
    }
    return false;
}

static int check_clauses(const struct lc_answer *a, size_t row, const struct clauses *c,
                         const struct lc_table *t, const char *engine, struct lc_error *err)
{
    const struct {
        const char *what;
        bool given;
        size_t ability;
    } all[] = {
        {"no keys (ORDER BY, PARTITION BY)", c->keys, LC_SQL_ENGINE_ABILITIES_KEYS},
        {"no TTL", c->ttl, LC_SQL_ENGINE_ABILITIES_TTL},
        {"no indexes", has_part(t, LC_CREATE_INDEX), LC_SQL_ENGINE_ABILITIES_INDEXES},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].given || lc_answer_u64(a, row, all[i].ability, 1))
            continue;
        lc_fail(err, LC_ERR_REFUSED, "the engine %s takes %s", engine, all[i].what);
        return refuse(err, "is MergeTree meant?");
    }
    return 0;
}

/* How many arguments those of the family take that have keys behind them: MergeTree(k) has none. */
static int check_arguments(const char *engine, const struct clauses *c, struct lc_error *err)
{
    static const struct {
        const char *engine;
        size_t least, most;
    } takes[] = {
        {"MergeTree", 0, 0},
        {"AggregatingMergeTree", 0, 0},
        {"SummingMergeTree", 0, 1},
        {"CoalescingMergeTree", 0, 1},
        {"ReplacingMergeTree", 0, 2},
        {"CollapsingMergeTree", 1, 1},
        {"GraphiteMergeTree", 1, 1},
        {"Memory", 0, 0},
        {"VersionedCollapsingMergeTree", 2, 2},
    };

    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        if (strcmp(takes[i].engine, engine) != 0 ||
            !(c->ordered || strcmp(engine, "Memory") == 0) ||
            (c->arguments >= takes[i].least && c->arguments <= takes[i].most))
            continue;
        lc_fail(err, LC_ERR_REFUSED, "the engine %s takes %s%zu argument%s, not %zu", engine,
                takes[i].least == takes[i].most ? "" : "at most ", takes[i].most,
                takes[i].most == 1 ? "" : "s", c->arguments);
        return refuse(err, "keys are written in clauses of their own");
    }
    return 0;
}

static int check_engine(struct lc_backend *b, const struct lc_stmt *stmt, const struct lc_table *t,
                        struct lc_error *err)
{
    struct clauses c = read_clauses(stmt->storage);
    char *engine = strndup((const char *)stmt->engine.p, stmt->engine.n);
    struct lc_answer a = {0};
    bool there = false;
    int rc = engine ? ask(b, lc_sql_engine_abilities, &a, &there, err) : lc_no_memory(err);

    if (rc == 0 && there && ((*engine | 0x20) >= 'a' && (*engine | 0x20) <= 'z')) {
        size_t row = row_of(&a, engine);

        if (row == a.rows) {
            lc_fail(err, LC_ERR_REFUSED, "the server has no engine %s", engine);
            rc = refuse(err, "is it spelled as in system.table_engines?");
        }
        rc = rc ? rc : check_clauses(&a, row, &c, t, engine, err);
        rc = rc ? rc : check_arguments(engine, &c, err);
    }
    lc_answer_release(&a);
    free(engine);
    return rc;
}

/* --- settings ------------------------------------------------------------------------------------ */

/* Not in the list, it may be another name of one: the server has the last word. */
static int check_name(struct lc_backend *b, const char *name, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    int rc = lc_query_read(b, lc_sql_merge_tree_setting, args, &a, &why);

    lc_answer_release(&a);
    if (rc != LC_ERR_SERVER)
        return rc ? lc_error_pass(err, &why) : 0;
    if (why.server_code != LC_SERVER_UNKNOWN_SETTING)
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "the server has no setting %s of a MergeTree", name);
    return refuse(err, "is it spelled as in system.merge_tree_settings?");
}

/* w is before "name = value, …", or "name, …". */
static int check_names(struct lc_backend *b, struct lc_walk w, const struct lc_answer *known,
                       bool query, struct lc_error *err)
{
    int rc = 0;

    while (rc == 0 && lc_walk_next(&w) && lc_tok_is_name(&w.tok)) {
        char *name = lc_tok_name(&w.tok);

        if (name && row_of(known, name) == known->rows &&
            !(query && lc_backend_has_setting(b, name)))
            rc = check_name(b, name, err);
        free(name);
        while (lc_walk_next(&w) && !(w.depth == 0 && lc_tok_symbol(&w.tok, ',')))
            ;
    }
    return rc;
}

/* SETTINGS of the storage definition, up to COMMENT or AS: their names come first in their parts. */
static struct lc_slice settings_of(struct lc_slice storage)
{
    static const char *const ends[] = {"COMMENT", "AS", NULL};
    struct lc_walk w = lc_walk_slice(storage);
    struct lc_slice s = {0};

    while (lc_walk_next(&w) && !(w.depth == 0 && lc_tok_is_any(&w.tok, ends))) {
        if (s.p)
            s.n = (size_t)((const uint8_t *)w.tok.p + w.tok.n - s.p);
        else if (w.depth == 0 && lc_tok_is(&w.tok, "SETTINGS"))
            s = lc_walk_rest(&w);
    }
    return w.rc ? (struct lc_slice){0} : s;
}

int lc_storage_check_settings(struct lc_backend *b, const struct lc_table *t,
                              struct lc_slice command, struct lc_error *err)
{
    struct lc_walk w = lc_walk_slice(command);
    struct lc_answer a = {0};
    bool there;
    int rc;

    if (!strstr(t->engine, "MergeTree") ||
        !(lc_walk_accept(&w, "MODIFY SETTING") || lc_walk_accept(&w, "RESET SETTING")))
        return 0;
    rc = ask(b, lc_sql_merge_tree_settings, &a, &there, err);
    if (rc == 0 && there)
        rc = check_names(b, w, &a, false, err);
    lc_answer_release(&a);
    return rc;
}

/* --- keys ---------------------------------------------------------------------------------------- */

static bool begins(const char *type, const char *with)
{
    return strncmp(type, with, strlen(with)) == 0;
}

/* Is the setting there and off, and not given by the statement? */
static bool is_off(const struct lc_answer *settings, struct lc_slice given, const char *name)
{
    size_t row = row_of(settings, name);

    return row < settings->rows &&
           strcmp(lc_answer_at(settings, row, LC_SQL_MERGE_TREE_SETTINGS_VALUE)->p, "0") == 0 &&
           !memmem(given.p ? (const char *)given.p : "", given.n, name, strlen(name));
}

/* An element of a key by itself: behind its bracket or comma, and in front of the next. */
static bool is_element(const struct lc_walk *w)
{
    struct lc_tok next = lc_walk_peek(w);

    return w->depth <= 1 &&
           (w->before.kind == LC_TOK_END || lc_tok_symbol(&w->before, '(') ||
            lc_tok_symbol(&w->before, ',')) &&
           (next.kind == LC_TOK_END || lc_tok_symbol(&next, ')') || lc_tok_symbol(&next, ','));
}

/* A key's plain columns: expressions over them are the server's to judge. */
static int check_key(const struct lc_table *t, struct lc_slice key, bool partition,
                     const struct lc_answer *settings, struct lc_slice given, struct lc_error *err)
{
    struct lc_walk w = lc_walk_slice(key);

    while (lc_walk_next(&w)) {
        struct lc_tok next = lc_walk_peek(&w);
        char *name = lc_tok_is_name(&w.tok) ? lc_tok_name(&w.tok) : NULL;
        const struct lc_table_column *c = name ? lc_table_column(t, name) : NULL;
        bool plain = is_element(&w);
        bool nullable =
            c && (begins(c->type, "Nullable(") || begins(c->type, "LowCardinality(Nullable("));
        const char *wants = !plain || !c ? NULL
                            : nullable   ? "allow_nullable_key"
                            : partition && begins(c->type, "Float")
                                ? "allow_floating_point_partition_key"
                                : NULL;

        free(name);
        if (lc_tok_is_name(&w.tok) && lc_tok_symbol(&next, '('))
            return 0; /* f(a, b): what is in its brackets is no element */
        if (plain && !partition && w.tok.kind == LC_TOK_NUMBER) {
            lc_fail(err, LC_ERR_REFUSED, "a key of %s.%s is made of a constant, %.*s", t->database,
                    t->name, (int)w.tok.n, w.tok.p);
            return refuse(err, "ORDER BY tuple() is no order");
        }
        if (!wants || !is_off(settings, given, wants))
            continue;
        lc_fail(err, LC_ERR_REFUSED, "a key of %s.%s is made of %s, which is %s", t->database,
                t->name, c->name, c->type);
        lc_hint(err, "SETTINGS %s = 1 allows it. Nothing was changed", wants);
        return LC_ERR_REFUSED;
    }
    return 0;
}

static int check_keys(const struct lc_table *t, struct lc_slice storage,
                      const struct lc_answer *settings, struct lc_slice given, struct lc_error *err)
{
    static const char *const keys[] = {"PARTITION BY", "PRIMARY KEY", "ORDER BY"};
    static const char *const ends[] = {"PARTITION", "PRIMARY", "ORDER", "SAMPLE", "TTL",
                                       "SETTINGS",  "COMMENT", "AS",    NULL};
    struct lc_walk w = lc_walk_slice(storage);
    int rc = 0;

    do {
        for (size_t i = 0; rc == 0 && w.depth == 0 && i < sizeof keys / sizeof *keys; i++) {
            struct lc_walk expr = w;

            if (lc_walk_accept(&expr, keys[i]))
                rc = check_key(t, lc_walk_take_until(&expr, ends), i == 0, settings, given, err);
        }
    } while (rc == 0 && lc_walk_next(&w));
    return rc;
}

/* CollapsingMergeTree(sign), ReplacingMergeTree(version, is_deleted): of what type must these be? */
static int check_roles(const struct lc_table *t, struct lc_error *err)
{
    static const struct {
        enum lc_engine_role role;
        const char *what, *no[5];
    } roles[] = {
        {LC_ROLE_SIGN, "sign", {"UInt", "Int16", "Int32", "Int64", "String"}},
        {LC_ROLE_IS_DELETED, "is_deleted", {"Int", "UInt16", "UInt32", "UInt64", "String"}},
        {LC_ROLE_VERSION, "version", {"String", "FixedString", "Array(", "Map(", "Tuple("}},
    };

    for (size_t i = 0; strncmp(t->engine, "Versioned", 9) != 0 && i < t->n; i++) {
        for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
            for (size_t k = 0; k < 5 && t->v[i].role == roles[r].role; k++) {
                if (!begins(t->v[i].type, roles[r].no[k]))
                    continue;
                lc_fail(err, LC_ERR_REFUSED, "%s is the %s column of %s, and %s is no type of one",
                        t->v[i].name, roles[r].what, t->engine, t->v[i].type);
                return refuse(err,
                              "a sign is Int8, is_deleted UInt8, a version a number or a date");
            }
        }
    }
    return 0;
}

int lc_storage_check(struct lc_backend *b, const struct lc_stmt *stmt, const struct lc_table *t,
                     struct lc_error *err)
{
    struct lc_slice given = settings_of(stmt->storage);
    struct lc_answer a = {0};
    bool there;
    int rc = check_engine(b, stmt, t, err);

    if (rc || !strstr(t->engine, "MergeTree"))
        return rc;
    rc = check_roles(t, err);
    if (rc)
        return rc;
    rc = ask(b, lc_sql_merge_tree_settings, &a, &there, err);
    if (rc == 0 && there && given.n)
        rc = check_names(b, lc_walk_slice(given), &a, true, err);
    if (rc == 0 && there)
        rc = check_keys(t, stmt->storage, &a, given, err);
    for (size_t i = 0; rc == 0 && i < t->parts_n; i++) {
        const struct lc_table_part *p = &t->parts[i];

        if (p->kind == LC_CREATE_INDEX)
            rc = lc_storage_check_index(
                b, (struct lc_slice){(const uint8_t *)p->text, strlen(p->text)}, err);
    }
    lc_answer_release(&a);
    return rc;
}

/* --- indexes ------------------------------------------------------------------------------------- */

int lc_storage_check_index(struct lc_backend *b, struct lc_slice index, struct lc_error *err)
{
    struct lc_walk w = lc_walk_slice(index);
    struct lc_answer a = {0};
    char *type = NULL;
    bool there = false;
    int rc = 0;

    while (!type && lc_walk_next(&w)) {
        if (w.depth == 0 && lc_tok_is(&w.before, "TYPE") && lc_tok_is_name(&w.tok))
            type = lc_tok_name(&w.tok);
    }
    if (type)
        rc = ask(b, lc_sql_index_types, &a, &there, err);
    for (size_t i = 0; there && i < a.rows; i++) /* in any case of its letters */
        there = strcasecmp(lc_answer_at(&a, i, LC_SQL_INDEX_TYPES_NAME)->p, type) != 0;
    if (rc == 0 && there) {
        lc_fail(err, LC_ERR_REFUSED, "the server has no type of index %s", type);
        rc = refuse(err, "is it spelled as in system.data_skipping_index_types?");
    }
    lc_answer_release(&a);
    free(type);
    return rc;
}
