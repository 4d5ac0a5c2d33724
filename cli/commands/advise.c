/* SPDX-License-Identifier: Apache-2.0 */
/* livecol advise: which way of answering by rules is the cheapest for a table. */
#include "cli/column/advise.h"

#include "base/format.h"
#include "base/json.h"
#include "base/signals.h"
#include "cli/commands/frame.h"
#include "cli/sql/name.h"
#include "cli/sql/quote.h"
#include "cli/term/message.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 1 << 16, KEY_BYTES = 4000, ROUNDS_MAX = 1000 };

/* What the command line asks, and what is made of it. */
struct wanted {
    struct lc_frame_run r;
    uint64_t rounds;
    struct lc_advise_request q; /* points into the members below */
    const char *attribute, *column;
    char *database, *table, *name, *function; /* the attribute's name; NAME_v1 of it */
    struct lc_rules *rules;                   /* of --rules; finish() frees it, as the names */
};

/* What each way needs, and what happens where that is lost. */
static const struct {
    const char *title, *needs, *lost;
} about[LC_ADVISE_WAYS] = {
    [LC_ADVISE_WHOLE] =
        {"function, the whole key", "livecol-udf, the rules and the function's XML on every host",
         "INSERTs without the column fail, and so do merges of parts that do not store "
         "it and every ALTER"},
    [LC_ADVISE_NARROW] = {"function, the narrow key",
                          "livecol-udf, the rules and the function's XML on every host",
                          "INSERTs without the column fail, and so do merges of parts that do not "
                          "store it and every ALTER"},
    [LC_ADVISE_SQL] = {"SQL function", "nothing on a host; the right to create a function",
                       "nothing: the DEFAULT contains the rules"},
    [LC_ADVISE_DICTIONARY] =
        {"dictionary over a table", "a table and a dictionary on every host that stores the column",
         "the server refuses to drop either; if rows are deleted from the table, their keys get "
         "the default from the next load on"},
};

/* --- what is wanted ------------------------------------------------------------------------------ */

/*
 * Which attribute the column is to hold: the one that is named, the one of the column's name,
 * or the only one. Its name is the default for the column's, and for the function's, NAME_v1.
 */
static int find_attribute(struct wanted *w, struct lc_error *err)
{
    int at = w->attribute ? lc_rules_attribute(w->rules, w->attribute)
             : w->column  ? lc_rules_attribute(w->rules, w->column)
                          : -1;
    struct lc_slice name;

    if (at < 0 && !w->attribute && w->rules->attributes == 1)
        at = 0;
    if (at < 0) {
        lc_fail(err, LC_ERR_USAGE,
                w->attribute ? "%s has no attribute '%s'" : "%s has several attributes",
                w->q.rules_path, w->attribute);
        lc_hint(err, "name one by --attribute: livecol rules check %s lists them", w->q.rules_path);
        return LC_ERR_USAGE;
    }
    w->q.attribute = (uint32_t)at;
    name = w->rules->names[at];
    w->name = strndup((const char *)name.p, name.n);
    if (!w->name || (!w->q.function && asprintf(&w->function, "%s_v1", w->name) < 0))
        return lc_no_memory(err);
    if (!w->q.function)
        w->q.function = w->function;
    if (!w->column)
        w->column = w->name;
    return 0;
}

/* Load the rules and take the operand apart: all that can be wrong without a server. */
static int open_rules(struct wanted *w, struct lc_error *err)
{
    int rc = lc_rules_open(&w->rules, w->q.rules_path, err);

    w->q.rules = w->rules;
    if (rc == 0)
        rc = find_attribute(w, err);
    return rc ? rc : lc_table_name_parse(w->r.m.rest.v[0], &w->database, &w->table, err);
}

/* --- the answer ----------------------------------------------------------------------------------- */

/*
 * Append a word as a shell reads it: as it is, or in single quotes. In these a quote becomes
 * '\''.
 */
static int add_word(struct lc_buf *b, const char *word)
{
    int rc = 0;

    if (*word &&
        strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:-") ==
            strlen(word))
        return lc_buf_adds(b, word);
    rc = lc_buf_adds(b, "'");
    for (const char *p = word; rc == 0 && *p; p++)
        rc = *p == '\'' ? lc_buf_adds(b, "'\\''") : lc_buf_add(b, p, 1);
    return rc || lc_buf_adds(b, "'");
}

