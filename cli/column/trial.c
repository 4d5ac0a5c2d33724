/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An expression is tried over three kinds of rows, from the cheapest to the surest: made-up values of
 * the columns' types, on every host; the table's own rows, on the connected server and, the same ones,
 * on every host; the edges of every type (domain.c). The answers are counted on the server and compared
 * by a digest, so that no row is fetched.
 */
#include "cli/column/trial.h"

#include "base/format.h"
#include "cli/column/trial_rules.h"
#include "cli/column/domain.h"
#include "cli/server/answer_check.h"
#include "cli/server/server_error.h"
#include "cli/sql/expression.h"
#include "cli/sql/type_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made-up rows, and at most so many of the table's own. */
enum { SAMPLE_ROWS = 1000, MAX_SQL_BYTES = 1 << 20 };

/* Each level of arrays doubles the text: deeper ones than these are for a person to check. */
enum { ARRAYS_DEEP = 6 };

const char *lc_trial_input(const struct lc_trial *t, size_t i, char out[32])
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

/* NOLINTBEGIN(misc-no-recursion): ARRAYS_DEEP at most. */

/*
 * A value of the type from `number`, to be cast to it; where it may be NULL, one of a hundred
 * is. An array writes its element twice, as the value and as the filling: hence ARRAYS_DEEP.
 */
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
/* "CAST(…, 'type') AS `column`" */
static int add_value(struct lc_buf *b, const char *type, const char *column)
{
    return lc_buf_adds(b, "CAST(") || add_raw(b, type, 0) || lc_buf_adds(b, ", ") ||
                   lc_sql_add_str(b, type) || lc_buf_adds(b, ") AS ") || lc_sql_add_id(b, column)
               ? LC_ERR_NOMEM
               : 0;
}

/* The columns that the expression reads, as made-up values or, with `names`, by their names. */
static int add_columns(const struct lc_trial *t, bool names, struct lc_buf *b, struct lc_error *err)
{
    int rc = t->inputs_n == 0 && lc_buf_adds(b, "1");

    for (size_t i = 0; rc == 0 && i < t->inputs_n; i++) {
        char out[32];
        const char *name = lc_trial_input(t, i, out);
        const char *type = lc_column_type_of(&t->column, t->inputs[i]);

        rc = (i && lc_buf_adds(b, ", ")) ||
             (names ? lc_sql_add_id(b, name) : add_value(b, *type ? type : "String", name));
    }
    return rc ? lc_no_memory(err) : 0;
}

/*
 * Integers and enumerations, Nullable and LowCardinality ones too, change, or break, what does not
 * fit them. Only for these does make_sample compare an answer before and after the CAST.
 */
static bool is_narrow(const char *type)
{
    char plain[LC_TYPE_BYTES];

    return lc_type_is_integer(type) || strncmp(lc_type_plain(type, plain), "Enum", 4) == 0 ||
           strncmp(type, "Nullable(Enum", 13) == 0; /* too long for plain */
}

/*
 * How a sample was answered.
 *
 *   nulls, empties    answers that are NULL, or the text ''
 *   changed           that are another text once they are cast to the column's type
 *   different         how many different texts there are
 */
struct lc_trial_answers {
    uint64_t rows, nulls, empties, changed, different;
    uint64_t digest; /* of which row was answered how */
};

/* Its columns, of the SELECT that make_sample puts together. */
enum sampled {
    SAMPLED_ROWS,
    SAMPLED_NULLS,
    SAMPLED_EMPTIES,
    SAMPLED_CHANGED,
    SAMPLED_DIFFERENT,
    SAMPLED_DIGEST,
    SAMPLED_WIDTH
};

/*
 *   SELECT count(), countIf(…), …                                         the counted answers
 *   FROM (SELECT livecol_n, toString(livecol_x) AS a, … AS c              answers as text
 *   FROM (SELECT made-up columns, number AS livecol_n, (expr) AS livecol_x
 *   FROM numbers, or the table's rows with livecol_n 0, LIMIT 1000))
 *
 * The expression is the migration's own text, and is put in as it is: it is what the server
 * will be asked to run anyway. It is next to the FROM that names the host, since on older
 * servers only that SELECT is done there.
 */
