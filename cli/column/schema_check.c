/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables and databases by their names. Whether one is there is known, or it is not: an answer in
 * between claims nothing.
 */
#include "cli/column/schema_check.h"

#include "cli/column/alter_check.h"
#include "cli/column/create_check.h"
#include "cli/column/query_check.h"
#include "cli/server/query.h"
#include "cli/sql/insert_target.h"
#include "cli/sql/references.h"
#include "cli/sql/sources.h"
#include "cli/sql/walk.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>

enum presence { UNKNOWN, ABSENT, PRESENT };

/* One statement on trial. */
struct trial {
    struct lc_schema *s;
    const struct lc_stmt *stmt;
    const char *here; /* the default database */
    bool sent;        /* by an earlier run: what it makes may be there */
};

/* Tables that the server makes by itself, when it likes. */
static bool comes_by_itself(const char *database, const char *name)
{
    return strcmp(database, "system") == 0 || strncmp(name, ".inner", strlen(".inner")) == 0;
}

static int find(const struct trial *r, const char *database, const char *name,
                struct lc_table **table, enum presence *is, struct lc_error *err)
{
    struct lc_table *t;
    int rc = lc_schema_table(r->s, database, name, &t, err);

    *is = UNKNOWN;
    if (rc)
        return rc;
    *table = t;
    if (!t->unclear && !comes_by_itself(t->database, name))
        *is = t->there || t->pending ? PRESENT : ABSENT;
    return 0;
}

/*
 * EXISTS knows some that system.tables does not list. Where it cannot be asked, the table may be there.
 * Asked last, when a refusal hangs on it.
 */
static bool may_exist(const struct trial *r, const struct lc_table *t)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->name}, {NULL, NULL}};
    const struct lc_sql *ask =
        strcmp(r->stmt->object, "dictionary") == 0 ? lc_sql_exists_dictionary : lc_sql_exists_table;
    struct lc_error ignored = LC_ERROR_INIT;
    struct lc_answer a = {0};
    bool may = lc_query_read(r->s->b, ask, args, &a, &ignored) ||
               lc_answer_u64(&a, 0, LC_SQL_EXISTS_TABLE_RESULT, 1) > 0;

    lc_answer_release(&a);
    return may;
}

/* Of one that is ABSENT. 0: the server has it all the same, or it may. */
static int refuse_absent(const struct trial *r, const struct lc_table *t, struct lc_error *err)
{
    bool known =
        t->gone || t->there || t->pending; /* an earlier pair of this RENAME has taken it */

    if (!known && may_exist(r, t))
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "there is no table %s.%s, and nothing before this makes it",
            t->database, t->name);
    lc_hint(err, "is it another database than the URL's? Nothing was changed");
    return LC_ERR_REFUSED;
}

static int refuse_present(const struct lc_table *t, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "the table %s.%s is there already", t->database, t->name);
    lc_hint(err,
            "IF NOT EXISTS leaves one that is there as it is; livecol baseline VERSION records "
            "a migration whose work is done. Nothing was changed");
    return LC_ERR_REFUSED;
}

/* Does the database that a table goes to exist by then? */
static int check_database(const struct trial *r, const char *name, struct lc_error *err)
{
    bool there;
    int rc = lc_schema_has_database(r->s, name, &there, err);

    if (rc || there)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "there is no database %s, and nothing before this makes it",
            *name ? name : r->here);
    lc_hint(err, "CREATE DATABASE makes it. Nothing was changed");
    return LC_ERR_REFUSED;
}

static int check_databases(const struct trial *r, struct lc_error *err)
{
    const struct lc_stmt *stmt = r->stmt;
    bool creates = stmt->kind == LC_STMT_CREATE_DATABASE, there;
    int rc;

    if (stmt->conditional || !*stmt->name)
        return 0;
    if (!creates)
        return check_database(r, stmt->name, err);
    rc = lc_schema_has_database(r->s, stmt->name, &there, err);
    if (rc || !there)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "the database %s is there already", stmt->name);
    lc_hint(err, "CREATE DATABASE IF NOT EXISTS leaves it as it is. Nothing was changed");
    return LC_ERR_REFUSED;
}

static int check_duplicates(const struct lc_stmt *stmt, struct lc_error *err)
{
    for (size_t i = 0; i < stmt->command_n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(stmt->commands[i].column, stmt->commands[k].column) == 0) {
                lc_fail(err, LC_ERR_REFUSED, "the column %s is there twice",
                        stmt->commands[i].column);
                lc_hint(err, "Nothing was changed");
                return LC_ERR_REFUSED;
            }
    return 0;
}

