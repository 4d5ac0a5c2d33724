/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol try: the whole job in a folder of one's own, on the engine in this process.
 *
 * Every step is a command of livecol that is printed as a person would type it, and then run as a
 * process of its own. The files stay, so that a person can go on by hand.
 */
#include "base/files.h"
#include "base/signals.h"
#include "cli/commands/frame.h"
#include "cli/commands/try_rows.h"
#include "cli/commands/try_schema.h"
#include "cli/deploy/locate.h"
#include "cli/server/chdb_lib.h"
#include "cli/server/connect.h"
#include "cli/server/query.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"
#include "udf/rules/open.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_FILE_BYTES = 64 << 20,
    MAX_WORDS = 32,
    MAX_NAME_BYTES = 300,
    NAME_ROOM = 2 * MAX_NAME_BYTES + 8 /* in backticks, each byte escaped */
};

static const char default_folder[] = "livecol-try";

static const char sample_schema[] = "CREATE DATABASE shop;\n"
                                    "\n"
                                    "CREATE TABLE shop.orders\n"
                                    "(\n"
                                    "    order_id UInt64,\n"
                                    "    ordered_at DateTime,\n"
                                    "    phone String,\n"
                                    "    amount Decimal(10, 2)\n"
                                    ")\n"
                                    "ENGINE = MergeTree\n"
                                    "PARTITION BY toYYYYMM(ordered_at)\n"
                                    "ORDER BY (ordered_at, order_id);\n";

static const char sample_rows[] =
    "-- 100,000 orders of three months, from five countries and from nowhere in particular.\n"
    "INSERT INTO shop.orders (order_id, ordered_at, phone, amount)\n"
    "SELECT number,\n"
    "    toDateTime('2026-01-01 00:00:00', 'UTC') + number * 77,\n"
    "    concat(['+1', '+33', '+44', '+49', '+81', '+7'][1 + number % 6],\n"
    "           leftPad(toString(intHash32(number) % 100000000), 8, '0')),\n"
    "    toDecimal64(number % 50000, 2) / 100\n"
    "FROM numbers(100000);\n";

static const char sample_rules[] = "prefix,country\n"
                                   "+1,US\n"
                                   "+33,France\n"
                                   "+44,UK\n"
                                   "+49,Germany\n"
                                   "+81,Japan\n"
                                   ",unknown\n";

/* What is tried: the sample, or a person's own table and rules. */
struct request {
    struct lc_frame_run r;
    const char *folder;
    const char *schema, *rows, *rules, *key, *column; /* as typed; NULL: the sample */
    struct lc_try_schema made;                        /* what the schema makes */
    char *rows_path;                                  /* absolute */
    unsigned files;                                   /* migrations that are written */
    char key_type[MAX_NAME_BYTES];                    /* as the server has it; "": not known */
    char attribute[MAX_NAME_BYTES];
    char program[PATH_MAX];
};

static void release(struct request *q)
{
    lc_try_schema_release(&q->made);
    free(q->rows_path);
}

/* --- the steps ---------------------------------------------------------------------------------- */

/* Print a word so that a shell reads it as it is. */
static void print_word(const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+@%-";

    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    }
    putchar('\'');
}

/* In the child: become the command. */
static void become(const char *program, const char **words)
{
    execv(program, (char *const *)(uintptr_t)words);
    fprintf(stderr, "livecol: cannot run %s: %s\n", program, strerror(errno));
    _exit(127);
}

/* How to go on behind what failed: the folder is somebody's work by then. */
static void hint_go_on(const struct request *q, struct lc_error *err)
{
    lc_hint(
        err,
        "in %s, fix the problem and continue from that command by hand; or remove the folder and "
        "run livecol try again",
        q->folder);
}

/*
 * Extend the hint of a file that was looked at before it was taken in: nothing of a person's
 * own is in the folder yet, so it can be removed.
 */
static void hint_again(const struct request *q, struct lc_error *err)
{
    char first[sizeof err->hint];

    memcpy(first, err->hint, sizeof first);
    err->hint[0] = '\0';
    lc_hint(err, "%s; then remove %s and run livecol try again", first, q->folder);
}

