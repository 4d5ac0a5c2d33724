/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of all columns lie end to end as rows of one query: in a column's own stretch each row has
 * one of its edges, elsewhere the column has its first value. The whole stretch is tried at once, which
 * is one query where all is well; only where it fails is it halved until one row is left, so that the
 * error names the value. The hint is found by trial as well: each way to write the argument is put in
 * and tried over the same rows, and the first that passes is shown.
 */
#include "cli/column/domain.h"

#include "base/utf8.h"
#include "cli/column/edge_values.h"
#include "cli/column/table.h"
#include "cli/sql/expression.h"
#include "cli/sql/fragment.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"
#include "udf/argument.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * CALLS_MAX: further calls are not looked at one by one; NULL_INTO_PLAIN: the server's error
 * number.
 */
enum { MAX_SQL_BYTES = 4 << 20, CALLS_MAX = 8, NULL_INTO_PLAIN = 349 };

/* A call of an executable function with one argument, in the expression's text. */
struct call {
    char *function, *argument; /* the argument's text */
    size_t at, n;              /* where that is */
    char *takes;               /* the declared type */
    char *given;               /* the argument's own */
};

/*
 * The values of column i are rows start … start + values[i].n - 1, start being the sum of those
 * before.
 */
struct run {
    const struct lc_domain *d;
    struct lc_edge_values values[LC_DOMAIN_COLUMNS];
    size_t rows; /* of all columns' values */
    struct call calls[CALLS_MAX];
    size_t n_calls;
};

static int no_memory(struct lc_error *err)
{
    return lc_fail(err, LC_ERR_NOMEM, "no memory to try a column's values");
}

static void say(const struct lc_domain *d, bool warning, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct lc_domain *d, bool warning, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_utf8_cut(text);
    if (d->say)
        d->say(d->ctx, warning, text);
}

/* ── Queries over rows [first, first + rows) of the edges ─────────────────────────────────────── */

/*
 * Each column by its name: the row's value of it, where the row is its, else its first.
 * `number` is of system.numbers, which counts from 0; the query's row is number + first.
 *
 *   arrayElement(CAST(['0', '1', '255'], 'Array(UInt8)'), if(the row is its, place, 1)) AS `k`
 *
 * One of whose type no values are known has the type's default in every row.
 */
static int add_columns(const struct run *r, size_t first, struct lc_buf *sql)
{
    size_t start = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->d->n; i++) {
        if (r->values[i].known)
            rc = lc_buf_adds(sql, "arrayElement(") ||
                 lc_edge_values_add_array(&r->values[i], r->d->columns[i].type, sql) ||
                 lc_buf_addf(
                     sql,
                     ", toUInt32(if(number + %zu >= %zu AND number + %zu < %zu, number + %zu "
                     "- %zu + 1, 1))) AS ",
                     first, start, first, start + r->values[i].n, first, start);
        else
            rc = lc_table_add_empty(r->d->columns[i].type, sql) || lc_buf_adds(sql, " AS ");
        rc = rc || lc_sql_add_id(sql, r->d->columns[i].name) || lc_buf_adds(sql, ", ");
        start += r->values[i].n;
    }
    return rc;
}

/* Which rows are asked about, on which host, and what. */
struct question {
    size_t host, first, rows; /* rows first … first + rows - 1 of the made-up ones */
    const char *answer;       /* the SELECT's columns, of livecol_x */
    const char *what;         /* the expression that is livecol_x */
};

/*
 * SELECT `answer` FROM (the columns, `what` AS livecol_x). The inner SELECT is next to the FROM
 * that names the host: on older servers only that one is done there.
 */
static int ask(const struct run *r, struct question q, struct lc_answer *out, struct lc_error *err)
{
    const struct lc_cluster *c = r->d->cluster;
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_addf(&sql, "SELECT %s FROM (SELECT ", q.answer) || add_columns(r, q.first, &sql) ||
         lc_buf_addf(&sql, "(%s\n) AS livecol_x FROM ", q.what);
    if (!rc && c->by_remote)
        rc = lc_cluster_add_from(c, q.host, &sql, "system", "numbers");
    else if (!rc)
        rc = lc_buf_addf(&sql, "(SELECT number FROM system.numbers LIMIT %zu)", q.rows);
    rc = rc || lc_buf_addf(&sql, " LIMIT %zu)", q.rows) || !lc_buf_str(&sql)
             ? no_memory(err)
             : lc_cluster_run(c, q.host, lc_buf_str(&sql), out, err);
    lc_buf_release(&sql);
    return rc;
}

