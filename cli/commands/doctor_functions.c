/* SPDX-License-Identifier: Apache-2.0 */
/* livecol doctor: functions, and the DEFAULTs that call them. */
#include "base/format.h"
#include "cli/column/compare_rules.h"
#include "cli/column/edge_values.h"
#include "cli/column/function_fit.h"
#include "cli/column/preflight.h"
#include "cli/column/readers.h"
#include "cli/column/replace_default.h"
#include "cli/commands/doctor_server.h"
#include "cli/server/query.h"
#include "cli/sql/type_name.h"
#include "livecol_sql.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shorter time-outs of a function are a warning. */
enum { TIMEOUT_MS = 60000, TIMEOUT_S = 60, SQL_MAX_BYTES = 1 << 20 };

/* A row of udf_all: an executable function, as the server has loaded it. */
struct function {
    const struct lc_answer *t;
    size_t row;
    const char *name, *command;
    bool ours; /* livecol-udf is what it runs */
};

/* A text of the function's row. */
static const char *text_of(const struct function *f, size_t col)
{
    return lc_answer_at(f->t, f->row, col)->p;
}

/*
 * The word after `option` in a command line, malloc'ed; NULL where the option is not there.
 */
static char *word_behind(const char *command, const char *option)
{
    const char *p = strstr(command, option);

    if (!p)
        return NULL;
    p += strlen(option);
    p += strspn(p, " =");
    return strndup(p, strcspn(p, " "));
}

/*
 * What is set up so that it will fail or be slow one day, though the function answers now.
 * threads: how many of them one query uses; 0: not known.
 */
static void look_at_setup(struct lc_doctor *d, const struct function *f, uint64_t threads)
{
    uint64_t pool = lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_POOL_SIZE, 0);
    bool is_pool = strcmp(text_of(f, LC_SQL_UDF_ALL_UDF_TYPE), "executable_pool") == 0;

    if (lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_COMMAND_READ_TIMEOUT, TIMEOUT_MS) < TIMEOUT_MS ||
        lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_COMMAND_WRITE_TIMEOUT, TIMEOUT_MS) <
            TIMEOUT_MS ||
        (is_pool && lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_MAX_COMMAND_EXECUTION_TIME,
                                  TIMEOUT_S) < TIMEOUT_S))
        lc_doctor_say(d, LC_LEVEL_WARN, "function",
                      "on a busy machine the query, or the INSERT, then fails: use 60 s or more",
                      "%s: time-outs under 60 s (read %s ms, write %s ms, execution %s s)", f->name,
                      text_of(f, LC_SQL_UDF_ALL_COMMAND_READ_TIMEOUT),
                      text_of(f, LC_SQL_UDF_ALL_COMMAND_WRITE_TIMEOUT),
                      text_of(f, LC_SQL_UDF_ALL_MAX_COMMAND_EXECUTION_TIME));
    if (!is_pool)
        lc_doctor_say(d, LC_LEVEL_WARN, "function", "make it an executable_pool",
                      "%s: a process is started for every block", f->name);
    else if (threads && pool < threads)
        lc_doctor_say(d, LC_LEVEL_WARN, "function",
                      "set pool_size to the cores times the queries that may call it at once",
                      "%s: pool_size %" PRIu64 ", and one query calls from %" PRIu64
                      " threads: they wait for each other, and INSERTs for both",
                      f->name, pool, threads);
    if (!lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_DETERMINISTIC, 1))
        lc_doctor_say(d, LC_LEVEL_WARN, "function",
                      "set deterministic to 1 where its rules never change under this name",
                      "%s: not deterministic, so the query cache refuses it", f->name);
}

/* Do XML and command say the same of what goes in and out? False: its answers prove nothing. */
static bool look_at_fit(struct lc_doctor *d, const struct function *f)
{
    const struct lc_function_fit fit = {
        .name = f->name,
        .command = f->command,
        .format = text_of(f, LC_SQL_UDF_ALL_FORMAT),
        .return_type = text_of(f, LC_SQL_UDF_ALL_RETURN_TYPE),
        .return_name = text_of(f, LC_SQL_UDF_ALL_RETURN_NAME),
        .argument_type = text_of(f, LC_SQL_UDF_ALL_ARGUMENT_TYPE),
        .arguments = lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_ARGUMENTS, 0),
        .chunk_header = lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_CHUNK_HEADER, 0) != 0,
    };
    struct lc_function_fit_note note;
    struct lc_error why = LC_ERROR_INIT;

    if (lc_function_fit_judge(&fit, &note, &why)) {
        lc_doctor_say(d, LC_LEVEL_FAIL, "function", why.hint, "%s", why.msg);
        return false;
    }
    if (note.text[0])
        lc_doctor_say(d, LC_LEVEL_WARN, "function", "make the two equal", "%s", note.text);
    return true;
}