/* After Ctrl-C, which the running step has had as well: no other one begins. */
static int stopped(const struct request *q, struct lc_error *err)
{
    lc_fail(err, LC_ERR_STOPPED, "stopped");
    lc_hint(
        err,
        "in %s, continue by hand after that command; or remove the folder and run livecol try again",
        q->folder);
    return LC_ERR_STOPPED;
}

/*
 * Print the command and run it: words ends with NULL, "livecol" left out. 0; LC_ERR_SERVER where it
 * ended with another code than 0, which it has explained by itself; LC_ERR_STOPPED after Ctrl-C.
 */
static int step(const struct request *q, const char *const *words, struct lc_error *err)
{
    const char *argv[MAX_WORDS + 2] = {"livecol"};
    int status;
    pid_t child;

    if (lc_stop_asked())
        return stopped(q, err);
    fputs("$ livecol", stdout);
    for (size_t i = 0; words[i] && i < MAX_WORDS; i++) {
        putchar(' ');
        print_word(words[i]);
        argv[i + 1] = words[i];
    }
    putchar('\n');
    fflush(stdout);
    child = fork();
    if (child < 0)
        return lc_fail(err, LC_ERR_IO, "cannot start %s: %s", q->program, strerror(errno));
    if (child == 0)
        become(q->program, argv);
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return lc_fail(err, LC_ERR_IO, "cannot wait for %s: %s", q->program, strerror(errno));
    }
    if (lc_stop_asked())
        return stopped(q, err);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        lc_fail(err, LC_ERR_SERVER, "livecol %s ended with %s %d", words[0],
                WIFEXITED(status) ? "exit code" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        hint_go_on(q, err);
        return LC_ERR_SERVER;
    }
    putchar('\n');
    return 0;
}

/* Print a heading, the way a shell takes a comment. */
static void say_what(const char *text)
{
    printf("# %s\n", text);
}

/* --- the files ---------------------------------------------------------------------------------- */

/* Write a text of livecol's own, by rename, with the rights of a source file. */
static int write_file(const char *name, const char *text, struct lc_error *err)
{
    return lc_file_write(name, text, strlen(text), 0644, err);
}

/* migrations/000N_name.sql, the next one. */
static int write_migration(struct request *q, const char *name, const char *text,
                           struct lc_error *err)
{
    char path[64];

    snprintf(path, sizeof path, "migrations/%04u_%s.sql", ++q->files, name);
    return write_file(path, text, err);
}

/* The database that the schema's table is in, where the schema itself does not make it. */
static int write_database(struct request *q, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    if (!q->schema || q->made.makes_database || strcmp(q->made.database, "default") == 0)
        return 0;
    lc_buf_init(&sql, MAX_FILE_BYTES);
    rc = lc_buf_adds(&sql, "CREATE DATABASE ") || lc_sql_add_id(&sql, q->made.database) ||
                 lc_buf_adds(&sql, ";\n") || !lc_buf_str(&sql)
             ? lc_no_memory(err)
             : write_migration(q, "database", lc_buf_str(&sql), err);
    lc_buf_release(&sql);
    return rc;
}

/* Copy the file that the person named into the folder that is the working directory now. */
static int copy_file(const char *from, const char *to, struct lc_error *err)
{
    struct lc_buf b;
    int rc;

    lc_buf_init(&b, MAX_FILE_BYTES);
    rc = lc_file_read(from, &b, err);
    if (rc == 0)
        rc = lc_file_write(to, b.p, b.n, 0644, err);
    lc_buf_release(&b);
    return rc;
}

/*
 * What is asked for, before anything is made: q->program, q->folder, q->rows_path and the
 * table. The program is this process's own file, so that the steps run the same livecol,
 * wherever PATH points.
 */