/*
 * Does it answer for those rows? LC_ERR_SERVER with the server's reason where it does not. The
 * aggregate over its text is there so that the server has to compute every row of it.
 */
static int answers(const struct run *r, size_t host, size_t first, size_t rows, const char *expr,
                   struct lc_error *err)
{
    struct lc_answer out = {0};
    const struct question q = {host, first, rows,
                               "count() AS n, uniqExact(toString(livecol_x)) AS different", expr};
    int rc = ask(r, q, &out, err);

    lc_answer_release(&out);
    return rc;
}

/*
 * The first row of [0, r->rows) for which it fails, given that it does for all of them
 * together. By halves: about log2(rows) queries. Returns what the row alone gives, in *why its
 * reason; 0: it is fine alone.
 */
static int find_failing(const struct run *r, size_t host, const char *expr, size_t *row,
                        struct lc_error *why)
{
    size_t low = 0, high = r->rows;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        struct lc_error ignored = LC_ERROR_INIT;
        int rc = answers(r, host, low, middle - low, expr, &ignored);

        if (rc && rc != LC_ERR_SERVER) {
            *why = ignored;
            return rc;
        }
        if (rc)
            high = middle;
        else
            low = middle;
    }
    *row = low;
    *why = LC_ERROR_INIT;
    return answers(r, host, low, 1, expr, why);
}

/* ── Values ───────────────────────────────────────────────────────────────────────────────────── */

/*
 * Can this server make the column's values? They are cast as an array, without the expression;
 * where it refuses one of them, none counts as known, or the expression would be blamed for it.
 */
static int settle_values(struct run *r, size_t i, struct lc_error *err)
{
    struct lc_domain one = *r->d;
    struct run alone = {.d = &one};
    struct lc_buf name;
    int rc = 0;

    one.n = 1;
    one.columns[0] = r->d->columns[i];
    alone.values[0] = r->values[i];
    lc_buf_init(&name, MAX_SQL_BYTES);
    if (lc_buf_adds(&name, "toString(tuple(") || lc_sql_add_id(&name, one.columns[0].name) ||
        lc_buf_adds(&name, "))") || !lc_buf_str(&name))
        rc = no_memory(err);
    if (rc == 0 && r->values[i].known) {
        struct lc_error why = LC_ERROR_INIT;

        rc = answers(&alone, 0, 0, r->values[i].n, lc_buf_str(&name), &why);
        if (rc == LC_ERR_SERVER) {
            r->values[i].known = false;
            rc = 0;
        } else if (rc) {
            lc_error_pass(err, &why);
        }
    }
    lc_buf_release(&name);
    return rc;
}