/*
 * Can a thousand different keys of this type be made from numbers? Functions of other types are
 * asked about the edges of the type.
 */
static bool takes_numbered_keys(const char *type)
{
    static const char *const plain_types[] = {"String", "UInt16", "UInt32", "UInt64",
                                              "Int16",  "Int32",  "Int64"};
    char *plain = lc_edge_values_plain(type);
    bool takes = false;

    for (size_t i = 0; plain && i < sizeof plain_types / sizeof *plain_types; i++)
        takes = takes || strcmp(plain, plain_types[i]) == 0;
    free(plain);
    return takes;
}

/*
 * Ask the function for the edges of its argument's type, over a thousand rows. The answer has
 * the columns of udf_sample (sql/doctor.sql). Rows, not constants: a call over constants is
 * folded by the server, and proves nothing.
 */
static int ask_edges(struct lc_doctor *d, const struct function *f, const char *type,
                     const struct lc_edge_values *edges, struct lc_answer *t, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, SQL_MAX_BYTES);
    rc = lc_buf_adds(&sql, "SELECT count() AS n, countIf(ifNull(toString(a) = '', 1)) AS empties, "
                           "uniqExact(a) AS different FROM (SELECT ") ||
         lc_sql_add_id(&sql, f->name) || lc_buf_adds(&sql, "(arrayElement(") ||
         lc_edge_values_add_array(edges, type, &sql) ||
         lc_buf_addf(&sql,
                     ", toUInt32(number %% %zu + 1))) AS a FROM (SELECT number FROM system.numbers "
                     "LIMIT 1000))",
                     edges->n);
    rc = rc || !lc_buf_str(&sql) ? lc_no_memory(err)
                                 : lc_backend_run(d->s->b, lc_buf_str(&sql), t, err);
    lc_buf_release(&sql);
    return rc;
}

/*
 * Ask the function for a thousand made-up keys. A String key is "u0" … "u999", of other types
 * the numbers alone. Whether its rules take any of them does not count: it must answer.
 */
static int ask_sample(struct lc_doctor *d, const struct function *f, struct lc_answer *t,
                      struct lc_error *err)
{
    const char *type = text_of(f, LC_SQL_UDF_ALL_ARGUMENT_TYPE);
    char cast[LC_TYPE_BYTES];
    const struct lc_sql_arg args[] = {{"function", f->name},
                                      {"prefix", strstr(type, "String") ? "u" : ""},
                                      {"type", lc_type_to_cast(type, cast)},
                                      {NULL, NULL}};
    struct lc_edge_values edges = {0};
    int rc = takes_numbered_keys(type) ? 0 : lc_edge_values_make(&edges, type, err);

    if (rc == 0)
        rc = edges.n ? ask_edges(d, f, type, &edges, t, err)
                     : lc_query_run(d->s->b, lc_sql_udf_sample, args, t, err);
    lc_edge_values_release(&edges);
    return rc;
}

/*
 * Does the function answer? An error of the server is a finding. All answers empty is
 * suspicious where the program is another's: the server gives empty values also where the
 * program names its column otherwise than return_name says.
 */