static int check(struct request *q, struct lc_error *err)
{
    bool own = q->schema || q->rows || q->key || q->rules || q->column;
    ssize_t n = readlink("/proc/self/exe", q->program, sizeof q->program - 1);

    if (n < 0)
        return lc_fail(err, LC_ERR_IO, "cannot find livecol itself: %s", strerror(errno));
    q->program[n] = '\0';
    q->folder = q->r.m.rest.n ? q->r.m.rest.v[0] : default_folder;
    if (q->r.m.rest.n > 1)
        return lc_fail(err, LC_ERR_USAGE, "try takes one folder, and '%s' is a second",
                       q->r.m.rest.v[1]);
    if (own && (!q->schema || !q->rules || !q->key)) {
        lc_fail(err, LC_ERR_USAGE, "your own table needs --schema, --rules and --key");
        lc_hint(err, "livecol try --schema schema.sql --rows rows.csv --rules rules.csv --key "
                     "COLUMN");
        return LC_ERR_USAGE;
    }
    if (q->rows) {
        int rc = lc_try_rows_check(q->rows, err);

        if (rc)
            return rc;
        q->rows_path = realpath(q->rows, NULL);
        if (!q->rows_path)
            return lc_fail(err, LC_ERR_IO, "%s: %s", q->rows, strerror(errno));
    }
    return q->schema ? lc_try_schema_read(q->schema, &q->made, err) : 0;
}

/* Is there what the steps need? Asked before a file is written. */
static int check_parts(struct lc_error *err)
{
    const struct lc_chdb_lib *engine;
    char *udf = NULL;
    int rc = lc_chdb_lib_load(NULL, &engine, err);

    if (rc == 0)
        rc = lc_locate_udf(&udf, err);
    free(udf);
    return rc;
}

/* Make the folder. One that holds something is somebody's work, and is refused. */
static int make_folder(const struct request *q, struct lc_error *err)
{
    DIR *d;
    struct dirent *e;
    bool empty = true;
    int rc = lc_folder_make(q->folder, err);

    if (rc)
        return rc;
    d = opendir(q->folder);
    if (!d)
        return lc_fail(err, LC_ERR_IO, "%s: %s", q->folder, strerror(errno));
    while (empty && (e = readdir(d)) != NULL)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    if (empty)
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "%s is not empty", q->folder);
    lc_hint(err, "name another folder: livecol try DIR");
    return LC_ERR_REFUSED;
}

/*
 * Make the folder and make it the working directory:
 *
 *   rules.csv                     the rules, as they are typed or copied
 *   migrations/0001_schema.sql    after a CREATE DATABASE, where the schema does without one
 *   migrations/0002_rows.sql      the sample's; of a person's table look_at_table writes them
 *   data/                         the engine's database, and its configuration
 *   data/user_scripts/            livecol-udf, and its copy of the rules
 */
static int write_files(struct request *q, struct lc_error *err)
{
    char schema[PATH_MAX], rules[PATH_MAX], name[64];
    bool own = q->schema != NULL;
    int rc = 0;

    /* Relative paths are those of the folder in which the person is. */
    if (own && !realpath(q->schema, schema))
        return lc_fail(err, LC_ERR_IO, "%s: %s", q->schema, strerror(errno));
    if (own && !realpath(q->rules, rules))
        return lc_fail(err, LC_ERR_IO, "%s: %s", q->rules, strerror(errno));
    rc = make_folder(q, err);
    if (rc)
        return rc;
    if (chdir(q->folder))
        return lc_fail(err, LC_ERR_IO, "%s: %s", q->folder, strerror(errno));
    rc = lc_folder_make("migrations", err);
    if (rc == 0)
        rc = lc_folder_make("data", err);
    if (rc == 0)
        rc = lc_folder_make("data/user_scripts", err);
    if (rc == 0)
        rc = own ? copy_file(rules, "rules.csv", err) : write_file("rules.csv", sample_rules, err);
    if (rc == 0)
        rc = write_database(q, err);
    snprintf(name, sizeof name, "migrations/%04u_schema.sql", q->files + 1);
    if (rc == 0 && own)
        rc = copy_file(schema, name, err);
    else if (rc == 0)
        rc = write_file(name, sample_schema, err);
    q->files++;
    if (rc == 0 && !own)
        rc = write_migration(q, "rows", sample_rows, err);
    return rc;
}