/* Has the type a default that can be written? Of an aggregate's state there is none. */
static int has_default(const struct run *r, const char *type, bool *has, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer out = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT ignore(") || lc_table_add_empty(type, &sql) ||
                 lc_buf_adds(&sql, ") AS a") || !lc_buf_str(&sql)
             ? no_memory(&why)
             : lc_cluster_run(r->d->cluster, 0, lc_buf_str(&sql), &out, &why);
    *has = rc == 0;
    lc_answer_release(&out);
    lc_buf_release(&sql);
    return rc && rc != LC_ERR_SERVER ? lc_error_pass(err, &why) : 0;
}

/*
 * The values of every column. *can false: of one there are none, not even a default, so that nothing can be
 * tried.
 */
static int make_values(struct run *r, bool *can, struct lc_error *err)
{
    int rc = 0;

    *can = r->d->n > 0;
    for (size_t i = 0; rc == 0 && i < r->d->n; i++) {
        rc = lc_edge_values_make(&r->values[i], r->d->columns[i].type, err);
        rc = rc ? rc : settle_values(r, i, err);
        if (rc == 0 && !r->values[i].known) {
            rc = has_default(r, r->d->columns[i].type, can, err);
            lc_edge_values_release(&r->values[i]);
            say(r->d, true,
                "%s is not tried for every value that %s may hold: none of the type %s can be made "
                "up",
                r->d->expr, r->d->columns[i].name, r->d->columns[i].type);
            if (rc || !*can)
                return rc;
        }
        r->rows += r->values[i].n;
    }
    return rc;
}

/* "k = '-1' (Int32)" of the column whose row it is. */
static const char *show_row(const struct run *r, size_t row, char *out, size_t size)
{
    size_t start = 0;
    char shown[120];

    for (size_t i = 0; i < r->d->n; i++) {
        if (row < start + r->values[i].n) {
            struct lc_slice v = r->values[i].v[row - start];

            snprintf(out, size, "%.100s = %s%s%s (%.150s)", r->d->columns[i].name, v.p ? "'" : "",
                     v.p ? lc_printable(v.p, v.n, shown, sizeof shown) : "NULL", v.p ? "'" : "",
                     r->d->columns[i].type);
            return out;
        }
        start += r->values[i].n;
    }
    return "";
}

/* ── Calls ────────────────────────────────────────────────────────────────────────────────────── */

/* What the function takes, as the connected server has it; NULL where it is no executable one. */
static int ask_takes(const struct run *r, struct call *c, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", c->function}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_cluster_read(r->d->cluster, 0, lc_sql_function_fit, lc_sql_host_function_fit, args,
                             &t, err);

    if (rc == 0 && t.rows == 1 && lc_answer_u64(&t, 0, LC_SQL_FUNCTION_FIT_ARGUMENTS, 0) == 1) {
        c->takes = strdup(lc_answer_at(&t, 0, LC_SQL_FUNCTION_FIT_ARGUMENT_TYPE)->p);
        rc = c->takes ? 0 : no_memory(err);
    }
    lc_answer_release(&t);
    return rc;
}

/* On one line: the server breaks the lines of a long type, and indents them. */
static void squeeze(char *type)
{
    char *to = type;

    for (const char *from = type; *from; from++)
        if (*from != '\n' && !(*from == ' ' && to > type && (to[-1] == ' ' || to[-1] == '(')))
            *to++ = *from;
    *to = '\0';
}

/* What the argument is, by its first row, on the connected server: c->given. */
static int ask_given(const struct run *r, struct call *c, struct lc_error *err)
{
    struct lc_answer out = {0};
    const struct question q = {0, 0, 1, "toTypeName(livecol_x) AS type", c->argument};
    int rc = ask(r, q, &out, err);

    if (rc == 0 && out.rows == 1) {
        c->given = strdup(lc_answer_at(&out, 0, 0)->p);
        rc = c->given ? 0 : no_memory(err);
        if (rc == 0)
            squeeze(c->given);
    }
    lc_answer_release(&out);
    return rc;
}

static void release_call(struct call *c)
{
    free(c->function);
    free(c->argument);
    free(c->takes);
    free(c->given);
    *c = (struct call){0};
}

/* Every call of an executable function whose declared type the server tells. */
static int find_calls(struct run *r, struct lc_error *err)
{
    struct lc_slice expr = {(const uint8_t *)r->d->expr, strlen(r->d->expr)};
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && r->d->types_known && r->n_calls < CALLS_MAX) {
        struct call c = {.function = lc_expr_function(expr, &at)};

        if (!c.function)
            break;
        rc = ask_takes(r, &c, err);
        if (rc == 0 && c.takes && lc_fragment_only_argument(r->d->expr, at, &c.n)) {
            c.at = at;
            c.argument = strndup(r->d->expr + c.at, c.n);
            if (c.argument && lc_expr_is_bound(r->d->expr, c.at, c.n))
                say(r->d, true,
                    "what %s is called with (%.200s) is not tried by itself: it has a name that "
                    "the expression defines (x -> …, AS x)",
                    c.function, c.argument);
            else
                rc = c.argument ? ask_given(r, &c, err) : no_memory(err);
        }
        if (rc == 0 && c.given)
            r->calls[r->n_calls++] = c;
        else
            release_call(&c);
    }
    return rc;
}

