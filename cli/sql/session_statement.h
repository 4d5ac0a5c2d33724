/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements that are about the session they are sent in. A migration's statements are sent one by
 * one, each as if in a session of its own, so that most of these do not do what they say.
 */
#ifndef LC_CLI_SQL_SESSION_STATEMENT_H
#define LC_CLI_SQL_SESSION_STATEMENT_H
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* SET a = 1, b: *assignments is "a = 1, b". False of SET ROLE admin, SET TRANSACTION …, and others. */
bool lc_session_is_set(struct lc_slice sql, struct lc_slice *assignments);

enum lc_session_loss {
    LC_SESSION_LOSES_NOTHING,
    LC_SESSION_LOSES_SET,         /* SET …: it holds for the session; SET DEFAULT ROLE is kept */
    LC_SESSION_LOSES_USE,         /* USE database */
    LC_SESSION_LOSES_TRANSACTION, /* BEGIN, START TRANSACTION, COMMIT, ROLLBACK */
    LC_SESSION_LOSES_USER,        /* EXECUTE AS user, and no statement: that of later ones */
    LC_SESSION_LOSES_TABLE,       /* CREATE TEMPORARY TABLE: gone at the next statement */
    LC_SESSION_LOSES_ROWS /* CREATE MATERIALIZED VIEW … POPULATE: rows inserted meanwhile */
};

/*
 * What is lost of the statement where it is sent on its own. *word: the word that says so, a slice of
 * sql; *line: of that word within sql, from 1.
 */
enum lc_session_loss lc_session_loss_of(struct lc_slice sql, struct lc_slice *word, uint64_t *line);

#endif
