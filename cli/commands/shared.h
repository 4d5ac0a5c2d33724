/* SPDX-License-Identifier: Apache-2.0 */
/* The migration commands, and what they share: options, the connection, questions. */
#ifndef LC_CLI_COMMANDS_SHARED_H
#define LC_CLI_COMMANDS_SHARED_H
#include "base/strings.h"
#include "cli/column/column.h"
#include "cli/commands/commands.h"
#include "cli/migrate/runner.h"
#include "cli/migrate/session.h"
#include "cli/term/options.h"

lc_command_fn lc_cmd_up, lc_cmd_down, lc_cmd_status, lc_cmd_validate, lc_cmd_new, lc_cmd_repair,
    lc_cmd_baseline, lc_cmd_reset, lc_cmd_unlock, lc_cmd_plan, lc_cmd_dump, lc_cmd_doctor,
    lc_cmd_backfill, lc_cmd_verify, lc_cmd_inline, lc_cmd_wait, lc_cmd_redo, lc_cmd_try,
    lc_cmd_complete, lc_cmd_advise;

/* What the options of a migration command fill. Zero it, then lc_migrate_parse. */
struct lc_migrate {
    struct lc_global global;
    struct lc_up_options up;
    const char *to;
    uint64_t steps;
    double lock_timeout_s, statement_timeout_s, ddl_timeout_s;
    const char *order, *max_load, *critical_load; /* as typed, for up.backfill */
    uint64_t max_parallel;
    bool yes, echo_sql;
    struct lc_strings rest; /* operands */
    const char *command;    /* its name */
    unsigned which;         /* of enum lc_migrate_options */
};

/* Which of the shared options a command takes. */
enum lc_migrate_options {
    LC_MIGRATE_FILES = 1,     /* --migrations-dir */
    LC_MIGRATE_TRACKING = 2,  /* --migrations-table, --cluster, --allow-degraded */
    LC_MIGRATE_LOCK = 4,      /* --lock-timeout */
    LC_MIGRATE_RANGE = 8,     /* --to, --steps */
    LC_MIGRATE_RUN = 16,      /* --dry-run, --statement-timeout, --ddl-timeout */
    LC_MIGRATE_CHECKS = 32,   /* --strict, --allow-missing, --allow-unsafe, --rules */
    LC_MIGRATE_ASK = 64,      /* --yes */
    LC_MIGRATE_BACKFILL = 128 /* --order, --max-parallel, and what makes a backfill wait */
};

/*
 * Parse the command line with the shared options named by `which` and the command's own, `more`
 * (ends with name NULL; may be NULL). 0; LC_HELP_PRINTED after --help; LC_ERR_USAGE.
 */
int lc_migrate_parse(struct lc_migrate *m, struct lc_command cmd, unsigned which,
                     const struct lc_option *more, int argc, const char **argv,
                     struct lc_error *err);

/*
 * LC_ERR_USAGE where there are fewer than `least` or more than `most` operands; the hint names the
 * option that one too many may be meant for.
 */
int lc_migrate_operands(const struct lc_migrate *m, size_t least, size_t most, const char *what,
                        struct lc_error *err);

/* Is the folder of migrations there? For commands that do without. */
bool lc_migrate_has_files(const struct lc_migrate *m);

/*
 * Print what up would do, as lines, with --json as objects, or as a page; the session is open, with
 * its files. 0; LC_ERR_REFUSED where up would refuse it; else as lc_runner_up.
 */
int lc_plan_show(const struct lc_migrate *m, const struct lc_session *s, bool markdown,
                 struct lc_error *err);

/*
 * Open the backend that the options name, unless *b is open, and lc_column_find
 * "database.table.column" or "table.column" there; LC_ERR_USAGE, before that, where the text is
 * neither. Both are to be released in any case.
 */
int lc_column_open(struct lc_column *d, struct lc_backend **b, const struct lc_global *global,
                   const char *text, struct lc_error *err);

/*
 * Ask, unless --yes: 0 for yes; LC_ERR_REFUSED for no, and where there is no terminal to ask on.
 */
int lc_migrate_ask(const struct lc_migrate *m, const char *question, struct lc_error *err);

#endif
