/* SPDX-License-Identifier: Apache-2.0 */
/* livecol dump: the CREATE statements of the tables, for a repo to keep in step. */
#include "base/files.h"
#include "base/format.h"
#include "base/strings.h"
#include "cli/commands/frame.h"
#include "cli/server/abilities.h"
#include "cli/server/query.h"
#include "cli/sql/statement.h"
#include "cli/term/message.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_DUMP_BYTES = 64 << 20 };

/* Names of databases, each once, sorted. */
struct names {
    char **v;
    size_t n;
};

/*
 * Add a name where it is new. 0, LC_ERR_NOMEM. The names are kept sorted: the order of the file
 * must not depend on that of the migrations.
 */
static int add_name(struct names *names, const char *name)
{
    size_t at = 0;
    char **v, *copy;

    while (at < names->n && strcmp(names->v[at], name) < 0)
        at++;
    if (at < names->n && strcmp(names->v[at], name) == 0)
        return 0;
    v = realloc(names->v, (names->n + 1) * sizeof *v);
    if (!v)
        return LC_ERR_NOMEM;
    names->v = v;
    copy = strdup(name);
    if (!copy)
        return LC_ERR_NOMEM;
    memmove(v + at + 1, v + at, (names->n - at) * sizeof *v);
    v[at] = copy;
    names->n++;
    return 0;
}

static void release_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->v[i]);
    free(names->v);
}

/*
 * Add the databases that the migrations speak of. Statements that cannot be read are passed
 * over; `up` says what is wrong with them.
 */
static int databases_of(const struct lc_migrations *files, struct names *names)
{
    int rc = 0;

    for (size_t i = 0; i < files->n; i++) {
        const struct lc_section_stmts *up = &files->v[i].up;

        for (size_t k = 0; rc == 0 && k < up->n; k++) {
            struct lc_stmt s;

            if (lc_stmt_parse(&s, up->v[k].p, up->v[k].n, NULL))
                continue;
            if (*s.database)
                rc = add_name(names, s.database);
            if (rc == 0 && s.kind == LC_STMT_CREATE_DATABASE)
                rc = add_name(names, s.name);
            lc_stmt_release(&s);
        }
    }
    return rc;
}

/*
 * The tracking table and its lock tables are no part of the schema: no migration makes them.
 */
static bool is_own(const struct lc_tracking *t, const char *database, const char *table)
{
    size_t n = strlen(t->table);

    return strcmp(database, t->database) == 0 && strncmp(table, t->table, n) == 0 &&
           (table[n] == '\0' || strncmp(table + n, "_lock_", 6) == 0);
}

/*
 * Append a CREATE statement. With `pretty` the server's formatter breaks it into lines, so that
 * a diff of two dumps shows the column that has changed; where it refuses, the text is as the
 * server stores it, in one line.
 */
static int add_statement(struct lc_buf *out, struct lc_backend *b, bool pretty, const char *sql,
                         struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_error one = LC_ERROR_INIT;
    int rc = 0;

    if (pretty)
        rc = lc_query_read(b, lc_sql_format_pretty,
                           (const struct lc_sql_arg[]){{"sql", sql}, {NULL, NULL}}, &t, &one);
    if (rc == 0 && t.rows == 1)
        sql = lc_answer_at(&t, 0, LC_SQL_FORMAT_PRETTY_SQL)->p;
    if (rc == LC_ERR_SERVER)
        rc = 0; /* as the server stores it, then */
    else if (rc)
        lc_error_pass(err, &one);
    if (rc == 0 && lc_buf_addf(out, "\n%s;\n", sql))
        rc = lc_fail(err, LC_ERR_NOMEM, "the schema is too large");
    lc_answer_release(&t);
    return rc;
}

/*
 * Append the statements of a database, tables before views and dictionaries, so that they can
 * be run in this order. *statements counts them.
 */
