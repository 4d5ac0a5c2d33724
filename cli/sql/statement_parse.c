/* SPDX-License-Identifier: Apache-2.0 */
/* lc_stmt_parse: the statements of a line, and where all others begin. */
#include "cli/sql/parser.h"

#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

/*
 * Does the word come at depth 0, before any AS? What follows AS is a query, and may use it as
 * a name.
 */
static bool mentions(const struct lc_parser *p, const char *word)
{
    unsigned depth = 0;

    for (size_t i = p->at; i < p->n; i++) {
        if (lc_tok_symbol(&p->t[i], '('))
            depth++;
        else if (lc_tok_symbol(&p->t[i], ')') && depth > 0)
            depth--;
        if (lc_tok_is(&p->t[i], "AS"))
            return false;
        if (depth == 0 && lc_tok_is(&p->t[i], word))
            return true;
    }
    return false;
}

/* Who may do what: dropped, it is gone; changed, somebody reads less or more than before. */
static bool take_access(struct lc_parser *p)
{
    return lc_parser_accept(p, "USER") || lc_parser_accept(p, "ROLE") ||
           lc_parser_accept(p, "QUOTA") || lc_parser_accept(p, "PROFILE") ||
           lc_parser_accept(p, "SETTINGS PROFILE") || lc_parser_accept(p, "ROW POLICY") ||
           lc_parser_accept(p, "POLICY") || lc_parser_accept(p, "MASKING POLICY") ||
           lc_parser_accept(p, "NAMED COLLECTION");
}

/*
 * a, b, c; with `word` "TO" or "AND" a TO b, c TO d. The first is the statement's own. What cannot be
 * read to its end leaves it unclear.
 */
static int take_tables(struct lc_parser *p, struct lc_stmt *s, const char *word)
{
    int rc = 0;

    do {
        struct lc_stmt_table *t = lc_parser_new_table(s);

        rc = t ? lc_parser_object(p, &t->database, &t->name) : lc_parser_no_memory(p);
        if (rc == 0 && word && lc_parser_accept(p, word))
            rc = lc_parser_object(p, &t->to_database, &t->to);
        if (rc == 0 && (!*t->name || (word && !*t->to)))
            s->unclear = true;
    } while (rc == 0 && !s->unclear && lc_parser_accept_symbol(p, ','));
    if (rc == 0 && (lc_text_set(&s->database, s->tables[0].database) ||
                    lc_text_set(&s->name, s->tables[0].name) ||
                    lc_text_set(&s->renamed_db, s->tables[0].to_database) ||
                    lc_text_set(&s->renamed_to, s->tables[0].to)))
        rc = lc_parser_no_memory(p);
    return rc;
}

/*
 * DROP: all of it is destructive, also of what a later server may have. Only an index can be made again, and a
 * temporary table is nobody's here.
 */
static int parse_drop(struct lc_parser *p, struct lc_stmt *s)
{
    bool harmless =
        lc_tok_is(lc_parser_peek(p, 0), "INDEX") || lc_tok_is(lc_parser_peek(p, 0), "TEMPORARY");

    s->class = harmless ? LC_CLASS_OTHER : LC_CLASS_DESTRUCTIVE;
    if (take_access(p))
        return 0;
    s->object = lc_parser_object_kind(p, &s->kind, false);
    if (!s->object) {
        s->kind = LC_STMT_OTHER;
        s->object = "";
        return 0;
    }
    s->conditional = lc_parser_accept(p, "IF EXISTS");
    lc_parser_accept(p, "IF EMPTY");
    return s->kind == LC_STMT_DROP ? take_tables(p, s, NULL)
                                   : lc_parser_object(p, &s->database, &s->name);
}

/* RENAME a TO b, c TO d. Readers of the old names break. */
static int parse_rename(struct lc_parser *p, struct lc_stmt *s)
{
    s->kind = LC_STMT_RENAME;
    s->class = LC_CLASS_READERS;
    if (lc_parser_accept(p, "DATABASE")) {
        s->unclear = true;
        return 0;
    }
    if (!lc_parser_accept(p, "TABLE"))
        lc_parser_accept(p, "DICTIONARY");
    s->object = "table";
    s->conditional = lc_parser_accept(p, "IF EXISTS");
    return take_tables(p, s, "TO");
}

