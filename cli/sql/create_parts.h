/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a table's CREATE, as the server gives it in system.tables:
 *
 *   CREATE TABLE db.t (k UInt64 TTL …, INDEX i … , PROJECTION p (…), CONSTRAINT c CHECK …)
 *   ENGINE = ReplacingMergeTree(version, is_deleted) ORDER BY k TTL …
 *
 * Slices point into the text that was read.
 */
#ifndef LC_CLI_SQL_CREATE_PARTS_H
#define LC_CLI_SQL_CREATE_PARTS_H
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum lc_create_part_kind {
    LC_CREATE_INDEX,
    LC_CREATE_PROJECTION,
    LC_CREATE_CONSTRAINT,
    LC_CREATE_COLUMN_TTL,
    LC_CREATE_TABLE_TTL
};

struct lc_create_part {
    enum lc_create_part_kind kind;
    char *name; /* of the element, or of the column that has the TTL; NULL: the table's TTL */
    struct lc_slice text; /* behind the name; of a TTL behind that word */
};

/*
 * Hand over each such part, in order; it is valid during the call. A table's TTL is the last, its text
 * all that follows. Ends where `take` gives other than 0, and returns that; 0 also for a text that
 * cannot be read to its end; LC_ERR_NOMEM.
 */
int lc_create_parts(const char *sql, int (*take)(void *ctx, const struct lc_create_part *part),
                    void *ctx);

/* A command of an ALTER that adds or drops one of them. */
struct lc_part_command {
    enum lc_create_part_kind kind;
    char *name;           /* NULL: the table's TTL */
    bool drops;           /* else it adds it, or sets the TTL */
    bool conditional;     /* IF EXISTS, IF NOT EXISTS */
    struct lc_slice text; /* behind the name */
};

/*
 * ADD and DROP of INDEX, PROJECTION and CONSTRAINT, MODIFY and REMOVE TTL. False: it is none of these, or
 * there was no memory for the name, and nothing is to be released.
 */
bool lc_part_command_read(struct lc_slice command, struct lc_part_command *out);
void lc_part_command_release(struct lc_part_command *c);

/*
 * The names among the first arguments of the engine, up to `most` of them: a ReplacingMergeTree's
 * version and is_deleted. Strings (a path, a replica) are passed over. They are malloc'ed. Returns how
 * many; fewer without memory.
 */
size_t lc_create_engine_names(const char *sql, const char *engine, char **names, size_t most);

/*
 * Argument i (from 0) of the first call in the text, 'db' of Distributed('cluster', 'db', 't'): the
 * name or string that it begins with, malloc'ed; NULL: it has none, or no memory.
 */
char *lc_engine_argument(const char *engine, size_t i);

#endif
