#include "cli/column/column.h"

#include "cli/column/backfill_target.h"
#include "cli/column/preflight.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/lexer.h"
#include "cli/sql/name.h"
#include "cli/sql/type_name.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX_BYTES = 1 << 20 };

static int find_table(struct lc_column *d, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", d->database}, {"table", d->table}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(d->b, lc_sql_table_engine, args, &t, err);

    if (rc == 0 && t.rows == 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "there is no table %s.%s", d->database, d->table);
        lc_hint(err, "SHOW TABLES lists those that there are");
    } else if (rc == 0) {
        const struct lc_cell *engine = lc_answer_at(&t, 0, LC_SQL_TABLE_ENGINE_ENGINE);

        d->replicated =
            strncmp(engine->p, "Replicated", 10) == 0 || strncmp(engine->p, "Shared", 6) == 0;
        if (!strstr(engine->p, "MergeTree")) {
            d->partless = true;
            rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s (%s) stores no parts of its own", d->database,
                         d->table, engine->p);
            lc_hint(err, "name the table that stores the rows, a MergeTree");
        }
    }
    lc_answer_release(&t);
    return rc;
}

int lc_column_find(struct lc_column *d, struct lc_backend *b, const char *database,
                   const char *table, const char *column, struct lc_error *err)
{
    struct lc_sql_arg args[] = {{"database", NULL}, {"table", NULL}, {NULL, NULL}};
    int rc;

    *d = (struct lc_column){.b = b};
    d->database = strdup(database ? database : lc_backend_database(b));
    d->table = strdup(table);
    d->column = strdup(column);
    if (!d->database || !d->table || !d->column)
        return lc_no_memory(err);
    args[0].value = d->database;
    args[1].value = d->table;
    rc = find_table(d, err);
    if (rc == 0 || d->partless) {
        struct lc_error one = LC_ERROR_INIT;
        int read = lc_query_read(b, lc_sql_columns, args, &d->columns, rc ? &one : err);

        rc = rc ? rc : read;
    }
    if (rc && !d->partless)
        return rc;
    for (size_t i = 0; i < d->columns.rows; i++) {
        if (strcmp(lc_answer_at(&d->columns, i, LC_SQL_COLUMNS_NAME)->p, column) != 0)
            continue;
        d->type = strdup(lc_answer_at(&d->columns, i, LC_SQL_COLUMNS_TYPE)->p);
        d->kind = strdup(lc_answer_at(&d->columns, i, LC_SQL_COLUMNS_DEFAULT_KIND)->p);
        d->expr = strdup(lc_answer_at(&d->columns, i, LC_SQL_COLUMNS_DEFAULT_EXPRESSION)->p);
        return d->type && d->kind && d->expr ? rc : lc_no_memory(err);
    }
    return rc ? rc
              : lc_fail(err, LC_ERR_REFUSED, "%s.%s has no column %s", d->database, table, column);
}

void lc_column_release(struct lc_column *d)
{
    free(d->database);
    free(d->table);
    free(d->column);
    free(d->type);
    free(d->kind);
    free(d->expr);
    lc_answer_release(&d->columns);
    *d = (struct lc_column){0};
}

const char *lc_column_type_of(const struct lc_column *d, const char *column)
{
    for (size_t i = 0; i < d->columns.rows; i++) {
        if (strcmp(lc_answer_at(&d->columns, i, LC_SQL_COLUMNS_NAME)->p, column) == 0)
            return lc_answer_at(&d->columns, i, LC_SQL_COLUMNS_TYPE)->p;
    }
    return NULL;
}