static int make_sample(const struct lc_preflight *d, const struct lc_trial *t, size_t host,
                       bool own, bool narrow, const char *expr, struct lc_buf *sql,
                       struct lc_error *err)
{
    char cast[LC_TYPE_BYTES];
    /* A text that is no number is a NULL of a Nullable one. */
    int rc = lc_buf_adds(sql, "SELECT count() AS n, countIf(isNull(a)) AS nulls, "
                              "countIf(ifNull(a = '', 0)) AS empties, "
                              "countIf(ifNull(a != c, isNull(a) != isNull(c))) AS changed, "
                              "uniqExact(a) AS different, "
                              "sum(cityHash64(livecol_n, ifNull(a, 'NULL'))) AS digest "
                              "FROM (SELECT livecol_n, toString(livecol_x) AS a, ");

    if (!rc && narrow)
        rc = lc_buf_adds(sql, "toString(CAST(livecol_x, ") ||
             lc_sql_add_str(sql, lc_type_to_cast(t->type, cast)) || lc_buf_adds(sql, "))");
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

/* Evaluate once. */
static int ask_sample(const struct lc_preflight *d, const struct lc_trial *t, size_t host, bool own,
                      bool narrow, const char *expr, struct lc_trial_answers *a,
                      struct lc_error *err)
{
    struct lc_buf sql;
    struct lc_answer out = {0};
    int rc;