/* EXCHANGE TABLES a AND b: it is about two of the same rank, so that `name` is none of them. */
static int parse_exchange(struct lc_parser *p, struct lc_stmt *s)
{
    int rc;

    s->exchanges = true;
    if (!lc_parser_accept(p, "TABLES") && !lc_parser_accept(p, "DICTIONARIES")) {
        s->unclear = true;
        return 0;
    }
    rc = take_tables(p, s, "AND");
    if (rc == 0 && (lc_text_set(&s->database, "") || lc_text_set(&s->name, "") ||
                    lc_text_set(&s->renamed_db, "") || lc_text_set(&s->renamed_to, "")))
        rc = lc_parser_no_memory(p);
    return rc;
}

/* TRUNCATE DATABASE d, ALL TABLES FROM d, TABLES FROM d: of tables that are not named. */
static bool truncates_many(const struct lc_parser *p)
{
    return lc_tok_is_name(lc_parser_peek(p, 1)) &&
           (lc_tok_is(lc_parser_peek(p, 0), "DATABASE") || lc_tok_is(lc_parser_peek(p, 0), "ALL") ||
            lc_tok_is(lc_parser_peek(p, 0), "TABLES") ||
            lc_tok_is(lc_parser_peek(p, 0), "TEMPORARY")) &&
           !lc_tok_is(lc_parser_peek(p, 1), "ON") && !lc_tok_is(lc_parser_peek(p, 1), "SYNC");
}

/* INSERT INTO [TABLE] t, DELETE FROM t, UPDATE t, TRUNCATE TABLE t, OPTIMIZE TABLE t. */
static int parse_simple(struct lc_parser *p, struct lc_stmt *s)
{
    s->object = "table";
    if (s->kind == LC_STMT_INSERT) {
        lc_parser_accept(p, "INTO");
        if (lc_tok_is(lc_parser_peek(p, 0), "FUNCTION") || lc_parser_accept(p, "TABLE FUNCTION"))
            return 0;
    } else if (s->kind == LC_STMT_DELETE) {
        lc_parser_accept(p, "FROM");
    }
    if (s->kind == LC_STMT_TRUNCATE && truncates_many(p))
        return 0;
    lc_parser_accept(p, "TABLE");
    s->conditional = lc_parser_accept(p, "IF EXISTS");
    s->mutates = s->kind == LC_STMT_DELETE || s->kind == LC_STMT_UPDATE;
    return lc_parser_object(p, &s->database, &s->name);
}

/* OPTIMIZE t DEDUPLICATE, or CLEANUP: rows go. */
static int parse_optimize(struct lc_parser *p, struct lc_stmt *s)
{
    if (mentions(p, "DEDUPLICATE") || mentions(p, "CLEANUP"))
        s->class = LC_CLASS_DESTRUCTIVE;
    return parse_simple(p, s);
}

/* WITH REPLACE OPTION takes away what was granted before. */
static int parse_grant(struct lc_parser *p, struct lc_stmt *s)
{
    if (mentions(p, "REPLACE"))
        s->class = LC_CLASS_READERS;
    return 0;
}

/* ALTER USER, ROLE, QUOTA, PROFILE, POLICY, NAMED COLLECTION: who reads now may be refused afterwards. */
static int parse_alter(struct lc_parser *p, struct lc_stmt *s)
{
    if (!take_access(p))
        return lc_parser_alter(p, s);
    s->class = LC_CLASS_READERS;
    return 0;
}

/*
 * A policy hides rows, a quota or a profile that is given TO somebody limits who reads now, and OR REPLACE takes away
 * what was there. A user or a role that is new harms nobody.
 */
static int parse_create(struct lc_parser *p, struct lc_stmt *s)
{
    const struct lc_tok *first = lc_parser_peek(p, 0);
    size_t at = p->at;
    bool policy =
        lc_tok_is(first, "ROW") || lc_tok_is(first, "POLICY") || lc_tok_is(first, "MASKING");
    bool limit =
        lc_tok_is(first, "QUOTA") || lc_tok_is(first, "SETTINGS") || lc_tok_is(first, "PROFILE");

    if (take_access(p)) {
        if (policy || lc_parser_accept(p, "OR REPLACE") || (limit && mentions(p, "TO")))
            s->class = LC_CLASS_READERS;
        return 0;
    }
    p->at = at;
    return lc_parser_create(p, s);
}