static int sample(struct lc_doctor *d, const struct function *f, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = ask_sample(d, f, &t, &one);

    if (rc == LC_ERR_SERVER) {
        lc_doctor_say(d, LC_LEVEL_FAIL, "function",
                      "fix its program, its rules or its XML, then SYSTEM RELOAD FUNCTIONS",
                      "%s does not answer: %s", f->name, one.msg);
        rc = 0;
    } else if (rc) {
        lc_error_pass(err, &one);
    } else if (lc_answer_u64(&t, 0, LC_SQL_UDF_SAMPLE_EMPTIES, 0) ==
                   lc_answer_u64(&t, 0, LC_SQL_UDF_SAMPLE_N, 0) &&
               f->ours) { /* its return_name has been compared: rules without a default do that */
        lc_doctor_say(d, LC_LEVEL_OK, "function", NULL,
                      "%s: loaded, and none of %s made-up keys matches a rule", f->name,
                      lc_answer_at(&t, 0, LC_SQL_UDF_SAMPLE_N)->p);
    } else if (lc_answer_u64(&t, 0, LC_SQL_UDF_SAMPLE_EMPTIES, 0) ==
               lc_answer_u64(&t, 0, LC_SQL_UDF_SAMPLE_N, 0)) {
        lc_doctor_say(d, LC_LEVEL_WARN, "function",
                      "is return_name the one that its program gives? --rules FILE compares",
                      "%s answers the empty value for every one of %s made-up keys", f->name,
                      lc_answer_at(&t, 0, LC_SQL_UDF_SAMPLE_N)->p);
    } else {
        lc_doctor_say(d, LC_LEVEL_OK, "function", NULL,
                      "%s: loaded, answers %s made-up keys with %s different value%s", f->name,
                      lc_answer_at(&t, 0, LC_SQL_UDF_SAMPLE_N)->p,
                      lc_answer_at(&t, 0, LC_SQL_UDF_SAMPLE_DIFFERENT)->p,
                      LC_S(lc_answer_u64(&t, 0, LC_SQL_UDF_SAMPLE_DIFFERENT, 0)));
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * Does the function answer as the rules file says? The attribute is the one in its command; by
 * default it is the rules' first. What the rules cannot make keys for is a warning.
 */
static int compare(struct lc_doctor *d, const struct function *f, const char *path,
                   struct lc_error *err)
{
    char *attribute = word_behind(f->command, "--attribute");
    const struct lc_compare_call call = {.function = f->name,
                                         .column_type = text_of(f, LC_SQL_UDF_ALL_ARGUMENT_TYPE),
                                         .attribute = attribute};
    struct lc_error one = LC_ERROR_INIT;
    struct lc_rules *rules = NULL;
    uint64_t compared = 0;
    int rc = lc_rules_open(&rules, path, err);

    if (rc == 0) {
        rc = lc_compare_with(d->s->b, &call, rules, path, &compared, &one);
        if (rc == 0 && compared == 0)
            lc_doctor_say(
                d, LC_LEVEL_WARN, "function", NULL,
                "%s is not compared with %s: no keys of the type %s can be made of its rules",
                f->name, path, call.column_type);
        else if (rc == 0)
            lc_doctor_say(d, LC_LEVEL_OK, "function", NULL,
                          "%s answers %" PRIu64 " key%s as %s says", f->name, compared,
                          LC_S(compared), path);
        else if (rc == LC_ERR_REFUSED || rc == LC_ERR_SERVER)
            lc_doctor_say(d, LC_LEVEL_FAIL, "function", one.hint, "%s", one.msg);
        else
            lc_error_pass(err, &one);
        if (rc == LC_ERR_REFUSED || rc == LC_ERR_SERVER)
            rc = 0;
    }
    lc_rules_free(rules);
    free(attribute);
    return rc;
}

/*
 * Compare with every rules file that is named for this function. A file that is named for none
 * is for the only function there is.
 */
static int compare_all(struct lc_doctor *d, const struct function *f, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < d->rules.n; i++) {
        size_t n;
        const char *file = lc_compare_file(d->rules.v[i], &n);

        if (n ? strlen(f->name) == n && memcmp(f->name, d->rules.v[i], n) == 0 : f->t->rows == 1)
            rc = compare(d, f, file, err);
    }
    return rc;
}

/*
 * One function: loaded, set up, fitting, answering. A function of several arguments is not
 * asked: rules have one key.
 */
static int look_at_function(struct lc_doctor *d, const struct function *f, uint64_t threads,
                            struct lc_error *err)
{
    int rc = 0;

    if (strcmp(text_of(f, LC_SQL_UDF_ALL_LOAD_STATUS), "Success") != 0) {
        lc_doctor_say(d, LC_LEVEL_FAIL, "function",
                      "look at its XML and its program, then SYSTEM RELOAD FUNCTIONS",
                      "%s is not loaded: %s %s", f->name, text_of(f, LC_SQL_UDF_ALL_LOAD_STATUS),
                      text_of(f, LC_SQL_UDF_ALL_LOADING_ERROR_MESSAGE));
        return 0;
    }
    look_at_setup(d, f, threads);
    if (!look_at_fit(d, f))
        return 0;
    if (lc_answer_u64(f->t, f->row, LC_SQL_UDF_ALL_ARGUMENTS, 0) == 1) {
        rc = sample(d, f, err);
        if (rc == 0)
            rc = compare_all(d, f, err);
    } else {
        lc_doctor_say(d, LC_LEVEL_OK, "function", NULL, "%s: loaded", f->name);
    }
    return rc;
}

/* Is a function of this name, n bytes, among the rows? */
static bool is_registered(const struct lc_answer *t, const char *name, size_t n)
{
    for (size_t i = 0; i < t->rows; i++) {
        if (strlen(lc_answer_at(t, i, LC_SQL_UDF_ALL_NAME)->p) == n &&
            memcmp(lc_answer_at(t, i, LC_SQL_UDF_ALL_NAME)->p, name, n) == 0)
            return true;
    }
    return false;
}

/*
 * Say which functions the operator names and the server does not have. A FILE without a name
 * belongs to the only function; where there are several it is said once, and removed from
 * d->rules, so that no DEFAULT is compared with it.
 */
static void look_for_named(struct lc_doctor *d, const struct lc_answer *t)
{
    size_t named = 0;

    for (size_t i = 0; i < d->rules.n; i++) {
        const char *argument = d->rules.v[i];
        size_t n;

        (void)lc_compare_file(argument, &n);
        if (n || t->rows == 1)
            d->rules.v[named++] = argument;
        else
            lc_doctor_say(d, LC_LEVEL_WARN, "function",
                          "--rules FUNCTION=FILE names the function of the rules",
                          "%s is compared with none of %zu functions", argument, t->rows);
        if (n && !is_registered(t, argument, n))
            lc_doctor_say(d, LC_LEVEL_FAIL, "function",
                          "livecol config install puts its XML and its program there; then SYSTEM "
                          "RELOAD FUNCTIONS",
                          "%.*s is not registered", (int)n, argument);
    }
    d->rules.n = named;
}

int lc_doctor_functions(struct lc_doctor *d, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0}, threads = {0};
    uint64_t most = 0;
    int rc;

    if (!d->facts.udf_table)
        return 0;
    rc = lc_query_read(d->s->b, lc_sql_udf_all, NULL, &t, &one);
    if (rc == 0 && lc_query_read(d->s->b, lc_sql_threads, NULL, &threads, NULL) == 0 &&
        threads.rows)
        most = lc_answer_u64(&threads, 0, LC_SQL_THREADS_THREADS, 0);
    if (rc == 0)
        look_for_named(d, &t);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        struct function f = {.t = &t,
                             .row = i,
                             .name = lc_answer_at(&t, i, LC_SQL_UDF_ALL_NAME)->p,
                             .command = lc_answer_at(&t, i, LC_SQL_UDF_ALL_COMMAND)->p};

        f.ours = strstr(f.command, "livecol-udf") != NULL;
        rc = look_at_function(d, &f, most, &one);
    }
    lc_answer_release(&t);
    lc_answer_release(&threads);
    return lc_doctor_end(d, "function", rc, &one, err);
}