    *a = (struct lc_trial_answers){0};
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = make_sample(d, t, host, own, narrow, expr, &sql, err);
    if (rc == 0 && !lc_buf_str(&sql))
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = lc_cluster_run(d->cluster, host, lc_buf_str(&sql), &out, err);
    if (rc == 0)
        rc = lc_answer_check_shape(&out, true, SAMPLED_WIDTH, SAMPLED_WIDTH, err);
    if (rc == 0)
        *a = (struct lc_trial_answers){.rows = lc_answer_u64(&out, 0, SAMPLED_ROWS, 0),
                                       .nulls = lc_answer_u64(&out, 0, SAMPLED_NULLS, 0),
                                       .empties = lc_answer_u64(&out, 0, SAMPLED_EMPTIES, 0),
                                       .changed = lc_answer_u64(&out, 0, SAMPLED_CHANGED, 0),
                                       .different = lc_answer_u64(&out, 0, SAMPLED_DIFFERENT, 0),
                                       .digest = lc_answer_u64(&out, 0, SAMPLED_DIGEST, 0)};
    lc_answer_release(&out);
    lc_buf_release(&sql);
    return rc;
}

/*
 * Evaluate over made-up rows, or over the table's own. A NULL that the column's type does not take
 * fails the CAST: then the answers are counted without it, since their NULLs are what is wrong. (As
 * Nullable of the type the CAST would take them, but 18.16 fails at such an Enum.)
 */
static int sample(const struct lc_preflight *d, const struct lc_trial *t, size_t host, bool own,
                  const char *expr, struct lc_trial_answers *a, struct lc_error *err)
{
    bool narrow = is_narrow(t->type);
    struct lc_error why = LC_ERROR_INIT, ignored = LC_ERROR_INIT;
    int rc = ask_sample(d, t, host, own, narrow, expr, a, &why);

    if (rc == LC_ERR_SERVER && narrow && why.server_code == LC_SERVER_CANNOT_INSERT_NULL &&
        ask_sample(d, t, host, own, false, expr, a, &ignored) == 0 && a->nulls)
        return 0;
    return rc ? lc_error_pass(err, &why) : 0;
}

/* Does this error say that a value does not fit another type, rather than that a program failed? */
static bool is_conversion(int server_code)
{
    /*
     * Parsing (6, 27, 38, 41, 72, 441, 675, 676), types (43, 48, 53, 70), bounds (69, 131, 321,
     * 407), and a label that an Enum does not have (691).
     */
    static const int codes[] = {6,  27,  38,  41,  43,  48,  53,  69, 70,
                                72, 131, 321, 407, 441, 675, 676, 691};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (server_code == codes[i])
            return true;
    return false;
}

/*
 * Always LC_ERR_REFUSED, with the cause that the server's error points to: a column that is not
 * there, a NULL, a value that the argument does not take, or else the function itself. For the
 * two in the middle lc_trial_domain finds the value and a form of the expression that takes it:
 * its refusal is what is wanted, so it runs without allow_unsafe.
 */
static int refuse_failing(const struct lc_preflight *d, const struct lc_trial *t,
                          const struct lc_error *why, struct lc_error *err)
{
    bool dictionary = t->udf && lc_expr_asks_dictionary(t->udf);
    struct lc_preflight strict = *d;
    struct lc_error way = LC_ERROR_INIT;

    if (err && err->code == 0)
        err->server_code = why->server_code;
    if (why->server_code == LC_SERVER_UNKNOWN_IDENTIFIER) {
        lc_fail(err, LC_ERR_REFUSED, "%s reads what %s.%s does not have%s: %s", t->expr,
                t->database, t->stmt->name, t->no_table ? ": there is no such table" : "",
                why->msg);
        lc_hint(err,
                t->no_table
                    ? "is it another database than the URL's? Nothing was changed"
                    : "do its columns have the names that SHOW CREATE TABLE shows? Nothing was "
                      "changed");
        return LC_ERR_REFUSED;
    }
    /* With a cluster the reason begins with the host's name. */
    if (why->server_code == LC_SERVER_CANNOT_INSERT_NULL) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s does not accept NULL, which its column may hold, on %s: %s", t->expr,
                d->cluster->name ? d->cluster->name : lc_backend_where(d->b), why->msg);
        /* Which form its type takes is found by trying. */
        strict.allow_unsafe = false;
        if (lc_trial_domain(&strict, t, &way) == LC_ERR_REFUSED && way.hint[0])
            lc_hint(err, "%s. INSERTs and reads of such rows would fail", way.hint);
        else
            lc_hint(err,
                    "ifNull(key, '') instead; or a function whose XML gives the argument the type "
                    "Nullable(String). INSERTs and reads of such rows would fail");
        return LC_ERR_REFUSED;
    }
    /* The key does not fit the argument: it is not the function that is broken. */
    strict.allow_unsafe = false;
    if (is_conversion(why->server_code) && lc_trial_domain(&strict, t, &way) == LC_ERR_REFUSED) {
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

/*
 * What the counted answers say. Refuses, in this order: NULLs that the type does not hold,
 * answers that the type changes, and answers that are all empty; the last is only said with
 * allow_unsafe.
 */
static int judge(const struct lc_preflight *d, const struct lc_trial *t,
                 const struct lc_trial_answers *a, const struct lc_trial_answers *own,
                 struct lc_error *err)
{
    uint64_t rows = a->rows + own->rows;
    bool nullable = strstr(t->type, "Nullable(") != NULL || !*t->type;

    if (a->nulls + own->nulls && !nullable) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s answers NULL for %" PRIu64 " of %" PRIu64
                " sample rows, which a column of type %s does not hold",
                t->expr, a->nulls + own->nulls, rows, t->type);
        lc_hint(err, "give the rules a default, or make the column Nullable: INSERTs and reads of "
                     "such rows would fail");
        return LC_ERR_REFUSED;
    }
    if (a->changed + own->changed) {
        lc_fail(err, LC_ERR_REFUSED,
                "%" PRIu64 " of %" PRIu64 " answers of %s do not fit the column's type %s",
                a->changed + own->changed, rows, t->expr, t->type);
        lc_hint(err, "choose a type that holds every value of the rules");
        return LC_ERR_REFUSED;
    }
    if (a->empties + a->nulls + own->empties + own->nulls < rows)
        return 0;
    if (d->allow_unsafe) {
        /* Rules without a default do that for keys that are none of theirs. */
        lc_trial_say(d, !d->in_use,
                     "%s answers the empty value for every one of %" PRIu64 " sample rows", t->expr,
                     rows);
        return 0;
    }
    lc_fail(err, LC_ERR_REFUSED,
            "%s answers the empty value for every one of %" PRIu64 " sample rows", t->expr, rows);
    lc_hint(err,
            "is the function's return_name the one its program gives (result), and its rules file "
            "the right one? --rules FILE compares; --allow-unsafe continues anyway");
    return LC_ERR_REFUSED;
}

