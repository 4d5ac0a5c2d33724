/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column/preflight.h"

#include "base/utf8.h"
#include "cli/server/server_error.h"
#include "cli/column/compare_rules.h"
#include "cli/column/domain.h"
#include "cli/column/engine.h"
#include "cli/column/function_fit.h"
#include "cli/column/narrow_key.h"
#include "cli/column/sample_rows.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/lexer.h"
#include "livecol_sql.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SAMPLE_ROWS = 1000, OWN_ROWS = 100000, MAX_SQL_BYTES = 1 << 20 };

/* The connected server itself, rather than a host of the cluster by its name there. */
#define NO_HOST SIZE_MAX

/* The origin of executable functions in system.functions. */
#define EXECUTABLE "ExecutableUserDefined"

/* One expression on trial. */
struct trial {
    const struct lc_stmt *stmt;
    const struct lc_stmt_command *c;
    struct lc_column column; /* as the statement will have made it */
    const char *database;    /* the column's */
    char *expr, *type;
    char *udf;     /* the first function that is not the server's own; NULL: none */
    bool no_table; /* neither the server has it, nor a statement before makes it */
    bool has_rows; /* that can be read: the table is there, and no input is EPHEMERAL */
    char **inputs; /* the columns that it reads */
    size_t inputs_n;
    char *made_up;             /* expr over made-up columns: livecol_in_2 for a name with dots */
    struct lc_sample_rows own; /* where a cluster is to be asked about them */
};

int lc_preflight_note(struct lc_preflight *d, const struct lc_stmt *s, struct lc_error *err)
{
    d->schema.b = d->b;
    return lc_schema_note(&d->schema, s, err);
}

void lc_preflight_release(struct lc_preflight *d)
{
    lc_schema_release(&d->schema);
    if (d->cluster == &d->alone)
        d->cluster = NULL;
    lc_cluster_release(&d->alone);
}

bool lc_preflight_makes(const struct lc_preflight *d, const char *name)
{
    return lc_schema_makes(&d->schema, name);
}

/* The name of input i among made-up columns: no alias of a SELECT is found by a path with dots. */
static const char *made_up_name(const struct trial *t, size_t i, char out[32])
{
    if (!strchr(t->inputs[i], '.'))
        return t->inputs[i];
    snprintf(out, 32, "livecol_in_%zu", i);
    return out;
}

static bool is_string_type(const char *type)
{
    return strcmp(type, "String") == 0 || strcmp(type, "LowCardinality(String)") == 0 ||
           strcmp(type, "Nullable(String)") == 0 ||
           strcmp(type, "LowCardinality(Nullable(String))") == 0;
}

/* Each level of arrays doubles the text: deeper ones than these are for a person to check. */
enum { ARRAYS_DEEP = 6 };

/* NOLINTBEGIN(misc-no-recursion): ARRAYS_DEEP at most. */
/* A value of the type from `number`, to be cast to it; where it may be NULL, one of a hundred is. */
static int add_raw(struct lc_buf *b, const char *type, unsigned deep)
{
    bool nullable = strncmp(type, "Nullable(", 9) == 0 || strstr(type, "(Nullable(") != NULL;

    if (deep < ARRAYS_DEEP &&
        strncmp(type, "Array(", 6) == 0) { /* the same several times: whichever is asked for */
        char *inner = strndup(type + 6, strlen(type) - 7);
        int rc = !inner || lc_buf_adds(b, "arrayResize([CAST(") || add_raw(b, inner, deep + 1) ||
                 lc_buf_adds(b, ", ") || lc_sql_add_str(b, inner) ||
                 lc_buf_adds(b, ")], 8, CAST(") || add_raw(b, inner, deep + 1) ||
                 lc_buf_adds(b, ", ") || lc_sql_add_str(b, inner) || lc_buf_adds(b, "))");

        free(inner);
        return rc;
    }
    return lc_buf_adds(b, nullable ? "if(number % 100 = 99, NULL, " : "(") ||
           lc_buf_adds(b, is_string_type(type) ? "concat('u', toString(number))"
                                               : "toUInt8(number % 100)") ||
           lc_buf_adds(b, ")");
}

/* NOLINTEND(misc-no-recursion) */
static int add_value(struct lc_buf *b, const char *type, const char *column)
{
    return lc_buf_adds(b, "CAST(") || add_raw(b, type, 0) || lc_buf_adds(b, ", ") ||
                   lc_sql_add_str(b, type) || lc_buf_adds(b, ") AS ") || lc_sql_add_id(b, column)
               ? LC_ERR_NOMEM
               : 0;
}

/* The columns that the expression reads, as made-up values or, with `names`, by their names. */
static int add_columns(const struct trial *t, bool names, struct lc_buf *b, struct lc_error *err)
{
    int rc = t->inputs_n == 0 && lc_buf_adds(b, "1");

    for (size_t i = 0; rc == 0 && i < t->inputs_n; i++) {
        char out[32];
        const char *name = made_up_name(t, i, out);
        const char *type = lc_column_type_of(&t->column, t->inputs[i]);

        rc = (i && lc_buf_adds(b, ", ")) ||
             (names ? lc_sql_add_id(b, name) : add_value(b, *type ? type : "String", name));
    }
    return rc ? lc_no_memory(err) : 0;
}