/* ── A way to write it ────────────────────────────────────────────────────────────────────────── */

/* The expression with another argument in that call; malloc'ed. */
static char *with_argument(const struct run *r, const struct call *c, const char *argument)
{
    struct lc_buf b;
    char *text;

    lc_buf_init(&b, MAX_SQL_BYTES);
    if (lc_buf_add(&b, r->d->expr, c->at) || lc_buf_adds(&b, argument) ||
        lc_buf_adds(&b, r->d->expr + c->at + c->n)) {
        lc_buf_release(&b);
        return NULL;
    }
    text = lc_buf_detach(&b);
    lc_buf_release(&b);
    return text;
}

/* A value that is lost on its way into a function: its row, and what becomes of it. */
struct loss {
    size_t row;
    char said[400];
};

static int loss_of(const struct run *r, size_t host, const struct call *c, struct loss *loss,
                   struct lc_error *err);
static bool is_text_of(const struct call *c);

/*
 * Do all values pass, with this argument in its place: the expression answers, no text is made
 * of what is none, and no value is changed on its way in? A failure of the query is "no".
 */
static bool passes(const struct run *r, const struct call *c, const char *argument)
{
    struct call tried = *c;
    struct lc_error ignored = LC_ERROR_INIT;
    char *expr = with_argument(r, c, argument);
    struct loss loss;
    bool good;

    tried.argument = (char *)(uintptr_t)argument;
    tried.given = NULL;
    good = expr && answers(r, 0, 0, r->rows, expr, &ignored) == 0 &&
           ask_given(r, &tried, &ignored) == 0 && tried.given && !is_text_of(&tried) &&
           loss_of(r, 0, &tried, &loss, &ignored) == 0;
    free(tried.given);
    free(expr);
    return good;
}

/*
 * What a type is, for the ways to write its values otherwise. An Enum is with dates: both are
 * made numbers by toInt64.
 */
enum { TEXT = 1, INTEGER = 2, FLOAT = 4, DECIMAL = 8, CALENDAR = 16, OTHER = 32 };

#define ANY (~0u) /* of `sorts`: whatever the type is */

static unsigned sort_of(const char *type)
{
    static const struct {
        const char *word;
        unsigned sort;
    } sorts[] = {{"String", TEXT},     {"FixedString", TEXT}, {"Int", INTEGER},
                 {"UInt", INTEGER},    {"Float", FLOAT},      {"BFloat", FLOAT},
                 {"Decimal", DECIMAL}, {"Enum", CALENDAR},    {"Date", CALENDAR}};
    char *plain = lc_edge_values_plain(type);
    unsigned sort = OTHER;

    for (size_t i = 0; plain && i < sizeof sorts / sizeof *sorts; i++)
        if (strncmp(plain, sorts[i].word, strlen(sorts[i].word)) == 0)
            sort = sorts[i].sort;
    free(plain);
    return sort;
}

/*
 * Each that is for the sorts of what is given and of what the function takes is tried, and the first
 * that passes is the hint. $ is the argument's text. `becomes`: what the rules are asked about in the
 * place of the values that do not fit, which the hint says, since rules may have it as a key.
 */