/* Is it the function that fails on made-up rows, or can values of these types not be made up? */
static bool can_make_up(const struct lc_preflight *d, const struct lc_trial *t, size_t host)
{
    struct lc_error ignored = LC_ERROR_INIT;
    struct lc_trial_answers plain;
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

/* of: "" or which rows it was. With --rules the host that is wrong is named. */
static int refuse_differing(const struct lc_preflight *d, const struct lc_trial *t, size_t first,
                            size_t host, const char *of, struct lc_error *err)
{
    int rc = lc_trial_compare(d, t, err);

    if (rc)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s answers differently on host %s than on host %s%s", t->expr,
            lc_cluster_host_name(d->cluster, host), lc_cluster_host_name(d->cluster, first), of);
    lc_hint(err,
            "the hosts have different rules under the same name: nothing was changed%s; new rules "
            "are a new function, name_v2",
            d->rules.n ? "" : ". --rules FILE says which host is right");
    return LC_ERR_REFUSED;
}

/*
 * Made-up rows on every host. *made_up false: there are no values for these types. *first: what
 * the first host that is up answers. All others must have the same digest.
 */
static int try_hosts(const struct lc_preflight *d, const struct lc_trial *t,
                     struct lc_trial_answers *first, bool *made_up, struct lc_error *err)
{
    const struct lc_cluster *c = d->cluster;
    size_t first_host = c->n;

    *made_up = true;
    *first = (struct lc_trial_answers){0};
    for (size_t i = 0; i < c->n; i++) {
        struct lc_error why = LC_ERROR_INIT;
        struct lc_trial_answers a;
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

/*
 * The table's own rows, on the server that is connected to. As a cluster of one, since sample()
 * asks a host of d->cluster. The digest is not used.
 */
static int try_own(const struct lc_preflight *d, const struct lc_trial *t,
                   struct lc_trial_answers *own, struct lc_error *err)
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

void lc_trial_name_inputs(struct lc_trial *t)
{
    /*
     * n 0: the hosts are not asked about the table's rows. That is so with too many columns, a
     * column that the server does not store yet, or values that hosts may read differently.
     */
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
                 lc_trial_input(t, i, out) == out ? out : "");
    }
}

/*
 * Of types that cannot be told apart there are none: sample() tries them as they are. Hosts are
 * then not asked about them.
 */
int lc_trial_read_rows(const struct lc_preflight *d, struct lc_trial *t, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_sample_rows_read(&t->own, d->b, t->database, t->stmt->name, &why);

    if (rc == LC_ERR_SERVER) {
        t->own.n = 0;
        return 0;
    }
    return rc ? lc_error_pass(err, &why) : 0;
}

/* What hosts answer to the same rows of the table. */
struct lc_trial_hosts {
    size_t first, failing; /* the first that answers, and the first that fails; n: none */
    uint64_t digest;       /* the first's */
    struct lc_error why;   /* the failing one's */
};

/*
 * One host more. Where it fails over rows that it can read it is noted, and judged once it is known
 * what the others do. Where texts are no values of these types there, the made-up rows must do,
 * which is said.
 */
static int try_own_on_host(const struct lc_preflight *d, const struct lc_trial *t, size_t host,
                           struct lc_trial_hosts *h, struct lc_error *err)
{
    const struct lc_cluster *c = d->cluster;
    struct lc_error why = LC_ERROR_INIT, plain = LC_ERROR_INIT;
    uint64_t digest, ignored;
    int rc = lc_sample_rows_digest(&t->own, c, host, t->made_up, &digest, &why);

    if (rc == LC_ERR_SERVER) {
        rc = lc_sample_rows_digest(&t->own, c, host, NULL, &ignored, &plain);
        if (rc == LC_ERR_SERVER)
            lc_trial_say(d, true, "%s is tried over made-up rows alone: %s", t->expr, plain.msg);
        else if (rc)
            return lc_error_pass(err, &plain);
        else if (h->failing == c->n) {
            h->failing = host;
            h->why = why;
        }
        return 0;
    }
    if (rc)
        return lc_error_pass(err, &why);
    if (h->first == c->n) {
        h->first = host;
        h->digest = digest;
    } else if (digest != h->digest) {
        return refuse_differing(d, t, h->first, host, ", for rows that the table has", err);
    }
    return 0;
}

/*
 * The same rows of the table on every host: made-up ones may not meet what they differ in. Where
 * every host fails it is this way of asking: the connected server has just answered (try_own).
 */
