/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways are timed by turns, round after round, so that a machine that gets slower in between makes
 * none of them look bad; of each the shortest time counts. A way that answers otherwise than the rules
 * is out, however quick it is.
 */
#include "cli/column/advise.h"

#include "base/clock.h"
#include "cli/column/compare_rules.h"
#include "cli/column/narrow_key.h"
#include "cli/column/preflight.h"
#include "cli/column/rule_dictionary.h"
#include "cli/column/rule_expression.h"
#include "cli/column/time_expression.h"
#include "cli/server/query.h"
#include "cli/sql/split.h"
#include "cli/sql/type_name.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SQL_BYTES = 64 << 20, /* a rule set as one expression may be long */
    DEFAULT_ROWS = 1000000,
    DEFAULT_ROUNDS = 5,
    WAIT_MS = 3600 * 1000,
    NAME_BYTES = 80,
    ALIKE_PERCENT = 10 /* ways whose costs are that near go by what they need */
};

/* A run: the table, its copy, and the names of what was made. */
struct run {
    const struct lc_advise_request *q;
    struct lc_advise_result *r;
    struct lc_column d;      /* the user's table */
    struct lc_column copy;   /* of the same columns, as the copy has them */
    bool copied;             /* there is a copy: INSERT and MATERIALIZE can be timed */
    struct lc_error no_copy; /* else why not */
    char *key;               /* SQL: a name that is a column's is one, whatever it has in it */
    char *keys;              /* `a`, `b`: what it reads */
    char **names;
    size_t n;
    /*
     * made: the dictionary, and what the other names begin with; from: the copy of the user's
     * rows; into: made anew, and dropped, for every INSERT and MATERIALIZE that is timed.
     */
    char made[NAME_BYTES], from[NAME_BYTES], into[NAME_BYTES];
    bool rules_made, dictionary_made; /* may be there */
};

const char *lc_advise_way_name(enum lc_advise_way way)
{
    static const char *const names[] = {"whole", "narrow", "sql", "dictionary"};

    return names[way];
}

/* --- statements -------------------------------------------------------------------------------- */

/* Run it; *ns (may be NULL): how long it took. `settled`: not to be stopped, it takes things away. */
static int run_sql(const struct run *u, struct lc_buf *sql, bool settled, uint64_t *ns,
                   struct lc_error *err)
{
    static const struct lc_setting settings[] = {
        {"mutations_sync", "2"}, {"use_query_cache", "0"}, {NULL, NULL}};
    const struct lc_query query = {.sql = lc_buf_str(sql),
                                   .settings = settings,
                                   .timeout_ms = WAIT_MS,
                                   .changes = true,
                                   .cancel = settled ? NULL : u->q->cancel};
    uint64_t from = lc_now_ns();
    int rc = query.sql ? lc_backend_query(u->q->b, &query, NULL, err) : lc_no_memory(err);

    if (ns)
        *ns = lc_now_ns() - from;
    return rc;
}

/* "VERB `db`.`name`REST" */
static int on_table(const struct run *u, const char *verb, const char *name, const char *rest,
                    bool settled, uint64_t *ns, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, SQL_BYTES);
    rc = lc_buf_adds(&sql, verb) || lc_buf_adds(&sql, " ") ||
         lc_sql_add_id(&sql, u->d.t.database) || lc_buf_adds(&sql, ".") ||
         lc_sql_add_id(&sql, name) || lc_buf_adds(&sql, rest);
    rc = rc ? lc_no_memory(err) : run_sql(u, &sql, settled, ns, err);
    lc_buf_release(&sql);
    return rc;
}

/* False only where the server says that there is no such table or dictionary. */
static bool may_be_there(const struct run *u, const char *name)
{
    const struct lc_sql_arg args[] = {{"database", u->d.t.database}, {"table", name}, {NULL, NULL}};
    struct lc_answer t = {0};
    bool gone = lc_query_read(u->q->b, lc_sql_table_engine_full, args, &t, NULL) == 0 && !t.rows;

    lc_answer_release(&t);
    return !gone;
}

