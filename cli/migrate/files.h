/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration files of a directory.
 *
 *   NNNN_name.sql                      one file; sections `-- migrate:up` and `-- migrate:down`,
 *                                      or none: then all of it is up
 *   NNNN_name.up.sql + .down.sql       a pair, hashed apart; no up or down sections in them
 *
 *   NNNN_name.sql + .down.sql          the same: then the first has no sections
 *   NNNN.sql                           a number alone, of 8 digits or more: a date
 *   NNNN-name.sql                      as with _, if the name begins with no digit
 *
 * NNNN is 1 to 18 digits; 1 and 0001 are the same version. Other files than *.sql, and hidden
 * ones, are left alone. A scan finds all problems, not only the first. Sections may be marked as
 * goose, sql-migrate and dbmate do (cli/sql/split.h); golang-migrate's pairs and the files of
 * clickhouse-migrations are of the forms above.
 */
#ifndef LC_CLI_MIGRATE_FILES_H
#define LC_CLI_MIGRATE_FILES_H
#include "base/error.h"
#include "cli/migrate/migration.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Read the directory (NULL: "migrations"). 0, problems or not: see lc_migrations_check; or
 * LC_ERR_IO where the directory cannot be read, LC_ERR_NOMEM. Order: by version, except that what a
 * migration requires comes before it.
 */
int lc_migrations_scan(struct lc_migrations *out, const char *dir, struct lc_error *err);

/*
 * 0 where no problem was found, else LC_ERR_INPUT with the first. Gaps are none unless strict. What a
 * file holds is looked at where `runs` says so of the problem's version and section; NULL: all of it.
 */
int lc_migrations_check(const struct lc_migrations *m, bool strict,
                        bool (*runs)(const void *ctx, const struct lc_problem *p), const void *ctx,
                        struct lc_error *err);
/* For lc_migrations_check: the folder's own problems alone. */
bool lc_migrations_none(const void *ctx, const struct lc_problem *p);

/*
 * Is that the hash of these bytes, or of the same text with other line ends (\n for \r\n, or the other
 * way round), as a checkout makes them? Both false: neither.
 */
struct lc_text_match {
    bool same, line_ends;
};
struct lc_text_match lc_text_matches(const char *p, size_t n, const char *sha256);

/*
 * Every file is to be in that form: livecol, goose, dbmate, sql-migrate, golang-migrate (pairs),
 * clickhouse-migrations (no marks). One that shows another form becomes a problem of its file. 0;
 * LC_ERR_USAGE where there is no such form; LC_ERR_NOMEM.
 */
int lc_migrations_force(struct lc_migrations *m, const char *format, struct lc_error *err);

#endif