static const struct {
    unsigned sorts;
    char takes; /* 'u' unsigned integers, 's' signed ones, 't' text */
    const char *text, *becomes;
} ways[] = {
    {TEXT, 't', "ifNull($, '')", "NULL becomes ''"},
    {INTEGER, 'u', "ifNull($, 0)", "NULL becomes 0"},
    {INTEGER, 's', "ifNull($, 0)", "NULL becomes 0"},
    {INTEGER, 'u', "accurateCastOrDefault($, 'UInt64')", "a number below 0 becomes 0"},
    {INTEGER, 'u', "accurateCastOrDefault(ifNull($, 0), 'UInt64')",
     "NULL and a number below 0 become 0"},
    {INTEGER, 's', "accurateCastOrDefault($, 'Int64')", "a number above 2^63 becomes 0"},
    {INTEGER, 's', "accurateCastOrDefault(ifNull($, 0), 'Int64')",
     "NULL and a number above 2^63 become 0"},
    {FLOAT, 'u', "accurateCastOrDefault(floor($), 'UInt64')",
     "1.5 becomes 1, and a number below 0 becomes 0"},
    {FLOAT, 'u', "accurateCastOrDefault(floor(ifNull($, 0)), 'UInt64')",
     "1.5 becomes 1, NULL and a number below 0 become 0"},
    {FLOAT, 's', "accurateCastOrDefault(floor($), 'Int64')",
     "1.5 becomes 1, and what is too large becomes 0"},
    {FLOAT, 's', "accurateCastOrDefault(floor(ifNull($, 0)), 'Int64')",
     "1.5 becomes 1, NULL and what is too large become 0"},
    {DECIMAL, 'u', "toUInt64(greatest(floor($), 0))",
     "1.5 becomes 1, and a number below 0 becomes 0"},
    {DECIMAL, 'u', "toUInt64(greatest(floor(ifNull($, 0)), 0))",
     "1.5 becomes 1, NULL and a number below 0 become 0"},
    {DECIMAL, 's', "toInt64(floor($))", "1.5 becomes 1"},
    {DECIMAL, 's', "toInt64(floor(ifNull($, 0)))", "1.5 becomes 1, NULL becomes 0"},
    {CALENDAR, 'u', "toUInt64(greatest(toInt64($), 0))",
     "a date becomes its days since 1970, and what is before becomes 0"},
    {CALENDAR, 'u', "toUInt64(greatest(ifNull(toInt64($), 0), 0))",
     "a date becomes its days since 1970, NULL and what is before become 0"},
    {CALENDAR, 's', "toInt64($)", "a date becomes its days since 1970"},
    {CALENDAR, 's', "ifNull(toInt64($), 0)", "a date becomes its days since 1970, NULL becomes 0"},
    {TEXT, 'u', "toUInt64OrZero($)", "a text that is not a number becomes 0"},
    {TEXT, 'u', "ifNull(toUInt64OrZero($), 0)", "NULL and a text that is not a number become 0"},
    {TEXT, 's', "toInt64OrZero($)", "a text that is not a number becomes 0"},
    {TEXT, 's', "ifNull(toInt64OrZero($), 0)", "NULL and a text that is not a number become 0"},
    {ANY, 't', "toString($)", "each becomes its text"},
    {ANY, 't', "ifNull(toString($), '')", "each becomes its text, NULL becomes ''"},
};

/* 'u', 's', 't' as above; '?': numbers have no place there. */
static char takes_of(const struct call *c)
{
    char *plain = lc_edge_values_plain(c->takes);
    char takes = '?';

    if (plain && strncmp(plain, "UInt", 4) == 0)
        takes = 'u';
    else if (plain && strncmp(plain, "Int", 3) == 0)
        takes = 's';
    else if (plain && (strncmp(plain, "String", 6) == 0 || strncmp(plain, "FixedString", 11) == 0))
        takes = 't';
    free(plain);
    return takes;
}

/* The way with the argument in the place of $; malloc'ed. */
static char *write_way(const char *way, const char *argument)
{
    struct lc_buf b;
    char *text;
    int rc = 0;

    lc_buf_init(&b, MAX_SQL_BYTES);
    for (; *way && !rc; way++)
        rc = *way == '$' ? lc_buf_adds(&b, argument) : lc_buf_add(&b, way, 1);
    text = rc ? NULL : lc_buf_detach(&b);
    lc_buf_release(&b);
    return text;
}