/*
 * DROP TABLE or DICTIONARY, if it exists. A failure is told to the caller's hook and is no
 * failure of the measurement; of what was never made, since its CREATE was refused, nothing is told.
 * It is not stopped by the caller's cancel: what was made must go.
 */
static void drop(const struct run *u, const char *what, const char *name)
{
    struct lc_error why = LC_ERROR_INIT;
    char verb[40], text[700];

    snprintf(verb, sizeof verb, "DROP %s IF EXISTS", what);
    if (on_table(u, verb, name, "", true, NULL, &why) == 0 || !u->q->warn || !may_be_there(u, name))
        return;
    snprintf(text, sizeof text, "%s %s.%s is left behind: %.400s", what, u->d.t.database, name,
             why.msg);
    u->q->warn(u->q->ctx, text);
}

/* --- what is made ------------------------------------------------------------------------------- */

/* (`a` String, `b` UInt64): the columns that the key reads, with their types. */
static int add_shape(const struct run *u, struct lc_buf *sql)
{
    int rc = lc_buf_adds(sql, " (");

    for (size_t i = 0; rc == 0 && i < u->n; i++)
        rc = (i && lc_buf_adds(sql, ", ")) || lc_sql_add_id(sql, u->names[i]) ||
             lc_buf_addf(sql, " %s", lc_column_type_of(&u->d, u->names[i]));
    return rc;
}

/* A table of these columns and, with expr, the derived one, named livecol_c. */
static int create(const struct run *u, const char *name, const char *expr, struct lc_error *err)
{
    struct lc_buf rest;
    int rc;

    lc_buf_init(&rest, SQL_BYTES);
    rc = add_shape(u, &rest) ||
         (expr && lc_buf_addf(&rest, ", livecol_c %s DEFAULT %s", u->q->type, expr)) ||
         lc_buf_adds(&rest, ") ENGINE = MergeTree ORDER BY tuple()");
    rc = rc || !lc_buf_str(&rest)
             ? lc_no_memory(err)
             : on_table(u, "CREATE TABLE", name, lc_buf_str(&rest), false, NULL, err);
    lc_buf_release(&rest);
    return rc;
}

/* INSERT INTO name (keys) SELECT keys FROM …: the table itself, or its copy. */
static int fill(const struct run *u, const char *name, const char *from, uint64_t *ns,
                struct lc_error *err)
{
    struct lc_buf rest;
    int rc;

    lc_buf_init(&rest, SQL_BYTES);
    rc = lc_buf_addf(&rest, " (%s) SELECT %s FROM ", u->keys, u->keys);
    if (rc == 0 && from)
        rc = lc_sql_add_id(&rest, u->d.t.database) || lc_buf_adds(&rest, ".") ||
             lc_sql_add_id(&rest, from);
    else if (rc == 0)
        rc = lc_column_add_rows(&u->d, &rest) ||
             lc_buf_addf(&rest, " LIMIT %" PRIu64, u->q->rows ? u->q->rows : DEFAULT_ROWS);
    rc = rc || !lc_buf_str(&rest)
             ? lc_no_memory(err)
             : on_table(u, "INSERT INTO", name, lc_buf_str(&rest), false, ns, err);
    lc_buf_release(&rest);
    return rc;
}

/* The dictionary of these rules. Its table of rows has the same name with "_rules" after it. */
static struct lc_rule_dictionary dictionary_of(const struct run *u, bool converts)
{
    return (struct lc_rule_dictionary){.database = u->d.t.database,
                                       .name = u->made,
                                       .rules = u->q->rules,
                                       .attribute = u->q->attribute,
                                       .type = u->q->type,
                                       .converts = converts};
}

/* The statements of a text, one after the other. */
static int run_all(const struct run *u, const struct lc_buf *text, struct lc_error *err)
{
    struct lc_split pieces = {0};
    int rc = lc_split_split(&pieces, (const char *)text->p, text->n, err);

    for (size_t i = 0; rc == 0 && i < pieces.n; i++) {
        struct lc_buf sql;

        if (pieces.v[i].kind != LC_PIECE_STATEMENT)
            continue;
        lc_buf_init(&sql, SQL_BYTES);
        rc = lc_buf_add(&sql, text->p + pieces.v[i].at, pieces.v[i].n)
                 ? lc_no_memory(err)
                 : run_sql(u, &sql, false, NULL, err);
        lc_buf_release(&sql);
    }
    lc_split_release(&pieces);
    return rc;
}

