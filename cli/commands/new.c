/* SPDX-License-Identifier: Apache-2.0 */
/* livecol new */
#include "udf/rules/open.h"
#include "cli/column/rule_dictionary.h"
#include "cli/column/rule_expression.h"
#include "base/json.h"
#include "base/signals.h"
#include "base/strings.h"
#include "cli/commands/frame.h"
#include "cli/commands/narrow.h"
#include "cli/commands/new_rederive.h"
#include "cli/migrate/files.h"
#include "cli/server/connect.h"
#include "cli/sql/fragment.h"
#include "cli/sql/name.h"
#include "cli/sql/quote.h"
#include "cli/term/message.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* STAMP_DIGITS: a version of so many digits is a time, 20260131120000. */
enum { STAMP_DIGITS = 14, MAX_NAME_BYTES = 100, MAX_TEXT_BYTES = 60 << 20, OPTIONS_MAX = 20 };

/* What is wanted: a name, and the derived column where one is given. */
struct wanted {
    char name[MAX_NAME_BYTES + 1];
    const char *table, *column, *key, *function, *type;
    struct lc_strings over; /* tables that pass the column on */
    const char *cluster;
    struct lc_new_rederive rederive; /* or the column that is re-derived, and by which functions */
    bool materialized;
    const char *as, *rules_path, *attribute; /* "sql": the function is made of these rules */
    const char *narrow;                      /* measured, always, never; NULL: as it is given */
    struct lc_buf expr;                      /* what the column is to be; empty: function(key) */
    struct lc_rules *rules;
    uint32_t attribute_at;
    char *database; /* of the table, with --as dictionary */
};

static bool is_as(const struct wanted *w, const char *way)
{
    return w->as && strcmp(w->as, way) == 0;
}

/* Does the migration hold the rules themselves? */
static bool holds_rules(const struct wanted *w)
{
    return is_as(w, "sql") || is_as(w, "dictionary");
}

/*
 * The name as a part of a file name: "Add region!" becomes "add_region". What has no letter or
 * digit is refused.
 */
static int make_name(const char *text, char out[MAX_NAME_BYTES + 1], struct lc_error *err)
{
    size_t n = 0;

    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (n == MAX_NAME_BYTES)
            return lc_fail(err, LC_ERR_USAGE, "the name has more than %d bytes", MAX_NAME_BYTES);
        if (isalnum(c) || c == '-' || c == '.')
            out[n++] = (char)tolower(c);
        else if (n && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n && out[n - 1] == '_')
        n--;
    out[n] = '\0';
    if (n == 0)
        return lc_fail(err, LC_ERR_USAGE, "the name holds no letter and no digit");
    return 0;
}

/*
 * The version of the new file: the number after the highest, as wide as that one, so that the
 * files sort alike by name and by number; or the time in UTC where the highest is a time stamp.
 */
static void next_version(const struct lc_migrations *files, char out[24])
{
    const struct lc_migration *highest = NULL;
    struct tm t;
    time_t now = time(NULL);

    for (size_t i = 0; i < files->n; i++) {
        if (!highest || files->v[i].version > highest->version)
            highest = &files->v[i];
    }
    if (highest && strlen(highest->version_text) >= STAMP_DIGITS && gmtime_r(&now, &t))
        strftime(out, 24, "%Y%m%d%H%M%S", &t);
    else
        snprintf(out, 24, "%0*" PRIu64, highest ? (int)strlen(highest->version_text) : 4,
                 highest ? highest->version + 1 : 1);
}

/* Append the name as it was typed; database NULL: without one. */
static int add_table(struct lc_buf *b, const char *database, const char *table)
{
    return (database && (lc_sql_add_name(b, database) || lc_buf_adds(b, "."))) ||
                   lc_sql_add_name(b, table)
               ? LC_ERR_NOMEM
               : 0;
}