/* The type itself, where a program takes it and it is of the sort that the function's rules take. */
static bool is_declarable(const struct call *c)
{
    struct lc_argument given = {0}, takes = {0};
    bool good = lc_argument_parse(&given, c->given, NULL) == 0 &&
                lc_argument_parse(&takes, c->takes, NULL) == 0;
    static const enum lc_order orders[] = {
        [LC_ARG_STRING] = LC_ORDER_TEXT,    [LC_ARG_FIXED_STRING] = LC_ORDER_TEXT,
        [LC_ARG_UUID] = LC_ORDER_TEXT,      [LC_ARG_FLOAT] = LC_ORDER_FLOAT,
        [LC_ARG_DECIMAL] = LC_ORDER_NUMBER, [LC_ARG_IPV6] = LC_ORDER_ADDRESS,
        [LC_ARG_UINT] = LC_ORDER_UINT,      [LC_ARG_INT] = LC_ORDER_UINT,
        [LC_ARG_BOOL] = LC_ORDER_UINT,      [LC_ARG_ENUM] = LC_ORDER_UINT,
        [LC_ARG_DATE] = LC_ORDER_DATE,      [LC_ARG_DATE32] = LC_ORDER_DATE,
        [LC_ARG_DATETIME] = LC_ORDER_TIME,  [LC_ARG_DATETIME64] = LC_ORDER_TIME,
        [LC_ARG_IPV4] = LC_ORDER_ADDRESS,
    };
    const struct lc_takes keys = {orders[takes.base], 1};

    good = good &&
           lc_argument_fits(&given, c->given, LC_KIND_RANGE, &keys, LC_FORMAT_NATIVE, NULL) == 0;
    lc_argument_release(&given);
    lc_argument_release(&takes);
    return good;
}

/* Strings, and what has one text that nobody would write otherwise. */
static bool has_plain_text(const char *type)
{
    static const char *const words[] = {"String", "FixedString", "Enum", "Int", "UInt", "Nothing"};
    char *plain = lc_edge_values_plain(type);
    bool good = false;

    for (size_t i = 0; plain && i < sizeof words / sizeof *words; i++)
        good = good || strncmp(plain, words[i], strlen(words[i])) == 0;
    free(plain);
    return good;
}

/* Is a String argument given what is no string, so that the server makes a text of it? */
static bool is_text_of(const struct call *c)
{
    char *takes = lc_edge_values_plain(c->takes);
    bool text = takes &&
                (strcmp(takes, "String") == 0 || strncmp(takes, "FixedString(", 12) == 0) &&
                !has_plain_text(c->given);

    free(takes);
    return text;
}

/* The first way that passes, malloc'ed, with what it makes of values; NULL: none does. */
static char *find_way(const struct run *r, const struct call *c, const char **becomes)
{
    /* Where a text is wanted, a number in its place is no key. */
    unsigned sort = is_text_of(c) ? 0 : sort_of(c->given);
    char takes = takes_of(c);

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        bool is_for = (ways[i].sorts == ANY || ways[i].sorts & sort) && ways[i].takes == takes;
        char *way = is_for ? write_way(ways[i].text, c->argument) : NULL;

        *becomes = ways[i].becomes;
        if (way && passes(r, c, way))
            return way;
        free(way);
    }
    return NULL;
}

/* A declared type keeps each value what it is, so it comes first. */
static void hint(const struct run *r, const struct call *c, struct lc_error *err)
{
    const char *declare = is_declarable(c) ? c->given : NULL, *becomes;
    char *way = find_way(r, c, &becomes);

    if (way && declare)
        lc_hint(err,
                "declare the function so that it accepts it: livecol config install --argument "
                "\"%.150s\"; or write %.60s(%.150s): %s for the rules",
                declare, c->function, way, becomes);
    else if (way)
        lc_hint(err, "write %.60s(%.300s): %s for the rules. Nothing was changed", c->function, way,
                becomes);
    else if (declare)
        lc_hint(err,
                "declare the function so that it accepts it: livecol config install --argument "
                "\"%.150s\"",
                declare);
    else
        lc_hint(err,
                "an INSERT of such a row would fail, and merges and every ALTER of the table with "
                "it: change the expression so that it accepts it");
    free(way);
}

/* ── What is wrong ────────────────────────────────────────────────────────────────────────────── */