/*
 * Create the dictionary and the table it reads. The two flags are set before the answer is
 * known, since a lost answer may leave either on the server. Only a refusal proves that there
 * is no dictionary.
 */
static int make_dictionary(struct run *u, bool converts, struct lc_error *err)
{
    const struct lc_rule_dictionary dictionary = dictionary_of(u, converts);
    struct lc_buf text;
    int rc;

    lc_buf_init(&text, SQL_BYTES);
    rc = lc_rule_dictionary_create(&dictionary, &text) ? lc_no_memory(err) : 0;
    u->rules_made = rc == 0;
    if (rc == 0)
        rc = run_all(u, &text, err);
    u->dictionary_made = u->rules_made && rc != LC_ERR_SERVER; /* which refused it */
    lc_buf_release(&text);
    return rc;
}

/* --- the ways' expressions ----------------------------------------------------------------------- */

/* The way is out: `why` is shown to the user, and time_all skips a way that has one. */
static void not_measured(struct run *u, enum lc_advise_way way, const struct lc_error *why)
{
    snprintf(u->r->way[way].why, LC_ADVISE_WHY, "%.450s", why->msg);
    u->r->way[way].whole = false;
}

/* A way that the server, or the rules, do not go is no failure of the whole. */
static int tolerate(struct run *u, enum lc_advise_way way, int rc, const struct lc_error *why,
                    struct lc_error *err)
{
    if (rc == LC_ERR_SERVER || rc == LC_ERR_REFUSED) {
        not_measured(u, way, why);
        return 0;
    }
    return rc ? lc_error_pass(err, why) : 0;
}

/* The function must be there, and answer by these rules. */
static int check_function(struct run *u, const struct lc_column *d, struct lc_error *err)
{
    struct lc_compare_call of = {.function = u->q->function};
    struct lc_slice name = u->q->rules->names[u->q->attribute];
    char *attribute = strndup((const char *)name.p, name.n), *type = NULL;
    uint64_t compared = 0;
    int rc = attribute ? 0 : lc_no_memory(err);

    of.attribute = attribute;
    u->r->function_there = d->calls_n && !d->calls[0].missing;
    if (rc == 0 && !u->r->function_there)
        rc = lc_fail(err, LC_ERR_REFUSED, "the function %s is not on this server", u->q->function);
    if (rc == 0)
        rc = lc_column_type_of_expr(d, u->key, &type, err);
    of.column_type = type;
    if (rc == 0)
        rc = lc_compare_with(u->q->b, &of, u->q->rules, u->q->rules_path, &compared, err);
    free(type);
    free(attribute);
    return rc;
}

/* The text becomes the way's expression; lc_advise_release frees it. */
static int keep(struct run *u, enum lc_advise_way way, struct lc_buf *text, struct lc_error *err)
{
    u->r->way[way].expr = lc_buf_str(text) ? strdup(lc_buf_str(text)) : NULL;
    return u->r->way[way].expr ? 0 : lc_no_memory(err);
}