/* WITH 1 AS x INSERT INTO t SELECT x is an INSERT; what has a SELECT first, outside of brackets, reads. */
static int parse_with(struct lc_parser *p, struct lc_stmt *s)
{
    unsigned depth = 0;

    for (; !lc_parser_at_end(p) && lc_tok_track(lc_parser_peek(p, 0), &depth); p->at++) {
        if (depth > 0 || (!lc_tok_is(lc_parser_peek(p, 0), "INSERT") &&
                          !lc_tok_is(lc_parser_peek(p, 0), "SELECT")))
            continue;
        if (!lc_parser_accept(p, "INSERT INTO"))
            return 0;
        s->kind = LC_STMT_INSERT;
        s->class = LC_CLASS_INSERT;
        return parse_simple(p, s);
    }
    return 0;
}

/* REPLACE TABLE t: as CREATE OR REPLACE. A function of that name is no statement. */
static int parse_replace(struct lc_parser *p, struct lc_stmt *s)
{
    if (lc_tok_symbol(lc_parser_peek(p, 0), '('))
        return 0;
    s->replaces = s->needs_own = true;
    return lc_parser_create(p, s);
}

/* A database that is attached brings its tables, a table its columns. */
static int parse_attach(struct lc_parser *p, struct lc_stmt *s)
{
    int rc = lc_parser_create(p, s);

    s->unclear = s->kind != LC_STMT_CREATE;
    return rc;
}

/*
 * What a statement is by its first words: the first entry whose words come holds, so longer ones come
 * before those that they begin with. `parse` reads the rest, and may change kind and class.
 */
static const struct verb {
    const char *words;
    enum lc_stmt_kind kind;
    enum lc_stmt_class class;
    int (*parse)(struct lc_parser *p, struct lc_stmt *s); /* NULL: the words say all */
} verbs[] = {
    {"SELECT", LC_STMT_READ, LC_CLASS_READ, NULL},
    {"WITH", LC_STMT_READ, LC_CLASS_READ, parse_with},
    {"SHOW", LC_STMT_READ, LC_CLASS_READ, NULL},
    {"EXISTS", LC_STMT_READ, LC_CLASS_READ, NULL},
    {"DESCRIBE", LC_STMT_READ, LC_CLASS_READ, NULL},
    {"DESC", LC_STMT_READ, LC_CLASS_READ, NULL},
    {"EXPLAIN", LC_STMT_READ, LC_CLASS_READ, NULL},
    {"REVOKE", LC_STMT_OTHER, LC_CLASS_READERS, NULL},
    {"GRANT", LC_STMT_OTHER, LC_CLASS_OTHER, parse_grant},
    {"SET DEFAULT ROLE", LC_STMT_OTHER, LC_CLASS_READERS, NULL},
    {"ALTER", LC_STMT_OTHER, LC_CLASS_OTHER, parse_alter},
    {"CREATE", LC_STMT_OTHER, LC_CLASS_OTHER, parse_create},
    {"ATTACH", LC_STMT_OTHER, LC_CLASS_OTHER, parse_attach},
    {"REPLACE", LC_STMT_OTHER, LC_CLASS_OTHER, parse_replace},
    {"DETACH", LC_STMT_OTHER, LC_CLASS_READERS, NULL},
    {"SYSTEM DROP DATABASE REPLICA", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, NULL},
    {"SYSTEM DROP REPLICA", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, NULL},
    {"SYSTEM UNFREEZE", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, NULL}, /* a backup */
    {"SYSTEM SHUTDOWN", LC_STMT_OTHER, LC_CLASS_READERS, NULL},
    {"SYSTEM KILL", LC_STMT_OTHER, LC_CLASS_READERS, NULL},
    {"SYSTEM STOP LISTEN", LC_STMT_OTHER, LC_CLASS_READERS, NULL},
    {"KILL MUTATION", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, NULL}, /* what it had still to change */
    {"KILL", LC_STMT_OTHER, LC_CLASS_READERS, NULL},
    {"DROP", LC_STMT_OTHER, LC_CLASS_OTHER, parse_drop},
    {"RENAME", LC_STMT_OTHER, LC_CLASS_OTHER, parse_rename},
    {"EXCHANGE", LC_STMT_RENAME, LC_CLASS_READERS, parse_exchange},
    {"INSERT", LC_STMT_INSERT, LC_CLASS_INSERT, parse_simple},
    {"DELETE", LC_STMT_DELETE, LC_CLASS_DESTRUCTIVE, parse_simple},
    {"UPDATE", LC_STMT_UPDATE, LC_CLASS_MUTATION, parse_simple},
    {"TRUNCATE", LC_STMT_TRUNCATE, LC_CLASS_DESTRUCTIVE, parse_simple},
    {"OPTIMIZE", LC_STMT_OPTIMIZE, LC_CLASS_OTHER, parse_optimize},
};