/* Integers and enumerations change, or break, what does not fit them. */
static bool is_narrow(const char *type)
{
    return strncmp(type, "Int", 3) == 0 || strncmp(type, "UInt", 4) == 0 ||
           strncmp(type, "Enum", 4) == 0;
}

/* How a sample was answered. */
struct answers {
    uint64_t rows, nulls, empties, changed, different;
    uint64_t digest; /* of which row was answered how */
};

/*
 * The expression is the migration's own text, and is put in as it stands: it is what the server
 * will be asked to run anyway. It is next to the FROM that names the host, since on older
 * servers only that SELECT is done there.
 */
static int make_sample(const struct lc_preflight *d, const struct trial *t, size_t host, bool own,
                       const char *expr, struct lc_buf *sql, struct lc_error *err)
{
    bool narrow = is_narrow(t->type);
    int rc = lc_buf_adds(sql, "SELECT count() AS n, countIf(isNull(a)) AS nulls, "
                              "countIf(ifNull(a = '', 0)) AS empties, "
                              "countIf(ifNull(a != c, 0)) AS changed, uniqExact(a) AS different, "
                              "sum(cityHash64(livecol_n, ifNull(a, 'NULL'))) AS digest "
                              "FROM (SELECT livecol_n, toString(livecol_x) AS a, ");

    if (!rc && narrow)
        rc = lc_buf_adds(sql, "toString(CAST(livecol_x, ") || lc_sql_add_str(sql, t->type) ||
             lc_buf_adds(sql, "))");
    else if (!rc)
        rc = lc_buf_adds(sql, "a");
    rc = rc || lc_buf_adds(sql, " AS c FROM (SELECT ");
    if (rc)
        return lc_no_memory(err);
    if (!own)
        rc = add_columns(t, false, sql, err);
    if (rc)
        return rc;
    rc = lc_buf_adds(sql, own ? "0" : ", number") || lc_buf_adds(sql, " AS livecol_n, (") ||
         lc_buf_adds(sql, expr) || lc_buf_adds(sql, "\n) AS livecol_x FROM ");
    if (!rc && own)
        rc = lc_column_add_rows(&t->column, sql);
    else if (!rc && d->cluster->by_remote)
        rc = lc_cluster_add_from(d->cluster, host, sql, "system", "numbers");
    else if (!rc)
        rc = lc_buf_addf(sql, "(SELECT number FROM system.numbers LIMIT %d)", SAMPLE_ROWS);
    return rc || lc_buf_addf(sql, " LIMIT %d))", SAMPLE_ROWS) ? lc_no_memory(err) : 0;
}

/* Evaluate over made-up rows, or over the table's own. */
static int sample(const struct lc_preflight *d, const struct trial *t, size_t host, bool own,
                  const char *expr, struct answers *a, struct lc_error *err)
{
    struct lc_buf sql;
    struct lc_answer out = {0};
    int rc;

    *a = (struct answers){0};
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = make_sample(d, t, host, own, expr, &sql, err);
    if (rc == 0 && !lc_buf_str(&sql))
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = lc_cluster_run(d->cluster, host, lc_buf_str(&sql), &out, err);
    if (rc == 0)
        rc = lc_answer_check_shape(&out, true, 6, 6, err);
    if (rc == 0)
        *a = (struct answers){lc_answer_u64(&out, 0, 0, 0), lc_answer_u64(&out, 0, 1, 0),
                              lc_answer_u64(&out, 0, 2, 0), lc_answer_u64(&out, 0, 3, 0),
                              lc_answer_u64(&out, 0, 4, 0), lc_answer_u64(&out, 0, 5, 0)};
    lc_answer_release(&out);
    lc_buf_release(&sql);
    return rc;
}

static void say(const struct lc_preflight *d, bool warning, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct lc_preflight *d, bool warning, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (!d->say)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_utf8_cut(text);
    d->say(d->ctx, warning, text);
}

static int try_domain(const struct lc_preflight *d, const struct trial *t, struct lc_error *err);

/* Does this error say that a value does not fit another type, rather than that a program failed? */
static bool is_conversion(int server_code)
{
    static const int codes[] = {6,  27,  38,  41,  43,  48,  53,  69, 70,
                                72, 131, 321, 407, 441, 675, 676, 691};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (server_code == codes[i])
            return true;
    return false;
}