/* The function with the whole key, and with the narrow one. */
static int find_functions(struct run *u, struct lc_error *err)
{
    struct lc_column whole = u->d;
    struct lc_error why = LC_ERROR_INIT;
    struct lc_narrow narrow;
    struct lc_buf text, cut;
    int rc;

    whole.calls = NULL;
    whole.calls_n = 0;
    lc_buf_init(&text, SQL_BYTES);
    lc_buf_init(&cut, SQL_BYTES);
    rc = lc_sql_add_name(&text, u->q->function) || lc_buf_addf(&text, "(%s)", u->key) ||
                 !lc_buf_str(&text)
             ? lc_no_memory(err)
             : 0;
    whole.expr = rc ? "" : lc_buf_str(&text);
    if (rc == 0)
        rc = lc_column_read_calls(&whole, &why);
    if (rc == 0)
        rc = check_function(u, &whole, &why);
    if (rc == 0)
        rc = keep(u, LC_ADVISE_WHOLE, &text, err);
    else if (tolerate(u, LC_ADVISE_NARROW, rc, &why, err) == 0)
        rc = tolerate(u, LC_ADVISE_WHOLE, rc, &why, err);
    if (rc == 0 && u->r->way[LC_ADVISE_WHOLE].expr) {
        rc = lc_narrow_of(u->q->rules, &narrow, &why);
        if (rc == 0)
            rc = lc_narrow_expression(&whole, &narrow, &cut, &why);
        rc = rc ? tolerate(u, LC_ADVISE_NARROW, rc, &why, err)
                : keep(u, LC_ADVISE_NARROW, &cut, err);
    }
    lc_column_free_calls(whole.calls, whole.calls_n);
    lc_buf_release(&text);
    lc_buf_release(&cut);
    return rc;
}

/* What no rule takes, where the rules have no default. */
static const char *miss_of(const char *type)
{
    return strstr(type, "Nullable(") ? "NULL" : lc_type_is_integer(type) ? "'0'" : "''";
}

/*
 * The rules as SQL (a multiIf or the like) and as a dictionary. Both look up a text where the
 * rules are of texts, so a key of another type goes through toString, as a program would be
 * given it.
 */
static int find_expressions(struct run *u, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_rule_dictionary dictionary;
    char *type = NULL, plain[LC_TYPE_BYTES];
    struct lc_buf text, key;
    bool converts;
    int rc = lc_column_type_of_expr(&u->d, u->key, &type, err);

    if (rc)
        return rc;
    converts = strcmp(lc_type_plain(type, plain), "String") != 0 &&
               u->q->rules->takes.order == LC_ORDER_TEXT;
    u->r->converts = converts;
    free(type);
    lc_buf_init(&text, SQL_BYTES);
    lc_buf_init(&key, SQL_BYTES);
    rc = (converts ? lc_buf_addf(&key, "toString(%s)", u->key) : lc_buf_adds(&key, u->key)) ||
                 !lc_buf_str(&key)
             ? lc_no_memory(&why)
             : lc_rule_expression(u->q->rules, u->q->attribute, u->q->type, lc_buf_str(&key),
                                  miss_of(u->q->type), &text, &why);
    lc_buf_release(&key);
    rc = rc ? tolerate(u, LC_ADVISE_SQL, rc, &why, err) : keep(u, LC_ADVISE_SQL, &text, err);
    lc_buf_reset(&text);
    why = (struct lc_error)LC_ERROR_INIT;
    dictionary = dictionary_of(u, converts);
    if (rc == 0) {
        rc = lc_rule_dictionary_check(&dictionary, &why);
        if (rc == 0)
            rc = make_dictionary(u, converts, &why);
        if (rc == 0)
            rc = lc_rule_dictionary_expression(&dictionary, u->key, &text);
        rc = rc ? tolerate(u, LC_ADVISE_DICTIONARY, rc, &why, err)
                : keep(u, LC_ADVISE_DICTIONARY, &text, err);
    }
    lc_buf_release(&text);
    return rc;
}

/* --- times ---------------------------------------------------------------------------------------- */

/*
 * Of several rounds the shortest time counts: whatever else the machine does can only add to
 * it.
 */
static void least(uint64_t *of, uint64_t ns)
{
    if (*of == 0 || ns < *of)
        *of = ns;
}

/* SELECT: the expression alone, on one thread, so that the time is the work. */
static int time_select(struct run *u, const char *expr, struct lc_advise_cost *cost,
                       struct lc_error *err)
{
    const struct lc_time_request q = {.rows = u->r->rows, .cancel = u->q->cancel};
    uint64_t ns = 0;
    int rc = lc_time_once(u->copied ? &u->copy : &u->d, expr, &q, &ns, err);

    if (rc == 0)
        least(&cost->select_ns, ns);
    return rc;
}

