/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/shared.h"

#include "base/buf.h"
#include "base/secret.h"
#include "base/signals.h"
#include "cli/column/compare_rules.h"
#include "cli/migrate/file_name.h"
#include "cli/migrate/files.h"
#include "cli/migrate/expand.h"
#include "cli/sql/name.h"
#include "cli/sql/quote.h"
#include "cli/sql/walk.h"
#include "cli/term/message.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room in the tables below, and the limits of values. */
enum { OPTIONS_MAX_N = 40, GROUP_MAX_N = 10, MAX_PARALLEL = 64, LOCK_TIMEOUT_S = 60 };

/*
 * Append at most `most` options, to the first one without a name. Returns how many `to` has
 * then; its end mark is not counted.
 */
static size_t add(struct lc_option *to, size_t n, const struct lc_option *from, size_t most)
{
    for (size_t i = 0; from && i < most && from[i].name && n < OPTIONS_MAX_N; i++)
        to[n++] = from[i];
    to[n] = (struct lc_option){0};
    return n;
}

/* Options that commands have in common, under the name that a command asks for them by. */
struct group {
    unsigned which;
    /*
     * Their `value` points into the struct lc_migrate of this run, so the tables cannot be
     * static.
     */
    struct lc_option options[GROUP_MAX_N]; /* a full group has no end mark */
};

/* Append those of n groups that are asked for. */
static size_t add_groups(struct lc_option *to, size_t at, unsigned which, const struct group *v,
                         size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (which & v[i].which)
            at = add(to, at, v[i].options, GROUP_MAX_N);
    return at;
}

/* Which files, which table, how far. */
static size_t add_source(struct lc_migrate *m, unsigned which, struct lc_option *to, size_t at)
{
    const struct group groups[] = {
        {LC_MIGRATE_FILES,
         {{"migrations-dir", 'd', LC_OPT_STRING, &m->up.migrations_dir, "DIR",
           "the folder of the migration files (default: migrations)"},
          {"format", 0, LC_OPT_STRING, &m->up.format, "NAME",
           "the form of the files: livecol, goose, dbmate, sql-migrate, golang-migrate or "
           "clickhouse-migrations; others are refused (default: each file shows its own)"},
          {"var", 0, LC_OPT_LIST, &m->up.vars, "NAME=VALUE",
           "the value of ${NAME} in files that say -- migrate:vars NAME (also: "
           "LIVECOL_VAR_NAME); may be repeated"},
          {"secret-var", 0, LC_OPT_LIST, &m->up.secret_vars, "NAME",
           "do not record or print the value of this variable; may be repeated"}}},
        {LC_MIGRATE_TRACKING,
         {{"migrations-table", 0, LC_OPT_STRING, &m->up.table, "NAME",
           "tracking table, as TABLE or DATABASE.TABLE (default: schema_migrations)"},
          {"cluster", 0, LC_OPT_STRING, &m->up.cluster, "NAME",
           "the cluster of the tables: check functions and wait for changes on each of its hosts"},
          {"allow-degraded", 0, LC_OPT_FLAG, &m->up.allow_degraded, NULL,
           "skip hosts of the cluster that do not answer"}}},
        {LC_MIGRATE_RANGE,
         {{"to", 0, LC_OPT_STRING, &m->to, "VERSION",
           "up: the last migration to apply; down: the last one to keep"},
          {"steps", 0, LC_OPT_COUNT, &m->steps, "N", "at most N migrations"}}},
    };

    return add_groups(to, at, which, groups, sizeof groups / sizeof *groups);
}

/* What a run sends, and what it checks before. */
static size_t add_run(struct lc_migrate *m, unsigned which, struct lc_option *to, size_t at)
{
    const struct group groups[] = {
        {LC_MIGRATE_RUN,
         {{"dry-run", 0, LC_OPT_FLAG, &m->up.dry_run, NULL, "check everything, change nothing"},
          {"echo-sql", 0, LC_OPT_FLAG, &m->echo_sql, NULL,
           "print each statement before it is sent, and how long it took"},
          {"setting", 0, LC_OPT_LIST, &m->up.settings, "NAME=VALUE",
           "a setting for every statement; may be repeated"},
          {"statement-timeout", 0, LC_OPT_ABOVE, &m->statement_timeout_s, "SECONDS",
           "the server's limit for one statement (max_execution_time)"},
          {"ddl-timeout", 0, LC_OPT_ABOVE, &m->ddl_timeout_s, "SECONDS",
           "the server's limits for waiting in DDL (lock_acquire_timeout and "
           "distributed_ddl_task_timeout)"}}},
        {LC_MIGRATE_CHECKS,
         {{"rules", 0, LC_OPT_LIST, &m->up.rules, "[FUNCTION=]FILE",
           "compare the functions' answers with these rules; may be repeated"},
          {"strict", 0, LC_OPT_FLAG, &m->up.strict, NULL,
           "refuse gaps, applied versions without a file, and Buffer or Distributed tables over "
           "the target that would lack its new column"},
          {"allow-missing", 0, LC_OPT_FLAG, &m->up.allow_missing, NULL,
           "apply versions below one that is applied"},
          {"allow-unsafe", 0, LC_OPT_FLAG, &m->up.allow_unsafe, NULL,
           "run statements that lose data or break readers"},
          {"keep-columns", 0, LC_OPT_FLAG, &m->up.keep_columns, NULL,
           "go on where ADD COLUMN IF NOT EXISTS keeps a column of another type or default"}}},
    };

    return add_groups(to, at, which, groups, sizeof groups / sizeof *groups);
}