/* Append " --option value", the value quoted. */
static int add_option(struct lc_buf *b, const char *option, const char *value)
{
    return lc_buf_addf(b, " %s ", option) || add_word(b, value);
}

/*
 * Append --function. A SQL function cannot have the name of one that the server has already
 * (`taken`): region_v1 becomes region_sql_v1.
 */
static int add_function(struct lc_buf *b, const struct wanted *w, bool taken)
{
    const char *at = strrchr(w->q.function, '_');
    char name[300];

    if (!taken)
        return add_option(b, "--function", w->q.function);
    snprintf(name, sizeof name, "%.*s_sql%s", at ? (int)(at - w->q.function) : 200, w->q.function,
             at ? at : "_v1");
    return add_option(b, "--function", name);
}

/*
 * Append the commands of the best way, a line each. A function that a program answers is there: it was
 * measured. A SQL function and a dictionary look up texts, so a key of another type is
 * given as toString(key).
 */
static int add_commands(struct lc_buf *b, const struct wanted *w, const struct lc_advise_result *r)
{
    static const char *const as[LC_ADVISE_WAYS] = {
        [LC_ADVISE_NARROW] = " --narrow measured",
        [LC_ADVISE_SQL] = " --as sql",
        [LC_ADVISE_DICTIONARY] = " --as dictionary",
    };
    enum lc_advise_way way = (enum lc_advise_way)r->best;
    bool program = way == LC_ADVISE_WHOLE || way == LC_ADVISE_NARROW;
    char key[KEY_BYTES + 32];
    struct lc_buf table;
    int rc;

    lc_buf_init(&table, TEXT_BYTES);
    if (lc_sql_add_name(&table, w->database ? w->database : lc_backend_database(w->q.b)) ||
        lc_buf_adds(&table, ".") || lc_sql_add_name(&table, w->table) || !lc_buf_str(&table)) {
        lc_buf_release(&table);
        return LC_ERR_NOMEM;
    }
    snprintf(key, sizeof key, !program && r->converts ? "toString(%s)" : "%s", w->q.key);
    rc = lc_buf_adds(b, "livecol new add_") || add_word(b, w->column) ||
         add_option(b, "--table", lc_buf_str(&table)) || add_option(b, "--column", w->column) ||
         add_option(b, "--key", key) ||
         add_function(b, w, r->function_there && way == LC_ADVISE_SQL) ||
         add_option(b, "--type", w->q.type) ||
         (as[way] && (lc_buf_adds(b, as[way]) || add_option(b, "--rules", w->q.rules_path))) ||
         (as[way] && !program && add_option(b, "--attribute", w->name)) ||
         lc_buf_adds(b, "\nlivecol up\n");
    lc_buf_release(&table);
    return rc;
}

/*
 * Milliseconds for a million rows, which is the same number as nanoseconds for one; "–" where
 * it was not measured. The text is in out, or static.
 */
static const char *per_million(char out[24], uint64_t ns, uint64_t rows)
{
    if (ns == 0)
        return "–";
    snprintf(out, 24, "%.0f", (double)ns / (double)rows);
    return out;
}

/* A line of the table. printf counts bytes, and the dash has three: its field is wider by two. */
static void print_cost(const char *title, const struct lc_advise_cost *c, uint64_t rows)
{
    char a[24], b[24], d[24];
    const char *text[] = {per_million(a, c->select_ns, rows), per_million(b, c->insert_ns, rows),
                          per_million(d, c->materialize_ns, rows)};

    printf("%-26s", title);
    for (size_t i = 0; i < 3; i++) /* the dash is one column wide, and three bytes */
        printf(" %*s", text[i][0] == '\xe2' ? 13 : 11, text[i]);
    printf("\n");
}