/*
 * Of what is read no further than its first words (LC_STMT_OTHER): does it leave alone which tables there
 * are, and their columns? Who may do what, settings, a server's affairs, what lives for one session.
 */
static bool keeps_tables(struct lc_parser p)
{
    static const char *const verbs_that_keep[] = {"GRANT",  "REVOKE", "SET",      "KILL",
                                                  "CHECK",  "BACKUP", "USE",      "BEGIN",
                                                  "COMMIT", "START",  "ROLLBACK", "ALTER DATABASE"};
    static const char *const objects[] = {
        "TEMPORARY",  "USER",   "ROLE",     "QUOTA", "PROFILE",  "SETTINGS PROFILE",
        "ROW POLICY", "POLICY", "WORKLOAD", "INDEX", "RESOURCE", "NAMED COLLECTION"};

    p.at = 0;
    while (lc_parser_accept(&p, "EXECUTE AS"))
        lc_parser_skip(&p);
    if (lc_tok_symbol(lc_parser_peek(&p, 0), '('))
        return true; /* a query in parentheses */
    for (size_t i = 0; i < sizeof verbs_that_keep / sizeof *verbs_that_keep; i++)
        if (lc_parser_accept(&p, verbs_that_keep[i]))
            return true;
    if (lc_parser_accept(&p, "SYSTEM"))
        return !lc_tok_is(lc_parser_peek(&p, 0), "RESTORE");
    if (!lc_parser_accept(&p, "CREATE") && !lc_parser_accept(&p, "ALTER") &&
        !lc_parser_accept(&p, "DROP"))
        return false;
    lc_parser_accept(&p, "OR REPLACE");
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        if (lc_parser_accept(&p, objects[i]))
            return true;
    return false;
}

/*
 * The name behind ON CLUSTER in what is left, outside of parentheses, before any AS; NULL: there is none.
 * A query may have such names.
 */
static const struct lc_tok *find_cluster_name(const struct lc_parser *p)
{
    unsigned depth = 0;

    for (size_t i = p->at; i + 2 < p->n && !lc_tok_is(&p->t[i], "AS"); i++) {
        depth += lc_tok_symbol(&p->t[i], '(');
        depth -= depth > 0 && lc_tok_symbol(&p->t[i], ')');
        if (depth == 0 && lc_tok_is(&p->t[i], "ON") && lc_tok_is(&p->t[i + 1], "CLUSTER") &&
            (p->t[i + 2].kind == LC_TOK_WORD || p->t[i + 2].kind == LC_TOK_QUOTED ||
             p->t[i + 2].kind == LC_TOK_STRING))
            return &p->t[i + 2];
    }
    return NULL;
}

/* Of DROP, RENAME, TRUNCATE, GRANT …; the parsers of ALTER and CREATE have looked where it belongs. */
static void find_cluster(const struct lc_parser *p, struct lc_stmt *s)
{
    const struct lc_tok *name;

    if (s->kind == LC_STMT_READ || s->kind == LC_STMT_INSERT || s->kind == LC_STMT_ALTER ||
        s->kind == LC_STMT_CREATE || s->on_cluster)
        return;
    name = find_cluster_name(p);
    s->on_cluster = name != NULL;
    if (name)
        s->cluster = (struct lc_slice){(const uint8_t *)name->p, name->n};
}

/*
 * Find the verb, and let it read on. EXECUTE AS user comes before a statement and changes
 * nothing of what it does.
 */
static int parse(struct lc_parser *p, struct lc_stmt *s)
{
    int rc = 0;

    while (lc_parser_accept(p, "EXECUTE AS"))
        lc_parser_skip(p); /* the user */
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!lc_parser_accept(p, verbs[i].words))
            continue;
        s->kind = verbs[i].kind;
        s->class = verbs[i].class;
        rc = verbs[i].parse ? verbs[i].parse(p, s) : 0;
        break;
    }
    if (rc == 0)
        find_cluster(p, s);
    if (s->kind == LC_STMT_OTHER && !keeps_tables(*p))
        s->unclear = true;
    return rc;
}

