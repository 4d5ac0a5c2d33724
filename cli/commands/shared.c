/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/shared.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/signals.h"
#include "cli/column/compare_rules.h"
#include "cli/commands/progress.h"
#include "cli/migrate/file_name.h"
#include "cli/migrate/files.h"
#include "cli/migrate/variables.h"
#include "cli/server/query.h"
#include "cli/sql/name.h"
#include "cli/term/message.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTIONS_MAX_N = 40,
    GROUP_MAX_N = 10,
    REDRAW_MS = 160,
    PLAIN_MS = 10000,
    MAX_PARALLEL = 64,
    LOCK_TIMEOUT_S = 60
};

/* Append at most `most` options, to the first one without a name. */
static size_t add(struct lc_option *to, size_t n, const struct lc_option *from, size_t most)
{
    for (size_t i = 0; from && i < most && from[i].name && n < OPTIONS_MAX_N; i++)
        to[n++] = from[i];
    to[n] = (struct lc_option){0};
    return n;
}

/* The shared options, in the order of the help. */
static void collect(struct lc_migrate *m, unsigned which, const struct lc_option *more,
                    struct lc_option *out)
{
    const struct {
        unsigned which;
        struct lc_option options[GROUP_MAX_N]; /* a full group has no end mark */
    } shared[] = {
        {LC_MIGRATE_FILES,
         {{"migrations-dir", 'd', LC_OPT_STRING, &m->up.migrations_dir, "DIR",
           "where the files are (default: migrations)"},
          {"format", 0, LC_OPT_STRING, &m->up.format, "NAME",
           "refuse files of another form than livecol, goose, dbmate, sql-migrate, golang-migrate or "
           "clickhouse-migrations (default: each file shows its own)"},
          {"var", 0, LC_OPT_LIST, &m->up.vars, "NAME=VALUE",
           "the value of ${NAME} in files that say -- migrate:vars NAME (also: "
           "LIVECOL_VAR_NAME); several may be given"},
          {"secret-var", 0, LC_OPT_LIST, &m->up.secret_vars, "NAME",
           "do not record the value of this variable, nor print it; several may be given"}}},
        {LC_MIGRATE_TRACKING,
         {{"migrations-table", 0, LC_OPT_STRING, &m->up.table, "NAME",
           "tracking table, as TABLE or DATABASE.TABLE (default: schema_migrations)"},
          {"cluster", 0, LC_OPT_STRING, &m->up.cluster, "NAME",
           "the cluster that the tables are on: functions are checked, and changes waited for, on "
           "each of its hosts"},
          {"allow-degraded", 0, LC_OPT_FLAG, &m->up.allow_degraded, NULL,
           "leave out hosts of the cluster that do not answer"}}},
        {LC_MIGRATE_RANGE,
         {{"to", 0, LC_OPT_STRING, &m->to, "VERSION",
           "up: the last to apply; down: the one to keep"},
          {"steps", 0, LC_OPT_COUNT, &m->steps, "N", "at most so many migrations"}}},
        {LC_MIGRATE_RUN,
         {{"dry-run", 0, LC_OPT_FLAG, &m->up.dry_run, NULL, "check everything, change nothing"},
          {"echo-sql", 0, LC_OPT_FLAG, &m->echo_sql, NULL,
           "print each statement before it is sent, and the time that it took"},
          {"setting", 0, LC_OPT_LIST, &m->up.settings, "NAME=VALUE",
           "a setting for every statement; several may be given"},
          {"statement-timeout", 0, LC_OPT_ABOVE, &m->statement_timeout_s, "SECONDS",
           "the server's limit for one statement (max_execution_time)"},
          {"ddl-timeout", 0, LC_OPT_ABOVE, &m->ddl_timeout_s, "SECONDS",
           "the server's limits for waiting in DDL (lock_acquire_timeout and the distributed "
           "one)"}}},
        {LC_MIGRATE_CHECKS,
         {{"rules", 0, LC_OPT_LIST, &m->up.rules, "[FUNCTION=]FILE",
           "compare the functions' answers with these rules; several may be given"},
          {"strict", 0, LC_OPT_FLAG, &m->up.strict, NULL,
           "refuse gaps, applied versions whose file is gone, and a Buffer or Distributed table "
           "over the target that no statement adds its new column to"},
          {"allow-missing", 0, LC_OPT_FLAG, &m->up.allow_missing, NULL,
           "apply versions below one that is applied"},
          {"allow-unsafe", 0, LC_OPT_FLAG, &m->up.allow_unsafe, NULL,
           "run what loses data or breaks readers"}}},
        {LC_MIGRATE_BACKFILL,
         {{"order", 0, LC_OPT_STRING, &m->order, "newest|oldest",
           "which partition a backfill does first (default: newest)"},
          {"max-parallel", 0, LC_OPT_COUNT, &m->max_parallel, "N",
           "mutations that a backfill has at a time (default: 1)"},
          {"batch-rows", 0, LC_OPT_UINT, &m->up.backfill.batch_rows, "N",
           "a mutation takes partitions until it has so many rows (default: a sixteenth of them, "
           "10M at least)"},
          {"max-load", 0, LC_OPT_STRING, &m->max_load, "METRIC=VALUE,…",
           "a backfill waits while one is reached: parts, mutations, merges, queries, "
           "replica_queue, replica_delay (seconds), p99 (ms, of the probe query)"},
          {"critical-load", 0, LC_OPT_STRING, &m->critical_load, "METRIC=VALUE,…",
           "a backfill ends, exit code 9, when one is reached"},
          {"throttle-query", 0, LC_OPT_STRING, &m->up.backfill.throttle.query, "SQL",
           "a backfill waits while its first value is above 0"},
          {"probe-query", 0, LC_OPT_STRING, &m->up.backfill.throttle.probe, "SQL",
           "what p99 is of (default: ten values of the column)"},
          {"pause-file", 0, LC_OPT_STRING, &m->up.backfill.throttle.pause_file, "PATH",
           "a backfill waits while this file is there"}}},
        {LC_MIGRATE_LOCK,
         {{"lock-timeout", 0, LC_OPT_DOUBLE, &m->lock_timeout_s, "SECONDS",
           "how long to wait for another run (default: 60)"}}},
        {LC_MIGRATE_ASK, {{"yes", 'y', LC_OPT_FLAG, &m->yes, NULL, "do not ask"}}},
    };
    size_t n = add(out, 0, more, OPTIONS_MAX_N);

    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (which & shared[i].which)
            n = add(out, n, shared[i].options, GROUP_MAX_N);
    }
}