/* "ALTER TABLE t", with the cluster where there is one. */
static int add_alter(struct lc_buf *b, const struct wanted *w, const char *text,
                     struct lc_error *err)
{
    char *database = NULL, *table = NULL;
    int rc = lc_table_name_parse(text, &database, &table, err);

    if (rc == 0 &&
        (lc_buf_adds(b, "ALTER TABLE ") || add_table(b, database, table) ||
         (w->cluster && (lc_buf_adds(b, " ON CLUSTER ") || lc_sql_add_name(b, w->cluster)))))
        rc = lc_fail(err, LC_ERR_NOMEM, "the names are too long");
    free(database);
    free(table);
    return rc;
}

/* Is the key an expression? What looks like none is a column's name, whatever it has in it. */
static bool is_expression(const char *key)
{
    return strpbrk(key, "()[]'\"`.|+*:%") && lc_fragment_is_readable(key);
}

/* Append the key: an expression as it is, a column's name quoted where it must be. */
static int add_key(struct lc_buf *b, const char *key)
{
    return is_expression(key) ? lc_buf_adds(b, key) : lc_sql_add_name(b, key);
}

static int add_call(struct lc_buf *b, const struct wanted *w)
{
    return lc_sql_add_name(b, w->function) || lc_buf_adds(b, "(") || add_key(b, w->key) ||
           lc_buf_adds(b, ")");
}

/* The dictionary that --as dictionary makes; its database is the table's. */
static struct lc_rule_dictionary dictionary_of(const struct wanted *w)
{
    return (struct lc_rule_dictionary){.database = w->database,
                                       .name = w->function,
                                       .rules = w->rules,
                                       .attribute = w->attribute_at,
                                       .type = w->type};
}

/*
 * Append what the column is computed by: a dictGet, the narrow form that choose_expression has
 * made, or the call.
 */
static int add_expression(struct lc_buf *b, const struct wanted *w)
{
    if (is_as(w, "dictionary")) {
        const struct lc_rule_dictionary d = dictionary_of(w);
        struct lc_buf key;
        int rc;

        lc_buf_init(&key, MAX_TEXT_BYTES);
        rc = add_key(&key, w->key) || !lc_buf_str(&key) ||
             lc_rule_dictionary_expression(&d, lc_buf_str(&key), b);
        lc_buf_release(&key);
        return rc;
    }
    return w->expr.n ? lc_buf_add(b, w->expr.p, w->expr.n) : add_call(b, w);
}

/*
 * "ADD COLUMN c T DEFAULT f(k) AFTER k". A table over the other needs the DEFAULT as well: without
 * it what is written through it would have an empty value.
 */
static int add_column(struct lc_buf *b, const struct wanted *w)
{
    return lc_buf_adds(b, "\n    ADD COLUMN IF NOT EXISTS ") || lc_sql_add_name(b, w->column) ||
           lc_buf_addf(b, " %s %s ", w->type, w->materialized ? "MATERIALIZED" : "DEFAULT") ||
           add_expression(b, w) ||
           (!is_expression(w->key) && (lc_buf_adds(b, " AFTER ") || lc_sql_add_name(b, w->key))) ||
           lc_buf_adds(b, ";\n\n");
}

static int add_drop(struct lc_buf *b, const struct wanted *w, const char *table,
                    struct lc_error *err)
{
    int rc = add_alter(b, w, table, err);

    if (rc == 0 && (lc_buf_adds(b, " DROP COLUMN IF EXISTS ") || lc_sql_add_name(b, w->column) ||
                    lc_buf_adds(b, ";\n")))
        rc = LC_ERR_NOMEM;
    return rc;
}