/* How a backfill goes, and what it waits for. */
static size_t add_backfill(struct lc_migrate *m, unsigned which, struct lc_option *to, size_t at)
{
    const struct group groups[] = {
        {LC_MIGRATE_BACKFILL,
         {{"order", 0, LC_OPT_STRING, &m->order, "newest|oldest",
           "which partitions a backfill starts with (default: newest)"},
          {"max-parallel", 0, LC_OPT_COUNT, &m->max_parallel, "N",
           "mutations that a backfill runs at a time (default: 1)"},
          {"batch-rows", 0, LC_OPT_UINT, &m->up.backfill.batch_rows, "N",
           "a mutation covers partitions until it has N rows (default: a sixteenth of all rows, "
           "at least 10M)"},
          {"max-load", 0, LC_OPT_STRING, &m->max_load, "METRIC=VALUE,…",
           "a backfill waits while a limit is reached: parts, mutations, merges, queries, "
           "replica_queue, replica_delay (seconds), p99 (ms, of the probe query)"},
          {"critical-load", 0, LC_OPT_STRING, &m->critical_load, "METRIC=VALUE,…",
           "a backfill ends with exit code 9 when a limit is reached"},
          {"throttle-query", 0, LC_OPT_STRING, &m->up.backfill.throttle.query, "SQL",
           "a backfill waits while the query's first value is above 0"},
          {"probe-query", 0, LC_OPT_STRING, &m->up.backfill.throttle.probe, "SQL",
           "the query that p99 measures (default: ten values of the column)"},
          {"pause-file", 0, LC_OPT_STRING, &m->up.backfill.throttle.pause_file, "PATH",
           "a backfill waits while this file exists"}}},
    };

    return add_groups(to, at, which, groups, sizeof groups / sizeof *groups);
}

/* The lock, and questions. */
static size_t add_end(struct lc_migrate *m, unsigned which, struct lc_option *to, size_t at)
{
    const struct group groups[] = {
        {LC_MIGRATE_LOCK,
         {{"lock-timeout", 0, LC_OPT_DOUBLE, &m->lock_timeout_s, "SECONDS",
           "how long to wait for another run to end (default: 60)"}}},
        {LC_MIGRATE_ASK, {{"yes", 'y', LC_OPT_FLAG, &m->yes, NULL, "do not ask"}}},
    };

    return add_groups(to, at, which, groups, sizeof groups / sizeof *groups);
}

/* The command's own, then the shared ones, in the order of the help. */
static void collect(struct lc_migrate *m, unsigned which, const struct lc_option *more,
                    struct lc_option *to)
{
    size_t n = add(to, 0, more, OPTIONS_MAX_N);

    n = add_source(m, which, to, n);
    n = add_run(m, which, to, n);
    n = add_backfill(m, which, to, n);
    add_end(m, which, to, n);
}

/* --NAME as milliseconds. The bound keeps *ms, and twice as much, in an unsigned. */
static int seconds(unsigned *ms, double s, const char *name, struct lc_error *err)
{
    if (s < 0 || s > (double)(UINT_MAX / 2000))
        return lc_fail(err, LC_ERR_USAGE, "--%s takes seconds, 0 or more", name);
    *ms = (unsigned)(s * 1000);
    return 0;
}

/*
 * What --order, --max-load and the like say, into m->up.backfill. Every backfill of the run
 * stops at a signal.
 */