/* Name the value for which the host fails. 0 where no single row fails. */
static int refuse_failing(const struct run *r, size_t host, struct lc_error *err)
{
    char shown[500];
    struct lc_error why = LC_ERROR_INIT;
    size_t row;
    int rc = find_failing(r, host, r->d->expr, &row, &why);

    if (rc == 0) /* together they fail, and each alone does not: nothing is proven */
        return 0;
    if (rc != LC_ERR_SERVER) {
        lc_error_pass(err, &why);
        return rc;
    }
    lc_fail(err, LC_ERR_REFUSED, "%.200s fails for %s, which its column may hold%s%s: %.400s",
            r->d->expr, show_row(r, row, shown, sizeof shown),
            r->d->cluster->name ? ", on host " : "", lc_cluster_host_name(r->d->cluster, host),
            why.msg);
    if (err && err->code == LC_ERR_REFUSED)
        err->server_code = why.server_code;
    /* One call alone: the one to be written otherwise. */
    if (r->n_calls == 1)
        hint(r, &r->calls[0], err);
    else
        lc_hint(err, "%s. An INSERT of such a row would fail; nothing was changed",
                why.server_code == NULL_INTO_PLAIN
                    ? "ifNull(key, '') instead, or a function whose argument is Nullable"
                    : "change the expression so that it accepts it");
    return LC_ERR_REFUSED;
}

/*
 * The server casts any value to a String argument: an array, a float or a time then becomes a
 * text that depends on its way of writing, and no rule has such a key. The second value is
 * shown, since the first is often 0 or empty.
 */
static int refuse_text(const struct run *r, const struct call *c, struct lc_error *err)
{
    const struct question q = {0, r->values[0].n > 1, 1, "toString(livecol_x) AS text",
                               c->argument};
    struct lc_answer out = {0};
    char shown[120] = "";

    if (ask(r, q, &out, NULL) == 0 && out.rows == 1)
        lc_printable(lc_answer_at(&out, 0, 0)->p, lc_answer_at(&out, 0, 0)->n, shown, sizeof shown);
    lc_answer_release(&out);
    lc_fail(err, LC_ERR_REFUSED,
            "%.60s takes %.100s, and %.150s is %.150s: the server would pass it a text like \"%s\"",
            c->function, c->takes, c->argument, c->given, shown);
    if (strncmp(c->given, "Array(", 6) == 0)
        lc_hint(
            err,
            "write %.60s(%.120s[1]), or another element that is the key; %.60s(toString(%.120s)) "
            "for its text",
            c->function, c->argument, c->function, c->argument);
    else
        hint(r, c, err);
    return LC_ERR_REFUSED;
}

/* Ask for "was, became, changed" of every row; those of which the server can tell nothing are none. */
static int ask_changed(const struct run *r, size_t host, const struct call *c, const char *answer,
                       struct loss *loss, struct lc_error *err)
{
    enum { WAS, BECAME, CHANGED }; /* of `answer` */
    struct lc_answer out = {0};
    struct lc_error why = LC_ERROR_INIT;
    const struct question q = {host, 0, r->rows, answer, c->argument};
    int rc = ask(r, q, &out, &why);

    if (rc == LC_ERR_SERVER)
        rc = 0;
    else if (rc)
        lc_error_pass(err, &why);
    for (size_t i = 0; rc == 0 && i < out.rows; i++) {
        if (lc_answer_u64(&out, i, CHANGED, 0) == 0)
            continue;
        loss->row = i;
        snprintf(loss->said, sizeof loss->said, "%.150s as %.100s is %.100s",
                 lc_answer_at(&out, i, WAS)->p, c->takes, lc_answer_at(&out, i, BECAME)->p);
        rc = LC_ERR_FOUND;
    }
    lc_answer_release(&out);
    return rc;
}