/* The defaults' own words, and whether a function was called at all. */
struct listener {
    struct lc_doctor *d;
    bool called;
};

/* What preflight says of a DEFAULT: that it speaks at all means that a function was called. */
static void on_default(void *ctx, bool warning, const char *text)
{
    struct listener *l = ctx;

    l->called = true;
    lc_doctor_say(l->d, warning ? LC_LEVEL_WARN : LC_LEVEL_OK, "default", NULL, "%s", text);
}

/*
 * Say what is derived from the column in its turn and is stored: it keeps its old values when
 * an UPDATE changes the column.
 */
static int look_at_readers(struct lc_doctor *d, const struct lc_column *c, struct lc_error *err)
{
    struct lc_readers readers = {0};
    struct lc_buf names;
    size_t n = 0;
    int rc = lc_readers_find(&readers, c, err);

    lc_buf_init(&names, 1 << 16);
    for (size_t i = 0; rc == 0 && i < readers.n; i++) {
        const struct lc_reader *r = &readers.v[i];

        if (lc_reader_stores(r) &&
            lc_buf_addf(&names, "%sthe %s %s", n++ ? ", " : "", lc_reader_what(r->kind), r->name))
            rc = lc_no_memory(err);
    }
    if (rc == 0 && n && lc_buf_str(&names))
        lc_doctor_say(d, LC_LEVEL_OK, "default", NULL,
                      "%s.%s.%s is what %.700s %s derived from: livecol new --rederive brings "
                      "columns along, an UPDATE does not",
                      c->database, c->table, c->column, lc_buf_str(&names), n == 1 ? "is" : "are");
    lc_buf_release(&names);
    lc_readers_release(&readers);
    return rc;
}