static int settle_backfill(struct lc_migrate *m, struct lc_error *err)
{
    struct lc_backfill_options *o = &m->up.backfill;
    int rc = 0;

    if (m->order && strcmp(m->order, "oldest") != 0 && strcmp(m->order, "newest") != 0)
        return lc_fail(err, LC_ERR_USAGE, "--order takes newest or oldest, not \"%s\"", m->order);
    o->oldest_first = m->order && strcmp(m->order, "oldest") == 0;
    if (m->max_parallel > MAX_PARALLEL)
        return lc_fail(err, LC_ERR_USAGE, "--max-parallel %" PRIu64 " is too many, %d at most",
                       m->max_parallel, MAX_PARALLEL);
    o->max_parallel = (unsigned)m->max_parallel;
    if (m->max_load)
        rc = lc_load_parse(&o->throttle.max, m->max_load, err);
    if (rc)
        lc_error_prefix(err, "--max-load: ");
    if (rc == 0 && m->critical_load) {
        rc = lc_load_parse(&o->throttle.critical, m->critical_load, err);
        if (rc)
            lc_error_prefix(err, "--critical-load: ");
    }
    if (rc == 0)
        rc = lc_pause_file_check(o->throttle.pause_file, err);
    o->cancel = lc_stop_flag();
    return rc;
}

/*
 * Can the rules file be opened? A run without a call to compare would never open it, and a
 * wrong name would go unseen.
 */
static int check_readable(const char *argument, struct lc_error *err)
{
    size_t name_n;
    const char *file = lc_compare_file(argument, &name_n);

    return access(file, R_OK) == 0
               ? 0
               : lc_fail(err, LC_ERR_IO, "--rules: cannot read %s: %s", file, strerror(errno));
}

/*
 * Hide it as it is written in the file's SQL, as the server reads it from there ('' and \' are a quote), and as the
 * server writes that down again.
 */
static void hide(const char *value)
{
    struct lc_buf text;
    struct lc_walk w;
    char *read = NULL;

    if (!value || !*value)
        return;
    lc_secret_add(value);
    lc_buf_init(&text, (size_t)1 << 26);
    if (lc_buf_addf(&text, "'%s'", value) == 0 && lc_buf_str(&text)) {
        w = lc_walk_text(lc_buf_str(&text));
        if (lc_walk_next(&w) && lc_walk_at_end(&w))
            read = lc_tok_name(&w.tok);
    }
    lc_buf_reset(&text);
    if (read && lc_sql_add_str(&text, read) == 0 && text.n > 2) {
        lc_secret_add(read);
        text.n--; /* without its quotes */
        lc_secret_add(lc_buf_str(&text) + 1);
    }
    free(read);
    lc_buf_release(&text);
}

/* --var takes NAME=VALUE; the value of a secret one is shown nowhere. */
static int settle_vars(const struct lc_migrate *m, struct lc_error *err)
{
    for (size_t i = 0; i < m->up.vars.n; i++) {
        const char *equals = strchr(m->up.vars.v[i], '=');

        if (!equals || !lc_variable_is_name(m->up.vars.v[i], (size_t)(equals - m->up.vars.v[i])))
            return lc_fail(err, LC_ERR_USAGE,
                           "--var takes NAME=VALUE, a name of letters, digits and _");
    }
    for (size_t i = 0; i < m->up.secret_vars.n; i++) {
        const char *name = m->up.secret_vars.v[i];

        if (!lc_variable_is_name(name, strlen(name)))
            return lc_fail(err, LC_ERR_USAGE, "--secret-var takes a name of letters, digits and _");
        hide(lc_variable_value(&m->up.vars, name, strlen(name)));
        hide(getenv(name)); /* with goose's ENVSUB its value is this one */
    }
    return 0;
}

/*
 * From what was typed to m->up, and what contradicts itself. Options that the command does not
 * take have their defaults, and pass.
 */
static int settle(struct lc_migrate *m, struct lc_error *err)
{
    int rc = seconds(&m->up.lock_timeout_ms, m->lock_timeout_s, "lock-timeout", err);

    if (rc == 0)
        rc = settle_vars(m, err);
    if (m->up.lock_timeout_ms == 0)
        m->up.lock_timeout_ms = 1; /* the options' 0 is their default */
    for (size_t i = 0; rc == 0 && i < m->up.rules.n; i++)
        rc = check_readable(m->up.rules.v[i], err);
    if (rc == 0)
        rc = seconds(&m->up.statement_timeout_ms, m->statement_timeout_s, "statement-timeout", err);
    if (rc == 0)
        rc = seconds(&m->up.ddl_timeout_ms, m->ddl_timeout_s, "ddl-timeout", err);
    if (rc)
        return rc;
    if (m->steps > UINT_MAX)
        return lc_fail(err, LC_ERR_USAGE, "--steps %" PRIu64 " is too many", m->steps);
    m->up.steps = (unsigned)m->steps;
    if (m->to) {
        m->up.to_given = true;
        /* 0 is no version of a file, but down takes it: nothing stays applied. */
        if (strspn(m->to, "0") == strlen(m->to) && *m->to)
            m->up.to = 0;
        else if (!lc_version_parse(m->to, strlen(m->to), &m->up.to))
            return lc_fail(err, LC_ERR_USAGE, "--to takes a version, not \"%s\"", m->to);
    }
    if (m->up.strict && m->up.allow_missing)
        return lc_fail(err, LC_ERR_USAGE, "--strict and --allow-missing contradict each other");
    rc = settle_backfill(m, err);
    if (rc)
        return rc;
    if (m->up.allow_degraded && !m->up.cluster)
        return lc_fail(err, LC_ERR_USAGE, "--allow-degraded needs --cluster");
    m->up.cancel = lc_stop_flag();
    return 0;
}

