/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder's migrations in memory: each with its statements, which point into the text of its file.
 *
 *   lc_migrations ─► lc_migration ─► up, down ─► lc_migration_stmt ─► text of file or down_file
 */
#ifndef LC_CLI_MIGRATE_MIGRATION_H
#define LC_CLI_MIGRATE_MIGRATION_H
#include "base/sha256.h"
#include "cli/migrate/problems.h"
#include "cli/sql/settings.h"
#include "cli/sql/split.h"

#include <stdbool.h>
#include <stdint.h>

#define LC_MAX_MIGRATION_BYTES ((size_t)64 << 20)
#define LC_MAX_MIGRATION_STMTS 1000000u

/* One statement of a section. */
struct lc_migration_stmt {
    const char *p; /* what is sent, NOT NUL-terminated: in the file's text, or `filled` */
    size_t n;
    char *filled; /* with its variables replaced; NULL: it has none. sha256 is of the file's text */
    uint64_t line; /* from 1 */
    uint64_t byte; /* from 0 */
    char sha256[LC_SHA256_HEX];
    struct lc_sql_settings settings; /* by SET and -- migrate:settings before it in its section */
    bool rederive;                   /* -- migrate:rederive is before it: see rederive.h */
    bool envsub;                     /* goose's ENVSUB holds at its beginning: see expand.h */
};

struct lc_section_stmts {
    struct lc_migration_stmt *v;
    size_t n;
};

/* A file as it was read. */
struct lc_migration_file {
    char *path; /* NULL: there is no such file */
    char *text;
    size_t n;
    char sha256[LC_SHA256_HEX];
};

struct lc_migration {
    uint64_t version;
    char *version_text; /* as in the name: "0001" */
    char *name;         /* "add_region_to_events" */
    bool pair;
    struct lc_migration_file file;      /* NNNN_name.sql or NNNN_name.up.sql */
    struct lc_migration_file down_file; /* NNNN_name.down.sql */
    struct lc_section_stmts up, down;   /* down.n 0: it cannot be reverted */
    bool has_down;                      /* there is such a section or file; it may be empty */
    unsigned marks;                     /* whose way of marking sections: enum lc_split_marks */
    uint64_t *requires;
    size_t requires_n;
    char *allow_unsafe; /* why its unsafe statements may run; NULL: they may not */
    char **vars;        /* names that ${name} may stand for */
    size_t vars_n;
    bool envsub; /* somewhere in it goose's ENVSUB is on: $NAME is the environment's */
};

struct lc_migrations {
    struct lc_migration *v; /* in the order in which they are applied */
    size_t n;
    char *dir;
    struct lc_problems problems;
};

/* The migration of a version, or NULL. */
const struct lc_migration *lc_migrations_find(const struct lc_migrations *m, uint64_t version);

/* The hash that a run of this direction records, and its statements. */
const char *lc_migration_sha256(const struct lc_migration *m, bool down);
const struct lc_section_stmts *lc_migration_section(const struct lc_migration *m, bool down);
/* The file of that direction; of a lone .down.sql that one. Never NULL. */
const char *lc_migration_path(const struct lc_migration *m, bool down);

/* Free what it holds and zero it. A zeroed struct may be released. */
void lc_migrations_release(struct lc_migrations *m);

#endif