static int seconds(unsigned *ms, double s, const char *name, struct lc_error *err)
{
    if (s < 0 || s > (double)(UINT_MAX / 2000))
        return lc_fail(err, LC_ERR_USAGE, "--%s takes seconds, 0 or more", name);
    *ms = (unsigned)(s * 1000);
    return 0;
}

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
    if (rc == 0 && m->critical_load)
        rc = lc_load_parse(&o->throttle.critical, m->critical_load, err);
    if (rc == 0)
        rc = lc_pause_file_check(o->throttle.pause_file, err);
    o->cancel = lc_stop_flag();
    return rc;
}

/* A file that nobody gets to read would be no check. */
static int check_readable(const char *argument, struct lc_error *err)
{
    size_t name_n;
    const char *file = lc_compare_file(argument, &name_n);

    return access(file, R_OK) == 0
               ? 0
               : lc_fail(err, LC_ERR_IO, "--rules: cannot read %s: %s", file, strerror(errno));
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

        lc_secret_add(lc_variable_value(&m->up.vars, name, strlen(name)));
    }
    return 0;
}

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
        return lc_fail(err, LC_ERR_USAGE, "--allow-degraded is about a --cluster");
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
    m->lock_timeout_s = LOCK_TIMEOUT_S;
    cmd.options = options;
    rc = lc_options_parse(&cmd, argc, argv, &m->global, &m->rest, err);
    m->echo_sql = m->echo_sql || m->global.verbose;
    return rc ? rc : settle(m, err);
}

int lc_migrate_operands(const struct lc_migrate *m, size_t least, size_t most, const char *what,
                        struct lc_error *err)
{
    if (m->rest.n < least)
        return lc_fail(err, LC_ERR_USAGE, "%s is wanted", what);
    if (m->rest.n > most)
        return lc_fail(err, LC_ERR_USAGE, "one operand too many: \"%s\"", m->rest.v[most]);
    return 0;
}

bool lc_migrate_has_files(const struct lc_migrate *m)
{
    return access(m->up.migrations_dir ? m->up.migrations_dir : "migrations", F_OK) == 0;
}

int lc_migrate_end(int rc, const struct lc_error *err)
{
    if (rc == 0 || rc == LC_HELP_PRINTED)
        return 0;
    lc_complain(err);
    return lc_exit_code(err);
}