static int refuse_failing(const struct lc_preflight *d, const struct trial *t,
                          const struct lc_error *why, struct lc_error *err)
{
    bool dictionary = t->udf && strncasecmp(t->udf, "dictGet", 7) == 0;
    struct lc_preflight strict = *d;
    struct lc_error way = LC_ERROR_INIT;

    if (err && err->code == 0)
        err->server_code = why->server_code;
    if (why->server_code == LC_SERVER_UNKNOWN_IDENTIFIER) {
        lc_fail(err, LC_ERR_REFUSED, "%s reads what %s.%s does not have%s: %s", t->expr,
                t->database, t->stmt->name, t->no_table ? ": there is no such table" : "",
                why->msg);
        lc_hint(err, t->no_table
                         ? "is it another database than the URL's? Nothing was changed"
                         : "are its columns named as in SHOW CREATE TABLE? Nothing was changed");
        return LC_ERR_REFUSED;
    }
    /* With a cluster the reason begins with the host's name. */
    if (why->server_code == LC_SERVER_CANNOT_INSERT_NULL) {
        lc_fail(err, LC_ERR_REFUSED, "%s does not take NULL, which its column may hold, on %s: %s",
                t->expr, d->cluster->name ? d->cluster->name : lc_backend_where(d->b), why->msg);
        /* Which form its type takes is found by trying. */
        strict.allow_unsafe = false;
        if (try_domain(&strict, t, &way) == LC_ERR_REFUSED && way.hint[0])
            lc_hint(err, "%s. INSERTs and reads of such rows would fail", way.hint);
        else
            lc_hint(err, "ifNull(key, '') in its place; or a function whose XML gives the argument "
                         "the type Nullable(String). INSERTs and reads of such rows would fail");
        return LC_ERR_REFUSED;
    }
    /* The key does not fit the argument: it is not the function that is broken. */
    strict.allow_unsafe = false;
    if (is_conversion(why->server_code) && try_domain(&strict, t, &way) == LC_ERR_REFUSED) {
        lc_error_pass(err, &way);
        return LC_ERR_REFUSED;
    }
    lc_fail(err, LC_ERR_REFUSED, "%s does not answer on %s: %s", t->expr,
            d->cluster->name ? d->cluster->name : lc_backend_where(d->b), why->msg);
    lc_hint(err,
            "fix the %s first (its program, its rules, its XML; then SYSTEM RELOAD %s): "
            "nothing was changed. The column breaks INSERTs and merges without it",
            dictionary ? "dictionary" : "function", dictionary ? "DICTIONARIES" : "FUNCTIONS");
    return LC_ERR_REFUSED;
}

/* What the counted answers say. */
static int judge(const struct lc_preflight *d, const struct trial *t, const struct answers *a,
                 const struct answers *own, struct lc_error *err)
{
    uint64_t rows = a->rows + own->rows;
    bool nullable = strstr(t->type, "Nullable(") != NULL || !*t->type;

    if (a->nulls + own->nulls && !nullable) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s answers NULL for %" PRIu64 " of %" PRIu64
                " sample rows, which a column of type %s stores as its empty value",
                t->expr, a->nulls + own->nulls, rows, t->type);
        lc_hint(err, "give the rules a default, or make the column Nullable");
        return LC_ERR_REFUSED;
    }
    if (a->changed + own->changed) {
        lc_fail(err, LC_ERR_REFUSED,
                "%" PRIu64 " of %" PRIu64 " answers of %s are changed by the column's type %s",
                a->changed + own->changed, rows, t->expr, t->type);
        lc_hint(err, "choose a type that holds every value of the rules");
        return LC_ERR_REFUSED;
    }
    if (a->empties + a->nulls + own->empties + own->nulls < rows)
        return 0;
    if (d->allow_unsafe) {
        /* Rules without a default do that for keys that are none of theirs. */
        say(d, !d->in_use, "%s answers the empty value for every one of %" PRIu64 " sample rows",
            t->expr, rows);
        return 0;
    }
    lc_fail(err, LC_ERR_REFUSED,
            "%s answers the empty value for every one of %" PRIu64 " sample rows", t->expr, rows);
    lc_hint(err, "is the function's return_name the one its program gives (result), and its rules "
                 "file the right one? --rules FILE compares; --allow-unsafe goes on all the same");
    return LC_ERR_REFUSED;
}

/* Is it the function that fails on made-up rows, or can values of these types not be made up? */
static bool can_make_up(const struct lc_preflight *d, const struct trial *t, size_t host)
{
    struct lc_error ignored = LC_ERROR_INIT;
    struct answers plain;
    struct lc_buf expr;
    bool can;

    /* They must be read, or the server leaves them out. */
    lc_buf_init(&expr, MAX_SQL_BYTES);
    can = lc_buf_adds(&expr, "toString(tuple(") == 0 &&
          add_columns(t, true, &expr, &ignored) == 0 && lc_buf_adds(&expr, "))") == 0 &&
          lc_buf_str(&expr) && sample(d, t, host, false, lc_buf_str(&expr), &plain, &ignored) == 0;
    lc_buf_release(&expr);
    return can;
}

static int compare_rules(const struct lc_preflight *d, const struct trial *t, struct lc_error *err);

/* of: "" or which rows it was. With --rules the host that is wrong is named. */
static int refuse_differing(const struct lc_preflight *d, const struct trial *t, size_t first,
                            size_t host, const char *of, struct lc_error *err)
{
    int rc = compare_rules(d, t, err);

    if (rc)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s answers otherwise on host %s than on host %s%s", t->expr,
            lc_cluster_host_name(d->cluster, host), lc_cluster_host_name(d->cluster, first), of);
    lc_hint(err,
            "the hosts have other rules under the same name: nothing was changed%s; new rules are "
            "a new function, name_v2",
            d->rules.n ? "" : ". --rules FILE says which host is right");
    return LC_ERR_REFUSED;
}