static int try_own_on_hosts(const struct lc_preflight *d, const struct lc_trial *t,
                            struct lc_error *err)
{
    const struct lc_cluster *c = d->cluster;
    struct lc_trial_hosts h = {.first = c->n, .failing = c->n, .why = LC_ERROR_INIT};
    int rc = 0;

    for (size_t i = 0; rc == 0 && t->own.n && i < c->n; i++)
        if (!c->v[i].down)
            rc = try_own_on_host(d, t, i, &h, err);
    if (rc || h.failing == c->n)
        return rc;
    if (h.first < c->n)
        return refuse_failing(d, t, &h.why, err);
    lc_trial_say(d, true, "%s is not compared between hosts over rows that the table has: %s",
                 t->expr, h.why.msg);
    return 0;
}

/* Evaluate the expression over rows, and judge. */
int lc_trial_evaluate(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err)
{
    struct lc_trial_answers a, own = {0};
    uint64_t different;
    bool made_up;
    int rc = try_hosts(d, t, &a, &made_up, err);

    if (rc == 0 && t->has_rows)
        rc = try_own(d, t, &own, err);
    if (rc == 0 && t->has_rows && d->cluster->name)
        rc = try_own_on_hosts(d, t, err);
    if (rc)
        return rc;
    if (a.rows + own.rows == 0) {
        lc_trial_say(d, true,
                     "%s could not be tried: no rows, and no values of its columns' types made up",
                     t->expr);
        return 0;
    }
    rc = judge(d, t, &a, &own, err);
    different = a.different > own.different ? a.different : own.different;
    if (rc == 0)
        lc_trial_say(d, false,
                     "%s answers: %" PRIu64 " made-up rows%s and %" PRIu64 " of %s.%s, %" PRIu64
                     " different value%s",
                     t->expr, a.rows,
                     !d->cluster->name || !made_up ? ""
                     : d->cluster->replicas        ? ", the same on every replica,"
                                                   : ", the same on every host of the cluster,",
                     own.rows, t->database, t->stmt->name, different, LC_S(different));
    return rc;
}

/*
 * Put the column's own name in the place of the made-up one. In place, cut at size. The
 * column's name may hold the made-up one, hence the bound.
 */
static void name_inputs_in(const struct lc_trial *t, char *text, size_t size)
{
    for (size_t i = 0; i < t->inputs_n; i++) {
        char out[32], before[1024];
        const char *name = lc_trial_input(t, i, out);
        char *at = name == out ? strstr(text, out) : NULL;

        for (unsigned n = 0; at && n < 16; n++, at = strstr(text, out)) {
            snprintf(before, sizeof before, "%.*s%s%s", (int)(at - text), text, t->inputs[i],
                     at + strlen(out));
            snprintf(text, size, "%s", before);
        }
    }
}

int lc_trial_domain(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err)
{
    struct lc_domain domain = {.cluster = d->cluster,
                               .types_known = d->facts->udf_types,
                               .expr = t->made_up,
                               .say = d->say,
                               .ctx = d->ctx};
    char names[LC_DOMAIN_COLUMNS][32], values[LC_DOMAIN_COLUMNS][LC_TYPE_BYTES];
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    if (t->inputs_n > LC_DOMAIN_COLUMNS) {
        lc_trial_say(d, true,
                     "%s is not tried for every value that its columns may hold: it reads %zu",
                     t->expr, t->inputs_n);
        return 0;
    }
    for (size_t i = 0; i < t->inputs_n; i++) {
        domain.columns[i].name = lc_trial_input(t, i, names[i]);
        domain.columns[i].type =
            lc_type_of_values(lc_column_type_of(&t->column, t->inputs[i]), values[i]);
        domain.n++;
    }
    /* Messages say livecol_in_2; the user knows the column by its own name. */
    rc = lc_domain_check(&domain, &why);
    name_inputs_in(t, why.msg, sizeof why.msg);
    name_inputs_in(t, why.hint, sizeof why.hint);
    if (rc == LC_ERR_REFUSED && d->allow_unsafe) {
        lc_trial_say(d, true, "%s", why.msg);
        rc = 0;
    } else if (rc) {
        lc_error_pass(err, &why);
    }
    return rc;
}