/*
 * What depends on the function: INSERTs always; reads and merges where a part does not store
 * the column, since they compute it. Views and tables that store nothing are passed over.
 */
static int look_at_stored(struct lc_doctor *d, const struct lc_answer *t, size_t row,
                          struct lc_error *err)
{
    const char *database = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p;
    const char *table = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_TABLE)->p;
    const char *column = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_NAME)->p;
    struct lc_error one = LC_ERROR_INIT;
    struct lc_column c = {0};
    bool resets = false;
    uint64_t lacking = 0;
    char hint[512];
    int rc = lc_column_find(&c, d->s->b, database, table, column, &one);

    if (rc == 0 && (strcmp(c.kind, "DEFAULT") == 0 || strcmp(c.kind, "MATERIALIZED") == 0)) {
        rc = lc_replace_lacking(&c, &lacking, &one);
        /* Servers with a formatter have MATERIALIZE COLUMN, which a backfill is made of. */
        if (rc == 0 && lacking)
            rc = lc_column_check_materialize(&c, &one);
        if (rc == LC_ERR_REFUSED) {
            snprintf(hint, sizeof hint, "%s", one.hint);
            one = LC_ERROR_INIT;
            rc = 0;
        } else if (d->facts.format_query)
            snprintf(hint, sizeof hint, "livecol backfill %s.%s.%s", database, table, column);
        else
            snprintf(hint, sizeof hint, "ALTER TABLE %s.%s UPDATE %s = %s WHERE 1", database, table,
                     column, column);
        if (rc == 0)
            rc = lc_column_has_ttl(&c, &resets, &one);
        if (rc == 0)
            lc_doctor_say(d, lacking ? LC_LEVEL_WARN : LC_LEVEL_OK, "default",
                          lacking ? hint : NULL, "%s.%s.%s depends on %s: %s", database, table,
                          column, c.expr,
                          lacking  ? "reads and merges too, since not every part stores it"
                          : resets ? "INSERTs, and merges, whose TTL resets it to that"
                                   : "INSERTs alone, since every part stores it");
    }
    if (rc == 0)
        rc = look_at_readers(d, &c, &one);
    lc_column_release(&c);
    if (rc == LC_ERR_REFUSED) /* it stores no parts of its own */
        return 0;
    return lc_doctor_end(d, "default", rc, &one, err);
}

/*
 * Try one DEFAULT as an ALTER to the same expression would be tried. What cannot be read as an
 * expression is not livecol's, and is passed over.
 */
static int look_at_default(struct lc_doctor *d, struct lc_preflight *defaults, struct listener *l,
                           const struct lc_answer *t, size_t row, struct lc_error *err)
{
    const struct lc_preflight_column c = {
        .database = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_DATABASE)->p,
        .table = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_TABLE)->p,
        .column = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_NAME)->p,
        .type = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_TYPE)->p,
        .kind = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_DEFAULT_KIND)->p,
        .expr = lc_answer_at(t, row, LC_SQL_DEFAULT_COLUMNS_DEFAULT_EXPRESSION)->p};
    struct lc_error one = LC_ERROR_INIT;
    int rc;

    l->called = false;
    rc = lc_preflight_check_column(defaults, &c, &one);
    if (rc == LC_ERR_REFUSED || rc == LC_ERR_SERVER) {
        lc_doctor_say(d, LC_LEVEL_FAIL, "default", one.hint, "%s.%s.%s: %s", c.database, c.table,
                      c.column, one.msg);
        return 0;
    }
    if (rc && rc != LC_ERR_INPUT) {
        lc_error_pass(err, &one);
        return rc;
    }
    return l->called ? look_at_stored(d, t, row, err) : 0;
}

int lc_doctor_defaults(struct lc_doctor *d, struct lc_error *err)
{
    struct listener listener = {.d = d};
    struct lc_preflight defaults = {.cluster = &d->s->cluster,
                                    .b = d->s->b,
                                    .facts = &d->facts,
                                    .rules = d->rules,
                                    .allow_unsafe = true,
                                    .in_use = true,
                                    .say = on_default,
                                    .ctx = &listener};
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = lc_query_read(d->s->b, lc_sql_default_columns, NULL, &t, &one);

    for (size_t i = 0; rc == 0 && i < t.rows; i++)
        rc = look_at_default(d, &defaults, &listener, &t, i, &one);
    lc_answer_release(&t);
    lc_preflight_release(&defaults);
    return lc_doctor_end(d, "default", rc, &one, err);
}