/* Made-up rows on every host. *made_up false: there are no values for these types. */
static int try_hosts(const struct lc_preflight *d, const struct trial *t, struct answers *first,
                     bool *made_up, struct lc_error *err)
{
    const struct lc_cluster *c = d->cluster;
    size_t first_host = c->n;

    *made_up = true;
    *first = (struct answers){0};
    for (size_t i = 0; i < c->n; i++) {
        struct lc_error why = LC_ERROR_INIT;
        struct answers a;
        int rc;

        if (c->v[i].down)
            continue;
        rc = sample(d, t, i, false, t->made_up, &a, &why);
        if (rc == LC_ERR_SERVER) {
            if (can_make_up(d, t, i))
                return refuse_failing(d, t, &why, err);
            *made_up = false;
            return 0;
        }
        if (rc) {
            lc_error_pass(err, &why);
            return rc;
        }
        if (a.rows != SAMPLE_ROWS)
            return lc_fail(err, LC_ERR_REFUSED, "%s answered %" PRIu64 " rows for %d%s%s", t->expr,
                           a.rows, SAMPLE_ROWS, c->name ? " on host " : "",
                           lc_cluster_host_name(c, i));
        if (first_host == c->n) {
            first_host = i;
            *first = a;
        } else if (a.digest != first->digest) {
            return refuse_differing(d, t, first_host, i, "", err);
        }
    }
    return 0;
}

/* The table's own rows, on the server that is connected to. */
static int try_own(const struct lc_preflight *d, const struct trial *t, struct answers *own,
                   struct lc_error *err)
{
    struct lc_cluster alone = {0};
    struct lc_preflight here = *d;
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_cluster_alone(&alone, d->b, err);

    if (rc)
        return rc;
    here.cluster = &alone;
    rc = sample(&here, t, 0, true, t->expr, own, &why);
    if (rc == LC_ERR_SERVER)
        rc = refuse_failing(&here, t, &why, err);
    else if (rc)
        lc_error_pass(err, &why);
    lc_cluster_release(&alone);
    return rc;
}

/* Without its own, a time is a text in the server's time zone, which hosts need not share. */
static bool is_same_everywhere(const char *type)
{
    return !strstr(type, "DateTime") || strchr(type, '\'');
}

/* The columns that the expression reads; none, where one of them says too little by its text. */
static void name_inputs(struct trial *t)
{
    t->own.n = 0;
    if (t->inputs_n > LC_SAMPLE_ROWS_COLUMNS)
        return;
    for (size_t i = 0; i < t->inputs_n; i++) {
        const struct lc_table_column *c = lc_table_column(&t->column.t, t->inputs[i]);
        char out[32];

        if (!c->stored || !is_same_everywhere(c->type)) {
            t->own.n = 0;
            return;
        }
        t->own.columns[t->own.n].name = c->name;
        t->own.columns[t->own.n].type = c->type;
        snprintf(t->own.columns[t->own.n++].alias, 32, "%s",
                 made_up_name(t, i, out) == out ? out : "");
    }
}

/* Of types that cannot be told apart there are none: sample() tries them as they are. */
static int read_own_rows(const struct lc_preflight *d, struct trial *t, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_sample_rows_read(&t->own, d->b, t->database, t->stmt->name, &why);

    if (rc == LC_ERR_SERVER) {
        t->own.n = 0;
        return 0;
    }
    return rc ? lc_error_pass(err, &why) : 0;
}

/* The same rows of the table on every host: made-up ones may not meet what they differ in. */
static int try_own_on_hosts(const struct lc_preflight *d, const struct trial *t,
                            struct lc_error *err)
{
    const struct lc_cluster *c = d->cluster;
    size_t first_host = c->n;
    uint64_t first = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && t->own.n && i < c->n; i++) {
        struct lc_error why = LC_ERROR_INIT;
        uint64_t digest;

        if (c->v[i].down)
            continue;
        rc = lc_sample_rows_digest(&t->own, c, i, t->made_up, &digest, &why);
        if (rc == LC_ERR_SERVER) {
            uint64_t ignored;
            struct lc_error none = LC_ERROR_INIT;

            /* Texts need not be values of these types there: then the made-up rows must do. */
            if (first_host == c->n || lc_sample_rows_digest(&t->own, c, i, NULL, &ignored, &none))
                return 0;
            return refuse_failing(d, t, &why, err);
        }
        if (rc)
            lc_error_pass(err, &why);
        if (rc)
            return rc;
        if (first_host == c->n) {
            first_host = i;
            first = digest;
        } else if (digest != first) {
            return refuse_differing(d, t, first_host, i, ", for rows that the table has", err);
        }
    }
    return rc;
}

/* Evaluate the expression over rows, and judge. */
static int try_expression(const struct lc_preflight *d, const struct trial *t, struct lc_error *err)
{
    struct answers a, own = {0};
    bool made_up;
    int rc = try_hosts(d, t, &a, &made_up, err);

    if (rc == 0 && t->has_rows)
        rc = try_own(d, t, &own, err);
    if (rc == 0 && t->has_rows && d->cluster->name)
        rc = try_own_on_hosts(d, t, err);
    if (rc)
        return rc;
    if (a.rows + own.rows == 0) {
        say(d, true, "%s could not be tried: no rows, and no values of its columns' types made up",
            t->expr);
        return 0;
    }
    rc = judge(d, t, &a, &own, err);
    if (rc == 0)
        say(d, false,
            "%s answers: %" PRIu64 " made-up rows%s and %" PRIu64 " of %s.%s, %" PRIu64
            " different values",
            t->expr, a.rows,
            d->cluster->name && made_up ? ", the same on every host of the cluster," : "", own.rows,
            t->database, t->stmt->name, a.different > own.different ? a.different : own.different);
    return rc;
}