/*
 * Fill q->key_type with the type of the key, as the server has it; "" where it cannot be told:
 * what comes next says why. The key is a column, or an expression over some; LIMIT 0 makes the
 * engine say its type without reading a row.
 */
static int take_key_type(struct request *q, struct lc_backend *b, const struct lc_answer *columns,
                         struct lc_error *err)
{
    struct lc_error ignored = LC_ERROR_INIT;
    struct lc_answer t = {0};
    struct lc_buf sql;
    bool is_column = false;
    int rc = 0;

    lc_buf_init(&sql, MAX_FILE_BYTES);
    for (size_t i = 0; i < columns->rows; i++)
        is_column =
            is_column || strcmp(lc_answer_at(columns, i, LC_SQL_COLUMNS_NAME)->p, q->key) == 0;
    if (lc_buf_adds(&sql, "SELECT ") ||
        (is_column ? lc_sql_add_id(&sql, q->key) : lc_buf_addf(&sql, "(%s\n)", q->key)) ||
        lc_buf_adds(&sql, " FROM ") || lc_sql_add_id(&sql, q->made.database) ||
        lc_buf_adds(&sql, ".") || lc_sql_add_id(&sql, q->made.table) ||
        lc_buf_adds(&sql, " LIMIT 0") || !lc_buf_str(&sql))
        rc = lc_no_memory(err);
    if (rc == 0 && lc_backend_run(b, lc_buf_str(&sql), &t, &ignored) == 0 && t.cols == 1)
        snprintf(q->key_type, sizeof q->key_type, "%s", t.types[0].p);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

/*
 * What the table has: the key's type, and with --rows a migration that takes them in. The
 * engine is opened in this process and closed again, since its folder takes one process at a
 * time and the next step is another one.
 */
static int look_at_table(struct request *q, struct lc_error *err)
{
    const struct lc_connect to = {.embedded = true, .path = "data"};
    const struct lc_sql_arg args[] = {
        {"database", q->made.database}, {"table", q->made.table}, {NULL, NULL}};
    struct lc_try_rows rows = {q->rows, q->rows_path, q->made.database, q->made.table, NULL, NULL};
    struct lc_backend *b = NULL;
    struct lc_answer columns = {0};
    struct lc_buf sql;
    int rc = lc_backend_open(&b, &to, err);

    lc_buf_init(&sql, MAX_FILE_BYTES);
    if (rc == 0)
        rc = lc_query_read(b, lc_sql_columns, args, &columns, err);
    if (rc == 0)
        rc = take_key_type(q, b, &columns, err);
    rows.columns = &columns;
    rows.engine = b;
    if (rc == 0 && q->rows)
        rc = lc_try_rows_insert(&rows, &sql, err);
    if (rc == 0 && q->rows)
        rc = lc_buf_str(&sql) ? write_migration(q, "rows", lc_buf_str(&sql), err)
                              : lc_no_memory(err);
    if (rc == LC_ERR_INPUT)
        hint_again(q, err);
    lc_buf_release(&sql);
    lc_answer_release(&columns);
    lc_backend_free(b);
    return rc;
}

/*
 * The type to give to config install as --argument; NULL where the default, String, fits. Types
 * other than String must be named, since the server casts a key to what the function's XML
 * says; Nullable(String) too, for a function that is to take a NULL. The text is q->key_type,
 * whose blanks are removed.
 */
static const char *argument_of(struct request *q)
{
    static const char *const told[] = {"IPv4", "IPv6", "UUID",    "Bool",  "Int",
                                       "UInt", "Date", "Decimal", "Float", "FixedString"};
    const char *inner = q->key_type;
    bool nullable = false, known = false;
    size_t at = 0;

    if (strncmp(inner, "LowCardinality(", 15) == 0)
        inner += 15;
    if (strncmp(inner, "Nullable(", 9) == 0) {
        nullable = true;
        inner += 9;
    }
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        known = known || strncmp(inner, told[i], strlen(told[i])) == 0;
    if (!known && !(nullable && strncmp(inner, "String", 6) == 0))
        return NULL;
    for (const char *p = q->key_type; *p; p++) /* a server splits the command at blanks */
        if (*p != ' ')
            q->key_type[at++] = *p;
    q->key_type[at] = '\0';
    return q->key_type;
}

/* --- the course of it --------------------------------------------------------------------------- */

/* The connection options of each step: the engine in the folder, without a server. */
#define ENGINE "--backend", "embedded", "--path", "data"

/*
 * Make the table, and put its rows in. With a person's own table there are two runs of up: the
 * rows can be written only when the engine has told the table's columns.
 */
static int make_table(struct request *q, struct lc_error *err)
{
    static const char *const up[] = {"up", ENGINE, NULL};
    int rc = 0;

    say_what(q->schema ? "your table, on ClickHouse's engine in this folder"
                       : "a table of orders, on ClickHouse's engine in this folder");
    if (q->schema) {
        rc = step(q, up, err);
        if (rc == 0)
            rc = look_at_table(q, err);
        if (rc || !q->rows)
            return rc;
    }
    return step(q, up, err);
}

/* The column's name as a function and a file may be called: other bytes than letters, digits and _ become _. */
static void take_word(const char *column, char *out, size_t size)
{
    size_t n =
        (size_t)snprintf(out, size, "%s%s", *column >= '0' && *column <= '9' ? "_" : "", column);

    for (size_t i = 0; i < n && i < size - 1; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", out[i]))
            out[i] = '_';
}

/* DATABASE.TABLE and DATABASE.TABLE.COLUMN as options take them: odd names in backticks. */
static int write_names(const struct request *q, char table[2 * NAME_ROOM], char path[3 * NAME_ROOM],
                       struct lc_error *err)
{
    struct lc_buf b;
    int rc = 0;

    lc_buf_init(&b, 3 * NAME_ROOM);
    if (lc_sql_add_name(&b, q->made.database ? q->made.database : "shop") || lc_buf_adds(&b, ".") ||
        lc_sql_add_name(&b, q->made.table ? q->made.table : "orders") || !lc_buf_str(&b))
        rc = lc_no_memory(err);
    else
        snprintf(table, 2 * NAME_ROOM, "%s", lc_buf_str(&b));
    if (rc == 0 && (lc_buf_adds(&b, ".") || lc_sql_add_name(&b, q->column) || !lc_buf_str(&b)))
        rc = lc_no_memory(err);
    else if (rc == 0)
        snprintf(path, 3 * NAME_ROOM, "%s", lc_buf_str(&b));
    lc_buf_release(&b);
    return rc;
}

/*
 * From rules to a column that is filled in and verified: the commands that a person would type,
 * in their order. The first that fails ends it.
 */
static int derive(struct request *q, struct lc_error *err)
{
    const char *column = q->column;
    char table[2 * NAME_ROOM], path[3 * NAME_ROOM], word[NAME_ROOM - 8], function[NAME_ROOM],
        name[NAME_ROOM];
    const char *key = q->key ? q->key : "phone", *argument = argument_of(q);
    const char *const check_rules[] = {"rules", "check", "rules.csv", NULL};
    const char *const install[] = {"config",    "install",     "--rules",
                                   "rules.csv", "--attribute", q->attribute,
                                   "--name",    word,          "--version",
                                   "1",         "--scripts",   "data/user_scripts",
                                   "--config",  "data",        argument ? "--argument" : NULL,
                                   argument,    NULL};
    const char *const add[] = {"new",   name, "--table",    table,    "--column", column,
                               "--key", key,  "--function", function, NULL};
    static const char *const plan[] = {"plan", ENGINE, NULL};
    const char *const up[] = {"up", ENGINE, NULL};
    const char *const verify[] = {"verify", path, "--full", ENGINE, NULL};
    int rc;

    rc = write_names(q, table, path, err);
    if (rc)
        return rc;
    take_word(column, word, sizeof word);
    snprintf(function, sizeof function, "%s_v1", word);
    snprintf(name, sizeof name, "add_%s", word);
    say_what("the rules: what each key gives");
    rc = step(q, check_rules, err);
    if (rc == 0) {
        say_what(
            "the function that applies the rules, where the engine looks for it when it starts");
        rc = step(q, install, err);
    }
    if (rc == 0) {
        say_what("a migration that adds the column and fills it in");
        rc = step(q, add, err);
    }
    if (rc == 0) {
        say_what("what it will do; this changes nothing");
        rc = step(q, plan, err);
    }
    if (rc == 0) {
        say_what("do it");
        rc = step(q, up, err);
    }
    if (rc == 0) {
        say_what("does every row hold what the rules say?");
        rc = step(q, verify, err);
    }
    return rc;
}

/*
 * The attribute of the rules that is to be stored: the one that --column names, or the first; and
 * the column's name, which is the attribute's unless --column gives another.
 */
static int take_attribute(struct request *q, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    int at, rc = lc_rules_open(&rules, q->rules ? q->rules : "rules.csv", err);

    if (rc)
        return rc;
    at = q->column ? lc_rules_attribute(rules, q->column) : 0;
    snprintf(q->attribute, sizeof q->attribute, "%.*s", (int)rules->names[at < 0 ? 0 : at].n,
             (const char *)rules->names[at < 0 ? 0 : at].p);
    lc_rules_free(rules);
    if (!q->column)
        q->column = q->attribute;
    return 0;
}

/* The steps; nothing is made before `check` and check_parts have passed. */
static int act(struct lc_frame_run *r, struct lc_error *err)
{
    struct request *q = r->ctx;
    int rc = check(q, err);

    /* One's own rules are read where they are: an error names that file, and nothing is made. */
    if (rc == 0 && q->rules)
        rc = take_attribute(q, err);
    if (rc == 0)
        rc = check_parts(err);
    if (rc == 0)
        rc = write_files(q, err);
    if (rc == 0 && !q->rules)
        rc = take_attribute(q, err);
    if (rc)
        return rc;
    printf("$ cd ");
    print_word(q->folder);
    printf("\n\n");
    rc = make_table(q, err);
    if (rc == 0)
        rc = derive(q, err);
    if (rc == 0)
        printf("# Continue by hand in %s: rules.csv has the rules, migrations/ the migrations.\n"
               "# New rules are a new version: see livecol new --help. livecol down removes the "
               "column again.\n",
               q->folder);
    return rc;
}

static void finish(struct lc_frame_run *r, int rc, struct lc_error *err)
{
    (void)rc;
    (void)err;
    release(r->ctx);
    fflush(stdout); /* what the steps printed comes before the error */
}

int lc_cmd_try(int argc, const char **argv)
{
    struct request q = {.r.ctx = &q};
    const struct lc_option options[] = {
        {"schema", 0, LC_OPT_STRING, &q.schema, "FILE",
         "your own table: a file with its CREATE TABLE (default: a sample, shop.orders)"},
        {"rows", 0, LC_OPT_STRING, &q.rows, "FILE",
         "rows for that table; the file name shows the format: .csv with a header, .parquet, "
         ".tsv, .jsonl"},
        {"rules", 0, LC_OPT_STRING, &q.rules, "FILE", "your own rules"},
        {"key", 0, LC_OPT_STRING, &q.key, "COLUMN", "the column that the new one is derived from"},
        {"column", 0, LC_OPT_STRING, &q.column, "NAME",
         "the new column (default: the rules' first attribute)"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "try",
             .synopsis = "[OPTIONS] [DIR]",
             .about =
                 "Try livecol without a server. In a new folder, on ClickHouse's engine in this "
                 "process (libchdb), it makes a table, a rules file, a function and a migration, "
                 "then adds the column, fills it in and verifies it. It prints each command as "
                 "you would type it, and keeps the files. It creates DIR (default: livecol-try).",
             .examples =
                 "livecol try\n"
                 "livecol try demo --schema schema.sql --rows rows.csv --rules rules.csv \\\n"
                 "    --key user_id"},
        .more = options,
        .most = SIZE_MAX,
        .act = act,
        .finish = finish,
    };

    return lc_frame_command(&c, &q.r, argc, argv);
}