struct source_look {
    const struct trial *r;
    struct lc_error *err;
};

static int check_source(void *ctx, const char *database, const char *name)
{
    const struct source_look *l = ctx;
    enum presence is;
    struct lc_table *t;
    int rc = find(l->r, database, name, &t, &is, l->err);

    return rc == 0 && is == ABSENT ? refuse_absent(l->r, t, l->err) : rc;
}

/*
 * Does the server look for what a materialized view reads when it is made? Newer ones do, unless a setting
 * lets bad ones be.
 */
static int looks_into_view(const struct trial *r, const struct lc_abilities *facts, bool *looks,
                           struct lc_error *err)
{
    static const char setting[] = "allow_materialized_view_with_bad_select";
    const struct lc_sql_arg args[] = {{"name", setting}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = 0;

    *looks = false;
    if (!facts->udf_types || !lc_backend_has_setting(r->s->b, setting) ||
        lc_references_name(r->stmt->text, setting))
        return 0;
    rc = lc_query_kept(r->s->b, lc_sql_setting_value, args, &a, err);
    *looks = rc == 0 && a.rows == 1 &&
             strcmp(lc_answer_at(&a, 0, LC_SQL_SETTING_VALUE_VALUE)->p, "0") == 0;
    lc_answer_release(&a);
    return rc;
}

/* CREATE MATERIALIZED VIEW … TO table: that table. */
static int check_target(const struct trial *r, struct lc_error *err)
{
    struct source_look look = {r, err};
    struct lc_walk w = lc_walk_slice(r->stmt->text);
    char *database, *name;
    int rc = 0;

    while (lc_walk_next(&w) && !lc_tok_is(&w.tok, "AS") && !lc_tok_is(&w.tok, "REFRESH"))
        if (w.depth == 0 && lc_tok_is(&w.tok, "TO") && !lc_walk_accept(&w, "INNER")) {
            lc_insert_take_target(&w, &database, &name);
            if (name)
                rc = check_source(&look, database ? database : "", name);
            free(database);
            free(name);
            return rc;
        }
    return 0;
}

/*
 * CREATE VIEW v (a Int8) AS …, and a view with parameters, {x:Int8}: the server reads their query only when they are
 * read.
 */
static bool is_read_when_created(const struct lc_stmt *stmt)
{
    struct lc_walk w = lc_walk_slice(stmt->text);
    bool query = false;

    while (lc_walk_next(&w)) {
        struct lc_tok next = lc_walk_peek(&w);

        query = query || (w.depth == 0 && lc_tok_is(&w.tok, "AS"));
        if (!query && w.depth == 0 && lc_tok_symbol(&w.tok, '('))
            return false;
        if (query && lc_tok_symbol(&w.before, '{') && lc_tok_symbol(&next, ':'))
            return false;
    }
    return true;
}

/* Is what it reads there? A query that is asked about (EXPLAIN, EXISTS) reads nothing. */
static int check_sources(const struct trial *r, const struct lc_abilities *facts,
                         struct lc_error *err)
{
    const struct lc_stmt *stmt = r->stmt;
    struct source_look look = {r, err};
    struct lc_walk w = lc_walk_slice(stmt->text);
    bool looks = true;
    int rc = 0;

    if (stmt->kind == LC_STMT_READ)
        looks = lc_walk_accept(&w, "SELECT") || lc_walk_accept(&w, "WITH");
    else if (stmt->kind == LC_STMT_INSERT)
        looks = lc_insert_is_select(stmt->text);
    else if (strcmp(stmt->object, "materialized view") == 0) {
        rc = looks_into_view(r, facts, &looks, err);
        if (rc == 0 && looks)
            rc = check_target(r, err);
    } else if (strcmp(stmt->object, "view") == 0)
        looks = is_read_when_created(stmt);
    else
        looks = strcmp(stmt->object, "table") == 0;
    if (rc == 0 && looks)
        rc = lc_sources(stmt->text, check_source, &look);
    return rc || !looks ? rc : lc_query_check(r->s, facts, stmt->text, err);
}

/* Does the materialized view keep its rows in a table of its own, and not in one that TO names? */
static int view_has_rows(const struct trial *r, const struct lc_table *t, bool *has,
                         struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->name}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = t->there ? lc_query_read(r->s->b, lc_sql_view_has_rows, args, &a, err) : 0;

    *has = rc == 0 && a.rows && lc_answer_u64(&a, 0, LC_SQL_VIEW_HAS_ROWS_N, 0) > 0;
    lc_answer_release(&a);
    return rc;
}

