/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of an ALTER that rewrite rows, taken apart: as a migration writes them, and as
 * system.mutations shows them, with parentheses around.
 *
 *   (MATERIALIZE COLUMN c IN PARTITION ID '202601')
 *   UPDATE c = f(k), d = 1 IN PARTITION 1 WHERE c != f(k) SETTINGS mutations_sync = 2
 *   UPDATE t SET c = f(k) WHERE c != f(k)                                lightweight
 *
 * Slices point into the text that was read, which must live on.
 */
#ifndef LC_CLI_SQL_MUTATION_COMMAND_H
#define LC_CLI_SQL_MUTATION_COMMAND_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

struct lc_materialize_command {
    char *column;       /* unquoted */
    char *partition_id; /* of IN PARTITION ID 'x'; NULL: none, or another way of naming one */
    bool in_partition;
};

/* False: it is another command, or memory is out; then there is nothing to release. */
bool lc_materialize_command_read(struct lc_slice command, struct lc_materialize_command *out);
void lc_materialize_command_release(struct lc_materialize_command *m);

enum { LC_UPDATE_COLUMNS_MAX = 64 };

struct lc_update_command {
    char *columns[LC_UPDATE_COLUMNS_MAX]; /* that are assigned, unquoted; more are left out */
    size_t n;
    bool several;          /* there is a comma between assignments */
    bool in_partition;     /* IN PARTITION comes before the WHERE */
    struct lc_slice value; /* of the first column, up to WHERE; n 0: the UPDATE has no WHERE */
    struct lc_slice where; /* the condition, up to SETTINGS or the end; n 0: none */
    size_t end;            /* byte of the command where SETTINGS begins, or its length */
};

/* 0; LC_ERR_NOMEM; LC_ERR_INPUT where the text does not lex. Release it in any case. */
int lc_update_command_read(struct lc_slice command, struct lc_update_command *out,
                           struct lc_error *err);
void lc_update_command_release(struct lc_update_command *u);

/* Is it one that applies what lightweight UPDATEs have left next to the parts? */
bool lc_command_applies_patches(struct lc_slice command);

#endif