/* The function, where it is one of SQL; the dictionary and its rows, where it is that. */
static int add_function(struct lc_buf *b, const struct wanted *w, struct lc_error *err)
{
    const struct lc_rule_dictionary d = dictionary_of(w);
    const struct lc_rule_function f = {.name = w->function,
                                       .cluster = w->cluster,
                                       .rules = w->rules,
                                       .attribute = w->attribute_at,
                                       .type = w->type};
    int rc = 0;

    if (is_as(w, "dictionary"))
        rc = lc_rule_dictionary_create(&d, b) ? lc_no_memory(err) : 0;
    else
        rc = lc_rule_function(&f, b, err);
    return rc == 0 && lc_buf_adds(b, "\n") ? lc_no_memory(err) : rc;
}

/* Append what takes away what add_function makes, after the columns that depend on it. */
static int drop_function(struct lc_buf *b, const struct wanted *w, struct lc_error *err)
{
    const struct lc_rule_dictionary d = dictionary_of(w);

    if (is_as(w, "dictionary"))
        return lc_rule_dictionary_drop(&d, b) ? lc_no_memory(err) : 0;
    return lc_buf_adds(b, "DROP FUNCTION IF EXISTS ") || lc_sql_add_name(b, w->function) ||
                   (w->cluster &&
                    (lc_buf_adds(b, " ON CLUSTER ") || lc_sql_add_name(b, w->cluster))) ||
                   lc_buf_adds(b, ";\n")
               ? lc_no_memory(err)
               : 0;
}

/*
 * Can the rules be a dictionary? Fills w->database: a dictionary is always named with its
 * database, or the DEFAULT would depend on the session's.
 */
static int check_dictionary(struct wanted *w, struct lc_error *err)
{
    struct lc_rule_dictionary d;
    char *table = NULL;
    int rc = lc_table_name_parse(w->table, &w->database, &table, err);

    free(table);
    if (rc == 0 && !w->database)
        return lc_fail(
            err, LC_ERR_USAGE,
            "--as dictionary takes --table DATABASE.TABLE: the dictionary is of that database");
    d = dictionary_of(w);
    return rc ? rc : lc_rule_dictionary_check(&d, err);
}

/*
 * Load the rules that the function is made of, or that its key is cut for (--narrow). In a
 * migration that holds them one attribute is written: the one that is named, of the column's
 * name, or the only one.
 */
static int take_rules(struct wanted *w, struct lc_error *err)
{
    const char *name = w->attribute ? w->attribute : w->column;
    int at, rc = lc_rules_open(&w->rules, w->rules_path, err);

    if (rc || !holds_rules(w))
        return rc;
    at = lc_rules_attribute(w->rules, name);
    if (at < 0 && !w->attribute && w->rules->attributes == 1)
        at = 0;
    if (at < 0) {
        lc_fail(err, LC_ERR_USAGE, "%s has no attribute '%s'", w->rules_path, name);
        lc_hint(err, "name one by --attribute: livecol rules check %s lists them", w->rules_path);
        return LC_ERR_USAGE;
    }
    w->attribute_at = (uint32_t)at;
    return is_as(w, "dictionary") ? check_dictionary(w, err) : 0;
}

/*
 * The expression of the column, where its key may be a narrow one: w->expr. It is tried on the
 * server's table, as the DEFAULT of a column that is not there yet.
 */
static int choose_expression(const struct lc_migrate *m, struct wanted *w, struct lc_error *err)
{
    struct lc_column d = {.column = w->column, .type = w->type};
    char *database = NULL, *table = NULL;
    struct lc_buf call;
    bool narrow;
    int rc = lc_connection_open(&m->global, &d.b, err);

    lc_buf_init(&call, MAX_TEXT_BYTES);
    if (rc == 0)
        rc = lc_table_name_parse(w->table, &database, &table, err);
    if (rc == 0)
        rc = lc_table_read(&d.t, d.b, database, table, err);
    if (rc == 0 && (add_call(&call, w) || !lc_buf_str(&call)))
        rc = lc_no_memory(err);
    if (rc == 0) {
        d.database = d.t.database;
        d.table = d.t.name;
        d.expr = lc_buf_str(&call);
        rc = lc_column_read_calls(&d, err);
    }
    if (rc == 0)
        rc = lc_narrow_choose(&d, w->rules, w->narrow, &w->expr, &narrow, err);
    lc_backend_free(d.b);
    lc_column_release(&d);
    lc_buf_release(&call);
    free(database);
    free(table);
    return rc;
}