/* All code tokens, LC_TOK_END last; to be freed. */
static struct lc_tok *tokens(const char *sql, size_t n, size_t *out_n, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(sql, n);
    struct lc_tok *v = NULL;
    size_t cap = 0;

    *out_n = 0;
    do {
        if (*out_n == cap) {
            struct lc_tok *grown;

            cap = cap ? cap * 2 : 64;
            grown = realloc(v, cap * sizeof *v);
            if (!grown) {
                lc_fail(err, LC_ERR_NOMEM, "no memory to read a statement");
                free(v);
                return NULL;
            }
            v = grown;
        }
        if (lc_lex_code(&lex, &v[*out_n], err)) {
            free(v);
            return NULL;
        }
    } while (v[(*out_n)++].kind != LC_TOK_END);
    return v;
}

/* A statement of which nothing is known yet. */
static int start(struct lc_stmt *s, struct lc_parser *p)
{
    *s = (struct lc_stmt){.class = LC_CLASS_OTHER, .object = ""};
    s->database = strdup("");
    s->name = strdup("");
    s->renamed_db = strdup("");
    s->renamed_to = strdup("");
    s->like_database = strdup("");
    s->like = strdup("");
    return s->database && s->name && s->renamed_db && s->renamed_to && s->like_database && s->like
               ? 0
               : lc_parser_no_memory(p);
}

/*
 * Make an end of the first PARALLEL WITH. The result reads what follows it; its n is 0 where
 * there is none. t are p's tokens, not const: the word PARALLEL is overwritten by LC_TOK_END.
 */
static struct lc_parser cut(struct lc_parser *p, struct lc_tok *t)
{
    struct lc_parser rest = {.err = p->err};

    for (size_t i = 0; i + 2 < p->n; i++) {
        if (!lc_tok_is(&t[i], "PARALLEL") || !lc_tok_is(&t[i + 1], "WITH"))
            continue;
        rest.t = t + i + 2;
        rest.n = p->n - i - 2;
        t[i].kind = LC_TOK_END;
        p->n = i + 1;
        break;
    }
    return rest;
}

/* A PARALLEL WITH B is as bad as the worst of them. */
static int parse_all(struct lc_parser p, struct lc_tok *t, struct lc_stmt *s)
{
    struct lc_parser rest = cut(&p, t);
    int rc = parse(&p, s);

    s->unclear = s->unclear || rest.n > 0; /* only the first is read */
    while (rc == 0 && rest.n) {
        struct lc_stmt second;

        p = rest;
        rest = cut(&p, t + (p.t - t));
        rc = start(&second, &p);
        if (rc == 0)
            rc = parse(&p, &second);
        if (rc == 0 && second.class > s->class)
            s->class = second.class;
        lc_stmt_release(&second);
    }
    return rc;
}

/* How much of an INSERT is read: its data is not ClickHouse SQL. */
#define INSERT_HEAD_BYTES 4096

int lc_stmt_parse(struct lc_stmt *out, const char *sql, size_t n, struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(sql, n);
    struct lc_tok first, *t = NULL;
    struct lc_error local = LC_ERROR_INIT;
    struct lc_parser p = {.err = err};
    int rc;

    rc = start(out, &p);
    if (rc == 0)
        rc = lc_lex_code(&lex, &first, err);
    if (rc)
        goto done;
    if (lc_tok_is(&first, "INSERT")) {
        /* Only as far as it lexes: enough for the table's name. */
        size_t head = n < INSERT_HEAD_BYTES ? n : INSERT_HEAD_BYTES;

        while (head > 0 && !(t = tokens(sql, head, &p.n, &local))) {
            head = local.code == LC_ERR_INPUT ? (size_t)local.byte : 0;
            local = LC_ERROR_INIT;
        }
    } else {
        t = tokens(sql, n, &p.n, err);
    }
    if (!t) {
        rc = err && err->code ? err->code : lc_fail(err, LC_ERR_NOMEM, "no memory");
        goto done;
    }
    p.t = t;
    out->text = (struct lc_slice){(const uint8_t *)sql, n};
    rc = lc_tok_is(&first, "INSERT") ? parse(&p, out) : parse_all(p, t, out);
done:
    free(t);
    if (rc)
        lc_stmt_release(out);
    return rc;
}