/* What the table's own rows ask the function about: the argument's values, as the server has them. */
static int read_own_keys(const struct lc_preflight *d, const struct trial *t, const char *argument,
                         struct lc_answer *keys, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_buf sql;
    int rc;

    if (!t->has_rows)
        return 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_addf(&sql,
                     "SELECT DISTINCT toString(livecol_k) AS livecol_key FROM (SELECT (%s\n) AS "
                     "livecol_k FROM ",
                     argument) ||
         lc_column_add_rows(&t->column, &sql) ||
         lc_buf_addf(&sql, " LIMIT %d) LIMIT %d", OWN_ROWS, SAMPLE_ROWS) || !lc_buf_str(&sql);
    rc = rc ? lc_no_memory(&why) : lc_backend_run(d->b, lc_buf_str(&sql), keys, &why);
    lc_buf_release(&sql);
    if (rc && rc != LC_ERR_SERVER)
        return lc_error_pass(err, &why);
    return 0;
}

static int compare_with(const struct lc_preflight *d, const char *path, const char *argument,
                        const struct lc_compare_call *call, struct lc_error *err)
{
    const char *name = call->dictionary ? call->dictionary : call->function;
    struct lc_rules *rules = NULL;
    uint64_t compared = 0;
    int rc = lc_rules_open(&rules, path, err);

    if (rc == 0)
        rc = lc_narrow_fits(argument, rules, path, err);
    for (size_t i = 0; rc == 0 && i < d->cluster->n; i++) {
        struct lc_error why = LC_ERROR_INIT;

        if (d->cluster->v[i].down)
            continue;
        rc = lc_compare_host(d->cluster, i, call, rules, path, &compared, &why);
        if (rc && err && err->code == 0) {
            *err = why;
            if (d->cluster->name && rc == LC_ERR_REFUSED)
                snprintf(err->msg, sizeof err->msg, "host %s: %.900s", d->cluster->v[i].name,
                         why.msg);
        }
    }
    lc_rules_free(rules);
    if (rc == 0 && compared == 0)
        say(d, true, "%s is not compared with %s: keys of the type %s cannot be made up", name,
            path, call->column_type);
    else if (rc == 0)
        say(d, false, "%s answers %" PRIu64 " keys as %s says%s", name, compared, path,
            d->cluster->name ? ", on every host" : "");
    return rc;
}

/* Compare one call with each rules file that is named for its function or dictionary, or for all. */
static int compare_call(const struct lc_preflight *d, const struct trial *t,
                        const struct lc_column_call *c, bool lone, struct lc_error *err)
{
    const char *name = c->dictionary ? c->dictionary : c->function;
    struct lc_answer own = {0};
    char *type = NULL, *answered = NULL;
    int rc = lc_column_type_of_expr(&t->column, c->argument, &type, err);

    /* Which attribute a function answers its command says; a column need not have its name. */
    for (size_t i = 0; rc == 0 && !c->dictionary && !answered && i < d->cluster->n; i++)
        if (!d->cluster->v[i].down)
            rc = lc_function_fit_attribute(d->cluster, i, c->function, &answered, err);

    if (rc == 0)
        rc = read_own_keys(d, t, c->argument, &own, err);
    for (size_t i = 0; rc == 0 && i < d->rules.n; i++) {
        const struct lc_compare_call call = {.function = c->function,
                                             .dictionary = c->dictionary,
                                             .tuple = c->tuple,
                                             .column_type = type,
                                             .attribute = c->attribute ? c->attribute
                                                          : answered   ? answered
                                                                       : t->c->column,
                                             .own = own.rows ? &own : NULL};
        size_t n;
        const char *file = lc_compare_file(d->rules.v[i], &n);

        if (n ? strlen(name) == n && memcmp(name, d->rules.v[i], n) == 0 : lone)
            rc = compare_with(d, file, c->argument, &call, err);
    }
    lc_answer_release(&own);
    free(type);
    free(answered);
    return rc;
}

static int compare_rules(const struct lc_preflight *d, const struct trial *t, struct lc_error *err)
{
    const struct lc_column *c = &t->column;
    bool lone = lc_column_one_call(c, &(const struct lc_column_call *){NULL}, NULL) == 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && d->rules.n && i < c->calls_n; i++) {
        if (!c->calls[i].argument)
            say(d, true, "%s is not compared with --rules: %s has no single argument", t->expr,
                c->calls[i].function);
        else if (c->calls[i].bound)
            say(d, true,
                "%s is not compared with --rules: %s is called with a name that the expression "
                "makes (%s)",
                t->expr, c->calls[i].function, c->calls[i].argument);
        else if (i == 0 || !lone) /* several of one function and argument are one */
            rc = compare_call(d, t, &c->calls[i], lone, err);
    }
    if (rc == 0 && d->rules.n && c->calls_n && !lone)
        say(d, false, "%s makes several calls: --rules FUNCTION=FILE says whose the rules are",
            t->expr);
    return rc;
}