/* Up: the function, the table, those over it, then the rows. Down: the other way round. */
static int derived_text(struct lc_buf *b, const struct wanted *w, struct lc_error *err)
{
    int rc = lc_buf_adds(b, "-- migrate:up\n");

    if (rc == 0 && holds_rules(w))
        rc = add_function(b, w, err);
    if (rc == 0)
        rc = add_alter(b, w, w->table, err);
    if (rc == 0)
        rc = add_column(b, w);
    for (size_t i = 0; rc == 0 && i < w->over.n; i++) {
        rc = add_alter(b, w, w->over.v[i], err);
        if (rc == 0)
            rc = add_column(b, w);
    }
    if (rc == 0)
        rc = add_alter(b, w, w->table, err);
    if (rc == 0)
        rc = lc_buf_adds(b, " MATERIALIZE COLUMN ") || lc_sql_add_name(b, w->column) ||
             lc_buf_adds(b, ";\n\n-- migrate:down\n");
    for (size_t i = 0; rc == 0 && i < w->over.n; i++)
        rc = add_drop(b, w, w->over.v[i], err);
    if (rc == 0)
        rc = add_drop(b, w, w->table, err);
    if (rc == 0 && holds_rules(w))
        rc = drop_function(b, w, err);
    if (rc && err && err->code == 0)
        rc = lc_fail(err, LC_ERR_NOMEM, "the names are too long");
    return rc;
}

static const char plain_text[] =
    "-- migrate:up\n"
    "-- Statements, each ended by a semicolon. Do not change this file once it has been applied:\n"
    "-- write further changes into a new migration.\n"
    "\n"
    "-- migrate:down\n"
    "-- Statements that revert it. Remove this section if nothing can.\n";