/*
 * INSERT … SELECT from the copy into a table whose DEFAULT is the expression. The table is made
 * and dropped each time; only the INSERT is timed.
 */
static int time_insert(struct run *u, const char *expr, struct lc_advise_cost *cost,
                       struct lc_error *err)
{
    uint64_t ns = 0;
    int rc = create(u, u->into, expr, err);

    if (rc == 0)
        rc = fill(u, u->into, u->from, &ns, err);
    if (rc == 0)
        least(&cost->insert_ns, ns);
    drop(u, "TABLE", u->into);
    return rc;
}

/*
 * MATERIALIZE: ATTACH PARTITION … FROM brings the rows as hard links to the copy's parts, at no
 * cost; then the column is added, and only its MATERIALIZE is timed (mutations_sync makes the
 * call wait).
 */
static int time_materialize(struct run *u, const char *expr, struct lc_advise_cost *cost,
                            struct lc_error *err)
{
    struct lc_buf rest;
    uint64_t ns = 0;
    int rc = create(u, u->into, NULL, err);

    lc_buf_init(&rest, SQL_BYTES);
    if (rc == 0 && (lc_buf_adds(&rest, " ATTACH PARTITION tuple() FROM ") ||
                    lc_sql_add_id(&rest, u->d.t.database) || lc_buf_adds(&rest, ".") ||
                    lc_sql_add_id(&rest, u->from) || !lc_buf_str(&rest)))
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = on_table(u, "ALTER TABLE", u->into, lc_buf_str(&rest), false, NULL, err);
    lc_buf_reset(&rest);
    if (rc == 0 && (lc_buf_addf(&rest, " ADD COLUMN livecol_c %s DEFAULT %s", u->q->type, expr) ||
                    !lc_buf_str(&rest)))
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = on_table(u, "ALTER TABLE", u->into, lc_buf_str(&rest), false, NULL, err);
    if (rc == 0)
        rc = on_table(u, "ALTER TABLE", u->into, " MATERIALIZE COLUMN livecol_c", false, &ns, err);
    if (rc == 0)
        least(&cost->materialize_ns, ns);
    drop(u, "TABLE", u->into);
    lc_buf_release(&rest);
    return rc;
}

/* One way, once. */
static int time_way(struct run *u, const char *expr, struct lc_advise_cost *cost,
                    struct lc_error *err)
{
    int rc = time_select(u, expr, cost, err);

    if (rc == 0 && u->copied)
        rc = time_insert(u, expr, cost, err);
    if (rc == 0 && u->copied && expr)
        rc = time_materialize(u, expr, cost, err);
    return rc;
}

/* Each round takes every way once, in turn; a way that fails is out, and the others go on. */
static int time_all(struct run *u, struct lc_error *err)
{
    unsigned rounds = u->q->rounds ? u->q->rounds : DEFAULT_ROUNDS;
    int rc = 0;

    for (unsigned round = 0; rc == 0 && round < rounds; round++) {
        rc = time_way(u, NULL, &u->r->none, err);
        for (int i = 0; rc == 0 && i < LC_ADVISE_WAYS; i++) {
            struct lc_error why = LC_ERROR_INIT;

            if (!u->r->way[i].expr || u->r->way[i].why[0])
                continue;
            rc = time_way(u, u->r->way[i].expr, &u->r->way[i].cost, &why);
            rc = tolerate(u, (enum lc_advise_way)i, rc, &why, err);
        }
    }
    return rc;
}

/* --- which one ------------------------------------------------------------------------------------- */