/* Over the table's own rows: how many get another answer from the key that is cut than from all of it. */
static int count_cut(const struct lc_preflight *d, const struct trial *t,
                     const struct lc_column_call *c, struct lc_slice key, uint64_t *rows,
                     uint64_t *differ, struct lc_error *err)
{
    struct lc_answer out = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql,
                     "SELECT count() AS n, countIf(ifNull(toString(a) != toString(b), isNull(a) "
                     "!= isNull(b))) AS differ FROM (SELECT ") ||
         lc_sql_add_id(&sql, c->function) || lc_buf_addf(&sql, "(%s\n) AS a, ", c->argument) ||
         lc_sql_add_id(&sql, c->function) ||
         lc_buf_addf(&sql, "(%.*s\n) AS b FROM ", (int)key.n, (const char *)key.p) ||
         lc_column_add_rows(&t->column, &sql) || lc_buf_addf(&sql, " LIMIT %d)", OWN_ROWS) ||
         !lc_buf_str(&sql);
    rc = rc ? lc_no_memory(err) : lc_backend_run(d->b, lc_buf_str(&sql), &out, err);
    if (rc == 0)
        rc = lc_answer_check_shape(&out, true, 2, 2, err);
    *rows = rc ? 0 : lc_answer_u64(&out, 0, 0, 0);
    *differ = rc ? 0 : lc_answer_u64(&out, 0, 1, 0);
    lc_answer_release(&out);
    lc_buf_release(&sql);
    return rc;
}

/*
 * A key that is cut for the rules of one version may be too short for those of the next, and the
 * function cannot know. Without --rules the table's own rows are all that can show it.
 */
static int try_cut(const struct lc_preflight *d, const struct trial *t, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && t->has_rows && i < t->column.calls_n; i++) {
        const struct lc_column_call *c = &t->column.calls[i];
        struct lc_narrow narrow;
        struct lc_slice key;
        uint64_t rows, differ;

        if (c->dictionary || !c->argument || !lc_narrow_read(c->argument, &key, &narrow) ||
            narrow.bytes == 0)
            continue;
        rc = count_cut(d, t, c, key, &rows, &differ, err);
        if (rc || differ == 0)
            continue;
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%s answers otherwise for %" PRIu64 " of %" PRIu64
                     " rows of %s.%s, since their key is cut to %u bytes",
                     t->expr, differ, rows, t->database, t->stmt->name, narrow.bytes);
        lc_hint(err,
                "the rules of %s look at more: livecol new … --narrow measured --rules FILE cuts "
                "keys for them",
                c->function);
    }
    return rc;
}

static int refuse_missing(const struct lc_preflight *d, const struct trial *t, const char *name,
                          size_t host, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED,
            "the function %s, which the DEFAULT of %s.%s.%s calls, is not registered on %s%s", name,
            t->database, t->stmt->name, t->c->column, host == NO_HOST ? "" : "host ",
            host == NO_HOST ? lc_backend_where(d->b) : lc_cluster_host_name(d->cluster, host));
    if (strcmp(lc_backend_kind(d->b), "embedded") == 0)
        lc_hint(err, "put its XML where --functions GLOB looks (PATH/*_function.xml by default), "
                     "its program and rules into --scripts DIR (PATH/user_scripts)");
    else
        lc_hint(
            err,
            "livecol config install, on that machine, puts its XML, program and rules where the "
            "server looks for them; then: SYSTEM RELOAD FUNCTIONS");
    return LC_ERR_REFUSED;
}

/* A function written by hand may declare other types than its program reads. */
static int check_fit(const struct lc_preflight *d, const char *name, size_t host,
                     struct lc_error *err)
{
    struct lc_function_fit_note note;
    int rc = lc_function_fit_check(d->cluster, host, name, &note, err);

    if (rc == 0 && note.text[0])
        say(d, true, "%s", note.text);
    return rc;
}

static int check_fits(const struct lc_preflight *d, const char *name, struct lc_error *err)
{
    int rc = 0;

    if (!d->facts->udf_types) {
        say(d, true,
            "whether the XML of %s fits its program (format, argument, return type) is not known: "
            "this server cannot be asked (26.2 and later can)",
            name);
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < d->cluster->n; i++)
        if (!d->cluster->v[i].down)
            rc = check_fit(d, name, i, err);
    return rc;
}

/* Every host must know it: one that does not cannot load the table's DEFAULT. */
static int find_on_hosts(const struct lc_preflight *d, const struct trial *t, const char *name,
                         struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
    int rc = 0;

    for (size_t i = 0; rc == 0 && d->cluster->name && i < d->cluster->n; i++) {
        struct lc_answer found = {0};

        if (d->cluster->v[i].down)
            continue;
        rc = lc_cluster_read(d->cluster, i, lc_sql_function_known, lc_sql_host_function_known, args,
                             &found, err);
        if (rc == 0 && lc_answer_u64(&found, 0, LC_SQL_FUNCTION_KNOWN_N, 0) == 0)
            rc = refuse_missing(d, t, name, i, err);
        lc_answer_release(&found);
    }
    return rc;
}

/* Which functions are called: is each there, and is one not the server's own? */
static int find_functions(struct lc_preflight *d, struct trial *t, bool now, bool *wait,
                          struct lc_error *err)
{
    struct lc_slice expr = {(const uint8_t *)t->expr, strlen(t->expr)};
    size_t at = 0;
    char *name;
    int rc = 0;