int lc_migrate_parse(struct lc_migrate *m, struct lc_command cmd, unsigned which,
                     const struct lc_option *more, int argc, const char **argv,
                     struct lc_error *err)
{
    struct lc_option options[OPTIONS_MAX_N + 1];
    int rc;

    collect(m, which, more, options);
    m->command = cmd.name;
    m->which = which;
    /* Defaults are set before parsing: an option that is not given leaves its value alone. */
    m->lock_timeout_s = LOCK_TIMEOUT_S;
    cmd.options = options;
    rc = lc_options_parse(&cmd, argc, argv, &m->global, &m->rest, err);
    m->echo_sql = m->echo_sql || m->global.verbose;
    return rc ? rc : settle(m, err);
}

/*
 * Other tools take these as operands: what kind of thing is it, and which option takes that here? An
 * address may have a password in it, and is not shown.
 */
static int refuse_operand(const struct lc_migrate *m, const char *operand, struct lc_error *err)
{
    bool is_number = *operand && strspn(operand, "0123456789") == strlen(operand);
    bool is_address = strstr(operand, "://") != NULL;
    struct stat file;

    lc_fail(err, LC_ERR_USAGE, "one operand too many: %s%s%s", is_address ? "" : "\"",
            is_address ? "an address" : operand, is_address ? "" : "\"");
    if (is_address)
        lc_hint(err, "--url URL or CLICKHOUSE_URL names the server");
    else if (is_number && m->which & LC_MIGRATE_RANGE)
        lc_hint(err, "--to %.20s ends at that version, --steps %.20s after so many migrations",
                operand, operand);
    else if (m->which & LC_MIGRATE_FILES && stat(operand, &file) == 0 && S_ISDIR(file.st_mode))
        lc_hint(err, "-d %.200s names the folder of the migrations", operand);
    else
        lc_hint(err, "livecol %s --help shows what it takes", m->command);
    return LC_ERR_USAGE;
}

int lc_migrate_operands(const struct lc_migrate *m, size_t least, size_t most, const char *what,
                        struct lc_error *err)
{
    if (m->rest.n < least)
        return lc_fail(err, LC_ERR_USAGE, "%s is missing", what);
    return m->rest.n > most ? refuse_operand(m, m->rest.v[most], err) : 0;
}

bool lc_migrate_has_files(const struct lc_migrate *m)
{
    return access(m->up.migrations_dir ? m->up.migrations_dir : "migrations", F_OK) == 0;
}

int lc_migrate_ask(const struct lc_migrate *m, const char *question, struct lc_error *err)
{
    char answer[16] = "";

    if (m->yes)
        return 0;
    /* A script must say --yes: an answer from a pipe may be meant for something else. */
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        lc_fail(err, LC_ERR_REFUSED, "%s There is no terminal to answer on", question);
        lc_hint(err, "--yes answers yes");
        return LC_ERR_REFUSED;
    }
    lc_ask("%s [y/N] ", question);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin) && lc_stop_asked())
        return lc_fail(err, LC_ERR_STOPPED, "stopped at the question: nothing was changed");
    if (answer[0] != 'y' && answer[0] != 'Y')
        return lc_fail(err, LC_ERR_REFUSED, "nothing was changed");
    return 0;
}

int lc_column_open(struct lc_column *d, struct lc_backend **b, const struct lc_global *global,
                   const char *text, struct lc_error *err)
{
    char *database, *table, *column;
    int rc = lc_column_name_parse(text, &database, &table, &column, err);

    *d = (struct lc_column){0};
    if (rc == 0 && !*b)
        rc = lc_connection_open(global, b, err);
    if (rc == 0)
        rc = lc_column_find(d, *b, database, table, column, err);
    free(database);
    free(table);
    free(column);
    return rc;
}