/*
 * CREATE OR REPLACE VIEW takes whatever has the name, a table with its rows too. One that makes a table, or a view with
 * rows, loses data by its words, and needs consent for that.
 */
static int check_replaced(const struct trial *r, const struct lc_table *t, struct lc_error *err)
{
    const struct lc_stmt *stmt = r->stmt;
    bool view = strcmp(t->engine, "MaterializedView") == 0, loses = true;
    int rc = 0;

    if (r->s->unsafe || stmt->class == LC_CLASS_DESTRUCTIVE || !strstr(stmt->object, "view") ||
        !*t->engine || strcmp(t->engine, "View") == 0)
        return 0;
    if (view)
        rc = view_has_rows(r, t, &loses, err);
    if (rc || !loses)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "CREATE OR REPLACE: %s.%s is %s (%s): its rows would be lost",
            t->database, t->name, view ? "a view with rows of its own" : "a table", t->engine);
    lc_hint(err, "give the view another name, or drop what is there in a statement of its own; "
                 "--allow-unsafe goes on. Nothing was changed");
    return LC_ERR_REFUSED;
}

static int check_create(const struct trial *r, const struct lc_abilities *facts,
                        struct lc_error *err)
{
    const struct lc_stmt *stmt = r->stmt;
    enum presence is, other = UNKNOWN;
    struct lc_table *t, *like;
    int rc = check_database(r, stmt->database, err);

    if (rc == 0)
        rc = find(r, stmt->database, stmt->name, &t, &is, err);
    if (rc == 0 && is == PRESENT && stmt->conditional)
        return facts->udf_types && strstr(stmt->object, "view") ? check_sources(r, facts, err) : 0;
    if (rc)
        return rc;
    if (is == PRESENT && !stmt->replaces)
        return refuse_present(t, err);
    if (is == PRESENT)
        rc = check_replaced(r, t, err);
    if (rc)
        return rc;
    if (is == ABSENT && stmt->needs_own)
        rc = refuse_absent(r, t, err);
    if (rc == 0 && *stmt->like)
        rc = find(r, stmt->like_database, stmt->like, &like, &other, err);
    if (rc == 0 && other == ABSENT)
        rc = refuse_absent(r, like, err);
    if (rc == 0)
        rc = check_duplicates(stmt, err);
    if (rc == 0 && facts->udf_types)
        rc = lc_create_check(r->s->b, stmt, r->s->functions_n > 0, r->s->own_settings, err);
    return rc ? rc : check_sources(r, facts, err);
}

/* DROP VIEW and DROP DICTIONARY of what is none; a DROP TABLE takes views too, but no dictionary. */
static int check_kind(const struct trial *r, const struct lc_table *t, struct lc_error *err)
{
    bool view = strstr(t->engine, "View") != NULL,
         dictionary = strcmp(t->engine, "Dictionary") == 0;
    bool fits = strcmp(r->stmt->object, "view") == 0         ? view
                : strcmp(r->stmt->object, "dictionary") == 0 ? dictionary
                                                             : !dictionary;

    if (!*t->engine || fits)
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "%s.%s is no %s: its engine is %s", t->database, t->name,
            r->stmt->object, t->engine);
    lc_hint(err, "DROP %s drops it. Nothing was changed",
            view         ? "VIEW"
            : dictionary ? "DICTIONARY"
                         : "TABLE");
    return LC_ERR_REFUSED;
}

static int check_drop(const struct trial *r, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->stmt->table_n; i++) {
        enum presence is;
        struct lc_table *t;

        rc = find(r, r->stmt->tables[i].database, r->stmt->tables[i].name, &t, &is, err);
        if (rc == 0 && is == ABSENT && !r->stmt->conditional)
            rc = refuse_absent(r, t, err);
        if (rc == 0 && is == PRESENT)
            rc = check_kind(r, t, err);
    }
    return rc;
}

static bool same_table(const struct trial *r, const char *database, const char *name,
                       const struct lc_table *t)
{
    return strcmp(*database ? database : r->here, t->database) == 0 && strcmp(name, t->name) == 0;
}

/* What the pairs before pair i make of it. EXCHANGE leaves both names taken. */
static void follow_pairs(const struct trial *r, size_t i, const struct lc_table *t,
                         enum presence *is)
{
    for (size_t k = 0; k < i && !r->stmt->exchanges; k++) {
        const struct lc_stmt_table *p = &r->stmt->tables[k];

        if (same_table(r, p->database, p->name, t))
            *is = ABSENT;
        if (same_table(r, p->to_database, p->to, t))
            *is = PRESENT;
    }
}