/* The times, then what each way needs and what happens where that is lost, then the advice. */
static void print_text(const struct wanted *w, const struct lc_advise_result *r,
                       const char *commands)
{
    char title[120];

    printf("%s(%s) for %s.%s: %" PRIu64 " row%s %s, the shortest of several runs in turns\n"
           "\n",
           w->q.function, w->q.key, w->database ? w->database : lc_backend_database(w->q.b),
           w->table, r->rows, LC_S(r->rows), r->copied ? "copied" : "read");
    printf("%-26s %11s %11s %11s\n", "ms for a million rows", "SELECT", "INSERT", "MATERIALIZE");
    print_cost("no column", &r->none, r->rows);
    for (int i = 0; i < LC_ADVISE_WAYS; i++)
        print_cost(about[i].title, &r->way[i].cost, r->rows);
    printf("\n");
    for (int i = 0; i < LC_ADVISE_WAYS; i++) {
        printf("%s\n  needs: %s\n  lost:  %s\n", about[i].title, about[i].needs, about[i].lost);
        if (r->way[i].why[0]) {
            char why[LC_ADVISE_WHY];

            snprintf(why, sizeof why, "%s", r->way[i].why);
            lc_message_plain(why);
            printf("  not measured completely: %s\n", why);
        }
    }
    if (r->best < 0) {
        printf("\nNo advice: %s.\n", r->best_why);
        return;
    }
    snprintf(title, sizeof title, "%s", about[r->best].title);
    printf("\nBest here: %s: %s.\n\n%s", title, r->best_why, commands);
}

/* Nanoseconds a row, or null where it was not measured. */
static void set_cost(struct lc_json *o, const char *name, uint64_t ns, uint64_t rows)
{
    if (ns)
        lc_json_set_double(o, name, (double)ns / (double)rows);
    else
        lc_json_set_str(o, name, NULL);
}

static void set_costs(struct lc_json *o, const struct lc_advise_cost *c, uint64_t rows)
{
    set_cost(o, "select_ns", c->select_ns, rows);
    set_cost(o, "insert_ns", c->insert_ns, rows);
    set_cost(o, "materialize_ns", c->materialize_ns, rows);
}

/*
 * An object for each way, "none" first, which is the cost of the rows themselves; then the
 * advice.
 */
static void print_json(const struct wanted *w, const struct lc_advise_result *r,
                       const char *commands)
{
    struct lc_json *o;

    for (int i = -1; i < LC_ADVISE_WAYS; i++) {
        o = lc_json_object();
        lc_json_set_str(o, "event", "way");
        lc_json_set_str(o, "way", i < 0 ? "none" : lc_advise_way_name((enum lc_advise_way)i));
        set_costs(o, i < 0 ? &r->none : &r->way[i].cost, r->rows);
        if (i >= 0) {
            lc_json_set_str(o, "expression", r->way[i].expr);
            lc_json_set_str(o, "needs", about[i].needs);
            lc_json_set_str(o, "lost", about[i].lost);
            lc_json_set_bool(o, "measured", r->way[i].whole);
            lc_json_set_str(o, "why_not", r->way[i].why[0] ? r->way[i].why : NULL);
        }
        lc_json_line(o, stdout);
        lc_json_free(o);
    }
    o = lc_json_object();
    lc_json_set_str(o, "event", "advice");
    lc_json_set_str(o, "table", w->table);
    lc_json_set_int(o, "rows", (int64_t)r->rows);
    lc_json_set_str(o, "best",
                    r->best < 0 ? NULL : lc_advise_way_name((enum lc_advise_way)r->best));
    lc_json_set_str(o, "because", r->best_why);
    lc_json_set_str(o, "commands", r->best < 0 ? NULL : commands);
    lc_json_line(o, stdout);
    lc_json_free(o);
}

static void on_left(void *ctx, const char *text)
{
    (void)ctx;
    lc_warn("%s", text);
}

/* Before anything is connected: the options, the rules file, the operand. */
static int check(struct lc_frame_run *r, struct lc_error *err)
{
    struct wanted *w = r->ctx;

    if (!w->q.key || !w->q.rules_path)
        return lc_fail(err, LC_ERR_USAGE, "advise takes --key EXPRESSION and --rules FILE");
    if (strlen(w->q.key) > KEY_BYTES)
        return lc_fail(err, LC_ERR_USAGE, "--key takes up to %d bytes", KEY_BYTES);
    if (w->rounds > ROUNDS_MAX)
        return lc_fail(err, LC_ERR_USAGE, "--rounds takes 1 to %d", ROUNDS_MAX);
    w->q.rounds = (unsigned)w->rounds;
    return open_rules(w, err);
}