    *wait = false;
    while (rc == 0 && (name = lc_expr_function(expr, &at))) {
        const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
        struct lc_answer found = {0};
        bool foreign, executable;

        rc = lc_query_kept(d->b,
                           d->facts->function_origin ? lc_sql_function_origin : lc_sql_function_any,
                           args, &found, err);
        if (rc == 0 && found.rows == 0) {
            if (!now && lc_preflight_makes(d, name))
                *wait = true;
            else
                rc = refuse_missing(d, t, name, NO_HOST, err);
        }
        foreign =
            rc == 0 && !*wait &&
            (strcmp(lc_answer_at(&found, 0, LC_SQL_FUNCTION_ORIGIN_ORIGIN)->p, "System") != 0 ||
             strncasecmp(name, "dictGet", 7) == 0);
        executable = foreign && strcmp(lc_answer_at(&found, 0, LC_SQL_FUNCTION_ORIGIN_ORIGIN)->p,
                                       EXECUTABLE) == 0;
        lc_answer_release(&found);
        if (foreign && strncasecmp(name, "dictGet", 7) != 0)
            rc = find_on_hosts(d, t, name, err);
        if (rc == 0 && executable)
            rc = check_fits(d, name, err);
        if (foreign && !t->udf)
            t->udf = name;
        else
            free(name);
    }
    return rc;
}

/* Does it read a dictionary that this run makes first? */
static int find_dictionaries(const struct lc_preflight *d, const struct trial *t, bool *wait,
                             struct lc_error *err)
{
    struct lc_column_call *calls = NULL;
    size_t n = 0;
    int rc = lc_column_calls_of(d->b, t->expr, &calls, &n, err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        *wait = *wait || (calls[i].dictionary &&
                          lc_schema_makes_dictionary(&d->schema, calls[i].dictionary));
    lc_column_free_calls(calls, n);
    return rc;
}

/* Put the column's own name in the place of the made-up one. */
static void name_inputs_in(const struct trial *t, char *text, size_t size)
{
    for (size_t i = 0; i < t->inputs_n; i++) {
        char out[32], before[1024];
        const char *name = made_up_name(t, i, out);
        char *at = name == out ? strstr(text, out) : NULL;

        for (unsigned n = 0; at && n < 16; n++, at = strstr(text, out)) {
            snprintf(before, sizeof before, "%.*s%s%s", (int)(at - text), text, t->inputs[i],
                     at + strlen(out));
            snprintf(text, size, "%s", before);
        }
    }
}

/* Every value that its columns may hold, not only those that they hold today. */
static int try_domain(const struct lc_preflight *d, const struct trial *t, struct lc_error *err)
{
    struct lc_domain domain = {.cluster = d->cluster,
                               .types_known = d->facts->udf_types,
                               .expr = t->made_up,
                               .say = d->say,
                               .ctx = d->ctx};
    char names[LC_DOMAIN_COLUMNS][32];
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    if (t->inputs_n > LC_DOMAIN_COLUMNS) {
        say(d, true, "%s is not tried for every value that its columns may hold: it reads %zu",
            t->expr, t->inputs_n);
        return 0;
    }
    for (size_t i = 0; i < t->inputs_n; i++) {
        domain.columns[i].name = made_up_name(t, i, names[i]);
        domain.columns[i].type = lc_column_type_of(&t->column, t->inputs[i]);
        domain.n++;
    }
    rc = lc_domain_check(&domain, &why);
    name_inputs_in(t, why.msg, sizeof why.msg);
    name_inputs_in(t, why.hint, sizeof why.hint);
    if (rc == LC_ERR_REFUSED && d->allow_unsafe) {
        say(d, true, "%s", why.msg);
        rc = 0;
    } else if (rc) {
        lc_error_pass(err, &why);
    }
    return rc;
}

/* The column as the statement will have made it, in the table as those before it make that. */
static int make_column(struct lc_preflight *d, struct trial *t, bool now, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_table *known, table = {0};
    int rc;

    d->schema.b = d->b;
    if (now) /* it is about to be sent: what the server has is what there is */
        rc = lc_table_read(&table, d->b, lc_stmt_database(t->stmt, lc_backend_database(d->b)),
                           t->stmt->name, err);
    else
        rc = lc_schema_table(&d->schema, lc_stmt_database(t->stmt, lc_backend_database(d->b)),
                             t->stmt->name, &known, err);
    if (rc == 0 && !now)
        rc = lc_table_copy(&table, known, err);
    t->no_table = !table.there && table.n == 0 && t->stmt->kind == LC_STMT_ALTER;
    if (rc == 0)
        rc = lc_table_apply(&table, t->stmt, err);
    if (rc == 0)
        rc = lc_column_find_in(&t->column, d->b, &table, t->c->column, &why);
    /* One without parts of its own, or IF EXISTS of none: what the server says of it is enough. */
    if (rc == LC_ERR_REFUSED)
        rc = 0;
    else if (rc)
        lc_error_pass(err, &why);
    lc_table_release(&table);
    return rc;
}

/* ADD COLUMN IF NOT EXISTS over one that is there: the statement's own words are tried. */
static int take_expression(struct trial *t, struct lc_error *err)
{
    const struct lc_stmt_command *c = t->c;

    t->database = t->column.database;
    t->expr = strndup((const char *)c->default_expr.p, c->default_expr.n);
    t->type = c->type.n ? strndup((const char *)c->type.p, c->type.n)
                        : strdup(t->column.type ? t->column.type : "");
    return t->expr && t->type ? 0 : lc_no_memory(err);
}

/* What it reads, and the same over made-up columns. */
static int find_inputs(struct trial *t, struct lc_error *err)
{
    char *text = strdup(t->expr);
    int rc = text ? lc_column_inputs(&t->column, t->expr, &t->inputs, &t->inputs_n, err)
                  : lc_no_memory(err);

    t->has_rows = t->column.t.there;
    for (size_t i = 0; rc == 0 && i < t->inputs_n; i++) {
        char out[32];
        const char *name = made_up_name(t, i, out);
        struct lc_buf b;

        if (strcmp(lc_table_column(&t->column.t, t->inputs[i])->kind, "EPHEMERAL") == 0)
            t->has_rows = false;
        if (name == t->inputs[i])
            continue;
        lc_buf_init(&b, MAX_SQL_BYTES);
        rc = lc_expr_replace_column(text, t->inputs[i], name, &b) ? lc_no_memory(err) : 0;
        free(text);
        text = rc ? NULL : lc_buf_detach(&b);
        lc_buf_release(&b);
        if (!text)
            return lc_no_memory(err);
    }
    t->made_up = text;
    return rc;
}

static int try_function(struct lc_preflight *d, struct trial *t, struct lc_error *err)
{
    int rc = find_inputs(t, err);

    if (rc == 0)
        rc = lc_column_calls_of(d->b, t->expr, &t->column.calls, &t->column.calls_n, err);
    if (rc == 0 && t->has_rows && d->cluster->name) {
        name_inputs(t);
        rc = read_own_rows(d, t, err);
    }
    if (rc == 0)
        rc = try_expression(d, t, err);
    if (rc == 0)
        rc = try_domain(d, t, err);
    if (rc == 0)
        rc = try_cut(d, t, err);
    return rc ? rc : compare_rules(d, t, err);
}

static int check_command(struct lc_preflight *d, const struct lc_stmt *stmt,
                         const struct lc_stmt_command *c, bool now, struct lc_error *err)
{
    struct trial t = {.stmt = stmt, .c = c};
    bool wait = false;
    int rc = make_column(d, &t, now, err);

    if (rc == 0)
        rc = take_expression(&t, err);
    if (rc == 0)
        rc = find_functions(d, &t, now, &wait, err);
    if (rc == 0 && !now)
        rc = find_dictionaries(d, &t, &wait, err);
    if (rc == 0 && wait) {
        d->deferred = true;
        say(d, false, "%s is tried once this run has created its function or dictionary", t.expr);
    } else if (rc == 0 && t.udf) {
        rc = try_function(d, &t, err);
    }
    free(t.expr);
    free(t.type);
    free(t.udf);
    free(t.made_up);
    lc_column_free_names(t.inputs, t.inputs_n);
    lc_answer_release(&t.own.rows);
    lc_column_release(&t.column);
    return rc;
}

static int check_engine(struct lc_preflight *d, const struct lc_stmt *stmt, struct lc_error *err)
{
    const struct lc_engine_check check = {.b = d->b,
                                          .facts = d->facts,
                                          .schema = &d->schema,
                                          .allow_unsafe = d->allow_unsafe,
                                          .say = d->say,
                                          .ctx = d->ctx};

    d->schema.b = d->b;
    return lc_engine_check(&check, stmt, err);
}

static int check_defaults(struct lc_preflight *d, const struct lc_stmt *stmt, bool now,
                          struct lc_error *err)
{
    int rc = 0;

