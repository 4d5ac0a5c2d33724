/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration files of a directory.
 *
 *   NNNN_name.sql                      one file; sections `-- migrate:up` and `-- migrate:down`,
 *                                      or none: then all of it is up
 *   NNNN_name.up.sql + .down.sql       a pair, hashed apart; no up or down sections in them
 *
 *   NNNN.sql                           a number alone, of 8 digits or more: a date
 *
 * NNNN is 1 to 18 digits; 1 and 0001 are the same version. Other files than *.sql, and hidden
 * ones, are left alone. A scan finds all problems, not only the first. Sections may be marked as
 * goose, sql-migrate and dbmate do (cli/sql/split.h); golang-migrate's pairs and the files of
 * clickhouse-migrations are of the forms above.
 */
#ifndef LC_CLI_MIGRATE_FILES_H
#define LC_CLI_MIGRATE_FILES_H
#include "base/buf.h"
#include "base/error.h"
#include "base/sha256.h"
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
    bool envsub; /* as goose has it: ${NAME} is the environment's */
};

enum lc_problem_kind {
    LC_PROBLEM_FILE,         /* the file itself, or its name */
    LC_PROBLEM_NOTE,         /* nothing wrong: worth a word */
    LC_PROBLEM_GAP,          /* a number is left out */
    LC_PROBLEM_EDITED,       /* changed since it was applied */
    LC_PROBLEM_GONE,         /* applied, and the file is not there */
    LC_PROBLEM_OUT_OF_ORDER, /* pending below a version that is applied */
    LC_PROBLEM_HALF          /* half reverted */
};

/* Something wrong with a file. */
struct lc_problem {
    enum lc_problem_kind kind;
    uint64_t version; /* what a file holds: of no matter where it is not run; 0: the folder's */
    char *file;       /* path; "" where it is about none */
    uint64_t line;    /* 0: the file as a whole */
    char *text;
};

struct lc_problems {
    struct lc_problem *v;
    size_t n, cap;
};

struct lc_migrations {
    struct lc_migration *v; /* in the order in which they are applied */
    size_t n;
    char *dir;
    struct lc_problems problems;
};

/*
 * Read the directory (NULL: "migrations"). 0, problems or not: see lc_migrations_check; or
 * LC_ERR_IO where the directory cannot be read, LC_ERR_NOMEM. Order: by version, except that what a
 * migration requires comes before it.
 */
int lc_migrations_scan(struct lc_migrations *out, const char *dir, struct lc_error *err);

/*
 * 0 where no problem was found, else LC_ERR_INPUT with the first. Gaps are none unless strict. What a
 * file holds is looked at where `runs` says so of its version; NULL: of every one.
 */
int lc_migrations_check(const struct lc_migrations *m, bool strict,
                        bool (*runs)(const void *ctx, uint64_t version), const void *ctx,
                        struct lc_error *err);
/* For lc_migrations_check: the folder's own problems alone. */
bool lc_migrations_none(const void *ctx, uint64_t version);

/*
 * Is that the hash of these bytes, or of the same text with other line ends (\n for \r\n, or the other
 * way round), as a checkout makes them? Both false: neither.
 */
struct lc_text_match {
    bool same, line_ends;
};
struct lc_text_match lc_text_matches(const char *p, size_t n, const char *sha256);

/* The migration of a version, or NULL. */
const struct lc_migration *lc_migrations_find(const struct lc_migrations *m, uint64_t version);

/* The hash that a run of this direction records, and its statements. */
const char *lc_migration_sha256(const struct lc_migration *m, bool down);
const struct lc_section_stmts *lc_migration_section(const struct lc_migration *m, bool down);
/* The file of that direction; of a lone .down.sql that one. Never NULL. */
const char *lc_migration_path(const struct lc_migration *m, bool down);

/* Free what it holds and zero it. A zeroed struct may be released. */
/*
 * Every file is to be in that form: livecol, goose, dbmate, sql-migrate, golang-migrate (pairs),
 * clickhouse-migrations (no marks). One that shows another form becomes a problem of its file. 0;
 * LC_ERR_USAGE where there is no such form; LC_ERR_NOMEM.
 */
int lc_migrations_force(struct lc_migrations *m, const char *format, struct lc_error *err);

void lc_migrations_release(struct lc_migrations *m);

/* Note a problem; text as printf. 0 or LC_ERR_NOMEM. */
int lc_problems_add(struct lc_problems *p, enum lc_problem_kind kind, const char *file,
                    uint64_t line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void lc_problems_release(struct lc_problems *p);

/* Digits to a version; false where it is none (empty, 0, over 18 digits, other characters). */
bool lc_version_parse(const char *p, size_t n, uint64_t *version);

/* Is it the name of a variable: letters, digits and _, no digit first? */
bool lc_variable_is_name(const char *p, size_t n);

#endif