/* was, became, and whether it is changed: there and back it is another, or it was negative. */
static int write_changed(struct lc_buf *b, const char *takes, const char *given, bool negative)
{
    static const char value[] = "assumeNotNull(livecol_x)";
    int rc = lc_buf_addf(b, "toString(%s) AS was, toString(CAST(%s, ", value, value) ||
             lc_sql_add_str(b, takes) || lc_buf_adds(b, ")) AS became, isNotNull(livecol_x) AND ");

    if (!rc && negative)
        rc = lc_buf_addf(b, "toInt64(%s) < 0", value);
    else if (!rc)
        rc = lc_buf_addf(b, "toString(CAST(CAST(%s, ", value) || lc_sql_add_str(b, takes) ||
             lc_buf_adds(b, "), ") || lc_sql_add_str(b, given) ||
             lc_buf_addf(b, ")) != toString(%s)", value);
    return rc || lc_buf_adds(b, " AS changed") || !lc_buf_str(b) ? LC_ERR_NOMEM : 0;
}

/*
 * The value that the server changes on its way into the argument's type: there and back it is another,
 * or a negative number comes out above 2^63. LC_ERR_FOUND with *loss, 0: none.
 */
static int loss_of(const struct run *r, size_t host, const struct call *c, struct loss *loss,
                   struct lc_error *err)
{
    char *takes = lc_edge_values_plain(c->takes), *given = lc_edge_values_plain(c->given);
    bool wraps = takes && given && strncmp(takes, "UInt", 4) == 0 &&
                 (strncmp(given, "Enum", 4) == 0 || strcmp(given, "Date32") == 0 ||
                  strncmp(given, "Time", 4) == 0);
    int rc = takes && given ? 0 : no_memory(err);
    struct lc_buf answer;

    *loss = (struct loss){0};
    lc_buf_init(&answer, MAX_SQL_BYTES);
    for (unsigned negative = wraps; rc == 0 && strcmp(takes, given) != 0; negative--) {
        lc_buf_reset(&answer);
        rc = write_changed(&answer, takes, given, negative)
                 ? no_memory(err)
                 : ask_changed(r, host, c, lc_buf_str(&answer), loss, err);
        if (negative == 0)
            break;
    }
    lc_buf_release(&answer);
    free(takes);
    free(given);
    return rc;
}

/*
 * A call that answers may still be asked about another key than the row has. Looked at on the
 * connected server alone.
 */
static int check_call(const struct run *r, const struct call *c, struct lc_error *err)
{
    struct loss loss;
    char shown[500];
    int rc;

    if (is_text_of(c))
        return refuse_text(r, c, err);
    if (r->rows == 0)
        return 0;
    rc = loss_of(r, 0, c, &loss, err);
    if (rc != LC_ERR_FOUND)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%.200s gets another key than %s: %s", r->d->expr,
            show_row(r, loss.row, shown, sizeof shown), loss.said);
    hint(r, c, err);
    return LC_ERR_REFUSED;
}

/* ── All of it ────────────────────────────────────────────────────────────────────────────────── */

/* Answers that the column's own type cannot hold fail the INSERT as well. */
static int check_hosts(const struct run *r, struct lc_error *err)
{
    const struct lc_cluster *c = r->d->cluster;
    int rc = 0;

    for (size_t i = 0; rc == 0 && r->rows && i < c->n; i++) {
        struct lc_error why = LC_ERROR_INIT;

        if (c->v[i].down)
            continue;
        rc = answers(r, i, 0, r->rows, r->d->expr, &why);
        if (rc == LC_ERR_SERVER)
            rc = refuse_failing(r, i, err);
        else if (rc)
            lc_error_pass(err, &why);
    }
    return rc;
}

/*
 * First whether it answers at all, on every host; then whether each call is given the key
 * itself.
 */
int lc_domain_check(const struct lc_domain *d, struct lc_error *err)
{
    struct run r = {.d = d};
    bool can = false;
    int rc = make_values(&r, &can, err);

    if (rc == 0 && can)
        rc = find_calls(&r, err);
    if (rc == 0 && can)
        rc = check_hosts(&r, err);
    for (size_t i = 0; rc == 0 && can && i < r.n_calls; i++)
        rc = check_call(&r, &r.calls[i], err);
    for (size_t i = 0; i < r.n_calls; i++)
        release_call(&r.calls[i]);
    for (size_t i = 0; i < d->n; i++)
        lc_edge_values_release(&r.values[i]);
    return rc;
}