/* Does it give what the first one gives, for every row of the copy? */
static int compare(struct run *u, const char *first, enum lc_advise_way way, struct lc_error *err)
{
    const struct lc_column *d = u->copied ? &u->copy : &u->d;
    struct lc_column typed = *d;
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer t = {0};
    struct lc_buf sql, a, b;
    int rc;

    typed.type = u->q->type;
    lc_buf_init(&sql, SQL_BYTES);
    lc_buf_init(&a, SQL_BYTES);
    lc_buf_init(&b, SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT countIf(") || lc_column_add_expected(&typed, first, &a) ||
         lc_column_add_expected(&typed, u->r->way[way].expr, &b) || !lc_buf_str(&a) ||
         !lc_buf_str(&b) || lc_column_add_unlike(&typed, lc_buf_str(&a), lc_buf_str(&b), &sql) ||
         lc_buf_addf(&sql, ") AS n FROM (SELECT %s FROM ", u->keys) ||
         lc_column_add_rows(d, &sql) || lc_buf_addf(&sql, " LIMIT %" PRIu64 ")", u->r->rows) ||
         !lc_buf_str(&sql);
    rc = rc ? lc_no_memory(&why) : 0;
    if (rc == 0) {
        const struct lc_query q = {
            .sql = lc_buf_str(&sql), .timeout_ms = WAIT_MS, .cancel = u->q->cancel};

        rc = lc_backend_query(u->q->b, &q, &t, &why);
    }
    if (rc == 0)
        rc = lc_answer_check_shape(&t, true, 1, 1, &why);
    if (rc == 0 && lc_answer_u64(&t, 0, 0, 1))
        rc = lc_fail(&why, LC_ERR_REFUSED,
                     "its answers differ from those of the other ways for %" PRIu64 " of %" PRIu64
                     " rows",
                     lc_answer_u64(&t, 0, 0, 1), u->r->rows);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    lc_buf_release(&a);
    lc_buf_release(&b);
    return tolerate(u, way, rc, &why, err);
}

/* The rules themselves, as far as they are written as an expression, are what others must equal. */
static int compare_all(struct run *u, struct lc_error *err)
{
    static const enum lc_advise_way order[] = {LC_ADVISE_SQL, LC_ADVISE_DICTIONARY, LC_ADVISE_WHOLE,
                                               LC_ADVISE_NARROW};
    const char *first = NULL;
    int rc = 0;

    for (int i = 0; rc == 0 && i < LC_ADVISE_WAYS; i++) {
        if (!u->r->way[order[i]].expr || u->r->way[order[i]].why[0])
            continue;
        if (first)
            rc = compare(u, first, order[i], err);
        else
            first = u->r->way[order[i]].expr;
    }
    return rc;
}

/* What a way costs in all: one SELECT, one INSERT and one MATERIALIZE of the same rows, in ns. */
static uint64_t sum(const struct lc_advise_cost *c)
{
    return c->select_ns + c->insert_ns + c->materialize_ns;
}

/* The least in all; among those that are near it the one that needs the least. */
static void choose(struct lc_advise_result *r)
{
    static const enum lc_advise_way least_needs[] = {LC_ADVISE_SQL, LC_ADVISE_DICTIONARY,
                                                     LC_ADVISE_NARROW, LC_ADVISE_WHOLE};
    uint64_t best = UINT64_MAX;
    int cheapest = -1;

    r->best = -1;
    for (int i = 0; i < LC_ADVISE_WAYS; i++) {
        const struct lc_advise_cost *c = &r->way[i].cost;

        r->way[i].whole = !r->way[i].why[0] && c->select_ns && c->insert_ns && c->materialize_ns;
        if (r->way[i].whole && sum(c) < best) {
            best = sum(c);
            cheapest = i;
        }
    }
    for (int i = LC_ADVISE_WAYS; cheapest >= 0 && i-- > 0;)
        if (r->way[least_needs[i]].whole &&
            sum(&r->way[least_needs[i]].cost) * 100 <= best * (100 + ALIKE_PERCENT))
            r->best = (int)least_needs[i];
    if (r->best < 0)
        snprintf(r->best_why, LC_ADVISE_WHY, "no way was measured completely");
    else if (r->best == cheapest)
        snprintf(r->best_why, LC_ADVISE_WHY, "it takes the least time in all");
    else
        snprintf(r->best_why, LC_ADVISE_WHY,
                 "it takes hardly more time than %s (within %d %%), and needs less",
                 lc_advise_way_name((enum lc_advise_way)cheapest), ALIKE_PERCENT);
}

/*
 * A key that is a column's name is quoted as one; anything else is an expression and is kept as
 * it is.
 */
static int find_key(struct run *u, struct lc_error *err)
{
    struct lc_buf key;
    int rc;

    lc_buf_init(&key, SQL_BYTES);
    rc = lc_column_type_of(&u->d, u->q->key) ? lc_sql_add_name(&key, u->q->key)
                                             : lc_buf_adds(&key, u->q->key);
    u->key = rc || !lc_buf_str(&key) ? NULL : strdup(lc_buf_str(&key));
    lc_buf_release(&key);
    return u->key ? 0 : lc_no_memory(err);
}

/* What the key reads, and as which columns. */
static int find_keys(struct run *u, struct lc_error *err)
{
    struct lc_buf keys;
    int rc = lc_table_read(&u->d.t, u->q->b, u->q->database, u->q->table, err);

    if (rc == 0 && !u->d.t.there)
        rc = lc_fail(err, LC_ERR_REFUSED, "there is no table %s.%s", u->d.t.database, u->d.t.name);
    u->d.database = u->d.t.database;
    u->d.table = u->d.t.name;
    if (rc == 0 && lc_table_column(&u->d.t, u->q->column)) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s has a column %s already", u->d.database,
                     u->d.table, u->q->column);
        lc_hint(err,
                "--column NAME: what the new one is to be called. livecol new --rederive brings "
                "new rules to one that is there");
    }
    if (rc == 0)
        rc = find_key(u, err);
    if (rc == 0)
        rc = lc_column_inputs(&u->d, u->key, &u->names, &u->n, err);
    if (rc == 0 && u->n == 0)
        rc = lc_fail(err, LC_ERR_REFUSED, "%s reads no column of %s.%s", u->key, u->d.database,
                     u->d.table);
    lc_buf_init(&keys, SQL_BYTES);
    for (size_t i = 0; rc == 0 && i < u->n; i++)
        if ((i && lc_buf_adds(&keys, ", ")) || lc_sql_add_id(&keys, u->names[i]))
            rc = lc_no_memory(err);
    if (rc == 0 && (!lc_buf_str(&keys) || !(u->keys = strdup(lc_buf_str(&keys)))))
        rc = lc_no_memory(err);
    lc_buf_release(&keys);
    return rc;
}