static int dump_database(struct lc_buf *out, const struct lc_session *s, bool pretty,
                         const char *database, size_t *statements, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(s->b, lc_sql_dump_tables, args, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (is_own(&s->tracking, database, lc_answer_at(&t, i, LC_SQL_DUMP_TABLES_NAME)->p))
            continue;
        rc = add_statement(out, s->b, pretty,
                           lc_answer_at(&t, i, LC_SQL_DUMP_TABLES_CREATE_TABLE_QUERY)->p, err);
        ++*statements;
    }
    lc_answer_release(&t);
    return rc;
}

/* Write to a file by rename, or to stdout where path is "-". */
static int write_out(const char *path, const struct lc_buf *text, struct lc_error *err)
{
    if (strcmp(path, "-") != 0)
        return lc_file_write(path, text->p, text->n, 0644, err);
    lc_output_is_data();
    return fwrite(text->p, 1, text->n, stdout) == text->n
               ? 0
               : lc_fail(err, LC_ERR_IO, "cannot write to standard output");
}

/* Everything is collected first: a dump that fails half-way leaves the old file as it was. */
static int dump(const struct lc_session *s, struct lc_strings databases, const char *path,
                struct lc_error *err)
{
    struct names names = {0};
    struct lc_abilities facts;
    struct lc_buf out;
    size_t statements = 0;
    int rc = lc_abilities_ask(&facts, s->b, err);

    lc_buf_init(&out, MAX_DUMP_BYTES);
    for (size_t i = 0; rc == 0 && i < databases.n; i++)
        rc = add_name(&names, databases.v[i]);
    if (rc == 0 && databases.n == 0)
        rc = add_name(&names, lc_backend_database(s->b)) || databases_of(&s->files, &names)
                 ? lc_fail(err, LC_ERR_NOMEM, "no memory for the databases")
                 : 0;
    if (rc == 0)
        rc = lc_buf_adds(&out,
                         "-- Written by livecol dump: the tables as the migrations left them.\n");
    for (size_t i = 0; rc == 0 && i < names.n; i++)
        rc = dump_database(&out, s, facts.format_query, names.v[i], &statements, err);
    if (rc == 0)
        rc = write_out(path, &out, err);
    if (rc == 0 && strcmp(path, "-") != 0)
        lc_say("wrote %s: %zu CREATE statement%s of %zu database%s", path, statements,
               LC_S(statements), names.n, LC_S(names.n));
    release_names(&names);
    lc_buf_release(&out);
    return rc;
}

struct wanted {
    const char *path;
    struct lc_strings databases;
};

/*
 * With --database the migrations are not needed, so their folder may be missing.
 */
static int check_dump(struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;

    (void)err;
    if (w->databases.n)
        r->files = LC_FILES_NONE;
    return 0;
}

static int dump_wanted(struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;

    return dump(&r->s, w->databases, w->path, err);
}

int lc_cmd_dump(int argc, const char **argv)
{
    struct wanted w = {.path = "schema.sql"};
    struct lc_frame_run r = {.ctx = &w};
    const struct lc_option more[] = {
        {"output", 'o', LC_OPT_STRING, &w.path, "FILE",
         "the file to write; - is stdout (default: schema.sql)"},
        {"database", 0, LC_OPT_LIST, &w.databases, "NAME",
         "the database to dump; may be repeated (default: the connection's, and those of the "
         "migrations)"},
        {0}};
    const struct lc_frame c = {
        .command = {.name = "dump",
                    .synopsis = "[OPTIONS]",
                    .about =
                        "Write the CREATE statement of every table, in a stable order, so that a "
                        "repository can keep the schema next to its migrations.",
                    .connects = true,
                    .examples = "livecol dump\nlivecol dump --database analytics -o -"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING,
        .more = more,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .files = LC_FILES_IF_THERE,
        .failure = LC_FAILURE_READS,
        .check = check_dump,
        .act = dump_wanted,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