    if (!d->cluster) {
        if (lc_cluster_alone(&d->alone, d->b, err))
            return LC_ERR_NOMEM;
        d->cluster = &d->alone;
    }
    for (size_t i = 0; rc == 0 && i < stmt->command_n; i++)
        if (stmt->commands[i].default_expr.n)
            rc = check_command(d, stmt, &stmt->commands[i], now, err);
    return rc;
}

int lc_preflight_check(struct lc_preflight *d, const struct lc_stmt *stmt, bool now,
                       struct lc_error *err)
{
    int rc = check_engine(d, stmt, err);

    return rc ? rc : check_defaults(d, stmt, now, err);
}

int lc_preflight_check_column(struct lc_preflight *d, const char *database, const char *table,
                              const char *column, const char *type, const char *kind,
                              const char *expr, struct lc_error *err)
{
    struct lc_stmt stmt = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, (size_t)1 << 20);
    if (lc_buf_adds(&sql, "ALTER TABLE ") || lc_sql_add_id(&sql, database) ||
        lc_buf_adds(&sql, ".") || lc_sql_add_id(&sql, table) ||
        lc_buf_adds(&sql, " MODIFY COLUMN ") || lc_sql_add_id(&sql, column) ||
        lc_buf_addf(&sql, " %s %s %s", type, kind, expr))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a default");
    else
        rc = lc_stmt_parse(&stmt, (const char *)sql.p, sql.n, err);
    if (rc == 0)
        rc = check_defaults(d, &stmt, true, err);
    lc_stmt_release(&stmt);
    lc_buf_release(&sql);
    return rc;
}