/* --- what plan would say ---------------------------------------------------------------------------- */

/* ALTER TABLE `d`.`t` ADD COLUMN `c` T DEFAULT expr, then MATERIALIZE COLUMN: as `new` writes it. */
static int make_alter(const struct run *u, const char *expr, struct lc_buf *sql)
{
    return lc_buf_adds(sql, "ALTER TABLE ") || lc_table_add_name(&u->d.t, sql) ||
           lc_buf_adds(sql, " ADD COLUMN ") || lc_sql_add_id(sql, u->q->column) ||
           lc_buf_addf(sql, " %s DEFAULT %s\n, MATERIALIZE COLUMN ", u->q->type, expr) ||
           lc_sql_add_id(sql, u->q->column) || !lc_buf_str(sql);
}

/*
 * The checks that every migration goes through, of this way's. The function or dictionary that its
 * migration makes is the rules themselves, or the dictionary that was made here.
 */
static int plan_way(struct run *u, const struct lc_abilities *facts, enum lc_advise_way way,
                    struct lc_error *err)
{
    struct lc_preflight d = {.b = u->q->b, .facts = facts};
    struct lc_stmt stmt = {0};
    struct lc_error why = LC_ERROR_INIT, refused = LC_ERROR_INIT;
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, SQL_BYTES);
    rc = make_alter(u, u->r->way[way].expr, &sql)
             ? lc_no_memory(&why)
             : lc_stmt_parse(&stmt, lc_buf_str(&sql), sql.n, &why);
    if (rc == 0)
        rc = lc_preflight_check(&d, &stmt, false, &why);
    if (rc == LC_ERR_REFUSED)
        lc_fail(&refused, rc, "plan refuses it: %s%s%s", why.msg, *why.hint ? "; " : "", why.hint);
    lc_preflight_release(&d);
    lc_stmt_release(&stmt);
    lc_buf_release(&sql);
    return tolerate(u, way, rc, rc == LC_ERR_REFUSED ? &refused : &why, err);
}