void lc_column_free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static bool is_among(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

int lc_column_inputs(const struct lc_column *d, const char *expr, char ***names, size_t *n,
                     struct lc_error *err)
{
    struct lc_lexer lex = LC_LEXER(expr, strlen(expr));
    struct lc_tok tok;
    char **v = calloc(d->columns.rows + 1, sizeof *v);
    size_t found = 0;

    *names = NULL;
    *n = 0;
    if (!v)
        return lc_no_memory(err);
    while (lc_lex_code(&lex, &tok, NULL) == 0 && tok.kind != LC_TOK_END) {
        struct lc_lexer ahead = lex;
        struct lc_tok next;
        char *name;

        if (tok.kind != LC_TOK_WORD && tok.kind != LC_TOK_QUOTED)
            continue;
        if (lc_lex_code(&ahead, &next, NULL) == 0 && lc_tok_symbol(&next, '('))
            continue; /* a function, whatever the columns' names */
        name = lc_tok_name(&tok);
        if (!name) {
            lc_column_free_names(v, found);
            return lc_no_memory(err);
        }
        if (lc_column_type_of(d, name) && !is_among(v, found, name))
            v[found++] = name;
        else
            free(name);
    }
    *names = v;
    *n = found;
    return 0;
}

bool lc_column_call(const struct lc_column *d, const char *expr, char **function, char **key,
                    const char **key_type)
{
    struct lc_lexer lex = LC_LEXER(expr, strlen(expr));
    struct lc_tok tok[5];

    *function = *key = NULL;
    *key_type = NULL;
    for (int i = 0; i < 5; i++) {
        if (lc_lex_code(&lex, &tok[i], NULL))
            return false;
    }
    if ((tok[0].kind != LC_TOK_WORD && tok[0].kind != LC_TOK_QUOTED) ||
        (tok[2].kind != LC_TOK_WORD && tok[2].kind != LC_TOK_QUOTED) ||
        !lc_tok_symbol(&tok[1], '(') || !lc_tok_symbol(&tok[3], ')') || tok[4].kind != LC_TOK_END)
        return false;
    *function = lc_tok_name(&tok[0]);
    *key = lc_tok_name(&tok[2]);
    *key_type = *key ? lc_column_type_of(d, *key) : NULL;
    if (*function && *key_type)
        return true;
    free(*function);
    free(*key);
    *function = *key = NULL;
    return false;
}

int lc_column_add_expected(const struct lc_column *d, const char *expr, struct lc_buf *sql)
{
    char type[LC_TYPE_BYTES];

    /* The newline ends a comment that the expression may end with. */
    return lc_buf_adds(sql, "CAST((") || lc_buf_adds(sql, expr) || lc_buf_adds(sql, "\n), ") ||
                   lc_sql_add_str(sql, strlen(d->type) < LC_TYPE_BYTES
                                           ? lc_type_to_cast(d->type, type)
                                           : d->type) ||
                   lc_buf_adds(sql, ")")
               ? LC_ERR_NOMEM
               : 0;
}

/* A type in which a NULL may stand inside of a value, or in which NULL is one value of many. */
static bool is_compound(const char *type)
{
    static const char *const words[] = {"Tuple(", "Map(", "Variant(", "Dynamic",   "JSON",
                                        "Point",  "Ring", "Polygon",  "LineString"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(type, words[i]))
            return true;
    return false;
}

int lc_column_add_unlike(const struct lc_column *d, const char *a, const char *b,
                         struct lc_buf *sql)
{
    int rc;

    /* <=> is as old as the types that need it, and younger than old servers. */
    if (is_compound(d->type)) {
        rc = lc_buf_addf(sql, "NOT (%s <=> %s)", a, b);
        if (rc == 0 && lc_type_holds_floats(d->type)) /* NaN, which is no answer to <=> */
            rc = lc_buf_addf(sql, " AND toString(%s) != toString(%s)", a, b);
        return rc ? LC_ERR_NOMEM : 0;
    }
    rc = lc_buf_addf(sql,
                     strstr(d->type, "Nullable(")
                         ? "(ifNull(%s != %s, 0) OR isNull(%s) != isNull(%s))"
                         : "(%s != %s)",
                     a, b, a, b);
    if (rc == 0 && lc_type_holds_floats(d->type)) /* NaN is a value like others */
        rc = lc_buf_addf(sql, " AND ifNull(toString(%s) != toString(%s), 1)", a, b);
    return rc ? LC_ERR_NOMEM : 0;
}

int lc_column_add_differs(const struct lc_column *d, const char *expr, struct lc_buf *sql)
{
    struct lc_buf stored, expected;
    int rc;

    lc_buf_init(&stored, SIDE_MAX_BYTES);
    lc_buf_init(&expected, SIDE_MAX_BYTES);
    rc = lc_sql_add_id(&stored, d->column) || lc_column_add_expected(d, expr, &expected) ||
                 !lc_buf_str(&stored) || !lc_buf_str(&expected)
             ? LC_ERR_NOMEM
             : lc_column_add_unlike(d, lc_buf_str(&stored), lc_buf_str(&expected), sql);
    lc_buf_release(&stored);
    lc_buf_release(&expected);
    return rc;
}

int lc_column_add_table(const struct lc_column *d, struct lc_buf *sql)
{
    return lc_sql_add_id(sql, d->database) || lc_buf_adds(sql, ".") || lc_sql_add_id(sql, d->table)
               ? LC_ERR_NOMEM
               : 0;
}

int lc_column_unsteady(const struct lc_column *d, const char *expr, char **name,
                       struct lc_error *err)
{
    struct lc_slice text = {(const uint8_t *)expr, strlen(expr)};
    char *function;
    size_t at = 0;
    int rc = 0;

    *name = NULL;
    while (rc == 0 && !*name && (function = lc_expr_function(text, &at))) {
        const struct lc_sql_arg args[] = {{"name", function}, {NULL, NULL}};
        struct lc_error one = LC_ERROR_INIT;
        struct lc_answer t = {0};

        rc = lc_query_read(d->b, lc_sql_function_unsteady, args, &t, &one);
        if (rc == 0 && t.rows > 0)
            *name = function;
        else
            free(function);
        lc_answer_release(&t);
        if (rc == LC_ERR_SERVER)
            return 0; /* an older server, which does not say */
        if (rc)
            lc_error_pass(err, &one);
    }
    return rc;
}