/* Create the file; one that is there is never replaced, and half a file is removed. */
static int write_file(const char *path, const char *text, struct lc_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t n = strlen(text);
    ssize_t wrote;

    if (fd < 0)
        return lc_fail(err, LC_ERR_IO, "cannot create %s: %s", path, strerror(errno));
    wrote = write(fd, text, n);
    if (close(fd) != 0 || wrote != (ssize_t)n) {
        unlink(path);
        return lc_fail(err, LC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

/* A file system without locks is left alone; a signal ends the waiting. */
static int take_lock(int fd, struct lc_error *err)
{
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
        if (lc_stop_asked())
            return lc_fail(err, LC_ERR_STOPPED, "stopped: nothing was written");
    return 0;
}

/* What the file is to hold: a derived column, a re-derivation, or an empty form. */
static int make_text(const struct lc_migrate *m, struct wanted *w, struct lc_buf *text,
                     struct lc_error *err)
{
    int rc = 0;

    w->rederive.narrow = w->narrow;
    w->rederive.over = w->over;
    w->rederive.cluster = w->cluster;
    w->rederive.rules = w->rules;
    if (w->table && w->narrow)
        rc = choose_expression(m, w, err);
    if (rc)
        return rc;
    return w->table             ? derived_text(text, w, err)
           : w->rederive.column ? lc_new_rederive_text(m, &w->rederive, text, err)
                                : lc_buf_adds(text, plain_text);
}

/* The path alone, so that a shell can pass it to an editor. */
static void tell_path(const char *path, bool json)
{
    struct lc_json *o;

    if (!json) {
        printf("%s\n", path);
        return;
    }
    o = lc_json_object();
    lc_json_set_str(o, "event", "written");
    lc_json_set_str(o, "path", path);
    lc_json_line(o, stdout);
    lc_json_free(o);
}

/* The command was typed twice? Two migrations of one name are right, and rare. */
static void warn_of_namesake(const struct lc_migrations *files, const char *name, const char *path)
{
    for (size_t i = files->n; i-- > 0;) {
        if (strcmp(files->v[i].name, name) != 0)
            continue;
        lc_warn("%s has the same name: if both do the same, remove %s",
                lc_migration_path(&files->v[i], false), path);
        return;
    }
}

/* Write the file that comes after those in the folder, which is locked. */
static int write_next(const struct lc_migrate *m, struct wanted *w, const char *dir,
                      struct lc_error *err)
{
    struct lc_migrations files = {0};
    struct lc_buf text;
    char version[24], *path = NULL;
    int rc = lc_migrations_scan(&files, dir, err);

    lc_buf_init(&text, MAX_TEXT_BYTES);
    if (rc == 0) {
        next_version(&files, version);
        if (asprintf(&path, "%s/%s_%s.sql", dir, version, w->name) < 0)
            path = NULL;
        rc = make_text(m, w, &text, err);
    }
    if (rc == 0)
        rc = path && lc_buf_str(&text) ? write_file(path, lc_buf_str(&text), err)
                                       : lc_fail(err, LC_ERR_NOMEM, "no memory for a file");
    if (rc == 0) {
        tell_path(path, m->global.json);
        warn_of_namesake(&files, w->name, path);
    }
    free(path);
    lc_buf_release(&text);
    lc_migrations_release(&files);
    return rc;
}

/*
 * Make the folder where it is not there, and write the next file while holding a lock on the
 * folder: of two at once each takes a number of its own.
 */
static int create(const struct lc_migrate *m, struct wanted *w, struct lc_error *err)
{
    const char *dir = m->up.migrations_dir ? m->up.migrations_dir : "migrations";
    int rc = 0, lock = -1;

    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        rc = lc_fail(err, LC_ERR_IO, "cannot create the folder %s: %s", dir, strerror(errno));
    /* Of two at once each takes a number of its own; where there are no locks, by luck. */
    if (rc == 0 && (lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0)
        rc = take_lock(lock, err);
    if (rc == 0)
        rc = write_next(m, w, dir, err);
    if (lock >= 0)
        close(lock);
    return rc;
}

/* Names go into the file as they are. A line break in one would end a comment or a statement. */
static int check_text(const struct wanted *w, struct lc_error *err)
{
    const char *const names[] = {w->table,       w->column,        w->key,
                                 w->function,    w->type,          w->cluster,
                                 w->rederive.to, w->rederive.from, w->rederive.column};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (const char *c = names[i]; c && *c; c++)
            if ((unsigned char)*c < ' ')
                return lc_fail(err, LC_ERR_USAGE,
                               "a name holds a line break or another control "
                               "character, and would break the file");
    return 0;
}

/*
 * --rules and --attribute say what a migration is to make: they go with --as sql or dictionary,
 * and those with them.
 */
static int check_function(const struct wanted *w, struct lc_error *err)
{
    if (holds_rules(w) == !!w->rules_path && (!w->attribute || w->rules_path) &&
        (!w->rules_path || w->table))
        return 0;
    lc_fail(
        err, LC_ERR_USAGE,
        "--rules goes with --narrow, or with --as sql or dictionary and a --table: the rules of the "
        "function");
    lc_hint(err, "--as sql writes the function itself into the migration: livecol new NAME --table "
                 "T --column C --key K --function F_v1 --as sql --rules FILE");
    return LC_ERR_USAGE;
}

static int check_narrow(const struct wanted *w, struct lc_error *err)
{
    int rc = lc_narrow_check_when(w->narrow, err);

    if (rc)
        return rc;
    if (holds_rules(w) || w->attribute)
        return lc_fail(
            err, LC_ERR_USAGE,
            "--narrow is about what goes through a program's pipe: --as sql and dictionary have none");
    if (!w->table && !w->rederive.to)
        return lc_fail(err, LC_ERR_USAGE,
                       "--narrow goes with --table, or with --rederive and --to");
    if (!w->rules_path && strcmp(w->narrow, "never") != 0)
        return lc_fail(err, LC_ERR_USAGE,
                       "--narrow takes --rules FILE too: which part of a key they look at");
    return 0;
}

/*
 * Which options go together: none (an empty form), four that derive a column, or --rederive
 * with its own.
 */
static int check_wanted(const struct wanted *w, struct lc_error *err)
{
    int rc;
    const struct lc_new_rederive *r = &w->rederive;
    int derived = !!w->table + !!w->column + !!w->function;
    bool rederived = r->column || r->from || r->to || r->recompute;

    if ((w->over.n || w->cluster) && !w->table && !r->to)
        return lc_fail(err, LC_ERR_USAGE,
                       "--over and --cluster go with --table, or with --rederive and --to");
    if (r->column && w->cluster && !w->over.n)
        return lc_fail(
            err, LC_ERR_USAGE,
            "--cluster goes with --over here: the tables over it are changed ON CLUSTER, "
            "the table itself on this host and its replicas");
    if (w->materialized && !w->table)
        return lc_fail(err, LC_ERR_USAGE, "--materialized needs --table");
    if (rederived && (!r->column || derived || !!r->to == r->recompute))
        return lc_fail(
            err, LC_ERR_USAGE,
            "--rederive COLUMN goes with --to FUNCTION (the new one) or --recompute, and not with "
            "--table");
    if (r->recompute && r->from)
        return lc_fail(err, LC_ERR_USAGE, "--from goes with --to");
    if (!rederived && derived + !!w->key != 0 && derived + !!w->key != 4)
        return lc_fail(err, LC_ERR_USAGE,
                       "--table, --column, --key and --function go together: all four or none");
    if (r->from && strcmp(r->from, r->to) == 0)
        return lc_fail(err, LC_ERR_USAGE, "--from and --to are the same function, %s", r->to);
    if (w->as && !holds_rules(w) && !is_as(w, "program"))
        return lc_fail(err, LC_ERR_USAGE, "--as takes program, sql or dictionary, not %s", w->as);
    if (is_as(w, "dictionary") && w->cluster)
        return lc_fail(
            err, LC_ERR_USAGE,
            "--as dictionary fills in its table on one host only: use --as sql with --cluster");
    rc = w->narrow ? check_narrow(w, err) : check_function(w, err);
    return rc ? rc : check_text(w, err);
}

static int check(struct lc_frame_run *r, struct lc_error *err)
{
    struct wanted *w = r->ctx;
    int rc = make_name(r->m.rest.v[0], w->name, err);

    return rc ? rc : check_wanted(w, err);
}

static int act(struct lc_frame_run *r, struct lc_error *err)
{
    struct wanted *w = r->ctx;
    int rc;

    lc_buf_init(&w->expr, MAX_TEXT_BYTES);
    rc = w->rules_path ? take_rules(w, err) : 0;
    if (rc == 0)
        rc = create(&r->m, w, err);
    lc_rules_free(w->rules);
    lc_buf_release(&w->expr);
    free(w->database);
    return rc;
}

/* The column, and what derives it. */
static size_t add_column_options(struct lc_option *to, struct wanted *w)
{
    const struct lc_option options[] = {
        {"table", 0, LC_OPT_STRING, &w->table, "DB.TABLE", "the table of the derived column"},
        {"column", 0, LC_OPT_STRING, &w->column, "NAME", "its name"},
        {"key", 0, LC_OPT_STRING, &w->key, "EXPRESSION",
         "what it is derived from: a column, or an expression over columns"},
        {"function", 0, LC_OPT_STRING, &w->function, "NAME", "the function that derives it"},
        {"as", 0, LC_OPT_STRING, &w->as, "program|sql|dictionary",
         "program: the function is installed separately; sql: the migration creates it from "
         "--rules, as built-in expressions; dictionary: the migration creates a table with "
         "--rules and a dictionary of that name over it, for larger sets. sql and dictionary "
         "need no program on any host (default: program)"},
        {"rules", 0, LC_OPT_STRING, &w->rules_path, "FILE",
         "the rules of the function, for --as sql, --as dictionary and --narrow"},
        {"narrow", 0, LC_OPT_STRING, &w->narrow, "measured|always|never", LC_NARROW_WHEN_HELP},
        {"attribute", 0, LC_OPT_STRING, &w->attribute, "NAME",
         "--as sql: which attribute of the rules (default: the column's name, or the only one)"},
    };

    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/* Where it goes, and a column that is there already. */
static size_t add_place_options(struct lc_option *to, struct wanted *w, struct lc_migrate *m)
{
    const struct lc_option options[] = {
        {"over", 0, LC_OPT_LIST, &w->over, "DB.TABLE",
         "a Distributed or Buffer table over the table, which gets the column too (--rederive: "
         "the new DEFAULT); may be repeated"},
        {"cluster", 0, LC_OPT_STRING, &w->cluster, "NAME",
         "write the statements ON CLUSTER NAME (--rederive: those of --over)"},
        {"type", 0, LC_OPT_STRING, &w->type, "TYPE", "its type (default: LowCardinality(String))"},
        {"materialized", 0, LC_OPT_FLAG, &w->materialized, NULL,
         "a MATERIALIZED column: INSERTs cannot give it a value, and those without a column list "
         "keep working"},
        {"rederive", 0, LC_OPT_STRING, &w->rederive.column, "DB.TABLE.COLUMN",
         "new rules: change this column to the answers of another function; of its DEFAULT, as "
         "the server or a pending migration has it, only the function changes"},
        {"to", 0, LC_OPT_STRING, &w->rederive.to, "FUNCTION", "--rederive: the new function"},
        {"from", 0, LC_OPT_STRING, &w->rederive.from, "FUNCTION",
         "--rederive: the old function (default: the one in the DEFAULT)"},
        {"recompute", 0, LC_OPT_FLAG, &w->rederive.recompute, NULL,
         "--rederive: keep the function and overwrite every row that differs from the DEFAULT, "
         "explicitly inserted values too"},
        {"migrations-table", 0, LC_OPT_STRING, &m->up.table, "[DB.]TABLE",
         "--rederive: the tracking table, which shows what is pending (default: "
         "schema_migrations)"},
        {0}};

    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

int lc_cmd_new(int argc, const char **argv)
{
    struct wanted w = {.type = "LowCardinality(String)"};
    struct lc_frame_run r = {.ctx = &w};
    struct lc_option more[OPTIONS_MAX];
    const struct lc_frame c = {
        .command =
            {.name = "new",
             .synopsis = "NAME [OPTIONS]",
             .about =
                 "Write the next migration file and print its path: an empty one; with --table, "
                 "--column, --key and --function, one that adds a derived column and fills it "
                 "in; with --rederive and --to, one that changes a column to the answers of "
                 "another function and keeps explicitly inserted values.",
             .connects = true,
             .examples = "livecol new drop_old_index\n"
                         "livecol new add_region --table analytics.events --column region \\\n"
                         "    --key user_id --function region_v1\n"
                         "livecol new add_region --table analytics.events --column region \\\n"
                         "    --key \"lower(ifNull(email, ''))\" --function region_v1\n"
                         "livecol new region_v2 --rederive analytics.events.region --to region_v2"},
        .which = LC_MIGRATE_FILES,
        .more = more,
        .least = 1,
        .most = 1,
        .operands = "a NAME",
        .failure = LC_FAILURE_READS,
        .check = check,
        .act = act,
    };

    add_place_options(more + add_column_options(more, &w), &w, &r.m);
    return lc_frame_command(&c, &r, argc, argv);
}