static int check_pair(const struct trial *r, size_t i, struct lc_error *err)
{
    const struct lc_stmt_table *p = &r->stmt->tables[i];
    enum presence from_is, to_is;
    struct lc_table *from, *to;
    int rc = find(r, p->database, p->name, &from, &from_is, err);

    if (rc == 0)
        rc = check_database(r, p->to_database, err);
    if (rc == 0)
        rc = find(r, p->to_database, p->to, &to, &to_is, err);
    if (rc)
        return rc;
    follow_pairs(r, i, from, &from_is);
    follow_pairs(r, i, to, &to_is);
    if (from_is == ABSENT && r->stmt->conditional)
        return 0;
    if (from_is == ABSENT)
        rc = refuse_absent(r, from, err);
    if (rc || r->stmt->exchanges)
        return rc == 0 && to_is == ABSENT ? refuse_absent(r, to, err) : rc;
    return to_is == PRESENT && !(r->stmt->conditional && from_is == UNKNOWN) && from != to
               ? refuse_present(to, err)
               : 0;
}

static int check_rename(const struct trial *r, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->stmt->table_n; i++)
        rc = check_pair(r, i, err);
    return rc;
}

/* What stores no rows takes none and loses none; what stores them without parts does not rewrite them. */
static int check_engine(const struct trial *r, const struct lc_table *t, struct lc_error *err)
{
    static const struct {
        const char *engine;
        bool writes; /* INSERT and TRUNCATE too */
    } none[] = {{"View", true}, {"Dictionary", true}, {"Memory", false}};
    enum lc_stmt_kind kind = r->stmt->kind;
    bool writes = kind == LC_STMT_INSERT || kind == LC_STMT_TRUNCATE;
    bool rewrites = kind == LC_STMT_DELETE || kind == LC_STMT_UPDATE || kind == LC_STMT_OPTIMIZE;

    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        if (strcmp(none[i].engine, t->engine) != 0 || !(rewrites || (writes && none[i].writes)))
            continue;
        lc_fail(err, LC_ERR_REFUSED, "%s.%s is a %s, which takes no such statement", t->database,
                t->name, t->engine);
        lc_hint(err, "is another table meant? Nothing was changed");
        return LC_ERR_REFUSED;
    }
    return 0;
}

/* One that works on a table: it must be there, and so must its columns. */
static int check_use(const struct trial *r, const struct lc_abilities *facts, struct lc_error *err)
{
    enum presence is;
    struct lc_table *t;
    int rc = find(r, r->stmt->database, r->stmt->name, &t, &is, err);

    if (rc == 0 && is == ABSENT && !r->stmt->conditional)
        rc = refuse_absent(r, t, err);
    if (rc == 0 && is == PRESENT && !r->sent)
        rc = check_engine(r, t, err);
    if (rc == 0 && is == PRESENT && !r->sent)
        rc = lc_alter_check(r->s, facts, t, r->stmt, err);
    return rc || r->stmt->kind != LC_STMT_INSERT ? rc : check_sources(r, facts, err);
}

int lc_schema_check(struct lc_schema *s, const struct lc_abilities *facts,
                    const struct lc_stmt *stmt, bool sent, struct lc_error *err)
{
    const struct trial r = {.s = s, .stmt = stmt, .here = lc_backend_database(s->b), .sent = sent};
    bool reaches;
    int rc;

    if (s->unclear || stmt->unclear || (sent && stmt->kind != LC_STMT_ALTER))
        return 0;
    rc = lc_schema_reaches(s, stmt, &reaches, err);
    if (rc || !reaches)
        return rc;
    switch (stmt->kind) {
    case LC_STMT_CREATE_DATABASE:
    case LC_STMT_DROP_DATABASE:
        return check_databases(&r, err);
    case LC_STMT_CREATE:
        return *stmt->name ? check_create(&r, facts, err) : 0;
    case LC_STMT_DROP:
        return check_drop(&r, err);
    case LC_STMT_RENAME:
        return check_rename(&r, err);
    case LC_STMT_ALTER:
    case LC_STMT_INSERT:
    case LC_STMT_TRUNCATE:
    case LC_STMT_DELETE:
    case LC_STMT_UPDATE:
    case LC_STMT_OPTIMIZE:
        return *stmt->name ? check_use(&r, facts, err) : 0;
    case LC_STMT_READ:
        return check_sources(&r, facts, err);
    default:
        return 0;
    }
}