/* Measure, print, and fail where no way could be measured in full: then there is no advice. */
static int act(struct lc_frame_run *r, struct lc_error *err)
{
    struct wanted *w = r->ctx;
    struct lc_advise_result result = {.best = -1};
    struct lc_buf commands;
    int rc;

    lc_buf_init(&commands, TEXT_BYTES);
    w->q.b = r->b;
    w->q.database = w->database;
    w->q.column = w->column;
    w->q.table = w->table;
    w->q.cancel = lc_stop_flag();
    w->q.warn = on_left;
    rc = lc_advise(&w->q, &result, err);
    if (rc == 0 && result.best >= 0 && add_commands(&commands, w, &result))
        rc = lc_no_memory(err);
    if (rc == 0 && !lc_buf_str(&commands))
        rc = lc_no_memory(err);
    if (rc == 0 && r->m.global.json)
        print_json(w, &result, lc_buf_str(&commands));
    else if (rc == 0)
        print_text(w, &result, lc_buf_str(&commands));
    if (rc == 0 && result.best < 0)
        rc = lc_fail(err, LC_ERR_REFUSED, "no way could be measured completely");
    lc_advise_release(&result);
    lc_buf_release(&commands);
    return rc;
}

static void finish(struct lc_frame_run *r, int rc, struct lc_error *err)
{
    struct wanted *w = r->ctx;

    (void)rc;
    (void)err;
    lc_rules_free(w->rules);
    free(w->database);
    free(w->table);
    free(w->name);
    free(w->function);
}

int lc_cmd_advise(int argc, const char **argv)
{
    struct wanted w = {.r.ctx = &w, .q.type = "LowCardinality(String)"};
    const struct lc_option own[] = {
        {"key", 0, LC_OPT_STRING, &w.q.key, "EXPRESSION",
         "the key: a column, or an expression over columns"},
        {"rules", 0, LC_OPT_STRING, &w.q.rules_path, "FILE", "the rules: CSV, or compiled"},
        {"attribute", 0, LC_OPT_STRING, &w.attribute, "NAME",
         "which attribute of the rules (default: the column's name, or the only one)"},
        {"column", 0, LC_OPT_STRING, &w.column, "NAME",
         "the column to add (default: the attribute's name)"},
        {"type", 0, LC_OPT_STRING, &w.q.type, "TYPE", "its type (default: LowCardinality(String))"},
        {"function", 0, LC_OPT_STRING, &w.q.function, "NAME",
         "the function of these rules (default: ATTRIBUTE_v1); measured if the server has it"},
        {"rows", 0, LC_OPT_COUNT, &w.q.rows, "N",
         "maximum number of rows to copy (default: 1000000)"},
        {"rounds", 0, LC_OPT_COUNT, &w.rounds, "N", "how often each way is timed (default: 5)"},
        {0}};
    const struct lc_frame c = {
        .command =
            {.name = "advise",
             .synopsis = "[OPTIONS] [DATABASE.]TABLE --key EXPRESSION --rules FILE",
             .about =
                 "Find the cheapest way to compute a column of this table from these rules: a "
                 "function with the whole key or a narrow one, a SQL function, a dictionary. "
                 "livecol times them in turns over a copy of some of the table's rows: SELECT, "
                 "INSERT and MATERIALIZE COLUMN. It drops a way that answers differently from "
                 "the rules or that plan refuses, and reports what it could not measure. It only "
                 "reads the table itself; the names of what it creates begin with "
                 "livecol_advise_, and it drops all of that at the end, after Ctrl-C too.",
             .connects = true,
             .examples =
                 "livecol advise analytics.events --key user_id --rules config/region.csv\n"
                 "livecol advise analytics.events --key \"lower(email)\" --rules domains.csv \\\n"
                 "    --function domain_v1 --rows 200000 --json"},
        .more = own,
        .least = 1,
        .most = 1,
        .operands = "the table, as DATABASE.TABLE,",
        .reach = LC_REACH_SERVER,
        .failure = LC_FAILURE_READS,
        .check = check,
        .act = act,
        .finish = finish,
    };

    return lc_frame_command(&c, &w.r, argc, argv);
}