static int plan_all(struct run *u, struct lc_error *err)
{
    struct lc_abilities facts = {0};
    int rc = lc_abilities_ask(&facts, u->q->b, err);

    for (int i = 0; rc == 0 && i < LC_ADVISE_WAYS; i++)
        if (u->r->way[i].expr && !u->r->way[i].why[0])
            rc = plan_way(u, &facts, (enum lc_advise_way)i, err);
    return rc;
}

/* --- the whole -------------------------------------------------------------------------------------- */

/* The copy; where none can be made the table itself is read, and nothing else is measured. */
static int make_copy(struct run *u, struct lc_error *err)
{
    const struct lc_time_request q = {.rows = u->q->rows, .cancel = u->q->cancel};
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_time_rows(&u->d, &q, &u->r->rows, err);

    if (rc)
        return rc;
    if (u->r->rows == 0) {
        lc_fail(err, LC_ERR_REFUSED, "%s.%s has no rows to measure with", u->d.database,
                u->d.table);
        return LC_ERR_REFUSED;
    }
    rc = create(u, u->from, NULL, &why);
    if (rc == 0)
        rc = fill(u, u->from, NULL, NULL, &why);
    if (rc == 0)
        rc = lc_table_read(&u->copy.t, u->q->b, u->d.database, u->from, &why);
    u->copy.database = u->copy.t.database;
    u->copy.table = u->copy.t.name;
    u->copied = u->r->copied = rc == 0;
    u->no_copy = why;
    return rc && rc != LC_ERR_SERVER ? lc_error_pass(err, &why) : 0;
}

/* Of ways that were timed by SELECT alone: why. */
static void say_no_copy(struct run *u)
{
    for (int i = 0; i < LC_ADVISE_WAYS; i++)
        if (!u->copied && !u->r->way[i].why[0])
            snprintf(u->r->way[i].why, LC_ADVISE_WHY, "no rows could be copied: %.400s",
                     u->no_copy.msg);
}

/* The order matters: the server refuses to drop a table that a dictionary still reads. */
static void take_away(struct run *u)
{
    char rules[NAME_BYTES + 8];

    drop(u, "TABLE", u->into);
    drop(u, "TABLE", u->from);
    if (u->dictionary_made)
        drop(u, "DICTIONARY", u->made);
    if (u->rules_made) {
        snprintf(rules, sizeof rules, "%s_rules", u->made);
        drop(u, "TABLE", rules);
    }
}

int lc_advise(const struct lc_advise_request *q, struct lc_advise_result *r, struct lc_error *err)
{
    struct run u = {.q = q, .r = r, .d = {.b = q->b, .type = q->type}, .copy = {.b = q->b}};
    int rc;

    *r = (struct lc_advise_result){.best = -1};
    snprintf(u.made, NAME_BYTES, "livecol_advise_%ld_%" PRIu64, (long)getpid(), lc_now_ns());
    snprintf(u.from, NAME_BYTES, "%.60s_rows", u.made);
    snprintf(u.into, NAME_BYTES, "%.60s_into", u.made);
    rc = find_keys(&u, err);
    if (rc == 0) {
        rc = make_copy(&u, err);
        if (rc == 0)
            rc = find_functions(&u, err);
        if (rc == 0)
            rc = find_expressions(&u, err);
        if (rc == 0)
            rc = compare_all(&u, err);
        if (rc == 0)
            rc = plan_all(&u, err);
        if (rc == 0)
            rc = time_all(&u, err);
        say_no_copy(&u);
        take_away(&u);
    }
    if (rc == 0)
        choose(r);
    lc_column_free_names(u.names, u.n);
    lc_column_release(&u.copy);
    lc_column_release(&u.d);
    free(u.keys);
    free(u.key);
    return rc;
}

void lc_advise_release(struct lc_advise_result *r)
{
    for (int i = 0; i < LC_ADVISE_WAYS; i++)
        free(r->way[i].expr);
    *r = (struct lc_advise_result){.best = -1};
}