int lc_migrate_finish(const struct lc_migrate *m, int rc, bool reads, struct lc_error *err)
{
    if (reads && err->code == LC_ERR_UNKNOWN)
        rc = err->code = LC_ERR_SERVER; /* an answer was lost, and nothing else */
    if (rc && rc != LC_HELP_PRINTED && m->global.json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "event", "failed");
        lc_json_set_int(o, "exit", lc_exit_code(err));
        lc_json_set_str(o, "error", err->msg);
        lc_json_set_str(o, "hint", *err->hint ? err->hint : NULL);
        lc_json_line(o, stdout);
        lc_json_free(o);
    }
    return lc_migrate_end(rc, err);
}

int lc_migrate_ask(const struct lc_migrate *m, const char *question, struct lc_error *err)
{
    char answer[16] = "";

    if (m->yes)
        return 0;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        lc_fail(err, LC_ERR_REFUSED, "%s There is no terminal to answer on", question);
        lc_hint(err, "--yes says yes");
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

void lc_teller_init(struct lc_teller *t, const struct lc_migrate *m)
{
    *t = (struct lc_teller){.m = m};
}

/* When this migration's next line is due. */
static uint64_t *next_line_ms(struct lc_teller *t, uint64_t version)
{
    size_t free_place = LC_TURNS_MAX - 1;

    for (size_t i = LC_TURNS_MAX; i-- > 0;) {
        if (t->waits[i].version == version)
            return &t->waits[i].next_ms;
        if (t->waits[i].version == 0)
            free_place = i;
    }
    t->waits[free_place].version = version;
    t->waits[free_place].next_ms = 0;
    return &t->waits[free_place].next_ms;
}

/* It does not wait any more: another one may have the terminal's line. */
static void forget_line(struct lc_teller *t, uint64_t version)
{
    for (size_t i = 0; i < LC_TURNS_MAX; i++) {
        if (t->waits[i].version == version)
            t->waits[i].version = 0;
    }
    if (t->shown == version)
        t->shown = 0;
}

/* One line that is redrawn on a terminal; else a plain line every few seconds. */
static void tell_progress(struct lc_teller *t, const struct lc_run_event *e)
{
    uint64_t now = lc_now_ms(), *next_ms = next_line_ms(t, e->version);
    char line[256];
    bool terminal = lc_message_is_terminal();

    if (t->m->global.quiet)
        return;
    if (*next_ms == 0 && !terminal)
        *next_ms = now + PLAIN_MS; /* what is over by then needs no line */
    if (now < *next_ms || (terminal && t->shown && t->shown != e->version))
        return;
    t->shown = e->version;
    *next_ms = now + (terminal ? REDRAW_MS : PLAIN_MS);
    lc_progress_line(line, sizeof line, e);
    if (terminal) {
        lc_message_plain(line);
        lc_message_redraw(line);
    } else {
        lc_say("%s", line);
    }
}

static const char *const event_names[] = {
    [LC_RUN_LOCK_WAIT] = "lock_wait",
    [LC_RUN_CHECKED] = "checked",
    [LC_RUN_WARNING] = "warning",
    [LC_RUN_MIGRATION_START] = "migration_start",
    [LC_RUN_STMT_START] = "stmt_start",
    [LC_RUN_MUTATION] = "mutation",
    [LC_RUN_RETRY] = "retry",
    [LC_RUN_UNKNOWN] = "unknown",
    [LC_RUN_REDERIVE] = "rederive",
    [LC_RUN_STMT_DONE] = "stmt_done",
    [LC_RUN_MIGRATION_DONE] = "migration_done",
    [LC_RUN_MIGRATION_FAILED] = "migration_failed",
    [LC_RUN_WOULD_REVERT] = "would_revert",
};

static void add_progress(struct lc_json *o, const struct lc_mutation_progress *p)
{
    lc_json_set_int(o, "parts_total", (int64_t)p->parts_total);
    lc_json_set_int(o, "parts_to_do", (int64_t)p->parts_to_do);
    lc_json_set_int(o, "rows_done", (int64_t)p->rows_done);
    lc_json_set_int(o, "rows_total", (int64_t)p->rows_total);
    lc_json_set_double(o, "fraction", p->fraction);
    lc_json_set_int(o, "elapsed_ms", (int64_t)p->elapsed_ms);
    lc_json_set_int(o, "left_ms", (int64_t)p->left_ms);
    if (p->waiting)
        lc_json_set_str(o, "waiting", p->waiting);
}

static void tell_json(struct lc_teller *t, const struct lc_run_event *e)
{
    struct lc_json *o;
    uint64_t now = lc_now_ms();

    if (e->kind == LC_RUN_MUTATION) { /* each look is too many for a log */
        uint64_t *next_ms = next_line_ms(t, e->version);

        if (now < *next_ms)
            return;
        *next_ms = now + 1000;
    }
    o = lc_json_object();
    lc_json_set_str(o, "event", event_names[e->kind]);
    if (e->version) {
        lc_json_set_str(o, "version", e->version_text);
        lc_json_set_str(o, "name", e->name);
        lc_json_set_str(o, "direction", e->down ? "down" : "up");
        lc_json_set_int(o, "statements", e->stmts);
    }
    if (e->stmt) {
        lc_json_set_int(o, "statement", e->stmt);
        lc_json_set_str(o, "class", lc_class_name(e->class));
    }
    if (e->kind == LC_RUN_STMT_DONE || e->kind == LC_RUN_MIGRATION_DONE)
        lc_json_set_int(o, "ms", (int64_t)e->ms);
    if (e->progress)
        add_progress(o, e->progress);
    if (e->text)
        lc_json_set_str(o, "text", e->text);
    if (e->error && e->error->code) {
        lc_json_set_int(o, "server_code", e->error->server_code);
        lc_json_set_str(o, "error", e->error->msg);
        lc_json_set_str(o, "hint", e->error->hint);
    }
    lc_json_line(o, stdout);
    lc_json_free(o);
}

/* --echo-sql: the statement, with the settings of its file, and then the time that it took. */
static void echo_statement(const struct lc_run_event *e)
{
    const struct lc_sql_settings *settings = e->settings;
    char line[512];
    int n = 0;

    if (e->kind == LC_RUN_STMT_DONE) {
        lc_say("-- %s, statement %u of %u: %" PRIu64 " ms", e->version_text, e->stmt, e->stmts,
               e->ms);
        return;
    }
    for (size_t i = 0; settings && i < settings->n && n < (int)sizeof line - 1; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, "%s%s = %s", i ? ", " : "-- SETTINGS ",
                      settings->v[2 * i], settings->v[2 * i + 1]);
    if (n)
        lc_say("%s", line);
    lc_say("%.*s;", (int)e->sql.n, (const char *)e->sql.p);
}

void lc_teller_event(void *ctx, const struct lc_run_event *e)
{
    struct lc_teller *t = ctx;

    if (e->kind != LC_RUN_MUTATION)
        lc_message_erase();
    if (e->kind == LC_RUN_STMT_START || e->kind == LC_RUN_STMT_DONE ||
        e->kind == LC_RUN_MIGRATION_FAILED)
        forget_line(t, e->version);
    if (t->m->global.json) {
        tell_json(t, e);
        return;
    }
    switch (e->kind) {
    case LC_RUN_LOCK_WAIT:
    case LC_RUN_CHECKED:
    case LC_RUN_RETRY:
    case LC_RUN_UNKNOWN:
    case LC_RUN_REDERIVE:
        lc_say("%s", e->text);
        break;
    case LC_RUN_WARNING:
        lc_warn("%s", e->text);
        break;
    case LC_RUN_MUTATION:
        tell_progress(t, e);
        break;
    case LC_RUN_WOULD_REVERT:
        if (t->m->global.quiet)
            break;
        printf("%s %s: would be reverted\n", e->version_text, e->name);
        break;
    case LC_RUN_MIGRATION_DONE:
        if (t->m->global.quiet)
            break;
        printf("%s %s: %s in %.1f s\n", e->version_text, e->name, e->down ? "reverted" : "applied",
               (double)e->ms / 1000);
        fflush(stdout);
        break;
    case LC_RUN_STMT_START:
    case LC_RUN_STMT_DONE:
        if (t->m->echo_sql)
            echo_statement(e);
        break;
    case LC_RUN_MIGRATION_START:
    case LC_RUN_MIGRATION_FAILED:
        break;
    }
}

void lc_teller_done(struct lc_teller *t, const struct lc_up_report *report, bool down)
{
    const char *word = down ? "reverted" : "applied";

    lc_message_erase();
    if (t->m->global.json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "event", "done");
        lc_json_set_int(o, word, report->applied);
        if (!down)
            lc_json_set_int(o, "skipped", report->skipped);
        lc_json_set_int(o, "pending", report->pending);
        lc_json_set_bool(o, "dry_run", t->m->up.dry_run);
        lc_json_set_int(o, "ms", (int64_t)report->ms);
        lc_json_line(o, stdout);
        lc_json_free(o);
        return;
    }
    if (t->m->global.quiet)
        return;
    if (t->m->up.dry_run)
        printf("dry run: would have %s %u, ", word, report->planned);
    else
        printf("%s %u, ", word, report->applied);
    if (down)
        printf("%u left in %.1f s\n", report->pending - (t->m->up.dry_run ? report->planned : 0),
               (double)report->ms / 1000);
    else
        printf("skipped %u in %.1f s\n", report->skipped, (double)report->ms / 1000);
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
